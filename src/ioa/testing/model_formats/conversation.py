"""What a model was asked, whoever's format it was asked in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast

JsonObject: TypeAlias = dict[str, object]
FormatName: TypeAlias = Literal["openai-chat", "openai-responses", "anthropic", "gemini"]
Service: TypeAlias = Literal["openai", "azure", "anthropic", "google"]
Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
Choice: TypeAlias = Literal["auto", "none", "required"]


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces: the same text for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool: `arguments` as an object, or the raw text where it is not one. In a reply an empty `id` is
    filled in by the server."""

    name: str
    arguments: Mapping[str, object] | str = field(default_factory=lambda: dict[str, object]())
    id: str = ""

    @property
    def arguments_text(self) -> str:
        """The arguments as JSON text, or the raw text as it is."""
        return self.arguments if isinstance(self.arguments, str) else canonical(self.arguments)

    @property
    def parsed(self) -> JsonObject | None:
        """The arguments as an object, or None if they are not one."""
        return dict(self.arguments) if not isinstance(self.arguments, str) else json_object(self.arguments)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool said. `name` is that of the call it answers."""

    call_id: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Results of tools are messages of the role `tool`, one for each run of results; what is not text
    stands in `text` as its kind in brackets: `[image]`."""

    role: Role
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_results: tuple[ToolResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that was offered. One that the service itself runs (web search …) has an empty schema."""

    name: str
    description: str
    schema: JsonObject


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One request, in no service's words. The same conversation reads the same in each format.

    `system` is the system text before the first message; a later one is a message of the role `system`. `key` is the
    key as it was given. `headers` have lower-case names. `raw` is the body as it came. `number` counts from 1 the
    requests that reached the script.
    """

    format: FormatName
    service: Service
    model: str
    system: str = ""
    messages: tuple[Message, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: Choice = "auto"
    allowed_tools: tuple[str, ...] | None = None
    output_schema: JsonObject | None = None
    output_name: str = ""
    json_output: bool = False
    max_tokens: int | None = None
    stream: bool = False
    wants_usage: bool = True
    key: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: dict[str, str]())
    raw: JsonObject = field(default_factory=lambda: dict[str, object]())
    number: int = 0

    @property
    def forced_tool(self) -> str | None:
        """The one tool that has to be called, if one has to be."""
        if self.tool_choice != "required":
            return None
        names = self.allowed_tools if self.allowed_tools is not None else tuple(tool.name for tool in self.tools)
        return names[0] if len(names) == 1 else None

    @property
    def last_text(self) -> str:
        """The text of the last message of the user, or ""."""
        return next((message.text for message in reversed(self.messages) if message.role == "user"), "")

    @property
    def results(self) -> tuple[ToolResult, ...]:
        """What the tools said that were called last, if nothing was said since."""
        return self.messages[-1].tool_results if self.messages else ()

    def tool(self, name: str) -> Tool | None:
        """The tool of this name that was offered, or None."""
        return next((tool for tool in self.tools if tool.name == name), None)


def json_object(text: str) -> JsonObject | None:
    """The object that a JSON text holds, or None."""
    try:
        value: object = json.loads(text)
    except ValueError:
        return None
    return cast("JsonObject", value) if isinstance(value, dict) else None


def arguments_of(text: str) -> Mapping[str, object] | str:
    """The arguments of a call as an object, or as they came."""
    value = json_object(text)
    return text if value is None else value


def merged(messages: list[Message]) -> tuple[Message, ...]:
    """Messages with each run of tool results as one, and each run of the assistant's words and calls as one."""
    made: list[Message] = []
    for message in messages:
        last = made[-1] if made else None
        if last is not None and last.role == message.role and message.role in ("tool", "assistant"):
            text = "\n".join(part for part in (last.text, message.text) if part)
            calls, results = last.tool_calls + message.tool_calls, last.tool_results + message.tool_results
            made[-1] = Message(last.role, text, calls, results)
        else:
            made.append(message)
    return tuple(made)


def split_system(messages: list[Message]) -> tuple[str, tuple[Message, ...]]:
    """The system text before the first other message, and the rest."""
    first = next((index for index, message in enumerate(messages) if message.role != "system"), len(messages))
    return "\n\n".join(message.text for message in messages[:first]), merged(messages[first:])
