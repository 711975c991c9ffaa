"""The store on real databases: every promise on SQLite and on PostgreSQL."""

import asyncio
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from monitor.errors import StoreError
from monitor.model import Envelope, Feed, FeedState, Mute, Opening, Outcome, Telling, Thread, Verdict, key_of
from monitor.store import Past, PollRecord, Store, outbox, sweep
from monitor.store import tables as t
from tests.making import (
    MINUTE,
    NOW,
    a_delivery,
    a_feed,
    a_hit,
    a_notice,
    a_record,
    a_verdict,
    an_article,
    an_entry,
    arrived,
    visit_of,
)

LEASE = timedelta(minutes=10)
POLLED = PollRecord(at=NOW, outcome=Outcome.POLLED)


def follow(store: Store, *feeds: Feed, spread: timedelta = timedelta(0), now: datetime = NOW) -> None:
    store.sync_feeds(feeds, now, lambda _: spread)


def inbox(store: Store, feed: Feed, number: int, **said) -> list:
    """Poll a feed that lists so many new entries."""
    entries = [an_entry(feed, n, **said) for n in range(number)]
    store.save_poll(feed, replace(POLLED, listed=number, new=number), arrived(*entries))
    return entries


def a_hit_on_record(store: Store, number: int = 1, channel: str = "desk", **said):
    """Read an entry that hits, with one delivery on its way."""
    feed = a_feed()
    entry = an_entry(feed, number)
    hit = a_hit(an_article(entry), **said)
    store.save_poll(feed, replace(POLLED, listed=1, new=1), arrived(entry))
    store.record(
        a_record(entry, a_verdict(hit.article, hit), hit, deliveries=(a_delivery(hit, channel),), signature=[1, 2]), NOW
    )
    return hit


# --- what goes in comes out ------------------------------------------------------------------------------------------

FULL_STATE = FeedState(
    due=NOW,
    etag='W/"é"',
    last_modified="Sat, 21 Nov 2026 12:00:00 GMT",
    body_hash="abc",
    interval=timedelta(minutes=7, microseconds=250),
    polled=NOW - MINUTE,
    full_at=NOW - 2 * MINUTE,
    newest=NOW - 3 * MINUTE,
    failures=3,
    error="time-out",
    moved_to="https://nieuw.example/rss",
    moved_times=2,
    guids_useless=True,
    recent=("a", "b"),
    items=("1:a", "2:b"),
    told="dead",
    listed=9,
    new=5,
    known=4,
)


def test_a_feed_comes_back_as_it_was_saved(store):
    """A forgotten column would be a state that every poll begins with anew. Hence: no field may have its default."""
    feed = Feed(
        key=key_of("feed", "x"),
        name="De Krant",
        url="https://krant.example/rss",
        kind="sitemap",
        outlet="De Krant",
        group="Groep",
        country="BE",
        language="nl",
        section="politiek",
        every=timedelta(minutes=3),
        browser=True,
        state=FULL_STATE,
    )
    plain = FeedState()
    assert [f.name for f in fields(FeedState) if getattr(FULL_STATE, f.name) == getattr(plain, f.name)] == []

    follow(store, feed)
    store.save_poll(feed, POLLED, arrived())

    assert store.feed(feed.key) == feed
    assert store.feeds() == (feed,)
    assert visit_of(store, NOW, LEASE).feeds == (feed,)


def test_an_entry_comes_back_as_it_was_saved(store):
    """The feed's own words are what is left when the page cannot be had."""
    feed = a_feed()
    entry = an_entry(
        feed,
        summary="Kort",
        content="Lang\n\nen langer",
        published=NOW - MINUTE,
        updated=NOW,
        authors=("Ann", "Bé"),
        language="fr",
        silent=True,
        attempts=2,
    )

    store.save_poll(feed, POLLED, arrived(entry))

    assert visit_of(store, NOW, LEASE).entries == (entry,)


def test_a_hit_comes_back_with_its_article_and_evidence(store):
    """Evidence lies at exact offsets of the very text that was matched."""
    feed = a_feed()
    entry = an_entry(feed)
    article = an_article(
        entry,
        "Eerst.\n\nDaarna sprak Poetin in het geheim – “écht” 🤫.",
        lead="Lead",
        published=NOW,
        updated=NOW,
        authors=("Ann",),
        outlet="De Krant",
        country="NL",
        group="G",
        complete=False,
        live=True,
    )
    hit = a_hit(article, silent=True, story=key_of("story", "x"))
    store.save_poll(feed, POLLED, arrived(entry))
    store.record(a_record(entry, a_verdict(article, hit), hit, deliveries=(a_delivery(hit, follows="1"),)), NOW)

    (delivery,) = store.claim_deliveries("desk", NOW, LEASE)

    assert delivery == a_delivery(hit, follows="1")
    (found,) = delivery.subject.match.evidence
    assert delivery.subject.article.body[found.start : found.end] == found.text


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-9))])))
@settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_moment_is_the_same_moment_in_utc_when_it_comes_back(store, moment):
    """A zone lost on the way would shift every quiet hour and every retry."""
    if not datetime(1, 1, 2, tzinfo=UTC) < moment < datetime(9999, 12, 30, tzinfo=UTC):
        return
    store.add_mute(Mute(kind="rule", value="x", until=moment))
    with store._read() as c:
        assert c.scalar(select(t.mutes.c.until)) == moment
        assert c.scalar(select(t.mutes.c.until)).tzinfo is UTC


def test_a_naive_datetime_is_refused(store):
    """To guess its zone would be wrong for half of the year."""
    with pytest.raises(StoreError, match="naive"):
        store.add_mute(Mute(kind="rule", value="x", until=datetime(2026, 1, 1)))  # noqa: DTZ001


