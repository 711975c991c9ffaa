"""Message → channel. The hands: the only room that imports apprise, and the only one that sends.

apprise reads every address and carries messages to its hundred services. Mail and Slack have small doors of their own
beside it, for what apprise does not hand out: SMTP codes for each recipient, Message-ID and References, Slack's
blocks and its answer. All HTTP goes through one adapter (`overheard`), which hears status and Retry-After, follows no
redirect and reads no endless answer.

Each send has a thread of its own and a deadline. A thread that hangs is left behind: it holds neither another channel
nor the program's end.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import timedelta

from monitor.errors import DeliveryError
from monitor.model import Channel, Envelope, Message, Receipt
from monitor.notify import console, mail, services, slack
from monitor.notify.attempt import Attempt, Refused, Took, forgotten
from monitor.notify.masks import mask, sendable

# So many sends of one channel may hang at once; then it is refused without being asked.
HANGING = 3
# Of what is sent once and never again.
UNNAMED = Envelope()

Door = Callable[[Channel, Message, Attempt], str]
DOORS: dict[str, Door] = {"console": console.send, "mail": mail.send, "slack": slack.send, "text": services.send}


class Notifier:
    """Sends messages, each channel apart from the others and in order."""

    def __init__(self, channels: Iterable[Channel] = (), *, deadline: timedelta = timedelta(seconds=30)) -> None:
        services.keep_quiet()
        self.faults = {channel.name: fault for channel in channels if (fault := services.fault_of(channel))}
        self._deadline = deadline
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._hanging: defaultdict[str, list[Future[str]]] = defaultdict(list)

    async def send(
        self, channel: Channel, message: Message, envelope: Envelope = UNNAMED, *, took: Took = forgotten
    ) -> Receipt:
        """Send a message to those of the channel's recipients that have not taken it; return what the channel said.

        `envelope` names and dates the message and its thread, and says who has it. `took` is called in another thread,
        for each recipient of several, and where the channel has a name for the message: what it was told must be
        remembered when it returns, so that nobody is told twice.

        Raises DeliveryError when it was refused, could not be sent, or was not done by the deadline (`uncertain`:
        it may have been taken all the same). Its reason holds no secret of the channel's address.
        """
        async with self._turns[channel.name]:
            self._look_for_hanging(channel)
            attempt = Attempt(deadline=self._deadline, envelope=envelope, took=took)
            future = _in_thread(DOORS[channel.kind], channel, sendable(message), attempt)
            answer = asyncio.wrap_future(future)
            answer.add_done_callback(_look_at)
            try:
                said = await asyncio.wait_for(asyncio.shield(answer), self._deadline.total_seconds())
            except TimeoutError as error:
                attempt.give_up()
                self._hanging[channel.name].append(future)
                raise _error(channel, Refused("no answer in time", uncertain=attempt.begun)) from error
            except Refused as refused:
                raise _error(channel, refused) from None  # the cause may hold the address
            except asyncio.CancelledError:
                attempt.give_up()
                raise
            except Exception as error:  # noqa: BLE001  (plugins raise what they like; nothing but ours leaves here)
                raise _error(channel, Refused(repr(error), uncertain=attempt.begun)) from None
            return Receipt(mask(said, channel))

    def _look_for_hanging(self, channel: Channel) -> None:
        alive = [future for future in self._hanging[channel.name] if not future.done()]
        self._hanging[channel.name] = alive
        if len(alive) >= HANGING:
            raise _error(channel, Refused(f"{len(alive)} earlier messages still hang"))


def _error(channel: Channel, refused: Refused) -> DeliveryError:
    return DeliveryError(
        channel.name,
        mask(refused.reason, channel),
        retry=refused.retry,
        retry_after=refused.retry_after,
        uncertain=refused.uncertain,
    )


def _look_at(answer: asyncio.Future[str]) -> None:
    """What comes after the deadline is nobody's any more; asyncio would complain that it was not looked at."""
    if not answer.cancelled():
        answer.exception()


def _in_thread(door: Door, channel: Channel, message: Message, attempt: Attempt) -> Future[str]:
    """Run a door in a thread that does not outlive the program (those of an executor do)."""
    future: Future[str] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            said = door(channel, message, attempt)
        except BaseException as error:  # noqa: BLE001  (all of it goes to the one who waits)
            future.set_exception(error)
        else:
            future.set_result(said)

    threading.Thread(target=run, name=f"notify {channel.name}", daemon=True).start()
    return future
