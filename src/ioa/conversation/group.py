"""The law of a group chat: `step(group, message) -> (group, effects)`.

The group's state is the fold of its log; `step` is the only way to change it, and hub and client run this same code.
`GROUP_TABLE` is keyed by (state, kind of message); a missing key is the refusal. Guards are in `guards.py`, what a
message changes is here. Pure: no clock, no randomness, no I/O. Source: IoA paper, 2.3.3 and Figure 3.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ioa.conversation.task import Report, Task, advance
from ioa.protocol.errors import Refused
from ioa.protocol.messages import (
    AnyMessage,
    Artifact,
    AsyncTask,
    Budgets,
    Conclusion,
    Deadline,
    Discussion,
    GivenResult,
    GroupOutcome,
    Interjection,
    Launch,
    Message,
    Parent,
    Pause,
    Subgroup,
    SyncTask,
    TaskCancel,
    TaskProgress,
    TaskResult,
    TaskStart,
    kind,
)

GroupState: TypeAlias = Literal["discussion", "sync_task", "async_task", "pause", "conclusion"]

MAX_TASKS_A_GROUP = 500
MAX_STARTS_A_TASK = 20
MAX_PROGRESS_A_TASK = 200
MAX_INTERJECTIONS = 200


class Group(Struct, frozen=True, kw_only=True):
    """A group chat after some prefix of its log.

    `floor` is the one member who may take a turn; while it is None the group waits for the tasks in `waiting`, and
    `returns_to` gets the floor when they have ended. `floor_since` is the log entry that gave the floor: deadlines name
    it, so that a late one cannot hit the wrong turn. `absent` are members who lost the floor and have posted nothing
    since. `turns` counts floor messages and lost turns; the conclusion that ends the group is the one turn that may
    come after `max_turns`. `reserved_turns` are what groups nested here may use, each with its conclusion.
    """

    comm_id: str
    goal: str
    goal_id: str
    owner: str
    initiator: str
    members: tuple[str, ...]
    team_up_depth: int
    max_turns: int
    budgets: Budgets
    parent: Parent | None = None
    continues: str | None = None
    given: tuple[GivenResult, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    state: GroupState = "discussion"
    floor: str | None = None
    returns_to: str | None = None
    floor_since: int = 0
    waiting: tuple[str, ...] = ()
    tasks: dict[str, Task]
    turns: int = 0
    reserved_turns: int = 0
    absent: tuple[str, ...] = ()
    interjections: int = 0
    conclusion: str | None = None
    outcome: GroupOutcome | None = None
    conclusion_artifacts: tuple[Artifact, ...] = ()
    forced: bool = False
    seq: int = 0

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks.values() if task.open)

    @property
    def turns_left(self) -> int:
        """Floor messages before the group must conclude, by its own limit and by its tree's budget."""
        left = min(self.max_turns, self.budgets.turns - self.reserved_turns) - self.turns
        return max(0, left)

    @property
    def turns_to_reserve(self) -> int:
        """Turns that a group nested here may get: two stay behind, one for this group and one for the nested group's
        conclusion, so that nesting never takes the floor from somebody and the tree never exceeds its budget."""
        return max(0, self.budgets.turns - self.reserved_turns - self.turns - 2)

    @property
    def must_conclude(self) -> bool:
        return self.must_conclude_after(self.turns)

    def must_conclude_after(self, turns: int) -> bool:
        """Is only the conclusion left, once so many turns are spent?"""
        left = min(self.max_turns, self.budgets.turns - self.reserved_turns) - turns
        return left <= 0 and self.state != "conclusion"

    @property
    def ended(self) -> bool:
        return self.state == "conclusion"


class FloorGiven(Struct, frozen=True):
    """`member` may take a turn now; `must_conclude` leaves it only the conclusion."""

    member: str
    must_conclude: bool


class TaskAssigned(Struct, frozen=True):
    """These members have a new task."""

    task_id: str
    assignees: tuple[str, ...]


class TaskEnded(Struct, frozen=True):
    """A task has ended, for all its assignees; groups nested under it have lost their purpose."""

    task_id: str


class WorkCancelled(Struct, frozen=True):
    """`assignee` must stop working on the task, and the groups it nested under it must end."""

    task_id: str
    assignee: str


class Concluded(Struct, frozen=True):
    """The group has ended."""

    outcome: GroupOutcome
    forced: bool


Effect: TypeAlias = FloorGiven | TaskAssigned | TaskEnded | WorkCancelled | Concluded
Apply: TypeAlias = Callable[[Group, AnyMessage], tuple[Group, tuple[Effect, ...]]]


