"""Work for a sandbox: functions that a worker process can import, most of them badly behaved."""

import ctypes
import os
import re
import signal
import sys
import time


def double(number: int) -> int:
    return 2 * number


def pid() -> int:
    return os.getpid()


def complain() -> None:
    raise ValueError("zo niet")


class PickyError(Exception):
    """Can be packed and not unpacked."""

    def __init__(self, *, words: str) -> None:
        super().__init__(words)


def complain_pickily() -> None:
    raise PickyError(words="zo niet")


def unpackable() -> object:
    return lambda: 1


def loop() -> None:
    while True:
        pass


def loop_in_c() -> None:
    """Holds the interpreter: no signal handler and no other thread of the process runs."""
    re.match(r"(a+)+$", "a" * 64 + "b")


def stubborn() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    loop()


def segfault() -> None:
    ctypes.string_at(0)


def leave() -> None:
    os._exit(3)


def ask_to_leave() -> None:
    sys.exit(0)


def eat_slowly() -> None:
    eaten = []
    while True:
        eaten.append(bytearray(2**24))


def eat_at_once() -> int:
    return len("x" * 2**34)


def large(size: int) -> bytes:
    return bytes(size)


def recurse() -> None:
    recurse()


def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def slow_start() -> None:
    time.sleep(1.5)


def failing_start() -> None:
    raise RuntimeError("niet vandaag")


def read_metadata(page: bytes) -> None:
    """Let trafilatura look at the JSON-LD of a page."""
    import trafilatura

    trafilatura.extract_metadata(page)
