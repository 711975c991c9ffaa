"""The tables, once for SQLite and PostgreSQL. `alembic/versions` makes the same ones step by step; a test compares.

Identity is a computed key and a unique constraint holds it. Whatever waits has a `due` date, and NULL is done: an index
over only what waits keeps a claim cheap however much lies done. `leased` is the due date that a claim pushed ahead, so
that what was claimed and not begun can be put back in its place.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.sql.type_api import TypeEngine

from monitor.store.packing import pack, unpack

# Names that do not depend on the database, so that a migration can name what it changes.
NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """An aware datetime in UTC, in and out. SQLite keeps it as text of one length, so that it sorts as time does."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        """Choose TIMESTAMP WITH TIME ZONE where there is one."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive datetime: a guess at its zone would be wrong half of the year."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime: {value}")
        moment = value if value.tzinfo is UTC else value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - theirs
        """Give it back aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Span(TypeDecorator[timedelta]):
    """A length of time, kept in seconds."""

    impl = Float
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> float | None:  # noqa: ARG002 - theirs
        """Return seconds."""
        return None if value is None else value.total_seconds()

    def process_result_value(self, value: float | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002 - theirs
        """Return a timedelta."""
        return None if value is None else timedelta(seconds=value)


class Packed(TypeDecorator[str]):
    """A text, kept in few bytes (`store.packing`)."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 - theirs
        """Return the bytes."""
        return None if value is None else pack(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - theirs
        """Return the text."""
        return None if value is None else unpack(value)


metadata = MetaData(naming_convention=NAMES)


def _key(name: str = "key") -> Column[str]:
    return Column(name, String(32), primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, default="")


def _packed(name: str) -> Column[str]:
    return Column(name, Packed, nullable=False, default="")


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, default=0)


def _flag(name: str, *, default: bool = False) -> Column[bool]:
    return Column(name, Boolean, nullable=False, default=default)


def _moment(name: str, *, nullable: bool = True) -> Column[datetime]:
    return Column(name, Moment, nullable=nullable)


def _to(name: str, target: str, *, nullable: bool = False, ondelete: str | None = None) -> Column[str]:
    return Column(name, String(32), ForeignKey(target, ondelete=ondelete), nullable=nullable)


def _waiting(table: Table, *columns: str) -> None:
    """Index only what waits: the many done rows cost a claim nothing."""
    waits = table.c.due.is_not(None)
    chosen = [table.c[name] for name in columns]
    Index(f"ix_{table.name}_{'_'.join(columns)}", *chosen, sqlite_where=waits, postgresql_where=waits)


meta = Table("meta", metadata, Column("key", Text, primary_key=True), _text("value"))
MARKER: Final = "marker"  # the key in `meta` of a random word that tells this database from any other

hosts = Table(  # `due`: visited, or told to wait, until then
    "hosts", metadata, Column("host", Text, primary_key=True), _moment("due", nullable=False)
)

feeds = Table(
    "feeds",
    metadata,
    _key(),
    # as the user configured it; `url` without user:password
    _text("name"),
    _text("url"),
    Column("kind", String(16), nullable=False, default="feed"),
    _text("outlet"),
    _text("group"),
    _text("country"),
    _text("language"),
    _text("section"),
    Column("every", Span),
    _flag("browser"),
    _text("host"),
    _flag("configured", default=True),
    # its state
    _moment("due"),
    _moment("leased"),
    _text("etag"),
    _text("last_modified"),
    _text("body_hash"),
    Column("interval", Span),
    _moment("polled"),
    _moment("full_at"),
    _moment("newest"),
    _count("failures"),
    _text("error"),
    _text("moved_to"),
    _count("moved_times"),
    _flag("guids_useless"),
    Column("recent", JSON, nullable=False, default=list),
    Column("items", JSON, nullable=False, default=list),
    _text("told"),
    _count("listed"),
    _count("new"),
    _count("known"),
)
_waiting(feeds, "due", "host")
_waiting(feeds, "host", "due")

polls = Table(  # one row a poll: the ledger
    "polls",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    _to("feed", "feeds.key"),
    _moment("at", nullable=False),
    Column("outcome", String(16), nullable=False),
    _count("listed"),
    _count("new"),
    _count("known"),
    _count("old"),
    _text("reason"),
    Column("took", Span),
    _flag("gap"),
    Index("ix_polls_feed_at", "feed", "at"),
    Index("ix_polls_at", "at"),
)

