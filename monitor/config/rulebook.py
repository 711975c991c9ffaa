"""Rules as written → rules as meant: defaults filled in, texts parsed, and every name in them looked up."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar

from monitor.config import packaged
from monitor.config.faults import fault_at, shaped, text_like
from monitor.config.nodes import Node, trapped
from monitor.config.pieces import moved, opened
from monitor.config.shape import DefaultsShape, RuleShape
from monitor.errors import Fault
from monitor.model import FIELDS, Channel, Feed, FieldName
from monitor.rules.find import nearest, parse_find, parse_terms
from monitor.rules.lexicon import Draft, unknown_group
from monitor.rules.spec import Example, Line, Phrase, Rule, RuleBook, Term, TermList, Window

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lists:
    """All lists there are by name, and which of them the user wrote."""

    all: Mapping[str, TermList]
    own: Mapping[str, Draft]
    broken: bool = False  # a circle of references: what is in them is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    """What defaults and rules both may say; None is unsaid."""

    within: Window | None = None
    fields: tuple[FieldName, ...] | None = None
    ignore: tuple[Term, ...] | None = None
    unless_near: tuple[Term, ...] | None = None
    never: tuple[Term, ...] | None = None
    languages: frozenset[str] | None = None
    feeds: frozenset[str] | None = None
    send: tuple[str, ...] | None = None
    every: timedelta | None = None


class Known(NamedTuple):
    """A rule as it was read, and the lists that it names."""

    rule: Rule
    enabled: bool
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """Rules by file and text, as they were read in some context: what a next reading need not read again."""

    context: tuple[object, ...] = ()
    rules: Mapping[tuple[str, str], Known | Row] = dataclasses.field(default_factory=dict)
    digest: str = ""  # of all that the rules depend on besides what they say themselves; "" when it is not for the disk
    learnt: int = 0  # how many of them no earlier memory had


NOTHING = Memory()

# What is at hand of a rule, in plain values: the digest of its text; enabled, the lists that it names; id, name,
# languages, feeds, channels, seconds between messages (None: unsaid), urgent.
Row = tuple[bytes, bool, tuple[str, ...], str, str, frozenset[str], frozenset[str], tuple[str, ...], float | None, bool]


def rows_of(memory: Memory) -> dict[str, list[Row]]:
    """Return a memory for the disk: by file, what is at hand of each rule. The rest is read again when it is asked for."""
    found: dict[str, list[Row]] = {}
    for (file, text), known in memory.rules.items():
        if isinstance(known, Known):
            found.setdefault(file, []).append(_row(text, known))
    return found


def memory_of(digest: str, rows: Mapping[str, Sequence[Row]]) -> Memory:
    """Return the memory that was on the disk."""
    return Memory(rules=_Kept({(file, row[0]): row for file, some in rows.items() for row in some}), digest=digest)


def _row(text: str, known: Known) -> Row:
    rule = known.rule
    every = rule.every.total_seconds() if rule.every else None
    said = (rule.id, rule.name, rule.languages, rule.feeds, rule.send, every, rule.urgent)
    return _digest(text), known.enabled, known.named, *said


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


class _Kept(Mapping[tuple[str, str], "Known | Row"]):
    """Rows by the file and the text of their rules."""

    def __init__(self, rows: dict[tuple[str, bytes], Row]) -> None:
        self._rows = rows

    def __getitem__(self, key: tuple[str, str]) -> Row:
        return self._rows[key[0], _digest(key[1])]

    def get(self, key: tuple[str, str], default: Any = None) -> Any:
        return self._rows.get((key[0], _digest(key[1])), default)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        raise TypeError("texts are not kept, only what they were digested to")

    def __len__(self) -> int:
        return len(self._rows)


class RuleReader:
    """Reads rules one by one; `faults` grows as it goes."""

    def __init__(
        self, channels: Mapping[str, Channel], feeds: Sequence[Feed], lists: Lists, faults: list[Fault]
    ) -> None:
        self.channels = channels
        self.lists = lists
        self.faults = faults
        self.defaults = _Common()
        self.rules: dict[str, Known] = {}
        self.named: dict[str, None] = {}  # lists that rules name, in order
        self.feed_names = _feed_names(feeds)
        self.last = NOTHING
        self.digest = ""
        self.same = False  # whether all that a rule depends on is as it was the last time
        self.known: dict[tuple[str, str], Known] = {}
        self.learnt = 0

    def recall(self, last: Memory, digest: str) -> None:
        """Use what was read before; `digest` is of all that rules depend on. Call it before `read_defaults`."""
        self.last, self.digest = last, digest

    def read_defaults(self, node: Node | None) -> None:
        """Read `defaults:`; call it before the first rule."""
        shape = shaped(DefaultsShape, node, "defaults", self.faults) if node and node.kind == "pairs" else None
        if shape and node:
            self.defaults = self.common(shape, node, "defaults", "")
        told = bool(self.digest) and self.digest == self.last.digest
        self.same = told or self.last.context == self.context()

    def context(self) -> tuple[object, ...]:
        """Return all that a rule means besides what it says itself."""
        return (dict(self.lists.all), tuple(self.channels), self.defaults, self.feed_names)

    def memory(self) -> Memory:
        """Return what the next reading may use."""
        return Memory(self.context(), self.known, self.digest, self.learnt)

    def read(self, node: Node, where: str) -> None:
        """Read one rule, or take it as it was read the last time."""
        if node.closed and self.same:
            known = self.known_before(node.closed, node)
            self.named |= dict.fromkeys(known.named)
            self.add(known, node, where)
            return
        told, named = len(self.faults), self.named
        self.named = {}
        found = self.read_anew(opened(node), where)
        if found:
            self.add(found._replace(named=tuple(self.named)), node, where, keep=told == len(self.faults))
        self.named = {**named, **self.named}

    def known_before(self, before: Known | Row, node: Node) -> Known:
        """Return a rule that was read before where it stands now."""
        if isinstance(before, Known):
            by = node.line - before.rule.place.line
            return before._replace(rule=self.moved(before.rule, node, by)) if by else before
        _, enabled, named, *_, seconds, urgent = before
        every = None if seconds is None else timedelta(seconds=seconds)
        return Known(self.shut(node, (*before[3:8], every, urgent)), enabled, named)

    def shut(self, node: Node, at_hand: tuple[object, ...]) -> Rule:
        """Return the rule at this node, shut; all but its place is at hand."""
        return Rule.shut(partial(self.bare.whole, node), (*at_hand, node.place))

    def moved(self, rule: Rule, node: Node, by: int) -> Rule:
        """Return a rule that stands so many lines further down, at this node."""
        if rule.is_shut:
            return self.shut(node, rule.at_hand()[:-1])
        return moved(rule, by)

    @cached_property
    def bare(self) -> RuleReader:
        """A reader of the same context, for what is read later. It remembers nothing: who it serves lives long."""
        made = RuleReader(self.channels, (), self.lists, [])
        made.defaults, made.feed_names = self.defaults, self.feed_names
        return made

    def whole(self, node: Node) -> Rule:
        """Return a rule that was shut. It was read before without a fault."""
        found = self.read_anew(opened(node), "")
        assert found
        return found.rule

    def read_anew(self, node: Node, where: str) -> Known | None:
        found: list[Fault] = []
        shape = shaped(RuleShape, node, where, found)
        rule_id = shape.id if shape else _id_of(node)
        self.faults += [dataclasses.replace(fault, rule=rule_id) for fault in found]
        find = node.child("find")
        lines = self.lines(find, f"{where}.find", rule_id) if find else ()
        return Known(self.rule(shape, node, where, lines), shape.enabled) if shape else None

    def add(self, found: Known, node: Node, where: str, *, keep: bool = True) -> None:
        """Put a rule into the book; `keep` it for the next time unless something was said of it."""
        rule = found.rule
        if other := self.rules.get(rule.id):
            place = other.rule.place
            at = f"{place.file}:{place.line}" if place.file != node.file else f"line {place.line}"
            text = f"two rules are called '{rule.id}'; the other stands on {at}"
            self.faults.append(fault_at(opened(node).at("id"), text, f"{where}.id", rule=rule.id))
            return
        self.rules[rule.id] = found
        if keep and node.base and "${" not in node.source:
            self.known[node.file, node.source] = found
            self.learnt += node.closed is None or not self.same

    def book(self) -> RuleBook:
        """Return the rules that are enabled and the lists that they name."""
        for name, own in self.lists.own.items():
            if name not in self.named and not self.lists.broken and not self._in_another_list(name):
                text = f"no rule uses the list '{name}'"
                place = own.place
                self.faults.append(Fault(text, place.file, place.line, place.column, f"lists.{name}", warning=True))
        rules = tuple(known.rule for known in self.rules.values() if known.enabled)
        return RuleBook(rules, tuple(self.lists.all[name] for name in self.named if name in self.lists.all))

    def _in_another_list(self, name: str) -> bool:
        """Whether a list that rules name holds this one."""
        waiting, seen = [one for one in self.named if one in self.lists.own], set[str]()
        while waiting:
            one = waiting.pop()
            inner = {getattr(item, "name", "") for item in self.lists.own[one].items}
            if name in inner:
                return True
            waiting += [other for other in inner & self.lists.own.keys() if other not in seen]
            seen |= inner
        return False

    # --- the keys

    def rule(self, shape: RuleShape, node: Node, where: str, lines: tuple[Line, ...]) -> Rule:
        said, default = self.common(shape, node, where, shape.id), self.defaults
        rule = Rule(
            id=shape.id,
            name=shape.name or shape.id,
            lines=lines,
            within=_first(said.within, default.within, Window()),
            fields=_first(said.fields, default.fields, FIELDS),
            ignore=_first(said.ignore, default.ignore, ()),
            unless_near=_first(said.unless_near, default.unless_near, ()),
            never=_first(said.never, default.never, ()),
            languages=_first(said.languages, default.languages, frozenset()),
            feeds=_first(said.feeds, default.feeds, frozenset()),
            count=shape.count,
            tags=self.tags(shape, node, where),
            send=_first(said.send, default.send, self.only_console()),
            every=said.every or default.every,
            urgent=shape.urgent,
            examples=tuple(_examples(shape, node)),
            place=node.place,
        )
        self.check(rule, node, where)
        return rule

    def common(self, shape: DefaultsShape, node: Node, where: str, rule: str) -> _Common:
        return _Common(
            within=shape.within,
            fields=shape.in_,
            ignore=self.terms(node, "ignore", where, rule) if shape.ignore is not None else None,
            unless_near=self.terms(node, "unless_near", where, rule) if shape.unless_near is not None else None,
            never=self.terms(node, "never", where, rule) if shape.never is not None else None,
            languages=shape.languages,
            feeds=self.feeds(shape.feeds, node, where, rule) if shape.feeds is not None else None,
            send=self.send(shape.send, node, where, rule) if shape.send is not None else None,
            every=shape.every,
        )

    def lines(self, node: Node, where: str, rule: str) -> tuple[Line, ...]:
        """Return the lines of `find:`, numbered through when it is a sequence of texts."""
        found: list[Line] = []
        for text in node.texts():
            if trapped(text):
                continue
            lines, faults = parse_find(text.text, locate=text.locate, also_wrong=True)
            self.note(faults, where, rule)
            self.check_folding(text, where, rule)
            found += [dataclasses.replace(line, number=len(found) + line.number) for line in lines]
        for line in found:
            for part in line.parts:
                self.check_refs(part.terms, where, rule)
        return tuple(found)

    def check_folding(self, node: Node, where: str, rule: str) -> None:
        """A new line means something here: a text whose lines YAML joins is seldom what was meant."""
        written = node.source[node.start : node.end].strip()
        if node.style != "|" and "\n" in written and not node.filled:
            text = "YAML joins these lines into one; put them in a block (find: |) if each is another way to match"
            self.faults.append(fault_at(node, text, where, warning=True, rule=rule))

    def terms(self, node: Node, key: str, where: str, rule: str) -> tuple[Term, ...]:
        found: list[Term] = []
        for text in node.at(key).texts():
            terms, faults = parse_terms(text.text, locate=text.locate)
            self.note(faults, f"{where}.{key}", rule)
            found += terms
        self.check_refs(found, f"{where}.{key}", rule)
        return tuple(found)

    def tags(self, shape: RuleShape, node: Node, where: str) -> tuple[tuple[str, tuple[Term, ...]], ...]:
        tags = node.at("tags")
        return tuple((label, self.terms(tags, label, f"{where}.tags", shape.id)) for label in shape.tags)

    def note(self, faults: Iterable[Fault], where: str, rule: str) -> None:
        self.faults += [dataclasses.replace(fault, where=where, rule=rule) for fault in faults]

    def check_refs(self, terms: Iterable[Term], where: str, rule: str) -> None:
        for term in terms:
            if term.ref and (text := self.unknown(*term.ref)):
                place = term.place
                self.faults.append(Fault(text, place.file, place.line, place.column, where, rule=rule))

    def unknown(self, name: str, group: str) -> str:
        """Say what is wrong with a reference, "" when nothing is; remember that the list is used."""
        self.named[name] = None
        known = self.lists.all.get(name)
        if known is None:
            is_broken = self.lists.broken and name in self.lists.own
            return "" if is_broken else f"unknown list '${name}'{nearest(name, self.lists.all) or _shipped(name)}"
        if group and group not in {entry.group for entry in known.entries}:
            return unknown_group(known, group)
        return ""

    def send(self, names: tuple[str, ...], node: Node, where: str, rule: str) -> tuple[str, ...]:
        for name in names:
            if name not in self.channels:
                text = f"unknown channel '{name}'{nearest(name, self.channels)}"
                self.faults.append(fault_at(text_like(node.at("send"), name), text, f"{where}.send", rule=rule))
        return tuple(dict.fromkeys(names))

    def only_console(self) -> tuple[str, ...]:
        """Where there is one channel, rules need not name it."""
        return tuple(self.channels) if len(self.channels) == 1 else ()

    def feeds(self, names: tuple[str, ...], node: Node, where: str, rule: str) -> frozenset[str]:
        """Return the names in lower case; a feed's own name stands beside its key, by which an article knows it."""
        found: set[str] = set()
        for name in names:
            known = self.feed_names.get(name.casefold())
            if known is None:
                text = f"no feed, outlet, group or country is called '{name}'{nearest(name, self.feed_names)}"
                self.faults.append(fault_at(text_like(node.at("feeds"), name), text, f"{where}.feeds", rule=rule))
            else:
                found |= {name.casefold(), *known}
        return frozenset(found)

    # --- what can never be

    def check(self, rule: Rule, node: Node, where: str) -> None:
        """Warn of what cannot be meant, or can never match."""
        if not rule.send:
            text = f"no channel sends '{rule.id}': its hits are only recorded"
            self.faults.append(fault_at(node, text, where, warning=True, rule=rule.id))
        self.check_count(rule, node, where)
        blanked = {term.phrase for term in rule.ignore if term.phrase and not term.field}
        for term in (term for line in rule.lines for part in line.parts for term in part.terms):
            if why := self.never_matches(term, rule, blanked):
                self.warn(term, f"'{term.source}' can never match: {why}", where, rule)
        for line in rule.lines:
            if (line.window or rule.within) == Window("sentence", 1) and _parted(line):
                text = "this line can never match: a title is a sentence of its own, so no sentence holds both fields"
                self.warn(line.parts[0].terms[0], text, where, rule)

    def never_matches(self, term: Term, rule: Rule, blanked: Container[Phrase]) -> str:
        """Say why a term of a rule can never match, "" when it can."""
        if term.field and term.field not in rule.fields:
            return f"'in:' leaves out the {term.field}"
        if term.phrase and term.phrase in blanked:
            return "'ignore:' blanks it"
        if term.ref and rule.languages and self.speaks_other(term.ref, rule.languages):
            return f"it has no term in {_named(rule.languages)}"
        return ""

    def warn(self, term: Term, text: str, where: str, rule: Rule) -> None:
        place = term.place
        self.faults.append(
            Fault(text, place.file, place.line, place.column, f"{where}.find", warning=True, rule=rule.id)
        )

    def check_count(self, rule: Rule, node: Node, where: str) -> None:
        if rule.count is None:
            return
        least, (name, group) = rule.count
        at = node.at("count")
        if text := self.unknown(name, group):
            self.faults.append(fault_at(at, text, f"{where}.count", rule=rule.id))
        elif known := self.lists.all.get(name):
            actors = {entry.actor for entry in known.entries if entry.actor and group in ("", entry.group)}
            if len(actors) < least:
                text = f"'{rule.id}' can never match: ${name} has {len(actors)} people or bodies"
                self.faults.append(fault_at(at, text, f"{where}.count", rule=rule.id))

    def speaks_other(self, ref: tuple[str, str], languages: frozenset[str]) -> bool:
        name, group = ref
        entries = self.lists.all[name].entries if name in self.lists.all else ()
        spoken = [entry.languages for entry in entries if group in ("", entry.group)]
        return bool(spoken) and all(said and not said & languages for said in spoken)


