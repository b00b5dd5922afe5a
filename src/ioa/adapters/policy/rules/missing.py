"""What was not done and why, one line a step: for the conclusion, and for the writer of a report."""

from __future__ import annotations

import re

from ioa.adapters.policy.rules.progress import Progress, StepProgress
from ioa.conversation.group import Group
from ioa.conversation.task import Task

REASON_CHARS = 400
TITLE_CHARS = 200
_NESTED_REASON = re.compile(r"^- Step \d+, “[^”]*”: (.+)$", re.MULTILINE)


def title_of(progress: Progress, entry: StepProgress) -> str:
    """The step's text in one line; of two with the same words, also what it goes on with."""
    text = " ".join(entry.step.text.split())
    if entry.step.needs and sum(other.step.text == entry.step.text for other in progress.steps) > 1:
        text += f" (step {entry.step.needs[0]})"
    return text if len(text) <= TITLE_CHARS else text[: TITLE_CHARS - 1] + "…"


def by_whom(task: Task) -> str:
    """The assignees; a nested team is said to be one."""
    names = ", ".join(task.assignees)
    return f"{names} with a team of its own" if task.subgroups else names


def missing_line(group: Group, progress: Progress, entry: StepProgress) -> str:
    """ "- Step 3, “…”: why there is no result"."""
    title = f"- Step {entry.step.number}, “{title_of(progress, entry)}”: "
    if entry.failures:
        return title + "; then ".join(_refusal(task) for task in entry.failures)
    blocker = progress.blocked(entry)
    if blocker is not None:
        return title + f"needs the result of step {blocker.step.number}, which there is not."
    return title + (
        "none of the agents here knows how to do this step "
        f"(here: {', '.join(group.members)}). Say it in other words, name the file or the column that it is about, or "
        "add an agent that can do it."
    )


def _refusal(task: Task) -> str:
    """Who could not and why, in one line: of a team that failed, what its members said, and not its whole report."""
    if task.status == "completed":
        return f"{by_whom(task)} gave a text and no picture"
    reasons = _NESTED_REASON.findall(task.conclusion) or [task.conclusion or task.abstract or "no reason given"]
    said = " / ".join(dict.fromkeys(_in_short(reason) for reason in reasons))
    return f"{task.status} at {by_whom(task)}: {said}"


def _in_short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= REASON_CHARS else line[: REASON_CHARS - 1] + "…"
