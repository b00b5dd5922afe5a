"""Tokens: made, listed, rotated, revoked. The store holds their hashes, never the tokens.

Three kinds lie side by side: those of the hub's settings (and the local user's, in its file), the one that an agent
got when it was registered (its hash is in the agent's record), and those made here, as many as a holder wants, so that
a new one can be in use before the old one ends.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterable
from math import isfinite
from typing import Literal

from msgspec.structs import replace

from ioa.hub.agent_registry import Registry
from ioa.hub.audit import Audit
from ioa.hub.gates import knows_all
from ioa.hub.leases import EXPIRED, Leases
from ioa.hub.records import TOKEN, TOKEN_END, AgentRecord, TokenEnd, TokenRecord, document, read
from ioa.hub.security import LOCAL_USER, Identity, Scope, local_token, new_token, token_hash
from ioa.hub.settings import HubSettings
from ioa.ports.clock import Clock, NewId
from ioa.ports.store import Document, Store, Work
from ioa.protocol.errors import Refused
from ioa.protocol.names import clean_user, name_key, printable

REVOKED = "the token was revoked; ask whoever gave it to you for another one"
ROTATED = "the agent was given a new token; use that one"
REMOVED = "the agent was removed from this hub"
_PAGE = 1_000
_STAYS_S = 30 * 86_400.0  # how long a token that has ended is still listed
MAX_LABEL_CHARS = 100


class Tokens:
    """All tokens of the hub, in memory and in the store."""

    def __init__(
        self, settings: HubSettings, store: Store, registry: Registry, audit: Audit, clock: Clock, new_id: NewId
    ) -> None:
        self._settings = settings
        self._store = store
        self._registry = registry
        self._audit = audit
        self._clock = clock
        self._new_id = new_id
        self._by_hash: dict[str, TokenRecord] = {}
        self._by_id: dict[str, TokenRecord] = {}
        self._ended_upto = 0
        self.leases: Leases | None = None
        self.catch_up: Callable[[], Awaitable[bool]] = knows_all

    def load_configured(self) -> None:
        """Take the tokens of the settings; without any, on loopback, the local user's. Blocks on the disk."""
        for name, token in self._settings.users.items():
            self._keep(_configured("user", name, token_hash(token)))
        for name, token in self._settings.operators.items():
            self._keep(_configured("operator", name, token_hash(token)))
        if self._settings.has_local_user:
            hashed = token_hash(local_token(self._settings.data_dir))
            self._keep(replace(_configured("user", LOCAL_USER, hashed), operator=True))

    async def start(self) -> None:
        """Read the tokens of the store, and forget those that ended long ago."""
        old: list[tuple[str, str]] = []
        now = self._clock.now_s()
        after = 0
        while True:
            page = await self._store.documents(TOKEN, after=after, limit=_PAGE)
            for entry in page:
                record = read(entry, TokenRecord)
                after = entry.number
                if record.ended_at(now) is not None and now - (record.ended_at(now) or now) > _STAYS_S:
                    old.append((TOKEN, entry.key))
                else:
                    self._keep(record)
            if len(page) < _PAGE:
                break
        newest = await self._store.documents(TOKEN_END, newest_first=True, limit=1)
        self._ended_upto = newest[0].number if newest else 0
        if old:
            await self._store.commit(Work(removed=tuple(old)))

    def _keep(self, record: TokenRecord) -> None:
        self._by_hash[record.token_hash] = record
        self._by_id[record.token_id] = record

    # Who speaks

    def find(self, hashed: str) -> Identity | None:
        """Whose token has this hash; None for one that this hub has never known.

        Looked up by a digest: what an attacker can vary tells nothing of the secrets here. Raises `Refused`
        (not_authenticated) for one that has ended.
        """
        record = self._by_hash.get(hashed)
        if record is not None:
            if not hmac.compare_digest(record.token_hash, hashed):
                return None
            self._refuse_ended(record)
            return _identity(record)
        agent = self._registry.of_token(hashed)
        if agent is None:
            return None
        return Identity("agent", agent.card.name, token_id=registered_id(agent))

    async def find_stored(self, hashed: str) -> Identity | None:
        """`find`, with a look into the store: another replica of this hub may have made the token a moment ago."""
        identity = self.find(hashed)
        if identity is None:
            found = await self._store.document(TOKEN, hashed)
            if found is not None:
                record = read(found, TokenRecord)
                if record.scope == "agent":
                    await self._registry.refresh(record.name)
                self._keep(record)
                identity = self.find(hashed)
        return identity

    def _refuse_ended(self, record: TokenRecord) -> None:
        if record.revoked_at is not None:
            raise Refused("not_authenticated", REVOKED)
        if record.expires_at is not None and record.expires_at <= self._clock.now_s():
            raise Refused("not_authenticated", EXPIRED)
        if record.scope == "agent":
            agent = self._registry.get(record.name)
            if agent is None or agent.registered_at > record.created_at:  # removed, and perhaps registered afresh
                raise Refused("not_authenticated", REMOVED)

    def check(self, identity: Identity) -> None:
        """Raises `Refused` (not_authenticated) if what the identity rests on has ended."""
        record = self._by_id.get(identity.token_id)
        if record is not None:
            self._refuse_ended(record)
        elif identity.token_id.startswith(_REGISTERED):
            agent = self._registry.get(identity.name)
            if agent is None or registered_id(agent) != identity.token_id:
                raise Refused("not_authenticated", ROTATED if agent else REMOVED)
        elif identity.expires_at is not None and identity.expires_at <= self._clock.now_s():
            raise Refused("not_authenticated", EXPIRED)
        elif identity.kind == "agent" and self._registry.get(identity.name) is None:  # named by a certificate
            raise Refused(
                "not_authenticated", f"agent {identity.name!r} is not registered at this hub; register it first"
            )

    # What is done with them

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
        if sum(record.alive(self._clock.now_s()) for record in self._of_holder(scope, name)) >= most:
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
        self._keep(record)
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
        self._keep(ended)
        self._apply(end)
        if record.token_id.startswith(_REGISTERED):
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
        for record in self._of_holder("agent", agent.card.name):
            if record.alive(self._clock.now_s()):
                await self._end_at(by, record, self._clock.now_s(), "token_revoked")

    def learned(self, entry: Document) -> None:
        """A token as another replica has stored it."""
        self._keep(read(entry, TokenRecord))

    async def follow(self) -> None:
        """Take in which tokens other replicas have ended. Call it on a hint, and now and then."""
        while True:
            page = await self._store.documents(TOKEN_END, after=self._ended_upto, limit=_PAGE)
            for entry in page:
                self._ended_upto = entry.number
                end = read(entry, TokenEnd)
                known = self._by_id.get(end.token_id)
                found = await self._store.document(TOKEN, known.token_hash) if known is not None else None
                if found is not None:
                    self._keep(read(found, TokenRecord))
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

    # What may be seen and touched

    def seen_by(self, by: Identity) -> list[TokenRecord]:
        """The tokens that this caller may know of, oldest first: an operator all, a user its own and its agents', an
        agent its own, a peer its own."""
        registered = (_registered(agent) for agent in self._registry.all() if self._has_registered(agent))
        found = [record for record in (*self._by_id.values(), *registered) if _concerns(record, by)]
        return sorted(found, key=lambda record: record.created_at)

    def _has_registered(self, agent: AgentRecord) -> bool:
        return bool(agent.token_hash) and agent.token_hash not in self._by_hash

    async def _own(self, by: Identity, token_id: str) -> TokenRecord:
        """Raises `Refused` (unknown_token): the same for one that is not there and one that is somebody else's."""
        record = self._of_id(token_id)
        if (record is None or not _concerns(record, by)) and await self.catch_up():
            record = self._of_id(token_id)
        if record is None or not _concerns(record, by):
            raise Refused("unknown_token", f"token_id {token_id!r} is no token of yours; GET /v1/tokens lists them")
        return record

    def _of_id(self, token_id: str) -> TokenRecord | None:
        record = self._by_id.get(token_id)
        if record is None and token_id.startswith(_REGISTERED):
            record = next(
                (_registered(agent) for agent in self._registry.all() if registered_id(agent) == token_id), None
            )
        return record

    def _of_holder(self, scope: Scope, name: str) -> Iterable[TokenRecord]:
        key = name_key(name) if scope == "agent" else name
        for record in self._by_id.values():
            if record.scope == scope and (name_key(record.name) if scope == "agent" else record.name) == key:
                yield record

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


