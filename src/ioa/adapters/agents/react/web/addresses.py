"""Which addresses tools may reach: public ones, and those that the setting allows; metadata services never.

A name is resolved once, its addresses are checked, and the connection is made to an address that was checked. A name
that answers differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from ioa.adapters.agents.react.tool import ToolFailed

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) -> addresses as text. Raises `OSError` for a name that is not known."""

Address: TypeAlias = IPv4Address | IPv6Address

_SPECIAL = {
    "unspecified": ("0.0.0.0/8", "::/128"),
    "loopback": ("127.0.0.0/8", "::1/128"),
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"),
    "carrier-grade NAT": ("100.64.0.0/10",),
    "link-local": ("169.254.0.0/16", "fe80::/10"),
    "reserved": ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4", "100::/64", "5f00::/16"),
    "documentation": ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
    "multicast": ("224.0.0.0/4", "ff00::/8"),
    "locally translated": ("64:ff9b:1::/48",),
}
_KINDS = tuple((kind, ip_network(one)) for kind, networks in _SPECIAL.items() for one in networks)

# Where clouds hand out credentials to whoever asks from inside: AWS, GCP, Azure, ECS, EKS, Alibaba, Oracle, and IPv6.
_METADATA = frozenset(
    ip_address(one)
    for one in (
        "169.254.169.254", "169.254.170.2", "169.254.170.23", "168.63.129.16", "100.100.100.200", "192.0.0.192",
        "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254",
    )
)  # fmt: skip

# IPv6 networks whose last 32 bits are an IPv4 address that the packet ends up at.
_ENDS_IN_IPV4 = tuple(IPv6Network(one) for one in ("::ffff:0:0/96", "::ffff:0:0:0/96", "::/96", "64:ff9b::/96"))


class AddressRefused(ToolFailed):
    """The address is not one that tools may reach."""


@dataclass(frozen=True, slots=True)
class _Allowed:
    network: IPv4Network | IPv6Network
    port: int | None

    @classmethod
    def of(cls, text: str) -> _Allowed:
        """`10.0.0.0/8`, `127.0.0.1:8080`, `[::1]:80`, `::1`. Raises `ValueError` with the forms that there are."""
        place, port = text.strip(), ""
        if place.startswith("["):
            place, _, port = place[1:].partition("]")
            port = port.removeprefix(":")
        elif place.count(":") == 1:
            place, _, port = place.partition(":")
        try:
            return cls(ip_network(place, strict=False), int(port) if port else None)
        except ValueError:
            raise ValueError(
                f"{text!r} is not an address that can be allowed; write 127.0.0.1:8080, 10.0.0.0/8 or [::1]:80."
            ) from None


class AddressGuard:
    """Judges addresses, and resolves names to those that may be reached."""

    def __init__(self, allowed: Sequence[str] = (), resolve: Resolve | None = None) -> None:
        """`allowed`: private addresses that may be reached all the same. Raises `ValueError` for a malformed one."""
        self._allowed = tuple(_Allowed.of(one) for one in allowed)
        self._resolve = resolve or resolved_by_system

    def objection(self, address: str, port: int) -> str | None:
        """Why this address may not be reached, such as `loopback`; `None` when it may. Any unreadable one may not."""
        try:
            ip = ip_address(address.partition("%")[0])
        except ValueError:
            return "unreadable"
        inner = [ip, *_embedded(ip)]
        if any(one in _METADATA for one in inner):
            return "metadata service"
        if any(_is_in(inner[-1], one.network) and one.port in (None, port) for one in self._allowed):
            return None
        for one in inner:
            for kind, network in _KINDS:
                if _is_in(one, network):
                    return kind
        # What later versions of Python know of special networks, beyond the table.
        return None if all(one.is_global for one in inner[-1:]) else "not public"

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of `host` that may be connected to. Raises `AddressRefused` when there is none, or it is not
        known."""
        try:
            found = list(dict.fromkeys(await self._resolve(host, port)))
        except (OSError, UnicodeError) as error:
            raise UnknownHost(f"The name {host!r} is not known ({error}). Check its spelling.") from error
        objections = {one: self.objection(one, port) for one in found}
        good = [one for one, reason in objections.items() if reason is None]
        if not good:
            shown = ", ".join(f"{one} ({reason})" for one, reason in objections.items()) or "no address"
            raise AddressRefused(
                f"{host}:{port} is refused: it leads to {shown}. Tools reach public addresses only; the person who "
                "runs this agent can allow one in its setting (allowed_private)."
            )
        return good


class UnknownHost(AddressRefused):
    """The name has no address."""


async def resolved_by_system(host: str, port: int) -> list[str]:
    """The addresses that this machine's resolver gives. Also reads the old forms, 2130706433 and 0x7f.1."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


def _embedded(ip: Address) -> list[Address]:
    """The IPv4 address inside an IPv6 one: mapped, compatible, translated, 6to4, Teredo."""
    if isinstance(ip, IPv4Address):
        return []
    if ip in (IPv6Address("::"), IPv6Address("::1")):
        return []
    if any(ip in network for network in _ENDS_IN_IPV4):
        return [IPv4Address(int(ip) & 0xFFFFFFFF)]
    if ip.sixtofour is not None:
        return [ip.sixtofour]
    if ip.teredo is not None:
        return list(ip.teredo)
    return []


def _is_in(ip: Address, network: IPv4Network | IPv6Network) -> bool:
    return ip.version == network.version and ip in network
