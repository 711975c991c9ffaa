"""Feed documents: every item is found, however the document is broken, and nothing raises."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import feeds
from monitor.feeds import glance, parse
from monitor.keys import article_key, id_key, title_key
from monitor.model import Entry, Feed, FeedDocument, FeedState, Outcome, Page

DATA = Path(__file__).parent.parent / "data" / "feeds"
NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
FEED = Feed(key="feed", name="De Waarnemer", url="https://waarnemer.be/rss")


def page(body: str | bytes, **more: object) -> Page:
    body = body.encode() if isinstance(body, str) else body
    return Page(url=FEED.url, asked=FEED.url, body=body, fetched=NOW, **more)  # type: ignore[arg-type]


def rss(*items: str, head: str = "") -> str:
    listed = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{head}{listed}</channel></rss>'


def item(number: int, title: str = "", **more: str) -> str:
    said = {"title": title or f"Bericht {number}", "link": f"https://waarnemer.be/{number}", **more}
    return "".join(f"<{name}>{text}</{name}>" for name, text in said.items())


def shown(entry: Entry) -> dict[str, object]:
    names = ("id", "link", "title", "summary", "content", "published", "updated", "authors", "language")
    said = {name: getattr(entry, name) for name in names if getattr(entry, name)}
    plain = {name: value.isoformat() for name, value in said.items() if isinstance(value, datetime)}
    return {**said, **plain} | ({"authors": list(entry.authors)} if entry.authors else {})


@pytest.mark.parametrize("name", sorted(p.name for p in DATA.iterdir() if not p.name.endswith(".expected.json")))
def test_a_document_is_read_as_written_beside_it(name: str) -> None:
    """RSS, Atom, RDF, JSON Feed, a broken one and a login page: what a reader would see of them."""
    expected = json.loads((DATA / f"{name}.expected.json").read_text())
    found = parse(page((DATA / name).read_bytes()), FEED)

    assert [shown(entry) for entry in found.entries] == expected["entries"]
    assert found.outcome == expected["outcome"]
    assert found.title == expected["title"]
    assert found.complete == expected["complete"]
    assert list(found.faults) == expected["faults"]


# --- identity ---


def test_an_entry_is_its_link_however_that_is_written() -> None:
    """The same article in another feed, with other parameters, is the same entry; id and title stay as aliases."""
    found = parse(page(rss(item(1, guid="g1"))), FEED).entries[0]

    assert found.key == article_key("http://www.waarnemer.be/1/?utm_source=rss#top")
    assert found.aliases == (id_key("feed", "g1"), title_key("feed", "bericht 1"))
    assert found.feed == "feed"
    assert found.found is None


def test_an_entry_without_a_link_is_its_id_and_without_an_id_its_title() -> None:
    """Within its feed: another feed's number 1 is another article."""
    named, titled = parse(page(rss("<title>A</title><guid>n-1</guid>", "<title>B b</title>")), FEED).entries

    assert named.key == id_key("feed", "n-1")
    assert titled.key == title_key("feed", "B b")
    assert named.key != id_key("other", "n-1")


def test_an_id_given_to_several_entries_is_no_id() -> None:
    """Else all but one of them would be lost."""
    found = parse(page(rss(item(1, guid="x"), item(2, guid="x"), item(3, guid="y"))), FEED).entries

    assert len({entry.key for entry in found}) == 3
    assert [id_key("feed", entry.id) in entry.aliases for entry in found] == [False, False, True]


def test_ids_known_to_be_useless_are_not_used() -> None:
    """Found out in earlier polls."""
    feed = replace(FEED, state=FeedState(guids_useless=True))

    assert parse(page(rss(item(1, guid="x"))), feed).entries[0].aliases == (title_key("feed", "Bericht 1"),)


def test_a_link_that_different_entries_share_is_no_identity() -> None:
    """The posts of a live blog, and feeds that link to their front page."""
    live = rss(
        "<title>Eerste</title><guid>1</guid><link>https://waarnemer.be/live#1</link>",
        "<title>Tweede</title><guid>2</guid><link>https://waarnemer.be/live#2</link>",
        "<title>Derde</title><link>https://waarnemer.be/</link>",
    )
    found = parse(page(live), FEED).entries

    assert [entry.key for entry in found] == [id_key("feed", "1"), id_key("feed", "2"), title_key("feed", "Derde")]


def test_an_item_listed_twice_is_listed_twice_with_one_key() -> None:
    """The ledger counts what the feed listed; who sorts it out sees one key."""
    found = parse(page(rss(item(1), item(1))), FEED).entries

    assert len(found) == 2
    assert len({entry.key for entry in found}) == 1


