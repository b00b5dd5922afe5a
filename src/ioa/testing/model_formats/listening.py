"""A listener for one application in the running event loop, which can drop a connection and closes at once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import MutableMapping
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

_KEEP_ALIVE_S = 75
_CLOSE_TURNS = 100


class Listener:
    """Listens on a free port of the loopback. uvicorn's own loop is left out: it polls ten times a second, and a test
    would wait for it."""

    def __init__(self, app: ASGIApp) -> None:
        self._config = uvicorn.Config(
            app, ws="none", lifespan="off", log_config=None, access_log=False, timeout_keep_alive=_KEEP_ALIVE_S
        )
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        self._protocols: dict[tuple[str, int], H11Protocol] = {}
        self.port = 0

    async def open(self) -> None:
        """Listen."""
        self._config.load()
        protocols = self._protocols

        class Protocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:
                super().connection_made(transport)
                if self.client is not None:
                    protocols[self.client] = self

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    protocols.pop(self.client, None)
                super().connection_lost(exc)

        listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(listener.getsockname()[1])
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Protocol(self._config, self._state, {}), sock=listener
        )

    def drop(self, scope: MutableMapping[str, Any]) -> None:
        """Drop the connection of a request once what was sent has gone out."""
        protocol = self._protocols.get(scope["client"])
        if protocol is not None:
            protocol.transport.close()

    async def close(self) -> None:
        """Stop listening and drop what is open."""
        if self._server is None:
            return
        self._server.close()
        for protocol in list(self._protocols.values()):
            protocol.transport.abort()
        if self._state.tasks:
            await asyncio.wait(set(self._state.tasks), timeout=5)
        for _ in range(_CLOSE_TURNS):  # each connection says that it is lost in a turn of the loop
            if not self._protocols:
                break
            await asyncio.sleep(0)
        await self._server.wait_closed()
        self._server = None
