"""Which texts hold a need, asked of an index of words: in two questions, however many patterns a need has. Pure.

written(need, words, texts)    the need in words of the index alone: most patterns of a long list stand nowhere
holding(need, places)          the numbers of the texts, from those in which each of these words stands
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial, reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.rules.needs import EVERYTHING, All, Any, Need, all_of, answered, any_of
from monitor.rules.text import SMALL_WORDS
from monitor.rules.words import glob

Numbers = NDArray[np.uint32]
"""Numbers of texts, each once, in their order."""

# A word in more than this share of all texts, and in so many, is not looked up where a rarer one must stand, too: it takes
# some hundredths of a second, and spares few of the rarer one's texts.
COMMON: Final = 1 / 2
MANY: Final = 1_000
_NONE: Final[Numbers] = np.zeros(0, np.uint32)
# Above every letter: what begins with some letters lies before those and this.
_HIGHEST: Final = b"\xff"


def written(need: Need, words: Mapping[bytes, int], texts: int) -> Need:
    """Return what a text must hold, in words of an index alone; EVERYTHING when so many texts hold it that none is spared.

    `words`: those of the index, at least all that are of the need's patterns, and in how many of its so many `texts`
    each stands; 0 where that is not known.
    """
    known = _Vocabulary(words)

    @cache
    def word(pattern: bytes) -> Need:
        return EVERYTHING if any(_SMALL.matching(pattern)) else any_of(known.matching(pattern))

    found = answered(need, word, partial(_rarest, words, max(MANY, texts * COMMON)), any_of)
    return EVERYTHING if 2 * _fewest(found, words, texts) > texts else found


def holding(need: Need, places: Mapping[bytes, Numbers]) -> Numbers:
    """Return the numbers of the texts that hold a need as `written` gives it.

    `places`: where each of its words stands; one that stands nowhere may be left out.
    """
    found: dict[All | Any, Numbers] = {}

    def numbers(one: Need) -> Numbers:
        if isinstance(one, bytes):
            return places.get(one, _NONE)
        if one not in found:  # the same list is named by many rules
            parts = [numbers(part) for part in one.needs]
            found[one] = _in_all(parts) if isinstance(one, All) else _in_any(parts)
        return found[one]

    return numbers(need)


def numbers_of(listed: str) -> Numbers:
    """Return the numbers that a list names, in any order, with a space between them."""
    return np.sort(np.fromstring(listed, np.uint32, sep=" "), kind="stable")


def _rarest(words: Mapping[bytes, int], most: float, parts: Sequence[Need]) -> Need:
    """Return a need of all these, without the words that stand in more texts than so many; of such alone, the rarest."""
    telling = [one for one in parts if one != EVERYTHING]
    rare = [one for one in telling if not isinstance(one, bytes) or words[one] <= most]
    common = sorted((one for one in telling if isinstance(one, bytes)), key=words.__getitem__)
    return all_of(rare or common[:1])


def _fewest(need: Need, words: Mapping[bytes, int], texts: int) -> int:
    """Return in how many texts a need is held at the least."""

    def every(parts: Sequence[int]) -> int:
        return max(0, sum(parts) - (len(parts) - 1) * texts)

    def some(parts: Sequence[int]) -> int:
        return max(parts, default=0)

    return answered(need, words.__getitem__, every, some)


def _in_all(parts: Sequence[Numbers]) -> Numbers:
    return reduce(_in_both, sorted(parts, key=len))


def _in_both(few: Numbers, many: Numbers) -> Numbers:
    at = np.searchsorted(many, few)
    return few[many.take(at, mode="clip") == few] if len(many) else few


def _in_any(parts: Sequence[Numbers]) -> Numbers:
    together = np.concatenate([_NONE, *parts])
    seen = np.zeros(int(together.max(initial=0)) + 1, np.bool_)
    seen[together] = True
    return np.flatnonzero(seen).astype(np.uint32)


class _Vocabulary:
    """Words in their order, in which all of a pattern are found in one go."""

    def __init__(self, words: Iterable[bytes]) -> None:
        self._words = sorted(words)
        self._known = frozenset(self._words)
        self._lines = b"\n".join([b"", *self._words, b""])

    def matching(self, pattern: bytes) -> Iterator[bytes]:
        """Yield the words of a pattern."""
        pieces = pattern.split(b"*")
        if len(pieces) == 1:
            yield from self._known & {pattern}
        else:
            near = self._with(pieces) if any(pieces) and not pieces[0] else self._beginning(pieces[0])
            yield from (word for word in near if glob(pieces, word))

    def _beginning(self, piece: bytes) -> Sequence[bytes]:
        return self._words[bisect_left(self._words, piece) : bisect_left(self._words, piece + _HIGHEST)]

    def _with(self, pieces: Sequence[bytes]) -> Iterator[bytes]:
        """Yield the words with the longest of these pieces in them, the last of which must stand at their end."""
        piece = max((*pieces[1:-1], pieces[-1] + b"\n"), key=len)
        at = self._lines.find(piece)
        while 0 <= at < len(self._lines) - 1:
            start = self._lines.rfind(b"\n", 0, at) + 1
            end = self._lines.index(b"\n", at)
            yield self._lines[start:end]
            at = self._lines.find(piece, end)


# What stands in every text, and in no index.
_SMALL: Final = _Vocabulary(SMALL_WORDS)
