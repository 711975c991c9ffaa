"""Does a rule match an article, where, and how near? The exact judgement, one rule and one article at a time. Pure.

`compile` finds out cheaply which rules may match; what is said here is what counts. A `Finder` knows where the words of
an article stand and answers where phrases and terms do; `judge` lets a rule's lines, windows and exclusions decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from monitor.model import Article, Evidence, Match
from monitor.rules.spec import Line, ListEntry, Phrase, Rule, Term, TermList, Unit, Window
from monitor.rules.text import APART, FIELD_BITS, Folded
from monitor.rules.words import Node, Vocabulary

Ends = dict[int, tuple[int, ...]]  # where a word stands: first position → past the last, once or (joined too) twice
Occurrence = tuple[int, int]  # positions [first, past)
ANYWHERE = sum(FIELD_BITS.values())
Blank = frozenset[int]
Hindrance = Literal["", "language", "needs", "never_with"]  # why a spelling that stands there does not count


@dataclass(frozen=True, slots=True)
class Sight:
    """A term that was found at positions [first, past), and where that stands in the order of windows: [low, high]."""

    first: int
    past: int
    low: int
    high: int
    term: str
    who: str = ""  # the actor, or the entry as written: what `count:` counts


class Finder:
    """Where words, phrases and terms stand in one article. Remembers its answers while the article is judged."""

    def __init__(self, text: Folded, vocabulary: Vocabulary, lists: Mapping[str, TermList]) -> None:
        self.text = text
        self.language = plain_language(text.article.language)
        self._vocabulary = vocabulary
        self._lists = lists
        self._phrases: dict[tuple[int, Blank], tuple[Occurrence, ...]] = {}
        self._entries: dict[tuple[str, str, Blank], tuple[tuple[ListEntry, tuple[Occurrence, ...]], ...]] = {}
        self._blanks: dict[tuple[Term, ...], Blank] = {}

    @cached_property
    def edges(self) -> dict[int, Ends]:
        """Where each word of the vocabulary stands in the article."""
        found: dict[int, Ends] = {}
        for position, word in enumerate(self.text.words):
            for wid in self._vocabulary.resolve(word):
                found.setdefault(wid, {})[position] = (position + 1,)
        for first, past, word in self.text.joined:
            for wid in self._vocabulary.resolve(word):
                ends = found.setdefault(wid, {})
                ends[first] = (*ends.get(first, ()), past)
        for wid in [wid for wid in found if wid in self._vocabulary.cased]:
            found[wid] = self._in_this_case(wid, found[wid])
        return {wid: ends for wid, ends in found.items() if ends}

    def _in_this_case(self, wid: int, ends: Ends) -> Ends:
        kept = {
            first: tuple(past for past in pasts if self._vocabulary.has_case(wid, self._original(first, past)))
            for first, pasts in ends.items()
        }
        return {first: pasts for first, pasts in kept.items() if pasts}

    def _original(self, first: int, past: int) -> str:
        name, start, end = self.text.place(first, past)
        text: str = getattr(self.text.article, name)[start:end]
        return text

    def phrase(self, phrase: Phrase, blank: Blank = frozenset()) -> tuple[Occurrence, ...]:
        """Return where a phrase stands, from each first word the shortest; nothing that touches a blanked word."""
        atom = self._vocabulary.atom(phrase)
        key = (atom, blank)
        if key not in self._phrases:
            self._phrases[key] = self._search(self._vocabulary.nodes[atom], blank)
        return self._phrases[key]

    def _search(self, nodes: tuple[Node, ...], blank: Blank) -> tuple[Occurrence, ...]:
        found = []
        for first in self._starts(nodes):
            sentence = self.text.sentence_at(first)
            ends = self._ends(nodes, first, sentence.first + sentence.words, blank)
            if ends:
                found.append((first, min(ends)))
        return tuple(found)

    def _starts(self, nodes: tuple[Node, ...]) -> list[int]:
        """Return the positions at which a phrase may begin, in order."""
        if not nodes:
            return []
        head = nodes[0]
        if isinstance(head, int):
            return sorted(self.edges.get(head, ()))
        if head.alternatives:
            return sorted({start for nodes in head.alternatives for start in self._starts(nodes)})
        return []

    def _ends(self, nodes: tuple[Node, ...], at: int, limit: int, blank: Blank) -> set[int]:
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
                for past in self.edges.get(node, {}).get(at, ())
                if past <= limit and (not blank or blank.isdisjoint(range(at, past)))
            )
        if node.gap:
            return range(at, min(at + node.gap, limit) + 1)
        return {end for nodes in node.alternatives for end in self._ends(nodes, at, limit, blank)}

    def entries(self, name: str, group: str, blank: Blank) -> tuple[tuple[ListEntry, tuple[Occurrence, ...]], ...]:
        """Return the entries of a list that count in this article, each with where it stands."""
        key = (name, group, blank)
        if key not in self._entries:
            termlist = self._lists[name]
            self._entries[key] = tuple(
                (entry, occurrences)
                for entry in self._possible(termlist)
                if (not group or entry.group == group)
                and self._speaks(entry)
                and (occurrences := self.phrase(entry.phrase, blank))
                and self.guarded(termlist, entry, blank) == ""
            )
        return self._entries[key]

    def _possible(self, termlist: TermList) -> Iterator[ListEntry]:
        """Yield the entries of which a word stands in the article."""
        for entry, anchors in zip(termlist.entries, self._vocabulary.anchors_of(termlist), strict=True):
            if not anchors.isdisjoint(self.edges):
                yield entry

    def _speaks(self, entry: ListEntry) -> bool:
        return not self.language or not entry.languages or self.language in entry.languages

    def guarded(self, termlist: TermList, entry: ListEntry, blank: Blank) -> Hindrance:
        """Return why a spelling that stands in the article does not count, "" when it does."""
        guard = entry.guard
        if guard is None:
            return ""
        for phrase in guard.never_with:
            if self.phrase(phrase, blank):
                return "never_with"
        if any(self.phrase(phrase, blank) for phrase in guard.needs):
            return ""
        return "" if self._certain(termlist, blank) else "needs"

    def _certain(self, termlist: TermList, blank: Blank) -> bool:
        return any(
            entry.guard is None and entry.actor and self._speaks(entry) and self.phrase(entry.phrase, blank)
            for entry in self._possible(termlist)
        )

    def term(self, term: Term, blank: Blank, bits: int = ANYWHERE) -> Iterator[tuple[int, int, str]]:
        """Yield first, past and who of a term's occurrences in its own field, else in those of `bits`."""
        wanted = FIELD_BITS[term.field] if term.field else bits
        for occurrences, who in self._occurrences(term, blank):
            for first, past in occurrences:
                if wanted == ANYWHERE or self.text.sentence_at(first).bits & wanted:
                    yield first, past, who

    def _occurrences(self, term: Term, blank: Blank) -> Iterator[tuple[tuple[Occurrence, ...], str]]:
        if term.phrase is not None:
            yield self.phrase(term.phrase, blank), term.source
        if term.ref is not None:
            for entry, occurrences in self.entries(*term.ref, blank):
                yield occurrences, entry.actor or entry.source

    def everything(self, term: Term, blank: Blank) -> Iterator[tuple[int, int, Hindrance]]:
        """Yield first and past of all that a term would find without `ignore`, and why it does not count ("" if blanked)."""
        if term.phrase is not None:
            for first, past in self.phrase(term.phrase):
                yield first, past, ""
        if term.ref is not None:
            termlist = self._lists[term.ref[0]]
            for entry in self._possible(termlist):
                if not term.ref[1] or entry.group == term.ref[1]:
                    why: Hindrance = self.guarded(termlist, entry, blank) if self._speaks(entry) else "language"
                    for first, past in self.phrase(entry.phrase):
                        yield first, past, why

    def has(self, terms: Iterable[Term], blank: Blank) -> bool:
        """Say whether one of these terms stands anywhere in the article."""
        return any(True for term in terms for _ in self.term(term, blank))

    def sights(self, terms: Iterable[Term], unit: Unit, blank: Blank, bits: int = ANYWHERE) -> list[Sight]:
        """Return where these terms stand, in the coordinates of a window's unit, in reading order."""
        found = [
            Sight(first, past, *self._interval(first, past, unit), term.source, who)
            for term in terms
            for first, past, who in self.term(term, blank, bits)
        ]
        return sorted(found, key=lambda sight: (sight.first, sight.past))

    def _interval(self, first: int, past: int, unit: Unit) -> tuple[int, int]:
        sentence = self.text.sentence_at(first)
        if unit == "sentence":
            return sentence.number, sentence.number
        if unit == "paragraph":
            return sentence.paragraph, sentence.paragraph
        if unit == "article":
            return sentence.document, sentence.document
        return sentence.document * APART + first, sentence.document * APART + past - 1

    def blank(self, terms: tuple[Term, ...]) -> Blank:
        """Return the positions of the words that `ignore` blanks."""
        if terms not in self._blanks:
            self._blanks[terms] = frozenset(
                position
                for term in terms
                for first, past, _ in self.term(term, frozenset())
                for position in range(first, past)
            )
        return self._blanks[terms]

    def evidence(self, sight: Sight) -> Evidence:
        """Return where a term was found, in the original text."""
        name, start, end = self.text.place(sight.first, sight.past)
        text = getattr(self.text.article, name)[start:end]
        return Evidence(name, start, end, text, sight.term, self.text.sentence_text(sight.first))


