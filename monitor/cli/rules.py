"""`monitor match` and `monitor rules …`: what the rules say of a text, and why. Nothing is stored, nothing is sent."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from itertools import tee
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import click

from monitor.cli import output
from monitor.cli.names import no_rule
from monitor.cli.record import articles_of, has_database
from monitor.cli.shown import called, evidence_objects, marked_sentences
from monitor.numbers import counted, few

if TYPE_CHECKING:
    from monitor.archives import Document
    from monitor.config import Config
    from monitor.model import Article, Match, Page, Verdict
    from monitor.rules.check import ExampleResult
    from monitor.rules.compile import Ruleset
    from monitor.rules.explain import Explanation, LineReport, PartReport
    from monitor.rules.spec import RuleBook

PATHS = click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True, path_type=Path))

# So many documents are matched together, when so many are at hand.
TOGETHER: Final = 64
# Of a rule with forty lines so many are shown below an example that it misses.
NEAREST: Final = 3


@click.command()
@PATHS
@output.with_rules
@output.as_json
@output.with_example(
    "monitor match article.txt", "monitor match --json folder/", "cat articles.jsonl | monitor match --json -"
)
def match(paths: tuple[Path, ...], rules_path: Path | None, as_json: bool) -> None:
    """Judge documents with the rules: texts, pages, JSON Lines, folders of those, or - for standard input.

    Needs no feed and no database. A line of JSON has `id`, `title`, `body` or `text`, and may have `language`, `url`,
    `published`. Exit 0, also when nothing matches.
    """
    from monitor import archives, compiled

    for path in paths:
        output.holds_some(path, archives.inside)
    config = output.load(rules_path)
    ruleset = compiled.rules_of(config, os.environ)
    show = _json if as_json else _shown
    asyncio.run(_judge(archives.documents(paths), ruleset, show))


async def _judge(documents: Iterable[Document], ruleset: Ruleset, show: Callable[[Document, Verdict], None]) -> None:
    """Show each document's verdict, in their order; pages are extracted in a process that can be killed."""
    from monitor import judge

    async with AsyncExitStack() as hands:
        sandbox: Sandbox | None = None  # two processes, made when the first page comes; as is what it takes to read one
        for some in _at_hand(documents):
            known = _Known(ruleset, [one.reading.article for one in some if one.reading.article])
            for document in some:
                if document.page is None:
                    show(document, judge.verdict(document.reading, document.entry, None, known))
                    continue
                from monitor.reader import Reader
                from monitor.sandbox import Sandbox

                if sandbox is None:
                    sandbox = await hands.enter_async_context(Sandbox())
                show(document, await Reader(sandbox, ruleset).verdict(document.entry, None, document.page))


class _Known:
    """What the rules find in some articles, asked all at once: that takes half the time."""

    def __init__(self, ruleset: Ruleset, articles: list[Article]) -> None:
        self._ruleset = ruleset
        self._found = dict(zip(map(id, articles), ruleset.match_many(articles), strict=True))
        self._articles = articles  # they live as long as their ids are used

    def match(self, article: Article) -> tuple[Match, ...]:
        """Return the matches of an article."""
        found = self._found.get(id(article))
        return self._ruleset.match(article) if found is None else found


