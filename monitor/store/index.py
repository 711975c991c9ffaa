"""Which words stand in which article: finds the articles in which a rule may match, and misses none.

The words are the matcher's own (`rules.needs.index_words`), so the index and the matcher cannot disagree about what a
word is. SQLite keeps them in FTS5 (contentless, no positions: a tenth of the text), PostgreSQL as the numbers of words
under GIN. A pattern is looked up in the vocabulary, so a `*` may stand anywhere.

An article is indexed in the transaction that writes it. Those that an older version wrote follow little by little
(`lag`); until then they are among the candidates, whatever is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol
from unicodedata import unidata_version

from sqlalchemy import Connection, func, select, text

from monitor.model import Article
from monitor.rules.needs import Need, answered, index_words, patterns_of
from monitor.rules.text import SMALL_WORDS
from monitor.rules.words import glob
from monitor.store import tables as t
from monitor.store.statements import put

# All that the index consists of has names that begin like this; the tables of `metadata` have not.
NAME: Final = "word_index"
# How words are folded, also by this Python's Unicode: the index of another form is made anew. Raise the number whenever
# `rules.text` folds otherwise.
FORM: Final = f"1/{unidata_version}"
_STATE: Final = "word index"  # in `meta`
# Who asks for so many patterns asks for most articles; to look each of them up takes longer than to look at those.
MOST: Final = 20_000


Numbers = frozenset[int] | None
"""Numbers of articles; None: of all of them."""


def is_compared(name: str | None, kind: str, _parents: object) -> bool:
    """Say to alembic whether the tables of `metadata` have to account for this one: the index is made by hand."""
    return kind != "table" or not (name or "").startswith(NAME)


@dataclass(frozen=True, slots=True)
class Lag:
    """What is not indexed yet: the articles with numbers above `done`, up to `until`."""

    done: int
    until: int

    def covers(self, number: int) -> bool:
        """Whether this article waits to be indexed."""
        return self.done < number <= self.until


def lag(connection: Connection) -> Lag:
    """Return what is not indexed yet."""
    said = connection.scalar(select(t.meta.c.value).where(t.meta.c.key == _STATE))
    form, done, until = (said or "").split() if said else ("", "0", "0")
    return Lag(int(done), int(until)) if form == FORM else Lag(0, _newest(connection))


def count(connection: Connection) -> int:
    """Return how many articles are indexed."""
    waits = lag(connection)
    inside = ~t.articles.c.number.between(waits.done + 1, waits.until)
    return connection.scalar(select(func.count()).select_from(t.articles).where(inside)) or 0


def advance(connection: Connection, done: int, until: int) -> None:
    """Remember that all articles are indexed up to this one."""
    put(connection, t.meta, {"key": _STATE, "value": f"{FORM} {done} {until}"})


def prepare(connection: Connection) -> None:
    """Begin anew when the words are not of this program's form; what is on record then lags."""
    said = connection.scalar(select(t.meta.c.value).where(t.meta.c.key == _STATE)) or ""
    if said.partition(" ")[0] != FORM:
        _index(connection).clear()
        advance(connection, 0, _newest(connection))


def _newest(connection: Connection) -> int:
    return connection.scalar(select(func.max(t.articles.c.number))) or 0


def words_of(article: Article) -> frozenset[bytes]:
    """Return the words under which an article is found; not those that stand in every text."""
    return frozenset(index_words(article) - SMALL_WORDS)


def change(connection: Connection, number: int, before: Article | None, after: Article | None) -> None:
    """Let an article be found by other words than before. None: it was not, or is no longer, on record."""
    was, now = (words_of(article) if article else frozenset() for article in (before, after))
    # Only what was on record may lag: to ask for each new article would cost as much as to index it.
    if was != now and not (before and lag(connection).covers(number)):
        _index(connection).change(number, was, now)


def settle(connection: Connection, number: int, article: Article) -> None:
    """Index an article that lagged."""
    _index(connection).change(number, frozenset(), words_of(article))


def candidates(connection: Connection, need: Need) -> Numbers:
    """Return the articles that hold a need, as far as they are indexed; more may be among them, and none is missing."""
    patterns = set(patterns_of(need))
    if len(patterns) > MOST:
        return None
    index = _index(connection)
    holding = {pattern: _holding(index, pattern) for pattern in patterns}
    return answered(need, holding.__getitem__, _in_all, _in_any)


def _holding(index: _Index, pattern: bytes) -> Numbers:
    pieces = pattern.split(b"*")
    if pattern in SMALL_WORDS or (len(pieces) > 1 and any(glob(pieces, word) for word in SMALL_WORDS)):
        return None
    return frozenset(index.holding(pattern))


def _in_all(some: list[Numbers]) -> Numbers:
    known = [numbers for numbers in some if numbers is not None]
    return frozenset.intersection(*known) if known else None


def _in_any(some: list[Numbers]) -> Numbers:
    known = [numbers for numbers in some if numbers is not None]
    return frozenset().union(*known) if len(known) == len(some) else None


class _Index(Protocol):
    """What the two databases spell apart."""

    def change(self, number: int, was: frozenset[bytes], now: frozenset[bytes]) -> None:
        """Let an article be found by these words, and by those no longer."""

    def clear(self) -> None:
        """Forget all articles."""

    def holding(self, pattern: bytes) -> Iterable[int]:
        """Return the articles in which a word of this pattern stands."""


