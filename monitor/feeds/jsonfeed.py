"""JSON Feed 1.0 and 1.1 (jsonfeed.org). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from monitor.feeds.items import MOST_ITEMS, Item, Read, text_of
from monitor.markup import line, plain
from monitor.urls import clean


def read(text: str) -> Read:
    """Read JSON Feed 1.0 and 1.1 (jsonfeed.org), forgiving what can be forgiven."""
    try:
        found = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        return Read((), is_feed=False, faults=(f"this is not a feed: {clean(str(error))[:200]}",))
    listed = found.get("items") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        return Read((), is_feed=False, faults=("this is JSON, but not a feed",))
    language = text_of(found.get("language"))
    faults = (f"more than {MOST_ITEMS:,} items: the newest were read",) if len(listed) > MOST_ITEMS else ()
    items = tuple(_item_in_json(each, language) for each in listed[:MOST_ITEMS] if isinstance(each, dict))
    return Read(items, line(text_of(found.get("title")), is_html=False), faults=faults)


def _item_in_json(found: Mapping[str, Any], language: str) -> Item:
    name = found.get("id")
    authors = found.get("authors") if isinstance(found.get("authors"), list) else [found.get("author")]
    html, text = text_of(found.get("content_html")), text_of(found.get("content_text"))
    return Item(
        id=str(name) if isinstance(name, str | int | float) else "",
        links=tuple(text_of(found.get(each)) for each in ("url", "external_url", "id")),
        title=line(text_of(found.get("title")), is_html=False),
        summary=plain(text_of(found.get("summary")), is_html=False),
        content=plain(html) if html else plain(text, is_html=False),
        published=(text_of(found.get("date_published")),),
        updated=(text_of(found.get("date_modified")),),
        authors=tuple(line(text_of(each.get("name"))) for each in authors or () if isinstance(each, dict)),
        language=text_of(found.get("language")) or language,
    )
