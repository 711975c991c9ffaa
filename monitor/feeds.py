"""Feed documents → entries: RSS, RDF, Atom and JSON Feed. Pure, the one door to feedparser, and it never raises.

    bytes ─text, repaired─▶ feedparser ─▶ _Item… ─▶ Entry…        what stands in nearly every document
                 └─ items one by one ─▶ lxml, recovering ─┘        when feedparser fails, or loses items, or would take too long
                 JSON ─────────────────────────────────┘

Identity: an entry is its link in normal form; without a link (or with one that several entries share, or that is only
a front page) it is its feed and id; without a usable id its feed and title. The other two are kept as aliases, within
the feed. An id that one document gives to several entries is no id.

Dates: what lies before 1980 or more than two years ahead was never meant and is None. What is less than three hours
ahead is local time that was called GMT, and is put right; the rest of the future is kept as the feed claims it.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from lxml import etree

from monitor.dates import moment
from monitor.keys import article_key, folded, id_key, title_key
from monitor.markup import decoded, line, plain, repaired
from monitor.model import Entry, Feed, FeedDocument, Outcome, Page, key_of
from monitor.urls import clean, normal

MOST_BYTES = 50_000_000
MOST_ITEMS = 20_000  # whoever lists more publishes an archive; sorting these out takes a third of a second
# feedparser takes 0.5 to 2 ms an item, lxml 0.05: a longer document is read the plain way, in time.
MOST_FOR_FEEDPARSER = 1_000
# So many items are remembered by their bytes; whoever lists more is parsed whole each time.
MOST_REMEMBERED = 1_000
MOST_GLANCED = 5_000_000
LONGEST_LINK = 4_000
LONGEST_ID = 1_000

_ROOTS = frozenset({"rss", "rdf", "feed", "channel", "atom", "newsfeed"})
_LOCAL = ZoneInfo("Europe/Brussels")


def parse(page: Page, feed: Feed) -> FeedDocument:
    """Return what the document lists, in its order and as often as it lists it; FAILED with a reason in `faults` when it is no feed.

    Items whose bytes were in the last document too (`feed.state.items`) are not parsed again: their keys are in
    `skipped`. `complete` is False when the document breaks off.
    """
    try:
        return _parse(page, feed)
    except Exception as error:  # noqa: BLE001 - the door to feedparser: a stranger's bytes must not stop anything
        return _failed(f"cannot be parsed: {type(error).__name__}: {clean(str(error))[:200]}")


def glance(page: Page, feed: Feed) -> FeedDocument | None:
    """Return the document without parsing it when every item in it was in the last one; else None.

    Looks at bytes only, in one pass: safe and cheap enough for the event loop (0.1 ms for 30 items).
    """
    if not feed.state.items or len(page.body) > MOST_GLANCED:
        return None
    known = _remembered(feed)
    parts = _Parts.of(page.body)
    digests = [_digest(item) for item in parts.items] if parts else []
    if not parts or not parts.closed or not all(digest in known for digest in digests):
        return None
    keys = tuple(known[digest] for digest in digests)
    return FeedDocument(Outcome.POLLED, skipped=keys, items=_pairs(digests, keys))


def _failed(reason: str, *more: str) -> FeedDocument:
    return FeedDocument(Outcome.FAILED, faults=(reason, *more), complete=False)


# --- one item, whoever read it ---


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """One item as a reader found it: text is plain already, links and dates are as written."""

    id: str = ""
    links: tuple[str, ...] = ()  # best first
    base: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    published: tuple[str, ...] = ()  # best first
    updated: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    """What a reader made of a document."""

    items: tuple[_Item, ...]
    title: str = ""
    is_feed: bool = True
    faults: tuple[str, ...] = ()


def _parse(page: Page, feed: Feed) -> FeedDocument:
    known = _remembered(feed)
    parts = _Parts.of(page.body) if len(page.body) <= MOST_GLANCED else None
    digests = [_digest(item) for item in parts.items] if parts else []
    skipped = _skippable(parts, digests, known) if parts and known else frozenset()
    body = parts.without(skipped) if parts and skipped else page.body[:MOST_BYTES]
    text = decoded(body, page.charset).strip("\ufeff\0 \t\r\n")
    read, complete = _read(text, page)
    faults = read.faults
    if len(page.body) > MOST_BYTES:
        faults, complete = (*faults, f"longer than {MOST_BYTES:,} bytes: the rest was not read"), False
    if not read.is_feed:
        return _failed(*(faults or ("this is not a feed",)))
    entries = _entries(read.items, page, feed)
    keys = _keys_in_order(digests, skipped, known, entries)
    return FeedDocument(
        Outcome.POLLED,
        read.title,
        entries,
        faults,
        complete,
        skipped=tuple(known[digest] for digest in digests if digest in skipped),
        items=_pairs(digests, keys),
    )


def _read(text: str, page: Page) -> tuple[_Read, bool]:
    """Return what a document's text holds, and whether it is all there."""
    if not text:
        return _Read((), is_feed=False, faults=("the document is empty",)), False
    if text[0] in "{[" and not _START.search(text[:2_000]):
        return _read_json(text), True
    text = _from_start(text)
    root = _root(text)
    if refused := _no_feed(root, text):
        return _Read((), is_feed=False, faults=(refused,)), False
    complete = _closed(text, root)
    read = _read_xml(repaired(text))
    complete = complete and not page.truncated
    return replace(read, faults=(*read.faults, *(() if complete else ("the document breaks off",)))), complete


