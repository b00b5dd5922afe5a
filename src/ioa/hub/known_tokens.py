"""Which tokens this hub knows, and who speaks with one of them.

Three kinds lie side by side: those of the hub's settings (and the local user's, in its file), the one that an agent
got when it was registered (its hash is in the agent's record), and those made by `Tokens`, as many as a holder wants.
"""

from __future__ import annotations

import hmac

from msgspec.structs import replace

from ioa.hub.agent_registry import Registry
from ioa.hub.leases import EXPIRED
from ioa.hub.records import TOKEN, AgentRecord, TokenRecord, read
from ioa.hub.security import LOCAL_USER, Identity, Scope, local_token, token_hash
from ioa.hub.settings import HubSettings
from ioa.ports.clock import Clock
from ioa.ports.store import Document, Store
from ioa.protocol.errors import Refused
from ioa.protocol.names import name_key

REVOKED = "the token was revoked; ask whoever gave it to you for another one"
ROTATED = "the agent was given a new token; use that one"
REMOVED = "the agent was removed from this hub"
_PAGE = 1_000
_REGISTERED = "registered-"


class KnownTokens:
    """All tokens, in memory. The store has the hashes of those that were made, never the tokens."""

    def __init__(self, settings: HubSettings, store: Store, registry: Registry, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._registry = registry
        self._clock = clock
        self._by_hash: dict[str, TokenRecord] = {}
        self._by_id: dict[str, TokenRecord] = {}

    def load_configured(self) -> None:
        """Take the tokens of the settings; without any, on loopback, the local user's. Blocks on the disk."""
        for name, token in self._settings.users.items():
            self.keep(_configured("user", name, token_hash(token)))
        for name, token in self._settings.operators.items():
            self.keep(_configured("operator", name, token_hash(token)))
        if self._settings.has_local_user:
            hashed = token_hash(local_token(self._settings.data_dir))
            self.keep(replace(_configured("user", LOCAL_USER, hashed), operator=True))

    async def load(self) -> None:
        """Read the tokens of the store."""
        after = 0
        while True:
            page = await self._store.documents(TOKEN, after=after, limit=_PAGE)
            for entry in page:
                self.keep(read(entry, TokenRecord))
                after = entry.number
            if len(page) < _PAGE:
                return

    def revives(self, record: TokenRecord) -> bool:
        """Would it be good again if it were forgotten that it has ended? One of a registration that its agent has kept
        would."""
        return self._registry.of_token(record.token_hash) is not None

    def forget(self, hashed: str) -> None:
        """A token that ended long ago is not kept any more."""
        record = self._by_hash.pop(hashed, None)
        if record is not None:
            self._by_id.pop(record.token_id, None)

    def keep(self, record: TokenRecord) -> None:
        """Know it, in the place of what was known of it."""
        self._by_hash[record.token_hash] = record
        self._by_id[record.token_id] = record

    def learned(self, entry: Document) -> None:
        """A token as another replica has stored it."""
        self.keep(read(entry, TokenRecord))

    async def learn(self, token_id: str) -> None:
        """Read again what the store has of a token that is known."""
        known = self._by_id.get(token_id)
        found = await self._store.document(TOKEN, known.token_hash) if known is not None else None
        if found is not None:
            self.learned(found)

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
                self.keep(record)
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

    # What may be seen

    def seen_by(self, by: Identity) -> list[TokenRecord]:
        """The tokens that this caller may know of, oldest first: an operator all, a user its own and its agents', an
        agent its own, a peer its own."""
        registered = (_registered(agent) for agent in self._registry.all() if self._has_registered(agent))
        found = [record for record in (*self._by_id.values(), *registered) if _concerns(record, by)]
        return sorted(found, key=lambda record: record.created_at)

    def _has_registered(self, agent: AgentRecord) -> bool:
        return bool(agent.token_hash) and agent.token_hash not in self._by_hash

    def of_id(self, by: Identity, token_id: str) -> TokenRecord | None:
        """One that this caller may know of."""
        record = self._named(token_id)
        return record if record is not None and _concerns(record, by) else None

    def _named(self, token_id: str) -> TokenRecord | None:
        record = self._by_id.get(token_id)
        if record is None and token_id.startswith(_REGISTERED):
            record = next(
                (_registered(agent) for agent in self._registry.all() if registered_id(agent) == token_id), None
            )
        return record

    def of_holder(self, scope: Scope, name: str) -> list[TokenRecord]:
        """The tokens made for a name, also those that have ended."""
        key = name_key(name) if scope == "agent" else name
        return [
            record
            for record in self._by_id.values()
            if record.scope == scope and (name_key(record.name) if scope == "agent" else record.name) == key
        ]


def registered_id(agent: AgentRecord) -> str:
    """Names the token of an agent's registration. A part of the digest of a 256-bit secret tells nothing of it."""
    return _REGISTERED + agent.token_hash[:16]


def is_registered(record: TokenRecord) -> bool:
    """Is it the token of an agent's registration?"""
    return record.token_id.startswith(_REGISTERED)


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
