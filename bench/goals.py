"""Wall time of whole goals when the agents themselves take no time: what the network adds.

One process, as `ioa run` has it: a durable hub, six clients with the rules policy, journals on the disk. The agents
have the cards of the built-in ones and answer at once. Timed from the goal's POST over HTTP to its end in the event
stream.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figures import middle, percentiles
from ioa.adapters.agents.builtin import BUILTIN, builtin_agent
from ioa.adapters.agents.carded import CardedAgent
from ioa.adapters.index import MemoryVectors, open_index
from ioa.bootstrap import embedded_network
from ioa.cli.hub_api import HubApi
from ioa.ports.agent import Assignment, Outcome, ReportProgress
from ioa.protocol.messages import Artifact, kind

_EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
_PATIENCE_S = 120.0
_FILES = ("orders.csv", "handbook.md")
_AMOUNTS = ("revenue", "quantity", "profit", "cost", "turnover", "weight")
_GROUPS = ("region", "product", "month", "customer", "city", "country", "channel", "quarter")


@dataclass(frozen=True)
class Goals:
    """How many goals of each kind are timed, after how many that are not."""

    timed: int = 20
    warm_up: int = 3


class Instant:
    """Answers at once, whatever the task."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        return Outcome(f"{self._name} found 42: figure.svg", "found 42")  # a chart step is done when it shows one


def two_steps(number: int) -> str:
    """A goal of two steps, the second with the result of the first. Other words for each number."""
    return f"Compute {17 + number} * {23 + number}. Then add {12 + number} to the result."


def whole_path(number: int) -> str:
    """A goal with asynchronous tasks, a pause, a synchronous task and a nested team. Other words for each number."""
    amount = _AMOUNTS[number % len(_AMOUNTS)]
    group = _GROUPS[number // len(_AMOUNTS) % len(_GROUPS)]
    return (
        f"Find the total {amount} per {group} in orders.csv. Look up the {amount} target for {2026 + number} in "
        f"handbook.md. Then write a report with a bar chart of the total {amount} per {group} in orders.csv."
    )


SHAPES: dict[str, tuple[Callable[[int], str], frozenset[str]]] = {
    "two steps": (two_steps, frozenset({"sync_task"})),
    "whole path": (whole_path, frozenset({"async_task", "pause", "sync_task", "subgroup"})),
}


async def measure(goals: Goals, folder: Path, say: Callable[[str], None]) -> dict:
    """Seconds a goal of each shape takes: in words that are new each time, and in the same words again."""
    agents = [CardedAgent(builtin_agent(name).card, Instant(name)) for name in BUILTIN]
    found: dict[str, dict] = {}
    index = await asyncio.to_thread(open_index, store=MemoryVectors(), background=True)
    async with (
        embedded_network(folder, builtin=False, agents=agents, index=index) as network,
        HubApi(network.url, network.token) as api,
    ):
        await asyncio.to_thread(index.settle, _PATIENCE_S)  # the cards are embedded once in the life of a network
        files = [await api.upload(_EXAMPLES / name, name, "text/plain") for name in _FILES]
        for shape, (words, kinds) in SHAPES.items():
            say(f"goals with instant agents: {shape}")
            new = [words(number) for number in range(goals.warm_up + goals.timed)]
            known = [words(0)] * (goals.warm_up + goals.timed)
            given = files if shape == "whole path" else []
            found[shape] = {
                "goal": words(0),
                "new words": await _timed(api, new, given, kinds, goals.warm_up),
                "known words": await _timed(api, known, given, kinds, goals.warm_up),
            }
    index.close()
    return found


async def _timed(
    api: HubApi, texts: Sequence[str], files: Sequence[Artifact], kinds: frozenset[str], warm_up: int
) -> dict:
    wall_s: list[float] = []
    cpu_s: list[float] = []
    for text in texts:
        began, cpu_began = time.perf_counter(), time.process_time()
        given = await api.launch(text, artifacts=files)
        async with api.events(given.goal_id) as events:
            async for _ in events:
                pass
        wall_s.append(time.perf_counter() - began)
        cpu_s.append(time.process_time() - cpu_began)
        await _check(api, given.goal_id, kinds)
    ordered = percentiles(wall_s[warm_up:])
    return {
        "median s": middle(wall_s[warm_up:]),
        "p90 s": round(ordered["p90"] / 1000, 4),
        "CPU s": middle(cpu_s[warm_up:]),
        "each, s": [round(value, 4) for value in wall_s[warm_up:]],
    }


async def _check(api: HubApi, goal_id: str, kinds: frozenset[str]) -> None:
    """The goal was reached, and by the path that is to be timed."""
    goal = await api.goal(goal_id)
    assert goal.status == "completed", f"{goal.goal!r} ended {goal.status}: {goal.conclusion}"
    said = {kind(entry.message) for comm_id in goal.groups for entry in await api.messages(comm_id)}
    assert kinds <= said, f"{goal.goal!r} had no {', '.join(sorted(kinds - said))}"
