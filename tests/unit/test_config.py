"""rules.yaml, from the file to `Config`: what each key means, what is refused and where, and that secrets stay secret."""

from datetime import time, timedelta
from ipaddress import ip_network
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import config
from monitor.errors import ConfigError, Fault
from monitor.model import Secret
from monitor.rules.spec import Window

WHOLE = """\
version: 1

settings:
  timezone: Europe/Amsterdam
  database: ${MONITOR_DATABASE:-sqlite:///monitor.db}
  contact: redactie@example.org
  poll: {every: 5m, fastest: 1m, slowest: 1h}
  keep: {articles: 400d, pages: 14d}
  network: {allow_private: [127.0.0.0/8], pause: 2s}
  ops: [desk-mail]
  dead_after: 2d
  canary: "06:00"
  story_window: 3d

feeds:
  - catalogue: [nl, be]
    except: [sporza]
  - {name: Eigen bron, url: https://example.org/rss, language: nl, every: 2m}
  - {name: Voorbeeldkrant, sitemap: https://example.org/news-sitemap.xml, language: nl}

channels:
  console: {}
  desk-mail: {url: "mailtos://${SMTP_USER}:${SMTP_PASSWORD}@smtp.example.org?to=desk@example.org"}
  slack:     {url: "${SLACK_URL}", at_most: 20/h}
  morning:   {url: "${DESK_MAIL}", digest: "07:30", weekdays: mon-fri}
  night:     {url: "${SLACK_URL}", quiet: "23:00-06:30", language: fr}

lists:
  use: [kremlin, secret-talks]
  opera: |
    opera*, Bayreuth, dirigent*
  talks:
    nl: |
      *gesprek*, overleg, *onderhandeling*
    fr: |
      pourparlers, négociation*

defaults:
  within: 2 sentences
  in: title, body
  ignore: $mask

rules:
  - id: secret-talks-kremlin
    name: Geheime gesprekken met het Kremlin
    find: |
      $strong + $kremlin
      $covert, $covert_weak + $contact + $kremlin
      $denial + $contact + $kremlin     [2 sentences]
    tags: {ontkenning: $denial}
    send: [slack, desk-mail]
    examples:
      match:
        - Een vertrouweling van Poetin zou in het geheim contact hebben gezocht met de CIA.
      no_match:
        - Het geheim van Poetins favoriete borsjt is nu bekend.

  - id: other
    find: $talks + $kremlin.people
    within: paragraph
    in: [lead, title]
    ignore: publiek geheim
    unless_near: $opera
    never: [voetbal*, "tennis*"]
    languages: nl, fr
    feeds: [NOS, Eigen bron, be]
    count: 2 of $kremlin
    send: night
    every: 2h
    urgent: true

  - id: resting
    find: overleg
    enabled: false
    send: [console]
"""
SECRETS = {
    "SMTP_USER": "desk@example.org",
    "SMTP_PASSWORD": "hunter2/é@",
    "SLACK_URL": "slack://T0/B0/zzz",
    "DESK_MAIL": "mailtos://u:p4ss@h",
}


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load a text as rules.yaml, from the folder that it stands in."""
    monkeypatch.chdir(tmp_path)

    def load(text: str, environ: dict[str, str] | None = None) -> config.Config:
        Path("rules.yaml").write_text(text, "utf-8")
        return config.load("rules.yaml", environ or {})

    return load


@pytest.fixture
def faults(load):
    """The faults of a text that is refused."""

    def faults(text: str, environ: dict[str, str] | None = None) -> list[str]:
        with pytest.raises(ConfigError) as refused:
            load(text, environ)
        return [str(fault) for fault in refused.value.faults if not fault.warning]

    return faults


def only(faults: list[str], part: str) -> str:
    """The one fault that has these words in it."""
    (found,) = [fault for fault in faults if part in fault]
    return found


RULE = "rules:\n  - id: one\n    find: overleg\n"


# --- what is meant


def test_pages_need_not_be_kept(load):
    """They are the largest thing in the database."""
    found = load("version: 1\nsettings:\n  keep: {pages: 0d}\nchannels: {desk: {}}\n" + RULE, {})
    assert found.settings.keep_pages == timedelta(0)


def test_a_whole_file_means_what_it_says(load):
    """Every section and key at work together."""
    found = load(WHOLE, SECRETS)

    assert found.settings.timezone == "Europe/Amsterdam"
    assert Secret("sqlite:///monitor.db") == found.settings.database
    assert (timedelta(minutes=5), timedelta(minutes=1), timedelta(hours=1)) == (
        found.settings.every,
        found.settings.fastest,
        found.settings.slowest,
    )
    assert (timedelta(days=400), timedelta(days=14)) == (found.settings.keep_articles, found.settings.keep_pages)
    assert ((ip_network("127.0.0.0/8"),), timedelta(seconds=2)) == (found.settings.allow_private, found.settings.pause)
    assert (found.settings.ops, found.settings.contact) == (("desk-mail",), "redactie@example.org")
    assert (timedelta(days=2), time(6), timedelta(days=3)) == (
        found.settings.dead_after,
        found.settings.canary,
        found.settings.story_window,
    )
    assert [rule.id for rule in found.book.rules] == ["secret-talks-kremlin", "other"]
    assert (Path("rules.yaml"),) == found.files


@pytest.mark.parametrize(
    ("poll", "seconds"),
    [
        ("every: 30s", (30, 30, 3600)),
        ("every: 2h", (60, 7200, 7200)),
        ("slowest: 2m", (60, 120, 120)),
        ("fastest: 10m", (600, 600, 3600)),
    ],
)
def test_limits_of_polling_that_nobody_set_give_way(load, poll, seconds):
    """To say one of them is enough."""
    found = load(f"settings: {{poll: {{{poll}}}}}").settings

    assert seconds == tuple(int(one.total_seconds()) for one in (found.fastest, found.every, found.slowest))


def test_channels_say_when_they_may_speak(load):
    """Rates, digests, quiet hours, days, language."""
    channels = load(WHOLE, SECRETS).channels

    assert (channels["console"].url, channels["console"].kind) == (None, "console")
    assert (20, timedelta(hours=1)) == channels["slack"].at_most
    assert (time(7, 30), frozenset(range(5))) == (channels["morning"].digest, channels["morning"].weekdays)
    assert ((time(23), time(6, 30)), "fr") == (channels["night"].quiet, channels["night"].language)


def test_a_rule_takes_from_the_defaults_what_it_does_not_say(load):
    """And what it says itself takes their place."""
    first, second = load(WHOLE, SECRETS).book.rules

    assert (Window("sentence", 2), ("title", "body")) == (first.within, first.fields)
    assert [term.source for term in first.ignore] == ["$mask"]
    assert (None, None, Window("sentence", 2)) == tuple(line.window for line in first.lines)
    assert tuple((label, terms[0].ref) for label, terms in first.tags) == (("ontkenning", ("denial", "")),)
    assert (first.send, [example.match for example in first.examples]) == (("slack", "desk-mail"), [True, False])

    assert (Window("paragraph", 1), ("title", "lead")) == (second.within, second.fields)
    assert [term.source for term in second.ignore] == ["publiek geheim"]
    assert [term.ref for term in second.unless_near] == [("opera", "")]
    assert [term.source for term in second.never] == ["voetbal*", "tennis*"]
    assert ({"nl", "fr"}, (2, ("kremlin", "")), ("night",)) == (second.languages, second.count, second.send)
    assert (timedelta(hours=2), True, "other") == (second.every, second.urgent, second.name)


def test_a_rule_s_feeds_are_known_by_name_and_by_key(load):
    """An article knows its feed by key, its outlet, group and country by name."""
    found = load(WHOLE, SECRETS)
    own = next(feed for feed in found.feeds if feed.name == "Eigen bron")

    assert {"nos", "eigen bron", own.key, "be"} <= found.book.rules[1].feeds


def test_the_book_holds_the_lists_that_rules_name(load):
    """Those of the user by language; others stay out."""
    book = load(WHOLE, SECRETS).book

    assert {"strong", "kremlin", "mask", "opera", "talks"} <= {one.name for one in book.lists}
    assert {"feelers"}.isdisjoint(one.name for one in book.lists)
    talks = {entry.source: entry.languages for entry in book.list("talks").entries}
    assert (frozenset({"nl"}), frozenset({"fr"})) == (talks["overleg"], talks["pourparlers"])


def test_feeds_come_from_the_catalogue_and_from_the_user(load):
    """Countries and outlets select; what is excepted stays out; a sitemap is another kind of feed."""
    feeds = {feed.name: feed for feed in load(WHOLE, SECRETS).feeds}

    assert {"NL", "BE"} <= {feed.country for feed in feeds.values()}
    assert "NOS" in feeds
    assert not any(feed.outlet == "Sporza" for feed in feeds.values())
    assert (timedelta(minutes=2), "nl", "feed") == (
        feeds["Eigen bron"].every,
        feeds["Eigen bron"].language,
        feeds["Eigen bron"].kind,
    )
    assert (
        feeds["Voorbeeldkrant"].kind,
        feeds["Voorbeeldkrant"].url,
    ) == ("sitemap", "https://example.org/news-sitemap.xml")


@pytest.mark.parametrize(
    ("asked", "belongs"),
    [
        ("nl", lambda feed: feed.country == "NL"),
        ("fr-BE", lambda feed: (feed.language, feed.country) == ("fr", "BE")),
        ("fr", lambda feed: feed.language == "fr"),
        ("de-tijd", lambda feed: feed.outlet == "De Tijd"),
        ("Rossel", lambda feed: feed.group == "Rossel"),
        ("NOS buitenland", lambda feed: feed.name == "NOS buitenland"),
    ],
)
def test_the_catalogue_is_asked_by_country_language_outlet_group_or_name(load, asked, belongs):
    """As people type them: case, accents and blanks do not matter."""
    feeds = load(f"feeds: [{{catalogue: {asked}}}]").feeds

    assert feeds
    assert all(belongs(feed) for feed in feeds)


def test_a_feed_of_thin_evidence_is_polled_only_when_named(load):
    """Its country does not bring it in; its name does."""
    thin = next(one for one in config.catalogue() if not one.enabled and one.feed.country == "NL")

    assert thin.feed not in load("feeds: [{catalogue: nl}]").feeds
    assert thin.feed in load(f'feeds: [{{catalogue: ["{thin.feed.name}"]}}]').feeds


def test_a_feed_of_the_user_s_takes_the_catalogue_s_place(load):
    """The same address: the user's own words about it count, and `enabled: false` switches it off."""
    listed = next(one.feed for one in config.catalogue() if one.feed.name == "NOS")
    own = f"  - {{name: Mijn NOS, url: '{listed.url}', every: 1m}}\n"

    feeds = [feed for feed in load(f"feeds:\n{own}  - catalogue: NOS\n").feeds if feed.key == listed.key]
    assert [feed.name for feed in feeds] == ["Mijn NOS"]

    off = load(f"feeds:\n  - catalogue: NOS\n{own.replace('every: 1m', 'enabled: false')}").feeds
    assert listed.key not in [feed.key for feed in off]


