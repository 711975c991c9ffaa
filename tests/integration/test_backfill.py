"""The past on a real database: where it comes from, that it can be stopped, and that doing it again changes nothing."""

import gzip
import json
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.archives import Volume, files, record
from monitor.archives.record import stored
from monitor.archives.warc import warcs
from monitor.archives.web import Web, homes_of, listed
from monitor.backfill import Backfill, Mark, Summary, loaded
from monitor.errors import FetchError
from monitor.model import Outcome
from monitor.shards import Span
from monitor.store import Queries
from tests.fakes import Scene, page, paper_feed, stage
from tests.integration.test_pipeline import DULL, OTHER, SECRET
from tests.making import rows_of

KEY = "backfill test"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = stage(tmp_path)
    yield made
    made.store.close()


def web(scene: Scene, **said: datetime) -> Web:
    return Web(scene.pipeline.fetcher, scene.pipeline.sandbox, timedelta(0), **said)


async def filled(scene: Scene, source: AsyncIterator[Volume], **said: object) -> Summary:
    return await Backfill(scene.pipeline, **said).run(source)  # type: ignore[arg-type]


def titles(scene: Scene) -> list[str]:
    with Queries.open(scene.address) as queries:
        return sorted(record.hit.article.title for record in queries.list_hits())


def lines(*texts: tuple[str, str]) -> bytes:
    return b"".join(json.dumps({"id": name, "title": name, "body": text}).encode() + b"\n" for name, text in texts)


# --- files ---


async def test_packed_files_are_read_like_plain_ones(scene, tmp_path):
    """Five years of files are not kept unpacked."""
    zstandard = pytest.importorskip("zstandard")
    folder = tmp_path / "past"
    folder.mkdir()
    (folder / "a.txt").write_text(SECRET)
    (folder / "b.html.gz").write_bytes(gzip.compress(page("Verhaal b", SECRET)))
    (folder / "c.jsonl.zst").write_bytes(zstandard.compress(lines(("Verhaal c", OTHER), ("Brug", DULL))))
    (folder / "d.jpg").write_bytes(b"no text")

    summary = await filled(scene, files([folder]))

    assert summary.outcomes == Counter({Outcome.READ: 4})
    assert titles(scene) == ["", "Verhaal b", "Verhaal c"]


