"""Who knows the tokens of others: an identity provider that the hub trusts."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct


class SignedIn(Struct, frozen=True, kw_only=True):
    """Whom a token of an identity provider names, what they may be here, and until when (Unix seconds)."""

    user: str
    is_user: bool
    is_operator: bool
    expires_at: float


class Authenticator(Protocol):
    """Judges tokens that this hub did not make."""

    def recognises(self, token: str) -> bool:
        """Does the token look like one of this provider? Cheap, and no promise that it is good."""
        ...

    async def sign_in(self, token: str) -> SignedIn:
        """Whom the token names. Raises `Refused`: not_authenticated for one that is not good, with the reason, and
        unavailable where the provider's keys cannot be had."""
        ...
