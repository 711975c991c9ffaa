"""Reading + rules → verdict: all we know of an entry, in one word and with the evidence. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from monitor import extract
from monitor.model import Article, Entry, Feed, Match, Outcome, Page, Reading, Verdict

# One text under so many links of one host is no article: a wall that nobody knew yet.
TWINS = 3
_UNREAD = {Outcome.TEASER: "read as far as it is free", Outcome.NO_TEXT: "the page has no text"}


class Rules(Protocol):
    """What is needed of a `rules.compile.Ruleset`."""

    def match(self, article: Article) -> Sequence[Match]:
        """Return the rules that hit, each with its evidence."""


def verdict(reading: Reading, entry: Entry, feed: Feed | None, ruleset: Rules, *, twins: int = 0) -> Verdict:
    """Return what the rules say of an entry. `twins` counts the other links of its host that had this very text.

    Where the page was not read in full, the feed's own words are matched and `article.complete` is False. The text of
    a gate, a front page or a soft 404 is never matched: such a reading's article is not even looked at.
    """
    if twins >= TWINS and reading.outcome in (Outcome.READ, Outcome.TEASER):
        reading = Reading(Outcome.GATE, None, f"{twins} other links of the host had the same text")
    article = _article(reading, entry, feed)
    if not (article.title or article.lead or article.body):
        return Verdict(Outcome.NO_TEXT, None, (), reading.reason or "neither the page nor the feed has a word")
    outcome = Outcome.NOT_ARTICLE if reading.outcome is Outcome.NO_TEXT else reading.outcome
    reason = reading.reason or _UNREAD.get(reading.outcome, "")
    return Verdict(outcome, article, tuple(ruleset.match(article)), reason)


def of_page(page: Page, entry: Entry, feed: Feed | None, ruleset: Rules) -> Verdict:
    """Return the verdict on a page, read in this very process: for one that may die of it.

    The dearer extraction runs only where the first text matches a rule.
    """
    first = extract.read(page, entry, feed)
    found = verdict(first, entry, feed, ruleset)
    if found.matches and first.outcome is Outcome.READ:
        return verdict(extract.refine(page, first), entry, feed, ruleset)
    return found


def news(article: Article, before: Article, ruleset: Rules) -> tuple[Verdict, ...]:
    """Return the verdicts on a live blog's items that an earlier version did not hold and that a rule matches.

    Each is matched alone, without the blog's title: a window never crosses from one item into the next.
    """
    judged = ((item, tuple(ruleset.match(item))) for item in extract.fresh(article, before))
    return tuple(
        Verdict(Outcome.READ, replace(item, title=article.title), matches) for item, matches in judged if matches
    )


def _article(reading: Reading, entry: Entry, feed: Feed | None) -> Article:
    """Return what there is to match: the page's text where it is the article's, else the feed's words."""
    told = extract.from_entry(entry, feed)
    read = reading.article
    if reading.outcome is Outcome.READ and read is not None:
        return read
    if reading.outcome is Outcome.TEASER and read is not None:
        return _fuller(read, told)
    return told


def _fuller(read: Article, told: Article) -> Article:
    """Return a teaser with what the feed tells beyond it: some feeds carry the whole of a paid article."""
    body = max(read.body, told.body, key=len)
    lead = read.lead or (told.lead if told.lead not in body else "")
    return replace(read, title=read.title or told.title, lead=lead, body=body, complete=False)
