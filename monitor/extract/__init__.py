"""Page → article, or why not. Pure: bytes in, values out; nothing here raises for what a stranger wrote.

    read(page, entry, feed)   the first text of a page, cheap enough for every article
    refine(page, reading)     the better text, for an article whose first text matched a rule
    possible_letters(…)       what that could find, without reading: for whoever looks for a few pages in many
    from_entry(entry, feed)   the feed's own words, when the page cannot be had
    from_text(text, key=…)    a text that needs no extraction
    whole(article)            what people read below the title, as one text
    items(article)            a live blog's items, each as an article
    fresh(article, before)    those that an earlier version did not hold

Each question has a module: `tree` (which signs are these bytes?), `head` (what does the page say of itself?), `text`
(what do people read?), `dates` (which moment is that?), `page` (what comes of it?), `articles` (what without a page?), `items`
(what is new in a live blog?), `possible` (what at the most?).
"""

from monitor.extract import text
from monitor.extract.articles import from_entry, from_text, whole
from monitor.extract.items import fresh, items
from monitor.extract.page import read, refine
from monitor.extract.possible import possible_letters

__all__ = ["fresh", "from_entry", "from_text", "items", "possible_letters", "read", "refine", "warm", "whole"]


def warm() -> None:
    """Import the extractors, which takes longer than a page: the first page is not to pay for it."""
    text.extractors()
