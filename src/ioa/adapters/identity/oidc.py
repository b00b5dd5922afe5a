"""Sign-in with an identity provider (OpenID Connect): its tokens are JWTs, signed with keys that it publishes (JWKS).

What is checked: the algorithm (only those that are set, never `none`, never one with a shared secret), the signature by
the key that the token names, issuer, audience, `exp`, `nbf` and `iat` with some leeway. Which user that is, and whether
an operator, is read from claims. Needs the extra `security`.

The provider's keys come from its URL or from a file. They are fetched at most once in `FETCH_AGAIN_S`, also when tokens
name keys that are not there, so that nobody makes the hub ask the provider in a loop; while the provider is away, the
keys that were had last serve on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeAlias, cast

import msgspec

from ioa.hub.oidc_settings import OidcSettings
from ioa.hub.settings import SettingsError
from ioa.ports.authenticator import SignedIn
from ioa.ports.clock import Clock
from ioa.protocol.errors import Refused
from ioa.protocol.names import printable

if TYPE_CHECKING:
    from types import ModuleType

    from jwt import PyJWK

log = logging.getLogger(__name__)

FETCH_AGAIN_S = 60.0
KEYS_GOOD_FOR_S = 3_600.0
MAX_KEYS_BYTES = 256 * 1024
MAX_TOKEN_CHARS = 8_192
FETCH_TIMEOUT_S = 10.0


_INSTALL = "oidc needs PyJWT and cryptography; install them with: pip install 'internet-of-agents[security]'"


class MissingSecurityExtra(SettingsError):
    """The libraries of the extra `security` are not installed."""


FetchKeys: TypeAlias = Callable[[], Awaitable[bytes]]
"""The JWKS document. Raises `OSError` where it cannot be had."""


class Oidc:
    """The `Authenticator` of one identity provider."""

    def __init__(self, settings: OidcSettings, fetch: FetchKeys, clock: Clock) -> None:
        """Raises `MissingSecurityExtra`."""
        _libraries()
        self._settings = settings
        self._fetch = fetch
        self._clock = clock
        self._keys: tuple[Mapping[str, object], ...] | None = None
        self._ready: dict[tuple[object, str], PyJWK] = {}
        self._fetched_s = 0.0
        self._tried_s: float | None = None
        self._fetching = asyncio.Lock()

    def recognises(self, token: str) -> bool:
        return token.startswith("ey") and token.count(".") == 2

    async def sign_in(self, token: str) -> SignedIn:
        jwt = _libraries()
        if len(token) > MAX_TOKEN_CHARS:
            raise Refused("not_authenticated", f"the token has more than {MAX_TOKEN_CHARS} characters")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise _refused(f"it is no JWT ({error})") from error
        algorithm = header.get("alg")
        if algorithm not in self._settings.algorithms:
            raise _refused(f"its algorithm {algorithm!r} is not one of {', '.join(self._settings.algorithms)}")
        key = await self._key(header.get("kid"), algorithm)
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                options={
                    "require": ["exp", "iss", "aud"],
                    "verify_exp": False,  # by the hub's clock, below
                    "verify_nbf": False,
                    "verify_iat": False,
                    "enforce_minimum_key_length": True,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise _refused(str(error) or type(error).__name__) from error
        expires_at = self._in_time(cast("Mapping[str, object]", claims))
        return self._signed_in(cast("Mapping[str, object]", claims), expires_at)

    def _in_time(self, claims: Mapping[str, object]) -> float:
        now, leeway = self._clock.now_s(), self._settings.leeway_s
        times: dict[str, float] = {}
        for name in ("exp", "nbf", "iat"):
            value = claims.get(name)
            if value is None and name != "exp":
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
                raise _refused(f"its claim {name} is no time")
            times[name] = float(value)
        if times["exp"] + leeway <= now:
            raise _refused("it has expired; sign in with your identity provider again")
        for name in ("nbf", "iat"):
            if name in times and times[name] - leeway > now:
                raise _refused(f"it is not valid yet ({name}); do the clocks of hub and provider agree?")
        return times["exp"] + leeway

    def _signed_in(self, claims: Mapping[str, object], expires_at: float) -> SignedIn:
        settings = self._settings
        user = claims.get(settings.user_claim)
        if not isinstance(user, str) or not user:
            raise _refused(f"its claim {settings.user_claim!r} names no user")
        roles = _words(claims.get(settings.role_claim))
        is_user = not settings.user_value or settings.user_value in roles
        is_operator = settings.operator_value in roles
        if not is_user and not is_operator:
            raise Refused(
                "not_authenticated",
                f"the token's claim {settings.role_claim!r} lets {user!r} do nothing here; it would have to hold "
                f"{settings.user_value!r}",
            )
        return SignedIn(user=user, is_user=is_user, is_operator=is_operator, expires_at=expires_at)

    async def _key(self, kid: object, algorithm: str) -> object:
        """The key that the token names, fetched anew if it is not there: providers change their keys."""
        await self._fetch_if_older(KEYS_GOOD_FOR_S)
        found = self._find(kid, algorithm)
        if found is None:
            await self._fetch_if_older(0.0)
            found = self._find(kid, algorithm)
        if found is None:
            raise _refused(f"its key {str(kid)[:100]!r} is not among those of the identity provider")
        return found

    def _find(self, kid: object, algorithm: str) -> PyJWK | None:
        ready = self._ready.get((kid, algorithm)) if isinstance(kid, str | None) else None
        if ready is not None:
            return ready
        fits = [
            key
            for key in self._keys or ()
            if key.get("kty") == _KEY_TYPES[algorithm[:2]]
            and key.get("use") in (None, "sig")
            and key.get("alg") in (None, algorithm)
            and kid in (None, key.get("kid"))
        ]
        if len(fits) != 1:  # a provider with one key need not name it; a name that two keys have names none
            return None
        jwt = _libraries()
        try:
            found = jwt.PyJWK(dict(fits[0]), algorithm)
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise _refused(f"its key cannot be used ({error})") from error
        self._ready[kid, algorithm] = found
        return found

    async def _fetch_if_older(self, age_s: float) -> None:
        async with self._fetching:
            now = self._clock.monotonic_s()
            if self._keys is not None and now - self._fetched_s < age_s:
                return
            if self._tried_s is not None and now - self._tried_s < FETCH_AGAIN_S:
                if self._keys is None:
                    raise Refused(
                        "unavailable", "the identity provider's keys cannot be had now; try again in a minute"
                    )
                return
            self._tried_s = now
            try:
                self._keys = _key_set(await self._fetch())
                self._ready.clear()
                self._fetched_s = now
            except (OSError, ValueError) as error:
                log.warning("the keys of %s cannot be had: %s", self._settings.issuer, printable(str(error)))
                if self._keys is None:
                    raise Refused(
                        "unavailable", "the identity provider's keys cannot be had now; try again in a minute"
                    ) from error


_KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


def _key_set(data: bytes) -> tuple[Mapping[str, object], ...]:
    """Raises `ValueError`. Keys with a shared secret are no public keys, and left out."""
    try:
        found = msgspec.json.decode(data, type=dict[str, object]).get("keys")
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ValueError(f"the keys are no JWKS document: {error}") from error
    keys: list[Mapping[str, object]] = []
    for key in cast("list[object]", found) if isinstance(found, list) else []:
        if isinstance(key, dict) and cast("dict[str, object]", key).get("kty") in ("RSA", "EC", "OKP"):
            keys.append(cast("dict[str, object]", key))
    if not keys:
        raise ValueError("the JWKS document holds no public key (kty RSA, EC or OKP)")
    return tuple(keys)


def _libraries() -> ModuleType:
    try:
        import jwt
    except ImportError as error:
        raise MissingSecurityExtra(_INSTALL) from error
    if find_spec("cryptography") is None:  # PyJWT finds it for itself, and says less where it is missing
        raise MissingSecurityExtra(_INSTALL)
    return jwt


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split())
    if isinstance(value, list):
        return tuple(word for word in cast("list[object]", value) if isinstance(word, str))
    return ()


def _refused(why: str) -> Refused:
    return Refused("not_authenticated", f"the identity provider's token is not good: {printable(why)}")
