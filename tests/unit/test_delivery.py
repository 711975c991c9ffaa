"""When an alert leaves, with what it travels, and what follows a refusal."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import DeliveryError
from monitor.model import Channel, Delivery, Mute, Outcome, Receipt, Secret, Thread
from monitor.policy.delivery import (
    FEWEST_TRIES,
    LONGEST_PAUSE,
    MOST,
    STORM,
    after_refused,
    after_sent,
    behind,
    behind_refusal,
    depart,
    due_for,
    enveloped,
    gather,
    given_up,
    opening,
    route,
    tell,
)
from tests.alerts import NOW, delivery, hit, notice, rule

BRUSSELS = ZoneInfo("Europe/Brussels")
DESK = Channel(name="desk")
SLACK = Channel(name="slack", url=Secret("https://hooks.slack.com/services/T0/B0/x"))
DAYS = timedelta(days=3)


def local(year: int, month: int, day: int, hour: int, minute: int = 0, *, fold: int = 0) -> datetime:
    """This moment in Brussels, in UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=BRUSSELS, fold=fold).astimezone(UTC)


def refusal(**how: object) -> DeliveryError:
    return DeliveryError("desk", "503 try later", **{"retry": True, **how})  # type: ignore[arg-type]


# --- routing ---------------------------------------------------------------------------------------------------------


def test_a_hit_goes_once_to_each_channel_that_its_rule_names():
    """A channel written twice, or taken out of the file meanwhile, makes neither two alerts nor an error."""
    channels = {"desk": DESK, "slack": SLACK}
    routed = route(hit(), rule(["desk", "slack", "desk", "gone"]), channels, (), NOW, BRUSSELS)

    assert [one.channel for one in routed] == ["desk", "slack"]
    assert all(one.due == one.first_due == one.created == NOW for one in routed)
    assert len({one.key for one in routed}) == 2


def test_a_delivery_has_the_same_identity_when_it_is_routed_again():
    """A job that is done twice after a crash must not tell twice: identity is computed."""
    first, again = (
        route(hit(), rule(), {"desk": DESK}, (), now, BRUSSELS)[0] for now in (NOW, NOW + timedelta(hours=1))
    )
    assert first.key == again.key


def test_a_silent_hit_is_told_to_nobody():
    """A backfill records; it does not ring."""
    assert route(replace(hit(), silent=True), rule(), {"desk": DESK}, (), NOW, BRUSSELS) == ()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("story", hit().story),
        ("rule", "secret-talks-kremlin"),
        ("feed", "de voorbeeldkrant"),
        ("feed", hit().article.feed),
        ("term", "in het geheim"),
        ("term", "POETIN"),
    ],
)
def test_a_mute_holds_until_its_time_and_is_on_record(kind, value):
    """Who asks in a week why nothing came finds the mute; after its time it is gone by itself."""
    mute = Mute(kind=kind, value=value, until=NOW + timedelta(hours=1))

    (muted,) = route(hit(), rule(), {"desk": DESK}, (mute,), NOW, BRUSSELS)
    assert (muted.outcome, muted.due) == (Outcome.MUTED, None)
    assert kind in muted.error
    assert value in muted.error

    (heard,) = route(hit(), rule(), {"desk": DESK}, (mute,), mute.until, BRUSSELS)
    assert heard.outcome is None
    assert heard.due == mute.until


@pytest.mark.parametrize("value", ["", " ", "other"])
def test_a_mute_of_something_else_hides_nothing(value):
    """An empty value must not mean everything."""
    for kind in ("story", "rule", "feed", "term"):
        mute = Mute(kind=kind, value=value, until=NOW + timedelta(hours=1))
        (heard,) = route(hit(outlet="", feed=""), rule(), {"desk": DESK}, (mute,), NOW, BRUSSELS)
        assert heard.outcome is None


def test_a_follow_up_goes_in_the_thread_of_the_storys_first_alert():
    """One story is one thread, in each channel its own."""
    first = delivery(hit(1, story="s"), outcome=Outcome.SENT, due=None, sent=NOW)
    threads = {"desk": Thread(first=first.key, sent=NOW), "slack": Thread(first="another", sent=NOW)}

    (follow_up,) = route(hit(2, story="s"), rule(), {"desk": DESK}, (), NOW, BRUSSELS, threads=threads)

    assert follow_up.follows == first.key
    assert opening([follow_up]) == first.key
    assert opening([first, follow_up]) == "", "the message that tells the story first"
    assert opening([follow_up, delivery(hit(4))]) == "", "of several stories"
    assert follow_up.due == NOW


