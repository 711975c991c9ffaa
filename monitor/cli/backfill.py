"""`monitor backfill`: what the rules would have said of the past."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.cli import output

if TYPE_CHECKING:
    from monitor.backfill import Backfill, Progress, Summary
    from monitor.config import Config
    from monitor.model import Outcome

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

# In a pipe, a line each time so many documents are done.
EVERY = 1_000


def options(command: F) -> F:
    """Give a command the options that every source has."""
    for option in (
        click.option("--rule", metavar="ID", help="Only this rule."),
        click.option("--limit", type=click.IntRange(1), help="At most so many documents."),
        click.option("--tell", is_flag=True, help="Tell the channels of new hits, in one digest each."),
        click.option("--dry-run", "dry", is_flag=True, help="Write nothing, only say what would be found."),
        output.with_rules,
    ):
        command = option(command)
    return command


@click.group(invoke_without_command=True)
@options
@click.option("--feed", metavar="NAME", help="Only from this feed, outlet or group.")
@output.since_until
@click.pass_context
@output.with_example(
    "monitor backfill --since 90d --rule secret-talks-kremlin",
    "monitor backfill files archive/ --dry-run",
    "monitor backfill urls links.txt --tell",
)
def backfill(  # noqa: PLR0913, PLR0917 - one argument for each option
    ctx: click.Context,
    feed: str | None,
    since: datetime | None,
    until: datetime | None,
    rule: str | None,
    limit: int | None,
    tell: bool,
    dry: bool,
    rules_path: Path | None,
) -> None:
    """Match the past: the stored articles, or a source named as a command.

    Hits are recorded, and nobody is told unless --tell. Doing it again changes nothing, and it can be stopped at any
    moment.
    """
    if ctx.invoked_subcommand is None:
        from monitor.store import Queries

        with Queries.open(output.load(rules_path).settings.database) as queries:
            chosen = {"since": since, "until": until, "feed": feed}
            total = min(queries.count_articles(**chosen), limit or sys.maxsize)  # type: ignore[arg-type]
            articles = islice(queries.articles(**chosen), limit)  # type: ignore[arg-type]
            _run(rules_path, rule, lambda fill: fill.stored(articles), total, tell=tell, dry=dry)


@backfill.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@options
@output.with_example("monitor backfill files archive/ more.jsonl --dry-run")
def files(  # noqa: PLR0913, PLR0917 - one argument for each option
    paths: tuple[Path, ...], rule: str | None, limit: int | None, tell: bool, dry: bool, rules_path: Path | None
) -> None:
    """Match files and folders: .txt, .html, .jsonl."""
    from monitor import archives

    documents = islice(archives.documents(paths), limit)
    _run(rules_path, rule, lambda fill: fill.documents(documents), None, tell=tell, dry=dry)


@backfill.command()
@click.argument("file", type=click.Path(exists=True, allow_dash=True, dir_okay=False, path_type=Path))
@options
@output.with_example("monitor backfill urls links.txt", "monitor backfill urls - < links.txt")
def urls(  # noqa: PLR0913, PLR0917 - one argument for each option
    file: Path, rule: str | None, limit: int | None, tell: bool, dry: bool, rules_path: Path | None
) -> None:
    """Fetch and match a list of addresses, a line each, as politely as the daemon does."""
    from monitor import archives

    links = list(islice(dict.fromkeys(archives.links(file)), limit))
    _run(rules_path, rule, lambda fill: fill.addresses(links), len(links), tell=tell, dry=dry)


def _run(  # noqa: PLR0913 - what all sources have in common
    rules_path: Path | None,
    rule: str | None,
    work: Callable[[Backfill], Awaitable[None]],
    total: int | None,
    *,
    tell: bool,
    dry: bool,
) -> None:
    config = _only(output.load(rules_path), rule)
    asyncio.run(_filled(config, work, total, tell=tell, dry=dry))


def _only(config: Config, rule: str | None) -> Config:
    """Return the configuration with one of its rules."""
    if rule is None:
        return config
    chosen = tuple(one for one in config.book.rules if one.id == rule)
    if not chosen:
        raise click.BadParameter(f"there is no rule '{rule}'; there are: {', '.join(r.id for r in config.book.rules)}")
    return replace(config, book=replace(config.book, rules=chosen))


async def _filled(
    config: Config, work: Callable[[Backfill], Awaitable[None]], total: int | None, *, tell: bool, dry: bool
) -> None:
    from monitor import wiring
    from monitor.backfill import Backfill

    async with wiring.wired(config, watching=False) as pipeline:
        with _progress(total) as told:
            fill = Backfill(pipeline, told, tell=tell, dry=dry)
            await work(fill)
        _summed_up(fill.summary, dry=dry)
        if tell and not dry:
            sent = await fill.send()
            click.echo("told: " + (", ".join(f"{number} {outcome}" for outcome, number in sent.items()) or "nothing"))


@contextmanager
def _progress(total: int | None) -> Iterator[Progress]:
    """Show a bar at a terminal, a line now and then in a pipe."""
    if not sys.stderr.isatty():
        done = {"documents": 0, "hits": 0}

        def count(_name: str, _outcome: Outcome, hits: int) -> None:
            done["documents"] += 1
            done["hits"] += hits
            if done["documents"] % EVERY == 0:
                click.echo(f"{done['documents']} documents, {done['hits']} hits", err=True)

        yield count
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("backfill"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[hits]} hits"))
    with Bar(*columns, TimeRemainingColumn(), console=output.console(stderr=True)) as bar:
        task = bar.add_task("backfill", total=total, hits=0)
        found = 0

        def advance(_name: str, _outcome: Outcome, hits: int) -> None:
            nonlocal found
            found += hits
            bar.update(task, advance=1, hits=found)

        yield advance


def _summed_up(summary: Summary, *, dry: bool) -> None:
    words = ", ".join(f"{number} {outcome}" for outcome, number in sorted(summary.outcomes.items()))
    click.echo(f"{summary.documents} documents" + (f": {words}" if words else ""))
    click.echo(f"{summary.matched} matches" + ("" if dry else f", {len(summary.new)} of them new on the record"))
    for hit in summary.new:
        click.echo(f"  {hit.key[:12]}  {hit.rule}  {hit.article.title or hit.article.url or hit.article.key}")
