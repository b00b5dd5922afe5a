"""Time and identifiers, passed in so that tests and replays own them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

NewId: TypeAlias = Callable[[], str]
"""Makes identifiers that are unique in the network, such as UUID hex."""


class Clock(Protocol):
    """Wall time for people, monotonic time for deadlines, and waiting. Seconds."""

    def now_s(self) -> float:
        """Unix time."""
        ...

    def monotonic_s(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...
