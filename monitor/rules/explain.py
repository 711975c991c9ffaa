"""Why a rule matches an article, or line by line how near it came and what was missing. Pure data; others draw it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from monitor.model import Article, Evidence, Match
from monitor.rules.compile import Layer
from monitor.rules.finds import Finds
from monitor.rules.lean import LeanLine, LeanRule, Terms, width
from monitor.rules.match import Blank, Finder, Found, Wanted, comes_from, fire, judge
from monitor.rules.sheet import APART
from monitor.rules.spec import Rule, RuleBook, Window
from monitor.rules.windows import Sight, chain, spans

Cause = Literal["languages", "feeds", "never", "unless_near", "ignore", "language", "needs", "never_with", "field"]

# What a person still reads: a list that stands in an article two hundred times is shown this often.
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Removed:
    """Something that was found and does not count, or that keeps a line or the whole rule from matching."""

    cause: Cause
    text: str  # in a sentence
    term: str = ""  # as written
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class PartReport:
    """What was found of one part of a line."""

    source: str
    found: tuple[Evidence, ...]  # in reading order, each place once, SHOWN at most
    times: int  # how often in all
    removed: tuple[Removed, ...] = ()


@dataclass(frozen=True, slots=True)
class LineReport:
    """How a line of `find` fared."""

    number: int
    source: str
    fired: bool
    parts: tuple[PartReport, ...]
    missing: tuple[str, ...]  # the parts of which nothing was found
    window: str  # "3 sentences"
    nearest: int | None  # units of the window that would hold all parts; None when a part is missing or items part them
    reason: str  # in a sentence, "" when it fired
    removed: tuple[Removed, ...] = ()  # what `unless_near` saw


@dataclass(frozen=True, slots=True)
class Explanation:
    """What `monitor rules explain` shows."""

    rule: str
    name: str
    match: Match | None
    lines: tuple[LineReport, ...]
    removed: tuple[Removed, ...]  # what held for the whole rule: language, feed, `never`; what `ignore` blanked

    @property
    def matched(self) -> bool:
        """Say whether the rule matches."""
        return self.match is not None

    def nearest(self, most: int) -> tuple[LineReport, ...]:
        """Return the lines that fired; when none did, so many of those that miss the fewest of their parts."""
        fired = tuple(line for line in self.lines if line.fired)
        fewest = min((len(line.missing) for line in self.lines), default=0)
        return fired or tuple(line for line in self.lines if len(line.missing) == fewest)[:most]


def explain(rule: Rule, book: RuleBook, article: Article) -> Explanation:
    """Return why a rule matches an article or how near it came. The book holds the lists that the rule names."""
    layer = Layer((rule,), book.lists)
    finder, lean = layer.finder(article), layer.rule(0)
    blank = finder.blank(lean.ignore)
    found = judge(finder, lean)
    return Explanation(
        rule.id,
        rule.name,
        _match(finder, found) if found else None,
        tuple(
            _Case(finder, lean, line, blank).report(written.source)
            for line, written in zip(lean.lines, rule.lines, strict=True)
        ),
        tuple(_whole_rule(finder, lean, blank)),
    )


def _match(finder: Finder, found: Found) -> Match:
    finds = Finds(finder.sheet)
    finds.add_judged([(0, 0, found)])
    return finds.matches()[0][0]


def window_words(window: Window) -> str:
    """Return "sentence", "3 sentences", "10 words", "paragraph", "article"."""
    if window.unit == "article" or window.count == 1:
        return window.unit
    return f"{window.count} {window.unit}s"


# --- the whole rule ------------------------------------------------------------------------------------------------


def _whole_rule(finder: Finder, rule: LeanRule, blank: Blank) -> Iterator[Removed]:
    article = finder.article
    if rule.languages and finder.language and finder.language not in rule.languages:
        wanted = ", ".join(sorted(rule.languages))
        yield Removed("languages", f"the rule is for articles in {wanted}; this one is in {finder.language}")
    if not comes_from(rule, article):
        yield Removed("feeds", f"the rule is for {', '.join(sorted(rule.feeds))}; the article is from none of these")
    for term in rule.never:
        for evidence in _evidence(finder, (term,), blank):
            yield Removed("never", f"`never` forbids {evidence.text!r} anywhere in the article", term.source, evidence)
    for term in rule.ignore:
        for evidence in _evidence(finder, (term,), frozenset()):
            yield Removed("ignore", f"`ignore` blanks {evidence.text!r}", term.source, evidence)


def _evidence(finder: Finder, terms: Terms, blank: Blank) -> tuple[Evidence, ...]:
    return finder.evidence(finder.sights(terms, "word", blank)[:SHOWN])


# --- a line --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Case:
    """One line of a rule on one article."""

    finder: Finder
    rule: LeanRule
    line: LeanLine
    blank: Blank

    @property
    def window(self) -> Window:
        return self.line.window

    @cached_property
    def sights(self) -> list[list[Sight]]:
        return [self._sights(terms) for terms in self.line.parts]

    def _sights(self, terms: Terms) -> list[Sight]:
        return self.finder.sights(terms, self.window.unit, self.blank, self.rule.bits)

    @cached_property
    def wanted(self) -> Wanted:
        return Wanted(self.finder, self.rule, self.line, self.blank)

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Where the line would match but for `unless_near` and `count`."""
        if not all(self.sights):
            return []
        return [(low, high) for low, high, _ in spans(self.sights, self.line.ordered, width(self.window))]

    @cached_property
    def nearest(self) -> int | None:
        return _nearest(self.sights) if all(self.sights) else None

    def report(self, source: str) -> LineReport:
        """Return how the line fared."""
        parts = tuple(map(self._part, self.line.parts, self.sights))
        missing = tuple(part.source for part in parts if not part.times)
        fired = fire(self.finder, self.rule, self.line, self.blank) is not None
        return LineReport(
            self.line.number,
            source or " + ".join(part.source for part in parts),
            fired,
            parts,
            missing,
            window_words(self.window),
            self.nearest,
            "" if fired else self._reason(missing),
            () if fired else tuple(self._avoided()),
        )

    def _part(self, part: Terms, found: Sequence[Sight]) -> PartReport:
        counted = {(sight.first, sight.past) for sight in found}
        removed = tuple(
            _why_removed(self.finder, sight, cause)
            for sight, cause in self._uncounted(part)
            if (sight.first, sight.past) not in counted
        )
        source = ", ".join(term.source for term in part)
        once = [*{(sight.first, sight.past): sight for sight in reversed(found)}.values()][::-1]
        return PartReport(source, self.finder.evidence(once[:SHOWN]), len(once), removed[:SHOWN])

    def _uncounted(self, part: Terms) -> Iterator[tuple[Sight, Cause]]:
        """Yield what the terms would find if nothing were blanked, guarded or kept to a field or a language."""
        for term in part:
            wanted = term.bits or self.rule.bits
            for first, past, cause in self.finder.everything(term, self.blank):
                outside = not self.finder.sheet.bits_at(first) & wanted
                yield Sight(first, past, first, past - 1, term.source), cause or ("field" if outside else "ignore")

    def _avoided(self) -> Iterator[Removed]:
        """Yield what `unless_near` saw in a window in which the line would have matched."""
        seen = {sight for low, high in self.spans for sight in self.wanted.avoided(low, high)}
        for sight in sorted(seen):
            (evidence,) = self.finder.evidence((sight,))
            yield Removed("unless_near", f"`unless_near` forbids {evidence.text!r} so near", sight.term, evidence)

    def _reason(self, missing: Sequence[str]) -> str:
        """Return in a sentence why the line did not fire."""
        if missing:
            return f"nothing found of {' and of '.join(missing)}"
        if self.nearest is None:
            return "the parts stand in different items of a live blog"
        if self.nearest > width(self.window):
            return _too_far(self.nearest, self.window)
        if not self.spans:
            return self._out_of_order()
        if all(next(self.wanted.avoided(low, high), None) for low, high in self.spans):
            return "`unless_near` stands in the same window"
        return self._too_few()

    def _out_of_order(self) -> str:
        if chain(self.sights, self.line.ordered) is None:
            return "the parts stand close enough, in another order"
        return f"in this order, the parts stand further apart than the window of {window_words(self.window)}"

    def _too_few(self) -> str:
        term = self.rule.many[0]
        most = max(self.wanted.many(low, high) for low, high in self.spans)
        name = ".".join(filter(None, (term.name, term.group)))
        return f"`count` wants {self.rule.at_least} of ${name} in the window; {most} found"


