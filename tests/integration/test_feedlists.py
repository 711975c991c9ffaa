"""`monitor feeds check|discover|import|export`, against a real server on loopback: what a person sees, and exit codes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor import config, opml
from monitor.cli.app import main
from monitor.config import written
from monitor.model import Feed, key_of
from tests.acceptance.newsroom import Paper, Site, dull_story

HEAD = """version: 1
settings:
  database: sqlite:///{folder}/monitor.db
  network: {{allow_private: [127.0.0.0/8], pause: 0s}}
channels: {{console: {{}}}}
"""
OPML = b"""<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0"><head/><body>
  <outline text="buitenland">
    <outline type="rss" text="Krant: ${file:/etc/passwd}" xmlUrl="https://krant.example/rss"/>
    <outline type="rss" text="Courant" xmlUrl="https://courant.example/feed.xml"/>
  </outline>
</body></opml>"""


@pytest.fixture
def site() -> Iterator[Site]:
    paper = Paper("krant")
    for number in range(3):
        paper.write(number, *dull_story(number))
    with Site([paper]).open() as made:
        yield made


def monitor(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--rules", str(folder / "rules.yaml")])


def rules(folder: Path, *feeds: str, tail: str = "") -> Path:
    lines = "".join(f"  - {feed}\n" for feed in feeds)
    path = folder / "rules.yaml"
    path.write_text(HEAD.format(folder=folder) + (f"feeds:\n{lines}" if feeds else "") + tail, encoding="utf-8")
    return path


def test_check_asks_every_feed_and_stores_nothing(tmp_path, site):
    """A person who edits the list wants to know before the daemon does."""
    rules(tmp_path, f'{{name: Krant, url: "{site.base}/krant.xml"}}', f'{{name: Weg, url: "{site.base}/weg.xml"}}')

    done = monitor(tmp_path, "feeds", "check", "--json")

    good, bad = (json.loads(line) for line in done.stdout.splitlines())
    assert (good["name"], good["health"], good["entries"]) == ("Krant", "ok", 3)
    assert (bad["name"], bad["health"]) == ("Weg", "failed")
    assert "404" in bad["reasons"][0]
    assert done.exit_code == 1
    assert not (tmp_path / "monitor.db").exists()


def test_check_of_one_feed_asks_only_that_one(tmp_path, site):
    """And is content when that one is well."""
    rules(tmp_path, f'{{name: Krant, url: "{site.base}/krant.xml"}}', f'{{name: Weg, url: "{site.base}/weg.xml"}}')

    done = monitor(tmp_path, "feeds", "check", "krant")

    assert done.exit_code == 0, done.output
    assert "Krant\tok\t3" in done.stdout
    assert site.asked["/weg.xml"] == 0
    assert monitor(tmp_path, "feeds", "check", "krnat").exit_code == 2


def test_discover_finds_what_a_site_names_and_what_it_does_not(tmp_path, site):
    """The page names one feed, robots.txt a sitemap index, and nobody the feed where feeds often are."""
    rules(tmp_path)
    paper = site.papers["/krant.xml"]
    paper.pages["/"] = b'<html><head><link rel="alternate" type="application/rss+xml" href="/krant.xml"></head></html>'
    paper.pages["/robots.txt"] = f"User-agent: *\nDisallow:\nSitemap: {site.base}/index.xml\n".encode()
    paper.pages["/index.xml"] = (
        f"<sitemapindex><sitemap><loc>{site.base}/part.xml</loc></sitemap></sitemapindex>".encode()
    )
    paper.pages["/part.xml"] = f"<urlset><url><loc>{site.base}/a.html</loc></url></urlset>".encode()
    paper.pages["/feed"] = paper.document(site.base)

    done = monitor(tmp_path, "feeds", "discover", site.base)

    assert done.exit_code == 0, done.output
    (tmp_path / "rules.yaml").write_text("version: 1\nchannels: {console: {}}\n" + done.stdout, encoding="utf-8")
    found = config.load(tmp_path / "rules.yaml", {}).feeds
    assert {(feed.kind, feed.url.removeprefix(site.base)) for feed in found} == {
        ("feed", "/krant.xml"),
        ("feed", "/feed"),
        ("sitemap", "/index.xml"),
    }


def test_discover_says_so_when_there_is_nothing(tmp_path, site):
    """And exits with 1."""
    rules(tmp_path)
    site.papers["/krant.xml"].pages["/leeg"] = b"<html></html>"

    done = monitor(tmp_path, "feeds", "discover", f"{site.base}/leeg")

    assert done.exit_code == 1
    assert "no feed" in done.stderr


def test_import_prints_lines_that_load(tmp_path):
    """What another reader exported becomes what a person pastes; a stranger's `${file:…}` is not filled in."""
    rules(tmp_path, '{name: Courant, url: "https://courant.example/feed.xml"}')
    (tmp_path / "lijst.opml").write_bytes(OPML)

    done = monitor(tmp_path, "feeds", "import", str(tmp_path / "lijst.opml"))

    assert done.exit_code == 0, done.output
    (tmp_path / "rules.yaml").write_text("version: 1\nchannels: {console: {}}\n" + done.stdout, encoding="utf-8")
    (feed,) = config.load(tmp_path / "rules.yaml", {}).feeds
    assert (feed.url, feed.section, feed.name) == (
        "https://krant.example/rss",
        "buitenland",
        "Krant: $ {file:/etc/passwd}",
    )


