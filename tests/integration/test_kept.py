"""Pages as they came: of what hit, and of what was not read. So that one can see why, and read them anew."""

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor import housekeeping
from monitor.archives.record import kept
from monitor.backfill import Backfill
from monitor.cli.app import main
from monitor.model import Outcome, Page, Verdict, key_of
from monitor.store import KeptPage, PollRecord, Queries, Store
from monitor.store.records import LARGEST
from monitor.urls import normal
from tests.fakes import RULES, Scene, page, stage
from tests.integration.test_pipeline import DULL, SECRET, opened
from tests.making import NOW, a_feed, a_record, a_verdict, an_article, an_entry, arrived

LINK = "https://krant.example/1.html"
CONSENT = page("Privacy", "Wij en onze partners gebruiken cookies. Alles accepteren of instellen?").replace(
    b"og:type' content='article", b"robots' content='x"
)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = stage(tmp_path)
    yield made
    made.store.close()


def page_of(scene: Scene, link: str = LINK) -> KeptPage | None:
    with Queries.open(scene.address) as queries:
        return queries.kept_page(key_of("article", normal(link)))


async def came(scene: Scene, body: bytes) -> Counter[Outcome]:
    """A paper lists an article, and this is what stands there."""
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", "Brug twee", DULL), ("2.html", "Brug drie", DULL + " Nog een."))
    scene.web.pages[LINK] = body
    return await scene.flow()


@pytest.fixture
def monitor(scene: Scene, tmp_path: Path) -> Callable[..., Awaitable[Result]]:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES.replace("ops: [desk]", f"ops: [desk], database: '{scene.address}'"), encoding="utf-8")

    def run(*words: str) -> Awaitable[Result]:  # in a thread: a command has a loop of its own
        return asyncio.to_thread(CliRunner().invoke, main, [*words, "--rules", str(rules)])

    return run


async def test_what_stood_in_an_articles_place_can_be_looked_at(scene, monitor):
    """Days later the page is another one; nobody could say why nothing was heard of it."""
    outcomes = await came(scene, CONSENT)
    assert outcomes[Outcome.READ] == 1, outcomes

    assert page_of(scene).page.body == CONSENT
    assert page_of(scene, "https://krant.example/2.html") is None, "the text of what was read is on record"
    assert (await monitor("read", "--kept", "--raw", LINK)).stdout_bytes == CONSENT
    assert LINK in (await monitor("read", "--kept", LINK)).stdout
    refused = await monitor("read", "--kept", "https://krant.example/2.html")
    assert refused.exit_code == 2
    assert "settings.keep.pages" in refused.stderr


async def test_the_page_of_a_hit_stays_as_it_was(scene, monitor):
    """A publisher takes words out; what was told must still be there to be shown."""
    first = page("Gezant zag Oesjakov", SECRET)
    await came(scene, first)
    scene.web.pages[LINK] = page("Gezant zag Oesjakov", DULL)
    scene.clock.forward(minutes=61)
    await scene.flow()
    assert scene.web.asked[LINK] == 2

    assert page_of(scene).page.body == first
    (record,) = Queries.open(scene.address).list_hits()
    shown = (await monitor("hits", "show", record.hit.key[:8])).stdout
    assert (said := re.search(r"^page as it came .+: monitor (read --kept \w+)$", shown, re.MULTILINE)), shown
    assert "Gezant zag Oesjakov" in (await monitor(*said[1].split())).stdout
    assert json.loads((await monitor("hits", "show", "--json", record.hit.key)).stdout)["kept"]
    assert (await monitor("read", "--kept", "--raw", record.hit.key[:8])).stdout_bytes == first


async def test_a_clock_that_is_ten_years_ahead_by_mistake_drops_nothing(scene):
    """It is set right within the day; a machine that was off for years drops what is old a day later."""
    await came(scene, CONSENT)
    await housekeeping.tidy(scene.pipeline)
    for days in (3650, -3650, 3650):
        scene.clock.forward(days=days)
        await housekeeping.tidy(scene.pipeline)
        assert page_of(scene) is not None

    scene.clock.forward(days=1)
    await housekeeping.tidy(scene.pipeline)

    assert page_of(scene) is None


async def test_pages_are_dropped_when_they_are_old_and_not_kept_by_who_wants_none(scene):
    """They are larger than all the rest."""
    await came(scene, CONSENT)
    scene.clock.forward(days=13)
    await housekeeping.tidy(scene.pipeline)
    assert page_of(scene) is not None
    scene.clock.forward(days=2)
    await housekeeping.tidy(scene.pipeline)
    assert page_of(scene) is None

    none = replace(scene.pipeline.config.settings, keep_pages=timedelta(0))
    scene.pipeline = replace(scene.pipeline, config=replace(scene.pipeline.config, settings=none))
    scene.publish("krant", ("3.html", "Brug vier", DULL))
    scene.web.pages["https://krant.example/3.html"] = CONSENT
    await scene.flow()
    assert scene.web.asked["https://krant.example/3.html"] == 1
    with Queries.open(scene.address) as queries:
        assert queries.kept() == ()


async def test_kept_pages_are_read_anew_by_a_newer_program(scene):
    """What an older one took for a wall may have been a story; only those can tell who kept it."""
    await came(scene, CONSENT)
    older = replace(page_of(scene), packed=KeptPage.of(*_story(LINK), hit=False).packed)
    with Queries.open(scene.address) as queries:
        entry = queries.entry(older.entry)
    scene.store.record(a_record(entry, Verdict(Outcome.GATE), page=older), scene.clock())

    first = await Backfill(scene.pipeline).run(kept(scene.address))
    again = await Backfill(scene.pipeline).run(kept(scene.address))

    assert (first.documents, first.matched, first.added) == (1, 1, 1)
    assert (again.matched, again.added) == (1, 0)
    (record,) = Queries.open(scene.address).list_hits()
    assert (record.hit.article.title, record.hit.article.feed) == ("Gezant", entry.feed)
    assert scene.web.asked[LINK] == 1


def _story(link: str) -> tuple[object, Page, object]:
    return an_entry(a_feed()), Page(url=link, asked=link, body=page("Gezant", SECRET)), NOW


def test_a_kept_page_comes_back_as_it_came(store: Store, queries: Queries):
    """Byte for byte, on both databases, with what its bytes need to be read; the latest that did not hit."""
    feed = a_feed()
    entry = an_entry(feed)
    store.save_poll(feed, PollRecord(at=NOW, outcome=Outcome.POLLED, listed=1, new=1), arrived(entry))
    for body, hit in ((b"een \xe9\x00", False), (b"twee \xe9\x00", True), (b"drie", False)):
        came = Page(url="https://lezer:geheim@krant.example/1", asked="", body=body, content_type="text/html",
                    charset="latin-1", fetched=NOW.astimezone(UTC))  # fmt: skip
        page = KeptPage.of(entry, came, NOW, hit=hit)
        store.record(a_record(entry, a_verdict(an_article(entry)), page=page), NOW)

    found = queries.kept_page(entry.key)
    assert found.page == replace(
        came, url="https://krant.example/1", asked="https://krant.example/1", body=b"twee \xe9\x00"
    )
    assert queries.kept_page(an_article(entry).key) == found
    ((its, its_feed, same),) = queries.kept_pages(queries.kept())
    assert (its.key, its_feed.key, same) == (entry.key, feed.key, found)


def test_a_page_without_end_is_not_kept():
    """A database is no archive of the web."""
    noise = Page(url=LINK, asked=LINK, body=os.urandom(LARGEST + 1))
    assert KeptPage.of(an_entry(a_feed()), noise, NOW, hit=True) is None
