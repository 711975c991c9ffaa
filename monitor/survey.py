"""Look at feeds without a database: how each is right now, and which ones a site has. A driver: nothing is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor import ask, opml
from monitor.errors import FetchError, MonitorError
from monitor.fetch import Fetcher
from monitor.model import Feed, Outcome, Page, key_of
from monitor.sandbox import Sandbox
from monitor.urls import host

# Hosts asked side by side; the feeds of one host are asked one after the other.
WIDTH: Final = 16
# A feed whose newest entry is older than this is read well and brings nothing.
SILENT: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What asking a feed once showed."""

    feed: Feed
    outcome: Outcome  # POLLED or FAILED
    title: str = ""
    entries: int = 0
    newest: datetime | None = None  # the latest date that an entry claims
    moved_to: str = ""  # where the publisher says it lives now, for good
    took: timedelta = timedelta()
    reasons: tuple[str, ...] = ()  # why it failed, or what was wrong though it could be read

    def health(self, now: datetime) -> str:
        """Return one word: ok, failed, empty, or silent (nothing new for two weeks)."""
        if self.outcome is Outcome.FAILED:
            return "failed"
        if not self.entries:
            return "empty"
        return "silent" if self.newest and now - self.newest > SILENT else "ok"


@dataclass(frozen=True, slots=True)
class Surveyor:
    """The hands that a look takes; `pause` lies between two feeds of one host."""

    fetcher: Fetcher
    sandbox: Sandbox
    clock: Callable[[], datetime]
    pause: timedelta = timedelta()

    async def check(self, feeds: Iterable[Feed], told: Callable[[Look], None] = lambda _: None) -> tuple[Look, ...]:
        """Return a look at each feed, in the order given, and tell each as it comes in.

        Hosts are asked side by side, the feeds of one host in turn.
        """
        listed = tuple(feeds)
        hosts: dict[str, list[Feed]] = {}
        for feed in listed:
            hosts.setdefault(host(feed.url), []).append(feed)
        width = asyncio.Semaphore(WIDTH)
        found = await asyncio.gather(*(self._in_turn(some, width, told) for some in hosts.values()))
        looks = {look.feed.key: look for some in found for look in some}
        return tuple(looks[feed.key] for feed in listed)

    async def _in_turn(
        self, feeds: Sequence[Feed], width: asyncio.Semaphore, told: Callable[[Look], None]
    ) -> list[Look]:
        looks = []
        async with width:
            for number, feed in enumerate(feeds):
                if number:
                    await asyncio.sleep(self.pause.total_seconds())
                looks.append(await self.look(feed))
                told(looks[-1])
        return looks

    async def look(self, feed: Feed) -> Look:
        """Return how a feed is: asked for as if for the first time."""
        began = self.clock()
        try:
            page, document = await ask.document(self.fetcher, self.sandbox, feed, conditional=False)
        except MonitorError as error:
            said = error.reason if isinstance(error, FetchError) else str(error)
            return Look(feed=feed, outcome=Outcome.FAILED, took=self.clock() - began, reasons=(said,))
        if document is None:
            return Look(feed=feed, outcome=Outcome.FAILED, took=self.clock() - began, reasons=("an answer of nothing",))
        dates = (entry.published or entry.updated for entry in document.entries)
        return Look(
            feed=feed,
            outcome=document.outcome,
            title=document.title,
            entries=len(document.entries),
            newest=max((date for date in dates if date), default=None),
            moved_to=page.moved_to,
            took=self.clock() - began,
            reasons=document.faults,
        )

    async def discover(self, url: str) -> AsyncIterator[Look]:
        """Yield the feeds and sitemaps of a site that can be read: what it names first, then where they often are.

        Raises FetchError when the site itself cannot be had.
        """
        page = await self.fetcher.page(url)
        named = [*opml.discover(page), *await self._in_robots(page)]
        asked: set[str] = set()
        places = [(kind, link) for kind, link, _ in named] + list(opml.guesses(page.url))
        for kind, link in places:
            if link in asked:
                continue
            asked.add(link)
            look = await self.look(_found(kind, link))
            if look.outcome is Outcome.POLLED:
                yield look
            await asyncio.sleep(self.pause.total_seconds())

    async def _in_robots(self, page: Page) -> tuple[tuple[str, str, str], ...]:
        """Return the sitemaps that the site's robots.txt names."""
        try:
            return opml.discover(await self.fetcher.feed(_found("sitemap", opml.robots(page.url)), conditional=False))
        except FetchError:
            return ()


def _found(kind: str, link: str) -> Feed:
    return Feed(key=key_of("feed", link), name=link, url=link, kind="sitemap" if kind == "sitemap" else "feed")
