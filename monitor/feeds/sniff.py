"""A document's text before it is parsed: where it starts, what it is, whether its end is there. Pure."""

from __future__ import annotations

import re

from monitor.markup import line

ROOTS = frozenset({"rss", "rdf", "feed", "channel", "atom", "newsfeed"})
_BEFORE = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE(?:[^\[>]*\[.*?\])?[^>]*>)*", re.DOTALL | re.IGNORECASE)
_NAME = re.compile(r"<(?:[\w.\-]+:)?([A-Za-z][\w.\-]*)")
START = re.compile(r"<\?xml|<(?:rss|feed|rdf:RDF|\w+:feed)[\s>]", re.IGNORECASE)


def from_start(text: str) -> str:
    """Return the document without what a broken server printed before it."""
    if text.startswith("<?xml") or root_of(text) in ROOTS:
        return text
    found = START.search(text[:20_000])
    return text[found.start() :] if found and root_of(text[found.start() :]) in ROOTS else text


def root_of(text: str) -> str:
    """Return the name of the document's root element, in lower case and without its prefix; "" when it has none."""
    found = _NAME.match(text, prolog(text))
    return found[1].lower() if found else ""


def prolog(text: str) -> int:
    """Return where the root element begins."""
    before = _BEFORE.match(text, 0, 20_000)
    return before.end() if before else 0


def no_feed(root: str, text: str) -> str:
    """Say why the document cannot be a feed; "" when it may be one."""
    if root == "html" or re.match(r"<!doctype html", text[:2000].lstrip(), re.IGNORECASE):
        return f"this is a web page, not a feed: {_page_title(text) or 'without a title'}"
    if root in ("urlset", "sitemapindex"):
        return "this is a sitemap: list it under `sitemap:`"
    return "" if "<" in text else "this is not a feed"


def _page_title(text: str) -> str:
    found = re.search(r"<title[^>]*>([^<]{0,300})", text[:50_000], re.IGNORECASE)
    return line(found[1], most=100) if found else ""


def is_closed(text: str, root: str) -> bool:
    """Tell whether the document's last tag is there."""
    tail = text[-2_000:].lower()
    return bool(re.search(rf"</\s*(?:[\w.\-]+:)?{re.escape(root)}\s*>", tail)) or bool(re.search(r"/>\s*$", tail))
