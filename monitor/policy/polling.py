"""When to ask a feed again, and when a person hears of it. Pure: takes `now`, asks no clock.

    Sorted (`policy.listing`) ──after_poll──▶ Feed, or an error ──after_failure──▶ Feed    its state, due again

**The interval** follows the feed: a quarter of the usual time between two new entries, smoothed (a new entry then waits
an eighth of that time, on average, and three polls of four bring nothing), between `fastest` and `slowest`. While a
feed is silent for longer than usual it is asked less often, an eighth of its silence apart, until it speaks again.
`every` of a feed overrules all of it. Each wait is spread by a tenth, so that hosts are not hit together.

**Failures** double the wait, from the interval to six hours, and never end it: only 410 does. `Retry-After` is obeyed.
Where nobody answers at all, a quarter of an hour is the longest: after a night without a network, six hours would be news lost.

**A clock that went back** leaves dates in the future: no feed waits longer than its `longest_wait`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from http import HTTPStatus
from urllib.parse import urlsplit

from monitor.errors import FetchError
from monitor.model import Feed, FeedDocument, FeedState, Page, Settings
from monitor.policy.listing import Sorted

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