async def test_texts_without_an_address_are_told_apart_by_what_they_say(scene, tmp_path, monkeypatch):
    """Each year's file begins with a number 1, and who asks from another folder means the same files."""
    for year, text in (("2020", SECRET), ("2021", OTHER)):
        (tmp_path / year).mkdir()
        (tmp_path / year / "a.jsonl").write_bytes(json.dumps({"id": "1", "title": year, "body": text}).encode() + b"\n")
        (tmp_path / year / "a.txt").write_text(f"{text} Dat was in {year}.")
        (tmp_path / year / "a.html").write_bytes(page(f"Jaar {year}", f"{text} Dat was in {year}."))

    found = [await filled(scene, files([tmp_path]))]
    for year in ("2020", "2021"):
        monkeypatch.chdir(tmp_path / year)
        found.append(await filled(scene, files([Path("a.html"), Path("a.jsonl"), Path("a.txt")])))

    assert [(one.matched, one.added) for one in found] == [(6, 6), (3, 0), (3, 0)]
    with Queries.open(scene.address) as queries:
        places = sorted(record.hit.article.url for record in queries.list_hits())
    assert places == sorted(
        (tmp_path / year / name).as_uri() + mark
        for year in ("2020", "2021")
        for name, mark in (("a.html", ""), ("a.jsonl", "?id=1"), ("a.txt", ""))
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
async def test_a_text_is_read_in_the_encoding_that_it_has(scene, tmp_path, encoding):
    """Old files come from old programs."""
    (tmp_path / "a.txt").write_bytes(f"Één dag. {SECRET}".encode(encoding))

    assert (await filled(scene, files([tmp_path]))).matched == 1


@pytest.mark.parametrize(
    "said",
    [b"%PDF-1.7 " + SECRET.encode(), b"PK\x03\x04" + SECRET.encode(), b"\x89PNG\r\n\0" + SECRET.encode()],
    ids=["pdf", "docx", "png"],
)
async def test_a_file_that_is_no_text_is_not_taken_for_one(scene, tmp_path, said):
    """Its bytes would be on record as an article, and a word among them a hit."""
    (tmp_path / "a.docx").write_bytes(said)

    summary = await filled(scene, files([tmp_path / "a.docx"]))

    assert summary.outcomes == Counter({Outcome.FAILED: 1})
    assert ["this is no text" in fault for fault in summary.faults] == [True]

    (tmp_path / "b.txt").write_bytes(b"\0" + SECRET.encode())
    (tmp_path / "c.nfo").write_bytes(SECRET.encode("utf-16"))
    assert (await filled(scene, files([tmp_path / "b.txt", tmp_path / "c.nfo"]))).matched == 2


async def test_a_record_whose_keys_are_others_says_which(scene, tmp_path):
    """Exports call things by other names; `no text` would send nobody to look."""
    (tmp_path / "a.jsonl").write_text('{"headline": "Brug", "content": "Open"}\n{}\n{"title": null}\n', "utf-8")

    summary = await filled(scene, files([tmp_path]))

    assert summary.outcomes == Counter({Outcome.FAILED: 2, Outcome.NO_TEXT: 1})
    assert set(summary.faults) == {
        "it has none of title, body, text, lead, but headline, content",
        "it has none of title, body, text, lead, but nothing",
    }


@pytest.mark.parametrize(
    "said", ["2026-05-01T10:00:00Z", "Fri, 01 May 2026 12:00:00 +0200", "1 mei 2026 om 10:00", 1777629600]
)
async def test_a_record_is_dated_as_its_export_writes_dates(scene, tmp_path, said):
    """Without its date it would count whatever --since says."""
    record = {"title": "Verhaal", "body": SECRET, "published": said}
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n" + json.dumps(record | {"published": "1944-09-05"}))

    summary = await filled(scene, files([tmp_path]), mark=Mark(span=Span(datetime(2026, 5, 2, tzinfo=UTC))))

    assert (summary.outside, summary.documents) == (2, 0)


async def test_a_file_that_breaks_off_costs_only_what_is_behind_the_break(scene, tmp_path):
    """And it is said, not passed over."""
    whole = gzip.compress(lines(*((f"Verhaal {n}", SECRET + str(n) * 300) for n in range(400))), mtime=0)
    (tmp_path / "a.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "b.txt").write_text(OTHER)

    summary = await filled(scene, files([tmp_path / "a.jsonl.gz", tmp_path / "b.txt"]))

    assert summary.outcomes[Outcome.FAILED] == 1
    assert summary.outcomes[Outcome.READ] > 1
    assert len(summary.faults) == 1


# --- the web ---


def sitemap(*links: str, when: str = "2026-02-01T10:00:00Z") -> bytes:
    listed = "".join(f"<url><loc>{link}</loc><lastmod>{when}</lastmod></url>" for link in links)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</urlset>'.encode()


async def test_a_site_is_followed_from_robots_to_index_to_sitemap_to_page(scene):
    """A person types the name of a paper, no more."""
    base = "https://krant.example"
    index = "".join(f"<sitemap><loc>{base}/{name}.xml</loc></sitemap>" for name in ("een", "twee"))
    scene.web.pages |= {
        f"{base}/robots.txt": f"Sitemap: {base}/index.xml".encode(),
        f"{base}/index.xml": f"<sitemapindex>{index}</sitemapindex>".encode(),
        f"{base}/een.xml": sitemap(f"{base}/1.html", f"{base}/weg.html"),
        f"{base}/twee.xml": sitemap(f"{base}/2.html", when="2020-01-01T10:00:00Z"),
        f"{base}/1.html": page("Verhaal een", SECRET),
        f"{base}/2.html": page("Verhaal twee", OTHER),
    }
    homes = homes_of([paper_feed("krant")])

    summary = await filled(
        scene, web(scene).site([base], homes), mark=Mark(span=Span(since=datetime(2026, 1, 1, tzinfo=UTC)))
    )

    assert summary.outcomes == Counter({Outcome.READ: 1, Outcome.GONE: 1})
    assert summary.outside == 1
    assert titles(scene) == ["Verhaal een"]
    assert summary.new[0].article.outlet == "Krant"


async def test_an_article_on_record_is_matched_from_there(scene):
    """To do it again costs the papers nothing."""
    base = "https://krant.example"
    scene.web.pages |= {f"{base}/s.xml": sitemap(f"{base}/1.html"), f"{base}/1.html": page("Verhaal een", SECRET)}
    first = await filled(scene, web(scene).site([f"{base}/s.xml"], {}))

    again = await filled(scene, web(scene).site([f"{base}/s.xml"], {}))

    assert (first.matched, first.added) == (1, 1)
    assert (again.matched, again.added) == (1, 0)
    assert scene.web.asked[f"{base}/1.html"] == 1


def rss(*articles: str, head: str = "") -> bytes:
    items = "".join(
        f"<item><title>{name}</title><link>https://krant.example/{name}</link><description>{SECRET}</description></item>"
        for name in articles
    )
    return f"<rss version='2.0'><channel><title>krant</title>{head}{items}</channel></rss>".encode()


@pytest.mark.parametrize("rel", ["prev-archive", "next"])
async def test_a_feed_is_followed_into_its_archive(scene, rel):
    """RFC 5005: a feed says where its own past lies. A document that points back at an earlier one ends nothing."""
    atom = f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='{rel}' href='%s'/>"
    scene.web.pages |= {
        "https://krant.example/rss": rss("vier", "drie", head=atom % "/archief/2"),
        "https://krant.example/archief/2": rss("drie", "twee", head=atom % "1"),
        "https://krant.example/archief/1": rss("een", head=atom % "/rss"),
    }

    summary = await filled(scene, web(scene).history(paper_feed("krant")))

    assert titles(scene) == ["drie", "een", "twee", "vier"]
    assert summary.documents == 4
    assert not any(summary.faults)


async def test_a_past_that_is_too_long_is_told(scene, monkeypatch):
    """A maze is not followed for ever, and nobody takes the part for the whole."""
    monkeypatch.setattr("monitor.archives.web.MOST", 2)
    base, atom = "https://krant.example", "<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='next' href='/%d'/>"
    index = "".join(f"<sitemap><loc>{base}/{name}.xml</loc></sitemap>" for name in ("een", "twee"))
    scene.web.pages |= {
        f"{base}/index.xml": f"<sitemapindex>{index}</sitemapindex>".encode(),
        f"{base}/een.xml": sitemap(f"{base}/1.html"),
        f"{base}/rss": rss("een", head=atom % 1),
        f"{base}/1": rss("twee", head=atom % 2),
    }

    for source in (web(scene).site([f"{base}/index.xml"], {}), web(scene).history(paper_feed("krant"))):
        (fault,) = (await filled(scene, source)).faults
        assert "2 sitemaps are the most" in fault or "2 parts are the most" in fault


async def test_a_blog_is_paged_until_it_has_no_more(scene):
    """WordPress names no next page; the one after the last is not found, which is no failure."""
    made_by = "<generator>https://wordpress.org/?v=6.5</generator>"
    scene.web.pages |= {
        "https://krant.example/rss": rss("drie", head=made_by),
        "https://krant.example/rss?paged=2": rss("twee", head=made_by),
        "https://krant.example/rss?paged=3": rss("een", head=made_by),
    }

    summary = await filled(scene, web(scene).history(paper_feed("krant")))

    assert summary.documents == 3
    assert Outcome.FAILED not in summary.outcomes


async def test_a_sitemap_that_cannot_be_had_is_counted(scene):
    """Nothing is lost in silence."""
    summary = await filled(scene, web(scene).site(["https://krant.example/s.xml"], {}))

    assert summary.outcomes == Counter({Outcome.FAILED: 1})


async def test_a_site_whose_robots_name_no_sitemap_says_what_to_do(scene):
    """That robots.txt is not there is no answer to who asked for sitemaps."""
    summary = await filled(scene, web(scene).site(["https://krant.example"], {}))

    assert [("names a sitemap: `monitor feeds discover`" in fault) for fault in summary.faults] == [True]


# --- web archives ---


def answer(url: str, body: bytes, head: str = "Content-Type: text/html; charset=utf-8", status: int = 200) -> bytes:
    said = f"HTTP/1.1 {status} OK\r\n{head}\r\n\r\n".encode() + body
    about = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-02-01T10:00:00Z\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(said)}\r\n\r\n"
    )
    return gzip.compress(about.encode() + said + b"\r\n\r\n")


