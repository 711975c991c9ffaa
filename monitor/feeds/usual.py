"""The reader for nearly all documents: feedparser, which nobody else imports. It may raise anything."""

from __future__ import annotations

import io
import re
from functools import cache
from time import gmtime
from typing import Any

from monitor.feeds.items import Item, Read, text_of, words_of
from monitor.feeds.sniff import prolog
from monitor.markup import line


@cache
def _library() -> Any:
    """Return feedparser. Dates are read by `monitor.dates`: the library's own readers, a tenth of its time, are left out."""
    import feedparser  # heavy: only who parses pays  # noqa: PLC0415

    feedparser.registerDateHandler(lambda _: gmtime(0))  # asked first, and answers at once
    return feedparser


def read(text: str) -> Read:
    """Return what feedparser makes of a document in one piece. It never sees a path or an address: only bytes."""
    start = prolog(text)
    before = re.sub(r"<\?xml\b.*?\?>", "", text[:start], flags=re.DOTALL)
    data = f'<?xml version="1.0" encoding="utf-8"?>{before}{text[start:]}'.encode("utf-8", "replace")
    found = _library().parse(
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
    return Read(items, title, is_feed=bool(items or version), faults=_bozo(found))


def _bozo(found: Any) -> tuple[str, ...]:
    if not found.get("bozo"):
        return ()
    error = found.get("bozo_exception")
    return (f"not well-formed: {line(str(error), is_html=False, most=200)}",)


def _item_of(entry: Any, *, atom: bool, language: str) -> Item:
    get = entry.get
    links = [each.get("href") or "" for each in get("links") or () if each.get("rel") in ("alternate", None)]
    name, link = text_of(get("id")), text_of(get("link"))
    link = link if link != name or "://" in name else ""  # it takes any id for a link, unless told otherwise
    return Item(
        id=name,
        links=(text_of(get("feedburner_origlink")), link, *links, name if "://" in name else ""),
        base=text_of((get("title_detail") or {}).get("base")),
        title=_said(entry, "title", atom=atom, short=True),
        summary=_said(entry, "summary", atom=atom),
        content="\n\n".join(filter(None, (words_of(each, atom=atom) for each in get("content") or ()))),
        published=tuple(text_of(get(name)) for name in ("published", "created") if name in entry),
        updated=tuple(text_of(get(name)) for name in ("updated",) if name in entry),
        authors=tuple(line(text_of(each.get("name"))) for each in get("authors") or ()),
        language=text_of((get("title_detail") or {}).get("language")) or text_of(get("language")) or text_of(language),
    )


def _said(thing: Any, name: str, *, atom: bool, short: bool = False) -> str:
    detail = thing.get(f"{name}_detail") or {"value": thing.get(name)}
    return words_of(detail, atom=atom, short=short)