# --- links ---


@pytest.mark.parametrize(
    ("written", "link"),
    [
        ("https://waarnemer.be/a", "https://waarnemer.be/a"),
        ("/a", "https://waarnemer.be/a"),
        (" https://waarnemer.be/\n  a ", "https://waarnemer.be/  a"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("http://[", ""),
    ],
)
def test_only_what_can_be_followed_is_a_link(written: str, link: str) -> None:
    """A link goes into mails and pages."""
    assert parse(page(rss(f"<title>x</title><link>{written}</link>")), FEED).entries[0].link.replace("%20", " ") == link


# --- text ---


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Plat &amp; gewoon", "Plat & gewoon"),
        ("<![CDATA[Met <b>vet</b> &eacute;n accent]]>", "Met vet én accent"),
        ("AT&amp;amp;T", "AT&T"),
        ("Drie &amp;lt;b&amp;gt; tekens", "Drie <b> tekens"),
        ("1 &lt; 2 &gt; 0", "1 < 2 > 0"),
        ("<![CDATA[<onbekend>x</onbekend> y]]>", "x y"),
        ("A\u202eB\u0007C", "A BC"),
        ("  veel\n\t wit  ", "veel wit"),
    ],
)
def test_a_title_is_plain_text(written: str, title: str) -> None:
    """Unescaped once, tags out, nothing that turns the text around."""
    assert parse(page(rss(f"<title>{written}</title>")), FEED).entries[0].title == title


def test_an_endless_title_is_cut_at_a_word() -> None:
    """It has to fit a subject and a phone."""
    title = parse(page(rss(f"<title>{'woord ' * 400}</title>")), FEED).entries[0].title

    assert len(title) <= 500
    assert title.endswith("woord…")


# --- dates ---


def test_a_date_a_little_ahead_is_local_time_called_gmt() -> None:
    """In Brussels it is 14:00 when it is 13:00 in London, and some systems write the one and call it the other."""
    local = parse(page(rss(item(1, pubDate="Mon, 02 Mar 2026 13:55:00 GMT"))), FEED).entries[0]
    announced = parse(page(rss(item(1, pubDate="Mon, 09 Mar 2026 13:55:00 GMT"))), FEED).entries[0]

    assert local.published == NOW - timedelta(minutes=5)
    assert announced.published == datetime(2026, 3, 9, 13, 55, tzinfo=UTC)


# --- what is wrong with documents ---


def test_one_bad_byte_harms_one_sign() -> None:
    """Not the whole document: ids and links stay what they were."""
    good = rss(item(1, "Café en thé", guid="gé"), item(2, "Één"))
    found = parse(page(good.encode().replace("thé".encode(), b"th\xe9")), FEED)

    assert [entry.title for entry in found.entries] == ["Café en thé", "Één"]
    assert found.entries[0].id == "gé"


@pytest.mark.parametrize(
    ("encoding", "declared", "charset"),
    [
        ("utf-8", "", ""),
        ("utf-8", "iso-8859-1", ""),
        ("utf-8-sig", "", ""),
        ("utf-16", "utf-16", ""),
        ("utf-16-le", "", ""),
        ("cp1252", "iso-8859-1", ""),
        ("cp1252", "", "windows-1252"),
        ("iso-8859-15", "iso-8859-15", ""),
        ("cp1252", "", ""),
        ("cp1252", "utf-8", "utf-8"),
        ("utf-8", "geen-naam", "ook geen"),
    ],
)
def test_the_text_is_right_whatever_the_header_says(encoding: str, declared: str, charset: str) -> None:
    """Headers, declarations and bytes contradict each other every day."""
    naming = f' encoding="{declared}"' if declared else ""
    body = rss(item(1, "Één café — €")).replace('version="1.0"', f'version="1.0"{naming}', 1)
    body = body.replace("—", "-") if encoding == "iso-8859-15" else body

    title = parse(page(body.encode(encoding), charset=charset), FEED).entries[0].title

    assert title.replace("—", "-") == "Één café - €"


@pytest.mark.parametrize(
    "body", [b"/etc/passwd", b"https://waarnemer.be/rss", b"", b"  ", b"\0\0", b"{", b"[]", b"niets"]
)
def test_what_is_no_feed_fails_with_a_reason(body: bytes) -> None:
    """And what looks like a path or an address is never opened."""
    found = parse(page(body), FEED)

    assert found.outcome is Outcome.FAILED
    assert found.faults[0]
    assert not found.entries


