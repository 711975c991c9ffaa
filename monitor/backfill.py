"""`monitor backfill`: the past through the same steps and the same records. A driver.

Hits are recorded; nobody is told unless asked. It takes no work from a daemon beside it: what it reads is its own, it
writes one document at a time, and whatever is on record already changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from monitor import judge
from monitor.archives import Document
from monitor.errors import FetchError
from monitor.model import Article, Entry, Hit, Outcome, Reading, Verdict, key_of
from monitor.pipeline import Pipeline, judged
from monitor.policy import reading
from monitor.policy.delivery import gather
from monitor.urls import masked, normal

Progress = Callable[[str, Outcome, int], None]
"""Told of each document: its name, its outcome, and how many hits in it were new."""

# What is to be told waits this long for the digest; if we die before it is sent, the daemon sends it then.
HELD: Final = timedelta(minutes=15)


@dataclass(slots=True)
class Summary:
    """What a backfill did: documents by outcome, hits that were new, and all that matched."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    new: list[Hit] = field(default_factory=list)
    matched: int = 0

    @property
    def documents(self) -> int:
        """How many documents were looked at."""
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class Backfill:
    """One backfill: the pipeline whose records it keeps, and how it is to be done.

    `tell`: hits that are new are told, one digest a channel. `dry`: nothing is written, nobody is told.
    """

    pipeline: Pipeline
    told: Progress
    tell: bool = False
    dry: bool = False
    summary: Summary = field(default_factory=Summary)

    async def stored(self, articles: Iterable[Article]) -> None:
        """Match stored articles once more, as after a new rule."""
        for article in articles:
            entry = Entry(key=key_of("entry", normal(article.url) or article.key), feed=article.feed, link=article.url)
            outcome = Outcome.READ if article.complete else Outcome.TEASER
            verdict = Verdict(outcome, article, tuple(self.pipeline.ruleset.match(article)))
            await self._keep(entry, verdict, article.title)

    async def documents(self, documents: Iterable[Document]) -> None:
        """Match documents from files: texts, pages, records."""
        hands = self.pipeline
        for document in documents:
            if document.page is None:
                verdict = judge.verdict(document.reading, document.entry, None, hands.ruleset)
            else:
                verdict = await judged(hands.sandbox, hands.ruleset, document.entry, None, document.page)
            await self._keep(document.entry, verdict, document.name)

    async def addresses(self, links: Iterable[str]) -> None:
        """Fetch and match a list of addresses, politely. An article that is on record is not fetched again."""
        for link in links:
            entry = Entry(key=key_of("entry", normal(link)), feed="", link=link)
            await self._keep(entry, await self._read(entry), masked(link))

    async def _read(self, entry: Entry) -> Verdict:
        hands = self.pipeline
        try:
            page = await hands.fetcher.page(entry.link)
        except FetchError as error:
            return judge.verdict(Reading(reading.unread(error), None, error.reason), entry, None, hands.ruleset)
        return await judged(hands.sandbox, hands.ruleset, entry, None, page)

    async def _keep(self, entry: Entry, verdict: Verdict, name: str) -> None:
        """Record one document with its hits, which is all or nothing, and count it."""
        new: tuple[Hit, ...] = ()
        if not self.dry:
            held = self.pipeline.clock() + HELD if self.tell else None
            new = await self.pipeline.record(replace(entry, silent=not self.tell), verdict, finish=False, due=held)
        self.summary.outcomes[verdict.outcome] += 1
        self.summary.matched += len(verdict.matches)
        self.summary.new.extend(new)
        self.told(name, verdict.outcome, len(verdict.matches) if self.dry else len(new))

    async def send(self) -> Counter[Outcome]:
        """Send what is to be told: one digest a channel, in parts where a service takes no more at once."""
        pipeline, sent = self.pipeline, Counter[Outcome]()
        keys = {hit.key for hit in self.summary.new}
        stories = sorted({hit.story for hit in self.summary.new})
        found = await pipeline.store.apart(pipeline.store.deliveries_of, stories)
        waiting = [one for one in found if one.due and one.subject.key in keys]
        for name in dict.fromkeys(one.channel for one in waiting):
            digest = replace(pipeline.config.channels[name], digest="hourly", at_most=None)
            mine = [one for one in waiting if one.channel == name]
            for message in gather(mine, digest, pipeline.clock()):
                sent[await pipeline.deliver(message)] += 1
        return sent
