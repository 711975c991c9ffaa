"""pages as they came"""

import sqlalchemy as sa

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep for a while the pages of what hit, and of what could not simply be read."""
    op.create_table(
        "pages",
        sa.Column("entry", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("charset", sa.Text(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.Column("fetched", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hit", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entries.key"], name="fk_pages_entry", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry", name="pk_pages"),
    )
    op.create_index("ix_pages_fetched", "pages", ["fetched"])
