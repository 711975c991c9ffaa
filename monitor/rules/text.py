"""What the matcher sees of a text: folded words with exact ways back, sentences, paragraphs, live-blog items. Pure.

Folding makes one alphabet of many: lower case, no accents, ligatures spelt out, soft hyphens and zero-width signs gone.
Latin becomes ASCII; other scripts stay UTF-8 bytes, so that they can never be taken for Latin words. A word is a run of
letters and digits; apostrophes and hyphens part words, and a hyphenated word is also there in its joined form.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from monitor.model import FIELDS, Article, FieldName

# A word of more folded bytes than this is no word: a run of 100 kB costs a second in every wildcard, and means nothing.
LONGEST_WORD = 256
# Windows never cross from one document into the next: their sentences, paragraphs and words are this far apart.
APART = 1 << 20

TITLE, LEAD, BODY = 1, 2, 4
FIELD_BITS: dict[FieldName, int] = {"title": TITLE, "lead": LEAD, "body": BODY}

# Letters that Unicode does not decompose, and signs whose decomposition would mislead.
_SPECIAL = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D",
    "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ł": "l", "Ł": "L", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T",
    "ı": "i", "ŋ": "n", "Ŋ": "N", "ĸ": "k", "ƒ": "f", "…": "...",
    "\u2028": "\n", "\u2029": "\n\n", "\x85": "\n",
}  # fmt: skip
_SPECIAL |= dict.fromkeys("’‘‛ʼʹˈ′´ʻʽ＇", "'")
_SPECIAL |= dict.fromkeys("“”„‟«»‹›″「」『』", '"')
_SPECIAL |= dict.fromkeys("‐‑–−⁃﹣－", "-")


@lru_cache(maxsize=65536)
def _folded_character(character: str) -> str:
    """Return what one character becomes, its case kept; "" for what vanishes, " " for what parts words."""
    if character < "\x80":
        return character
    if character in _SPECIAL:
        return _SPECIAL[character]
    category = unicodedata.category(character)
    if category == "Cf" or category[0] == "M":
        return ""
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category[0] in "LN" and category != "No":
        return "".join(map(_folded_piece, unicodedata.normalize("NFKD", character)))
    return _plain_sign(character)


def _folded_piece(piece: str) -> str:
    """Return what one character of a decomposition becomes: letters stay, marks vanish."""
    if piece in _SPECIAL:
        return _SPECIAL[piece]
    return piece if piece < "\x80" or unicodedata.category(piece)[0] == "L" else ""


def _plain_sign(character: str) -> str:
    """Return the ASCII sign that a full-width or typographic one stands for, else a space."""
    plain = unicodedata.normalize("NFKD", character)
    return plain if len(plain) == 1 and plain in ".!?,;:()[]" else " "


@lru_cache(maxsize=65536)
def _folded_bytes(character: str) -> bytes:
    return _folded_character(character).casefold().encode() if _is_foreign(character) else _latin_bytes(character)


def _is_foreign(character: str) -> bool:
    return not _folded_character(character).isascii()


def _latin_bytes(character: str) -> bytes:
    return _folded_character(character).encode("ascii")


class _Memo(dict[str, bytes]):
    """Runs of characters outside ASCII, each folded once. Bounded: hostile text is never the same twice."""

    def __missing__(self, run: str) -> bytes:
        folded = b"".join(map(_folded_bytes, run))
        if len(run) <= 24 and len(self) < 200_000:
            self[run] = folded
        return folded


_memo = _Memo()


def _fold_error(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return _memo[error.object[error.start : error.end]], error.end


codecs.register_error("monitor.fold", _fold_error)

_LOWER = bytes(
    code if chr(code) in "abcdefghijklmnopqrstuvwxyz0123456789-" or code >= 0x80
    else code + 32 if 65 <= code <= 90
    else 32
    for code in range(256)
)  # fmt: skip
_LOWER_PATTERN = _LOWER[:42] + b"*" + _LOWER[43:]


def encoded(text: str) -> bytes:
    """Return the text in the folded alphabet, signs and Latin case still there."""
    return text.encode("ascii", "monitor.fold")


def fold(text: str) -> bytes:
    """Return the text as the matcher sees it: folded letters, digits and hyphens; a space for everything else."""
    return encoded(text).translate(_LOWER)


def folded_words(pattern: str) -> tuple[bytes, ...]:
    """Return the folded words of a term's word: one as a rule, more where a hyphen or an apostrophe parts it."""
    return tuple(encoded(pattern).translate(_LOWER_PATTERN).replace(b"-", b" ").split())


def cased_words(pattern: str) -> tuple[str, ...]:
    """Return the words of a pattern or a passage with accents folded and the case kept: for terms like `=FSB`."""
    kept = "".join(map(_folded_character, pattern))
    return tuple(_CASED_WORD.findall(kept))


