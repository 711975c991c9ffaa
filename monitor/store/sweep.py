"""Dropping what is older than it is to be kept, some rows at a time: the pipeline never waits long behind it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, select, true, update

from monitor.store import index, rows
from monitor.store import tables as t
from monitor.store.statements import batches

# So many rows of a kind go in one transaction.
SWEEP: Final = 500
# What polls brought tells whether all is well: so much of it stays, however little is to be kept.
LEDGER: Final = timedelta(days=1)


def swept(c: Connection, now: datetime, keep_articles: timedelta, keep_pages: timedelta) -> dict[str, int]:
    """Drop at most SWEEP rows of each kind; return how many of each that were (`Store.housekeeping`)."""
    past, recent = now - keep_articles, now - max(keep_pages, LEDGER)
    return {
        "deliveries": _sweep_deliveries(c, past),
        "pages": _sweep(c, t.pages, t.pages.c.entry, t.pages.c.fetched < now - keep_pages),
        "envelopes": _sweep(c, t.envelopes, t.envelopes.c.key, t.envelopes.c.dated < past),
        "entries": _sweep_entries(c, past),
        "contents": _sweep_contents(c, recent),
        "articles": _sweep_articles(c, past),
        "polls": _sweep(c, t.polls, t.polls.c.id, t.polls.c.at < recent),
        "hosts": _sweep(c, t.hosts, t.hosts.c.host, t.hosts.c.due < recent),
        "mutes": c.execute(delete(t.mutes).where(t.mutes.c.until <= now)).rowcount,
    }


def _sweep(c: Connection, table: Table, key: ColumnElement[Any], old: ColumnElement[bool]) -> int:
    return c.execute(delete(table).where(key.in_(select(key).where(old).limit(SWEEP)))).rowcount


def _sweep_deliveries(c: Connection, past: datetime) -> int:
    """Drop what was told of the daemon itself; where a hit went stays on record with the hit."""
    done = and_(t.deliveries.c.created < past, t.deliveries.c.due.is_(None), t.deliveries.c.notice.is_not(None))
    swept = _sweep(c, t.deliveries, t.deliveries.c.key, done)
    told = select(t.deliveries.c.notice).where(t.deliveries.c.notice == t.notices.c.key)
    _sweep(c, t.notices, t.notices.c.key, and_(t.notices.c.found < past, ~told.exists()))
    return swept


def _sweep_entries(c: Connection, past: datetime) -> int:
    old = and_(t.entries.c.found < past, t.entries.c.due.is_(None))
    listed = {key for recent in c.scalars(select(t.feeds.c.recent).where(t.feeds.c.configured)) for key in recent}
    keys = list(c.scalars(select(t.entries.c.key).where(old).limit(SWEEP + len(listed))))
    gone = [key for key in keys if key not in listed][:SWEEP]
    for some in batches(gone):
        c.execute(delete(t.entries).where(t.entries.c.key.in_(some)))
    return len(gone)


def _sweep_contents(c: Connection, past: datetime) -> int:
    done = and_(t.entries.c.found < past, t.entries.c.due.is_(None), t.entries.c.content != "")
    chosen = select(t.entries.c.key).where(done).limit(SWEEP)
    return c.execute(update(t.entries).where(t.entries.c.key.in_(chosen)).values(content="")).rowcount


def _sweep_articles(c: Connection, past: datetime) -> int:
    number, found = t.articles.c.number, t.articles.c.found
    # They were numbered as they came: the first that is to be kept ends the search.
    kept = c.scalar(select(number).where(found >= past).order_by(number).limit(1))
    hit = select(t.hits.c.key).where(t.hits.c.article == t.articles.c.key)
    old = and_(found < past, true() if kept is None else number < kept, ~hit.exists())
    gone = c.execute(select(t.articles).where(old).order_by(number).limit(SWEEP)).all()
    for row in gone:
        index.change(c, row.number, rows.article_of(row._asdict()), None)
    for some in batches([row.key for row in gone]):
        c.execute(delete(t.articles).where(t.articles.c.key.in_(some)))
    return len(gone)
