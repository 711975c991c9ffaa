"""What people and machines write for a moment → aware UTC. Pure; "" and nonsense are None."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.dates import MONTHS

# Where a page tells no zone, it is read in: publishers of the Low Countries write their own clock's time.
LOCAL = ZoneInfo("Europe/Brussels")
_YEARS = range(1990, 2100)  # what is older or later is a mistake
_TIME = (
    r"(?:(?:\D{0,12}?[T\s\-,à|]\s*)(?P<hour>[01]?\d|2[0-4])\s?[:hu.]\s?(?P<minute>[0-5]\d)(?::?(?P<second>[0-5]\d))?)?"
)
_ISO = re.compile(
    r"(?P<year>\d{4})-?(?P<month>[01]\d)-?(?P<day>[0-3]\d)"
    r"(?:[T\s]+(?P<hour>[01]\d|2[0-4])[:h]?(?P<minute>[0-5]\d)(?::?(?P<second>[0-5]\d)(?:[.,]\d+)?)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?|CES?T|MES?Z)?"
)
_DAY_FIRST = re.compile(
    r"\b(?P<day>[0-3]?\d)\s?[/.\-]\s?(?P<month>[01]?\d)\s?[/.\-]\s?(?P<year>(?:20|19)?\d\d)\b" + _TIME
)
_NAMED = re.compile(
    r"\b(?P<day>[0-3]?\d)(?:er|e|ste|th|st|nd|rd|\.)?[\s\-]+(?P<name>"
    + "|".join(sorted(MONTHS, key=len, reverse=True))
    + r")\.?,?[\s\-]+(?P<year>(?:20|19)\d\d)\b"
    + _TIME,
    re.IGNORECASE,
)
_NAME_FIRST = re.compile(
    r"\b(?P<name>"
    + "|".join(sorted(MONTHS, key=len, reverse=True))
    + r")\.?\s+(?P<day>[0-3]?\d)(?:th|st|nd|rd)?,?\s+(?P<year>(?:20|19)\d\d)\b"
    + _TIME,
    re.IGNORECASE,
)
_IN_URL = re.compile(r"(?<!\d)((?:19|20)\d\d)[/_-]?([01]\d)[/_-]?([0-3]\d)(?!\d)")
_ZONES = {"": None, "Z": 0, "UTC": 0, "GMT": 0, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2}


def moment(text: str) -> datetime | None:
    """Return the moment that a page's machine-readable value names: ISO 8601 and the ways in which pages miss it."""
    text = text.strip()
    if found := _ISO.match(text):
        return _made(found, found["zone"] or "")
    return written(text)


def written(text: str) -> datetime | None:
    """Return the first moment written out in a line: 29/02/2012 - 23h09, 12 maart 2024 14:30, March 3, 2021."""
    for pattern in (_NAMED, _DAY_FIRST, _NAME_FIRST):
        if (found := pattern.search(text)) and (made := _made(found)):
            return made
    found = _ISO.search(text)
    return _made(found, found["zone"] or "") if found and "-" in found[0] else None


def in_url(url: str) -> datetime | None:
    """Return the day that an address holds (…/2012/05/11/…, DMF20120330_…), at its local noon."""
    for year, month, day in _IN_URL.findall(url):
        try:
            return datetime(int(year), int(month), int(day), 12, tzinfo=LOCAL).astimezone(UTC)
        except ValueError:
            continue
    return None


def _made(found: re.Match[str], zone: str = "") -> datetime | None:
    said = found.groupdict()
    year = int(said["year"]) + (2000 if len(said["year"]) == 2 else 0)
    month = int(said["month"]) if "month" in said else MONTHS[said["name"].lower()]
    day, hour = int(said["day"]), int(said["hour"] or 12)
    # A day without a time is taken at noon: the same day in every zone that matters.
    try:
        naive = datetime(year, month, day, hour % 24, int(said["minute"] or 0), int(said["second"] or 0))  # noqa: DTZ001 - its zone comes next
    except ValueError:
        return None
    return _zoned(naive, zone) if year in _YEARS else None


def _zoned(naive: datetime, zone: str) -> datetime:
    if zone in _ZONES:
        hours = _ZONES[zone]
        return (
            naive.replace(tzinfo=LOCAL).astimezone(UTC)
            if hours is None
            else (naive - timedelta(hours=hours)).replace(tzinfo=UTC)
        )
    digits = zone[1:].replace(":", "").ljust(4, "0")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return (naive - ahead if zone[0] == "+" else naive + ahead).replace(tzinfo=UTC)
