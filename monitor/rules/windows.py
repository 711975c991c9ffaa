"""What stands together in a window: sights of each part of a line, in order where that counts, as near as can be. Pure.

It knows nothing of words: a sight has a place, and coordinates in the unit of its window. `rules.match` asks.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import NamedTuple


class Sight(NamedTuple):
    """A term that was found at positions [first, past), and where that stands in the order of windows: [low, high]."""

    first: int
    past: int
    low: int
    high: int
    term: str
    who: str = ""  # the actor, or the entry as written: what `count:` counts


Parts = Sequence[Sequence[Sight]]


# So many combinations of sights are tried one by one; of more, only those that a window can hold are looked for.
FEW = 48


class Fit(NamedTuple):
    """All parts of a line within a window: one sight for each part, and the interval that they span."""

    low: int
    high: int
    sights: tuple[Sight, ...]

    @property
    def words(self) -> int:
        """How many words it spans: the smaller, the tighter."""
        return max([sight.past for sight in self.sights]) - min([sight.first for sight in self.sights])


Span = tuple[int, int, Callable[[], Fit]]  # an interval that parts span exactly, and how they span it most tightly
Worth = Callable[[int, int], bool]  # is this interval worth a closer look?


def spans(parts: Parts, ordered: Sequence[bool], size: int, worth: Worth = lambda _low, _high: True) -> Iterator[Span]:
    """Yield what the parts of a line span within a window of `size` units, as far as it is worth it."""
    if math.prod(map(len, parts)) <= FEW:
        yield from tried(parts, ordered, size, worth)
    else:
        for low, high, near in intervals(parts, ordered, size, worth):
            yield low, high, partial(tightest, near, ordered, low, high)


def tried(parts: Parts, ordered: Sequence[bool], size: int, worth: Worth) -> Iterator[Span]:
    """Yield what a few combinations span, trying each."""
    found: dict[tuple[int, int], Fit] = {}
    in_any_order = not any(ordered)
    for sights in product(*parts):
        low, high = sights[0].low, sights[0].high
        for sight in sights[1:]:
            low, high = min(low, sight.low), max(high, sight.high)
        if high - low < size and (in_any_order or in_order(sights, ordered)):
            fit = Fit(low, high, sights)
            if (low, high) not in found or fit.words < found[low, high].words:
                found[low, high] = fit
    for low, high in sorted(found):
        if worth(low, high):
            yield low, high, partial(found.__getitem__, (low, high))


def in_order(sights: Sequence[Sight], ordered: Sequence[bool]) -> bool:
    """Say whether each sight that is `ordered` stands behind the one before it."""
    return all(
        not behind or right.first >= left.past for left, right, behind in zip(sights, sights[1:], ordered, strict=False)
    )


def intervals(parts: Parts, ordered: Sequence[bool], size: int, worth: Worth) -> Iterator[tuple[int, int, Parts]]:
    """Yield each interval [low, high] of at most `size` units that one sight of each part spans exactly."""
    lows = [[sight.low for sight in part] for part in parts]  # in order, as the sights are
    for low in sorted({low for part in lows for low in part}):
        near = [
            [sight for sight in part[bisect_left(at, low) : bisect_left(at, low + size)] if sight.high < low + size]
            for part, at in zip(parts, lows, strict=True)
        ]
        if all(near):
            for high in sorted({sight.high for part in near for sight in part}):
                if worth(low, high) and next(_choices(near, ordered, low, high), None) is not None:
                    yield low, high, near


def _choices(near: Parts, ordered: Sequence[bool], low: int, high: int) -> Iterator[Parts]:
    """Yield selections of the sights from which a chain can be taken that spans exactly [low, high]."""
    inside = [[sight for sight in part if sight.high <= high] for part in near]
    for opens in range(len(inside)):
        for closes in range(len(inside)):
            chosen = list(inside)
            chosen[opens] = [sight for sight in chosen[opens] if sight.low == low]
            chosen[closes] = [sight for sight in chosen[closes] if sight.high == high]
            if chain(chosen, ordered) is not None:
                yield chosen


def chain(parts: Parts, ordered: Sequence[bool]) -> tuple[Sight, ...] | None:
    """Return one sight of each part, each that is `ordered` behind the one before it; the earliest end is the best."""
    return Chains(parts, ordered).starting(0)


class Chains:
    """The sights of each part in reading order, and for each the one among it and those behind it that ends first."""

    def __init__(self, parts: Parts, ordered: Sequence[bool]) -> None:
        self._ordered = ordered
        self._firsts = [[sight.first for sight in part] for part in parts]
        self._best = [_ending_first(part) for part in parts]

    def starting(self, first: int) -> tuple[Sight, ...] | None:
        """Return a chain of sights that all stand at this position or behind it, and end as early as can be."""
        taken: list[Sight] = []
        for index, (firsts, best) in enumerate(zip(self._firsts, self._best, strict=True)):
            behind = max(first, taken[-1].past) if index and self._ordered[index - 1] else first
            at = bisect_left(firsts, behind)
            if at == len(firsts):
                return None
            taken.append(best[at])
        return tuple(taken)


def _ending_first(part: Sequence[Sight]) -> list[Sight]:
    best: list[Sight] = []
    for sight in reversed(part):
        best.append(sight if not best or sight.past < best[-1].past else best[-1])
    return best[::-1]


def tightest(near: Parts, ordered: Sequence[bool], low: int, high: int) -> Fit:
    """Return the sights that span [low, high] exactly and the fewest words."""
    best: Fit | None = None
    for chosen in _choices(near, ordered, low, high):
        chains = Chains(chosen, ordered)
        for first in sorted({sight.first for part in chosen for sight in part}):
            taken = chains.starting(first)
            if taken is None:
                break
            fit = Fit(low, high, taken)
            if best is None or fit.words < best.words:
                best = fit
    assert best is not None
    return best


class Near:
    """Sights in reading order, to be asked which of them stand in one window of `size` units with an interval."""

    def __init__(self, sights: Sequence[Sight], size: int) -> None:
        self._sights = sights
        self._lows = [sight.low for sight in sights]
        self._size = size

    def around(self, low: int, high: int) -> Iterator[Sight]:
        """Yield those that one window holds together with [low, high]."""
        last = bisect_left(self._lows, low + self._size)
        for at in range(bisect_right(self._lows, high - self._size), last):
            if self._sights[at].high < low + self._size:
                yield self._sights[at]

    def any(self, low: int, high: int) -> bool:
        """Say whether there is one."""
        return next(self.around(low, high), None) is not None

    def different(self, low: int, high: int) -> int:
        """Return how many different people or bodies stand in one window that holds [low, high], at most."""
        seen = {(sight.low, sight.high, sight.who) for sight in self.around(low, high)}
        starts = {at for at, _, _ in seen if at <= low} | {low, high - self._size + 1}
        return max(
            len({who for at, past, who in seen if start <= at and past < start + self._size}) for start in starts
        )


NOBODY = Near((), 1)
