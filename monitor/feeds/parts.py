"""A document cut at its items by their bytes, so that what did not change is not parsed again. Pure, one pass."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from monitor.model import Entry, Feed

# So many items are remembered by their bytes; whoever lists more is parsed whole each time.
MOST_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Parts:
    """A document cut at its items, without parsing: head + items (with what stands before each) + tail."""

    head: bytes
    items: tuple[bytes, ...]
    gaps: tuple[bytes, ...]  # what stands before each item, but the first
    tail: bytes
    closed: bool

    @classmethod
    def of(cls, body: bytes) -> Parts | None:
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
        pieces = [gap + item for gap, item in zip(kept, self.items, strict=True) if digest_of(item) not in digests]
        return b"".join((self.head, *pieces, self.tail))


def _whole(piece: bytes, opening: re.Pattern[bytes], *, outer: bool = False) -> bool:
    """Tell whether a piece holds all of its CDATA sections and comments, and no item within an item."""
    if piece.count(b"<![CDATA[") != piece.count(b"]]>") or piece.count(b"<!--") != piece.count(b"-->"):
        return False
    return outer or not opening.search(piece, 1)


def digest_of(item: bytes) -> str:
    """Return what an item is known by while its bytes stay the same: 16 hex digits."""
    return blake2b(item, digest_size=8).hexdigest()


def pairs(digests: Iterable[str], keys: Iterable[str]) -> tuple[str, ...]:
    """Return each item's digest and entry key as `FeedState.items` keeps them; () for too many, or when keys lack."""
    pairs = tuple(f"{digest}:{key}" for digest, key in zip(digests, keys, strict=False))
    return pairs if len(pairs) <= MOST_REMEMBERED else ()


def remembered(feed: Feed) -> Mapping[str, str]:
    """Return the entry keys of the last document's items, by digest."""
    pairs = (item.partition(":") for item in feed.state.items)
    return {digest: key for digest, _, key in pairs if key}


_NAMES = re.compile(rb"<(?:guid|id|link)\b[^<>]*>[^<]*")


def skippable(parts: Parts, digests: list[str], known: Mapping[str, str]) -> frozenset[str]:
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


def keys_in_order(
    digests: list[str], skipped: frozenset[str], known: Mapping[str, str], entries: tuple[Entry, ...]
) -> tuple[str, ...]:
    """Return the key of each item in the document; nothing when the parser saw other items than the bytes hold."""
    if len(entries) != sum(digest not in skipped for digest in digests):
        return ()
    parsed = iter(entries)
    return tuple(known[digest] if digest in skipped else next(parsed).key for digest in digests)
