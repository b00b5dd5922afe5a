"""A goal as a text to read, in Markdown: who said what to whom, tasks and results, nested teams indented where their
work begins, and what it all cost.

Names and texts of agents are strangers' words: they are quoted, and what a reader would obey in them (HTML, pictures
from elsewhere, escape codes) is made visible instead.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

import msgspec

from ioa.cli.costs import Costs, usage_words
from ioa.cli.costs_table import markdown_tables, total_words
from ioa.cli.follow import Followed, Watched
from ioa.cli.records import Entry, Goal
from ioa.cli.terminal import one_line, safe_block, seconds
from ioa.cli.trajectory_agents import AgentSteps, agent_steps_of
from ioa.cli.trajectory_steps import AgentStep
from ioa.ports.agent import is_record
from ioa.protocol.messages import (
    AnyMessage,
    Artifact,
    AsyncTask,
    Budgets,
    Conclusion,
    Deadline,
    Discussion,
    Interjection,
    Launch,
    Pause,
    Subgroup,
    SyncTask,
    TaskCancel,
    TaskProgress,
    TaskResult,
    TaskStart,
    Turn,
)
from ioa.protocol.names import HUB

STEP_CHARS = 600
"""How much of what a tool was given, and gave, is shown unless all is wanted."""
_INDENT = "    "
_ANSWER = "answer"
"""The tool by which a ReAct agent ends its task."""
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")
_GAPS = re.compile(r"\n{3,}")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


class Transcript:
    """The text of the groups `wanted` of a goal's tree. `full`: tools' inputs and outputs are not shortened."""

    def __init__(
        self, goal: Goal, entries: Sequence[Entry], agent_steps: AgentSteps, wanted: frozenset[str], *, full: bool
    ) -> None:
        self._goal = goal
        self._agent_steps = agent_steps
        self._wanted = wanted
        self._limit = None if full else STEP_CHARS
        self._followed = Followed()
        self._logs: dict[str, list[Entry]] = {}
        for entry in entries:
            if self._followed.take(entry) is not None:
                self._logs.setdefault(entry.message.comm_id, []).append(entry)

    def text(self, costs: Costs) -> str:
        """The whole document."""
        lines = self._heading(costs)
        chosen = [name for name in self._followed.groups if name in self._wanted]
        if chosen:  # those below come where their work begins
            lines += ["", "## Conversation", "", *self._group(chosen[0], 0)]
        lines += self._answer(chosen)
        if costs.total.calls or costs.saved_tokens:
            lines += [
                "",
                "## Costs",
                "",
                total_words(costs, self._budgets(chosen)) + ".",
                *markdown_tables(costs, inline),
            ]
        return _GAPS.sub("\n\n", "\n".join(lines)).rstrip() + "\n"

    def _budgets(self, chosen: Sequence[str]) -> Budgets | None:
        """Budgets are the whole goal's: they say nothing of a part of it."""
        return self._goal.budgets if len(chosen) == len(self._followed.groups) else None

    def _heading(self, costs: Costs) -> list[str]:
        goal = self._goal
        took = f", took {seconds(goal.ended_at - goal.created_at)}" if goal.ended_at else ""
        began = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(goal.created_at))
        return [
            f"# {one_line(inline(' '.join(goal.goal.split())), 120)}",
            "",
            *quoted(goal.goal),
            "",
            f"- goal {inline(goal.goal_id)}, {goal.status}{took}, begun {began}",
            f"- {len(self._followed.groups)} teams; channels {goal.channels.nested} as nested, {goal.channels.full} as "
            "one group of all",
            f"- {total_words(costs, None)}" if costs.total.calls else "- no model was asked",
        ]

    def _answer(self, chosen: Sequence[str]) -> list[str]:
        whole = len(chosen) == len(self._followed.groups)
        answer = self._goal.conclusion if whole or not chosen else self._followed.groups[chosen[0]].group.conclusion
        return ["", "## Answer", "", *quoted(answer)] if answer else []

    def _group(self, comm_id: str, depth: int) -> list[str]:
        """One team's conversation as list items, those nested under it one level deeper."""
        watched = self._followed.groups[comm_id]
        lines: list[str] = []
        for entry in self._logs.get(comm_id, ()):
            item = self._item(watched, entry)
            lines += [f"{_INDENT * depth}{line}".rstrip() for line in item]
            message = entry.message
            if isinstance(message, Subgroup) and message.subgroup in self._followed.groups:
                lines += self._group(message.subgroup, depth + 1)
        return lines

    def _item(self, watched: Watched, entry: Entry) -> list[str]:
        """`- **1.2 s  Writer** says …`, what was said quoted below it."""
        message = entry.message
        head, body = self._told(watched, message)
        if not head:
            return []
        start = self._followed.started_at or entry.at
        used = usage_words(message.usage) if message.usage is not None else ""
        cost = f" *({used})*" if used else ""
        lines = [f"- **{seconds(entry.at - start)} · {_who(message.sender)}** {head}{cost}"]
        if isinstance(message, Turn) and message.thought:
            lines += ["", f"{_INDENT}*thought:*", "", *(_INDENT + line for line in quoted(message.thought))]
        if body:
            lines += ["", *((_INDENT + line).rstrip() for line in body)]
        return [*lines, ""]

    def _told(self, watched: Watched, message: AnyMessage) -> tuple[str, list[str]]:
        match message:
            case Launch():
                others = [name for name in message.team_members if name != message.sender]
                number = f"team {watched.number}"
                team = f"forms {number} with {_names(others)}" if others else f"works on it alone ({number})"
                return team, quoted(message.goal) if message.parent else []
            case Discussion():
                return f"to {_names(message.next_speaker)}", quoted(message.content)
            case SyncTask() | AsyncTask():
                how = "and waits (sync_task)" if isinstance(message, SyncTask) else "and goes on (async_task)"
                tasks = "a task" if len(message.tasks) == 1 else f"{len(message.tasks)} tasks"
                body = quoted(message.content)
                for assigned in message.tasks:
                    task = watched.group.tasks[assigned.task_id]
                    needs = ", ".join(watched.task_name(name) for name in task.builds_on)
                    with_them = f" (with the result of {needs})" if needs else ""
                    head = f"{watched.task_name(task.task_id)} → {_names(task.assignees)}{with_them}:"
                    body += ["", head, "", *quoted(task.task_desc)]
                return f"assigns {tasks} {how}", body
            case Pause():
                awaited = ", ".join(watched.task_name(name) for name in message.triggers)
                return f"waits for {awaited} (pause)", quoted(message.content)
            case Conclusion():
                forced = ", forced" if message.forced else ""
                head = f"concludes team {watched.number}: {message.outcome}{forced}{_files(message.artifacts)}"
                return head, quoted(message.content)
            case TaskStart():
                criteria = ["", "done when:", "", *quoted(message.criteria)] if message.criteria else []
                return f"begins {watched.task_name(message.task_id)}", [*quoted(message.task_desc), *criteria]
            case TaskProgress():
                return f"is at {watched.task_name(message.task_id)}: {inline(message.content)}", []
            case TaskResult():
                who = f" for {_who(message.assignee)}" if message.assignee else ""
                head = f"reports {watched.task_name(message.task_id)}{who}: {message.status}{_files(message.artifacts)}"
                return head, [*self._steps(message), *quoted(message.task_conclusion)]
            case TaskCancel():
                return f"cancels {watched.task_name(message.task_id)}", quoted(message.content)
            case Subgroup():
                return f"notes a team of {_who(message.assignee)} for {watched.task_name(message.task_id)}:", []
            case Deadline():
                late = watched.task_name(message.task_id) if message.task_id else _who(message.member or "")
                return f"ends a wait: {late} {'is overdue' if message.task_id else 'loses the floor'}", quoted(
                    message.content
                )
            case Interjection():
                return "says", quoted(message.content)

    def _steps(self, message: TaskResult) -> list[str]:
        """What a ReAct agent did, numbered; its answer is the result, which follows."""
        lines: list[str] = []
        steps = [step for step in agent_steps_of(message.artifacts, self._agent_steps) if step.action != _ANSWER]
        for number, step in enumerate(steps, 1):
            lines += self._step(number, step)
        return [*lines, ""] if lines else []

    def _step(self, number: int, step: AgentStep) -> list[str]:
        arguments = self._cut(msgspec.json.encode(step.arguments).decode())
        lines = [f"{number}. {f'{inline(step.action)} {inline(arguments)}' if step.action else 'thinks'}"]
        for text in (step.thought, step.observation):
            if text.strip():
                lines += [_INDENT + line for line in ["", *quoted(self._cut(text)), ""]]
        return lines

    def _cut(self, text: str) -> str:
        if self._limit is None or len(text) <= self._limit:
            return text
        return f"{text[: self._limit]} … ({len(text):,} characters; --full shows all)"


def quoted(text: str) -> list[str]:
    """Text of strangers as a block quote, one line of Markdown a line; empty for no text."""
    if not text.strip():
        return []
    safe = _TAG.sub("&lt;", safe_block(text.strip())).replace("![", "&#33;[")
    return [f"> {line}".rstrip() for line in safe.splitlines()]


def inline(text: str) -> str:
    """Text of strangers on one line of Markdown, with nothing in it that Markdown obeys."""
    return _SPECIAL.sub(r"\\\1", one_line(text))


def _who(name: str) -> str:
    return "the hub" if name == HUB else inline(name)


def _names(names: Sequence[str]) -> str:
    return ", ".join(_who(name) for name in names)


def _files(artifacts: Sequence[Artifact]) -> str:
    names = [inline(file.name) for file in artifacts if not is_record(file)]
    return f" [{', '.join(names)}]" if names else ""
