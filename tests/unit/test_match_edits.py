"""Rules that are edited while they run, and rules that come back from a cache, find what freshly compiled ones find."""

import pickle
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.model import Article
from monitor.rules.cache import from_bytes, to_bytes
from monitor.rules.compile import compile_rules
from monitor.rules.spec import ListEntry, Rule, RuleBook, TermList
from tests.unit.test_match_oracle import articles, rules, termlists
from tests.written import phrase, rule


def named(some: list[Rule]) -> tuple[Rule, ...]:
    return tuple(replace(one, id=f"r{at}") for at, one in enumerate(some))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(termlists, termlists, st.lists(rules(), min_size=2, max_size=5), rules(), st.lists(articles, max_size=3))
def test_an_edited_rule_set_finds_what_a_new_one_finds(
    names: TermList, others: TermList, some: list[Rule], fresh: Rule, read: list[Article]
) -> None:
    """A rule changed, one added, one gone, the order turned round, and then the list changed as well."""
    before = named(some)
    running = compile_rules(RuleBook(before, (names,)))
    after = (replace(fresh, id="new"), *before[:0:-1], replace(fresh, id="r0"))[:-1]
    for book in (RuleBook(after, (names,)), RuleBook(after, (others,)), RuleBook(before, (names,))):
        running = running.replace(book)
        assert list(running.match_many(read)) == list(compile_rules(book).match_many(read))
        assert running.book == book


def test_an_edit_compiles_only_what_changed() -> None:
    """With ten thousand rules nobody waits for the other 9,999."""
    book = RuleBook(tuple(replace(rule("geheim + poetin"), id=f"r{at}") for at in range(50)))
    running = compile_rules(book)
    edited = running.replace(RuleBook((replace(rule("villa"), id="r0"), *book.rules[1:])))
    article = Article(key="a", url="", body="Geheim overleg met Poetin in een villa.")
    assert edited.base is running.base
    assert len(edited.match(article)) == 50
    assert [match.rule for match in edited.match(article) if match.lines and len(match.evidence) == 1] == ["r0"]


def test_a_changed_list_reaches_the_rules_that_name_it() -> None:
    """The rule reads the same, and means another thing."""
    lists = [TermList("kremlin", (ListEntry(word, phrase(word)),)) for word in ("poetin", "kozak")]
    one = rule("$kremlin")
    running = compile_rules(RuleBook((one,), (lists[0],))).replace(RuleBook((one,), (lists[1],)))
    assert running.match(Article(key="a", url="", body="Kozak"))
    assert not running.match(Article(key="a", url="", body="Poetin"))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(termlists, st.lists(rules(), min_size=1, max_size=3), st.lists(articles, max_size=2))
def test_rules_come_back_from_bytes_as_they_were(names: TermList, some: list[Rule], read: list[Article]) -> None:
    """A start from the cache must not differ from a start without."""
    book = RuleBook(named(some), (names,))
    ruleset = compile_rules(book)
    again = from_bytes(to_bytes(ruleset), book)
    assert list(again.match_many(read)) == list(ruleset.match_many(read))
    assert list(again.replace(book).match_many(read)) == list(ruleset.match_many(read))


def test_damaged_bytes_are_refused() -> None:
    """Half a file after a power cut must lead to a compilation, not to half the rules."""
    data = to_bytes(compile_rules(RuleBook((rule("geheim"),))))
    for broken in (b"", data[:-1], data[: len(data) // 2], b"x" + data, data[:-5] + b"00000"):
        with pytest.raises(ParseError):
            from_bytes(broken)


def test_nothing_but_rules_comes_out_of_bytes() -> None:
    """Whoever can write to the cache must not be able to run a program by it."""
    import monitor.rules.cache as cache

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("run",)

    body = pickle.dumps((Evil(), b""))
    with pytest.raises(ParseError, match="may not hold builtins"):
        cache._read(body)
