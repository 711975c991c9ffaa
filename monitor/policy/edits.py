"""What publishers change after a hit: the sentences that it rests on appear and vanish. Pure: takes `now`.

A sentence is followed from the first time that it was evidence. It has vanished when an article that was read in full
no longer holds it, or is gone; it has appeared when it is back, or when a later version brings it as evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal, Protocol

from monitor.model import Article, Edit, Hit, Match, Outcome, Verdict, key_of


class Told(Protocol):
    """A hit as it is on record, and what was edited since, in order."""

    @property
    def hit(self) -> Hit: ...
    @property
    def edits(self) -> tuple[Edit, ...]: ...


def edits(told: Iterable[Told], verdict: Verdict, now: datetime, summary: str = "") -> tuple[Edit, ...]:
    """Return what has changed in the sentences of an article's hits. `summary` is the feed's, which may be the lead.

    Only a page that was read in full, or is gone, can tell: a wall or a teaser holds few sentences of any article. What
    was on record from the feed's own words alone is no earlier version.
    """
    if verdict.outcome is Outcome.GONE:
        return tuple(_edit(one.hit, "vanished", said, now) for one in told for said in _standing(one))
    article = verdict.article
    if verdict.outcome is not Outcome.READ or article is None or not article.complete:
        return ()
    matches = {match.rule: match for match in verdict.matches}
    return tuple(
        edit
        for one in told
        if one.hit.article.complete
        for edit in _changes(one, article, summary, _again(one.hit, article, matches), now)
    )


def _again(hit: Hit, article: Article, matches: Mapping[str, Match]) -> Match | None:
    """Return the match that is the hit's own now; what a live blog's other items say is a hit of theirs."""
    return matches.get(hit.rule) if hit.article.key == article.key else None


def news(told: Iterable[Told], verdict: Verdict, items: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a live blog that was read again, without what its items tell by themselves.

    A new item that hits is told as a follow-up; the blog's own match would tell the same fact a second time.
    """
    article = verdict.article
    if article is None or not article.live:
        return verdict
    whole = {one.hit.rule for one in told if one.hit.article.key == article.key}
    by_item = {one.hit.rule for one in told} | {match.rule for item in items for match in item.matches}
    kept = tuple(match for match in verdict.matches if match.rule in whole or match.rule not in by_item)
    return replace(verdict, matches=kept)


def _changes(told: Told, article: Article, summary: str, match: Match | None, now: datetime) -> Iterator[Edit]:
    text = _plain(" ".join((article.title, article.lead, article.body)))
    # A lead that the feed gave once is no witness that the page still says what it said.
    page = _plain(" ".join((article.title, article.body))) if _plain(article.lead) == _plain(summary) else text
    of_body = {found.sentence for found in told.hit.match.evidence if found.field == "body"}
    vanished, followed = _vanished(told), _followed(told)
    for said in followed:
        here = _plain(said) in (page if said in of_body else text)
        if here and said in vanished:
            yield _edit(told.hit, "appeared", said, now)
        elif not here and said not in vanished:
            yield _edit(told.hit, "vanished", said, now)
    before = {_plain(said) for said in followed}
    for said in dict.fromkeys(found.sentence for found in match.evidence) if match else ():
        if said and _plain(said) not in before:
            yield _edit(told.hit, "appeared", said, now)


def _followed(told: Told) -> Sequence[str]:
    """Return every sentence that was ever evidence of the hit, as far as that is on record."""
    said = (*(found.sentence for found in told.hit.match.evidence), *(edit.sentence for edit in told.edits))
    return tuple(dict.fromkeys(filter(None, said)))


def _vanished(told: Told) -> frozenset[str]:
    last = {edit.sentence: edit.what for edit in told.edits}
    return frozenset(said for said, what in last.items() if what == "vanished")


def _standing(told: Told) -> Iterator[str]:
    gone = _vanished(told)
    return (said for said in _followed(told) if said not in gone)


def _plain(text: str) -> str:
    """Return a text without what a publisher's template may change between two visits: blanks and capitals."""
    return " ".join(text.split()).casefold()


def _edit(hit: Hit, what: Literal["appeared", "vanished"], sentence: str, now: datetime) -> Edit:
    return Edit(
        key=key_of("edit", hit.key, what, sentence, now.isoformat()), hit=hit.key, what=what, sentence=sentence, at=now
    )
