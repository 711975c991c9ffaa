"""The words and phrases that rules name, each once, and which of them a word of an article is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from monitor.rules.spec import Choice, Gap, Phrase, Word
from monitor.rules.text import LONGEST_WORD, cased_words, folded_words


class Jump(NamedTuple):
    """What is no word in a phrase: a gap of up to so many words, or alternatives."""

    gap: int = 0
    alternatives: tuple[tuple[Node, ...], ...] = ()


Node = int | Jump
Nodes = tuple[Node, ...]


def glob(pieces: list[bytes], word: bytes) -> bool:
    """Say whether a word consists of these pieces with any letters between them: `a*b` is ["a", "b"]."""
    if len(pieces) == 1:
        return word == pieces[0]
    first, *middle, last = pieces
    if not (word.startswith(first) and word.endswith(last)):
        return False
    at, end = len(first), len(word) - len(last)
    for piece in middle:
        at = word.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return at <= end


class _Wildcards:
    """Patterns by a piece of theirs that must stand at one end, or anywhere, of a word."""

    def __init__(self) -> None:
        self._patterns: dict[bytes, tuple[tuple[bytes, int], ...]] = {}
        self.lengths: set[int] = set()

    def add(self, piece: bytes, pattern: bytes, wid: int) -> None:
        self._patterns[piece] = (*self._patterns.get(piece, ()), (pattern, wid))
        self.lengths.add(len(piece))

    def matching(self, word: bytes, pieces: Iterable[bytes]) -> Iterator[int]:
        for piece in pieces:
            for pattern, wid in self._patterns.get(piece, ()):
                if glob(pattern.split(b"*"), word):
                    yield wid


class Vocabulary:
    """Every word (by its number, `wid`) and every phrase (by its number, `atom`) that rules name."""

    def __init__(self) -> None:
        self.nodes: list[Nodes] = []  # of each atom
        self.needs: list[tuple[frozenset[int], ...]] = []  # of each atom of several words: all that must be there
        self.heads: list[int] = []  # of each atom: its first word, -1 when it has a choice there
        self.cased: dict[int, str] = {}  # words that count in this very case
        self.size = 0
        self._atoms: dict[Phrase, int] = {}
        self._plain: dict[bytes, int] = {}  # words without a wildcard, in any case
        self._others: dict[tuple[bytes, str], int] = {}
        self._exact: dict[bytes, tuple[int, ...]] = {}  # words without a wildcard, in one case
        self._weights: list[int] = []  # letters that stand: the more, the rarer
        self._prefix, self._suffix, self._infix = _Wildcards(), _Wildcards(), _Wildcards()

    # words

    def word(self, pattern: bytes, cased: str = "") -> int:
        """Return the number of a folded word, `*` for any letters; `cased` when it counts in this case only."""
        plain = not cased and b"*" not in pattern
        known = self._plain.get(pattern) if plain else self._others.get((pattern, cased))
        if known is not None:
            return known
        wid = self.size
        self.size += 1
        self._weights.append(len(pattern) - pattern.count(b"*"))
        if plain:
            self._plain[pattern] = wid
        else:
            self._others[pattern, cased] = wid
            self._index(pattern, wid)
        if cased:
            self.cased[wid] = cased
        return wid

    def _index(self, pattern: bytes, wid: int) -> None:
        pieces = pattern.split(b"*")
        if len(pieces) == 1:
            self._exact[pattern] = (*self._exact.get(pattern, ()), wid)
        elif pieces[0]:
            self._prefix.add(pieces[0], pattern, wid)
        elif pieces[-1]:
            self._suffix.add(pieces[-1], pattern, wid)
        else:
            self._infix.add(max(pieces, key=len), pattern, wid)

    def matching(self, word: bytes) -> tuple[int, ...]:
        """Return which words of the vocabulary a folded word of an article is, case apart."""
        size = len(word)
        if size > LONGEST_WORD:
            return ()
        plain = self._plain.get(word)
        heads = (word[:length] for length in self._prefix.lengths if length <= size)
        tails = (word[size - length :] for length in self._suffix.lengths if length <= size)
        inner = {word[at : at + length] for length in self._infix.lengths for at in range(size - length + 1)}
        return (
            *(() if plain is None else (plain,)),
            *self._exact.get(word, ()),
            *self._prefix.matching(word, heads),
            *self._suffix.matching(word, tails),
            *self._infix.matching(word, inner),
        )

    def has_case(self, wid: int, cased: bytes) -> bool:
        """Say whether a word as it stands in an article, only its accents folded, has the case that this one demands."""
        return glob(self.cased[wid].encode().split(b"*"), cased)

    # phrases

    def atom(self, phrase: Phrase) -> int:
        """Return the number of a phrase, its words known from now on."""
        atom = self._atoms.get(phrase)
        if atom is None:
            atom = self._atoms[phrase] = len(self.nodes)
            nodes = self._compiled(phrase)
            self.nodes.append(nodes)
            self.needs.append(self._requirements(nodes) if len(nodes) > 1 else ())
            self.heads.append(nodes[0] if nodes and isinstance(nodes[0], int) else -1)
        return atom

    def _compiled(self, phrase: Phrase) -> Nodes:
        nodes: list[Node] = []
        for element in phrase.elements:
            if isinstance(element, Word):
                nodes.extend(self._compiled_word(element))
            elif isinstance(element, Gap):
                nodes.append(Jump(gap=element.most))
            elif isinstance(element, Choice):
                nodes.append(Jump(alternatives=tuple(filter(None, map(self._compiled, element.phrases)))))
        while nodes and _is_gap(nodes[-1]):
            nodes.pop()
        while nodes and _is_gap(nodes[0]):
            nodes.pop(0)
        return tuple(nodes)

    def _compiled_word(self, word: Word) -> Iterator[int]:
        patterns = folded_words(word.pattern)
        if not word.exact:
            return map(self.word, patterns)
        return map(self.word, patterns, cased_words(word.pattern))

    def is_plain(self, atom: int) -> bool:
        """Say whether a phrase is words, in any case, next to each other."""
        return all(isinstance(node, int) and node not in self.cased for node in self.nodes[atom])

    def plain_words(self, atom: int) -> tuple[int, ...]:
        """Return the words of a plain phrase, in their order."""
        return tuple(node for node in self.nodes[atom] if isinstance(node, int))

    def anchors(self, atom: int) -> frozenset[int]:
        """Return words of which one stands wherever the phrase does: the rarest, to go by their letters."""
        return max(self._requirements(self.nodes[atom]), key=self._rarity, default=frozenset())

    def requirements(self, atom: int) -> tuple[frozenset[int], ...]:
        """Return sets of words of which one of each stands wherever the phrase does."""
        return self._requirements(self.nodes[atom])

    def _requirements(self, nodes: Nodes) -> tuple[frozenset[int], ...]:
        found: dict[frozenset[int], None] = {}
        for node in nodes:
            if isinstance(node, int):
                found[frozenset({node})] = None
            elif node.alternatives:
                inner = (
                    max(self._requirements(one), key=self._rarity, default=frozenset()) for one in node.alternatives
                )
                found[frozenset().union(*inner)] = None
        return tuple(found)

    def _rarity(self, words: frozenset[int]) -> int:
        return min((self._weights[word] for word in words), default=-1)

    def forget_the_written(self) -> None:
        """Keep the numbers only: no new phrase will come."""
        self._atoms = {}
        self._others = {}


def _is_gap(node: Node) -> bool:
    return not isinstance(node, int) and not node.alternatives
