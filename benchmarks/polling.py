"""What a poll costs: 500 feeds of 30 entries on a local server, beside other feed readers, each in its own environment.

    python benchmarks/polling.py [--feeds 500] [--only monitor,loop]

Four cycles: all entries new; every feed 304; one feed in ten with a new entry (the others 304); every body touched but
no entry new. CPU is that of the process and all its children, in ms a feed, without what it takes to start; wall is in
ms a feed; memory is the peak, in MB. `loop` is the floor: aiohttp fetching the same and doing nothing with it.
`reader` (update_feeds, 10 workers) and `rss2email` are installed by uv into a temporary folder, where it can reach a
package index. Ratios within one run are what counts: the machine is shared.
"""

# ruff: noqa: ARG001, ASYNC221, PLC0415, TID251  (each contestant imports what its own environment has, and is timed)

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter
from urllib.request import urlopen

from aiohttp import ClientSession, web

ITEMS = 30
CYCLES = ("new", "304", "changed", "touched")
OTHERS = {"reader": ("reader", "sgmllib3k"), "rss2email": ("rss2email",)}
ROOT = Path(__file__).resolve().parent.parent
WORDS = [
    "minister",
    "overleg",
    "kabinet",
    "haven",
    "staking",
    "rechter",
    "gemeente",
    "tram",
    "boeren",
    "akkoord",
    "geheim",
    "gas",
    "Oslo",
    "Brussel",
    "trein",
]


# --- the server: what every contestant is asked to read ---


