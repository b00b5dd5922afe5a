"""What the law asks the hub to write: task identifiers, cancellations, deadlines, forced conclusions, nested results.

Pure functions from a group to the messages that the hub must put into its log; the hub adds identifiers and time.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ioa.conversation.group import Group
from ioa.conversation.task import Report
from ioa.protocol.messages import (
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
MIN_NESTED_TURNS = 3


class Wait(Struct, frozen=True):
    """Something the group waits for: a turn of `member` that has the floor since entry `since`, or the end of a task.

    `timeout_s` counts from the entry that began the wait.
    """

    overdue: Literal["floor", "task"]
    timeout_s: float
    member: str = ""
    since: int = 0
    task_id: str = ""


Key: TypeAlias = tuple[str, str, int]


def waits(group: Group) -> tuple[Wait, ...]:
    """All waits of the group now. Empty only when it is concluded: no state waits without a deadline."""
    if group.ended:
        return ()
    found = [
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
    """A posted message as it goes into the log: task identifiers minted, open tasks cancelled before a conclusion."""
    if isinstance(message, SyncTask | AsyncTask):
        count = len(group.tasks)
        tasks = tuple(
            replace(entry, task_id=entry.task_id or f"{group.comm_id}.{count + number}")
            for number, entry in enumerate(message.tasks, start=1)
        )
        return (replace(message, tasks=tasks),)
    if isinstance(message, Conclusion) and not group.ended:
        return (*cancel_open(group, "the group concluded"), message)
    return (message,)


def cancel_open(group: Group, reason: str) -> tuple[AnyMessage, ...]:
    """One cancellation for every open task."""
    return tuple(
        TaskCancel(sender=HUB, comm_id=group.comm_id, message_id="", task_id=task.task_id, content=reason)
        for task in group.open_tasks
    )


def force_conclusion(group: Group, reason: str, outcome: GroupOutcome | None = None) -> tuple[AnyMessage, ...]:
    """Cancellations and the hub's own conclusion: a digest of the task results, marked `forced`."""
    digest = Conclusion(
        sender=HUB,
        comm_id=group.comm_id,
        message_id="",
        content=digest_of(group, reason),
        artifacts=tuple(artifact for task in group.tasks.values() for artifact in task.artifacts)[:256],
        outcome=outcome
        or ("partial" if any(task.status == "completed" for task in group.tasks.values()) else "failed"),
        forced=True,
    )
    return (*cancel_open(group, reason), digest)


def digest_of(group: Group, reason: str) -> str:
    """What the tasks found, in the order of the log. Says that it is forced and why."""
    lines = [f"This conclusion was written by the hub: {reason}."]
    for task in group.tasks.values():
        status = task.status if not task.open else "cancelled"
        found = task.conclusion or task.abstract
        if len(found) > DIGEST_CHARS_A_TASK:
            found = found[:DIGEST_CHARS_A_TASK] + " …"
        title = task.task_abstract or task.task_desc.partition("\n")[0][:200]
        lines.append(f"- {title} ({', '.join(task.assignees)}): {status}" + (f"\n\n{found}\n" if found else ""))
    if not group.tasks:
        lines.append("No task was assigned.")
    return "\n".join(lines)


def nested_turns(group: Group, wanted: int) -> int:
    """Turns to keep for a group nested here: what it wants, at most half of what the tree has left. 0: none left."""
    left = group.budgets.turns - group.reserved_turns - group.turns - 1
    granted = min(wanted, left // 2)
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
