"""Text of `find:` and of term lists → values of `rules.spec`, or faults at their line and column. Pure.

The signs, from the loosest to the tightest: a new line (another way), `+` and `>` (close together), `,` (or), then a
term: `title:`, `$list`, `=Exact`, `"literal"`, `(a|b c)`, `...`, words with `*`. Every fault of a text is found at
once: what is wrong with one term does not hide what is wrong with the next.
"""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from monitor.errors import Fault
from monitor.model import FIELDS, FieldName
from monitor.rules.spec import Choice, Element, Gap, Line, Part, Phrase, Place, Term, Unit, Window, Word
from monitor.rules.text import fold, folded_words

Locate = Callable[[int], Place]
"""Where the sign at this offset of the text stands in the user's file."""

WIDE_GAP, NARROW_GAP = 6, 2
WINDOWS = "sentence, 3 sentences, 10 words, paragraph or article"

# Letters that must stand beside a wildcard. Two are allowed and warned about: `*en*` is in every Dutch sentence.
LEAST_LETTERS = 2
# Brackets in brackets: nobody reads them beyond this, and recursion must end.
DEEPEST = 8

_QUOTES = '"“”„‟«»'
_TOKEN = re.compile(
    rf"""(?P<space>\s+)
       | (?P<quote>[{_QUOTES}](?P<literal>[^{_QUOTES}]*)[{_QUOTES}])
       | (?P<unclosed>[{_QUOTES}].*)
       | (?P<gap>\.{{2,}}|…)
       | (?P<ref>\$[\w-]*(?:\.\w[\w-]*)*)
       | (?P<sign>[,+>()|=\[\]])
       | (?P<word>(?:(?!\.\.)[^\s,+>()|=\[\]{_QUOTES}…])+)""",
    re.VERBOSE,
)
_REF = re.compile(r"\$([^\W_][\w-]*)(?:\.(\w[\w-]*))?")
_WINDOW = re.compile(r"\[([^\[\]]*)\]\s*$")
_WITHIN = re.compile(r"(?:(\d{1,4})\s*)?([^\W\d]+)", re.UNICODE)
_UNITS: dict[str, Unit] = {
    "sentence": "sentence", "sentences": "sentence", "word": "word", "words": "word",
    "paragraph": "paragraph", "paragraphs": "paragraph", "article": "article",
}  # fmt: skip
_FIELD = re.compile(r"([^\W\d_]+):(.*)", re.DOTALL)
# Nine terms of ten: nothing in them needs a closer look.
_PLAIN = re.compile(r"[A-Za-z0-9]+|\*?[A-Za-z0-9]{3,}\*?")
_OPERATORS = {"AND": "+", "OR": ",", "EN": "+", "OF": ",", "ET": "+", "OU": ",", "UND": "+", "ODER": ","}

Kind = Literal["quote", "unclosed", "gap", "ref", "sign", "word"]


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Kind
    text: str
    start: int  # in the whole text
    end: int
    spaced: bool  # a blank or the line's edge stands before it

    def is_sign(self, *signs: str) -> bool:
        return self.kind == "sign" and self.text in signs


class _WrongError(Exception):
    """A term that cannot be read: why, and at which offset."""

    def __init__(self, offset: int, text: str) -> None:
        super().__init__(text)
        self.offset = offset
        self.text = text


def parse_find(
    text: str, place: Place | None = None, *, locate: Locate | None = None, also_wrong: bool = False
) -> tuple[tuple[Line, ...], tuple[Fault, ...]]:
    """Return the lines of a `find:` text, and what is wrong with it; lines that are wrong are left out.

    With `also_wrong` those are returned too, as far as they can be read, so that more can be said of them.

    `place` is where the text begins in the user's file; `locate` says it for every offset, where the file folds or
    escapes the text.
    """
    reader = _Reader(text, locate or _block(text, place or Place()))
    lines = tuple(reader.lines(also_wrong))
    if not lines and not reader.faults:
        reader.fault(0, "nothing to find: write at least one word")
    return lines, tuple(reader.faults)


def parse_terms(
    text: str, place: Place | None = None, *, locate: Locate | None = None
) -> tuple[tuple[Term, ...], tuple[Fault, ...]]:
    """Return the terms of a list (`ignore:`, `tags:`, a lexicon): commas and new lines both mean "or"."""
    reader = _Reader(text, locate or _block(text, place or Place()))
    return tuple(reader.terms()), tuple(reader.faults)