def test_an_empty_feed_is_a_feed() -> None:
    """Nothing new is no fault."""
    found = parse(page(rss()), FEED)

    assert (found.outcome, found.entries, found.complete) == (Outcome.POLLED, (), True)


def test_what_was_listed_before_a_cut_is_kept() -> None:
    """A document that breaks off is used, and never taken for the whole."""
    whole = rss(*(item(i) for i in range(10)))
    found = parse(page(whole[: whole.index("Bericht 7")]), FEED)

    assert [entry.title for entry in found.entries][:7] == [f"Bericht {i}" for i in range(7)]
    assert not found.complete
    assert not parse(page(whole, truncated=True), FEED).complete


@settings(deadline=None, max_examples=150, derandomize=True)
@given(
    damage=st.text(alphabet="<>&;\"'![]CDATA-/?=#x0\x00\ud800é", max_size=30).filter(
        lambda text: not any(end in text + "<" for end in ("<![CDATA[", "<!--"))
    ),
    at=st.integers(0, 9),
)
def test_what_breaks_one_item_harms_no_other(damage: str, at: int) -> None:
    """An entry is never lost for its neighbour's fault."""
    items = [item(i, f"Bericht {i}") for i in range(10)]
    items[at] = item(at, f"Kapot {damage}")
    found = parse(page(rss(*items).encode("utf-8", "surrogatepass")), FEED)

    titles = {entry.title for entry in found.entries}
    assert {f"Bericht {i}" for i in range(10) if i != at} <= titles


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.binary(max_size=200), st.integers(0, 700), st.sampled_from(["rss.xml", "atom.xml", "rdf.xml", "feed.json"]))
def test_no_bytes_are_too_odd(noise: bytes, at: int, name: str) -> None:
    """One outcome, whatever comes."""
    body = (DATA / name).read_bytes()
    found = feeds._parse(page(body[:at] + noise + body[at + len(noise) :]), FEED)

    assert found.outcome in (Outcome.POLLED, Outcome.FAILED)
    json.dumps([shown(entry) for entry in found.entries], ensure_ascii=False).encode()


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.binary(min_size=1, max_size=4), st.integers(0, 4000), st.sampled_from(["rss.xml", "atom.xml"]))
def test_a_damaged_spot_loses_one_entry_at_most(noise: bytes, at: int, name: str) -> None:
    """The one that it hits, wherever it hits; alone, feedparser loses all in one case of twelve."""
    body = (DATA / name).read_bytes()
    at %= len(body)
    whole = len(parse(page(body), FEED).entries)

    assert len(parse(page(body[:at] + noise + body[at:]), FEED).entries) >= whole - 1


def test_a_document_that_is_a_path_or_an_address_is_never_opened(tmp_path):
    """feedparser takes bytes that look like a path for one: a stranger could read our files to us."""
    secret = tmp_path / "feed.xml"
    secret.write_text(
        "<rss version='2.0'><channel><title>geheim</title><item><title>geheim</title></item></channel></rss>"
    )
    for body in (str(secret), f"file://{secret}", "/dev/zero", "http://127.0.0.1:9/rss"):
        document = feeds.parse(Page(url="https://krant.example/rss", asked="", body=body.encode()), FEED)
        assert (document.outcome, document.entries, document.title) == (Outcome.FAILED, (), "")


def test_an_xml_bomb_is_harmless() -> None:
    """Nor is a file outside ever read."""
    names = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{names}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    found = parse(page(bomb + rss(item(1, "&l11;&f;"), item(2)).partition("?>")[2]), FEED)

    assert len(found.entries) == 2
    assert len(found.entries[0].title) <= 500
    assert "root:" not in found.entries[0].title


def test_a_tag_with_too_many_attributes_is_stripped_of_them() -> None:
    """They are quadratic for the parser: 100,000 took over a minute."""
    many = " ".join(f'a{i}="x"' for i in range(100_000))
    found = parse(page(rss(item(1), f"<title {many}>Twee</title>", item(3))), FEED)

    assert [entry.title for entry in found.entries] == ["Bericht 1", "Twee", "Bericht 3"]


def test_elements_within_elements_without_end_are_read() -> None:
    """Depth is a stranger's choice."""
    deep = "<b>" * 20_000 + "diep" + "</b>" * 20_000
    found = parse(page(rss(item(1), item(2, description=deep), item(3, description=f"<![CDATA[{deep}]]>"))), FEED)

    assert [entry.link[-1] for entry in found.entries] == ["1", "2", "3"]
    assert found.entries[2].summary == "diep"


