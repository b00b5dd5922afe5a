"""Things to do at a time: one heap, driven by the clock that is passed in."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Hashable
from itertools import count

from ioa.ports.clock import Clock


class Alarms:
    """`set` an action for a key, `cancel` it, and let `run` call the actions that are due. Actions must not wait."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Hashable]] = []
        self._current: dict[Hashable, tuple[int, Callable[[], None]]] = {}
        self._numbers = count()
        self._sooner = asyncio.Event()

    def __len__(self) -> int:
        return len(self._current)

    def set(self, key: Hashable, after_s: float, action: Callable[[], None]) -> None:
        """Call `action` in `after_s` seconds, instead of what was set for the key before."""
        number = next(self._numbers)
        due = self._clock.monotonic_s() + max(0.0, after_s)
        self._current[key] = (number, action)
        if not self._heap or due < self._heap[0][0]:
            self._sooner.set()
        heapq.heappush(self._heap, (due, number, key))
        if len(self._heap) > 64 and len(self._heap) > 2 * len(self._current):
            self._heap = [entry for entry in self._heap if self._is_current(entry)]
            heapq.heapify(self._heap)

    def cancel(self, key: Hashable) -> None:
        self._current.pop(key, None)

    def _is_current(self, entry: tuple[float, int, Hashable]) -> bool:
        current = self._current.get(entry[2])
        return current is not None and current[0] == entry[1]

    async def run(self) -> None:
        """For ever: wait for the next alarm, or for one that is sooner."""
        while True:
            self._sooner.clear()
            while self._heap and (not self._is_current(self._heap[0]) or self._heap[0][0] <= self._clock.monotonic_s()):
                entry = heapq.heappop(self._heap)
                if self._is_current(entry):
                    _, action = self._current.pop(entry[2])
                    action()
            if not self._heap:
                await self._sooner.wait()
                continue
            pause = asyncio.ensure_future(self._clock.sleep(self._heap[0][0] - self._clock.monotonic_s()))
            sooner = asyncio.ensure_future(self._sooner.wait())
            try:
                await asyncio.wait((pause, sooner), return_when=asyncio.FIRST_COMPLETED)
            finally:
                pause.cancel()
                sooner.cancel()