def test_follow_ups_come_at_most_every_so_often_and_then_together():
    """`every: 2h`: the desk hears of a story once, and then of all that came since in one go."""
    slow, sent = rule(every=timedelta(hours=2)), NOW - timedelta(minutes=30)
    told = Thread(first="1", sent=sent)

    (second,) = route(hit(2, story="s"), slow, {"desk": DESK}, (), NOW, BRUSSELS, threads={"desk": told})
    assert second.due == sent + timedelta(hours=2)

    later, waiting = NOW + timedelta(minutes=20), replace(told, waits=second.due)
    (third,) = route(hit(3, story="s"), slow, {"desk": DESK}, (), later, BRUSSELS, threads={"desk": waiting})
    assert third.due == second.due
    assert gather([third, second], DESK, second.due) == ((second, third),)


def test_a_notice_goes_to_ops_and_does_not_wait_for_a_digest():
    """A daemon in trouble is not tomorrow's news; but nobody is woken for it."""
    channels = {
        "desk": Channel(name="desk", digest=time(7, 30)),
        "night": Channel(name="night", quiet=(time(0), time(6))),
    }
    at = local(2026, 11, 18, 2)
    told = {one.channel: one.due for one in tell(notice(), ["desk", "night", "gone"], channels, at, BRUSSELS)}
    assert told == {"desk": at, "night": local(2026, 11, 18, 6)}


@pytest.mark.parametrize(("minute", "leaves"), [(0, 10), (3, 10), (9, 10), (10, 20)])
def test_notices_of_one_kind_leave_together_and_soon(minute, leaves):
    """When our own line is down each feed fails at its own minute: one message in ten minutes, not a hundred."""
    (told,) = tell(notice(), ["desk"], {"desk": DESK}, local(2026, 11, 18, 14, minute), BRUSSELS, with_others=True)
    assert told.due == local(2026, 11, 18, 14, leaves)


# --- when ------------------------------------------------------------------------------------------------------------

NIGHT = Channel(name="night", quiet=(time(23), time(6, 30)))
MORNING = Channel(name="morning", digest=time(7, 30))
HALF_TWO = Channel(name="odd", digest=time(2, 30))
WEEK = Channel(name="week", weekdays=frozenset(range(5)))


