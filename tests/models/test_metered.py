"""Accounts, faults and retries: what is asked for, what is told, and what is tried again."""

from __future__ import annotations

import asyncio
import math
from random import Random

import pytest
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from ioa.adapters.models.faults import Fault as CallFault
from ioa.adapters.models.faults import Patience, wait_s
from ioa.adapters.models.metered import ESTIMATED
from ioa.adapters.models.mind import Mind, MindFailed
from ioa.adapters.models.setting import ModelSetting
from ioa.ports.spending import BudgetSpent, ModelCall, Unlimited
from ioa.testing.clocks import ManualClock
from ioa.testing.model_server import (
    ContextTooLong,
    CutOff,
    ErrorMidStream,
    Fault,
    MalformedBody,
    ModelServer,
    NoEnd,
    NoSuchModel,
    OutOfQuota,
    Overloaded,
    RateLimited,
    Reply,
    ServerError,
    Slow,
    WrongKey,
)
from tests.models.conversing import KEY, QUICK, SERVICES, asked, env_of, mind_of, notes, told

PASSING = [
    RateLimited(0.0),
    RateLimited(0.0, as_date=True),
    RateLimited(None),
    ServerError(500),
    ServerError(502, html=True),
    ServerError(504),
    Overloaded(),
    ErrorMidStream(),
]
BROKEN = [CutOff(0.0), CutOff(0.5), NoEnd(), MalformedBody()]
LASTING = [
    (WrongKey(), "key"),
    (NoSuchModel(), "model"),
    (OutOfQuota(), "quota"),
    (ContextTooLong(), "window"),
    (ServerError(501), "server"),
]
ONE_OF_EACH = ("openai:gpt-6-luna", "openai-chat:gpt-6-luna", "anthropic:claude-haiku-5-5", "google:gemini-3.8-flash")


@pytest.mark.parametrize("fault", PASSING, ids=repr)
@pytest.mark.parametrize("service", ONE_OF_EACH)
async def test_what_can_pass_is_tried_again_and_each_attempt_is_a_call(service: str, fault: Fault) -> None:
    spending = Unlimited()
    async with ModelServer([Reply().but(fault), "Four."]) as server, mind_of(server, service) as mind:
        assert await mind.ask("Be short.", "2 + 2?", spending) == "Four."
        totals = server.totals()
    first, second = told(spending)
    assert (first.input_tokens, first.output_tokens, first.cost_usd) == (0, 0, 0.0)
    assert (second.input_tokens, second.output_tokens) == (totals.input_tokens, totals.output_tokens)
    assert notes(spending)[0]
    assert notes(spending)[1] == ""


@pytest.mark.parametrize("fault", BROKEN, ids=repr)
@pytest.mark.parametrize("service", ONE_OF_EACH)
async def test_an_answer_that_broke_is_told_as_estimated_for_it_was_paid_for(service: str, fault: Fault) -> None:
    spending = Unlimited()
    async with ModelServer([Reply("Five, or so.").but(fault), "Four."]) as server, mind_of(server, service) as mind:
        assert await mind.ask("Be short.", "2 + 2?", spending) == "Four."
        broken = server.calls[0]
    assert told(spending)[0].input_tokens >= broken.input_tokens
    assert ESTIMATED in notes(spending)[0]


@pytest.mark.parametrize(("fault", "kind"), LASTING, ids=repr)
@pytest.mark.parametrize("service", SERVICES)
async def test_what_cannot_pass_fails_at_once_in_words(service: str, fault: Fault, kind: str) -> None:
    spending = Unlimited()
    async with ModelServer([Reply().but(fault)]) as server, mind_of(server, service) as mind:
        with pytest.raises(MindFailed) as failure:
            await mind.ask("Be short.", "2 + 2?", spending)
    assert failure.value.kind == kind
    text = str(failure.value)
    assert service.partition("@")[0] in text
    assert KEY not in text
    assert KEY[-4:] not in text
    if kind == "key":
        assert "API_KEY" in text
    (usage,) = told(spending)
    assert usage.input_tokens == 0


async def test_a_call_that_does_not_answer_in_time_is_given_up() -> None:
    spending = Unlimited()
    async with ModelServer([Reply("late").but(Slow(math.inf))] * 2) as server:
        setting = ModelSetting("openai-chat:m", timeout_s=0.2)
        async with Mind(setting, env=env_of(server), patience=Patience(attempts=2, first_s=0.001)) as mind:
            with pytest.raises(MindFailed, match=r"within 0\.2 s.*tried 2 times") as failure:
                await mind.ask("Be short.", "2 + 2?", spending)
    assert failure.value.kind == "timeout"
    assert all(usage.input_tokens > 0 for usage in told(spending))


@pytest.mark.parametrize("service", ["m@http://127.0.0.1:1/v1", "ollama:m"])
async def test_a_server_that_is_not_there_is_said_to_be_unreachable(service: str) -> None:
    spending = Unlimited()
    async with Mind(ModelSetting(service), env={"OLLAMA_HOST": "127.0.0.1:1"}, patience=QUICK) as mind:
        with pytest.raises(MindFailed, match=r"nothing answers at http://127\.0\.0\.1:1/v1") as failure:
            await mind.ask("Be short.", "2 + 2?", spending)
    assert failure.value.kind == "unreachable"
    assert {usage.input_tokens for usage in told(spending)} == {0}
    assert ("ollama serve" in str(failure.value)) == service.startswith("ollama")


