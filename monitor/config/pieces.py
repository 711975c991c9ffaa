"""A long file in pieces, one for each rule: what says the same as the last time is not parsed again.

Ten thousand rules take ten seconds to parse, and an edit changes one of them. Where a rule begins is seen from the
file's indentation alone; when anything about the file is unusual, or wrong, it is read whole.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from monitor.config.nodes import Node, parse, printable
from monitor.rules.spec import Example, Line, Part, Place, Rule, Term

# Characters. A shorter file is read whole in a fraction of a second.
LONG = 200_000

_RULES = re.compile(r"^rules:[ \t]*(?:#.*)?\n", re.MULTILINE)
_ITEM = re.compile(r"(?:[ \t]*(?:#.*)?\n)*( *)- ")
_BEFORE_KEYS = re.compile(r" *-(?:[ \t]*(?:#.*)?\n)*[ \t]*")
_NEXT_SECTION = re.compile(r"\n(?=[^\s#-])")


class Pieces(NamedTuple):
    """A file in pieces: its tree, and what of its text is no rule."""

    root: Node
    head: str


def in_pieces(text: str, file: str, known: Mapping[tuple[str, str], object]) -> Pieces | None:
    """Return the tree of a long file, its rules as pieces; of those that are `known` (file, text) only the text.

    None: the file is short, unusual or wrong, and has to be read whole.
    """
    if len(text) < LONG:
        return None
    text, faults = printable(text, file)
    section = _RULES.search(text)
    first = _ITEM.match(text, section.end()) if section else None
    if faults or section is None or first is None:
        return None
    begin, indent = first.start(1), len(first[1])
    after = _NEXT_SECTION.search(text, begin)
    end = after.end() if after else len(text)
    line = text.count("\n", 0, begin)
    root, faults = parse(text[:begin] + "\n" * text.count("\n", begin, end) + text[end:], file)
    if faults or root is None or root.kind != "pairs" or "rules" not in root.pairs:
        return None
    items = [_item(piece, file, base, known) for piece, base in _pieces(text[begin:end], line, indent)]
    rules = [item for item in items if item]
    root.pairs["rules"] = Node("items", file, line + 1, indent + 1, items=rules)
    return Pieces(root, text[:begin] + text[end:]) if len(rules) == len(items) else None


def opened(node: Node) -> Node:
    """Return the tree of a piece."""
    if node.closed is None:
        return node
    root, _faults = parse(node.source, node.file, node.base)
    return root.items[0] if root else node


def moved(rule: Rule, by: int) -> Rule:
    """Return a rule whose every place is so many lines further down."""

    file = rule.place.file

    # Written out, not `dataclasses.replace`: a line put in at the top of a long file moves a hundred thousand terms.
    def place(one: Place) -> Place:
        return Place(file, one.line + by, one.column) if one.file == file else one

    def terms(many: tuple[Term, ...]) -> tuple[Term, ...]:
        return tuple(Term(one.source, one.phrase, one.ref, one.field, place(one.place)) for one in many)

    def line(one: Line) -> Line:
        parts = tuple(Part(terms(part.terms)) for part in one.parts)
        return Line(parts, one.ordered, one.window, one.number, one.source)

    return dataclasses.replace(
        rule,
        lines=tuple(line(one) for one in rule.lines),
        ignore=terms(rule.ignore),
        unless_near=terms(rule.unless_near),
        never=terms(rule.never),
        tags=tuple((label, terms(said)) for label, said in rule.tags),
        examples=tuple(Example(one.text, one.match, place(one.place)) for one in rule.examples),
        place=place(rule.place),
    )


def _pieces(text: str, line: int, indent: int) -> Iterator[tuple[str, int]]:
    """Yield the text of each item of a sequence, which begins with the first, and how many lines of the file stand before it."""
    starts = [0, *(found.start() + 1 for found in re.finditer(rf"\n {{{indent}}}- ", text))]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield text[start:end], line
        line += text.count("\n", start, end)


def _item(piece: str, file: str, base: int, known: Mapping[tuple[str, str], object]) -> Node | None:
    """Return a rule's node, without what is in it when that is known; None when it is no whole item."""
    if before := known.get((file, piece)):
        row, column = _begin(piece)
        return Node("pairs", file, base + row, column, source=piece, base=base, closed=before)
    root, faults = parse(piece, file, base)
    if faults or root is None or root.kind != "items" or len(root.items) != 1:
        return None
    return root.items[0]


def _begin(piece: str) -> tuple[int, int]:
    """Return the line and column, from 1, where the keys of an item begin: comments may stand between it and its dash."""
    before = _BEFORE_KEYS.match(piece)
    at = before.end() if before else 0
    return piece.count("\n", 0, at) + 1, at - piece.rfind("\n", 0, at)