# --- feeds -----------------------------------------------------------------------------------------------------------


def test_a_new_feed_is_due_after_its_spread_and_a_known_one_keeps_its_state(store):
    """A reload must neither poll everything at once nor forget an ETag."""
    feed = a_feed()
    follow(store, feed, spread=MINUTE)
    assert store.feed(feed.key).state.due == NOW + MINUTE
    store.save_poll(replace(feed, state=FULL_STATE), POLLED, arrived())

    follow(store, replace(feed, name="Nieuwe naam", section="sport"), now=NOW + LEASE)

    found = store.feed(feed.key)
    assert (found.name, found.section, found.state) == ("Nieuwe naam", "sport", FULL_STATE)


def test_a_removed_feed_is_never_due_but_what_it_brought_is_still_read(store):
    """Entries are promised to be read from the moment they are on disk."""
    feed, other = a_feed(), a_feed("https://anders.example/rss")
    follow(store, feed, other)
    (entry,) = inbox(store, replace(feed, state=FeedState(due=NOW)), 1)

    follow(store, other)

    assert store.feeds() == (replace(other, state=FeedState(due=NOW)),)
    assert store.feed(feed.key).state.due is None
    visits = {visit.host: visit for visit in iter(lambda: visit_of(store, NOW, LEASE), None)}
    assert visits["krant.example"].entries == (entry,)
    assert visits["krant.example"].feeds == ()


def test_a_feed_that_comes_back_is_polled_again_and_knows_what_it_knew(store):
    """Taking a line out of the file and putting it back must not repeat yesterday's news."""
    feed = replace(a_feed(), state=replace(FULL_STATE, due=NOW + LEASE))
    follow(store, feed)
    store.save_poll(feed, POLLED, arrived())
    follow(store)
    follow(store, feed, spread=MINUTE)

    assert store.feed(feed.key).state == replace(FULL_STATE, due=NOW + MINUTE)


def test_a_paused_feed_stays_paused_over_a_restart(store):
    """410 is for good until a person says otherwise."""
    feed = a_feed()
    follow(store, feed)
    store.save_poll(replace(feed, state=FeedState(due=None, error="gone")), POLLED, arrived())

    follow(store, feed, now=NOW + LEASE)

    assert store.feed(feed.key).state.due is None


def test_a_feed_that_is_to_be_polled_more_often_need_not_wait_for_its_old_turn(store):
    """Who lowers `every` from an hour to a minute expects it to hold now."""
    feed = a_feed()
    follow(store, feed)
    store.save_poll(replace(feed, state=FeedState(due=NOW + timedelta(hours=1))), POLLED, arrived())

    follow(store, replace(feed, every=MINUTE))

    assert store.feed(feed.key).state.due == NOW


def test_a_feeds_password_is_used_and_never_written(store, url, tmp_path):
    """A backup of the database goes to more people than rules.yaml."""
    feed = a_feed("https://desk:hunter2@krant.example/rss")
    follow(store, feed)
    state = FeedState(due=NOW)
    store.save_poll(replace(feed, state=state), POLLED, arrived(an_entry(feed, link="https://krant.example/1")))

    visit = visit_of(store, NOW, LEASE)

    assert (visit.host, visit.feeds[0].url) == ("krant.example", feed.url)
    with store._read() as c:
        kept = [str(row) for table in t.metadata.sorted_tables for row in c.execute(select(table))]
    assert kept
    assert not [row for row in kept if "hunter2" in row]
    assert not [path for path in tmp_path.iterdir() if b"hunter2" in path.read_bytes()]


# --- visits ----------------------------------------------------------------------------------------------------------


def test_a_host_is_visited_by_one_at_a_time(store):
    """Never two requests at a host at once, however many of its feeds are due."""
    feeds = [a_feed(f"https://krant.example/{n}") for n in range(3)]
    follow(store, *feeds, a_feed("https://anders.example/rss"))

    hosts = [visit_of(store, NOW, LEASE) for _ in range(3)]

    assert sorted(visit.host for visit in hosts if visit) == ["anders.example", "krant.example"]
    assert sorted(len(visit.feeds) for visit in hosts if visit) == [1, 3]
    assert hosts[2] is None


def test_what_a_dead_worker_had_claimed_is_due_again_when_its_lease_ends(store):
    """A worker that dies needs no cleaning up."""
    feed = a_feed()
    follow(store, feed)
    entries = inbox(store, replace(feed, state=FeedState(due=NOW)), 2)
    first = visit_of(store, NOW, LEASE)

    assert visit_of(store, NOW + LEASE - MINUTE, LEASE) is None
    again = visit_of(store, NOW + LEASE, LEASE)

    assert again == first
    assert set(again.entries) == set(entries)


def test_what_was_claimed_and_not_begun_takes_its_old_place(store):
    """A visit that is cut short must not push half of the inbox ten minutes back."""
    feed = a_feed()
    entries = inbox(store, feed, 3)
    visit_of(store, NOW, LEASE)
    store.finish_entry(entries[0], Outcome.GONE, "404")

    store.release_host("krant.example", NOW + MINUTE)

    assert visit_of(store, NOW, LEASE) is None
    assert set(visit_of(store, NOW + MINUTE, LEASE).entries) == set(entries[1:])


def test_a_visit_takes_the_oldest_first_and_no_more_than_it_was_told(store):
    """A long inbox is read in order, and does not keep its host's feeds from being polled."""
    feed = a_feed()
    follow(store, feed)
    entries = [an_entry(feed, n, due=NOW - n * MINUTE) for n in range(5)]
    store.save_poll(replace(feed, state=FeedState(due=NOW)), POLLED, arrived(*entries))

    visit = visit_of(store, NOW, LEASE, most=2)

    assert visit.entries == (entries[4], entries[3])
    assert [feed.key for feed in visit.feeds] == [feed.key]


