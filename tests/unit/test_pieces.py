"""A long rules.yaml read in pieces: the same as read whole, and what stayed the same is not read again."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import config
from monitor.config import pieces
from monitor.errors import ConfigError
from monitor.rules.spec import Rule

HEAD = "version: 1\nlists:\n  talks: overleg, gesprek*\n"
TAIL = "channels:\n  console: {}\n"


def rules(*numbers: int) -> str:
    return "rules:\n" + "".join(rule(number) for number in numbers)


def rule(number: int, more: str = "") -> str:
    return f"""\
  - id: rule-{number}
    find: |
      $talks + woord{number}
      - geen streepje{number}
{more}    # een regel
    examples: {{match: overleg woord{number}}}

"""


@pytest.fixture(autouse=True)
def long(monkeypatch):
    """Every file is a long one."""
    monkeypatch.setattr(pieces, "LONG", 0)


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load a text as rules.yaml, with what was loaded before."""
    monkeypatch.chdir(tmp_path)

    def load(text: str, last: config.Config | None = None, environ: dict[str, str] | None = None) -> config.Config:
        Path("rules.yaml").write_text(text.replace("      - geen", "      geen"), "utf-8")
        return config.load("rules.yaml", environ or {}, last.memory if last else config.Memory())

    return load


def places(found: config.Config) -> list[tuple[int, int]]:
    return [
        (term.place.line, term.place.column)
        for one in found.book.rules
        for line in one.lines
        for part in line.parts
        for term in part.terms
    ]


def shared(one: config.Config, other: config.Config) -> list[str]:
    """The rules of both that are the very same object: not read again."""
    known: dict[int, Rule] = {id(said): said for said in one.book.rules}
    return [said.id for said in other.book.rules if id(said) in known]


def test_a_file_in_pieces_is_the_file_as_a_whole(load, monkeypatch):
    """Rules, lists, order, places."""
    text = HEAD + rules(1, 2, 3) + TAIL
    in_pieces = load(text)

    monkeypatch.setattr(pieces, "LONG", 10**9)
    whole = load(text)

    assert in_pieces.book == whole.book
    assert places(in_pieces) == places(whole)
    assert in_pieces.digest == whole.digest


def test_an_edit_of_one_rule_reads_one_rule(load):
    """The others are the same objects as before."""
    before = load(HEAD + rules(1, 2, 3) + TAIL)

    after = load((HEAD + rules(1, 2, 3) + TAIL).replace("+ woord2", "+ ander2"), before)

    assert ["rule-1", "rule-3"] == shared(before, after)
    assert "ander2" in after.book.rules[1].lines[0].source


def test_rules_that_moved_know_their_new_places(load, monkeypatch):
    """A line more above them."""
    before = load(HEAD + rules(1, 2, 3) + TAIL)
    longer = HEAD + rules(1) + rule(2, "    every: 2h\n") + rule(3) + TAIL

    after = load(longer, before)
    monkeypatch.setattr(pieces, "LONG", 10**9)

    assert places(load(longer)) == places(after)
    assert load(longer).book == after.book


@pytest.mark.parametrize(
    "item",
    [
        "  -   id: two\n      find: ander2\n",
        "  - # een woord\n    id: two\n    find: ander2\n",
        "  - \n\n    # een woord\n\n    id: two\n    find: ander2\n",
        "  - {id: two, find: ander2}\n",
    ],
)
def test_a_rule_begins_where_its_keys_do(load, item):
    """However it stands behind its dash: what is said of it points there, also when it was not read again."""
    text = HEAD + rules(1) + item + rule(3) + TAIL
    first = load(text)

    again = load("# een regel\n" + text, first)

    assert ["rule-1", "two", "rule-3"] == shared(first, load(text, first))
    begins = [(one.place.line + 1, one.place.column) for one in first.book.rules]
    assert begins == [(one.place.line, one.place.column) for one in again.book.rules]
    assert places(again) == [(line + 1, column) for line, column in places(first)]


