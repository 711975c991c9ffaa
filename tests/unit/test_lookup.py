"""What is asked of an index of words: no text that holds a need is missed, however few the questions."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.rules.lookup import holding, numbers_of, written
from monitor.rules.needs import EVERYTHING, NOTHING, All, Any, Need, answered

WORDS = [b"geheim", b"geheime", b"overleg", b"kamer", b"kamerlid", b"eerstekamer", b"aa", b"a", "\u00e6".encode()]
PATTERNS = [
    *WORDS,
    b"geheim*",
    b"*kamer*",
    b"*kamer",
    b"k*r",
    b"*a*",
    b"over*leg",
    b"zzz",
    b"*zzz*",
    b"de",
    b"kamer*lid",
]
SMALL = re.compile(rb"de|zijn")
needs = st.recursive(
    st.sampled_from(PATTERNS),
    lambda inner: st.builds(
        lambda kind, parts: kind(tuple(parts)), st.sampled_from([All, Any]), st.lists(inner, max_size=4)
    ),
)
texts = st.lists(st.frozensets(st.sampled_from(WORDS), max_size=5), min_size=1, max_size=40)


def asked(need: Need, kept: list[frozenset[bytes]], *, counted: bool) -> set[int] | None:
    """Return what an index says that keeps these texts by their numbers."""
    each = 1_000 if counted else 0  # as if each were so many
    words = {word: sum(word in text for text in kept) * each for word in set().union(*kept)}
    spelled = written(need, words, len(kept) * 1_000)
    if spelled == EVERYTHING:
        return None
    places = {word: " ".join(str(n) for n, text in enumerate(kept) if word in text) for word in words}
    return set(holding(spelled, {word: numbers_of(said) for word, said in places.items()}).tolist())


def held(need: Need, text: frozenset[bytes]) -> bool:
    """Say of one text what holds there; a small word stands in every text."""

    def word(pattern: bytes) -> bool:
        spelled = re.compile(pattern.replace(b"*", b".*"), re.DOTALL)
        return any(spelled.fullmatch(one) for one in (*text, b"de", b"het", b"een", b"van", b"zijn", b"niet"))

    return answered(need, word, all, any)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(needs, texts)
def test_no_text_that_holds_a_need_is_missed(need: Need, kept: list[frozenset[bytes]]) -> None:
    """What the index leaves out is never read again."""
    wanted = {n for n, text in enumerate(kept) if held(need, text)}
    for counted in (True, False):
        found = asked(need, kept, counted=counted)
        assert found is None or wanted <= found


def test_a_pattern_is_written_as_the_words_that_there_are():
    """A star stands for any letters, also for none, wherever it stands."""
    words = dict.fromkeys(WORDS, 1)
    spelled = {
        b"geheim*": Any((b"geheim", b"geheime")),
        b"*kamer": Any((b"eerstekamer", b"kamer")),
        b"*kamer*": Any((b"eerstekamer", b"kamer", b"kamerlid")),
        b"kamer*lid": b"kamerlid",
        b"k*r": b"kamer",
        b"aa*a": NOTHING,
        b"zzz": NOTHING,
        b"de": EVERYTHING,
    }
    for pattern, need in spelled.items():
        found = written(pattern, words, 100)
        assert found == need or set(found.needs) == set(need.needs), pattern


def test_beside_a_rare_word_a_common_one_is_not_looked_up():
    """It would take long to fetch where it stands, and would spare almost nothing."""
    words = {b"land": 7_000, b"jaar": 6_000, b"oesjakov": 3}
    assert written(All((b"land", b"oesjakov", b"jaar")), words, 10_000) == b"oesjakov"
    assert written(All((b"land", b"jaar")), words, 10_000) == EVERYTHING
    assert written(All((b"land", b"jaar")), words, 13_000) == b"jaar"
    assert written(All((b"land", b"jaar")), words, 20_000) == All((b"land", b"jaar"))


def test_what_most_texts_hold_is_not_asked_for():
    """Then all of them are read, which takes no longer."""
    words = {b"land": 600, b"oesjakov": 3, b"jaar": 300}
    assert written(Any((b"oesjakov", b"land")), words, 1_000) == EVERYTHING
    assert written(Any((b"oesjakov", b"jaar")), words, 1_000) == Any((b"oesjakov", b"jaar"))


def test_the_numbers_come_in_order():
    """Whatever order a database lists them in."""
    assert numbers_of("12 3 200000").tolist() == [3, 12, 200000]
