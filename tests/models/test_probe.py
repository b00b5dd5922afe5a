"""One tiny call, and what is wrong in words."""

from __future__ import annotations

import math

import pytest

from ioa.adapters.models.probe import probe
from ioa.testing.clocks import ManualClock
from ioa.testing.model_server import (
    Fault,
    ModelRequest,
    ModelServer,
    NoSuchModel,
    OutOfQuota,
    Reply,
    ServerError,
    Slow,
    WrongKey,
)
from tests.models.conversing import KEY, SERVICES, env_of

READY = Reply.calling("ready", {"word": "ok"})


@pytest.mark.parametrize("service", SERVICES)
async def test_a_model_that_works_is_said_to_work_with_its_price(service: str) -> None:
    async with ModelServer([READY]) as server:
        report = await probe(service.replace("URL", server.openai_url), env=env_of(server))
        totals = server.totals()
    assert report.ok, report.lines
    assert report.tools is True
    assert report.usage is not None
    assert report.usage.input_tokens == totals.input_tokens
    assert report.window_tokens >= 8_192
    text = "\n".join(report.lines)
    assert "answers" in text
    assert ("price not known" in text) == service.startswith("azure")


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (WrongKey(), "key", "OPENAI_API_KEY"),
        (NoSuchModel(), "model", "Check the name"),
        (OutOfQuota(), "quota", "nothing is left"),
        (ServerError(500), "server", "fault of its own"),
        (Slow(math.inf), "timeout", "did not answer within"),
    ],
)
async def test_what_is_wrong_is_said_in_words_after_one_call(fault: Fault, kind: str, words: str) -> None:
    async with ModelServer([READY.but(fault)]) as server:
        report = await probe("openai-chat:gpt-6-luna", env=env_of(server), timeout_s=0.5)
    assert (report.ok, report.kind) == (False, kind)
    assert words in report.lines[0]
    assert KEY not in repr(report)


async def test_no_key_no_server_and_no_such_prefix_need_no_call() -> None:
    assert "OPENAI_API_KEY is not set" in (await probe("openai:m", env={})).lines[0]
    assert "Did you mean openai:m?" in (await probe("opnai:m", env={})).lines[0]
    unreachable = await probe("m@http://127.0.0.1:1/v1", env={})
    assert (unreachable.kind, unreachable.ok) == ("unreachable", False)
    assert (await probe("openai:m", env={"IOA_PRICES": "x"})).kind == "setting"


async def test_a_model_that_calls_no_tools_is_said_to_write_json_in_text() -> None:
    async with ModelServer(["ok"]) as server:
        report = await probe("tiny@" + server.openai_url, env={})
    assert report.ok
    assert report.tools is False
    assert any("did not call the tool" in line for line in report.lines)


async def test_a_server_that_rejects_tools_is_asked_once_more_without() -> None:
    def no_tools(request: ModelRequest) -> Reply:
        return Reply().but(ServerError(400)) if request.tools else Reply("ok")

    async with ModelServer(no_tools) as server:
        report = await probe("tiny@" + server.openai_url, env={})
        assert [bool(request.tools) for request in server.requests] == [True, False]
    assert report.ok
    assert report.tools is False


async def test_a_slow_model_is_said_to_be_slow() -> None:
    clock = ManualClock()

    async def slowly(_: ModelRequest) -> Reply:
        await clock.advance(12.0)
        return READY

    async with ModelServer(slowly) as server:
        report = await probe("tiny@" + server.openai_url, env={}, clock=clock)
    assert report.ok
    assert any("That is slow" in line for line in report.lines)


async def test_a_model_that_ollama_lacks_comes_with_the_remedy() -> None:
    async with ModelServer(models=("llama3.2:3b",)) as server:
        report = await probe("ollama:llama3.1:3b", env={"OLLAMA_HOST": server.url})
    assert report.kind == "model"
    assert "Get it with: ollama pull llama3.1:3b" in report.lines
    assert any("Did you mean llama3.2:3b?" in line for line in report.lines)