def test_rules_that_go_or_come_or_change_places_do_so(load):
    """The book has them in the order of the file."""
    before = load(HEAD + rules(1, 2, 3) + TAIL)

    after = load(HEAD + rules(3, 4, 1) + TAIL, before)

    assert ["rule-3", "rule-4", "rule-1"] == [one.id for one in after.book.rules]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("overleg, gesprek*", "overleg"),
        (HEAD, HEAD + "defaults: {within: sentence}\n"),
        (TAIL, TAIL + "  other: {url: 'json://x'}\n"),
    ],
)
def test_what_rules_depend_on_reads_them_all_again(load, old, new):
    """Lists, defaults, channels."""
    before = load(HEAD + rules(1, 2) + TAIL)

    after = load((HEAD + rules(1, 2) + TAIL).replace(old, new), before)

    assert [] == shared(before, after)


def test_what_the_environment_gives_is_asked_for_again(load):
    """A rule that names it is never remembered."""
    text = HEAD + rules(1) + '  - {id: filled, find: "${WORD}"}\n' + TAIL
    before = load(text, None, {"WORD": "overleg"})

    after = load(text, before, {"WORD": "gesprek"})

    assert "gesprek" == after.book.rules[1].lines[0].source


def test_a_warning_is_given_each_time(load):
    """A rule that something is said of is read again."""
    text = HEAD + rules(1) + "  - {id: wide, find: 'x1, *en*'}\n" + TAIL
    before = load(text)

    assert [str(fault) for fault in before.warnings] == [str(fault) for fault in load(text, before).warnings]
    assert before.warnings


def test_two_rules_with_one_id_are_found_in_pieces_too(load):
    """Also when both are known."""
    before = load(HEAD + rules(1, 2) + TAIL)

    with pytest.raises(ConfigError, match=r"rules.yaml:19:9: rules\[2\].id: two rules are called 'rule-1'"):
        load(HEAD + rules(1, 2, 1) + TAIL, before)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + rules(1, 2) + "rules: []\n",
        HEAD + rules(1).replace("rules:", "rules: #x"),
        HEAD + "rules:\n- id: one\n  find: x1\n- id: two\n  find: y1\n",
        HEAD + "rules:\n  - id: one\n    find: 'x1\n  - y1'\n",
        HEAD + "rules:\n  - id: one\n    find: *x*\n",
        HEAD + "rules:\n    - id: one\n      find: x1\n  - id: two\n",
        HEAD + "rules:\n  - one\n  - - two\n",
        HEAD + "rules: [{id: one, find: x1}]\n",
        HEAD + "rules:\n\n\n# c\n  - id: one\n    find: x1\n# c\n  - id: two\n    find: y1\n#d\n",
        "\ufeff" + HEAD.replace("\n", "\r\n") + rules(1, 2).replace("\n", "\r\n"),
    ],
)
def test_what_is_unusual_or_wrong_is_read_as_a_whole(load, monkeypatch, text):
    """With the same faults at the same places, or the same rules."""

    def outcome() -> object:
        try:
            found = load(text)
        except ConfigError as error:
            return [str(fault) for fault in error.faults]
        return found.book, places(found), [str(fault) for fault in found.warnings]

    first = outcome()
    monkeypatch.setattr(pieces, "LONG", 10**9)

    assert first == outcome()


@settings(max_examples=120, derandomize=True, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "  - id: x",
                "    find: y1",
                "    find: |",
                "      z1",
                "- a",
                "  ",
                "# c",
                "'",
                '"',
                "    name: 'a",
                "  b'",
                "lists: {}",
                "  - {id: q, find: w1}",
                "\t",
                "rules:",
            ]
        ),
        max_size=9,
    )
)
def test_no_text_means_something_else_in_pieces(tmp_path_factory, rows):
    """Whatever stands in the file: in pieces it is what it is as a whole, or it is read as a whole."""
    text = "rules:\n" + "\n".join(rows) + "\n"

    found = pieces.in_pieces(text, "f", {})

    if found is not None:
        whole, faults = pieces.parse(text, "f")
        assert (whole and whole.value(), faults) == (found.root.value(), [])
