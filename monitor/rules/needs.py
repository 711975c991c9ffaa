"""What a text must hold for a rule to be able to match: a condition that every match meets, cheap to ask. Pure.

A need is a folded pattern (`gesprek`, `*gesprek*`), or `All` or `Any` of some needs. It says nothing of windows, order,
case, fields, languages, guards and exclusions, so it lets more through than match, and never less: whoever looks for
what can match asks for the need, and lets the matcher judge what is found.

    need = needs(book)                           of any rule of a book; EVERYTHING: there may be a match in any text
    Sieve(need).passes(fold(text))               fast, however many rules; no tags and no entities in it, please

`index_words` are the words of an article under which an index must keep it, so that a need finds it there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from monitor.model import FIELDS, Article
from monitor.rules.spec import Choice, Element, Line, Phrase, Rule, RuleBook, Term, TermList, Word
from monitor.rules.text import LONGEST_WORD, cased_words, fold, folded_words

T = TypeVar("T")
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class All:
    """All of these must hold. Of none: nothing is needed."""

    needs: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class Any:
    """One of these must hold. Of none: nothing will do."""

    needs: tuple[Need, ...] = ()


Need = bytes | All | Any
"""A pattern holds where it is a word of the text, `*` for any letters: `rules.words.glob`."""

EVERYTHING = All()
NOTHING = Any()


def needs(book: RuleBook) -> Need:
    """Return what a text must hold for any of the rules to match. Raises KeyError when a list is not there."""
    lists = _Lists({termlist.name: termlist for termlist in book.lists})
    return any_of(_of_rule(rule, lists) for rule in book.rules)


class _Lists:
    """The needs of lists; many rules name the same ones."""

    def __init__(self, lists: dict[str, TermList]) -> None:
        self._lists = lists
        self._known: dict[tuple[str, str], Need] = {}

    def need(self, name: str, group: str) -> Need:
        """Return the need of a list, or of one of its groups."""
        if (name, group) not in self._known:
            entries = (entry for entry in self._lists[name].entries if group in {"", entry.group})
            self._known[name, group] = any_of(_of_phrase(entry.phrase) for entry in entries)
        return self._known[name, group]


def _of_rule(rule: Rule, lists: _Lists) -> Need:
    lines = any_of(_of_line(line, lists) for line in rule.lines)
    if rule.count is None or rule.count[0] < 1:
        return lines
    return all_of((lines, lists.need(*rule.count[1])))


def _of_line(line: Line, lists: _Lists) -> Need:
    return all_of(any_of(_of_term(term, lists) for term in part.terms) for part in line.parts)


def _of_term(term: Term, lists: _Lists) -> Need:
    if term.phrase is not None:
        return _of_phrase(term.phrase)
    name, group = term.ref or ("", "")
    return lists.need(name, group)


def _of_phrase(phrase: Phrase) -> Need:
    return all_of(map(_of_element, phrase.elements))


def _of_element(element: Element) -> Need:
    if isinstance(element, Word):
        patterns = folded_words(element.pattern)
        # Of a word in one case the matcher reads as many pieces as both ways of folding see.
        return all_of(patterns[: len(cased_words(element.pattern))] if element.exact else patterns)
    if isinstance(element, Choice) and element.phrases:
        return any_of(map(_of_phrase, element.phrases))
    return EVERYTHING  # a gap


def all_of(some: Iterable[Need]) -> Need:
    """Return a need of all of these, as plain as can be."""
    found: dict[Need, None] = {}
    for need in some:
        found |= dict.fromkeys(need.needs if isinstance(need, All) else (_plain(need),))
    found.pop(EVERYTHING, None)
    if NOTHING in found:
        return NOTHING
    return next(iter(found)) if len(found) == 1 else All(tuple(found))


def any_of(some: Iterable[Need]) -> Need:
    """Return a need of any of these, as plain as can be."""
    found: dict[Need, None] = {}
    for need in some:
        found |= dict.fromkeys(need.needs if isinstance(need, Any) else (_plain(need),))
    if EVERYTHING in found:
        return EVERYTHING
    return next(iter(found)) if len(found) == 1 else Any(tuple(found))


def _plain(need: Need) -> Need:
    """Return EVERYTHING for a pattern that any word is."""
    return EVERYTHING if isinstance(need, bytes) and not need.strip(b"*") else need


# --- asking --------------------------------------------------------------------------------------------------------


def answered(need: Need, word: Callable[[bytes], T], every: Callable[[list[T]], T], some: Callable[[list[T]], T]) -> T:
    """Return the answer to a need, from the answers to its patterns and the ways to bring answers together."""
    if isinstance(need, bytes):
        return word(need)
    parts = [answered(one, word, every, some) for one in need.needs]
    return every(parts) if isinstance(need, All) else some(parts)


def patterns_of(need: Need) -> Iterator[bytes]:
    """Yield the patterns of a need, some of them more than once."""
    if isinstance(need, bytes):
        yield need
        return
    for one in need.needs:
        yield from patterns_of(one)


def index_words(article: Article) -> set[bytes]:
    """Return every folded word that the matcher sees in an article, hyphenated ones by their parts and joined."""
    words = {word for name in FIELDS for word in fold(getattr(article, name)).split()}
    for word in [word for word in words if b"-" in word]:
        words.remove(word)
        words.update(filter(None, word.split(b"-")))
        words.update(piece.replace(b"-", b"") for piece in word.split(b"--"))
    return {word for word in words if 0 < len(word) <= LONGEST_WORD}


# --- a sieve -------------------------------------------------------------------------------------------------------

# Of each four letters that follow each other is noted that they are there, by the low bits of each.
_GRAM, _BITS = 4, 5
# Pieces are looked for one by one in so many letters, each in all of a text: a few milliseconds. With more of them near, it
# takes longer than to find out in another way.
MOST_LETTERS = 3_000_000

Truths = NDArray[np.bool_]


class Sieve:
    """Says at a glance whether a text may hold a need: by the pieces of its patterns, wherever they stand in it.

    Where words begin and end does not count, so it is no obstacle that some lost the space between them, or a hyphen.
    All pieces are looked for at once, by the four letters that follow each other in the text; one of which all are
    there is then looked for itself.
    """

    def __init__(self, need: Need) -> None:
        """Prepare for a need: two seconds for ten thousand rules."""
        numbers: dict[bytes, int] = {}
        circuit = _Circuit()

        def word(pattern: bytes) -> int:
            pieces = [numbers.setdefault(piece, len(numbers)) for piece in pattern.split(b"*") if piece]
            return circuit.add([-1 - piece for piece in pieces], every=True)

        answered(
            need, word, lambda parts: circuit.add(parts, every=True), lambda parts: circuit.add(parts, every=False)
        )
        self._pieces = tuple(numbers)
        self._holds = circuit.wired(len(numbers))
        grams = list(map(_grams, self._pieces))
        self._grams = np.concatenate([np.zeros(0, np.int32), *grams])
        self._owners = np.repeat(np.arange(len(grams)), [len(some) for some in grams])

    def passes(self, folded: bytes) -> bool:
        """Say whether a text, folded (`rules.text.fold`), may hold the need; False is certain."""
        plain = folded.replace(b"-", b"")
        near = self._near(plain)
        if not self._holds(near):
            return False
        return bool(near.sum() * len(plain) > MOST_LETTERS) or self._holds(self._there(near, plain))

    def _near(self, text: bytes) -> Truths:
        """Say of each piece whether all its grams are in a text. One of fewer letters than a gram has none to lack."""
        seen = np.zeros(1 << _GRAM * _BITS, np.bool_)
        seen[_grams(text)] = True
        lacking = self._owners[~seen[self._grams]]
        found: Truths = np.bincount(lacking, minlength=len(self._pieces)) == 0
        return found

    def _there(self, near: Truths, text: bytes) -> Truths:
        """Say of each piece whether it is in a text; only those that may be are looked for."""
        found = near.copy()
        for number in np.flatnonzero(near).tolist():
            found[number] = self._pieces[number] in text
        return found


def _grams(text: bytes) -> NDArray[np.int32]:
    letters = np.frombuffer(text, np.uint8).astype(np.int32) & (1 << _BITS) - 1
    count = max(0, len(letters) - _GRAM + 1)
    grams = np.zeros(count, np.int32)
    for at in range(_GRAM):
        grams <<= _BITS
        grams |= letters[at : at + count]
    return grams


class _Circuit:
    """Gates that are open when all, or any, of what leads to them is: input `i` is -1 - i, gate `g` is g."""

    def __init__(self) -> None:
        self._gates: list[tuple[Sequence[int], int]] = []  # what leads there, and how many of it must be open
        self._levels: list[int] = []  # of each gate: one above the highest that leads there

    def add(self, parts: Sequence[int], *, every: bool) -> int:
        """Add a gate and return its number; the last one is the way out."""
        self._gates.append((parts, len(parts) if every else 1))
        self._levels.append(1 + max((self._levels[part] for part in parts if part >= 0), default=0))
        return len(self._gates) - 1

    def wired(self, inputs: int) -> Callable[[Truths], bool]:
        """Return what says whether the way out is open, for so many inputs."""
        levels = [self._level(level, inputs) for level in range(1, max(self._levels) + 1)]
        size = inputs + len(self._gates)

        def opened(given: Truths) -> bool:
            truths = np.zeros(size, np.bool_)
            truths[:inputs] = given
            for gates, parts, owners, wanted in levels:
                truths[gates] = np.bincount(owners[truths[parts]], minlength=len(gates)) >= wanted
            return bool(truths[-1])

        return opened

    def _level(self, level: int, inputs: int) -> tuple[Ints, Ints, Ints, Ints]:
        """Return the gates of a level, and in pairs what leads to the n-th of them; and how many must be open."""
        gates = [gate for gate, at in enumerate(self._levels) if at == level]
        pairs = [
            (inputs + part if part >= 0 else -1 - part, owner)
            for owner, gate in enumerate(gates)
            for part in self._gates[gate][0]
        ]
        parts, owners = np.asarray(pairs, np.int64).reshape(-1, 2).T
        wanted = np.asarray([self._gates[gate][1] for gate in gates], np.int64)
        return inputs + np.asarray(gates, np.int64), parts, owners, wanted
