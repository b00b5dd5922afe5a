"""OpenAI's chat completions, as OpenAI, Azure OpenAI and everything "OpenAI-compatible" speak them.

Source: https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

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
    split_system,
)
from ioa.testing.model_formats.failure import Failure
from ioa.testing.model_formats.format import Answer, Asked, Events, event, pieces
from ioa.testing.model_formats.known_fields import CHAT_FIELDS
from ioa.testing.model_formats.openai_errors import openai_error
from ioa.testing.model_formats.openai_key import openai_key
from ioa.testing.model_formats.openai_schemas import function_of, output_of
from ioa.testing.model_formats.reading import Node, parts_text

_PARTS = {"text": "text", "refusal": "refusal", "image_url": None, "input_audio": None, "file": None}
_NAME = "[a-zA-Z0-9_-]{1,64}"


class OpenAIChat:
    """`POST /v1/chat/completions`; with `azure`, `POST /openai/deployments/{name}/chat/completions` and
    `POST /openai/v1/chat/completions`."""

    name: FormatName = "openai-chat"

    def __init__(self, service: Service = "openai") -> None:
        self.service: Service = service

    def key(self, asked: Asked) -> str | None:
        """From `Authorization: Bearer`, with Azure also from `api-key`."""
        return openai_key(asked, self.service)

    def read(self, body: Node, asked: Asked) -> ModelRequest:
        """The request, or `Failure` for what OpenAI refuses."""
        body.only(CHAT_FIELDS)
        deployment = asked.path.get("deployment")
        model = body.text_at("model", deployment) if deployment else body.need("model").text()
        stream = body.flag_at("stream")
        options = body.get("stream_options")
        if options is not None and not stream:
            raise options.wrong("The 'stream_options' parameter is only allowed when 'stream' is enabled.")
        system, messages = split_system(_messages(body.need("messages")))
        tools = tuple(_tool(tool) for tool in body.each_at("tools"))
        choice, allowed = _choice(body, tools)
        schema, schema_name, any_json = output_of(body.get("response_format"), _NAME, inside="json_schema")
        return ModelRequest(
            format=self.name,
            service=self.service,
            model=model,
            system=system,
            messages=messages,
            tools=tools,
            tool_choice=choice,
            allowed_tools=allowed,
            output_schema=schema,
            output_name=schema_name,
            json_output=any_json,
            max_tokens=body.integer_at("max_completion_tokens", "max_tokens"),
            stream=stream,
            wants_usage=not stream or (options is not None and options.flag_at("include_usage")),
        )

    def plain(self, answer: Answer) -> JsonObject:
        """A `chat.completion`."""
        reply = answer.reply
        refused = reply.finished == "refusal"
        message: JsonObject = {"role": "assistant", "content": reply.text, "refusal": None, "annotations": []}
        if refused:
            message |= {"content": None, "refusal": reply.text}
        if reply.tool_calls:
            message["content"] = reply.text or None
            message["tool_calls"] = [_call(answer, index, call) for index, call in enumerate(reply.tool_calls)]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}
        return {**_head(answer, "chat.completion"), "choices": [choice], "usage": _usage(answer)}

    def events(self, answer: Answer) -> Events:
        """`chat.completion.chunk`s."""
        reply = answer.reply
        said = "refusal" if reply.finished == "refusal" else "content"
        body = [_chunk(answer, {"role": "assistant", "content": "", "refusal": None})]
        body += [_chunk(answer, {said: piece}) for piece in pieces(reply.text)]
        for index, call in enumerate(reply.tool_calls):
            made = _call(answer, index, call)
            start = {"index": index, **made, "function": {"name": call.name, "arguments": ""}}
            body.append(_chunk(answer, {"tool_calls": [start]}))
            for piece in pieces(call.arguments_text):
                body.append(_chunk(answer, {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
        end = [_chunk(answer, {}, _finish(answer))]
        if answer.request.wants_usage:
            end.append(event({**_head(answer, "chat.completion.chunk"), "choices": [], "usage": _usage(answer)}))
        return Events(body, [*end, b"data: [DONE]\n\n"])

    def error(self, failure: Failure, model: str) -> tuple[int, JsonObject]:
        """OpenAI's `error` object."""
        return openai_error(failure, model, self.service, responses=False)

    def error_event(self, failure: Failure, model: str) -> bytes:
        """An `error` object as an event without a name."""
        return event(self.error(failure, model)[1])