def _shipped(name: str) -> str:
    """Say which pack would bring a list in, when one has it."""
    having = {one.name: pack for pack in packaged.packs() for one in packaged.pack(pack)}
    known = next((one for one in having if nearest(name, having) == f"; did you mean '{one}'?"), None)
    return f"; is it '{known}' of the shipped lists? Then write use: [{having[known]}] under lists:" if known else ""


def _first(*values: T | None) -> T:
    """Return the first value that is said."""
    return next(value for value in values if value is not None)


def _parted(line: Line) -> bool:
    """Whether some parts of a line are only in titles and some never are."""
    fields = [{term.field for term in part.terms} for part in line.parts]
    return {"title"} in fields and any(None not in said and "title" not in said for said in fields)


def _named(languages: Iterable[str]) -> str:
    return ", ".join(sorted(languages))


def _id_of(node: Node) -> str:
    said = node.child("id")
    return said.text if said and said.kind == "text" else ""


def _examples(shape: RuleShape, node: Node) -> Iterator[Example]:
    for key, texts, match in (("match", shape.examples.match, True), ("no_match", shape.examples.no_match, False)):
        written = node.at("examples", key)
        for i, text in enumerate(texts):
            yield Example(text, match, (written.child(i) or written).place)


def _feed_names(feeds: Iterable[Feed]) -> dict[str, set[str]]:
    """Return, for every name in lower case that a rule may use, the keys of the feeds with that very name."""
    names: dict[str, set[str]] = {}
    for feed in feeds:
        names.setdefault(feed.name.casefold(), set()).add(feed.key)
        for shared in (feed.outlet, feed.group, feed.country):
            if shared:
                names.setdefault(shared.casefold(), set())
    return names
