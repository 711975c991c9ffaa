"""What goes wrong with a database, done to a real one: locks, kills, lost files, full disks, a server that goes away."""

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from monitor.errors import AlreadyRunningError, StoreError
from monitor.model import FeedState, Outcome, Secret
from monitor.store import PollRecord, Queries, Store, file
from tests.conftest import ROOT
from tests.making import NOW, a_feed, an_entry, arrived, visit_of

LEASE = timedelta(minutes=10)
POLLED = PollRecord(at=NOW, outcome=Outcome.POLLED)
PREAMBLE = """
import sys, time, os
from datetime import timedelta
from dataclasses import replace
from sqlalchemy import text
from monitor.store import Store, PollRecord
from monitor.model import Outcome, FeedState
from tests.making import *
url = sys.argv[1]
"""


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """A store in a SQLite file."""
    with Store.open(f"sqlite:///{path}") as opened:
        opened.upgrade()
        yield opened


def start(code: str, url: str, **said: Any) -> subprocess.Popen[str]:
    """Run code in a process of its own, with a Store's module at hand."""
    command = [sys.executable, "-c", PREAMBLE + code, url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, **pipes, **said)


def said_by(process: subprocess.Popen[str]) -> str:
    """Wait for the end of it; what it said."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.strip()


def a_filled(store: Store, number: int = 3) -> None:
    feed = a_feed()
    store.save_poll(
        feed, replace(POLLED, listed=number, new=number), arrived(*[an_entry(feed, n) for n in range(number)])
    )


# --- one daemon ------------------------------------------------------------------------------------------------------

HOLD = """
with Store.open(url, lock=True) as store:
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_daemon_says_so_and_a_dead_one_holds_nothing(url):
    """Two daemons would alarm twice; a kill must not leave a lock for a person to remove."""
    first = start(HOLD, url)
    assert first.stdout.readline() == "held\n"
    try:
        with pytest.raises(AlreadyRunningError, match=r"already being watched by process \d+") as refused:
            Store.open(url, lock=True)
        with Queries.open(url) as queries:
            watcher = queries.watcher()
        assert watcher is not None
        assert f"process {watcher}" in str(refused.value)
        if url.startswith("sqlite"):
            assert watcher == str(first.pid)
        with Store.open(url) as command:
            assert command.upgrade()[0] == "0001 first tables"
    finally:
        first.kill()
        first.communicate()
    for _ in range(50):  # the server takes a moment to see that its client is gone
        try:
            Store.open(url, lock=True).close()
        except AlreadyRunningError:
            time.sleep(0.1)
        else:
            break
    Store.open(url, lock=True).close()
    with Queries.open(url) as queries:
        assert queries.watcher() is None


def test_programs_that_start_together_make_one_database(url):
    """`monitor run` and `monitor status` in two windows, on the first day."""
    code = "print(bool(Store.open(url).upgrade()))"
    starters = [start(code, url) for _ in range(3)]

    assert sorted(said_by(one) for one in starters) == ["False", "False", "True"]


CLAIM = """
with Store.open(url) as store:
    sys.stdin.read(1)
    while visit := visit_of(store, NOW, timedelta(minutes=10)):
        print(visit.host, flush=True)
"""


def test_workers_side_by_side_never_visit_one_host_together(url):
    """Each host once, however many ask at the same moment."""
    with Store.open(url) as store:
        store.upgrade()
        store.sync_feeds([a_feed(f"https://h{n}.example/rss") for n in range(60)], NOW, lambda _: timedelta(0))
    workers = [start(CLAIM, url) for _ in range(3)]
    for worker in workers:
        worker.stdin.write(" ")
        worker.stdin.flush()

    hosts = Counter(host for worker in workers for host in said_by(worker).split())

    assert hosts == {f"h{n}.example": 1 for n in range(60)}


# --- locked ----------------------------------------------------------------------------------------------------------

EXCLUSIVE = """
import sqlite3
c = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
c.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read(1)
time.sleep(1.5)
c.execute("COMMIT")
"""


def test_a_write_waits_for_a_database_that_is_locked_and_the_watchdog_is_not_fooled(store, path):
    """A backup or a person in the sqlite3 shell costs seconds, never an entry."""
    other = start(EXCLUSIVE, f"sqlite:///{path}")
    assert other.stdout.readline() == "locked\n"
    store.alive()
    other.stdin.write(" ")
    other.stdin.flush()

    a_filled(store)

    assert said_by(other) == ""
    assert len(visit_of(store, NOW, LEASE).entries) == 3


