"""Lists of terms: what a file or a shipped pack says → `TermList`s with their references resolved. Pure.

A list is made of blocks: a text of terms, and in which languages, group and for which actor it counts. An actor is a
person or body with many spellings; an ambiguous surname carries a guard. `$name` inside a list stands for that list's
entries, as far as the block's languages allow.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from monitor.errors import Fault
from monitor.rules.find import Locate, nearest, parse_terms, phrases
from monitor.rules.spec import Guard, ListEntry, Phrase, Place, TermList

PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class Block:
    """A text of terms, and where they count."""

    text: str
    locate: Locate | None = None
    languages: frozenset[str] = frozenset()  # empty: in every language
    group: str = ""
    actor: str = ""
    guard: Guard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person or a body. Every spelling matches in every language: Dutch papers print Poetin, Putin and Poutine."""

    id: str
    spellings: tuple[str, ...]  # each a term
    role: str = ""
    cyrillic: str = ""
    given: tuple[str, ...] = ()  # given names
    ambiguous: bool = False
    needs: tuple[str, ...] = ()  # terms; one of them, or a given name, makes an ambiguous spelling certain
    never_with: tuple[str, ...] = ()  # terms
    group: str = PEOPLE
    locate: Locate | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """`$name` or `$name.group` inside a list."""

    source: str
    name: str
    group: str  # of the list that is named
    languages: frozenset[str]
    into: str  # the group that its entries join; "" keeps their own
    place: Place


@dataclass(frozen=True, slots=True)
class Draft:
    """A list whose references are not resolved yet."""

    name: str
    items: tuple[ListEntry | Reference, ...]
    shipped: bool = False
    place: Place = dataclasses.field(default_factory=Place, compare=False)


def draft(
    name: str, blocks: Iterable[Block | Actor], *, shipped: bool = False, place: Place | None = None
) -> tuple[Draft, tuple[Fault, ...]]:
    """Return a list as its blocks and actors say it, and what is wrong with them."""
    items: list[ListEntry | Reference] = []
    faults: list[Fault] = []
    for said in blocks:
        for block in _blocks(said, faults) if isinstance(said, Actor) else (said,):
            items += _items(block, faults)
    return Draft(name, tuple(dict.fromkeys(items)), shipped, place or Place()), tuple(faults)


def joined(drafts: Iterable[Draft]) -> dict[str, Draft]:
    """Return the drafts by name; those that share a name (`mask` of two packs) are one list."""
    found: dict[str, Draft] = {}
    for one in drafts:
        before = found.get(one.name)
        found[one.name] = dataclasses.replace(before, items=before.items + one.items) if before else one
    return found


def resolve(own: Mapping[str, Draft], shipped: Mapping[str, Draft]) -> tuple[dict[str, TermList], tuple[Fault, ...]]:
    """Return all lists by name, references resolved, and what is wrong with the references.

    A list of the user's own takes the place of a shipped one; inside it `$name` means the shipped one.
    """
    faults: list[Fault] = []
    known = {**shipped, **own}
    graph = {name: {item.name for item in _references(one) if item.name != name} for name, one in known.items()}
    try:
        order = [name for name in TopologicalSorter(graph).static_order() if name in known]
    except CycleError as error:
        cycle: Sequence[str] = error.args[1]
        ref = next(item for item in _references(known[cycle[1]]) if item.name == cycle[0])
        text = "lists that need each other: " + " → ".join(f"${name}" for name in reversed(cycle))
        return {}, (_fault(ref.place, text),)
    lists: dict[str, TermList] = {}
    for name, one in shipped.items():
        if name in own:
            lists[name] = _resolved(one, lists, faults)
    for name in order:
        lists[name] = _resolved(known[name], lists, faults)
    return lists, tuple(faults)


def guard(
    needs: Iterable[str], never_with: Iterable[str] = (), locate: Locate | None = None
) -> tuple[Guard, list[Fault]]:
    """Return a guard from terms as written, and what is wrong with them."""
    faults: list[Fault] = []

    def read(terms: Iterable[str]) -> tuple[Phrase, ...]:
        found, wrong = parse_terms("\n".join(terms), locate=_at_begin(locate))
        faults.extend(wrong)
        return tuple(dict.fromkeys(phrases(found)))

    return Guard(read(needs), read(never_with)), faults


def _at_begin(locate: Locate | None) -> Locate | None:
    """Terms that were put together from many places are all said to stand where the first one does."""
    return (lambda _offset: locate(0)) if locate else None


def _blocks(actor: Actor, faults: list[Fault]) -> Iterator[Block]:
    """Yield an actor's spellings; a full name is certain, whatever its surname."""
    guarded: Guard | None = None
    if actor.ambiguous:
        guarded, wrong = guard([*actor.given, *actor.needs], actor.never_with, actor.locate)
        faults += wrong
    for spelling in dict.fromkeys(actor.spellings):
        certain = any(spelling.startswith(f"{name} ") for name in actor.given)
        own = None if certain else guarded
        yield Block(spelling, _at_begin(actor.locate), group=actor.group, actor=actor.id, guard=own)


def _items(block: Block, faults: list[Fault]) -> Iterator[ListEntry | Reference]:
    terms, wrong = parse_terms(block.text, locate=block.locate)
    faults += wrong
    for term in terms:
        if term.field:
            faults.append(_fault(term.place, f"a list does not say where: write '{term.field}:' in the rule"))
        elif term.ref:
            yield Reference(term.source, *term.ref, block.languages, block.group, term.place)
        elif term.phrase:
            yield ListEntry(
                term.source, term.phrase, block.languages, block.group, block.actor, block.guard, term.place
            )


def _references(one: Draft) -> Iterator[Reference]:
    return (item for item in one.items if isinstance(item, Reference))


def _resolved(one: Draft, lists: Mapping[str, TermList], faults: list[Fault]) -> TermList:
    entries: list[ListEntry] = []
    for item in one.items:
        if isinstance(item, ListEntry):
            entries.append(item)
        elif item.name == one.name and item.name not in lists:
            faults.append(_fault(item.place, f"the list '{one.name}' names itself"))
        else:
            entries += _named(item, lists, faults)
    return TermList(one.name, tuple(dict.fromkeys(entries)), one.shipped)


def _named(ref: Reference, lists: Mapping[str, TermList], faults: list[Fault]) -> Iterator[ListEntry]:
    """Yield the entries that a reference stands for."""
    known = lists.get(ref.name)
    if known is None:
        faults.append(_fault(ref.place, f"unknown list '${ref.name}'{nearest(ref.name, lists)}"))
        return
    groups = {entry.group for entry in known.entries if entry.group}
    if ref.group and ref.group not in groups:
        faults.append(_fault(ref.place, unknown_group(known, ref.group)))
    for entry in known.entries:
        languages = _both(entry.languages, ref.languages)
        if languages is not None and ref.group in ("", entry.group):
            yield dataclasses.replace(entry, languages=languages, group=ref.into or entry.group)


def unknown_group(known: TermList, group: str) -> str:
    """Say that a list has no such group."""
    groups = sorted({entry.group for entry in known.entries if entry.group})
    return f"${known.name} has no group '{group}'{nearest(group, groups)}"


def _both(one: frozenset[str], other: frozenset[str]) -> frozenset[str] | None:
    """Return the languages in which both count; None when there is none. Empty means: all."""
    if not one or not other:
        return one or other
    return one & other or None


def _fault(place: Place, text: str) -> Fault:
    return Fault(text, place.file, place.line, place.column)
