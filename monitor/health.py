"""Is the watch well, and what does it miss? Told to settings.ops as it turns up, and to whoever asks for `status`.

What a single step sees stands in `pipeline`; here is what only many of them together show. `policy.health` decides.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from monitor.config import Config
from monitor.model import Feed, Notice, Outcome
from monitor.numbers import counted
from monitor.pipeline import Pipeline
from monitor.policy import delivery as outbox
from monitor.policy import health
from monitor.store import ChannelReport, Queries

log = logging.getLogger("monitor")

# Under these names stand in `meta`: until when doubts were told, and which feeds are behind a wall.
DOUBTS: Final = "doubts told until"
WALLS: Final = "behind a wall"
# So many feeds that cannot be read are named.
MOST_FEEDS: Final = 20
# What was given up longer ago than this is no news.
LATELY: Final = timedelta(days=7)


async def look(pipeline: Pipeline) -> None:
    """Tell settings.ops what may have been missed and where articles cannot be read since the last look, and of the disk."""
    await _doubts(pipeline)
    await _walls(pipeline)
    if notice := health.of_disk(pipeline.store.queries.room(), pipeline.clock()):
        await _tell(pipeline, notice, pipeline.clock())


async def _doubts(pipeline: Pipeline) -> None:
    store, now = pipeline.store, pipeline.clock()
    said = await store.apart(store.meta, DOUBTS)
    since = datetime.fromisoformat(said) if said else now
    if since < now:
        found = await asyncio.to_thread(store.queries.doubts, since - health.DAY)
        if notice := health.missed(found, since, pipeline.zone, now):
            await _tell(pipeline, notice, now)
    await store.apart(store.set_meta, DOUBTS, now.isoformat())


async def _walls(pipeline: Pipeline) -> None:
    store, now = pipeline.store, pipeline.clock()
    said = await store.apart(store.meta, WALLS)
    told = json.loads(said) if said else []
    lately = await asyncio.to_thread(store.queries.lately, now - health.SINCE, health.LAST)
    behind, notices = health.walls(lately, told, now)
    for notice in notices:
        await _tell(pipeline, notice, now)
    if list(behind) != told:
        await store.apart(store.set_meta, WALLS, json.dumps(behind))


async def _tell(pipeline: Pipeline, notice: Notice, now: datetime) -> None:
    told = outbox.tell(notice, pipeline.config.settings.ops, pipeline.config.channels, now, pipeline.zone)
    if await pipeline.store.apart(pipeline.store.announce, told) or not told:
        log.warning("%s\n%s", notice.title, notice.text)


# --- for whoever asks ---


def troubles(config: Config, queries: Queries, now: datetime) -> tuple[str, ...]:
    """Return what needs a person, in sentences, the worst first; () when all is well. Times are the machine's own."""
    return (*_of_the_watch(queries, now), *_of_channels(config, queries, now), *_of_feeds(queries, now))


def of_feed(queries: Queries, feed: Feed, now: datetime) -> tuple[str, ...]:
    """Return what a person should know of one feed, as far back as its polls are kept."""
    said = (health.ailing(feed), health.walled(queries.lately(now - health.SINCE, health.LAST).get(feed.name, {})))
    doubts = (one for one in queries.doubts(datetime.min.replace(tzinfo=UTC)) if one.feed == feed.name)
    return (*filter(None, said), *(f"{health.local(one.at)}: {health.in_doubt(one)}" for one in doubts))


def _of_the_watch(queries: Queries, now: datetime) -> Iterator[str]:
    counters = queries.status()
    if queries.watcher() is None:
        yield "nobody watches: monitor run does not run, or it works on another database"
    elif counters.oldest_due and now - counters.oldest_due > health.BEHIND:
        since = health.local(counters.oldest_due)
        yield f"the watch is behind: work waits since {since}; monitor run hangs, or its database is stuck (see its log)"
    if crowded := health.crowded(queries.room()):
        yield f"the database: {crowded}"
    if counters.missing:
        yield f"{counted(counters.missing, 'entry is', 'entries are')} not accounted for"


def _of_channels(config: Config, queries: Queries, now: datetime) -> Iterator[str]:
    dead = [one for one in queries.list_deliveries(outcome=Outcome.DEAD, limit=500) if one.created > now - LATELY]
    for name in dict.fromkeys([*config.channels, *(one.channel for one in dead)]):
        if lost := [one for one in dead if one.channel == name]:
            number = counted(len(lost), "delivery", "deliveries")
            yield f"{name}: {number} given up within a week: {lost[0].error}; monitor deliveries list --outcome dead"
    for channel in queries.channels(config.channels):
        if refused := _refuses(channel):
            yield f"{channel.name}: {refused}"


def _refuses(channel: ChannelReport) -> str:
    if not channel.refused:
        return ""
    return (
        f"takes no messages: {counted(channel.refused, 'delivery is', 'deliveries are')} tried again: {channel.error}"
    )


def _of_feeds(queries: Queries, now: datetime) -> Iterator[str]:
    reports = queries.list_feeds()
    if said := health.own_line([report.feed for report in reports]):
        yield said
    ailing = [f"{report.feed.name}: {said}" for report in reports if (said := health.ailing(report.feed))]
    yield from ailing[:MOST_FEEDS]
    if len(ailing) > MOST_FEEDS:
        yield f"… and {len(ailing) - MOST_FEEDS} more: monitor feeds list --health failing"
    for name, outcomes in sorted(queries.lately(now - health.SINCE, health.LAST).items()):
        if said := health.walled(outcomes):
            yield f"{name}: {said}"
    for doubt in {one.feed: one for one in queries.doubts(now - health.DAY)}.values():
        yield f"{doubt.feed}, {health.local(doubt.at)}: {health.in_doubt(doubt)}"
