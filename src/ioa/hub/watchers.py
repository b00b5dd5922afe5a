"""Who waits for news of a goal: a wake-up each, without any content, so that nothing piles up."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Generator, Iterable
from contextlib import contextmanager


class Watchers:
    """Events by goal. A watcher reads the store when it is woken, from where it was."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self.closed = False

    def __bool__(self) -> bool:
        """Does anybody watch anything?"""
        return bool(self._waiting)

    @contextmanager
    def watch(self, goal_id: str) -> Generator[asyncio.Event]:
        """An event that is set whenever something of the goal has changed, and when the hub stops."""
        event = asyncio.Event()
        self._waiting[goal_id].add(event)
        try:
            yield event
        finally:
            self._waiting[goal_id].discard(event)
            if not self._waiting[goal_id]:
                del self._waiting[goal_id]

    def wake(self, goal_ids: Iterable[str]) -> None:
        for goal_id in goal_ids:
            for event in self._waiting.get(goal_id, ()):
                event.set()

    def close(self) -> None:
        """Wake everybody for the last time."""
        self.closed = True
        self.wake(tuple(self._waiting))
