"""Items, whoever read them → entries: links, dates and identity. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from monitor.dates import moment
from monitor.keys import article_key, folded, id_key, title_key
from monitor.markup import line, plain
from monitor.model import Entry, Feed, Page, key_of
from monitor.urls import clean, normal

MOST_ITEMS = 20_000  # whoever lists more publishes an archive; sorting these out takes a third of a second
LONGEST_LINK = 4_000
LONGEST_ID = 1_000

_LOCAL = ZoneInfo("Europe/Brussels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
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
class Read:
    """What a reader made of a document."""

    items: tuple[Item, ...]
    title: str = ""
    is_feed: bool = True
    faults: tuple[str, ...] = ()


# --- text as a reader finds it ---


def text_of(value: object) -> str:
    """Return what should be text; "" for what is not."""
    return value if isinstance(value, str) else ""


_MARKED_UP = re.compile(r"</(?:p|b|i|em|strong|a|span|div|h\d|li|ul|blockquote)>|<(?:br|p|img)\b[^<>]*>", re.IGNORECASE)


def words_of(detail: Any, *, atom: bool, short: bool = False) -> str:
    """Return a text as plain. Atom says what is HTML (and is disbelieved when tags are closed in it); RSS never does."""
    value = text_of(detail.get("value"))
    is_html = not atom or detail.get("type") != "text/plain" or bool(_MARKED_UP.search(value))
    return line(value, is_html=is_html) if short else plain(value, is_html=is_html)


# --- entries ---


def entries_of(items: Iterable[Item], page: Page, feed: Feed) -> tuple[Entry, ...]:
    """Return the entries that a document's items are: absolute links, moments, keys that hold beyond this document."""
    drafts = [_entry(item, page, feed) for item in items]
    ids = Counter(draft.id for draft in drafts if draft.id)
    links = _shared_links(drafts)
    useless = {name for name, times in ids.items() if times > 1} if not feed.state.guids_useless else set(ids)
    return tuple(_identified(draft, feed, draft.id if draft.id not in useless else "", links) for draft in drafts)


def _entry(item: Item, page: Page, feed: Feed) -> Entry:
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


_WHOLE = re.compile(r"https?://[^/?#]")  # as most are: urljoin would take both apart, and put them together again


def _link(written: str, base: str) -> str:
    """Return an absolute http(s) address; "" for what cannot be followed, or should not (`javascript:`)."""
    written = re.sub(r"[\t\r\n]", "", clean(written).strip())[:LONGEST_LINK]
    if not written:
        return ""
    try:
        parts = urlsplit(written if _WHOLE.match(written) else urljoin(base, written))
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
    names = [name for name in (by_link, by_id, by_title) if name] or [_by_text(draft, feed)]
    return replace(draft, key=names[0], aliases=tuple(names[1:]))


def _by_text(draft: Entry, feed: Feed) -> str:
    return key_of("entry text", feed.key, draft.link, draft.id, draft.summary[:1000], draft.content[:1000])


def _is_front(link: str) -> bool:
    parts = urlsplit(link)
    return not (parts.path.strip("/") or parts.query or parts.fragment)
