"""What a text must hold for a rule to match: asked before the matcher, it may not lose a single match."""

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.model import FIELDS, Article
from monitor.rules.compile import compile_rules
from monitor.rules.needs import EVERYTHING, NOTHING, All, Any, Need, Sieve, answered, index_words, needs, patterns_of
from monitor.rules.sheet import Sheet
from monitor.rules.spec import (
    Choice,
    Gap,
    Line,
    ListEntry,
    Part,
    Phrase,
    Rule,
    RuleBook,
    Term,
    TermList,
    Word,
)
from monitor.rules.text import LONGEST_WORD, fold
from monitor.rules.words import glob
from tests.unit.test_match_oracle import articles, rules, termlists
from tests.written import phrase, rule, term


def holds(need: Need, words: set[bytes]) -> bool:
    """Say whether words hold a need, the slow way."""
    return answered(need, lambda pattern: any(glob(pattern.split(b"*"), word) for word in words), all, any)


def need(*lines: str, **keys: object) -> Need:
    return needs(RuleBook((rule(*lines, **keys),), (LIST,)))


LIST = TermList("names", ())


def of(*pieces: object) -> All:
    return All(tuple(pieces))  # type: ignore[arg-type]


def either(*pieces: object) -> Any:
    return Any(tuple(pieces))  # type: ignore[arg-type]


def test_a_line_needs_one_term_of_each_part() -> None:
    """That is all that can be said without looking where they stand."""
    assert need("geheim*, overleg + Poetin") == of(either(b"geheim*", b"overleg"), b"poetin")


def test_a_phrase_needs_all_its_words_and_gaps_need_nothing() -> None:
    """A text that lacks one of them cannot hold the phrase."""
    assert need("achter gesloten deuren") == of(b"achter", b"gesloten", b"deuren")
    assert need("tast* ... af") == of(b"tast*", b"af")
    assert need("(stille|geheime) diplomatie") == of(either(b"stille", b"geheime"), b"diplomatie")


def test_lines_are_ways_and_a_count_comes_on_top() -> None:
    """A rule that counts people matches nowhere without one of them."""
    names = TermList("names", (entry("Poetin"), entry("Dmitri Kozak")))
    counting = rule("overleg", "gesprek", count=(2, ("names", "")))
    wanted = of(either(b"overleg", b"gesprek"), either(b"poetin", of(b"dmitri", b"kozak")))
    assert needs(RuleBook((counting,), (names,))) == wanted


def entry(text: str) -> ListEntry:
    return ListEntry(text, phrase(text))


def test_exclusions_are_no_need() -> None:
    """What must not be there, or not near, says nothing of what must."""
    plain = need("geheim")
    excluded = need("geheim", never=(term("voetbal"),), unless_near=(term("film"),), ignore=(term("geheim agent"),))
    assert plain == excluded == b"geheim"


def test_a_rule_that_any_word_matches_needs_nothing() -> None:
    """There is no text that could be left out."""
    assert need("*") == EVERYTHING
    assert need("* + *") == EVERYTHING
    assert need("geheim", "*") == EVERYTHING
    assert needs(RuleBook((rule("geheim"), rule("*")), ())) == EVERYTHING
    any_or = Phrase((Choice((Phrase((Word("*"),)), Phrase((Word("geheim"),)))), Gap(2)))
    assert needs(RuleBook((_with(any_or),), ())) == EVERYTHING


def _with(one: Phrase) -> Rule:
    return Rule(id="r", name="r", lines=(Line((Part((Term("t", one),)),), ()),))


def test_without_rules_nothing_will_do() -> None:
    """An empty book looks at no article."""
    assert needs(RuleBook(())) == NOTHING
    assert not might_hit(Sieve(NOTHING), "geheim")
    assert might_hit(Sieve(EVERYTHING), "")


def test_a_list_that_is_not_there_is_a_fault() -> None:
    """Silence would be a rule that never matches."""
    with pytest.raises(KeyError):
        needs(RuleBook((rule("$nowhere"),)))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(termlists, st.lists(rules(), min_size=1, max_size=3), st.lists(articles, min_size=1, max_size=3))
def test_whatever_matches_holds_its_need(names: TermList, some: list[Rule], read: list[Article]) -> None:
    """Every shortcut rests on this: an article that is passed over has no match."""
    for one in some:
        book = RuleBook((one,), (names,))
        asked = needs(book)
        sieve, ruleset = Sieve(asked), compile_rules(book)
        for article in read:
            if ruleset.match(article):
                assert holds(asked, index_words(article))
                assert might_hit(sieve, page(article, " ")), asked


def might_hit(sieve: Sieve, text: str) -> bool:
    return sieve.passes(fold(text))


def page(article: Article, between: str) -> str:
    return between.join(getattr(article, name) for name in FIELDS)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(termlists, rules(), articles)
def test_a_sieve_lets_through_whatever_holds_the_need(names: TermList, one: Rule, article: Article) -> None:
    """Also where what stood between two words was lost on the way."""
    asked = needs(RuleBook((one,), (names,)))
    if holds(asked, index_words(article)):
        text = page(article, " ")
        assert might_hit(Sieve(asked), text)
        assert might_hit(Sieve(asked), "<p>" + text + "</p>" * 3)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=40), st.text(max_size=300))
@example("", "een-twee--drie-vier")
def test_an_index_has_the_words_that_the_matcher_sees(title: str, body: str) -> None:
    """A word that an index has otherwise is a hit that is not found again."""
    article = Article(key="a", url="", title=title, body=body)
    seen = Sheet((article,))
    forms = {*seen.words, *(joined for _, _, joined in seen.joined)}
    assert {word for word in forms if len(word) <= LONGEST_WORD} <= index_words(article)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(articles)
def test_an_index_has_those_words_of_any_article(article: Article) -> None:
    """Hyphens, live items, other scripts and signs that vanish are where ways of reading differ."""
    seen = Sheet((article,))
    assert {*seen.words, *(joined for _, _, joined in seen.joined)} <= index_words(article)


def test_a_sieve_finds_pieces_across_what_parted_them() -> None:
    """A page's words lose their spaces and gain hyphens on the way to a sieve."""
    sieve = Sieve(need("vrede*gesprek*, VS + Poetin"))
    assert might_hit(sieve, "<b>Vredesge</b>sprekken met Poetin".replace("<b>", "").replace("</b>", ""))
    assert might_hit(sieve, "de V\u00adS enPoe-tinzei")
    assert not might_hit(sieve, "vrede met Poetin")
    assert not might_hit(sieve, "gesprek over vrede")
    assert not might_hit(sieve, "Vredesgesprekken met Poeten in het bos")


def test_a_short_text_is_sieved_however_many_short_words_are_asked_for() -> None:
    """Of three letters nothing is seen at a glance: a long list of such words must not let every page through."""
    words = ["".join(letters) for letters in itertools.product("abcdefgh", repeat=3)]
    sieve = Sieve(need(", ".join(words)))

    assert not might_hit(sieve, "Niets rijdt over onze rivier")
    assert might_hit(sieve, "Niets rijdt over onze rivier, in deze dagen")


def test_the_patterns_of_a_need_are_all_its_words() -> None:
    """Whoever prepares for a need asks for them."""
    assert set(patterns_of(need("geheim* + Poetin, (stille|geheime) tocht"))) == {
        b"geheim*", b"poetin", b"stille", b"geheime", b"tocht",
    }  # fmt: skip
