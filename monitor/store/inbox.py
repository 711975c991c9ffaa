"""What a poll writes: the feed as it stands, the ledger's row, and the entries that it lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, update

from monitor.model import Entry, Feed, FeedState, Outcome
from monitor.store import rows
from monitor.store import tables as t
from monitor.store.records import Arrived, Known, PollRecord
from monitor.store.statements import add, add_all, added_keys, change
from monitor.urls import host


def new_feed(feed: Feed, due: datetime) -> rows.Values:
    """Return the columns of a feed that is new, or comes back."""
    return {"key": feed.key, **rows.config_values(feed), **rows.state_values(replace(feed.state, due=due))}


def is_sooner(feed: Feed, row: rows.Row, now: datetime) -> bool:
    """Say whether the user's own interval is now shorter than the feed would still have to wait."""
    due = row["leased"] or row["due"]
    return bool(feed.every and due and due > now + feed.every)


def ensure_feed(c: Connection, feed: Feed) -> None:
    """See to it that a feed is on record, also one that nobody configured."""
    add(c, t.feeds, {"key": feed.key, **rows.config_values(feed), **rows.state_values(feed.state)})


def _polled_values(state: FeedState, poll: PollRecord) -> rows.Values:
    """Return what a poll changes of a feed: without a document, nothing of what is long to write."""
    said = rows.state_values(state)
    return said if poll.outcome is Outcome.POLLED else {name: said[name] for name in said if name not in _OF_DOCUMENT}


# What only a document changes (`policy.polling`).
_OF_DOCUMENT: Final = frozenset({"recent", "items", "listed", "new", "known", "guids_useless"})


def add_entries(c: Connection, arrived: Sequence[Entry], at: str) -> tuple[Entry, ...]:
    """Put entries on record with their aliases; return those that were not."""
    once = {entry.key: entry for entry in reversed(arrived)}
    values = [
        rows.entry_values(once[key], at) | {"outcome": Outcome.OLD if once[key].due is None else None}
        for key in sorted(once)  # in one order, or two workers would wait for each other
    ]
    added = tuple(once[key] for key in added_keys(c, t.entries, values))
    add_all(c, t.aliases, [alias for entry in added for alias in _aliases(entry)])
    return added


def _aliases(entry: Entry) -> list[rows.Values]:
    return [{"alias": alias, "entry": entry.key} for alias in sorted(set(entry.aliases) - {entry.key})]


def _edit_entry(c: Connection, entry: Entry) -> None:
    words = {name: getattr(entry, name) for name in ("title", "summary", "content", "updated", "due", "silent")}
    again = {"leased": None, "attempts": 0, "outcome": None, "reason": ""}
    c.execute(update(t.entries).where(t.entries.c.key == entry.key).values(**words, **again))
    add_all(c, t.aliases, _aliases(entry))


def take_in(c: Connection, feed: Feed, found: Arrived) -> tuple[Entry, ...]:
    """Put what a poll brought on record; return the entries that were not."""
    at = ""
    if found.new or found.old:
        at = host(feed.url)
        ensure_feed(c, feed)
    added = add_entries(c, [*found.new, *(replace(entry, due=None) for entry in found.old)], at)
    for entry in found.edited:
        _edit_entry(c, entry)
    add_all(c, t.aliases, [{"alias": name, "entry": key} for name, key in found.renamed])
    return added


def counted(poll: PollRecord, feed: Feed, found: Arrived, added: Iterable[Entry]) -> tuple[PollRecord, FeedState]:
    """Count as known what another feed brought in the meantime, so that the ledger stays exact."""
    late = {entry.key for entry in (*found.new, *found.old)} - {entry.key for entry in added}
    if not late:
        return poll, feed.state
    number, old = len(late), len(late & {entry.key for entry in found.old})
    exact = replace(poll, new=poll.new - number, old=poll.old - old, known=poll.known + number)
    return exact, replace(feed.state, new=feed.state.new - number, known=feed.state.known + number)


def put_poll(c: Connection, feed: Feed, poll: PollRecord, state: FeedState) -> None:
    """Write the feed as it stands after a poll, and the ledger's row."""
    if not change(c, t.feeds, {"key": feed.key} | _polled_values(state, poll)):
        ensure_feed(c, replace(feed, state=state))
    c.execute(t.polls.insert(), {f.name: getattr(poll, f.name) for f in fields(poll)} | {"feed": feed.key})


def known(row: Row[Any]) -> Known:
    """Return an entry as far as the next document is compared with it."""
    return Known(key=row.key, title=row.title, link=row.link, found=row.found, updated=row.updated)
