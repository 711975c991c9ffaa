"""What is on the record, and the one door through which it changes: each method that writes is one transaction.

Feeds, the inbox and the outbox are tables whose rows are due or done. A claim pushes `due` ahead by a lease, so that a
worker that dies needs no cleaning up; `release_host` and `reclaim` put back what was claimed and not begun. Everything
has a computed key, so that doing a step again changes nothing.

The methods are plain ones for one thread at a time; `apart` runs them in the one thread that writes.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, ParamSpec, Self, TypeVar

from sqlalchemy import (
    Connection,
    Row,
    and_,
    delete,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.engine import Engine

from monitor.errors import StoreError
from monitor.model import (
    Article,
    Delivery,
    Entry,
    Envelope,
    Feed,
    Hit,
    Mute,
    Outcome,
    Secret,
    Telling,
    Thread,
    Visit,
)
from monitor.store import inbox, index, outbox, reading, rows, sweep, visits
from monitor.store import tables as t
from monitor.store.places import Place, place, reported
from monitor.store.queries import Queries
from monitor.store.records import Arrived, HitRecord, Known, Mark, PollRecord, Record
from monitor.store.statements import (
    add,
    add_all,
    articles_at,
    batches,
    change_all,
    delivery_rows,
    edits_of,
    mutes,
    part,
    put,
)
from monitor.store.visits import What
from monitor.store.writer import Writer
from monitor.urls import host as host_of
from monitor.urls import masked

P = ParamSpec("P")
T = TypeVar("T")

# Why a delivery is dead whose channel is no longer configured: it comes back to life with the channel.
NO_CHANNEL: Final = "this channel is no longer configured"
# So many of the articles that an older version wrote are packed and indexed in one transaction.
SETTLED: Final = 100

# A poll on record that lies ahead by more than this was dated by a clock that was.
SLIP: Final = timedelta(minutes=1)


class Store:
    """The database of one daemon, worker or command. Everything raises StoreError when it cannot be had."""

    def __init__(self, where: Place, engine: Engine) -> None:
        self._place = where
        self._engine = engine
        self._reader = where.reader()
        self._writer = Writer(self._together)
        self._shared = threading.local()  # `.connection`: of the transaction into which several steps go together
        self._addresses: dict[str, str] = {}  # of feeds with a password, which no table holds
        self._marker = ""

    # --- opening and closing ---

    @classmethod
    def open(cls, url: Secret | str, *, lock: bool = False) -> Self:
        """Open the database, and make an empty one when there is none.

        `lock` is for the daemon: AlreadyRunningError when another one holds this database. The tables may be older
        than the program: `upgrade` comes next.
        """
        where = place(url)
        try:
            with reported(where):
                if lock:
                    where.hold()
                store = cls(where, where.writer())
                with store._engine.connect():  # does it answer at all?
                    return store
        except BaseException:
            where.close()
            raise

    def upgrade(self) -> list[str]:
        """Bring the tables to this program's; return the names of the steps taken, [] when they were there already.

        A SQLite file with anything in it is copied first (`monitor.db.before-0007`). Raises StoreError, and has
        changed nothing, when a step fails or the tables are newer than the program.
        """
        from monitor.store.upgrade import upgrade  # noqa: PLC0415 - alembic is heavy, and most commands only read

        with reported(self._place):
            done = upgrade(self._place, self._engine)
            with self._engine.begin() as connection:
                index.prepare(connection)
                self._marker = connection.scalar(select(t.meta.c.value).where(t.meta.c.key == t.MARKER)) or ""
        return done

    def close(self) -> None:
        """Finish what is being written and let go of the database."""
        self._writer.close()
        self._engine.dispose()
        self._reader.dispose()
        self._place.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def apart(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one of these methods in the one thread that writes, in the order of asking.

        What is asked for while the thread is busy shares its next transaction; a fault in one loses no other. Such a
        method may therefore run twice, and only what the last run did is kept.
        """
        return await self._writer.run(lambda: fn(*args, **kwargs))

    @property
    def queries(self) -> Queries:
        """Questions to this database that wait for no writer, from any thread. Not to be closed."""
        return Queries(self._place, self._reader)

    def examine(self) -> None:
        """Raise StoreError when a page of the database is damaged. Reads all of it; may be called from any thread."""
        self.queries.check()

    def alive(self) -> None:
        """Raise StoreError unless the database answers and is the one that was opened.

        For the watchdog: it reads on a connection of its own, so it may be called from any thread and waits for no
        writer.
        """
        with reported(self._place):
            self._place.check()
            with self._reader.connect() as connection:
                found = connection.scalar(select(t.meta.c.value).where(t.meta.c.key == t.MARKER))
            if self._marker and found != self._marker:
                raise StoreError(f"{self._place.name} is not the database that was opened")

    @contextlib.contextmanager
    def _write(self) -> Iterator[Connection]:
        shared: Connection | None = getattr(self._shared, "connection", None)
        if shared is not None:
            yield shared
            return
        with reported(self._place):
            self._place.check()
            with self._engine.begin() as connection:
                yield connection

    @contextlib.contextmanager
    def _together(self) -> Iterator[None]:
        """Let all that is written inside be one transaction."""
        with self._write() as connection:
            self._shared.connection = connection
            try:
                yield
            finally:
                self._shared.connection = None

    # A read on the writer's connection sees what was just written, and waits its turn in the same thread.
    _read = _write

    # --- feeds ---

    def sync_feeds(self, feeds: Sequence[Feed], now: datetime, spread: Callable[[Feed], timedelta]) -> None:
        """Make the table say what the user's file says.

        A new feed, and one that comes back, is due at now + spread(feed); a known one keeps its state. One that
        vanished is never due again, but its entries that wait are still read.
        """
        wanted = {feed.key: feed for feed in feeds}
        self._addresses = {key: feed.url for key, feed in wanted.items() if masked(feed.url) != feed.url}
        with self._write() as c:
            known = {row.key: row._asdict() for row in c.execute(select(t.feeds))}
            here = [(feed, known[key]) for key, feed in wanted.items() if key in known]
            first = [feed for key, feed in wanted.items() if key not in known]
            add_all(c, t.feeds, [inbox.new_feed(feed, now + spread(feed)) for feed in first])
            changed = [feed for feed, row in here if rows.config_values(feed) != rows.config_of(row)]
            sooner = [feed for feed, row in here if not row["configured"] or inbox.is_sooner(feed, row, now)]
            gone = [key for key, row in known.items() if row["configured"] and key not in wanted]
            change_all(c, t.feeds, [{"key": feed.key, **rows.config_values(feed)} for feed in changed])
            change_all(c, t.feeds, [{"key": feed.key, "due": now + spread(feed)} for feed in sooner])
            change_all(c, t.feeds, [{"key": key, "configured": False, "due": None, "leased": None} for key in gone])

    def feeds(self) -> tuple[Feed, ...]:
        """Return the configured feeds, by name."""
        with self._read() as c:
            found = c.execute(select(t.feeds).where(t.feeds.c.configured).order_by(t.feeds.c.name, t.feeds.c.key))
            return tuple(self._feed(row) for row in found)

    def feed(self, key: str) -> Feed | None:
        """Return a feed, also one that is no longer configured."""
        with self._read() as c:
            row = c.execute(select(t.feeds).where(t.feeds.c.key == key)).one_or_none()
            return self._feed(row) if row else None

    def _feed(self, row: Row[Any]) -> Feed:
        feed = rows.feed_of(row._asdict())
        return replace(feed, url=self._addresses.get(feed.key, feed.url))

    # --- visits ---

    def claim_visits(
        self, now: datetime, lease: timedelta, most: int = 50, *, what: What = "all", hosts: int = 1
    ) -> tuple[Visit, ...]:
        """Take up to so many hosts, those on which work of this kind has been due longest and that nobody visits.

        All kinds of work there come with it, or a host's feeds could keep its entries waiting for ever: up to `most`
        of its feeds, and `most` of its entries, those that somebody is to be told of before the silent ones. The hosts
        and what was taken belong to the caller until now + lease, or until `release_host`.
        """
        claim, found = visits.Claim(now, now + lease, most), list[Visit]()
        with self._write() as c:
            while len(found) < hosts and (host := visits.take_any_host(c, claim, visits.tables(what))) is not None:
                found.append(self._visit(c, host, claim))
        return tuple(found)

    def _visit(self, c: Connection, host: str, claim: visits.Claim) -> Visit:
        entries, feeds = (visits.take(c, table, host, claim) for table in (t.entries, t.feeds))
        return Visit(
            host=host,
            entries=tuple(rows.entry_of(row._asdict()) for row in entries),
            feeds=tuple(self._feed(row) for row in feeds),
        )

    def next_due(self, now: datetime, *, what: What = "all") -> datetime | None:
        """Return when feeds or entries are due next, with their hosts free; at least `now`. None: nothing waits."""
        with self._read() as c:
            due = visits.next_due(c, visits.tables(what))
            return due and max(due, now)

    def release_host(self, host: str, until: datetime) -> None:
        """Let others visit the host from `until` on; what was claimed there and not begun takes its old place."""
        with self._write() as c:
            c.execute(update(t.hosts).where(t.hosts.c.host == host).values(due=until))
            for table in (t.entries, t.feeds):
                visits.give_back(c, table, table.c.host == host)

    def reclaim(self) -> int:
        """Put back all that a daemon which died had claimed; return how much that was.

        Only for whoever holds the lock and has no workers beside it: their claims would be lost too.
        """
        with self._write() as c:
            c.execute(delete(t.hosts))
            return sum(visits.give_back(c, table) for table in (t.entries, t.feeds, t.deliveries))

    # --- the inbox ---

    def known(self, aliases: Iterable[str]) -> dict[str, Known]:
        """Return what is on record under these keys of entries and aliases, by the key asked for."""
        asked = sorted(set(aliases))
        found: dict[str, Known] = {}
        with self._read() as c:
            for keys in batches(asked):
                direct = select(t.entries.c.key.label("asked"), t.entries).where(t.entries.c.key.in_(keys))
                other = (
                    select(t.aliases.c.alias.label("asked"), t.entries)
                    .join(t.aliases, t.aliases.c.entry == t.entries.c.key)
                    .where(t.aliases.c.alias.in_(keys))
                )
                for statement in (other, direct):
                    found |= {row.asked: inbox.known(row) for row in c.execute(statement)}
        return found

    def save_poll(
        self, feed: Feed, poll: PollRecord, found: Arrived, notices: Sequence[Delivery] = ()
    ) -> tuple[Entry, ...]:
        """Record a poll: the feed's state, the ledger's row, its entries and what is to be told, or none of it.

        Returns those of the new and old entries that were not on record: another feed may have listed one since
        `known` was asked. The ledger counts that one as known.
        """
        with self._write() as c:
            added = inbox.take_in(c, feed, found)
            inbox.put_poll(c, feed, *inbox.counted(poll, feed, found, added))
            outbox.announce(c, notices)
        return added

    def take_in(self, entry: Entry, host: str) -> bool:
        """Put an entry of no feed into the inbox, to be found on a visit to `host`; False when it is on record."""
        with self._write() as c:
            return bool(inbox.add_entries(c, [entry], host))

    def postpone_entry(self, entry: Entry, due: datetime, reason: str) -> None:
        """Let an entry wait until `due`: one more attempt failed."""
        self._settle(entry, due=due, outcome=Outcome.RETRY, reason=reason, attempts=t.entries.c.attempts + 1)

    def finish_entry(self, entry: Entry, outcome: Outcome, reason: str = "") -> None:
        """Be done with an entry without an article."""
        self._settle(entry, due=None, outcome=outcome, reason=reason)

    def _settle(self, entry: Entry, **values: Any) -> None:
        with self._write() as c:
            c.execute(update(t.entries).where(t.entries.c.key == entry.key).values(leased=None, **values))

    def read_again(self, entry: Entry, due: datetime | None) -> None:
        """Let an entry that was read wait until `due` to be read once more; what came of it stays on record."""
        self._settle(entry, due=due)

    # --- reading ---

    def record(
        self, made: Record, now: datetime, *, finish: bool = True, again: datetime | None = None
    ) -> tuple[Hit, ...]:
        """Record what came of reading an entry: article, hits, deliveries and the entry done, or none of it.

        Returns the hits that were not on record. Only those make deliveries: what a backfill found before alarms
        nobody. `finish=False` leaves the inbox alone: what was read is not, or not yet, what the entry ends with.
        `again` is when the page is to be read once more.
        """
        with self._write() as c:
            fresh = reading.record(c, made, now)
            if finish:
                reading.finish(c, made, again)
        return fresh

    def record_all(
        self, records: Sequence[Record], now: datetime, note: Callable[[tuple[Hit, ...]], tuple[str, str] | None]
    ) -> tuple[Hit, ...]:
        """Record what came of many documents of the past, and remember how far that is, or none of it.

        Returns the hits that were not on record; `note` is given them, and returns the name and the value to remember,
        if there is one.
        The inbox is left alone: a backfill must not take an entry from the live run.
        """
        with self._write() as c:
            fresh = tuple(hit for made in records for hit in reading.record(c, made, now))
            remembered = note(fresh)
            if remembered:
                put(c, t.meta, dict(zip(("key", "value"), remembered, strict=True)))
        return fresh

    def hits_exist(self, keys: Iterable[str]) -> set[str]:
        """Return those of the keys under which a hit is on record."""
        with self._read() as c:
            return {
                key
                for some in batches(sorted(set(keys)))
                for key in c.scalars(select(t.hits.c.key).where(t.hits.c.key.in_(some)))
            }

    def article(self, key: str) -> Article | None:
        """Return an article as it was last read."""
        with self._read() as c:
            row = c.execute(select(t.articles).where(t.articles.c.key == key)).one_or_none()
            return rows.article_of(row._asdict()) if row else None

    def article_of(self, entry: Entry) -> Article | None:
        """Return the article that an entry was last read as."""
        read = select(t.entries.c.article).where(t.entries.c.key == entry.key).scalar_subquery()
        with self._read() as c:
            row = c.execute(select(t.articles).where(t.articles.c.key == read)).one_or_none()
            return rows.article_of(row._asdict()) if row else None

    def hits_about(self, entry: Entry, articles: Sequence[Article] = ()) -> tuple[HitRecord, ...]:
        """Return the hits on record on what an entry was read as, and on these articles, each with its edits."""
        here = select(t.entries.c.article).where(t.entries.c.key == entry.key)
        keys = or_(t.hits.c.article.in_(here), t.hits.c.article.in_([article.key for article in articles]))
        asked = select(t.hits, t.articles).join(t.articles, t.articles.c.key == t.hits.c.article)
        with self._read() as c:
            found = c.execute(asked.where(keys).order_by(t.hits.c.key)).all()
            hits = [rows.hit_of(part(row, t.hits), rows.article_of(part(row, t.articles))) for row in found]
            edited = edits_of(c, [hit.key for hit in hits]) if hits else {}
            return tuple(HitRecord(hit=hit, edits=edited.get(hit.key, ())) for hit in hits)

    def twins(self, article: Article, beside: Iterable[Article] = ()) -> int:
        """Return how many other articles of its host were read as this very text: on record, and of those `beside`.

        A text that is too short has none, and so has an article of no host.
        """
        said, host = rows.said_of(article), host_of(article.url)
        if said is None or not host:
            return 0
        others = and_(t.articles.c.said == said, t.articles.c.key != article.key)
        with self._read() as c:
            found = {row.key: row.url for row in c.execute(select(t.articles.c.key, t.articles.c.url).where(others))}
        found |= {one.key: one.url for one in beside if rows.said_of(one) == said and one.key != article.key}
        return sum(host_of(url) == host for url in found.values())

    def stories(
        self, since: datetime, until: datetime | None = None, known: Container[Telling] = ()
    ) -> dict[Telling, Any]:
        """Return each article that hit since then (and up to `until`), the earliest first, with its signature as JSON;
        with None where it is known."""
        asked = select(*_telling).where(t.stories.c.last >= since)
        if until is not None:
            asked = asked.where(t.stories.c.first <= until)
        with self._read() as c:
            listed = [Telling(*row) for row in c.execute(asked.order_by(t.stories.c.first, t.stories.c.article)).all()]
            found: dict[Telling, Any] = {telling: None for telling in listed if telling in known}
            for some in batches([telling.article for telling in listed if telling not in known]):
                signed = select(*_telling, t.stories.c.signature).where(t.stories.c.article.in_(some))
                found |= {Telling(*telling): signature for *telling, signature in c.execute(signed)}
        return {telling: found[telling] for telling in listed if telling in found}

    def mark_hit(self, key: str, mark: Mark | None, why: str = "") -> bool:
        """Keep what a person thought of a hit; False when there is no such hit."""
        with self._write() as c:
            return bool(c.execute(update(t.hits).where(t.hits.c.key == key).values(mark=mark, why=why)).rowcount)

    # --- the outbox ---

    def announce(self, deliveries: Sequence[Delivery]) -> int:
        """Put deliveries of notices into the outbox unless they are on record; return how many were not."""
        with self._write() as c:
            return outbox.announce(c, deliveries)

    def claim_deliveries(self, channel: str, now: datetime, lease: timedelta, most: int = 200) -> tuple[Delivery, ...]:
        """Take up to `most` deliveries that are due in a channel, in the order in which they were made.

        With one of an envelope comes all that waits in it.
        """
        due = and_(t.deliveries.c.channel == channel, t.deliveries.c.due <= now)
        with self._write() as c:
            chosen = select(t.deliveries.c.key).where(due).order_by(t.deliveries.c.created, t.deliveries.c.key)
            keys = list(c.scalars(chosen.limit(most).with_for_update(skip_locked=True)))
            if len(keys) == most:
                keys = list(c.scalars(select(t.deliveries.c.key).where(outbox.with_their_envelopes(keys), due)))
            found = delivery_rows(c, t.deliveries.c.key.in_(keys))
            visits.lease(c, t.deliveries, keys, now + lease)
            return found

    def seal(self, envelope: Envelope, deliveries: Sequence[Delivery], opening: str = "") -> Envelope:
        """Put deliveries into an envelope; return it as it is on record, with whoever has taken it already.

        `opening` is the key of the delivery that told the story first; what is known of it comes along once it was sent.
        """
        with self._write() as c:
            add(c, t.envelopes, {"key": envelope.key, "dated": envelope.dated, "taken": dict(envelope.taken)})
            change_all(c, t.deliveries, [{"key": one.key, "envelope": envelope.key} for one in deliveries])
            row = c.execute(select(t.envelopes).where(t.envelopes.c.key == envelope.key)).one()
            return rows.envelope_of(row._asdict(), outbox.opening(c, opening) if opening else None)

    def took(self, envelope: str, recipient: str, name: str = "") -> None:
        """Record that a recipient took what is in an envelope, and what the message is called there."""
        with self._write() as c:
            at = t.envelopes.c.key == envelope
            taken = c.scalar(select(t.envelopes.c.taken).where(at).with_for_update()) or {}
            c.execute(update(t.envelopes).where(at).values(taken={**taken, recipient: name}))

    def save_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """Record how deliveries went, and let go of the claim on them."""
        with self._write() as c:
            change_all(c, t.deliveries, [rows.delivery_values(delivery) for delivery in deliveries])

    def threads(self, story: str, now: datetime) -> dict[str, Thread]:
        """Return what has been told of a story, or is to be told, by channel; nobody heard of what was muted or is dead.

        Of a story without end only the latest hits are looked at: what waits is among them, and so is what left last.
        """
        with self._read() as c:
            return {row.channel: outbox.thread(row) for row in c.execute(outbox.threads(story, now))}

    def deliveries_for(self, hits: Iterable[str]) -> tuple[Delivery, ...]:
        """Return the deliveries of these hits, by key."""
        asked = sorted(set(hits))
        with self._read() as c:
            return tuple(one for some in batches(asked) for one in delivery_rows(c, t.deliveries.c.hit.in_(some)))

    def articles_at(self, keys: Iterable[str]) -> dict[str, Article]:
        """Return the articles that are on record under these keys."""
        with self._read() as c:
            return articles_at(c, keys)

    def deliveries_about(self, notice: str) -> tuple[Delivery, ...]:
        """Return the deliveries of a notice, by its key."""
        with self._read() as c:
            return delivery_rows(c, t.deliveries.c.notice == notice)

    def deliveries_waiting(self, now: datetime | None = None) -> tuple[str, ...]:
        """Return the channels in which something waits; with `now`, in which something is due."""
        waits = t.deliveries.c.due.is_not(None) if now is None else t.deliveries.c.due <= now
        with self._read() as c:
            return tuple(c.scalars(select(t.deliveries.c.channel).where(waits).distinct().order_by("channel")))

    def refused_until(self, channel: str, now: datetime) -> datetime | None:
        """Return when a channel that refused a delivery is asked again; None when none of its refusals lies ahead."""
        waits = and_(t.deliveries.c.channel == channel, t.deliveries.c.due > now, t.deliveries.c.leased.is_(None))
        asked = select(func.min(t.deliveries.c.due)).where(waits, t.deliveries.c.outcome == Outcome.RETRY)
        with self._read() as c:
            until: datetime | None = c.scalar(asked)
            return until

    def sent_since(self, channel: str, since: datetime) -> tuple[datetime, ...]:
        """Return the moments at which messages left through a channel since then: one each, however much it held."""
        sent = t.deliveries.c.sent
        asked = select(sent).where(t.deliveries.c.channel == channel, sent >= since).distinct().order_by(sent)
        with self._read() as c:
            return tuple(c.scalars(asked))

    def park_deliveries(self, channels: Iterable[str], now: datetime) -> dict[str, int]:
        """Set aside what waits for a channel that is not among the configured ones; return how much, by channel.

        It is dead, with its reason, until the channel is configured again: then it waits as before.
        """
        here = sorted(set(channels))
        with self._write() as c:
            parked = and_(t.deliveries.c.outcome == Outcome.DEAD, t.deliveries.c.error == NO_CHANNEL)
            c.execute(
                update(t.deliveries)
                .where(parked, t.deliveries.c.channel.in_(here))
                .values(due=now, first_due=now, outcome=Outcome.RETRY, error="")
            )
            lost = and_(t.deliveries.c.due.is_not(None), t.deliveries.c.channel.not_in(here))
            counted = select(t.deliveries.c.channel, func.count()).where(lost).group_by(t.deliveries.c.channel)
            found = {channel: number for channel, number in c.execute(counted)}  # noqa: C416 - a Row is no pair
            c.execute(
                update(t.deliveries).where(lost).values(due=None, leased=None, outcome=Outcome.DEAD, error=NO_CHANNEL)
            )
            return found

    def retry_deliveries(self, keys: Iterable[str], now: datetime) -> int:
        """Send these again as if for the first time, unless they were sent; return how many.

        What went in one message goes in one message again: those of its recipients who have it do not get it twice.
        """
        again = and_(outbox.with_their_envelopes(sorted(set(keys))), t.deliveries.c.sent.is_(None))
        with self._write() as c:
            values = {"due": now, "first_due": now, "leased": None, "attempts": 0, "outcome": Outcome.RETRY}
            return c.execute(update(t.deliveries).where(again).values(values)).rowcount

    def mend_dates(
        self, now: datetime, *, feed: Callable[[Feed], timedelta], entry: timedelta, delivery: timedelta
    ) -> None:
        """Mend the dates that a clock gave which was ahead.

        By how much it was, the last poll tells: what waits is put back by that. What waits longer than policy makes a
        feed, an entry or a delivery wait is due now all the same. A host waits no longer than its entries.
        """
        at_once = {"due": now, "leased": None}
        with self._write() as c:
            last = c.scalar(select(func.max(t.polls.c.at)))
            if last is not None and last - now > SLIP:
                _put_back(c, now, last - now)
            ahead = c.execute(select(t.feeds).where(t.feeds.c.due > now))
            wrong = [row.key for row in ahead if row.due > now + feed(self._feed(row))]
            change_all(c, t.feeds, [{"key": key, **at_once} for key in wrong])
            for table, longest in ((t.entries, entry), (t.deliveries, delivery)):
                c.execute(update(table).where(table.c.due > now + longest).values(at_once))
            c.execute(delete(t.hosts).where(t.hosts.c.due > now + entry))

    # --- mutes and small things ---

    def add_mute(self, mute: Mute) -> None:
        """Mute until a time; a mute of the same thing is replaced."""
        with self._write() as c:
            put(c, t.mutes, {"kind": mute.kind, "value": mute.value, "until": mute.until})

    def drop_mute(self, kind: str, value: str) -> bool:
        """End a mute now; False when there was none."""
        with self._write() as c:
            return bool(c.execute(delete(t.mutes).where(t.mutes.c.kind == kind, t.mutes.c.value == value)).rowcount)

    def mutes(self, now: datetime) -> tuple[Mute, ...]:
        """Return the mutes that hold now."""
        with self._read() as c:
            return mutes(c, now)

    def meta(self, key: str) -> str | None:
        """Return a small thing remembered under a name."""
        with self._read() as c:
            return c.scalar(select(t.meta.c.value).where(t.meta.c.key == key))

    def set_meta(self, key: str, value: str) -> None:
        """Remember a small thing under a name."""
        with self._write() as c:
            put(c, t.meta, {"key": key, "value": value})

    def settle(self) -> int:
        """Pack and index the next of the articles that an older version wrote; return how many: 0 when all are.

        They lie in the order in which they came. The writer is kept for a tenth of a second.
        """
        with self._write() as c:
            lag = index.lag(c)
            waits = select(t.articles).where(t.articles.c.number > lag.done, t.articles.c.number <= lag.until)
            found = c.execute(waits.order_by(t.articles.c.number).limit(SETTLED).with_for_update()).all()
            for row in found:
                article = rows.article_of(row._asdict())
                texts = {"title": article.title, "lead": article.lead, "body": article.body}
                c.execute(update(t.articles).where(t.articles.c.number == row.number).values(texts))
                index.settle(c, row.number, article)
            done = found[-1].number if found else lag.until
            if done != lag.done:
                index.advance(c, done, lag.until)
            return len(found)

    def housekeeping(self, now: datetime, keep_articles: timedelta, keep_pages: timedelta) -> dict[str, int]:
        """Drop what is older than it is to be kept; return how many rows of each kind.

        Articles that hit stay, with their hits. An entry stays as long as its feed lists it, or it would be new again.
        `keep_pages` is for what is only looked at when something goes wrong: pages, the ledger of polls, and the text
        that the feed itself carried. Takes at most SWEEP rows of each kind: call it again while any number is SWEEP.
        """
        with self._write() as c:
            return sweep.swept(c, now, keep_articles, keep_pages)


_telling = t.stories.c["key", "article", "first", "last"]


def _put_back(c: Connection, now: datetime, ahead: timedelta) -> None:
    """Let what waits wait as long as it was meant to. A digest, and what is held, leaves by the clock on the wall."""
    waits = or_(t.deliveries.c.outcome == Outcome.RETRY, t.deliveries.c.first_due <= t.deliveries.c.created)
    for table, chosen in ((t.feeds, true()), (t.entries, true()), (t.deliveries, waits)):
        late = c.execute(select(table.c.key, table.c.due).where(table.c.due > now, chosen)).all()
        change_all(c, table, [{"key": row.key, "due": max(row.due - ahead, now)} for row in late])
    for row in c.execute(select(t.hosts).where(t.hosts.c.due > now)).all():
        put(c, t.hosts, {"host": row.host, "due": max(row.due - ahead, now)})
    c.execute(update(t.polls).where(t.polls.c.at > now).values(at=now))  # once is enough
