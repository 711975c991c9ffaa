"""What stands in an article's place: consent, login and robot pages, teasers, lists, errors. All come with HTTP 200."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from monitor.model import Outcome
from tests.outlets.articles import banner, document, ld, menu, related
from tests.outlets.words import WORDS, Words


@dataclass(frozen=True)
class Wall:
    """A page, where it stands (what was asked for is an article's address), and what it is."""

    page: str
    url: str
    outcome: Outcome


def wall(kind: str, language: str) -> tuple[str, Wall]:
    """Return the address that was asked for, and what came."""
    words = WORDS[language]
    asked = f"https://{words.host}/{words.slug}~a48213/"
    return asked, WALLS[kind](words, language, asked)


# --- gates ---------------------------------------------------------------------------------------------------------


def consent_elsewhere(words: Words, language: str, asked: str) -> Wall:
    """The whole site sends newcomers to its group's consent page."""
    body = f"<div id='app'></div><noscript>{words.accept[0]}</noscript>"
    page = document(f"<title>{words.paper}</title><script src='/privacy-gate.js'></script>", body, language)
    return Wall(page, f"https://myprivacy.groep.example/consent?siteKey=x&callbackUrl={asked}", Outcome.GATE)


def consent_in_place(words: Words, language: str, asked: str) -> Wall:
    """The address stays; the page is the wall, under the paper's name, with a menu and a footer."""
    buttons = "".join(f"<button>{each}</button>" for each in words.accept)
    body = (
        f"{menu(words)}<main><h1>{words.paper}</h1><p>{words.cookies}</p>{buttons}</main><footer>{words.about}</footer>"
    )
    return Wall(document(f"<title>{words.paper}</title>", body, language), asked, Outcome.GATE)


def consent_with_preview(words: Words, language: str, asked: str) -> Wall:
    """The wall borrows the article's title and description for those who share the link."""
    head = (
        f"<title>{words.title}</title><meta property='og:title' content=\"{escape(words.title)}\">"
        f"<meta property='og:type' content='article'><meta property='og:description' content=\"{escape(words.lead)}\">"
    )
    return Wall(document(head, f"{banner(words)}<p>{words.cookies}</p>", language), asked, Outcome.GATE)


def pay_or_consent(words: Words, language: str, asked: str) -> Wall:
    said = {
        "nl": ("Lees met reclame", "Met advertenties en tracking gratis verder lezen: geef toestemming voor cookies van onze partners.", "Lees zonder reclame", "Voor 4,99 euro per maand lees je zonder advertenties, tracking en cookies van partners."),
        "fr": ("Continuer avec publicité", "Accédez gratuitement au site en acceptant les cookies de nos partenaires et la publicité personnalisée.", "Continuer sans publicité", "Pour 4,99 euros par mois, lisez sans publicité, sans traceurs et sans cookies de nos partenaires."),
        "de": ("Mit Werbung weiterlesen", "Besuchen Sie uns wie gewohnt mit Werbung und Tracking: Zustimmung zu Cookies unserer Partner erteilen.", "Werbefrei im Pur-Abo", "Für 4,99 Euro im Monat lesen Sie ohne Tracking, Cookies und personalisierte Anzeigen unserer Partner."),
        "en": ("Read with ads", "Visit us with ads and tracking: accept the cookies of our partners and personalised ads.", "Read without ads", "For 4.99 euros a month you read without ads, tracking and the cookies of our partners."),
    }[language]  # fmt: skip
    body = f"<main><h2>{said[0]}</h2><p>{said[1]}</p><h2>{said[2]}</h2><p>{said[3]}</p><button>{words.accept[0]}</button></main>"
    return Wall(document(f"<title>{words.paper}</title>", body, language), asked, Outcome.GATE)


def login_elsewhere(words: Words, language: str, asked: str) -> Wall:
    body = f"<form><label>E-mail</label><input name=email><button>OK</button></form><p>{words.about}</p>"
    page = document(f"<title>{words.paper}</title>", body, language)
    return Wall(page, f"https://login.groep.example/authorize?redirect={asked}", Outcome.GATE)


def login_in_place(words: Words, language: str, asked: str) -> Wall:
    said = {
        "nl": ("Inloggen - De Zuiderkrant", "Log in met je e-mailadres om verder te lezen, of maak een gratis account aan."),
        "fr": ("Se connecter | Le Courrier du Fleuve", "Connectez-vous avec votre adresse e-mail pour poursuivre, ou créez un compte gratuit."),
        "de": ("Anmelden – Stromkurier", "Melden Sie sich mit Ihrer E-Mail-Adresse an, um weiterzulesen, oder erstellen Sie ein Konto."),
        "en": ("Sign in - The Estuary Post", "Sign in with your e-mail address to read on, or create a free account."),
    }[language]  # fmt: skip
    body = (
        f"{menu(words)}<main><h1>{said[0].split(' ')[0]}</h1><form><p>{said[1]}</p><input type=password></form></main>"
    )
    return Wall(document(f"<title>{said[0]}</title>", body, language), asked, Outcome.GATE)


def cloudflare(words: Words, language: str, asked: str) -> Wall:
    said = {"nl": "Een moment geduld…", "fr": "Un instant…", "de": "Nur einen Moment…", "en": "Just a moment..."}[
        language
    ]
    body = f"<h1>{words.host}</h1><p>Verifying you are human. This may take a few seconds.</p><script>window._cf_chl_opt={{}}</script>"
    script = "<script src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1'></script>"
    return Wall(document(f"<title>{said}</title>", body + script, language), asked, Outcome.GATE)


def datadome(words: Words, language: str, asked: str) -> Wall:
    body = (
        "<p>Please enable JS and disable any ad blocker</p><script src='https://ct.captcha-delivery.com/c.js'></script>"
    )
    return Wall(document(f"<title>{words.host.removeprefix('www.')}</title>", body, language), asked, Outcome.GATE)


def akamai(words: Words, language: str, asked: str) -> Wall:
    body = "<h1>Access Denied</h1><p>You don't have permission to access this page on this server.</p><p>Reference #18.3f</p>"
    return Wall(document("<title>Access Denied</title>", body, language), asked, Outcome.GATE)


def incapsula(words: Words, language: str, asked: str) -> Wall:
    body = "<iframe src='/_Incapsula_Resource?CWUDNSAI=9' width='100%'>Request unsuccessful. Incapsula incident ID: 5</iframe>"
    return Wall(document("<meta name='robots' content='noindex'>", body, language), asked, Outcome.GATE)


def own_robot_check(words: Words, language: str, asked: str) -> Wall:
    said = {
        "nl": ("Ben je een robot?", "We zagen ongewoon verkeer van jouw netwerk. Vink het vakje aan om te tonen dat je geen robot bent; daarna kun je verder. Je browser moet JavaScript en cookies toestaan."),
        "fr": ("Êtes-vous un robot ?", "Nous avons détecté un trafic inhabituel. Cochez la case pour montrer que vous n'êtes pas un robot ; votre navigateur doit accepter JavaScript et les cookies."),
        "de": ("Sind Sie ein Mensch?", "Wir haben ungewöhnlichen Verkehr bemerkt. Bestätigen Sie, dass Sie kein Roboter sind; Ihr Browser muss JavaScript und Cookies zulassen."),
        "en": ("Are you a human?", "We saw unusual traffic from your network. Tick the box to show that you are not a robot; your browser has to allow JavaScript and cookies."),
    }[language]  # fmt: skip
    body = f"<h1>{said[0]}</h1><p>{said[1]}</p><div class='g-recaptcha'></div><script src='https://www.google.com/recaptcha/api.js'></script>"
    return Wall(document(f"<title>{words.paper}</title>", body, language), asked, Outcome.GATE)


def not_in_your_country(words: Words, language: str, asked: str) -> Wall:
    said = {
        "nl": ("Niet beschikbaar in jouw regio", "We zien dat je ons bezoekt vanuit een land waar de AVG geldt. Daarom kunnen we je op dit moment geen toegang geven tot onze website."),
        "fr": ("Indisponible dans votre région", "Nous constatons que vous vous connectez depuis un pays soumis au RGPD. Nous ne pouvons donc pas vous donner accès à notre site pour le moment."),
        "de": ("In Ihrer Region nicht verfügbar", "Sie besuchen uns aus einem Land, in dem die DSGVO gilt. Wir können Ihnen daher derzeit keinen Zugang zu unserer Website gewähren."),
        "en": ("Unavailable in your region", "We recognise you are attempting to access this website from a country where the GDPR is enforced, and therefore access cannot be granted at this time."),
    }[language]  # fmt: skip
    return Wall(
        document(f"<title>{words.paper}</title>", f"<h1>{said[0]}</h1><p>{said[1]}</p>", language), asked, Outcome.GATE
    )


# --- teasers -------------------------------------------------------------------------------------------------------


def cut_with_claim(words: Words, language: str, asked: str) -> Wall:
    head = f"<title>{words.title}</title>{ld(words, isAccessibleForFree='False')}"
    body = f"{menu(words)}<article><h1>{words.title}</h1><p>{escape(words.lead)}</p><p>{escape(words.paragraphs[0])}</p></article>"
    return Wall(document(head, f"{body}<div class='wall'><p>{words.pay}</p></div>", language), asked, Outcome.TEASER)


def cut_without_claim(words: Words, language: str, asked: str) -> Wall:
    """Nothing but a sentence says that there is more."""
    head = f"<title>{words.title}</title><meta property='og:type' content='article'>"
    body = f"<main><h1>{words.title}</h1><p>{escape(words.lead)}</p><p>{escape(words.paragraphs[0])}</p><div><h3>{words.pay}</h3></div></main>"
    return Wall(document(head, menu(words) + body + related(words), language), asked, Outcome.TEASER)


def locked_tier(words: Words, language: str, asked: str) -> Wall:
    head = f"<title>{words.title}</title><meta property='og:type' content='article'><meta property='article:content_tier' content='locked'>"
    body = f"<article><h1>{words.title}</h1><p>{escape(words.lead)}</p></article>{related(words)}"
    return Wall(document(head, body, language), asked, Outcome.TEASER)


def registration(words: Words, language: str, asked: str) -> Wall:
    said = {
        "nl": "Maak een gratis account aan om dit artikel verder te lezen",
        "fr": "Créez votre compte gratuit pour lire la suite de cet article",
        "de": "Registrieren Sie sich kostenlos, um diesen Artikel weiterzulesen",
        "en": "Create a free account to keep reading this article",
    }[language]
    head = f"<title>{words.title}</title>{ld(words)}"
    body = f"<article><h1>{words.title}</h1><p>{escape(words.lead)}</p></article><section><h2>{said}</h2><button>OK</button></section>"
    return Wall(document(head, body, language), asked, Outcome.TEASER)


# --- no articles ---------------------------------------------------------------------------------------------------


def _headlines(words: Words, many: int, tag: str = "h3", summary: bool = True) -> str:
    said = [
        (words.title, words.lead),
        *((each, f"{each}. {words.paragraphs[at][:90]}") for at, each in enumerate(words.teasers)),
    ]
    return "".join(
        f"<article class='card'><a href='/n{at}'><{tag}>{title} {at}</{tag}></a>{f'<p>{escape(text)}</p>' if summary else ''}</article>"
        for at in range(many)
        for title, text in (said[at % len(said)],)
    )


def sent_to_front(words: Words, language: str, asked: str) -> Wall:
    body = f"{menu(words)}<main>{_headlines(words, 40)}</main><footer><p>{words.about}</p></footer>"
    page = document(f"<title>{words.paper}</title><meta property='og:type' content='website'>", body, language)
    return Wall(page, f"https://{words.host}/", Outcome.NOT_ARTICLE)


def front_in_place(words: Words, language: str, asked: str) -> Wall:
    """The front page under the article's address: a removed article at some outlets."""
    head = f"<title>{words.paper}: {', '.join(words.sections[:4])}</title><link rel=canonical href='https://{words.host}/'>"
    body = f"{menu(words)}<h1>{words.paper}</h1>{_headlines(words, 40)}<p>{words.about}</p>"
    return Wall(document(head, body, language), asked, Outcome.NOT_ARTICLE)


def section(words: Words, language: str, asked: str) -> Wall:
    head = f"<title>{words.sections[0]} | {words.paper}</title><meta property='og:type' content='website'>"
    body = f"{menu(words)}<h1>{words.sections[0]}</h1>{_headlines(words, 30, 'h2')}"
    return Wall(
        document(head, body, language), f"https://{words.host}/{words.sections[0].lower()}", Outcome.NOT_ARTICLE
    )


def topic(words: Words, language: str, asked: str) -> Wall:
    items = [{"@type": "ListItem", "position": at, "url": f"https://{words.host}/n{at}"} for at in range(20)]
    node = {
        "@type": "CollectionPage",
        "name": words.sections[2],
        "mainEntity": {"@type": "ItemList", "itemListElement": items},
    }
    head = f"<title>{words.sections[2]}</title><script type='application/ld+json'>{json.dumps(node)}</script>"
    body = f"{menu(words)}<h1>{words.sections[2]}</h1><p>{words.about}</p>{_headlines(words, 20)}"
    return Wall(
        document(head, body, language),
        f"https://{words.host}/dossier/{words.sections[2].lower()}-2025",
        Outcome.NOT_ARTICLE,
    )


def author(words: Words, language: str, asked: str) -> Wall:
    name = words.byline.split(" ", 1)[1]
    node = {"@type": "ProfilePage", "mainEntity": {"@type": "Person", "name": name}}
    head = f"<title>{name} - {words.paper}</title><script type='application/ld+json'>{json.dumps(node)}</script>"
    body = f"{menu(words)}<h1>{name}</h1><p>{words.about}</p>{_headlines(words, 12, summary=False)}"
    return Wall(document(head, body, language), f"https://{words.host}/auteur/pieter-hamel", Outcome.NOT_ARTICLE)


LOST = {
    "nl": ("Pagina niet gevonden", "Sorry, deze pagina bestaat niet (meer). Misschien is het artikel verplaatst of verwijderd."),
    "fr": ("Page introuvable", "Désolé, la page que vous cherchez n'existe plus ou a été déplacée. L'article a peut-être été supprimé."),
    "de": ("Seite nicht gefunden", "Leider existiert diese Seite nicht mehr. Möglicherweise wurde der Artikel verschoben oder gelöscht."),
    "en": ("Page not found", "Sorry, the page you are looking for no longer exists. The article may have been moved or removed."),
}  # fmt: skip


def lost(words: Words, language: str, asked: str) -> Wall:
    title, said = LOST[language]
    body = f"{menu(words)}<main><h1>{title}</h1><p>{said}</p>{related(words, 'h2')}</main><p>{words.about}</p>"
    return Wall(document(f"<title>{title} | {words.paper}</title>", body, language), asked, Outcome.NOT_ARTICLE)


def lost_quietly(words: Words, language: str, asked: str) -> Wall:
    """Only a sentence says so, under the paper's name, above the most read stories with their summaries."""
    body = f"{menu(words)}<main><h2>Oeps!</h2><p>{LOST[language][1]}</p>{_headlines(words, 12)}</main>"
    return Wall(document(f"<title>{words.paper}</title>", body, language), asked, Outcome.NOT_ARTICLE)


def withdrawn(words: Words, language: str, asked: str) -> Wall:
    said = {
        "nl": "Dit artikel is niet meer beschikbaar.", "fr": "Cet article n'est plus disponible.",
        "de": "Dieser Artikel ist nicht mehr verfügbar.", "en": "This article is no longer available.",
    }[language]  # fmt: skip
    head = f"<title>{words.paper}</title><meta property='og:type' content='article'>"
    return Wall(document(head, f"{menu(words)}<h1>{said}</h1>{related(words)}", language), asked, Outcome.NOT_ARTICLE)


def maintenance(words: Words, language: str, asked: str) -> Wall:
    said = {
        "nl": ("Onderhoud", "Onze website is tijdelijk niet bereikbaar door onderhoud. Probeer het straks opnieuw."),
        "fr": ("Site en maintenance", "Notre site est momentanément indisponible en raison d'une maintenance. Réessayez plus tard."),
        "de": ("Wartungsarbeiten", "Unsere Website ist wegen Wartungsarbeiten vorübergehend nicht erreichbar. Versuchen Sie es später."),
        "en": ("Down for maintenance", "Our website is temporarily unavailable because of maintenance. Please try again later."),
    }[language]  # fmt: skip
    return Wall(
        document(f"<title>{said[0]}</title>", f"<h1>{said[0]}</h1><p>{said[1]}</p>", language),
        asked,
        Outcome.NOT_ARTICLE,
    )


def newsletter(words: Words, language: str, asked: str) -> Wall:
    body = f"{menu(words)}<h1>Nieuwsbrieven / Newsletters</h1><p>{words.subscribe}</p><form><input name=email></form>"
    return Wall(document(f"<title>Newsletter - {words.paper}</title>", body, language), asked, Outcome.NOT_ARTICLE)


def video(words: Words, language: str, asked: str) -> Wall:
    head = "<title>Video</title><meta property='og:type' content='video.other'>"
    body = f"{menu(words)}<h1>Video</h1><video src='x.mp4'></video><p>{words.teasers[0]}</p>{related(words)}"
    return Wall(document(head, body, language), f"https://{words.host}/video/48213", Outcome.NOT_ARTICLE)


def nothing(words: Words, language: str, asked: str) -> Wall:
    return Wall(
        document(f"<title>{words.paper}</title>", "<div id='root'></div>", language), asked, Outcome.NOT_ARTICLE
    )


WALLS: dict[str, Callable[[Words, str, str], Wall]] = {
    made.__name__: made
    for made in (
        consent_elsewhere, consent_in_place, consent_with_preview, pay_or_consent, login_elsewhere, login_in_place, cloudflare,
        datadome, akamai, incapsula, own_robot_check, not_in_your_country, cut_with_claim, cut_without_claim, locked_tier,
        registration, sent_to_front, front_in_place, section, topic, author, lost, lost_quietly, withdrawn, maintenance,
        newsletter, video, nothing,
    )
}  # fmt: skip
