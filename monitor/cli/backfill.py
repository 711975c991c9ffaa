"""`monitor backfill`: what the rules would have said of the past."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.cli import output
from monitor.cli.fill import Found, Source, Wanted, only, run
from monitor.cli.names import check, is_of, no_feed
from monitor.cli.plan import Plan, say_plan

if TYPE_CHECKING:
    from monitor.archives import Volume
    from monitor.backfill import Mark
    from monitor.pipeline import Pipeline

F = TypeVar("F", bound=Callable[..., Any])


def options(command: F) -> F:
    """Give a command the options that every source has, as one `wanted`."""

    def gathered(*args: Any, since: str | None, until: str | None, **said: Any) -> Any:
        mine = {one.name: said.pop(one.name) for one in fields(Wanted) if one.name in said}
        begin, end = output.span(output.moment(since), output.moment(until))
        wanted = Wanted(**mine, since=begin, until=end, said=f"{since}..{until}")
        return command(*args, wanted=wanted, **said)

    gathered.__name__, gathered.__doc__ = command.__name__, command.__doc__
    gathered.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in (
        output.as_json,
        click.option("--plan", is_flag=True, hidden=True),
        click.option("--anew", is_flag=True, help="From the beginning, also where an earlier one was stopped."),
        click.option("--dry-run", "dry", is_flag=True, help="Write nothing, only say what would be found."),
        click.option("--tell", is_flag=True, help="Tell the channels of new hits, in one digest each."),
        click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many documents."),
        click.option("--rule", metavar="ID", help="Only this rule."),
        click.option("--until", metavar="WHEN", help="Only before this date."),
        click.option("--since", metavar="WHEN", help="Only from this date on: 2026-05-01, 2026-05-01T12:00, or 90d."),
        output.with_rules,
    ):
        gathered = option(gathered)
    return gathered  # type: ignore[return-value]


def at_work(command: F) -> F:
    """Give a command the options of a source whose shards may be looked at by others."""
    for option in (
        click.option(
            "--engine", default="", metavar="URL", callback=_known, help="Let a Dask cluster look: dask://host:8786."
        ),
        click.option("--workers", type=click.IntRange(1), default=1, metavar="N", help="Look in so many processes."),
    ):
        command = option(command)
    return command


def _known(_context: click.Context, _option: click.Parameter, url: str) -> str:
    if url and not re.match(r"dask(\+tls)?://[^/]+:\d+/?$", url):
        raise click.BadParameter(f"'{url}' is none that is known: dask://host:8786, or dask+tls://host:8786")
    return url


of_pages = click.option("--whole", is_flag=True, help="Read every page, also where no rule could match, and record it.")
of_feed = click.option("--feed", metavar="NAME", help="Only from this feed, outlet or group.")


class _Sources(click.Group):
    """The sources; what is none may be a path or an address, and then it is said which source reads it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise no_source(args[0])
        return super().resolve_command(ctx, args)


def no_source(name: str) -> click.UsageError:
    """Return the error for a source that there is not."""
    from monitor.archives.warc import is_archive
    from monitor.urls import typed

    if Path(name).exists():
        return click.UsageError(
            f"say what it is: monitor backfill {'warc' if is_archive(Path(name)) else 'files'} {name}"
        )
    if typed(name):
        return click.UsageError(f"say what it is: monitor backfill sitemap {name}, or feeds {name}")
    sources = ", ".join(one for one in backfill.commands if one != "plan")
    return click.UsageError(f"there is no source '{name}'; there are: {sources}")


@click.group(cls=_Sources, invoke_without_command=True)
@of_feed
@at_work
@options
@click.pass_context
@output.with_example(
    "monitor backfill --since 90d --rule secret-talks-kremlin",
    "monitor backfill files archive/ --dry-run",
    "monitor backfill urls links.txt --tell",
    "monitor backfill plan sitemap https://www.example.org/sitemap.xml --since 30d",
)
def backfill(ctx: click.Context, feed: str | None, wanted: Wanted) -> None:
    """Match the past: the stored articles, or a source named as a command.

    Hits are recorded, and nobody is told unless --tell. It can be stopped at any moment and goes on where it was;
    doing it again changes nothing.
    """
    if ctx.invoked_subcommand is None:
        _stored(feed, wanted)
    else:
        _nothing_before(ctx, ctx.invoked_subcommand)


def _nothing_before(ctx: click.Context, source: str) -> None:
    """Refuse options that stand before a source: whoever wrote `--dry-run` there must not see it write."""
    typed = click.core.ParameterSource.COMMANDLINE
    for one in ctx.command.params:
        if one.name and ctx.get_parameter_source(one.name) is typed:
            raise click.UsageError(
                f"'{one.opts[0]}' stands behind the source: monitor backfill {source} … {one.opts[0]}"
            )


