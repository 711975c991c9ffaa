"""Files and folders → documents: texts, pages and records, also packed (.gz, .zst)."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from itertools import groupby, islice
from pathlib import Path
from typing import IO, Any, Final, cast
from urllib.parse import quote

from monitor import dates, extract
from monitor.archives.parts import (
    TOGETHER,
    Document,
    Piece,
    Shard,
    Volume,
    carried,
    name_of,
    octets_of,
    unreadable,
)
from monitor.keys import article_key
from monitor.markup import decoded
from monitor.model import Article, Entry, Page, key_of
from monitor.numbers import few
from monitor.urls import clean, normal

TEXT: Final = frozenset({".txt", ".text", ".md"})
PAGES: Final = frozenset({".html", ".htm", ".xhtml"})
RECORDS: Final = frozenset({".jsonl", ".ndjson"})
# Keys of a record under which its text may stand.
TOLD: Final = ("title", "body", "text", "lead")
KINDS: Final = TEXT | PAGES | RECORDS
PACKED: Final = frozenset({".gz", ".zst"})
# Of a file that is one document, as much as anybody ever wrote in one.
MOST: Final = 50_000_000
# So PDF files, office documents (and all that is zipped), the older of those, and packed files begin.
BINARY: Final = (b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
# No text has a zero byte, but for those in UTF-16.
UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
LOOKED_AT: Final = 8_192
NO_TEXT: Final = f"this is no text; what is read: {', '.join(sorted(KINDS))}"
# Documents of one shard, which are written in one transaction: about 50 ms of it (1 ms each), for which a daemon waits.
AT_ONCE: Final = 50
DAMAGED: Final = (OSError, EOFError, zlib.error)


def documents(paths: Iterable[Path]) -> Iterator[Document]:
    """Yield the documents of files and folders in the order given, those of a folder by name. `-` is standard input."""
    return (piece() for path in paths for piece in _pieces(path))


async def files(paths: Iterable[Path]) -> AsyncIterator[Volume]:
    """Yield the same as volumes: one a file, and one a folder."""
    for path in paths:
        if str(path) == "-":
            yield Volume("", carried("-", _stream(sys.stdin.buffer, "-"), AT_ONCE))
        else:
            found = inside(path) if path.is_dir() else [path]
            yield Volume(name_of(path, *found), _shards(found), octets=octets_of(found))


def _shards(paths: Iterable[Path]) -> Iterator[Shard]:
    """Yield records in parts of a file, and files that are one document each some together."""
    for is_records, some in groupby(paths, lambda path: _kind(path) in RECORDS):
        if is_records:
            for path in some:
                yield from _record_shards(path)
        else:
            yield from _whole_shards(some)


def _whole_shards(paths: Iterator[Path]) -> Iterator[Shard]:
    while some := list(islice(paths, AT_ONCE)):
        name = str(some[0]) if len(some) == 1 else f"{some[0]} to {some[-1].name}"
        yield Shard(name, partial(_wholes, some, Path.cwd()), octets_of(some))


def _wholes(paths: Iterable[Path], home: Path) -> Iterator[Piece]:
    return (partial(_whole, path, home) for path in paths)


def _record_shards(path: Path) -> Iterator[Shard]:
    """Yield a file of records in parts, each with the place and number of its first line; a packed one is read here."""
    if path.suffix.lower() in PACKED:
        yield from read_here(path, partial(_records_in, path), AT_ONCE)
        return
    try:
        for start, end, number in _parts(path):
            opened = partial(_records_between, path, Path.cwd(), start, end, number)
            yield Shard(f"{path}:{number}", opened, end - start)
    except OSError as error:
        yield from carried(str(path), [partial(unreadable, str(path), said_of(error))])


def read_here(path: Path, read: Callable[[IO[bytes]], Iterable[Piece]], size: int = TOGETHER) -> Iterator[Shard]:
    """Yield as shards what `read` finds in a file, which can only be read from its beginning."""
    try:
        with path.open("rb") as plain:
            yield from carried(str(path), read(plain), size, plain.tell)
    except OSError as error:
        yield from carried(str(path), [partial(unreadable, str(path), said_of(error))])


def _parts(path: Path) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, number of the first line) of parts of so many lines."""
    start, number = 0, 1
    with path.open("rb") as lines:
        while some := list(islice(lines, AT_ONCE)):
            end = start + sum(map(len, some))
            yield start, end, number
            start, number = end, number + len(some)


