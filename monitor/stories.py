"""Do two articles tell of one event? Pure.

Three things make a story: the same address, the same text in other papers (agencies), and other words for the same
event: names, numbers and rare words that both have near their beginning, within days of each other. Names are compared
by their consonants, so that Lavrov, Lawrow and Sergueï Lavrov, Katar and Qatar meet across languages.

Near-copies are found with a mod sketch (A. Broder, On the resemblance and containment of documents, 1997) and not with
MinHash: a short agency item inside a long article shares all of its own text and little of the other's, and only this
sketch estimates containment.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from itertools import count
from math import sqrt
from typing import Any

from monitor import urls
from monitor.model import Article, Telling
from monitor.rules.text import fold

SHINGLE = 5  # words; long enough that two writers do not meet by chance
SKETCH = 256  # hashes kept of an article
START = 60  # words of the text in which news says who, what and where
WINDOW = timedelta(days=4)  # between two articles in different words on one event

# Near-copies: this part of the smaller text, and this part of both together, is shared, in so many shingles. What is one
# sentence long may be a quote, a formula or a call for witnesses: then it must be more of the smaller text.
_CONTAINED, _RESEMBLING, _SHARED = 0.2, 0.1, 8
_SENTENCE, _CONTAINED_IN_ONE = 24, 0.3
# One event: so much of what either begins with is shared; of the names at least one that is not in the news every day,
# and a fifth of what the poorer one begins with. Tuned on tests/quality/test_stories_quality.py.
_ALIKE, _EVIDENCE, _NAMED = 0.16, 0.8, 0.2
_AGREE = 0.25  # of a story's articles; so that a story does not wander from one event to the next
_COMMON_NAME, _SHORT_NAME, _NUMBER, _RARE_WORD = 0.15, 0.6, 0.6, 0.25

_WORD = re.compile(r"[^\W_]+")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;\n\"“”„‘(«])\s*$")
_SENTENCES = re.compile(r"(?<=[.!?])[\"”’»]?\s+(?=[\"“‘«]?[A-ZÀ-Þ0-9])|\n+")
_SOUNDS = (
    (re.compile("tsch|tch|sch|sj|sh|ch|zj|zh|dj"), "s"),  # Pesjkov, Peschkow, Pechkov
    (re.compile("w"), "v"),
    (re.compile("ph"), "f"),
    (re.compile("[cq]"), "k"),
    (re.compile("z"), "s"),
    (re.compile("x"), "ks"),
    (re.compile("[aeiouyjh]"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
)


def _skeleton(name: str) -> str:
    """Return what the spellings of a name in Dutch, French, German and English have in common: its consonants."""
    sound = name
    for pattern, plain in _SOUNDS:
        sound = pattern.sub(plain, sound)
    return sound or name


# Names that are in the news every day, so that sharing one says little. Powers, capitals, leaders, agencies, calendars.
_DAILY_NAMES = """
    rusland russland russie russia rus russen russe russes russisch russische russischen russin amerika amerikaan
    amerikanen amerikaans amerikaanse amerikaner etats unis usa vs us verenigde staten united states oekraine ukraine
    oekraiens oekraiense oekraiener ukrainer moskou moscou moskau moscow kremlin kremls kreml poetin poutine putin
    vladimir wladimir trump donald biden joe washington witte huis maison blanche white house kiev kyiv kiew zelensky
    zelenski selenskyj europa europe europese europeen europaische eu navo nato otan belgie belgique belgisch belgische
    nederland nederlands nederlandse duitsland allemagne deutschland duitse deutsche deutschen frankrijk france franse
    parijs paris londen londres london brussel bruxelles brussels berlijn berlin amsterdam haag israel gaza china
    chinese reuters afp anp belga tass interfax dpa nbc cnn bbc axios bloomberg spiegel times post news journal
    maandag dinsdag woensdag donderdag vrijdag zaterdag zondag lundi mardi mercredi jeudi vendredi samedi dimanche
    montag dienstag mittwoch donnerstag freitag samstag sonntag januari februari maart april mei juni juli augustus
    september oktober november december janvier fevrier mars avril mai juin juillet aout septembre octobre novembre
    decembre januar februar marz dezember president minister premier kamer senaat oorlog guerre krieg
