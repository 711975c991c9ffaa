"""What it costs and gains to let others look: processes, a Dask cluster; what the look before extraction saves; what a
live run beside a backfill feels of it.

    python benchmarks/shards.py workers [articles] [rules]   one process and two
    python benchmarks/shards.py dask [articles] [rules]      two processes and clusters of two; needs the extra dask
    python benchmarks/shards.py killed [articles] [times]    a cluster of two of which one is killed, beside one undisturbed
    python benchmarks/shards.py warc [pages]                 an archive of real pages, with and without the look before
    python benchmarks/shards.py beside [articles] [seconds]  a daemon's way from poll to alert, alone for so long and beside

Needs the shared data. The machine is shared: ratios within one run are what counts, and CPU is told beside the clock.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import resource
import signal
import sqlite3
import statistics
import sys
import tarfile
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter, process_time, sleep
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # from a checkout, whatever is installed

from backfill import SETTINGS, filled, made
from generated import Chance, book, real_articles
from polling import descendants, spent

from monitor import config, extract, wiring
from monitor.archives import Volume
from monitor.archives.record import stored
from monitor.archives.warc import warcs
from monitor.backfill import Backfill
from monitor.model import Article, Entry, Page
from monitor.pipeline import Pipeline
from monitor.rules.compile import Ruleset, compile_rules
from monitor.shards import Engine, Here, Lens, Processes, packed
from tests.cluster import DOCUMENTED, cluster

if TYPE_CHECKING:
    from tests.acceptance.newsroom import Paper

SHARED = Path(os.environ.get("MONITOR_SHARED", Path(__file__).resolve().parents[2] / "shared"))
ROUNDS = 3
MANY_ROUNDS = 8  # where a round is short: the machine is not the same from one to the next


@asynccontextmanager
async def opened(folder: Path, rules: str = "rules: []") -> AsyncIterator[Pipeline]:
    """Give a pipeline on an empty database."""
    (folder / "rules.yaml").write_text((SETTINGS % f"sqlite:///{folder / 'monitor.db'}").replace("rules: []", rules))
    async with wiring.wired(config.load(folder / "rules.yaml", {}), watching=False) as pipeline:
        yield pipeline


# --- workers ---


async def workers(articles: int = 20_000, rules: int = 100) -> None:
    """Match stored articles once more, in one process and in two."""
    await compared(articles, rules, two)


async def dask(articles: int = 20_000, rules: int = 100) -> None:
    """Match stored articles once more, in two processes and on a cluster of two; idle, it takes from the processes' time."""
    await compared(articles, rules, clusters)


Engines = dict[str, tuple[Engine, list[int]]]  # by name, with its processes beside this one that were started first


async def compared(
    articles: int, rules: int, hired: Callable[[AsyncExitStack, Path, Ruleset], Awaitable[Engines]]
) -> None:
    """Let this process match stored articles, and each of the hired in turn, in rounds; tell what it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filled(f"sqlite:///{folder / 'monitor.db'}", articles)
        async with opened(folder) as pipeline, AsyncExitStack() as stack:
            written = book(Chance(real_articles()).rules(rules))
            tried = replace(pipeline, config=replace(pipeline.config, book=written), ruleset=compile_rules(written))
            source = partial(stored, pipeline.config.settings.database)
            read = [one for volume in [v async for v in source()] for s in volume.shards for one in s.opened()]
            texts = [document.article for piece in read if (document := piece()).article]
            engines: Engines = {"one process": (Here(Lens(tried.ruleset)), [])}
            engines |= await hired(stack, folder, tried.ruleset)
            for engine, _ in engines.values():  # workers have started, and seen the words
                await Backfill(tried, engine=engine, dry=True).run(source())
            matched = sum(len(found) for found in tried.ruleset.match_many(texts))
            spent: dict[str, list[Spent]] = {}
            for _ in range(MANY_ROUNDS):
                each = {"the matcher alone": alone(tried.ruleset, texts)} | await in_turn(
                    tried, source, engines, matched
                )
                for what, one in each.items():
                    spent.setdefault(what, []).append(one)
                    print(f"{what}: {one}", flush=True)
            for what, some in spent.items():
                print(f"{what}, in the mean: {Spent(*(statistics.mean(of) for of in zip(*some, strict=True)))}")


async def two(stack: AsyncExitStack, _: Path, ruleset: Ruleset) -> Engines:
    engine = await stack.enter_async_context(Processes(2, packed(ruleset, whole=True)))
    return {"two": (engine, descendants(os.getpid()))}


async def clusters(stack: AsyncExitStack, folder: Path, ruleset: Ruleset) -> Engines:
    """Hire two processes, and a cluster as we advise it, and one as Dask comes."""
    from monitor.shards.cluster import Cluster  # noqa: PLC0415

    found = await two(stack, folder, ruleset)
    for name, settings in {"cluster of two": DOCUMENTED, "cluster of two, as Dask comes": Path(os.devnull)}.items():
        url, theirs = stack.enter_context(cluster(folder, settings=settings))
        engine = await stack.enter_async_context(Cluster(url, packed(ruleset, whole=True)))
        found[name] = engine, theirs
    return found


class Spent(NamedTuple):
    """What a backfill took, in seconds: by the clock; CPU of all processes; of these, this one's."""

    wall: float
    cpu: float
    here: float

    def __str__(self) -> str:
        return f"{self.wall:.2f} s, {self.cpu:.2f} CPU s, of which {self.here:.2f} here"


