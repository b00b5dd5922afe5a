"""The real clients talk with the scripted server: words, tools, typed answers, and what they are told it cost."""

from __future__ import annotations

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, PromptedOutput
from pydantic_ai.usage import RunUsage

from ioa.testing.model_server import ModelRequest, ModelServer, Reply, ToolCall, Usage, structured
from tests.models.model_server_clients import KEY, KINDS, model_of

GHENT = {"name": "Ghent", "people": 260_000}


class City(BaseModel):
    """A city."""

    name: str
    people: int


async def asked(agent: Agent[None, object], stream: bool) -> tuple[object, RunUsage]:
    if not stream:
        result = await agent.run("How big is Ghent?")
        return result.output, result.usage
    async with agent.run_stream("How big is Ghent?") as streamed:
        return await streamed.get_output(), streamed.usage


def fields_of(schema: dict[str, object]) -> set[str]:
    properties = schema["properties"]
    assert isinstance(properties, dict)
    return set(properties)


def counted_alike(server: ModelServer, usage: RunUsage) -> bool:
    totals = server.totals()
    assert totals == server.totals(reported=True)
    assert totals.input_tokens > 0
    assert totals.output_tokens > 0
    return (usage.input_tokens, usage.output_tokens) == (totals.input_tokens, totals.output_tokens)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("kind", KINDS)
async def test_words_arrive_whole_and_cost_what_the_server_counted(kind: str, stream: bool):
    words = "Ghent has 260 000 people, “more or less” — 你好.\n" * 5
    async with ModelServer([words], accept_key=KEY) as server, model_of(kind, server) as model:
        said, usage = await asked(Agent(model, system_prompt="Be exact."), stream)
    assert said == words
    assert counted_alike(server, usage)
    (call,) = server.calls
    assert call.output_tokens == -(-len(words) // 4)
    assert (call.status, call.ending, call.request.stream) == (200, "sent", stream)
    assert (call.request.system, call.request.last_text) == ("Be exact.", "How big is Ghent?")
    assert call.request.key == KEY
    assert call.request.service == {"gemini": "google", "anthropic": "anthropic"}.get(kind, kind.split("-")[0])


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("kind", KINDS)
async def test_tools_are_called_with_their_arguments_and_their_results_come_back(kind: str, stream: bool):
    calls = (ToolCall("population", {"city": "Ghent"}), ToolCall("population", {"city": "Bruges & “Lissewege”"}))

    def script(request: ModelRequest) -> Reply:
        if request.results:
            return structured(request, GHENT)
        return Reply("Let me look.", calls)

    async with ModelServer(script) as server, model_of(kind, server) as model:
        agent = Agent(model, output_type=City)
        heard: list[str] = []

        @agent.tool_plain
        def population(city: str) -> str:
            """How many people live in a city."""
            heard.append(city)
            return f"{len(city)} people"

        said, usage = await asked(agent, stream)
    assert said == City(**GHENT)
    assert sorted(heard) == ["Bruges & “Lissewege”", "Ghent"]
    assert counted_alike(server, usage)
    first, second = server.requests
    tool = first.tool("population")
    assert tool is not None
    assert tool.description == "How many people live in a city."
    assert fields_of(tool.schema) == {"city"}
    assert first.tool_choice == "required"
    assert [message.role for message in second.messages] == ["user", "assistant", "tool"]
    assert [call.arguments for call in second.messages[1].tool_calls] == [call.arguments for call in calls]
    assert [(result.name, result.text) for result in second.results] == [
        ("population", "5 people"),
        ("population", "20 people"),
    ]
    assert [result.call_id for result in second.results] == [call.id for call in second.messages[1].tool_calls]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_typed_answer_is_asked_for_by_schema(kind: str, stream: bool):
    async with (
        ModelServer(lambda request: structured(request, GHENT)) as server,
        model_of(kind, server) as model,
    ):
        said, usage = await asked(Agent(model, output_type=NativeOutput(City)), stream)
    assert said == City(**GHENT)
    assert counted_alike(server, usage)
    (request,) = server.requests
    assert request.output_schema is not None
    assert fields_of(request.output_schema) == {"name", "people"}
    assert request.json_output
    assert not request.tools


@pytest.mark.parametrize("kind", KINDS)
async def test_a_model_without_schemas_is_asked_in_the_prompt(kind: str):
    async with (
        ModelServer(lambda request: structured(request, GHENT)) as server,
        model_of(kind, server) as model,
    ):
        said, _ = await asked(Agent(model, output_type=PromptedOutput(City)), False)
    assert said == City(**GHENT)
    assert "people" in server.requests[0].system


@pytest.mark.parametrize("kind", KINDS)
async def test_a_reply_can_say_what_it_used(kind: str):
    usage = Usage(input_tokens=1_000, output_tokens=200, cached_tokens=600, reasoning_tokens=50)
    async with ModelServer([Reply("Big.", usage=usage)]) as server, model_of(kind, server) as model:
        _, told = await asked(Agent(model), False)
    assert (told.input_tokens, told.output_tokens, told.cache_read_tokens) == (1_000, 200, 600)
    assert server.totals().cached_tokens == 600


async def test_the_same_conversation_reads_and_costs_the_same_in_every_format():
    def script(request: ModelRequest) -> Reply:
        return Reply("Big.") if request.results else Reply.calling("population", {"city": "Ghent"})

    seen = []
    for kind in KINDS:
        async with ModelServer(script) as server, model_of(kind, server) as model:
            agent = Agent(model, system_prompt="Be exact.")

            @agent.tool_plain
            def population(city: str) -> str:
                """How many people live in a city."""
                return f"{len(city)} people"

            await asked(agent, False)
        last = server.requests[-1]
        words = [(message.role, message.text, len(message.tool_calls)) for message in last.messages]
        results = [(result.name, result.text) for result in last.results]
        seen.append((last.system, words, results, [tool.name for tool in last.tools], server.calls[-1].output_tokens))
    assert all(view == seen[0] for view in seen)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_reply_is_cut_to_the_tokens_that_were_allowed(kind: str):
    async with ModelServer(["x" * 4_000]) as server, model_of(kind, server) as model:
        result = await Agent(model, model_settings={"max_tokens": 100}).run("Say much.")
    assert len(result.output) == 400
    assert result.response.finish_reason == "length"
    assert (server.requests[0].max_tokens, server.calls[0].output_tokens) == (100, 100)


async def test_a_stream_that_does_not_ask_for_its_usage_is_not_told():
    async with ModelServer(["Big."]) as server, model_of("openai-chat", server) as model:
        client = model.client  # pyright: ignore[reportAttributeAccessIssue] - of OpenAIChatModel
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "?"}], stream=True
        )
        chunks = [chunk async for chunk in stream]
    assert all(chunk.usage is None for chunk in chunks)
    assert server.totals(reported=True).calls == 0
    assert server.totals().output_tokens == 1
