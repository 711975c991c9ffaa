"""Steps from one schema to the next, on real databases: what a kill, a slip and a newer program do."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, Table, inspect, text

from alembic import command
from monitor.errors import StoreError
from monitor.model import Edit, Outcome
from monitor.store import PollRecord, Queries, Store, index, rows, upgrade
from monitor.store.index import is_compared, words_of
from monitor.store.packing import pack
from monitor.store.tables import metadata
from tests.conftest import ROOT
from tests.making import NOW, a_delivery, a_feed, a_hit, a_record, a_verdict, an_article, an_entry, arrived

# Makes the table that most others point to anew, as SQLite must to change a column.
STEP = '''"""{name}"""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9000", "{last}", None, None

def upgrade():
    anew = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("articles", recreate=anew) as table:
        table.add_column(sa.Column("words", sa.Integer, nullable=False, server_default="0"))
    {then}
'''

# The program's own.
STEPS = [
    "0001 first tables",
    "0002 edits of what was found",
    "0003 envelopes: what goes out in one message",
    "0004 articles packed and found by their words",
    "0005 texts under many links",
    "0006 the latest hits of a story",
    "0007 pages as they came",
]


@pytest.fixture
def filled(url: str) -> Iterator[Store]:
    """A store at the last step with an article that hit, and where that goes."""
    with Store.open(url) as store:
        assert store.upgrade() == STEPS
        feed = a_feed()
        entry = an_entry(feed, aliases=("f" * 32,))
        hit = a_hit(an_article(entry))
        store.save_poll(feed, PollRecord(at=NOW, outcome=Outcome.POLLED, listed=1, new=1), arrived(entry))
        store.record(
            a_record(entry, a_verdict(hit.article, hit), hit, deliveries=(a_delivery(hit),), signature=[1]), NOW
        )
        yield store


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Add a step 9000 to the program's own."""

    def add(then: str = "pass") -> Path:
        folder = tmp_path / "alembic"
        shutil.copytree(ROOT / "alembic", folder, ignore=shutil.ignore_patterns("__pycache__"))
        said = STEP.format(name="count words", last=STEPS[-1].split()[0], then=then)
        (folder / "versions" / "9000_words.py").write_text(said)
        monkeypatch.setattr(upgrade, "scripts", lambda: folder)
        return folder

    return add


def counts(store: Store) -> dict[str, int]:
    with store._read() as c:
        return {name: c.scalar(text(f"SELECT count(*) FROM {name}")) for name in metadata.tables}


def columns(store: Store) -> set[str]:
    with store._read() as c:
        return {column["name"] for column in inspect(c).get_columns("articles")}


def test_the_steps_make_the_tables(url):
    """What the program believes and what a user's database has are the same, index for index."""
    with Store.open(url) as store:
        store.upgrade()
        assert differences(store) == []


def test_a_database_that_is_up_to_date_is_left_alone(filled):
    """The daemon says what it changed, and only then."""
    before = counts(filled)
    assert filled.upgrade() == []
    assert counts(filled) == before


def differences(store: Store) -> list[object]:
    with store._read() as c:
        context = MigrationContext.configure(c, opts={"compare_type": True, "include_name": is_compared})
        return compare_metadata(context, metadata)


@pytest.fixture
def first(url: str) -> Iterator[Store]:
    """A store whose tables are those of the first version, with an article that hit."""
    feed = a_feed()
    entry = an_entry(feed)
    hit = a_hit(an_article(entry))
    made = {
        "feeds": {"key": feed.key, **rows.config_values(feed), **rows.state_values(feed.state)},
        "articles": rows.article_values(hit.article, NOW) | {"recorded": NOW},
        "entries": rows.entry_values(entry, "example.org") | {"article": hit.article.key},
        "hits": rows.hit_values(hit),
        "stories": {"key": hit.story, "article": hit.article.key, "signature": [1], "first": NOW, "last": NOW},
    }
    with Store.open(url) as store:
        with store._write() as c:
            config = upgrade._config()
            config.attributes["connection"] = c
            command.upgrade(config, "0001")
            for name, values in made.items():
                table = Table(name, MetaData(), autoload_with=c)
                defaults = {
                    column.name: plain(column.default)
                    for column in metadata.tables[name].c
                    if column.default is not None
                }
                said = {**defaults, **values}
                c.execute(table.insert(), {column.name: said[column.name] for column in table.c if column.name in said})
        yield store


def test_a_database_of_the_first_version_is_brought_up_to_date(first):
    """What was found with the old tables is found with the new ones, and can be edited."""
    article = an_article(an_entry(a_feed()))

    assert first.upgrade() == STEPS[1:]

    (record,) = first.hits_about(an_entry(a_feed()))
    assert record.hit == a_hit(article)
    edit = Edit(key="e" * 32, hit=record.hit.key, what="vanished", sentence="x", at=NOW)
    first.record(a_record(an_entry(a_feed()), a_verdict(record.hit.article, record.hit), edits=[edit]), NOW)
    assert first.hits_about(an_entry(a_feed()))[0].edits == (edit,)
    assert differences(first) == []


def plain(default) -> object:
    return default.arg(None) if default.is_callable else default.arg


def test_the_texts_of_an_older_version_are_packed_and_indexed_little_by_little(first, url):
    """A start does not wait for it, and nothing is missed meanwhile."""
    article = an_article(an_entry(a_feed()))
    first.upgrade()
    with Queries.open(url) as queries:
        assert list(queries.articles(need=b"nowhere")) == [article]
        assert raw(first) == article.body.encode()

        assert [first.settle(), first.settle()] == [1, 0]

        assert raw(first) == pack(article.body) != article.body.encode()
        assert list(queries.articles(need=b"nowhere")) == []
        (word, *_) = words_of(article)
        assert list(queries.articles(need=word)) == [article]


