"""All rules as one shared structure: an article is folded once, and only rules that may match it are judged. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, islice

import numpy as np

from monitor.model import Article, Match
from monitor.rules.lean import LeanRule, Lexicon
from monitor.rules.match import Finder, judge, plain_language
from monitor.rules.spec import Rule, RuleBook, TermList
from monitor.rules.tables import Batch, Tables
from monitor.rules.text import Folded, folded

# So many articles are searched together: more gain little and cost memory.
TOGETHER = 32
# So many rules are kept ready to be judged; the others wait packed.
READY = 10_000


def compile_rules(book: RuleBook) -> Ruleset:
    """Return the rules of a book, ready to match. Raises KeyError when a rule names a list that the book has not."""
    return Ruleset(book)


class Layer:
    """Some rules in one structure that never changes but for what it remembers of words."""

    def __init__(self, rules: Sequence[Rule], lists: tuple[TermList, ...]) -> None:
        self.lexicon = Lexicon(lists)
        lean = [self.lexicon.rule(rule) for rule in rules]
        self.tables = Tables(self.lexicon.vocabulary, self.lexicon.lists, lean)
        self._packed = [rule.packed() for rule in lean]
        self._ready: dict[int, LeanRule] = {}
        self.lexicon.forget_the_written()

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

    def match(self, texts: Sequence[Folded]) -> Iterator[list[Match]]:
        """Yield what these rules find in each of some articles."""
        batch = batch_of(texts, self.tables)
        for article, numbers in enumerate(self.tables.candidates(batch)):
            if numbers:
                finder = Finder(texts[article], batch.classes_of(article), self.tables, self.lexicon)
                found = (judge(finder, self.rule(number)) for number in numbers)
                yield [match for match in found if match]
            else:
                yield []


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
    positions[words[-1] :] = [words[at] + first for at, text in enumerate(texts) for first, _, _ in text.joined]
    sentences = [(one.words, one.number, one.paragraph, one.document) for text in texts for one in text.sentences]
    languages = [plain_language(text.article.language) for text in texts]
    return Batch(classes, articles, positions, words, joined, sentences, languages)


class Ruleset:
    """Rules that are ready to match. Matching changes nothing but what it remembers: one Ruleset serves one thread."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self._layer = Layer(book.rules, book.lists)

    def match(self, article: Article) -> tuple[Match, ...]:
        """Return what the rules find in an article, in the order of the book."""
        (found,) = self.match_many((article,))
        return found

    def match_many(self, articles: Iterable[Article]) -> Iterator[tuple[Match, ...]]:
        """Yield what the rules find in each of these articles, in their order; many together take less time."""
        rest = iter(articles)
        while some := list(islice(rest, TOGETHER)):
            yield from map(tuple, self._layer.match([folded(article) for article in some]))

    def replace(self, book: RuleBook) -> Ruleset:
        """Return the rules of another book, ready to match."""
        return compile_rules(book)
