"""Articles that need no page: from the feed's own words, from a file. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from monitor import urls
from monitor.keys import article_key
from monitor.model import Article, Entry, Feed, key_of
from monitor.rules.text import language_of


def from_entry(entry: Entry, feed: Feed | None = None) -> Article:
    """Return the feed's own words as an article that was not read in full."""
    body = "" if entry.content in entry.summary else entry.content
    article = Article(
        key=key(entry.link, entry),
        url=entry.link,
        title=entry.title,
        lead="" if entry.summary in body else entry.summary,
        body=body,
        published=entry.published,
        updated=entry.updated,
        authors=entry.authors,
        complete=False,
    )
    return at_home(article, entry, feed, "")


def from_text(  # noqa: PLR0913 - a text, its key, and what little a file may know of it
    text: str, *, key: str, url: str = "", title: str = "", language: str = "", published: datetime | None = None
) -> Article:
    """Return an article of a text that is one already: a file, a line of JSON. `key` is its identity as it stands."""
    body = urls.clean(text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    article = Article(key=key, url=url, title=urls.clean(title).strip(), body=body, published=published)
    return replace(article, language=language or _language(article))


def whole(article: Article) -> str:
    """Return what people read below the title: lead and body, a blank line apart."""
    return "\n\n".join(filter(None, (article.lead, article.body)))


def key(url: str, entry: Entry) -> str:
    """Return the identity of the article at this address; without an address, that of its entry."""
    return article_key(url) if url else key_of("article", entry.key)


def at_home(article: Article, entry: Entry, feed: Feed | None, claimed: str) -> Article:
    """Return the article with its language and with where it comes from. `claimed` is the language the page names."""
    known = feed or Feed(key=entry.feed, name="", url="")
    return replace(
        article,
        language=_language(article, claimed, entry.language, known.language),
        found=entry.found,
        feed=known.key,
        outlet=known.outlet,
        country=known.country,
        group=known.group,
    )


def _language(article: Article, *claims: str) -> str:
    """Return the text's own language; what page and feed claim counts only where the text does not tell."""
    own = language_of(f"{article.title}\n\n{whole(article)}")
    return own or next((claim[:2].lower() for claim in claims if claim), "")