def _records_between(path: Path, home: Path, start: int, end: int, number: int) -> Iterator[Piece]:
    try:
        with (home / path).open("rb") as lines:
            lines.seek(start)
            yield from _records(io.BytesIO(lines.read(end - start)), str(path), number, home / path)
    except OSError as error:
        yield partial(unreadable, f"{path}:{number}", said_of(error))


def addresses(path: Path) -> Iterator[str]:
    """Yield the addresses that a file lists, a line each; blank lines and lines that begin with # are passed over."""
    said = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    lines = (line.strip() for line in decoded(said).splitlines())
    return (line for line in lines if line and not line.startswith("#"))


def _pieces(path: Path) -> Iterator[Piece]:
    if str(path) == "-":
        return _stream(sys.stdin.buffer, "-")
    found = inside(path) if path.is_dir() else (path,)
    return (piece for one in found for piece in _file(one))


def inside(folder: Path) -> list[Path]:
    """Return the files of a folder that are read, by name."""
    return sorted(one for one in folder.rglob("*") if is_known(one) and one.is_file())


def is_known(path: Path) -> bool:
    """Say whether a file is one of those that are read in a folder, by its name."""
    return _kind(path) in KINDS


def _kind(path: Path) -> str:
    """Return the ending that tells what is in a file, below the one that tells how it is packed."""
    inner = path.with_suffix("") if path.suffix.lower() in PACKED else path
    return inner.suffix.lower()


def _file(path: Path) -> Iterator[Piece]:
    if _kind(path) not in RECORDS:
        yield partial(_whole, path, Path.cwd())
        return
    try:
        with path.open("rb") as plain:
            yield from _records_in(path, plain)
    except OSError as error:
        yield partial(unreadable, str(path), said_of(error))


def _records_in(path: Path, plain: IO[bytes]) -> Iterator[Piece]:
    try:
        yield from _records(unpacked(path, plain), str(path), path=path)
    except DAMAGED as error:
        yield partial(unreadable, str(path), said_of(error))


def _whole(path: Path, home: Path) -> Document:
    """Return a file that is one document: named as it was given, wherever it is opened."""
    try:
        with (home / path).open("rb") as plain:
            said = unpacked(path, plain).read(MOST)
    except DAMAGED as error:
        return unreadable(str(path), said_of(error))
    if said.startswith(BINARY) if is_known(path) else _is_binary(said):
        return unreadable(str(path), NO_TEXT)
    read = _page if _kind(path) in PAGES else _text
    return read(str(path), said, place_of(home / path))


def _is_binary(said: bytes) -> bool:
    """Say whether this is what programs write for programs; a file that calls itself a text may have a zero by accident."""
    return said.startswith(BINARY) or (b"\0" in said[:LOOKED_AT] and not said.startswith(UTF16))


def unpacked(path: Path, plain: IO[bytes]) -> IO[bytes]:
    """Return what stands in an open file, packed or not. Raises, also while it is read, one of DAMAGED."""
    packed = path.suffix.lower()
    if packed == ".gz":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=plain))
    return _unpacked_zst(plain) if packed == ".zst" else plain


def _unpacked_zst(plain: IO[bytes]) -> IO[bytes]:
    try:
        import zstandard  # noqa: PLC0415 - an extra: most people never need it
    except ImportError:
        raise OSError("needs: pip install 'monitor[warc]'") from None
    return io.BufferedReader(_Zst(zstandard.ZstdDecompressor().stream_reader(plain, read_across_frames=True)))


