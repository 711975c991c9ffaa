"""`monitor backfill`: what the rules would have said of the past."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.cli import output
from monitor.numbers import counted, weighed

if TYPE_CHECKING:
    from monitor.archives import Volume
    from monitor.archives.record import Chosen
    from monitor.backfill import Backfill, Mark, Summary
    from monitor.config import Config
    from monitor.model import Feed, Outcome
    from monitor.pipeline import Pipeline
    from monitor.shards import Engine

F = TypeVar("F", bound=Callable[..., Any])
Source = Callable[["Pipeline", "Mark"], "Awaitable[Found]"]

# In a pipe, a line each time so many documents are done, or so much time has gone.
EVERY = 1_000
OFTEN = timedelta(minutes=1)
# New hits that are named at the end; `monitor hits list` names them all.
NAMED = 50
# Reasons of what failed that are named there.
FAULTS = 10
# The daemon beside us comes first: we run at low priority, and ask a host half as often as it does.
NICE = 10
SLOWER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the options that every source has ask for."""

    rules_path: Path | None
    rule: str | None
    since: datetime | None
    until: datetime | None
    said: str  # the two as they were written: `90d` is another moment a minute later, and still the same wish
    limit: int | None
    tell: bool
    dry: bool
    anew: bool
    plan: bool
    whole: bool = True  # every page is read
    workers: int = 1
    engine: str = ""
    as_json: bool = False
    paths: tuple[Path, ...] = ()  # what whoever looks must see


@dataclass(frozen=True, slots=True)
class Found:
    """What a source has: its volumes; how many documents, where that is known, or else how many bytes its files have;
    how many more no rule can match."""

    volumes: AsyncIterator[Volume]
    total: int | None = None
    octets: int = 0
    passed: int = 0


def options(command: F) -> F:
    """Give a command the options that every source has, as one `wanted`."""

    def gathered(*args: Any, since: str | None, until: str | None, **said: Any) -> Any:
        mine = {
            name: said.pop(name) for name in ("rules_path", "rule", "limit", "tell", "dry", "anew", "plan", "as_json")
        }
        mine |= {name: said.pop(name) for name in ("whole", "workers", "engine") if name in said}
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
    from monitor.rules.needs import needs
    from monitor.store import Queries

    config = _only(output.load(wanted.rules_path), wanted.rule)
    address = config.settings.database
    with Queries.open(address) as queries:  # without a record there is no past
        if feed and not any(_is_of(one, feed) for one in config.feeds) and not queries.count_articles(feed=feed):
            raise _no_feed(feed)

    def asked(since: datetime | None, until: datetime | None) -> Chosen:
        return chosen(address, needs(config.book), since=since, until=until, feed=feed)

    async def source(pipeline: Pipeline, mark: Mark) -> Found:
        if not wanted.dry:  # what the index does not know is looked at
            await pipeline.settle()
        since, until = mark.span.since, mark.span.until
        these = asked(since, until)
        volumes = stored(address, since=since, until=until, feed=feed, few=these.few, begin=mark.at)
        return Found(volumes, these.looked, passed=these.number - these.looked)

    if wanted.plan:
        these = asked(wanted.since, wanted.until)
        _say_plan(Plan(ready=these.number, few=these.looked), as_json=wanted.as_json)
    else:
        _run(wanted, f"stored {feed or ''}", source)


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

    _run(wanted, "pages", source)


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
    seen = replace(wanted, paths=tuple(path for path in paths if str(path) != "-"))
    octets = octets_of(_all_of(seen.paths, archives.inside)) if name else 0
    _run(seen, f"files {name}" if name else "", _as_is(archives.files(paths), octets=octets))


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
    seen, name = replace(wanted, paths=paths), "warc " + " ".join(str(path.absolute()) for path in paths)
    _run(seen, name, _as_is(warcs(paths), octets=octets_of(_all_of(paths, inside))))


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
    _run(wanted, "urls", _as_is(listed(links, homes), len(links)))


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
    chosen = named or [one for one in output.load(wanted.rules_path).feeds if feed is None or _is_of(one, feed)]
    if not chosen:
        raise _no_feed(feed) if feed else click.UsageError("rules.yaml names no feed: write the address of one")

    async def histories(web: Any) -> AsyncIterator[Volume]:
        for one in chosen:
            async for shard in web.history(one):
                yield shard

    _from_web(wanted, "feeds " + " ".join(one.key for one in chosen), histories)


def _no_feed(name: str) -> click.BadParameter:
    return click.BadParameter(f"there is no feed, outlet or group '{name}'; `monitor feeds list` shows them")


