"""A bus within one process: for one hub alone, and for tests with many. Ends of the same `Exchange` hear each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ioa.adapters.bus.hearing import Hearing
from ioa.ports.bus import Bus, BusUnavailable, Hear, check_publication

_MOST_WAITING = 100_000


class Exchange:
    """What the ends in one process share. `cut` loses everything until `mend`, as a network would."""

    def __init__(self) -> None:
        self._ends: list[LocalBus] = []
        self.is_cut = False

    def cut(self) -> None:
        """From now on everything is lost."""
        self.is_cut = True

    def mend(self) -> None:
        """Carry again, and tell the ends that they may have missed something."""
        self.is_cut = False
        for end in list(self._ends):
            end.missed()

    def join(self, end: LocalBus) -> None:
        """For `LocalBus.open`."""
        if self.is_cut:
            raise BusUnavailable("the exchange is cut; mend it")
        self._ends.append(end)

    def leave(self, end: LocalBus) -> None:
        """For `LocalBus.close`."""
        if end in self._ends:
            self._ends.remove(end)

    def carry(self, speaker: LocalBus, bundle: list[tuple[str, bytes]]) -> None:
        """Give a bundle to all ends but the one that it comes from."""
        if self.is_cut:
            return
        for end in list(self._ends):
            if end is not speaker:
                end.take(bundle)


class LocalBus(Bus):
    """One end. Without an `exchange` it is alone, and what it publishes nobody hears."""

    def __init__(self, exchange: Exchange | None = None) -> None:
        self._exchange = exchange or Exchange()
        self._hearing = Hearing()
        self._bundle: list[tuple[str, bytes]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    async def open(self) -> None:
        if self._loop is None:
            self._exchange.join(self)
            self._loop = asyncio.get_running_loop()

    async def close(self) -> None:
        self._send()
        self._loop = None
        self._exchange.leave(self)

    def publish(self, subject: str, data: bytes) -> None:
        check_publication(subject, data)
        if self._loop is None or len(self._bundle) >= _MOST_WAITING:
            return
        self._bundle.append((subject, data))
        if len(self._bundle) == 1:
            self._loop.call_soon(self._send)

    def _send(self) -> None:
        bundle, self._bundle = self._bundle, []
        if bundle and self._loop is not None:
            self._exchange.carry(self, bundle)

    async def subscribe(self, subject: str, hear: Hear) -> Callable[[], None]:
        return self._hearing.subscribe(subject, hear)

    @property
    def away(self) -> bool:
        return self._loop is not None and self._exchange.is_cut

    def on_gap(self, tell: Callable[[], None]) -> None:
        self._hearing.on_gap(tell)

    def missed(self) -> None:
        """For the exchange: something may have been lost."""
        self._hearing.gap()

    def take(self, bundle: list[tuple[str, bytes]]) -> None:
        """For the exchange: hear what another end published."""
        for subject, data in bundle:
            self._hearing.hear(subject, data)
