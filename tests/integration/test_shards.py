"""Who looks does not show in what is found: this process, others that are killed, a cluster."""

import os
import socket
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from monitor.archives import Volume, files
from monitor.archives.record import stored
from monitor.archives.warc import warcs
from monitor.backfill import Backfill, Summary
from monitor.errors import ClusterError
from monitor.model import Outcome, Secret
from monitor.sandbox import Sandbox
from monitor.shards import Engine, Here, Lens, Processes, packed
from tests import shards
from tests.cluster import cluster
from tests.fakes import Scene, page, stage
from tests.integration.test_backfill import answer, lines, titles
from tests.integration.test_pipeline import DULL, OTHER, SECRET


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = stage(tmp_path)
    yield made
    made.store.close()


def past(folder: Path) -> list[Path]:
    """Records, pages and an archive: more shards than are under way at once."""
    folder.mkdir()
    many = [(f"a{n}", SECRET.replace("Wenen", f"Stad{n}") if n % 7 == 0 else DULL) for n in range(600)]
    (folder / "a.jsonl").write_bytes(lines(*many))
    for n in range(60):
        (folder / f"b{n:02}.html").write_bytes(page(f"Bericht {n}", (SECRET, OTHER, DULL, DULL)[n % 4] + f" Dag {n}."))
    (folder / "c.txt").write_text("Nog geen nieuws.")
    return [folder]


def archive(path: Path) -> Path:
    """A web archive that is cut in several parts; some of its pages are one and the same wall."""
    padding = os.urandom(9_000).hex()
    walls = range(0, 200, 20)
    pages = [page(f"Bericht {n}", (SECRET, DULL)[n % 2] + (f" Dag {n}." if n not in walls else "")) for n in range(200)]
    said = [answer(f"https://krant.example/{n}", one + f"<!--{padding}-->".encode()) for n, one in enumerate(pages)]
    path.write_bytes(b"".join(said))
    return path


def dump(scene: Scene) -> list[object]:
    """Every row of what a backfill writes, in the order in which it was written."""
    with closing(sqlite3.connect(scene.address.removeprefix("sqlite:///"))) as connection:
        tables = ("articles", "hits", "stories", "deliveries", "entries")
        found = [row for table in tables for row in connection.execute(f"SELECT rowid, * FROM {table}")]
    return sorted(found, key=repr)


async def both(folder: Path, engine: Engine | None, *sources: object) -> tuple[Summary, list[object]]:
    """What comes of the sources and of the record behind them, on a database of their own."""
    folder.mkdir()
    scene = stage(folder)
    try:
        for source in (*sources, partial(stored, scene.address)):
            summary = await Backfill(scene.pipeline, engine=engine).run(source())  # type: ignore[operator]
        return summary, dump(scene)
    finally:
        scene.store.close()


@pytest.mark.slow
async def test_two_processes_find_what_one_finds(scene, tmp_path):
    """Row by row: articles, hits, their stories, deliveries, in the same order."""
    pytest.importorskip("fastwarc")
    sources = (partial(files, past(tmp_path / "past")), partial(warcs, [archive(tmp_path / "a.warc.gz")]))
    assert len([shard async for volume in sources[1]() for shard in volume.shards]) > 3

    one = await both(tmp_path / "one", None, *sources)
    async with Processes(2, packed(scene.pipeline.ruleset, whole=False)) as processes:
        two = await both(tmp_path / "two", processes, *sources)

    assert one[0].matched > 100
    assert two[0].outcomes == one[0].outcomes
    assert two[1] == one[1]


async def test_a_killed_process_costs_its_shard_a_second_try(scene, tmp_path):
    """By the kernel, when memory is short; the neighbours do not notice."""
    source = shards.volume(
        (partial(shards.text, "Verhaal een", SECRET),),
        (partial(shards.killing_once, tmp_path / "flag", "Verhaal twee", SECRET),),
        (partial(shards.text, "Brug", DULL),),
    )

    summary = await with_two(scene, source)

    assert summary.outcomes == Counter({Outcome.READ: 3})
    assert titles(scene) == ["Verhaal een", "Verhaal twee"]


