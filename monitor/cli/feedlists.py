"""`monitor feeds check|discover|import|export`: which feeds there are, and how they are right now. Nothing is stored."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli import output
from monitor.numbers import counted

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.model import Feed
    from monitor.survey import Look


@click.command("check")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@output.with_rules
@output.as_json
@output.with_example("monitor feeds check", "monitor feeds check 'NOS algemeen'", "monitor feeds check --json")
def check(names: tuple[str, ...], rules_path: Path | None, as_json: bool) -> None:
    """Ask each feed once, store nothing, and say how it is. Exit 1 when one cannot be read.

    NAME is a feed's name, its outlet or its address; without one all are asked.
    """
    config = output.load(rules_path)
    wanted = _named(config.feeds, names)
    with _progress(len(wanted)) as told:
        looks = asyncio.run(_checked(config, wanted, told))
    _print_looks(looks, as_json=as_json)
    health = Counter(_health(look) for look in looks)
    if not as_json:
        said = ", ".join(f"{number} {word}" for word, number in health.most_common())
        click.echo(f"{counted(len(looks), 'feed')}: {said}" if looks else "no feeds", err=True)
    sys.exit(1 if health["failed"] else 0)


def _named(listed: Sequence[Feed], names: Sequence[str]) -> list[Feed]:
    """Return the feeds that go by these names; all of them without one."""
    if not names:
        return list(listed)
    wanted = {name.casefold() for name in names}
    goes_by = {feed.key: {feed.name.casefold(), feed.outlet.casefold(), feed.url.casefold()} for feed in listed}
    known = set().union(*goes_by.values())
    if strange := [name for name in names if name.casefold() not in known]:
        raise click.UsageError(f"there is no feed '{strange[0]}'; `monitor feeds list` shows them")
    return [feed for feed in listed if goes_by[feed.key] & wanted]


async def _checked(config: Config, wanted: Sequence[Feed], told: Callable[[Look], None]) -> tuple[Look, ...]:
    from monitor import wiring

    async with wiring.surveying(config) as surveyor:
        return await surveyor.check(wanted, told)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[Look], None]]:
    """Show a bar at a terminal; a pipe gets the table alone."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("asking"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[last]}"))
    with Progress(*columns, console=output.console(stderr=True), transient=True) as bar:
        task = bar.add_task("asking", total=total, last="")
        yield lambda look: bar.update(task, advance=1, last=look.feed.name)


def _health(look: Look) -> str:
    from monitor import wiring

    return look.health(wiring.now())


def _print_looks(looks: Sequence[Look], *, as_json: bool) -> None:
    from monitor.urls import masked

    if as_json:
        for look in looks:
            output.json_line(
                {
                    "name": look.feed.name,
                    "url": masked(look.feed.url),
                    "kind": look.feed.kind,
                    "health": _health(look),
                    "title": look.title,
                    "entries": look.entries,
                    "newest": look.newest,
                    "took": look.took,
                    "moved_to": masked(look.moved_to),
                    "reasons": list(look.reasons),
                }
            )
        return
    rows = [
        (look.feed.name, _health(look), look.entries, look.newest, f"{look.took.total_seconds():.1f}s", _trouble(look))
        for look in looks
    ]
    output.table(("feed", "health", "entries", "newest", "took", "trouble"), rows)


def _trouble(look: Look) -> str:
    from monitor.urls import masked

    moved = f"lives at {masked(look.moved_to)} now" if look.moved_to else ""
    return "; ".join(filter(None, (*look.reasons, moved)))


@click.command("discover")
@click.argument("url", callback=output.address)
@output.with_rules
@output.as_json
@output.with_example("monitor feeds discover https://www.example.org", "monitor feeds discover --json example.org")
def discover(url: str, rules_path: Path | None, as_json: bool) -> None:
    """Find the feeds and news sitemaps of a site, each asked once, as lines for rules.yaml. Exit 1 when there are none.

    Looks at what the page and its robots.txt name, then where newspapers often keep them.
    """
    looks = asyncio.run(_discovered(output.load(rules_path), url))
    if as_json:
        _print_looks(looks, as_json=True)
    elif looks:
        _print_found(looks)
    else:
        output.complain(f"{url}: no feed and no sitemap was found")
    sys.exit(0 if looks else 1)


async def _discovered(config: Config, site: str) -> list[Look]:
    from monitor import wiring

    async with wiring.surveying(config) as surveyor:
        return [look async for look in surveyor.discover(site)]


def _print_found(looks: Sequence[Look]) -> None:
    """Print what was found as YAML, with what it holds as a comment."""
    from dataclasses import replace
    from urllib.parse import urlsplit

    from monitor.config import written

    click.echo("feeds:")
    for look in looks:
        name = look.title or " ".join(urlsplit(look.feed.url)[1:3])
        click.echo(f"  # {counted(look.entries, 'entry', 'entries')}, newest {output.cell(look.newest)}")
        click.echo(written.fragment([replace(look.feed, name=name)]), nl=False)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, allow_dash=True, dir_okay=False, path_type=Path))
@click.option(
    "--write", is_flag=True, help="Put them into rules.yaml, which is checked first and left alone if that fails."
)
@output.with_rules
@output.with_example("monitor feeds import feedly.opml", "monitor feeds import --write freshrss.opml.xml")
def import_(file: Path, write: bool, rules_path: Path | None) -> None:
    """Read the feeds of an OPML file (Feedly, FreshRSS, Miniflux, …) as lines for rules.yaml.

    Feeds that rules.yaml has already are left out.
    """
    from monitor import opml
    from monitor.config import written

    body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    listed = opml.read(body)
    here = {feed.key for feed in output.load(rules_path).feeds}
    new = [feed for feed in listed if feed.key not in here]
    click.echo(f"{counted(len(listed), 'feed')}, {len(new)} of them not in rules.yaml yet", err=True)
    if not write:
        click.echo("feeds:\n" + written.fragment(new) if new else "", nl=False)
        return
    if new:
        _append(output.rules_file(rules_path), new)


def _append(path: Path, new: Sequence[Feed]) -> None:
    """Write the feeds into a rules.yaml, in one step, when the file that comes of it is right."""
    from monitor import config
    from monitor.config import written

    if path == output.packaged_rules():
        raise click.UsageError(f"there is no {output.RULES_FILE} here to write to; make one, or name it with --rules")
    try:
        text = written.with_feeds(path.read_text(encoding="utf-8"), new)
    except ValueError as error:
        raise click.UsageError(f"{path}: {error}; paste the lines yourself (without --write)") from error
    made = path.with_name(f"{path.name}.new")
    made.write_text(text, encoding="utf-8")
    try:
        found = config.load(made, os.environ)
        made.chmod(path.stat().st_mode)
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
    click.echo(f"{path}: {counted(len(found.feeds), 'feed')} now", err=True)


@click.command("export")
@output.with_rules
@output.with_example("monitor feeds export > feeds.opml")
def export(rules_path: Path | None) -> None:
    """Print the feeds as OPML, for other readers. Passwords and sitemaps stay here."""
    from monitor import opml

    click.echo(opml.write(output.load(rules_path).feeds), nl=False)
