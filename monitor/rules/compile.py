"""All rules as one shared structure: an article is folded once, and only rules whose words stand in it are judged. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from monitor.model import Article, Match
from monitor.rules.match import Finder, judge
from monitor.rules.spec import Phrase, Rule, RuleBook, Term, TermList
from monitor.rules.text import folded
from monitor.rules.words import Vocabulary


def compile_rules(book: RuleBook) -> Ruleset:
    """Return the rules of a book, ready to match. Raises KeyError when a rule names a list that the book has not."""
    return Ruleset(book)


class Ruleset:
    """Rules that are ready to match. Matching changes nothing but what it remembers: one Ruleset serves one thread."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self._lists = {termlist.name: termlist for termlist in book.lists}
        self._vocabulary = Vocabulary()
        self._sources: dict[int, set[int]] = defaultdict(set)  # wid → sets of terms that it may be a sight of
        self._parts: dict[int, set[tuple[int, int, int]]] = defaultdict(set)  # set of terms → rule, line, part
        self._terms: dict[Term, int] = {}
        for number, rule in enumerate(book.rules):
            self._add(number, rule)

    def _add(self, number: int, rule: Rule) -> None:
        for index, line in enumerate(rule.lines):
            for place, part in enumerate(line.parts):
                for term in part.terms:
                    self._parts[self._source(term)].add((number, index, place))
        excluded = (*rule.ignore, *rule.unless_near, *rule.never)
        for term in (*excluded, *(term for _, terms in rule.tags for term in terms)):
            self._source(term)
        if rule.count:
            self._source(Term("", ref=rule.count[1]))

    def _source(self, term: Term) -> int:
        """Return the number of a set of terms, its words known from now on."""
        key = Term("", phrase=term.phrase, ref=term.ref)
        if key not in self._terms:
            self._terms[key] = len(self._terms)
            for phrase in self._phrases(term):
                for wid in self._vocabulary.anchors[self._vocabulary.atom(phrase)]:
                    self._sources[wid].add(self._terms[key])
        return self._terms[key]

    def _phrases(self, term: Term) -> Iterator[Phrase]:
        if term.phrase is not None:
            yield term.phrase
        if term.ref is not None:
            yield from self._entries(self._lists[term.ref[0]], term.ref[1])

    def _entries(self, termlist: TermList, group: str) -> Iterator[Phrase]:
        for entry in termlist.entries:
            if entry.guard:
                for phrase in (*entry.guard.needs, *entry.guard.never_with):
                    self._vocabulary.atom(phrase)
            self._vocabulary.atom(entry.phrase)
            if not group or entry.group == group:
                yield entry.phrase

    def match(self, article: Article) -> tuple[Match, ...]:
        """Return what the rules find in an article, in the order of the book."""
        finder = self.finder(article)
        found = (judge(finder, self.book.rules[number]) for number in self._candidates(finder))
        return tuple(match for match in found if match)

    def finder(self, article: Article) -> Finder:
        """Return what knows where the words of all rules stand in an article."""
        return Finder(folded(article), self._vocabulary, self._lists)

    def match_many(self, articles: Iterable[Article]) -> Iterator[tuple[Match, ...]]:
        """Yield what the rules find in each of these articles, in their order."""
        for article in articles:
            yield self.match(article)

    def _candidates(self, finder: Finder) -> list[int]:
        """Return the rules of which some line may have all its parts in the article."""
        parts: dict[tuple[int, int], set[int]] = defaultdict(set)
        sources = {source for wid in finder.edges for source in self._sources.get(wid, ())}
        for source in sources:
            for rule, line, part in self._parts.get(source, ()):
                parts[rule, line].add(part)
        rules = self.book.rules
        return sorted({rule for (rule, line), seen in parts.items() if len(seen) == len(rules[rule].lines[line].parts)})

    def replace(self, book: RuleBook) -> Ruleset:
        """Return the rules of another book, ready to match."""
        return compile_rules(book)