@pytest.mark.parametrize(
    ("channel", "now", "due"),
    [
        (DESK, local(2026, 11, 18, 14), local(2026, 11, 18, 14)),
        (NIGHT, local(2026, 11, 18, 22, 59), local(2026, 11, 18, 22, 59)),
        (NIGHT, local(2026, 11, 18, 23), local(2026, 11, 19, 6, 30)),
        (NIGHT, local(2026, 11, 19, 6, 29), local(2026, 11, 19, 6, 30)),
        (NIGHT, local(2026, 11, 19, 6, 30), local(2026, 11, 19, 6, 30)),
        (MORNING, local(2026, 11, 18, 7, 30), local(2026, 11, 18, 7, 30)),
        (MORNING, local(2026, 11, 18, 7, 31), local(2026, 11, 19, 7, 30)),
        (Channel(name="h", digest="hourly"), local(2026, 11, 18, 14, 1), local(2026, 11, 18, 15)),
        (Channel(name="h", digest="hourly"), local(2026, 11, 18, 15), local(2026, 11, 18, 15)),
        (Channel(name="d", digest=time(0)), local(2026, 11, 18, 0, 1), local(2026, 11, 19, 0)),
        # a digest inside quiet hours leaves when they end
        (replace(NIGHT, digest=time(5)), local(2026, 11, 18, 12), local(2026, 11, 19, 6, 30)),
        # Saturday 21 November
        (WEEK, local(2026, 11, 21, 10), local(2026, 11, 23, 0)),
        (replace(WEEK, quiet=(time(23), time(7))), local(2026, 11, 20, 23, 30), local(2026, 11, 23, 7)),
        (replace(WEEK, digest=time(7, 30)), local(2026, 11, 20, 8), local(2026, 11, 23, 7, 30)),
        # from x to x is no time at all
        (Channel(name="n", quiet=(time(8), time(8))), local(2026, 11, 18, 8), local(2026, 11, 18, 8)),
        # spring, 29 March 2026: 02:00 to 03:00 does not exist
        (HALF_TWO, local(2026, 3, 29, 1), local(2026, 3, 29, 3)),
        (HALF_TWO, local(2026, 3, 29, 3, 1), local(2026, 3, 30, 2, 30)),
        (Channel(name="q", quiet=(time(22), time(2, 30))), local(2026, 3, 29, 1), local(2026, 3, 29, 3)),
        (Channel(name="q", quiet=(time(2, 30), time(5))), local(2026, 3, 29, 3), local(2026, 3, 29, 5)),
        # autumn, 25 October 2026: 02:00 to 03:00 exists twice
        (HALF_TWO, local(2026, 10, 25, 1), local(2026, 10, 25, 2, 30)),
        (HALF_TWO, local(2026, 10, 25, 2, 45), local(2026, 10, 26, 2, 30)),
        (HALF_TWO, local(2026, 10, 25, 2, 15, fold=1), local(2026, 10, 26, 2, 30)),
        (Channel(name="h", digest="hourly"), local(2026, 10, 25, 2, 30), local(2026, 10, 25, 2, fold=1)),
        # quiet is what the clock on the wall says, both times
        (Channel(name="q", quiet=(time(2), time(2, 30))), local(2026, 10, 25, 2, 10), local(2026, 10, 25, 2, 30)),
        (
            Channel(name="q", quiet=(time(2), time(2, 30))),
            local(2026, 10, 25, 2, 10, fold=1),
            local(2026, 10, 25, 2, 30, fold=1),
        ),
    ],
)
def test_the_clock_on_the_newsrooms_wall_decides(channel, now, due):
    """Quiet hours, digests and weekdays are local, also on the two days that have no 24 hours."""
    assert due_for(channel, now, BRUSSELS, urgent=False) == due


def test_a_midnight_that_does_not_exist_is_the_first_moment_of_the_day():
    """Beirut moves its clock at midnight: on 29 March 2026 the day began at 01:00."""
    beirut = ZoneInfo("Asia/Beirut")
    now = datetime(2026, 3, 28, 12, tzinfo=beirut).astimezone(UTC)
    one = datetime(2026, 3, 29, 1, tzinfo=beirut).astimezone(UTC)
    assert due_for(Channel(name="d", digest=time(0)), now, beirut, urgent=False) == one


def test_an_urgent_hit_waits_for_nothing():
    """`urgent: true` is for what must wake somebody."""
    channel = replace(NIGHT, digest=time(7, 30), weekdays=frozenset({0}))
    now = local(2026, 11, 19, 3)
    assert due_for(channel, now, BRUSSELS, urgent=True) == now


ZONES = [
    "Europe/Brussels",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "Africa/Casablanca",
]
CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
MOMENTS = st.integers(0, 4 * 365 * 24 * 3600).map(
    lambda after: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=after)
)
CHANNELS = st.builds(
    Channel,
    name=st.just("desk"),
    at_most=st.none() | st.tuples(st.integers(1, 3), st.sampled_from([timedelta(hours=1), timedelta(days=1)])),
    digest=st.none() | st.just("hourly") | CLOCKS,
    quiet=st.none() | st.tuples(CLOCKS, CLOCKS),
    weekdays=st.just(frozenset()) | st.frozensets(st.integers(0, 6), min_size=1),
)


def is_open(channel: Channel, moment: datetime, zone: ZoneInfo) -> bool:
    """The newsroom's own view: what does the clock on the wall say, and which day is it?"""
    wall = moment.astimezone(zone)
    if channel.weekdays and wall.weekday() not in channel.weekdays:
        return False
    if not channel.quiet or channel.quiet[0] == channel.quiet[1]:
        return True
    start, end = channel.quiet
    inside = start <= wall.time() < end if start < end else not end <= wall.time() < start
    return not inside


