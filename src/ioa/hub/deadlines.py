"""No group waits for ever: alarms for what the law says it waits for, and for the group as a whole."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

from ioa.conversation.group import Group
from ioa.conversation.hub_duties import Wait, waits, when_overdue
from ioa.conversation.task import Task
from ioa.hub.alarms import Alarms
from ioa.hub.duty import Duty
from ioa.hub.grace import Grace, no_grace
from ioa.hub.group_log import Chat, GroupLog
from ioa.hub.ledger import Ledger
from ioa.hub.unit import Unit
from ioa.ports.clock import Clock
from ioa.ports.store import Conflict, Store, StoreUnavailable

_RETRY_S = 5.0
_PAGE = 200

Start = Callable[[Coroutine[object, object, None]], None]


class _Armed:
    """What is watched of one group: who has the floor since which entry, when that is over, and when its alarm rings
    (both by the monotonic clock); the other waits, and the tasks that they were drawn from."""

    __slots__ = ("due_s", "member", "rings_s", "since", "tasks", "waits")

    def __init__(self) -> None:
        self.member: str | None = None
        self.since = 0
        self.due_s = 0.0
        self.rings_s: float | None = None
        self.waits: dict[Wait, None] = {}  # in the order of their tasks: a set of them would have none
        self.tasks: dict[str, Task] | None = None


class Deadlines:
    """Watches every group that has not ended, while it has that duty. `start` runs a coroutine in the background."""

    def __init__(
        self,
        store: Store,
        groups: GroupLog,
        ledger: Ledger,
        alarms: Alarms,
        clock: Clock,
        start: Start,
        duty: Duty,
        grace: Grace,
    ) -> None:
        self._store = store
        self._groups = groups
        self._ledger = ledger
        self._alarms = alarms
        self._clock = clock
        self._start = start
        self._duty = duty
        self._grace = grace
        self._armed: dict[str, _Armed] = {}

    async def rearm(self) -> None:
        """After a start: watch all groups that have not ended, with some grace for members to come back."""
        await self._grace.begin()
        before: int | None = None
        while True:
            rows = await self._store.group_rows(ended=False, before=before, limit=_PAGE)
            for row in rows:
                chat = await self._groups.load(row.comm_id)
                if chat is not None:
                    self.watch(chat, grace=self._grace.of)
                before = row.number
            if len(rows) < _PAGE:
                return

    def watch(self, chat: Chat, *, grace: Callable[[float], float] = no_grace) -> None:
        """The group has changed: set the alarms for what it waits for now.

        The floor moves with almost every message. Its alarm stays where it is: each turn may take as long as the one
        before, so nothing is due sooner; when it rings, it looks who has the floor.
        """
        if not self._duty.held:
            return
        group = chat.group
        armed = self._armed.get(group.comm_id)
        if armed is None:
            if group.ended:
                return
            armed = self._armed[group.comm_id] = _Armed()
        if group.floor is None:
            armed.member = None
        elif armed.member is None or armed.since != group.floor_since:
            armed.member, armed.since = group.floor, group.floor_since
            timeout_s = group.budgets.turn_timeout_s
            began_at = chat.at[group.floor_since - 1]
            left_s = left_of(began_at, timeout_s, self._clock.now_s(), grace(began_at + timeout_s))
            armed.due_s = self._clock.monotonic_s() + left_s
            if armed.rings_s is None or armed.rings_s > armed.due_s:
                self._set_floor(group, armed)
        if armed.tasks is not group.tasks or group.ended:
            armed.tasks = group.tasks
            self._watch_rest(chat, armed, grace)

    def _watch_rest(self, chat: Chat, armed: _Armed, grace: Callable[[float], float]) -> None:
        group = chat.group
        wanted = dict.fromkeys(wait for wait in waits(group) if wait.overdue != "floor")
        for wait in armed.waits:
            if wait not in wanted:
                self._alarms.cancel((group.comm_id, wait))
        for wait in wanted:
            if wait in armed.waits:
                continue
            began_at = chat.at[max(0, wait.since - 1)]
            left_s = left_of(began_at, wait.timeout_s, self._clock.now_s(), grace(began_at + wait.timeout_s))
            self._set(group.comm_id, wait, left_s)
        armed.waits = wanted
        if group.ended:
            self._alarms.cancel((group.comm_id, "floor"))
            self._armed.pop(group.comm_id, None)

    def _set_floor(self, group: Group, armed: _Armed) -> None:
        armed.rings_s = armed.due_s
        left_s = armed.due_s - self._clock.monotonic_s()
        self._alarms.set((group.comm_id, "floor"), left_s, lambda: self._floor_rings(group, armed))

    def _floor_rings(self, group: Group, armed: _Armed) -> None:
        """`group` as it was when the alarm was set: its budgets do not change."""
        armed.rings_s = None
        if armed.member is None or self._armed.get(group.comm_id) is not armed:
            return
        if armed.due_s > self._clock.monotonic_s():  # somebody else has the floor by now
            self._set_floor(group, armed)
        else:
            wait = Wait("floor", group.budgets.turn_timeout_s, member=armed.member, since=armed.since)
            self._start(self._overdue(group.comm_id, wait))

    def disarm(self) -> None:
        """Somebody else watches now."""
        for comm_id, armed in self._armed.items():
            for wait in armed.waits:
                self._alarms.cancel((comm_id, wait))
            self._alarms.cancel((comm_id, "floor"))
        self._armed.clear()

    def _set(self, comm_id: str, wait: Wait, left_s: float) -> None:
        self._alarms.set((comm_id, wait), left_s, lambda: self._start(self._overdue(comm_id, wait)))

    async def _overdue(self, comm_id: str, wait: Wait) -> None:
        def decide(unit: Unit) -> None:
            for message in when_overdue(unit.group(comm_id), wait):
                unit.add(message)

        try:
            await self._ledger.run(decide)
        except (StoreUnavailable, Conflict):
            if self._duty.held:
                self._set(comm_id, wait, _RETRY_S)  # the wait is still over when the disk is back


def left_of(began_at: float, timeout_s: float, now_s: float, grace_s: float = 0.0) -> float:
    """What is left of a wait, in seconds; at least `grace_s`, or the whole of it if that is less. Never more than the
    whole, though the clock was set back meanwhile."""
    return min(timeout_s, max(began_at + timeout_s - now_s, grace_s))
