"""`monitor rules lint|diff|report`: what the stored articles, and people's marks, say of the rules."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from monitor.cli import output
from monitor.cli.names import check
from monitor.cli.record import articles_of
from monitor.cli.shown import called, marked_sentences
from monitor.numbers import counted, few

if TYPE_CHECKING:
    from monitor.rules.changes import Change
    from monitor.rules.check import Doubt, Lint
    from monitor.rules.report import Report

# Hits that a suggested phrase would have hidden: enough to judge it by.
SHOWN_HIDDEN = 5


# --- lint ---

# Of the terms of one list that hit nothing so many are shown: a shipped list has a thousand.
SILENT: Final = 40


@click.command()
@output.since_until
@click.option("--words", "most", type=click.IntRange(1), default=8, show_default=True, help="So many of a wildcard's.")
@output.with_rules
@output.as_json
@output.with_example("monitor rules lint --since 30d", "monitor rules lint --json | jq 'select(.kind == \"doubt\")'")
def lint(since: datetime | None, until: datetime | None, most: int, rules_path: Path | None, as_json: bool) -> None:
    """What each term does in the stored articles: words that a wildcard hits, terms that hit nothing, doubtful ones."""
    from monitor.rules.check import lint as linted

    config = output.load(rules_path)
    with articles_of(config, since, until) as articles:
        found = linted(config.book, articles, most=most)
    (_lint_json if as_json else _print_lint)(found)


def _lint_json(found: Lint) -> None:
    for hits in found.wildcards:
        output.json_line(
            {
                "kind": "wildcard",
                "term": hits.pattern,
                "where": hits.where,
                "times": hits.times,
                "words": dict(hits.words),
            }
        )
    for kind, doubts in (("silent", found.silent), ("doubt", found.doubts)):
        for one in doubts:
            output.json_line(
                {"kind": kind, "term": one.term, "where": one.where, "why": one.why, "file": one.place.file,
                 "line": one.place.line, "column": one.place.column}
            )  # fmt: skip


def _print_lint(found: Lint) -> None:
    rows = []
    for hits in found.wildcards:
        if hits.times:
            words = ", ".join(f"{word} {times}" for word, times in hits.words)
            rows.append((hits.pattern, hits.times, words, hits.where))
    output.table(("wildcard", "times", "commonest words", "where"), rows, empty="no wildcard hits anything")
    for one in found.doubts:
        _print_doubt(one)
    for where, silent in groupby(found.silent, key=lambda one: one.where):
        terms = list(dict.fromkeys(one.term for one in silent))
        more = f", and {len(terms) - SILENT} more (--json shows all)" if len(terms) > SILENT else ""
        click.echo(f"{where}: hit nothing: {', '.join(terms[:SILENT])}{more}")
    for line in _in_short(found):
        click.echo(line, err=True)


def _in_short(found: Lint) -> Iterator[str]:
    """Yield what of all that matters: a shipped list alone may have a thousand terms that hit nothing, and may."""
    from monitor.config.packaged import SHIPPED

    mine = [one for one in found.silent if not one.place.file.startswith(SHIPPED)]
    theirs = [one for one in found.silent if one.place.file.startswith(SHIPPED)]
    read = counted(found.articles, "article was", "articles were")
    yield f"{read} read" + (
        f"; {len(found.silent)} of {counted(found.terms, 'term')} hit nothing" if found.articles else ""
    )
    if found.doubts:
        yield f"  look at {counted(len(found.doubts), 'doubtful term')}: {few(one.term for one in found.doubts)}"
    if mine:
        yield f"  look at {counted(len(mine), 'term')} of your own that hit nothing: {few(one.term for one in mine)}"
    if found.wildcards and found.wildcards[0].times:
        commonest = few(hits.pattern for hits in found.wildcards if hits.times)
        yield f"  look at the words of the commonest wildcards, are they the ones you mean: {commonest}"
    if theirs:
        lists = sorted({one.where.partition(".")[0].removeprefix("list ") for one in theirs})
        yield f"  {counted(len(theirs), 'term')} of shipped lists ({few(lists)}) may be silent for long"


def _print_doubt(one: Doubt) -> None:
    place = f"{one.place.file}:{one.place.line}:{one.place.column}: " if one.place.line else ""
    click.echo(f"{place}{one.where}: {click.style(one.term, bold=True)}: {one.why}")


# --- diff ---


@click.command()
@click.argument("old", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("new", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@output.since_until
@output.with_rules
@output.as_json
@output.with_example(
    "monitor rules diff old.yaml --since 90d",
    "monitor rules diff old.yaml new.yaml --json",
    "git show HEAD:rules.yaml > old.yaml; monitor rules diff old.yaml",
)
def diff(  # noqa: PLR0913, PLR0917 - one argument for each option
    old: Path,
    new: Path | None,
    since: datetime | None,
    until: datetime | None,
    rules_path: Path | None,
    as_json: bool,
) -> None:
    """Which hits an edit gains and loses over the stored articles, with their sentences. NEW: the rules in force."""
    from monitor import config
    from monitor.rules.changes import changes, concerned

    before, after = config.load(old, os.environ), output.load(new or rules_path)
    counts = {"gained": 0, "lost": 0}
    with articles_of(after, since, until, concerned(before.book, after.book)) as articles:
        for change in changes(before.book, after.book, articles):
            counts["gained" if change.gained else "lost"] += 1
            (_change_json if as_json else _print_change)(change)
    if not as_json:
        click.echo(f"{counts['gained']} gained, {counts['lost']} lost", err=True)


def _change_json(change: Change) -> None:
    article = change.article
    output.json_line(
        {
            "change": "gained" if change.gained else "lost",
            "rule": change.match.rule,
            "article": article.key,
            "title": article.title,
            "url": article.url,
            "feed": article.outlet or article.feed,
            "published": article.published,
            "sentences": list(dict.fromkeys(one.sentence for one in change.match.evidence)),
        }
    )


def _print_change(change: Change) -> None:
    article = change.article
    sign = click.style("+", fg="green", bold=True) if change.gained else click.style("-", fg="red", bold=True)
    when = article.published or article.found
    facts = " · ".join(filter(None, (article.outlet, output.cell(when) if when else "")))
    click.echo(f"{sign} {click.style(change.match.rule, bold=True)}  {called(article)}  {facts}".rstrip())
    for sentence in marked_sentences(change.match):
        click.echo(f"    {sentence}")


# --- report ---


@click.command()
@click.option("--rule", metavar="ID", help="Only this rule.")
@output.since_until
@output.with_rules
@output.as_json
@output.with_example("monitor rules report", "monitor rules report --rule any-contact-kremlin --since 90d")
def report(
    rule: str | None, since: datetime | None, until: datetime | None, rules_path: Path | None, as_json: bool
) -> None:
    """How each rule does by the marks of `monitor hits mark`: precision, the terms behind the noise, what to ignore.

    A phrase is suggested for `ignore:` only if it would have hidden no hit that was marked useful.
    """
    from monitor.rules.report import Marked
    from monitor.rules.report import report as reported
    from monitor.store import Queries

    config = output.load(rules_path)
    known = config.book.by_id
    with Queries.open(config.settings.database) as queries:
        records = queries.list_hits(rule=rule, since=since, until=until, limit=None)
        if not records:
            check(config, queries, rule=rule)
    found: dict[str, list[Marked]] = {name: [] for name in known if rule in (None, name)}
    for one in records:
        mark = Marked(one.hit.article, one.hit.match, one.mark or "", one.why, one.hit.key)
        found.setdefault(one.hit.rule, []).append(mark)
    reports = [reported(name, known.get(name), config.book, hits) for name, hits in found.items()]
    for told in reports:
        (_report_json if as_json else _print_report)(told)


def _report_json(told: Report) -> None:
    output.json_line(
        {
            "rule": told.rule,
            "hits": told.hits,
            "useful": told.useful,
            "noise": told.noise,
            "precision": told.precision,
            "culprits": dict(told.culprits),
            "why": list(told.whys),
            "ignore": [
                {
                    "phrase": one.phrase,
                    "hides_noise": one.noise,
                    "hides_unmarked": one.unmarked,
                    "hides": [{"id": hit.key, "mark": hit.mark, "title": hit.article.title} for hit in one.hides],
                }
                for one in told.suggestions
            ],
        }
    )


def _print_report(told: Report) -> None:
    share = "not marked yet" if told.precision is None else f"precision {told.precision:.0%}"
    click.echo(
        f"{click.style(told.rule, bold=True)}: {counted(told.hits, 'hit')}, {told.useful} useful, {told.noise} noise, {share}"
    )
    if told.culprits:
        click.echo("  noise by: " + ", ".join(f"{term} ({times})" for term, times in told.culprits))
    for why in told.whys:
        click.echo(f"  noise: {why}")
    for one in told.suggestions:
        also = f" and {one.unmarked} not marked" if one.unmarked else ""
        click.echo(
            f"  ignore: {click.style(one.phrase, fg='green')}   would have hidden {one.noise} of noise{also}, none useful"
        )
        for hit in one.hides[:SHOWN_HIDDEN]:
            click.echo(f"    {hit.mark or 'not marked':10}  {hit.key[:12]}  {hit.article.title}")
        if len(one.hides) > SHOWN_HIDDEN:
            click.echo(f"    … and {len(one.hides) - SHOWN_HIDDEN} more (--json shows all)")
