"""Server-sent events: what happens in the groups of a goal, from the beginning, until it has ended.

A watcher holds no queue: it is woken and reads the log from where it was, so a slow one costs nothing but its socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec

from ioa.hub.endpoint import ErrorBody
from ioa.hub.records import GoalRecord
from ioa.hub.security import Identity
from ioa.hub.spending import usage_of
from ioa.hub.views import entry_view, goal_view
from ioa.ports.store import StoreUnavailable
from ioa.protocol.errors import Refused

if TYPE_CHECKING:
    from ioa.hub.hub import Hub

KEEP_ALIVE_S = 15.0
_PAGE = 100
_MAX_GROUPS = 10_000


async def goal_events(hub: Hub, goal_id: str, *, after: int, reader: Identity) -> AsyncGenerator[bytes]:
    """`message` events with the cursor as `id`, and `goal` events when its status has changed; the last event is the
    `goal` with its final status. `refused` events tell what the law or a budget refused lately. Ends early, for the
    client to come again, when the hub stops or cannot read; and with a `refusal` that says why when the reader's token
    ends."""
    ended: list[str] = []
    yield b"retry: 1000\n\n"
    with hub.watchers.watch(goal_id) as news:

        def end(why: str) -> None:
            ended.append(why)
            news.set()

        try:
            async with aclosing(_told(hub, goal_id, after, news, ended)) as told:
                with hub.leases.hold(reader, end):
                    async for event in told:
                        yield event
        except Refused as error:  # the token has ended since the request was let in
            ended.append(error.rule)
        if ended:
            yield _event("refusal", ErrorBody(code="not_authenticated", message=ended[0]))


async def _told(hub: Hub, goal_id: str, after: int, news: asyncio.Event, ended: Sequence[str]) -> AsyncGenerator[bytes]:
    """The events of a goal, until something is in `ended`."""
    shown: GoalRecord | None = None
    refused = 0
    while not hub.watchers.closed and not ended:
        news.clear()
        try:
            goal = await hub.goal_book.load(goal_id)
            page = await hub.store.log_of_goal(goal_id, after=after, limit=_PAGE)
            rows = await hub.store.group_rows(goal_id=goal_id, limit=_MAX_GROUPS) if _differs(shown, goal) else []
        except (StoreUnavailable, Refused):
            return
        if ended:
            return
        if _differs(shown, goal) and not goal.final:
            yield _event("goal", goal_view(goal, rows, usage_of(await hub.accounts.of_goal(goal_id))))
            shown = goal
        for entry in page:
            if ended:
                return
            yield _event("message", entry_view(entry), number=entry.pos)
            after = entry.pos
        for refusal in hub.refusals.after(goal_id, refused):
            yield _event("refused", refusal)
            refused = refusal.number
        if len(page) == _PAGE:
            continue
        if goal.final:  # read before the page: all that led to it has been shown
            yield _event("goal", goal_view(goal, rows, usage_of(await hub.accounts.of_goal(goal_id))))
            return
        try:
            async with asyncio.timeout(KEEP_ALIVE_S):
                await news.wait()
        except TimeoutError:
            yield b": still there\n\n"


def _differs(shown: GoalRecord | None, goal: GoalRecord) -> bool:
    return shown is None or (shown.status, shown.initiator, shown.comm_id) != (
        goal.status,
        goal.initiator,
        goal.comm_id,
    )


def _event(kind: str, value: object, *, number: int | None = None) -> bytes:
    head = f"id: {number}\n".encode() if number is not None else b""
    return head + f"event: {kind}\ndata: ".encode() + msgspec.json.encode(value) + b"\n\n"
