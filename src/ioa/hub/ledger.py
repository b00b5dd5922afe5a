"""Decide, write, tell: the one way in which anything changes.

A decision is a synchronous function of a `Unit`. It is made against the newest state, including changes that are not
durable yet (the writer keeps their order), and takes effect for others only when it is on the disk. If the disk
refuses, everything that was decided on top of it is refused as well, by the store, because it no longer follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ioa.hub.goal_book import GoalBook
from ioa.hub.group_log import Chat, GroupLog, NotReady
from ioa.hub.unit import Unit
from ioa.ports.clock import Clock, NewId
from ioa.ports.store import Conflict, Store
from ioa.protocol.errors import Refused

T = TypeVar("T")
Publish = Callable[[Unit, tuple[int, ...]], None]
Refresh = Callable[[Unit], Awaitable[bool]]

_ATTEMPTS = 5
_CONTEND_FOR_S = 10.0


class Ledger:
    """Runs decisions. `publish` is called once for each unit that has become durable, in the order of the log.

    Where other replicas write too, what is in memory may be behind the store. A change that rests on it is refused by
    the store; before anything else is said, `refresh` fetches what has been missed, and answers whether there was
    something: then the decision is made afresh.
    """

    def __init__(
        self,
        store: Store,
        groups: GroupLog,
        goals: GoalBook,
        clock: Clock,
        new_id: NewId,
        publish: Publish,
        refresh: Refresh | None = None,
    ) -> None:
        self._store = store
        self._groups = groups
        self._goals = goals
        self._clock = clock
        self._new_id = new_id
        self._publish = publish
        self._refresh = refresh

    async def run(self, decide: Callable[[Unit], T]) -> T:
        """Make the decision, write it, and return what it returned, when it is durable.

        `decide` may be called several times, each time with a fresh unit. Raises what it raises (`Refused`),
        `StoreUnavailable`, or `Conflict` if what it wants contradicts the log again and again.
        """
        absent: set[str] = set()
        patience = _Patience(self._clock)
        while True:
            unit = Unit(self._groups, self._goals, self._clock.now_s(), self._new_id, absent)
            try:
                result = decide(unit)
                unit.settle()
                if unit.empty and self._refresh is not None and await self._refresh(unit):
                    continue
                answers = self._waited_for(unit) if unit.empty else [self._submit(unit)]
            except NotReady as missing:
                if await missing.wait() is None and missing.comm_id:
                    absent.add(missing.comm_id)
                continue
            except Refused:
                if self._refresh is not None and await self._refresh(unit):
                    continue
                raise
            try:
                for answer in answers:
                    await asyncio.shield(answer)  # whoever stops waiting does not undo the change
            except Conflict:
                if not patience.left(unit):
                    raise
                absent.clear()
                continue
            return result

    def _waited_for(self, unit: Unit) -> list[asyncio.Future[None]]:
        """A decision that changes nothing rests on what it saw: that must be durable before it is told."""
        chats = [self._groups.get(comm_id) for comm_id in unit.touched]
        return [chat.latest for chat in chats if chat is not None and chat.latest is not None]

    def _submit(self, unit: Unit) -> asyncio.Future[None]:
        future = self._store.commit(unit.work())
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_seen)
        chats: dict[str, Chat] = {}
        for comm_id, group in unit.changed.items():
            chat = self._groups.get(comm_id)
            if chat is None:
                chat = Chat(group, durable=False)
                self._groups.put(chat)
            chat.group = group
            chat.pending += 1
            chat.latest = answer
            chats[comm_id] = chat
        for message in unit.messages:
            chats[message.comm_id].note(message, unit.now_s)
        self._goals.changing(unit.goals.values(), answer)
        future.add_done_callback(lambda done: self._done(done, unit, chats, answer))
        return answer

    def _done(
        self,
        future: asyncio.Future[tuple[int, ...]],
        unit: Unit,
        chats: dict[str, Chat],
        answer: asyncio.Future[None],
    ) -> None:
        error = future.exception()
        for comm_id, chat in chats.items():
            chat.pending -= 1
            if chat.latest is answer:
                chat.latest = None
            if self._groups.get(comm_id) is not chat:
                continue
            if error is None:
                chat.durable = unit.changed[comm_id]
            else:
                self._groups.drop(comm_id)
        self._goals.changed(unit.goals.values(), durable=error is None)
        if error is not None:
            answer.set_exception(error)
            return
        try:
            self._publish(unit, future.result())
        finally:
            answer.set_result(None)


class _Patience:
    """How long to contend with others who write to the same groups. A decision that rests on what it rested on before,
    and is refused again, wants what contradicts the log for good: that is tried a few times only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until_s = clock.monotonic_s() + _CONTEND_FOR_S
        self._basis: object = None
        self._in_vain = 0

    def left(self, unit: Unit) -> bool:
        """`unit` was a conflict; try again?"""
        basis = unit.basis
        self._in_vain = self._in_vain + 1 if basis == self._basis else 1
        self._basis = basis
        return self._in_vain < _ATTEMPTS and self._clock.monotonic_s() < self._until_s


def _seen(answer: asyncio.Future[None]) -> None:
    """Whoever asked may be gone; then nobody else wants to hear of the error."""
    if not answer.cancelled():
        answer.exception()
