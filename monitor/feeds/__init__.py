"""Feed documents → entries: RSS, RDF, Atom and JSON Feed. Pure, the one door to feedparser, and it never raises.

    bytes ─▶ text, repaired ─┬─▶ feedparser (`usual`) ──┬─▶ Item… ─▶ Entry…
                             ├─▶ lxml (`plainly`) ──────┤      when feedparser fails, or loses items, or takes too long
                             └─▶ JSON (`jsonfeed`) ─────┘

Identity: an entry is its link in normal form; without a link (or with one that several entries share, or that is only
a front page) it is its feed and id; without a usable id its feed and title. The other two are kept as aliases, within
the feed. An id that one document gives to several entries is no id.

Dates: what lies before 1980 or more than two years ahead was never meant and is None. What is less than three hours
ahead is local time that was called GMT, and is put right; the rest of the future is kept as the feed claims it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.feeds import jsonfeed, plainly, usual
from monitor.feeds.items import Read, entries_of
from monitor.feeds.parts import Parts, digest_of, keys_in_order, pairs, remembered, skippable
from monitor.feeds.sniff import START, from_start, is_closed, no_feed, root_of
from monitor.markup import decoded, repaired
from monitor.model import Feed, FeedDocument, Outcome, Page
from monitor.urls import clean

# A document takes milliseconds to parse; one that takes so long is hostile. For whoever has it parsed in a sandbox.
PARSED_WITHIN = timedelta(seconds=10)
MOST_BYTES = 50_000_000
MOST_GLANCED = 5_000_000
# feedparser takes 0.5 to 2 ms an item, lxml 0.05: a longer document is read the plain way, in time.
MOST_FOR_FEEDPARSER = 1_000


def parse(page: Page, feed: Feed) -> FeedDocument:
    """Return what the document lists, in its order and as often as it lists it.

    FAILED, with a reason in `faults`, when it is no feed. Items whose bytes were in the last document too
    (`feed.state.items`) are not parsed again: their keys are in `skipped`. `complete` is False when it breaks off.
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
    known = remembered(feed)
    parts = Parts.of(page.body)
    digests = [digest_of(item) for item in parts.items] if parts else []
    if not parts or not parts.closed or not all(digest in known for digest in digests):
        return None
    keys = tuple(known[digest] for digest in digests)
    return FeedDocument(Outcome.POLLED, skipped=keys, items=pairs(digests, keys))


def _failed(reason: str, *more: str) -> FeedDocument:
    return FeedDocument(Outcome.FAILED, faults=(reason, *more), complete=False)


def _parse(page: Page, feed: Feed) -> FeedDocument:
    known = remembered(feed)
    parts = Parts.of(page.body) if len(page.body) <= MOST_GLANCED else None
    digests = [digest_of(item) for item in parts.items] if parts else []
    skipped = skippable(parts, digests, known) if parts and known else frozenset()
    body = parts.without(skipped) if parts and skipped else page.body[:MOST_BYTES]
    text = decoded(body, page.charset).strip("\ufeff\0 \t\r\n")
    read, complete = _read(text, page)
    faults = read.faults
    if len(page.body) > MOST_BYTES:
        faults, complete = (*faults, f"longer than {MOST_BYTES:,} bytes: the rest was not read"), False
    if not read.is_feed:
        return _failed(*(faults or ("this is not a feed",)))
    entries = entries_of(read.items, page, feed)
    keys = keys_in_order(digests, skipped, known, entries)
    return FeedDocument(
        Outcome.POLLED,
        read.title,
        entries,
        faults,
        complete,
        skipped=tuple(known[digest] for digest in digests if digest in skipped),
        items=pairs(digests, keys),
    )


def _read(text: str, page: Page) -> tuple[Read, bool]:
    """Return what a document's text holds, and whether it is all there."""
    if not text:
        return Read((), is_feed=False, faults=("the document is empty",)), False
    if text[0] in "{[" and not START.search(text[:2_000]):
        return jsonfeed.read(text), not page.truncated
    text = from_start(text)
    root = root_of(text)
    if refused := no_feed(root, text):
        return Read((), is_feed=False, faults=(refused,)), False
    read = _read_xml(repaired(text))
    if is_closed(text, root) and not page.truncated:
        return read, True
    return replace(read, faults=(*read.faults, "the document breaks off")), False


def _read_xml(text: str) -> Read:
    starts = plainly.ITEM_START.findall(text)
    if len(starts) > MOST_FOR_FEEDPARSER:
        return plainly.read(text, (f"{len(starts):,} items: read the plain way",))
    try:
        read = usual.read(text)
    except Exception as error:  # noqa: BLE001 - it raises nearly anything; then the plain way
        return plainly.read(text, (f"salvaged item by item: {type(error).__name__}",))
    if len(read.items) < len(starts):
        salvaged = plainly.read(text, (f"salvaged: {len(starts)} items are written, {len(read.items)} were seen",))
        return salvaged if len(salvaged.items) > len(read.items) else read
    return read
