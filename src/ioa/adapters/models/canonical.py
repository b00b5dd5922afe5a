"""What a request says, in a form that is the same for the same question: no identifiers, no times, no output mode.

Records are keyed by its digest, tokens are estimated from its text, and differences are shown by its lines.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models import ModelRequestParameters

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Request: TypeAlias = dict[str, Json]
"""A canonical request: `model`, `instructions`, `messages`, `tools`, `output`."""

_KEPT = ("part_kind", "content", "tool_name", "args", "outcome", "url", "media_type", "kind", "file_id")
_SILENT = ("signature",)
"""Parts say the same with and without these."""


def canonical_request(
    model: str, messages: Sequence[ModelMessage], parameters: ModelRequestParameters, output: Json = None
) -> Request:
    """The canonical form of a request. `output` is the schema of the answer, where `parameters` does not hold it."""
    if output is None and parameters.output_object is not None:
        output = cast("Json", parameters.output_object.json_schema)
    return {
        "model": model,
        "instructions": _instructions(messages, parameters),
        "messages": _messages(messages),
        "tools": [
            {
                "name": tool.name,
                "description": tool.description or "",
                "schema": cast("Json", tool.parameters_json_schema),
            }
            for tool in (*parameters.function_tools, *parameters.output_tools)
        ],
        "output": output,
    }


def digest_of(request: Request) -> str:
    """SHA-256 of a canonical request, in hex."""
    return hashlib.sha256(_json(request).encode()).hexdigest()


def lines_of(request: Request) -> list[str]:
    """A canonical request as lines for people, for differences."""
    lines = [f"model: {request.get('model')}"]
    lines += _text_lines("instructions", request.get("instructions"))
    messages = request.get("messages")
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict):
            for name, value in message.items():
                lines += _text_lines(name, value)
    tools = request.get("tools")
    lines += [f"tool: {_json(tool)}" for tool in (tools if isinstance(tools, list) else [])]
    if request.get("output") is not None:
        lines += ["output:", *json.dumps(request["output"], indent=1, sort_keys=True, ensure_ascii=False).splitlines()]
    return lines


def request_text(messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> str:
    """All that a request makes a model read."""
    return _json(canonical_request("", messages, parameters))


def response_text(response: ModelResponse) -> str:
    """All that a model wrote: its words, its thoughts and its calls."""
    return "\n".join(_json(part) for part in _messages([response]))


def _instructions(messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> str:
    from pydantic_ai.messages import ModelRequest

    if parameters.instruction_parts is not None:
        return "\n\n".join(part.content for part in parameters.instruction_parts)
    for message in reversed(messages):
        if isinstance(message, ModelRequest) and message.instructions is not None:
            return message.instructions
    return ""


def _messages(messages: Sequence[ModelMessage]) -> list[Json]:
    from pydantic_ai.messages import ModelMessagesTypeAdapter

    dumped: list[dict[str, Json]] = ModelMessagesTypeAdapter.dump_python(list(messages), mode="json")
    aliases: dict[str, str] = {}
    made: list[Json] = []
    for message in dumped:
        parts = message.get("parts")
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, dict):
                made.append(_part(part, str(message.get("kind")), aliases))
    return made


def _part(part: dict[str, Json], kind: str, aliases: dict[str, str]) -> Json:
    kept: dict[str, Json] = {"from": "model" if kind == "response" else "us"}
    for name in _KEPT:
        if name in part:
            kept[name] = _arguments(part[name]) if name == "args" else _content(part[name])
    call_id = part.get("tool_call_id")
    if isinstance(call_id, str):
        # Identifiers of calls are random; what counts is which result belongs to which call.
        kept["call"] = aliases.setdefault(call_id, f"c{len(aliases) + 1}")
    return kept


def _arguments(value: Json) -> Json:
    if isinstance(value, str):
        try:
            return cast("Json", json.loads(value))
        except (ValueError, RecursionError):
            return value
    return value


def _content(value: Json) -> Json:
    """Content without what varies; data of files by their digest."""
    if isinstance(value, list):
        return [_content(entry) for entry in value]
    if isinstance(value, dict):
        kept: dict[str, Json] = {}
        for name, entry in value.items():
            if name in ("identifier", "_identifier", "timestamp", "vendor_metadata", "metadata"):
                continue
            if name == "data" and isinstance(entry, str):
                kept["sha256"] = hashlib.sha256(entry.encode()).hexdigest()
            else:
                kept[name] = _content(entry)
        return kept
    return value


def _text_lines(name: str, value: Json) -> list[str]:
    if isinstance(value, str):
        lines = value.splitlines()
        return [f"{name}: {value}"] if len(lines) <= 1 else [f"{name}:", *lines]
    return [f"{name}: {_json(value)}"]


def _json(value: Json | Mapping[str, Json]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