def test_a_new_password_makes_no_new_feed(load):
    """A feed is known by its address without the login."""
    one, other = (
        load(f"feeds: [{{name: x, url: 'https://u:{password}@example.org/rss'}}]").feeds[0] for password in ("a", "b")
    )

    assert one.key == other.key
    assert one.url == "https://u:a@example.org/rss"


def test_without_channels_there_is_the_console(load):
    """One word in a file is enough to see hits; a rule need not name the only channel."""
    found = load(RULE)

    assert list(found.channels) == ["console"]
    assert (found.book.rules[0].send, found.warnings) == (("console",), ())


def test_find_may_be_a_list_of_lines(load):
    """Each is another way to match, numbered through."""
    (rule,) = load("rules: [{id: one, find: [overleg, 'gesprek + kremlin']}]").book.rules

    assert [(line.number, line.source) for line in rule.lines] == [(1, "overleg"), (2, "gesprek + kremlin")]


def test_a_list_may_hold_actors_and_groups(load):
    """A person of one's own, with spellings and guards, and groups that rules can name."""
    (found,) = load(
        """\
lists:
  ours:
    people:
      - {id: kozak, names: {nl: [Kozak], de: Kosak}, given: [Dmitri], ambiguous: true, needs: ['Kremlin*']}
      - De Adviseur
    places:
      nl: Moskou
rules:
  - {id: one, find: $ours.people + $ours.places}
"""
    ).book.lists

    assert [(entry.source, entry.group, entry.actor, entry.guard is not None) for entry in found.entries] == [
        ("Kozak", "people", "kozak", True),
        ("Kosak", "people", "kozak", True),
        ("De Adviseur", "people", "", False),
        ("Moskou", "places", "", False),
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("mon-fri", {0, 1, 2, 3, 4}), ("[sat, sun]", {5, 6}), ("'ma, wo'", {0, 2}), ("zaterdag-maandag", {5, 6, 0})],
)
def test_days_are_written_as_people_say_them(load, written, meant):
    """In English or Dutch, in full or short, one by one or from-till."""
    assert meant == load(f"channels: {{console: {{weekdays: {written}}}}}").channels["console"].weekdays


