"""What is an edit of a hit, and when a page is read once more: pure."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from monitor.model import Edit, Hit, Outcome, Verdict
from monitor.policy import edits as changes
from monitor.policy import reading
from tests.making import NOW, a_feed, a_hit, a_verdict, an_article, an_entry

FEED = a_feed()
ENTRY = an_entry(FEED)
BODY = "Poetin sprak in het geheim."


@dataclass(frozen=True)
class Told:
    hit: Hit
    edits: tuple[Edit, ...] = ()


def told(*edits: Edit) -> Told:
    return Told(a_hit(an_article(ENTRY, BODY)), edits)


def now_says(body: str, **said: object) -> Verdict:
    return a_verdict(an_article(ENTRY, body, **said))


def words(found: tuple[Edit, ...]) -> list[tuple[str, str]]:
    return [(edit.what, edit.sentence) for edit in found]


@pytest.mark.parametrize("body", [BODY, f"Vooraf. {BODY} Achteraf.", "poetin  sprak\nin het geheim."])
def test_a_sentence_that_still_stands_is_no_edit(body):
    """Neither are blanks and capitals, which belong to the template."""
    assert changes.edits([told()], now_says(body), NOW) == ()


def test_coming_and_going_are_told_once_each():
    """The last edit of a sentence says how it stands."""
    (gone,) = changes.edits([told()], now_says("Poetin sprak."), NOW)
    assert words((gone,)) == [("vanished", BODY)]
    assert changes.edits([told(gone)], now_says("Poetin sprak."), NOW) == ()
    (back,) = changes.edits([told(gone)], now_says(BODY), NOW)
    assert words((back,)) == [("appeared", BODY)]
    assert changes.edits([told(gone, back)], now_says(BODY), NOW) == ()


def test_a_lead_that_only_the_feed_still_gives_does_not_stand_for_the_page():
    """Its summary was written when the article was new; a sentence of the lead has no other witness."""
    verdict = now_says("Poetin sprak.", lead=BODY)
    assert words(changes.edits([told()], verdict, NOW, BODY)) == [("vanished", BODY)]
    assert changes.edits([told()], verdict, NOW, "Iets anders.") == ()
    hit = told().hit
    evidence = tuple(found._replace(field="lead") for found in hit.match.evidence)
    of_the_lead = replace(hit, match=hit.match._replace(evidence=evidence))
    assert changes.edits([Told(of_the_lead)], verdict, NOW, BODY) == ()


def test_new_evidence_has_appeared():
    """A publisher who adds the sentence that says it all."""
    both = f"{BODY} Ook Lavrov sprak in het geheim."
    added = a_hit(an_article(ENTRY, "Ook Lavrov sprak in het geheim.")).match
    verdict = Verdict(Outcome.READ, an_article(ENTRY, both), (added,))

    assert words(changes.edits([told()], verdict, NOW)) == [("appeared", "Ook Lavrov sprak in het geheim.")]


@pytest.mark.parametrize(
    "outcome", [Outcome.GATE, Outcome.TEASER, Outcome.FAILED, Outcome.NOT_ARTICLE, Outcome.NO_TEXT]
)
def test_only_what_was_read_in_full_can_tell(outcome):
    """A wall holds no sentence of the article."""
    verdict = replace(now_says("Niets.", complete=False), outcome=outcome)

    assert changes.edits([told()], verdict, NOW) == ()


def test_the_feeds_own_words_are_no_earlier_version():
    """They were never on the page."""
    hit = a_hit(an_article(ENTRY, BODY, complete=False))

    assert changes.edits([Told(hit)], now_says("Iets anders."), NOW) == ()


def test_all_that_stood_vanishes_with_the_page():
    """And what was gone before does not vanish again."""
    gone = Edit(key="e", hit=told().hit.key, what="vanished", sentence=BODY, at=NOW)

    assert words(changes.edits([told()], Verdict(Outcome.GONE), NOW)) == [("vanished", BODY)]
    assert changes.edits([told(gone)], Verdict(Outcome.GONE), NOW) == ()


@pytest.mark.parametrize(
    ("since_hit", "next_in"),
    [(0, 60), (59, 1), (60, 23 * 60), (24 * 60 - 1, 1), (24 * 60, None), (9999, None)],
)
def test_a_hit_is_looked_at_after_an_hour_and_after_a_day(since_hit, next_in):
    """Whenever it is asked, and however late a reading came."""
    due = reading.once_more(ENTRY, an_article(ENTRY), NOW - timedelta(minutes=since_hit), NOW)

    assert due == (None if next_in is None else NOW + timedelta(minutes=next_in))


@pytest.mark.parametrize(
    ("found", "updated", "runs"),
    [
        (0, None, True),
        (90, None, False),
        (90, 5, True),
        (90, 61, False),
        (25 * 60, 5, False),
        (90, -120, False),  # a clock that is ahead says nothing
    ],
)
def test_a_live_blog_runs_until_it_is_silent_for_an_hour_and_a_day_at_most(found, updated, runs):
    """Minutes ago that it was found, and that it says it was changed."""
    entry = replace(ENTRY, found=NOW - timedelta(minutes=found))
    changed = None if updated is None else NOW - timedelta(minutes=updated)
    article = replace(an_article(entry), live=True, updated=changed)

    due = reading.once_more(entry, article, None, NOW)

    assert due == (NOW + reading.LIVE_EVERY if runs else None)
