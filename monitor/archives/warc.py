"""Web archives → documents: WARC and WACZ, a record at a time, however long they are. The one door to fastwarc."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from os import SEEK_CUR, SEEK_END, SEEK_SET
from pathlib import Path
from typing import IO, Any, Final

from monitor import extract
from monitor.archives.files import DAMAGED, read_here, said_of
from monitor.archives.parts import Document, Piece, Shard, Volume, name_of, octets_of, unreadable
from monitor.errors import MonitorError
from monitor.model import Entry, Page, key_of
from monitor.urls import normal

ENDINGS: Final = (".warc", ".warc.gz", ".warc.zst", ".warc.lz4", ".wet.gz", ".wacz")
# Of a page, as much as of one that is fetched.
MOST: Final = 5 * 2**20
# A part of an archive, in bytes: some tens of pages, a second's work to extract them all.
STEP: Final = 2**19
PLAIN_STEP: Final = 2**22
# An archive of so many bytes need not be cut.
SMALL: Final = 2**20
# So a record begins that is packed by itself (RFC 1952, and the convention of WARC).
GZIP: Final = b"\x1f\x8b\x08"
BLOCK: Final = 2**20
LINE: Final = 2**16
HTML: Final = frozenset({"text/html", "application/xhtml+xml"})


async def warcs(paths: Iterable[Path]) -> AsyncIterator[Volume]:
    """Yield each archive as a volume; of a folder those in it, by name. Raises MonitorError without fastwarc."""
    _library()
    for path in paths:
        for one in inside(path) if path.is_dir() else [path]:
            yield Volume(name_of(one), _shards(one), octets=octets_of([one]))


def is_archive(path: Path) -> bool:
    """Say whether a file is a web archive, by its name."""
    return path.name.lower().endswith(ENDINGS)


def inside(folder: Path) -> list[Path]:
    """Return the archives in a folder, by name."""
    return sorted(path for path in folder.rglob("*") if is_archive(path) and path.is_file())


def _library() -> Any:
    try:
        import fastwarc.warc  # noqa: PLC0415 - an extra: most people never need it
    except ImportError:
        raise MonitorError("web archives need a library: pip install 'monitor[warc]'") from None
    return fastwarc.warc


# --- in parts ---


def _shards(path: Path) -> Iterator[Shard]:
    """Yield an archive in parts that begin and end with records; a large one that cannot be cut is read here."""
    cuts = _cuts(path)
    first = next(cuts, None)
    if first is None:
        size = octets_of([path])
        if size <= SMALL:
            yield Shard(str(path), partial(_whole, path.absolute()), size)
        else:
            yield from read_here(path, partial(_read_through, path.absolute()))
        return
    start = 0
    for end in chain([first], cuts, [path.stat().st_size]):
        yield Shard(f"{path}, from byte {start:,}", partial(_between, path.absolute(), start, end), end - start)
        start = end
    yield Shard(f"{path}, its end", partial(_end_of, path.absolute()))


def _cuts(path: Path) -> Iterator[int]:
    """Yield where records begin, some megabytes apart; nothing when that shows only by reading all that is before."""
    kind = path.suffix.lower()
    try:
        if kind == ".gz":
            yield from _members(path)
        elif kind == ".warc":
            yield from _records(path)
    except OSError:
        return  # whoever reads it says why


def _members(path: Path) -> Iterator[int]:
    """Yield where a record begins that is packed by itself, as all are in a proper archive: the first behind each step."""
    with path.open("rb") as stream:
        start = STEP
        while (found := _next_member(stream, start)) >= 0:
            yield found
            start = found + STEP


def _next_member(stream: IO[bytes], start: int) -> int:
    """Return where the next packed record begins, -1 for none. Its first bytes may also stand in packed data by chance."""
    stream.seek(start)
    while True:
        at = stream.tell()
        block = stream.read(BLOCK)
        found = block.find(GZIP)
        while found >= 0:
            if _is_record(stream, at + found):
                return at + found
            found = block.find(GZIP, found + 1)
        if len(block) < BLOCK:
            return -1
        stream.seek(at + BLOCK - len(GZIP) + 1)


def _is_record(stream: IO[bytes], at: int) -> bool:
    before = stream.tell()
    stream.seek(at)
    try:
        return zlib.decompressobj(wbits=31).decompress(stream.read(1024), 5) == b"WARC/"
    except zlib.error:
        return False
    finally:
        stream.seek(before)


def _records(path: Path) -> Iterator[int]:
    """Yield where a record of a plain archive begins, a step behind the last such place; up to what is no record."""
    size, last = path.stat().st_size, 0
    with path.open("rb") as stream:
        while stream.readline(100).startswith(b"WARC/"):
            length = _length(stream)
            if length is None or stream.tell() + length >= size:
                return
            stream.seek(length, SEEK_CUR)
            while (line := stream.readline(100)) in {b"\r\n", b"\n"}:
                pass
            at = stream.seek(-len(line), SEEK_CUR)
            if at - last >= PLAIN_STEP and line.startswith(b"WARC/"):
                yield at
                last = at


def _length(stream: IO[bytes]) -> int | None:
    """Return the length of the record whose header begins here, and stand behind the header; None when it says none."""
    length = None
    while (line := stream.readline(LINE)).strip():
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            length = int(value)
    return length


class _Part(io.RawIOBase):
    """A file from one place to another, as a file of its own."""

    def __init__(self, path: Path, start: int, end: int) -> None:
        self._stream = path.open("rb")
        self._start, self._size = start, end - start
        self._stream.seek(start)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._stream.tell() - self._start

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        base = {SEEK_SET: 0, SEEK_CUR: self.tell(), SEEK_END: self._size}[whence]
        return self._stream.seek(self._start + max(0, base + offset)) - self._start

    def readinto(self, buffer: Any) -> int:
        said = self._stream.read(min(len(buffer), max(0, self._size - self.tell())))
        buffer[: len(said)] = said
        return len(said)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _between(path: Path, start: int, end: int) -> Iterator[Piece]:
    try:
        with io.BufferedReader(_Part(path, start, end)) as stream:
            yield from _pages(stream)
    except (*DAMAGED, ValueError) as error:
        yield partial(unreadable, str(path), f"the archive breaks off behind byte {start:,}: {said_of(error)}")


# --- its end ---


def _end_of(path: Path) -> Iterator[Piece]:
    try:
        with path.open("rb") as stream:
            yield from _its_end(str(path), stream)
    except OSError:
        return  # whoever reads it says why


def _its_end(name: str, stream: IO[bytes]) -> Iterator[Piece]:
    """Yield a fault when an archive ends in the middle of a record: who reads it page by page sees only fewer pages."""
    try:
        cut = {".gz": _member_is_cut, ".warc": _record_is_cut}.get(Path(name).suffix.lower(), lambda _: False)(stream)
    except (*DAMAGED, ValueError):
        return  # whoever reads it says why
    if cut:
        yield partial(unreadable, name, "the archive breaks off in its last record: the file is not whole")


def _member_is_cut(stream: IO[bytes]) -> bool:
    start = _last_member(stream)
    if start < 0:
        return False
    stream.seek(start)
    inflate, rest = zlib.decompressobj(wbits=31), b""
    while not inflate.eof and (rest or (rest := stream.read(BLOCK))):
        inflate.decompress(rest, BLOCK)
        rest = inflate.unconsumed_tail
    behind = inflate.unused_data + stream.read(BLOCK)
    return not inflate.eof or (behind.startswith(GZIP) and _is_begun(behind))


def _is_begun(said: bytes) -> bool:
    """Say whether these bytes are the beginning of something packed, and not its whole."""
    inflate = zlib.decompressobj(wbits=31)
    inflate.decompress(said, LINE)
    return not inflate.eof and not inflate.unconsumed_tail


def _last_member(stream: IO[bytes]) -> int:
    """Return where the last packed record begins, -1 for none: looked for from the end."""
    end = stream.seek(0, SEEK_END)
    while end > 0:
        begin = max(0, end - BLOCK)
        stream.seek(begin)
        block = stream.read(end - begin + len(GZIP) - 1)
        found = block.rfind(GZIP)
        while found >= 0:
            if _is_record(stream, begin + found):
                return begin + found
            found = block.rfind(GZIP, 0, found)
        end = begin
    return -1


def _record_is_cut(stream: IO[bytes]) -> bool:
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    line = stream.readline(100)
    while line.startswith(b"WARC/"):
        length = _length(stream)
        if length is None or stream.tell() + length > size:
            return True
        stream.seek(length, SEEK_CUR)
        while (line := stream.readline(100)) in {b"\r\n", b"\n"}:
            pass
    return bool(line) and b"WARC/".startswith(line[:5])


# --- as a whole ---


def _whole(path: Path) -> Iterator[Piece]:
    try:
        with path.open("rb") as stream:
            yield from _read_through(path, stream)
    except OSError as error:
        yield partial(unreadable, str(path), said_of(error))


def _read_through(path: Path, plain: IO[bytes]) -> Iterator[Piece]:
    """Yield what an archive holds, or each of those in a WACZ; or that there is nothing, or that it ends too soon."""
    if not octets_of([path]):
        yield partial(unreadable, str(path), "the file is empty")
        return
    found = False
    try:
        for name, stream in _inner(path, plain):
            found = True
            yield from _to_its_end(name, stream)
    except zipfile.BadZipFile as error:
        yield partial(unreadable, str(path), f"the archive breaks off: {said_of(error)}")
    else:
        if not found:
            yield partial(unreadable, str(path), "there is no web archive in it")


def _inner(path: Path, plain: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield an archive with its name; of a WACZ one after the other those in it."""
    if path.suffix.lower() != ".wacz":
        yield str(path), plain
        return
    with zipfile.ZipFile(plain) as packed:
        for name in sorted(packed.namelist()):
            if name.lower().endswith(ENDINGS[:-1]):
                with packed.open(name) as stream:
                    yield f"{path}/{name}", stream