def archive() -> bytes:
    base = "https://krant.example"
    return b"".join(
        (
            answer(f"{base}/1.html", page("Verhaal een", SECRET)),
            answer(f"{base}/foto.jpg", b"\xff\xd8", "Content-Type: image/jpeg"),
            answer(f"{base}/weg.html", b"weg", status=404),
            answer(
                f"{base}/2.html",
                gzip.compress(page("Verhaal twee", OTHER)),
                "Content-Type: text/html\r\nContent-Encoding: gzip",
            ),
            answer(f"{base}/3.html", page("Brug", DULL)),
        )
    )


async def test_web_archives_are_read_page_by_page(scene, tmp_path):
    """As Common Crawl (WARC) and Webrecorder (WACZ) give them. What is no page is no document."""
    pytest.importorskip("fastwarc")
    (tmp_path / "a.warc.gz").write_bytes(archive())
    with zipfile.ZipFile(tmp_path / "b.wacz", "w") as packed:
        packed.writestr("archive/data.warc.gz", archive())
        packed.writestr("datapackage.json", "{}")

    first = await filled(scene, warcs([tmp_path / "a.warc.gz"]))
    again = await filled(scene, warcs([tmp_path / "b.wacz"]))

    assert first.outcomes == again.outcomes == Counter({Outcome.READ: 2, Outcome.SET_ASIDE: 1})
    assert titles(scene) == ["Verhaal een", "Verhaal twee"]
    assert (first.added, again.added) == (2, 0)


