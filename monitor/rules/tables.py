"""Which rules may match an article: a few joins over arrays, at a cost nearly independent of the number of rules. Pure.

Every word of an article is a *class*: the set of the vocabulary's words that it is. Classes lead to *sources* (a phrase
or a list that a rule names), sources to *queries* (one line of one rule). A query stays when each of its parts has a
source in the article, and then when these stand within its window. What is left out here cannot match; what stays is
judged exactly (`rules.match`). So case, order, guards, fields, gaps and exclusions are no concern of this module, and a
phrase stands where its rarest word does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from monitor.rules.lean import LeanList, LeanRule, LeanTerm, width
from monitor.rules.spec import Unit
from monitor.rules.words import Vocabulary

Ints = NDArray[np.int64]
Small = NDArray[np.int32]

UNITS: tuple[Unit, ...] = ("sentence", "paragraph", "article", "word")
# Parts beyond these are left to the exact judgement.
MOST_PARTS = 8
ALL_LANGUAGES = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of numbers of different lengths, in one array: row k is `values[ends[k]:ends[k + 1]]`."""

    ends: Ints
    values: Small

    def spread(self, keys: NDArray[np.integer]) -> tuple[Ints, Ints]:
        """Return where the values of these rows stand, and for each row the number of values up to its end."""
        starts = self.ends[keys]
        sizes = self.ends[keys + 1] - starts
        past = np.cumsum(sizes)
        if not past.size:
            return past, past
        return np.arange(past[-1]) + np.repeat(starts - past + sizes, sizes), past


def rows_of(keys: Sequence[int], values: Sequence[int], size: int) -> Rows:
    """Return rows in which value k stands in row keys[k]."""
    key = np.asarray(keys, np.int64)
    order = np.argsort(key, kind="stable")
    ends = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(key, minlength=size), out=ends[1:])
    return Rows(ends, np.asarray(values, np.int32)[order])


class Growing:
    """Rows that are added one by one while articles bring new words."""

    def __init__(self) -> None:
        self._ends = np.zeros(1 << 10, np.int64)
        self._values = np.zeros(1 << 12, np.int32)
        self.rows = 0

    def add(self, values: Sequence[int]) -> None:
        """Add a row."""
        start = int(self._ends[self.rows])
        while self.rows + 2 > self._ends.size:
            self._ends = np.concatenate([self._ends, np.zeros_like(self._ends)])
        while start + len(values) > self._values.size:
            self._values = np.concatenate([self._values, np.zeros_like(self._values)])
        self._values[start : start + len(values)] = values
        self.rows += 1
        self._ends[self.rows] = start + len(values)

    def view(self) -> Rows:
        """Return the rows as they are now."""
        return Rows(self._ends, self._values)


@dataclass(slots=True)
class Links:
    """Which sources a word of the vocabulary leads to, and in which languages."""

    sources: Rows
    languages: Small
    bits: dict[str, int]  # of a language; others have the last bit, which only what counts in all languages bears

    def bit(self, language: str) -> int:
        """Return the bits of an article's language; all of them when it is unsure."""
        return ALL_LANGUAGES if not language else self.bits.get(language, 1 << 30)


@dataclass(slots=True)
class Queries:
    """The lines of all rules: what each needs, how close, and which sources lead to its parts."""

    rule: Small
    needs: NDArray[np.uint8]  # a bit for each part
    unit: NDArray[np.uint8]  # index in UNITS
    size: Ints  # of the window
    parts: list[Rows]  # for each part: source → queries


