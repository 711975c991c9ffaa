"""The time-stamped items of a live blog as articles of their own, each new one a new fact. Pure.

An item is matched alone, as `rules.sheet` does within the blog: a window never crosses into the next. What it hits is
a hit of its own, in the story of its blog, for it is told when it comes and not when the blog began.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from monitor.keys import folded
from monitor.model import Article, key_of
from monitor.urls import normal

# As `live` and JSON-LD's items are written: the first paragraph of each begins with its time.
_ITEM = re.compile(r"^(?:[01]\d|2[0-3]):[0-5]\d\b", re.MULTILINE)
_CLOCK = len("14:05")
_SAME = 0.5  # of its words: an item under the same time that keeps so many was edited, and is not new
_KNOWN_BY = 200  # signs of an item's first paragraph


def items(article: Article) -> tuple[Article, ...]:
    """Return the items of a live blog, in its order, without its title; () for any other article."""
    return tuple(_item(article, said) for said in _texts(article)) if article.live else ()


def fresh(article: Article, before: Article) -> tuple[Article, ...]:
    """Return the items that an earlier version of the blog did not hold, in another wording either."""
    earlier = [_words(said) for said in _texts(before)]
    return tuple(item for item in items(article) if not any(_is_same(_words(item.body), said) for said in earlier))


def _texts(article: Article) -> Iterator[str]:
    starts = [found.start() for found in _ITEM.finditer(article.body)]
    for start, end in zip(starts, [*starts[1:], len(article.body)], strict=True):
        yield article.body[start:end].strip()


def _item(article: Article, said: str) -> Article:
    first = folded(said.partition("\n")[0][_CLOCK:])[:_KNOWN_BY]
    key = key_of("article", normal(article.url) if article.url else article.key, "item", first)
    return replace(article, key=key, title="", lead="", body=said)


def _words(said: str) -> tuple[str, frozenset[str]]:
    return said[:_CLOCK], frozenset(folded(said[_CLOCK:]).split())


def _is_same(one: tuple[str, frozenset[str]], other: tuple[str, frozenset[str]]) -> bool:
    """Say whether two are one item: the same words under another time, or most of them under the same."""
    shared = len(one[1] & other[1])
    return one[1] == other[1] or (one[0] == other[0] and shared >= _SAME * min(len(one[1]), len(other[1])))
