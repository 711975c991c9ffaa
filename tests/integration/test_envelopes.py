"""What a message is made of is on record before it is sent: a kill in between repeats it, and makes no other of it."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from monitor import housekeeping
from monitor.drain import Tally, deliver_all
from monitor.model import Outcome
from monitor.notify import Notifier
from monitor.pipeline import Pipeline
from monitor.store import Queries, Store
from tests.acceptance.newsroom import secret_story
from tests.fakes import Scene, paper_feed, stage
from tests.postbox import Postbox, Slack

RULES = """
version: 1
settings: {{ops: [desk], database: "{database}"}}
channels: {{desk: {{{how}url: "{url}"}}}}
feeds: []
lists:
  use: [kremlin, secret-talks]
rules:
  - {{id: talks, name: Geheime gesprekken, find: $covert + $contact + $kremlin, send: [desk]}}
"""


@dataclass
class Slow(Postbox):
    """A mail server that thinks until it is told to go on: at its answer to a mail, or before it takes a recipient."""

    thinks_over: str = ""  # a recipient
    answers_late: bool = False
    thinking: threading.Event = field(default_factory=threading.Event)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == self.thinks_over:
            await self._think()
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        said = await super().handle_DATA(server, session, envelope)
        if self.answers_late:
            await self._think()
        return said

    async def _think(self) -> None:
        self.thinking.set()
        while self.thinking.is_set():
            await asyncio.sleep(0.01)


@pytest.fixture
def postbox() -> Iterator[Slow]:
    with Slow().open() as box:
        yield box
        box.thinking.clear()


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    made = stage(tmp_path)
    made.subscribe("krant")
    made.publish("krant", ("oud.html", "Brug klaar", "De brug gaat in het voorjaar open.\nHet werk duurde drie jaar."))
    await made.flow()
    yield made
    made.store.close()


def told_to(scene: Scene, folder: Path, url: str, how: str = "") -> None:
    """Let the rules send to this address, through the real doors."""
    scene.with_rules(RULES.format(database=scene.address, url=url, how=how), folder)
    scene.pipeline = replace(scene.pipeline, notifier=Notifier())


def write(scene: Scene, *numbers: int) -> None:
    """Let the paper list these stories."""
    printed(scene, *((f"{n}.html", *secret_story(n)) for n in numbers))


def printed(scene: Scene, *articles: tuple[str, str, str]) -> None:
    """Let the paper list these articles, and be asked at once."""
    scene.publish("krant", *articles)
    for feeds in ([], [paper_feed("krant")]):
        scene.store.sync_feeds(feeds, scene.clock(), lambda _: timedelta(0))


async def killed_while(scene: Scene, postbox: Slow) -> None:
    """Let the daemon read and send, and end it while the mail server thinks; then start again."""
    await read(scene)
    sending = asyncio.create_task(deliver_all(scene.pipeline, Tally(), "desk", asyncio.Event()))
    assert await asyncio.to_thread(postbox.thinking.wait, 20)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    postbox.thinks_over, postbox.answers_late = "", False
    postbox.thinking.clear()
    await restarted(scene)


async def read(scene: Scene) -> None:
    """Let the daemon find what there is, and not come to sending it."""
    before, scene.pipeline = scene.pipeline, without_sending(scene.pipeline)
    await scene.flow()
    scene.pipeline = before


def without_sending(pipeline: Pipeline) -> Pipeline:
    """The same, with the channels closed: what is found waits in the outbox."""

    class Closed(Pipeline):
        async def channels_waiting(self) -> tuple[str, ...]:
            return ()

    return Closed(**{name: getattr(pipeline, name) for name in Pipeline.__dataclass_fields__})


async def test_a_message_that_a_kill_interrupted_is_the_same_message_again(scene, postbox, tmp_path):
    """Another story came meanwhile: it makes a mail of its own, and the first is folded away by the mail program."""
    told_to(scene, tmp_path, postbox.url(), "digest: hourly, ")
    scene.clock.forward(minutes=10)
    write(scene, 1, 2)
    await scene.flow()
    scene.clock.forward(hours=1)
    postbox.answers_late = True
    await killed_while(scene, postbox)
    assert len(postbox.mails) == 1

    write(scene, 1, 2, 3)
    await read(scene)
    scene.clock.forward(hours=1)
    await scene.flow()

    first, again, other = postbox.mails
    assert again.raw == first.raw
    assert other.parsed["Message-ID"] != first.parsed["Message-ID"]
    assert "/3.html" in other.part("plain")
    assert "/1.html" not in other.part("plain")


async def test_a_kill_between_two_recipients_mails_the_first_once(scene, postbox, tmp_path):
    """What the first of them took is on disk before the second is asked."""
    told_to(scene, tmp_path, postbox.url("an@krant.example", "bo@krant.example", "cy@krant.example"))
    write(scene, 1)
    postbox.thinks_over = "bo@krant.example"
    await killed_while(scene, postbox)
    assert [mail.recipient for mail in postbox.mails] == ["an@krant.example"]

    scene.clock.forward(minutes=1)
    await scene.flow()

    assert [mail.recipient for mail in postbox.mails] == ["an@krant.example", "bo@krant.example", "cy@krant.example"]
    assert len({mail.raw for mail in postbox.mails}) == 1


async def test_a_recipient_who_did_not_exist_gets_the_mail_once_he_does_and_the_others_do_not_get_it_again(
    scene, postbox, tmp_path
):
    """A dead delivery that is sent again by hand goes only to whoever lacks it."""
    told_to(scene, tmp_path, postbox.url("an@krant.example", "bo@krant.example"))
    postbox.refusing_to = {"bo@krant.example": "550 5.1.1 no such user"}
    write(scene, 1)
    assert (await scene.flow())[Outcome.DEAD] == 1
    assert [mail.recipient for mail in postbox.mails] == ["an@krant.example"]

    postbox.refusing_to = {}
    with Queries.open(scene.address) as queries:
        (dead,) = queries.list_deliveries(outcome=Outcome.DEAD)
    await restarted(scene)
    assert scene.store.retry_deliveries([dead.key], scene.clock()) == 1
    await scene.flow()

    assert [mail.recipient for mail in postbox.mails] == ["an@krant.example", "bo@krant.example"]


async def test_a_restart_does_not_ask_a_channel_sooner_than_it_wished(scene, slack: Slack, tmp_path):
    """429 with an hour's patience: not for what it refused, nor for what came after it."""
    told_to(scene, tmp_path, slack.url)
    slack.mode, slack.retry_after = "429", "3600"
    write(scene, 1)
    await scene.flow()
    asked = len(slack.requests)

    slack.mode = "ok"
    write(scene, 1, 2)
    for _ in range(3):
        await restarted(scene)
        scene.clock.forward(minutes=19)
        await scene.flow()
    assert len(slack.requests) == asked

    scene.clock.forward(minutes=4)
    await scene.flow()
    assert [f"/{n}.html" in str(payload) for n, payload in enumerate(slack.received, 1)] == [True, True]


