"""Who hears what, at one end of a bus: the part that is the same whatever carries it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ioa.ports.bus import Hear, check_subject

log = logging.getLogger(__name__)


class Hearing:
    """The listeners of one replica, by subject, and those who want to know of gaps."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Hear]] = {}
        self._on_gap: list[Callable[[], None]] = []

    @property
    def subjects(self) -> list[str]:
        """What is listened to now."""
        return list(self._listeners)

    def add(self, subject: str, hear: Hear) -> bool:
        """Is it the first listener of the subject? Raises `ValueError` for a subject that cannot be one."""
        check_subject(subject)
        listeners = self._listeners.setdefault(subject, [])
        listeners.append(hear)
        return len(listeners) == 1

    def remove(self, subject: str, hear: Hear) -> bool:
        """Was it the last listener of the subject? May be called twice."""
        listeners = self._listeners.get(subject, [])
        if hear not in listeners:
            return False
        listeners.remove(hear)
        if listeners:
            return False
        del self._listeners[subject]
        return True

    def subscribe(self, subject: str, hear: Hear) -> Callable[[], None]:
        """`add`, where nothing has to be said to a server. Returns what ends it."""
        self.add(subject, hear)

        def end() -> None:
            self.remove(subject, hear)

        return end

    def hear(self, subject: str, data: bytes) -> None:
        """Give data to all listeners of the subject."""
        for listener in list(self._listeners.get(subject, ())):
            try:
                listener(data)
            except Exception:  # a boundary: one listener's error must not reach the others or the bus
                log.exception("a listener of the bus failed on %s", subject)

    def on_gap(self, tell: Callable[[], None]) -> None:
        """Call `tell` whenever `gap` is called."""
        self._on_gap.append(tell)

    def gap(self) -> None:
        """Something may have been missed: tell all who want to know."""
        for tell in self._on_gap:
            try:
                tell()
            except Exception:  # the same boundary
                log.exception("a listener of the bus failed on being told of a gap")
