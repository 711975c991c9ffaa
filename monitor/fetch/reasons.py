"""Why a fetch failed, in words for people, and whether trying again may help. Pure."""

from __future__ import annotations

import re
import ssl
from http import HTTPStatus

import aiohttp

from monitor.fetch.addresses import RefusedError
from monitor.urls import clean

_KINDS: tuple[tuple[type[Exception], str, bool], ...] = (
    (aiohttp.InvalidURL, "this address cannot be asked", False),
    (UnicodeError, "this address cannot be asked", False),
    (aiohttp.ClientPayloadError, "the answer broke off", True),
    (aiohttp.ServerDisconnectedError, "the server closed the connection", True),
    (ImportError, "this feed needs the extra: pip install 'monitor[browser]'", False),
)


def of(error: Exception) -> tuple[str, bool]:
    """Return why, and whether to try again, for whatever the libraries below raise."""
    for kind, words, retry in _KINDS:
        if isinstance(error, kind):
            return words, retry
    if isinstance(error, aiohttp.ClientConnectorError):
        return _connecting(error), not isinstance(error.os_error, RefusedError)
    if isinstance(error, aiohttp.ClientResponseError):
        return f"the answer is not HTTP as it should be ({short(_fault(error.message))})", True
    return short(str(error)) or type(error).__name__, not isinstance(error, RefusedError)


def of_status(status: int) -> str:
    """Return a status in our words: those of the server are a stranger's."""
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def short(text: str) -> str:
    """Return a stranger's words on one line, fit for a log."""
    return clean(" ".join(text.split()))[:120]


def _fault(message: str) -> str:
    """Return what the HTTP parser says is wrong, without the stranger's bytes that it shows."""
    return re.split(r":\s+b['\"]", message, maxsplit=1)[0]


def _connecting(error: aiohttp.ClientConnectorError) -> str:
    cause = error.os_error
    words = short(cause.strerror or str(cause))
    if isinstance(cause, RefusedError):
        return str(cause)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the name cannot be resolved ({words})"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"no safe connection ({short(cause.verify_message)})"
    if isinstance(cause, ssl.SSLError):
        return f"no safe connection ({short(cause.reason or '') or words})"
    return f"no connection ({words})"
