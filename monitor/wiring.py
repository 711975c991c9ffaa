"""Config → Pipeline: which hands a run gets. And the only clock: everybody else is told what time it is."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from monitor import compiled, extract, housekeeping
from monitor.config import Config
from monitor.errors import StoreError
from monitor.fetch import Fetcher
from monitor.model import Feed
from monitor.notify import Notifier
from monitor.pipeline import Pipeline
from monitor.sandbox import Sandbox
from monitor.store import Store
from monitor.survey import Surveyor

log = logging.getLogger("monitor")

Load = Callable[[Config | None], Config]
"""Reads rules.yaml; what it read last makes a small edit of a large file quick."""

# The feeds of a first start are polled within this time, each at its own moment; two feeds are polled at once.
SPREAD: Final = timedelta(seconds=30)
SPREAD_EACH: Final = timedelta(milliseconds=200)


def now() -> datetime:
    """Return the time, in UTC. The one place that asks the clock."""
    return datetime.now(UTC)


@contextmanager
def opened(config: Config, *, lock: bool = False) -> Iterator[Store]:
    """Open the database and bring its tables up to date, saying so. Raises StoreError."""
    store = Store.open(config.settings.database, lock=lock)
    try:
        for step in store.upgrade():
            log.info("database upgraded: %s", step)
        yield store
    finally:
        store.close()


@asynccontextmanager
async def wired(config: Config, *, watching: bool = True, tell_old: bool = False) -> AsyncIterator[Pipeline]:
    """Give a pipeline its hands, and close them behind it.

    `watching` is for whoever polls, of which there is one a database: it takes the lock, gives back what one that died
    had claimed, and makes the database know the feeds of the file. Raises StoreError when it cannot be had.
    """
    async with AsyncExitStack() as hands:
        store = hands.enter_context(opened(config, lock=watching))
        if watching:
            store.reclaim()
        pipeline = Pipeline(
            config=config,
            ruleset=await asyncio.to_thread(compiled.rules_of, config, os.environ),
            store=store,
            fetcher=await hands.enter_async_context(fetcher_for(config)),
            sandbox=await hands.enter_async_context(Sandbox(warm=extract.warm, at_once=watching)),
            notifier=Notifier(config.channels.values()),
            clock=now,
            chance=random.random,
            tell_old=tell_old,
        )
        if watching:
            await housekeeping.mend_dates(pipeline)
            await sync(pipeline)
        yield pipeline


@asynccontextmanager
async def surveying(config: Config) -> AsyncIterator[Surveyor]:
    """Give the hands to look at feeds without a database, and close them behind."""
    async with fetcher_for(config) as fetcher, Sandbox() as sandbox:
        yield Surveyor(fetcher, sandbox, now, config.settings.pause)


def fetcher_for(config: Config) -> Fetcher:
    """Return the fetcher that the settings ask for."""
    settings = config.settings
    return Fetcher(settings.contact, settings.allow_private, pause=settings.pause, now=now)


async def sync(pipeline: Pipeline) -> None:
    """Make the database know the feeds and channels of the file; what waits for a channel that is gone is set aside."""
    config, store = pipeline.config, pipeline.store
    width = min(SPREAD, SPREAD_EACH * len(config.feeds))
    await store.apart(store.sync_feeds, config.feeds, pipeline.clock(), lambda feed: _moment_of(feed) * width)
    parked = await store.apart(store.park_deliveries, config.channels, pipeline.clock())
    for channel, number in parked.items():
        log.warning("%d deliveries wait for channel '%s', which is no longer configured", number, channel)


def _moment_of(feed: Feed) -> float:
    """Return a feed's own moment in [0, 1), the same at every start."""
    return int(feed.key[:8], 16) / 0x1_0000_0000


async def rewired(pipeline: Pipeline, config: Config) -> Pipeline:
    """Return the pipeline with a changed file in force. Raises StoreError where only a restart can follow."""
    if config.settings.database != pipeline.config.settings.database:
        raise StoreError("settings.database changed: restart to follow it")
    changed = replace(
        pipeline,
        config=config,
        ruleset=await asyncio.to_thread(pipeline.ruleset.replace, config.book),
        notifier=Notifier(config.channels.values()),
    )
    await sync(changed)
    return changed
