"""What a backfill costs beside the matcher alone: documents in, stored articles matched once more, size on disk.

    python benchmarks/backfill.py [articles] [rules]        needs the shared data; CPU seconds of one run, ratios hold

The articles are made of the sentences of real Dutch ones, each as long as one of those.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import resource
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # from a checkout, whatever is installed

from generated import Chance, book, real_articles

from monitor import config, wiring
from monitor.archives import files
from monitor.archives.record import stored
from monitor.backfill import Backfill, Mark
from monitor.rules.compile import compile_rules
from monitor.store import Queries

SETTINGS = "version: 1\nsettings: {database: 'sqlite:///%s'}\nchannels: {desk: {}}\nfeeds: []\nrules: []\n"


def made(number: int, folder: Path) -> tuple[Path, int]:
    """Write so many articles into a file of records; return it and the bytes of their words."""
    chance, real = random.Random(1), real_articles()
    sentences = [one for article in real for one in re.split(r"(?<=[.!?])\s+", article.body) if len(one) > 20]
    first, octets = datetime(2025, 1, 1, tzinfo=UTC), 0
    path = folder / "articles.jsonl"
    with path.open("w") as lines:
        for n in range(number):
            length, body = len(chance.choice(real).body), ""
            while len(body) < length:
                body += chance.choice(sentences) + " "
            when = (first + timedelta(minutes=5 * n)).isoformat()
            title = chance.choice(sentences)[:80]
            lines.write(json.dumps({"id": f"a{n}", "title": title, "body": body, "published": when}) + "\n")
            octets += len((title + body).encode())
    return path, octets


async def measured(number: int, rules: int) -> None:
    """Print what each step costs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, octets = made(number, folder)
        (folder / "rules.yaml").write_text(SETTINGS % (folder / "monitor.db"))
        settled = config.load(folder / "rules.yaml", {})
        tried_on = book(Chance(real_articles()).rules(rules))
        async with wiring.wired(settled, watching=False) as pipeline:
            began, cpu = perf_counter(), process_time()
            summary = await Backfill(pipeline, mark=Mark("backfill benchmark")).run(files([path]))
            said("documents in, no rules", summary.documents, process_time() - cpu, perf_counter() - began)
            tried = replace(pipeline, config=replace(settled, book=tried_on), ruleset=compile_rules(tried_on))
            with Queries.open(settled.settings.database) as queries:
                articles = list(queries.articles())
                # Once to warm up: words are looked at once, however often they come.
                for _ in tried.ruleset.match_many(articles):
                    pass
                cpu, began = process_time(), perf_counter()
                alone = sum(len(found) for found in tried.ruleset.match_many(articles))
                matcher = said(
                    f"the matcher alone, {rules} rules", len(articles), process_time() - cpu, perf_counter() - began
                )
                cpu, began = process_time(), perf_counter()
                again = await Backfill(tried, dry=True).run(stored(settled.settings.database))
                scan = said("stored articles, dry", again.documents, process_time() - cpu, perf_counter() - began)
            assert again.matched == alone
            print(f"the scan at {scan / matcher:.0%} of the matcher's own rate; {alone} matches, the same")
        size = (folder / "monitor.db").stat().st_size
        print(f"database {size / octets:.2f} times the plain text of {octets / 1e6:.0f} MB")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def said(what: str, number: int, cpu: float, wall: float) -> float:
    """Print a rate and return it, in articles per CPU second."""
    print(f"{what}: {number / cpu:,.0f} a CPU second ({number} in {cpu:.1f} s; {wall:.1f} s by the clock)")
    return number / cpu


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]]
    asyncio.run(measured(*(given + [20_000, 100][len(given) :])))
