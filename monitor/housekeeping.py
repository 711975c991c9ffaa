"""The care of the record: what is old is dropped, wrong dates are mended, damage is looked for. Drivers say when."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from monitor.errors import StoreError
from monitor.model import key_of
from monitor.pipeline import Pipeline
from monitor.policy import delivery as outbox
from monitor.policy import health, polling, reading
from monitor.store import SWEEP

# The whole database is read so often: damage to it is found within a day. When it was stands in `meta` under this name.
EXAMINE_EVERY: Final = timedelta(hours=20)
EXAMINED: Final = "examined"
# Under this name: when the clock was looked at, and since when it goes on without a leap.
CLOCK: Final = "clock"


async def tidy(pipeline: Pipeline) -> None:
    """Drop what is older than the user wants it kept, and settle what an older version wrote.

    A little at a time, so that nobody waits long behind it; and nothing for a day after the clock leapt.
    """
    settings, more = pipeline.config.settings, await _is_steady(pipeline)
    while more:
        swept = await pipeline.store.apart(
            pipeline.store.housekeeping, pipeline.clock(), settings.keep_articles, settings.keep_pages
        )
        more = any(number >= SWEEP for number in swept.values())
    await settle(pipeline)


async def _is_steady(pipeline: Pipeline) -> bool:
    """Say whether the clock can be trusted with what is old, and remember that it was looked at."""
    now, said = pipeline.clock(), await pipeline.store.apart(pipeline.store.meta, CLOCK)
    last, since = (datetime.fromisoformat(one) if one else None for one in json.loads(said)) if said else (None, None)
    steady = health.steady_since(last, since, now)
    looked = [now.isoformat(), steady.isoformat() if steady else ""]
    await pipeline.store.apart(pipeline.store.set_meta, CLOCK, json.dumps(looked))
    return health.may_drop(steady, now)


async def settle(pipeline: Pipeline) -> None:
    """Pack and index all articles that an older version wrote."""
    while await pipeline.store.apart(pipeline.store.settle):
        pass


async def mend_dates(pipeline: Pipeline) -> None:
    """After a clock that was ahead: let nothing wait for a date that no policy would have given."""
    await pipeline.store.apart(
        pipeline.store.mend_dates,
        pipeline.clock(),
        feed=partial(polling.longest_wait, settings=pipeline.config.settings),
        entry=reading.FARTHEST,
        delivery=outbox.longest_wait(pipeline.config.book.rules),
    )


async def examine(pipeline: Pipeline) -> None:
    """Read the whole database, unless that was done lately, and tell settings.ops when a page of it is damaged.

    When that was is on record: to read gigabytes at each of many starts would cost more than it could find, for a
    process that dies leaves no damage behind (WAL), and a disk that does is found out within the day all the same.
    """
    now, last = pipeline.clock(), await pipeline.store.apart(pipeline.store.meta, EXAMINED)
    if last and timedelta(0) <= now - datetime.fromisoformat(last) < EXAMINE_EVERY:
        return
    try:
        await asyncio.to_thread(pipeline.store.examine)
    except StoreError as error:
        key = key_of("notice", EXAMINED, now.date().isoformat())
        await pipeline.notify_ops("the database is damaged", str(error), key=key)
        raise
    await pipeline.store.apart(pipeline.store.set_meta, EXAMINED, now.isoformat())
