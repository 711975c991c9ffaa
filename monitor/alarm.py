"""What must be told when the record cannot be used: straight to the channels, past the outbox, which is in the record."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor import render
from monitor.config import Config
from monitor.errors import DeliveryError
from monitor.model import Channel, Delivery, Notice, key_of
from monitor.notify import Notifier

log = logging.getLogger("monitor")


async def shout(config: Config, notifier: Notifier, title: str, text: str, now: datetime) -> tuple[str, ...]:
    """Tell the channels of settings.ops now, all channels where it names none; return those that took it.

    It is on no record: not tried again, and quiet hours do not hold it.
    """
    notice = Notice(key=key_of("notice", title, now.isoformat()), title=title, text=text, found=now)
    names = config.settings.ops or tuple(config.channels)
    zone = ZoneInfo(config.settings.timezone)
    took = await asyncio.gather(*(_told(notifier, config.channels[name], notice, zone) for name in names))
    return tuple(name for name, is_told in zip(names, took, strict=True) if is_told)


async def _told(notifier: Notifier, channel: Channel, notice: Notice, zone: ZoneInfo) -> bool:
    delivery = Delivery(key=notice.key, channel=channel.name, subject=notice, created=notice.found, due=notice.found)
    try:
        await notifier.send(channel, render.message([delivery], channel, zone=zone))
    except DeliveryError as error:
        log.error("%s cannot be told that %s: %s", channel.name, notice.title, error.reason)  # noqa: TRY400 - said in full
        return False
    log.warning("%s was told: %s", channel.name, notice.title)
    return True
