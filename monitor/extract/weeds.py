"""Lines that stand in an article and are not of it: bylines, dates, "lees ook", newsletters. Small, general rules. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.extract import text
from monitor.extract.text import Block

_MONTH = r"(?:jan|f[eé]b|m[aä]?rt|mars|mär|maart|a[pv]r|mei|mai|may|juni?|juin|juli?|juil|ao[uû]t|aug|sept?|o[kc]t|nov|d[eé][czk])\w*\.?"
_DATE = rf"(?:\d{{1,2}}[./-]\d{{1,2}}(?:[./-]\d{{2,4}})?|\d{{1,2}}(?:er|\.)? {_MONTH}(?: \d{{4}})?|{_MONTH} \d{{1,2}},? \d{{4}})"
_AGENCY = r"(?:afp|anp|ap|apa|belga|bloomberg|dpa|epa|efe|kna|novum|reuters|rtr|sda|sid|tass)"
_NAME = r"(?:[A-ZÀ-Þ][\w.'’-]*|van|von|der|den|de|di|du|la|le|ten|ter|zu|vom)"
_NAMES = rf"{_NAME}(?: {_NAME}){{0,5}}"
# A whole line that is one of these says nothing of the news. When it was written:
_LABEL = (
    r"(?:mise? (?:en ligne|à jour)|publi(?:é|cation)|modifi[ée]+|actualisé|posté|créé|gepubliceerd|geplaatst|(?:laatst )?"
    r"(?:bijgewerkt|gewijzigd|aangepast)|(?:laatste )?update|stand|veröffentlicht|aktualisiert|erstellt|published|updated|posted)"
)
_WHEN = re.compile(
    rf"{_LABEL}\b\W*(?:(?:le|op|am|on|om|à|at)\b\W*)?(?:\w+\W+){{0,2}}(?:{_DATE}|\d|vandaag|gisteren|heute|gestern|aujourd|hier|today)"
    r".{0,60}"
    rf"|\W*(?:\w+\W+)?{_DATE}\W*(?:\d{{4}}\W*)?(?:(?:à|om|um|at)?\W*\d{{1,2}}\s?[:hu.]\s?(?:\d\d)?\W*(?:uur|uhr|u|h)?\W*)?"
    r"|.{0,200}\b\d{1,2}\.\d{1,2}\.\d{4} \| \d+:\d\d min",
    re.IGNORECASE,
)
# By whom. Names are told by their capitals.
_WHO = re.compile(
    rf"(?i:door|par|von|by|tekst|texte|text)\W+{_NAMES}(?:(?:,| en| et| und| and|/) {_NAMES}){{0,3}}\W*"
    rf"|(?i:(?:mit|avec|met|with|bron|source|quelle)\W+)?\W*(?i:{_AGENCY})(?:\W+(?i:{_AGENCY})){{0,3}}\W*"
    r"|(?:[A-ZÀ-Þ][a-zà-þ]{0,2}\.[ -]?){1,3}(?:, ?(?:[A-ZÀ-Þ][a-zà-þ]{0,2}\.[ -]?){1,3}){0,5}"
    r"|(?i:r[ée]daction(?: en ligne)?|(?:van onze |web|online)?redactie|(?:online-?)?redaktion)\W*"
    r"|(?i:redactie|redaktion|rédaction|übersetzung|vertaling|traduction|faktencheck|(?:foto|photo|bild|beeld|image)s?"
    r"|meldung|autor(?:in)?)\W?:.{0,120}|— .{1,60}\(@\w+\).{0,40}|\W*(?:©|\([cC]\)|(?i:copyright\b)).{0,80}",
)
# Where the reader is sent next, and what he is asked to do.
_NEXT = re.compile(
    r"(?:lees|bekijk|luister|zie|kijk) (?:ook|meer|verder|hier)\b.{0,160}|meer (?:over|nieuws|lezen|weten)\b.{0,60}"
    r"|ook interessant\b.{0,20}|(?:voir|[àa]?\W?lire|[àa] (?:lire|voir|écouter)) (?:aussi|également|notre)\b.{0,160}"
    r"|sur le même (?:sujet|thème)\W*|lire (?:aussi|également|plus|la suite)\b.{0,160}|plus d['’]info\w*\W*|(?:nos )?autres articles\W*"
    r"|(?:compléments? d['’]informations?|lisez (?:aussi|également)|cliquez ici|regardez (?:aussi|la vidéo))\b.{0,120}"
    r"|(?:auch interessant|lesen sie (?:auch|hier|mehr)|mehr (?:zum thema|dazu|aus|artikel|über)|weitere (?:artikel|meldungen|themen)"
    r"|das könnte sie auch|siehe auch)\b.{0,160}|quellen?\W*|(?:read|see|watch) (?:also|more|next)\b.{0,160}|related\b.{0,20}"
    r"|(?:meest gelezen|les plus lus|meistgelesen|most read)\b.{0,30}"
    r"|(?:deel|partage[rz]?|teilen|share)\b.{0,30}|(?:reageer|réag[ir]\w+|commente[rz]|comments?|commentaires?|reacties|kommentare?)"
    r"\W*\d*\W*|(?:volg|suivez|folgen sie|follow) (?:ons|nous|uns|us)\b.{0,60}"
    r"|(?:tags?|trefwoorden|mots[- ]clés|themen)\W?:.{0,120}|(?:home|accueil|startseite) ?[>›»/].{0,120}",
    re.IGNORECASE,
)
# A short paragraph with one of these sells something.
_ADVERTS = re.compile(
    r"\b(?:newsletters?|nieuwsbrief|abonneer|abonnez|abonnieren|abonnement|inscrivez-vous|schrijf (?:je|u) in|meld (?:je|u) aan"
    r"|melden sie sich|push[- ]?(?:meldingen|notifications?|nachrichten)|(?:whats-?app|telegram|signal)[- ]?(?:kanaal|kanal|channel|canal|groep)"
    r"|(?:download|téléchargez|laad) (?:de|notre|nu|onze)?\W*app|news-?app|in unserem (?:liveblog|ticker)|e-paper|jetzt (?:unterstützen|testen|lesen)"
    r"|social media)\b",
    re.IGNORECASE,
)
# Where the reader is asked to pay for the rest, or to say who he is.
_PAY = re.compile(
    r"(?:lees|verder|onbeperkt)\b.{0,40}\b(?:abonne|inlog|premium|plus\b|lid\b)|\b(?:word|neem|kies|nog geen)\b.{0,30}\b(?:abonn|lid\b)"
    r"|(?:alleen|enkel|exclusief|uitsluitend) (?:voor|toegankelijk voor)\b.{0,20}\b(?:abonnee|leden)|al abonnee\b"
    r"|(?:réservée?s?|exclusi\w+) (?:aux|à nos|pour)\b.{0,15}\babonnés|\babonnez-vous|déjà abonnée?|il (?:vous )?reste .{0,30}à lire"
    r"|(?:la )?suite (?:de (?:l['’]|cet )article )?(?:est )?réservée|pour (?:lire|continuer|poursuivre)\b.{0,40}\b(?:abonn|connect)"
    r"|(?:jetzt|weiter)\W?(?:weiter)?lesen\b.{0,40}\b(?:abo|plus|testen|\+)|(?:nur|exklusiv) für\b.{0,12}\b(?:abonnent|mitglieder|plus)"
    r"|bereits abonnent|subscribe (?:now )?to (?:continue|read|keep)|(?:for|to) subscribers only|already a subscriber"
    r"|(?:maak|créez|creëer|create)\b.{0,20}\b(?:account|compte)\b.{0,40}\b(?:lezen|lire|read)"
    r"|\b(?:registrieren|registreer|inscrivez|register)\b.{0,40}\b(?:weiter\w*lesen|lezen|lire|read)",
    re.IGNORECASE,
)
_READING = re.compile(
    r"\b(?:lees|lezen|lisez|lire|suite|lesen|weiterlesen|weiterzulesen|read|reading|artikel|article|exclusi\w+|exklusiv|réservée?s?)\b",
    re.IGNORECASE,
)
_LABELLED = re.compile(rf"\W*{_LABEL}\b", re.IGNORECASE)
_LONGEST = 240  # signs; what is longer is text


def pulled(blocks: Sequence[Block], authors: Sequence[str] = ()) -> tuple[Block, ...]:
    """Return the blocks that are the article's own."""
    names = {text.words(name) for name in authors} - {()}
    kept = [
        block
        for block in blocks
        if not (is_weed(block.text) or _leads_elsewhere(block) or text.words(block.text) in names)
    ]
    return _told_once(_without_tail(_without_loose_cells(kept)))


