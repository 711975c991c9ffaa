"""Let the day's canary out, and tell of each channel in which it does not arrive. What to do is decided in `policy`."""

from __future__ import annotations

import logging

from monitor.model import Entry
from monitor.pipeline import Pipeline
from monitor.policy import canary
from monitor.policy import delivery as outbox

log = logging.getLogger("monitor")


async def watch(pipeline: Pipeline) -> None:
    """Put a canary into the inbox when its time has come, and look where the last one is missing."""
    at, now = pipeline.config.settings.canary, pipeline.clock()
    if at is None:
        return
    day, moment = canary.due(at, now, pipeline.zone)
    today = canary.entry(day, now)
    known = await pipeline.store.apart(pipeline.store.known, [today.key])
    if today.key in known:
        await _look(pipeline, canary.entry(day, known[today.key].found or moment))
    elif now < moment + canary.LATEST:
        await pipeline.store.apart(pipeline.store.take_in, today, canary.HOST)


async def _look(pipeline: Pipeline, today: Entry) -> None:
    """Tell the channels that work of those that do not; each of these once a day."""
    store, config, now = pipeline.store, pipeline.config, pipeline.clock()
    deliveries = await store.apart(store.deliveries_about, canary.song_key(today))
    lost = canary.missing(today.found or now, deliveries, config.channels, now)
    told = canary.whom(config.settings.ops, lost, config.channels)
    for one in lost:
        notice = canary.alarm(today, one, now)
        if await store.apart(store.announce, outbox.tell(notice, told, config.channels, now, pipeline.zone)):
            log.warning("%s: %s", notice.title, one.why)
