"""`monitor feeds …` and `monitor read`: what is polled, how it is, and what the monitor sees of a document."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli import output
from monitor.cli.record import has_database
from monitor.numbers import counted

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.fetch import Fetcher
    from monitor.model import FeedDocument, Page, Reading
    from monitor.store import FeedReport, Ledger, PollRecord

PLACES = click.argument("places", nargs=-1, required=True, metavar="FILE|URL...")


@click.group()
def feeds() -> None:
    """What is polled, and how it is."""


@feeds.command("list")
@output.with_rules
@click.option("--health", type=click.Choice(["ok", "failing", "paused", "new", "removed"]), help="Only these.")
@output.as_json
@output.with_example("monitor feeds list", "monitor feeds list --health failing", "monitor feeds list --json")
def feeds_list(rules_path: Path | None, health: str | None, as_json: bool) -> None:
    """List the feeds with their health: what each listed, and what became of every entry."""
    found = _reports(output.load(rules_path), removed=health == "removed")
    reports = [one for one in found if health in (None, one.health)]
    if as_json:
        for report in reports:
            output.json_line(_object(report))
        return
    columns = (
        "feed",
        "health",
        "polled",
        "due",
        "listed",
        "known",
        "new",
        "waiting",
        "read",
        "not read",
        "hits",
        "trouble",
    )
    output.table(columns, [_row(report) for report in reports], empty="no feeds")


def _reports(config: Config, *, removed: bool) -> tuple[FeedReport, ...]:
    """Return how each feed is; before the first run they are all new, and due."""
    from monitor import wiring
    from monitor.store import FeedReport, Queries

    if not has_database(config):
        new = (replace(one, state=replace(one.state, due=wiring.now())) for one in config.feeds)
        return tuple(FeedReport(feed=one, configured=True, outcomes={}, waiting=0, hits=0) for one in new)
    with Queries.open(config.settings.database) as queries:
        return queries.list_feeds(removed=removed)


def _shown(url: str) -> str:
    from monitor.urls import masked

    return masked(url)


def _row(report: FeedReport) -> tuple[object, ...]:
    from monitor.model import Outcome

    state = report.feed.state
    read = report.outcomes.get(Outcome.READ, 0)
    unread = sum(report.outcomes.values()) - read
    sums = (state.listed, state.known, state.new, report.waiting, read, unread, report.hits)
    return report.feed.name, report.health, state.polled, state.due, *sums, state.error or state.told


def _object(report: FeedReport) -> dict[str, object]:
    feed, state = report.feed, report.feed.state
    return {
        "name": feed.name,
        "url": _shown(feed.url),
        "outlet": feed.outlet,
        "group": feed.group,
        "country": feed.country,
        "language": feed.language,
        "health": report.health,
        "polled": state.polled,
        "due": state.due,
        "interval": state.interval,
        "failures": state.failures,
        "error": state.error,
        "listed": state.listed,
        "known": state.known,
        "new": state.new,
        "waiting": report.waiting,
        "outcomes": {str(outcome): number for outcome, number in sorted(report.outcomes.items())},
        "hits": report.hits,
    }


@feeds.command("show")
@click.argument("name")
@output.with_rules
@click.option("--polls", "many", type=click.IntRange(1), default=20, show_default=True, help="Its last so many polls.")
@output.with_example("monitor feeds show 'NOS algemeen'")
def feeds_show(name: str, rules_path: Path | None, many: int) -> None:
    """Show a feed: its health, what may have been missed, its ledger and its last polls.

    NAME is its name, its address or its outlet.
    """
    from monitor import health, wiring
    from monitor.store import Queries

    with Queries.open(output.load(rules_path).settings.database) as queries:
        wanted = name.casefold()
        reports = [
            one
            for one in queries.list_feeds(removed=True)
            if wanted in {one.feed.name.casefold(), one.feed.url.casefold(), one.feed.outlet.casefold()}
        ]
        if not reports:
            raise click.UsageError(f"there is no feed '{name}'; `monitor feeds list` shows them")
        ledgers = {ledger.feed: ledger for ledger in queries.ledger()}
        for report in reports:
            troubles = health.of_feed(queries, report.feed, wiring.now())
            _print_feed(report, ledgers.get(report.feed.key), queries.polls(report.feed.key, many), troubles)


def _print_feed(
    report: FeedReport, ledger: Ledger | None, polls: Iterable[PollRecord], troubles: Iterable[str]
) -> None:
    click.secho(f"{report.feed.name}  {report.health}", bold=True)
    click.echo(_shown(report.feed.url))
    for trouble in dict.fromkeys([*filter(None, [report.feed.state.error]), *troubles]):
        click.secho(trouble, fg="red")
    outcomes = " + ".join(f"{number} {outcome}" for outcome, number in sorted(report.outcomes.items()))
    state = report.feed.state
    click.echo(f"listed {state.listed} = known {state.known} + new {state.new}")
    click.echo(f"new {state.new} = waiting {report.waiting} + {outcomes or '0'}")
    if ledger and ledger.missing:
        click.secho(f"{counted(ledger.missing, 'entry is', 'entries are')} not accounted for", fg="red")
    columns = ("at", "outcome", "listed", "known", "new", "old", "took", "gap", "reason")
    rows = [(p.at, p.outcome, p.listed, p.known, p.new, p.old, p.took, "gap" if p.gap else "", p.reason) for p in polls]
    output.table(columns, rows)


@feeds.command("parse")
@PLACES
@output.with_rules
@output.as_json
@output.with_example("monitor feeds parse feed.xml", "monitor feeds parse --json https://example.org/rss")
def feeds_parse(places: tuple[str, ...], rules_path: Path | None, as_json: bool) -> None:
    """Show feed documents as they are understood. Exit 0 whatever they are."""
    asyncio.run(_parse(places, rules_path, as_json=as_json))


async def _parse(places: Iterable[str], rules_path: Path | None, *, as_json: bool) -> None:
    from monitor import feeds as room
    from monitor import sitemaps
    from monitor.errors import MonitorError
    from monitor.model import Feed, FeedDocument, Outcome, key_of
    from monitor.sandbox import Sandbox

    async with Sandbox() as sandbox, _fetcher(rules_path) as fetcher:
        for place in places:
            feed = Feed(key=key_of("feed", place), name=place, url=place)
            try:
                page = await _page(place, fetcher, feed=True)
                document = await sandbox.run(room.parse, page, feed)
                if document.outcome is Outcome.FAILED:
                    sitemap = await sandbox.run(sitemaps.parse, page, feed)
                    document = sitemap if sitemap.outcome is Outcome.POLLED else document
            except (MonitorError, OSError) as error:
                document = FeedDocument(Outcome.FAILED, faults=(str(error),))
            _print_document(place, document, as_json=as_json)


def _print_document(place: str, document: FeedDocument, *, as_json: bool) -> None:
    if as_json:
        output.json_line(
            {
                "document": place,
                "outcome": document.outcome,
                "title": document.title,
                "entries": [
                    {"id": one.id, "link": one.link, "title": one.title, "published": one.published}
                    for one in document.entries
                ],
                "faults": list(document.faults),
            }
        )
        return
    click.secho(f"{document.outcome}  {place}  {document.title}", bold=True)
    for fault in document.faults:
        click.secho(f"  {fault}", fg="yellow")
    output.table(("published", "title", "link"), [(one.published, one.title, one.link) for one in document.entries])


@click.command()
@PLACES
@click.option("--kept", is_flag=True, help="As it was kept when it came: of an address, or of a hit by its id.")
@click.option("--raw", is_flag=True, help="The page itself, byte for byte.")
@output.with_rules
@output.as_json
@output.with_example(
    "monitor read page.html",
    "monitor read --json https://example.org/article",
    "monitor read --kept https://example.org/article",
    "monitor read --kept --raw 83bd83 > page.html",
)
def read(places: tuple[str, ...], kept: bool, raw: bool, rules_path: Path | None, as_json: bool) -> None:
    """Show what the monitor sees on a page: the article, or why there is none. Exit 0.

    Pages of what hit, and of what could not be read, are kept for a while (`settings.keep.pages`).
    """
    asyncio.run(_raw(places, rules_path, kept=kept) if raw else _read(places, rules_path, kept=kept, as_json=as_json))


async def _raw(places: Iterable[str], rules_path: Path | None, *, kept: bool) -> None:
    async with _fetcher(rules_path) as fetcher:
        for place in places:
            page = _kept(place, rules_path) if kept else await _page(place, fetcher)
            sys.stdout.buffer.write(page.body)


async def _read(places: Iterable[str], rules_path: Path | None, *, kept: bool, as_json: bool) -> None:
    from monitor import reader
    from monitor.errors import FetchError, SandboxError
    from monitor.model import Outcome, Reading
    from monitor.sandbox import Sandbox

    async with Sandbox() as sandbox, _fetcher(rules_path) as fetcher:
        for place in places:
            try:
                page = _kept(place, rules_path) if kept else await _page(place, fetcher)
                reading = await reader.whole(sandbox, page, place)
            except (FetchError, SandboxError, OSError) as error:
                gone = isinstance(error, FetchError) and error.is_gone
                reading = Reading(Outcome.GONE if gone else Outcome.FAILED, None, str(error))
            _print_reading(place, reading, as_json=as_json)


def _print_reading(place: str, reading: Reading, *, as_json: bool) -> None:
    from monitor import extract

    article = reading.article
    if as_json:
        output.json_line(
            {
                "document": place,
                "outcome": reading.outcome,
                "title": article.title if article else "",
                "lead": (article.lead or article.body.split("\n\n", 1)[0]) if article else "",
                "text": extract.whole(article) if article else "",
                "published": article.published if article else None,
                "authors": list(article.authors) if article else [],
                "language": article.language if article else "",
                "url": article.url if article else "",
                "reason": reading.reason,
            }
        )
        return
    click.secho(f"{reading.outcome}  {place}", bold=True)
    if reading.reason:
        click.secho(reading.reason, fg="yellow")
    if article:
        click.echo(f"{article.title}\n{article.language} · {article.published or ''} · {', '.join(article.authors)}\n")
        click.echo(extract.whole(article) + "\n")


def _fetcher(rules_path: Path | None) -> Fetcher:
    from monitor import wiring

    return wiring.fetcher_for(output.load(rules_path))


def _kept(place: str, rules_path: Path | None) -> Page:
    """Return the page that was kept of an address, a hit or an article. Raises UsageError when there is none."""
    from monitor.keys import article_key
    from monitor.store import Queries

    with Queries.open(output.load(rules_path).settings.database) as queries:
        if place.startswith(("http://", "https://")):
            found = queries.kept_page(article_key(place))
        else:
            hit = queries.hit(place)
            article = hit.hit.article if hit else queries.article(place)
            found = queries.kept_of(article) if article else None
    if found is None:
        raise click.UsageError(
            f"no page of '{place}' is kept: only those of what hit, or could not be read, and for so long as "
            "settings.keep.pages says"
        )
    return found.page


async def _page(place: str, fetcher: Fetcher, *, feed: bool = False) -> Page:
    """Return what stands at a path or an address."""
    from monitor.model import Feed, Page, key_of

    if place.startswith(("http://", "https://")):
        if feed:
            return await fetcher.feed(Feed(key=key_of("feed", place), name=place, url=place), conditional=False)
        return await fetcher.page(place)
    body = sys.stdin.buffer.read() if place == "-" else await asyncio.to_thread(Path(place).read_bytes)
    return Page(url="", asked=place, body=body)
