"""Serving a hub's application with uvicorn, inside a running event loop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
from collections.abc import Generator

import uvicorn

from ioa.hub.certified_http import certified
from ioa.hub.http import admitted, build_app, guarded
from ioa.hub.hub import Hub
from ioa.hub.patient_http import patient_http
from ioa.hub.peers import peer_of_transport
from ioa.hub.proxies import Proxies, forwarded
from ioa.hub.sockets import upgrades
from ioa.hub.tls import server_context

_KEEP_ALIVE_S = 75
_YOUNG_OBJECTS = 20_000
_STARTED_POLL_S = 0.005


def event_loop() -> asyncio.AbstractEventLoop:
    """The fastest event loop there is for a hub: uvloop, or asyncio's own where there is no uvloop (Windows)."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def settle_memory() -> None:
    """For a process that is a hub and nothing else, once it has started: the collector need not look at what stays, nor
    as often. Else it stops everything for milliseconds at a few thousand connections."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 50)


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
        proxies = Proxies(settings.trusted_proxies)
        config = uvicorn.Config(
            forwarded(guarded(build_app(self._hub), settings), proxies),
            ws=upgrades(
                lambda path, host, origin: admitted(path, host, origin, settings),
                lambda wire, transport, via: self._hub.serve_wire(
                    wire, peer_of_transport(transport, via, proxies, settings.certificates)
                ),
                limits.frame_bytes,
            ),
            http=certified(patient_http(limits), settings.certificates),
            lifespan="off",
            proxy_headers=False,  # whom to believe is a setting of the hub, the same for requests and sockets
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=2,
            limit_concurrency=2 * limits.connections,
            ssl_context_factory=(lambda _, __: server_context(settings)) if settings.tls_certificate else None,
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
