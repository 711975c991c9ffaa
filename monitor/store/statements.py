"""The few statements that SQLite and PostgreSQL spell apart, and the joined ones that several methods need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Insert, Row, Table, Update, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.model import Article, Delivery, Edit, Mute
from monitor.store import rows
from monitor.store import tables as t

K = TypeVar("K", str, int)

# Keys in one statement: far below what either database takes (32,766 and 65,535).
BATCH: Final = 500


# SQLAlchemy writes a statement once and keeps it when the values are handed over beside it, and not inside it.


def add(connection: Connection, table: Table, values: rows.Values) -> bool:
    """Insert a row unless its key is on record; say whether it was not."""
    return _done(connection, _insert(connection.dialect.name, table).on_conflict_do_nothing(), values)


def add_all(connection: Connection, table: Table, values: Sequence[rows.Values]) -> None:
    """Insert the rows whose keys are not on record."""
    if values:
        connection.execute(_insert(connection.dialect.name, table).on_conflict_do_nothing(), values)


def put(
    connection: Connection,
    table: Table,
    values: rows.Values,
    *,
    keep: Sequence[str] = (),
    only: ColumnElement[bool] | None = None,
) -> bool:
    """Insert a row, or write over the one with its key; say whether either was done.

    Columns in `keep` stay as they are on record. With `only`, a row on record is written over where that holds.
    """
    key = tuple(column.name for column in table.primary_key)
    return _done(
        connection, _writing_over(connection.dialect.name, table, key, tuple(values), tuple(keep), only), values
    )


def put_article(connection: Connection, values: rows.Values) -> int:
    """Insert an article, or write over the one with its key but for when that was found; return its number."""
    number: int = connection.execute(_putting_article(connection.dialect.name, tuple(values)), values).scalar_one()
    return number


@cache
def _putting_article(dialect: str, names: tuple[str, ...]) -> Any:
    putting = _writing_over(dialect, t.articles, ("key",), names, ("found",), None)
    return putting.returning(t.articles.c.number)


def _writing_over(  # noqa: PLR0913, PLR0917  (private)
    dialect: str,
    table: Table,
    key: tuple[str, ...],
    names: tuple[str, ...],
    keep: tuple[str, ...],
    only: ColumnElement[bool] | None,
) -> sqlite.Insert | postgresql.Insert:
    """Return the insert that writes these columns over those of the row with its key, but for those to keep."""
    statement = _insert(dialect, table)
    over = _excluded(dialect, table)
    chosen = {name: over[name] for name in names if name not in {*key, *keep}}
    return statement.on_conflict_do_update(index_elements=key, set_=chosen, where=only)


@cache
def _excluded(dialect: str, table: Table) -> dict[str, Any]:
    # Made anew for each row, these columns would take longer than to write it.
    return {column.name: column for column in _insert(dialect, table).excluded}


def added_keys(connection: Connection, table: Table, values: Sequence[rows.Values]) -> list[str]:
    """Insert the rows whose keys are not on record; return the keys of those, sorted."""
    if not values:
        return []
    statement = _insert(connection.dialect.name, table).on_conflict_do_nothing().returning(table.c.key)
    return sorted(connection.execute(statement, values).scalars())


def change(connection: Connection, table: Table, values: rows.Values) -> bool:
    """Write over these columns of the row with this key; say whether there is one."""
    names = tuple(name for name in values if name != "key")
    said = {f"new_{name}": value for name, value in values.items()}
    return connection.execute(_change(table, names), said).rowcount == 1


def change_all(connection: Connection, table: Table, values: Sequence[rows.Values]) -> None:
    """Write over these columns of the rows with these keys; all rows have the same columns."""
    if values:
        names = tuple(name for name in values[0] if name != "key")
        connection.execute(
            _change(table, names), [{f"new_{name}": value for name, value in row.items()} for row in values]
        )


@cache
def _change(table: Table, names: tuple[str, ...]) -> Update:
    said: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return update(table).where(table.c.key == bindparam("new_key")).values(said)


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def _done(connection: Connection, statement: Insert, values: rows.Values) -> bool:
    # An INSERT's count is thrown away on PostgreSQL unless it is asked for.
    return connection.execute(statement, values, execution_options={"preserve_rowcount": True}).rowcount == 1


def batches(keys: Sequence[K]) -> Iterator[Sequence[K]]:
    """Cut a long list of keys into what one statement takes."""
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]


def articles_at(connection: Connection, keys: Iterable[str]) -> dict[str, Article]:
    """Return the articles that are on record under these keys."""
    found: dict[str, Article] = {}
    for some in batches(sorted(set(keys))):
        for row in connection.execute(select(t.articles).where(t.articles.c.key.in_(some))):
            found[row.key] = rows.article_of(row._asdict())
    return found


def mutes(connection: Connection, now: datetime) -> tuple[Mute, ...]:
    """Return the mutes that hold now, the first to end first."""
    hold = select(t.mutes).where(t.mutes.c.until > now).order_by(t.mutes.c.until, t.mutes.c.kind, t.mutes.c.value)
    return tuple(Mute(**row._asdict()) for row in connection.execute(hold))


def part(row: Row[Any], table: Table) -> rows.Row:
    """Return one table's part of a joined row, by column name."""
    return {column.name: row._mapping[column] for column in table.c}


def delivery_rows(connection: Connection, chosen: ColumnElement[bool]) -> tuple[Delivery, ...]:
    """Return the deliveries that were chosen, whole, in the order in which they were made."""
    joined = (
        t.deliveries.outerjoin(t.hits, t.hits.c.key == t.deliveries.c.hit)
        .outerjoin(t.articles, t.articles.c.key == t.hits.c.article)
        .outerjoin(t.notices, t.notices.c.key == t.deliveries.c.notice)
    )
    asked = select(t.deliveries, t.hits, t.articles, t.notices).select_from(joined).where(chosen)
    found = connection.execute(asked.order_by(t.deliveries.c.created, t.deliveries.c.key))
    return tuple(_delivery(row) for row in found)


def edits_of(connection: Connection, hits: Sequence[str]) -> dict[str, tuple[Edit, ...]]:
    """Return the edits of hits, in order, by the hit's key."""
    found: dict[str, tuple[Edit, ...]] = {}
    for some in batches(hits):
        asked = select(t.edits).where(t.edits.c.hit.in_(some)).order_by(t.edits.c.at, t.edits.c.key)
        for row in connection.execute(asked):
            found[row.hit] = (*found.get(row.hit, ()), Edit(**row._asdict()))
    return found


def _delivery(row: Row[Any]) -> Delivery:
    if row._mapping[t.deliveries.c.hit] is None:
        return rows.delivery_of(part(row, t.deliveries), rows.notice_of(part(row, t.notices)))
    hit = rows.hit_of(part(row, t.hits), rows.article_of(part(row, t.articles)))
    return rows.delivery_of(part(row, t.deliveries), hit)
