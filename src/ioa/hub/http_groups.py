"""HTTP: group chats, their messages and tasks, for their members and the user whose goal they serve."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from ioa.conversation.group import GroupState
from ioa.hub.endpoint import ACTORS, ApiError, Call, Endpoint, Items, Page
from ioa.hub.group_log import Chat
from ioa.hub.http_goals import Reason
from ioa.hub.views import EntryView, GroupView, TaskView, entry_view, group_view, task_views
from ioa.protocol.errors import Refused
from ioa.protocol.messages import MAX_TEXT_CHARS, AnyMessage, Interjection, TaskCancel


class GroupPage(Page, kw_only=True, forbid_unknown_fields=True):
    """Keep only groups of this goal, in this state, with this member. `everybody`, for operators: those of all
    users."""

    goal_id: str | None = None
    state: GroupState | None = None
    member: str | None = None
    everybody: bool = False


class Said(Struct, kw_only=True, forbid_unknown_fields=True):
    """What you want to say to the group."""

    content: Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]


class Noted(Struct, kw_only=True):
    """What you said is entry `seq` of the group's log."""

    message_id: str
    seq: int


async def listed(call: Call) -> Items[GroupView]:
    query = call.query
    assert isinstance(query, GroupPage)
    me = call.identity
    if me.kind == "agent" and query.member not in (None, me.name):
        raise Refused("not_allowed", f"member {query.member!r} is not you: an agent sees its own groups; leave it out")
    rows = await call.hub.store.group_rows(
        goal_id=query.goal_id,
        owner=me.speaker if me.kind != "agent" and not call.sees_all(query.everybody) else None,
        member=me.name if me.kind == "agent" else query.member,
        state=query.state,
        before=query.before_number(),
        limit=query.limit,
    )
    chats = [await call.hub.groups.load(row.comm_id) for row in rows]
    views = [group_view(chat) for chat in chats if chat is not None]
    return Items(items=tuple(views), next=str(rows[-1].number) if len(rows) == query.limit else None)


async def _seen(call: Call) -> Chat:
    """The group in the path, if the caller may read it. Raises `Refused`."""
    comm_id = call.path("comm_id")
    chat = await call.hub.groups.load(comm_id)
    if chat is None:
        raise Refused("unknown_group", f"comm_id {comm_id!r} is no group of this hub; GET /v1/groups lists yours")
    if call.identity.speaker in (*chat.group.members, chat.group.owner):
        return chat
    if call.identity.operator:
        call.operator_reads(f"group {comm_id}")
    else:
        raise Refused(
            "not_a_member", f"comm_id {comm_id!r} is a group of others; members and the goal's owner may read it"
        )
    return chat


async def get(call: Call) -> GroupView:
    return group_view(await _seen(call))


async def messages(call: Call) -> Items[EntryView]:
    query = call.query
    assert isinstance(query, Page)
    chat = await _seen(call)
    entries = await call.hub.store.log_of_group(chat.group.comm_id, after_seq=query.after_number(), limit=query.limit)
    more = str(entries[-1].seq) if len(entries) == query.limit else None
    return Items(items=tuple(map(entry_view, entries)), next=more)


async def tasks(call: Call) -> Items[TaskView]:
    query = call.query
    assert isinstance(query, Page)
    chat = await _seen(call)
    views = task_views(chat.group, list(chat.at))
    start = query.after_number()
    page = views[start : start + query.limit]
    return Items(items=page, next=str(start + len(page)) if start + len(page) < len(views) else None)


async def interject(call: Call) -> Noted:
    assert isinstance(call.body, Said)
    chat = await _seen(call)
    message = Interjection(
        sender=call.identity.speaker,
        comm_id=chat.group.comm_id,
        message_id=_message_id(call),
        content=call.body.content or " ",  # the law says what is wrong with an empty one
    )
    return await _post(call, message)


async def _post(call: Call, message: AnyMessage) -> Noted:
    accepted = await call.hub.routing.post(call.identity.speaker, message)
    return Noted(message_id=accepted.message_id, seq=accepted.seq)


def _message_id(call: Call) -> str:
    """The caller's own key makes repeats harmless."""
    key = call.request.headers.get("idempotency-key") or call.hub.new_id()
    if len(key) > 128:
        raise ApiError(400, "malformed", f"Idempotency-Key has {len(key)} characters; at most 128 are allowed")
    return key


async def cancel(call: Call) -> GroupView:
    chat = await _seen(call)
    group = chat.group
    mine = call.identity.speaker == group.owner
    if not mine and not call.identity.operator:
        raise Refused("not_allowed", f"only {group.owner}, whose goal it is, can cancel group {group.comm_id}")
    reason = call.body.reason if isinstance(call.body, Reason) else ""
    call.hub.audit.note("group_cancelled", call.identity, group.comm_id, peer=call.peer, reason=reason)
    by = "its owner" if mine else f"{call.identity.speaker}, an operator of the hub"
    if group.parent is None:
        await call.hub.goals.cancel(group.goal_id, reason, by=by)
    else:
        text = f"cancelled by {by}{': ' + reason if reason else ''}"
        await call.hub.routing.force_conclusion(group.comm_id, text)
    return group_view(await _seen(call))


async def cancel_task(call: Call) -> Noted:
    chat = await _seen(call)
    message = TaskCancel(
        sender=call.identity.speaker,
        comm_id=chat.group.comm_id,
        message_id=_message_id(call),
        task_id=call.path("task_id"),
        content=call.body.reason if isinstance(call.body, Reason) else "",
    )
    return await _post(call, message)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/groups",
        summary="Group chats that you may read, newest first; for operators, all.",
        handler=listed,
        answer=Items[GroupView],
        query=GroupPage,
    ),
    Endpoint(method="GET", path="/v1/groups/{comm_id}", summary="One group chat.", handler=get, answer=GroupView),
    Endpoint(
        method="GET",
        path="/v1/groups/{comm_id}/messages",
        summary="The log of a group; `after` is a seq.",
        handler=messages,
        answer=Items[EntryView],
        query=Page,
    ),
    Endpoint(
        method="GET",
        path="/v1/groups/{comm_id}/tasks",
        summary="The tasks of a group.",
        handler=tasks,
        answer=Items[TaskView],
        query=Page,
    ),
    Endpoint(
        method="POST",
        path="/v1/groups/{comm_id}/interject",
        summary="Say something to a group of your goal, without having the floor.",
        handler=interject,
        body=Said,
        answer=Noted,
        status=201,
        scopes=ACTORS,
    ),
    Endpoint(
        method="POST",
        path="/v1/groups/{comm_id}/cancel",
        summary="End a group and what is nested in it; the first group of a goal ends the goal.",
        handler=cancel,
        body=Reason,
        answer=GroupView,
    ),
    Endpoint(
        method="POST",
        path="/v1/groups/{comm_id}/tasks/{task_id}/cancel",
        summary="Cancel a task. For the goal's owner, the initiator and the assigner.",
        handler=cancel_task,
        body=Reason,
        answer=Noted,
        scopes=ACTORS,
    ),
)
