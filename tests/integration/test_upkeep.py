"""The database is looked after while it is in use: nothing is lost, and nothing of the wrong kind is let in."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from monitor.errors import AlreadyRunningError, StoreError
from monitor.store import Store
from monitor.store.upkeep import backup, restore, sizes, vacuum


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(address(tmp_path)) as made:
        made.upgrade()
        made.set_meta("word", "first")
        yield made


def address(folder: Path) -> str:
    return f"sqlite:///{folder / 'monitor.db'}"


def word(folder: Path) -> str | None:
    with Store.open(address(folder)) as store:
        return store.meta("word")


def test_a_backup_is_whole_while_it_is_written_to(store, tmp_path):
    """The daemon never stops for it, and what it had committed is in the copy."""
    over, written = Event(), 0

    def write() -> None:
        nonlocal written
        while not over.is_set():
            store.set_meta("number", str(written))
            written += 1

    writer = Thread(target=write)
    writer.start()
    try:
        octets = backup(address(tmp_path), tmp_path / "copy.db")
        vacuum(address(tmp_path))
    finally:
        over.set()
        writer.join()

    assert octets == (tmp_path / "copy.db").stat().st_size
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT value FROM meta WHERE key = 'word'").fetchone() == ("first",)
    assert store.meta("number") == str(written - 1)
    with pytest.raises(StoreError, match="exists already"):
        backup(address(tmp_path), tmp_path / "copy.db")


def test_a_restored_database_is_the_one_of_the_backup(store, tmp_path):
    """And the one that was there is kept, whole."""
    backup(address(tmp_path), tmp_path / "copy.db")
    store.set_meta("word", "second")
    store.close()

    kept = restore(address(tmp_path), tmp_path / "copy.db")

    assert word(tmp_path) == "first"
    assert kept is not None
    with closing(sqlite3.connect(kept)) as old:
        assert old.execute("SELECT value FROM meta WHERE key = 'word'").fetchone() == ("second",)


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 1_000])
def test_a_damaged_database_is_no_hindrance(store, tmp_path, damage):
    """That is when a backup is wanted."""
    backup(address(tmp_path), tmp_path / "copy.db")
    store.close()
    (tmp_path / "monitor.db").write_bytes(damage)

    restore(address(tmp_path), tmp_path / "copy.db")

    assert word(tmp_path) == "first"


def test_nothing_is_restored_under_a_daemon(store, tmp_path):
    """It would go on writing into a file that is gone."""
    backup(address(tmp_path), tmp_path / "copy.db")
    store.close()
    with Store.open(address(tmp_path), lock=True), pytest.raises(AlreadyRunningError):
        restore(address(tmp_path), tmp_path / "copy.db")


def test_nothing_is_restored_under_a_reader(store, tmp_path):
    """A page that is open in another process holds the old file."""
    backup(address(tmp_path), tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "monitor.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM meta").fetchall()
        store.set_meta("word", "second")
        store.close()
        with pytest.raises(StoreError, match="another program"):
            restore(address(tmp_path), tmp_path / "copy.db")
    assert word(tmp_path) == "second"


def test_what_is_no_backup_is_refused(store, tmp_path):
    """Before anything is moved."""
    (tmp_path / "text.db").write_text("hello " * 1_000)
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE other (a)")
        other.commit()
    store.close()

    for name in ("text.db", "other.db", "missing.db"):
        with pytest.raises(StoreError):
            restore(address(tmp_path), tmp_path / name)

    assert word(tmp_path) == "first"


def test_a_vacuum_gives_space_back(store, tmp_path):
    """What housekeeping dropped is otherwise kept for what comes."""
    store.set_meta("much", "x" * 4_000_000)
    store.set_meta("much", "")

    before, after = vacuum(address(tmp_path))

    assert after < before - 3_000_000
    assert {one.table: one.rows for one in sizes(address(tmp_path))}["meta"] == 4
    assert all(one.octets for one in sizes(address(tmp_path)) if one.table in {"meta", "word_index"})
