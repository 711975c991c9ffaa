"""`monitor run`: the long-running service. It owns *when* and *how many*; the steps own *what*.

APScheduler is only a clock that ticks; what is due stands in the database. A tick whose predecessor still works is
left out, for that one goes on claiming what falls due.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from monitor import alarm, canary, health, housekeeping, systemd, wiring
from monitor.config import Config, Stamp, changed, stamps
from monitor.drain import Tally, deliver_all, drain, visit
from monitor.errors import AlreadyRunningError, ConfigError, StoreError
from monitor.model import Outcome, Visit
from monitor.notify import Notifier
from monitor.pipeline import Pipeline
from monitor.store import What
from monitor.wiring import Load

log = logging.getLogger("monitor")

TICK: Final = timedelta(seconds=1)
HOUSEKEEPING: Final = timedelta(minutes=10)
CANARY: Final = timedelta(seconds=30)
# What many feeds show together, as after a night without a network, is told in one notice.
HEALTH: Final = timedelta(minutes=10)
# So often is looked whether the database is to be examined; that is done once a day, however often the daemon starts.
EXAMINATION: Final = timedelta(hours=1)
# Hosts visited side by side. Each waits for the network nearly all of the time.
WIDTH: Final = 32
# What is in hand when we are asked to stop may take this long to end; systemd's TimeoutStopSec lies above it.
GRACE: Final = timedelta(seconds=8)
# What a round waits while a host rests between two visits, in seconds.
REST: Final = 0.05
# A heartbeat looks whether the file changed, whether the clock jumped, and whether the ticks still run.
HEARTBEAT: Final = timedelta(seconds=1)
JUMP: Final = timedelta(seconds=30)
# A tick that shows no sign of life for this long hangs; the longest single step (a fetch, then an extraction) is shorter.
HUNG: Final = timedelta(minutes=2)
# A refused file is told after so long: until then whoever writes it may be looking at the log, or not be done.
PATIENCE: Final = timedelta(minutes=1)
# A database that cannot be used for so long is told past it: a backup or a busy disk is done by then.
STUCK: Final = timedelta(minutes=2)
# What goes on failing for the same reason is logged again after so long: a full disk needs no full log.
AGAIN: Final = timedelta(minutes=5)

# What is told of it.
IN_FORCE: Final = "The last good one stays in force until it is mended."
STOPPED: Final = "the watch has stopped"
NOT_BEGUN: Final = "the watch cannot begin"
UNTIL_MENDED: Final = "Until that is mended nothing is found and nothing is told; then it goes on by itself."
RESUMED: Final = ("the watch goes on", "What was listed meanwhile is read now, as far as the feeds still list it.")


@dataclass(slots=True)
class Trouble:
    """What fails, why, since when, and when that was last said (None: not yet)."""

    why: str
    since: float
    said: float | None = None
    database: bool = False


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a daemon begins.

    `refused` is why the file as it stands is not what it begins with; `keep` keeps what is in force; in the folder
    `told_in` is remembered that people were told of a daemon that cannot begin, None where a person is looking on.
    """

    refused: ConfigError | None = None
    keep: Callable[[Config], object] = lambda _: None
    told_in: Path | None = None


