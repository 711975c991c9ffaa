"""Real pages with ground truth: how much of each text, lead, title and date is got right. Floors, by language.

Token F1 is the harmonic mean of precision and recall over the words of a text (multisets, lower case), lead included;
the figure is the mean over pages. What is measured is what `monitor read` prints: the refined text.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from monitor import extract
from monitor.extract.text import words
from monitor.model import Article, Entry, Outcome, Page, Reading

pytestmark = [pytest.mark.shared, pytest.mark.slow]

BRUSSELS = ZoneInfo("Europe/Brussels")
BELGIAN = {"dhnet", "lavenir", "sudinfo", "sudpresse", "septsursept"}
FRONTS_AND_ERRORS = (
    "bijgeschaafd/www_nu_nl.html",
    "csxj/samples/lavenir/lavenir.html",
    "csxj/samples/sudpresse/sudpresse_front.html",
    "csxj/tests/dhnet/removed_article.html",
    "daanlouter/ad_front_2017.html",
    "daanlouter/nu_front_2017.html",
    "daanlouter/rtl_front_2017.html",
)
NOTHING = Entry(key="e", feed="")


class Case(NamedTuple):
    """A page as read and as it should have been."""

    path: str
    language: str
    article: Article
    first: Article
    truth: Mapping[str, Any]


def read(file: Path, url: str = "") -> tuple[Page, Reading]:
    page = Page(url=url, asked=url, body=file.read_bytes())
    return page, extract.read(page, NOTHING)


@pytest.fixture(scope="module")
def cases(real: Path) -> list[Case]:
    return list(_cases(real))


def _cases(real: Path) -> Iterator[Case]:
    for path, truth in json.loads((real / "gt_dev.json").read_text("utf-8")).items():
        page, reading = read(real / path, truth["url"] or "")
        assert reading.outcome is Outcome.READ, (path, reading)
        refined = extract.refine(page, reading)
        language = "fr-BE" if truth["publisher"] in BELGIAN else truth["lang"]
        yield Case(path, language, refined.article, reading.article, truth)


def overlap(got: str, wanted: str) -> tuple[float, float]:
    """Return precision and recall over words."""
    mine, theirs = Counter(words(got)), Counter(words(wanted))
    shared = (mine & theirs).total()
    return shared / max(1, mine.total()), shared / max(1, theirs.total())


def f1(got: str, wanted: str) -> float:
    precision, recall = overlap(got, wanted)
    return 2 * precision * recall / (precision + recall or 1)


def means(found: Iterator[tuple[str, float]]) -> dict[str, float]:
    by_language: dict[str, list[float]] = defaultdict(list)
    for language, value in found:
        by_language[language].append(value)
    return {language: fmean(values) for language, values in by_language.items()}


def at_least(figures: Mapping[str, float], floors: Mapping[str, float]) -> None:
    assert {
        language: round(figures[language], 4) for language, floor in floors.items() if figures[language] < floor
    } == {}


def test_the_text_is_the_articles_own_and_whole(cases):
    """A missing paragraph is a missed story, a foreign one a false alarm."""
    at_least(
        means((case.language, f1(extract.whole(case.article), case.truth["body"])) for case in cases),
        {"nl": 0.98, "fr-BE": 0.95, "de": 0.965, "fr": 0.98, "uk": 0.97},
    )


def test_the_first_text_misses_next_to_nothing(cases):
    """Rules are matched on it first: what it lacks is never found, what it has too much is taken out later."""
    at_least(
        means((case.language, overlap(extract.whole(case.first), case.truth["body"])[1]) for case in cases),
        {"nl": 0.99, "fr-BE": 0.97, "de": 0.985, "fr": 0.98},
    )


def test_the_lead_is_there(cases):
    """It says who did what; extractors leave it out where it stands apart."""
    at_least(
        means(
            (case.language, overlap(extract.whole(case.article), case.truth["lead"])[1])
            for case in cases
            if case.truth["lead"]
        ),
        {"nl": 0.97, "fr-BE": 0.97, "de": 0.97, "fr": 0.97},
    )


def test_titles_are_right(cases):
    """Word for word; publishers have several, so some differ from the one that was noted."""
    at_least(
        means((case.language, f1(case.article.title, case.truth["title"])) for case in cases if case.truth["title"]),
        {"nl": 0.99, "fr-BE": 0.99, "de": 0.88},
    )


def test_dates_are_right(cases):
    """The day of publication, in the newsroom's own time."""
    dated = [case for case in cases if case.truth["date"]]

    def right(case: Case) -> bool:
        when = case.article.published
        return when is not None and when.astimezone(BRUSSELS).date().isoformat() == case.truth["date"]

    at_least(means((case.language, right(case)) for case in dated), {"nl": 0.95, "fr-BE": 0.95, "de": 0.95, "fr": 0.95})


