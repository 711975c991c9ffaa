"""What is shipped with the program: feeds, lists, rules. A fault in them is a bug of ours, found here."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from monitor import config
from monitor.config import catalogue, packs
from monitor.rules.check import run_examples
from monitor.urls import normal

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shipped():
    """The shipped rules.yaml as a newcomer has it: nothing in the environment."""
    return config.load(ROOT / "rules.yaml", {})


def twice(values):
    return [value for value, count in Counter(values).items() if count > 1]


def test_a_feed_has_a_name_and_an_address_of_its_own():
    """Two feeds of one name could not be told apart in a rule, two of one address would be polled twice."""
    assert twice(one.feed.name.casefold() for one in catalogue()) == []
    assert twice(one.feed.key for one in catalogue()) == []
    assert twice(normal(one.feed.url) for one in catalogue()) == []


def test_every_feed_says_where_it_comes_from():
    """Rules choose feeds by these, and an article's language is judged with their help."""
    for one in catalogue():
        assert re.match(r"https?://[^\s/]+\.[a-z]+/", one.feed.url), one.feed.name
        assert one.feed.country in {"NL", "BE", "LU"}, one.feed.name
        assert one.feed.language in {"nl", "fr", "de", "en", "lb"}, one.feed.name
        assert one.feed.outlet, one.feed.name
        assert one.feed.group, one.feed.name
        assert one.feed.section, one.feed.name


def test_what_is_well_attested_is_on_and_the_rest_is_off():
    """A newcomer's first round should meet feeds that answer; the doubtful ones are there to be tried."""
    assert {one.grade for one in catalogue()} == {"A", "B", "C"}
    assert all(one.enabled == (one.grade in "AB") for one in catalogue())


def test_the_shipped_rules_have_no_fault_and_no_warning(shipped):
    """The first thing a newcomer runs."""
    assert shipped.warnings == ()
    assert [rule.id for rule in shipped.book.rules] == ["secret-talks-kremlin", "any-contact-kremlin"]


def test_the_shipped_rules_work_without_any_configuration(shipped):
    """Alerts and the digest go to the console: no password, no address, no server."""
    used = {channel for rule in shipped.book.rules for channel in rule.send}

    assert used
    assert all(shipped.channels[name].url is None for name in used)
    assert any(shipped.channels[name].digest for name in used)


def test_the_shipped_rules_poll_the_dutch_and_belgian_catalogue(shipped):
    """All that is on, and nothing else."""
    wanted = {one.feed.url for one in catalogue() if one.enabled and one.feed.country in {"NL", "BE"}}

    assert {feed.url for feed in shipped.feeds} == wanted


def test_every_example_of_the_shipped_rules_holds(shipped):
    """Examples are the part of a rule that a reader believes."""
    results = run_examples(shipped.book)

    assert len(results) >= 30
    assert [result.example.text for result in results if not result.passed] == []


def test_each_rule_shows_what_it_leaves_alone(shipped):
    """A rule without a counter-example teaches nothing about its edge."""
    for rule in shipped.book.rules:
        assert {example.match for example in rule.examples} == {True, False}, rule.id


def test_both_packs_of_lists_are_shipped():
    """`use: [kremlin, secret-talks]` is the first line that a newcomer copies."""
    assert set(packs()) >= {"kremlin", "secret-talks"}


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_every_list_of_signs_speaks_every_language(shipped, language):
    """A list without a block for a language is silent in it, and nobody would notice."""
    for each in shipped.book.lists:
        languages = {code for entry in each.entries for code in entry.languages}
        assert not languages or language in languages, each.name


def test_terms_are_spelled_as_people_spell_them(shipped):
    """Accents never matter when matching; in the file they show that a term was written by somebody who knows it."""
    folded = {"geinformeerd", "oekraine", "prasident*", "negociation*", "emissaire", "elysee", "turen", "gesprache"}
    sources = {entry.source for each in shipped.book.lists for entry in each.entries if "en" not in entry.languages}

    assert sources & folded == set()
