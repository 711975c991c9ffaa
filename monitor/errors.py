"""What can go wrong, as a tree.

MonitorError
├── ConfigError        rules.yaml or the environment: every fault, each at its place  (exit code 2)
├── FetchError         a page could not be had; `retry` says whether trying again helps
├── ParseError         bytes that are no feed, no page, no archive
├── SandboxError       the work was killed: out of time, out of memory, crashed
├── StoreError         the database; `NoDatabaseError` when there is none yet,
    │                      `AlreadyRunningError` when another daemon holds it
├── ClusterError       a Dask cluster that cannot be reached, or whose workers cannot do the work
└── DeliveryError      a channel refused or could not be reached; `retry` and `retry_after` say what helps
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any


class MonitorError(Exception):
    """The root: whoever catches it catches all of ours and nothing of others."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with what a person wrote: `rules.yaml:14:9: rules[2].find: unknown list '$kremlni'`.

    `line` and `column` count from 1; 0 means that the place is not known. A `warning` stops nothing.
    """

    text: str
    file: str = ""
    line: int = 0
    column: int = 0
    where: str = ""  # rules[2].find
    warning: bool = False
    rule: str = ""  # id of the rule that it stands in

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return ": ".join(part for part in (place, self.where, self.text) if part)


class ConfigError(MonitorError):
    """What the user wrote cannot be used: all faults at once, and what it was read from, as `Config.seen`."""

    def __init__(self, faults: Sequence[Fault], seen: Mapping[Path, Any] | None = None) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)
        self.seen = seen or {}


class FetchError(MonitorError):
    """A page could not be had."""

    def __init__(
        self,
        url: str,
        reason: str,
        *,
        retry: bool,
        status: int = 0,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(f"{reason} ({url})")
        self.url = url  # without user:password
        self.reason = reason
        self.retry = retry
        self.status = status
        self.retry_after = retry_after

    @property
    def is_gone(self) -> bool:
        """Whether the server says that there is nothing, for now (404) or for good (410)."""
        return self.status in (404, 410)


class ParseError(MonitorError):
    """These bytes are not what they should be."""


class SandboxError(MonitorError):
    """The work was stopped from outside: `reason` is "timeout", "memory" or "crash"."""

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(f"{what}: {reason}")
        self.reason = reason


class StoreError(MonitorError):
    """The database cannot be used as it is."""


class NoDatabaseError(StoreError):
    """There is no database yet: the first run makes it."""


class AlreadyRunningError(StoreError):
    """Another daemon works on this database."""


class ClusterError(MonitorError):
    """A cluster cannot be used, or was lost."""


class DeliveryError(MonitorError):
    """A channel did not take a message."""

    def __init__(
        self,
        channel: str,
        reason: str,
        *,
        retry: bool,
        retry_after: timedelta | None = None,
        uncertain: bool = False,
    ) -> None:
        super().__init__(f"{channel}: {reason}")
        self.channel = channel
        self.reason = reason  # holds no secret
        self.retry = retry
        self.retry_after = retry_after
        self.uncertain = uncertain  # it may have been taken all the same
