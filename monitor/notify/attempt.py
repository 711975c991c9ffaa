"""One try to send: until when, what was heard meanwhile, and how it can be cut short."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.notify.taken import Taken


class Refused(Exception):  # noqa: N818  (a door's word; `send` makes the DeliveryError of it)
    """The channel did not take the message."""

    def __init__(
        self, reason: str, *, retry: bool = True, retry_after: timedelta | None = None, uncertain: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry
        self.retry_after = retry_after
        self.uncertain = uncertain


@dataclass(slots=True)
class Attempt:
    """What a door and the one who waits for it share."""

    deadline: timedelta
    now: datetime | None = None
    taken: Taken = field(default_factory=Taken)
    begun: bool = False  # the message may have gone out: from here on a failure is uncertain
    given_up: bool = False
    _ends: float = 0.0
    _closers: list[Callable[[], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ends = time.monotonic() + self.deadline.total_seconds()

    def left(self) -> float:
        """Return the seconds that are left, a little more than none: sockets take 0 for "do not wait at all"."""
        return 0.01 if self.given_up else max(self._ends - time.monotonic(), 0.01)

    def closes(self, closer: Callable[[], object]) -> None:
        """Remember what to close when nobody waits any longer."""
        self._closers.append(closer)

    def give_up(self) -> None:
        """Close what is open, so that the thread ends. Called from another thread."""
        self.given_up = True
        for closer in self._closers:
            with suppress(Exception):  # it may have been closed already
                closer()
