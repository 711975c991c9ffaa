"""Page → article, or why not: pages of our own wording, and what strangers' bytes may not do."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import extract
from monitor.extract import dates, tree, weeds
from monitor.extract import head as heads
from monitor.model import Article, Entry, Feed, Outcome, Page, Reading, key_of

PAGES = Path(__file__).parent.parent / "data" / "pages"
LINK = "https://www.voorbeeldkrant.example/buitenland/2026/03/14/gezant-sprak-in-stilte-met-moskou~b123456/"
PROSE = (
    "De gesprekken begonnen in de herfst, vertellen vier betrokkenen die anoniem willen blijven omdat zij er niet over"
    " mogen praten met de pers of met de Kamer."
)


def entry(**fields: object) -> Entry:
    return Entry(key="e", feed="f", **{"link": LINK, "title": "Gezant sprak in stilte met Moskou"} | fields)


def page(body: str | bytes, *, url: str = LINK, asked: str = LINK, charset: str = "") -> Page:
    return Page(url=url, asked=asked, body=body if isinstance(body, bytes) else body.encode(), charset=charset)


def markup(body: str, *, head: str = "", title: str = "") -> str:
    return (
        f"<!DOCTYPE html><html><head><meta charset=utf-8><title>{title}</title>{head}</head><body>{body}</body></html>"
    )


def ld(**node: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def read(body: str | bytes, **where: str) -> Reading:
    return extract.read(page(body, **where), entry(title=""))


def article_of(reading: Reading) -> Article:
    assert reading.article is not None, reading
    return reading.article


@pytest.fixture
def dutch() -> Page:
    return page((PAGES / "article_nl.html").read_bytes())


# --- articles ------------------------------------------------------------------------------------------------------


def test_an_article_is_read_with_all_that_the_page_says_of_it(dutch):
    """Title, date, authors, language and address come from the page, not from a guess."""
    feed = Feed(key="f", name="Voorbeeld", url="", outlet="De Voorbeeldkrant", country="NL", group="Voorbeeldgroep")

    reading = extract.read(dutch, entry(found=datetime(2026, 3, 14, 6, tzinfo=UTC)), feed)
    article = article_of(reading)

    assert reading.outcome is Outcome.READ
    assert article.title == "Gezant sprak in stilte met Moskou"
    assert article.published == datetime(2026, 3, 14, 5, 30, tzinfo=UTC)
    assert article.updated == datetime(2026, 3, 14, 8, 5, tzinfo=UTC)
    assert article.authors == ("Marieke de Bruin", "Joost van Dale")
    assert article.language == "nl"
    assert article.key == key_of("article", LINK.replace("www.", "").rstrip("/"))
    assert (article.outlet, article.country, article.group, article.feed) == (
        "De Voorbeeldkrant",
        "NL",
        "Voorbeeldgroep",
        "f",
    )
    assert article.complete
    assert not article.live


@pytest.mark.parametrize("refined", [False, True])
def test_the_lead_that_stands_apart_is_kept_and_the_rest_of_the_page_is_not(dutch, refined):
    """A missing lead is a story missed; the headline of another story is a false alarm."""
    reading = extract.read(dutch, entry())
    text = extract.whole(article_of(extract.refine(dutch, reading) if refined else reading))

    assert text.startswith("Een oud-minister reisde drie keer")
    assert text.count("buiten het zicht van de pers") == 1
    assert text.endswith("een mooie vakantie was.")
    for foreign in (
        "Lees ook",
        "Spits van de koploper",
        "niets van terecht",
        "nieuwsbrief",
        "Door Marieke",
        "©",
        "06:30",
    ):
        assert foreign not in text
    assert "Geen verslag\n\nVan de ontmoetingen" in text


def test_a_page_without_any_metadata_is_read_by_what_it_shows():
    """Old and small papers describe nothing: the date stands below the title, the charset in a meta."""
    body = (PAGES / "article_fr.html").read_text("utf-8").encode("latin-1", "replace")

    article = article_of(extract.read(page(body, url="https://journal.example/monde/emissaires"), entry(title="")))

    assert article.title == "Des émissaires réunis à huis clos"
    assert article.published == datetime(2026, 2, 3, 22, 9, tzinfo=UTC)
    assert article.language == "fr"
    assert "démenti leur présence" in article.body
    for foreign in ("Publié", "Sur le même sujet", "calendrier", "Rédaction en ligne"):
        assert foreign not in article.body


def test_a_canonical_address_is_believed_only_on_its_own_site():
    """Else a page could pass itself off as another outlet's article, and hide it."""
    own = markup(
        f"<h1>Titel</h1><p>{PROSE}</p>" * 3, head='<link rel=canonical href="https://m.krant.example/a-b-c-d">'
    )
    foreign = own.replace("m.krant", "m.ander").replace("krant.example", "ander.invalid")

    assert article_of(read(own, url="https://www.krant.example/x-1234?a=b")).url == "https://m.krant.example/a-b-c-d"
    assert article_of(read(foreign, url="https://www.krant.example/x-1234")).url == "https://www.krant.example/x-1234"


