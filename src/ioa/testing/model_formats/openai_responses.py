"""OpenAI's Responses API, reading and the plain answer; the stream is in `openai_responses_events`.

Nothing is kept between requests: `previous_response_id` is answered as one that is not found.
Source: https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

from typing import cast

from ioa.testing.model_formats.conversation import (
    Choice,
    FormatName,
    JsonObject,
    Message,
    ModelRequest,
    Service,
    Tool,
    ToolCall,
    ToolResult,
    arguments_of,
    merged,
    split_system,
)
from ioa.testing.model_formats.failure import Failure
from ioa.testing.model_formats.format import Answer, Asked, Events, event
from ioa.testing.model_formats.known_fields import RESPONSES_FIELDS, RESPONSES_HOSTED_ITEMS
from ioa.testing.model_formats.openai_errors import openai_error
from ioa.testing.model_formats.openai_key import openai_key
from ioa.testing.model_formats.openai_responses_events import response_body, response_events
from ioa.testing.model_formats.openai_schemas import function_of, output_of
from ioa.testing.model_formats.reading import Node, parts_text

_CALLS, _OUTPUTS = ("function_call", "custom_tool_call"), ("function_call_output", "custom_tool_call_output")
_PARTS = {
    "input_text": "text",
    "output_text": "text",
    "text": "text",
    "refusal": "refusal",
    "input_image": None,
    "input_file": None,
}
_NAME = "[a-zA-Z0-9_-]{1,128}"


class OpenAIResponses:
    """`POST /v1/responses`; with `azure`, `POST /openai/responses` and `POST /openai/v1/responses`."""

    name: FormatName = "openai-responses"

    def __init__(self, service: Service = "openai") -> None:
        self.service: Service = service

    def key(self, asked: Asked) -> str | None:
        """From `Authorization: Bearer`, with Azure also from `api-key`."""
        return openai_key(asked, self.service)

    def read(self, body: Node, asked: Asked) -> ModelRequest:
        """The request, or `Failure` for what OpenAI refuses."""
        body.only(RESPONSES_FIELDS)
        model = body.need("model").text()
        previous = body.get("previous_response_id")
        if previous is not None:
            raise previous.wrong(f"Previous response with id '{previous.text()}' not found.")
        instructions = body.text_at("instructions")
        system, messages = split_system(_messages(body.need("input")))
        tools = tuple(_tool(tool) for tool in body.each_at("tools"))
        choice, allowed = _choice(body, tools)
        text = body.get("text")
        schema, schema_name, any_json = output_of(None if text is None else text.get("format"), _NAME)
        return ModelRequest(
            format=self.name,
            service=self.service,
            model=model,
            system="\n\n".join(part for part in (instructions, system) if part),
            messages=merged(list(messages)),
            tools=tools,
            tool_choice=choice,
            allowed_tools=allowed,
            output_schema=schema,
            output_name=schema_name,
            json_output=any_json,
            max_tokens=body.integer_at("max_output_tokens"),
            stream=body.flag_at("stream"),
        )

    def plain(self, answer: Answer) -> JsonObject:
        """A `response`."""
        return response_body(answer)

    def events(self, answer: Answer) -> Events:
        """`response.…` events."""
        return response_events(answer)

    def error(self, failure: Failure, model: str) -> tuple[int, JsonObject]:
        """OpenAI's `error` object."""
        return openai_error(failure, model, self.service, responses=True)

    def error_event(self, failure: Failure, model: str) -> bytes:
        """An `error` event."""
        error = self.error(failure, model)[1]["error"]
        assert isinstance(error, dict)
        told = cast("JsonObject", error)
        code = told.get("code") or "server_error"
        return event(
            {"type": "error", "sequence_number": 0, "code": code, "message": told["message"], "param": None}, "error"
        )


def _messages(node: Node) -> list[Message]:
    if node.kind == "string":
        return [Message("user", node.text())]
    made: list[Message] = []
    names: dict[str, str] = {}
    unanswered: dict[str, Node] = {}
    for item in node.each():
        kind = item.text_at("type", "message")
        if kind == "message":
            made.append(_message(item))
        elif kind in _CALLS:
            call = _call(item)
            names[call.id], unanswered[call.id] = call.name, item
            made.append(Message("assistant", tool_calls=(call,)))
        elif kind in _OUTPUTS:
            call_id = item.need("call_id").text()
            if call_id not in names:
                raise node.wrong(f"No tool call found for function call output with call_id {call_id}.")
            unanswered.pop(call_id, None)
            result = ToolResult(call_id, names[call_id], parts_text(item.need("output"), _PARTS))
            made.append(Message("tool", tool_results=(result,)))
        elif kind == "reasoning":
            item.need("summary").each()
        elif kind in RESPONSES_HOSTED_ITEMS:
            made.append(Message("assistant", f"[{kind}]"))
        else:
            item.need("type").one_of("message", *_CALLS, *_OUTPUTS, "reasoning", *sorted(RESPONSES_HOSTED_ITEMS))
    if unanswered:
        raise node.wrong(f"No tool output found for function call {next(iter(unanswered))}.")
    if not made:
        raise node.wrong("Invalid 'input': empty array. Expected an array with minimum length 1.")
    return made


def _message(item: Node) -> Message:
    role = item.need("role").one_of("assistant", "system", "developer", "user")
    text = parts_text(item.need("content"), _PARTS)
    if role == "assistant":
        return Message("assistant", text)
    return Message("user" if role == "user" else "system", text)


def _call(item: Node) -> ToolCall:
    name = item.need("name").matching(_NAME)
    return ToolCall(name, arguments_of(item.need("arguments", "input").text()), item.need("call_id").text())


def _tool(node: Node) -> Tool:
    kind = node.need("type").text()
    if kind not in ("function", "custom"):
        return Tool(kind, "", {})  # the service runs it
    return function_of(node, _NAME)


def _choice(body: Node, tools: tuple[Tool, ...]) -> tuple[Choice, tuple[str, ...] | None]:
    node = body.get("tool_choice")
    if node is None:
        return ("auto" if tools else "none"), None
    if node.kind == "string":
        word = node.one_of("none", "auto", "required")
        if word == "required" and not tools:
            raise node.wrong("Tool choice 'required' must be specified with 'tools' parameter.")
        return ("none" if word == "none" or not tools else "auto" if word == "auto" else "required"), None
    kind = node.need("type").text()
    if kind == "allowed_tools":
        named = node.need("tools").each()
        mode: Choice = "required" if node.need("mode").one_of("auto", "required") == "required" else "auto"
    else:
        named, mode = [node], "required"
    names = tuple(tool.need("name" if tool.get("name") else "type").text() for tool in named)
    known = {tool.name for tool in tools}
    for name in names:
        if name not in known:
            raise node.wrong(f"Tool choice '{name}' not found in 'tools' parameter.")
    return mode, names
