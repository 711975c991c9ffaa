"""What matching costs, raw text to hits with their evidence, for 10 to 100,000 rules; beside what else one could use.

    python benchmarks/matching.py [--quick] [--most 100000] [--json FILE]

Articles are the real Dutch ones of the shared data (MONITOR_SHARED); rules are made of their words (`generated.py`).
All contenders take turns within one run, the best turn counts, and CPU time is what is measured (wall time for
PostgreSQL, which is another process): only ratios mean anything, the machine is shared. `re` and PostgreSQL are given
fewer articles, and `re` a sample of the rules beyond 500, scaled up: it is linear. A brute-force oracle, written
apart, says whether every hit, and every miss of a sample, is right.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import rivals  # noqa: E402 — found beside this file
from generated import Chance, Written, book, file_of, real_articles, term  # noqa: E402

from monitor import compiled  # noqa: E402
from monitor.model import Article  # noqa: E402
from monitor.rules.cache import from_bytes, to_bytes  # noqa: E402
from monitor.rules.compile import TOGETHER, Ruleset, compile_rules  # noqa: E402
from monitor.rules.joins import Batch, search  # noqa: E402
from monitor.rules.sheet import Sheet  # noqa: E402
from monitor.rules.spec import RuleBook  # noqa: E402
from monitor.rules.text import fold  # noqa: E402
from tests.oracle import ask  # noqa: E402

RE_RULES = 500
RE_ARTICLES = 3
POSTGRES_ARTICLES = 8
# Whose turn it is reads its articles so often: what a stream costs is wanted, not what it costs to begin after the others.
AT_ONCE = 2

Clock = Callable[[], float]
# A contender, its rules, what it does with some articles, its clock; 1, or how many articles × rules/all it reads of them.
Turn = tuple[str, int, Callable[[Sequence[Article]], object], Clock, float]


def main() -> None:
    """Run everything and print it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="fewer articles, fewer turns, at most 10,000 rules")
    options.add_argument("--most", type=int, default=100_000, help="the greatest number of rules")
    options.add_argument("--fewest", type=int, default=500, help="only articles of so many words: 717 in the mean")
    options.add_argument("--json", type=Path, help="also write the figures here")
    asked = options.parse_args()
    most = min(asked.most, 10_000) if asked.quick else asked.most
    report = run(most, articles=128 if asked.quick else 256, turns=2 if asked.quick else 3, fewest=asked.fewest)
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1))


def run(most: int, articles: int, turns: int, fewest: int) -> dict[str, object]:
    """Return all figures; they are printed on the way."""
    every = real_articles()
    chance = Chance(every)
    long = [one for one in every if len(fold(one.body).split()) >= fewest]
    read = random.Random(7).sample(long, min(articles, len(long)))
    words = sum(len(fold(one.body).split()) for one in read) // len(read)
    print(f"{len(read)} articles of {words} words (those of {fewest} words or more; of all {len(every)}, "
          f"the mean is {sum(len(fold(one.body).split()) for one in every) // len(every)})")  # fmt: skip
    sizes = [size for size in (10, 100, 1_000, 10_000, 100_000) if size <= most]
    report: dict[str, object] = {"articles": len(read), "words an article": words}
    with rivals.postgres() as address:
        contenders: list[Turn] = [("folding", 0, _fold, process_time, 1.0)]
        compiled: dict[int, Ruleset] = {}
        for size in sizes:
            rules = chance.rules(size)
            figures, ruleset = _compiling(rules)
            report[f"{size} rules"] = figures
            compiled[size] = ruleset
            contenders += _contenders(rules, ruleset, address)
        gc.collect()
        gc.freeze()  # the rules never die: the collector need not look at them again
        report["µs an article"] = _in_turns(contenders, read, turns)
        report["oracle"] = {size: _agreement(compiled[size], read) for size in sizes}
    print(f"oracle: {report['oracle']}")
    report["goals"] = _goals(report, sizes)
    return report


def _fold(articles: Sequence[Article]) -> int:
    return sum(len(fold(f"{one.title}\n{one.body}").split()) for one in articles)


