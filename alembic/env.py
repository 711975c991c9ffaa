"""Runs the steps of `versions` on the connection that `monitor.store.upgrade` hands over, in its transaction."""

from alembic import context
from monitor.store.index import is_compared
from monitor.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=is_compared,
    # SQLite alters a table by making it anew.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
