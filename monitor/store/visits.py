"""Which host is free, what is due there, and for how long it is taken: the statements of a claim.

A claim pushes `due` ahead, and `leased` keeps the date that was there first, for whoever gives it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, func, select, true, update

from monitor.store import tables as t
from monitor.store.statements import batches, put

What = Literal["all", "feeds", "entries"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What is due by `now` is taken until then, at most so much of each kind."""

    now: datetime
    until: datetime
    most: int


def tables(what: What) -> tuple[Table, ...]:
    """Return the tables in which this kind of work waits."""
    return {"all": (t.entries, t.feeds), "feeds": (t.feeds,), "entries": (t.entries,)}[what]


def take_any_host(c: Connection, claim: Claim, among: Sequence[Table]) -> str | None:
    """Take the host on which work has been due longest in one of these tables; None when there is none."""
    host = _free_host(c, claim.now, among)
    while host is not None and not _take_host(c, host, claim):
        host = _free_host(c, claim.now, among)  # another worker was as quick (on PostgreSQL)
    return host


def _free_host(c: Connection, now: datetime, among: Iterable[Table]) -> str | None:
    busy = select(t.hosts.c.host).where(t.hosts.c.due > now)
    found: list[Any] = []
    for table in among:
        due = select(table.c.due, table.c.host).where(table.c.due <= now, table.c.host.not_in(busy))
        found += c.execute(due.order_by(table.c.due).limit(1)).all()
    return min(found, key=lambda row: row.due).host if found else None


def _take_host(c: Connection, host: str, claim: Claim) -> bool:
    """Say whether it was ours to take."""
    return put(c, t.hosts, {"host": host, "due": claim.until}, only=t.hosts.c.due <= claim.now)


def take(c: Connection, table: Table, host: str, claim: Claim) -> list[Row[Any]]:
    """Take what is due on a host; of the inbox first what somebody is to be told of."""
    due = select(table).where(table.c.host == host, table.c.due <= claim.now)
    first = (table.c.silent,) if table is t.entries else ()
    inorder = due.order_by(*first, table.c.due, table.c.key).limit(claim.most)
    found = list(c.execute(inorder.with_for_update(skip_locked=True)))
    lease(c, table, [row.key for row in found], claim.until)
    return found


def lease(c: Connection, table: Table, keys: Sequence[str], until: datetime) -> None:
    """Take these rows until then."""
    for some in batches(keys):
        # A lease that ran out is followed by another: the first due date is the one to keep.
        first = func.coalesce(table.c.leased, table.c.due)
        c.execute(update(table).where(table.c.key.in_(some)).values(leased=first, due=until))


def give_back(c: Connection, table: Table, chosen: ColumnElement[bool] | None = None) -> int:
    """Let what is taken, or what of it is chosen, be due as it was before; return how many rows."""
    # What is leased is due: saying so lets the index find it.
    leased = and_(table.c.leased.is_not(None), table.c.due.is_not(None), true() if chosen is None else chosen)
    return c.execute(update(table).where(leased).values(due=table.c.leased, leased=None)).rowcount


def next_due(c: Connection, among: Iterable[Table]) -> datetime | None:
    """Return when work in these tables is due next, with its host free; None: nothing waits."""
    moments: list[datetime] = []
    for table in among:
        waits = select(table.c.host, func.min(table.c.due).label("due")).where(table.c.due.is_not(None))
        each = waits.group_by(table.c.host).subquery()
        # The later of the two: the work's own date, and the host's.
        busy = select(each.c.due, t.hosts.c.due.label("free")).outerjoin(t.hosts, t.hosts.c.host == each.c.host)
        moments += [max(row.due, row.free or row.due) for row in c.execute(busy)]
    return min(moments, default=None)
