"""A list as written → blocks of terms: plain, by language, by group, or a sequence with actors in it."""

from __future__ import annotations

from monitor.config.faults import shaped
from monitor.config.nodes import Node
from monitor.config.shape import ActorShape
from monitor.config.values import is_language
from monitor.errors import Fault
from monitor.rules.lexicon import PEOPLE, Actor, Block


def blocks_of(
    node: Node, faults: list[Fault] | None = None, *, languages: frozenset[str] = frozenset(), group: str = ""
) -> list[Block | Actor]:
    """Return the blocks of a list, in the order of the file. A key of two letters is a language, another a group."""
    if node.kind == "text":
        return [Block(node.text, node.locate, languages, group)]
    if node.kind == "items":
        found = [_item(item, faults, languages, group) for item in node.items]
        return [one for one in found if one]
    blocks: list[Block | Actor] = []
    for key, value in node.pairs.items():
        if is_language(key):
            blocks += blocks_of(value, faults, languages=frozenset((key.lower(),)), group=group)
        else:
            blocks += blocks_of(value, faults, languages=languages, group=key)
    return blocks


def _item(node: Node, faults: list[Fault] | None, languages: frozenset[str], group: str) -> Block | Actor | None:
    if node.kind == "text":
        return Block(node.text, node.locate, languages, group)
    shape = shaped(ActorShape, node, "", faults if faults is not None else [])
    return actor_of(shape, node, group or PEOPLE) if shape else None


def actor_of(shape: ActorShape, node: Node, group: str = PEOPLE) -> Actor:
    """Return an actor as its shape says it."""
    spellings = [spelling for texts in shape.names.values() for spelling in texts] + list(shape.also)
    return Actor(
        id=shape.id,
        spellings=tuple(dict.fromkeys(spellings)),
        role=shape.role,
        cyrillic=shape.cyrillic,
        given=tuple(dict.fromkeys(shape.given)),
        ambiguous=shape.ambiguous,
        needs=tuple(shape.needs),
        never_with=tuple(shape.never_with),
        group=group,
        locate=node.locate,
    )
