"""The language inside `find:`: what each sign means, and what is said when it is written wrongly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import Fault
from monitor.rules.find import nearest, parse_find, parse_ref, parse_terms, parse_window, words
from monitor.rules.spec import Choice, Gap, Phrase, Place, Term, Window, Word

AT = Place("rules.yaml", 10, 7)


def line(text: str):
    lines, faults = parse_find(text, AT)
    assert [fault for fault in faults if not fault.warning] == []
    assert len(lines) == 1
    return lines[0]


def term(text: str) -> Term:
    return line(text).parts[0].terms[0]


def phrase(text: str) -> tuple:
    found = term(text).phrase
    assert found is not None
    return found.elements


def faults(text: str) -> list[Fault]:
    return list(parse_find(text, AT)[1])


def fault(text: str) -> Fault:
    (found,) = faults(text)
    return found


def plain(*patterns: str) -> tuple:
    return tuple(Word(pattern) for pattern in patterns)


def test_a_new_line_is_another_way_to_match():
    """The loosest sign; comments and empty lines are no lines."""
    lines, _ = parse_find("overleg\n\n  # een opmerking\n  gesprek\n", AT)

    assert [(one.number, one.source) for one in lines] == [(1, "overleg"), (2, "gesprek")]


def test_a_comma_is_or_and_a_plus_is_and():
    """`a, b + c` means (a or b) and c."""
    one = line("overleg, gesprek + kremlin")

    assert [[said.source for said in part.terms] for part in one.parts] == [["overleg", "gesprek"], ["kremlin"]]
    assert one.ordered == (False,)


def test_an_arrow_keeps_the_order():
    """Each sign says it for its own two neighbours."""
    assert line("a1 + b1 > c1").ordered == (False, True)


def test_words_in_a_row_are_a_phrase():
    """No sign between words: in this order."""
    assert plain("achter", "gesloten", "deuren") == phrase("achter gesloten  deuren")


def test_wildcards_stay_in_the_pattern():
    """Anywhere in the word; a doubled star is one."""
    assert plain("geheim*") == phrase("geheim*")
    assert plain("*gesprek*") == phrase("*gesprek*")
    assert plain("vrede*gesprek*") == phrase("vrede**gesprek*")


@pytest.mark.parametrize(
    ("text", "most"), [("tast* ... af", 6), ("tast* … af", 6), ("tast* .. af", 2), ("tast*...af", 6)]
)
def test_dots_are_gaps(text, most):
    """Three dots: up to six words; two: up to two. Blanks around them do not matter."""
    assert (Word("tast*"), Gap(most), Word("af")) == phrase(text)


def test_brackets_hold_alternatives_inside_a_phrase():
    """Each alternative is a phrase of its own."""
    either = Choice((Phrase(plain("stille")), Phrase(plain("zeer", "geheime"))))

    assert (either, Word("diplomatie")) == phrase("(stille|zeer geheime) diplomatie")


def test_brackets_may_stand_in_brackets():
    """And one alternative alone needs none."""
    inner = Choice((Phrase(plain("a1")), Phrase(plain("b1"))))

    assert (Choice((Phrase((inner, Word("c1"))), Phrase(plain("d1")))),) == phrase("((a1|b1) c1|d1)")
    assert plain("a1", "b1") == phrase("(a1 b1)")


def test_an_equals_sign_keeps_the_case():
    """Of a word, of a quoted phrase, of all alternatives, or of one word in a phrase."""
    assert (Word("FSB", exact=True),) == phrase("=FSB")
    assert (Word("MI", exact=True), Word("6", exact=True)) == phrase('="MI 6"')
    assert (Word("Wagner", exact=True), Word("groep")) == phrase("=Wagner groep")
    assert [Word("FSB", exact=True), Word("SVR", exact=True)] == list(words(Phrase(phrase("=(FSB|SVR)"))))


def test_a_hyphen_is_a_hyphen_a_space_or_nothing():
    """A hyphen parts words in an article too, so `back channel` covers `back-channel`."""
    spellings = Choice((Phrase(plain("back", "channel*")), Phrase(plain("backchannel*"))))

    assert (spellings,) == phrase("back-channel*")
    for typeset in "\u2010\u2011\u2013\u2212":  # a word processor writes them by itself
        assert (spellings,) == phrase(f"back{typeset}channel*")
    assert plain("back", "channel*") == phrase("back\u2014channel*"), "a long dash stands between sentences"


def test_a_hyphen_before_a_star_alone_says_nothing_more():
    """A hyphenated word matches by its parts anyway."""
    assert plain("FSB") == phrase("FSB-*")


def test_quotes_make_signs_literal():
    """The signs match nothing themselves, as an article's signs do not."""
    assert plain("wie", "wat", "waar") == phrase('"wie, wat + waar"')
    assert plain("back", "channel") == phrase('"back-channel"')
    assert plain("wie", "wat") == phrase("“wie > wat”")


