"""Stories on real and on labelled articles: copies by pairs, events by B-cubed (Bagga & Baldwin, 1998)."""

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

import pytest

from monitor import stories
from monitor.model import Article
from monitor.stories import Signature
from tests.making import NOW, told

pytestmark = [pytest.mark.shared, pytest.mark.slow]


def lines(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def signed(said: dict[str, str], *, published: datetime | None) -> Signature:
    return stories.signature(
        Article(key=said["id"], url="", title=said["title"], body=said["text"], published=published)
    )


def copies(texts: Sequence[str]) -> set[tuple[int, int]]:
    """Return the pairs that share a tenth of their runs of five words: counted exactly, not estimated."""
    runs = [_runs(text) for text in texts]
    holders: dict[str, list[int]] = defaultdict(list)
    for at, said in enumerate(runs):
        for run in said:
            holders[run].append(at)
    met = {pair for where in holders.values() if len(where) < 40 for pair in itertools.combinations(where, 2)}
    return {(a, b) for a, b in met if len(runs[a] & runs[b]) >= 0.1 * len(runs[a] | runs[b])}


def meeting(signatures: Sequence[Signature]) -> set[tuple[int, int]]:
    """Return the pairs that share a hash: no other pair can be called a copy, and there are a million."""
    holders: dict[int, list[int]] = defaultdict(list)
    for at, said in enumerate(signatures):
        for value in said.sketch:
            holders[value].append(at)
    return {pair for where in holders.values() for pair in itertools.combinations(where, 2)}


def _runs(text: str) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[at : at + 5]) for at in range(max(1, len(words) - 4))}


def test_near_copies_in_a_newspaper_groups_articles_are_found_and_nothing_else(real):
    """1,438 articles of one group's papers, which share and shorten each other's texts: a million pairs."""
    articles = lines(real / "text" / "nl_dpg2019.jsonl")
    known = copies([said["text"] for said in articles])
    signatures = [signed(said, published=None) for said in articles]

    found = {(a, b) for a, b in meeting(signatures) if stories.near_copies(signatures[a], signatures[b])}

    assert 60 <= len(known) <= 66
    assert len(found & known) / len(found) >= 0.98
    assert len(found & known) / len(known) >= 0.95


def b_cubed(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Return B-cubed F1: for each item, how pure and how whole its group is."""

    def mean(of: Sequence[str], within: Sequence[str]) -> float:
        shares = []
        for mine, other in zip(of, within, strict=True):
            group = [within[at] for at, each in enumerate(of) if each == mine]
            shares.append(group.count(other) / len(group))
        return fmean(shares)

    precision, recall = mean(found, wanted), mean(wanted, found)
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize("dated", [True, False], ids=["dated", "undated"])
def test_one_event_in_many_words_and_languages_is_one_story(shared, dated):
    """Secret talks of ten years, in Dutch, French and German; what each is about was noted by hand."""
    labelled = [said for said in lines(shared / "data/labelled/events.jsonl") if said["label"] != "neg"]
    before: list[tuple[str, Signature]] = []
    for said in sorted(labelled, key=lambda one: one["date"]):
        when = datetime.fromisoformat(said["date"] + "-15").replace(tzinfo=UTC) if dated else None
        new = signed(said, published=when)
        before.append((stories.same(new, told(before), (NOW, NOW)) or said["id"], new))

    wanted = [said["category"] for said in sorted(labelled, key=lambda one: one["date"])]
    assert b_cubed([key for key, _ in before], wanted) >= 0.85
