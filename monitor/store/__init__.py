"""The record of everything: feeds and their state, the inbox, articles, hits, the outbox. The one door to SQLAlchemy."""

from monitor.store.places import from_anywhere
from monitor.store.queries import Queries
from monitor.store.records import (
    EVER,
    ChannelReport,
    Counters,
    Doubt,
    FeedReport,
    HitRecord,
    KeptPage,
    Ledger,
    Mark,
    Past,
    PollRecord,
    Record,
    Stand,
)
from monitor.store.store import Store
from monitor.store.sweep import SWEEP
from monitor.store.visits import What

__all__ = [
    "EVER",
    "SWEEP",
    "ChannelReport",
    "Counters",
    "Doubt",
    "FeedReport",
    "HitRecord",
    "KeptPage",
    "Ledger",
    "Mark",
    "Past",
    "PollRecord",
    "Queries",
    "Record",
    "Stand",
    "Store",
    "What",
    "from_anywhere",
]