# --- from items to entries ---


def _entries(items: Iterable[_Item], page: Page, feed: Feed) -> tuple[Entry, ...]:
    drafts = [_entry(item, page, feed) for item in items]
    ids = Counter(draft.id for draft in drafts if draft.id)
    links = _shared_links(drafts)
    useless = {name for name, times in ids.items() if times > 1} if not feed.state.guids_useless else set(ids)
    return tuple(_identified(draft, feed, draft.id if draft.id not in useless else "", links) for draft in drafts)


def _entry(item: _Item, page: Page, feed: Feed) -> Entry:
    base = _link(item.base, page.url) or page.url
    link = next((address for address in (_link(each, base) for each in item.links) if address), "")
    published = _published(item.published, page.fetched) or _published(item.updated, page.fetched)
    return Entry(
        key="",
        feed=feed.key,
        id=clean(item.id).strip()[:LONGEST_ID],
        link=link,
        title=item.title,
        summary=item.summary if item.summary != item.content else "",
        content=item.content,
        published=published,
        updated=_published(item.updated, page.fetched),
        authors=tuple(dict.fromkeys(author for author in item.authors if author))[:20],
        language=_language(item.language),
    )


def _link(written: str, base: str) -> str:
    """Return an absolute http(s) address; "" for what cannot be followed, or should not (`javascript:`)."""
    written = re.sub(r"[\t\r\n]", "", clean(written).strip())[:LONGEST_LINK]
    if not written:
        return ""
    try:
        parts = urlsplit(urljoin(base, written))
    except ValueError:
        return ""
    return parts.geturl() if parts.scheme in ("http", "https") and parts.hostname else ""


def _published(written: Iterable[str], fetched: datetime | None) -> datetime | None:
    when = next((found for found in (moment(each, fetched) for each in written) if found), None)
    if when and fetched and fetched + timedelta(minutes=5) < when < fetched + timedelta(hours=3):
        local = when - (fetched.astimezone(_LOCAL).utcoffset() or timedelta())
        return local if local <= fetched + timedelta(minutes=5) else when
    return when


def _language(written: str) -> str:
    code = re.split(r"[-_]", written.strip().lower())[0]
    return code if code.isascii() and code.isalpha() and 2 <= len(code) <= 3 else ""


def _shared_links(drafts: Iterable[Entry]) -> frozenset[str]:
    """Return the links, in normal form, under which one document lists different things."""
    titles: dict[str, set[tuple[str, str]]] = {}
    for draft in drafts:
        if draft.link:
            titles.setdefault(normal(draft.link), set()).add((draft.id, folded(draft.title)))
    return frozenset(link for link, said in titles.items() if _differ(said))


def _differ(said: set[tuple[str, str]]) -> bool:
    ids, titles = {name for name, _ in said}, {title for _, title in said}
    return len(titles) > 1 and (len(ids) > 1 or ids == {""})


def _identified(draft: Entry, feed: Feed, usable_id: str, shared_links: frozenset[str]) -> Entry:
    """Return the entry with its key and aliases."""
    link = normal(draft.link) if draft.link else ""
    by_link = article_key(draft.link) if link and link not in shared_links and not _is_front(link) else ""
    by_id = id_key(feed.key, usable_id) if usable_id else ""
    by_title = title_key(feed.key, draft.title)
    last = key_of("entry text", feed.key, draft.link, draft.id, draft.summary[:1000], draft.content[:1000])
    names = [name for name in (by_link, by_id, by_title) if name] or [last]
    return replace(draft, key=names[0], aliases=tuple(names[1:]))


