"""Do all that is due, side by side; say each step's outcome once, in the log and in the counters.

Drivers decide when to drain and how wide; what a step does stands in `pipeline`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any, Final

from monitor.errors import StoreError
from monitor.model import Delivery, Ending, Entry, Feed, Outcome, Visit
from monitor.pipeline import Pipeline
from monitor.urls import masked

log = logging.getLogger("monitor")

# What a slot waits before it asks for work again while its neighbours are still busy.
BREATH: Final = 0.25
# A visit hands back what it has not begun after this long, so that a long inbox of one host holds no slot for ever.
PATIENCE: Final = timedelta(seconds=20)

Rescue = Callable[[str], Awaitable[Ending]]


@dataclass(slots=True)
class Tally:
    """The counters of every step's outcome, and the one log line each."""

    counts: Counter[tuple[str, Outcome]] = field(default_factory=Counter)

    async def tell(self, step: str, what: str, act: Awaitable[Ending], rescue: Rescue) -> Outcome:
        """Await a step, count its outcome, log it. What it did not foresee stops nothing else.

        Then `rescue` gets the reason and sees to it that the work is tried again, later and not for ever.
        """
        began = monotonic()
        try:
            ending = await act
        except StoreError as error:
            log.error("%s %s: cannot be written: %s", step, what, error)  # noqa: TRY400 - it says all
            ending = await self._rescued(rescue, str(error))
        except Exception as error:
            log.exception("%s %s: failed in a way that it did not foresee", step, what)
            ending = await self._rescued(rescue, f"unforeseen: {type(error).__name__}: {error}")
        outcome, reason = ending
        self.counts[step, outcome] += 1
        level = logging.WARNING if outcome in {Outcome.FAILED, Outcome.DEAD, Outcome.PAUSED} else logging.INFO
        said = f"{outcome}, {reason}" if reason else outcome
        log.log(level, "%s %s: %s (%.1f s)", step, what, said, monotonic() - began)
        return outcome

    @staticmethod
    async def _rescued(rescue: Rescue, reason: str) -> Ending:
        try:
            return await rescue(reason)
        except StoreError as error:
            # The work stays claimed until its lease ends.
            log.error("nor can it be put off: %s", error)  # noqa: TRY400 - it says all
        except Exception:
            log.exception("nor can it be put off")
        return Ending(Outcome.FAILED)

    def of(self, step: str) -> Counter[Outcome]:
        """Return how often each outcome ended this step."""
        return Counter({outcome: n for (name, outcome), n in self.counts.items() if name == step})


async def drain(
    claim: Callable[[int], Awaitable[Sequence[Visit]]],
    visit: Callable[[Visit], Coroutine[Any, Any, None]],
    *,
    width: int,
    stopping: asyncio.Event,
) -> int:
    """Claim visits and do them, at most `width` side by side, until none is due or `stopping` is set.

    `claim` is told how many slots are free, and takes that many visits at most. A slow host holds one slot; the others
    go on claiming meanwhile. Returns the number of visits made; what a visit raises it raises when the others are done.
    """
    made = 0
    running: set[asyncio.Task[None]] = set()
    try:
        while not stopping.is_set():
            free = width - len(running)
            if found := await claim(free) if free else ():
                made += len(found)
                running |= {asyncio.create_task(visit(one)) for one in found}
                continue
            if not running:
                break
            done, running = await asyncio.wait(running, timeout=BREATH, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()  # what a visit itself cannot handle is the database's: then no more is claimed
        return made
    finally:
        if running:
            await asyncio.gather(*running, return_exceptions=True)


async def visit(pipeline: Pipeline, tally: Tally, found: Visit, stopping: asyncio.Event) -> None:
    """Do all that a visit claimed on one host, in order, with the polite pause between; hand back what was not begun."""
    pause = pipeline.config.settings.pause.total_seconds()
    began = monotonic()
    try:
        # Feeds first: they are few, and what nobody asked for in time may be gone; the inbox stays.
        inorder: list[Entry | Feed] = [*found.feeds, *found.entries]
        for number, work in enumerate(inorder):
            late = monotonic() - began > PATIENCE.total_seconds()
            if late or stopping.is_set() or found.host in pipeline.waits:
                break
            if number:
                await asyncio.sleep(pause)
            rescue = partial(pipeline.stumbled, work)
            if isinstance(work, Feed):
                await tally.tell("poll", work.name, pipeline.poll(work), rescue)
            else:
                await tally.tell("read", masked(work.link) or work.title, pipeline.read(work), rescue)
    finally:
        await pipeline.leave(found)


async def deliver_all(pipeline: Pipeline, tally: Tally, channel: str, stopping: asyncio.Event) -> None:
    """Send what is due for one channel, message after message, in order; stop at the first that does not arrive."""
    while not stopping.is_set():
        groups = await pipeline.claim_messages(channel)
        if not groups:
            return
        while groups:
            message, *groups = groups
            rescue = partial(pipeline.unsent, message, groups)
            send = pipeline.deliver(message, behind=groups)
            outcome = await tally.tell("deliver", _named(message), send, rescue)
            if outcome in {Outcome.RETRY, Outcome.FAILED}:
                return  # a channel that is down is not asked for each message in turn
            if stopping.is_set():
                await pipeline.hold(groups)
                return


def _named(deliveries: tuple[Delivery, ...]) -> str:
    return f"{deliveries[0].channel} ({len(deliveries)})"
