"""envelopes: what goes out in one message"""

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep which deliveries go out in one message, and who of its recipients took it."""
    op.create_table(
        "envelopes",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("dated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_envelopes"),
    )
    op.create_index("ix_envelopes_dated", "envelopes", ["dated"])
    op.add_column("deliveries", sa.Column("envelope", sa.String(length=32)))
    op.create_index("ix_deliveries_envelope", "deliveries", ["envelope"])
