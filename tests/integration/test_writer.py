"""Steps that share a transaction: each is on disk when it is answered, and a fault in one loses no other."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.errors import StoreError
from monitor.model import Entry, Feed, Outcome, key_of
from monitor.store import PollRecord, Queries, Store
from tests.making import arrived

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'monitor.db'}"


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    with Store.open(address) as made:
        made.upgrade()
        yield made


def a_feed(number: int) -> Feed:
    url = f"https://krant{number}.example/rss"
    return Feed(key=key_of("feed", url), name=f"krant{number}", url=url)


def an_entry(feed: Feed, **said: object) -> Entry:
    return Entry(key=key_of("entry", feed.key), feed=feed.key, found=NOW, due=NOW, **said)  # type: ignore[arg-type]


async def saved(store: Store, feed: Feed, entry: Entry) -> tuple[Entry, ...]:
    poll = PollRecord(at=NOW, outcome=Outcome.POLLED, listed=1, new=1)
    return await store.apart(store.save_poll, feed, poll, arrived(entry))


def count_commits(store: Store) -> list[str]:
    """Note each transaction that ends well, by the words that SQLite is told."""
    said: list[str] = []
    raw = store._engine.raw_connection()
    raw.driver_connection.set_trace_callback(lambda words: said.append(words) if words == "COMMIT" else None)
    raw.close()
    return said


def held(store: Store) -> threading.Event:
    """Keep the writing thread busy until the event is set, so that what is asked meanwhile waits together."""
    let_go = threading.Event()
    asyncio.get_running_loop().create_task(store.apart(let_go.wait))
    return let_go


async def test_what_waits_goes_into_one_transaction(store, address):
    """A commit is a wait for the disk; fifty feeds that were not modified need not wait fifty times."""
    let_go = held(store)
    await asyncio.sleep(0)
    commits = count_commits(store)
    asked = [asyncio.create_task(saved(store, a_feed(n), an_entry(a_feed(n)))) for n in range(50)]
    await asyncio.sleep(0.05)
    let_go.set()

    assert [len(one) for one in await asyncio.gather(*asked)] == [1] * 50

    assert len(commits) == 1
    assert sum(ledger.new for ledger in Queries.open(address).ledger()) == 50


async def test_a_fault_in_one_loses_no_other(store, address):
    """One poll that cannot be written is that poll's trouble; who asked for it hears of it."""
    let_go = held(store)
    await asyncio.sleep(0)
    asked = [
        asyncio.create_task(saved(store, a_feed(n), an_entry(a_feed(n), title=None if n == 3 else "Brug")))
        for n in range(8)
    ]
    await asyncio.sleep(0.05)
    let_go.set()

    done = await asyncio.gather(*asked, return_exceptions=True)

    assert [isinstance(one, StoreError) for one in done] == [n == 3 for n in range(8)]
    assert {ledger.feed for ledger in Queries.open(address).ledger()} == {a_feed(n).key for n in range(8) if n != 3}


async def test_what_was_answered_is_on_disk(store, address):
    """A kill right after an answer loses nothing of it: another connection sees it at once."""
    seen = []

    async def one(number: int) -> None:
        feed = a_feed(number)
        await saved(store, feed, an_entry(feed))
        seen.append(await asyncio.to_thread(Queries.open(address).polls, feed.key))

    await asyncio.gather(*(one(number) for number in range(20)))

    assert [len(polls) for polls in seen] == [1] * 20


async def test_an_entry_of_two_feeds_in_one_transaction_is_new_once(store, address):
    """The second feed's poll sees what the first one's wrote, and counts it as known: the sums are exact."""
    entry = an_entry(a_feed(0), link="https://krant.example/1")
    let_go = held(store)
    await asyncio.sleep(0)
    asked = [asyncio.create_task(saved(store, a_feed(n), entry)) for n in range(2)]
    await asyncio.sleep(0.05)
    let_go.set()
    await asyncio.gather(*asked)

    ledgers = Queries.open(address).ledger()

    assert sorted((one.listed, one.new, one.known) for one in ledgers) == [(1, 0, 1), (1, 1, 0)]


async def test_whoever_was_cancelled_stops_nobody(store, address):
    """A step that is given up while it waits is written all the same, or not at all; its neighbours are answered."""
    let_go = held(store)
    await asyncio.sleep(0)
    asked = [asyncio.create_task(saved(store, a_feed(n), an_entry(a_feed(n)))) for n in range(3)]
    await asyncio.sleep(0.05)
    asked[1].cancel()
    let_go.set()

    done = await asyncio.gather(*asked, return_exceptions=True)

    assert [isinstance(one, asyncio.CancelledError) for one in done] == [False, True, False]


async def test_several_hosts_are_claimed_at_once(store):
    """And each by one alone."""
    feeds = [a_feed(n) for n in range(5)]
    store.sync_feeds(feeds, NOW, lambda _: NOW - NOW)

    first = store.claim_visits(NOW, NOW - NOW.replace(hour=8), hosts=3)
    rest = store.claim_visits(NOW, NOW - NOW.replace(hour=8), hosts=3)

    assert [len(first), len(rest)] == [3, 2]
    assert {visit.host for visit in (*first, *rest)} == {f"krant{n}.example" for n in range(5)}
