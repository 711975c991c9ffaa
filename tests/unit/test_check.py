"""A rule's own examples, and what stored articles say of its terms."""

from pathlib import Path

import pytest

from monitor import config
from monitor.model import Article
from monitor.rules.check import lint, run_examples

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def book(tmp_path):
    """The rules of a text."""

    def book(text: str):
        (tmp_path / "rules.yaml").write_text(text, "utf-8")
        return config.load(tmp_path / "rules.yaml", {}).book

    return book


def article(text: str, number: int = 0, language: str = "") -> Article:
    return Article(key=str(number), url="", body=text, language=language)


def passed(book) -> list[bool]:
    return [result.passed for result in run_examples(book)]


def test_examples_show_whether_a_rule_does_what_it_should(book):
    """What must match and does, what must not and does not; and the other way round."""
    rules = book(
        """\
rules:
  - id: one
    find: geheim* + overleg
    examples:
      match: [Een geheim overleg., Een overleg.]
      no_match: [Het geheim., Geheime plannen en overleg.]
"""
    )

    assert passed(rules) == [True, False, True, False]


def test_a_failed_example_says_why(book):
    """Line by line, or with the evidence that should not have been."""
    missed, found = run_examples(
        book(
            "rules: [{id: one, find: geheim + overleg, examples: {match: Een overleg., no_match: Een geheim overleg.}}]"
        )
    )

    assert missed.explanation is not None
    assert missed.explanation.lines[0].missing == ("geheim",)
    assert found.match is not None
    assert [evidence.text for evidence in found.match.evidence] == ["geheim", "overleg"]
    assert found.rule == "one"


def test_a_rule_for_titles_reads_its_examples_as_titles(book):
    """Else it could have none."""
    assert passed(
        book("rules: [{id: one, find: overleg, in: title, examples: {match: Overleg in Moskou, no_match: Niets}}]")
    ) == [True, True]
    assert passed(book("rules: [{id: one, find: 'title: overleg', examples: {match: Overleg in Moskou}}]")) == [True]


def test_an_example_may_have_a_title_of_its_own(book):
    """For rules that look at both."""
    rules = book(
        """\
rules:
  - id: one
    find: 'title: overleg + body: poetin [article]'
    examples:
      match:
        - |
          title: Overleg in Moskou
          Daar was ook Poetin.
      no_match:
        - |
          title: Poetin in Moskou
          Daar was ook overleg.
"""
    )

    assert passed(rules) == [True, True]


def test_examples_come_from_a_feed_that_the_rule_reads(book):
    """And are in its language, when it has one."""
    rules = book(
        """\
feeds: [{catalogue: nl}]
rules:
  - {id: one, find: overleg, feeds: [NOS, AD], languages: nl, examples: {match: overleg}}
"""
    )

    assert passed(rules) == [True]


def test_rules_without_examples_have_no_results(book):
    """Nothing is tried, nothing is said."""
    assert run_examples(book("rules: [{id: one, find: overleg}]")) == ()


def test_lint_shows_what_wildcards_hit(book):
    """The commonest words first, of rules and of lists, with where they are written."""
    rules = book("lists: {talks: '*gesprek*'}\nrules: [{id: one, find: 'geheim*, $talks'}]")
    articles = [article("Geheime gesprekken, geheime gesprekken en een gesprek over geheimhouding.")]

    first, second = lint(rules, articles).wildcards

    assert {("geheim*", "rule one", 3), ("*gesprek*", "list $talks", 3)} == {
        (hits.pattern, hits.where, hits.times) for hits in (first, second)
    }
    shown = {hits.pattern: hits.words for hits in (first, second)}
    assert shown["geheim*"] == (("geheime", 2), ("geheimhouding", 1))
    assert shown["*gesprek*"] == (("gesprekken", 2), ("gesprek", 1))


def test_lint_shows_terms_that_never_hit(book):
    """Phrases too, with their gaps and alternatives; at their place in the file."""
    rules = book(
        "lists:\n  talks: |\n    overleg\n    (stille|geheime) .. diplomatie\nrules: [{id: one, find: $talks}]"
    )

    (silent,) = lint(rules, [article("Een overleg."), article("Diplomatie, stille.")]).silent

    assert (
        silent.term,
        silent.where,
        silent.place.line,
        silent.place.column,
    ) == ("(stille|geheime) .. diplomatie", "list $talks", 4, 5)


def test_lint_shows_small_words_of_another_language(book):
    """English *met* fires on Dutch *met*: for certain without a language block, and when a language is unsure."""
    rules = book(
        """\
lists:
  anywhere: met, met with, summit
  english: {en: 'met, summit'}
  dutch: {nl: met}
rules: [{id: one, find: '$anywhere, $english, $dutch'}]
"""
    )

    doubts = {(doubt.where, doubt.term): doubt.why for doubt in lint(rules, []).doubts}

    assert {("list $anywhere", "met"), ("list $english", "met")} == set(doubts)
    assert "put it in a language block" in doubts["list $anywhere", "met"]
    assert "when an article's language is unsure" in doubts["list $english", "met"]


def test_lint_shows_wildcards_that_are_everywhere(book):
    """In more than a fifth of the articles: that says nothing."""
    rules = book("rules: [{id: one, find: 'ver*'}]")

    (doubt,) = lint(
        rules, [article("De verkiezingen", i) for i in range(10)] + [article("Niets", i) for i in range(10, 30)]
    ).doubts

    assert "33 % of the articles" in doubt.why
    assert "verkiezingen" in doubt.why


def test_lint_without_articles_finds_no_term_silent(book):
    """Nothing was read, so nothing can be said."""
    found = lint(book("rules: [{id: one, find: overleg}]"), [])

    assert (found.articles, found.silent) == (0, ())


def test_the_shipped_rules_pass_their_examples():
    """What a newcomer sees first."""
    results = run_examples(config.load(ROOT / "rules.yaml", {}).book)

    assert results
    assert [result.example.text for result in results if not result.passed] == []
