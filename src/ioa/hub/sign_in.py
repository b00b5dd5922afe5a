"""Who signs in: by a token of this hub, by one of an identity provider, or by a TLS certificate. Failures are counted
by address; an address that fails again and again is refused unheard for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TypeVar

from msgspec import Struct

from ioa.hub.alarms import Alarms
from ioa.hub.audit import Audit
from ioa.hub.known_tokens import KnownTokens
from ioa.hub.security import HERE, Identity, Peer, TokenBucket, token_hash
from ioa.hub.settings import Limits
from ioa.ports.authenticator import Authenticator, SignedIn
from ioa.ports.clock import Clock
from ioa.protocol.errors import Refused
from ioa.protocol.names import clean_user

BY_CERTIFICATE = "certificate"
"""What a client sends as its token to be known by its certificate alone."""

T = TypeVar("T")

_TELL_EVERY_S = 60.0
_ADDRESSES = 10_000
_KNOWN_GOOD = 20_000
UNKNOWN = "the token is not known to this hub; register the agent again, or check which hub it is of"


class Failures(Struct):
    """What one address has got wrong since it was last written down."""

    count: int = 0
    last: str = ""


class SignIn:
    """Tells who it is that sends a token. `authenticators` know the tokens of others."""

    def __init__(
        self,
        tokens: KnownTokens,
        audit: Audit,
        alarms: Alarms,
        clock: Clock,
        limits: Limits,
        authenticators: Sequence[Authenticator] = (),
        catch_up: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self._tokens = tokens
        self._audit = audit
        self._alarms = alarms
        self._clock = clock
        self._limits = limits
        self._authenticators = tuple(authenticators)
        self._catch_up = catch_up
        self._good: OrderedDict[str, None] = OrderedDict()
        self._rates: OrderedDict[str, TokenBucket] = OrderedDict()
        self._failures: dict[str, Failures] = {}

    async def identify(self, token: str | None, peer: Peer = HERE) -> Identity:
        """Whose token, or certificate, this is. Raises `Refused` (not_authenticated, too_fast)."""
        if not token or token == BY_CERTIFICATE:
            if peer.certificate is not None:
                certificate = peer.certificate
                await self._current(lambda: self._tokens.check(certificate))
                return certificate
            if not token:  # nothing was guessed, so nothing is counted
                raise Refused("not_authenticated", "Authorization is missing; send 'Authorization: Bearer TOKEN'")
        hashed = token_hash(token)
        # A token that was good before is no guess: whoever shares an address with a guesser goes on working.
        if hashed not in self._good:
            self._refuse_guesser(peer)
        try:
            identity = await self._known(token, hashed)
        except Refused as error:
            self._good.pop(hashed, None)
            self._failed(peer, error.rule)
            raise
        self._good[hashed] = None
        self._good.move_to_end(hashed)
        while len(self._good) > _KNOWN_GOOD:
            self._good.popitem(last=False)
        return identity

    async def _current(self, look: Callable[[], T]) -> T:
        """What `look` finds; before it refuses, with what other replicas have written until now."""
        try:
            return look()
        except Refused:
            if self._catch_up is None or not await self._catch_up():
                raise
            return look()

    async def _known(self, token: str, hashed: str) -> Identity:
        identity = await self._current(lambda: self._tokens.find(hashed))
        if identity is not None:
            return identity
        for authenticator in self._authenticators:
            if authenticator.recognises(token):
                return _identity(await authenticator.sign_in(token), hashed)
        identity = await self._tokens.find_stored(hashed)
        if identity is None and self._catch_up is not None and await self._catch_up():
            identity = self._tokens.find(hashed)  # another replica has registered the agent a moment ago
        if identity is None:
            raise Refused("not_authenticated", UNKNOWN)
        return identity

    def _refuse_guesser(self, peer: Peer) -> None:
        rate = self._rates.get(_source(peer))
        if rate is not None and not rate.has(self._clock.monotonic_s()):
            wait_s = 1 / self._limits.failed_sign_ins_per_s
            raise Refused(
                "too_fast", f"too many failed sign-ins from your address; wait {wait_s:g} s, then send a valid token"
            )

    def _failed(self, peer: Peer, why: str) -> None:
        source = _source(peer)
        now = self._clock.monotonic_s()
        rate = self._rates.get(source)
        if rate is None:
            burst = self._limits.failed_sign_ins_burst
            rate = self._rates[source] = TokenBucket(self._limits.failed_sign_ins_per_s, burst, now)
            while len(self._rates) > _ADDRESSES:
                self._rates.popitem(last=False)
        self._rates.move_to_end(source)
        rate.take(now)
        if len(self._failures) >= _ADDRESSES:
            self.tell()
        if not self._failures:
            self._alarms.set("failed sign-ins", _TELL_EVERY_S, self.tell)
        failures = self._failures.setdefault(source, Failures())
        failures.count += 1
        failures.last = why

    def tell(self) -> None:
        """Write down who failed since the last time: an entry for each address, however often it tried."""
        failures, self._failures = self._failures, {}
        for source, found in failures.items():
            what = f"{found.count} sign-ins"
            self._audit.note("sign_in_failed", None, what, peer=Peer(address=source), last=found.last)


def _source(peer: Peer) -> str:
    """The address that failures count for. Whoever has one IPv6 address has 2^64 of them."""
    try:
        address = ip_address(peer.address)
    except ValueError:
        return peer.address
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((address, 64), strict=False))
    return str(address)


def _identity(found: SignedIn, hashed: str) -> Identity:
    name = clean_user(found.user, "user")
    kind = "user" if found.is_user else "operator"
    return Identity(
        kind, name, operator=found.is_operator, token_id=f"signed-in-{hashed[:16]}", expires_at=found.expires_at
    )