def test_the_title_is_the_one_on_which_most_claims_agree():
    """Publishers write one title for search engines, one for social media and one for readers."""
    body = f"<h1>Minister ging in stilte op reis</h1><p>{PROSE}</p>" * 2
    head = '<meta property="og:title" content="Je raadt nooit waar hij was">' + ld(
        **{"@type": "NewsArticle", "headline": "Minister ging in stilte op reis"}
    )
    assert article_of(read(markup(body, head=head))).title == "Minister ging in stilte op reis"


def test_the_feed_fills_in_what_the_page_does_not_tell():
    """A date that the feed claims is better than a guess from the page."""
    when = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    bare = page(markup(f"<p>{PROSE}</p>" * 3), url="https://krant.example/nieuws/12345")

    article = article_of(
        extract.read(
            bare, entry(title="Gesprekken in de herfst", published=when, authors=("Redactie",), language="nl-NL")
        )
    )

    assert (article.title, article.published, article.authors) == (
        "Gesprekken in de herfst",
        when,
        ("Redactie",),
    )


def test_text_that_a_script_would_write_is_taken_from_json_ld():
    """Some pages are empty until a browser runs them; their JSON-LD is not."""
    node = {"@type": "NewsArticle", "headline": "Titel", "articleBody": f"{PROSE}\n{PROSE[::-1]}"}
    assert article_of(read(markup("<div id=root></div>", head=ld(**node)))).body == f"{PROSE}\n\n{PROSE[::-1]}"


def test_a_page_with_nothing_but_a_description_is_a_teaser():
    """The description is the newsroom's own sentence: worth matching, and not the whole."""
    head = ld(**{"@type": "NewsArticle", "headline": "Titel", "description": PROSE})

    reading = read(markup("<div id=root></div>", head=head))

    assert (reading.outcome, article_of(reading).lead, article_of(reading).complete) == (Outcome.TEASER, PROSE, False)


# --- live blogs ----------------------------------------------------------------------------------------------------


def test_a_live_blog_in_json_ld_becomes_stamped_items():
    """A window may not cross from one item into the next, so `rules.text` must see where they begin."""
    article = article_of(read((PAGES / "live_nl.html").read_bytes()))

    assert article.live
    assert "\n\n14:05 Delegaties verlaten het hotel\n\nDe auto's rijden een voor een weg.\n\nEr is geen" in article.body
    assert "\n\n13:40 Voetbalwedstrijd afgelast\n\n" in article.body
    assert article.body.startswith("In Genève praten de delegaties")


def test_a_live_blog_without_json_ld_is_split_at_the_times_it_shows():
    """Extractors drop the headings that hold the times."""
    where = "https://beispiel.example/liveticker-verhandlungen-am-see-4711"
    article = article_of(read((PAGES / "ticker_de.html").read_bytes(), url=where, asked=where))

    assert article.live
    assert [line[:5] for line in article.body.split("\n\n") if line[:1] == "1"] == ["14:20", "13:10", "11:45"]
    assert "14:20 Die Runde wird unterbrochen\n\nDie Unterhändler haben" in article.body


def test_an_article_with_a_timed_list_of_headlines_is_no_live_blog():
    """Sidebars show the time of the latest news."""
    sidebar = "".join(f"<li><time>1{n}:05</time> <a href=/{n}>Kop {n} van vandaag</a></li>" for n in range(8))
    reading = read(markup(f"<article><h1>Titel</h1><p>{PROSE}</p><p>{PROSE[::-1]}</p></article><ul>{sidebar}</ul>"))
    assert not article_of(reading).live


