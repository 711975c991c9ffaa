"""Names that people type: one that neither rules.yaml nor the record knows is refused, with those spelt like it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.model import Feed
    from monitor.store import Queries


def no_rule(name: str, rules: Iterable[str]) -> click.UsageError:
    """Return the error for a rule that there is not among these."""
    return click.UsageError(
        f"there is no rule '{name}'; there are: {_alike(name, rules)} (one with `enabled: false` rests)"
    )


def no_feed(name: str, feeds: Iterable[Feed]) -> click.UsageError:
    """Return the error for a feed, outlet or group that there is not among these."""
    known = {said for feed in feeds for said in (feed.name, feed.outlet, feed.group) if said}
    return click.UsageError(
        f"there is no feed, outlet or group '{name}'; there are: {_alike(name, known)}; `monitor feeds list` shows them"
    )


def is_of(feed: Feed, name: str) -> bool:
    """Say whether a feed goes by this name, or belongs to the outlet or the group that does."""
    return name in {feed.key, feed.name, feed.outlet, feed.group}


def found(name: str, known: Mapping[str, str]) -> str:
    """Return what a name stands for, in whatever case it is written; one that is not known as it is."""
    plain = name.strip().casefold()
    return known.get(name) or next((key for one, key in known.items() if one.casefold() == plain), name)


def check(
    config: Config, queries: Queries, *, rule: str | None = None, feed: str | None = None, channel: str | None = None
) -> None:
    """Refuse a rule, a feed or a channel that rules.yaml does not name, and of which nothing is on record.

    For when nothing was found: a slip of the pen is no news. Raises UsageError.
    """
    from monitor.store import Past

    rules = config.book.by_id
    ruled = {*rules, *(one.name for one in config.book.rules)}
    if rule and rule not in ruled and not queries.list_hits(rule=rule, limit=1):
        raise no_rule(rule, rules)
    if feed and not any(is_of(one, feed) for one in config.feeds) and not queries.count_articles(Past(feed=feed)):
        raise no_feed(feed, config.feeds)
    if channel and channel not in config.channels and not queries.list_deliveries(channel=channel, limit=1):
        raise click.UsageError(f"there is no channel '{channel}'; there are: {_alike(channel, config.channels)}")


def _alike(name: str, known: Iterable[str]) -> str:
    """Return some names, those that are spelt most like this one first."""
    from difflib import SequenceMatcher

    from monitor.numbers import few

    by_likeness = sorted(known, key=lambda one: (-SequenceMatcher(None, one.casefold(), name.casefold()).ratio(), one))
    return few(by_likeness, 10) or "none"
