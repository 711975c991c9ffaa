"""What we say to systemd: ready, alive, stopping, and our log. Nothing at all where it does not listen."""

from __future__ import annotations

import logging
import os
import socket
from typing import Final

# An ear that is full is waited for so long, in seconds: meanwhile nothing else is done.
PATIENCE: Final = 1.0
# Levels of our log and of the journal's.
LEVELS: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))


def tell(state: str) -> bool:
    """Send `READY=1`, `WATCHDOG=1`, `STATUS=…` to the socket that systemd named; False when there is none.

    The protocol is sd_notify(3): a datagram to `$NOTIFY_SOCKET`, where a leading @ means an abstract address.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as ear:
        ear.settimeout(PATIENCE)
        try:
            ear.sendto(state.encode(), address)
        except OSError:
            return False  # systemd, too busy or gone, will notice silence by itself
    return True


def watchdog_seconds() -> float | None:
    """Return how long systemd waits for a sign of life before it restarts us; None when it does not watch."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    watched = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(microseconds) / 1_000_000 if watched and microseconds.isdigit() else None


def hears(descriptor: int) -> bool:
    """Say whether what is written there goes to the journal (`$JOURNAL_STREAM`, systemd.exec(5))."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return (device, inode) == (str(found.st_dev), str(found.st_ino))


class ForJournal(logging.Formatter):
    """Lines as the journal wants them: it knows the time, and takes the level from a number before each (sd-daemon(3))."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record, each of its lines with its level: `journalctl --priority=warning` shows all of it."""
        level = next((number for least, number in LEVELS if record.levelno >= least), 7)
        return "\n".join(f"<{level}>{line}" for line in super().format(record).splitlines())
