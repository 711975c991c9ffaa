"""Does a rule match an article, where, and how near? The exact judgement, one rule and one article at a time. Pure.

`compile` finds out cheaply which rules may match; what is said here is what counts. A `Finder` knows where the words of
an article stand and answers where phrases and terms do; `judge` lets a rule's lines, windows and exclusions decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from monitor.model import Article, Evidence
from monitor.rules.joins import Batch
from monitor.rules.lean import ANYWHERE, LeanEntry, LeanLine, LeanRule, LeanTerm, Lexicon, Terms, width
from monitor.rules.rows import Ints
from monitor.rules.sheet import plain_language
from monitor.rules.spec import Unit
from monitor.rules.windows import NOBODY, Fit, Near, Sight, spans
from monitor.rules.words import Node, Nodes

Ends = dict[int, tuple[int, ...]]  # where a word stands: first position → past the last, once or (joined too) twice
Occurrence = tuple[int, int]  # positions [first, past)
Blank = frozenset[int]
NOTHING: Blank = frozenset()
Hindrance = Literal["", "language", "needs", "never_with"]  # why a spelling that stands there does not count


class Found(NamedTuple):
    """A rule on an article: where its tightest window has what, in reading order; the lines that fired; the labels."""

    rule: str
    places: tuple[tuple[int, int, str], ...]  # first and past position on the sheet, and the term as written
    lines: tuple[int, ...]
    tags: tuple[str, ...] = ()


class Finder:
    """Where words, phrases and terms stand in one article. Remembers its answers while the article is judged."""

    def __init__(self, batch: Batch, article: int, lexicon: Lexicon) -> None:
        self.sheet = batch.sheet
        self.article = batch.sheet.articles[article]
        self.language = plain_language(self.article.language)
        self._batch = batch
        self._number = article
        self._vocabulary = lexicon.vocabulary
        self._lists = lexicon.lists
        self._ends_of: dict[int, Ends] = {}
        self._sentences_of: dict[int, frozenset[int]] = {}
        self._atoms: dict[tuple[int, Blank], tuple[Occurrence, ...]] = {}
        self._entries: dict[tuple[str, str, Blank], tuple[tuple[LeanEntry, tuple[Occurrence, ...]], ...]] = {}
        self._blanks: dict[Terms, Blank] = {}

    # words

    @cached_property
    def _words(self) -> tuple[Ints, Ints]:
        """Every word of the vocabulary in the article, in order, and its places."""
        low, high = self._batch.articles.searchsorted([self._number, self._number + 1])
        rows = self._batch.tables.words_of.view()
        found = rows.spread(self._batch.classes[low:high])
        wids = rows.values[found.at]
        order = wids.argsort()
        return wids[order], (found.rows() + low)[order]

    @cached_property
    def present(self) -> frozenset[int]:
        """The words of the vocabulary that stand in the article, case apart."""
        return frozenset(self._words[0].tolist())

    def ends(self, wid: int) -> Ends:
        """Return where a word stands."""
        known = self._ends_of.get(wid)
        if known is None:
            known = self._ends_of[wid] = self._find_ends(wid) if wid in self.present else {}
        return known

    def _find_ends(self, wid: int) -> Ends:
        found: Ends = {}
        wids, places = self._words
        some = places[wids.searchsorted(wid) : wids.searchsorted(wid, side="right")]
        for first, past in zip(self._batch.firsts[some].tolist(), self._batch.pasts[some].tolist(), strict=True):
            if wid not in self._vocabulary.cased or self._vocabulary.has_case(wid, self.sheet.cased(first, past)):
                found[first] = (*found.get(first, ()), past)
        return found

    # phrases

    def atom(self, atom: int, blank: Blank = NOTHING) -> tuple[Occurrence, ...]:
        """Return where a phrase stands, from each first word the shortest; nothing that touches a blanked word."""
        head = self._vocabulary.heads[atom]
        if head >= 0 and head not in self.present:
            return ()
        key = (atom, blank)
        found = self._atoms.get(key)
        if found is None:
            lacks = any(map(self.present.isdisjoint, self._vocabulary.needs[atom]))
            found = self._atoms[key] = () if lacks else self._search(atom, blank)
        return found

    def _search(self, atom: int, blank: Blank) -> tuple[Occurrence, ...]:
        nodes = self._vocabulary.nodes[atom]
        if len(nodes) == 1 and isinstance(nodes[0], int) and not blank:
            return tuple((first, min(pasts)) for first, pasts in sorted(self.ends(nodes[0]).items()))
        found = []
        for first in self._starts(nodes):
            limit = self.sheet.end_of_sentence(first)
            has_all = all(any(limit in self._sentences(wid) for wid in words) for words in self._vocabulary.needs[atom])
            ends = self._ends(nodes, first, limit, blank) if has_all else ()
            if ends:
                found.append((first, min(ends)))
        return tuple(found)

    def _sentences(self, wid: int) -> frozenset[int]:
        """Return the sentences with a word, by where they end."""
        known = self._sentences_of.get(wid)
        if known is None:
            known = self._sentences_of[wid] = frozenset(map(self.sheet.end_of_sentence, self.ends(wid)))
        return known

    def _starts(self, nodes: Nodes) -> list[int]:
        """Return the positions at which a phrase may begin, in order."""
        if not nodes:
            return []
        head = nodes[0]
        if isinstance(head, int):
            return sorted(self.ends(head))
        return sorted({start for alternative in head.alternatives for start in self._starts(alternative)})

    def _ends(self, nodes: Nodes, at: int, limit: int, blank: Blank) -> set[int]:
        """Return where a phrase that begins at this position may end (past its last word), within the sentence."""
        reached = {at}
        for node in nodes:
            reached = {end for start in reached for end in self._step(node, start, limit, blank)}
            if not reached:
                break
        return reached

    def _step(self, node: Node, at: int, limit: int, blank: Blank) -> Iterable[int]:
        if isinstance(node, int):
            return (
                past
                for past in self.ends(node).get(at, ())
                if past <= limit and (not blank or blank.isdisjoint(range(at, past)))
            )
        if not node.alternatives:
            return range(at, min(at + node.gap, limit) + 1)
        return {end for nodes in node.alternatives for end in self._ends(nodes, at, limit, blank)}

    # terms

    def entries(self, name: str, group: str, blank: Blank) -> tuple[tuple[LeanEntry, tuple[Occurrence, ...]], ...]:
        """Return the entries of a list that count in this article, each with where it stands."""
        key = (name, group, blank)
        if key not in self._entries:
            self._entries[key] = tuple(
                (entry, occurrences)
                for entry in self._possible(name)
                if group in ("", entry.group)
                and self._speaks(entry)
                and (occurrences := self.atom(entry.atom, blank))
                and self.hindrance(name, entry, blank) == ""
            )
        return self._entries[key]

    def _possible(self, name: str) -> Iterator[LeanEntry]:
        """Yield the entries of which a word stands in the article, in the order of the list."""
        termlist = self._lists[name]
        anchors = termlist.by_anchor.keys() & self.present
        for number in sorted({number for wid in anchors for number in termlist.by_anchor[wid]}):
            yield termlist.entries[number]

    def _speaks(self, entry: LeanEntry) -> bool:
        return not self.language or not entry.languages or self.language in entry.languages

    def hindrance(self, name: str, entry: LeanEntry, blank: Blank) -> Hindrance:
        """Return why a spelling that stands in the article does not count, "" when it does."""
        if entry.needs is None:
            return ""
        if any(self.atom(atom, blank) for atom in entry.never_with):
            return "never_with"
        if any(self.atom(atom, blank) for atom in entry.needs) or self._certain(name, blank):
            return ""
        return "needs"

    def _certain(self, name: str, blank: Blank) -> bool:
        return any(
            entry.certain and self._speaks(entry) and self.atom(entry.atom, blank) for entry in self._possible(name)
        )

    def term(self, term: LeanTerm, blank: Blank, bits: int = ANYWHERE) -> Iterator[tuple[int, int, str]]:
        """Yield first, past and who of a term's occurrences in its own fields, else in those of `bits`."""
        wanted = term.bits or bits
        for occurrences, who in self._occurrences(term, blank):
            for first, past in occurrences:
                if wanted == ANYWHERE or self.sheet.bits_at(first) & wanted:
                    yield first, past, who

    def _occurrences(self, term: LeanTerm, blank: Blank) -> Iterable[tuple[tuple[Occurrence, ...], str]]:
        if term.atom >= 0:
            return ((self.atom(term.atom, blank), term.source),)
        return ((occurrences, entry.who) for entry, occurrences in self.entries(term.name, term.group, blank))

    def everything(self, term: LeanTerm, blank: Blank) -> Iterator[tuple[int, int, Hindrance]]:
        """Yield first and past of all that a term would find without `ignore`, and why it does not count ("" if blanked)."""
        if term.atom >= 0:
            for first, past in self.atom(term.atom):
                yield first, past, ""
            return
        for entry in self._possible(term.name):
            if term.group in ("", entry.group):
                why: Hindrance = self.hindrance(term.name, entry, blank) if self._speaks(entry) else "language"
                for first, past in self.atom(entry.atom):
                    yield first, past, why

    def has(self, terms: Terms, blank: Blank) -> bool:
        """Say whether one of these terms stands anywhere in the article."""
        return any(True for term in self.there(terms) for _ in self.term(term, blank))

    def sights(self, terms: Terms, unit: Unit, blank: Blank, bits: int = ANYWHERE) -> list[Sight]:
        """Return where these terms stand, in the coordinates of a window's unit, in reading order."""
        places = self.sheet.places_of(unit)
        found = [
            Sight(first, past, places[first], places[past - 1], term.source, who)
            for term in self.there(terms)
            for first, past, who in self.term(term, blank, bits)
        ]
        if len(found) > 1:
            found.sort()
        return found

    def there(self, terms: Terms) -> list[LeanTerm]:
        """Return the terms that may be there, at a glance: most are not."""
        heads, present = self._vocabulary.heads, self.present
        return [term for term in terms if term.atom < 0 or heads[term.atom] < 0 or heads[term.atom] in present]

    def blank(self, terms: Terms) -> Blank:
        """Return the positions of the words that `ignore` blanks."""
        if terms not in self._blanks:
            self._blanks[terms] = frozenset(
                position
                for term in terms
                for first, past, _ in self.term(term, NOTHING)
                for position in range(first, past)
            )
        return self._blanks[terms]

    def evidence(self, sights: Iterable[Sight]) -> tuple[Evidence, ...]:
        """Return where terms were found, in the original text."""
        every = list(sights)
        firsts, pasts = ([one.first for one in every], [one.past for one in every])
        return tuple(
            self.sheet.evidence(np.array(firsts, np.int64), np.array(pasts, np.int64), [one.term for one in every])
        )


