"""Decide, write, tell: the one way in which anything changes.

A decision is a synchronous function of a `Unit`. It is made against the newest state, including changes that are not
durable yet (the writer keeps their order), and takes effect for others only when it is on the disk. If the disk
refuses, everything that was decided on top of it is refused as well, by the store, because it no longer follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from ioa.hub.goal_book import GoalBook
from ioa.hub.group_log import Chat, GroupLog, NotReady
from ioa.hub.unit import Unit
from ioa.ports.clock import Clock, NewId
from ioa.ports.store import Conflict, FateUnknown, Store, StoreUnavailable
from ioa.protocol.errors import Refused

T = TypeVar("T")
P = ParamSpec("P")
Publish = Callable[[Unit, tuple[int, ...]], None]
Refresh = Callable[[Unit], Awaitable[bool]]

_ATTEMPTS = 5
_CONTEND_FOR_S = 10.0


class Pending:
    """A change on its way to the disk."""

    __slots__ = ("_told", "done", "error")

    def __init__(self) -> None:
        self.done = False
        self.error: Exception | None = None
        self._told: list[Callable[[Exception | None], None]] = []

    def then(self, tell: Callable[[Exception | None], None]) -> None:
        """Call `tell` with what came between, or None, when the change is durable and published."""
        if self.done:
            tell(self.error)
        else:
            self._told.append(tell)

    def settle(self, error: Exception | None) -> None:
        self.done = True
        self.error = error
        told, self._told = self._told, []
        for tell in told:
            tell(error)

    async def over(self) -> Exception | None:
        """What came between, or None. Whoever stops waiting does not undo the change."""
        if not self.done:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.then(lambda _: None if waiter.done() else waiter.set_result(None))
            await waiter
        return self.error


class Ledger:
    """Runs decisions. `publish` is called once for each unit that has become durable, in the order of the log.

    Where other replicas write too, what is in memory may be behind the store. A change that rests on it is refused by
    the store; before anything else is said, `refresh` fetches what has been missed, and answers whether there was
    something: then the decision is made afresh. Nothing is decided there on top of a change that is still on its way:
    if another replica's entry takes its place, what was built on it would follow that by its number alone.
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

    def attempt(
        self, decide: Callable[Concatenate[Unit, P], T], *arguments: P.args, **named: P.kwargs
    ) -> tuple[T, Pending | None]:
        """`run` without waiting: what the decision returned, and the change that must be durable before that is told.
        Raises `NotReady` if something has to be fetched first, and what `decide` raises; then nothing has changed."""
        unit = Unit(self._groups, self._goals, self._clock.now_s(), self._new_id, ())
        try:
            result = decide(unit, *arguments, **named)
            unit.settle()
        except Refused:
            if self._refresh is not None:
                raise NotReady(_nothing) from None
            raise
        if not unit.empty:
            if self._refresh is not None and self._waited_for(unit):
                raise NotReady(_nothing)
            return result, self._submit(unit)
        waited_for = self._waited_for(unit)
        if self._refresh is not None or len(waited_for) > 1:
            raise NotReady(_nothing)
        return result, waited_for[0] if waited_for else None

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
                if self._refresh is not None:
                    if unit.empty:
                        if await self._refresh(unit):
                            continue
                    elif under_way := self._waited_for(unit):
                        await under_way[0].over()
                        continue
                changes = self._waited_for(unit) if unit.empty else [self._submit(unit)]
            except NotReady as missing:
                if await missing.wait() is None and missing.comm_id:
                    absent.add(missing.comm_id)
                continue
            except Refused:
                if self._refresh is not None and await self._refresh(unit):
                    continue
                raise
            errors = [error for change in changes if (error := await change.over()) is not None]
            if not errors:
                return result
            if not isinstance(errors[0], Conflict) or not patience.left(unit):
                raise errors[0]
            absent.clear()

    def _waited_for(self, unit: Unit) -> list[Pending]:
        """A decision that changes nothing rests on what it saw: that must be durable before it is told."""
        chats = [self._groups.peek(comm_id) for comm_id in unit.touched]
        return [chat.latest for chat in chats if chat is not None and chat.latest is not None]

    def _submit(self, unit: Unit) -> Pending:
        future = self._store.commit(unit.work())
        change = Pending()
        chats: dict[str, Chat] = {}
        for comm_id, group in unit.changed.items():
            chat = self._groups.peek(comm_id)
            if chat is None:
                chat = Chat(group, durable=False)
                self._groups.put(chat)
            chat.group = group
            chat.pending += 1
            chat.latest = change
            chats[comm_id] = chat
        for message in unit.messages:
            chats[message.comm_id].note(message, unit.now_s)
        if unit.goals:
            self._goals.changing(unit.goals.values(), change.over)
        future.add_done_callback(partial(self._done, unit, chats, change))
        return change

    def _done(
        self, unit: Unit, chats: dict[str, Chat], change: Pending, future: asyncio.Future[tuple[int, ...]]
    ) -> None:
        error = future.exception()
        for comm_id, chat in chats.items():
            chat.pending -= 1
            if chat.latest is change:
                chat.latest = None
            if self._groups.peek(comm_id) is not chat:
                continue
            if error is None:
                chat.durable = unit.changed[comm_id]
            else:
                self._groups.drop(comm_id)
        if unit.goals:
            self._goals.changed(unit.goals.values(), durable=error is None)
        if error is not None:
            # What may have been written is sent again under its identifier, and answered as the first time.
            if isinstance(error, FateUnknown) or not isinstance(error, Exception):
                error = StoreUnavailable(str(error) or repr(error))
            change.settle(error)
            return
        try:
            self._publish(unit, future.result())
        finally:
            change.settle(None)


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


async def _nothing() -> None:
    """Nothing need be fetched, but somebody must be waited for: `run` knows whom."""
