"""What goes where, when it may leave, with what it travels, and what follows when it is refused.

Pure: takes `now`, asks no clock. Moments are aware and in UTC; quiet hours, digests and weekdays are local to `zone`.

    route / tell ──▶ Delivery (due) ──depart──▶ messages | held
                                      messages ──enveloped──▶ sent once, or again as they were
                                                                ──▶ after_sent | after_refused + behind
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, filterfalse
from textwrap import shorten
from zoneinfo import ZoneInfo

from monitor.errors import DeliveryError
from monitor.model import Channel, ChannelKind, Delivery, Envelope, Hit, Mute, Notice, Outcome, Receipt, Thread, key_of
from monitor.rules.spec import Rule

# The first retry comes after this long, each next one after twice as long, up to the last value.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=30)
# A daemon that was off for a week must not give up at the first refusal after it: so many tries come first.
FEWEST_TRIES = 6
# More messages than this in so long are a storm, whatever the channel allows: what else is due goes together, in
# messages as full as they may be. A claim takes a part of a great storm at a time, so those before count too.
STORM, STORM_SPAN = 30, timedelta(minutes=10)
# A digest on one weekday comes once a week, and quiet hours may hold it for another day.
LONGEST = timedelta(days=9)
# So many of the hits that a channel gave up are named where that is told.
MOST_NAMED = 8
# So much of a title, in characters: what a text message takes (4,000) holds them all, with long addresses too.
NAMED_BY = 120
# Notices of feeds leave at the end of so long, together.
TOGETHER, _EPOCH = timedelta(minutes=10), datetime(1970, 1, 1, tzinfo=UTC)
# How many hits one message holds in full within the limits of its kind (Gmail folds what is over 102 kB away; Slack:
# 12,000 characters of blocks; Discord: 2,000 in all).
MOST: Mapping[ChannelKind, int] = {"console": 500, "mail": 40, "slack": 20, "text": 8}


# --- what goes where -------------------------------------------------------------------------------------------------


def route(  # noqa: PLR0913, PLR0917  (a pure decision names all that it depends on)
    hit: Hit,
    rule: Rule,
    channels: Mapping[str, Channel],
    mutes: Sequence[Mute],
    now: datetime,
    zone: ZoneInfo,
    *,
    threads: Mapping[str, Thread] = {},
) -> tuple[Delivery, ...]:
    """Return the deliveries of a hit: one for each channel that its rule sends to; none when the hit is silent.

    A muted hit gets its delivery too, done before it began, so that the record tells why nobody heard of it.
    `threads` are, by channel, what its readers have heard of the hit's story: what follows goes in the thread, and no
    sooner than `rule.every` after the last.
    """
    if hit.silent:
        return ()
    mute = next((mute for mute in mutes if mutes_hit(mute, hit, now)), None)
    wanted = [channels[name] for name in dict.fromkeys(rule.send) if name in channels]
    if mute:
        reason = f"muted: {mute.kind} {mute.value} until {mute.until:%Y-%m-%d %H:%M} UTC"
        made = [_delivery(hit, channel, now, None) for channel in wanted]
        return tuple(replace(delivery, outcome=Outcome.MUTED, error=reason) for delivery in made)
    routed = []
    for channel in wanted:
        thread = threads.get(channel.name)
        due = due_for(channel, _not_before(thread, rule.every, now), zone, rule.urgent)
        routed.append(replace(_delivery(hit, channel, now, due), follows=thread.first if thread else ""))
    return tuple(routed)


def tell(  # noqa: PLR0913  (a pure decision names all that it depends on)
    notice: Notice,
    ops: Sequence[str],
    channels: Mapping[str, Channel],
    now: datetime,
    zone: ZoneInfo,
    *,
    with_others: bool = False,
) -> tuple[Delivery, ...]:
    """Return the deliveries of a notice to `settings.ops`. A notice waits for quiet hours to end, not for a digest.

    One that may come `with_others` of its kind waits for the end of ten minutes: an hour without a network is one
    message, not one for each feed.
    """
    wanted = (channels[name] for name in dict.fromkeys(ops) if name in channels)
    leaves = now + TOGETHER - (now - _EPOCH) % TOGETHER if with_others else now
    return tuple(_delivery(notice, channel, now, opens(channel, leaves, zone)) for channel in wanted)


def mutes_hit(mute: Mute, hit: Hit, now: datetime) -> bool:
    """Say whether a person asked not to hear of this hit now."""
    if now >= mute.until:
        return False
    article = hit.article
    names: Mapping[str, Iterable[str]] = {
        "story": (hit.story,),
        "rule": (hit.rule,),
        "feed": (article.feed, article.outlet, article.group),
        "term": (said for evidence in hit.match.evidence for said in (evidence.term, evidence.text)),
    }
    wanted = mute.value.strip().casefold()
    return bool(wanted) and any(wanted == name.casefold() for name in names[mute.kind])


def _not_before(thread: Thread | None, every: timedelta | None, now: datetime) -> datetime:
    """Return when a follow-up may be told: with the one that waits already, or `every` after the last that was sent."""
    if not thread or not every:
        return now
    if thread.waits and thread.waits > now:
        return min(thread.waits, now + every)
    return max(now, thread.sent + every) if thread.sent and thread.sent <= now else now


def _delivery(subject: Hit | Notice, channel: Channel, now: datetime, due: datetime | None) -> Delivery:
    key = key_of("delivery", subject.key, channel.name)
    return Delivery(key=key, channel=channel.name, subject=subject, created=now, due=due, first_due=due)


# --- when it may leave -----------------------------------------------------------------------------------------------


def due_for(channel: Channel, now: datetime, zone: ZoneInfo, urgent: bool) -> datetime:
    """Return the first moment, not before `now`, at which the channel takes a hit. An urgent one never waits.

    A digest's time that the clock shows twice (autumn) counts once, the first time; one that it never shows (spring)
    becomes the next moment that exists. A digest that falls into quiet hours leaves when they end.
    """
    return now if urgent else opens(channel, _gathered(channel, now, zone), zone)


def longest_wait(rules: Iterable[Rule]) -> timedelta:
    """Return how long a delivery may have to wait at the most: a later date was given by a clock that was ahead."""
    return LONGEST + max((rule.every for rule in rules if rule.every), default=timedelta())


def opens(channel: Channel, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment, not before `now`, that is outside the channel's quiet hours and on one of its days."""
    moment = now
    while True:
        local = moment.astimezone(zone)
        if channel.weekdays and local.weekday() not in channel.weekdays:
            moment = _next(time.min, moment, zone, from_tomorrow=True)
        elif channel.quiet and _within(local.time(), channel.quiet):
            moment = _next(channel.quiet[1], moment, zone)
        else:
            return moment


