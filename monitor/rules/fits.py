"""The tightest windows of plain lines, all at once in arrays: what most hits need in place of a judge. Pure.

A line is *plain* when nothing matters but its parts, its window and what must not be there (`tables.Queries.plain`).
Where all that an article has of it is certain, the joins have seen all there is to see: then this module says whether
the line matches, and by which words. What it leaves is `unsure`: judged exactly (`rules.match`). Both choose the same
fit: the smallest window, the earliest of these, the fewest words.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from monitor.rules.joins import Batch, Search
from monitor.rules.rows import Flags, Ints, Rows, distinct, heads, is_in, spread

# A line with more choices of one place for each part than these is judged: ten thousand times ten thousand do not fit
# in memory.
MOST_CHOICES = 256


class Fits(NamedTuple):
    """Fits of lines that surely match, in columns, in the order of articles, rules and lines.

    The places of fit k, in reading order, are [ends[k], ends[k + 1]).
    """

    articles: Ints
    rules: Ints
    lines: Ints  # by their numbers among the lines of all rules
    words: Ints  # that each spans
    ends: Ints
    places: Ints  # of the batch
    parts: Ints  # which part of its line stands there; of two at one place the first
    sources: Ints  # by which that part stands there; -1: by several

    def only(self, kept: Ints) -> Fits:
        """Return these fits."""
        found = Rows(self.ends, self.places).spread(kept)
        at = found.at
        return Fits(
            self.articles[kept], self.rules[kept], self.lines[kept], self.words[kept],
            np.append(0, found.past), self.places[at], self.parts[at], self.sources[at],
        )  # fmt: skip

    def by_rule(self) -> tuple[Ints, Ints]:
        """Return where the fits of another rule, or in another article, begin; and which of its fits is the tightest."""
        keys = self.articles * (self.rules.max(initial=0) + 1) + self.rules
        begins = heads(keys)
        if begins.size == keys.size:
            return begins, begins
        order = np.lexsort((self.words, keys))
        return begins, order[heads(keys[order])]


class Sorted(NamedTuple):
    """For a batch: the fits of the rules that surely match; and for each article the rules that must be judged."""

    sure: Fits
    unsure: list[list[int]]


class _Rows(NamedTuple):
    """Where the parts of queries stand. Of a part that a query has not there is one place, no matter which."""

    begins: Ints  # [part, query] in the following
    sizes: Ints
    places: Ints
    sources: Ints  # that stand there; -1: several


class _Choices(NamedTuple):
    """Choices of one place for each part of queries; of a part that a query has not, its first part's."""

    of: Ints  # the index of the query
    at: Ints  # [part, choice] in `_Rows`
    lows: Ints
    spans: Ints  # that the window must be larger than
    words: Ints
    ordered: Flags  # the places stand in the order that the line demands


