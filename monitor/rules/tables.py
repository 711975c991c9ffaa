"""Which rules may match an article: a few joins over arrays, at a cost nearly independent of the number of rules. Pure.

Every word of an article is a *class*: the set of the vocabulary's words that it is. Classes lead to *sources* (a phrase
or a list that a rule names), sources to *queries* (one line of one rule). A query stays when each of its parts has a
source in the article, and then when these stand within its window. What is left out here cannot match; what stays is
judged exactly (`rules.match`). So case, order, guards, fields, gaps and exclusions are no concern of this module, and a
phrase stands where its rarest word does. Where all that a rule weighs was seen here, `rules.fits` needs no judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from monitor.rules.lean import ANYWHERE, LeanLine, LeanList, LeanRule, LeanTerm, width
from monitor.rules.spec import Unit
from monitor.rules.text import APART
from monitor.rules.words import Vocabulary

Ints = NDArray[np.int64]
Small = NDArray[np.int32]

UNITS: tuple[Unit, ...] = ("sentence", "paragraph", "article", "word")
# Parts beyond these are left to the exact judgement.
MOST_PARTS = 8
ALL_LANGUAGES = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of numbers of different lengths, in one array: row k is `values[ends[k]:ends[k + 1]]`."""

    ends: Ints
    values: Small

    def row(self, key: int, values: Small | None = None) -> list[int]:
        """Return one row, of these values or of others that stand beside them."""
        found: list[int] = (self.values if values is None else values)[self.ends[key] : self.ends[key + 1]].tolist()
        return found

    def spread(self, keys: NDArray[np.integer]) -> tuple[Ints, Ints]:
        """Return where the values of these rows stand, and for each row the number of values up to its end."""
        starts = self.ends[keys]
        sizes = self.ends[keys + 1] - starts
        past = np.cumsum(sizes)
        if not past.size:
            return past, past
        return np.arange(past[-1]) + np.repeat(starts - past + sizes, sizes), past


def rows_of(keys: Sequence[int], values: Sequence[int], size: int) -> Rows:
    """Return rows in which value k stands in row keys[k]."""
    key = np.asarray(keys, np.int64)
    order = np.argsort(key, kind="stable")
    ends = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(key, minlength=size), out=ends[1:])
    return Rows(ends, np.asarray(values, np.int32)[order])


class Growing:
    """Rows that are added one by one while articles bring new words."""

    def __init__(self) -> None:
        self._ends = np.zeros(1 << 10, np.int64)
        self._values = np.zeros(1 << 12, np.int32)
        self.rows = 0

    def add(self, values: Sequence[int]) -> None:
        """Add a row."""
        start = int(self._ends[self.rows])
        while self.rows + 2 > self._ends.size:
            self._ends = np.concatenate([self._ends, np.zeros_like(self._ends)])
        while start + len(values) > self._values.size:
            self._values = np.concatenate([self._values, np.zeros_like(self._values)])
        self._values[start : start + len(values)] = values
        self.rows += 1
        self._ends[self.rows] = start + len(values)

    def view(self) -> Rows:
        """Return the rows as they are now."""
        return Rows(self._ends, self._values)


@dataclass(slots=True)
class Links:
    """Which sources a word of the vocabulary leads to, and in which languages.

    A phrase of several words is there when each of its *slots* is filled: a slot is filled by one word, or by several
    where the phrase has a choice. The slots of a phrase follow each other.
    """

    sources: Rows  # word → sources whose rarest word it is: these stand where it does
    alone: Rows  # word → sources that are there when it is
    languages: Small  # of each of those
    slots: Rows  # word → slots that it fills
    phrase: Small  # of each slot
    sizes: Small  # of each phrase: its slots
    phrases: Rows  # phrase → sources
    phrase_languages: Small  # of each of those
    bits: dict[str, int]  # of a language; others have the last bit, which only what counts in all languages bears

    def bit(self, language: str) -> int:
        """Return the bits of an article's language; all of them when it is unsure."""
        return ALL_LANGUAGES if not language else self.bits.get(language, 1 << 30)


@dataclass(slots=True)
class Queries:
    """The lines of all rules: what each needs, how close, and which sources lead to its parts."""

    rule: Small
    needs: NDArray[np.uint8]  # a bit for each part
    unit: NDArray[np.uint8]  # index in UNITS
    size: Ints  # of the window
    parts: list[Rows]  # for each part: source → queries
    plain: NDArray[np.bool_]  # nothing matters but its words, its window and what must not be there
    ordered: NDArray[np.bool_]  # its second part stands behind its first
    never: Rows  # rule → sources that must not be there
    word: NDArray[np.bool_]  # of each source: it is one word, in any case


