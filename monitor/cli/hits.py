"""`monitor hits`, `deliveries`, `channels`, `mute`: what was found, where it went, and what a person thinks of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import click

from monitor.cli import names, output

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.model import Delivery, Hit, Receipt
    from monitor.store import HitRecord, Queries

# People type this much of a key, and are shown a little more.
SHOWN = 12
CSV = ("id", "rule", "title", "url", "feed", "found", "story", "evidence")


def asked(config: Config) -> Queries:
    """Open the database for reading."""
    from monitor.store import Queries

    return Queries.open(config.settings.database)


def no_such(kind: str, beginning: str) -> click.UsageError:
    """Return the error for a key that nothing has."""
    shown = {"delivery": "monitor deliveries list", "story": "monitor hits list --json"}.get(
        kind, f"monitor {kind}s list"
    )
    return click.UsageError(f"there is no {kind} whose id begins with '{beginning}'; `{shown}` shows them")


# --- hits ---


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
        rows = (as_object(record) | {"evidence": " | ".join(_sentences(record.hit))} for record in found)
        output.rows_as_csv(CSV, ([row[column] for column in CSV] for row in rows))
    else:
        columns = ("id", "found", "rule", "outlet", "title", "mark")
        output.table(columns, [_row(record) for record in found], empty="no hits")


def as_object(record: HitRecord) -> dict[str, object]:
    """Return a hit as an object for a machine."""
    hit = record.hit
    return {
        "id": hit.key,
        "rule": hit.rule,
        "title": hit.article.title,
        "url": hit.article.url,
        "feed": hit.article.outlet or hit.article.feed,
        "found": hit.found.isoformat(),
        "story": hit.story,
        "evidence": [
            {"field": e.field, "start": e.start, "end": e.end, "text": e.text, "term": e.term, "sentence": e.sentence}
            for e in hit.match.evidence
        ],
        "tags": list(hit.match.tags),
        "complete": hit.article.complete,
        "silent": hit.silent,
        "published": hit.article.published.isoformat() if hit.article.published else None,
        "language": hit.article.language,
        "mark": record.mark,
        "edits": [{"what": e.what, "sentence": e.sentence, "at": e.at.isoformat()} for e in record.edits],
    }


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


def _sentences(hit: Hit) -> list[str]:
    return list(dict.fromkeys(" ".join(one.sentence.split()) for one in hit.match.evidence))


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
        more = {"deliveries": [_delivery_object(one) for one in record.deliveries], "kept": kept and kept.fetched}
        output.json_line(as_object(record) | more)
        return
    _print_hit(record)
    if kept:
        click.echo(f"page as it came {_moment(kept.fetched)}: monitor read --kept {record.hit.key[:SHOWN]}")


def _print_hit(record: HitRecord) -> None:
    from monitor.cli.rules import marked

    hit, article = record.hit, record.hit.article
    click.secho(article.title or "(no title)", bold=True)
    facts = [
        article.outlet,
        _moment(article.published),
        article.language,
        "" if article.complete else "not read in full",
    ]
    click.echo(" · ".join(fact for fact in facts if fact))
    click.echo(f"{article.url}\n" if article.url else "")
    lines = f"line {', '.join(map(str, hit.match.lines))} of find" if hit.match.lines else ""
    said = [hit.rule_name, f"[{', '.join(hit.match.tags)}]" if hit.match.tags else "", lines]
    click.echo("  ".join(part for part in said if part))
    for sentence in dict.fromkeys(one.sentence for one in hit.match.evidence):
        here = [one for one in hit.match.evidence if one.sentence == sentence]
        click.echo(f"  “{marked(sentence, [one.text for one in here])}”")
        click.echo("     " + ", ".join(f"{one.text} ← {one.term} ({one.field} {one.start}-{one.end})" for one in here))
    click.echo()
    click.echo(f"found {_moment(hit.found)}  story {hit.story[:SHOWN]}" + ("  (told to nobody)" if hit.silent else ""))
    if record.mark:
        click.echo(f"marked {record.mark}" + (f": {record.why}" if record.why else ""))
    for edit in record.edits:
        click.echo(f"  {edit.what} {_moment(edit.at)}: “{edit.sentence}”")
    for one in record.deliveries:
        when = _moment(one.sent) or (f"due {_moment(one.due)}" if one.due else "")
        click.echo(f"  {one.channel}: {one.outcome or 'waits'} {when} {one.error}".rstrip())


def _moment(when: datetime | None) -> str:
    return when.astimezone().strftime("%Y-%m-%d %H:%M") if when else ""


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


# --- deliveries ---


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
            names.check(config, queries, channel=channel)
    if as_json:
        for one in found:
            output.json_line(_delivery_object(one))
        return
    columns = ("id", "channel", "outcome", "due", "sent", "tries", "what", "error")
    output.table(columns, [_delivery_row(one) for one in found], empty="no deliveries")


def _about(one: Delivery) -> str:
    from monitor.model import Hit

    subject = one.subject
    return subject.article.title or subject.article.url if isinstance(subject, Hit) else subject.title


def _delivery_row(one: Delivery) -> tuple[object, ...]:
    return one.key[:SHOWN], one.channel, one.outcome or "waits", one.due, one.sent, one.attempts, _about(one), one.error


def _delivery_object(one: Delivery) -> dict[str, object]:
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
            names.check(config, queries, channel=channel)
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
    from zoneinfo import ZoneInfo

    from monitor import render, wiring
    from monitor.errors import DeliveryError
    from monitor.model import Delivery, Notice, key_of
    from monitor.notify import Notifier
    from monitor.policy.delivery import enveloped

    now, zone = wiring.now(), ZoneInfo(config.settings.timezone)
    notifier = Notifier(config.channels.values())

    async def tested(name: str) -> Receipt | str:
        key = key_of("notice", "test", name, now.isoformat())
        notice = Notice(
            key=key, title=f"Test of channel {name}", text="If you can read this, alerts arrive.", found=now
        )
        delivery = Delivery(key=key_of("delivery", key, name), channel=name, subject=notice, created=now, due=now)
        channel = config.channels[name]
        try:
            message = render.message([delivery], channel, zone=zone)
            return await notifier.send(channel, message, enveloped([delivery], now))
        except DeliveryError as error:
            return error.reason

    return dict(zip(names, await asyncio.gather(*map(tested, names)), strict=True))


# --- mutes ---

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
        click.echo(f"{kind} {value}: muted until {_moment(until)}")

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
