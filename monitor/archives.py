"""The past → documents: files and folders of text, pages and records. What needs the network goes through `fetch`.

    documents(paths)   .txt, .html, .jsonl (`id`, `title`, `body` or `text`, and more), folders of those, or `-`
    links(path)        a list of addresses, a line each

A document that cannot be read is a document all the same, with its fault: nothing is lost in silence.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from monitor import extract
from monitor.model import Article, Entry, Outcome, Page, Reading, key_of
from monitor.urls import clean, normal

TEXT: Final = frozenset({".txt", ".text", ".md"})
PAGES: Final = frozenset({".html", ".htm", ".xhtml"})
RECORDS: Final = frozenset({".jsonl", ".ndjson"})
KINDS: Final = TEXT | PAGES | RECORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document from outside: a text that is ready to be matched, or a page that must be extracted first."""

    name: str  # its path, or the id that it brings
    entry: Entry
    article: Article | None = None
    page: Page | None = None
    fault: str = ""

    @property
    def reading(self) -> Reading:
        """What is known without extraction: the text, or that there is none."""
        if self.article is None:
            return Reading(Outcome.NO_TEXT, None, self.fault or "the page is yet to be read")
        if not (self.article.title or self.article.lead or self.article.body).strip():
            return Reading(Outcome.NO_TEXT, None, self.fault or "there is no text")
        return Reading(Outcome.READ, self.article)


def documents(paths: Iterable[Path]) -> Iterator[Document]:
    """Yield the documents of files and folders in the order given, those of a folder by name. `-` is standard input."""
    for path in paths:
        if str(path) == "-":
            yield from _stream(sys.stdin.buffer, "-")
        elif path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.suffix.lower() in KINDS and one.is_file())
            yield from (document for one in inside for document in _file(one))
        else:
            yield from _file(path)


def links(path: Path) -> Iterator[str]:
    """Yield the addresses that a file lists, a line each; blank lines and lines that begin with # are passed over."""
    with sys.stdin if str(path) == "-" else path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            said = line.strip()
            if said and not said.startswith("#"):
                yield said


def _file(path: Path) -> Iterator[Document]:
    kind = path.suffix.lower()
    try:
        if kind in RECORDS:
            with path.open("rb") as lines:
                yield from _records(lines, str(path))
        elif kind in PAGES:
            yield _page(str(path), path.read_bytes())
        else:
            yield _text(str(path), path.read_bytes())
    except OSError as error:
        yield _unreadable(str(path), error.strerror or str(error))


def _stream(lines: IO[bytes], name: str) -> Iterator[Document]:
    """Take standard input for records when it begins with one, for a page when with `<`, else for one text."""
    first = lines.readline()
    if first.lstrip().startswith(b"{"):
        yield from _records(_after(first, lines), name)
    elif first.lstrip().startswith(b"<"):
        yield _page(name, first + lines.read())
    else:
        yield _text(name, first + lines.read())


def _after(first: bytes, lines: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from lines


def _text(name: str, said: bytes) -> Document:
    """A text as it stands in the file, whatever its encoding: UTF-8, or else what Windows wrote."""
    try:
        text = said.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = said.decode("cp1252", errors="replace")
    key = key_of("article", name)
    article = _as_it_stands(extract.from_text(text, key=key), "", text)
    return Document(name=name, entry=Entry(key=key_of("entry", name), feed=""), article=article)


def _page(name: str, said: bytes) -> Document:
    entry = Entry(key=key_of("entry", name), feed="")
    return Document(name=name, entry=entry, page=Page(url="", asked="", body=said))


def _records(lines: Iterable[bytes], name: str) -> Iterator[Document]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _record(line, f"{name}:{number}")


def _record(line: bytes, place: str) -> Document:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        return _unreadable(place, f"no JSON: {error}")
    if not isinstance(said, Mapping):
        return _unreadable(place, "a JSON object is wanted, a line each")
    name = _said(said, "id") or place
    url, title, body = _said(said, "url"), _said(said, "title"), _said(said, "body") or _said(said, "text")
    key = key_of("article", normal(url) if url else name)
    article = extract.from_text(
        body,
        key=key,
        url=url,
        title=title,
        language=_said(said, "language") or _said(said, "lang"),
        published=_moment(_said(said, "published") or _said(said, "date")),
    )
    article = replace(_as_it_stands(article, title, body), lead=_said(said, "lead"))
    entry = Entry(key=key_of("entry", normal(url) if url else name), feed="", link=url, title=title)
    return Document(name=name, entry=entry, article=article)


def _as_it_stands(article: Article, title: str, body: str) -> Article:
    """Keep a text to the letter, so that evidence stands where it stands in the user's own document."""
    return replace(article, title=clean(title), body=clean(body))


def _said(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    return "" if value is None else clean(str(value))


def _moment(said: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _unreadable(name: str, fault: str) -> Document:
    return Document(name=name, entry=Entry(key=key_of("entry", name), feed=""), fault=fault)
