"""The shape of `rules.yaml`: which keys it has and what may stand behind each.

A model here says what is written; `build` turns it into what is meant. The JSON Schema comes from the same models, so
an editor's completion and `monitor check` agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import time, timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from monitor.config.values import (
    channel_url,
    clock,
    comma_apart,
    counted,
    days_of_week,
    digest_time,
    duration,
    field_names,
    known_timezone,
    language_code,
    language_codes,
    network_of,
    pause,
    plain_name,
    quiet_hours,
    rate,
    web_address,
)
from monitor.model import FieldName
from monitor.rules.find import parse_window
from monitor.rules.spec import Window

T = TypeVar("T")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "text was meant")
    return value


def _texts(value: object) -> object:
    if not isinstance(value, list):
        return [_text(value)]
    return value


def _read(function: Callable[[str], T], pattern: str, example: str) -> Any:
    """Return a validator that reads a text, with what an editor should know of it."""
    seen = Annotated[str, Field(pattern=pattern, examples=[example])]
    return BeforeValidator(
        lambda value: value if value is None else function(_text(value)), json_schema_input_type=seen
    )


def _names_then(function: Callable[[Sequence[str]], T]) -> Any:
    def read(value: object) -> T:
        texts = _texts(value)
        if not isinstance(texts, list):
            raise PydanticCustomError("string_type", "text was meant")
        return function(comma_apart([_text(text) for text in texts]))

    return BeforeValidator(read, json_schema_input_type=str | list[str])


def flag(value: object) -> object:
    """Return what `true` and `false` mean where they were filled in; anything else as it is."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


Flag = Annotated[bool, BeforeValidator(flag)]
Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[list[str], BeforeValidator(_texts, json_schema_input_type=str | list[str])]
Names = Annotated[tuple[str, ...], _names_then(tuple)]
Duration = Annotated[timedelta, _read(duration, r"^\d+ ?[smhd]$", "5m")]
Pause = Annotated[timedelta, _read(pause, r"^\d+ ?[smhd]$", "1s")]
Clock = Annotated[time, _read(clock, r"^([01]?\d|2[0-3])[:.][0-5]\d$", "07:30")]
Language = Annotated[str, AfterValidator(language_code), Field(pattern="^[a-z]{2}$")]
Address = Annotated[str, AfterValidator(web_address), Field(pattern="^https?://")]


class _Shape(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )


# --- settings -------------------------------------------------------------------------------------------------------


class PollShape(_Shape):
    """How often feeds are polled."""

    every: Duration | None = Field(
        default=None, description="The interval before a feed's own rhythm is known. Default 5m."
    )
    fastest: Duration | None = Field(default=None, description="Never more often than this. Default 1m.")
    slowest: Duration | None = Field(default=None, description="Never less often than this. Default 1h.")


class KeepShape(_Shape):
    """How long things are kept."""

    articles: Duration | None = Field(default=None, description="Articles and hits. Default 400d.")
    pages: Pause | None = Field(
        default=None,
        description="Pages that hit or could not be read, what feeds sent along, polls. Default 14d; 0d: no pages.",
    )


class NetworkShape(_Shape):
    """Where and how fast pages are fetched."""

    allow_private: Annotated[
        tuple[IPv4Network | IPv6Network, ...], _names_then(lambda texts: tuple(network_of(text) for text in texts))
    ] = Field(default=(), description="Private networks that may be reached, such as 127.0.0.0/8. Default none.")
    pause: Pause | None = Field(default=None, description="Between two pages of one host. Default 1s; 0s: none.")


class SettingsShape(_Shape):
    """Everything that is neither a feed, a channel nor a rule."""

    timezone: Annotated[str, AfterValidator(known_timezone)] | None = Field(
        default=None, description="Times of digests and quiet hours are local to it. Default Europe/Brussels."
    )
    database: Text | None = Field(
        default=None, description="sqlite:///monitor.db, or postgresql+psycopg://… Default the first."
    )
    contact: Text | None = Field(
        default=None, description="Goes into the User-Agent, so that a publisher can reach you."
    )
    poll: PollShape | None = Field(default=None, description="How often feeds are polled: every, fastest, slowest.")
    keep: KeepShape | None = Field(default=None, description="How long articles and pages are kept.")
    network: NetworkShape | None = Field(
        default=None, description="Private networks allowed, and the pause between pages."
    )
    ops: Names = Field(default=(), description="Channels that hear about the daemon itself: dead feeds, refused files.")
    dead_after: Duration | None = Field(
        default=None, description="A delivery refused for this long is given up. Default 3d."
    )
    canary: Clock | None = Field(
        default=None, description="Each day at this time a test entry goes all the way. Default never."
    )
    story_window: Duration | None = Field(
        default=None, description="Hits further apart never tell of one event. Default 4d."
    )


# --- feeds and channels ---------------------------------------------------------------------------------------------


class CatalogueShape(_Shape):
    """Feeds of the shipped catalogue."""

    catalogue: Names = Field(description="Countries (nl), languages (nl-BE), outlets, groups or feeds by name.")
    except_: Names = Field(default=(), alias="except", description="What to leave out of them, named in the same way.")


