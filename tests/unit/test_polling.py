"""Polling: when to ask again, and whom to believe."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import FetchError
from monitor.feeds import parse
from monitor.model import Feed, FeedState, Page
from monitor.policy import polling
from monitor.policy.listing import Sorted, sort_out
from monitor.policy.polling import after_failure, after_poll, trouble
from tests.unit.test_listing import (
    DAY,
    FEED,
    HEADLINES,
    HOUR,
    MINUTE,
    NOW,
    PAGE,
    POLLED,
    SETTINGS,
    document,
    entry,
)

# --- when to ask again ---

moments = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
waits = st.timedeltas(timedelta(seconds=1), timedelta(days=2))


@settings(deadline=None, max_examples=300, derandomize=True)
@given(
    interval=st.none() | st.timedeltas(timedelta(), timedelta(days=400)),
    newest=st.none() | moments,
    new=st.integers(0, 50),
    gap=st.booleans(),
    now=moments,
    jitter=st.floats(0, 1, exclude_max=True),
    every=st.none() | waits,
)
def test_a_feed_is_due_between_fastest_and_slowest(
    interval: timedelta | None,
    newest: datetime | None,
    new: int,
    *,
    gap: bool,
    now: datetime,
    jitter: float,
    every: timedelta | None,
) -> None:
    """Whatever the dates say, and wherever the clock stands."""
    feed = replace(FEED, every=every, state=FeedState(interval=interval, newest=newest, polled=newest))
    found = Sorted(new=(entry(0),) * new, gap=gap)
    wait = after_poll(feed, PAGE, document(), found, now, SETTINGS, jitter).state.due - now  # type: ignore[operator]

    if every:
        assert every * 0.89 <= wait <= every * 1.11
    else:
        assert SETTINGS.fastest <= wait <= SETTINGS.slowest


@settings(deadline=None, max_examples=200, derandomize=True)
@given(failures=st.integers(0, 10_000), jitter=st.floats(0, 1, exclude_max=True), told=st.none() | waits)
def test_a_failing_feed_is_always_asked_again(failures: int, jitter: float, told: timedelta | None) -> None:
    """Later each time, never later than some hours, never sooner than the server asks, and never not at all."""
    feed = replace(POLLED, state=replace(POLLED.state, failures=failures))
    error = FetchError(FEED.url, "503", retry=True, status=503, retry_after=told)
    state = after_failure(feed, error, NOW, SETTINGS, jitter).state

    assert state.due is not None
    assert timedelta() < state.due - NOW <= polling.FARTHEST
    assert state.due - NOW <= max(polling.BACK_OFF * 1.1, told or timedelta())
    assert state.due - NOW >= min(told or timedelta(), polling.FARTHEST)
    assert state.failures == failures + 1


def test_each_failure_doubles_the_wait() -> None:
    """A server in trouble is left in peace."""
    feed, waits_seen = POLLED, []
    for _ in range(4):
        feed = after_failure(feed, "kapot", NOW, SETTINGS, 0.5)
        waits_seen.append(feed.state.due - NOW)  # type: ignore[operator]

    assert waits_seen == [5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 40 * MINUTE]


def test_after_a_night_without_a_network_all_feeds_are_asked_within_minutes() -> None:
    """What doubles for a night would sleep through the morning; a server that answers is still left in peace."""
    silence = FetchError(FEED.url, "the name cannot be resolved", retry=True)
    refusal = FetchError(FEED.url, "HTTP 500", retry=True, status=500)

    def wait(error: FetchError, every: timedelta | None = None) -> timedelta:
        feed = replace(POLLED, every=every, state=replace(POLLED.state, failures=12))
        return after_failure(feed, error, NOW, SETTINGS, 0.5).state.due - NOW  # type: ignore[operator]

    assert wait(silence) == polling.UNANSWERED
    assert wait(refusal) == polling.BACK_OFF
    assert wait(silence, every=timedelta(hours=1)) == timedelta(hours=1), "never sooner than in good days"


def test_gone_for_good_ends_the_polling_and_says_so() -> None:
    """410 is the one answer that means: stop asking."""
    gone = after_failure(POLLED, FetchError(FEED.url, "410 Gone", retry=False, status=410), NOW, SETTINGS, 0.5)
    missing = after_failure(POLLED, FetchError(FEED.url, "404", retry=False, status=404), NOW, SETTINGS, 0.5)

    assert gone.state.due is None
    assert "410" in trouble(gone, NOW, SETTINGS)
    assert missing.state.due is not None


def days_of(feed: Feed, between: timedelta, days: int = 3) -> Feed:
    """Poll a feed for some days in which something new comes every `between`; return it as it stands then."""
    now, published = NOW, NOW
    while now < NOW + days * DAY:
        new = int((now - published) / between)
        published += new * between
        feed = after_poll(feed, PAGE, document(), Sorted(new=(entry(0),) * new), now, SETTINGS, 0.5)
        now = feed.state.due or now
    return feed


@pytest.mark.parametrize(
    ("between", "at_least", "at_most"),
    [
        (2 * MINUTE, 1 * MINUTE, 1 * MINUTE),
        (40 * MINUTE, 5 * MINUTE, 15 * MINUTE),
        (2 * HOUR, 20 * MINUTE, 45 * MINUTE),
        (DAY, 30 * MINUTE, HOUR),
    ],
)
def test_the_interval_finds_the_feeds_own_rhythm(between: timedelta, at_least: timedelta, at_most: timedelta) -> None:
    """A quarter of the time between two entries, whatever the interval was at first."""
    interval = days_of(POLLED, between).state.interval

    assert interval is not None
    assert at_least <= interval <= at_most


def test_a_silent_feed_is_asked_less_often_and_at_once_as_before_when_it_speaks() -> None:
    """At night nothing comes; in the morning the old rhythm holds."""
    feed = replace(POLLED, state=replace(POLLED.state, interval=2 * MINUTE, newest=NOW - 7 * HOUR))
    asleep = after_poll(feed, PAGE, document(), Sorted(), NOW, SETTINGS, 0.5)
    awake = after_poll(asleep, PAGE, document(), Sorted(new=(entry(0),) * 9), NOW + HOUR, SETTINGS, 0.5)

    assert asleep.state.due - NOW > 45 * MINUTE  # type: ignore[operator]
    assert awake.state.due - NOW - HOUR < 10 * MINUTE  # type: ignore[operator]


def test_what_hides_the_rest_of_a_document_is_not_kept() -> None:
    """The ETag of half a document would make the other half unseen for ever."""
    half = document(entry(0), complete=False)
    cut = replace(PAGE, truncated=True)

    for page, listed in ((PAGE, half), (cut, document(entry(0)))):
        state = after_poll(POLLED, page, listed, Sorted(new=(entry(0),)), NOW, SETTINGS, 0.5).state
        assert (state.etag, state.last_modified, state.body_hash) == ("", "", "")
    state = after_poll(POLLED, PAGE, document(entry(0)), Sorted(new=(entry(0),)), NOW, SETTINGS, 0.5).state
    assert state.etag == '"1"'
    assert polling.same_body(replace(FEED, state=state), PAGE)
    assert not polling.same_body(replace(FEED, state=state), replace(PAGE, body=b"anders"))


def test_an_answer_of_not_modified_changes_only_the_dates() -> None:
    """What was known of the document still holds."""
    whole = after_poll(POLLED, PAGE, document(entry(0)), Sorted(), NOW, SETTINGS, 0.5)
    unchanged = Page(url=FEED.url, asked=FEED.url, status=304, not_modified=True)
    after = after_poll(whole, unchanged, None, None, NOW + HOUR, SETTINGS, 0.5)

    assert after.state == replace(whole.state, polled=NOW + HOUR, due=after.state.due)


def test_once_a_day_the_whole_document_is_asked_for() -> None:
    """Some ETags lie: 304 for ever. And a clock that went back proves nothing."""
    feed = replace(FEED, state=FeedState(etag='"1"', full_at=NOW))

    assert polling.conditional(feed, NOW + 23 * HOUR)
    assert not polling.conditional(feed, NOW + 24 * HOUR)
    assert not polling.conditional(feed, NOW - MINUTE)
    assert not polling.conditional(FEED, NOW)


def test_a_new_address_is_believed_after_three_times() -> None:
    """One wrong redirect must not lead a feed away for good."""
    there = "https://krant.be/nieuw"
    page = replace(PAGE, moved_to=there, url=there)
    feed = POLLED
    asked = []
    for _ in range(3):
        asked.append(polling.asked_at(feed, NOW).url)
        feed = after_poll(feed, page, document(), Sorted(), NOW, SETTINGS, 0.5)
    assert asked == [FEED.url] * 3
    assert polling.asked_at(feed, NOW).url == there

    direct = replace(PAGE, asked=there, url=there)
    assert polling.asked_at(after_poll(feed, direct, document(), Sorted(), NOW, SETTINGS, 0.5), NOW).url == there
    assert polling.asked_at(after_failure(feed, "weg", NOW, SETTINGS, 0.5), NOW).url == FEED.url
    assert polling.asked_at(feed, NOW + 25 * HOUR).url == FEED.url
    login = replace(feed, url="https://jan:geheim@krant.be/rss")
    assert polling.asked_at(login, NOW).url == login.url


@settings(deadline=None, max_examples=200, derandomize=True)
@given(
    every=st.none() | st.timedeltas(MINUTE, timedelta(days=60)),
    slowest=st.timedeltas(HOUR, timedelta(days=60)),
    interval=st.timedeltas(MINUTE, timedelta(days=60)),
    silent=st.timedeltas(timedelta(), timedelta(days=4000)),
    retry_after=st.timedeltas(timedelta(), timedelta(days=60)),
    jitter=st.floats(0, 1, exclude_max=True),
)
def test_no_feed_waits_longer_than_its_longest_wait(
    every: timedelta | None,
    slowest: timedelta,
    interval: timedelta,
    silent: timedelta,
    retry_after: timedelta,
    jitter: float,
) -> None:
    """Whatever is due later was dated by a clock that was ahead; what is not is no business of a restart."""
    wanted = replace(SETTINGS, slowest=slowest)
    state = replace(POLLED.state, interval=interval, newest=NOW - silent)
    feed = replace(POLLED, every=every, state=state)
    error = FetchError(feed.url, "later", retry=True, status=503, retry_after=retry_after)
    good = after_poll(feed, PAGE, None, None, NOW, wanted, jitter)
    bad = after_failure(feed, error, NOW, wanted, jitter)

    for after in (good, bad):
        assert after.state.due is not None
        assert after.state.due - NOW <= polling.longest_wait(feed, wanted)


# --- what a person hears ---


def test_a_feed_that_cannot_be_read_is_told_after_three_failures_in_the_same_words() -> None:
    """Words that change would be told again and again."""
    feed, said = POLLED, []
    for reason in ("timeout", "503", "this is a web page, not a feed", "timeout"):
        feed = after_failure(feed, reason, NOW, SETTINGS, 0.5)
        said.append(trouble(feed, NOW, SETTINGS))

    assert said[:2] == ["", ""]
    assert said[2] == said[3] != ""
    assert trouble(after_poll(feed, PAGE, document(), Sorted(), NOW, SETTINGS, 0.5), NOW, SETTINGS) == ""


def test_a_feed_that_is_silent_for_much_longer_than_usual_is_told() -> None:
    """A busy feed after a day, a slow one after two weeks."""
    busy = replace(POLLED, state=FeedState(polled=NOW, newest=NOW, interval=MINUTE, due=NOW))
    slow = replace(POLLED, state=FeedState(polled=NOW, newest=NOW, interval=SETTINGS.slowest, due=NOW))

    assert trouble(busy, NOW + 20 * HOUR, SETTINGS) == ""
    assert "no new entry" in trouble(busy, NOW + 25 * HOUR, SETTINGS)
    assert trouble(slow, NOW + 13 * DAY, SETTINGS) == ""
    assert "no new entry" in trouble(slow, NOW + 15 * DAY, SETTINGS)


def test_a_feed_read_from_bytes_twice_brings_its_entries_once() -> None:
    """Parsing, sorting and remembering fit together: the next poll skips what it knows."""
    items = "".join(
        f"<item><title>{t}</title><link>https://krant.be/{i}</link></item>" for i, t in enumerate(HEADLINES)
    )
    page = replace(PAGE, body=f"<rss><channel>{items}</channel></rss>".encode())
    listed = parse(page, FEED)
    first = sort_out(listed, FEED, {}, NOW)
    feed = after_poll(FEED, page, listed, first, NOW, SETTINGS, 0.5)
    extra = b"<channel><item><title>Nog iets</title><link>https://krant.be/nog</link></item>"
    page = replace(page, body=page.body.replace(b"<channel>", extra))

    listed = parse(page, feed)
    second = sort_out(listed, feed, {}, NOW + HOUR)

    assert [one.title for one in second.new] == ["Nog iets"]
    assert len(second.known) == 6
    assert not second.gap
