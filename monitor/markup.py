"""Bytes and markup from strangers → clean text. Pure, and nothing here raises."""

from __future__ import annotations

import codecs
import re
from html import unescape
from html.entities import html5
from typing import Final

from lxml import etree

from monitor.urls import clean

LONGEST: Final = 1_000_000  # signs of markup that are read of one text: an article has 5,000

_NOT_MEANT = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
# What these labels say is not what their users mean (WHATWG Encoding Standard).
_MEANT = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OPENINGS = (  # "<?" or "<r" without a mark before it
    (re.compile(rb"<\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0<"), "utf-32-be"),
    (re.compile(rb"<\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0<\0[^\0]"), "utf-16-be"),
    (re.compile(rb"\x4c\x6f\xa7\x94"), "cp037"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']\s*([A-Za-z0-9._:\-]{1,40})\s*["']""")
_SEVEN_BITS = re.compile(rb"\x1b[$(]|~\{|\+[A-Za-z0-9+/]{1,200}-")  # signs beyond ASCII written in ASCII


def decoded(body: bytes, charset: str = "") -> str:
    """Return the bytes as text.

    A mark at the start holds; then what is valid UTF-8 is UTF-8; then what header and XML declaration say.
    Bytes that are no UTF-8 in a document that says nothing else are read one by one as Windows-1252, so that one bad
    byte harms one sign and not the document.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    for opening, name in _OPENINGS:
        if opening.match(body):
            return _as(body, name) or body.decode("latin-1")
    said = [name for name in (_codec(charset), _codec(_declared(body))) if name]
    if not (said and said[-1].startswith(("iso2022", "hz", "utf-7")) and _SEVEN_BITS.search(body)):
        said = ["utf-8", *said]
    for name in said:
        text = _as(body, name)
        if text is not None:
            return text
    last = next((name for name in said if not name.startswith("utf")), "")
    return body.decode(last, "replace") if last and last != "cp1252" else body.decode("utf-8", _CP1252)


def _declared(body: bytes) -> str:
    found = _DECLARED.match(body[:400])
    return found[1].decode("ascii") if found else ""


def _codec(label: str) -> str:
    """Return Python's name for an encoding; "" when it has none, or one that is no way to write a document."""
    try:
        name = codecs.lookup(label.strip()).name if label else ""
        " ".encode(name or "utf-8")  # some names are of compressions
    except (LookupError, ValueError):
        return ""
    return "" if name in _NOT_MEANT else _MEANT.get(name, name)


def _as(body: bytes, name: str) -> str | None:
    try:
        return body.decode(name)
    except (UnicodeError, LookupError):
        return None


def _one_by_one(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return bad.decode("cp1252", "replace"), error.end


_CP1252 = "monitor-cp1252"
codecs.register_error(_CP1252, _one_by_one)


# --- XML that a strict parser can take ---

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
# CDATA and comments are stepped over whole; one that never ends takes the rest, so that this stays linear.
_REFERENCE = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(?:#(\d{1,8}|[xX][0-9a-fA-F]{1,8});?|([A-Za-z][A-Za-z0-9]{0,40});)?",
    re.DOTALL,
)
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
# Attributes are quadratic in expat and feedparser: no honest tag is that long.
_GIANT_TAG = re.compile(r"<([A-Za-z][\w:.\-]*)\s[^<>]{65536,}>")


def repaired(xml: str) -> str:
    """Return the document with what no XML parser takes put right: control signs, bad references, names of HTML."""
    xml = _CONTROLS.sub("", xml)
    own_names = "<!ENTITY" in xml[:10_000]

    def right(found: re.Match[str]) -> str:
        number, name = found[1], found[2]
        if number:
            return _sign(number)
        if name:
            return _named(name, own_names)
        return found[0] if found[0] != "&" else "&amp;"

    if "&" in xml:
        xml = _REFERENCE.sub(right, xml)
    return _GIANT_TAG.sub(r"<\1>", xml)


def _sign(number: str) -> str:
    """Return the sign of a character reference as a browser does: 128-159 mean Windows-1252, what is none goes out."""
    code = int(number[1:], 16) if number[0] in "xX" else int(number)
    sign = unescape(f"&#{code};")
    if not sign or _CONTROLS.search(sign) or sign == "\ufffd":
        return ""
    return f"&#{ord(sign)};" if sign in "&<>\"'" else sign


def _named(name: str, own_names: bool) -> str:
    if name in _XML_NAMES:
        return f"&{name};"
    sign = html5.get(f"{name};")
    if sign:
        return sign.replace("&", "&amp;").replace("<", "&lt;")
    return f"&{name};" if own_names else f"&amp;{name};"


# --- HTML → plain text ---

_TAG = re.compile(r"</?[A-Za-z!][^<>]*>|<!\[CDATA\[|\]\]>|<!--")
_UNREAD = frozenset({"script", "style", "noscript", "template", "iframe", "object", "svg", "head", "title", "form"})
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ]
)
_GAPS = re.compile(r"\n[^\S\n]*\n")
_HTML = etree.HTMLParser(huge_tree=True, remove_comments=False)


def plain(markup: str, *, is_html: bool = True) -> str:
    """Return HTML as text: tags out, references read once, paragraphs a blank line apart."""
    text = clean(markup[:LONGEST])
    if is_html and _TAG.search(text):
        text = _unmarked(text)
    elif is_html and "&" in text:
        text = clean(unescape(text))
    paragraphs = (" ".join(part.split()) for part in _GAPS.split(text))
    return "\n\n".join(part for part in paragraphs if part)


def line(markup: str, *, is_html: bool = True, most: int = 500) -> str:
    """Return HTML as one line of at most `most` signs, cut at a word."""
    text = " ".join(plain(markup, is_html=is_html).split())
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut[most // 2 :] else cut}…"


def _unmarked(text: str) -> str:
    text = text.replace("<![CDATA[", "").replace("]]>", "").replace("\n", " ")
    try:
        tree = etree.fromstring(f"<div>{text}</div>", _HTML)
    except (etree.LxmlError, ValueError):
        return clean(unescape(_TAG.sub(" ", text)))
    said = "".join(_words(tree)).strip()
    return clean(said or unescape(_TAG.sub(" ", text)))  # nothing: deeper than the parser goes, or only tags


def _words(tree: etree._Element) -> list[str]:
    """Return the tree's words in order. Walks without recursion: depth is a stranger's choice."""
    words: list[str] = []
    unread = 0
    for event, node in etree.iterwalk(tree, events=("start", "end", "comment", "pi")):
        name = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            unread += name in _UNREAD
            words += (_edge(name), "" if unread else node.text or "")
            continue
        unread -= event == "end" and name in _UNREAD
        words += ("" if name == "br" else _edge(name), "" if unread else node.tail or "")
    return words


def _edge(name: str) -> str:
    if name in _BLOCKS:
        return "\n\n"
    return "\n" if name == "br" else ""
