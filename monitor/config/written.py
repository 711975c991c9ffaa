"""Feeds → the words of rules.yaml that name them. Pure: what a person then keeps is read again by `load`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from monitor.model import Feed

_PLAIN = re.compile(r"[^\W\d_][\w .()/+-]*[\w)]")  # what YAML reads as the text that it is
_TAKEN = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
# A `feeds:` written as lines; a comment at the margin belongs to what follows it.
_BLOCK = re.compile(r"^feeds:[ \t]*(?:\[\s*\])?[ \t]*(?:#.*)?\n(?P<items>(?:(?:[ \t]+\S.*|-.*)?\n)*)", re.MULTILINE)


def fragment(feeds: Iterable[Feed], indent: str = "  ") -> str:
    """Return the feeds as items of `feeds:`, a line each."""
    return "".join(f"{indent}- {{{_pairs(feed)}}}\n" for feed in feeds)


def with_feeds(text: str, feeds: Iterable[Feed]) -> str:
    """Return a rules.yaml with these feeds at the end of its `feeds:`, every other sign of it as it was.

    Raises ValueError when it has a `feeds:` that is not written as lines of its own.
    """
    text = text if text.endswith("\n") or not text else f"{text}\n"
    block = _BLOCK.search(text)
    if block is None:
        if re.search(r"^feeds\s*:", text, re.MULTILINE):
            raise ValueError("its `feeds:` is written on one line")
        return f"{text}\nfeeds:\n{fragment(feeds)}"
    items = block["items"].rstrip()
    dash = re.search(r"^([ \t]*)-", items, re.MULTILINE)
    more = fragment(feeds, dash[1] if dash else "  ")
    listed = f"{items}\n{more}" if items else more
    blank = block["items"][len(items) :].removeprefix("\n") if items else block["items"]
    return f"{text[: block.start()]}feeds:\n{listed}{blank}{text[block.end() :]}"


def _pairs(feed: Feed) -> str:
    said = {
        "name": feed.name,
        "sitemap" if feed.kind == "sitemap" else "url": feed.url,
        "section": feed.section,
        "language": feed.language if len(feed.language) == 2 else "",
    }
    return ", ".join(f"{name}: {_scalar(value)}" for name, value in said.items() if value)


def _scalar(text: str) -> str:
    """Return a text as YAML writes it: quoted, where it must be, in the form of JSON, which YAML reads too."""
    if _PLAIN.fullmatch(text) and text.lower() not in _TAKEN:
        return text
    # A stranger's list must not have `${file:…}` filled in.
    return json.dumps(text.replace("${", "$ {"), ensure_ascii=False)
