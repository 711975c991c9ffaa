"""The record, as commands ask it: what is there, and what to say when there is nothing yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.model import Article
    from monitor.rules.needs import Need
    from monitor.store import Queries


def asked(config: Config) -> Queries:
    """Open the database for reading."""
    from monitor.store import Queries

    return Queries.open(config.settings.database)


def has_database(config: Config) -> bool:
    """Say whether there is a database to ask; before the first run there is none."""
    from monitor.errors import NoDatabaseError
    from monitor.store import Queries

    try:
        Queries.open(config.settings.database).close()
    except NoDatabaseError:
        return False
    return True


@contextmanager
def articles_of(
    config: Config, since: datetime | None, until: datetime | None, need: Need | None = None
) -> Iterator[Iterator[Article]]:
    """Open the stored articles that may hold a need, the oldest first; none before there is a database."""
    from monitor.rules.needs import EVERYTHING
    from monitor.store import Past

    if not has_database(config):
        click.echo(
            "nothing is on record yet: `monitor run` and `monitor backfill files …` put articles there", err=True
        )
        yield iter(())
        return
    with asked(config) as queries:
        yield queries.articles(Past(since, until), need=EVERYTHING if need is None else need)


def no_such(kind: str, beginning: str) -> click.UsageError:
    """Return the error for a key that nothing has."""
    shown = {"delivery": "monitor deliveries list", "story": "monitor hits list --json"}.get(
        kind, f"monitor {kind}s list"
    )
    return click.UsageError(f"there is no {kind} whose id begins with '{beginning}'; `{shown}` shows them")