def parse_window(text: str) -> Window:
    """Return the window that `within:` or `[…]` names. ValueError says what may stand there."""
    said = _WITHIN.fullmatch(text.strip())
    unit = _UNITS.get(said[2].lower()) if said else None
    if said is None or unit is None:
        known = nearest(said[2].lower(), _UNITS) if said else ""
        raise ValueError(f"'{text.strip()}' is no window{known}; write {WINDOWS}")
    count = int(said[1]) if said[1] else 1
    if count < 1 or (unit == "word" and count < 2):
        raise ValueError(f"'{text.strip()}' has room for nothing; write {WINDOWS}")
    if unit in ("paragraph", "article") and count != 1:
        raise ValueError(f"'{text.strip()}': a window is one {unit}, sentences or words; write {WINDOWS}")
    return Window(unit, count)


def parse_ref(text: str) -> tuple[str, str]:
    """Return (list, group) of `$list` or `$list.group`; ValueError when it is neither."""
    said = _REF.fullmatch(text.strip())
    if said is None:
        raise ValueError(f"'{text.strip()}' names no list; write $name or $name.group")
    return said[1], said[2] or ""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the known word that is most like this one, or "" when none is."""
    words = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), words, n=1, cutoff=0.6)
    return f"; did you mean '{words[close[0]]}'?" if close else ""


def phrases(terms: Iterable[Term]) -> Iterator[Phrase]:
    """Yield the phrases among the terms; references are left out."""
    return (term.phrase for term in terms if term.phrase)


def words(phrase: Phrase) -> Iterator[Word]:
    """Yield every word of a phrase, also those inside choices, in reading order."""
    for element in phrase.elements:
        if isinstance(element, Word):
            yield element
        elif isinstance(element, Choice):
            for inner in element.phrases:
                yield from words(inner)


# --- inside ---------------------------------------------------------------------------------------------------------


def _block(text: str, place: Place) -> Locate:
    """Return where offsets stand when every line of the text begins at the same column of the file."""
    starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def locate(offset: int) -> Place:
        if not place.line:
            return place
        line = max(i for i, start in enumerate(starts) if start <= offset) if offset > 0 else 0
        return Place(place.file, place.line + line, place.column + offset - starts[line])

    return locate


class _Reader:
    """Reads one text and keeps what is wrong with it."""

    def __init__(self, text: str, locate: Locate) -> None:
        self.text = text
        self.locate = locate
        self.faults: list[Fault] = []

    def fault(self, offset: int, text: str, *, warning: bool = False) -> None:
        place = self.locate(offset)
        self.faults.append(Fault(text, place.file, place.line, place.column, warning=warning))

    def rows(self) -> Iterator[tuple[int, str]]:
        """Yield (offset, text) of each line that is neither empty nor a comment."""
        offset = 0
        for row in self.text.split("\n"):
            if row.strip() and not row.lstrip().startswith("#"):
                yield offset, row
            offset += len(row) + 1

    def lines(self, also_wrong: bool) -> Iterator[Line]:
        for number, (offset, row) in enumerate(self.rows(), start=1):
            before = len(self.faults)
            line = self.line(offset, row, number)
            if also_wrong or all(fault.warning for fault in self.faults[before:]):
                yield line

    def terms(self) -> Iterator[Term]:
        for offset, row in self.rows():
            tokens = self.tokens(offset, row)
            if tokens and tokens[-1].is_sign(","):
                tokens.pop()  # in a list a comma at the end of a line does no harm
            for sign in (token for token in tokens if token.is_sign("+", ">")):
                self.fault(sign.start, f"'{sign.text}' has no place in a list of terms: {_LITERALLY}")
            if not any(token.is_sign("+", ">") for token in tokens):
                yield from self.part(tokens, offset + len(row)).terms

    def line(self, offset: int, row: str, number: int) -> Line:
        window, length = self.window(offset, row)
        tokens = self.tokens(offset, row[:length])
        cuts = [i for i, token in enumerate(tokens) if token.is_sign("+", ">")]
        edges = zip([-1, *cuts], [*cuts, len(tokens)], strict=True)
        ends = [*(tokens[i].start for i in cuts), offset + len(row[:length].rstrip())]
        parts = tuple(self.part(tokens[a + 1 : b], end) for (a, b), end in zip(edges, ends, strict=True))
        ordered = tuple(tokens[i].text == ">" for i in cuts)
        return Line(parts, ordered, window, number, row.strip())

    def window(self, offset: int, row: str) -> tuple[Window | None, int]:
        """Return the window at the end of a line, and how long the line is before it."""
        found = _WINDOW.search(row)
        if not found:
            return None, len(row)
        try:
            return parse_window(found[1]), found.start()
        except ValueError as error:
            self.fault(offset + found.start() + 1, str(error))
            return None, found.start()

    def tokens(self, offset: int, row: str) -> list[_Token]:
        tokens: list[_Token] = []
        end = -1
        for found in _TOKEN.finditer(row):
            kind = found.lastgroup if found.lastgroup != "literal" else "quote"
            if kind == "space":
                continue
            spaced = not tokens or found.start() > end
            tokens.append(_Token(kind, found[0], offset + found.start(), offset + found.end(), spaced))  # type: ignore[arg-type]
            end = found.end()
        return tokens

    def part(self, tokens: Sequence[_Token], end: int) -> Part:
        """Return the terms that commas keep apart; `end` is where a term that is missing would stand."""
        pieces: list[list[_Token]] = [[]]
        ends: list[int] = []
        depth = 0
        for token in tokens:
            if token.kind == "sign":
                depth += _step(token)
                if depth <= 0 and token.text == ",":
                    pieces.append([])
                    ends.append(token.start)
                    continue
            pieces[-1].append(token)
        found = [self.term(piece, at) for piece, at in zip(pieces, [*ends, end], strict=True)]
        terms = tuple(term for term in found if term)
        self.check_fields(terms)
        return Part(terms)

    def check_fields(self, terms: Sequence[Term]) -> None:
        for one, other in itertools.pairwise(terms):
            if one.field and not other.field:
                at = self.text.find(other.source, self.text.find(one.source) + len(one.source))
                hint = (
                    f"'{one.field}:' counts for one term; write '{one.field}: {other.source}' if it is meant here too"
                )
                self.fault(max(at, 0), hint, warning=True)

    def term(self, tokens: Sequence[_Token], end: int) -> Term | None:
        if not tokens:
            self.fault(end, f"a word is missing here; {_LITERALLY}")
            return None
        source = self.text[tokens[0].start : tokens[-1].end]
        place = self.locate(tokens[0].start)
        if _PLAIN.fullmatch(source) and source not in _OPERATORS:
            return Term(source, phrase=Phrase((Word(source),)), place=place)
        try:
            field, tokens = _field(tokens)
            if tokens[0].kind == "ref":
                return Term(source, ref=_ref(tokens), field=field, place=place)
            phrase = _Phrases(self).phrase(tokens)
        except _WrongError as wrong:
            self.fault(wrong.offset, wrong.text)
            return None
        return Term(source, phrase=phrase, field=field, place=place)


_LITERALLY = 'a sign that is meant literally stands in quotes: "wie, wat + waar"'


def _field(tokens: Sequence[_Token]) -> tuple[FieldName | None, Sequence[_Token]]:
    """Return the field that `title:` names, and the tokens after it."""
    first = tokens[0]
    said = _FIELD.fullmatch(first.text) if first.kind == "word" else None
    if not said:
        return None, tokens
    name, rest = said[1].lower(), said[2]
    known = next((field for field in FIELDS if field == name), None)
    if known is None and (rest or len(tokens) == 1):
        return None, tokens  # a colon that belongs to a word: 'tijd:online', 'boek:'
    if known is None:
        raise _WrongError(first.start, f"'{name}:' is no field{nearest(name, FIELDS)}; {_LITERALLY}")
    kind: Kind = "ref" if rest.startswith("$") else "word"
    after = [_Token(kind, rest, first.end - len(rest), first.end, spaced=True)] if rest else []
    if not after and len(tokens) == 1:
        raise _WrongError(first.end, f"a word is missing after '{name}:'")
    return known, [*after, *tokens[1:]]


def _ref(tokens: Sequence[_Token]) -> tuple[str, str]:
    first = tokens[0]
    if len(tokens) > 1:
        raise _WrongError(tokens[1].start, f"a list stands alone: write a comma, '+' or '>' after {first.text}")
    try:
        return parse_ref(first.text)
    except ValueError as error:
        raise _WrongError(first.start, str(error)) from None


class _Phrases:
    """Recursive descent over the tokens of one term."""

    def __init__(self, reader: _Reader) -> None:
        self.reader = reader

    def phrase(self, tokens: Sequence[_Token], depth: int = 0) -> Phrase:
        elements: list[Element] = []
        i = 0
        while i < len(tokens):
            exact = tokens[i].is_sign("=")
            if exact:
                i += 1
                self.after_equals(tokens, i)
            if tokens[i].is_sign("("):
                close = _closing(tokens, i)
                elements += self.choice(tokens, i, close, depth, exact)
                i = close
            else:
                elements += self.single(tokens[i], exact, first=i == 0)
            i += 1
        _check_gaps(elements, tokens)
        return Phrase(tuple(elements))

    def after_equals(self, tokens: Sequence[_Token], i: int) -> None:
        sign = tokens[i - 1]
        if i >= len(tokens) or tokens[i].spaced or not (tokens[i].kind in ("word", "quote") or tokens[i].is_sign("(")):
            raise _WrongError(sign.start, f"'=' stands right before the word whose case counts: =FSB; {_LITERALLY}")
        if not sign.spaced and i > 1 and not tokens[i - 2].is_sign("(", "|"):
            raise _WrongError(sign.start, f"'=' stands at the beginning of a word: =FSB; {_LITERALLY}")

    def choice(self, tokens: Sequence[_Token], i: int, close: int, depth: int, exact: bool) -> list[Element]:
        before, after = tokens[i - 1] if i else None, tokens[close + 1] if close + 1 < len(tokens) else None
        glued = before and not tokens[i].spaced and before.kind in ("word", "quote")
        if glued or (after and not after.spaced and after.kind in ("word", "quote")):
            raise _WrongError(
                tokens[i].start, "brackets hold whole words: write (voorzitter|voorman), not voor(zitter|man)"
            )
        if depth >= DEEPEST:
            raise _WrongError(tokens[i].start, "too many brackets inside brackets")
        found = []
        for piece, end in _alternatives(tokens[i + 1 : close], tokens[close].start):
            if not piece:
                raise _WrongError(end, "an alternative is missing in these brackets: write (a|b)")
            found.append(_exactly(self.phrase(piece, depth + 1)) if exact else self.phrase(piece, depth + 1))
        return list(found[0].elements) if len(found) == 1 else [Choice(tuple(dict.fromkeys(found)))]

    def single(self, token: _Token, exact: bool, *, first: bool) -> list[Element]:
        if token.kind == "gap":
            return [_gap(token)]
        if token.kind == "quote":
            return self.literal(token, exact)
        if token.kind != "word":
            raise _WrongError(token.start, _misplaced(token))
        return self.word(token, exact, first=first)

    def literal(self, token: _Token, exact: bool) -> list[Element]:
        pieces = [piece for piece in _pieces(token.text.replace("*", " "), hyphens=False) if folded_words(piece)]
        if not pieces:
            raise _WrongError(token.start, f"{token.text} can never match: it has no letter and no digit")
        return [Word(piece, exact) for piece in pieces]

    def word(self, token: _Token, exact: bool, *, first: bool) -> list[Element]:
        if token.text.isascii() and token.text.isalnum() and token.text not in _OPERATORS:
            return [Word(token.text, exact)]
        if token.text.startswith("#"):
            raise _WrongError(token.start, "a comment has a line of its own; a '#' meant literally stands in quotes")
        if first and token.text[0] in "-!" and len(token.text) > 1:
            raise _WrongError(token.start, "to leave something out there are the keys ignore, unless_near and never")
        if token.text in _OPERATORS and not exact and (not first or token.text in ("AND", "OR")):
            hint = f"'{token.text}' is read as a word; if it is meant as a sign, write '{_OPERATORS[token.text]}'"
            self.reader.fault(token.start, hint, warning=True)
        elements = [_spellings(piece, exact) for piece in _pieces(token.text, hyphens=True)]
        if not elements or not folded_words(token.text):
            raise _WrongError(token.start, f"'{token.text}' can never match: it has no letter and no digit")
        for word in words(Phrase(tuple(elements))):
            self.check_wildcard(token, word)
        return elements

    def check_wildcard(self, token: _Token, word: Word) -> None:
        if "*" not in word.pattern:
            return
        letters = sum(len(folded.replace(b"*", b"").decode()) for folded in folded_words(word.pattern))
        if letters > LEAST_LETTERS:
            return
        if letters < LEAST_LETTERS:
            text = f"'{word.pattern}' matches nearly every word: at least two letters must stand"
            raise _WrongError(token.start, text)
        self.reader.fault(token.start, f"'{word.pattern}' matches a great many words", warning=True)


def _step(token: _Token) -> int:
    """Return how much deeper inside brackets the next token stands."""
    return {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0


def _closing(tokens: Sequence[_Token], i: int) -> int:
    depth = 0
    for j in range(i, len(tokens)):
        depth += _step(tokens[j])
        if depth == 0:
            return j
    raise _WrongError(tokens[i].start, "this bracket is never closed")


def _alternatives(tokens: Sequence[_Token], end: int) -> Iterator[tuple[Sequence[_Token], int]]:
    """Yield what bars keep apart, and where each ends."""
    depth, start = 0, 0
    for i, token in enumerate(tokens):
        depth += _step(token)
        if depth == 0 and token.is_sign("|"):
            yield tokens[start:i], token.start
            start = i + 1
    yield tokens[start:], end


def _gap(token: _Token) -> Gap:
    if token.text == "..":
        return Gap(NARROW_GAP)
    if token.text in ("...", "…"):
        return Gap(WIDE_GAP)
    raise _WrongError(token.start, f"'{token.text}' is no gap: '...' is up to 6 words, '..' up to 2")


def _check_gaps(elements: Sequence[Element], tokens: Sequence[_Token]) -> None:
    gaps = [token for token in tokens if token.kind == "gap"]
    if elements and isinstance(elements[0], Gap):
        raise _WrongError(gaps[0].start, "a gap stands between two words: nothing stands before this one")
    if elements and isinstance(elements[-1], Gap):
        raise _WrongError(gaps[-1].start, "a gap stands between two words: nothing stands after this one")
    for one, other in itertools.pairwise(elements):
        if isinstance(one, Gap) and isinstance(other, Gap):
            raise _WrongError(gaps[0].start, "two gaps in a row: '...' is up to 6 words, '..' up to 2")


def _misplaced(token: _Token) -> str:
    """Say why this token cannot stand inside a phrase."""
    if token.kind == "unclosed":
        return "this quote is never closed"
    if token.kind == "ref":
        return f"{token.text} stands inside a phrase: a list stands alone, between commas, '+' or '>'"
    return {
        "|": "'|' needs brackets: (a|b); between whole terms write a comma",
        ")": "this bracket was never opened",
        ",": "inside brackets 'or' is written '|': (a|b)",
        "[": f"a window stands at the very end of a line, in square brackets: {WINDOWS}",
        "]": f"a window stands at the very end of a line, in square brackets: {WINDOWS}",
    }.get(token.text, f"'{token.text}' cannot stand here; {_LITERALLY}")


def _pieces(text: str, *, hyphens: bool) -> list[str]:
    """Return the words in a piece of text, cut where an article's text is cut: at all that is no letter or digit.

    Hyphens, and what an article may have in their place, stay where they join words, so that all spellings of a
    hyphenated term can be made.
    """
    if text.replace("*", "x").isalnum():
        return [re.sub(r"\*+", "*", text)]
    kept: list[str] = []
    for sign in text:
        if sign == "*" or sign.isalnum() or unicodedata.category(sign)[0] == "M":
            kept.append(sign)
        elif hyphens and fold(sign) == b"-":
            kept.append("-")
        elif unicodedata.category(sign) != "Cf":  # soft hyphens and zero-width signs are no border
            kept.append(" ")
    cleaned = (re.sub(r"\*+", "*", word).strip("-") for word in "".join(kept).split())
    return [word for word in cleaned if any(sign == "*" or sign.isalnum() for sign in word)]


def _spellings(piece: str, exact: bool) -> Element:
    """Return a word; for a hyphenated one its spellings: apart (which is also how a hyphen is read) and as one."""
    parts = [part for part in re.split("-+", piece) if part.strip("*")]
    if len(parts) < 2:
        return Word(parts[0] if parts else piece, exact)
    apart = Phrase(tuple(Word(part, exact) for part in parts))
    joined = re.sub(r"\*+", "*", "".join(parts))
    return Choice((apart, Phrase((Word(joined, exact),))))


def _exactly(phrase: Phrase) -> Phrase:
    """Return the phrase with the case of every word counting."""

    def exactly(element: Element) -> Element:
        if isinstance(element, Word):
            return Word(element.pattern, exact=True)
        return Choice(tuple(_exactly(inner) for inner in element.phrases)) if isinstance(element, Choice) else element

    return Phrase(tuple(exactly(element) for element in phrase.elements))