def test_the_host_that_has_waited_longest_comes_first(store):
    """Nobody starves behind a busy neighbour."""
    late, early = a_feed("https://laat.example/rss"), a_feed("https://vroeg.example/rss")
    follow(store, late)
    follow(store, late, early, now=NOW - MINUTE)

    assert visit_of(store, NOW, LEASE).host == "vroeg.example"


def test_a_visit_is_chosen_by_feeds_or_by_entries_and_takes_all_that_is_due(store):
    """The clock ticks apart for polling and for reading; but feeds that are polled often must not starve their inbox."""
    feed = replace(a_feed(), state=FeedState(due=NOW))
    follow(store, feed)
    assert visit_of(store, NOW, LEASE, what="entries") is None
    entries = inbox(store, feed, 1)

    for what in ("feeds", "entries"):
        visit = visit_of(store, NOW, LEASE, what=what)
        assert (visit.entries, len(visit.feeds)) == (tuple(entries), 1)
        store.release_host(visit.host, NOW)


def test_what_somebody_waits_for_is_read_before_what_nobody_is_told_of(store):
    """The backlog of a first poll must not delay the first alert."""
    feed = a_feed()
    follow(store, feed)
    silent = replace(an_entry(feed, 1), due=NOW - MINUTE, silent=True)
    told = replace(an_entry(feed, 2), due=NOW)
    store.save_poll(feed, POLLED, arrived(silent, told))

    visit = visit_of(store, NOW, LEASE, what="entries")

    assert [entry.key for entry in visit.entries] == [told.key, silent.key]


def test_an_entry_without_a_link_is_read_at_its_feeds_host(store):
    """It has only the feed's own words, but it is an entry that a feed listed."""
    feed = a_feed()
    entry = replace(an_entry(feed), link="")
    store.save_poll(feed, POLLED, arrived(entry))

    visit = visit_of(store, NOW, LEASE)

    assert (visit.host, visit.entries) == ("krant.example", (entry,))


def test_the_next_due_date_knows_which_hosts_are_busy(store):
    """The daemon sleeps until then; too early is a busy loop, too late is late news."""
    assert store.next_due(NOW) is None
    feed, other = a_feed(), a_feed("https://anders.example/rss")
    follow(store, feed)
    follow(store, feed, other, spread=MINUTE)
    assert store.next_due(NOW) == NOW

    visit_of(store, NOW, LEASE)
    assert store.next_due(NOW) == NOW + MINUTE

    store.release_host("krant.example", NOW + MINUTE / 2)
    assert store.next_due(NOW) == NOW + MINUTE / 2


def test_what_a_killed_daemon_had_claimed_can_be_taken_back_at_once(store):
    """Its successor need not wait for the lease: it holds the lock, so nobody is at work."""
    feed = a_feed()
    a_hit_on_record(store, 7)
    inbox(store, feed, 2)
    visit, deliveries = visit_of(store, NOW, LEASE), store.claim_deliveries("desk", NOW, LEASE)

    assert store.reclaim() == 3

    assert visit_of(store, NOW, LEASE) == visit
    assert store.claim_deliveries("desk", NOW, LEASE) == deliveries


# --- the inbox -------------------------------------------------------------------------------------------------------


def test_an_entry_is_known_by_its_key_and_by_its_aliases(store):
    """The same article in another feed, or with a new address, is not new."""
    feed = a_feed()
    entry = an_entry(feed, aliases=(key_of("id", "1"), key_of("title", "x")), updated=NOW)
    store.save_poll(feed, POLLED, arrived(entry))

    known = store.known([entry.key, key_of("id", "1"), key_of("id", "2")])

    assert set(known) == {entry.key, key_of("id", "1")}
    for found in known.values():
        said = (found.key, found.title, found.link, found.found, found.updated)
        assert said == (entry.key, entry.title, entry.link, entry.found, entry.updated)


def test_thousands_of_keys_can_be_asked_for_at_once(store):
    """News sitemaps list a thousand addresses; a statement has room for only so many."""
    feed = a_feed()
    entries = inbox(store, feed, 1200)

    assert len(store.known(key for entry in entries for key in (entry.key, entry.key[::-1]))) == 1200
    assert store.hits_exist(entry.key for entry in entries) == set()


def test_a_poll_is_recorded_whole_or_not_at_all(store, queries):
    """An ETag without its entries would be 304 for ever: lost news."""
    feed = a_feed()
    follow(store, feed)
    broken = replace(an_entry(feed, 2), published=datetime(2026, 1, 1))  # noqa: DTZ001

    with pytest.raises(StoreError):
        store.save_poll(replace(feed, state=FULL_STATE), POLLED, arrived(an_entry(feed, 1), broken))

    assert store.feed(feed.key).state.etag == ""
    assert store.known([an_entry(feed, 1).key]) == {}
    assert queries.polls(feed.key) == ()


def test_what_a_first_poll_lists_is_on_record_and_not_read(store, queries):
    """It must be known at the next poll, and alarm nobody at this one."""
    feed = a_feed()
    old = [an_entry(feed, n) for n in range(3)]

    store.save_poll(feed, replace(POLLED, listed=3, new=3, old=3), arrived(old=old))

    assert len(store.known(entry.key for entry in old)) == 3
    assert visit_of(store, NOW, LEASE, what="entries") is None
    assert queries.ledger()[0].entries == {Outcome.OLD: 3}


