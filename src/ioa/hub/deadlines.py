"""No group waits for ever: alarms for what the law says it waits for, and for the group as a whole."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

from ioa.conversation.hub_duties import Wait, waits, when_overdue
from ioa.hub.alarms import Alarms
from ioa.hub.group_log import Chat, GroupLog
from ioa.hub.ledger import Ledger
from ioa.hub.unit import Unit
from ioa.ports.clock import Clock
from ioa.ports.store import Conflict, Store, StoreUnavailable

GRACE_S = 30.0
"""What remains of a wait after a restart of the hub is at least this, or the whole of it if that is less."""
_RETRY_S = 5.0
_PAGE = 200

Start = Callable[[Coroutine[object, object, None]], None]


class Deadlines:
    """Watches every group that has not ended. `start` runs a coroutine in the background."""

    def __init__(
        self, store: Store, groups: GroupLog, ledger: Ledger, alarms: Alarms, clock: Clock, start: Start
    ) -> None:
        self._store = store
        self._groups = groups
        self._ledger = ledger
        self._alarms = alarms
        self._clock = clock
        self._start = start
        self._armed: dict[str, set[Wait]] = {}

    async def rearm(self) -> None:
        """After a start: watch all groups that have not ended, with some grace for members to come back."""
        before: int | None = None
        while True:
            rows = await self._store.group_rows(ended=False, before=before, limit=_PAGE)
            for row in rows:
                chat = await self._groups.load(row.comm_id)
                if chat is not None:
                    self.watch(chat, grace_s=GRACE_S)
                before = row.number
            if len(rows) < _PAGE:
                return

    def watch(self, chat: Chat, *, grace_s: float = 0.0) -> None:
        """The group has changed: set the alarms for what it waits for now."""
        group = chat.group
        wanted = waits(group)
        armed = self._armed.get(group.comm_id, set())
        for wait in armed.difference(wanted):
            self._alarms.cancel((group.comm_id, wait))
        for wait in wanted:
            if wait in armed:
                continue
            began_at = chat.at[max(0, wait.since - 1)]
            left_s = max(began_at + wait.timeout_s - self._clock.now_s(), min(grace_s, wait.timeout_s))
            self._set(group.comm_id, wait, left_s)
        if wanted:
            self._armed[group.comm_id] = set(wanted)
        else:
            self._armed.pop(group.comm_id, None)

    def _set(self, comm_id: str, wait: Wait, left_s: float) -> None:
        self._alarms.set((comm_id, wait), left_s, lambda: self._start(self._overdue(comm_id, wait)))

    async def _overdue(self, comm_id: str, wait: Wait) -> None:
        def decide(unit: Unit) -> None:
            for message in when_overdue(unit.group(comm_id), wait):
                unit.add(message)

        try:
            await self._ledger.run(decide)
        except (StoreUnavailable, Conflict):
            self._set(comm_id, wait, _RETRY_S)  # the wait is still over when the disk is back
