"""The text people read, as paragraphs. The door of trafilatura and of readability. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

from lxml import etree, html
from lxml.html import HtmlElement

_BLOCKS = frozenset({"p", "head", "item", "quote", "cell", "ab", "code", "fw"})
_NAMES = 4  # words: what has fewer names a section or a site, not one piece of news


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading or item of a list."""

    kind: str  # p, head, item, quote, cell
    text: str
    linked: float = 0.0  # which part of it is links


@cache
def extractors() -> Any:
    """Return the extractors. To import them takes as long as to read ten pages: whoever reads none does without."""
    import trafilatura  # noqa: PLC0415 - as said
    from readability import Document  # noqa: PLC0415

    return SimpleNamespace(bare_extraction=trafilatura.bare_extraction, Document=Document)


def blocks(tree: HtmlElement) -> tuple[Block, ...]:
    """Return the page's main text. The tree is left as it was."""
    try:
        found: Any = extractors().bare_extraction(tree, fast=True, include_comments=False, include_links=True)
    except Exception:  # noqa: BLE001 - whatever a stranger's page does to it, there is no text then
        return ()
    return tuple(_blocks(found.body)) if found is not None and found.body is not None else ()


def confirmed(blocks: Sequence[Block], tree: HtmlElement) -> tuple[bool, ...]:
    """Return for each block whether readability keeps it too. Dear: as much again as finding the blocks."""
    try:
        kept: Any = html.fromstring(extractors().Document(deepcopy(tree)).summary(html_partial=True))
    except Exception:  # noqa: BLE001 - as above: then the first extractor is believed
        return (True,) * len(blocks)
    said = words(kept.text_content())
    pieces, single = set(zip(said, said[1:], said[2:], strict=False)), set(said)
    return tuple(_stands_in(words(block.text), pieces, single) for block in blocks)


def _stands_in(own: Sequence[str], pieces: set[tuple[str, str, str]], single: set[str]) -> bool:
    triples = list(zip(own, own[1:], own[2:], strict=False))
    if not triples:
        return all(word in single for word in own)
    return sum(triple in pieces for triple in triples) >= 0.7 * len(triples)


def joined(found: Iterable[Block]) -> str:
    """Return the paragraphs as one text, a blank line apart."""
    return "\n\n".join(block.text for block in found)


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text in lower case, for comparing."""
    return tuple(re.findall(r"\w+", text.lower()))


def heading(tree: HtmlElement, title: str) -> HtmlElement | None:
    """Return the heading that says this title, or most of what it says: titles also name the paper and the section."""
    wanted = words(title)
    told, best, most = set(wanted), None, _NAMES - 1
    for node in tree.iter("h1", "h2", "h3"):
        said = words(node.text_content())
        if said and said == wanted:
            return node
        if len(said) > most and sum(word in told for word in said) >= 0.8 * len(said):
            best, most = node, len(said)
    return best


def _blocks(body: etree._Element) -> Iterator[Block]:
    """Yield the innermost blocks, and the text that stands between them, in reading order."""
    kind, said, inside = "p", list[tuple[str, bool]](), 0
    for event, node in etree.iterwalk(body, events=("start", "end")):
        starts, is_block = event == "start", node.tag in _BLOCKS
        if is_block or (node.tag == "lb" and kind != "head"):
            yield from _told(kind, said)
            said.clear()
            kind = node.tag if starts and is_block else kind if node.tag == "lb" else "p"
        inside += (node.tag == "ref") * (1 if starts else -1)
        if piece := node.text if starts else node.tail if node is not body else None:
            said.append((piece, inside > 0))
    yield from _told(kind, said)


def _told(kind: str, said: Sequence[tuple[str, bool]]) -> Iterator[Block]:
    if line := " ".join("".join(piece for piece, _ in said).split()):
        linked = sum(len(piece.strip()) for piece, is_link in said if is_link)
        yield Block(kind, line, linked / len(line))
