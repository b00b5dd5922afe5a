"""A turn as a model decides it: a schema that offers only what the law allows now, and the message that comes of it.

The schema is made for each situation: states that are possible, members that may be named, tasks that have ended.
What a schema cannot say is asked of the law itself, by trying the message on the group. Source: IoA paper, 2.3.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ioa.adapters.models.failure import NotLegal
from ioa.adapters.policy.model.schemas import one_of
from ioa.adapters.policy.model.transcript import aliases
from ioa.conversation.group import Group, step
from ioa.conversation.hub_duties import prepare
from ioa.ports.policy import GroupView, TurnMessage
from ioa.protocol.cards import Card
from ioa.protocol.errors import ProtocolError
from ioa.protocol.messages import (
    MAX_SHORT_CHARS,
    MAX_TASKS_A_MESSAGE,
    MAX_TEXT_CHARS,
    AsyncTask,
    Conclusion,
    Discussion,
    Pause,
    SyncTask,
    TaskAssignment,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

CHECKED_ID = "checked"


def states_now(view: GroupView) -> tuple[str, ...]:
    """The next states that a turn may choose."""
    group = view.group
    if group.must_conclude:
        return ("conclusion",)
    states = ["discussion"]
    if _workers(view):
        states += ["sync_task", "async_task"]
    if group.open_tasks:
        states.append("pause")
    return (*states, "conclusion")


def _workers(view: GroupView) -> tuple[str, ...]:
    """Members that take tasks."""
    talkers = {name for name, card in view.cards.items() if card.discussion_only}
    return tuple(name for name in view.group.members if name not in talkers)


def turn_schema(view: GroupView, *, planning: bool, may_read: bool) -> type[BaseModel]:
    """The type of a turn's decision in this situation."""
    from pydantic import ConfigDict, Field, create_model

    group = view.group
    short = aliases(group)
    ended = tuple(short[task.task_id] for task in group.tasks.values() if not task.open)
    states = states_now(view)
    strict = ConfigDict(extra="ignore")
    fields: dict[str, Any] = {
        "thought": (str, Field("", description="why, in one sentence; only people who watch see it")),
        "next_state": (one_of(states), Field(description="how the group goes on")),
        "content": (str, Field("", description="what you say to the group")),
    }
    if "discussion" in states:
        speaker = one_of(group.members) | None
        fields["next_speaker"] = (speaker, Field(None, description="discussion: who speaks next"))
    if "sync_task" in states:
        parts: dict[str, Any] = {
            "assignee": (list[one_of(_workers(view))], Field(description="who does it", min_length=1)),
            "task_abstract": (str, Field("", description="the task in one line")),
            "task_desc": (str, Field(description="all that the assignee must know")),
        }
        if ended:
            parts["builds_on"] = (
                list[one_of(ended)],
                Field(default_factory=list, description="ended tasks whose results it needs"),
            )
        assignment = create_model("Assignment", __config__=strict, **parts)
        fields["tasks"] = (
            list[assignment],
            Field(default_factory=list, description="sync_task, async_task: the tasks", max_length=MAX_TASKS_A_MESSAGE),
        )
    if planning:
        fields["plan"] = (str, Field("", description="the whole plan anew, if it has changed"))
    if may_read and ended:
        fields["read_first"] = (
            list[one_of(ended)],
            Field(default_factory=list, description="ended tasks whose results you must see in full before deciding"),
        )
    return create_model("Turn", __config__=strict, **fields)


def message_of(view: GroupView, decided: Any) -> TurnMessage:
    """The message of a decision, `message_id` left empty. A pause waits for all that runs, a conclusion has its draft:
    both are decided further. Raises `NotLegal` for what could not be said."""
    head: dict[str, Any] = {
        "sender": view.me.name,
        "comm_id": view.group.comm_id,
        "message_id": "",
        "content": str(decided.content).strip()[:MAX_TEXT_CHARS],
        "thought": str(decided.thought).strip()[:MAX_TEXT_CHARS],
    }
    match decided.next_state:
        case "discussion":
            if decided.next_speaker is None:
                raise NotLegal(f"next_speaker is missing; name one of: {', '.join(view.group.members)}")
            return Discussion(**head, next_speaker=(decided.next_speaker,))
        case "sync_task" | "async_task":
            return _assignment(view.group, head, decided)
        case "pause":
            return Pause(**head, triggers=tuple(task.task_id for task in view.group.open_tasks)[:256])
        case _:
            return Conclusion(**head)


def _assignment(group: Group, head: dict[str, Any], decided: Any) -> SyncTask | AsyncTask:
    if not decided.tasks:
        raise NotLegal(f"tasks is empty; {decided.next_state} needs at least one, or choose another next_state")
    known = {alias: task_id for task_id, alias in aliases(group).items()}
    tasks = tuple(
        TaskAssignment(
            task_desc=task.task_desc.strip()[:MAX_TEXT_CHARS] or " ",
            task_abstract=task.task_abstract.strip()[:MAX_SHORT_CHARS],
            assignee=tuple(dict.fromkeys(task.assignee)),
            builds_on=tuple(dict.fromkeys(known[alias] for alias in getattr(task, "builds_on", ()))),
        )
        for task in decided.tasks
    )
    kind = SyncTask if decided.next_state == "sync_task" else AsyncTask
    speakers = tuple(dict.fromkeys(name for task in tasks for name in task.assignee))
    if not head["content"]:
        head["content"] = "\n".join(
            f"{', '.join(task.assignee)}: {task.task_abstract or task.task_desc}" for task in tasks
        )
    return kind(**head, next_speaker=speakers, tasks=tasks)


def check_legal(group: Group, me: Card, message: TurnMessage) -> None:
    """Try the message on the group. Raises `NotLegal` with the rule, and what would be legal."""
    stamped = replace(message, sender=me.name, comm_id=group.comm_id, message_id=CHECKED_ID)
    if isinstance(stamped, Conclusion) and not stamped.content.strip():
        stamped = replace(stamped, content="(to be written)")
    state: Group = group
    try:
        for entry in prepare(group, stamped):
            state, _ = step(state, replace(entry, message_id=entry.message_id or CHECKED_ID, seq=state.seq + 1))
    except ProtocolError as error:
        legal = f" Legal now: {', '.join(error.legal)}." if error.legal else ""
        raise NotLegal(f"{error.code}: {error.rule}.{legal}") from error
