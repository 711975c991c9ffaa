"""Which letters reading a page could bring to light, found without reading it: a tenth of the work. Pure.

What comes of this may hold more than the page's text, and its words are run together: extractors now and then lose the
space between two. But whatever reading may make of the page, no word of it is parted here and none is missing: a piece
of a word that does not stand here will not stand in the article. (One that only comes about because an extractor drops a
script or a broken tag from its middle is no word to anybody, and not looked for.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape

from monitor.extract import tree
from monitor.model import Entry, Page
from monitor.rules.text import fold

# A tag as parsers begin one. In the end nothing is left between words, so <b>N</b>ieuws is one.
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")
# Where one in the middle of a word holds another `<`, it may also end behind that.
_TORN = re.compile(r"<(?<=[^\W_]<)[a-zA-Z/!?][^<>]*<")
_WIDE = re.compile(r"<[a-zA-Z/!?][^>]*>")
# What is read although it stands in a tag or between two: what the page says of itself.
_META = re.compile(r"<meta\b[^<>]*(?:<(?!meta\b)[^<>]*)*>", re.IGNORECASE)
# Inside these a tag is no tag but text, up to their end or that of the page.
_RAW = re.compile(
    r"<(?:title|xmp|plaintext|noframes|noembed)\b[^<>]*>[^<]*(?:<(?!/title|/xmp|/nof|/noe)[^<]*)*", re.IGNORECASE
)
_LINKED = re.compile(r"<script\b[^<>]*\bld\+json[^<>]*>", re.IGNORECASE)
_LINKED_END = re.compile(r"</script", re.IGNORECASE)
_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
# In the middle of a word: a comment with a tag inside, or a value with a `<` or `>`. Where that ends is for a parser to say.
_UNCLEAR = re.compile(r"""<(?<=[^\W_]<)(?:!--[^>]*<|[a-zA-Z]+\s[^<>]*=\s*(?:"[^"<>]*[<>]|'[^'<>]*[<>]))""")
# Some publishers escape twice; the extractor reads references once, and twice more in what a page says of itself.
_READINGS = 3
# What stands between words and between their parts once they are folded.
_BETWEEN = b" -"


def possible_letters(page: Page, entry: Entry) -> bytes | None:
    """Return, folded and run together, all words that reading may find, and more; None when only reading can tell."""
    said = tree.legible(page.body, page.charset)
    if _UNCLEAR.search(said):
        return None
    texts = [_TAG.sub(" ", said), *_META.findall(said), *_RAW.findall(said), *map(_unescaped_json, _linked(said))]
    if _TORN.search(said):
        texts.append(_WIDE.sub(" ", said))
    text = "\n".join((*texts, entry.title, entry.summary, entry.content))
    return b"".join(fold(one).translate(None, _BETWEEN) for one in _readings(text))


def _linked(said: str) -> Iterator[str]:
    """Yield the JSON-LD of a page."""
    at = 0
    while found := _LINKED.search(said, at):
        end = _LINKED_END.search(said, found.end())
        at = end.start() if end else len(said)
        yield said[found.end() : at]


def _unescaped_json(said: str) -> str:
    """Return a script with its escapes as the signs that they mean."""
    return _ESCAPES.sub(lambda found: str(json.loads(f'"{found[0]}"')), said)


def _readings(text: str) -> list[str]:
    """Return the text with references read once, twice and more, as long as that changes anything."""
    found = [unescape(text)]
    while len(found) < _READINGS and "&" in found[-1] and (again := unescape(found[-1])) != found[-1]:
        found.append(again)
    return found