@backfill.command()
@of_feed
@at_work
@options
@output.with_example("monitor backfill stored --since 90d --feed 'De Standaard'")
def stored(feed: str | None, wanted: Wanted) -> None:
    """Match the articles on record once more, as after a new rule. The same as no command."""
    _stored(feed, wanted)


def _stored(feed: str | None, wanted: Wanted) -> None:
    from monitor.archives.record import chosen, stored
    from monitor.housekeeping import settle
    from monitor.rules.needs import needs
    from monitor.store import Past, Queries

    config = only(output.load(wanted.rules_path), wanted.rule)
    address, need = config.settings.database, needs(config.book)
    with Queries.open(address) as queries:  # without a record there is no past
        check(config, queries, feed=feed)

    async def source(pipeline: Pipeline, mark: Mark) -> Found:
        if not wanted.dry:  # what the index does not know is looked at
            await settle(pipeline)
        past = Past(mark.span.since, mark.span.until, feed)
        these = chosen(address, need, past)
        volumes = stored(address, past, few=these.few, begin=mark.at)
        return Found(volumes, these.looked, passed=these.number - these.looked)

    if wanted.plan:
        these = chosen(address, need, Past(wanted.since, wanted.until, feed))
        say_plan(Plan(ready=these.number, few=these.looked), as_json=wanted.as_json)
    else:
        run(wanted, f"stored {feed or ''}", source)


@backfill.command()
@of_pages
@at_work
@options
@output.with_example("monitor backfill pages --whole", "monitor backfill pages --dry-run")
def pages(wanted: Wanted) -> None:
    """Read the pages once more that were kept as they came, as after an upgrade: what hit, and what was not read."""
    from monitor.archives.record import kept
    from monitor.store import Queries

    address = output.load(wanted.rules_path).settings.database
    with Queries.open(address) as queries:
        number = len(queries.kept())

    async def source(_: Pipeline, mark: Mark) -> Found:
        return Found(kept(address, begin=mark.at), number)

    run(wanted, "pages", source)


@backfill.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True, path_type=Path))
@of_pages
@at_work
@options
@output.with_example(
    "monitor backfill files archive/ more.jsonl.gz --dry-run", "zcat old.gz | monitor backfill files -"
)
def files(paths: tuple[Path, ...], wanted: Wanted) -> None:
    """Match files and folders: .txt, .html, .jsonl, also packed (.gz, .zst). `-` is standard input."""
    from monitor import archives
    from monitor.archives.parts import octets_of
    from monitor.archives.warc import is_archive

    web = next((path for path in paths if is_archive(path)), None)
    if web:
        raise click.UsageError(f"{web} is a web archive: monitor backfill warc {web}")
    paths = _once(paths, archives.inside)
    name = "" if Path("-") in paths else " ".join(str(path.absolute()) for path in paths)
    seen = replace(wanted, visible=tuple(path for path in paths if str(path) != "-"))
    octets = octets_of(_all_of(seen.visible, archives.inside)) if name else 0
    run(seen, f"files {name}" if name else "", _as_is(archives.files(paths), octets=octets))


@backfill.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@of_pages
@at_work
@options
@output.with_example(
    "monitor backfill warc CC-NEWS-20260501.warc.gz --since 2026-05-01", "monitor backfill warc crawls/"
)
def warc(paths: tuple[Path, ...], wanted: Wanted) -> None:
    """Match the pages of web archives: WARC (.gz, .zst), WET and WACZ files, and folders of them."""
    from monitor.archives.files import is_known
    from monitor.archives.parts import octets_of
    from monitor.archives.warc import inside, warcs

    if text := next((path for path in paths if path.is_file() and is_known(path)), None):
        raise click.UsageError(f"{text} is no web archive: monitor backfill files {text}")

    paths = _once(paths, inside)
    seen, name = replace(wanted, visible=paths), "warc " + " ".join(str(path.absolute()) for path in paths)
    run(seen, name, _as_is(warcs(paths), octets=octets_of(_all_of(paths, inside))))


def _once(paths: tuple[Path, ...], inside: Callable[[Path], list[Path]]) -> tuple[Path, ...]:
    """Return each path once, however it is written. A folder that holds nothing of the kind is no source."""
    once = {path.absolute() if str(path) == "-" else path.resolve(): path for path in reversed(paths)}
    for path in once.values():
        output.holds_some(path, inside)
    return tuple(reversed(once.values()))


