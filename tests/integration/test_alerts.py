"""When alerts leave and what keeps them back, through the daemon's own steps, a real database and the commands."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from monitor import wiring
from monitor.cli.app import main
from monitor.errors import DeliveryError
from monitor.model import Channel, Envelope, Message, Outcome, Receipt
from monitor.notify.attempt import Took
from monitor.store import Queries
from tests.acceptance.newsroom import secret_story
from tests.fakes import Scene, paper_feed, stage
from tests.making import a_delivery, a_hit, a_record, a_verdict, an_article, an_entry

RULES = """
version: 1
settings: {{ops: [desk], timezone: Europe/Brussels, database: "{database}"}}
channels:
  desk: {{}}
  slack: {{{how}}}
feeds: []
lists:
  use: [kremlin, secret-talks]
rules:
  - {{id: talks, name: Geheime gesprekken, find: $covert + $contact + $kremlin, send: [slack]}}
  - {{id: war, name: Oorlog, find: oorlogsverklaring*, send: [slack], urgent: true}}
"""
BRUSSELS = ZoneInfo("Europe/Brussels")
QUARTER = timedelta(minutes=15)
DULL = "De brug gaat in het voorjaar open voor fietsers en wandelaars uit de hele streek.\nHet werk duurde drie jaar."
WAR = "Het parlement kreeg een oorlogsverklaring op tafel.\nDe zitting duurde tot diep in de nacht, zeggen leden."


@dataclass
class Unhurried:
    """Channels for which sending takes a second, so that no two messages leave at one moment."""

    scene: Scene

    async def send(self, channel: Channel, message: Message, envelope: Envelope, *, took: Took) -> Receipt:
        receipt = await self.scene.post.send(channel, message, envelope, took=took)
        self.scene.clock.forward(seconds=1)
        return receipt


@dataclass
class Desk:
    """A scene with one paper, whose messages are kept with the local time at which they came."""

    scene: Scene
    folder: Path
    came: list[tuple[datetime, Message]] = field(default_factory=list)
    items: list[tuple[str, str, str]] = field(default_factory=list)
    printed: bool = False  # since the paper was last asked

    def rules(self, how: str) -> None:
        self.scene.with_rules(RULES.format(database=self.scene.address, how=how), self.folder)

    async def begin(self, local: str, how: str = "") -> None:
        """Start at this time on a Brussels clock, with a paper that listed a dull article before."""
        self.rules(how)
        self.scene.clock.now = datetime.fromisoformat(local).replace(tzinfo=BRUSSELS).astimezone(UTC)
        self.write("oud", "Brug klaar", DULL)
        await self.look()

    def write(self, path: str, title: str, text: str) -> None:
        self.printed = True
        self.items.append((f"{path}.html", title, text))
        self.scene.publish("krant", *self.items)

    def find(self, number: int) -> None:
        """Let the paper write a story of its own that the rule hits."""
        title, text = secret_story(number)
        self.write(f"verhaal{number}", title, text.replace("\n\n", "\n"))

    async def look(self) -> None:
        """Let the daemon do all that is due now; the paper is asked whatever its rhythm."""
        feeds = [paper_feed("krant")] if self.printed else []
        for some in ([], feeds):  # one that comes back is due at once
            self.scene.store.sync_feeds(some, self.scene.clock(), lambda _: timedelta(0))
        self.printed, before = False, len(self.scene.post.sent)
        await self.scene.flow()
        now = self.scene.clock().astimezone(BRUSSELS)
        self.came += [(now, message) for name, message in self.scene.post.sent[before:] if name == "slack"]

    async def wait(self, **span: float) -> None:
        """Let time go by, a quarter of an hour at a step."""
        end = self.scene.clock() + timedelta(**span)
        while self.scene.clock() < end:
            self.scene.clock.now = min(self.scene.clock() + QUARTER, end)
            await self.look()

    def times(self) -> list[str]:
        return [f"{when:%d %H:%M}" for when, _ in self.came]

    def told(self) -> list[list[int]]:
        """The stories in each message."""
        return [sorted({int(n) for n in re.findall(r"/verhaal(\d+)\.html", m.text)}) for _, m in self.came]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    scene = stage(tmp_path)
    scene.pipeline = replace(scene.pipeline, notifier=Unhurried(scene))
    yield Desk(scene, tmp_path)
    scene.store.close()


# --- when they leave -------------------------------------------------------------------------------------------------


async def test_what_a_night_brings_is_one_message_in_the_morning(desk):
    """Held, not lost, and together: nobody is woken, nobody reads six mails at breakfast."""
    await desk.begin("2026-03-02 22:30", 'quiet: "23:00-06:30"')
    for number in range(1, 5):
        desk.find(number)
        await desk.wait(hours=2)

    await desk.wait(hours=2)

    assert desk.times() == ["02 22:45", "03 06:30"]
    assert desk.told() == [[1], [2, 3, 4]]


async def test_an_urgent_rule_breaks_through_and_takes_nothing_with_it(desk):
    """War is declared at three in the night: that, and only that, rings."""
    await desk.begin("2026-03-02 23:30", 'quiet: "23:00-06:30"')
    desk.find(1)
    await desk.wait(hours=3, minutes=30)
    desk.write("oorlog", "Parlement vergadert", WAR)
    await desk.wait(hours=5)

    assert desk.times() == ["03 03:15", "03 06:30"]
    assert desk.told() == [[], [1]]
    assert "oorlogsverklaring" in desk.came[0][1].text


async def test_what_is_over_at_most_is_gathered_and_nothing_is_dropped(desk):
    """Never more than two messages in any hour, and every story in one of them, once, as they were found."""
    await desk.begin("2026-03-02 09:00", "at_most: 2/h")
    for first in (1, 6, 9):
        for number in range(first, first + 3):
            desk.find(number)
        await desk.wait(minutes=15)
    await desk.wait(hours=3)

    moments = [when for when, _ in desk.came]
    assert all(later - earlier >= timedelta(hours=1) for earlier, later in zip(moments, moments[2:], strict=False))
    told = [number for message in desk.told() for number in message]
    assert [sorted(told[:3]), sorted(told[3:6]), sorted(told[6:])] == [[1, 2, 3], [6, 7, 8], [9, 10, 11]]


async def test_a_storm_that_lasts_does_not_begin_anew_with_each_look(desk):
    """Thirty messages, and then what is due goes together, until ten minutes were calm."""
    await desk.begin("2026-03-02 09:00")

    async def found(*numbers: int) -> list[int]:
        before = len(desk.came)
        for number in numbers:
            entry = an_entry(paper_feed("krant"), number, link=f"https://krant.example/s{number}.html")
            hit = a_hit(an_article(entry), rule="talks", found=desk.scene.clock())
            one = a_delivery(hit, "slack", created=desk.scene.clock(), due=desk.scene.clock())
            desk.scene.store.record(
                a_record(entry, a_verdict(hit.article, hit), hit, deliveries=(one,)), desk.scene.clock()
            )
        await desk.look()
        return [len(set(re.findall(r"/s(\d+)\.html", message.text))) for _, message in desk.came[before:]]

    assert await found(*range(40)) == [1] * 29 + [11]
    assert await found(*range(40, 45)) == [5]
    desk.scene.clock.forward(minutes=11)
    assert await found(*range(45, 48)) == [1, 1, 1]


@pytest.mark.parametrize(
    ("evening", "morning", "next_morning"),
    [
        ("2026-03-28 21:00", "29 03:00", "30 02:30"),  # 02:30 does not come
        ("2026-10-24 21:00", "25 02:30", "26 02:30"),  # 02:30 comes twice
    ],
)
async def test_a_digest_leaves_once_on_the_days_when_the_clock_changes(desk, evening, morning, next_morning):
    """What is found after it waits for the next day's, also in the hour that comes twice."""
    await desk.begin(evening, 'digest: "02:30"')
    desk.find(1)
    await desk.wait(hours=3)
    desk.find(2)
    await desk.wait(hours=3)
    desk.find(3)
    await desk.wait(hours=26)

    assert desk.times() == [morning, next_morning]
    assert desk.told() == [[1, 2], [3]]