# --- walls, lists, errors, teasers ---------------------------------------------------------------------------------

COOKIES = {
    "nl": "Wij en onze partners gebruiken cookies om advertenties te personaliseren. Geef toestemming of pas je"
    " voorkeuren aan. Met akkoord ga je naar de website, waar je je instellingen later kunt wijzigen.",
    "fr": "Avec nos partenaires, nous utilisons des cookies et des traceurs pour afficher des publicités personnalisées."
    " Vous pouvez accepter, refuser ou paramétrer vos choix, et protéger vos données.",
    "de": "Wir und unsere Partner verwenden Cookies für personalisierte Anzeigen. Mit Ihrer Einwilligung stimmen Sie dem"
    " Tracking zu. In den Einstellungen zum Datenschutz können Sie das ändern.",
    "en": "We and our partners use cookies for personalised ads. You can accept, reject or manage your preferences, and"
    " withdraw your consent at any time on our privacy page. Agree to continue.",
}


@pytest.mark.parametrize("language", COOKIES)
def test_a_consent_page_is_a_gate_in_every_language(language):
    """Its text is never matched, however long it is and whatever title it borrows."""
    body = markup(f"<h1>Welkom</h1><p>{COOKIES[language]}</p>" * 3, title="Welkom")
    assert read(body).outcome is Outcome.GATE


LONG_CONSENT = {
    "nl": "Jouw keuzes, jouw nieuws. Samen met 120 partners bewaren we informatie op je apparaat, zoals cookies, en lezen we"
    " die terug. Zo verwerken we persoonsgegevens voor deze doeleinden: gepersonaliseerde advertenties, het meten van bereik en"
    " het verbeteren van diensten. Sommige partners beroepen zich op een gerechtvaardigd belang. Je kunt alles accepteren,"
    " weigeren of je voorkeuren per doel instellen; onderaan elke pagina vind je de privacyverklaring terug.",
    "fr": "Nous et nos 120 partenaires conservons des informations sur votre terminal, par exemple des cookies, et y accédons."
    " Ces données servent à plusieurs finalités : publicités personnalisées, mesure d'audience, développement de services."
    " Certains partenaires invoquent leur intérêt légitime. Vous pouvez tout accepter, tout refuser ou paramétrer vos choix ;"
    " la page de confidentialité reste accessible en bas de chaque article.",
    "de": "Wir und unsere 120 Partner speichern Informationen auf Ihrem Gerät, etwa Cookies, und rufen sie ab. Die Daten dienen"
    " mehreren Zwecken: personalisierte Anzeigen, Reichweitenmessung, Verbesserung der Angebote. Manche Partner berufen sich auf"
    " ein berechtigtes Interesse. Sie können alles akzeptieren, alles ablehnen oder Ihre Einstellungen anpassen; die"
    " Datenschutzerklärung finden Sie am Ende jeder Seite.",
}


@pytest.mark.parametrize("language", LONG_CONSENT)
def test_a_long_consent_text_under_an_innocent_title_is_a_gate(language):
    """Some walls name themselves after the paper and write like lawyers."""
    body = markup(
        f"<h1>De Voorbeeldkrant</h1><p>{LONG_CONSENT[language]}</p><button>OK</button>", title="De Voorbeeldkrant"
    )
    assert read(body).outcome is Outcome.GATE


@pytest.mark.parametrize(
    "title",
    ["Just a moment...", "Attention Required! | Cloudflare", "Access denied", "Pardon Our Interruption", "Inloggen",
     "Se connecter", "Anmelden", "Log in", "Een ogenblik geduld...", "Un instant…", "Ben je een robot?", "Privacy Gate"],
)  # fmt: skip
def test_a_login_or_robot_page_is_known_by_its_title(title):
    """Walls come with HTTP 200."""
    reading = read(markup("<p>Even controleren. Schakel JavaScript in om door te gaan.</p>", title=title))
    assert (reading.outcome, reading.article) == (Outcome.GATE, None)


@pytest.mark.parametrize(
    "where",
    ["https://myprivacy.example/consent?callbackUrl=x", "https://login.krant.example/authorize?next=a",
     "https://www.voorbeeldkrant.example/privacy-gate/accept", "https://www.voorbeeldkrant.example/inloggen?r=1"],
)  # fmt: skip
def test_a_wall_is_known_by_where_the_page_was_redirected(where):
    """Even when it has a long text."""
    assert read(markup(f"<h1>Lezen</h1><p>{PROSE}</p>" * 5), url=where).outcome is Outcome.GATE


