"""Moments as feeds and pages write them → aware datetimes in UTC. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

# What lies outside was never meant: an epoch that stands for "no date", or year 9999 for "always on top".
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
FARTHEST = timedelta(days=2 * 366)  # ahead of the moment of asking: an agenda may announce, not more

# As papers of four languages write them, in full and cut short.
MONTHS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "january januari janvier januar jänner jaenner jan janv",
            "february februari février fevrier februar feber feb fév fevr févr fev",
            "march maart mars märz maerz mar mrt mär",
            "april avril apr avr",
            "may mei mai",
            "june juni juin jun",
            "july juli juillet jul juil juill",
            "august augustus août aout aug aoû",
            "september septembre sep sept",
            "october oktober octobre oct okt",
            "november novembre nov",
            "december décembre decembre dezember dec déc dez",
        ),
        start=1,
    )
    for name in names.split()
}
# RFC 822's names, and those of the countries whose papers we read. Hours from UTC.
_ZONES = {
    "z": 0,
    "ut": 0,
    "utc": 0,
    "gmt": 0,
    "wet": 0,
    "west": 1,
    "bst": 1,
    "ist": 1,
    "cet": 1,
    "met": 1,
    "mez": 1,
    "cest": 2,
    "mest": 2,
    "mesz": 2,
    "eet": 2,
    "eest": 3,
    "msk": 3,
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
}
_ISO = re.compile(r"(\d{4})-?(\d{2})(?:-?(\d{2}))?(?!\d)")
_DAY_FIRST = re.compile(
    r"(?<!\d)(\d{1,2})(?:er|e|st|nd|rd|th)?[\s.\-/]+(?:de\s+)?([^\W\d_]{3,9})[\s.,\-/]+(\d{4}|\d{2})(?!\d)"
)
_MONTH_FIRST = re.compile(
    r"([^\W\d_]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(?:[\d:]+\s+(?:[a-z]+\s+)?)?(\d{4})(?!\d)"
)
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?!\d)")  # day before month, as in Europe
_TIME = re.compile(r"(?<![\d:+-])(\d{1,2})[:hu.](\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?!\d)(?:\s*([ap])\.?m\b\.?)?")
_ISO_TIME = re.compile(r"t(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,]\d+)?)?")
_OFFSET = re.compile(r"(?:gmt|utc)?\s*([+\-−])(\d{1,2}):?(\d{2})?(?!\d)")
_WORD = re.compile(r"[a-z]+")
_EPOCH = re.compile(r"(\d{10})(?:\d{3})?(?:\.\d+)?")


def moment(text: str, asked: datetime | None = None) -> datetime | None:
    """Return the moment that the text names, in UTC; None when it names none that can be meant.

    Reads RFC 822, ISO 8601, asctime, seconds since 1970, and dates in English, Dutch, French and German words. A time
    without a zone, or with one that is not known, is UTC. Absurd is what lies before 1980 or more than two years after
    `asked` (after 2100 when that is not given).
    """
    said = " ".join(text[:200].lower().split())
    try:
        when = _epoch(said) or _calendar(said)
    except (ValueError, OverflowError):
        return None
    return when if when and sane(when, asked) else None


def sane(when: datetime, asked: datetime | None) -> bool:
    """Tell whether an article can bear this date."""
    latest = asked + FARTHEST if asked else datetime(2100, 1, 1, tzinfo=UTC)
    return EARLIEST <= when <= latest


def _epoch(said: str) -> datetime | None:
    found = _EPOCH.fullmatch(said)
    return datetime.fromtimestamp(int(found[1]), UTC) if found else None


def _calendar(said: str) -> datetime | None:
    found = _day(said)
    if not found:
        return None
    year, month, day, end = found
    hour, minute, second, rest = _time(said, end)
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=_zone(rest)).astimezone(UTC)


def _day(said: str) -> tuple[int, int, int, int] | None:
    """Return year, month and day, and where in the text the date ends."""
    if iso := _ISO.match(said):
        return int(iso[1]), int(iso[2]), int(iso[3] or 1), iso.end()
    for found in _DAY_FIRST.finditer(said):
        if found[2] in MONTHS:
            return _century(found[3]), MONTHS[found[2]], int(found[1]), found.end()
    for found in _MONTH_FIRST.finditer(said):
        if found[1] in MONTHS:
            return int(found[3]), MONTHS[found[1]], int(found[2]), 0
    if numbers := _NUMBERS.search(said):
        day, month = int(numbers[1]), int(numbers[2])
        day, month = (month, day) if month > 12 else (day, month)
        return int(numbers[3]), month, day, numbers.end()
    return None


def _century(year: str) -> int:
    """RFC 822 wrote two digits."""
    number = int(year)
    return number if len(year) == 4 else number + (2000 if number < 70 else 1900)


def _time(said: str, after: int) -> tuple[int, int, int, str]:
    """Return hour, minute and second, and what follows them: midnight when no time is named."""
    found = _ISO_TIME.match(said, after) or _TIME.search(said, after)
    if not found:
        return 0, 0, 0, ""
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    half = found[4] if found.re is _TIME else None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if (hour, minute) == (24, 0):
        hour, minute = 23, 59  # the end of a day is not the next one
    return hour, minute, second, said[found.end() :].strip()


def _zone(rest: str) -> timezone:
    if found := _OFFSET.match(rest):
        ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        return timezone(ahead if found[1] == "+" else -ahead)
    word = _WORD.match(rest)
    return timezone(timedelta(hours=_ZONES.get(word[0], 0) if word else 0))
