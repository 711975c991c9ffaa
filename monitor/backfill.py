"""`monitor backfill`: the past through the same steps and the same records. A driver.

    source ─▶ volume… ─▶ shard… ══engine══▶ look… ─▶ one transaction: articles, hits, and how far this is

Shards are looked at wherever the engine has room, and written here, one after the other in their own order: so it does
not show how many looked. Hits are recorded; nobody is told unless asked. It takes no work from a daemon beside it: what
it reads is its own, its transactions are short, and whatever is on record already changes nothing. What is done is
remembered in the transaction that wrote it, so that a backfill that was stopped or killed goes on where it was and
counts nothing twice.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final, NamedTuple

from monitor import judge
from monitor.archives import Document, Shard, Volume
from monitor.archives.web import article_at
from monitor.errors import FetchError
from monitor.model import Article, Entry, Hit, Match, Outcome, Reading, Verdict, key_of
from monitor.pipeline import Pipeline
from monitor.policy import reading
from monitor.policy.delivery import gather
from monitor.reader import Reader
from monitor.shards import Engine, Here, Lens, Look, LostError, Order, Span, looked, settled
from monitor.store import Record
from monitor.urls import host

Progress = Callable[[str, Outcome, int], None]
"""Told of each document: its name, its outcome, and how many rules matched it."""
Reached = Callable[[int, int], None]
"""Told how many bytes of the source are behind us, and how many of them an earlier run did."""

# What is to be told waits this long for the digest; if we die before it is sent, the daemon sends it then.
HELD: Final = timedelta(hours=6)
# Pages that are read side by side.
TOGETHER: Final = 16
# A host that asks to be left alone for longer is not waited for: its documents fail, and are tried by the next backfill.
PATIENCE: Final = timedelta(minutes=5)


class Find(NamedTuple):
    """A hit that was not on record: its key, and what a person knows it by."""

    key: str
    rule: str
    title: str
    url: str
    sentence: str  # with the first evidence


class Fault(NamedTuple):
    """For one reason: the first document that could not be had, and how many there are."""

    first: str
    total: int = 1


@dataclass(slots=True)
class Summary:
    """What a backfill did, also in the part before it was stopped: documents by outcome, matches, hits."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    matched: int = 0
    added: int = 0  # hits that were not on record; of a dry run, those that are not
    outside: int = 0  # documents from before `since` or after `until`
    new: list[Hit] = field(default_factory=list)  # of these hits, those that this run recorded
    foreseen: list[Find] = field(default_factory=list)  # and those that a dry run did not
    faults: dict[str, Fault] = field(default_factory=dict)  # why documents of this run failed

    @property
    def documents(self) -> int:
        """How many documents were looked at."""
        return sum(self.outcomes.values())

    @property
    def finds(self) -> list[Find]:
        """The hits of this run that were not on record."""
        return [*(_find(hit.key, hit.match, hit.article) for hit in self.new), *self.foreseen]


@dataclass(slots=True)
class Mark:
    """How far a backfill is: the volumes that are done, and the shards of the one at hand. Without a key: nowhere."""

    key: str = ""
    done: list[str] = field(default_factory=list)
    at: str = ""
    number: int = 0
    told: list[str] = field(default_factory=list)  # keys of the hits that are to be told
    span: Span = field(default_factory=Span)  # only documents of then count
    ended: bool = False

    def step(self, volume: Volume) -> None:
        """Be done with one more shard of a volume."""
        if volume.name != self.at or not volume.name:
            self.at, self.number = volume.name, 0
        self.number += 1

    def leave(self, volume: Volume) -> None:
        """Be done with a volume."""
        if volume.name:
            self.done = [volume.name] if volume.follows else [*self.done, volume.name]

    def dumped(self, summary: Summary) -> str:
        """Return the mark with the numbers that belong to it, as JSON."""
        counts = {name: getattr(summary, name) for name in _COUNTS} | {"outcomes": summary.outcomes}
        mine = {name: getattr(self, name) for name in ("done", "at", "number", "told", "ended")}
        dates = {"since": self.span.since, "until": self.span.until}
        return json.dumps(mine | {name: moment and moment.isoformat() for name, moment in dates.items()} | counts)


_COUNTS: Final = ("matched", "added", "outside")


