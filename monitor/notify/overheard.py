"""HTTP as apprise does it, overheard: status, Retry-After and the answer's first words, which apprise keeps to itself.

apprise's plugins call `requests.post`, which makes a session each time; the one place where such a session can be met
is the adapter that it mounts. Ours hears only in threads that listen (`listening`); for all others it is the usual
one. It also keeps the promises that plugins do not: no redirect is followed (a redirected POST becomes a GET, and
looks like success), no answer is read beyond `MOST`, none beyond the deadline.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import requests.adapters
import requests.sessions

from monitor.notify.attempt import Attempt, Refused

# An answer says "ok" or why not: what is longer is an error page, or an attack.
MOST = 32_768
_AGAIN = frozenset({408, 421, 425, 429})


@dataclass(slots=True)
class Heard:
    """What the last answer was."""

    attempt: Attempt
    status: int = 0
    body: str = ""
    headers: Mapping[str, str] | None = None
    error: str = ""

    def refusal(self, reason: str = "") -> Refused:
        """Return why the service did not take the message, and whether trying again can help."""
        if not self.status:
            return Refused(self.error or reason or "no answer", uncertain=self.attempt.begun)
        words = " ".join(part for part in (str(self.status), self.body[:200].strip() or reason) if part)
        again = self.status in _AGAIN or self.status >= 500 or 300 <= self.status < 400
        return Refused(words, retry=again, retry_after=self.retry_after())

    def retry_after(self) -> timedelta | None:
        """Return how long to wait: the header, in seconds or as a date; else what Telegram and Discord write."""
        headers = self.headers or {}
        said = headers.get("Retry-After", "")
        return _seconds(said) or _until(said, headers.get("Date", "")) or _in_body(self.body)


_ears = threading.local()


@contextmanager
def listening(attempt: Attempt) -> Iterator[Heard]:
    """Hear what HTTP this thread does in this block."""
    heard = _ears.heard = Heard(attempt)
    try:
        yield heard
    finally:
        _ears.heard = None


class _Adapter(requests.adapters.HTTPAdapter):
    def send(self, request: requests.PreparedRequest, *args: Any, **how: Any) -> requests.Response:
        heard: Heard | None = getattr(_ears, "heard", None)
        if heard is None:
            return super().send(request, *args, **how)
        heard.status, heard.attempt.begun = 0, True
        how["timeout"] = min(heard.attempt.left(), 15.0)
        try:
            response = super().send(request, *args, **how)
        except requests.ConnectTimeout:
            heard.error, heard.attempt.begun = "no connection in time", False
            raise
        except requests.RequestException as error:
            heard.error, heard.attempt.begun = _without_address(error), not _never_sent(error)
            raise
        heard.attempt.closes(response.close)
        body = _capped(response, heard.attempt)
        heard.status, heard.headers = response.status_code, response.headers
        heard.body = body.decode("utf-8", "replace")
        if response.is_redirect:
            response.headers.pop("Location")
        return response


requests.sessions.HTTPAdapter = _Adapter  # type: ignore[attr-defined]


def _capped(response: requests.Response, attempt: Attempt) -> bytes:
    """Read the answer as far as it is wanted, and leave it so that nobody reads on."""
    body, until = b"", time.monotonic() + attempt.left() / 2
    try:
        while len(body) < MOST and time.monotonic() < until:
            chunk = response.raw.read1(MOST, decode_content=True)
            if not chunk:
                break
            body += chunk
    except Exception:  # noqa: BLE001  (the status has been heard: a torn body changes nothing)
        body = body[:MOST]
    finally:
        response.raw.close()
    response._content = body[:MOST]
    response._content_consumed = True
    return body[:MOST]


def _never_sent(error: requests.RequestException) -> bool:
    """Whether it failed before anything went out: a refused connection, a wrong certificate, an unknown name."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    name = type(reason).__name__
    return isinstance(error, requests.exceptions.SSLError) or name in {"NewConnectionError", "NameResolutionError"}


def _without_address(error: requests.RequestException) -> str:
    """Name the error without its text, which holds the whole address."""
    cause = error.args[0] if error.args else error
    reason = getattr(cause, "reason", cause)
    return f"{type(error).__name__}: {type(reason).__name__}"


def _seconds(said: str) -> timedelta | None:
    return timedelta(seconds=int(said)) if said.strip().isdecimal() and len(said) < 10 else None


def _until(said: str, date: str) -> timedelta | None:
    """A date is compared with the server's own clock, which may not be ours."""
    try:
        return max(parsedate_to_datetime(said) - parsedate_to_datetime(date), timedelta(0)) or None
    except (ValueError, TypeError):
        return None


def _in_body(body: str) -> timedelta | None:
    try:
        said = json.loads(body)
        seconds = float(said.get("retry_after") or said["parameters"]["retry_after"])
        return timedelta(seconds=min(max(seconds, 0.0), 10**7))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
