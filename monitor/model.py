"""What flows, in the order in which it flows. Frozen: a step returns the next thing.

    Feed ──poll──▶ Page ──parse──▶ Entry ══inbox══▶ Page ──extract──▶ Article ──match──▶ Match(Evidence…)
                                                           └────── Verdict(outcome, article, matches) ──────┐
          Message ◀──render── Delivery… ◀══outbox══ Delivery ◀──route── Hit(article, match, story, found) ◀─┘

Every moment is an aware datetime in UTC. Every text has been cleaned once, at its door (`monitor.urls`, `feeds`,
`extract`): no NUL, no lone surrogate. Identity is computed from what a thing is (`key_of`), so that the live run,
a backfill and a repeated job agree without asking each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from hashlib import blake2b
from ipaddress import IPv4Network, IPv6Network
from typing import Literal, NamedTuple

FieldName = Literal["title", "lead", "body"]
FIELDS: tuple[FieldName, ...] = ("title", "lead", "body")
ChannelKind = Literal["console", "mail", "slack", "text"]


def key_of(kind: str, *parts: str) -> str:
    """Return the identity of a thing: 32 hex digits that depend on nothing but what it is.

    `kind` keeps a feed and an article with the same address apart; the parts are joined with a sign that no cleaned
    text holds, so `("a", "bc")` and `("ab", "c")` differ.
    """
    said = "\x1f".join((kind, *parts)).encode("utf-8", "surrogatepass")
    return blake2b(said, digest_size=16).hexdigest()


# Slack by apprise's name for it, and incoming webhooks in Slack's form, wherever a gateway serves them.
_SLACK = re.compile(r"slack:|https?://[^/]+/services/t\w+/b\w+/\w")


class Outcome(StrEnum):
    """The one word with which every step ends; the same in the log, the counters, the tables and on the page."""

    # poll
    POLLED = "polled"  # the feed was read; what it listed is in the inbox or known
    UNCHANGED = "unchanged"  # not modified, or the same bytes as before
    PAUSED = "paused"  # gone for good (410): polling stops and a person is told
    # an entry that is not read
    OLD = "old"  # listed by a feed's first poll: taken in silently
    # read
    READ = "read"
    TEASER = "teaser"  # only the first lines of a paid article
    GATE = "gate"  # a consent, login or robot page in the article's place
    NOT_ARTICLE = "not an article"  # a front page, a soft 404, a video page
    NO_TEXT = "no text"  # neither the page nor the feed had a word to read
    GONE = "gone"  # 404, 410
    SET_ASIDE = "set aside"  # a page of the past in which no rule could match: it was not read
    # match (what `monitor match` says of a document)
    HIT = "hit"
    NO_MATCH = "no match"
    # deliver
    SENT = "sent"
    MUTED = "muted"  # policy chose not to send
    DEAD = "dead"  # given up, kept for a person
    # any
    RETRY = "retry"  # will be tried again
    FAILED = "failed"  # cannot be done, and says why


class Ending(NamedTuple):
    """How a step ended: its one word, and why where that does not go without saying, for the log."""

    outcome: Outcome
    reason: str = ""


class Secret:
    """A value that shows itself only to whom asks: never in a log, an error, a repr or a table."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value. Call this at a door, as late as possible."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(•••)"

    __str__ = __repr__


# --- what the user wrote -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where messages go, and when they may. Times are local to `Settings.timezone`."""

    name: str
    url: Secret | None = None  # an apprise URL; None is the console
    at_most: tuple[int, timedelta] | None = None  # 20/h: what is over is gathered into one message
    digest: time | Literal["hourly"] | None = None
    quiet: tuple[time, time] | None = None  # held between these, then sent together
    weekdays: frozenset[int] = frozenset()  # 0 = Monday; empty means every day
    language: str = "nl"  # of the words around the hit
    template: str | None = None  # a folder with the user's own Jinja files

    @property
    def kind(self) -> ChannelKind:
        """What a message for this channel has to look like; read off the address's scheme."""
        address = self.url.reveal().strip().lower() if self.url else ""
        if not address:
            return "console"
        if address.startswith(("mailto:", "mailtos:")):
            return "mail"
        return "slack" if _SLACK.match(address) else "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `settings:` of rules.yaml, with the defaults that hold when it is silent."""

    timezone: str = "Europe/Brussels"
    database: Secret = field(default_factory=lambda: Secret("sqlite:///monitor.db"))
    contact: str = ""  # goes into the User-Agent
    every: timedelta = timedelta(minutes=5)  # poll: every, fastest, slowest
    fastest: timedelta = timedelta(minutes=1)
    slowest: timedelta = timedelta(hours=1)
    keep_articles: timedelta = timedelta(days=400)
    keep_pages: timedelta = timedelta(days=14)
    allow_private: tuple[IPv4Network | IPv6Network, ...] = ()
    pause: timedelta = timedelta(seconds=1)  # between two pages of one host
    ops: tuple[str, ...] = ()  # channels that hear about the daemon itself
    dead_after: timedelta = timedelta(days=3)  # a delivery that could not be sent for this long is dead
    canary: time | None = None  # each day at this time a test entry goes all the way
    story_window: timedelta = timedelta(days=4)  # hits further apart never tell of one event


