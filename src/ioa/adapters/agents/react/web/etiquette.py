"""Manners towards one host: few requests at a time, a pause between them; and how long to wait before another try."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from ioa.ports.clock import Clock

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 8.0


@dataclass(slots=True)
class _Host:
    gate: asyncio.Semaphore
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at_s: float = 0.0


class Politeness:
    """Requests to one host start at least a pause apart, and only so many run at a time."""

    def __init__(self, clock: Clock, *, at_a_time: int = 2, pause_s: float = 0.1) -> None:
        self._clock = clock
        self._at_a_time = at_a_time
        self._pause_s = pause_s
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, host: str, pause_s: float = 0.0) -> AsyncGenerator[None]:
        """Wait for a place at `host`; `pause_s` is a longer pause that this host asked for."""
        known = self._hosts.setdefault(host, _Host(asyncio.Semaphore(self._at_a_time)))
        async with known.gate:
            async with known.turn:
                wait_s = known.free_at_s - self._clock.monotonic_s()
                if wait_s > 0:
                    await self._clock.sleep(wait_s)
                known.free_at_s = self._clock.monotonic_s() + max(pause_s, self._pause_s)
            yield


def wait_before_retry_s(attempt: int, chance: random.Random) -> float:
    """Doubling waits with jitter, so that programs that failed together do not come back together."""
    return min(_FIRST_WAIT_S * 2**attempt, _LONGEST_WAIT_S) * (0.5 + chance.random() / 2)


def asked_wait_s(retry_after: str, now_s: float) -> float | None:
    """Seconds of a Retry-After header, a number or a date; `None` when it says neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(parsedate_to_datetime(text).timestamp() - now_s, 0.0)
    except (TypeError, ValueError):
        return None
