"""articles packed and found by their words"""

import sqlalchemy as sa

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
# Who points to an article, and what becomes of it when that is dropped.
POINTING = (("entries", "SET NULL"), ("hits", None), ("stories", None))
TEXTS = ("title", "lead", "body")
KEPT = (
    "url", "language", "published", "updated", "authors", "outlet", "feed", "country", "group", "complete", "live",
    "dated",
)  # fmt: skip


def upgrade() -> None:
    """Give articles numbers, keep their texts as bytes, and make the index of their words, empty as yet.

    The texts that are there stay as they are: whoever uses the database packs and indexes them little by little.
    """
    if op.get_bind().dialect.name == "sqlite":
        _make_anew()
        _make_index()
    else:
        _change()
        _make_index_on_server()


def _make_anew() -> None:
    op.create_table(
        "articles_anew",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("lead", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("published", MOMENT),
        sa.Column("updated", MOMENT),
        sa.Column("found", MOMENT, nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("dated", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_articles"),
        sa.UniqueConstraint("key", name="uq_articles_key"),
    )
    kept = ", ".join(f'"{name}"' for name in KEPT)
    texts = ", ".join(f"CAST({name} AS BLOB)" for name in TEXTS)
    op.execute(
        f"INSERT INTO articles_anew (key, found, {kept}, {', '.join(TEXTS)}) "  # noqa: S608 - names of our own
        f"SELECT key, coalesce(found, recorded), {kept}, {texts} FROM articles ORDER BY rowid"
    )
    op.drop_table("articles")
    op.rename_table("articles_anew", "articles")
    op.create_index("ix_articles_dated", "articles", ["dated"])


def _make_index() -> None:
    # Nothing but which words stand in which article, in the matcher's own folding: `ascii` takes them as they are.
    op.execute(
        "CREATE VIRTUAL TABLE word_index USING fts5(words, content='', detail=none, columnsize=0, tokenize='ascii')"
    )
    op.execute("CREATE VIRTUAL TABLE word_index_words USING fts5vocab(word_index, row)")
    op.execute("CREATE VIRTUAL TABLE word_index_places USING fts5vocab(word_index, instance)")


def _change() -> None:
    for table, _ in POINTING:
        op.drop_constraint(f"fk_{table}_article", table)
    op.drop_constraint("pk_articles", "articles")
    op.execute("ALTER TABLE articles ADD COLUMN number BIGSERIAL CONSTRAINT pk_articles PRIMARY KEY")
    op.create_unique_constraint("uq_articles_key", "articles", ["key"])
    for table, ondelete in POINTING:
        op.create_foreign_key(f"fk_{table}_article", table, "articles", ["article"], ["key"], ondelete=ondelete)
    for name in TEXTS:
        op.execute(f"ALTER TABLE articles ALTER COLUMN {name} TYPE BYTEA USING convert_to({name}, 'UTF8')")
    op.drop_index("ix_articles_dated_key", "articles")
    op.drop_index("ix_articles_recorded", "articles")
    op.execute("UPDATE articles SET found = recorded WHERE found IS NULL")
    op.alter_column("articles", "found", nullable=False)
    op.drop_column("articles", "recorded")
    op.create_index("ix_articles_dated", "articles", ["dated"])


def _make_index_on_server() -> None:
    op.execute('CREATE TABLE word_index_words (id SERIAL PRIMARY KEY, word TEXT COLLATE "C" NOT NULL UNIQUE)')
    op.execute(
        "CREATE TABLE word_index (number BIGINT PRIMARY KEY REFERENCES articles (number) ON DELETE CASCADE, "
        "words INTEGER[] NOT NULL)"
    )
    op.execute("CREATE INDEX ix_word_index_words ON word_index USING gin (words)")