_REGISTERED = "registered-"


def registered_id(agent: AgentRecord) -> str:
    """Names the token of an agent's registration. A part of the digest of a 256-bit secret tells nothing of it."""
    return _REGISTERED + agent.token_hash[:16]


def _registered(agent: AgentRecord) -> TokenRecord:
    return TokenRecord(
        token_id=registered_id(agent),
        scope="agent",
        name=agent.card.name,
        owner=agent.owner,
        token_hash=agent.token_hash,
        label="of its registration",
        created_at=agent.registered_at,
        created_by=f"@{agent.owner}",
    )


def _configured(scope: Scope, name: str, hashed: str) -> TokenRecord:
    return TokenRecord(
        token_id=f"configured-{scope}-{name}",
        scope=scope,
        name=name,
        owner=name,
        token_hash=hashed,
        label="of the hub's settings",
        created_at=0.0,
        created_by="@hub",
        configured=True,
    )


def _identity(record: TokenRecord) -> Identity:
    return Identity(
        record.scope,
        record.name,
        operator=record.operator or record.scope == "operator",
        token_id=record.token_id,
        expires_at=record.expires_at,
    )


def _concerns(record: TokenRecord, by: Identity) -> bool:
    if by.operator:
        return True
    if by.kind == "user":
        return record.owner == by.name and record.scope in ("user", "agent")
    return record.scope == by.kind and record.name == by.name


def _label(text: str) -> str:
    if len(text) > MAX_LABEL_CHARS:
        raise Refused(
            "malformed", f"label has {len(text)} characters, at most {MAX_LABEL_CHARS} are allowed; shorten it"
        )
    return printable(text.strip())


def _document(record: TokenRecord, *, new: bool = False) -> Document:
    return document(TOKEN, record.token_hash, record, owner=record.owner, new=new)