def _gathered(channel: Channel, now: datetime, zone: ZoneInfo) -> datetime:
    if channel.digest is None:
        return now
    if channel.digest == "hourly":
        return _next_full_hour(now, zone)
    for day in count():
        moment = moments(now.astimezone(zone).date() + timedelta(days=day), channel.digest, zone)[0]
        if moment >= now and _on_duty(channel, moment, zone):
            return moment
    raise AssertionError  # count() does not end


def _on_duty(channel: Channel, moment: datetime, zone: ZoneInfo) -> bool:
    return not channel.weekdays or moment.astimezone(zone).weekday() in channel.weekdays


def _next_full_hour(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the next moment at which the local clock shows a full hour; zones of :30 and :45 have theirs."""
    local = now.astimezone(zone)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return now - past + timedelta(hours=1) if past else now


def _within(local: time, span: tuple[time, time]) -> bool:
    """Whether a clock that shows `local` is inside the span, which may cross midnight; from x to x is no time."""
    start, end = span
    return start <= local < end if start <= end else local >= start or local < end


def _next(clock: time, after: datetime, zone: ZoneInfo, *, from_tomorrow: bool = False) -> datetime:
    """Return the first moment later than `after` at which the local clock shows `clock`."""
    today = after.astimezone(zone).date()
    for day in count(int(from_tomorrow)):
        for moment in moments(today + timedelta(days=day), clock, zone):
            if moment > after:
                return moment
    raise AssertionError  # count() does not end


def moments(day: date, clock: time, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return when the local clock shows this: once, twice (autumn), or at the moment after the gap (spring)."""
    early, late = (datetime.combine(day, clock.replace(fold=fold), tzinfo=zone).astimezone(UTC) for fold in (0, 1))
    if early <= late:
        return (early,) if early == late else (early, late)
    return (_gap_end(late, early, zone),)


def _gap_end(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment between these two at which the local clock leaps ahead, to the second."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


# --- with what it travels --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Departure:
    """What leaves a channel now, message by message, and what waits on, with its new `due`."""

    messages: tuple[tuple[Delivery, ...], ...]
    held: tuple[Delivery, ...] = ()


def depart(  # noqa: PLR0913  (a pure decision names all that it depends on)
    deliveries: Sequence[Delivery],
    channel: Channel,
    now: datetime,
    zone: ZoneInfo,
    *,
    sent: Sequence[datetime] = (),
    urgent: AbstractSet[str] = frozenset(),
) -> Departure:
    """Decide, at the moment of leaving, what of the deliveries that are due goes now and in which messages.

    It looks at the clock again, for a retry, or a daemon that was off, may come to a delivery in quiet hours.
    `sent` are the moments at which messages left through this channel lately; `urgent` are the ids of urgent rules,
    which nothing holds: over `at_most` they only share a message.
    """
    open_at = opens(channel, now, zone)
    pressing, patient = _sorted_out(deliveries, urgent)
    first = gather(pressing, channel, now, sent=sent)
    if open_at > now:
        return Departure(first, tuple(_held(one, open_at) for one in patient))
    messages, room = gather(patient, channel, now, sent=sent), _room(channel, now, sent)
    frees = opens(channel, _frees(channel, now, sent), zone)
    held = (_held(one, frees) for message in messages[room:] for one in message)
    return Departure((*first, *messages[:room]), tuple(held))


def gather(
    deliveries: Sequence[Delivery], channel: Channel, now: datetime, *, sent: Sequence[datetime] = ()
) -> tuple[tuple[Delivery, ...], ...]:
    """Return which deliveries form one message, in the order in which they were made.

    A digest, and what quiet hours held, is one message; otherwise each story is. What is over `at_most` is gathered
    into the last that is allowed. Notices are apart from hits. No message holds more than its kind can show.

    What has an envelope goes first, and as it was: it may have been taken already, or by some of its recipients.
    """
    again = _grouped((one for one in deliveries if one.envelope), lambda one: one.envelope)
    groups = _grouped((one for one in deliveries if not one.envelope), lambda one: _company(one, channel))
    messages = [part for group in groups for part in _parts(group, channel)]
    lately = sum(now - STORM_SPAN < moment <= now for moment in sent)
    alone = max(min(_room(channel, now, sent), STORM - lately) - len(again) - 1, 0)
    if len(messages) > alone + 1:
        messages = [*messages[:alone], *_over(messages[alone:], channel)]
    return (*map(tuple, again), *messages)


def _grouped(deliveries: Iterable[Delivery], name: Callable[[Delivery], str]) -> list[list[Delivery]]:
    groups: dict[str, list[Delivery]] = {}
    for delivery in sorted(deliveries, key=_order):
        groups.setdefault(name(delivery), []).append(delivery)
    return list(groups.values())


def _company(delivery: Delivery, channel: Channel) -> str:
    """Name the message that a delivery travels in."""
    if isinstance(delivery.subject, Notice):
        return "notices"
    waited = delivery.first_due is not None and delivery.first_due > delivery.created
    if channel.digest is not None or (waited and (channel.quiet or channel.weekdays)):
        return "digest"
    return f"story {delivery.subject.story}"


def _over(messages: Iterable[tuple[Delivery, ...]], channel: Channel) -> list[tuple[Delivery, ...]]:
    rest = sorted((one for message in messages for one in message), key=_order)
    hits = [one for one in rest if isinstance(one.subject, Hit)]
    notices = [one for one in rest if isinstance(one.subject, Notice)]
    return [*_parts(hits, channel), *_parts(notices, channel)]


def _parts(group: Sequence[Delivery], channel: Channel) -> list[tuple[Delivery, ...]]:
    most = MOST[channel.kind]
    return [tuple(group[start : start + most]) for start in range(0, len(group), most)]


def _room(channel: Channel, now: datetime, sent: Sequence[datetime]) -> int:
    """Return how many messages the channel still takes now."""
    if channel.at_most is None:
        return STORM
    most, window = channel.at_most
    return max(most - sum(now - window < moment <= now for moment in sent), 0)


def _frees(channel: Channel, now: datetime, sent: Sequence[datetime]) -> datetime:
    """Return when the oldest message leaves the window of `at_most`; at once for what is only too much in one go."""
    if channel.at_most is None:
        return now
    window = channel.at_most[1]
    return min((moment for moment in sent if now - window < moment <= now), default=now) + window


def _held(delivery: Delivery, until: datetime) -> Delivery:
    """Hold a delivery. What was never tried is not late: the time to its death begins when it may leave."""
    return replace(delivery, due=until, first_due=delivery.first_due if delivery.attempts else until)


def _sorted_out(
    deliveries: Iterable[Delivery], urgent: AbstractSet[str]
) -> tuple[tuple[Delivery, ...], tuple[Delivery, ...]]:
    """Return what is urgent and what can wait, in order. An envelope with one that is urgent is not taken apart."""
    inorder = sorted(deliveries, key=_order)
    ringing = {one.envelope for one in inorder if one.envelope and _urgent(one, urgent)}

    def presses(one: Delivery) -> bool:
        return _urgent(one, urgent) or one.envelope in ringing

    return tuple(filter(presses, inorder)), tuple(filterfalse(presses, inorder))


def _urgent(delivery: Delivery, urgent: AbstractSet[str]) -> bool:
    return isinstance(delivery.subject, Hit) and delivery.subject.rule in urgent


def _order(delivery: Delivery) -> tuple[datetime, datetime, str]:
    return delivery.created, delivery.subject.found, delivery.key


def enveloped(deliveries: Sequence[Delivery], now: datetime) -> Envelope:
    """Return the envelope of a message that is to leave: the same deliveries have the same one, whenever that is."""
    return Envelope(key=key_of("message", *(one.key for one in deliveries)), dated=now)


def opening(deliveries: Sequence[Delivery]) -> str:
    """Return the key of the delivery in whose thread a message goes; "" for a first one, and for several stories."""
    stories = {one.subject.story if isinstance(one.subject, Hit) else "" for one in deliveries}
    return deliveries[0].follows if len(stories) == 1 else ""


# --- how it went -----------------------------------------------------------------------------------------------------


def after_sent(delivery: Delivery, receipt: Receipt, now: datetime) -> Delivery:  # noqa: ARG001  (what it said is logged)
    """Return the delivery as it stands after the channel took it."""
    return replace(delivery, due=None, outcome=Outcome.SENT, sent=now, attempts=delivery.attempts + 1, error="")


def after_refused(
    delivery: Delivery, error: DeliveryError, now: datetime, dead_after: timedelta, jitter: float
) -> Delivery:
    """Return the delivery as it stands after a refusal: tried again later, or dead and kept for a person.

    `jitter` is in [0, 1) and spreads the retries; deliveries of one message share it, and so stay one message. What
    the channel asks (Retry-After) is honoured, except beyond the day of its death, when it is tried a last time. A
    refusal for good is dead at once.
    """
    tried = replace(delivery, attempts=delivery.attempts + 1, error=error.reason)
    began = delivery.first_due or delivery.created
    over = now >= began + dead_after and tried.attempts >= FEWEST_TRIES
    if not error.retry or over:
        return replace(tried, due=None, outcome=Outcome.DEAD)
    pause = pause_before(tried.attempts, jitter)
    asked = max(pause, error.retry_after or pause)
    last = max(began + dead_after, now + pause)
    return replace(tried, due=min(now + asked, last), outcome=Outcome.RETRY)


def given_up(deliveries: Sequence[Delivery], reason: str) -> str:
    """Say which hits a channel gave up, so that whoever reads it has them after all; and what can be done."""
    hits = [one.subject for one in deliveries if isinstance(one.subject, Hit)]
    said = [
        f"{hit.rule_name}: {shorten(hit.article.title, NAMED_BY, placeholder='…')}\n{hit.article.url}"
        for hit in hits[:MOST_NAMED]
    ]
    more = [f"… and {len(hits) - MOST_NAMED} more"] if len(hits) > MOST_NAMED else []
    kept = "They are kept: monitor deliveries list --outcome dead; monitor deliveries retry"
    return "\n".join([reason, *said, *more, kept])


def pause_before(attempt: int, jitter: float) -> timedelta:
    """Return how long to wait after so many refusals: doubling, between half and the whole of it by `jitter`."""
    whole = min(FIRST_PAUSE * (1 << min(attempt - 1, 10)), LONGEST_PAUSE)
    return whole * (0.5 + jitter / 2)


def behind_refusal(
    deliveries: Sequence[Delivery], until: datetime, urgent: AbstractSet[str]
) -> tuple[tuple[Delivery, ...], tuple[Delivery, ...]]:
    """Return what leaves and what waits in a channel that refused an earlier delivery and is not asked before `until`.

    Only what is urgent is tried all the same: the channel may be well again.
    """
    pressing, patient = _sorted_out(deliveries, urgent)
    return pressing, tuple(replace(one, due=until) for one in patient)


def behind(waiting: Sequence[Delivery], refused: Delivery) -> tuple[Delivery, ...]:
    """Return the deliveries that stood behind a refused one: not tried, due with it, so that the order is kept.

    A refusal for good moves nobody: the next may be taken.
    """
    if refused.due is None:
        return tuple(waiting)
    return tuple(replace(one, due=max(refused.due, one.due or refused.due)) for one in waiting)
