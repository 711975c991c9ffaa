"""The record → documents: what is stored already, matched once more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial

from monitor.archives.parts import Document, Shard
from monitor.model import Article, Entry, key_of
from monitor.store import Queries
from monitor.urls import normal


async def stored(
    queries: Queries,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    feed: str | None = None,
    begin: str = "",
) -> AsyncIterator[Shard]:
    """Yield the stored articles, the oldest first. A shard's name is the place at which it begins: `begin` is one."""
    for place, articles in queries.pages(since=since, until=until, feed=feed, begin=begin):
        yield Shard(place, [partial(_document, article) for article in articles])


def _document(article: Article) -> Document:
    entry = Entry(key=key_of("entry", normal(article.url) or article.key), feed=article.feed, link=article.url)
    return Document(name=article.title or article.url, entry=entry, article=article, recorded=True)
