"""The one thread that writes. What is asked of it while it is busy goes together into its next transaction.

A commit is a wait for the disk: with one for each of many small steps, the waiting would be most of the work. Each
asker is answered only after the commit that holds its work, so what was answered is on disk, as if it had gone alone.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, TypeVar, cast

T = TypeVar("T")

# The most that goes together: a commit with more of them would let the first one wait.
MOST: Final = 64


@dataclass(slots=True)
class _Asked:
    work: Callable[[], Any]
    answer: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class Writer:
    """Runs work in its thread, in the order of asking; `together` is one transaction around all that runs inside it."""

    together: Callable[[], AbstractContextManager[object]]
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="store"))
    _waiting: deque[_Asked] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)
    _busy: bool = False

    async def run(self, work: Callable[[], T]) -> T:
        """Return what the work returns, or raise what it raises, once that is on disk."""
        asked = _Asked(work, asyncio.get_running_loop().create_future())
        with self._lock:
            self._waiting.append(asked)
            begin, self._busy = not self._busy, True
        if begin:
            self._thread.submit(self._drain)
        return cast("T", await asked.answer)

    def close(self) -> None:
        """Finish what was asked for."""
        self._thread.shutdown(wait=True)

    def _drain(self) -> None:
        while some := self._next():
            self._do(some)
            _answer(some)

    def _next(self) -> list[_Asked]:
        with self._lock:
            some = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            self._busy = bool(some)
            return some

    def _do(self, some: Sequence[_Asked]) -> None:
        """Do all in one transaction. When one of them fails, nothing of it is kept, and each is done by itself."""
        if len(some) > 1 and self._at_once(some):
            return
        for asked in some:
            try:
                asked.result = asked.work()
            except BaseException as error:  # noqa: BLE001 - it is the asker's
                asked.error = error

    def _at_once(self, some: Sequence[_Asked]) -> bool:
        try:
            with self.together():
                for asked in some:
                    asked.result = asked.work()
        except Exception:  # noqa: BLE001 - whose it is shows when each is done by itself
            return False
        return True


def _answer(some: Sequence[_Asked]) -> None:
    """Wake each event loop once."""
    loops: defaultdict[asyncio.AbstractEventLoop, list[_Asked]] = defaultdict(list)
    for asked in some:
        loops[asked.answer.get_loop()].append(asked)
    for loop, answered in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, answered)


def _settle(some: Sequence[_Asked]) -> None:
    for asked in some:
        if asked.answer.done():  # whoever asked was cancelled
            continue
        if asked.error is not None:
            asked.answer.set_exception(asked.error)
        else:
            asked.answer.set_result(asked.result)
