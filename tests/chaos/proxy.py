"""A proxy between clients and a hub that cuts, silences, delays, repeats and reorders what passes through.

Bytes are cut, held and delayed as they come. Repeating and reordering is done with whole WebSocket frames: over TCP
nothing else arrives twice or out of order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from random import Random

_CHUNK_BYTES = 65_536
_HELD_S = 0.05
_TEXT = 1


class FrameSplitter:
    """Splits a stream of bytes into the HTTP head and whole WebSocket frames."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._head = True

    def feed(self, data: bytes) -> list[tuple[bytes, bool]]:
        """Pieces in order; True for a data frame, which may be sent twice."""
        self._rest += data
        found: list[tuple[bytes, bool]] = []
        if self._head:
            end = self._rest.find(b"\r\n\r\n")
            if end < 0:
                return []
            found.append((bytes(self._rest[: end + 4]), False))
            del self._rest[: end + 4]
            self._head = False
        while (size := self._frame_bytes()) is not None:
            whole_text = self._rest[0] & 0x8F == 0x80 | _TEXT
            found.append((bytes(self._rest[:size]), whole_text))
            del self._rest[:size]
        return found

    def _frame_bytes(self) -> int | None:
        rest = self._rest
        if len(rest) < 2:
            return None
        short, masked = rest[1] & 0x7F, bool(rest[1] & 0x80)
        head = {126: 4, 127: 10}.get(short, 2)
        if len(rest) < head:
            return None
        payload = short if head == 2 else int.from_bytes(rest[2:head], "big")
        size = head + (4 if masked else 0) + payload
        return size if len(rest) >= size else None


class FaultProxy:
    """Listens on a port of its own; `target()` is where it connects to, asked anew for each connection."""

    def __init__(self, target: Callable[[], tuple[str, int]], dice: Random) -> None:
        self._target = target
        self._dice = dice
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._running: set[asyncio.Task[None]] = set()
        self.delay_s = 0.0
        self.repeats = 0.0
        self.swaps = 0.0
        self.reachable = True
        self.passed = self.repeated = self.swapped = self.cuts = 0

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self, host: str = "127.0.0.1") -> None:
        self._server = await asyncio.start_server(self._accept, host, 0)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def cut(self) -> None:
        """Every connection ends at once, and what is on its way is lost."""
        for writer in tuple(self._writers):
            writer.transport.abort()
            self.cuts += 1

    def silence(self) -> None:
        """Nothing passes any more, and nobody is told."""
        self._flows.clear()

    def speak(self) -> None:
        self._flows.set()

    def heal(self) -> None:
        """No more faults from here on."""
        self.delay_s = self.repeats = self.swaps = 0.0
        self.reachable = True
        self.speak()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            await self._pass_on(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._running.discard(task)
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.reachable:
            return
        upstream_reader, upstream_writer = await asyncio.open_connection(*self._target())
        self._writers |= {writer, upstream_writer}
        try:
            ways = [
                asyncio.create_task(self._way(reader, upstream_writer)),
                asyncio.create_task(self._way(upstream_reader, writer)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self._writers -= {writer, upstream_writer}
            upstream_writer.transport.abort()

    async def _way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        splitter = FrameSplitter()
        held: bytes | None = None
        while True:
            if held is None:
                data = await reader.read(_CHUNK_BYTES)
            else:
                data = b""
                with suppress(TimeoutError):
                    data = await asyncio.wait_for(reader.read(_CHUNK_BYTES), _HELD_S)
            if not data and held is None:
                return
            await self._flows.wait()
            if self.delay_s:
                await asyncio.sleep(self._dice.uniform(0, 2 * self.delay_s))
            out: list[bytes] = []
            for piece, may_repeat in splitter.feed(data):
                self.passed += 1
                if may_repeat and held is None and self.swaps and self._dice.random() < self.swaps:
                    held = piece
                    self.swapped += 1
                    continue
                out.append(piece)
                if held is not None:
                    out.append(held)
                    held = None
                if may_repeat and self.repeats and self._dice.random() < self.repeats:
                    out.append(piece)
                    self.repeated += 1
            if not data and held is not None:
                out.append(held)
                held = None
            writer.writelines(out)
            await writer.drain()