async def test_an_archive_that_breaks_off_is_read_to_the_break(scene, tmp_path):
    """A download that was cut short is worth what came."""
    pytest.importorskip("fastwarc")
    (tmp_path / "a.warc.gz").write_bytes(archive() + b"\x1f\x8b\x08 and then something else" * 40)

    summary = await filled(scene, warcs([tmp_path]))

    assert summary.outcomes == Counter({Outcome.READ: 2, Outcome.SET_ASIDE: 1, Outcome.FAILED: 1})


@pytest.mark.parametrize("missing", [1, 7, 60, 250])
@pytest.mark.parametrize("name", ["a.warc.gz", "one.warc.gz", "a.warc"])
async def test_an_archive_whose_end_is_missing_says_so(scene, tmp_path, name, missing):
    """Who reads it page by page only finds fewer pages: nobody would fetch it again."""
    pytest.importorskip("fastwarc")
    plain = gzip.decompress(archive())
    said = {"a.warc.gz": archive(), "one.warc.gz": gzip.compress(plain), "a.warc": plain.rstrip()}[name]
    (tmp_path / name).write_bytes(said)
    assert not (await filled(scene, warcs([tmp_path]))).faults

    (tmp_path / name).write_bytes(said[:-missing])

    assert (await filled(scene, warcs([tmp_path]))).faults


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
async def test_of_several_archives_in_a_wacz_the_one_that_is_not_whole_is_named(scene, tmp_path, packing):
    """A recording that was interrupted is packed as it is; the others in it are read all the same."""
    pytest.importorskip("fastwarc")
    plain = gzip.decompress(archive())
    inside = {
        "a.warc.gz": archive()[:-60],
        "b.warc": plain.rstrip()[:-1],
        "c.warc.gz": archive() + b"\x1f\x8b\x08 and then something else" * 40,
        "d.warc.gz": archive(),
        "e.warc": plain,
    }
    with zipfile.ZipFile(tmp_path / "a.wacz", "w", packing) as packed:
        for name, said in inside.items():
            packed.writestr(f"archive/{name}", said)

    summary = await filled(scene, warcs([tmp_path]))

    assert [fault.first for fault in summary.faults.values()] == [
        f"{tmp_path}/a.wacz/archive/{name}" for name in ("a.warc.gz", "c.warc.gz")
    ]
    (cut, broken) = summary.faults.items()
    assert ("breaks off in its last record" in cut[0], cut[1].total) == (True, 2)
    assert ("breaks off: " in broken[0], broken[1].total) == (True, 1)
    assert summary.outcomes[Outcome.READ] == 10
    assert summary.matched == 10


