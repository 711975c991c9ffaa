"""Says what rules find, slowly and simply: letter by letter, combination by combination, no index, no regular expression.

Written apart from the engine, over the same values (`monitor.rules.spec`). It shares only where sentences, paragraphs
and live-blog items end; those have tests of their own.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from monitor.model import Article
from monitor.rules.sheet import Sheet
from monitor.rules.spec import Choice, Element, Gap, Line, ListEntry, Phrase, Rule, RuleBook, Term, TermList, Word

LETTERS = {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D",
           "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ł": "l", "Ł": "L", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T",
           "ı": "i", "ŋ": "n", "Ŋ": "N", "ĸ": "k", "ƒ": "f"}  # fmt: skip
HYPHENS = "-‐‑–−⁃﹣－"

Places = frozenset[tuple[str, int, int]]


def letters(character: str) -> str | None:
    """Return the letters that a character stands for, "" when it is not there for a reader, None when it parts words."""
    category = unicodedata.category(character)
    if character in "ʼʹˈʻʽ":
        return None
    if character in LETTERS:
        return LETTERS[character]
    if category[0] == "M" or category == "Cf":
        return ""
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category[0] not in "LN" or category == "No":
        return None
    return unicodedata.normalize("NFKD", character)


@dataclass
class Token:
    """A word of the article: a place in the order of words, its letters, and where it stands."""

    letters: str
    field: str
    start: int
    end: int
    sentence: int
    paragraph: int
    document: int
    bits: int
    glued: bool  # a hyphen alone stands between it and the next


def tokens_of(article: Article) -> list[Token]:
    """Return the words of an article in reading order."""
    found: list[Token] = []
    sheet = Sheet((article,))
    columns = (sheet.numbers, sheet.paragraphs, sheet.documents, sheet.bits)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for (part, start, end), where in zip(sheet.sentence_spans(), rows, strict=True):
        found += _words(getattr(article, part.name), start, end, part.name, where)
    return found


def _words(text: str, start: int, end: int, field: str, where: tuple[int, int, int, int]) -> list[Token]:
    """Return the words of a sentence. A sign that parts words is kept as None among their letters."""
    said: list[tuple[str | None, int]] = []
    for at in range(start, end):
        stands_for = letters(text[at])
        pieces = [None] if stands_for is None else [None if one == "ʼ" else one for one in stands_for]
        said += [(one, at) for one in pieces or [""] if one is None or not one or unicodedata.category(one)[0] != "M"]
    found: list[Token] = []
    between = " "
    for one, at in said:
        if one is None:
            between += text[at]
        elif one and (between or not found):
            found.append(Token(one, field, at, at + 1, *where, glued=False))
            if len(found) > 1 and len(between) == 1 and between in HYPHENS:
                found[-2].glued = True
            between = ""
        elif one:
            found[-1].letters += one
            found[-1].end = at + 1
        elif not between and found and unicodedata.category(text[at])[0] == "M":
            found[-1].end = at + 1
    return found


def stands(pattern: str, word: str) -> bool:
    """Say whether a word has the form of a pattern in which `*` is any letters."""
    if not pattern:
        return not word
    if pattern[0] == "*":
        return any(stands(pattern[1:], word[at:]) for at in range(len(word) + 1))
    return bool(word) and word[0] == pattern[0] and stands(pattern[1:], word[1:])


def pieces_of(pattern: str) -> list[str]:
    """Return the words of a pattern."""
    pieces = [""]
    for character in pattern:
        said = "*" if character == "*" else letters(character)
        if said is None:
            pieces.append("")
        else:
            pieces[-1] += "".join(letter for letter in said if unicodedata.category(letter)[0] != "M")
    return [piece for piece in pieces if piece]


def lower(word: str) -> str:
    return word.casefold()


class Oracle:
    """What stands in one article, some of its words blanked."""

    def __init__(self, book: RuleBook, article: Article, tokens: list[Token], blank: frozenset[int]) -> None:
        self.book, self.article, self.tokens, self.blank = book, article, tokens, blank

    def joined(self, first: int) -> Iterator[tuple[int, str]]:
        """Yield past the last and the letters of the words that begin here: as they stand, and joined when hyphenated."""
        yield first + 1, self.tokens[first].letters
        last = first
        while self.tokens[last].glued:
            last += 1
        starts = first == 0 or not self.tokens[first - 1].glued
        if last > first and starts:
            yield last + 1, "".join(token.letters for token in self.tokens[first : last + 1])

    def word_ends(self, word: str, exact: bool, first: int) -> set[int]:
        if first >= len(self.tokens):
            return set()
        found = set()
        for past, letters_ in self.joined(first):
            fits = stands(word, letters_) if exact else stands(lower(word), lower(letters_))
            if fits and len(letters_.encode()) <= 256 and not self.blank & set(range(first, past)):
                found.add(past)
        return found

    def ends(self, elements: Sequence[Element], first: int) -> set[int]:
        """Return past which words a phrase may end that begins at this one."""
        if not elements:
            return {first}
        head, rest = elements[0], elements[1:]
        reached: set[int] = set()
        if isinstance(head, Gap):
            reached = set(range(first, first + head.most + 1))
        elif isinstance(head, Choice):
            for phrase in head.phrases:
                reached |= self.ends(phrase.elements, first)
        elif isinstance(head, Word):
            reached = {first}
            for piece in pieces_of(head.pattern):
                reached = {end for at in reached for end in self.word_ends(piece, head.exact, at)}
        return {end for at in reached for end in self.ends(rest, at)}

    def phrase(self, phrase: Phrase) -> list[tuple[int, int]]:
        found = []
        for first, token in enumerate(self.tokens):
            inside = [
                end
                for end in self.ends(phrase.elements, first)
                if first < end <= len(self.tokens) and self.tokens[end - 1].sentence == token.sentence
            ]
            if inside:
                found.append((first, min(inside)))
        return found

    def speaks(self, entry: ListEntry) -> bool:
        return not entry.languages or not self.article.language or self.article.language in entry.languages

    def counts(self, termlist: TermList, entry: ListEntry) -> bool:
        if entry.guard is None:
            return True
        if any(self.phrase(phrase) for phrase in entry.guard.never_with):
            return False
        certain = (one for one in termlist.entries if one.guard is None and one.actor and self.speaks(one))
        return any(map(self.phrase, entry.guard.needs)) or any(self.phrase(one.phrase) for one in certain)

    def term(self, term: Term, bits: int = 7) -> list[tuple[int, int, str]]:
        wanted = {"title": 1, "lead": 2, "body": 4}[term.field] if term.field else bits
        found = []
        if term.phrase:
            found = [(first, past, term.source) for first, past in self.phrase(term.phrase)]
        if term.ref:
            name, group = term.ref
            termlist = self.book.list(name)
            for entry in termlist.entries:
                if (not group or entry.group == group) and self.speaks(entry) and self.counts(termlist, entry):
                    found += [(first, past, entry.actor or entry.source) for first, past in self.phrase(entry.phrase)]
        return [one for one in found if self.tokens[one[0]].bits & wanted]

    def terms(self, terms: Sequence[Term], bits: int = 7) -> list[tuple[int, int, str]]:
        return [one for term in terms for one in self.term(term, bits)]

    def near(self, unit: str, size: int, spans: Sequence[tuple[int, int, str]]) -> bool:
        """Say whether some window of `size` units holds all of these."""
        firsts = [self.tokens[first] for first, _, _ in spans]
        if len({token.document for token in firsts}) > 1:
            return False
        if unit == "article":
            return True
        if unit == "word":
            return max(past for _, past, _ in spans) - min(first for first, _, _ in spans) <= size
        places = [token.sentence if unit == "sentence" else token.paragraph for token in firsts]
        return max(places) - min(places) < size

    def people(
        self, unit: str, size: int, fit: Sequence[tuple[int, int, str]], many: list[tuple[int, int, str]]
    ) -> int:
        """Return how many different people stand together with a fit in one window, trying every window of them."""
        best = 0
        for first in [*many, *fit]:
            for last in [*many, *fit]:
                if self.near(unit, size, [*fit, first, last]):
                    low, high = self.span(unit, [*fit, first, last])
                    inside = {
                        one[2] for one in many if low <= self.span(unit, [one])[0] and self.span(unit, [one])[1] <= high
                    }
                    best = max(best, len(inside))
        return best

    def span(self, unit: str, spans: Sequence[tuple[int, int, str]]) -> tuple[int, int]:
        lows, highs = [], []
        for first, past, _ in spans:
            token = self.tokens[first]
            place = {"sentence": token.sentence, "paragraph": token.paragraph, "article": token.document}.get(unit)
            lows.append(first + token.document * 10**9 if place is None else place)
            highs.append(past - 1 + token.document * 10**9 if place is None else place)
        return min(lows), max(highs)

    def fits(self, rule: Rule, line: Line) -> Iterator[tuple[tuple[int, int, str], ...]]:
        """Yield every choice of one find for each part that stands as the line demands."""
        bits = sum({"title": 1, "lead": 2, "body": 4}[name] for name in rule.fields)
        window = line.window or rule.within
        avoided = self.terms(rule.unless_near)
        many = self.terms((Term("", ref=rule.count[1]),), bits) if rule.count else []
        for fit in product(*(self.terms(part.terms, bits) for part in line.parts)):
            pairs = zip(fit, fit[1:], line.ordered, strict=False)
            if any(after and right[0] < left[1] for left, right, after in pairs):
                continue
            if not self.near(window.unit, window.count, fit):
                continue
            if any(self.near(window.unit, window.count, [*fit, one]) for one in avoided):
                continue
            if rule.count and self.people(window.unit, window.count, fit, many) < rule.count[0]:
                continue
            yield fit

    def places(self, fit: Sequence[tuple[int, int, str]]) -> Places:
        return frozenset(
            (self.tokens[first].field, self.tokens[first].start, self.tokens[past - 1].end) for first, past, _ in fit
        )


@dataclass
class Said:
    """What the oracle says of a rule on an article: which lines fire, on which places each may, and the labels."""

    lines: dict[int, set[Places]]
    tags: tuple[str, ...]


def ask(book: RuleBook, rule: Rule, article: Article) -> Said | None:
    """Return what a rule finds in an article, None when it finds nothing."""
    names = {name.lower() for name in (article.feed, article.outlet, article.group, article.country)}
    if rule.languages and article.language and article.language not in rule.languages:
        return None
    if rule.feeds and not rule.feeds & names:
        return None
    tokens = tokens_of(article)
    plain = Oracle(book, article, tokens, frozenset())
    blank = frozenset(at for first, past, _ in plain.terms(rule.ignore) for at in range(first, past))
    oracle = Oracle(book, article, tokens, blank)
    if oracle.terms(rule.never):
        return None
    lines: dict[int, set[Places]] = {}
    tags = set()
    for line in rule.lines:
        window = line.window or rule.within
        for fit in oracle.fits(rule, line):
            lines.setdefault(line.number, set()).add(oracle.places(fit))
            for label, terms in rule.tags:
                if any(oracle.near(window.unit, window.count, [*fit, one]) for one in oracle.terms(terms)):
                    tags.add(label)
    return Said(lines, tuple(label for label, _ in rule.tags if label in tags)) if lines else None