class Every(BaseTrigger):  # type: ignore[misc]  # it comes without types
    """A tick each so often. After a clock that leapt ahead it ticks once: APScheduler's own would count all that it missed."""

    def __init__(self, span: timedelta) -> None:
        self.span = span

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Return when to tick after `previous`; not before now."""
        return max(previous + self.span, now) if previous else now


BEGINNING: Final = Beginning()


@dataclass(slots=True)
class Daemon:
    """A pipeline, a clock that ticks, and what a signal changes."""

    pipeline: Pipeline
    load: Load
    keep: Callable[[Config], object] = lambda _: None
    tally: Tally = field(default_factory=Tally)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    beats: dict[str, float] = field(default_factory=dict)
    sending: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    seen: Mapping[Path, Stamp] = field(default_factory=dict)  # what the rules were last read from
    moving: Mapping[Path, Stamp] = field(default_factory=dict)  # the same, as it stood when it was seen to change
    refused: Trouble | None = None
    complained: bool = False  # settings.ops was told that the file is refused
    failing: dict[str, Trouble] = field(default_factory=dict)  # by tick
    alarmed: bool = False
    aside: set[asyncio.Task[None]] = field(default_factory=set)  # what the heartbeat does not wait for

    async def run(self, refused: ConfigError | None = None) -> None:
        """Work until asked to stop; then let what is in hand end, within `GRACE`."""
        self.seen = refused.seen if refused else self.pipeline.config.seen
        if refused:
            self._refuse(str(refused))
        else:
            await asyncio.to_thread(self.keep, self.pipeline.config)
        scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        # A tick that is left out because its predecessor still works is the design, not news.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        for name, every, tick in self._ticks():
            self.beats[name] = monotonic()
            scheduler.add_job(self._guarded(name, tick), Every(every), id=name, next_run_time=self.pipeline.clock())
        with self._signals():
            scheduler.start()
            systemd.tell("READY=1\nSTATUS=watching the news")
            await self._heartbeat(scheduler)
            systemd.tell("STOPPING=1")
            scheduler.pause()
            await self._finish()
            scheduler.shutdown(wait=False)

    def _ticks(self) -> tuple[tuple[str, timedelta, Callable[[], Awaitable[object]]], ...]:
        return (
            ("poll", TICK, self.poll),
            ("read", TICK, self.read),
            ("deliver", TICK, self.deliver),
            ("canary", CANARY, self.canary),
            ("health", HEALTH, self.health),
            ("housekeeping", HOUSEKEEPING, self.housekeeping),
            ("examination", EXAMINATION, self.examine),
        )

    # --- ticks ---

    async def poll(self) -> int:
        """Poll every feed that is due, one visit a host at a time."""
        return await drain(self._claimer("poll", "feeds"), self._visit, width=WIDTH, stopping=self.stopping)

    async def poll_every_feed(self) -> int:
        """Poll every feed once, whatever its date."""
        visits = await self.pipeline.every_feed()

        async def claim(most: int) -> list[Visit]:
            taken, visits[:] = visits[:most], visits[most:]
            return taken

        return await drain(claim, self._visit, width=WIDTH, stopping=self.stopping)

    async def read(self) -> int:
        """Read every entry that is due, one visit a host at a time."""
        return await drain(self._claimer("read", "entries"), self._visit, width=WIDTH, stopping=self.stopping)

    async def deliver(self) -> None:
        """See to it that each channel with due deliveries has one task sending them. No channel waits for another."""
        self.sending = {name: task for name, task in self.sending.items() if not task.done()}
        for channel in await self.pipeline.channels_waiting():
            if channel not in self.sending and not self.stopping.is_set():
                work = deliver_all(self.pipeline, self.tally, channel, self.stopping)
                self.sending[channel] = asyncio.create_task(self._logged("deliver", work))

    async def canary(self) -> None:
        """Let the day's canary out, and see to it that it arrives."""
        await canary.watch(self.pipeline)

    async def health(self) -> None:
        """Tell what may have been missed although nothing failed."""
        await health.look(self.pipeline)

    async def housekeeping(self) -> None:
        """Drop what is older than the user wants it kept."""
        await housekeeping.tidy(self.pipeline)

    async def examine(self) -> None:
        """Look for damage in the database's file."""
        await housekeeping.examine(self.pipeline)

    def _claimer(self, tick: str, what: What) -> Callable[[int], Awaitable[Sequence[Visit]]]:
        async def claim(most: int) -> Sequence[Visit]:
            self.beats[tick] = monotonic()
            return await self.pipeline.claim_visits(what, most)

        return claim

    async def _visit(self, found: Visit) -> None:
        await visit(self.pipeline, self.tally, found, self.stopping)

    def _guarded(self, name: str, tick: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        async def guarded() -> None:
            self.beats[name] = monotonic()
            await self._logged(name, tick())
            self.beats[name] = monotonic()

        return guarded

    async def _logged(self, name: str, work: Awaitable[object]) -> None:
        """Await a tick's work; whatever it raises is logged, now and then, and the next tick tries again."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - it must not end the watch, and is logged
            self._failed(name, error)
        else:
            if self.failing.pop(name, None):
                log.info("tick %s works again", name)

    def _failed(self, name: str, error: Exception) -> None:
        now, why, known = monotonic(), str(error) or type(error).__name__, self.failing.get(name)
        fault = self.failing[name] = Trouble(why, known.since if known else now, database=isinstance(error, StoreError))
        if known and known.said is not None and known.why == why and now - known.said < AGAIN.total_seconds():
            fault.said = known.said
            return
        fault.said = now
        trace = None if fault.database else error  # what the database says is foreseen, and says all
        log.error("tick %s failed, it is tried again all the time: %s", name, why, exc_info=trace)

    # --- life ---

    async def _heartbeat(self, scheduler: AsyncIOScheduler) -> None:
        """Each second until asked to stop: reload what changed, mend a clock that jumped, say that we live."""
        watchdog = systemd.watchdog_seconds()
        pinged, wall, steady = 0.0, self.pipeline.clock(), monotonic()
        while not self.stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), HEARTBEAT.total_seconds())
            if self._jumped(wall, steady):
                await self._rewind(scheduler)
            wall, steady = self.pipeline.clock(), monotonic()
            await self._look_at_file()
            await self._look_at_database()
            if watchdog and monotonic() - pinged > watchdog / 3 and await self.alive():
                systemd.tell("WATCHDOG=1")
                pinged = monotonic()

    async def _look_at_file(self) -> None:
        """Read a changed file once it stands still: editors write in several goes. Tell of one that stays refused."""
        stand = stamps(self.seen) if changed(self.seen) else {}
        if stand and stand == self.moving:
            await self.reload()
        self.moving = stand
        if self.refused and self.refused.said is None and monotonic() - self.refused.since >= PATIENCE.total_seconds():
            self.refused.said, self.complained = monotonic(), True
            told = self.pipeline.notify_ops("rules.yaml is refused", f"{self.refused.why}\n{IN_FORCE}")
            await self._logged("notice", told)

    async def _look_at_database(self) -> None:
        """Tell it past the outbox when the database cannot be used: nothing is found, and nothing is told otherwise."""
        broken = [fault for fault in self.failing.values() if fault.database]
        if not self.alarmed and any(monotonic() - fault.since >= STUCK.total_seconds() for fault in broken):
            self.alarmed = True
            said = "\n".join(dict.fromkeys(fault.why for fault in broken))
            line = self.pipeline
            told = alarm.shout(line.config, line.notifier, STOPPED, f"{said}\n{UNTIL_MENDED}", line.clock())
            self._aside("alarm", told)
        if self.alarmed and not broken:
            self.alarmed = False
            await self._logged("notice", self.pipeline.notify_ops(*RESUMED))

    def _aside(self, name: str, work: Awaitable[object]) -> None:
        task = asyncio.create_task(self._logged(name, work))
        self.aside.add(task)
        task.add_done_callback(self.aside.discard)

    def _jumped(self, wall: datetime, steady: float) -> bool:
        passed = self.pipeline.clock() - wall
        return abs(passed - timedelta(seconds=monotonic() - steady)) > JUMP

    async def _rewind(self, scheduler: AsyncIOScheduler) -> None:
        """After the wall clock jumped, tick at once: APScheduler would else wait until the old time comes again."""
        log.warning("the clock jumped; ticking goes on from the new time")
        await self._logged("clock", housekeeping.mend_dates(self.pipeline))
        for job in scheduler.get_jobs():
            job.modify(next_run_time=self.pipeline.clock())

    async def alive(self) -> bool:
        """Whether the ticks still run and the database answers: what a watchdog may be told."""
        ticks = {name: self.beats[name] for name, every, _ in self._ticks() if every == TICK}
        hung = [name for name, beat in ticks.items() if monotonic() - beat > HUNG.total_seconds()]
        if hung:
            log.error("no sign of life from: %s", ", ".join(hung))
            return False
        try:
            await self.pipeline.answers()
        except StoreError as error:
            log.error("the database does not answer: %s", error)  # noqa: TRY400 - expected, and said in full
            return False
        return True

    async def reload(self) -> None:
        """Take the changed rules.yaml, or keep the last good one and tell settings.ops why."""
        self.seen = stamps(self.seen)
        try:
            config = await asyncio.to_thread(self.load, self.pipeline.config)
            self.seen = config.seen
            self.pipeline = await wiring.rewired(self.pipeline, config)
        except (ConfigError, StoreError) as error:
            if isinstance(error, ConfigError):
                self.seen = {**self.seen, **error.seen}  # it may be mended in a file that was not there before
            self._refuse(str(error))
            return
        except Exception:
            log.exception("rules.yaml could not be taken over, the last good one stays in force")
            return
        self.refused = None
        await asyncio.to_thread(self.keep, config)
        log.info("rules.yaml reloaded: %d rules, %d feeds", len(config.book.rules), len(config.feeds))
        if self.complained:
            self.complained = False
            await self._logged("notice", self.pipeline.notify_ops("rules.yaml is in force again", "It was mended."))

    def _refuse(self, why: str) -> None:
        """Say that the changed file is not taken over; settings.ops hears of it if that stays so."""
        log.error("rules.yaml is refused, the last good one stays in force:\n%s", why)
        if self.refused is None or self.refused.why != why:
            self.refused = Trouble(why, monotonic())

    async def _finish(self) -> None:
        """Wait for what is in hand; what does not end in time is done again from the disk at the next start."""
        me = asyncio.current_task()
        rest = [task for task in asyncio.all_tasks() if task is not me]
        if not rest:
            return
        _, late = await asyncio.wait(rest, timeout=GRACE.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if late:
            log.warning("%d steps did not end in time; they are done again at the next start", len(late))

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT ask us to stop, a second one exits at once; SIGHUP reloads."""
        loop = asyncio.get_running_loop()

        def stop() -> None:
            if self.stopping.is_set():
                os._exit(130)
            log.info("asked to stop: finishing what is in hand")
            self.stopping.set()

        def again() -> None:
            self._aside("reload", self.reload())

        for number, act in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, again)):
            loop.add_signal_handler(number, act)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.remove_signal_handler(number)


