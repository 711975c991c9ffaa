"""What goes wrong with the watch itself is told to people: a file that stays refused, a database that cannot be used."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest

from monitor import daemon as service
from monitor.daemon import Daemon, Every
from monitor.drain import drain
from monitor.errors import DeliveryError, StoreError
from monitor.model import Visit
from tests.fakes import RULES, Scene, settled, stage


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = stage(tmp_path)
    yield made
    made.store.close()


def told(scene: Scene, channel: str = "desk") -> list[str]:
    return [message.title for message in scene.post.to(channel)]


# --- the file ---


@pytest.fixture
def watcher(scene: Scene, tmp_path: Path) -> Daemon:
    """A daemon that looks at its file."""
    rules = tmp_path / "rules.yaml"
    made = settled(RULES, tmp_path)
    return Daemon(scene.pipeline, load=lambda _: settled(rules.read_text(encoding="utf-8"), tmp_path), seen=made.seen)


async def test_a_file_is_read_when_it_stands_still(watcher, tmp_path):
    """Half a file is no fault of anybody: the editor is not done."""
    rules, more = tmp_path / "rules.yaml", RULES.replace("id: talks", "id: gesprekken")
    rules.write_text(more[:200], encoding="utf-8")
    await watcher._look_at_file()
    rules.write_text(more, encoding="utf-8")
    await watcher._look_at_file()
    assert (watcher.refused, [rule.id for rule in watcher.pipeline.config.book.rules]) == (None, ["talks"])

    await watcher._look_at_file()

    assert [rule.id for rule in watcher.pipeline.config.book.rules] == ["gesprekken"]


async def test_a_slip_that_is_mended_within_a_minute_rings_nobody(watcher, scene, tmp_path):
    """Whoever writes it sees it in the log; the desk need not."""
    (tmp_path / "rules.yaml").write_text(RULES.replace("send:", "sned:"), encoding="utf-8")
    for _ in range(3):
        await watcher._look_at_file()
    assert "sned" in watcher.refused.why
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    for _ in range(3):
        await watcher._look_at_file()
    await scene.flow()

    assert (watcher.refused, told(scene)) == (None, [])


async def test_a_file_that_stays_refused_is_told_once_and_so_is_that_it_was_mended(
    watcher, scene, tmp_path, monkeypatch
):
    """Saved on Friday night with a slip in it: nobody reads a log at that hour."""
    monkeypatch.setattr(service, "PATIENCE", timedelta(0))
    (tmp_path / "rules.yaml").write_text(RULES.replace("send:", "sned:"), encoding="utf-8")
    for _ in range(4):
        await watcher._look_at_file()
        await scene.flow()
    (notice,) = scene.post.to("desk")
    assert "rules.yaml:" in notice.text
    assert "The last good one stays in force" in notice.text

    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    for _ in range(3):
        await watcher._look_at_file()
        await scene.flow()

    assert [title.endswith("in force again") for title in told(scene)] == [False, True]


# --- the database ---


async def tick(daemon: Daemon) -> None:
    """What happens in a second: the ticks, the heartbeat, and what they do aside."""
    for name, work in (("poll", daemon.poll), ("read", daemon.read), ("deliver", daemon.deliver)):
        await daemon._logged(name, work())
    await daemon._look_at_database()
    await asyncio.gather(*daemon.aside, *daemon.sending.values())


async def test_a_database_that_cannot_be_used_is_told_past_it(scene, tmp_path, monkeypatch, caplog):
    """Nothing can be found or told by the usual way: a desk that hears nothing would take it for no news."""
    monkeypatch.setattr(service, "STUCK", timedelta(0))
    daemon = Daemon(scene.pipeline, load=lambda _: scene.pipeline.config)
    away = (tmp_path / "monitor.db").rename(tmp_path / "away.db")
    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            await tick(daemon)

    (alarm,) = scene.post.to("desk")
    assert "monitor.db is gone" in alarm.text
    assert scene.post.to("slack") == []
    said = [record for record in caplog.records if "monitor.db is gone" in record.getMessage()]
    assert len(said) == 3, "once for each tick, not each second"
    assert all(record.exc_info is None for record in said)

    away.rename(tmp_path / "monitor.db")
    await tick(daemon)
    await tick(daemon)

    assert [title.endswith("the watch goes on") for title in told(scene)] == [False, True]


async def test_a_visit_that_cannot_be_ended_is_a_fault_of_its_tick(scene):
    """Else nobody would know of it, and the others go on to their end."""
    visits, ended = [Visit(host=name, entries=(), feeds=()) for name in ("full", "well")], []

    async def claim(most: int) -> list[Visit]:
        taken, visits[:] = visits[:most], visits[most:]
        return taken

    async def visit(found: Visit) -> None:
        if found.host == "full":
            raise StoreError("the disk is full")
        await asyncio.sleep(0.01)
        ended.append(found.host)

    with pytest.raises(StoreError, match="full"):
        await drain(claim, visit, width=2, stopping=asyncio.Event())
    assert ended == ["well"]


async def test_a_database_that_is_busy_for_a_while_alarms_nobody(scene, tmp_path):
    """A backup or a slow disk is over before anybody could do a thing."""
    daemon = Daemon(scene.pipeline, load=lambda _: scene.pipeline.config)
    away = (tmp_path / "monitor.db").rename(tmp_path / "away.db")
    await tick(daemon)
    away.rename(tmp_path / "monitor.db")
    await tick(daemon)
    await scene.flow()

    assert scene.post.sent == []


async def test_where_nobody_is_named_all_channels_are_told(scene, tmp_path, monkeypatch):
    """Without settings.ops too: no alert can reach any of them. One that does not answer holds up no other."""
    monkeypatch.setattr(service, "STUCK", timedelta(0))
    scene.with_rules(RULES.replace("{ops: [desk]}", "{}"), tmp_path)
    scene.post.refusing["desk"] = DeliveryError("desk", "no", retry=False)
    (tmp_path / "monitor.db").rename(tmp_path / "away.db")
    await tick(Daemon(scene.pipeline, load=lambda _: scene.pipeline.config))

    assert len(told(scene, "slack")) == 1


# --- the clock ---


def test_a_clock_that_leaps_ahead_ten_years_is_one_tick():
    """A machine without a clock of its own starts in 1970; to count every second since then would take half an hour."""
    every, begun = Every(timedelta(seconds=1)), datetime(1970, 1, 1, tzinfo=UTC)
    now, due, ticks = begun + timedelta(days=20_000), begun, 0
    while due <= now:
        due, ticks = every.get_next_fire_time(due, now), ticks + 1
    assert ticks <= 2
    assert due == now + timedelta(seconds=1)


async def test_a_jump_of_the_clock_is_seen_in_both_directions(scene):
    """Seconds are NTP's daily work; an hour is not."""
    daemon = Daemon(scene.pipeline, load=lambda _: scene.pipeline.config)
    for minutes, is_jump in ((0, False), (0.3, False), (60, True), (-60, True)):
        wall, steady = scene.clock(), monotonic()
        scene.clock.forward(minutes=minutes)
        assert daemon._jumped(wall, steady) is is_jump
