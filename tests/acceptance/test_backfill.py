"""`monitor backfill` as a person runs it: killed in the middle of it, and started again."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import pytest

from tests.acceptance.newsroom import Site
from tests.fakes import page
from tests.integration.test_backfill import answer

RULES = """
version: 1
settings:
  database: "sqlite:///monitor.db"
  network: {allow_private: [127.0.0.0/8], pause: 0s}
channels: {desk: {}}
feeds: []
lists: {covert: in het geheim, contact: "sprak, gesprek*", kremlin: Oesjakov}
rules:
  - id: talks
    find: $covert + $contact + $kremlin
    send: [desk]
  - id: bridge
    find: brug
    send: [desk]
"""
# Of which most of what is on record then has a word.
ONE_MORE = """
  - id: lasting
    find: duurde
    send: [desk]
"""
# MONITOR_KILLS=all kills as often as is shown; a few, in less, tell that it still holds.
ALL = os.environ.get("MONITOR_KILLS") == "all"
KILLS = 50 if ALL else 5
RECORDS, PAGES, LISTED = (1_500, 300, 150) if ALL else (400, 100, 40)
DOCUMENTS = RECORDS + PAGES
# When a row was written is the one thing that may differ.
MOMENTS = {"found", "recorded"}


def archive(folder: Path) -> Path:
    """Three files of articles in which every seventh hits, some in the words of another; pages, and a web archive of them."""
    (folder / "past").mkdir(parents=True)
    for part in range(3):
        with (folder / "past" / f"{part}.jsonl").open("w") as lines:
            for n in range(part, RECORDS, 3):
                lines.write(json.dumps(_article(n)) + "\n")
    pages = [_page(n) for n in range(PAGES)]
    for n, one in enumerate(pages):
        (folder / "past" / f"page{n:03}.html").write_bytes(one)
    padding = [blake2b(str(n).encode()).hexdigest() * 150 for n in range(PAGES)]
    said = (
        answer(f"https://krant.example/{n}", one + b"<!--%s-->" % padding[n].encode()) for n, one in enumerate(pages)
    )
    (folder / "a.warc.gz").write_bytes(b"".join(said))
    (folder / "rules.yaml").write_text(RULES)
    return folder


def _page(n: int) -> bytes:
    """A page that says when it appeared: what does not is dated by when it was found."""
    said = _article(n)
    dated = f'<head><meta property="article:published_time" content="{said["published"]}">'.encode()
    return page(f"Bericht {n}", said["body"] + " Meer nieuws volgt later op deze plaats.").replace(b"<head>", dated)


def _article(n: int) -> dict[str, str]:
    place = f"Stad{n % 97}"
    secret = f"Een gezant sprak in {place} in het geheim met Oesjakov over dossier {n % 11}. Dat duurde {n % 5} dagen."
    dull = f"In {place} gaat nummer {n} open. Het werk duurde {n % 9} jaar en kostte {n} euro."
    bridge = f"De brug bij {place} gaat open."
    body = secret if n % 7 == 0 else bridge if n % 13 == 0 else dull
    return {"id": f"a{n}", "title": f"Bericht {n}", "body": body, "published": f"2025-01-{n % 28 + 1:02}T10:00:00Z"}


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "monitor", "backfill", *words]
    return subprocess.Popen(
        command,
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"TZ": "UTC"},
        start_new_session=True,
    )


def count(folder: Path, table: str) -> int:
    try:
        with closing(sqlite3.connect(f"file:{folder}/monitor.db?mode=ro", uri=True, timeout=5)) as database:
            return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    except sqlite3.OperationalError:  # not made yet
        return 0


def rows(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    with closing(sqlite3.connect(folder / "monitor.db")) as database:
        for table in ("articles", "hits", "stories", "deliveries", "entries"):
            columns = [one[1] for one in database.execute(f"PRAGMA table_info({table})") if one[1] not in MOMENTS]
            named = ", ".join(_elsewhere(column, folder) for column in columns)
            found[table] = sorted(database.execute(f"SELECT {named} FROM {table}"))
    return found


def _elsewhere(column: str, folder: Path) -> str:
    """Return the column as it would be in another folder: texts of files have their addresses."""
    return f"replace(\"{column}\", '{folder}', '')" if column in {"url", "signature"} else f'"{column}"'


def said_at_end(said: str) -> list[str]:
    lines = [line for line in said.splitlines() if " documents: " in line or "on the record" in line]
    return [line.partition(",")[0] if "on the record" in line else line for line in lines]


def ended(folder: Path, *words: str) -> str:
    """Let a backfill come to its end; return what it said."""
    said, _ = (running := started(folder, *words)).communicate(timeout=600)
    assert running.returncode == 0, said
    return said


def children(of: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{of}/task/{of}/children").read_text().split()]
    except FileNotFoundError:
        return []


class Paper(Site):
    """A paper's site: a sitemap, and what it lists."""

    def answer(self, path: str) -> tuple[str, bytes] | None:
        if path == "/sitemap.xml":
            listed = "".join(f"<url><loc>{self.base}/{n}.html</loc></url>" for n in range(LISTED))
            return "text/xml", f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</urlset>'.encode()
        number = path.strip("/").removesuffix(".html")
        return ("text/html", _page(PAGES + int(number))) if number.isdigit() else None


