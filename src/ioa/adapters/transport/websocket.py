"""The wire over a WebSocket: text frames of JSON to `<hub>/v1/connect`."""

from __future__ import annotations

import ipaddress
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI, WebSocketException

from ioa.ports.transport import Connection, ConnectionLost
from ioa.protocol.frames import MAX_HUB_FRAME_BYTES

PATH = "/v1/connect"
OPEN_TIMEOUT_S = 10.0
PING_EVERY_S = 20.0
PING_TIMEOUT_S = 60.0  # agents may keep a process busy for a while
WAITING_FRAMES = 64


class WebSocketConnection:
    """`Connection` over one socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, data: bytes) -> None:
        try:
            await self._socket.send(data, text=True)
        except ConnectionClosed as error:
            raise lost(error) from error

    async def receive(self) -> bytes:
        try:
            return await self._socket.recv(decode=False)
        except ConnectionClosed as error:
            raise lost(error) from error

    async def close(self, code: int = 1000, reason: str = "") -> None:
        try:
            await self._socket.close(code, reason)
        except (WebSocketException, OSError):
            return  # it is gone already


class WebSocketTransport:
    """`Transport` to the hub at a URL such as `http://127.0.0.1:7700` or `wss://hub.example`.

    A proxy from the environment is used for hubs off this machine only. Raises `ValueError` for a URL that is none.
    """

    def __init__(self, hub_url: str) -> None:
        self.url = socket_url(hub_url)
        host = urlsplit(self.url).hostname or ""
        self._proxy: Literal[True] | None = None if _is_loopback(host) else True

    async def connect(self) -> Connection:
        """Raises `ConnectionLost` if the hub cannot be reached now."""
        try:
            socket = await connect(
                self.url,
                proxy=self._proxy,
                compression=None,  # costs 43 µs a frame and 51 KiB a connection, for frames of some 600 bytes
                open_timeout=OPEN_TIMEOUT_S,
                ping_interval=PING_EVERY_S,
                ping_timeout=PING_TIMEOUT_S,
                close_timeout=2.0,
                max_size=MAX_HUB_FRAME_BYTES,
                max_queue=WAITING_FRAMES,
            )
        except ConnectionClosed as error:
            raise lost(error) from error
        except (InvalidHandshake, InvalidURI, OSError, TimeoutError, EOFError) as error:
            raise ConnectionLost(1006, f"{self.url} cannot be reached: {error or type(error).__name__}") from error
        return WebSocketConnection(socket)


def socket_url(hub_url: str) -> str:
    """The address of the socket at a hub's URL. Raises `ValueError` that says what is wrong with it."""
    parts = urlsplit(hub_url.strip())
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ValueError(f"hub URL {hub_url!r} must look like http://127.0.0.1:7700 or https://hub.example")
    path = parts.path.rstrip("/")
    return urlunsplit((scheme, parts.netloc, path if path.endswith(PATH) else path + PATH, "", ""))


def lost(error: ConnectionClosed) -> ConnectionLost:
    """What the other end said when it closed, if it said anything."""
    if error.rcvd is None:
        return ConnectionLost(1006, str(error))
    return ConnectionLost(error.rcvd.code, error.rcvd.reason)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
