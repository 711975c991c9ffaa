"""What the rules find on a sheet, in columns; and the matches, their evidence led back to the texts all at once. Pure.

A busy article hits dozens of rules of a hundred thousand: what is done for each of their words is what matching costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from monitor.model import Match
from monitor.rules.match import Found
from monitor.rules.rows import Ints
from monitor.rules.sheet import Sheet


class Find(NamedTuple):
    """A rule that matches an article of the sheet."""

    article: int
    order: int  # of the rule in its book
    rule: str
    lines: tuple[int, ...]
    tags: tuple[str, ...]
    begin: int  # its evidence among that of all finds: [begin, end)
    end: int


class Places(NamedTuple):
    """Where terms stand on the sheet: the words at positions [first, past)."""

    firsts: Ints
    pasts: Ints
    terms: list[str]  # as written


class Finds:
    """All that rules find on one sheet."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._finds: list[Find] = []
        self._places: list[Places] = []
        self._size = 0

    def add(self, finds: Sequence[tuple[int, int, str, tuple[int, ...]]], ends: Ints, places: Places) -> None:
        """Add article, order, rule and lines of some finds; the places of find k are [ends[k], ends[k + 1])."""
        edges = (ends + self._size).tolist()
        self._finds += [Find(*find, (), begin, end) for find, begin, end in zip(finds, edges, edges[1:], strict=False)]
        self._put(places)

    def add_judged(self, judged: Iterable[tuple[int, int, Found]]) -> None:
        """Add article, order and what a judge found there."""
        several: list[tuple[int, int, str]] = []
        for article, order, found in judged:
            begin = self._size + len(several)
            several += found.places
            end = self._size + len(several)
            self._finds.append(Find(article, order, found.rule, found.lines, found.tags, begin, end))
        if several:
            firsts, pasts, terms = zip(*several, strict=True)
            self._put(Places(np.array(firsts), np.array(pasts), list(terms)))

    def _put(self, places: Places) -> None:
        self._places.append(places)
        self._size += len(places.terms)

    def matches(self) -> list[tuple[Match, ...]]:
        """Return for each article of the sheet what was found in it, in the order of the book."""
        found: list[list[Match]] = [[] for _ in self._sheet.articles]
        if self._finds:
            firsts, pasts, terms = zip(*self._places, strict=True)
            evidence = self._sheet.evidence(np.concatenate(firsts), np.concatenate(pasts), [*chain(*terms)])
            for article, _, rule, lines, tags, begin, end in sorted(self._finds):
                found[article].append(Match(rule, tuple(evidence[begin:end]), lines, tags))
        return list(map(tuple, found))