# --- rules ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fired:
    """A line that matched: its tightest fit, and the labels that its windows bear."""

    line: int
    fit: Fit
    tags: frozenset[str]


def concerns(rule: LeanRule, article: Article) -> bool:
    """Say whether a rule is about articles in this language and from this feed. Unsure languages pass."""
    if not (rule.languages or rule.feeds):
        return True
    language = plain_language(article.language)
    return not (rule.languages and language and language not in rule.languages) and comes_from(rule, article)


def comes_from(rule: LeanRule, article: Article) -> bool:
    """Say whether a rule is about articles from this feed."""
    names = (article.feed, article.outlet, article.group, article.country)
    return not rule.feeds or any(name.lower() in rule.feeds for name in names if name)


class Wanted:
    """What a line looks for: a tighter window than the best so far, or a label that it has not; and what forbids one."""

    def __init__(self, finder: Finder, rule: LeanRule, line: LeanLine, blank: Blank) -> None:
        def near(terms: Terms, bits: int = ANYWHERE) -> Near:
            if not terms:
                return NOBODY
            return Near(finder.sights(terms, line.window.unit, blank, bits), width(line.window))

        self._avoided, self._many = near(rule.unless_near), near(rule.many, rule.bits)
        self._at_least = rule.at_least
        self._labels = {label: near(terms) for label, terms in rule.tags}
        self.best: Fit | None = None
        self.tags: set[str] = set()

    def worth(self, low: int, high: int) -> bool:
        """Say whether an interval would add something, and nothing forbids it."""
        better = self.best is None or high - low < self.best.high - self.best.low
        return (better or self._new_labels(low, high) != []) and self.allowed(low, high)

    def allowed(self, low: int, high: int) -> bool:
        """Say whether neither `unless_near` nor `count` forbids an interval."""
        return not self._avoided.any(low, high) and self.many(low, high) >= self._at_least

    def avoided(self, low: int, high: int) -> Iterator[Sight]:
        """Yield what `unless_near` sees in a window with this interval."""
        return self._avoided.around(low, high)

    def many(self, low: int, high: int) -> int:
        """Return how many people or bodies stand near, for `count`; 0 when it does not matter."""
        return self._many.different(low, high) if self._at_least else 0

    def _new_labels(self, low: int, high: int) -> list[str]:
        return [label for label, near in self._labels.items() if label not in self.tags and near.any(low, high)]

    def take(self, low: int, high: int, fit: Callable[[], Fit]) -> None:
        """Keep an interval that was worth it."""
        self.tags.update(self._new_labels(low, high))
        if self.best is None or high - low < self.best.high - self.best.low:
            self.best = fit()


