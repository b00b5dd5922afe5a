"""The guards of the group-chat law: which message the table's entry lets pass, one rule a function.

`GUARDS` lists them per kind in the order in which they are asked; the first that objects refuses. Each refusal names
the field, the value and what would be legal. Source: IoA paper, 2.3.3, 2.3.4, A.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeAlias

from ioa.conversation.group import (
    MAX_INTERJECTIONS,
    MAX_PROGRESS_A_TASK,
    MAX_TASKS_A_GROUP,
    Group,
)
from ioa.conversation.task import Task
from ioa.protocol.errors import Code, Refused
from ioa.protocol.messages import (
    AnyMessage,
    AsyncTask,
    Conclusion,
    Deadline,
    Discussion,
    Interjection,
    Launch,
    Message,
    Pause,
    Subgroup,
    SyncTask,
    TaskCancel,
    TaskProgress,
    TaskResult,
    TaskStart,
    kind,
)
from ioa.protocol.names import HUB

Guard: TypeAlias = Callable[[Group, AnyMessage], None]


def check_message(group: Group, message: AnyMessage) -> None:
    """Ask all guards of the message's kind. Raises `Refused`."""
    if message.comm_id != group.comm_id:
        _refuse("unknown_group", f"comm_id {message.comm_id!r} is not this group, {group.comm_id!r}")
    if message.seq not in (0, group.seq + 1):
        _refuse("stale", f"seq {message.seq} does not follow {group.seq}; leave it 0, the hub numbers the log")
    for guard in GUARDS[type(message)]:
        guard(group, message)


def check_launch(message: Launch) -> None:
    """Guards of the first message of a log."""
    if not message.goal.strip():
        _refuse("empty", "goal is empty; say what the group is to achieve")
    if len(set(message.team_members)) != len(message.team_members):
        _refuse("duplicate", f"team_members names somebody twice: {', '.join(message.team_members)}")
    if HUB in (message.sender, *message.team_members):
        _refuse("bad_name", f"{HUB} is the hub; it cannot be a member")
    if message.team_up_depth > message.budgets.depth:
        _refuse(
            "too_deep",
            f"team_up_depth {message.team_up_depth} is over the goal's depth limit {message.budgets.depth}; "
            "do the task without a team",
        )
    if (message.parent is None) != (message.team_up_depth == 0):
        _refuse(
            "bad_dependency",
            "team_up_depth is 0 for a goal's first group and more for one nested under a task",
        )
    if message.seq not in (0, 1):
        _refuse("stale", f"seq {message.seq}: launch is entry 1 of its log")


def _refuse(code: Code, rule: str, *legal: str) -> NoReturn:
    raise Refused(code, rule, legal=legal)


def sender_is_member(group: Group, message: AnyMessage) -> None:
    if message.sender not in group.members:
        _refuse(
            "not_a_member",
            f"sender {message.sender!r} is not a member of {group.comm_id}; members: {', '.join(group.members)}",
        )


def sender_has_floor(group: Group, message: AnyMessage) -> None:
    if group.floor == message.sender:
        return
    if group.floor is None:
        still = ", ".join(name for name in group.waiting if group.tasks[name].open)
        _refuse(
            "not_the_floor",
            f"nobody has the floor: the group waits for {still}; then it returns to {group.returns_to}",
            "task_start",
            "task_progress",
            "task_result",
            "task_cancel",
        )
    _refuse(
        "not_the_floor",
        f"sender {message.sender!r} has not the floor; {group.floor!r} has",
        "wait for the floor",
    )


def turns_are_left(group: Group, message: AnyMessage) -> None:
    if group.must_conclude:
        _refuse(
            "must_conclude",
            f"turns are spent ({group.turns} used, max_turns {group.max_turns}, "
            f"tree budget {group.budgets.turns}): only a conclusion is left",
            "conclusion",
        )


def one_next_speaker(group: Group, message: Discussion) -> None:
    if len(message.next_speaker) != 1:
        _refuse(
            "one_speaker",
            f"next_speaker names {len(message.next_speaker)} members; in a discussion it is exactly one",
            *group.members,
        )
    if message.next_speaker[0] not in group.members:
        _refuse("unknown_speaker", f"next_speaker {message.next_speaker[0]!r} is not a member", *group.members)


def content_is_said(group: Group, message: Discussion | Conclusion | Interjection) -> None:
    if not message.content.strip():
        _refuse("empty", f"content of {kind(message)} is empty; say something")


