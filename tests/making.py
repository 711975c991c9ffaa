"""Things that flow, made with as few words as a test needs."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor import stories
from monitor.model import (
    Article,
    Delivery,
    Entry,
    Evidence,
    Feed,
    Hit,
    Match,
    Notice,
    Outcome,
    Telling,
    Verdict,
    Visit,
    key_of,
)
from monitor.policy.listing import Sorted
from monitor.store import Record, Store

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def a_feed(url: str = "https://krant.example/rss", **said: Any) -> Feed:
    """A feed of a host."""
    return Feed(key=key_of("feed", url), url=url, **{"name": url, "language": "nl", **said})


def an_entry(feed: Feed, number: int = 1, **said: Any) -> Entry:
    """An entry that waits in the inbox."""
    link = said.pop("link", f"{feed.url.rsplit('/', 1)[0]}/{number}")
    made = {"title": f"Titel {number}", "found": NOW, "due": NOW, "id": f"id-{number}"} | said
    return Entry(key=key_of("entry", link), feed=feed.key, link=link, **made)


def an_article(entry: Entry, body: str = "Poetin sprak in het geheim.", **said: Any) -> Article:
    """The article behind an entry."""
    made = {"title": entry.title, "body": body, "language": "nl", "feed": entry.feed, "found": entry.found} | said
    return Article(key=key_of("article", entry.link), url=entry.link, **made)


def a_hit(article: Article, rule: str = "geheim", word: str = "geheim", **said: Any) -> Hit:
    """A hit on a word of the body."""
    start = article.body.index(word)
    evidence = Evidence("body", start, start + len(word), word, f"{word}*", article.body)
    match = Match(rule, (evidence,), lines=(1,), tags=("gesprek",))
    key = key_of("hit", rule, article.key)
    made = {"rule_name": rule.title(), "story": key, "found": article.found or NOW} | said
    return Hit(key=key, rule=rule, article=article, match=match, **made)


def a_notice(what: str = "feed is dead") -> Notice:
    """Something that the daemon tells about itself."""
    return Notice(key=key_of("notice", what), title=what, text=f"{what}: look at it", found=NOW)


def a_delivery(subject: Hit | Notice, channel: str = "desk", **said: Any) -> Delivery:
    """A delivery that is due."""
    made = {"created": NOW, "due": NOW, "first_due": NOW} | said
    return Delivery(key=key_of("delivery", subject.key, channel), channel=channel, subject=subject, **made)


def a_verdict(article: Article, *hits: Hit) -> Verdict:
    """What was made of the article."""
    return Verdict(Outcome.READ, article, tuple(hit.match for hit in hits))


def a_record(entry: Entry, verdict: Verdict, *hits: Hit, **said: Any) -> Record:
    """What came of an entry."""
    return Record(entry=entry, verdict=verdict, hits=hits, **said)


def visit_of(store: Store, *asked: Any, **said: Any) -> Visit | None:
    """The next visit that is due, taken."""
    return next(iter(store.claim_visits(*asked, **said)), None)


def arrived(*new: Entry, **said: Any) -> Sorted:
    """What a poll brought."""
    return Sorted(new=new, **said)


def rows_of(address: str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table of a SQLite database; of the index of words those that lie under it."""
    plain = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as connection:
        names = [name for (name,) in connection.execute(plain)]
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}


def told(known: Sequence[tuple[str, stories.Signature]]) -> stories.Told:
    """Hold these articles, each with the key of its story."""
    made = stories.Told()
    made.hold({Telling(story, str(at), NOW, NOW): one.to_json() for at, (story, one) in enumerate(known)})
    return made
