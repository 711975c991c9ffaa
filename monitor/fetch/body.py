"""The bytes of an answer, as they were before they were packed: never more than a cap, never a part for the whole.

A truncated gzip body with a correct length is taken for whole by every client; then its ETag is stored, the rest is
304 for ever, and the entries in it are lost. So we unpack, and look whether the stream came to its end.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from typing import Protocol

_GZIP = b"\x1f\x8b"
_OURS = frozenset({"gzip", "x-gzip", "deflate"})
_NOT_ASKED_FOR = frozenset(
    {"br", "zstd", "compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip"}
)  # IANA's others


class BodyError(Exception):
    """The body is not what its headers say, or not all of it came."""


class _Unpacker(Protocol):
    def feed(self, data: bytes, room: int) -> bytes: ...

    def finish(self) -> None: ...


async def read(chunks: AsyncIterator[bytes], coding: str, cap: int) -> tuple[bytes, bool]:
    """Return the body as unpacked, and whether it was cut because it is longer than `cap` bytes (packed or not).

    `coding` is the Content-Encoding. Raises BodyError for one we did not ask for, for broken and for truncated data.
    """
    unpacker = _unpacker(coding)
    body = bytearray()
    came = 0
    async for chunk in chunks:
        came += len(chunk)
        body += unpacker.feed(chunk, cap + 1 - len(body))
        if max(came, len(body)) > cap:
            del body[cap:]
            return bytes(body), True
    unpacker.finish()
    return bytes(body), False


def _unpacker(coding: str) -> _Unpacker:
    """Return what unpacks these codings. Words that are none (`utf-8`, `none`) mean nothing, as in browsers."""
    words = [word.strip() for word in coding.lower().split(",")]
    packed = [word for word in words if word in _OURS]
    if len(packed) > 1 or not _NOT_ASKED_FOR.isdisjoint(words):
        raise BodyError(f"packed as {', '.join(words)[:40]}, which was not asked for")
    return _Inflater() if packed else _Plain()


class _Plain:
    def feed(self, data: bytes, room: int) -> bytes:
        return data[:room]

    def finish(self) -> None:
        """Nothing can be missing that the connection would not have told."""


class _Inflater:
    """gzip (many members are one body: RFC 1952, 2.2) and zlib; what follows the end is ignored, as browsers do."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        self._began = False

    def feed(self, data: bytes, room: int) -> bytes:
        self._began = self._began or bool(data)
        out = bytearray()
        try:
            while data and len(out) < room:
                if self._stream.eof:
                    if data[:2] != _GZIP[: len(data)]:
                        break
                    self._stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
                out += self._stream.decompress(data, room - len(out))
                data = self._stream.unused_data
        except zlib.error as error:
            raise BodyError(f"broken compressed data ({error})") from error
        return bytes(out)

    def finish(self) -> None:
        if self._began and not self._stream.eof:
            raise BodyError("the compressed data ends before its end")
