"""Live blogs: time-stamped items, each a small article of its own. Pure.

An item becomes paragraphs of which the first begins with its time, "14:05 …"; `rules.sheet` splits there. The newest
stands first, as on the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lxml.html import HtmlElement

from monitor.extract import dates, head, text
from monitor.extract.head import Head, Node
from monitor.extract.text import Block

_FEWEST = 3  # items, where the page does not say that it is a live blog
_MOST = 400  # items; a long day's blog has a hundred
_FEWEST_WORDS = 8  # of an item; a list of the latest headlines has times too
_CALLED_LIVE = re.compile(
    r"\blive(?:[- ]?(?:blog|ticker|verslag|stream|updates?|center))?\b|\ben[- ]direct\b|\bdirect\b|\bticker\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?:om |à |um )?([01]?\d|2[0-3])\s?[:.hu]\s?([0-5]\d)(?:\s?(?:uur|uhr|u|h)\b)?(?:\s?[:|–—-])?(?=\s|$)",
    re.IGNORECASE,
)
_STAMPED = ("time", "span", "div", "p", "strong", "b", "h2", "h3", "h4", "h5", "h6", "dt", "td", "a")
_PARAGRAPHS = frozenset({"p", "li", "h2", "h3", "h4", "h5", "h6", "blockquote", "div", "dd"})


def blocks(tree: HtmlElement, said: Head, found: Sequence[Block], title: str) -> tuple[Block, ...]:
    """Return the text of a live blog, its items stamped; () when the page is none. `tree` holds the bared page."""
    told = tuple(_told(said))
    if not told and (
        _CALLED_LIVE.search(f"{title} {said.canonical.replace('-', ' ')}") or _timed_headings(tree) >= _FEWEST
    ):
        told = _agreed(tuple(_shown(tree)), found)
    items = sum(1 for block in told if _TIME.match(block.text))
    if items < (1 if "LiveBlogPosting" in said.types() else _FEWEST):
        return ()
    return (*_above(found, told), *told)


def _agreed(told: Sequence[Block], found: Sequence[Block]) -> tuple[Block, ...]:
    """Return the items without captions, credits and what follows the last: lines that the extractor does not know.

    Where it knows few of them it went past the items, and they stay as they are.
    """
    known = {block.text for block in found}
    kept = tuple(block for block in told if block.text in known or _TIME.match(block.text))
    return kept if len(kept) >= len(told) / 2 else tuple(told)


def _timed_headings(tree: HtmlElement) -> int:
    return sum(1 for node in tree.iter("h2", "h3", "h4", "h5") if _TIME.match(_line(node)[:20]))


def _told(said: Head) -> Iterator[Block]:
    """Yield the items as JSON-LD tells them."""
    updates = [update for node in said.nodes for update in head.listed(node.get("liveBlogUpdate"))]
    for update in updates[:_MOST]:
        if isinstance(update, dict):
            yield from _item(_clock(update), [head.plain(update.get("headline")), *_lines(update)])


def _lines(update: Node) -> list[str]:
    said = update.get("articleBody") or update.get("description") or ""
    return [head.plain(line) for line in re.split(r"\n+|</p>|<br ?/?>", said)] if isinstance(said, str) else []


def _clock(update: Node) -> str:
    when = dates.moment(str(update.get("datePublished") or ""))
    return when.astimezone(dates.LOCAL).strftime("%H:%M") if when else ""


def _item(time: str, lines: Sequence[str]) -> Iterator[Block]:
    said = [line for at, line in enumerate(lines) if line and line not in lines[:at]]
    for at, line in enumerate(said):
        yield Block("p", f"{time} {line}".strip() if at == 0 else line)


def _shown(tree: HtmlElement) -> Iterator[Block]:
    """Yield the items as the page shows them: what stands under each time, up to the next."""
    stamps = [node for node in tree.iter(*_STAMPED) if _is_stamp(node)][:_MOST]
    own = set(stamps)
    for stamp in stamps:
        found = _TIME.match(_line(stamp))
        lines = _under(stamp, own)
        if found and len(text.words(" ".join(lines))) >= _FEWEST_WORDS:
            rest = _line(stamp)[found.end() :].strip(" :|–—-")
            yield from _item(f"{int(found[1]):02}:{found[2]}", [rest, *lines])


def _is_stamp(node: HtmlElement) -> bool:
    line = (node.text or "").strip() or _line(node)[:40]
    if not (found := _TIME.match(line)) or any(_TIME.match(_line(child)) for child in node):
        return False
    return len(line) == found.end() or node.tag.startswith("h") or "time" in (node.get("class") or "")


def _under(stamp: HtmlElement, stamps: set[HtmlElement]) -> list[str]:
    """Return the paragraphs of a stamp's item: those of the widest element that holds no other stamp, or what follows."""
    widest = stamp
    while (parent := widest.getparent()) is not None and not any(
        node in stamps and node is not stamp for node in parent.iter()
    ):
        widest = parent
    inside = [line for line in _paragraphs(widest) if line != _line(stamp)]
    if sum(len(line) for line in inside) > 40:
        return inside
    lines: list[str] = []
    for sibling in widest.itersiblings():
        if any(node in stamps for node in sibling.iter()):
            break
        lines += _paragraphs(sibling)
    return lines


def _paragraphs(node: HtmlElement) -> list[str]:
    inner = [each for each in node.iter(*_PARAGRAPHS) if not any(child.tag in _PARAGRAPHS for child in each)]
    return [line for each in inner or [node] if (line := _line(each)) and not _is_link(each)]


def _is_link(node: HtmlElement) -> bool:
    return (
        node.tag == "a"
        or any(above.tag == "a" for above in node.iterancestors())
        or (len(node) == 1 and node[0].tag == "a")
    )


def _line(node: HtmlElement) -> str:
    return " ".join(node.text_content().split())


def _above(found: Sequence[Block], told: Sequence[Block]) -> Iterator[Block]:
    """Yield what stands above the first item."""
    said = " ".join(block.text for block in told)
    for block in found[:10]:
        if block.text in said or _TIME.match(block.text):
            return
        if len(text.words(block.text)) >= 4:
            yield block