def _contenders(rules: list[Written], ruleset: Ruleset, address: str | None) -> list[Turn]:
    size = len(rules)
    tables = ruleset.base.layer.tables
    found: list[Turn] = [
        ("monitor, one by one", size, lambda some: [ruleset.match(one) for one in some], process_time, 1.0),
        ("monitor, batches", size, lambda some: list(ruleset.match_many(some)), process_time, 1.0),
        ("  ids without evidence", size, lambda some: list(ruleset.ids(some)), process_time, 1.0),
        ("  folding and joins alone", size, lambda some: search(Batch(Sheet(some), tables)), process_time, 1.0),
    ]
    assert tables.queries.rule.size == size
    try:
        scanner = rivals.Scanner(rules, ruleset)
        found.append(("ahocorasick_rs + the joins", size, scanner.candidates, process_time, 1.0))
    except ImportError:
        print("ahocorasick_rs is not installed: left out")
    sample = random.Random(3).sample(rules, min(size, RE_RULES))
    by_re = rivals.by_re(sample)
    found.append(("re", size, lambda some: by_re(some[:RE_ARTICLES]), process_time, RE_ARTICLES * len(sample) / size))
    if address is None:
        print("PostgreSQL's programs or psycopg are not installed: left out")
    else:
        stored, unsaid = rivals.by_postgres(address, rules, f"rules_{size}")
        print(f"  PostgreSQL cannot say {unsaid:.0%} of the terms (leading wildcards), and knows no windows")
        found.append(
            ("PostgreSQL", size, lambda some: stored(some[:POSTGRES_ARTICLES]), perf_counter, POSTGRES_ARTICLES)
        )
    return found


def _in_turns(contenders: Sequence[Turn], read: Sequence[Article], turns: int) -> dict[str, dict[int, float]]:
    """Let all read the same few articles in turn, then the next few; return the best µs an article of each, by rules.

    The turns are short, so that what else the machine does meets all contenders alike.
    """
    laps = [read[at : at + TOGETHER] for at in range(0, len(read), TOGETHER)]
    best: dict[str, dict[int, list[float]]] = {}
    for turn in range(turns + 1):  # the first is to warm up: words are looked up once
        for lap, some in enumerate(laps):
            for name, size, work, clock, share in contenders:
                if share != 1.0 and lap:
                    continue  # the slow ones read the first few articles only
                taken = min(_taken(work, some, clock) for _ in range(AT_ONCE))
                row = best.setdefault(name, {}).setdefault(size, [])
                if turn == 0:
                    row.append(float("inf"))
                else:
                    row[lap] = min(row[lap], taken / (len(some) if share == 1.0 else share) * 1e6)
    means = {name: {size: sum(row) / len(row) for size, row in rows.items()} for name, rows in best.items()}
    sizes = sorted({size for _, size, *_ in contenders if size})
    print(f"\n{'µs an article, rules:':28}" + "".join(f"{size:>14,}" for size in sizes))
    for name, row in means.items():
        cells = (f"{row.get(size, row.get(0, float('nan'))):>14,.0f}" for size in sizes)
        print(f"{name:28}" + "".join(cells))
    return means


def _taken(work: Callable[[Sequence[Article]], object], some: Sequence[Article], clock: Clock) -> float:
    gc.collect(0)
    began = clock()
    work(some)
    return clock() - began


# --- compiling, editing, starting ----------------------------------------------------------------------------------


