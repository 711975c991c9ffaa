"""What marks say of a rule, and what an edit changes."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import config
from monitor.model import Article
from monitor.rules.changes import changes
from monitor.rules.compile import compile_rules
from monitor.rules.find import parse_find, parse_terms
from monitor.rules.report import Marked, report
from monitor.rules.spec import Rule, RuleBook


def _rule(find: str, *, name: str = "secret") -> Rule:
    lines, faults = parse_find(find)
    assert not faults
    return Rule(id=name, name=name, lines=lines)


def _articles(*bodies: str) -> list[Article]:
    return [Article(key=str(n), url="", body=body, language="nl") for n, body in enumerate(bodies)]


RULE = _rule("geheim*")
BOOK = RuleBook((RULE,))
BODIES = [
    f"{who} bewaart {what} over de taart, tot {until}."
    for who in ("De kok", "De bakker")
    for what in ("een geheim recept", "het geheime recept", "een publiek geheim", "geheime bladzijden")
    for until in ("morgen", "de winter komt")
]


def _marked(marks: list[str]) -> list[Marked]:
    articles = _articles(*BODIES)
    found = compile_rules(BOOK).match_many(articles)
    return [Marked(article, match, mark) for article, (match,), mark in zip(articles, found, marks, strict=True)]


@settings(deadline=None, max_examples=40, derandomize=True)
@given(st.lists(st.sampled_from(["useful", "noise", ""]), min_size=len(BODIES), max_size=len(BODIES)))
def test_no_suggestion_would_have_hidden_a_useful_hit(marks):
    """Whatever a desk marks: each suggestion is tried with the very rule, and its numbers are right."""
    found = _marked(marks)

    told = report(RULE.id, RULE, BOOK, found)

    assert (told.useful, told.noise) == (marks.count("useful"), marks.count("noise"))
    for one in told.suggestions:
        terms, _ = parse_terms(one.phrase)
        stricter = compile_rules(RuleBook((replace(RULE, ignore=terms),)))
        hidden = [hit.mark for hit in found if not stricter.match(hit.article)]
        assert "useful" not in hidden
        assert (hidden.count("noise"), hidden.count("")) == (one.noise, one.unmarked)
        assert one.noise > 0


def test_the_phrase_behind_the_noise_comes_first():
    """The one that hides most of it."""
    told = report(RULE.id, RULE, BOOK, _marked(["noise" if "geheime recept" in body else "useful" for body in BODIES]))

    assert [one.phrase for one in told.suggestions] == ["geheime recept"]
    assert told.suggestions[0].noise == 4
    assert told.culprits == (("geheim*", 4),)
    assert told.precision == 0.75


def test_a_rule_without_marks_or_without_a_book_is_still_counted():
    """Its hits stay on record when the rule has gone."""
    gone = report("gone", None, BOOK, _marked(["noise"] * len(BODIES)))

    assert (gone.hits, gone.precision, gone.suggestions) == (len(BODIES), 0.0, ())
    assert report(RULE.id, RULE, BOOK, _marked([""] * len(BODIES))).precision is None


def test_only_what_differs_is_a_change():
    """A rule that is the same in both books changes nothing; one that is renamed is lost and gained."""
    articles = _articles("Een geheim overleg.", "Een openbaar overleg.")
    talks, secret = _rule("overleg", name="talks"), _rule("geheim", name="secret")
    old, new = RuleBook((talks, secret)), RuleBook((talks, replace(secret, id="hidden")))

    found = [(change.gained, change.match.rule, change.article.key) for change in changes(old, new, articles)]

    assert found == [(False, "secret", "0"), (True, "hidden", "0")]
    assert list(changes(old, old, articles)) == []


def test_a_list_that_changed_changes_rules_that_did_not(tmp_path):
    """The rule's words are the same; what its list holds is not."""

    def book(term: str) -> RuleBook:
        text = f"version: 1\nlists: {{mine: {term}}}\nrules: [{{id: a, find: $mine}}]\nchannels: {{console: {{}}}}\n"
        (tmp_path / "rules.yaml").write_text(text, "utf-8")
        return config.load(tmp_path / "rules.yaml", {}).book

    old, new = book("geheim"), book("openbaar")

    found = [(one.gained, one.article.key) for one in changes(old, new, _articles("Een geheim.", "Openbaar."))]

    assert found == [(False, "0"), (True, "1")]
