"""Questions to the record, for the commands and the page. Nothing here can write, and nothing here waits for a writer.

Each question opens a connection of its own, so that a `Queries` may be used from any thread and a long answer never
stands on an old view of the database.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, Literal, Self

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, Table, and_, func, or_, select, true, tuple_

from monitor.errors import StoreError
from monitor.keys import article_key
from monitor.model import Article, Delivery, Edit, Entry, Feed, Mute, Outcome, Secret
from monitor.rules.needs import EVERYTHING, Need
from monitor.store import index, rows
from monitor.store import tables as t
from monitor.store.places import Place, place, reported
from monitor.store.records import (
    EVER,
    ChannelReport,
    Counters,
    Doubt,
    FeedReport,
    HitRecord,
    KeptPage,
    Ledger,
    Mark,
    Past,
    PollRecord,
    Stand,
)
from monitor.store.statements import batches, delivery_rows, edits_of, mutes, part

# Articles read at a time when all are asked for: some megabytes.
PAGE: Final = 500
# Ranges of articles that are sought at a time.
RANGES: Final = 100

Kind = Literal["hit", "delivery", "article", "feed", "entry", "story"]
_KEYS: Final[dict[Kind, ColumnElement[str]]] = {
    "hit": t.hits.c.key,
    "delivery": t.deliveries.c.key,
    "article": t.articles.c.key,
    "feed": t.feeds.c.key,
    "entry": t.entries.c.key,
    "story": t.hits.c.story,
}


class Queries:
    """A database that is only read. Everything raises StoreError when it cannot be had."""

    def __init__(self, where: Place, engine: Engine) -> None:
        self._place = where
        self._engine = engine

    @classmethod
    def open(cls, url: Secret | str) -> Self:
        """Open a database that exists; raises StoreError when there is none."""
        where = place(url, create=False)
        with reported(where):
            return cls(where, where.reader())

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with reported(self._place), self._engine.connect() as connection:
            yield connection

    # --- one thing ---

    def find(self, kind: Kind, beginning: str) -> str | None:
        """Return the one key that begins like this (people type six characters); None when there is none.

        Raises StoreError when there are several.
        """
        beginning = beginning.strip().lower()
        if not re.fullmatch(r"[0-9a-f]{1,32}", beginning):
            return None
        key = _KEYS[kind]
        asked = select(key).where(key >= beginning, key < beginning + "g").distinct().order_by(key).limit(4)
        with self._read() as c:
            found = list(c.scalars(asked))
        if len(found) > 1:
            some = ", ".join(one[: len(beginning) + 4] for one in found)
            raise StoreError(f"more than one {kind} begins with {beginning!r} ({some}…): give more of it")
        return found[0] if found else None

    def hit(self, beginning: str) -> HitRecord | None:
        """Return a hit by its key or the beginning of it."""
        key = self.find("hit", beginning)
        with self._read() as c:
            return next(iter(_hits(c, _hit_rows().where(t.hits.c.key == key))), None)

    def delivery(self, beginning: str) -> Delivery | None:
        """Return a delivery by its key or the beginning of it."""
        key = self.find("delivery", beginning)
        with self._read() as c:
            return next(iter(delivery_rows(c, t.deliveries.c.key == key)), None)

    def article(self, beginning: str) -> Article | None:
        """Return an article by its key or the beginning of it."""
        key = self.find("article", beginning)
        with self._read() as c:
            row = c.execute(select(t.articles).where(t.articles.c.key == key)).one_or_none()
            return rows.article_of(row._asdict()) if row else None

    def entry(self, key: str) -> Entry | None:
        """Return an entry by its whole key."""
        with self._read() as c:
            row = c.execute(select(t.entries).where(t.entries.c.key == key)).one_or_none()
            return rows.entry_of(row._asdict()) if row else None

    def kept_page(self, key: str) -> KeptPage | None:
        """Return the page that was kept of an entry: by its key or one of its others, or by the key of its article."""
        other = select(t.aliases.c.entry).where(t.aliases.c.alias == key)
        same = or_(t.entries.c.key == key, t.entries.c.key.in_(other), t.entries.c.article == key)
        asked = select(t.pages).join(t.entries, t.entries.c.key == t.pages.c.entry).where(same)
        with self._read() as c:
            row = c.execute(asked.order_by(t.pages.c.hit.desc(), t.pages.c.fetched.desc())).first()
            return rows.page_of(row._asdict()) if row else None

    def kept_of(self, article: Article) -> KeptPage | None:
        """Return the page that was kept of an article. An item of a live blog is on the page of the blog."""
        return self.kept_page(article.key) or self.kept_page(article_key(article.url))

    # --- many ---

    def kept(self) -> tuple[str, ...]:
        """Return the keys of the entries of which a page was kept, in their order."""
        with self._read() as c:
            return tuple(c.scalars(select(t.pages.c.entry).order_by(t.pages.c.entry)))

    def kept_pages(self, keys: Sequence[str]) -> list[tuple[Entry, Feed | None, KeptPage]]:
        """Return the pages that were kept of these entries, in the order of their keys, each with its entry and feed."""
        asked = select(t.pages, t.entries, t.feeds).join(t.entries, t.entries.c.key == t.pages.c.entry)
        asked = asked.outerjoin(t.feeds, t.feeds.c.key == t.entries.c.feed).where(t.pages.c.entry.in_(keys))
        with self._read() as c:
            return [
                (
                    rows.entry_of(part(row, t.entries)),
                    rows.feed_of(feed) if (feed := part(row, t.feeds))["key"] else None,
                    rows.page_of(part(row, t.pages)),
                )
                for row in c.execute(asked.order_by(t.pages.c.entry))
            ]

    def list_feeds(self, *, removed: bool = False) -> tuple[FeedReport, ...]:
        """Return the feeds by name, each with what became of its entries; with `removed` those once configured too."""
        with self._read() as c:
            outcomes, waiting = _entries(c)
            hits: dict[str, int] = {row[0]: row[1] for row in c.execute(_hits_by_feed())}
            chosen = true() if removed else t.feeds.c.configured
            found = c.execute(select(t.feeds).where(chosen).order_by(t.feeds.c.name, t.feeds.c.key))
            return tuple(
                FeedReport(
                    feed=rows.feed_of(row._asdict()),
                    configured=row.configured,
                    outcomes=outcomes[row.key],
                    waiting=waiting[row.key],
                    hits=hits.get(row.key, 0),
                )
                for row in found
            )

    def list_hits(  # noqa: PLR0913  (each narrows the list)
        self,
        *,
        rule: str | None = None,
        feed: str | None = None,
        story: str | None = None,
        mark: Mark | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = 100,
    ) -> tuple[HitRecord, ...]:
        """Return the hits found from `since` and before `until`, the newest first.

        `rule` is an id or a name; `feed` a key, a name, an outlet or a group.
        """
        asked = _narrowed(rule, feed, since, until)
        if story is not None:
            asked = asked.where(t.hits.c.story == story)
        if mark is not None:
            asked = asked.where(t.hits.c.mark == mark)
        with self._read() as c:
            return _hits(c, asked.order_by(t.hits.c.found.desc(), t.hits.c.key).limit(limit))

    def each_hit(
        self,
        *,
        rule: str | None = None,
        feed: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[HitRecord]:
        """Yield the same hits one by one, the oldest first, however many they are."""
        asked = page = _narrowed(rule, feed, since, until).order_by(t.hits.c.found, t.hits.c.key).limit(PAGE)
        while True:
            with self._read() as c:
                found = _hits(c, page)
            yield from found
            if len(found) < PAGE:
                return
            last = found[-1].hit
            page = asked.where(tuple_(t.hits.c.found, t.hits.c.key) > tuple_(last.found, last.key))

    def list_deliveries(
        self,
        *,
        channel: str | None = None,
        outcome: Outcome | None = None,
        waiting: bool | None = None,
        limit: int | None = 100,
    ) -> tuple[Delivery, ...]:
        """Return deliveries, the newest first. `waiting` ones have no outcome yet, or RETRY."""
        asked = select(t.deliveries.c.key)
        if channel is not None:
            asked = asked.where(t.deliveries.c.channel == channel)
        if outcome is not None:
            asked = asked.where(t.deliveries.c.outcome == outcome)
        if waiting is not None:
            asked = asked.where(t.deliveries.c.due.is_not(None) if waiting else t.deliveries.c.due.is_(None))
        chosen = asked.order_by(t.deliveries.c.created.desc(), t.deliveries.c.key.desc()).limit(limit)
        with self._read() as c:
            return delivery_rows(c, t.deliveries.c.key.in_(chosen))[::-1]

    def deliveries_about(self, notice: str) -> tuple[Delivery, ...]:
        """Return the deliveries of a notice, by its key."""
        with self._read() as c:
            return delivery_rows(c, t.deliveries.c.notice == notice)

    def articles(
        self, past: Past = EVER, *, need: Need = EVERYTHING, behind: str = "", upto: str = ""
    ) -> Iterator[Article]:
        """Yield the stored articles of a past, the oldest first, a page at a time.

        With a need only those that may hold it. `behind` and `upto` are places in their order, as `ranges` gives them;
        "" is its beginning, and its end.
        """
        few = self.candidates(need, past)
        if few is not None:
            yield from self.numbered([one.number for one in _between_places(few, behind, upto)])
            return
        asked = _whole.where(*_of_past(past), *([_in_order <= _tuple(upto)] if upto else []))
        asked = asked.order_by(*_in_order).limit(PAGE)
        while True:
            page = asked.where(_in_order > _tuple(behind)) if behind else asked
            with self._read() as c:
                found = c.execute(page).all()
            yield from map(rows.article_in, found)
            if len(found) < PAGE:
                return
            behind = str(_place_of(found[-1]))

    def numbered(self, numbers: Sequence[int]) -> Iterator[Article]:
        """Yield the articles of these numbers, in their order, a page at a time; those that were dropped are left out."""
        for some in batches(numbers):
            with self._read() as c:
                found = {row.number: row for row in c.execute(_whole.where(t.articles.c.number.in_(some)))}
            yield from (rows.article_in(found[number]) for number in some if number in found)

    def ranges(self, size: int, past: Past = EVER, *, begin: str = "") -> Iterator[tuple[str, str]]:
        """Yield the stored articles as ranges of `size`, without reading them: (behind this place, up to this one)."""
        number = t.articles.c.number
        asked = select(number).where(*_of_past(past)).order_by(*_in_order).limit(size * RANGES)
        while True:
            with self._read() as c:
                numbers = list(c.scalars(asked.where(_in_order > _tuple(begin)) if begin else asked))
                lasts = select(*_in_order).where(number.in_([*numbers[size - 1 :: size], *numbers[-1:]]))
                ends = [str(_place_of(row)) for row in c.execute(lasts.order_by(*_in_order))]
            yield from pairwise([begin, *ends])
            if not ends:
                return
            begin = ends[-1]

    def candidates(self, need: Need, past: Past = EVER) -> Sequence[Stand] | None:
        """Return where the articles stand in their order that may hold a need; None when that may be most of them.

        The index tells. It is asked once, and what it does not know yet is among them.
        """
        if need == EVERYTHING:
            return None
        with self._read() as c:
            numbers = index.candidates(c, need)
            if numbers is None or 2 * len(numbers) > (c.scalar(select(func.max(t.articles.c.number))) or 0):
                return None
            lag = index.lag(c)
            waits = and_(t.articles.c.number > lag.done, t.articles.c.number <= lag.until)
            these = (t.articles.c.number.in_(some) for some in batches(sorted(numbers)))
            asked = select(*_in_order).where(*_of_past(past))
            return sorted({_place_of(row) for chosen in (waits, *these) for row in c.execute(asked.where(chosen))})

    def count_articles(self, past: Past = EVER) -> int:
        """Return how many there are."""
        counted = select(func.count()).select_from(t.articles).where(*_of_past(past))
        with self._read() as c:
            return c.scalar(counted) or 0

    def mutes(self, now: datetime) -> tuple[Mute, ...]:
        """Return the mutes that hold now."""
        with self._read() as c:
            return mutes(c, now)

    # --- numbers ---

    def polls(self, feed: str, limit: int = 50) -> tuple[PollRecord, ...]:
        """Return a feed's last polls, the newest first."""
        asked = select(t.polls).where(t.polls.c.feed == feed).order_by(t.polls.c.at.desc(), t.polls.c.id.desc())
        with self._read() as c:
            return tuple(_poll(row) for row in c.execute(asked.limit(limit)))

    def ledger(self, since: datetime | None = None) -> tuple[Ledger, ...]:
        """Return for each feed what it listed since then and what became of it."""
        sums = (func.sum(t.polls.c[name]).label(name) for name in ("listed", "new", "known"))
        asked = select(t.polls.c.feed, *sums).where(*_between(t.polls.c.at, since, None)).group_by(t.polls.c.feed)
        words = select(t.polls.c.feed, t.polls.c.outcome, func.count()).group_by(t.polls.c.feed, t.polls.c.outcome)
        with self._read() as c:
            outcomes, waiting = _entries(c, since)
            polls: defaultdict[str, Counter[Outcome]] = defaultdict(Counter)
            for feed, outcome, number in c.execute(words.where(*_between(t.polls.c.at, since, None))):
                polls[feed][Outcome(outcome)] = number
            return tuple(
                Ledger(
                    feed=row.feed,
                    polls=polls[row.feed],
                    listed=row.listed,
                    new=row.new,
                    known=row.known,
                    entries=outcomes[row.feed],
                    waiting=waiting[row.feed],
                )
                for row in c.execute(asked.order_by(t.polls.c.feed))
            )

    def status(self) -> Counters:
        """Return the state of everything in numbers."""
        every = self.list_feeds(removed=True)
        health: Counter[str] = Counter(report.health for report in every if report.configured)
        with self._read() as c:
            oldest = [_scalar(c, func.min(table.c.due), table.c.due.is_not(None)) for table in _DUE]
            return Counters(
                feeds=dict(health),
                listed=sum(report.feed.state.listed for report in every),
                new=sum(report.feed.state.new for report in every),
                known=sum(report.feed.state.known for report in every),
                waiting=sum(report.waiting for report in every),
                outcomes=dict(sum((Counter(report.outcomes) for report in every), Counter())),
                inbox=_number(c, t.entries, _UNREAD),
                outbox=_number(c, t.deliveries, t.deliveries.c.due.is_not(None)),
                oldest_due=min((due for due in oldest if due), default=None),
                entries=_by_outcome(c, t.entries, t.entries.c.outcome != Outcome.RETRY),
                deliveries=_by_outcome(c, t.deliveries, t.deliveries.c.due.is_(None)),
                articles=_number(c, t.articles),
                hits=_number(c, t.hits),
                last_poll=_scalar(c, func.max(t.feeds.c.polled)),
                last_hit=_scalar(c, func.max(t.hits.c.found)),
            )

    def channels(self, names: Iterable[str]) -> tuple[ChannelReport, ...]:
        """Return how it stands with each of these channels, and with any other in which something waits."""
        channel, due, outcome = t.deliveries.c.channel, t.deliveries.c.due, t.deliveries.c.outcome
        waits, last = due.is_not(None).label("waits"), func.max(t.deliveries.c.sent).label("last")
        counted = select(channel, waits, outcome, func.count().label("number"), last)
        refused = select(channel, t.deliveries.c.error).where(t.deliveries.c.error != "", outcome != Outcome.MUTED)
        with self._read() as c:
            found = c.execute(counted.group_by(channel, waits, outcome)).all()
            errors = {row.channel: row.error for row in c.execute(refused.order_by(t.deliveries.c.created))}
        wanted = dict.fromkeys([*names, *sorted({row.channel for row in found if row.waits})])
        return tuple(_channel(name, [row for row in found if row.channel == name], errors) for name in wanted)

    def watcher(self) -> str | None:
        """Return the process of the daemon that works on this database; None when none does."""
        with reported(self._place):
            return self._place.watcher()

    def room(self) -> int | None:
        """Return how many bytes the disk of the database can still take; None where that cannot be seen from here."""
        with reported(self._place):
            return self._place.room()

    def doubts(self, since: datetime) -> tuple[Doubt, ...]:
        """Return the polls since then of configured feeds after which entries may be unread, in their order."""
        doubtful = or_(t.polls.c.gap, t.polls.c.old > 0)
        asked = select(t.feeds.c.name, t.polls.c.at, t.polls.c.old, t.polls.c.reason).join_from(t.polls, t.feeds)
        asked = asked.where(t.polls.c.at >= since, doubtful, t.feeds.c.configured).order_by(
            t.polls.c.at, t.feeds.c.name
        )
        with self._read() as c:
            return tuple(Doubt(feed=row.name, at=row.at, old=row.old, reason=row.reason) for row in c.execute(asked))

    def lately(self, since: datetime, most: int) -> dict[str, Counter[Outcome]]:
        """Return what became of the last entries, at most so many, that each configured feed listed since then, by name."""
        newest = func.row_number().over(partition_by=t.entries.c.feed, order_by=t.entries.c.found.desc()).label("nth")
        done = t.entries.c.outcome.not_in([Outcome.RETRY, Outcome.OLD])
        listed = select(t.feeds.c.name, t.entries.c.outcome, newest).join_from(t.entries, t.feeds)
        last = listed.where(t.entries.c.found >= since, done, t.feeds.c.configured).subquery()
        asked = select(last.c.name, last.c.outcome, func.count()).where(last.c.nth <= most)
        found: defaultdict[str, Counter[Outcome]] = defaultdict(Counter)
        with self._read() as c:
            for name, outcome, number in c.execute(asked.group_by(last.c.name, last.c.outcome)):
                found[name][Outcome(outcome)] += number
        return dict(found)

    def check(self) -> None:
        """Read the whole database and raise StoreError when a page of it is damaged (SQLite; seconds for a gigabyte)."""
        with self._read() as c:
            if c.dialect.name == "sqlite" and (said := c.exec_driver_sql("PRAGMA quick_check(1)").scalar()) != "ok":
                raise StoreError(f"{self._place.name} is damaged ({said}): stop, and restore it from a backup")


