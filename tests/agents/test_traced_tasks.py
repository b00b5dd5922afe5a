"""Where a task is in a trace is told to whoever does it: a URL, a program, a function in its thread."""

from __future__ import annotations

import sys

import httpx
import pytest

from ioa.adapters.agents.command import CommandAgent
from ioa.adapters.agents.function import FunctionAgent
from ioa.adapters.agents.remote import RemoteAgent
from ioa.ports.agent import Assignment
from ioa.ports.tracing import PLACE, SILENT, Place, here

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
FOREIGN = "00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-01"
PRINTS = "import os; print(os.environ.get('TRACEPARENT', 'nowhere'))"


async def quiet(_: str) -> None:
    pass


@pytest.fixture
def task(tmp_path):
    folder = tmp_path / "task"
    folder.mkdir()
    return Assignment("t1", "Where are you?", folder)


@pytest.fixture(params=[TRACEPARENT, None], ids=["traced", "not traced"])
def place(request):
    before = PLACE.set(Place(SILENT, request.param))
    yield request.param
    PLACE.reset(before)


async def test_an_agent_behind_a_url_gets_the_header(task, place):
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("traceparent"))
        return httpx.Response(200, text="Here.")

    agent = RemoteAgent("http://127.0.0.1/", "far", allow_private=True, transport=httpx.MockTransport(answer))
    await agent.perform(task, quiet)
    assert seen == [place]


@pytest.mark.skipif(sys.platform == "win32", reason="commands are tested on POSIX")
async def test_a_command_gets_the_variable_of_its_own_task_and_of_no_other(task, place, monkeypatch):
    monkeypatch.setenv("TRACEPARENT", FOREIGN)
    outcome = await CommandAgent((sys.executable, "-c", PRINTS), "prog").perform(task, quiet)
    assert outcome.conclusion == (place or "nowhere")


async def test_a_function_knows_it_in_its_thread(task, place):
    outcome = await FunctionAgent(lambda _: str(here().traceparent), "function").perform(task, quiet)
    assert outcome.conclusion == str(place)


async def test_a_coroutine_function_knows_it(task, place):
    async def run(_: str) -> str:
        return str(here().traceparent)

    assert (await FunctionAgent(run, "function").perform(task, quiet)).conclusion == str(place)
