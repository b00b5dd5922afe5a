"""Each fault, as the real clients see it."""

from __future__ import annotations

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.exceptions import (
    AgentRunError,
    ContentFilterError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelNotFoundError,
    ModelOverloadedError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelServerError,
    UnexpectedModelBehavior,
)
from pydantic_ai.models import Model

from ioa.testing.model_server import (
    ContextTooLong,
    CutOff,
    EmptyText,
    ErrorMidStream,
    Fault,
    LongText,
    MalformedArguments,
    MalformedBody,
    MalformedText,
    ModelServer,
    NoEnd,
    NoSuchModel,
    OutOfQuota,
    Overloaded,
    RateLimited,
    Refusal,
    Reply,
    ServerError,
    Slow,
    UnknownTool,
    WrongKey,
    WrongNames,
    structured,
)
from tests.models.model_server_clients import model_of

FORMATS = ("openai-chat", "openai-responses", "anthropic", "gemini")
GHENT = {"name": "Ghent", "people": 260_000}


class City(BaseModel):
    """A city."""

    name: str
    people: int


def city_reply(fault: Fault) -> Reply:
    return Reply('{"name":"Ghent","people":260000}').but(fault)


async def outcome(model: Model, fault: Fault, stream: bool) -> object:
    """What an agent that does not try again says, or the exception that it raises."""
    typed = NativeOutput(City) if isinstance(fault, MalformedText) else City
    broken = MalformedArguments | MalformedText | UnknownTool | WrongNames
    agent = Agent(model, output_type=typed if isinstance(fault, broken) else str, retries=0)
    try:
        if not stream:
            return (await agent.run("How big is Ghent?")).output
        async with agent.run_stream("How big is Ghent?") as streamed:
            return await streamed.get_output()
    except AgentRunError as error:
        return error


# Fault, what is raised, and the status where a format has its own.
ERRORS: list[tuple[Fault, type[AgentRunError], dict[str, int]]] = [
    (RateLimited(7), ModelRateLimitError, {}),
    (OutOfQuota(), ModelQuotaExceededError, {"anthropic": 400}),
    (ServerError(), ModelServerError, {}),
    (ServerError(502, html=True), ModelServerError, {}),
    (Overloaded(), ModelOverloadedError, {"anthropic": 529}),
    (Overloaded(503), ModelOverloadedError, {}),
    (WrongKey(), ModelAuthenticationError, {"gemini": 400}),
    (NoSuchModel(), ModelNotFoundError, {}),
    (ContextTooLong(100), ModelContextWindowExceededError, {}),
]
STATUSES = (429, 429, 500, 502, 503, 503, 401, 404, 400)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("kind", FORMATS)
async def test_an_error_is_that_of_the_service(kind: str, stream: bool):
    script = [city_reply(fault) for fault, _, _ in ERRORS]
    async with ModelServer(script) as server, model_of(kind, server) as model:
        for (fault, expected, statuses), status in zip(ERRORS, STATUSES, strict=True):
            error = await outcome(model, fault, stream)
            assert isinstance(error, expected), (fault, error)
            assert server.calls[-1].status == statuses.get(kind, status), fault
            if isinstance(fault, RateLimited):
                assert isinstance(error, ModelAPIError)
                assert error.retry_after == 7
    assert server.totals().input_tokens == server.totals().output_tokens == 0


@pytest.mark.parametrize("kind", FORMATS)
async def test_retry_after_can_be_a_date(kind: str):
    async with ModelServer([city_reply(RateLimited(600, as_date=True))]) as server, model_of(kind, server) as model:
        error = await outcome(model, RateLimited(), False)
    assert isinstance(error, ModelRateLimitError)
    assert error.retry_after is not None
    assert 500 < error.retry_after <= 600


@pytest.mark.parametrize("kind", FORMATS)
async def test_a_wait_of_less_than_a_second_is_told_exactly(kind: str):
    async with ModelServer([city_reply(RateLimited(0.25))]) as server, model_of(kind, server) as model:
        error = await outcome(model, RateLimited(), False)
    assert isinstance(error, ModelRateLimitError)
    assert error.retry_after == 0.25