# In the inbox: not read yet, or to be read anew. (What was read and hit waits to be read once more, and is done.)
_UNREAD: Final = or_(t.entries.c.outcome.is_(None), t.entries.c.outcome == Outcome.RETRY)
_DUE: Final = (t.feeds, t.entries, t.deliveries)


def _scalar(c: Connection, what: ColumnElement[Any], where: ColumnElement[bool] | None = None) -> Any:
    return c.scalar(select(what).where(true() if where is None else where))


def _number(c: Connection, table: Table, where: ColumnElement[bool] | None = None) -> int:
    return c.scalar(select(func.count()).select_from(table).where(true() if where is None else where)) or 0


def _channel(name: str, found: Iterable[Any], errors: Mapping[str, str]) -> ChannelReport:
    numbers: Counter[str] = Counter()
    last: datetime | None = None
    for row in found:
        numbers["waiting" if row.waits else row.outcome] += row.number
        numbers["refused"] += row.number if row.waits and row.outcome == Outcome.RETRY else 0
        last = max(filter(None, (last, row.last)), default=None)
    return ChannelReport(
        name=name,
        waiting=numbers["waiting"],
        refused=numbers["refused"],
        sent=numbers[Outcome.SENT],
        dead=numbers[Outcome.DEAD],
        muted=numbers[Outcome.MUTED],
        last_sent=last,
        error=errors.get(name, "") if numbers["waiting"] or numbers[Outcome.DEAD] else "",
    )