def plain_language(language: str) -> str:
    """Return "nl" for "nl", "nl-BE" and "NL_be"."""
    return language.replace("_", "-").split("-")[0].lower()


# --- windows -------------------------------------------------------------------------------------------------------

Parts = Sequence[Sequence[Sight]]


@dataclass(frozen=True, slots=True)
class Fit:
    """All parts of a line within a window: one sight for each part, and the interval that they span."""

    low: int
    high: int
    sights: tuple[Sight, ...]

    @property
    def words(self) -> int:
        """How many words it spans: the smaller, the tighter."""
        return max(sight.past for sight in self.sights) - min(sight.first for sight in self.sights)


def width(window: Window) -> int:
    """Return how many units a window spans."""
    return 1 if window.unit == "article" else max(1, window.count)


def intervals(parts: Parts, ordered: Sequence[bool], size: int) -> Iterator[tuple[int, int, Parts]]:
    """Yield each interval [low, high] of at most `size` units that one sight of each part spans exactly."""
    for low in sorted({sight.low for part in parts for sight in part}):
        near = [[sight for sight in part if low <= sight.low and sight.high < low + size] for part in parts]
        if all(near):
            for high in sorted({sight.high for part in near for sight in part}):
                if next(_choices(near, ordered, low, high), None) is not None:
                    yield low, high, near