"""
_EVERYDAY = frozenset(_skeleton(name) for name in _DAILY_NAMES.split())


# Words that begin sentences and are no names.
_FIRST_WORDS = """
    aan achter alle alleen als alles bij binnen daar daarna dan dat de deze die dit door een eerder er geen haar het hier
    hij hoe hun ik in ja je maar met meer mogelijk na naar naast nee niet nog nu of om omdat onder ook op over pas sinds
    terwijl toch toen tot tussen uit van vanaf veel verder vier volgens voor waar waarom want wat we wel wie wij worden
    zeker zij zijn zo zonder au aux apres avant avec ce ces cet cette chez comme dans depuis des deux du elle elles en
    entre et il ils je la le les leur lors mais ne non nos notre nous on ou par pas plus pour quand que qui sans selon
    ses si son sous sur tous tout une vers vous aber alle als am an auch auf aus bei beim bis da das dass dem den der
    des die dies diese dieser doch ein eine einen einer er es fur gegen hat ich ihr im ist kein mit nach nicht noch nun
    nur ob obwohl oder seit sich sie sind so uber um und unter vom von vor wann warum was wegen wenn wer wie wir zu zum
    zur about after all also and any are because before but for from has her his how its many most new now one our she
    since some that the their then there these they this those two under until was what when where which while who why
    with you
