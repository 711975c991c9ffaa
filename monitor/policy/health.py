"""What a person should know of the watch beyond one step: stories that may be missed although nothing fails.

Pure: takes `now` and what the record says. A *doubt* is a poll after which not all that a feed listed may have been
read; a *wall* stands where a publisher answers with anything but its articles, and each answer is a "200 OK".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from monitor.model import Feed, Notice, Outcome, key_of
from monitor.numbers import counted, few, weighed
from monitor.policy.polling import FAILING

# A feed's doubts are told once in so long; status shows them as long.
DAY = timedelta(days=1)
# Of so many of a feed's last entries, not older than this, is looked how they were read.
LAST, SINCE = 10, timedelta(days=7)
# A wall: so many of them at least, and such a share, could not be read; it is gone when less than half cannot.
ENOUGH, MOSTLY, FEWER = 8, 0.8, 0.5
# So many feeds, and most of all, fail for one reason: ours.
FEW = 5
# A clock that went so far since it was last looked at leapt, as far as anybody can tell.
LEAP = timedelta(days=7)
# A disk with less room than this for the database is nearly full: some days of a large desk.
LITTLE = 200_000_000
# A daemon that leaves work lie for so long hangs, or has far too much of it.
BEHIND = timedelta(minutes=20)
# A notice shows forty lines.
MOST_LINES = 35

_READ = frozenset({Outcome.READ, Outcome.TEASER})
_UNREAD = frozenset({Outcome.GATE, Outcome.NOT_ARTICLE, Outcome.NO_TEXT, Outcome.GONE, Outcome.FAILED})


class Doubt(Protocol):
    """What the store knows of a poll after which entries may be unread."""

    @property
    def feed(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def old(self) -> int: ...
    @property
    def reason(self) -> str: ...


# --- doubts ----------------------------------------------------------------------------------------------------------


def missed(doubts: Sequence[Doubt], since: datetime, zone: ZoneInfo, now: datetime) -> Notice | None:
    """Return what is told of the doubts that came after `since`; None when that was told of their feeds within a day.

    `doubts` reach back to a day before `since`. The notice has the same key whenever it is made.
    """
    told = {one.feed for one in doubts if one.at <= since}
    fresh = [one for one in doubts if one.at > since and one.feed not in told]
    if not fresh:
        return None
    names = tuple(dict.fromkeys(one.feed for one in fresh))
    lines = [f"{one.feed}, {local(one.at, zone)}: {in_doubt(one)}" for one in fresh]
    return Notice(
        key=key_of("notice", "doubts", since.isoformat()),
        title=f"stories may have been missed: {few(names, 3)}",
        text="\n".join([*_some(lines), "More: monitor feeds show NAME"]),
        found=now,
    )


def in_doubt(doubt: Doubt) -> str:
    """Say what may have been missed, and why."""
    if doubt.old:
        said = f"{counted(doubt.old, 'entry was', 'entries were')} taken for an archive and not read"
    else:
        said = "it listed nothing of what it had listed before; what came and went in between was not seen"
    return f"{said} ({doubt.reason})" if doubt.reason else said


# --- walls -----------------------------------------------------------------------------------------------------------


def walled(outcomes: Mapping[Outcome, int]) -> str:
    """Say how few of a feed's last entries could be read; "" when that is as it should be."""
    done, unread = _shares(outcomes)
    if done < ENOUGH or unread < MOSTLY * done:
        return ""
    why = ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items()) if outcome in _UNREAD)
    return (
        f"{unread} of its last {done} articles could not be read ({why}): only their titles and summaries are matched"
    )


