"""The words around a hit, in the reader's language. Pure: data and two small functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's words. `{}` is filled in by whoever shows them."""

    language: str
    hits: str  # "{} hits"
    also_in: str  # before outlets
    adds: str  # before the sentence of a follow-up
    after: str  # "Follows: {}", the headline that told the story first
    conjunction: str  # between the last two outlets
    incomplete: str
    seen: str  # before a time that is ours, not the article's
    read_at: str  # "Read at {}"
    read: str  # where the outlet is not known
    why: str
    mute: str
    more: str  # "and {} more"
    notice: str
    notices: str  # "{} notices"
    no_title: str
    template_failed: str
    days: str
    months: str


NL = Words(
    language="nl",
    hits="{} treffers",
    also_in="Ook in",
    adds="Voegt toe",
    after="Volgt op: {}",
    conjunction="en",
    incomplete="niet volledig gelezen",
    seen="gezien",
    read_at="Lees bij {}",
    read="Lees het artikel",
    why="Waarom deze melding?",
    mute="Dit verhaal dempen",
    more="… en nog {}",
    notice="Bericht van monitor",
    notices="{} berichten van monitor",
    no_title="zonder titel",
    template_failed="Het eigen sjabloon faalde; dit is het gewone",
    days="ma di wo do vr za zo",
    months="jan feb mrt apr mei jun jul aug sep okt nov dec",
)
FR = Words(
    language="fr",
    hits="{} résultats",
    also_in="Aussi dans",
    adds="Ajoute",
    after="Fait suite à : {}",
    conjunction="et",
    incomplete="pas lu en entier",
    seen="vu",
    read_at="Lire dans {}",
    read="Lire l’article",
    why="Pourquoi cette alerte ?",
    mute="Taire cette histoire",
    more="… et {} de plus",
    notice="Message de monitor",
    notices="{} messages de monitor",
    no_title="sans titre",
    template_failed="Votre modèle a échoué ; voici le modèle habituel",
    days="lu ma me je ve sa di",
    months="janv févr mars avr mai juin juil août sept oct nov déc",
)
DE = Words(
    language="de",
    hits="{} Treffer",
    also_in="Auch in",
    adds="Ergänzt",
    after="Folgt auf: {}",
    conjunction="und",
    incomplete="nicht vollständig gelesen",
    seen="gesehen",
    read_at="Lesen bei {}",
    read="Artikel lesen",
    why="Warum diese Meldung?",
    mute="Dieses Thema stummschalten",
    more="… und {} weitere",
    notice="Nachricht von monitor",
    notices="{} Nachrichten von monitor",
    no_title="ohne Titel",
    template_failed="Die eigene Vorlage schlug fehl; dies ist die gewöhnliche",
    days="Mo Di Mi Do Fr Sa So",
    months="Jan Feb März Apr Mai Juni Juli Aug Sept Okt Nov Dez",
)
EN = Words(
    language="en",
    hits="{} hits",
    also_in="Also in",
    adds="Adds",
    after="Follows: {}",
    conjunction="and",
    incomplete="not read in full",
    seen="seen",
    read_at="Read at {}",
    read="Read the article",
    why="Why this alert?",
    mute="Mute this story",
    more="… and {} more",
    notice="Notice from monitor",
    notices="{} notices from monitor",
    no_title="untitled",
    template_failed="Your template failed; this is the usual one",
    days="Mon Tue Wed Thu Fri Sat Sun",
    months="Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
)
LANGUAGES: Mapping[str, Words] = {words.language: words for words in (NL, FR, DE, EN)}


def words_for(language: str) -> Words:
    """Return the words of a language (`nl`, `nl-BE`); English for one that is not here."""
    return LANGUAGES.get(language[:2].lower(), EN)


def when(moment: datetime, zone: ZoneInfo, words: Words) -> str:
    """Return day and time as a newsroom writes them: `wo 18 nov 14:05`, in local time."""
    local = moment.astimezone(zone)
    day, month = words.days.split()[local.weekday()], words.months.split()[local.month - 1]
    return f"{day} {local.day} {month} {local:%H:%M}"


def listed(names: Sequence[str], words: Words) -> str:
    """Return names as a sentence has them: `De Morgen, Trouw en Le Soir`; each once."""
    *most, last = dict.fromkeys(names)
    return f"{', '.join(most)} {words.conjunction} {last}" if most else last
