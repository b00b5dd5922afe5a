"""Anthropic's Messages API.

Source: https://docs.anthropic.com/en/api/messages
"""

from __future__ import annotations

from ioa.testing.model_formats.anthropic_conversation import read_conversation
from ioa.testing.model_formats.conversation import (
    Choice,
    FormatName,
    JsonObject,
    ModelRequest,
    Service,
    Tool,
    ToolCall,
)
from ioa.testing.model_formats.failure import Failure
from ioa.testing.model_formats.format import Answer, Asked, Events, event, pieces
from ioa.testing.model_formats.known_fields import ANTHROPIC_FIELDS
from ioa.testing.model_formats.reading import Node

_NAME = "[a-zA-Z0-9_-]{1,128}"
_ERRORS = {
    "bad_request": (400, "invalid_request_error"),
    "context": (400, "invalid_request_error"),
    "wrong_key": (401, "authentication_error"),
    "no_key": (401, "authentication_error"),
    "not_found": (404, "not_found_error"),
    "rate_limit": (429, "rate_limit_error"),
    "quota": (400, "invalid_request_error"),
    "server": (500, "api_error"),
    "overloaded": (529, "overloaded_error"),
}
_STOPS = {
    "stop": "end_turn",
    "tool_calls": "tool_use",
    "length": "max_tokens",
    "content_filter": "refusal",
    "refusal": "refusal",
}


class AnthropicMessages:
    """`POST /v1/messages`, and with `counting` `POST /v1/messages/count_tokens`."""

    name: FormatName = "anthropic"
    service: Service = "anthropic"

    def __init__(self, *, counting: bool = False) -> None:
        self._counting = counting

    def key(self, asked: Asked) -> str | None:
        """From `x-api-key`, or `Authorization: Bearer`."""
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        return asked.headers.get("x-api-key") or (token.strip() or None if scheme.lower() == "bearer" else None)

    def read(self, body: Node, asked: Asked) -> ModelRequest:
        """The request, or `Failure` for what Anthropic refuses."""
        if "anthropic-version" not in asked.headers:
            raise Failure("bad_request", "anthropic-version: header is required")
        body.only(ANTHROPIC_FIELDS - {"max_tokens", "stream"} if self._counting else ANTHROPIC_FIELDS)
        model = body.need("model").text()
        max_tokens = None if self._counting else body.need("max_tokens").integer()
        system, messages = read_conversation(body)
        tools = tuple(_tool(tool) for tool in body.each_at("tools"))
        choice, allowed = _choice(body.get("tool_choice"), tools)
        return ModelRequest(
            format=self.name,
            service=self.service,
            model=model,
            system=system,
            messages=messages,
            tools=tools,
            tool_choice=choice,
            allowed_tools=allowed,
            output_schema=(schema := _output(body)),
            json_output=schema is not None,
            max_tokens=max_tokens,
            stream=body.flag_at("stream"),
        )

    def plain(self, answer: Answer) -> JsonObject:
        """A `message`."""
        reply = answer.reply
        content: list[JsonObject] = [{"type": "text", "text": reply.text}] if reply.text else []
        for index, call in enumerate(reply.tool_calls):
            content.append(_use(answer, index, call, call.parsed or {"INVALID_JSON": call.arguments_text}))
        stop = _STOPS[reply.finished]
        return _message(answer, _usage(answer)) | {"content": content, "stop_reason": stop}

    def events(self, answer: Answer) -> Events:
        """`message_start`, the blocks, `message_delta`, `message_stop`."""
        body = [_event("message_start", message=_message(answer, _usage(answer) | {"output_tokens": 1}))]
        index = 0
        if answer.reply.text:
            deltas: list[JsonObject] = [{"type": "text_delta", "text": piece} for piece in pieces(answer.reply.text)]
            body += _block(index, {"type": "text", "text": ""}, deltas)
            index += 1
        for number, call in enumerate(answer.reply.tool_calls):
            text = "" if call.arguments_text == "{}" else call.arguments_text
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *pieces(text)]]
            body += _block(index, _use(answer, number, call, {}), deltas)
            index += 1
        stop: JsonObject = {"stop_reason": _STOPS[answer.reply.finished], "stop_sequence": None}
        return Events(
            [*body[:1], _event("ping"), *body[1:]],
            [_event("message_delta", delta=stop, usage=_usage(answer)), _event("message_stop")],
        )

    def error(self, failure: Failure, model: str) -> tuple[int, JsonObject]:
        """Anthropic's `error` message."""
        status, kind = _ERRORS[failure.kind]
        said = failure.message if failure.message and not failure.path else _words(failure, model)
        error: JsonObject = {"type": kind, "message": said}
        return failure.status or status, {"type": "error", "error": error, "request_id": "req_scripted"}

    def error_event(self, failure: Failure, model: str) -> bytes:
        """An `error` event."""
        return event(self.error(failure, model)[1], "error")