@dataclass(slots=True)
class _Collected:
    """What `tables_of` gathers before it is put in arrays."""

    sources: dict[tuple[int, str, str], int] = field(default_factory=dict)
    rule: list[int] = field(default_factory=list)
    needs: list[int] = field(default_factory=list)
    unit: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    keys: list[list[int]] = field(default_factory=lambda: [[] for _ in range(MOST_PARTS)])
    values: list[list[int]] = field(default_factory=lambda: [[] for _ in range(MOST_PARTS)])

    def add(self, number: int, rule: LeanRule) -> None:
        """Add the lines of a rule."""
        for line in rule.lines:
            query = len(self.rule)
            self.rule.append(number)
            self.needs.append((1 << min(len(line.parts), MOST_PARTS)) - 1)
            self.unit.append(UNITS.index(line.window.unit))
            self.size.append(width(line.window))
            for part, terms in enumerate(line.parts[:MOST_PARTS]):
                for source in {self.source(term) for term in terms}:
                    self.keys[part].append(source)
                    self.values[part].append(query)

    def source(self, term: LeanTerm) -> int:
        """Return the number of what a term names."""
        return self.sources.setdefault((term.atom, term.name, term.group), len(self.sources))

    def queries(self) -> Queries:
        """Return the lines in arrays."""
        size = len(self.sources)
        used = [part for part in range(MOST_PARTS) if self.keys[part]]
        return Queries(
            np.asarray(self.rule, np.int32),
            np.asarray(self.needs, np.uint8),
            np.asarray(self.unit, np.uint8),
            np.asarray(self.size, np.int64),
            [rows_of(self.keys[part], self.values[part], size) for part in used],
        )

    def links(self, vocabulary: Vocabulary, lists: dict[str, LeanList]) -> Links:
        """Return which words lead to which sources."""
        found: dict[tuple[int, int], int] = {}
        bits: dict[str, int] = {}
        for (atom, name, group), source in self.sources.items():
            if atom >= 0:
                for wid in vocabulary.anchors(atom):
                    found[wid, source] = ALL_LANGUAGES
                continue
            for entry in lists[name].entries:
                if group in ("", entry.group):
                    mask = _mask(entry.languages, bits)
                    for wid in vocabulary.anchors(entry.atom):
                        found[wid, source] = found.get((wid, source), 0) | mask
        wids, sources = [wid for wid, _ in found], [source for _, source in found]
        masks = rows_of(wids, list(found.values()), vocabulary.size)
        return Links(rows_of(wids, sources, vocabulary.size), masks.values, bits)


def _mask(languages: Iterable[str], bits: dict[str, int]) -> int:
    """Return the bits of these languages, all of them when there is none; more than 30 languages share the last."""
    mask = 0
    for language in languages:
        mask |= bits.setdefault(language, 1 << min(len(bits), 29))
    return mask or ALL_LANGUAGES


@dataclass(slots=True)
class Words:
    """The words of an article as classes, each with its position; coordinates in the order of UNITS."""

    classes: Ints
    positions: Ints
    coordinates: NDArray[np.int64]  # [unit, position]
    language: str


