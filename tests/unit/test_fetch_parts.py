"""The pure parts of fetching: addresses, bodies, headers and robots.txt."""

import gzip
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from monitor.fetch import body, headers, robots
from monitor.fetch.addresses import reachable
from monitor.model import FeedState

quick = settings(max_examples=60, deadline=None, derandomize=True)

# --- addresses ------------------------------------------------------------------------------------------------------

PUBLIC = ["1.1.1.1", "8.8.8.8", "193.190.198.10", "172.15.0.1", "172.32.0.1", "2001:4860:4860::8888", "2a02:1800::1"]
PUBLIC_BY_TRANSLATION = ["64:ff9b::8.8.8.8", "::ffff:8.8.8.8"]
PRIVATE = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.168.1.1", "198.18.0.1"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1"),
    *("fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
]


@pytest.mark.parametrize("address", PUBLIC + PUBLIC_BY_TRANSLATION)
def test_the_public_internet_may_be_asked(address: str):
    """Also through the translation that networks without IPv4 live by."""
    assert reachable(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
def test_no_other_address_may_be_asked(address: str):
    """This machine, its network, its cloud's metadata, and every way of carrying them in IPv6."""
    assert not reachable(ip_address(address))


def test_a_named_network_may_be_asked_and_nothing_beside_it():
    """Named in IPv4, it is meant in each of its spellings."""
    named = (ip_network("192.168.7.0/24"), ip_network("fd12::/16"))
    assert all(reachable(ip_address(one), named) for one in ("192.168.7.9", "::ffff:192.168.7.9", "fd12::1"))
    assert not any(reachable(ip_address(one), named) for one in ("192.168.8.9", "127.0.0.1", "fd13::1", "fe80::1"))


@quick
@given(st.ip_addresses())
def test_whatever_python_calls_private_is_refused(address):
    """Our list is IANA's; the standard library's, older and younger, must nowhere be stricter."""
    if address.is_private and address.version == 4:
        assert not reachable(address)
    assert not (reachable(address) and (address.is_loopback or address.is_link_local or address.is_multicast))


# --- bodies ---------------------------------------------------------------------------------------------------------


async def pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@quick
@given(st.binary(max_size=300), st.binary(max_size=300), st.integers(1, 40))
async def test_gzip_in_any_pieces_is_the_same_body(first: bytes, second: bytes, size: int):
    """The network cuts where it likes: in a header, between two members, in a checksum."""
    packed = gzip.compress(first) + gzip.compress(second)
    assert await body.read(pieces(packed, size), "gzip", 1000) == (first + second, False)
    assert await body.read(pieces(zlib.compress(first), size), "deflate", 1000) == (first, False)
    assert await body.read(pieces(first, size), "", 1000) == (first, False)


@quick
@given(st.binary(min_size=1, max_size=300), st.integers(1, 40), st.data())
async def test_no_part_of_a_gzip_body_is_taken_for_the_whole(text: bytes, size: int, data: st.DataObject):
    """Cut anywhere but before its first byte, it is broken."""
    packed = gzip.compress(text)
    cut = data.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(body.BodyError):
        await body.read(pieces(packed[:cut], size), "gzip", 1000)


@quick
@given(st.binary(max_size=3000), st.integers(1, 64), st.integers(0, 2000), st.booleans())
async def test_never_more_than_the_cap(text: bytes, size: int, cap: int, packed: bool):
    """At the cap it is whole, one byte beyond it is cut, packed or not."""
    wire = gzip.compress(text) if packed else text
    came, cut = await body.read(pieces(wire, size), "gzip" if packed else "", cap)
    assert len(came) <= cap
    assert text.startswith(came)
    assert cut == (max(len(text), len(wire)) > cap)
    assert cut or came == text


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "gzip,br", "exi", "br,none"])
async def test_other_packings_are_refused_by_name(coding: str):
    """What we did not ask for we cannot unpack within bounds."""
    with pytest.raises(body.BodyError):
        await body.read(pieces(b"x", 1), coding, 10)


@pytest.mark.parametrize("coding", ["gzip", "X-GZIP", " gzip ", "identity, gzip", "gzip,"])
async def test_gzip_has_several_spellings(coding: str):
    """Servers write it as they like."""
    assert (await body.read(pieces(gzip.compress(b"x"), 9), coding, 10))[0] == b"x"


@pytest.mark.parametrize("coding", ["", "identity", "none", "UTF-8", "\xff", ","])
async def test_a_word_that_is_no_packing_means_nothing(coding: str):
    """Servers put anything there; browsers read the page all the same."""
    assert await body.read(pieces(b"<rss/>", 2), coding, 10) == (b"<rss/>", False)


async def test_an_empty_body_is_whole():
    """Some servers pack nothing as nothing."""
    assert await body.read(pieces(b"", 1), "gzip", 10) == (b"", False)


