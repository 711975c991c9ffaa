"""What a message shows of a hit: clean, cut to size, in pieces that say what is evidence. Pure.

Whatever comes from the web becomes here what every channel can bear: one line, no control or direction signs, no lone
surrogates, links that are http(s) or nothing. Markup is no business of this module: nothing here is markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from monitor.model import Article, Delivery, Evidence, FieldName, Hit, Notice, Opening
from monitor.render.words import Words, when

# How much of one sentence, and how many sentences, a person reads before the link is the better choice.
SENTENCE, SENTENCES, OPENING = 420, 3, 240
TITLE = 200
# Longer addresses are refused by mail programs and by Slack; then the reader finds it by its id.
LINK = 2_000
# A key's first digits are enough to name a hit (`monitor hits show 3f2a91c07b4d`).
ID = 12
# Looked at before anything is cut: a title of a megabyte costs no more than this.
_FAR = 20_000
# Explicit direction marks turn what a reader sees around; soft hyphens, joiners and the BOM are seen by nobody.
_UNSEEN = re.compile(
    r"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text; `marked` when a rule found it."""

    text: str
    marked: bool = False


Passage = tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A hit as it is shown."""

    id: str
    story: str
    article: str
    title: str
    title_pieces: Passage
    outlet: str
    when: str
    rule: str
    tags: tuple[str, ...]  # labels of the rule, and what a reader must know: "not read in full"
    passages: tuple[Passage, ...]
    link: str  # http(s), or "" when there is none to trust
    follows: bool  # the reader knows the story already
    after: str = ""  # by this headline, where the thread does not show it

    @property
    def source(self) -> str:
        """Outlet and time, as a dateline."""
        return " · ".join(part for part in (self.outlet, self.when) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notice as it is shown."""

    title: str
    lines: tuple[str, ...]
    when: str


# --- cleaning and cutting --------------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """Return text as one line that no mail header, terminal or chat can trip over; inner blanks are single."""
    near = _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text[:_FAR])
    return _BLANKS.sub(" ", _CONTROLS.sub(" ", _UNSEEN.sub("", near)))


def cut(text: str, most: int) -> str:
    """Return text of at most so many characters, cut where a word ends, with `…` for what is missing."""
    if len(text) <= most:
        return text
    if most < 1:
        return ""
    kept = text[: most - 1]
    if not text[most - 1].isspace():
        border = kept.rfind(" ")
        # A "word" as long as half the room is no word: cut through it rather than lose the line.
        kept = kept[:border] if border >= most // 2 else kept
    return kept.rstrip(" ,;:–-") + "…"


def cut_start(text: str, most: int) -> str:
    """Return the end of a text: `cut`, from the other side."""
    return cut(text[::-1], most)[::-1]


def safe_link(url: str) -> str:
    """Return an address that may be clicked: http or https with a host, escaped; else ""."""
    near = _SURROGATES.sub("", url.strip()[: LINK + 1])
    try:
        parts = urlsplit(near)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https"} or not host or parts.username or len(near) > LINK:
        return ""
    escaped = quote(near, safe=_URL_SAFE)
    return escaped if len(escaped) <= LINK else ""


# --- what is shown ---------------------------------------------------------------------------------------------------


def _new_first(hit: Hit, delivery: Delivery) -> tuple[Passage, ...]:
    """Return what a follow-up adds to the story, before the evidence, unless the evidence says it."""
    told = any(hit.adds in found.sentence for found in hit.match.evidence)
    said = cut(clean(hit.adds).strip(), SENTENCE)
    return ((Piece(said),),) if said and delivery.follows and not told else ()


def item(delivery: Delivery, hit: Hit, zone: ZoneInfo, words: Words) -> Item:
    """Return what is shown of a hit."""
    article = hit.article
    title = cut(clean(article.title).strip(), TITLE) or words.no_title
    return Item(
        id=hit.key[:ID],
        story=hit.story,
        article=article.key,
        title=title,
        title_pieces=_title(article, hit.match.evidence, title),
        outlet=cut(clean(article.outlet or urlsplit(safe_link(article.url)).hostname or "").strip(), 60),
        when=_when(hit, zone, words),
        rule=cut(clean(hit.rule_name or hit.rule).strip(), 100),
        tags=tuple(_tags(hit, words)),
        passages=_new_first(hit, delivery) + (_passages(article, hit.match.evidence) or _opening(article)),
        link=safe_link(article.url),
        follows=bool(delivery.follows),
    )


def headline(opening: Opening) -> str:
    """Return what a reader knows the opening of a story by."""
    outlet = cut(clean(opening.outlet).strip(), 60)
    return cut(clean(opening.title).strip(), 120) + (f" ({outlet})" if outlet else "")


def told(notice: Notice, zone: ZoneInfo, words: Words) -> Told:
    """Return what is shown of a notice."""
    lines = (cut(clean(line).strip(), 1_000) for line in notice.text[:_FAR].splitlines()[:40])
    return Told(
        title=cut(clean(notice.title).strip(), TITLE) or words.notice,
        lines=tuple(line for line in lines if line),
        when=when(notice.found, zone, words),
    )


