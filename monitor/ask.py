"""Ask for a feed's document: fetch it, and take it apart where it can do no harm. A sitemap index is followed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from monitor import feeds, opml, sitemaps
from monitor.errors import FetchError, SandboxError
from monitor.fetch import Fetcher
from monitor.model import Feed, FeedDocument, Outcome, Page, key_of
from monitor.policy import polling
from monitor.sandbox import Sandbox

# Of the sitemaps that an index names, the newest: news stands in the last one or two, the others are its archive.
NEWEST: Final = 3
# How publishers call the sitemap of the last two days, among those of their archive.
_OF_NEWS: Final = re.compile(r"news|nieuws|actu|48h|latest|recent", re.IGNORECASE)


async def document(
    fetcher: Fetcher, sandbox: Sandbox, feed: Feed, *, conditional: bool = True
) -> tuple[Page, FeedDocument | None]:
    """Return a feed's page and what it lists; no document when it is the same as the last one (`feed.state`).

    Raises FetchError, and SandboxError when taking it apart had to be stopped.
    """
    page = await fetcher.feed(feed, conditional=conditional)
    if page.not_modified or polling.same_body(feed, page):
        return page, None
    if feed.kind == "sitemap":
        return await _sitemap(fetcher, sandbox, page, feed)
    found = feeds.glance(page, feed) or await sandbox.run(feeds.parse, page, feed, deadline=feeds.PARSED_WITHIN)
    return page, found


async def _sitemap(fetcher: Fetcher, sandbox: Sandbox, page: Page, feed: Feed) -> tuple[Page, FeedDocument | None]:
    found = await sandbox.run(sitemaps.parse, page, feed, deadline=feeds.PARSED_WITHIN)
    named = await sandbox.run(sitemaps.index, page, deadline=feeds.PARSED_WITHIN) if _is_refused(found) else ()
    if not named:
        return page, found
    pages, missing = await _parts(fetcher, named[:NEWEST], feed)
    # What an index names changes without the index: no validator of its own may hide that.
    whole = replace(page, body=b"".join(part.body for part in pages), etag="", last_modified="")
    if pages and not missing and polling.same_body(feed, whole):
        return whole, None
    parsed = [await sandbox.run(sitemaps.parse, part, feed, deadline=feeds.PARSED_WITHIN) for part in pages]
    return whole, _joined(parsed, missing)


async def _parts(fetcher: Fetcher, addresses: Sequence[str], feed: Feed) -> tuple[list[Page], list[str]]:
    """Return the sitemaps that could be had, and why the others could not."""
    pages, missing = [], []
    for address in addresses:
        try:
            pages.append(await fetcher.feed(replace(feed, url=address), conditional=False))
        except FetchError as error:
            missing.append(str(error))
    return pages, missing


def _joined(documents: Sequence[FeedDocument], missing: Sequence[str]) -> FeedDocument:
    """Return several sitemaps as one document: FAILED when none of them could be read."""
    good = [one for one in documents if not _is_refused(one)]
    faults = (*missing, *(fault for one in documents for fault in one.faults))
    return FeedDocument(
        Outcome.POLLED if good else Outcome.FAILED,
        entries=tuple(entry for one in good for entry in one.entries),
        faults=faults or (() if good else ("the index names no sitemap that can be read",)),
        complete=len(good) == len(documents) and not missing and all(one.complete for one in good),
    )


def _is_refused(found: FeedDocument) -> bool:
    return found.outcome is Outcome.FAILED


async def news_sitemap(fetcher: Fetcher, sandbox: Sandbox, site: str) -> Feed | None:
    """Return the news sitemap of a site: one that its robots.txt names, or one that stands where they often do.

    None when there is none that can be read.
    """
    try:
        robots = await fetcher.feed(_sitemap_at(opml.robots(site)), conditional=False)
        named = [link for kind, link, _ in opml.discover(robots) if kind == "sitemap" and _OF_NEWS.search(link)]
    except FetchError:
        named = []
    guessed = [link for kind, link in opml.guesses(site) if kind == "sitemap" and _OF_NEWS.search(link)]
    for link in dict.fromkeys((*named, *guessed)):
        try:
            _, found = await document(fetcher, sandbox, _sitemap_at(link), conditional=False)
        except (FetchError, SandboxError):
            continue
        if found and not _is_refused(found):
            return _sitemap_at(link)
    return None


def _sitemap_at(link: str) -> Feed:
    return Feed(key=key_of("feed", link), name=link, url=link, kind="sitemap")