async def test_a_page_that_kills_costs_only_itself(scene, tmp_path):
    """Twice by accident is none: then the pages of its shard are read in the sandbox."""
    story, home = page("Verhaal", SECRET), os.getpid()
    source = shards.volume(
        (partial(shards.page, "a", page("Verhaal een", SECRET)), partial(shards.page, "b", story, home)),
        (partial(shards.page, "c", page("Verhaal twee", OTHER)),),
    )

    async with Sandbox() as sandbox:
        object.__setattr__(scene.pipeline, "sandbox", sandbox)
        summary = await with_two(scene, source)

    assert summary.outcomes == Counter({Outcome.READ: 2, Outcome.NO_TEXT: 1})
    assert titles(scene) == ["Verhaal een", "Verhaal twee"]


async def test_a_shard_that_cannot_be_opened_alive_is_recorded_as_failed(scene):
    """It never stops the rest."""
    source = shards.volume(
        (partial(shards.killing, os.getpid(), "Verhaal", SECRET),),
        (partial(shards.text, "Verhaal een", SECRET),),
    )

    summary = await with_two(scene, source)

    assert summary.outcomes == Counter({Outcome.READ: 1, Outcome.FAILED: 1})
    assert sum(one.total for one in summary.faults.values()) == 1
    assert titles(scene) == ["Verhaal een"]


async def with_two(scene: Scene, source: Volume) -> Summary:
    async with Processes(2, packed(scene.pipeline.ruleset, whole=True)) as processes:
        return await Backfill(scene.pipeline, engine=processes).run(alone(source))


async def alone(source: Volume) -> AsyncIterator[Volume]:
    yield source


async def test_a_page_in_which_no_rule_can_match_is_set_aside(scene):
    """It is counted by its own word and is not on record; who asks for the whole gets it read."""
    source = shards.volume(
        (partial(shards.page, "a", page("Brug", DULL)), partial(shards.page, "b", page("x", SECRET)))
    )

    sieved = await Backfill(scene.pipeline, dry=True).run(alone(source))
    whole = await Backfill(scene.pipeline, engine=Here(Lens(scene.pipeline.ruleset)), dry=True).run(alone(source))

    assert sieved.outcomes == Counter({Outcome.READ: 1, Outcome.SET_ASIDE: 1})
    assert whole.outcomes == Counter({Outcome.READ: 2})
    assert sieved.matched == whole.matched == 1


# --- a cluster ---


@pytest.mark.slow
async def test_a_cluster_finds_what_one_process_finds(scene, tmp_path):
    """And survives that one of its workers is killed."""
    pytest.importorskip("distributed")
    pytest.importorskip("fastwarc")
    sources = (partial(files, past(tmp_path / "past")), partial(warcs, [archive(tmp_path / "a.warc.gz")]))
    killed = shards.volume(
        (partial(shards.text, "Verhaal een", SECRET),),
        (partial(shards.killing_once, tmp_path / "flag", "Verhaal twee", SECRET),),
    )
    one = await both(tmp_path / "one", None, *sources)

    with cluster(tmp_path) as (url, _):
        from monitor.shards.cluster import Cluster

        rules = packed(scene.pipeline.ruleset, whole=False)
        async with Cluster(url, rules, [tmp_path / "past"], Secret(scene.address)) as workers:
            two = await both(tmp_path / "two", workers, *sources)
            survived = await Backfill(scene.pipeline, engine=workers).run(alone(killed))
        with pytest.raises(ClusterError, match=r"does not see .*nowhere"):
            async with Cluster(url, rules, [tmp_path / "nowhere"]):
                pass

    assert two == one
    assert survived.outcomes == Counter({Outcome.READ: 2})


async def test_a_cluster_that_is_not_there_is_told(scene, monkeypatch):
    """In words, and before anything is begun."""
    pytest.importorskip("distributed")
    from monitor.shards import cluster as door

    monkeypatch.setattr(door, "ANSWERS_WITHIN", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    with pytest.raises(ClusterError, match=f"dask://127.0.0.1:{port} cannot be reached"):
        async with door.Cluster(f"dask://127.0.0.1:{port}", packed(scene.pipeline.ruleset, whole=True)):
            pass


def test_workers_of_another_version_are_refused():
    """What they would find is not what we would find."""
    pytest.importorskip("distributed")
    from monitor.shards.cluster import _differs

    said = {"host": {"python": "3.9.2.final.0"}, "packages": {"monitor": None, "numpy": "1.0"}}

    assert "python is 3.9, here it is" in _differs(said)
    assert "monitor is none" in _differs(said)
