"""The shipped rules, judged like a product: on labelled texts, with floors. Lowering a floor needs a word of why.

The labelled sets beside the checkout were read while the lists were made, so what they give here is a floor and no
forecast. What the lists do with texts that they have not seen: `test_a_story_is_found_by_words_that_other_stories_taught`
and the rounds in docs/lexicon.md.
"""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor import config
from monitor.model import Article
from monitor.rules.compile import Ruleset, compile_rules
from monitor.rules.spec import Line, ListEntry, Part, Rule, RuleBook, Term

ROOT = Path(__file__).resolve().parents[2]
ALERT, NET = "secret-talks-kremlin", "any-contact-kremlin"
LANGUAGES = ("nl", "fr", "de", "en")

# (set, precision, recall) of the alert rule. The goals were dev .95/.95 and events .95/.90. Precision gave way a little (digests
# .93 to .89, our own .96 to .93) to lines that find two in three of what texts by other hands had lost (round 24).
FLOORS = [("dev", 0.97, 0.97), ("events", 0.95, 0.95), ("digests", 0.89, 0.96)]

# Texts of our own: `passages` (rounds 1 to 6) and `stories` (rounds 7 to 24, some oblique on purpose; docs/lexicon.md).
OWN = [("passages", 0.97, 0.97), ("stories", 0.93, 0.94)]

# Hits of the alert rule on background articles of 2018-2019, each read and judged. At most 1 in 1,000.
JUDGED: dict[str, str] = {}
MOST_BACKGROUND_HITS = 1 / 1000


@dataclass(frozen=True)
class Labelled:
    """A text and whether it tells of hidden talks; None is a border case that counts neither way."""

    article: Article
    positive: bool | None
    family: str  # texts of one story


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return config.load(ROOT / "rules.yaml", {}).book


@pytest.fixture(scope="module")
def ruleset(book: RuleBook) -> Ruleset:
    return compile_rules(book)


@pytest.fixture(scope="module")
def folders(shared: Path) -> dict[str, Path]:
    labelled = shared / "data" / "labelled"
    return {name: labelled / f"{name}.jsonl" for name in ("dev", "events", "digests")}


def read(path: Path) -> Iterator[Labelled]:
    """Yield the labelled texts of a file; the sets name their fields each in their own way."""
    labels = {"pos": True, "neg": False, "border": None, 1: True, 0: False}
    for row in path.read_text("utf-8").splitlines():
        said = json.loads(row)
        body = said.get("body") or said.get("text") or ""
        article = Article(key=said["id"], url="", title=said.get("title") or "", body=body, language=said["lang"])
        family = said.get("family") or said.get("category") or said["id"]
        yield Labelled(article, labels[said["label"]], f"{path.stem}/{family}")


def own(name: str) -> Path:
    return ROOT / "tests" / "quality" / f"{name}.jsonl"


def hits(ruleset: Ruleset, texts: Iterable[Labelled], *rules: str) -> dict[str, list[Labelled]]:
    """Return the texts by how they were judged: found, missed, false alarms."""
    judged: dict[str, list[Labelled]] = {"found": [], "missed": [], "false": []}
    for text in texts:
        hit = any(match.rule in rules for match in ruleset.match(text.article))
        if text.positive:
            judged["found" if hit else "missed"].append(text)
        elif hit and text.positive is False:
            judged["false"].append(text)
    return judged


def share(part: list[Labelled], rest: list[Labelled]) -> float:
    return len(part) / (len(part) + len(rest)) if part or rest else 1.0


def keys(texts: list[Labelled]) -> list[str]:
    return [text.article.key for text in texts]


def every_text(folders: dict[str, Path]) -> list[Labelled]:
    paths = [*folders.values(), own("passages")]
    return [text for path in paths for text in read(path)]


@pytest.mark.shared
@pytest.mark.parametrize(("name", "precision", "recall"), FLOORS)
def test_the_alert_holds_its_floors(ruleset, folders, name, precision, recall):
    """Recall matters most: a missed story is the worst. Precision keeps people reading."""
    judged = hits(ruleset, read(folders[name]), ALERT)

    assert share(judged["found"], judged["missed"]) >= recall, keys(judged["missed"])
    assert share(judged["found"], judged["false"]) >= precision, keys(judged["false"])


