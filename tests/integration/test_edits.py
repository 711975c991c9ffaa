"""Articles change after they were read: they are read again when the feed says so, after a hit, and while a blog runs."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli.app import main
from monitor.errors import FetchError
from monitor.model import Outcome
from monitor.store import HitRecord, Queries
from tests.fakes import RULES, Scene, page, stage
from tests.integration.test_pipeline import DULL, SECRET, opened

URL = "https://krant.example/1.html"
TITLE = "Gezant zag Oesjakov"
FIRST, SECOND = SECRET.splitlines()
PURGED = f"Een gezant was in Wenen voor een concert, zegt zijn woordvoerder aan deze krant.\n{SECOND}"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = stage(tmp_path)
    yield made
    made.store.close()


async def hit(scene: Scene) -> None:
    """A paper brings a story that hits, and it is told."""
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", TITLE, SECRET), ("oud.html", "Brug klaar", DULL))
    assert await scene.flow() == Counter({Outcome.POLLED: 1, Outcome.READ: 1, Outcome.SENT: 1})


def on_record(scene: Scene) -> HitRecord:
    (record,) = Queries.open(scene.address).list_hits()
    return record


async def test_an_article_that_hit_is_read_again_after_an_hour_and_after_a_day(scene):
    """By then it was corrected or filled in; after that it is left alone. Nobody is told twice."""
    await hit(scene)
    asked = []
    for minutes in (30, 35, 12 * 60, 13 * 60, 48 * 60):
        scene.clock.forward(minutes=minutes)
        await scene.flow()
        asked.append(scene.web.asked[URL])

    assert asked == [1, 2, 2, 3, 3]
    assert len(scene.post.to("slack")) == 1
    assert on_record(scene).edits == ()


async def test_what_hit_nothing_is_read_once(scene):
    """Or all of the news would be fetched three times."""
    await opened(scene, "krant")
    for _ in range(3):
        scene.clock.forward(hours=13)
        await scene.flow()

    assert scene.web.asked["https://krant.example/oud.html"] == 1


async def test_a_sentence_that_vanishes_is_recorded_and_the_evidence_stays(scene):
    """What a publisher takes out is news; the evidence must still be there to be read."""
    await hit(scene)
    scene.web.pages[URL] = page(TITLE, PURGED)

    scene.clock.forward(minutes=61)
    await scene.flow()

    record = on_record(scene)
    assert [(edit.what, edit.at) for edit in record.edits] == [("vanished", scene.clock())]
    assert record.edits[0].sentence in FIRST
    assert [found.sentence for found in record.hit.match.evidence][:1] == [record.edits[0].sentence]
    assert len(scene.post.to("slack")) == 1


async def test_a_sentence_that_comes_back_is_recorded_too(scene):
    """And only its coming and going: a day of the same text says nothing more."""
    await hit(scene)
    scene.web.pages[URL] = page(TITLE, PURGED)
    scene.clock.forward(minutes=61)
    await scene.flow()
    scene.web.pages[URL] = page(TITLE, SECRET)
    scene.clock.forward(hours=23)
    await scene.flow()

    assert [edit.what for edit in on_record(scene).edits] == ["vanished", "appeared"]


async def test_an_article_that_is_taken_down_is_an_edit(scene):
    """A story that is pulled is worth more than one that stays."""
    await hit(scene)
    scene.web.pages[URL] = FetchError(URL, "gone", retry=False, status=410)
    scene.clock.forward(minutes=61)

    assert (await scene.flow())[Outcome.GONE] == 1

    assert [edit.what for edit in on_record(scene).edits] == ["vanished"]
    scene.clock.forward(hours=24)
    assert (await scene.flow())[Outcome.GONE] == 0


async def test_a_page_that_cannot_be_had_once_more_is_no_edit(scene):
    """A server that stumbles has taken nothing out; what was read stays read, and is looked at a day later."""
    await hit(scene)
    good, scene.web.pages[URL] = scene.web.pages[URL], FetchError(URL, "500", retry=True, status=500)
    scene.clock.forward(minutes=61)
    await scene.flow()

    (report,) = Queries.open(scene.address).list_feeds()
    assert (report.outcomes[Outcome.READ], report.waiting) == (2, 0)
    scene.web.pages[URL] = good
    scene.clock.forward(hours=24)
    await scene.flow()
    assert on_record(scene).edits == ()
    assert scene.web.asked[URL] == 3


async def test_a_wall_in_the_articles_place_is_no_edit(scene):
    """A consent page holds none of its sentences, and says nothing of the article."""
    await hit(scene)
    consent = (
        "Wij en onze partners gebruiken cookies om uw gegevens te bewaren.\nAlles accepteren\nInstellingen beheren"
    )
    scene.web.pages[URL] = page("Privacy-instellingen: cookies accepteren", consent)
    scene.clock.forward(minutes=61)
    await scene.flow()

    assert on_record(scene).edits == ()


async def test_an_article_that_the_feed_calls_edited_is_read_again(scene):
    """A new headline means a new text. What hits only now is told; what was told is not told again."""
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", "Gezant in Wenen", DULL), ("oud.html", "Brug klaar", DULL))
    await scene.flow()
    scene.clock.forward(minutes=10)
    scene.publish("krant", ("1.html", TITLE, SECRET), ("oud.html", "Brug klaar", DULL))
    scene.web.pages[URL] = page(TITLE, SECRET)

    assert await scene.flow() == Counter({Outcome.POLLED: 1, Outcome.READ: 1, Outcome.SENT: 1})

    scene.clock.forward(minutes=10)
    scene.publish("krant", ("1.html", f"{TITLE} in Wenen", SECRET), ("oud.html", "Brug klaar", DULL))
    scene.web.pages[URL] = page(f"{TITLE} in Wenen", SECRET)
    assert await scene.flow() == Counter({Outcome.POLLED: 1, Outcome.READ: 1})
    assert len(scene.post.to("slack")) == 1
    assert on_record(scene).hit.article.title == f"{TITLE} in Wenen"


def blog(scene: Scene, *items: str) -> bytes:
    """A live blog with its items, one an hour, the newest first, changed now."""
    posts = "".join(
        f"<div class='post'><time>{8 + len(items) - n:02}:05</time><p>{text}</p></div>" for n, text in enumerate(items)
    )
    head = (
        "<title>Liveblog Wenen</title><meta property='og:type' content='article'>"
        f"<meta property='article:modified_time' content='{scene.clock().isoformat()}'>"
    )
    return (
        f"<!doctype html><html lang='nl'><head><meta charset='utf-8'>{head}</head>"
        f"<body><main><article><h1>Liveblog Wenen</h1>{posts}</article></main></body></html>"
    ).encode()


async def test_a_live_blog_is_read_again_while_it_runs(scene):
    """What comes in at noon was not there at nine. When it falls silent, it is left alone."""
    await opened(scene, "krant")
    dull = [f"{text} Dat zegt de wethouder van Wenen over de brug, nummer {n}." for n, text in enumerate([DULL] * 4)]
    scene.publish("krant", ("1.html", "Liveblog Wenen", DULL), ("oud.html", "Brug klaar", DULL))
    scene.web.pages[URL] = blog(scene, *dull)
    await scene.flow()
    for n in range(3):
        scene.clock.forward(minutes=11)
        scene.web.pages[URL] = blog(scene, *([SECRET] if n else []), *dull)
        await scene.flow()
        assert scene.web.asked[URL] == 2 + n

    assert len(scene.post.to("slack")) == 1
    for _ in range(8):
        scene.clock.forward(minutes=11)
        await scene.flow()
    silent = scene.web.asked[URL]
    scene.clock.forward(minutes=11)
    await scene.flow()
    assert scene.web.asked[URL] == silent


DULL_ITEMS = [
    f"De wethouder sprak voor de {word} keer over de brug en over de fietsers uit de hele streek."
    for word in ("eerste", "tweede", "derde", "vierde")
]
OTHER = "Peskov voerde in Ankara vertrouwelijke gesprekken met een Franse minister over graan en havens."


async def test_a_second_fact_in_a_live_blog_is_told_in_the_thread_of_the_first(scene):
    """A new fact is never hidden: each new item that hits is told, once, though the blog is one article."""
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", "Liveblog Wenen", DULL))
    said: list[str] = []
    for item in (
        DULL_ITEMS,
        [FIRST],
        [OTHER],
        [f"{OTHER} Dat zegt hij nu."],
        ["Het regent in Wenen, zegt de omroep daar."],
    ):
        said = [*item, *said] if not item[0].startswith(f"{OTHER} Dat") else [*item, *said[1:]]
        scene.web.pages[URL] = blog(scene, *said)
        await scene.flow()
        scene.clock.forward(minutes=11)

    first, second = scene.post.to("slack")
    assert "Oesjakov" in first.text
    assert "Oesjakov" not in second.text
    assert "Ankara" in second.text
    opening, following = scene.post.envelopes_to("slack")
    assert following.opening.envelope == opening
    hits = Queries.open(scene.address).list_hits()
    assert len({record.hit.story for record in hits}) == 1
    for record in hits:
        for found in record.hit.match.evidence:
            assert getattr(record.hit.article, found.field)[found.start : found.end] == found.text


async def test_what_a_blog_told_before_we_knew_it_is_not_told_and_what_comes_after_is(scene):
    """A first poll is silent; an item of an hour later is news all the same."""
    scene.subscribe("krant")
    scene.publish("krant", ("1.html", "Liveblog Wenen", DULL))
    scene.web.pages[URL] = blog(scene, FIRST, *DULL_ITEMS)
    await scene.flow()
    assert scene.post.to("slack") == []
    scene.clock.forward(minutes=11)
    scene.web.pages[URL] = blog(scene, OTHER, FIRST, *DULL_ITEMS)
    await scene.flow()

    (told,) = scene.post.to("slack")
    assert "Ankara" in told.text


async def test_a_second_fact_is_told_too_when_the_feed_brings_us_back(scene):
    """Feeds give a live blog a new headline with each turn of events."""
    await opened(scene, "krant")
    for n, items in enumerate(([FIRST, *DULL_ITEMS], [OTHER, FIRST, *DULL_ITEMS])):
        scene.publish("krant", ("1.html", f"Liveblog Wenen, deel {n}", DULL))
        scene.web.pages[URL] = blog(scene, *items)
        await scene.flow()
        scene.clock.forward(minutes=5)

    assert [("Ankara" in message.text) for message in scene.post.to("slack")] == [False, True]


async def test_an_item_that_is_taken_out_of_a_blog_is_an_edit_of_its_hit(scene):
    """What a publisher withdraws is followed item by item, too."""
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", "Liveblog Wenen", DULL))
    for items in (DULL_ITEMS, [FIRST, *DULL_ITEMS], [OTHER, FIRST, *DULL_ITEMS], [FIRST, *DULL_ITEMS]):
        scene.web.pages[URL] = blog(scene, *items)
        await scene.flow()
        scene.clock.forward(minutes=11)

    edits = {edit.sentence: edit.what for record in Queries.open(scene.address).list_hits() for edit in record.edits}
    assert edits == {f"14:05 {OTHER}": "vanished"}


async def test_with_a_blog_all_that_its_items_told_is_gone(scene):
    """A blog that is pulled takes each of its facts with it, also those that were told one by one."""
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", "Liveblog Wenen", DULL))
    for items in (DULL_ITEMS, [FIRST, *DULL_ITEMS], [OTHER, FIRST, *DULL_ITEMS]):
        scene.web.pages[URL] = blog(scene, *items)
        await scene.flow()
        scene.clock.forward(minutes=11)
    scene.web.pages[URL] = FetchError(URL, "gone", retry=False, status=410)

    assert (await scene.flow())[Outcome.GONE] == 1

    records = Queries.open(scene.address).list_hits()
    assert len(records) == 2
    for record in records:
        said = {found.sentence for found in record.hit.match.evidence}
        assert {edit.sentence: edit.what for edit in record.edits} == dict.fromkeys(said, "vanished")
    assert len(scene.post.to("slack")) == 2


async def test_the_ledger_counts_a_second_reading_of_nothing_twice(scene):
    """What waits to be read once more was read: the sums are those of entries."""
    await hit(scene)
    (ledger,) = Queries.open(scene.address).ledger()

    assert (ledger.new, ledger.waiting, ledger.missing) == (2, 0, 0)
    assert ledger.entries == {Outcome.READ: 2}
    assert Queries.open(scene.address).status().inbox == 0
    counters = Queries.open(scene.address).status()
    assert (counters.listed, counters.known, counters.new) == (3, 1, 2)
    assert (counters.waiting, counters.outcomes, counters.missing) == (0, {Outcome.READ: 2}, 0)


async def test_a_person_is_shown_what_was_edited_and_what_became_of_every_entry(scene, tmp_path):
    """In `hits show`, `feeds list`, `feeds show` and `status`, to people and to machines."""
    await hit(scene)
    scene.web.pages[URL] = page(TITLE, PURGED)
    scene.clock.forward(minutes=61)
    await scene.flow()
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES.replace("ops: [desk]", f"ops: [desk], database: '{scene.address}'"), encoding="utf-8")

    def monitor(*words: str) -> str:
        done = CliRunner().invoke(main, [*words, "--rules", str(rules)])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert f"“{on_record(scene).edits[0].sentence}”" in monitor("hits", "show", on_record(scene).hit.key)
    said = json.loads(monitor("hits", "show", on_record(scene).hit.key, "--json"))
    assert [edit["what"] for edit in said["edits"]] == ["vanished"]
    shown = monitor("feeds", "show", "krant")
    assert "listed 3 = known 1 + new 2\nnew 2 = waiting 0 + 2 read\n" in shown
    assert "unchanged" in shown
    assert "listed     3 = 1 known + 2 new\nnew        2 = 0 waiting + 2 read\n" in monitor("status")
    assert json.loads(monitor("status", "--json"))["outcomes"] == {"read": 2}