def _at_hand(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Yield documents as they come: many together from a file, one from a slow stream, and nobody waits for the next."""
    from monitor.archives import Document

    come: Queue[Document | BaseException | None] = Queue(2 * TOGETHER)
    Thread(target=_read_on, args=(documents, come), daemon=True).start()
    some: list[Document] = []
    while isinstance(one := come.get(), Document):
        some.append(one)
        if len(some) == TOGETHER or come.empty():
            yield some
            some = []
    if some:
        yield some
    if one is not None:
        raise one


def _read_on(documents: Iterable[Document], come: Queue[Document | BaseException | None]) -> None:
    """Hand on all documents, and at last None, or why there are no more."""
    try:
        for document in documents:
            come.put(document)
    except BaseException as error:  # noqa: BLE001 - whoever waits for the documents raises it
        come.put(error)
    else:
        come.put(None)


def _json(document: Document, verdict: Verdict) -> None:
    said: dict[str, Any] = {
        "document": document.name,
        "outcome": verdict.word,
        "language": verdict.article.language if verdict.article else "",
        "hits": [
            {"rule": one.rule, "tags": list(one.tags), "evidence": evidence_objects(one)} for one in verdict.matches
        ],
    }
    if verdict.reason:
        said["reason"] = verdict.reason
    output.json_line(said)


def _shown(document: Document, verdict: Verdict) -> None:
    """A line for the document, and below it each rule that hit, with its sentence and the evidence marked."""
    colour = {"hit": "red", "no match": "green"}.get(verdict.word, "yellow")
    click.echo(f"{click.style(verdict.word, fg=colour, bold=True)}  {document.name}" + _because(verdict))
    for match in verdict.matches:
        tags = f"  [{', '.join(match.tags)}]" if match.tags else ""
        click.echo(f"  {click.style(match.rule, bold=True)}{tags}")
        for sentence in marked_sentences(match):
            click.echo(f"    {sentence}")


def _because(verdict: Verdict) -> str:
    return f"  ({verdict.reason})" if verdict.reason else ""


@click.group()
def rules() -> None:
    """Try, explain and compare the rules."""


@rules.command("test")
@output.with_rules
@output.as_json
@output.with_example("monitor rules test", "monitor rules test --json")
def rules_test(rules_path: Path | None, as_json: bool) -> None:
    """Try each rule's examples, and say why one fails: the lines that fired, or those that came nearest. Exit 1 then."""
    from monitor.rules.check import run_examples

    book = output.load(rules_path).book
    results = run_examples(book)
    untried = [rule.id for rule in book.rules if not rule.examples]
    for one in results:
        if as_json:
            _json_example(one)
        elif not one.passed:
            _print_failed(one)
    failed = sum(not one.passed for one in results)
    if not as_json:
        click.echo(f"{counted(len(results), 'example')}, {failed} failed")
        if untried:
            click.echo(f"without an example: {few(untried)}", err=True)
    if failed:
        sys.exit(1)


def _json_example(one: ExampleResult) -> None:
    place = one.example.place
    output.json_line({"rule": one.rule, "passed": one.passed, "match": one.example.match, "text": one.example.text,
                      "file": place.file, "line": place.line,
                      "explanation": one.explanation and output.plain(one.explanation)})  # fmt: skip


def _print_failed(one: ExampleResult) -> None:
    place = one.example.place
    wanted = "should match, and does not" if one.example.match else "should not match, and does"
    said = f"{place.file}:{place.line}:{place.column}: {one.rule} {wanted}: {' '.join(one.example.text.split())}"
    click.echo(f"{click.style('failed', fg='red')}  {said}")
    if one.explanation:
        _print_removed(one.explanation)
        for line in one.explanation.nearest(NEAREST):
            _print_line(line)


@rules.command("schema")
@output.with_example("monitor rules schema > rules.schema.json")
def rules_schema() -> None:
    """Print the JSON Schema of rules.yaml, for an editor's completion."""
    from monitor import config

    click.echo(json.dumps(config.schema(), ensure_ascii=False, indent=2))


@rules.command("names")
@click.argument("name")
@output.as_json
@output.with_example('monitor rules names "Сергей Кириенко"')
def rules_names(name: str, as_json: bool) -> None:
    """Show the spellings that would be generated from a name in Cyrillic."""
    from monitor.rules.names import is_cyrillic, spellings

    if not is_cyrillic(name):
        raise click.UsageError(
            f"'{name}' is not in Cyrillic: write the name in its own script, as in 'Сергей Кириенко'"
        )
    found = spellings(name)
    if as_json:
        output.json_line({language: list(forms) for language, forms in found.items()})
        return
    output.table(("language", "spellings"), [(language, ", ".join(forms)) for language, forms in found.items()])


@rules.command("explain")
@click.argument("rule")
@click.argument("document", metavar="[FILE|URL|ARTICLE]", required=False)
@output.since_until
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Show so many stored articles.")
@output.with_rules
@output.as_json
@output.with_example(
    "monitor rules explain secret-talks-kremlin article.txt",
    "monitor rules explain secret-talks-kremlin https://example.org/article",
    "monitor rules explain any-contact-kremlin 83bd83",
    "monitor rules explain any-contact-kremlin --since 365d",
)
def rules_explain(  # noqa: PLR0913, PLR0917 - one argument for each option
    rule: str,
    document: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    rules_path: Path | None,
    as_json: bool,
) -> None:
    """Why a rule matches, or line by line how near it came and what was missing.

    The document is a file, an address, or the id of a stored article or hit. Without one: the stored articles that the
    rule matches, the newest first. Exit 1 when the rule does not match it (of several: one of them; of the stored: any).
    """
    from monitor.rules.explain import explain

    config = output.load(rules_path)
    wanted = next((one for one in config.book.rules if one.id == rule), None)
    if wanted is None:
        raise no_rule(rule, config.book.by_id)
    book = dataclasses.replace(config.book, rules=(wanted,))
    articles = _articles(config, document) if document else _matched(config, book, since, until, limit)
    found = [(explain(wanted, book, article), article) for article in articles]
    for explanation, article in found:
        if as_json:
            output.json_line(output.plain(explanation))
        else:
            _print_explanation(explanation, article)
    if not found or not all(explanation.matched for explanation, _ in found):
        sys.exit(1)


def _matched(
    config: Config, book: RuleBook, since: datetime | None, until: datetime | None, limit: int
) -> Sequence[Article]:
    """Return the newest of the stored articles that a rule matches, and say how many there are."""
    from monitor.rules.compile import compile_rules
    from monitor.rules.needs import needs

    ruleset, seen, hits = compile_rules(book), 0, 0
    newest: deque[Article] = deque(maxlen=limit)
    with articles_of(config, since, until, needs(book)) as articles:
        matched, shown = tee(articles)
        for article, names in zip(shown, ruleset.ids(matched), strict=True):
            seen += 1
            if names:
                hits += 1
                newest.append(article)
    said = f"; the newest {limit} are shown" if hits > limit else ""
    match = counted(hits, "stored article matches", "stored articles match")
    click.echo(f"{match}, of {seen} that hold the rule's words{said}", err=True)
    return tuple(reversed(newest))


def _articles(config: Config, document: str) -> list[Article]:
    """Return the articles that a file, an address or an id names. Raises UsageError when there is none."""
    from monitor.urls import typed

    if document.startswith(("http://", "https://")):
        article = asyncio.run(_fetched(config, document))
        return [article] if article else []
    if document == "-" or Path(document).exists():
        return asyncio.run(_from_file(Path(document)))
    article = _stored(config, document)
    if article is None:
        hint = f"; an address is written https://{document}" if typed(document) else ""
        raise click.UsageError(f"'{document}' is no file, no address, and no id of an article or a hit{hint}")
    return [article]


def _stored(config: Config, key: str) -> Article | None:
    from monitor.store import Queries

    if not has_database(config):
        return None
    with Queries.open(config.settings.database) as queries:
        record = queries.hit(key)
        return record.hit.article if record else queries.article(key)


async def _fetched(config: Config, link: str) -> Article | None:
    from monitor import wiring

    async with wiring.fetcher_for(config) as fetcher:
        page = await fetcher.page(link)
    return await _extracted(page, link)


async def _from_file(path: Path) -> list[Article]:
    from monitor import archives

    found = []
    for document in archives.documents([path]):
        article = await _extracted(document.page, document.name) if document.page else _said(document)
        found += [article] if article else []
    return found


def _said(document: Document) -> Article | None:
    """Return a document's text; where there is none, say why."""
    reading = document.reading
    if reading.reason:
        output.complain(f"{document.name}: {reading.reason}")
        return None
    return reading.article


async def _extracted(page: Page, name: str) -> Article | None:
    from monitor import reader
    from monitor.sandbox import Sandbox

    async with Sandbox(workers=1) as sandbox:
        reading = await reader.whole(sandbox, page, name)
    if reading.article is None:
        output.complain(f"{name}: {reading.outcome}: {reading.reason}")
    return reading.article


def _print_explanation(found: Explanation, article: Article) -> None:
    word = click.style("matches", fg="red", bold=True) if found.matched else click.style("does not match", bold=True)
    click.echo(f"{found.rule} {word}: {called(article)}\n")
    _print_removed(found)
    for line in found.lines:
        _print_line(line)
    if found.match:
        click.echo()
        for sentence in marked_sentences(found.match):
            click.echo(f"  “{sentence}”")


def _print_removed(found: Explanation | PartReport | LineReport, indent: str = "  ", most: int | None = None) -> None:
    for removed in found.removed[:most]:
        click.echo(f"{indent}{click.style(removed.cause, fg='yellow')}: {removed.text}")


def _print_line(line: LineReport) -> None:
    window = "" if line.source.rstrip().endswith("]") else f"   [{line.window}]"
    click.echo(f"  line {line.number}: {line.source}{window}")
    for part in line.parts:
        where = ", ".join(dict.fromkeys(f"“{one.text}”" for one in part.found[:6]))
        said = f"{part.times} × {where}" if part.times else click.style("nothing found", fg="yellow")
        click.echo(f"      {part.source}: {said}")
        _print_removed(part, " " * 8, 3)
    click.echo(f"    → {click.style('fired', fg='red') if line.fired else line.reason}")
    _print_removed(line, " " * 6, 3)
