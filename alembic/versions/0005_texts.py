"""texts under many links"""

import sqlalchemy as sa

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep which text each article had, so that one under many links of a host is seen for what it is."""
    op.create_table(
        "texts",
        sa.Column("article", sa.String(length=32), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("said", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.key"], name="fk_texts_article", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article", name="pk_texts"),
    )
    op.create_index("ix_texts_said", "texts", ["said"])
