"""The whole product on one page: poll, read, deliver.

    poll(feed)           ask a feed; its state and its new entries reach the disk together
    read(entry)          fetch the page, extract, match; article, hits and deliveries reach the disk together
    deliver(deliveries)  one message to one channel; what it holds reaches the disk before, how that went after it

Each step is: use the network, decide, write once. What a kill interrupts is done again from the disk, and identity is
computed, so that doing it again changes nothing. The one thing that may happen twice is a message that was sent by a
process that died before it could write so.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any, Final
from zoneinfo import ZoneInfo

from monitor import ask, extract, judge, render, stories
from monitor.config import Config
from monitor.errors import DeliveryError, FetchError, SandboxError
from monitor.fetch import Fetcher
from monitor.model import (
    Article,
    Delivery,
    Ending,
    Entry,
    Envelope,
    Feed,
    FeedDocument,
    Hit,
    Match,
    Notice,
    Outcome,
    Page,
    Reading,
    Telling,
    Verdict,
    Visit,
    key_of,
)
from monitor.notify import Notifier
from monitor.numbers import counted
from monitor.policy import canary, listing, polling, reading
from monitor.policy import delivery as outbox
from monitor.policy import edits as changes
from monitor.reader import Reader
from monitor.rules.compile import Ruleset
from monitor.sandbox import Sandbox
from monitor.store import KeptPage, PollRecord, Record, Store, What
from monitor.urls import host

# A claim pushes `due` this far ahead: a worker that dies needs no cleaning up. Longer than the longest visit.
LEASE: Final = timedelta(minutes=10)
# What one visit takes of a host's inbox; the rest waits for the next visit, behind what is due elsewhere.
MOST: Final = 20
# What one claim takes of a channel's outbox. Enough that a storm is seen as one, and gathered.
OUTBOX_MOST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The three steps and what they need: what the user wrote, and the hands.

    `clock` gives the time in UTC, `chance` a number in [0, 1) for jitter. With `tell_old`, a feed's first poll alerts.
    """

    config: Config
    ruleset: Ruleset
    store: Store
    fetcher: Fetcher
    sandbox: Sandbox
    notifier: Notifier
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    tell_old: bool = False
    # Until when a host asked to be left alone (429, 503), from the step that heard it to the end of its visit.
    waits: dict[str, datetime] = dataclasses.field(default_factory=dict, repr=False)
    # The news sitemap of each site in which one was looked for.
    sitemaps: dict[str, Feed | None] = dataclasses.field(default_factory=dict, repr=False)
    # Which story a hit belongs to is decided for one article at a time, or two would both begin the same story.
    telling: asyncio.Lock = dataclasses.field(default_factory=asyncio.Lock, repr=False)
    # What was told in the days of the last hit.
    told: stories.Told = dataclasses.field(default_factory=stories.Told, repr=False)

    # --- poll ---

    async def poll(self, feed: Feed) -> Ending:
        """Ask a feed what is new. Its state, the ledger's row and its entries are on disk when this returns."""
        asked = self.clock()
        try:
            conditional = polling.conditional(feed, asked)
            where = polling.asked_at(feed, asked)
            page, document = await ask.document(self.fetcher, self.sandbox, where, conditional=conditional)
        except (FetchError, SandboxError) as error:
            return await self._poll_failed(feed, error, asked)
        if document and document.outcome is Outcome.FAILED:
            return await self._poll_failed(feed, "; ".join(document.faults), asked)
        known = await self.store.apart(self.store.known, listing.aliases(document)) if document else {}
        now = self.clock()
        found = listing.sort_out(document, feed, known, now) if document else None
        if document and found and found.gap:
            found = await self._filled(feed, document, found, now)
        after = polling.after_poll(feed, page, document, found, now, self.config.settings, self.chance())
        poll = _poll_record(document, found, asked, now, first=feed.state.polled is None)
        await self._save_poll(feed, after, poll, found or listing.Sorted(), now)
        return Ending(poll.outcome)

    async def _filled(self, feed: Feed, document: FeedDocument, found: listing.Sorted, now: datetime) -> listing.Sorted:
        """Look into the outlet's news sitemap for what came and went between two polls."""
        link = next((entry.link for entry in document.entries if entry.link), feed.url)
        sitemap = await self._sitemap_of(feed, link)
        if sitemap is None:
            return replace(found, reason="; ".join(filter(None, (found.reason, "no news sitemap is known"))))
        try:
            _, listed = await ask.document(self.fetcher, self.sandbox, sitemap, conditional=False)
        except (FetchError, SandboxError) as error:
            return replace(found, reason="; ".join(filter(None, (found.reason, f"the news sitemap: {error}"))))
        if listed is None or listed.outcome is Outcome.FAILED:
            return found
        known = await self.store.apart(self.store.known, listing.aliases(listed))
        return listing.filled(found, listed, feed, known, now)

    async def _sitemap_of(self, feed: Feed, link: str) -> Feed | None:
        """Return the news sitemap of an outlet: one that the user named, or what its site has. Looked for once."""
        for one in self.config.feeds:
            if one.kind == "sitemap" and feed.outlet and one.outlet == feed.outlet:
                return one
        site = host(link)
        if site not in self.sitemaps:
            self.sitemaps[site] = await ask.news_sitemap(self.fetcher, self.sandbox, link)
        return self.sitemaps[site]

    async def _poll_failed(self, feed: Feed, error: FetchError | SandboxError | str, asked: datetime) -> Ending:
        now = self.clock()
        self._left_alone(feed.url, error, now)
        after = polling.after_failure(feed, error, now, self.config.settings, self.chance())
        outcome = Outcome.PAUSED if after.state.due is None else Outcome.FAILED
        poll = PollRecord(at=asked, outcome=outcome, reason=after.state.error, took=now - asked)
        await self._save_poll(feed, after, poll, listing.Sorted(), now)
        return Ending(outcome, after.state.error)

    async def _save_poll(
        self, before: Feed, after: Feed, poll: PollRecord, found: listing.Sorted, now: datetime
    ) -> None:
        """Write a poll, and tell of what is wrong with the feed."""
        dated = listing.dated(found, before, now, tell_old=self.tell_old)
        after, notices = self._told_of_trouble(after, now)
        await self.store.apart(self.store.save_poll, after, poll, dated, notices)

    def _told_of_trouble(self, feed: Feed, now: datetime) -> tuple[Feed, tuple[Delivery, ...]]:
        """Tell settings.ops once that something is wrong with a feed, and once when it is over."""
        trouble = polling.trouble(feed, now, self.config.settings)
        if trouble == feed.state.told:
            return feed, ()
        title = f"{feed.name}: {trouble or 'recovered'}"
        text = "\n".join(filter(None, (feed.state.error, f"Was: {feed.state.told}" if not trouble else "")))
        notice = Notice(key=key_of("notice", feed.key, trouble, now.isoformat()), title=title, text=text, found=now)
        return replace(feed, state=replace(feed.state, told=trouble)), self._to_ops(notice, now, with_others=True)

    # --- read ---

    async def read(self, entry: Entry) -> Ending:
        """Read an entry's page and match it. What was found, and where it goes, is on disk when this returns."""
        if canary.is_canary(entry):
            return await self._read_canary(entry)
        feed = await self.store.apart(self.store.feed, entry.feed) if entry.feed else None
        try:
            browser = feed.browser if feed else False
            page = await self.fetcher.page(entry.link, browser=browser) if entry.link else None
        except FetchError as error:
            return await self._unread(entry, feed, error)
        verdict = await Reader(self.sandbox, self.ruleset, self.twins).verdict(entry, feed, page)
        await self._settle(entry, verdict, await self._kept(entry, verdict, page))
        return Ending(verdict.outcome, verdict.reason)

    async def _kept(self, entry: Entry, verdict: Verdict, page: Page | None) -> KeptPage | None:
        """Return the page as it is to be kept, packed beside the loop; None for most."""
        if page is None or not self.config.settings.keep_pages or not reading.is_kept(verdict):
            return None
        return await asyncio.to_thread(KeptPage.of, entry, page, self.clock(), hit=bool(verdict.matches))

    async def twins(self, article: Article) -> int:
        """Return how many other links of its host had this very text."""
        return await self.store.apart(self.store.twins, article)

    async def _settle(self, entry: Entry, verdict: Verdict, page: KeptPage | None = None) -> None:
        """Write what was read, what has changed in earlier hits, and when to look once more."""
        article, now = verdict.article, self.clock()
        earlier = await self._earlier(entry, verdict)
        news = judge.news(article, earlier, self.ruleset) if article and earlier else ()
        about = [one for one in (article, earlier) if one]
        items = [item for one in about for item in extract.items(one)]
        before = await self.store.apart(self.store.hits_about, entry, [*about, *items])
        verdict = changes.news(before, verdict, news)
        since = min((one.hit.found for one in before), default=now if verdict.matches else None)
        again = reading.once_more(entry, article, since, now) if verdict.outcome is not Outcome.GONE else None
        edits = changes.edits(before, verdict, now, entry.summary)
        for item in news:  # what came after the first reading is told, also of a blog that was taken in silently
            await self.record(Record(entry=replace(entry, silent=False), verdict=item), finish=False)
        await self.record(Record(entry=entry, verdict=verdict, edits=edits, page=page), again=again)

    async def _earlier(self, entry: Entry, verdict: Verdict) -> Article | None:
        """Return a live blog as it was read before; None for one that is new, and for anything else."""
        if verdict.outcome is Outcome.GONE:  # the words that are left do not say that it was one
            before = await self.store.apart(self.store.article_of, entry)
        elif verdict.article and verdict.article.live:
            before = await self.store.apart(self.store.article, verdict.article.key)
        else:
            return None
        return before if before and before.live else None

    async def _read_canary(self, entry: Entry) -> Ending:
        """Do with the canary's page what is done with any other, and tell every channel; it leaves no article, no hit."""
        ruleset = await asyncio.to_thread(self.ruleset.replace, canary.among(self.config.book))
        verdict = await Reader(self.sandbox, ruleset).verdict(entry, None, canary.page(entry))
        now, channels = self.clock(), self.config.channels
        song = canary.song(entry, verdict, now)
        told = outbox.tell(song, tuple(channels), channels, now, self.zone) if song else ()
        done = Verdict(verdict.outcome, reason=verdict.reason if song else f"not recognised; {verdict.reason}")
        await self.store.apart(self.store.record, Record(entry=entry, verdict=done, deliveries=told), now)
        return Ending(done.outcome, done.reason)

    async def _unread(self, entry: Entry, feed: Feed | None, error: FetchError) -> Ending:
        """Match the feed's own words at once, and come back for the page where that may help."""
        verdict = judge.verdict(Reading(reading.unread(error), None, error.reason), entry, feed, self.ruleset)
        self._left_alone(entry.link, error, self.clock())
        if entry.outcome is not None:
            return await self._not_once_more(entry, verdict)
        later = await self._put_off(entry, error)
        if not later or verdict.matches:
            await self.record(Record(entry=entry, verdict=verdict), finish=not later)
        return Ending(Outcome.RETRY if later else verdict.outcome, error.reason)

    async def _put_off(self, entry: Entry, error: FetchError) -> bool:
        """Let an entry wait for another try, where that may help; say whether it does."""
        due = reading.again(entry, error, self.clock(), self.chance())
        if due is not None:
            await self.store.apart(self.store.postpone_entry, entry, due, error.reason)
        return due is not None

    async def _not_once_more(self, entry: Entry, verdict: Verdict) -> Ending:
        """Keep what was read when the page cannot be had once more; that it is gone, though, is worth knowing."""
        if verdict.outcome is Outcome.GONE:
            await self._settle(entry, verdict)
            return Ending(verdict.outcome, verdict.reason)
        before = await self.store.apart(self.store.hits_about, entry)
        since = min((one.hit.found for one in before), default=None)
        due = reading.once_more(entry, None, since, self.clock())
        await self.store.apart(self.store.read_again, entry, due)
        return Ending(Outcome.RETRY if due else Outcome.FAILED, verdict.reason)

    async def stumbled(self, work: Feed | Entry, reason: str) -> Ending:
        """Put off a feed or an entry that something unforeseen happened to; an entry is given up after some tries.

        One that was read already stays as it was read.
        """
        if isinstance(work, Feed):
            return await self._poll_failed(work, reason, self.clock())
        if work.outcome is not None:
            await self.store.apart(self.store.read_again, work, None)
        elif await self._put_off(work, FetchError(work.link, reason, retry=True)):
            return Ending(Outcome.RETRY, reason)
        else:
            await self.store.apart(self.store.finish_entry, work, Outcome.FAILED, reason)
        return Ending(Outcome.FAILED, reason)

    async def record(self, read: Record, *, finish: bool = True, again: datetime | None = None) -> tuple[Hit, ...]:
        """Write what came of an entry: its article, its hits in their story, and where they go.

        Returns the hits that were not on record before. `finish=False` leaves the inbox as it is; the entry is read
        once more at `again`.
        """
        write = partial(self.store.record, finish=finish, again=again)
        if read.verdict.article is None or not read.verdict.matches:
            return await self.store.apart(write, read, self.clock())
        async with self.telling:
            now = self.clock()
            await self.recall((now,))
            made = await self.routed(read.entry, read.verdict, now)
            return await self.store.apart(write, replace(made, edits=read.edits, page=read.page), now)

    async def recall(self, moments: Iterable[datetime]) -> None:
        """Have at hand what was told around these moments. Whoever calls this holds `telling`."""
        listed: dict[Telling, Any] = {}
        for since, until in stories.days_around(moments, self.config.settings.story_window):
            listed |= await self.store.apart(self.store.stories, since, until, self.told)
        self.told.hold(listed)

    async def routed(
        self,
        entry: Entry,
        verdict: Verdict,
        now: datetime,
        *,
        told: datetime | None = None,
        due: datetime | None = None,
    ) -> Record:
        """Return an article that hit, with its hits in their story and where they go, yet to be written.

        `told` is when the story was told, unless that is now. Whoever calls this holds `telling` until all is written,
        and has recalled what was told then.
        """
        if verdict.article is None:
            return Record(entry=entry, verdict=verdict)
        article, signature, told = verdict.article, stories.signature(verdict.article), told or now
        story, adds = self._story(article, signature, told)
        hits = tuple(self._hit(entry, article, match, story, adds, now) for match in verdict.matches)
        deliveries = () if entry.silent else await self._deliveries(hits, story, now)
        if due is not None:
            deliveries = tuple(replace(one, due=due, first_due=due) if one.due else one for one in deliveries)
        return Record(
            entry=entry, verdict=verdict, hits=hits, deliveries=deliveries, signature=signature.to_json(), told=told
        )

    async def _deliveries(self, hits: Iterable[Hit], story: str, now: datetime) -> tuple[Delivery, ...]:
        """Return where the hits of one story go, after what was told of it and what is muted."""
        mutes = await self.store.apart(self.store.mutes, now)
        threads = await self.store.apart(self.store.threads, story, now)
        rules, channels = self.config.book.by_id, self.config.channels
        routes = (outbox.route(hit, rules[hit.rule], channels, mutes, now, self.zone, threads=threads) for hit in hits)
        return tuple(chain.from_iterable(routes))

    def _story(self, article: Article, signature: stories.Signature, told: datetime) -> tuple[str, str]:
        """Return the key of the story that an article tells, one told before or its own, and what it adds to it."""
        (days,) = stories.days_around((told,), self.config.settings.story_window)
        known = stories.same(signature, self.told, days)
        story = known or key_of("story", article.key)
        adds = stories.adds(article, self.told.of(story, days)) if known else ""
        self.told.add(Telling(story, article.key, told, told), signature)
        return story, adds

    def _hit(  # noqa: PLR0913, PLR0917 - what a hit is made of
        self, entry: Entry, article: Article, match: Match, story: str, adds: str, now: datetime
    ) -> Hit:
        rule = self.config.book.by_id[match.rule]
        return Hit(
            key=key_of("hit", match.rule, article.key),
            rule=match.rule,
            rule_name=rule.name,
            article=article,
            match=match,
            story=story,
            found=now,
            silent=entry.silent,
            adds=adds,
        )

    # --- deliver ---

    async def deliver(self, deliveries: Sequence[Delivery], *, behind: Sequence[Sequence[Delivery]] = ()) -> Ending:
        """Send these as one message to their channel, and write how that went.

        When the channel is to be tried again later, what was claimed `behind` them waits as long: the order is kept.
        """
        channel = self.config.channels[deliveries[0].channel]
        # On record before it is sent: what a kill interrupts goes out again as the same message.
        envelope = outbox.enveloped(deliveries, self.clock())
        envelope = await self.store.apart(self.store.seal, envelope, deliveries, outbox.opening(deliveries))
        message = render.message(deliveries, channel, zone=self.zone, opening=envelope.opening)
        try:
            receipt = await self.notifier.send(channel, message, envelope, took=self._noting(envelope))
        except DeliveryError as error:
            return await self._refused(deliveries, behind, error)
        now = self.clock()
        after = [outbox.after_sent(delivery, receipt, now) for delivery in deliveries]
        await self.store.apart(self.store.save_deliveries, after)
        return Ending(Outcome.SENT)

    def _noting(self, envelope: Envelope) -> Callable[[str, str], None]:
        """Return what a door calls, in its own thread, when a recipient took the message: it is on disk afterwards."""
        loop = asyncio.get_running_loop()

        def took(recipient: str, name: str) -> None:
            note = self.store.apart(self.store.took, envelope.key, recipient, name)
            asyncio.run_coroutine_threadsafe(note, loop).result()

        return took

    async def _refused(
        self, deliveries: Sequence[Delivery], behind: Sequence[Sequence[Delivery]], error: DeliveryError
    ) -> Ending:
        now, jitter, dead_after = self.clock(), self.chance(), self.config.settings.dead_after
        after = [outbox.after_refused(delivery, error, now, dead_after, jitter) for delivery in deliveries]
        again = [delivery for delivery in after if delivery.outcome is Outcome.RETRY]
        waiting = [delivery for message in behind for delivery in message] if again else []
        held = outbox.behind(waiting, again[-1]) if again else ()
        await self.store.apart(self.store.save_deliveries, [*after, *held])
        await self._tell_of_dead([delivery for delivery in after if delivery.outcome is Outcome.DEAD], error)
        return Ending(Outcome.RETRY if again else Outcome.DEAD, error.reason)

    async def unsent(self, deliveries: Sequence[Delivery], behind: Sequence[Sequence[Delivery]], reason: str) -> Ending:
        """Put off a message that something unforeseen kept from being sent: tried again, and in the end dead and told."""
        return await self._refused(deliveries, behind, DeliveryError(deliveries[0].channel, reason, retry=True))

    async def claim_messages(self, channel: str) -> list[tuple[Delivery, ...]]:
        """Take what is due in a channel, as the messages that leave now; what must wait goes back with its date."""
        now, target = self.clock(), self.config.channels[channel]
        found = await self.store.apart(self.store.claim_deliveries, channel, now, LEASE, OUTBOX_MOST)
        if not found:
            return []
        urgent = frozenset(rule.id for rule in self.config.book.rules if rule.urgent)
        refused = await self.store.apart(self.store.refused_until, channel, now)
        if refused:
            found, waits = outbox.behind_refusal(found, refused, urgent)
            await self.store.apart(self.store.save_deliveries, waits)
        window = max(target.at_most[1] if target.at_most else timedelta(), outbox.STORM_SPAN)
        sent = await self.store.apart(self.store.sent_since, channel, now - window)
        leaving = outbox.depart(found, target, now, self.zone, sent=sent, urgent=urgent)
        await self.store.apart(self.store.save_deliveries, leaving.held)
        return list(leaving.messages)

    async def hold(self, messages: Sequence[Sequence[Delivery]]) -> None:
        """Put back messages that were taken and not tried."""
        await self.store.apart(self.store.save_deliveries, [one for message in messages for one in message])

    async def _tell_of_dead(self, lost: Sequence[Delivery], error: DeliveryError) -> None:
        """Tell the other channels of settings.ops which hits a channel gave up. Of a dead notice nobody is told."""
        given_up = [delivery for delivery in lost if isinstance(delivery.subject, Hit)]
        if not given_up:
            return
        number = counted(len(given_up), "delivery", "deliveries")
        key = key_of("notice", "dead", *(delivery.key for delivery in given_up))
        text = outbox.given_up(given_up, error.reason)
        await self.notify_ops(f"{error.channel}: {number} given up", text, key=key, but=error.channel)

    # --- what the daemon tells about itself ---

    async def notify_ops(self, title: str, text: str, *, key: str = "", but: str = "") -> None:
        """Put a notice into the outbox for the channels of settings.ops; of one that lost something, for the others."""
        now = self.clock()
        notice = Notice(key=key or key_of("notice", title, text, now.isoformat()), title=title, text=text, found=now)
        await self.store.apart(self.store.announce, self._to_ops(notice, now, but=but))

    def _to_ops(
        self, notice: Notice, now: datetime, *, but: str = "", with_others: bool = False
    ) -> tuple[Delivery, ...]:
        ops = [name for name in self.config.settings.ops if name != but]
        if but and not ops:  # what one channel lost another one has to tell
            ops = [name for name in self.config.channels if name != but]
        return outbox.tell(notice, ops, self.config.channels, now, self.zone, with_others=with_others)

    # --- what drivers claim ---

    @property
    def zone(self) -> ZoneInfo:
        """The zone of quiet hours, digests and of the times that people read."""
        return ZoneInfo(self.config.settings.timezone)

    async def claim_visits(self, what: What, hosts: int) -> Sequence[Visit]:
        """Take the hosts on which work has been due longest, at most so many."""
        return await self.store.apart(self.store.claim_visits, self.clock(), LEASE, MOST, what=what, hosts=hosts)

    async def leave(self, visit: Visit) -> None:
        """End a visit: the next may come after the polite pause; what was not begun takes its old place."""
        until = self.clock() + self.config.settings.pause
        await self.store.apart(self.store.release_host, visit.host, max(until, self.waits.pop(visit.host, until)))

    def _left_alone(self, url: str, error: object, now: datetime) -> None:
        """Leave a host alone that says it is asked too much: the rest of the visit waits, too."""
        if isinstance(error, FetchError) and (pause := reading.host_pause(error)):
            self.waits[host(url)] = now + pause

    async def every_feed(self) -> list[Visit]:
        """Return a visit to each host with all its feeds, whatever their dates, but for those that are gone for good."""
        hosts: dict[str, list[Feed]] = {}
        for feed in await self.store.apart(self.store.feeds):
            if feed.state.due is not None:
                hosts.setdefault(host(feed.url), []).append(feed)
        return [Visit(host=name, entries=(), feeds=tuple(feeds)) for name, feeds in hosts.items()]

    async def more_to_read(self) -> bool:
        """Whether an entry falls due that is worth waiting for in one round: after a host's pause, not a retry."""
        now = self.clock()
        due = await self.store.apart(self.store.next_due, now, what="entries")
        return due is not None and due <= now + self.config.settings.pause + timedelta(seconds=1)

    async def channels_waiting(self) -> tuple[str, ...]:
        """Return the channels in which something is due now."""
        waiting = await self.store.apart(self.store.deliveries_waiting, self.clock())
        return tuple(name for name in waiting if name in self.config.channels)

    async def answers(self) -> None:
        """Return when the database answers and is the one that was opened; StoreError when not."""
        await asyncio.to_thread(self.store.alive)


def _poll_record(
    document: FeedDocument | None, found: listing.Sorted | None, asked: datetime, now: datetime, *, first: bool
) -> PollRecord:
    """Return the ledger's row of a good poll. What the `first` one lists is read, however old it is."""
    if document is None or found is None:
        return PollRecord(at=asked, outcome=Outcome.UNCHANGED, took=now - asked)
    return PollRecord(
        at=asked,
        outcome=Outcome.POLLED,
        listed=found.listed,
        new=len(found.new) + len(found.old),
        known=len(found.known),
        old=0 if first else len(found.old),
        reason="; ".join(filter(None, (*document.faults, found.reason))),
        took=now - asked,
        gap=found.gap,
    )
