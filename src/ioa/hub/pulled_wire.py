"""A `Connection` that is awaited, as a `Wire` that calls back: two tasks, one for each direction."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from ioa.ports.transport import Connection, ConnectionLost, Ear

_FULL_FRAMES = 16
_FAREWELL_S = 2.0  # of real time: how long a peer that is being closed may hold us up


class PulledWire:
    """The hub's end of a connection that knows no callbacks, such as the one in memory."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ear: Ear | None = None
        self._frames: deque[bytes] = deque()
        self._written = asyncio.Event()
        self._sent = asyncio.Event()
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False

    @property
    def full(self) -> bool:
        return len(self._frames) >= _FULL_FRAMES

    @property
    def waiting(self) -> int:
        return len(self._frames)

    def attach(self, ear: Ear) -> None:
        self._ear = ear
        self._tasks = [asyncio.create_task(self._read(ear)), asyncio.create_task(self._write(ear))]

    def write(self, frames: Sequence[bytes]) -> None:
        if not self._closed:
            self._frames.extend(frames)
            self._written.set()

    def pause(self) -> None:
        self._open.clear()

    def resume(self) -> None:
        self._open.set()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if self._closed:
            return
        self._closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                while self._frames:
                    self._sent.clear()
                    await self._sent.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._connection.close(code, reason), _FAREWELL_S)

    async def _read(self, ear: Ear) -> None:
        try:
            while True:
                data = await self._connection.receive()
                await self._open.wait()
                ear.take(data)
        except ConnectionLost as error:
            self._drop()
            ear.lost(error)

    async def _write(self, ear: Ear) -> None:
        try:
            while True:
                while self._frames:
                    was_full = self.full
                    await self._connection.send(self._frames[0])
                    self._frames.popleft()
                    if was_full and not self.full:
                        ear.writable()
                self._sent.set()
                self._written.clear()
                await self._written.wait()
        except ConnectionLost:  # the reader tells
            self._drop()

    def _drop(self) -> None:
        self._frames.clear()
        self._sent.set()