class Tables:
    """From the words of an article to the rules that may match it."""

    def __init__(self, vocabulary: Vocabulary, lists: dict[str, LeanList], rules: Iterable[LeanRule]) -> None:
        collected = _Collected()
        for number, rule in enumerate(rules):
            collected.add(number, rule)
        self.links = collected.links(vocabulary, lists)
        self.queries = collected.queries()
        self._vocabulary = vocabulary
        self._sources = len(collected.sources)
        self._start()

    def _start(self) -> None:
        self.classes: dict[bytes, int] = _Classes(self)
        self.words_of: list[tuple[int, ...]] = []  # of each class
        self._class_of: dict[tuple[int, ...], int] = {}
        self._found = Growing()  # class → sources
        self._masks = Growing()  # class → their languages
        self._seen = np.zeros(len(self.queries.rule), np.uint8)
        self._wanted = np.zeros(self._sources, np.bool_)
        self.class_of(())

    def __getstate__(self) -> dict[str, object]:
        kept = ("links", "queries", "_vocabulary", "_sources")
        return {name: getattr(self, name) for name in kept}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._start()

    def class_of(self, wids: tuple[int, ...]) -> int:
        """Return the class of a word that is these words of the vocabulary. Class 0 is none of them."""
        known = self._class_of.get(wids)
        if known is None:
            known = self._class_of[wids] = len(self.words_of)
            self.words_of.append(wids)
            masks: dict[int, int] = {}
            ends, sources = self.links.sources.ends, self.links.sources.values
            for wid in wids:
                for at in range(ends[wid], ends[wid + 1]):
                    masks[int(sources[at])] = masks.get(int(sources[at]), 0) | int(self.links.languages[at])
            self._found.add(list(masks))
            self._masks.add(list(masks.values()))
        return known

    # the joins

    def candidates(self, words: Words) -> list[int]:
        """Return the numbers of the rules that may match, in order."""
        sources = self._present(words)
        alive = self._with_all_parts(sources)
        if not alive or not alive[0][0].size:
            return []
        single = self.queries.needs[alive[0][0]] == 1
        found = [alive[0][0][single], self._within_windows(words, alive, ~single)]
        numbers: list[int] = np.unique(self.queries.rule[np.concatenate(found)]).tolist()
        return numbers

    def _present(self, words: Words) -> Ints:
        """Return the sources that the article's words lead to, in its language."""
        places, _ = self._found.view().spread(np.unique(words.classes))
        sources = self._found.view().values[places]
        if self.links.bits and words.language:
            sources = sources[self._masks.view().values[places] & self.links.bit(words.language) != 0]
        return np.unique(sources).astype(np.int64)

    def _with_all_parts(self, sources: Ints) -> list[tuple[Ints, Ints]]:
        """Return for each part the queries that have all their parts in the article, and the sources they have them by."""
        seen, parts = self._seen, self.queries.parts
        reached = []
        for part, rows in enumerate(parts):
            places, past = rows.spread(sources)
            queries = rows.values[places]
            seen[queries] |= 1 << part
            reached.append((queries, past))
        alive = []
        for queries, past in reached:
            kept = np.flatnonzero(seen[queries] == self.queries.needs[queries])
            alive.append((queries[kept].astype(np.int64), sources[np.searchsorted(past, kept, side="right")]))
        for queries, _ in reached:
            seen[queries] = 0
        return alive

    def _within_windows(self, words: Words, alive: list[tuple[Ints, Ints]], several: NDArray[np.bool_]) -> Ints:
        """Return the queries whose other parts all stand near some place of their first."""
        first = (alive[0][0][several], alive[0][1][several])
        if not first[0].size:
            return first[0]
        points = self._points(words, alive)
        reach = 2 * (int(words.coordinates.max()) + int(self.queries.size.max()) + 1)
        queries, places = self._placed(words, first, points)
        keys, size = queries * reach + places, self.queries.size[queries] - 1
        near = np.ones(len(keys), np.bool_)
        for part in range(1, len(alive)):
            other, at = self._placed(words, alive[part], points)
            near &= _near(keys, size, np.sort(other * reach + at)) | (self.queries.needs[queries] >> part & 1 == 0)
        return np.unique(queries[near])

    def _points(self, words: Words, alive: list[tuple[Ints, Ints]]) -> tuple[Rows, Ints]:
        """Return where the sources that matter stand: source → positions."""
        wanted = self._wanted
        for _, sources in alive:
            wanted[sources] = True
        places, past = self._found.view().spread(words.classes)
        reached = self._found.view().values[places]
        kept = np.flatnonzero(wanted[reached])
        for _, sources in alive:
            wanted[sources] = False
        positions = words.positions[np.searchsorted(past, kept, side="right")]
        order = np.argsort(reached[kept], kind="stable")
        inorder = reached[kept][order]
        known = np.unique(inorder)
        ends = np.append(np.searchsorted(inorder, known), len(inorder))
        return Rows(ends, positions[order].astype(np.int32)), known.astype(np.int64)

    def _placed(self, words: Words, alive: tuple[Ints, Ints], points: tuple[Rows, Ints]) -> tuple[Ints, Ints]:
        """Return each place of each query's sources, as query and coordinate in the unit of its window."""
        queries, sources = alive
        rows, known = points
        places, past = rows.spread(np.searchsorted(known, sources))
        repeated = queries[np.searchsorted(past, np.arange(len(places)), side="right")]
        return repeated, words.coordinates[self.queries.unit[repeated], rows.values[places]]


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


def _near(keys: Ints, size: Ints, others: Ints) -> NDArray[np.bool_]:
    """Say for each key whether one of the others (in order) is at most `size` away."""
    if not others.size:
        return np.zeros(len(keys), np.bool_)
    at = np.minimum(np.searchsorted(others, keys - size), len(others) - 1)
    near: NDArray[np.bool_] = np.abs(others[at] - keys) <= size
    return near
