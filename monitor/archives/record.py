"""The record → documents: what is stored already, matched once more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from typing import Final

from monitor.archives.parts import Document, Shard
from monitor.model import Article, Entry, key_of
from monitor.store import Queries
from monitor.urls import normal

# The first shard begins behind nothing, and has a name, too.
BEHIND: Final = "behind "
# Articles of one shard.
TOGETHER: Final = 500


async def stored(
    queries: Queries,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    feed: str | None = None,
    begin: str = "",
) -> AsyncIterator[Shard]:
    """Yield the stored articles, the oldest first. A shard's name tells where it begins; `begin` is such a name."""
    begin = begin.removeprefix(BEHIND)
    for start, end in queries.ranges(TOGETHER, since=since, until=until, feed=feed, begin=begin):
        articles = queries.articles(since=since, until=until, feed=feed, behind=start, upto=end)
        yield Shard(f"{BEHIND}{start}", [partial(_document, article) for article in articles])


def _document(article: Article) -> Document:
    entry = Entry(key=key_of("entry", normal(article.url) or article.key), feed=article.feed, link=article.url)
    return Document(name=article.title or article.url, entry=entry, article=article, recorded=True)
