"""Polling: what is new, when to ask again, and whom to believe."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import FetchError
from monitor.feeds import parse
from monitor.keys import article_key, id_key, title_key
from monitor.model import Entry, Feed, FeedDocument, FeedState, Outcome, Page, Settings
from monitor.policy import polling
from monitor.policy.polling import Sorted, after_failure, after_poll, sort_out, trouble

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SETTINGS = Settings()
FEED = Feed(key="de-feed", name="De Feed", url="https://krant.be/rss")
POLLED = replace(FEED, state=FeedState(polled=NOW - HOUR, newest=NOW - HOUR, interval=5 * MINUTE))
PAGE = Page(url=FEED.url, asked=FEED.url, body=b"<rss/>", etag='"1"', last_modified="Mon, 02 Mar 2026 10:00:00 GMT")
HEADLINES = [
    "Kabinet praat over gas met Oslo",
    "Brand in haven van Gent",
    "Rechter fluit gemeente terug",
    "Nieuwe tram rijdt vanaf mei",
    "Boeren blokkeren snelweg bij Zwolle",
    "Zeldzame uil gezien op Texel",
]


@dataclass(frozen=True)
class Record:
    """What the store knows."""

    key: str
    title: str = ""
    link: str = ""
    found: datetime | None = NOW - DAY
    updated: datetime | None = None


def entry(number: int = 0, title: str = "", *, link: str = "", name: str = "", **more: object) -> Entry:
    """Return an entry with key and aliases as `feeds` gives them."""
    title = title or HEADLINES[number]
    link = link or f"https://krant.be/artikel/{number}"
    aliases = (id_key(FEED.key, name),) if name else ()
    key = article_key(link)
    aliases = (*aliases, title_key(FEED.key, title))
    return Entry(key=key, feed=FEED.key, id=name, link=link, title=title, aliases=aliases, **more)  # type: ignore[arg-type]


def document(*entries: Entry, **more: object) -> FeedDocument:
    return FeedDocument(Outcome.POLLED, entries=entries, **more)  # type: ignore[arg-type]


def recorded(*entries: Entry) -> dict[str, Record]:
    """Return what the store answers when these entries are on record."""
    records = {one.key: Record(one.key, one.title, one.link, updated=one.updated) for one in entries}
    return {name: records[one.key] for one in entries for name in (one.key, *one.aliases)}


def keys(entries: tuple[Entry, ...]) -> list[str]:
    return [one.key for one in entries]


# --- what is new ---


def test_a_first_poll_is_taken_in_silently() -> None:
    """Whoever adds a feed does not want an alert for each article of last week."""
    found = sort_out(document(entry(0), entry(1)), FEED, {}, NOW)

    assert not found.new
    assert [one.silent for one in found.old] == [True, True]


def test_an_entry_that_is_not_on_record_is_new() -> None:
    """The whole point."""
    found = sort_out(document(entry(0), entry(1)), POLLED, recorded(entry(1)), NOW)

    assert keys(found.new) == [entry(0).key]
    assert found.known == (entry(1).key,)


def test_an_article_of_another_feed_is_known() -> None:
    """One article in five sections is read and told once."""
    elsewhere = Record(entry(0).key, "Anders geschreven in sport", entry(0).link)

    assert sort_out(document(entry(0)), POLLED, {entry(0).key: elsewhere}, NOW).known == (elsewhere.key,)


def test_an_entry_listed_twice_is_new_once() -> None:
    """And counted twice: the ledger counts what the feed listed."""
    found = sort_out(document(entry(0), entry(0)), POLLED, {}, NOW)

    assert (len(found.new), len(found.known), found.listed) == (1, 1, 2)


def test_an_edited_link_is_known_by_the_id() -> None:
    """Editors change the headline, and the address with it."""
    was = entry(0, "Kabinet praat over gas", link="https://krant.be/kabinet-praat", name="guid-1")
    now = entry(0, "Kabinet praat weer over gas", link="https://krant.be/kabinet-praat-weer", name="guid-1")

    found = sort_out(document(now), POLLED, recorded(was), NOW)

    assert not found.new
    assert found.known == (was.key,)
    assert keys(found.edited) == [was.key]
    assert now.key in found.edited[0].aliases


def test_changed_ids_flood_nobody() -> None:
    """A publisher's new system gives each article a new id; the links are as they were."""
    were = [entry(i, name=f"oud-{i}") for i in range(6)]
    now = [entry(i, name=f"https://nieuw/{i}") for i in range(6)]

    found = sort_out(document(*now), POLLED, recorded(*were), NOW)

    assert not found.new
    assert len(found.known) == 6


