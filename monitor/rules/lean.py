"""Rules as the matcher reads them: numbers in place of words and phrases, and nothing that only people need. Pure.

A hundred thousand rules must fit in memory and come back from a cache in no time, so these are plain tuples, and a
`Lexicon` knows what their numbers mean.
"""

from __future__ import annotations

import marshal
from itertools import starmap
from typing import NamedTuple

from monitor.rules.sheet import APART, FIELD_BITS
from monitor.rules.spec import ListEntry, Phrase, Rule, Term, TermList, Window
from monitor.rules.words import Vocabulary

Key = int | tuple[str, str]  # an atom, or a list and a group of it

ANYWHERE = sum(FIELD_BITS.values())


class LeanTerm(NamedTuple):
    """One alternative of a part: an atom (a phrase of the vocabulary), or a group of a list when `atom` is -1."""

    source: str
    atom: int
    name: str = ""
    group: str = ""
    bits: int = 0  # the fields where it counts; 0: where the rule looks

    @property
    def key(self) -> Key:
        """What it names."""
        return self.atom if self.atom >= 0 else (self.name, self.group)


Terms = tuple[LeanTerm, ...]


class LeanLine(NamedTuple):
    """One way to match."""

    number: int
    parts: tuple[Terms, ...]
    ordered: tuple[bool, ...]
    window: Window


class LeanRule(NamedTuple):
    """All that decides whether a rule matches."""

    id: str
    lines: tuple[LeanLine, ...]
    bits: int
    ignore: Terms
    unless_near: Terms
    never: Terms
    languages: frozenset[str]
    feeds: frozenset[str]
    at_least: int  # so many different actors of `many`; 0: no matter
    many: Terms
    tags: tuple[tuple[str, Terms], ...]

    def packed(self) -> bytes:
        """Return the rule in few bytes: many rules wait for every one that is judged."""
        lines = tuple(
            (line.number, tuple(map(_flat, line.parts)), line.ordered, (line.window.unit, line.window.count))
            for line in self.lines
        )
        terms = tuple(map(_flat, (self.ignore, self.unless_near, self.never, self.many)))
        tags = tuple((label, _flat(some)) for label, some in self.tags)
        plain = (self.id, lines, self.bits, terms, self.languages, self.feeds, self.at_least, tags)
        return marshal.dumps(plain)

    @classmethod
    def unpacked(cls, data: bytes) -> LeanRule:
        """Return the rule that was packed."""
        name, flat, bits, terms, languages, feeds, at_least, flat_tags = marshal.loads(data)  # noqa: S302 — plain values only: it runs nothing
        lines = tuple(
            LeanLine(number, tuple(map(_full, parts)), ordered, Window(*window))
            for number, parts, ordered, window in flat
        )
        ignore, unless_near, never, many = map(_full, terms)
        tags = tuple((label, _full(some)) for label, some in flat_tags)
        return cls(name, lines, bits, ignore, unless_near, never, languages, feeds, at_least, many, tags)


def _flat(terms: Terms) -> tuple[tuple[str | int, ...], ...]:
    return tuple((term.source, term.atom) if term[2:] == ("", "", 0) else tuple(term) for term in terms)


def _full(terms: tuple[tuple[str | int, ...], ...]) -> Terms:
    return tuple(starmap(LeanTerm, terms))


class LeanEntry(NamedTuple):
    """One entry of a list."""

    who: str  # the actor, or the entry as written
    certain: bool  # an actor that needs no guard: it makes the ambiguous ones of its list certain
    atom: int
    languages: frozenset[str]
    group: str
    needs: tuple[int, ...] | None  # atoms; None: no guard
    never_with: tuple[int, ...]


class LeanList(NamedTuple):
    """A list, and which of its entries may be there when a word is."""

    entries: tuple[LeanEntry, ...]
    by_anchor: dict[int, tuple[int, ...]]


def width(window: Window) -> int:
    """Return how many units a window spans; so many at most that it never reaches the next document."""
    return 1 if window.unit == "article" else min(max(1, window.count), APART // 2)


class Lexicon:
    """The words, phrases and lists that rules name, and the way from what was written to their numbers."""

    def __init__(self, lists: tuple[TermList, ...]) -> None:
        self.vocabulary = Vocabulary()
        self.lists: dict[str, LeanList] = {}
        self._written = {termlist.name: termlist for termlist in lists}

    def rule(self, rule: Rule) -> LeanRule:
        """Return a rule in numbers. Raises KeyError when it names a list that is not there."""
        lines = tuple(
            LeanLine(
                line.number,
                tuple(self.terms(part.terms) for part in line.parts),
                line.ordered,
                line.window or rule.within,
            )
            for line in rule.lines
        )
        return LeanRule(
            rule.id,
            lines,
            sum(FIELD_BITS[name] for name in rule.fields),
            self.terms(rule.ignore),
            self.terms(rule.unless_near),
            self.terms(rule.never),
            rule.languages,
            rule.feeds,
            rule.count[0] if rule.count else 0,
            self.terms((Term("", ref=rule.count[1]),)) if rule.count else (),
            tuple((label, self.terms(terms)) for label, terms in rule.tags),
        )

    def terms(self, terms: tuple[Term, ...]) -> Terms:
        """Return terms in numbers, their words known from now on."""
        return tuple(map(self._term, terms))

    def _term(self, term: Term) -> LeanTerm:
        bits = FIELD_BITS[term.field] if term.field else 0
        if term.phrase is not None:
            return LeanTerm(term.source, self.vocabulary.atom(term.phrase), bits=bits)
        name, group = term.ref or ("", "")
        if name not in self.lists:
            self.lists[name] = self._list(self._written[name])
        return LeanTerm(term.source, -1, name, group, bits)

    def _list(self, termlist: TermList) -> LeanList:
        entries = tuple(map(self._entry, termlist.entries))
        by_anchor: dict[int, list[int]] = {}
        for number, entry in enumerate(entries):
            for wid in self.vocabulary.anchors(entry.atom):
                by_anchor.setdefault(wid, []).append(number)
        return LeanList(entries, {wid: tuple(numbers) for wid, numbers in by_anchor.items()})

    def _entry(self, entry: ListEntry) -> LeanEntry:
        guard = entry.guard
        return LeanEntry(
            entry.actor or entry.source,
            bool(entry.actor) and guard is None,
            self.vocabulary.atom(entry.phrase),
            entry.languages,
            entry.group,
            None if guard is None else self._atoms(guard.needs),
            () if guard is None else self._atoms(guard.never_with),
        )

    def _atoms(self, phrases: tuple[Phrase, ...]) -> tuple[int, ...]:
        return tuple(map(self.vocabulary.atom, phrases))

    def forget_the_written(self) -> None:
        """Keep the numbers only: all rules are known."""
        self._written = {}
        self.vocabulary.forget_the_written()
