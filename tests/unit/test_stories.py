"""Which articles tell of one event, and what each adds."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import stories
from monitor.model import Article, Telling
from tests.making import told

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
EVER = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
AGENCY = (
    "De president van het land heeft dinsdag gesproken met een delegatie uit het buurland, zo melden bronnen rond de"
    " onderhandelingen. Het overleg duurde volgens hen drie uur en ging over de doorvoer van graan, over gevangenen en"
    " over een bestand dat nog voor de zomer moet ingaan. Er is geen verklaring afgelegd na afloop van het gesprek."
)
OTHER = (
    "In de haven van Rotterdam is donderdag een schip vastgelopen dat met cacao uit Ghana onderweg was naar Hamburg. Vier"
    " sleepboten kregen het tegen de avond weer vlot. Niemand raakte gewond en er is geen olie in het water gekomen."
)


def article(body: str, *, title: str = "", url: str = "", published: datetime | None = NOON, lead: str = "") -> Article:
    return Article(key=url or body, url=url, title=title, lead=lead, body=body, published=published)


def story_of(new: Article, *known: Article) -> str | None:
    before = [(str(at), stories.signature(one)) for at, one in enumerate(known)]
    return stories.same(stories.signature(new), told(before), EVER)


def test_an_agency_text_in_two_papers_is_one_story():
    """Every paper changes the title and a word or two."""
    changed = AGENCY.replace("dinsdag", "gisteren").replace("een delegatie", "een afvaardiging")
    assert story_of(article(changed, title="Iets anders"), article(OTHER), article(AGENCY)) == "1"


def test_a_short_item_is_known_inside_a_longer_article():
    """Resemblance is small then; containment is not."""
    assert story_of(article(AGENCY), article(f"{AGENCY} {OTHER}")) == "0"


def test_one_address_is_one_story_whatever_was_edited():
    """An article that was rewritten from head to foot is still that article."""
    url = "https://krant.example/a-1234"
    assert story_of(article(OTHER, url=url + "?utm_source=rss"), article(AGENCY, url=url)) == "0"


def test_different_words_for_one_event_are_one_story_across_languages():
    """Names are spelt in each language's own way."""
    dutch = article(
        "In Doha spraken Joeri Oesjakov en Steve Witkoff over een plan van 28 punten.",
        title="Witkoff zag Oesjakov in het geheim",
    )
    french = article(
        "Selon une source, Iouri Ouchakov et Steve Witkoff ont discuté à Doha d'un plan en 28 points.",
        title="Rencontre discrète entre Witkoff et Ouchakov",
        published=NOON + timedelta(days=1),
    )
    assert story_of(french, article(OTHER), dutch) == "1"


def test_the_same_names_weeks_later_are_another_story():
    """The same people meet again."""
    first = article("In Doha spraken Oesjakov en Witkoff.", title="Witkoff zag Oesjakov")
    later = article(
        "In Doha spraken Witkoff en Oesjakov.", title="Oesjakov zag Witkoff", published=NOON + timedelta(days=20)
    )
    assert story_of(later, first) is None


def test_names_that_are_in_the_news_every_day_make_no_story():
    """Else all that is said of Moscow and Washington is one story."""
    one = article("Washington en Moskou spraken over graan, aldus Reuters. Poetin zweeg.", title="Trump belt Poetin")
    two = article("Kiev vraagt Washington om wapens en Moskou dreigt, meldt Reuters.", title="Poetin waarschuwt Trump")
    assert story_of(two, one) is None


def test_what_an_article_adds_is_the_sentence_with_the_new_names_and_numbers():
    """A new fact is never hidden behind "also in"."""
    known = stories.signature(article("In Doha spraken de gezanten. Witkoff bleef twee uur."))
    new = article("In Doha spraken de gezanten. Ook Kushner zat aan tafel, met 17 adviseurs. Witkoff bleef twee uur.")

    assert stories.adds(new, [known]) == "Ook Kushner zat aan tafel, met 17 adviseurs."
    assert stories.adds(article("In Doha spraken de gezanten. Toen ging Witkoff."), [known]) == ""


def test_a_signature_survives_the_database():
    """It is stored as JSON and compared days later."""
    one = stories.signature(article(AGENCY, title="Titel met Oesjakov", url="https://krant.example/a"))
    assert stories.Signature.from_json(json.loads(json.dumps(one.to_json()))) == one


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(max_size=400), st.text(max_size=60))
def test_any_text_has_a_signature_and_is_a_copy_of_itself(body, title):
    """Whatever was extracted, its story can be looked for."""
    one = stories.signature(article(body, title=title))
    assert stories.Signature.from_json(one.to_json()) == one
    assert stories.alike(one, one) <= 1.000001
    assert isinstance(stories.adds(article(body), [one]), str)


