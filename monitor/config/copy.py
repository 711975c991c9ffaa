"""A configuration as it was written: the bytes of its files, to be read again when the files say something else.

What `${…}` stands for is not among it: it is filled in from the environment and the secrets of the day.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from monitor.config.watch import Stamp, changed


@dataclass(frozen=True, slots=True)
class Copy:
    """Texts by file, and by path with `*` the files that it stood for."""

    texts: Mapping[Path, bytes] = field(default_factory=dict, repr=False)
    meant: Mapping[Path, tuple[Path, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, written: Iterable[Path], seen: Mapping[Path, Stamp]) -> Self | None:
        """Return the copy of these files; None when they are no longer what was read (`Config.written`, `.seen`)."""
        try:
            texts = {path: path.read_bytes() for path in written}
        except OSError:
            return None
        meant = {
            path: tuple(one for one in found if isinstance(one, Path))
            for path, found in seen.items()
            if "*" in str(path) and found
        }
        return None if changed(seen) else cls(texts, meant)

    def to_bytes(self) -> bytes:
        """Return it as it is kept."""
        texts = {str(path): text.decode("utf-8") for path, text in self.texts.items()}
        meant = {str(path): [str(one) for one in found] for path, found in self.meant.items()}
        return json.dumps({"texts": texts, "meant": meant}, ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self | None:
        """Return what was kept; None when it is not whole."""
        try:
            said = json.loads(data)
            texts = {Path(path): text.encode() for path, text in said["texts"].items()}
            return cls(texts, {Path(path): tuple(map(Path, found)) for path, found in said["meant"].items()})
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
