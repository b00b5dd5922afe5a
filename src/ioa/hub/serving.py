"""Serving a hub's application with uvicorn, inside a running event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Generator

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from ioa.hub.http import build_app, guarded
from ioa.hub.hub import Hub

ABORT_AFTER_S = 15.0
_KEEP_ALIVE_S = 75
_STARTED_POLL_S = 0.005
_WAITING_FRAMES, _LARGE_FRAME_BYTES = 32, 65_536


class HubWebSocketProtocol(WebSocketsSansIOProtocol):
    """Lets a close frame pass although the peer does not read: it must not wait behind what the peer does not take.
    A peer that still does not read is cut off.

    Frames of a peer wait to be taken, a few small ones, before its socket is no longer read; uvicorn stops and starts
    reading for each frame, which is a tenth of what a message costs.
    """

    def send_receive_event_to_app(self) -> None:
        few = self.queue.qsize() < _WAITING_FRAMES and sum(map(len, self.frames)) < _LARGE_FRAME_BYTES
        paused, self.read_paused = self.read_paused, self.read_paused or few  # it pauses what is not paused
        super().send_receive_event_to_app()
        if few:
            self.read_paused = paused

    async def send(self, message: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - the event is a union of typed dicts that is not exported
        if isinstance(message, dict) and message.get("type") == "websocket.close":  # pyright: ignore[reportUnknownMemberType] - same
            self.writable.set()
            self.loop.call_later(ABORT_AFTER_S, self._abort)
        await super().send(message)  # pyright: ignore[reportArgumentType, reportUnknownArgumentType] - same

    def _abort(self) -> None:
        if not self.disconnected:
            self.transport.abort()


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: the process belongs to whoever embeds the hub."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


class HttpServer:
    """A hub's HTTP and WebSocket listener. `start` binds the port of the hub's settings; 0 takes a free one."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._socket: socket.socket | None = None

    @property
    def port(self) -> int:
        """The port that is listened on. Only while started."""
        assert self._socket is not None, "the server is not started"
        return int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        settings = self._hub.settings
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        return f"http{'s' if settings.tls_certificate else ''}://{host}:{self.port}"

    async def start(self) -> None:
        """Listen. Raises `OSError` if the port is taken."""
        settings = self._hub.settings
        limits = settings.limits
        config = uvicorn.Config(
            guarded(build_app(self._hub), settings),
            ws=HubWebSocketProtocol,
            ws_max_size=limits.frame_bytes,
            ws_per_message_deflate=False,
            ws_ping_interval=None,  # the hub asks with frames of its own, on its own clock
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=2,
            limit_concurrency=2 * limits.connections,
            ssl_certfile=settings.tls_certificate,
            ssl_keyfile=settings.tls_key,
        )
        self._socket = listening_socket(settings.host, settings.port)
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="ioa-http")
        while not self._server.started:
            if self._serving.done():
                await self._serving
            await asyncio.sleep(_STARTED_POLL_S)

    async def stop(self) -> None:
        """Stop listening and end what is open. Stop the hub first, so that its agents are told why."""
        if self._server is None or self._serving is None:
            return
        self._server.should_exit = True
        await self._serving
        self._server = self._serving = self._socket = None


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound socket for a host name or address. Raises `OSError`."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if hasattr(socket, "SO_REUSEPORT"):  # not on Windows, where SO_REUSEADDR would let others take the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