def test_a_story_that_has_gone_on_to_other_things_takes_in_no_more_of_what_it_began_with():
    """Else one story of a year swallows all that has a name in common with any of it."""
    new = article("In Doha spraken Joeri Oesjakov en Steve Witkoff.", title="Witkoff zag Oesjakov")
    began = article("Steve Witkoff en Joeri Oesjakov waren in Doha.", title="Oesjakov en Witkoff in Doha")
    others = [article(f"{OTHER} Het was de {number}e keer.") for number in range(4)]

    def story_after(number: int) -> str | None:
        known = [("a", stories.signature(one)) for one in (began, *others[:number])]
        return stories.same(stories.signature(new), told(known), EVER)

    assert story_after(3) == "a"
    assert story_after(4) is None


NAMES = ("Oesjakov", "Witkoff", "Doha", "Kushner", "Istanbul", "Lavrov", "Genève", "Poetin")
SENTENCES = st.lists(st.sampled_from(NAMES), min_size=1, max_size=6).map(lambda said: f"Er sprak {' met '.join(said)}.")
TEXTS = st.builds(
    lambda sentences, more: " ".join([*sentences, *more]),
    st.lists(SENTENCES, min_size=1, max_size=4),
    st.lists(st.sampled_from((AGENCY, OTHER)), max_size=2),
)


@given(TEXTS, st.lists(st.tuples(st.sampled_from("abc"), TEXTS), max_size=12))
def test_only_those_are_compared_that_can_tell_the_same(new, known):
    """To compare all with all takes a backfill hours; to compare fewer must change nothing."""
    signature = stories.signature(article(new))
    before = [(story, stories.signature(article(text))) for story, text in known]
    assert stories.same(signature, told(before), EVER) in same_of_all(signature, before)


def same_of_all(new: stories.Signature, known: Sequence[tuple[str, stories.Signature]]) -> set[str | None]:
    """Compare with each; of stories that are equally alike any will do."""
    for story, other in known:
        if stories.near_copies(new, other):
            return {story}
    found: dict[str, list[float]] = {}
    for story, other in known:
        found.setdefault(story, []).append(stories.alike(new, other))
    likely = {story: max(some) for story, some in found.items() if sum(map(bool, some)) >= len(some) / 4}
    best = max(likely.values(), default=0.0)
    return {story for story, most in likely.items() if most == best} or {None}


def test_what_is_held_is_unpacked_once_and_what_is_over_is_let_go():
    """A backfill asks about the same days again and again, and its past grows."""
    first, second = (Telling("a", "1", NOON, NOON), Telling("b", "2", NOON, NOON))
    known = stories.Told()
    known.hold({first: stories.signature(article(AGENCY)).to_json()})

    known.hold({first: None, second: stories.signature(article(OTHER)).to_json()})
    assert [stories.same(stories.signature(article(text)), known, EVER) for text in (AGENCY, OTHER)] == ["a", "b"]

    known.hold({second: None})
    assert [stories.same(stories.signature(article(text)), known, EVER) for text in (AGENCY, OTHER)] == [None, "b"]
    assert first not in known
    assert known.of("a", EVER) == []


def test_only_what_was_told_in_these_days_counts():
    """The same words a month later are another event, or an anniversary."""
    day, known = timedelta(days=1), stories.Told()
    for number, first, last in ((1, NOON, NOON), (2, NOON, NOON + 9 * day)):
        known.add(Telling(f"{number}", f"{number}", first, last), stories.signature(article(AGENCY)))
    new = stories.signature(article(AGENCY))

    assert stories.same(new, known, (NOON, NOON + day)) == "1"
    assert stories.same(new, known, (NOON + day, NOON + 2 * day)) == "2", "which began before, and went on"
    assert stories.same(new, known, (NOON - 2 * day, NOON - day)) is None
    assert stories.same(new, known, (NOON + 10 * day, NOON + 11 * day)) is None


def test_days_around_moments_are_asked_for_once():
    """Texts of ten years in one folder must not bring all that was ever told to mind."""
    day = timedelta(days=1)
    moments = [NOON + 30 * day, NOON, NOON + 3 * day]
    assert stories.days_around(moments, 2 * day) == [
        (NOON - 2 * day, NOON + 5 * day), (NOON + 28 * day, NOON + 32 * day)
    ]  # fmt: skip
    assert stories.days_around([], day) == []
