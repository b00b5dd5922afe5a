"""Quotas: how much of a hub one user's goals and agents may take. An operator can set others for single users.

What is refused names the quota, its value, and what would mend it. The defaults are far above what people and teams
of agents do.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ioa.hub.audit import Audit
from ioa.hub.goal_book import GoalBook
from ioa.hub.quota_settings import QuotaChange, Quotas
from ioa.hub.records import GOAL, QUOTA, USAGE, AccountRecord, GoalRecord, StorageRecord, document, read
from ioa.hub.security import Identity, TokenBucket
from ioa.hub.spending import Accounts, tokens_of
from ioa.ports.clock import Clock
from ioa.ports.store import Change, Document, Store, Work
from ioa.protocol.errors import Refused
from ioa.protocol.frames import Spend
from ioa.protocol.messages import AnyMessage, Conclusion, TaskCancel, TaskResult
from ioa.protocol.names import PERSON_PREFIX, clean_user

HOUR_S, DAY_S = 3_600.0, 86_400.0
_PAGE = 500
_SPEAKERS = 50_000
_SPENT_GOOD_FOR_S = 5.0
_REFUSED_GOOD_FOR_S = 1.0


class QuotaBook:
    """Judges by the quotas. Rates are counted by this process; what is stored, and what models cost, by the store."""

    def __init__(
        self,
        quotas: Quotas,
        store: Store,
        clock: Clock,
        audit: Audit,
        goals: GoalBook,
        accounts: Accounts,
        owner_of: Callable[[str], str | None],
    ) -> None:
        self._quotas = quotas
        self._store = store
        self._clock = clock
        self._audit = audit
        self._goals = goals
        self._accounts = accounts
        self._owner_of = owner_of
        self._changes: dict[str, QuotaChange] = {}
        self._messages: OrderedDict[str, TokenBucket] = OrderedDict()
        self._new_goals: dict[str, TokenBucket] = {}
        self._spent: dict[str, _Costs] = {}
        self._stored: dict[str, int] = {}

    async def start(self) -> None:
        """Read the quotas of single users."""
        after = 0
        while True:
            page = await self._store.documents(QUOTA, after=after, limit=_PAGE)
            for entry in page:
                self._changes[entry.key] = read(entry, QuotaChange)
                after = entry.number
            if len(page) < _PAGE:
                return

    def of_user(self, user: str) -> Quotas:
        """What holds for this user."""
        change = self._changes.get(user)
        return self._quotas if change is None else change.over(self._quotas)

    def changes(self) -> dict[str, QuotaChange]:
        """The users with quotas of their own."""
        return dict(self._changes)

    async def change(self, by: Identity, user: str, change: QuotaChange) -> Quotas:
        """Give a user quotas of its own; an empty change takes them back. Raises `Refused` (bad_name, malformed)."""
        clean_user(user, "user")
        try:
            quotas = change.over(self._quotas)
        except ValueError as error:
            raise Refused("malformed", str(error)) from None
        work = (
            Work(removed=((QUOTA, user),))
            if change == QuotaChange()
            else Work(documents=(document(QUOTA, user, change, owner=user),))
        )
        text = msgspec.json.encode(change).decode()
        await self._audit.commit(work, "quota_changed", by, f"user {user}", quotas=text)
        if change == QuotaChange():
            self._changes.pop(user, None)
        else:
            self._changes[user] = change
        self._begin_anew(user)
        return quotas

    def learned(self, change: Change) -> None:
        """What has become of a user's quotas at another replica."""
        if change.document is None:
            self._changes.pop(change.key, None)
        else:
            self._changes[change.key] = read(change.document, QuotaChange)
        self._begin_anew(change.key)

    def _begin_anew(self, user: str) -> None:
        """Count rates by the quotas that hold now."""
        self._messages.clear()
        self._new_goals.pop(user, None)

    def user_of(self, speaker: str) -> str:
        """Who answers for what `@user`, or the agent of this name, does."""
        if speaker.startswith(PERSON_PREFIX):
            return speaker[len(PERSON_PREFIX) :]
        return self._owner_of(speaker) or ""

    def _refused(self, code: str, user: str, quota: str, limit: object, what: str, remedy: str) -> Refused:
        self._audit.note_refusal(user, quota)
        return Refused(
            "too_fast" if code == "too_fast" else "too_many",
            f"quota {quota} ({limit}) of {user!r}: {what}; {remedy}",
        )

    def agent(self, user: str, owned: int) -> None:
        """May this user have one more agent? Raises `Refused` (too_many)."""
        most = self.of_user(user).agents
        if owned >= most:
            raise self._refused("too_many", user, "agents", most, f"{owned} agents are registered", "remove one first")

    def goal(self, owner: str, open_goals: int) -> None:
        """May `@user`, who has so many open goals, have one more? Raises `Refused` (too_many)."""
        user = self.user_of(owner)
        most = self.of_user(user).open_goals
        if open_goals >= most:
            told = f"{open_goals} goals have not ended"
            raise self._refused("too_many", user, "open_goals", most, told, "cancel one first")

    def goal_rate(self, owner: str) -> None:
        """May `@user` ask for one more goal within the hour? Raises `Refused` (too_fast)."""
        user = self.user_of(owner)
        quotas = self.of_user(user)
        now = self._clock.monotonic_s()
        bucket = self._new_goals.get(user)
        if bucket is None:
            most = quotas.goals_an_hour
            bucket = self._new_goals[user] = TokenBucket(most / HOUR_S, most, now)
        if not bucket.take(now):
            told, most = "so many goals were given within the hour", quotas.goals_an_hour
            raise self._refused("too_fast", user, "goals_an_hour", most, told, "wait some minutes")

    def message(self, speaker: str) -> None:
        """May this agent, or person, say one more thing? Raises `Refused` (too_fast)."""
        bucket = self._messages.get(speaker)
        now = self._clock.monotonic_s()
        if bucket is None:
            most = self.of_user(self.user_of(speaker)).messages_an_hour
            bucket = self._messages[speaker] = TokenBucket(most / HOUR_S, most, now)
            while len(self._messages) > _SPEAKERS:
                self._messages.popitem(last=False)
        if not bucket.take(now):
            user = self.user_of(speaker)
            told, most = f"{speaker} has sent so many messages within the hour", self.of_user(user).messages_an_hour
            raise self._refused("too_fast", user, "messages_an_hour", most, told, "send them more slowly")

    def message_in(self, owner: str, entries: int, message: AnyMessage) -> None:
        """May a group of this owner have one more entry? What ends tasks or the group always may. Raises `Refused`
        (too_many)."""
        if entries < 1_000 and not self._changes and self._quotas.messages_a_group >= 1_000:
            return
        user = self.user_of(owner)
        most = self.of_user(user).messages_a_group
        if entries >= most and not isinstance(message, Conclusion | TaskResult | TaskCancel):
            told = f"the group has {entries} messages"
            raise self._refused("too_many", user, "messages_a_group", most, told, "conclude with what there is")

    async def group(self, goal: GoalRecord) -> None:
        """May one more group be nested in this goal? Raises `Refused` (too_many)."""
        user = self.user_of(goal.owner)
        most = self.of_user(user).groups_a_goal
        rows = await self._store.group_rows(goal_id=goal.goal_id, limit=most + 1)
        if len(rows) >= most:
            told = f"the goal has {len(rows)} groups"
            raise self._refused("too_many", user, "groups_a_goal", most, told, "do the task without a team")

    async def stored(self, user: str) -> int:
        """Bytes of the files that this user and its agents have uploaded."""
        if user not in self._stored or self._store.shared:
            found = await self._store.document(USAGE, f"{user}/stored")
            self._stored[user] = read(found, StorageRecord).size_bytes if found is not None else 0
        return self._stored[user]

    async def charged(self, speaker: str, size_bytes: int) -> Document:
        """The record of what is stored for whoever answers for this speaker, with a file more; it is written with the
        file's own, and refused by a shared store (`Conflict`) if another file was charged meanwhile. Raises `Refused`
        (too_many)."""
        user = self.user_of(speaker)
        found = await self._store.document(USAGE, f"{user}/stored") if self._store.shared else None
        before = read(found, StorageRecord).size_bytes if found is not None else 0
        stored = (before if self._store.shared else await self.stored(user)) + size_bytes
        most = self.of_user(user).stored_bytes
        if stored > most:
            told = f"with this file, what this user and its agents have stored is {stored} bytes"
            raise self._refused("too_many", user, "stored_bytes", most, told, "ask an operator for more")
        self._stored[user] = stored
        entry = document(USAGE, f"{user}/stored", StorageRecord(size_bytes=stored), owner=user)
        if not self._store.shared:
            return entry
        return replace(entry, new=found is None, replaces=found.body if found is not None else None)

    async def spend(self, goal_id: str, spend: Spend) -> None:
        """May this call of a model be paid for by the user whose goal it is? Raises `Refused` (budget_spent)."""
        goal = await self._goals.load(goal_id)
        user = self.user_of(goal.owner)
        quotas = self.of_user(user)
        if quotas.model_tokens_a_day is None and quotas.model_cost_usd_a_day is None:
            return
        costs = await self._costs(user, _SPENT_GOOD_FOR_S)
        if costs.over(quotas, spend) is not None:
            costs = await self._costs(user, _REFUSED_GOOD_FOR_S)
        over = costs.over(quotas, spend)
        if over is not None:
            quota, most, used, wanted = over
            self._audit.note_refusal(user, quota)
            raise Refused(
                "budget_spent",
                f"quota {quota} ({most:g}) of {user!r}: {used:g} are used or kept back, this call may use {wanted:g}; "
                "wait until tomorrow, or ask an operator for more",
            )
        costs.kept_tokens += spend.tokens
        costs.kept_cost_usd += spend.cost_usd

    async def spent(self, user: str) -> tuple[int, float]:
        """Tokens and dollars of this user's goals of the last 24 hours, at most some seconds old."""
        costs = await self._costs(user, _SPENT_GOOD_FOR_S)
        return costs.tokens, costs.cost_usd

    async def _costs(self, user: str, good_for_s: float) -> _Costs:
        now = self._clock.monotonic_s()
        known = self._spent.get(user)
        if known is not None and now - known.at_s < good_for_s:
            return known
        since = self._clock.now_s() - DAY_S
        costs, before = _Costs(at_s=now), None
        while True:
            page = await self._store.documents(
                GOAL, owner=PERSON_PREFIX + user, before=before, limit=_PAGE, newest_first=True
            )
            goals = [read(entry, GoalRecord) for entry in page]
            for goal in goals:
                if not goal.final or (goal.ended_at or goal.created_at) >= since:
                    costs.add(await self._accounts.of_goal(goal.goal_id), open_=not goal.final)
            if len(page) < _PAGE or goals[-1].created_at < since - DAY_S:
                break
            before = page[-1].number
        self._spent[user] = costs
        return costs


class _Costs(Struct, kw_only=True):
    """What models have cost a user within a day, and what is kept back for calls that have not been told yet."""

    at_s: float
    tokens: int = 0
    cost_usd: float = 0.0
    kept_tokens: int = 0
    kept_cost_usd: float = 0.0

    def add(self, account: AccountRecord, *, open_: bool) -> None:
        self.tokens += tokens_of(account)
        self.cost_usd += account.cost_usd
        for tokens, cost_usd in account.kept.values() if open_ else ():
            self.kept_tokens += tokens
            self.kept_cost_usd += cost_usd

    def over(self, quotas: Quotas, spend: Spend) -> tuple[str, float, float, float] | None:
        """The quota that this call would exceed: its name, its value, what is used, what is wanted."""
        for quota, most, used, wanted in (
            ("model_tokens_a_day", quotas.model_tokens_a_day, self.tokens + self.kept_tokens, spend.tokens),
            ("model_cost_usd_a_day", quotas.model_cost_usd_a_day, self.cost_usd + self.kept_cost_usd, spend.cost_usd),
        ):
            if most is not None and used + wanted > most:
                return quota, most, used, wanted
        return None