def alone(ruleset: Ruleset, texts: list[Article]) -> Spent:
    """Return what it takes to match articles that are in memory."""
    began, cpu = perf_counter(), process_time()
    for _ in ruleset.match_many(texts):
        pass
    return Spent(perf_counter() - began, process_time() - cpu, process_time() - cpu)


async def in_turn(tried: Pipeline, source: partial[object], engines: Engines, matched: int) -> dict[str, Spent]:
    """Let each engine do it once, and return what that took."""
    found: dict[str, Spent] = {}
    for name, (engine, pids) in engines.items():
        began, mine, theirs = perf_counter(), process_time(), sum(usage(pids).values())
        done = await Backfill(tried, engine=engine, dry=True).run(source())  # type: ignore[arg-type]
        here = process_time() - mine
        found[name] = Spent(perf_counter() - began, here + sum(usage(pids).values()) - theirs, here)
        assert done.matched == matched
    return found


def cpu_of(pids: list[int]) -> float:
    """Return the CPU seconds of processes so far."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(one[11]) + int(one[12]) for one in fields) / os.sysconf("SC_CLK_TCK")


# --- a killed worker ---


async def killed(articles: int = 24_000, times: int = 4, rules: int = 100) -> None:
    """Match stored articles so many times over on a cluster of two, in turn undisturbed and with one of the two killed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filled(f"sqlite:///{folder / 'monitor.db'}", articles)
        async with opened(folder) as pipeline:
            written = book(Chance(real_articles()).rules(rules))
            tried = replace(pipeline, config=replace(pipeline.config, book=written), ruleset=compile_rules(written))
            rules_packed = packed(tried.ruleset, whole=True)
            with cluster(folder) as (url, theirs):
                from monitor.shards.cluster import Cluster  # noqa: PLC0415

                async with Cluster(url, rules_packed) as dask:
                    warmed = Backfill(tried, engine=dask, dry=True)  # workers have started, and seen the words
                    await warmed.run(again(pipeline, 1))
                    found = set()
                    for kill in (False, True) * ROUNDS:
                        watch = Watched(theirs, articles * times // 3 if kill else 0)
                        fill = Backfill(tried, watch.told, engine=dask, dry=True)
                        found.add((await fill.run(again(pipeline, times))).matched)
                        watch.ended("one of two killed" if kill else "undisturbed")
                    assert len(found) == 1


class Watched:
    """What a cluster spends on a backfill, and this process; one of its workers is killed behind so many documents."""

    def __init__(self, pids: list[int], kill_at: int) -> None:
        self.pids, self.kill_at, self.documents, self.lost = pids, kill_at, 0, 0.0
        self.before, self.began, self.mine = usage(pids), perf_counter(), process_time()

    def told(self, *_: object) -> None:
        """Count a document."""
        self.documents += 1
        if self.documents == self.kill_at:
            worker = max(descendants(self.pids[1]), key=lambda pid: cpu_of([pid]))
            self.lost = cpu_of([worker]) - self.before[worker]
            os.kill(worker, signal.SIGKILL)

    def ended(self, name: str) -> None:
        """Tell what it took."""
        spent = sum(cpu - self.before.get(pid, 0.0) for pid, cpu in usage(self.pids).items())
        cpu = process_time() - self.mine + self.lost + spent
        print(f"{name}: {perf_counter() - self.began:.2f} s, {cpu:.2f} CPU s", flush=True)


async def again(pipeline: Pipeline, times: int) -> AsyncIterator[Volume]:
    """Yield the stored articles so many times over."""
    for _ in range(times):
        async for volume in stored(pipeline.config.settings.database):
            yield volume


def usage(pids: list[int]) -> dict[int, float]:
    """Return the CPU seconds so far of processes and those that they have started."""
    return {one: cpu_of([one]) for pid in pids for one in (pid, *descendants(pid))}


# --- pages ---


async def warc(pages: int = 10_000) -> None:
    """Match an archive with a rule that few pages can match: looked through first, and every page read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        real = real_pages(folder)
        word = rare(real)
        path = folder / "pages.warc.gz"
        written(path, real, pages)
        rule = f"rules: [{{id: rare, find: '*{word}*', send: [desk]}}]"
        print(f"{pages} pages, {path.stat().st_size / 1e6:.0f} MB packed; the rule: *{word}*")
        found: dict[str, object] = {}
        rates: list[float] = []
        for whole in (False, True):
            base = folder / str(whole)
            base.mkdir()
            async with opened(base, rule) as pipeline:
                engine = Here(Lens(pipeline.ruleset) if whole else Lens.of(pipeline.ruleset))
                await pipeline.sandbox.run(extract.warm)
                began, cpu = perf_counter(), spent()
                summary = await Backfill(pipeline, engine=engine).run(warcs([path]))
                rates.append(spent() - cpu)
                here = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(
                    f"{'every page' if whole else 'looked through'}: {rates[-1]:.1f} CPU s, {perf_counter() - began:.1f} s; "
                    f"{dict(summary.outcomes)}; peak {here:.0f} MB here, {highest():.0f} MB in the sandbox"
                )
            with closing(sqlite3.connect(base / "monitor.db")) as database:
                columns = [row[1] for row in database.execute("PRAGMA table_info(hits)") if row[1] != "found"]
                asked = ", ".join(f'"{column}"' for column in columns)
                found[str(whole)] = database.execute(f"SELECT {asked} FROM hits ORDER BY key").fetchall()
        assert found["True"] == found["False"], "the hits differ"
        print(f"{len(found['True'])} hits, the same; {rates[1] / rates[0]:.1f} times less")  # type: ignore[arg-type]


def highest() -> float:
    """Return the most memory of a process of the sandbox, in MB."""
    sizes = [Path(f"/proc/{pid}/status").read_text() for pid in descendants(os.getpid())]
    return max(int(line.split()[1]) for size in sizes for line in size.splitlines() if line.startswith("VmHWM")) / 1024


def real_pages(folder: Path) -> list[bytes]:
    with tarfile.open(SHARED / "data" / "real.tar.gz") as archive:
        inside = sorted(one.name for one in archive if "/html/" in one.name and one.name.endswith(".html"))
        archive.extractall(folder, filter="data")
    return [(folder / one).read_bytes() for one in inside]


def rare(pages: list[bytes]) -> str:
    """Return a long word that stands in the article of a page, and in the letters of two pages at the most."""
    entry = Entry(key="entry", feed="")
    letters = [extract.possible_letters(Page(url="", asked="", body=one), entry) or b"" for one in pages]
    for body in pages:
        article = extract.read(Page(url="", asked="", body=body), entry).article
        for word in sorted(set(article.body.split()) if article else ()):
            is_plain = word.isascii() and word.isalpha() and word.islower() and len(word) > 11
            if is_plain and sum(word.encode() in one for one in letters) <= 2:
                return word
    raise AssertionError("no word is rare")


def written(path: Path, pages: list[bytes], number: int) -> None:
    """Write an archive of so many records, each packed by itself."""
    with path.open("wb") as archive:
        for n in range(number):
            said = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + pages[n % len(pages)]
            about = (
                f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://krant{n % 40}.example/a-b-c-{10_000 + n}\r\n"
                f"WARC-Date: 2026-02-01T10:00:00Z\r\nContent-Type: application/http; msgtype=response\r\n"
                f"Content-Length: {len(said)}\r\n\r\n"
            )
            archive.write(gzip.compress(about.encode() + said + b"\r\n\r\n", 1))


# --- beside a live run ---


def beside(articles: int = 100_000, seconds: float = 100) -> None:
    """Publish stories while a daemon runs: alone, while a whole backfill runs beside it, and alone again."""
    from tests.acceptance.newsroom import Newsroom, Paper, kill, until  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, database = folder / "articles.jsonl", folder / "room" / "monitor.db"
        with path.open("w") as lines:
            for n, one in enumerate(made(articles)):
                said = {"id": f"a{n}", "title": one.title, "body": one.body, "published": one.published.isoformat()}  # type: ignore[union-attr]
                lines.write(json.dumps(said) + "\n")
        papers = [Paper(f"krant{n}") for n in range(8)]
        with Newsroom.open(folder / "room", papers) as room:
            daemon = room.start("run")
            until(lambda: all(room.site.asked[f"/{paper.name}.xml"] for paper in papers), 60, daemon)
            sleep(5)
            numbers = count()
            at = {False: published(papers, numbers, seconds), True: []}
            began = perf_counter()
            past = room.start("backfill", "files", str(path))
            while past.poll() is None:
                at[True] += published(papers, numbers, 1)
            took = perf_counter() - began
            assert past.returncode == 0, room.log()[-2000:]
            at[False] += published(papers, numbers, seconds)
            sleep(5)  # the last ones arrive
            kill(daemon)
            print(f"{taken_in(database)} of {articles} articles came in, in {took:.0f} s")
            told(database, at)


def published(papers: list[Paper], numbers: Iterator[int], seconds: float) -> list[str]:
    """Publish stories for so long; return their paths. A paper lists its latest ones."""
    from tests.acceptance.newsroom import secret_story  # noqa: PLC0415

    paths, ends = [], perf_counter() + seconds
    while perf_counter() < ends:
        number = next(numbers)
        paper = papers[number % len(papers)]
        paper.items = paper.items[-20:]
        paths.append(paper.write(number, *secret_story(number)))
        sleep(0.7)
    return paths


def taken_in(database: Path) -> int:
    """Return how many articles a backfill has brought in so far."""
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT count(*) FROM articles WHERE url = ''").fetchone()[0])


def told(database: Path, at: dict[bool, list[str]]) -> None:
    """Print how long it took from the poll that saw an entry to the alert that left, and how many arrived."""
    asked = (
        "SELECT e.link, e.found, min(d.sent) FROM deliveries d JOIN hits h ON h.key = d.hit "
        "JOIN entries e ON e.article = h.article WHERE d.sent IS NOT NULL GROUP BY e.link, e.found"
    )
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(asked).fetchall()
    took: dict[bool, list[float]] = {False: [], True: []}
    for link, found, sent in rows:
        for with_it, names in at.items():
            if any(link.endswith(name) for name in names):
                took[with_it].append(moment(sent) - moment(found))
    medians = {with_it: statistics.median(some) for with_it, some in took.items()}
    for with_it, some in took.items():
        name = "beside a backfill" if with_it else "alone"
        spread = statistics.quantiles(some, n=10)
        print(f"{name}: {len(some)} of {len(at[with_it])}; median {medians[with_it]:.2f} s, 90 % in {spread[-1]:.2f} s")
    means = {with_it: statistics.fmean(some) for with_it, some in took.items()}
    more, mean = medians[True] / medians[False] - 1, means[True] / means[False] - 1
    print(f"the median {more:+.0%}, the mean {mean:+.0%}")


def moment(said: object) -> float:
    from datetime import datetime  # noqa: PLC0415

    return float(said) if isinstance(said, int | float) else datetime.fromisoformat(str(said)).timestamp()


PARTS = {"workers": workers, "dask": dask, "killed": killed, "warc": warc, "beside": beside}


if __name__ == "__main__":
    part, *given = sys.argv[1:]
    came = PARTS[part](*map(int, given))  # type: ignore[operator]
    if asyncio.iscoroutine(came):
        asyncio.run(came)