"""
_OPENERS = frozenset(_FIRST_WORDS.split())


@dataclass(frozen=True, slots=True)
class Signature:
    """What is kept of an article to know its story again; a few kB as JSON."""

    link: str = ""  # normal address
    when: datetime | None = None
    level: int = 0  # of the sketch: hashes below 2**(32 - level) are kept
    sketch: frozenset[int] = frozenset()  # hashes of shingles
    marks: Mapping[str, float] | None = None  # names, numbers and rare words near the beginning → how much each says
    facts: frozenset[int] = frozenset()  # hashes of the names and numbers of the whole text

    def to_json(self) -> dict[str, Any]:
        """Return the signature as what JSON can hold."""
        return {
            "link": self.link,
            "when": self.when.isoformat() if self.when else None,
            "level": self.level,
            "sketch": sorted(self.sketch),
            "marks": dict(self.marks or {}),
            "facts": sorted(self.facts),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Signature:
        """Return the signature that `to_json` made this of."""
        return cls(
            link=said["link"],
            when=datetime.fromisoformat(said["when"]) if said["when"] else None,
            level=said["level"],
            sketch=frozenset(said["sketch"]),
            marks=said["marks"],
            facts=frozenset(said["facts"]),
        )


def signature(article: Article) -> Signature:
    """Return what is kept of an article to know its story again."""
    text = _text(article)
    level, sketch = _sketch(fold(text).decode("utf-8", "replace").split())
    return Signature(
        link=urls.normal(article.url) if article.url else "",
        when=article.published or article.found,
        level=level,
        sketch=sketch,
        marks=_marks(article.title, text),
        facts=frozenset(_hash(fact) for fact in _facts(f"{article.title}\n{text}", first=True)),
    )


Days = tuple[datetime, datetime]  # from the first to the last moment


def days_around(moments: Iterable[datetime], window: timedelta) -> list[Days]:
    """Return the days that are so near to one of these moments, in order; what overlaps as one."""
    found: list[Days] = []
    for moment in sorted(moments):
        since, until = moment - window, moment + window
        if found and since <= found[-1][1]:
            since = found.pop()[0]
        found.append((since, until))
    return found


class Told:
    """Articles that hit, by what another that tells the same has in common with them: only those that have it are compared.

    They are unpacked once: a backfill asks about the same days again and again.
    """

    def __init__(self) -> None:
        self._numbers: dict[Telling, int] = {}  # in their order
        self._signatures: dict[int, Signature] = {}
        self._by_words: dict[int | str, set[int]] = {}  # hashes of shingles, and addresses → who has them
        self._by_name: dict[str, dict[int, float]] = {}  # names → who has them → the root of how much it says there
        self._added = count()

    def __contains__(self, telling: object) -> bool:
        return telling in self._numbers

    def hold(self, tellings: Mapping[Telling, Any]) -> None:
        """Hold these articles, in this order, and no others; of those that are not held yet, JSON of their signature."""
        for telling in self._numbers.keys() - tellings.keys():
            self._drop(self._numbers[telling])
        held, self._numbers = self._numbers, {}
        for telling, said in tellings.items():
            if telling in held:
                self._numbers[telling] = held[telling]
            else:
                self.add(telling, Signature.from_json(said))

    def add(self, telling: Telling, signature: Signature) -> None:
        """Hold one more; it comes last."""
        if telling not in self._numbers:
            self._numbers[telling] = self._add(signature)

    def of(self, story: str, days: Days) -> list[Signature]:
        """Return what is held of a story in these days."""
        return [self._signatures[number] for telling, number in self._in(days) if telling.story == story]

    def copies(self, new: Signature, days: Days) -> Iterator[str]:
        """Yield the story of each article that has the same address or largely the same text, in their order."""
        met = set[int]().union(*(self._by_words.get(said, ()) for said in _by_words(new)))
        for telling, number in self._in(days) if met else ():
            if number in met:
                other = self._signatures[number]
                if (new.link and new.link == other.link) or near_copies(new, other):
                    yield telling.story

    def likeness(self, new: Signature, days: Days) -> dict[str, tuple[float, float]]:
        """Return for each story in other words: how alike its likest article is, and which part of its articles is at all."""
        shared: dict[int, float] = defaultdict(float)
        for name, root in _by_name(new):
            for number, other in self._by_name.get(name, {}).items():
                shared[number] += root * other
        met = {number for number, names in shared.items() if names >= _EVIDENCE - 1e-9}
        if not met:
            return {}
        found: dict[str, list[float]] = defaultdict(list)
        sizes: Counter[str] = Counter()
        for telling, number in self._in(days):
            sizes[telling.story] += 1
            if number in met and (likeness := alike(new, self._signatures[number])):
                found[telling.story].append(likeness)
        return {story: (max(some), len(some) / sizes[story]) for story, some in found.items()}

    def _in(self, days: Days) -> Iterator[tuple[Telling, int]]:
        since, until = days
        return ((one, number) for one, number in self._numbers.items() if one.last >= since and one.first <= until)

    def _add(self, signature: Signature) -> int:
        number = next(self._added)
        self._signatures[number] = signature
        for said in _by_words(signature):
            self._by_words.setdefault(said, set()).add(number)
        for name, root in _by_name(signature):
            self._by_name.setdefault(name, {})[number] = root
        return number

    def _drop(self, number: int) -> None:
        signature = self._signatures.pop(number)
        for said in _by_words(signature):
            self._by_words[said].remove(number)
            if not self._by_words[said]:
                del self._by_words[said]
        for name, _ in _by_name(signature):
            del self._by_name[name][number]
            if not self._by_name[name]:
                del self._by_name[name]


def _by_words(said: Signature) -> Iterator[int | str]:
    yield from said.sketch
    if said.link:
        yield said.link


def _by_name(said: Signature) -> Iterator[tuple[str, float]]:
    """Yield the names near the beginning, and the root of how much each says: two roots are what it says of both."""
    return ((mark, sqrt(weight)) for mark, weight in (said.marks or {}).items() if mark.startswith("n:"))


def same(new: Signature, told: Told, days: Days) -> str | None:
    """Return the key of the story told in these days that `new` belongs to; None when it tells something else.

    A copy or the same address decides; among stories in other words the most alike wins.
    """
    for story in told.copies(new, days):
        return story
    found = told.likeness(new, days)
    likely = {story: most for story, (most, part) in found.items() if part >= _AGREE}
    return max(likely, key=likely.__getitem__, default=None)


def near_copies(one: Signature, other: Signature) -> bool:
    """Return whether one text is largely the other's, or a good part of it."""
    level = max(one.level, other.level)
    limit = 1 << (32 - level)
    shared = sum(value < limit for value in one.sketch & other.sketch)
    if shared << level < _SHARED:  # of nearly all: nothing more of them is looked at
        return False
    mine, theirs = ({value for value in said.sketch if value < limit} for said in (one, other))
    part = _CONTAINED if shared << level >= _SENTENCE else _CONTAINED_IN_ONE
    return shared >= part * min(len(mine), len(theirs)) and shared >= _RESEMBLING * len(mine | theirs)


