"""What the words of all rules lead to, in arrays: words to sources, sources to the lines of rules. Pure.

Every word of an article is a *class*: the set of the vocabulary's words that it is. Classes lead to *sources* (a phrase
or a list that a rule names), sources to *queries* (one line of one rule). `rules.joins` follows them.

A *plain* phrase is words, in any case, that stand next to each other: where it stands, it is as one more word. Of any
other phrase only its rarest word is followed, where all its *slots* are filled: by one word, or by one of several where
it has a choice. What stands there is left to the exact judgement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.rules.lean import ANYWHERE, Key, LeanEntry, LeanLine, LeanList, LeanRule, LeanTerm, width
from monitor.rules.rows import Flags, Growing, Ints, Rows, rows_of
from monitor.rules.spec import Unit
from monitor.rules.words import Vocabulary

Marks = NDArray[np.uint8]

UNITS: tuple[Unit, ...] = ("sentence", "paragraph", "article", "word")
# Parts beyond these are left to the exact judgement.
MOST_PARTS = 8
ALL_LANGUAGES = (1 << 31) - 1


class Around(NamedTuple):
    """The words of a plain phrase, but for its rarest."""

    before: tuple[int, ...]  # the nearest first
    behind: tuple[int, ...]


@dataclass(slots=True)
class Links:
    """Which sources words and phrases lead to, and in which languages. The slots of a phrase follow each other."""

    words: Rows  # word → sources that stand where it does
    masks: Ints  # of each of those: the languages in which the word is enough
    phrases: Rows  # phrase → sources
    phrase_masks: Ints  # of each of those
    rarest: Rows  # word → the plain phrases of which it is the rarest word
    around: dict[int, Around]  # of each plain phrase
    nearest: Ints  # [before or behind the rarest word, phrase] → the word that stands there; -1: none
    slots: Rows  # word → the slots of other phrases that it fills
    slot_phrase: Ints  # of each slot
    sizes: Ints  # of each phrase: its slots
    bits: dict[str, int]  # of a language; others have the last bit, which only what counts in all languages bears

    def bit(self, language: str) -> int:
        """Return the bits of an article's language; all of them when it is unsure."""
        return ALL_LANGUAGES if not language else self.bits.get(language, 1 << 30)


@dataclass(slots=True)
class Queries:
    """The lines of all rules: what each needs, how close, and which sources lead to its parts."""

    rule: Ints
    first: Ints  # of each rule: its first query
    needs: Marks  # how many parts
    whole: Marks  # a bit for each of these
    unit: Ints  # index in UNITS
    size: Ints  # of the window
    ordered: Ints  # bit k: the part k + 1 stands behind the part k
    plain: Flags  # nothing matters but its parts, its window and what must not be there
    parts: list[Rows]  # for each part: source → queries
    never: Rows  # rule → sources that must not be there
    certain: Flags  # of each source: it is there where its words and phrases are


@dataclass(slots=True)
class _Collected:
    """What `Tables` gathers before it is put in arrays."""

    sources: dict[Key, int] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    narrow: list[bool] = field(default_factory=list)
    rule: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    needs: list[int] = field(default_factory=list)
    unit: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    ordered: list[int] = field(default_factory=list)
    plain: list[bool] = field(default_factory=list)
    never: list[tuple[int, int]] = field(default_factory=list)  # rule, source
    parts: list[list[tuple[int, int]]] = field(default_factory=lambda: [[] for _ in range(MOST_PARTS)])

    def add(self, number: int, rule: LeanRule) -> None:
        """Add the lines of a rule."""
        bare = _is_bare(rule)
        self.never += [(number, self.source(term)) for term in rule.never]
        self.first.append(len(self.rule))
        self.ids.append(rule.id)
        self.narrow.append(bool(rule.languages or rule.feeds))
        for line in rule.lines:
            query = len(self.rule)
            self.rule.append(number)
            self.numbers.append(line.number)
            self.needs.append(min(len(line.parts), MOST_PARTS))
            self.unit.append(UNITS.index(line.window.unit))
            self.size.append(width(line.window))
            self.ordered.append(sum(behind << part for part, behind in enumerate(line.ordered[: MOST_PARTS - 1])))
            self.plain.append(bare and _is_plain(line))
            for part, terms in enumerate(line.parts[:MOST_PARTS]):
                self.parts[part] += [(source, query) for source in {self.source(term) for term in terms}]

    def source(self, term: LeanTerm) -> int:
        """Return the number of what a term names."""
        source = self.sources.setdefault(term.key, len(self.sources))
        if source == len(self.written):
            self.written.append(term.source)
        elif self.written[source] != term.source:
            self.written[source] = ""
        return source

    def queries(self, vocabulary: Vocabulary, lists: dict[str, LeanList]) -> Queries:
        """Return the lines in arrays."""
        size = len(self.sources)
        return Queries(
            np.asarray(self.rule, np.int32),
            np.asarray(self.first, np.int32),
            np.asarray(self.needs, np.uint8),
            np.asarray([(1 << parts) - 1 for parts in self.needs], np.uint8),
            np.asarray(self.unit, np.int32),
            np.asarray(self.size, np.int64),
            np.asarray(self.ordered, np.int32),
            np.asarray(self.plain, np.bool_),
            [_rows(pairs, size) for pairs in self.parts if pairs],
            _rows(self.never, len(self.first)),
            np.asarray([_is_certain(source, vocabulary, lists) for source in self.sources], np.bool_),
        )

    def links(self, vocabulary: Vocabulary, lists: dict[str, LeanList]) -> Links:
        """Return which words lead to which sources."""
        found = _Linked(vocabulary)
        for key, source in self.sources.items():
            if isinstance(key, int):
                found.add(key, source, ())
                continue
            for entry in _entries(lists, key):
                found.add(entry.atom, source, entry.languages)
        return found.links()