class Papers:
    """Feeds that change as the cycle says."""

    def __init__(self) -> None:
        self.cycle = 0
        self._chance = random.Random(1)
        self._texts = [" ".join(self._chance.choices(WORDS, k=250)) for _ in range(ITEMS + 1)]

    def version(self, number: int) -> tuple[int, int]:
        """Return (entries more than at first, how often the body was touched)."""
        more = 1 if self.cycle >= 2 and number % 10 == 0 else 0
        return more, 1 if self.cycle >= 3 else 0

    def document(self, number: int) -> str:
        more, touched = self.version(number)
        items = "".join(self._item(number, i) for i in reversed(range(ITEMS + more)))
        head = f"<title>Krant {number}</title><link>http://127.0.0.1/</link><description>x</description>"
        built = f"<lastBuildDate>Mon, 02 Mar 2026 1{touched}:00:00 GMT</lastBuildDate>"
        return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{built}{items}</channel></rss>'

    def _item(self, number: int, i: int) -> str:
        link = f"http://127.0.0.1/krant/{number}/artikel/{i}"
        text = f"<![CDATA[<p>{self._texts[i]}</p>]]>"
        date = f"Mon, 02 Mar 2026 09:{i:02}:00 GMT"
        title = f"{' '.join(self._texts[i].split()[:7])} {number}-{i}"
        return (
            f"<item><title>{title}</title><link>{link}</link><guid>{link}</guid>"
            f"<pubDate>{date}</pubDate><description>{text}</description></item>"
        )

    async def feed(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        more, touched = self.version(number)
        etag = f'"{number}-{more}-{touched}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(text=self.document(number), content_type="application/rss+xml", headers={"ETag": etag})

    async def turn(self, request: web.Request) -> web.Response:
        self.cycle = int(request.match_info["cycle"])
        return web.Response(text="ok")


async def serve() -> None:
    """Serve until standard input ends; print the port first."""
    papers = Papers()
    app = web.Application()
    app.add_routes([web.get("/feed/{number}", papers.feed), web.get("/cycle/{cycle}", papers.turn)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


@contextmanager
def server() -> Iterator[str]:
    """Run the server in a process of its own; give its address."""
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdin=-1, stdout=-1, text=True) as running:
        assert running.stdin
        assert running.stdout
        yield f"http://127.0.0.1:{running.stdout.readline().strip()}"
        running.stdin.close()


# --- measuring ---


def spent() -> float:
    """Return the CPU seconds of this process and its children, the living ones too."""
    ticks = os.sysconf("SC_CLK_TCK")
    mine = resource.getrusage(resource.RUSAGE_SELF)
    dead = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = mine.ru_utime + mine.ru_stime + dead.ru_utime + dead.ru_stime
    for child in descendants(os.getpid()):
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        seconds += (int(fields[11]) + int(fields[12])) / ticks
    return seconds


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that ended meanwhile
            found += map(int, (task / "children").read_text().split())
    return found + [deeper for each in found for deeper in descendants(each)]


def peak() -> float:
    """Return the most memory of this process and its children at once, at the most, in MB."""
    sizes = [Path(f"/proc/{pid}/status").read_text() for pid in (os.getpid(), *descendants(os.getpid()))]
    kilobytes = sum(int(line.split()[1]) for size in sizes for line in size.splitlines() if line.startswith("VmHWM"))
    return max(kilobytes, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


async def measured(base: str, feeds: int, poll_all: Callable[[], Awaitable[None]]) -> None:
    """Run the four cycles and print what each took."""
    rows = {}
    for number, name in enumerate(CYCLES):
        await asyncio.to_thread(lambda number=number: urlopen(f"{base}/cycle/{number}").read())
        cpu, wall = spent(), perf_counter()
        await poll_all()
        rows[name] = {"cpu": (spent() - cpu) / feeds * 1000, "wall": (perf_counter() - wall) / feeds * 1000}
    print(json.dumps({"cycles": rows, "memory": peak()}))


# --- the contestants ---


async def monitor(base: str, feeds: int, folder: Path) -> None:
    """The whole step: fetch, parse in the sandbox, sort out, and write to SQLite, as many side by side as in `run`."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_network

    from monitor.config import Config
    from monitor.daemon import WIDTH
    from monitor.feeds import parse
    from monitor.fetch import Fetcher
    from monitor.model import Feed, Page, Secret, Settings, key_of
    from monitor.notify import Notifier
    from monitor.pipeline import Pipeline
    from monitor.rules.compile import compile_rules
    from monitor.rules.spec import RuleBook
    from monitor.sandbox import Sandbox
    from monitor.store import Store

    urls = [f"{base}/feed/{i}" for i in range(feeds)]
    listed = tuple(Feed(key=key_of("feed", url), name=url, url=url) for url in urls)
    database = Secret(f"sqlite:///{folder / 'monitor.db'}")
    settings = Settings(database=database, allow_private=(ip_network("127.0.0.0/8"),), pause=timedelta())
    config = Config(settings=settings, feeds=listed, channels={}, book=RuleBook(()), warnings=(), files=(), digest="")
    now = lambda: datetime.now(UTC)  # noqa: E731
    store = Store.open(database, lock=True)
    list(store.upgrade())
    store.sync_feeds(listed, now(), lambda _: timedelta())
    async with Fetcher("", settings.allow_private, pause=settings.pause, now=now) as fetcher, Sandbox() as sandbox:
        pipeline = Pipeline(
            config=config,
            ruleset=compile_rules(config.book),
            store=store,
            fetcher=fetcher,
            sandbox=sandbox,
            notifier=Notifier(),
            clock=now,
            chance=random.random,
        )
        known = {feed.key: feed for feed in listed}
        # The workers have started, and imported what they need, as every contestant has.
        page = Page(url=base, asked=base, body=Papers().document(0).encode(), content_type="application/rss+xml")
        await asyncio.gather(*(sandbox.run(parse, page, listed[0]) for _ in range(8)))

        async def poll_all() -> None:
            gate = asyncio.Semaphore(WIDTH)

            async def poll(feed: Feed) -> None:
                async with gate:
                    await pipeline.poll(feed)

            await asyncio.gather(*(poll(feed) for feed in known.values()))
            for feed in store.feeds():
                known[feed.key] = feed

        await measured(base, feeds, poll_all)
    store.close()


async def loop(base: str, feeds: int, folder: Path) -> None:
    """The floor: conditional GET and nothing else."""
    etags: dict[int, str] = {}
    async with ClientSession() as session:

        async def ask(number: int) -> None:
            headers = {"If-None-Match": etags[number]} if number in etags else {}
            async with session.get(f"{base}/feed/{number}", headers=headers) as answer:
                await answer.read()
                etags[number] = answer.headers["ETag"]

        async def poll_all() -> None:
            gate = asyncio.Semaphore(10)

            async def one(number: int) -> None:
                async with gate:
                    await ask(number)

            await asyncio.gather(*(one(number) for number in range(feeds)))

        await measured(base, feeds, poll_all)


async def reader(base: str, feeds: int, folder: Path) -> None:
    """lemon24/reader, as its documentation runs it."""
    from reader import make_reader

    books = make_reader(str(folder / "reader.sqlite"))
    for number in range(feeds):
        books.add_feed(f"{base}/feed/{number}")

    async def poll_all() -> None:
        books.update_feeds(workers=10, scheduled=False)

    await measured(base, feeds, poll_all)


async def rss2email(base: str, feeds: int, folder: Path) -> None:
    """`r2e run --no-send`, in its own process each time: so its start is in it, once for all feeds."""
    config, data = folder / "r2e.cfg", folder / "r2e.json"
    command = [str(Path(sys.executable).with_name("r2e")), "-c", str(config), "-d", str(data)]
    subprocess.run([*command, "new", "jan@example.org"], check=True, capture_output=True)
    sections = "".join(f"\n[feed.krant{i}]\nurl = {base}/feed/{i}\n" for i in range(feeds))
    config.write_text(config.read_text() + sections)

    async def poll_all() -> None:
        subprocess.run([*command, "run", "--no-send"], check=False, capture_output=True)

    await measured(base, feeds, poll_all)


CONTESTANTS = {"loop": loop, "monitor": monitor, "reader": reader, "rss2email": rss2email}


def environment(name: str, folder: Path) -> Path:
    """Return the Python of a contestant's own environment. Raises CalledProcessError when it cannot be made."""
    if name not in OTHERS:
        return Path(sys.executable)
    python = folder / name / "bin" / "python"
    subprocess.run(["uv", "venv", "-q", "--python", sys.executable, str(folder / name)], check=True)
    subprocess.run(["uv", "pip", "install", "-q", "--python", str(python), *OTHERS[name], "aiohttp"], check=True)
    return python


def run(name: str, feeds: int, folder: Path) -> dict[str, object]:
    """Return what a contestant measured, with a server of its own."""
    python = environment(name, folder)
    with server() as base, tempfile.TemporaryDirectory(dir=folder) as own:
        command = [str(python), __file__, "--contestant", name, "--base", base, "--feeds", str(feeds), "--folder", own]
        paths = {**os.environ, "PYTHONPATH": str(ROOT)} if name == "monitor" else os.environ
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=paths)
    result: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=500)
    parser.add_argument("--only", default=",".join(CONTESTANTS), help="contestants, with commas between")
    for hidden in ("--serve", "--contestant", "--base", "--folder"):
        parser.add_argument(hidden, help=argparse.SUPPRESS, **({"action": "store_true"} if hidden == "--serve" else {}))
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(serve())
    elif asked.contestant:
        asyncio.run(CONTESTANTS[asked.contestant](asked.base, asked.feeds, Path(asked.folder)))
    else:
        show(asked.only.split(","), asked.feeds)


def show(names: list[str], feeds: int) -> None:
    print(f"{feeds} feeds of {ITEMS} entries: CPU ms / wall ms a feed")
    print(f"{'':10}" + "".join(f"{name:>16}" for name in CYCLES) + f"{'peak MB':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            try:
                found = run(name, feeds, Path(folder))
            except subprocess.CalledProcessError as error:
                print(f"{name:10} could not run: {(error.stderr or '').strip()[-200:]}")
                continue
            cells = "".join(f"{row['cpu']:9.2f} /{row['wall']:5.2f}" for row in found["cycles"].values())  # type: ignore[attr-defined]
            print(f"{name:10}{cells}{found['memory']:10.0f}", flush=True)


if __name__ == "__main__":
    main()
