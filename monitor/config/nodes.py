"""A YAML text → a tree whose every value knows its line and column; what YAML would silently change is a fault.

The tree is made from libyaml's events: a syntax error that a person is likely to make (`- *gesprek*`) is reported with
its remedy, put right for the moment, and reading goes on, so that one look shows all faults.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import yaml

from monitor.errors import Fault
from monitor.rules.spec import Place

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times faster; both give the same marks

# Deeper than any file of ours: lists.name.people.0.names.nl.0 is seven.
DEEPEST = 24
# Syntax errors put right for the moment, so that the rest of the file can be read. Then it is no slip any more.
MOST_REPAIRS = 100

# One class, no alternatives: of twenty megabytes each sign is looked at.
_UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_HASHTAG = re.compile(r"[ \t](#[^\W\d_]\S*)")
_DOUBLE_QUOTED = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\n[ \t]*|.)|[^\\]", re.DOTALL)

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"] | object


@dataclass(eq=False, slots=True)
class Node:
    """A value of the file. Exactly one of `text`, `items` and `pairs` is meant, by `kind`."""

    kind: Literal["text", "items", "pairs"]
    file: str
    line: int  # 1-based, as is the column
    column: int
    text: str = ""  # as filled in; what stands in the file is `written`
    written: str = ""
    style: str = ""  # of a text: | > ' " or "" for a plain one
    filled: bool = False  # holds what the environment or a file gave: never to be shown
    missing: bool = False  # should have been filled in, and could not be: that has been said
    items: list[Node] = field(default_factory=list)
    pairs: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    source: str = ""  # of the whole file
    start: int = 0
    end: int = 0
    indent: int = -1  # of a block; -1: not looked up yet
    closed: Any = None  # of a piece of the file that nobody has looked into yet: what is known of it
    base: int = 0  # lines of the file before `source`, when that is a piece of it

    @property
    def place(self) -> Place:
        return Place(self.file, self.line, self.column)

    def at(self, *path: str | int) -> Node:
        """Return the value at this path, or the last one on the way there that exists."""
        node = self
        for step in path:
            child = node.child(step)
            node = child or node
        return node

    def child(self, step: str | int) -> Node | None:
        if isinstance(step, int):
            return self.items[step] if self.kind == "items" and 0 <= step < len(self.items) else None
        return self.pairs.get(step) if self.kind == "pairs" else None

    def value(self) -> Value:
        """Return it as plain Python: what YAML makes of it, with texts as filled in."""
        if self.kind == "items":
            return [item.value() for item in self.items]
        if self.kind == "pairs":
            return {key: node.value() for key, node in self.pairs.items()}
        return self.text if self.style or self.filled else _resolved(self.text)

    def texts(self) -> Iterator[Node]:
        """Yield every text in it, keys left out."""
        if self.kind == "text":
            yield self
        for node in itertools.chain(self.items, self.pairs.values()):
            if node.closed is None:
                yield from node.texts()

    def locate(self, offset: int) -> Place:
        """Return where the sign at this offset of `text` stands in the file."""
        if self.filled or self.kind != "text":
            return self.place
        if self.style == "|":
            return self._locate_in_block(offset)
        index = next(itertools.islice(self._origins(), offset, None), self.end)
        line, column = _line_and_column(self.source, index)
        return Place(self.file, self.base + line, column)

    def _locate_in_block(self, offset: int) -> Place:
        if self.indent < 0:
            self.indent = self._indent()
        begin = self.text.rfind("\n", 0, offset) + 1
        row = self.line + 1 + self.text.count("\n", 0, begin)
        return Place(self.file, row, self.indent + offset - begin + 1)

    def _indent(self) -> int:
        """Return how far the lines of a block are indented: the first that holds something tells."""
        written = self.source[self.source.find("\n", self.start) + 1 : self.end].split("\n")
        both = zip(written, self.text.split("\n"), strict=False)
        return next((len(row) - len(text) for row, text in both if text.strip()), 0)

    def _origins(self) -> Iterator[int]:
        """Yield, for each sign of the text, its offset in the file. Blanks that YAML folds stand where the line ends."""
        begin, end = self.start, self.end
        if self.style == ">":
            begin = self.source.find("\n", begin) + 1
        if self.style in ("'", '"'):
            begin, end = begin + 1, end - 1
        written = self.source[begin:end]
        if self.style == '"':
            signs = [(found.start(), found[0]) for found in _DOUBLE_QUOTED.finditer(written)]
        elif self.style == "'":
            signs = [(found.start(), found[0]) for found in re.finditer(r"''|.", written, re.DOTALL)]
        else:
            signs = list(enumerate(written))
        solid = iter([begin + at for at, sign in signs if not sign.isspace() and not sign.startswith("\\\n")])
        last = begin
        for sign in self.text:
            if sign.isspace():
                yield last + 1
            else:
                last = next(solid, end)
                yield last


def parse(text: str, file: str, base: int = 0) -> tuple[Node | None, list[Fault]]:
    """Return the tree of a YAML text and what is wrong with it; None when the text is empty or cannot be read.

    `base` lines of the file stand before the text.
    """
    text, faults = printable(text, file)
    for _ in range(MOST_REPAIRS):
        builder = _Builder(text, file, base)
        try:
            root = builder.build()
            builder.check_comments()
        except _AliasError as alias:
            faults.append(alias.fault)
            text = _repaired(text, alias.index)
            continue
        except yaml.MarkedYAMLError as error:
            fault, repaired = _syntax(error, text, file)
            faults.append(fault)
            if repaired is None:
                return None, faults
            text = repaired
            continue
        except yaml.YAMLError as error:
            return None, [*faults, Fault(f"this is no YAML: {error}", file, 1, 1)]
        return root, faults + builder.faults
    return None, faults


def printable(text: str, file: str) -> tuple[str, list[Fault]]:
    """Return the text with one kind of line end and nothing that YAML refuses, sign for sign."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not _UNPRINTABLE.search(text):
        return text.replace("\x85", " "), []
    faults = [
        Fault(
            f"a sign that cannot stand in this file: U+{ord(found[0]):04X}",
            file,
            *_line_and_column(text, found.start()),
        )
        for found in itertools.islice(_UNPRINTABLE.finditer(text), MOST_REPAIRS)
    ]
    return _UNPRINTABLE.sub(" ", text.replace("\x85", " ")), faults


