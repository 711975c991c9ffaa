"""The text people read, as paragraphs. trafilatura's door. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import trafilatura
from lxml import etree
from lxml.html import HtmlElement

_BLOCKS = frozenset({"p", "head", "item", "quote", "cell", "ab", "code", "fw"})


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading or item of a list."""

    kind: str  # p, head, item, quote, cell
    text: str


def blocks(tree: HtmlElement) -> tuple[Block, ...]:
    """Return the page's main text. The tree is left as it was."""
    found: Any = trafilatura.bare_extraction(tree, fast=True, include_comments=False, with_metadata=False)
    return tuple(_blocks(found.body)) if found is not None and found.body is not None else ()


def joined(found: Iterable[Block]) -> str:
    """Return the paragraphs as one text, a blank line apart."""
    return "\n\n".join(block.text for block in found)


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text in lower case, for comparing."""
    return tuple(re.findall(r"\w+", text.lower()))


def _blocks(body: etree._Element) -> Iterator[Block]:
    """Yield the innermost blocks, and the text that stands between them, in reading order."""
    kind, said = "p", [""]

    def told() -> Iterator[Block]:
        for line in "".join(said).split("\n\n"):
            if text := " ".join(line.split()):
                yield Block(kind, text)
        said[:] = [""]

    for event, node in etree.iterwalk(body, events=("start", "end")):
        if not isinstance(node.tag, str):
            continue
        if event == "start":
            if node.tag in _BLOCKS:
                yield from told()
                kind = node.tag
            said.append("\n\n" if node.tag == "lb" and node.getparent().tag != "head" else "")
            said.append(_flat(node.text))
        else:
            if node.tag in _BLOCKS:
                yield from told()
                kind = "p"
            if node is not body:
                said.append(_flat(node.tail))
    yield from told()


def _flat(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")


def without_repeats(found: Sequence[Block]) -> tuple[Block, ...]:
    """Return the blocks without those that say word for word what an earlier long one said."""
    seen: set[str] = set()
    kept = []
    for block in found:
        if len(block.text) > 60 and block.text in seen:
            continue
        seen.add(block.text)
        kept.append(block)
    return tuple(kept)
