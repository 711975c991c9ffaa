"""A process that ends itself when a page holds it for too long. Whoever waits for it tells by its end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

# As long as the sandbox gives a page.
DEADLINE: Final = 20.0

_alone = Lock()


@contextmanager
def guarded(seconds: float = DEADLINE) -> Iterator[None]:
    """Give what is done inside so many seconds; then the process ends, by SIGALRM, which no parser can hold up.

    A process has one such clock: of its threads, one at a time may be inside.
    """
    with _alone:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
