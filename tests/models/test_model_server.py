"""The server itself: its scripts, its lists, and that nothing of it outlives its block."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from ioa.testing.model_server import (
    ModelRequest,
    ModelServer,
    RateLimited,
    Reply,
    ScriptFailed,
    Slow,
    Tool,
    ToolCall,
    disturbed,
    structured,
)

BODY = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
CHAT = "/v1/chat/completions"


@asynccontextmanager
async def client_of(server: ModelServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, timeout=30, verify=False) as client:
        yield client


async def test_a_script_is_played_in_order():
    async with ModelServer(["one", Reply("two")], now_s=lambda: 1_000.0) as server, client_of(server) as client:
        said = [(await client.post(CHAT, json=BODY)).json() for _ in range(2)]
    assert [answer["choices"][0]["message"]["content"] for answer in said] == ["one", "two"]
    assert [answer["id"] for answer in said] == ["chatcmpl-1", "chatcmpl-2"]
    assert [call.request.number for call in server.calls] == [1, 2]
    assert [call.at_s for call in server.calls] == [1_000.0, 1_000.0]
    assert server.requests[0].raw == BODY


async def test_a_script_that_is_spent_tells_the_client_and_the_test():
    with pytest.raises(ScriptFailed, match="spent after 1 replies"):  # noqa: PT012 - it is raised where the block ends
        async with ModelServer(["one"]) as server, client_of(server) as client:
            await client.post(CHAT, json=BODY)
            answer = await client.post(CHAT, json=BODY)
            assert (answer.status_code, "spent after 1" in answer.text) == (400, True)
    assert len(server.calls) == 1


async def test_a_function_that_raises_tells_the_client_and_the_test():
    def script(request: ModelRequest) -> str:
        raise LookupError(request.last_text)

    with pytest.raises(ScriptFailed, match="Hello"):
        async with ModelServer(script) as server, client_of(server) as client:
            assert (await client.post(CHAT, json=BODY)).status_code == 400


async def test_what_a_test_raises_is_not_hidden_by_its_script():
    with pytest.raises(KeyError):  # noqa: PT012 - it is raised through the end of the block
        async with ModelServer() as server, client_of(server) as client:
            await client.post(CHAT, json=BODY)
            raise KeyError


async def test_a_fault_is_put_into_a_script_where_it_is_wanted():
    def greeting(request: ModelRequest) -> bool:
        return request.last_text == "Hello"

    script = disturbed(lambda _: "hi", RateLimited(), when=greeting, times=2)
    other = {**BODY, "messages": [{"role": "user", "content": "Bye"}]}
    async with ModelServer(script) as server, client_of(server) as client:
        for body in (other, BODY, other, BODY, BODY):
            await client.post(CHAT, json=body)
    assert [call.status for call in server.calls] == [200, 429, 200, 429, 200]


async def test_a_slow_answer_ends_when_the_client_leaves():
    begun = asyncio.Event()

    def script(_: ModelRequest) -> Reply:
        begun.set()
        return Reply("never").but(Slow(first_byte_s=math.inf))

    async with ModelServer(script) as server, client_of(server) as client:
        asking = asyncio.create_task(client.post(CHAT, json=BODY))
        await begun.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        async with asyncio.timeout(60):
            await server.settled()
    assert [call.ending for call in server.calls] == ["client left"]


async def test_a_slow_stream_ends_when_the_client_leaves():
    reply = Reply("never to its end").but(Slow(between_chunks_s=math.inf))
    async with ModelServer([reply]) as server, client_of(server) as client:
        async with client.stream("POST", CHAT, json={**BODY, "stream": True}) as answer:
            assert b"data:" in await anext(answer.aiter_bytes())
        async with asyncio.timeout(60):
            await server.settled()
    assert [call.ending for call in server.calls] == ["client left"]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
async def test_a_slow_answer_ends_when_the_server_closes(stream: bool):
    begun = asyncio.Event()

    def script(_: ModelRequest) -> Reply:
        begun.set()
        return Reply("never").but(Slow(first_byte_s=math.inf))

    async with ModelServer(script) as server, client_of(server) as client:
        asking = asyncio.create_task(client.post(CHAT, json={**BODY, "stream": stream}))
        await begun.wait()
        async with asyncio.timeout(60):
            await server.close()
        with pytest.raises(httpx.TransportError):
            await asking
    assert [call.ending for call in server.calls] == ["server closed"]


async def test_a_function_that_waits_is_cancelled_when_the_client_leaves():
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def script(_: ModelRequest) -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        raise AssertionError("nobody sets that event")

    async with ModelServer(script) as server, client_of(server) as client:
        asking = asyncio.create_task(client.post(CHAT, json=BODY))
        await begun.wait()
        asking.cancel()
        async with asyncio.timeout(60):
            await cancelled.wait()
            await server.settled()
    assert [(call.status, call.ending) for call in server.calls] == [(0, "client left")]


async def test_many_ask_at_once():
    async with ModelServer(lambda request: request.last_text) as server, client_of(server) as client:
        bodies = [{**BODY, "messages": [{"role": "user", "content": str(number)}]} for number in range(50)]
        answers = await asyncio.gather(*(client.post(CHAT, json=body) for body in bodies))
    assert [answer.json()["choices"][0]["message"]["content"] for answer in answers] == [str(n) for n in range(50)]
    assert len(server.calls) == 50


async def test_models_are_listed_in_each_services_way():
    async with ModelServer(models=["small", "large:8b"]) as server, client_of(server) as client:
        openai = (await client.get("/v1/models")).json()
        anthropic = (await client.get("/v1/models", headers={"anthropic-version": "2023-06-01"})).json()
        google = (await client.get("/v1beta/models")).json()
        ollama = (await client.get("/api/tags")).json()
        one, none = (await client.get("/v1/models/small")), (await client.get("/v1/models/tiny"))
        version = (await client.get("/api/version")).json()["version"]
        assert (await client.get("/")).text == "Ollama is running"
    assert [entry["id"] for entry in openai["data"]] == ["small", "large:8b"]
    assert (openai["object"], anthropic["has_more"], anthropic["first_id"]) == ("list", False, "small")
    assert [entry["name"] for entry in google["models"]] == ["models/small", "models/large:8b"]
    assert [entry["name"] for entry in ollama["models"]] == ["small:latest", "large:8b"]
    assert (one.status_code, none.status_code) == (200, 404)
    assert version.count(".") == 2


async def test_a_server_that_is_no_ollama_does_not_say_so():
    async with ModelServer(ollama=False) as server, client_of(server) as client:
        assert [(await client.get(path)).status_code for path in ("/", "/api/tags", "/api/version")] == [404] * 3


async def test_anthropic_counts_tokens_as_the_server_does():
    headers = {"anthropic-version": "2023-06-01"}
    async with ModelServer(["hi"]) as server, client_of(server) as client:
        counted = await client.post("/v1/messages/count_tokens", json=BODY, headers=headers)
        await client.post("/v1/messages", json={**BODY, "max_tokens": 9}, headers=headers)
    assert counted.json() == {"input_tokens": server.calls[0].input_tokens}
    assert len(server.calls) == 1


def test_a_typed_answer_goes_where_it_was_asked_for():
    city = {"name": "Ghent"}
    schema: dict[str, object] = {"type": "object", "properties": {"name": {}, "people": {}}, "required": ["name"]}
    tools = (Tool("search", "", {"type": "object", "properties": {"query": {}}}), Tool("answer", "", schema))
    bare = ModelRequest(format="openai-chat", service="openai", model="m")
    typed = ModelRequest(format="openai-chat", service="openai", model="m", tools=tools, output_schema=schema)
    tooled = ModelRequest(format="openai-chat", service="openai", model="m", tools=tools)
    forced = ModelRequest(
        format="gemini", service="google", model="m", tools=tools, tool_choice="required", allowed_tools=("search",)
    )
    assert structured(bare, city) == structured(typed, city) == Reply('{"name":"Ghent"}')
    assert structured(tooled, city).tool_calls == (ToolCall("answer", city),)
    assert structured(forced, city).tool_calls == (ToolCall("search", city),)
