"""`monitor run`, `demo`, `check`, `status`: watch the news, see it work, is it right, how is it."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli import output

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import time

    from monitor.config import Config
    from monitor.errors import ConfigError
    from monitor.policy.canary import Flight
    from monitor.store import Counters, Queries


@click.command()
@output.with_rules
@click.option("--once", is_flag=True, help="Make one full round, then stop: exit 1 if a feed or a channel failed.")
@click.option(
    "--last-good", is_flag=True, help="With a fault in the rules file, begin with what was last in force of it."
)
@click.option("--tell-old", is_flag=True, help="Alert about what a feed already lists at its first poll, too.")
@click.option("-v", "--verbose", is_flag=True, help="Say every step, also those with nothing to tell.")
@output.with_example("monitor run", "monitor run --once --tell-old", "monitor run --rules /etc/monitor/rules.yaml")
def run(rules_path: Path | None, once: bool, last_good: bool, tell_old: bool, verbose: bool) -> None:
    """Watch the news until asked to stop.

    Polls the feeds of rules.yaml, reads what is new, and sends the hits to the channels. A changed rules.yaml is taken
    over while it runs; with a fault in it, the last good one stays in force. SIGTERM or Ctrl-C lets what is in hand
    end; a second one stops at once.
    """
    from monitor import compiled, daemon, lastgood

    log_to_stderr(verbose)
    # Which file it is stands from here on: where one is away for a moment, as some editors save, no other takes its place.
    path = output.rules_file(rules_path)
    load = functools.partial(output.load, path)
    config, refused = _begun(path, last_good=last_good)
    output.faults(config.warnings)
    _welcome(config, path, once=once, tell_old=tell_old)
    if not once:
        told_in = None if sys.stderr.isatty() else compiled.folder(os.environ)
        begin = daemon.Beginning(refused, lambda good: lastgood.keep(good, path, os.environ), told_in)
        asyncio.run(daemon.run(config, load, begin, tell_old=tell_old))
        return
    tally = asyncio.run(daemon.once(config, tell_old=tell_old))
    for step in ("poll", "read", "deliver"):
        said = ", ".join(f"{number} {outcome}" for outcome, number in sorted(tally.of(step).items()))
        click.echo(f"{step:8}{said or 'nothing was due'}", err=True)
    if daemon.went_wrong(tally):
        sys.exit(1)


def _begun(path: Path, *, last_good: bool) -> tuple[Config, ConfigError | None]:
    """Return what a file says; or, where that may be, what was last in force of it, and why it is refused."""
    from monitor import lastgood
    from monitor.errors import ConfigError

    try:
        return output.load(path), None
    except ConfigError as error:
        kept = lastgood.recall(path, os.environ) if last_good else None
        if kept is None:
            raise
        config, since = kept
        output.faults(error.faults)
        output.complain(f"{path} is refused; what was in force since {output.cell(since)} goes on until it is mended")
        return config, error


def _welcome(config: Config, path: Path, *, once: bool, tell_old: bool) -> None:
    """Say what is watched; to a person at a terminal also what to expect, since the first minutes may be silent."""
    from monitor import checkup

    click.echo(f"monitor: {checkup.in_short(config, path)}", err=True)
    if once or not sys.stderr.isatty():
        return
    old = "" if tell_old else " What the feeds list already is read first, and told to nobody."
    click.echo(f"Watching the news. Alerts appear here as they come.{old} Ctrl-C stops.", err=True)


def log_to_stderr(verbose: bool) -> None:
    """Log steps to stderr, a line each. The libraries beneath speak only when something is wrong."""
    from monitor import systemd

    said = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%d %H:%M:%S")
    said.setFormatter(systemd.ForJournal() if systemd.hears(2) else plain)
    logging.basicConfig(handlers=[said], level=logging.WARNING)
    logging.getLogger("monitor").setLevel(logging.INFO if verbose or not sys.stderr.isatty() else logging.WARNING)


@click.command()
@output.with_example("monitor demo")
def demo() -> None:
    """See it work, in under ten seconds: no network, no configuration.

    Serves a few feeds and pages of our own wording on this machine, runs the real pipeline over them, and prints the
    alerts as a person would get them.
    """
    from monitor import config
    from monitor import demo as show

    logging.basicConfig(level=logging.ERROR)
    shipped = config.load(output.packaged_rules(), {})
    with tempfile.TemporaryDirectory(prefix="monitor-demo-") as folder:
        asyncio.run(show.play(shipped, click.echo, Path(folder)))
    click.echo("\nNext: monitor run, with the real feeds. Then write a rule of your own: docs/rules.md")


@click.command()
@output.with_rules
@click.option("--strict", is_flag=True, help="Exit 1 when there are warnings.")
@output.as_json
@output.with_example("monitor check", "monitor check --rules /etc/monitor/rules.yaml --strict")
def check(rules_path: Path | None, strict: bool, as_json: bool) -> None:
    """Is everything right: the rules file, its examples, the database, the channels? Nothing is sent.

    Exit 0: fine. Exit 1: the database or an example is not as it should be, or warnings with --strict. Exit 2: a fault
    in what you wrote.
    """
    from monitor import checkup

    findings = checkup.look(output.rules_file(rules_path), os.environ)
    if as_json:
        for fault in findings.faults:
            output.json_line({"file": fault.file, "line": fault.line, "column": fault.column, "where": fault.where,
                              "text": fault.text, "warning": fault.warning})  # fmt: skip
    else:
        output.faults(findings.faults)
        for line in findings.said:
            click.echo(line)
    sys.exit(findings.exit_code(strict=strict))


@click.command()
@output.with_rules
@click.option("--strict", is_flag=True, help="Exit 1 when something needs a person.")
@output.as_json
@output.with_example("monitor status", "monitor status --strict", "monitor status --json")
def status(rules_path: Path | None, strict: bool, as_json: bool) -> None:
    """How is it: does it run, what came in, what went out, and what needs a person?

    Exit 0 whatever it says; with --strict exit 1 when something needs a person: nobody watches, a feed or its articles
    cannot be read, stories may have been missed within a day, a channel refuses. With a fault in the rules file it goes
    by what is in force of it, where that was kept.
    """
    from monitor import health, wiring
    from monitor.store.queries import Queries

    config, refused = _begun(output.rules_file(rules_path), last_good=True)
    with Queries.open(config.settings.database) as queries:
        watcher = queries.watcher()
        counters = queries.status()
        channels = queries.channels(config.channels)
        flight = _flight(config, queries)
        troubles = health.troubles(config, queries, wiring.now())
    if refused:
        troubles = (f"the rules file is refused, an older one is in force: {refused.faults[0]}", *troubles)
    if as_json:
        said = {"watcher": watcher, "troubles": troubles, "channels": channels, "canary": flight}
        output.json_line(output.plain(counters) | output.plain(said))
    else:
        click.echo(f"watched    {f'yes, by process {watcher}' if watcher else 'no'}")
        _print_status(counters, _about_canary(config.settings.canary, flight))
        columns = ("channel", "waiting", "sent", "dead", "muted", "last success", "last error")
        output.table(columns, [(c.name, c.waiting, c.sent, c.dead, c.muted, c.last_sent, c.error) for c in channels])
        _print_troubles(troubles)
    sys.exit(int(strict and bool(troubles)))


def _print_troubles(troubles: Sequence[str]) -> None:
    click.echo()
    click.secho("needs a person:" if troubles else "nothing needs a person", fg="red" if troubles else "green")
    for one in troubles:
        click.echo(f"- {one}")


def _flight(config: Config, queries: Queries) -> Flight | None:
    """Return how far the last canary came; None when there was none lately."""
    from zoneinfo import ZoneInfo

    from monitor import wiring
    from monitor.policy import canary

    at, now = config.settings.canary, wiring.now()
    for one in canary.latest(at, now, ZoneInfo(config.settings.timezone)) if at else ():
        if found := queries.entry(one.key):
            return canary.flight(found, queries.deliveries_about(canary.song_key(found)), config.channels, now)
    return None


def _about_canary(at: time | None, flight: Flight | None) -> str:
    if at is None:
        return "off"
    if flight is None:
        return f"at {at:%H:%M}, none on record yet"
    came = ", ".join(f"{name} {output.cell(sent)}" for name, sent in flight.arrived.items())
    lacks = ", ".join(f"{name} ({why})" if why else name for name, why in flight.awaited.items())
    arrived = f", arrived in {came}" if came else ""
    return f"let out {output.cell(flight.let_out)}{arrived}{f', not in {lacks}' if lacks else ''}"


def _print_status(counters: Counters, canary: str) -> None:
    feeds = ", ".join(f"{number} {health}" for health, number in sorted(counters.feeds.items()))
    entries = " + ".join(f"{number} {outcome}" for outcome, number in sorted(counters.outcomes.items()))
    missing = f" + {counters.missing} not accounted for" if counters.missing else ""
    rows = (
        ("feeds", feeds or "none"),
        ("last poll", counters.last_poll),
        ("listed", f"{counters.listed} = {counters.known} known + {counters.new} new"),
        ("new", f"{counters.new} = {counters.waiting} waiting + {entries or '0'}{missing}"),
        ("inbox", f"{counters.inbox} waiting"),
        ("articles", counters.articles),
        ("hits", counters.hits),
        ("last hit", counters.last_hit),
        ("outbox", f"{counters.outbox} waiting"),
        ("canary", canary),
    )
    for name, value in rows:
        click.echo(f"{name:10} {output.cell(value)}")
    click.echo()