def raw(store: Store) -> bytes:
    with store._read() as c:
        return bytes(c.execute(text("SELECT body FROM articles")).scalar_one())


def test_an_index_of_another_form_is_made_anew(filled, monkeypatch, url):
    """Words that were folded otherwise would be looked for in vain."""
    article = an_article(an_entry(a_feed()))
    monkeypatch.setattr(index, "FORM", "next")
    with filled._write() as c:
        c.execute(text("UPDATE alembic_version SET version_num = version_num"))
    with Queries.open(url) as queries:
        assert list(queries.articles(need=b"nowhere")) == [article]
        filled.upgrade()
        assert [filled.settle(), filled.settle()] == [1, 0]
        assert list(queries.articles(need=b"nowhere")) == []


def test_a_step_that_makes_a_table_anew_keeps_every_row_that_points_to_it(filled, step, path):
    """With foreign keys on, SQLite deletes the children with the old table."""
    before = counts(filled)
    assert all(before[name] == 1 for name in ("articles", "hits", "deliveries", "stories", "entries", "aliases"))
    step()

    assert filled.upgrade() == ["9000 count words"]

    assert counts(filled) == before
    assert "words" in columns(filled)
    (delivery,) = filled.claim_deliveries("desk", NOW, NOW - NOW)
    assert delivery == a_delivery(delivery.subject)
    with filled._read() as c:
        if c.dialect.name == "sqlite":
            assert c.scalar(text("PRAGMA foreign_keys")) == 1


def test_the_file_is_copied_before_a_step(filled, step, url, tmp_path):
    """The way back, when the newer program turns out worse."""
    if not url.startswith("sqlite"):
        pytest.skip("a server's backups are its keeper's")
    before = counts(filled)
    step()

    filled.upgrade()

    copies = list(tmp_path.glob("monitor.db.before-*"))
    assert [copy.name for copy in copies] == ["monitor.db.before-9000"]
    copies[0].rename(tmp_path / "old.db")
    with Store.open(f"sqlite:///{tmp_path}/old.db") as old:
        assert counts(old) == before
        assert "words" not in columns(old)


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        ('raise RuntimeError("slip")', "slip"),
        ('op.execute("DELETE FROM deliveries")', r"lost rows of deliveries \(1 → 0\)"),
    ],
)
def test_a_step_that_fails_changes_nothing(filled, step, slip, said):
    """Half of a step is a database that neither program can read."""
    before = counts(filled)
    step(slip)

    with pytest.raises((StoreError, RuntimeError), match=said):
        filled.upgrade()

    assert counts(filled) == before
    assert "words" not in columns(filled)


def test_a_step_that_leaves_rows_pointing_nowhere_changes_nothing(filled, step, url):
    """Foreign keys are off during a step, so they are looked at before its end."""
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL's foreign keys stay on")
    step("op.execute(\"UPDATE hits SET article = 'nowhere'\")")

    with pytest.raises(StoreError, match="point nowhere"):
        filled.upgrade()

    assert "words" not in columns(filled)


def test_a_newer_database_is_refused_by_an_older_program(filled):
    """It would write rows that the newer one cannot read."""
    with filled._write() as c:
        c.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StoreError, match=r"newer than this program .*9999"):
        filled.upgrade()


KILLED = """
import sys
from pathlib import Path
from monitor.store import Store, upgrade
upgrade.scripts = lambda: Path(sys.argv[2])
Store.open(sys.argv[1]).upgrade()
"""
WRITES = "pwrite64,fdatasync,fsync,ftruncate,rename,unlink"


def traced(url: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Upgrade in a process of its own under strace."""
    command = ["strace", "-f", "-qq", *options, sys.executable, "-c", KILLED, url, str(folder)]
    env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not on this machine")
def test_a_migration_killed_midway_leaves_the_old_tables_or_the_new(tmp_path, step):
    """At whichever write to the disk: never something between, and the next start finishes it."""
    first = tmp_path / "first.db"
    feed = a_feed()
    with Store.open(f"sqlite:///{first}") as store:
        store.upgrade()
        entries = [an_entry(feed, n) for n in range(3)]
        store.save_poll(feed, PollRecord(at=NOW, outcome=Outcome.POLLED), arrived(*entries))
        for entry in entries:
            store.record(a_record(entry, a_verdict(replace(an_article(entry), body="woord " * 2000))), NOW)
        before = counts(store)
    folder = step()
    shutil.copy(first, tmp_path / "whole.db")
    trace = tmp_path / "trace"
    whole = traced(f"sqlite:///{tmp_path}/whole.db", folder, "-e", f"trace={WRITES}", "-o", str(trace))
    assert whole.returncode == 0, whole.stderr
    writes = len(trace.read_text().splitlines())
    seen = set()
    for moment in range(1, writes, writes // 9):
        path = tmp_path / f"{moment}.db"
        shutil.copy(first, path)

        done = traced(
            f"sqlite:///{path}", folder, "-e", f"inject={WRITES}:signal=KILL:when={moment}", "-o", "/dev/null"
        )

        assert done.returncode in {-9, 0}, done.stderr  # the last ones may fall behind the end
        with Store.open(f"sqlite:///{path}") as store:
            assert counts(store) == before
            new = "words" in columns(store)
            seen.add(new)
            assert store.upgrade() == ([] if new else ["9000 count words"])
            assert counts(store) == before
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert seen == {False, True}
