"""`monitor deliveries` and `monitor channels`: where hits went, and whether that way is open."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli import output
from monitor.cli.names import check
from monitor.cli.record import asked, no_such
from monitor.cli.shown import SHOWN

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.model import Delivery, Receipt
    from monitor.notify import Notifier


@click.group()
def deliveries() -> None:
    """Hits on their way to the channels."""


OUTCOMES = ("waiting", "sent", "retry", "dead", "muted")


@deliveries.command("list")
@output.with_rules
@click.option("--channel", metavar="NAME", help="Only of this channel.")
@click.option("--outcome", type=click.Choice(OUTCOMES), help="Only with this outcome.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="The newest so many.")
@output.as_json
@output.with_example("monitor deliveries list --outcome dead", "monitor deliveries list --channel slack --json")
def deliveries_list(
    rules_path: Path | None, channel: str | None, outcome: str | None, limit: int, as_json: bool
) -> None:
    """List deliveries, the newest first."""
    from monitor.model import Outcome

    only = Outcome(outcome) if outcome and outcome != "waiting" else None
    waiting = True if outcome == "waiting" else None
    config = output.load(rules_path)
    with asked(config) as queries:
        found = queries.list_deliveries(channel=channel, outcome=only, waiting=waiting, limit=limit)
        if not found:
            check(config, queries, channel=channel)
    if as_json:
        for one in found:
            output.json_line(delivery_object(one))
        return
    columns = ("id", "channel", "outcome", "due", "sent", "tries", "what", "error")
    output.table(columns, [_delivery_row(one) for one in found], empty="no deliveries")


def _about(one: Delivery) -> str:
    from monitor.model import Hit

    subject = one.subject
    return subject.article.title or subject.article.url if isinstance(subject, Hit) else subject.title


def _delivery_row(one: Delivery) -> tuple[object, ...]:
    return one.key[:SHOWN], one.channel, one.outcome or "waits", one.due, one.sent, one.attempts, _about(one), one.error


def delivery_object(one: Delivery) -> dict[str, object]:
    """Return a delivery as an object for a machine."""
    return {
        "id": one.key,
        "channel": one.channel,
        "subject": one.subject.key,
        "title": _about(one),
        "outcome": one.outcome,
        "created": one.created,
        "due": one.due,
        "sent": one.sent,
        "attempts": one.attempts,
        "error": one.error,
    }


@deliveries.command("retry")
@click.argument("keys", nargs=-1, metavar="[ID]...")
@click.option("--channel", metavar="NAME", help="All that are dead in this channel.")
@click.option("--all", "all_dead", is_flag=True, help="All that are dead.")
@output.with_rules
@output.with_example("monitor deliveries retry 4f1d2a", "monitor deliveries retry --channel slack")
def deliveries_retry(keys: tuple[str, ...], channel: str | None, all_dead: bool, rules_path: Path | None) -> None:
    """Send what was given up once more. The daemon takes it at its next tick."""
    from monitor import wiring
    from monitor.model import Outcome

    if not (keys or channel or all_dead):
        raise click.UsageError("say which: an ID, --channel NAME or --all")
    config = output.load(rules_path)
    with asked(config) as queries:
        found = [(key, queries.find("delivery", key)) for key in keys]
        dead = queries.list_deliveries(channel=channel, outcome=Outcome.DEAD, limit=None) if not keys else ()
        if not (keys or dead):
            check(config, queries, channel=channel)
    unknown = [key for key, full in found if full is None]
    if unknown:
        raise no_such("delivery", unknown[0])
    chosen = [full for _, full in found if full] + [one.key for one in dead]
    with wiring.opened(config) as store:
        number = store.retry_deliveries(chosen, wiring.now())
    click.echo(f"{number} will be sent again")


# --- channels ---


@click.group()
def channels() -> None:
    """Where alerts go."""


@channels.command("test")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@output.with_rules
@output.as_json
@output.with_example("monitor channels test", "monitor channels test slack desk-mail")
def channels_test(names: tuple[str, ...], rules_path: Path | None, as_json: bool) -> None:
    """Send a marked test to each channel, or to those named, and print what came back. Exit 1 if one refused."""
    config = output.load(rules_path)
    unknown = [name for name in names if name not in config.channels]
    if unknown:
        raise click.UsageError(f"there is no channel '{unknown[0]}'; there are: {', '.join(config.channels)}")
    results = asyncio.run(_tested(config, names or tuple(config.channels)))
    for name, result in results.items():
        said = result if isinstance(result, str) else result.said
        if as_json:
            output.json_line({"channel": name, "ok": not isinstance(result, str), "said": said})
        else:
            word = click.style("refused", fg="red") if isinstance(result, str) else click.style("sent", fg="green")
            click.echo(f"{name}: {word}  {said}")
    if any(isinstance(result, str) for result in results.values()):
        sys.exit(1)


async def _tested(config: Config, names: tuple[str, ...]) -> Mapping[str, Receipt | str]:
    """Return what each channel said to a test message, or why it did not take it."""
    from monitor import wiring
    from monitor.notify import Notifier

    notifier, now = Notifier(config.channels.values()), wiring.now()
    answers = await asyncio.gather(*(_answer(config, notifier, name, now) for name in names))
    return dict(zip(names, answers, strict=True))


async def _answer(config: Config, notifier: Notifier, name: str, now: datetime) -> Receipt | str:
    from zoneinfo import ZoneInfo

    from monitor import render
    from monitor.errors import DeliveryError
    from monitor.model import Delivery, Notice, key_of
    from monitor.policy.delivery import enveloped

    channel, key = config.channels[name], key_of("notice", "test", name, now.isoformat())
    text = "If you can read this, alerts arrive."
    notice = Notice(key=key, title=f"Test of channel {name}", text=text, found=now)
    delivery = Delivery(key=key_of("delivery", key, name), channel=name, subject=notice, created=now, due=now)
    try:
        message = render.message([delivery], channel, zone=ZoneInfo(config.settings.timezone))
        return await notifier.send(channel, message, enveloped([delivery], now))
    except DeliveryError as error:
        return error.reason