@settings(max_examples=300, deadline=None, derandomize=True)
@given(CHANNELS, MOMENTS, st.sampled_from(ZONES))
def test_a_due_moment_is_open_ahead_and_the_first_of_its_kind(channel, now, name):
    """Never in quiet hours, never in the past, and no later than it must be."""
    zone = ZoneInfo(name)
    due = due_for(channel, now, zone, urgent=False)
    assert due >= now
    assert is_open(channel, due, zone)
    assert due_for(channel, due, zone, urgent=False) == due or channel.digest is not None
    if channel.digest is None:
        tried = now
        while tried + timedelta(minutes=30) < due:
            assert not is_open(channel, tried, zone), tried
            tried += timedelta(minutes=30)
    elif channel.digest == "hourly" and not channel.quiet and not channel.weekdays:
        assert due - now < timedelta(hours=1, minutes=30)
    elif not channel.quiet and not channel.weekdays:
        assert due - now <= timedelta(hours=25)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(CLOCKS, st.sampled_from(ZONES), st.integers(2024, 2027))
def test_a_daily_digest_comes_on_every_day_of_the_year_once(clock, name, year):
    """Not skipped in spring and not doubled in autumn, whatever its time."""
    zone, channel = ZoneInfo(name), Channel(name="d", digest=clock)
    moment = datetime(year, 1, 1, tzinfo=zone).astimezone(UTC)
    days = []
    while moment.astimezone(zone).year == year:
        moment = due_for(channel, moment, zone, urgent=False)
        days.append(moment.astimezone(zone).date())
        moment += timedelta(seconds=1)
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))


# --- together --------------------------------------------------------------------------------------------------------


def made(count: int, channel: str = "desk", **changes: object) -> list[Delivery]:
    return [
        delivery(hit(number), channel, created=NOW + timedelta(seconds=number), **changes)  # type: ignore[arg-type]
        for number in range(count)
    ]


def test_what_is_told_of_hits_that_were_given_up_fits_a_text_message():
    """Longer, ntfy would make a file of it, and a service that refuses it would keep what stands behind it waiting."""
    titles = [delivery(hit(number, title="Тайные переговоры 🕊️ " * 60)) for number in range(40)]

    said = given_up(titles, "403 invalid_token")

    assert len(said.encode()) <= 4_000
    assert said.count("https://krant.example/buitenland/") == 8
    assert "… and 32 more" in said


def test_stories_go_apart_and_their_hits_together():
    """Two outlets with the same story in one minute are one message."""
    one, two, other = (delivery(hit(number, story=story)) for number, story in ((1, "s"), (2, "s"), (3, "t")))
    assert Counter(map(len, gather([one, other, two], DESK, NOW))) == {2: 1, 1: 1}


def test_a_digest_is_one_message_in_the_order_of_finding():
    """Whoever reads at breakfast reads once, from top to bottom."""
    waiting = made(5)
    assert gather(list(reversed(waiting)), MORNING, NOW) == (tuple(waiting),)


def test_what_quiet_hours_held_leaves_together_and_what_is_fresh_apart():
    """At 06:30 one message tells of the night; the hit of 06:31 comes by itself."""
    held = [replace(one, first_due=NOW + timedelta(hours=7), due=NOW + timedelta(hours=7)) for one in made(3)]
    fresh = delivery(hit(9), created=NOW + timedelta(hours=7, minutes=1))
    assert gather([fresh, *held], NIGHT, NOW + timedelta(hours=8)) == (tuple(held), (fresh,))


def test_a_refused_message_comes_again_as_it_was():
    """A new hit of the story must not change it: its Message-ID is how a mail program knows the repetition."""
    (first,) = gather([delivery(hit(number, story="s")) for number in (1, 2)], DESK, NOW)
    refused = [after_refused(one, refusal(), NOW, DAYS, 0.5) for one in sealed(first)]
    fresh = delivery(hit(3, story="s"), created=NOW + timedelta(seconds=30))
    assert gather([fresh, *refused], DESK, NOW + timedelta(hours=1)) == (tuple(sorted(refused, key=by_key)), (fresh,))


def test_a_gathered_message_that_is_refused_comes_again_as_it_was():
    """Also what only a limit brought together."""
    limited = replace(DESK, at_most=(1, timedelta(hours=1)))
    ((*gathered,),) = gather(made(5), limited, NOW)
    refused = [after_refused(one, refusal(), NOW, DAYS, 0.5) for one in sealed(gathered)]
    assert gather(refused, DESK, NOW + timedelta(hours=1)) == (tuple(refused),)