def _is_of(feed: Feed, name: str) -> bool:
    return name in {feed.key, feed.name, feed.outlet, feed.group}


def _from_web(wanted: Wanted, name: str, source: Callable[[Any], AsyncIterator[Volume]]) -> None:
    from monitor.archives.web import Web

    async def walked(pipeline: Pipeline, _: Mark) -> Found:
        pause = pipeline.config.settings.pause
        return Found(source(Web(pipeline.fetcher, pipeline.sandbox, pause, wanted.since)))

    _run(wanted, name, walked)


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


# --- doing it ---


def _as_is(volumes: AsyncIterator[Volume], total: int | None = None, octets: int = 0) -> Source:
    """Return a source that asks nobody what it has."""

    async def source(_pipeline: Pipeline, _mark: Mark) -> Found:
        return Found(volumes, total, octets)

    return source


def _run(wanted: Wanted, name: str, source: Source) -> None:
    """Do a backfill of a source. `name` tells it from others; a source without one cannot be gone on with."""
    config = _only(output.load(wanted.rules_path), wanted.rule)
    slower = replace(config, settings=replace(config.settings, pause=config.settings.pause * SLOWER))
    os.nice(NICE)
    if not asyncio.run(_filled(slower, wanted, name, source)):
        sys.exit(1)


def _only(config: Config, rule: str | None) -> Config:
    """Return the configuration with one of its rules."""
    if rule is None:
        return config
    chosen = tuple(one for one in config.book.rules if one.id == rule)
    if not chosen:
        raise output.no_rule(rule, config.book.by_id)
    return replace(config, book=replace(config.book, rules=chosen))


async def _filled(config: Config, wanted: Wanted, name: str, source: Source) -> bool:
    """Do it; say whether it came to its end, and not everything failed."""
    from monitor import wiring
    from monitor.backfill import Backfill, Mark, Summary, loaded, mark_key
    from monitor.model import Outcome
    from monitor.shards import Span

    async with wiring.wired(config, watching=False) as pipeline:
        if wanted.plan:
            mark = Mark(span=Span(wanted.since, wanted.until))
            plan = await _planned((await source(pipeline, mark)).volumes, mark, config.settings.pause)
            _say_plan(plan, as_json=wanted.as_json)
            return plan.documents > 0 or not plan.failed
        remembered = bool(name) and not wanted.dry and wanted.limit is None
        said = (config.digest, wanted.rule or "", str(wanted.tell), str(wanted.whole), wanted.said)
        key = mark_key(name, *said) if remembered else ""
        mark, summary = Mark(key, span=Span(wanted.since, wanted.until)), Summary()
        if key and not wanted.anew:
            mark, summary = loaded(mark, pipeline.store.meta(key))
        if summary.documents:
            done = counted(summary.documents, "document")
            click.echo(f"going on behind {done} done before", err=True)
        found = await source(pipeline, mark)
        async with _looking(pipeline, wanted) as engine:
            with _progress(found, wanted.limit, summary.documents) as going:
                fill = Backfill(
                    pipeline,
                    going.told,
                    going.reached,
                    engine,
                    tell=wanted.tell,
                    dry=wanted.dry,
                    limit=wanted.limit,
                    mark=mark,
                    summary=summary,
                )
                _stop_on_signal(fill)
                await fill.run(found.volumes)
                going.end(whole=fill.mark.ended)
        if fill.mark.ended and wanted.limit is None and found.passed:
            fill.summary.outcomes[Outcome.SET_ASIDE] += found.passed
        stopped = fill.stopping.is_set()
        with redirect_stdout(sys.stderr) if wanted.as_json else nullcontext():  # what the console is told is no JSON
            sent = await fill.send() if wanted.tell and not wanted.dry and not stopped else None
        if wanted.as_json:
            _summed_up_as_json(fill.summary, stopped=stopped, sent=sent)
        else:
            _summed_up(fill.summary, dry=wanted.dry)
            _closing(sent, stopped=stopped, goes_on=bool(key))
        return not stopped and (
            not fill.summary.documents or fill.summary.documents > fill.summary.outcomes[Outcome.FAILED]
        )


