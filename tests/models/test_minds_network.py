"""The whole path with a model: three ReAct agents find each other, team up, nest, pause, and the account is right."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from ioa.adapters.agents.card_file import carded
from ioa.adapters.models.tape import Head, Tape
from ioa.bootstrap import EmbeddedNetwork, embedded_network
from ioa.cli.hub_api import HubApi
from ioa.minds import Thinking, model_setting
from ioa.protocol.messages import AsyncTask, Launch, Pause, SyncTask, TaskResult, kind
from ioa.testing.model_server import ModelServer, Reply
from tests.models.brain import Asked, played
from tests.models.local_site import site

GOAL = (
    "orders.txt lists what the harbour shop ordered. Work out the total in euro with the exchange rate that stands on "
    "the shop's web page, and tell me who signed the orders."
)
ORDERS = "Orders, signed by Mara Lindqvist\nrope 3 x 12.50 dollars\nlamp 2 x 40 dollars\nsail 1 x 310 dollars\n"
PAGE = (
    "<html><head><title>Harbour shop</title></head><body><main><h1>Rates</h1><p>Today one dollar is 0.92 euro at the "
    "harbour shop, valid until the evening tide, for all orders of the week.</p></main></body></html>"
)


def agents(thinking: Thinking, address: str, folder: Path):
    cards = [
        {
            "name": "File reader",
            "description": "Reads files of many kinds and reports what they say: text, PDF, Office documents.",
            "tools": ["read_file"],
        },
        {
            "name": "Code runner",
            "description": "Writes and runs Python code to calculate totals and process numbers.",
            "tools": ["code_executor"],
        },
        {
            "name": "Web reader",
            "description": "Opens web pages and finds what stands on them, such as exchange rates.",
            "tools": ["web_browser"],
            "allow_private": [address],
        },
    ]
    return [carded(card, folder, thinking.mind) for card in cards]


class Harbour:
    """What the model says in this goal."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.decisions: Counter[str] = Counter()

    def __call__(self, asked: Asked):
        self.decisions[asked.decision] += 1
        return getattr(self, asked.decision)(asked)

    def team_formation(self, asked: Asked):
        if asked.has("nobody was searched yet"):
            wanted = (
                ["runs Python code to calculate"]
                if asked.has("calculate the total")
                else ["opens web pages", "reads text files"]
            )
            return {"tool": "search_agent", "desc": wanted, "thought": "look around"}
        team = ["Code runner"] if asked.has("calculate the total") else ["Web reader", "File reader"]
        return {"tool": "launch_group_chat", "team_members": [name for name in team if name != asked.me]}

    def turn(self, asked: Asked):
        if asked.has("calculate the total", "team of its own") or "Code runner: <data" in asked.text:
            if "T1 (Code runner), completed" in asked.text:
                return {"next_state": "conclusion", "content": "427.50 dollars"}
            return {
                "next_state": "sync_task",
                "content": "please",
                "tasks": [{"assignee": ["Code runner"], "task_desc": "Add 3*12.50 + 2*40 + 310 with Python"}],
            }
        if "T2 " not in asked.text:
            return {
                "next_state": "async_task",
                "content": "Two things side by side.",
                "tasks": [
                    {
                        "assignee": ["File reader"],
                        "task_desc": "Read orders.txt: who signed? Then calculate the total in dollars.",
                    },
                    {"assignee": ["Web reader"], "task_desc": f"Find the exchange rate on {self.url}/rates"},
                ],
            }
        if ", running: " in asked.text:
            return {"next_state": "pause", "content": "Both are needed."}
        return {"next_state": "conclusion", "content": "427.50 dollars at 0.92"}

    def triggers(self, asked: Asked):
        return {"triggers": ["T1", "T2"]}

    def brief(self, asked: Asked):
        task = asked.text.split("The task, as it was assigned:\n")[1].split("\n\n")[0]
        words = task.removesuffix("</data>").partition(">")[2]
        return {"task_abstract": words[:40], "task_desc": words, "messages": [2], "criteria": "it is said"}

    def alone_or_team(self, asked: Asked):
        return {"team": asked.me == "File reader" and asked.has("calculate the total"), "thought": "I cannot calculate"}

    def conclusion(self, asked: Asked):
        if asked.has("Web reader"):
            return {
                "content": "The total is 393.30 euro (427.50 dollars at 0.92). Mara Lindqvist signed.",
                "outcome": "completed",
            }
        return {"content": "Mara Lindqvist signed; the total is 427.50 dollars.", "outcome": "completed"}

    def agent(self, asked: Asked):
        request = asked.request
        if not request.results:
            if request.tool("run_python"):
                return Reply.calling("run_python", {"code": "print(3*12.50 + 2*40 + 310)"})
            if request.tool("browser_open"):
                return Reply.calling("browser_open", {"url": f"{self.url}/rates"})
            return Reply.calling("read_file", {"name": "orders.txt"})
        return Reply.calling("answer", {"conclusion": f"Found: {request.results[-1].text[:400]}", "abstract": "found"})


