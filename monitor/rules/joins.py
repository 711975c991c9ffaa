"""Which lines may match which articles: a few joins over arrays, at a cost nearly independent of the number of rules. Pure.

A line (*query*, see `rules.tables`) stays when each of its parts has a source in the article. What is left out here
cannot match; what stays is looked at by `rules.fits`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np

from monitor.rules.rows import Flags, Ints, Rows, distinct, heads, is_in
from monitor.rules.sheet import Sheet, plain_language
from monitor.rules.tables import UNITS, Tables

Names = tuple[int, ...]  # words of the vocabulary, and plain phrases (`~phrase`)

# Marks of so many bytes stay near the processor: at a hundred thousand lines those of a few articles.
NEAR = 1 << 19


class Batch:
    """What stands on a sheet of what rules name: words, hyphenated words in one piece, plain phrases; in reading order.

    Each is a *place*: the words at positions [first, past). Sources and queries of the article k have their own number
    plus k times as many as there are.
    """

    def __init__(self, sheet: Sheet, tables: Tables) -> None:
        self.sheet = sheet
        self.tables = tables
        self.classes: Ints
        self.firsts: Ints
        self.pasts: Ints
        size = len(sheet.words)
        self._words = np.zeros(size + 1, np.int64)  # behind the last word, as before the first, stands none
        self._words[:size] = np.fromiter(map(tables.classes.__getitem__, sheet.words), np.int64, size)
        several = {(one.first, one.past): tables.names[tables.classes[one.form]] for one in sheet.joined}
        self._put(several)
        if tables.links.around and (phrases := self._phrases(several)):
            for phrase, first, past in phrases:
                several[first, past] = (*several.get((first, past), ()), ~phrase)
            self._put(several)

    def _put(self, several: dict[tuple[int, int], Names]) -> None:
        """Put together the words, and what is several words."""
        self.firsts = np.flatnonzero(self._words)
        self.pasts = self.firsts + 1
        self.classes = self._words[self.firsts]
        added = [(first, past, self.tables.class_of(names)) for (first, past), names in several.items() if names]
        if added:
            first, past, classes = np.array(added, np.int64).T
            firsts, pasts = np.concatenate([self.firsts, first]), np.concatenate([self.pasts, past])
            order = np.lexsort((pasts, firsts))
            self.firsts, self.pasts = firsts[order], pasts[order]
            self.classes = np.concatenate([self.classes, classes])[order]

    def _phrases(self, several: dict[tuple[int, int], Names]) -> list[tuple[int, int, int]]:
        """Return phrase, first and past of each plain phrase; of several from one first word the shortest.

        They are looked for where their rarest words stand; the other words of a phrase may be joined forms as well.
        """
        rows = self.tables.rarest_of.view()
        found = rows.spread(self.classes)
        phrases, at = rows.values[found.at], found.rows()
        flanked = np.flatnonzero(self._flanked(phrases, self.firsts[at], self.pasts[at], several))
        if not flanked.size:
            return []
        at = at[flanked]
        rarest = (phrases[flanked].tolist(), self.firsts[at].tolist(), self.pasts[at].tolist())
        steps, around = _Steps(self, several), self.tables.links.around
        ends: dict[tuple[int, int], int] = {}
        for phrase, first, past in zip(*rarest, strict=True):
            before, behind = around[phrase]
            pasts = walked(steps.onward, past, behind)
            for start in walked(steps.back, first, before) if pasts else ():
                ends[phrase, start] = min({*pasts, ends.get((phrase, start), max(pasts))})
        if not ends:
            return []
        inside = self.sheet.sentence_of
        return [(phrase, first, past) for (phrase, first), past in ends.items() if inside[first] == inside[past - 1]]

    def _flanked(self, phrases: Ints, firsts: Ints, pasts: Ints, several: dict[tuple[int, int], Names]) -> Flags:
        """Say where the nearest words of phrases stand beside the rarest, or what is several words: most fail here."""
        before, behind = self.tables.links.nearest[:, phrases]
        begins, ends = np.zeros((2, self._words.size), np.bool_)
        if several:
            first, past = np.array(list(several)).T
            begins[first], ends[past - 1] = True, True
        found: Flags = (before < 0) | ends[firsts - 1] | self._stands(before, firsts - 1)
        found &= (behind < 0) | begins[pasts] | self._stands(behind, pasts)
        return found

    def _stands(self, wids: Ints, positions: Ints) -> Flags:
        """Say for each word of the vocabulary whether it stands at a position."""
        rows = self.tables.words_of.view()
        found = rows.spread(self._words[positions])
        there = np.zeros(wids.size, np.bool_)
        there[found.row_of(np.flatnonzero(rows.values[found.at] == found.beside(wids)))] = True
        return there

    @cached_property
    def articles(self) -> Ints:
        """The article of each place."""
        return np.searchsorted(self.sheet.bounds[1:], self.firsts, side="right")

    @cached_property
    def kinds(self) -> Kinds:
        """What stands in each article, each once."""
        keys = self.articles * len(self.tables.names) + self.classes
        order = np.argsort(keys)
        begins = heads(keys[order])
        first = order[begins]
        return Kinds(self.articles[first], self.classes[first], Rows(np.append(begins, order.size), order))

    @cached_property
    def coordinates(self) -> Ints:
        """Where each word stands in the order of windows: [unit, position], units as in UNITS."""
        found = np.zeros((len(UNITS), len(self.sheet.words)), np.int64)
        for unit in self.tables.units:
            found[unit] = self.sheet.places(UNITS[unit])
        return found

    @cached_property
    def languages(self) -> list[str]:
        """The language of each article, "" when unsure."""
        return [plain_language(article.language) for article in self.sheet.articles]


class _Steps:
    """From word to word of a phrase; a hyphenated word is one step as well as several."""

    def __init__(self, batch: Batch, several: dict[tuple[int, int], Names]) -> None:
        self._words, self._class_names = batch._words, batch.tables.names
        self._behind = {first: (past, names) for (first, past), names in several.items()}
        self._before = {past: (first, names) for (first, past), names in several.items()}

    def _names(self, at: int) -> Names:
        return self._class_names[int(self._words[at])]

    def onward(self, at: int, wid: int) -> list[int]:
        """Return past which positions a word ends that begins at this one."""
        found = [at + 1] if wid in self._names(at) else []
        if at in self._behind and wid in self._behind[at][1]:
            found.append(self._behind[at][0])
        return found

    def back(self, at: int, wid: int) -> list[int]:
        """Return where a word begins that ends right before this position."""
        found = [at - 1] if wid in self._names(at - 1) else []
        if at in self._before and wid in self._before[at][1]:
            found.append(self._before[at][0])
        return found


def walked(step: Callable[[int, int], list[int]], at: int, words: Iterable[int]) -> set[int]:
    """Return where these words, one after the other, lead to from a position."""
    reached = {at}
    for wid in words:
        reached = {end for start in reached for end in step(start, wid)}
    return reached


class Kinds(NamedTuple):
    """The classes that stand in articles, in order of these."""

    articles: Ints
    classes: Ints
    places: Rows


class Search(NamedTuple):
    """What may match: the queries that have all parts in their article."""

    sources: Ints  # all that are there
    alive: list[tuple[Ints, Ints]]  # for each part: queries, and the sources that they have it by
    kinds: list[Ints]  # for each part: where these sources stand, as rows of `Batch.kinds`


def search(batch: Batch) -> Search:
    """Return the queries that have all their parts in their article."""
    sources, kinds = _sources(batch)
    alive = _with_all_parts(batch, sources)
    return Search(
        sources,
        [(queries, sources[links]) for queries, links in alive],
        [kinds[links] for _, links in alive],
    )


def _sources(batch: Batch) -> tuple[Ints, Ints]:
    """Return the sources that are there, in order of the articles, and by what: rows of `Batch.kinds`."""
    tables, kinds = batch.tables, batch.kinds
    rows = tables.sources_of.view()
    found = rows.spread(kinds.classes)
    of = found.rows()
    articles = kinds.articles[of]
    sources = articles * tables.sources + rows.values[found.at]
    links = tables.links
    if not (links.bits or links.sizes.size):
        return sources, of
    bits = np.array([links.bit(language) for language in batch.languages], np.int64)
    there = tables.masks_of.view().values[found.at] & bits[articles] != 0
    if links.slot_phrase.size:
        there |= is_in(sources, _of_phrases(batch, bits))
    return sources[there], of[there]


def _of_phrases(batch: Batch, bits: Ints) -> Ints:
    """Return the sources that are there by a phrase of which all slots are filled, in order."""
    tables, kinds = batch.tables, batch.kinds
    links, rows = tables.links, tables.slots_of.view()
    found = rows.spread(kinds.classes)
    count, phrases = links.slot_phrase.size, links.sizes.size
    filled = distinct(kinds.articles[found.rows()] * count + rows.values[found.at])
    keys = filled // count * phrases + links.slot_phrase[filled % count]
    begins = heads(keys)
    keys, sizes = keys[begins], np.diff(begins, append=keys.size)
    whole = keys[sizes == links.sizes[keys % phrases]]
    led = links.phrases.spread(whole % phrases)
    articles = led.beside(whole // phrases)
    speaking = links.phrase_masks[led.at] & bits[articles] != 0
    return distinct((articles * tables.sources + links.phrases.values[led.at])[speaking])


def _with_all_parts(batch: Batch, sources: Ints) -> list[tuple[Ints, Ints]]:
    """Return for each part the queries that have all parts in their article, and by which of these sources."""
    tables, articles = batch.tables, len(batch.sheet.articles)
    together = max(1, NEAR // tables.lines)
    found: list[tuple[list[Ints], list[Ints]]] = [([], []) for _ in tables.queries.parts]
    for article in range(0, articles, together):
        low, high = np.searchsorted(sources, [article * tables.sources, (article + together) * tables.sources])
        alive = _alive(tables, sources[low:high] - article * tables.sources, together)
        for (queries, links), (some, by) in zip(found, alive, strict=True):
            queries.append(some + article * tables.lines)
            links.append(by + low)
    return [(np.concatenate(queries), np.concatenate(links)) for queries, links in found]


def _alive(tables: Tables, sources: Ints, articles: int) -> list[tuple[Ints, Ints]]:
    """Return for each part the queries that have all parts in their article, and by which of these sources.

    A mark has a bit for each part of its query that has been seen.
    """
    marks, whole = tables.marks(articles), tables.queries.whole
    article = sources // tables.sources
    plain, base = sources - article * tables.sources, article * tables.lines
    reached = []
    for part, rows in enumerate(tables.queries.parts):
        found = rows.spread(plain)
        lines = rows.values.take(found.at)
        queries = lines + found.beside(base)
        marks[queries] = marks.take(queries) | 1 << part
        reached.append((queries, lines, found))
    alive: list[tuple[Ints, Ints]] = []
    for queries, lines, found in reached:
        kept = np.flatnonzero(marks.take(queries) == whole.take(lines))
        alive.append((queries.take(kept), found.row_of(kept)))
    for queries, _, _ in reached:
        marks[queries] = 0
    return alive