def _choices(near: Parts, ordered: Sequence[bool], low: int, high: int) -> Iterator[Parts]:
    """Yield selections of the sights from which a chain can be taken that spans exactly [low, high]."""
    inside = [[sight for sight in part if sight.high <= high] for part in near]
    for opens in range(len(inside)):
        for closes in range(len(inside)):
            chosen = list(inside)
            chosen[opens] = [sight for sight in chosen[opens] if sight.low == low]
            chosen[closes] = [sight for sight in chosen[closes] if sight.high == high]
            if chain(chosen, ordered) is not None:
                yield chosen


def chain(parts: Parts, ordered: Sequence[bool]) -> tuple[Sight, ...] | None:
    """Return one sight of each part, each that is `ordered` behind the one before it; the earliest end is the best."""
    taken: list[Sight] = []
    for index, part in enumerate(parts):
        behind = taken[-1].past if index and ordered[index - 1] else 0
        later = [sight for sight in part if sight.first >= behind]
        if not later:
            return None
        taken.append(min(later, key=lambda sight: (sight.past, -sight.first)))
    return tuple(taken)


def tightest(near: Parts, ordered: Sequence[bool], low: int, high: int) -> Fit:
    """Return the sights that span [low, high] exactly and the fewest words."""
    best: Fit | None = None
    for chosen in _choices(near, ordered, low, high):
        for first in sorted({sight.first for part in chosen for sight in part}):
            taken = chain([[sight for sight in part if sight.first >= first] for part in chosen], ordered)
            if taken is None:
                break
            fit = Fit(low, high, taken)
            if best is None or fit.words < best.words:
                best = fit
    assert best is not None
    return best


