"""What every client gives back of one request, before anybody has read the body."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from multidict import CIMultiDict, CIMultiDictProxy


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers, and the body still packed, a piece at a time."""

    status: int
    headers: CIMultiDict[str] | CIMultiDictProxy[str]
    chunks: AsyncIterator[bytes]


async def in_pieces(data: bytes, size: int = 2**16) -> AsyncIterator[bytes]:
    """Yield data that has come already as if it came now."""
    for start in range(0, len(data), size):
        yield data[start : start + size]