def step(group: Group | None, message: AnyMessage) -> tuple[Group, tuple[Effect, ...]]:
    """Judge one message and fold it in.

    `message.seq` is the entry it is (or is to become): the group's `seq` + 1. Raises `Refused`; then nothing changed.
    """
    if group is None:
        if not isinstance(message, Launch):
            raise Refused(
                "unknown_group",
                f"comm_id {message.comm_id!r}: its log begins with {kind(message)}; it must begin with launch",
                legal=("launch",),
            )
        _guards().check_launch(message)
        return _launch(message)
    entry = group.state, type(message)
    if entry not in GROUP_TABLE:
        raise Refused(
            "concluded" if group.ended else "illegal_now",
            f"type {kind(message)!r} is not possible: group {group.comm_id} is in {group.state}; "
            + ("launch a new group that continues it" if group.ended else "choose one of the legal kinds"),
            legal=legal_kinds(group),
        )
    _guards().check_message(group, message)
    heard = _heard(group, message) if message.sender in group.absent else group
    changed, effects = _APPLY[type(message)](heard, message)
    return replace(changed, state=GROUP_TABLE[entry] or changed.state, seq=group.seq + 1), effects


@cache
def _guards() -> ModuleType:
    """The guards read this module's types, so they are imported when first asked."""
    from ioa.conversation import guards

    return guards


def legal_kinds(group: Group) -> tuple[str, ...]:
    """The kinds that the table has for this state; the guards still decide who and when."""
    return tuple(kind(cls) for state, cls in GROUP_TABLE if state == group.state)


def _launch(message: Launch) -> tuple[Group, tuple[Effect, ...]]:
    members = tuple(dict.fromkeys((message.sender, *message.team_members)))
    group = Group(
        comm_id=message.comm_id,
        goal=message.goal,
        goal_id=message.goal_id,
        owner=message.owner,
        initiator=message.sender,
        members=members,
        team_up_depth=message.team_up_depth,
        max_turns=message.max_turns,
        budgets=message.budgets,
        parent=message.parent,
        continues=message.continues,
        given=message.given,
        artifacts=message.artifacts,
        floor=message.sender,
        floor_since=1,
        tasks={},
        seq=1,
    )
    return group, (FloorGiven(message.sender, group.must_conclude),)


def _give_floor(group: Group, member: str, spent: int = 0) -> tuple[Group, tuple[Effect, ...]]:
    """The floor goes to `member`, or to the initiator when only the conclusion is left, after `spent` more turns."""
    turns = group.turns + spent
    must_conclude = group.must_conclude_after(turns)
    holder = group.initiator if must_conclude else member
    given = replace(group, floor=holder, returns_to=None, waiting=(), floor_since=group.seq + 1, turns=turns)
    return given, (FloorGiven(holder, must_conclude),)


def _heard(group: Group, message: AnyMessage) -> Group:
    """Whoever posts anything is present again: an assignee at work is not absent because it let a turn pass."""
    return replace(group, absent=tuple(name for name in group.absent if name != message.sender))


def _spoke(group: Group) -> Group:
    return replace(group, turns=group.turns + 1)


def _discussion(group: Group, message: Discussion) -> tuple[Group, tuple[Effect, ...]]:
    return _give_floor(group, message.next_speaker[0], spent=1)


def _assign(group: Group, message: SyncTask | AsyncTask) -> tuple[Group, tuple[Effect, ...]]:
    synchronous = isinstance(message, SyncTask)
    tasks = dict(group.tasks)
    for assignment in message.tasks:
        tasks[assignment.task_id] = Task(
            task_id=assignment.task_id,
            task_desc=assignment.task_desc,
            task_abstract=assignment.task_abstract,
            assigner=message.sender,
            synchronous=synchronous,
            reports=tuple(Report(assignee=name) for name in assignment.assignee),
            builds_on=assignment.builds_on,
            assigned_seq=group.seq + 1,
        )
    assigned = tuple(TaskAssigned(entry.task_id, entry.assignee) for entry in message.tasks)
    changed = replace(_spoke(group), tasks=tasks)
    if synchronous:
        return _wait(changed, message.sender, tuple(entry.task_id for entry in message.tasks)), assigned
    after, effects = _give_floor(changed, message.sender)
    return after, assigned + effects


def _pause(group: Group, message: Pause) -> tuple[Group, tuple[Effect, ...]]:
    return _wait(_spoke(group), message.sender, message.triggers), ()


def _wait(group: Group, returns_to: str, waiting: tuple[str, ...]) -> Group:
    return replace(group, floor=None, floor_since=0, returns_to=returns_to, waiting=waiting)


def _conclude(group: Group, message: Conclusion) -> tuple[Group, tuple[Effect, ...]]:
    ended = replace(
        group if message.forced else _spoke(group),
        floor=None,
        returns_to=None,
        floor_since=0,
        waiting=(),
        conclusion=message.content,
        outcome=message.outcome,
        conclusion_artifacts=message.artifacts,
        forced=message.forced,
    )
    return ended, (Concluded(message.outcome, message.forced),)


def _interject(group: Group, message: Interjection) -> tuple[Group, tuple[Effect, ...]]:
    return replace(group, interjections=group.interjections + 1), ()


