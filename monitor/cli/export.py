"""`monitor hits export`: all hits in one file, for a spreadsheet, a program, a feed reader, or Datasette."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import click

from monitor.cli import output
from monitor.cli.names import check
from monitor.cli.record import asked
from monitor.cli.shown import as_object, sentences
from monitor.numbers import counted

if TYPE_CHECKING:
    from monitor.store import HitRecord

ATOM: Final = "http://www.w3.org/2005/Atom"
PLAIN: Final[dict[Any, str]] = {None: ATOM}  # as the namespace of names without a prefix
COLUMNS: Final = ("id", "rule", "title", "url", "feed", "found", "published", "language", "story", "mark", "sentences")

TABLES: Final = """
CREATE TABLE articles (
    id TEXT PRIMARY KEY, title TEXT, url TEXT, outlet TEXT, "group" TEXT, country TEXT, language TEXT, published TEXT,
    authors TEXT, complete INTEGER, lead TEXT, body TEXT);
CREATE TABLE hits (
    id TEXT PRIMARY KEY, article TEXT REFERENCES articles(id), rule TEXT, rule_name TEXT, title TEXT, url TEXT,
    outlet TEXT, found TEXT, published TEXT, story TEXT, tags TEXT, mark TEXT, why TEXT, silent INTEGER,
    sentences TEXT);
CREATE TABLE evidence (
    hit TEXT REFERENCES hits(id), field TEXT, start INTEGER, "end" INTEGER, text TEXT, term TEXT, sentence TEXT);