def test_an_entry_that_two_feeds_list_at_once_is_one_entry_in_both_ledgers(store, queries):
    """Both asked before either wrote: the second finds it known, and its ledger says so."""
    first, second = a_feed("https://krant.example/voorpagina"), a_feed("https://krant.example/politiek")
    entry = an_entry(first)
    once = replace(POLLED, listed=1, new=1)
    state = FeedState(listed=1, new=1)

    assert store.save_poll(replace(first, state=state), once, arrived(entry)) == (entry,)
    assert store.save_poll(replace(second, state=state), once, arrived(replace(entry, feed=second.key))) == ()

    assert (store.feed(second.key).state.new, store.feed(second.key).state.known) == (0, 1)
    ledger = {one.feed: one for one in queries.ledger()}
    assert [(ledger[feed.key].new, ledger[feed.key].known) for feed in (first, second)] == [(1, 0), (0, 1)]
    assert [one.missing for one in ledger.values()] == [0, 0]


def test_an_edited_entry_waits_again_with_its_new_words(store):
    """A correction may be the news."""
    feed = a_feed()
    (entry,) = inbox(store, feed, 1)
    store.finish_entry(entry, Outcome.READ)
    edited = replace(entry, title="Update: Titel", updated=NOW + MINUTE, due=NOW + MINUTE)

    store.save_poll(feed, POLLED, arrived(edited=(edited,)))

    assert visit_of(store, NOW + MINUTE, LEASE).entries == (edited,)


def test_a_postponed_entry_waits_and_counts_its_attempts(store):
    """Each failure waits longer than the last; the count must survive a restart."""
    feed = a_feed()
    (entry,) = inbox(store, feed, 1)
    visit_of(store, NOW, LEASE)

    store.postpone_entry(entry, NOW + MINUTE, "503")
    store.release_host("krant.example", NOW)

    assert visit_of(store, NOW, LEASE) is None
    (again,) = visit_of(store, NOW + MINUTE, LEASE).entries
    assert (again.attempts, again.due) == (1, NOW + MINUTE)


# --- reading ---------------------------------------------------------------------------------------------------------


def test_an_article_with_a_hit_is_recorded_whole_or_not_at_all(store, queries):
    """A hit without its delivery would be an alarm that nobody hears."""
    feed = a_feed()
    (entry,) = inbox(store, feed, 1)
    hit = a_hit(an_article(entry))
    broken = replace(a_delivery(hit), created=datetime(2026, 1, 1))  # noqa: DTZ001

    with pytest.raises(StoreError):
        store.record(a_record(entry, a_verdict(hit.article, hit), hit, deliveries=(broken,)), NOW)

    assert queries.status().articles == queries.status().hits == queries.status().outbox == 0
    assert visit_of(store, NOW, LEASE).entries == (entry,)


def test_a_few_words_are_nobodys_twins(store):
    """Flashes of six words are no wall, however many a host has; nor are texts that came from no host."""
    long = "Kies hieronder een formule die bij u past, of vraag iemand in huis om een pas."
    entry = an_entry(a_feed())
    for n, (body, url) in enumerate([("Nog geen nieuws.", "https://krant.example/{}"), (long, "")] * 4):
        article = replace(an_article(entry), key=f"{n:032x}", url=url.format(n), body=body)
        store.record(a_record(entry, Verdict(Outcome.READ, article)), NOW, finish=False)

    flash = replace(
        an_article(entry), key="f" * 32, url="https://krant.example/f", body="Kremlin bevestigt geheim overleg."
    )
    assert store.twins(flash) == 0
    assert store.twins(replace(flash, url="", body=long)) == 0
    assert store.twins(replace(flash, body=long), [replace(flash, key="e" * 32, body=long), flash]) == 1


def test_a_hit_on_record_makes_no_second_delivery(store):
    """A repeated job, and a backfill that came first, alarm nobody."""
    feed = a_feed()
    (entry,) = inbox(store, feed, 1)
    hit, late = a_hit(an_article(entry)), a_hit(an_article(entry), "tweede")
    silent = replace(hit, silent=True)
    assert store.record(a_record(entry, a_verdict(hit.article, hit), silent), NOW, finish=False) == (silent,)
    assert visit_of(store, NOW, LEASE).entries == (entry,)

    new = store.record(
        a_record(
            entry,
            a_verdict(hit.article, hit, late),
            hit,
            late,
            deliveries=(
                a_delivery(hit),
                a_delivery(late),
            ),
        ),
        NOW,
    )

    assert new == (late,)
    assert [one.subject for one in store.claim_deliveries("desk", NOW, LEASE)] == [late]
    assert store.hits_exist([hit.key, late.key, "x"]) == {hit.key, late.key}


def test_recording_twice_changes_nothing(store, queries):
    """A kill between the record and the next step makes the step run again."""
    feed = a_feed()
    (entry,) = inbox(store, feed, 1)
    hit = a_hit(an_article(entry))

    for _ in range(2):
        store.record(
            a_record(entry, a_verdict(hit.article, hit), hit, deliveries=(a_delivery(hit),), signature=[1]), NOW
        )

    assert store.claim_deliveries("desk", NOW, LEASE) == (a_delivery(hit),)
    assert visit_of(store, NOW, LEASE) is None
    assert store.stories(NOW) == {Telling(hit.story, hit.article.key, NOW, NOW): [1]}
    assert queries.ledger()[0].entries == {Outcome.READ: 1}


def test_evidence_follows_the_newer_words(store, queries):
    """Offsets into a text that is no longer on record would mark the wrong words."""
    feed = a_feed()
    (entry,) = inbox(store, feed, 1)
    hit = a_hit(an_article(entry))
    store.record(a_record(entry, a_verdict(hit.article, hit), hit), NOW)
    newer = a_hit(an_article(entry, "UPDATE. Poetin sprak in het geheim met Trump."))

    store.record(a_record(entry, a_verdict(newer.article, newer), newer), NOW + MINUTE)

    assert queries.hit(hit.key).hit == newer


