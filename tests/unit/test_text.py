"""How a text is folded, cut in sentences and items, led back to the original, and told to be in a language."""

import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.model import Article
from monitor.rules.sheet import Sheet
from monitor.rules.text import Offsets, encoded, fold, language_of, sentences


def cut(text: str) -> list[str]:
    """Return the sentences of a text, as folded signs."""
    code = encoded(text)
    begins = sentences(code, 0, len(code))
    return [code[start:end].decode("latin-1").strip() for start, end in pairwise([*begins, len(code)])]


def sheet(title: str = "", body: str = "", *, live: bool = False) -> Sheet:
    return Sheet((Article(key="a", url="", title=title, body=body, live=live),))


def words(text: str) -> list[str]:
    return [word.decode() for word in sheet(body=text).words]


def items(text: str, *, live: bool = False) -> list[int]:
    """Return in which item of a live blog each sentence stands."""
    documents: list[int] = sheet(title="Kop", body=text, live=live).documents.tolist()
    return documents[1:]


# --- folding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("É", "e"),
        ("e\u0301", "é"),
        ("Œuvre", "oeuvre"),
        ("ﬁnale", "finale"),
        ("STRASSE", "straße"),
        ("STRAẞE", "straße"),
        ("ĳs", "ijs"),
        ("İstanbul", "istanbul"),
        ("ＦＳＢ", "fsb"),
        ("gehei\u00adm", "geheim"),
        ("gehei\u200bm", "geheim"),
        ("\ufeffgeheim", "geheim"),
        ("Łódź", "lodz"),
        ("Ørsted", "orsted"),
        ("ПУТИН", "путин"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Зеленский", "зеленскии"),
        ("l’ami", "l'ami"),
        ("«a»", '"a"'),
        ("a\u00a0b", "a b"),
        ("a\u2011b", "a-b"),
        ("a\u2013b", "a-b"),
        ("a\u2014b", "a b"),
        ("٤٢", "42"),
    ],
)
def test_spellings_of_one_word_fold_to_the_same(one: str, other: str) -> None:
    """Nobody who types a rule knows which of these a newspaper's system prints."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize("text", ["Kremlin™", "Kremlin²", "Kremlin½", "Kremlin😀"])
def test_signs_part_words(text: str) -> None:
    """Decomposed, a trademark sign would make another word of the one before it."""
    assert words(text) == ["kremlin"]


def test_other_scripts_are_never_taken_for_latin() -> None:
    """A Cyrillic а is no a: a spoofed word is another word, and a Russian word is not an English one."""
    assert fold("сор") != fold("cop")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=80))
@example("\u0301e\u0301\u0301ﬁ\u00ad…½x")
@example("İıßẞŉ\u2028ǆ")
def test_composed_and_decomposed_text_fold_to_the_same_words(text: str) -> None:
    """NFC or NFD is an accident of the system that a text went through."""
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert fold(composed).split() == fold(decomposed).split()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=80))
@example("e\u0301\u00ad…x½ßẞ\u200by")
def test_every_folded_byte_leads_back_to_its_character(text: str) -> None:
    """A piece of the original, folded again, holds the byte that led to it."""
    code, offsets = encoded(text), Offsets(text)
    for at in range(len(code)):
        (start,), (end,) = offsets.spans(np.array([at]), np.array([at + 1]))
        assert 0 <= start < end <= len(text)
        assert code[at : at + 1] in encoded(text[start:end])
        assert len(encoded(text[:start])) <= at < len(encoded(text[:end]))


def test_a_word_is_parted_at_hyphens_and_apostrophes_and_also_joined() -> None:
    """All three are how people write the same compound."""
    text = sheet(body="l’ex-KGB-chef van Poetin's -staf, woord - woord")
    assert words("l’ex-KGB-chef van Poetin's") == ["l", "ex", "kgb", "chef", "van", "poetin", "s"]
    assert [one.form for one in text.joined] == [b"exkgbchef"]


# --- sentences -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Dit is een. Dit is twee! En drie? Ja.", 4),
        ("Dhr. Jansen sprak met J.P. Balkenende en dr. De Vries.", 1),
        ("Dat kost o.a. Nederland ca. 3 mln. Euro.", 1),
        ("M. Macron et Mme. Le Pen ont parlé. Puis rien.", 2),
        ("Am 15. August kam er z.B. Berlin entgegen. Dann ging er.", 2),
        ("He met Mr. Smith at approx. 5 p.m. in the U.S. Senate. Then he left.", 2),
        ("‘Nooit!’ riep hij. „Doch!“ sagte sie.", 2),
        ("«Jamais.» Il se tut.", 2),
        ("Hij aarzelde... en ging. Toen... Stilte.", 3),
        ("Het begon in 2022. De oorlog duurt.", 2),
        ("Dat was dat. 's Avonds kwam hij.", 2),
        ("De molens komen.België heeft er vier.", 2),
        ("Lees nu.nl en kremlin.ru voor versie 2.0 ervan.", 1),
        ("Hij zei: 'Ik kom.' Toen ging hij.", 2),
        ("Het plan:\n- Eerst dit\n- Dan dat", 3),
    ],
)
def test_sentences_end_where_readers_would_end_them(text: str, wanted: int) -> None:
    """Windows count sentences: an abbreviation must not make two of one."""
    assert len(cut(text)) == wanted, cut(text)


def test_paragraphs_end_sentences_and_single_line_breaks_do_not() -> None:
    """A heading has no full stop; a text of fixed width has line breaks everywhere."""
    text = sheet(body="Geheim overleg\n\nPoetin\nzwijgt")
    assert [text.numbers.tolist(), text.paragraphs.tolist(), text.sizes.tolist()] == [[0, 1], [0, 1], [2, 2]]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet="aB .!?\n'\"14:2-é", max_size=120), st.booleans())
def test_every_word_stands_in_exactly_one_sentence(text: str, live: bool) -> None:
    """Nothing is lost between two sentences, nor counted twice."""
    whole = sheet(title="Kop", body=text, live=live)
    assert whole.firsts[0] == 0
    assert all(whole.sizes > 0)
    assert whole.sizes.sum() == len(whole.words)
    assert whole.words[1:] == fold(text).replace(b"-", b" ").split()


# --- live blogs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Intro.\n\n14:20 Een.\n\n14:05 Twee.",
        "Intro.\n\n14.20 uur - Een.\n\n14.05 uur - Twee.",
        "Intro.\n14h20\nEen.\n14h05\nTwee.",
        "Intro.\n\n09:01\n\nEen.\n\n8:59\n\nTwee.",
    ],
)
def test_time_stamped_items_are_documents_of_their_own(text: str) -> None:
    """Two items of a live blog are two stories that share a page."""
    found = items(text)
    assert found[0] == 0
    assert found[-1] == 2
    assert found == sorted(found)


@pytest.mark.parametrize(
    "text", ["14:20 Een.\n\nTwee.", "Een om 14:20.\n\nTwee om 14:30.", "3.50 euro\n\n2.50 euro", "1:0\n\n2:0"]
)
def test_a_time_in_a_text_makes_no_live_blog(text: str) -> None:
    """One stamp is a caption; prices and scores are no times."""
    assert set(items(text)) == {0}


def test_one_stamp_is_enough_where_the_page_calls_itself_live() -> None:
    """The feed or the page knows better than the text."""
    assert items("Intro.\n\n14:20 Een.", live=True) == [0, 1]


# --- language ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("De minister heeft gisteren met de ambassadeur gesproken over het voorstel dat nog niet klaar is.", "nl"),
        (
            "Le ministre a parlé hier avec son homologue de la proposition qui n'est pas encore prête pour les États.",
            "fr",
        ),
        (
            "Der Minister hat gestern mit dem Botschafter über den Vorschlag gesprochen, der noch nicht fertig ist.",
            "de",
        ),
        ("The minister spoke with the ambassador about the proposal that is not yet ready for a decision.", "en"),
        ("El ministro habló ayer con el embajador sobre la propuesta que todavía no está lista para los países.", ""),
        ("Il ministro ha parlato ieri con il suo collega della proposta che non è ancora pronta per il voto.", ""),
        ("Ministeren talte i går med ambassadøren om det forslag, der ikke er klar til at blive vedtaget.", ""),
        ("Министр вчера говорил с послом о предложении.", ""),
        ("Poetin Kremlin Moskou", ""),
        ("", ""),
    ],
)
def test_the_language_is_told_by_small_words_or_not_at_all(text: str, wanted: str) -> None:
    """A wrong language hides a story; an unsure one hides nothing."""
    assert language_of(text) == wanted


@pytest.mark.shared
def test_real_dutch_articles_are_dutch(real) -> None:  # type: ignore[no-untyped-def]
    """Whole articles leave no doubt."""
    import json

    rows = [json.loads(row) for row in (real / "text" / "nl_dpg2019.jsonl").read_text("utf-8").splitlines()[:300]]
    said = [language_of(row["text"]) for row in rows if len(row["text"].split()) > 60]
    assert said.count("nl") >= 0.99 * len(said)
    assert set(said) <= {"nl", ""}
