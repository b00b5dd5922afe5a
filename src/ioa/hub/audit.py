"""What was done to the hub's security, by whom, when: entries that are only ever added, each with the digest of the one
before it. Nothing in them is a secret: tokens appear by their identifiers.

The entries of one running hub are a chain; its first entry holds the digest of the newest entry that was there when the
hub started. Whoever keeps a digest elsewhere can tell later whether anything before it was changed or taken away.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ioa.hub.records import AUDIT, document, read
from ioa.hub.security import HERE, Identity, Peer
from ioa.ports.clock import Clock, NewId
from ioa.ports.store import Conflict, Document, Store, StoreUnavailable, Work
from ioa.protocol.names import HUB, printable

log = logging.getLogger(__name__)

Act: TypeAlias = Literal[
    "token_made",
    "token_rotated",
    "token_revoked",
    "sign_in_failed",
    "agent_registered",
    "agent_changed",
    "agent_removed",
    "goal_cancelled",
    "group_cancelled",
    "quota_refused",
    "quota_changed",
    "operator_read",
]
_MAX_CHARS = 300
_OF_LATE = 10_000
_REFUSAL_EVERY_S = 3_600.0


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One act. `who` did it (`@user`, an agent's name, `@hub`), with the token `token_id`, from `address`; `what` it
    was done to. `number` counts the entries of `chain`; `digest` is the SHA-256 of this entry without its digest, which
    includes `previous`, the digest of the entry before it. `at` is Unix seconds."""

    act: Act
    at: float
    who: str
    what: str
    token_id: str = ""
    address: str = ""
    details: Mapping[str, str] = {}
    chain: str = ""
    number: int = 0
    previous: str = ""
    digest: str = ""

    def computed_digest(self) -> str:
        """What `digest` must be."""
        return hashlib.sha256(msgspec.json.encode(replace(self, digest=""), order="sorted")).hexdigest()


class Audit:
    """Writes entries, in the same unit of work as the act where there is one."""

    def __init__(self, store: Store, clock: Clock, new_id: NewId) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._chain = ""
        self._number = 0
        self._last = ""
        self._durable = ""
        self._newest: asyncio.Future[tuple[int, ...]] | None = None
        self._refused_s: dict[tuple[str, str], float] = {}
        self._of_late: OrderedDict[tuple[Act, str, str], None] = OrderedDict()

    async def start(self) -> None:
        """Find the end of what is there."""
        newest = await self._store.documents(AUDIT, newest_first=True, limit=1)
        self._durable = read(newest[0], AuditEntry).digest if newest else ""
        self._begin_chain()

    def _begin_chain(self) -> None:
        self._chain, self._number, self._last = self._new_id(), 0, self._durable

    def _entry(self, act: Act, by: Identity | None, what: str, peer: Peer, details: Mapping[str, str]) -> AuditEntry:
        self._number += 1
        entry = AuditEntry(
            act=act,
            at=self._clock.now_s(),
            who=by.speaker if by is not None else HUB,
            what=_short(what),
            token_id=by.token_id if by is not None else "",
            address=peer.address,
            details={name: _short(value) for name, value in details.items()},
            chain=self._chain,
            number=self._number,
            previous=self._last,
        )
        entry = replace(entry, digest=entry.computed_digest())
        self._last = entry.digest
        return entry

    def commit(
        self, work: Work, act: Act, by: Identity | None, what: str, *, peer: Peer = HERE, **details: str
    ) -> asyncio.Future[tuple[int, ...]]:
        """Write the work together with the entry that says so. The future is that of the store."""
        entry = self._entry(act, by, what, peer, details)
        noted = replace(work, documents=(*work.documents, _document(entry)))
        future = self._store.commit(noted)
        future.add_done_callback(lambda done: self._written(done, entry))
        self._newest = future
        return future

    def note(self, act: Act, by: Identity | None, what: str, *, peer: Peer = HERE, **details: str) -> None:
        """Write an entry of its own. Where the store cannot, the log says so: what was done is not undone by that."""
        self.commit(Work(), act, by, what, peer=peer, **details).add_done_callback(_retrieved)

    def note_once(self, act: Act, by: Identity, what: str, *, peer: Peer = HERE) -> None:
        """`note`, unless it was noted of late: for acts that come in streams."""
        key = (act, by.token_id, what)
        known = key in self._of_late
        self._of_late[key] = None
        self._of_late.move_to_end(key)
        while len(self._of_late) > _OF_LATE:
            self._of_late.popitem(last=False)
        if not known:
            self.note(act, by, what, peer=peer)

    def note_refusal(self, user: str, quota: str) -> None:
        """A quota was refused to a user: noted once an hour, however often it is tried."""
        now = self._clock.monotonic_s()
        if now - self._refused_s.get((user, quota), -_REFUSAL_EVERY_S) >= _REFUSAL_EVERY_S:
            self._refused_s[user, quota] = now
            self.note("quota_refused", None, f"user {user}", quota=quota)

    def _written(self, done: asyncio.Future[tuple[int, ...]], entry: AuditEntry) -> None:
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        if error is None:
            self._durable = entry.digest
            return
        log.warning("not in the audit log: %s of %s by %s: %s", entry.act, entry.what, entry.who, printable(str(error)))
        if entry.chain == self._chain:
            self._begin_chain()  # what follows must not hang on an entry that is not there

    async def page(self, *, before: int | None, limit: int) -> list[tuple[int, AuditEntry]]:
        """Entries with their numbers in the store, newest first; all that was noted before is among them."""
        if self._newest is not None and not self._newest.done():
            await asyncio.wait((self._newest,))
        found = await self._store.documents(AUDIT, before=before, limit=limit, newest_first=True)
        return [(entry.number, read(entry, AuditEntry)) for entry in found]


def _document(entry: AuditEntry) -> Document:
    return document(AUDIT, f"{entry.chain}/{entry.number:010d}", entry, new=True)


def _short(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _MAX_CHARS else shown[: _MAX_CHARS - 1] + "…"


def _retrieved(done: asyncio.Future[tuple[int, ...]]) -> None:
    """The error was logged where it was noticed; nobody else waits for it."""
    if not done.cancelled() and isinstance(done.exception(), Conflict | StoreUnavailable):
        return


def broken_link(entries: list[AuditEntry]) -> AuditEntry | None:
    """The first of these entries (all that there are, oldest first) that was changed, or before which something is
    missing; None if all is as it was written."""
    known: set[str] = {""}
    ends: dict[str, tuple[int, str]] = {}
    for entry in entries:
        number, last = ends.get(entry.chain, (0, entry.previous))
        follows = entry.number == number + 1 and entry.previous == last and entry.previous in known
        if not follows or entry.digest != entry.computed_digest():
            return entry
        known.add(entry.digest)
        ends[entry.chain] = (entry.number, entry.digest)
    return None