def walls(
    lately: Mapping[str, Mapping[Outcome, int]], told: Collection[str], now: datetime
) -> tuple[tuple[str, ...], tuple[Notice, ...]]:
    """Return the feeds behind a wall, and what is told: of those not told yet, and of those of `told` that are well."""
    now_walled = {name: said for name, outcomes in sorted(lately.items()) if (said := walled(outcomes))}
    well = sorted(name for name in told if name not in now_walled and _is_read(lately.get(name, {})))
    new = {name: said for name, said in now_walled.items() if name not in told}
    behind = tuple(sorted({*now_walled, *told} - set(well)))
    notices = []
    if new:
        lines = [f"{name}: {said}" for name, said in new.items()]
        notices.append(_of_walls(f"articles cannot be read: {few(new, 3)}", lines, now))
    if well:
        notices.append(_of_walls(f"articles can be read again: {few(well, 3)}", well, now))
    return behind, tuple(notices)


def _of_walls(title: str, lines: Sequence[str], now: datetime) -> Notice:
    text = "\n".join([*_some(lines), "More: monitor feeds show NAME; monitor read URL"])
    return Notice(key=key_of("notice", "walls", now.date().isoformat(), title), title=title, text=text, found=now)


def _is_read(outcomes: Mapping[Outcome, int]) -> bool:
    done, unread = _shares(outcomes)
    return done > 0 and unread < FEWER * done


def _shares(outcomes: Mapping[Outcome, int]) -> tuple[int, int]:
    """Return how many were done, and how many of these could not be read."""
    unread = sum(number for outcome, number in outcomes.items() if outcome in _UNREAD)
    return unread + sum(number for outcome, number in outcomes.items() if outcome in _READ), unread


# --- the disk --------------------------------------------------------------------------------------------------------


def crowded(room: int | None) -> str:
    """Say how little room the database's disk has; "" when there is enough, or nobody knows."""
    return f"its disk is nearly full: {weighed(room)} are left" if room is not None and room < LITTLE else ""


def of_disk(room: int | None, now: datetime) -> Notice | None:
    """Return what is told of it, once a day."""
    said = crowded(room)
    key = key_of("notice", "disk", now.date().isoformat())
    title = f"the database: {said}"
    return Notice(key=key, title=title, text="When it is full, the watch stops.", found=now) if said else None


# --- the clock -------------------------------------------------------------------------------------------------------


def steady_since(last: datetime | None, since: datetime | None, now: datetime) -> datetime | None:
    """Return since when the clock has gone on without a leap; None when no leap is known.

    `last` is when that was asked before, and `since` what was returned then. A daemon that was off for long looks the same.
    """
    return now if last is not None and not timedelta() <= now - last < LEAP else since


def may_drop(since: datetime | None, now: datetime) -> bool:
    """Say whether what is old may be dropped: not by a clock that may be ten years ahead by mistake, for a day."""
    return since is None or now - since >= DAY


# --- in a sentence ---------------------------------------------------------------------------------------------------


def ailing(feed: Feed) -> str:
    """Say what is wrong with asking a feed, and since when; "" when nothing is that a person need know."""
    state = feed.state
    if state.due is None and state.failures:
        return "gone for good (410), no longer polled: mend or remove it in rules.yaml"
    if state.failures >= FAILING:
        since = f"since {local(state.polled)}" if state.polled else "and never could be"
        return f"cannot be read {since}: {state.error}"
    if state.told and state.newest and not state.failures:
        return f"{state.told}: the last came {local(state.newest)}"
    return ""


def own_line(feeds: Sequence[Feed]) -> str:
    """Say that our own network may be down, where hardly a feed can be read; "" elsewhere."""
    failing = sum(feed.state.failures >= FAILING for feed in feeds)
    if failing < FEW or failing < MOSTLY * len(feeds):
        return ""
    return f"{failing} of {counted(len(feeds), 'feed')} cannot be read: is the network of this machine down?"


def local(moment: datetime, zone: ZoneInfo | None = None) -> str:
    """Return a moment as a clock there shows it; as this machine's does, when no zone is named."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _some(lines: Iterable[str]) -> list[str]:
    every = list(lines)
    more = [f"… and {len(every) - MOST_LINES} more"] if len(every) > MOST_LINES else []
    return every[:MOST_LINES] + more
