"""Which words stand in which article: finds the articles in which a rule may match, and misses none.

The words are the matcher's own (`rules.needs.index_words`), so the index and the matcher cannot disagree about what a
word is. SQLite keeps them in FTS5 (contentless, no positions: a tenth of the text), PostgreSQL as the numbers of words
under GIN. Patterns are looked up in the vocabulary, so a `*` may stand anywhere, and all at once (`rules.lookup`).

An article is indexed in the transaction that writes it. Those that an older version wrote follow little by little
(`lag`); until then they are among the candidates, whatever is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol
from unicodedata import unidata_version

from sqlalchemy import Connection, func, select, text

from monitor.model import Article
from monitor.rules.lookup import Numbers, holding, numbers_of, written
from monitor.rules.needs import EVERYTHING, Need, index_words, patterns_of
from monitor.rules.text import SMALL_WORDS
from monitor.store import tables as t
from monitor.store.statements import put

# All that the index consists of has names that begin like this; the tables of `metadata` have not.
NAME: Final = "word_index"
# How words are folded, also by this Python's Unicode: the index of another form is made anew. Raise the number whenever
# `rules.text` folds otherwise.
FORM: Final = f"1/{unidata_version}"
_STATE: Final = "word index"  # in `meta`
# Who asks for so many patterns asks for most articles: to look them up takes seconds, and spares nothing.
MOST: Final = 100_000


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


def candidates(connection: Connection, need: Need) -> frozenset[int] | None:
    """Return the articles that hold a need, as far as they are indexed; more may be among them, and none is missing.

    None: that is most of them, or as many as that.
    """
    patterns = set(patterns_of(need))
    if len(patterns) > MOST:
        return None
    index = _index(connection)
    wanted = written(need, index.words(patterns), _newest(connection))
    if wanted == EVERYTHING:
        return None
    places = index.places(set(patterns_of(wanted)))
    return frozenset(holding(wanted, places).tolist())


class _Index(Protocol):
    """What the two databases spell apart."""

    def change(self, number: int, was: frozenset[bytes], now: frozenset[bytes]) -> None:
        """Let an article be found by these words, and by those no longer."""

    def clear(self) -> None:
        """Forget all articles."""

    def words(self, patterns: Iterable[bytes]) -> dict[bytes, int]:
        """Return its words that are of these patterns, and others, and in how many articles each stands; 0: not known."""

    def places(self, words: Iterable[bytes]) -> dict[bytes, Numbers]:
        """Return the articles in which each of these words stands; a word that it has not may be left out."""


def _index(connection: Connection) -> _Index:
    return _InFile(connection) if connection.dialect.name == "sqlite" else _OnServer(connection)


# Above every letter: no byte of a word is higher.
_HIGHEST: Final = "\U0010ffff"


def _ranges(patterns: Iterable[bytes]) -> list[tuple[str, str]]:
    """Return from where to where the words of patterns lie in their order."""
    asked = [pattern.decode().split("*") for pattern in patterns]
    return sorted({(first, first + _HIGHEST if more else first) for first, *more in asked})


# --- SQLite ----------------------------------------------------------------------------------------------------------

_ADD: Final = text("INSERT INTO word_index (rowid, words) VALUES (:number, :words)")
_DROP: Final = text("INSERT INTO word_index (word_index, rowid, words) VALUES ('delete', :number, :words)")
_CLEAR: Final = text("INSERT INTO word_index (word_index) VALUES ('delete-all')")
_ALL_WORDS: Final = text("SELECT term, doc FROM word_index_words")
_WORDS: Final = text(
    "SELECT w.term, w.doc FROM json_each(:asked) a CROSS JOIN word_index_words w "
    "WHERE w.term >= json_extract(a.value, '$[0]') AND w.term <= json_extract(a.value, '$[1]')"
)
# A word stands between quotes: it has none in it.
_PLACES: Final = text(
    "SELECT a.value, (SELECT group_concat(rowid, ' ') FROM word_index WHERE word_index MATCH '\"' || a.value || '\"') "
    "FROM json_each(:asked) a"
)


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

    def words(self, patterns: Iterable[bytes]) -> dict[bytes, int]:
        asked = _ranges(patterns)
        if ("", _HIGHEST) in asked:
            found = self._connection.execute(_ALL_WORDS)
        else:
            found = self._connection.execute(_WORDS, {"asked": json.dumps(asked)})
        return {row.term.encode(): row.doc for row in found}

    def places(self, words: Iterable[bytes]) -> dict[bytes, Numbers]:
        asked = json.dumps([word.decode() for word in words])
        found = self._connection.execute(_PLACES, {"asked": asked})
        return {term.encode(): numbers_of(listed) for term, listed in found if listed}


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
# The server knows the commonest words of its own accord, since it last looked (ANALYZE).
_COUNTED: Final = (
    "SELECT w.word, COALESCE(CAST(c.share * n.reltuples AS BIGINT), 0) AS articles FROM word_index_words w "
    "LEFT JOIN (SELECT e.id, e.share FROM pg_stats s, unnest(CAST(CAST(s.most_common_elems AS TEXT) AS INTEGER[]), "
    "s.most_common_elem_freqs) AS e (id, share) WHERE s.schemaname = current_schema() AND s.tablename = 'word_index' "
    "AND s.attname = 'words' AND e.id IS NOT NULL) c ON c.id = w.id "
    "JOIN pg_class n ON n.oid = CAST('word_index' AS regclass) "
)
_ALL_WORDS_ON_SERVER: Final = text(_COUNTED)
_WORDS_ON_SERVER: Final = text(
    _COUNTED + "JOIN unnest(CAST(:firsts AS TEXT[]), CAST(:lasts AS TEXT[])) AS asked (first, last) "
    "ON w.word >= asked.first AND w.word <= asked.last"
)
_PLACES_ON_SERVER: Final = text(
    "SELECT w.word, string_agg(i.number::text, ' ') FROM word_index_words w "
    "JOIN word_index i ON i.words @> ARRAY[w.id] WHERE w.word = ANY(:words) GROUP BY w.word"
)


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

    def words(self, patterns: Iterable[bytes]) -> dict[bytes, int]:
        asked = _ranges(patterns)
        if ("", _HIGHEST) in asked:
            found = self._connection.execute(_ALL_WORDS_ON_SERVER)
        else:
            firsts, lasts = [first for first, _ in asked], [last for _, last in asked]
            found = self._connection.execute(_WORDS_ON_SERVER, {"firsts": firsts, "lasts": lasts})
        return {row.word.encode(): row.articles for row in found}

    def places(self, words: Iterable[bytes]) -> dict[bytes, Numbers]:
        asked = [word.decode() for word in words]
        found = self._connection.execute(_PLACES_ON_SERVER, {"words": asked})
        return {word.encode(): numbers_of(listed) for word, listed in found}
