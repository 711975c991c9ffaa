"""All rules as one shared structure: an article is folded once, and only rules that may match it are judged. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise

import numpy as np

from monitor.model import Article, Match
from monitor.rules.finds import Finds, Places
from monitor.rules.fits import Fits, sort_out
from monitor.rules.joins import Batch, search
from monitor.rules.lean import LeanRule, Lexicon, Terms
from monitor.rules.match import Finder, Found, concerns, judge
from monitor.rules.rows import Ints
from monitor.rules.sheet import Sheet
from monitor.rules.spec import Rule, RuleBook, TermList
from monitor.rules.tables import Tables

# So many articles are searched together: more gain little and cost memory.
TOGETHER = 32
# So many edited rules are nothing to compile anew for.
FEW_EDITS = 64
# So many rules are kept ready to be judged; the others wait packed.
READY = 50_000


def compile_rules(book: RuleBook) -> Ruleset:
    """Return the rules of a book, ready to match. Raises KeyError when a rule names a list that the book has not."""
    return of_base(Base(Layer(book.rules, book.lists), book))


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

    def finder(self, article: Article) -> Finder:
        """Return what knows where the words of these rules stand in an article."""
        return Finder(Batch(Sheet((article,)), self.tables), 0, self.lexicon)

    def find(self, sheet: Sheet, orders: Ints, finds: Finds) -> None:
        """Add what these rules find on a sheet. Rules of a negative order are left out."""
        batch = Batch(sheet, self.tables)
        sure, unsure = sort_out(search(batch), batch)
        self._add(self._wanted(sure, sheet, orders), batch, orders, finds)
        finds.add_judged(self._judged(batch, unsure, orders))

    def ids(self, sheet: Sheet, orders: Ints) -> list[list[tuple[int, str]]]:
        """Return order and id of these rules that match each article, as `find` does, without asking where."""
        batch = Batch(sheet, self.tables)
        sure, unsure = sort_out(search(batch), batch)
        sure = self._wanted(sure, sheet, orders)
        begins, _ = sure.by_rule()
        found: list[list[tuple[int, str]]] = [[] for _ in sheet.articles]
        for article, rule in zip(sure.articles[begins].tolist(), sure.rules[begins].tolist(), strict=True):
            found[article].append((int(orders[rule]), self.tables.ids[rule]))
        for article, order, one in self._judged(batch, unsure, orders):
            found[article].append((order, one.rule))
        return found

    def _wanted(self, fits: Fits, sheet: Sheet, orders: Ints) -> Fits:
        """Return the fits of rules that are for their article, and have a place in the book."""
        wanted = orders[fits.rules] >= 0
        for at in np.flatnonzero(wanted & self.tables.narrow[fits.rules]).tolist():
            wanted[at] = concerns(self.rule(fits.rules[at]), sheet.articles[fits.articles[at]])
        return fits if wanted.all() else fits.only(np.flatnonzero(wanted))

    def _judged(self, batch: Batch, unsure: list[list[int]], orders: Ints) -> Iterator[tuple[int, int, Found]]:
        """Yield article, order and find of rules that are judged by all that they say."""
        for article, numbers in enumerate(unsure):
            finder = Finder(batch, article, self.lexicon) if numbers else None
            for number in numbers:
                if finder and orders[number] >= 0 and (found := judge(finder, self.rule(number))):
                    yield article, int(orders[number]), found

    def _add(self, fits: Fits, batch: Batch, orders: Ints, finds: Finds) -> None:
        """Add what rules find of which all lines that fit are known: where the tightest stands."""
        begins, tightest = fits.by_rule()
        best = fits.only(tightest)
        numbers = [self.tables.numbers[line] for line in fits.lines.tolist()]
        edges = [*begins.tolist(), len(numbers)]
        fired = [tuple(numbers[begin:end]) for begin, end in pairwise(edges)]
        rules = [self.tables.ids[rule] for rule in best.rules.tolist()]
        columns = zip(best.articles.tolist(), orders[best.rules].tolist(), rules, fired, strict=True)
        finds.add(list(columns), best.ends, self._places(best, batch))

    def _places(self, fits: Fits, batch: Batch) -> Places:
        """Return where these lines fit, and by which terms."""
        written = self.tables.written
        terms = [written[source] if source >= 0 else "" for source in fits.sources.tolist()]
        if "" in terms:
            of = np.repeat(np.arange(fits.rules.size), np.diff(fits.ends))
            for at in [at for at, term in enumerate(terms) if not term]:
                fit = of[at]
                part = self._part(int(fits.rules[fit]), int(fits.lines[fit]), int(fits.parts[at]))
                terms[at] = self._said(part, batch.classes[fits.places[at]], batch.languages[fits.articles[fit]])
        return Places(batch.firsts[fits.places], batch.pasts[fits.places], terms)

    def _part(self, rule: int, line: int, part: int) -> Terms:
        return self.rule(rule).lines[line - int(self.tables.queries.first[rule])].parts[part]

    def _said(self, part: Terms, number: int, language: str) -> str:
        """Return which term of a rule's part is of a class of words, as written: of several the first in the alphabet."""
        leads, bits = self.tables.leads[number], self.tables.links.bit(language)
        return min(term.source for term in part if leads.get(term.key, 0) & bits)


class Base:
    """Rules that were compiled together, and the book they stood in."""

    def __init__(self, layer: Layer, book: RuleBook) -> None:
        self.layer = layer
        self.book = book

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
        self._layers = [(base.layer, np.asarray(orders, np.int64))]
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
            self._layers.append((layer, np.array([order for order, _ in fresh], np.int64)))
        return self

    def match(self, article: Article) -> tuple[Match, ...]:
        """Return what the rules find in an article, in the order of the book."""
        (found,) = self.match_many((article,))
        return found

    def match_many(self, articles: Iterable[Article]) -> Iterator[tuple[Match, ...]]:
        """Yield what the rules find in each of these articles, in their order; many together take less time."""
        rest = iter(articles)
        while some := list(islice(rest, TOGETHER)):
            sheet = Sheet(some)
            finds = Finds(sheet)
            for layer, orders in self._layers:
                layer.find(sheet, orders, finds)
            yield from finds.matches()

    def ids(self, articles: Iterable[Article]) -> Iterator[tuple[str, ...]]:
        """Yield which rules match each of these articles, in the order of the book: `match_many` without evidence."""
        rest = iter(articles)
        while some := list(islice(rest, TOGETHER)):
            sheet = Sheet(some)
            for found in zip(*(layer.ids(sheet, orders) for layer, orders in self._layers), strict=True):
                yield tuple([name for _, name in sorted(chain.from_iterable(found))])

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