@dataclass(frozen=True)
class Source:
    """What is filled from; by the rows of which table one sees how far it is, and about how many come of it."""

    words: tuple[str, ...]
    kills: int
    most: int
    table: str = "articles"
    rules: str = RULES
    spread: bool = True  # several processes may look

    def said(self, workers: str) -> tuple[str, ...]:
        return (*self.words, "--workers", workers) if self.spread else self.words


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_killed_in_the_middle_it_ends_as_if_undisturbed(tmp_path, workers):
    """Row by row, and in what it says at its end; whatever the source, whether all is killed or one of those who look."""
    pytest.importorskip("fastwarc")
    calm, rough = archive(tmp_path / "calm"), archive(tmp_path / "rough")
    chance, killed = random.Random(6), 0
    with Paper([]).open() as paper:
        fifth = KILLS // 5
        sources = (
            Source(("files", "past"), KILLS - 3 * fifth, DOCUMENTS),
            Source(("warc", "a.warc.gz"), fifth, PAGES // 8),
            Source(("sitemap", f"{paper.base}/sitemap.xml"), fifth, LISTED, spread=False),
            Source(("stored",), fifth, RECORDS // 2, "hits", RULES + ONE_MORE),
        )
        for source in (one for one in sources if one.spread or workers == "1"):
            before = count(calm, source.table)
            for folder in (calm, rough):
                (folder / "rules.yaml").write_text(source.rules)
            said = said_at_end(ended(calm, *source.words))
            assert count(calm, source.table) > before
            killed += torn(rough, source, workers, chance)
            assert said_at_end(ended(rough, *source.said(workers))) == said

    assert killed >= 0.6 * KILLS
    assert rows(rough) == rows(calm)
    assert len(rows(calm)["hits"]) > DOCUMENTS / 2


def torn(folder: Path, source: Source, workers: str, chance: random.Random) -> int:
    """Begin so often as it is to be killed; return how often it was killed before its end."""
    killed, before = 0, count(folder, source.table)
    for moment in sorted(chance.sample(range(source.most - source.most // 5), source.kills)):
        running = started(folder, *source.said(workers))
        while count(folder, source.table) - before <= moment and running.poll() is None:
            time.sleep(0.005)
        time.sleep(chance.random() / 20)
        if workers != "1" and chance.random() < 0.3 and (beside := children(running.pid)):
            os.kill(chance.choice(beside), signal.SIGKILL)
            time.sleep(chance.random() / 5)
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        killed += running.wait() == -signal.SIGKILL
        running.communicate()
    return killed


@pytest.mark.slow
def test_ctrl_c_ends_what_is_at_hand_and_says_how_to_go_on(tmp_path):
    """What was done is on record, the numbers too; the next one does only the rest."""
    folder = archive(tmp_path)
    running = started(folder, "files", "past")
    while count(folder, "articles") < DOCUMENTS // 4 and running.poll() is None:
        time.sleep(0.005)
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=120)

    assert running.returncode == 1, said
    assert "the same command goes on" in said
    first = int(said.rsplit(" documents: ")[-2].split()[-1])
    assert DOCUMENTS // 4 <= first < DOCUMENTS
    again, _ = (running := started(folder, "files", "past")).communicate(timeout=300)
    assert running.returncode == 0, again
    assert f"going on behind {first} documents" in again
    assert f"{DOCUMENTS} documents: " in again