def test_words_that_a_hit_rests_on_stay_on_record_when_the_publisher_takes_them_out(store, queries):
    """What was taken out is news too, and the alarm that went out must remain explicable."""
    feed = a_feed()
    (entry,) = inbox(store, feed, 1)
    hit = a_hit(an_article(entry))
    store.record(a_record(entry, a_verdict(hit.article, hit), hit), NOW)
    without = an_article(entry, "Er is niets gebeurd.")

    store.record(a_record(entry, a_verdict(without)), NOW + MINUTE)

    assert queries.hit(hit.key).hit == hit


def test_a_teaser_does_not_replace_the_whole_text(store, queries):
    """The wall that went up since then must not cost us what we have read."""
    feed = a_feed()
    (entry,) = inbox(store, feed, 1)
    whole = an_article(entry, "De hele tekst.")
    store.record(a_record(entry, a_verdict(whole)), NOW)

    store.record(a_record(entry, Verdict(Outcome.TEASER, replace(whole, body="De hele", complete=False))), NOW + MINUTE)

    assert list(queries.articles()) == [whole]


def test_stories_are_told_by_their_articles_signatures_since_a_moment(store):
    """A story ends: what happened a week ago is another event."""
    hit = a_hit_on_record(store, 1)
    other = a_hit_on_record(store, 2, story=hit.story, found=NOW + MINUTE)
    later = NOW + MINUTE
    first = Telling(hit.story, hit.article.key, NOW, NOW)
    second = Telling(hit.story, other.article.key, later, later)

    assert list(store.stories(NOW).items()) == [(first, [1, 2]), (second, [1, 2])]
    assert list(store.stories(NOW, known={first}).items()) == [(first, None), (second, [1, 2])]
    assert store.stories(NOW + MINUTE) == {second: [1, 2]}
    assert store.stories(NOW + LEASE) == {}


# --- the outbox ------------------------------------------------------------------------------------------------------


def test_deliveries_come_in_the_order_in_which_they_were_made(store):
    """A reader sees the first report first, also after a retry."""
    hit = a_hit_on_record(store)
    notices = [a_notice(f"n{n}") for n in range(4)]
    made = [
        a_delivery(one, created=NOW - (n + 1) * MINUTE, due=NOW - (4 - n) * MINUTE) for n, one in enumerate(notices)
    ]
    assert store.announce(made) == 4
    assert store.announce(made) == 0

    claimed = store.claim_deliveries("desk", NOW, LEASE, most=3)

    assert claimed == tuple(made[3:0:-1])
    assert store.claim_deliveries("desk", NOW, LEASE) == (made[0], a_delivery(hit))
    assert store.claim_deliveries("desk", NOW, LEASE) == ()
    assert len(store.claim_deliveries("desk", NOW + LEASE, LEASE)) == 5


def test_a_channel_sees_only_its_own(store):
    """Each sends apart from the others."""
    a_hit_on_record(store, 1, channel="desk")
    a_hit_on_record(store, 2, channel="slack")

    assert store.deliveries_waiting() == store.deliveries_waiting(NOW) == ("desk", "slack")
    assert store.deliveries_waiting(NOW - MINUTE) == ()
    assert [one.channel for one in store.claim_deliveries("slack", NOW, LEASE)] == ["slack"]
    assert store.deliveries_waiting(NOW) == ("desk",)


def test_a_sent_delivery_is_done_and_a_refused_one_waits(store):
    """Both with their reasons on record."""
    a_hit_on_record(store, 1)
    a_hit_on_record(store, 2)
    one, two = store.claim_deliveries("desk", NOW, LEASE)
    sent = replace(one, due=None, outcome=Outcome.SENT, sent=NOW + MINUTE, attempts=1)
    refused = replace(two, due=NOW + 2 * MINUTE, outcome=Outcome.RETRY, error="503", attempts=1)

    store.save_deliveries([sent, refused])

    assert store.claim_deliveries("desk", NOW + LEASE, LEASE) == (refused,)
    assert store.sent_since("desk", NOW) == (NOW + MINUTE,)
    assert store.sent_since("desk", NOW + 2 * MINUTE) == store.sent_since("slack", NOW) == ()
    assert set(store.deliveries_for([one.subject.key, two.subject.key])) == {sent, refused}


def test_what_was_told_of_a_story_is_known_by_channel(store):
    """A follow-up goes in the thread of the first that somebody heard, `every:` so long after the last."""
    story = key_of("story", "s")
    told = {
        "muted": {"created": NOW - 9 * MINUTE, "due": None, "outcome": Outcome.MUTED},
        "dead": {"created": NOW - 8 * MINUTE, "due": None, "outcome": Outcome.DEAD},
        "first": {"created": NOW - 7 * MINUTE, "due": None, "outcome": Outcome.SENT, "sent": NOW - 6 * MINUTE},
        "last": {"created": NOW - 5 * MINUTE, "due": None, "outcome": Outcome.SENT, "sent": NOW - 3 * MINUTE},
        "ahead": {"created": NOW - 4 * MINUTE, "due": None, "outcome": Outcome.SENT, "sent": NOW + LEASE},
        "waits": {"created": NOW - 2 * MINUTE, "due": NOW - MINUTE, "outcome": Outcome.RETRY},
        "later": {"created": NOW - MINUTE, "due": NOW + MINUTE},
    }
    made = {}
    for number, (name, how) in enumerate(told.items()):
        made[name] = replace(a_delivery(a_hit_on_record(store, number, story=story)), **how)
    store.save_deliveries(list(made.values()))
    slack = a_delivery(a_hit_on_record(store, 10, "slack", story=story), "slack")
    a_hit_on_record(store, 11, story=key_of("story", "other"))

    desk = Thread(first=made["first"].key, waits=NOW + MINUTE, sent=NOW - 3 * MINUTE)
    assert store.threads(story, NOW) == {"desk": desk, "slack": Thread(first=slack.key, waits=NOW)}
    store.claim_deliveries("slack", NOW, LEASE)
    assert store.threads(story, NOW)["slack"].waits == NOW, "a claim moves nothing"
    assert store.threads(key_of("story", "new"), NOW) == {}


