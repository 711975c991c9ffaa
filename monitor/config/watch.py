"""What a configuration was read from, as it stood when it was read: when that is otherwise now, it is read again."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping
from pathlib import Path

# Of a file: when it was written (ns), its inode (an editor may replace it), its size; None when it is not there.
# Of a path with `*`: the files that it stands for.
Stamp = tuple[int, int, int] | tuple[Path, ...] | None


def matching(path: Path) -> list[Path]:
    """Return what files a path with `*` in it stands for; one without stands for itself."""
    if "*" not in str(path):
        return [path]
    try:
        return [Path(found) for found in sorted(glob.glob(str(path)))]  # noqa: PTH207 — Path.glob refuses absolute ones
    except ValueError:
        return []


def stamp(path: Path) -> Stamp:
    """Return what tells that a file changed, or that others came or went."""
    if "*" in str(path):
        return tuple(matching(path))
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def stamps(paths: Iterable[Path]) -> dict[Path, Stamp]:
    """Return how these stand now."""
    return {path: stamp(path) for path in paths}


def changed(seen: Mapping[Path, Stamp]) -> bool:
    """Say whether one of these stands otherwise now."""
    return any(stamp(path) != before for path, before in seen.items())
