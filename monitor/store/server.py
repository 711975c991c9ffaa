"""A database on a PostgreSQL server: how it is reached, held by one daemon, and seen to be held still."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, NullPool, Pool, QueuePool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from monitor.errors import AlreadyRunningError, StoreError
from monitor.store.file import APPLICATION_ID
from monitor.store.packing import as_json

# Names the lock of "the one daemon on this database" among the advisory locks of a PostgreSQL database.
ADVISORY: Final = APPLICATION_ID


class PostgresServer:
    """A database on a server."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._lock: Connection | None = None

    @property
    def name(self) -> str:
        """The address, its password starred out."""
        return self._url.set(drivername="postgresql").render_as_string(hide_password=True)

    def writer(self) -> Engine:
        """One connection, tested before use: the server may have been restarted."""
        return self._engine(QueuePool, pool_size=1, max_overflow=0, pool_pre_ping=True)

    def reader(self) -> Engine:
        """A few connections, read-only by the server's word; all that is asked in one go is of one moment."""
        options = (
            "-c timezone=utc -c default_transaction_read_only=on "
            r"-c default_transaction_isolation=repeatable\ read"
        )
        return self._engine(QueuePool, pool_size=2, max_overflow=4, pool_pre_ping=True, options=options)

    def hold(self) -> None:
        """Take an advisory lock on a connection of its own: the server drops it when the process dies."""
        lock = self._engine(NullPool).connect().execution_options(isolation_level="AUTOCOMMIT")
        if not lock.scalar(text("SELECT pg_try_advisory_lock(:name)"), {"name": ADVISORY}):
            holder = _server_process(lock)
            lock.close()
            raise AlreadyRunningError(f"{self.name} is already being watched by process {holder}")
        self._lock = lock

    def watcher(self) -> str | None:
        """Ask the server who holds the lock."""
        with self._engine(NullPool).connect() as connection:
            return _server_process(connection)

    def room(self) -> None:
        """Its disk is the server's."""

    def check(self) -> None:
        """Without the lock another daemon may have begun: then this one must stop."""
        if self._lock is None:
            return
        try:
            self._lock.scalar(text("SELECT 1"))
        except SQLAlchemyError as error:
            raise StoreError(f"{self.name}: the connection that held the daemon's lock is lost") from error

    def close(self) -> None:
        """Let go of the lock."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _engine(self, pool: type[Pool], *, options: str = "-c timezone=utc", **settings: Any) -> Engine:
        reach = {"options": options, "connect_timeout": 10, "application_name": "monitor"}
        try:
            return create_engine(
                self._url,
                poolclass=pool,
                hide_parameters=True,
                json_serializer=as_json,
                connect_args=reach,
                **settings,
            )
        except ImportError:
            raise StoreError("PostgreSQL needs a driver: pip install 'monitor[postgres]'") from None


def _server_process(connection: Connection) -> str | None:
    asked = text(
        "SELECT min(pid) FROM pg_locks JOIN pg_database d ON d.oid = database AND d.datname = current_database()"
        " WHERE locktype = 'advisory' AND objid = :name AND granted"
    )
    found = connection.scalar(asked, {"name": ADVISORY})
    return f"{found} (of the server)" if found else None
