"""What must be told when the record cannot be used: straight to the channels, past the outbox, which is in the record."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from monitor import render
from monitor.config import Config
from monitor.errors import DeliveryError
from monitor.model import Channel, Delivery, Notice, key_of
from monitor.notify import Notifier

log = logging.getLogger("monitor")

# That monitor cannot begin is told again after so long.
AGAIN: Final = timedelta(hours=6)
ENDING: Final = ".told"


async def shout(config: Config, notifier: Notifier, title: str, text: str, now: datetime) -> tuple[str, ...]:
    """Tell the channels of settings.ops now, all channels where it names none; return those that took it.

    It is on no record: not tried again, and quiet hours do not hold it.
    """
    notice = Notice(key=key_of("notice", title, now.isoformat()), title=title, text=text, found=now)
    names = config.settings.ops or tuple(config.channels)
    zone = ZoneInfo(config.settings.timezone)
    took = await asyncio.gather(*(_told(notifier, config.channels[name], notice, zone) for name in names))
    return tuple(name for name, is_told in zip(names, took, strict=True) if is_told)


def is_new(why: str, folder: Path, now: datetime) -> bool:
    """Say whether nobody was told of this lately, and remember in the folder that somebody is now.

    What cannot be remembered is not told: whoever starts us again every five seconds would send a mail each time.
    """
    mark = folder / (blake2b(why.encode(), digest_size=8).hexdigest() + ENDING)
    try:
        if mark.exists() and now.timestamp() - mark.stat().st_mtime < AGAIN.total_seconds():
            return False
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mark.touch()
    except OSError as error:
        log.error("nobody is told that monitor cannot begin, for that cannot be remembered: %s", error)  # noqa: TRY400
        return False
    return True


def is_over(folder: Path) -> None:
    """Forget what was told: it is over."""
    for mark in folder.glob(f"*{ENDING}"):
        with suppress(OSError):
            mark.unlink(missing_ok=True)


async def _told(notifier: Notifier, channel: Channel, notice: Notice, zone: ZoneInfo) -> bool:
    delivery = Delivery(key=notice.key, channel=channel.name, subject=notice, created=notice.found, due=notice.found)
    try:
        await notifier.send(channel, render.message([delivery], channel, zone=zone))
    except DeliveryError as error:
        log.error("%s cannot be told that %s: %s", channel.name, notice.title, error.reason)  # noqa: TRY400 - said in full
        return False
    log.warning("%s was told: %s", channel.name, notice.title)
    return True
