"""Which goals are taken: as many as a user may have open, and give within the hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

from ioa.hub.gates import Gate, knows_all
from ioa.hub.goal_book import GoalBook
from ioa.hub.ledger import Ledger
from ioa.hub.quotas import QuotaBook
from ioa.hub.records import GoalRecord
from ioa.hub.unit import Unit
from ioa.ports.store import Conflict, Document, Store
from ioa.protocol.errors import Refused


class GoalAdmission:
    """Writes new goals, `most_open` of a user at most, or what the user's quotas say."""

    def __init__(self, store: Store, book: GoalBook, ledger: Ledger, quotas: QuotaBook, most_open: int) -> None:
        self._book = book
        self._ledger = ledger
        self._quotas = quotas
        self._most_open = most_open
        self._gate = Gate(store, "goals")
        self._coming = Counter[str]()
        self.catch_up: Callable[[], Awaitable[bool]] = knows_all

    async def add(self, record: GoalRecord) -> GoalRecord:
        """Write one more goal of its owner; returns it as it is stored. Raises `Refused` (too_many, too_fast,
        unavailable), and `Conflict` if the goal is there."""
        owner = record.owner
        user = self._quotas.user_of(owner)
        most = min(self._most_open, self._quotas.of_user(user).open_goals)
        if self._known(owner) >= most:
            await self.catch_up()  # before it is refused: a goal may have ended at another replica
        self._check_room(owner, self._known(owner))
        self._quotas.goal_rate(owner)

        async def add(passing: tuple[Document, ...]) -> GoalRecord:
            if passing:
                self._check_room(owner, max(self._known(owner), await self._book.count_open(owner, most)))
            self._coming[owner] += 1
            try:
                return await self._write(record, passing)
            finally:
                self._coming[owner] -= 1

        if self._gate.stands(self._known(owner), most):
            return await self._gate.through(user, add)
        return await add(())

    async def _write(self, record: GoalRecord, passing: tuple[Document, ...]) -> GoalRecord:
        decided = False

        def decide(unit: Unit) -> GoalRecord:
            nonlocal decided
            if passing and decided:
                raise Conflict("another goal has come through meanwhile, or this one is there")
            decided = True
            for entry in passing:
                unit.put(entry)
            return unit.put_goal(record, new=True)

        return await self._ledger.run(decide)

    def _known(self, owner: str) -> int:
        """Open goals as far as this hub knows, with those that are being written."""
        return sum(goal.owner == owner for goal in self._book.open_goals()) + self._coming[owner]

    def _check_room(self, owner: str, open_goals: int) -> None:
        if open_goals >= self._most_open:
            raise Refused("too_many", f"{self._most_open} goals of yours have not ended; cancel one first")
        self._quotas.goal(owner, open_goals)
