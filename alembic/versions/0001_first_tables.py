"""first tables"""

import sqlalchemy as sa

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
WAITS = sa.text("due IS NOT NULL")


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "articles",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("published", MOMENT),
        sa.Column("updated", MOMENT),
        sa.Column("found", MOMENT),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("dated", MOMENT, nullable=False),
        sa.Column("recorded", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_articles"),
    )
    op.create_index("ix_articles_dated_key", "articles", ["dated", "key"])
    op.create_index("ix_articles_recorded", "articles", ["recorded"])
    op.create_table(
        "feeds",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("every", sa.Float()),
        sa.Column("browser", sa.Boolean(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("configured", sa.Boolean(), nullable=False),
        sa.Column("due", MOMENT),
        sa.Column("leased", MOMENT),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("interval", sa.Float()),
        sa.Column("polled", MOMENT),
        sa.Column("full_at", MOMENT),
        sa.Column("newest", MOMENT),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("moved_to", sa.Text(), nullable=False),
        sa.Column("moved_times", sa.Integer(), nullable=False),
        sa.Column("guids_useless", sa.Boolean(), nullable=False),
        sa.Column("recent", sa.JSON(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_feeds"),
    )
    op.create_index("ix_feeds_due_host", "feeds", ["due", "host"], sqlite_where=WAITS, postgresql_where=WAITS)
    op.create_index("ix_feeds_host_due", "feeds", ["host", "due"], sqlite_where=WAITS, postgresql_where=WAITS)
    op.create_table(
        "hosts",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("due", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_hosts"),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "mutes",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name="pk_mutes"),
    )
    op.create_table(
        "notices",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("found", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_notices"),
    )
    op.create_table(
        "entries",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("feed", sa.String(length=32)),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("published", MOMENT),
        sa.Column("updated", MOMENT),
        sa.Column("found", MOMENT),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("due", MOMENT),
        sa.Column("leased", MOMENT),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=16)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("done", MOMENT),
        sa.Column("article", sa.String(length=32)),
        sa.ForeignKeyConstraint(["article"], ["articles.key"], name="fk_entries_article", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["feed"], ["feeds.key"], name="fk_entries_feed"),
        sa.PrimaryKeyConstraint("key", name="pk_entries"),
    )
    op.create_index("ix_entries_article", "entries", ["article"])
    op.create_index("ix_entries_due_host", "entries", ["due", "host"], sqlite_where=WAITS, postgresql_where=WAITS)
    op.create_index("ix_entries_feed_outcome", "entries", ["feed", "outcome"])
    op.create_index("ix_entries_found", "entries", ["found"])
    op.create_index("ix_entries_host_due", "entries", ["host", "due"], sqlite_where=WAITS, postgresql_where=WAITS)
    op.create_table(
        "hits",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("rule_name", sa.Text(), nullable=False),
        sa.Column("article", sa.String(length=32), nullable=False),
        sa.Column("match", sa.JSON(), nullable=False),
        sa.Column("story", sa.String(length=32), nullable=False),
        sa.Column("found", MOMENT, nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("mark", sa.String(length=8)),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.key"], name="fk_hits_article"),
        sa.PrimaryKeyConstraint("key", name="pk_hits"),
    )
    op.create_index("ix_hits_article", "hits", ["article"])
    op.create_index("ix_hits_found", "hits", ["found"])
    op.create_index("ix_hits_rule_found", "hits", ["rule", "found"])
    op.create_index("ix_hits_story", "hits", ["story"])
    op.create_table(
        "polls",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("feed", sa.String(length=32), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("old", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("took", sa.Float()),
        sa.Column("gap", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feeds.key"], name="fk_polls_feed"),
        sa.PrimaryKeyConstraint("id", name="pk_polls"),
    )
    op.create_index("ix_polls_at", "polls", ["at"])
    op.create_index("ix_polls_feed_at", "polls", ["feed", "at"])
    op.create_table(
        "stories",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("article", sa.String(length=32), nullable=False),
        sa.Column("signature", sa.JSON(), nullable=False),
        sa.Column("first", MOMENT, nullable=False),
        sa.Column("last", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.key"], name="fk_stories_article"),
        sa.PrimaryKeyConstraint("key", "article", name="pk_stories"),
    )
    op.create_index("ix_stories_article", "stories", ["article"])
    op.create_index("ix_stories_last", "stories", ["last"])
    op.create_table(
        "aliases",
        sa.Column("alias", sa.String(length=32), nullable=False),
        sa.Column("entry", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entries.key"], name="fk_aliases_entry", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("alias", name="pk_aliases"),
    )
    op.create_index("ix_aliases_entry", "aliases", ["entry"])
    op.create_table(
        "deliveries",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("hit", sa.String(length=32)),
        sa.Column("notice", sa.String(length=32)),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("due", MOMENT),
        sa.Column("leased", MOMENT),
        sa.Column("first_due", MOMENT),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=16)),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("sent", MOMENT),
        sa.Column("follows", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["hit"], ["hits.key"], name="fk_deliveries_hit"),
        sa.ForeignKeyConstraint(["notice"], ["notices.key"], name="fk_deliveries_notice"),
        sa.PrimaryKeyConstraint("key", name="pk_deliveries"),
    )
    op.create_index(
        "ix_deliveries_channel_due", "deliveries", ["channel", "due"], sqlite_where=WAITS, postgresql_where=WAITS
    )
    op.create_index("ix_deliveries_channel_sent", "deliveries", ["channel", "sent"])
    op.create_index("ix_deliveries_created", "deliveries", ["created"])
    op.create_index("ix_deliveries_hit", "deliveries", ["hit"])
    op.create_index("ix_deliveries_notice", "deliveries", ["notice"])
