"""The care of a database while others use it: how large it is, to make it small again, to copy it, to put it back.

A PostgreSQL server has better tools of its own for this; here it is only asked how large it is.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import OperationalError

from monitor.errors import NoDatabaseError, StoreError
from monitor.model import Secret
from monitor.store import index
from monitor.store import tables as t
from monitor.store.file import APPLICATION_ID, SQLiteFile, locked, synced
from monitor.store.places import file_of, place, reported

# A vacuum of so much keeps a daemon waiting for some seconds; it gives up on a write after thirty.
MOST_BESIDE: Final = 2**30


@dataclass(frozen=True, slots=True)
class Size:
    """How large a table is with its indexes; `octets` is None where the database cannot tell."""

    table: str
    rows: int
    octets: int | None


def sizes(url: Secret | str) -> tuple[Size, ...]:
    """Return how large each table is, the largest first. Raises StoreError when there is no database."""
    where = place(url, create=False)
    with reported(where), where.reader().connect() as connection:
        found = _octets(connection)
        tables = {name: connection.scalar(select(func.count()).select_from(table)) or 0 for name, table in _TABLES}
        tables[index.NAME] = index.count(connection)
    return tuple(sorted((Size(name, rows, found.get(name)) for name, rows in tables.items()), key=_smallness))


_TABLES: Final = tuple(t.metadata.tables.items())


def _smallness(size: Size) -> tuple[int, int]:
    return -(size.octets or 0), -size.rows


def _octets(connection: Connection) -> dict[str, int]:
    if connection.dialect.name == "postgresql":
        asked = text("SELECT relname, pg_total_relation_size(relid) FROM pg_catalog.pg_statio_user_tables")
        return _summed(connection.execute(asked))
    asked = text("SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_schema m ON m.name = s.name GROUP BY 1")
    with suppress(OperationalError):  # a SQLite that was built without dbstat
        return _summed(connection.execute(asked))
    return {}


def _summed(found: Iterable[Any]) -> dict[str, int]:
    """Return the bytes by table; the index is several in which nobody looks."""
    octets: Counter[str] = Counter()
    for table, size in found:
        octets[table if index.is_compared(table, "table", None) else index.NAME] += size
    return octets


def vacuum(url: Secret | str) -> tuple[int, int]:
    """Give the space of what was dropped back to the disk; return the file's bytes before and after.

    Writers wait meanwhile. Raises StoreError when that would be too long for a daemon that runs.
    """
    where = _file(url)
    before = where.path.stat().st_size
    if before > MOST_BESIDE and where.watcher():
        raise StoreError(f"{where.name} is too large to be vacuumed while a daemon works on it: stop that first")
    with reported(where), closing(where.connect()) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return before, where.path.stat().st_size


def backup(url: Secret | str, target: Path) -> int:
    """Copy the database as it stands, whole, also while it is written to; return the copy's bytes.

    Raises StoreError when there is such a file already.
    """
    where = _file(url)
    if target.exists():
        raise StoreError(f"{target} exists already: name another file")
    with reported(where):
        where.backup(target.absolute())
    return target.stat().st_size


def restore(url: Secret | str, source: Path) -> Path | None:
    """Put a copy in the database's place; return where the one that was there is kept, None when there was none.

    The old one may be damaged or empty. Raises AlreadyRunningError while a daemon works on it, and StoreError when
    another program uses it or the copy is none. A kill leaves the old one or the new one in its place.
    """
    path = file_of(url)
    if path is None:
        raise StoreError("a PostgreSQL server has its own way: pg_restore")
    copy = _sound(source)
    with _held(path):
        new, kept = path.with_name(f"{path.name}.new"), path.with_name(f"{path.name}.before-restore")
        with reported(copy):
            copy.backup(new)
            if not path.exists():
                new.replace(path)
                return None
            _settle(path)
            _move_aside(path, kept)
            new.replace(path)
            synced(path.parent)
    return kept


def _file(url: Secret | str) -> SQLiteFile:
    where = place(url, create=False)
    if not isinstance(where, SQLiteFile):
        raise StoreError(f"{where.name} is on a PostgreSQL server: use its pg_dump and VACUUM")
    return where


@contextmanager
def _held(path: Path) -> Iterator[None]:
    lock = locked(path)
    try:
        yield
    finally:
        os.close(lock)


def _sound(source: Path) -> SQLiteFile:
    """Return a copy that can be put in place. Raises StoreError unless it is a whole database of ours."""
    if not source.is_file():
        raise NoDatabaseError(f"there is no file {source}")
    try:
        with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            (ours,) = connection.execute("PRAGMA application_id").fetchone()
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{source} is no database: {error}") from error
    if ours != APPLICATION_ID:
        raise StoreError(f"{source} is a database of another program, not of monitor")
    if said != "ok":
        raise StoreError(f"{source} is damaged ({said})")
    return SQLiteFile(source.absolute(), create=False)


def _settle(path: Path) -> None:
    """Bring all that was written into the file itself. Raises StoreError when somebody else uses it."""
    busy = 0
    # A damaged one is why it is replaced.
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(path, timeout=2)) as connection:
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StoreError(f"{path} is used by another program: stop that first")


def _move_aside(path: Path, kept: Path) -> None:
    """Keep the old file under another name, and its own in place. What lies beside it would be poison to a new one."""
    kept.unlink(missing_ok=True)
    os.link(path, kept)
    for ending in ("-wal", "-shm"):
        beside = path.with_name(path.name + ending)
        if beside.exists():
            beside.replace(kept.with_name(kept.name + ending))
