"""What is to be told and was told: deliveries, the story that they follow, the envelope that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, or_, select

from monitor.model import Delivery, Notice, Opening, Outcome, Thread
from monitor.store import rows
from monitor.store import tables as t
from monitor.store.statements import add, part

# So many hits of a story tell what its readers have heard.
RECENT: Final = 200


def announce(c: Connection, deliveries: Sequence[Delivery]) -> int:
    """Put deliveries on record, with the notices that they are of; return how many were not there."""
    for delivery in deliveries:
        if isinstance(delivery.subject, Notice):
            add(c, t.notices, rows.notice_values(delivery.subject))
    return sum(add(c, t.deliveries, rows.delivery_values(delivery)) for delivery in deliveries)


def opening(c: Connection, delivery: str) -> Opening | None:
    """Return the message that held a delivery, None unless it was sent."""
    asked = (
        select(t.envelopes, t.articles.c.title, t.articles.c.outlet)
        .join(t.deliveries, t.deliveries.c.envelope == t.envelopes.c.key)
        .join(t.hits, t.hits.c.key == t.deliveries.c.hit)
        .join(t.articles, t.articles.c.key == t.hits.c.article)
        .where(t.deliveries.c.key == delivery, t.deliveries.c.sent.is_not(None))
    )
    row = c.execute(asked).one_or_none()
    if row is None:
        return None
    return Opening(envelope=rows.envelope_of(part(row, t.envelopes)), title=row.title, outlet=row.outlet)


def threads(story: str, now: datetime) -> Select[Any]:
    """Ask, by channel, for the first delivery of a story's latest hits, and when the last leaves and the last left.

    A `sent` of a clock that was ahead does not count.
    """
    latest = select(t.hits.c.key, t.hits.c.found).where(t.hits.c.story == story)
    hits = latest.order_by(t.hits.c.found.desc(), t.hits.c.key).limit(RECENT).subquery()
    told, due = t.deliveries.c, func.coalesce(t.deliveries.c.leased, t.deliveries.c.due)
    inorder = func.row_number().over(partition_by=told.channel, order_by=(told.created, hits.c.found, told.key))
    heard = or_(told.outcome.is_(None), told.outcome.not_in((Outcome.MUTED, Outcome.DEAD)))
    each = (
        select(told.channel, told.key, told.follows, due.label("due"), told.sent, inorder.label("place"))
        .join(hits, hits.c.key == told.hit)
        .where(heard)
        .subquery()
    )
    return select(
        each.c.channel,
        func.max(case((each.c.place == 1, each.c.key))).label("first"),
        func.max(case((each.c.place == 1, each.c.follows))).label("follows"),
        func.max(each.c.due).label("waits"),
        func.max(case((each.c.sent <= now, each.c.sent))).label("sent"),
        select(func.count()).select_from(hits).scalar_subquery().label("hits"),
    ).group_by(each.c.channel)


def thread(row: Row[Any]) -> Thread:
    """Make a thread of its latest hits. When there are more, the first of these knows what told the story first."""
    first = row.follows if row.hits == RECENT and row.follows else row.first
    return Thread(first=first, waits=row.waits, sent=row.sent)


def with_their_envelopes(keys: Sequence[str]) -> ColumnElement[bool]:
    """Choose deliveries by key, and those that lie in one envelope with them."""
    theirs = select(t.deliveries.c.envelope).where(t.deliveries.c.key.in_(keys), t.deliveries.c.envelope.is_not(None))
    return or_(t.deliveries.c.key.in_(keys), t.deliveries.c.envelope.in_(theirs))
