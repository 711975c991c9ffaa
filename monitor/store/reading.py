"""What a reading writes: an article, its hits in their stories, and where they go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from monitor.model import Article, Hit, Notice, Outcome, Verdict
from monitor.store import index, rows
from monitor.store import tables as t
from monitor.store.outbox import announce
from monitor.store.records import Record
from monitor.store.statements import add, add_all, put, put_article


def record(c: Connection, made: Record, now: datetime) -> tuple[Hit, ...]:
    """Write an article, its hits and their deliveries, and what goes with them; return the hits that were not on record."""
    newer = made.verdict.article is not None and _put_article(c, made.verdict, made.verdict.article, made.hits, now)
    fresh = tuple(hit for hit in made.hits if add(c, t.hits, rows.hit_values(hit)))
    for hit in made.hits if newer else ():
        _put_evidence(c, hit)
    for hit in fresh if made.signature is not None else ():
        _put_signature(c, hit, made.signature, made.told or hit.found)
    keys = {hit.key for hit in fresh}
    announce(c, [one for one in made.deliveries if isinstance(one.subject, Notice) or one.subject.key in keys])
    add_all(c, t.edits, [rows.edit_values(edit) for edit in made.edits])
    if made.page is not None:
        put(c, t.pages, rows.page_values(made.page), only=~t.pages.c.hit)
    return fresh


def finish(c: Connection, made: Record, again: datetime | None) -> None:
    """Let an entry be done, but for when it is to be read once more."""
    verdict = made.verdict
    ending = {"due": again, "leased": None, "attempts": 0, "outcome": verdict.outcome, "reason": verdict.reason}
    article = verdict.article.key if verdict.article else t.entries.c.article
    c.execute(update(t.entries).where(t.entries.c.key == made.entry.key).values(**ending, article=article))


def _put_article(c: Connection, verdict: Verdict, article: Article, hits: Sequence[Hit], now: datetime) -> bool:
    """Record a verdict's article, or its newer words; False when the words on record are to stay.

    They stay when the newer ones are fewer (a teaser after the whole text), or when a hit on record rests on words
    that the publisher has taken out, unless the newer ones bring a hit of their own.
    """
    row = c.execute(select(t.articles).where(t.articles.c.key == article.key)).one_or_none()
    before = rows.article_of(row._asdict()) if row else None
    on_record = set(c.scalars(select(t.hits.c.key).where(t.hits.c.article == article.key))) if before else set()
    found = {hit.key for hit in hits}
    if before and found <= on_record and (on_record - found or (before.complete and not article.complete)):
        return False
    was_read = verdict.outcome in {Outcome.READ, Outcome.TEASER}
    values = rows.article_values(article, now) | {"said": rows.said_of(article) if was_read else None}
    index.change(c, put_article(c, values), before, article)
    return True


def _put_evidence(c: Connection, hit: Hit) -> None:
    c.execute(update(t.hits).where(t.hits.c.key == hit.key).values(match=rows.match_value(hit)))


def _put_signature(c: Connection, hit: Hit, signature: object, told: datetime) -> None:
    values = {"key": hit.story, "article": hit.article.key, "signature": signature, "first": told, "last": told}
    put(c, t.stories, values, keep=("first",))
