"""Do a backfill of a source, whichever it is, and say what came of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli import output
from monitor.cli.names import no_rule
from monitor.cli.plan import faulty, planned, say_plan
from monitor.cli.progress import progress
from monitor.numbers import counted

if TYPE_CHECKING:
    from monitor.archives import Volume
    from monitor.backfill import Backfill, Mark, Summary
    from monitor.config import Config
    from monitor.model import Outcome
    from monitor.pipeline import Pipeline
    from monitor.shards import Engine

Source = Callable[["Pipeline", "Mark"], "Awaitable[Found]"]
"""Says what there is, from this mark on."""

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
    visible: tuple[Path, ...] = ()  # what whoever looks must see


@dataclass(frozen=True, slots=True)
class Found:
    """What a source has: its volumes; how many documents, where that is known, or else how many bytes its files have;
    how many more no rule can match."""

    volumes: AsyncIterator[Volume]
    total: int | None = None
    octets: int = 0
    passed: int = 0


def run(wanted: Wanted, name: str, source: Source) -> None:
    """Do a backfill of a source. `name` tells it from others; a source without one cannot be gone on with."""
    config = only(output.load(wanted.rules_path), wanted.rule)
    slower = replace(config, settings=replace(config.settings, pause=config.settings.pause * SLOWER))
    os.nice(NICE)
    if not asyncio.run(_wired(slower, wanted, name, source)):
        sys.exit(1)


def only(config: Config, rule: str | None) -> Config:
    """Return the configuration with one of its rules."""
    if rule is None:
        return config
    chosen = tuple(one for one in config.book.rules if one.id == rule)
    if not chosen:
        raise no_rule(rule, config.book.by_id)
    return replace(config, book=replace(config.book, rules=chosen))


async def _wired(config: Config, wanted: Wanted, name: str, source: Source) -> bool:
    """Plan it, or do it; say whether it came to its end, and not everything failed."""
    from monitor import wiring

    async with wiring.wired(config, watching=False) as pipeline:
        return await (_plan(pipeline, wanted, source) if wanted.plan else _fill(pipeline, wanted, name, source))


async def _plan(pipeline: Pipeline, wanted: Wanted, source: Source) -> bool:
    from monitor.backfill import Mark
    from monitor.shards import Span

    span = Span(wanted.since, wanted.until)
    found = await source(pipeline, Mark(span=span))
    plan = await planned(found.volumes, span, pipeline.config.settings.pause)
    say_plan(plan, as_json=wanted.as_json)
    return plan.documents > 0 or not plan.failed


async def _fill(pipeline: Pipeline, wanted: Wanted, name: str, source: Source) -> bool:
    from monitor.model import Outcome

    mark, summary = _begun(pipeline, wanted, name)
    found = await source(pipeline, mark)
    fill = await _looked_through(pipeline, wanted, found, mark, summary)
    if mark.ended and wanted.limit is None and found.passed:
        summary.outcomes[Outcome.SET_ASIDE] += found.passed
    stopped = fill.stopping.is_set()
    _say(wanted, summary, await _told(fill, wanted), stopped=stopped, goes_on=bool(mark.key))
    return not stopped and (not summary.documents or summary.documents > summary.outcomes[Outcome.FAILED])


def _begun(pipeline: Pipeline, wanted: Wanted, name: str) -> tuple[Mark, Summary]:
    """Return where to begin, and the numbers until there: what a dry or a limited run does is not gone on with."""
    from monitor.backfill import Mark, Summary, loaded, mark_key
    from monitor.shards import Span

    remembered = bool(name) and not wanted.dry and wanted.limit is None
    said = (pipeline.config.digest, wanted.rule or "", str(wanted.tell), str(wanted.whole), wanted.said)
    mark = Mark(mark_key(name, *said) if remembered else "", span=Span(wanted.since, wanted.until))
    if not mark.key or wanted.anew:
        return mark, Summary()
    mark, summary = loaded(mark, pipeline.store.meta(mark.key))
    if summary.documents:
        click.echo(f"going on behind {counted(summary.documents, 'document')} done before", err=True)
    return mark, summary


async def _looked_through(pipeline: Pipeline, wanted: Wanted, found: Found, mark: Mark, summary: Summary) -> Backfill:
    """Match what a source has, as far as there is time for it."""
    from monitor.backfill import Backfill

    async with _looking(pipeline, wanted) as engine:
        with progress(found.total, found.octets, wanted.limit, summary.documents) as going:
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
            going.end(whole=mark.ended)
            return fill


async def _told(fill: Backfill, wanted: Wanted) -> Counter[Outcome] | None:
    """Tell the channels, where that is asked for; None when nobody was to be told."""
    if not wanted.tell or wanted.dry or fill.stopping.is_set():
        return None
    with redirect_stdout(sys.stderr) if wanted.as_json else nullcontext():  # what the console is told is no JSON
        return await fill.send()


@asynccontextmanager
async def _looking(pipeline: Pipeline, wanted: Wanted) -> AsyncIterator[Engine]:
    """Give who looks at the shards: this process, so many others, or a cluster."""
    from monitor.shards import Here, Lens, Processes, packed

    if wanted.engine:
        from monitor.shards.cluster import Cluster
        from monitor.store import from_anywhere

        address = None if wanted.visible else from_anywhere(pipeline.config.settings.database)
        rules = packed(pipeline.ruleset, whole=wanted.whole)
        async with Cluster(wanted.engine, rules, wanted.visible, address) as cluster:
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


# --- saying what came of it ---


def _say(wanted: Wanted, summary: Summary, sent: Counter[Outcome] | None, *, stopped: bool, goes_on: bool) -> None:
    if wanted.as_json:
        _summed_up_as_json(summary, stopped=stopped, sent=sent)
    else:
        _summed_up(summary, dry=wanted.dry)
        _closing(sent, stopped=stopped, goes_on=goes_on)


def _summed_up(summary: Summary, *, dry: bool) -> None:
    words = ", ".join(f"{number} {outcome}" for outcome, number in sorted(summary.outcomes.items()))
    click.echo(counted(summary.documents, "document") + (f": {words}" if words else ""))
    if summary.outside:
        click.echo(f"{summary.outside} outside the dates")
    for reason, fault in sorted(summary.faults.items(), key=lambda one: -one[1].total)[:FAULTS]:
        more = f" (and {fault.total - 1} more like it)" if fault.total > 1 else ""
        click.echo(f"  failed: {faulty(fault.first, reason)}{more}")
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
