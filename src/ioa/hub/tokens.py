"""Tokens are made, rotated and revoked. A holder may have several: a new one is in use before the old one ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from math import isfinite
from typing import Literal

from msgspec.structs import replace

from ioa.hub.agent_registry import Registry
from ioa.hub.audit import Audit
from ioa.hub.gates import knows_all
from ioa.hub.known_tokens import REVOKED, KnownTokens, is_registered
from ioa.hub.leases import EXPIRED, Leases
from ioa.hub.records import TOKEN, TOKEN_END, AgentRecord, TokenEnd, TokenRecord, document, read
from ioa.hub.security import Identity, Scope, new_token, token_hash
from ioa.hub.settings import HubSettings
from ioa.ports.clock import Clock, NewId
from ioa.ports.store import Document, Store, Work
from ioa.protocol.errors import Refused
from ioa.protocol.names import clean_user, printable

_PAGE = 1_000
MAX_LABEL_CHARS = 100


class Tokens:
    """What is done with the tokens that are `known`."""

    def __init__(
        self, settings: HubSettings, store: Store, registry: Registry, audit: Audit, clock: Clock, new_id: NewId
    ) -> None:
        self._settings = settings
        self._store = store
        self._registry = registry
        self._audit = audit
        self._clock = clock
        self._new_id = new_id
        self.known = KnownTokens(settings, store, registry, clock)
        self._ended_upto = 0
        self.leases: Leases | None = None
        self.catch_up: Callable[[], Awaitable[bool]] = knows_all

    async def start(self) -> None:
        """Know the tokens of the store, and follow from here which of them end."""
        newest = await self._store.documents(TOKEN_END, newest_first=True, limit=1)
        self._ended_upto = newest[0].number if newest else 0
        await self.known.load()  # after that: an end that comes between the two must not be missed

    async def make(
        self, by: Identity, scope: Scope, name: str, *, label: str = "", expires_in_s: float | None = None
    ) -> tuple[TokenRecord, str]:
        """A new token for `name`. Returns its record and the token, which is shown this once.

        Raises `Refused` (not_allowed, unknown_agent, malformed, too_many).
        """
        name, owner = await self._holder(by, scope, name)
        return await self._made(by, scope, name, owner, label, self._end(by, expires_in_s))

    async def _made(
        self, by: Identity, scope: Scope, name: str, owner: str, label: str, expires_at: float | None
    ) -> tuple[TokenRecord, str]:
        most = self._settings.limits.tokens_a_holder
        if sum(record.alive(self._clock.now_s()) for record in self.known.of_holder(scope, name)) >= most:
            raise Refused("too_many", f"quota tokens_a_holder: {name!r} has {most} tokens already; revoke one first")
        token = new_token(scope)
        record = TokenRecord(
            token_id=self._new_id(),
            scope=scope,
            name=name,
            owner=owner,
            token_hash=token_hash(token),
            label=_label(label),
            created_at=self._clock.now_s(),
            created_by=by.speaker,
            expires_at=expires_at,
        )
        work = Work(documents=(_document(record, new=True),))
        await asyncio.shield(
            self._audit.commit(work, "token_made", by, record.token_id, scope=scope, name=name, label=record.label)
        )
        self.known.keep(record)
        return record, token

    async def rotate(
        self, by: Identity, token_id: str, *, overlap_s: float, expires_in_s: float | None = None
    ) -> tuple[TokenRecord, str, TokenRecord]:
        """A new token in the place of one that ends `overlap_s` seconds from now. Returns the new record, the new
        token, and the old record. Without `expires_in_s` the new one lives as long as the old one was made for.

        Raises `Refused` (unknown_token, not_allowed, illegal_now).
        """
        old = await self._own(by, token_id)
        now = self._clock.now_s()
        self._refuse_configured(old)
        if not old.alive(now):
            raise Refused("illegal_now", f"token_id {token_id!r} has ended already; make a new token")
        if expires_in_s is None and old.expires_at is not None and by.token_id != token_id:
            expires_in_s = old.expires_at - old.created_at
        record, token = await self._made(by, old.scope, old.name, old.owner, old.label, self._end(by, expires_in_s))
        until = now + max(0.0, overlap_s)
        if old.expires_at is None or until < old.expires_at:
            old = await self._end_at(by, old, until, "token_rotated")
        return record, token, old

    async def revoke(self, by: Identity, token_id: str) -> TokenRecord:
        """End a token now, and all that is open with it. One that has ended stays as it is.

        Raises `Refused` (unknown_token, not_allowed).
        """
        record = await self._own(by, token_id)
        if record.revoked_at is not None:
            return record
        return await self._end_at(by, record, self._clock.now_s(), "token_revoked")

    async def _end_at(
        self, by: Identity | None, record: TokenRecord, at: float, act: Literal["token_rotated", "token_revoked"]
    ) -> TokenRecord:
        """Write and apply the end of a token. That of a registration gets a record of its own for it."""
        self._refuse_configured(record)
        revoked = act == "token_revoked"
        ended = replace(record, revoked_at=at) if revoked else replace(record, expires_at=at)
        end = TokenEnd(token_id=record.token_id, why=REVOKED if revoked else EXPIRED, at=at)
        work = Work(documents=(_document(ended), document(TOKEN_END, self._new_id(), end, new=True)))
        await asyncio.shield(self._audit.commit(work, act, by, record.token_id, scope=record.scope, name=record.name))
        self.known.keep(ended)
        self._apply(end)
        if is_registered(record):
            await self._registry.drop_token(record.name, record.token_hash)
        return ended

    @staticmethod
    def _refuse_configured(record: TokenRecord) -> None:
        if record.configured:
            raise Refused(
                "not_allowed",
                f"token_id {record.token_id!r} is {record.label}; change it there and start the hub again",
            )

    async def ended(self, token_id: str, why: str) -> None:
        """A token of an agent's registration has ended with a change of the agent: end what is open with it."""
        end = TokenEnd(token_id=token_id, why=why, at=self._clock.now_s())
        self._apply(end)
        await self._store.commit(Work(documents=(document(TOKEN_END, self._new_id(), end, new=True),)))

    async def end_agent(self, by: Identity | None, agent: AgentRecord) -> None:
        """All tokens of an agent end, because it is removed: one who registers the name again starts anew."""
        for record in self.known.of_holder("agent", agent.card.name):
            if record.alive(self._clock.now_s()):
                await self._end_at(by, record, self._clock.now_s(), "token_revoked")

    async def follow(self) -> None:
        """Take in which tokens other replicas have ended. Call it on a hint, and now and then."""
        while True:
            page = await self._store.documents(TOKEN_END, after=self._ended_upto, limit=_PAGE)
            for entry in page:
                self._ended_upto = entry.number
                end = read(entry, TokenEnd)
                await self.known.learn(end.token_id)
                self._apply(end)
            if len(page) < _PAGE:
                return

    def _apply(self, end: TokenEnd) -> None:
        if self.leases is None:
            return
        if end.at > self._clock.now_s():
            self.leases.expires(end.token_id, end.at)
        else:
            self.leases.end(end.token_id, end.why)

    # What may be touched

    async def _own(self, by: Identity, token_id: str) -> TokenRecord:
        """Raises `Refused` (unknown_token): the same for one that is not there and one that is somebody else's."""
        record = self.known.of_id(by, token_id)
        if record is None and await self.catch_up():
            record = self.known.of_id(by, token_id)
        if record is None:
            raise Refused("unknown_token", f"token_id {token_id!r} is no token of yours; GET /v1/tokens lists them")
        return record

    async def _holder(self, by: Identity, scope: Scope, name: str) -> tuple[str, str]:
        """The name as it is registered, and the user who owns the token. Raises `Refused`."""
        if scope == "agent":

            def may(agent: AgentRecord) -> bool:
                own = agent.owner if by.kind == "user" else agent.card.name if by.kind == "agent" else None
                return own == by.name or by.operator

            agent = await self._registry.look_up(name or (by.name if by.kind == "agent" else ""), sees=may)
            return agent.card.name, agent.owner
        if scope == "user" and by.kind == "user" and name in ("", by.name):
            return by.name, by.name
        if not by.operator:
            raise Refused(
                "not_allowed",
                f"scope {scope!r} for {name!r}: only an operator makes tokens for others",
                legal=("agent",),
            )
        return clean_user(name), name

    def _end(self, by: Identity, expires_in_s: float | None) -> float | None:
        """When a new token ends. A token that ends cannot make one that outlives it: else a stolen one never ends."""
        if expires_in_s is not None and not (isfinite(expires_in_s) and 0 < expires_in_s <= 100 * 366 * 86_400):
            raise Refused("malformed", f"expires_in_s {expires_in_s:g} is no time to come; leave it out for no end")
        wanted = None if expires_in_s is None else self._clock.now_s() + expires_in_s
        if by.expires_at is None or by.operator:
            return wanted
        return by.expires_at if wanted is None else min(wanted, by.expires_at)


def _label(text: str) -> str:
    if len(text) > MAX_LABEL_CHARS:
        raise Refused(
            "malformed", f"label has {len(text)} characters, at most {MAX_LABEL_CHARS} are allowed; shorten it"
        )
    return printable(text.strip())


def _document(record: TokenRecord, *, new: bool = False) -> Document:
    return document(TOKEN, record.token_hash, record, owner=record.owner, new=new)
