"""What we say in a request and what an answer's headers say to us. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from yarl import URL

from monitor import __version__
from monitor.model import FeedState
from monitor.urls import clean

FEED_TYPES = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.8"
PAGE_TYPES = "text/html, application/xhtml+xml, */*;q=0.8"
WAIT_AT_MOST = timedelta(days=1)  # a server may ask for years: a feed must not stop for good in silence

# An ETag or a date that can be kept and sent back byte for byte; others are as good as none.
_VALIDATOR = re.compile(r"[\x20-\x7e]{1,1024}")


def agent(contact: str) -> str:
    """Return who we are: `monitor/0.1.0 (+redactie@example.be)`."""
    said = re.sub(r"[^\x20-\x7e]|[()]", "", contact).strip()
    return f"monitor/{__version__}" + (f" (+{said})" if said else "")


def conditions(state: FeedState) -> dict[str, str]:
    """Return the headers that ask for the feed only if it is not as we know it (RFC 9110, 13.1)."""
    known = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    return {name: value for name, value in known.items() if value}


def login(url: URL) -> str:
    """Return the Authorization header for the `user:password@` of an address, "" when it has none (RFC 7617)."""
    if url.user is None and url.password is None:
        return ""
    return "Basic " + base64.b64encode(f"{url.user or ''}:{url.password or ''}".encode()).decode("ascii")


def validator(headers: Mapping[str, str], name: str) -> str:
    """Return an ETag or Last-Modified as it came, "" when it is missing or no one could send it back."""
    value = headers.get(name, "")
    return value if _VALIDATOR.fullmatch(value) else ""


def content_type(headers: Mapping[str, str]) -> tuple[str, str]:
    """Return the media type and the charset that a Content-Type names, both in lower case and "" when it does not."""
    kind, _, more = headers.get("Content-Type", "").partition(";")
    charset = re.search(r"charset\s*=\s*[\"']?([^\s;,\"']+)", more, re.IGNORECASE)
    return clean(kind).strip().lower(), clean(charset[1]).lower() if charset else ""


def retry_after(headers: Mapping[str, str], now: datetime | None) -> timedelta | None:
    """Return how long the server wants us to stay away, at most a day (RFC 9110, 10.2.3); None when it does not say.

    It says so in seconds or as a date; a date counts from the server's own clock, or from `now` when it shows none.
    """
    said = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]+", said):
        return min(timedelta(seconds=int(said[:9])), WAIT_AT_MOST)  # nine digits are thirty years
    until, since = _date(said), _date(headers.get("Date", "")) or now
    if until is None or since is None:
        return None
    return min(max(until - since, timedelta(0)), WAIT_AT_MOST)


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
