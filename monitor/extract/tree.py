"""Bytes from a stranger → a tree of elements. Pure; never raises for what is in the bytes."""

from __future__ import annotations

import codecs
import re

from lxml import etree, html

# trafilatura refuses more, and lxml needs 20 times as much memory.
MOST_BYTES = 20_000_000
# Some steps below are quadratic in the elements of a page, and in the attributes of one: 100,000 held a worker for its
# whole deadline. The largest real page we know has 6,400 signs "<"; a few have a tag of 70 kB, which is one attribute.
MOST_TAGS = 80_000
LONGEST_TAG = 32_768
_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_TAG = re.compile(r"<[A-Za-z][^\s/>]{0,40}")
_NAMES = re.compile(r"""\s(?:class|id|itemprop|name|property)\s*=\s*(?:"[^"]{0,300}"|'[^']{0,300}')""", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# What browsers read when a page says ASCII or Latin-1 (https://encoding.spec.whatwg.org/#names-and-labels).
_WINDOWS = frozenset({"ascii", "iso8859-1", "latin-1", "latin1"})
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CONTROL_BYTES = bytes(code for code in range(0x20) if code not in b"\t\n\r")
_HIDDEN = (
    "script", "style", "template", "svg", "noscript", "iframe", "link", "meta", "img", "picture", "source", "video", "audio",
    "canvas", "object", "embed", "map", "input", "select", "textarea",
)  # fmt: skip


def parse(body: bytes, charset: str = "") -> html.HtmlElement | None:
    """Return the page as a tree, or None when there is no element in it. `charset` is what the HTTP header said."""
    said = bounded(legible(body, charset))
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    try:
        tree = html.document_fromstring(said.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    return tree if isinstance(tree, html.HtmlElement) else None


def legible(body: bytes, charset: str = "") -> str:
    """Return the page as text, without the control signs that no parser takes."""
    said = decoded(body[:MOST_BYTES], charset)
    # Most pages have none, which their bytes tell sooner.
    is_plain = len(body.translate(None, _CONTROL_BYTES)) == len(body) and not ("\ufffe" in said or "\uffff" in said)
    return said if is_plain else _CONTROLS.sub("", said)


def bared(tree: html.HtmlElement) -> html.HtmlElement:
    """Take out of the tree what no reader sees; what comes after has less to copy. Metadata must be read before."""
    etree.strip_elements(tree, *_HIDDEN, with_tail=False)
    return tree


def bounded(markup: str) -> str:
    """Return the page up to its 80,000th tag; a tag of no honest size keeps only the names that it goes by."""
    pieces = markup.split("<", MOST_TAGS)
    if len(pieces) > MOST_TAGS:
        markup = "<".join(pieces[:MOST_TAGS])
    pieces = markup.split(">")
    if all(len(piece) < LONGEST_TAG for piece in pieces):
        return markup
    return ">".join(piece if len(piece) < LONGEST_TAG else _shortened(piece) for piece in pieces)


def _shortened(piece: str) -> str:
    """Return text and the tag behind it, which keeps but a few of its attributes when it is too long."""
    tag = _TAG.search(piece)
    if tag is None or len(piece) - tag.start() < LONGEST_TAG:
        return piece
    return piece[: tag.end()] + "".join(_NAMES.findall(piece, tag.end())[:5])


def decoded(body: bytes, charset: str = "") -> str:
    """Return the bytes as text, as browsers do: byte order mark, header, `<meta>`; then windows-1252.

    One thing is believed before what a page says: multi-byte UTF-8 without one fault never comes about by chance.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    strict = _strict(body)
    if strict is not None and not body.isascii():
        return strict
    declared = _DECLARED.search(body[:4096])
    for label in (charset, declared[1].decode("ascii", "replace") if declared else ""):
        if codec := _codec(label):
            return body.decode(codec, "replace")
    return strict if strict is not None else _undeclared(body)


def _strict(body: bytes) -> str | None:
    """Return the text if it is UTF-8 without a fault; a last sign that was cut in two is no fault."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        return None
    return text if body.isascii() or not text.isascii() else None


def _codec(label: str) -> str:
    """Return the codec that a browser takes for this label, "" for none it knows."""
    try:
        name = codecs.lookup(label.strip().strip("\"'")).name
        "".encode(name)
    except (LookupError, ValueError):
        return ""
    if name.startswith("utf-16"):
        return "utf-8"  # a page whose label could be read is not UTF-16
    return "cp1252" if name in _WINDOWS else name


def _undeclared(body: bytes) -> str:
    """Return UTF-8 when nearly all of the signs beyond ASCII are, else windows-1252."""
    text = body.decode("utf-8", "replace")
    faults = text.count("\ufffd")
    return text if faults * 20 < len(body) - len(text) else body.decode("cp1252", "replace")
