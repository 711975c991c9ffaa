"""`monitor hits`: what was found, why, and what a person thinks of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import click

from monitor.cli import names, output
from monitor.cli.deliveries import delivery_object
from monitor.cli.record import asked, no_such
from monitor.cli.shown import SHOWN, as_object, by_sentence, marked, moment, sentences

if TYPE_CHECKING:
    from monitor.store import HitRecord

CSV = ("id", "rule", "title", "url", "feed", "found", "story", "evidence")


@click.group()
def hits() -> None:
    """What was found, and why."""


@hits.command("list")
@output.with_rules
@click.option("--rule", metavar="ID", help="Only of this rule.")
@click.option("--feed", metavar="NAME", help="Only from this feed, outlet or group.")
@click.option("--story", metavar="ID", help="Only of this story.")
@output.since_until
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="The newest so many.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated, for a spreadsheet.")
@output.as_json
@output.with_example("monitor hits list --rule secret-talks-kremlin --since 7d", "monitor hits list --json | jq .title")
def hits_list(  # noqa: PLR0913, PLR0917 - one argument for each option
    rules_path: Path | None,
    rule: str | None,
    feed: str | None,
    story: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List hits, the newest first."""
    config = output.load(rules_path)
    with asked(config) as queries:
        key = queries.find("story", story) if story else None
        if story and key is None:
            raise no_such("story", story)
        found = queries.list_hits(rule=rule, feed=feed, story=key, since=since, until=until, limit=limit)
        if not found:
            names.check(config, queries, rule=rule, feed=feed)
    if as_json:
        for record in found:
            output.json_line(as_object(record))
    elif as_csv:
        rows = (as_object(record) | {"evidence": " | ".join(sentences(record.hit.match))} for record in found)
        output.rows_as_csv(CSV, ([row[column] for column in CSV] for row in rows))
    else:
        columns = ("id", "found", "rule", "outlet", "title", "mark")
        output.table(columns, [_row(record) for record in found], empty="no hits")


def _row(record: HitRecord) -> tuple[object, ...]:
    hit = record.hit
    return (
        hit.key[:SHOWN],
        hit.found,
        hit.rule,
        hit.article.outlet,
        hit.article.title or hit.article.url,
        record.mark or "",
    )


@hits.command("show")
@click.argument("key", metavar="ID")
@output.with_rules
@output.as_json
@output.with_example("monitor hits show 83bd83", "monitor hits show 83bd83 --json")
def hits_show(key: str, rules_path: Path | None, as_json: bool) -> None:
    """Show a hit: why the rule matched, where it went. ID: its first characters are enough."""
    with asked(output.load(rules_path)) as queries:
        record = queries.hit(key)
        kept = queries.kept_of(record.hit.article) if record else None
    if record is None:
        raise no_such("hit", key)
    if as_json:
        more = {"deliveries": [delivery_object(one) for one in record.deliveries], "kept": kept and kept.fetched}
        output.json_line(as_object(record) | more)
        return
    _print_hit(record)
    if kept:
        click.echo(f"page as it came {moment(kept.fetched)}: monitor read --kept {record.hit.key[:SHOWN]}")


def _print_hit(record: HitRecord) -> None:
    hit, article = record.hit, record.hit.article
    click.secho(article.title or "(no title)", bold=True)
    read = "" if article.complete else "not read in full"
    click.echo(" · ".join(filter(None, (article.outlet, moment(article.published), article.language, read))))
    click.echo(f"{article.url}\n" if article.url else "")
    lines = f"line {', '.join(map(str, hit.match.lines))} of find" if hit.match.lines else ""
    tags = f"[{', '.join(hit.match.tags)}]" if hit.match.tags else ""
    click.echo("  ".join(filter(None, (hit.rule_name, tags, lines))))
    for sentence, found in by_sentence(hit.match).items():
        click.echo(f"  “{marked(sentence, [one.text for one in found])}”")
        click.echo("     " + ", ".join(f"{one.text} ← {one.term} ({one.field} {one.start}-{one.end})" for one in found))
    click.echo()
    _print_fate(record)


def _print_fate(record: HitRecord) -> None:
    """Say what became of a hit: what a person thought of it, what a publisher changed, where it went."""
    hit = record.hit
    click.echo(f"found {moment(hit.found)}  story {hit.story[:SHOWN]}" + ("  (told to nobody)" if hit.silent else ""))
    if record.mark:
        click.echo(f"marked {record.mark}" + (f": {record.why}" if record.why else ""))
    for edit in record.edits:
        click.echo(f"  {edit.what} {moment(edit.at)}: “{edit.sentence}”")
    for one in record.deliveries:
        when = moment(one.sent) or (f"due {moment(one.due)}" if one.due else "")
        click.echo(f"  {one.channel}: {one.outcome or 'waits'} {when} {one.error}".rstrip())


@hits.command("mark")
@click.argument("key", metavar="ID")
@click.argument("mark", type=click.Choice(["useful", "noise", "none"]))
@click.option("--why", default="", help="In a few words; `monitor rules report` shows it.")
@output.with_rules
@output.with_example("monitor hits mark 83bd83 useful", 'monitor hits mark 83bd83 noise --why "a film"')
def hits_mark(key: str, mark: str, why: str, rules_path: Path | None) -> None:
    """Say what a hit was worth. `none` takes the mark back."""
    from monitor import wiring

    config = output.load(rules_path)
    with asked(config) as queries:
        found = queries.find("hit", key)
    if found is None:
        raise no_such("hit", key)
    with wiring.opened(config) as store:
        store.mark_hit(found, None if mark == "none" else cast("Literal['useful', 'noise']", mark), why)
    click.echo(f"{found[:SHOWN]}: {mark}")
