"""What a goal came to: the answer, its files on disk, what it cost, and the exit code that says so."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from ioa.cli import markdown
from ioa.cli.answer_files import Written, write_file
from ioa.cli.costs import dollars, saved_words
from ioa.cli.failures import Exit, Failure
from ioa.cli.follow import Cost, Followed
from ioa.cli.goal_run import Reason
from ioa.cli.hub_api import HubApi
from ioa.cli.records import Goal
from ioa.cli.terminal import Terminal, hanging, one_line, seconds

ANSWER_FILE = "answer.md"
_BY_STATUS = {"completed": Exit.COMPLETED, "partial": Exit.PARTIAL}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A goal that has ended, as the command shows it."""

    goal: Goal
    cost: Cost
    files: tuple[Written, ...]
    folder: Path
    policy: str
    reason: Reason

    @property
    def duration_s(self) -> float:
        """From the goal's launch to its end, by the hub's clock."""
        return max(0.0, (self.goal.ended_at or time.time()) - self.goal.created_at)

    @property
    def exit_code(self) -> Exit:
        if self.reason == "interrupted":
            return Exit.INTERRUPTED
        if self.reason == "timeout":
            return Exit.TIMEOUT
        return _BY_STATUS.get(self.goal.status, Exit.FAILED)


async def collect(
    api: HubApi, goal: Goal, followed: Followed, folder: Path, *, policy: str, reason: Reason
) -> tuple[Outcome, list[str]]:
    """Write the answer and its files into `folder`. Also returns what went wrong with single files, as sentences."""
    goal = await _settled(api, goal)
    written: list[Written] = []
    problems: list[str] = []
    if goal.conclusion:
        for artifact in followed.files() or goal.artifacts:
            try:
                content = await api.download(artifact.digest)
                written.append(write_file(folder, artifact.name, content))
            except Failure as error:
                problems.append(f"The file {one_line(artifact.name, 80)} could not be fetched: {error.message}")
            except OSError as error:
                problems.append(f"The file {one_line(artifact.name, 80)} could not be written: {error}")
        try:
            written.insert(0, write_file(folder, ANSWER_FILE, goal.conclusion.encode("utf-8", "replace") + b"\n"))
        except OSError as error:
            problems.append(f"The answer could not be written to {folder}: {error}")
    made = Outcome(goal, followed.cost(), tuple(written), folder, policy, reason)
    return made, problems


async def _settled(api: HubApi, goal: Goal) -> Goal:
    """The goal with its account as it is now: the last calls are told about the time that it ends."""
    try:
        return await api.goal(goal.goal_id)
    except Failure:  # the hub is gone: what it said last counts
        return goal


def as_json(outcome: Outcome) -> dict[str, object]:
    """The outcome for programs: `ioa run --json`. Tokens and money are the hub's account of the goal."""
    goal, cost = outcome.goal, outcome.cost
    usage = goal.usage
    return {
        "goal_id": goal.goal_id,
        "comm_id": goal.comm_id,
        "goal": goal.goal,
        "status": goal.status,
        "stopped_by": None if outcome.reason == "ended" else outcome.reason,
        "exit_code": int(outcome.exit_code),
        "initiator": goal.initiator,
        "conclusion": goal.conclusion,
        "out": str(outcome.folder) if outcome.files else None,
        "files": [{"name": written.name, "path": str(written.path)} for written in outcome.files],
        "policy": outcome.policy,
        "cost": {
            "seconds": round(outcome.duration_s, 3),
            "turns": cost.turns,
            "turns_by_rules": cost.turns_by_rules,
            "tasks": cost.tasks,
            "groups": cost.groups,
            "channels": {"nested": cost.channels_nested, "full": cost.channels_full},
            "calls": usage.calls,
            "tokens": usage.input_tokens + usage.output_tokens,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cost_usd": usage.cost_usd,
            "saved_tokens": cost.saved_tokens,
        },
    }


def show_answer(outcome: Outcome, out: Terminal) -> None:
    """The answer itself, on stdout."""
    if outcome.goal.conclusion:
        out.write(markdown.shown(outcome.goal.conclusion.strip(), out))


def show_footer(outcome: Outcome, err: Terminal, problems: list[str]) -> None:
    """How it ended, where the files are and what it cost."""
    goal = outcome.goal
    heads = {
        "completed": ("✔ completed", "green"),
        "partial": ("◐ partial: some of the goal could not be done", "yellow"),
        "failed": ("✘ failed", "red"),
        "cancelled": ("⊘ cancelled", "yellow"),
    }
    text, style = heads.get(goal.status, (f"still {goal.status}", "yellow"))
    because = {"interrupted": " (Ctrl-C)", "timeout": " (--timeout ran out)", "ended": ""}[outcome.reason]
    err.write()
    err.write(err.style(text + because, "bold", style))
    if not goal.conclusion:
        err.write("There is no answer.")
    for problem in problems:
        err.write(err.style(problem, "yellow"))
    if outcome.files:
        err.write(f"files    {outcome.folder}")
        for written in outcome.files:
            note = "  (another file had its name)" if written.renamed else ""
            err.write(f"         {one_line(written.path.name)}{note}")
    err.write(hanging("cost     ", _cost(outcome), err.columns))
    err.write(hanging("policy   ", _policy(outcome), err.columns))
    if goal.comm_id:
        err.write(err.style(f"again    ioa show {goal.comm_id}   ioa run --continue {goal.comm_id} GOAL", "dim"))


def _cost(outcome: Outcome) -> str:
    cost = outcome.cost
    tasks = sum(cost.tasks.values())
    ends = ", ".join(f"{count} {status}" for status, count in sorted(cost.tasks.items()) if status != "completed")
    parts = [
        seconds(outcome.duration_s),
        _count(cost.turns, "turn"),
        _count(tasks, "task") + (f" ({ends})" if ends else ""),
        _count(cost.groups, "group"),
        f"{_count(cost.channels_nested, 'channel')} (one group of all: {cost.channels_full})",
        *_used(outcome),
    ]
    return " · ".join(parts)


def _used(outcome: Outcome) -> list[str]:
    """Calls of models, tokens and money."""
    usage = outcome.goal.usage
    parts = [f"{usage.input_tokens + usage.output_tokens:,} tokens"]
    if usage.calls:
        parts.insert(0, _count(usage.calls, "model call"))
        parts[1] += f" ({usage.input_tokens:,} read, {usage.output_tokens:,} written)"
    if usage.cost_usd:
        parts.append(f"{dollars(usage.cost_usd)} USD")
    if outcome.cost.saved_tokens:
        parts.append(saved_words(outcome.cost.saved_tokens))
    return parts


def _policy(outcome: Outcome) -> str:
    if outcome.policy == "rules":
        return "rules (no model)"
    by_rules = outcome.cost.turns_by_rules
    if not by_rules:
        return outcome.policy
    taken = f"rules took {by_rules} of {_count(outcome.cost.turns, 'turn')}, because no model did"
    return f"{outcome.policy} · {taken} (ioa show {outcome.goal.comm_id} --transcript says why)"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
