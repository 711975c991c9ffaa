"""`monitor mute`: what a person does not want to hear of for a while."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import click

from monitor.cli import names, output
from monitor.cli.record import asked, no_such
from monitor.cli.shown import moment

if TYPE_CHECKING:
    from monitor.config import Config

KINDS = ("story", "rule", "feed", "term")


@click.group(invoke_without_command=True)
@click.pass_context
def mute(ctx: click.Context) -> None:
    """What you do not want to hear of for a while. Hits are recorded all the same."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@mute.command("list")
@output.with_rules
@output.as_json
@output.with_example("monitor mute list")
def mute_list(rules_path: Path | None, as_json: bool) -> None:
    """List the mutes that hold now."""
    from monitor import wiring

    config = output.load(rules_path)
    with asked(config) as queries:
        found = queries.mutes(wiring.now())
    feeds = {one.key: one.name for one in config.feeds}
    if as_json:
        for one in found:
            output.json_line({"kind": one.kind, "value": one.value, "until": one.until})
        return
    output.table(
        ("kind", "what", "until"),
        [(one.kind, feeds.get(one.value, one.value), one.until) for one in found],
        empty="nothing is muted",
    )


@mute.command("off")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("value")
@output.with_rules
@output.with_example("monitor mute off rule any-contact-kremlin")
def mute_off(kind: str, value: str, rules_path: Path | None) -> None:
    """Hear of something again."""
    from monitor import wiring

    config = output.load(rules_path)
    full = _full_value(config, kind, value)
    with wiring.opened(config) as store:
        if not store.drop_mute(kind, full):
            raise click.UsageError(f"{kind} '{value}' is not muted")
    click.echo(f"{kind} {value}: heard again")


def _mute_command(kind: Literal["story", "rule", "feed", "term"], example: str) -> None:
    """Add `monitor mute KIND VALUE --for 7d`."""

    @mute.command(kind)
    @click.argument("value")
    @click.option("--for", "span", default="7d", show_default=True, help="For how long: 12h, 3d, 2w.")
    @output.with_rules
    @output.with_example(example)
    def muted(value: str, span: str, rules_path: Path | None) -> None:
        from monitor import wiring
        from monitor.model import Mute

        now = wiring.now()
        until = now + (now - cast("datetime", output.moment(span, ago_only=True)))
        config = output.load(rules_path)
        full = _full_value(config, kind, value)
        _refuse_unknown(config, kind, full)
        with wiring.opened(config) as store:
            store.add_mute(Mute(kind=kind, value=full, until=until))
        click.echo(f"{kind} {value}: muted until {moment(until)}")

    muted.help = f"Mute a {kind} for a while.\n\n\b\nExamples:\n  {example}"
    muted.short_help = f"Mute a {kind} for a while."


def _full_value(config: Config, kind: str, value: str) -> str:
    """Return what a mute names: a story's key for its first characters, a rule's id for its name, a feed's key for its."""
    if kind == "rule":
        return names.found(
            value, {one.name: one.id for one in config.book.rules} | {key: key for key in config.book.by_id}
        )
    if kind == "feed":
        wider = {one: one for feed in config.feeds for one in (feed.outlet, feed.group)}
        return names.found(value, {feed.name: feed.key for feed in config.feeds} | wider)
    if kind == "term":
        return value
    with asked(config) as queries:
        key = queries.find("story", value)
    if key is None:
        raise no_such("story", value)
    return key


def _refuse_unknown(config: Config, kind: str, value: str) -> None:
    """Refuse to mute a rule or a feed that there is not: what was meant would still be heard."""
    with asked(config) as queries:
        if kind == "rule":
            names.check(config, queries, rule=value)
        if kind == "feed":
            names.check(config, queries, feed=value)


_mute_command("story", "monitor mute story 0a2dd1 --for 3d")
_mute_command("rule", "monitor mute rule any-contact-kremlin --for 12h")
_mute_command("feed", "monitor mute feed 'De Standaard' --for 7d")
_mute_command("term", "monitor mute term 'geheim*' --for 7d")
