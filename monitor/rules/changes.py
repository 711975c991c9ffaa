"""What an edit changes: the hits that two rule books differ in, over the same articles. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from monitor.model import Article, Match
from monitor.rules.compile import changed_lists, compile_rules, lists_named
from monitor.rules.needs import Need, any_of, needs
from monitor.rules.spec import RuleBook

# Articles in hand at a time.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Change:
    """A hit that only one of two rule books has."""

    gained: bool  # the newer book has it; else the older
    article: Article
    match: Match


def concerned(old: RuleBook, new: RuleBook) -> Need:
    """Return what an article must hold for the two books to differ in it."""
    return any_of(needs(book) for book in _edited(old, new))


def changes(old: RuleBook, new: RuleBook, articles: Iterable[Article]) -> Iterator[Change]:
    """Yield the hits that `new` loses and gains, in the order of the articles. Rules are known by their ids."""
    before, after = (compile_rules(book) for book in _edited(old, new))
    waiting = iter(articles)
    while batch := list(itertools.islice(waiting, BATCH)):
        for article, had, has in zip(batch, before.match_many(batch), after.match_many(batch), strict=True):
            yield from _only(had, has, article, gained=False)
            yield from _only(has, had, article, gained=True)


def _edited(old: RuleBook, new: RuleBook) -> tuple[RuleBook, RuleBook]:
    """Return both books without the rules that mean the same in them."""
    lists = changed_lists(old, new)
    same = {rule for rule in set(old.rules) & set(new.rules) if lists.isdisjoint(lists_named(rule))}

    def rest(book: RuleBook) -> RuleBook:
        return replace(book, rules=tuple(rule for rule in book.rules if rule not in same))

    return rest(old), rest(new)


def _only(these: Iterable[Match], those: Iterable[Match], article: Article, *, gained: bool) -> Iterator[Change]:
    elsewhere = {match.rule for match in those}
    return (Change(gained, article, match) for match in these if match.rule not in elsewhere)
