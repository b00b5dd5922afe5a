"""The goal's account as one decision or one task of this client sees it, and what goes with its next message.

Source: issue threads of the field put runaway cost second among the complaints; the hub's side is `hub/spending.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from ioa.client.connection import HubConnection
from ioa.client.jobs import Jobs
from ioa.ports.clock import NewId
from ioa.ports.spending import BudgetSpent, ModelCall, Spending, added
from ioa.protocol.errors import Refused
from ioa.protocol.frames import Spend, Spent
from ioa.protocol.messages import MAX_SHORT_CHARS, Usage
from ioa.protocol.names import printable


class OpenPurse(Protocol):
    """Makes the purse of a decision; see `Purse` for the fields."""

    def __call__(
        self, *, goal_id: str | None = None, comm_id: str | None = None, task_id: str | None = None
    ) -> Purse: ...


def purses(connection: HubConnection, new_id: NewId, jobs: Jobs) -> OpenPurse:
    """Purses of one client."""

    def opened(*, goal_id: str | None = None, comm_id: str | None = None, task_id: str | None = None) -> Purse:
        return Purse(connection, new_id, jobs, goal_id=goal_id, comm_id=comm_id, task_id=task_id)

    return opened


class Purse(Spending):
    """What is spent for a goal that has no group yet, for a group, or for a task of it. `usage` is the sum since the
    purse was opened or last emptied."""

    def __init__(
        self,
        connection: HubConnection,
        new_id: NewId,
        jobs: Jobs,
        *,
        goal_id: str | None,
        comm_id: str | None,
        task_id: str | None,
    ) -> None:
        self._connection = connection
        self._new_id = new_id
        self._jobs = jobs
        self._place = (goal_id, comm_id, task_id)
        self._asked: dict[str, Spend] = {}
        self.usage: Usage | None = None

    def take(self) -> Usage | None:
        """Empty the purse into a message."""
        usage, self.usage = self.usage, None
        return usage

    async def ask(self, call: ModelCall) -> str:
        goal_id, comm_id, task_id = self._place
        spend = Spend(
            request_id=self._new_id(),
            goal_id=goal_id,
            comm_id=comm_id,
            task_id=task_id,
            decision=call.decision[:MAX_SHORT_CHARS],
            model=printable(call.model)[:MAX_SHORT_CHARS],
            tokens=call.tokens,
            cost_usd=call.cost_usd,
        )
        try:
            await self._connection.ask(spend)
        except Refused as refusal:
            raise BudgetSpent(refusal.rule) from refusal
        self._asked[spend.request_id] = spend
        return spend.request_id

    def tell(self, call_id: str, usage: Usage, *, duration_s: float, error: str = "") -> Awaitable[None]:
        self.usage = added(self.usage, usage)
        frame = Spent(
            request_id=self._new_id(),
            spend=self._asked.pop(call_id),
            usage=usage,
            duration_s=max(0.0, duration_s),
            error=printable(error)[:MAX_SHORT_CHARS],
        )
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._jobs.start(("spent", frame.request_id), self._tell(frame, _settled(told)))
        return asyncio.shield(told)

    async def _tell(self, frame: Spent, done: Callable[[], None]) -> None:
        try:
            await self._connection.ask(frame)
        except Refused:
            pass  # the group or goal is gone, and its account with it
        finally:
            done()


def _settled(future: asyncio.Future[None]) -> Callable[[], None]:
    def settle() -> None:
        if not future.done():
            future.set_result(None)

    return settle