articles = Table(
    "articles",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),  # in the index of words
    Column("key", String(32), nullable=False, unique=True),
    _text("url"),
    _packed("title"),
    _packed("lead"),
    _packed("body"),
    _text("language"),
    _moment("published"),
    _moment("updated"),
    _moment("found", nullable=False),
    Column("authors", JSON, nullable=False, default=list),
    _text("outlet"),
    _text("feed"),
    _text("country"),
    _text("group"),
    _flag("complete", default=True),
    _flag("live"),
    # when it was published as far as that can be believed (not after it was found): what `since` and `until` ask for
    _moment("dated", nullable=False),
    Column("said", BigInteger),  # which text was read, by its digest: one under many links of a host is a wall
    Index("ix_articles_dated", "dated"),
    Index("ix_articles_said", "said"),
)

entries = Table(
    "entries",
    metadata,
    _key(),
    _to("feed", "feeds.key", nullable=True),
    _text("host"),
    _text("id"),
    _text("link"),
    _text("title"),
    _text("summary"),
    _text("content"),
    _moment("published"),
    _moment("updated"),
    _moment("found"),
    Column("authors", JSON, nullable=False, default=list),
    _text("language"),
    _moment("due"),
    _moment("leased"),
    _count("attempts"),
    _flag("silent"),
    Column("outcome", String(16)),
    _text("reason"),
    _moment("done"),
    _to("article", "articles.key", nullable=True, ondelete="SET NULL"),
    Index("ix_entries_feed_outcome", "feed", "outcome"),
    Index("ix_entries_found", "found"),
    Index("ix_entries_article", "article"),
)
_waiting(entries, "due", "host")
_waiting(entries, "host", "due")

aliases = Table(  # other keys under which an entry is known
    "aliases",
    metadata,
    _key("alias"),
    _to("entry", "entries.key", ondelete="CASCADE"),
    Index("ix_aliases_entry", "entry"),
)

pages = Table(  # as they came, packed: of entries that hit, or that could not simply be read
    "pages",
    metadata,
    Column("entry", String(32), ForeignKey("entries.key", ondelete="CASCADE"), primary_key=True),
    _text("url"),
    _text("content_type"),
    _text("charset"),
    Column("packed", LargeBinary, nullable=False),
    _moment("fetched", nullable=False),
    _flag("hit"),
    Index("ix_pages_fetched", "fetched"),
)

stories = Table(  # the signature of each article that hit; `key` is the story it belongs to
    "stories",
    metadata,
    _key("key"),
    Column("article", String(32), ForeignKey("articles.key"), primary_key=True),
    Column("signature", JSON, nullable=False),
    _moment("first", nullable=False),
    _moment("last", nullable=False),
    Index("ix_stories_last", "last"),
    Index("ix_stories_article", "article"),
)

hits = Table(
    "hits",
    metadata,
    _key(),
    Column("rule", Text, nullable=False),
    _text("rule_name"),
    _to("article", "articles.key"),
    Column("match", JSON, nullable=False),
    Column("story", String(32), nullable=False),
    _moment("found", nullable=False),
    _flag("silent"),
    Column("mark", String(8)),  # useful, noise or NULL
    _text("why"),
    Index("ix_hits_rule_found", "rule", "found"),
    Index("ix_hits_found", "found"),
    Index("ix_hits_article", "article"),
    Index("ix_hits_story_found", "story", "found"),
)

edits = Table(  # sentences of a hit's evidence that appeared or vanished after it was found
    "edits",
    metadata,
    _key(),
    _to("hit", "hits.key"),
    Column("what", String(8), nullable=False),
    _text("sentence"),
    _moment("at", nullable=False),
    Index("ix_edits_hit_at", "hit", "at"),
)

notices = Table(
    "notices",
    metadata,
    _key(),
    _text("title"),
    _text("text"),
    _moment("found", nullable=False),
)

envelopes = Table(  # the deliveries of one message, put together before it is sent, and who of its recipients took it
    "envelopes",
    metadata,
    _key(),
    _moment("dated", nullable=False),
    Column("taken", JSON, nullable=False, default=dict),
    Index("ix_envelopes_dated", "dated"),
)

deliveries = Table(
    "deliveries",
    metadata,
    _key(),
    Column("channel", Text, nullable=False),
    _to("hit", "hits.key", nullable=True),
    _to("notice", "notices.key", nullable=True),
    _moment("created", nullable=False),
    _moment("due"),
    _moment("leased"),
    _moment("first_due"),
    _count("attempts"),
    Column("outcome", String(16)),
    _text("error"),
    _moment("sent"),
    _text("follows"),
    Column("envelope", String(32)),  # key of an envelope, which housekeeping may have dropped
    Index("ix_deliveries_channel_sent", "channel", "sent"),
    Index("ix_deliveries_created", "created"),
    Index("ix_deliveries_envelope", "envelope"),
    Index("ix_deliveries_hit", "hit"),
    Index("ix_deliveries_notice", "notice"),
)
_waiting(deliveries, "channel", "due")

mutes = Table(
    "mutes",
    metadata,
    Column("kind", String(8), primary_key=True),
    Column("value", Text, primary_key=True),
    _moment("until", nullable=False),
)
