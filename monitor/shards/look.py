"""Shard + rules → looks: what comes of each document. It writes nothing and asks no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from monitor import extract, judge
from monitor.archives import Document, Shard
from monitor.model import Article, Entry, Match, Outcome, Page, Verdict
from monitor.rules import cache
from monitor.rules.compile import TOGETHER, Ruleset
from monitor.rules.needs import EVERYTHING, Need, Sieve, all_of, answered, any_of, needs
from monitor.shards.guard import guarded

NO_RULE: Final = "no rule could match"


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when documents count: those dated from `since` on and before `until`, and those without a date."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, dated: datetime | None) -> bool:
        """Whether a document of this date counts."""
        if dated is None:
            return True
        return not ((self.since and dated < self.since) or (self.until and dated >= self.until))


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. `extract`: pages are extracted on the spot, by a process that may die of them. `most`: so many
    documents that count, and no more."""

    span: Span = Span()
    extract: bool = False
    most: int | None = None


class Look(NamedTuple):
    """What came of one document: a tuple, since most of what travels is many of these.

    `verdict`: what is known of it; None when its date lies outside, or when it is `unread`: a page or an address that
    whoever asked has to read. `entry`: under which it is to be recorded; None when there is nothing to record.
    `of_page`: its text was read from a page, which may be a wall's.
    """

    name: str
    verdict: Verdict | None = None
    entry: Entry | None = None
    unread: Document | None = None
    of_page: bool = False


Packed = tuple[bytes, Need | None]


@dataclass(frozen=True, slots=True)
class Lens:
    """Rules, ready to look at documents. `sieve` sets pages aside in which none can match; None: every page is read."""

    ruleset: Ruleset
    sieve: Sieve | None = None

    @classmethod
    def of(cls, ruleset: Ruleset) -> Lens:
        """Return a lens that sets pages aside."""
        return cls(ruleset, Sieve(certain(needs(ruleset.book))))

    @classmethod
    def unpacked(cls, packed: Packed) -> Lens:
        """Return the lens that was packed. Raises ParseError when it was packed by another version."""
        rules, need = packed
        return cls(cache.from_bytes(rules), None if need is None else Sieve(need))


def packed(ruleset: Ruleset, *, whole: bool) -> Packed:
    """Return the lens of these rules as it travels to a process; `whole`: there every page is read."""
    return cache.to_bytes(ruleset), None if whole else certain(needs(ruleset.book))


def certain(need: Need) -> Need:
    """Return a need without what reading may add to a page: the hours and minutes of a live blog, in two digits."""

    def word(pattern: bytes) -> Need:
        return EVERYTHING if len(pattern) <= 2 and pattern.isdigit() else pattern

    return answered(need, word, all_of, any_of)


def look(shard: Shard, lens: Lens, order: Order) -> list[Look]:
    """Return what comes of a shard's documents, in their order."""
    return list(_looks(shard, lens, order))


def _looks(shard: Shard, lens: Lens, order: Order) -> Iterator[Look]:
    pieces, left = iter(shard.opened()), order.most
    while documents := [piece() for piece in islice(pieces, TOGETHER if left is None else min(left, TOGETHER))]:
        looks = looked(documents, lens, order)
        yield from looks
        if left is not None:
            left -= sum(one.verdict is not None or one.unread is not None for one in looks)


def looked(documents: Sequence[Document], lens: Lens, order: Order) -> list[Look]:
    """Return what comes of some documents. Texts are matched together, which takes less time."""
    ready = _matched([one for one in documents if one.is_ready], lens.ruleset)
    return [
        settled(one, ready[id(one)], order.span) if id(one) in ready else _page(one, lens, order) for one in documents
    ]


def _matched(documents: Sequence[Document], ruleset: Ruleset) -> dict[int, Verdict]:
    read = [(one, _as_read(one)) for one in documents]
    found = ruleset.match_many([verdict.article for _, verdict in read if verdict.article])
    return {id(one): _with(next(found), verdict) if verdict.article else verdict for one, verdict in read}


def _with(matches: tuple[Match, ...], verdict: Verdict) -> Verdict:
    return replace(verdict, matches=matches) if matches else verdict


def _page(document: Document, lens: Lens, order: Order) -> Look:
    """Look at what is to be read: a page that can be sieved here, or an address."""
    if not order.span.holds(document.dated):
        return Look(document.name)
    if document.page is None:
        return Look(document.name, unread=document)
    if lens.sieve and not _may_hit(lens.sieve, document.page, document.entry):
        return Look(document.name, _plain(Outcome.SET_ASIDE, NO_RULE))
    if not order.extract:
        return Look(document.name, unread=document)
    extract.warm()  # not on the page's time
    with guarded():
        verdict = judge.of_page(document.page, document.entry, document.feed, lens.ruleset)
    return settled(document, verdict, order.span)


def _may_hit(sieve: Sieve, page: Page, entry: Entry) -> bool:
    letters = extract.possible_letters(page, entry)
    return letters is None or sieve.passes(letters)


def settled(document: Document, verdict: Verdict, span: Span) -> Look:
    """Return the look at a document that was read: what is on record as it is needs no more than to be counted."""
    if verdict.article and not span.holds(verdict.article.published):
        return Look(document.name)
    if verdict.article and not verdict.article.url and document.place:
        verdict = replace(verdict, article=replace(verdict.article, url=document.place))
    if verdict.article and (verdict.matches or not document.recorded):
        return Look(document.name, verdict, document.entry, of_page=not document.is_ready)
    return Look(document.name, _plain(verdict.outcome, verdict.reason))


@lru_cache(maxsize=256)
def _plain(outcome: Outcome, reason: str) -> Verdict:
    """Return what is said of a document that nothing is to be recorded of: one and the same of most of them."""
    return Verdict(outcome, reason=reason)


class _Later:
    """Rules that find nothing: what is read is matched afterwards, many documents together."""

    def match(self, _article: Article) -> Sequence[Match]:
        return ()


def _as_read(document: Document) -> Verdict:
    """Return the verdict on what needs no reading, yet to be matched."""
    if document.fault:
        return Verdict(Outcome.FAILED, None, (), document.fault)
    if document.recorded and document.article:
        return Verdict(document.reading.outcome, document.article)
    return judge.verdict(document.reading, document.entry, document.feed, _Later())
