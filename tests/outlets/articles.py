"""Articles, as many kinds of systems print them."""

import json
from collections.abc import Callable
from html import escape

from tests.outlets.words import WORDS, Words

WHEN = "2025-11-12T14:30:00+01:00"


def article(kind: str, language: str) -> tuple[str, str]:
    """Return an article's address and page."""
    words = WORDS[language]
    path, page = ARTICLES[kind](words, language)
    return f"https://{words.host}{path}", page


def paragraphs(words: Words, *, first: bool = True, many: int = 5) -> str:
    said = ((words.lead,) if first else ()) + words.paragraphs[:many]
    return "".join(f"<p>{escape(each)}</p>" for each in said)


def menu(words: Words) -> str:
    links = "".join(f"<li><a href='/{at}'>{each}</a></li>" for at, each in enumerate(words.sections))
    return f"<nav><ul>{links}</ul></nav>"


def related(words: Words, tag: str = "h3") -> str:
    links = "".join(f"<div><{tag}><a href='/t{at}'>{each}</a></{tag}></div>" for at, each in enumerate(words.teasers))
    return f"<aside><h2>{words.also}</h2>{links}</aside>"


def banner(words: Words) -> str:
    """The consent banner that lies over the page and stands in its markup."""
    buttons = "".join(f"<button>{each}</button>" for each in words.accept)
    return f"<div id='cookie-banner' role='dialog' class='cookie-notice'><p>{words.cookies}</p>{buttons}</div>"


def document(head: str, body: str, language: str, attributes: str = "") -> str:
    return f"<!doctype html><html lang='{language}' {attributes}><head><meta charset='utf-8'>{head}</head><body>{body}</body></html>"


def ld(words: Words, kind: str = "NewsArticle", **more: object) -> str:
    node = {
        "@context": "https://schema.org",
        "@type": kind,
        "headline": words.title,
        "description": words.lead,
        "datePublished": WHEN,
        "author": [{"@type": "Person", "name": words.byline.split(" ", 1)[1]}],
        **more,
    }
    return f"<script type='application/ld+json'>{json.dumps(node)}</script>"


def wordpress(words: Words, language: str) -> tuple[str, str]:
    """A plugin for search engines: everything in one @graph, with the site and the breadcrumbs."""
    page = {"@type": "WebPage", "name": f"{words.title} - {words.paper}", "datePublished": WHEN}
    crumbs = {"@type": "BreadcrumbList", "itemListElement": [{"@type": "ListItem", "name": "Home"}]}
    graph = {"@graph": [page, crumbs, {"@type": "WebSite", "name": words.paper}]}
    head = (
        f"<title>{words.title} - {words.paper}</title><meta property='og:type' content='article'>"
        f"<meta property='og:title' content=\"{escape(words.title)} - {words.paper}\">"
        f"<meta property='og:site_name' content='{words.paper}'>"
        f"<script type='application/ld+json' class='graph'>{json.dumps(graph)}</script>"
    )
    body = (
        f"<header>{menu(words)}</header><main><article class='post type-post'><header class='entry-header'>"
        f"<h1 class='entry-title'>{words.title}</h1><span class='posted-on'><time datetime='{WHEN}'>{words.published}</time>"
        f"</span></header><div class='entry-content'>{paragraphs(words)}</div><div class='sharedaddy'><h3>Deel dit:</h3></div>"
        f"</article>{related(words)}</main><footer><p>© {words.paper}</p></footer>{banner(words)}"
    )
    return f"/2025/11/12/{words.slug}/", document(head, body, language)


def small_site(words: Words, language: str) -> tuple[str, str]:
    """No plugin: the page says nothing of itself but its title."""
    head = f"<title>{words.title} – {words.paper}</title>"
    body = (
        f"<div id='wrap'>{menu(words)}<div class='content'><h1>{words.title}</h1><p class='meta'>{words.published}</p>"
        f"{paragraphs(words)}</div><div id='sidebar'>{related(words)}</div></div>"
    )
    return f"/?p={48213}", document(head, body, language)


def drupal(words: Words, language: str) -> tuple[str, str]:
    head = (
        f"<title>{words.title} | {words.paper}</title><meta name='description' content=\"{escape(words.lead)}\">"
        "<meta property='og:type' content='website'><meta name='Generator' content='Drupal 10'>"
    )
    fields = "".join(
        f"<div class='field field--name-body field__item'><p>{escape(each)}</p></div>" for each in words.paragraphs
    )
    body = (
        f"{menu(words)}<div class='region region-content'><div class='block'><h1 class='page-title'><span>{words.title}"
        f"</span></h1><div class='node node--type-nieuws'><div class='field--name-created'>{words.published}</div>"
        f"<div class='field field--name-field-intro'>{escape(words.lead)}</div>{fields}</div></div></div>{related(words)}"
    )
    return f"/node/{48213}", document(head, body, language)


