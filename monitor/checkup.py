"""`monitor check`: is everything that a person wrote right, and is what it names there? Nothing is sent. A driver."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor import config
from monitor.config import Config
from monitor.errors import ConfigError, Fault, NoDatabaseError, StoreError
from monitor.notify import Notifier
from monitor.numbers import counted
from monitor.rules.check import run_examples
from monitor.store import Queries


@dataclass(frozen=True, slots=True)
class Findings:
    """What `check` found: faults and warnings of the file, what else is wrong, and what is fine, in sentences."""

    faults: tuple[Fault, ...] = ()
    said: tuple[str, ...] = ()
    refused: bool = False  # the file cannot be used

    def exit_code(self, *, strict: bool) -> int:
        """Return 0: fine; 1: something is wrong; 2: a fault in what a person wrote."""
        wrong = any(strict or not fault.warning for fault in self.faults)
        return 2 if self.refused else int(wrong)


def look(path: Path, environ: Mapping[str, str]) -> Findings:
    """Load the file, run its examples, look at the channels and at the database."""
    try:
        found = config.load(path, environ)
    except ConfigError as error:
        return Findings(error.faults, refused=True)
    faults = [*found.warnings, *_examples(found), *_channels(found, path), *_database(found, path)]
    return Findings(tuple(faults), tuple(_summary(found, path)))


def in_short(found: Config, path: Path) -> str:
    """Say in a line what a configuration holds."""
    numbers = f"{counted(len(found.book.rules), 'rule')}, {counted(len(found.feeds), 'feed')}"
    return f"{path}: {numbers}, channels: {', '.join(found.channels)}"


def _summary(found: Config, path: Path) -> Iterator[str]:
    yield in_short(found, path)
    examples = [example for rule in found.book.rules for example in rule.examples]
    yield f"{counted(len(examples), 'example')} tried"
    if not found.settings.ops:
        yield "settings.ops names no channel: of a feed that dies or stories that may be missed only `monitor status` tells"


def _examples(found: Config) -> Iterator[Fault]:
    for result in run_examples(found.book):
        if not result.passed:
            place = result.example.place
            wanted = "matches nothing" if result.example.match else "matches"
            yield Fault(
                f"this example {wanted}: {textwrap.shorten(result.example.text, 80, placeholder=' …')}",
                place.file,
                place.line,
                place.column,
                f"rule {result.rule}",
            )


def _channels(found: Config, path: Path) -> Iterator[Fault]:
    for name, fault in Notifier(found.channels.values()).faults.items():
        yield Fault(fault, str(path), where=f"channels.{name}")


def _database(found: Config, path: Path) -> Iterator[Fault]:
    """Look whether the database can be used; that there is none yet is no fault."""
    try:
        with Queries.open(found.settings.database) as queries:
            queries.check()
    except NoDatabaseError:
        return
    except StoreError as error:
        yield Fault(str(error), str(path), where="settings.database")