def _is_front(link: str) -> bool:
    parts = urlsplit(link)
    return not (parts.path.strip("/") or parts.query or parts.fragment)


# --- the document's text ---

_BEFORE = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE(?:[^\[>]*\[.*?\])?[^>]*>)*", re.DOTALL | re.IGNORECASE)
_NAME = re.compile(r"<(?:[\w.\-]+:)?([A-Za-z][\w.\-]*)")
_START = re.compile(r"<\?xml|<(?:rss|feed|rdf:RDF|\w+:feed)[\s>]", re.IGNORECASE)


def _from_start(text: str) -> str:
    """Return the document without what a broken server printed before it."""
    if text.startswith("<?xml") or _root(text) in _ROOTS:
        return text
    found = _START.search(text[:20_000])
    return text[found.start() :] if found and _root(text[found.start() :]) in _ROOTS else text


def _root(text: str) -> str:
    found = _NAME.match(text, _prolog(text))
    return found[1].lower() if found else ""


def _prolog(text: str) -> int:
    """Return where the root element begins."""
    before = _BEFORE.match(text, 0, 20_000)
    return before.end() if before else 0


def _no_feed(root: str, text: str) -> str:
    """Say why the document cannot be a feed; "" when it may be one."""
    if root == "html" or re.match(r"<!doctype html", text[:2000].lstrip(), re.IGNORECASE):
        return f"this is a web page, not a feed: {_page_title(text) or 'without a title'}"
    if root in ("urlset", "sitemapindex"):
        return "this is a sitemap: list it under `sitemap:`"
    return "" if "<" in text else "this is not a feed"


def _page_title(text: str) -> str:
    found = re.search(r"<title[^>]*>([^<]{0,300})", text[:50_000], re.IGNORECASE)
    return line(found[1], most=100) if found else ""


def _closed(text: str, root: str) -> bool:
    """Tell whether the document's last tag is there."""
    tail = text[-2_000:].lower()
    return bool(re.search(rf"</\s*(?:[\w.\-]+:)?{re.escape(root)}\s*>", tail)) or bool(re.search(r"/>\s*$", tail))


# --- items by their bytes ---


@dataclass(frozen=True, slots=True)
class _Parts:
    """A document cut at its items, without parsing: head + items (with what stands before each) + tail."""

    head: bytes
    items: tuple[bytes, ...]
    gaps: tuple[bytes, ...]  # what stands before each item, but the first
    tail: bytes
    closed: bool

    @classmethod
    def of(cls, body: bytes) -> _Parts | None:
        """Return the parts; None for a document that cannot be cut safely (nested, or marks within CDATA)."""
        name = next((name for name in (b"item", b"entry") if re.search(rb"<%s[\s>]" % name, body)), b"")
        if not name or b"\0" in body[:100]:
            return None
        items: list[bytes] = []
        gaps: list[bytes] = []
        at = 0
        opening, closing = re.compile(rb"<%s(?=[\s>])" % name), b"</%s>" % name
        while found := opening.search(body, at):
            end = body.find(closing, found.start())
            if end < 0:
                break
            end += len(closing)
            item = body[found.start() : end]
            if not _whole(item, opening) or not _whole(body[at : found.start()], opening, outer=True):
                return None
            items.append(item)
            gaps.append(body[at : found.start()])
            at = end
        if not items:
            return None
        tail = body[at:]
        closed = bool(re.search(rb"</(?:rss|feed|rdf:RDF|channel)\s*>", tail)) and not opening.search(tail)
        return cls(gaps[0], tuple(items), tuple(gaps[1:]), tail, closed)

    def without(self, digests: frozenset[str]) -> bytes:
        """Return the document without the items of these digests."""
        kept = [b"", *self.gaps]
        pieces = [gap + item for gap, item in zip(kept, self.items, strict=True) if _digest(item) not in digests]
        return b"".join((self.head, *pieces, self.tail))


def _whole(piece: bytes, opening: re.Pattern[bytes], *, outer: bool = False) -> bool:
    """Tell whether a piece holds all of its CDATA sections and comments, and no item within an item."""
    if piece.count(b"<![CDATA[") != piece.count(b"]]>") or piece.count(b"<!--") != piece.count(b"-->"):
        return False
    return outer or not opening.search(piece, 1)


