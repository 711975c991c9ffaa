"""Addresses: the same article is one, different articles stay two, and nothing raises."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.urls import clean, host, masked, normal, typed

ARTICLE = "https://standaard.be/cnt/dmf20260101_1"

addresses = st.one_of(
    st.text(),
    st.builds(
        "{}://{}{}/{}?{}#{}".format,
        st.sampled_from(["http", "https", "HTTPS", "ftp"]),
        st.sampled_from(["www.", "m.", "amp.", "www.m.", ""]),
        st.sampled_from(["vrt.be", "a..b", "[::1]", "[", "café.be", "nu.nl:80", "nu.nl:99999", "x:y@hln.be"]),
        st.text(alphabet="aé/%.+2FmpAMP \x00", max_size=20),
        st.text(alphabet="autm_=&%+é;b", max_size=20),
        st.text(alphabet="!a/é", max_size=5),
    ),
)


@pytest.mark.parametrize(
    "spelling",
    [
        "http://www.standaard.be/cnt/dmf20260101_1",
        "https://m.standaard.be/cnt/dmf20260101_1/",
        "https://amp.standaard.be/cnt/dmf20260101_1",
        "HTTPS://WWW.Standaard.BE:443/cnt/dmf20260101_1",
        "https://www.standaard.be/cnt/dmf20260101_1?utm_source=rss&utm_medium=feed#comments",
        "https://www.standaard.be/cnt/dmf20260101_1?fbclid=abc&gclid=d&at_medium=x&xtor=RSS-1",
        "https://www.standaard.be/cnt/dmf20260101_1/amp",
        "https://www.standaard.be/cnt/dmf20260101_1/amp/",
        "https://www.standaard.be/cnt/dmf20260101_1.amp",
        "https://www.standaard.be/cnt/dmf20260101_1.amp.html",
        "https://www.standaard.be/amp/cnt/dmf20260101_1",
        "https://www.standaard.be/cnt/dmf20260101_1?amp=1",
        "https://www.standaard.be/cnt//dmf20260101%5F1",
        "https://www.google.com/amp/s/www.standaard.be/cnt/dmf20260101_1",
        "https://www-standaard-be.cdn.ampproject.org/c/s/www.standaard.be/cnt/dmf20260101_1",
        "https://jan:geheim@www.standaard.be/cnt/dmf20260101_1",
        "  https://www.standaard.be/cnt/dmf20260101_1\n",
        "https://www.standaard.be/cnt/dmf20260101_1?source=rss",
    ],
)
def test_one_article_has_one_identity(spelling: str) -> None:
    """Feeds write the same article in many ways; it must be read, and told, once."""
    assert normal(spelling) == ARTICLE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://nu.nl/a", "https://nu.nl/b"),
        ("https://nu.nl/a", "https://nu.be/a"),
        ("https://nu.nl/?id=1", "https://nu.nl/?id=2"),
        ("https://nu.nl/A", "https://nu.nl/a"),
        ("https://nu.nl/a%2Fb", "https://nu.nl/a/b"),
        ("https://nu.nl/a?x=1%26y=2", "https://nu.nl/a?x=1&y=2"),
        ("https://nu.nl/lamp", "https://nu.nl/l"),
        ("https://m.nl/a", "https://nl/a"),
        ("https://sport.nu.nl/a", "https://nu.nl/a"),
        ("https://nu.nl:8080/a", "https://nu.nl/a"),
        ("https://nu.nl/a?source=42", "https://nu.nl/a"),
        ("https://nu.nl/#!/a", "https://nu.nl/#!/b"),
    ],
)
def test_different_articles_stay_apart(one: str, other: str) -> None:
    """Two articles taken for one is an article lost in silence."""
    assert normal(one) != normal(other)


def test_the_order_of_parameters_is_no_difference() -> None:
    """Some systems write them as they come."""
    assert normal("https://nu.nl/a?b=2&a=1") == normal("https://nu.nl/a?a=1&b=2")


def test_letters_beyond_ascii_have_one_spelling() -> None:
    """A browser shows `é`, a feed escapes it, and a host may be written in punycode."""
    assert normal("https://www.café.be/één") == normal("https://xn--caf-dma.be/%c3%a9%C3%A9n")


@settings(deadline=None, max_examples=400, derandomize=True)
@given(addresses)
@example("https://x.be/a/amp/amp/")
@example("https://google.com/amp/s/google.com/amp/s/x.be/a")
@example("https://x.be/%25%32%35")
@example("https://x.be/\ud800")
@example("https://x.be/a.amp.html/amp//")
def test_an_identity_is_its_own_identity(url: str) -> None:
    """What is stored must compare equal to what is computed again; and nothing a feed writes may raise."""
    once = normal(url)
    assert normal(once) == once


@settings(deadline=None, max_examples=200, derandomize=True)
@given(addresses)
def test_no_address_is_too_odd_to_handle(url: str) -> None:
    """Links come from strangers."""
    host(url)
    masked(url)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://jan:geheim@WWW.Nu.NL:8443/a", "www.nu.nl"),
        ("https://nu.nl./a", "nu.nl"),
        ("https://café.be/", "xn--caf-dma.be"),
        ("http://[::1]:80/", "::1"),
        ("http://[", ""),
        ("geen adres", ""),
    ],
)
def test_a_host_is_a_name_in_lower_case(url: str, name: str) -> None:
    """Politeness counts by host, however it is written."""
    assert host(url) == name


@pytest.mark.parametrize(
    "url",
    [
        "https://jan:geheim@nu.nl/rss",
        "https://geheim@nu.nl/rss",
        "https://jan:geh@eim@nu.nl/rss",
        "https://jan:a/geheim@nu.nl/rss",
        "gelezen van https://jan:geheim@nu.nl/rss en https://piet:geheim@nu.be/rss",
    ],
)
def test_a_password_is_never_shown(url: str) -> None:
    """An address goes into logs, pages and errors."""
    assert "geheim" not in masked(url)
    assert "nu.nl/rss" in masked(url)


@pytest.mark.parametrize("url", ["https://nu.nl/@jan", "https://nu.nl:8080/@jan", "https://nu.nl/?mail=a@b.be"])
def test_an_at_sign_in_a_path_is_no_password(url: str) -> None:
    """What is shown must still be the address."""
    assert masked(url) == url


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.text(alphabet=st.characters(categories=None)))
def test_cleaning_keeps_every_offset(text: str) -> None:
    """Evidence is a pair of offsets: one sign for one sign, and clean text can be stored and sent."""
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert clean(cleaned) == cleaned
    assert "\0" not in cleaned
    cleaned.encode()


def test_cleaning_leaves_honest_text_alone() -> None:
    """Line ends, accents, emoji and soft hyphens are text."""
    text = "Één regel\n\ten nog één: “ge­heim” 👍🏽 العربية"
    assert clean(text) == text
    assert clean("a\x00b\x1bc\u202ed\ud800e\rf") == "a\ufffdb c d\ufffde f"


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("https://nu.nl/a", "https://nu.nl/a"),
        ("HTTP://nu.nl", "HTTP://nu.nl"),
        (" nu.nl/a?b=c ", "https://nu.nl/a?b=c"),
        ("//nu.nl/a", "https://nu.nl/a"),
        ("www.lesoir.be:8443/a", "https://www.lesoir.be:8443/a"),
        ("localhost:8000", "https://localhost:8000"),
        ("localhost", "https://localhost"),
        ("127.0.0.1/a", "https://127.0.0.1/a"),
        ("ftp://nu.nl/a", ""),
        ("https://", ""),
        ("", ""),
        ("overleg", ""),
        ("een nu.nl", ""),
        ("https://nu.nl/een twee", ""),
        ("mailto:jan@nu.nl", ""),
        ("javascript:void(0)", ""),
        ("nu.nl:99999", ""),
        ("https://[", ""),
    ],
)
def test_an_address_may_be_typed_without_its_beginning(said: str, url: str) -> None:
    """As in a browser; what is none is seen before anything is asked for."""
    assert typed(said) == url


@given(addresses)
def test_what_was_typed_is_an_address_or_none(said: str) -> None:
    """And is not changed a second time."""
    url = typed(said)

    assert url == "" or (host(url) and typed(url) == url)
