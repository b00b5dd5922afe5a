"""A store in memory: for tests, and for hubs whose conversations need not outlive them."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from msgspec.structs import replace

from ioa.ports.store import (
    ENDED_STATE,
    Conflict,
    Document,
    GroupRow,
    Store,
    Stored,
    StoreUnavailable,
    Work,
    entries_follow,
    groups_of,
)


class MemoryStore(Store):
    """Everything in dictionaries. `failing` makes commits raise `StoreUnavailable`, as a full disk would."""

    def __init__(self) -> None:
        self.failing = False
        self._open = False
        self._log: list[Stored] = []
        self._of_group: dict[str, list[Stored]] = defaultdict(list)
        self._groups: dict[str, GroupRow] = {}
        self._seen: set[tuple[str, str]] = set()
        self._documents: dict[tuple[str, str], Document] = {}
        self._numbers = 0

    async def open(self) -> None:
        self._open = True

    async def close(self) -> None:
        self._open = False

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
        last = {name: len(self._of_group.get(name, ())) for name in groups_of(work.entries)}
        if (
            not entries_follow(work, last)
            or len(names) < len(work.entries)
            or names & self._seen
            or any(row.comm_id in self._groups for row in work.groups)
            or any(
                entry.new and (entry.kind, entry.key) in self._documents and (entry.kind, entry.key) not in work.removed
                for entry in work.documents
            )
        ):
            raise Conflict("the work does not follow what is stored")
        self._seen |= names
        for row in work.groups:
            self._numbers += 1
            self._groups[row.comm_id] = replace(row, number=self._numbers)
        first = len(self._log) + 1
        for pos, entry in enumerate(work.entries, start=first):
            stored = Stored(pos=pos, comm_id=entry.comm_id, seq=entry.seq, at=entry.at, body=entry.body)
            self._log.append(stored)
            self._of_group[entry.comm_id].append(stored)
        for comm_id, state in work.states:
            self._groups[comm_id] = replace(self._groups[comm_id], state=state)
        for key in work.removed:
            self._documents.pop(key, None)
        for entry in work.documents:
            old = self._documents.get((entry.kind, entry.key))
            self._numbers += 1
            self._documents[entry.kind, entry.key] = replace(entry, number=old.number if old else self._numbers)
        return tuple(range(first, len(self._log) + 1))

    def _check_open(self) -> None:
        if not self._open:
            raise StoreUnavailable("the store is closed")

    async def newest(self) -> int:
        self._check_open()
        return len(self._log)

    async def log_of_group(self, comm_id: str, *, after_seq: int = 0, limit: int = 1000) -> list[Stored]:
        self._check_open()
        return self._of_group[comm_id][after_seq : after_seq + limit] if comm_id in self._of_group else []

    async def log_of_member(self, name: str, *, after: int, limit: int) -> list[Stored]:
        self._check_open()
        wanted = (entry for entry in self._log[after:] if name in self._groups[entry.comm_id].members)
        return [entry for entry, _ in zip(wanted, range(limit), strict=False)]

    async def log_of_goal(self, goal_id: str, *, after: int, limit: int) -> list[Stored]:
        self._check_open()
        wanted = (entry for entry in self._log[after:] if self._groups[entry.comm_id].goal_id == goal_id)
        return [entry for entry, _ in zip(wanted, range(limit), strict=False)]

    async def group_row(self, comm_id: str) -> GroupRow | None:
        self._check_open()
        return self._groups.get(comm_id)

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
            for row in reversed(self._groups.values())
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
        return self._documents.get((kind, key))

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
            for entry in self._documents.values()
            if entry.kind == kind
            and (owner is None or entry.owner == owner)
            and entry.key.startswith(prefix)
            and entry.number > after
            and (before is None or entry.number < before)
        ]
        found.sort(key=lambda entry: entry.number, reverse=newest_first)
        return found[:limit]
