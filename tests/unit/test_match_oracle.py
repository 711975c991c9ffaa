"""The engine says what the oracle says, on every rule and article that hypothesis can think of."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import monitor.rules.fits as fits_room
import monitor.rules.windows as windows_room
from monitor.model import FIELDS, Article, Match
from monitor.rules.compile import compile_rules
from monitor.rules.spec import (
    Choice,
    Gap,
    Guard,
    Line,
    ListEntry,
    Part,
    Phrase,
    Rule,
    RuleBook,
    Term,
    TermList,
    Window,
    Word,
)
from tests.oracle import Said, ask

# A small world, so that words meet: plain, accented, hyphenated, ligatures, other scripts, signs that vanish.
WORDS = ["geheim", "geheime", "overleg", "Poetin", "POETIN", "poetin", "café", "cafe\u0301", "CAFÉ", "straße", "œuvre", "VS", "vs", "Путин",
         "ПУТИН", "vrede", "vredesgesprek", "gesprek", "met", "af", "Poe\u00adtin", "Poe\u200btin", "ĳs", "①", "½", "5", "ﬁn", "İn", "ŉa",
         "й", "\u0301", "ǅ", "한국", "ك", "𝐕𝐒", "\ufeff", "😀", "™"]  # fmt: skip
GLUE = [
    " ",
    " ",
    " ",
    " ",
    "-",
    "–",
    "’",
    "'",
    ". ",
    ".\n\n",
    "! ",
    "\u00a0",
    "\n\n14:20 ",
    "\n\n14:30 uur - ",
    ", ",
    "--",
    "... ",
    "\n",
    "«",
    "” ",
]
PATTERNS = ["geheim", "geheim*", "*gesprek*", "vrede*gesprek", "*", "poetin", "cafe", "Café", "strasse", "oeuvre", "vs", "путин", "*tin",
            "g*m", "*e*e*", "met", "af", "ijs", "fin", "in", "a", "poetin-geheim", "l'af", "и", "dz", "5", "poetingeheim", "geheim*poetin", "*한*",
            "한국"]  # fmt: skip
CASED = ["VS", "Poetin", "POETIN", "P*", "Путин", "Café", "CAF*", "vs", "V*"]

words = st.one_of(
    st.sampled_from(PATTERNS[:8]).map(Word),
    st.sampled_from(PATTERNS).map(Word),
    st.sampled_from(CASED).map(lambda pattern: Word(pattern, exact=True)),
)
simple = st.lists(words, min_size=1, max_size=2).map(lambda some: Phrase(tuple(some)))
choices = st.lists(simple, min_size=1, max_size=3).map(lambda some: Choice(tuple(some)))
gaps = st.sampled_from([Gap(0), Gap(1), Gap(2), Gap(6)])


@st.composite
def phrases(draw: st.DrawFn) -> Phrase:
    elements = [draw(st.one_of(words, words, choices))]
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        if draw(st.booleans()):
            elements.append(draw(gaps))
        elements.append(draw(st.one_of(words, words, choices)))
    return Phrase(tuple(elements))


languages = st.sampled_from([frozenset(), frozenset({"nl"}), frozenset({"en", "fr"})])
guards = st.one_of(
    st.none(),
    st.none(),
    st.builds(Guard, st.lists(simple, max_size=2).map(tuple), st.lists(simple, max_size=1).map(tuple)),
)
entries = st.builds(
    ListEntry,
    source=st.sampled_from(["één", "twee", "drie"]),
    phrase=phrases(),
    languages=languages,
    group=st.sampled_from(["", "people"]),
    actor=st.sampled_from(["", "a", "b"]),
    guard=guards,
)
termlists = st.lists(entries, min_size=1, max_size=4).map(lambda some: TermList("names", tuple(some)))
fields = st.sampled_from([None, None, None, *FIELDS])
terms = st.one_of(
    st.builds(Term, source=st.just("t"), phrase=phrases(), field=fields),
    st.builds(Term, source=st.just("t"), phrase=phrases(), field=fields),
    st.builds(Term, source=st.just("$names"), ref=st.sampled_from([("names", ""), ("names", "people")]), field=fields),
)
some_terms = st.lists(terms, min_size=1, max_size=2).map(tuple)
few_terms = st.one_of(st.just(()), st.just(()), some_terms)
windows = st.one_of(
    st.builds(Window, st.sampled_from(["sentence", "word", "paragraph"]), st.integers(1, 5)),
    st.just(Window("article", 1)),
)


@st.composite
def lines(draw: st.DrawFn, number: int) -> Line:
    parts = draw(st.lists(some_terms.map(Part), min_size=1, max_size=3))
    ordered = tuple(draw(st.booleans()) for _ in parts[1:])
    return Line(tuple(parts), ordered, draw(st.one_of(st.none(), windows)), number)


@st.composite
def rules(draw: st.DrawFn, name: str = "r") -> Rule:
    return Rule(
        id=name,
        name=name,
        lines=tuple(draw(lines(number)) for number in range(1, draw(st.integers(1, 2)) + 1)),
        within=draw(windows),
        fields=draw(st.sampled_from([FIELDS, FIELDS, ("title", "body"), ("lead",), ("body",)])),
        ignore=draw(few_terms),
        unless_near=draw(few_terms),
        never=draw(few_terms) if draw(st.booleans()) else (),
        languages=draw(st.sampled_from([frozenset(), frozenset(), frozenset({"nl"})])),
        feeds=draw(st.sampled_from([frozenset(), frozenset(), frozenset({"be"})])),
        count=draw(st.sampled_from([None, None, (2, ("names", "")), (1, ("names", "people"))])),
        tags=draw(st.one_of(st.just(()), some_terms.map(lambda some: (("label", some),)))),
    )


@st.composite
def texts(draw: st.DrawFn, most: int) -> str:
    pieces = draw(
        st.lists(
            st.tuples(st.one_of(st.sampled_from(WORDS[:8]), st.sampled_from(WORDS)), st.sampled_from(GLUE)),
            max_size=most,
        )
    )
    return "".join(word + glue for word, glue in pieces)


articles = st.builds(
    Article,
    key=st.just("a"),
    url=st.just(""),
    title=texts(4),
    lead=st.one_of(st.just(""), texts(5)),
    body=texts(14),
    language=st.sampled_from(["", "nl", "fr"]),
    country=st.sampled_from(["BE", "NL"]),
)


def agree(said: Said | None, match: Match | None, article: Article) -> None:
    """Fail when a match is not exactly what the oracle says, or its evidence not where it says."""
    assert (said is None) == (match is None)
    if said is None or match is None:
        return
    assert match.lines == tuple(sorted(said.lines))
    assert match.tags == said.tags
    for evidence in match.evidence:
        assert getattr(article, evidence.field)[evidence.start : evidence.end] == evidence.text
        assert evidence.text in evidence.sentence
    places = frozenset((evidence.field, evidence.start, evidence.end) for evidence in match.evidence)
    assert any(places in fits for fits in said.lines.values())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(termlists, st.lists(rules(), min_size=1, max_size=3), st.lists(articles, min_size=1, max_size=3))
def test_the_engine_agrees_with_the_oracle(names: TermList, some: list[Rule], read: list[Article]) -> None:
    """Speed is worth nothing when a story is missed."""
    named = tuple(replace(rule, id=f"r{at}") for at, rule in enumerate(some))
    book = RuleBook(named, (names,))
    for article, found in zip(read, compile_rules(book).match_many(read), strict=True):
        matches = {match.rule: match for match in found}
        for rule in named:
            agree(ask(book, rule, article), matches.get(rule.id), article)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(termlists, rules(), articles)
def test_many_finds_are_judged_as_the_oracle_does(names: TermList, one: Rule, article: Article) -> None:
    """The way that is taken where a word stands a thousand times, on articles that the oracle can read."""
    book = RuleBook((one,), (names,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows_room, "FEW", 0)
        matches = compile_rules(book).match(article)
    agree(ask(book, one, article), matches[0] if matches else None, article)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=60), st.text(max_size=200))
def test_evidence_is_exact_on_any_text(title: str, body: str) -> None:
    """A highlight that is one letter off shows that nobody looked."""
    anything = Rule(id="r", name="r", lines=(Line((Part((Term("*", Phrase((Word("*"),))),)),), ()),))
    article = Article(key="a", url="", title=title, body=body)
    book = RuleBook((anything,))
    (match,) = compile_rules(book).match(article) or (None,)
    agree(ask(book, anything, article), match, article)


plain_lists = st.lists(
    st.builds(
        ListEntry,
        source=st.sampled_from(["één", "twee"]),
        phrase=simple,
        languages=languages,
        group=st.sampled_from(["", "people"]),
    ),
    min_size=1,
    max_size=4,
).map(lambda some: TermList("names", tuple(some)))


@st.composite
def plain_rules(draw: st.DrawFn, name: str) -> Rule:
    """Rules of words, phrases and lists in one to three parts, most of which are decided without a judge."""
    said = st.sampled_from(["s", "t"])
    plain = st.one_of(
        st.builds(Term, source=said, phrase=words.map(lambda word: Phrase((word,)))),
        st.builds(Term, source=said, phrase=simple),
        st.builds(Term, source=said, ref=st.sampled_from([("names", ""), ("names", "people")])),
    )
    part = st.lists(plain, min_size=1, max_size=3).map(lambda some: Part(tuple(some)))
    parts = [tuple(draw(st.lists(part, min_size=1, max_size=3))) for _ in range(draw(st.integers(1, 2)))]
    made = tuple(
        Line(one, (draw(st.booleans()),) * (len(one) - 1), draw(st.one_of(st.none(), windows)), number)
        for number, one in enumerate(parts, 1)
    )
    never = draw(st.one_of(st.just(()), plain.map(lambda term: (term,))))
    return Rule(id=name, name=name, lines=made, within=draw(windows), never=never)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data(), plain_lists, st.lists(articles, min_size=1, max_size=3))
def test_plain_rules_are_decided_as_the_oracle_and_the_judge_do(
    data: st.DataObject, names: TermList, read: list[Article]
) -> None:
    """What arrays find in a hundred thousand rules at once is what is found by looking; also without the evidence."""
    some = tuple(data.draw(plain_rules(f"r{at}")) for at in range(3))
    book = RuleBook(some, (names,))
    ruleset = compile_rules(book)
    found = list(ruleset.match_many(read))
    assert list(ruleset.ids(read)) == [tuple(match.rule for match in matches) for matches in found]
    for article, matches in zip(read, found, strict=True):
        by_rule = {match.rule: match for match in matches}
        for rule in some:
            agree(ask(book, rule, article), by_rule.get(rule.id), article)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fits_room, "MOST_CHOICES", 0)
        assert list(compile_rules(book).match_many(read)) == found
