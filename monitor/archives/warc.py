"""Web archives → documents: WARC and WACZ, a record at a time, however long they are. The one door to fastwarc."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any, Final

from monitor import extract
from monitor.archives.files import DAMAGED, said_of
from monitor.archives.parts import Document, Piece, Shard, name_of, unreadable
from monitor.errors import MonitorError
from monitor.model import Entry, Page, key_of
from monitor.urls import normal

ENDINGS: Final = (".warc", ".warc.gz", ".warc.zst", ".warc.lz4", ".wet.gz", ".wacz")
# Of a page, as much as of one that is fetched.
MOST: Final = 5 * 2**20
HTML: Final = frozenset({"text/html", "application/xhtml+xml"})


async def warcs(paths: Iterable[Path]) -> AsyncIterator[Shard]:
    """Yield each archive as a shard; of a folder those in it, by name. Raises MonitorError without fastwarc."""
    _library()
    for path in paths:
        inside = (
            sorted(one for one in path.rglob("*") if one.name.lower().endswith(ENDINGS)) if path.is_dir() else [path]
        )
        for one in inside:
            yield Shard(name_of(one), _archive(one))


def _library() -> Any:
    try:
        import fastwarc.warc  # noqa: PLC0415 - an extra: most people never need it
    except ImportError:
        raise MonitorError("web archives need a library: pip install 'monitor[warc]'") from None
    return fastwarc.warc


def _archive(path: Path) -> Iterator[Piece]:
    try:
        if path.suffix.lower() == ".wacz":
            with zipfile.ZipFile(path) as packed:
                for name in sorted(packed.namelist()):
                    if name.lower().endswith(ENDINGS[:-1]):
                        with packed.open(name) as stream:
                            yield from _pages(stream)
        else:
            with path.open("rb") as stream:
                yield from _pages(stream)
    except (*DAMAGED, zipfile.BadZipFile, ValueError) as error:
        yield partial(unreadable, str(path), f"the archive breaks off: {said_of(error)}")


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
    return Document(name=url, entry=_entry(url), page=page)


def _text(url: str, said: bytes, when: datetime | None) -> Document:
    text = said.decode("utf-8", "replace")
    article = extract.from_text(text, key=key_of("article", normal(url)), url=url, published=_utc(when))
    return Document(name=url, entry=_entry(url), article=article)


def _entry(url: str) -> Entry:
    return Entry(key=key_of("entry", normal(url)), feed="", link=url)


def _utc(when: datetime | None) -> datetime | None:
    if when is None:
        return None
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
