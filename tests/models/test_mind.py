"""Decisions and text, over every service's own wire format."""

from __future__ import annotations

import asyncio
import math
import sys

import pytest
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.profiles import ModelProfile

from ioa.adapters.models.faults import Patience
from ioa.adapters.models.mind import Mind, MindFailed, NotLegal
from ioa.adapters.models.setting import ModelSetting
from ioa.ports.spending import Unlimited
from ioa.testing.model_server import (
    EmptyText,
    Fault,
    LongText,
    MalformedArguments,
    MalformedText,
    ModelRequest,
    ModelServer,
    Refusal,
    Reply,
    ServerError,
    UnknownTool,
    WrongKey,
    WrongNames,
    structured,
)
from tests.models.conversing import KEY, SERVICES, TURN, Turn, asked, env_of, mind_of, notes, told

EXPECTED = Turn(**TURN)  # pyright: ignore[reportArgumentType] - the values are of these types


def answering(request: ModelRequest) -> Reply:
    return structured(request, TURN)


async def decided(mind: Mind, spending: Unlimited, **more: object) -> Turn:
    return await mind.decide("turn", "You are alice.", "What now?", Turn, spending, **more)  # pyright: ignore[reportArgumentType] - check and agent


@pytest.mark.parametrize("service", SERVICES)
async def test_every_service_gives_a_typed_decision_counted_to_the_token(service: str) -> None:
    spending = Unlimited()
    async with ModelServer(answering, accept_key=None if service.startswith("ollama") else KEY) as server:
        async with mind_of(server, service) as mind:
            assert await decided(mind, spending) == EXPECTED
        totals = server.totals()
        request = server.requests[0]
    (usage,) = told(spending)
    (call,) = asked(spending)
    assert (usage.calls, usage.input_tokens, usage.output_tokens) == (1, totals.input_tokens, totals.output_tokens)
    assert (call.decision, call.model) == ("turn", service.replace("URL", server.openai_url))
    assert call.tokens >= usage.input_tokens + usage.output_tokens
    assert call.cost_usd >= usage.cost_usd
    assert "You are alice." in request.system
    assert request.last_text == "What now?"
    assert request.max_tokens == 4096
    # Structured output where the model has it, else a tool that has to be called.
    assert (request.output_schema is None) == (request.forced_tool == "answer")


@pytest.mark.parametrize(
    "fault", [MalformedArguments(), MalformedText(), UnknownTool(), WrongNames(), EmptyText(), LongText()], ids=repr
)
@pytest.mark.parametrize("service", ["openai-chat:gpt-6-luna", "anthropic:claude-3-haiku"])
async def test_an_answer_that_cannot_be_used_goes_back_with_the_reason(service: str, fault: Fault) -> None:
    def second_is_good(request: ModelRequest) -> Reply:
        return answering(request) if request.number > 1 else answering(request).but(fault)

    spending = Unlimited()
    async with ModelServer(second_is_good) as server, mind_of(server, service) as mind:
        assert await decided(mind, spending) == EXPECTED
        requests, totals = server.requests, server.totals()
    if len(requests) == 2:  # else it could be read all the same, or the answer did not have what the fault disturbs
        feedback = requests[1].last_text
        assert "cannot be taken" in feedback
        assert len(str(requests[1].raw)) < 20_000, "a long answer must not be sent back whole"
    usages = told(spending)
    assert sum(usage.input_tokens for usage in usages) == totals.input_tokens
    assert sum(usage.output_tokens for usage in usages) == totals.output_tokens


async def test_an_answer_that_must_not_be_taken_goes_back_with_the_reason() -> None:
    def speaking(request: ModelRequest) -> Reply:
        return structured(request, TURN | {"next_speaker": "carol" if request.number == 3 else "nobody"})

    def only_members(turn: Turn) -> None:
        if turn.next_speaker == "nobody":
            raise NotLegal("next_speaker: 'nobody' is no member of the group.")

    async with ModelServer(speaking) as server, mind_of(server) as mind:
        assert (await decided(mind, Unlimited(), check=only_members)).next_speaker == "carol"
        assert [request.last_text.count("no member of the group") for request in server.requests] == [0, 1, 1]
        assert "nobody" in server.requests[1].messages[1].text