def _repaired(text: str, index: int) -> str:
    return text[:index] + "x" + text[index + 1 :]


def _line_and_column(text: str, index: int) -> tuple[int, int]:
    """Return both, 1-based."""
    return text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1


class _AliasError(Exception):
    def __init__(self, fault: Fault, index: int) -> None:
        super().__init__(fault.text)
        self.fault = fault
        self.index = index


def _starred(text: str, index: int, file: str) -> Fault:
    """An unquoted `*term*` outside a block."""
    row = text[index:].split("\n", 1)[0]
    word = re.split(r"[\s,\]}]", row, maxsplit=1)[0]
    why = f"YAML reads '{word}' as a reference; write it in quotes (\"{word}\") or in a block (|)"
    return Fault(why, file, *_line_and_column(text, index))


_MESSAGES = {
    "mapping values are not allowed": "a colon that YAML reads as 'key: value'; put the whole text in quotes, or in a block (|)",
    "did not find expected key": "YAML does not expect this here; a text that goes on after a quote, or a line that is"
    " indented differently? Put the text in a block (|)",
    "expected <block end>": "YAML does not expect this here; is the line indented as its neighbours?",
    "unexpected end of stream": "the file ends in the middle of a quoted text",
    "expected ',' or ']'": "this '[' is never closed, or a comma is missing",
    "expected ',' or '}'": "this '{' is never closed, or a comma is missing",
    "could not find expected ':'": "a key without ': ' and a value",
}


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> tuple[Fault, str | None]:
    """Return the fault, and the text with the slip put right, as long as it was, so that reading goes on."""
    said = error.problem or "cannot be read"
    mark: Any = error.problem_mark
    if error.context and ("alias" in error.context or "anchor" in error.context) and error.context_mark:
        index = error.context_mark.index
        return _starred(text, index, file), _repaired(text, index)
    if "',' or" in said and error.context_mark:
        mark = error.context_mark
    index = mark.index if mark else 0
    line, column = _line_and_column(text, index)
    sign = text[index : index + 1]
    if "cannot start any token" in said and sign == "\t":
        return Fault("a tab: indent with spaces", file, line, column), None
    if "cannot start any token" in said:
        return Fault(f"a text cannot begin with '{sign}'; put it in quotes, or in a block (|)", file, line, column), (
            _repaired(text, index) if sign in ("@", "`", "%") else None
        )
    plain = next((message for known, message in _MESSAGES.items() if known in said), f"YAML says: {said}")
    return Fault(plain, file, line, column), _without_the_rest(said, text, index)


def _without_the_rest(said: str, text: str, index: int) -> str | None:
    """Return the text without a colon too many, or without what stands behind a closing quote."""
    if "mapping values are not allowed" in said:
        return _repaired(text, index)
    before = text[text.rfind("\n", 0, index) + 1 : index].rstrip()
    if "did not find expected key" in said and before.endswith(('"', "'")):
        rest = text[index:].split("\n", 1)[0]
        return text[:index] + " " * len(rest) + text[index + len(rest) :]
    return None


