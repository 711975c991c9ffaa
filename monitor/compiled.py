"""Compiled rules on disk: a large book that was compiled once comes back in a small part of the time.

They stay in a folder of our own, by the digest of the files that they were made of; the last few of them. What cannot
be read or written there is as if it were not there: then the rules are compiled, as ever.
"""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from monitor.config import Config
from monitor.errors import ParseError
from monitor.rules import cache
from monitor.rules.compile import Ruleset, compile_rules

log = logging.getLogger("monitor")

# Fewer rules than these are compiled in about a second: nothing worth a file.
MANY: Final = 5_000
# The compiled forms of so many files are kept: of the one in force, and of those of other daemons beside it.
KEPT: Final = 4
ENDING: Final = ".rules"


def rules_of(config: Config, environ: Mapping[str, str]) -> Ruleset:
    """Return the rules of a file, ready to match: out of the folder when they are there, else compiled and kept there."""
    if len(config.book.rules) < MANY:
        return compile_rules(config.book)
    path = folder(environ) / (_name(config) + ENDING)
    ruleset = _read(path, config)
    if ruleset is None:
        ruleset = compile_rules(config.book)
        _write(path, cache.to_bytes(ruleset, with_book=False))
    gc.collect()
    gc.freeze()  # these rules stay: the collector need not walk through all of them again and again
    return ruleset


def folder(environ: Mapping[str, str]) -> Path:
    """Return where compiled rules are kept: systemd says it, or else the user's own cache."""
    if environ.get("CACHE_DIRECTORY"):
        return Path(environ["CACHE_DIRECTORY"].split(":")[0])
    home = environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path(environ.get("HOME", "/")) / ".cache") / "monitor"


def _name(config: Config) -> str:
    """Return a name that is another one when the files or the program that read them are."""
    said = blake2b(config.digest.encode(), digest_size=16)
    room = Path(cache.__file__).parent
    for path in sorted([*room.glob("*.py"), *(room.parent / "config").glob("*.py")]):
        status = path.stat()
        said.update(f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return said.hexdigest()


def _read(path: Path, config: Config) -> Ruleset | None:
    try:
        if path.stat().st_uid != os.getuid():
            return None
        return cache.from_bytes(path.read_bytes(), config.book)
    except FileNotFoundError:
        return None
    except (OSError, ParseError) as error:
        log.info("the compiled rules in %s are of no use, they are compiled anew: %s", path, error)
        return None


def _write(path: Path, data: bytes) -> None:
    """Put the bytes in their place in one step, for this user's eyes only, and let the oldest go."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, suffix=".new", delete=False) as made:
            try:
                made.write(data)
                made.close()
                Path(made.name).replace(path)
            except OSError:
                Path(made.name).unlink(missing_ok=True)
                raise
        kept = sorted(path.parent.glob("*" + ENDING), key=lambda one: one.stat().st_mtime, reverse=True)
        for one in kept[KEPT:]:
            one.unlink(missing_ok=True)
    except OSError as error:
        log.info("compiled rules cannot be kept in %s: %s", path.parent, error)
