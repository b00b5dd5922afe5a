"""A wire inside one process: bounded, in order, and it can be cut. For embedded hubs and for tests."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from ioa.ports.transport import Connection, ConnectionLost

DEFAULT_FRAMES = 64


class _Pipe:
    """One direction. Whoever sends into a full pipe waits; after `close` the rest can still be read."""

    def __init__(self, frames: int) -> None:
        self._frames: deque[bytes] = deque()
        self._size = frames
        self._changed = asyncio.Event()
        self._ended: tuple[int, str] | None = None

    async def put(self, data: bytes) -> None:
        while self._ended is None and len(self._frames) >= self._size:
            await self._change()
        if self._ended is not None:
            raise ConnectionLost(*self._ended)
        self._frames.append(data)
        self._wake()

    async def get(self) -> bytes:
        while not self._frames:
            if self._ended is not None:
                raise ConnectionLost(*self._ended)
            await self._change()
        data = self._frames.popleft()
        self._wake()
        return data

    def close(self, code: int, reason: str, *, lose: bool = False) -> None:
        if self._ended is None:
            self._ended = (code, reason)
        if lose:
            self._frames.clear()
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _change(self) -> None:
        await self._changed.wait()


class MemoryConnection:
    """One end of a wire; see `memory_pair`."""

    def __init__(self, incoming: _Pipe, outgoing: _Pipe) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    async def send(self, data: bytes) -> None:
        await self._outgoing.put(data)

    async def receive(self) -> bytes:
        return await self._incoming.get()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._incoming.close(code, reason)
        self._outgoing.close(code, reason)

    def cut(self) -> None:
        """Lose the wire and all that is on it, as a pulled plug does."""
        for pipe in (self._incoming, self._outgoing):
            pipe.close(1006, "the wire was cut", lose=True)


def memory_pair(frames: int = DEFAULT_FRAMES) -> tuple[MemoryConnection, MemoryConnection]:
    """Two ends of a wire that holds at most so many frames in each direction."""
    there, back = _Pipe(frames), _Pipe(frames)
    return MemoryConnection(back, there), MemoryConnection(there, back)


class MemoryTransport:
    """`Transport` to a hub in the same process. `serve` handles the hub's end of each connection until it is over;
    the task it runs in ends with the connection, or by `aclose`."""

    def __init__(self, serve: Callable[[Connection], Awaitable[None]], *, frames: int = DEFAULT_FRAMES) -> None:
        self._serve = serve
        self._frames = frames
        self._serving: set[asyncio.Task[None]] = set()
        self.wires: list[MemoryConnection] = []
        self.reachable = True

    async def connect(self) -> Connection:
        """A fresh connection. Raises `ConnectionLost` while `reachable` is False."""
        await asyncio.sleep(0)
        if not self.reachable:
            raise ConnectionLost(1006, "the hub cannot be reached")
        mine, theirs = memory_pair(self._frames)
        self.wires = [mine]
        task = asyncio.create_task(self._run(theirs))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        return mine

    async def _run(self, end: MemoryConnection) -> None:
        try:
            await self._serve(end)
        except ConnectionLost:
            pass
        finally:
            await end.close(1006, "the hub's end is gone")

    async def aclose(self) -> None:
        """End all connections and wait for them."""
        tasks = list(self._serving)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