def test_an_article_on_cookies_is_an_article():
    """News is about consent, too."""
    head = ld(**{"@type": "NewsArticle", "headline": "Boete voor cookiemuur", "datePublished": "2026-01-01"})
    body = (
        f"<h1>Boete voor cookiemuur</h1><p>{PROSE}</p><p>De uitgever vroeg toestemming voor cookies. {PROSE[::-1]}</p>"
    )
    assert read(markup(body, head=head, title="Boete voor cookiemuur")).outcome is Outcome.READ


@pytest.mark.parametrize(
    "line",
    ["Pagina niet gevonden", "Deze pagina bestaat niet meer", "Page introuvable", "Désolé, cet article n'existe pas !",
     "Seite nicht gefunden", "Page not found", "Erreur 404", "Dit artikel is niet meer beschikbaar"],
)  # fmt: skip
def test_an_error_page_with_status_200_is_not_an_article(line):
    """Soft 404s have 150 words of menu."""
    menu = "".join(f"<li><a href=/{n}>Rubriek nummer {n}</a></li>" for n in range(60))
    reading = read(markup(f"<ul>{menu}</ul><h1>{line}</h1><p>Kies een van deze onderwerpen.</p>", title="De krant"))
    assert (reading.outcome, reading.article) == (Outcome.NOT_ARTICLE, None)


def test_a_page_that_tells_of_something_else_than_the_feed_did_is_not_the_article():
    """Some outlets answer for a removed article with another page, and status 200."""
    other = page(markup(f"<h1>Onze podcasts</h1><p>{PROSE}</p><p>{PROSE[::-1]}</p><p>{PROSE.upper()}</p>"))
    assert extract.read(other, entry()).outcome is Outcome.NOT_ARTICLE
    assert extract.read(other, entry(title="Vier betrokkenen vertellen over gesprekken")).outcome is Outcome.READ


def test_a_front_page_is_not_an_article():
    """It has headlines of ten stories: a window over it would hit anything."""
    reading = read((PAGES / "front_nl.html").read_bytes(), url="https://www.voorbeeldkrant.example/")
    assert (reading.outcome, reading.article) == (Outcome.NOT_ARTICLE, None)


def test_an_article_whose_canonical_address_is_the_front_page_is_read_all_the_same():
    """A mistake in a template is no reason to miss every article of an outlet."""
    head = '<link rel=canonical href="https://www.voorbeeldkrant.example/"><meta property="og:type" content="article">'
    assert read(markup(f"<h1>Titel</h1><p>{PROSE}</p><p>{PROSE[::-1]}</p>", head=head)).outcome is Outcome.READ


def test_a_list_of_headlines_is_not_an_article_wherever_it_stands():
    """A topic page describes itself by nothing but what it looks like."""
    items = "".join(f"<h2><a href=/{n}>Kop van bericht nummer {n} in de lijst</a></h2><p>Kort.</p>" for n in range(30))
    reading = read(markup(f"<h1>Rusland</h1>{items}<p>{PROSE}</p>"), url="https://krant.example/thema/rusland")
    assert reading.outcome is Outcome.NOT_ARTICLE


def test_a_paid_article_shows_what_is_free_and_says_so():
    """The first lines may be matched, and the hit must say that there is more."""
    head = ld(**{"@type": "NewsArticle", "headline": "Titel", "isAccessibleForFree": "False"})

    reading = read(
        markup(f"<article><h1>Titel</h1><p>{PROSE}</p><p>Lees verder met een abonnement</p></article>", head=head)
    )

    assert (reading.outcome, article_of(reading).complete) == (Outcome.TEASER, False)
    assert article_of(reading).body == PROSE


def test_a_paid_article_that_is_all_there_is_read():
    """Many pages hide nothing but the words."""
    part = {"@type": "WebPageElement", "isAccessibleForFree": "False", "cssSelector": ".paid"}
    head = ld(**{"@type": "NewsArticle", "headline": "Titel", "isAccessibleForFree": "False", "hasPart": part})
    body = f"<h1>Titel</h1><div class=paid><p>{PROSE}</p><p>{PROSE[::-1]}</p><p>{PROSE.upper()}</p></div>"
    assert read(markup(body, head=head)).outcome is Outcome.READ