def test_of_a_story_without_end_the_latest_hits_tell_the_thread(store, monkeypatch):
    """Four thousand hits in a week: to route the next must not take four thousand rows."""
    monkeypatch.setattr(outbox, "RECENT", 3)
    story, made = key_of("story", "s"), []
    for number in range(6):
        hit = a_hit_on_record(store, number, story=story, found=NOW + number * MINUTE)
        first = made[0].key if made else ""
        sent = NOW + number * MINUTE
        made.append(a_delivery(hit, created=sent, follows=first, due=None, outcome=Outcome.SENT, sent=sent))
        store.save_deliveries(made[-1:])
    later = NOW + 9 * MINUTE
    assert store.threads(story, later) == {"desk": Thread(first=made[0].key, sent=NOW + 5 * MINUTE)}


def test_a_channel_that_refused_is_known_until_it_is_asked_again(store):
    """What comes after a refused delivery waits behind it."""
    refused, other = (a_delivery(a_hit_on_record(store, n)) for n in (1, 2))
    assert store.refused_until("desk", NOW) is None
    store.save_deliveries([replace(refused, due=NOW + MINUTE, outcome=Outcome.RETRY)])
    store.save_deliveries([replace(other, due=NOW + 2 * MINUTE)])

    assert store.refused_until("desk", NOW) == NOW + MINUTE
    assert store.refused_until("slack", NOW) is store.refused_until("desk", NOW + MINUTE) is None


def test_one_message_counts_once_however_much_it_holds(store):
    """`at_most: 20/h` is about messages."""
    for n in range(3):
        a_hit_on_record(store, n)
    waiting = store.claim_deliveries("desk", NOW, LEASE)

    store.save_deliveries([replace(one, due=None, outcome=Outcome.SENT, sent=NOW) for one in waiting])

    assert store.sent_since("desk", NOW) == (NOW,)


def test_what_waits_for_a_removed_channel_is_kept_until_the_channel_is_back(store, queries):
    """A slip in the file must not cost an alarm, nor be tried for ever."""
    a_hit_on_record(store)

    assert store.park_deliveries(["slack"], NOW) == {"desk": 1}
    assert store.park_deliveries(["slack"], NOW) == {}
    assert store.deliveries_waiting() == ()
    (parked,) = queries.list_deliveries(outcome=Outcome.DEAD)
    assert "no longer configured" in parked.error

    assert store.park_deliveries(["slack", "desk"], NOW + MINUTE) == {}
    assert [one.due for one in store.claim_deliveries("desk", NOW + MINUTE, LEASE)] == [NOW + MINUTE]


def test_what_lies_in_an_envelope_is_remembered_with_who_took_it(store):
    """A process that dies after sending must make the same message again, and only for those who lack it."""
    one, two = (a_delivery(a_hit_on_record(store, n)) for n in (1, 2))
    new = Envelope(key="e" * 32, dated=NOW)

    assert store.seal(new, [one, two]) == new
    store.took(new.key, "an", "")
    store.took(new.key, "bo", "1764.001")

    assert {found.envelope for found in store.claim_deliveries("desk", NOW, LEASE)} == {new.key}
    again = store.seal(replace(new, dated=NOW + MINUTE), [one, two])
    assert again == replace(new, taken={"an": "", "bo": "1764.001"})


def test_how_a_delivery_went_says_nothing_of_its_envelope(store):
    """Whoever saves it may hold it from before it was put into one."""
    one = a_delivery(a_hit_on_record(store))
    store.seal(Envelope(key="e" * 32, dated=NOW), [one])
    store.save_deliveries([replace(one, outcome=Outcome.RETRY, attempts=1)])
    (found,) = store.claim_deliveries("desk", NOW, LEASE)
    assert found.envelope == "e" * 32


def test_a_follow_up_gets_the_envelope_of_the_message_that_told_the_story_first(store):
    """Once that was sent: there is no thread before."""
    first, second = (a_delivery(a_hit_on_record(store, n)) for n in (1, 2))
    opening, follows = (Envelope(key=letter * 32, dated=NOW) for letter in "ef")
    store.seal(opening, [first])
    store.took(opening.key, "room", "1764.001")
    assert store.seal(follows, [second], first.key).opening is None

    store.save_deliveries([replace(first, due=None, outcome=Outcome.SENT, sent=NOW)])

    told = replace(opening, taken={"room": "1764.001"})
    assert store.seal(follows, [second], first.key).opening == Opening(envelope=told, title=first.subject.article.title)
    assert store.seal(follows, [second], "no such delivery").opening is None


def test_an_envelope_is_claimed_and_retried_whole(store):
    """A message of which a part is missing would be another one."""
    made = [a_delivery(a_hit_on_record(store, n), created=NOW + n * MINUTE) for n in range(5)]
    store.save_deliveries(made)
    store.seal(Envelope(key="e" * 32, dated=NOW), [made[0], made[4]])

    claimed = store.claim_deliveries("desk", NOW, LEASE, most=2)
    assert [one.key for one in claimed] == [made[0].key, made[1].key, made[4].key]

    store.save_deliveries([replace(one, due=None, outcome=Outcome.DEAD) for one in claimed])
    assert store.retry_deliveries([made[4].key], NOW) == 2
    assert [one.key for one in store.claim_deliveries("desk", NOW, LEASE)] == [made[n].key for n in (0, 2, 3, 4)]