WIRE: list[tuple[Fault, type[AgentRunError] | None]] = [
    (CutOff(0), ModelConnectionError),
    (CutOff(0.5), ModelConnectionError),
    (MalformedBody(), ModelAPIError),
    (ErrorMidStream(), ModelOverloadedError),
    (ErrorMidStream(RateLimited()), ModelRateLimitError),
    (ErrorMidStream(ServerError()), ModelServerError),
    (Slow(first_byte_s=0.01, between_chunks_s=0.001), None),
]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("kind", FORMATS)
async def test_an_answer_that_does_not_arrive_is_told_from_one_that_does(kind: str, stream: bool):
    async with ModelServer([city_reply(fault) for fault, _ in WIRE]) as server, model_of(kind, server) as model:
        for fault, expected in WIRE:
            said = await outcome(model, fault, stream)
            if expected is None:
                assert said == '{"name":"Ghent","people":260000}'
            else:
                assert isinstance(said, expected), (fault, said)
        await server.settled()
    assert [call.ending for call in server.calls][:2] == ["cut off", "cut off"]
    assert [call.reported for call in server.calls] == [False] * 6 + [True]
    assert server.calls[0].status == 0


@pytest.mark.parametrize("kind", FORMATS)
async def test_a_stream_without_its_end_looks_whole_but_for_its_reason_to_end_or_its_usage(kind: str):
    async with ModelServer([city_reply(NoEnd())]) as server, model_of(kind, server) as model:
        async with Agent(model).run_stream("How big is Ghent?") as streamed:
            said = await streamed.get_output()
        assert said == '{"name":"Ghent","people":260000}'
        response = streamed.response
        assert response.finish_reason is None or response.usage.unmeasured_requests == 1
    assert not server.calls[0].reported


SAID: list[tuple[Fault, type[AgentRunError]]] = [
    (EmptyText(), UnexpectedModelBehavior),
    (MalformedArguments(), UnexpectedModelBehavior),
    (MalformedText(), UnexpectedModelBehavior),
    (UnknownTool(), UnexpectedModelBehavior),
    (WrongNames(), UnexpectedModelBehavior),
    (Refusal(kind="content_filter"), ContentFilterError),
]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("kind", FORMATS)
async def test_what_a_model_says_wrongly_is_found_out(kind: str, stream: bool):
    faults = iter(fault for fault, _ in SAID)
    async with (
        ModelServer(lambda request: structured(request, GHENT).but(next(faults))) as server,
        model_of(kind, server) as model,
    ):
        for fault, expected in SAID:
            assert isinstance(said := await outcome(model, fault, stream), expected), (fault, said)
    assert [call.status for call in server.calls] == [200] * len(SAID)


@pytest.mark.parametrize("kind", FORMATS)
async def test_a_refusal_is_told(kind: str):
    async with ModelServer([city_reply(Refusal())]) as server, model_of(kind, server) as model:
        said = await outcome(model, Refusal(), False)
    refused = isinstance(said, ContentFilterError) and "I cannot help with that." in str(said)
    assert refused or said == "I cannot help with that."


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("kind", FORMATS)
async def test_a_hundred_thousand_characters_arrive(kind: str, stream: bool):
    async with ModelServer([city_reply(LongText())]) as server, model_of(kind, server) as model:
        said = await outcome(model, LongText(), stream)
    assert isinstance(said, str)
    assert len(said) == 100_000
    assert server.totals(reported=True).output_tokens == 25_000


async def test_faults_compose():
    reply = city_reply(LongText(2_000)).but(Slow(first_byte_s=0.01), CutOff(0.9))
    async with ModelServer([reply]) as server, model_of("openai-chat", server) as model:
        said = await outcome(model, CutOff(), True)
        await server.settled()
    assert isinstance(said, ModelConnectionError)
    assert (server.calls[0].output_tokens, server.calls[0].ending) == (500, "cut off")
