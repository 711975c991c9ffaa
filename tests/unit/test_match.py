"""What a rule finds in an article: words, windows, exclusions, guards, and exactly where."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Article, Match
from monitor.rules import joins
from monitor.rules.compile import compile_rules
from monitor.rules.spec import Guard, ListEntry, Rule, RuleBook, TermList, Window
from monitor.rules.windows import Sight, intervals, tightest, tried
from tests.written import line, phrase, rule, terms


def found(one: Rule, text: str = "", *, lists: tuple[TermList, ...] = (), **fields: object) -> Match | None:
    article = Article(key="a", url="", body=text, **fields)
    matches = compile_rules(RuleBook((one,), lists)).match(article)
    for match in matches:
        for evidence in match.evidence:
            assert getattr(article, evidence.field)[evidence.start : evidence.end] == evidence.text
    return matches[0] if matches else None


def texts(match: Match | None) -> list[str]:
    return [evidence.text for evidence in match.evidence] if match else []


@pytest.mark.parametrize(
    ("term", "text", "wanted"),
    [
        ("overleg", "Het Overleg begint.", "Overleg"),
        ("overleg", "Het vooroverleg begint.", None),
        ("geheim*", "Een geheimzinnige brief.", "geheimzinnige"),
        ("*gesprek*", "De vredesgesprekken.", "vredesgesprekken"),
        ("vrede*gesprek*", "De vredesgesprekken.", "vredesgesprekken"),
        ("vrede*gesprek*", "Het vredesakkoord.", None),
        ("*kanaal", "Een achterkanaal.", "achterkanaal"),
        ("cooperation", "La coopération.", "coopération"),
        ("coopération", "La COOPERATION.", "COOPERATION"),
        ("oeuvre", "Son œuvre.", "œuvre"),
        ("strasse", "Die Straße.", "Straße"),
        ("cafe", "Een cafe\u0301 hier.", "cafe\u0301"),
        ("ijsland", "In ĳsland.", "ĳsland"),
        ("poetin", "Poe\u00adtin’s plan.", "Poe\u00adtin"),
        ("poetin", "Poe\u200btin sprak.", "Poe\u200btin"),
        ("ambassadeur", "l’ambassadeur", "ambassadeur"),
        ("poetin", "Een Poetin-vertrouweling.", "Poetin"),
        ("poetinvertrouweling", "Een Poetin-vertrouweling.", "Poetin-vertrouweling"),
        ("poetin vertrouweling", "Een Poetin-vertrouweling.", "Poetin-vertrouweling"),
        ("back-channel", "Een back\u2013channel.", "back\u2013channel"),
        ("backchannel", "Een back\u2013channel.", "back\u2013channel"),
        ("channel", "Een back\u2013channel.", "channel"),
        ("backchannel", "Een back \u2013 channel.", None),
        ("backchannel", "Een back\u2014channel.", None),
        ("channel", "Een back\u2014channel.", "channel"),
        ("achter gesloten deuren", "Achter gesloten\u00a0deuren.", "Achter gesloten\u00a0deuren"),
        ("achter gesloten deuren", "Achter gesloten. Deuren open.", None),
        ("tast* ... af", "Hij tastte een twee drie vier vijf zes af.", "tastte een twee drie vier vijf zes af"),
        ("tast* ... af", "Hij tastte een twee drie vier vijf zes zeven af.", None),
        ("tast* ... af", "Hij tastte. Nu af.", None),
        ("via .. kanaal", "via een tweede kanaal", "via een tweede kanaal"),
        ("via .. kanaal", "via een heel tweede kanaal", None),
        ("(stille|geheime) diplomatie", "De geheime diplomatie.", "geheime diplomatie"),
        ("(stille|in het geheim) overleg", "in het geheim overleg", "in het geheim overleg"),
        ("=FSB", "De FSB zwijgt.", "FSB"),
        ("=FSB", "De fsb zwijgt.", None),
        ("Путин", "Это ПУТИН.", "ПУТИН"),
        ("=Путин", "Это ПУТИН.", None),
        ("kremlin", "Kremlin™ zei", "Kremlin"),
    ],
)
def test_a_term_matches_what_a_reader_would_call_that_word(term: str, text: str, wanted: str | None) -> None:
    """Spelling, case and typography never hide a word; another word is never taken for it."""
    assert texts(found(rule(term), text)) == ([wanted] if wanted else [])


def test_parts_stand_within_whole_sentences() -> None:
    """Three sentences hold the first and the third, not the fourth."""
    near = rule("geheim + poetin")
    assert found(near, "Geheim is het. Twee. Drie zegt Poetin.")
    assert not found(near, "Geheim is het. Twee. Drie. Vier zegt Poetin.")


def test_a_title_is_a_sentence_next_to_the_lead() -> None:
    """A headline and the first lines tell one story."""
    close = rule(line("geheim + poetin", Window("sentence", 2)))
    assert found(close, "Poetin zwijgt.", title="Geheim overleg. Of toch niet?")
    assert found(close, title="Geheim overleg", lead="Poetin zwijgt.")
    assert not found(close, "Eerst dit. Poetin zwijgt.", title="Geheim overleg")


def test_ignored_phrases_match_nothing_and_block_nothing() -> None:
    """The secret service is no secret; a secret beside it still is."""
    masked = rule("geheim* + poetin", ignore=terms("geheime dienst*"))
    assert not found(masked, "De geheime diensten van Poetin.")
    assert found(masked, "De geheime diensten van Poetin spraken in het geheim.")


def test_an_ambiguous_name_needs_company() -> None:
    """Kozak is a tennis player too."""
    guard = Guard(needs=(phrase("dmitri"),), never_with=(phrase("tennis*"),))
    actors = TermList(
        "kremlin",
        (
            ListEntry("Kozak", phrase("kozak"), actor="kozak", guard=guard),
            ListEntry("Poetin", phrase("poetin"), actor="putin"),
        ),
    )
    alone = rule("$kremlin + overleg")
    assert not found(alone, "Kozak in overleg.", lists=(actors,))
    assert found(alone, "Kozak in overleg. Dmitri zwijgt.", lists=(actors,))
    assert texts(found(alone, "Kozak in overleg. Een. Twee. Drie. Vier. Poetin.", lists=(actors,))) == [
        "Kozak",
        "overleg",
    ]
    assert not found(alone, "Kozak in overleg. Dmitri tennist.", lists=(actors,))


def test_words_are_counted_from_the_first_to_the_last() -> None:
    """`[4 words]` holds four words in a row."""
    close = rule(line("geheim + poetin", Window("word", 4)))
    assert found(close, "geheim een twee poetin")
    assert not found(close, "geheim een twee drie poetin")
    assert found(close, "geheim. Poetin")


def test_paragraph_and_article_windows() -> None:
    """A paragraph ends at a blank line; the article holds everything."""
    text = "Geheim is het. Een. Twee. Drie. Vier. Poetin zwijgt.\n\nEen villa."
    assert found(rule(line("geheim + poetin", Window("paragraph", 1))), text)
    assert not found(rule(line("geheim + villa", Window("paragraph", 1))), text)
    assert found(rule(line("geheim + villa", Window("article"))), text)


def test_parts_in_order() -> None:
    """`>` wants the second behind the first, and takes a later one when an earlier one does not do."""
    assert found(rule("geheim > poetin"), "Geheim volgens Poetin.")
    assert not found(rule("geheim > poetin"), "Poetin zwijgt geheim.")
    assert texts(found(rule("geheim > poetin > villa"), "Poetin geheim villa Poetin villa.")) == [
        "geheim",
        "Poetin",
        "villa",
    ]


def test_the_tightest_window_is_shown() -> None:
    """Of many places where a rule matches, a reader wants the clearest."""
    match = found(rule("geheim + poetin"), "Geheim. Een Poetin hier. En Poetin doet geheim. Klaar.")
    assert [(evidence.text, evidence.sentence) for evidence in match.evidence] == [
        ("Poetin", "En Poetin doet geheim."),
        ("geheim", "En Poetin doet geheim."),
    ]


def test_every_line_that_fires_is_named() -> None:
    """Lines are ways to match; several may."""
    assert found(rule("geheim", "niets", "poetin"), "Poetin, geheim.").lines == (1, 3)


def test_a_window_never_crosses_into_the_next_item_of_a_live_blog() -> None:
    """Not even when it is the whole article."""
    text = "14:10 Een geheim.\n\n14:20 Poetin zwijgt."
    for window in (Window("sentence", 9), Window("word", 99), Window("paragraph", 9), Window("article")):
        assert not found(rule(line("geheim + poetin", window)), text)
    assert found(rule("geheim + poetin"), "14:10 Een geheim van Poetin.\n\n14:20 Niets.")


def test_unless_near_blocks_within_the_window_only() -> None:
    """A film about it is no news of it; a film elsewhere in the paper is another story."""
    film = rule("geheim + poetin", unless_near=terms("film*"))
    assert not found(film, "Een film. Geheim is Poetin.")
    assert found(film, "Een film. Een. Twee. Geheim is Poetin.")
    assert found(film, "Een film over Poetin en geheim. Een. Twee. Drie. Geheim is Poetin.")


def test_never_blocks_anywhere() -> None:
    """And a word that `ignore` blanks blocks nothing."""
    text = "Geheim. Een. Twee. Drie. Vier. Voetballen."
    assert not found(rule("geheim", never=terms("voetbal*")), text)
    assert found(rule("geheim", never=terms("voetbal*"), ignore=terms("voetbal*")), text)


def test_languages_of_lists_rules_and_articles() -> None:
    """English `met` is no Dutch `met`; where the language is unsure, both count."""
    contact = TermList("contact", (ListEntry("met", phrase("met"), languages=frozenset({"en"})),))
    for language, wanted in (("en", True), ("en-GB", True), ("nl", False), ("ja", False), ("", True)):
        assert bool(found(rule("$contact"), "they met", lists=(contact,), language=language)) is wanted
        assert bool(found(rule("they", languages=frozenset({"en"})), "they", language=language)) is wanted


def test_groups_of_a_list() -> None:
    """`$kremlin.people` is a part of `$kremlin`."""
    entries = (ListEntry("a", phrase("poetin"), group="people"), ListEntry("b", phrase("fsb"), group="bodies"))
    lists = (TermList("kremlin", entries),)
    assert texts(found(rule("$kremlin.people"), "FSB en Poetin", lists=lists)) == ["Poetin"]
    assert texts(found(rule("$kremlin.bodies"), "FSB en Poetin", lists=lists)) == ["FSB"]


@pytest.mark.parametrize("key", ["outlet", "feed", "group", "country"])
def test_a_rule_is_for_some_feeds(key: str) -> None:
    """By name, group, country or outlet, in any case."""
    assert found(rule("geheim", feeds=frozenset({"dpg"})), "geheim", **{key: "DPG"})
    assert not found(rule("geheim", feeds=frozenset({"dpg"})), "geheim", **{key: "Mediahuis"})


def test_fields() -> None:
    """`in:` is for the rule, `title:` for a term; the first paragraph is the lead when no other is."""
    assert not found(rule("geheim", fields=("title",)), "geheim", title="Niets")
    assert found(rule("body: geheim", fields=("title",)), "geheim", title="Niets")
    assert [e.field for e in found(rule("lead: geheim"), "Dit is geheim.\n\nRest.").evidence] == ["body"]
    assert not found(rule("lead: geheim"), "Dit niet.\n\nDit is geheim.")
    assert not found(rule("lead: geheim"), "Dit is geheim.", lead="Dit niet.")
    assert found(rule("body: geheim"), "Dit is geheim.")
    assert [e.field for e in found(rule("lead: geheim"), "Rest.", lead="Dit is geheim.").evidence] == ["lead"]


def test_count_wants_different_people() -> None:
    """Two spellings of one name are one person."""
    actors = TermList(
        "kremlin",
        (
            ListEntry("Poetin", phrase("poetin"), actor="putin"),
            ListEntry("Putin", phrase("putin"), actor="putin"),
            ListEntry("FSB", phrase("fsb")),
        ),
    )
    two = rule("$kremlin", count=(2, ("kremlin", "")))
    assert not found(two, "Poetin. Putin.", lists=(actors,))
    assert found(two, "Poetin. De FSB.", lists=(actors,))
    assert not found(two, "Poetin. Een. Twee. Drie. De FSB.", lists=(actors,))


def test_tags_label_what_stands_in_the_window() -> None:
    """A denial is news of its own, where it stands near."""
    denied = rule("geheim", tags=(("ontkenning", terms("ontken*")), ("villa", terms("villa"))))
    assert found(denied, "Geheim. Hij ontkent.").tags == ("ontkenning",)
    assert found(denied, "Geheim. Een. Twee. Drie. Hij ontkent.").tags == ()


def test_an_endless_word_is_no_word() -> None:
    """A hundred thousand letters cost a second in every wildcard, and mean nothing."""
    assert not found(rule("*a*b*"), "a" * 100_000 + "b")


def test_a_list_that_is_not_there_is_an_error() -> None:
    """The configuration has seen to it; a program that has not must hear of it."""
    with pytest.raises(KeyError):
        compile_rules(RuleBook((rule("$nobody"),)))


def test_matches_come_in_the_order_of_the_book_and_articles_in_theirs() -> None:
    """More articles than are searched together, some of them empty."""
    rules = tuple(Rule(id=name, name=name, lines=rule(name).lines) for name in ("villa", "geheim", "poetin"))
    some = [Article(key=str(at), url="", body="geheim Poetin" if at % 3 else "") for at in range(70)]
    ruleset = compile_rules(RuleBook(rules))
    many = list(ruleset.match_many(iter(some)))
    assert many == [ruleset.match(article) for article in some]
    assert [[match.rule for match in one] for one in many[:2]] == [[], ["geheim", "poetin"]]
    assert compile_rules(RuleBook(())).match(some[1]) == ()


def test_more_rules_than_marks_are_matched_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a quarter of a million rules the marks of one article fill what is near; numbers go beyond 32 bits by then."""
    monkeypatch.setattr(joins, "NEAR", 1)
    ruleset = compile_rules(RuleBook(tuple(replace(rule(f"wa{n} + wb{n}"), id=f"r{n}") for n in range(2_500))))
    texts = [". ".join(f"wa{n} wb{n}" for n in range(at, at + 700)) for at in range(32)]
    some = [Article(key="k", url="", body=text) for text in texts]
    for at, found in enumerate(ruleset.match_many(some)):
        words = [tuple(one.text for one in match.evidence) for match in found]
        assert words == [(f"wa{n}", f"wb{n}") for n in range(at, at + 700)]


