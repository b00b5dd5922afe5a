"""Guards of the kinds that need no floor: tasks, and what the hub and the goal's owner write. One rule a function; its
docstring is the rule in words.

Each refusal names the field, the value and what would be legal. Source: IoA paper, 2.3.4, A.1.
"""

from __future__ import annotations

from ioa.conversation.group import MAX_INTERJECTIONS, MAX_PROGRESS_A_TASK, MAX_STARTS_A_TASK, Group
from ioa.conversation.task import Task
from ioa.protocol.errors import refuse
from ioa.protocol.messages import (
    AnyMessage,
    Deadline,
    Interjection,
    Subgroup,
    TaskCancel,
    TaskProgress,
    TaskResult,
    TaskStart,
    kind,
)
from ioa.protocol.names import HUB


def task_is_known(group: Group, message: TaskStart | TaskProgress | TaskResult | TaskCancel | Subgroup) -> None:
    """`task_id` is a task of this group."""
    if message.task_id not in group.tasks:
        refuse(
            "unknown_task",
            f"task_id {message.task_id!r} is not a task of group {group.comm_id}; name one of its tasks",
            *group.tasks,
        )


def _task(group: Group, message: TaskStart | TaskProgress | TaskResult | TaskCancel | Subgroup) -> Task:
    return group.tasks[message.task_id]


def sender_is_assignee(group: Group, message: TaskStart | TaskProgress | TaskResult) -> None:
    """Only an assignee of the task may say this of it."""
    task = _task(group, message)
    if message.sender not in task.assignees:
        refuse(
            "not_the_assignee",
            f"sender {message.sender!r} is not an assignee of {task.task_id}; leave it to them",
            *task.assignees,
        )


def starts_are_bounded(group: Group, message: TaskStart) -> None:
    """An assignee begins a task again (after a crash) so many times and no more."""
    report = _task(group, message).report_of(message.sender)
    if report is not None and report.started >= MAX_STARTS_A_TASK:
        refuse(
            "too_many",
            f"task_id {message.task_id!r} was started {MAX_STARTS_A_TASK} times; send a result (failed, or unknown)",
            "task_result",
        )


def progress_is_bounded(group: Group, message: TaskProgress) -> None:
    """An assignee reports progress of a task so many times and no more."""
    report = _task(group, message).report_of(message.sender)
    if report is not None and report.progressed >= MAX_PROGRESS_A_TASK:
        refuse(
            "too_many",
            f"task_id {message.task_id!r} had {MAX_PROGRESS_A_TASK} progress messages; send the result",
            "task_result",
        )


def result_is_the_assignees(group: Group, message: TaskResult) -> None:
    """The result comes from the assignee, without `assignee` and `subgroup`; or from the hub, which fills them, for a
    nested group that was noted."""
    task = _task(group, message)
    if message.sender == HUB:
        if message.assignee not in task.assignees or (message.assignee, message.subgroup) not in task.subgroups:
            refuse(
                "not_the_assignee",
                f"subgroup {message.subgroup!r} does not work on {task.task_id} for assignee {message.assignee!r}; "
                "note it first",
                "subgroup",
            )
        return
    if message.assignee is not None or message.subgroup is not None:
        refuse(
            "not_the_hub",
            f"assignee {message.assignee!r} and subgroup {message.subgroup!r} are the hub's to fill; leave them out",
        )
    sender_is_assignee(group, message)


def canceller_may(group: Group, message: TaskCancel) -> None:
    """The task is open, and the sender is its assigner, the initiator, the goal's owner or the hub."""
    task = _task(group, message)
    if message.sender not in (HUB, group.owner, group.initiator, task.assigner):
        refuse(
            "not_allowed",
            f"sender {message.sender!r} may not cancel {task.task_id}; ask who may",
            task.assigner,
            group.initiator,
            group.owner,
        )
    if not task.open:
        refuse("task_ended", f"task_id {task.task_id!r} has ended already ({task.status}); nothing is left to cancel")


def sender_is_hub(group: Group, message: AnyMessage) -> None:
    """Only the hub writes this kind."""
    if message.sender != HUB:
        refuse("not_the_hub", f"sender {message.sender!r}: {kind(message)} is the hub's to write; choose another kind")


def subgroup_fits(group: Group, message: Subgroup) -> None:
    """The assignee still works on the task, the nested group is new, and depth and turns of the tree allow it. Two
    turns stay behind: one for this group, one for the nested group's conclusion."""
    task = _task(group, message)
    report = task.report_of(message.assignee)
    if report is None:
        refuse(
            "not_the_assignee",
            f"assignee {message.assignee!r} has no part in {task.task_id}; name one that has",
            *task.assignees,
        )
    if report.status not in ("pending", "in_progress"):
        refuse(
            "task_ended",
            f"task_id {task.task_id!r} has ended for {message.assignee!r} ({report.status}); nest under an open task",
        )
    if (message.assignee, message.subgroup) in task.subgroups:
        refuse("duplicate", f"subgroup {message.subgroup!r} is noted for {task.task_id} already; leave it out")
    if group.team_up_depth + 1 > group.budgets.depth:
        refuse(
            "too_deep",
            f"a group nested here would have depth {group.team_up_depth + 1}; the goal allows {group.budgets.depth}; "
            "do the task without a team",
        )
    if message.turns > group.turns_to_reserve:
        refuse(
            "budget_spent",
            f"turns {message.turns}: the goal's budget has {group.turns_to_reserve} left for nested groups; "
            "do the task without a team",
        )


def deadline_is_true(group: Group, message: Deadline) -> None:
    """The wait that is over is one that the group is in: the task is open, or `member` has the floor since entry
    `since`. When turns are spent a lost floor is no deadline: the hub concludes instead."""
    if message.overdue == "task":
        task = group.tasks.get(message.task_id or "")
        if task is None:
            refuse(
                "unknown_task", f"task_id {message.task_id!r} is not a task of {group.comm_id}; name one", *group.tasks
            )
        if not task.open:
            refuse("stale", f"task_id {task.task_id!r} has ended ({task.status}); the wait is over")
        return
    if group.floor is None or group.floor != message.member or group.floor_since != message.since:
        refuse(
            "stale",
            f"member {message.member!r} does not have the floor since entry {message.since}; the wait is over",
        )
    if group.must_conclude:
        refuse(
            "must_conclude",
            f"member {message.member!r}: turns are spent, nobody else can go on; the hub concludes the group instead",
            "conclusion",
        )


def interjector_is_owner(group: Group, message: Interjection) -> None:
    """Only the goal's owner interjects, so many times and no more."""
    if message.sender != group.owner:
        refuse(
            "not_allowed",
            f"sender {message.sender!r} is not the goal's owner; members speak when they have the floor",
            group.owner,
        )
    if group.interjections >= MAX_INTERJECTIONS:
        refuse(
            "too_many",
            f"interjection: the group had {MAX_INTERJECTIONS}, that is the most; wait for its conclusion or cancel it",
        )
