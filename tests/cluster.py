"""A real Dask cluster on this machine, for tests and benchmarks: a scheduler and workers, as processes."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What is started ends with whoever started it, also when that is killed (PR_SET_PDEATHSIG of prctl(2)); a worker ends with
# its nanny.
DASK = """
import ctypes, signal
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
from dask.__main__ import main
main()
"""


DOCUMENTED = Path(__file__).resolve().parents[1] / "docs" / "dask.yaml"


@contextmanager
def cluster(folder: Path, workers: int = 2, settings: Path = DOCUMENTED) -> Iterator[tuple[str, list[int]]]:
    """Give where the scheduler answers, and the pids of all that was started, the scheduler's first.

    `settings` are Dask's own; of an empty file it is as Dask comes.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    local = ("--host", "127.0.0.1", "--no-dashboard")
    commands = [("scheduler", "--port", str(port), *local)]
    commands += [("worker", f"tcp://127.0.0.1:{port}", "--nthreads", "1", *local)] * workers
    running = [_started(folder, settings, *command) for command in commands]
    try:
        yield f"dask://127.0.0.1:{port}", [one.pid for one in running]
    finally:
        for one in reversed(running):
            os.killpg(one.pid, signal.SIGKILL)
            one.wait()


def _started(folder: Path, settings: Path, *words: str) -> "subprocess.Popen[bytes]":
    command, environ = [sys.executable, "-c", DASK, *words], os.environ | {"DASK_CONFIG": str(settings)}
    return subprocess.Popen(command, cwd=folder, env=environ, start_new_session=True, stdout=-3, stderr=-3)
