"""One of several hubs over a shared store: what it tells the others, whether they live, and which of them leads.

The store is the only truth. The bus wakes the others at once; when it loses something, or everything, they find out by
themselves a second later. A replica lives as long as its beat in the store grows: no clocks are compared, and one
that cannot reach the store would be of no use.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import cast

import msgspec
from msgspec import Struct

from ioa.hub.duty import Duty
from ioa.hub.following import Follower, TakeChange, TakeEntry, kinds_of
from ioa.hub.presence import SharedPresence
from ioa.hub.records import REPLICA, ReplicaRecord, document, read
from ioa.ports.bus import Bus
from ioa.ports.clock import Clock
from ioa.ports.store import Change, Leadership, Store, StoreUnavailable, Work
from ioa.version import version

log = logging.getLogger(__name__)

BEAT_EVERY_S = 1.0
DEAD_AFTER_S = 6.0
_LEAD = "duties"
_PAGE = 100


class Hint(Struct, frozen=True, array_like=True):
    """Entries up to this position are there, and records of these kinds have changed."""

    position: int
    kinds: tuple[str, ...] = ()


class HeardStore:
    """A shared store whose owner hears of what it has written itself, when that is durable."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.heard: Callable[[Work, tuple[int, ...]], None] = lambda work, positions: None

    def commit(self, work: Work) -> asyncio.Future[tuple[int, ...]]:
        future = self._store.commit(work)
        future.add_done_callback(lambda done: self._done(work, done))
        return future

    def _done(self, work: Work, done: asyncio.Future[tuple[int, ...]]) -> None:
        if not done.cancelled() and done.exception() is None:
            self.heard(work, done.result())

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def heard_store(store: Store) -> tuple[Store, HeardStore]:
    """The store, and the same one to listen to."""
    heard = HeardStore(store)
    return cast("Store", heard), heard


