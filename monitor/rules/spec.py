"""What a user wrote under `rules:` and `lists:`, as values. Pure; `rules.find` makes them out of text.

A rule's `find` is lines; a line is parts that must stand close together (`+`, `>`); a part is terms of which one is
enough (`,`); a term is a phrase or a reference to a list; a phrase is words, gaps and choices.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

from monitor.model import FIELDS, FieldName

Unit = Literal["sentence", "word", "paragraph", "article"]


@dataclass(frozen=True, slots=True)
class Window:
    """How close the parts of a line must stand: `3 sentences` is Window("sentence", 3). `article` takes no count."""

    unit: Unit = "sentence"
    count: int = 3


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a phrase. `pattern` may hold `*`; `exact` demands this very case (`=FSB`)."""

    pattern: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Up to `most` words between two elements of a phrase, inside one sentence: `...` is 6, `..` is 2."""

    most: int


@dataclass(frozen=True, slots=True)
class Choice:
    """`(a|b c)`: either, inside a phrase. One element, however many words its alternatives have."""

    phrases: tuple[Phrase, ...]


Element = Word | Gap | Choice


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in this order. A hyphenated term is one element: `back-channel` is a Choice of `back channel` and
    `backchannel`; a hyphen in an article parts words, so the first of them covers that spelling too."""

    elements: tuple[Element, ...]


class Place(NamedTuple):
    """Where in the user's file: lines and columns count from 1; 0 is not known."""

    file: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Term:
    """One alternative of a part.

    `source` is the term as written and is what evidence shows. Exactly one of `phrase` and `ref` is set; `ref` is
    (list, group), group "" for the whole list. `field` restricts it to one field (`title: x`).
    """

    source: str
    phrase: Phrase | None = None
    ref: tuple[str, str] | None = None
    field: FieldName | None = None
    place: Place = dataclasses.field(default_factory=Place, compare=False)


@dataclass(frozen=True, slots=True)
class Part:
    """Terms of which one is enough."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One way to match: all parts within the window, in this order where `ordered[i]` joins part i and i+1 by `>`."""

    parts: tuple[Part, ...]
    ordered: tuple[bool, ...]  # one shorter than parts
    window: Window | None = None  # None: the rule's own
    number: int = 1  # 1-based, among the lines of `find` that are no comments
    source: str = ""


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One entry of a list: a phrase that counts in `languages` (empty: in every language)."""

    source: str  # as written
    phrase: Phrase
    languages: frozenset[str] = frozenset()
    group: str = ""
    actor: str = ""  # the person or body that this is a spelling of: what `count:` counts
    guard: Guard | None = None
    place: Place = dataclasses.field(default_factory=Place, compare=False)


@dataclass(frozen=True, slots=True)
class Guard:
    """An ambiguous surname counts only where the article also has one of `needs` (given names are among them), or
    another actor of the same list that is certain; never where it has one of `never_with`."""

    needs: tuple[Phrase, ...] = ()
    never_with: tuple[Phrase, ...] = ()


@dataclass(frozen=True, slots=True)
class TermList:
    """A named list (`$name`), its references to other lists already resolved."""

    name: str
    entries: tuple[ListEntry, ...]
    shipped: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A rule's own test."""

    text: str
    match: bool
    place: Place = dataclasses.field(default_factory=Place, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, its defaults filled in. Exclusions are terms, so they may name lists.

    Of a *shut* rule only what `AT_HAND` names is there; the rest is read when somebody first asks for it. It is equal
    to the same rule open.
    """

    id: str
    name: str
    lines: tuple[Line, ...]
    within: Window = Window()
    fields: tuple[FieldName, ...] = FIELDS
    ignore: tuple[Term, ...] = ()
    unless_near: tuple[Term, ...] = ()
    never: tuple[Term, ...] = ()
    languages: frozenset[str] = frozenset()  # articles in these; empty: all
    feeds: frozenset[str] = frozenset()  # names, groups, countries, outlets, lower case; empty: all
    count: tuple[int, tuple[str, str]] | None = None  # 2 of $kremlin → (2, ("kremlin", ""))
    tags: tuple[tuple[str, tuple[Term, ...]], ...] = ()
    send: tuple[str, ...] = ()  # channels
    every: timedelta | None = None  # at most one message per story per …
    urgent: bool = False  # breaks through quiet hours and digests
    examples: tuple[Example, ...] = ()
    place: Place = dataclasses.field(default_factory=Place, compare=False)
    _whole: Callable[[], Rule] | None = dataclasses.field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def shut(cls, whole: Callable[[], Rule], at_hand: Iterable[object]) -> Self:
        """Return a rule of which there is what `AT_HAND` names, in that order; `whole` is asked for the rest, once."""
        made = object.__new__(cls)
        for put, value in zip(_PUT, (*at_hand, whole), strict=True):
            put(made, value)
        return made

    def at_hand(self) -> tuple[object, ...]:
        """Return what `AT_HAND` names."""
        return (self.id, self.name, self.languages, self.feeds, self.send, self.every, self.urgent, self.place)

    @property
    def is_shut(self) -> bool:
        """Say whether the rest of it is still to be read."""
        return self._whole is not None

    if not TYPE_CHECKING:  # to the type checker every rule is open

        def __getattr__(self, name: str) -> object:
            whole = self._whole
            if whole is not None:  # else another thread was faster
                rest = whole()
                for one in _REST:
                    object.__setattr__(self, one, getattr(rest, one))
                object.__setattr__(self, "_whole", None)
            return object.__getattribute__(self, name)


AT_HAND = ("id", "name", "languages", "feeds", "send", "every", "urgent", "place")
_PUT = tuple(getattr(Rule, name).__set__ for name in (*AT_HAND, "_whole"))
_REST = tuple(one.name for one in dataclasses.fields(Rule) if one.name not in {*AT_HAND, "_whole"})


@dataclass(frozen=True)
class RuleBook:
    """All rules that are enabled, and all lists that they name."""

    rules: tuple[Rule, ...]
    lists: tuple[TermList, ...] = ()

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        """The rules by their ids."""
        return {rule.id: rule for rule in self.rules}

    def list(self, name: str) -> TermList:
        """Return the list of this name; KeyError when there is none (config has seen to it that there is)."""
        for termlist in self.lists:
            if termlist.name == name:
                return termlist
        raise KeyError(name)
