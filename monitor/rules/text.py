"""The alphabet that texts are matched in, with exact ways back; where sentences end; what language a text is in. Pure.

Folding makes one alphabet of many: lower case, no accents, ligatures spelt out, soft hyphens and zero-width signs gone.
Latin becomes ASCII; other scripts stay UTF-8 bytes, so that they can never be taken for Latin words. A word is a run of
letters and digits; apostrophes and hyphens part words, and a hyphenated word is also there in its joined form.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from functools import lru_cache

import numpy as np

from monitor.rules.rows import Ints

# A word of more folded bytes than this is no word: a run of 100 kB costs a second in every wildcard, and means nothing.
LONGEST_WORD = 256

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


def lowered(code: bytes) -> bytes:
    """Return encoded text as the matcher sees it: folded letters, digits and hyphens; a space for everything else."""
    return code.translate(_LOWER)


def fold(text: str) -> bytes:
    """Return the text as the matcher sees it."""
    return lowered(encoded(text))


def folded_words(pattern: str) -> tuple[bytes, ...]:
    """Return the folded words of a term's word: one as a rule, more where a hyphen or an apostrophe parts it."""
    return tuple(encoded(pattern).translate(_LOWER_PATTERN).replace(b"-", b" ").split())


def cased_words(pattern: str) -> tuple[str, ...]:
    """Return the words of a pattern or a passage with accents folded and the case kept: for terms like `=FSB`."""
    kept = "".join(map(_folded_character, pattern))
    return tuple(_CASED_WORD.findall(kept))


_CASED_WORD = re.compile(r"[^\W_*]*(?:\*[^\W_*]*)+|[^\W_]+")


class Offsets:
    """The way back from folded bytes to the characters of the original.

    Only characters that become more or less than one byte move what follows: these are kept, each with the place of
    its bytes (`_folded`), its own place (`_original`) and the number of its bytes (`_sizes`).
    """

    __slots__ = ("_codes", "_folded", "_original", "_sizes", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        odd = np.flatnonzero(self._codes >= 128)
        sizes = np.array([len(_folded_bytes(text[at])) for at in odd.tolist()], np.int64)
        moving = np.flatnonzero(sizes != 1)
        self._original, self._sizes = odd[moving], sizes[moving]
        self._folded: Ints = self._original + np.cumsum(self._sizes - 1) - (self._sizes - 1)

    def spans(self, starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
        """Return where each `folded[start:end]` (not empty) stands in the original, with the marks that belong to it."""
        firsts, pasts = self._characters(starts), self._characters(ends - 1) + 1
        for at in np.flatnonzero(self._codes[np.minimum(pasts, self._codes.size - 1)] >= 0x300).tolist():
            while pasts[at] < len(self._text) and unicodedata.category(self._text[pasts[at]])[0] == "M":
                pasts[at] += 1
        return firsts, pasts

    def _characters(self, at: Ints) -> Ints:
        """Return the character to which each folded byte belongs. What vanishes shares the place of what follows."""
        if not self._folded.size:
            return at
        index = np.searchsorted(self._folded, at, side="right") - 1
        behind = at - self._folded[index] - self._sizes[index]
        return np.where(index < 0, at, self._original[index] + np.where(behind >= 0, 1 + behind, 0))


# --- sentences -----------------------------------------------------------------------------------------------------

# A full stop ends a sentence when something like a beginning follows; also where the space between is lost ("open.De").
# It begins with one sign, not with `+`: only so does `re` know by which letters it may begin, and hurry to these.
_ENDING = re.compile(
    rb"""[.!?][.!?]*["')\]]*(?:(?=\s+["'(\[]*(?:'?[stkn]\s)?["'(\[]*[A-Z0-9\x80-\xff])|(?=[A-Z][a-z]))"""
)
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
_LONG = max(map(len, _ABBREVIATIONS)) + 1  # so many letters are no abbreviation


def sentences(text: bytes, start: int, end: int) -> list[int]:
    """Return where sentences in `encoded[start:end]` begin: tuned to news in Dutch, French, German and English."""
    endings = (found.span() for found in _ENDING.finditer(text, start, end))
    # Most sentences end in a long word and a space: that is seen at once.
    begins = [
        start,
        *(
            past
            for at, past in endings
            if (text[past] <= 32 and text[at - _LONG : at].isalpha()) or not _goes_on(text, start, at, past)
        ),
    ]
    if text.find(b"\n", start, end) >= 0:
        begins = sorted({*begins, *(found.end() for found in _BULLET.finditer(text, start, end))})
    return begins


def _goes_on(text: bytes, start: int, at: int, past: int) -> bool:
    """Say whether this full stop belongs to an abbreviation, an initial, an ordinal or an address."""
    if text[past] > 32 and not text[max(start, at - 2) : at].islower():
        return True
    if text[at] != 46 or text[at + 1] == 46:
        return False
    word = text[max(start, text.rfind(b" ", start, at) + 1) : at]
    if len(word) >= _LONG and word.isalpha():
        return False
    word = word[word.rfind(b"\n") + 1 :].lstrip(b"\"'([-")
    if word.isdigit():
        return len(word) <= 2
    if len(word) == 1:
        return word.isupper()
    return b"." in word.strip(b".") or word.lower() in _ABBREVIATIONS


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
