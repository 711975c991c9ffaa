"""All rules as one shared structure: an article is folded once, and only rules that may match it are judged. Pure."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from monitor.model import Article, Match
from monitor.rules.lean import LeanRule, Lexicon
from monitor.rules.match import Finder, judge, plain_language
from monitor.rules.spec import Rule, RuleBook, TermList
from monitor.rules.tables import Tables, Words
from monitor.rules.text import APART, Folded, folded


def compile_rules(book: RuleBook) -> Ruleset:
    """Return the rules of a book, ready to match. Raises KeyError when a rule names a list that the book has not."""
    return Ruleset(book)


class Layer:
    """Some rules in one structure that never changes but for what it remembers of words."""

    def __init__(self, rules: Sequence[Rule], lists: tuple[TermList, ...]) -> None:
        self.lexicon = Lexicon(lists)
        lean = [self.lexicon.rule(rule) for rule in rules]
        self.tables = Tables(self.lexicon.vocabulary, self.lexicon.lists, lean)
        # Few rules of many are ever judged: the others wait packed, at a fifth of the memory.
        self._packed = [pickle.dumps(tuple(rule), pickle.HIGHEST_PROTOCOL) for rule in lean]
        self._rules: dict[int, LeanRule] = {}
        self.lexicon.forget_the_written()

    def rule(self, number: int) -> LeanRule:
        """Return a rule by its number in this layer."""
        rule = self._rules.get(number)
        if rule is None:
            if len(self._rules) > 10_000:
                self._rules.clear()
            rule = self._rules[number] = LeanRule(*pickle.loads(self._packed[number]))  # noqa: S301 — packed above
        return rule

    def finder(self, text: Folded) -> Finder:
        """Return what knows where the words of these rules stand in an article."""
        return Finder(text, words_of(text, self.tables), self.tables, self.lexicon)

    def match(self, text: Folded) -> Iterator[Match]:
        """Yield what these rules find in an article."""
        words = words_of(text, self.tables)
        numbers = self.tables.candidates(words)
        if numbers:
            finder = Finder(text, words, self.tables, self.lexicon)
            for number in numbers:
                found = judge(finder, self.rule(number))
                if found:
                    yield found


def words_of(text: Folded, tables: Tables) -> Words:
    """Return the words of an article as classes, hyphenated ones also joined, behind the others."""
    joined = text.joined
    count = len(text.words)
    classes = np.fromiter(
        map(tables.classes.__getitem__, [*text.words, *(word for _, _, word in joined)]), np.int64, count + len(joined)
    )
    positions = np.arange(count + len(joined))
    positions[count:] = [first for first, _, _ in joined]
    sizes = [sentence.words for sentence in text.sentences]
    where = np.array([(s.number, s.paragraph, s.document) for s in text.sentences], np.int64).reshape(-1, 3).T
    coordinates = np.empty((4, count), np.int64)
    coordinates[:3] = np.repeat(where, sizes, axis=1)
    coordinates[3] = np.arange(count) + coordinates[2] * APART
    return Words(classes, positions, coordinates, plain_language(text.article.language))


class Ruleset:
    """Rules that are ready to match. Matching changes nothing but what it remembers: one Ruleset serves one thread."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self._layer = Layer(book.rules, book.lists)

    def match(self, article: Article) -> tuple[Match, ...]:
        """Return what the rules find in an article, in the order of the book."""
        return tuple(self._layer.match(folded(article)))

    def match_many(self, articles: Iterable[Article]) -> Iterator[tuple[Match, ...]]:
        """Yield what the rules find in each of these articles, in their order."""
        for article in articles:
            yield self.match(article)

    def replace(self, book: RuleBook) -> Ruleset:
        """Return the rules of another book, ready to match."""
        return compile_rules(book)
