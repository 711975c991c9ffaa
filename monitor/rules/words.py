"""The words that rules name, each once, and which of them a word of an article is. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from monitor.rules.spec import Choice, Gap, Phrase, TermList, Word
from monitor.rules.text import LONGEST_WORD, cased_words, folded_words


@dataclass(frozen=True, slots=True)
class Jump:
    """What is no word in a phrase: a gap of up to so many words, or alternatives."""

    gap: int = 0
    alternatives: tuple[tuple[Node, ...], ...] = ()


Node = int | Jump


def glob(pieces: tuple[bytes, ...] | tuple[str, ...], word: bytes | str) -> bool:
    """Say whether a word consists of these pieces with any letters between them: `a*b` is ("a", "b")."""
    if len(pieces) == 1:
        return word == pieces[0]
    first, *middle, last = pieces
    if not (word.startswith(first) and word.endswith(last)):  # type: ignore[arg-type]
        return False
    at, end = len(first), len(word) - len(last)
    for piece in middle:
        at = word.find(piece, at, end)  # type: ignore[arg-type]
        if at < 0:
            return False
        at += len(piece)
    return at <= end


@dataclass(slots=True)
class _Index:
    """Wildcards by a piece of theirs that must stand at one end, or anywhere, of a word."""

    pieces: dict[bytes, list[tuple[int, tuple[bytes, ...]]]] = field(default_factory=lambda: defaultdict(list))
    lengths: set[int] = field(default_factory=set)

    def add(self, piece: bytes, wid: int, pieces: tuple[bytes, ...]) -> None:
        self.pieces[piece].append((wid, pieces))
        self.lengths.add(len(piece))

    def matching(self, word: bytes, candidates: Iterable[bytes]) -> Iterable[int]:
        for piece in candidates:
            for wid, pieces in self.pieces.get(piece, ()):
                if glob(pieces, word):
                    yield wid


class Vocabulary:
    """Every word (`wid`) and phrase (`atom`) that the rules name."""

    def __init__(self) -> None:
        self.nodes: list[tuple[Node, ...]] = []  # of each atom
        self.anchors: list[frozenset[int]] = []  # of each atom: one of these words stands wherever it does
        self.cased: dict[int, tuple[str, ...]] = {}  # words that count in this very case, in pieces
        self.size = 0
        self._atoms: dict[Phrase, int] = {}
        self._wids: dict[tuple[bytes, str], int] = {}
        self._weights: list[int] = []  # letters that stand: the more, the rarer
        self._exact: dict[bytes, list[int]] = defaultdict(list)
        self._prefix, self._suffix, self._infix = _Index(), _Index(), _Index()
        self._list_anchors: dict[int, tuple[TermList, list[frozenset[int]]]] = {}
        self._known: dict[bytes, tuple[int, ...]] = {}

    # words

    def word(self, pattern: bytes, cased: str = "") -> int:
        """Return the number of a folded word, `*` for any letters; `cased` when it counts in this case only."""
        wid = self._wids.get((pattern, cased))
        if wid is None:
            wid = self._wids[pattern, cased] = self.size
            self.size += 1
            self._weights.append(len(pattern.replace(b"*", b"")))
            self._known.clear()
            if cased:
                self.cased[wid] = tuple(cased.split("*"))
            self._index(wid, tuple(pattern.split(b"*")))
        return wid

    def _index(self, wid: int, pieces: tuple[bytes, ...]) -> None:
        if len(pieces) == 1:
            self._exact[pieces[0]].append(wid)
        elif pieces[0]:
            self._prefix.add(pieces[0], wid, pieces)
        elif pieces[-1]:
            self._suffix.add(pieces[-1], wid, pieces)
        else:
            self._infix.add(max(pieces, key=len), wid, pieces)

    def resolve(self, word: bytes) -> tuple[int, ...]:
        """Return which words of the vocabulary a folded word of an article is."""
        known = self._known.get(word)
        if known is None:
            if len(self._known) > 500_000:
                self._known.clear()
            known = self._known[word] = self._look_up(word) if len(word) <= LONGEST_WORD else ()
        return known

    def _look_up(self, word: bytes) -> tuple[int, ...]:
        size = len(word)
        heads = (word[:length] for length in self._prefix.lengths if length <= size)
        tails = (word[size - length :] for length in self._suffix.lengths if length <= size)
        inner = {word[at : at + length] for length in self._infix.lengths for at in range(size - length + 1)}
        return (
            *self._exact.get(word, ()),
            *self._prefix.matching(word, heads),
            *self._suffix.matching(word, tails),
            *self._infix.matching(word, inner),
        )

    def has_case(self, wid: int, original: str) -> bool:
        """Say whether a word as it stands in an article has the case that this one demands."""
        return glob(self.cased[wid], "".join(cased_words(original)))

    # phrases

    def atom(self, phrase: Phrase) -> int:
        """Return the number of a phrase, its words known from now on."""
        atom = self._atoms.get(phrase)
        if atom is None:
            nodes = self._compiled(phrase)
            atom = self._atoms[phrase] = len(self.nodes)
            self.nodes.append(nodes)
            self.anchors.append(self._anchors(nodes)[1])
        return atom

    def _compiled(self, phrase: Phrase) -> tuple[Node, ...]:
        nodes: list[Node] = []
        for element in phrase.elements:
            if isinstance(element, Word):
                nodes.extend(self._compiled_word(element))
            elif isinstance(element, Gap):
                nodes.append(Jump(gap=element.most))
            elif isinstance(element, Choice):
                alternatives = tuple(filter(None, map(self._compiled, element.phrases)))
                nodes.append(Jump(alternatives=alternatives))
        while nodes and _is_gap(nodes[-1]):
            nodes.pop()
        while nodes and _is_gap(nodes[0]):
            nodes.pop(0)
        return tuple(nodes)

    def _compiled_word(self, word: Word) -> list[Node]:
        if not word.exact:
            return [self.word(pattern) for pattern in folded_words(word.pattern)]
        patterns, cased = folded_words(word.pattern), cased_words(word.pattern)
        return [self.word(pattern, case) for pattern, case in zip(patterns, cased, strict=True)]

    def _anchors(self, nodes: tuple[Node, ...]) -> tuple[int, frozenset[int]]:
        """Return how rare, by their letters, the words are of which one stands wherever the phrase does; and them."""
        best: tuple[int, frozenset[int]] = (-1, frozenset())
        for node in nodes:
            if isinstance(node, int):
                found = self._weights[node], frozenset({node})
            elif node.alternatives:
                inner = [self._anchors(alternative) for alternative in node.alternatives]
                found = min(weight for weight, _ in inner), frozenset().union(*(words for _, words in inner))
            else:
                continue
            best = max(best, found, key=lambda pair: pair[0])
        return best

    def anchors_of(self, termlist: TermList) -> list[frozenset[int]]:
        """Return the anchors of each entry of a list."""
        known = self._list_anchors.get(id(termlist))
        if known is None:
            anchors = [self.anchors[self.atom(entry.phrase)] for entry in termlist.entries]
            known = self._list_anchors[id(termlist)] = (termlist, anchors)
        return known[1]


def _is_gap(node: Node) -> bool:
    return not isinstance(node, int) and node.gap > 0
