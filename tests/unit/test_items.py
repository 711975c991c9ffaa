"""The items of a live blog: which are new, and that each keeps its identity through edits."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor import extract
from monitor.model import Article

FIRST = "14:05 Delegaties verlaten het hotel aan het meer\n\nDe auto's rijden een voor een weg."
SECOND = "13:40 Persconferentie is een uur uitgesteld\n\nDe zaal zit vol."
THIRD = "12:15 Minister komt aan op de luchthaven van Genève"


def blog(*items: str, above: str = "In Genève praten de delegaties.") -> Article:
    return Article(
        key="blog", url="https://krant.example/live", title="Live", body="\n\n".join((above, *items)), live=True
    )


def texts(articles: tuple[Article, ...]) -> list[str]:
    return [article.body for article in articles]


def test_each_item_is_an_article_of_its_own_without_what_stands_above():
    """It is matched alone: neither the blog's title nor the next item may lend it a word."""
    found = extract.items(blog(FIRST, SECOND))
    assert texts(found) == [FIRST, SECOND]
    assert {(item.title, item.lead, item.live, item.url) for item in found} == {
        ("", "", True, "https://krant.example/live")
    }
    assert len({item.key for item in found} | {"blog"}) == 3


def test_what_is_no_live_blog_has_no_items():
    """Times stand in timetables, too."""
    assert extract.items(replace(blog(FIRST, SECOND), live=False)) == ()


def test_only_what_an_earlier_version_did_not_hold_is_fresh():
    """The rest was matched before."""
    assert texts(extract.fresh(blog(FIRST, SECOND, THIRD), blog(SECOND, THIRD))) == [FIRST]
    assert extract.fresh(blog(SECOND), blog(FIRST, SECOND, THIRD)) == ()


def test_an_item_that_was_edited_or_given_another_time_is_not_fresh():
    """It would be told again for a comma."""
    edited = SECOND.replace("De zaal zit vol.", "De zaal zit vol, en er wordt gewacht op de tolk.")
    later = SECOND.replace("13:40", "13:55")
    assert extract.fresh(blog(edited), blog(SECOND)) == ()
    assert extract.fresh(blog(later), blog(SECOND)) == ()


def test_another_item_of_the_same_minute_is_fresh():
    """Much happens at once."""
    other = "14:05 Explosie gehoord nabij de grens, melden omwonenden"
    assert texts(extract.fresh(blog(other, FIRST), blog(FIRST))) == [other]


@given(st.permutations([FIRST, SECOND, THIRD]), st.text(alphabet="ab c\n", max_size=20))
def test_an_item_keeps_its_key_wherever_it_stands(order, above):
    """A kill between two writes, or a page in another order, must not make it another item."""
    keys = {item.body: item.key for item in extract.items(blog(*order, above=above))}
    assert keys == {item.body: item.key for item in extract.items(blog(FIRST, SECOND, THIRD))}
