"""What the stored past costs: articles in, their size on disk, one new rule through the index beside a scan of all.

    python benchmarks/backfill.py [articles] [folder] [database]    needs the shared data; ratios of one run hold

The articles are made of the sentences of real Dutch ones, each as long as one of those. In a folder that is named the
database stays, and is not filled again; `database` is the address of an empty one on a PostgreSQL server, of which only
our own share is counted. The same hits are asserted wherever two ways are compared. CPU is told, and beside it the clock.
"""

from __future__ import annotations

import asyncio
import random
import re
import resource
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time
from typing import Self

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # from a checkout, whatever is installed

from generated import Chance, Written, book, real_articles

from monitor import config, wiring
from monitor.archives.record import stored
from monitor.backfill import Backfill
from monitor.errors import StoreError
from monitor.model import Article, Entry, Outcome, Verdict, key_of
from monitor.rules.changes import changes, concerned
from monitor.rules.compile import compile_rules
from monitor.rules.needs import needs, patterns_of
from monitor.rules.spec import RuleBook
from monitor.store import Past, Queries, Record, Store, index, upkeep

SETTINGS = "version: 1\nsettings: {database: '%s'}\nchannels: {desk: {}}\nfeeds: []\nrules: []\n"
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
# When they are recorded: behind the last of them, so that each keeps the date that it bears.
LATER = datetime(2035, 1, 1, tzinfo=UTC)
# So many articles, with so many rules, tell how fast the scan is beside the matcher alone.
SCANNED, RULES = 10_000, 100
# Leading wildcards; the one whose candidates come nearest to this share of the articles is measured.
WILDCARDS, SHARE = ("*gesprek*", "*diplom*", "*minister*", "*akkoord*", "*politie*", "*onderzoek*", "*partij*"), 0.03


def made(number: int) -> Iterator[Article]:
    """Yield so many articles."""
    chance, real = random.Random(1), real_articles()
    sentences = [one for article in real for one in re.split(r"(?<=[.!?])\s+", article.body) if len(one) > 20]
    for n in range(number):
        length, body = len(chance.choice(real).body), ""
        while len(body) < length:
            body += chance.choice(sentences) + " "
        when, title = FIRST + timedelta(minutes=5 * n), chance.choice(sentences)[:80]
        url = f"https://krant.example/{n}"
        yield Article(key=key_of("article", url), url=url, title=title, body=body, language="nl", published=when)


@dataclass
class Watch:
    """Seconds of CPU and by the clock that something took."""

    cpu: float = 0.0
    wall: float = 0.0

    def __enter__(self) -> Self:
        self.cpu, self.wall = self.cpu - process_time(), self.wall - perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu, self.wall = self.cpu + process_time(), self.wall + perf_counter()


def filled(address: str, number: int) -> None:
    """Record so many articles, fifty in a transaction as a backfill does."""
    rest, watch = made(number), Watch()
    with Store.open(address) as store:
        store.upgrade()
        while some := [_record(article) for article in islice(rest, 50)]:
            with watch:
                store.record_all(some, LATER, lambda _: None)
    print(f"recorded and indexed: {number / watch.cpu:,.0f} articles a CPU second ({watch.wall:.0f} s by the clock)")


def _record(article: Article) -> Record:
    entry = Entry(key=key_of("entry", article.url), feed="", link=article.url)
    return Record(entry=entry, verdict=Verdict(Outcome.READ, article))


def one_rule(*terms: str) -> RuleBook:
    """Return a book with one rule: all of these near each other."""
    return book([Written("new", [[term] for term in terms], 3, [])])


def through_the_index(queries: Queries, tried: dict[str, RuleBook]) -> None:
    """Print what one new rule costs through the index, and by a scan of all, which reads once for all the rules."""
    rulesets = {name: compile_rules(one) for name, one in tried.items()}
    found: dict[str, list[str]] = {name: [] for name in tried}
    reading, matching = Watch(), {name: Watch() for name in tried}
    articles, number, octets = queries.articles(), 0, 0
    while True:
        with reading:
            some = list(islice(articles, 512))
        if not some:
            break
        number += len(some)
        octets += sum(len((article.title + article.body).encode()) for article in some)
        for name, ruleset in rulesets.items():
            with matching[name]:
                found[name] += _hits(some, ruleset.ids(some))
    print(f"{number} articles, {octets / 1e6:.0f} MB of text")
    for name, one in tried.items():
        with Watch() as watch:
            few = list(queries.articles(need=needs(one)))
            hits = _hits(few, compile_rules(one).ids(few))
        assert hits == found[name], name
        scan = reading.cpu + matching[name].cpu
        print(
            f"{name}: {len(few)} candidates ({len(few) / number:.2%}), {len(hits)} hits, the same; {scan:.1f} CPU seconds"
            f" by the scan, {watch.cpu:.3f} ({watch.wall:.3f} s) through the index: {scan / watch.cpu:,.0f} times faster"
        )