@pytest.mark.parametrize(("name", "said"), [("a.warc.gz", "the file is empty"), ("a.wacz", "no web archive in it")])
async def test_an_archive_that_holds_nothing_says_so(scene, tmp_path, name, said):
    """`0 documents` is no answer to who has just downloaded it."""
    pytest.importorskip("fastwarc")
    (tmp_path / name).touch()
    if name == "a.wacz":
        with zipfile.ZipFile(tmp_path / name, "w") as packed:
            packed.writestr("datapackage.json", "{}")

    (fault,) = (await filled(scene, warcs([tmp_path]))).faults

    assert said in fault


async def test_one_text_under_many_links_of_an_archive_is_seen_to_be_a_wall(scene, tmp_path):
    """A crawler is stopped at the door more often than a reader; what stands there is no story, whoever looks."""
    pytest.importorskip("fastwarc")
    same = [answer(f"https://krant.example/{n}.html", page(f"Bericht {n}", SECRET)) for n in range(6)]
    elsewhere = answer("https://courant.example/1.html", page("Bericht", SECRET))
    (tmp_path / "a.warc.gz").write_bytes(b"".join([*same, elsewhere]))

    first = await filled(scene, warcs([tmp_path / "a.warc.gz"]))
    again = await filled(scene, warcs([tmp_path / "a.warc.gz"]))

    assert first.outcomes == again.outcomes == Counter({Outcome.READ: 4, Outcome.NO_TEXT: 3})
    assert (first.matched, again.added) == (4, 0)


# --- the record ---


async def test_a_new_rule_is_tried_on_what_is_stored(scene, tmp_path):
    """Only hits are written, and a second time changes nothing."""
    (tmp_path / "a.jsonl").write_bytes(lines(("Verhaal een", SECRET), ("Brug", DULL)))
    with_none = Backfill(scene.pipeline)
    scene.with_rules(_rules(scene).replace("$covert + $contact + $kremlin", "nergens"), tmp_path)
    await filled(scene, files([tmp_path / "a.jsonl"]))
    assert titles(scene) == []
    scene.pipeline = with_none.pipeline

    first = await filled(scene, stored(scene.address))
    again = await filled(scene, stored(scene.address))

    assert (first.documents, first.matched, first.added) == (2, 1, 1)
    assert (again.documents, again.matched, again.added) == (2, 1, 0)
    assert titles(scene) == ["Verhaal een"]


def _rules(scene: Scene) -> str:
    from tests.fakes import RULES

    return RULES


async def test_the_past_is_no_neighbour_of_today(scene, tmp_path):
    """What was written a year apart in the same words are two stories: a live run compares with few, and soon."""
    dated = [
        {"id": str(n), "title": f"Verhaal {n}", "body": SECRET, "published": f"{2024 + n}-05-01T10:00:00Z"}
        for n in range(2)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(one) for one in dated))

    summary = await filled(scene, files([tmp_path / "a.jsonl"]))

    assert len({hit.story for hit in summary.new}) == 2
    assert scene.store.stories(scene.clock() - timedelta(days=4)) == {}


async def test_copies_in_one_transaction_are_one_story(scene, tmp_path):
    """Documents that are written together know of each other."""
    (tmp_path / "a.jsonl").write_bytes(lines(("Verhaal een", SECRET), ("Verhaal twee", SECRET)))

    summary = await filled(scene, files([tmp_path / "a.jsonl"]))

    assert len({hit.story for hit in summary.new}) == 1


# --- stopping, going on, doing it again ---