def test_the_language_is_known(cases):
    """Lists have a block for each."""
    ours = [case for case in cases if case.truth["lang"] in {"nl", "fr", "de"}]
    assert fmean(case.article.language == case.truth["lang"] for case in ours) == 1.0


@pytest.mark.parametrize("path", FRONTS_AND_ERRORS)
def test_front_pages_and_errors_with_status_200_are_no_articles(real, path):
    """Saved without their address, so only what is on them can tell."""
    _, reading = read(real / "html" / path)
    assert (reading.outcome, reading.article) == (Outcome.NOT_ARTICLE, None)


def test_the_consent_page_is_a_gate(real):
    """It stands in the place of every article of four papers."""
    _, reading = read(real / "html/consent/hln_dpg_privacy_gate_2026-01.html")
    assert (reading.outcome, reading.article) == (Outcome.GATE, None)


def test_every_other_page_is_an_article(real):
    """Also short ones, with more video than text."""
    others = [file for file in sorted((real / "html").rglob("*.html")) if "consent" not in file.parts]
    unread = {}
    for file in others:
        path = str(file.relative_to(real / "html"))
        _, reading = read(file)
        if reading.outcome is not Outcome.READ and path not in FRONTS_AND_ERRORS:
            unread[path] = reading
    assert unread == {}


# What pages say of themselves: JSON-LD, metas, microdata, the canonical link.
SAID = re.compile(
    rb"""<script[^>]*ld\+json.*?</script>|<meta(?![^>]*charset)[^>]*>|<link[^>]*canonical[^>]*>"""
    rb"""|\s(?:itemprop|pubdate|datetime)=(?:"[^"]*"|'[^']*')""",
    re.IGNORECASE | re.DOTALL,
)


def bared(file: Path) -> Reading:
    """Read a page from which all that it says of itself was taken, and of which no address is known."""
    page = Page(url="", asked="", body=SAID.sub(b"", file.read_bytes()))
    return extract.refine(page, extract.read(page, NOTHING))


def test_a_page_that_says_nothing_of_itself_is_read_by_what_it_shows(real):
    """Small and old papers describe nothing, and of a file not even the address is known."""
    truths = json.loads((real / "gt_dev.json").read_text("utf-8"))
    texts: list[tuple[str, float]] = []
    titles: list[tuple[str, float]] = []
    for path, truth in truths.items():
        reading = bared(real / path)
        assert reading.outcome is Outcome.READ, (path, reading)
        assert reading.article is not None
        language = "fr-BE" if truth["publisher"] in BELGIAN else truth["lang"]
        texts.append((language, f1(extract.whole(reading.article), truth["body"])))
        titles.append((language, f1(reading.article.title, truth["title"] or reading.article.title)))
    at_least(means(iter(texts)), {"nl": 0.98, "fr-BE": 0.95, "de": 0.96})
    at_least(means(iter(titles)), {"nl": 0.99, "fr-BE": 0.96, "de": 0.84})


@pytest.mark.parametrize("path", FRONTS_AND_ERRORS)
def test_a_front_page_that_says_nothing_of_itself_is_no_article_either(real, path):
    """What it looks like must do."""
    assert bared(real / "html" / path).outcome is Outcome.NOT_ARTICLE
