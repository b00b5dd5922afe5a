"""The clock of this machine, and identifiers; and those of a run that is played again."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from random import Random
from uuid import uuid4

from ioa.ports.clock import Clock, NewId


class SystemClock:
    """`Clock` over `time` and the running event loop."""

    def now_s(self) -> float:
        return time.time()

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class RecordedClock(SystemClock):
    """Wall time goes on from where a recorded run began; deadlines and waiting are the machine's."""

    def __init__(self, start_s: float) -> None:
        self._start_s = start_s
        self._began_s = time.monotonic()

    def now_s(self) -> float:
        return self._start_s + time.monotonic() - self._began_s


def new_id() -> str:
    """128 random bits, as hex."""
    return uuid4().hex


def seeded_ids(seed: int) -> NewId:
    """Identifiers like those of `new_id`, the same ones in the same order for the same seed. Not for secrets."""
    random = Random(seed)
    return lambda: f"{random.getrandbits(128):032x}"


@dataclass(frozen=True, slots=True)
class Origins:
    """Where times and identifiers of one network come from."""

    clock: Clock = field(default_factory=SystemClock)
    new_id: NewId = new_id
