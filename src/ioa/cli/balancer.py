"""A small load balancer for trying several replicas on one machine: connections go round, past replicas that are gone.

For real there are better ones; they ask each replica's `/readyz`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

_CONNECT_WITHIN_S = 1.0
_CHUNK_BYTES = 65_536


class Balancer:
    """Listens on `host` and `port` (0: a free one) and passes each connection on to one of `targets` on loopback."""

    def __init__(self, targets: Sequence[int], *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._targets = tuple(targets)
        self._host = host
        self._port = port
        self._next = 0
        self._server: asyncio.Server | None = None
        self._passing: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Only while started."""
        assert self._server is not None, "the balancer is not started"
        return f"http://{self._host}:{self._server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        """Raises `OSError` if the port is taken."""
        self._server = await asyncio.start_server(self._connected, self._host, self._port)

    async def stop(self) -> None:
        """Stop listening and end what passes."""
        if self._server is not None:
            self._server.close()
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "this runs in a task"
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)
        try:
            there = await self._a_replica()
            if there is not None:
                await _pass_both_ways((reader, there[1]), (there[0], writer))
        finally:
            writer.close()

    async def _a_replica(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection to the next replica that answers; None if none does."""
        first = self._next
        self._next = (self._next + 1) % len(self._targets)
        for place in range(len(self._targets)):
            port = self._targets[(first + place) % len(self._targets)]
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CONNECT_WITHIN_S):
                    return await asyncio.open_connection("127.0.0.1", port)
        return None


async def _pass_both_ways(*ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """Until one end is gone: what is at the other end learns of it at once."""
    tasks = [asyncio.create_task(_pass(reader, writer)) for reader, writer in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _, writer in ways:
            writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
