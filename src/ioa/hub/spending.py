"""The goals' accounts: what model calls may still use, and what each has used.

A call is kept back from the budget at its most from the moment it is granted until it is told, so that calls of many
agents at once cannot exceed the budget together, at however many replicas they ask: the account is a record of the
store that is replaced only as it was seen. What was told is a record of its own beside it. A call that is never told
(its client died) stays kept back until the goal ends.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from msgspec.structs import replace

from ioa.hub.goal_book import GoalBook
from ioa.hub.group_log import GroupLog
from ioa.hub.records import ACCOUNT, CALL, AccountRecord, CallRecord, document, read
from ioa.ports.clock import Clock
from ioa.ports.store import Conflict, Document, Store, Work
from ioa.protocol.errors import Refused
from ioa.protocol.frames import Granted, Recorded, Spend, Spent
from ioa.protocol.messages import Budgets, Usage

_PAGE = 500
_ACCOUNTS = 1_000
_ATTEMPTS = 100

Kept = tuple[AccountRecord, bytes | None]
"""An account, and its bytes in the store if it is there."""


def tokens_of(account: AccountRecord) -> int:
    return account.input_tokens + account.output_tokens


def usage_of(account: AccountRecord) -> Usage:
    return Usage(
        calls=account.calls,
        input_tokens=account.input_tokens,
        output_tokens=account.output_tokens,
        cost_usd=account.cost_usd,
        model=", ".join(account.models)[:2_000],
    )


def with_call(account: AccountRecord, record: CallRecord) -> AccountRecord:
    """The account after a call was told."""
    return AccountRecord(
        calls=account.calls + 1,
        input_tokens=account.input_tokens + record.input_tokens,
        output_tokens=account.output_tokens + record.output_tokens,
        cost_usd=account.cost_usd + record.cost_usd,
        models=tuple(dict.fromkeys((*account.models, record.model))),
        kept={call_id: most for call_id, most in account.kept.items() if call_id != record.call_id},
    )


def check_allowed(account: AccountRecord, spend: Spend, budgets: Budgets) -> None:
    """Raises `Refused` (budget_spent) with the budget that the call would exceed."""
    calls = account.calls + len(account.kept)
    if calls >= budgets.calls:
        raise Refused("budget_spent", f"calls: {calls} of {budgets.calls} model calls of this goal are used")
    tokens = tokens_of(account) + sum(most for most, _ in account.kept.values())
    if tokens + spend.tokens > budgets.tokens:
        raise Refused(
            "budget_spent",
            f"tokens: {tokens} of {budgets.tokens} tokens of this goal are used or kept back; this call may use "
            f"up to {spend.tokens}",
        )
    if budgets.cost_usd is not None:
        cost = account.cost_usd + sum(most for _, most in account.kept.values())
        if cost + spend.cost_usd > budgets.cost_usd:
            raise Refused(
                "budget_spent",
                f"cost_usd: ${cost:.4f} of ${budgets.cost_usd:.4f} of this goal are used or kept back; this call "
                f"may cost up to ${spend.cost_usd:.4f}",
            )


async def _no_quota(goal_id: str, spend: Spend) -> None:
    """Accounts on their own have none but the goal's budgets."""