def test_apostrophes_and_other_signs_part_words():
    """As they do in an article; soft hyphens and zero-width signs do not."""
    assert plain("ballon", "d", "essai") == phrase("ballon d’essai")
    assert plain("tijd", "be") == phrase("tijd.be")
    assert plain("overleg") == phrase("over\u00adleg\u200b")


def test_a_list_is_named_by_a_dollar_sign():
    """Whole, or one group of it."""
    assert term("$kremlin").ref == ("kremlin", "")
    assert term("$kremlin.people").ref == ("kremlin", "people")
    assert term("$secret-talks").ref == ("secret-talks", "")


@pytest.mark.parametrize("field", ["title", "lead", "body"])
def test_a_term_may_be_bound_to_a_field(field):
    """With a word, a phrase, a list, with or without a blank after the colon."""
    assert (field, plain("poetin")) == (term(f"{field}: poetin").field, phrase(f"{field}: poetin"))
    assert (field, ("kremlin", "")) == (term(f"{field}: $kremlin").field, term(f"{field}:$kremlin").ref)
    assert plain("a1", "b1") == phrase(f'{field}:"a1, b1"')


def test_a_field_that_holds_for_one_term_only_is_warned_about():
    """`title: a, b` is easily misread."""
    found = fault("title: overleg, gesprek")

    assert found.warning
    assert "'title: gesprek'" in found.text
    assert (10, 7 + len("title: overleg, ")) == (found.line, found.column)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("sentence", Window("sentence", 1)),
        ("2 sentences", Window("sentence", 2)),
        ("1 sentence", Window("sentence", 1)),
        ("10 words", Window("word", 10)),
        ("paragraph", Window("paragraph", 1)),
        ("article", Window("article", 1)),
        ("  3   Sentences ", Window("sentence", 3)),
    ],
)
def test_a_window_is_said_at_the_end_of_a_line(text, window):
    """The same words as in `within:`."""
    assert window == parse_window(text)
    assert window == line(f"a1 + b1   [{text}]").window
    assert line("a1 + b1").window is None


@pytest.mark.parametrize(
    "text", ["", "0 sentences", "words", "1 word", "2 articles", "3 paragraphs", "sentence 3", "zin"]
)
def test_a_window_that_is_none_is_refused(text):
    """And what may stand there is said."""
    with pytest.raises(ValueError, match="sentence, 3 sentences, 10 words, paragraph or article"):
        parse_window(text)


def test_a_misspelt_window_is_recognised():
    """At the column of the word, not of the bracket."""
    found = fault("a1 + b1 [2 sentnces]")

    assert "did you mean 'sentences'" in found.text
    assert (found.line, found.column) == (10, 7 + 9)


WRONG = [
    # text, offset of the fault, what it says
    ("a1 | b1", 3, "needs brackets"),
    ("(a1|b1", 0, "never closed"),
    ("a1) b1", 2, "never opened"),
    ("(a1|)", 4, "an alternative is missing"),
    ("(a1, b1)", 3, "inside brackets 'or' is written '|'"),
    ("voor(zitter|man)", 4, "brackets hold whole words"),
    ("(voor|na)zitter", 0, "brackets hold whole words"),
    ("a1 + ", 4, "a word is missing"),
    ("+ a1", 0, "a word is missing"),
    ("a1,, b1", 3, "a word is missing"),
    ("a1 + + b1", 5, "a word is missing"),
    ("[sentence]", 0, "a word is missing"),
    ("... af", 0, "nothing stands before"),
    ("tast ...", 5, "nothing stands after"),
    ("a1 ... .. b1", 3, "two gaps in a row"),
    ("a1 .... b1", 3, "is no gap"),
    ('"wie, wat', 0, "never closed"),
    ('"!?"', 0, "can never match"),
    ("a1, &", 4, "can never match"),
    ("a1, ²", 4, "can never match"),
    ("*", 0, "at least two letters must stand"),
    ("*e*", 0, "at least two letters must stand"),
    ("a1, b*", 4, "at least two letters must stand"),
    ("$", 0, "names no list"),
    ("$a.b.c", 0, "names no list"),
    ("$kremlin baas", 9, "a list stands alone"),
    ("baas $kremlin", 5, "stands inside a phrase"),
    ("(a1|$kremlin)", 4, "stands inside a phrase"),
    ("= FSB", 0, "right before the word"),
    ("a1=b1", 2, "at the beginning of a word"),
    ("titel: overleg", 0, "did you mean 'title'"),
    ("title:", 6, "a word is missing after 'title:'"),
    ("overleg # nog doen", 8, "a comment has a line of its own"),
    ("-voetbal", 0, "ignore, unless_near and never"),
    ("a1 [sentence] b1", 3, "at the very end of a line"),
    ("", 0, "nothing to find"),
    ("# niets", 0, "nothing to find"),
]


