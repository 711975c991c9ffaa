"""Messages for Slack, as blocks. Pure.

What comes from the web stands only in `rich_text` and `plain_text` elements, which Slack does not parse: a mention or
a link in a title stays the letters it is written in, whatever asterisks and brackets stand around it. Limits are from
Slack's block reference: 50 blocks a message, 150 characters in a header, 3,000 in a text, 10 elements in a context.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from monitor.render.view import Item, Passage, Told, cut
from monitor.render.words import Words, listed

BLOCKS, HEADER, TEXT = 50, 150, 3_000
# All blocks together; Slack answers msg_blocks_too_long beyond some 13,000 characters and documents no number.
WHOLE = 12_000
# Slack may unescape what it shows as plain text: signs that look the same and mean nothing are safe either way.
_HARMLESS = str.maketrans("<>", "‹›")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

Block = Mapping[str, object]


def escape(text: str) -> str:
    """Return text for the one field that Slack does parse, the fallback: `&`, `<` and `>` as Slack wants them."""
    return "".join(_ENTITIES.get(sign, sign) for sign in text)


def blocks(
    title: str, stories: Sequence[Sequence[Item]], notices: Sequence[Told], words: Words, more: int = 0
) -> tuple[Block, ...]:
    """Return the blocks of a whole message; `title` stands above several hits or notices.

    `more` is how many hits found no room.
    """
    made: list[Block] = []
    if len(stories) + len(notices) == 1:
        for story in stories:
            made += _alone(story, words)
    else:
        made.append(_header(title))
        for story in stories:
            made += _among(story, words)
    for notice in notices:
        made += _notice(notice, words)
    if more:
        made.append(_context(f"{words.more.format(more)}: monitor hits list"))
    return tuple(made)


def _alone(story: Sequence[Item], words: Words) -> Iterable[Block]:
    """A story by itself: a headline, where and when, the sentences, the link, what one may do."""
    first, *others = story
    title = f"{words.also_in} {first.outlet}: {first.title}" if first.follows else first.title
    yield _header(title)
    yield _context(first.source, first.rule, *first.tags)
    if first.after:
        yield _context(words.after.format(first.after))
    if first.passages:
        lead = [_section(_text(f"{words.adds}:", bold=True))] if first.follows else []
        yield _rich(*lead, *(_quote(passage) for passage in first.passages))
    if first.link:
        label = words.read_at.format(first.outlet) if first.outlet else words.read
        yield _rich(_section(_link(first.link, label)))
    yield from _others(others, words)
    yield _context(f"{words.why} monitor hits show {first.id}", f"{words.mute}: monitor mute story {first.story[:12]}")


def _among(story: Sequence[Item], words: Words) -> Iterable[Block]:
    """A story among others: one block, so that forty of them fit."""
    first, *others = story
    title = _link(first.link, first.title, bold=True) if first.link else _text(first.title, bold=True)
    labels = "".join(f" · {label}" for label in (first.rule, *first.tags) if label)
    head = _section(title, _text(f"\n{first.source}{labels} · {first.id}"))
    yield _rich(head, *(_quote(passage) for passage in first.passages), *_also(others, words))


def _others(others: Sequence[Item], words: Words) -> Iterable[Block]:
    if others:
        yield _rich(*_also(others, words))


def _also(others: Sequence[Item], words: Words) -> Iterable[Block]:
    if not others:
        return
    names = listed([other.outlet for other in others if other.outlet] or ["…"], words)
    yield _section(_text(f"{words.also_in} {names}", bold=True))
    rows = [
        _section(_link(one.link, one.title) if one.link else _text(one.title), _text(f" · {one.source}"))
        for one in others
    ]
    yield {"type": "rich_text_list", "style": "bullet", "elements": rows}


def _notice(notice: Told, words: Words) -> Iterable[Block]:
    yield _header(notice.title)
    if notice.lines:
        yield _rich(_section(_text(cut("\n".join(notice.lines), TEXT))))
    yield _context(words.notice, notice.when)


# --- the elements ----------------------------------------------------------------------------------------------------


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain(cut(text, HEADER))}


def _context(*texts: str) -> Block:
    return {"type": "context", "elements": [_plain(text) for text in texts if text][:10]}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": cut(text, TEXT).translate(_HARMLESS), "emoji": False}


def _rich(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def _section(*elements: Block) -> Block:
    return {"type": "rich_text_section", "elements": list(elements)}


def _quote(passage: Passage) -> Block:
    return {"type": "rich_text_quote", "elements": [_text(piece.text, bold=piece.marked) for piece in passage]}


def _text(text: str, *, bold: bool = False) -> Block:
    style = {"style": {"bold": True}} if bold else {}
    return {"type": "text", "text": cut(text, TEXT), **style}


def _link(url: str, text: str, *, bold: bool = False) -> Block:
    style = {"style": {"bold": True}} if bold else {}
    return {"type": "link", "url": url, "text": cut(text, TEXT), **style}