def _all_of(paths: Iterable[Path], inside: Callable[[Path], list[Path]]) -> Iterator[Path]:
    return (one for path in paths for one in (inside(path) if path.is_dir() else [path]))


@backfill.command()
@click.argument("file", type=click.Path(exists=True, allow_dash=True, dir_okay=False, path_type=Path))
@options
@output.with_example("monitor backfill urls links.txt", "monitor backfill urls - < links.txt")
def urls(file: Path, wanted: Wanted) -> None:
    """Fetch and match a list of addresses, a line each."""
    from monitor import archives
    from monitor.archives.web import homes_of, listed

    links = list(dict.fromkeys(archives.addresses(file)))
    if not links:
        raise click.UsageError(f"there is no address in {file}: one a line is read")
    homes = homes_of(output.load(wanted.rules_path).feeds)
    run(wanted, "urls", _as_is(listed(links, homes), len(links)))


@backfill.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL...", callback=output.addresses)
@options
@output.with_example(
    "monitor backfill sitemap https://www.example.org/sitemap-news.xml --since 30d",
    "monitor backfill sitemap www.example.org",
)
def sitemap(urls: tuple[str, ...], wanted: Wanted) -> None:
    """Fetch and match what sitemaps and indexes of sitemaps list; of a bare host, those its robots.txt names."""
    from monitor.archives.web import homes_of

    homes = homes_of(output.load(wanted.rules_path).feeds)
    _from_web(wanted, f"sitemap {' '.join(urls)}", lambda web: web.site(urls, homes))


@backfill.command("feeds")
@click.argument("urls", nargs=-1, metavar="[URL]...", callback=output.addresses)
@of_feed
@options
@output.with_example(
    "monitor backfill feeds --feed 'De Standaard' --since 30d", "monitor backfill feeds https://example.org/feed/"
)
def feeds_(urls: tuple[str, ...], feed: str | None, wanted: Wanted) -> None:
    """Fetch and match what feeds list of their own past: paged and archived feeds (RFC 5005), WordPress.

    Without a URL: the feeds of rules.yaml.
    """
    from monitor.model import Feed, key_of

    named = [Feed(key=key_of("feed", url), name=url, url=url) for url in urls]
    configured = () if named else output.load(wanted.rules_path).feeds
    chosen = named or [one for one in configured if feed is None or is_of(one, feed)]
    if not chosen:
        raise (
            no_feed(feed, configured)
            if feed
            else click.UsageError("rules.yaml names no feed: write the address of one")
        )

    async def histories(web: Any) -> AsyncIterator[Volume]:
        for one in chosen:
            async for shard in web.history(one):
                yield shard

    _from_web(wanted, "feeds " + " ".join(one.key for one in chosen), histories)


def _from_web(wanted: Wanted, name: str, source: Callable[[Any], AsyncIterator[Volume]]) -> None:
    from monitor.archives.web import Web

    async def walked(pipeline: Pipeline, _: Mark) -> Found:
        pause = pipeline.config.settings.pause
        return Found(source(Web(pipeline.fetcher, pipeline.sandbox, pause, wanted.since)))

    run(wanted, name, walked)


def _as_is(volumes: AsyncIterator[Volume], total: int | None = None, octets: int = 0) -> Source:
    """Return a source that asks nobody what it has."""

    async def source(_pipeline: Pipeline, _mark: Mark) -> Found:
        return Found(volumes, total, octets)

    return source


@backfill.command("plan", context_settings={"ignore_unknown_options": True})
@click.argument("source", nargs=-1, type=click.UNPROCESSED, metavar="[SOURCE]...")
@output.with_example(
    "monitor backfill plan --since 90d",
    "monitor backfill plan files archive/",
    "monitor backfill plan sitemap https://www.example.org/sitemap.xml --since 30d",
)
@click.pass_context
def plan(ctx: click.Context, source: tuple[str, ...]) -> None:
    """Say what a backfill would look at, and how long that takes at the polite rate. Nothing is matched or written.

    Behind `plan` stands what would stand behind `backfill`.
    """
    if source[:1] in {("--help",), ("-h",)}:
        click.echo(ctx.get_help())
        return
    named = source[:1] and source[0] in backfill.commands.keys() - {"plan"}
    name, rest = (source[0], source[1:]) if named else ("stored", source)
    if not named and (other := next((one for one in source if one in backfill.commands), None)):
        raise click.UsageError(f"the source stands first: monitor backfill plan {other} …")
    if not named and source and not source[0].startswith("-"):
        raise no_source(source[0])
    backfill.commands[name].main([*rest, "--plan"], f"monitor backfill plan {name}", standalone_mode=False)
