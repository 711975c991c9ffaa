"""The three steps on a real database: nothing is lost, nobody is told twice, and one trouble stops nothing else."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor import housekeeping
from monitor.archives.web import listed
from monitor.backfill import Backfill
from monitor.config import Config, changed
from monitor.daemon import Daemon
from monitor.errors import DeliveryError, FetchError, SandboxError, StoreError
from monitor.model import Mute, Notice, Outcome
from monitor.store import Queries, Store
from monitor.store.file import PAGE_SIZE
from tests.fakes import RULES, Scene, page, paper_feed, settled, stage

SECRET = (
    "Een gezant sprak in Wenen in het geheim met Oesjakov over een bestand. Dat duurde twee dagen.\n"
    "De delegaties kwamen met kleine vliegtuigen aan, zeggen drie mensen die erbij waren in de Oostenrijkse hoofdstad."
)
DULL = (
    "De brug over de rivier gaat in het voorjaar open voor fietsers en wandelaars uit de hele streek.\n"
    "Het werk duurde drie jaar en kostte twaalf miljoen euro, meer dan de gemeente vooraf had begroot."
)
OTHER = (
    "Peskov voerde in Ankara vertrouwelijke gesprekken met een Franse minister over graan en havens.\n"
    "Het Kremlin noemt het bericht verzonnen, de minister wil niets zeggen over zijn reis naar Turkije."
)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = stage(tmp_path)
    yield made
    made.store.close()


async def opened(scene: Scene, *names: str) -> None:
    """Watch papers that have listed a dull article before: their first poll is over."""
    scene.subscribe(*names)
    for name in names:
        scene.publish(name, ("oud.html", "Brug klaar", DULL))
    await scene.flow()
    scene.clock.forward(minutes=10)


async def test_what_a_first_poll_lists_is_on_record_and_nobody_is_told(scene):
    """A desk that starts today does not want last week's alerts; but what was written is known."""
    scene.subscribe("krant")
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))

    assert await scene.flow() == Counter({Outcome.POLLED: 1, Outcome.READ: 1})

    assert scene.post.sent == []
    assert [record.hit.silent for record in asked(scene).list_hits()] == [True]


async def test_a_new_entry_is_told_once(scene):
    """The main job."""
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET), ("oud.html", "Brug klaar", DULL))

    assert await scene.flow() == Counter({Outcome.POLLED: 1, Outcome.READ: 1, Outcome.SENT: 1})
    scene.clock.forward(minutes=10)
    assert await scene.flow() == Counter({Outcome.UNCHANGED: 1})

    assert len(scene.post.to("slack")) == 1
    assert "Gezant zag Oesjakov" in scene.post.to("slack")[0].title


async def test_a_refused_delivery_is_tried_again_later_and_keeps_its_place(scene):
    """A channel that is down loses nothing, is not asked for each message in turn, and order is kept."""
    await opened(scene, "krant")
    scene.post.refusing["slack"] = DeliveryError("slack", "503", retry=True)
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    assert (await scene.flow())[Outcome.RETRY] == 1
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET), ("2.html", "Peskov in Ankara", OTHER))
    scene.clock.forward(seconds=20)
    scene.store.sync_feeds([], scene.clock(), lambda _: timedelta(0))
    scene.subscribe("krant")  # due at once
    assert (await scene.flow())[Outcome.RETRY] == 0, "not asked before its time"

    del scene.post.refusing["slack"]
    scene.clock.forward(minutes=3)
    await scene.flow()

    assert [message.title.count("Peskov") for message in scene.post.to("slack")] == [0, 1]


async def test_retry_after_is_honoured(scene):
    """A service that says when, is asked then and not before."""
    await opened(scene, "krant")
    scene.post.refusing["slack"] = DeliveryError("slack", "429", retry=True, retry_after=timedelta(hours=1))
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    await scene.flow()
    del scene.post.refusing["slack"]

    scene.clock.forward(minutes=59)
    assert (await scene.flow())[Outcome.SENT] == 0
    scene.clock.forward(minutes=2)
    assert (await scene.flow())[Outcome.SENT] == 1


