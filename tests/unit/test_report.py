"""What the desk's marks say of a rule, and what may be ignored without losing anything that was useful."""

from monitor.model import Article, key_of
from monitor.rules.compile import compile_rules
from monitor.rules.report import Marked, Report, report
from monitor.rules.spec import ListEntry, Rule, RuleBook, TermList
from tests.written import phrase, rule, terms

COVERT = TermList("covert", (ListEntry("geheim*", phrase("geheim*")), ListEntry("stiekem", phrase("stiekem"))))
TALKS = rule("$covert + gesprek*")


def judged(one: Rule, *said: tuple[str, str]) -> Report:
    """Report on a rule by texts with their marks; what the rule never found is no hit."""
    book = RuleBook((one,), (COVERT,))
    found = []
    for mark, body in said:
        article = Article(key=key_of("article", body), url="", title="", body=body, language="nl")
        (match,) = compile_rules(RuleBook((TALKS,), (COVERT,))).match(article)
        found.append(Marked(article, match, mark, "een kok" if mark == "noise" else ""))
    return report(one.id, one, book, found)


def phrases(told: Report) -> list[str]:
    return [one.phrase for one in told.suggestions]


FILM = "Zij speelt in een geheime romance een gesprek na."
TALK = "Er was een geheim gesprek in Wenen."


def test_precision_is_of_what_was_marked():
    """What nobody looked at says nothing."""
    told = judged(TALKS, ("useful", TALK), ("useful", TALK + " Twee."), ("noise", FILM), ("", TALK + " Drie."))
    assert (told.hits, told.useful, told.noise) == (4, 2, 1)
    assert told.precision == 2 / 3
    assert judged(TALKS, ("", TALK)).precision is None


def test_the_terms_behind_the_noise_are_named():
    """By how many of the noisy hits each is in."""
    told = judged(TALKS, ("noise", FILM), ("noise", FILM + " Weer."), ("useful", TALK))
    assert set(told.culprits) == {("$covert", 2), ("gesprek*", 2)}
    assert told.whys == ("een kok",)


def test_a_phrase_that_hides_the_noise_is_offered_with_all_that_it_hides():
    """Also what is not marked yet: a person decides with the list before him."""
    told = judged(TALKS, ("noise", FILM), ("useful", TALK), ("", FILM + " En weer."))
    (best,) = told.suggestions
    assert best.phrase == "geheime romance"
    assert [one.mark for one in best.hides] == ["noise", ""]
    assert (best.noise, best.unmarked) == (1, 1)


def test_nothing_useful_is_ever_hidden():
    """However much noise it would take away."""
    told = judged(TALKS, *(("noise", f"{FILM} {n}.") for n in range(5)), ("useful", FILM + " Het is de minister."))
    assert "geheime romance" not in phrases(told)


def test_phrases_that_hide_something_useful_together_are_not_offered_together():
    """Each leaves the useful hit its other evidence; both would leave it none."""
    one, other = "In een geheime romance een gesprek.", "Een stiekem afspraakje met een gesprek."
    both = "In een geheime romance een gesprek. Later stiekem afspraakje en het gesprek."
    told = judged(TALKS, ("noise", one), ("noise", other), ("useful", both))

    ignored = Rule(id="r", name="r", lines=TALKS.lines, ignore=terms(", ".join(phrases(told))))
    article = Article(key="a", url="", body=both, language="nl")
    assert phrases(told)
    assert compile_rules(RuleBook((ignored,), (COVERT,))).match(article)


def test_a_long_word_that_a_wildcard_caught_may_be_ignored_by_itself():
    """`geheim*` is meant to find many words; this one it should not."""
    told = judged(TALKS, ("noise", "De geheimhoudingsplicht kwam na gesprekken ter sprake."), ("useful", TALK))
    assert "geheimhoudingsplicht" in phrases(told)


def test_what_the_rule_is_about_is_never_offered():
    """To ignore `geheim`, an inflection of it, or the two words that the rule asks for, is to have no rule."""
    told = judged(TALKS, ("noise", "Na een geheim gesprek ging hij."), ("noise", "In geheime gesprekken."))
    assert not {"geheim", "geheime", "gesprek", "gesprekken", "geheim gesprek", "geheime gesprekken"} & set(
        phrases(told)
    )


def test_hits_that_an_edited_rule_no_longer_makes_count_for_nothing():
    """Noise that is hidden already asks for nothing, and a useful hit that is gone must not forbid everything."""
    stricter = rule("geheim* + gesprek*")
    told = judged(stricter, ("noise", FILM), ("useful", "Zij hadden stiekem een gesprek."), ("useful", TALK))
    assert phrases(told) == ["geheime romance"]
    already = rule("$covert + gesprek*", ignore=terms("geheime romance"))
    assert phrases(judged(already, ("noise", FILM), ("useful", TALK))) == []


def test_a_rule_that_is_gone_is_counted():
    """Its hits are on record; nothing can be suggested for it."""
    article = Article(key="a", url="", body=TALK, language="nl")
    (match,) = compile_rules(RuleBook((TALKS,), (COVERT,))).match(article)
    told = report("r", None, RuleBook(()), [Marked(article, match, "noise")])
    assert (told.hits, told.precision, told.suggestions) == (1, 0.0, ())
