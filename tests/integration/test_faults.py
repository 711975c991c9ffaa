"""Feeds that go wrong on a real server: each with its own outcome, nothing lost from the sums, the others on time."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from monitor.fetch import Fetcher
from monitor.model import Feed, Outcome, key_of
from monitor.sandbox import Sandbox
from monitor.store import PollRecord, Queries
from tests.fakes import Scene, stage
from tests.hostile import Hostile

WAYS = ("grows", "is-emptied", "gets-new-ids", "lies", "is-cut-off", "is-busy", "turns-to-html")
LOOPBACK = ip_network("127.0.0.0/8")


@dataclass
class World:
    """A scene on the real network: each feed has a host of its own."""

    scene: Scene
    feeds: dict[str, Feed]
    rounds: list[datetime]

    async def round(self, **later: float) -> None:
        """Some time later, do all that is due: twice, for what was found is read then."""
        self.scene.clock.forward(**later)
        self.rounds.append(self.scene.clock())
        await self.scene.flow()
        await self.scene.flow()

    def polls(self, way: str) -> tuple[PollRecord, ...]:
        """The polls of a feed, the first one first."""
        return Queries.open(self.scene.address).polls(self.feeds[way].key)[::-1]

    def sums(self, way: str) -> list[tuple[Outcome, int, int, int]]:
        return [(poll.outcome, poll.listed, poll.known, poll.new) for poll in self.polls(way)]


@pytest.fixture
async def world(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    ways = getattr(request, "param", (*WAYS, "hangs"))
    scene = stage(tmp_path)
    async with AsyncExitStack() as stack:
        addresses = {way: f"127.0.0.{number}" for number, way in enumerate(ways, 2)}
        servers = {way: await stack.enter_async_context(Hostile(host=host)) for way, host in addresses.items()}
        urls = {way: server.url("/silent" if way == "hangs" else f"/then/{way}") for way, server in servers.items()}
        feeds = {
            way: Feed(key=key_of("feed", url), name=way, url=url, every=timedelta(minutes=10))
            for way, url in urls.items()
        }
        fetcher = Fetcher("", (LOOPBACK,), pause=timedelta(), total=timedelta(seconds=2), now=scene.clock)
        await stack.enter_async_context(fetcher)
        sandbox = await stack.enter_async_context(Sandbox())
        config = replace(scene.pipeline.config, feeds=tuple(feeds.values()))
        scene.pipeline = replace(scene.pipeline, config=config, fetcher=fetcher, sandbox=sandbox)
        scene.store.sync_feeds(config.feeds, scene.clock(), lambda _: timedelta(0))
        yield World(scene, feeds, [])
    scene.store.close()


async def test_each_fault_has_its_outcome_and_the_sums_are_exact(world):
    """One bad feed never delays the others, and no entry that any of them listed is lost in silence."""
    for _ in range(4):
        await world.round(minutes=11)

    polled, failed, unchanged = Outcome.POLLED, Outcome.FAILED, Outcome.UNCHANGED
    first = (polled, 6, 0, 6)
    assert world.sums("grows") == [first, (polled, 6, 4, 2), (polled, 6, 5, 1), (polled, 6, 5, 1)]
    assert world.sums("is-emptied") == [first, (polled, 0, 0, 0), (unchanged, 0, 0, 0), (unchanged, 0, 0, 0)]
    assert world.sums("gets-new-ids") == [first, *[(polled, 6, 6, 0)] * 3]
    assert world.sums("lies") == [first, *[(unchanged, 0, 0, 0)] * 3]
    assert world.sums("is-cut-off")[:2] == [first, (failed, 0, 0, 0)]
    assert world.sums("is-busy") == [first, (failed, 0, 0, 0)]
    assert world.sums("turns-to-html")[:2] == [first, (failed, 0, 0, 0)]
    assert {outcome for outcome, *_ in world.sums("hangs")} == {failed}

    assert [poll.at for poll in world.polls("grows")] == world.rounds, "polled on time, whatever the others did"
    for ledger in Queries.open(world.scene.address).ledger():
        assert (ledger.listed, ledger.missing) == (ledger.new + ledger.known, 0)
        assert ledger.new == ledger.waiting + sum(ledger.entries.values())
    totals = Counter({way: sum(poll.new for poll in world.polls(way)) for way in world.feeds})
    assert totals == {**dict.fromkeys(WAYS, 6), "grows": 10, "hangs": 0}


@pytest.mark.parametrize("world", [("lies",)], indirect=True)
async def test_a_feed_that_says_304_for_ever_is_found_out_within_a_day(world):
    """Its entries of the meantime are read then."""
    await world.round()
    await world.round(minutes=11)
    await world.round(hours=25)

    assert world.sums("lies")[1:] == [(Outcome.UNCHANGED, 0, 0, 0), (Outcome.POLLED, 6, 3, 3)]


@pytest.mark.parametrize("world", [("is-busy",)], indirect=True)
async def test_a_host_that_asks_for_patience_is_asked_when_it_says(world):
    """Retry-After of fifty minutes: not sooner, and then all is well again."""
    await world.round()
    for _ in range(6):
        await world.round(minutes=11)

    polls = world.polls("is-busy")
    assert polls[2].at - polls[1].at >= timedelta(minutes=50)
    assert [poll.outcome for poll in polls[:3]] == [Outcome.POLLED, Outcome.FAILED, Outcome.UNCHANGED]


@pytest.mark.parametrize("world", [("is-cut-off",)], indirect=True)
async def test_half_a_document_is_never_taken_for_the_whole(world):
    """Its ETag would hide the other half for ever."""
    await world.round()
    await world.round(minutes=11)

    (cut,) = world.scene.store.feeds()
    assert cut.state.etag == '"een"'
    assert cut.state.failures == 1
    assert cut.state.error