async def test_a_refusal_for_good_is_kept_and_told_by_another_channel(scene):
    """A revoked token must not be a silence."""
    await opened(scene, "krant")
    scene.post.refusing["slack"] = DeliveryError("slack", "403 invalid_token", retry=False)
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))

    assert (await scene.flow())[Outcome.DEAD] == 1
    await scene.flow()

    (notice,) = scene.post.to("desk")
    assert "slack" in notice.title
    assert "invalid_token" in notice.text
    assert "Geheime gesprekken: Gezant zag Oesjakov" in notice.text, "told after all"
    assert "https://krant.example/1.html" in notice.text
    (dead,) = asked(scene).list_deliveries(outcome=Outcome.DEAD)

    del scene.post.refusing["slack"]
    scene.store.retry_deliveries([dead.key], scene.clock())
    assert (await scene.flow())[Outcome.SENT] == 1


async def test_what_a_channel_gave_up_is_told_by_any_other_where_none_is_named(scene, tmp_path):
    """Without settings.ops, too: the alert itself is in it."""
    scene.with_rules(RULES.replace("{ops: [desk]}", "{}"), tmp_path)
    await opened(scene, "krant")
    scene.post.refusing["slack"] = DeliveryError("slack", "403 invalid_token", retry=False)
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    await scene.flow()
    await scene.flow()

    (notice,) = scene.post.to("desk")
    assert "Gezant zag Oesjakov" in notice.text


async def test_one_stuck_channel_delays_no_other(scene, tmp_path):
    """Each channel sends apart from the others."""
    scene.with_rules(RULES.replace("send: [slack]", "send: [slack, desk]"), tmp_path)
    await opened(scene, "krant")
    scene.post.refusing["slack"] = DeliveryError("slack", "no answer", retry=True)
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))

    assert (await scene.flow()) == Counter({Outcome.POLLED: 1, Outcome.READ: 1, Outcome.SENT: 1, Outcome.RETRY: 1})


async def test_a_page_that_fails_is_told_by_the_feeds_words_and_read_later_without_telling_twice(scene):
    """A story is not missed because a server stumbles; and it is not told twice because it recovers."""
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    address = "https://krant.example/1.html"
    good, scene.web.pages[address] = scene.web.pages[address], FetchError(address, "500", retry=True, status=500)

    assert await scene.flow() == Counter({Outcome.POLLED: 1, Outcome.RETRY: 1, Outcome.SENT: 1})
    assert not asked(scene).list_hits()[0].hit.article.complete

    scene.web.pages[address] = good  # type: ignore[assignment]
    scene.clock.forward(minutes=3)
    assert (await scene.flow())[Outcome.READ] == 1
    assert len(scene.post.to("slack")) == 1
    assert asked(scene).list_hits()[0].hit.article.complete


async def test_a_page_that_never_comes_is_given_up_and_accounted_for(scene):
    """A dull entry whose page fails for ever ends as failed, not as a wait without end."""
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", "Brug twee", DULL))
    address = "https://krant.example/1.html"
    scene.web.pages[address] = FetchError(address, "timeout", retry=True)
    seen: Counter[Outcome] = Counter()
    for _ in range(8):
        seen += await scene.flow()
        scene.clock.forward(hours=8)
    assert seen[Outcome.RETRY] == 4
    (report,) = asked(scene).list_feeds()
    assert report.outcomes[Outcome.FAILED] == 1
    assert report.waiting == 0


async def test_a_gates_text_is_never_matched(scene):
    """A consent page may say anything, also what a rule looks for."""
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", "Brug twee", DULL))
    consent = page("Privacy", "Wij en onze partners gebruiken cookies. " + SECRET + "\nAlles accepteren of instellen?")
    scene.web.pages["https://krant.example/1.html"] = consent.replace(
        b"og:type' content='article", b"robots' content='x"
    )

    found = await scene.flow()

    assert found[Outcome.SENT] == 0 or found[Outcome.GATE] == 0


WALL = (
    "Geheim overleg met Oesjakov in Wenen volgt u hier, zodra u hebt gekozen welke lezer u bent en hoe u wilt betalen.\n"
    "Kies hieronder een formule die bij u past, of vraag iemand in huis die al leest om u een pas te geven van dit blad."
)


