"""What other replicas have written: the log and the documents of a shared store, followed in order of position.

One follower is the only source of what reaches this replica's sessions, of its own changes too: so nobody is told
position 12 before 11, whoever committed them. What this replica has written itself need not be read again: it waits,
by position, until everything before it has come.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from ioa.ports.clock import Clock
from ioa.ports.store import Change, Store, Stored, StoreUnavailable, Work
from ioa.protocol.names import printable

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""How long an entry may stay unnoticed when every hint is lost."""
_PAGE = 500
_OWN_WAITING = 5_000

TakeEntry = Callable[[Stored], Awaitable[None]]
TakeChange = Callable[[Change], None]


class Follower:
    """`run` hands every entry past the start to `entry`, and every change of a record to the one of its kind in
    `changes`. Both may see the same thing twice after a failure, never out of order."""

    def __init__(self, store: Store, clock: Clock, entry: TakeEntry, changes: Mapping[str, TakeChange]) -> None:
        self._store = store
        self._clock = clock
        self._entry = entry
        self._changes = changes
        self._own: dict[int, Stored] = {}
        self._newest = 0  # position that is known to exist
        self._stale = set(changes)  # kinds of which records may have changed
        self._wake = asyncio.Event()
        self._look_at_s = clock.monotonic_s() + LOOK_EVERY_S
        self._passes = 0
        self._passed = asyncio.Condition()
        self.position = 0
        self.revisions = dict.fromkeys(changes, 0)
        self.failure: StoreUnavailable | None = None

    async def start(self) -> None:
        """Follow from now on; what is there already is to be read after this. Raises `StoreUnavailable`."""
        self.position = self._newest = await self._store.newest()
        self.revisions = dict.fromkeys(self._changes, await self._store.newest_rev())

    def written(self, work: Work, positions: tuple[int, ...]) -> None:
        """This replica has written something: it is durable."""
        for entry, pos in zip(work.entries, positions, strict=True):
            self._own[pos] = Stored(pos=pos, comm_id=entry.comm_id, seq=entry.seq, at=entry.at, body=entry.body)
        if len(self._own) > _OWN_WAITING:
            self._own.clear()  # they are read like those of others
        self.hint(positions[-1] if positions else 0, kinds_of(work))

    def hint(self, newest: int, kinds: tuple[str, ...] = ()) -> None:
        """Something is there: entries up to this position, records of these kinds."""
        self._newest = max(self._newest, newest)
        self._stale.update(kind for kind in kinds if kind in self._changes)
        self._wake.set()

    def look(self) -> None:
        """Anything may be there."""
        self._newest = max(self._newest, self.position + 1)
        self._stale.update(self._changes)
        self._wake.set()

    async def caught_up(self) -> None:
        """Wait until all that was in the store when this was called has been taken. Raises `StoreUnavailable`."""
        async with self._passed:
            until = self._passes + 2  # the pass that runs now may have begun too early
            self.look()
            while self._passes < until:
                if self.failure is not None:
                    raise self.failure
                await self._passed.wait()
                self.look()

    async def run(self) -> None:
        """For ever."""
        while True:
            self._wake.clear()
            try:
                await self._pass()
                self.failure = None
            except StoreUnavailable as error:
                if self.failure is None:
                    log.warning("cannot follow the store: %s", error)
                self.failure = error
            async with self._passed:
                self._passes += 1
                self._passed.notify_all()
            await self._rest()

    async def _rest(self) -> None:
        left_s = self._look_at_s - self._clock.monotonic_s()
        pause = asyncio.ensure_future(self._clock.sleep(max(0.0, left_s)))
        woken = asyncio.ensure_future(self._wake.wait())
        try:
            wanted = (pause,) if self.failure is not None else (pause, woken)
            await asyncio.wait(wanted, return_when=asyncio.FIRST_COMPLETED)
            if self._clock.monotonic_s() >= self._look_at_s:
                self._look_at_s = self._clock.monotonic_s() + LOOK_EVERY_S
                self.look()
        finally:
            pause.cancel()
            woken.cancel()

    async def _pass(self) -> None:
        while self._stale:
            kind = self._stale.pop()
            try:
                await self._changed(kind)
            except BaseException:
                self._stale.add(kind)
                raise
        while self._newest > self.position:
            own = self._own.get(self.position + 1)
            if own is not None:
                await self._take(own)
            elif not await self._page():
                break

    async def _changed(self, kind: str) -> None:
        while True:
            page = await self._store.documents_after(kind, self.revisions[kind], limit=_PAGE)
            for change in page:
                try:
                    self._changes[kind](change)
                except Exception:  # effect runner: a record that cannot be taken must not hide those after it
                    log.exception("cannot take what became of %s %s", kind, printable(change.key))
                self.revisions[kind] = change.rev
            if len(page) < _PAGE:
                return

    async def _page(self) -> bool:
        newest = self._newest
        page = await self._store.log_after(self.position, limit=_PAGE)
        for entry in page:
            await self._take(entry)
        if len(page) < _PAGE and self._newest == newest:
            self._newest = self.position  # whoever was told of more was told wrongly
        return bool(page)

    async def _take(self, entry: Stored) -> None:
        try:
            await self._entry(entry)
        except StoreUnavailable:
            raise
        except Exception:  # effect runner: an entry that cannot be taken must not stop those after it
            log.exception("cannot take entry %d", entry.pos)
        self.position = entry.pos
        self._own.pop(entry.pos, None)


def kinds_of(work: Work) -> tuple[str, ...]:
    """The kinds of records that a work changes."""
    return tuple({*(entry.kind for entry in work.documents), *(kind for kind, _ in work.removed)})
