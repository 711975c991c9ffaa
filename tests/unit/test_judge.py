"""What becomes of a reading: whose words are matched, and what the verdict calls it."""

import pytest

from monitor import judge
from monitor.model import Article, Entry, Feed, Match, Outcome, Reading
from monitor.rules.compile import compile_rules
from monitor.rules.spec import RuleBook
from tests.written import line, rule

FEED = Feed(key="f", name="Voorbeeld", url="", outlet="De Voorbeeldkrant", country="NL")
RULES = compile_rules(RuleBook((rule(line("geheim overleg")),)))


def entry(**fields: str) -> Entry:
    return Entry(key="e", feed="f", link="https://krant.example/a-1234", **fields)


def article(body: str = "", **fields: object) -> Article:
    return Article(key="a", url="https://krant.example/a-1234", body=body, **fields)


def test_an_article_that_was_read_is_matched_as_it_stands():
    """The page's text is the article; the feed's words are not mixed in."""
    verdict = judge.verdict(
        Reading(Outcome.READ, article("Er was geheim overleg.")), entry(title="Nieuws"), FEED, RULES
    )
    assert (verdict.outcome, verdict.word, verdict.article.complete) == (Outcome.READ, Outcome.HIT, True)


@pytest.mark.parametrize("outcome", [Outcome.GATE, Outcome.NOT_ARTICLE, Outcome.FAILED, Outcome.GONE])
def test_the_text_of_a_wall_is_never_matched(outcome):
    """Else every article of an outlet hits, or none, by the words of its consent page."""
    verdict = judge.verdict(
        Reading(outcome, article("Geheim overleg over cookies.")), entry(title="Weerbericht"), FEED, RULES
    )

    assert verdict.matches == ()
    assert (verdict.outcome, verdict.article.title, verdict.article.complete) == (outcome, "Weerbericht", False)


@pytest.mark.parametrize("outcome", [Outcome.GATE, Outcome.NOT_ARTICLE, Outcome.FAILED, Outcome.TEASER])
def test_what_could_not_be_read_is_matched_on_the_feeds_own_words(outcome):
    """A story behind a wall is not missed, and its hit says that it was not read in full."""
    verdict = judge.verdict(
        Reading(outcome, None, "a wall"), entry(title="Geheim overleg", summary="In Wenen."), FEED, RULES
    )

    assert (verdict.word, verdict.outcome, verdict.reason) == (Outcome.HIT, outcome, "a wall")
    assert not verdict.article.complete
    assert (verdict.article.outlet, verdict.article.country) == ("De Voorbeeldkrant", "NL")


def test_a_teaser_is_matched_with_what_the_feed_tells_beyond_it():
    """Some feeds carry the whole text of a paid article."""
    whole = "De eerste regels. Daarna was er geheim overleg in Wenen."
    reading = Reading(Outcome.TEASER, article("De eerste regels.", title="Kop", complete=False))

    verdict = judge.verdict(reading, entry(title="Kop", content=whole), FEED, RULES)

    assert (verdict.word, verdict.article.body) == (Outcome.HIT, whole)


def test_a_page_without_text_is_no_article_and_the_feed_speaks_for_it():
    """A page that a script writes shows nothing; the entry does."""
    verdict = judge.verdict(Reading(Outcome.NO_TEXT), entry(title="Geheim overleg"), FEED, RULES)
    assert (verdict.outcome, verdict.word) == (Outcome.NOT_ARTICLE, Outcome.HIT)


def test_an_entry_without_a_word_anywhere_is_said_to_have_no_text():
    """It is counted, not lost."""
    verdict = judge.verdict(Reading(Outcome.GATE, None, "a wall"), entry(), FEED, RULES)
    assert (verdict.outcome, verdict.article, verdict.matches) == (Outcome.NO_TEXT, None, ())


def test_one_text_under_many_links_of_a_host_is_a_gate():
    """A wall of a kind that nobody knew yet gives itself away."""
    reading = Reading(Outcome.READ, article("Er was geheim overleg over uw abonnement."))
    known: list[tuple[Match, ...]] = [
        judge.verdict(reading, entry(title="Weer"), FEED, RULES, twins=n).matches for n in (2, 3)
    ]
    assert [bool(matches) for matches in known] == [True, False]