def test_changed_links_and_ids_flood_nobody() -> None:
    """A whole document whose headlines are known has moved; it is not news."""
    were = [entry(i, name=f"oud-{i}") for i in range(5)]
    now = [entry(i, link=f"https://krant.nl/nieuw/{i}", name=f"nieuw-{i}") for i in range(6)]

    found = sort_out(document(*now), POLLED, recorded(*were), NOW)

    assert keys(found.new) == [now[5].key]
    assert sorted(found.known) == sorted(keys(tuple(were)))
    assert (now[0].key, were[0].key) in found.renamed
    assert found.reason


def test_one_headline_used_again_is_another_article() -> None:
    """`Het weer` comes every day; to take today's for yesterday's would lose it in silence."""
    yesterday = entry(0, "Het weer", link="https://krant.be/weer-1")
    rest = [entry(i) for i in range(1, 6)]
    today = entry(0, "Het weer", link="https://krant.be/weer-2")

    found = sort_out(document(today, *rest), POLLED, recorded(yesterday, *rest), NOW)

    assert keys(found.new) == [today.key]
    assert title_key(FEED.key, "Het weer") not in found.new[0].aliases


def test_an_id_that_goes_to_another_article_is_no_identity() -> None:
    """Some feeds number their items: number 1 is whatever is on top."""
    was = entry(0, name="1")
    now = entry(1, name="1")

    found = sort_out(document(now), POLLED, recorded(was), NOW)

    assert keys(found.new) == [now.key]
    assert id_key(FEED.key, "1") not in found.new[0].aliases


def test_useless_ids_are_found_out() -> None:
    """When all of them go to other articles, they are not looked at again."""
    were = [entry(i, name=str(i)) for i in range(3)]
    now = [entry(i + 3, name=str(i)) for i in range(3)]

    found = sort_out(document(*now), POLLED, recorded(*were), NOW)
    after = after_poll(POLLED, PAGE, document(*now), found, NOW, SETTINGS, 0.5)

    assert len(found.new) == 3
    assert after.state.guids_useless


def test_items_without_links_whose_ids_are_numbers_are_not_lost() -> None:
    """Then the headline is all there is."""

    def linkless(name: str, title: str) -> Entry:
        by_title = title_key(FEED.key, title)
        return Entry(key=id_key(FEED.key, name), feed=FEED.key, id=name, title=title, aliases=(by_title,))

    was, now = linkless("1", HEADLINES[0]), linkless("1", HEADLINES[1])

    assert sort_out(document(now), POLLED, recorded(was), NOW).new[0].key == title_key(FEED.key, HEADLINES[1])


def test_a_later_date_or_another_headline_is_an_edit() -> None:
    """An article that says something else is read again."""
    was = entry(0, updated=NOW - DAY)
    later = replace(was, updated=NOW)

    assert keys(sort_out(document(later), POLLED, recorded(was), NOW).edited) == [was.key]
    assert not sort_out(document(was), POLLED, recorded(was), NOW).edited


def test_an_archive_published_again_is_old() -> None:
    """5,000 articles of years ago must not ring 5,000 times; what is fresh among them must."""
    archive = [
        entry(0, f"Oud bericht {i}", link=f"https://krant.be/a/{i}", published=NOW - 99 * DAY) for i in range(5000)
    ]
    fresh = entry(1, published=NOW)

    found = sort_out(document(*archive, fresh), POLLED, {}, NOW)

    assert keys(found.new) == [fresh.key]
    assert len(found.old) == 5000
    assert all(one.silent for one in found.old)
    assert "5000" in found.reason


