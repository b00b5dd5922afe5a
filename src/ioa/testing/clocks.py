"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count

_YIELDS = 20


class ManualClock:
    """`Clock` for tests: `sleep` returns when `advance` has moved past its end, in the order of the ends."""

    def __init__(self, start_s: float = 1_750_000_000.0) -> None:
        self._start_s = start_s
        self._passed_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()

    def now_s(self) -> float:
        return self._start_s + self._passed_s

    def monotonic_s(self) -> float:
        return self._passed_s

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._passed_s + seconds, next(self._numbers), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let time pass. Whoever wakes runs at its own time, and may sleep again within this stretch."""
        end = self._passed_s + seconds
        await _let_others_run()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue
            self._passed_s = max(self._passed_s, due)
            future.set_result(None)
            await _let_others_run()
        self._passed_s = end
        await _let_others_run()


async def _let_others_run() -> None:
    for _ in range(_YIELDS):
        await asyncio.sleep(0)