@dataclass(slots=True)
class _Collected:
    """What `tables_of` gathers before it is put in arrays."""

    sources: dict[tuple[int, str, str], int] = field(default_factory=dict)
    rule: list[int] = field(default_factory=list)
    needs: list[int] = field(default_factory=list)
    unit: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    plain: list[bool] = field(default_factory=list)
    ordered: list[bool] = field(default_factory=list)
    never: list[tuple[int, int]] = field(default_factory=list)  # rule, source
    keys: list[list[int]] = field(default_factory=lambda: [[] for _ in range(MOST_PARTS)])
    values: list[list[int]] = field(default_factory=lambda: [[] for _ in range(MOST_PARTS)])

    def add(self, number: int, rule: LeanRule) -> None:
        """Add the lines of a rule."""
        bare = rule.bits == ANYWHERE and not (rule.ignore or rule.unless_near or rule.at_least or rule.tags)
        self.never += [(number, self.source(term)) for term in rule.never]
        for line in rule.lines:
            query = len(self.rule)
            self.rule.append(number)
            self.needs.append((1 << min(len(line.parts), MOST_PARTS)) - 1)
            self.unit.append(UNITS.index(line.window.unit))
            self.size.append(width(line.window))
            self.plain.append(bare and _is_plain(line))
            self.ordered.append(any(line.ordered))
            for part, terms in enumerate(line.parts[:MOST_PARTS]):
                for source in {self.source(term) for term in terms}:
                    self.keys[part].append(source)
                    self.values[part].append(query)

    def source(self, term: LeanTerm) -> int:
        """Return the number of what a term names."""
        return self.sources.setdefault((term.atom, term.name, term.group), len(self.sources))

    def queries(self, rules: int, vocabulary: Vocabulary) -> Queries:
        """Return the lines in arrays."""
        size = len(self.sources)
        used = [part for part in range(MOST_PARTS) if self.keys[part]]
        return Queries(
            np.asarray(self.rule, np.int32),
            np.asarray(self.needs, np.uint8),
            np.asarray(self.unit, np.uint8),
            np.asarray(self.size, np.int64),
            [rows_of(self.keys[part], self.values[part], size) for part in used],
            np.asarray(self.plain, np.bool_),
            np.asarray(self.ordered, np.bool_),
            _rows(self.never, rules),
            np.asarray([atom >= 0 and vocabulary.is_word(atom) for atom, _, _ in self.sources], np.bool_),
        )

    def links(self, vocabulary: Vocabulary, lists: dict[str, LeanList]) -> Links:
        """Return which words lead to which sources."""
        bits: dict[str, int] = {}
        languages: dict[tuple[int, int], int] = {}  # (atom, source) → in which it counts
        for (atom, name, group), source in self.sources.items():
            if atom >= 0:
                languages[atom, source] = ALL_LANGUAGES
                continue
            for entry in lists[name].entries:
                if group in ("", entry.group):
                    key = (entry.atom, source)
                    languages[key] = languages.get(key, 0) | _mask(entry.languages, bits)
        found = _Linked()
        for (atom, source), mask in languages.items():
            found.add(atom, source, mask, vocabulary)
        return found.links(vocabulary.size, bits)


def _is_plain(line: LeanLine) -> bool:
    """Say whether a line has two parts at most, whose terms look in every field."""
    return len(line.parts) <= 2 and not any(term.bits for terms in line.parts for term in terms)


@dataclass(slots=True)
class _Linked:
    """Pairs of what leads and what it leads to."""

    sources: dict[tuple[int, int], None] = field(default_factory=dict)
    alone: dict[tuple[int, int], int] = field(default_factory=dict)
    slots: list[tuple[int, int]] = field(default_factory=list)
    phrase: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    phrases: list[tuple[int, int, int]] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)  # atom → phrase

    def add(self, atom: int, source: int, mask: int, vocabulary: Vocabulary) -> None:
        """Link the words of an atom to a source."""
        for wid in vocabulary.anchors(atom):
            self.sources[wid, source] = None
        needs = vocabulary.requirements(atom)
        if len(needs) > 1:
            self.phrases.append((self._phrase(atom, needs), source, mask))
            return
        for wid in vocabulary.anchors(atom):
            self.alone[wid, source] = self.alone.get((wid, source), 0) | mask

    def _phrase(self, atom: int, needs: tuple[frozenset[int], ...]) -> int:
        if atom not in self.numbers:
            self.numbers[atom] = len(self.sizes)
            self.sizes.append(len(needs))
            for words in needs:
                self.slots += [(wid, len(self.phrase)) for wid in words]
                self.phrase.append(self.numbers[atom])
        return self.numbers[atom]

    def links(self, words: int, bits: dict[str, int]) -> Links:
        """Return them in arrays."""
        alone, phrases = list(self.alone), self.phrases
        first = [phrase for phrase, _, _ in phrases]
        return Links(
            _rows(list(self.sources), words),
            _rows(alone, words),
            rows_of([wid for wid, _ in alone], list(self.alone.values()), words).values,
            _rows(self.slots, words),
            np.asarray(self.phrase, np.int32),
            np.asarray(self.sizes, np.int32),
            rows_of(first, [source for _, source, _ in phrases], len(self.sizes)),
            rows_of(first, [mask for _, _, mask in phrases], len(self.sizes)).values,
            bits,
        )