class _Zst(io.RawIOBase):
    """A zstd stream whose errors are the ones that every other file has."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return int(self._stream.readinto(buffer))
        except Exception as error:
            raise OSError(f"damaged: {error}") from error


def said_of(error: Exception) -> str:
    """Return what is wrong with a file, in words."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def _stream(lines: IO[bytes], name: str) -> Iterator[Piece]:
    """Take standard input for records when it begins with one, for a page when with `<`, else for one text."""
    first = lines.readline()
    if first.lstrip().startswith(b"{"):
        yield from _records(_after(first, lines), name)
    elif first.lstrip().startswith(b"<"):
        yield partial(_page, name, first + lines.read())
    elif _is_binary(said := first + lines.read()):
        yield partial(unreadable, name, NO_TEXT)
    else:
        yield partial(_text, name, said)


def _after(first: bytes, lines: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from lines


def place_of(path: Path, mark: str = "") -> str:
    """Return the address of a file, or of what stands in it under this mark (`line=12`, `id=…`)."""
    return Path(os.path.abspath(path)).as_uri() + (f"?{quote(mark, safe='=/:')}" if mark else "")  # noqa: PTH100 - `..` goes


# What has no address is what it says: the same from every folder that it is read from, and another one as soon as it
# says something else. Five years of files may all begin with a number 1.


def _text(name: str, said: bytes, place: str = "") -> Document:
    """A text as it stands in the file, whatever its encoding: UTF-8, UTF-16 with its mark, or else what Windows wrote."""
    text = decoded(said)
    key = key_of("article", "text", text)
    article = _as_it_stands(extract.from_text(text, key=key), "", text)
    return Document(name=name, listed=Entry(key=key_of("entry", key), feed=""), article=article, place=place)


def _page(name: str, said: bytes, place: str = "") -> Document:
    listed = Entry(key=key_of("entry", "page", blake2b(said).hexdigest()), feed="")
    return Document(name=name, listed=listed, page=Page(url="", asked="", body=said), place=place)


def _records(lines: Iterable[bytes], name: str, first: int = 1, path: Path | None = None) -> Iterator[Piece]:
    for number, line in enumerate(lines, first):
        if line.strip():
            yield partial(_record, line, name, number, path)


def _record(line: bytes, name: str, number: int, path: Path | None) -> Document:
    where = f"{name}:{number}"
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        return unreadable(where, f"no JSON: {error}")
    if not isinstance(said, Mapping):
        return unreadable(where, "a JSON object is wanted, a line each")
    if said.keys().isdisjoint(TOLD):
        return unreadable(where, f"it has none of {', '.join(TOLD)}, but {few(said) or 'nothing'}")
    own = _said(said, "id")
    url, title, body = _said(said, "url"), _said(said, "title"), _said(said, "body") or _said(said, "text")
    key = article_key(url) if url else key_of("article", "record", own, title, _said(said, "lead"), body)
    article = extract.from_text(
        body,
        key=key,
        url=url,
        title=title,
        language=_said(said, "language") or _said(said, "lang"),
        published=_moment(_said(said, "published") or _said(said, "date")),
    )
    article = replace(_as_it_stands(article, title, body), lead=_said(said, "lead"))
    entry = Entry(key=key_of("entry", normal(url) if url else key), feed="", link=url, title=title)
    place = place_of(path, f"id={own}" if own else f"line={number}") if path else ""
    return Document(name=own or where, listed=entry, article=article, place=place)


def _as_it_stands(article: Article, title: str, body: str) -> Article:
    """Keep a text to the letter, so that evidence stands where it stands in the user's own document."""
    return replace(article, title=clean(title), body=clean(body))


def _said(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    return "" if value is None else clean(str(value))


def _moment(said: str) -> datetime | None:
    """Return the moment that a record names; also one that is too old for a feed, for an archive has such."""
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return dates.moment(said)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
