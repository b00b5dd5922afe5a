"""Agents for the process tests: slow enough to be killed in the middle, and they note each time they begin.

Loaded by `agent.yaml` in processes of their own.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from ioa import Assignment, Outcome

WORK_S = 0.15


class Counter:
    """Counts what stands in its task after "count the": the same answer each time."""

    def __init__(self, thing: str, number: int) -> None:
        self.thing = thing
        self.number = number

    async def perform(self, assignment: Assignment, progress: object) -> Outcome:
        note(self.thing, assignment.task_id)
        await asyncio.sleep(WORK_S)  # the work
        return Outcome(f"There are {self.number} {self.thing}.", f"There are {self.number} {self.thing}.")


class Reporter:
    """Puts the results that it gets into one text."""

    async def perform(self, assignment: Assignment, progress: object) -> Outcome:
        note("report", assignment.task_id)
        await asyncio.sleep(WORK_S)  # the work
        found = "; ".join(result.conclusion for result in assignment.earlier)
        return Outcome(f"Report: {found}", f"Report: {found}")


def note(who: str, task_id: str) -> None:
    """One line a beginning, in the folder that the test names."""
    with (Path(os.environ["IOA_TEST_NOTES"]) / f"{who}.txt").open("a", encoding="utf-8") as file:
        file.write(f"{task_id}\n")


apples = Counter("apples", 12)
pears = Counter("pears", 30)
letters = Counter("letters", 5)
report = Reporter()