def reaches(low: int, high: int, sight: Sight, size: int) -> bool:
    """Say whether one window of `size` units holds [low, high] and this sight."""
    return max(high, sight.high) - min(low, sight.low) < size


def different(low: int, high: int, sights: Sequence[Sight], size: int) -> int:
    """Return how many different people or bodies stand in one window of `size` units around [low, high], at most."""
    starts = {low} | {sight.low for sight in sights if high - size < sight.low <= low} | {high - size + 1}
    return max(
        len({sight.who for sight in sights if start <= sight.low and sight.high < start + size}) for start in starts
    )


# --- rules ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fired:
    """A line that matched: its tightest fit, and the labels that its windows bear."""

    line: int
    fit: Fit
    tags: frozenset[str]


def concerns(rule: Rule, article: Article) -> bool:
    """Say whether a rule is about articles in this language and from this feed. Unsure languages pass."""
    language = plain_language(article.language)
    if rule.languages and language and language not in rule.languages:
        return False
    if not rule.feeds:
        return True
    names = (article.feed, article.outlet, article.group, article.country)
    return any(name.lower() in rule.feeds for name in names if name)


def fire(finder: Finder, rule: Rule, line: Line, blank: Blank) -> Fired | None:
    """Return how a line matches, None when it does not."""
    window = line.window or rule.within
    size, bits = width(window), sum(FIELD_BITS[name] for name in rule.fields)
    parts = [finder.sights(part.terms, window.unit, blank, bits) for part in line.parts]
    if not all(parts):
        return None
    near = finder.sights(rule.unless_near, window.unit, blank)
    many = finder.sights((Term("", ref=rule.count[1]),), window.unit, blank, bits) if rule.count else []
    labels = [(label, finder.sights(terms, window.unit, blank)) for label, terms in rule.tags]
    best: Fit | None = None
    tags: set[str] = set()
    for low, high, sights in intervals(parts, line.ordered, size):
        if any(reaches(low, high, sight, size) for sight in near):
            continue
        if rule.count and different(low, high, many, size) < rule.count[0]:
            continue
        tags.update(label for label, found in labels if any(reaches(low, high, sight, size) for sight in found))
        if best is None or high - low < best.high - best.low:
            best = tightest(sights, line.ordered, low, high)
        if best.high == best.low and not labels:
            break
    return Fired(line.number, best, frozenset(tags)) if best else None


def judge(finder: Finder, rule: Rule) -> Match | None:
    """Return the match of a rule on the finder's article, None when there is none."""
    if not concerns(rule, finder.text.article):
        return None
    blank = finder.blank(rule.ignore)
    fired = [found for line in rule.lines if (found := fire(finder, rule, line, blank))]
    if not fired or finder.has(rule.never, blank):
        return None
    best = min(fired, key=lambda found: (found.fit.words, found.line))
    sights = {(sight.first, sight.past): sight for sight in reversed(best.fit.sights)}
    tags = tuple(label for label, _ in rule.tags if any(label in found.tags for found in fired))
    return Match(
        rule.id,
        tuple(finder.evidence(sights[place]) for place in sorted(sights)),
        tuple(found.line for found in fired),
        tags,
    )
