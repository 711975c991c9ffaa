"""The lead: the summary above the text, which extractors often leave out because it stands apart. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from lxml.html import HtmlElement

from monitor.extract import head, text, weeds
from monitor.extract.head import Head
from monitor.extract.text import Block

_FEWEST, _MOST = 8, 130  # words of a lead
_APART = frozenset({"figure", "figcaption", "nav", "aside", "ul", "ol", "form", "button", "footer", "table", "select"})
_BLOCKS = frozenset(
    {"p", "div", "h2", "h3", "section", "ul", "ol", "table", "article", "header", "figure", "form", "br"}
)
_SENTENCE_WORDS = 12
_SENTENCE = re.compile(r"[.!?…][\"'”’»)\s]*$")
_CREDIT = re.compile(
    r"©|\b(?:copyright|getty|tous droits)\b|\b(?:foto|photo|bild|beeld|quelle|bron)s?\s?[:/]", re.IGNORECASE
)
_WALK = 400  # elements between title and text


def of(tree: HtmlElement, said: Head, title: str, body: Sequence[Block], summary: str = "") -> str:
    """Return the lead where it stands apart from the body; "" when the body begins with it.

    What the page shows between its title and its text comes first; then its description, or the feed's `summary`.
    """
    start = text.words(text.joined(body[:6]))
    claims = [claim for claim in (*head.leads(said), summary) if 5 <= len(text.words(claim)) <= _MOST]
    if any(_is_in(text.words(claim), start) for claim in claims):
        return ""
    shown = [
        line for line in _between(tree, title, body) if not _is_in(text.words(line), start) and not weeds.is_weed(line)
    ]
    told = {word for claim in claims for word in text.words(claim)}
    for line in shown:
        if _is_in(text.words(line), told, 0.6) or _is_sentence(line):
            return line
    return claims[0] if claims else ""


def _is_in(own: Sequence[str], said: Collection[str], share: float = 0.8) -> bool:
    """Return whether these words are told there, if only in part: descriptions are cut short."""
    there = set(said)
    return sum(word in there for word in own) >= share * len(own)


def _is_sentence(line: str) -> bool:
    return len(text.words(line)) >= _SENTENCE_WORDS and bool(_SENTENCE.search(line)) and not _CREDIT.search(line)


def _between(tree: HtmlElement, title: str, body: Sequence[Block]) -> list[str]:
    """Return the paragraphs between the title and the first paragraph of the body; none when they do not meet."""
    own = text.words(title)
    first = text.words(body[0].text)[:8] if body else ()
    top = text.heading(tree, title) if first else None
    if top is None:
        return []
    lines: list[str] = []
    for node in top.xpath(f"following::*[position() <= {_WALK}]"):
        line = " ".join(node.text_content().split())
        words = text.words(line)
        if words[:8] == first:
            return lines
        if _FEWEST <= len(words) <= _MOST and words != own and not _is_apart(node) and not _is_linked(node, words):
            lines.append(line)
    return []


def _is_apart(node: HtmlElement) -> bool:
    """Return whether it stands in a menu, a caption or a box, or holds paragraphs of its own."""
    within = (node, *node.iterancestors())
    return any(above.tag in _APART for above in within) or any(_is_part(child) for child in node)


def _is_part(child: HtmlElement) -> bool:
    """Return whether an element's child is a paragraph; templates also leave empty ones behind."""
    return child.tag == "br" or (child.tag in _BLOCKS and bool(child.text_content().strip()))


def _is_linked(node: HtmlElement, words: Sequence[str]) -> bool:
    linked = sum(len(text.words(link.text_content())) for link in node.iter("a"))
    return linked > len(words) / 3