def _rows(pairs: list[tuple[int, int]], size: int) -> Rows:
    return rows_of([key for key, _ in pairs], [value for _, value in pairs], size)


def _mask(languages: Iterable[str], bits: dict[str, int]) -> int:
    """Return the bits of these languages, all of them when there is none; more than 30 languages share the last."""
    mask = 0
    for language in languages:
        mask |= bits.setdefault(language, 1 << min(len(bits), 29))
    return mask or ALL_LANGUAGES


@dataclass(frozen=True, slots=True)
class Search:
    """What was found of some articles. Sources and queries are numbered through the batch, as `Tables` says."""

    kept: Ints  # the queries that may match, in order, each once
    sources: Ints  # all that are there, in order
    alive: list[tuple[Ints, Ints]]  # for each part: queries that have all parts, and the sources they have it by
    placed: list[tuple[Ints, Ints]]  # for each part: queries, and places in the batch where it stands


@dataclass
class Batch:
    """The words of some articles as classes: all words in reading order, then the joined forms of hyphenated ones."""

    classes: Ints
    articles: Ints  # the number in the batch of the article of each
    positions: Ints  # where each stands among all words; a joined form where its first word does
    pasts: Ints  # past which word each ends
    words: list[int]  # for each article, how many words the articles before it have; at last, all
    joined: list[int]  # as well for joined forms
    sentences: list[tuple[int, int, int, int]]  # words, number, paragraph, document of each sentence
    languages: list[str]  # of each article; "" when unsure

    @cached_property
    def coordinates(self) -> Ints:
        """Where each word stands in the order of windows: [unit, position], units as in UNITS."""
        sizes, *places = np.array(self.sentences, np.int64).reshape(-1, 4).T
        found = np.empty((4, self.words[-1]), np.int64)
        found[:3] = np.repeat(np.stack(places), sizes, axis=1)
        found[3] = np.arange(self.words[-1]) + found[2] * APART
        return found

    def classes_of(self, article: int) -> Ints:
        """Return the classes of one article's words, then of its joined forms."""
        count = self.words[-1]
        words = self.classes[self.words[article] : self.words[article + 1]]
        return np.concatenate([words, self.classes[count + self.joined[article] : count + self.joined[article + 1]]])