def _is_bare(rule: LeanRule) -> bool:
    """Say whether nothing matters but the lines of a rule, and what must stand nowhere in the article."""
    there = rule.bits == ANYWHERE and not any(term.bits for term in rule.never)
    return there and not (rule.ignore or rule.unless_near or rule.at_least or rule.tags)


def _is_plain(line: LeanLine) -> bool:
    """Say whether a line has no more parts than are looked at, whose terms look in every field."""
    return len(line.parts) <= MOST_PARTS and not any(term.bits for terms in line.parts for term in terms)


def _is_certain(key: Key, vocabulary: Vocabulary, lists: dict[str, LeanList]) -> bool:
    """Say whether a source is there wherever its words and phrases are: no case, no gaps, no guards."""
    if isinstance(key, int):
        return vocabulary.is_plain(key)
    return all(entry.needs is None and vocabulary.is_plain(entry.atom) for entry in _entries(lists, key))


def _entries(lists: dict[str, LeanList], key: tuple[str, str]) -> Iterator[LeanEntry]:
    name, group = key
    return (entry for entry in lists[name].entries if group in ("", entry.group))


class _Linked:
    """Pairs of what leads and what it leads to."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._words: dict[tuple[int, int], int] = {}  # word, source → in which languages the word is enough
        self._phrases: dict[tuple[int, int], int] = {}
        self._rarest: list[tuple[int, int]] = []
        self._around: dict[int, Around] = {}
        self._slots: list[tuple[int, int]] = []
        self._slot_phrase: list[int] = []
        self._sizes: list[int] = []
        self._numbers: dict[int, int] = {}  # atom → phrase
        self._bits: dict[str, int] = {}

    def add(self, atom: int, source: int, languages: Iterable[str]) -> None:
        """Link the words of an atom to a source."""
        mask = self._mask(languages)
        plain, needs = self._vocabulary.is_plain(atom), self._vocabulary.requirements(atom)
        if not plain or len(self._vocabulary.nodes[atom]) == 1:
            for wid in self._vocabulary.anchors(atom):
                enough = mask if len(needs) == 1 else 0
                self._words[wid, source] = self._words.get((wid, source), 0) | enough
        if len(self._vocabulary.nodes[atom]) > 1 and (plain or len(needs) > 1):
            key = self._phrase(atom, plain=plain), source
            self._phrases[key] = self._phrases.get(key, 0) | mask

    def _mask(self, languages: Iterable[str]) -> int:
        """Return the bits of these languages, all of them when there is none; more than 30 languages share the last."""
        mask = 0
        for language in languages:
            mask |= self._bits.setdefault(language, 1 << min(len(self._bits), 29))
        return mask or ALL_LANGUAGES

    def _phrase(self, atom: int, *, plain: bool) -> int:
        number = self._numbers.get(atom)
        if number is None:
            number = self._numbers[atom] = len(self._sizes)
            needs = () if plain else self._vocabulary.requirements(atom)
            self._sizes.append(len(needs))
            for words in needs:
                self._slots += [(wid, len(self._slot_phrase)) for wid in words]
                self._slot_phrase.append(number)
            if plain:
                plain_words = self._vocabulary.plain_words(atom)
                (rarest,) = self._vocabulary.anchors(atom)
                at = plain_words.index(rarest)
                self._rarest.append((rarest, number))
                self._around[number] = Around(plain_words[:at][::-1], plain_words[at + 1 :])
        return number

    def _nearest(self, phrase: int) -> tuple[int, int]:
        around = self._around.get(phrase, Around((), ()))
        return next(iter(around.before), -1), next(iter(around.behind), -1)

    def links(self) -> Links:
        """Return them in arrays."""
        words, phrases = list(self._words), list(self._phrases)
        size = self._vocabulary.size
        return Links(
            _rows(words, size),
            rows_of([wid for wid, _ in words], list(self._words.values()), size).values,
            _rows(phrases, len(self._sizes)),
            rows_of([phrase for phrase, _ in phrases], list(self._phrases.values()), len(self._sizes)).values,
            _rows(self._rarest, size),
            self._around,
            np.array(list(map(self._nearest, range(len(self._sizes)))), np.int32).reshape(-1, 2).T,
            _rows(self._slots, size),
            np.asarray(self._slot_phrase, np.int32),
            np.asarray(self._sizes, np.int32),
            self._bits,
        )


def _rows(pairs: list[tuple[int, int]], size: int) -> Rows:
    return rows_of([key for key, _ in pairs], [value for _, value in pairs], size)


# What is kept of tables that are put away; the rest grows again.
_KEPT = (
    "links",
    "queries",
    "sources",
    "lines",
    "rules",
    "units",
    "written",
    "ids",
    "numbers",
    "narrow",
    "_keys",
    "_vocabulary",
)


class Tables:
    """From the words of articles to the lines of rules, and the classes of all words that were ever met."""

    def __init__(self, vocabulary: Vocabulary, lists: dict[str, LeanList], rules: Iterable[LeanRule]) -> None:
        collected = _Collected()
        for number, rule in enumerate(rules):
            collected.add(number, rule)
        self.links = collected.links(vocabulary, lists)
        self.queries = collected.queries(vocabulary, lists)
        self.sources = max(1, len(collected.sources))
        self.lines = max(1, len(collected.rule))
        self.rules = max(1, len(collected.first))
        self.units = sorted(set(collected.unit))
        self._keys = list(collected.sources)
        # What hits show, at hand: the rules themselves are packed.
        self.written = collected.written  # of each source: the term; "" where rules write it in different ways
        self.ids = collected.ids  # of each rule
        self.numbers = collected.numbers  # of each line in its rule, as people count
        self.narrow = np.asarray(collected.narrow, np.bool_)  # of each rule: for some languages or feeds only
        self._vocabulary = vocabulary
        self._start()

    def _start(self) -> None:
        self.classes: dict[bytes, int] = _Classes(self)
        self.names: list[tuple[int, ...]] = []  # of each class
        self.words_of = Growing()  # class → words of the vocabulary
        self.sources_of = Growing()  # class → sources that stand where it does
        self.masks_of = Growing()  # class → the languages in which it is enough for each
        self.rarest_of = Growing()  # class → plain phrases of which it is the rarest word
        self.slots_of = Growing()  # class → slots of other phrases that it fills
        self._class_of: dict[tuple[int, ...], int] = {}
        # Of each class: what it leads to, and the languages in which it is enough.
        self.leads: list[dict[Key, int]] = []
        self._marks = np.zeros(0, np.uint8)
        self.class_of(())

    def __getstate__(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in _KEPT}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._start()

    def marks(self, articles: int) -> Marks:
        """Return a zero for each line in each of so many articles; whoever writes on them leaves zeros behind."""
        if self._marks.size < articles * self.lines:
            self._marks = np.zeros(articles * self.lines, np.uint8)
        return self._marks

    def class_of(self, names: tuple[int, ...]) -> int:
        """Return the class of a word that is these words of the vocabulary, and these phrases (`~phrase`): 0 is none."""
        known = self._class_of.get(names)
        if known is None:
            known = self._class_of[names] = len(self.names)
            links, wids = self.links, [name for name in names if name >= 0]
            masks: dict[int, int] = {}
            for name in names:
                rows, some = (links.words, links.masks) if name >= 0 else (links.phrases, links.phrase_masks)
                key = name if name >= 0 else ~name
                for source, mask in zip(rows.row(key), rows.row(key, some), strict=True):
                    masks[source] = masks.get(source, 0) | mask
            self.names.append(names)
            self.leads.append({self._keys[source]: mask for source, mask in masks.items()})
            self.words_of.add(wids)
            self.sources_of.add(list(masks))
            self.masks_of.add(list(masks.values()))
            self.rarest_of.add([phrase for wid in wids for phrase in links.rarest.row(wid)])
            self.slots_of.add([slot for wid in wids for slot in links.slots.row(wid)])
        return known


class _Classes(dict[bytes, int]):
    """The class of each folded word that was ever met. Bounded: hostile text is never the same twice."""

    def __init__(self, tables: Tables) -> None:
        super().__init__()
        self._tables = tables

    def __missing__(self, word: bytes) -> int:
        number = self._tables.class_of(self._tables._vocabulary.matching(word))
        if len(self) < 1_000_000:
            self[word] = number
        return number
