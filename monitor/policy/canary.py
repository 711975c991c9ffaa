"""The canary: once a day a test entry goes all the way, from the inbox to every channel. Pure: takes `now`.

It is an entry of no feed with a page and a rule of its own, so that reading, extraction, the rules and the outbox have
to work for it to arrive. What it ends as is a notice: it is never among the hits, their stories or their reports.
Identity is computed from the day, so that a restart, a clock that jumps or two ticks let out one canary a day.

    due ──▶ entry ══inbox══▶ page, among ──▶ song ══outbox══▶ sent, or missing ──▶ whom
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from monitor.model import Channel, Delivery, Entry, Notice, Outcome, Page, Verdict, key_of
from monitor.policy.delivery import moments
from monitor.rules.find import parse_find
from monitor.rules.spec import Rule, RuleBook

# In the channels by then, or settings.ops is told. Long enough for two retries.
WITHIN: Final = timedelta(minutes=15)
# A daemon that was off at the time lets it out when it is back, unless the next one is nearer.
LATEST: Final = timedelta(hours=12)
# Where a visit finds it in the inbox. No feed has this host.
HOST: Final = "canary"

_ID: Final = "canary of "  # and the day
_ADDRESS: Final = "https://canary.invalid/"  # RFC 2606: nobody's
# No user's rule has a blank in its id, and no newspaper this word.
RULE: Final = Rule(id="the canary", name="Canary", lines=parse_find("monitorkanarie + sings   [sentence]")[0])
_PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta property="og:type" content="article"></head><body><main><article><h1>{title}</h1>
<p>Every day the monitorkanarie sings once, to show that what is found also arrives. Nobody wrote about it, and no desk
needs to do anything with it.</p><p>It was put into the inbox, read as any other page, matched as any other article and
handed to every channel. When it stays away from one, the others are told.</p></article></main></body></html>"""


def due(at: time, now: datetime, zone: ZoneInfo) -> tuple[date, datetime]:
    """Return the last day whose canary's time has come, and when that was.

    `at` is local. A time that the clock shows twice counts once, the first time; one that it never shows becomes the
    next moment that exists.
    """
    today = now.astimezone(zone).date()
    return next(
        (day, moment)
        for day in (today - timedelta(days=back) for back in range(3))
        if (moment := moments(day, at, zone)[0]) <= now
    )


def entry(day: date, now: datetime) -> Entry:
    """Return the canary of a day, as it goes into the inbox."""
    name = _ID + day.isoformat()
    return Entry(key=key_of("entry", name), feed="", id=name, title=name.capitalize(), found=now, due=now)


def is_canary(found: Entry) -> bool:
    """Say whether this is a canary. No feed can list one: what it lists is the feed's."""
    return not found.feed and found.id.startswith(_ID) and found.key == key_of("entry", found.id)


def page(canary: Entry) -> Page:
    """Return its page: no server has it, and all that comes after fetching is done with it."""
    address = _ADDRESS + canary.id[len(_ID) :]
    body = _PAGE.format(title=canary.title).encode()
    return Page(url=address, asked=address, body=body, content_type="text/html", charset="utf-8")


def among(book: RuleBook) -> RuleBook:
    """Return the user's rules with the canary's behind them."""
    return replace(book, rules=(*book.rules, RULE))


def song(canary: Entry, verdict: Verdict, now: datetime) -> Notice | None:
    """Return what the channels are told, None when the rules did not know the canary: then it is missing everywhere."""
    match = next((match for match in verdict.matches if match.rule == RULE.id), None)
    if match is None:
        return None
    said = match.evidence[0].sentence
    text = f"A test, nothing has happened: monitor works, and this channel hears of it.\n“{said}”"
    return Notice(key=song_key(canary), title=canary.title, text=text, found=now)


def song_key(canary: Entry) -> str:
    """Return the key of the notice that a canary becomes."""
    return key_of("notice", canary.id)


def latest(at: time, now: datetime, zone: ZoneInfo) -> tuple[Entry, ...]:
    """Return the canaries that may be the last one on record, the newest first: today's, or that of the day before."""
    day, _ = due(at, now, zone)
    return tuple(entry(day - timedelta(days=back), now) for back in range(2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """How far a canary came: when it was sent, by channel, and why not, in the channels where it is awaited."""

    let_out: datetime
    arrived: Mapping[str, datetime]
    awaited: Mapping[str, str]


def flight(canary: Entry, deliveries: Sequence[Delivery], channels: Iterable[str], now: datetime) -> Flight:
    """Return how far a canary on record came, in the channels that there are."""
    found = {one.channel: one for one in deliveries}
    here = {name: found.get(name) for name in channels}
    return Flight(
        let_out=canary.found or now,
        arrived={name: one.sent for name, one in here.items() if one and one.sent},
        awaited={name: one.error if one else "" for name, one in here.items() if not (one and one.sent)},
    )


@dataclass(frozen=True, slots=True)
class Missing:
    """A channel in which the canary is missing, and why; no channel when it did not come as far as the outbox."""

    channel: str
    why: str


def missing(
    let_out: datetime, deliveries: Sequence[Delivery], channels: Iterable[str], now: datetime
) -> tuple[Missing, ...]:
    """Return where the canary should have arrived by now. Quiet hours and `at_most` may hold it: then it has longer."""
    if not deliveries:
        stuck = Missing("", "it was let out and did not come as far as the outbox: reading or matching fails")
        return (stuck,) if now >= let_out + WITHIN else ()
    here = set(channels)
    return tuple(
        Missing(one.channel, one.error or "it still waits to be sent")
        for one in deliveries
        if one.channel in here and one.outcome is not Outcome.SENT and now >= (one.first_due or one.created) + WITHIN
    )


def whom(ops: Sequence[str], lost: Sequence[Missing], channels: Mapping[str, Channel]) -> tuple[str, ...]:
    """Return the channels that are told of it: those of settings.ops that work, else whatever works, else all of ops."""
    silent = {one.channel for one in lost}
    return (
        tuple(name for name in ops if name not in silent)
        or tuple(name for name in channels if name not in silent)
        or tuple(ops)
    )


def alarm(canary: Entry, lost: Missing, now: datetime) -> Notice:
    """Return what is told of a channel in which the canary is missing; once, for its key is of the day and the channel."""
    where = lost.channel or "any channel"
    return Notice(
        key=key_of("notice", "missing", canary.id, lost.channel),
        title=f"the {canary.id} did not arrive in {where}",
        text=f"{lost.why}\nHits may be held up in the same way: monitor status; monitor deliveries list",
        found=now,
    )