def arc(words: Words, language: str) -> tuple[str, str]:
    """A page written by React on the server, with its state in a script and its text once more in there."""
    state = json.dumps({"content_elements": [{"type": "text", "content": each} for each in words.paragraphs]})
    head = (
        f"<title>{words.title}</title><meta property='og:type' content='article'/>"
        f"<meta property='article:published_time' content='{WHEN}'/>{ld(words)}"
    )
    parts = "".join(f"<p class='c-paragraph'>{escape(each)}</p>" for each in words.paragraphs)
    body = (
        f"<div id='fusion-app'><header class='c-stack'>{menu(words)}</header><main><div class='b-headline'><h1 class='c-heading'>"
        f"{words.title}</h1></div><p class='b-subheadline'>{escape(words.lead)}</p><article class='b-article-body'>{parts}"
        f"<div class='b-related'><b>{words.also}: </b><a href='/x'>{words.teasers[0]}</a></div></article></main></div>"
        f"<script id='fusion-metadata'>Fusion.globalContent={state};</script>"
    )
    return f"/nieuws/2025/11/12/{words.slug}/", document(head, body, language)


def shell(words: Words, language: str) -> tuple[str, str]:
    """A page that only a script writes; its JSON-LD carries the text."""
    text = "\n\n".join((words.lead, *words.paragraphs))
    head = f"<title>{words.title}</title>{ld(words, articleBody=text)}"
    body = f"<div id='__next'></div><script id='__NEXT_DATA__' type='application/json'>{json.dumps({'props': text})}</script>"
    return f"/artikel/{words.slug}-a48213", document(head, body, language)


def amp(words: Words, language: str) -> tuple[str, str]:
    head = (
        f"<title>{words.title}</title><link rel='canonical' href='https://{words.host}/{words.slug}'>"
        f"<style amp-boilerplate>body{{}}</style>{ld(words)}"
    )
    parts = paragraphs(words).replace("</p><p>", "</p><amp-ad width='300'></amp-ad><p>")
    consent = f"<amp-consent id='consent'><div id='ui'><p>{words.cookies}</p></div></amp-consent>"
    body = f"{consent}<amp-sidebar>{menu(words)}</amp-sidebar><article><h1>{words.title}</h1>{parts}</article>"
    return f"/amp/{words.slug}", document(head, body, language, "amp")


def old_tables(words: Words, language: str) -> tuple[str, str]:
    """The year 2004: tables, fonts and line breaks."""
    text = "<br><br>".join(escape(each) for each in (words.lead, *words.paragraphs))
    cells = "".join(f"<tr><td><a href='{at}.html'>{each}</a></td></tr>" for at, each in enumerate(words.sections))
    body = (
        f"<table width=760><tr><td width=120><table>{cells}</table></td><td><font size=5><h2>{words.title}</h2></font>"
        f"<font size=1>{words.published}</font><br><font size=2>{text}</font></td></tr></table>"
    )
    return "/artikel.php?id=48213", document(f"<title>{words.paper} - {words.title}</title>", body, language)


def microdata(words: Words, language: str) -> tuple[str, str]:
    body = (
        f"{menu(words)}<div itemscope itemtype='https://schema.org/NewsArticle'><h1 itemprop='headline'>{words.title}</h1>"
        f"<meta itemprop='datePublished' content='{WHEN}'><span itemprop='author'>{words.byline}</span>"
        f"<h2 class='intro' itemprop='description'>{escape(words.lead)}</h2><div itemprop='articleBody'>"
        f"{paragraphs(words, first=False)}</div></div>{related(words)}"
    )
    return f"/{words.slug}.html", document(f"<title>{words.title}</title>", body, language)


def divs_only(words: Words, language: str) -> tuple[str, str]:
    """No paragraph is called one."""
    parts = "".join(
        f"<div class='x{at}'>{escape(each)}</div>" for at, each in enumerate((words.lead, *words.paragraphs))
    )
    head = f"<title>{words.title} · {words.paper}</title><meta property='og:type' content='article'>"
    body = f"<div>{menu(words)}</div><div><div><h1>{words.title}</h1><div>{words.published}</div>{parts}</div></div>"
    return "/news/48213", document(head, body, language)


def typo3(words: Words, language: str) -> tuple[str, str]:
    head = f"<title>{words.title}: {words.paper}</title><meta name='generator' content='TYPO3 CMS'><meta name='date' content='2025-11-12'>"
    body = (
        f"{menu(words)}<!--TYPO3SEARCH_begin--><div class='news-single'><div class='article' itemscope><h1>{words.title}</h1>"
        f"<div class='teaser-text'><p>{escape(words.lead)}</p></div><div class='news-text-wrap'>"
        f"{paragraphs(words, first=False)}</div></div></div><!--TYPO3SEARCH_end-->{related(words)}"
    )
    return f"/aktuelles/detail/{words.slug}", document(head, body, language)


def paid_and_whole(words: Words, language: str) -> tuple[str, str]:
    """A paid article whose words are all there, hidden by a style sheet."""
    part = {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".premium"}
    head = f"<title>{words.title}</title>{ld(words, isAccessibleForFree=False, hasPart=part)}"
    body = (
        f"{menu(words)}<article><h1>{words.title}</h1><p class='intro'>{escape(words.lead)}</p><div class='premium'>"
        f"{paragraphs(words, first=False)}</div><div class='paywall'><p>{words.pay}</p></div></article>"
    )
    return f"/premium/{words.slug}~a48213/", document(head, body, language)


