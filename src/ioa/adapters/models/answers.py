"""The answer of a model as a value of a type: its schema, reading it, and the reason why it cannot be read.

Models put fences and prose around their JSON, and write it with trailing commas or single quotes; that is accepted.
What breaks off in the middle is not completed: nobody knows how it would have ended.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Generic, TypeVar, cast

import msgspec

from ioa.adapters.models.canonical import Json
from ioa.adapters.models.failure import NotLegal

T = TypeVar("T")

_WRAP = "answer"
_FENCE = re.compile(r"```[A-Za-z0-9_-]*[ \t]*\n(.*?)```", re.DOTALL)
_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_MAX_OBJECTS = 64
_MAX_REPAIRED_CHARS = 32_768
_MAX_SHOWN_CHARS = 80
_MAX_REASONS = 6


class Form(Generic[T]):
    """How an answer of the type `output` is asked for and read: a `msgspec.Struct`, or whatever pydantic understands
    (dataclass, `BaseModel`, `TypedDict`, `Literal`, list …). `schema` is always that of an object: what is none is
    wrapped as the field `answer`."""

    def __init__(self, output: type[T]) -> None:
        self.output = output
        self.name = getattr(output, "__name__", "") or "Answer"
        self._struct = isinstance(output, type) and issubclass(output, msgspec.Struct)  # pyright: ignore[reportUnnecessaryIsInstance] - Literal["a"] and list[str] come here too
        self._adapter: Any = None
        if self._struct:
            schema: dict[str, Json] = _flat(msgspec.json.schema(output))
        else:
            from pydantic import TypeAdapter

            self._adapter = TypeAdapter(output)
            schema = cast("dict[str, Json]", self._adapter.json_schema())
        self._wrapped = schema.get("type") != "object"
        if self._wrapped:
            definitions = schema.pop("$defs", None)
            inner: dict[str, Json] = schema
            schema = {
                "type": "object",
                "properties": {_WRAP: inner},
                "required": [_WRAP],
                "additionalProperties": False,
            }
            if definitions is not None:
                schema["$defs"] = definitions
        self.schema = schema

    @property
    def fields(self) -> set[str]:
        """The names of the fields of the answer."""
        properties = self.schema.get("properties")
        return set(properties) if isinstance(properties, dict) else set()

    def read(self, answer: str | dict[str, Any]) -> T:
        """The value. Raises `NotLegal` with the reason, in words for the model."""
        if isinstance(answer, dict):
            return self._value(answer)
        found = self._found(answer)
        return self._value(found)

    def _found(self, text: str) -> dict[str, Any]:
        text = _THOUGHT.sub("", text).strip().lstrip("\ufeff")
        if not text:
            raise NotLegal("The answer is empty. Answer with one JSON object.")
        best: dict[str, Any] | None = None
        for candidate in _objects(text):
            # The last of those that fit best: models think aloud first and answer at the end.
            if best is None or len(self.fields & candidate.keys()) >= len(self.fields & best.keys()):
                best = candidate
        if best is not None and (self.fields & best.keys() or not self.fields):
            return best
        if self._wrapped and (plain := _loaded(text)) is not None:
            return {_WRAP: plain}
        repaired = _repaired(text)
        if repaired is not None and self.fields & repaired.keys():
            return repaired
        if best is not None:
            raise NotLegal(
                f"The JSON object has none of the fields that are asked for: {', '.join(sorted(self.fields))}."
            )
        if "{" in text:
            raise NotLegal("The JSON is malformed or breaks off. Answer with one complete JSON object.")
        raise NotLegal("There is no JSON object in the answer. Answer with one JSON object and nothing else.")

    def _value(self, found: dict[str, Any]) -> T:
        try:
            if self._struct:
                return msgspec.convert(found, self.output, strict=False)
            value: Any = found
            if self._wrapped:
                if _WRAP not in found:
                    raise NotLegal(f"The field {_WRAP!r} is missing.")
                value = found[_WRAP]
            # By way of JSON, where tuples, sets, dates and enumerations are what JSON can say of them.
            return self._adapter.validate_json(json.dumps(value))
        except msgspec.ValidationError as error:
            raise NotLegal(f"The answer does not match the schema: {error}.") from error
        except ValueError as error:
            if isinstance(error, NotLegal):
                raise
            raise NotLegal(f"The answer does not match the schema: {_reasons(error)}.") from error


def asked_in_text(schema: dict[str, Json]) -> str:
    """Instructions for a model that only writes text."""
    return (
        "Answer with one JSON object and nothing else: no prose, no code fences. It has to match this JSON schema:\n"
        + json.dumps(schema, ensure_ascii=False)
    )


def _objects(text: str) -> Iterator[dict[str, Any]]:
    whole = _loaded(text)
    if isinstance(whole, dict):
        yield cast("dict[str, Any]", whole)
        return
    for match in _FENCE.finditer(text):
        fenced = _loaded(match.group(1))
        if isinstance(fenced, dict):
            yield cast("dict[str, Any]", fenced)
    decoder = json.JSONDecoder(strict=False)
    at = text.find("{")
    for _ in range(_MAX_OBJECTS):
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        if isinstance(value, dict):
            yield cast("dict[str, Any]", value)
        at = text.find("{", end)


def _loaded(text: str) -> object:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _repaired(text: str) -> dict[str, Any] | None:
    fences = _FENCE.findall(text)
    if fences:
        text = fences[-1]
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start or end - start > _MAX_REPAIRED_CHARS or text[end + 1 :].strip().startswith(("}", "]")):
        return None
    inner = text[start : end + 1]
    if inner.count("{") > inner.count("}") or inner.count("[") > inner.count("]"):
        return None  # it breaks off, and how it would have ended nobody knows
    try:
        from json_repair import repair_json
    except ImportError:
        return None
    try:
        value: object = repair_json(inner, return_objects=True, skip_json_loads=True)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _flat(schema: dict[str, Any]) -> dict[str, Json]:
    """The schema of a struct with its own fields at the top: msgspec puts them under `$defs`."""
    reference = schema.get("$ref", "")
    definitions: dict[str, Any] = dict(schema.get("$defs", {}))
    name = reference.removeprefix("#/$defs/")
    if not name or name not in definitions:
        return schema
    top: dict[str, Any] = dict(definitions[name])
    if f'"{reference}"' not in json.dumps(definitions):
        del definitions[name]
    if definitions:
        top["$defs"] = definitions
    return top


def _reasons(error: ValueError) -> str:
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)[:400]
    reasons: list[str] = []
    for problem in error.errors(include_url=False, include_context=False)[:_MAX_REASONS]:
        place = ".".join(str(step) for step in problem["loc"])
        given = repr(problem["input"])
        given = given if len(given) <= _MAX_SHOWN_CHARS else given[:_MAX_SHOWN_CHARS] + "…"
        got = "" if problem["type"] == "missing" else f" (got {given})"
        reasons.append(f"{place or 'the answer'}: {problem['msg']}{got}")
    return "; ".join(reasons)
