"""What is left of a wait when whoever watches it has begun anew: time for members to come back, a few times."""

from __future__ import annotations

import logging

from ioa.hub.records import STARTS, StartsRecord, document, read
from ioa.ports.clock import Clock
from ioa.ports.store import Store, StoreUnavailable, Work

log = logging.getLogger(__name__)

GRACE_S = 30.0
"""What remains of a wait after a restart of the hub is at least this, or the whole of it if that is less."""
MOST_GRACES = 3
"""So often a wait gets it: else a hub that is restarted more often than every 30 s would never end one."""
_ONLY = "latest"


def no_grace(due_at: float) -> float:
    """Of a wait that begins while the hub runs."""
    return 0.0


class Grace:
    """The latest times at which a hub over this store began to watch; they outlive it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._before: tuple[float, ...] = ()

    async def begin(self) -> None:
        """This hub begins to watch. Raises `StoreUnavailable` if the store cannot be read."""
        now = self._clock.now_s()
        found = await self._store.document(STARTS, _ONLY)
        known = read(found, StartsRecord).at if found is not None else ()
        self._before = tuple(at for at in known if at <= now)[-MOST_GRACES:]  # later ones: the clock was set back
        record = StartsRecord(at=(*self._before, now)[-MOST_GRACES:])
        try:
            await self._store.commit(Work(documents=(document(STARTS, _ONLY, record),)))
        except StoreUnavailable as error:
            log.warning("this start is not counted: %s", error)

    def of(self, due_at: float) -> float:
        """How many seconds are left at least of a wait that was to be over at `due_at`."""
        had = sum(at > due_at - GRACE_S for at in self._before)
        return GRACE_S if had < MOST_GRACES else 0.0
