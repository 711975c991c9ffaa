"""Killed at any instruction, nothing is lost: at random moments, and at each system call that writes or sends."""

import os
import random
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.acceptance.newsroom import Newsroom, Paper, dull_story, kill, secret_story, until

pytestmark = pytest.mark.slow

# In a whole run 50 and 150; a change is checked with a sample. MONITOR_KILLS=all does all of them.
ALL = os.environ.get("MONITOR_KILLS") == "all"
RANDOM_KILLS = 50 if ALL else 12
CALLS = ("write", "pwrite64", "fsync", "fdatasync", "sendto", "sendmsg")


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


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")
@pytest.mark.parametrize("call", CALLS)
def test_a_round_killed_at_each_system_call_loses_nothing(tmp_path, call, capsys):
    """Random kills miss faults of order (an ETag on disk before its entries); a sweep over the calls does not."""
    step = 1 if ALL else 23
    with ThreadPoolExecutor(2) as pool:
        seen = list(pool.map(lambda n: killed_at(tmp_path / str(n), call, n), range(1, 151, step)))
    killed = [said for said in seen if said]
    repeats = sum("repeated by mail 0, in Slack 0" not in said for said in killed)
    with capsys.disabled():
        print(f"\n{call}: {len(seen)} rounds, {len(killed)} killed, 0 lost, {repeats} with a repetition")


def killed_at(folder: Path, call: str, number: int) -> str:
    """Kill one round at the n-th call of a thread, make another round; return what was seen, "" if nothing was killed."""
    paper, secret = Paper("havenkrant"), set()
    with Newsroom.open(folder, [paper]) as room:
        for n in range(4):
            path = paper.write(n, *(secret_story(n) if n % 2 else dull_story(n)))
            secret |= {path} if n % 2 else set()
        strace = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
                  "-e", f"inject={call}:signal=KILL:when={number}")  # fmt: skip
        first = room.start("run", "--once", "--tell-old", before=strace)
        code = first.wait(timeout=120)
        second = room.run("run", "--once", "--tell-old", timeout=120)
        assert second.returncode == 0, second.stderr
        return told_well(room, secret, 1) if code else ""