@asynccontextmanager
async def _looking(pipeline: Pipeline, wanted: Wanted) -> AsyncIterator[Engine]:
    """Give who looks at the shards: this process, so many others, or a cluster."""
    from monitor.shards import Here, Lens, Processes, packed

    if wanted.engine:
        from monitor.shards.cluster import Cluster
        from monitor.store import from_anywhere

        address = None if wanted.paths else from_anywhere(pipeline.config.settings.database)
        rules = packed(pipeline.ruleset, whole=wanted.whole)
        async with Cluster(wanted.engine, rules, wanted.paths, address) as cluster:
            yield cluster
    elif wanted.workers > 1:
        async with Processes(wanted.workers, packed(pipeline.ruleset, whole=wanted.whole)) as processes:
            yield processes
    else:
        yield Here(Lens(pipeline.ruleset) if wanted.whole else Lens.of(pipeline.ruleset))


def _stop_on_signal(fill: Backfill) -> None:
    """Let the first Ctrl-C or SIGTERM end what is at hand; the second one ends us at once."""
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        fill.stopping.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)


# --- planning it ---


@dataclass(slots=True)
class Plan:
    """What a backfill would look at: documents that are here, those to be fetched by host, and for how long."""

    ready: int = 0
    few: int | None = None  # of those, the ones in which a rule could match
    outside: int = 0
    failed: int = 0
    hosts: Counter[str] = field(default_factory=Counter)
    pause: timedelta = timedelta()

    @property
    def documents(self) -> int:
        """How many there are in all."""
        return self.ready + self.hosts.total()

    @property
    def lasts(self) -> timedelta:
        """How long it takes at the least: hosts are asked side by side, each with its pause; the longest decides."""
        return self.pause * max(self.hosts.values(), default=0)


async def _planned(source: AsyncIterator[Volume], mark: Mark, pause: timedelta) -> Plan:
    """Count what a source has, without reading it; what cannot be read is named on stderr."""
    from monitor.urls import host

    plan = Plan(pause=pause)
    async for volume in source:
        for one in (piece() for shard in volume.shards for piece in shard.opened()):
            if one.fault:
                plan.failed += 1
                click.echo(f"  {_faulty(one.name, one.fault)}", err=True)
            elif not mark.span.holds(one.dated):
                plan.outside += 1
            elif one.page is not None or one.article is not None:
                plan.ready += 1
            else:
                plan.hosts[host(one.entry.link)] += 1
    return plan


def _say_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        could = {} if plan.few is None else {"could_match": plan.few}
        faults = {"outside": plan.outside, "failed": plan.failed}
        output.json_line({"documents": plan.documents, **could, **faults, "hosts": plan.hosts, "seconds": plan.lasts})
        return
    if plan.few is not None:
        fewer = f", {plan.few} in which a rule could match" if plan.few < plan.ready else ""
        click.echo(counted(plan.ready, "stored article") + fewer)
        return
    said = [counted(plan.documents, "document")]
    said += [f"{plan.outside} outside the dates"] if plan.outside else []
    said += [f"{plan.failed} that cannot be read"] if plan.failed else []
    click.echo(", ".join(said))
    for name, number in plan.hosts.most_common():
        click.echo(f"  {number} from {name or 'no host'}")
    if plan.hosts:
        each = plan.pause.total_seconds()
        click.echo(f"at least {plan.lasts} to fetch them, with {each:g} s between two of a host")


# --- saying how it goes ---


class _Going:
    """How far a backfill is: a plain line now and then, for a pipe."""

    def __init__(self, found: Found, limit: int | None, before: int) -> None:
        from monitor import wiring

        self._clock = wiring.now
        self._began = self._shown = self._clock()
        self._total = min(found.total or limit, limit) if limit else found.total
        self._octets = 0 if self._total is not None else found.octets
        self._before = before
        self._done = self._hits = self._errors = 0
        self._share, self._share_before = self._of_documents(0), self._of_documents(0)

    def told(self, _name: str, outcome: Outcome, matches: int) -> None:
        """Count a document."""
        self._done += 1
        self._hits += matches
        self._errors += outcome == "failed"
        if not self._octets:
            self._share = self._of_documents(self._done)
        self._show()

    def reached(self, octets: int, before: int) -> None:
        """Take in how many bytes are behind us, and how many of them were before."""
        if self._octets:
            self._share, self._share_before = (min(1.0, one / self._octets) for one in (octets, before))

    def end(self, *, whole: bool) -> None:
        """Have nothing more to count."""
        if whole and (self._octets or self._total):
            self._share = 1.0

    def _of_documents(self, done: int) -> float:
        return min(1.0, (self._before + done) / self._total) if self._total else 0.0

    def _show(self) -> None:
        now = self._clock()
        if self._done % EVERY == 0 or now - self._shown >= OFTEN:
            self._shown = now
            click.echo(f"{self._said()}, {self._left()} left" if self._share else self._said(), err=True)

    def _said(self) -> str:
        """Return what was done and came of it: of how many documents, or of how much."""
        done = self._before + self._done
        share = f"{self._share:.0%} of {weighed(self._octets)}, " if self._octets else ""
        of = counted(done, "document") if self._total is None else f"{done}/{self._total} documents"
        rate = self._done / max(0.001, (self._clock() - self._began).total_seconds())
        return f"{share}{of}, {rate:.0f}/s, {counted(self._hits, 'match', 'matches')}, {self._errors} failed"

    def _left(self) -> timedelta | str:
        """Return how long the rest takes, if it goes on as it went."""
        done, rest = self._share - self._share_before, 1.0 - self._share
        if not done:
            return "?"
        return timedelta(seconds=int((self._clock() - self._began).total_seconds() / done * rest))


