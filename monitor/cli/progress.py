"""How far a backfill is: a bar at a terminal, a plain line now and then in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from monitor.cli import output
from monitor.numbers import counted, weighed

if TYPE_CHECKING:
    from monitor.model import Outcome

# In a pipe, a line each time so many documents are done, or so much time has gone.
EVERY = 1_000
OFTEN = timedelta(minutes=1)


class _Going:
    """How far a backfill is: a plain line now and then, for a pipe."""

    def __init__(self, total: int | None, octets: int, limit: int | None, before: int) -> None:
        from monitor import wiring

        self._clock = wiring.now
        self._began = self._shown = self._clock()
        self._total = min(total or limit, limit) if limit else total
        self._octets = 0 if self._total is not None else octets
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

    def __init__(self, total: int | None, octets: int, limit: int | None, before: int) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        super().__init__(total, octets, limit, before)
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
def progress(total: int | None, octets: int, limit: int | None, before: int) -> Iterator[_Going]:
    """Show how far it is: of so many documents, else of so many bytes; `before` documents were done by an earlier run."""
    if not sys.stderr.isatty():
        yield _Going(total, octets, limit, before)
        return
    going = _Bar(total, octets, limit, before)
    with going.bar:
        yield going
