"""Rules put to the test: their own examples, and what their terms do in stored articles. Pure."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from monitor.model import Article, Match, key_of
from monitor.rules.compile import compile_rules
from monitor.rules.explain import Explanation, explain
from monitor.rules.find import words
from monitor.rules.spec import Example, Line, ListEntry, Part, Phrase, Place, Rule, RuleBook, Term, Word
from monitor.rules.text import fold, folded_words, language_of
from monitor.rules.words import glob

# Beyond this share of all articles a wildcard says nothing.
EVERYWHERE = 0.2

_TITLE = re.compile(r"\s*title:[ \t]*(.*)\n?")

# Words that are in every text of a language and of which another language makes a term: English *met* is Dutch *met*.
_SMALL_WORDS = {
    "nl": "de het een van en dat niet zijn met voor aan ook er maar om hij ze bij uit nog naar al was als dan over had "
    "door die in is of op te tot we wat want wie zo me men mij nu hem haar heb is kan ik je na dus af had hun under "
    "geen meer veel wel toch hier daar waar worden werd deze dit tegen onder tussen sinds zonder",
    "fr": "le la les des de du un une et dans que qui pour pas sur au aux avec ce cette il elle sont ont ses par plus ne "
    "se son sa mais nous leur on ou en y est a je tu vous lui eux sans sous entre comme si tout fait bien peu car dont",
    "de": "der die das und ist nicht mit den dem ein eine von zu auf im sich auch es wird hat bei nach aus wie noch war "
    "so an als er in man sie wir uns um am zum zur vor des einen einer sind haben bin mal nun was wer wo da also gut",
    "en": "the of and to that is was for on with as his at by this have from or had not are but they which you were her "
    "she will been has their would said its who after about a an in it he we me my so no do go up out if all one",
}


# --- examples -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """How one example of a rule fared. `explanation` says why, when it failed."""

    rule: str  # id
    example: Example
    passed: bool
    article: Article  # the example as the rule saw it
    match: Match | None = None
    explanation: Explanation | None = None


def run_examples(book: RuleBook) -> tuple[ExampleResult, ...]:
    """Try the examples of every rule, in the order of the book.

    An example is read as an article's body, but as a title where nothing else can match. Its first line may give it a
    title: `title: …`.
    """
    tried = dataclasses.replace(book, rules=tuple(rule for rule in book.rules if rule.examples))
    ruleset = compile_rules(tried)

    def found(rule: Rule, article: Article) -> Match | None:
        return next((match for match in ruleset.match(article) if match.rule == rule.id), None)

    return tuple(_try(rule, example, book, found) for rule in tried.rules for example in rule.examples)


def _try(rule: Rule, example: Example, book: RuleBook, found: Callable[[Rule, Article], Match | None]) -> ExampleResult:
    article = _article(rule, example)
    match = found(rule, article)
    passed = (match is not None) == example.match
    explanation = None if passed else explain(rule, book, article)
    return ExampleResult(rule.id, example, passed, article, match, explanation)


def _article(rule: Rule, example: Example) -> Article:
    """Return the article that an example stands for, from a feed that the rule reads."""
    said = _TITLE.match(example.text)
    title, body = (said[1], example.text[said.end() :]) if said else ("", example.text)
    article = Article(
        key=key_of("example", rule.id, example.text),
        url="",
        title=title.strip(),
        body=body.strip(),
        language=_language(rule, example.text),
        outlet=min(rule.feeds, default=""),
    )
    if said or not _only_titles(rule):
        return article
    return dataclasses.replace(article, title=article.body, body="")


def _language(rule: Rule, text: str) -> str:
    """Return the language of an example; of a rule for one language it is that one."""
    return next(iter(rule.languages)) if len(rule.languages) == 1 else language_of(text)


def _only_titles(rule: Rule) -> bool:
    """Whether nothing but a title can match: the rule looks nowhere else, or each line has a part bound to it."""
    bound = [any(all(term.field == "title" for term in part.terms) for part in line.parts) for line in rule.lines]
    return rule.fields == ("title",) or (bool(bound) and all(bound))


# --- lint -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hits:
    """A wildcard and the commonest words that it hit."""

    pattern: str
    sources: tuple[str, ...]  # the terms that hold it, as written
    where: str  # rule some-rule, list $some_list
    place: Place
    times: int  # words hit in all articles
    articles: int  # that have the commonest of them: at least so many are hit
    words: tuple[tuple[str, int], ...]  # folded, with how often, the commonest first


@dataclass(frozen=True, slots=True)
class Doubt:
    """A term that a person should look at, and why."""

    term: str  # as written
    where: str
    place: Place
    why: str


@dataclass(frozen=True, slots=True)
class Lint:
    """What stored articles say of a rule book."""

    articles: int  # that were read
    terms: int  # that were tried
    wildcards: tuple[Hits, ...]  # the most frequent first
    silent: tuple[Doubt, ...]  # terms that hit nothing
    doubts: tuple[Doubt, ...]  # small words of another language; wildcards that are everywhere


@dataclass(frozen=True, slots=True)
class _Written:
    """A phrase that a person wrote, in a rule or in a list."""

    source: str
    phrase: Phrase
    where: str
    place: Place
    languages: frozenset[str]


def lint(book: RuleBook, articles: Iterable[Article], *, most: int = 8) -> Lint:
    """Return what the terms of a book do in these articles; `most` words are shown of each wildcard.

    Terms are tried one by one and without their rule: whether a term ever hits does not depend on its neighbours.
    """
    written = list(_written(book))
    vocabulary: Counter[bytes] = Counter()
    spread: Counter[bytes] = Counter()
    unheard = dict(enumerate(written))
    read = 0
    for batch in _batches(articles):
        for article in batch:
            said = Counter(fold(" ".join((article.title, article.lead, article.body))).replace(b"-", b" ").split())
            vocabulary.update(said)
            spread.update(said.keys())
        read += len(batch)
        for number in _heard(unheard, batch):
            del unheard[number]
    wildcards = sorted(_wildcards(written, vocabulary, spread, most), key=lambda hits: -hits.times)
    silent = [_doubt(one, "hits nothing") for one in unheard.values()] if read else []
    doubts = [*_foreign(written), *_everywhere(wildcards, read)]
    return Lint(read, len(written), tuple(wildcards), tuple(silent), tuple(doubts))


def _batches(articles: Iterable[Article]) -> Iterator[list[Article]]:
    """Yield the articles in batches that grow: what is common is heard in the first and not looked for again."""
    waiting, size = iter(articles), 8
    while batch := list(itertools.islice(waiting, size)):
        yield batch
        size = min(2 * size, 1024)


def _heard(unheard: Mapping[int, _Written], articles: Iterable[Article]) -> set[int]:
    """Return the numbers of the terms that stand in one of these articles."""
    ruleset = compile_rules(RuleBook(tuple(_alone(number, one) for number, one in unheard.items())))
    return {int(match.rule) for found in ruleset.match_many(articles) for match in found}


def _written(book: RuleBook) -> Iterator[_Written]:
    for rule in book.rules:
        terms = [term for line in rule.lines for part in line.parts for term in part.terms]
        terms += [*rule.ignore, *rule.unless_near, *rule.never, *(term for _label, tag in rule.tags for term in tag)]
        for term in terms:
            if term.phrase:
                yield _Written(term.source, term.phrase, f"rule {rule.id}", term.place, rule.languages)
    for known in book.lists:
        for entry in known.entries:
            yield _Written(
                entry.source, entry.phrase, f"list ${known.name}{_group(entry)}", entry.place, entry.languages
            )


def _group(entry: ListEntry) -> str:
    return f".{entry.group}" if entry.group else ""


def _alone(number: int, one: _Written) -> Rule:
    """Return a rule that finds this phrase and nothing else."""
    line = Line((Part((Term(one.source, one.phrase),)),), ())
    return Rule(id=str(number), name="", lines=(line,), languages=one.languages)


def _wildcards(
    written: Sequence[_Written], vocabulary: Counter[bytes], spread: Counter[bytes], most: int
) -> Iterator[Hits]:
    using: dict[str, list[_Written]] = {}
    for one in written:
        for word in words(one.phrase):
            if "*" in word.pattern:
                using.setdefault(word.pattern, []).append(one)
    known = b"\n" + b"\n".join(vocabulary) + b"\n"
    for pattern, users in using.items():
        pieces = folded_words(pattern)[0].split(b"*")
        hit = Counter({word: vocabulary[word] for word in _matching(pieces, known)})
        common = tuple((word.decode("utf-8", "replace"), times) for word, times in hit.most_common(most))
        articles = max((spread[word] for word in hit), default=0)
        sources = tuple(dict.fromkeys(one.source for one in users))
        yield Hits(pattern, sources, users[0].where, users[0].place, hit.total(), articles, common)


def _matching(pieces: list[bytes], known: bytes) -> Iterator[bytes]:
    """Yield the words, each on a line of its own, that consist of these pieces with any letters between them.

    The search is for one piece: nearly all of a hundred thousand words are passed over without a look.
    """
    first, *_middle, last = pieces
    sought = b"\n" + first if first else last + b"\n" if last else max(pieces, key=len)
    at = known.find(sought)
    while at >= 0:
        begin = known.rfind(b"\n", 0, at + 1) + 1
        end = known.find(b"\n", begin)
        word = known[begin:end]
        if glob(pieces, word):
            yield word
        at = known.find(sought, end)


def _foreign(written: Sequence[_Written]) -> Iterator[Doubt]:
    """Yield terms that are small words of a language for which they are not meant."""
    small = {code: set(said.split()) for code, said in _SMALL_WORDS.items()}
    for one in written:
        said = [word.decode() for part in _plain(one.phrase) for word in folded_words(part.pattern)]
        elsewhere = [
            code for code, known in small.items() if code not in one.languages and said and known.issuperset(said)
        ]
        if elsewhere and len(said) == len(list(words(one.phrase))):
            yield _doubt(one, _why_foreign(one, elsewhere))


def _plain(phrase: Phrase) -> list[Word]:
    """Return the words of a phrase that has nothing but plain words in it."""
    plain = [element for element in phrase.elements if isinstance(element, Word)]
    return plain if len(plain) == len(phrase.elements) and not any(word.exact for word in plain) else []


def _why_foreign(one: _Written, languages: Sequence[str]) -> str:
    many = "small words" if " " in one.source else "a small word"
    if one.languages:
        return f"{many} of {', '.join(languages)}: counts there when an article's language is unsure"
    return f"{many} of {', '.join(languages)}: put it in a language block, or add a neighbour"


def _everywhere(wildcards: Sequence[Hits], articles: int) -> Iterator[Doubt]:
    for hits in wildcards:
        if articles >= 20 and hits.articles > EVERYWHERE * articles:
            share = round(100 * hits.articles / articles)
            which = "" if hits.sources[0] == hits.pattern else f"{hits.pattern} is "
            why = f"{which}in {share} % of the articles at least: {', '.join(word for word, _ in hits.words[:3])}"
            yield Doubt(hits.sources[0], hits.where, hits.place, why)


def _doubt(one: _Written, why: str) -> Doubt:
    return Doubt(one.source, one.where, one.place, why)
