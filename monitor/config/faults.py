"""A value against its shape: what is wrong with it, at its place and in words for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from monitor.config.nodes import Node, trapped
from monitor.errors import Fault
from monitor.rules.find import nearest

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
