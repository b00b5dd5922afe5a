"""Groups for tests: a launch, short words for messages, and a fold that checks itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from ioa.conversation.group import Effect, Group, step
from ioa.conversation.hub_duties import prepare
from ioa.protocol.messages import (
    AnyMessage,
    AsyncTask,
    Conclusion,
    Deadline,
    Discussion,
    Interjection,
    Launch,
    Pause,
    Subgroup,
    SyncTask,
    TaskAssignment,
    TaskCancel,
    TaskEnd,
    TaskProgress,
    TaskResult,
    TaskStart,
)
from ioa.protocol.names import HUB

OWNER = "@me"
TEAM = ("A", "B", "C")
COMM = "g"

_numbers = itertools.count(1)


def header(sender: str, comm_id: str = COMM) -> dict[str, Any]:
    return {"sender": sender, "comm_id": comm_id, "message_id": f"m{next(_numbers)}"}


def launch(team: Iterable[str] = TEAM, *, comm_id: str = COMM, max_turns: int = 20, **fields: Any) -> Launch:
    """The first of the team is the initiator."""
    members = tuple(team)
    return Launch(
        **header(members[0], comm_id),
        goal=fields.pop("goal", "find out"),
        team_members=members,
        team_up_depth=fields.pop("team_up_depth", 0),
        max_turns=max_turns,
        goal_id="goal",
        owner=OWNER,
        **fields,
    )


def say(sender: str, to: str, content: str = "well") -> Discussion:
    return Discussion(**header(sender), content=content, next_speaker=(to,))


def tasks_for(*assignees: str | tuple[str, ...], **fields: Any) -> dict[str, Any]:
    """`tasks` and `next_speaker` of an assignment: one task an argument."""
    teams = [(name,) if isinstance(name, str) else name for name in assignees]
    named = dict.fromkeys(name for team in teams for name in team)
    return {
        "tasks": tuple(TaskAssignment(task_desc="do it", assignee=team, **fields) for team in teams),
        "next_speaker": tuple(named),
        "content": "please",
    }


def sync(sender: str, *assignees: str | tuple[str, ...], **fields: Any) -> SyncTask:
    return SyncTask(**header(sender), **tasks_for(*assignees, **fields))


def parallel(sender: str, *assignees: str | tuple[str, ...], **fields: Any) -> AsyncTask:
    return AsyncTask(**header(sender), **tasks_for(*assignees, **fields))


def pause(sender: str, *triggers: str) -> Pause:
    return Pause(**header(sender), content="waiting", triggers=triggers)


def conclude(sender: str, content: str = "done", *, forced: bool = False) -> Conclusion:
    return Conclusion(**header(sender), content=content, forced=forced)


def start(sender: str, task_id: str) -> TaskStart:
    return TaskStart(**header(sender), task_id=task_id)


def progress(sender: str, task_id: str) -> TaskProgress:
    return TaskProgress(**header(sender), task_id=task_id, content="half way")


def result(sender: str, task_id: str, status: TaskEnd = "completed", **fields: Any) -> TaskResult:
    return TaskResult(**header(sender), task_id=task_id, status=status, task_conclusion="found", **fields)


def cancel(sender: str, task_id: str) -> TaskCancel:
    return TaskCancel(**header(sender), task_id=task_id)


def subgroup(task_id: str, assignee: str, nested: str = "n", turns: int = 5, *, sender: str = HUB) -> Subgroup:
    return Subgroup(
        **header(sender), task_id=task_id, assignee=assignee, subgroup=nested, team_members=("B",), turns=turns
    )


def late_turn(member: str, since: int, *, sender: str = HUB) -> Deadline:
    return Deadline(**header(sender), overdue="floor", member=member, since=since)


def late_task(task_id: str, *, sender: str = HUB) -> Deadline:
    return Deadline(**header(sender), overdue="task", task_id=task_id)


def interject(content: str = "hurry", sender: str = OWNER) -> Interjection:
    return Interjection(**header(sender), content=content)


def fold(*messages: AnyMessage, group: Group | None = None) -> Group:
    """The group after these messages, those of members prepared as the hub does. Raises what the law raises."""
    return fold_with_effects(*messages, group=group)[0]


def fold_with_effects(*messages: AnyMessage, group: Group | None = None) -> tuple[Group, tuple[Effect, ...]]:
    """The group, and the effects of the last message with its preparation."""
    effects: tuple[Effect, ...] = ()
    for message in messages:
        effects = ()
        for entry in as_logged(group, message):
            group, more = step(group, entry)
            effects += more
    assert group is not None
    return group, effects


def as_logged(group: Group | None, message: AnyMessage) -> tuple[AnyMessage, ...]:
    """What the hub makes of a post. Its own messages go into the log as they are."""
    return (message,) if group is None or message.sender == HUB else prepare(group, message)


def numbered(message: AnyMessage, group: Group | None) -> AnyMessage:
    """As it stands in the log."""
    named = message if message.message_id else replace(message, message_id=f"hub{next(_numbers)}")
    return replace(named, seq=1 if group is None else group.seq + 1)