class FeedShape(_Shape):
    """A feed of your own: an address in `url` or `sitemap`, and what is known of it."""

    name: Text = Field(description="As it stands in messages and in a rule's `feeds:`.")
    url: Address | None = Field(default=None, description="An RSS, Atom or JSON feed.")
    sitemap: Address | None = Field(default=None, description="A news sitemap, in place of `url`.")
    outlet: Text | None = Field(default=None, description="The newspaper or broadcaster. Default the feed's name.")
    group: Text | None = Field(default=None, description="Its publisher.")
    country: Annotated[str, Field(pattern="^[A-Za-z]{2}$")] | None = Field(default=None, description="NL, BE, …")
    language: Language | None = Field(default=None, description="nl, fr, de, en; found out when it is not given.")
    section: Text | None = Field(default=None, description="buitenland, sport, …")
    every: Duration | None = Field(default=None, description="Poll this often, whatever its rhythm.")
    browser: Flag = Field(default=False, description="Refuses plain clients: needs a browser-like TLS client.")
    enabled: Flag = Field(default=True, description="false: not polled.")


class ChannelShape(_Shape):
    """Where messages go, and when they may. Without `url` it is the console."""

    url: Annotated[str, AfterValidator(channel_url)] | None = Field(
        default=None, description="An apprise address: mailtos://…, slack://…"
    )
    at_most: Annotated[tuple[int, timedelta], _read(rate, r"^\d+ ?/ ?\d*[smhd]$", "20/h")] | None = Field(
        default=None, description="20/h: what is over is gathered into one message."
    )
    digest: (
        Annotated[time | Literal["hourly"], _read(digest_time, r"^hourly$|^([01]?\d|2[0-3])[:.][0-5]\d$", "07:30")]
        | None
    ) = Field(default=None, description='One message a day at "07:30", or `hourly`.')
    quiet: Annotated[tuple[time, time], _read(quiet_hours, r"^\d+[:.]\d\d ?- ?\d+[:.]\d\d$", "23:00-06:30")] | None = (
        Field(default=None, description='"23:00-06:30": held, not lost, and sent together afterwards.')
    )
    weekdays: Annotated[frozenset[int], _names_then(days_of_week)] = Field(
        default=frozenset(), description="mon-fri, or a list of days. Other days are quiet. Default every day."
    )
    language: Literal["nl", "fr", "de", "en"] = Field(default="nl", description="Of the words around the hit.")
    template: Text | None = Field(default=None, description="A folder with Jinja files of your own.")


# --- lists ----------------------------------------------------------------------------------------------------------


class ActorShape(_Shape):
    """A person or body with many spellings; what `count:` counts."""

    id: Annotated[str, AfterValidator(plain_name)] = Field(description="Its name in this file.")
    role: str = Field(default="", description="What the person does.")
    cyrillic: str = Field(
        default="", description="The name in its own script: spellings are generated from it and reviewed."
    )
    names: dict[Language, Texts] = Field(default_factory=dict, description="Spellings by language of origin.")
    also: Texts = Field(default_factory=list, description="Further spellings.")
    given: Texts = Field(default_factory=list, description="Given names.")
    ambiguous: Flag = Field(
        default=False, description="Counts only with a given name, one of `needs` or a certain actor."
    )
    needs: Texts = Field(default_factory=list, description="Terms that make an ambiguous name certain.")
    never_with: Texts = Field(default_factory=list, description="Terms with which an ambiguous name never counts.")
    tier: int | str = Field(default="", description="How near to the centre.")
    check: Texts = Field(default_factory=list, description="What a person still has to check.")
    checked: str = Field(default="", description="When the role was last checked: 2026-01.")


def _kind(value: object) -> str:
    return "items" if isinstance(value, list) else "blocks" if isinstance(value, dict) else "text"


def _item_kind(value: object) -> str:
    """An actor has an id; a mapping without one is a text that YAML took for a mapping."""
    return "blocks" if isinstance(value, dict) and "id" in value else "text"


Item = Annotated[Annotated[str, Tag("text")] | Annotated[ActorShape, Tag("blocks")], Discriminator(_item_kind)]
Items = Annotated[Annotated[str, Tag("text")] | Annotated[list[Item], Tag("items")], Discriminator(_kind)]
ByLanguage = Annotated[
    Annotated[str, Tag("text")] | Annotated[list[Item], Tag("items")] | Annotated[dict[str, Items], Tag("blocks")],
    Discriminator(_kind),
]
ListShape = Annotated[
    Annotated[str, Tag("text")] | Annotated[list[Item], Tag("items")] | Annotated[dict[str, ByLanguage], Tag("blocks")],
    Discriminator(_kind),
]