async def test_a_cancelled_call_is_told_without_waiting() -> None:
    spending = Unlimited()
    reached = asyncio.Event()

    async def hang(_: object) -> Reply:
        reached.set()
        return Reply("never").but(Slow(math.inf))

    async with ModelServer(hang) as server, mind_of(server) as mind:
        asking = asyncio.create_task(mind.ask("Be short.", "2 + 2?", spending))
        await reached.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    (usage,) = told(spending)
    assert usage.input_tokens > 0
    assert notes(spending) == [f"cancelled; {ESTIMATED}"]


async def test_a_stream_that_breaks_is_told_with_what_was_read() -> None:
    spending = Unlimited()
    broken = Reply("A long story about boats. " * 50).but(CutOff(0.5))
    async with ModelServer([broken]) as server, mind_of(server) as mind:
        await mind.ready("agent")
        agent = Agent(mind.model("agent", spending))
        with pytest.raises(MindFailed) as failure:
            async with agent.run_stream("Tell me a story.") as run:
                await run.get_output()
    assert failure.value.kind == "unreachable"
    (usage,) = told(spending)
    assert usage.input_tokens > 0
    assert usage.output_tokens > 0


class Budget(Unlimited):
    """Grants calls up to this many dollars each."""

    def __init__(self, cost_usd: float) -> None:
        super().__init__()
        self._cost_usd = cost_usd

    async def ask(self, call: ModelCall) -> str:
        if call.cost_usd > self._cost_usd:
            raise BudgetSpent(f"cost_usd: $0 of ${self._cost_usd} are used; this call may cost ${call.cost_usd}")
        return await super().ask(call)


def never(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    raise AssertionError("it must not be called")


async def test_a_call_beyond_the_budget_is_not_made() -> None:
    setting = ModelSetting("anthropic:claude-3-haiku")
    async with Mind(setting, env={}, build=lambda _: FunctionModel(never)) as mind:
        with pytest.raises(BudgetSpent, match="cost_usd"):
            await mind.ask("Be short.", "2 + 2?", Budget(0.000001))


async def test_a_budget_on_money_refuses_a_model_without_a_price_before_the_call() -> None:
    async with Mind(ModelSetting("azure:mine"), env={}, build=lambda _: FunctionModel(never)) as mind:
        with pytest.raises(MindFailed, match="IOA_PRICES=mine=") as failure:
            await mind.ask("Be short.", "2 + 2?", Budget(1_000.0))
    assert failure.value.kind == "price"
    priced = {"IOA_PRICES": "mine=1/2"}
    spending = Budget(1.0)
    async with Mind(ModelSetting("azure:mine"), env=priced, build=lambda _: FunctionModel(four)) as mind:
        assert await mind.ask("Be short.", "2 + 2?", spending) == "Four."
    (usage,) = told(spending)
    assert usage.cost_usd == pytest.approx((usage.input_tokens + 2 * usage.output_tokens) / 1e6)
    assert asked(spending)[0].cost_usd > usage.cost_usd


def four(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    return ModelResponse(parts=[TextPart("Four.")])


class Watched(ManualClock):
    """Says when somebody sleeps, and how long."""

    def __init__(self) -> None:
        super().__init__()
        self.slept_s: list[float] = []
        self.sleeping = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.sleeping.set()
        await super().sleep(seconds)


async def test_a_service_that_says_when_to_come_back_is_waited_for_by_the_clock() -> None:
    clock = Watched()
    setting, script = ModelSetting("openai-chat:m"), [Reply().but(RateLimited(20.0)), "Four."]
    async with ModelServer(script) as server, Mind(setting, env=env_of(server), clock=clock, random=Random(1)) as mind:
        asking = asyncio.create_task(mind.ask("Be short.", "2 + 2?", Unlimited()))
        await clock.sleeping.wait()
        assert 20 <= clock.slept_s[0] <= 21
        assert len(server.calls) == 1
        await clock.advance(21)
        assert await asking == "Four."


async def test_a_service_that_wants_us_to_wait_for_an_hour_is_not_waited_for() -> None:
    async with ModelServer([Reply().but(RateLimited(3_600.0))]) as server, mind_of(server) as mind:
        with pytest.raises(MindFailed, match="asks to wait 3600 s") as failure:
            await mind.ask("Be short.", "2 + 2?", Unlimited())
    assert failure.value.kind == "limit"


def test_waits_grow_are_spread_and_end() -> None:
    patience = Patience(attempts=4, total_s=100, first_s=1, most_s=3, retry_after_s=60)
    fault = CallFault("server", "down", again=True)
    waits = [[wait_s(fault, attempt, 0, patience, Random(seed)) or 0 for seed in range(50)] for attempt in (1, 2, 3)]
    assert [round(max(row)) for row in waits] == [1, 2, 3]
    assert all(min(row) >= most / 2 for row, most in zip(waits, (1, 2, 3), strict=True))
    assert len({round(wait, 6) for wait in waits[0]}) > 40
    assert wait_s(fault, 4, 0, patience, Random(1)) is None, "the attempts are used up"
    assert wait_s(fault, 1, 99.9, patience, Random(1)) is None, "the time is used up"
    asked_for = CallFault("limit", "slow down", again=True, after_s=30.0)
    assert 30 <= (wait_s(asked_for, 1, 0, patience, Random(1)) or 0) <= 31
    too_long = CallFault("limit", "slow down", again=True, after_s=3_600.0)
    assert wait_s(too_long, 1, 0, patience, Random(1)) is None
    assert wait_s(CallFault("key", "wrong"), 1, 0, patience, Random(1)) is None
