"""How commands speak: tables and colour for a person at a terminal, plain columns in a pipe, JSON for a machine."""

from __future__ import annotations

import csv
import functools
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

    from monitor.config import Config
    from monitor.errors import Fault

F = TypeVar("F", bound=Callable[..., Any])

RULES_FILE = "rules.yaml"


def console(*, stderr: bool = False) -> Console:
    """Return a rich console; in a pipe it is wide and plain, so that nothing is cut."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(
        stderr=stderr, highlight=False, width=None if stream.isatty() else 10_000, soft_wrap=not stream.isatty()
    )


def faults(found: Iterable[Fault]) -> None:
    """Print what is wrong with what a person wrote, a line each, on stderr."""
    out = console(stderr=True)
    from rich.text import Text

    for fault in found:
        colour = "yellow" if fault.warning else "red"
        place = ":".join(str(part) for part in (fault.file, fault.line, fault.column) if part)
        parts = [(f"{place}: " if place else "", "bold"), ("warning: " if fault.warning else "", colour)]
        parts += [(f"{fault.where}: " if fault.where else "", "cyan"), (fault.text, "")]
        out.print(Text.assemble(*parts))


def complain(text: str) -> None:
    """Print one sentence that says what is wrong, on stderr."""
    click.secho(f"monitor: {text}", fg="red", err=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "") -> None:
    """Print rows: a table at a terminal, tab-separated columns with a heading in a pipe."""
    found = [[cell(value) for value in row] for row in rows]
    if not sys.stdout.isatty():
        for row in [list(columns), *found] if found else []:
            click.echo("\t".join(" ".join(cell.split()) for cell in row))
        return
    if not found:
        click.echo(empty or "nothing")
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for name in columns:
        shown.add_column(name, overflow="fold")
    for row in found:
        shown.add_row(*(Text(cell, style=_style(cell)) for cell in row))
    console().print(shown)


def _style(cell: str) -> str:
    return {"ok": "green", "failing": "red", "paused": "red", "dead": "red", "retry": "yellow", "sent": "green"}.get(
        cell, ""
    )


def cell(value: object) -> str:
    """Return a value as a person reads it: local time to the minute, a dash for nothing."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())}s"
    return str(value)


def rows_as_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as CSV."""
    out = csv.writer(sys.stdout)
    out.writerow(columns)
    for row in rows:
        cells = [value.isoformat() if isinstance(value, datetime) else str(value) for value in row]
        out.writerow(map(harmless, cells))


def harmless(cell: str) -> str:
    """Return a cell of a CSV file; one that a spreadsheet would run as a formula is made text by an apostrophe."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def json_line(value: Mapping[str, object]) -> None:
    """Print one JSON object on one line."""
    click.echo(json.dumps(value, ensure_ascii=False, default=_jsonable))


def plain(value: object) -> Any:
    """Return a record, a dataclass or a named tuple, as an object of its fields, all the way down."""
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: plain(one) for name, one in value._asdict().items()}
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def _jsonable(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def address(_context: click.Context, _argument: click.Parameter, said: str) -> str:
    """Read an address of the web as a person types it: `example.org` is https://example.org. Raises BadParameter."""
    from monitor.urls import typed

    if Path(said).is_file():
        raise click.BadParameter(
            f"'{said}' is a file; what is asked for is an address of the web, as https://example.org"
        )
    url = typed(said)
    if not url:
        raise click.BadParameter(f"'{said}' is no address of the web; write https://example.org")
    return url


def addresses(context: click.Context, argument: click.Parameter, said: Sequence[str]) -> tuple[str, ...]:
    """Read several of them, each once. Raises BadParameter."""
    return tuple(dict.fromkeys(address(context, argument, one) for one in said))


# --- options that many commands share ---

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for a machine.")


def with_rules(command: F) -> F:
    """Give a command `--rules FILE`, and pass it on as `rules_path`."""
    option = click.option(
        "--rules",
        "rules_path",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="MONITOR_RULES",
        help="The rules.yaml to use.  [default: ./rules.yaml, else the one that comes with the program]",
    )
    return option(command)


def rules_file(given: Path | None) -> Path:
    """Return the file that holds the rules: the one given, ./rules.yaml, or the one that comes with the program."""
    here = Path(RULES_FILE)
    return given or (here if here.is_file() else packaged_rules())


def packaged_rules() -> Path:
    """Return the rules.yaml that comes with the program: beside it in a wheel, above it in a checkout."""
    packaged = Path(__file__).parent.parent / "_rules.yaml"
    return packaged if packaged.is_file() else Path(__file__).parents[2] / RULES_FILE


def load(given: Path | None, last: Config | None = None) -> Config:
    """Return the configuration, with the environment filled in. Raises ConfigError."""
    from monitor import compiled

    return compiled.load(rules_file(given), os.environ, last)


def holds_some(path: Path, inside: Callable[[Path], Sequence[Path]]) -> None:
    """Refuse a folder with nothing in it that is read. Raises UsageError."""
    if path.is_dir() and not inside(path):
        raise click.UsageError(f"there is nothing to read in {path}: no file with an ending that is known")


def with_example(*lines: str) -> Callable[[F], F]:
    """Put an example at the end of a command's help."""

    def add(command: F) -> F:
        text = "\n\n\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
        command.__doc__ = inspect.cleandoc(command.__doc__ or "") + text
        return command

    return add


def moment(text: str | None, *, ago_only: bool = False) -> datetime | None:
    """Read `2026-05-01`, `2026-05-01T12:00` (local time) or `90d`, `12h` (so long ago). Raises BadParameter."""
    if text is None:
        return None
    from monitor import wiring

    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}.get(text[-1:])
    if unit and text[:-1].isdigit():
        return wiring.now() - timedelta(**{unit: int(text[:-1])})
    if ago_only:
        raise click.BadParameter(f"'{text}' is no length of time; write 12h, 3d or 2w")
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise click.BadParameter(f"'{text}' is no date; write 2026-05-01, 2026-05-01T12:00 or 90d") from None


def span(since: datetime | None, until: datetime | None) -> tuple[datetime | None, datetime | None]:
    """Return the two when something can lie between them. Raises BadParameter."""
    if since and until and since >= until:
        raise click.BadParameter(
            f"nothing lies between --since {cell(since)} and --until {cell(until)}: are they exchanged?"
        )
    return since, until


def _one_of_two(ctx: click.Context, param: click.Parameter, text: str | None) -> datetime | None:
    said = moment(text)
    known = ctx.params | {param.name: said}
    span(known.get("since"), known.get("until"))
    return said


def since_until(command: F) -> F:
    """Give a command `--since` and `--until`."""
    read = functools.partial(click.option, callback=_one_of_two, metavar="WHEN")
    until = read("--until", help="Only before this date.")
    since = read("--since", help="Only from this date on: 2026-05-01, 2026-05-01T12:00, or 90d for so long ago.")
    return since(until(command))