class Accounts:
    """Answers `spend` and `spent`, and tells what was used."""

    def __init__(self, store: Store, book: GoalBook, groups: GroupLog, clock: Clock) -> None:
        self._store = store
        self._book = book
        self._groups = groups
        self._clock = clock
        self.check_quota: Callable[[str, Spend], Awaitable[None]] = _no_quota
        self._accounts: OrderedDict[str, Kept] = OrderedDict()
        self._changing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def ask(self, sender: str, spend: Spend) -> Granted:
        """Keep the call back from the goal's budget, durably. Raises `Refused`, `StoreUnavailable`."""
        goal_id = await self._goal_of(sender, spend, to_spend=True)
        goal = await self._book.load(goal_id)
        if goal.final:
            raise Refused("concluded", f"goal {goal_id!r} has ended ({goal.status}); nothing more is paid for")
        call_id = f"{sender}/{spend.request_id}"
        try:
            await self.check_quota(goal_id, spend)
        except Refused:
            if call_id not in (await self.of_goal(goal_id)).kept:  # else it was granted, and is asked for again
                raise

        def grant(account: AccountRecord) -> AccountRecord:
            if call_id in account.kept:
                return account
            check_allowed(account, spend, goal.budgets)
            return replace(account, kept={**account.kept, call_id: (spend.tokens, spend.cost_usd)})

        await self._change(goal_id, call_id, grant)
        return Granted(request_id=spend.request_id)

    async def tell(self, sender: str, spent: Spent) -> Recorded:
        """Put the call into the account, durably. A repeat counts once."""
        spend, usage = spent.spend, spent.usage
        goal_id = await self._goal_of(sender, spend, to_spend=False)
        record = CallRecord(
            call_id=f"{sender}/{spend.request_id}",
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
        told = document(CALL, f"{goal_id}/{record.call_id}", record, owner=goal_id, new=True)
        await self._change(goal_id, record.call_id, lambda account: with_call(account, record), told)
        return Recorded(request_id=spent.request_id)

    async def _change(
        self,
        goal_id: str,
        call_id: str,
        change: Callable[[AccountRecord], AccountRecord],
        *more: Document,
    ) -> None:
        """Replace the account by what `change` makes of it, unless the call was told already. Raises what it raises,
        of the newest account."""
        async with self._changing.setdefault(goal_id, asyncio.Lock()):
            for _ in range(_ATTEMPTS):
                if await self._store.document(CALL, f"{goal_id}/{call_id}") is not None:
                    return
                account, body = await self._account(goal_id)
                try:
                    changed = change(account)
                except Refused:
                    if not self._store.shared or (await self._read(goal_id))[1] == body:
                        raise
                    continue
                if changed is account:
                    return
                entry = document(ACCOUNT, goal_id, changed, new=body is None, replaces=body)
                try:
                    await self._store.commit(Work(documents=(entry, *more)))
                except Conflict:  # another replica was faster
                    self._accounts.pop(goal_id, None)
                    continue
                except BaseException:
                    self._accounts.pop(goal_id, None)
                    raise
                self._keep(goal_id, (changed, entry.body))
                return
        raise Conflict(f"the account of goal {goal_id!r} changes all the time")

    async def of_goal(self, goal_id: str) -> AccountRecord:
        """The sums of a goal."""
        return (await (self._read(goal_id) if self._store.shared else self._account(goal_id)))[0]

    async def _account(self, goal_id: str) -> Kept:
        return self._accounts.get(goal_id) or await self._read(goal_id)

    async def _read(self, goal_id: str) -> Kept:
        found = await self._store.document(ACCOUNT, goal_id)
        if found is not None:
            kept: Kept = (read(found, AccountRecord), found.body)
        else:
            kept = (await self._summed(goal_id), None)
        self._keep(goal_id, kept)
        return kept

    def _keep(self, goal_id: str, kept: Kept) -> None:
        self._accounts[goal_id] = kept
        self._accounts.move_to_end(goal_id)
        if len(self._accounts) > _ACCOUNTS:
            self._accounts.popitem(last=False)

    async def _summed(self, goal_id: str) -> AccountRecord:
        """The account of a goal whose calls were told to a hub that kept no record of the sums."""
        account = AccountRecord()
        after = 0
        while True:
            page = await self._store.documents(CALL, owner=goal_id, after=after, limit=_PAGE)
            for entry in page:
                account = with_call(account, read(entry, CallRecord))
                after = entry.number
            if len(page) < _PAGE:
                return account

    async def calls(self, goal_id: str, *, after: int, limit: int) -> list[tuple[int, CallRecord]]:
        """The calls of a goal in order, each with its number."""
        page = await self._store.documents(CALL, owner=goal_id, after=after, limit=limit)
        return [(entry.number, read(entry, CallRecord)) for entry in page]

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
