"""Lists of feeds: those that another reader exports (OPML), and those that a site names. Pure.

OPML is written the way in which Feedly, FreshRSS and Miniflux all read and write it: folders one level deep, a feed's
address in `xmlUrl`. A folder is a feed's `section`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from urllib.parse import urljoin, urlsplit

from lxml import etree

from monitor.errors import ParseError
from monitor.markup import decoded, line, repaired
from monitor.model import Feed, Page, key_of
from monitor.urls import clean, masked

MOST = 10_000
_COMMON = (
    *(("feed", path) for path in ("/rss", "/feed", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/feed.json")),
    *(
        ("sitemap", path)
        for path in ("/news-sitemap.xml", "/sitemap-news.xml", "/sitemap_news.xml", "/sitemap/news.xml")
    ),
    ("sitemap", "/sitemap.xml"),
)


def read(body: bytes) -> tuple[Feed, ...]:
    """Return the feeds of an OPML file, each once, under the first folder that lists it.

    Raises ParseError when it is not OPML.
    """
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", decoded(body[:20_000_000]))
    try:
        root = etree.fromstring(repaired(text).encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError) as error:
        raise ParseError(f"this is not OPML: {error}") from error
    if root is None or str(root.tag).lower() != "opml":
        raise ParseError("this is not OPML: there is no <opml>")
    listed = (_feed(outline) for outline in root.iter("outline"))
    once: dict[str, Feed] = {}
    for feed in listed:
        if feed:
            once.setdefault(feed.key, feed)
    return tuple(once.values())[:MOST]


def _feed(outline: etree._Element) -> Feed | None:
    said = {name.lower(): clean(str(value)).strip() for name, value in outline.attrib.items()}
    url = re.sub(r"^feed:(?://)?(?=https?://)", "", said.get("xmlurl", ""))
    url = re.sub(r"^feed://", "https://", url)
    if urlsplit(url).scheme not in ("http", "https"):
        return None
    name = line(said.get("title") or said.get("text") or "", is_html=False, most=200)
    return Feed(
        key=key_of("feed", url),
        name=name or urlsplit(url).netloc,
        url=url,
        section=_folder(outline),
        language=said.get("language", "").partition("-")[0].lower()[:3],
    )


def _folder(outline: etree._Element) -> str:
    parent = outline.getparent()
    if parent is None or parent.tag != "outline":
        return ""
    return line(clean(parent.get("title") or parent.get("text") or ""), is_html=False, most=200)


def write(feeds: Iterable[Feed]) -> bytes:
    """Return an OPML 2.0 file of the feeds. Passwords stay here; so do sitemaps, which no other reader can poll."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "monitor"
    body = etree.SubElement(root, "body")
    listed = sorted((feed for feed in feeds if feed.kind == "feed"), key=lambda feed: feed.section)
    for section, members in groupby(listed, key=lambda feed: feed.section):
        folder = etree.SubElement(body, "outline", text=section, title=section) if section else body
        for feed in members:
            more = {"language": feed.language} if feed.language else {}
            named = {"type": "rss", "text": feed.name, "title": feed.name, "xmlUrl": masked(feed.url)}
            etree.SubElement(folder, "outline", named | more)
    written: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return written


# --- what a site names ---

_FEED_TYPE = re.compile(r"(?:application|text)/(?:rss|atom|rdf|feed)\+(?:xml|json)", re.IGNORECASE)
_FEED_LINK = re.compile(
    r"/(?:rss|feed|feeds|atom)(?:/|$|\.)|\.(?:rss|atom|rdf)$|(?:rss|feed|atom)[\w.-]*\.(?:xml|json)$", re.IGNORECASE
)
_SITEMAP_LINE = re.compile(r"^\s*sitemap:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


def discover(page: Page) -> tuple[tuple[str, str, str], ...]:
    """Return (kind, address, title) of the feeds and sitemaps that a web page or a robots.txt names, each once.

    `kind` is "feed" or "sitemap". Links that only look like feeds come after those that say so; none is asked.
    """
    text = decoded(page.body[:5_000_000], page.charset)
    if not text.lstrip().startswith("<"):
        found = [("sitemap", link, "") for link in _SITEMAP_LINE.findall(text)]
    else:
        found = list(_named(text))
    once: dict[str, tuple[str, str, str]] = {}
    for kind, written, title in found:
        if link := _absolute(written, page.url):
            once.setdefault(link, (kind, link, line(title, most=200)))
    return tuple(once.values())[:MOST]


def robots(url: str) -> str:
    """Return the address of a site's robots.txt, which may name its sitemaps."""
    return urljoin(url, "/robots.txt")


def guesses(url: str) -> tuple[tuple[str, str], ...]:
    """Return (kind, address) where sites of newspapers often keep feeds and news sitemaps unnamed: worth asking."""
    return tuple((kind, urljoin(url, path)) for kind, path in _COMMON)


def _named(text: str) -> Iterator[tuple[str, str, str]]:
    try:
        root = etree.fromstring(text, etree.HTMLParser(huge_tree=True))
    except (etree.LxmlError, ValueError):
        return
    if root is None:
        return
    for node in root.iter("link"):
        named = _in_head(node)
        if named:
            yield named
    for node in root.iter("a"):
        link = node.get("href", "")
        if _FEED_LINK.search(link.partition("?")[0].partition("#")[0]):
            yield "feed", link, "".join(map(str, node.itertext()))


def _in_head(node: etree._Element) -> tuple[str, str, str] | None:
    rel, link, title = node.get("rel", "").lower().split(), node.get("href", ""), node.get("title", "")
    if "sitemap" in rel:
        return "sitemap", link, title
    kind = node.get("type", "").partition(";")[0].strip()
    return ("feed", link, title) if ("alternate" in rel or "feed" in rel) and _FEED_TYPE.fullmatch(kind) else None


def _absolute(link: str, base: str) -> str:
    try:
        parts = urlsplit(urljoin(base, clean(link).strip()))
    except ValueError:
        return ""
    return parts.geturl() if parts.scheme in ("http", "https") and parts.hostname else ""
