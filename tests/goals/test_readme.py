"""The README's goal: who takes part, how they talk, and whether the numbers are right. Source: issue, Must show 1."""

from __future__ import annotations

import csv
import importlib.util
import re
from pathlib import Path

import pytest

from ioa.protocol.messages import AsyncTask, Launch, Pause, SyncTask, TaskResult
from tests.goals.network import Answer, AskNetwork, says

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOP = Path(__file__).parents[2]
EXAMPLES = TOP / "examples"


def readme_goal() -> str:
    """The goal that `start.py` runs."""
    spec = importlib.util.spec_from_file_location("start", TOP / "start.py")
    assert spec is not None
    assert spec.loader is not None
    start = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(start)
    return str(start.GOAL)


def orders() -> list[dict[str, str]]:
    with (EXAMPLES / "orders.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def revenue_by_region() -> dict[str, float]:
    found: dict[str, float] = {}
    for row in orders():
        found[row["region"]] = found.get(row["region"], 0.0) + float(row["revenue"])
    return {region: round(value, 2) for region, value in found.items()}


def days_by_carrier() -> dict[str, float]:
    days: dict[str, list[float]] = {}
    for row in orders():
        days.setdefault(row["carrier"], []).append(float(row["delivery_days"]))
    return {carrier: sum(values) / len(values) for carrier, values in days.items()}


def goal_in_plain_names(goal: str) -> str:
    return goal.replace("examples/", "")


async def answer(ask_network: AskNetwork) -> Answer:
    return await ask_network(goal_in_plain_names(readme_goal()), [EXAMPLES / "orders.csv", EXAMPLES / "handbook.md"])


async def test_the_readme_goal_gives_right_numbers_a_report_and_a_chart(ask_network: AskNetwork) -> None:
    found = await answer(ask_network)
    assert found.outcome == "completed", found.text
    total = sum(float(row["revenue"]) for row in orders())
    for region, value in revenue_by_region().items():
        assert says(found.text, region)
        assert says(found.text, value)
    for carrier, value in days_by_carrier().items():
        assert says(found.text, carrier)
        assert says(found.text, value)
    assert says(found.text, "32,000 euros")
    assert says(found.text, round(total / 32_000 * 100, 2)) or says(found.text, total / 32_000 * 100)
    report = found.file("html").read_text(encoding="utf-8")
    for value in revenue_by_region().values():
        assert says(re.sub(r"<[^>]+>", " ", report), value)
    assert "data:image/png;base64," in report or "<svg" in report
    assert found.file("png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in found.file("svg").read_text(encoding="utf-8")


async def test_the_readme_goal_needs_four_agents_a_nested_team_and_every_kind_of_turn(
    ask_network: AskNetwork,
) -> None:
    found = await answer(ask_network)
    workers = {message.sender for message in found.log if isinstance(message, TaskResult) and message.sender != "@hub"}
    assert len(workers) >= 4, workers
    assert any(isinstance(message, Launch) and message.parent is not None for message in found.log), "a nested team"
    for kind in (AsyncTask, SyncTask, Pause):
        assert any(isinstance(message, kind) for message in found.log), kind.__name__


async def test_the_readme_shows_the_goal_and_only_numbers_that_are_right(ask_network: AskNetwork) -> None:
    text = (TOP / "README.md").read_text(encoding="utf-8")
    assert " ".join(readme_goal().split()) in " ".join(text.replace("\n> ", " ").split())
    for value in revenue_by_region().values():
        assert says(text, value), value
