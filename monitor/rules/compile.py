"""All rules as one shared structure: an article is folded once, and only rules that may match it are judged. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, groupby, islice
from operator import itemgetter

from monitor.model import Article, Match
from monitor.rules.fits import Chosen, sort_out
from monitor.rules.joins import Batch, search
from monitor.rules.lean import LeanRule, Lexicon
from monitor.rules.match import Finder, Found, concerns, judge, matches
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

    def find(self, sheet: Sheet, orders: Sequence[int]) -> Iterator[list[tuple[int, Found]]]:
        """Yield what these rules find in each article of a sheet. Rules of a negative order are left out."""
        for article, batch, sure, unsure in self._sorted(sheet):
            found = chain(self._plain(batch, article, sure), self._judged(batch, article, unsure, orders))
            yield [(orders[number], one) for number, one in found if orders[number] >= 0]

    def ids(self, sheet: Sheet, orders: Sequence[int]) -> Iterator[list[tuple[int, str]]]:
        """Yield which of these rules match each article, as `find` does, without asking where."""
        for article, batch, sure, unsure in self._sorted(sheet):
            found = {number for number, _ in self._judged(batch, article, unsure, orders)}
            found |= {one.rule for one in sure if self._concerns(one.rule, sheet.articles[article])}
            yield [(orders[number], self.tables.ids[number]) for number in found if orders[number] >= 0]

    def _sorted(self, sheet: Sheet) -> Iterator[tuple[int, Batch, list[Chosen], list[int]]]:
        """Yield for each article the fits of the rules that surely match, and the rules that must be judged."""
        batch = Batch(sheet, self.tables)
        for article, (sure, unsure) in enumerate(zip(*sort_out(search(batch), batch), strict=True)):
            yield article, batch, sure, unsure

    def _judged(
        self, batch: Batch, article: int, numbers: list[int], orders: Sequence[int]
    ) -> Iterator[tuple[int, Found]]:
        """Yield what these rules find in an article, each judged by all that it says."""
        if numbers:
            finder = Finder(batch, article, self.lexicon)
            for number in numbers:
                if orders[number] >= 0 and (found := judge(finder, self.rule(number))):
                    yield number, found

    def _plain(self, batch: Batch, article: int, fits: list[Chosen]) -> Iterator[tuple[int, Found]]:
        """Yield what rules find of which all lines that fit are known."""
        about, tables = batch.sheet.articles[article], self.tables
        for number, some in groupby(fits, itemgetter(0)):
            if self._concerns(number, about):
                lines = list(some)
                best = lines[0] if len(lines) == 1 else min(lines, key=itemgetter(2))
                fired = tuple([tables.numbers[one.line] for one in lines])
                yield number, Found(tables.ids[number], self._places(best, batch, article), fired)

    def _concerns(self, number: int, article: Article) -> bool:
        return number not in self.tables.narrow or concerns(self.rule(number), article)

    def _places(self, best: Chosen, batch: Batch, article: int) -> tuple[tuple[int, int, str], ...]:
        """Return where a line fits, in reading order, and by which terms; of two parts at one place, by the first's."""
        places: dict[tuple[int, int], str] = {}
        for part, (first, past, source) in enumerate(best.parts):
            if (first, past) not in places:
                written = self.tables.written[source] if source >= 0 else ""
                places[first, past] = written or self._said(best, part, batch, article)
        return tuple([(first, past, places[first, past]) for first, past in sorted(places)])

    def _said(self, best: Chosen, part: int, batch: Batch, article: int) -> str:
        """Return which term of a rule's part stands at a place, as written there: of several the first in the alphabet."""
        leads = self.tables.leads[batch.class_at(*best.parts[part][:2])]
        bits = self.tables.links.bit(batch.languages[article])
        line = best.line - int(self.tables.queries.first[best.rule])
        terms = self.rule(best.rule).lines[line].parts[part]
        return min(term.source for term in terms if leads.get(term.key, 0) & bits)


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
            sheet = Sheet(some)
            found = list(self._found(sheet))
            every = iter(matches(sheet, [one for row in found for one in row]))
            for row in found:
                yield tuple(islice(every, len(row)))

    def ids(self, articles: Iterable[Article]) -> Iterator[tuple[str, ...]]:
        """Yield which rules match each of these articles, in the order of the book: `match_many` without evidence."""
        rest = iter(articles)
        while some := list(islice(rest, TOGETHER)):
            sheet = Sheet(some)
            for found in zip(*(layer.ids(sheet, orders) for layer, orders in self._layers), strict=True):
                yield tuple([name for _, name in sorted(chain.from_iterable(found))])

    def _found(self, sheet: Sheet) -> Iterator[list[Found]]:
        """Yield what the rules find in each article of a sheet, in the order of the book."""
        for found in zip(*(layer.find(sheet, orders) for layer, orders in self._layers), strict=True):
            yield [one for _, one in sorted(chain.from_iterable(found), key=itemgetter(0))]

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
