"""What the law asks the hub to write: task identifiers, cancellations, deadlines, forced conclusions, nested results.

Pure functions from a group to the messages that the hub must put into its log; the hub adds identifiers and time.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ioa.conversation.group import Group
from ioa.conversation.guards import may_conclude
from ioa.conversation.task import Report, Task
from ioa.protocol.messages import (
    MAX_SHORT_CHARS,
    MAX_TEXT_CHARS,
    AnyMessage,
    AsyncTask,
    Conclusion,
    Deadline,
    GroupOutcome,
    SyncTask,
    TaskCancel,
    TaskEnd,
    TaskResult,
)
from ioa.protocol.names import HUB

DIGEST_CHARS_A_TASK = 4_000
DIGEST_CHARS_OF_RESULTS = 100_000
MAX_ARTIFACTS = 256
MIN_NESTED_TURNS = 3
_ASSIGNMENTS = (SyncTask, AsyncTask)


class Wait(Struct, frozen=True):
    """Something the group waits for: a turn of `member` that has the floor since entry `since`, the end of a task, or
    (`group`) its own conclusion.

    `timeout_s` counts from entry `since`, which began the wait.
    """

    overdue: Literal["floor", "task", "group"]
    timeout_s: float
    member: str = ""
    since: int = 0
    task_id: str = ""


def waits(group: Group) -> tuple[Wait, ...]:
    """All waits of the group now. Empty only when it is concluded: no state waits without a deadline."""
    if group.ended:
        return ()
    found = [Wait("group", group.budgets.group_timeout_s, since=1)]
    found += [
        Wait("task", group.budgets.task_timeout_s, since=task.assigned_seq, task_id=task.task_id)
        for task in group.open_tasks
    ]
    if group.floor is not None:
        found.append(Wait("floor", group.budgets.turn_timeout_s, member=group.floor, since=group.floor_since))
    return tuple(found)


def when_overdue(group: Group, wait: Wait) -> tuple[AnyMessage, ...]:
    """The messages for a wait that is over; none if it no longer holds."""
    if group.ended:
        return ()
    if wait.overdue == "group":
        return force_conclusion(group, f"no conclusion within {group.budgets.group_timeout_s:g} s")
    if wait.overdue == "task":
        task = group.tasks.get(wait.task_id)
        if task is None or not task.open:
            return ()
        text = f"no result within {group.budgets.task_timeout_s:g} s"
        return (
            Deadline(
                sender=HUB,
                comm_id=group.comm_id,
                message_id="",
                overdue="task",
                task_id=wait.task_id,
                content=text,
            ),
        )
    if group.floor != wait.member or group.floor_since != wait.since:
        return ()
    if group.must_conclude or set(group.members) <= {*group.absent, wait.member}:
        reason = f"{wait.member} did not speak within {group.budgets.turn_timeout_s:g} s"
        reason += " when only the conclusion was left" if group.must_conclude else " and nobody else is present"
        return force_conclusion(group, reason)
    text = f"{wait.member} did not speak within {group.budgets.turn_timeout_s:g} s"
    return (
        Deadline(
            sender=HUB,
            comm_id=group.comm_id,
            message_id="",
            overdue="floor",
            member=wait.member,
            since=wait.since,
            content=text,
        ),
    )


def prepare(group: Group, message: AnyMessage) -> tuple[AnyMessage, ...]:
    """A posted message as it goes into the log, in one transaction: task identifiers minted (over whatever the sender
    wrote there: agents use them as idempotency keys, so they must be unique), open tasks cancelled before a conclusion.

    The cancellations come only if the sender may conclude: they can give the floor back, and must not give it to
    somebody who then ends a group that was waiting.
    """
    if isinstance(message, _ASSIGNMENTS):
        count = len(group.tasks)
        tasks = tuple(
            replace(entry, task_id=f"{group.comm_id[:112]}.{count + number}")  # an Id has at most 128 characters
            for number, entry in enumerate(message.tasks, start=1)
        )
        return (replace(message, tasks=tasks),)
    if isinstance(message, Conclusion) and may_conclude(group, message):
        return (*cancel_open(group, "the group concluded"), message)
    return (message,)


def cancel_open(group: Group, reason: str) -> tuple[AnyMessage, ...]:
    """One cancellation for every open task."""
    return tuple(
        TaskCancel(
            sender=HUB,
            comm_id=group.comm_id,
            message_id="",
            task_id=task.task_id,
            content=_clipped(reason, MAX_SHORT_CHARS),
        )
        for task in group.open_tasks
    )


def force_conclusion(group: Group, reason: str, outcome: GroupOutcome | None = None) -> tuple[AnyMessage, ...]:
    """Cancellations and the hub's own conclusion: a digest of the task results, marked `forced`."""
    digest = Conclusion(
        sender=HUB,
        comm_id=group.comm_id,
        message_id="",
        content=digest_of(group, reason),
        artifacts=tuple(artifact for task in group.tasks.values() for artifact in task.artifacts)[:MAX_ARTIFACTS],
        outcome=outcome
        or ("partial" if any(task.status == "completed" for task in group.tasks.values()) else "failed"),
        forced=True,
    )
    return (*cancel_open(group, reason), digest)