def _hits(articles: Sequence[Article], ids: Iterator[tuple[str, ...]]) -> list[str]:
    return [article.key for article, names in zip(articles, ids, strict=True) if names]


def an_edit(queries: Queries) -> None:
    """Print what `rules diff` costs when one rule of many is edited, and the same by a scan of all."""
    written = Chance(real_articles()).rules(RULES)
    old, edited = book(written), [replace_term(written[0], "*gesprek*"), *written[1:]]
    new = book(edited)
    with Watch() as watch:
        found = list(changes(old, new, queries.articles(need=concerned(old, new))))
    print(f"rules diff, one of {RULES} rules edited: {watch.cpu:.2f} CPU seconds, {len(found)} hits gained or lost")


def replace_term(written: Written, term: str) -> Written:
    """Return a rule with another first term."""
    first, *rest = written.groups
    return Written(written.name, [[term, *first[1:]], *rest], 3, [])


async def beside_the_matcher(folder: Path, queries: Queries) -> None:
    """Print how fast a backfill looks at stored articles, beside what the matcher alone does with them in memory."""
    settled = config.load(folder / "rules.yaml", {})
    tried_on = book(Chance(real_articles()).rules(RULES))
    until = FIRST + timedelta(minutes=5 * SCANNED)
    async with wiring.wired(settled, watching=False) as pipeline:
        tried = replace(pipeline, config=replace(settled, book=tried_on), ruleset=compile_rules(tried_on))
        articles = list(queries.articles(Past(until=until)))
        # Once to warm up: words are looked at once, however often they come.
        for _ in tried.ruleset.match_many(articles):
            pass
        with Watch() as alone:
            matched = sum(len(found) for found in tried.ruleset.match_many(articles))
        with Watch() as scan:
            again = await Backfill(tried, dry=True).run(stored(settled.settings.database, Past(until=until)))
    assert again.matched == matched
    print(
        f"stored articles, {RULES} rules, no index: {len(articles) / scan.cpu:,.0f} a CPU second,"
        f" {alone.cpu / scan.cpu:.0%} of the matcher alone; {matched} matches, the same"
    )


def sized(address: str, octets: int) -> None:
    """Print how large the database is beside its plain text: the articles, and the index of their words."""
    sizes = {one.table: one.octets or 0 for one in upkeep.sizes(address)}
    words = sizes[index.NAME]
    print(
        f"database with index: {sum(sizes.values()) / octets:.2f} times the plain text, of which"
        f" {sizes['articles'] / octets:.2f} articles and {words / octets:.2f} index"
    )


def main(number: int, folder: Path, address: str = "") -> None:
    """Fill a database unless it is there, and measure."""
    address = address or f"sqlite:///{folder / 'monitor.db'}"
    (folder / "rules.yaml").write_text(SETTINGS % address)
    if not _is_filled(address):
        filled(address, number)
    with Queries.open(address) as queries:
        sized(address, sum(len((one.title + one.body).encode()) for one in queries.articles()))
        wildcard = min(WILDCARDS, key=lambda one: abs(len(queries.candidates(one.encode()) or ()) / number - SHARE))
        tried = {"a rare word": one_rule(rarest(queries)), wildcard: one_rule(wildcard)}
        tried["two words"] = one_rule("minister", "overleg")
        through_the_index(queries, tried)
        shipped(queries)
        an_edit(queries)
        asyncio.run(beside_the_matcher(folder, queries))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _is_filled(address: str) -> bool:
    with suppress(StoreError), Queries.open(address) as queries:
        return queries.count_articles() > 0
    return False


def shipped(queries: Queries) -> None:
    """Print what it costs to look up the thousands of words of the shipped rules."""
    book = config.load(Path(__file__).resolve().parent.parent / "rules.yaml", {}).book
    need = needs(book)
    with Watch() as watch:
        few = queries.candidates(need)
    patterns, found = len(set(patterns_of(need))), "most" if few is None else len(few)
    print(
        f"the shipped rules: {patterns} patterns, {found} candidates, in {watch.cpu:.2f} CPU seconds ({watch.wall:.2f} s)"
    )


def rarest(queries: Queries) -> str:
    """Return one of the real texts' rarer words: of twenty, the one in fewest articles."""
    chance = Chance(real_articles(), seed=2)
    return min((chance.word() for _ in range(20)), key=lambda word: len(queries.candidates(word.encode()) or ()))


if __name__ == "__main__":
    articles = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    if len(sys.argv) > 2:
        main(articles, Path(sys.argv[2]), *sys.argv[3:])
    else:
        with tempfile.TemporaryDirectory() as name:
            main(articles, Path(name))
