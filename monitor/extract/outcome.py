"""Is this page the article, or a wall, a teaser, a list or an error in its place? Pure.

What speaks for an article is looked for first: publishers describe their articles to search engines, and describe
neither their walls nor their front pages so. Only a page that no such word speaks for must show it by its text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from monitor import urls
from monitor.extract import head, text, weeds
from monitor.extract.head import Head
from monitor.extract.text import Block
from monitor.model import Outcome, Page

_WALL = 5_000  # signs at the beginning of a text that tell whether it is a wall's
# A paragraph of so many words is prose; headlines, menus and buttons are shorter.
PROSE = 20

_GATE_HOSTS = re.compile(
    r"^(?:myprivacy|privacy|consent|cookiewall|login|signin|inloggen|auth|accounts?|sso|idp?|captcha|geo\.captcha|validate)"
    r"[.-]|\.privacy-mgmt\.com$|captcha-delivery\.com$|perfdrive\.com$|queue-it\.net$|\.b2clogin\.com$|\.auth0\.com$"
)
_GATE_PATHS = re.compile(
    r"/(?:privacy-?(?:gate|wall|settings)|cookie-?(?:wall|consent|muur)|consent|collectconsent|login|log-in|signin|sign-in|"
    r"inloggen|aanmelden|connexion|se-connecter|anmelden|oauth2?|authorize|captcha|challenge|cdn-cgi|blocked|"
    r"access-?denied|paywall|registreren|register|inscription)(?:/|\.\w+$|$)",
    re.IGNORECASE,
)
# What walls load; harmless on a page that has a text.
_GATE_MARKS = re.compile(
    r"privacy-?gate|myprivacy|cookie-?wall|consent\.js|captcha-delivery|/cdn-cgi/challenge|challenges\.cloudflare|"
    r"cf-(?:chl|challenge|error)|_Incapsula_|px-captcha|perimeterx|errors\.edgesuite|queue-it|distil_r_|"
    r"recaptcha|hcaptcha|awswaf|privacy-mgmt|consensu\.org|akamai-bm|/_sec/",
    re.IGNORECASE,
)
_GATE_TITLES = re.compile(
    r"^(?:\W*)(?:.{0,25}\b(?:privacy[ -]?gate|cookie ?(?:wall|muur|consent)|captcha)\b.*"
    r"|just a moment\W*|(?:een|un|einen) (?:ogenblik|moment|instant)\b.{0,40}|(?:even|bitte) (?:geduld|warten)\b.{0,20}"
    r"|attention required\b.*|access (?:to this page )?(?:has been |is )?denied\b.*|accès (?:refusé|interdit)\b.*"
    r"|toegang geweigerd\b.*|zugriff verweigert\b.*|pardon our interruption\W*|verify(?:ing)? (?:that )?you are .*"
    r"|(?:are you a|robot or) (?:robot|human)\W*|(?:ben|bent) (?:u|je) een (?:robot|mens)\W*|êtes[ -]vous un (?:robot|humain)\W*"
    r"|sind sie ein (?:roboter|mensch)\W*|(?:security|human|beveiligings?)[ -]?(?:check|verification|controle)\W*"
    r"|(?:log ?in|sign ?in|inloggen|aanmelden|connexion|se connecter|identifiez-vous|anmelden|anmeldung|einloggen)(?:\W.{0,40})?"
    r"|(?:uw|je|jouw|votre|vos|ihre|your) (?:privacy|cookie|données|vie privée|datenschutz|choi).{0,60}"
    r"|(?:privacy|cookie)[ -]?(?:instellingen|voorkeuren|settings|preferences|einstellungen)\b.*"
    r"|.{0,40}\b(?:unavailable|not available) in your (?:region|country|location)\b.*|.{0,40}\bindisponible dans votre (?:région|pays)\b.*"
    r"|.{0,40}\bniet beschikbaar in (?:uw|jouw|je) (?:regio|land)\b.*|.{0,20}\bin ihrer region\b.{0,20}\bverfügbar\b.*"
    r"|(?:enable|schakel|activez|aktivieren sie) (?:javascript|cookies)\b.*)$",
    re.IGNORECASE,
)
_CONSENT_WORDS = re.compile(
    r"\b(?:cookies?\w*|toestemming\w*|akkoord|partners?|persoonsgegevens|gegevens|privacy\w*|voorkeur\w*|instellingen|keuzes?|"
    r"accepteren|weigeren|apparaat|doeleinden|advertenties?|gepersonaliseerde?|consent\w*|accept\w*|refuser|traceurs?|"
    r"confidentialité|données|personnalisée?s?|publicités?|paramétr\w+|choix|finalités?|terminal|partenaires?|einwillig\w*|"
    r"zustimm\w*|datenschutz\w*|akzeptier\w*|ablehnen|einstellungen|personalisierte?\w*|anzeigen|partnern?|geräten?|zwecken?|"
    r"agree|reject|preferences|personali[sz]ed|vendors?|device|purposes?|choices|tracking|captcha|robot|javascript|browser)\b",
    re.IGNORECASE,
)
_LOST = re.compile(
    r"\b(?:404|410)\b.{0,30}$|^\W*(?:error|erreur|fout|fehler)\W+(?:404|410)\b"
    r"|(?:pagina|artikel|bericht)\w*\b.{0,60}\b(?:niet (?:meer )?(?:gevonden|gevon­den|beschikbaar)|bestaat niet|verwijderd)"
    r"|niet (?:meer )?gevonden\W*$|(?:page|article|contenu|document)\b.{0,60}\b(?:introuvable|non trouvée?|inexistante?"
    r"|n['’]existe (?:pas|plus)|n['’]est (?:pas|plus) (?:disponible|accessible|en ligne)|(?:a été|est) (?:supprimée?|retirée?))"
    r"|(?:seite|artikel|beitrag)\b.{0,60}\b(?:nicht gefunden|nicht (?:mehr )?(?:verfügbar|vorhanden)|existiert nicht|gelöscht)"
    r"|(?:page|article|story|content)\b.{0,40}\b(?:not found|no longer (?:available|exists?)|does(?:n['’]t| not) exist"
    r"|(?:has been|was) (?:removed|deleted))|(?:^|\W)(?:page|nothing) (?:was )?found\b.{0,3}$|^\W*not found\W*$",
    re.IGNORECASE,
)
_LISTS = re.compile(
    r"/(?:tags?|thema'?s?|themas?|topics?|onderwerp(?:en)?|dossiers?|rubriek(?:en)?|rubriques?|sections?|category|categor[iy]e|"
    r"auteurs?|authors?|autor(?:en)?|archie(?:f|ven)|archives?|zoeken|search|recherche|suche|live-?center)(?:/|$)",
    re.IGNORECASE,
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_PARTS = frozenset(
    {*_HEADINGS, "p", "div", "section", "article", "main", "aside", "nav", "header", "footer", "figure", "form", "ul", "ol",
     "li", "dl", "dt", "dd", "table", "tbody", "tr", "td", "blockquote", "center"}
)  # fmt: skip
# Words of one passage: teasers are shorter. Passages: an article is cut by links to others a few times, a list by each.
_AT_LENGTH, _FEW, _MANY = 100, 4, 15
_NEAR = 25  # elements below a text among which it is asked to pay for the rest
_LIST_TYPES = frozenset({"CollectionPage", "SearchResultsPage", "ItemList", "ProfilePage", "ContactPage", "AboutPage"})


@dataclass(frozen=True, slots=True)
class Sight:
    """What there is to go by: the page, what it says of itself, and the text that was found on it."""

    page: Page
    tree: HtmlElement  # bared
    head: Head
    marks: str  # addresses of the scripts and frames that it loads
    url: str  # the article's own
    title: str
    blocks: Sequence[Block]
    told: str = ""  # the title that the feed gave

    @property
    def prose(self) -> int:
        """Return how many words stand in paragraphs long enough to be prose."""
        return sum(count for block in self.blocks if (count := len(text.words(block.text))) >= PROSE)


def marks(parsed: HtmlElement) -> str:
    """Return what the page loads, and the beginning of its own scripts. Must be asked before the tree is bared."""
    said = [node.get("src") or (node.text or "")[:300] for node in parsed.iter("script", "iframe")]
    return "\n".join(said[:60])


def of(seen: Sight) -> tuple[Outcome, str]:
    """Return what became of the page, and why when it is not simply read."""
    for question in (_gate, _lost, _front, _list, _other, _teaser):
        if answer := question(seen):
            return answer
    return Outcome.READ, ""


# --- walls ---------------------------------------------------------------------------------------------------------


def _gate(seen: Sight) -> tuple[Outcome, str] | None:
    where = _wall_address(seen.page)
    if where:
        return Outcome.GATE, f"redirected to {where}"
    said = text.joined(seen.blocks)[:_WALL]
    words = len(text.words(said))
    consent = len(_CONSENT_WORDS.findall(said))
    if words >= 15 and consent > words * (0.12 if is_described(seen.head) else 0.07):
        return Outcome.GATE, "the text asks for consent"
    if is_described(seen.head) or seen.prose > 150:
        return None
    if _GATE_TITLES.search(seen.title) or _GATE_TITLES.search(seen.head.title):
        return Outcome.GATE, f"its title is “{seen.title or seen.head.title}”"
    if seen.prose < 60 and (mark := _GATE_MARKS.search(seen.marks)):
        return Outcome.GATE, f"it loads {mark[0]} and has no text"
    return None


def _wall_address(page: Page) -> str:
    """Return where the page stands, when that is a wall's address and not the one that was asked for."""
    host, path = urls.host(page.url), _path(page.url)
    if not host or urls.normal(page.url) == urls.normal(page.asked):
        return ""
    moved = bool(page.asked) and host != urls.host(page.asked)
    if (moved and _GATE_HOSTS.search(host)) or (_GATE_PATHS.search(path) and not _GATE_PATHS.search(_path(page.asked))):
        return urls.masked(host + path)
    return ""


