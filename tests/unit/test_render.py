"""What a person reads: all that is needed, nothing that harms, within each channel's room."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Channel, Envelope, Evidence, Opening, Secret
from monitor.policy.delivery import MOST
from monitor.render import message
from monitor.render.limits import LIMITS, limit_of
from monitor.render.view import LINK, SENTENCE, Piece, clean, cut, fit, item, safe_link
from monitor.render.words import EN, LANGUAGES, NL, listed, when, words_for
from tests.alerts import NOW, delivery, hit, notice
from tests.alerts import SENTENCE as SAID
from tests.postbox import complaints_about

BRUSSELS = ZoneInfo("Europe/Brussels")
CONSOLE = Channel(name="console")
MAIL = Channel(name="mail", url=Secret("mailto://smtp.krant.example?to=desk@krant.example"))
SLACK = Channel(name="slack", url=Secret("https://hooks.slack.com/services/T0/B0/x"))
DISCORD = Channel(name="discord", url=Secret("discord://123/abc"))
ALL = [CONSOLE, MAIL, SLACK, DISCORD]
by_kind = pytest.mark.parametrize("channel", ALL, ids=lambda channel: channel.kind)


def everything(channel: Channel, *deliveries: object) -> str:
    """All that a reader of this channel can see."""
    made = message(deliveries, channel, zone=BRUSSELS)  # type: ignore[arg-type]
    return "\n".join([made.title, made.text, made.html, json.dumps(made.blocks, ensure_ascii=False)])


# --- what is in it ---------------------------------------------------------------------------------------------------


@by_kind
def test_an_alert_says_what_where_when_why_and_how_to_go_on(channel):
    """Title, outlet, local time, rule, the words that were found, the link, why, and how to have peace."""
    said = everything(channel, delivery(hit()))
    one = hit()
    for needed in (
        one.article.title,
        "De Voorbeeldkrant",
        "wo 18 nov 13:45",
        "Geheime gesprekken met het Kremlin",
        "in het geheim",
        one.article.url,
        f"monitor hits show {one.key[:12]}",
        f"monitor mute story {one.story[:12]}",
    ):
        assert needed in said


@by_kind
def test_what_was_not_read_in_full_and_what_is_a_denial_is_marked(channel):
    """A desk must not take a teaser for the article, nor a denial for a fact."""
    said = everything(channel, delivery(hit(complete=False, tags=("ontkenning",))))
    assert "niet volledig gelezen" in said
    assert "ontkenning" in said
    assert "niet volledig gelezen" not in everything(channel, delivery(hit()))


@by_kind
def test_a_follow_up_says_where_and_what_it_adds(channel):
    """The reader knows the story: what is new is the outlet and the sentence."""
    said = everything(channel, delivery(hit(2, story="s", outlet="Le Courrier"), follows="<x@y>"))
    assert "Ook in Le Courrier" in said
    assert "Voegt toe" in said


@by_kind
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_follow_up_names_the_headline_that_it_follows_unless_it_stands_in_its_thread(channel, language):
    """In a room with twenty alerts a day "also in Le Courrier" says too little; in mail the thread says it."""
    opening = Opening(envelope=Envelope(), title="<!channel> Stille lijn @everyone\n" + "x " * 900, outlet="De Krant")
    follows = delivery(hit(2, story="s", outlet="Le Courrier"), follows="1")
    made = message([follows], replace(channel, language=language), zone=BRUSSELS, opening=opening)
    said = f"{made.text}\n{json.dumps(made.blocks, ensure_ascii=False)}"
    named = words_for(language).after.format("") in said and "Stille lijn" in said and "(De Krant)" in said
    assert named == (channel is not MAIL)
    assert len(made.text) < 2_000
    assert channel is not DISCORD or "@everyone" not in said
    assert channel is not SLACK or not list(complaints_about({"text": made.text, "blocks": list(made.blocks)}))


@by_kind
def test_hits_of_one_story_stand_together_where_the_first_stands(channel):
    """Three outlets with one story are one piece of news with three links."""
    hits = [delivery(hit(number, story=story, title=f"Kop {number}")) for number, story in enumerate("abab")]
    text = message(hits, channel, zone=BRUSSELS).text
    assert [int(found) for found in re.findall(r"Kop (\d)", text)] == [0, 2, 1, 3]
    assert "4 treffers" in everything(channel, *hits)


@by_kind
def test_an_article_that_two_rules_hit_is_told_once(channel):
    """Both rules are named; the headline, the link and the sentence stand there once."""
    first = hit(1, story="s")
    second = hit(1, story="s", rule="net", rule_name="Vangnet", words=("CIA",))
    said = message([delivery(first), delivery(second)], channel, zone=BRUSSELS)
    assert "Vangnet" in said.title + said.text
    assert said.text.count(first.article.url) == 1
    assert said.text.count("hebben gezocht met de") == 1
    assert "Ook in" not in said.text + said.html


@by_kind
def test_a_notice_tells_of_the_daemon_and_looks_like_no_hit(channel):
    """The desk sees at once that this is about monitor itself."""
    said = everything(channel, delivery(notice("Feed ligt stil", "503 sinds 11:20\nTweede regel")))
    assert "Feed ligt stil" in said
    assert "Tweede regel" in said
    assert "monitor hits show" not in said


@pytest.mark.parametrize("language", LANGUAGES)
@by_kind
def test_every_language_has_all_its_words(channel, language):
    """A missing word would show as an error in the middle of the night."""
    speaking = replace(channel, language=language)
    words = words_for(language)
    said = everything(speaking, delivery(hit(1, story="s", complete=False)), delivery(hit(2, story="s")))
    assert words.incomplete in said
    assert words.also_in in said
    assert words.why in said.replace("&#39;", "'")
    assert len(words.days.split()) == 7
    assert len(words.months.split()) == 12


def test_a_language_that_is_not_here_is_english():
    """And a regional one is its own."""
    assert words_for("pl") is EN
    assert words_for("nl-BE") is NL


def test_times_are_local_and_ours_when_the_articles_own_cannot_be_true():
    """A date in the future, in 1970 or none at all is shown as the time at which we saw it."""
    assert when(datetime(2026, 7, 1, 22, 30, tzinfo=UTC), BRUSSELS, NL) == "do 2 jul 00:30"
    for published in (None, NOW + timedelta(days=2), datetime(1970, 1, 1, tzinfo=UTC)):
        one = hit(published=published)
        assert item(delivery(one), one, BRUSSELS, NL).when == "gezien wo 18 nov 14:03"


def test_outlets_are_listed_as_a_sentence_has_them():
    """Each once."""
    assert listed(["Trouw", "Le Soir", "Trouw", "De Morgen"], NL) == "Trouw, Le Soir en De Morgen"
    assert listed(["Trouw"], NL) == "Trouw"


# --- mail ------------------------------------------------------------------------------------------------------------


def test_the_mail_loads_nothing_and_runs_nothing():
    """No pictures, no fonts, no scripts: nobody learns that it was opened."""
    html = message([delivery(hit())], MAIL, zone=BRUSSELS).html
    assert not re.search(r"<(script|img|link|iframe|object|form)|url\(|@import", html)
    assert "prefers-color-scheme:dark" in html


# --- evidence --------------------------------------------------------------------------------------------------------


def test_evidence_is_marked_where_it_stands():
    """Not at the first place where the same letters stand."""
    body = "Poetin sprak. Later ontkende Poetin alles."
    second = Evidence(
        "body", body.rindex("Poetin"), body.rindex("Poetin") + 6, "Poetin", "$kremlin", "Later ontkende Poetin alles."
    )
    one = hit(body=body, sentence="Poetin sprak.", words=("Poetin",))
    one = replace(one, match=one.match._replace(evidence=(*one.match.evidence, second)))
    assert item(delivery(one), one, BRUSSELS, NL).passages == (
        (Piece("Poetin", marked=True), Piece(" sprak.")),
        (Piece("Later ontkende "), Piece("Poetin", marked=True), Piece(" alles.")),
    )


def test_evidence_in_the_title_is_marked_in_the_title():
    """It makes no sentence of its own: how the article begins tells more."""
    one = hit(title="Poetin belt Trump")
    one = replace(
        one, match=one.match._replace(evidence=(Evidence("title", 0, 6, "Poetin", "$kremlin", one.article.title),))
    )
    shown = item(delivery(one), one, BRUSSELS, NL)
    assert shown.title_pieces == (Piece("Poetin", marked=True), Piece(" belt Trump"))
    assert shown.passages == ((Piece(hit().article.body.partition("\n\n")[0]),),)


def test_evidence_whose_sentence_is_not_where_it_says_shows_itself():
    """Whatever goes wrong upstream, the alert shows what was found."""
    one = hit()
    lost = tuple(found._replace(sentence="Een zin die nergens staat.") for found in one.match.evidence)
    one = replace(one, match=one.match._replace(evidence=lost))
    assert item(delivery(one), one, BRUSSELS, NL).passages[0] == (Piece("Poetin", marked=True),)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(TEXT, TEXT.filter(str.strip)), min_size=1, max_size=4), TEXT, st.integers(40, SENTENCE))
def test_a_sentence_that_is_cut_keeps_its_evidence(parts, end, most):
    """Between any words, at any length: what is marked is what was found, in order, and it fits."""
    body, spans = "Vooraf. ", []
    for before, found in parts:
        body += before
        spans.append((len(body), len(body) + len(found)))
        body += found
    body += end
    evidence = tuple(Evidence("body", start, stop, body[start:stop], "t", body[8:]) for start, stop in spans)
    one = hit()
    one = replace(one, article=replace(one.article, body=body), match=one.match._replace(evidence=evidence))
    shown = item(delivery(one), one, BRUSSELS, NL).passages
    marked = [piece.text.strip() for passage in shown for piece in passage if piece.marked]
    assert list(filter(None, marked)) == [text for _, found in parts if (text := clean(found).strip())]
    for passage in shown:
        wide = sum(max(len(piece.text), 3) for piece in passage if piece.marked)
        assert sum(len(piece.text) for piece in fit(passage, most)) <= max(most, wide + 3 * (len(passage) + 1))


# --- cutting and cleaning --------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TEXT, st.integers(0, 50))
def test_what_is_cut_fits_and_ends_at_a_word(text, most):
    """And says that it was cut."""
    kept = cut(text, most)
    assert len(kept) <= most or kept == text
    if kept != text and most > 0:
        assert kept.endswith("…")
        assert text.startswith(kept[:-1])


def test_a_text_is_cut_between_words_and_a_word_without_end_anywhere():
    """A word as long as the line is no word."""
    assert cut("een twee drie vier", 12) == "een twee…"
    assert cut("een twee drie vier", 9) == "een twee…"
    assert cut("x" * 50, 10) == "x" * 9 + "…"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(st.characters(codec=None), max_size=80))
def test_clean_text_is_one_line_that_nothing_trips_over(text):
    """Any code point there is, surrogates too."""
    cleaned = clean(text)
    assert not re.search(
        r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", cleaned
    )
    cleaned.encode("utf-8")
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://krant.example/a?b=c&d=é#f", "https://krant.example/a?b=c&d=%C3%A9#f"),
        ("https://krant.example/a b\"<'>", "https://krant.example/a%20b%22%3C'%3E"),
        ("HTTP://krant.example/100%25", "HTTP://krant.example/100%25"),
        ("javascript:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//krant.example", ""),
        ("https://bank.example@evil.example/", ""),
        ("https://", ""),
        ("https://[::1", ""),
        ("", ""),
        ("https://krant.example/" + "x" * LINK, ""),
    ],
)
def test_only_a_plain_web_address_becomes_a_link(url, link):
    """What is clicked in a mail must lead where it says."""
    assert safe_link(url) == link


# --- room ------------------------------------------------------------------------------------------------------------

WIDE = {
    "title": "Vertrouweling van Poetin zocht in het geheim contact " * 8,
    "outlet": "De Zeer Uitvoerige Voorbeeldkrant van het Noorden",
    "url": "https://krant.example/" + "lange-weg/" * 12,
    "body": "Voor de zin. " + ("woord " * 60) + SAID + (" woord" * 60),
    "sentence": ("woord " * 60) + SAID + (" woord" * 60),
}


@by_kind
@pytest.mark.parametrize("many", [1, 2, 8, 20])
def test_a_message_keeps_to_its_channels_room(channel, many):
    """Each service refuses, cuts or splits what is longer: then the link is what is lost."""
    many = min(many, MOST[channel.kind])
    hits = [delivery(hit(number, **WIDE)) for number in range(many)]
    made = message(hits, channel, zone=BRUSSELS)
    assert len(made.title) <= 200
    if channel.kind == "slack":
        payload = {"text": made.text, "blocks": list(made.blocks)}
        assert list(complaints_about(payload)) == []
    if channel.kind == "text":
        limit = limit_of(channel)
        assert len(made.title) + 2 + len(made.text) <= limit.body
    if many <= 2:
        assert all(one.subject.article.url in made.text for one in hits)  # type: ignore[union-attr]


def test_a_full_mail_is_not_folded_away():
    """Gmail shows the first 102 kB, and hides the rest behind a link."""
    hits = [
        delivery(hit(number, title="Een kop van gewone lengte voor een bericht in de krant"))
        for number in range(MOST["mail"])
    ]
    assert len(message(hits, MAIL, zone=BRUSSELS).html.encode()) < 102_000


@by_kind
def test_short_alerts_all_have_their_link_up_to_the_most_that_travel_together(channel):
    """What policy puts into one message, the message shows."""
    hits = [delivery(hit(number)) for number in range(MOST[channel.kind])]
    said = everything(channel, *hits)
    assert all(f"https://krant.example/buitenland/{number}" in said for number in range(len(hits)))


def test_what_finds_no_room_is_counted():
    """Nothing is left out in silence."""
    sms = Channel(name="sms", url=Secret("twilio://sid:token@from/to"))
    made = message([delivery(hit(number)) for number in range(8)], sms, zone=BRUSSELS)
    assert len(made.title) + 2 + len(made.text) <= 320
    left_out = 8 - made.text.count("https://")
    assert f"… en nog {left_out}: monitor hits list" in made.text


def test_the_table_of_limits_is_no_wider_than_apprise_knows_the_services():
    """When a service grows stricter, this tells."""
    apprise = pytest.importorskip("apprise")
    from monitor.notify.services import _load

    _load()
    known = {name: plugin for plugin in apprise.plugins.N_MGR.plugins() for name in schemes(plugin)}
    for scheme, limit in LIMITS.items():
        title, body = known[scheme].title_maxlen, known[scheme].body_maxlen
        # Matrix says it by server; a long SMS travels in pieces.
        assert not isinstance(body, int) or limit.body <= body or scheme == "twilio", scheme
        assert not isinstance(title, int) or limit.title <= title or title == 0, scheme


def schemes(plugin: type) -> set[str]:
    found: set[str] = set()
    for names in (plugin.protocol, plugin.secure_protocol):  # type: ignore[attr-defined]
        found |= {names} if isinstance(names, str) else set(names or ())
    return found


# --- the user's own templates ----------------------------------------------------------------------------------------


def test_a_folder_of_ones_own_replaces_what_it_holds(tmp_path: Path):
    """One file is enough; the rest stays as it was. HTML is escaped there too."""
    (tmp_path / "mail.html.j2").write_text("<h1>{{ stories[0][0].title }}</h1>", encoding="utf-8")
    own = replace(MAIL, template=str(tmp_path))
    made = message([delivery(hit(title="<script>x</script>"))], own, zone=BRUSSELS)
    assert made.html.strip() == "<h1>&lt;script&gt;x&lt;/script&gt;</h1>"
    assert "monitor hits show" in made.text


@pytest.mark.parametrize("broken", ["{{ nosuchthing }}", "{% if %}", "{{ stories[99].title }}", "{{ 1 / 0 }}"])
def test_a_template_that_fails_costs_no_alert(tmp_path: Path, broken):
    """The usual one goes out instead, and says so."""
    (tmp_path / "mail.html.j2").write_text(broken, encoding="utf-8")
    made = message([delivery(hit())], replace(MAIL, template=str(tmp_path)), zone=BRUSSELS)
    assert NL.template_failed in made.html
    assert hit().article.url in made.html


# --- words that mean harm (what arrives is looked at in tests/integration/test_notify.py) ----------------------------


def test_signs_that_turn_a_line_around_are_left_out():
    """`\\u202e` makes a reader see what is not written; soft hyphens and joiners hide words from the eye."""
    assert clean("a\u202eb\u2066c\u200fd\u00ade\ufefff") == "abcdef"


def test_no_text_that_slack_parses_holds_its_brackets():
    """Neither the fallback, which is escaped, nor plain text, which Slack may unescape."""
    made = message([delivery(hit(title="<!channel> & <@U1>", outlet="<!here>"))], SLACK, zone=BRUSSELS)
    assert not re.search(r"[<>]", made.text)
    plain = re.findall(r'"plain_text", "text": "([^"]*)"', json.dumps(made.blocks, ensure_ascii=False))
    assert "‹!channel› & ‹@U1›" in plain
    assert not re.search(r"[<>]", "".join(plain))


def test_plain_text_rings_nobody():
    """Discord and Mattermost ring `@everyone` wherever it stands, and hide links behind words."""
    words = "@everyone <@1> [klik](https://evil.example)"
    made = message([delivery(hit(title=words, outlet=words, tags=(words,)))], DISCORD, zone=BRUSSELS)
    assert not re.search(r"@everyone|<@|\]\(", made.title + made.text)


def test_a_sentence_that_stands_twice_is_shown_where_the_evidence_is():
    """Its neighbours are the same, its place is not: the second one's evidence is marked, once."""
    body = "Poetin belt. Poetin belt."
    at = body.rindex("Poetin")
    one = hit(body=body, sentence="Poetin belt.", words=("Poetin",))
    second = Evidence("body", at, at + 6, "Poetin", "$kremlin", "Poetin belt.")
    one = replace(one, match=one.match._replace(evidence=(second,)))
    assert item(delivery(one), one, BRUSSELS, NL).passages == ((Piece("Poetin", marked=True), Piece(" belt.")),)
