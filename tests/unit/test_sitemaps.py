"""Sitemaps: news, plain, lists and indexes; what breaks off is used and never taken for the whole."""

import gzip
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import sitemaps
from monitor.keys import article_key
from monitor.model import Feed, Outcome, Page
from monitor.sitemaps import index, parse

FEED = Feed(key="feed", name="De Waarnemer", url="https://waarnemer.be/news.xml", kind="sitemap")
NEWS = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
        xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url><loc>https://www.waarnemer.be/a?utm_source=x</loc>
    <image:image><image:loc>https://waarnemer.be/a.jpg</image:loc><image:title>Een foto</image:title></image:image>
    <news:news><news:publication><news:name>De Waarnemer</news:name><news:language>nl-BE</news:language></news:publication>
      <news:publication_date>2026-03-02T10:00:00+01:00</news:publication_date>
      <news:title>Kop met &amp; en &#233;&#233;n accent</news:title></news:news></url>
  <url><loc>/b</loc><lastmod>2026-03-01</lastmod></url>
  <url><loc>javascript:alert(1)</loc></url>
</urlset>"""
INDEX = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
  <sitemap><loc>https://waarnemer.be/oud.xml</loc><lastmod>2025-01-01</lastmod></sitemap>
  <sitemap><loc>nieuw.xml</loc><lastmod>2026-03-01</lastmod></sitemap>
  <sitemap><loc>https://waarnemer.be/oud.xml</loc></sitemap></sitemapindex>"""


def page(body: str | bytes, **more: object) -> Page:
    body = body.encode() if isinstance(body, str) else body
    return Page(url=FEED.url, asked=FEED.url, body=body, **more)  # type: ignore[arg-type]


def test_a_news_sitemap_gives_title_and_date() -> None:
    """It lists what a feed forgets, and goes further back."""
    found = parse(page(NEWS), FEED)
    first, second = found.entries

    assert (found.outcome, found.complete, found.faults) == (Outcome.POLLED, True, ())
    assert (first.title, first.language) == ("Kop met & en één accent", "nl")
    assert first.published == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert first.key == article_key("https://waarnemer.be/a")
    assert (second.link, second.published) == ("https://waarnemer.be/b", None)
    assert second.updated == datetime(2026, 3, 1, tzinfo=UTC)


def test_an_index_names_its_sitemaps_newest_first() -> None:
    """Each once; the index itself lists no article, and says so."""
    assert index(page(INDEX)) == ("https://waarnemer.be/nieuw.xml", "https://waarnemer.be/oud.xml")
    assert index(page(NEWS)) == ()
    assert "index" in parse(page(INDEX), FEED).faults[0]


def test_a_list_of_addresses_is_a_sitemap() -> None:
    """The protocol allows plain text."""
    found = parse(page("https://waarnemer.be/1\r\nhttps://waarnemer.be/2\n\n"), FEED)

    assert [entry.link for entry in found.entries] == ["https://waarnemer.be/1", "https://waarnemer.be/2"]


def test_a_packed_sitemap_is_unpacked() -> None:
    """`sitemap.xml.gz` is packed as a file, not on the wire."""
    assert parse(page(gzip.compress(NEWS.encode())), FEED).entries == parse(page(NEWS), FEED).entries


@pytest.mark.parametrize(
    "body",
    [
        NEWS[: NEWS.index("<url><loc>/b")].encode(),
        gzip.compress(NEWS.encode())[:-12],
        NEWS[: NEWS.index("</urlset")].encode(),
    ],
)
def test_what_breaks_off_is_used_and_not_complete(body: bytes) -> None:
    """What is not listed may still exist."""
    found = parse(page(body), FEED)

    assert found.entries[0].title == "Kop met & en één accent"
    assert not found.complete
    assert not parse(page(NEWS, truncated=True), FEED).complete


def test_a_bomb_is_unpacked_no_further_than_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousandth of its size on the wire."""
    monkeypatch.setattr(sitemaps, "MOST_BYTES", 100_000)
    urls = "".join(f"<url><loc>https://waarnemer.be/{i}</loc></url>" for i in range(100_000))
    found = parse(page(gzip.compress(f"<urlset>{urls}</urlset>".encode())), FEED)

    assert 1_000 < len(found.entries) < 3_000
    assert not found.complete


def test_of_too_many_addresses_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some list the archive, oldest first."""
    monkeypatch.setattr(sitemaps, "MOST_ITEMS", 10)
    urls = "".join(
        f"<url><loc>https://waarnemer.be/{i}</loc><lastmod>20{i:02}-01-01</lastmod></url>" for i in range(25)
    )
    found = parse(page(f"<urlset>{urls}</urlset>"), FEED)

    assert [entry.link[-2:] for entry in found.entries] == [str(i) for i in range(15, 25)]
    assert any("newest" in fault for fault in found.faults)


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"<rss/>", b"\x1f\x8b", b"/etc/passwd", b"\0"])
def test_what_is_no_sitemap_fails_with_a_reason(body: bytes) -> None:
    """And never raises."""
    found = parse(page(body), FEED)

    assert found.outcome is Outcome.FAILED
    assert found.faults
    assert index(page(body)) == ()


@settings(deadline=None, max_examples=150, derandomize=True)
@given(st.binary(max_size=100), st.integers(0, 1200))
def test_no_bytes_are_too_odd(noise: bytes, at: int) -> None:
    """One outcome, whatever comes."""
    body = NEWS.encode()
    found = sitemaps._parse(page(body[:at] + noise + body[at + len(noise) :]), FEED)

    assert found.outcome in (Outcome.POLLED, Outcome.FAILED)
