"""The record → documents: what is stored already, matched once more; pages that were kept, read once more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from monitor.archives.parts import TOGETHER, Document, Piece, Shard, Volume
from monitor.model import Article, Entry, Feed, Secret
from monitor.rules.needs import Need
from monitor.store import EVER, KeptPage, Past, Queries, Stand, from_anywhere

# The first volume begins behind nothing, and has a name, too.
BEHIND: Final = "behind "
# Articles of one shard, as many as the matcher takes at once, seven times: a tenth of a second's work. Most are only
# looked at, and not written.
AT_ONCE: Final = 7 * 32


@dataclass(frozen=True, slots=True)
class Chosen:
    """Stored articles: how many there are, and where those of them stand that may hold a need; `few` None: all of them."""

    number: int
    few: Sequence[Stand] | None = None

    @property
    def looked(self) -> int:
        """How many are to be looked at."""
        return self.number if self.few is None else len(self.few)


def chosen(address: Secret | str, need: Need, past: Past) -> Chosen:
    """Ask the index which of some stored articles may hold a need."""
    with Queries.open(address) as queries:
        return Chosen(queries.count_articles(past), queries.candidates(need, past))


async def kept(address: Secret | str, *, begin: str = "") -> AsyncIterator[Volume]:
    """Yield the pages that were kept as they came, to be read anew: volumes as those of `stored`."""
    address, place = from_anywhere(address), begin.removeprefix(BEHIND)
    with Queries.open(address) as queries:
        keys = [key for key in queries.kept() if key > place]
    for at in range(0, len(keys), TOGETHER):
        some = keys[at : at + TOGETHER]
        yield _volume(place, partial(_kept, address, some), "kept pages")
        place = some[-1]


def _kept(address: Secret, keys: Sequence[str]) -> Iterator[Piece]:
    with Queries.open(address) as queries:
        return iter([partial(_page, *one) for one in queries.kept_pages(keys)])


def _page(entry: Entry, feed: Feed | None, kept: KeptPage) -> Document:
    return Document(name=entry.link or kept.url, listed=entry, page=kept.page, feed=feed)


async def stored(
    address: Secret | str, past: Past = EVER, *, few: Sequence[Stand] | None = None, begin: str = ""
) -> AsyncIterator[Volume]:
    """Yield the stored articles, the oldest first: in volumes of one shard, named by where they begin. With `few`, those.

    `begin` is such a name. A shard is a range of the record, or names the articles; whoever opens it asks the database
    at `address`.
    """
    address, place = from_anywhere(address), begin.removeprefix(BEHIND)
    if few is not None:
        for start, numbers in _some(few, place):
            yield _volume(start, partial(_numbered, address, numbers))
        return
    with Queries.open(address) as queries:
        for start, end in queries.ranges(AT_ONCE, past, begin=place):
            yield _volume(start, partial(_between, address, past, start, end))


def _volume(start: str, opened: partial[Iterator[Piece]], what: str = "stored articles") -> Volume:
    name = f"{BEHIND}{start}"
    return Volume(name, [Shard(f"{what} {name}", opened)], follows=True)


def _some(few: Sequence[Stand], start: str) -> Iterator[tuple[str, list[int]]]:
    """Yield articles that lie behind a place: so many each, behind the place of the last before them."""
    ahead = [one for one in few if not start or one > Stand.of(start)]
    for at in range(0, len(ahead), AT_ONCE):
        yield start, [one.number for one in ahead[at : at + AT_ONCE]]
        start = str(ahead[min(at + AT_ONCE, len(ahead)) - 1])


def _numbered(address: Secret, numbers: Sequence[int]) -> Iterator[Piece]:
    with Queries.open(address) as queries:
        return _pieces(queries.numbered(numbers))


def _between(address: Secret, past: Past, start: str, end: str) -> Iterator[Piece]:
    with Queries.open(address) as queries:
        return _pieces(queries.articles(past, behind=start, upto=end))


def _pieces(articles: Iterable[Article]) -> Iterator[Piece]:
    return iter([partial(_document, article) for article in articles])


def _document(article: Article) -> Document:
    return Document(name=article.title or article.url, article=article, recorded=True)
