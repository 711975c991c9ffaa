"""Hits and notices → what a person reads, one form for each kind of channel. Pure; the sending is in `notify`.

    Delivery… ──view──▶ Item… ──┬─ mail     Jinja templates: HTML and plain
                                ├─ slack    blocks
                                ├─ console  runs of text with a style
                                └─ text     a Jinja template, within the service's limit

A user's own folder (`template:` of a channel) may hold any of the templates; what it lacks is taken from here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from monitor.model import Channel, Delivery, Hit, Message, Notice, Opening
from monitor.render import console, slack
from monitor.render.limits import limit_of
from monitor.render.view import Item, Passage, Told, cut, headline, item, merged, shorter, told
from monitor.render.words import Words, listed, words_for

SUBJECT = 200
_TEMPLATES = Path(__file__).parent / "templates"

Story = tuple[Item, ...]
T = TypeVar("T")


class Detail(NamedTuple):
    """How much is shown of each hit: characters of its title, sentences, characters of a sentence."""

    title: int
    passages: int
    sentence: int


# From the whole to the least that still has the link; a message takes the first that fits its channel.
DETAILS = (Detail(200, 3, 420), Detail(200, 1, 240), Detail(140, 1, 120), Detail(120, 0, 0), Detail(60, 0, 0))


def message(
    deliveries: Sequence[Delivery], channel: Channel, *, zone: ZoneInfo, opening: Opening | None = None
) -> Message:
    """Return the one message that these deliveries make in this channel: a hit, a story, a digest or notices.

    Times are shown in `zone`, words in the channel's language. The order of the deliveries is kept; hits of one story
    stand together. A follow-up names the `opening` of its story, but in mail, where it stands in the thread.
    """
    words = words_for(channel.language)
    hits = [item(one, one.subject, zone, words) for one in deliveries if isinstance(one.subject, Hit)]
    notices = [told(one.subject, zone, words) for one in deliveries if isinstance(one.subject, Notice)]
    if opening and channel.kind != "mail":
        hits = [replace(one, after=headline(opening)) for one in hits]
    page = Page(_subject(hits, notices, words), _stories(hits), tuple(notices), words, len(hits))
    return {"console": _console, "mail": _mail, "slack": _slack, "text": _text}[channel.kind](page, channel)


class Page(NamedTuple):
    """All that a message shows."""

    title: str
    stories: tuple[Story, ...]
    notices: tuple[Told, ...]
    words: Words
    hits: int = 0
    more: int = 0  # hits for which there is no room


# --- one for each kind -----------------------------------------------------------------------------------------------


def _console(page: Page, _channel: Channel) -> Message:
    page = _at(page, _first_detail(page))
    spans = console.spans(page.stories, page.notices, page.words)
    blocks = tuple({"text": span.text, "style": span.style} for span in spans)
    return Message(title=page.title, text=console.plain(spans), blocks=blocks)


def _mail(page: Page, channel: Channel) -> Message:
    page = _at(page, _first_detail(page))
    return Message(
        title=page.title, text=_filled("mail.txt.j2", page, channel), html=_filled("mail.html.j2", page, channel)
    )


def _slack(page: Page, channel: Channel) -> Message:
    def made(page: Page) -> tuple[slack.Block, ...]:
        return slack.blocks(page.title, page.stories, page.notices, page.words, page.more)

    def fits(blocks: Sequence[slack.Block]) -> bool:
        return len(blocks) <= slack.BLOCKS and len(json.dumps(blocks, ensure_ascii=False)) <= slack.WHOLE

    blocks = _fitted(page, made, fits)
    fallback = _fitted(page, lambda page: slack.escape(_filled("text.txt.j2", page, channel)), _within(slack.TEXT))
    return Message(title=page.title, text=f"{slack.escape(page.title)}\n{fallback}", blocks=blocks)


def _text(page: Page, channel: Channel) -> Message:
    limit = limit_of(channel)
    title = cut(_literal(page.title), limit.title)
    room = limit.body - len(title) - 2  # a service without titles gets the title as the body's first line
    return Message(title=title, text=_fitted(page, lambda page: _filled("text.txt.j2", page, channel), _within(room)))


def _within(most: int) -> Callable[[str], bool]:
    return lambda text: len(text) <= most


def _fitted(page: Page, made: Callable[[Page], T], fits: Callable[[T], bool]) -> T:
    """Return the page in the most detail that fits; if none does, without the last hits, and it says how many."""
    for detail in DETAILS[DETAILS.index(_first_detail(page)) :]:
        whole = made(_at(page, detail))
        if fits(whole):
            return whole
    least = _at(page, DETAILS[-1])
    for dropped in count(1):
        shown = made(_without(least, dropped))
        if fits(shown) or dropped > len(page.stories) + len(page.notices):
            return shown
    raise AssertionError  # count() does not end


def _first_detail(page: Page) -> Detail:
    """A hit by itself is told in full; of many, each has its best sentence."""
    hits = sum(map(len, page.stories))
    return DETAILS[0] if hits <= 2 else DETAILS[1] if hits <= 20 else DETAILS[2]


def _at(page: Page, detail: Detail) -> Page:
    stories = tuple(tuple(shorter(hit, *detail) for hit in story) for story in page.stories)
    return page._replace(stories=stories)


def _without(page: Page, dropped: int) -> Page:
    """Return the page without its last notices and stories."""
    notices = page.notices[: max(len(page.notices) - dropped, 0)]
    dropped = max(dropped - len(page.notices), 0)
    kept = page.stories[: max(len(page.stories) - dropped, 0)]
    more = sum(map(len, page.stories)) - sum(map(len, kept)) + len(page.notices) - len(notices)
    return page._replace(stories=kept, notices=notices, more=more)


# --- templates -------------------------------------------------------------------------------------------------------


def _filled(name: str, page: Page, channel: Channel) -> str:
    """Return the template filled in. A user's own that fails must not cost an alert: then ours, which says so."""
    said = page._asdict() | {"channel": channel.name, "failed": ""}
    if channel.template:
        try:
            return _environment(channel.template).get_template(name).render(said).strip() + "\n"
        except Exception as error:  # noqa: BLE001  (a template is the user's program: it may raise anything)
            said["failed"] = f"{page.words.template_failed}: {cut(' '.join(str(error).split()), 200)}"
    return _environment("").get_template(name).render(said).strip() + "\n"


