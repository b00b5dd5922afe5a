"""What a service refuses, the scripted server refuses in the same words, naming the field."""

from __future__ import annotations

import httpx
import pytest

from ioa.testing.model_server import ModelServer

ANTHROPIC = {"anthropic-version": "2023-06-01"}
USER = {"role": "user", "content": "?"}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
OPEN = {"type": "object", "properties": {"a": {"type": "string"}}}
SHUT = {**OPEN, "additionalProperties": False}
CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"
GEMINI = "/v1beta/models/g:generateContent"
ASKED = {"role": "user", "parts": [{"text": "?"}]}
CALLED = {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}
USED = {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]}
ANSWERED = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t2", "content": "1"}]}


def chat(**fields: object) -> dict[str, object]:
    return {"model": "m", "messages": [USER], **fields}


def schema_of(schema: object) -> dict[str, object]:
    return {"type": "json_schema", "json_schema": {"name": "city", "schema": schema, "strict": True}}


def message(**fields: object) -> dict[str, object]:
    return {"model": "m", "max_tokens": 9, "messages": [USER], **fields}


# Path, body, and what the answer says.
NONSENSE: list[tuple[str, object, str]] = [
    (CHAT, [], "expected an object, but got an array"),
    (CHAT, {"messages": [USER]}, "Missing required parameter: 'model'."),
    (CHAT, chat(messages=[]), "'messages': empty array"),
    (CHAT, chat(messages=[{"content": "?"}]), "Missing required parameter: 'messages[0].role'."),
    (CHAT, chat(messages=[{"role": "robot", "content": "?"}]), "Invalid value for 'messages[0].role': 'robot'."),
    (CHAT, chat(messages=[{"role": "user", "content": [{"type": "smell"}]}]), "'messages[0].content[0].type'"),
    (CHAT, chat(messages=[{"role": "assistant"}]), "expected a string, got null"),
    (CHAT, chat(messages=[{"role": "tool", "tool_call_id": "c1", "content": "1"}]), "preceding message with"),
    (CHAT, chat(messages=[{"role": "assistant", "tool_calls": [CALL]}, USER]), "did not have response messages: c1"),
    (CHAT, chat(maximum=3), "Unknown parameter: 'maximum'."),
    (CHAT, chat(stream="yes"), "Invalid type for 'stream': expected a boolean"),
    (CHAT, chat(stream_options={"include_usage": True}), "only allowed when 'stream' is enabled"),
    (CHAT, chat(max_tokens=0), "Invalid value for 'max_tokens': '0'."),
    (CHAT, chat(tool_choice="auto"), "only allowed when 'tools' are specified"),
    (CHAT, chat(tools=[{"type": "function", "function": {"name": "a b"}}]), "'tools[0].function.name'"),
    (CHAT, chat(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "g"}}), "'g' not found"),
    (CHAT, chat(response_format=schema_of(OPEN)), "'additionalProperties' is required to be supplied"),
    (CHAT, chat(response_format=schema_of(SHUT)), "Missing 'a'."),
    (
        CHAT,
        chat(response_format=schema_of({"type": "array"})),
        "schema must be a JSON Schema of 'type:",
    ),
    (RESPONSES, {"model": "m"}, "Missing required parameter: 'input'."),
    (RESPONSES, {"model": "m", "input": [{"type": "song"}]}, "Invalid value for 'input[0].type': 'song'."),
    (RESPONSES, {"model": "m", "input": "?", "messages": []}, "Unknown parameter: 'messages'."),
    (
        RESPONSES,
        {"model": "m", "input": [{"type": "function_call_output", "call_id": "c", "output": "1"}]},
        "No tool call found for function call output with call_id c.",
    ),
    (
        RESPONSES,
        {"model": "m", "input": [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}]},
        "No tool output found for function call c.",
    ),
    (RESPONSES, {"model": "m", "input": "?", "previous_response_id": "r"}, "Previous response with id 'r' not found."),
    (MESSAGES, {"model": "m", "messages": [USER]}, "max_tokens: Field required"),
    (MESSAGES, message(messages=[]), "messages: at least one message is required"),
    (MESSAGES, message(messages=[{"role": "system", "content": "?"}]), "messages.0.role: Input should be 'user'"),
    (MESSAGES, message(messages=[{"role": "user", "content": 3}]), "messages.0.content: Input should be a valid list"),
    (MESSAGES, message(messages=[{"role": "user", "content": [{"type": "text", "text": " "}]}]), "must be non-empty"),
    (MESSAGES, message(messages=[USER, USED]), "messages.1: `tool_use` ids were found without `tool_result`"),
    (MESSAGES, message(messages=[USER, USED, ANSWERED]), "messages.2.content.0: unexpected `tool_use_id`"),
    (MESSAGES, message(max_completion_tokens=3), "max_completion_tokens: Extra inputs are not permitted"),
    (MESSAGES, message(tools=[{"name": "f"}]), "tools.0.input_schema: Field required"),
    (MESSAGES, message(tool_choice={"type": "tool", "name": "f"}), "only be specified while providing tools"),
    (GEMINI, {}, "GenerateContentRequest.contents: contents is not specified"),
    (GEMINI, {"contents": []}, "contents is not specified"),
    (GEMINI, {"contents": [{"role": "assistant", "parts": [{"text": "?"}]}]}, "Please use a valid role: user, model."),
    (GEMINI, {"contents": [ASKED], "messages": []}, 'Unknown name \\"messages\\": Cannot find field.'),
    (GEMINI, {"contents": [{"parts": [{}]}]}, "required oneof field 'data'"),
    (GEMINI, {"contents": [ASKED, CALLED, ASKED]}, "number of function response parts is equal"),
    (GEMINI, {"contents": [ASKED], "generationConfig": {"maxOutputTokens": "9"}}, "generationConfig.maxOutputTokens"),
    (GEMINI, {"contents": [ASKED], "generationConfig": {"responseSchema": {}}}, "text/plain"),
]


