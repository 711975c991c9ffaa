"""The shape of `rules.yaml`: which keys it has and what may stand behind each. pydantic's only door.

A model here says what is written; `build` turns it into what is meant. The JSON Schema comes from the same models, so
an editor's completion and `monitor check` agree.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import time, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal, TypeVar, get_args, get_type_hints

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from monitor.config.nodes import Node, trapped
from monitor.errors import Fault
from monitor.model import FIELDS, FieldName
from monitor.rules.find import nearest, parse_ref, parse_window
from monitor.rules.spec import Window

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(\d{1,6})\s*([smhd])")
_TIME = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")
_RATE = re.compile(r"(\d{1,6})\s*/\s*(\d{0,4})\s*([smhd])")
_COUNT = re.compile(r"(\d{1,3})\s+(?:of|van|de|von)\s+(\$.*)")
_LANGUAGE = re.compile(r"[a-z]{2}")
_NAME = re.compile(r"[^\W_][\w.-]*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+|mailtos?:\S+", re.DOTALL)
_DAYS = (("mon", "maandag"), ("tue", "dinsdag"), ("wed", "woensdag"), ("thu", "donderdag"), ("fri", "vrijdag"),
         ("sat", "zaterdag"), ("sun", "zondag"))  # fmt: skip
_ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


# --- what may stand behind a key ------------------------------------------------------------------------------------


def duration(text: str) -> timedelta:
    """Return what `30s`, `5m`, `2h`, `7d` means; ValueError when it means nothing, or no time at all."""
    said = _DURATION.fullmatch(text.strip())
    if not said or int(said[1]) == 0:
        raise ValueError(f"'{text}' is no length of time; write 30s, 5m, 2h or 7d")
    return timedelta(**{_UNITS[said[2]]: int(said[1])})


def pause(text: str) -> timedelta:
    """Return what `1s` means; `0s` is no time at all: no pause, for a server of one's own."""
    return timedelta(0) if re.fullmatch(r"0+\s*[smhd]", text.strip()) else duration(text)


def clock(text: str) -> time:
    """Return the time of day that `07:30` means."""
    said = _TIME.fullmatch(text.strip())
    if not said:
        raise ValueError(f"'{text}' is no time of day; write \"07:30\"")
    return time(int(said[1]), int(said[2]))


def rate(text: str) -> tuple[int, timedelta]:
    """Return what `20/h` or `5/30m` means."""
    said = _RATE.fullmatch(text.strip())
    if not said or int(said[1]) == 0:
        raise ValueError(f"'{text}' is no rate; write 20/h, 5/30m or 100/d")
    return int(said[1]), duration(f"{said[2] or 1}{said[3]}")


def quiet_hours(text: str) -> tuple[time, time]:
    """Return from when until when `23:00-06:30` lasts."""
    begin, dash, end = text.partition("-")
    if not dash or clock(begin) == clock(end):
        raise ValueError(f"'{text}' is no span of the day; write \"23:00-06:30\"")
    return clock(begin), clock(end)


def digest_time(text: str) -> time | Literal["hourly"]:
    """Return when a digest leaves."""
    return "hourly" if text.strip() == "hourly" else clock(text)


def counted(text: str) -> tuple[int, tuple[str, str]]:
    """Return what `2 of $kremlin` means."""
    said = _COUNT.fullmatch(text.strip())
    if not said or int(said[1]) < 2:
        raise ValueError(f"'{text}' counts nothing; write 2 of $kremlin")
    return int(said[1]), parse_ref(said[2])


def days_of_week(texts: Sequence[str]) -> frozenset[int]:
    """Return the days that `mon-fri`, `[sat, sun]` or `ma, wo` name; 0 is Monday."""
    days: set[int] = set()
    for text in texts:
        begin, dash, end = text.partition("-")
        first, last = _weekday(begin), _weekday(end) if dash else _weekday(begin)
        days |= {day % 7 for day in range(first, last + 1 if last >= first else last + 8)}
    return frozenset(days)


def _weekday(text: str) -> int:
    said = text.strip().casefold()
    for number, (english, dutch) in enumerate(_DAYS):
        if said in (english, _ENGLISH[number], dutch, dutch[:2]):
            return number
    raise ValueError(
        f"'{text.strip()}' is no day{nearest(said, [*_ENGLISH, *(day for _, day in _DAYS)])}; write mon, tue … sun"
    )


def field_names(texts: Sequence[str]) -> tuple[FieldName, ...]:
    """Return the fields that `in: title, body` names, in reading order."""
    for text in texts:
        if text not in FIELDS:
            raise ValueError(f"'{text}' is no field{nearest(text, FIELDS)}; write title, lead, body")
    return tuple(field for field in FIELDS if field in texts)


def language_codes(texts: Sequence[str]) -> frozenset[str]:
    """Return language codes; ValueError for what is none."""
    for text in texts:
        language_code(text)
    return frozenset(texts)


