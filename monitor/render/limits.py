"""How long a title and a text may be, by service. Pure: a table.

The numbers are the services' own as apprise knows them (a test compares); what is not named here gets a length that
all but text messages (SMS) take.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from monitor.model import Channel


class Limit(NamedTuple):
    """Characters."""

    title: int
    body: int


COMMON = Limit(200, 1_000)
# Slack and Discord refuse what is longer, Telegram too; ntfy makes a file of it, SMS a second message.
LIMITS: Mapping[str, Limit] = {
    "discord": Limit(200, 2_000),
    "gchat": Limit(200, 4_000),
    "gotify": Limit(200, 8_000),
    "gotifys": Limit(200, 8_000),
    "json": Limit(200, 20_000),
    "jsons": Limit(200, 20_000),
    "matrix": Limit(200, 8_000),
    "matrixs": Limit(200, 8_000),
    "mmost": Limit(200, 4_000),
    "mmosts": Limit(200, 4_000),
    "ntfy": Limit(200, 4_000),
    "ntfys": Limit(200, 4_000),
    "pover": Limit(200, 1_024),
    "rocket": Limit(200, 1_000),
    "rockets": Limit(200, 1_000),
    "tgram": Limit(200, 4_096),
    "threema": Limit(200, 3_500),
    "twilio": Limit(60, 320),
    "whatsapp": Limit(200, 1_024),
    "zulip": Limit(60, 8_000),
}


def limit_of(channel: Channel) -> Limit:
    """Return what a channel's service takes."""
    address = channel.url.reveal() if channel.url else ""
    return LIMITS.get(address.partition(":")[0].strip().lower(), COMMON)
