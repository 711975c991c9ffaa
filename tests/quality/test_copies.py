"""Agency texts as papers rewrite them, in Dutch and French: pairs of our own, with what is not a copy beside them.

`copies.jsonl` has pairs (`a`, `b`): what an agency sent, and a paper's version with its own opening and end, cut to four
sentences in another order, or with half of the item inside a piece of its own. What looks like a copy and is none: the
same event in other words, one sentence taken over, and two events told by one formula.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor import stories
from monitor.model import Article
from monitor.stories import Signature
from tests.making import NOW, told

PAIRS = [json.loads(line) for line in (Path(__file__).parent / "copies.jsonl").read_text("utf-8").splitlines()]


def signed(said: dict[str, str]) -> Signature:
    return stories.signature(Article(key="", url="", title=said["title"], body=said["text"]))


def are_copies(pair: dict[str, Any]) -> bool:
    return stories.near_copies(signed(pair["a"]), signed(pair["b"]))


@pytest.mark.parametrize("language", ["nl", "fr"])
def test_rewritten_agency_texts_are_known_as_copies_and_nothing_else(language):
    """A copy that is missed alarms twice; one that is none hides a story behind another."""
    pairs = [pair for pair in PAIRS if pair["language"] == language]
    called = [pair["id"] for pair in pairs if are_copies(pair)]
    wanted = [pair["id"] for pair in pairs if pair["copy"]]
    assert len(wanted) >= 15
    assert len(pairs) - len(wanted) >= 15
    right = len(set(called) & set(wanted))
    assert right / len(called) >= 0.98, sorted(set(called) - set(wanted))
    assert right / len(wanted) >= 0.95, sorted(set(wanted) - set(called))


# Not the forecasts, matches and closings: they share the names of regions, of a league, of an index.
FORMULAE = [pair for pair in PAIRS if pair["id"] in {"oproep", "accident", "conseil"}]


@pytest.mark.parametrize("pair", FORMULAE, ids=[pair["id"] for pair in FORMULAE])
def test_two_events_told_by_one_formula_are_two_stories(pair):
    """A robbery in Genk is no follow-up of one in Hasselt because the police ask for the same."""
    assert stories.same(signed(pair["b"]), told([("first", signed(pair["a"]))]), (NOW, NOW)) is None
