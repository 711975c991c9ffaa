"""What the store tells and is told beyond `model`: the ledger of a poll, a feed's health, a hit with its fate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple, Protocol, Self

from monitor.model import Delivery, Edit, Entry, Feed, Hit, Outcome, Page, Verdict
from monitor.store.packing import pack_page, unpack_page
from monitor.urls import masked

Mark = Literal["useful", "noise"]
# A page that is larger than this when it is packed is not kept: one in thousands, a live blog of a whole day.
LARGEST: Final = 2**19
# So long is a key.
KEY: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """How one poll of a feed went: `listed == new + known`; `old` are those of the new that were taken in silently.

    `gap`: entries may have come and gone unseen between this poll and the one before.
    """

    at: datetime
    outcome: Outcome
    listed: int = 0
    new: int = 0
    known: int = 0
    old: int = 0
    reason: str = ""
    took: timedelta | None = None
    gap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A poll after which not all that a feed listed may have been read; `feed` is its name.

    Nothing in it was in the poll before (then `old` is 0), or so many of its entries were taken for an archive.
    """

    feed: str
    at: datetime
    old: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReport:
    """A feed, what became of all it listed, and how it is."""

    feed: Feed
    configured: bool
    outcomes: Mapping[Outcome, int]  # of its entries; what waits is not among them
    waiting: int  # entries in the inbox
    hits: int

    @property
    def health(self) -> Literal["ok", "failing", "paused", "new", "removed"]:
        """One word: `new` was never polled, `paused` waits for a person, `removed` is no longer configured."""
        if not self.configured:
            return "removed"
        if self.feed.state.due is None:
            return "paused"
        if self.feed.state.failures:
            return "failing"
        return "ok" if self.feed.state.polled else "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What a feed listed since a moment, and what became of each entry that was new."""

    feed: str  # key
    polls: Mapping[Outcome, int]
    listed: int
    new: int
    known: int
    entries: Mapping[Outcome, int]  # done, by outcome
    waiting: int

    @property
    def missing(self) -> int:
        """Entries that were new and of which nothing is on record: 0, always, as far back as entries are kept."""
        return self.new - self.waiting - sum(self.entries.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRecord:
    """A hit, what a person thought of it, and where it went."""

    hit: Hit
    mark: Mark | None = None
    why: str = ""
    deliveries: tuple[Delivery, ...] = ()
    edits: tuple[Edit, ...] = ()  # in order


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReport:
    """What became of a channel's deliveries."""

    name: str
    waiting: int = 0
    refused: int = 0  # of those that wait: they were refused, and are tried again
    sent: int = 0
    dead: int = 0
    muted: int = 0
    last_sent: datetime | None = None
    error: str = ""  # of the last that was refused and still waits, or is dead


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """The state of everything in numbers: for `monitor status`, the page and the metrics."""

    feeds: Mapping[str, int] = field(default_factory=dict)  # by health
    listed: int = 0  # the ledger of all feeds: listed = new + known
    new: int = 0  # = waiting + outcomes + missing
    known: int = 0
    waiting: int = 0
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    inbox: int = 0  # entries that wait to be read
    outbox: int = 0  # deliveries that wait to be sent
    oldest_due: datetime | None = None  # of feeds, entries and deliveries together
    entries: Mapping[str, int] = field(default_factory=dict)  # done, by outcome
    deliveries: Mapping[str, int] = field(default_factory=dict)  # by outcome
    articles: int = 0
    hits: int = 0
    last_poll: datetime | None = None
    last_hit: datetime | None = None

    @property
    def missing(self) -> int:
        """Entries that were new and of which nothing is on record: 0, always, as far back as entries are kept."""
        return self.new - self.waiting - sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class Known:
    """An entry on record, as far as `policy.listing` compares a feed's next document with it."""

    key: str
    title: str
    link: str
    found: datetime | None
    updated: datetime | None


class Arrived(Protocol):
    """What a poll brought, as it is to be written (`policy.listing.dated`)."""

    @property
    def new(self) -> Sequence[Entry]:
        """They wait in the inbox; one without a due date is done as it comes in (OLD)."""

    @property
    def old(self) -> Sequence[Entry]:
        """They are done as they come in (OLD)."""

    @property
    def edited(self) -> Sequence[Entry]:
        """They were read before, and wait again with their new words."""

    @property
    def renamed(self) -> Sequence[tuple[str, str]]:
        """(a key listed now, the key on record): the entry is known by both from now on."""


@dataclass(frozen=True, slots=True)
class Past:
    """Which stored articles: those dated from `since` on and before `until`, of a feed, outlet or group. None: any."""

    since: datetime | None = None
    until: datetime | None = None
    feed: str | None = None


EVER: Final = Past()


class Stand(NamedTuple):
    """Where an article stands in the order of all: as text in a mark, so that a backfill goes on from there."""

    dated: datetime
    number: int

    def __str__(self) -> str:
        return f"{self.dated.isoformat()} {self.number}"

    @classmethod
    def of(cls, said: str) -> Self:
        """Return the place that was put as text. An older version named the key: its date holds."""
        dated, _, number = said.partition(" ")
        return cls(datetime.fromisoformat(dated), int(number) if number.isdecimal() and len(number) < KEY else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What came of an entry, as it is to be written."""

    entry: Entry
    verdict: Verdict
    hits: tuple[Hit, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    signature: object = None  # JSON, of the article that hit: kept with its story
    told: datetime | None = None  # when its story was told, unless that is now
    edits: tuple[Edit, ...] = ()  # what has changed in hits on record
    page: KeptPage | None = None  # kept unless one is that hit


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPage:
    """A page as it came, packed: of an entry that hit, or that could not simply be read. `url` holds no login."""

    entry: str  # its key
    url: str
    content_type: str
    charset: str
    packed: bytes
    fetched: datetime
    hit: bool  # a rule matched: then it stays as it was

    @classmethod
    def of(cls, entry: Entry, page: Page, now: datetime, *, hit: bool) -> Self | None:
        """Return a page as it is kept; None for one that is too large. Takes some milliseconds."""
        packed = pack_page(page.body)
        if len(packed) > LARGEST:
            return None
        return cls(
            entry=entry.key,
            url=masked(page.url),
            content_type=page.content_type,
            charset=page.charset,
            packed=packed,
            fetched=page.fetched or now,
            hit=hit,
        )

    @property
    def page(self) -> Page:
        """The page, to be read anew."""
        return Page(
            url=self.url,
            asked=self.url,
            body=unpack_page(self.packed),
            content_type=self.content_type,
            charset=self.charset,
            fetched=self.fetched,
        )
