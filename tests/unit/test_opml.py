"""Lists of feeds: from other readers and back, and from a site's own pages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.model import Feed, Page, key_of
from monitor.opml import discover, guesses, read, write

FEEDLY = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.0"><head><title>Jan's Feedly</title></head><body>
  <outline text="Belgi&#235;" title="België">
    <outline type="rss" text="De Waarnemer" title="De Waarnemer" xmlUrl="https://waarnemer.be/rss" htmlUrl="https://waarnemer.be"/>
    <outline type="rss" text="Le Courrier &amp; Cie" title="Le Courrier &amp; Cie" xmlUrl="http://courrier.be/flux?a=1&amp;b=2"/>
  </outline>
  <outline text="Alles" title="Alles">
    <outline type="rss" text="De Waarnemer" title="De Waarnemer" xmlUrl="https://waarnemer.be/rss"/>
  </outline></body></opml>"""
FRESHRSS = """<?xml version="1.0" encoding="UTF-8"?>
<opml xmlns:frss="https://freshrss.org/opml" version="2.0"><head><title>FreshRSS</title></head><body>
  <outline text="Nieuws"><outline text="De Bode" type="rss" xmlUrl="https://bode.nl/feed" description=""
    frss:priority="important" frss:unicityCriteria="link"/></outline></body></opml>"""
MINIFLUX = """<?xml version="1.0" encoding="UTF-8"?><opml version="2.0"><head><title>Miniflux</title></head><body>
  <outline text="All"><outline title="De Bode" text="De Bode" xmlUrl="feed://bode.nl/feed" type="rss" /></outline>
  <outline text="zonder map" xmlUrl="https://los.nl/rss"/><outline text="kwaad" xmlUrl="javascript:alert(1)"/></body></opml>"""


@pytest.mark.parametrize(
    ("file", "listed"),
    [
        (
            FEEDLY,
            [
                ("De Waarnemer", "https://waarnemer.be/rss", "België"),
                ("Le Courrier & Cie", "http://courrier.be/flux?a=1&b=2", "België"),
            ],
        ),
        (FRESHRSS, [("De Bode", "https://bode.nl/feed", "Nieuws")]),
        (MINIFLUX, [("De Bode", "https://bode.nl/feed", "All"), ("zonder map", "https://los.nl/rss", "")]),
    ],
)
def test_files_of_other_readers_are_read(file: str, listed: list[tuple[str, str, str]]) -> None:
    """Each feed once, under the first folder that lists it."""
    feeds = read(file.encode())

    assert [(feed.name, feed.url, feed.section) for feed in feeds] == listed
    assert all(feed.key == key_of("feed", feed.url) for feed in feeds)


names = st.text(alphabet=st.characters(min_codepoint=32, exclude_categories=["C", "Z"]), min_size=1, max_size=20)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(st.lists(st.tuples(names, names | st.just(""), st.sampled_from(["", "nl", "fr"])), max_size=6))
def test_what_is_written_is_read_again(listed: list[tuple[str, str, str]]) -> None:
    """Names hold quotes, ampersands and angle brackets."""
    feeds = {
        Feed(
            key=key_of("feed", f"https://x.be/{i}"),
            name=name,
            url=f"https://x.be/{i}",
            section=section,
            language=tongue,
        )
        for i, (name, section, tongue) in enumerate(listed)
    }

    assert set(read(write(feeds))) == feeds


def test_passwords_and_sitemaps_stay_here() -> None:
    """A list of feeds is made to be given away, to readers that know feeds."""
    login = Feed(key="1", name="a", url="https://jan:geheim@x.be/rss")
    sitemap = Feed(key="2", name="b", url="https://x.be/sitemap.xml", kind="sitemap")

    written = write([login, sitemap])

    assert b"geheim" not in written
    assert [feed.url for feed in read(written)] == ["https://x.be/rss"]


@pytest.mark.parametrize("body", [b"", b"<rss/>", b"geen opml", b"<opml", b"\0"])
def test_what_is_no_opml_says_so(body: bytes) -> None:
    """The user chose the wrong file."""
    if body == b"<opml":  # begun, but there is nothing in it
        assert read(body) == ()
        return
    with pytest.raises(ParseError, match="OPML"):
        read(body)


def page(text: str) -> Page:
    return Page(url="https://waarnemer.be/nieuws/", asked="https://waarnemer.be/nieuws/", body=text.encode())


def test_a_site_names_its_feeds() -> None:
    """In its head first; then what looks like a feed among its links."""
    found = discover(
        page("""<!doctype html><html><head>
        <link rel="alternate" type="application/rss+xml" title="Nieuws &amp; meer" href="/rss.xml">
        <link rel="ALTERNATE" type="application/atom+xml; charset=utf-8" href="sport.atom">
        <link rel="alternate" type="application/feed+json" href="https://cdn.be/feed.json">
        <link rel="alternate" hreflang="fr" href="/fr/"><link rel="sitemap" href="/sitemap.xml">
        </head><body><a href="/rss/economie">Economie</a><a href="/rss.xml">weer</a><a href="/feedback">Feedback</a>
        <a href="javascript:rss.xml">x</a></body></html>""")
    )

    assert found == (
        ("feed", "https://waarnemer.be/rss.xml", "Nieuws & meer"),
        ("feed", "https://waarnemer.be/nieuws/sport.atom", ""),
        ("feed", "https://cdn.be/feed.json", ""),
        ("sitemap", "https://waarnemer.be/sitemap.xml", ""),
        ("feed", "https://waarnemer.be/rss/economie", "Economie"),
    )


def test_robots_txt_names_the_sitemaps() -> None:
    """Most papers name their news sitemap nowhere else."""
    found = discover(
        page("User-agent: *\nDisallow: /x\nSitemap: https://waarnemer.be/news.xml\nsitemap: /archief.xml\n")
    )

    assert found == (
        ("sitemap", "https://waarnemer.be/news.xml", ""),
        ("sitemap", "https://waarnemer.be/archief.xml", ""),
    )


def test_where_nothing_is_named_it_is_worth_asking() -> None:
    """At the usual places, from the site's root."""
    assert ("feed", "https://waarnemer.be/rss") in guesses("https://waarnemer.be/nieuws/")
    assert ("sitemap", "https://waarnemer.be/sitemap.xml") in guesses("https://waarnemer.be/nieuws/")


@settings(deadline=None, max_examples=100, derandomize=True)
@given(st.binary(max_size=100) | st.text(alphabet="<>link a=href\"' /rss:[\n", max_size=60).map(str.encode))
def test_nothing_raises(body: bytes) -> None:
    """Pages come from strangers."""
    discover(Page(url="https://x.be", asked="https://x.be", body=body))
