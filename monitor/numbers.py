"""Numbers as people read them. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def counted(number: int, one: str, many: str = "") -> str:
    """Return `1 hit`, `2 hits`: so many of something; `many` where an s does not do."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def weighed(octets: int) -> str:
    """Return a number of bytes: `12 kB`, `1.5 MB`, `3.0 GB`."""
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if octets >= unit:
            return f"{octets / unit:.1f} {name}"
    return f"{octets / 1e3:.0f} kB"


def few(names: Iterable[str], most: int = 5) -> str:
    """Return some names, each once: the first of them, and how many more there are."""
    once = list(dict.fromkeys(names))
    return ", ".join(once[:most]) + (f" and {len(once) - most} more" if len(once) > most else "")
