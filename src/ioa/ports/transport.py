"""The wire between a client and a hub, both ends: whole frames in order, or `ConnectionLost`."""

from __future__ import annotations

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
