"""What is shipped with the program: packs of lists and the catalogue of feeds. Read once; a fault in them is a bug."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

from monitor.config.faults import shaped
from monitor.config.lists import actor_of, blocks_of
from monitor.config.nodes import Node, parse
from monitor.config.shape import BodyShape, CatalogueFeedShape, CatalogueFileShape, FeedShape, PackShape
from monitor.errors import ConfigError, Fault
from monitor.model import Feed, key_of
from monitor.rules.lexicon import Actor, Block, Draft, draft, guard
from monitor.urls import masked

_CATALOGUE = files("monitor") / "catalogue"
# So the places of what is shipped begin.
SHIPPED: Final = "monitor/catalogue/"


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """A feed of the shipped catalogue, and what is known of it."""

    feed: Feed
    grade: str
    enabled: bool
    problems: str


@cache
def packs() -> tuple[str, ...]:
    """Return the names of the shipped packs."""
    return tuple(sorted(path.name[:-5] for path in (_CATALOGUE / "lists").iterdir() if path.name.endswith(".yaml")))


@cache
def pack(name: str) -> tuple[Draft, ...]:
    """Return the lists of a shipped pack; KeyError when there is none of this name."""
    if name not in packs():
        raise KeyError(name)
    file = f"lists/{name}.yaml"
    root, faults = _read(file)
    shape = shaped(PackShape, root, "", faults)
    found = list(_lists(name, root, shape, faults)) if shape else []
    wrong = [fault for fault in faults if not fault.warning]
    if wrong:
        raise ConfigError(wrong)
    return tuple(found)


@cache
def text(file: str) -> str:
    """Return a shipped file as it stands: `feeds.yaml`, `lists/kremlin.yaml`."""
    return (_CATALOGUE / file).read_text("utf-8")


@cache
def catalogue() -> tuple[Listed, ...]:
    """Return every feed of the shipped catalogue."""
    root, faults = _read("feeds.yaml")
    shape = shaped(CatalogueFileShape, root, "", faults)
    if faults or shape is None:
        raise ConfigError(faults)
    return tuple(_listed(one) for one in shape.feeds)


def slug(name: str) -> str:
    """Return a name as people type it: `Het Belang van Limburg` is het-belang-van-limburg."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", "-", plain.casefold()).strip("-")


def feed_of(shape: FeedShape) -> Feed:
    """Return a feed as its shape says it."""
    url = shape.url or shape.sitemap or ""
    return Feed(
        key=key_of("feed", masked(url)),  # a new password makes no new feed
        name=shape.name,
        url=url,
        kind="sitemap" if shape.sitemap else "feed",
        outlet=shape.outlet or shape.name,
        group=shape.group or "",
        country=(shape.country or "").upper(),
        language=shape.language or "",
        section=shape.section or "",
        every=shape.every,
        browser=shape.browser,
    )


def _listed(shape: CatalogueFeedShape) -> Listed:
    return Listed(feed_of(shape), shape.grade, shape.enabled, shape.problems)


def _read(file: str) -> tuple[Node, list[Fault]]:
    root, faults = parse(text(file), f"{SHIPPED}{file}")
    if root is None:
        raise ConfigError(faults)
    return root, faults


def _lists(name: str, root: Node, shape: PackShape, faults: list[Fault]) -> Iterator[Draft]:
    """Yield a pack's lists.

    Named groups are lists of their own. Bodies and people are groups of one list that has the pack's name; but a body
    that counts only in the same sentence (a country) is a list of its own, for rules that ask for it.
    """
    own: list[Block | Actor] = [actor_of(one, root.at("people", i)) for i, one in enumerate(shape.people)]
    if isinstance(shape.groups, dict):
        for group in shape.groups:
            yield _draft(group, blocks_of(root.at("groups", group)), faults)
    else:
        for i, body in enumerate(shape.groups):
            blocks = _body(body, root.at("groups", i), faults)
            if body.weak == "same_sentence":
                yield _draft(body.id, blocks, faults)
            else:
                own += blocks
    if own:
        yield _draft(name, own, faults)
    if shape.mask is not None:
        yield _draft("mask", blocks_of(root.at("mask")), faults)


def _draft(name: str, blocks: list[Block | Actor], faults: list[Fault]) -> Draft:
    made, wrong = draft(name, blocks, shipped=True)
    faults += wrong
    return made


def _body(shape: BodyShape, node: Node, faults: list[Fault]) -> list[Block | Actor]:
    guarded = None
    if shape.weak is True or shape.needs or shape.never_with:
        guarded, wrong = guard(shape.needs, shape.never_with, node.locate)
        faults += wrong
    blocks = blocks_of(node.at("terms"))
    return [
        dataclasses.replace(block, group=shape.id, actor=shape.id, guard=guarded)
        for block in blocks
        if isinstance(block, Block)
    ]
