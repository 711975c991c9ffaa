"""The daemon tells what may be missed although nothing fails, and `status` says it to whoever asks."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor import wiring
from monitor.cli.app import main
from monitor.daemon import Daemon
from monitor.errors import DeliveryError, FetchError
from monitor.policy import health
from monitor.store import Queries, Store
from tests.fakes import RULES, Scene, stage
from tests.integration.test_pipeline import DULL, SECRET

CONSENT = (
    b"<html><head><title>Toestemming</title></head><body><h1>Wij gebruiken cookies</h1><p>Om deze website te bezoeken "
    b"hebben wij uw toestemming nodig voor het plaatsen van cookies.</p><button>Akkoord</button></body></html>"
)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    made = stage(tmp_path)
    made.with_rules(RULES.replace("{ops: [desk]}", f'{{database: "{made.address}", ops: [desk]}}'), tmp_path)
    monkeypatch.setattr(wiring, "now", made.clock)
    monkeypatch.chdir(tmp_path)
    yield made
    made.store.close()


async def look(scene: Scene) -> list[str]:
    """Let the daemon look, and send what it has to tell; return all that the desk was told."""
    await Daemon(scene.pipeline, load=lambda _: scene.pipeline.config).health()
    await scene.flow()
    return [message.title for message in scene.post.to("desk")]


def status(*words: str) -> Result:
    return CliRunner().invoke(main, ["status", *words])


def articles(*numbers: int) -> list[tuple[str, str, str]]:
    return [(f"{number}.html", f"Brug {number} klaar", f"{DULL}\nBrug nummer {number} is open.") for number in numbers]


async def test_what_came_and_went_between_two_polls_is_told(scene):
    """Five of thirty are listed: nobody can read the others, and somebody should know."""
    scene.subscribe("krant")
    scene.publish("krant", *articles(1, 2, 3, 4, 5))
    await scene.flow()
    assert await look(scene) == []
    scene.clock.forward(hours=1)
    scene.publish("krant", *articles(31, 32, 33, 34, 35))
    await scene.flow()

    (title,) = await look(scene)

    assert "stories may have been missed: krant" in title
    scene.clock.forward(minutes=10)
    assert len(await look(scene)) == 1
    assert "- krant, 2026-03-02" in status().stdout
    shown = CliRunner().invoke(main, ["feeds", "show", "krant"])
    assert "what came and went in between was not seen" in shown.stdout


async def test_an_archive_that_is_taken_in_unread_is_told_and_a_first_poll_is_none(scene):
    """What a first poll lists is read; hundreds at once afterwards are not."""
    scene.subscribe("krant")
    scene.publish("krant", *articles(*range(5)))
    await scene.flow()
    await look(scene)
    scene.clock.forward(hours=1)
    scene.publish("krant", *articles(*range(5), *range(100, 320)))
    await scene.flow()

    (title,) = await look(scene)

    assert "may have been missed" in title
    assert "220 entries were taken for an archive" in scene.post.to("desk")[0].text


async def test_a_wall_in_front_of_all_articles_is_told_and_so_is_its_end(scene):
    """Each answer is a 200, the feed is well, and no text is read: the scoop in the ninth paragraph would be missed."""
    scene.subscribe("krant")
    for number in range(1, 11):
        scene.web.pages[f"https://krant.example/{number}.html"] = CONSENT
    scene.publish("krant", *articles(*range(1, 11)))
    await scene.flow()

    assert [title.partition(": ")[2] for title in await look(scene)] == ["articles cannot be read: krant"]
    assert "10 of its last 10 articles could not be read (10 gate)" in status().stdout

    scene.clock.forward(hours=1)
    scene.publish("krant", *articles(*range(10, 21)))
    await scene.flow()

    assert "articles can be read again: krant" in (await look(scene))[-1]


async def test_status_says_what_needs_a_person_and_strict_tells_a_program(scene, tmp_path):
    """Feeds by name and since when, a channel that refuses, alerts that were given up, and that nobody watches."""
    scene.subscribe("krant", "courant")
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    await scene.flow()
    scene.post.refusing["slack"] = DeliveryError("slack", "503 busy", retry=True)
    scene.publish("krant", ("2.html", "Gezant zag Lavrov", SECRET.replace("Oesjakov", "Lavrov")))
    scene.web.pages["https://courant.example/rss"] = FetchError("https://courant.example/rss", "HTTP 404", retry=True)
    for _ in range(4):
        scene.clock.forward(hours=3)
        await scene.flow()

    said = status("--strict")

    assert said.exit_code == 1
    assert "watched    no" in said.stdout
    assert "- nobody watches" in said.stdout
    assert "- courant: cannot be read and never could be: HTTP 404" in said.stdout
    assert "- slack: takes no messages: 1 delivery is tried again: 503 busy" in said.stdout
    assert json.loads(status("--json").stdout)["troubles"][0].startswith("nobody watches")
    assert status().exit_code == 0


async def test_alerts_that_were_given_up_are_shown_for_a_week(scene):
    """After that they are still on record, and no news."""
    scene.subscribe("krant")
    scene.publish("krant")
    await scene.flow()
    scene.post.refusing["slack"] = DeliveryError("slack", "403 invalid_token", retry=False)
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    scene.clock.forward(hours=1)
    await scene.flow()
    assert "- slack: 1 delivery given up within a week: 403 invalid_token" in status().stdout

    scene.clock.forward(days=8)

    assert "given up" not in status().stdout


async def test_what_waits_for_a_channel_that_was_taken_out_of_the_file_is_shown(scene, tmp_path):
    """Nobody is told of it any more; who took it out may not have thought of that."""
    scene.subscribe("krant")
    scene.publish("krant")
    await scene.flow()
    scene.post.refusing["slack"] = DeliveryError("slack", "503 busy", retry=True)
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    scene.clock.forward(hours=1)
    await scene.flow()
    text = (tmp_path / "rules.yaml").read_text(encoding="utf-8")
    scene.with_rules(text.replace(", slack: {}", "").replace("[slack]", "[desk]"), tmp_path)
    await wiring.sync(scene.pipeline)

    assert "- slack: 1 delivery given up within a week: this channel is no longer configured" in status().stdout


async def test_all_well_is_said(scene):
    """A daemon that runs, feeds that are read: nothing to do."""
    scene.subscribe("krant")
    scene.publish("krant", *articles(1, 2))
    await scene.flow()
    watching = Store.open(scene.address, lock=True)
    try:
        said = status("--strict")
    finally:
        watching.close()
    assert said.exit_code == 0, said.output
    assert "nothing needs a person" in said.stdout
    assert Queries.open(scene.address).watcher() is None


async def test_a_watch_that_hangs_is_not_called_well(scene):
    """It holds its lock, and leaves its work lie."""
    scene.subscribe("krant")
    scene.publish("krant", *articles(1, 2))
    await scene.flow()
    scene.clock.forward(hours=3)
    with Store.open(scene.address, lock=True):
        assert "- the watch is behind: work waits since 2026-03-02" in status().stdout


async def test_a_disk_that_is_nearly_full_is_told_before_it_is(scene, monkeypatch):
    """When it is full nothing can be told by the usual way."""
    monkeypatch.setattr(health, "LITTLE", 10**18)
    for _ in range(3):
        scene.clock.forward(minutes=10)
        titles = await look(scene)
    assert [re.sub(r"[\d.]+ GB", "12 MB", title) for title in titles] == [
        "monitor: the database: its disk is nearly full: 12 MB are left"
    ]
    assert "- the database: its disk is nearly full" in status().stdout
