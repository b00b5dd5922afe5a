"""What a hub's owner says of an identity provider (OpenID Connect)."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""All that may be set: signatures with a private key that the provider alone has."""


class OidcSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An identity provider. `keys` is the URL of its JWKS (https, or http on loopback), or a file. `user_claim` holds
    the user's name; who has `operator_value` in `role_claim` (text with blanks, or a list) is an operator, and who
    has `user_value` in it a user: without `user_value` everybody is one."""

    issuer: str
    audience: str
    keys: str
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    user_claim: str = "sub"
    role_claim: str = "scope"
    operator_value: str = "ioa:operator"
    user_value: str = ""
    leeway_s: float = 30.0
    allowed_private: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("issuer", "audience", "keys", "user_claim", "role_claim", "operator_value"):
            if not getattr(self, name):
                raise ValueError(f"oidc: {name} is missing; say it in the settings")
        unknown = [name for name in self.algorithms if name not in ALGORITHMS]
        if unknown or not self.algorithms:
            raise ValueError(
                f"oidc: algorithms {', '.join(unknown) or '()'}: only these are possible: {', '.join(ALGORITHMS)}"
            )
        if self.keys.startswith("http://") and not _on_loopback(self.keys):
            raise ValueError(
                f"oidc: keys {self.keys!r} must be an https:// URL or a file: whoever can change them signs in"
            )
        if not 0 <= self.leeway_s <= 600:
            raise ValueError(f"oidc: leeway_s {self.leeway_s:g} is not between 0 and 600")


def _on_loopback(url: str) -> bool:
    return (urlsplit(url).hostname or "") in ("localhost", "127.0.0.1", "::1")