def _by_outcome(c: Connection, table: Table, done_with: ColumnElement[bool]) -> dict[str, int]:
    done = select(table.c.outcome, func.count()).where(done_with, table.c.outcome.is_not(None))
    return {row[0]: row[1] for row in c.execute(done.group_by(table.c.outcome))}


def _entries(c: Connection, since: datetime | None = None) -> tuple[defaultdict[str, Counter[Outcome]], Counter[str]]:
    """Return each feed's entries that are done, by outcome, and how many wait.

    One that was read and is to be read once more, because it hit, is done.
    """
    outcomes: defaultdict[str, Counter[Outcome]] = defaultdict(Counter)
    waiting: Counter[str] = Counter()
    asked = select(t.entries.c.feed, t.entries.c.outcome, func.count()).where(
        t.entries.c.feed.is_not(None), *_between(t.entries.c.found, since, None)
    )
    for feed, outcome, number in c.execute(asked.group_by(t.entries.c.feed, t.entries.c.outcome)):
        if outcome in {None, Outcome.RETRY}:
            waiting[feed] += number
        else:
            outcomes[feed][Outcome(outcome)] += number
    return outcomes, waiting


def _hits_by_feed() -> Select[Any]:
    joined = t.hits.join(t.articles, t.articles.c.key == t.hits.c.article)
    return select(t.articles.c.feed, func.count()).select_from(joined).group_by(t.articles.c.feed)


