"""What the server writes is what the services' own packages read, and the fields it knows are those they send."""

from __future__ import annotations

import json
import typing

import httpx
import pytest
from anthropic.types import Message as AnthropicMessage
from anthropic.types import RawMessageStreamEvent, message_create_params
from anthropic.types.beta import message_create_params as beta_params
from google.genai.types import GenerateContentResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk, completion_create_params
from openai.types.responses import Response, ResponseStreamEvent, response_create_params, response_input_param
from pydantic import TypeAdapter

from ioa.testing.model_formats import known_fields
from ioa.testing.model_server import (
    Fault,
    LongText,
    MalformedArguments,
    ModelServer,
    Refusal,
    Reply,
    ToolCall,
    tokens_of,
)

USER = {"role": "user", "content": "?"}
TOOL = {"type": "object", "properties": {"q": {"type": "string"}}}
CALLS = (ToolCall("search", {"q": "“boats”"}), ToolCall("search"))
REPLIES = [
    Reply("Words."),
    Reply("Words first.", CALLS),
    Reply("", CALLS),
    Reply(""),
    Reply("A long one.", finish="length"),
    Reply("x").but(LongText(1_000)),
    Reply("x").but(Refusal()),
    Reply("x").but(Refusal(kind="content_filter")),
    Reply("", CALLS).but(MalformedArguments()),
]


def body_of(path: str, stream: bool) -> dict[str, object]:
    if "chat" in path:
        tool = {"type": "function", "function": {"name": "search", "parameters": TOOL}}
        options = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
        return {"model": "m", "messages": [USER], "tools": [tool], **options}
    if "responses" in path:
        tool = {"type": "function", "name": "search", "parameters": TOOL, "strict": False}
        return {"model": "m", "input": "?", "tools": [tool], "stream": stream}
    if "messages" in path:
        tool = {"name": "search", "input_schema": TOOL}
        return {"model": "m", "max_tokens": 9_000, "messages": [USER], "tools": [tool], "stream": stream}
    tool = {"functionDeclarations": [{"name": "search", "parametersJsonSchema": TOOL}]}
    return {"contents": [{"role": "user", "parts": [{"text": "?"}]}], "tools": [tool]}


PATHS: list[tuple[str, typing.Any, str, typing.Any]] = [
    ("/v1/chat/completions", ChatCompletion, "/v1/chat/completions", ChatCompletionChunk),
    ("/v1/responses", Response, "/v1/responses", ResponseStreamEvent),
    ("/v1/messages", AnthropicMessage, "/v1/messages", RawMessageStreamEvent),
    (
        "/v1beta/models/m:generateContent",
        GenerateContentResponse,
        "/v1beta/models/m:streamGenerateContent?alt=sse",
        GenerateContentResponse,
    ),
]


@pytest.mark.parametrize(("path", "answer_type", "stream_path", "event_type"), PATHS)
async def test_answers_and_events_are_of_the_services_types(
    path: str, answer_type: typing.Any, stream_path: str, event_type: typing.Any
):
    answers, events = TypeAdapter(answer_type), TypeAdapter(event_type)
    headers = {"anthropic-version": "2023-06-01"}
    script = [reply for reply in REPLIES for _ in range(2)]
    async with ModelServer(script) as server, httpx.AsyncClient(base_url=server.url, headers=headers) as client:
        for reply in REPLIES:
            answer = await client.post(path, json=body_of(path, False))
            assert answer.status_code == 200
            answers.validate_json(answer.content)
            streamed = await client.post(stream_path, json=body_of(path, True))
            assert streamed.headers["content-type"].startswith("text/event-stream")
            blocks = [block.split("\n") for block in streamed.text.split("\n\n") if block]
            datas = [json.loads(block[-1][6:]) for block in blocks if block[-1] != "data: [DONE]"]
            assert len(datas) >= 1, reply
            for block, data in zip(blocks, datas, strict=False):
                if data.get("type") != "ping":  # which Anthropic's package passes over
                    events.validate_python(data)
                if block[0].startswith("event: "):
                    assert block[0] == f"event: {data['type']}"
            assert "".join(texts(datas)) == server.calls[-1].reply.text


def texts(datas: list[dict[str, typing.Any]]) -> typing.Iterator[str]:
    for data in datas:
        delta = data.get("delta")
        if data.get("type") in ("response.output_text.delta", "response.refusal.delta"):
            yield str(delta)
        elif data.get("type") == "content_block_delta" and data["delta"]["type"] == "text_delta":
            yield data["delta"]["text"]
        for choice in data.get("choices", ()):
            yield choice["delta"].get("content") or choice["delta"].get("refusal") or ""
        for candidate in data.get("candidates", ()):
            yield from (part.get("text", "") for part in candidate["content"].get("parts", ()))


async def test_broken_arguments_are_written_as_each_service_would():
    faults: tuple[Fault, ...] = (MalformedArguments(),)
    script = [Reply("", CALLS[:1], faults=faults) for _ in PATHS]
    answers = []
    headers = {"anthropic-version": "2023-06-01"}
    async with ModelServer(script) as server, httpx.AsyncClient(base_url=server.url, headers=headers) as client:
        for path, *_ in PATHS:
            answers.append((await client.post(path, json=body_of(path, False))).json())
    chat, responses, anthropic, google = answers
    cut = server.calls[0].reply.tool_calls[0].arguments_text
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(cut)
    assert chat["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == cut
    assert responses["output"][0]["arguments"] == cut
    assert anthropic["content"][0]["input"] == {"INVALID_JSON": cut}
    assert google["candidates"][0]["finishReason"] == "MALFORMED_FUNCTION_CALL"


def test_the_fields_that_are_known_are_those_of_the_services_packages():
    def fields(params: typing.Any) -> set[str]:
        return set(typing.get_type_hints(params))

    assert fields(completion_create_params.CompletionCreateParamsStreaming) <= known_fields.CHAT_FIELDS
    assert fields(response_create_params.ResponseCreateParamsStreaming) <= known_fields.RESPONSES_FIELDS
    anthropic = fields(message_create_params.MessageCreateParamsStreaming)
    beta = fields(beta_params.MessageCreateParamsStreaming) - {"betas"}  # a header
    assert anthropic | beta <= known_fields.ANTHROPIC_FIELDS
    kinds: set[str] = set()
    for item in typing.get_args(response_input_param.ResponseInputItemParam):
        kinds |= {word for word in typing.get_args(typing.get_type_hints(item)["type"]) if isinstance(word, str)}
    spoken = {"message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output"}
    assert kinds - spoken - {"reasoning"} <= known_fields.RESPONSES_HOSTED_ITEMS


def test_tokens_are_counted_four_characters_each_and_rounded_up():
    assert [tokens_of(text) for text in ("", "a", "abcd", "abcde", "你好吗呀")] == [0, 1, 1, 2, 1]