def digest_of(group: Group, reason: str) -> str:
    """What the tasks found, in the order of the log, within the length of a text. Says that it is forced and why."""
    lines = [f"This conclusion was written by the hub: {_clipped(reason, MAX_SHORT_CHARS)}."]
    lines += result_lines(group, DIGEST_CHARS_OF_RESULTS, DIGEST_CHARS_A_TASK) or ["No task was assigned."]
    return _clipped("\n".join(lines), MAX_TEXT_CHARS)


def result_lines(group: Group, limit_chars: int, limit_chars_a_task: int | None = None) -> list[str]:
    """What each task found, in the order of the log, within `limit_chars` together."""
    share = limit_chars // max(1, len(group.tasks))
    most = share if limit_chars_a_task is None else min(share, limit_chars_a_task)
    return [_line_of(task, most) for task in group.tasks.values()]


def _line_of(task: Task, limit_chars: int) -> str:
    status = task.status if not task.open else "cancelled"
    title = _clipped(" ".join((task.task_abstract or task.task_desc.partition("\n")[0]).split()), 200)
    who = _clipped(", ".join(task.assignees), 200)
    found = _clipped(task.conclusion or task.abstract, limit_chars)
    return f"- {title} ({who}): {status}" + (f"\n\n{found}\n" if found else "")


def _clipped(text: str, limit_chars: int) -> str:
    return text if len(text) <= limit_chars else text[: limit_chars - 1] + "…"


def nested_turns(group: Group, wanted: int) -> int:
    """Turns to keep for a group nested here: what it wants, at most half of what the tree has left. 0: none left."""
    granted = min(wanted, group.turns_to_reserve // 2)
    return granted if granted >= MIN_NESTED_TURNS else 0


def result_of_subgroup(parent: Group, nested: Group) -> TaskResult | None:
    """The result that a concluded nested group gives its task; None if the task has ended without it."""
    if nested.parent is None or nested.conclusion is None:
        return None
    task = parent.tasks.get(nested.parent.task_id)
    report: Report | None = None
    if task is not None and (nested.initiator, nested.comm_id) in task.subgroups:
        report = task.report_of(nested.initiator)
    if report is None or report.status not in ("pending", "in_progress"):
        return None
    status: TaskEnd = "failed" if nested.outcome == "failed" else "completed"
    return TaskResult(
        sender=HUB,
        comm_id=parent.comm_id,
        message_id="",
        task_id=nested.parent.task_id,
        status=status,
        task_conclusion=nested.conclusion,
        task_abstract=abstract_of(nested.conclusion),
        artifacts=nested.conclusion_artifacts,
        assignee=nested.initiator,
        subgroup=nested.comm_id,
    )


def abstract_of(text: str, limit_chars: int = 500) -> str:
    """The first paragraph of a text that says something, on one line."""
    for block in text.split("\n\n"):
        line = " ".join(block.split())
        if line.strip("#*-|> "):
            return line if len(line) <= limit_chars else line[: limit_chars - 1] + "…"
    return ""
