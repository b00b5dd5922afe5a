"""A store in memory: for tests, and for hubs whose conversations need not outlive them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from itertools import islice
from uuid import uuid4

from msgspec.structs import replace

from ioa.ports.store import (
    ENDED_STATE,
    Change,
    Conflict,
    Document,
    GroupRow,
    Leadership,
    Store,
    Stored,
    StoreUnavailable,
    Work,
    entries_follow,
    groups_of,
)


class _Kept:
    """What the stores of several replicas share."""

    def __init__(self) -> None:
        self.epoch = uuid4().hex
        self.log: list[Stored] = []
        self.of_group: dict[str, list[Stored]] = defaultdict(list)
        self.groups: dict[str, GroupRow] = {}
        self.seen: set[tuple[str, str]] = set()
        self.documents: dict[tuple[str, str], Document] = {}
        self.changes: dict[str, dict[str, Change]] = defaultdict(dict)
        """By kind and key, in order of revision."""
        self.numbers = 0
        self.revisions = 0
        self.leaders: dict[str, Leadership] = {}


class MemoryStore(Store):
    """Everything in dictionaries. `failing` makes commits raise `StoreUnavailable`, as a full disk would.

    For several hubs in one process: one store made with `shared`, and another `beside` it for each further hub.
    """

    def __init__(self, *, shared: bool = False) -> None:
        self.failing = False
        self._shared = shared
        self._open = False
        self._kept = _Kept()
        self._led: list[Leadership] = []

    def beside(self) -> MemoryStore:
        """Another replica's store, with the same contents."""
        if not self._shared:
            raise ValueError("this store is for one hub; make it with MemoryStore(shared=True)")
        other = MemoryStore(shared=True)
        other._kept = self._kept
        return other

    @property
    def shared(self) -> bool:
        return self._shared

    @property
    def epoch(self) -> str:
        return self._kept.epoch

    async def open(self) -> None:
        self._open = True

    async def close(self) -> None:
        self._open = False
        for leadership in self._led:
            await leadership.release()
        self._led.clear()

    def commit(self, work: Work) -> asyncio.Future[tuple[int, ...]]:
        future: asyncio.Future[tuple[int, ...]] = asyncio.get_running_loop().create_future()
        try:
            future.set_result(self._write(work))
        except (Conflict, StoreUnavailable) as error:
            future.set_exception(error)
        return future

    def _write(self, work: Work) -> tuple[int, ...]:
        self._check_open()
        if self.failing:
            raise StoreUnavailable("the store was told to fail")
        names = {(entry.sender, entry.message_id) for entry in work.entries}
        last = {name: len(self._kept.of_group.get(name, ())) for name in groups_of(work.entries)}
        if (
            not entries_follow(work, last)
            or len(names) < len(work.entries)
            or names & self._kept.seen
            or any(row.comm_id in self._kept.groups for row in work.groups)
            or any(self._contradicts(entry, work) for entry in work.documents)
        ):
            raise Conflict("the work does not follow what is stored")
        self._kept.seen |= names
        for row in work.groups:
            self._kept.numbers += 1
            self._kept.groups[row.comm_id] = replace(row, number=self._kept.numbers)
        first = len(self._kept.log) + 1
        for pos, entry in enumerate(work.entries, start=first):
            stored = Stored(pos=pos, comm_id=entry.comm_id, seq=entry.seq, at=entry.at, body=entry.body)
            self._kept.log.append(stored)
            self._kept.of_group[entry.comm_id].append(stored)
        for comm_id, state in work.states:
            self._kept.groups[comm_id] = replace(self._kept.groups[comm_id], state=state)
        for key in work.removed:
            if self._kept.documents.pop(key, None) is not None:
                self._changed(*key, None)
        for entry in work.documents:
            old = self._kept.documents.get((entry.kind, entry.key))
            self._kept.numbers += 1
            number = old.number if old else self._kept.numbers
            stored = self._kept.documents[entry.kind, entry.key] = replace(
                entry, number=number, new=False, replaces=None
            )
            self._changed(entry.kind, entry.key, stored)
        return tuple(range(first, len(self._kept.log) + 1))

    def _contradicts(self, entry: Document, work: Work) -> bool:
        known = self._kept.documents.get((entry.kind, entry.key))
        if known is not None and (entry.kind, entry.key) in work.removed:
            known = None
        if entry.replaces is not None and (known is None or known.body != entry.replaces):
            return True
        return entry.new and known is not None

    def _changed(self, kind: str, key: str, document: Document | None) -> None:
        changes = self._kept.changes[kind]
        changes.pop(key, None)  # the newest last
        self._kept.revisions += 1
        changes[key] = Change(rev=self._kept.revisions, kind=kind, key=key, document=document)

    def _check_open(self) -> None:
        if not self._open:
            raise StoreUnavailable("the store is closed")

    async def newest(self) -> int:
        self._check_open()
        return len(self._kept.log)

    async def log_after(self, after: int, *, limit: int) -> list[Stored]:
        self._check_open()
        return self._kept.log[after : after + limit]

    async def log_of_group(self, comm_id: str, *, after_seq: int = 0, limit: int = 1000) -> list[Stored]:
        self._check_open()
        return self._kept.of_group[comm_id][after_seq : after_seq + limit] if comm_id in self._kept.of_group else []

    async def log_of_member(self, name: str, *, after: int, limit: int) -> list[Stored]:
        self._check_open()
        wanted = (entry for entry in self._kept.log[after:] if name in self._kept.groups[entry.comm_id].members)
        return [entry for entry, _ in zip(wanted, range(limit), strict=False)]

    async def log_of_goal(self, goal_id: str, *, after: int, limit: int) -> list[Stored]:
        self._check_open()
        wanted = (entry for entry in self._kept.log[after:] if self._kept.groups[entry.comm_id].goal_id == goal_id)
        return [entry for entry, _ in zip(wanted, range(limit), strict=False)]

    async def group_row(self, comm_id: str) -> GroupRow | None:
        self._check_open()
        return self._kept.groups.get(comm_id)

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
        self._check_open()
        rows = [
            row
            for row in reversed(self._kept.groups.values())
            if (goal_id is None or row.goal_id == goal_id)
            and (owner is None or row.owner == owner)
            and (member is None or member in row.members)
            and (state is None or row.state == state)
            and (ended is None or (row.state == ENDED_STATE) == ended)
            and (before is None or row.number < before)
        ]
        return rows[:limit]

    async def document(self, kind: str, key: str) -> Document | None:
        self._check_open()
        return self._kept.documents.get((kind, key))

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
        self._check_open()
        found = [
            entry
            for entry in self._kept.documents.values()
            if entry.kind == kind
            and (owner is None or entry.owner == owner)
            and entry.key.startswith(prefix)
            and entry.number > after
            and (before is None or entry.number < before)
        ]
        found.sort(key=lambda entry: entry.number, reverse=newest_first)
        return found[:limit]

    async def documents_after(self, kind: str, rev: int, *, limit: int) -> list[Change]:
        self._check_open()
        fresh: list[Change] = []
        for change in reversed(self._kept.changes[kind].values()):
            if change.rev <= rev:
                break
            fresh.append(change)
        return list(islice(reversed(fresh), limit))

    async def newest_rev(self) -> int:
        self._check_open()
        return self._kept.revisions

    async def forget_removals(self, rev: int) -> None:
        self._check_open()
        for changes in self._kept.changes.values():
            for change in [known for known in changes.values() if known.document is None and known.rev <= rev]:
                del changes[change.key]

    async def lead(self, name: str) -> Leadership | None:
        self._check_open()
        if name in self._kept.leaders:
            return None

        async def release() -> None:
            del self._kept.leaders[name]

        leadership = self._kept.leaders[name] = Leadership(release)
        self._led.append(leadership)
        return leadership
