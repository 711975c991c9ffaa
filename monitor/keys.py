"""Under which keys an article and an entry go. Pure; every room that makes or compares them asks here."""

from __future__ import annotations

import re

from monitor.model import key_of
from monitor.urls import normal

_WORDS = re.compile(r"\w+")
_FEWEST = 8  # words: in fewer two articles may agree


def article_key(url: str) -> str:
    """Return the key of what stands at an address, however a feed writes that address."""
    return key_of("article", normal(url))


def id_key(feed: str, name: str) -> str:
    """Return the key of what a feed (its key) calls by this id: ids of two feeds have nothing to do with each other."""
    return key_of("entry id", feed, name)


def title_key(feed: str, title: str) -> str:
    """Return the key of what a feed (its key) lists under this headline; "" when it has no word."""
    words = folded(title)
    return key_of("entry title", feed, words) if words else ""


def text_key(body: str) -> str:
    """Return the key of a text wherever it stands; "" for one that is too short to be told from another."""
    words = folded(body)
    return key_of("text", words) if words.count(" ") >= _FEWEST - 1 else ""


def folded(title: str) -> str:
    """Return a headline's words in lower case, without what editors change in passing."""
    return " ".join(_WORDS.findall(title.casefold()))
