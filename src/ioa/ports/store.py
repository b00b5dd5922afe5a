"""Where the truth is kept: one append-only log of messages, the groups that it consists of, and documents beside it.

A `Work` is written whole or not at all, and durably before its future is resolved; the futures of what was written are
resolved in the order of `commit`. Positions in the log grow over all groups without gaps, in the order in which they
can be read, and are the cursors of deliveries.

A `shared` store has several writers, one in each replica of the hub. They keep no lock over it: a work that no longer
follows what another has written is a `Conflict`, and each follows what the others write by `log_after` and
`documents_after`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from msgspec import Struct


class Conflict(Exception):
    """The work contradicts what is stored: its first entry does not follow its group's log, a (sender, message_id) or
    a new document exists already. Nothing of it was written."""


class StoreUnavailable(Exception):
    """The store cannot write or read now (disk full, closed, overloaded). Nothing of the work was written."""


class FateUnknown(Exception):
    """The store was closed before it could learn whether the work was written: it is there whole or not at all. Only
    where the engine was out of reach; whoever asks must not be told either."""


class Entry(Struct, frozen=True, kw_only=True):
    """A message to append as entry `seq` of its group. `at` is Unix seconds, `body` its JSON with this `seq` in it."""

    comm_id: str
    seq: int
    sender: str
    message_id: str
    at: float
    body: bytes


class Stored(Struct, frozen=True, kw_only=True):
    """An entry in the log, at position `pos`."""

    pos: int
    comm_id: str
    seq: int
    at: float
    body: bytes


class GroupRow(Struct, frozen=True, kw_only=True):
    """What is known of a group without its log. `number` counts groups in the order of creation; the store sets it."""

    comm_id: str
    goal_id: str
    owner: str
    members: tuple[str, ...]
    parent: str = ""
    state: str = "discussion"
    created_at: float = 0.0
    number: int = 0


class Document(Struct, frozen=True, kw_only=True):
    """A record under (`kind`, `key`); `owner` can be searched for. `number` is the order of creation, set by the store.

    With `new`, the work is a `Conflict` if the record exists; with `replaces`, if its body is not this one (or it does
    not exist); otherwise it is replaced. Of a record that is read, both are unset.
    """

    kind: str
    key: str
    body: bytes
    owner: str = ""
    new: bool = False
    number: int = 0
    replaces: bytes | None = None


class Change(Struct, frozen=True, kw_only=True):
    """What a record became at revision `rev`; `document` is None for one that was removed."""

    rev: int
    kind: str
    key: str
    document: Document | None


class Work(Struct, frozen=True, kw_only=True):
    """One atomic change. `states` are the new states of groups by comm_id; `removed` are keys of documents."""

    groups: tuple[GroupRow, ...] = ()
    entries: tuple[Entry, ...] = ()
    states: tuple[tuple[str, str], ...] = ()
    documents: tuple[Document, ...] = ()
    removed: tuple[tuple[str, str], ...] = ()


ENDED_STATE = "conclusion"
"""The state after which a group's log does not grow."""


class Leadership:
    """That this replica leads under a name, until it releases that, dies, or loses touch with the store.

    Others may lead a moment before a replica that was cut off notices that it does not any more: what a leader writes
    must hold as the log judges it, and leading only saves the others the trouble.
    """

    def __init__(self, release: Callable[[], Awaitable[None]]) -> None:
        self._release = release
        self._ended = asyncio.Event()

    @property
    def held(self) -> bool:
        """Does this replica still lead, as far as it knows?"""
        return not self._ended.is_set()

    async def lost(self) -> None:
        """Returns when this replica does not lead any more."""
        await self._ended.wait()

    def end(self) -> None:
        """For the store: it is over."""
        self._ended.set()

    async def release(self) -> None:
        """Let another lead. May be called twice."""
        if self.held:
            self.end()
            await self._release()


