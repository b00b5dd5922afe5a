"""What a model call costs, and whether it may be made: the port between whoever calls models and the goal's account.

A call is asked for before it is made, with the most that it may use, and told afterwards with what it did use. The
account is the hub's; the makers are the client's own (over its connection) and `Unlimited` below, for agents that run
outside of any network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from ioa.protocol.messages import Usage


class BudgetSpent(Exception):
    """The goal's budget does not allow this call. The text says which budget, how much is spent, and what was asked."""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A call of a model before it is made. `decision` says what for, such as `turn`, `brief` or `agent`; `tokens` (read
    and written together) and `cost_usd` are the most that it may use."""

    decision: str
    model: str
    tokens: int
    cost_usd: float = 0.0


class Spending(Protocol):
    """The account of one decision or one task."""

    async def ask(self, call: ModelCall) -> str:
        """An identifier for the call, which may now be made. Raises `BudgetSpent`."""
        ...

    def tell(self, call_id: str, usage: Usage, *, duration_s: float, error: str = "") -> Awaitable[None]:
        """What the call did use; `error` says why it gave nothing, if so. It is under way when this returns, also for
        a caller that is being cancelled; whoever can wait awaits until it is in the account."""
        ...


class Unlimited(Spending):
    """An account that allows everything and only counts: for agents outside of a network, and for tests."""

    def __init__(self) -> None:
        self.calls: list[tuple[ModelCall, Usage | None, str]] = []

    async def ask(self, call: ModelCall) -> str:
        self.calls.append((call, None, ""))
        return str(len(self.calls) - 1)

    def tell(self, call_id: str, usage: Usage, *, duration_s: float, error: str = "") -> Awaitable[None]:
        place = int(call_id)
        self.calls[place] = (self.calls[place][0], usage, error)
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        told.set_result(None)
        return told


def added(one: Usage | None, other: Usage | None) -> Usage | None:
    """Two usages as one; None is nothing."""
    if one is None or other is None:
        return one or other
    models = dict.fromkeys(name for usage in (one, other) for name in usage.model.split(", ") if name)
    return Usage(
        calls=one.calls + other.calls,
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cost_usd=one.cost_usd + other.cost_usd,
        model=", ".join(models)[:2_000],
        saved_tokens=one.saved_tokens + other.saved_tokens,
    )