def test_a_database_that_stays_locked_is_told_of_and_works_again_later(path, monkeypatch):
    """The step fails with a reason and is done again: its claim runs out."""
    monkeypatch.setattr(file, "BUSY_MS", 100)
    with Store.open(f"sqlite:///{path}") as store:
        store.upgrade()
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(StoreError, match="another process holds it"):
            a_filled(store)

        other.execute("ROLLBACK")
        other.close()
        a_filled(store)
        assert len(visit_of(store, NOW, LEASE).entries) == 3


# --- killed ----------------------------------------------------------------------------------------------------------


def test_a_kill_in_the_middle_of_a_transaction_leaves_nothing_of_it(url):
    """Whole or not at all, also when the process had no chance to say goodbye."""
    code = """
store = Store.open(url)
store.upgrade()
with store._write() as c:
    c.execute(text("INSERT INTO hosts (host, due) VALUES ('x', '2026-11-21 12:00:00')"))
    print("written", flush=True)
    time.sleep(60)
"""
    killed = start(code, url)
    assert killed.stdout.readline() == "written\n"
    killed.kill()
    killed.communicate()

    with Store.open(url) as store, store._read() as c:
        assert c.execute(text("SELECT * FROM hosts")).all() == []


POLL = """
store = Store.open(url)
feed = a_feed()
print("go", flush=True)
for n in range(10**6):
    entries = [an_entry(feed, number) for number in range(n * 5, n * 5 + 5)]
    state = FeedState(due=NOW, etag=str(n))
    store.save_poll(replace(feed, state=state), PollRecord(at=NOW, outcome=Outcome.POLLED, listed=5, new=5), arrived(*entries))
"""


def test_kills_at_random_moments_never_part_an_etag_from_its_entries(path):
    """With the ETag and without the entries, the rest would be 304 for ever."""
    url = f"sqlite:///{path}"
    with Store.open(url) as store:
        store.upgrade()
    chance = random.Random(7)
    for _ in range(6):
        killed = start(POLL, url)
        assert killed.stdout.readline() == "go\n"
        time.sleep(chance.uniform(0.0, 0.3))
        killed.kill()
        killed.communicate()

        with Store.open(url) as store, Queries.open(url) as queries:
            queries.check()
            feed = store.feed(a_feed().key)
            if feed is not None:
                last = int(feed.state.etag)
                assert queries.status().inbox == sum(row.new for row in queries.polls(feed.key, 10**6))
                assert len(store.known(an_entry(feed, last * 5 + n).key for n in range(5))) == 5
            with store._write() as c:  # the next round begins anew
                for table in ("entries", "polls", "feeds"):
                    c.execute(text(f"DELETE FROM {table}"))


# --- the file --------------------------------------------------------------------------------------------------------


def test_a_database_is_never_seen_empty_while_it_is_made(path):
    """So a file of zero length is always damage, and says so instead of beginning anew in silence."""
    Store.open(f"sqlite:///{path}").close()
    assert path.stat().st_size > 0
    assert [one.name for one in path.parent.iterdir() if one.name.endswith(".new")] == []

    path.write_bytes(b"")

    with pytest.raises(StoreError, match=r"empty \(0 bytes\)"):
        Store.open(f"sqlite:///{path}")


@pytest.mark.parametrize("fault", ["truncated", "removed", "replaced"])
def test_a_file_that_is_not_ours_any_more_stops_the_work(store, path, tmp_path, fault):
    """SQLite would go on reading and writing a file that has no name: everything since then lost."""
    a_filled(store)
    store.alive()
    if fault == "truncated":
        os.truncate(path, 0)
    elif fault == "removed":
        path.unlink()
    else:
        with Store.open(f"sqlite:///{tmp_path}/other.db") as other:
            other.upgrade()
        Path(tmp_path / "other.db").replace(path)

    with pytest.raises(StoreError, match=r"0 bytes|is gone|was replaced"):
        store.alive()
    with pytest.raises(StoreError, match=r"0 bytes|is gone|was replaced"):
        a_filled(store)


def test_another_database_copied_over_ours_is_not_ours(store, path, tmp_path):
    """The same file, other contents: an old backup put back under a running daemon."""
    with Store.open(f"sqlite:///{tmp_path}/other.db") as other:
        other.upgrade()
    for left in (*tmp_path.glob("*-wal"), *tmp_path.glob("*-shm")):
        left.unlink()
    with path.open("r+b") as ours:
        ours.write((tmp_path / "other.db").read_bytes())

    with pytest.raises(StoreError, match=r"not the database that was opened|damaged|disk"):
        store.alive()


def test_what_is_written_outlives_a_power_cut(store, path):
    """NORMAL lost committed rows in every power cut that was tried, FULL in none."""
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_a_damaged_page_is_found(path):
    """A look at everything once a day; then there is still a backup to go back to."""
    with Store.open(f"sqlite:///{path}") as store:
        store.upgrade()
        a_filled(store, 200)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096 * 4)

    with Queries.open(f"sqlite:///{path}") as queries, pytest.raises(StoreError, match="damaged"):
        queries.check()


