"""How a hit, its article and its evidence are shown: to a person, and as objects to a machine."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from monitor.model import Article, Evidence, Match
    from monitor.store import HitRecord

# People type this much of a key, and are shown a little more.
SHOWN = 12


def moment(when: datetime | None) -> str:
    """Return a moment in local time, to the minute; "" for none."""
    return when.astimezone().strftime("%Y-%m-%d %H:%M") if when else ""


def called(article: Article) -> str:
    """Return what a person knows an article by: a text file has no title and no address, but a beginning."""
    beginning = textwrap.shorten(article.lead or article.body, 60, placeholder=" …")
    return article.title or article.url or beginning or article.key


def marked(sentence: str, evidence: Iterable[str]) -> str:
    """Return a sentence on one line, with the evidence in it highlighted where the terminal can."""
    # In one go: a second one would find numbers in the signs that colour what the first has found.
    words = "|".join(re.escape(text) for text in sorted(set(evidence) - {""}, key=len, reverse=True))
    shown = re.sub(words, lambda found: click.style(found[0], fg="black", bg="yellow"), sentence) if words else sentence
    return " ".join(shown.split())


def by_sentence(match: Match) -> dict[str, list[Evidence]]:
    """Return the evidence of a match by its sentences, in reading order."""
    found: dict[str, list[Evidence]] = {}
    for one in match.evidence:
        found.setdefault(one.sentence, []).append(one)
    return found


def marked_sentences(match: Match) -> Iterator[str]:
    """Yield each sentence with evidence once, that evidence highlighted."""
    return (marked(sentence, [one.text for one in found]) for sentence, found in by_sentence(match).items())


def sentences(match: Match) -> list[str]:
    """Return each sentence with evidence once, on one line, plain."""
    return list(dict.fromkeys(" ".join(one.sentence.split()) for one in match.evidence))


def evidence_objects(match: Match) -> list[dict[str, object]]:
    """Return the evidence of a match as objects for a machine."""
    return [
        {"field": e.field, "start": e.start, "end": e.end, "text": e.text, "term": e.term, "sentence": e.sentence}
        for e in match.evidence
    ]


def as_object(record: HitRecord) -> dict[str, object]:
    """Return a hit as an object for a machine."""
    hit = record.hit
    return {
        "id": hit.key,
        "rule": hit.rule,
        "title": hit.article.title,
        "url": hit.article.url,
        "feed": hit.article.outlet or hit.article.feed,
        "found": hit.found.isoformat(),
        "story": hit.story,
        "evidence": evidence_objects(hit.match),
        "tags": list(hit.match.tags),
        "complete": hit.article.complete,
        "silent": hit.silent,
        "published": hit.article.published.isoformat() if hit.article.published else None,
        "language": hit.article.language,
        "mark": record.mark,
        "edits": [{"what": e.what, "sentence": e.sentence, "at": e.at.isoformat()} for e in record.edits],
    }