async def test_what_was_stopped_goes_on_and_counts_nothing_twice(scene, tmp_path):
    """Every document once, every hit once, and the numbers of an undisturbed run."""
    for name in "ab":
        many = ((f"{name}{n}", SECRET.replace("Wenen", f"Stad{n}") if n % 5 == 0 else DULL) for n in range(160))
        (tmp_path / f"{name}.jsonl").write_bytes(lines(*many))
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    looked: list[str] = []
    stops = 0
    while True:
        mark, summary = loaded(Mark(KEY), scene.store.meta(KEY))
        fill = Backfill(scene.pipeline, mark=mark, summary=summary)

        def told(name: str, _outcome: Outcome, _matches: int, fill: Backfill = fill) -> None:
            looked.append(name)
            if len(looked) % 37 == 0:
                fill.stopping.set()

        fill.told = told
        await fill.run(files(paths))
        if fill.mark.ended:
            break
        stops += 1

    assert stops > 5
    assert Counter(looked).most_common(1)[0][1] == 1
    assert (fill.summary.documents, fill.summary.matched, fill.summary.added) == (320, 64, 64)


async def test_stored_articles_too_go_on_where_they_were(scene, tmp_path, monkeypatch):
    """After each shard, the first one as well."""
    monkeypatch.setattr(record, "AT_ONCE", 10)
    many = [(f"a{n}", SECRET.replace("Wenen", f"Stad{n}") if n % 5 == 0 else DULL) for n in range(34)]
    (tmp_path / "a.jsonl").write_bytes(lines(*many))
    await filled(scene, files([tmp_path / "a.jsonl"]))
    looked: list[str] = []
    stops = 0
    while True:
        mark, summary = loaded(Mark(KEY), scene.store.meta(KEY))
        fill = Backfill(scene.pipeline, mark=mark, summary=summary)

        def told(name: str, _outcome: Outcome, _matches: int, fill: Backfill = fill) -> None:
            looked.append(name)
            fill.stopping.set()

        fill.told = told
        await fill.run(stored(scene.address, begin=mark.at))
        if fill.mark.ended:
            break
        stops += 1

    assert stops == 4
    assert sorted(looked) == sorted(name for name, _ in many)
    assert (fill.summary.documents, fill.summary.matched) == (34, 7)


def _laid_out(folder: Path) -> None:
    """Files of every kind, most of them in several shards."""
    zstandard = pytest.importorskip("zstandard")
    pytest.importorskip("fastwarc")
    many = lines(*((f"{n}", f"{DULL} Nummer {n}, {n * n} keer.") for n in range(120)))
    pages = b"".join(answer(f"https://krant.example/{n}.html", page(f"Brug {n}", f"{DULL} {n}")) for n in range(40))
    (folder / "texts").mkdir(parents=True)
    for n in range(60):
        (folder / "texts" / f"{n}.txt").write_text(f"{DULL} {n}")
    said = {"a.jsonl": many, "b.jsonl.gz": gzip.compress(many), "c.jsonl.zst": zstandard.compress(many)}
    archives = {"d.warc.gz": pages, "e.warc": gzip.decompress(pages), "f.warc.zst": zstandard.compress(pages)}
    for name, body in (said | archives).items():
        (folder / name).write_bytes(body)
    with zipfile.ZipFile(folder / "g.wacz", "w") as packed:
        packed.writestr("archive/data.warc.gz", pages)


async def _all_in(folder: Path) -> AsyncIterator[Volume]:
    async for volume in files([folder / "texts", *sorted(folder.glob("*.jsonl*"))]):
        yield volume
    async for volume in warcs([folder]):
        yield volume


async def test_how_far_it_is_shows_before_the_documents_are_counted(scene, tmp_path, monkeypatch):
    """Who waits for an archive of years wants to know how long; what an earlier run did is no measure of the pace."""
    monkeypatch.setattr("monitor.archives.warc.SMALL", 1_000)
    monkeypatch.setattr("monitor.archives.warc.STEP", 4_000)
    past = tmp_path / "past"
    _laid_out(past)
    size = sum(one.stat().st_size for one in past.rglob("*") if one.is_file())
    reached: list[tuple[int, int]] = []
    fill = Backfill(scene.pipeline, reached=lambda *at: reached.append(at), mark=Mark(KEY))
    fill.told = lambda *_: fill.stopping.set() if fill.summary.documents > 300 else None

    await fill.run(_all_in(past))
    stopped = reached[-1][0]
    mark, summary = loaded(Mark(KEY), scene.store.meta(KEY))
    reached.clear()
    again = Backfill(scene.pipeline, reached=lambda *at: reached.append(at), mark=mark, summary=summary)
    await again.run(_all_in(past))

    assert 0.3 * size < stopped < 0.9 * size
    assert max(before for _, before in reached) == stopped
    assert [octets for octets, _ in reached] == sorted(octets for octets, _ in reached)
    assert 0.98 * size < reached[-1][0] <= size


