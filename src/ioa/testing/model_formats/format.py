"""What a format has to know, and the pieces of an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ioa.testing.model_formats.conversation import FormatName, JsonObject, ModelRequest, Service
from ioa.testing.model_formats.failure import Failure
from ioa.testing.model_formats.reading import Node
from ioa.testing.model_formats.reply import Reply, Usage


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says outside its body. `path` has what the URL names: the model or deployment, the method."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    path: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be written: who is asked, what is said, what it used; `number` makes its identifiers, `now_s` is the
    time in seconds since 1970."""

    request: ModelRequest
    reply: Reply
    usage: Usage
    number: int
    now_s: float


@dataclass(frozen=True, slots=True)
class Events:
    """A stream: what is said, and the events that end it."""

    body: list[bytes]
    end: list[bytes]


class Format(Protocol):
    """One wire format."""

    name: FormatName
    service: Service

    def key(self, asked: Asked) -> str | None:
        """The key that the request gives, where this service looks for it."""
        ...

    def read(self, body: Node, asked: Asked) -> ModelRequest:
        """The request. Raises `Failure` for what the service would refuse."""
        ...

    def plain(self, answer: Answer) -> JsonObject:
        """The whole answer as one body."""
        ...

    def events(self, answer: Answer) -> Events:
        """The answer as a stream."""
        ...

    def error(self, failure: Failure, model: str) -> tuple[int, JsonObject]:
        """Status and body of an error."""
        ...

    def error_event(self, failure: Failure, model: str) -> bytes:
        """An error in the middle of a stream."""
        ...


_PIECE_CHARACTERS = 20
_PIECES = 64


def pieces(text: str) -> list[str]:
    """A text in the pieces of a stream: of 20 characters, and at most 64 of them."""
    size = max(_PIECE_CHARACTERS, -(-len(text) // _PIECES))
    return [text[start : start + size] for start in range(0, len(text), size)]


def event(data: JsonObject, name: str = "") -> bytes:
    """A server-sent event, with its name where the format has names."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def masked(key: str | None) -> str:
    """A key as services show it in their errors."""
    if not key:
        return ""
    return key[:3] + "*" * 8 + key[-4:] if len(key) > 8 else "*" * len(key)
