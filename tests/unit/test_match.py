"""What a rule finds in an article: words, windows, exclusions, guards, and exactly where."""

import pytest

from monitor.model import Article, Match
from monitor.rules.compile import compile_rules
from monitor.rules.spec import Guard, ListEntry, Rule, RuleBook, TermList, Window
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
