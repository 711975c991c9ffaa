"""A Dask cluster that looks at shards. The one door to distributed (an extra).

Its workers are other people's: they must have this program, in the same version, and see the same files. The rules go
once to each worker, also to one that joins later; a shard goes as the small key that it is, some of them as one task.
"""

from __future__ import annotations

import asyncio
import pickle
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

from monitor import __version__
from monitor.archives import Shard
from monitor.errors import ClusterError, MonitorError
from monitor.model import Secret
from monitor.shards.engines import LostError
from monitor.shards.look import Lens, Look, Order, Packed, look
from monitor.store import Queries

try:
    import distributed
    from distributed.client import FutureCancelledError
except ImportError:
    raise MonitorError("a Dask cluster needs a library: pip install 'monitor[dask]'") from None

# A cluster that does not answer in so many seconds is not there; one without a worker gets as long to find one.
ANSWERS_WITHIN: Final = 10
SCHEMES: Final = {"dask": "tcp", "dask+tls": "tls"}
# Shards of one task: it costs the scheduler, the worker and us some hundredths of a second beside what is done in it.
TOGETHER: Final = 4
# Tasks for each thread: one that it does, and one so that it never waits.
AHEAD: Final = 2
# So many seconds a shard waits for others to go with.
GATHERS: Final = 0.05


class Cluster:
    """The workers behind a scheduler at `dask://host:8786`; an asynchronous context manager.

    `paths` and the database at `address` are what each worker must see. Raises ClusterError when it cannot be used.
    """

    extracts = True

    def __init__(self, url: str, packed: Packed, paths: Iterable[Path] = (), address: Secret | None = None) -> None:
        self.width = AHEAD * TOGETHER
        self._bundle: _Bundle | None = None
        self._under_way: set[asyncio.Task[list[list[Look]]]] = set()
        self._url = url.rstrip("/")
        self._packed = packed
        self._sizes = {path.absolute(): path.stat().st_size if path.is_file() else -1 for path in paths}
        self._address = address
        self._name = f"monitor-{uuid4().hex}"
        self._client: Any = None

    async def __aenter__(self) -> Self:
        scheme, _, place = self._url.partition("://")
        try:
            self._client = await _asked(f"{SCHEMES[scheme]}://{place}")
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(f"{self._url} cannot be reached: {error}") from error
        try:
            await self._prepare()
        except BaseException:
            await self._client.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._client.status == "running":
            await self._client.unregister_worker_plugin(self._name)
        await self._client.close()

    async def _prepare(self) -> None:
        """See that all workers can do the work, and give them the rules."""
        try:
            await self._client.wait_for_workers(1, timeout=ANSWERS_WITHIN)
        except TimeoutError as error:
            raise ClusterError(f"{self._url} has no worker") from error
        versions = await self._client.get_versions(packages=["monitor", "numpy"])
        _refuse(self._url, {worker: _differs(said) for worker, said in versions["workers"].items()})
        _refuse(self._url, await self._client.run(_unseen, self._sizes, self._address))
        await self._client.register_plugin(Rules(self._name, self._packed))
        self.width = AHEAD * TOGETHER * sum((await self._client.nthreads()).values())

    async def look(self, shard: Shard, order: Order) -> list[Look]:
        """Return what comes of a shard. Raises LostError when several workers died over it, or over one beside it."""
        bundle = self._bundle or self._begun()
        at = len(bundle.asked)
        bundle.asked.append((shard, order))
        if len(bundle.asked) == TOGETHER:
            self._close(bundle)
        return (await asyncio.shield(bundle.answer))[at]

    def _begun(self) -> _Bundle:
        bundle = self._bundle = _Bundle()
        bundle.answer = asyncio.create_task(self._looked(bundle))
        self._under_way.add(bundle.answer)
        bundle.answer.add_done_callback(self._under_way.discard)
        return bundle

    async def _looked(self, bundle: _Bundle) -> list[list[Look]]:
        """Return what comes of some shards that go as one task: as many as have come together."""
        with suppress(TimeoutError):
            await asyncio.wait_for(bundle.is_full.wait(), GATHERS)
        self._close(bundle)
        future = self._client.submit(_look, self._name, pickle.dumps(bundle.asked), pure=False)
        try:
            looks: list[list[Look]] = pickle.loads(await future)  # noqa: S301 - packed by our own worker
        except distributed.KilledWorker as error:
            raise LostError("the workers that looked died") from error
        except FutureCancelledError as error:
            raise ClusterError(f"{self._url} was lost: {error}") from error
        finally:
            future.release()
        return looks

    def _close(self, bundle: _Bundle) -> None:
        """Let a bundle go; what is asked from now on goes with the next."""
        bundle.is_full.set()
        if bundle is self._bundle:
            self._bundle = None


