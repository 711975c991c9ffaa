"""Compiled rules that wait on disk: used when they are of these very files, and never missed."""

from dataclasses import replace
from pathlib import Path

import pytest

from monitor import compiled
from monitor.config import Config, load
from monitor.model import Article
from monitor.rules.compile import compile_rules

HIT = Article(key="a", url="", body="Geheim overleg met Poetin.")


@pytest.fixture(autouse=True)
def _small_books_count_as_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MANY", 1)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    file = tmp_path / "rules.yaml"
    file.write_text("rules:\n  - id: talks\n    find: geheim + poetin\n", encoding="utf-8")
    return load(file, {})


def home(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache")}


def refuse(*_: object) -> None:
    pytest.fail("the rules were compiled anew")


def test_rules_are_compiled_once(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred thousand rules take half a minute to compile, at every start."""
    first = compiled.rules_of(config, home(tmp_path))
    monkeypatch.setattr(compiled, "compile_rules", refuse)
    again = compiled.rules_of(config, home(tmp_path))
    assert again.match(HIT) == first.match(HIT) != ()
    assert again.book is config.book
    assert again.replace(config.book).match(HIT) == first.match(HIT)


def test_other_files_are_compiled(config: Config, tmp_path: Path) -> None:
    """The rules of yesterday must not be in force today."""
    compiled.rules_of(config, home(tmp_path))
    changed = replace(config, digest="another", book=replace(config.book, rules=()))
    monkey = replace(changed, book=replace(config.book, rules=(replace(config.book.rules[0], id="new"),)))
    assert [match.rule for match in compiled.rules_of(monkey, home(tmp_path)).match(HIT)] == ["new"]


def test_nobody_else_reads_them_and_few_are_kept(config: Config, tmp_path: Path) -> None:
    """Whose names a newsroom looks for is its own affair; and a folder must not grow with every edit."""
    for number in range(compiled.KEPT + 2):
        compiled.rules_of(replace(config, digest=str(number)), home(tmp_path))
    folder = tmp_path / "cache" / "monitor"
    assert len(list(folder.iterdir())) == compiled.KEPT
    assert folder.stat().st_mode & 0o077 == 0
    assert all(one.stat().st_mode & 0o077 == 0 for one in folder.iterdir())


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_damaged_files_are_replaced(config: Config, tmp_path: Path, damage: bytes | None) -> None:
    """A power cut must not keep the daemon from starting."""
    wanted = compiled.rules_of(config, home(tmp_path)).match(HIT)
    (file,) = (tmp_path / "cache" / "monitor").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-9] if damage is None else damage)
    assert compiled.rules_of(config, home(tmp_path)).match(HIT) == wanted
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_made_costs_nothing_but_time(config: Config, tmp_path: Path) -> None:
    """A disk that is full or read-only is no reason not to start."""
    (tmp_path / "file").touch()
    assert compiled.rules_of(config, {"CACHE_DIRECTORY": str(tmp_path / "file" / "below")}).match(HIT)


def test_small_books_leave_no_trace(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compiled in an instant needs no file."""
    monkeypatch.setattr(compiled, "MANY", 2)
    assert compiled.rules_of(config, home(tmp_path)).match(HIT) == compile_rules(config.book).match(HIT)
    assert not (tmp_path / "cache").exists()


def test_systemd_says_where(tmp_path: Path) -> None:
    """A service under a user of its own has no home."""
    assert compiled.folder({"CACHE_DIRECTORY": "/var/cache/monitor", "HOME": "/"}) == Path("/var/cache/monitor")
    assert compiled.folder({"HOME": "/home/eva"}) == Path("/home/eva/.cache/monitor")
