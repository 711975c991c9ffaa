"""Markup from strangers: what a reader would see, in linear time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.markup import decoded, line, plain, repaired


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("gewoon", "gewoon"),
        ("<p>Eén</p><p>Twee</p>", "Eén\n\nTwee"),
        ("Eén<br/><br>Twee<br>drie", "Eén\n\nTwee drie"),
        ("<p>Woord<b>deel</b> en <i>meer</i></p>", "Woorddeel en meer"),
        ("<div>a<script>b</script><style>c</style><!-- d -->e</div>", "ae"),
        ("<ul><li>een<li>twee</ul>", "een\n\ntwee"),
        ("R&amp;B &eacute; &#233; &#x2019; &nbsp; x", "R&B é é ’ x"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("a < b en c > d", "a < b en c > d"),
        ("<p>a</p>\n\n\n<p>b", "a\n\nb"),
        ("<svg><title>x</title></svg>tekst<iframe>y</iframe>", "tekst"),
        ("<![CDATA[tekst]]>", "tekst"),
        ("", ""),
    ],
)
def test_html_becomes_what_a_reader_sees(markup: str, text: str) -> None:
    """Paragraphs stay apart, words stay together, scripts say nothing."""
    assert plain(markup) == text


def test_text_that_is_no_html_is_left_as_it_is() -> None:
    """Atom says which is which."""
    assert plain("a <b> &amp;\nc\n\nd", is_html=False) == "a <b> &amp; c\n\nd"


def test_a_line_is_one_line() -> None:
    """A title."""
    assert line("<p>Een</p>\n<p>twee</p>") == "Een twee"
    assert line("x" * 1000, most=10) == "xxxxxxxxx…"


@pytest.mark.parametrize("sign", ["<", "&", "<b>", "<!--", "<![CDATA[", " ", "\n ", "<p x='", "&#", "]]>", '<a href="'])
def test_repeated_signs_take_no_time(sign: str) -> None:
    """Quadratic, each of these would take minutes; linear, it takes a blink."""
    many = sign * 200_000
    plain(many)
    repaired(many)
    decoded(many.encode(), "utf-8")


@settings(deadline=None, max_examples=300, derandomize=True)
@given(st.text(alphabet=st.characters(categories=None)) | st.text(alphabet="<>&;p/ab!-[]\"'=# \n\x00"))
def test_nothing_raises_and_all_is_clean(markup: str) -> None:
    """What comes out can be stored, sent and shown."""
    for text in (plain(markup), line(markup), plain(markup, is_html=False)):
        text.encode()
        assert "\0" not in text
    repaired(markup).encode()


@pytest.mark.parametrize(
    ("xml", "right"),
    [
        ("a &nbsp; b", "a \xa0 b"),
        ("a & b &amp; c", "a &amp; b &amp; c"),
        ("&onbekend; &lt;", "&amp;onbekend; &lt;"),
        ("&#xD800;&#0;x&#150;&#38;&#60;", "x–&#38;&#60;"),
        ("\x0ba\x00b\ufffe", "ab"),
        ("<![CDATA[ & &nbsp; ]]> &", "<![CDATA[ & &nbsp; ]]> &amp;"),
        ("<!-- & --> &", "<!-- & --> &amp;"),
    ],
)
def test_xml_is_repaired_for_strict_parsers(xml: str, right: str) -> None:
    """One bad reference loses a whole document, else."""
    assert repaired(xml) == right


def test_names_that_a_document_declares_itself_are_left() -> None:
    """Its own entities are the parser's business."""
    xml = '<!DOCTYPE x [<!ENTITY eigen "naam">]><x>&eigen;</x>'
    assert repaired(xml) == xml


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.binary(max_size=300), st.sampled_from(["", "utf-8", "latin-1", "utf-7", "punycode", "hex", "geen", "utf-16"]))
def test_any_bytes_are_text(body: bytes, charset: str) -> None:
    """Whatever the header calls them."""
    assert isinstance(decoded(body, charset), str)


@settings(deadline=None, max_examples=200, derandomize=True)
@given(
    st.text(alphabet=st.characters(min_codepoint=1, exclude_categories=["Cs"])),
    st.sampled_from(["", "latin-1", "utf-8"]),
)
def test_valid_utf8_is_utf8(text: str, charset: str) -> None:
    """It is never valid by accident; a header is wrong by accident every day."""
    if text.startswith("\ufeff") or not text.isascii():
        assert decoded(text.encode(), charset) == text.removeprefix("\ufeff")
