"""What the scripted model says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from ioa.testing.model_formats.conversation import ModelRequest, Tool, ToolCall, canonical
from ioa.testing.model_formats.reading import Node

FinishReason: TypeAlias = Literal["stop", "tool_calls", "length", "content_filter", "refusal"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as a service reports them. `cached_tokens` and `cache_write_tokens` are part of `input_tokens`,
    `reasoning_tokens` of `output_tokens`, whatever the service's own fields add up to."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0


class Fault:
    """Something that goes wrong with a reply: `ioa.testing.model_formats.faults` has them all."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the model. `usage` in place of the server's own count; `finish` in place of what follows from the
    reply; `whole` lets it be longer than the request's `max_tokens`, to which it is otherwise cut. Faults apply in
    their order."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    finish: FinishReason | None = None
    faults: tuple[Fault, ...] = ()
    whole: bool = False

    @classmethod
    def calling(cls, name: str, arguments: Mapping[str, object] | str, *, text: str = "") -> Reply:
        """One tool call."""
        return cls(text, (ToolCall(name, arguments),))

    def but(self, *faults: Fault) -> Reply:
        """The same with these faults after its own."""
        return replace(self, faults=self.faults + faults)

    @property
    def finished(self) -> FinishReason:
        """Why the model stopped."""
        return self.finish or ("tool_calls" if self.tool_calls else "stop")


def structured(request: ModelRequest, value: Mapping[str, object]) -> Reply:
    """A typed answer in the way that was asked for: as JSON in the text if the request has a schema for it, else by
    the tool that has to be called, or the only one that takes just these arguments; else as JSON in the text."""
    if request.output_schema is not None:
        return Reply(canonical(value))
    fitting = [tool.name for tool in request.tools if _takes(tool, value)]
    name = request.forced_tool or (fitting[0] if len(fitting) == 1 else None)
    return Reply(canonical(value)) if name is None else Reply.calling(name, value)


def _takes(tool: Tool, value: Mapping[str, object]) -> bool:
    schema = Node(tool.schema)
    known = schema.object_at("properties").keys()
    required = {name.text() for name in schema.each_at("required")}
    return bool(known) and required <= value.keys() <= known