_CASED_WORD = re.compile(r"[^\W_*]*(?:\*[^\W_*]*)+|[^\W_]+")


_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


class Offsets:
    """The way back from folded bytes to the characters of the original.

    Only characters that become more or less than one byte move what follows: these are kept, each with the place of
    its bytes (`_folded`), its own place (`_original`) and the number of its bytes (`_sizes`).
    """

    __slots__ = ("_folded", "_original", "_sizes", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._folded: list[int] = []
        self._original: list[int] = []
        self._sizes: list[int] = []
        moved = 0
        for found in _NOT_ASCII.finditer(text):
            size = len(_folded_bytes(found.group()))
            if size != 1:
                self._folded.append(found.start() + moved)
                self._original.append(found.start())
                self._sizes.append(size)
                moved += size - 1

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where `folded[start:end]` (not empty) stands in the original, with the marks that belong to it."""
        last = self._character(end - 1) + 1
        while (
            last < len(self._text) and self._text[last] >= "\u0300" and unicodedata.category(self._text[last])[0] == "M"
        ):
            last += 1
        return self._character(start), last

    def _character(self, at: int) -> int:
        """Return the character to which a folded byte belongs. What vanishes shares the place of what follows."""
        index = bisect_right(self._folded, at) - 1
        if index < 0:
            return at
        behind = at - self._folded[index] - self._sizes[index]
        return self._original[index] + (1 + behind if behind >= 0 else 0)


# --- sentences -----------------------------------------------------------------------------------------------------

# A full stop ends a sentence when something like a beginning follows; also where the space between is lost ("open.De").
_ENDING = re.compile(rb"""[.!?]+["')\]]*(?:(?=\s+["'(\[]*(?:'?[stkn]\s)?["'(\[]*[A-Z0-9\x80-\xff])|(?=[A-Z][a-z]))""")
_BULLET = re.compile(rb"\n\s*(?=[-*]\s)")
_ABBREVIATIONS = frozenset(
    # nl
    b"dhr mevr mw mr drs ir ing prof dr ds bijv bv ca blz art nr no tel vgl afb incl excl resp max min gem jl ll st sr jr "
    b"jan feb mrt apr jun jul aug sep sept okt nov dec gen kol maj kap lt sgt hfst fig red vs mln mld bn bl pag zgn evt "
    # fr
    b"m mm mme mlle me mgr cf env av janv fevr juil oct p pp vol ed ste chap col cap "
    # de
    b"hr fr str bzw usw ggf evtl inkl exkl nr abs ziff bd hrsg geb gest mio mrd sog tsd mind okt dez vgl "
    # en
    b"mrs ms messrs rev hon gov sen rep capt cmdr maj gen lt sgt inc ltd corp co approx dept est vs mt ft".split()
)


def sentences(text: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Return where the sentences in `encoded[start:end]` stand: tuned to news in Dutch, French, German and English."""
    cuts = [found.end() for found in _ENDING.finditer(text, start, end) if not _goes_on(text, start, found)]
    if b"\n" in text[start:end]:
        cuts = sorted({*cuts, *(found.end() for found in _BULLET.finditer(text, start, end))})
    return list(zip([start, *cuts], [*cuts, end], strict=True))


def _goes_on(text: bytes, start: int, ending: re.Match[bytes]) -> bool:
    """Say whether this full stop belongs to an abbreviation, an initial, an ordinal or an address."""
    at, past = ending.span()
    if text[past] > 32 and not text[at - 2 : at].islower():
        return True
    if text[at] != 46 or text[at : at + 2] == b"..":
        return False
    word = text[max(start, text.rfind(b" ", start, at) + 1, text.rfind(b"\n", start, at) + 1) : at].lstrip(b"\"'([-")
    if word.isdigit():
        return len(word) <= 2
    if len(word) == 1:
        return word.isupper()
    return b"." in word.strip(b".") or word.lower() in _ABBREVIATIONS


# --- documents -----------------------------------------------------------------------------------------------------

_BREAK = re.compile(rb"\n[ \t\r]*\n\s*")
_STAMP = re.compile(
    rb"[ \t*-]*(?:[01]?\d|2[0-3])"
    rb"(?:[:h][0-5]\d(?:[ \t]*(?:uur|u|h|Uhr)\b)?|[.][0-5]\d[ \t]*(?:uur|u|h|Uhr)\b|[.][0-5]\d(?=[ \t]*(?:\n|[-|:]|\Z)))"
    rb"(?![0-9:])"
)


@dataclass(slots=True)
class Field:
    """One field of an article, folded."""

    name: FieldName
    text: str
    encoded: bytes
    folded: bytes
    _offsets: Offsets | None = None

    @property
    def offsets(self) -> Offsets:
        """The way back; made when it is first asked for: only hits need it."""
        if self._offsets is None:
            self._offsets = Offsets(self.text)
        return self._offsets


class Sentence(NamedTuple):
    """A sentence: where it stands, and where in the order of windows."""

    field: Field
    start: int  # in the folded bytes of the field
    end: int
    first: int  # position of its first word
    words: int
    number: int  # sentences are counted through an article; those of two documents are APART
    paragraph: int  # as are paragraphs
    document: int
    bits: int  # fields it belongs to: the body's first paragraph is the lead as well, when no other lead is there


class Quote(NamedTuple):
    """Words as they stand in an article: their field, their offsets in it, and the sentence around them."""

    field: FieldName
    start: int
    end: int
    text: str
    sentence: str


@dataclass(slots=True)
class Folded:
    """An article as the matcher sees it: `words[position]`, and sentences that hold positions [first, first + words)."""

    article: Article
    words: list[bytes] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)  # of the sentences
    joined: list[tuple[int, int, bytes]] = field(default_factory=list)  # hyphenated words: first, past the last, joined
    _texts: dict[int, str] = field(default_factory=dict)
    _quotes: dict[tuple[int, int], Quote] = field(default_factory=dict)

    def sentence_at(self, position: int) -> Sentence:
        """Return the sentence that holds the word at this position."""
        return self.sentences[bisect_right(self.firsts, position) - 1]

    def place(self, first: int, past: int) -> tuple[FieldName, int, int]:
        """Return the field and the offsets in the original text of the words at positions [first, past)."""
        sentence = self.sentence_at(first)
        start = self._start(sentence, first)
        end = (start if past == first + 1 else self._start(sentence, past - 1)) + len(self.words[past - 1])
        return (sentence.field.name, *sentence.field.offsets.span(start, end))

    @staticmethod
    def _start(sentence: Sentence, position: int) -> int:
        """Return where in the folded bytes of its field a word of this sentence begins."""
        number = position - sentence.first
        words = sentence.field.folded[sentence.start : sentence.end].replace(b"-", b" ")
        return sentence.end - len(words.split(None, number)[number])

    def quote(self, first: int, past: int) -> Quote:
        """Return the words at positions [first, past) as they stand in the article; many rules find the same ones."""
        quote = self._quotes.get((first, past))
        if quote is None:
            name, start, end = self.place(first, past)
            text: str = getattr(self.article, name)[start:end]
            quote = self._quotes[first, past] = Quote(name, start, end, text, self.sentence_text(first))
        return quote

    def sentence_text(self, position: int) -> str:
        """Return the sentence around a word as it stands in the article."""
        sentence = self.sentence_at(position)
        if sentence.first not in self._texts:
            start, end = sentence.field.offsets.span(sentence.start, sentence.end)
            self._texts[sentence.first] = sentence.field.text[start:end].strip()
        return self._texts[sentence.first]


def folded(article: Article) -> Folded:
    """Fold an article: title, lead and body, in this order, and each live-blog item as a document of its own."""
    result = Folded(article)
    at = Place()
    for name in FIELDS:
        text = getattr(article, name)
        if text:
            code = encoded(text)
            at.bits = BODY | LEAD if name == "body" and not article.lead else FIELD_BITS[name]
            _add_field(result, Field(name, text, code, code.translate(_LOWER)), at)
    return result


@dataclass(slots=True)
class Place:
    """Where in the order of windows the next sentence stands."""

    number: int = 0
    paragraph: int = 0
    document: int = 0
    bits: int = TITLE

    def next_document(self) -> None:
        """Leave a gap that no window spans."""
        self.document += 1
        self.number += APART
        self.paragraph += APART


def _add_field(result: Folded, part: Field, at: Place) -> None:
    for start, end, stamped in _paragraphs(part, live=result.article.live):
        if stamped:
            at.next_document()
        before = len(result.words)
        _add_paragraph(result, part, start, end, at)
        if len(result.words) > before:
            at.paragraph += 1
            at.bits = FIELD_BITS[part.name]


def _paragraphs(part: Field, *, live: bool) -> list[tuple[int, int, bool]]:
    """Return start, end and "a live-blog item begins here" of a field's paragraphs; a title or a lead is one."""
    size = len(part.encoded)
    if part.name != "body" or b"\n" not in part.encoded:
        return [(0, size, live and _STAMP.match(part.encoded) is not None)]
    stamps = _stamps(part.encoded)
    # One time at the head of a paragraph may be a caption; two are a live blog, whatever the page calls itself.
    if len(stamps) < (1 if live else 2):
        stamps = set()
    starts = sorted({0, *stamps, *(found.end() for found in _BREAK.finditer(part.encoded))})
    return [(start, end, start in stamps) for start, end in zip(starts, [*starts[1:], size], strict=True)]


def _stamps(text: bytes) -> set[int]:
    """Return where lines begin with a time of day."""
    found, start = set(), 0
    while start >= 0:
        if _STAMP.match(text, start):
            found.add(start)
        start = text.find(b"\n", start) + 1 or -1
    return found


def _add_paragraph(result: Folded, part: Field, start: int, end: int, at: Place) -> None:
    """Add the sentences of a paragraph. A title is one sentence, whatever its signs."""
    bounds = [(start, end)] if part.name == "title" else sentences(part.encoded, start, end)
    for first, past in bounds:
        text = part.folded[first:past]
        words = text.split()
        begin = len(result.words)
        if b"-" in text:
            words = _parted(words, begin, result.joined)
        if words:
            result.words += words
            result.firsts.append(begin)
            place = (at.number, at.paragraph, at.document, at.bits)
            result.sentences.append(Sentence(part, first, past, begin, len(words), *place))
            at.number += 1


def _parted(words: list[bytes], begin: int, joined: list[tuple[int, int, bytes]]) -> list[bytes]:
    """Return words with the hyphenated ones parted; their joined forms are added to `joined`."""
    found: list[bytes] = []
    for word in words:
        if b"-" not in word:
            found.append(word)
            continue
        pieces = [piece for piece in word.split(b"-") if piece]
        if len(pieces) > 1 and b"--" not in word.strip(b"-"):
            at = begin + len(found)
            joined.append((at, at + len(pieces), b"".join(pieces)))
        found += pieces
    return found


# --- language ------------------------------------------------------------------------------------------------------

# Small words that one of these languages has and the others have not, or have rarely; the languages after the first
# four are there to be recognised as none of ours.
_SMALL_WORDS = {
    "nl": "de het een van en dat niet zijn met voor aan ook er maar om hij ze bij uit nog naar wordt werd heeft worden "
    "deze dit wel geen hun zou over door als dan na tot volgens tegen omdat kan meer",
    "fr": "de en le la les des est et dans que qui une pour pas sur au aux avec ce cette il elle sont ont ses par plus ne se "
    "son sa mais nous leur ete selon entre apres comme du etait",
    "de": "der die das und ist nicht mit den dem ein eine von zu auf fur im sich auch es wird hat bei nach aus wie noch "
    "werden wurde dass oder uber am zum zur vor des einen einer sind haben",
    "en": "the of and to that is was for on with as his at by this have from or had not are but they which you were her "
    "she will been has their would said its who after about",
    "es": "de en la que el los las una por con para del como mas pero sus este esta fue ha son lo y muy sobre entre tambien",
    "it": "la il di che un per non una sono della con del gli da le nel alla anche piu ha ma dei delle si dal",
    "pt": "de que os uma com nao para por mais dos como foi ao das sua ou muito nos ja tambem pelo sao em um do da",
    "da": "og i at det en til er som pa af ikke med den har han vi var jeg kan skal vil blev efter sig",
    "sv": "och att det som en pa ar av for med den till inte har om ett han jag var sig fran men vi",
    "no": "og i det som en pa er til av for at med den ikke har de et han jeg var fra men vi ble",
    "pl": "w i na z sie nie do to ze jest o jak ale po co tak za od przez jego dla czy",
    "fy": "it fan yn oan foar wurdt hawwe binne dy ek hja wol syn",
    "af": "nie vir ek hy sy hulle deur sal ons aan na se kon toe daar",
}
_LANGUAGES_OF: dict[bytes, tuple[str, ...]] = {}
for _language, _words in _SMALL_WORDS.items():
    for _word in set(_words.split()):
        _LANGUAGES_OF[_word.encode()] = (*_LANGUAGES_OF.get(_word.encode(), ()), _language)

# Words that stand in every text, folded.
SMALL_WORDS = frozenset(_LANGUAGES_OF)
OURS = frozenset({"nl", "fr", "de", "en"})


def language_of(text: str) -> str:
    """Return "nl", "fr", "de" or "en", or "" when unsure or when it is another language.

    Counts each language's small words. Short texts are unsure: the winner needs three, two more than the runner-up, and
    a fifth more.
    """
    votes: Counter[str] = Counter()
    for word in fold(text[:20_000]).split()[:1500]:
        votes.update(_LANGUAGES_OF.get(word, ()))
    (best, most), (_, second) = [*votes.most_common(2), ("", 0), ("", 0)][:2]
    return best if best in OURS and most >= 3 and most - second >= max(2, most / 6) else ""
