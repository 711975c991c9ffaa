"""When to ask a feed, and what of its document is new. Pure: takes `now`, asks no clock.

    document ──sort_out──▶ Sorted(new, old, known, edited, gap)         nothing listed is lost: listed = new + old + known
    Sorted ──after_poll──▶ Feed, or an error ──after_failure──▶ Feed    its state, due again

**The interval** follows the feed: a quarter of the usual time between two new entries, smoothed (a new entry then waits
an eighth of that time, on average, and three polls of four bring nothing), between `fastest` and `slowest`. While a
feed is silent for longer than usual it is asked less often, an eighth of its silence apart, until it speaks again.
`every` of a feed overrules all of it. Each wait is spread by a tenth, so that hosts are not hit together.

**Failures** double the wait, from the interval to six hours, and never end it: only 410 does. `Retry-After` is obeyed.
Where nobody answers at all, a quarter of an hour is the longest: after a night without a network, six hours would be news lost.

**A clock that went back** leaves dates in the future: no feed waits longer than its `longest_wait`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from hashlib import blake2b
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

from monitor.errors import FetchError
from monitor.keys import folded, id_key, title_key
from monitor.model import Entry, Feed, FeedDocument, FeedState, Page, Settings
from monitor.numbers import counted
from monitor.urls import normal

FULL = timedelta(hours=24)  # some ETags lie: so often the whole document is asked for
BACK_OFF = timedelta(hours=6)  # the longest wait after failures
# … after failures without any answer: it may be our own line that is down, and then all that comes meanwhile waits.
UNANSWERED = timedelta(minutes=15)
FARTHEST = timedelta(hours=24)  # the longest wait after a failure, whatever Retry-After says
SPREAD = 0.1
SHARE = 4  # polls in the usual time between two new entries
SMOOTH = 0.3  # weight of what was seen last
BELIEVED = 3  # permanent redirects in a row
FAILING = 3  # failures in a row before a person hears of it
MOST_RECENT = 1_000
# What a news sitemap may add where a feed has a gap; and how long before the last poll an entry may be dated that it missed.
MOST_FILLED = 200
OVERLAP = timedelta(minutes=10)
# An archive: so many unknown entries, dated so long before the last poll, which did not list them.
STORM = 10
STALE = timedelta(days=14)
# A flood: more unknown entries than this, and so many times what the feed listed before.
FLOOD, FLOOD_TIMES = 200, 5
# Titles or ids that so many entries, and such a share of them, have in common with others tell of a system, not of chance.
BULK, BULK_SHARE = 3, 1 / 3
ALIKE = 0.25  # of the words of two headlines: an edited one keeps more, another article's shares a few at most


class Known(Protocol):
    """What the store knows under a key or an alias."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def link(self) -> str: ...
    @property
    def found(self) -> datetime | None: ...
    @property
    def updated(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """What a document listed, each item once in `new`, `old` or `known`."""

    new: tuple[Entry, ...] = ()  # to be read
    old: tuple[Entry, ...] = ()  # new to us, but of before: taken in silently
    known: tuple[str, ...] = ()  # keys under which listed items are on record, each as often as it was listed
    edited: tuple[Entry, ...] = ()  # of the known: with another title, or a later `updated`; the key is the known one
    gap: bool = False  # nothing of the last document is in this one: entries may have been missed
    renamed: tuple[tuple[str, str], ...] = ()  # a key it is listed under now → the key under which it is on record
    guids_useless: bool = False
    reason: str = ""  # why entries are old, or known by their titles, when that is not plain

    @property
    def listed(self) -> int:
        """How many items the document listed."""
        return len(self.new) + len(self.old) + len(self.known)


# --- what is new ---


def aliases(document: FeedDocument) -> tuple[str, ...]:
    """Return all keys under which what is listed may be on record: ask the store for these before `sort_out`."""
    return tuple(dict.fromkeys(name for entry in document.entries for name in (entry.key, *entry.aliases)))


def sort_out(document: FeedDocument, feed: Feed, known: Mapping[str, Known], now: datetime) -> Sorted:
    """Return what of a document is new, old, known or edited.

    `known` maps keys and aliases to what is on record. An entry is known by its key; by its id, when title or link
    agree at least a little (some ids are given to other articles, too); by its title only when a good part of the
    document is (a publisher changed links and ids), for two articles may share a headline. What is unknown is old on
    a feed's first poll, and when an archive is published again.
    """
    sights = tuple(_sights(document, feed, known))
    total = len(document.entries) + len(document.skipped)
    by_title = [sight for sight in sights if sight.how is _How.TITLE]
    moved = frozenset(id(sight) for sight in by_title) if _is_bulk(len(by_title), total) else frozenset()
    unknown = tuple(sight.fresh(known) for sight in sights if sight.is_unknown and id(sight) not in moved)
    here = tuple(sight for sight in sights if not sight.is_unknown or id(sight) in moved)
    new, old, reason = _new_and_old(unknown, feed.state, now)
    mistaken = sum(sight.how is _How.MISTAKEN for sight in sights)
    return Sorted(
        new=new,
        old=tuple(replace(entry, silent=True) for entry in old),
        known=(*document.skipped, *(sight.key for sight in here)),
        edited=tuple({entry.key: entry for entry in (sight.edited() for sight in here) if entry}.values()),
        renamed=tuple((sight.entry.key, sight.key) for sight in here if sight.key != sight.entry.key),
        gap=_is_gap(document, feed.state, here),
        guids_useless=feed.state.guids_useless or _is_bulk(mistaken, sum(bool(entry.id) for entry in document.entries)),
        reason=reason or ("links or ids of the feed have changed: entries are known by their titles" if moved else ""),
    )


def dated(found: Sorted, feed: Feed, now: datetime, *, tell_old: bool) -> Sorted:
    """Return what was found as it is to be written: what is to be read is due now, what an archive lists again is not.

    What a feed lists at its first poll is read too, so that it is on record, but nobody is told, unless `tell_old`.
    """
    first = feed.state.polled is None
    new = tuple(replace(entry, found=now, due=now) for entry in (*found.new, *(found.old if first else ())))
    return replace(
        found,
        new=tuple(replace(entry, silent=False) for entry in new) if first and tell_old else new,
        old=() if first else tuple(replace(entry, found=now) for entry in found.old),
        edited=tuple(replace(entry, due=now) for entry in found.edited),
    )


class _How(Enum):
    """By what an entry is known."""

    KEY = auto()
    AGAIN = auto()  # listed twice in one document
    ID = auto()
    MISTAKEN = auto()  # by its id, but that was given to another article before
    TITLE = auto()
    NOT = auto()


@dataclass(frozen=True, slots=True)
class _Sight:
    """An entry beside what is on record of it."""

    entry: Entry
    how: _How
    record: Known | None = None

    @property
    def is_unknown(self) -> bool:
        """Whether nothing on record is this entry, as far as it alone can tell."""
        return self.how in (_How.MISTAKEN, _How.TITLE, _How.NOT)

    @property
    def key(self) -> str:
        """The key under which it is on record."""
        return self.record.key if self.record else self.entry.key

    def fresh(self, known: Mapping[str, Known]) -> Entry:
        """Return the entry as a new one: without the names by which others go."""
        own = (self.entry.key, *self.entry.aliases)
        names = tuple(name for name in own if name not in known)
        if names == own:
            return self.entry
        return replace(self.entry, key=names[0], aliases=names[1:]) if names else self.entry

    def edited(self) -> Entry | None:
        """Return the entry under its known key when its words or its date have changed."""
        if self.how not in (_How.KEY, _How.ID) or self.record is None:
            return None
        was, now = self.record.updated, self.entry.updated
        later = was is not None and now is not None and now > was
        titles = folded(self.record.title), folded(self.entry.title)
        if not (later or (all(titles) and titles[0] != titles[1])):
            return None
        return replace(self.entry, key=self.record.key, aliases=(*self.entry.aliases, self.entry.key))


def _sights(document: FeedDocument, feed: Feed, known: Mapping[str, Known]) -> Iterator[_Sight]:
    seen: dict[str, Known | None] = {}
    for entry in document.entries:
        if entry.key in seen:
            yield _Sight(entry, _How.AGAIN, seen[entry.key])
            continue
        sight = _sight(entry, feed, known)
        seen[entry.key] = sight.record if not sight.is_unknown else None
        yield sight


def _sight(entry: Entry, feed: Feed, known: Mapping[str, Known]) -> _Sight:
    by_id, by_title = id_key(feed.key, entry.id), title_key(feed.key, entry.title)
    names = (entry.key, *entry.aliases)
    called = known.get(by_id) if by_id in names else None
    titled = known.get(by_title) if by_title in names else None
    if entry.key not in (by_id, by_title) and entry.key in known:
        return _Sight(entry, _How.KEY, known[entry.key])
    if called:
        if _alike(entry, called):
            return _Sight(entry, _How.KEY if entry.key == by_id else _How.ID, called)
        return _Sight(entry, _How.KEY, titled) if titled else _Sight(entry, _How.MISTAKEN)
    if titled:
        return _Sight(entry, _How.KEY if entry.key == by_title else _How.TITLE, titled)
    return _Sight(entry, _How.NOT)


_NUMBER = re.compile(r"\d{5,}")


def _alike(entry: Entry, record: Known) -> bool:
    """Tell whether an entry and a record under the same id can be one article: an edited one keeps something."""
    ours, theirs = folded(entry.title), folded(record.title)
    if not ours or not theirs or ours == theirs:
        return True
    if entry.link and normal(entry.link) == normal(record.link):
        return True
    if set(_NUMBER.findall(entry.link)) & set(_NUMBER.findall(record.link)):
        return True
    shared, every = set(ours.split()) & set(theirs.split()), set(ours.split()) | set(theirs.split())
    return len(shared) / len(every) >= ALIKE


def _is_bulk(part: int, whole: int) -> bool:
    """Tell whether so many of so many are a system's doing and no chance."""
    return part >= BULK and part >= whole * BULK_SHARE


def _new_and_old(
    unknown: tuple[Entry, ...], state: FeedState, now: datetime
) -> tuple[tuple[Entry, ...], tuple[Entry, ...], str]:
    """Return which of the unknown are to be read, which are taken in silently, and why."""
    if state.polled is None:
        return (), unknown, ""
    before = min(state.polled, now) - STALE
    stale = tuple(entry for entry in unknown if entry.published and entry.published < before)
    if len(stale) >= STORM and 2 * len(stale) >= len(unknown):
        fresh = tuple(entry for entry in unknown if not entry.published or entry.published >= before)
        return fresh, stale, f"{len(stale)} entries of an archive"
    if len(unknown) > max(FLOOD, FLOOD_TIMES * len(state.recent)):
        return (), unknown, f"{len(unknown)} unknown entries at once, where {len(state.recent)} were listed before"
    return unknown, (), ""


def _is_gap(document: FeedDocument, state: FeedState, here: Iterable[_Sight]) -> bool:
    """Tell whether nothing links this document to the last one."""
    if not state.recent or not document.entries or document.skipped:
        return False
    recent = frozenset(state.recent)
    if any(entry.key in recent for entry in document.entries):
        return False
    return not any(sight.key in recent for sight in here)


def filled(found: Sorted, sitemap: FeedDocument, feed: Feed, known: Mapping[str, Known], now: datetime) -> Sorted:
    """Return what a document with a gap listed, with what the outlet's news sitemap lists of the time between.

    That is what nobody knows and what is dated after the last poll; the gap is told all the same.
    """
    after = feed.state.polled or now
    here = {entry.key for entry in (*found.new, *found.old)} | set(found.known)
    missed = [
        replace(entry, feed=feed.key)
        for entry in sitemap.entries
        if entry.published and after - OVERLAP <= entry.published <= now and not _is_among(entry, here, known)
    ]
    newest = sorted({entry.key: entry for entry in missed}.values(), key=_published)[-MOST_FILLED:]
    said = f"{counted(len(newest), 'entry', 'entries')} that it no longer listed, found in the news sitemap"
    return replace(found, new=(*found.new, *newest), reason="; ".join(filter(None, (found.reason, said))))


def _is_among(entry: Entry, here: Container[str], known: Container[str]) -> bool:
    return any(name in here or name in known for name in (entry.key, *entry.aliases))


def _published(entry: Entry) -> datetime:
    assert entry.published
    return entry.published


# --- when to ask ---


def conditional(feed: Feed, now: datetime) -> bool:
    """Tell whether to ask only for what changed. Once a day, and after a clock that went back, all is asked for."""
    full_at = feed.state.full_at
    return full_at is not None and timedelta() <= now - full_at < FULL


def asked_at(feed: Feed, now: datetime) -> Feed:
    """Return the feed with the address to ask: where three permanent redirects in a row led.

    The address that the user wrote is asked once a day, and always when it holds a password: that is not carried over.
    """
    believed = feed.state.moved_to and feed.state.moved_times >= BELIEVED and conditional(feed, now)
    if not believed or "@" in urlsplit(feed.url).netloc:
        return feed
    return replace(feed, url=feed.state.moved_to)


def same_body(feed: Feed, page: Page) -> bool:
    """Tell whether a document is, byte for byte, the last one: some servers know neither ETag nor Last-Modified."""
    return bool(feed.state.body_hash) and _hash_of(page.body) == feed.state.body_hash


def _hash_of(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()


def after_poll(  # noqa: PLR0913, PLR0917  (all that the next poll depends on)
    feed: Feed,
    page: Page,
    document: FeedDocument | None,
    found: Sorted | None,
    now: datetime,
    settings: Settings,
    jitter: float,
) -> Feed:
    """Return the feed as it stands after a good poll; `jitter` is a chance in [0, 1).

    No document means: not modified, or the same bytes. ETag, Last-Modified and the body's hash are kept only of a
    document that is all there: of half a document they would hide the other half for ever.
    """
    state = feed.state
    found = found or Sorted()
    arrived = len(found.new) + len(found.old)
    interval = _rhythm(state, found, now, settings)
    newest = now if arrived else state.newest
    state = replace(
        state,
        interval=interval,
        polled=now,
        full_at=state.full_at if page.not_modified else now,
        newest=newest,
        failures=0,
        error="",
        guids_useless=found.guids_useless or state.guids_useless,
        listed=state.listed + found.listed,
        new=state.new + arrived,
        known=state.known + len(found.known),
        due=now + _wait(feed, interval, newest, now, settings, jitter),
    )
    return replace(feed, state=_moved(_remembering(state, page, document), page))


def _rhythm(state: FeedState, found: Sorted, now: datetime, settings: Settings) -> timedelta:
    """Return a quarter of the usual time between two new entries."""
    was = _within(state.interval or settings.every, settings)
    if found.gap:
        return settings.fastest
    if state.newest is None or not found.new:
        return was
    between = max(now - state.newest, timedelta()) / len(found.new)
    return _within((1 - SMOOTH) * was + SMOOTH * between / SHARE, settings)


def _within(wait: timedelta, settings: Settings) -> timedelta:
    return min(max(wait, settings.fastest), max(settings.slowest, settings.fastest))


def _wait(  # noqa: PLR0913, PLR0917  (all that it depends on)
    feed: Feed, interval: timedelta, newest: datetime | None, now: datetime, settings: Settings, jitter: float
) -> timedelta:
    """Return how long to wait: a silent feed is asked less often, until it speaks again."""
    silence = max(now - newest, timedelta()) if newest else timedelta()
    wait = feed.every or _within(max(interval, silence / (2 * SHARE)), settings)
    spread = wait * (1 + SPREAD * (2 * jitter - 1))
    return spread if feed.every else _within(spread, settings)


def _remembering(state: FeedState, page: Page, document: FeedDocument | None) -> FeedState:
    """Return the state with what the next poll compares with."""
    if document is None:
        return replace(state, etag=page.etag or state.etag, last_modified=page.last_modified or state.last_modified)
    whole = document.complete and not page.truncated
    listed = tuple(dict.fromkeys((*(entry.key for entry in document.entries), *document.skipped)))
    return replace(
        state,
        etag=page.etag if whole else "",
        last_modified=page.last_modified if whole else "",
        body_hash=_hash_of(page.body) if whole else "",
        recent=listed[:MOST_RECENT] or state.recent,  # a feed that was emptied for once is still compared
        items=document.items,
    )


def _moved(state: FeedState, page: Page) -> FeedState:
    """Return the state with how often in a row the feed was found at a new address."""
    if page.moved_to:
        again = page.moved_to == state.moved_to
        return replace(state, moved_to=page.moved_to, moved_times=state.moved_times + 1 if again else 1)
    return state if page.asked == state.moved_to else replace(state, moved_to="", moved_times=0)


def after_failure(feed: Feed, error: Exception | str, now: datetime, settings: Settings, jitter: float) -> Feed:
    """Return the feed as it stands after a poll that failed; `jitter` is a chance in [0, 1).

    The wait doubles with each failure, up to six hours (a quarter of one where nobody answered), and never ends, but
    for 410: gone, for good. `Retry-After` is obeyed, up to a day. A new address that fails is not believed any longer.
    """
    state = feed.state
    reason = error.reason if isinstance(error, FetchError) else str(error)
    gone = isinstance(error, FetchError) and error.status == HTTPStatus.GONE
    told = (isinstance(error, FetchError) and error.retry_after) or timedelta()
    usual = feed.every or state.interval or settings.every
    unanswered = isinstance(error, FetchError) and not error.status
    wait = min(usual * 2 ** min(state.failures, 20), max(usual, UNANSWERED) if unanswered else BACK_OFF)
    wait = min(wait, BACK_OFF) * (1 + SPREAD * (2 * jitter - 1))
    failed = replace(
        state,
        failures=state.failures + 1,
        error=reason,
        moved_to="",
        moved_times=0,
        due=None if gone else now + min(max(wait, told), FARTHEST),
    )
    return replace(feed, state=failed)


def longest_wait(feed: Feed, settings: Settings) -> timedelta:
    """Return how long a feed may have to wait at the most: a later date was given by a clock that was ahead."""
    return max(FARTHEST, feed.every or max(settings.slowest, settings.fastest)) * (1 + SPREAD)


# --- what a person should hear ---


def trouble(feed: Feed, now: datetime, settings: Settings) -> str:
    """Return what is wrong with a feed, in words that stay the same while it lasts; "" when nothing is.

    Silent is a feed without a new entry for a day and for 24 times the usual time between two; where that usual time
    is longer than polling can tell, for two weeks.
    """
    state = feed.state
    if state.due is None and state.failures:
        return "gone for good (410): no longer polled"
    if state.failures >= FAILING:
        return "cannot be read"
    quiet = _quiet(state, settings)
    return "no new entry for much longer than usual" if state.newest and now - state.newest > quiet else ""


def _quiet(state: FeedState, settings: Settings) -> timedelta:
    if state.interval is None or state.interval >= settings.slowest:
        return timedelta(days=14)
    return max(timedelta(days=1), 24 * SHARE * state.interval)