class _Builder:
    """Makes nodes out of events."""

    def __init__(self, text: str, file: str, base: int) -> None:
        self.text = text
        self.file = file
        self.base = base
        self.faults: list[Fault] = []
        self.events: Iterator[Any] = iter(())
        self.spans: list[tuple[int, int]] = []  # where texts stand, in order

    def build(self) -> Node | None:
        self.events = yaml.parse(self.text, Loader=_Loader)
        root: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.NodeEvent):
                node = self.node(event, 0)
                if root is None:
                    root = node
                else:
                    self.fault(event, "a second document ('---') is not read; use include:")
        return root

    def check_comments(self) -> None:
        """Warn of `overleg #buitenland`: for YAML it is a comment that begins inside a line, and it is gone."""
        spans = iter(self.spans)
        start, end = next(spans, (len(self.text), 0))
        for found in _HASHTAG.finditer(self.text):
            while end and end <= found.start(1):
                start, end = next(spans, (len(self.text), 0))
            if (
                found.start(1) < start
                and self.text[self.text.rfind("\n", 0, found.start(1)) + 1 : found.start(1)].strip()
            ):
                line, column = _line_and_column(self.text, found.start(1))
                why = f"YAML reads '{found[1]}' as a comment; a text with a '#' stands in quotes or in a block (|)"
                self.faults.append(Fault(why, self.file, self.base + line, column, warning=True))

    def fault(self, event: Any, text: str) -> None:
        self.faults.append(Fault(text, self.file, self.base + event.start_mark.line + 1, event.start_mark.column + 1))

    def node(self, event: Any, depth: int) -> Node:
        mark: Any = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            raise _AliasError(_starred(self.text, mark.index, self.file), mark.index)
        if event.anchor:
            self.fault(event, f"YAML reads '&{event.anchor}' as the name of a value; write it in quotes")
        if event.tag and event.tag != "!":
            self.fault(event, f"YAML reads '{event.tag}' as the type of a value; write it in quotes")
        line, column = self.base + mark.line + 1, mark.column + 1
        node = Node("text", self.file, line, column, source=self.text, start=mark.index, base=self.base)
        if isinstance(event, yaml.ScalarEvent):
            node.text = node.written = event.value
            node.style = event.style or ""
            end_mark: Any = event.end_mark
            node.end = end_mark.index
            self.spans.append((node.start, node.end))
            self.place_of_nothing(node)
        elif depth > DEEPEST:
            raise yaml.MarkedYAMLError(None, None, "too deep", mark)
        elif isinstance(event, yaml.SequenceStartEvent):
            node.kind = "items"
            self.fill_items(node, depth)
        else:
            node.kind = "pairs"
            self.fill_pairs(node, depth)
        return node

    def place_of_nothing(self, node: Node) -> None:
        """An empty value stands where one would have stood: after the blanks."""
        if not node.text and not node.style:
            row = self.text[node.start :].split("\n", 1)[0]
            node.column += len(row) - len(row.lstrip()) if row.strip() else 0

    def fill_items(self, node: Node, depth: int) -> None:
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            node.items.append(self.node(event, depth + 1))

    def fill_pairs(self, node: Node, depth: int) -> None:
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                return
            key = self.node(event, depth + 1)
            value = self.node(next(self.events), depth + 1)
            self.pair(node, key, value)

    def pair(self, node: Node, key: Node, value: Node) -> None:
        if trap := trapped(key):
            self.faults.append(Fault(trap, self.file, key.line, key.column))
        elif key.text in node.pairs:
            first = node.keys[key.text].line
            why = f"'{key.text}' stands here twice (the first is on line {first}): YAML would forget one of them"
            self.faults.append(Fault(why, self.file, key.line, key.column))
        else:
            node.pairs[key.text] = value
            node.keys[key.text] = key.place


def trapped(node: Node) -> str:
    """Say what YAML makes of a value where text was meant; "" when it is a text."""
    if node.kind == "pairs":
        key = next(iter(node.pairs), "")
        if not node.pairs:
            return "text was meant, but YAML reads this as an empty mapping ({})"
        return f"text was meant, but YAML reads '{key}:' as a key with a value; put the whole text in quotes, or in a block (|)"
    if node.kind == "items":
        return "one text was meant, but this is a list"
    value = node.value()
    if isinstance(value, str):
        return ""
    if value is None:
        return _empty(node)
    read = {int: "a number", float: "a number", date: "a date"}.get(type(value), "") if str(value) == node.text else ""
    read = read or f"{value}"
    return f'text was meant, but YAML reads {node.text} as {read}; write it in quotes: "{node.text}"'


def _empty(node: Node) -> str:
    """Say why there is nothing: perhaps a `#` made a comment of the text."""
    row = node.source[node.end or node.start :].split("\n", 1)[0]
    if node.text:
        return f'text was meant, but YAML reads {node.text} as nothing; write it in quotes: "{node.text}"'
    if comment := re.match(r"\s*(#\S+)", row):
        return f"text was meant, but YAML reads '{comment[1]}' as a comment; write it in quotes: \"{comment[1]}\""
    return "text was meant, but nothing stands here"


_SCALARS = yaml.SafeLoader("")


def _resolved(text: str) -> Value:
    """Return what YAML 1.1 makes of a plain text: `no` is False, `12:30` is 750."""
    tag: str = _SCALARS.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    if tag == "tag:yaml.org,2002:str":
        return text
    try:
        return _SCALARS.construct_object(yaml.ScalarNode(tag, text))  # type: ignore[no-any-return]
    except (yaml.YAMLError, ValueError):
        return text