@pytest.mark.parametrize("limited", [DESK, replace(DESK, at_most=(1, timedelta(hours=1))), MORNING])
def test_a_message_that_a_kill_interrupted_goes_again_as_it_was(limited):
    """It may have been taken: with a new hit in it, or one less, it would be another message to the mail program."""
    ((*interrupted,),) = gather(made(3), MORNING, NOW)
    later = [delivery(hit(number), created=NOW + timedelta(minutes=1)) for number in range(10, 50)]

    first, *others = gather([*later, *sealed(interrupted)], limited, NOW + timedelta(hours=1))

    assert enveloped(first, NOW).key == enveloped(interrupted, NOW).key
    assert sorted(one.key for message in others for one in message) == sorted(one.key for one in later)


def test_an_envelope_is_not_taken_apart_by_an_edit_of_the_rules():
    """One of its hits became urgent while the channel did not answer: the message goes as it was."""
    together = sealed([delivery(hit(1, rule="war")), delivery(hit(2))])
    night = local(2026, 11, 19, 3)
    assert depart(together, NIGHT, night, BRUSSELS, urgent={"war"}).messages == (tuple(together),)
    assert behind_refusal(together, night, {"war"}) == (tuple(together), ())


def sealed(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """As the store gives them back once they were to leave."""
    key = enveloped(deliveries, NOW).key
    return [replace(one, envelope=key) for one in deliveries]


def by_key(one: Delivery) -> str:
    return one.key


def test_what_is_over_the_limit_is_gathered_and_never_dropped():
    """`at_most: 3/h` and ten hits: two by themselves and eight in one."""
    limited = replace(DESK, at_most=(3, timedelta(hours=1)))
    waiting = made(10)
    assert gather(waiting, limited, NOW) == ((waiting[0],), (waiting[1],), tuple(waiting[2:]))
    assert gather(waiting, limited, NOW, sent=[NOW - timedelta(minutes=5)]) == ((waiting[0],), tuple(waiting[1:]))
    # what left more than an hour ago counts no longer
    assert len(gather(waiting, limited, NOW, sent=[NOW - timedelta(hours=1)] * 3)) == 3


def test_a_limit_that_is_used_up_holds_until_it_frees_again():
    """Then all that waited leaves as one message."""
    limited = replace(DESK, at_most=(2, timedelta(hours=1)))
    sent = [NOW - timedelta(minutes=50), NOW - timedelta(minutes=10)]
    waiting = made(4)

    first = depart(waiting, limited, NOW, BRUSSELS, sent=sent)
    assert first.messages == ()
    assert {one.due for one in first.held} == {NOW + timedelta(minutes=10)}

    then = depart(first.held, limited, NOW + timedelta(minutes=10), BRUSSELS, sent=sent)
    assert [[one.key for one in message] for message in then.messages] == [[one.key for one in waiting]]


def test_notices_travel_apart_from_hits_and_together():
    """A dead feed is not a lead paragraph; a hundred dead feeds are one message."""
    notices = [delivery(notice(f"Feed {number}")) for number in range(3)]
    hits = made(2)
    messages = gather([*notices, *hits], MORNING, NOW)
    assert {tuple(one.key for one in message) for message in messages} == {
        tuple(sorted(one.key for one in notices)),
        tuple(one.key for one in hits),
    }


def test_a_storm_becomes_a_few_messages_with_every_hit_once_and_in_order():
    """10,000 hits in a minute: nobody gets 10,000 messages, and none is missing."""
    waiting = made(10_000, "slack")
    messages = gather(waiting, SLACK, NOW)
    assert [one for message in messages for one in message] == waiting
    assert len(messages) <= STORM + 10_000 / MOST["slack"]
    assert max(map(len, messages)) <= MOST["slack"]

    departure = depart(waiting, SLACK, NOW, BRUSSELS)
    assert len(departure.messages) == STORM
    gone = sum(map(len, departure.messages))
    assert [one.key for one in departure.held] == [one.key for one in waiting[gone:]]


def test_a_storm_that_is_claimed_part_by_part_is_still_one_storm():
    """The outbox hands out some hundreds at a time: that must not make thirty single messages of each part."""
    waiting, now = made(3_000, "slack"), NOW
    left: list[tuple[Delivery, ...]] = []
    moments: list[datetime] = []
    while waiting:
        departure = depart(waiting[:500], SLACK, now, BRUSSELS, sent=moments)
        moments += [now + timedelta(seconds=1 + number) for number in range(len(departure.messages))]
        now = moments[-1]
        left += departure.messages
        waiting = [*departure.held, *waiting[500:]]
    assert [one.subject for message in left for one in message] == [one.subject for one in made(3_000, "slack")]
    assert len(left) <= 2 * STORM + 3_000 / MOST["slack"]

    after = depart(made(3, "slack"), SLACK, now + timedelta(minutes=10), BRUSSELS, sent=moments)
    assert len(after.messages) == 3, "it is over"


def test_a_retry_that_comes_due_in_quiet_hours_is_held():
    """A refused delivery is tried again later, but not in the night; nor what a daemon finds that was off."""
    refused = after_refused(made(1)[0], refusal(), local(2026, 11, 18, 22, 59), DAYS, 0.9)
    departure = depart([refused], NIGHT, local(2026, 11, 18, 23), BRUSSELS)
    assert departure.messages == ()
    (held,) = departure.held
    assert held.due == local(2026, 11, 19, 6, 30)
    assert held.first_due == refused.first_due  # holding does not put off its death


def test_an_urgent_hit_breaks_quiet_hours_and_leaves_the_others():
    """At night only what is urgent goes."""
    urgent = delivery(hit(1, rule="war"))
    calm = delivery(hit(2))
    departure = depart([calm, urgent], NIGHT, local(2026, 11, 19, 3), BRUSSELS, urgent={"war"})
    assert departure.messages == ((urgent,),)
    assert [one.key for one in departure.held] == [calm.key]


def test_a_message_has_the_same_id_whenever_it_leaves():
    """A repetition after a crash is known by it; other deliveries have another."""
    one, two = made(2)
    again = replace(one, attempts=3, due=NOW + timedelta(hours=1))
    assert enveloped([one], NOW).message_id == enveloped([again], NOW + DAYS).message_id
    assert len({enveloped(some, NOW).message_id for some in ([one], [two], [one, two])}) == 3
    assert re.fullmatch(r"<[0-9a-f]{32}@monitor\.invalid>", enveloped([one], NOW).message_id)


def test_a_limit_that_is_used_up_does_not_hold_what_is_urgent_and_makes_it_one_message():
    """`at_most` is against drowning, and what must wake somebody never waits: it rings, and it rings once."""
    limited = replace(DESK, at_most=(2, timedelta(hours=1)))
    sent = [NOW - timedelta(minutes=50), NOW - timedelta(minutes=10)]
    urgent = [delivery(hit(number, rule="war"), created=NOW - timedelta(seconds=9 - number)) for number in range(3)]
    calm = delivery(hit(9))

    departure = depart([calm, *urgent], limited, NOW, BRUSSELS, sent=sent, urgent={"war"})

    assert departure.messages == (tuple(urgent),)
    assert [(one.key, one.due) for one in departure.held] == [(calm.key, NOW + timedelta(minutes=10))]
    free = depart([calm, *urgent], limited, NOW, BRUSSELS, sent=sent[:1], urgent={"war"})
    assert free.messages[0] == tuple(urgent)


# --- how it went -----------------------------------------------------------------------------------------------------


def test_what_was_sent_is_done():
    """NULL is done, and the record says when."""
    sent = after_sent(replace(made(1)[0], error="503"), Receipt("ok"), NOW)
    assert (sent.due, sent.outcome, sent.sent, sent.attempts, sent.error) == (None, Outcome.SENT, NOW, 1, "")


def test_each_refusal_waits_twice_as_long_up_to_a_limit():
    """A channel that is down for an hour is not hammered, and is found again soon after."""
    one, now, pauses = made(1)[0], NOW, []
    for _ in range(8):
        one = after_refused(one, refusal(), now, DAYS, 0.0)
        pauses.append(one.due - now)
        now = one.due
    assert [pause.total_seconds() for pause in pauses] == [30, 60, 120, 240, 480, 900, 900, 900]
    assert (one.outcome, one.error, one.attempts) == (Outcome.RETRY, "503 try later", 8)


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 2000))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_jitter_spreads_between_half_and_the_whole(jitter, attempts):
    """A hundred deliveries that were refused together do not come back together."""
    least, most, some = (
        after_refused(delivery(hit(), attempts=attempts), refusal(), NOW, DAYS, at).due - NOW
        for at in (0.0, 1.0, jitter)
    )
    assert least <= some <= most <= LONGEST_PAUSE
    assert most == 2 * least