def _to_its_end(name: str, stream: IO[bytes]) -> Iterator[Piece]:
    try:
        yield from _pages(stream)
    except (*DAMAGED, zipfile.BadZipFile, ValueError) as error:
        yield partial(unreadable, name, f"the archive breaks off: {said_of(error)}")
    else:
        yield from _its_end(name, stream)


def _pages(stream: IO[bytes]) -> Iterator[Piece]:
    """Yield what is a page or its text. Answers that are no page (pictures, redirects, errors) are no documents."""
    library = _library()
    kinds = library.WarcRecordType
    wanted = kinds.response | kinds.resource | kinds.conversion
    for record in library.ArchiveIterator(stream, record_types=wanted, auto_decode="all"):
        url = (record.headers.get("WARC-Target-URI") or "").strip("<> ")
        if record.record_type == kinds.conversion:
            said = record.reader.read(MOST)
            yield partial(_text, url, said, record.record_date)
        elif _is_page(record):
            body = record.reader.read(MOST)
            charset = (record.http_charset if record.is_http else None) or ""
            yield partial(_page, url, body, charset, record.record_date)


def _is_page(record: Any) -> bool:
    if not record.is_http:
        return (record.headers.get("Content-Type") or "").partition(";")[0].strip().lower() in HTML
    answer = record.http_headers
    return bool(answer and answer.status_code == 200 and (record.http_content_type or "").lower() in HTML)


def _page(url: str, body: bytes, charset: str, when: datetime | None) -> Document:
    page = Page(url=url, asked=url, body=body, charset=charset, truncated=len(body) == MOST, fetched=_utc(when))
    return Document(name=url, listed=_entry(url), page=page)


def _text(url: str, said: bytes, when: datetime | None) -> Document:
    text = said.decode("utf-8", "replace")
    article = extract.from_text(text, key=key_of("article", normal(url)), url=url, published=_utc(when))
    return Document(name=url, listed=_entry(url), article=article)


def _entry(url: str) -> Entry:
    return Entry(key=key_of("entry", normal(url)), feed="", link=url)


def _utc(when: datetime | None) -> datetime | None:
    if when is None:
        return None
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
