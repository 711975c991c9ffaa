"""Hits leave in forms that other programs read, checked with those programs' own readers."""

import csv
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import feedparser
import pytest
from click.testing import CliRunner

from monitor.archives import files
from monitor.backfill import Backfill
from monitor.cli.app import main
from monitor.store import Queries, queries
from tests.fakes import RULES, Scene, stage
from tests.integration.test_pipeline import SECRET

TITLE = "=SOM(1;2) & <b>Oesjakov</b>\u0001"


@pytest.fixture
async def scene(tmp_path: Path) -> Iterator[Scene]:
    made = stage(tmp_path)
    settings = f'settings: {{database: "{made.address}", ops: [desk]}}'
    (tmp_path / "rules.yaml").write_text(RULES.replace("settings: {ops: [desk]}", settings))
    said = [
        {"id": str(n), "url": f"https://krant.example/{n}", "title": TITLE, "body": f"{SECRET}\n\nNummer {n}."}
        for n in range(5)
    ]
    (tmp_path / "past.jsonl").write_text("\n".join(json.dumps(one) for one in said))
    await Backfill(made.pipeline).run(files([tmp_path / "past.jsonl"]))
    yield made
    made.store.close()


def exported(folder: Path, name: str, *said: str) -> Path:
    rules = str(folder / "rules.yaml")
    done = CliRunner().invoke(main, ["hits", "export", str(folder / name), "--rules", rules, *said])
    assert done.exit_code == 0, done.output
    return folder / name


async def test_a_spreadsheet_reads_it_and_runs_nothing(scene, tmp_path):
    """A headline that begins with = is text."""
    with exported(tmp_path, "hits.csv").open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))

    assert len(rows) == 5
    assert {row["title"][:5] for row in rows} == {"'=SOM"}
    assert "Oesjakov" in rows[0]["sentences"]


async def test_a_program_reads_it_line_by_line(scene, tmp_path):
    """The same objects as `hits list --json`."""
    said = [json.loads(line) for line in exported(tmp_path, "hits.jsonl").read_text().splitlines()]

    assert {one["rule"] for one in said} == {"talks"}
    assert len({one["id"] for one in said}) == 5


async def test_a_feed_reader_reads_it(scene, tmp_path):
    """Whatever is in a headline, the document is well-formed."""
    feed = feedparser.parse(exported(tmp_path, "hits.atom").read_bytes())

    assert not feed.bozo
    assert {entry.link for entry in feed.entries} == {f"https://krant.example/{n}" for n in range(5)}
    assert feed.entries[0].tags[0].term == "talks"


async def test_datasette_finds_keys_and_a_full_text_index(scene, tmp_path):
    """Tables that refer to each other, and a search box; doing it again replaces the file."""
    exported(tmp_path, "hits.sqlite")
    with closing(sqlite3.connect(exported(tmp_path, "hits.sqlite"))) as found:
        assert found.execute("SELECT count(*) FROM hits").fetchone() == (5,)
        assert found.execute("SELECT count(*) FROM evidence").fetchone()[0] >= 10
        assert found.execute("SELECT count(*) FROM hits_fts WHERE hits_fts MATCH 'oesjakov'").fetchone() == (5,)
        assert found.execute("PRAGMA foreign_key_check").fetchall() == []
        assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        text = "SELECT count(*) FROM evidence JOIN hits ON hits.id = hit JOIN articles a ON a.id = article"
        exact = " WHERE substr(CASE field WHEN 'title' THEN a.title WHEN 'lead' THEN lead ELSE body END,"
        assert (
            found.execute(f'{text}{exact} start + 1, "end" - start) = evidence.text').fetchone()
            == found.execute("SELECT count(*) FROM evidence").fetchone()
        )


async def test_what_no_ending_tells_must_be_said(scene, tmp_path):
    """Rather than guess."""
    done = CliRunner().invoke(main, ["hits", "export", "hits.out", "--rules", str(tmp_path / "rules.yaml")])

    assert done.exit_code == 2
    assert "--format" in done.output


async def test_a_folder_that_is_not_there_is_named(scene, tmp_path):
    """In a sentence, not in a traceback."""
    rules = str(tmp_path / "rules.yaml")
    result = CliRunner().invoke(main, ["hits", "export", str(tmp_path / "nowhere" / "h.csv"), "--rules", rules])

    assert result.exit_code == 1
    assert "nowhere/h.csv" in result.stderr
    assert isinstance(result.exception, SystemExit)


async def test_hits_come_page_after_page_and_each_once(scene, monkeypatch):
    """However many there are."""
    monkeypatch.setattr(queries, "PAGE", 2)
    with Queries.open(scene.address) as asked:
        found = [record.hit.key for record in asked.each_hit()]
        assert sorted(found) == sorted(record.hit.key for record in asked.list_hits())