# --- headers --------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@quick
@given(st.integers(0, 86_400), st.integers(-(10**9), 10**9))
def test_both_kinds_of_retry_after_agree(seconds: int, wrong: int):
    """In seconds, and as a date by the server's own clock, whatever that shows."""
    wait = timedelta(seconds=seconds)
    since = NOW + timedelta(seconds=wrong)
    date = {"Retry-After": format_datetime(since + wait), "Date": format_datetime(since)}
    assert headers.retry_after({"Retry-After": str(seconds)}, NOW) == wait
    assert headers.retry_after(date, NOW) == wait


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("Sat, 21 Nov 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("Saturday, 21-Nov-26 12:05:00 GMT", timedelta(minutes=5)),
        ("Sat Nov 21 12:05:00 2026", timedelta(minutes=5)),
        ("Sat, 21 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("Sat, 21 Nov 2099 12:00:00 GMT", timedelta(days=1)),
        ("9" * 400, timedelta(days=1)),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_as_it_is_written(said: str, wait: timedelta | None):
    """The three forms of an HTTP date; the past is now; no wait is longer than a day; nonsense is no wish."""
    assert headers.retry_after({"Retry-After": said}, NOW) == wait


def test_a_date_without_a_clock_to_count_from_says_nothing():
    """Rather our own back-off than a guess."""
    assert headers.retry_after({"Retry-After": "Sat, 21 Nov 2026 12:05:00 GMT"}, None) is None


@quick
@given(st.text(max_size=60))
def test_nothing_in_a_header_breaks_us(text: str):
    """Whatever a server writes; and what is kept can be sent back."""
    headers.retry_after({"Retry-After": text, "Date": text}, NOW)
    headers.validator({"ETag": text}, "ETag").encode("ascii")
    assert headers.agent(text).isascii()


def test_only_what_is_known_is_asked_conditionally():
    """A first poll, and one after a cut body, ask for everything."""
    assert headers.conditions(FeedState()) == {}
    assert headers.conditions(FeedState(etag='W/"x"')) == {"If-None-Match": 'W/"x"'}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("text/html; charset=UTF-8", ("text/html", "utf-8")),
        ("Text/XML;charset='iso-8859-1'; x=y", ("text/xml", "iso-8859-1")),
        ('text/html; x=y; Charset = "windows-1252"', ("text/html", "windows-1252")),
        ("text/html;", ("text/html", "")),
        ("", ("", "")),
        ("; charset=\x00", ("", "\ufffd")),
    ],
)
def test_a_content_type_has_two_parts(said: str, found: tuple[str, str]):
    """In whatever spelling; nothing in it that a database cannot bear."""
    assert headers.content_type({"Content-Type": said}) == found


@pytest.mark.parametrize(
    ("url", "login"),
    [
        ("http://h/", ""),
        ("http://a:b@h/", "Basic YTpi"),
        ("http://a@h/", "Basic YTo="),
        ("http://a:%C3%A9@h/", "Basic YTrDqQ=="),
    ],
)
def test_user_and_password_become_a_header(url: str, login: str):
    """Decoded from the address, in UTF-8 (RFC 7617, 2.1)."""
    assert headers.login(URL(url)) == login


# --- robots.txt -----------------------------------------------------------------------------------------------------

SITE = "https://krant.example"


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: * # iedereen\nDisallow: /", "/a", False),
        ("user agent *\ndisallow /", "/a", False),
        ("User-agent:*\r\nDisallow:/plus/\r\n", "/plus/a", False),
        ("User-agent: GPTBot\nDisallow: /", "/a", True),
        ("User-agent: GPTBot\nUser-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nUser-agent: GPTBot\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /\nUser-agent: Monitor\nAllow: /", "/a", True),
        ("User-agent: *\nAllow: /\nUser-agent: monitor/1.0\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /\nUser-agent: monitoring-bot\nAllow: /", "/a", False),
        ("User-agent: *\nDisallow: /\nAllow: /nieuws", "/nieuws/1", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf?x", True),
        ("User-agent: *\nDisallow: /*/print/", "/a/b/print/1", False),
        ("\ufeffUser-agent: *\nDisallow: /", "/a", False),
        ("<html><body>Niet gevonden</body></html>", "/a", True),
    ],
)
def test_robots_txt_is_read_as_it_is_meant(text: str, path: str, allowed: bool):
    """RFC 9309: our group or the one for all, the longest rule, wildcards."""
    assert robots.parse(text.encode()).allow(SITE + path) is allowed


def test_rules_for_others_cost_nothing():
    """Ten thousand names over ten thousand rules would be a hundred million of them; ours are found all the same."""
    names = "".join(f"User-agent: bot{i}\n" for i in range(10_000))
    rules = "".join(f"Disallow: /{i}\n" for i in range(10_000))
    found = robots.parse(f"{names}{rules}\nUser-agent: *\nDisallow: /plus\n".encode())
    assert found.allow(SITE + "/5")
    assert not found.allow(SITE + "/plus")


def test_a_wildcard_costs_no_more_than_its_length():
    """A pattern that a backtracking matcher would chew on for years."""
    found = robots.parse(b"User-agent: *\nDisallow: /" + b"*a" * 500 + b"b$")
    assert found.allow(SITE + "/" + "a" * 5000)


@quick
@given(st.binary(max_size=200), st.text(max_size=30))
def test_no_robots_txt_breaks_us(text: bytes, path: str):
    """Any bytes are rules or none."""
    found = robots.parse(text)
    assert isinstance(found.allow(f"{SITE}/{path}"), bool)
    assert found.delay >= 0