# --- includes


def test_a_file_may_include_others(load, tmp_path):
    """Feeds, channels, lists and rules add up; places name the file that they stand in."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.yaml").write_text("rules: [{id: two, find: $ours}]\n")
    (tmp_path / "more" / "b.yaml").write_text("lists: {ours: gesprek}\nchannels: {desk: {url: 'json://x'}}\n")

    found = load("include: more/*.yaml\nchannels: {console: {}}\ndefaults: {send: desk}\n" + RULE)

    assert [rule.id for rule in found.book.rules] == ["one", "two"]
    assert [Path("rules.yaml"), Path("more/a.yaml"), Path("more/b.yaml")] == list(found.files)
    assert found.book.rules[1].lines[0].parts[0].terms[0].place.file == "more/a.yaml"


def test_a_fault_in_an_included_file_is_said_there(faults, tmp_path):
    """File, line and column are those of the file with the fault."""
    (tmp_path / "a.yaml").write_text("rules:\n  - id: two\n    find: a1 | b1\n")

    assert faults("include: a.yaml\n" + RULE)[0].startswith("a.yaml:3:14: rules[0].find: '|' needs brackets")


@pytest.mark.parametrize("path", ['"\\0"', '"\\0*"', '"[*"', '"**/x"', "/nowhere/*.yaml", "."])
def test_no_path_breaks_the_loader(load, path):
    """Whatever a person includes: a fault or a warning at its place."""
    try:
        said = load(f"include: {path}").warnings
    except ConfigError as error:
        said = error.faults

    assert [fault.where for fault in said] == ["include"]


def test_what_may_stand_once_stands_in_one_file(faults, tmp_path):
    """Two files that set the same thing contradict each other, at best."""
    (tmp_path / "a.yaml").write_text("settings: {contact: a}\nchannels: {console: {}}\nlists: {x: a1}\n" + RULE)

    found = faults("include: a.yaml\nsettings: {contact: b}\nchannels: {console: {}}\nlists: {x: a1}\n" + RULE)

    assert only(found, "'settings:' stands in rules.yaml too")
    assert only(found, "channel 'console' stands in two files")
    assert only(found, "list 'x' stands in two files")
    assert only(found, "two rules are called 'one'").startswith("a.yaml:5:9: rules[0].id")


def test_a_file_that_is_not_there_is_said_where_it_is_asked_for(faults):
    """And a file that includes itself is read once."""
    assert faults("include: [b.yaml, rules.yaml]") == [
        "rules.yaml:1:11: include: b.yaml cannot be read: No such file or directory",
        "rules.yaml:1:19: include: rules.yaml is read already",
    ]
    with pytest.raises(ConfigError, match=r"nowhere.yaml.*No such file"):
        config.load("nowhere.yaml", {})


# --- what YAML does behind people's backs

TRAPS = [
    # text, place, what is said
    ("rules:\n  - id: on\n    find: overleg", "2:9: rules[0].id", 'YAML reads on as True; write it in quotes: "on"'),
    ("rules:\n  - id: one\n    find: no", "3:11: rules[0].find", 'YAML reads no as False; write it in quotes: "no"'),
    ("rules:\n  - id: one\n    find: 12:30", "3:11: rules[0].find", 'YAML reads 12:30 as 750; write it in quotes: "12:30"'),
    ("rules:\n  - id: one\n    find: #buitenland", "3:11: rules[0].find", "YAML reads '#buitenland' as a comment"),
    ("rules:\n  - id: one\n    find: null", "3:11: rules[0].find", "YAML reads null as nothing"),
    ("rules:\n  - id: one\n    find:\n", "3:10: rules[0].find", "nothing stands here"),
    ("rules:\n  - id: one\n    find: 2026-11-21", "3:11: rules[0].find", "YAML reads 2026-11-21 as a date"),
    ("rules:\n  - id: 7\n    find: overleg", "2:9: rules[0].id", "YAML reads 7 as a number"),
    ("rules:\n  - id: one\n    find: {overleg: x}", "3:11: rules[0].find", "YAML reads 'overleg:' as a key with a value"),
    ("rules:\n  - id: one\n    find: *gesprek*", "3:11", "YAML reads '*gesprek*' as a reference"),
    ("rules:\n  - id: one\n    find: *gesprek, overleg", "3:11", "YAML reads '*gesprek' as a reference"),
    ("lists:\n  a:\n    - b1\n    - *gesprek*\n    - c1\n", "4:7", "in a block (|)"),
    ("lists:\n  no: b1\n", "2:3", 'YAML reads no as False; write it in quotes: "no"'),
    ("lists:\n  a: [b1, no]\n", "2:11: lists.a[1]", "YAML reads no as False"),
    ("lists:\n  a: [Poetin: de man]\n", "2:7: lists.a[0]", "YAML reads 'Poetin:' as a key with a value"),
    ("channels:\n  console: {digest: 12:30}", "2:21: channels.console.digest", "YAML reads 12:30 as 750"),
    ("feeds:\n  - {name: x, url: https://x.org/, country: no}", "2:45: feeds[0].country", "YAML reads no as False"),
    ("defaults:\n  languages: [nl, no]", "2:19: defaults.languages", "YAML reads no as False"),
    ("settings: {contact: a}\nsettings: {contact: b}", "2:1", "'settings' stands here twice (the first is on line 1)"),
    ("rules:\n  - id: one\n    find: a1\n    find: b1", "4:5", "'find' stands here twice (the first is on line 3)"),
    ("rules:\n  - id: one\n    find: a1: b1", "3:13", "a colon that YAML reads as 'key: value'"),
    ('rules:\n  - id: one\n    find: "MI 6" + x', "3:18", "Put the text in a block"),
    ("rules:\n  - id: one\n    find: @kremlin", "3:11", "a text cannot begin with '@'"),
    ("rules:\n\t- id: one", "2:1", "a tab: indent with spaces"),
    ("rules: [{id: one", "1:9", "'{' is never closed"),
    ("contact: !secret x", "1:10", "YAML reads '!secret' as the type of a value"),
    ("rules: &r []", "1:8", "YAML reads '&r' as the name of a value"),
    ("version: 1\n---\nversion: 1", "3:1", "a second document"),
    ("rules: []\x07", "1:10", "U+0007"),
    ("", "1:1", "the file is empty"),
    ("- a\n- b", "1:1", "keys with values were meant"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "said"), TRAPS)
def test_what_yaml_would_silently_change_is_refused_at_its_place(faults, text, place, said):
    """Line, column, and how to write it."""
    found = only(faults(text), said)

    assert found.startswith(f"rules.yaml:{place}: ")


def test_a_slip_of_yaml_hides_no_other_fault(faults):
    """`- *gesprek*` stops every YAML reader; here reading goes on behind it."""
    found = faults("lists:\n  a: [*x*, *y, b1]\nrules:\n  - id: one\n    find: a1 | b1\n    sned: x\n")

    assert [one.split(": ")[0].removeprefix("rules.yaml:") for one in found] == ["2:7", "2:12", "5:14", "6:5"]


def test_bytes_that_are_no_utf8_are_said(load, tmp_path):
    """At their line."""
    (tmp_path / "latin.yaml").write_bytes(b"version: 1\nname: caf\xe9\n")

    with pytest.raises(ConfigError, match=r"latin.yaml:2:1: this is no text in UTF-8"):
        config.load("latin.yaml", {})


# --- faults

FAULTS = [
    ("setings: {}", "1:1: setings", "unknown key 'setings'; did you mean 'settings'?"),
    ("version: 2", "1:10: version", "version 1"),
    ("rules: {}", "1:8: rules", "a list was meant"),
    ("channels: []", "1:11: channels", "keys with values were meant"),
    ("settings: {timezone: Europe/Brusels}", "1:22: settings.timezone", "did you mean 'Europe/Brussels'?"),
    ("settings: {poll: {every: 5}}", "1:26: settings.poll.every", "YAML reads 5 as a number"),
    ("settings: {poll: {every: 5 min}}", "1:26: settings.poll.every", "write 30s, 5m, 2h or 7d"),
    ("settings: {poll: {slowst: 5m}}", "1:19: settings.poll.slowst", "did you mean 'slowest'?"),
    ("settings: {allow_private: 10.0.0.0/8}", "1:12: settings.allow_private", "it stands under 'network:'"),
    ("settings: {poll: {every: 2h, slowest: 1h}}", "1:18: settings.poll", "in the wrong order"),
    ("settings: {ops: [nobody]}", "1:18: settings.ops", "unknown channel 'nobody'"),
    ("settings: {network: {allow_private: [10.0.0.0/40]}}", "1:38: settings.network.allow_private", "is no network"),
    ("feeds: [{catalogue: [nl, beee]}]", "1:26: feeds[0].catalogue", "the catalogue has no 'beee'"),
    ("feeds: [{nme: x, url: 'https://x.org/'}]", "1:10: feeds[0].nme", "did you mean 'name'?"),
    ("feeds: [{url: 'https://x.org/'}]", "1:9: feeds[0]", "'name:' is missing"),
    ("feeds: [{name: x}]", "1:9: feeds[0]", "neither 'url' nor 'sitemap'"),
    ("feeds: [{name: x, url: 'ftp://x.org/'}]", "1:24: feeds[0].url", "no web address"),
    ("channels: {a: {url: hunter2}}", "1:21: channels.a.url", "no address of a channel"),
    ("channels: {a: {at_most: many}}", "1:25: channels.a.at_most", "write 20/h"),
    ("channels: {a: {quiet: '23:00'}}", "1:23: channels.a.quiet", 'write "23:00-06:30"'),
    ("channels: {a: {digest: daily}}", "1:24: channels.a.digest", 'write "07:30"'),
    ("channels: {a: {weekdays: [mon, frday]}}", "1:32: channels.a.weekdays", "did you mean 'friday'?"),
    ("lists: {use: kremlni}", "1:14: lists.use", "unknown pack 'kremlni'; did you mean 'kremlin'?"),
    ("lists: {a: '$b', b: '$a'}", "1:2", "lists that need each other"),
    ("lists: {talks: x1, b: '$takls'}", "1:24: lists.b", "unknown list '$takls'; did you mean 'talks'?"),
    ("lists: {a: [{id: x, nmes: {nl: y}}]}", "1:21: lists.a[0].nmes", "did you mean 'names'?"),
    ("lists: {a: 'b1, *e*'}", "1:17: lists.a", "at least two letters must stand"),
    ("defaults: {within: 3 sentnces}", "1:20: defaults.within", "did you mean 'sentences'?"),
    ("defaults: {in: titel}", "1:16: defaults.in", "did you mean 'title'?"),
    ("defaults: {ignore: $maks}", "1:20: defaults.ignore", "unknown list '$maks'"),
    ("rules: [{id: x, find: $kremlni}]", "1:23: rules[0].find", "Then write use: [kremlin] under lists:"),
    ("rules: [{id: x, find: $strong}]", "1:23: rules[0].find", "Then write use: [secret-talks] under lists:"),
    ("rules: [x]", "1:9: rules[0]", "keys with values were meant"),
    ("rules: [{find: x1}]", "1:9: rules[0]", "'id:' is missing"),
    ("rules: [{id: x}]", "1:9: rules[0]", "'find:' is missing"),
    ("rules: [{id: x y, find: x1}]", "1:14: rules[0].id", "'x y' is no name"),
    ("rules: [{id: x, find: x1, send: cnsole}]", "1:33: rules[0].send", "unknown channel 'cnsole'; did you mean 'console'?"),
    ("rules: [{id: x, find: x1, feeds: [nos]}]", "1:35: rules[0].feeds", "no feed, outlet, group or country is called 'nos'"),
    ("rules: [{id: x, find: x1, count: two}]", "1:34: rules[0].count", "write 2 of $kremlin"),
    ("rules: [{id: x, find: x1, count: 2 of $y}]", "1:34: rules[0].count", "unknown list '$y'"),
    ("rules: [{id: x, find: x1, every: soon}]", "1:34: rules[0].every", "write 30s"),
    ("rules: [{id: x, find: x1, urgent: very}]", "1:35: rules[0].urgent", "true or false was meant"),
    ("rules: [{id: x, find: x1, languages: [dutch]}]", "1:39: rules[0].languages", "write its two letters"),
    ("rules: [{id: x, find: x1, tags: {a: $b}}]", "1:37: rules[0].tags.a", "unknown list '$b'"),
    ("lists: {use: kremlin}\nrules: [{id: x, find: $kremlin.peple}]", "2:23: rules[0].find", "did you mean 'people'?"),
    ("lists: {a: b1}\nrules: [{id: x, find: $a, count: 2 of $a}]", "2:34: rules[0].count", "can never match"),
    ("rules: [{id: x, find: x1}, {id: x, find: y1}]", "1:33: rules[1].id", "two rules are called 'x'; the other stands on line 1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "said"), FAULTS)
def test_every_fault_is_said_at_its_place_with_what_was_meant(faults, text, place, said):
    """File, line, column, path, and a way out."""
    found = only(faults(text), said)

    assert found.startswith(f"rules.yaml:{place}")


def test_all_faults_are_said_at_once_and_in_order(faults):
    """From the shape, from `find:`, and from what the parts say of each other."""
    found = faults(
        """\