async def test_one_text_under_many_links_of_a_host_is_seen_to_be_a_wall(scene, tmp_path):
    """A wall of a kind that nobody knew: after a few pages its words are no longer matched, the feed's are."""
    scene.with_rules(RULES.replace("$covert + $contact + $kremlin", "geheim overleg"), tmp_path)
    await opened(scene, "krant", "courant")
    found = []
    for n in range(5):
        title = f"Bericht nummer {n} van de wethouder"
        scene.publish("krant", (f"bericht-van-de-dag-{n}.html", title, DULL))
        scene.web.pages[f"https://krant.example/bericht-van-de-dag-{n}.html"] = page(title, WALL)
        found.append(await scene.flow())
        scene.clock.forward(minutes=10)

    assert [outcomes[Outcome.READ] for outcomes in found] == [1, 1, 1, 0, 0]
    assert [outcomes[Outcome.GATE] for outcomes in found] == [0, 0, 0, 1, 1]
    assert len(asked(scene).list_hits()) == 3

    scene.publish("courant", ("zelfde-woorden-elders.html", "Geheim overleg", WALL))
    assert (await scene.flow())[Outcome.READ] == 1, "another host may print the same text: agencies write for many"


async def test_a_failing_feed_is_told_once_and_again_when_it_recovers(scene):
    """A dead feed is a story missed in silence: a person must hear of it, and not every five minutes."""
    await opened(scene, "krant", "courant")
    broken = FetchError("https://krant.example/rss", "500", retry=True, status=500)
    scene.web.pages["https://krant.example/rss"] = broken
    for _ in range(12):
        await scene.flow()
        scene.clock.forward(hours=7)
    titles = [message.title for message in scene.post.to("desk") if "krant" in message.title]
    assert len([title for title in titles if "cannot be read" in title]) == 1

    scene.publish("krant", ("nieuw.html", "Brug open", DULL))
    for _ in range(2):
        await scene.flow()
        scene.clock.forward(hours=7)
    assert any("recovered" in message.title for message in scene.post.to("desk"))


async def test_an_hour_without_a_network_is_told_in_a_message_or_two(scene):
    """A hundred feeds that fail by themselves would be a hundred messages, and as many when the line is back."""
    names = [f"krant{number}" for number in range(12)]
    await opened(scene, *names)
    for name in names:
        url = f"https://{name}.example/rss"
        scene.web.pages[url] = FetchError(url, "the name cannot be resolved", retry=True)
    for _ in range(70):
        scene.clock.forward(minutes=1)
        await scene.flow()
    told = scene.post.to("desk")
    assert len(told) <= 2
    assert sum(message.text.count(": cannot be read") for message in told) == len(names)


async def test_a_host_that_is_asked_too_much_is_left_alone(scene):
    """429 on one page: the rest of the visit waits, too, as long as it says."""
    await opened(scene, "krant")
    articles = [(f"{n}.html", f"Brug {n}", DULL) for n in range(1, 6)]
    scene.publish("krant", *articles)
    for path, _, _ in articles:
        address = f"https://krant.example/{path}"
        busy = FetchError(address, "429", retry=True, status=429, retry_after=timedelta(minutes=30))
        scene.web.pages[address] = busy

    await scene.flow()
    asked_pages = sum(n for url, n in scene.web.asked.items() if url.endswith(".html") and "oud" not in url)
    assert asked_pages == 1
    scene.clock.forward(minutes=20)
    await scene.flow()
    assert sum(n for url, n in scene.web.asked.items() if url.endswith(".html") and "oud" not in url) == 1


async def test_one_story_in_two_papers_is_one_thread(scene):
    """The same event in a second paper is a follow-up, not a second alarm."""
    await opened(scene, "krant", "courant")
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov in Wenen", SECRET))
    await scene.flow()
    scene.publish(
        "courant", ("9.html", "Geheim overleg met Oesjakov in Wenen", SECRET.replace("kleine", "twee kleine"))
    )
    scene.clock.forward(minutes=10)
    await scene.flow()

    first, second = scene.post.envelopes_to("slack")
    assert second.opening.envelope == first
    assert "Gezant zag Oesjakov in Wenen (Krant)" in scene.post.to("slack")[1].text
    assert len({record.hit.story for record in asked(scene).list_hits()}) == 1


async def test_what_is_muted_is_on_record_and_not_sent(scene):
    """A mute is a choice not to hear, never a choice not to know."""
    await opened(scene, "krant")
    scene.store.add_mute(Mute(kind="rule", value="talks", until=scene.clock() + timedelta(days=1)))
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    await scene.flow()

    assert scene.post.to("slack") == []
    (record,) = asked(scene).list_hits()
    assert [one.outcome for one in record.deliveries] == [Outcome.MUTED]