@pytest.mark.parametrize("backwards", [False, True])
def test_of_too_many_items_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch, *, backwards: bool) -> None:
    """A document of the whole archive must not stop what is new."""
    monkeypatch.setattr(feeds.plainly, "MOST_ITEMS", 2_000)
    dates = [NOW - timedelta(hours=i) for i in range(3_000)]
    items = [item(i, pubDate=when.strftime("%a, %d %b %Y %H:%M:%S GMT")) for i, when in enumerate(dates)]
    found = parse(page(rss(*(reversed(items) if backwards else items))), FEED)

    assert len(found.entries) == 2_000
    assert max(entry.published for entry in found.entries if entry.published) == NOW
    assert any("newest" in fault for fault in found.faults)


def test_a_document_longer_than_is_read_is_not_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its beginning is used, and the fault is shown."""
    monkeypatch.setattr(feeds, "MOST_BYTES", 2_000)
    found = parse(page(rss(*(item(i) for i in range(100)))), FEED)

    assert len(found.entries) > 10
    assert not found.complete
    assert any("2,000 bytes" in fault for fault in found.faults)


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml", "rdf.xml"])
def test_the_plain_way_reads_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is salvaged, and what is too long for the other parser, goes by the same keys."""
    usual = parse(page((DATA / name).read_bytes()), FEED)
    monkeypatch.setattr(feeds, "MOST_FOR_FEEDPARSER", 0)
    plain = parse(page((DATA / name).read_bytes()), FEED)

    assert plain.faults != usual.faults
    for ours, theirs in zip(plain.entries, usual.entries, strict=True):
        assert (ours.key, ours.aliases, ours.title) == (theirs.key, theirs.aliases, theirs.title)
        assert (ours.published, ours.content, ours.authors) == (theirs.published, theirs.content, theirs.authors)


# --- what is untouched is not parsed again ---


def remembered(document: FeedDocument) -> Feed:
    return replace(FEED, state=FeedState(items=document.items))


def test_untouched_items_are_skipped_and_counted() -> None:
    """Most of a changed feed is known; only what is not costs."""
    first = parse(page(rss(item(1), item(2))), FEED)
    again = parse(page(rss(item(3), item(1), item(2))), remembered(first))

    assert [entry.title for entry in again.entries] == ["Bericht 3"]
    assert again.skipped == tuple(entry.key for entry in first.entries)
    assert len(again.items) == 3


def test_a_glance_knows_a_document_without_anything_new() -> None:
    """Its date was touched, its items were not."""
    first = parse(page(rss(item(1), item(2))), FEED)
    touched = page(rss(item(1), item(2), head="<lastBuildDate>nu</lastBuildDate>"))

    seen = glance(touched, remembered(first))

    assert seen is not None
    assert seen.skipped == tuple(entry.key for entry in first.entries)
    assert seen.items == first.items
    assert glance(touched, FEED) is None
    assert glance(page(rss(item(1), item(3))), remembered(first)) is None
    assert (
        glance(page(rss(item(1), item(2)).replace("</rss>", "").replace("</channel>", "")), remembered(first)) is None
    )


def test_what_shares_a_link_with_a_skipped_item_is_not_taken_for_it() -> None:
    """Alone, the second post of a live blog would go by the link, which is the first one's key: lost as known."""
    first = "<title>Eerste</title><guid>1</guid><link>https://waarnemer.be/live</link>"
    second = "<title>Tweede</title><guid>2</guid><link>https://waarnemer.be/live</link>"
    before = parse(page(rss(first)), FEED)
    again = parse(page(rss(second, first)), remembered(before))

    assert [entry.key for entry in again.entries] == [id_key("feed", "2"), id_key("feed", "1")]


parts = st.lists(
    st.sampled_from(
        [item(i, guid=f"g{i % 3}" if i % 4 == 0 else f"u{i}") for i in range(8)]
        + [f"<title>Live {i}</title><link>https://waarnemer.be/live</link>" for i in range(2)]
        + [
            "<title><![CDATA[a </item> b <item> c]]></title>",
            "<title>Zonder</title>",
            "<!-- </item> --><title>x</title>",
        ]
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=200, derandomize=True)
@given(parts, parts)
def test_skipping_loses_nothing(first: list[str], second: list[str]) -> None:
    """Both ways know the same entries, under the same keys, as often as they are listed."""
    before = parse(page(rss(*first)), FEED)
    whole = parse(page(rss(*second)), FEED)
    short = parse(page(rss(*second)), remembered(before))

    assert len(short.entries) + len(short.skipped) == len(whole.entries)
    known = {entry.key for entry in before.entries}
    new_keys = [entry.key for entry in whole.entries if entry.key not in known]
    assert [entry.key for entry in short.entries if entry.key not in known] == new_keys
