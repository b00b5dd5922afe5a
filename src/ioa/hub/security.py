"""Security Block: who is speaking, what may they see, and how often. Source: IoA paper, A.3.1."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Literal

from msgspec import Struct

from ioa.hub.settings import HubSettings
from ioa.protocol.errors import Refused
from ioa.protocol.names import PERSON_PREFIX, person

LOCAL_USER = "me"
TOKEN_FILE = "token"  # noqa: S105 - a file's name


class Identity(Struct, frozen=True):
    """A user, or one agent of a user."""

    kind: Literal["user", "agent"]
    name: str

    @property
    def speaker(self) -> str:
        """The name under which it appears in logs: `@user`, or the agent's name."""
        return person(self.name) if self.kind == "user" else self.name


def new_token(kind: Literal["user", "agent"]) -> str:
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


class Users:
    """The users of a hub, by the hashes of their tokens."""

    def __init__(self, settings: HubSettings) -> None:
        self._settings = settings
        self._hashes: dict[str, str] = {}

    def load(self) -> None:
        """Take the configured users; on loopback without any, read or make the token of the local user (mode 0600)."""
        self._hashes = {token_hash(token): name for name, token in self._settings.users.items()}
        if not self._hashes:
            self._hashes[token_hash(local_token(self._settings.data_dir))] = LOCAL_USER

    def of_token(self, hashed: str) -> str | None:
        """The user with this token. Constant time: what an attacker can vary is a digest, not the secret."""
        found: str | None = None
        for known, name in self._hashes.items():
            if hmac.compare_digest(known, hashed):
                found = name
        return found


def local_token(data_dir: Path) -> str:
    """The token of the local user of a hub with this data_dir; made on the first call. Blocks on the disk."""
    path = data_dir / TOKEN_FILE
    try:
        token = path.read_text("ascii").strip()
        if token:
            return token
        path.unlink()
    except FileNotFoundError:
        data_dir.mkdir(parents=True, exist_ok=True)
    token = new_token("user")
    path.touch(mode=0o600)
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

    def take(self, now_s: float, cost: float = 1.0) -> bool:
        """True if there was enough."""
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._rate_per_s)
        self._at_s = now_s
        if self._left < cost:
            return False
        self._left -= cost
        return True


def owner_of_speaker(speaker: str) -> str:
    """The user behind an `@user`; empty for an agent."""
    return speaker[len(PERSON_PREFIX) :] if speaker.startswith(PERSON_PREFIX) else ""