async def test_a_mail_server_that_is_down_for_an_hour_delays_and_loses_nothing(scene, tmp_path):
    """It is asked a handful of times, not each minute; within half an hour of its return all is there, once, in order."""
    postbox, attempts = Postbox(), 0
    with postbox.open():
        pass  # it has a port now, and nobody answers there
    told_to(scene, tmp_path, postbox.url())
    for minute in range(60):
        if minute in {0, 20, 40}:
            write(scene, *range(1, 2 + minute // 20))
        attempts += (await scene.flow())[Outcome.RETRY]
        scene.clock.forward(minutes=1)
    assert 4 <= attempts <= 9

    with postbox.open():
        back = scene.clock()
        while len(postbox.mails) < 3 and scene.clock() < back + timedelta(minutes=30):
            scene.clock.forward(minutes=1)
            await scene.flow()
        scene.clock.forward(hours=2)
        await scene.flow()

    assert [re.findall(r"/(\d)\.html", mail.part("plain")) for mail in postbox.mails] == [["1"], ["2"], ["3"]]


async def restarted(scene: Scene) -> None:
    """What a daemon that died and starts again finds, and does first."""
    scene.store.close()
    store = Store.open(scene.address)
    store.reclaim()
    scene.pipeline = replace(scene.pipeline, store=store, notifier=Notifier())
    await housekeeping.mend_dates(scene.pipeline)


async def test_a_slack_bots_thread_is_found_again_after_a_restart(scene, everywhere: Slack, tmp_path):
    """What Slack called the story's first message is on record with it."""
    told_to(scene, tmp_path, "slack://xoxb-1234567890-1234567890-abcdefghij/#nieuws")
    write(scene, 1)
    await scene.flow()
    await restarted(scene)

    title, text = secret_story(1)
    again = ("101.html", f"Ook dit: {title}", text + "\nEen tweede bron bevestigt het.")
    printed(scene, again, ("2.html", *secret_story(2)))
    scene.clock.forward(minutes=10)
    await scene.flow()

    first, *others = everywhere.received
    follow_ups = [payload for payload in others if payload["text"].startswith("Ook in")]
    assert [payload["thread_ts"] for payload in follow_ups] == [first["ts"]]
    assert [payload.get("thread_ts") for payload in others if payload not in follow_ups] == [None]
