"""edits of what was found"""

import sqlalchemy as sa

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep what publishers change in the sentences that hits rest on."""
    op.create_table(
        "edits",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("hit", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hit"], ["hits.key"], name="fk_edits_hit"),
        sa.PrimaryKeyConstraint("key", name="pk_edits"),
    )
    op.create_index("ix_edits_hit_at", "edits", ["hit", "at"])
