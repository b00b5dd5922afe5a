"""Security Block: who is speaking, what may they see, and how often. Source: IoA paper, A.3.1."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

from ioa.private_files import private_file, private_folder
from ioa.protocol.errors import Refused
from ioa.protocol.names import person

LOCAL_USER = "me"
TOKEN_FILE = "token"  # noqa: S105 - a file's name


Scope: TypeAlias = Literal["user", "agent", "operator", "peer"]
"""What a token is for: one user's own goals and agents; one agent; seeing all and managing tokens, quotas and audit;
another hub, which may look for public agents and nothing else."""


class Identity(Struct, frozen=True):
    """Who is speaking: a user, an agent of a user, an operator of this hub, or another hub (peer). `operator` may also
    be set for a user, who then is both. `token_id` names the token, certificate or sign-in that says so; `expires_at`
    (Unix seconds) is when that ends."""

    kind: Scope
    name: str
    operator: bool = False
    token_id: str = ""
    expires_at: float | None = None

    @property
    def speaker(self) -> str:
        """The name under which it appears in logs: the agent's name, `@user`, or `@@hub` for another hub."""
        if self.kind == "agent":
            return self.name
        return person(person(self.name)) if self.kind == "peer" else person(self.name)


class Peer(Struct, frozen=True, kw_only=True):
    """Where a request or connection comes from: the address of its other end ("" for one in this process), and whom
    its TLS certificate names, if it has shown one that the hub trusts."""

    address: str = ""
    certificate: Identity | None = None


HERE = Peer()


def new_token(kind: Scope) -> str:
    """A secret of 256 bits. The prefix lets scanners and people recognise it."""
    return f"ioa_{kind}_{secrets.token_urlsafe(32)}"


def token_hash(token: str) -> str:
    """What is stored of a token. Tokens are random, so no salt and no slow hash is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def bearer(header: str | None) -> str:
    """The token in an Authorization header. Raises `Refused` (not_authenticated)."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused("not_authenticated", "Authorization is missing; send 'Authorization: Bearer TOKEN'")
    return token.strip()


def local_token(data_dir: Path) -> str:
    """The token of the local user of a hub with this data_dir; made on the first call. Blocks on the disk."""
    path = data_dir / TOKEN_FILE
    try:
        token = path.read_text("ascii").strip()
        if token:
            private_file(path)  # one that was copied here by hand, perhaps for all to read
            return token
        path.unlink()
    except FileNotFoundError:
        private_folder(data_dir)
    token = new_token("user")
    private_file(path)
    path.write_text(token + "\n", "ascii")
    return token


class TokenBucket:
    """Allows `rate_per_s` on average and `burst` at once. Time is passed in."""

    __slots__ = ("_at_s", "_burst", "_left", "_rate_per_s")

    def __init__(self, rate_per_s: float, burst: float, now_s: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._left = burst
        self._at_s = now_s

    def has(self, now_s: float, cost: float = 1.0) -> bool:
        """True if `take` would find enough."""
        return min(self._burst, self._left + (now_s - self._at_s) * self._rate_per_s) >= cost

    def take(self, now_s: float, cost: float = 1.0) -> bool:
        """True if there was enough."""
        left = self._left + (now_s - self._at_s) * self._rate_per_s
        if left > self._burst:  # a call of `min` costs more than the rest
            left = self._burst
        self._at_s = now_s
        if left < cost:
            self._left = left
            return False
        self._left = left - cost
        return True