def assignees_are_members(group: Group, message: SyncTask | AsyncTask) -> None:
    named: list[str] = []
    for assignment in message.tasks:
        if not assignment.task_desc.strip():
            _refuse("empty", "task_desc is empty; say what is to be done")
        if len(set(assignment.assignee)) != len(assignment.assignee):
            _refuse("duplicate", f"assignee names somebody twice: {', '.join(assignment.assignee)}")
        for name in assignment.assignee:
            if name not in group.members:
                _refuse("unknown_speaker", f"assignee {name!r} is not a member", *group.members)
        named.extend(assignment.assignee)
    wanted = tuple(dict.fromkeys(named))
    if message.next_speaker != wanted:
        _refuse(
            "unknown_speaker",
            f"next_speaker {list(message.next_speaker)} must be the assignees of the tasks, each once and in order",
            *wanted,
        )


def task_ids_are_new(group: Group, message: SyncTask | AsyncTask) -> None:
    ids = [assignment.task_id for assignment in message.tasks]
    if "" in ids:
        _refuse("unknown_task", "task_id is missing; the hub mints it before the message is judged")
    taken = next((name for name in ids if name in group.tasks or ids.count(name) > 1), None)
    if taken is not None:
        _refuse("duplicate", f"task_id {taken!r} is taken; leave it out, the hub mints it")
    if len(group.tasks) + len(ids) > MAX_TASKS_A_GROUP:
        _refuse("too_many", f"the group would have more than {MAX_TASKS_A_GROUP} tasks", "conclusion")


def dependencies_have_ended(group: Group, message: SyncTask | AsyncTask) -> None:
    for assignment in message.tasks:
        for name in assignment.builds_on:
            task = group.tasks.get(name)
            if task is None:
                _refuse("bad_dependency", f"builds_on {name!r} is not a task of this group", *group.tasks)
            if task.open:
                _refuse(
                    "bad_dependency",
                    f"builds_on {name!r} is still {task.status}; wait for it (pause) first",
                    "pause",
                )


def triggers_are_open(group: Group, message: Pause) -> None:
    still_open = tuple(task.task_id for task in group.open_tasks)
    if not still_open:
        _refuse(
            "bad_triggers",
            "triggers: no task is open, there is nothing to wait for",
            "discussion",
            "sync_task",
            "async_task",
            "conclusion",
        )
    if len(set(message.triggers)) != len(message.triggers):
        _refuse("duplicate", f"triggers names a task twice: {', '.join(message.triggers)}", *still_open)
    for name in message.triggers:
        if name not in group.tasks:
            _refuse("bad_triggers", f"trigger {name!r} is not a task of this group", *still_open)
        if name not in still_open:
            _refuse(
                "bad_triggers",
                f"trigger {name!r} has ended already ({group.tasks[name].status})",
                *still_open,
            )


def forced_is_the_hubs(group: Group, message: Conclusion) -> None:
    if message.forced != (message.sender == HUB):
        _refuse("not_the_hub", "forced marks the conclusions that the hub writes; leave it out")


def concluder_may(group: Group, message: Conclusion) -> None:
    if message.sender == HUB:
        return
    sender_is_member(group, message)
    sender_has_floor(group, message)


def nothing_open(group: Group, message: Conclusion) -> None:
    if group.open_tasks:
        names = ", ".join(task.task_id for task in group.open_tasks)
        _refuse(
            "illegal_now",
            f"tasks are open ({names}); a conclusion cancels them first, by messages",
            "task_cancel",
        )


def task_is_known(group: Group, message: TaskStart | TaskProgress | TaskResult | TaskCancel | Subgroup) -> None:
    if message.task_id not in group.tasks:
        _refuse(
            "unknown_task",
            f"task_id {message.task_id!r} is not a task of group {group.comm_id}",
            *group.tasks,
        )


def _task(group: Group, message: TaskStart | TaskProgress | TaskResult | TaskCancel | Subgroup) -> Task:
    return group.tasks[message.task_id]


def sender_is_assignee(group: Group, message: TaskStart | TaskProgress) -> None:
    task = _task(group, message)
    if message.sender not in task.assignees:
        _refuse(
            "not_the_assignee",
            f"sender {message.sender!r} is not an assignee of {task.task_id}",
            *task.assignees,
        )


def progress_is_bounded(group: Group, message: TaskProgress) -> None:
    report = _task(group, message).report_of(message.sender)
    if report is not None and report.progressed >= MAX_PROGRESS_A_TASK:
        _refuse(
            "too_many",
            f"task {message.task_id} had {MAX_PROGRESS_A_TASK} progress messages; send the result",
            "task_result",
        )


