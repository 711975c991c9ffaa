"""Run a pure function in a process that can be killed (pebble). What strangers wrote is taken apart only in here.

A page can hold a parser in a loop that no thread and no signal handler ends, eat the memory, or crash the interpreter.
In here that costs one worker, which is replaced, and its neighbours do not notice.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from threading import Thread
from time import monotonic
from types import TracebackType
from typing import Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from monitor.errors import SandboxError

T = TypeVar("T")

RECYCLED_AFTER = 500  # tasks: lxml and the extractors leak a little
STARTS_WITHIN = timedelta(seconds=60)  # a busy machine takes seconds to import the extractors
ENDS_WITHIN = timedelta(seconds=5)
TICK = 0.1  # seconds between two looks at the clock while a task runs
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


class Sandbox:
    """A few worker processes with limits; an asynchronous context manager.

    `deadline` is how long one task may run, counted from when a worker takes it up; `memory` how many bytes it may
    take beyond what the worker has at its start. `warm` is called once in each new worker, so that what it imports is
    not on the first task's time. `ahead`: so many tasks wait where workers take them up, so that none is ever idle.
    Unless `at_once`, workers start with the first task: who may have none need not pay for them.
    """

    def __init__(  # noqa: PLR0913 - each bounds or times something else
        self,
        workers: int = 2,
        *,
        deadline: timedelta = timedelta(seconds=20),
        memory: int = 512 * 2**20,
        warm: Callable[[], object] | None = None,
        ahead: int = 0,
        at_once: bool = True,
    ) -> None:
        self._workers = workers
        self._deadline = deadline
        self._memory = memory
        self._warm = warm
        self._at_once = at_once
        self._free = asyncio.Semaphore(workers + ahead)
        # Who waits ahead waits for the end of whoever runs.
        self._starts_within = STARTS_WITHIN + (deadline if ahead else timedelta())
        self._pool: ProcessPool | None = None
        self._running: dict[Future[bytes], ProcessPool] = {}
        self._closed = False

    async def __aenter__(self) -> Self:
        if self._at_once:
            self._started_pool("start")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        if self._pool is not None:
            await self._let_go(self._pool)

    async def run(self, function: Callable[..., T], *args: object, deadline: timedelta | None = None) -> T:
        """Return `function(*args)` from a worker; function, arguments and answer are pickled.

        What the function raises is raised here (one that cannot be pickled as a RuntimeError of the same words).
        Raises SandboxError when the worker was out of time ("timeout") or memory ("memory") or died ("crash").
        """
        what = getattr(function, "__name__", repr(function))
        work = pickle.dumps((function, args))
        async with self._free:
            said = await self._said(what, work, deadline or self._deadline)
        fault, value = pickle.loads(said)  # noqa: S301 - packed by our own worker
        if fault:
            raise SandboxError(fault, what)
        if isinstance(value, _Raised):
            raise value.error
        return value  # type: ignore[no-any-return]

    async def _said(self, what: str, work: bytes, deadline: timedelta) -> bytes:
        """Return what a worker says. A pool that broke under the work is no fault of it: then it is done once more."""
        for last in (False, True):
            pool = self._started_pool(what)
            try:
                return await self._tried(pool, what, work, deadline)
            except (BrokenProcessPool, RuntimeError) as error:
                await self._let_go(pool)
                if last:
                    raise SandboxError("crash", what) from error
        raise AssertionError("unreachable")

    async def _tried(self, pool: ProcessPool, what: str, work: bytes, deadline: timedelta) -> bytes:
        future = pool.schedule(_work, (work,))
        self._running[future] = pool
        try:
            return await _watched(future, deadline, self._starts_within)
        except TimeoutError as error:
            raise SandboxError("timeout", what) from error
        except ProcessExpired as error:
            # Nobody but the kernel, when memory is short, sends a worker the signal that cannot be caught.
            raise SandboxError("memory" if error.exitcode == -signal.SIGKILL else "crash", what) from error
        except OSError as error:
            await self._let_go(pool)
            raise SandboxError("crash", what) from error
        finally:
            del self._running[future]

    def _started_pool(self, what: str) -> ProcessPool:
        """Return the pool, a new one when there is none; started in this thread, with whose end its workers die."""
        if self._closed:
            raise SandboxError("crash", f"{what} in a closed sandbox")
        if self._pool is None:
            self._pool = ProcessPool(
                self._workers,
                RECYCLED_AFTER,
                _prepare,
                (os.getpid(), self._memory, self._warm),
                get_context("spawn"),
            )
            self._pool.active  # noqa: B018 - asking starts it
        return self._pool

    async def _let_go(self, pool: ProcessPool) -> None:
        """End a pool and what runs in it. It is waited for, not for ever: a worker that was killed while it spoke may
        leave the pool's own thread listening to the rest."""
        if self._pool is not pool:
            return  # a neighbour was first
        self._pool = None
        for future in [future for future, where in self._running.items() if where is pool]:
            future.cancel()
        pool.stop()  # type: ignore[no-untyped-call]
        ending = Thread(target=pool.join, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, ENDS_WITHIN.total_seconds())


async def _watched(future: Future[bytes], deadline: timedelta, starts_within: timedelta) -> bytes:
    """Return what comes of a task; raises TimeoutError when it runs for longer than its deadline, by our own clock.

    (pebble's deadlines go by the clock on the wall, which people and time servers set.)
    """
    waiting = asyncio.wrap_future(future)
    asked, began = monotonic(), None
    try:
        while not waiting.done():
            await asyncio.wait({waiting}, timeout=TICK)
            now = monotonic()
            began = now if began is None and future.running() else began
            if began is None and now - asked > starts_within.total_seconds():
                raise OSError("no worker took the work up")
            if began is not None and now - began > deadline.total_seconds() and not waiting.done():
                raise TimeoutError
        if waiting.cancelled():
            raise BrokenProcessPool("the pool was let go")
        return await waiting
    finally:
        future.cancel()  # kills the worker, unless it is done


# --- in the worker --------------------------------------------------------------------------------------------------


class _Raised:
    """What a function raised, on its way to the caller."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def _prepare(parent: int, memory: int, warm: Callable[[], object] | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who waits for us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler in Python would wait for the loop that is to be ended
    _end_with(parent)
    if warm is not None:
        warm()
    _limit(memory)


def _end_with(parent: int) -> None:
    """Let no worker outlive a parent that was killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(
                "500", "ascii"
            )  # when memory is short, rather us than the parent
    if os.getppid() != parent:
        os._exit(1)


def _limit(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(FileNotFoundError):  # elsewhere than on Linux we do not know what the worker has already
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        most = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _work(work: bytes) -> bytes:
    """Do the work and return what came of it: bytes, so that nothing that passes the pool's pipe can break the pool."""
    try:
        function, args = pickle.loads(work)  # noqa: S301 - packed by our own parent
        return pickle.dumps(("", function(*args)))
    except MemoryError:
        return pickle.dumps(("memory", None))
    except Exception as error:  # noqa: BLE001 - it is the caller's, whatever it is
        return _packed(error)
    except BaseException:  # noqa: BLE001 - a function that wants to end the process ends its own
        return pickle.dumps(("crash", None))


def _packed(error: Exception) -> bytes:
    error.add_note("".join(traceback.format_exception(error)))
    try:
        packed = pickle.dumps(("", _Raised(error)))
        pickle.loads(packed)  # noqa: S301 - our own: some exceptions can be packed and not unpacked
    except Exception:  # noqa: BLE001 - their own methods run here
        return pickle.dumps(("", _Raised(RuntimeError(f"{type(error).__name__}: {error}"))))
    return packed
