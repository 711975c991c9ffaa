"""Rows of numbers in arrays, and sets of numbers in order: what the joins of the matcher are made of. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of numbers of different lengths, in one array: row k is `values[ends[k]:ends[k + 1]]`."""

    ends: Ints
    values: Ints

    def row(self, key: int, values: Ints | None = None) -> list[int]:
        """Return one row, of these values or of others that stand beside them."""
        found: list[int] = (self.values if values is None else values)[self.ends[key] : self.ends[key + 1]].tolist()
        return found

    def spread(self, keys: Ints) -> Spread:
        """Return where the values of these rows stand."""
        starts = self.ends[keys]
        return spread(starts, self.ends[keys + 1] - starts)


class Spread(NamedTuple):
    """Where the values of some rows stand, one row behind the other."""

    at: Ints
    past: Ints  # for each row, the number of values up to its end

    def rows(self) -> Ints:
        """Return for each value of which row it is."""
        return self.beside(np.arange(self.past.size))

    def beside(self, numbers: Ints) -> Ints:
        """Return for each value the number of its row, of these."""
        return np.repeat(numbers, np.diff(self.past, prepend=0))

    def row_of(self, numbers: Ints) -> Ints:
        """Return of which row these values are; for few of many it takes less time than `rows`."""
        return np.searchsorted(self.past, numbers, side="right")


def spread(starts: Ints, sizes: Ints) -> Spread:
    """Return so many numbers from each of these on, one behind the other."""
    past = np.cumsum(sizes)
    total = past[-1] if past.size else 0
    return Spread(np.arange(total) + np.repeat(starts - past + sizes, sizes), past)


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


def is_in(numbers: Ints, inorder: Ints) -> Flags:
    """Say for each number whether it is among the others, which are in order."""
    if not inorder.size:
        return np.zeros(len(numbers), np.bool_)
    found: Flags = inorder[np.minimum(np.searchsorted(inorder, numbers), len(inorder) - 1)] == numbers
    return found


def distinct(numbers: Ints) -> Ints:
    """Return these numbers in order, each once."""
    inorder = np.sort(numbers)
    return inorder[heads(inorder)]


def heads(inorder: Ints) -> Ints:
    """Return where in these numbers, which are in order, another one begins."""
    first = np.ones(inorder.size, np.bool_)
    np.not_equal(inorder[1:], inorder[:-1], out=first[1:])
    return np.flatnonzero(first)
