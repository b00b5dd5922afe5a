"""A server's HTTP connections, with what the client's TLS certificate says put into the scope of each request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send

from ioa.hub.peers import CERTIFICATE
from ioa.hub.security import Identity
from ioa.hub.tls import identity_of


def certified(protocol: type[asyncio.Protocol], certificates: Mapping[str, str]) -> type[asyncio.Protocol]:
    """`protocol` (the `http` of a `uvicorn.Config`) for clients whose certificates name somebody; itself, where none
    do."""
    if not certificates:
        return protocol
    parent = cast("Any", protocol)  # uvicorn's protocols have more than asyncio's type says

    class CertifiedProtocol(parent):
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)  # pyright: ignore[reportUnknownMemberType] - as above
            identity = identity_of(transport.get_extra_info("ssl_object"), certificates)
            if identity is not None:
                self.app = _with_certificate(self.app, identity)

    return CertifiedProtocol


def _with_certificate(app: ASGIApp, identity: Identity) -> ASGIApp:
    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, CERTIFICATE: identity}, receive, send)

    return called
