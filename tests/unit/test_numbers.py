"""Numbers as people read them."""

import pytest

from monitor.numbers import counted, few, weighed


@pytest.mark.parametrize(("number", "said"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries")])
def test_a_number_agrees_with_its_word(number: int, said: str) -> None:
    """`1 entries` makes a reader doubt the number, too."""
    assert counted(number, "entry", "entries") == said
    assert counted(number, "hit") == f"{number} hit{'' if number == 1 else 's'}"


@pytest.mark.parametrize(
    ("octets", "said"), [(0, "0 kB"), (767_000, "767 kB"), (1_500_000, "1.5 MB"), (3_000_000_000, "3.0 GB")]
)
def test_a_size_is_told_in_the_unit_that_fits(octets: int, said: str) -> None:
    """Nobody counts zeros."""
    assert weighed(octets) == said


def test_of_many_names_the_first_are_told_and_how_many_more_there_are():
    """A line is read; a page of names is not."""
    assert few([]) == ""
    assert few("abca") == "a, b, c"
    assert few("abcdefgg") == "a, b, c, d, e and 2 more"
