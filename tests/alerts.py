"""Hits, notices and deliveries for the tests of alerts: short to ask for, whole when they come."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.model import Article, Delivery, Evidence, FieldName, Hit, Match, Notice, key_of
from monitor.rules.spec import Rule

NOW = datetime(2026, 11, 18, 13, 5, tzinfo=UTC)
SENTENCE = "Een vertrouweling van Poetin zou in het geheim contact hebben gezocht met de CIA."
BODY = f"Dat melden drie bronnen in Brussel. {SENTENCE}\n\nHet Kremlin ontkent dat er gesprekken zijn."


def evidence_of(article: Article, field: FieldName, sentence: str, *words: str) -> tuple[Evidence, ...]:
    """Evidence for these words, where they first stand inside this sentence of the field."""
    start = getattr(article, field).index(sentence)
    found = []
    for word in words:
        at = start + sentence.index(word)
        found.append(Evidence(field, at, at + len(word), word, term=word.lower(), sentence=sentence))
    return tuple(sorted(found, key=lambda one: one.start))


def hit(number: int = 1, *, story: str = "", rule: str = "secret-talks-kremlin", **changes: Any) -> Hit:
    """A hit of its own for each number; `title`, `body`, `words`, `url` … change its article."""
    words: Sequence[str] = changes.pop("words", ("Poetin", "in het geheim", "contact"))
    sentence = changes.pop("sentence", SENTENCE)
    tags = changes.pop("tags", ())
    name = changes.pop("rule_name", "Geheime gesprekken met het Kremlin")
    found = changes.pop("found", NOW - timedelta(minutes=2))
    base = Article(
        key=key_of("article", str(number)),
        url=f"https://krant.example/buitenland/{number}",
        title=f"Stille lijn tussen Moskou en Washington ({number})",
        body=BODY,
        language="nl",
        published=NOW - timedelta(minutes=20),
        outlet="De Voorbeeldkrant",
        feed=key_of("feed", "https://krant.example/rss"),
    )
    article = replace(base, **changes)
    match = Match(rule, evidence_of(article, "body", sentence, *words), lines=(1,), tags=tuple(tags))
    key = key_of("hit", rule, article.key)
    return Hit(key=key, rule=rule, rule_name=name, article=article, match=match, story=story or key, found=found)


def notice(title: str = "Feed ligt stil", text: str = "https://krant.example/rss antwoordt niet: 503.") -> Notice:
    return Notice(key=key_of("notice", title), title=title, text=text, found=NOW)


def delivery(subject: Hit | Notice, channel: str = "desk", *, created: datetime = NOW, **changes: Any) -> Delivery:
    key = key_of("delivery", subject.key, channel)
    base = Delivery(key=key, channel=channel, subject=subject, created=created, due=created, first_due=created)
    return replace(base, **changes)


def rule(send: Sequence[str] = ("desk",), **changes: Any) -> Rule:
    return Rule(id="secret-talks-kremlin", name="Geheime gesprekken", lines=(), send=tuple(send), **changes)