async def test_after_the_third_answer_it_fails_and_says_why() -> None:
    spending = Unlimited()
    async with ModelServer(lambda _: "I would rather not.") as server, mind_of(server) as mind:
        with pytest.raises(MindFailed, match=r"3 times.*no JSON object") as failure:
            await decided(mind, spending)
        assert failure.value.kind == "output"
        assert len(server.calls) == len(told(spending)) == 3


async def test_an_answer_cut_off_by_its_limit_is_asked_for_shorter() -> None:
    def long_then_short(request: ModelRequest) -> Reply:
        return structured(request, TURN | {"content": "word " * (20_000 if request.number == 1 else 2)})

    async with ModelServer(long_then_short) as server, mind_of(server) as mind:
        assert (await decided(mind, Unlimited())).content == "word word "
        assert "Answer shorter" in server.requests[1].last_text


async def test_a_refusal_of_the_service_is_not_asked_again() -> None:
    refusing = Reply().but(Refusal(kind="content_filter"))
    async with ModelServer(lambda _: refusing) as server, mind_of(server) as mind:
        with pytest.raises(MindFailed, match="content rules") as failure:
            await decided(mind, Unlimited())
        assert failure.value.kind == "refused"
        assert len(server.calls) == 1


async def test_a_server_that_rejects_structured_output_is_asked_for_json_in_text_from_then_on() -> None:
    def text_only(request: ModelRequest) -> Reply:
        if request.output_schema is not None or request.tools or request.json_output:
            return Reply().but(ServerError(400))
        return Reply(f"Sure:\n```json\n{Reply.calling('x', TURN).tool_calls[0].arguments_text}\n```")

    spending = Unlimited()
    async with ModelServer(text_only) as server, mind_of(server, "tiny@URL") as mind:
        assert await decided(mind, spending) == EXPECTED
        assert await decided(mind, spending) == EXPECTED
        assert [call.status for call in server.calls] == [400, 200, 200]
        assert "next_speaker" in server.requests[1].system, "the schema stands in the instructions"
    assert [usage.input_tokens > 0 for usage in told(spending)] == [False, True, True]


async def test_a_server_that_ignores_structured_output_is_asked_for_json_in_text_from_then_on() -> None:
    def ignoring(request: ModelRequest) -> Reply:
        return Reply("Let us wait.") if "JSON schema" not in request.system else structured(request, TURN)

    async with ModelServer(ignoring) as server, mind_of(server, "tiny@URL") as mind:
        assert await decided(mind, Unlimited()) == EXPECTED
        assert [request.output_schema is None for request in server.requests] == [False, True]