sights = st.builds(
    lambda first, size, who: Sight(first, first + size, first // 2, (first + size - 1) // 2, "t", who),
    st.integers(0, 14),
    st.integers(1, 5),
    st.sampled_from("abc"),
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.lists(sights, min_size=1, max_size=4), min_size=1, max_size=3), st.data(), st.integers(1, 5))
def test_many_sights_are_judged_like_few(parts: list[list[Sight]], data: st.DataObject, size: int) -> None:
    """Where a word stands a thousand times, not every combination is tried; what is found is the same."""

    def anything(_low: int, _high: int) -> bool:
        return True

    ordered = [data.draw(st.booleans()) for _ in parts[1:]]
    parts = [sorted(part) for part in parts]
    few = {(low, high): fit().words for low, high, fit in tried(parts, ordered, size, anything)}
    many = {
        (low, high): tightest(near, ordered, low, high).words
        for low, high, near in intervals(parts, ordered, size, anything)
    }
    assert few == many


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (rule(line("geheim + poetin", Window("word", 10))), "geheim poetin "),
        (rule(line("geheim + poetin", Window("word", 10)), unless_near=terms("film")), "geheim poetin film "),
        (rule("geheim + poetin", tags=(("film", terms("film")),)), "Geheim. Poetin film. "),
        (rule(line("geheim > poetin", Window("article"))), "geheim poetin "),
        (rule("geheim ... poetin"), "geheim "),
    ],
)
def test_a_word_that_stands_ten_thousand_times_stops_nobody(one: Rule, text: str) -> None:
    """Trying every combination, this test would last until tomorrow."""
    assert (found(one, text * 10_000) is None) == bool(one.unless_near or "..." in one.lines[0].source)