def test_a_flood_without_dates_is_old_and_says_so() -> None:
    """The same storm from a feed that dates everything today."""
    feed = replace(POLLED, state=replace(POLLED.state, recent=tuple(str(i) for i in range(30))))
    flood = [entry(0, f"Bericht {i}", link=f"https://krant.be/b/{i}", published=NOW) for i in range(1000)]

    found = sort_out(document(*flood), feed, {}, NOW)

    assert len(found.old) == 1000
    assert found.reason


def test_a_late_article_is_no_archive() -> None:
    """A single old date is a slow desk."""
    late = entry(0, published=NOW - 99 * DAY)

    assert keys(sort_out(document(late), POLLED, {}, NOW).new) == [late.key]


def test_days_without_the_daemon_are_no_archive() -> None:
    """After a month off, a month of articles is news."""
    away = replace(POLLED, state=replace(POLLED.state, polled=NOW - 30 * DAY))
    missed = [entry(0, f"Bericht {i}", link=f"https://krant.be/c/{i}", published=NOW - i * DAY) for i in range(30)]

    assert len(sort_out(document(*missed), away, {}, NOW).new) == 30


def test_no_overlap_is_a_possible_gap() -> None:
    """More came between two polls than the feed shows: say so, and ask sooner."""
    feed = replace(POLLED, state=replace(POLLED.state, recent=keys((entry(0), entry(1)))))  # type: ignore[arg-type]

    found = sort_out(document(entry(2), entry(3)), feed, {}, NOW)
    after = after_poll(feed, PAGE, document(entry(2), entry(3)), found, NOW, SETTINGS, 0.5)

    assert found.gap
    assert after.state.due is not None
    assert after.state.due - NOW <= SETTINGS.fastest * 1.1


def test_new_links_for_known_ids_are_no_gap() -> None:
    """What goes by another name now was in the last document all the same."""
    was = entry(0, name="guid-1")
    feed = replace(POLLED, state=replace(POLLED.state, recent=(was.key,)))
    now = entry(0, link="https://krant.nl/nieuw", name="guid-1")

    assert not sort_out(document(now), feed, recorded(was), NOW).gap


@pytest.mark.parametrize(
    "listed",
    [
        document(entry(1), entry(2)),
        document(entry(2), skipped=(entry(1).key,)),
        document(),
    ],
)
def test_an_overlap_or_an_empty_document_is_no_gap(listed: FeedDocument) -> None:
    """A feed that was emptied for once missed nothing, and what was there is still compared with."""
    feed = replace(POLLED, state=replace(POLLED.state, recent=(entry(0).key, entry(1).key)))
    found = sort_out(listed, feed, recorded(entry(1)), NOW)

    assert not found.gap
    assert after_poll(feed, PAGE, listed, found, NOW, SETTINGS, 0.5).state.recent


numbers = st.lists(st.integers(0, 5), max_size=12)


@settings(deadline=None, max_examples=200, derandomize=True)
@given(listed=numbers, on_record=numbers, renamed=st.booleans(), skipped=st.integers(0, 3), first=st.booleans())
def test_what_is_listed_is_new_or_known_to_the_last_item(
    listed: list[int], on_record: list[int], *, renamed: bool, skipped: int, first: bool
) -> None:
    """The ledger: listed = new + known, whatever was listed."""
    feed = FEED if first else POLLED
    host = "https://anders.be/x/" if renamed else "https://krant.be/artikel/"
    entries = [entry(i, link=f"{host}{i}", name=str(i % 2)) for i in listed]
    known = recorded(*(entry(i, name=str(i % 2)) for i in on_record))
    found = sort_out(document(*entries, skipped=("k",) * skipped), feed, known, NOW)
    after = after_poll(feed, PAGE, document(*entries), found, NOW, SETTINGS, 0.5).state

    assert found.listed == len(listed) + skipped
    assert after.listed == after.new + after.known == found.listed
    assert len({one.key for one in found.new}) == len(found.new)
    assert not {one.key for one in found.new} & set(known)
    order = {one.key: at for at, one in reversed(list(enumerate(entries)))}
    places = [order[one.key] for one in found.new if one.key in order]
    assert places == sorted(places)


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
