"""What many polls and readings show together: stories that may be missed although nothing fails."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.model import Feed, FeedState, Outcome, key_of
from monitor.policy.health import ailing, missed, own_line, walled, walls
from monitor.store import Doubt

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BRUSSELS = ZoneInfo("Europe/Brussels")
FEED = Feed(key=key_of("feed", "https://krant.example/rss"), name="De Krant", url="https://krant.example/rss")


def doubt(feed: str, hours: float, old: int = 0, reason: str = "") -> Doubt:
    """A doubt of so many hours ago."""
    return Doubt(feed=feed, at=NOW - timedelta(hours=hours), old=old, reason=reason)


def read(unread: int, well: int) -> Counter[Outcome]:
    return Counter({Outcome.GATE: unread, Outcome.READ: well})


# --- doubts ---


def test_what_many_feeds_missed_is_one_notice():
    """After a night without a network a hundred feeds have a gap: one message, not a hundred."""
    doubts = [doubt(f"krant {number}", 0.1) for number in range(100)]
    notice = missed(doubts, NOW - timedelta(hours=1), BRUSSELS, NOW)
    assert notice is not None
    assert notice.title == "stories may have been missed: krant 0, krant 1, krant 2 and 97 more"
    assert "… and 65 more" in notice.text
    assert "krant 0, 2026-03-02 09:54: it listed nothing of what it had listed before" in notice.text


def test_a_feed_with_a_gap_each_hour_is_told_once_a_day():
    """It is shown by status as long as it lasts; a person need not hear it every hour."""
    each_hour = [doubt("De Krant", hours) for hours in range(20, 0, -1)]
    assert missed(each_hour, NOW - timedelta(hours=1.5), BRUSSELS, NOW) is None
    assert missed([each_hour[-1]], NOW - timedelta(hours=1.5), BRUSSELS, NOW) is not None


def test_the_same_look_makes_the_same_notice():
    """A daemon that is killed between telling and remembering that it told tells nobody twice."""
    since, doubts = NOW - timedelta(hours=1), [doubt("De Krant", 0.5)]
    one, two = (missed(doubts, since, BRUSSELS, NOW + timedelta(minutes=late)) for late in (0, 9))
    assert one
    assert two
    assert one.key == two.key


def test_what_was_taken_for_an_archive_is_told_with_its_number():
    """It may have been one; if not, somebody can look."""
    notice = missed([doubt("De Krant", 0.5, old=212, reason="212 entries of an archive")], NOW - timedelta(hours=1),
                    BRUSSELS, NOW)  # fmt: skip
    assert notice
    assert "212 entries were taken for an archive and not read" in notice.text


# --- walls ---


@pytest.mark.parametrize(
    ("unread", "well", "is_walled"), [(10, 0, True), (8, 2, True), (7, 3, False), (7, 0, False), (0, 10, False)]
)
def test_a_wall_is_most_of_many(unread, well, is_walled):
    """A gate now and then is a paper's way; one in front of all of them is a change."""
    assert bool(walled(read(unread, well))) is is_walled


def test_a_paywall_is_no_wall():
    """What is free of a paid article was read, and is all that can be."""
    assert not walled({Outcome.TEASER: 10})


def test_a_wall_is_told_once_and_so_is_its_end():
    """In between nobody is rung, also when the last ten are half and half."""
    told: tuple[str, ...] = ()
    said = []
    for unread in (0, 10, 10, 6, 9, 4, 0):
        told, notices = walls({"De Krant": read(unread, 10 - unread)}, told, NOW)
        said += [notice.title for notice in notices]
    assert said == ["articles cannot be read: De Krant", "articles can be read again: De Krant"]
    assert told == ()


def test_silence_does_not_end_a_wall():
    """A feed that lists nothing for a week has not shown that it can be read."""
    assert walls({}, ("De Krant",), NOW) == (("De Krant",), ())


# --- asking ---


def test_a_feed_that_was_never_read_and_one_that_was_are_told_apart():
    """The one is a wrong address, the other was right once."""
    failing = FeedState(due=NOW, failures=3, error="HTTP 404 Not Found")
    assert ailing(replace(FEED, state=failing)) == "cannot be read and never could be: HTTP 404 Not Found"
    assert ailing(replace(FEED, state=replace(failing, polled=NOW))).startswith("cannot be read since 2026-03-0")
    assert not ailing(replace(FEED, state=replace(failing, failures=2)))


def test_a_feed_that_is_silent_or_gone_says_so():
    """Both are polled in vain, and look well otherwise."""
    silent = FeedState(due=NOW, newest=NOW - timedelta(days=8), told="no new entry for much longer than usual")
    assert "the last came 2026-02-2" in ailing(replace(FEED, state=silent))
    assert "410" in ailing(replace(FEED, state=FeedState(failures=1)))
    assert not ailing(FEED)


@pytest.mark.parametrize(("failing", "well", "is_ours"), [(12, 0, True), (5, 1, True), (4, 0, False), (6, 6, False)])
def test_where_hardly_a_feed_can_be_read_it_is_our_own_line(failing, well, is_ours):
    """Forty lines of dead feeds hide the one cable that fell out."""
    state = FeedState(due=NOW, failures=3)
    feeds = [replace(FEED, state=state)] * failing + [replace(FEED, state=replace(state, failures=0))] * well
    assert bool(own_line(feeds)) is is_ours