def test_a_dead_delivery_can_be_sent_again_and_a_sent_one_cannot(store):
    """A person who mends the password gets what was missed, once."""
    dead, sent = (a_delivery(a_hit_on_record(store, n)) for n in (1, 2))
    store.save_deliveries([replace(dead, due=None, outcome=Outcome.DEAD, attempts=9)])
    store.save_deliveries([replace(sent, due=None, outcome=Outcome.SENT, sent=NOW)])

    assert store.retry_deliveries([dead.key, sent.key], NOW + MINUTE) == 1

    (again,) = store.claim_deliveries("desk", NOW + MINUTE, LEASE)
    assert (again.key, again.attempts, again.first_due) == (dead.key, 0, NOW + MINUTE)


# --- small things ----------------------------------------------------------------------------------------------------


def test_a_mute_ends_by_itself_or_by_hand(store, queries):
    """A forgotten mute would be silence for ever."""
    short, long = Mute(kind="rule", value="x", until=NOW + MINUTE), Mute(kind="story", value="y", until=NOW + LEASE)
    for mute in (long, replace(short, until=NOW), short):
        store.add_mute(mute)

    assert store.mutes(NOW) == queries.mutes(NOW) == (short, long)
    assert store.mutes(NOW + MINUTE) == (long,)
    assert store.drop_mute("story", "y")
    assert not store.drop_mute("story", "y")
    assert store.mutes(NOW) == (short,)


def test_a_mute_that_ended_is_forgotten(store):
    """They would be read with every hit, for ever."""
    store.add_mute(Mute(kind="rule", value="x", until=NOW + MINUTE))

    kept, gone = (store.housekeeping(now, LEASE, LEASE)["mutes"] for now in (NOW, NOW + MINUTE))

    assert (kept, gone) == (0, 1)


def test_small_things_are_remembered(store):
    """The digest of the last good rules, when the canary sang."""
    assert store.meta("digest") is None
    store.set_meta("digest", "1")
    store.set_meta("digest", "2")
    assert store.meta("digest") == "2"


def test_housekeeping_drops_the_old_and_keeps_every_hit_and_all_that_a_feed_still_lists(store, queries):
    """An entry dropped while its feed lists it would be new again, and alarm again."""
    hit = a_hit_on_record(store, 1)
    store.save_deliveries([replace(a_delivery(hit), due=None, outcome=Outcome.SENT, sent=NOW)])
    store.seal(Envelope(key="e" * 32, dated=NOW), [a_delivery(hit)])
    feed = a_feed()
    listed, gone, waits = (an_entry(feed, n, content="veel") for n in (2, 3, 4))
    store.save_poll(replace(feed, state=FeedState(recent=(listed.key,))), POLLED, arrived(listed, gone, waits))
    for entry in (listed, gone):
        store.record(a_record(entry, a_verdict(an_article(entry))), NOW)
    store.announce([a_delivery(a_notice(), due=None)])
    day = timedelta(days=1)

    done = store.housekeeping(NOW + 20 * day, keep_articles=400 * day, keep_pages=14 * day)
    assert done == {
        "deliveries": 0,
        "entries": 0,
        "contents": 2,
        "articles": 0,
        "polls": 2,
        "hosts": 0,
        "envelopes": 0,
        "pages": 0,
        "mutes": 0,
    }
    done = store.housekeeping(NOW + 401 * day, keep_articles=400 * day, keep_pages=14 * day)
    assert done == {
        "deliveries": 1,
        "entries": 2,
        "contents": 0,
        "articles": 2,
        "polls": 0,
        "hosts": 0,
        "envelopes": 1,
        "pages": 0,
        "mutes": 0,
    }

    assert queries.hit(hit.key).deliveries[0].outcome is Outcome.SENT
    assert set(store.known([listed.key, gone.key, waits.key])) == {listed.key, waits.key}
    assert visit_of(store, NOW, LEASE).entries == (waits,)


def test_housekeeping_goes_in_small_steps(store, monkeypatch):
    """The pipeline never waits long behind it."""
    monkeypatch.setattr(sweep, "SWEEP", 2)
    feed = a_feed()
    for entry in inbox(store, feed, 5):
        store.finish_entry(entry, Outcome.GONE)
    later = NOW + timedelta(days=2)

    done = [store.housekeeping(later, timedelta(days=1), timedelta(days=1))["entries"] for _ in range(4)]

    assert done == [2, 2, 1, 0]


async def test_the_methods_run_one_after_the_other_in_one_thread(store):
    """One writer: no step waits for another's lock, and the order of asking is the order on disk."""
    order: list[int] = []

    def slowly(n: int) -> int:
        store.set_meta("n", str(n))
        order.append(n)
        return n

    assert await asyncio.gather(*(store.apart(slowly, n) for n in range(20))) == list(range(20))
    assert order == list(range(20))
    assert store.meta("n") == "19"


# --- questions -------------------------------------------------------------------------------------------------------


def test_hits_are_found_by_rule_feed_story_mark_and_date(store, queries):
    """What a desk asks for."""
    first = a_hit_on_record(store, 1)
    second = a_hit_on_record(store, 2, rule="tweede", found=NOW + MINUTE)
    store.mark_hit(second.key, "noise", "sport")

    def keys(**asked: object) -> list[str]:
        return [one.hit.key for one in queries.list_hits(**asked)]

    assert keys() == [second.key, first.key]
    assert keys(limit=1) == keys(rule="tweede") == keys(rule="Tweede") == keys(mark="noise") == [second.key]
    assert keys(story=first.story) == keys(until=NOW + MINUTE) == [first.key]
    assert keys(since=NOW + MINUTE) == [second.key]
    assert len(keys(feed=a_feed().key)) == len(keys(feed=a_feed().name)) == 2
    assert keys(feed="anders") == []
    found = queries.hit(second.key[:8])
    assert (found.mark, found.why, found.deliveries) == ("noise", "sport", (a_delivery(second),))