# --- what is not an article ----------------------------------------------------------------------------------------


def is_described(said: Head) -> bool:
    """Return whether the page describes itself as one article."""
    node = said.article
    return (
        ("headline" in node or "datePublished" in node)
        or said.meta("og:type").lower().endswith("article")
        or any(name.startswith("article:published") for name in said.metas)
    )


def _lost(seen: Sight) -> tuple[Outcome, str] | None:
    if is_described(seen.head) and seen.prose >= 2 * PROSE:
        return None
    lines = [seen.head.title, seen.title, *_top(seen)]
    if line := next((line for line in lines if len(line) < 200 and _LOST.search(line)), ""):
        return Outcome.NOT_ARTICLE, f"it says “{line}”"
    return None


def _top(seen: Sight) -> list[str]:
    """Return the first lines that the page shows below its menus: its headings and the beginning of its text."""
    shown = [_line(node) for node in seen.tree.iter("h1", "h2")]
    return [*shown[:4], *(block.text for block in seen.blocks[:4])]


def _front(seen: Sight) -> tuple[Outcome, str] | None:
    if _is_root(seen.page.url) and not ("datePublished" in seen.head.article and seen.prose >= 100):
        return Outcome.NOT_ARTICLE, "it is a front page"
    if not is_described(seen.head) and any(map(_is_root, (seen.head.canonical, seen.head.meta("og:url")))):
        return Outcome.NOT_ARTICLE, "it says that it is a front page"
    return None