async def test_a_model_without_tools_and_structured_output_answers_in_text() -> None:
    seen: list[AgentInfo] = []

    def speak(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        seen.append(info)
        return ModelResponse(parts=[TextPart('{"content": "hi", "next_state": "pause"}')])

    plain = ModelProfile(supports_tools=False, supports_json_schema_output=False)
    async with Mind(ModelSetting("ollama:old"), env={}, build=lambda _: FunctionModel(speak, profile=plain)) as mind:
        assert await decided(mind, Unlimited()) == Turn("hi", "pause")
    assert not seen[0].output_tools
    assert "JSON schema" in (seen[0].instructions or "")


async def test_plain_text_is_never_empty() -> None:
    async with ModelServer(["", "  Four.  "]) as server, mind_of(server) as mind:
        assert await mind.ask("Be short.", "2 + 2?", Unlimited()) == "Four."
    async with ModelServer(["", "", ""]) as server, mind_of(server) as mind:
        with pytest.raises(MindFailed, match="empty text"):
            await mind.ask("Be short.", "2 + 2?", Unlimited())


async def test_a_model_without_a_price_or_usage_report_is_told_as_estimated() -> None:
    def silent(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        return ModelResponse(parts=[ToolCallPart("answer", TURN)])

    spending = Unlimited()
    tools = ModelProfile(supports_json_schema_output=False)

    def build(_: object) -> FunctionModel:
        return FunctionModel(silent, profile=tools)

    async with Mind(ModelSetting("ollama:quiet"), env={}, build=build) as mind:
        assert await decided(mind, spending) == EXPECTED
    (usage,) = told(spending)
    assert usage.input_tokens > 0


async def test_the_model_of_a_mind_drives_a_loop_of_its_own_within_the_account() -> None:
    spending = Unlimited()
    script = [Reply.calling("add", {"a": 2, "b": 3}), "It is 5."]
    async with ModelServer(script) as server, mind_of(server) as mind:
        await mind.ready("agent")
        agent = Agent(mind.model("agent", spending, agent="adder"))

        @agent.tool_plain
        def add(a: int, b: int) -> int:
            return a + b

        result = await agent.run("2 + 3?")
        assert result.output == "It is 5."
        totals = server.totals()
    usages = told(spending)
    assert [call.decision for call in asked(spending)] == ["agent", "agent"]
    assert sum(usage.input_tokens for usage in usages) == totals.input_tokens
    assert sum(usage.output_tokens for usage in usages) == totals.output_tokens


@pytest.mark.parametrize("service", SERVICES[:5])
async def test_streams_are_counted_to_the_token(service: str) -> None:
    spending = Unlimited()
    async with ModelServer(["A long story about boats. " * 20]) as server, mind_of(server, service) as mind:
        await mind.ready("agent")
        agent = Agent(mind.model("agent", spending))
        async with agent.run_stream("Tell me a story.") as run:
            story = await run.get_output()
        assert story.startswith("A long story")
        totals = server.totals()
    (usage,) = told(spending)
    assert (usage.input_tokens, usage.output_tokens) == (totals.input_tokens, totals.output_tokens)


async def test_each_decision_has_its_model_and_the_window_of_it() -> None:
    async with ModelServer(answering) as server:
        setting = ModelSetting("anthropic:claude-3-haiku", {"turn": "ollama:small"})
        async with Mind(setting, env=env_of(server)) as mind:
            await decided(mind, Unlimited())
            assert server.requests[0].model == "small"
            assert mind.window_tokens("turn") == 8_192
            assert mind.window_tokens("conclusion") == 200_000


async def test_decisions_at_once_do_not_disturb_each_other() -> None:
    spending = Unlimited()
    async with ModelServer(answering) as server, mind_of(server) as mind:
        results = await asyncio.gather(*(decided(mind, spending) for _ in range(20)))
        assert results == [EXPECTED] * 20
        assert sum(usage.input_tokens for usage in told(spending)) == server.totals().input_tokens
    assert math.isclose(sum(usage.cost_usd for usage in told(spending)), 20 * told(spending)[0].cost_usd)
    assert notes(spending) == [""] * 20


async def test_without_the_extra_it_says_which_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    mind = Mind(ModelSetting("openai:m"), env={"OPENAI_API_KEY": KEY})
    with pytest.raises(MindFailed, match=r"internet-of-agents\[models\]") as failure:
        await decided(mind, Unlimited())
    assert failure.value.kind == "extra"


async def test_a_model_that_cannot_be_reached_is_left_alone_for_a_while() -> None:
    async with ModelServer([Reply().but(WrongKey()), Reply().but(WrongKey())]) as server:
        patience = Patience(down_s=30.0)
        async with Mind(ModelSetting(f"m@{server.openai_url}"), patience=patience) as mind:
            for _ in range(3):
                with pytest.raises(MindFailed) as failed:
                    await mind.ask("Be short.", "2 + 2?", Unlimited())
                assert failed.value.kind == "key"
        assert len(server.calls) == 1