def merged(one: Item, other: Item) -> Item:
    """Return one item for an article that two rules hit: both rules' names, labels and sentences, each once."""
    shown = {"".join(piece.text for piece in passage) for passage in one.passages}
    more = [passage for passage in other.passages if "".join(piece.text for piece in passage) not in shown]
    return replace(
        one,
        rule=" · ".join(dict.fromkeys((one.rule, other.rule))),
        tags=tuple(dict.fromkeys((*one.tags, *other.tags))),
        passages=(*one.passages, *more)[:SENTENCES],
    )


def shorter(one: Item, title: int, passages: int, sentence: int) -> Item:
    """Return the item with less of it: for messages with many hits and for channels with little room."""
    kept = tuple(fit(passage, sentence) for passage in one.passages[:passages])
    cut_title = cut(one.title, title)
    pieces = one.title_pieces if cut_title == one.title else (Piece(cut_title),)
    return replace(one, title=cut_title, title_pieces=pieces, passages=kept, after=one.after if passages else "")


def _when(hit: Hit, zone: ZoneInfo, words: Words) -> str:
    """The article's own time; ours when it has none that can be true."""
    published = hit.article.published
    if published and published.year > 1990 and published <= hit.found:
        return when(published, zone, words)
    return f"{words.seen} {when(hit.found, zone, words)}"


def _tags(hit: Hit, words: Words) -> Iterable[str]:
    if not hit.article.complete:
        yield words.incomplete
    for tag in hit.match.tags[:6]:
        yield cut(clean(tag).strip(), 40)


# --- evidence --------------------------------------------------------------------------------------------------------


def _title(article: Article, evidence: Sequence[Evidence], shown: str) -> Passage:
    spans = [(one.start, one.end) for one in evidence if one.field == "title"]
    pieces = _pieces(article.title[:_FAR], spans)
    return pieces if "".join(piece.text for piece in pieces) == shown else (Piece(shown),)


def _passages(article: Article, evidence: Sequence[Evidence]) -> tuple[Passage, ...]:
    """Return the sentences that the evidence stands in, in reading order, each once; the title shows its own."""
    spans: dict[tuple[FieldName, int, int], list[tuple[int, int]]] = {}
    for one in evidence:
        if one.field != "title":
            start, end = _sentence(article, one)
            spans.setdefault((one.field, start, end), []).append((one.start - start, one.end - start))
    shown = list(spans.items())[:SENTENCES]
    return tuple(
        fit(_pieces(getattr(article, field)[start:end], found), SENTENCE) for (field, start, end), found in shown
    )


def _opening(article: Article) -> tuple[Passage, ...]:
    """Return how the article begins: when the evidence is in the title alone, the reader wants to know more."""
    said = cut(clean(article.lead or article.body.partition("\n\n")[0]).strip(), OPENING)
    return ((Piece(said),),) if said else ()


def _sentence(article: Article, one: Evidence) -> tuple[int, int]:
    """Return where the sentence around the evidence stands; the evidence's own place when it cannot be found."""
    text, sentence = getattr(article, one.field), one.sentence
    start = text.find(sentence, max(one.end - len(sentence), 0), one.start + len(sentence)) if sentence else -1
    return (start, start + len(sentence)) if start >= 0 else (one.start, one.end)


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> Passage:
    """Split a text where evidence begins and ends, and clean each piece."""
    pieces, at = [], 0
    for start, end in sorted(spans):
        if start >= at and end <= len(text):
            pieces += [Piece(clean(text[at:start])), Piece(clean(text[start:end]), marked=True)]
            at = end
    pieces.append(Piece(clean(text[at:])))
    return _trimmed([piece for piece in pieces if piece.text])


def _trimmed(pieces: list[Piece]) -> Passage:
    if pieces:
        pieces[0] = replace(pieces[0], text=pieces[0].text.lstrip())
        pieces[-1] = replace(pieces[-1], text=pieces[-1].text.rstrip())
    return tuple(piece for piece in pieces if piece.text)


def fit(passage: Passage, most: int) -> Passage:
    """Return the passage within so many characters: the evidence stays, the words around it are cut."""
    if sum(len(piece.text) for piece in passage) <= most:
        return passage
    passage = tuple(replace(piece, text=cut(piece.text, 80)) if piece.marked else piece for piece in passage)
    plain = sum(not piece.marked for piece in passage) or 1
    room = max(most - sum(len(piece.text) for piece in passage if piece.marked), 0) // plain
    last = len(passage) - 1
    kept = [piece if piece.marked else Piece(_around(piece.text, room, at, last)) for at, piece in enumerate(passage)]
    return tuple(piece for piece in kept if piece.text)


def _around(text: str, room: int, at: int, last: int) -> str:
    """Cut a plain piece on the side that is away from the evidence; between two, in its middle."""
    if len(text) <= room:
        return text
    if at == 0:
        return cut_start(text, room)
    if at == last:
        return cut(text, room)
    half = (room - 3) // 2
    return f"{cut(text, half)} {cut_start(text, half)}" if half > 12 else " … "