async def test_one_that_ended_begins_anew(scene, tmp_path):
    """Who asks again wants an answer, not `nothing to do`."""
    (tmp_path / "a.jsonl").write_bytes(lines(("Verhaal een", SECRET)))
    for added in (1, 0):
        mark, summary = loaded(Mark(KEY), scene.store.meta(KEY))
        found = await filled(scene, files([tmp_path / "a.jsonl"]), mark=mark, summary=summary)
        assert (found.documents, found.added) == (1, added)


async def test_a_file_that_changed_is_read_again(scene, tmp_path):
    """What was done is remembered by what was in it."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(("Verhaal een", SECRET)))
    (shard,) = [one async for one in files([path])]
    path.write_bytes(lines(("Verhaal een", SECRET), ("Verhaal twee", OTHER)))

    summary = await filled(scene, files([path]), mark=Mark(KEY, done=[shard.name]))

    assert summary.documents == 2


async def test_a_dry_run_writes_nothing(scene, tmp_path):
    """It only says what would be found."""
    (tmp_path / "a.jsonl").write_bytes(lines(("Verhaal een", SECRET)))
    before = rows_of(scene.address)

    summary = await filled(scene, files([tmp_path / "a.jsonl"]), dry=True, mark=Mark(KEY))

    assert summary.matched == 1
    assert rows_of(scene.address) == before
    (find,) = summary.finds
    assert (find.title, find.url) == ("Verhaal een", f"{(tmp_path / 'a.jsonl').as_uri()}?id=Verhaal%20een")
    (hit,) = (await filled(scene, files([tmp_path / "a.jsonl"]))).new
    assert hit.key == find.key
    assert not (await filled(scene, files([tmp_path / "a.jsonl"]), dry=True)).finds, "it is on record"


async def test_no_more_than_asked_for(scene, tmp_path):
    """`--limit` counts documents that were looked at, and fetches no other."""
    links = [f"https://krant.example/{n}.html" for n in range(30)]
    scene.web.pages |= {link: page("Brug", DULL) for link in links}

    summary = await filled(scene, listed(links, {}), limit=3)

    assert summary.documents == 3
    assert scene.web.asked.total() == 3


async def test_a_page_that_is_gone_fails_alone(scene):
    """The rest goes on, and each has its outcome."""
    links = [f"https://krant.example/{n}.html" for n in range(4)]
    scene.web.pages[links[1]] = FetchError(links[1], "no answer", retry=True)
    scene.web.pages |= {links[2]: page("Verhaal", SECRET), links[3]: page("Brug", DULL)}

    summary = await filled(scene, listed(links, {}))

    assert summary.outcomes == Counter({Outcome.READ: 2, Outcome.GONE: 1, Outcome.FAILED: 1})


async def test_a_digest_holds_what_was_found_before_the_stop(scene, tmp_path):
    """Stopped and gone on with, it is still one digest; and until then a daemon beside it sends none of it."""
    (tmp_path / "a.jsonl").write_bytes(lines(("Verhaal een", SECRET), *[("Brug", DULL)] * 3, ("Verhaal twee", OTHER)))
    first = Backfill(scene.pipeline, tell=True, mark=Mark(KEY))
    first.told = lambda name, *_: first.stopping.set() if name == "Verhaal een" else None
    await first.run(files([tmp_path / "a.jsonl"]))
    scene.clock.forward(hours=1)
    await scene.flow()
    assert scene.post.to("slack") == []

    mark, summary = loaded(Mark(KEY), scene.store.meta(KEY))
    again = Backfill(scene.pipeline, tell=True, mark=mark, summary=summary)
    await again.run(files([tmp_path / "a.jsonl"]))
    await again.send()

    (digest,) = scene.post.to("slack")
    assert "Verhaal een" in digest.text
    assert "Verhaal twee" in digest.text
