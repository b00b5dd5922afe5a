"""Goals in memory: all that have not ended, and the last ones that were looked at."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable

from msgspec.structs import replace

from ioa.hub.group_log import NotReady
from ioa.hub.records import GOAL, OPEN_GOAL, GoalRecord, document, read
from ioa.ports.store import Document, Store
from ioa.protocol.errors import Refused

_ENDED_STAY = 1_000
_PAGE = 500


class GoalBook:
    """Holds what is durable. One change of a goal at a time: while one is on its way to the disk, the next decision
    about that goal waits for it. A change replaces the very record that it was decided on, whose bytes are kept for
    that: so it is refused by the store if another replica was faster, and the goal is read again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[str, GoalRecord] = {}
        self._ended: OrderedDict[str, GoalRecord] = OrderedDict()
        self._bodies: dict[str, bytes] = {}
        self._changing: dict[str, Callable[[], Awaitable[object]]] = {}
        self._doubtful: set[str] = set()  # the store may have another version

    async def start(self) -> None:
        """Read the goals that have not ended."""
        after = 0
        while True:
            markers = await self._store.documents(OPEN_GOAL, after=after, limit=_PAGE)
            for marker in markers:
                await self.load(marker.key)
                after = marker.number
            if len(markers) < _PAGE:
                return

    async def count_open(self, owner: str, most: int) -> int:
        """How many goals of an owner a shared store says to be open now, counted up to `most`."""
        return len(await self._store.documents(OPEN_GOAL, owner=owner, limit=most))

    def open_goals(self) -> tuple[GoalRecord, ...]:
        return tuple(self._open.values())

    def get(self, goal_id: str) -> GoalRecord | None:
        """The goal as it is stored, if it is in memory."""
        return self._open.get(goal_id) or self._ended.get(goal_id)

    async def load(self, goal_id: str) -> GoalRecord:
        """The goal as it is stored. Raises `Refused` (unknown_goal), `StoreUnavailable`."""
        goal = self.get(goal_id)
        if goal is not None:
            return goal
        found = await self._store.document(GOAL, goal_id)
        if found is None:
            raise Refused("unknown_goal", f"goal_id {goal_id!r} is no goal of this hub; GET /v1/goals lists yours")
        self.learned(found)
        goal = self.get(goal_id)
        assert goal is not None, "it has just been learned"
        return goal

    def learned(self, found: Document) -> GoalRecord:
        """A goal as it was read in the store; kept if it is newer than what is in memory."""
        goal = read(found, GoalRecord)
        known = self.get(goal.goal_id)
        if known is None or known.version < goal.version:
            self._keep(goal, found.body)
        self._doubtful.discard(goal.goal_id)
        return goal

    async def refreshed(self, goal_id: str) -> bool:
        """Read a goal again. Was it behind? Raises `StoreUnavailable`."""
        known = self.get(goal_id)
        found = await self._store.document(GOAL, goal_id)
        if found is not None:
            self.learned(found)
        return self.get(goal_id) is not known

    def ready(self, goal_id: str) -> GoalRecord:
        """The goal, to decide about it. Raises `NotReady`."""
        changing = self._changing.get(goal_id)
        if changing is not None:
            raise NotReady(changing)
        if goal_id in self._doubtful:
            raise NotReady(lambda: self.refreshed(goal_id))
        goal = self.get(goal_id)
        if goal is None:
            raise NotReady(lambda: self.load(goal_id))
        return goal

    def changing(self, goals: Iterable[GoalRecord], over: Callable[[], Awaitable[object]]) -> None:
        """These changes are on their way; `over` waits until they have arrived or failed."""
        for goal in goals:
            self._changing[goal.goal_id] = over

    def changed(self, goals: Iterable[GoalRecord], *, durable: bool) -> None:
        """The changes have arrived, or have failed."""
        for goal in goals:
            self._changing.pop(goal.goal_id, None)
            if durable:
                self._keep(goal, document(GOAL, goal.goal_id, goal).body)
            elif self.get(goal.goal_id) is not None:
                self._doubtful.add(goal.goal_id)

    def _keep(self, goal: GoalRecord, body: bytes) -> None:
        self._bodies[goal.goal_id] = body
        if not goal.final:
            self._open[goal.goal_id] = goal
            return
        self._open.pop(goal.goal_id, None)
        self._ended[goal.goal_id] = goal
        self._ended.move_to_end(goal.goal_id)
        while len(self._ended) > _ENDED_STAY:
            forgotten, _ = self._ended.popitem(last=False)
            del self._bodies[forgotten]

    def next_version(self, goal: GoalRecord) -> GoalRecord:
        """The goal as it is to be written now."""
        known = self.get(goal.goal_id)
        return replace(goal, version=known.version + 1 if known is not None else 1)

    def document(self, goal: GoalRecord, *, new: bool = False) -> Document:
        """The record of a goal, to replace the one in memory."""
        replaces = None if new else self._bodies.get(goal.goal_id)
        return document(GOAL, goal.goal_id, goal, owner=goal.owner, new=new, replaces=replaces)
