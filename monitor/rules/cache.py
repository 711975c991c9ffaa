"""Compiled rules as bytes and back: a start from these takes a small part of the time of reading and compiling.

Whoever keeps the bytes keeps them by the digest of the files that the rules were read from. They are trusted as little
as can be: a checksum finds damage, and only the values of `monitor.rules` and arrays can come out of them.
"""

from __future__ import annotations

import io
import pickle
import sys
from hashlib import blake2b
from typing import Any

import numpy as np

from monitor import __version__
from monitor.errors import ParseError
from monitor.rules.compile import Base, Ruleset, compile_rules, of_base
from monitor.rules.spec import RuleBook

# Bytes of another program or another version of what it stands on are not read.
FORM = f"monitor rules {__version__} python {sys.version_info[:2]} numpy {np.__version__}".encode()
NO_BOOK = RuleBook(())
_OTHERS = frozenset(
    {
        ("builtins", "frozenset"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.numeric", "_frombuffer"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy.core.numeric", "_frombuffer"),
    }
)
_OURS = frozenset(f"monitor.rules.{room}" for room in ("lean", "words", "rows", "tables", "compile"))


class _Careful(pickle.Unpickler):
    """Makes nothing but our own values and arrays."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _OTHERS or (module in _OURS and name.strip("_")[:1].isupper()):
            return super().find_class(module, name)
        raise ParseError(f"compiled rules may not hold {module}.{name}")


def to_bytes(ruleset: Ruleset) -> bytes:
    """Return compiled rules as bytes, without the book that they stood in; edited ones are compiled together first."""
    base = ruleset.base if ruleset.base.book is ruleset.book else compile_rules(ruleset.book).base
    body = pickle.dumps(base.layer, pickle.HIGHEST_PROTOCOL)
    return b"\n".join((FORM, blake2b(body, digest_size=16).hexdigest().encode(), body))


def from_bytes(data: bytes, book: RuleBook = NO_BOOK) -> Ruleset:
    """Return compiled rules, and beside them the book that they stood in where it is wanted again.

    Raises ParseError when the bytes are damaged, or of another version of this program.
    """
    form, _, rest = data.partition(b"\n")
    digest, _, body = rest.partition(b"\n")
    if form != FORM or digest != blake2b(body, digest_size=16).hexdigest().encode():
        raise ParseError("these are no compiled rules of this version, or they are damaged")
    return of_base(Base(_read(body), book))


def _read(data: bytes) -> Any:
    try:
        return _Careful(io.BytesIO(data)).load()
    except (pickle.UnpicklingError, AttributeError, EOFError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ParseError("compiled rules cannot be read") from error