class Replica:
    """`run` follows the store, beats, and leads when it can. `lead` is called when it begins to, `retire` when it
    ends."""

    def __init__(
        self,
        name: str,
        store: Store,
        heard: HeardStore,
        bus: Bus | None,
        clock: Clock,
        presence: SharedPresence,
        duty: Duty,
        *,
        entry: TakeEntry,
        changes: dict[str, TakeChange],
        lead: Callable[[], Awaitable[None]],
        retire: Callable[[], None],
    ) -> None:
        self.name = name
        self._store = store
        self._bus = bus
        self._clock = clock
        self._presence = presence
        self._duty = duty
        self._lead = lead
        self._retire = retire
        self.follower = Follower(store, clock, entry, {**changes, REPLICA: self._beaten})
        self._leadership: Leadership | None = None
        self._beat = 0
        self._began_at = clock.now_s()
        self._seen_s: dict[str, float] = {}
        self._hint: Hint | None = None
        self.gaps = 0
        """How often the bus may have lost something."""
        self._subject = ""
        self._quiet: Callable[[], None] = lambda: None
        heard.heard = self._written

    async def start(self) -> None:
        """Begin to hear the others; what is in the store is to be read after this. Raises `StoreUnavailable`,
        `BusUnavailable`."""
        if self._bus is not None:
            await self._bus.open()
            self._subject = f"ioa.{self._store.epoch}.changes"
            self._quiet = await self._bus.subscribe(self._subject, self._hear)
            self._bus.on_gap(self._missed)
        await self.follower.start()
        await self._beat_once()
        for entry in await self._store.documents(REPLICA, limit=_PAGE):
            self._beaten(Change(rev=0, kind=REPLICA, key=entry.key, document=entry))

    async def stop(self) -> None:
        """Let another lead, and tell the others that this one is gone."""
        self._quiet()
        if self._beat:
            await self._say_farewell()
        if self._bus is not None:
            await self._bus.close()

    async def _say_farewell(self) -> None:
        if self._leadership is not None:
            await self._leadership.release()
        try:
            await self._store.commit(Work(removed=((REPLICA, self.name),)))
        except StoreUnavailable as error:
            log.warning("the other replicas notice by themselves that this one is gone: %s", error)
        self._tell()

    @property
    def bus_away(self) -> bool | None:
        """Does the bus carry nothing now? None: there is none."""
        return None if self._bus is None else self._bus.away

    @property
    def others(self) -> int:
        """How many other replicas live, as far as this one knows."""
        return len(self._seen_s)

    async def run(self) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.follower.run())
            group.create_task(self._live())
            group.create_task(self._lead_in_turn())

    # What this replica writes, the others hear of

    def _written(self, work: Work, positions: tuple[int, ...]) -> None:
        self.follower.written(work, positions)
        kinds = kinds_of(work)
        if kinds == (REPLICA,) and work.documents and self._beat > 1:
            return  # one of many beats wakes nobody
        if self._hint is None:
            asyncio.get_running_loop().call_soon(self._tell)
            self._hint = Hint(0)
        newest = max(self._hint.position, positions[-1] if positions else 0)
        self._hint = Hint(newest, tuple({*self._hint.kinds, *kinds}))

    def _tell(self) -> None:
        hint, self._hint = self._hint, None
        if hint is not None and self._bus is not None and self._subject:
            self._bus.publish(self._subject, msgspec.json.encode(hint))

    def _missed(self) -> None:
        self.gaps += 1
        self.follower.look()

    def _hear(self, data: bytes) -> None:
        try:
            hint = msgspec.json.decode(data, type=Hint)
        except (msgspec.DecodeError, UnicodeError):
            self.follower.look()  # of another release; something is there
            return
        self.follower.hint(hint.position, hint.kinds)

    # Who lives

    async def _live(self) -> None:
        while True:
            await self._clock.sleep(BEAT_EVERY_S)
            try:
                await self._beat_once()
            except StoreUnavailable as error:
                log.warning("cannot beat: %s", error)
            self._look_for_dead()

    async def _beat_once(self) -> None:
        self._beat += 1
        record = ReplicaRecord(beat=self._beat, started_at=self._began_at, version=version())
        await self._store.commit(Work(documents=(document(REPLICA, self.name, record),)))

    def _beaten(self, change: Change) -> None:
        if change.key == self.name:
            return
        if change.document is None:
            self._seen_s.pop(change.key, None)
            self._presence.died(change.key)
            return
        read(change.document, ReplicaRecord)
        self._seen_s[change.key] = self._clock.monotonic_s()
        self._presence.lives(change.key)

    def _look_for_dead(self) -> None:
        now = self._clock.monotonic_s()
        if self.follower.failure is not None:  # nobody's beats are seen
            self._seen_s = dict.fromkeys(self._seen_s, now)
        for replica in [name for name, seen in self._seen_s.items() if now - seen >= DEAD_AFTER_S]:
            log.warning("replica %s is gone", replica)
            del self._seen_s[replica]
            self._presence.died(replica)
            if self._duty.held:
                self._store.commit(Work(removed=((REPLICA, replica),))).add_done_callback(_seen)

    # Who leads

    async def _lead_in_turn(self) -> None:
        while True:
            try:
                leadership = await self._store.lead(_LEAD)
            except StoreUnavailable:
                leadership = None
            if leadership is None:
                await self._clock.sleep(BEAT_EVERY_S)
                continue
            log.info("replica %s leads", self.name)
            self._leadership = leadership
            self._duty.held = True
            try:
                await self._do_duty()
                await leadership.lost()
            finally:
                self._duty.held = False
                self._retire()

    async def _do_duty(self) -> None:
        while True:
            try:
                await self._lead()
                return
            except StoreUnavailable as error:
                log.warning("cannot take over yet: %s", error)
                await self._clock.sleep(BEAT_EVERY_S)


def _seen(done: asyncio.Future[tuple[int, ...]]) -> None:
    """If the record of a dead replica stays, it is removed another time."""
    if not done.cancelled():
        done.exception()
