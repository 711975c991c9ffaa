"""`monitor db`: the care of the database, while the daemon runs."""

from __future__ import annotations

from pathlib import Path

import click

from monitor.cli import output
from monitor.numbers import weighed


@click.group()
def db() -> None:
    """Look after the database: its size, a backup, and back again."""


@db.command("size")
@output.with_rules
@output.as_json
@output.with_example("monitor db size", "monitor db size --json | jq .octets")
def size(rules_path: Path | None, as_json: bool) -> None:
    """Say how large each table is, with its indexes."""
    from monitor.store import upkeep

    found = upkeep.sizes(output.load(rules_path).settings.database)
    if as_json:
        for one in found:
            output.json_line({"table": one.table, "rows": one.rows, "octets": one.octets})
        return
    rows = [(one.table, one.rows, "?" if one.octets is None else weighed(one.octets)) for one in found]
    output.table(("table", "rows", "size"), [*rows, ("all", "", weighed(sum(one.octets or 0 for one in found)))])


@db.command("vacuum")
@output.with_rules
@output.with_example("monitor db vacuum")
def vacuum(rules_path: Path | None) -> None:
    """Give the space of what was dropped back to the disk. A daemon that runs waits meanwhile (seconds for a gigabyte)."""
    from monitor.store import upkeep

    before, after = upkeep.vacuum(output.load(rules_path).settings.database)
    click.echo(f"{weighed(before)} → {weighed(after)}")


@db.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@output.with_rules
@output.with_example("monitor db backup /backup/monitor-$(date +%F).db")
def backup(file: Path, rules_path: Path | None) -> None:
    """Copy the whole database into a file that is not there yet. The daemon goes on meanwhile."""
    from monitor.store import upkeep

    octets = upkeep.backup(output.load(rules_path).settings.database, file)
    click.echo(f"{file}: {weighed(octets)}")


@db.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@output.with_rules
@output.with_example("monitor db restore /backup/monitor-2026-05-01.db")
def restore(file: Path, rules_path: Path | None) -> None:
    """Put a backup in the database's place. Refused while the daemon runs. The old database is kept beside it."""
    from monitor.store import upkeep

    kept = upkeep.restore(output.load(rules_path).settings.database, file)
    click.echo(f"restored from {file}" + (f"; the old one is {kept}" if kept else ""))
