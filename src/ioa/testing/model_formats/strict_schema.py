"""What OpenAI asks of a JSON schema that is marked `strict`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from ioa.testing.model_formats.conversation import JsonObject
from ioa.testing.model_formats.reading import Node

_LISTS = ("anyOf", "prefixItems")
_MAPS = ("properties", "$defs", "definitions")


def check_strict(schema: Node, what: str) -> None:
    """Every object names all of its properties as required and allows no others; the root is an object. Raises
    `Failure` in OpenAI's words; `what` is "response_format 'city'", say."""
    if schema.object().get("type") != "object":
        raise schema.wrong(f"Invalid schema for {what}: schema must be a JSON Schema of 'type: \"object\"'.")
    for part, context in _objects(schema.value, ()):
        names, given = _fields(part, "properties").keys(), _entries(part, "required")
        if part.get("additionalProperties") is not False:
            problem = "'additionalProperties' is required to be supplied and to be false."
        elif missing := [name for name in names if name not in given]:
            problem = (
                "'required' is required to be supplied and to be an array including every key in properties. "
                f"Missing '{missing[0]}'."
            )
        else:
            continue
        raise schema.wrong(f"Invalid schema for {what}: In context={context}, {problem}")


def _objects(schema: object, context: tuple[str, ...]) -> Iterator[tuple[JsonObject, tuple[str, ...]]]:
    if not isinstance(schema, dict):
        return
    part = cast("JsonObject", schema)
    if part.get("type") == "object" or "properties" in part:
        yield part, context
    for name in _MAPS:
        for key, entry in _fields(part, name).items():
            yield from _objects(entry, (*context, name, key))
    for name in _LISTS:
        for index, entry in enumerate(_entries(part, name)):
            yield from _objects(entry, (*context, name, str(index)))
    yield from _objects(part.get("items"), (*context, "items"))


def _fields(part: JsonObject, name: str) -> JsonObject:
    value = part.get(name)
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def _entries(part: JsonObject, name: str) -> list[object]:
    value = part.get(name)
    return cast("list[object]", value) if isinstance(value, list) else []