def test_import_writes_into_the_file_and_leaves_the_rest_as_it_was(tmp_path):
    """Comments and order are a person's own."""
    path = rules(tmp_path, "{name: Eerst, url: 'https://eerst.example/rss'}", tail="\n# mijn regels\nrules: []\n")
    (tmp_path / "lijst.opml").write_bytes(OPML)

    done = monitor(tmp_path, "feeds", "import", "--write", str(tmp_path / "lijst.opml"))

    assert done.exit_code == 0, done.output
    assert config.load(path, {}).feeds[0].name == "Eerst"
    assert len(config.load(path, {}).feeds) == 3
    assert path.read_text(encoding="utf-8").endswith("\n\n# mijn regels\nrules: []\n")
    again = monitor(tmp_path, "feeds", "import", "--write", str(tmp_path / "lijst.opml"))
    assert "0 of them" in again.stderr


def test_a_file_that_would_be_refused_is_left_alone(tmp_path):
    """A list that is no OPML, or a rules.yaml that cannot be added to, changes nothing."""
    path = rules(tmp_path, tail="feeds: [{name: Eerst, url: 'https://eerst.example/rss'}]\n")
    before = path.read_bytes()
    (tmp_path / "lijst.opml").write_bytes(OPML)
    (tmp_path / "geen.opml").write_bytes(b"<html></html>")

    assert monitor(tmp_path, "feeds", "import", "--write", str(tmp_path / "lijst.opml")).exit_code == 2
    assert monitor(tmp_path, "feeds", "import", "--write", str(tmp_path / "geen.opml")).exit_code == 1
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "feeds: []\nrules: []\n",
        "feeds:\nrules: []\n",
        "feeds:  # van ons\n- {name: A, url: 'https://a.example'}\n# regels\nrules: []\n",
        "feeds:\n    - name: A\n      url: https://a.example\n    # nog een\n    - {name: B, url: 'https://b.example'}\n\n\nrules: []",
    ],
)
def test_feeds_are_added_wherever_a_file_lists_them(tmp_path, text):
    """At the end of its list, in its own indentation."""
    url = "https://nieuw.example/rss?a=1&b=2"
    new = Feed(key=key_of("feed", url), name='Dagblad "De Zon": #1', url=url)
    path = tmp_path / "rules.yaml"
    path.write_text(written.with_feeds("version: 1\nchannels: {console: {}}\n" + text, [new]), encoding="utf-8")

    found = config.load(path, {}).feeds

    assert found[-1].name == new.name
    assert found[-1].url == url
    assert len(found) == 1 + text.count("name:")


def test_export_is_what_import_reads(tmp_path):
    """A list goes out and comes in again."""
    rules(
        tmp_path,
        "{name: A & B, url: 'https://a.example/rss', section: sport}",
        "{name: C, sitemap: 'https://c.example/s.xml'}",
    )

    done = monitor(tmp_path, "feeds", "export")

    assert done.exit_code == 0, done.output
    (feed,) = opml.read(done.stdout_bytes)
    assert (feed.name, feed.url, feed.section) == ("A & B", "https://a.example/rss", "sport")