@pytest.mark.parametrize(("name", "precision", "recall"), OWN)
def test_the_alert_holds_its_floors_on_texts_of_our_own(ruleset, name, precision, recall):
    """These need no shared data, so every checkout can judge an edit of the lists."""
    judged = hits(ruleset, read(own(name)), ALERT)

    assert share(judged["found"], judged["missed"]) >= recall, keys(judged["missed"])
    assert share(judged["found"], judged["false"]) >= precision, keys(judged["false"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_oblique_stories_are_found_in_every_language(ruleset, language):
    """What one language has learnt from these stories, the others have to learn too."""
    texts = [text for text in read(own("stories")) if text.article.language == language]
    judged = hits(ruleset, texts, ALERT)
    caught = hits(ruleset, texts, ALERT, NET)

    assert share(judged["found"], judged["missed"]) >= 0.92, keys(judged["missed"])
    assert share(judged["found"], judged["false"]) >= 0.91, keys(judged["false"])
    assert share(caught["found"], caught["missed"]) >= 0.98, keys(caught["missed"])


@pytest.mark.shared
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_is_left_behind(ruleset, folders, language):
    """A list that is good in Dutch only would hide behind the sums."""
    texts = [text for text in every_text(folders) if text.article.language == language]
    judged = hits(ruleset, texts, ALERT)

    assert share(judged["found"], judged["missed"]) >= 0.95, keys(judged["missed"])
    assert share(judged["found"], judged["false"]) >= 0.93, keys(judged["false"])


@pytest.mark.shared
def test_a_text_without_a_title_of_its_own_is_judged_as_well(ruleset, folders):
    """A plain text file has its title as its first line, and half of what a rule leaves out is known by the title."""
    texts = [dataclasses.replace(text, article=untitled(text.article)) for text in every_text(folders)]
    judged = hits(ruleset, texts, ALERT)

    assert share(judged["found"], judged["missed"]) >= 0.97, keys(judged["missed"])
    assert share(judged["found"], judged["false"]) >= 0.93, keys(judged["false"])


def untitled(article: Article) -> Article:
    return dataclasses.replace(article, title="", body=f"{article.title}\n\n{article.body}".strip())


@pytest.mark.shared
@pytest.mark.parametrize("name", ["dev", "events", "digests"])
def test_the_net_catches_what_the_alert_lets_through(ruleset, folders, name):
    """What is told in words that no list has still comes in the morning's digest."""
    judged = hits(ruleset, read(folders[name]), ALERT, NET)

    assert share(judged["found"], judged["missed"]) >= 0.97, keys(judged["missed"])


@pytest.mark.shared
def test_the_net_is_no_sieve_with_one_hole(ruleset, folders):
    """A digest that holds every article with a name from Russia would not be read. The others of the labelled texts are
    near misses, nearly all about the Kremlin; the background says what a day holds. (Sport, film and history are left out
    by the title alone: a word of theirs in the text silenced both rules.)
    """
    quiet = [text for text in every_text(folders) if text.positive is False]
    judged = hits(ruleset, quiet, NET)

    assert len(judged["false"]) <= 0.80 * len(quiet)


@pytest.mark.shared
def test_the_first_four_seeds_are_hits_and_the_fifth_is_not(ruleset, shared):
    """The fifth is the near miss: spy chiefs who praise in public, with every word of the trade in it."""
    found = []
    for path in sorted((shared / "seeds").glob("*.txt")):
        article = Article(key=path.stem, url="", body=path.read_text("utf-8"), language="nl")
        found.append(ALERT in {match.rule for match in ruleset.match(article)})

    assert found == [True, True, True, True, False]


@pytest.mark.shared
@pytest.mark.slow
def test_ordinary_news_raises_no_alarm(ruleset, real):
    """An alert a thousand articles is what a desk bears; each of them was read."""
    articles = list(background(real / "text"))
    found = [
        article for article in articles if ALERT in {match.rule for match in ruleset.match(article)}
    ]  # fmt: skip

    assert len(found) <= MOST_BACKGROUND_HITS * len(articles)
    assert {article.key for article in found} <= set(JUDGED), [(article.key, article.title) for article in found]


def background(folder: Path) -> Iterator[Article]:
    for path in sorted(folder.glob("*.jsonl")):
        for row in path.read_text("utf-8").splitlines():
            said = json.loads(row)
            yield Article(key=said["id"], url="", title=said.get("title") or "", body=said["text"], language="nl")


@pytest.mark.shared
@pytest.mark.slow
def test_a_story_is_found_by_words_that_other_stories_taught(book, folders):
    """Cross-validated by family: every term that stands in the texts of one story alone is taken away before that
    story is judged, whether it had been in the lists before or not. A hard floor for what an unseen story meets.
    """
    texts = [text for path in folders.values() for text in read(path)]
    families = where_terms_stand(book, texts)
    found: dict[str, list[bool]] = defaultdict(list)
    for family in sorted({text.family for text in texts if text.positive}):
        taught = {term for term, seen in families.items() if family in seen and seen != {family}}
        ruleset = compile_rules(of_these(book, taught))
        for text in texts:
            if text.positive and text.family == family:
                matched = {match.rule for match in ruleset.match(text.article)}
                found[f"{family.split('/')[0]} alert"].append(ALERT in matched)
                found[f"{family.split('/')[0]} both"].append(bool(matched))
    recall = {name: sum(several) / len(several) for name, several in found.items()}

    floors = {
        "dev alert": 0.82,
        "dev both": 0.92,
        "events alert": 0.85,
        "events both": 0.95,
        "digests alert": 0.82,
        "digests both": 0.90,
    }
    assert {name: share for name, share in recall.items() if share < floors[name]} == {}


Entry = tuple[str, ListEntry]


def where_terms_stand(book: RuleBook, texts: list[Labelled]) -> dict[Entry, set[str]]:
    """Return for each term of the lists (names of actors left out) the families in whose texts it stands."""
    entries = [(each.name, entry) for each in book.lists for entry in each.entries if not entry.actor]
    single = RuleBook(tuple(alone(number, entry) for number, (_, entry) in enumerate(entries)))
    families: dict[Entry, set[str]] = defaultdict(set)
    ruleset = compile_rules(single)
    for text in texts:
        for match in ruleset.match(text.article):
            families[entries[int(match.rule)]].add(text.family)
    return families


def alone(number: int, entry: ListEntry) -> Rule:
    line = Line((Part((Term(entry.source, phrase=entry.phrase),)),), ())
    return Rule(id=str(number), name="", lines=(line,), languages=entry.languages)


def of_these(book: RuleBook, terms: set[Entry]) -> RuleBook:
    """Return the book with no more in its lists than these terms and the names of actors: what stands in no text of a
    family is not missed there, and a small book compiles in no time.
    """
    lists = (
        dataclasses.replace(each, entries=tuple(one for one in each.entries if one.actor or (each.name, one) in terms))
        for each in book.lists
    )
    return RuleBook(book.rules, tuple(lists))