def _digest(item: bytes) -> str:
    return blake2b(item, digest_size=8).hexdigest()


def _pairs(digests: Iterable[str], keys: Iterable[str]) -> tuple[str, ...]:
    pairs = tuple(f"{digest}:{key}" for digest, key in zip(digests, keys, strict=False))
    return pairs if len(pairs) <= MOST_REMEMBERED else ()


def _remembered(feed: Feed) -> Mapping[str, str]:
    pairs = (item.partition(":") for item in feed.state.items)
    return {digest: key for digest, _, key in pairs if key}


_NAMES = re.compile(rb"<(?:guid|id|link)\b[^<>]*>[^<]*")


def _skippable(parts: _Parts, digests: list[str], known: Mapping[str, str]) -> frozenset[str]:
    """Return the digests of items that need no parsing.

    None at all when an item that must be parsed shares its id or link with another: whether those are of any use is
    only seen in the whole document.
    """
    skipped = frozenset(digest for digest in digests if digest in known)
    names = [frozenset(_NAMES.findall(item)) for item in parts.items]
    often = Counter(name for named in names for name in named)
    for digest, named in zip(digests, names, strict=True):
        if digest not in skipped and any(often[name] > 1 for name in named):
            return frozenset()
    return skipped


def _keys_in_order(
    digests: list[str], skipped: frozenset[str], known: Mapping[str, str], entries: tuple[Entry, ...]
) -> tuple[str, ...]:
    """Return the key of each item in the document; nothing when the parser saw other items than the bytes hold."""
    if len(entries) != sum(digest not in skipped for digest in digests):
        return ()
    parsed = iter(entries)
    return tuple(known[digest] if digest in skipped else next(parsed).key for digest in digests)


# --- the reader for nearly all: feedparser ---


def _read_xml(text: str) -> _Read:
    starts = _ITEM_START.findall(text)
    if len(starts) > MOST_FOR_FEEDPARSER:
        return _read_plainly(text, (f"{len(starts):,} items: read the plain way",))
    try:
        read = _read_by_feedparser(text)
    except Exception as error:  # noqa: BLE001 - it raises nearly anything; then the plain way
        return _read_plainly(text, (f"salvaged item by item: {type(error).__name__}",))
    if len(read.items) < len(starts):
        salvaged = _read_plainly(text, (f"salvaged: {len(starts)} items are written, {len(read.items)} were seen",))
        return salvaged if len(salvaged.items) > len(read.items) else read
    return read


