"""What a backfill would look at, and how long that takes at the polite rate: counted, without reading it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from monitor.cli import output
from monitor.numbers import counted

if TYPE_CHECKING:
    from monitor.archives import Document, Volume
    from monitor.shards import Span


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

    def add(self, one: Document, span: Span) -> None:
        """Count a document; what cannot be read is named on stderr."""
        from monitor.urls import host

        if one.fault:
            self.failed += 1
            click.echo(f"  {faulty(one.name, one.fault)}", err=True)
        elif not span.holds(one.dated):
            self.outside += 1
        elif one.page is not None or one.article is not None:
            self.ready += 1
        else:
            self.hosts[host(one.entry.link)] += 1


async def planned(source: AsyncIterator[Volume], span: Span, pause: timedelta) -> Plan:
    """Count what a source has, without reading it."""
    plan = Plan(pause=pause)
    async for volume in source:
        for shard in volume.shards:
            for piece in shard.opened():
                plan.add(piece(), span)
    return plan


def say_plan(plan: Plan, *, as_json: bool) -> None:
    """Print a plan: for a machine, of the record, or of what is to be fetched from where."""
    if as_json:
        could = {} if plan.few is None else {"could_match": plan.few}
        faults = {"outside": plan.outside, "failed": plan.failed}
        output.json_line({"documents": plan.documents, **could, **faults, "hosts": plan.hosts, "seconds": plan.lasts})
    elif plan.few is not None:
        fewer = f", {plan.few} in which a rule could match" if plan.few < plan.ready else ""
        click.echo(counted(plan.ready, "stored article") + fewer)
    else:
        _say_hosts(plan)


def _say_hosts(plan: Plan) -> None:
    said = [counted(plan.documents, "document")]
    said += [f"{plan.outside} outside the dates"] if plan.outside else []
    said += [f"{plan.failed} that cannot be read"] if plan.failed else []
    click.echo(", ".join(said))
    for name, number in plan.hosts.most_common():
        click.echo(f"  {number} from {name or 'no host'}")
    if plan.hosts:
        each = plan.pause.total_seconds()
        click.echo(f"at least {plan.lasts} to fetch them, with {each:g} s between two of a host")


def faulty(name: str, reason: str) -> str:
    """Return where something is wrong, and what; many reasons name the place themselves."""
    return reason if name in reason else f"{name}: {reason}"
