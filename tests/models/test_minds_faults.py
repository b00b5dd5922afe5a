"""Every fault of a model, at every kind of decision: the goal still ends, with a conclusion, within its budgets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from ioa.adapters.agents.card_file import carded
from ioa.adapters.agents.carded import CardedAgent, make_card
from ioa.adapters.agents.function import as_agent
from ioa.adapters.models.faults import Patience
from ioa.adapters.models.setting import ModelSetting
from ioa.bootstrap import EmbeddedNetwork, embedded_network
from ioa.cli.hub_api import HubApi
from ioa.minds import Thinking
from ioa.testing.model_server import (
    ContextTooLong,
    CutOff,
    EmptyText,
    Fault,
    LongText,
    MalformedArguments,
    MalformedBody,
    MalformedText,
    ModelRequest,
    ModelServer,
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
from tests.models.brain import Asked

DECISIONS = ("team_formation", "plan", "turn", "triggers", "brief", "alone_or_team", "conclusion", "agent")
FAULTS: tuple[Fault, ...] = (
    Slow(first_byte_s=30.0),
    CutOff(),
    RateLimited(0.01),
    RateLimited(3_600.0),
    OutOfQuota(),
    ServerError(),
    Overloaded(),
    WrongKey(),
    NoSuchModel(),
    ContextTooLong(),
    MalformedBody(),
    MalformedText(),
    MalformedArguments(),
    UnknownTool(),
    WrongNames(),
    EmptyText(),
    LongText(),
    Refusal(),
)
CALLS = 120
GOAL = "Count the words of “one two three” and reverse the text “abc”."


@dataclass
class Stage:
    """What goes wrong, at which decision, and how often (None: always)."""

    fault: Fault | None = None
    decision: str = ""
    left: int | None = None
    seen: set[str] = field(default_factory=set)
    struck: int = 0

    def play(self, request: ModelRequest) -> Reply:
        asked = Asked(request)
        self.seen.add(asked.decision)
        reply = answer(asked)
        if self.fault is None or asked.decision != self.decision or self.left == 0:
            return reply
        self.left = None if self.left is None else self.left - 1
        self.struck += 1
        return reply.but(self.fault)


def answer(asked: Asked) -> Reply:
    request = asked.request
    match asked.decision:
        case "team_formation" if asked.has("nobody was searched yet"):
            made = {"tool": "search_agent", "desc": ["counts words", "reverses texts", "thinks about it"]}
        case "team_formation":
            made = {"tool": "launch_group_chat", "team_members": [n for n in NAMES if n != asked.me]}
        case "plan":
            made = {"objectives": [{"objective": "count", "member": "Word counter"}]}
        case "turn" if "T1 (" not in asked.text:
            tasks = [
                {"assignee": ["Word counter"], "task_desc": "Count the words of “one two three”."},
                {"assignee": ["Text reverser"], "task_desc": "Reverse the text “abc”."},
                {"assignee": ["Thinker"], "task_desc": "Say whether that makes sense."},
            ]
            made = {"next_state": "async_task", "content": "please", "tasks": tasks}
        case "turn" if ", running: " in asked.text:
            made = {"next_state": "pause", "content": "waiting"}
        case "turn":
            made = {"next_state": "conclusion", "content": "3 words; cba"}
        case "triggers":
            running = [alias for alias in ("T1", "T2", "T3") if f"- {alias}: " in asked.text]
            made = {"triggers": running}
        case "brief":
            task = asked.text.split("The task, as it was assigned:\n")[1].split("\n\n")[0]
            made = {"task_abstract": "it", "task_desc": task.removesuffix("</data>").partition(">")[2]}
        case "alone_or_team":
            made = {"team": False}
        case "conclusion":
            made = {"content": "There are 3 words; reversed it is cba.", "outcome": "completed"}
        case _:
            return Reply.calling("answer", {"conclusion": "It makes sense.", "abstract": "yes"})
    return structured(request, made)


NAMES = ("Word counter", "Text reverser", "Thinker")


def count_words(task_desc: str) -> str:
    return f"{len(task_desc.partition('“')[2].partition('”')[0].split())} words"


def reverse(task_desc: str) -> str:
    return task_desc.partition("“")[2].partition("”")[0][::-1] or "nothing to reverse"


@dataclass
class Theatre:
    """One network for the whole table; `stage` is set for each case."""

    network: EmbeddedNetwork
    server: ModelServer
    stage: Stage

    async def goal(self, stage: Stage, **budgets: float):
        self.stage.__dict__.update(stage.__dict__)
        async with HubApi(self.network.url, self.network.token) as api:
            given = await api.launch(GOAL, budgets={"calls": CALLS, **budgets})
            async with api.events(given.goal_id) as events:
                async for _ in events:
                    pass
            return await api.goal(given.goal_id)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theatre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Theatre]:
    folder: Path = tmp_path_factory.mktemp("theatre")
    stage = Stage()
    async with ModelServer(stage.play) as server:
        setting = ModelSetting(f"gpt-4o@{server.openai_url}", timeout_s=0.4)
        patience = Patience(attempts=2, total_s=2.0, first_s=0.01, most_s=0.02, down_s=0.0)
        async with Thinking(setting=setting, planning=True, damped=False, patience=patience) as thinking:
            thinker = {"name": "Thinker", "description": "Thinks about a question.", "tools": ["read_file"]}
            agents = [
                CardedAgent(make_card("Word counter", "Counts the words of a text."), as_agent(count_words, "count")),
                CardedAgent(make_card("Text reverser", "Reverses texts."), as_agent(reverse, "reverse")),
                carded(thinker, folder, thinking.mind),
            ]
            opened = embedded_network(folder, agents=agents, builtin=False, policy=thinking.policy, meaning=False)
            async with opened as network:
                yield Theatre(network, server, stage)


@pytest.mark.asyncio(loop_scope="module")
async def test_without_a_fault_every_kind_of_decision_is_asked_for(theatre: Theatre) -> None:
    stage = Stage()
    goal = await asyncio.wait_for(theatre.goal(stage), 60)
    assert goal.status == "completed"
    assert theatre.stage.seen == set(DECISIONS)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault)[:40])
@pytest.mark.parametrize("decision", DECISIONS)
async def test_a_goal_ends_whatever_always_goes_wrong_at_one_decision(
    theatre: Theatre, decision: str, fault: Fault
) -> None:
    goal = await asyncio.wait_for(theatre.goal(Stage(fault, decision)), 60)
    assert theatre.stage.struck
    assert goal.status in ("completed", "partial", "failed")
    assert goal.conclusion
    assert goal.usage.calls <= CALLS


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("fault", [CutOff(), RateLimited(0.01), ServerError(), MalformedText(), EmptyText()])
@pytest.mark.parametrize("decision", DECISIONS)
async def test_what_goes_wrong_once_is_made_good(theatre: Theatre, decision: str, fault: Fault) -> None:
    goal = await asyncio.wait_for(theatre.goal(Stage(fault, decision, left=1)), 60)
    assert (theatre.stage.struck, goal.status) == (1, "completed")
    assert "cba" in (goal.conclusion or "")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("budget", [{"calls": 4}, {"tokens": 6_000}, {"calls": 0}])
async def test_a_spent_budget_ends_the_goal_with_what_there_is_and_says_so(theatre: Theatre, budget) -> None:
    goal = await asyncio.wait_for(theatre.goal(Stage(), **budget), 60)
    assert goal.usage.calls <= budget.get("calls", CALLS)
    assert goal.usage.input_tokens + goal.usage.output_tokens <= budget.get("tokens", 10**9)
    assert goal.status in ("partial", "failed")
    assert "budget" in (goal.conclusion or "")