async def test_what_a_backfill_found_alarms_nobody_when_it_is_met_live(scene):
    """Live and backfill agree on what a hit is without asking each other."""
    await opened(scene, "krant")
    fill = Backfill(scene.pipeline, told=lambda *_: None)
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    await fill.run(listed(["https://krant.example/1.html"], {}))
    assert len(fill.summary.new) == 1

    found = await scene.flow()

    assert found[Outcome.READ] == 1
    assert scene.post.to("slack") == []


async def test_a_backfill_that_tells_sends_one_digest(scene):
    """A month of hits is one message, and doing it again tells nothing."""
    links = []
    for n, text in enumerate((SECRET, OTHER)):
        scene.publish(f"krant{n}", (f"{n}.html", f"Verhaal {n}", text))
        links.append(f"https://krant{n}.example/{n}.html")
    for expected in (1, 1):
        fill = Backfill(scene.pipeline, told=lambda *_: None, tell=True)
        await fill.run(listed(links, {}))
        await fill.send()
        assert len(scene.post.to("slack")) == expected
    assert "Verhaal 0" in scene.post.to("slack")[0].text
    assert "Verhaal 1" in scene.post.to("slack")[0].text


async def test_a_removed_rule_does_not_lose_what_waits(scene, tmp_path):
    """Hits of a rule that was taken out are still told."""
    await opened(scene, "krant")
    scene.post.refusing["slack"] = DeliveryError("slack", "503", retry=True)
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    await scene.flow()
    scene.with_rules(RULES.replace("id: talks", "id: other"), tmp_path)
    del scene.post.refusing["slack"]
    scene.clock.forward(minutes=3)

    assert (await scene.flow())[Outcome.SENT] == 1


async def test_a_clock_that_was_ahead_does_not_stop_the_watch(scene):
    """A machine that starts in 2036 and is then set right goes on polling and sending."""
    await opened(scene, "krant")
    scene.clock.forward(days=3650)
    await scene.flow()
    scene.clock.forward(days=-3650)
    assert not (await scene.flow())[Outcome.UNCHANGED]
    await housekeeping.mend_dates(scene.pipeline)
    scene.clock.forward(hours=2)

    assert (await scene.flow())[Outcome.UNCHANGED] == 1


async def test_a_clock_that_is_put_back_an_hour_costs_no_hour(scene):
    """A machine that took local time for UTC is set right: what was due in minutes is due in minutes, feed and retry."""
    await opened(scene, "krant")
    scene.post.refusing["slack"] = DeliveryError("slack", "503", retry=True)
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    await scene.flow()
    scene.clock.forward(hours=-1)
    await housekeeping.mend_dates(scene.pipeline)
    del scene.post.refusing["slack"]
    scene.publish("krant", ("2.html", "Gezant zag Lavrov", SECRET.replace("Oesjakov", "Lavrov")))

    for _ in range(6):
        scene.clock.forward(minutes=1)
        await scene.flow()

    assert len(scene.post.to("slack")) == 2


async def test_what_a_clock_that_was_ahead_held_for_the_morning_waits_for_the_morning(scene, tmp_path):
    """A digest leaves by the clock on the wall, whatever that showed meanwhile."""
    scene.with_rules(RULES.replace("slack: {}", 'slack: {digest: "12:00"}'), tmp_path)
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    await scene.flow()
    scene.clock.forward(hours=-1)
    await housekeeping.mend_dates(scene.pipeline)
    waits = [one.due for one in asked(scene).list_deliveries()]

    assert [due.hour for due in waits if due] == [11], "noon in Brussels"


async def test_a_restart_hurries_no_feed_that_is_polled_once_a_week(scene):
    """A daemon mends the dates of a clock that was ahead when it starts; `every: 7d` is no such date."""
    weekly = replace(paper_feed("krant"), every=timedelta(days=7))
    scene.store.sync_feeds([weekly], scene.clock(), lambda _: timedelta(0))
    scene.publish("krant")
    await scene.flow()
    scene.clock.forward(days=1)

    await housekeeping.mend_dates(scene.pipeline)

    assert await scene.flow() == Counter()


