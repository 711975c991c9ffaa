"""One try to send: until when, who has it already, what was heard meanwhile, and how it can be cut short."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from monitor.model import Envelope, key_of

Took = Callable[[str, str], object]
"""Remembers that a recipient, by his mark, took the message, and what it is called there."""


def forgotten(recipient: str, name: str) -> None:
    """Remember nothing: for what is sent once."""


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
    envelope: Envelope = field(default_factory=Envelope)
    took: Took = forgotten
    begun: bool = False  # the message may have gone out: from here on a failure is uncertain
    given_up: bool = False
    _ends: float = 0.0
    _closers: list[Callable[[], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ends = time.monotonic() + self.deadline.total_seconds()

    def lacks(self, recipient: str) -> bool:
        """Whether a recipient has not taken the message."""
        return _mark(recipient) not in self.envelope.taken

    def taken(self, recipient: str, name: str = "", *, alone: bool = False) -> None:
        """Remember that a recipient took the message, and its name there.

        Of one who is alone, all that matters is that the message was sent; unless it has a name.
        """
        if name or not alone:
            self.took(_mark(recipient), name)

    def opening(self, recipient: str) -> str:
        """Return what a recipient's channel calls the message that told the story first; "" when it has no name."""
        first = self.envelope.opening
        return first.envelope.taken.get(_mark(recipient), "") if first else ""

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


def _mark(recipient: str) -> str:
    """Stand for a recipient on record, where no part of a channel's address may be."""
    return key_of("recipient", recipient)
