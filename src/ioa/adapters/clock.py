"""The clock of this machine."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """`Clock` over `time` and the running event loop."""

    def now_s(self) -> float:
        return time.time()

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
