"""Killed at any instruction, nothing is lost: at random moments, and at each system call that writes or sends."""

import os
import random
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.acceptance.newsroom import Newsroom, Paper, dull_story, kill, secret_story, until

pytestmark = pytest.mark.slow

# In a whole run 50 and 150; a change is checked with a sample. MONITOR_KILLS=all does all of them.
ALL = os.environ.get("MONITOR_KILLS") == "all"
RANDOM_KILLS = 50 if ALL else 12


def told_well(room: Newsroom, secret: set[str], kills: int) -> str:
    """Check that every hit arrived, and that no more was repeated than a kill between sending and recording allows.

    Returns what was seen, in a line. A kill interrupts at most one message of each channel.
    """
    mailed, slacked = room.mailed(), room.slacked()
    assert mailed.keys() == secret, f"lost by mail: {secret - mailed.keys()}\n{room.log()[-4000:]}"
    assert slacked.keys() == secret, f"lost in Slack: {secret - slacked.keys()}\n{room.log()[-4000:]}"
    again_mailed = len(room.postbox.mails) - len({mail.parsed["Message-ID"] for mail in room.postbox.mails})
    repeated = sum(mailed.values()) - len(secret), sum(slacked.values()) - len(secret)
    assert max(again_mailed, 0) <= kills
    assert all(len(names) == 1 for names in room.mail_names().values()), "a repeated mail is the same mail"
    assert {hit["url"].removeprefix(room.site.base) for hit in room.hits()} == secret
    assert room.slack.complaints == []
    return f"{kills} kills, {len(secret)} hits: 0 lost, repeated by mail {repeated[0]}, in Slack {repeated[1]}"


def test_a_daemon_killed_at_random_moments_loses_nothing(tmp_path, capsys):
    """kill -9 in mid-flow, again and again, while the papers go on printing."""
    dice, papers, secret = random.Random(20241), [Paper("havenkrant"), Paper("courant")], set()
    with Newsroom.open(tmp_path, papers) as room:
        for paper in papers:
            paper.write(0, *dull_story(0))
        assert room.run("run", "--once").returncode == 0
        for life in range(1, RANDOM_KILLS + 1):
            for number, paper in enumerate(papers):
                secret.add(paper.write(2 * life + number, *secret_story(2 * life + number)))
            daemon = room.start("run")
            until(lambda: len(room.log()) > 1e9, dice.uniform(0.3, 6.0), daemon)
            kill(daemon)
        done = finished(room, secret)
        assert done, room.log()[-4000:]
        said = told_well(room, secret, RANDOM_KILLS)
    with capsys.disabled():
        print(f"\n{said}")
    repeated = sum(room.mailed().values()) - len(secret), sum(room.slacked().values()) - len(secret)
    assert max(repeated) <= 2 * RANDOM_KILLS


def finished(room: Newsroom, secret: set[str]) -> bool:
    """Let the program run undisturbed until everything has arrived, and a little longer for what comes twice."""
    daemon = room.start("run")
    try:
        done = until(lambda: room.mailed().keys() >= secret and room.slacked().keys() >= secret, 180, daemon)
        time.sleep(2)
        return done
    finally:
        kill(daemon)


# (system call, at which of a thread's calls): about 150 in all, spread over what a round makes of each.
SWEEP = {"write": (27, 1), "sendto": (42, 1), "fsync": (2, 1), "fdatasync": (22, 1), "pwrite64": (260, 4)}
SAMPLE = {"write": (20, 19), "sendto": (30, 14), "fdatasync": (14, 9), "pwrite64": (200, 99)}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")
def test_a_round_killed_at_system_calls_loses_nothing(tmp_path, capsys):
    """Random kills miss faults of order (an ETag on disk before its entries); a sweep over the calls does not."""
    points = [(call, n) for call, (most, step) in (SWEEP if ALL else SAMPLE).items() for n in range(1, most, step)]
    with ThreadPoolExecutor(2) as pool:
        halves = pool.map(lambda half: swept(tmp_path / str(half), points[half::2]), range(2))
    seen = Counter(said for half in halves for said in half)
    with capsys.disabled():
        print(f"\n{len(points)} rounds: " + "; ".join(f"{number} × {said}" for said, number in sorted(seen.items())))
    assert sum(number for said, number in seen.items() if said.startswith("killed")) > len(points) // 2


def swept(folder: Path, points: list[tuple[str, int]]) -> list[str]:
    """Kill one round at each of these calls, each time on a copy of the same database, and make the next round whole."""
    paper = Paper("havenkrant")
    for n in range(5):
        paper.write(n, *(secret_story(n) if n % 2 else dull_story(n)))
    secret, seen = {"/havenkrant/1.html", "/havenkrant/3.html"}, []
    with Newsroom.open(folder, [paper]) as room:
        paper.shown = 1
        assert room.run("run", "--once").returncode == 0
        for path in folder.glob("monitor.db*"):
            shutil.copy(path, folder / f"template-{path.name}")
        paper.shown = 5
        for call, number in points:
            restored(folder)
            room.postbox.mails.clear()
            room.slack.received.clear()
            seen.append(killed_at(room, call, number, secret))
    return seen


def restored(folder: Path) -> None:
    """Put the database back as it was after the first round."""
    for path in folder.glob("monitor.db*"):
        path.unlink()
    for path in folder.glob("template-*"):
        shutil.copy(path, folder / path.name.removeprefix("template-"))


def killed_at(room: Newsroom, call: str, number: int, secret: set[str]) -> str:
    """Kill a round at a thread's n-th call, make another whole; return what was seen."""
    strace = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
              "-e", f"inject={call}:signal=KILL:when={number}")  # fmt: skip
    code = room.start("run", "--once", before=strace).wait(timeout=120)
    second = room.run("run", "--once", timeout=120)
    assert second.returncode == 0, second.stderr
    told_well(room, secret, 1)
    repeated = sum(room.mailed().values()) + sum(room.slacked().values()) - 2 * len(secret)
    return f"{'killed' if code else 'not killed'}, {repeated} repeated"
