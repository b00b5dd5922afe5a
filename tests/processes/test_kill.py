"""`kill -9` of any process at any point changes nothing. Source: issue "The network", Must show 5."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.processes.network import ProcessNetwork, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

POINTS = int(os.environ.get("IOA_KILL_POINTS", "20"))
HERE = Path(__file__).parent

GOAL = "Count the apples in the cellar. Count the pears in the attic. Then write a report about both results."
CARDS = {
    "Apple counter": ("apples", "Counts apples: how many apples there are in a cellar, a box or a shop.", True),
    "Pear counter": ("pears", "Counts pears: how many pears there are in an attic, a box or a shop.", True),
    "Reporter": ("report", "Writes reports about results and findings of others.", True),
    "Letter carrier": ("letters", "Posts letters: sends letters by mail to addresses in the village.", False),
}
WORKERS = tuple(CARDS)
EXPECTED = ("There are 12 apples", "There are 30 pears", "Report: There are 12 apples.; There are 30 pears.")


def card(name: str) -> str:
    attribute, description, idempotent = CARDS[name]
    return (
        f"name: {name}\ndescription: '{description}'\nidempotent: {str(idempotent).lower()}\n"
        f"function: workers:{attribute}\n"
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def network(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ProcessNetwork]:
    folder = tmp_path_factory.mktemp("processes")
    os.environ["IOA_TEST_NOTES"] = str(folder)
    shutil.copy(HERE / "workers.py", folder)  # functions are looked up beside the card
    processes = ProcessNetwork(folder)
    try:
        processes.start_hub()
        await processes.hub_ready()
        for name in WORKERS:
            processes.add_agent(name, card(name))
        await processes.agents_ready(*WORKERS)
        yield processes
    finally:
        processes.stop()


async def kill_during(network: ProcessNetwork, goal_id: str, after: int, pick: str, delay_s: float) -> str:
    """Kill the hub, the member that has the floor, or one with a running task, once `after` entries are in the log.
    What was killed is started again. Returns what was killed."""
    seen = 0
    holder = ""
    running: list[str] = []
    victim = ""
    async for message in network.entries(goal_id):
        seen += 1
        match message["type"]:
            case "launch" | "sync_task" | "async_task" | "pause":
                holder = message["sender"]
            case "task_start":
                running.append(message["sender"])
            case "task_result":
                running = [name for name in running if name != message["sender"]]
        if victim or seen < after:
            continue
        if pick == "hub":
            victim = "hub"
        elif pick == "floor":
            victim = holder
        elif running:
            victim = running[-1]
        if not victim:
            continue
        await asyncio.sleep(delay_s)  # the random point itself
        network.kill(victim)
        network.start(victim)
        if victim == "hub":
            await network.hub_ready()
    return victim


async def check_nothing_lost(network: ProcessNetwork, goal: dict[str, Any]) -> None:
    log = await network.log(goal["comm_id"])
    assert [message["seq"] for message in log] == list(range(1, len(log) + 1)), "every entry once, in order"
    posted = Counter((message["sender"], message["message_id"]) for message in log)
    assert max(posted.values()) == 1, "no message twice"
    results = Counter(message["task_id"] for message in log if message["type"] == "task_result")
    assert set(results.values()) <= {1}, "one result a task"


@pytest.mark.parametrize("pick", ["hub", "floor", "task"])
async def test_kill_9_at_random_points_changes_nothing(network: ProcessNetwork, pick: str) -> None:
    seed = int(os.environ.get("IOA_SEED", "2026"))
    dice = random.Random(f"{seed} {pick}")
    killed: Counter[str] = Counter()
    comm_ids: list[str] = []
    for point in range(POINTS):
        await network.agents_ready(*WORKERS)
        goal_id = await network.give(GOAL, max_turns=20)
        after, delay_s = dice.randint(1, 9), dice.choice([0.0, dice.uniform(0, 0.2)])
        victim = await asyncio.wait_for(kill_during(network, goal_id, after, pick, delay_s), 90)
        killed[victim] += 1
        goal = await network.goal(goal_id)
        where = f"seed {seed}, {pick}, point {point}: {victim} killed after entry {after} + {delay_s:.3f} s"
        assert goal["status"] == "completed", f"{where}: {goal['conclusion']}"
        for text in EXPECTED:
            assert text in goal["conclusion"], f"{where}: {goal['conclusion']}"
        await check_nothing_lost(network, goal)
        comm_ids.append(goal["comm_id"])
    assert sum(count for name, count in killed.items() if name) >= POINTS * 0.8, killed
    await check_journals(network, comm_ids)


async def check_journals(network: ProcessNetwork, comm_ids: list[str]) -> None:
    """Every member's own log is the hub's: nothing missing, nothing twice. The end of the last may be on its way."""
    await network.agents_ready(*WORKERS)
    logs = {comm_id: await network.log(comm_id) for comm_id in comm_ids}
    for name in WORKERS:
        network.kill(name)
        for comm_id, log in logs.items():
            members = {log[0]["sender"], *log[0]["team_members"]}
            if name in members:
                own = network.journal_log(name, comm_id)
                assert own == (log[: len(own)] if comm_id == comm_ids[-1] else log), f"{name}, {comm_id}"
        network.start(name)


async def has_begun(notes: Path, before: int) -> bool:
    return await asyncio.to_thread(lambda: notes.exists() and len(notes.read_text().splitlines()) > before)


async def test_a_task_that_may_have_run_and_is_not_idempotent_ends_unknown(network: ProcessNetwork) -> None:
    await network.agents_ready(*WORKERS)
    begun = network.folder / "letters.txt"
    before = len(begun.read_text().splitlines()) if begun.exists() else 0
    goal_id = await network.give("Send the letters by mail to the village.")
    async for message in network.entries(goal_id):
        if message["type"] == "task_start" and message["sender"] == "Letter carrier":
            await until(lambda: has_begun(begun, before), "the agent begins")
            network.kill("Letter carrier")
            network.start("Letter carrier")
    goal = await network.goal(goal_id)
    log = await network.log(goal["comm_id"])
    assert [message["status"] for message in log if message["type"] == "task_result"] == ["unknown"]
    assert goal["status"] in ("partial", "failed")
    assert "unknown" in goal["conclusion"]
    assert len(begun.read_text().splitlines()) == before + 1, "it ran once"
