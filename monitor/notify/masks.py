"""What may be said of an address, and what may be put into a message."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote

from monitor.model import Channel, Message

_UNSENDABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_LONGEST_REASON = 300
_BETWEEN = re.compile(r"[/:@?&=,+#]+")


def mask(text: str, channel: Channel) -> str:
    """Return text as one short line without the secrets of the channel's address.

    Of a mail address user and password are secret, of all others every part but the scheme: a token stands in the
    place of the host as often as in the path.
    """
    line = " ".join(text.split())
    for secret in _secrets(channel):
        line = line.replace(secret, "•••")
    return line[:_LONGEST_REASON]


def _secrets(channel: Channel) -> list[str]:
    """Return the secret parts, longest first, as written and as meant."""
    address = channel.url.reveal() if channel.url else ""
    rest = address.partition("://")[2]
    if channel.kind == "mail":
        user = re.split(r"[/?]", rest, maxsplit=1)[0].rpartition("@")[0]
        found = [*user.split(":", 1)[1:], *re.findall(r"[?&]pass=([^&]+)", rest)]
    else:
        found = [part for part in (rest, *_BETWEEN.split(rest)) if len(part) > 5 and not _is_public(part)]
    both = {form for part in found for form in (part, unquote(part)) if form}
    return sorted(both, key=len, reverse=True)


def _is_public(part: str) -> bool:
    """Names of hosts help to understand an error, and are no secret."""
    return bool(
        re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}|localhost|services|(127|10)(\.\d+){3}", part, re.IGNORECASE)
    )


def sendable(message: Message) -> Message:
    """Return the message without what no channel can carry: control signs, lone surrogates, a title of two lines."""
    return replace(
        message,
        title=" ".join(_UNSENDABLE.sub(" ", message.title).split()) or "monitor",
        text=_lines(message.text) or "monitor",
        html=_lines(message.html),
    )


def _lines(text: str) -> str:
    return _UNSENDABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))
