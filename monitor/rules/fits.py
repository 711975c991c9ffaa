"""The tightest windows of plain lines, all at once in arrays: what most hits need in place of a judge. Pure.

A line is *plain* when nothing matters but its words, its window and what must not be there (`tables.Queries.plain`).
Where all that an article has of it is single words, and nothing that it excludes, the joins have seen all there is to
see: then this module says whether the line matches, and by which words. What it leaves is `unsure`: judged exactly
(`rules.match`). Both choose the same fit: the smallest window, the earliest of these, the fewest words.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.rules.tables import Batch, Ints, Search, Tables, distinct, is_in

# A line with more pairs of words than these is judged: ten thousand times ten thousand do not fit in memory.
MOST_PAIRS = 256


class Chosen(NamedTuple):
    """The fit of a line: its rule, its place in the rule, and where in the article its one or two words stand."""

    rule: int
    line: int
    words: int  # that the fit spans
    first: tuple[int, int, int]  # [first, past) position in the article, and class
    second: tuple[int, int, int]


class Sorted(NamedTuple):
    """For each article of a batch: the fits of the rules that surely match, and the rules that must be judged."""

    sure: list[list[Chosen]]
    unsure: list[list[int]]


def sort_out(search: Search, batch: Batch, tables: Tables) -> Sorted:
    """Part what the joins found in what is certain and what is to be judged."""
    articles = len(batch.languages)
    sure: list[list[Chosen]] = [[] for _ in range(articles)]
    if not search.kept.size:
        return Sorted(sure, [[] for _ in range(articles)])
    rules = tables.rules_of(search.kept)
    unsure = distinct(rules[~_certain(search, tables, rules)])
    certain = search.kept[~is_in(rules, unsure)]
    if certain.size:
        _choose(search, batch, tables, certain, sure)
    return Sorted(sure, tables.by_article(unsure, articles))


def _certain(search: Search, tables: Tables, rules: Ints) -> NDArray[np.bool_]:
    """Say for each kept query whether the joins have seen all that matters."""
    queries, kept = tables.queries, search.kept
    certain = queries.plain[kept % queries.needs.size]
    if not certain.any():
        return certain
    for found, sources in search.alive:
        certain &= ~is_in(kept, distinct(found[~queries.word[sources % tables.sources]]))
    places, past = queries.never.spread(rules % tables.rules)
    of = np.searchsorted(past, np.arange(len(places)), side="right")
    forbidden = is_in(rules[of] // tables.rules * tables.sources + queries.never.values[places], search.sources)
    certain[of[forbidden]] = False
    sizes = np.ones(len(kept), np.int64)
    for found, _ in search.placed[:2]:
        sizes *= np.maximum(1, np.bincount(np.searchsorted(kept, found[is_in(found, kept)]), minlength=len(kept)))
    return certain & (sizes <= MOST_PAIRS)


def _choose(search: Search, batch: Batch, tables: Tables, certain: Ints, sure: list[list[Chosen]]) -> None:
    """Add the tightest fit of each of these queries that has one."""
    count = tables.queries.needs.size
    query, first, second = _pairs(search, tables, certain, len(batch.classes))
    plain = query % count
    starts = [batch.positions[place] for place in (first, second)]
    pasts = [batch.pasts[place] for place in (first, second)]
    lows = [tables.coordinates(batch, plain, at) for at in starts]
    highs = [tables.coordinates(batch, plain, at - 1) for at in pasts]
    low = np.minimum(*lows)
    span = np.maximum(*highs) - low
    words = np.maximum(*pasts) - np.minimum(*starts)
    fits = (span < tables.queries.size[plain]) & (~tables.queries.ordered[plain] | (starts[1] >= pasts[0]))
    kept = np.flatnonzero(fits)
    kept = kept[np.lexsort((words[kept], low[kept], span[kept], query[kept]))]
    best = kept[np.flatnonzero(np.diff(query[kept], prepend=-1))]
    article, rule = query[best] // count, tables.queries.rule[plain[best]]
    line = plain[best] - np.searchsorted(tables.queries.rule, rule)
    offset = np.asarray(batch.words)[article]
    sides = [
        zip(
            (start[best] - offset).tolist(),
            (past[best] - offset).tolist(),
            batch.classes[place[best]].tolist(),
            strict=True,
        )
        for start, past, place in zip(starts, pasts, (first, second), strict=True)
    ]
    rows = zip(article.tolist(), rule.tolist(), line.tolist(), words[best].tolist(), *sides, strict=True)
    for at, *row in rows:
        sure[at].append(Chosen(*row))


def _pairs(search: Search, tables: Tables, certain: Ints, size: int) -> tuple[Ints, Ints, Ints]:
    """Return query, place of the first part and place of the second for all their pairs; both one where it has one."""
    one_part = tables.queries.needs[certain % tables.queries.needs.size] == 1
    left = _standing(search.placed[0], certain, size)
    right = _standing(search.placed[1], certain[~one_part], size) if len(search.placed) > 1 else left[:0]
    query = left // size
    alone = is_in(query, certain[one_part])
    begins = np.searchsorted(right, query * size)
    sizes = np.searchsorted(right, (query + 1) * size) - begins
    past = np.cumsum(sizes)
    places = np.arange(int(past[-1]) if past.size else 0) + np.repeat(begins - past + sizes, sizes)
    firsts = np.concatenate([left[alone], np.repeat(left, sizes)])
    seconds = np.concatenate([left[alone], right[places]])
    return firsts // size, firsts % size, seconds % size


def _standing(placed: tuple[Ints, Ints], certain: Ints, size: int) -> Ints:
    """Return the places of these queries, in order, each as query × size + place."""
    queries, places = placed
    kept = is_in(queries, certain)
    return distinct(queries[kept] * size + places[kept])