setings: {}
channels:
  slack: {url: "${NO_SUCH}", at_mst: 20/h}
lists:
  opera: (a1|b1
rules:
  - id: one
    find: |
      overleg + $kremlni
      a1 | b1
    sned: [slack]
  - id: two
    find: overleg [zin]
    send: slakc
"""
    )

    assert [one.split(": ")[0].removeprefix("rules.yaml:") for one in found] == [
        "1:1",
        "3:17",
        "3:30",
        "5:10",
        "9:17",
        "10:10",
        "11:5",
        "13:20",
        "14:11",
    ]


@pytest.mark.parametrize(
    ("find", "line", "column"),
    [
        ("|\n      goed\n\n      a1 | b1\n", 6, 10),
        ("|\n          diep\n          a1 | b1\n", 5, 14),
        (">\n      goed,\n      a1 | b1\n", 5, 10),
        ("goed,\n      a1 | b1\n", 4, 10),
        ("'goed, a1 | b1'", 3, 21),
        ("'it''s, a1 | b1'", 3, 22),
        ('"caf\\u00e9, a1 | b1"', 3, 26),
        ('"goed,\\\n      a1 | b1"', 4, 10),
    ],
)
def test_a_fault_in_find_is_said_at_its_own_place_however_the_text_is_written(faults, find, line, column):
    """In blocks, folded, plain, single- and double-quoted."""
    found = only(faults(f"rules:\n  - id: one\n    find: {find}"), "needs brackets")

    assert found.startswith(f"rules.yaml:{line}:{column}: rules[0].find: ")


def test_a_fault_names_the_rule_that_it_stands_in(load):
    """So that one can say which rule is to blame for a refused file."""
    with pytest.raises(ConfigError) as refused:
        load("rules:\n  - {id: good, find: a1}\n  - {id: bad, find: '(b1', sned: x}\n")

    assert [fault.rule for fault in refused.value.faults] == ["bad", "bad"]


# --- warnings

WARNINGS = [
    ("channels: {a: {url: 'json://x'}, b: {url: 'json://y'}}\nrules: [{id: x, find: x1}]", "no channel sends 'x'"),
    ("lists: {a: b1}", "no rule uses the list 'a'"),
    ("lists: {a: ''}", "the list is empty"),
    (
        "lists: {use: kremlin, mask: b1}\nrules: [{id: x, find: x1, ignore: $mask}]",
        "takes the place of the shipped list",
    ),
    ("rules: [{id: x, find: 'body: x1', in: title}]", "'in:' leaves out the body"),
    ("rules: [{id: x, find: geheime dienst, ignore: geheime dienst}]", "'ignore:' blanks it"),
    ("lists: {a: {nl: b1}}\nrules: [{id: x, find: $a, languages: fr}]", "it has no term in fr"),
    ("rules:\n  - id: x\n    find:\n      a1\n      b1\n", "YAML joins these lines into one"),
    ("rules: [{id: x, find: 'title: x1 + body: y1', within: sentence}]", "this line can never match"),
    ("rules:\n  - id: x\n    find: overleg #buitenland\n", "YAML reads '#buitenland' as a comment"),
    ("feeds: [{catalogue: nl, except: nobody-at-all}]", "the catalogue has no 'nobody-at-all'"),
    ("feeds: [{name: a, url: 'https://x.org/'}, {name: b, url: 'https://x.org/'}]", "the same address as feed 'a'"),
    ("feeds: [{name: a, url: 'https://x.org/'}, {name: A, url: 'https://y.org/'}]", "two feeds are called 'A'"),
    ("include: nothing/*.yaml\n" + RULE, "no file matches"),
    ("rules: [{id: x, find: 'x1, *en*'}]", "matches a great many words"),
]


@pytest.mark.parametrize(("text", "said"), WARNINGS)
def test_what_is_allowed_and_hardly_meant_is_warned_about(load, text, said):
    """At a place; and it stops nothing."""
    (found,) = [fault for fault in load(text).warnings if said in fault.text]

    assert found.warning
    assert found.line


def test_ordinary_comments_are_no_hashtags(load):
    """Those with a blank after the sign, those on lines of their own, and signs inside texts."""
    text = """\
rules:   # alle regels
  #- id: old
  - id: one     # een regel
    find: |
      overleg
      #gesprek
    name: "C #sharp"
"""

    assert load(text).warnings == ()


def test_a_list_inside_a_list_is_used(load):
    """It is named by a list that a rule names."""
    assert load("lists: {a: $b, b: c1}\nrules: [{id: x, find: $a}]").warnings == ()


# --- secrets


def test_values_are_filled_in_from_environment_credentials_and_files(load, tmp_path):
    """In that order; a default where there is one; the file is watched like the others."""
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "TOKEN").write_text("from-systemd\n")
    secret = tmp_path / "secret.txt"
    secret.write_text("from-a-file\n")
    secret.chmod(0o600)
    text = """\
channels:
  a: {url: "json://${HOST}"}
  b: {url: "json://x/${TOKEN}"}
  c: {url: "json://x/${file:secret.txt}"}
  d: {url: "json://${NOWHERE:-localhost}"}
"""

    found = load(text, {"HOST": "example.org", "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")})

    urls = [channel.url.reveal() for channel in found.channels.values() if channel.url]
    assert urls == ["json://example.org", "json://x/from-systemd", "json://x/from-a-file", "json://localhost"]
    assert {Path("secret.txt"), tmp_path / "credentials" / "TOKEN"} <= set(found.files)
    assert found.warnings == ()


def test_a_folder_of_credentials_is_found_by_the_names_of_its_files(load, tmp_path):
    """systemd puts what `LoadCredential=` calls the folder before each name."""
    (tmp_path / "secret_TOKEN").write_text("from-a-folder\n")

    found = load('channels: {a: {url: "json://x/${TOKEN}"}}', {"CREDENTIALS_DIRECTORY": str(tmp_path)})

    assert [channel.url.reveal() for channel in found.channels.values()] == ["json://x/from-a-folder"]


def test_a_value_can_add_no_structure(load):
    """Filled in after parsing: what looks like YAML stays text; keys are left alone."""
    found = load(
        'settings: {contact: "${WHO}"}\nlists: {"${WHO}": a1}', {"WHO": "x}\nrules: [{id: evil, find: a}]\n# "}
    )

    assert found.settings.contact == "x}\nrules: [{id: evil, find: a}]\n# "
    assert found.book.rules == ()
    assert any("'${WHO}'" in str(fault) for fault in found.warnings)


def test_a_password_in_an_address_may_hold_any_sign(load):
    """An @ or a / in it would end the login early."""
    url = load(WHOLE, SECRETS).channels["desk-mail"].url

    assert url is not None
    assert url.reveal() == "mailtos://desk%40example.org:hunter2%2F%C3%A9%40@smtp.example.org?to=desk@example.org"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("${NO_SUCH}", "1:23: channels.a.url: NO_SUCH is not set"),
        ("${EMPTY}", "1:23: channels.a.url: EMPTY is empty"),
        ("${file:nowhere}", "1:23: channels.a.url: nowhere cannot be read"),
        ("${2x}", "1:23: channels.a.url: '${2x}' cannot be filled in"),
        ("${HOST", "1:23: channels.a.url: '${' without '}'"),
    ],
)
def test_what_cannot_be_filled_in_is_one_fault_at_its_place(faults, written, said):
    """And what follows from it is not reported beside it."""
    (found,) = faults(f'channels: {{a: {{url: "x{written}"}}}}', {"EMPTY": "", "HOST": "h"})

    assert said in found


def test_a_secret_that_everybody_can_read_is_warned_about(load, tmp_path):
    """As ssh does."""
    (tmp_path / "secret.txt").write_text("x")
    (tmp_path / "secret.txt").chmod(0o644)

    (found,) = load('channels: {a: {url: "json://${file:secret.txt}"}}').warnings

    assert "chmod 600" in found.text


CANARY = "cAnArY-7f3a"
PLACES = [
    'channels: {a: {url: "${S}"}}',
    'channels: {a: {url: "json://x", at_most: "${S}", digest: "${S}", quiet: "${S}", weekdays: "${S}", language: "${S}"}}',
    'settings: {timezone: "${S}", poll: {every: "${S}"}, ops: "${S}", canary: "${S}", network: {allow_private: "${S}"}}',
    'feeds: [{name: "${S}", url: "${S}", language: "${S}", country: "${S}"}]',
    'feeds: [{catalogue: "${S}"}]',
    'lists: {use: "${S}", a: "(${S}", b: "$${S}", c: ["*${S}"]}',
    'defaults: {within: "${S}", in: "${S}", ignore: "(${S} | x", languages: "${S}", send: "${S}", feeds: "${S}"}',
    'rules: [{id: "${S} ${S}", find: "(${S} | x", count: "${S}", send: "${S}", every: "${S}"}]',
    'rules: [{id: "x", find: "title: ${S}", in: body, tags: {a: "$${S}"}, feeds: "${S}"}]',
    'rules: [{id: "${S}", find: x1}, {id: "${S}", find: x1}]',
    'include: "${S}"',
    'include: "${S}*.yaml"',
    'version: "${S}"',
    'settings: {contact: "${S}", database: "${S}"}\nchannels: {a: {template: "${S}"}}',
]


@pytest.mark.parametrize("text", PLACES)
def test_what_a_secret_holds_is_in_no_fault_and_no_repr(load, text):
    """Wherever a person puts it, and whatever is wrong with it."""
    said = ""
    try:
        found = load(text, {"S": CANARY})
        said = repr(found) + "\n".join(map(str, found.warnings))
    except ConfigError as error:
        said = f"{error!r} {error} {error.__context__!r} {error.__cause__!r}"

    assert CANARY.casefold() not in said.casefold()


# --- reload


def test_a_file_that_comes_goes_or_is_written_is_worth_reading_again(load, tmp_path):
    """Also one that a path with a star stands for since a moment."""
    (tmp_path / "more").mkdir()
    more = tmp_path / "more" / "a.yaml"
    found = load("include: more/*.yaml\n" + RULE)
    assert not config.changed(found.seen)

    more.write_text("rules: [{id: two, find: gesprek}]\n")
    assert config.changed(found.seen)
    found = load("include: more/*.yaml\n" + RULE)
    assert not config.changed(found.seen)

    more.write_text("rules: [{id: two, find: gesprekken}]\n")
    assert config.changed(found.seen)
    found = load("include: more/*.yaml\n" + RULE)
    more.unlink()
    assert config.changed(found.seen)


def test_a_slip_may_be_mended_in_another_file(load, tmp_path):
    """In a new file, in one that was not there, or in the secret that was missing."""
    text = "include: [new.yaml, gone.yaml]\nchannels: {desk: {url: 'json://${file:secret.txt}'}}\n" + RULE
    (tmp_path / "new.yaml").write_text("rules: [{id: two, fnd: gesprek}]\n")
    for name, mended in (
        ("new.yaml", "rules: [{id: two, find: gesprek}]"),
        ("gone.yaml", "version: 1"),
        ("secret.txt", "x"),
    ):
        with pytest.raises(ConfigError) as refused:
            load(text)
        assert not config.changed(refused.value.seen)
        (tmp_path / name).write_text(f"{mended}\n")
        assert config.changed(refused.value.seen)
    (tmp_path / "secret.txt").chmod(0o600)

    assert not config.changed(load(text).seen)


def test_what_is_written_while_it_is_read_is_news(load, tmp_path, monkeypatch):
    """A hundred thousand rules take a while; an editor saves twice."""
    really = Path.read_bytes

    def read(path):
        said = really(path)
        path.write_text(said.decode() + "# and more\n")
        return said

    monkeypatch.setattr(Path, "read_bytes", read)
    assert config.changed(load(RULE).seen)


def test_the_digest_changes_with_what_is_written(load):
    """And not with a secret of a channel."""
    text = 'channels: {a: {url: "json://${S}"}}\n' + RULE

    one, same, other = (
        load(text, {"S": "a"}),
        load(text, {"S": "b"}),
        load(text.replace("overleg", "gesprek"), {"S": "a"}),
    )

    assert one.digest == same.digest
    assert one.digest != other.digest


def test_the_digest_changes_with_what_is_filled_into_a_rule(load):
    """A compiled form that is kept by digest must not go stale."""
    text = 'rules: [{id: x, find: "${W}"}]'

    assert load(text, {"W": "overleg"}).digest != load(text, {"W": "gesprek"}).digest


def test_the_shipped_file_loads_without_a_word(monkeypatch):
    """What a newcomer runs first."""
    monkeypatch.chdir(Path(__file__).resolve().parent.parent.parent)

    found = config.load("rules.yaml", {})

    assert found.warnings == ()
    assert {"secret-talks-kremlin", "any-contact-kremlin"} <= {rule.id for rule in found.book.rules}


# --- the schema


def test_the_schema_explains_every_key():
    """What an editor shows beside it; and a channel may have nothing behind its name."""
    made = config.schema()

    parts = [made, *(part for name, part in made["$defs"].items() if name != "ExamplesShape")]
    said = {key: one for part in parts for key, one in part.get("properties", {}).items()}
    assert {key for key, one in said.items() if not one.get("description")} <= {"version"}
    jsonschema.validate({"channels": {"console": None}}, made)


def test_every_example_file_fits_the_schema():
    """An editor's completion and `monitor check` agree on what is right…"""
    validator = jsonschema.Draft202012Validator(config.schema())
    validator.check_schema(config.schema())
    shipped = (Path(__file__).resolve().parent.parent.parent / "rules.yaml").read_text("utf-8")

    for text in (WHOLE, shipped):
        assert [error.message for error in validator.iter_errors(yaml.safe_load(text))] == []


FILLED_IN = """
settings: {poll: {every: "${E:-5m}"}, canary: "${E:-07:30}", ops: "${E:-desk}"}
channels: {desk: {url: "json://x", at_most: "${E:-20/h}", digest: "${E:-07:30}", language: "${E:-nl}"}}
feeds: [{name: x, url: "https://x.example", enabled: "${E:-false}"}]
defaults: {within: "${E:-sentence}"}
rules: [{id: one, find: overleg, enabled: "${E:-true}", urgent: "${E:-false}", every: "${E:-2h}"}]
"""


def test_any_value_may_be_filled_in(load):
    """A rule that is on in one newsroom and off in another; an editor sees nothing wrong in it."""
    found = load(FILLED_IN)

    assert [(rule.id, rule.urgent) for rule in found.book.rules] == [("one", False)]
    assert () == load(FILLED_IN.replace('"${E:-true}"', '"${ON}"'), {"ON": "false"}).book.rules
    assert list(jsonschema.Draft202012Validator(config.schema()).iter_errors(yaml.safe_load(FILLED_IN))) == []
    with pytest.raises(ConfigError, match=r"rules\[0\].enabled: what \${ON} holds cannot stand here"):
        load(FILLED_IN.replace('"${E:-true}"', '"${ON}"'), {"ON": "ja"})


@pytest.mark.parametrize("within", ["sentence", "1 sentence", "3 sentences", "10 words", "paragraph", "article"])
def test_the_schema_knows_every_window(load, within):
    """Else an editor underlines what is right."""
    text = f"rules: [{{id: one, find: overleg, within: {within}, count: 2 van $kremlin}}]"

    assert load(f"lists: {{use: kremlin}}\n{text}").book.rules
    assert jsonschema.Draft202012Validator(config.schema()).is_valid(yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    [
        "setings: {}",
        "rules: [{id: x, find: x1, sned: y}]",
        "rules: [{find: x1}]",
        "rules: [{id: x, find: no}]",
        "settings: {poll: {every: 5 min}}",
        "channels: {a: {at_most: many}}",
        "lists: {a: [{id: x, nmes: y}]}",
        "version: 2",
        "feeds: [{catalogue: nl, excpt: x}]",
        "defaults: {within: 3 sentnces}",
        "rules: [{id: x, find: x1, every: }]",
        "rules: [{id: x, find: x1, enabled: ja}]",
        "channels: {a: {language: xx}}",
    ],
)
def test_what_is_wrong_does_not_fit_the_schema(text):
    """… and on what is wrong, as far as a schema can tell."""
    validator = jsonschema.Draft202012Validator(config.schema())

    assert not validator.is_valid(yaml.safe_load(text))


# --- whatever is typed

YAMLISH = st.text(st.sampled_from("ab1 \n\n  :-|>*&{}[]\"'#$,+%@!?~\té\u2028\x00"), max_size=80)
KEYS = st.sampled_from(
    ["version", "settings", "feeds", "channels", "lists", "defaults", "rules", "include", "find", "id", "x"]
)
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(0, 99), st.text(max_size=8), st.sampled_from(["1", "$a", "nl", "5m"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(st.one_of(YAMLISH, VALUES.map(lambda value: yaml.safe_dump(value, allow_unicode=True))))
def test_no_file_breaks_the_loader(tmp_path_factory, text):
    """There is a `Config` or there are faults, each inside the file."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        config.load(path, {})
        faults: tuple[Fault, ...] = (Fault("none"),)
    except ConfigError as error:
        faults = error.faults

    assert faults
    assert all(fault.line <= text.count("\n") + text.count("\r") + 2 for fault in faults)