def _hit_rows() -> Select[Any]:
    return select(t.hits, t.articles).join(t.articles, t.articles.c.key == t.hits.c.article)


def _narrowed(rule: str | None, feed: str | None, since: datetime | None, until: datetime | None) -> Select[Any]:
    """Ask for the hits of a rule (id or name) in a feed, an outlet or a group, found in this time."""
    asked = _hit_rows().where(*_between(t.hits.c.found, since, until))
    if rule is not None:
        asked = asked.where(or_(t.hits.c.rule == rule, t.hits.c.rule_name == rule))
    return asked if feed is None else asked.where(_of_feed(feed))


def _hits(c: Connection, asked: Select[Any]) -> tuple[HitRecord, ...]:
    found = c.execute(asked).all()
    keys = [row._mapping[t.hits.c.key] for row in found]
    sent: defaultdict[str, list[Delivery]] = defaultdict(list)
    for some in batches(keys):
        for delivery in delivery_rows(c, t.deliveries.c.hit.in_(some)):
            sent[delivery.subject.key].append(delivery)
    edited = edits_of(c, keys)
    return tuple(_hit_record(row, tuple(sent[key]), edited.get(key, ())) for key, row in zip(keys, found, strict=True))


def _hit_record(row: Row[Any], deliveries: tuple[Delivery, ...], edits: tuple[Edit, ...]) -> HitRecord:
    hit = rows.hit_of(part(row, t.hits), rows.article_of(part(row, t.articles)))
    said = {name: row._mapping[t.hits.c[name]] for name in ("mark", "why")}
    return HitRecord(hit=hit, deliveries=deliveries, edits=edits, **said)