def result_is_the_assignees(group: Group, message: TaskResult) -> None:
    task = _task(group, message)
    if message.sender == HUB:
        if message.assignee not in task.assignees or (message.assignee, message.subgroup) not in task.subgroups:
            _refuse(
                "not_the_assignee",
                f"no nested group {message.subgroup!r} works on {task.task_id} for {message.assignee!r}",
            )
        return
    if message.assignee is not None or message.subgroup is not None:
        _refuse("not_the_hub", "assignee and subgroup are the hub's to fill; leave them out")
    if message.sender not in task.assignees:
        _refuse(
            "not_the_assignee",
            f"sender {message.sender!r} is not an assignee of {task.task_id}",
            *task.assignees,
        )


def canceller_may(group: Group, message: TaskCancel) -> None:
    task = _task(group, message)
    if message.sender not in (HUB, group.owner, group.initiator, task.assigner):
        _refuse(
            "not_allowed",
            f"sender {message.sender!r} may not cancel {task.task_id}",
            task.assigner,
            group.initiator,
            group.owner,
        )
    if not task.open:
        _refuse("task_ended", f"task {task.task_id} has ended already ({task.status})")


def sender_is_hub(group: Group, message: AnyMessage) -> None:
    if message.sender != HUB:
        _refuse("not_the_hub", f"{kind(message)} is written by the hub only")


def subgroup_fits(group: Group, message: Subgroup) -> None:
    task = _task(group, message)
    report = task.report_of(message.assignee)
    if report is None:
        _refuse("not_the_assignee", f"{message.assignee!r} is not an assignee of {task.task_id}", *task.assignees)
    if report.status not in ("pending", "in_progress"):
        _refuse("task_ended", f"task {task.task_id} has ended for {message.assignee!r} ({report.status})")
    if (message.assignee, message.subgroup) in task.subgroups:
        _refuse("duplicate", f"group {message.subgroup!r} is nested under {task.task_id} already")
    if group.team_up_depth + 1 > group.budgets.depth:
        _refuse(
            "too_deep",
            f"a group nested here would have depth {group.team_up_depth + 1}; the goal allows {group.budgets.depth}",
        )
    left = group.budgets.turns - group.reserved_turns - group.turns - 1
    if message.turns > left:
        _refuse(
            "budget_spent",
            f"turns {message.turns}: the goal's budget has {max(0, left)} left for nested groups",
        )


def deadline_is_true(group: Group, message: Deadline) -> None:
    if message.overdue == "task":
        task = group.tasks.get(message.task_id or "")
        if task is None:
            _refuse("unknown_task", f"task_id {message.task_id!r} is not a task of group {group.comm_id}")
        if not task.open:
            _refuse("stale", f"task {task.task_id} has ended ({task.status})")
        return
    if group.floor is None or group.floor != message.member or group.floor_since != message.since:
        _refuse("stale", f"member {message.member!r} does not have the floor since entry {message.since}")
    if group.must_conclude:
        _refuse("must_conclude", "turns are spent: the hub concludes the group instead", "conclusion")


def interjector_is_owner(group: Group, message: Interjection) -> None:
    if message.sender != group.owner:
        _refuse(
            "not_allowed",
            f"sender {message.sender!r} is not the goal's owner; members speak when they have the floor",
            group.owner,
        )
    if group.interjections >= MAX_INTERJECTIONS:
        _refuse("too_many", f"the group had {MAX_INTERJECTIONS} interjections")


def never_twice(group: Group, message: Launch) -> None:
    _refuse("duplicate", f"group {group.comm_id} is launched already")


_FLOOR: tuple[Guard, ...] = (sender_is_member, sender_has_floor, turns_are_left)
_ASSIGNMENT = (*_FLOOR, assignees_are_members, task_ids_are_new, dependencies_have_ended)

GUARDS: dict[type[Message], tuple[Guard, ...]] = {  # pyright: ignore[reportAssignmentType] - keyed by the class its guards take
    Launch: (never_twice,),
    Discussion: (*_FLOOR, one_next_speaker, content_is_said),
    SyncTask: _ASSIGNMENT,
    AsyncTask: _ASSIGNMENT,
    Pause: (*_FLOOR, triggers_are_open),
    Conclusion: (forced_is_the_hubs, concluder_may, content_is_said, nothing_open),
    TaskStart: (sender_is_member, task_is_known, sender_is_assignee),
    TaskProgress: (sender_is_member, task_is_known, sender_is_assignee, progress_is_bounded),
    TaskResult: (task_is_known, result_is_the_assignees),
    TaskCancel: (task_is_known, canceller_may),
    Subgroup: (sender_is_hub, task_is_known, subgroup_fits),
    Deadline: (sender_is_hub, deadline_is_true),
    Interjection: (interjector_is_owner, content_is_said),
}
