"""The goals' accounts: what model calls may still use, and what each has used.

A call is kept back from the budget at its most from the moment it is granted until it is told, so that calls of many
agents at once cannot exceed the budget together. What was told is stored as a record of its own; the sums of a goal
that runs are in memory. A call that is never told (its client died) stays kept back until the goal ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ioa.hub.goal_book import GoalBook
from ioa.hub.group_log import GroupLog
from ioa.hub.records import CALL, CallRecord, document, read
from ioa.ports.clock import Clock
from ioa.ports.store import Store, Work
from ioa.protocol.errors import Refused
from ioa.protocol.frames import Granted, Recorded, Spend, Spent
from ioa.protocol.messages import Budgets, Usage

_PAGE = 500
_ACCOUNTS = 1_000


@dataclass(slots=True)
class Account:
    """The sums of one goal. `kept` are the granted calls that were not told yet: most tokens and dollars by call."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    models: dict[str, None] = field(default_factory=dict[str, None])
    told: set[str] = field(default_factory=set[str])
    kept: dict[str, tuple[int, float]] = field(default_factory=dict[str, tuple[int, float]])

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def usage(self) -> Usage:
        return Usage(
            calls=self.calls,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cost_usd=self.cost_usd,
            model=", ".join(self.models)[:2_000],
        )

    def add(self, record: CallRecord) -> None:
        self.told.add(record.call_id)
        self.calls += 1
        self.input_tokens += record.input_tokens
        self.output_tokens += record.output_tokens
        self.cost_usd += record.cost_usd
        self.models[record.model] = None

    def allows(self, spend: Spend, budgets: Budgets) -> None:
        """Raises `Refused` (budget_spent) with the budget that the call would exceed."""
        calls = self.calls + len(self.kept)
        if calls >= budgets.calls:
            raise Refused("budget_spent", f"calls: {calls} of {budgets.calls} model calls of this goal are used")
        tokens = self.tokens + sum(most for most, _ in self.kept.values())
        if tokens + spend.tokens > budgets.tokens:
            raise Refused(
                "budget_spent",
                f"tokens: {tokens} of {budgets.tokens} tokens of this goal are used or kept back; this call may use "
                f"up to {spend.tokens}",
            )
        if budgets.cost_usd is not None:
            cost = self.cost_usd + sum(most for _, most in self.kept.values())
            if cost + spend.cost_usd > budgets.cost_usd:
                raise Refused(
                    "budget_spent",
                    f"cost_usd: ${cost:.4f} of ${budgets.cost_usd:.4f} of this goal are used or kept back; this call "
                    f"may cost up to ${spend.cost_usd:.4f}",
                )


class Accounts:
    """Answers `spend` and `spent`, and tells what was used."""

    def __init__(self, store: Store, book: GoalBook, groups: GroupLog, clock: Clock) -> None:
        self._store = store
        self._book = book
        self._groups = groups
        self._clock = clock
        self._accounts: dict[str, Account] = {}

    async def ask(self, sender: str, spend: Spend) -> Granted:
        """Keep the call back from the goal's budget. Raises `Refused`, `StoreUnavailable`."""
        goal_id = await self._goal_of(sender, spend, to_spend=True)
        goal = await self._book.load(goal_id)
        if goal.final:
            raise Refused("concluded", f"goal {goal_id!r} has ended ({goal.status}); nothing more is paid for")
        account = await self.of_goal(goal_id)
        call_id = f"{sender}/{spend.request_id}"
        if call_id not in account.kept and call_id not in account.told:
            account.allows(spend, goal.budgets)
            account.kept[call_id] = (spend.tokens, spend.cost_usd)
        return Granted(request_id=spend.request_id)

    async def tell(self, sender: str, spent: Spent) -> Recorded:
        """Put the call into the account, durably. A repeat counts once."""
        spend, usage = spent.spend, spent.usage
        goal_id = await self._goal_of(sender, spend, to_spend=False)
        account = await self.of_goal(goal_id)
        call_id = f"{sender}/{spend.request_id}"
        if call_id in account.told:
            return Recorded(request_id=spent.request_id)
        record = CallRecord(
            call_id=call_id,
            goal_id=goal_id,
            comm_id=spend.comm_id,
            task_id=spend.task_id,
            agent=sender,
            decision=spend.decision,
            model=usage.model or spend.model,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_usd=usage.cost_usd,
            duration_s=spent.duration_s,
            error=spent.error,
            at=self._clock.now_s(),
        )
        await self._store.commit(Work(documents=(document(CALL, f"{goal_id}/{call_id}", record, owner=goal_id),)))
        if call_id not in account.told:  # else it came twice at once, and replaced itself
            account.kept.pop(call_id, None)
            account.add(record)
        return Recorded(request_id=spent.request_id)

    async def of_goal(self, goal_id: str) -> Account:
        """The sums of a goal, read from the store when they are not in memory."""
        account = self._accounts.get(goal_id)
        if account is not None:
            return account
        account = Account()
        after = 0
        while True:
            page = await self._store.documents(CALL, owner=goal_id, after=after, limit=_PAGE)
            for entry in page:
                account.add(read(entry, CallRecord))
                after = entry.number
            if len(page) < _PAGE:
                break
        account = self._accounts.setdefault(goal_id, account)  # another reader may have been faster
        self._forget_ended()
        return account

    async def calls(self, goal_id: str, *, after: int, limit: int) -> list[tuple[int, CallRecord]]:
        """The calls of a goal in order, each with its number."""
        page = await self._store.documents(CALL, owner=goal_id, after=after, limit=limit)
        return [(entry.number, read(entry, CallRecord)) for entry in page]

    def _forget_ended(self) -> None:
        if len(self._accounts) <= _ACCOUNTS:
            return
        running = {goal.goal_id for goal in self._book.open_goals()}
        for goal_id in [goal_id for goal_id in self._accounts if goal_id not in running][: _ACCOUNTS // 2]:
            del self._accounts[goal_id]

    async def _goal_of(self, sender: str, spend: Spend, *, to_spend: bool) -> str:
        """The goal that a call is for; the sender must work on it. `to_spend`: and its group must not have ended."""
        if spend.comm_id is not None:
            chat = await self._groups.load(spend.comm_id)
            if chat is None or sender not in chat.group.members:
                raise Refused("unknown_group", f"comm_id {spend.comm_id!r} is no group of {sender!r}")
            if to_spend and chat.group.ended:
                raise Refused("concluded", f"comm_id {spend.comm_id!r} has concluded; nothing more is paid for")
            return chat.group.goal_id
        if spend.goal_id is None:
            raise Refused("malformed", "comm_id and goal_id are missing; say which group or goal the call is for")
        goal = await self._book.load(spend.goal_id)
        if sender not in goal.tried:
            raise Refused("unknown_goal", f"goal_id {spend.goal_id!r} is not offered to {sender!r}")
        return goal.goal_id