def _poll(row: Row[Any]) -> PollRecord:
    said = {name: value for name, value in row._asdict().items() if name not in {"id", "feed", "outcome"}}
    return PollRecord(outcome=Outcome(row.outcome), **said)


def _between(
    column: ColumnElement[datetime], since: datetime | None, until: datetime | None
) -> Iterator[ColumnElement[bool]]:
    if since is not None:
        yield column >= since
    if until is not None:
        yield column < until


def _of_past(past: Past) -> list[ColumnElement[bool]]:
    dated = _between(t.articles.c.dated, past.since, past.until)
    return [*dated, *([] if past.feed is None else [_of_feed(past.feed)])]


_in_order = tuple_(t.articles.c.dated, t.articles.c.number)
_whole = select(*(t.articles.c[name] for name in rows.ARTICLE), *_in_order)


def _place_of(row: Any) -> Stand:
    return Stand(row.dated, row.number)


def _tuple(said: str) -> ColumnElement[Any]:
    return tuple_(*Stand.of(said))


def _between_places(places: Sequence[Stand], behind: str, upto: str) -> Sequence[Stand]:
    first = bisect_right(places, Stand.of(behind)) if behind else 0
    past = bisect_right(places, Stand.of(upto)) if upto else len(places)
    return places[first:past]


def _of_feed(feed: str) -> ColumnElement[bool]:
    """Narrow articles to a feed's (by key or name), an outlet's or a group's."""
    named = select(t.feeds.c.key).where(t.feeds.c.name == feed)
    columns = (t.articles.c.feed, t.articles.c.outlet, t.articles.c.group)
    return or_(t.articles.c.feed.in_(named), *(column == feed for column in columns))
