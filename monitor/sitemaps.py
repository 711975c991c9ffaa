"""Sitemaps → entries: news sitemaps, plain ones, lists of addresses. Pure, and it never raises.

A news sitemap (Google's, news:news) gives title and date; a plain one only the address and when the page changed,
which is kept as `updated`. An index names further sitemaps: see `index`.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from lxml import etree

from monitor.dates import moment
from monitor.keys import article_key
from monitor.markup import decoded, line, repaired
from monitor.model import Entry, Feed, FeedDocument, Outcome, Page
from monitor.numbers import counted
from monitor.urls import clean

MOST_BYTES = 50_000_000  # the protocol's own limit (sitemaps.org)
MOST_ITEMS = 50_000  # and this one too
LONGEST_LINK = 4_000


def parse(page: Page, feed: Feed) -> FeedDocument:
    """Return what a sitemap lists, in its order; FAILED with a reason in `faults` when it is none, or only an index.

    `complete` is False when the document breaks off, or was longer than what is read of one.
    """
    try:
        return _parse(page, feed)
    except Exception as error:  # noqa: BLE001 - a stranger's bytes must not stop anything
        reason = f"cannot be parsed: {type(error).__name__}: {clean(str(error))[:200]}"
        return FeedDocument(Outcome.FAILED, faults=(reason,), complete=False)


def index(page: Page) -> tuple[str, ...]:
    """Return the addresses of the sitemaps that an index names, newest first where it says so; () for anything else."""
    try:
        found = _read(page)
    except Exception:  # noqa: BLE001 - what cannot be read is no index
        return ()
    if found.root != "sitemapindex":
        return ()
    listed = [(place.changed, _link(place.link, page.url)) for place in found.places]
    newest_first = sorted(listed, key=lambda pair: pair[0], reverse=True)
    return tuple(dict.fromkeys(link for _, link in newest_first if link))


def _parse(page: Page, feed: Feed) -> FeedDocument:
    found = _read(page)
    if found.root == "sitemapindex":
        return FeedDocument(Outcome.FAILED, faults=(f"this is an index of {counted(len(found.places), 'sitemap')}",))
    if found.root not in ("urlset", "list"):
        return FeedDocument(Outcome.FAILED, faults=("this is not a sitemap", *found.faults), complete=False)
    entries = (_entry(place, page, feed) for place in found.places)
    return FeedDocument(
        Outcome.POLLED,
        entries=tuple(entry for entry in entries if entry),
        faults=found.faults,
        complete=found.complete and not page.truncated,
    )


@dataclass(slots=True)
class _Place:
    """One address of a sitemap, as written."""

    link: str = ""
    changed: str = ""
    published: str = ""
    title: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    root: str
    places: tuple[_Place, ...] = ()
    faults: tuple[str, ...] = ()
    complete: bool = True


def _entry(place: _Place, page: Page, feed: Feed) -> Entry | None:
    link = _link(place.link, page.url)
    if not link:
        return None
    changed = moment(place.changed, page.fetched)
    return Entry(
        key=article_key(link),
        feed=feed.key,
        link=link,
        title=line(place.title),
        published=moment(place.published, page.fetched),
        updated=changed,
        language=place.language.strip().lower().partition("-")[0][:3],
    )


def _link(written: str, base: str) -> str:
    try:
        parts = urlsplit(urljoin(base, clean(written).strip()[:LONGEST_LINK]))
    except ValueError:
        return ""
    return parts.geturl() if written.strip() and parts.scheme in ("http", "https") and parts.hostname else ""


def _read(page: Page) -> _Read:
    body, whole = _inflated(page.body)
    start = body[:2_000].lstrip(b"\xef\xbb\xbf \t\r\n\0")
    if start[:4].lower() == b"http":
        return _read_list(body, page.charset, whole)
    if not start:
        return _Read("", faults=("the document is empty",), complete=False)
    return _read_xml(body, page.charset, whole)


def _inflated(body: bytes) -> tuple[bytes, bool]:
    """Return the body unpacked, at most `MOST_BYTES` of it, and whether that is all."""
    if not body.startswith(b"\x1f\x8b"):
        return body[:MOST_BYTES], len(body) <= MOST_BYTES
    packed = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = packed.decompress(body, MOST_BYTES)
    except zlib.error:
        return b"", False
    return unpacked, packed.eof


def _read_list(body: bytes, charset: str, whole: bool) -> _Read:
    """Read one address a line, as the protocol also allows."""
    links = [each.strip() for each in decoded(body, charset).splitlines() if each.strip()]
    return _Read(
        "list", tuple(_Place(link) for link in links[:MOST_ITEMS]), complete=whole and len(links) <= MOST_ITEMS
    )


def _read_xml(body: bytes, charset: str, whole: bool) -> _Read:
    text = repaired(decoded(body, charset))
    data = io.BytesIO(_undeclared(text).encode("utf-8", "replace"))
    events = etree.iterparse(data, events=("start", "end"), recover=True, resolve_entities=False, no_network=True)
    root = next((_name(node) for _, node in events), "")
    places = list(_places(events))
    faults = []
    if not whole or f"{root}>" not in text[-200:].lower():
        faults.append("the document breaks off")
    if len(places) > MOST_ITEMS:
        faults.append(f"more than {MOST_ITEMS:,} addresses: the newest were kept")
    return _Read(root, tuple(_newest(places)), tuple(faults), complete=not faults)


def _undeclared(text: str) -> str:
    """Return the document without its XML declaration: the text is decoded already."""
    text = text.lstrip("\ufeff\0 \t\r\n")
    return text[text.find("?>") + 2 :] if text.startswith("<?xml") and "?>" in text[:500] else text


def _newest(places: list[_Place]) -> list[_Place]:
    """Return what changed last, in the order given; dates of one document are written one way and sort as text."""
    if len(places) <= MOST_ITEMS:
        return places
    last = sorted(range(len(places)), key=lambda i: places[i].published or places[i].changed)[-MOST_ITEMS:]
    return [places[i] for i in sorted(last)]


def _places(events: Iterator[tuple[str, etree._Element]]) -> Iterator[_Place]:
    """Yield each <url> or <sitemap> as it ends, and forget its element."""
    for event, node in events:
        if event == "end" and _name(node) in ("url", "sitemap"):
            yield _place(node)
            node.clear()
            parent = node.getparent()
            while parent is not None and parent[0] is not node:
                del parent[0]


_FIELDS = {
    "loc": "link",
    "lastmod": "changed",
    "publication_date": "published",
    "title": "title",
    "language": "language",
}


def _place(node: etree._Element) -> _Place:
    place = _Place()
    for child in node.iter():
        name, text = _name(child), (child.text or "").strip()
        told = _FIELDS.get(name, "")
        if not text or not told or (name == "loc" and child.getparent() is not node):  # an image has a loc too
            continue
        if name == "title" and _is_picture(child):
            continue
        setattr(place, told, getattr(place, told) or text)
    return place


def _name(node: etree._Element) -> str:
    """Return an element's name without its namespace, or a prefix that was never declared."""
    return re.split(r"[}:]", node.tag)[-1].lower() if isinstance(node.tag, str) else ""


def _is_picture(node: etree._Element) -> bool:
    return (node.prefix or str(node.tag).partition(":")[0]).lower() in ("image", "video")
