"""The language as a whole: a rule as a person writes it, a text as a newspaper prints it, a hit or none."""

import json

import pytest

from monitor import config
from monitor.model import Article
from monitor.rules.compile import compile_rules

LISTS = """
  use: [kremlin, secret-talks]
  talks: {nl: "*gesprek*, met", fr: pourparlers, en: "met, talks"}
  opera: opera*, dirigent*
  places: {capitals: Moskou, towns: [Sotsji, $near]}
  near: Minsk
  people:
    - {id: medvedev, names: {nl: Medvedev}, given: [Dmitri], ambiguous: true, needs: [Kremlin*], never_with: [tennis*]}
    - {id: poetin, names: {nl: Poetin, en: Putin}}
    - {id: lavrov, names: {nl: Lavrov, de: Lawrow}}
"""


@pytest.fixture
def matches(tmp_path):
    """Whether a rule with these keys finds something in an article."""

    def matches(keys: dict[str, object], article: Article) -> bool:
        rule = json.dumps({"id": "one", **keys}, ensure_ascii=False)
        text = f"feeds: [{{catalogue: [nl, be]}}]\nlists:{LISTS}\nrules:\n  - {rule}\n"
        (tmp_path / "rules.yaml").write_text(text, "utf-8")
        book = config.load(tmp_path / "rules.yaml", {}).book
        found = compile_rules(book).match(article)
        for evidence in (one for match in found for one in match.evidence):
            assert getattr(article, evidence.field)[evidence.start : evidence.end] == evidence.text
        return bool(found)

    return matches


def body(text: str, language: str = "nl") -> Article:
    return Article(key="x", url="", body=text, language=language)


SIGNS = [
    # find, texts that match, texts that do not
    ("overleg", ["Overleg!", "het OVERLEG", "vóór overlég"], ["vooroverleg", "overlegt", ""]),
    ("négociation", ["negociation", "NÉGOCIATION", "ne\u0301gociation", "négo\u00adciation", "négo\u200bciation"], ["négociations"]),
    ("geheim*", ["geheime", "geheim"], ["staatsgeheim"]),
    ("*gesprek*", ["topgesprekken", "gesprek"], ["gespreid"]),
    ("vrede*gesprek*", ["vredesgesprekken", "vredegesprek"], ["vrede gesprek"]),
    ("achter gesloten deuren", ["achter gesloten deuren", "achter\u00a0gesloten\ndeuren"], ["gesloten deuren achter", "achter de gesloten deuren"]),
    ("tast* ... af", ["tastte een twee drie vier vijf zes af", "tast af"], ["tastte een twee drie vier vijf zes zeven af", "Hij tast. Dan af."]),
    ("via .. kanaal", ["via een stil kanaal", "via kanaal"], ["via een heel stil kanaal"]),
    ("(stille|zeer geheime) diplomatie", ["stille diplomatie", "zeer geheime diplomatie"], ["geheime diplomatie", "stille"]),
    ("((a1|b1) c1|d1) e1", ["a1 c1 e1", "b1 c1 e1", "d1 e1"], ["c1 e1", "a1 e1"]),
    ("=FSB", ["de FSB.", "FSB-chef"], ["fsb", "Fsb"]),
    ('="MI 6"', ["MI 6", "MI-6"], ["mi 6", "MI6x"]),
    ("=Wagner (groep|Group)", ["Wagner groep", "Wagner GROUP"], ["wagner groep"]),
    ("back-channel", ["back-channel", "back channel", "backchannel", "Back\u2011Channel"], ["back the channel", "backchannels"]),
    ("track-two*", ["track-two", "tracktwo", "track two-gesprek"], ["track one"]),
    ('"wie, wat + waar"', ["Wie, wat: waar!", "wie wat waar"], ["wat wie waar"]),
    ("Poetin", ["Poetin's hond", "Poetin’s", "Poetin-vertrouweling", "(Poetin)", "«Poetin»"], ["Poetins", "Poetina"]),
    ("ambassadeur", ["l'ambassadeur", "l’ambassadeur"], ["ambassadeurs"]),
    ("ballon d'essai", ["un ballon d’essai", "ballon d essai"], ["ballon essai"]),
    ("a1, b1 + c1", ["a1 c1", "c1 en b1"], ["a1 b1", "c1"]),
    ("a1 + b1 + c1", ["c1. b1. a1."], ["a1 b1"]),
    ("a1 > b1", ["a1 b1", "b1 a1 b1"], ["b1 a1"]),
    ("a1 + b1 > c1", ["b1 a1 c1", "a1 b1 c1"], ["c1 b1 a1", "a1 c1 b1"]),
    ("a1\nb1 + c1", ["a1", "c1 b1"], ["b1", "c1"]),
    ("# a1\nb1", ["b1"], ["a1"]),
    ("a1 + b1", ["a1. Dag. B1."], ["a1. Dag. Nacht. B1."]),
    ("a1 + b1 [sentence]", ["a1 x b1"], ["a1. B1."]),
    ("a1 + b1 [2 sentences]", ["a1. B1."], ["a1. Dag. B1."]),
    ("a1 + b1 [4 words]", ["a1 x y b1", "a1. X y b1."], ["a1 x y z b1"]),
    ("a1 + b1 [paragraph]", ["a1. Dag. Nacht. Weer. B1."], ["a1.\n\nB1."]),
    ("a1 + b1 [article]", ["a1. Dag. Nacht. Weer.\n\nX. Y. B1."], ["a1"]),
    ("$talks", ["gesprekken"], ["niets"]),
    ("$places.capitals", ["Moskou"], ["Sotsji", "Minsk"]),
    ("$places", ["Moskou", "Sotsji", "Minsk"], ["Kiev"]),
    ("$kremlin", ["Narysjkin", "Naryschkin", "het Kremlin"], ["de keizer"]),
    ("$people", ["Dmitri Medvedev", "Medvedev en het Kremlin", "Medvedev en Poetin", "Lavrov"], ["Medvedev", "Medvedev, Kremlin, tennis"]),
    ("ijs*", ["ĳsbreker", "IJsland"], ["eis"]),
    ("strasse", ["Straße"], ["strass"]),
    ("oeuvre", ["œuvre", "ŒUVRE"], ["ouvre"]),
]  # fmt: skip


