"""Why a rule matches, or how near it came and what was missing."""

from monitor.model import Article
from monitor.rules.explain import Explanation, explain
from monitor.rules.spec import Guard, ListEntry, Rule, RuleBook, TermList, Window
from tests.written import line, phrase, rule, terms

ACTORS = TermList(
    "kremlin",
    (
        ListEntry("Kozak", phrase("kozak"), actor="kozak", guard=Guard((phrase("dmitri"),), (phrase("tennis*"),))),
        ListEntry("Poetin", phrase("poetin"), actor="putin"),
        ListEntry("met", phrase("met"), languages=frozenset({"en"})),
    ),
)


def told(one: Rule, body: str, **fields: object) -> Explanation:
    return explain(one, RuleBook((), (ACTORS,)), Article(key="a", url="", body=body, **fields))


def causes(explanation: Explanation) -> list[str]:
    """All that was removed, line by line and then for the whole rule."""
    inner = [gone.cause for one in explanation.lines for part in one.parts for gone in part.removed]
    return [
        *inner,
        *(gone.cause for one in explanation.lines for gone in one.removed),
        *(g.cause for g in explanation.removed),
    ]


def test_a_match_shows_which_lines_fired_and_what_was_found() -> None:
    """A journalist wants to see the words before believing the machine."""
    why = told(rule("geheim + poetin", "villa + poetin"), "Geheim overleg. Poetin zwijgt.")
    assert why.matched
    assert [one.fired for one in why.lines] == [True, False]
    assert [[found.text for found in part.found] for part in why.lines[0].parts] == [["Geheim"], ["Poetin"]]
    assert why.lines[1].missing == ("villa",)
    assert why.lines[1].reason == "nothing found of villa"


def test_a_word_that_two_terms_name_is_one_word() -> None:
    """`$kremlin, Poetin`: two of them would be two people."""
    why = told(rule("geheim + $kremlin, poetin, poe*"), "Geheim overleg. Poetin zwijgt.")
    (_, part) = why.lines[0].parts
    assert (part.times, [found.text for found in part.found]) == (1, ["Poetin"])


def test_the_lines_that_came_nearest_are_those_that_miss_the_least() -> None:
    """Of forty lines nobody reads all to see why an example fails."""
    text = "Geheim overleg. Poetin zwijgt."
    missed = told(rule("geheim + villa", "villa + nacht", "poetin + nacht", "jacht"), text)
    assert [line.number for line in missed.nearest(1)] == [1]
    assert [line.number for line in missed.nearest(9)] == [1, 3, 4]
    assert [line.number for line in told(rule("geheim + villa", "poetin", "geheim"), text).nearest(1)] == [2, 3]


def test_a_near_miss_says_how_far_apart_the_parts_are() -> None:
    """Then one knows which window would have caught it."""
    why = told(rule("geheim + poetin"), "Geheim. Een. Twee. Drie. Vier. Poetin zwijgt.")
    assert not why.matched
    assert why.lines[0].nearest == 6
    assert why.lines[0].reason == "the parts were found 5 sentences apart; the window is 3 sentences"


def test_items_of_a_live_blog_are_never_near() -> None:
    """Two stories on one page are two stories."""
    why = told(rule("geheim + poetin"), "14:10 Geheim.\n\n14:20 Poetin zwijgt.")
    assert why.lines[0].nearest is None
    assert why.lines[0].reason == "the parts stand in different items of a live blog"


def test_the_wrong_order_is_named() -> None:
    """`>` is easily forgotten."""
    assert told(rule("geheim > poetin"), "Poetin zwijgt geheim.").lines[0].reason == (
        "the parts stand close enough, in another order"
    )
    far = told(rule(line("geheim > poetin", Window("word", 3))), "Geheim een twee drie vier. Poetin geheim.")
    assert far.lines[0].reason == "in this order, the parts stand further apart than the window of 3 words"


def test_what_ignore_blanks_is_shown() -> None:
    """A masked word looks like a hit to whoever does not know the mask."""
    why = told(rule("geheim* + poetin", ignore=terms("geheime dienst*")), "De geheime dienst van Poetin.")
    assert causes(why) == ["ignore", "ignore"]
    assert why.lines[0].parts[0].removed[0].text == "'geheime' stands in a phrase that `ignore` blanks"


def test_exclusions_are_shown_with_their_words() -> None:
    """What blocked a rule is what one would change."""
    near = told(rule("geheim", unless_near=terms("film*")), "Geheim. Een filmpje.")
    assert near.lines[0].reason == "`unless_near` stands in the same window"
    assert [gone.evidence.text for gone in near.lines[0].removed if gone.evidence] == ["filmpje"]
    never = told(rule("geheim", never=terms("film*")), "Geheim. Een. Twee. Drie. Vier. Een filmpje.")
    assert not never.matched
    assert causes(never) == ["never"]
    assert never.lines[0].fired


def test_guards_say_why_a_name_does_not_count() -> None:
    """An ambiguous surname that was passed over must be seen to have been."""
    assert causes(told(rule("$kremlin"), "Kozak zwijgt.")) == ["needs"]
    assert causes(told(rule("$kremlin"), "Dmitri Kozak tennist.")) == ["never_with"]
    assert told(rule("$kremlin"), "Dmitri Kozak zwijgt.").matched


def test_languages_feeds_and_fields_are_named() -> None:
    """A rule that looked elsewhere did not fail."""
    assert causes(told(rule("$kremlin"), "met", language="nl")) == ["language"]
    assert causes(told(rule("geheim", languages=frozenset({"fr"})), "geheim", language="nl")) == ["languages"]
    assert causes(told(rule("geheim", feeds=frozenset({"be"})), "geheim", country="NL")) == ["feeds"]
    assert causes(told(rule("title: geheim"), "geheim", title="Niets")) == ["field"]


def test_count_says_how_many_were_there() -> None:
    """Spellings are not people."""
    why = told(rule("$kremlin", count=(2, ("kremlin", ""))), "Poetin. Poetin.")
    assert why.lines[0].reason == "`count` wants 2 of $kremlin in the window; 1 found"


def test_a_block_of_another_language_counts_when_the_language_is_unsure() -> None:
    """A short text in English must not be missed because nobody can tell that it is English."""
    met = rule("$kremlin + envoy")
    assert told(met, "Envoy met friends.").matched
    assert told(met, "Envoy met friends.", language="en").matched
    assert causes(told(met, "Envoy met vrienden.", language="nl")) == ["language"]
