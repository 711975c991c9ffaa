"""What we say to systemd: ready, alive, stopping. Nothing at all where it does not listen."""

from __future__ import annotations

import os
import socket


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
        try:
            ear.sendto(state.encode(), address)
        except OSError:
            return False  # systemd will notice silence by itself
    return True


def watchdog_seconds() -> float | None:
    """Return how long systemd waits for a sign of life before it restarts us; None when it does not watch."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    watched = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(microseconds) / 1_000_000 if watched and microseconds.isdigit() else None
