"""The last good rules.yaml, kept on disk: a daemon that is started again while a slip stands in the file goes on with it.

In memory the last good one stays in force by itself. What is kept is the text of the files, for this user's eyes only.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from monitor import compiled, config
from monitor.config import Config, Copy
from monitor.errors import ConfigError

log = logging.getLogger("monitor")

ENDING: Final = ".good"
# Of so many files it is kept: more daemons than one user has.
KEPT: Final = 16


def keep(found: Config, path: Path, environ: Mapping[str, str]) -> None:
    """Keep what a file said that is now in force. That it cannot be kept is logged, and stops nothing."""
    copy = Copy.of(found.written, found.seen)
    if copy is None:
        return
    place = _place(path, environ)
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=place.parent, suffix=".new", delete=False) as made:
            made.write(copy.to_bytes())
        Path(made.name).replace(place)
        kept = sorted(place.parent.glob(f"*{ENDING}"), key=lambda one: one.stat().st_mtime, reverse=True)
        for one in kept[KEPT:]:
            one.unlink(missing_ok=True)
    except OSError as error:
        log.warning("the last good rules.yaml cannot be kept in %s: %s", place.parent, error)


def recall(path: Path, environ: Mapping[str, str]) -> tuple[Config, datetime] | None:
    """Return what was last in force of a file, and since when; None when nothing is kept, or it is good no longer."""
    place = _place(path, environ)
    try:
        status = place.stat()
        copy = Copy.from_bytes(place.read_bytes()) if status.st_uid == os.getuid() else None
    except OSError:
        return None
    try:
        found = config.load(path, environ, copy=copy) if copy else None
    except ConfigError:  # a secret is missing, or the program reads another language now
        return None
    return (found, datetime.fromtimestamp(status.st_mtime, UTC)) if found else None


def _place(path: Path, environ: Mapping[str, str]) -> Path:
    name = blake2b(str(path.absolute()).encode(), digest_size=16).hexdigest()
    return compiled.folder(environ) / f"{name}{ENDING}"
