"""A wire to a server that can hold back either direction, be cut, and deliver later what it held."""

from __future__ import annotations

import asyncio


class Relay:
    """Listens on a spare port of loopback and passes on to `target_port`. With `hold_requests` or `hold_answers` what
    arrives is kept; `cut` ends all connections of the clients, while the server still waits for theirs to go on."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self.port = 0
        self._server: asyncio.Server | None = None
        self._clients: list[asyncio.StreamWriter] = []
        self._upstreams: list[tuple[asyncio.StreamWriter, bytearray]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.hold_requests = False
        self.hold_answers = False
        self.refuses = False
        self.held = asyncio.Event()

    async def start(self) -> None:
        """Listen; `port` is where."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in [*self._clients, *(upstream for upstream, _ in self._upstreams)]:
            writer.close()
        await self._server.wait_closed()

    def cut(self) -> None:
        """Every client loses its connection; the server notices nothing."""
        for client in self._clients:
            client.transport.abort()
        self._clients.clear()

    async def deliver(self) -> None:
        """Give the server the requests that were held; it sees the end of the connections behind them."""
        self.hold_requests = False
        late = [(upstream, held) for upstream, held in self._upstreams if held]
        for upstream, held in late:
            upstream.write(bytes(held))
            held.clear()
            await upstream.drain()
            upstream.write_eof()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            writer.transport.abort()
            return
        answers, upstream = await asyncio.open_connection("127.0.0.1", self._target_port)
        held = bytearray()
        self._clients.append(writer)
        self._upstreams.append((upstream, held))
        for work in (self._requests(reader, upstream, held), self._answers(answers, writer)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _requests(self, reader: asyncio.StreamReader, upstream: asyncio.StreamWriter, held: bytearray) -> None:
        try:
            while data := await reader.read(65536):
                if self.hold_requests:
                    held += data
                    self.held.set()
                else:
                    upstream.write(data)
                    await upstream.drain()
        except OSError:
            pass
        if not held and not self.hold_answers:
            upstream.close()

    async def _answers(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await answers.read(65536):
                if self.hold_answers:
                    self.held.set()
                else:
                    writer.write(data)
                    await writer.drain()
        except OSError:
            pass
        writer.close()