# --- strangers' bytes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "charset", "wanted"),
    [
        (b"\xef\xbb\xbfcaf\xc3\xa9", "iso-8859-1", "café"),
        ("café".encode("utf-16"), "", "café"),
        ("café".encode(), "iso-8859-1", "café"),
        ("café €".encode("cp1252"), "iso-8859-1", "café €"),
        (b"<meta charset='windows-1251'>" + "Путин".encode("cp1251"), "", "Путин"),
        (b'<meta http-equiv=x content="text/html; charset=iso-8859-15">' + "\u20ac".encode("iso-8859-15"), "", "€"),
        ("café".encode("cp1252"), "", "café"),
        ("café".encode("cp1252"), "no-such-charset", "café"),
        ("een café. ".encode() * 40 + b"\xff", "", "een café"),
        ("café".encode()[:-1], "", "caf"),
    ],
)
def test_the_charset_is_found_as_browsers_find_it(body, charset, wanted):
    """Mark, bytes, header, meta, then windows-1252: a wrong one loses every accent."""
    assert wanted in tree.decoded(body, charset)


def test_json_ld_that_is_broken_or_huge_costs_nothing_and_hides_nothing():
    """trafilatura's patterns take minutes on it, with the interpreter held."""
    bombs = ['{"@type": "NewsArticle", ' + '"a": "' * 50_000, "[" * 100_000, '{"x": [' + "[]," * 100_000 + "1]}"]
    scripts = "".join(f'<script type="application/ld+json">{bomb}</script>' for bomb in bombs)
    assert article_of(read(markup(f"<h1>Titel</h1><p>{PROSE}</p><p>{PROSE[::-1]}</p>", head=scripts))).body.startswith(
        PROSE
    )


def test_a_page_too_deep_to_be_parsed_falls_back_on_its_description():
    """What the parser drops without a word, the head still tells."""
    head = f'<meta property="og:type" content="article"><meta property="og:description" content="{PROSE}">'
    reading = read(markup("<div>" * 50_000 + f"<p>{PROSE[::-1]}</p>", head=head))
    assert PROSE in extract.whole(article_of(reading))


GIANTS = {
    "attributes": "<div " + " ".join(f'data-{n}="{n}"' for n in range(100_000)) + ">x</div>",
    "bare attributes": "<div " + " ".join(f"a{n}" for n in range(100_000)) + ">x</div>",
    "metas": '<meta property="og:title" content="Titel">' * 80_000,
    "links": "".join(f'<a href="/{n}">kop {n}</a> ' for n in range(120_000)),
    "paragraphs": "<p>een kort stuk</p>" * 100_000,
    "breaks": "<p>" + "woord<br>" * 100_000 + "</p>",
    "headings": "<h1>Titel</h1>" * 60_000,
}


@pytest.mark.parametrize("giant", GIANTS)
def test_a_page_of_a_hundred_thousand_parts_is_cut_before_any_step_that_is_quadratic(giant):
    """Each held a worker for its whole deadline; what stands before it is the article all the same."""
    article = f"<h1>Titel</h1><p>{PROSE}</p><p>{PROSE[::-1]}</p>"
    bounded = tree.bounded(markup(article + GIANTS[giant]))

    assert bounded.count("<") <= tree.MOST_TAGS
    assert max(map(len, bounded.split(">"))) < tree.LONGEST_TAG
    assert article in bounded


def test_a_tag_with_a_giant_attribute_keeps_its_names():
    """Some systems put all of a page's state into one: what the element is called tells extractors where the text is."""
    state = "&quot;" * 20_000
    said = f'<p>Voor</p><div class=\'article-body\' data-state="{state}" id="a1"><p>{PROSE}</p></div>'
    assert tree.bounded(said) == f"<p>Voor</p><div class='article-body' id=\"a1\"><p>{PROSE}</p></div>"
    assert tree.bounded(f"<p>{'woord ' * 20_000}<b>vet</b></p>").endswith("<b>vet</b></p>")


def test_of_claims_of_one_kind_only_some_are_kept():
    """80,000 titles are no title, and to keep them in a row is quadratic."""
    head = '<meta property="og:title" content="Titel">' * 5_000
    said = heads.read(tree.parse(markup("<h1>Titel</h1>", head=head).encode()))
    assert len(said.metas["og:title"]) <= 50


