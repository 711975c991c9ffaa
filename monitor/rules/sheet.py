"""Articles side by side as the matcher sees them: their words in one row, and what sentence, item, field they are in. Pure.

Many articles on one sheet cost little more than one. All positions count through a sheet; a window never reaches from
one article into another, nor from one item of a live blog into the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from monitor.model import FIELDS, Article, Evidence, FieldName
from monitor.rules.rows import Ints
from monitor.rules.spec import Unit
from monitor.rules.text import Offsets, cased_words, encoded, lowered, sentences

# Windows never cross from one document into the next: their sentences, paragraphs and words are this far apart.
APART = 1 << 20

TITLE, LEAD, BODY = 1, 2, 4
FIELD_BITS: dict[FieldName, int] = {"title": TITLE, "lead": LEAD, "body": BODY}

_BREAK = re.compile(rb"\n[ \t\r]*\n\s*")
_STAMP = re.compile(
    rb"[ \t*-]*(?:[01]?\d|2[0-3])"
    rb"(?:[:h][0-5]\d(?:[ \t]*(?:uur|u|h|Uhr)\b)?|[.][0-5]\d[ \t]*(?:uur|u|h|Uhr)\b|[.][0-5]\d(?=[ \t]*(?:\n|[-|:]|\Z)))"
    rb"(?![0-9:])"
)


class Field(NamedTuple):
    """One field of one article: where it stands among the encoded bytes and the characters of the sheet."""

    article: int
    name: FieldName
    start: int
    end: int
    character: int


class Joined(NamedTuple):
    """A hyphenated word in one piece: it stands at positions [first, past)."""

    first: int
    past: int
    form: bytes


class _Cuts(NamedTuple):
    """The sentences that have a word, in columns."""

    firsts: Ints  # the position of the first word
    starts: Ints  # among the encoded bytes
    ends: Ints
    paragraphs: Ints  # counted through the sheet, those without a word too
    documents: Ints  # counted through an article
    fields: Ints


class Sheet:
    """Some articles, folded."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self.articles = articles
        self._places_of: dict[Unit, list[int]] = {}
        self.fields: list[Field] = []
        self.encoded = self._encoded()
        self.folded = lowered(self.encoded)
        parted = self.folded.replace(b"-", b" ")
        self.words = parted.split()
        letters = np.frombuffer(parted, np.uint8) != 32
        edges = np.flatnonzero(letters[1:] != letters[:-1]) + 1
        self.begins, self.ends = edges[::2], edges[1::2]  # of each word, in the folded bytes

    def _encoded(self) -> bytes:
        """Return all fields with a line break before, between and behind them."""
        codes = [b""]
        at = character = 1
        for number, article in enumerate(self.articles):
            for name in FIELDS:
                if text := getattr(article, name):
                    codes.append(code := encoded(text))
                    self.fields.append(Field(number, name, at, at + len(code), character))
                    at, character = at + len(code) + 1, character + len(text) + 1
        return b"\n".join([*codes, b""])

    # words

    @cached_property
    def bounds(self) -> Ints:
        """For each article the position of its first word; at last, the number of all words."""
        starts = [self.fields[-1].end if self.fields else 0] * (len(self.articles) + 1)
        for part in reversed(self.fields):
            starts[part.article] = part.start
        for number in reversed(range(len(self.articles))):  # of an article without a word, where the next begins
            starts[number] = min(starts[number], starts[number + 1])
        return np.searchsorted(self.begins, starts)

    @cached_property
    def joined(self) -> list[Joined]:
        """The hyphenated words, in one piece."""
        if b"-" not in self.folded:
            return []
        signs = np.frombuffer(self.folded, np.uint8)
        ends = self.ends[:-1]
        tied = (self.begins[1:] - ends == 1) & (signs[ends] == 45)
        edges = np.flatnonzero(np.diff(tied, prepend=False, append=False)).tolist()
        spans = ((first, last + 1) for first, last in zip(edges[::2], edges[1::2], strict=True))
        return [Joined(first, past, b"".join(self.words[first:past])) for first, past in spans]

    # sentences

    @cached_property
    def _cuts(self) -> _Cuts:
        rows: list[tuple[int, int, int, int]] = []
        paragraph = document = 0
        for number, part in enumerate(self.fields):
            if number and self.fields[number - 1].article != part.article:
                document = 0
            for start, end, stamped in self._paragraphs(part):
                paragraph, document = paragraph + 1, document + stamped
                begins = [start] if part.name == "title" else sentences(self.encoded, start, end)
                rows += [(begin, paragraph, document, number) for begin in begins]
        starts, paragraphs, documents, fields = np.array(rows, np.int64).reshape(-1, 4).T
        ends = np.minimum(np.append(starts[1:], len(self.encoded)), self._ends_of_fields[fields])
        firsts = np.searchsorted(self.begins, starts)
        kept = np.flatnonzero(np.diff(firsts, append=len(self.words)))
        return _Cuts(firsts[kept], starts[kept], ends[kept], paragraphs[kept], documents[kept], fields[kept])

    @property
    def _ends_of_fields(self) -> Ints:
        return np.array([part.end for part in self.fields], np.int64)

    def _paragraphs(self, part: Field) -> list[tuple[int, int, bool]]:
        """Return start, end and "a live-blog item begins here" of a field's paragraphs; a title or a lead is one."""
        live = self.articles[part.article].live
        if part.name != "body" or self.encoded.find(b"\n", part.start, part.end) < 0:
            return [(part.start, part.end, live and bool(_STAMP.match(self.encoded, part.start, part.end)))]
        stamps = self._stamps(part)
        # One time at the head of a paragraph may be a caption; two are a live blog, whatever the page calls itself.
        if len(stamps) < (1 if live else 2):
            stamps = set()
        breaks = (found.end() for found in _BREAK.finditer(self.encoded, part.start, part.end))
        starts = sorted({part.start, *stamps, *breaks})
        return [(start, end, start in stamps) for start, end in pairwise([*starts, part.end])]

    def _stamps(self, part: Field) -> set[int]:
        """Return where lines begin with a time of day."""
        found, start = set(), part.start
        while start > 0:
            if _STAMP.match(self.encoded, start, part.end):
                found.add(start)
            start = self.encoded.find(b"\n", start, part.end) + 1
        return found

    @property
    def firsts(self) -> Ints:
        """The position of the first word of each sentence."""
        return self._cuts.firsts

    @cached_property
    def sizes(self) -> Ints:
        """How many words each sentence has."""
        return np.diff(self.firsts, append=len(self.words))

    @cached_property
    def sentence_of(self) -> Ints:
        """The sentence of each word."""
        return np.repeat(np.arange(self.firsts.size), self.sizes)

    @property
    def documents(self) -> Ints:
        """The document of each sentence, counted through its article: the items of a live blog are documents."""
        return self._cuts.documents

    @cached_property
    def numbers(self) -> Ints:
        """The number of each sentence, counted through its article; those of two documents are APART."""
        return np.arange(self.firsts.size) - self._openings + self.documents * APART

    @cached_property
    def paragraphs(self) -> Ints:
        """The paragraph of each sentence, counted in the same way."""
        return self._counted_paragraphs - self._counted_paragraphs[self._openings] + self.documents * APART

    @cached_property
    def bits(self) -> Ints:
        """The fields of each sentence: the body's first paragraph is the lead as well, when no other lead is there."""
        fields, paragraphs = self._cuts.fields, self._counted_paragraphs
        plain = np.array([FIELD_BITS[part.name] for part in self.fields], np.int64)
        heads = np.array(
            [part.name == "body" and not self.articles[part.article].lead for part in self.fields], np.bool_
        )
        opening = paragraphs == paragraphs[_first_of(fields)]
        return plain[fields] | np.where(opening & heads[fields], LEAD, 0)

    @cached_property
    def _openings(self) -> Ints:
        """The first sentence of the article of each sentence."""
        articles = np.array([part.article for part in self.fields], np.int64)
        return _first_of(articles[self._cuts.fields])

    @cached_property
    def _counted_paragraphs(self) -> Ints:
        return np.cumsum(np.diff(self._cuts.paragraphs, prepend=self._cuts.paragraphs[:1]) != 0)

    def places(self, unit: Unit) -> Ints:
        """Return where each word stands in the order of the windows of a unit, counted through its article."""
        if unit == "word":
            return np.arange(len(self.words)) + self.places("article") * APART
        column = {"sentence": self.numbers, "paragraph": self.paragraphs, "article": self.documents}[unit]
        return np.repeat(column, self.sizes)

    def places_of(self, unit: Unit) -> list[int]:
        """Return the same, to be asked for one word."""
        known = self._places_of.get(unit)
        if known is None:
            known = self._places_of[unit] = self.places(unit).tolist()
        return known

    def end_of_sentence(self, position: int) -> int:
        """Return past which position the sentence of a word ends."""
        return self._ends_by_word[position]

    def bits_at(self, position: int) -> int:
        """Return the fields of a word."""
        return self._bits_by_word[position]

    @cached_property
    def _ends_by_word(self) -> list[int]:
        found: list[int] = np.repeat(self.firsts + self.sizes, self.sizes).tolist()
        return found

    @cached_property
    def _bits_by_word(self) -> list[int]:
        found: list[int] = np.repeat(self.bits, self.sizes).tolist()
        return found

    # the way back

    @cached_property
    def _text(self) -> str:
        every = (getattr(self.articles[part.article], part.name) for part in self.fields)
        return "\n".join(["", *every, ""])

    @cached_property
    def _offsets(self) -> Offsets:
        return Offsets(self._text)

    def evidence(self, first: Ints, past: Ints, terms: Sequence[str]) -> list[Evidence]:
        """Return the words at each of these positions [first, past) as they stand in their article, with these terms."""
        if not first.size:
            return []
        inside = self.sentence_of[first]
        numbers, among = np.unique(inside, return_inverse=True)
        around = [text.strip() for text in self._texts(*self._bytes_of(numbers))]
        starts, ends = self.begins[first], self.ends[past - 1]
        fields = self._cuts.fields[inside]
        names = [self.fields[field].name for field in fields.tolist()]
        offsets = [side.tolist() for side in self._offsets_in(fields, starts, ends)]
        texts, sentences = self._texts(starts, ends), [around[at] for at in among.tolist()]
        return list(map(Evidence._make, zip(names, *offsets, texts, terms, sentences, strict=True)))

    def sentence_spans(self) -> Iterator[tuple[Field, int, int]]:
        """Yield the field of each sentence, and its offsets in it."""
        fields = self._cuts.fields
        spans = self._offsets_in(fields, *self._bytes_of(np.arange(fields.size)))
        return zip([self.fields[field] for field in fields.tolist()], *(side.tolist() for side in spans), strict=True)

    def _bytes_of(self, sentences: Ints) -> tuple[Ints, Ints]:
        return self._cuts.starts[sentences], self._cuts.ends[sentences]

    def _offsets_in(self, fields: Ints, starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
        """Return where these encoded bytes of fields stand in the text of these."""
        begins = np.array([part.character for part in self.fields], np.int64)[fields]
        first, past = self._offsets.spans(starts, ends)
        return first - begins, past - begins

    def _texts(self, starts: Ints, ends: Ints) -> list[str]:
        """Return these encoded bytes as they stand in their articles."""
        first, past = self._offsets.spans(starts, ends)
        return [self._text[start:end] for start, end in zip(first.tolist(), past.tolist(), strict=True)]

    def cased(self, first: int, past: int) -> bytes:
        """Return the words at positions [first, past) in one piece: accents folded, and the case kept."""
        spans = zip(self.begins[first:past].tolist(), self.ends[first:past].tolist(), strict=True)
        code = b"".join([self.encoded[start:end] for start, end in spans])
        if code.isascii():
            return code
        (text,) = self._texts(self.begins[[first]], self.ends[[past - 1]])  # other scripts lose their case when encoded
        return "".join(cased_words(text)).encode()


def _first_of(groups: Ints) -> Ints:
    """Return for each of these numbers, which are in order, where the first that is equal stands."""
    return np.searchsorted(groups, groups)


def plain_language(language: str) -> str:
    """Return "nl" for "nl", "nl-BE" and "NL_be"."""
    return language.replace("_", "-").split("-")[0].lower()