@pytest.mark.parametrize(("text", "offset", "said"), WRONG)
def test_what_is_written_wrongly_is_said_at_its_place(text, offset, said):
    """Line, column, and what to do about it."""
    found = next(one for one in faults(text) if not one.warning)

    assert said in found.text
    assert ("rules.yaml", 10, 7 + offset) == (found.file, found.line, found.column)


def test_all_faults_of_a_text_are_said_at_once():
    """One look, one correction."""
    found = faults("a1 | b1 + (c1\nd1 + *e*\nf1 + goed\n$ [zin]")

    assert sorted((one.line, one.column) for one in found) == [(10, 10), (10, 17), (11, 12), (13, 7), (13, 10)]


def test_a_line_that_is_wrong_hides_no_line_that_is_right():
    """What can be read is returned beside the faults."""
    lines, found = parse_find("a1 | b1\ngoed", AT)

    assert [one.source for one in lines] == ["goed"]
    assert len(found) == 1


@pytest.mark.parametrize("text", ["ge*", "*en", "*en*"])
def test_a_wildcard_with_two_letters_is_warned_about(text):
    """It may stand, but it matches a great many words."""
    found = fault(text)

    assert found.warning
    assert "a great many words" in found.text


@pytest.mark.parametrize(("text", "sign"), [("overleg AND kremlin", "+"), ("overleg OR gesprek", ",")])
def test_the_words_of_other_search_languages_are_warned_about(text, sign):
    """They are words here, and nobody means them."""
    found = fault(text)

    assert found.warning
    assert f"'{sign}'" in found.text


def test_a_term_knows_its_source_and_its_place():
    """Evidence shows it, and lint points at it."""
    lines, _ = parse_find("a1 + b1\nc1, title: (d1|e1)  ... f1 > g1", AT)
    said = lines[1].parts[0].terms[1]

    assert said.source == "title: (d1|e1)  ... f1"
    assert Place("rules.yaml", 11, 7 + 4) == said.place


def test_a_list_of_terms_has_commas_and_lines_and_nothing_else():
    """A comma at the end of a line is forgiven; `+` has no meaning there."""
    terms, found = parse_terms("opera*, Bayreuth,\ndirigent*\n# klaar\n", AT)
    assert ([one.source for one in terms], found) == (["opera*", "Bayreuth", "dirigent*"], ())

    terms, found = parse_terms("opera + Bayreuth\nzang", AT)
    assert [one.source for one in terms] == ["zang"]
    assert [(one.line, one.column) for one in found] == [(10, 13)]


def test_references_are_read_apart_too():
    """`count:` names a list outside `find:`."""
    assert parse_ref(" $kremlin.people ") == ("kremlin", "people")
    with pytest.raises(ValueError, match="names no list"):
        parse_ref("kremlin")


def test_a_near_miss_is_offered():
    """And nothing is, where nothing is near."""
    assert nearest("kremlni", ["kremlin", "strong"]) == "; did you mean 'kremlin'?"
    assert nearest("xyz", ["kremlin", "strong"]) == ""


SIGNS = st.text(
    st.one_of(st.sampled_from('ab é*,+>()|="$.[]#:-’“”&\n\t…\u00ad\u200b'), st.characters(exclude_categories=["Cs"])),
    max_size=60,
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(SIGNS)
def test_no_text_breaks_the_reader(text):
    """Whatever a person types, there are lines or there are faults, each inside the text."""
    lines, found = parse_find(text, Place("f", 1, 1))
    parse_terms(text, Place("f", 1, 1))

    assert lines or found
    rows = text.split("\n")
    for one in found:
        assert 1 <= one.line <= len(rows)
        assert 1 <= one.column <= len(rows[one.line - 1]) + 1


@settings(max_examples=200, derandomize=True, deadline=None)
@given(SIGNS)
def test_a_term_s_source_reads_as_the_same_term(text):
    """What evidence shows can be copied into a rule."""
    for one in parse_find(text)[0]:
        for said in (said for part in one.parts for said in part.terms):
            if said.source.startswith("#"):
                continue
            again, _ = parse_find(said.source)
            assert said == again[0].parts[0].terms[0]