async def test_a_restart_hurries_no_follow_up_that_is_told_once_a_fortnight(scene, tmp_path):
    """Nor is the date that a rule's `every` gives to what follows."""
    scene.with_rules(RULES.replace("send: [slack]", "send: [slack]\n    every: 14d"), tmp_path)
    await opened(scene, "krant")
    for name in ("1.html", "2.html"):
        scene.publish("krant", (name, "Gezant zag Oesjakov", SECRET))
        await scene.flow()
        scene.clock.forward(minutes=10)
    assert [len(scene.post.sent), scene.store.deliveries_waiting()] == [1, ("slack",)]

    await housekeeping.mend_dates(scene.pipeline)
    await scene.flow()

    assert len(scene.post.sent) == 1


async def test_the_ledger_sums_under_faults(scene):
    """listed = known + new, and new = every outcome, whatever went wrong on the way."""
    await opened(scene, "krant")
    for n in range(6):
        articles = [(f"{i}.html", f"Bericht {i}", DULL if i % 2 else SECRET) for i in range(n + 1)]
        scene.publish("krant", *articles)
        address = f"https://krant.example/{n}.html"
        if n % 3 == 1:
            scene.web.pages[address] = FetchError(address, "gone", retry=False, status=410)
        if n % 3 == 2:
            scene.web.pages[address] = FetchError(address, "timeout", retry=True)
        await scene.flow()
        scene.clock.forward(hours=1)
    (ledger,) = asked(scene).ledger()
    assert ledger.listed == ledger.new + ledger.known
    assert ledger.new == 7
    assert ledger.missing == 0


class Dying:
    """A sandbox whose workers die so many times of one kind of work."""

    def __init__(self, times: int, work: str = "read", reason: str = "crash") -> None:
        self.left, self.work, self.reason = times, work, reason

    async def run(self, function: Callable[..., object], *args: object, deadline: timedelta | None = None) -> object:
        if self.left and function.__name__ == self.work:
            self.left -= 1
            raise SandboxError(self.reason, self.work)
        return function(*args)


@pytest.mark.parametrize(
    ("sandbox", "outcome", "in_full"),
    [
        (Dying(1), Outcome.READ, True),
        (Dying(2), Outcome.FAILED, False),
        (Dying(1, reason="timeout"), Outcome.FAILED, False),
        (Dying(9, "refine"), Outcome.READ, True),
    ],
    ids=["one worker dies", "each worker dies", "it never ends", "only the better text cannot be had"],
)
async def test_a_page_that_a_worker_dies_of_loses_no_story(scene, sandbox, outcome, in_full):
    """Another worker tries once more; then the feed's words are matched, and the hit says so."""
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    scene.pipeline = replace(scene.pipeline, sandbox=sandbox)

    found = await scene.flow()

    assert (found[outcome], found[Outcome.SENT]) == (1, 1)
    (record,) = asked(scene).list_hits()
    assert record.hit.article.complete is in_full


class Faulty:
    """Rules with a fault that nobody foresaw."""

    def match(self, article: object) -> tuple[()]:
        raise RuntimeError("nobody foresaw this")


async def test_what_nobody_foresaw_is_tried_again_and_not_for_ever(scene):
    """A fault of ours must neither lose an entry in silence nor ask its publisher every second."""
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    sound = scene.pipeline.ruleset
    scene.pipeline = replace(scene.pipeline, ruleset=Faulty())  # type: ignore[arg-type]
    assert (await scene.flow())[Outcome.RETRY] == 1
    assert (await scene.flow())[Outcome.RETRY] == 0, "not at once"

    scene.pipeline = replace(scene.pipeline, ruleset=sound)
    scene.clock.forward(minutes=3)
    assert (await scene.flow())[Outcome.SENT] == 1


async def test_what_fails_unforeseen_time_and_again_is_given_up_and_counted(scene):
    """The ledger has it as failed, with the reason."""
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    scene.pipeline = replace(scene.pipeline, ruleset=Faulty())  # type: ignore[arg-type]
    for _ in range(7):
        await scene.flow()
        scene.clock.forward(hours=8)
    (report,) = asked(scene).list_feeds()
    assert (report.waiting, report.outcomes[Outcome.FAILED]) == (0, 1)


async def test_what_was_read_stays_read_when_a_second_look_fails_unforeseen(scene):
    """The ledger must not lose an article that hit to a fault in what looks for its edits."""
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    await scene.flow()
    scene.pipeline = replace(scene.pipeline, ruleset=Faulty())  # type: ignore[arg-type]
    scene.clock.forward(hours=1)
    assert (await scene.flow())[Outcome.FAILED] == 1
    (report,) = asked(scene).list_feeds()
    assert (report.waiting, report.outcomes[Outcome.READ], report.outcomes[Outcome.FAILED]) == (0, 2, 0)


