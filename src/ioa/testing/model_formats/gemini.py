"""Google's Gemini API: `generateContent` and `streamGenerateContent?alt=sse`.

Source: https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

from ioa.testing.model_formats.conversation import FormatName, JsonObject, ModelRequest, Service, ToolCall, split_system
from ioa.testing.model_formats.failure import Failure
from ioa.testing.model_formats.format import Answer, Asked, Events, event, pieces
from ioa.testing.model_formats.gemini_conversation import read_contents, read_system, read_tools
from ioa.testing.model_formats.gemini_errors import gemini_error
from ioa.testing.model_formats.known_fields import GEMINI_FIELDS
from ioa.testing.model_formats.reading import Node

_FINISH = {
    "stop": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
    "refusal": "PROHIBITED_CONTENT",
}


class Gemini:
    """`POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent`."""

    name: FormatName = "gemini"
    service: Service = "google"

    def key(self, asked: Asked) -> str | None:
        """From `x-goog-api-key`, or `?key=`."""
        return asked.headers.get("x-goog-api-key") or asked.query.get("key")

    def read(self, body: Node, asked: Asked) -> ModelRequest:
        """The request, or `Failure` for what Google refuses."""
        stream = asked.path.get("method") == "streamGenerateContent"
        if stream and asked.query.get("alt") != "sse":
            raise Failure("bad_request", "this server streams with alt=sse only")
        body = camel(body)
        body.only(GEMINI_FIELDS)
        contents = split_system(read_contents(body.need("contents")))[1]
        tools = read_tools(body)
        choice, allowed = _choice(body, tuple(tool.name for tool in tools))
        found = body.get("generationConfig")
        config = camel(found) if found is not None else Node({})
        mime = config.text_at("responseMimeType", "text/plain")
        schema = config.get("responseJsonSchema", "responseSchema")
        if schema is not None and mime != "application/json":
            said = "Function calling with a response mime type: 'text/plain' is unsupported with a response schema"
            raise schema.wrong(said)
        return ModelRequest(
            format=self.name,
            service=self.service,
            model=asked.path["model"],
            system=read_system(body.get("systemInstruction")),
            messages=contents,
            tools=tools,
            tool_choice=choice,  # pyright: ignore[reportArgumentType] - the words of Choice
            allowed_tools=allowed,
            output_schema=None if schema is None else schema.object(),
            json_output=mime == "application/json",
            max_tokens=config.integer_at("maxOutputTokens"),
            stream=stream,
        )

    def plain(self, answer: Answer) -> JsonObject:
        """A `GenerateContentResponse`."""
        parts: list[JsonObject] = [{"text": answer.reply.text}] if answer.reply.text else []
        parts += [_call(answer, index, call) for index, call in enumerate(_whole(answer))]
        return _response(answer, parts, _finish(answer), _usage(answer))

    def events(self, answer: Answer) -> Events:
        """A response for each piece; the last one says why it ends."""
        parts: list[list[JsonObject]] = [[{"text": piece}] for piece in pieces(answer.reply.text)]
        parts += [[_call(answer, index, call)] for index, call in enumerate(_whole(answer))]
        partial: JsonObject = {
            "promptTokenCount": answer.usage.input_tokens,
            "totalTokenCount": answer.usage.input_tokens,
        }
        body = [event(_response(answer, part, None, partial)) for part in parts]
        return Events(body, [event(_response(answer, [], _finish(answer), _usage(answer)))])

    def error(self, failure: Failure, model: str) -> tuple[int, JsonObject]:
        """Google's `error` object."""
        return gemini_error(failure, model)

    def error_event(self, failure: Failure, model: str) -> bytes:
        """An `error` object as an event."""
        return event(self.error(failure, model)[1])


def camel(node: Node) -> Node:
    """The object with its fields in camel case: Google takes `system_instruction` as well as `systemInstruction`."""

    def renamed(name: str) -> str:
        first, *rest = name.split("_")
        return first + "".join(word[:1].upper() + word[1:] for word in rest)

    return Node({renamed(name): value for name, value in node.object().items()}, node.path)


def _choice(body: Node, names: tuple[str, ...]) -> tuple[str, tuple[str, ...] | None]:
    config = body.get("toolConfig")
    calling = None if config is None else camel(config).get("functionCallingConfig")
    if calling is None:
        return ("auto" if names else "none"), None
    calling = camel(calling)
    mode = calling.text_at("mode", "AUTO")
    found = calling.get("allowedFunctionNames")
    if mode not in ("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"):
        raise calling.need("mode").wrong(f'Invalid value at "tool_config.function_calling_config.mode": "{mode}"')
    allowed = None if found is None else tuple(name.text() for name in found.each())
    if found is not None and mode not in ("ANY", "VALIDATED"):
        raise found.wrong("allowed_function_names should be set only when function calling mode is ANY or VALIDATED.")
    for name in allowed or ():
        if name not in names:
            raise calling.wrong(f"`allowed_function_names` contains a name that is not declared: {name}")
    if mode == "ANY" and not names:
        raise calling.wrong("Function calling config is set without function_declarations.")
    return {"ANY": "required", "NONE": "none"}.get(mode, "auto" if names else "none"), allowed


def _whole(answer: Answer) -> tuple[ToolCall, ...]:
    """The calls, if each has an object for its arguments: Gemini says no others."""
    return () if _malformed(answer) else answer.reply.tool_calls


def _malformed(answer: Answer) -> bool:
    return any(call.parsed is None for call in answer.reply.tool_calls)


def _finish(answer: Answer) -> str:
    if answer.reply.finished == "tool_calls" and _malformed(answer):
        return "MALFORMED_FUNCTION_CALL"
    return _FINISH[answer.reply.finished]


def _call(answer: Answer, index: int, call: ToolCall) -> JsonObject:
    made: JsonObject = {"name": call.name, "args": call.parsed or {}}
    return {"functionCall": {"id": call.id or f"call_{answer.number}_{index}", **made}}


def _response(answer: Answer, parts: list[JsonObject], finish: str | None, usage: JsonObject) -> JsonObject:
    content: JsonObject = {"role": "model", **({"parts": parts} if parts else {})}
    candidate: JsonObject = {"content": content, "index": 0, **({"finishReason": finish} if finish else {})}
    if finish == "MALFORMED_FUNCTION_CALL":
        calls = ", ".join(f"{call.name}({call.arguments_text})" for call in answer.reply.tool_calls)
        candidate["finishMessage"] = f"Malformed function call: {calls}"
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": answer.request.model,
        "responseId": f"response-{answer.number}",
    }


def _usage(answer: Answer) -> JsonObject:
    usage = answer.usage
    made: JsonObject = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": usage.output_tokens - usage.reasoning_tokens,
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
    if usage.cached_tokens:
        made["cachedContentTokenCount"] = usage.cached_tokens
    if usage.reasoning_tokens:
        made["thoughtsTokenCount"] = usage.reasoning_tokens
    return made
