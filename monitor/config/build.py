"""From the files as written to one `Config`: includes, filling in, shapes, and what the parts say of each other."""

from __future__ import annotations

import dataclasses
import gc
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import Any

from monitor.config import packaged
from monitor.config.copy import Copy
from monitor.config.faults import fault_at, keys, only, path_of, shaped, text_like
from monitor.config.feeds import FeedReader
from monitor.config.fill import Filling
from monitor.config.lists import blocks_of
from monitor.config.nodes import Node, parse, trapped
from monitor.config.pieces import in_pieces
from monitor.config.rulebook import NOTHING, Lists, Memory, RuleReader
from monitor.config.shape import (
    ChannelShape,
    FileShape,
    ListsShape,
    PollShape,
    SettingsShape,
)
from monitor.config.watch import Stamp, matching, stamp, stamps
from monitor.errors import ConfigError, Fault
from monitor.model import Channel, Feed, Secret, Settings
from monitor.rules.find import nearest
from monitor.rules.lexicon import Draft, draft, joined, resolve
from monitor.rules.spec import Place, RuleBook

CONSOLE = "console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that a user wrote, as values. `digest` changes when what rules, lists and feeds say changes."""

    settings: Settings = field(repr=False)  # any value may hold what the environment gave
    feeds: tuple[Feed, ...] = field(repr=False)
    channels: Mapping[str, Channel] = field(repr=False)
    book: RuleBook = field(repr=False)
    warnings: tuple[Fault, ...] = ()
    files: tuple[Path, ...] = field(default=(), repr=False)  # all that were read
    written: tuple[Path, ...] = field(default=(), repr=False)  # those of them that are no secrets
    seen: Mapping[Path, Stamp] = field(default_factory=dict, repr=False, compare=False)  # when `changed`: load again
    digest: str = ""
    memory: Memory = field(default=NOTHING, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the user's, with `${…}` filled in."""

    path: Path
    root: Node

    def section(self, key: str) -> Node | None:
        return self.root.child(key)


def load(path: Path | str, environ: Mapping[str, str], last: Memory = NOTHING, *, copy: Copy | None = None) -> Config:
    """Return what the file, the files it includes and the environment say. Raises ConfigError with every fault.

    With the memory of the `last` Config of this file, rules of a long file that stayed the same are not read again.
    With a `copy` of them, these files are read as they were.
    """
    builder = _Builder(Path(path), environ, last, copy or Copy())
    with _collector_at_rest():
        config = builder.build()
    faults = _in_order(builder.told())
    if any(not fault.warning for fault in faults):
        raise ConfigError(faults, builder.seen)
    return dataclasses.replace(config, warnings=tuple(faults))


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Ten thousand rules are a million objects and none of them is garbage: looking for it takes half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _without(values: Iterable[str], text: str) -> str:
    """Return the text with none of these values in it; a very short one only where it is quoted."""
    for value in values:
        text = text.replace(value, "•••") if len(value) > 2 else text.replace(f"'{value}'", "'•••'")
    return text


def _in_order(faults: Iterable[Fault]) -> list[Fault]:
    """Return the faults without repetition, file by file, from top to bottom."""
    found = dict.fromkeys(faults)
    files = dict.fromkeys(fault.file for fault in found)
    order = {name: number for number, name in enumerate(files)}
    return sorted(found, key=lambda fault: (order[fault.file], fault.line, fault.column))


class _Builder:
    """Builds one `Config` and keeps everything that is wrong on the way."""

    def __init__(self, path: Path, environ: Mapping[str, str], last: Memory, copy: Copy) -> None:
        self.path = path
        self.copy = copy
        self.last = last
        self.memory = last
        self.environ = environ
        self.faults: list[Fault] = []
        self.fillings: list[Filling] = []
        self.paths: list[Path] = []
        self.written: list[Path] = []
        self.seen: dict[Path, Stamp] = {}
        self.hash = blake2b(digest_size=16)
        self.around = blake2b(digest_size=16)  # of all that rules in pieces depend on
        self.veiled = False  # whether something filled in has got into what rules have by default

    def build(self) -> Config:
        files = list(self.read(self.path, None))
        settings = self.settings(files)
        channels = self.channels(files)
        feeds = self.feeds(files)
        lists = self.lists(files)
        book = self.book(files, channels, feeds, lists)
        self.check_ops(files, settings, channels)
        return Config(
            settings=settings,
            feeds=feeds,
            channels=MappingProxyType(channels),
            book=book,
            files=tuple(dict.fromkeys(self.paths)),
            written=tuple(self.written),
            seen=self.seen,
            digest=self.hash.hexdigest(),
            memory=self.memory,
        )

    def told(self) -> Iterator[Fault]:
        """Yield all faults; none of them holds what was filled in."""
        veiled = {node.place: node.written.strip() for filling in self.fillings for node in filling.nodes}
        values = sorted(
            {value for filling in self.fillings for value in filling.values if value}, key=len, reverse=True
        )
        for filling in self.fillings:
            yield from (fault for _node, fault in filling.faults)
        for fault in self.faults:
            written = veiled.get(Place(fault.file, fault.line, fault.column))
            if written:
                yield dataclasses.replace(fault, text=f"what {written} holds cannot stand here", rule="")
            else:
                yield dataclasses.replace(fault, text=_without(values, fault.text), rule=_without(values, fault.rule))

    # --- files

    def read(self, path: Path, asked: Node | None) -> Iterator[_File]:
        """Yield the file and all that it includes."""
        self.paths.append(path)
        self.written.append(path)
        text = self.text(path, asked)
        root, faults = self.parsed(text, str(path)) if text is not None else (None, [])
        self.faults += faults
        if root is None:
            if text is not None and not faults:
                self.faults.append(Fault("the file is empty: begin with 'version: 1'", str(path), 1, 1))
            return
        if root.kind != "pairs":
            self.faults.append(fault_at(root, "keys with values were meant: version, feeds, channels, lists, rules"))
            return
        self.fill(root, path.parent)
        self.check_keys(root)
        file = _File(path, root)
        yield file
        yield from self.included(file)

    def parsed(self, text: str, file: str) -> tuple[Node | None, list[Fault]]:
        pieces = in_pieces(text, file, self.last.rules)
        _take(self.around, file)
        _take(self.around, pieces.head if pieces else text)
        return (pieces.root, []) if pieces else parse(text, file)

    def text(self, path: Path, asked: Node | None) -> str | None:
        self.seen[path] = stamp(path)  # before it is read: what is written meanwhile is news
        try:
            said = self.copy.texts[path] if path in self.copy.texts else path.read_bytes()
            _take(self.hash, said)
            return said.decode("utf-8")
        except UnicodeDecodeError as error:
            line = said.count(b"\n", 0, error.start) + 1
            self.faults.append(Fault("this is no text in UTF-8", str(path), line, 1))
        except OSError as error:
            why = f"{path} cannot be read: {error.strerror}"
            self.faults.append(fault_at(asked, why, "include") if asked else Fault(why, str(path)))
        return None

    def fill(self, root: Node, folder: Path) -> None:
        filling = Filling(self.environ, folder)
        filling.fill(root)
        filling.faults = [
            (node, dataclasses.replace(fault, where=path_of(root, node))) for node, fault in filling.faults
        ]
        self.paths += filling.files
        self.seen |= stamps(filling.files)
        self.fillings.append(filling)
        for section in ("lists", "defaults", "rules", "feeds"):
            part = root.child(section)
            for node in part.texts() if part else ():
                if node.filled:
                    _take(self.hash, node.text)
                    _take(self.around, node.text if section != "rules" else "")
                    self.veiled |= section == "defaults"

    def shipped(self, file: str) -> None:
        """Take a shipped file into what the digests are of."""
        said = packaged.text(file)
        _take(self.hash, said)
        _take(self.around, said)

    def check_keys(self, root: Node) -> None:
        known = keys(FileShape)
        for key, node in root.pairs.items():
            if key not in known:
                place = root.keys[key]
                text = f"unknown key '{key}'{nearest(key, known)}"
                self.faults.append(Fault(text, place.file, place.line, place.column, key))
            elif not (node.kind == "text" and node.value() is None):
                self.check_section(key, node)
        version = root.child("version")
        if version and version.value() != 1:
            self.faults.append(fault_at(version, "this program reads version 1 of the language", "version"))

    def check_section(self, key: str, node: Node) -> None:
        kind = {"feeds": "items", "rules": "items", "version": "text", "include": node.kind}.get(key, "pairs")
        if node.kind != kind:
            meant = "a list was meant: lines that begin with '-'" if kind == "items" else "keys with values were meant"
            self.faults.append(fault_at(node, meant, key))

    def included(self, file: _File) -> Iterator[_File]:
        asked = file.section("include")
        for node in asked.texts() if asked else ():
            if trap := trapped(node) or ("\0" in node.text and "no path holds a NUL"):
                self.faults.append(fault_at(node, trap, "include"))
                continue
            pattern = file.path.parent / node.text
            self.seen[pattern] = stamp(pattern)
            found = self.copy.meant.get(pattern) or matching(pattern)
            if not found:
                self.faults.append(fault_at(node, f"no file matches '{node.written}'", "include", warning=True))
            for path in found:
                if os.path.realpath(path) in {os.path.realpath(seen) for seen in self.paths}:
                    self.faults.append(fault_at(node, f"{path} is read already", "include"))
                else:
                    yield from self.read(path, node)

    def once(self, files: Sequence[_File], key: str) -> Node | None:
        """Return the section that may stand in one file only."""
        found = [node for node in (file.section(key) for file in files) if node and node.kind == "pairs"]
        for node in found[1:]:
            self.faults.append(fault_at(node, f"'{key}:' stands in {found[0].file} too; one file holds it", key))
        return found[0] if found else None

    def each(self, files: Sequence[_File], key: str, kind: str) -> Iterator[tuple[Node, Node, str | int]]:
        """Yield (section, value, its key or number) of a section that every file may have."""
        for file in files:
            node = file.section(key)
            if node and node.kind == kind == "items":
                yield from ((node, item, i) for i, item in enumerate(node.items))
            elif node and node.kind == kind:
                yield from ((node, value, name) for name, value in node.pairs.items())

    # --- settings, channels

    def settings(self, files: Sequence[_File]) -> Settings:
        node = self.once(files, "settings")
        shape = shaped(SettingsShape, node, "settings", self.faults) if node else None
        if shape is None or node is None:
            return Settings()
        said = {name: value for name, value in _said(shape).items() if value is not None}
        settings = _stretched(dataclasses.replace(Settings(), **said), shape.poll or PollShape())
        if not settings.fastest <= settings.every <= settings.slowest:
            self.faults.append(
                fault_at(node.at("poll"), "fastest, every and slowest stand in the wrong order", "settings.poll")
            )
        return settings

    def check_ops(self, files: Sequence[_File], settings: Settings, channels: Mapping[str, Channel]) -> None:
        node = self.once(files, "settings")
        for name in settings.ops if node else ():
            if name not in channels and node:
                text = f"unknown channel '{name}'{nearest(name, channels)}"
                self.faults.append(fault_at(text_like(node.at("ops"), name), text, "settings.ops"))

    def channels(self, files: Sequence[_File]) -> dict[str, Channel]:
        found: dict[str, Channel] = {}
        for section, node, name in self.each(files, "channels", "pairs"):
            where = f"channels.{name}"
            if name in found:
                self.faults.append(fault_at(node, f"channel '{name}' stands in two files", where))
                continue
            empty = node.kind == "text" and node.value() is None
            shape = ChannelShape() if empty else shaped(ChannelShape, node, where, self.faults)
            found[str(name)] = _channel(str(name), shape or ChannelShape())
            if trap := self.name_trap(section, str(name)):
                self.faults.append(dataclasses.replace(trap, where=where))
        return found or {CONSOLE: Channel(name=CONSOLE)}

    def name_trap(self, section: Node, name: str) -> Fault | None:
        place = section.keys[name]
        if name.strip() and "," not in name and "$" not in name:
            return None
        return Fault(f"'{name}' is no name", place.file, place.line, place.column)

    # --- feeds

    def feeds(self, files: Sequence[_File]) -> tuple[Feed, ...]:
        reader = FeedReader(self.faults)
        for _section, node, i in self.each(files, "feeds", "items"):
            reader.read(node, f"feeds[{i}]")
        if reader.asks_catalogue:
            self.shipped("feeds.yaml")
        return reader.feeds()

    # --- lists

    def lists(self, files: Sequence[_File]) -> Lists:
        shipped: list[Draft] = []
        own: dict[str, Draft] = {}
        for section, node, name in self.each(files, "lists", "pairs"):
            where = f"lists.{name}"
            if name == "use":
                shipped += self.used(section)
                continue
            if name in own:
                self.faults.append(fault_at(node, f"list '{name}' stands in two files", where))
                continue
            own[str(name)] = self.own_list(section, node, str(name), where)
        known = joined(shipped)
        lists, faults = resolve(own, known)
        self.faults += [dataclasses.replace(fault, where=_in_lists(fault, own)) for fault in faults]
        self.check_replaced(own, known)
        return Lists(lists, own, broken=bool(faults) and not lists)

    def used(self, section: Node) -> Iterator[Draft]:
        node = section.pairs["use"]
        shape = shaped(ListsShape, only(section, "use"), "lists", self.faults)
        for name in shape.use if shape else ():
            try:
                yield from packaged.pack(name)
                self.shipped(f"lists/{name}.yaml")
            except KeyError:
                text = f"unknown pack '{name}'{nearest(name, packaged.packs())}"
                self.faults.append(fault_at(text_like(node, name), text, "lists.use"))

    def own_list(self, section: Node, node: Node, name: str, where: str) -> Draft:
        faults: list[Fault] = []
        shaped(ListsShape, only(section, name), "lists", faults)
        if not faults:
            blocks = blocks_of(node)
            made, wrong = draft(name, blocks, place=section.keys[name])
            faults += [dataclasses.replace(fault, where=where) for fault in wrong]
            if not made.items and not faults:
                faults.append(fault_at(node, "the list is empty", where, warning=True))
        else:
            made = Draft(name, (), place=section.keys[name])
        self.faults += faults
        return made

    def check_replaced(self, own: Mapping[str, Draft], shipped: Mapping[str, Draft]) -> None:
        for name in own.keys() & shipped.keys():
            if not any(getattr(item, "name", "") == name for item in own[name].items):
                place = own[name].place
                text = f"takes the place of the shipped list '{name}'; write ${name} in it to keep those terms too"
                self.faults.append(Fault(text, place.file, place.line, place.column, f"lists.{name}", warning=True))

    # --- rules

    def book(
        self, files: Sequence[_File], channels: Mapping[str, Channel], feeds: Sequence[Feed], lists: Lists
    ) -> RuleBook:
        reader = RuleReader(channels, feeds, lists, self.faults)
        reader.recall(self.last, "" if self.veiled else self.around.hexdigest())
        node = self.once(files, "defaults")
        reader.read_defaults(node)
        for _section, item, i in self.each(files, "rules", "items"):
            reader.read(item, f"rules[{i}]")
        self.memory = reader.memory()
        return reader.book()


def _take(digest: blake2b, said: str | bytes) -> None:
    """Take one value into what a digest is of, and where it ends: 'ab' and 'c' are not 'a' and 'bc'."""
    data = said.encode() if isinstance(said, str) else said
    digest.update(b"%d " % len(data))
    digest.update(data)


def _said(shape: SettingsShape) -> dict[str, Any]:
    """Return the settings as they were written, by their names in `Settings`; None is unsaid."""
    poll, keep, network = shape.poll, shape.keep, shape.network
    return {
        "timezone": shape.timezone,
        "database": Secret(shape.database) if shape.database else None,
        "contact": shape.contact,
        "every": poll and poll.every,
        "fastest": poll and poll.fastest,
        "slowest": poll and poll.slowest,
        "keep_articles": keep and keep.articles,
        "keep_pages": keep and keep.pages,
        "allow_private": network and network.allow_private,
        "pause": network and network.pause,
        "ops": shape.ops,
        "dead_after": shape.dead_after,
        "canary": shape.canary,
        "story_window": shape.story_window,
    }


def _stretched(settings: Settings, said: PollShape) -> Settings:
    """Return the settings with the limits of polling that nobody set wide enough for what somebody did set."""
    every = settings.every if said.every else min(max(settings.every, settings.fastest), settings.slowest)
    fastest = settings.fastest if said.fastest else min(settings.fastest, every)
    slowest = settings.slowest if said.slowest else max(settings.slowest, every)
    return dataclasses.replace(settings, every=every, fastest=fastest, slowest=slowest)


def _channel(name: str, shape: ChannelShape) -> Channel:
    return Channel(
        name=name,
        url=Secret(shape.url) if shape.url else None,
        at_most=shape.at_most,
        digest=shape.digest,
        quiet=shape.quiet,
        weekdays=shape.weekdays,
        language=shape.language,
        template=shape.template,
    )


def _in_lists(fault: Fault, own: Mapping[str, Draft]) -> str:
    """Return which list of the user's a fault stands in: the last one that begins above it."""
    here = (fault.line, fault.column)
    above = [one for one in own.values() if one.place.file == fault.file and _start(one) <= here]
    return f"lists.{max(above, key=_start).name}" if above else "lists"


def _start(one: Draft) -> tuple[int, int]:
    return one.place.line, one.place.column
