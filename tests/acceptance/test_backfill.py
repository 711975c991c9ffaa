"""`monitor backfill` as a person runs it: killed in the middle of it, and started again."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

RULES = """
version: 1
settings: {database: "sqlite:///monitor.db"}
channels: {desk: {}}
feeds: []
lists: {use: [kremlin, secret-talks]}
rules:
  - id: talks
    find: $covert + $contact + $kremlin
    send: [desk]
  - id: bridge
    find: brug
    send: [desk]
"""
DOCUMENTS = 1_500
KILLS = 8
# When a row was written is the one thing that may differ.
MOMENTS = {"found", "recorded"}


def archive(folder: Path) -> Path:
    """Three files of articles in which every seventh hits, some in the words of another."""
    (folder / "past").mkdir(parents=True)
    for part in range(3):
        with (folder / "past" / f"{part}.jsonl").open("w") as lines:
            for n in range(part, DOCUMENTS, 3):
                lines.write(json.dumps(_article(n)) + "\n")
    (folder / "rules.yaml").write_text(RULES)
    return folder


def _article(n: int) -> dict[str, str]:
    place = f"Stad{n % 97}"
    secret = f"Een gezant sprak in {place} in het geheim met Oesjakov over dossier {n % 11}. Dat duurde {n % 5} dagen."
    dull = f"In {place} gaat nummer {n} open. Het werk duurde {n % 9} jaar en kostte {n} euro."
    bridge = f"De brug bij {place} gaat open."
    body = secret if n % 7 == 0 else bridge if n % 13 == 0 else dull
    return {"id": f"a{n}", "title": f"Bericht {n}", "body": body, "published": f"2025-01-{n % 28 + 1:02}T10:00:00Z"}


def started(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "monitor", "backfill", "files", "past"]
    return subprocess.Popen(
        command,
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"TZ": "UTC"},
        start_new_session=True,
    )


def recorded(folder: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{folder}/monitor.db?mode=ro", uri=True, timeout=5)) as database:
            return int(database.execute("SELECT count(*) FROM articles").fetchone()[0])
    except sqlite3.OperationalError:  # not made yet
        return 0


def rows(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    with closing(sqlite3.connect(folder / "monitor.db")) as database:
        for table in ("articles", "hits", "stories", "deliveries", "entries"):
            columns = [one[1] for one in database.execute(f"PRAGMA table_info({table})") if one[1] not in MOMENTS]
            named = ", ".join(f'"{column}"' for column in columns)
            found[table] = sorted(database.execute(f"SELECT {named} FROM {table}"))
    return found


def said_at_end(said: str) -> list[str]:
    return [
        line for line in said.splitlines() if line.startswith(f"{DOCUMENTS} documents: ") or "on the record" in line
    ]


@pytest.mark.slow
def test_killed_in_the_middle_it_ends_as_if_undisturbed(tmp_path):
    """Row by row, and in the numbers it says at its end."""
    calm, rough = archive(tmp_path / "calm"), archive(tmp_path / "rough")
    said, _ = (running := started(calm)).communicate(timeout=300)
    assert running.returncode == 0, said

    chance = random.Random(6)
    moments = sorted(chance.sample(range(DOCUMENTS - 200), KILLS))
    killed = 0
    for moment in moments:
        running = started(rough)
        while recorded(rough) <= moment and running.poll() is None:
            time.sleep(0.005)
        time.sleep(chance.random() / 20)
        os.killpg(running.pid, signal.SIGKILL)
        killed += running.wait() == -signal.SIGKILL
        running.communicate()
    again, _ = (running := started(rough)).communicate(timeout=300)

    assert killed >= KILLS - 2
    assert running.returncode == 0, again
    assert rows(rough) == rows(calm)
    assert len(rows(calm)["hits"]) > 200
    assert said_at_end(again) == said_at_end(said)
    assert "going on behind" in again


@pytest.mark.slow
def test_ctrl_c_ends_what_is_at_hand_and_says_how_to_go_on(tmp_path):
    """What was done is on record, the numbers too; the next one does only the rest."""
    folder = archive(tmp_path)
    running = started(folder)
    while recorded(folder) < DOCUMENTS // 4 and running.poll() is None:
        time.sleep(0.005)
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=120)

    assert running.returncode == 1, said
    assert "the same command goes on" in said
    first = int(said.rsplit(" documents: ")[-2].split()[-1])
    assert DOCUMENTS // 4 <= first < DOCUMENTS
    again, _ = (running := started(folder)).communicate(timeout=300)
    assert running.returncode == 0, again
    assert f"going on behind {first} documents" in again
    assert f"{DOCUMENTS} documents: {DOCUMENTS} read" in again
