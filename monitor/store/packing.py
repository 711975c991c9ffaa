"""Texts and pages in few bytes and back, and values as JSON. Pure.

A short text alone hardly shrinks. Told beforehand the words that news is made of, most often in Dutch, it takes four
tenths of its size. These words (`words.txt`) may never change: what is on record could not be read any more. A better
list, or a better way, is another form with another first byte.
"""

from __future__ import annotations

import json
import zlib
from functools import cache
from importlib.resources import files
from typing import Final

from monitor.errors import StoreError

# No text in UTF-8 begins with this byte: whatever does not is plain, as older versions wrote it.
_FORM: Final = b"\xff"
# Without a header and a checksum (the database has its own), with all the memory there is: 0.3 ms for 3 kB.
_BITS, _LEVEL, _MEMORY = -15, 6, 9


def pack(text: str) -> bytes:
    """Return a text in as few bytes as can be."""
    if not text:
        return b""
    plain = text.encode()
    packer = _primed().copy()
    packed = _FORM + packer.compress(plain) + packer.flush()
    return packed if len(packed) < len(plain) else plain


def unpack(data: bytes) -> str:
    """Return the text again. Raises StoreError when the bytes are damaged."""
    if not data.startswith(_FORM):
        return data.decode()
    try:
        return zlib.decompressobj(_BITS, _words()).decompress(data[1:]).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise StoreError("a stored text is damaged: restore the database from a backup") from error


def pack_page(body: bytes) -> bytes:
    """Return a page's bytes as few as can be: a fifth of them, in 2 ms. Other packers gain a tenth more."""
    return zlib.compress(body, _LEVEL)


def unpack_page(data: bytes) -> bytes:
    """Return a page's bytes again. Raises StoreError when they are damaged."""
    try:
        return zlib.decompress(data)
    except zlib.error as error:
        raise StoreError("a kept page is damaged: restore the database from a backup") from error


@cache
def _words() -> bytes:
    """The words in order, the commonest last: what is nearest is named in the fewest bits."""
    return " ".join(files("monitor.store").joinpath("words.txt").read_text("utf-8").split()).encode()


@cache
def _primed() -> zlib._Compress:
    # To be copied: to read the words anew for each text would take twice as long as to pack it.
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, _BITS, _MEMORY, zlib.Z_DEFAULT_STRATEGY, _words())


def as_json(value: object) -> str:
    """Return a value as JSON as it is kept: without blanks, and every letter as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