def test_what_the_channel_asks_is_honoured_when_it_is_longer():
    """`Retry-After: 3600` means an hour; `Retry-After: 1` does not undo the back-off."""
    later = after_refused(made(1)[0], refusal(retry_after=timedelta(hours=1)), NOW, DAYS, 0.5)
    assert later.due == NOW + timedelta(hours=1)
    sooner = after_refused(delivery(hit(), attempts=5), refusal(retry_after=timedelta(seconds=1)), NOW, DAYS, 0.5)
    assert sooner.due > NOW + timedelta(minutes=10)


def test_an_absurd_wish_does_not_put_a_delivery_off_for_ever():
    """`Retry-After: 99999999` is tried once more on the day of its death."""
    one = after_refused(delivery(hit(), attempts=9), refusal(retry_after=timedelta(days=1157)), NOW, DAYS, 0.5)
    assert one.due == NOW + DAYS
    assert after_refused(one, refusal(), one.due, DAYS, 0.5).outcome is Outcome.DEAD


def test_a_refusal_for_good_parks_the_delivery_at_once():
    """A revoked token does not heal by trying: a person must look."""
    dead = after_refused(made(1)[0], refusal(retry=False), NOW, DAYS, 0.5)
    assert (dead.outcome, dead.due, dead.error) == (Outcome.DEAD, None, "503 try later")