def _index(connection: Connection) -> _Index:
    return _InFile(connection) if connection.dialect.name == "sqlite" else _OnServer(connection)


# --- SQLite ----------------------------------------------------------------------------------------------------------

_ADD: Final = text("INSERT INTO word_index (rowid, words) VALUES (:number, :words)")
_DROP: Final = text("INSERT INTO word_index (word_index, rowid, words) VALUES ('delete', :number, :words)")
_CLEAR: Final = text("INSERT INTO word_index (word_index) VALUES ('delete-all')")
_WORDS: Final = text("SELECT term FROM word_index_words")
_WORDS_WITH: Final = text("SELECT term FROM word_index_words WHERE term >= :first AND term < :past")
_PLACES: Final = text("SELECT doc FROM word_index_places WHERE term = :word")


class _InFile:
    """FTS5. It keeps no words of its own, so what is taken out must be named."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def change(self, number: int, was: frozenset[bytes], now: frozenset[bytes]) -> None:
        for statement, words in ((_DROP, was), (_ADD, now)):
            if words:
                self._connection.execute(statement, {"number": number, "words": b" ".join(words).decode()})

    def clear(self) -> None:
        self._connection.execute(_CLEAR)

    def holding(self, pattern: bytes) -> Iterator[int]:
        for word in self._words(pattern):
            yield from self._connection.scalars(_PLACES, {"word": word})

    def _words(self, pattern: bytes) -> Iterable[str]:
        first, *more = pattern.split(b"*")
        if not more:
            return [pattern.decode()]
        if not first:
            return self._vocabulary.matching(pattern)
        # What begins like this: up to the first that does not, for no byte of a word is the highest.
        bounds = {"first": first.decode(), "past": first.decode() + "\U0010ffff"}
        found: Iterable[str] = self._connection.scalars(_WORDS_WITH, bounds)
        return _Vocabulary(found).matching(pattern)

    @cached_property
    def _vocabulary(self) -> _Vocabulary:
        return _Vocabulary(self._connection.scalars(_WORDS))


class _Vocabulary:
    """Words that are searched in one go: a line each."""

    def __init__(self, words: Iterable[str]) -> None:
        self._lines = "\n".join(["", *words, ""]).encode()

    def matching(self, pattern: bytes) -> Iterator[str]:
        """Yield the words of a pattern."""
        pieces = pattern.split(b"*")
        # The longest piece is looked for, with the end of the word that it must stand at.
        piece = max((b"\n" + pieces[0], *pieces[1:-1], pieces[-1] + b"\n"), key=len)
        at = self._lines.find(piece)
        while 0 <= at < len(self._lines) - 1:
            start = self._lines.rfind(b"\n", 0, at + 1) + 1
            end = self._lines.index(b"\n", max(start, at + 1))
            word = self._lines[start:end]
            if glob(pieces, word):
                yield word.decode()
            at = self._lines.find(piece, end)


# --- PostgreSQL ------------------------------------------------------------------------------------------------------

_NUMBERS_OF: Final = text("SELECT id, word FROM word_index_words WHERE word = ANY(:words)")
_NAME_WORDS: Final = text(
    "INSERT INTO word_index_words (word) SELECT unnest(CAST(:words AS TEXT[])) ORDER BY 1 ON CONFLICT DO NOTHING"
)
_PUT: Final = text(
    "INSERT INTO word_index (number, words) VALUES (:number, :words) "
    "ON CONFLICT (number) DO UPDATE SET words = excluded.words"
)
_TAKE: Final = text("DELETE FROM word_index WHERE number = :number")
_EMPTY: Final = text("TRUNCATE word_index, word_index_words")
_LIKE: Final = text("SELECT id FROM word_index_words WHERE word LIKE :pattern")
_HOLDING: Final = text("SELECT number FROM word_index WHERE words && CAST(:words AS INTEGER[])")


class _OnServer:
    """Arrays of the numbers of words, under GIN. An article that is dropped takes its row with it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def change(self, number: int, was: frozenset[bytes], now: frozenset[bytes]) -> None:
        if now:
            self._connection.execute(_PUT, {"number": number, "words": self._numbers(now)})
        elif was:
            self._connection.execute(_TAKE, {"number": number})

    def _numbers(self, words: frozenset[bytes]) -> list[int]:
        """Return the numbers of words; those that have none are given one."""
        wanted = {word.decode() for word in words}
        found = self._known(wanted)
        missing = sorted(wanted - found.keys())
        if missing:  # in one order, or two writers would wait for each other
            self._connection.execute(_NAME_WORDS, {"words": missing})
            found |= self._known(missing)
        return sorted(found.values())

    def _known(self, words: Iterable[str]) -> dict[str, int]:
        return {row.word: row.id for row in self._connection.execute(_NUMBERS_OF, {"words": list(words)})}

    def clear(self) -> None:
        self._connection.execute(_EMPTY)

    def holding(self, pattern: bytes) -> Iterable[int]:
        # A word has no sign that means something to LIKE.
        words = list(self._connection.scalars(_LIKE, {"pattern": pattern.decode().replace("*", "%")}))
        return self._connection.scalars(_HOLDING, {"words": words}) if words else ()
