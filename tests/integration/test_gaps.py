"""Where a feed lists nothing of what it listed before, entries have come and gone unseen: said, and looked for."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.model import Feed, Outcome, key_of
from monitor.store import Queries
from tests.fakes import Scene, page, stage
from tests.integration.test_pipeline import DULL, SECRET

NEWS = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{}</urlset>"""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = stage(tmp_path)
    yield made
    made.store.close()


def listed(scene: Scene, *articles: tuple[str, str, float]) -> bytes:
    """A news sitemap of articles: path, title, and how many hours ago."""
    urls = ""
    for path, title, hours in articles:
        when = scene.clock().timestamp() - hours * 3600
        date = type(scene.clock()).fromtimestamp(when, scene.clock().tzinfo).isoformat()
        urls += (
            f"<url><loc>https://krant.example/{path}</loc><news:news><news:title>{title}</news:title>"
            f"<news:publication_date>{date}</news:publication_date></news:news></url>"
        )
    return NEWS.format(urls).encode()


async def with_a_gap(scene: Scene) -> None:
    """A paper is polled; an hour later its feed lists other articles only."""
    scene.subscribe("krant")
    scene.publish("krant", ("oud.html", "Brug klaar", DULL))
    await scene.flow()
    scene.clock.forward(hours=1)
    scene.publish("krant", ("nieuw.html", "Tunnel klaar", DULL))
    scene.web.pages["https://krant.example/gemist.html"] = page("Gezant zag Oesjakov", SECRET)


def polls(scene: Scene):
    return Queries.open(scene.address).polls(key_of("feed", "https://krant.example/rss"))


async def test_a_gap_is_filled_from_the_sitemap_that_robots_txt_names(scene):
    """The story that nobody would have seen is read and told; what is older, or known, is left alone."""
    await with_a_gap(scene)
    scene.web.pages["https://krant.example/robots.txt"] = b"Sitemap: https://krant.example/nieuws/sitemap.xml\n"
    scene.web.pages["https://krant.example/nieuws/sitemap.xml"] = listed(
        scene,
        ("nieuw.html", "Tunnel klaar", 0.1),
        ("gemist.html", "Gezant zag Oesjakov", 0.5),
        ("oud.html", "Brug klaar", 1.1),
        ("ouder.html", "Nog een brug", 30),
    )

    await scene.flow()

    assert [message.title.count("Oesjakov") for message in scene.post.to("slack")] == [1]
    last = polls(scene)[0]
    assert (last.gap, last.listed, last.new, last.known) == (True, 2, 2, 0)
    assert "1 entry that it no longer listed" in last.reason
    assert all(ledger.missing == 0 for ledger in Queries.open(scene.address).ledger())


async def test_the_sitemap_that_the_user_named_is_asked_first(scene, tmp_path):
    """It need not be looked for, wherever it stands."""
    await with_a_gap(scene)
    url = "https://cdn.example/krant.xml"
    sitemap = Feed(key=key_of("feed", url), name="krant", url=url, kind="sitemap", outlet="Krant")
    scene.pipeline = replace(scene.pipeline, config=replace(scene.pipeline.config, feeds=(sitemap,)))
    scene.web.pages[url] = listed(scene, ("gemist.html", "Gezant zag Oesjakov", 0.5))

    await scene.flow()

    assert len(scene.post.to("slack")) == 1
    assert scene.web.asked["https://krant.example/robots.txt"] == 0


async def test_a_gap_without_a_sitemap_is_said_and_the_feed_polled_sooner(scene):
    """What cannot be found is at least not hidden, and less likely the next time."""
    await with_a_gap(scene)

    await scene.flow()

    last = polls(scene)[0]
    assert last.gap
    assert "no news sitemap is known" in last.reason
    (report,) = Queries.open(scene.address).list_feeds()
    assert report.feed.state.interval == scene.pipeline.config.settings.fastest
    asked = scene.web.asked.total()
    scene.publish("krant", ("later.html", "Dijk klaar", DULL))
    scene.clock.forward(hours=1)
    await scene.flow()
    assert polls(scene)[0].gap
    assert scene.web.asked.total() == asked + 2, "the feed and the page: no sitemap is looked for twice"


async def test_a_feed_that_goes_on_as_before_asks_for_no_sitemap(scene):
    """Only a gap is worth another request."""
    await with_a_gap(scene)
    scene.publish("krant", ("nieuw.html", "Tunnel klaar", DULL), ("oud.html", "Brug klaar", DULL))

    assert (await scene.flow())[Outcome.POLLED] == 1

    assert not polls(scene)[0].gap
    assert scene.web.asked["https://krant.example/robots.txt"] == 0