class Tables:
    """From the words of articles to the rules that may match them.

    Articles are searched together: a source or a query of the article k of a batch has the number of the source or
    query plus k times as many as there are.
    """

    def __init__(self, vocabulary: Vocabulary, lists: dict[str, LeanList], rules: Iterable[LeanRule]) -> None:
        collected = _Collected()
        number = -1
        for number, rule in enumerate(rules):
            collected.add(number, rule)
        self.links = collected.links(vocabulary, lists)
        self.queries = collected.queries(number + 1, vocabulary)
        self._vocabulary = vocabulary
        self.sources = max(1, len(collected.sources))
        self._start()

    def _start(self) -> None:
        self.classes: dict[bytes, int] = _Classes(self)
        self.words_of = Growing()  # class → words of the vocabulary
        self.wids: list[tuple[int, ...]] = []  # the same, to be asked for one
        self._class_of: dict[tuple[int, ...], int] = {}
        self._found = Growing()  # class → sources that stand where it does
        self._alone = Growing()  # class → sources that are there when it is
        self._masks = Growing()  # class → their languages
        self._slots = Growing()  # class → slots that it fills
        self._seen = np.zeros(0, np.uint8)
        self._wanted = np.zeros(0, np.bool_)
        self.class_of(())

    def __getstate__(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("links", "queries", "_vocabulary", "sources")}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._start()

    def class_of(self, wids: tuple[int, ...]) -> int:
        """Return the class of a word that is these words of the vocabulary. Class 0 is none of them."""
        known = self._class_of.get(wids)
        if known is None:
            known = self._class_of[wids] = self.words_of.rows
            links = self.links
            masks: dict[int, int] = {}
            for wid in wids:
                for source, mask in zip(links.alone.row(wid), links.alone.row(wid, links.languages), strict=True):
                    masks[source] = masks.get(source, 0) | mask
            self.words_of.add(wids)
            self.wids.append(wids)
            self._found.add(sorted({source for wid in wids for source in links.sources.row(wid)}))
            self._alone.add(list(masks))
            self._masks.add(list(masks.values()))
            self._slots.add([slot for wid in wids for slot in links.slots.row(wid)])
        return known

    # the joins

    def search(self, batch: Batch) -> Search:
        """Return the queries that may match the articles, and where their parts stand."""
        sources = self._present(batch)
        alive = self._with_all_parts(sources, len(batch.languages))
        if not alive or not alive[0][0].size:
            return Search(np.zeros(0, np.int64), sources, alive, [])
        placed = self._placed(batch, alive)
        return Search(self._within_windows(batch, placed), sources, alive, placed)

    def candidates(self, batch: Batch) -> list[list[int]]:
        """Return for each article the numbers of the rules that may match it, in order."""
        return self.by_article(distinct(self.rules_of(self.search(batch).kept)), len(batch.languages))

    def rules_of(self, queries: Ints) -> Ints:
        """Return the rule of each of these queries: its number plus, for the article k, k times as many as there are."""
        articles = queries // max(1, self.queries.needs.size)
        rules: Ints = articles * self.rules + self.queries.rule[queries - articles * self.queries.needs.size]
        return rules

    def by_article(self, rules: Ints, articles: int) -> list[list[int]]:
        """Return the numbers of these rules for each article."""
        found: list[list[int]] = [[] for _ in range(articles)]
        for key in rules.tolist():
            found[key // self.rules].append(key % self.rules)
        return found

    @property
    def rules(self) -> int:
        """How many rules there are, 1 at least."""
        return max(1, self.queries.never.ends.size - 1)

    def _present(self, batch: Batch) -> Ints:
        """Return the sources that the articles' words lead to, in their language."""
        classes = self.words_of.rows
        keys = distinct(batch.articles * classes + batch.classes)
        articles = keys // classes
        plain = keys - articles * classes
        rows = self._alone.view()
        places, past = rows.spread(plain)
        masks = self._masks.view().values[places]
        alone = self._speaking(batch, np.repeat(articles, np.diff(past, prepend=0)), rows.values[places], masks)
        if not self.links.sizes.size:
            return distinct(alone)
        of_phrases, phrases = self._complete(articles, plain)
        places, past = self.links.phrases.spread(phrases)
        masks, sources = self.links.phrase_languages[places], self.links.phrases.values[places]
        together = self._speaking(batch, np.repeat(of_phrases, np.diff(past, prepend=0)), sources, masks)
        return distinct(np.concatenate([alone, together]))

    def _speaking(self, batch: Batch, articles: Ints, sources: Small, masks: Small) -> Ints:
        """Return the sources that count in the language of their article."""
        found = articles * self.sources + sources
        if not self.links.bits:
            return found
        bits = np.array([self.links.bit(language) for language in batch.languages], np.int32)
        speaking: Ints = found[masks & bits[articles] != 0]
        return speaking

    def _complete(self, articles: Ints, classes: Ints) -> tuple[Ints, Ints]:
        """Return the phrases of which all slots are filled, and in which article."""
        rows = self._slots.view()
        places, past = rows.spread(classes)
        count, phrases = len(self.links.phrase), len(self.links.sizes)
        filled = distinct(np.repeat(articles, np.diff(past, prepend=0)) * count + rows.values[places])
        keys = filled // count * phrases + self.links.phrase[filled % count]
        ends = np.flatnonzero(np.append(keys[1:] != keys[:-1], True)) if keys.size else keys
        phrase = keys[ends]
        whole = phrase[np.diff(ends, prepend=-1) == self.links.sizes[phrase % phrases]]
        return whole // phrases, whole % phrases

    def _with_all_parts(self, sources: Ints, articles: int) -> list[tuple[Ints, Ints]]:
        """Return for each part the queries that have all parts in their article, and the sources they have them by."""
        count = self.queries.needs.size
        if self._seen.size < articles * count:
            self._seen = np.zeros(articles * count, np.uint8)
        seen = self._seen
        base = sources // self.sources
        plain, base = sources - base * self.sources, base * count
        reached: list[tuple[Ints, Ints]] = []
        for part, rows in enumerate(self.queries.parts):
            places, past = rows.spread(plain)
            queries = np.repeat(base, np.diff(past, prepend=0)) + rows.values[places]
            seen[queries] |= 1 << part
            reached.append((queries, past))
        alive = []
        for queries, past in reached:
            kept = np.flatnonzero(seen[queries] == self.queries.needs[queries % count])
            alive.append((queries[kept], sources[np.searchsorted(past, kept, side="right")]))
        for queries, _ in reached:
            seen[queries] = 0
        return alive

    def _within_windows(self, batch: Batch, placed: list[tuple[Ints, Ints]]) -> Ints:
        """Return the queries whose other parts all stand near some place of their first, each once."""
        count = self.queries.needs.size
        reach = 2 * (int(batch.coordinates.max()) + int(self.queries.size.max()) + 1)
        first, places = placed[0]
        plain = first % count
        keys = first * reach + self.coordinates(batch, plain, batch.positions[places])
        size, needs = self.queries.size[plain] - 1, self.queries.needs[plain]
        near = np.ones(len(keys), np.bool_)
        for part, (queries, at) in enumerate(placed[1:], 1):
            others = queries * reach + self.coordinates(batch, queries % count, batch.positions[at])
            near &= _near(keys, size, np.sort(others)) | (needs >> part & 1 == 0)
        return distinct(first[near])

    def coordinates(self, batch: Batch, queries: Ints, positions: Ints) -> Ints:
        """Return where these words stand in the order of the windows of these queries."""
        found: Ints = batch.coordinates[self.queries.unit[queries], positions]
        return found

    def _placed(self, batch: Batch, alive: list[tuple[Ints, Ints]]) -> list[tuple[Ints, Ints]]:
        """Return for each part each place of each query's sources, as query and place in the batch."""
        rows, known = self._points(batch, alive)
        found = []
        for queries, sources in alive:
            places, past = rows.spread(np.searchsorted(known, sources))
            found.append((np.repeat(queries, np.diff(past, prepend=0)), rows.values[places].astype(np.int64)))
        return found

    def _points(self, batch: Batch, alive: list[tuple[Ints, Ints]]) -> tuple[Rows, Ints]:
        """Return where the sources that matter stand: source → places in the batch."""
        if self._wanted.size < len(batch.languages) * self.sources:
            self._wanted = np.zeros(len(batch.languages) * self.sources, np.bool_)
        wanted = self._wanted
        for _, sources in alive:
            wanted[sources] = True
        rows = self._found.view()
        places, past = rows.spread(batch.classes)
        reached = rows.values[places] + np.repeat(batch.articles * self.sources, np.diff(past, prepend=0))
        kept = np.flatnonzero(wanted[reached])
        for _, sources in alive:
            wanted[sources] = False
        found = np.searchsorted(past, kept, side="right").astype(np.int32)
        order = np.argsort(reached[kept], kind="stable")
        inorder = reached[kept][order]
        known = distinct(inorder)
        ends = np.append(np.searchsorted(inorder, known), len(inorder))
        return Rows(ends, found[order]), known


def is_in(numbers: Ints, inorder: Ints) -> NDArray[np.bool_]:
    """Say for each number whether it is among the others, which are in order."""
    if not inorder.size:
        return np.zeros(len(numbers), np.bool_)
    found: NDArray[np.bool_] = inorder[np.minimum(np.searchsorted(inorder, numbers), len(inorder) - 1)] == numbers
    return found


def distinct(numbers: NDArray[np.integer]) -> Ints:
    """Return these numbers in order, each once."""
    inorder = np.sort(numbers)
    kept = np.ones(len(inorder), np.bool_)
    np.not_equal(inorder[1:], inorder[:-1], out=kept[1:])
    return inorder[kept]


class _Classes(dict[bytes, int]):
    """The class of each folded word that was ever met. Bounded: hostile text is never the same twice."""

    def __init__(self, tables: Tables) -> None:
        super().__init__()
        self._tables = tables

    def __missing__(self, word: bytes) -> int:
        number = self._tables.class_of(self._tables._vocabulary.matching(word))
        if len(self) < 1_000_000:
            self[word] = number
        return number


def _near(keys: Ints, size: Ints, others: Ints) -> NDArray[np.bool_]:
    """Say for each key whether one of the others (in order) is at most `size` away."""
    if not others.size:
        return np.zeros(len(keys), np.bool_)
    at = np.minimum(np.searchsorted(others, keys - size), len(others) - 1)
    near: NDArray[np.bool_] = np.abs(others[at] - keys) <= size
    return near