def test_text_is_cleaned_at_the_door():
    """NUL breaks databases, lone surrogates break mail, direction marks deceive readers."""
    body = markup(f"<h1>Titel &#0; &#xD800; \u202eom</h1><p>{PROSE} &#0;\u202e</p><p>{PROSE[::-1]}</p>")
    article = article_of(read(body))
    assert not set("\0\ud800\u202e") & set(article.title + article.lead + article.body)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=300).map(lambda text: markup(f"<h1>{text}</h1><p>{text}").encode())
    )
)
def test_no_bytes_raise(body):
    """Whatever a stranger sends, there is an outcome."""
    where = page(body)
    reading = extract.read(where, entry())
    assert extract.refine(where, reading).outcome is reading.outcome
    assert (reading.article is None) == (
        reading.outcome not in (Outcome.READ, Outcome.TEASER)
    ) or reading.outcome is Outcome.NO_TEXT


# --- without a page ------------------------------------------------------------------------------------------------


def test_the_feeds_own_words_are_an_article_that_was_not_read():
    """A hit on them must say so."""
    article = extract.from_entry(entry(summary="Een samenvatting.", content="Een samenvatting. En meer."))
    assert (article.lead, article.body, article.complete) == ("", "Een samenvatting. En meer.", False)
    assert article.key == extract.from_entry(entry(link=LINK + "?utm_source=rss")).key


def test_a_file_keeps_its_own_identity_and_its_paragraphs():
    """Two files with one text are two documents."""
    article = extract.from_text("Eén.\r\n\r\nTwee.\0", key="a.txt", title=" Titel ")
    assert (article.key, article.title, article.body) == ("a.txt", "Titel", "Eén.\n\nTwee.\ufffd")


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("2026-03-14T06:30:00+01:00", "2026-03-14T05:30"),
        ("2026-03-14T06:30:00Z", "2026-03-14T06:30"),
        ("20260314T0630", "2026-03-14T05:30"),
        ("2026-07-14 06:30", "2026-07-14T04:30"),
        ("29/02/2012 - 23h09", "2012-02-29T22:09"),
        ("Publié le mercredi 29 février 2012 à 23h09", "2012-02-29T22:09"),
        ("12 maart 2024, 14.30 uur", "2024-03-12T13:30"),
        ("Stand: 22.04.2024, 06:00 Uhr", "2024-04-22T04:00"),
        ("March 3, 2021", "2021-03-03T11:00"),
        ("31/02/2012", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("morgen", None),
    ],
)
def test_moments_are_read_as_pages_write_them(said, wanted):
    """A time without a zone is the newsroom's own clock; a day without a time is its noon."""
    made = dates.moment(said)
    assert (made and made.isoformat()[:16]) == wanted


@pytest.mark.parametrize(
    "line",
    ["Door Jan de Vries", "Par Céline Dubois et Luc Petit", "Von Nina Muster", "Rédaction en ligne", "mit dpa", "AFP",
     "J. V., Y. B.", "© Belga 2012", "Publié le Jeudi 1 Mars 2012 à 12h35", "Mis à jour le Lundi 8 Octobre à 14h25",
     "Stand: 22.04.2024, 06:00 Uhr", "(14/03/2012)", "Lees ook: De reis van de minister", "Lire aussi", "Auch interessant",
     "Sur le même sujet:", "Schrijf je in voor onze nieuwsbrief", "Home > Buitenland > Rusland", "Reacties (12)"],
)  # fmt: skip
def test_lines_that_are_not_the_articles_are_known(line):
    """They are where false alarms come from."""
    assert weeds.is_weed(line)


@pytest.mark.parametrize(
    "line",
    ["Door de storm rijden er geen treinen.", "Par crainte d'une escalade, les contacts restent secrets.",
     "Lezen is belangrijk, zegt de minister.", "De minister sprak op 14 maart 2012 met de gezant.", "AFP meldt dat er is gepraat.",
     "Von der Leyen sprach mit Moskau.", "Het gesprek duurde tot 14:05.", "Publiek geheim", "Quelle surprise pour Moscou !"],
)  # fmt: skip
def test_lines_of_the_article_are_no_weeds(line):
    """What is pulled is lost."""
    assert not weeds.is_weed(line)
