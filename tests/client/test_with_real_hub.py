"""The client's whole path against the real hub: searches, teams, files, contacts, restarts of either side."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from desk import FunctionAgent

from ioa.client.events import Disconnected
from ioa.conversation.formation import LaunchGroupChat, SearchAgent
from ioa.ports.agent import LocalFile, Outcome
from ioa.protocol.cards import Card
from ioa.testing.clocks import ManualClock
from ioa.testing.network import Network, network
from ioa.testing.policies import ScriptedPolicy, assign, conclude, pause


@pytest.fixture
async def net(tmp_path: Path):
    async with network(tmp_path) as made:
        yield made


def searching(*phrases: str):
    def team(situation):
        if not situation.found:
            return SearchAgent(phrases)
        return LaunchGroupChat(tuple(dict.fromkeys(hits[0].card.name for _, hits in situation.found if hits)))

    return team


async def with_chair(net: Network, policy: ScriptedPolicy) -> None:
    await net.join(Card(name="Chair", description="plans and asks others"), policy)


class ByState(ScriptedPolicy):
    """Adds, then draws; from the log alone, so that it survives restarts and other members can carry on."""

    async def turn(self, view):
        group = view.group
        tasks = list(group.tasks.values())
        if not tasks:
            return assign(("Adder", "add 1 and 2"), wait=False)
        if tasks[0].open:
            return pause(tasks[0].task_id)
        if len(tasks) == 1:
            return assign(("Painter", "draw the sum"), builds_on=(tasks[0].task_id,))
        return conclude(tasks[-1].conclusion)


async def paint(assignment, progress):
    await progress("painting")
    path = assignment.folder / "chart.svg"
    path.write_text("<svg/>")
    text = f"drew {assignment.earlier[0].conclusion!r}"
    return Outcome(text, files=(LocalFile("chart.svg", "image/svg+xml", path),))


async def test_a_goal_with_a_search_two_agents_and_a_file(net: Network):
    policy = ByState(team=searching("adds numbers", "draws charts"))
    await with_chair(net, policy)
    await net.join(Card(name="Adder", description="adds numbers"), ScriptedPolicy(), FunctionAgent())
    await net.join(Card(name="Painter", description="draws charts"), ScriptedPolicy(), FunctionAgent(paint))
    file = await net.upload("data.csv", b"1,2", "text/csv")
    goal = await net.answer(await net.ask("sum and draw", initiator="Chair", artifacts=[file]))
    assert (goal.status, goal.conclusion) == ("completed", "drew 'did add 1 and 2'")
    member = net.members["Chair"]
    assert {name: (one.completed, one.failed) for name, one in member.client.contacts.items()} == {
        "Adder": (1, 0),
        "Painter": (1, 0),
    }
    assert member.client.contacts["Adder"].description == "adds numbers"

    async def published() -> list:
        answer = await net.http.get("/v1/contacts")
        return answer.json()["items"]

    async with asyncio.timeout(60):
        while not await published():
            await net._news_or_soon()
    assert {entry["name"] for item in await published() for entry in item["contacts"]} == {"Adder", "Painter"}


async def test_a_nested_team_over_the_real_hub(net: Network):
    await with_chair(net, ScriptedPolicy([assign(("Lead", "big")), lambda v: conclude(_last(v))], team=("Lead",)))
    lead = ScriptedPolicy([assign(("Hand", "small")), lambda v: conclude(_last(v))], nest=True, team=("Hand",))
    await net.join(Card(name="Lead", description="leads"), lead, FunctionAgent())
    await net.join(Card(name="Hand", description="works"), ScriptedPolicy(), FunctionAgent())
    goal = await net.answer(await net.ask("do it", initiator="Chair"))
    assert goal.conclusion == "did small"
    assert len(goal.groups) == 2
    assert goal.channels == {"nested": 2, "full": 3}


def _last(view) -> str:
    return list(view.group.tasks.values())[-1].conclusion


async def test_a_fixed_team_is_launched_as_it_is(net: Network):
    policy = ScriptedPolicy([assign(("Adder", "add")), lambda v: conclude(_last(v))])
    await with_chair(net, policy)
    await net.join(Card(name="Adder", description="adds numbers"), ScriptedPolicy(), FunctionAgent())
    goal = await net.answer(await net.ask("sum", initiator="Chair", team=["Chair", "Adder"]))
    assert goal.conclusion == "did add"
    assert policy.situations == []


async def test_the_hub_goes_away_in_the_middle_and_comes_back(net: Network):
    gone, go = asyncio.Event(), asyncio.Event()

    async def slow(assignment, progress):
        gone.set()
        await go.wait()
        return Outcome("three")

    await with_chair(net, ByState(team=("Adder", "Painter")))
    agent = FunctionAgent(slow)
    await net.join(Card(name="Adder", description="adds numbers"), ScriptedPolicy(), agent)
    await net.join(Card(name="Painter", description="draws charts"), ScriptedPolicy(), FunctionAgent(paint))
    goal_id = await net.ask("sum and draw", initiator="Chair")
    await gone.wait()
    await net.stop_hub()
    await net.until(lambda: all(_saw(member, Disconnected) for member in net.members.values()))
    go.set()
    await net.start_hub()
    goal = await net.answer(goal_id)
    assert goal.conclusion == "drew 'three'"
    assert len(agent.got) == 1


def _saw(member, cls) -> list:
    return [event for event in member.events if isinstance(event, cls)]


async def test_a_client_goes_away_in_the_middle_and_comes_back(net: Network):
    card = Card(name="Adder", description="adds numbers", idempotent=True)
    gone = asyncio.Event()

    async def hang(assignment, progress):
        gone.set()
        await asyncio.Event().wait()

    await with_chair(net, ByState(team=("Adder", "Painter")))
    await net.join(card, ScriptedPolicy(), FunctionAgent(hang))
    await net.join(Card(name="Painter", description="draws charts"), ScriptedPolicy(), FunctionAgent(paint))
    goal_id = await net.ask("sum and draw", initiator="Chair")
    await gone.wait()
    for name in ("Adder", "Chair"):
        await net.members[name].leave()
    await net.join(card, ScriptedPolicy(), FunctionAgent())
    await with_chair(net, ByState())
    goal = await net.answer(goal_id)
    assert goal.conclusion == "drew 'did add 1 and 2'"


async def test_a_goal_is_cancelled_and_the_agent_stops(net: Network):
    started = asyncio.Event()

    async def hang(assignment, progress):
        started.set()
        await asyncio.Event().wait()

    agent = FunctionAgent(hang)
    await with_chair(net, ScriptedPolicy([assign(("Adder", "add"))], team=("Adder",)))
    await net.join(Card(name="Adder", description="adds numbers"), ScriptedPolicy(), agent)
    goal_id = await net.ask("sum", initiator="Chair")
    await started.wait()
    await net.http.post(f"/v1/goals/{goal_id}/cancel")
    await net.until(lambda: agent.cancelled == 1)
    assert (await net.answer(goal_id)).status == "cancelled"


async def test_a_goal_of_instant_agents_waits_for_nothing(tmp_path: Path):
    """Its time is measured by bench/hub.py. Here no clock runs: whatever were asked again every so often would hang."""
    async with network(tmp_path, clock=ManualClock()) as net:
        await with_chair(net, ScriptedPolicy([assign(("Adder", "add")), conclude("done")], team=("Adder",)))
        await net.join(Card(name="Adder", description="adds numbers"), ScriptedPolicy(), FunctionAgent())
        assert (await net.answer(await net.ask("sum", initiator="Chair"))).conclusion == "done"
