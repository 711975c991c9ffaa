"""Articles and rules for the benchmark: real Dutch words with their document frequencies, in rules made by chance.

Rules have two groups of 3 to 8 terms within a window of sentences; one term in eight has a wildcard, leading, trailing
or both; one in twenty is a phrase of two words that stand together somewhere; a fifth of the rules have an exclusion.
"""

from __future__ import annotations

import json
import os
import random
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from monitor.model import Article
from monitor.rules.spec import Line, Part, Phrase, Rule, RuleBook, Term, Window, Word
from monitor.rules.text import fold

SHARED = Path(os.environ.get("MONITOR_SHARED", Path(__file__).resolve().parents[2] / "shared"))
EXAMPLES = ("real/text/nl_dpg2019.jsonl", "real/text/nl_windenergy_2018.jsonl")


def real_articles() -> list[Article]:
    """Return the Dutch articles of the shared data. Raises FileNotFoundError when it is not there."""
    with tarfile.open(SHARED / "data" / "real.tar.gz") as archive:
        return [article for name in EXAMPLES for article in _articles(archive, name)]


def _articles(archive: tarfile.TarFile, name: str) -> Iterator[Article]:
    member = archive.extractfile(name)
    for row in member or ():
        said = json.loads(row)
        yield Article(key=said["id"], url="", title=said["title"] or "", body=said["text"], language="nl")


class Chance:
    """Makes rules out of the words of articles, the same ones for the same seed."""

    def __init__(self, articles: list[Article], seed: int = 1) -> None:
        self._random = random.Random(seed)
        frequency: Counter[str] = Counter()
        pairs: set[tuple[str, str]] = set()
        for article in articles:
            words = fold(article.body).decode("latin-1").replace("-", " ").split()
            frequency.update({word for word in words if word.isalpha()})
            pairs.update(zip(words[::7], words[1::7], strict=False))
        # Each word once: so their document frequencies are those of the text. Nobody looks for a word that stands in
        # one of a hundred articles, and one that stands once in all may be a slip of the pen.
        rare = len(articles) / 100
        self._words = sorted(word for word, count in frequency.items() if len(word) >= 4 and 2 <= count <= rare)
        known = set(self._words)
        self._pairs = sorted(f"{left} {right}" for left, right in pairs if left in known and right in known)

    def word(self) -> str:
        """Return a word."""
        return self._random.choice(self._words)

    def term(self) -> str:
        """Return a word, one with a wildcard, or a phrase."""
        draw = self._random.random()
        if draw < 0.05:
            return self._random.choice(self._pairs)
        word = self.word()
        if draw < 0.125 and len(word) >= 6:
            return word[:-2] + "*"
        if draw < 0.16 and len(word) >= 6:
            return "*" + word[2:]
        return "*" + word[1:-1] + "*" if draw < 0.175 and len(word) >= 7 else word

    def group(self) -> list[str]:
        """Return 3 to 8 terms."""
        return [self.term() for _ in range(self._random.randint(3, 8))]

    def rule(self, number: int) -> Written:
        """Return a rule as text: groups, window, exclusion."""
        excluded = [self.word()] if self._random.random() < 0.2 else []
        return Written(f"rule-{number}", [self.group(), self.group()], self._random.choice([1, 2, 3, 3, 5]), excluded)

    def rules(self, count: int) -> list[Written]:
        """Return so many rules."""
        return [self.rule(number) for number in range(count)]


class Written:
    """A rule as lists of terms: what every rival is given."""

    def __init__(self, name: str, groups: list[list[str]], sentences: int, never: list[str]) -> None:
        self.name, self.groups, self.sentences, self.never = name, groups, sentences, never

    def rule(self) -> Rule:
        """Return it as a value of the engine."""
        parts = tuple(Part(tuple(map(term, group))) for group in self.groups)
        line = Line(parts, (False,) * (len(parts) - 1))
        window = Window("sentence", self.sentences)
        return Rule(id=self.name, name=self.name, lines=(line,), within=window, never=tuple(map(term, self.never)))

    def text(self) -> str:
        """Return the rule as a person writes it."""
        find = " + ".join(", ".join(group) for group in self.groups)
        never = f"    never: {self.never}\n" if self.never else ""
        return f"  - id: {self.name}\n    find: |\n      {find}\n    within: {self.sentences} sentences\n{never}"


def file_of(written: list[Written]) -> str:
    """Return a rules.yaml that says the same."""
    return "channels:\n  console: {}\nrules:\n" + "".join(one.text() for one in written)


def term(text: str) -> Term:
    """Return words and wildcards as a term."""
    return Term(text, Phrase(tuple(Word(word) for word in text.split())))


def book(written: list[Written]) -> RuleBook:
    """Return all of them as a book."""
    return RuleBook(tuple(one.rule() for one in written))