def language_code(text: str) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise ValueError(f"'{text}' is no language; write its two letters: nl, fr, de, en")
    return text


def is_language(key: str) -> bool:
    """Return whether a list's key names a language, and not a group."""
    return bool(_LANGUAGE.fullmatch(key.lower()))


def known_timezone(text: str) -> str:
    """Return the name of a time zone that this machine knows."""
    try:
        return zoneinfo.ZoneInfo(text).key
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError in name only: a folder's name is an OSError
        pass
    except zoneinfo.ZoneInfoNotFoundError:
        pass
    raise ValueError(f"'{text}' is no time zone{nearest(text, zoneinfo.available_timezones())}; write Europe/Brussels")


def network_of(text: str) -> IPv4Network | IPv6Network:
    """Return the network that `127.0.0.0/8` names."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(f"'{text}' is no network; write 127.0.0.0/8") from None


def web_address(text: str) -> str:
    """Return a web address as written; ValueError, which does not quote it, when it is none."""
    if not re.fullmatch(r"https?://[^\s/?#]+\S*", text.strip(), re.IGNORECASE):
        raise ValueError("this is no web address; write https://…")
    return text.strip()


def channel_url(text: str) -> str:
    """Return an apprise address; ValueError, which does not quote it, when it is none."""
    if not _SCHEME.fullmatch(text.strip()):
        raise ValueError("this is no address of a channel; write mailtos://…, slack://…, https://…")
    return text.strip()


def plain_name(text: str) -> str:
    """Return a name that can stand in a command and an address."""
    if not _NAME.fullmatch(text):
        raise ValueError(f"'{text}' is no name; write letters, digits, '-', '_' and '.'")
    return text


def comma_apart(texts: Sequence[str]) -> list[str]:
    """Return the names in `title, body` and in `[title, body]`."""
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "text was meant")
    return value


def _texts(value: object) -> object:
    if not isinstance(value, list):
        return [_text(value)]
    return value


T = TypeVar("T")


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


def schema() -> dict[str, Any]:
    """Return the JSON Schema of `rules.yaml`, for an editor's completion."""
    made = _or_filled_in(_without_nothing(FileShape.model_json_schema()))
    about = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "rules.yaml of monitor"}
    return {**about, **made}


_FILLED_IN = {"type": "string", "pattern": r"\$\{"}


def _or_filled_in(said: Any) -> Any:
    """Return a schema in which `${…}` may stand wherever there is more to say of a value than that it is a text."""
    if isinstance(said, list):
        return [_or_filled_in(one) for one in said]
    if not isinstance(said, dict):
        return said
    more = {key: _or_filled_in(one) for key, one in said.items()}
    if said.get("type") != "boolean" and not isinstance(said.get("pattern"), str) and "enum" not in said:
        return more
    told = {key: more.pop(key) for key in ("description", "default", "examples") if key in more}
    return {"anyOf": [more, _FILLED_IN], **told}


def _without_nothing(said: Any) -> Any:
    """Return a schema in which a key may be left out, but not stand there with nothing behind it; no made-up titles.

    A channel may: `console:` is one.
    """
    if isinstance(said, list):
        return [_without_nothing(one) for one in said]
    if not isinstance(said, dict):
        return said
    plain = {key: _without_nothing(one) for key, one in said.items() if not (key == "title" and isinstance(one, str))}
    if "properties" in plain:
        plain["properties"] = {key: _said_at_all(one) for key, one in plain["properties"].items()}
    return plain


def _said_at_all(one: dict[str, Any]) -> dict[str, Any]:
    kept = [choice for choice in one.get("anyOf", ()) if choice != {"type": "null"}]
    rest = {key: value for key, value in one.items() if key != "anyOf" and not (key == "default" and value is None)}
    if len(kept) == 1:
        return {**kept[0], **rest}
    return {"anyOf": kept, **rest} if kept else rest


# --- a value against its shape --------------------------------------------------------------------------------------

Shape = TypeVar("Shape", bound=BaseModel)


def shaped(model: type[Shape], node: Node, where: str, faults: list[Fault]) -> Shape | None:
    """Return the value as the model has it, its faults added to `faults`; None when too little of it is usable.

    What is wrong is left out and the rest read again, so that a slip in one key does not hide what is wrong with
    another.
    """
    value = _said_only(node, where, faults)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    faults += [fault for fault in (_fault(model, node, where, one) for one in found) if fault]
    if not isinstance(value, dict):
        return None
    wrong = {one["loc"][0] for one in found if one["loc"]}
    try:
        return model.model_validate({key: said for key, said in value.items() if key not in wrong})
    except ValidationError:
        return None