class Store(Protocol):
    """The hub's memory. Reads see everything whose commit has been reported. They raise `StoreUnavailable`."""

    @property
    def shared(self) -> bool:
        """May other processes or replicas write to it meanwhile?"""
        ...

    @property
    def epoch(self) -> str:
        """A random name that this log got when it was begun: a hub that lost its data has another one. Empty before
        `open`."""
        ...

    async def open(self) -> None:
        """Make ready, bringing older data forward. Raises `StoreUnavailable` with the remedy if that cannot be."""
        ...

    async def close(self) -> None:
        """Write what waits, then let go. May be called twice."""
        ...

    def commit(self, work: Work) -> asyncio.Future[tuple[int, ...]]:
        """The positions of the entries, once they are durable. The future may raise `Conflict`, `StoreUnavailable` or
        `FateUnknown`. A future that is cancelled does not undo the work."""
        ...

    async def newest(self) -> int:
        """Position of the newest entry; 0 if there is none."""
        ...

    async def log_after(self, after: int, *, limit: int) -> list[Stored]:
        """All entries with positions past `after`, in order of position. There is never a gap that is filled later."""
        ...

    async def log_of_group(self, comm_id: str, *, after_seq: int = 0, limit: int = 1000) -> list[Stored]:
        """Entries of one group in order of `seq`."""
        ...

    async def log_of_member(self, name: str, *, after: int, limit: int) -> list[Stored]:
        """Entries of all groups that `name` is a member of, with positions past `after`, in order of position."""
        ...

    async def log_of_goal(self, goal_id: str, *, after: int, limit: int) -> list[Stored]:
        """Entries of all groups of a goal, with positions past `after`, in order of position."""
        ...

    async def group_row(self, comm_id: str) -> GroupRow | None: ...

    async def group_rows(
        self,
        *,
        goal_id: str | None = None,
        owner: str | None = None,
        member: str | None = None,
        state: str | None = None,
        ended: bool | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[GroupRow]:
        """Groups that fit all filters, newest first, with numbers below `before`."""
        ...

    async def document(self, kind: str, key: str) -> Document | None: ...

    async def documents(
        self,
        kind: str,
        *,
        owner: str | None = None,
        prefix: str = "",
        before: int | None = None,
        after: int = 0,
        limit: int = 100,
        newest_first: bool = False,
    ) -> list[Document]:
        """Documents in order of creation whose keys begin with `prefix`, numbered past `after` and below `before`."""
        ...

    async def documents_after(self, kind: str, rev: int, *, limit: int) -> list[Change]:
        """What became of the records of a kind past revision `rev`, in order of revision: the newest of each record
        at least. Revisions grow over all kinds, in the order in which they can be read; whoever begins with 0 and goes
        on from the last one seen knows every record, and misses none."""
        ...

    async def newest_rev(self) -> int:
        """The newest revision of any record; 0 if there is none. Whoever reads records after this, and goes on by
        `documents_after` from it, misses no change of them."""
        ...

    async def forget_removals(self, rev: int) -> None:
        """Forget that records were removed, up to revision `rev`, which must be older than the newest: whoever follows
        has come past it. Whoever begins with 0 afterwards knows every record that is there, all the same."""
        ...

    async def lead(self, name: str) -> Leadership | None:
        """Try to lead under a name, which only one replica at a time can; None if another does. Never waits for it."""
        ...


def entries_follow(work: Work, last_seq: dict[str, int]) -> bool:
    """Do the entries continue the logs whose last entries `last_seq` gives (0: none)? Stores judge by this."""
    expected: dict[str, int] = {}
    for entry in work.entries:
        if entry.seq != expected.get(entry.comm_id, last_seq.get(entry.comm_id, 0)) + 1:
            return False
        expected[entry.comm_id] = entry.seq
    return True


def groups_of(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Each comm_id once, in order."""
    return tuple(dict.fromkeys(entry.comm_id for entry in entries))