@asynccontextmanager
async def playing(tmp_path: Path, url: str, thinking: Thinking) -> AsyncIterator[EmbeddedNetwork]:
    made = agents(thinking, httpx.URL(url).netloc.decode(), tmp_path)
    folder = tmp_path / "net"
    policy = thinking.policy
    async with embedded_network(folder, agents=made, builtin=False, policy=policy, meaning=False) as opened:
        yield opened


@asynccontextmanager
async def network(
    tmp_path: Path, think: Harbour, **model
) -> AsyncIterator[tuple[EmbeddedNetwork, ModelServer, Thinking]]:
    async with ModelServer(played(think)) as server:
        thinking = Thinking(setting=model_setting([f"gpt-4o@{server.openai_url}"]), **model)
        async with thinking, playing(tmp_path, think.url, thinking) as opened:
            yield opened, server, thinking


async def run_goal(opened: EmbeddedNetwork, tmp_path: Path, *, goal: str = GOAL, **budgets: float):
    path = tmp_path / "orders.txt"
    path.write_text(ORDERS)
    async with HubApi(opened.url, opened.token) as api:
        sent = await api.upload(path, path.name, "text/plain")
        given = await api.launch(goal, artifacts=(sent,), budgets=budgets)
        async with api.events(given.goal_id) as events:
            async for _ in events:
                pass
        ended = await api.goal(given.goal_id)
        log = [entry.message for comm_id in ended.groups for entry in await api.messages(comm_id)]
        calls = await api.calls(given.goal_id)
    return ended, log, calls


async def test_a_goal_with_discovery_nested_team_async_tasks_and_pause_costs_what_the_server_counted(tmp_path):
    async with site({"/rates": PAGE}) as url:
        think = Harbour(url)
        async with network(tmp_path, think) as (opened, server, _):
            goal, log, calls = await asyncio.wait_for(run_goal(opened, tmp_path), 120)
    assert goal.status == "completed"
    assert goal.conclusion is not None
    assert "393.30" in goal.conclusion
    assert len(goal.groups) == 2
    assert {type(message) for message in log} >= {AsyncTask, SyncTask, Pause, TaskResult, Launch}
    results = [message.task_conclusion for message in log if isinstance(message, TaskResult)]
    assert any("427.5" in text for text in results)
    assert any("0.92" in text for text in results)
    billed = [call for call in server.calls if call.status == 200]
    assert goal.usage.calls == len(billed) == len(calls)
    assert goal.usage.input_tokens == sum(call.input_tokens for call in billed)
    assert goal.usage.output_tokens == sum(call.output_tokens for call in billed)
    assert think.decisions.keys() >= {
        "team_formation",
        "turn",
        "brief",
        "alone_or_team",
        "triggers",
        "conclusion",
        "agent",
    }
    told = [message.usage for message in log if message.usage is not None]
    assert sum(usage.input_tokens for usage in told) == goal.usage.input_tokens
    assert sum(usage.output_tokens for usage in told) == goal.usage.output_tokens


async def test_a_recorded_run_is_played_again_without_a_model(tmp_path):
    record = tmp_path / "run.jsonl"
    async with site({"/rates": PAGE}) as url:
        tape = Tape.recording(record, Head(goal=GOAL))
        async with network(tmp_path / "first", Harbour(url), damped=False, tape=tape) as (opened, _, thinking):
            first, log, _ = await asyncio.wait_for(run_goal(opened, tmp_path), 120)
        tape.close()
        setting = thinking.setting
        for again in ("second", "third"):
            tape = Tape.replaying(record)
            replayed = Thinking(setting=setting, damped=False, tape=tape)
            async with replayed, playing(tmp_path / again, url, replayed) as opened:  # the server is gone
                goal, second, calls = await asyncio.wait_for(run_goal(opened, tmp_path), 120)
            assert goal.conclusion == first.conclusion
            assert (goal.usage.calls, goal.usage.input_tokens) == (first.usage.calls, first.usage.input_tokens)
            assert Counter(map(kind, second)) == Counter(map(kind, log))
            assert not tape.unused()
            assert not [call for call in calls if call.error]


async def test_a_changed_prompt_is_told_with_the_difference_and_the_rules_go_on(tmp_path, caplog):
    record = tmp_path / "run.jsonl"
    async with site({"/rates": PAGE}) as url:
        tape = Tape.recording(record, Head(goal=GOAL))
        async with network(tmp_path / "first", Harbour(url), damped=False, tape=tape) as (opened, _, thinking):
            await asyncio.wait_for(run_goal(opened, tmp_path), 120)
        tape.close()
        replayed = Thinking(setting=thinking.setting, damped=False, tape=Tape.replaying(record))
        async with replayed, playing(tmp_path / "second", url, replayed) as opened:
            goal, _, _ = await asyncio.wait_for(run_goal(opened, tmp_path, goal=GOAL + " Be brief."), 120)
    assert goal.conclusion
    assert "this prompt is not in the record run.jsonl" in caplog.text
    assert "+<data>orders.txt lists" in caplog.text
