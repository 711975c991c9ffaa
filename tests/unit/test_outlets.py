"""Outlets that nobody has seen: every article is read, whole and alone; nothing in an article's place is taken for one."""

import itertools
from datetime import date

import pytest

from monitor import extract
from monitor.model import Article, Entry, Outcome, Page
from tests.outlets import ARTICLES, WALLS, article, wall
from tests.outlets.words import WORDS, Words

LANGUAGES = tuple(WORDS)
KNOWN = ("with the feed's title", "from a file")


def read(
    body: str, url: str, asked: str = "", title: str = "", *, refined: bool = True
) -> tuple[Outcome, Article | None]:
    page = Page(url=url, asked=asked or url, body=body.encode())
    reading = extract.read(page, Entry(key="e", feed="f", link=asked or url, title=title))
    reading = extract.refine(page, reading) if refined and reading.article else reading
    return reading.outcome, reading.article


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize(("kind", "language"), list(itertools.product(ARTICLES, LANGUAGES)))
def test_an_article_is_read_whatever_system_printed_it(kind, language, known):
    """Also from a file, where neither an address nor a feed tells what it is."""
    words = WORDS[language]
    url, body = article(kind, language)

    outcome, found = read(body, url if known == KNOWN[0] else "", title=_told(kind, words) if known == KNOWN[0] else "")

    assert (outcome, found is not None) == (Outcome.READ, True)
    assert found.language == language
    assert kind == "on_privacy" or words.title in found.title
    said = extract.whole(found)
    assert [each for each in _text(kind, words) if each not in said] == []
    for foreign in (*words.teasers, *words.accept, words.subscribe, words.cookies[:60], words.pay, words.about[:60]):
        assert foreign not in said


def _told(kind: str, words: Words) -> str:
    return "" if kind == "on_privacy" else words.title


def _text(kind: str, words: Words) -> tuple[str, ...]:
    """Return what a reader of this page reads of the article."""
    many = {"brief": 0, "beside_invitations": 0, "behind_banner": 3}.get(kind, 5)
    return words.paragraphs[:many] if kind == "on_privacy" else (words.lead[:60], *words.paragraphs[:many])


DATED = sorted(
    set(ARTICLES) - {"shell", "on_privacy", "brief", "beside_invitations", "behind_banner", "cut_by_links", "live"}
)


@pytest.mark.parametrize(("kind", "language"), list(itertools.product(DATED, LANGUAGES)))
def test_the_day_is_found_where_each_system_writes_it(kind, language):
    """In JSON-LD, in a meta, in microdata, or in the newsroom's own words."""
    url, body = article(kind, language)
    _, found = read(body, url)
    assert found
    assert found.published
    assert found.published.date() == date(2025, 11, 12)


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize(("kind", "language"), list(itertools.product(WALLS, LANGUAGES)))
def test_nothing_in_an_articles_place_is_taken_for_one(kind, language, known):
    """Its words would be matched, under the link of a piece of news."""
    words = WORDS[language]
    asked, found = wall(kind, language)

    outcome, made = read(found.page, found.url, asked, words.title if known == KNOWN[0] else "")

    empty = {Outcome.NO_TEXT} if found.outcome is Outcome.NOT_ARTICLE else set()
    assert outcome in {found.outcome, *empty}
    if outcome is Outcome.TEASER:
        assert made is not None
        assert not made.complete
        assert words.lead[:60] in extract.whole(made)
    else:
        assert made is None or not extract.whole(made)
