"""The plain way: lxml, recovering, item by item. What one item breaks harms no other. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lxml import etree

from monitor.dates import moment
from monitor.feeds.items import MOST_ITEMS, Item, Read, words_of
from monitor.feeds.sniff import prolog
from monitor.markup import line, repaired

ITEM_START = re.compile(r"<(?:[\w.\-]+:)?(?:item|entry)(?=[\s/>])")
_ROOT_TAG = re.compile(r"<[A-Za-z][^<>]*>")
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_RECOVERING: dict[str, Any] = {"recover": True, "resolve_entities": False, "no_network": True, "huge_tree": False}


def read(text: str, faults: tuple[str, ...]) -> Read:
    """Return what is left of a damaged or endless document: what one item breaks harms no other."""
    root = _ROOT_TAG.match(text, prolog(text))
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
    return Read(items, _title_before(text), is_feed=bool(items), faults=faults)


def _spans(text: str) -> list[tuple[int, int]]:
    """Return where each item's text lies: from its start to the next one's."""
    starts = [found.start() for found in ITEM_START.finditer(text)]
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
    first = ITEM_START.search(text)
    found = re.search(r"<title[^>]*>(.{0,500}?)</title>", text[: first.start() if first else 0][:20_000], re.DOTALL)
    return line(re.sub(r"<!\[CDATA\[|\]\]>", "", found[1])) if found else ""


def _salvaged(xml: str, *, atom: bool) -> Item | None:
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
        """Return what stands in the children of these names, the first name's first."""
        nodes = (node for name in names for node in self.by_name.get(name, ()))
        return tuple(text for text in (_inner(node) for node in nodes) if text.strip())

    def first(self, *names: str) -> str:
        """Return the first of these texts, or ""."""
        return next(iter(self.texts(*names)), "")


def _inner(node: etree._Element) -> str:
    """Return what stands in an element: its text, or its markup when it has children (XHTML)."""
    if len(node) == 0:
        return node.text or ""
    children = "".join(etree.tostring(child, encoding="unicode", with_tail=True) for child in node)
    return re.sub(r"(</?)\w+:", r"\1", (node.text or "") + children)


def _item_in(node: etree._Element, *, atom: bool) -> Item:
    found = _Found()
    for child in node:
        found.by_name.setdefault(_qualified(child), []).append(child)
    name = found.first("guid", "id").strip() or node.get(_ABOUT, "")
    return Item(
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
        text = words_of({"value": _inner(node), "type": kind}, atom=atom, short=short)
        if text:
            return text
    return ""
