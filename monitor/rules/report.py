"""What a desk's marks say of a rule: its precision, the terms behind the noise, and what to ignore. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from monitor.model import Article, Evidence, Match
from monitor.rules.compile import compile_rules
from monitor.rules.find import parse_terms, words
from monitor.rules.spec import Rule, RuleBook
from monitor.rules.text import fold, folded_words
from monitor.rules.words import glob

# Phrases that are tried, the commonest in the noise first; each costs a look at every marked hit.
TRIED = 40
SUGGESTED = 3
# Of those that hide most noise, so many are compared by how few unmarked hits they hide.
COMPARED = 5
# A word so many letters longer than what a wildcard names is a compound; less is an inflection of it.
INFLECTION = 4
# A word beside the evidence of less than four letters says nothing of what the text is about.
_WORD = re.compile(r"[^\W_]{4,}(?:['’-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Marked:
    """A hit and what a person thought of it: useful, noise, or "" for nothing yet. `key` is the hit's."""

    article: Article
    match: Match
    mark: str = ""
    why: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A phrase for `ignore:`, and which hits it would have hidden. Never a useful one, also beside those before it."""

    phrase: str
    hides: tuple[Marked, ...]

    @property
    def noise(self) -> int:
        """How many of the hits that it hides are marked as noise."""
        return sum(one.mark == "noise" for one in self.hides)

    @property
    def unmarked(self) -> int:
        """How many of the hits that it hides nobody has marked yet."""
        return len(self.hides) - self.noise


@dataclass(frozen=True, slots=True)
class Report:
    """How a rule did."""

    rule: str
    hits: int
    useful: int
    noise: int
    culprits: tuple[tuple[str, int], ...] = ()  # terms that are evidence of noise, with in how many hits
    whys: tuple[str, ...] = ()  # what people wrote beside noise
    suggestions: tuple[Suggestion, ...] = ()

    @property
    def precision(self) -> float | None:
        """The share of useful ones among the marked hits, from 0 to 1; None when none is marked."""
        marked = self.useful + self.noise
        return self.useful / marked if marked else None


def report(rule_id: str, rule: Rule | None, book: RuleBook, found: Sequence[Marked]) -> Report:
    """Return how a rule did in these hits of it; `rule` is None when the book has it no more."""
    marks = Counter(one.mark for one in found)
    noise = [one for one in found if one.mark == "noise"]
    culprits = Counter(term for one in noise for term in {evidence.term for evidence in one.match.evidence})
    return Report(
        rule=rule_id,
        hits=len(found),
        useful=marks["useful"],
        noise=marks["noise"],
        culprits=tuple(culprits.most_common(5)),
        whys=tuple(dict.fromkeys(one.why for one in noise if one.why)),
        suggestions=tuple(_suggestions(rule, book, found)) if rule and noise else (),
    )


# --- what to ignore --------------------------------------------------------------------------------------------------


def _suggestions(rule: Rule, book: RuleBook, found: Sequence[Marked]) -> Iterator[Suggestion]:
    """Yield the phrases that hide most noise and nothing useful, each beside all those before it.

    Two that are harmless alone may together hide a useful hit. What the rule, edited since, no longer makes does not
    count.
    """
    kept = _left((rule,), book, found)[0]
    for _ in range(SUGGESTED):
        best = _best(rule, book, kept)
        if best is None:
            return
        rule, kept, suggestion = best
        yield suggestion


def _best(rule: Rule, book: RuleBook, found: Sequence[Marked]) -> tuple[Rule, list[Marked], Suggestion] | None:
    """Return the stricter rule that hides most noise, what it leaves, and the phrase; None when there is none."""
    noise = [one for one in found if one.mark == "noise"]
    phrases = Counter(phrase for one in noise for phrase in set(_phrases(one, rule, book)))
    stricter = {phrase: made for phrase, _ in phrases.most_common(TRIED) if (made := _ignoring(rule, phrase))}
    useful = [one for one in found if one.mark == "useful"]
    left = _left(stricter.values(), book, [*useful, *noise])
    harmless = {
        phrase: sum(one.mark == "noise" for one in rest)
        for phrase, rest in zip(stricter, left, strict=True)
        if rest[: len(useful)] == useful and len(rest) < len(useful) + len(noise)
    }
    close = sorted(harmless, key=lambda phrase: (harmless[phrase], phrase))[:COMPARED]
    whole = dict(zip(close, _left([stricter[phrase] for phrase in close], book, found), strict=True))
    if not whole:
        return None
    phrase = min(whole, key=lambda one: (harmless[one], -len(whole[one]), len(one.split()), one))
    left_over = {id(one) for one in whole[phrase]}
    hides = tuple(one for one in found if id(one) not in left_over)
    return stricter[phrase], whole[phrase], Suggestion(phrase, hides)


def _ignoring(rule: Rule, phrase: str) -> Rule | None:
    terms, faults = parse_terms(phrase)
    return None if faults else replace(rule, ignore=(*rule.ignore, *terms))


def _left(rules: Iterable[Rule], book: RuleBook, found: Sequence[Marked]) -> list[list[Marked]]:
    """Return for each rule the hits that it still makes; all are compiled together, and each article is folded once."""
    named = tuple(replace(rule, id=str(number)) for number, rule in enumerate(rules))
    left: list[list[Marked]] = [[] for _ in named]
    ruleset = compile_rules(replace(book, rules=named))
    for one, matches in zip(found, ruleset.match_many([one.article for one in found]), strict=True):
        for match in matches:
            left[int(match.rule)].append(one)
    return left


# --- phrases ---------------------------------------------------------------------------------------------------------


def _phrases(one: Marked, rule: Rule, book: RuleBook) -> Iterator[str]:
    """Yield what stands around each piece of evidence: with the word before it, with the word after it.

    Evidence alone is not offered, for to ignore `geheim` or `geheime gesprekken` is to have another rule; but a long
    word that a wildcard caught is (`geheim*` in `geheimhoudingsplicht`).
    """
    found = {evidence.text.lower() for evidence in one.match.evidence}
    for evidence in one.match.evidence:
        before, after = _neighbours(one.article, evidence)
        said = evidence.text.lower()
        if before and before not in found:
            yield f"{before} {said}"
        if after and after not in found:
            yield f"{said} {after}"
        if said.isalpha() and _is_compound(said, evidence.term, rule, book):
            yield said


def _is_compound(said: str, source: str, rule: Rule, book: RuleBook) -> bool:
    """Say whether a wildcard of the term caught the word, and it is much longer than what the wildcard names."""
    word = fold(said).strip()
    catching = [
        pieces
        for pattern in _patterns(source, rule, book)
        for pieces in [folded_words(pattern)[0].split(b"*")]
        if (glob(pieces, word) if len(pieces) > 1 else pieces[0] == word)
    ]
    longest = max((sum(map(len, pieces)) for pieces in catching), default=len(word))
    return len(word) > longest + INFLECTION


def _patterns(source: str, rule: Rule, book: RuleBook) -> Iterator[str]:
    """Yield the one-word patterns that a term of the rule stands for."""
    named = [term for line in rule.lines for part in line.parts for term in part.terms if term.source == source]
    phrases = [term.phrase for term in named if term.phrase]
    for name, group in (term.ref for term in named if term.ref):
        phrases += [entry.phrase for entry in book.list(name).entries if group in {"", entry.group}]
    for phrase in phrases:
        inside = list(words(phrase))
        if len(inside) == len(phrase.elements) == 1:
            yield inside[0].pattern


def _neighbours(article: Article, evidence: Evidence) -> tuple[str, str]:
    """Return the words beside a piece of evidence; "" where more than blanks stands between."""
    text: str = getattr(article, evidence.field)
    before = re.search(rf"(?<!\w)({_WORD.pattern})[ \t]+$", text[max(0, evidence.start - 60) : evidence.start])
    after = re.match(rf"[ \t]+({_WORD.pattern})(?!\w)", text[evidence.end : evidence.end + 60])
    return (before[1].lower() if before else ""), (after[1].lower() if after else "")
