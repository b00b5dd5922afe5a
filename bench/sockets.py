"""WebSockets that cost the load generator as little as Python can: callbacks over the sans-I/O `websockets`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

_MAX_BYTES = 16 * 1024 * 1024


class SocketLost(Exception):
    """The server closed a connection that it should have kept."""


class Socket(asyncio.Protocol):
    """One connection. `on_text` gets each message, `on_end` is called after each piece of input that was read;
    `on_lost` when the server ends it."""

    def __init__(
        self,
        url: str,
        on_text: Callable[[bytes], None],
        on_end: Callable[[], None],
        on_lost: Callable[[Exception], None],
    ) -> None:
        self._protocol = ClientProtocol(parse_uri(url), max_size=_MAX_BYTES)
        self._on_text = on_text
        self._on_end = on_end
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._closing = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._protocol.send_request(self._protocol.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                if event.opcode is Opcode.TEXT:
                    self._on_text(bytes(event.data))
            elif not self.opened.done():
                error = self._protocol.handshake_exc
                self.opened.set_result(None) if error is None else self.opened.set_exception(error)
        self._flush()
        self._on_end()

    def connection_lost(self, exc: Exception | None) -> None:
        lost = SocketLost(f"{self._protocol.close_code} {self._protocol.close_reason or ''}")
        if not self.opened.done():
            self.opened.set_exception(lost)
        elif not self._closing:
            self._on_lost(lost)

    def send(self, text: bytes) -> None:
        self._protocol.send_text(text)
        self._flush()

    def _flush(self) -> None:
        assert self._transport is not None
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)

    def close(self) -> None:
        """End it without ceremony: what is measured is over."""
        self._closing = True
        if self._transport is not None:
            self._transport.abort()


async def connect(
    url: str,
    on_text: Callable[[bytes], None],
    on_end: Callable[[], None],
    on_lost: Callable[[Exception], None],
) -> Socket:
    """An open connection to `ws://host:port/path`. Raises `SocketLost`, `OSError`, or why the handshake failed."""
    uri = parse_uri(url)
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(lambda: Socket(url, on_text, on_end, on_lost), uri.host, uri.port)
    await socket.opened
    return socket