def _task_start(group: Group, message: TaskStart) -> tuple[Group, tuple[Effect, ...]]:
    task = advance(group.tasks[message.task_id], "start", (message.sender,), seq=group.seq + 1)
    return _with_task(group, task), ()


def _task_progress(group: Group, message: TaskProgress) -> tuple[Group, tuple[Effect, ...]]:
    task = advance(group.tasks[message.task_id], "progress", (message.sender,), seq=group.seq + 1)
    return _with_task(group, task), ()


def _task_result(group: Group, message: TaskResult) -> tuple[Group, tuple[Effect, ...]]:
    before = group.tasks[message.task_id]
    task = advance(
        before,
        message.status,
        (message.assignee or message.sender,),
        seq=group.seq + 1,
        conclusion=message.task_conclusion,
        abstract=message.task_abstract,
        artifacts=message.artifacts,
    )
    return _task_moved(group, task, ())


def _task_cancel(group: Group, message: TaskCancel) -> tuple[Group, tuple[Effect, ...]]:
    return _end_for_all(group, message.task_id, "cancel", message.content or "cancelled")


def _deadline(group: Group, message: Deadline) -> tuple[Group, tuple[Effect, ...]]:
    if message.overdue == "task" and message.task_id is not None:
        return _end_for_all(group, message.task_id, "deadline", message.content or "no result before the deadline")
    # A lost turn counts as a turn, so that a group of absent members ends like any other.
    absent = (*group.absent, *((group.floor,) if group.floor and group.floor not in group.absent else ()))
    skipped = replace(group, turns=group.turns + 1, absent=absent)
    return _give_floor(skipped, next_present(skipped, group.floor or group.initiator))


def next_present(group: Group, after: str) -> str:
    """The member after `after`, in the order of the team, that has not just lost the floor; else the initiator."""
    start = group.members.index(after) if after in group.members else 0
    circle = group.members[start + 1 :] + group.members[: start + 1]
    return next((name for name in circle if name not in group.absent), group.initiator)


def _subgroup(group: Group, message: Subgroup) -> tuple[Group, tuple[Effect, ...]]:
    task = group.tasks[message.task_id]
    nested = replace(task, subgroups=(*task.subgroups, (message.assignee, message.subgroup)))
    return replace(_with_task(group, nested), reserved_turns=group.reserved_turns + message.turns + 1), ()


def _end_for_all(
    group: Group, task_id: str, event: Literal["cancel", "deadline"], reason: str
) -> tuple[Group, tuple[Effect, ...]]:
    before = group.tasks[task_id]
    working = tuple(report.assignee for report in before.reports if report.status in ("pending", "in_progress"))
    task = advance(before, event, working, seq=group.seq + 1, conclusion=reason, abstract=reason)
    return _task_moved(group, task, tuple(WorkCancelled(task_id, name) for name in working))


def _task_moved(group: Group, task: Task, effects: tuple[Effect, ...]) -> tuple[Group, tuple[Effect, ...]]:
    """After a report: end the task if it was the last, and give the floor back if nothing is waited for any more."""
    changed = _with_task(group, task)
    if task.open:
        return changed, effects
    effects = (*effects, TaskEnded(task.task_id))
    if changed.returns_to is None or any(changed.tasks[name].open for name in changed.waiting):
        return changed, effects
    after, given = _give_floor(changed, changed.returns_to)
    return after, effects + given


def _with_task(group: Group, task: Task) -> Group:
    return replace(group, tasks={**group.tasks, task.task_id: task})


_SPEAKING: tuple[GroupState, ...] = ("discussion", "sync_task", "async_task", "pause")
_TURN_TO: dict[type[Message], GroupState] = {
    Discussion: "discussion",
    SyncTask: "sync_task",
    AsyncTask: "async_task",
    Pause: "pause",
    Conclusion: "conclusion",
}
_STAYS: tuple[type[Message], ...] = (
    TaskStart,
    TaskProgress,
    TaskResult,
    TaskCancel,
    Subgroup,
    Deadline,
    Interjection,
)

GROUP_TABLE: dict[tuple[GroupState, type[Message]], GroupState | None] = {
    **{(state, cls): target for state in _SPEAKING for cls, target in _TURN_TO.items()},
    **{(state, cls): None for state in _SPEAKING for cls in _STAYS},  # None: the state stays
}
"""From every state that is not final, a turn may choose any state; the other kinds leave it as it is. `conclusion` has
no row: it absorbs."""

_APPLY: dict[type[Message], Apply] = {
    Discussion: _discussion,  # pyright: ignore[reportAssignmentType] - keyed by the class it takes
    SyncTask: _assign,
    AsyncTask: _assign,
    Pause: _pause,
    Conclusion: _conclude,
    TaskStart: _task_start,
    TaskProgress: _task_progress,
    TaskResult: _task_result,
    TaskCancel: _task_cancel,
    Subgroup: _subgroup,
    Deadline: _deadline,
    Interjection: _interject,
}
