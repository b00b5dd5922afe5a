"""Where a request comes from, as ASGI tells it."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from ioa.hub.security import Peer

CERTIFICATE = "ioa.certificate"
"""Key of the scope under which a server puts the `Identity` that the client's TLS certificate names."""


def peer_of(connection: HTTPConnection) -> Peer:
    """The address and certificate of whoever sent this."""
    return Peer(
        address=connection.client.host if connection.client is not None else "",
        certificate=connection.scope.get(CERTIFICATE),
    )
