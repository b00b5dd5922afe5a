"""Guards of the launch and of the kinds that need the floor. One rule a function; its docstring is the rule in words.

Each refusal names the field, the value and what would be legal. Source: IoA paper, 2.3.3, A.1.
"""

from __future__ import annotations

from ioa.conversation.group import MAX_TASKS_A_GROUP, Group
from ioa.protocol.errors import refuse
from ioa.protocol.messages import (
    MAX_MEMBERS,
    AnyMessage,
    AsyncTask,
    Conclusion,
    Discussion,
    Interjection,
    Launch,
    Pause,
    SyncTask,
    kind,
)
from ioa.protocol.names import HUB, PERSON_PREFIX

_WITHOUT_FLOOR = ("task_start", "task_progress", "task_result", "task_cancel")


def check_launch(message: Launch) -> None:
    """Guards of the first message of a log."""
    if not message.goal.strip():
        refuse("empty", "goal is empty; say what the group is to achieve")
    if len(set(message.team_members)) != len(message.team_members):
        refuse("duplicate", f"team_members names somebody twice: {', '.join(message.team_members)}; name each once")
    members = dict.fromkeys((message.sender, *message.team_members))
    if len(members) > MAX_MEMBERS:
        refuse(
            "too_many",
            f"team_members: {len(members)} with the initiator, at most {MAX_MEMBERS} are allowed; nest groups instead",
        )
    for name in members:
        if name.startswith(PERSON_PREFIX):
            refuse("bad_name", f"team_members: {name!r} is no agent; the hub and persons cannot be members")
    if message.team_up_depth > message.budgets.depth:
        refuse(
            "too_deep",
            f"team_up_depth {message.team_up_depth} is over the goal's depth limit {message.budgets.depth}; "
            "do the task without a team",
        )
    if (message.parent is None) != (message.team_up_depth == 0):
        refuse(
            "bad_dependency",
            f"team_up_depth {message.team_up_depth} {'without' if message.parent is None else 'with'} a parent: "
            "it is 0 for a goal's first group, and more for one nested under a task",
        )
    if message.comm_id in (message.continues, message.parent and message.parent.comm_id):
        refuse("bad_dependency", f"comm_id {message.comm_id!r} is its own parent or predecessor; give it a new one")
    if message.seq not in (0, 1):
        refuse("stale", f"seq {message.seq}: launch is entry 1 of its log; leave seq 0, the hub numbers the log")


def sender_is_member(group: Group, message: AnyMessage) -> None:
    """Only members post."""
    if message.sender not in group.members:
        refuse(
            "not_a_member",
            f"sender {message.sender!r} is not a member of {group.comm_id}; only members may post {kind(message)}",
            *group.members,
        )


def sender_has_floor(group: Group, message: AnyMessage) -> None:
    """Only the member that has the floor takes a turn; while the group waits nobody has it."""
    if group.floor == message.sender:
        return
    if group.floor is None:
        still = ", ".join(name for name in group.waiting if group.tasks[name].open)
        refuse(
            "not_the_floor",
            f"sender {message.sender!r} has not the floor, nobody has: the group waits for {still}; "
            f"then it returns to {group.returns_to!r}",
            *_WITHOUT_FLOOR,
        )
    refuse(
        "not_the_floor",
        f"sender {message.sender!r} has not the floor; wait until {group.floor!r} hands it on",
        *_WITHOUT_FLOOR,
    )


def turns_are_left(group: Group, message: AnyMessage) -> None:
    """Once `max_turns` or the tree's budget of turns is spent, the only turn left is the conclusion."""
    if group.must_conclude:
        refuse(
            "must_conclude",
            f"turns are spent ({group.turns} used, max_turns {group.max_turns}, "
            f"tree budget {group.budgets.turns}): only a conclusion is left",
            "conclusion",
        )


def one_next_speaker(group: Group, message: Discussion) -> None:
    """A discussion names exactly one member as `next_speaker` (it may be the sender)."""
    if len(message.next_speaker) != 1:
        refuse(
            "one_speaker",
            f"next_speaker {list(message.next_speaker)} names {len(message.next_speaker)} members; name exactly one",
            *group.members,
        )
    if message.next_speaker[0] not in group.members:
        refuse("unknown_speaker", f"next_speaker {message.next_speaker[0]!r} is not a member; name one", *group.members)


