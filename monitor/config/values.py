"""What a text behind a key means: `5m`, `20/h`, `23:00-06:30`, `mon-fri`. ValueError says what may be written.

What may hold a secret (an address) is never quoted.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Sequence
from datetime import time, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal

from monitor.model import FIELDS, FieldName
from monitor.rules.find import nearest, parse_ref

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(\d{1,6})\s*([smhd])")
_TIME = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")
_RATE = re.compile(r"(\d{1,6})\s*/\s*(\d{0,4})\s*([smhd])")
_COUNT = re.compile(r"(\d{1,3})\s+(?:of|van|de|von)\s+(\$.*)")
_LANGUAGE = re.compile(r"[a-z]{2}")
_NAME = re.compile(r"[^\W_][\w.-]*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+|mailtos?:\S+", re.DOTALL)
_DAYS = (("mon", "maandag"), ("tue", "dinsdag"), ("wed", "woensdag"), ("thu", "donderdag"), ("fri", "vrijdag"),
         ("sat", "zaterdag"), ("sun", "zondag"))  # fmt: skip
_ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def duration(text: str) -> timedelta:
    """Return what `30s`, `5m`, `2h`, `7d` means; no time at all means nothing."""
    said = _DURATION.fullmatch(text.strip())
    if not said or int(said[1]) == 0:
        raise ValueError(f"'{text}' is no length of time; write 30s, 5m, 2h or 7d")
    return timedelta(**{_UNITS[said[2]]: int(said[1])})


def pause(text: str) -> timedelta:
    """Return what `1s` means; `0s` is no time at all: no pause, for a server of one's own."""
    return timedelta(0) if re.fullmatch(r"0+\s*[smhd]", text.strip()) else duration(text)


def clock(text: str) -> time:
    """Return the time of day that `07:30` means."""
    said = _TIME.fullmatch(text.strip())
    if not said:
        raise ValueError(f"'{text}' is no time of day; write \"07:30\"")
    return time(int(said[1]), int(said[2]))


def rate(text: str) -> tuple[int, timedelta]:
    """Return what `20/h` or `5/30m` means."""
    said = _RATE.fullmatch(text.strip())
    if not said or int(said[1]) == 0:
        raise ValueError(f"'{text}' is no rate; write 20/h, 5/30m or 100/d")
    return int(said[1]), duration(f"{said[2] or 1}{said[3]}")


def quiet_hours(text: str) -> tuple[time, time]:
    """Return from when until when `23:00-06:30` lasts."""
    begin, dash, end = text.partition("-")
    if not dash or clock(begin) == clock(end):
        raise ValueError(f"'{text}' is no span of the day; write \"23:00-06:30\"")
    return clock(begin), clock(end)


def digest_time(text: str) -> time | Literal["hourly"]:
    """Return when a digest leaves."""
    return "hourly" if text.strip() == "hourly" else clock(text)


def counted(text: str) -> tuple[int, tuple[str, str]]:
    """Return what `2 of $kremlin` means."""
    said = _COUNT.fullmatch(text.strip())
    if not said or int(said[1]) < 2:
        raise ValueError(f"'{text}' counts nothing; write 2 of $kremlin")
    return int(said[1]), parse_ref(said[2])


def days_of_week(texts: Sequence[str]) -> frozenset[int]:
    """Return the days that `mon-fri`, `[sat, sun]` or `ma, wo` name; 0 is Monday."""
    days: set[int] = set()
    for text in texts:
        begin, dash, end = text.partition("-")
        first, last = _weekday(begin), _weekday(end) if dash else _weekday(begin)
        days |= {day % 7 for day in range(first, last + 1 if last >= first else last + 8)}
    return frozenset(days)


def _weekday(text: str) -> int:
    said = text.strip().casefold()
    for number, (english, dutch) in enumerate(_DAYS):
        if said in (english, _ENGLISH[number], dutch, dutch[:2]):
            return number
    raise ValueError(
        f"'{text.strip()}' is no day{nearest(said, [*_ENGLISH, *(day for _, day in _DAYS)])}; write mon, tue … sun"
    )


def field_names(texts: Sequence[str]) -> tuple[FieldName, ...]:
    """Return the fields that `in: title, body` names, in reading order."""
    for text in texts:
        if text not in FIELDS:
            raise ValueError(f"'{text}' is no field{nearest(text, FIELDS)}; write title, lead, body")
    return tuple(field for field in FIELDS if field in texts)


def language_codes(texts: Sequence[str]) -> frozenset[str]:
    """Return language codes; ValueError for what is none."""
    for text in texts:
        language_code(text)
    return frozenset(texts)


def language_code(text: str) -> str:
    """Return the code of a language as written; ValueError for what is none."""
    if not _LANGUAGE.fullmatch(text):
        raise ValueError(f"'{text}' is no language; write its two letters: nl, fr, de, en")
    return text


def is_language(key: str) -> bool:
    """Return whether a list's key names a language, and not a group."""
    return bool(_LANGUAGE.fullmatch(key.lower()))


def known_timezone(text: str) -> str:
    """Return the name of a time zone that this machine knows."""
    try:
        return zoneinfo.ZoneInfo(text).key
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError in name only: a folder's name is an OSError
        pass
    except zoneinfo.ZoneInfoNotFoundError:
        pass
    raise ValueError(f"'{text}' is no time zone{nearest(text, zoneinfo.available_timezones())}; write Europe/Brussels")


def network_of(text: str) -> IPv4Network | IPv6Network:
    """Return the network that `127.0.0.0/8` names."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(f"'{text}' is no network; write 127.0.0.0/8") from None


def web_address(text: str) -> str:
    """Return a web address as written; ValueError when it is none."""
    if not re.fullmatch(r"https?://[^\s/?#]+\S*", text.strip(), re.IGNORECASE):
        raise ValueError("this is no web address; write https://…")
    return text.strip()


def channel_url(text: str) -> str:
    """Return an apprise address; ValueError when it is none."""
    if not _SCHEME.fullmatch(text.strip()):
        raise ValueError("this is no address of a channel; write mailtos://…, slack://…, https://…")
    return text.strip()


def plain_name(text: str) -> str:
    """Return a name that can stand in a command and an address."""
    if not _NAME.fullmatch(text):
        raise ValueError(f"'{text}' is no name; write letters, digits, '-', '_' and '.'")
    return text


def comma_apart(texts: Sequence[str]) -> list[str]:
    """Return the names in `title, body` and in `[title, body]`."""
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]
