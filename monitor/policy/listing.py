"""What of a feed's document is new, beside what is on record. Pure: takes `now`, asks no clock.

    document ──sort_out──▶ Sorted(new, old, known, edited, gap) ──filled, dated──▶ as it is to be written

Nothing listed is lost: listed = new + old + known.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol

from monitor.keys import folded, id_key, title_key
from monitor.model import Entry, Feed, FeedDocument, FeedState
from monitor.numbers import counted
from monitor.urls import normal

# What a news sitemap may add where a feed has a gap; and how long before the last poll an entry may be dated that it missed.
MOST_FILLED = 200
OVERLAP = timedelta(minutes=10)
# An archive: so many unknown entries, dated so long before the last poll, which did not list them.
STORM = 10
STALE = timedelta(days=14)
# A flood: more unknown entries than this, and so many times what the feed listed before.
FLOOD, FLOOD_TIMES = 200, 5
# Titles or ids that so many entries, and such a share of them, have in common with others tell of a system, not of chance.
BULK, BULK_SHARE = 3, 1 / 3
ALIKE = 0.25  # of the words of two headlines: an edited one keeps more, another article's shares a few at most


class Known(Protocol):
    """What the store knows under a key or an alias."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def link(self) -> str: ...
    @property
    def found(self) -> datetime | None: ...
    @property
    def updated(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """What a document listed, each item once in `new`, `old` or `known`."""

    new: tuple[Entry, ...] = ()  # to be read
    old: tuple[Entry, ...] = ()  # new to us, but of before: taken in silently
    known: tuple[str, ...] = ()  # keys under which listed items are on record, each as often as it was listed
    edited: tuple[Entry, ...] = ()  # of the known: with another title, or a later `updated`; the key is the known one
    gap: bool = False  # nothing of the last document is in this one: entries may have been missed
    renamed: tuple[tuple[str, str], ...] = ()  # a key it is listed under now → the key under which it is on record
    guids_useless: bool = False
    reason: str = ""  # why entries are old, or known by their titles, when that is not plain

    @property
    def listed(self) -> int:
        """How many items the document listed."""
        return len(self.new) + len(self.old) + len(self.known)


def aliases(document: FeedDocument) -> tuple[str, ...]:
    """Return all keys under which what is listed may be on record: ask the store for these before `sort_out`."""
    return tuple(dict.fromkeys(name for entry in document.entries for name in (entry.key, *entry.aliases)))


def sort_out(document: FeedDocument, feed: Feed, known: Mapping[str, Known], now: datetime) -> Sorted:
    """Return what of a document is new, old, known or edited.

    `known` maps keys and aliases to what is on record. An entry is known by its key; by its id, when title or link
    agree at least a little (some ids are given to other articles, too); by its title only when a good part of the
    document is (a publisher changed links and ids), for two articles may share a headline. What is unknown is old on
    a feed's first poll, and when an archive is published again.
    """
    sights = tuple(_sights(document, feed, known))
    total = len(document.entries) + len(document.skipped)
    by_title = [sight for sight in sights if sight.how is _How.TITLE]
    moved = frozenset(id(sight) for sight in by_title) if _is_bulk(len(by_title), total) else frozenset()
    unknown = tuple(sight.fresh(known) for sight in sights if sight.is_unknown and id(sight) not in moved)
    here = tuple(sight for sight in sights if not sight.is_unknown or id(sight) in moved)
    new, old, reason = _new_and_old(unknown, feed.state, now)
    mistaken = sum(sight.how is _How.MISTAKEN for sight in sights)
    return Sorted(
        new=new,
        old=tuple(replace(entry, silent=True) for entry in old),
        known=(*document.skipped, *(sight.key for sight in here)),
        edited=tuple({entry.key: entry for entry in (sight.edited() for sight in here) if entry}.values()),
        renamed=tuple((sight.entry.key, sight.key) for sight in here if sight.key != sight.entry.key),
        gap=_is_gap(document, feed.state, here),
        guids_useless=feed.state.guids_useless or _is_bulk(mistaken, sum(bool(entry.id) for entry in document.entries)),
        reason=reason or ("links or ids of the feed have changed: entries are known by their titles" if moved else ""),
    )


def dated(found: Sorted, feed: Feed, now: datetime, *, tell_old: bool) -> Sorted:
    """Return what was found as it is to be written: what is to be read is due now, what an archive lists again is not.

    What a feed lists at its first poll is read too, so that it is on record, but nobody is told, unless `tell_old`.
    """
    first = feed.state.polled is None
    new = tuple(replace(entry, found=now, due=now) for entry in (*found.new, *(found.old if first else ())))
    return replace(
        found,
        new=tuple(replace(entry, silent=False) for entry in new) if first and tell_old else new,
        old=() if first else tuple(replace(entry, found=now) for entry in found.old),
        edited=tuple(replace(entry, due=now) for entry in found.edited),
    )


class _How(Enum):
    """By what an entry is known."""

    KEY = auto()
    AGAIN = auto()  # listed twice in one document
    ID = auto()
    MISTAKEN = auto()  # by its id, but that was given to another article before
    TITLE = auto()
    NOT = auto()


@dataclass(frozen=True, slots=True)
class _Sight:
    """An entry beside what is on record of it."""

    entry: Entry
    how: _How
    record: Known | None = None

    @property
    def is_unknown(self) -> bool:
        """Whether nothing on record is this entry, as far as it alone can tell."""
        return self.how in (_How.MISTAKEN, _How.TITLE, _How.NOT)

    @property
    def key(self) -> str:
        """The key under which it is on record."""
        return self.record.key if self.record else self.entry.key

    def fresh(self, known: Mapping[str, Known]) -> Entry:
        """Return the entry as a new one: without the names by which others go."""
        own = (self.entry.key, *self.entry.aliases)
        names = tuple(name for name in own if name not in known)
        if names == own:
            return self.entry
        return replace(self.entry, key=names[0], aliases=names[1:]) if names else self.entry

    def edited(self) -> Entry | None:
        """Return the entry under its known key when its words or its date have changed."""
        if self.how not in (_How.KEY, _How.ID) or self.record is None:
            return None
        was, now = self.record.updated, self.entry.updated
        later = was is not None and now is not None and now > was
        titles = folded(self.record.title), folded(self.entry.title)
        if not (later or (all(titles) and titles[0] != titles[1])):
            return None
        return replace(self.entry, key=self.record.key, aliases=(*self.entry.aliases, self.entry.key))


def _sights(document: FeedDocument, feed: Feed, known: Mapping[str, Known]) -> Iterator[_Sight]:
    seen: dict[str, Known | None] = {}
    for entry in document.entries:
        if entry.key in seen:
            yield _Sight(entry, _How.AGAIN, seen[entry.key])
            continue
        sight = _sight(entry, feed, known)
        seen[entry.key] = sight.record if not sight.is_unknown else None
        yield sight


def _sight(entry: Entry, feed: Feed, known: Mapping[str, Known]) -> _Sight:
    by_id, by_title = id_key(feed.key, entry.id), title_key(feed.key, entry.title)
    names = (entry.key, *entry.aliases)
    called = known.get(by_id) if by_id in names else None
    titled = known.get(by_title) if by_title in names else None
    if entry.key not in (by_id, by_title) and entry.key in known:
        return _Sight(entry, _How.KEY, known[entry.key])
    if called:
        if _alike(entry, called):
            return _Sight(entry, _How.KEY if entry.key == by_id else _How.ID, called)
        return _Sight(entry, _How.KEY, titled) if titled else _Sight(entry, _How.MISTAKEN)
    if titled:
        return _Sight(entry, _How.KEY if entry.key == by_title else _How.TITLE, titled)
    return _Sight(entry, _How.NOT)


_NUMBER = re.compile(r"\d{5,}")


def _alike(entry: Entry, record: Known) -> bool:
    """Tell whether an entry and a record under the same id can be one article: an edited one keeps something."""
    ours, theirs = folded(entry.title), folded(record.title)
    if not ours or not theirs or ours == theirs:
        return True
    if entry.link and normal(entry.link) == normal(record.link):
        return True
    if set(_NUMBER.findall(entry.link)) & set(_NUMBER.findall(record.link)):
        return True
    shared, every = set(ours.split()) & set(theirs.split()), set(ours.split()) | set(theirs.split())
    return len(shared) / len(every) >= ALIKE


def _is_bulk(part: int, whole: int) -> bool:
    """Tell whether so many of so many are a system's doing and no chance."""
    return part >= BULK and part >= whole * BULK_SHARE


def _new_and_old(
    unknown: tuple[Entry, ...], state: FeedState, now: datetime
) -> tuple[tuple[Entry, ...], tuple[Entry, ...], str]:
    """Return which of the unknown are to be read, which are taken in silently, and why."""
    if state.polled is None:
        return (), unknown, ""
    before = min(state.polled, now) - STALE
    stale = tuple(entry for entry in unknown if entry.published and entry.published < before)
    if len(stale) >= STORM and 2 * len(stale) >= len(unknown):
        fresh = tuple(entry for entry in unknown if not entry.published or entry.published >= before)
        return fresh, stale, f"{len(stale)} entries of an archive"
    if len(unknown) > max(FLOOD, FLOOD_TIMES * len(state.recent)):
        return (), unknown, f"{len(unknown)} unknown entries at once, where {len(state.recent)} were listed before"
    return unknown, (), ""


def _is_gap(document: FeedDocument, state: FeedState, here: Iterable[_Sight]) -> bool:
    """Tell whether nothing links this document to the last one."""
    if not state.recent or not document.entries or document.skipped:
        return False
    recent = frozenset(state.recent)
    if any(entry.key in recent for entry in document.entries):
        return False
    return not any(sight.key in recent for sight in here)


def filled(found: Sorted, sitemap: FeedDocument, feed: Feed, known: Mapping[str, Known], now: datetime) -> Sorted:
    """Return what a document with a gap listed, with what the outlet's news sitemap lists of the time between.

    That is what nobody knows and what is dated after the last poll; the gap is told all the same.
    """
    after = feed.state.polled or now
    here = {entry.key for entry in (*found.new, *found.old)} | set(found.known)
    missed = [
        replace(entry, feed=feed.key)
        for entry in sitemap.entries
        if entry.published and after - OVERLAP <= entry.published <= now and not _is_among(entry, here, known)
    ]
    newest = sorted({entry.key: entry for entry in missed}.values(), key=_published)[-MOST_FILLED:]
    said = f"{counted(len(newest), 'entry', 'entries')} that it no longer listed, found in the news sitemap"
    return replace(found, new=(*found.new, *newest), reason="; ".join(filter(None, (found.reason, said))))


def _is_among(entry: Entry, here: Container[str], known: Container[str]) -> bool:
    return any(name in here or name in known for name in (entry.key, *entry.aliases))


def _published(entry: Entry) -> datetime:
    assert entry.published
    return entry.published
