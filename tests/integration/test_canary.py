"""The canary goes all the way through the real pipeline, once a day, and is missed where it does not arrive."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor import wiring
from monitor.cli.app import main
from monitor.daemon import Daemon
from monitor.errors import DeliveryError
from monitor.model import Outcome
from monitor.rules.compile import compile_rules
from monitor.rules.spec import RuleBook
from monitor.store import Queries, Store
from tests.fakes import RULES, Scene, stage

CANARY = RULES.replace("{ops: [desk]}", '{ops: [desk], canary: "06:00"}')


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = stage(tmp_path)
    made.with_rules(CANARY, tmp_path)
    made.clock.now = datetime(2026, 3, 2, 4, 59, tzinfo=UTC)  # 05:59 in Brussels
    yield made
    made.store.close()


async def tick(scene: Scene, *, minutes: float = 0) -> None:
    """Let the clock go on, then let the daemon do what is due."""
    scene.clock.forward(minutes=minutes)
    await Daemon(scene.pipeline, load=lambda: scene.pipeline.config).canary()
    await scene.flow()


def songs(scene: Scene, channel: str) -> list[str]:
    return [message.title for message in scene.post.to(channel) if "Canary of" in message.title]


async def test_it_arrives_in_every_channel_once_a_day(scene):
    """Also in a channel that no rule sends to, and also after a restart."""
    await tick(scene)
    assert songs(scene, "desk") == songs(scene, "slack") == []

    await tick(scene, minutes=1)
    await tick(scene, minutes=1)
    scene.store.close()
    scene.pipeline = replace(scene.pipeline, store=Store.open(scene.address))
    for _ in range(20):
        await tick(scene, minutes=30)

    assert len(songs(scene, "desk")) == len(songs(scene, "slack")) == 1
    assert "2026-03-02" in songs(scene, "slack")[0]
    await tick(scene, minutes=24 * 60)
    assert len(songs(scene, "desk")) == len(songs(scene, "slack")) == 2
    assert [m for m in scene.post.to("desk") if "did not arrive" in m.title] == []


async def test_it_leaves_no_hit_no_story_and_no_article(scene):
    """A desk counts its hits and reads its reports: a test must not be among them."""
    await tick(scene, minutes=1)

    with Queries.open(scene.address) as queries:
        status = queries.status()
        assert queries.list_hits() == ()
        assert (status.hits, status.articles, status.inbox) == (0, 0, 0)
    assert scene.store.stories(datetime(2026, 1, 1, tzinfo=UTC)) == {}


async def test_a_channel_that_it_does_not_reach_is_told_by_another_once(scene):
    """A channel that is down at six is known at a quarter past, not when the first scoop is missed."""
    scene.post.refusing["slack"] = DeliveryError("slack", "503 busy", retry=True)
    await tick(scene, minutes=1)
    for _ in range(14):
        await tick(scene, minutes=1)
    assert [message.title for message in scene.post.to("desk")] == songs(scene, "desk")

    for _ in range(60):
        await tick(scene, minutes=1)

    (notice,) = [message for message in scene.post.to("desk") if "did not arrive" in message.title]
    assert "slack" in notice.title
    assert "503 busy" in notice.text
    del scene.post.refusing["slack"]
    await tick(scene, minutes=30)
    assert len(songs(scene, "slack")) == 1, "late, and not lost"


async def test_the_status_says_where_the_last_one_arrived(scene, tmp_path, monkeypatch):
    """Whoever looks sees that the way to each channel is open, or since when it is not."""
    monkeypatch.setattr(wiring, "now", scene.clock)

    def status(*how: str) -> str:
        done = CliRunner().invoke(main, ["status", *how, "--rules", str(tmp_path / "rules.yaml")])
        assert done.exit_code == 0, done.output
        return done.stdout

    there = CANARY.replace("{ops: [desk]", f'{{database: "{scene.address}", ops: [desk]')
    scene.with_rules(there, tmp_path)
    assert re.search("^canary +at 06:00, none on record yet$", status(), re.MULTILINE)
    scene.post.refusing["slack"] = DeliveryError("slack", "503 busy", retry=True)
    await tick(scene, minutes=1)

    assert re.search(
        r"^canary +let out \S+ \S+, arrived in desk \S+ \S+, not in slack \(503 busy\)$", status(), re.MULTILINE
    )
    said = json.loads(status("--json"))["canary"]
    assert list(said["arrived"]) == ["desk"]
    assert said["awaited"] == {"slack": "503 busy"}

    scene.with_rules(there.replace(', canary: "06:00"', ""), tmp_path)
    assert re.search("^canary +off$", status(), re.MULTILINE)


async def test_rules_that_match_nothing_are_noticed(scene, monkeypatch):
    """When it is lost between the inbox and the outbox, every channel is silent; then settings.ops is told."""
    monkeypatch.setattr("monitor.policy.canary.among", lambda book: RuleBook(()))
    scene.pipeline = replace(scene.pipeline, ruleset=compile_rules(RuleBook(())))
    await tick(scene, minutes=1)
    await tick(scene, minutes=16)

    (notice,) = scene.post.to("desk")
    assert "did not arrive in any channel" in notice.title


async def test_a_daemon_that_was_off_lets_it_out_when_it_is_back_and_not_at_night(scene):
    """A start at nine shows at once whether all works; one at three in the night waits for six."""
    scene.clock.now = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
    await tick(scene)
    assert songs(scene, "desk") == []
    scene.clock.now = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
    await tick(scene)
    assert len(songs(scene, "desk")) == 1


async def test_quiet_hours_hold_it_and_nobody_is_alarmed(scene, tmp_path):
    """It waits as any notice does, and is late only after they end."""
    scene.with_rules(CANARY.replace("slack: {}", 'slack: {quiet: "23:00-07:00"}'), tmp_path)
    for _ in range(65):
        await tick(scene, minutes=1)

    assert len(songs(scene, "slack")) == 1
    assert len(scene.post.to("desk")) == 1


async def test_without_the_setting_nothing_sings(scene, tmp_path):
    """It is optional."""
    scene.with_rules(RULES, tmp_path)
    await tick(scene, minutes=60)
    assert scene.post.sent == []
    assert (await scene.flow())[Outcome.SENT] == 0
