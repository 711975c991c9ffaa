"""What of a feed's document is new: nothing is lost, nobody is flooded."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.keys import article_key, id_key, title_key
from monitor.model import Entry, Feed, FeedDocument, FeedState, Outcome, Page, Settings
from monitor.policy import listing
from monitor.policy.listing import Sorted, sort_out
from monitor.policy.polling import after_poll

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


# --- as it is written ---


def test_what_a_first_poll_lists_is_read_and_told_to_nobody_unless_asked() -> None:
    """The past of the last days can be searched, and drowns nobody."""
    found = sort_out(document(entry(0)), FEED, {}, NOW)

    (silent,) = listing.dated(found, FEED, NOW, tell_old=False).new
    (told,) = listing.dated(found, FEED, NOW, tell_old=True).new

    assert [(one.due, one.found, one.silent) for one in (silent, told)] == [(NOW, NOW, True), (NOW, NOW, False)]


def test_an_archive_that_is_listed_again_is_not_read() -> None:
    """It is on record as seen, and costs its publisher no request."""
    found = Sorted(new=(entry(0),), old=(replace(entry(1), silent=True),), edited=(entry(2),))

    dated = listing.dated(found, POLLED, NOW, tell_old=True)

    assert [one.due for one in (*dated.new, *dated.old, *dated.edited)] == [NOW, None, NOW]
    assert dated.old[0].silent
