"""Reading a request's body: each value knows where it stands, so that what is wrong is named."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import cast

from ioa.testing.model_formats.conversation import JsonObject
from ioa.testing.model_formats.failure import Failure, Path

_KINDS: dict[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "decimal",
}


class Node:
    """A JSON value and its path. What has another type than was asked for raises `Failure`; `null` counts as absent."""

    __slots__ = ("path", "value")

    def __init__(self, value: object, path: Path = ()) -> None:
        self.value = value
        self.path = path

    @property
    def kind(self) -> str:
        """JSON's word for the type."""
        return _KINDS.get(type(self.value), "null")

    def _as(self, *kinds: str) -> None:
        if self.kind not in kinds:
            raise Failure("bad_request", path=self.path, problem="type", expected=kinds, got=self.kind)

    def object(self) -> JsonObject:
        """The value as an object."""
        self._as("object")
        return cast("JsonObject", self.value)

    def get(self, *names: str) -> Node | None:
        """The first of these fields that there is, or None."""
        fields = self.object()
        return next((Node(fields[name], (*self.path, name)) for name in names if fields.get(name) is not None), None)

    def need(self, *names: str) -> Node:
        """The first of these fields that there is; it is missing otherwise."""
        found = self.get(*names)
        if found is None:
            raise Failure("bad_request", path=(*self.path, names[0]), problem="missing")
        return found

    def each(self) -> list[Node]:
        """The entries of an array."""
        self._as("array")
        return [Node(entry, (*self.path, index)) for index, entry in enumerate(cast("list[object]", self.value))]

    def text(self) -> str:
        """The value as a string."""
        self._as("string")
        return str(self.value)

    def integer(self, at_least: int = 1) -> int:
        """The value as a whole number."""
        self._as("integer")
        assert isinstance(self.value, int)
        if self.value < at_least:
            expected = (f"an integer of at least {at_least}",)
            raise Failure("bad_request", path=self.path, problem="value", expected=expected, got=str(self.value))
        return self.value

    def flag(self) -> bool:
        """The value as a truth value."""
        self._as("boolean")
        return bool(self.value)

    def one_of(self, *allowed: str) -> str:
        """The value as one of these words."""
        word = self.text()
        if word not in allowed:
            raise Failure("bad_request", path=self.path, problem="value", expected=allowed, got=word)
        return word

    def matching(self, pattern: str) -> str:
        """The value as a string of this form."""
        word = self.text()
        if re.fullmatch(pattern, word) is None:
            raise Failure("bad_request", path=self.path, problem="value", expected=(f"^{pattern}$",), got=word)
        return word

    def only(self, known: frozenset[str]) -> None:
        """Refuses a field that is not known."""
        for name in self.object():
            if name not in known:
                raise Failure("bad_request", path=(*self.path, name), problem="unknown", got=name)

    def wrong(self, said: str) -> Failure:
        """This value is wrong, in the service's own words."""
        return Failure("bad_request", said, path=self.path)

    def text_at(self, name: str, default: str = "") -> str:
        """A string field, or the default."""
        found = self.get(name)
        return default if found is None else found.text()

    def flag_at(self, name: str, default: bool = False) -> bool:
        """A truth value, or the default."""
        found = self.get(name)
        return default if found is None else found.flag()

    def object_at(self, *names: str) -> JsonObject:
        """An object field, or an empty one."""
        found = self.get(*names)
        return {} if found is None else found.object()

    def integer_at(self, *names: str) -> int | None:
        """A whole number of at least 1, or None."""
        found = self.get(*names)
        return None if found is None else found.integer()

    def each_at(self, *names: str) -> list[Node]:
        """The entries of an array field; none if there is no such field."""
        found = self.get(*names)
        return [] if found is None else found.each()


def parsed_body(body: bytes) -> Node:
    """The body as a JSON object. Raises `Failure`."""
    try:
        value: object = json.loads(body)
    except ValueError as error:
        raise Failure("bad_request", f"We could not parse the JSON body of your request: {error}") from error
    node = Node(value)
    node.object()
    return node


def parts_text(content: Node | None, kinds: Mapping[str, str | None]) -> str:
    """The text of a content field that is a string or an array of parts. `kinds` names the types that parts may have
    and the field of their text; None for a part that is not text, which becomes its type in brackets."""
    if content is None:
        return ""
    if content.kind == "string":
        return content.text()
    said: list[str] = []
    for part in content.each():
        kind = part.need("type").one_of(*kinds)
        name = kinds[kind]
        said.append(f"[{kind}]" if name is None else part.need(name).text())
    return "\n".join(said)