def sort_out(found: Search, batch: Batch) -> Sorted:
    """Part what the joins found in what is certain and what is to be judged."""
    unsure: list[list[int]] = [[] for _ in batch.sheet.articles]
    if not found.alive or not found.alive[0][0].size:
        none = np.zeros(0, np.int64)
        return Sorted(Fits(none, none, none, none, np.zeros(1, np.int64), none, none, none), unsure)
    sure, rules = _Fits(found, batch).sort_out()
    for rule in rules.tolist():
        unsure[rule // batch.tables.rules].append(rule % batch.tables.rules)
    return Sorted(sure, unsure)


class _Fits:
    """The queries that have all their parts, in order, each once."""

    def __init__(self, found: Search, batch: Batch) -> None:
        self._found, self._batch, self._tables = found, batch, batch.tables
        self._queries = distinct(found.alive[0][0])
        self._articles = self._queries // self._tables.lines
        self._lines = self._queries - self._articles * self._tables.lines
        # Rules are numbered through the batch as queries are.
        self._rules = self._articles * self._tables.rules + self._tables.queries.rule[self._lines]

    def sort_out(self) -> tuple[Fits, Ints]:
        """Return what is certain, and the rules that are to be judged."""
        rows = self._rows()
        many = rows.sizes.prod(axis=0) > MOST_CHOICES
        choices = self._choices(rows, np.flatnonzero(~many))
        certain, forbidden = self._certain()
        near = choices.spans < self._tables.queries.size[self._lines[choices.of]]
        doubtful = many.copy()
        doubtful[choices.of[near]] = True
        unsure = distinct(self._rules[doubtful & ~(certain & ~many)])
        sure = certain & ~forbidden & ~is_in(self._rules, unsure)
        kept = np.flatnonzero(near & choices.ordered & sure[choices.of])
        return self._fits(rows, choices, self._tightest(choices, kept)), unsure

    def _rows(self) -> _Rows:
        size = self._batch.firsts.size
        parts = [
            self._standing(*alive, kinds) for alive, kinds in zip(self._found.alive, self._found.kinds, strict=True)
        ]
        keys, sources = zip(*parts, strict=True)
        begins = np.stack([np.searchsorted(row, self._queries * size) for row in keys])
        pasts = np.stack([np.searchsorted(row, (self._queries + 1) * size) for row in keys])
        before = np.cumsum([0, *(row.size for row in keys[:-1])])[:, np.newaxis]
        return _Rows(
            begins + before, np.maximum(1, pasts - begins), np.concatenate(keys) % size, np.concatenate(sources)
        )

    def _standing(self, queries: Ints, sources: Ints, kinds: Ints) -> tuple[Ints, Ints]:
        """Return where a part of these queries stands, in order, as query × number of places + place; and by what."""
        rows = self._batch.kinds.places
        found = rows.spread(kinds)
        keys = found.beside(queries) * self._batch.firsts.size + rows.values[found.at]
        order = np.argsort(keys)
        keys, by = keys[order], found.beside(sources % self._tables.sources)[order]
        begins = heads(keys)
        return keys[begins], np.where(np.diff(begins, append=keys.size) == 1, by[begins], -1)

    def _choices(self, rows: _Rows, few: Ints) -> _Choices:
        """Return all choices of these queries, in reading order of their first part, then their second…"""
        every = spread(np.zeros_like(few), rows.sizes[:, few].prod(axis=0))
        of, rest = every.beside(few), every.at
        at = rows.begins[:, of]
        for part in reversed(range(len(at))):
            rest, nth = np.divmod(rest, rows.sizes[part][of])
            at[part] += nth
        lines, parts = self._lines[of], np.arange(len(at))[:, np.newaxis]
        at = np.where(parts < self._tables.queries.needs[lines], at, at[0])
        return _Choices(of, at, *self._measured(lines, rows.places[at]))

    def _measured(self, lines: Ints, places: Ints) -> tuple[Ints, Ints, Ints, Flags]:
        """Return where choices of places begin, what they span in units and words, and if they are in order."""
        batch, unit, behind = self._batch, self._tables.queries.unit[lines], self._tables.queries.ordered[lines]
        firsts, pasts = batch.firsts[places], batch.pasts[places]
        lows = batch.coordinates[unit, firsts].min(axis=0)
        spans = batch.coordinates[unit, pasts - 1].max(axis=0) - lows
        ordered = np.ones(lines.size, np.bool_)
        for part in range(1, len(places)):
            ordered &= (behind >> (part - 1) & 1 == 0) | (firsts[part] >= pasts[part - 1])
        return lows, spans, pasts.max(axis=0) - firsts.min(axis=0), ordered

    @staticmethod
    def _tightest(choices: _Choices, kept: Ints) -> Ints:
        """Return for each query the tightest of these choices: of equals the first."""
        of = choices.of[kept]
        order = np.lexsort((choices.words[kept], choices.lows[kept], choices.spans[kept], of))
        return kept[order[heads(of[order])]]

    def _certain(self) -> tuple[Flags, Flags]:
        """Say for each query whether the joins have seen all that matters, and whether something there forbids it."""
        queries, found = self._tables.queries, self._found
        certain = queries.plain[self._lines]
        for some, sources in found.alive:
            certain &= ~is_in(self._queries, distinct(some[~queries.certain[sources % self._tables.sources]]))
        forbidden = np.zeros_like(certain)
        never = queries.never.spread(queries.rule[self._lines])
        if never.at.size:
            of, sources = never.rows(), queries.never.values[never.at]
            there = is_in(self._articles[of] * self._tables.sources + sources, distinct(found.sources))
            certain[of[there & ~queries.certain[sources]]] = False
            forbidden[of[there]] = True
        return certain, forbidden

    def _fits(self, rows: _Rows, choices: _Choices, best: Ints) -> Fits:
        """Return these choices, one of each query, as fits."""
        of, at = choices.of[best], choices.at[:, best]
        lines = self._lines[of]
        fits, parts = np.nonzero(np.arange(len(at)) < self._tables.queries.needs[lines, np.newaxis])
        at = at[parts, fits]
        keys = fits * self._batch.firsts.size + rows.places[at]
        order = np.argsort(keys, kind="stable")
        order = order[heads(keys[order])]
        ends = np.searchsorted(fits[order], np.arange(of.size + 1))
        rules = self._tables.queries.rule[lines]
        return Fits(
            self._articles[of], rules, lines, choices.words[best],
            ends, rows.places[at[order]], parts[order], rows.sources[at[order]],
        )  # fmt: skip
