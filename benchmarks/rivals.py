"""What else one could match rules with: `re`, an Aho-Corasick scanner before our join, PostgreSQL's stored queries."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from generated import Written

from monitor.model import Article
from monitor.rules.compile import Ruleset
from monitor.rules.joins import Batch, search
from monitor.rules.lean import Lexicon
from monitor.rules.sheet import Sheet
from monitor.rules.text import fold

Match = Callable[[Sequence[Article]], int]  # articles → how many (rule, article) it reports
KEEPER = '"$0" "$@" & read -r _; kill -INT $!; wait'  # the server ends with whoever started it, however that ends


# --- re ------------------------------------------------------------------------------------------------------------


def by_re(rules: Sequence[Written]) -> Match:
    """One pattern for each group, one after the other, and the window counted in sentences."""
    compiled = [([_pattern(group) for group in rule.groups], _pattern(rule.never), rule.sentences) for rule in rules]

    def match(articles: Sequence[Article]) -> int:
        return sum(_by_re(article, compiled) for article in articles)

    return match


def _pattern(terms: Sequence[str]) -> re.Pattern[bytes]:
    written = [rb"\b" + fold(term.replace("*", "7")).replace(b"7", rb"\w*") + rb"\b" for term in terms]
    return re.compile(b"|".join(written) or rb"(?!)")


def _by_re(article: Article, compiled: Sequence[tuple[list[re.Pattern[bytes]], re.Pattern[bytes], int]]) -> int:
    sheet = Sheet((article,))
    spans = zip(sheet.firsts.tolist(), (sheet.firsts + sheet.sizes).tolist(), strict=True)
    plain = b"\n".join(b" ".join(sheet.words[first:past]) for first, past in spans)
    hits = 0
    for (left, right), never, size in compiled:
        if left.search(plain) and right.search(plain) and not never.search(plain):
            places = [[plain.count(b"\n", 0, one.start()) for one in part.finditer(plain)] for part in (left, right)]
            hits += any(abs(a - b) < size for a in places[0] for b in places[1])
    return hits


# --- a scanner before the same join --------------------------------------------------------------------------------


class Scanner:
    """ahocorasick_rs over the folded text; what it finds goes into our join as if it were words."""

    def __init__(self, rules: Sequence[Written], ruleset: Ruleset) -> None:
        from ahocorasick_rs import AhoCorasick  # noqa: PLC0415 — only where it is installed

        self._layer = ruleset.base.layer
        terms = {term for rule in rules for group in rule.groups for term in group if " " not in term}
        tables, lexicon = self._layer.tables, Lexicon(())
        for rule in ruleset.book.rules:  # a compiled one has forgotten which word has which number: count them again
            lexicon.rule(rule)
        vocabulary = lexicon.vocabulary
        self._classes = np.array(
            [tables.class_of((vocabulary.word(fold_pattern(term)),)) for term in sorted(terms)], np.int64
        )
        self._scan = AhoCorasick([_scanned(term) for term in sorted(terms)]).find_matches_as_indexes

    def candidates(self, articles: Sequence[Article]) -> int:
        """Return how many lines have all their parts in each of these articles, one by one."""
        return sum(self._candidates(Sheet((article,))) for article in articles)

    def _candidates(self, sheet: Sheet) -> int:
        plain = b" ".join([b"", *sheet.words, b""]).decode("latin-1")
        found = np.array(self._scan(plain, overlapping=True), np.int64).reshape(-1, 3)
        starts = np.cumsum([1, *(len(word) + 1 for word in sheet.words)])
        positions = np.searchsorted(starts, found[:, 1] + 1, side="right") - 1
        order = np.argsort(positions)
        batch = Batch.__new__(Batch)  # what it would have found itself comes from the scanner
        batch.sheet, batch.tables = sheet, self._layer.tables
        batch.firsts, batch.pasts = positions[order], positions[order] + 1
        batch.classes = self._classes[found[:, 0]][order]
        return sum(queries.size for queries, _ in search(batch).alive[:1])


def fold_pattern(term: str) -> bytes:
    """Return a word with its wildcards as the vocabulary knows it."""
    return b"*".join(fold(piece) for piece in term.split("*"))


def _scanned(term: str) -> str:
    head, tail = "" if term.startswith("*") else " ", "" if term.endswith("*") else " "
    return head + fold(term.strip("*")).decode("latin-1") + tail


# --- PostgreSQL ----------------------------------------------------------------------------------------------------


@contextmanager
def postgres() -> Iterator[str | None]:
    """Run a server of our own; None where its programs or psycopg are not installed."""
    folder = next((one for one in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
    try:
        import psycopg  # noqa: F401, PLC0415 — only where it is installed
    except ImportError:
        folder = None
    if folder is None:
        yield None
        return
    home = Path(tempfile.mkdtemp(prefix="monitor-bench-"))
    user = pwd.getpwnam("postgres").pw_uid if os.getuid() == 0 else None
    if user is not None:
        os.chown(home, user, -1)
    try:
        made = [folder / "initdb", "-D", home / "data", "-U", "monitor", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home, user=user)
        options = ["-D", home / "data", "-c", "listen_addresses=", "-c", f"unix_socket_directories={home}"]
        command = ["sh", "-c", KEEPER, folder / "postgres", *options, "-c", "fsync=off", "-c", "jit=off"]
        with (home / "log").open("w") as log:
            server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=home, user=user)
        try:
            yield f"host={home} user=monitor dbname=postgres"
        finally:
            assert server.stdin is not None
            server.stdin.close()
            server.wait(30)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def by_postgres(address: str, rules: Sequence[Written], name: str) -> tuple[Match, float]:
    """Store the rules as tsqueries; also return the share of terms that it cannot say (leading wildcards)."""
    connection = _connected(address)
    connection.execute(f"CREATE TABLE {name} (id int, query tsquery)")
    with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
        for number, rule in enumerate(rules):
            copy.write_row((number, _tsquery(rule)))
    connection.execute("SET max_parallel_workers_per_gather = 0")
    terms = [term for rule in rules for group in rule.groups for term in group]
    statement = f"SELECT count(*) FROM {name}, to_tsvector('simple', %s) article WHERE article @@ query"

    def match(articles: Sequence[Article]) -> int:
        hits = 0
        for article in articles:
            text = b" ".join(Sheet((article,)).words).decode("latin-1")
            hits += connection.execute(statement, (text,)).fetchone()[0]
        return hits

    return match, sum(term.startswith("*") for term in terms) / len(terms)


def _connected(address: str):  # type: ignore[no-untyped-def]
    import psycopg  # noqa: PLC0415 — only where it is installed

    for _ in range(100):
        try:
            return psycopg.connect(address, autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise TimeoutError("PostgreSQL did not start")


def _tsquery(rule: Written) -> str:
    groups = ["(" + " | ".join(filter(None, map(_lexeme, group))) + ")" for group in rule.groups]
    never = [f"!{_lexeme(term)}" for term in rule.never if _lexeme(term)]
    return " & ".join([group for group in groups if group != "()"] + never)


def _lexeme(term: str) -> str:
    if term.startswith("*"):
        return ""
    words = [fold(word.removesuffix("*")).decode("latin-1") + ":*" * word.endswith("*") for word in term.split()]
    return "(" + " <-> ".join(words) + ")"
