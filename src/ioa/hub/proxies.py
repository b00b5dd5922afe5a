"""Proxies in front of a hub: whose word is taken for where a request or socket comes from.

Each proxy adds to X-Forwarded-For, on the right, the address that it was called from. So the header is read from the
right: an entry counts if whoever wrote it is trusted. What stands left of the first address that is not trusted may be
the invention of that address, and is not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_THIS_MACHINE = ("127.0.0.1", "::1")
_ADDRESS_CHARS = 100
_REMEDY = "give the address or network of your proxy, as in 10.0.0.1 or 10.0.0.0/8"


class Proxies:
    """The proxies that are trusted: those of this machine, and of these addresses and networks. Raises `ValueError`
    that says what is wrong with one of them."""

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        self._networks = tuple(map(_network, (*_THIS_MACHINE, *trusted)))
        self._trusts = lru_cache(maxsize=4_096)(self._trusted)

    def _trusted(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._networks)

    def trusts(self, address: str) -> bool:
        """May whoever calls from this address say for whom?"""
        known = _parsed(address)
        return known is not None and self._trusts(known)

    def client(self, address: str, forwarded_for: str) -> str:
        """For whom `address` speaks, with this X-Forwarded-For: the nearest address that is not trusted, or the
        farthest one that a trusted one names. What is no address ends the search."""
        if not forwarded_for or not self.trusts(address):
            return address
        farthest = address
        for entry in reversed(forwarded_for.split(",")):
            if not entry.strip():
                continue
            known = _parsed(_without_port(entry.strip()))
            if known is None:
                return farthest
            farthest = str(known)
            if not self._trusts(known):
                return farthest
        return farthest


def forwarded(app: ASGIApp, proxies: Proxies) -> ASGIApp:
    """The application, told for whom a trusted proxy asks and whether it was asked over TLS."""

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        client: tuple[str, int] | None = scope.get("client")
        if scope["type"] == "http" and client is not None and proxies.trusts(client[0]):
            address = proxies.client(client[0], ", ".join(_values(scope, b"x-forwarded-for")))
            if address != client[0]:
                scope["client"] = (address, 0)
            scheme = next(reversed(_values(scope, b"x-forwarded-proto")), "").rpartition(",")[2].strip()
            if scheme in ("http", "https"):
                scope["scheme"] = scheme
        await app(scope, receive, send)

    return called


def _values(scope: Scope, name: bytes) -> list[str]:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return [value.decode("latin-1") for key, value in headers if key == name]


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        found = ip_network(text.strip())
    except ValueError as error:
        raise ValueError(f"{text[:_ADDRESS_CHARS]!r} is no address or network ({error}); {_REMEDY}") from None
    if found.prefixlen == 0:
        raise ValueError(f"{text!r} is everybody, who could then claim to be anybody; {_REMEDY}")
    return found


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """The address; that of IPv4 where it is written as one of IPv6."""
    if len(text) > _ADDRESS_CHARS:
        return None
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _without_port(entry: str) -> str:
    """Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry
