"""The documentation is true: every YAML block in it loads, its examples pass, and every key is in it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml

from monitor import config
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
    keys,
)
from monitor.errors import ConfigError
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
