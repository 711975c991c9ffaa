"""The web → documents: lists of addresses, the sitemaps of a site, a feed's own history. Through `fetch`, politely.

What is listed here is not fetched here: a document is a link until somebody reads it. A feed's history is what it says
of it itself: RFC 5005 (`prev-archive`, `next`), JSON Feed's `next_url`, and the `?paged=` of WordPress.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from monitor import feeds, opml, sitemaps
from monitor.archives.parts import Document, Piece, Volume, carried, unreadable
from monitor.errors import FetchError, SandboxError
from monitor.fetch import Fetcher
from monitor.keys import article_key
from monitor.markup import decoded
from monitor.model import Entry, Feed, FeedDocument, FeedState, Outcome, Page, key_of
from monitor.sandbox import Sandbox
from monitor.urls import host, masked, normal, typed

# Documents of one history or site: more is no archive but a maze.
MOST: Final = 5_000
# Documents that are fetched side by side, and written together: what comes slowly is kept soon.
AT_ONCE: Final = 8
NONE_NAMED: Final = "no robots.txt there names a sitemap: `monitor feeds discover` may find one, to be written in whole"

_ITEM = re.compile(r"<(item|entry)\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_LINK = re.compile(r"<(?:\w+:)?link\b[^>]{1,2000}>", re.IGNORECASE)
_SAID = re.compile(r"""(rel|href)\s*=\s*["']([^"']*)["']""", re.IGNORECASE)
_WORDPRESS = re.compile(r"<generator[^>]*>[^<]*wordpress", re.IGNORECASE)


async def listed(links: Iterable[str], homes: Mapping[str, Feed]) -> AsyncIterator[Volume]:
    """Yield a list of addresses as one volume, each address once; `https://` may be left out."""
    once = tuple(dict.fromkeys(typed(link) or link for link in links))
    yield _volume(key_of("volume", *once), "addresses", [partial(_link, link, homes) for link in once])


def homes_of(found: Iterable[Feed]) -> dict[str, Feed]:
    """Return whose outlet, country and language a page takes that no feed listed, by its host."""
    return {host(feed.url): replace(feed, key="") for feed in reversed(tuple(found))}


@dataclass(frozen=True, slots=True)
class Web:
    """What lists documents on the web. `pause` lies between two of its own requests; older than `since` is not asked for."""

    fetcher: Fetcher
    sandbox: Sandbox
    pause: timedelta
    since: datetime | None = None

    async def site(self, places: Iterable[str], homes: Mapping[str, Feed]) -> AsyncIterator[Volume]:
        """Yield what sitemaps list, an index followed; of a bare host, what its robots.txt names."""
        waiting = deque(places)
        seen: set[str] = set()
        while waiting and len(seen) < MOST:
            place = waiting.popleft()
            if place in seen:
                continue
            seen.add(place)
            try:
                found, named = await self._sitemap(place)
            except (FetchError, SandboxError) as error:
                yield _failed(place, str(error))
                continue
            waiting.extendleft(reversed(named))
            if not named:
                yield _found(place, found, homes.get(host(place)))
        for place in [one for one in waiting if one not in seen][:1]:
            yield _failed(place, f"not asked for, nor what is behind it: {MOST:,} sitemaps are the most of one site")

    async def _sitemap(self, place: str) -> tuple[FeedDocument, Sequence[str]]:
        """Return what a sitemap lists, and the sitemaps that it names."""
        feed = Feed(key="", name=masked(place), url=place, kind="sitemap")
        if urlsplit(place).path in ("", "/"):
            named = await self._named_by_robots(replace(feed, url=opml.robots(place)))
            return FeedDocument(Outcome.FAILED, faults=(NONE_NAMED,)), named
        page = await self._asked(feed)
        named = list(await self.sandbox.run(sitemaps.index, page, deadline=feeds.PARSED_WITHIN))
        return await self.sandbox.run(sitemaps.parse, page, feed, deadline=feeds.PARSED_WITHIN), named

    async def _named_by_robots(self, robots: Feed) -> list[str]:
        try:
            page = await self._asked(robots)
        except FetchError as error:
            if error.is_gone:
                return []
            raise
        return [link for kind, link, _ in opml.discover(page) if kind == "sitemap"]

    async def history(self, feed: Feed) -> AsyncIterator[Volume]:
        """Yield what a feed lists, now and further back, as long as there is something new and recent enough."""
        seen: set[str] = set()
        asked: set[str] = set()
        waiting = [feed.url]
        while waiting and len(asked) < MOST:
            place = waiting.pop()
            asked.add(place)
            try:
                page = await self._asked(replace(feed, url=place, state=FeedState()))
                found = await self.sandbox.run(
                    feeds.parse, page, replace(feed, state=FeedState()), deadline=feeds.PARSED_WITHIN
                )
                further = await self.sandbox.run(earlier, page, deadline=feeds.PARSED_WITHIN)
            except (FetchError, SandboxError) as error:
                if not (asked - {place} and isinstance(error, FetchError) and error.is_gone):
                    yield _failed(place, str(error))  # but for the page after the last one of a WordPress
                continue
            fresh = tuple(entry for entry in found.entries if entry.key not in seen)
            if fresh or len(asked) == 1:
                yield _found(place, replace(found, entries=fresh), feed)
            seen.update(entry.key for entry in fresh)
            if fresh and not self._is_too_old(fresh):
                waiting += [link for link in further if link not in asked][:1]
        for place in waiting:
            yield _failed(place, f"not asked for, nor what is behind it: {MOST:,} parts are the most of one feed")

    def _is_too_old(self, entries: Sequence[Entry]) -> bool:
        dates = [entry.published or entry.updated for entry in entries]
        return self.since is not None and all(date is not None and date < self.since for date in dates)

    async def _asked(self, feed: Feed) -> Page:
        page = await self.fetcher.feed(feed, conditional=False)
        await asyncio.sleep(self.pause.total_seconds())
        return page


def earlier(page: Page) -> tuple[str, ...]:
    """Return the address of the document that goes further back than this one of a feed; () when it names none."""
    text = decoded(page.body, page.charset)
    if text.lstrip("\ufeff \t\r\n")[:1] == "{":
        return _next_url(text, page.url)
    head = _ITEM.sub("", text)
    named: dict[str, str] = {}
    for link in _LINK.findall(head):
        said = {name.lower(): value for name, value in _SAID.findall(link)}
        named.setdefault(said.get("rel", "").lower(), said.get("href", "").replace("&amp;", "&"))
    found = named.get("prev-archive") or named.get("next")
    if found:
        return (urljoin(page.url, found),)
    return (_next_paged(page.url),) if _WORDPRESS.search(head) else ()


def _next_url(text: str, base: str) -> tuple[str, ...]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    found = said.get("next_url") if isinstance(said, Mapping) else None
    return (urljoin(base, found),) if isinstance(found, str) and found else ()


def _next_paged(url: str) -> str:
    parts = urlsplit(url)
    said = dict(parse_qsl(parts.query, keep_blank_values=True))
    number = said.get("paged", "1")
    said["paged"] = str(int(number) + 1 if number.isdigit() else 2)
    return parts._replace(query=urlencode(said)).geturl()


def _found(place: str, found: FeedDocument, feed: Feed | None) -> Volume:
    if found.outcome is Outcome.FAILED:
        return _failed(place, "; ".join(found.faults))
    keys = [entry.key for entry in found.entries]
    return _volume(key_of("volume", place, *keys), place, [partial(_listed, entry, feed) for entry in found.entries])


def _failed(place: str, fault: str) -> Volume:
    return _volume(key_of("volume", place, "failed"), place, [partial(unreadable, masked(place), fault)])


def _volume(name: str, place: str, pieces: Iterable[Piece]) -> Volume:
    return Volume(name, carried(masked(place), pieces, AT_ONCE))


def _listed(entry: Entry, feed: Feed | None) -> Document:
    return Document(name=masked(entry.link) or entry.title, listed=entry, feed=feed)


def _link(link: str, homes: Mapping[str, Feed]) -> Document:
    if not typed(link):
        return unreadable(masked(link), "this is no address of the web: it begins with https:// or http://")
    entry = Entry(key=key_of("entry", normal(link)), feed="", link=link)
    return Document(name=masked(link), listed=entry, feed=homes.get(host(link)))


def article_at(document: Document) -> str:
    """Return the key under which a document's article is on record, if it is."""
    return article_key(document.entry.link) if document.entry.link else ""