# --- the inbox -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """How polling a feed has gone so far. Belongs to the store; `policy.polling` gives the next one."""

    due: datetime | None = None  # None: never again by itself (410, switched off)
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""  # of the last document, for servers that have neither
    interval: timedelta | None = None
    polled: datetime | None = None  # last good poll
    full_at: datetime | None = None  # last poll that was not conditional: some ETags lie
    newest: datetime | None = None  # when an entry was last new
    failures: int = 0  # since the last good poll
    error: str = ""  # of the last poll, "" after a good one
    moved_to: str = ""  # where 301 pointed
    moved_times: int = 0  # in a row; believed after three
    guids_useless: bool = False  # found out: match by link and title instead
    recent: tuple[str, ...] = ()  # entry keys of the last document: no overlap means a possible gap
    # The same items as "digest of its bytes:entry key": what is untouched is not parsed again.
    items: tuple[str, ...] = ()
    told: str = ""  # the trouble that settings.ops was last told about, "" when none
    listed: int = 0  # the ledger of the whole life: listed = new + known
    new: int = 0
    known: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A document we poll."""

    key: str  # key_of("feed", url)
    name: str
    url: str  # as the user wrote it, with any user:password
    kind: Literal["feed", "sitemap"] = "feed"
    outlet: str = ""
    group: str = ""
    country: str = ""  # NL, BE
    language: str = ""  # nl, fr, de, en; "" is unknown
    section: str = ""
    every: timedelta | None = None  # the user's own interval; else it follows the feed's rhythm
    browser: bool = False  # needs a browser-like TLS client (an extra)
    state: FeedState = field(default_factory=FeedState)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What came over the wire: bytes as decompressed, never decoded."""

    url: str  # where it was found, after redirects
    asked: str  # what was asked for
    status: int = 200
    body: bytes = b""
    content_type: str = ""
    charset: str = ""  # from the Content-Type header, "" when it names none
    etag: str = ""
    last_modified: str = ""
    not_modified: bool = False  # 304: there is no body
    truncated: bool = False  # longer than our cap: `body` is its beginning, and neither etag nor last_modified is kept
    moved_to: str = ""  # the address that a chain of only permanent redirects led to
    fetched: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item of a feed: what the feed says of an article."""

    key: str  # by its link in normal form; without one by feed and id, then by feed and title
    feed: str  # key of the feed that listed it first; "" for entries from files and lists
    id: str = ""  # as the feed gave it
    link: str = ""  # http(s) or ""
    title: str = ""  # plain text
    summary: str = ""  # plain text, paragraphs apart by a blank line
    content: str = ""  # the article's text as far as the feed carries it, plain
    published: datetime | None = None  # what the feed claims
    updated: datetime | None = None
    found: datetime | None = None  # when we first saw it: kept apart from what the feed claims
    authors: tuple[str, ...] = ()
    language: str = ""
    aliases: tuple[str, ...] = ()  # other keys under which it may be known (id, title)
    due: datetime | None = None  # NULL is done
    attempts: int = 0
    silent: bool = False  # hits are recorded, nobody is told
    outcome: Outcome | None = None  # of its last reading; None was not read yet, or is to be read anew


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A feed document as parsed. `faults` are what was wrong with it though it could be used."""

    outcome: Outcome  # POLLED, or FAILED when it is no feed at all
    title: str = ""
    entries: tuple[Entry, ...] = ()
    faults: tuple[str, ...] = ()
    complete: bool = True  # False: cut off, so what is not listed may still exist
    # Keys of listed items whose bytes are those of the last poll: known, not parsed again.
    skipped: tuple[str, ...] = ()
    items: tuple[str, ...] = ()  # for `FeedState.items`


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The text people read. `body` holds all paragraphs, a blank line apart.

    `lead` is the summary that stands apart from the body; "" when the body's first paragraph is the lead (then the
    rules take that paragraph for the lead, and evidence in it is reported in the body).
    """

    key: str  # key_of("article", normal url), or of the document's own id
    url: str
    title: str = ""
    lead: str = ""
    body: str = ""
    language: str = ""  # nl, fr, de, en, …; "" is unsure
    published: datetime | None = None
    updated: datetime | None = None
    found: datetime | None = None
    authors: tuple[str, ...] = ()
    outlet: str = ""
    feed: str = ""  # key
    country: str = ""
    group: str = ""
    complete: bool = True  # False: not read in full (teaser, gate, failed): the feed's own words
    live: bool = False  # a live blog: its time-stamped items are documents of their own


@dataclass(frozen=True, slots=True)
class Reading:
    """What `extract` made of a page: an article, or why not."""

    outcome: Outcome  # READ, TEASER, GATE, NOT_ARTICLE, NO_TEXT
    article: Article | None = None
    reason: str = ""


class Evidence(NamedTuple):
    """Where a term was found: `getattr(article, field)[start:end] == text`."""

    field: FieldName
    start: int
    end: int
    text: str
    term: str  # as written in the rule's line: `$kremlin`, `geheim*`
    sentence: str = ""  # the sentence around it, as it stands in the article


class Match(NamedTuple):
    """A rule on an article: where and what was found, and by which lines of `find` (1-based)."""

    rule: str
    evidence: tuple[Evidence, ...]  # of the tightest window, in reading order
    lines: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()


class Telling(NamedTuple):
    """An article that hit, in the story that it tells."""

    story: str
    article: str  # its key
    first: datetime  # when it was told
    last: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """All we know after reading an entry."""

    outcome: Outcome
    article: Article | None = None
    matches: tuple[Match, ...] = ()
    reason: str = ""

    @property
    def word(self) -> Outcome:
        """What `monitor match` calls it: a hit, no match, or why there was nothing to match."""
        if self.matches:
            return Outcome.HIT
        return Outcome.NO_MATCH if self.outcome is Outcome.READ else self.outcome


# --- the outbox ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A match on the record."""

    key: str  # key_of("hit", rule, article.key)
    rule: str  # id
    rule_name: str
    article: Article
    match: Match
    story: str  # key of the story's first hit
    found: datetime
    silent: bool = False
    adds: str = ""  # of a story that is known: the sentence that tells most that nobody told before


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What a publisher changed after a hit was found: a sentence of its evidence appeared or vanished."""

    key: str  # key_of("edit", hit, what, sentence, when)
    hit: str  # key
    what: Literal["appeared", "vanished"]
    sentence: str
    at: datetime  # when it was seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the daemon tells about itself: a dead feed, a refused file, a parked channel."""

    key: str  # key_of("notice", what, when it began): told once
    title: str
    text: str
    found: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """What a person asked not to hear of until a time. It expires by itself.

    `value` is the story's key, the rule's id, the feed (its key, outlet or group) or the term (as written in the
    rule, or as found in the text).
    """

    kind: Literal["story", "rule", "feed", "term"]
    value: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A hit or a notice on its way to one channel."""

    key: str  # key_of("delivery", subject.key, channel)
    channel: str
    subject: Hit | Notice
    created: datetime
    due: datetime | None  # None is done
    first_due: datetime | None = None  # as routed, before any retry
    attempts: int = 0
    outcome: Outcome | None = None  # None: waits for its first try
    error: str = ""
    sent: datetime | None = None
    follows: str = ""  # key of the delivery that told the story first in this channel
    envelope: str = ""  # key of the envelope that it goes out in; "" before its first try


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What the readers of a channel have heard of a story, or are about to hear."""

    first: str  # key of the delivery that told it first
    waits: datetime | None = None  # when the last that is still to be told is due
    sent: datetime | None = None  # when the last left


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What holds the deliveries of one message together: on record before it is sent, so that a repetition is the same."""

    key: str = ""  # key_of("message", *the keys of its deliveries)
    dated: datetime | None = None  # when it was first to leave
    # Who has it: a recipient's mark (key_of("recipient", name)) → what the channel calls the message there, often "".
    taken: Mapping[str, str] = field(default_factory=dict)
    opening: Opening | None = None  # of the story that this message follows

    @property
    def message_id(self) -> str:
        """The Message-ID of a mail. `.invalid` (RFC 2606) belongs to nobody, and says so."""
        return f"<{self.key}@monitor.invalid>" if self.key else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The message that told a story first, once it was sent: what follows goes in its thread, or names it."""

    envelope: Envelope
    title: str  # of the article that it told of
    outlet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a person reads, made for one kind of channel."""

    title: str  # one line
    text: str  # plain
    html: str = ""
    blocks: tuple[Mapping[str, object], ...] = ()  # Slack's


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came back from a channel that took a message."""

    said: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """All that is due on one host, done in order, with the polite pause between."""

    host: str
    entries: tuple[Entry, ...]
    feeds: tuple[Feed, ...]