def brief(words: Words, language: str) -> tuple[str, str]:
    """Two sentences below a large menu, beside ten headlines: still a piece of news."""
    more = "".join(related(words, "h2") for _ in range(3))
    head = f"<title>{words.title} | {words.paper}</title><meta property='og:type' content='article'>"
    body = f"{menu(words)}<article><h1>{words.title}</h1><p>{escape(words.lead)}</p></article>{more}<p>{words.subscribe}</p>"
    return f"/kort/{words.slug}", document(head, body, language)


def beside_invitations(words: Words, language: str) -> tuple[str, str]:
    """A short free article above the invitations that every page of the paper ends with."""
    invitation = {
        "nl": "Word abonnee vanaf 3 euro per week", "fr": "Abonnez-vous à partir de 3 euros par semaine",
        "de": "Jetzt Abo sichern ab 3 Euro die Woche", "en": "Subscribe now from 3 euros a week",
    }[language]  # fmt: skip
    head = f"<title>{words.title} | {words.paper}</title><meta property='og:type' content='article'>"
    body = f"{menu(words)}<article><h1>{words.title}</h1><p>{escape(words.lead)}</p></article>"
    return f"/kort/{words.slug}", document(
        head, f"{body}<footer><h3>{invitation}</h3><p>{words.subscribe}</p></footer>", language
    )


def live(words: Words, language: str) -> tuple[str, str]:
    updates = [
        {
            "@type": "BlogPosting",
            "headline": each.split(".")[0],
            "datePublished": f"2025-11-12T1{4 - at}:30:00+01:00",
            "articleBody": each,
        }
        for at, each in enumerate(words.paragraphs)
    ]
    head = f"<title>Live: {words.title}</title>{ld(words, 'LiveBlogPosting', liveBlogUpdate=updates)}"
    posts = "".join(
        f"<div class='post'><time>1{4 - at}:30</time><p>{escape(each)}</p></div>"
        for at, each in enumerate(words.paragraphs)
    )
    return f"/live/{words.slug}", document(head, f"<main><h1>Live: {words.title}</h1>{posts}</main>", language)


def behind_banner(words: Words, language: str) -> tuple[str, str]:
    """The banner comes first in the markup, is longer than the news, and loads what walls load."""
    frames = "<script src='https://cdn.privacy-mgmt.com/wrapper.js'></script><script src='https://www.google.com/recaptcha/api.js'></script>"
    head = f"<title>{words.title}</title>{frames}"
    body = f"{banner(words) * 3}<main><h1>{words.title}</h1>{paragraphs(words, many=3)}</main>"
    return f"/{words.slug}", document(head, body, language)


def on_privacy(words: Words, language: str) -> tuple[str, str]:
    """News about consent pages, which uses their words."""
    news = {
        "nl": ("Toezichthouder beboet uitgever om cookiemuur", "De uitgever vroeg bezoekers toestemming voor cookies, maar weigeren kon alleen in een verborgen menu."),
        "fr": ("L'autorité sanctionne un éditeur pour son mur de cookies", "L'éditeur demandait aux visiteurs d'accepter les cookies, mais le refus se cachait dans un menu."),
        "de": ("Behörde bestraft Verlag wegen Cookie-Wand", "Der Verlag bat Besucher um Zustimmung zu Cookies, doch ablehnen ließ sich das nur in einem versteckten Menü."),
        "en": ("Regulator fines publisher over cookie wall", "The publisher asked visitors to accept cookies, but to refuse them one had to find a hidden menu."),
    }  # fmt: skip
    title, fact = news[language]
    head = f"<title>{title}</title><meta property='og:type' content='article'>"
    text = "".join(f"<p>{fact} {escape(each)}</p>" for each in words.paragraphs)
    return f"/media/privacy-cookies-{48213}", document(head, f"{menu(words)}<h1>{title}</h1>{text}", language)


def cut_by_links(words: Words, language: str) -> tuple[str, str]:
    """A link to another story after each paragraph, and no word about itself."""
    parts = "".join(
        f"<p>{escape(each)}</p><div class='inline'><a href='/{at}'>{words.also}: {words.teasers[at % 4]}</a></div>"
        for at, each in enumerate((words.lead, *words.paragraphs))
    )
    head = f"<title>{words.title} - {words.paper}</title>"
    return "/artikel.aspx?articleid=48213", document(head, f"{menu(words)}<h1>{words.title}</h1>{parts}", language)


ARTICLES: dict[str, Callable[[Words, str], tuple[str, str]]] = {
    made.__name__: made
    for made in (
        wordpress, small_site, drupal, arc, shell, amp, old_tables, microdata, divs_only, typo3, paid_and_whole, beside_invitations, brief, live,
        behind_banner, on_privacy, cut_by_links,
    )
}  # fmt: skip
