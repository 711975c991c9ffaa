"""The shape of `rules.yaml` as JSON Schema, for an editor's completion: what it lets pass, `monitor check` does."""

from __future__ import annotations

from typing import Any

from monitor.config.shape import FileShape


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