def _said_only(node: Node, where: str, faults: list[Fault]) -> object:
    """Return the value without the keys behind which nothing stands: perhaps a `#` took it away."""
    if node.kind != "pairs":
        return node.value()
    kept: dict[str, object] = {}
    for key, child in node.pairs.items():
        path = f"{where}.{key}" if where else key
        if child.kind == "text" and child.value() is None:
            faults.append(fault_at(child, trapped(child), path))
        else:
            kept[key] = _said_only(child, path, faults)
    return kept


def _fault(model: type[BaseModel], root: Node, where: str, error: ErrorDetails) -> Fault | None:
    """Return what pydantic found as a fault; None when it follows from one that is reported anyway."""
    node, path, parent = root, where, root
    for step in error["loc"]:
        child = node.child(step)
        if child is not None:
            parent, node = node, child
            path = f"{path}[{step}]" if isinstance(step, int) else f"{path}.{step}" if path else str(step)
    last = str(error["loc"][-1]) if error["loc"] else ""
    if node.missing or (error["type"] == "missing" and _misspelt(model, node, error)):
        return None
    if error["type"] == "string_type":
        node = next((text for text in node.texts() if trapped(text)), node) if node.kind == "items" else node
    said = _said(model, node, error)
    if quoted := re.match("'([^']*)'", said):
        node = text_like(node, quoted[1])
    at = parent.keys.get(last, node.place) if error["type"] == "extra_forbidden" else node.place
    return Fault(said, at.file, at.line, at.column, path)


def _misspelt(model: type[BaseModel], node: Node, error: ErrorDetails) -> bool:
    """Whether a key that is missing stands there in another spelling."""
    known, missing = _keys(model, error["loc"][:-1]), str(error["loc"][-1])
    return any(f"'{missing}'" in nearest(key, known) for key in node.pairs if key not in known)


def _said(model: type[BaseModel], node: Node, error: ErrorDetails) -> str:
    """Say for a person what pydantic found."""
    kind, last = error["type"], str(error["loc"][-1]) if error["loc"] else ""
    if kind == "extra_forbidden":
        return f"unknown key '{last}'{nearest(last, _keys(model, error['loc'][:-1])) or _elsewhere(model, last)}"
    if kind == "missing":
        return f"'{last}:' is missing"
    if kind == "string_type":
        return trapped(node) or "text was meant"
    if kind == "value_error":
        return str(error.get("ctx", {}).get("error", error["msg"]))
    return _PLAIN.get(kind, error["msg"][:1].lower() + error["msg"][1:])


_PLAIN = {
    "bool_type": "true or false was meant",
    "list_type": "a list was meant: lines that begin with '-', or [a, b]",
    "dict_type": "keys with values were meant",
    "model_type": "keys with values were meant",
    "model_attributes_type": "keys with values were meant",
    "string_too_short": "text was meant, but nothing stands here",
    "string_pattern_mismatch": "two letters were meant: NL, BE",
}


def _keys(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """Return the keys that may stand at this path below the model."""
    models = [model]
    for step in path:
        inner = [annotation for each in models for annotation in _behind(each, step)]
        models = [found for annotation in inner for found in _models(annotation)] or models
    return [field.alias or key for each in models for key, field in each.model_fields.items()]


def _elsewhere(model: type[BaseModel], key: str) -> str:
    """Say under which key of the model it would stand: `pause` under `network`."""
    for name, field in model.model_fields.items():
        for inner in _models(field.annotation):
            if key in keys(inner):
                return f"; it stands under '{field.alias or name}:'"
    return ""


def _behind(model: type[BaseModel], key: int | str) -> Iterator[object]:
    """Yield what may stand behind a key of a model."""
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            yield field.annotation
            return
    if model.model_config.get("extra") == "allow":
        yield get_type_hints(model, include_extras=True)["__pydantic_extra__"]


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def fault_at(node: Node, text: str, where: str = "", *, warning: bool = False, rule: str = "") -> Fault:
    """Return a fault at the place of a value."""
    return Fault(text, node.file, node.line, node.column, where, warning, rule)


def only(node: Node, key: str) -> Node:
    """Return a mapping with this one key of it."""
    return replace(node, pairs={key: node.pairs[key]}, keys={key: node.keys[key]})


def text_like(node: Node, name: str) -> Node:
    """Return the text in this value that names something, or the value itself."""
    return next((text for text in node.texts() if text.text.strip() == name), node)


def path_of(root: Node, node: Node, path: str = "") -> str:
    """Return where a value stands: `channels.slack.url`."""
    for i, item in enumerate(root.items):
        if item is node or any(inner is node for inner in item.texts()):
            return path_of(item, node, f"{path}[{i}]")
    for key, value in root.pairs.items():
        if value is node or any(inner is node for inner in value.texts()):
            return path_of(value, node, f"{path}.{key}" if path else key)
    return path


def keys(model: type[BaseModel]) -> Mapping[str, str]:
    """Return every key of a model with its description."""
    return {field.alias or key: field.description or "" for key, field in model.model_fields.items()}
