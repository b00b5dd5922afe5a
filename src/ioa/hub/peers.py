"""Where a request comes from, as ASGI tells it; and where a socket does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.requests import HTTPConnection

from ioa.hub.proxies import Proxies
from ioa.hub.security import Peer
from ioa.hub.tls import identity_of

CERTIFICATE = "ioa.certificate"
"""Key of the scope under which a server puts the `Identity` that the client's TLS certificate names."""


def peer_of(connection: HTTPConnection) -> Peer:
    """The address and certificate of whoever sent this."""
    return Peer(
        address=connection.client.host if connection.client is not None else "",
        certificate=connection.scope.get(CERTIFICATE),
    )


def peer_of_transport(
    transport: asyncio.BaseTransport, forwarded_for: str, proxies: Proxies, certificates: Mapping[str, str]
) -> Peer:
    """Who is at the other end of a socket; a trusted proxy tells for whom it speaks, as it does for requests."""
    name: object = transport.get_extra_info("peername")
    address = str(name[0]) if isinstance(name, tuple) and name else ""  # pyright: ignore[reportUnknownArgumentType] - what a transport has to say
    return Peer(
        address=proxies.client(address, forwarded_for),
        certificate=identity_of(transport.get_extra_info("ssl_object"), certificates),
    )
