"""What a hub keeps for a while only: tokens that have ended, sign-in codes, and word of what was removed.

All else stays: the log is the truth, accounts and the audit log are evidence. Of several replicas the one that leads
sweeps.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from ioa.hub.duty import Duty
from ioa.hub.known_tokens import KnownTokens
from ioa.hub.records import (
    RETENTION,
    SIGN_IN_CODE,
    TOKEN,
    TOKEN_END,
    SignInCode,
    TokenEnd,
    TokenRecord,
    document,
    read,
)
from ioa.ports.clock import Clock
from ioa.ports.store import Store, StoreUnavailable, Work

log = logging.getLogger(__name__)

FIRST_AFTER_S, EVERY_S = 600.0, 86_400.0
REMOVALS_STAY_S = 86_400.0
"""A replica that follows the others is never this far behind; one that starts reads what is there."""
_PAGE = 500
_REMOVALS = "removals"

R = TypeVar("R", bound=Struct)


class MarkRecord(Struct, frozen=True, kw_only=True):
    """The newest revision at that time (Unix seconds)."""

    rev: int
    at: float


class Retention:
    """`run` sweeps once a day. Tokens that have ended stay for `ended_tokens_s` seconds."""

    def __init__(self, store: Store, tokens: KnownTokens, clock: Clock, duty: Duty, ended_tokens_s: float) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock
        self._duty = duty
        self._ended_tokens_s = ended_tokens_s

    async def run(self) -> None:
        """For ever."""
        await self._clock.sleep(FIRST_AFTER_S)
        while True:
            if self._duty.held:
                try:
                    await self.sweep()
                except StoreUnavailable as error:
                    log.warning("nothing is swept today: %s", error)
            await self._clock.sleep(EVERY_S)

    async def sweep(self) -> None:
        """Remove what nobody asks for any more. Raises `StoreUnavailable`; then the rest waits for the next time."""
        now = self._clock.now_s()
        long_ago = now - self._ended_tokens_s
        for hashed in await self._remove(TOKEN, TokenRecord, lambda token: self._is_over(token, now, long_ago)):
            self._tokens.forget(hashed)
        await self._remove(TOKEN_END, TokenEnd, lambda end: end.at < long_ago)
        await self._remove(SIGN_IN_CODE, SignInCode, lambda code: code.until <= now)
        await self._forget_removals(now)

    def _is_over(self, token: TokenRecord, now: float, long_ago: float) -> bool:
        return (token.ended_at(now) or now) < long_ago and not self._tokens.revives(token)

    async def _remove(self, kind: str, record: type[R], is_old: Callable[[R], bool]) -> list[str]:
        """The keys of what was removed."""
        gone: list[str] = []
        after = 0
        while True:
            page = await self._store.documents(kind, after=after, limit=_PAGE)
            old = [entry.key for entry in page if is_old(read(entry, record))]
            if old:
                await self._store.commit(Work(removed=tuple((kind, key) for key in old)))
                gone += old
            if len(page) < _PAGE:
                return gone
            after = page[-1].number

    async def _forget_removals(self, now: float) -> None:
        """Those that were there when the mark was made, a day ago or more; then a new mark."""
        found = await self._store.document(RETENTION, _REMOVALS)
        mark = read(found, MarkRecord) if found is not None else None
        if mark is not None and 0 <= now - mark.at < REMOVALS_STAY_S:
            return
        if mark is not None and mark.at <= now:  # else the clock was set back: begin anew
            await self._store.forget_removals(mark.rev)
        mark = MarkRecord(rev=await self._store.newest_rev(), at=now)
        await self._store.commit(Work(documents=(document(RETENTION, _REMOVALS, mark),)))