def _why_removed(finder: Finder, sight: Sight, cause: Cause) -> Removed:
    (evidence,) = finder.evidence((sight,))
    said = {
        "ignore": "stands in a phrase that `ignore` blanks",
        "language": f"counts in another language; the article is in {finder.language}",
        "needs": "is ambiguous, and nothing else in the article says who is meant",
        "never_with": "is ambiguous, and the article has a word that says that somebody else is meant",
        "field": "stands in a field where the rule does not look",
    }
    return Removed(cause, f"{evidence.text!r} {said[cause]}", sight.term, evidence)


def _too_far(nearest: int, window: Window) -> str:
    apart = nearest - 1
    unit = window.unit if apart == 1 else f"{window.unit}s"
    return f"the parts were found {apart} {unit} apart; the window is {window_words(window)}"


def _nearest(parts: Sequence[Sequence[Sight]]) -> int | None:
    """Return how many units would hold one sight of each part, None when no document has them all."""
    best: int | None = None
    ends = [_earliest_ends(part) for part in parts]
    for low in sorted({sight.low for part in parts for sight in part}):
        highs = [_first_end(lows, highs, low) for lows, highs in ends]
        if None not in highs:
            span = max(high for high in highs if high is not None) - low + 1
            best = span if best is None else min(best, span)
    return best if best is not None and best < APART // 2 else None


def _earliest_ends(part: Sequence[Sight]) -> tuple[list[int], list[int]]:
    """Return the lows of a part in order, and for each the least high from there on."""
    inorder = sorted((sight.low, sight.high) for sight in part)
    highs: list[int] = []
    for _, high in reversed(inorder):
        highs.append(min(high, highs[-1]) if highs else high)
    return [low for low, _ in inorder], highs[::-1]


def _first_end(lows: list[int], highs: list[int], low: int) -> int | None:
    at = bisect_left(lows, low)
    return highs[at] if at < len(lows) else None