def test_a_delivery_is_dead_only_after_its_time_and_after_enough_tries():
    """A laptop that slept for a week wakes without network: the first refusal must not kill a week of alerts."""
    woken = NOW + timedelta(days=7)
    one, now = made(1)[0], woken
    for _ in range(FEWEST_TRIES - 1):
        one = after_refused(one, refusal(), now, DAYS, 0.5)
        assert one.outcome is Outcome.RETRY
        now = one.due
    assert after_refused(one, refusal(), now, DAYS, 0.5).outcome is Outcome.DEAD


def test_those_behind_a_refused_one_wait_with_it():
    """The order within a channel is kept, and their attempts do not count."""
    first, *others = made(3)
    refused = after_refused(*sealed([first]), refusal(), NOW, DAYS, 0.5)
    waiting = behind(others, refused)
    assert {one.due for one in waiting} == {refused.due}
    assert {one.attempts for one in waiting} == {0}
    assert gather([*reversed(waiting), refused], DESK, refused.due)[0] == (refused,)

    dead = after_refused(first, refusal(retry=False), NOW, DAYS, 0.5)
    assert behind(others, dead) == tuple(others)


# --- all of it -------------------------------------------------------------------------------------------------------


class Room:
    """A newsroom with one channel: hits are found, the clock ticks, the channel refuses at times.

    At times the program dies when a message was sent and is not written down, and starts again.
    """

    def __init__(
        self, channel: Channel, zone: ZoneInfo, refusals: frozenset[int], kills: frozenset[int] = frozenset()
    ) -> None:
        self.channel, self.zone, self.refusals, self.kills = channel, zone, refusals, kills
        self.killed = 0
        self.outbox: dict[str, Delivery] = {}
        self.left: list[tuple[datetime, tuple[Delivery, ...]]] = []
        self.tries = 0

    def find(self, number: int, urgent: bool, now: datetime) -> None:
        found = hit(number, rule="urgent" if urgent else "calm")
        routed = route(found, rule(urgent=urgent), {"desk": self.channel}, (), now, self.zone)
        self.outbox |= {one.key: one for one in routed}

    def waiting(self) -> list[datetime]:
        return [one.due for one in self.outbox.values() if one.due]

    def tick(self, now: datetime) -> None:
        due = [one for one in self.outbox.values() if one.due and one.due <= now]
        sent = [moment for moment, message in self.left if not is_urgent(message)]
        departure = depart(due, self.channel, now, self.zone, sent=sent, urgent={"urgent"})
        self.outbox |= {one.key: one for one in departure.held}
        for message in departure.messages:
            if not self.send(message, now):
                return

    def send(self, message: tuple[Delivery, ...], now: datetime) -> bool:
        """Say whether the program lives on."""
        self.tries += 1
        message = tuple(sealed(message))
        if self.tries in self.kills:
            self.outbox |= {one.key: one for one in message}
            self.left.append((now, message))
            self.killed += 1
            return False
        if self.tries in self.refusals:
            self.outbox |= {one.key: after_refused(one, refusal(), now, DAYS, 0.5) for one in message}
        else:
            self.outbox |= {one.key: after_sent(one, Receipt(), now) for one in message}
            self.left.append((now, message))
        return True


