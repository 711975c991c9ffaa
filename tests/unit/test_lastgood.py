"""What was last in force of a rules.yaml is kept, and read again when the file can no longer be."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from monitor import config, lastgood
from monitor.errors import ConfigError

RULES = """
version: 1
include: teams/*.yaml
feeds: []
channels: {desk: {url: "json://user:${PASSWORD}@example.org"}}
"""
TEAM = "rules: [{id: NAME, find: brug}]\n"


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    return {"CACHE_DIRECTORY": str(tmp_path / "cache"), "PASSWORD": "kanarie12345"}


@pytest.fixture
def rules(tmp_path: Path, environ: Mapping[str, str]) -> Path:
    """A file in force, which includes another one, and is kept."""
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, encoding="utf-8")
    (tmp_path / "teams").mkdir()
    (tmp_path / "teams" / "een.yaml").write_text(TEAM.replace("NAME", "een"), encoding="utf-8")
    lastgood.keep(config.load(path, environ), path, environ)
    return path


def recalled(path: Path, environ: Mapping[str, str]) -> list[str] | None:
    found = lastgood.recall(path, environ)
    return [rule.id for rule in found[0].book.rules] if found else None


@pytest.mark.parametrize("slip", [b"", b"version: 1\nrules: [{id: x", b"\xff\xfe", None])
def test_whatever_became_of_the_file_what_was_in_force_is_there(rules, environ, slip):
    """Empty, half written, no text, gone."""
    good = config.load(rules, environ)
    rules.unlink() if slip is None else rules.write_bytes(slip)
    with pytest.raises(ConfigError):
        config.load(rules, environ)
    found = lastgood.recall(rules, environ)
    assert found
    assert (found[0].book, found[0].channels, found[0].digest) == (good.book, good.channels, good.digest)


def test_what_it_included_is_what_it_included_then(rules, environ):
    """The slip may stand in a file that was not there when all was well."""
    (rules.parent / "teams" / "een.yaml").write_text("rules: [", encoding="utf-8")
    (rules.parent / "teams" / "twee.yaml").write_text("rules: [", encoding="utf-8")
    assert recalled(rules, environ) == ["een"]


def test_no_secret_is_kept(rules, environ, tmp_path):
    """It is filled in from the environment of the day."""
    (kept,) = (tmp_path / "cache").iterdir()
    assert b"brug" in kept.read_bytes()
    assert b"kanarie12345" not in kept.read_bytes()
    assert kept.stat().st_mode & 0o077 == 0
    assert recalled(rules, {key: value for key, value in environ.items() if key != "PASSWORD"}) is None


def test_what_was_changed_meanwhile_is_not_kept_as_what_is_in_force(rules, environ):
    """Between reading and keeping somebody saved the slip."""
    found = config.load(rules, environ)
    rules.write_text(RULES.replace("feeds:", "feds:"), encoding="utf-8")
    lastgood.keep(found, rules, environ)
    assert recalled(rules, environ) == ["een"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"texts": 1}', b'{"texts": {"a": 1}, "meant": {}}'])
def test_what_is_not_whole_is_not_there(rules, environ, tmp_path, damage):
    """A disk that was full when it was written."""
    (kept,) = (tmp_path / "cache").iterdir()
    kept.write_bytes(damage)
    assert recalled(rules, environ) is None


def test_a_folder_that_cannot_be_had_stops_nothing(rules, environ, tmp_path):
    """To keep it is worth a line in the log, no more."""
    nowhere = {**environ, "CACHE_DIRECTORY": str(rules / "in a file")}
    lastgood.keep(config.load(rules, nowhere), rules, nowhere)
    assert recalled(rules, nowhere) is None