def _list(seen: Sight) -> tuple[Outcome, str] | None:
    described = is_described(seen.head)
    if described and not _many_articles(seen.head):
        return None
    if seen.head.types() & _LIST_TYPES and not described:
        return Outcome.NOT_ARTICLE, "it says that it is a list"
    if seen.head.meta("og:type").lower().startswith("video") and seen.prose < 80:
        return Outcome.NOT_ARTICLE, "it is a video"
    if _addressed(seen.url) and not _LISTS.search(_path(seen.url)):
        return None if seen.prose >= PROSE else (Outcome.NOT_ARTICLE, "it has no text")
    return _by_text(seen)


def _is_root(url: str) -> bool:
    return bool(urls.host(url)) and not _path(url).strip("/") and not urlsplit(url).query


def _other(seen: Sight) -> tuple[Outcome, str] | None:
    """A page that does not describe itself, and has not one long word of the title that the feed gave, is another page."""
    wanted = {word[:5] for word in text.words(seen.told) if len(word) > 4}
    shown = {word[:5] for word in text.words(" ".join((seen.title, *_top(seen), text.joined(seen.blocks))))}
    if len(wanted) < 3 or wanted & shown or is_described(seen.head):
        return None
    return Outcome.NOT_ARTICLE, "it has not a word of the feed's title"


def _many_articles(said: Head) -> bool:
    """Return whether JSON-LD describes several articles side by side."""
    headlines = {head.plain(node.get("headline")) for node in said.nodes if "datePublished" in node}
    return len(headlines - {""}) > 2


