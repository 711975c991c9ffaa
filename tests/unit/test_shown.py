"""How commands show evidence."""

import click

from monitor.cli.shown import marked


def test_evidence_is_marked_and_the_sentence_stays_as_it_is() -> None:
    """A number that a rule finds stands in the signs that colour a word, too."""
    sentence = "Op 30 mei 43 geheime gesprekken: 1 bleef geheim."

    said = marked(sentence, ["30", "43", "1", "m", "geheim", "geheime gesprekken"])

    assert click.unstyle(said) == sentence
    assert click.style("geheime gesprekken", fg="black", bg="yellow") in said
    assert said.count(click.style("geheim", fg="black", bg="yellow")) == 1


def test_a_sentence_without_evidence_is_shown_plain_on_one_line() -> None:
    """What stands on two lines in an article stands on one here."""
    assert marked("Twee\nregels", [""]) == "Twee regels"
