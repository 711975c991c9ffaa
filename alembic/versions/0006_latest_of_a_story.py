"""the latest hits of a story"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Find the latest hits of a story without looking at all of them; drop a table that nobody asks."""
    op.create_index("ix_hits_story_found", "hits", ["story", "found"])
    op.drop_index("ix_hits_story", "hits")
    op.execute("DROP TABLE IF EXISTS word_index_places")
