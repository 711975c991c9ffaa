"""The sandbox with real processes that really hang, crash and eat."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from monitor import sandbox
from monitor.errors import SandboxError
from monitor.sandbox import Sandbox
from tests import chores

SHORT = timedelta(seconds=1)
ROOT = Path(__file__).resolve().parent.parent.parent


def alive(pid: int) -> bool:
    """A process that is dead and not yet reaped is not alive."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def gone(pid: int) -> bool:
    """Wait for a process to end: it is asked for, so this needs no clock but against hanging for ever."""
    until = time.monotonic() + 20
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pid)


def children() -> list[int]:
    return [int(pid) for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]


async def test_an_answer_comes_back():
    """Arguments go in and the answer comes out, whatever their size."""
    async with Sandbox() as box:
        assert await box.run(chores.double, 21) == 42
        assert await box.run(chores.large, 2**25) == bytes(2**25)


async def test_what_the_function_raises_passes_as_it_is():
    """The caller decides on the error of a pure function; where it was raised is told in a note."""
    async with Sandbox() as box:
        with pytest.raises(ValueError, match="zo niet") as raised:
            await box.run(chores.complain)
        assert "chores.py" in raised.value.__notes__[0]
        with pytest.raises(RecursionError):
            await box.run(chores.recurse)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (chores.loop, "timeout"),
        (chores.loop_in_c, "timeout"),
        (chores.stubborn, "timeout"),
        (chores.segfault, "crash"),
        (chores.leave, "crash"),
        (chores.ask_to_leave, "crash"),
        (chores.eat_slowly, "memory"),
        (chores.eat_at_once, "memory"),
    ],
)
async def test_a_worker_that_misbehaves_is_stopped_and_replaced(function: Callable[[], object], reason: str):
    """One page costs one worker, never the pool: the standard pool is dead after one segfault."""
    patience = timedelta(seconds=10) if reason == "memory" else SHORT
    async with Sandbox(1, deadline=patience, memory=200 * 2**20) as box:
        with pytest.raises(SandboxError) as raised:
            await box.run(function)
        assert raised.value.reason == reason
        assert function.__name__ in str(raised.value)
        assert await box.run(chores.double, 1) == 2


@pytest.mark.parametrize("function", [chores.complain_pickily, chores.unpackable])
async def test_what_cannot_pass_the_pipe_breaks_nothing(function: Callable[[], object]):
    """An exception that cannot be unpacked would else end the pool's own thread, and with it everything."""
    async with Sandbox(1) as box:
        with pytest.raises(Exception, match=r"zo niet|pickle"):
            await box.run(function)
        assert await box.run(chores.double, 1) == 2


async def test_neighbours_do_not_notice():
    """While one worker hangs, the other does all the work; and a crash between them loses none of theirs."""
    done: list[object] = []

    async def note(work: asyncio.Task[object]) -> None:
        done.append(await asyncio.gather(work, return_exceptions=True))

    async with Sandbox(deadline=timedelta(seconds=3)) as box:
        hanging = asyncio.create_task(note(asyncio.create_task(box.run(chores.loop_in_c))))
        await asyncio.sleep(0.5)
        await asyncio.gather(*(note(asyncio.create_task(box.run(chores.double, i))) for i in range(40)))
        assert not hanging.done()
        assert sorted(answer for [answer] in done) == [2 * i for i in range(40)]
        await hanging

        mixed = (box.run(chores.segfault) if i % 7 == 3 else box.run(chores.double, i) for i in range(30))
        answers = await asyncio.gather(*mixed, return_exceptions=True)
    assert [answer for answer in answers if not isinstance(answer, SandboxError)] == [
        2 * i for i in range(30) if i % 7 != 3
    ]


async def test_the_event_loop_goes_on_while_a_worker_holds_its_interpreter():
    """A page that hangs a parser must not stop the heart of the daemon."""
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.02)
            beats += 1

    async with Sandbox(1, deadline=SHORT) as box:
        await box.run(chores.pid)
        heart = asyncio.create_task(beat())
        with pytest.raises(SandboxError):
            await box.run(chores.loop_in_c)
        heart.cancel()
    assert beats > 10


async def test_the_deadline_does_not_count_the_start():
    """Importing the extractors takes seconds on a busy machine: the first page must not pay for that."""
    async with Sandbox(1, deadline=timedelta(seconds=0.5), warm=chores.slow_start) as box:
        assert await box.run(chores.double, 1) == 2


async def test_a_worker_that_cannot_start_is_told(monkeypatch: pytest.MonkeyPatch):
    """A broken installation must not make every page wait for ever."""
    monkeypatch.setattr(sandbox, "STARTS_WITHIN", SHORT)
    async with Sandbox(1, warm=chores.failing_start) as box:
        with pytest.raises(SandboxError) as raised:
            await box.run(chores.double, 1)
    assert raised.value.reason == "crash"


