"""What was read and compiled waits on disk: used when it is of these very files, and never missed."""

import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor import compiled
from monitor.config import Config, load, pieces
from monitor.config.nodes import Node
from monitor.config.rulebook import Known, RuleReader
from monitor.model import Article
from monitor.rules import cache
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


def test_a_few_rules_with_long_lists_are_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped rules are two, and take most of a second."""
    monkeypatch.setattr(compiled, "MANY", 5)
    file = tmp_path / "rules.yaml"
    for terms, kept in ((3, 0), (4, 1)):
        words = ", ".join(f"woord{n}" for n in range(terms))
        file.write_text(f"lists:\n  words: {words}\nrules:\n  - id: words\n    find: $words\n", encoding="utf-8")
        compiled.rules_of(load(file, {}), home(tmp_path))
        assert len([*(tmp_path / "cache").rglob("*.rules")]) == kept


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


# --- rules as written ----------------------------------------------------------------------------------------------

HEAD = "version: 1\nlists:\n  talks: overleg, gesprek*\n"


def written(*numbers: int, more: str = "") -> str:
    return "rules:\n" + "".join(
        f"  - id: rule-{n}\n    find: $talks + woord{n}\n    every: 6h\n{more}    examples: {{match: overleg woord{n}}}\n"
        for n in numbers
    )


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Config]:
    """Start anew with a text as rules.yaml; say which rules may be read, by their words."""
    monkeypatch.setattr(pieces, "LONG", 0)
    monkeypatch.setattr(compiled, "FEW", 0)
    read: list[str] = []
    really = RuleReader.read_anew

    def watched(reader: RuleReader, node: Node, where: str) -> Known | None:
        read.append(str(node.at("id").value()))
        return really(reader, node, where)

    monkeypatch.setattr(RuleReader, "read_anew", watched)

    def start(text: str, *, reads: Sequence[str] = (), last: Config | None = None, **environ: str) -> Config:
        read.clear()
        (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
        found = compiled.load(tmp_path / "rules.yaml", {**home(tmp_path), **environ}, last)
        assert read == list(reads)
        return found

    return start


def whole(found: Config) -> str:
    """All that the rules say, and where."""
    return repr(found.book.rules)


def test_a_second_start_reads_no_rule_until_somebody_asks(start: Callable[..., Config]) -> None:
    """A hundred thousand rules take half a minute to read; what a hit needs of its rule is at hand."""
    text = HEAD + written(1, 2, 3)
    first = start(text, reads=["rule-1", "rule-2", "rule-3"])

    again = start(text)

    assert all(rule.is_shut for rule in again.book.rules)
    assert again.book.rules[1].every == timedelta(hours=6)
    assert again.book.rules[1].lines[0].source == "$talks + woord2"
    assert [rule.is_shut for rule in again.book.rules] == [True, False, True]
    assert whole(again) == whole(first)
    assert again.book == first.book
    assert hash(again.book.rules) == hash(first.book.rules)
    assert pickle.loads(pickle.dumps(start(text).book)) == first.book
    assert replace(start(text).book.rules[0], id="other").lines == first.book.rules[0].lines


def test_what_was_edited_while_nobody_ran_is_read(start: Callable[..., Config]) -> None:
    """One rule was changed, one came, one went, and all stand elsewhere."""
    start(HEAD + written(1, 2, 3), reads=["rule-1", "rule-2", "rule-3"])
    text = "# a word\n" + HEAD + (written(1, 2) + written(4)[7:]).replace("woord2", "ander2")

    found = start(text, reads=["rule-1", "rule-2", "rule-4"])

    assert [rule.id for rule in found.book.rules] == ["rule-1", "rule-2", "rule-4"]
    assert whole(found) == whole(load(found.files[0], {}))


def test_an_edit_after_such_a_start_reads_one_rule(start: Callable[..., Config]) -> None:
    """The others are the same as before, and still shut: an edit is live at once."""
    text = HEAD + written(1, 2, 3)
    start(text, reads=["rule-1", "rule-2", "rule-3"])
    before = start(text)

    after = start(text.replace("+ woord2", "+ ander2"), reads=["rule-2"], last=before)
    moved = start("# a word\n" + text.replace("+ woord2", "+ ander2"), last=after)

    assert [one is other for one, other in zip(before.book.rules, after.book.rules, strict=True)] == [True, False, True]
    assert [rule.is_shut for rule in moved.book.rules] == [True, False, True]
    assert [rule.place.line for rule in moved.book.rules] == [rule.place.line + 1 for rule in after.book.rules]
    assert moved.book.rules[2].lines[0].parts[0].terms[0].place.line == moved.book.rules[2].place.line + 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("gesprek*", "praat*"),
        ("version: 1\n", "version: 1\ndefaults: {within: paragraph}\n"),
        ("version: 1\n", "version: 1\nchannels: {one: {}}\n"),
    ],
)
def test_what_rules_depend_on_is_never_of_yesterday(start: Callable[..., Config], old: str, new: str) -> None:
    """A list, a default or a channel that changed changes what the rules mean."""
    every = ["rule-1", "rule-2"]
    start(HEAD + written(1, 2), reads=every)
    found = start((HEAD + written(1, 2)).replace(old, new), reads=every)
    assert whole(start(found.files[0].read_text("utf-8"))) == whole(load(found.files[0], {}))


def test_rules_in_an_included_file_are_kept_too(start: Callable[..., Config], tmp_path: Path) -> None:
    """Who has many thousand rules has them in files of their own."""
    (tmp_path / "more.yaml").write_text(written(1, 2), encoding="utf-8")
    text = HEAD + "include: more.yaml\nchannels: {console: {}}\n"
    start(text, reads=["rule-1", "rule-2"])
    assert [rule.id for rule in start(text).book.rules] == ["rule-1", "rule-2"]


def test_what_is_filled_in_never_reaches_the_disk(start: Callable[..., Config], tmp_path: Path) -> None:
    """Whoever finds the folder in a backup must find no secret in it."""
    secret = {"WORD": "xyzzy-secret"}
    in_a_rule = HEAD + written(1, 2).replace("+ woord2", "+ ${WORD}")
    start(in_a_rule, reads=["rule-1", "rule-2"], **secret)
    start(in_a_rule, reads=["rule-2"], **secret)
    assert b"xyzzy" not in b"".join(one.read_bytes() for one in (tmp_path / "cache" / "monitor").iterdir())

    by_default = "version: 1\nfeeds:\n- {name: xyzzy-secret, url: 'https://a.example'}\ndefaults: {feeds: '${WORD}'}\n"
    for _ in range(2):
        start(by_default + HEAD.replace("version: 1\n", "") + written(1), reads=["rule-1"], **secret)
    assert b"xyzzy" not in b"".join(one.read_bytes() for one in (tmp_path / "cache" / "monitor").iterdir())


def test_another_python_reads_for_itself(start: Callable[..., Config], monkeypatch: pytest.MonkeyPatch) -> None:
    """What one version wrote down another need not understand."""
    text = HEAD + written(1)
    start(text, reads=["rule-1"])
    monkeypatch.setattr(cache, "FORM", b"another python")
    start(text, reads=["rule-1"])


def test_what_was_filled_in_tells_files_apart(start: Callable[..., Config]) -> None:
    """The same signs, parted elsewhere: other words, other rules."""
    text = "lists: {talks: '${A}', more: '${B}'}\nrules:\n  - {id: one, find: $talks}\n  - {id: two, find: $more}\n"
    before = start(text, reads=["one", "two"], A="geheim", B="iets")
    assert compiled.rules_of(before, home(before.files[0].parent)).match(HIT)

    after = start(text, reads=["one", "two"], A="geh", B="eimiets")

    assert after.digest != before.digest
    assert not compiled.rules_of(after, home(after.files[0].parent)).match(HIT)


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"nonsense\nmore"])
def test_a_damaged_memory_is_none(start: Callable[..., Config], tmp_path: Path, damage: bytes) -> None:
    """Then all is read, as ever, and kept again."""
    text = HEAD + written(1, 2)
    start(text, reads=["rule-1", "rule-2"])
    (file,) = (tmp_path / "cache" / "monitor").iterdir()
    file.write_bytes(damage)
    start(text, reads=["rule-1", "rule-2"])
    start(text)


def test_a_rule_that_two_ask_for_at_once_is_whole_for_both(start: Callable[..., Config]) -> None:
    """The loop and a thread may meet in one rule."""
    text = HEAD + written(*range(300))
    start(text, reads=[f"rule-{n}" for n in range(300)])
    rules = start(text).book.rules
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: [rule.examples[0].text for rule in rules], range(4)))
    assert said == [[f"overleg woord{n}" for n in range(300)]] * 4
