"""When the canary sings, what it sings, and who hears that it is missing."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import extract
from monitor.judge import verdict
from monitor.model import Channel, Delivery, Entry, Outcome, key_of
from monitor.policy import canary
from monitor.rules.compile import compile_rules
from monitor.rules.spec import RuleBook

BRUSSELS = ZoneInfo("Europe/Brussels")
DAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "at", "expected"),
    [
        (date(2026, 3, 2), time(6), datetime(2026, 3, 2, 5, 0, tzinfo=UTC)),
        (date(2026, 3, 29), time(2, 30), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),  # never shown: 03:00
        (date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # shown twice: the first
        (date(2026, 10, 25), time(6), datetime(2026, 10, 25, 5, 0, tzinfo=UTC)),
    ],
)
def test_it_sings_at_the_local_time(day, at, expected):
    """Also on the two days when the clock changes."""
    assert canary.due(at, expected, BRUSSELS) == (day, expected)
    assert canary.due(at, expected - timedelta(seconds=1), BRUSSELS)[0] == day - timedelta(days=1)


@given(
    hours=st.integers(0, 365 * 24),
    at=st.times().map(lambda found: found.replace(microsecond=0)),
    zone=st.sampled_from(
        ["Europe/Brussels", "America/St_Johns", "Africa/Casablanca", "America/Havana", "Asia/Kathmandu"]
    ),
)
def test_every_day_has_exactly_one(hours, at, zone):
    """Looked at each half hour of four days, in any zone: each new day comes once, in order."""
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    found = [canary.due(at, start + timedelta(minutes=30 * step), ZoneInfo(zone)) for step in range(193)]
    days = list(dict.fromkeys(found))
    assert [day for day, _ in days] == [days[0][0] + timedelta(days=n) for n in range(len(days))]
    assert len(days) in {4, 5}


def test_the_same_day_makes_the_same_entry():
    """So a restart, or a clock that jumps back, lets out no second one."""
    assert canary.entry(DAY, NOW).key == canary.entry(DAY, NOW + timedelta(hours=3)).key
    assert canary.entry(DAY, NOW).key != canary.entry(DAY + timedelta(days=1), NOW).key


def test_it_is_read_matched_and_sings():
    """Its page goes through the extractor and its rule through the matcher: only then is there anything to tell."""
    bird = canary.entry(DAY, NOW)
    ruleset = compile_rules(canary.among(RuleBook(())))
    page = canary.page(bird)
    found = verdict(extract.refine(page, extract.read(page, bird)), bird, None, ruleset)

    song = canary.song(bird, found, NOW)

    assert found.outcome is Outcome.READ
    assert song is not None
    assert "2026-03-02" in song.title
    assert "monitorkanarie sings" in song.text
    assert canary.song(bird, verdict(extract.read(page, bird), bird, None, compile_rules(RuleBook(()))), NOW) is None


def test_no_feed_can_list_one():
    """What a newspaper lists is a newspaper's, whatever it is called."""
    bird = canary.entry(DAY, NOW)
    assert canary.is_canary(bird)
    assert not canary.is_canary(Entry(key=bird.key, feed=key_of("feed", "x"), id=bird.id))
    assert not canary.is_canary(Entry(key=key_of("entry", "x"), feed="", id=bird.id))


def told(channel: str, outcome: Outcome | None = None, *, held: timedelta = timedelta(0), error: str = "") -> Delivery:
    bird = canary.entry(DAY, NOW)
    ruleset = compile_rules(canary.among(RuleBook(())))
    song = canary.song(bird, verdict(extract.read(canary.page(bird), bird), bird, None, ruleset), NOW)
    assert song
    return Delivery(key=channel, channel=channel, subject=song, created=NOW, due=None, first_due=NOW + held,
                    outcome=outcome, error=error)  # fmt: skip


def test_it_is_missing_where_it_was_not_sent_in_time():
    """Not before its time is over; and what quiet hours hold is not late before they end."""
    deliveries = [
        told("desk", Outcome.SENT),
        told("slack", Outcome.RETRY, error="503 busy"),
        told("night", held=timedelta(hours=1)),
        told("gone", Outcome.DEAD, error="this channel is no longer configured"),
    ]
    names = ("desk", "slack", "night")

    assert canary.missing(NOW, deliveries, names, NOW + timedelta(minutes=14)) == ()
    assert canary.missing(NOW, deliveries, names, NOW + timedelta(minutes=15)) == (canary.Missing("slack", "503 busy"),)
    late = canary.missing(NOW, deliveries, names, NOW + timedelta(minutes=75))
    assert [one.channel for one in late] == ["slack", "night"]


def test_one_that_never_reached_the_outbox_is_missing_everywhere():
    """The extractors hang, the rules are broken: then no channel hears anything, and that must be told too."""
    assert canary.missing(NOW, (), ("desk",), NOW + timedelta(minutes=14)) == ()
    (lost,) = canary.missing(NOW, (), ("desk",), NOW + timedelta(minutes=15))
    assert lost.channel == ""


def test_how_far_it_came_is_told_of_the_channels_that_there_are():
    """In `monitor status`: where it arrived and when, where it is awaited and why."""
    (today, yesterday) = canary.latest(time(6), NOW, BRUSSELS)
    assert [one.id for one in (today, yesterday)] == ["canary of 2026-03-02", "canary of 2026-03-01"]
    deliveries = [
        replace(told("desk", Outcome.SENT), sent=NOW),
        told("slack", Outcome.RETRY, error="503 busy"),
        told("gone", Outcome.DEAD),
    ]
    came = canary.flight(today, deliveries, ("desk", "slack", "new"), NOW)
    assert came == canary.Flight(let_out=NOW, arrived={"desk": NOW}, awaited={"slack": "503 busy", "new": ""})


def test_whoever_can_hear_it_is_told():
    """Those of settings.ops that work; else any channel that works: nobody must be told through the silent one."""
    channels = {name: Channel(name=name) for name in ("desk", "slack", "mail")}
    slack, desk = canary.Missing("slack", "x"), canary.Missing("desk", "x")

    assert canary.whom(("desk", "slack"), [slack], channels) == ("desk",)
    assert canary.whom(("slack",), [slack], channels) == ("desk", "mail")
    assert canary.whom(("slack", "desk"), [slack, desk], channels) == ("mail",)
    assert canary.whom(("slack",), [canary.Missing(n, "x") for n in channels], channels) == ("slack",)