async def test_workers_start_when_they_are_needed_if_nobody_wants_them_sooner():
    """A backfill of stored articles reads no page: two processes that import the extractors would only slow it down."""
    async with Sandbox(1, at_once=False) as box:
        before = children()
        assert await box.run(chores.pid) in set(children()) - set(before)


async def test_work_that_waits_ahead_is_taken_up_in_its_turn(monkeypatch: pytest.MonkeyPatch):
    """That it waits for what runs is no sign of a worker that cannot start."""
    monkeypatch.setattr(sandbox, "STARTS_WITHIN", timedelta(seconds=0.4))
    async with Sandbox(1, ahead=2) as box:
        assert await asyncio.gather(*(box.run(chores.nap, 0.3) for _ in range(3))) == [0.3] * 3


async def test_each_run_may_have_its_own_deadline():
    """A feed gets less time than a page."""
    async with Sandbox(1) as box:
        with pytest.raises(SandboxError) as raised:
            await box.run(chores.loop, deadline=timedelta(seconds=0.3))
    assert raised.value.reason == "timeout"


async def test_workers_are_recycled():
    """lxml and the extractors leak: no worker lives for ever."""
    async with Sandbox(1) as box:
        pids = {await box.run(chores.pid) for _ in range(sandbox.RECYCLED_AFTER + 2)}
    assert len(pids) == 2


async def test_work_that_nobody_waits_for_is_stopped():
    """A cancelled visit leaves no process behind that goes on for its whole deadline."""
    async with Sandbox(1) as box:
        worker = await box.run(chores.pid)
        work = asyncio.create_task(box.run(chores.loop))
        await asyncio.sleep(0.3)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        assert await asyncio.to_thread(gone, worker)
        assert await box.run(chores.pid) != worker


async def test_closing_ends_what_runs():
    """The daemon stops within its deadline, whatever a page is doing to a worker."""
    async with Sandbox(1) as box:
        worker = await box.run(chores.pid)
        work = [asyncio.create_task(box.run(chores.loop_in_c)) for _ in range(3)]
        await asyncio.sleep(0.3)
    assert not alive(worker)
    for answer in await asyncio.gather(*work, return_exceptions=True):
        assert isinstance(answer, SandboxError)


async def test_a_worker_ignores_an_interrupt():
    """Ctrl-C in a terminal reaches every process of the group; only the daemon is meant."""
    async with Sandbox(1) as box:
        worker = await box.run(chores.pid)
        os.kill(worker, signal.SIGINT)
        assert await box.run(chores.pid) == worker


async def test_a_worker_killed_from_outside_costs_one_task():
    """When memory is short the kernel kills a worker: that is told as such, and the next one takes over."""
    async with Sandbox(1) as box:
        worker = await box.run(chores.pid)
        work = asyncio.create_task(box.run(chores.nap, 30))
        await asyncio.sleep(0.3)
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(SandboxError) as raised:
            await work
        assert raised.value.reason == "memory"
        assert await box.run(chores.double, 1) == 2


async def test_a_pool_that_breaks_under_the_work_does_it_again():
    """A worker that is killed while it waits breaks the whole pool: no fault of the next page, which is read all the same."""
    async with Sandbox(2) as box:
        for number in range(5):
            for worker in {await box.run(chores.pid) for _ in range(4)}:
                os.kill(worker, signal.SIGKILL)
            await asyncio.sleep(0.2 * number % 0.5)
            assert await asyncio.gather(*(box.run(chores.double, i) for i in range(4))) == [0, 2, 4, 6]


DAEMON = """
    import asyncio, signal
    from monitor.sandbox import Sandbox
    from tests import chores

    async def main():
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        async with Sandbox(2) as box:
            print(await box.run(chores.pid), flush=True)
            work = [asyncio.create_task(box.run(chores.loop_in_c)) for _ in range(2)]
            await asyncio.sleep(0.5)
            print("ready", flush=True)
            await stop.wait()
        await asyncio.gather(*work, return_exceptions=True)

    if __name__ == "__main__":
        asyncio.run(main())
"""


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_no_worker_outlives_the_daemon(tmp_path: Path, how: signal.Signals, code: int):
    """Asked to stop, it stops by itself with its workers in a loop; killed, its workers die with it."""
    script = tmp_path / "daemon.py"
    script.write_text(textwrap.dedent(DAEMON))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, env=environment, text=True) as daemon:
        assert daemon.stdout is not None
        worker = int(daemon.stdout.readline())
        assert daemon.stdout.readline() == "ready\n"
        daemon.send_signal(how)
        assert daemon.wait(timeout=20) == code
    assert gone(worker)


async def test_a_page_that_hangs_the_extractor_is_stopped():
    """Malformed JSON-LD costs trafilatura minutes with the interpreter held (220 kB); ours is stopped in time."""
    page = b'<script type="application/ld+json">{' + b'"author":' * 25_000 + b"</script><p>x</p>"
    async with Sandbox(1, deadline=SHORT) as box:
        with pytest.raises(SandboxError) as raised:
            await box.run(chores.read_metadata, page)
    assert raised.value.reason == "timeout"