def content_is_said(group: Group, message: Discussion | Conclusion | Interjection) -> None:
    """`content` is not blank."""
    if not message.content.strip():
        refuse("empty", f"content of {kind(message)} is empty; say something")


def assignees_are_members(group: Group, message: SyncTask | AsyncTask) -> None:
    """Each task has a `task_desc` that is not blank and members as assignees, each once; `next_speaker` are all
    assignees of the message, each once, in the order in which the tasks name them first."""
    named: list[str] = []
    for assignment in message.tasks:
        if not assignment.task_desc.strip():
            refuse("empty", f"task_desc {assignment.task_desc!r} is empty; say what is to be done")
        if len(set(assignment.assignee)) != len(assignment.assignee):
            refuse("duplicate", f"assignee names somebody twice: {', '.join(assignment.assignee)}; name each once")
        for name in assignment.assignee:
            if name not in group.members:
                refuse("unknown_speaker", f"assignee {name!r} is not a member; name members", *group.members)
        named.extend(assignment.assignee)
    wanted = tuple(dict.fromkeys(named))
    if message.next_speaker != wanted:
        refuse(
            "unknown_speaker",
            f"next_speaker {list(message.next_speaker)} must be the assignees of the tasks, each once and in order",
            *wanted,
        )


def task_ids_are_new(group: Group, message: SyncTask | AsyncTask) -> None:
    """The hub has minted a new `task_id` for each task, and the group has room for them."""
    ids = [assignment.task_id for assignment in message.tasks]
    if "" in ids:
        refuse("unknown_task", "task_id '' is empty; the hub mints it before the message is judged")
    taken = next((name for name in ids if name in group.tasks or ids.count(name) > 1), None)
    if taken is not None:
        refuse("duplicate", f"task_id {taken!r} is taken; leave it out, the hub mints it")
    if len(group.tasks) + len(ids) > MAX_TASKS_A_GROUP:
        refuse(
            "too_many",
            f"tasks: the group would have {len(group.tasks) + len(ids)}, at most {MAX_TASKS_A_GROUP} may be; conclude",
            "conclusion",
        )


def dependencies_have_ended(group: Group, message: SyncTask | AsyncTask) -> None:
    """`builds_on` names tasks of this group that have ended, however they ended."""
    for assignment in message.tasks:
        for name in assignment.builds_on:
            task = group.tasks.get(name)
            if task is None:
                refuse(
                    "bad_dependency", f"builds_on {name!r} is not a task of this group; name its tasks", *group.tasks
                )
            if task.open:
                refuse(
                    "bad_dependency",
                    f"builds_on {name!r} is still {task.status}; wait for it first (pause)",
                    "pause",
                )


def triggers_are_open(group: Group, message: Pause) -> None:
    """`triggers` are open tasks of this group, each once."""
    still_open = tuple(task.task_id for task in group.open_tasks)
    if not still_open:
        refuse(
            "bad_triggers",
            f"triggers {list(message.triggers)}: no task is open, there is nothing to wait for; go on without a pause",
            "discussion",
            "sync_task",
            "async_task",
            "conclusion",
        )
    if len(set(message.triggers)) != len(message.triggers):
        refuse("duplicate", f"triggers names a task twice: {', '.join(message.triggers)}; name each once", *still_open)
    for name in message.triggers:
        if name not in group.tasks:
            refuse("bad_triggers", f"triggers: {name!r} is not a task of this group; name open ones", *still_open)
        if name not in still_open:
            refuse(
                "bad_triggers",
                f"triggers: {name!r} has ended already ({group.tasks[name].status}); name open ones or leave it out",
                *still_open,
            )


def forced_is_the_hubs(group: Group, message: Conclusion) -> None:
    """`forced` is set on the hub's own conclusions and on no other."""
    if message.forced != (message.sender == HUB):
        refuse("not_the_hub", f"forced {message.forced}: it marks the conclusions that the hub writes; leave it out")


def concluder_may(group: Group, message: Conclusion) -> None:
    """The member that has the floor concludes, also when turns are spent; or the hub does."""
    if message.sender == HUB:
        return
    sender_is_member(group, message)
    sender_has_floor(group, message)


def nothing_open(group: Group, message: Conclusion) -> None:
    """No task is open: the hub logs a cancellation for each before it logs the conclusion."""
    if group.open_tasks:
        names = ", ".join(task.task_id for task in group.open_tasks)
        refuse(
            "illegal_now",
            f"tasks are open ({names}); a conclusion needs them cancelled first, by messages",
            "task_cancel",
        )
