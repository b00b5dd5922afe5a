"""Which message the table's entry lets pass: `GUARDS` lists per kind the rules, in the order in which they are asked.

The first that objects refuses. The rules are in `turn_guards` and `task_guards`. Source: IoA paper, 2.3.3, 2.3.4, A.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ioa.conversation.group import Group
from ioa.conversation.task_guards import (
    canceller_may,
    deadline_is_true,
    interjector_is_owner,
    progress_is_bounded,
    result_is_the_assignees,
    sender_is_assignee,
    sender_is_hub,
    starts_are_bounded,
    subgroup_fits,
    task_is_known,
)
from ioa.conversation.turn_guards import (
    assignees_are_members,
    check_launch,
    concluder_may,
    content_is_said,
    dependencies_have_ended,
    forced_is_the_hubs,
    nothing_open,
    one_next_speaker,
    sender_has_floor,
    sender_is_member,
    task_ids_are_new,
    triggers_are_open,
    turns_are_left,
)
from ioa.protocol.errors import Refused, refuse
from ioa.protocol.messages import (
    AnyMessage,
    AsyncTask,
    Conclusion,
    Deadline,
    Discussion,
    Interjection,
    Message,
    Pause,
    Subgroup,
    SyncTask,
    TaskCancel,
    TaskProgress,
    TaskResult,
    TaskStart,
)

__all__ = ["GUARDS", "Guard", "check_launch", "check_message", "may_conclude"]

Guard: TypeAlias = Callable[[Group, AnyMessage], None]


def check_message(group: Group, message: AnyMessage) -> None:
    """Ask all guards of the message's kind. Raises `Refused`."""
    if message.comm_id != group.comm_id:
        refuse("unknown_group", f"comm_id {message.comm_id!r} is not this group, {group.comm_id!r}; post it to its own")
    if message.seq not in (0, group.seq + 1):
        refuse("stale", f"seq {message.seq} does not follow {group.seq}; leave it 0, the hub numbers the log")
    for guard in GUARDS[type(message)]:
        guard(group, message)


def may_conclude(group: Group, message: Conclusion) -> bool:
    """Whether the conclusion would pass once nothing is open any more; if not, nothing need be cancelled for it."""
    if group.ended:
        return False
    try:
        for guard in GUARDS[Conclusion]:
            if guard is not nothing_open:
                guard(group, message)
    except Refused:
        return False
    return True


_FLOOR: tuple[Guard, ...] = (sender_is_member, sender_has_floor, turns_are_left)
_ASSIGNMENT = (*_FLOOR, assignees_are_members, task_ids_are_new, dependencies_have_ended)

GUARDS: dict[type[Message], tuple[Guard, ...]] = {  # pyright: ignore[reportAssignmentType] - keyed by the class its guards take
    Discussion: (*_FLOOR, one_next_speaker, content_is_said),
    SyncTask: _ASSIGNMENT,
    AsyncTask: _ASSIGNMENT,
    Pause: (*_FLOOR, triggers_are_open),
    Conclusion: (forced_is_the_hubs, concluder_may, content_is_said, nothing_open),
    TaskStart: (sender_is_member, task_is_known, sender_is_assignee, starts_are_bounded),
    TaskProgress: (sender_is_member, task_is_known, sender_is_assignee, progress_is_bounded),
    TaskResult: (task_is_known, result_is_the_assignees),
    TaskCancel: (task_is_known, canceller_may),
    Subgroup: (sender_is_hub, task_is_known, subgroup_fits),
    Deadline: (sender_is_hub, deadline_is_true),
    Interjection: (interjector_is_owner, content_is_said),
}
