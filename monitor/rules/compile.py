"""All rules as one shared structure: an article is folded once, and only rules that may match it are judged. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, chain, groupby, islice
from operator import itemgetter

import numpy as np

from monitor.model import Article, Match
from monitor.rules.fits import Chosen, sort_out
from monitor.rules.lean import LeanRule, Lexicon
from monitor.rules.match import Finder, concerns, judge, plain_language, quoted
from monitor.rules.spec import Rule, RuleBook, TermList
from monitor.rules.tables import Batch, Tables
from monitor.rules.text import Folded, folded

# So many articles are searched together: more gain little and cost memory.
TOGETHER = 32
# So many edited rules are nothing to compile anew for.
FEW_EDITS = 64
# So many rules are kept ready to be judged; the others wait packed.
READY = 50_000


def compile_rules(book: RuleBook) -> Ruleset:
    """Return the rules of a book, ready to match. Raises KeyError when a rule names a list that the book has not."""
    return of_base(Base(Layer(book.rules, book.lists), lambda: book))


def of_base(base: Base) -> Ruleset:
    """Return all rules of a base, ready to match."""
    return Ruleset(base, range(base.layer.size))


class Layer:
    """Some rules in one structure that never changes but for what it remembers of words."""

    def __init__(self, rules: Sequence[Rule], lists: tuple[TermList, ...]) -> None:
        self.lexicon = Lexicon(lists)
        lean = [self.lexicon.rule(rule) for rule in rules]
        self.tables = Tables(self.lexicon.vocabulary, self.lexicon.lists, lean)
        self._packed = [rule.packed() for rule in lean]
        self._forget()
        self.lexicon.forget_the_written()

    def __getstate__(self) -> dict[str, object]:
        return {"lexicon": self.lexicon, "tables": self.tables, "_packed": self._packed}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._forget()

    def _forget(self) -> None:
        self._ready: dict[int, LeanRule] = {}
        self._written: dict[tuple[int, int, int], dict[int, str]] = {}

    @property
    def size(self) -> int:
        """How many rules there are."""
        return len(self._packed)

    def rule(self, number: int) -> LeanRule:
        """Return a rule by its number in this layer."""
        rule = self._ready.get(number)
        if rule is None:
            if len(self._ready) >= READY:
                self._ready.clear()
            rule = self._ready[number] = LeanRule.unpacked(self._packed[number])
        return rule

    def finder(self, text: Folded) -> Finder:
        """Return what knows where the words of these rules stand in an article."""
        return Finder(text, batch_of([text], self.tables).classes, self.tables, self.lexicon)

    def match(self, texts: Sequence[Folded], orders: Sequence[int]) -> Iterator[list[tuple[int, Match]]]:
        """Yield what these rules find in each of some articles, in any order. Rules of a negative order are left out."""
        batch = batch_of(texts, self.tables)
        sure, unsure = sort_out(self.tables.search(batch), batch, self.tables)
        for article, text in enumerate(texts):
            found = chain(self._plain(text, sure[article]), self._judged(text, article, batch, unsure[article], orders))
            yield [(orders[number], match) for number, match in found if orders[number] >= 0]

    def ids(self, texts: Sequence[Folded], orders: Sequence[int]) -> Iterator[list[tuple[int, str]]]:
        """Yield which of these rules match each of some articles, as `match` does, without asking where."""
        batch = batch_of(texts, self.tables)
        sure, unsure = sort_out(self.tables.search(batch), batch, self.tables)
        for article, text in enumerate(texts):
            found = {chosen.rule for chosen in sure[article] if concerns(self.rule(chosen.rule), text.article)}
            found |= {number for number, _ in self._judged(text, article, batch, unsure[article], orders)}
            yield [(orders[number], self.rule(number).id) for number in found if orders[number] >= 0]

    def _judged(
        self, text: Folded, article: int, batch: Batch, numbers: list[int], orders: Sequence[int]
    ) -> Iterator[tuple[int, Match]]:
        """Yield which of these rules match an article, each judged by all that it says."""
        if numbers:
            finder = Finder(text, batch.classes_of(article), self.tables, self.lexicon)
            for number in numbers:
                if orders[number] >= 0 and (match := judge(finder, self.rule(number))):
                    yield number, match

    def _plain(self, text: Folded, fits: list[Chosen]) -> Iterator[tuple[int, Match]]:
        """Yield the matches of rules of which all lines that fit are known."""
        for number, lines in groupby(fits, itemgetter(0)):
            rule = self.rule(number)
            if concerns(rule, text.article):
                yield number, self._match(text, rule, list(lines))

    def _match(self, text: Folded, rule: LeanRule, lines: list[Chosen]) -> Match:
        """Return a match whose evidence is the tightest fit of these lines."""
        number, line, _, first, second = lines[0] if len(lines) == 1 else min(lines, key=itemgetter(2))
        evidence = [quoted(text, *first[:2], self._said(number, rule, line, 0, first[2]))]
        if first[:2] != second[:2]:
            evidence.insert(
                0 if second < first else 1, quoted(text, *second[:2], self._said(number, rule, line, 1, second[2]))
            )
        fired = tuple([rule.lines[chosen.line].number for chosen in lines])
        return Match(rule.id, tuple(evidence), fired)

    def _said(self, number: int, rule: LeanRule, line: int, part: int, of_class: int) -> str:
        """Return which term of a part a word of this class is, as written; of several the first in the alphabet."""
        key = number, line, part
        written = self._written.get(key)
        if written is None:
            if len(self._written) >= READY:
                self._written.clear()
            written = self._written[key] = self.lexicon.words(rule.lines[line].parts[part])
        return min([written[wid] for wid in self.tables.wids[of_class] if wid in written])


def batch_of(texts: Sequence[Folded], tables: Tables) -> Batch:
    """Return the words of some articles as classes, hyphenated ones also joined, behind the others."""
    words = [0, *accumulate(len(text.words) for text in texts)]
    joined = [0, *accumulate(len(text.joined) for text in texts)]
    count = words[-1] + joined[-1]
    forms = chain.from_iterable((form for _, _, form in text.joined) for text in texts)
    every = chain(chain.from_iterable(text.words for text in texts), forms)
    classes = np.fromiter(map(tables.classes.__getitem__, every), np.int64, count)
    numbers = np.arange(len(texts))
    articles = np.concatenate([np.repeat(numbers, np.diff(words)), np.repeat(numbers, np.diff(joined))])
    positions = np.arange(count)
    pasts = positions + 1
    pasts[words[-1] :] = [words[at] + past for at, text in enumerate(texts) for _, past, _ in text.joined]
    positions[words[-1] :] = [words[at] + first for at, text in enumerate(texts) for first, _, _ in text.joined]
    sentences = [(one.words, one.number, one.paragraph, one.document) for text in texts for one in text.sentences]
    languages = [plain_language(text.article.language) for text in texts]
    return Batch(classes, articles, positions, pasts, words, joined, sentences, languages)


class Base:
    """Rules that were compiled together, and the book they stood in."""

    def __init__(self, layer: Layer, written: Callable[[], RuleBook]) -> None:
        self.layer = layer
        self._written = written

    @cached_property
    def book(self) -> RuleBook:
        """The rules as they were written. Out of a cache they come when they are first asked for."""
        return self._written()

    def orders(self, book: RuleBook) -> list[int]:
        """Return for each rule its place in another book; -1 where that has none that means the same.

        Most stand where they stood, and are the very same: only the others are looked for.
        """
        old, new, lists = self.book.rules, book.rules, changed_lists(self.book, book)
        orders = [order if rule is their else -1 for order, (rule, their) in enumerate(zip(old, new, strict=False))]
        orders += [-1] * (len(old) - len(orders))
        if lists:
            orders = [-1 if lists & lists_named(rule) else at for rule, at in zip(old, orders, strict=True)]
        theirs = {rule.id: at for at, rule in enumerate(new) if at >= len(orders) or orders[at] < 0}
        for number in [number for number, at in enumerate(orders) if at < 0]:
            at = theirs.pop(old[number].id, -1)
            if at >= 0 and new[at] == old[number] and lists.isdisjoint(lists_named(old[number])):
                orders[number] = at
        return orders


class Ruleset:
    """Rules that are ready to match. Matching changes nothing but what it remembers: one Ruleset serves one thread.

    Behind it stand the rules as they were once compiled together, and a small layer of those that were edited since.
    """

    def __init__(self, base: Base, orders: Sequence[int], edited: RuleBook | None = None) -> None:
        """Take rules of the base, each with its place in the book (-1: none), and the book when it is another."""
        self.base = base
        self._layers = [(base.layer, orders)]
        self._edited = edited

    @property
    def book(self) -> RuleBook:
        """The rules as they were written."""
        return self._edited or self.base.book

    def _edit(self, orders: Sequence[int]) -> Ruleset:
        """Put the rules that the base has not in a layer of their own."""
        known = set(orders)
        fresh = [(order, rule) for order, rule in enumerate(self.book.rules) if order not in known]
        if fresh:
            layer = Layer([rule for _, rule in fresh], self.book.lists)
            self._layers.append((layer, [order for order, _ in fresh]))
        return self

    def match(self, article: Article) -> tuple[Match, ...]:
        """Return what the rules find in an article, in the order of the book."""
        (found,) = self.match_many((article,))
        return found

    def match_many(self, articles: Iterable[Article]) -> Iterator[tuple[Match, ...]]:
        """Yield what the rules find in each of these articles, in their order; many together take less time."""
        rest = iter(articles)
        while some := list(islice(rest, TOGETHER)):
            texts = [folded(article) for article in some]
            layers = [layer.match(texts, orders) for layer, orders in self._layers]
            for found in zip(*layers, strict=True):
                yield tuple(match for _, match in sorted(chain.from_iterable(found), key=itemgetter(0)))

    def ids(self, articles: Iterable[Article]) -> Iterator[tuple[str, ...]]:
        """Yield which rules match each of these articles, in the order of the book: `match_many` without evidence."""
        rest = iter(articles)
        while some := list(islice(rest, TOGETHER)):
            texts = [folded(article) for article in some]
            for found in zip(*(layer.ids(texts, orders) for layer, orders in self._layers), strict=True):
                yield tuple(name for _, name in sorted(chain.from_iterable(found)))

    def replace(self, book: RuleBook) -> Ruleset:
        """Return the rules of another book, ready to match; this Ruleset stays as it is.

        Only rules that changed, or a list of theirs, are compiled: one edited among ten thousand costs a comparison of
        the two books. When many changed since all were compiled together, all are again.
        """
        orders = self.base.orders(book)
        kept = sum(order >= 0 for order in orders)
        ids = {rule.id for rule in book.rules}
        if len(ids) < len(book.rules) or len(book.rules) - kept > max(FEW_EDITS, kept // 8):
            return compile_rules(book)
        return Ruleset(self.base, orders, book)._edit(orders)


def changed_lists(old: RuleBook, new: RuleBook) -> set[str]:
    """Return the names of the lists that are not the same in two books."""
    before = {termlist.name: termlist for termlist in old.lists}
    after = {termlist.name: termlist for termlist in new.lists}
    return {
        name
        for name in before.keys() | after.keys()
        if before.get(name) is not after.get(name) and before.get(name) != after.get(name)
    }


def lists_named(rule: Rule) -> set[str]:
    """Return the names of the lists that a rule names."""
    parts = [part.terms for line in rule.lines for part in line.parts]
    parts += [rule.ignore, rule.unless_near, rule.never, *(terms for _, terms in rule.tags)]
    names = {term.ref[0] for terms in parts for term in terms if term.ref}
    return names | {rule.count[1][0]} if rule.count else names