def is_weed(line: str) -> bool:
    """Return whether this line is none of the article's."""
    if len(line) > _LONGEST:
        return False
    return any(pattern.fullmatch(line) for pattern in (_WHEN, _WHO, _NEXT)) or bool(_ADVERTS.search(line))


def is_dateline(line: str) -> bool:
    """Return whether this line begins by saying that it tells when the article was written."""
    return bool(_LABELLED.match(line))


def asks_to_pay(line: str) -> bool:
    """Return whether this line says that there is more to read for those who pay, or register."""
    return len(line) < 300 and bool(_PAY.search(line))


def is_of_reading(line: str) -> bool:
    """Return whether this line speaks of reading, or of this article: a footer asks for a subscription on every page."""
    return bool(_READING.search(line))


def _leads_elsewhere(block: Block) -> bool:
    """Return whether it is the headline of another story: a short line that is nothing but a link."""
    return block.linked > 0.8 and len(block.text) < _LONGEST


def _without_loose_cells(blocks: Sequence[Block]) -> list[Block]:
    """Drop the cells of tables that are figures and labels; old pages also keep their text in tables."""
    return [block for block in blocks if block.kind != "cell" or len(text.words(block.text)) >= 8]


def _without_tail(blocks: list[Block]) -> list[Block]:
    """Drop headings under which nothing stands, and the wish to be paid for what was read."""
    kept = list(blocks)
    while kept and (kept[-1].kind == "head" or asks_to_pay(kept[-1].text)):
        kept.pop()
    return kept


def _told_once(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Drop what an earlier block said word for word: pull quotes, captions, boxes that stand twice in the page."""
    seen: set[str] = set()
    kept = []
    for block in blocks:
        if len(block.text) < 40 or block.text not in seen:
            kept.append(block)
        seen.add(block.text)
    return tuple(kept)