def fire(finder: Finder, rule: LeanRule, line: LeanLine, blank: Blank) -> Fired | None:
    """Return how a line matches, None when it does not."""
    parts: list[list[Sight]] = []
    for terms in line.parts:
        parts.append(finder.sights(terms, line.window.unit, blank, rule.bits))
        if not parts[-1]:
            return None
    wanted = Wanted(finder, rule, line, blank)
    for low, high, fit in spans(parts, line.ordered, width(line.window), wanted.worth):
        wanted.take(low, high, fit)
    return Fired(line.number, wanted.best, frozenset(wanted.tags)) if wanted.best else None


def judge(finder: Finder, rule: LeanRule) -> Found | None:
    """Return what a rule finds in the finder's article, None when it does not match."""
    if not concerns(rule, finder.article):
        return None
    blank = finder.blank(rule.ignore) if rule.ignore else NOTHING
    fired = [found for line in rule.lines if (found := fire(finder, rule, line, blank))]
    if not fired or finder.has(rule.never, blank):
        return None
    best = min(fired, key=lambda found: (found.fit.words, found.line))
    terms = {(sight.first, sight.past): sight.term for sight in reversed(best.fit.sights)}
    tags = tuple(label for label, _ in rule.tags if any(label in found.tags for found in fired))
    lines = tuple(found.line for found in fired)
    return Found(rule.id, tuple((*place, terms[place]) for place in sorted(terms)), lines, tags)
