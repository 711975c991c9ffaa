"""texts under many links"""

import sqlalchemy as sa

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep which text each article had, so that one under many links of a host is seen for what it is."""
    op.add_column("articles", sa.Column("said", sa.BigInteger()))
    op.create_index("ix_articles_said", "articles", ["said"])
