"""The index of words: what it leaves out has no hit, on both databases, whatever is written there."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, text

from monitor.model import Article, Outcome, Verdict
from monitor.rules import lookup
from monitor.rules.compile import compile_rules
from monitor.rules.needs import EVERYTHING, All, Any, Need, needs
from monitor.rules.spec import Rule, RuleBook, TermList
from monitor.rules.text import fold
from monitor.store import Past, Queries, Record, Store, index
from monitor.store.packing import pack, unpack
from monitor.store.records import Stand
from tests.making import NOW, a_feed, an_entry
from tests.unit.test_match_oracle import PATTERNS, WORDS, articles, rules, termlists
from tests.written import rule

NUMBERS = count()


def record(store: Store, *some: Article) -> None:
    """Record articles."""
    made = [Record(entry=an_entry(a_feed()), verdict=Verdict(Outcome.READ, one)) for one in some]
    store.record_all(made, NOW, lambda _: None)


def numbered(article: Article) -> Article:
    """Return an article with a key that no other has."""
    return replace(article, key=f"{next(NUMBERS):032x}", found=NOW, published=None)


def an_article(body: str) -> Article:
    return numbered(Article(key="", url="", title="", body=body))


def hits(queries: Queries, book: RuleBook, **chosen: object) -> list[tuple[str, str]]:
    """Return which rules hit which of some stored articles."""
    found = list(queries.articles(**chosen))
    ruleset = compile_rules(book)
    return [(one.key, name) for one, ids in zip(found, ruleset.ids(found), strict=True) for name in ids]


LENIENT = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@LENIENT
@given(termlists, st.lists(rules(), min_size=1, max_size=3), st.lists(articles, min_size=1, max_size=5))
def test_the_same_hits_are_found_with_and_without_the_index(
    store: Store, queries: Queries, monkeypatch: pytest.MonkeyPatch,
    names: TermList, some: list[Rule], read: list[Article]
) -> None:  # fmt: skip
    """A story that the index hides is lost, and nobody would know. Of words that many have, most are not looked up."""
    monkeypatch.setattr(lookup, "MANY", 0)
    record(store, *map(numbered, read))
    for one in some:
        book = RuleBook((one,), (names,))
        assert hits(queries, book, need=needs(book)) == hits(queries, book)


@LENIENT
@given(st.text(max_size=80), st.text(max_size=400), st.sampled_from(PATTERNS))
def test_any_text_can_be_kept_and_found(store: Store, queries: Queries, title: str, body: str, pattern: str) -> None:
    """Other scripts, signs that vanish and half characters are where a database's idea of a word differs from ours."""
    title, body = (said.replace("\x00", "") for said in (title, body))
    article = numbered(Article(key="", url="", title=title, body=body))
    record(store, article)
    assert queries.article(article.key) == article
    book = RuleBook((rule(pattern),))
    assert hits(queries, book, need=needs(book)) == hits(queries, book)


def test_every_word_of_a_text_finds_it(store, queries):
    """Also by its beginning, its end and its middle, and in any script."""
    article = numbered(Article(key="", url="", title="Poetin-vertrouweling", body=" ".join(WORDS)))
    record(store, article, *(an_article(f"Poetin {n}") for n in range(8)))
    for word in index.words_of(article):
        for pattern in (word, word[:-1] + b"*" if word[:-1].isascii() else word, b"*" + word, b"*" + word + b"*"):
            assert article in queries.articles(need=pattern), pattern


def test_an_article_is_found_by_the_words_that_it_has_now(store, queries):
    """Publishers rewrite; what a hit rested on may be gone."""
    first = an_article("Een eekhoorn in het park.")
    other = an_article("Een olifant in de dierentuin.")
    record(store, first, other)
    record(store, replace(first, body="Een giraf in het park."))

    assert [list(queries.articles(need=word)) for word in (b"eekhoorn", b"*iraf", b"olifant")] == [
        [], [replace(first, body="Een giraf in het park.")], [other],
    ]  # fmt: skip


def test_an_article_that_is_dropped_is_found_no_more(store, queries):
    """Nor does it take up room."""
    record(store, *(an_article(f"Het eekhoorntje{n}.") for n in range(3)))
    with store._read() as c:
        assert len(index.candidates(c, b"eekhoorntje*")) == 3

    store.housekeeping(NOW + timedelta(days=3), timedelta(days=2), timedelta(days=2))

    assert list(queries.articles()) == []
    with store._read() as c:
        assert index.candidates(c, b"eekhoorntje*") == frozenset()


def test_what_stands_in_every_text_is_no_help(store, queries):
    """Such words are not kept; whoever asks for them gets all there is."""
    some = [an_article(f"Poetin {n}") for n in range(4)]
    record(store, *some)
    with store._read() as c:
        assert index.candidates(c, b"de") is None
        assert index.candidates(c, b"*e*") is None
        assert index.candidates(c, EVERYTHING) is None
        assert index.candidates(c, All((b"de", b"zzz"))) == frozenset()