def _words(failure: Failure, model: str) -> str:
    match failure.kind:
        case "bad_request":
            return _bad_field(failure)
        case "context":
            return f"prompt is too long: {failure.tokens} tokens > {failure.limit_tokens} maximum"
        case "wrong_key":
            return "invalid x-api-key"
        case "no_key":
            return "x-api-key header is required"
        case "not_found":
            return f"model: {model}"
        case "rate_limit":
            return "This request would exceed the rate limit for your organization of 3 requests per minute."
        case "quota":
            return (
                "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade."
            )
        case "server":
            return "Internal server error"
        case "overloaded":
            return "Overloaded"


def _bad_field(failure: Failure) -> str:
    match failure.problem:
        case "missing":
            said = "Field required"
        case "type":
            kinds = {"object": "dictionary", "array": "list", "decimal": "number"}
            said = f"Input should be a valid {' or '.join(kinds.get(kind, kind) for kind in failure.expected)}"
        case "value":
            said = "Input should be " + " or ".join(f"'{word}'" for word in failure.expected)
        case "unknown":
            said = "Extra inputs are not permitted"
        case "said":
            said = failure.message
    return f"{failure.dots}: {said}"


def _tool(node: Node) -> Tool:
    name = node.need("name").matching(_NAME)
    if node.text_at("type", "custom") != "custom":
        return Tool(name, "", {})  # the service runs it
    schema = node.need("input_schema")
    schema.need("type").one_of("object")
    return Tool(name, node.text_at("description"), schema.object())


def _choice(node: Node | None, tools: tuple[Tool, ...]) -> tuple[Choice, tuple[str, ...] | None]:
    if node is None:
        return ("auto" if tools else "none"), None
    kind = node.need("type").one_of("auto", "any", "tool", "none")
    if kind in ("any", "tool") and not tools:
        raise node.wrong("tool_choice may only be specified while providing tools")
    if kind == "tool":
        name = node.need("name").text()
        if all(tool.name != name for tool in tools):
            raise node.wrong(f"Tool '{name}' not found in provided tools")
        return "required", (name,)
    return {"auto": "auto", "any": "required", "none": "none"}[kind], None  # pyright: ignore[reportReturnType] - the values are the words of Choice


def _output(body: Node) -> JsonObject | None:
    config = body.get("output_config")
    node = (None if config is None else config.get("format")) or body.get("output_format")
    if node is None:
        return None
    node.need("type").one_of("json_schema")
    return node.need("schema").object()


def _message(answer: Answer, usage: JsonObject) -> JsonObject:
    return {
        "id": f"msg_{answer.number}",
        "type": "message",
        "role": "assistant",
        "model": answer.request.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }


def _use(answer: Answer, index: int, call: ToolCall, given: JsonObject) -> JsonObject:
    return {
        "type": "tool_use",
        "id": call.id or f"toolu_{answer.number}_{index}",
        "name": call.name,
        "input": given,
    }


def _block(index: int, block: JsonObject, deltas: list[JsonObject]) -> list[bytes]:
    start = _event("content_block_start", index=index, content_block=block)
    steps = [_event("content_block_delta", index=index, delta=delta) for delta in deltas]
    return [start, *steps, _event("content_block_stop", index=index)]


def _event(kind: str, **fields: object) -> bytes:
    return event({"type": kind, **fields}, kind)


def _usage(answer: Answer) -> JsonObject:
    usage = answer.usage
    return {
        "input_tokens": usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
    }