async def run(config: Config, load: Load, begin: Beginning = BEGINNING, *, tell_old: bool = False) -> None:
    """Watch the news until asked to stop. Raises StoreError when it cannot begin, and tells people of it."""
    try:
        async with wiring.wired(config, tell_old=tell_old) as pipeline:
            if begin.told_in:
                alarm.is_over(begin.told_in)
            await Daemon(pipeline, load, keep=begin.keep).run(begin.refused)
    except AlreadyRunningError:
        raise
    except StoreError as error:
        now = wiring.now()
        if begin.told_in and alarm.is_new(str(error), begin.told_in, now):
            await alarm.shout(config, Notifier(config.channels.values()), NOT_BEGUN, f"{error}\n{UNTIL_MENDED}", now)
        raise


async def once(config: Config, *, tell_old: bool = False) -> Tally:
    """Make one full round: poll every feed, read all that is new, send all that is due. Returns the counters."""
    async with wiring.wired(config, tell_old=tell_old) as pipeline:
        return await round_of(pipeline)


async def round_of(pipeline: Pipeline, stopping: asyncio.Event | None = None) -> Tally:
    """Poll every feed whatever its date, read all that is due, deliver all that is due."""
    daemon = Daemon(pipeline, load=lambda _: pipeline.config, stopping=stopping or asyncio.Event())
    with daemon._signals():
        await daemon.poll_every_feed()
        while await pipeline.more_to_read() and not daemon.stopping.is_set():
            if not await daemon.read():
                await asyncio.sleep(REST)
        await daemon.deliver()
        await asyncio.gather(*daemon.sending.values())
    return daemon.tally


def went_wrong(tally: Tally) -> Counter[Outcome]:
    """Return the polls and deliveries of a round that did not succeed."""
    bad = {Outcome.FAILED, Outcome.RETRY, Outcome.DEAD, Outcome.PAUSED}
    return Counter({o: n for (step, o), n in tally.counts.items() if step in {"poll", "deliver"} and o in bad})
