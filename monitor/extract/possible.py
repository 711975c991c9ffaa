"""Which letters reading a page could bring to light, found without reading it: a tenth of the work. Pure.

What comes of this may hold more than the page's text, and its words are run together: extractors now and then lose the
space between two. But whatever reading may make of the page, no word of it is parted here and none is missing: a piece
of a word that does not stand here will not stand in the article. (One that only comes about because an extractor drops a
script or a broken tag from its middle is no word to anybody, and not looked for.)
"""

from __future__ import annotations

import json
import re
from html import unescape

from monitor.extract import tree
from monitor.model import Entry, Page
from monitor.rules.text import fold

# A tag as parsers begin one. In the end nothing is left between words, so <b>N</b>ieuws is one.
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")
# In the middle of a word: a comment with a tag inside, or a value with a `<` or `>`. Where that ends is for a parser to say.
# Any other tag with a `<` inside may also end behind that: then the text is looked at in both ways.
_ODD = re.compile(
    r"""<(?<=[^\W_]<)(?:(?P<unclear>!--[^>]*<|[a-zA-Z]+\s[^<>]*=\s*(?:"[^"<>]*[<>]|'[^'<>]*[<>]))|[a-zA-Z!/?][^<>]*(?=<))"""
)
_WIDE = re.compile(r"<[a-zA-Z/!?][^>]*>")
# What is read although it stands in a tag or between two: what the page says of itself.
_META = re.compile(r"<[mM][eE][tT][aA]\b[^<>]*(?:<(?![mM][eE][tT][aA]\b)[^<>]*)*>")
# Inside these a tag is no tag but text, up to their end or that of the page.
_RAW = re.compile(
    r"<(?:[tT]itle|TITLE|xmp|XMP|plaintext|PLAINTEXT|no(?:frames|embed)|NO(?:FRAMES|EMBED))\b[^<>]*>"
    r"[^<]*(?:<(?!/[tT]itle|/TITLE|/xmp|/XMP|/no[fe]|/NO[FE])[^<]*)*"
)
# Half of a page is what nobody reads. Where one begins inside another it is unclear which is one: then both are kept.
_UNREAD = re.compile(r"<(?:[sS][cC][rR][iI][pP][tT]|[sS][tT][yY][lL][eE])\b[^>]*>")
_UNREAD_END = re.compile(r"</(?:[sS][cC][rR][iI][pP][tT]|[sS][tT][yY][lL][eE])")
_BEGUN = re.compile(r"<(?:script|style)", re.IGNORECASE)
_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
# References that part words, whoever reads them and how often.
_GAPS = ("&nbsp;", "&quot;", "&#39;")
# One that may be left when all were read once, and so much of the text around it that the word it stands in is whole.
_REFERENCE = re.compile(r"&[a-zA-Z#]")
_AROUND = 300
# Some publishers escape twice; the extractor reads references once, and twice more in what a page says of itself.
_AGAIN = 2
# What stands between words and between their parts once they are folded.
_BETWEEN = b" -"


def possible_letters(page: Page, entry: Entry) -> bytes | None:
    """Return, folded and run together, all words that reading may find, and more; None when only reading can tell."""
    parts = _parted(tree.legible(page.body, page.charset))
    if parts is None:
        return None
    shown, linked = parts
    odd = [found["unclear"] for found in _ODD.finditer(shown)]
    if any(odd):
        return None
    texts = [_TAG.sub(" ", shown), *_META.findall(shown), *_RAW.findall(shown), *map(_unescaped_json, linked)]
    if odd:
        texts.append(_WIDE.sub(" ", shown[: shown.rfind(">") + 1]))
    text = "\n".join((*texts, entry.title, entry.summary, entry.content))
    return b"".join(fold(one).translate(None, _BETWEEN) for one in _readings(text))


def _parted(said: str) -> tuple[str, list[str]] | None:
    """Return a page without its scripts and styles, and its JSON-LD; None when it is unclear where that ends."""
    shown, linked, at = list[str](), list[str](), 0
    end = _UNREAD_END.search(said)
    while found := _UNREAD.search(said, at):
        begin = found.end()
        end = _UNREAD_END.search(said, begin) if end and end.start() < begin else end
        is_clear = end is not None and not _BEGUN.search(said, begin, end.start())
        if "ld+json" in unescape(found[0]).lower():
            if not (end and is_clear):
                return None
            linked.append(said[begin : end.start()])
        if end is None:
            break
        shown.append(said[at:begin])
        at = end.start() if is_clear else begin
    return "".join((*shown, said[at:])), linked


def _unescaped_json(said: str) -> str:
    """Return a script with its escapes as the signs that they mean."""
    return _ESCAPES.sub(lambda found: str(json.loads(f'"{found[0]}"')), said)


def _readings(text: str) -> list[str]:
    """Return the text with references read once, and the words that have some left with those read again, and again."""
    for gap in _GAPS:
        text = text.replace(gap, " ")
    found = [unescape(text)]
    rest = _referring(found[0])
    for _ in range(_AGAIN):
        again = unescape(rest)
        if again == rest:
            break
        found.append(again)
        rest = again
    return found


def _referring(text: str) -> str:
    """Return the parts of a text in which something stands that reads like a reference."""
    parts, past = list[str](), 0
    for found in _REFERENCE.finditer(text):
        start, end = max(past, found.start() - _AROUND), found.end() + _AROUND
        parts += (" " if start > past else "", text[start:end])
        past = end
    return "".join(parts)