def loaded(fresh: Mark, said: str | None) -> tuple[Mark, Summary]:
    """Return where a backfill stopped, and its numbers until there; the fresh mark when it came to its end, or never began.

    The dates are those with which it began: `90d` is another moment now.
    """
    found: dict[str, Any] = json.loads(said) if said else {"ended": True}
    if found["ended"]:
        return fresh, Summary()
    since, until = (found[name] and datetime.fromisoformat(found[name]) for name in ("since", "until"))
    mark = Mark(fresh.key, found["done"], found["at"], found["number"], found["told"], Span(since, until))
    outcomes = Counter({Outcome(word): number for word, number in found["outcomes"].items()})
    return mark, Summary(outcomes, found["matched"], found["added"], found["outside"])


class Step(NamedTuple):
    """A shard on its way, and the task that looks at it; without a shard: the end of the volume."""

    volume: Volume
    shard: Shard | None = None
    task: asyncio.Task[list[Look]] | None = None


@dataclass(slots=True)
class Backfill:
    """One backfill: the pipeline whose records it keeps, who looks at the shards, and how it is to be done.

    Without an engine this process looks. `tell`: hits that are new are told, one digest a channel. `dry`: nothing is
    written, nobody is told. `limit` is how many documents are looked at.
    """

    pipeline: Pipeline
    told: Progress = lambda *_: None
    reached: Reached = lambda *_: None
    engine: Engine | None = None
    tell: bool = False
    dry: bool = False
    limit: int | None = None
    mark: Mark = field(default_factory=Mark)
    summary: Summary = field(default_factory=Summary)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _engine: Engine = field(init=False)
    _waits: dict[str, float] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)  # keys of what a dry run found
    _octets: int = 0  # of the source that are behind us
    _octets_before: int = 0  # and those that were when we began

    def __post_init__(self) -> None:
        self._engine = self.engine or Here(Lens.of(self.pipeline.ruleset))

    async def run(self, source: AsyncIterator[Volume]) -> Summary:
        """Do all that a source has and that is not done, or as much as there is time for; return what was done."""
        async with aclosing(self._answered(source)) as steps:
            async for volume, shard, task in steps:
                if shard is None or task is None:
                    self.mark.leave(volume)
                else:
                    self.mark.step(volume)
                    await self._write(task.result())
                    self._reach(shard.octets)
                if self._is_over:
                    break
        self.mark.ended = not self.stopping.is_set()
        await self._write(())
        return self.summary

    @property
    def _is_over(self) -> bool:
        return self.stopping.is_set() or self._left == 0

    @property
    def _left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.summary.documents)

    # --- looking ---

    async def _answered(self, source: AsyncIterator[Volume]) -> AsyncGenerator[Step]:
        """Yield the steps in their order, each when it is done.

        As many are under way as keep the engine busy. When we are to stop, what is under way is left.
        """
        ahead: deque[Step] = deque()
        try:
            async for volume, shard in self._shards(source):
                task = asyncio.create_task(self._look(shard)) if shard else None
                ahead.append(Step(volume, shard, task))
                while len(ahead) >= self._engine.width and await self._has_come(ahead[0]):
                    yield ahead.popleft()
                if self.stopping.is_set():
                    return
            while ahead and await self._has_come(ahead[0]):
                yield ahead.popleft()
        finally:
            await _left_alone(step.task for step in ahead if step.task)

    async def _has_come(self, step: Step) -> bool:
        """Wait for an answer; False when we are to stop before it comes."""
        if step.task is None:
            return True
        stopped = asyncio.create_task(self.stopping.wait())
        await asyncio.wait({step.task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        return step.task.done()

    async def _shards(self, source: AsyncIterator[Volume]) -> AsyncIterator[tuple[Volume, Shard | None]]:
        """Yield the shards that are not done, and None behind a volume's last."""
        done, at, number = set(self.mark.done), self.mark.at, self.mark.number
        async for volume in source:
            if volume.name in done:
                self._reach(volume.octets, before=True)
                continue
            shards = iter(volume.shards)
            for shard in islice(shards, number if volume.name and volume.name == at else 0):
                self._reach(shard.octets, before=True)
            for shard in shards:
                yield volume, shard
            yield volume, None

    def _reach(self, octets: int, *, before: bool = False) -> None:
        self._octets += octets
        self._octets_before += octets if before else 0
        self.reached(self._octets, self._octets_before)

    async def _look(self, shard: Shard) -> list[Look]:
        """Return what comes of a shard. Whoever looks at it may be killed by accident, or by one of its pages.

        So it is tried again, and at last its pages are extracted in the sandbox, where one that kills costs only itself.
        """
        lost = ""
        for extract in (True, True, False) if self._engine.extracts else (False,):
            try:
                order = Order(self.mark.span, extract=extract, most=self._left)
                return await self._read(await self._engine.look(shard, order))
            except LostError as error:
                lost = str(error)
        return [Look(shard.name, Verdict(Outcome.FAILED, reason=f"whoever looked at it was lost: {lost}"))]

    # --- reading ---

    async def _read(self, looks: list[Look]) -> list[Look]:
        """Return the looks with what was yet to be read."""
        unread = [(at, one.unread) for at, one in enumerate(looks) if one.unread]
        for begin in range(0, len(unread), TOGETHER):
            some = unread[begin : begin + TOGETHER]
            recorded = await self._recorded([one for _, one in some])
            documents = [_with(recorded.get(article_at(one)), one) for _, one in some]
            read = await asyncio.gather(*map(self._read_one, documents))
            for (at, _), look in zip(some, read, strict=True):
                looks[at] = look
        return looks

    async def _recorded(self, documents: Iterable[Document]) -> dict[str, Article]:
        """Return what need not be fetched, for it was read in full before."""
        keys = [article_at(one) for one in documents if one.page is None]
        if not keys:
            return {}
        found = await self.pipeline.store.apart(self.pipeline.store.articles_at, keys)
        return {key: article for key, article in found.items() if article.complete}

    async def _read_one(self, document: Document) -> Look:
        if document.is_ready:
            (look,) = looked([document], Lens(self.pipeline.ruleset), Order(self.mark.span))
            return look
        return settled(document, await self._verdict(document), self.mark.span)

    async def _verdict(self, document: Document) -> Verdict:
        hands, page, entry, feed = self.pipeline, document.page, document.entry, document.feed
        if page is None:
            await self._host_is_free(entry.link)
            try:
                page = await hands.fetcher.page(entry.link, browser=bool(feed and feed.browser))
            except FetchError as error:
                self._hosts_wait(entry.link, error)
                lost = Reading(reading.unread(error), None, error.reason)
                return replace(judge.verdict(lost, entry, feed, hands.ruleset), outcome=lost.outcome)
        return await Reader(hands.sandbox, hands.ruleset).verdict(entry, feed, page)

    def _hosts_wait(self, link: str, error: FetchError) -> None:
        pause = reading.host_pause(error)
        if pause:
            wait = min(pause, PATIENCE).total_seconds()
            self._waits[host(link)] = asyncio.get_running_loop().time() + wait

    async def _host_is_free(self, link: str) -> None:
        """Wait while a host wants to be left alone that said it is asked too much."""
        await asyncio.sleep(max(0.0, self._waits.get(host(link), 0.0) - asyncio.get_running_loop().time()))

    # --- writing ---

    async def _write(self, looks: Sequence[Look]) -> None:
        """Record what came of a shard, each document with its hits, and how far we are: all of it or nothing."""
        counted = list(self._counted(await self._without_walls(looks)))
        if self.dry:
            await self._foreseen(counted)
        else:
            pipeline, now = self.pipeline, self.pipeline.clock()
            done = [(one.entry, one.verdict) for one in counted if one.entry and one.verdict]
            async with pipeline.telling:
                await pipeline.recall(_told(verdict, now) for _, verdict in done if verdict.matches)
                made = [await self._routed(entry, verdict, now) for entry, verdict in done]
                new = await pipeline.store.apart(pipeline.store.record_all, made, now, self._noted)
            self.summary.new.extend(new)
        for look in counted:
            if look.verdict:
                self.told(look.name, look.verdict.outcome, len(look.verdict.matches))

    async def _without_walls(self, looks: Iterable[Look]) -> list[Look]:
        """Return the looks; what reads alike under many links of a host is a wall.

        That is asked here, where all is in its order, so that it does not show who looked.
        """
        kept: list[Look] = []
        for one in looks:
            kept.append(await self._or_wall(one, kept) if one.of_page else one)
        return kept

    async def _or_wall(self, look: Look, before: Iterable[Look]) -> Look:
        verdict, entry, store = look.verdict, look.entry, self.pipeline.store
        if verdict is None or verdict.article is None or entry is None:
            return look
        article, reading = verdict.article, Reading(verdict.outcome, verdict.article, verdict.reason)
        others = [one.verdict.article for one in before if one.of_page and one.verdict and one.verdict.article]
        twins = await store.apart(store.twins, article, [one for one in others if one.body == article.body])
        if twins < judge.TWINS:
            return look
        feed = await store.apart(store.feed, entry.feed) if entry.feed else None
        return look._replace(verdict=judge.verdict(reading, entry, feed, self.pipeline.ruleset, twins=twins))

    def _counted(self, looks: Iterable[Look]) -> Iterator[Look]:
        """Count documents, and yield them, up to the limit."""
        for look in looks:
            if self._left == 0:
                return
            if look.verdict is None:
                self.summary.outside += 1
                continue
            self.summary.outcomes[look.verdict.outcome] += 1
            self.summary.matched += len(look.verdict.matches)
            if look.verdict.outcome is Outcome.FAILED:
                before = self.summary.faults.get(look.verdict.reason, Fault(look.name, 0))
                self.summary.faults[look.verdict.reason] = before._replace(total=before.total + 1)
            yield look

    async def _foreseen(self, looks: Iterable[Look]) -> None:
        """Note the hits that would be new on the record."""
        found = [
            _find(key_of("hit", match.rule, verdict.article.key), match, verdict.article)
            for verdict in (one.verdict for one in looks)
            if verdict and verdict.article
            for match in verdict.matches
        ]
        known = await self.pipeline.store.apart(self.pipeline.store.hits_exist, [one.key for one in found])
        new = [one for one in found if one.key not in known | self._seen]
        self._seen.update(one.key for one in new)
        self.summary.foreseen.extend(new)
        self.summary.added += len(new)

    async def _routed(self, entry: Entry, verdict: Verdict, now: datetime) -> Record:
        entry = replace(entry, silent=not self.tell)
        if not verdict.matches or verdict.article is None:
            return Record(entry=entry, verdict=verdict)
        due = now + HELD if self.tell else None
        return await self.pipeline.routed(entry, verdict, now, told=_told(verdict, now), due=due)

    def _noted(self, new: Sequence[Hit]) -> tuple[str, str] | None:
        """Return the mark as it stands with these hits on record."""
        self.summary.added += len(new)
        if self.tell:
            self.mark.told.extend(hit.key for hit in new)
        return (self.mark.key, self.mark.dumped(self.summary)) if self.mark.key else None

    # --- telling ---

    async def send(self) -> Counter[Outcome]:
        """Send what is to be told: one digest a channel, in parts where a service takes no more at once."""
        pipeline, sent = self.pipeline, Counter[Outcome]()
        keys = set(self.mark.told)
        found = await pipeline.store.apart(pipeline.store.deliveries_for, self.mark.told)
        waiting = [one for one in found if one.due and one.subject.key in keys]
        for name in dict.fromkeys(one.channel for one in waiting):
            digest = replace(pipeline.config.channels[name], digest="hourly", at_most=None)
            mine = [one for one in waiting if one.channel == name]
            for message in gather(mine, digest, pipeline.clock()):
                sent[(await pipeline.deliver(message)).outcome] += 1
        return sent


def _told(verdict: Verdict, now: datetime) -> datetime:
    """Return when what hit was told; nothing is told tomorrow."""
    published = verdict.article and verdict.article.published
    return min(published or now, now)


def _find(key: str, match: Match, article: Article) -> Find:
    return Find(key, match.rule, article.title, article.url, match.evidence[0].sentence if match.evidence else "")


async def _left_alone(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks, and wait for their end."""
    for task in list(tasks):
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task


def _with(article: Article | None, document: Document) -> Document:
    return replace(document, article=article, recorded=True) if article else document


def mark_key(source: str, *said: str) -> str:
    """Return the name under which a source's mark is remembered: another one with other rules."""
    return f"backfill {key_of('backfill', source, *said)}"