def alike(one: Signature, other: Signature) -> float:
    """Return how much two articles in different words tell of one event, from 0 (not) to 1."""
    if one.when and other.when and abs(one.when - other.when) > WINDOW:
        return 0.0
    mine, theirs = one.marks or {}, other.marks or {}
    all_mine, all_theirs = sum(mine.values()), sum(theirs.values())
    shared = {mark: sqrt(mine[mark] * theirs[mark]) for mark in mine.keys() & theirs.keys()}
    names = sum(weight for mark, weight in shared.items() if mark.startswith("n:"))
    if names < max(_EVIDENCE, _NAMED * min(all_mine, all_theirs)):
        return 0.0
    likeness = sum(shared.values()) / sqrt(all_mine * all_theirs)
    return likeness if likeness >= _ALIKE else 0.0


def adds(article: Article, story: Iterable[Signature]) -> str:
    """Return the sentence in which the article tells most that no article of the story told; "" when it tells nothing.

    New is a name or a number that none of them has.
    """
    known = frozenset[int]().union(*(said.facts for said in story))
    best, most = "", 0
    for sentence in _SENTENCES.split(_text(article)):
        fresh = sum(1 for fact in _facts(sentence, first=False) if _hash(fact) not in known)
        if fresh > most:
            best, most = sentence.strip(), fresh
    return best


def _text(article: Article) -> str:
    return "\n\n".join(filter(None, (article.lead, article.body)))


# --- near-copies ---------------------------------------------------------------------------------------------------


def _sketch(words: Sequence[str]) -> tuple[int, frozenset[int]]:
    hashes = {_hash(" ".join(words[at : at + SHINGLE])) for at in range(max(1, len(words) - SHINGLE + 1))}
    level = 0
    while len(hashes) > SKETCH:
        level += 1
        hashes = {value for value in hashes if value < 1 << (32 - level)}
    return level, frozenset(hashes)


def _hash(said: str) -> int:
    return int.from_bytes(blake2b(said.encode("utf-8", "surrogatepass"), digest_size=4).digest(), "big")


# --- other words for one event -------------------------------------------------------------------------------------


def _marks(title: str, text: str) -> dict[str, float]:
    """Return the names, numbers and rare words with which an article begins, and how much each says."""
    start = f"{title}. {' '.join(text.split()[:START])}"
    small = {found[0] for found in _WORD.finditer(start) if found[0].islower()}
    marks: dict[str, float] = {}
    for word, begins in _words(start):
        mark, weight = _mark(word, begins=begins, is_small=word.lower() in small)
        marks[mark] = max(marks.get(mark, 0.0), weight)
    return {mark: weight for mark, weight in marks.items() if mark and weight}


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each word, and whether a sentence begins with it."""
    for found in _WORD.finditer(text):
        yield found[0], bool(_SENTENCE_START.search(text[max(0, found.start() - 3) : found.start()]))


def _mark(word: str, *, begins: bool, is_small: bool) -> tuple[str, float]:
    """Return what a word says of the event, and how much. The first word of a sentence may be a name or not."""
    plain = _folded(word)
    if word.isdigit():
        return (f"#:{plain}", _NUMBER) if len(word) > 1 and not 1900 < int(word[:6]) < 2100 else ("", 0.0)
    if plain in _OPENERS:
        return "", 0.0
    if word[0].isupper() and len(word) > 2 and not is_small:
        name = _skeleton(plain)
        says = _COMMON_NAME if name in _EVERYDAY else 1.0 if len(name) > 2 else _SHORT_NAME
        return f"n:{name}", says / 2 if begins else says
    return (f"w:{plain[:7]}", _RARE_WORD) if len(plain) > 5 else ("", 0.0)


def _facts(text: str, *, first: bool) -> Iterator[str]:
    """Yield the names and numbers in a text; `first`: also what may be one at the beginning of a sentence."""
    for word, begins in _words(text):
        if word.isdigit():
            yield word
        elif word[0].isupper() and (first or not begins) and len(word) > 2:
            yield _skeleton(_folded(word))


@lru_cache(maxsize=20_000)
def _folded(word: str) -> str:
    return fold(word).decode("utf-8", "replace")
