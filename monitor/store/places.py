"""Where a database lives: what its address names, and what a person is told when it cannot be used.

Their errors end here: whatever SQLAlchemy and the drivers raise leaves as a StoreError that says what to do and holds
no password.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from monitor.errors import StoreError
from monitor.model import Secret
from monitor.store.file import SQLiteFile
from monitor.store.server import PostgresServer


class Place(Protocol):
    """Where a database lives."""

    @property
    def name(self) -> str:
        """What to call it in front of a person: no password."""

    def writer(self) -> Engine:
        """Return an engine with one connection, whose transactions take the write lock as they begin."""

    def reader(self) -> Engine:
        """Return an engine that cannot write."""

    def hold(self) -> None:
        """Be the only daemon on it until `close`; raises AlreadyRunningError."""

    def watcher(self) -> str | None:
        """Return the process that holds it, None when no daemon does."""

    def room(self) -> int | None:
        """Return how many bytes its disk can still take; None where that cannot be seen from here."""

    def check(self) -> None:
        """Raise StoreError unless it is still the database that was opened, and still held. Cheap."""

    def close(self) -> None:
        """Let go of it."""


def place(url: Secret | str, *, create: bool = True) -> Place:
    """Return the place that a database's address names; raises StoreError when it cannot be used.

    A SQLite file that is not there is made, unless `create` is False.
    """
    said = url.reveal() if isinstance(url, Secret) else url
    try:
        parsed = make_url(said)
    except (ArgumentError, ValueError):
        raise StoreError("the database's address is no address: sqlite:///monitor.db is one") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return SQLiteFile(_path(parsed), create=create)
    if backend in {"postgresql", "postgres"}:
        return PostgresServer(parsed.set(drivername="postgresql+psycopg"))
    raise StoreError(f"no database of kind {backend!r} is known: use sqlite or postgresql")


def file_of(url: Secret | str) -> Path | None:
    """Return the file that a database's address names; None when it names a server."""
    said = make_url(url.reveal() if isinstance(url, Secret) else url)
    return _path(said) if said.get_backend_name() == "sqlite" else None


def from_anywhere(url: Secret | str) -> Secret:
    """Return a database's address as it holds in every folder."""
    path = file_of(url)
    if path is None:
        return url if isinstance(url, Secret) else Secret(url)
    return Secret(URL.create("sqlite", database=str(path)).render_as_string(hide_password=False))


def _path(url: URL) -> Path:
    if url.database in {None, "", ":memory:"}:
        raise StoreError("the database must be a file: what is only in memory is lost in a crash")
    return Path(str(url.database)).absolute()


# --- errors ----------------------------------------------------------------------------------------------------------

# What the drivers say, and what a person should know of it.
_SAID: Final = (
    (r"database or disk is full|No space left", "the disk is full: make room; nothing is lost, work goes on by itself"),
    (r"database is locked", "another process holds it for too long"),
    (r"not a database", "this is not a SQLite database"),
    (r"disk I/O error", "the disk cannot be read or written, or the file was changed by somebody else"),
    (r"malformed", "it is damaged: restore it from a backup"),
    (r"readonly|read-only|unable to open", "it cannot be written: look at the rights of the file and its folder"),
    (r"no such table|does not exist", "its tables are missing or old: it must be upgraded first"),
    (r"password authentication", "the server refused the user or the password"),
    (r"connection (failed|refused|timeout)|could not connect|server closed", "the server does not answer"),
)


@contextlib.contextmanager
def reported(where: Place) -> Iterator[None]:
    """Turn what the drivers raise into a StoreError that names the place and says what to do."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        said = str(getattr(error, "orig", None) or error)
        known = next((told for pattern, told in _SAID if re.search(pattern, said)), "")
        raise StoreError(f"{where.name}: {known or 'it failed'} ({said.strip().splitlines()[0]})") from error
    except OSError as error:
        raise StoreError(f"{where.name}: {error.strerror or error}") from error
