"""Bring a database to the tables of this program: alembic's steps, run so that a kill leaves the old ones or the new."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect, text

import monitor
from alembic import command
from monitor.errors import StoreError
from monitor.store import tables as t
from monitor.store.file import SQLiteFile
from monitor.store.index import is_compared
from monitor.store.places import Place
from monitor.store.server import ADVISORY
from monitor.store.statements import add


def scripts() -> Path:
    """Return where alembic's steps are: in an installed package, or beside it in a checkout."""
    package = Path(monitor.__file__).parent
    packed = package / "_alembic"
    return packed if packed.is_dir() else package.parent / "alembic"


def upgrade(where: Place, engine: Engine) -> list[str]:
    """Take all steps that the database lacks, in one transaction; return their names, `0001 first tables`."""
    config = _config()
    directory = ScriptDirectory.from_config(config)
    with engine.connect() as connection:
        if not _steps(directory, _revision(connection), where):
            return []
        connection.rollback()
        _foreign_keys(connection, "OFF")
        try:
            with connection.begin():
                return _apply(config, directory, connection, where)
        finally:
            _foreign_keys(connection, "ON")


def _apply(config: Config, directory: ScriptDirectory, connection: Connection, where: Place) -> list[str]:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": ADVISORY + 1})
    at = _revision(connection)  # again: another process may have been at it while this one waited for the lock
    steps = _steps(directory, at, where)
    if steps and at is not None and isinstance(where, SQLiteFile):
        where.backup(where.path.with_name(f"{where.path.name}.before-{steps[0].split()[0]}"))
    before = _counts(connection)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    _demand_whole(connection, before)
    add(connection, t.meta, {"key": t.MARKER, "value": uuid4().hex})
    return steps


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _steps(directory: ScriptDirectory, at: str | None, where: Place) -> list[str]:
    try:
        directory.get_revisions(at or ())
    except CommandError:
        raise StoreError(
            f"{where.name} is newer than this program (its tables are at {at}): install the version that made them"
        ) from None
    waiting = reversed(list(directory.iterate_revisions("head", at or "base")))
    return [f"{script.revision} {script.doc}" for script in waiting]


def _foreign_keys(connection: Connection, value: str) -> None:
    """Switch SQLite's foreign keys, which only works outside a transaction.

    With them on, a step that makes a table anew deletes every row that refers to the old one.
    """
    if connection.dialect.name == "sqlite":
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.cursor().execute(f"PRAGMA foreign_keys={value}")


def _counts(connection: Connection) -> dict[str, int]:
    names = [name for name in inspect(connection).get_table_names() if is_compared(name, "table", None)]
    quote = connection.dialect.identifier_preparer.quote
    return {name: connection.scalar(text(f"SELECT count(*) FROM {quote(name)}")) or 0 for name in names}  # noqa: S608


def _demand_whole(connection: Connection, before: dict[str, int]) -> None:
    after = _counts(connection)
    lost = [f"{name} ({rows} → {after[name]})" for name, rows in before.items() if after.get(name, rows) < rows]
    if lost:
        raise StoreError(f"the upgrade would have lost rows of {', '.join(lost)}: nothing was changed")
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise StoreError("the upgrade would have left rows that point nowhere: nothing was changed")
