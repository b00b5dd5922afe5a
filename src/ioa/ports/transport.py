"""The wire between a client and a hub, both ends: whole frames in order, or `ConnectionLost`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class ConnectionLost(Exception):
    """The other end is gone. `code` is the WebSocket close code (1006 if none was given), `reason` its text."""

    def __init__(self, code: int = 1006, reason: str = "") -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code
        self.reason = reason


class Connection(Protocol):
    """One end of an open connection. `send` waits while the other end is slow; both raise `ConnectionLost`."""

    async def send(self, data: bytes) -> None: ...

    async def receive(self) -> bytes:
        """The next frame, whole; text frames come as UTF-8 bytes."""
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Never raises, and may be called twice."""
        ...


class Transport(Protocol):
    """How a client reaches its hub."""

    async def connect(self) -> Connection:
        """Raises `ConnectionLost` if the hub cannot be reached now."""
        ...


class Ear(Protocol):
    """Who is told what happens on a `Wire`. Nothing here may wait or raise."""

    def take(self, data: bytes) -> None:
        """The next frame, whole."""
        ...

    def writable(self) -> None:
        """The wire is not `full` any more."""
        ...

    def lost(self, error: ConnectionLost) -> None:
        """The other end is gone; the last call."""
        ...


class Wire(Protocol):
    """A `Connection` by callbacks, without a task or a queue between a frame and whoever takes it. The hub's end."""

    @property
    def full(self) -> bool:
        """The other end takes less than was written: wait for `Ear.writable`."""
        ...

    @property
    def waiting(self) -> int:
        """How much of what was written is still here. It falls while the other end reads; the unit is the wire's."""
        ...

    def attach(self, ear: Ear) -> None:
        """Begin to tell `ear`, once."""
        ...

    def write(self, frames: Sequence[bytes]) -> None:
        """Send these in order. Takes them although the wire is full; frames for one that is lost are dropped."""
        ...

    def pause(self) -> None:
        """Take no more frames from the other end, but for the few that were read already."""
        ...

    def resume(self) -> None: ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Send what was written and close, within seconds. Never raises, and may be called twice."""
        ...
