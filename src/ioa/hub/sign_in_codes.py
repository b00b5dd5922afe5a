"""Codes in links that sign a person in once. They live in this hub's memory, for a quarter of an hour."""

from __future__ import annotations

import secrets

from msgspec import Struct

from ioa.hub.security import Identity, token_hash
from ioa.hub.tokens import Tokens
from ioa.ports.clock import Clock
from ioa.protocol.errors import Refused

VALID_S = 900.0
SIGNED_IN_S = 30 * 86_400.0
_MOST = 1_000
_MOST_SIGNED_IN = 10
_LABEL = "page, by a sign-in link"


class _Code(Struct, frozen=True):
    by: Identity
    until: float


class SignInCodes:
    """Each code is good for one token of whoever asked for it."""

    def __init__(self, tokens: Tokens, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock
        self._codes: dict[str, _Code] = {}

    def make(self, by: Identity) -> str:
        """A code for this user. Raises `Refused` (not_allowed) for agents."""
        if by.kind != "user":
            raise Refused("not_allowed", "sign-in links are for people; an agent has a token of its own")
        now = self._clock.now_s()
        self._codes = {key: code for key, code in self._codes.items() if code.until > now}
        while len(self._codes) >= _MOST:
            del self._codes[next(iter(self._codes))]  # the oldest
        code = secrets.token_urlsafe(24)
        self._codes[token_hash(code)] = _Code(by, now + VALID_S)
        return code

    async def exchange(self, code: str) -> str:
        """A token for the page. Raises `Refused` (not_authenticated) for a code that is unknown, used or too old."""
        found = self._codes.pop(token_hash(code), None)
        if found is None or found.until <= self._clock.now_s():
            raise Refused(
                "not_authenticated",
                "this sign-in link was used or is too old; ask for a new one, or give a token",
            )
        await self._end_oldest(found.by)
        _, token = await self._tokens.make(found.by, "user", found.by.name, label=_LABEL, expires_in_s=SIGNED_IN_S)
        return token

    async def _end_oldest(self, by: Identity) -> None:
        """Links leave tokens behind: only the newest stay, so that they never use up a person's quota."""
        now = self._clock.now_s()
        mine = [
            record
            for record in self._tokens.seen_by(by)
            if record.scope == "user" and record.name == by.name and record.label == _LABEL and record.alive(now)
        ]
        for record in mine[: max(0, len(mine) + 1 - _MOST_SIGNED_IN)]:
            await self._tokens.revoke(by, record.token_id)