CREATE INDEX hits_rule_found ON hits(rule, found);
CREATE INDEX hits_article ON hits(article);
CREATE INDEX hits_story ON hits(story);
CREATE INDEX evidence_hit ON evidence(hit);
CREATE VIRTUAL TABLE hits_fts USING fts5(title, sentences, content='hits', tokenize='unicode61 remove_diacritics 2');
"""


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(["csv", "jsonl", "atom", "sqlite"]), help="Else the file's ending says it."
)
@click.option("--rule", metavar="ID", help="Only of this rule.")
@click.option("--feed", metavar="NAME", help="Only from this feed, outlet or group.")
@output.since_until
@output.with_rules
@output.with_example(
    "monitor hits export hits.csv --since 30d",
    "monitor hits export --format jsonl - | jq .title",
    "monitor hits export hits.sqlite && datasette hits.sqlite",
)
def export(  # noqa: PLR0913, PLR0917 - one argument for each option
    file: Path,
    form: str | None,
    rule: str | None,
    feed: str | None,
    since: datetime | None,
    until: datetime | None,
    rules_path: Path | None,
) -> None:
    """Write all hits, the oldest first, into a file: CSV, JSON Lines, an Atom feed, or a SQLite file for Datasette.

    `-` is standard output. A file that is there already is replaced when the new one is whole.
    """
    write = _writer(file, form)
    config = output.load(rules_path)
    with asked(config) as queries:
        records = _Numbered(queries.each_hit(rule=rule, feed=feed, since=since, until=until))
        if str(file) == "-":
            write(records, sys.stdout.buffer)
            return
        with _whole(file) as out:
            write(records, out)
            if not records.number:
                check(config, queries, rule=rule, feed=feed)
    click.echo(f"{file}: {counted(records.number, 'hit')}", err=True)


def _writer(file: Path, form: str | None) -> Callable[[Iterable[HitRecord], IO[bytes]], None]:
    """Return what writes the form that is asked for. Raises BadParameter."""
    endings = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".atom": "atom", ".xml": "atom"}
    endings |= {".sqlite": "sqlite", ".db": "sqlite", ".sqlite3": "sqlite"}
    chosen = form or endings.get(file.suffix.lower())
    if chosen is None:
        raise click.BadParameter(f"'{file}' does not say what it is to be: add --format csv, jsonl, atom or sqlite")
    if chosen == "sqlite" and str(file) == "-":
        raise click.BadParameter("a SQLite file cannot go to standard output")
    return {"csv": _as_csv, "jsonl": _as_lines, "atom": _as_atom, "sqlite": _as_sqlite}[chosen]


class _Numbered:
    """The same hits, and how many they were."""

    def __init__(self, records: Iterable[HitRecord]) -> None:
        self._records = records
        self.number = 0

    def __iter__(self) -> Iterator[HitRecord]:
        for record in self._records:
            self.number += 1
            yield record


@contextmanager
def _whole(file: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes its place only when it is whole."""
    new = file.with_name(f"{file.name}.new")
    try:
        with new.open("wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        new.replace(file)
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from error
    finally:
        new.unlink(missing_ok=True)


def _sentences(record: HitRecord) -> str:
    return "\n".join(sentences(record.hit.match))


def _as_csv(records: Iterable[HitRecord], out: IO[bytes]) -> None:
    """One row a hit."""
    text = io.TextIOWrapper(out, "utf-8-sig", newline="", write_through=True)
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for record in records:
        said = as_object(record) | {"sentences": _sentences(record)}
        cells = ["" if said[column] is None else str(said[column]) for column in COLUMNS]
        rows.writerow(map(output.harmless, cells))
    text.detach()


def _as_lines(records: Iterable[HitRecord], out: IO[bytes]) -> None:
    for record in records:
        out.write(json.dumps(as_object(record), ensure_ascii=False).encode() + b"\n")


def _as_atom(records: Iterable[HitRecord], out: IO[bytes]) -> None:
    from lxml import etree

    from monitor import wiring

    with etree.xmlfile(out, encoding="utf-8") as xml:
        xml.write_declaration()
        with xml.element(f"{{{ATOM}}}feed", nsmap=PLAIN):
            for name, said in (("id", "urn:monitor:hits"), ("title", "monitor"), ("updated", wiring.now().isoformat())):
                xml.write(_element(name, said))
            for record in records:
                xml.write(_entry(record))


def _entry(record: HitRecord) -> Any:
    from lxml import etree

    hit, article = record.hit, record.hit.article
    entry = etree.Element(f"{{{ATOM}}}entry", nsmap=PLAIN)
    entry.append(_element("id", f"urn:monitor:hit:{hit.key}"))
    entry.append(_element("title", article.title or article.url or hit.rule_name))
    entry.append(_element("updated", hit.found.isoformat()))
    if article.published:
        entry.append(_element("published", article.published.isoformat()))
    if article.url:
        entry.append(_element("link", href=article.url))
    author = etree.SubElement(entry, f"{{{ATOM}}}author")
    author.append(_element("name", article.outlet or "monitor"))
    entry.append(_element("category", term=hit.rule, label=hit.rule_name))
    entry.append(_element("summary", _sentences(record)))
    return entry


def _element(name: str, said: str = "", **attributes: str) -> Any:
    from lxml import etree

    made = etree.Element(f"{{{ATOM}}}{name}", {key: _xml(value) for key, value in attributes.items()})
    made.text = _xml(said) or None
    return made


def _xml(text: str) -> str:
    """Leave out what XML cannot hold."""
    return "".join(sign for sign in text if sign in "\t\n" or (sign >= " " and sign not in "\ufffe\uffff"))


def _as_sqlite(records: Iterable[HitRecord], out: IO[bytes]) -> None:
    """Hits, their articles and their evidence, with keys between them and a full-text index that Datasette finds."""
    with closing(sqlite3.connect(out.name)) as database:
        database.executescript(TABLES)
        for record in records:
            _insert(database, "articles", _article_row(record))
            _insert(database, "hits", _hit_row(record))
            for one in record.hit.match.evidence:
                values = (one.field, one.start, one.end, one.text, one.term, one.sentence)
                database.execute("INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?)", (record.hit.key, *values))
        database.execute("INSERT INTO hits_fts(hits_fts) VALUES ('rebuild')")
        database.commit()


def _insert(database: sqlite3.Connection, table: str, values: dict[str, object]) -> None:
    names, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" * len(values))
    statement = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - names of ours
    database.execute(statement, tuple(values.values()))


def _article_row(record: HitRecord) -> dict[str, object]:
    article = record.hit.article
    plain = ("title", "url", "outlet", "group", "country", "language", "complete", "lead", "body")
    said = {name: getattr(article, name) for name in plain}
    when = article.published.isoformat() if article.published else None
    return said | {"id": article.key, "published": when, "authors": ", ".join(article.authors)}


def _hit_row(record: HitRecord) -> dict[str, object]:
    hit, article = record.hit, record.hit.article
    return {
        "id": hit.key,
        "article": article.key,
        "rule": hit.rule,
        "rule_name": hit.rule_name,
        "title": article.title,
        "url": article.url,
        "outlet": article.outlet,
        "found": hit.found.isoformat(),
        "published": article.published.isoformat() if article.published else None,
        "story": hit.story,
        "tags": ", ".join(hit.match.tags),
        "mark": record.mark,
        "why": record.why,
        "silent": hit.silent,
        "sentences": _sentences(record),
    }