def is_urgent(message: Sequence[Delivery]) -> bool:
    return message[0].subject.rule == "urgent"  # type: ignore[union-attr]


def wide_enough(quiet: tuple[time, time] | None) -> bool:
    """Open for a few minutes a day is open, but then a retry may miss it for days."""
    start, end = (clock.hour * 60 + clock.minute for clock in quiet or (time(0), time(0)))
    return start == end or (start - end) % (24 * 60) > 60


def live(room: Room, start: datetime, finds: dict[int, bool], jumps: dict[int, int]) -> None:
    """Ten hours in which hits come in, and then on from due to due until nothing waits. The clock jumps at times."""
    now = start
    for minute in range(5_000):
        if minute in finds:
            room.find(minute, finds[minute], now)
        room.tick(now)
        if minute > 600 and not room.waiting():
            return
        quiet = max(min(room.waiting()) - now, timedelta(0)) if minute > 600 else timedelta(0)
        now += max(quiet, timedelta(minutes=1)) + timedelta(minutes=jumps.get(minute, 0))
    raise AssertionError("something waits for ever")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    channel=CHANNELS.filter(lambda channel: wide_enough(channel.quiet)),
    start=MOMENTS,
    name=st.sampled_from(ZONES),
    finds=st.dictionaries(st.integers(0, 600), st.booleans(), min_size=1, max_size=8),
    jumps=st.just({}) | st.dictionaries(st.integers(0, 400), st.sampled_from([-60, 60, 24 * 60]), max_size=2),
    refusals=st.just(frozenset()) | st.frozensets(st.integers(1, 12), max_size=6),
)
def test_every_delivery_leaves_exactly_once_in_open_hours_and_when_promised(
    channel, start, name, finds, jumps, refusals
):
    """A clock that jumps and crosses DST, a channel that refuses at times: none lost, none twice, none at night."""
    zone = ZoneInfo(name)
    room = Room(channel, zone, refusals)
    live(room, start, finds, jumps)

    assert Counter(one.key for _, message in room.left for one in message) == Counter(list(room.outbox))
    assert len(room.outbox) == len(finds)
    assert all(is_urgent(message) or is_open(channel, moment, zone) for moment, message in room.left)
    if channel.at_most and all(jump > 0 for jump in jumps.values()):
        most, window = channel.at_most
        calm = [moment for moment, message in room.left if not is_urgent(message)]
        assert all(later - earlier >= window for earlier, later in zip(calm, calm[most:], strict=False))
    if not channel.at_most and not refusals and not jumps:
        for moment, message in room.left:
            for one in message:
                promised = due_for(channel, one.created, zone, is_urgent([one]))
                assert promised <= moment <= promised + timedelta(minutes=1)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    channel=CHANNELS.filter(lambda channel: wide_enough(channel.quiet)),
    start=MOMENTS,
    finds=st.dictionaries(st.integers(0, 60), st.booleans(), min_size=1, max_size=12),
    refusals=st.just(frozenset()) | st.frozensets(st.integers(1, 12), max_size=4),
    kills=st.frozensets(st.integers(1, 12), min_size=1, max_size=6),
)
def test_what_a_kill_repeats_is_the_same_message(channel, start, finds, refusals, kills):
    """Whatever was found, refused or held since: one repetition a kill, and every delivery in one message alone."""
    room = Room(channel, BRUSSELS, refusals, kills)
    live(room, start, finds, {})

    names = [enveloped(message, NOW).key for _, message in room.left]
    in_which = {(one.key, name) for name, (_, message) in zip(names, room.left, strict=True) for one in message}
    assert len(in_which) == len(room.outbox) == len(finds)
    assert len(names) - len(set(names)) == room.killed
