"""A wire between two processes: frames take their time, arrive in order (or not, where told to), or not at all."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from random import Random

from ioa.ports.transport import ConnectionLost
from tests.simulation.loop import InOrder, Process

FRAMES_ON_THE_WAY = 64


class Habits:
    """How all wires of a world behave. `repeats` and `swaps` are the shares of frames that arrive twice or late."""

    def __init__(self, dice: Random, *, latency_s: float, repeats: float = 0.0, swaps: float = 0.0) -> None:
        self.dice = dice
        self.latency_s = latency_s
        self.repeats = repeats
        self.swaps = swaps


class _Way:
    """One direction."""

    def __init__(self, habits: Habits, wire: Wire) -> None:
        self.habits = habits
        self.wire = wire
        self.arrived: deque[bytes] = deque()
        self.on_the_way = 0
        self.held: list[bytes] = []
        self.lost: tuple[int, str] | None = None
        self.changed = asyncio.Event()
        self._in_order = InOrder(self._arrive)
        self._loop = asyncio.get_running_loop()

    def put(self, data: bytes) -> None:
        dice = self.habits.dice
        copies = 2 if self.habits.repeats and dice.random() < self.habits.repeats else 1
        for _ in range(copies):
            takes_s = dice.expovariate(1 / self.habits.latency_s)
            self.on_the_way += 1
            if self.habits.swaps and dice.random() < self.habits.swaps:
                self._loop.call_later(takes_s, self._arrive, data)
            else:
                self._in_order.put(takes_s, data)

    def _arrive(self, data: bytes) -> None:
        self.on_the_way -= 1
        if self.lost is not None:
            return
        if self.wire.silent:
            self.held.append(data)
            return
        self.arrived.append(data)
        self.wake()

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class Wire:
    """Both directions between a client and the hub. `silent`: nothing arrives, and nobody is told."""

    def __init__(self, habits: Habits) -> None:
        self.silent = False
        self.there, self.back = _Way(habits, self), _Way(habits, self)

    @property
    def open(self) -> bool:
        return self.there.lost is None and self.back.lost is None

    def cut(self, code: int = 1006, reason: str = "the wire was cut") -> None:
        """What is on the way is lost. Each end hears of it; of a silent wire only when it speaks again."""
        for way in (self.there, self.back):
            if way.lost is None:
                way.lost = (code, reason)
            way.wake()

    def speak(self) -> None:
        self.silent = False
        for way in (self.there, self.back):
            way.arrived.extend(way.held)
            way.held.clear()
            way.wake()


class End:
    """`Connection` of one process. `saw` is told every frame that it receives."""

    def __init__(
        self, process: Process, wire: Wire, incoming: _Way, outgoing: _Way, saw: Callable[[bytes], None] | None = None
    ) -> None:
        self._process = process
        self._wire = wire
        self._incoming = incoming
        self._outgoing = outgoing
        self._saw = saw

    async def send(self, data: bytes) -> None:
        await self._process.going()
        way = self._outgoing
        while way.lost is None and way.on_the_way + len(way.arrived) + len(way.held) >= FRAMES_ON_THE_WAY:
            await self._wait(way)
        if way.lost is not None:
            raise ConnectionLost(*way.lost)
        way.put(data)

    async def _wait(self, way: _Way) -> None:
        changed = way.changed
        await changed.wait()
        await self._process.going()

    async def receive(self) -> bytes:
        way = self._incoming
        while True:
            await self._process.going()
            if way.arrived:
                break
            if way.lost is not None:
                raise ConnectionLost(*way.lost)
            await self._wait(way)
        data = way.arrived.popleft()
        way.wake()
        if self._saw is not None:
            self._saw(data)
        return data

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if self._process.alive and self._wire.open:
            await asyncio.sleep(0)
            for way in (self._incoming, self._outgoing):
                if way.lost is None:
                    way.lost = (code, reason)
                way.wake()
