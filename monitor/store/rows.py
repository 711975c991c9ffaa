"""Between the values of `model` and the rows of `tables`. The one place that knows how an article's text is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from monitor.keys import text_key
from monitor.model import (
    Article,
    Delivery,
    Edit,
    Entry,
    Envelope,
    Evidence,
    Feed,
    FeedState,
    Hit,
    Match,
    Notice,
    Opening,
    Outcome,
)
from monitor.store.records import KeptPage
from monitor.urls import host, masked

Values = dict[str, Any]
Row = Mapping[str, Any]  # by column name: `row._asdict()`, or a part of a joined one

_STATE = tuple(f.name for f in fields(FeedState))
_CONFIG = tuple(f.name for f in fields(Feed) if f.name not in {"key", "state"})
_ENTRY = tuple(f.name for f in fields(Entry) if f.name not in {"feed", "authors", "aliases", "outcome"})
ARTICLE = tuple(f.name for f in fields(Article))
_ARTICLE = tuple(name for name in ARTICLE if name != "authors")
_PAGE = tuple(f.name for f in fields(KeptPage))
_DELIVERY = tuple(f.name for f in fields(Delivery) if f.name not in {"subject", "outcome", "envelope"})


def config_values(feed: Feed) -> Values:
    """Return the columns that the user's file decides. A password in the address stays out of the database."""
    said = {name: getattr(feed, name) for name in _CONFIG}
    return said | {"url": masked(feed.url), "name": masked(feed.name), "host": host(feed.url), "configured": True}


def config_of(row: Row) -> Values:
    """Return what a row says of the user's file, to compare with `config_values`."""
    return {name: row[name] for name in (*_CONFIG, "host", "configured")}


def state_values(state: FeedState) -> Values:
    """Return the columns that polling decides; whatever was claimed is no longer."""
    said = {name: getattr(state, name) for name in _STATE}
    return said | {"recent": list(state.recent), "items": list(state.items), "leased": None}


def feed_of(row: Row) -> Feed:
    """Return a feed as it is configured and as it stands; its due date as it was before a claim."""
    state = {name: row[name] for name in _STATE}
    state |= {"recent": tuple(row["recent"]), "items": tuple(row["items"]), "due": row["leased"] or row["due"]}
    return Feed(key=row["key"], **{name: row[name] for name in _CONFIG}, state=FeedState(**state))


def entry_values(entry: Entry, at: str) -> Values:
    """Return an entry's columns; `at` is the host to visit for it when it has no link of its own."""
    said = {name: getattr(entry, name) for name in _ENTRY}
    return said | {
        "feed": entry.feed or None,
        "authors": list(entry.authors),
        "host": host(entry.link) or at,
        "leased": None,
    }


def entry_of(row: Row, aliases: tuple[str, ...] = ()) -> Entry:
    """Return an entry; its due date as it was before a claim."""
    said = {name: row[name] for name in _ENTRY} | {"due": row["leased"] or row["due"]}
    was = Outcome(row["outcome"]) if row["outcome"] and row["outcome"] != Outcome.RETRY else None
    return Entry(feed=row["feed"] or "", authors=tuple(row["authors"]), aliases=aliases, outcome=was, **said)


def article_values(article: Article, now: datetime) -> Values:
    """Return an article's columns, found now unless it says when. A date in the future is the publisher's slip."""
    found = article.found or now
    dated = min(article.published or found, found)
    said = {name: getattr(article, name) for name in _ARTICLE}
    return said | {"authors": list(article.authors), "found": found, "dated": dated}


def said_of(article: Article) -> int | None:
    """Return what tells an article's text from others, in eight bytes; None for one that is too short for that."""
    key = text_key(article.body)
    return int(key[:16], 16) - 2**63 if key else None


def article_of(row: Row) -> Article:
    """Return an article with its whole text."""
    return Article(**{name: row[name] for name in _ARTICLE}, authors=tuple(row["authors"]))


def article_in(said: Sequence[Any]) -> Article:
    """Return an article from its columns in the order of `ARTICLE`, whatever follows them: where many are read, sooner."""
    told = dict(zip(ARTICLE, said, strict=False))
    told["authors"] = tuple(told["authors"])
    return Article(**told)


def match_value(hit: Hit) -> Values:
    """Return what was found as JSON can hold it; the rule stands in a column of its own."""
    match = hit.match
    evidence = [found._asdict() for found in match.evidence]
    return {"evidence": evidence, "lines": list(match.lines), "tags": list(match.tags), "adds": hit.adds}


def hit_values(hit: Hit) -> Values:
    """Return a hit's columns."""
    return {
        "key": hit.key,
        "rule": hit.rule,
        "rule_name": hit.rule_name,
        "article": hit.article.key,
        "match": match_value(hit),
        "story": hit.story,
        "found": hit.found,
        "silent": hit.silent,
        "mark": None,
        "why": "",
    }


def hit_of(row: Row, article: Article) -> Hit:
    """Return a hit with the article it is about."""
    said = row["match"]
    match = Match(
        rule=row["rule"],
        evidence=tuple(Evidence(**found) for found in said["evidence"]),
        lines=tuple(said["lines"]),
        tags=tuple(said["tags"]),
    )
    plain = {name: row[name] for name in ("key", "rule", "rule_name", "story", "found", "silent")}
    return Hit(**plain, article=article, match=match, adds=said.get("adds", ""))


def edit_values(edit: Edit) -> Values:
    """Return an edit's columns."""
    return {f.name: getattr(edit, f.name) for f in fields(Edit)}


def notice_values(notice: Notice) -> Values:
    """Return a notice's columns."""
    return {"key": notice.key, "title": notice.title, "text": notice.text, "found": notice.found}


def notice_of(row: Row) -> Notice:
    """Return a notice."""
    return Notice(key=row["key"], title=row["title"], text=row["text"], found=row["found"])


def delivery_values(delivery: Delivery) -> Values:
    """Return a delivery's columns, but for its envelope (`Store.seal`); whatever was claimed is no longer."""
    about = delivery.subject
    return {name: getattr(delivery, name) for name in _DELIVERY} | {
        "hit": about.key if isinstance(about, Hit) else None,
        "notice": about.key if isinstance(about, Notice) else None,
        "outcome": delivery.outcome,
        "leased": None,
    }


def delivery_of(row: Row, subject: Hit | Notice) -> Delivery:
    """Return a delivery with its subject; its due date as it was before a claim."""
    said = {name: row[name] for name in _DELIVERY} | {"due": row["leased"] or row["due"]}
    outcome = Outcome(row["outcome"]) if row["outcome"] else None
    return Delivery(**said, subject=subject, outcome=outcome, envelope=row["envelope"] or "")


def envelope_of(row: Row, opening: Opening | None = None) -> Envelope:
    """Return an envelope, with what opened the story that it follows."""
    return Envelope(key=row["key"], dated=row["dated"], taken=row["taken"], opening=opening)


def page_values(page: KeptPage) -> Values:
    """Return the columns of a page that is kept."""
    return {name: getattr(page, name) for name in _PAGE}


def page_of(row: Row) -> KeptPage:
    """Return a page that was kept."""
    return KeptPage(**{name: row[name] for name in _PAGE})
