"""When to try a page again, and when to be content with the feed's own words. Pure: takes `now`, asks no clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from monitor.errors import FetchError
from monitor.model import Article, Entry, Outcome, Verdict

# After each failed attempt. News is read within hours or not at all: after the last one the feed's words must do.
PAUSES: Final = (timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
# A server that asks for more patience than this is not waited for.
LONGEST: Final = timedelta(hours=12)

# An article that hit is looked at once more so long after the hit: by then it was corrected, or filled in.
LATER: Final = (timedelta(hours=1), timedelta(hours=24))
# A live blog is read again so often while it runs: until it is silent for an hour, a day at most.
LIVE_EVERY: Final = timedelta(minutes=10)
LIVE_SILENT: Final = timedelta(hours=1)
LIVE_LONGEST: Final = timedelta(days=1)

# A host that is asked too much and does not say how long to wait.
PATIENCE: Final = timedelta(minutes=5)

# No entry waits longer than this: a later date was given by a clock that was ahead.
FARTHEST: Final = max(LONGEST, *LATER) + timedelta(hours=6)

_TOO_MUCH = frozenset({429, 503})


def again(entry: Entry, error: FetchError, now: datetime, jitter: float) -> datetime | None:
    """Return when to ask for an entry's page again; None when that would not help, or has been tried enough.

    `jitter` is in [0, 1): the pause grows by up to a fifth, so that what failed together is not retried together.
    What the server asks for (Retry-After) is honoured.
    """
    if not error.retry or entry.attempts >= len(PAUSES):
        return None
    pause = PAUSES[entry.attempts] * (1 + jitter / 5)
    asked = max(pause, error.retry_after or pause)
    return now + asked if asked <= LONGEST else None


def once_more(entry: Entry, article: Article | None, hit: datetime | None, now: datetime) -> datetime | None:
    """Return when to read an entry's page once more though it was read; None when there is no reason to.

    `hit` is when the article first hit, None when it did not.
    """
    moments = [hit + later for later in LATER] if hit else []
    if article and article.live and _runs(article, entry.found or now, now):
        moments.append(now + LIVE_EVERY)
    return min((moment for moment in moments if moment > now), default=None) if entry.link else None


def _runs(article: Article, found: datetime, now: datetime) -> bool:
    """Tell whether a live blog still gets new items, as far as it says when it was changed."""
    last = max(filter(None, (found, article.updated if article.updated and article.updated <= now else None)))
    return now - found < LIVE_LONGEST and now - last < LIVE_SILENT


def is_kept(verdict: Verdict) -> bool:
    """Say whether a page is kept as it came: where it hit, for what was told; where it was not read, for why not."""
    return bool(verdict.matches) or verdict.outcome is not Outcome.READ


def unread(error: FetchError) -> Outcome:
    """Return the outcome of an entry whose page is given up."""
    return Outcome.GONE if error.is_gone else Outcome.FAILED


def host_pause(error: FetchError) -> timedelta | None:
    """Return how long to leave a whole host alone: it said that it is asked too much. None: only this page failed."""
    if error.status not in _TOO_MUCH:
        return None
    return min(error.retry_after or PATIENCE, LONGEST)
