"""The documentation is true: every YAML block in it loads, its examples pass, and every key is in it."""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import jsonschema
import pytest
import yaml

from monitor import config
from monitor.cli.app import main
from monitor.config.faults import keys
from monitor.config.shape import (
    ActorShape,
    CatalogueShape,
    ChannelShape,
    DefaultsShape,
    ExamplesShape,
    FeedShape,
    FileShape,
    KeepShape,
    ListsShape,
    NetworkShape,
    PollShape,
    RuleShape,
    SettingsShape,
)
from monitor.errors import ConfigError
from monitor.model import Outcome
from monitor.rules.check import run_examples

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "docs" / "rules.md"
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]
BLOCK = re.compile(r"^```yaml( refused)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
# What a reader would have set before trying a block.
ENVIRON = {
    "SMTP_USER": "desk@example.org",
    "SMTP_PASSWORD": "secret",
    "SLACK_URL": "slack://T00000000/B00000000/xxxxxxxxxxxxxxxxxxxxxxxx",
    "DESK_MAIL": "mailtos://desk:secret@smtp.example.org",
}


def _blocks(*, refused: bool) -> Iterator[object]:
    """The blocks that are rules.yaml, whole or in part; other YAML has other keys."""
    for page in PAGES:
        text = page.read_text("utf-8") if page.exists() else ""
        for found in BLOCK.finditer(text):
            first = re.match(r"\s*(?:#.*\n\s*)*(\w+):", found[2])
            is_ours = first and (first[1] in keys(FileShape) or found[1])
            if is_ours and bool(found[1]) == refused:
                line = text.count("\n", 0, found.start()) + 2
                yield pytest.param(found[2], id=f"{page.name}:{line}")


GOOD, REFUSED = list(_blocks(refused=False)), list(_blocks(refused=True))


@pytest.mark.parametrize("text", GOOD)
def test_every_block_loads_and_its_examples_pass(tmp_path, text):
    """A reader may copy any of them."""
    (tmp_path / "rules.yaml").write_text(text, "utf-8")

    book = config.load(tmp_path / "rules.yaml", ENVIRON).book

    assert [(result.rule, result.example.text) for result in run_examples(book) if not result.passed] == []


@pytest.mark.parametrize("text", GOOD)
def test_every_block_fits_the_schema(text):
    """An editor that checks against the schema does not complain of our own examples."""
    jsonschema.validate(yaml.safe_load(text), config.schema())


@pytest.mark.parametrize("text", REFUSED)
def test_every_block_that_is_refused_is_refused_as_it_says(tmp_path, text):
    """Each remark in it is what one of the faults says."""
    (tmp_path / "rules.yaml").write_text(text, "utf-8")

    with pytest.raises(ConfigError) as refused:
        config.load(tmp_path / "rules.yaml", {})

    said = [fault.text for fault in refused.value.faults]
    remarks = re.findall(r"# (.+)$", text, re.MULTILINE)
    assert remarks
    assert [remark for remark in remarks if not any(remark in fault for fault in said)] == []


SECTIONS = [
    ("The file", FileShape),
    ("`settings`", SettingsShape),
    ("`settings.poll`", PollShape),
    ("`settings.keep`", KeepShape),
    ("`settings.network`", NetworkShape),
    ("`feeds`: from the catalogue", CatalogueShape),
    ("`feeds`: your own", FeedShape),
    ("`channels`", ChannelShape),
    ("`lists`", ListsShape),
    ("`lists`: an actor", ActorShape),
    ("`rules`", RuleShape),
    ("`rules`: examples", ExamplesShape),
    ("`defaults`: for every rule that does not say otherwise", DefaultsShape),
]


def reference() -> str:
    """The tables of every key, from the models that read the file."""
    tables = []
    for title, shape in SECTIONS:
        rows = "".join(f"| `{key}` | {said} |\n" for key, said in keys(shape).items())
        tables.append(f"### {title}\n\n| key | |\n|---|---|\n{rows}")
    return "\n".join(tables)


def test_the_reference_is_that_of_the_schema():
    """`MONITOR_WRITE_DOCS=1 pytest tests/test_docs.py` writes it anew."""
    text = RULES.read_text("utf-8")
    made = re.compile(r"(<!-- made from the schema[^\n]*-->\n).*(<!-- end -->)", re.DOTALL)
    expected = made.sub(lambda found: f"{found[1]}\n{reference()}\n{found[2]}", text)
    if os.environ.get("MONITOR_WRITE_DOCS"):
        RULES.write_text(expected, "utf-8")
        return

    assert expected == text


def test_every_key_says_what_it_is_for():
    """In the reference and in an editor."""
    assert [(title, key) for title, shape in SECTIONS for key, said in keys(shape).items() if not said] == []


@pytest.mark.parametrize("shape", [DefaultsShape, RuleShape, ChannelShape, CatalogueShape, FeedShape, SettingsShape])
def test_every_key_is_shown_at_work(shape):
    """In a block that a reader may copy, somewhere in the documentation or the shipped file."""
    text = "\n".join(page.read_text("utf-8") for page in PAGES if page.exists()) + (ROOT / "rules.yaml").read_text(
        "utf-8"
    )
    rare = {"canary", "dead_after", "story_window", "template", "browser", "enabled", "section", "country", "outlet"}
    shown = [key for key in keys(shape) if not re.search(rf"\b{key}:", text)]

    assert set(shown) <= rare | {"poll", "keep", "network", "contact"}


# --- commands and outcomes

COMMANDS = ROOT / "docs" / "commands.md"


def _commands(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command by the words that one types, in the order of `--help`."""
    for name in group.list_commands(click.Context(group)):
        command = group.commands[name]
        yield " ".join((*words, name)), command
        if isinstance(command, click.Group):
            yield from _commands(command, (*words, name))


def _section(name: str, command: click.Command) -> str:
    """Return what the help of a command says, as a section of the page."""
    context = click.Context(command, info_name=f"monitor {name}")
    said, _, examples = (command.help or "").partition("\b\nExamples:\n")
    parts = [f"### monitor {name}", *(" ".join(part.split()) for part in said.strip().split("\n\n"))]
    if not isinstance(command, click.Group) or command.invoke_without_command:
        parts.insert(1, f"`monitor {name} {' '.join(command.collect_usage_pieces(context))}`")
    if examples:
        parts.append("```sh\n" + "\n".join(line.strip() for line in examples.strip().splitlines()) + "\n```")
    records = [option.get_help_record(context) for option in command.params]
    rows = [f"| `{_cell(record[0])}` | {_cell(record[1])} |" for record in records if record and record[1]]
    return "\n\n".join([*parts, *(["\n".join(["| option | |", "|---|---|", *rows])] if rows else [])]) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def test_the_reference_of_commands_is_what_their_help_says():
    """`MONITOR_WRITE_DOCS=1 pytest tests/test_docs.py` writes it anew."""
    text = COMMANDS.read_text("utf-8")
    sections = "\n".join(_section(name, command) for name, command in _commands(main))
    made = re.compile(r"(<!-- made from the commands[^\n]*-->\n).*(<!-- end -->)", re.DOTALL)
    expected = made.sub(lambda found: f"{found[1]}\n{sections}\n{found[2]}", text)
    if os.environ.get("MONITOR_WRITE_DOCS"):
        COMMANDS.write_text(expected, "utf-8")
        return

    assert expected == text


def test_every_command_that_can_find_something_wrong_says_so():
    """Exit 1 is in a command's help, and in the table of exit codes."""
    table = COMMANDS.read_text("utf-8").partition("ends with 1 when")[2].partition("## Reference")[0]
    saying = {name for name, command in _commands(main) if re.search(r"[Ee]xit:? 1", command.help or "")}

    assert saying <= set(re.findall(r"^\| `([a-z ]+)` \|", table, re.MULTILINE)) | {"run"}


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_explained(outcome):
    """A word that a person meets in the log stands in the page that says what it means."""
    page = (ROOT / "docs" / "outcomes.md").read_text("utf-8")

    assert re.search(rf"^\| `{outcome}` \|", page, re.MULTILINE)


def test_every_command_that_the_pages_name_exists():
    """A reader types what he reads."""
    known = {name for name, _ in _commands(main)}
    named = [
        (page.name, typed)
        for page in PAGES
        for typed in re.findall(
            r"(?:^|[`;|] ?)(?:\.venv/bin/)?monitor ((?:[a-z]+ ?)+)", page.read_text("utf-8"), re.MULTILINE
        )
    ]
    assert named

    def exists(typed: str) -> bool:
        first, *rest = typed.split()
        return (
            f"{first} {rest[0]}" in known
            if rest and isinstance(main.commands.get(first), click.Group)
            else first in known
        )

    assert [(page, typed) for page, typed in named if not exists(typed)] == []


def test_every_page_is_found_from_the_front_page():
    """What nobody is led to is not documentation. And no link leads nowhere."""
    front = (ROOT / "README.md").read_text("utf-8")

    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"(docs/{page.name})" not in front] == []
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
            assert link.startswith("https://") or (page.parent / link).exists(), (page.name, link)


def test_every_room_of_the_house_is_on_its_plan():
    """A plan that lacks a room, or has one that is gone, misleads whoever comes to change something."""
    plan = (
        (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("```text\nmonitor/\n")[2].partition("```")[0]
    )
    drawn = set(re.findall(r"^  (\w+(?:\.py|/)) ", plan, re.MULTILINE))
    rooms = {f"{one.name}/" if one.is_dir() else one.name for one in (ROOT / "monitor").iterdir()}

    assert drawn == {one for one in rooms if not one.startswith("__")}


def test_the_layers_on_the_plan_are_those_that_are_checked():
    """What the linter holds and what a person reads is one order."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("| layer (may use")[2].partition("\n\n")[0]
    drawn = [sorted(re.findall(r"`(\w+)`", row)) for row in page.splitlines()[2:]]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (checked,) = [one["layers"] for one in contracts if one["type"] == "layers"]

    assert drawn == [sorted(layer.replace(" ", "").split("|")) for layer in checked]
    rooms = {one.stem for one in (ROOT / "monitor").iterdir() if not one.name.startswith("__")} - {"catalogue"}
    assert {room for layer in drawn for room in layer} == rooms


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_every_link_within_the_pages_leads_somewhere(page):
    """A reader who clicks gets there: to the file, and to its heading."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]

    assert [link for link in links if not _leads_somewhere(page, link)] == []


def _leads_somewhere(page: Path, link: str) -> bool:
    place, _, anchor = link.partition("#")
    target = (page.parent / place).resolve() if place else page
    if not target.exists() or not anchor:
        return target.exists()
    headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
    return anchor in {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