class ListsShape(BaseModel):
    """Lists of terms by name. A list is a text of terms, a sequence of terms and actors, or blocks of those by
    language (nl, fr, …) or by group."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, hide_input_in_errors=True)
    __pydantic_extra__: dict[str, ListShape] = Field(init=False)

    use: Names = Field(default=(), description="Shipped packs of lists: kremlin, secret-talks.")


class BodyShape(_Shape):
    """A group of a shipped pack: terms that stand for one body, or for one kind of words."""

    id: Text
    kind: Text
    terms: ByLanguage
    weak: bool | Literal["same_sentence"] = False
    needs: Texts = Field(default_factory=list)
    never_with: Texts = Field(default_factory=list)
    check: Texts = Field(default_factory=list)
    checked: str = ""


class PackShape(_Shape):
    """A shipped pack of lists."""

    version: Literal[1]
    as_of: str = ""
    people: list[ActorShape] = Field(default_factory=list)
    groups: list[BodyShape] | dict[str, ByLanguage] = Field(default_factory=list)
    mask: ByLanguage | None = None


class CatalogueFeedShape(FeedShape):
    """A feed of the shipped catalogue."""

    grade: Literal["A", "B", "C", "D"]
    problems: str = ""


class CatalogueFileShape(_Shape):
    """The shipped catalogue."""

    version: Literal[1]
    feeds: list[CatalogueFeedShape]


# --- rules ----------------------------------------------------------------------------------------------------------


class DefaultsShape(_Shape):
    """What holds for every rule that does not say otherwise."""

    within: (
        Annotated[
            Window, _read(parse_window, r"^(\d+ ?)?sentences?$|^\d+ ?words?$|^paragraph$|^article$", "3 sentences")
        ]
        | None
    ) = Field(default=None, description="How close the parts of a line must stand. Default 3 sentences.")
    in_: Annotated[tuple[FieldName, ...], _names_then(field_names)] | None = Field(
        default=None, alias="in", description="Where to look: title, lead, body. Default all three."
    )
    ignore: Texts | None = Field(
        default=None, description="Phrases that are blanked before matching; they block nothing."
    )
    unless_near: Texts | None = Field(default=None, description="No hit where one of these stands in the same window.")
    never: Texts | None = Field(default=None, description="No hit in an article that has one of these anywhere.")
    languages: Annotated[frozenset[str], _names_then(language_codes)] | None = Field(
        default=None, description="Only articles in these languages (and those whose language is unsure). Default all."
    )
    feeds: Names | None = Field(
        default=None, description="Only these feeds: names, outlets, groups, countries. Default all."
    )
    send: Names | None = Field(default=None, description="The channels that tell of a hit.")
    every: Duration | None = Field(default=None, description="At most one message per story in this time.")


class ExamplesShape(_Shape):
    """A rule's own tests."""

    match: Texts = Field(default_factory=list, description="Texts that must be hits.")
    no_match: Texts = Field(default_factory=list, description="Texts that must not.")


class RuleShape(DefaultsShape):
    """One rule."""

    id: Annotated[str, AfterValidator(plain_name)] = Field(
        description="Its name for commands and links; never change it."
    )
    name: Text | None = Field(default=None, description="Its name for people. Default its id.")
    find: Texts = Field(description="What to find: each line is another way to match.")
    count: (
        Annotated[tuple[int, tuple[str, str]], _read(counted, r"^\d+ (of|van|de|von) \$", "2 of $kremlin")] | None
    ) = Field(default=None, description="That many different people or bodies of a list.")
    tags: dict[str, Texts] = Field(
        default_factory=dict, description="A label on the hit when one of these is near, too."
    )
    urgent: Flag = Field(
        default=False,
        description="Breaks through quiet hours, weekdays, digests and at_most; only every: still spreads follow-ups.",
    )
    enabled: Flag = Field(default=True, description="false: the rule rests.")
    examples: ExamplesShape = Field(
        default_factory=ExamplesShape, description="Texts that must match, and that must not."
    )


class FileShape(_Shape):
    """rules.yaml: everything that a user of monitor writes."""

    version: Literal[1] = Field(default=1, description="Of this language.")
    include: Texts = Field(default_factory=list, description="Further files; a path may hold *.")
    settings: SettingsShape = Field(
        default_factory=SettingsShape,
        description="Time zone, database, how often feeds are polled, how long things are kept.",
    )
    feeds: list[
        Annotated[
            Annotated[CatalogueShape, Tag("catalogue")] | Annotated[FeedShape, Tag("feed")],
            Discriminator(lambda value: "catalogue" if isinstance(value, dict) and "catalogue" in value else "feed"),
        ]
    ] = Field(default_factory=list, description="What is polled: feeds of the catalogue, and feeds of your own.")
    channels: dict[str, ChannelShape | None] = Field(default_factory=dict, description="Where messages go, by name.")
    lists: ListsShape = Field(
        default_factory=ListsShape, description="Lists of terms, by name, and the shipped packs that are used."
    )
    defaults: DefaultsShape = Field(
        default_factory=DefaultsShape, description="Keys that hold for every rule that does not say otherwise."
    )
    rules: list[RuleShape] = Field(default_factory=list, description="What to look for.")