class _Bar(_Going):
    """The same as a bar, at a terminal."""

    def __init__(self, found: Found, limit: int | None, before: int) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        super().__init__(found, limit, before)
        texts = (TextColumn("{task.fields[said]}"), TimeElapsedColumn(), TextColumn("gone{task.fields[left]}"))
        self.bar = Progress(BarColumn(None), *texts, console=output.console(stderr=True), expand=True)
        has_end = self._octets or self._total is not None
        self._task = self.bar.add_task("backfill", total=1.0 if has_end else None, said=self._said(), left="")

    def reached(self, octets: int, before: int) -> None:
        """Take it in, and show it."""
        super().reached(octets, before)
        self._show()

    def end(self, *, whole: bool) -> None:
        """Show how far it came."""
        super().end(whole=whole)
        self._show()

    def _show(self) -> None:
        left = f", {self._left()} left" if self._share else ""
        self.bar.update(self._task, completed=self._share, said=self._said(), left=left)


@contextmanager
def _progress(found: Found, limit: int | None, before: int = 0) -> Iterator[_Going]:
    """Show a bar at a terminal, a line now and then in a pipe."""
    if not sys.stderr.isatty():
        yield _Going(found, limit, before)
        return
    going = _Bar(found, limit, before)
    with going.bar:
        yield going


def _summed_up(summary: Summary, *, dry: bool) -> None:
    words = ", ".join(f"{number} {outcome}" for outcome, number in sorted(summary.outcomes.items()))
    click.echo(counted(summary.documents, "document") + (f": {words}" if words else ""))
    if summary.outside:
        click.echo(f"{summary.outside} outside the dates")
    for reason, fault in sorted(summary.faults.items(), key=lambda one: -one[1].total)[:FAULTS]:
        more = f" (and {fault.total - 1} more like it)" if fault.total > 1 else ""
        click.echo(f"  failed: {_faulty(fault.first, reason)}{more}")
    if len(summary.faults) > FAULTS:
        click.echo(f"  … and for {len(summary.faults) - FAULTS} more reasons")
    new = f", {summary.added} of them {'not' if dry else 'new'} on the record"
    click.echo(counted(summary.matched, "match", "matches") + new)
    finds = summary.finds
    for find in finds[:NAMED]:
        click.echo(f"  {find.key[:12]}  {find.rule}  {find.title or find.url or find.sentence}")
    if len(summary.finds) > NAMED:
        click.echo(
            f"  … and {len(summary.finds) - NAMED} more: " + ("--json names all" if dry else "monitor hits list")
        )


def _closing(sent: Counter[Outcome] | None, *, stopped: bool, goes_on: bool) -> None:
    if stopped:
        click.echo("stopped: the same command goes on from here" if goes_on else "stopped")
    elif sent is not None:
        click.echo("told: " + (", ".join(f"{number} {outcome}" for outcome, number in sent.items()) or "nothing"))


def _summed_up_as_json(summary: Summary, *, stopped: bool, sent: Counter[Outcome] | None) -> None:
    """Print a line for each find that was not on record, and one with the numbers."""
    for find in summary.finds:
        output.json_line(
            {"hit": find.key} | {name: getattr(find, name) for name in ("rule", "title", "url", "sentence")}
        )
    faults = [{"reason": reason, "first": one.first, "times": one.total} for reason, one in summary.faults.items()]
    numbers = {"documents": summary.documents, "outcomes": summary.outcomes, "outside": summary.outside}
    found = {"matches": summary.matched, "new": summary.added, "faults": faults, "stopped": stopped}
    output.json_line(numbers | found | ({} if sent is None else {"told": sent}))


def _faulty(name: str, reason: str) -> str:
    """Return where something is wrong, and what; many reasons name the place themselves."""
    return reason if name in reason else f"{name}: {reason}"
