"""A clock whose sleeps take no time: they are written down, and move it."""

from __future__ import annotations

import asyncio


class JumpClock:
    def __init__(self, start_s: float = 1_750_000_000.0) -> None:
        self._start_s = start_s
        self._passed_s = 0.0
        self.slept: list[float] = []

    def now_s(self) -> float:
        return self._start_s + self._passed_s

    def monotonic_s(self) -> float:
        return self._passed_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._passed_s += seconds
        await asyncio.sleep(0)

    def pass_s(self, seconds: float) -> None:
        self._passed_s += seconds