@dataclass(eq=False)
class _Bundle:
    """Shards that go together, and the task that brings what comes of them, in their order."""

    asked: list[tuple[Shard, Order]] = field(default_factory=list)
    is_full: asyncio.Event = field(default_factory=asyncio.Event)
    answer: asyncio.Task[list[list[Look]]] = field(init=False)


def _asked(address: str) -> Any:
    return distributed.Client(address, asynchronous=True, timeout=ANSWERS_WITHIN, set_as_default=False)  # type: ignore[no-untyped-call]


def _refuse(url: str, faults: Mapping[str, str]) -> None:
    """Raise ClusterError when something is wrong with a worker."""
    said = [f"  {worker}: {fault}" for worker, fault in faults.items() if fault]
    if said:
        raise ClusterError("\n".join([f"the workers of {url} cannot do this:", *said]))


def _differs(said: Mapping[str, Any] | None) -> str:
    """Return what a worker has in another version than we have, "" for nothing."""
    if not said:
        return "does not say what it has"
    python = ".".join(str(said["host"].get("python", "none")).split(".")[:2])
    theirs = {"python": python, **{name: said["packages"].get(name) or "none" for name in ("monitor", "numpy")}}
    ours = {"python": f"{sys.version_info[0]}.{sys.version_info[1]}", "monitor": __version__, "numpy": version("numpy")}
    return ", ".join(
        f"{name} is {theirs[name]}, here it is {ours[name]}" for name in ours if theirs[name] != ours[name]
    )


# --- on a worker ---

_packed: dict[str, Packed] = {}
_own = threading.local()  # a lens serves one thread


def _unseen(sizes: Mapping[Path, int], address: Secret | None) -> str:
    """Return what this worker does not see as it is seen where the backfill runs; "" when it sees everything."""
    faults = [f"does not see {path}" for path, size in sizes.items() if not path.exists()]
    faults += [
        f"sees another {path}"
        for path, size in sizes.items()
        if size >= 0 and path.exists() and path.stat().st_size != size
    ]
    if address is not None:
        try:
            Queries.open(address).close()
        except MonitorError as error:
            faults.append(str(error))
    return "; ".join(faults)


class Rules(distributed.WorkerPlugin):
    """Gives the rules to each worker as it is begun with, also to those that come later."""

    def __init__(self, name: str, packed: Packed) -> None:
        self.name, self._packed = name, packed

    def setup(self, worker: object) -> None:  # noqa: ARG002 - as Dask calls it
        """Put the rules where shards are looked at."""
        _packed[self.name] = self._packed

    def teardown(self, worker: object) -> None:  # noqa: ARG002 - as Dask calls it
        """Take them away again."""
        _packed.pop(self.name, None)


def _look(name: str, packed: bytes) -> bytes:
    """Return what comes of some shards. Packed, both ways: Dask would take each list apart, and pack what is in it."""
    if getattr(_own, "name", "") != name:
        _own.name, _own.lens = name, Lens.unpacked(_packed[name])
    asked: Sequence[tuple[Shard, Order]] = pickle.loads(packed)  # noqa: S301 - packed by the driver
    return pickle.dumps([look(shard, _own.lens, order) for shard, order in asked])
