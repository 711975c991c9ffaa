"""`monitor backfill`: the past through the same steps and the same records. A driver.

    source ─▶ shard… ─▶ document… ─▶ verdict… ─▶ one transaction: articles, hits, and how far this is

Hits are recorded; nobody is told unless asked. It takes no work from a daemon beside it: what it reads is its own, its
transactions are short, and whatever is on record already changes nothing. What is done is remembered in the transaction
that wrote it, so that a backfill that was stopped or killed goes on where it was and counts nothing twice.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from monitor import judge
from monitor.archives import Document, Piece, Shard
from monitor.archives.web import article_at
from monitor.errors import FetchError
from monitor.model import Article, Hit, Match, Outcome, Reading, Verdict, key_of
from monitor.pipeline import Pipeline, judged
from monitor.policy import reading
from monitor.policy.delivery import gather
from monitor.store import Record
from monitor.urls import host

Progress = Callable[[str, Outcome, int], None]
"""Told of each document: its name, its outcome, and how many rules matched it."""

# What is to be told waits this long for the digest; if we die before it is sent, the daemon sends it then.
HELD: Final = timedelta(hours=6)
# Documents that are read side by side, and matched together: pages of some megabytes each, at the worst.
TOGETHER: Final = 16
# Documents in one transaction: about 50 ms of work (1 ms each), for which a daemon beside us waits.
BATCH: Final = 50
# What is fetched comes slowly: so long of it is lost at most when we are killed.
KEPT_AFTER: Final = timedelta(seconds=10)
# A host that asks to be left alone for longer is not waited for: its documents fail, and are tried by the next backfill.
PATIENCE: Final = timedelta(minutes=5)


@dataclass(slots=True)
class Summary:
    """What a backfill did, also in the part before it was stopped: documents by outcome, matches, hits."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    matched: int = 0
    added: int = 0  # hits that were not on record
    outside: int = 0  # documents from before `since` or after `until`
    new: list[Hit] = field(default_factory=list)  # of the hits that were not on record, those of this run
    reasons: Counter[str] = field(default_factory=Counter)  # of what failed in this run

    @property
    def documents(self) -> int:
        """How many documents were looked at."""
        return sum(self.outcomes.values())


@dataclass(slots=True)
class Mark:
    """How far a backfill is: the shards that are done, and the documents of the one at hand. Without a key: nowhere."""

    key: str = ""
    done: list[str] = field(default_factory=list)
    at: str = ""
    number: int = 0
    told: list[str] = field(default_factory=list)  # keys of the hits that are to be told
    since: datetime | None = None  # only documents from then on count, and those without a date
    until: datetime | None = None  # and only those before
    ended: bool = False

    def enter(self, shard: Shard) -> int:
        """Begin with a shard; return how many of its documents are done already."""
        if shard.name != self.at or not shard.name:
            self.at, self.number = shard.name, 0
        return self.number

    def leave(self, shard: Shard) -> None:
        """Be done with a shard."""
        if shard.name:
            self.done.append(shard.name)
        self.number = 0

    def dumped(self, summary: Summary) -> str:
        """Return the mark with the numbers that belong to it, as JSON."""
        counts = {name: getattr(summary, name) for name in _COUNTS} | {"outcomes": summary.outcomes}
        mine = {name: getattr(self, name) for name in ("done", "at", "number", "told", "ended")}
        dates = {name: moment and moment.isoformat() for name, moment in (("since", self.since), ("until", self.until))}
        return json.dumps(mine | dates | counts)

    def is_inside(self, dated: datetime | None) -> bool:
        """Whether a document of this date counts."""
        if dated is None:
            return True
        return not ((self.since and dated < self.since) or (self.until and dated >= self.until))


_COUNTS: Final = ("matched", "added", "outside")