async def test_damage_to_the_database_is_found_within_a_day_and_not_looked_for_at_every_start(scene, tmp_path):
    """Gigabytes are read once a day, however often the daemon is started anew."""
    await opened(scene, "krant")
    scene.publish("krant", *((f"{n}.html", f"Titel {n}", f"{DULL} {n}") for n in range(40)))
    await scene.flow()
    await housekeeping.examine(scene.pipeline)

    scene.store.close()
    with (tmp_path / "monitor.db").open("r+b") as file:
        file.seek((tmp_path / "monitor.db").stat().st_size // 2 // PAGE_SIZE * PAGE_SIZE)
        file.write(b"\xff" * PAGE_SIZE)
    scene.pipeline = replace(scene.pipeline, store=Store.open(scene.address))
    await housekeeping.examine(scene.pipeline)

    scene.clock.forward(hours=20)
    for _ in range(2):
        with pytest.raises(StoreError, match="damaged"):
            await housekeeping.examine(scene.pipeline)
    told = scene.store.claim_deliveries("desk", scene.clock(), timedelta(minutes=10))
    assert [one.subject.title for one in told] == ["the database is damaged"], "once a day"


async def test_a_message_that_cannot_be_made_is_tried_again(scene, monkeypatch):
    """A fault in rendering must not lose the alert, nor stop the daemon."""
    await opened(scene, "krant")
    scene.publish("krant", ("1.html", "Gezant zag Oesjakov", SECRET))
    with monkeypatch.context() as broken:
        broken.setattr("monitor.render.message", lambda *_, **__: 1 / 0)
        assert (await scene.flow())[Outcome.RETRY] == 1
    scene.clock.forward(minutes=3)
    assert (await scene.flow())[Outcome.SENT] == 1


async def test_a_file_that_cannot_be_followed_is_refused(scene, tmp_path):
    """Another database needs a restart; until then the watch goes on as it was."""
    other = settled(RULES.replace("settings: {", "settings: {database: 'sqlite:///other.db', "), tmp_path)
    daemon = Daemon(scene.pipeline, load=lambda _: other)
    await daemon.reload()
    await daemon.reload()

    assert daemon.pipeline is scene.pipeline
    assert "restart" in daemon.refused.why


async def test_a_refused_file_is_read_again_when_what_it_includes_was_mended(scene, tmp_path):
    """The slip stands in a file that the rules in force know nothing of."""
    more = tmp_path / "more.yaml"
    more.write_text("rules: [{id: two, fnd: gesprek}]\n", encoding="utf-8")
    daemon = Daemon(scene.pipeline, load=lambda _: settled(f"include: more.yaml\n{RULES}", tmp_path))
    await daemon.reload()
    assert daemon.pipeline is scene.pipeline
    assert not changed(daemon.seen)

    more.write_text("rules: [{id: two, find: gesprek}]\n", encoding="utf-8")

    assert changed(daemon.seen)
    await daemon.reload()
    assert "two" in {rule.id for rule in daemon.pipeline.config.book.rules}


async def test_a_reload_that_fails_unforeseen_does_not_stop_the_watch(scene):
    """Whatever is wrong with a file or with us, the last good rules stay in force."""

    def broken(_: object) -> Config:
        raise RuntimeError("nobody foresaw this")

    daemon = Daemon(scene.pipeline, load=broken)
    await daemon.reload()
    assert daemon.pipeline is scene.pipeline


async def test_a_notice_never_begets_a_notice(scene):
    """A dead notice about a dead channel must not go round for ever."""
    scene.post.refusing["desk"] = DeliveryError("desk", "no", retry=False)
    await scene.pipeline.notify_ops("something", "happened")
    await scene.flow()
    await scene.flow()
    waiting = asked(scene).list_deliveries()
    assert [type(one.subject) for one in waiting] == [Notice]


def asked(scene: Scene) -> Queries:
    return Queries.open(scene.address)


def test_feeds_of_the_scene_have_the_keys_of_their_addresses():
    """The fakes speak of the same feeds as the program."""
    assert paper_feed("krant").url == "https://krant.example/rss"