async def test_nonsense_is_refused_and_the_field_is_named():
    async with ModelServer() as server, httpx.AsyncClient(base_url=server.url, headers=ANTHROPIC) as client:
        for path, body, said in NONSENSE:
            answer = await client.post(path, json=body)
            assert answer.status_code == 400, (path, body, answer.text)
            assert said in answer.text, (path, body, answer.text)
        assert [refused.status for refused in server.refusals] == [400] * len(NONSENSE)
        broken = await client.post(CHAT, content=b"{")
        assert (broken.status_code, "could not parse the JSON body" in broken.text) == (400, True)
    assert server.calls == []


async def test_a_bad_field_is_told_to_machines_too():
    async with ModelServer() as server, httpx.AsyncClient(base_url=server.url, headers=ANTHROPIC) as client:
        chat_error = (await client.post(CHAT, json={"model": "m", "messages": [{}]})).json()["error"]
        google = (await client.post(GEMINI, json={"contents": [{"parts": 3}]})).json()["error"]
        anthropic = (await client.post(MESSAGES, json={})).json()
    assert (chat_error["param"], chat_error["code"]) == ("messages[0].role", "missing_required_parameter")
    assert google["details"][0]["fieldViolations"][0]["field"] == "contents[0].parts"
    assert anthropic["error"]["type"] == "invalid_request_error"


KEYS: list[tuple[str, dict[str, object], str, int, int]] = [
    (CHAT, chat(), "authorization", 401, 401),
    (RESPONSES, {"model": "m", "input": "?"}, "authorization", 401, 401),
    ("/openai/deployments/d/chat/completions?api-version=1", {"messages": [USER]}, "api-key", 401, 401),
    ("/openai/v1/responses", {"model": "m", "input": "?"}, "api-key", 401, 401),
    (MESSAGES, message(), "x-api-key", 401, 401),
    (GEMINI, {"contents": [ASKED]}, "x-goog-api-key", 400, 403),
]


@pytest.mark.parametrize(("path", "body", "header", "wrong", "none"), KEYS)
async def test_only_the_key_that_is_accepted_is_let_in(
    path: str, body: dict[str, object], header: str, wrong: int, none: int
):
    scheme = "Bearer " if header == "authorization" else ""
    async with (
        ModelServer(["in"], accept_key="the-right-key") as server,
        httpx.AsyncClient(base_url=server.url, headers=ANTHROPIC) as client,
    ):
        refused = await client.post(path, json=body, headers={header: f"{scheme}not-the-right-key"})
        missing = await client.post(path, json=body)
        let_in = await client.post(path, json=body, headers={header: f"{scheme}the-right-key"})
    assert [answer.status_code for answer in (refused, missing, let_in)] == [wrong, none, 200]
    assert "not-the-right-key" not in refused.text
    assert "in" in let_in.text
    assert server.requests[0].key == "the-right-key"


async def test_a_model_that_there_is_not_and_a_window_that_is_full_are_refused():
    async with (
        ModelServer(["yes"], models=["m", "g"], context_tokens=50) as server,
        httpx.AsyncClient(base_url=server.url, headers=ANTHROPIC) as client,
    ):
        unknown = await client.post(CHAT, json=chat(model="n"))
        assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "model_not_found")
        long = [{"role": "user", "content": "x" * 400}]
        assert "maximum context length is 50 tokens" in (await client.post(CHAT, json=chat(messages=long))).text
        assert "prompt is too long: 102 tokens > 50" in (await client.post(MESSAGES, json=message(messages=long))).text
        google = {"contents": [{"role": "user", "parts": [{"text": "x" * 400}]}]}
        assert "input token count (102) exceeds" in (await client.post(GEMINI, json=google)).text
        assert (await client.post(CHAT, json=chat())).status_code == 200


async def test_azure_wants_its_version_and_anthropic_too():
    async with ModelServer() as server, httpx.AsyncClient(base_url=server.url) as client:
        azure = await client.post("/openai/deployments/d/chat/completions", json={"messages": [USER]})
        anthropic = await client.post(MESSAGES, json=message())
        nowhere = await client.post("/v1/completions", json={})
        method = await client.post("/v1beta/models/g:sing", json={})
    assert [answer.status_code for answer in (azure, anthropic, nowhere, method)] == [404, 400, 404, 404]
    assert "anthropic-version: header is required" in anthropic.text
    assert "Invalid URL (POST /v1/completions)" in nowhere.text
