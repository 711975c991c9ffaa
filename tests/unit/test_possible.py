"""What reading a page could bring to light, without reading it: no word of an article may be missing there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import extract
from monitor.model import Entry, Outcome, Page, Reading
from monitor.rules.needs import index_words

ENTRY = Entry(key="entry", feed="")
PROSE = (
    "De bakker uit het dorp verkoopt sinds vorige week ook brood dat met de hand is gekneed, en dat proeven de mensen "
    "die elke ochtend in de rij staan voor zijn winkel aan de markt."
)


def page(body: str | bytes, *, head: str = "", charset: str = "") -> Page:
    """A page with an article that has prose enough to be one."""
    if isinstance(body, str):
        article = f"<article><h1>Brood op de markt</h1><p>{PROSE}</p><p>{body}</p><p>{PROSE[::-1]}</p></article>"
        body = f"<html lang=nl><head><meta property=og:type content=article>{head}</head><body>{article}</body></html>".encode()
    return Page(url="https://krant.example/a-b-c-d-12345", asked="", body=body, charset=charset)


def words(reading: Reading) -> set[bytes]:
    return index_words(reading.article) if reading.article else set()


def missing(one: Page) -> set[bytes]:
    """The words that reading finds and that were said to be impossible."""
    letters = extract.possible_letters(one, ENTRY)
    if letters is None:
        return set()
    first = extract.read(one, ENTRY)
    found = words(first) | (words(extract.refine(one, first)) if first.outcome is Outcome.READ else set())
    # The hours of a live blog are made of its dates: `monitor.shards.look.certain` takes care of them.
    return {word for word in found if word not in letters and not (word.isdigit() and len(word) <= 2)}


def test_no_word_of_a_real_page_is_missing(real):
    """Page for page, word for word, in the first text and in the better one."""
    pages = sorted((real / "html").rglob("*.html"))

    lost = {path.name: gone for path in pages if (gone := missing(page(path.read_bytes())))}

    assert len(pages) > 100
    assert lost == {}


SPELLINGS = {
    "as it is": "tegenhanger",
    "named references": "t&eacute;genhanger",
    "numbered references": "&#116;eg&#x65;nhanger",
    "a drop cap": "<span class='cap'>T</span>egenhanger",
    "tags in the middle": "tegen<em>han</em><b>ger</b>",
    "a place to break": "tegen<wbr>hanger",
    "a soft hyphen": "tegen\u00adhanger",
    "a soft hyphen by name": "tegen&shy;hanger",
    "a sign of no width": "tegen&#8203;hanger",
    "accents of their own": "te\u0301genhanger",
    "a comment": "tegen<!-- -->hanger",
    "a comment with tags": "tegen<!-- <b>x</b> -->hanger",
    "a tag whose attribute looks like one": 'tegen<a title="x<y" href="/">hanger</a>',
    "full-width letters": "ｔｅｇｅｎhanger",
    "control signs": "tegen\x02hanger",
    "a hyphen": "tegen-hanger",
    "a break that a reader would not see": "tegen<br>hanger",
}


@pytest.mark.parametrize("body", SPELLINGS.values(), ids=SPELLINGS)
def test_however_a_word_is_written_it_is_not_missing(body):
    """All of them are one word to a reader."""
    one = page(f"Zij heeft een {body} gevonden in de stad waar hij woont, en zij spreken elkaar nu elke week.")
    letters = extract.possible_letters(one, ENTRY)

    assert letters is None or b"tegenhanger" in letters
    assert missing(one) == set()


HEADS = {
    "a description": "<meta name=description content='Zij zag een tegenhanger in de stad waar hij nu woont.'>",
    "one that is escaped twice": "<meta name=description content='Zij zag een t&amp;eacute;gen&amp;shy;hanger waar hij nu woont.'>",
    "one that is cut off in a tag": "<meta name=description content='Zij zag &lt;b een tegenhanger in de stad waar zij'>",
    "one that is cut off in a plain tag": "<meta name=description content='Zij zag <b een tegenhanger in de stad waar zij'>",
    "a sign that closes a tag": "<meta name=description content='Eerst > dan een tegenhanger in de stad waar zij woont'>",
    "JSON-LD": '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "x", "description": '
    '"Zij zag een t\\u00e9gen\\u00adhanger in de stad waar hij nu woont."}</script>',
    "JSON-LD under a name that is escaped": '<script type="application/ld&#x2B;json">{"@type": "NewsArticle", '
    '"headline": "x", "description": "Zij zag een t\\u00e9genhanger in de stad waar hij nu woont."}</script>',
    "JSON-LD of letters beyond the first plane": '<script type="application/ld+json">{"@type": "NewsArticle", "headline": '
    '"x", "description": "Zij zag een \\ud835\\udc2degenhanger in de stad waar hij woont."}</script>',
    "JSON-LD with a tag that is cut off": '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "x", '
    '"description": "Zij zag <p een tegenhanger in de stad waar hij nu woont en werkt."}</script>',
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_what_a_page_says_of_itself_is_not_missing(head):
    """The lead often stands nowhere else."""
    one = page("De markt is elke dag open.", head=head)

    assert b"tegenhanger" in (extract.possible_letters(one, ENTRY) or b"")
    assert b"tegenhanger" in words(extract.read(one, ENTRY))


def test_where_json_ld_ends_is_for_a_parser_to_say():
    """A script that begins another one, or never ends, may hold the whole page."""
    for head in (
        '<script type="application/ld+json">{<script>}',
        '<script type="application/ld+json"><script></script>',
    ):
        assert extract.possible_letters(page("De markt.", head=head), ENTRY) is None


def test_an_encoding_is_that_of_the_page():
    """As reading takes it."""
    body = page("Zij heeft een tegenhanger gevonden.").body.decode()

    for one in (Page(url="", asked="", body=b"\xff\xfe" + body.encode("utf-16-le")), page(body.encode("cp1252"))):
        assert b"tegenhanger" in (extract.possible_letters(one, ENTRY) or b"")


PIECES = st.sampled_from(
    ["tegen", "hanger", " ", "&", "&amp;", "&amp;eacute;", "&eacute", ";", "<b>", "</b>", "<i class='a'>", "<br>", "</p><p>",
     ">", "é", "&shy;", "\u00ad", "<!-- -->", "&lt;", "&notaris", "\\u00e9",
     "<p title='a > b'>", "-", "\n", "&#173;", "copyright", "1", "<title>", "</title>"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=20), st.lists(PIECES, max_size=12))
@settings(max_examples=100, deadline=None)
def test_no_word_of_any_page_is_missing(body, head):
    """Whatever strangers write, as long as their tags are whole."""
    assert missing(page(" ".join((PROSE, "".join(body))), head="".join(head))) == set()
