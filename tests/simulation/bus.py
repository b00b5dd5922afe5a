"""A bus between simulated replicas: late, in the order of each publisher, and now and then not at all."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from ioa.adapters.bus.hearing import Hearing
from ioa.ports.bus import Hear, check_publication
from tests.simulation.loop import InOrder, Process


class Exchange:
    """What the ends share. While `cut`, everything is lost."""

    def __init__(self, dice: Random, latency_s: float) -> None:
        self.dice = dice
        self.latency_s = latency_s
        self.cut = False
        self.ends: list[SimBus] = []

    def mend(self) -> None:
        self.cut = False
        for end in self.ends:
            end.missed()


class SimBus:
    """`Bus` of one process."""

    def __init__(self, exchange: Exchange, process: Process) -> None:
        self._exchange = exchange
        self._process = process
        self._hearing = Hearing()
        self._open = False
        self._ways: dict[SimBus, InOrder] = {}

    async def open(self) -> None:
        self._open = True
        self._exchange.ends.append(self)

    async def close(self) -> None:
        self._open = False
        if self in self._exchange.ends:
            self._exchange.ends.remove(self)

    def publish(self, subject: str, data: bytes) -> None:
        check_publication(subject, data)
        if not self._open or not self._process.alive or self._exchange.cut:
            return
        exchange = self._exchange
        for end in exchange.ends:
            if end is not self:
                way = self._ways.setdefault(end, InOrder(end.arrive))
                way.put(exchange.dice.expovariate(1 / exchange.latency_s), subject, data)

    def arrive(self, subject: str, data: bytes) -> None:
        if self._open and self._process.alive and not self._exchange.cut:
            self._process.run(self._hearing.hear, subject, data)

    def missed(self) -> None:
        if self._process.alive:
            self._process.run(self._hearing.gap)

    async def subscribe(self, subject: str, hear: Hear) -> Callable[[], None]:
        return self._hearing.subscribe(subject, hear)

    @property
    def away(self) -> bool:
        return self._open and self._exchange.cut

    def on_gap(self, tell: Callable[[], None]) -> None:
        self._hearing.on_gap(tell)