def _messages(node: Node) -> list[Message]:
    entries = node.each()
    if not entries:
        raise node.wrong(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty one."
        )
    made: list[Message] = []
    open_calls: dict[str, str] = {}
    answerable: dict[str, str] = {}
    for entry in entries:
        role = entry.need("role").one_of("system", "developer", "user", "assistant", "tool", "function")
        if role == "tool":
            call_id = entry.need("tool_call_id").text()
            if call_id not in answerable:
                raise entry.need("role").wrong(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceding message with "
                    "'tool_calls'."
                )
            open_calls.pop(call_id, None)
            text = parts_text(entry.need("content"), _PARTS)
            made.append(Message("tool", tool_results=(ToolResult(call_id, answerable[call_id], text),)))
            continue
        _all_answered(node, open_calls)
        answerable = {}
        if role == "assistant":
            message = _assistant(entry)
            open_calls = {call.id: call.name for call in message.tool_calls}
            answerable = dict(open_calls)
            made.append(message)
        else:
            text = parts_text(entry.need("content"), _PARTS)
            made.append(Message("system" if role in ("system", "developer") else "user", text))
    _all_answered(node, open_calls)
    return made


def _all_answered(node: Node, open_calls: dict[str, str]) -> None:
    if open_calls:
        raise node.wrong(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(open_calls)}"
        )


def _assistant(entry: Node) -> Message:
    calls: list[ToolCall] = []
    for call in entry.each_at("tool_calls"):
        call.need("type").one_of("function", "custom")
        function = call.need("function", "custom")
        arguments = function.need("arguments", "input").text()
        name = function.need("name").matching(_NAME)
        calls.append(ToolCall(name, arguments_of(arguments), call.need("id").text()))
    content = entry.get("content")
    if content is None and not calls and entry.get("refusal") is None:
        raise Node(None, (*entry.path, "content")).wrong("Invalid value for 'content': expected a string, got null.")
    return Message("assistant", parts_text(content, _PARTS) or entry.text_at("refusal"), tuple(calls))


def _tool(node: Node) -> Tool:
    return function_of(node.need(node.need("type").one_of("function", "custom")), _NAME)


def _choice(body: Node, tools: tuple[Tool, ...]) -> tuple[Choice, tuple[str, ...] | None]:
    node = body.get("tool_choice")
    if node is None:
        return ("auto" if tools else "none"), None
    if not tools:
        raise node.wrong("Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.")
    if node.kind == "string":
        word = node.one_of("none", "auto", "required")
        return ("none" if word == "none" else "auto" if word == "auto" else "required"), None
    if node.need("type").one_of("function", "custom", "allowed_tools") == "allowed_tools":
        allowed = node.need("allowed_tools")
        names = [tool.need("function", "custom").need("name") for tool in allowed.need("tools").each()]
        mode: Choice = "required" if allowed.need("mode").one_of("auto", "required") == "required" else "auto"
    else:
        names, mode = [node.need("function", "custom").need("name")], "required"
    known = {tool.name for tool in tools}
    for name in names:
        if name.text() not in known:
            raise node.wrong(f"Invalid value for 'tool_choice': tool '{name.text()}' not found in 'tools'.")
    return mode, tuple(name.text() for name in names)


def _head(answer: Answer, kind: str) -> JsonObject:
    return {
        "id": f"chatcmpl-{answer.number}",
        "object": kind,
        "created": int(answer.now_s),
        "model": answer.request.model,
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    }


def _chunk(answer: Answer, delta: JsonObject, finish: str | None = None) -> bytes:
    choice: JsonObject = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    usage: JsonObject = {"usage": None} if answer.request.wants_usage else {}
    return event({**_head(answer, "chat.completion.chunk"), "choices": [choice], **usage})


def _call(answer: Answer, index: int, call: ToolCall) -> JsonObject:
    function = {"name": call.name, "arguments": call.arguments_text}
    return {"id": call.id or f"call_{answer.number}_{index}", "type": "function", "function": function}


def _finish(answer: Answer) -> str:
    return "stop" if answer.reply.finished == "refusal" else answer.reply.finished


def _usage(answer: Answer) -> JsonObject:
    usage = answer.usage
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