async def test_an_hourly_digest_is_one_message_an_hour(desk):
    """At the full hour, and none when there is nothing to tell."""
    await desk.begin("2026-03-02 09:05", "digest: hourly")
    desk.find(1)
    await desk.wait(minutes=15)
    desk.find(2)
    await desk.wait(minutes=100)
    desk.find(3)
    await desk.wait(hours=2)

    assert desk.told() == [[1, 2], [3]]
    assert [when.strftime("%H") for when, _ in desk.came] == ["10", "12"]
    assert all(later - earlier > timedelta(hours=1) for (earlier, _), (later, _) in pairwise(desk.came))


async def test_a_weekend_is_quiet_and_monday_has_it_all(desk):
    """A desk that works from Monday to Friday."""
    await desk.begin("2026-03-06 22:00", "weekdays: mon-fri")
    await desk.wait(hours=4)
    desk.find(1)
    await desk.wait(hours=20)
    desk.find(2)
    await desk.wait(hours=30)

    assert desk.times() == ["09 00:00"]
    assert desk.told() == [[1, 2]]


# --- what keeps them back --------------------------------------------------------------------------------------------


def typed(desk: Desk, *words: str) -> str:
    done = CliRunner().invoke(main, [*words, "--rules", str(desk.folder / "rules.yaml")], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def last(desk: Desk) -> tuple[str, str]:
    """The outcome of the newest hit's delivery, and its reason."""
    with Queries.open(desk.scene.address) as queries:
        (delivery,) = queries.list_hits()[0].deliveries
        return str(delivery.outcome), delivery.error


@pytest.mark.parametrize(
    ("kind", "value"),
    [("rule", "talks"), ("feed", "Krant"), ("feed", "krant"), ("term", "Geheim"), ("term", "$covert")],
)
async def test_what_is_muted_by_a_command_is_recorded_not_sent_and_heard_again(desk, kind, value):
    """By rule, by paper, by a word of the text or the term that found it; until its time is over."""
    await desk.begin(f"{wiring.now().astimezone(BRUSSELS):%Y-%m-%d %H:%M}")
    assert "muted until" in typed(desk, "mute", kind, value, "--for", "12h")
    assert json.loads(typed(desk, "mute", "list", "--json"))["value"].casefold() == value.casefold()
    desk.find(1)
    await desk.wait(minutes=15)
    assert desk.came == []
    assert last(desk)[0] == Outcome.MUTED
    assert last(desk)[1].casefold().startswith(f"muted: {kind} {value} until".casefold())

    desk.scene.clock.forward(hours=12)
    desk.find(2)
    await desk.wait(minutes=15)
    assert desk.told() == [[2]], "it ended by itself, and what it hid stays hidden"


async def test_a_story_is_muted_by_the_beginning_of_its_id_and_others_are_heard(desk):
    """The reader copies it from the alert itself."""
    await desk.begin(f"{wiring.now().astimezone(BRUSSELS):%Y-%m-%d %H:%M}")
    desk.find(1)
    await desk.wait(minutes=15)
    (named,) = re.findall(r"monitor mute story (\w+)", desk.came[0][1].text)
    typed(desk, "mute", "story", named)
    title, text = secret_story(1)
    desk.write("verhaal101", f"Ook dit: {title}", text.replace("\n\n", "\n") + "\nEen tweede bron bevestigt het.")
    desk.find(2)
    await desk.wait(minutes=15)
    assert desk.told() == [[1], [2]]

    typed(desk, "mute", "off", "story", named)
    desk.write("verhaal102", f"Nog eens: {title}", text.replace("\n\n", "\n") + "\nEen derde bron bevestigt het.")
    await desk.wait(minutes=15)
    assert desk.told() == [[1], [2], [102]]
    first, _, third = desk.scene.post.envelopes_to("slack")
    assert third.opening.envelope == first


async def test_the_status_tells_of_each_channel_what_waits_was_sent_and_died(desk):
    """How is it, without reading a log."""
    await desk.begin(f"{wiring.now().astimezone(BRUSSELS):%Y-%m-%d %H:%M}")
    desk.find(1)
    await desk.wait(minutes=15)
    sent = desk.scene.clock()
    for number, error in (
        (2, DeliveryError("slack", "403 no", retry=False)),
        (3, DeliveryError("slack", "503", retry=True)),
    ):
        desk.scene.post.refusing["slack"] = error
        desk.find(number)
        await desk.wait(minutes=15)

    channels = {one["name"]: one for one in json.loads(typed(desk, "status", "--json"))["channels"]}
    slack = channels["slack"]
    assert (slack["waiting"], slack["sent"], slack["dead"], slack["error"]) == (1, 1, 1, "503")
    assert datetime.fromisoformat(slack["last_sent"]) == sent
    assert channels["desk"]["sent"] == 1, "settings.ops was told of the dead one"
    assert re.search(r"^slack\t1\t1\t1\t0\t", typed(desk, "status"), re.MULTILINE)

    del desk.scene.post.refusing["slack"]
    assert "1 will be sent again" in typed(desk, "deliveries", "retry", "--channel", "slack")
    await desk.wait(minutes=15)
    assert sorted(desk.told()[1:]) == [[2], [3]]
