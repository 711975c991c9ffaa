"""What a native kernel would bring: the joins and windows of `monitor.rules` beside the same in numba, in one run.

    pip install numba
    python benchmarks/native.py [--rules 100000]

The kernel takes the sources that are there and does what `rules.joins` and `rules.fits` do for lines of two parts: which
lines have both, and which of these have them within their window. It says no more than how many; numpy also says which
and where. All else (folding, words to numbers, evidence) is Python in both and is not measured here.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time
from typing import Any

import numba
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from generated import Chance, book, real_articles  # noqa: E402 — found beside this file

from monitor.model import Article  # noqa: E402
from monitor.rules.compile import TOGETHER, compile_rules  # noqa: E402
from monitor.rules.fits import sort_out  # noqa: E402
from monitor.rules.joins import Batch, _sources, search  # noqa: E402
from monitor.rules.rows import Ints  # noqa: E402
from monitor.rules.sheet import Sheet  # noqa: E402
from monitor.rules.tables import Tables  # noqa: E402
from monitor.rules.text import fold  # noqa: E402

ARTICLES, TURNS = 128, 5


@numba.njit
def alive(sources, ends0, values0, ends1, values1, marks):  # type: ignore[no-untyped-def]
    """Mark the lines that have a first part, list those that have the second too, and take the marks away."""
    found = []
    for source in sources:
        for at in range(ends0[source], ends0[source + 1]):
            marks[values0[at]] = 1
    for source in sources:
        for at in range(ends1[source], ends1[source + 1]):
            line = values1[at]
            if marks[line] == 1:
                marks[line] = 2
                found.append(line)
    for source in sources:
        for at in range(ends0[source], ends0[source + 1]):
            marks[values0[at]] = 0
    return found


@numba.njit
def near(lines, terms0, ends_of_lines0, terms1, ends_of_lines1, places, ends, coordinates, size):  # type: ignore[no-untyped-def]
    """Return how many of these lines have a place of each part within their window."""
    count = 0
    for line in lines:
        hit = False
        for left in terms0[ends_of_lines0[line] : ends_of_lines0[line + 1]]:
            for right in terms1[ends_of_lines1[line] : ends_of_lines1[line + 1]]:
                for a in places[ends[left] : ends[left + 1]]:
                    for b in places[ends[right] : ends[right + 1]]:
                        hit = hit or abs(coordinates[a] - coordinates[b]) < size[line]
        count += hit
    return count


class Kernel:
    """The tables as the kernel reads them: also from lines to their sources."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._marks = np.zeros(tables.lines, np.uint8)
        self._lines = [_turned(rows.ends, rows.values, tables.lines) for rows in tables.queries.parts]

    def hits(self, prepared: Sequence[tuple[Ints, Ints, Ints, Ints]]) -> int:
        """Return how many lines match these articles."""
        first, second = self._tables.queries.parts
        (ends0, terms0), (ends1, terms1) = self._lines
        total = 0
        for sources, places, ends, coordinates in prepared:
            lines = alive(sources, first.ends, first.values, second.ends, second.values, self._marks)
            if len(lines):
                size = self._tables.queries.size
                total += near(np.array(lines), terms0, ends0, terms1, ends1, places, ends, coordinates, size)
        return total


def _turned(ends: Ints, values: Ints, size: int) -> tuple[Ints, Ints]:
    """Return from each value the keys of the rows that it stands in."""
    keys = np.repeat(np.arange(ends.size - 1), np.diff(ends))
    order = np.argsort(values, kind="stable")
    return np.concatenate([[0], np.cumsum(np.bincount(values, minlength=size))]), keys[order]


def _prepared(article: Article, tables: Tables) -> tuple[Ints, Ints, Ints, Ints]:
    """Return the sources of an article, where each stands, and where places stand in the order of sentences."""
    batch = Batch(Sheet((article,)), tables)
    sources, kinds = _sources(batch)
    found = batch.kinds.places.spread(kinds)
    of, places = found.beside(sources), batch.kinds.places.values[found.at]
    order = np.argsort(of, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(of, minlength=tables.sources))])
    return np.unique(sources), places[order], ends, batch.sheet.places("sentence")[batch.firsts]


def main() -> None:
    """Run both in turn and print what each takes."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rules", type=int, default=100_000)
    every = real_articles()
    rules = book(Chance(every).rules(options.parse_args().rules))
    ruleset = compile_rules(rules)
    tables, kernel = ruleset.base.layer.tables, Kernel(ruleset.base.layer.tables)
    read = random.Random(7).sample([one for one in every if len(fold(one.body).split()) >= 500], ARTICLES)
    prepared = [_prepared(article, tables) for article in read]
    laps = [read[at : at + TOGETHER] for at in range(0, len(read), TOGETHER)]
    batches = [[Batch(Sheet((article,)), tables) for article in read], [Batch(Sheet(lap), tables) for lap in laps]]
    for batch in (*batches[0], *batches[1]):
        batch.kinds, batch.coordinates  # noqa: B018 — made beforehand for all
    contenders: dict[str, Callable[[], Any]] = {
        "all of it, batches": lambda: [list(ruleset.match_many(lap)) for lap in laps],
        "numpy joins, one by one": lambda: [sort_out(search(batch), batch) for batch in batches[0]],
        "numpy joins, batches": lambda: [sort_out(search(batch), batch) for batch in batches[1]],
        "numba joins, one by one": lambda: kernel.hits(prepared),
    }
    best = dict.fromkeys(contenders, float("inf"))
    gc.collect()
    gc.freeze()
    for _ in range(TURNS):
        for name, work in contenders.items():
            began = process_time()
            work()
            best[name] = min(best[name], (process_time() - began) / ARTICLES * 1e6)
    for name, taken in best.items():
        print(f"{name:28}{taken:>8,.0f} µs an article")
    hits = sum(len(found) for found in ruleset.ids(read))
    print(f"hits: numba {kernel.hits(prepared)}, with exclusions taken out {hits}")


if __name__ == "__main__":
    main()