def loaded(fresh: Mark, said: str | None) -> tuple[Mark, Summary]:
    """Return where a backfill stopped, and its numbers until there; the fresh mark when it came to its end, or never began.

    The dates are those with which it began: `90d` is another moment now.
    """
    found: dict[str, Any] = json.loads(said) if said else {"ended": True}
    if found["ended"]:
        return fresh, Summary()
    since, until = (found[name] and datetime.fromisoformat(found[name]) for name in ("since", "until"))
    mark = Mark(fresh.key, found["done"], found["at"], found["number"], found["told"], since, until)
    outcomes = Counter({Outcome(word): number for word, number in found["outcomes"].items()})
    return mark, Summary(outcomes, found["matched"], found["added"], found["outside"])


class _Later:
    """Rules that find nothing: what is read is matched afterwards, many documents together."""

    def match(self, _article: Article) -> Sequence[Match]:
        return ()


@dataclass(slots=True)
class Backfill:
    """One backfill: the pipeline whose records it keeps, and how it is to be done.

    `tell`: hits that are new are told, one digest a channel. `dry`: nothing is written, nobody is told. `limit` is how
    many documents are looked at.
    """

    pipeline: Pipeline
    told: Progress = lambda *_: None
    tell: bool = False
    dry: bool = False
    limit: int | None = None
    mark: Mark = field(default_factory=Mark)
    summary: Summary = field(default_factory=Summary)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _kept: list[tuple[Document, Verdict]] = field(default_factory=list)
    _written: datetime | None = None
    _waits: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._written = self.pipeline.clock()

    async def run(self, source: AsyncIterator[Shard]) -> Summary:
        """Do all that a source has and that is not done, or as much as there is time for; return what was done."""
        done = set(self.mark.done)
        async for shard in source:
            if shard.name in done:
                continue
            await self._shard(shard)
            if self._is_over:
                break
        self.mark.ended = not self.stopping.is_set()
        await self._write()
        return self.summary

    @property
    def _is_over(self) -> bool:
        return self.stopping.is_set() or (self.limit is not None and self.summary.documents >= self.limit)

    @property
    def _left(self) -> int:
        return TOGETHER if self.limit is None else max(0, self.limit - self.summary.documents)

    async def _shard(self, shard: Shard) -> None:
        begun = self.mark.enter(shard)
        async with aclosing(self._read(islice(shard.pieces, begun, None))) as documents:
            async for document, verdict in documents:
                self.mark.number += 1
                self._count(document, verdict)
                if len(self._kept) >= BATCH or self._is_late:
                    await self._write()
                if self.stopping.is_set():
                    return
        self.mark.leave(shard)
        await self._write()

    @property
    def _is_late(self) -> bool:
        return self._written is not None and self.pipeline.clock() - self._written >= KEPT_AFTER

    # --- reading ---

    async def _read(self, pieces: Iterator[Piece]) -> AsyncGenerator[tuple[Document, Verdict | None]]:
        """Yield documents in their order, each with what the rules say of it; None where its date lies outside."""
        while documents := [piece() for piece in islice(pieces, min(TOGETHER, self._left))]:
            recorded = await self._recorded(documents)
            documents = [_with(recorded.get(article_at(one)), one) for one in documents]
            wanted = [one for one in documents if not one.is_ready and self.mark.is_inside(one.dated)]
            tasks = {id(one): asyncio.create_task(self._verdict(one)) for one in wanted}
            ready = self._matched([one for one in documents if one.is_ready])
            try:
                for one in documents:
                    verdict = await tasks[id(one)] if id(one) in tasks else ready.get(id(one))
                    yield one, self._inside(verdict)
            finally:
                for task in tasks.values():
                    task.cancel()

    async def _recorded(self, documents: Iterable[Document]) -> dict[str, Article]:
        """Return what need not be fetched, for it was read in full before."""
        keys = [article_at(one) for one in documents if not one.is_ready and one.page is None]
        if not keys:
            return {}
        found = await self.pipeline.store.apart(self.pipeline.store.articles_at, keys)
        return {key: article for key, article in found.items() if article.complete}

    def _matched(self, documents: Sequence[Document]) -> dict[int, Verdict]:
        """Return the verdicts on texts, which are matched together."""
        read = [(one, _as_read(one)) for one in documents]
        articles = [verdict.article for _, verdict in read if verdict.article]
        found = iter(self.pipeline.ruleset.match_many(articles))
        return {id(one): replace(verdict, matches=next(found)) if verdict.article else verdict for one, verdict in read}

    async def _verdict(self, document: Document) -> Verdict:
        hands, page, entry, feed = self.pipeline, document.page, document.entry, document.feed
        if page is None:
            await self._host_is_free(entry.link)
            try:
                page = await hands.fetcher.page(entry.link, browser=bool(feed and feed.browser))
            except FetchError as error:
                self._left_alone(entry.link, error)
                lost = Reading(reading.unread(error), None, error.reason)
                return replace(judge.verdict(lost, entry, feed, hands.ruleset), outcome=lost.outcome)
        return await judged(hands.sandbox, hands.ruleset, entry, feed, page, twins=hands.twins)

    def _left_alone(self, link: str, error: FetchError) -> None:
        pause = reading.host_pause(error)
        if pause:
            wait = min(pause, PATIENCE).total_seconds()
            self._waits[host(link)] = asyncio.get_running_loop().time() + wait

    async def _host_is_free(self, link: str) -> None:
        """Wait while a host wants to be left alone that said it is asked too much."""
        await asyncio.sleep(max(0.0, self._waits.get(host(link), 0.0) - asyncio.get_running_loop().time()))

    def _inside(self, verdict: Verdict | None) -> Verdict | None:
        if verdict is None or (verdict.article and not self.mark.is_inside(verdict.article.published)):
            return None
        return verdict

    # --- writing ---

    def _count(self, document: Document, verdict: Verdict | None) -> None:
        """Count a document, and keep it to be written unless it is on record as it is."""
        if verdict is None:
            self.summary.outside += 1
            return
        self.summary.outcomes[verdict.outcome] += 1
        self.summary.matched += len(verdict.matches)
        if verdict.outcome is Outcome.FAILED:
            self.summary.reasons[verdict.reason] += 1
        if verdict.article and (verdict.matches or not document.recorded):
            self._kept.append((document, verdict))
        self.told(document.name, verdict.outcome, len(verdict.matches))

    async def _write(self) -> None:
        """Record what was kept, each with its hits, and how far we are: all of it or nothing."""
        kept, self._kept, self._written = self._kept, [], self.pipeline.clock()
        if self.dry:
            return
        pipeline, now = self.pipeline, self.pipeline.clock()
        async with pipeline.telling:
            made: list[Record] = []
            for document, verdict in kept:
                made.append(await self._routed(document, verdict, now, made))
            new = await pipeline.store.apart(pipeline.store.record_all, made, now, self._noted)
        self.summary.new.extend(new)

    async def _routed(self, document: Document, verdict: Verdict, now: datetime, beside: Sequence[Record]) -> Record:
        entry = replace(document.entry, silent=not self.tell)
        if not verdict.matches or verdict.article is None:
            return Record(entry=entry, verdict=verdict)
        told = min(verdict.article.published or now, now)
        others = [one for one in beside if one.hits]
        due = now + HELD if self.tell else None
        return await self.pipeline.routed(entry, verdict, now, told=told, beside=others, due=due)

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
                sent[await pipeline.deliver(message)] += 1
        return sent


def _with(article: Article | None, document: Document) -> Document:
    return replace(document, article=article, recorded=True) if article else document


def _as_read(document: Document) -> Verdict:
    """Return the verdict on what needs no reading, yet to be matched."""
    if document.fault:
        return Verdict(Outcome.FAILED, None, (), document.fault)
    if document.recorded and document.article:
        return Verdict(document.reading.outcome, document.article)
    return judge.verdict(document.reading, document.entry, document.feed, _Later())


def mark_key(source: str, *said: str) -> str:
    """Return the name under which a source's mark is remembered: another one with other rules."""
    return f"backfill {key_of('backfill', source, *said)}"
