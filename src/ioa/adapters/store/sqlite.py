"""The log in one SQLite file: WAL, synchronous FULL, one writer thread with group commit, readers of their own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from ioa.adapters.store.sqlite_schema import connect, migrate
from ioa.adapters.store.sqlite_writer import NEWEST_REV, SqliteWriter
from ioa.adapters.store.threads import StoreThreads
from ioa.ports.store import Change, Document, GroupRow, Leadership, Store, Stored, StoreUnavailable, Work
from ioa.private_files import private_database

T = TypeVar("T")
_READERS = 2
_FORGOTTEN_AT_ONCE = 1_000
_LOG = "l.pos, l.comm_id, l.seq, l.at, l.body"
_CHANGES = """SELECT * FROM (
        SELECT rev, kind, key, number, owner, body FROM documents
        WHERE kind = :kind AND rev > :rev ORDER BY rev LIMIT :limit)
    UNION ALL SELECT * FROM (
        SELECT rev, kind, key, NULL, NULL, NULL FROM removals
        WHERE kind = :kind AND rev > :rev ORDER BY rev LIMIT :limit)
    ORDER BY rev LIMIT :limit"""


class SqliteStore(Store):
    """A store in the file `path`. `max_bytes` limits its size: what goes over it is refused as a full disk is.

    Durable against the death of the process and, as far as the disk obeys fsync, of the machine.
    """

    def __init__(self, path: Path, *, max_bytes: int | None = None) -> None:
        self._path = str(path)
        self._max_bytes = max_bytes
        self._threads = StoreThreads(lambda: connect(self._path), readers=_READERS)
        self._epoch = ""
        self._led: dict[str, Leadership] = {}

    @property
    def shared(self) -> bool:
        return False

    @property
    def epoch(self) -> str:
        return self._epoch

    async def open(self) -> None:
        if not self._threads.started:
            await asyncio.to_thread(self._open)

    def _open(self) -> None:
        try:
            Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            private_database(Path(self._path))
            connection = connect(self._path)
            try:
                migrate(connection)
                (self._epoch,) = connection.execute("SELECT name FROM epoch").fetchone()
            finally:
                connection.close()
            writer = SqliteWriter(self._path, max_bytes=self._max_bytes)
            writer.start()
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"the database {self._path} cannot be opened: {error}") from error
        self._threads.start(writer)

    async def close(self) -> None:
        await self._threads.close()
        for leadership in list(self._led.values()):
            await leadership.release()

    def commit(self, work: Work) -> asyncio.Future[tuple[int, ...]]:
        return self._threads.commit(work)

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self._threads.read(query)
        except (sqlite3.Error, OverflowError, UnicodeError) as error:
            raise StoreUnavailable(f"the database cannot be read: {error}") from error

    async def newest(self) -> int:
        return await self._read(lambda run: run.execute("SELECT coalesce(max(pos), 0) FROM log").fetchone()[0])

    async def log_after(self, after: int, *, limit: int) -> list[Stored]:
        sql = f"SELECT {_LOG} FROM log l WHERE pos > ? ORDER BY pos LIMIT ?"  # noqa: S608 - constants
        return await self._read(lambda run: _stored(run.execute(sql, (after, limit))))

    async def log_of_group(self, comm_id: str, *, after_seq: int = 0, limit: int = 1000) -> list[Stored]:
        sql = f"SELECT {_LOG} FROM log l WHERE comm_id = ? AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608 - constants
        return await self._read(lambda run: _stored(run.execute(sql, (comm_id, after_seq, limit))))

    async def log_of_member(self, name: str, *, after: int, limit: int) -> list[Stored]:
        # Groups that ended before the cursor are skipped whole; of the others the index on (comm_id, seq) holds the
        # positions. Without CROSS JOIN the planner prefers to walk the log, which grows without end.
        sql = f"""SELECT {_LOG} FROM members m
            CROSS JOIN groups g ON g.comm_id = m.comm_id AND (g.ended_pos IS NULL OR g.ended_pos > :after)
            CROSS JOIN log l ON l.comm_id = g.comm_id AND l.pos > :after
            WHERE m.name = :name ORDER BY l.pos LIMIT :limit"""  # noqa: S608 - constants
        values = {"name": name, "after": after, "limit": limit}
        return await self._read(lambda run: _stored(run.execute(sql, values)))

    async def log_of_goal(self, goal_id: str, *, after: int, limit: int) -> list[Stored]:
        sql = f"""SELECT {_LOG} FROM groups g CROSS JOIN log l ON l.comm_id = g.comm_id AND l.pos > :after
            WHERE g.goal_id = :goal_id ORDER BY l.pos LIMIT :limit"""  # noqa: S608 - constants
        values = {"goal_id": goal_id, "after": after, "limit": limit}
        return await self._read(lambda run: _stored(run.execute(sql, values)))

    async def group_row(self, comm_id: str) -> GroupRow | None:
        rows = await self._read(lambda run: _groups(run, "g.comm_id = ?", [comm_id], 1))
        return rows[0] if rows else None

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
        clauses: list[str] = []
        values: list[object] = []
        for clause, value in (
            ("g.goal_id = ?", goal_id),
            ("g.owner = ?", owner),
            ("g.comm_id IN (SELECT comm_id FROM members WHERE name = ?)", member),
            ("g.state = ?", state),
            ("g.number < ?", before),
        ):
            if value is not None:
                clauses.append(clause)
                values.append(value)
        if ended is not None:
            clauses.append("g.ended_pos IS NOT NULL" if ended else "g.ended_pos IS NULL")
        return await self._read(lambda run: _groups(run, " AND ".join(clauses) or "1", values, limit))

    async def document(self, kind: str, key: str) -> Document | None:
        sql = "SELECT number, kind, key, owner, body FROM documents WHERE kind = ? AND key = ?"
        found = await self._read(lambda run: _documents(run.execute(sql, (kind, key))))
        return found[0] if found else None

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
        sql = "SELECT number, kind, key, owner, body FROM documents WHERE kind = ? AND number > ?"
        values: list[object] = [kind, after]
        if owner is not None:
            sql += " AND owner = ?"
            values.append(owner)
        if prefix:
            sql += " AND key >= ? AND key < ? AND substr(key, 1, ?) = ?"  # the range is for the index
            values += [prefix, prefix + "\U0010ffff", len(prefix), prefix]
        if before is not None:
            sql += " AND number < ?"
            values.append(before)
        sql += f" ORDER BY number {'DESC' if newest_first else 'ASC'} LIMIT ?"
        values.append(limit)
        return await self._read(lambda run: _documents(run.execute(sql, values)))

    async def documents_after(self, kind: str, rev: int, *, limit: int) -> list[Change]:
        values = {"kind": kind, "rev": rev, "limit": limit}
        return await self._read(lambda run: _changes(run.execute(_CHANGES, values)))

    async def forget_removals(self, rev: int) -> None:
        sql = """DELETE FROM removals WHERE (kind, key) IN (
            SELECT kind, key FROM removals WHERE rev <= ? LIMIT ?)"""
        values = (rev, _FORGOTTEN_AT_ONCE)  # the writer waits meanwhile
        while await self._read(lambda run: run.execute(sql, values).rowcount) == _FORGOTTEN_AT_ONCE:
            pass

    async def newest_rev(self) -> int:
        return await self._read(lambda run: run.execute(NEWEST_REV).fetchone()[0])

    async def lead(self, name: str) -> Leadership | None:
        """There is one process, and in it one store: whoever asks first leads."""
        self._threads.check_started()
        if name in self._led:
            return None

        async def release() -> None:
            del self._led[name]

        leadership = self._led[name] = Leadership(release)
        return leadership


def _stored(rows: sqlite3.Cursor) -> list[Stored]:
    return [Stored(pos=row[0], comm_id=row[1], seq=row[2], at=row[3], body=row[4]) for row in rows]


def _documents(rows: sqlite3.Cursor) -> list[Document]:
    return [Document(number=row[0], kind=row[1], key=row[2], owner=row[3], body=row[4]) for row in rows]


def _changes(rows: sqlite3.Cursor) -> list[Change]:
    return [
        Change(
            rev=row[0],
            kind=row[1],
            key=row[2],
            document=None
            if row[3] is None
            else Document(kind=row[1], key=row[2], number=row[3], owner=row[4], body=row[5]),
        )
        for row in rows
    ]


def _groups(run: sqlite3.Connection, where: str, values: Sequence[object], limit: int) -> list[GroupRow]:
    sql = (
        "SELECT number, comm_id, goal_id, owner, parent, state, created_at FROM groups g "  # noqa: S608 - constants
        f"WHERE {where} ORDER BY number DESC LIMIT ?"
    )
    rows = run.execute(sql, [*values, limit]).fetchall()
    named = "SELECT name FROM members WHERE comm_id = ? ORDER BY place"
    return [
        GroupRow(
            number=row[0],
            comm_id=row[1],
            goal_id=row[2],
            owner=row[3],
            members=tuple(name for (name,) in run.execute(named, (row[1],))),
            parent=row[4],
            state=row[5],
            created_at=row[6],
        )
        for row in rows
    ]