@pytest.mark.parametrize(("find", "hits", "others"), SIGNS, ids=[find for find, _, _ in SIGNS])
def test_each_sign_means_what_the_reference_says(matches, find, hits, others):
    """The tables of docs/rules.md, row by row."""
    assert [text for text in hits if not matches({"find": find}, body(text))] == []
    assert [text for text in others if matches({"find": find}, body(text))] == []


KEYS = [
    # keys, texts that match, texts that do not
    ({"find": "geheim*", "ignore": "geheime dienst*"}, ["geheime dienst met een geheim"], ["de geheime diensten"]),
    ({"find": "a1 + b1", "ignore": "a1 x"}, ["a1 x a1 b1"], ["a1 x b1"]),
    ({"find": "a1", "unless_near": "$opera"}, ["a1. Dag. Nacht. De opera."], ["De opera a1", "a1. De dirigent."]),
    ({"find": "a1", "never": "voetbal*"}, ["a1"], ["a1. Dag. Nacht. Weer. Dag. Nacht.\n\nVoetballer."]),
    ({"find": "a1", "languages": "nl, fr"}, ["a1"], []),
    ({"find": "a1", "languages": "de"}, [], ["a1"]),
    ({"find": "a1", "in": "title"}, [], ["a1"]),
    ({"find": "a1", "in": ["body"]}, ["a1"], []),
    ({"find": "a1 + b1", "within": "sentence"}, ["a1 b1"], ["a1. B1."]),
    ({"find": "a1 + b1 [2 sentences]", "within": "sentence"}, ["a1. B1."], ["a1. Dag. B1."]),
    ({"find": "$people", "count": "2 of $people"}, ["Poetin en Lavrov"], ["Poetin is Putin", "Poetin"]),
    ({"find": "a1", "feeds": "NOS"}, [], ["a1"]),
    ({"find": ["a1", "b1 + c1"]}, ["a1", "c1 b1"], ["b1"]),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "hits", "others"), KEYS, ids=[json.dumps(keys) for keys, _, _ in KEYS])
def test_each_key_does_what_the_reference_says(matches, keys, hits, others):
    """And does not when it should not."""
    assert [text for text in hits if not matches(keys, body(text))] == []
    assert [text for text in others if matches(keys, body(text))] == []


def test_a_term_bound_to_a_field_is_found_only_there(matches):
    """The lead is the first paragraph, or the feed's summary."""
    article = Article(key="x", url="", title="a1", lead="", body="b1.\n\nC1.")
    other = Article(key="x", url="", title="a1", lead="s1", body="b1.\n\nC1.")

    assert matches({"find": "title: a1"}, article)
    assert not matches({"find": "body: a1"}, article)
    assert matches({"find": "lead: b1"}, article)
    assert not matches({"find": "lead: c1"}, article)
    assert matches({"find": "lead: s1"}, other)
    assert not matches({"find": "lead: b1"}, other)
    assert matches({"find": "c1", "in": "body"}, article)


def test_a_title_stands_next_to_the_lead(matches):
    """As a sentence of its own."""
    article = Article(key="x", url="", title="a1", lead="", body="B1. C1.")

    assert matches({"find": "a1 + b1 [2 sentences]"}, article)
    assert not matches({"find": "a1 + b1 [sentence]"}, article)
    assert not matches({"find": "a1 + c1 [2 sentences]"}, article)


def test_a_language_block_applies_to_its_language_and_when_that_is_unsure(matches):
    """Without this, English *met* fires on Dutch *met*."""
    assert not matches({"find": "$talks"}, body("pourparlers", "nl"))
    assert matches({"find": "$talks"}, body("pourparlers", "fr"))
    assert matches({"find": "$talks"}, body("pourparlers", ""))


def test_a_rule_for_some_feeds_knows_them_by_name(matches):
    """Of the feed itself, its outlet, group or country."""
    nos = next(one.feed for one in config.catalogue() if one.feed.name == "NOS buitenland")
    article = Article(key="x", url="", body="a1", feed=nos.key, outlet=nos.outlet, group=nos.group, country=nos.country)

    assert matches({"find": "a1", "feeds": "NOS buitenland"}, article)
    assert matches({"find": "a1", "feeds": ["AD", "NPO/NOS"]}, article)
    assert matches({"find": "a1", "feeds": "nl"}, article)
    assert not matches({"find": "a1", "feeds": "NOS politiek"}, article)
    assert not matches({"find": "a1", "feeds": "be"}, article)
