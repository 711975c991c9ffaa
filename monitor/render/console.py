"""Messages for a terminal: runs of text with a style each. Pure; whoever prints them decides about colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from monitor.render.view import Item, Told
from monitor.render.words import Words, listed


class Span(NamedTuple):
    """A run of text and how it looks: a style's name, "" for none."""

    text: str
    style: str = ""


def spans(stories: Sequence[Sequence[Item]], notices: Sequence[Told], words: Words) -> tuple[Span, ...]:
    """Return the whole message as runs of text, line breaks among them."""
    lines = [line for story in stories for line in _story(story, words)]
    lines += [line for notice in notices for line in _notice(notice, words)]
    return tuple(span for line in lines for span in (*line, Span("\n")))


def plain(spans: Iterable[Span]) -> str:
    """Return the message for where there are no colours: evidence stands between asterisks."""
    return "".join(f"*{text}*" if style.endswith("evidence") else text for text, style in spans)


def _story(story: Sequence[Item], words: Words) -> Iterable[Sequence[Span]]:
    first, *others = story
    yield from _item(first, words, first.follows)
    if others:
        names = listed([other.outlet for other in others if other.outlet] or ["…"], words)
        yield [Span(f"  {words.also_in} {names}", "also")]
        for other in others:
            yield [Span("  • "), Span(other.title, "title"), Span(f"  {other.source}", "source")]
            yield [Span("    "), Span(other.link, "link")]
    yield [Span(f"  {words.why} ", "hint"), Span(f"monitor hits show {first.id}", "command")]
    yield [Span(f"  {words.mute}: ", "hint"), Span(f"monitor mute story {first.story[:12]}", "command")]
    yield []


def _item(item: Item, words: Words, follows: bool) -> Iterable[Sequence[Span]]:
    lead = [Span(f"{words.also_in} {item.outlet}: ", "also")] if follows else []
    yield [
        Span("▌ ", "rule"),
        *lead,
        *(Span(piece.text, "title evidence" if piece.marked else "title") for piece in item.title_pieces),
    ]
    tags = [Span(f"  [{tag}]", "tag") for tag in item.tags]
    yield [Span("  "), Span(item.source, "source"), Span("  "), Span(item.rule, "rule"), *tags]
    if item.after:
        yield [Span(f"  {words.after.format(item.after)}", "source")]
    for passage in item.passages:
        adds = [Span(f"{words.adds}: ", "also")] if follows else []
        marks = [Span(piece.text, "evidence" if piece.marked else "") for piece in passage]
        yield [Span("  "), *adds, *marks]
    if item.link:
        yield [Span("  "), Span(item.link, "link")]


def _notice(notice: Told, words: Words) -> Iterable[Sequence[Span]]:
    yield [Span("▌ ", "notice"), Span(notice.title, "title"), Span(f"  {words.notice} · {notice.when}", "source")]
    for line in notice.lines:
        yield [Span(f"  {line}")]
    yield []
