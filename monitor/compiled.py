"""What was read and compiled, on disk: a large book that was made ready once comes back in a small part of the time.

Both stay in a folder of our own, the last few of each: compiled rules by the digest of the files that they were made of;
and of the rules as written what is at hand of each (`Rule.shut`), by the name of their file. What cannot be read or
written there is as if it were not there: then rules are read and compiled, as ever.
"""

from __future__ import annotations

import gc
import logging
import marshal
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from monitor import config
from monitor.config import Config
from monitor.errors import ParseError
from monitor.rules import cache
from monitor.rules.compile import Ruleset, compile_rules

log = logging.getLogger("monitor")

# So many rules, and entries of the lists that they name, take half a second to compile: fewer are not worth a file.
MANY: Final = 5_000
# The compiled forms of so many files are kept: of the one in force, and of those of other daemons beside it.
KEPT: Final = 4
COMPILED: Final = ".rules"
READ: Final = ".read"
# So few rules are read in an instant: not worth writing what is at hand of all of them.
FEW: Final = 500


def load(path: Path | str, environ: Mapping[str, str], last: Config | None = None) -> Config:
    """Return what a file says (`config.load`). Rules that were read before are not read again: those of the `last`
    Config, or at a start those that were kept on disk. Raises ConfigError with every fault.
    """
    if last:
        return config.load(path, environ, last.memory)
    file = folder(environ) / (_name(str(Path(path).absolute())) + READ)
    with _frozen():
        found = config.load(path, environ, _memory(file))
    if found.memory.digest and found.memory.learnt > FEW:
        rows = marshal.dumps((found.memory.digest, config.rows_of(found.memory)))
        _write(file, b"\n".join((_sum(rows), rows)))
    return found


def rules_of(found: Config, environ: Mapping[str, str]) -> Ruleset:
    """Return the rules of a file, ready to match: out of the folder when they are there, else compiled and kept there."""
    book = found.book
    if len(book.rules) + sum(len(one.entries) for one in book.lists) < MANY:
        return compile_rules(book)
    path = folder(environ) / (_name(found.digest) + COMPILED)
    with _frozen():
        ruleset = _ruleset(path, found)
    if ruleset is None:
        ruleset = compile_rules(book)
        _write(path, cache.to_bytes(ruleset))
        gc.collect()
        gc.freeze()
    return ruleset


@contextmanager
def _frozen() -> Iterator[None]:
    """What is made here stays: the collector need not walk through a million objects again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def folder(environ: Mapping[str, str]) -> Path:
    """Return where compiled rules are kept: systemd says it, or else the user's own cache."""
    if environ.get("CACHE_DIRECTORY"):
        return Path(environ["CACHE_DIRECTORY"].split(":")[0])
    home = environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path(environ.get("HOME", "/")) / ".cache") / "monitor"


def _name(of: str) -> str:
    """Return a name that is another one when the program that reads and compiles is, or what it stands on."""
    said = blake2b(cache.FORM + of.encode(), digest_size=16)
    room = Path(cache.__file__).parent
    for path in sorted([*room.glob("*.py"), *(room.parent / "config").glob("*.py"), *room.parent.glob("*.py")]):
        status = path.stat()
        said.update(f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return said.hexdigest()


def _sum(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).hexdigest().encode()


def _memory(path: Path) -> config.Memory:
    """Return what is on disk of the rules of a file: plain values only, so that reading it runs nothing."""
    said, _, rows = (_kept(path) or b"").partition(b"\n")
    if not rows or said != _sum(rows):
        return config.Memory()
    return config.memory_of(*marshal.loads(rows))  # noqa: S302 — plain values only, and whole


def _ruleset(path: Path, found: Config) -> Ruleset | None:
    try:
        data = _kept(path)
        return cache.from_bytes(data, found.book) if data else None
    except ParseError as error:
        log.info("the compiled rules in %s are of no use, they are compiled anew: %s", path, error)
        return None


def _kept(path: Path) -> bytes | None:
    """Return what this user put there."""
    try:
        return path.read_bytes() if path.stat().st_uid == os.getuid() else None
    except FileNotFoundError:
        return None
    except OSError as error:
        log.info("%s cannot be read: %s", path, error)
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
        kept = sorted(path.parent.glob("*" + path.suffix), key=lambda one: one.stat().st_mtime, reverse=True)
        for one in kept[KEPT:]:
            one.unlink(missing_ok=True)
    except OSError as error:
        log.info("rules cannot be kept in %s: %s", path.parent, error)