def test_the_same_word_may_be_asked_for_often(store, queries, monkeypatch):
    """Lists name a word many times; who asks for too many different ones is shown everything."""
    monkeypatch.setattr(index, "MOST", 2)
    record(store, *map(an_article, ("eekhoorn", "olifant", "giraf", "neushoorn")))
    often = Any(tuple(All((b"eekhoorn", b"*hoorn")) for _ in range(9)))
    assert [one.body for one in queries.articles(need=often)] == ["eekhoorn"]
    assert len(list(queries.articles(need=Any((b"eekhoorn", b"olifant", b"giraf"))))) == 4


def test_thousands_of_patterns_take_few_questions(store, queries):
    """The shipped lists have nine thousand; asked one by one they kept a person waiting for half a minute."""
    record(store, *(an_article(f"Het woord{n} in de zin{n % 7}.") for n in range(20)))
    asked = [All((f"woord{n}".encode(), f"zin{n % 7}*".encode())) for n in range(3_000)]
    statements = []
    with queries._read() as c:
        event.listen(c, "before_cursor_execute", lambda *said: statements.append(said[2]))
        assert len(index.candidates(c, Any(tuple(asked)))) == 20
        assert len(index.candidates(c, Any((b"woord1*", *asked[300:], b"*oord7")))) == 12
    assert len(statements) < 10


def test_what_most_articles_hold_is_not_looked_up(store, queries):
    """Who has to read most of them anyway is told so at once."""
    record(store, *(an_article(f"Een eekhoorn met noot{n}.") for n in range(9)))
    with store._write() as c:
        c.execute(text("ANALYZE"))  # a server does so of its own accord
    with queries._read() as c:
        assert index.candidates(c, Any((b"noot1", b"eekhoorn"))) is None
        assert len(index.candidates(c, All((b"noot1", b"eekhoorn")))) == 1


def test_what_is_settled_between_two_questions_is_not_missed(store, queries, monkeypatch):
    """The index is asked first, and then what it does not know yet: all of it is of one moment."""
    record(store, *(an_article(f"Een eekhoorn met noot{n}.") for n in range(9)))
    with store._write() as c:
        index._index(c).clear()
        index.advance(c, 0, 9)
    asked = index.candidates

    def meanwhile(connection: Connection, need: Need) -> frozenset[int] | None:
        found = asked(connection, need)
        assert store.settle() == 9
        return found

    monkeypatch.setattr(index, "candidates", meanwhile)
    assert len(list(queries.articles(need=b"eekhoorn*"))) == 9


def test_candidates_come_in_order_and_between_the_dates(store, queries, monkeypatch):
    """A backfill goes on where it stopped: by the same way, page after page."""
    monkeypatch.setattr("monitor.store.queries.PAGE", 2)
    monkeypatch.setattr("monitor.store.statements.BATCH", 2)
    some = [
        replace(
            an_article("eekhoorn" if n % 3 == 0 else "olifant"),
            published=NOW - timedelta(hours=20 - n),
        )
        for n in range(20)
    ]
    record(store, *some)
    wanted = [one for one in some if one.body == "eekhoorn"]

    assert list(queries.articles(need=b"eekhoorn")) == wanted
    since, until = wanted[1].published, wanted[5].published
    assert list(queries.articles(Past(since, until), need=b"eekhoorn")) == wanted[1:5]
    places = [str(one) for one in queries.candidates(b"eekhoorn")]
    assert list(queries.articles(need=b"eekhoorn", behind=places[1], upto=places[4])) == wanted[2:5]
    assert [Stand.of(place) for place in places] == queries.candidates(b"eekhoorn")
    ranges = list(queries.ranges(6))
    assert list(queries.ranges(6, begin=ranges[1][0])) == ranges[1:]
    assert [len(list(queries.articles(behind=behind, upto=upto))) for behind, upto in ranges] == [6, 6, 6, 2]


def test_a_fault_in_one_record_leaves_no_trace_in_the_index(store, queries):
    """Index and article are written together or not at all."""
    article = an_article("Een eekhoorn.")
    made = Record(entry=an_entry(a_feed()), verdict=Verdict(Outcome.READ, article))

    def fail(_: object) -> None:
        raise RuntimeError("slip")

    with pytest.raises(RuntimeError):
        store.record_all([made], NOW, fail)
    with store._read() as c:
        assert index.candidates(c, b"eekhoorn") == frozenset()
        assert index.candidates(c, b"*khoorn") == frozenset()


def test_words_are_folded_as_the_form_of_the_index_says():
    """When this fails, raise `index.FORM` and pin what is folded now: or old articles are looked for in vain."""
    said = "\n".join(map(chr, range(0x20, 0x530)))
    assert index.FORM.startswith("1/")
    assert sha256(fold(said)).hexdigest()[:16] == "614370ce96ab6cb0"


@given(st.text(max_size=3000))
def test_whatever_is_packed_comes_out_the_same(said: str) -> None:
    """An article is evidence: not a letter may differ."""
    said = said.encode("utf-8", "replace").decode()
    assert unpack(pack(said)) == said
    assert unpack(said.encode()) == said