@lru_cache(maxsize=64)
def _environment(folder: str) -> Environment:
    """Templates from the user's folder first. `.html.j2` escapes all that it is given."""
    made = Environment(
        loader=FileSystemLoader([*([folder] if folder else []), str(_TEMPLATES)]),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(plain=_plain, literal=_literal, outlets=_outlets)
    return made


def _plain(passage: Passage) -> str:
    """A passage without markup: evidence between asterisks, as mail programs have always shown it."""
    return "".join(f"*{piece.text}*" if piece.marked else piece.text for piece in passage)


def _literal(text: str) -> str:
    """Text for services that read markup and mentions even in plain text (Discord, Mattermost, Telegram, Chat).

    A zero-width space after `@` keeps `@everyone` from ringing; look-alike brackets are no tags.
    """
    return text.replace("@", "@\u200b").replace("<", "‹").replace(">", "›").replace("](", "] (")


def _outlets(story: Iterable[Item], words: Words) -> str:
    return listed([one.outlet for one in story if one.outlet] or ["…"], words)


# --- what stands above -----------------------------------------------------------------------------------------------


def _stories(hits: Sequence[Item]) -> tuple[Story, ...]:
    """Put hits of one story together, where its first hit stands; an article that two rules hit is shown once."""
    stories: dict[str, dict[str, Item]] = {}
    for one in hits:
        articles = stories.setdefault(one.story, {})
        known = articles.get(one.article)
        articles[one.article] = merged(known, one) if known else one
    return tuple(tuple(articles.values()) for articles in stories.values())


def _subject(hits: Sequence[Item], notices: Sequence[Told], words: Words) -> str:
    if not hits:
        return cut(_of_notices(notices, words), SUBJECT)
    stories = _stories(hits)
    if len(stories) == 1:
        return _of_story(stories[0], words)
    rules = Counter(one.rule for one in hits).most_common()
    return cut(f"{words.hits.format(len(hits))}: {', '.join(f'{rule} ({n})' for rule, n in rules)}", SUBJECT)


def _of_story(story: Story, words: Words) -> str:
    """`Rule: headline (outlet)`; of what follows: `Also in outlet: headline`."""
    first = story[0]
    outlets = _outlets(story, words)
    before = f"{words.also_in} {outlets}: " if first.follows else f"{first.rule}: "
    after = "" if first.follows or outlets == "…" else f" ({outlets})"
    before, after = cut(before, 100), cut(after, 60)
    return before + cut(first.title, SUBJECT - len(before) - len(after)) + after


def _of_notices(notices: Sequence[Told], words: Words) -> str:
    if len(notices) == 1:
        return f"monitor: {notices[0].title}"
    return f"{words.notices.format(len(notices))}: {notices[0].title} …" if notices else "monitor"
