"""What a desk's marks say of a rule: its precision, the terms behind the noise, and what to ignore. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from monitor.model import Article, Evidence, Match
from monitor.rules.compile import compile_rules
from monitor.rules.find import parse_terms
from monitor.rules.spec import Rule, RuleBook

# Phrases that are tried, the commonest in the noise first; each costs a look at every marked hit.
TRIED = 40
SUGGESTED = 3
# A word beside the evidence of less than four letters says nothing of what the text is about.
_WORD = re.compile(r"[^\W_]{4,}(?:['’-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Marked:
    """A hit and what a person thought of it: useful, noise, or "" for nothing yet."""

    article: Article
    match: Match
    mark: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A phrase for `ignore:`, and how many hits of each kind it would have hidden. Never a useful one."""

    phrase: str
    noise: int
    unmarked: int


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


def _suggestions(rule: Rule, book: RuleBook, found: Sequence[Marked]) -> list[Suggestion]:
    """Return the phrases that hide most noise and nothing useful."""
    phrases = Counter(phrase for one in found if one.mark == "noise" for phrase in set(_phrases(one)))
    useful = [one for one in found if one.mark == "useful"]
    others = [one for one in found if one.mark != "useful"]
    tried = []
    for phrase, _ in phrases.most_common(TRIED):
        stricter = _ignoring(rule, phrase)
        if stricter is None or _hidden(stricter, book, useful):
            continue
        hidden = Counter(one.mark for one in _hidden(stricter, book, others))
        if hidden["noise"]:
            tried.append(Suggestion(phrase, hidden["noise"], hidden[""]))
    return sorted(tried, key=lambda one: (-one.noise, one.unmarked, one.phrase))[:SUGGESTED]


def _phrases(one: Marked) -> Iterator[str]:
    """Yield what stands around each piece of evidence: with the word before it, and with the word after it.

    The evidence alone is not offered: to ignore `geheim` is to have another rule.
    """
    for evidence in one.match.evidence:
        before, after = _neighbours(one.article, evidence)
        said = evidence.text.lower()
        yield from (
            phrase for phrase in (f"{before} {said}", f"{said} {after}") if len(phrase.split()) > len(said.split())
        )


def _neighbours(article: Article, evidence: Evidence) -> tuple[str, str]:
    """Return the words beside a piece of evidence; "" where more than blanks stands between."""
    text: str = getattr(article, evidence.field)
    before = re.search(rf"(?<!\w)({_WORD.pattern})[ \t]+$", text[max(0, evidence.start - 60) : evidence.start])
    after = re.match(rf"[ \t]+({_WORD.pattern})(?!\w)", text[evidence.end : evidence.end + 60])
    return (before[1].lower() if before else ""), (after[1].lower() if after else "")


def _ignoring(rule: Rule, phrase: str) -> Rule | None:
    terms, faults = parse_terms(phrase)
    return None if faults else replace(rule, ignore=(*rule.ignore, *terms))


def _hidden(rule: Rule, book: RuleBook, found: Iterable[Marked]) -> list[Marked]:
    """Return the hits that the rule does not make."""
    kept = list(found)
    ruleset = compile_rules(replace(book, rules=(rule,)))
    return [
        one for one, matches in zip(kept, ruleset.match_many([k.article for k in kept]), strict=True) if not matches
    ]