def _read_by_feedparser(text: str) -> _Read:
    import feedparser  # heavy: only who parses pays  # noqa: PLC0415

    start = _prolog(text)
    prolog = re.sub(r"<\?xml\b.*?\?>", "", text[:start], flags=re.DOTALL)
    data = f'<?xml version="1.0" encoding="utf-8"?>{prolog}{text[start:]}'.encode("utf-8", "replace")
    found = feedparser.parse(
        io.BytesIO(data),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    version = found.get("version") or ""
    atom = version.startswith("atom")
    language = found.feed.get("language") or ""
    items = tuple(_item_of(entry, atom=atom, language=language) for entry in found.entries)
    title = _said(found.feed, "title", atom=atom, short=True)
    return _Read(items, title, is_feed=bool(items or version), faults=_bozo(found))


def _bozo(found: Any) -> tuple[str, ...]:
    if not found.get("bozo"):
        return ()
    error = found.get("bozo_exception")
    return (f"not well-formed: {line(str(error), is_html=False, most=200)}",)


def _item_of(entry: Any, *, atom: bool, language: str) -> _Item:
    get = entry.get
    links = [each.get("href") or "" for each in get("links") or () if each.get("rel") in ("alternate", None)]
    name, link = _text(get("id")), _text(get("link"))
    link = link if link != name or "://" in name else ""  # it takes any id for a link, unless told otherwise
    return _Item(
        id=name,
        links=(_text(get("feedburner_origlink")), link, *links, name if "://" in name else ""),
        base=_text((get("title_detail") or {}).get("base")),
        title=_said(entry, "title", atom=atom, short=True),
        summary=_said(entry, "summary", atom=atom),
        content="\n\n".join(filter(None, (_value(each, atom=atom) for each in get("content") or ()))),
        published=tuple(_text(get(name)) for name in ("published", "created") if name in entry),
        updated=tuple(_text(get(name)) for name in ("updated",) if name in entry),
        authors=tuple(line(_text(each.get("name"))) for each in get("authors") or ()),
        language=_text((get("title_detail") or {}).get("language")) or _text(get("language")) or _text(language),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


_MARKED_UP = re.compile(r"</(?:p|b|i|em|strong|a|span|div|h\d|li|ul|blockquote)>|<(?:br|p|img)\b[^<>]*>", re.IGNORECASE)


def _said(thing: Any, name: str, *, atom: bool, short: bool = False) -> str:
    detail = thing.get(f"{name}_detail") or {"value": thing.get(name)}
    return _value(detail, atom=atom, short=short)


def _value(detail: Any, *, atom: bool, short: bool = False) -> str:
    """Return a text as plain. Atom says what is HTML (and is disbelieved when tags are closed in it); RSS never does."""
    value = _text(detail.get("value"))
    is_html = not atom or detail.get("type") != "text/plain" or bool(_MARKED_UP.search(value))
    return line(value, is_html=is_html) if short else plain(value, is_html=is_html)


# --- the plain way: lxml, item by item ---

_ITEM_START = re.compile(r"<(?:[\w.\-]+:)?(?:item|entry)(?=[\s/>])")
_ROOT_TAG = re.compile(r"<[A-Za-z][^<>]*>")
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_RECOVERING: dict[str, Any] = {"recover": True, "resolve_entities": False, "no_network": True, "huge_tree": False}


def _read_plainly(text: str, faults: tuple[str, ...]) -> _Read:
    """Return what is left of a damaged or endless document: what one item breaks harms no other."""
    root = _ROOT_TAG.match(text, _prolog(text))
    opening = root[0] if root and not root[0].endswith("/>") else "<rss>"
    spans = _spans(text)
    if len(spans) > MOST_ITEMS:
        spans = _newest(spans, text)
        faults = (*faults, f"more than {MOST_ITEMS:,} items: the newest were read")
    atom = "feed" in opening.lower()
    pieces = (text[at:end] for at, end in spans)
    found = (
        _salvaged(opening + piece, atom=atom) or _salvaged("<rss>" + repaired(piece), atom=atom) for piece in pieces
    )
    items = tuple(item for item in found if item)
    return _Read(items, _title_before(text), is_feed=bool(items), faults=faults)


def _spans(text: str) -> list[tuple[int, int]]:
    """Return where each item's text lies: from its start to the next one's."""
    starts = [found.start() for found in _ITEM_START.finditer(text)]
    return list(zip(starts, [*starts[1:], len(text)], strict=True))


_DATE = re.compile(r"<(?:pubDate|published|updated|dc:date|date)[^>]*>([^<]{6,60})<")


def _newest(spans: list[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """Return the part of a list of items that is newest: most feeds begin with it, some end with it."""
    first, last = (_dated(text, span) for span in (spans[0], spans[-1]))
    return spans[-MOST_ITEMS:] if first and last and first < last else spans[:MOST_ITEMS]


def _dated(text: str, span: tuple[int, int]) -> datetime | None:
    found = _DATE.search(text, *span)
    return moment(found[1]) if found else None


def _title_before(text: str) -> str:
    first = _ITEM_START.search(text)
    found = re.search(r"<title[^>]*>(.{0,500}?)</title>", text[: first.start() if first else 0][:20_000], re.DOTALL)
    return line(re.sub(r"<!\[CDATA\[|\]\]>", "", found[1])) if found else ""


def _salvaged(xml: str, *, atom: bool) -> _Item | None:
    parser = etree.XMLParser(**_RECOVERING)
    try:
        root = etree.fromstring(xml.encode("utf-8", "replace"), parser)
        node = (
            next((each for each in root.iter() if _name(each) in ("item", "entry")), None) if root is not None else None
        )
        return _item_in(node, atom=atom) if node is not None else None
    except (etree.LxmlError, ValueError):  # a reference to half a character makes even its text unreadable
        return None


def _name(node: etree._Element) -> str:
    """Return an element's name without its namespace, or a prefix that was never declared."""
    return re.split(r"[}:]", node.tag)[-1].lower() if isinstance(node.tag, str) else ""


@dataclass(slots=True)
class _Found:
    """The children of one item, by name."""

    by_name: dict[str, list[etree._Element]] = field(default_factory=dict)

    def texts(self, *names: str) -> tuple[str, ...]:
        nodes = (node for name in names for node in self.by_name.get(name, ()))
        return tuple(text for text in (_inner(node) for node in nodes) if text.strip())

    def first(self, *names: str) -> str:
        return next(iter(self.texts(*names)), "")


def _inner(node: etree._Element) -> str:
    """Return what stands in an element: its text, or its markup when it has children (XHTML)."""
    if len(node) == 0:
        return node.text or ""
    children = "".join(etree.tostring(child, encoding="unicode", with_tail=True) for child in node)
    return re.sub(r"(</?)\w+:", r"\1", (node.text or "") + children)


def _item_in(node: etree._Element, *, atom: bool) -> _Item:
    found = _Found()
    for child in node:
        found.by_name.setdefault(_qualified(child), []).append(child)
    name = found.first("guid", "id").strip() or node.get(_ABOUT, "")
    return _Item(
        id=name,
        links=(*found.texts("origlink"), *_hrefs(found), name if "://" in name else ""),
        base=node.base or "",
        title=_plain_child(found, ("title",), atom=atom, short=True),
        summary=_plain_child(found, ("description", "summary"), atom=atom),
        content=_plain_child(found, ("encoded", "content"), atom=atom),
        published=found.texts("pubdate", "published", "issued", "date", "created"),
        updated=found.texts("updated", "modified"),
        authors=tuple(line(_inner(each)) for each in _authors(found)),
        language=found.first("language"),
    )


def _qualified(node: etree._Element) -> str:
    """Return an element's name; of a stranger's namespace with its prefix, so that `media:title` is no title."""
    name = _name(node)
    prefix = node.prefix or str(node.tag).partition(":")[0]
    return f"{prefix}:{name}" if prefix.lower() in ("media", "itunes", "g", "thr", "gd", "podcast") else name


def _hrefs(found: _Found) -> Iterator[str]:
    for node in found.by_name.get("link", ()):
        if node.get("rel", "alternate") == "alternate":
            yield node.get("href") or node.text or ""


def _authors(found: _Found) -> Iterator[etree._Element]:
    for node in (*found.by_name.get("author", ()), *found.by_name.get("creator", ())):
        yield next((child for child in node if _name(child) == "name"), node)


def _plain_child(found: _Found, names: tuple[str, ...], *, atom: bool, short: bool = False) -> str:
    for node in (node for name in names for node in found.by_name.get(name, ())):
        kind = "text/plain" if atom and node.get("type", "text") == "text" else "text/html"
        text = _value({"value": _inner(node), "type": kind}, atom=atom, short=short)
        if text:
            return text
    return ""


# --- JSON Feed ---


def _read_json(text: str) -> _Read:
    """Read JSON Feed 1.0 and 1.1 (jsonfeed.org), forgiving what can be forgiven."""
    try:
        found = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        return _Read((), is_feed=False, faults=(f"this is not a feed: {clean(str(error))[:200]}",))
    listed = found.get("items") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        return _Read((), is_feed=False, faults=("this is JSON, but not a feed",))
    language = _text(found.get("language"))
    faults = (f"more than {MOST_ITEMS:,} items: the newest were read",) if len(listed) > MOST_ITEMS else ()
    items = tuple(_item_in_json(each, language) for each in listed[:MOST_ITEMS] if isinstance(each, dict))
    return _Read(items, line(_text(found.get("title")), is_html=False), faults=faults)


def _item_in_json(found: Mapping[str, Any], language: str) -> _Item:
    name = found.get("id")
    authors = found.get("authors") if isinstance(found.get("authors"), list) else [found.get("author")]
    html, text = _text(found.get("content_html")), _text(found.get("content_text"))
    return _Item(
        id=str(name) if isinstance(name, str | int | float) else "",
        links=tuple(_text(found.get(each)) for each in ("url", "external_url", "id")),
        title=line(_text(found.get("title")), is_html=False),
        summary=plain(_text(found.get("summary")), is_html=False),
        content=plain(html) if html else plain(text, is_html=False),
        published=(_text(found.get("date_published")),),
        updated=(_text(found.get("date_modified")),),
        authors=tuple(line(_text(each.get("name"))) for each in authors or () if isinstance(each, dict)),
        language=_text(found.get("language")) or language,
    )