def test_a_thing_is_found_by_the_beginning_of_its_key(store, queries):
    """Nobody types 32 digits."""
    hits = [a_hit_on_record(store, n) for n in range(40)]

    assert {queries.find("hit", hit.key[:8].upper()) for hit in hits} == {hit.key for hit in hits}
    assert queries.delivery(a_delivery(hits[3]).key[:8]) == a_delivery(hits[3])
    assert queries.article(hits[3].article.key[:8]) == hits[3].article
    assert queries.find("hit", "") is queries.find("hit", "geheim%") is queries.hit("0" * 32) is None
    with pytest.raises(StoreError, match="more than one hit begins with"):
        queries.find("hit", next(h.key[0] for h in hits if sum(o.key[0] == h.key[0] for o in hits) > 1))


def test_articles_are_given_by_their_date_a_page_at_a_time(store, queries, monkeypatch):
    """Years of them must pass in constant memory; a date in the future is the publisher's slip."""
    monkeypatch.setattr("monitor.store.queries.PAGE", 3)
    feed = a_feed()
    entries = inbox(store, feed, 8)
    day = timedelta(days=1)
    made = [an_article(entry, published=NOW - n * day) for n, entry in enumerate(entries[:7])]
    made.insert(0, an_article(entries[7], published=NOW + 99 * day))
    for article in made:
        store.record(a_record(entries[0], a_verdict(article)), NOW)

    assert list(queries.articles(Past(until=NOW))) == made[:1:-1]
    assert set(queries.articles(Past(NOW - day))) == set(made[:3])
    assert queries.count_articles() == len(list(queries.articles(Past(feed=feed.name)))) == 8
    assert queries.count_articles(Past(feed="anders")) == 0


def test_the_ledger_accounts_for_every_entry(store, queries):
    """No entry is lost in silence: listed = new + known, new = done by outcome + waiting."""
    feed = a_feed()
    entries = [an_entry(feed, n) for n in range(4)]
    store.save_poll(feed, replace(POLLED, listed=5, new=4, known=1), arrived(*entries))
    store.save_poll(feed, replace(POLLED, at=NOW + MINUTE, outcome=Outcome.UNCHANGED, reason="304"), arrived())
    store.finish_entry(entries[0], Outcome.GONE)
    store.record(a_record(entries[1], Verdict(Outcome.TEASER)), NOW)
    store.postpone_entry(entries[2], NOW + MINUTE, "503")

    (ledger,) = queries.ledger()

    assert ledger.polls == {Outcome.POLLED: 1, Outcome.UNCHANGED: 1}
    assert (ledger.listed, ledger.new, ledger.known) == (5, 4, 1)
    assert (ledger.entries, ledger.waiting, ledger.missing) == ({Outcome.GONE: 1, Outcome.TEASER: 1}, 2, 0)
    assert queries.ledger(NOW + LEASE) == ()
    assert [poll.outcome for poll in queries.polls(feed.key)] == [Outcome.UNCHANGED, Outcome.POLLED]


def test_feeds_are_listed_with_their_health(store, queries):
    """One look tells which feed needs a person."""
    feeds = {name: a_feed(f"https://{name}.example/rss", name=name) for name in ("a", "b", "c", "d", "e")}
    follow(store, *feeds.values())
    follow(store, *list(feeds.values())[:4])
    states = {
        "a": FeedState(due=NOW, polled=NOW),
        "b": FeedState(due=NOW, polled=NOW, failures=2),
        "c": FeedState(due=None),
    }
    for name, state in states.items():
        store.save_poll(replace(feeds[name], state=state), POLLED, arrived(an_entry(feeds[name])))
    hit = a_hit(an_article(an_entry(feeds["a"])))
    store.record(a_record(an_entry(feeds["a"]), a_verdict(hit.article, hit), hit), NOW)

    found = {report.feed.name: report for report in queries.list_feeds(removed=True)}

    health = {"a": "ok", "b": "failing", "c": "paused", "d": "new", "e": "removed"}
    assert {name: report.health for name, report in found.items()} == health
    assert [report.feed.name for report in queries.list_feeds()] == ["a", "b", "c", "d"]
    assert (found["a"].outcomes, found["a"].waiting, found["a"].hits) == ({Outcome.READ: 1}, 0, 1)
    assert (found["b"].outcomes, found["b"].waiting, found["b"].hits) == ({}, 1, 0)


def test_the_status_counts_what_waits_and_what_is_done(store, queries):
    """For the page, the metrics and `monitor status`."""
    hit = a_hit_on_record(store, 9)
    inbox(store, replace(a_feed(), state=FeedState(due=NOW + MINUTE, polled=NOW)), 2)

    status = queries.status()

    assert (status.inbox, status.outbox, status.articles, status.hits) == (2, 1, 1, 1)
    assert (status.feeds, status.entries, status.deliveries) == ({"ok": 1}, {"read": 1}, {})
    assert (status.oldest_due, status.last_poll, status.last_hit) == (NOW, NOW, hit.found)


def test_questions_cannot_write(store, queries):
    """The page is open to many; the record is written by one."""
    with pytest.raises(StoreError), queries._read() as c:
        c.execute(text("DELETE FROM hosts"))


def test_questions_wait_for_no_writer(store, queries):
    """The page answers while a step is being recorded."""
    inbox(store, a_feed(), 1)
    with store._write() as c:
        c.execute(text("DELETE FROM entries"))
        assert queries.status().inbox == 1
    assert queries.status().inbox == 0