def _compiling(written: list[Written]) -> tuple[dict[str, float], Ruleset]:
    """Return seconds to compile, to edit one rule, to pack and to come back from a cache; and bytes a rule."""
    rules = book(written)
    gc.collect()
    gc.freeze()
    before = _resident()
    compile_s, ruleset = _timed(lambda: compile_rules(rules))
    gc.collect()
    memory = (_resident() - before) / len(written)
    changed = replace(rules.rules[-1], never=(term("xylofoon"),))
    other = RuleBook((*rules.rules[:-1], changed))
    edit_s, edited = _timed(lambda: ruleset.replace(other))
    pack_s, data = _timed(lambda: to_bytes(ruleset))
    load_s, _ = _timed(lambda: from_bytes(data, rules))
    assert edited.base is ruleset.base
    figures = {"compile s": compile_s, "edit s": edit_s, "pack s": pack_s, "cached start s": load_s}
    figures |= _starting(written) if len(written) >= compiled.MANY else {}
    figures |= {"resident bytes a rule": memory, "packed bytes a rule": len(data) / len(written)}
    said = ", ".join(f"{name} {value:,.4g}" for name, value in figures.items())
    print(f"{len(written):,} rules: {said}")
    return figures, ruleset


def _starting(written: list[Written]) -> dict[str, float]:
    """Return seconds of a start with these rules in a file: the first one, and one that finds what was kept of it.

    Each in a process of its own, as starts are.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rules.yaml"
        file.write_text(file_of(written), "utf-8")
        with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as fresh:
            first_s, again_s = fresh.map(_start, [file, file])
    return {"first start s": first_s, "second start s": again_s}


def _start(file: Path) -> float:
    environ = {"XDG_CACHE_HOME": str(file.parent)}
    return _timed(lambda: compiled.rules_of(compiled.load(file, environ), environ))[0]


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = process_time()
    done = work()
    return process_time() - began, done


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


# --- is it right? --------------------------------------------------------------------------------------------------


def _agreement(ruleset: Ruleset, read: Sequence[Article]) -> dict[str, int]:
    """Ask the oracle about the hits on some articles, and about as many rules that did not hit; count differences."""
    chance = random.Random(11)
    rules = {rule.id: rule for rule in ruleset.book.rules}
    asked = different = hits = 0
    for article in read[:24]:
        found = {match.rule: match for match in ruleset.match(article)}
        names = [*list(found)[:10], *chance.sample(sorted(rules), min(10, len(rules)))]
        for name in names:
            said = ask(RuleBook((), ruleset.book.lists), rules[name], article)
            match = found.get(name)
            places = match and frozenset((one.field, one.start, one.end) for one in match.evidence)
            agree = (said is None) == (match is None)
            agree = agree and (said is None or any(places in fits for fits in said.lines.values()))
            asked, hits, different = asked + 1, hits + (match is not None), different + (not agree)
    return {"asked": asked, "hits among them": hits, "differences": different}


# --- the goals -----------------------------------------------------------------------------------------------------


def _goals(report: dict[str, object], sizes: Sequence[int]) -> dict[str, float]:
    """Print the ratios that are aimed at, and those that were reached."""
    times: dict[str, dict[int, float]] = report["µs an article"]  # type: ignore[assignment]
    most = sizes[-1]
    batches, single, fold_us = times["monitor, batches"], times["monitor, one by one"], times["folding"][0]
    costs: dict[str, float] = report[f"{most} rules"]  # type: ignore[assignment]
    reached = {
        f"cost at {most:,} rules / at 100, one by one (4 at most)": single[most] / single[100],
        f"cost at {most:,} rules / at 100, batches (4 at most)": batches[most] / batches[100],
        "cost / folding alone, batches (30 at most)": batches[most] / fold_us,
        "one by one / batches (1.4 at least)": single[most] / batches[most],
        "re / monitor (7,000 at least, at 100,000)": times["re"][most] / batches[most],
        "compile / edit one rule (50 at least)": costs["compile s"] / costs["edit s"],
        "compile / compiled rules back from the cache": costs["compile s"] / costs["cached start s"],
    }
    if "first start s" in costs:
        name = "first start, reading and compiling / second (20 at least)"
        reached[name] = costs["first start s"] / costs["second start s"]
    if "PostgreSQL" in times:
        reached["PostgreSQL / monitor (80 at least, at 100,000)"] = times["PostgreSQL"][most] / batches[most]
    print()
    for name, value in reached.items():
        print(f"{value:>12,.1f}  {name}")
    return reached


if __name__ == "__main__":
    main()