def test_what_cannot_be_a_database_is_refused_with_a_reason(path, tmp_path):
    """Before anything is polled, in words that say what to do."""
    (tmp_path / "garbage.db").write_bytes(b"no database" * 1000)
    theirs = sqlite3.connect(tmp_path / "theirs.db")
    theirs.execute("CREATE TABLE t (x)")
    theirs.close()
    reasons = {
        f"sqlite:///{tmp_path}/garbage.db": "not a SQLite database",
        f"sqlite:///{tmp_path}/theirs.db": "another program",
        f"sqlite:///{tmp_path}/no/such/folder.db": "does not exist",
        f"sqlite:///{tmp_path}": "is a folder",
        "sqlite://": "must be a file",
        "sqlite:///:memory:": "must be a file",
        "mysql://u:hunter2@h/db": "no database of kind 'mysql'",
        "monitor.db?hunter2": "is no address",
    }
    for url, reason in reasons.items():
        with pytest.raises(StoreError, match=reason) as refused:
            Store.open(Secret(url))
        assert "hunter2" not in f"{refused.value}{refused.value.__cause__}"


READ_ONLY = """
from monitor.errors import StoreError
os.getuid() == 0 and os.setuid(65534)
try:
    Store.open(url)
except StoreError as error:
    print(error)
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may look into: pytest's own let nobody else in."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_database_that_cannot_be_written_fails_at_the_start_with_the_reason(open_folder, what):
    """And not at the first entry, an hour later."""
    path = open_folder / "monitor.db"
    Store.open(f"sqlite:///{path}").close()
    (open_folder if what == "folder" else path).chmod(0o555)
    if what == "file":
        open_folder.chmod(0o777)

    said = said_by(start(READ_ONLY, f"sqlite:///{path}"))

    assert f"{open_folder if what == 'folder' else path} cannot be written by this user" in said


def test_questions_to_a_database_that_is_not_there_do_not_make_one(path):
    """`monitor hits list` in the wrong folder must not leave an empty file behind."""
    with pytest.raises(StoreError, match="there is no database"):
        Queries.open(f"sqlite:///{path}")
    assert not path.exists()


def fill(file: Path) -> None:
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as ballast:
        while True:
            ballast.write(b"x" * 4096)


def test_a_full_disk_loses_nothing_and_work_goes_on_when_there_is_room(tmp_path):
    """Nothing is half written; the same step succeeds later."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "none", disk], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("no small disk can be mounted here (only root may)")
    try:
        with Store.open(f"sqlite:///{disk}/monitor.db") as store:
            store.upgrade()
            ballast = disk / "ballast"
            fill(ballast)
            feed = a_feed()
            entries = [an_entry(feed, n, content="veel " * 2000) for n in range(20)]
            with pytest.raises(StoreError, match="the disk is full"):
                store.save_poll(replace(feed, state=FeedState(etag="new")), POLLED, arrived(*entries))
            store.alive()

            ballast.unlink()

            assert store.feed(feed.key) is None
            assert len(store.save_poll(feed, POLLED, arrived(*entries))) == 20
    finally:
        subprocess.run(["umount", disk], check=True)


# --- the server ------------------------------------------------------------------------------------------------------


def test_a_missing_driver_is_told_of_with_its_cure(monkeypatch):
    """PostgreSQL is an extra."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'monitor\[postgres\]'"):
        Store.open("postgresql://x@localhost/x")


def test_a_server_that_does_not_answer_is_told_of_without_the_password():
    """The message goes to logs and to a web page."""
    with pytest.raises(StoreError, match="does not answer") as refused:
        Store.open("postgresql://desk:hunter2@127.0.0.1:1/news")
    assert "desk" in str(refused.value)
    assert "hunter2" not in f"{refused.value}{refused.value.__cause__}{refused.value.__cause__.__cause__}"


def others(url: str) -> None:
    """End every connection to a database, as a restarted server does."""
    import psycopg

    server = url.replace("postgresql://monitor@/", "dbname=").replace("?host=", " user=monitor host=")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_restarted_server_costs_no_step(postgres):
    """The connection is tried before it is used."""
    with Store.open(postgres) as store, Queries.open(postgres) as queries:
        store.upgrade()
        a_filled(store)
        assert queries.status().inbox == 3

        others(postgres)

        assert len(visit_of(store, NOW, LEASE).entries) == 3
        assert queries.status().inbox == 3
        store.alive()


def test_a_daemon_that_lost_its_lock_stops(postgres):
    """Another one may hold it by now."""
    with Store.open(postgres, lock=True) as store:
        store.upgrade()
        store.alive()

        others(postgres)

        with pytest.raises(StoreError, match="lock is lost"):
            store.alive()
