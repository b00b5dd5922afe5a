"""Agent Registry Block: who is registered, as what, and by whom. Source: IoA paper, 2.3.1 and A.3.2."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable

from msgspec.structs import replace

from ioa.hub.gates import Gate, knows_all
from ioa.hub.records import AGENT, AgentRecord, document, read
from ioa.hub.security import TokenBucket, new_token, token_hash
from ioa.hub.settings import Limits
from ioa.hub.signed_cards import held_to
from ioa.hub.visibility import Sees, everything
from ioa.ports.clock import Clock
from ioa.ports.index import AgentIndex
from ioa.ports.store import Conflict, Document, Store, Work
from ioa.protocol.cards import Card, Visibility
from ioa.protocol.errors import Refused
from ioa.protocol.names import clean_name, name_key, printable

log = logging.getLogger(__name__)
_PAGE = 1_000
_BATCH = 256


class Registry:
    """All agents, in memory and in the store; keeps the index in step. Names are found in any spelling that is the
    same name (`name_key`)."""

    def __init__(
        self, store: Store, index: AgentIndex, clock: Clock, limits: Limits, visibility: Visibility = "public"
    ) -> None:
        """`visibility`: of agents whose cards say nothing of it."""
        self._store = store
        self._index = index
        self._clock = clock
        self._limits = limits
        self._visibility: Visibility = visibility
        self.check_quota: Callable[[str, int], None] = _no_quota
        self.quota: Callable[[str], int] = lambda user: limits.agents_a_user
        self.catch_up: Callable[[], Awaitable[bool]] = knows_all
        self._gate = Gate(store, "agents")
        self._coming = Counter[str]()
        self._agents: dict[str, AgentRecord] = {}
        self._keys: dict[str, str] = {}  # of names as they are spelled on their cards: a search asks for all of them
        self._tokens: dict[str, str] = {}
        self._owned: dict[str, int] = {}
        self._reserved: set[str] = set()
        self._rates: dict[str, TokenBucket] = {}
        self._unindexed: deque[tuple[str, str | None, asyncio.Future[None]]] = deque()
        self._more = asyncio.Event()

    async def start(self) -> None:
        """Read all agents and fill the index."""
        after = 0
        while True:
            page = await self._store.documents(AGENT, after=after, limit=_PAGE)
            for entry in page:
                self._keep(read(entry, AgentRecord))
                after = entry.number
            if len(page) < _PAGE:
                break
        cards = [(record.card.name, record.card.text()) for record in self._agents.values() if not record.removed]
        await asyncio.to_thread(self._index.fill, cards)

    def _keep(self, record: AgentRecord) -> None:
        key = name_key(record.card.name)
        old = self._agents.get(key)
        if old is not None:
            self._tokens.pop(old.token_hash, None)
            self._owned[old.owner] -= not old.removed
        self._agents[key] = record
        self._keys[record.card.name] = key
        self._owned[record.owner] = self._owned.get(record.owner, 0) + (not record.removed)
        if not record.removed and record.token_hash:
            self._tokens[record.token_hash] = key

    def __len__(self) -> int:
        return sum(self._owned.values())

    def get(self, name: str) -> AgentRecord | None:
        key = self._keys.get(name)
        record = self._agents.get(name_key(name) if key is None else key)
        return None if record is None or record.removed else record

    def owned_by(self, user: str) -> int:
        """How many agents this user has."""
        return self._owned.get(user, 0)

    def owners(self) -> tuple[str, ...]:
        """The users that have agents, or have had some."""
        return tuple(self._owned)

    def owner_of(self, name: str) -> str | None:
        record = self.get(name)
        return record.owner if record is not None else None

    def named(self, name: str, field: str = "name", *, sees: Sees = everything) -> AgentRecord:
        """Raises `Refused` (unknown_agent): the same for one that is not there and one that is not to be seen."""
        record = self.get(name)
        if record is None or not sees(record):
            raise Refused("unknown_agent", f"{field} {name!r} is not registered at this hub; `ioa agents` lists who is")
        return record

    async def look_up(self, name: str, field: str = "name", *, sees: Sees = everything) -> AgentRecord:
        """`named`, with a look into a shared store before it refuses: another replica may have registered the agent,
        or shown it to more, a moment ago. Raises `Refused` (unknown_agent), `StoreUnavailable`."""
        record = self.get(name)
        if record is None or not sees(record):
            await self.refresh(name)
        return self.named(name, field, sees=sees)

    async def refresh(self, name: str) -> None:
        """Learn what a shared store has of an agent now. Raises `StoreUnavailable`."""
        key = name_key(name)
        if not self._store.shared or not key.isprintable():  # no name is like that, and not every store takes it
            return
        found = await self._store.document(AGENT, key)
        if found is not None:
            self.learned(read(found, AgentRecord))

    def of_token(self, hashed: str) -> AgentRecord | None:
        key = self._tokens.get(hashed)
        return self._agents[key] if key is not None else None

    def all(self) -> Iterable[AgentRecord]:
        """In the order of registration."""
        return (record for record in self._agents.values() if not record.removed)

    async def register(self, owner: str, card: Card, *, rotate: bool = False) -> tuple[AgentRecord, str, bool]:
        """A new agent of `owner`, or with `rotate` a new token for one that it has. Returns (record, token, is new).

        Raises `Refused` (bad_name, bad_signature, name_taken, too_many, too_fast).
        """
        sent, visibility = card, card.visibility
        card = replace(card, name=clean_name(card.name), description=_described(card), visibility=None)
        key = name_key(card.name)
        now = self._clock.monotonic_s()
        rate = self._rates.setdefault(
            owner, TokenBucket(self._limits.registrations_per_s, self._limits.registrations_burst, now)
        )
        if not rate.take(now):
            raise Refused("too_fast", "too many registrations at once; wait a second")
        most = min(self._limits.agents_a_user, self.quota(owner))
        if self._count(owner) >= most:
            await self.catch_up()  # before it is refused: another replica may have removed one
        known = self._agents.get(key)
        if key in self._reserved or (known is not None and (known.owner != owner or not (known.removed or rotate))):
            raise _taken(card.name, known, owner)
        is_new = known is None or known.removed
        if is_new:
            self._check_room(owner)
        token = new_token("agent")
        if known is not None:
            card = replace(card, name=known.card.name)
        public_key, verified = held_to(sent, card.name, known, may_change=True)
        record = AgentRecord(
            card=card,
            owner=owner,
            token_hash=token_hash(token),
            registered_at=self._clock.now_s() if is_new or known is None else known.registered_at,
            public_key=public_key,
            verified=verified,
            visibility=visibility or (self._visibility if is_new or known is None else known.visibility),
        )
        return await (self._add(key, record, most) if is_new else self._write(key, record)), token, is_new

    def _count(self, owner: str) -> int:
        """This user's agents, with those that are being written."""
        return self._owned.get(owner, 0) + self._coming[owner]

    def _check_room(self, owner: str) -> None:
        """May this user have one more? Raises `Refused` (too_many)."""
        owned = self._count(owner)
        if owned >= self._limits.agents_a_user:
            raise Refused("too_many", f"{self._limits.agents_a_user} agents are registered; remove one first")
        self.check_quota(owner, owned)

    async def _add(self, key: str, record: AgentRecord, most: int) -> AgentRecord:
        """Write one more agent of its owner, who may have so many. Raises `Refused` (too_many, name_taken,
        unavailable)."""
        owner, known = record.owner, self._agents.get(key)

        async def add(passing: tuple[Document, ...]) -> AgentRecord:
            if passing:
                await self.catch_up()
                now = self._agents.get(key)
                if now is not known:  # another replica has given the name away meanwhile
                    raise _taken(record.card.name, now, owner)
            self._check_room(owner)
            self._coming[owner] += 1
            try:
                return await self._put(key, record, passing)
            finally:
                self._coming[owner] -= 1

        try:
            if self._gate.stands(self._count(owner), most):
                record = await self._gate.through(owner, add)
            else:
                record = await add(())
        except Conflict as error:
            raise _being_changed(record) from error
        await self._index_soon(record)
        return record

    async def update(self, name: str, card: Card) -> AgentRecord:
        """A new card for an agent; its name stays. Raises `Refused` (unknown_agent, bad_name,
        bad_signature)."""
        known = await self.look_up(name)
        if name_key(clean_name(card.name)) != name_key(known.card.name):
            raise Refused(
                "bad_name", f"name {card.name!r} is not {known.card.name!r}: a name stays; register another agent"
            )
        public_key, verified = held_to(card, known.card.name, known, may_change=False)
        visibility = card.visibility or known.visibility
        card = replace(card, name=known.card.name, description=_described(card), visibility=None)
        record = replace(known, card=card, public_key=public_key, verified=verified, visibility=visibility)
        return await self._write(name_key(card.name), record)

    async def remove(self, name: str) -> AgentRecord:
        """Forget an agent's token and card; its name stays its owner's. Raises `Refused` (unknown_agent)."""
        record = replace(await self.look_up(name), removed=True)
        return await self._write(name_key(name), record)

    async def drop_token(self, name: str, hashed: str) -> None:
        """The token of the agent's registration is no longer one, if it is that with this hash. Raises `Refused`
        (unknown_agent)."""
        record = await self.look_up(name)
        if record.token_hash == hashed:
            await self._write(name_key(name), replace(record, token_hash=""))

    async def _write(self, key: str, record: AgentRecord) -> AgentRecord:
        try:
            record = await self._put(key, record)
        except Conflict as error:
            raise _being_changed(record) from error
        await self._index_soon(record)
        return record

    async def _put(self, key: str, record: AgentRecord, more: tuple[Document, ...] = ()) -> AgentRecord:
        if key in self._reserved:
            raise _being_changed(record)
        self._reserved.add(key)
        try:
            known = self._agents.get(key)
            record = replace(record, version=known.version + 1 if known is not None else 1)
            entry = document(AGENT, key, record, owner=record.owner)
            if self._store.shared:
                entry = await self._exchange(key, known, entry)
            await self._store.commit(Work(documents=(entry, *more)))
            self._keep(record)
        finally:
            self._reserved.discard(key)
        return record

    async def _exchange(self, key: str, known: AgentRecord | None, entry: Document) -> Document:
        """The record, to replace the one that this hub knows and no other. Raises `Conflict` for one that another
        replica has changed, which is known then."""
        found = await self._store.document(AGENT, key)
        current = read(found, AgentRecord) if found is not None else None
        if found is None or current is None:
            return replace(entry, new=True)
        if known is None or known.version != current.version:
            self.learned(current)
            raise Conflict(f"agent {current.card.name!r} was changed elsewhere")
        return replace(entry, replaces=found.body)

    def learned(self, record: AgentRecord) -> None:
        """An agent as another replica has stored it."""
        known = self._agents.get(name_key(record.card.name))
        if known is not None and known.version >= record.version:
            return
        self._keep(record)
        if known is None or known.removed != record.removed or known.card.text() != record.card.text():
            self._index_soon(record)

    def _index_soon(self, record: AgentRecord) -> asyncio.Future[None]:
        indexed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._unindexed.append((record.card.name, None if record.removed else record.card.text(), indexed))
        self._more.set()
        return indexed

    async def run_indexing(self) -> None:
        """For ever: put what waits into the index, as many at once as there are, off the event loop."""
        while True:
            self._more.clear()
            while self._unindexed:
                batch = [self._unindexed.popleft() for _ in range(min(_BATCH, len(self._unindexed)))]
                try:
                    await asyncio.to_thread(self._index_batch, [(name, text) for name, text, _ in batch])
                except Exception:  # effect runner: an index that fails must not stop registration
                    log.exception("cannot index %s", printable(", ".join(name for name, _, _ in batch)))
                finally:
                    for _, _, done in batch:
                        if not done.done():
                            done.set_result(None)
            await self._more.wait()

    def _index_batch(self, batch: list[tuple[str, str | None]]) -> None:
        newest = dict(batch)
        self._index.put_many([(name, text) for name, text in newest.items() if text is not None])
        for name, text in newest.items():
            if text is None:
                self._index.remove(name)


def _being_changed(record: AgentRecord) -> Refused:
    return Refused("unavailable", f"agent {record.card.name!r} is being changed; try again")


def _no_quota(user: str, owned: int) -> None:
    """A registry on its own has none."""


def _described(card: Card) -> str:
    if not card.description.strip():
        raise Refused("empty", "description is empty; say in a few sentences what the agent can do")
    return card.description


def _taken(name: str, known: AgentRecord | None, owner: str) -> Refused:
    return Refused("name_taken", f"name {name!r} is taken; choose another name", legal=_mend(known, owner))


def _mend(known: AgentRecord | None, owner: str) -> tuple[str, ...]:
    if known is not None and known.owner == owner:
        return ("?rotate=true gives your agent of that name a new token", "PUT updates its card")
    return ()
