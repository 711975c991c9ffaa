"""Who looks at shards: this process, or several beside it that may be killed."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Final, Protocol, Self

from monitor.archives import Shard
from monitor.errors import MonitorError, SandboxError
from monitor.sandbox import Sandbox
from monitor.shards.look import Lens, Look, Order, Packed, look

# Shards under way for each process: one that it looks at, and some so that it never waits.
AHEAD: Final = 3
# A shard is a second's work, a page has its own deadline: this is for a disk that no longer answers.
DEADLINE: Final = timedelta(hours=1)
# Beyond what a process has with its rules.
MEMORY: Final = 512 * 2**20


class LostError(MonitorError):
    """Whoever looked at a shard died of it, or was killed."""


class Engine(Protocol):
    """Looks at shards. `width`: so many at a time keep it busy. `extracts`: it may be given pages to extract."""

    width: int
    extracts: bool

    async def look(self, shard: Shard, order: Order) -> list[Look]:
        """Return what comes of a shard. Raises LostError."""


class Here:
    """This process. It extracts nothing: what strangers wrote is taken apart in a sandbox."""

    width = 1
    extracts = False

    def __init__(self, lens: Lens) -> None:
        self._lens = lens

    async def look(self, shard: Shard, order: Order) -> list[Look]:
        """Return what comes of a shard."""
        return look(shard, self._lens, order)


class Processes:
    """So many processes, each with the rules. One that dies is replaced, and its neighbours do not notice."""

    extracts = True

    def __init__(self, workers: int, packed: Packed) -> None:
        self.width = workers * AHEAD
        warm = partial(_prepare, packed)
        self._pool = Sandbox(workers, deadline=DEADLINE, memory=MEMORY, warm=warm, ahead=workers)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._pool)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def look(self, shard: Shard, order: Order) -> list[Look]:
        """Return what comes of a shard. Raises LostError when the process that looked died."""
        try:
            return await self._pool.run(_look, shard, order)
        except SandboxError as error:
            raise LostError(error.reason) from error


# --- in the process ---

_lens: list[Lens] = []


def _prepare(packed: Packed) -> None:
    _lens[:] = [Lens.unpacked(packed)]


def _look(shard: Shard, order: Order) -> list[Look]:
    return look(shard, _lens[0], order)
