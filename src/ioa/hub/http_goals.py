"""HTTP: ask the network for something, and see what becomes of it."""

from __future__ import annotations

import hashlib
from typing import Annotated

from msgspec import Meta, Struct
from starlette.responses import StreamingResponse

from ioa.hub.endpoint import ACTORS, Call, Endpoint, Items, Page, json_response
from ioa.hub.events import goal_events
from ioa.hub.goals import NewGoal
from ioa.hub.records import GOAL, GoalRecord, GoalStatus, read
from ioa.hub.spending import usage_of
from ioa.hub.views import Goal, ModelCall, call_view, goal_view
from ioa.ports.store import GroupRow
from ioa.protocol.errors import Refused
from ioa.protocol.messages import MAX_TEXT_CHARS, Artifacts, Budgets, Id, Name, Names, Short

MAX_GROUPS_A_GOAL = 10_000


class GoalRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """What the network is to achieve. `initiator` is the agent that is to form the team (none: the hub finds one),
    `team` the only agents that may take part (none: anybody), `continues` a concluded group to go on from."""

    goal: Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]
    initiator: Name | None = None
    team: Names = ()
    max_turns: Annotated[int, Meta(ge=1, le=10_000)] = 20
    budgets: Budgets = Budgets()
    artifacts: Artifacts = ()
    continues: Id | None = None


class Reason(Struct, kw_only=True, forbid_unknown_fields=True):
    """Why, for those who are told."""

    reason: Short = ""


class GoalPage(Page, kw_only=True, forbid_unknown_fields=True):
    """`status` keeps goals with this status only. `everybody`, for operators: those of all users."""

    status: GoalStatus | None = None
    everybody: bool = False


async def create(call: Call) -> Goal:
    body = call.body
    assert isinstance(body, GoalRequest)
    user = call.user()
    key = call.request.headers.get("idempotency-key", "")
    goal_id = hashlib.blake2b(f"{user}\n{key}".encode(), digest_size=12).hexdigest() if key else call.hub.new_id()
    record = await call.hub.goals.create(
        NewGoal(
            goal_id=goal_id,
            goal=body.goal,
            owner=call.identity.speaker,
            max_turns=body.max_turns,
            budgets=body.budgets,
            initiator=body.initiator,
            team=body.team,
            artifacts=body.artifacts,
            continues=body.continues,
            traceparent=call.request.headers.get("traceparent", "")[:64] or None,
        )
    )
    return await _view(call, record)


async def _own(call: Call) -> GoalRecord:
    """The goal in the path, for its owner and the members of its groups. Raises `Refused`."""
    record = await call.hub.goal_book.load(call.path("goal_id"))
    speaker = call.identity.speaker
    if record.owner == speaker:
        return record
    if call.identity.operator:
        call.operator_reads(f"goal {record.goal_id}")
        return record
    if call.identity.kind == "agent" and any(speaker in row.members for row in await _rows(call, record)):
        return record
    raise Refused("not_allowed", f"goal_id {record.goal_id!r} is somebody else's; GET /v1/goals lists yours")


async def _rows(call: Call, record: GoalRecord) -> list[GroupRow]:
    return await call.hub.store.group_rows(goal_id=record.goal_id, limit=MAX_GROUPS_A_GOAL)


async def _view(call: Call, record: GoalRecord) -> Goal:
    account = await call.hub.accounts.of_goal(record.goal_id)
    return goal_view(record, await _rows(call, record), usage_of(account))


async def listed(call: Call) -> Items[Goal]:
    query = call.query
    assert isinstance(query, GoalPage)
    if call.identity.kind == "agent":
        raise Refused("not_allowed", "goals are listed to users; an agent sees its groups at /v1/groups")
    owner = None if call.sees_all(query.everybody) else call.identity.speaker
    views: list[Goal] = []
    before = query.before_number()
    while True:
        page = await call.hub.store.documents(GOAL, owner=owner, before=before, limit=query.limit, newest_first=True)
        for entry in page:
            before = entry.number
            record = read(entry, GoalRecord)
            if query.status in (None, record.status):
                views.append(await _view(call, record))
            if len(views) == query.limit:
                return Items(items=tuple(views), next=str(before))
        if len(page) < query.limit:
            return Items(items=tuple(views))


async def get(call: Call) -> Goal:
    return await _view(call, await _own(call))


async def calls(call: Call) -> Items[ModelCall]:
    query = call.query
    assert isinstance(query, Page)
    record = await _own(call)
    page = await call.hub.accounts.calls(record.goal_id, after=query.after_number(), limit=query.limit)
    more = str(page[-1][0]) if len(page) == query.limit else None
    return Items(items=tuple(call_view(entry) for _, entry in page), next=more)


async def cancel(call: Call) -> Goal:
    record = await _own(call)
    if record.owner != call.identity.speaker and not call.identity.operator:
        raise Refused("not_allowed", "only the user whose goal it is can cancel it")
    reason = call.body.reason if isinstance(call.body, Reason) else ""
    call.hub.audit.note("goal_cancelled", call.identity, record.goal_id, peer=call.peer, reason=reason)
    by = "its owner" if record.owner == call.identity.speaker else f"{call.identity.speaker}, an operator of the hub"
    return await _view(call, await call.hub.goals.cancel(record.goal_id, reason, by=by))


async def events(call: Call) -> object:
    record = await _own(call)
    last = call.request.headers.get("last-event-id", "0")
    if not last.isdecimal() or len(last) > 18:
        return json_response(
            {"error": {"code": "malformed", "message": "Last-Event-ID is no cursor of this stream"}}, 400
        )
    stream = goal_events(call.hub, record.goal_id, after=int(last), reader=call.identity)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/goals",
        summary="Ask for something. With an Idempotency-Key header, sending it again changes nothing.",
        handler=create,
        body=GoalRequest,
        answer=Goal,
        status=202,
        scopes=ACTORS,
    ),
    Endpoint(
        method="GET",
        path="/v1/goals",
        summary="Your goals, newest first; for operators, those of all users.",
        handler=listed,
        answer=Items[Goal],
        query=GoalPage,
    ),
    Endpoint(method="GET", path="/v1/goals/{goal_id}", summary="One goal.", handler=get, answer=Goal),
    Endpoint(
        method="GET",
        path="/v1/goals/{goal_id}/calls",
        summary="The model calls of a goal, oldest first, with what each has used.",
        handler=calls,
        answer=Items[ModelCall],
        query=Page,
    ),
    Endpoint(
        method="POST",
        path="/v1/goals/{goal_id}/cancel",
        summary="End a goal and all its groups.",
        handler=cancel,
        body=Reason,
        answer=Goal,
    ),
    Endpoint(
        method="GET",
        path="/v1/goals/{goal_id}/events",
        summary="Everything said in the groups of a goal, from the beginning or from Last-Event-ID, as it happens.",
        handler=events,
        media_type="text/event-stream",
    ),
)
