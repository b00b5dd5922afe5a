"""How the replicas of a hub tell each other at once what they would otherwise find out a little later.

At most once, and lossy by contract: what is published may be lost at any time, whole or from some moment on. Truth is
in the store; what the bus carries are hints and copies of what can be read there, so that a loss costs time and never a
message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Hear = Callable[[bytes], None]
"""Called in the event loop with what others publish, in the order of each publisher and subject. Must not block."""

LARGEST_BYTES = 512 * 1024
"""The largest piece of data that a bus carries."""


class BusUnavailable(Exception):
    """The bus cannot be opened, with the remedy. A bus that is open never raises: it reconnects for ever."""


class Bus(Protocol):
    """One replica's end of the bus. It does not hear what it publishes itself."""

    async def open(self) -> None:
        """Connect. Raises `BusUnavailable`, with the remedy, if the first connection cannot be made."""
        ...

    async def close(self) -> None:
        """Send what waits if that can be done soon, then let go. May be called twice."""
        ...

    def publish(self, subject: str, data: bytes) -> None:
        """Tell all who subscribed to `subject` elsewhere. Never blocks; what is published within one turn of the event
        loop goes out as one bundle. Dropped without an error while the bus is closed or away, or when too much waits.

        Raises `ValueError` for data over `LARGEST_BYTES` and for a subject that is not made of words of letters,
        digits, `_` and `-` joined by dots."""
        ...

    async def subscribe(self, subject: str, hear: Hear) -> Callable[[], None]:
        """Hear what others publish from now on, until the answer is called. Holds over reconnections. An error of
        `hear` is logged, and nobody else suffers."""
        ...

    @property
    def away(self) -> bool:
        """Is it open, and carries nothing now? What is published is lost until it is back. For whoever watches."""
        ...

    def on_gap(self, tell: Callable[[], None]) -> None:
        """Call `tell` whenever something may have been missed, heard or said: the connection came back, a buffer ran
        over. Listeners then follow the store afresh."""
        ...


def check_publication(subject: str, data: bytes) -> None:
    """Raises `ValueError` for what `Bus.publish` refuses."""
    check_subject(subject)
    if len(data) > LARGEST_BYTES:
        raise ValueError(
            f"data on {subject!r}: {len(data)} bytes, a bus carries at most {LARGEST_BYTES}; publish where it can be "
            "read instead"
        )


def check_subject(subject: str) -> None:
    """Raises `ValueError` for a subject that not every engine can carry."""
    for word in subject.split("."):
        if not word.isascii() or not word.replace("_", "a").replace("-", "a").isalnum():
            raise ValueError(
                f"subject {subject!r}: use words of letters, digits, '_' and '-' joined by dots, such as 'log.new'"
            )
