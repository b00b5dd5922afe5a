"""Codes in links that sign a person in once, within a quarter of an hour, at whichever replica the link leads to."""

from __future__ import annotations

import secrets

from msgspec.structs import replace

from ioa.hub.records import SIGN_IN_CODE, SignInCode, document, read
from ioa.hub.security import Identity, token_hash
from ioa.hub.tokens import Tokens
from ioa.ports.clock import Clock
from ioa.ports.store import Conflict, Store, Work
from ioa.protocol.errors import Refused

VALID_S = 900.0
SIGNED_IN_S = 30 * 86_400.0
_MOST_SIGNED_IN = 10
_LABEL = "page, by a sign-in link"
_SPENT = "this sign-in link was used or is too old; ask for a new one, or give a token"


class SignInCodes:
    """Each code is good for one token of whoever asked for it. The store has their hashes."""

    def __init__(self, store: Store, tokens: Tokens, clock: Clock) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock

    async def make(self, by: Identity) -> str:
        """A code for this user. Raises `Refused` (not_allowed) for agents, `StoreUnavailable`."""
        if by.kind != "user":
            raise Refused("not_allowed", "sign-in links are for people; an agent has a token of its own")
        now = self._clock.now_s()
        known = await self._store.documents(SIGN_IN_CODE, limit=1_000)
        old = tuple((SIGN_IN_CODE, entry.key) for entry in known if read(entry, SignInCode).until <= now)
        code = secrets.token_urlsafe(24)
        entry = document(SIGN_IN_CODE, token_hash(code), SignInCode(by=by, until=now + VALID_S), new=True)
        await self._store.commit(Work(documents=(entry,), removed=old))
        return code

    async def exchange(self, code: str) -> str:
        """A token for the page. Raises `Refused` (not_authenticated) for a code that is unknown, used or too old, and
        `StoreUnavailable`."""
        key = token_hash(code)
        entry = await self._store.document(SIGN_IN_CODE, key)
        found = read(entry, SignInCode) if entry is not None else None
        if entry is None or found is None or found.used or found.until <= self._clock.now_s():
            raise Refused("not_authenticated", _SPENT)
        used = document(SIGN_IN_CODE, key, replace(found, used=True), replaces=entry.body)
        try:
            await self._store.commit(Work(documents=(used,)))
        except Conflict:  # somebody was quicker, perhaps at another replica
            raise Refused("not_authenticated", _SPENT) from None
        await self._end_oldest(found.by)
        _, token = await self._tokens.make(found.by, "user", found.by.name, label=_LABEL, expires_in_s=SIGNED_IN_S)
        return token

    async def _end_oldest(self, by: Identity) -> None:
        """Links leave tokens behind: only the newest stay, so that they never use up a person's quota."""
        now = self._clock.now_s()
        mine = [
            record
            for record in self._tokens.known.seen_by(by)
            if record.scope == "user" and record.name == by.name and record.label == _LABEL and record.alive(now)
        ]
        for record in mine[: max(0, len(mine) + 1 - _MOST_SIGNED_IN)]:
            await self._tokens.revoke(by, record.token_id)