def _addressed(url: str) -> bool:
    """Return whether the address looks like that of one article: a number or several words in its last part."""
    last = _path(url).rstrip("/").rsplit("/", 1)[-1]
    return bool(re.search(r"\d{4,}", _path(url))) or len(re.findall(r"[-_+]", last)) >= 3


def _by_text(seen: Sight) -> tuple[Outcome, str] | None:
    """Judge by the text alone: an article tells at length under one heading; a list is headlines, most of them links."""
    if seen.prose < PROSE:
        return Outcome.NOT_ARTICLE, "it has no text"
    is_named = _is_named(seen)
    passages = _passages(seen.tree, _HEADINGS if is_named else _PARTS)
    longest = min(seen.prose, max(passages, default=0))
    if is_named:
        is_list = longest < _AT_LENGTH and len(passages) > _FEW
        return (Outcome.NOT_ARTICLE, "it is a list of headlines") if is_list else None
    if longest < _AT_LENGTH:
        return Outcome.NOT_ARTICLE, "it has too little text"
    headlines = sum(1 for node in seen.tree.iter("h1", "h2", "h3") if node.find(".//a") is not None)
    if headlines > _MANY and longest < headlines * 8:
        return Outcome.NOT_ARTICLE, "it is a list of headlines"
    return None


def _is_named(seen: Sight) -> bool:
    """Return whether a heading says what the page's title says, or the first one what the feed's does."""
    told = text.heading(seen.tree, seen.told)
    return text.heading(seen.tree, seen.head.title) is not None or (told is not None and told.tag == "h1")


def _passages(tree: HtmlElement, headlines: Collection[str]) -> list[int]:
    """Return how many words of prose stand between one headline and the next: an element of these that is a link."""
    found = [0]
    for node in tree.iter(*_PARTS):
        own, linked = _own_words(node)
        if own >= 4 and linked > 0.8 * own and node.tag in headlines:
            found.append(0)
        elif own >= PROSE and linked <= own / 3 and node.tag not in _HEADINGS:
            found[-1] += own
    return [words for words in found if words]


def _own_words(node: HtmlElement) -> tuple[int, int]:
    """Return how many words stand in an element itself, not in its parts, and how many of them are links."""
    said, linked = node.text or "", 0
    for child in node:
        if child.tag not in _PARTS:
            said += " " + child.text_content()
            linked += sum(len(text.words(link.text_content())) for link in child.iter("a"))
        said += " " + (child.tail or "")
    return len(text.words(said)), linked


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


# --- what is paid for ----------------------------------------------------------------------------------------------


def _teaser(seen: Sight) -> tuple[Outcome, str] | None:
    """A page that is not free may still carry its whole text: then it is read."""
    told = seen.head.article.get("wordCount")
    if isinstance(told, int | str) and str(told).isdigit() and seen.prose > 0.7 * int(told) > 0:
        return None
    if seen.prose >= 200 or _behind(seen):
        return None
    if head.free(seen.head) is False:
        return Outcome.TEASER, "the page says that the article is not free"
    if wall := next((line for line in _below(seen) if weeds.asks_to_pay(line)), ""):
        return Outcome.TEASER, f"it ends with “{wall[:80]}”"
    return None


def _below(seen: Sight) -> Iterator[str]:
    """Yield the last lines of the text, and the few that the page shows below it, which extractors leave out."""
    yield from (block.text for block in seen.blocks[-4:])
    last = next((block.text for block in reversed(seen.blocks) if len(text.words(block.text)) >= PROSE), "")
    ends = [node for node in seen.tree.iter("p", "div", "td") if last and _line(node) == last]
    for node in ends[-1].xpath(f"following::*[position() <= {_NEAR}]") if ends else ():
        if not any(child.tag in _PARTS for child in node) and weeds.is_of_reading(line := _line(node)):
            yield line


def _line(node: HtmlElement) -> str:
    return " ".join(node.text_content().split())


def _behind(seen: Sight) -> bool:
    """Return whether the part that must be paid for stands in the page all the same."""
    for part in head.listed(seen.head.article.get("hasPart")):
        name = head.plain(part.get("cssSelector")).lstrip(".#") if isinstance(part, dict) else ""
        if not re.fullmatch(r"[\w-]+", name):
            continue
        for node in seen.tree.iter("div", "section", "article", "main", "p"):
            if name in (node.get("class") or "").split() or node.get("id") == name:
                return len(text.words(node.text_content())) > 60
    return False
