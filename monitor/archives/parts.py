"""What every source is made of: volumes, of shards, of documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Final

from monitor.model import Article, Entry, Feed, Outcome, Page, Reading, key_of
from monitor.urls import normal

# Documents that travel together: pages of some megabytes each, at the worst.
TOGETHER: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of the past: a text that is ready, a page to be extracted, or else a link to be fetched."""

    name: str  # its path, its address, or the id that it brings
    listed: Entry | None = None  # as whoever listed it says
    article: Article | None = None
    page: Page | None = None
    feed: Feed | None = None  # whose outlet, country and language it takes
    fault: str = ""
    place: str = ""  # the address of its file: the article's, where it has none of its own
    recorded: bool = False  # it came from the record, and is there already

    @property
    def entry(self) -> Entry:
        """Under which it is recorded: as it was listed, or by its article on record, or else by its name."""
        if self.listed is not None:
            return self.listed
        if self.article is not None and self.recorded:
            key = key_of("entry", normal(self.article.url) or self.article.key)
            return Entry(key=key, feed=self.article.feed, link=self.article.url)
        return Entry(key=key_of("entry", self.name), feed="")

    @property
    def is_ready(self) -> bool:
        """Whether nothing needs to be fetched or extracted."""
        return (
            self.article is not None
            or bool(self.fault)
            or (self.page is None and not (self.listed and self.listed.link))
        )

    @property
    def dated(self) -> datetime | None:
        """When it was published, as far as is known without reading it."""
        if self.article is not None and self.article.published is not None:
            return self.article.published
        return (self.listed.published or self.listed.updated) if self.listed else None

    @property
    def reading(self) -> Reading:
        """What is known without extraction: the text, or that there is none."""
        if self.article is None:
            return Reading(Outcome.NO_TEXT, None, self.fault or "the page is yet to be read")
        if not (self.article.title or self.article.lead or self.article.body).strip():
            return Reading(Outcome.NO_TEXT, None, self.fault or "there is no text")
        return Reading(Outcome.READ if self.article.complete else Outcome.TEASER, self.article)


Piece = Callable[[], Document]
"""Makes a document."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a volume that is looked at and written in one go; small enough to travel to where it is looked at.

    `opened()` yields what makes its documents: the same ones in the same order, wherever and however often it is called.
    """

    name: str  # as people know it: a file, and where in it
    opened: Callable[[], Iterable[Piece]]
    octets: int = 0  # so many bytes of the volume's files, as they lie there, are behind us with it


@dataclass(frozen=True, slots=True)
class Volume:
    """A file, an archive, a folder, a list. The same name means the same shards in the same order.

    "" is never remembered. A volume that `follows` stands in a row: once it is done, all before it are.
    """

    name: str
    shards: Iterable[Shard]
    follows: bool = False
    octets: int = 0  # of its files; 0 when there are none


def carried(
    name: str, pieces: Iterable[Piece], size: int = TOGETHER, at: Callable[[], int] = lambda: 0
) -> Iterator[Shard]:
    """Yield as shards what can only be read from its beginning: they carry their documents, so many each.

    `at()` says how far into its file the reader is, in bytes.
    """
    rest, behind = iter(pieces), 0
    for number in count():
        some = tuple(islice(rest, size))
        if not some:
            return
        ahead = max(behind, at())
        yield Shard(f"{name}, part {number + 1}", partial(iter, some), ahead - behind)
        behind = ahead


def unreadable(name: str, fault: str) -> Document:
    """Return the document for what could not be read."""
    return Document(name=name, fault=fault)


def name_of(path: Path, *insides: Path) -> str:
    """Return a volume's name: another one as soon as the file, or one of those in the folder, is another."""
    said = [f"{one}:{found.st_size}:{found.st_mtime_ns}" for one in (path, *insides) if (found := one.stat())]
    return key_of("volume", str(path.absolute()), *said)


def octets_of(paths: Iterable[Path]) -> int:
    """Return how many bytes these files have; one that is gone has none."""
    return sum(map(_octets, paths))


def _octets(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
