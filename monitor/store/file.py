"""A database in a SQLite file: how it is made and opened, held by one daemon, and seen to be still the same file."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
import time
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from sqlalchemy import Connection, Engine, NullPool, Pool, QueuePool, create_engine, event

from monitor.errors import AlreadyRunningError, NoDatabaseError, StoreError
from monitor.store.packing import as_json

# In the head of a SQLite file ("mntr"): tells an empty database of ours from anything else.
APPLICATION_ID: Final = 0x6D6E7472
# Another process may hold the database for so long (a backup, a person in the sqlite3 shell) before we give up.
BUSY_MS: Final = 30_000
# Of a file that we make: an article fills a third of SQLite's own 4096 bytes, and would leave a sixth of them empty.
PAGE_SIZE: Final = 16384
# What it takes to look who holds the lock, and more, in seconds.
A_MOMENT: Final = 0.05

_PRAGMAS: Final = (
    # A lost commit would be a lost entry: FULL lost none in any power cut tried, NORMAL lost some in every one.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    # Of our pages four megabytes, as SQLite has it for its own.
    f"PRAGMA wal_autocheckpoint={4 * 2**20 // PAGE_SIZE}",
)


class SQLiteFile:
    """A database in a file. Its identity is the file itself: one that was emptied, moved or replaced looks healthy."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        self._lock: int | None = None
        self._refuse_unusable()
        if not path.exists():
            if not create:
                raise NoDatabaseError(f"there is no database {path} yet: `monitor run` makes it")
            self._create()
        self._identity = _identity(path)
        self.check()

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def writer(self) -> Engine:
        """WAL, a full sync at every commit, and BEGIN IMMEDIATE: other ways lose updates or fail when it is busy."""
        return _engine(self.connect, QueuePool, "BEGIN IMMEDIATE", pool_size=1, max_overflow=0)

    def reader(self) -> Engine:
        """A new connection each time: one that outlives its file would go on reading it."""
        return _reader(self.path)

    def hold(self) -> None:
        """Take an flock on a file beside it. A dead process holds none, so nothing is left to clean up."""
        self._lock = locked(self.path)

    def watcher(self) -> str | None:
        """Ask for a part of the lock, which only its holder refuses, and let go of it at once."""
        try:
            lock = os.open(f"{self.path}.lock", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return _holder(lock)
        else:
            return None
        finally:
            os.close(lock)

    def room(self) -> int:
        """Ask the disk."""
        return shutil.disk_usage(self.path.parent).free

    def check(self) -> None:
        """Look at the file by its name: never open it, for closing would drop SQLite's own locks."""
        found = _identity(self.path)
        if found is None:
            raise StoreError(f"{self.name} is gone: stop, and restore it from a backup")
        if found != self._identity:
            raise StoreError(
                f"{self.name} was replaced by another file while it was in use: stop, and look which is right"
            )
        if self.path.stat().st_size == 0:
            raise StoreError(f"{self.name} is empty (0 bytes): restore it from a backup, or remove it to begin anew")

    def backup(self, target: Path) -> None:
        """Copy the database as it stands, whole, also while it is written to; `target` appears in one step."""
        new = target.with_name(f"{target.name}.new")
        new.unlink(missing_ok=True)  # of a copy that was killed
        connection = self.connect()
        try:
            connection.execute("VACUUM INTO ?", (str(new),))
        finally:
            connection.close()
        new.replace(target)
        synced(target.parent)

    def close(self) -> None:
        """Let go of the lock."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def connect(self) -> sqlite3.Connection:
        """Return a connection of its own, past SQLAlchemy."""
        return _connected(self.path)

    def _create(self) -> None:
        """Make an empty database beside its place and link it in: a file of zero length is then always damage."""
        new = self.path.with_name(f"{self.path.name}.{uuid4().hex[:8]}.new")
        connection = sqlite3.connect(new)
        try:
            connection.execute(f"PRAGMA page_size={PAGE_SIZE}")
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()
        with contextlib.suppress(FileExistsError):  # another process was as quick: its file is as good
            os.link(new, self.path)
        new.unlink()
        synced(self.path.parent)

    def _refuse_unusable(self) -> None:
        folder = self.path.parent
        if not folder.is_dir():
            raise StoreError(f"the folder {folder} for the database does not exist")
        if self.path.is_dir():
            raise StoreError(f"{self.name} is a folder, not a database")
        # SQLite writes files of its own beside the database.
        for path in (folder, *([self.path] if self.path.exists() else [])):
            if not os.access(path, os.W_OK):
                raise StoreError(
                    f"{path} cannot be written by this user ({_user()}): give it the right to, or move the database"
                )


def locked(path: Path) -> int:
    """Return the lock on a database file, as a handle to be closed; raises AlreadyRunningError when another holds it."""
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    if not (_taken(lock) or _taken(lock, after=A_MOMENT)):  # who only looks (`watcher`) has gone by then
        holder = _holder(lock)
        os.close(lock)
        raise AlreadyRunningError(f"{path} is already being watched by process {holder}")
    os.truncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return lock


def _taken(lock: int, *, after: float = 0) -> bool:
    time.sleep(after)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _holder(lock: int) -> str:
    return os.pread(lock, 20, 0).decode("ascii", "replace").strip() or "?"


def _connected(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    uri = f"file:{quote(str(path))}?mode=rw"  # never makes a new one behind our back
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        _refuse_others(connection, str(path))
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        connection.execute("PRAGMA query_only=ON" if read_only else "PRAGMA journal_mode=WAL")
    except BaseException:
        connection.close()
        raise
    return connection


@lru_cache(maxsize=8)  # it holds no connection; whoever opens a database for each part of it need not prepare all anew
def _reader(path: Path) -> Engine:
    return _engine(partial(_connected, path, read_only=True), NullPool, "BEGIN")


def _engine(connect: Any, pool: type[Pool], begin: str, **settings: Any) -> Engine:
    engine = create_engine(
        "sqlite://", creator=connect, poolclass=pool, hide_parameters=True, json_serializer=as_json, **settings
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _refuse_others(connection: sqlite3.Connection, name: str) -> None:
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    if found != APPLICATION_ID:
        raise StoreError(f"{name} is a database of another program, not of monitor")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def synced(folder: Path) -> None:
    """Make the new name of a file in it last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _user() -> str:
    return os.environ.get("USER", str(os.geteuid()))
