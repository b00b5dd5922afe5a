"""The log in a PostgreSQL database that several replicas of the hub may share (extra `postgres`)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg
from psycopg.rows import args_row

from ioa.adapters.store.postgres_batch import holdable
from ioa.adapters.store.postgres_connection import Run, checked_url, connect, is_lost, unavailable
from ioa.adapters.store.postgres_leading import PostgresLeading
from ioa.adapters.store.postgres_schema import migrate
from ioa.adapters.store.postgres_writer import PATIENCE_S, PostgresWriter
from ioa.adapters.store.threads import StoreThreads
from ioa.ports.store import Change, Document, GroupRow, Leadership, Store, Stored, Work

T = TypeVar("T")
_READERS = 4
_PAUSE_S = 0.1
_FORGOTTEN_AT_ONCE = 5_000
_LOG = "l.pos, l.comm_id, l.seq, l.at, l.body"
_DOCUMENT = "number, kind, key, owner, body"


class PostgresStore(Store):
    """A store in the schema `ioa` of the database at `url` (postgresql://user:password@host/database, and what libpq
    takes after `?`, such as sslmode=verify-full). Needs a session of its own for each connection, 6 at most: connect
    past a pooler that shares them between transactions.

    Durable as far as the server is: with `synchronous_commit` on, its default, against the death of its machine.
    A server that is away for less than `PATIENCE_S` seconds is waited for; then everything is `StoreUnavailable` until
    it is back. Raises `ValueError` for a URL that is none.
    """

    def __init__(self, url: str) -> None:
        self._conninfo = checked_url(url)
        self._threads = StoreThreads(lambda: connect(self._conninfo), readers=_READERS)
        self._leading = PostgresLeading(self._conninfo)
        self._epoch = ""

    @property
    def shared(self) -> bool:
        return True

    @property
    def epoch(self) -> str:
        return self._epoch

    async def open(self) -> None:
        if not self._threads.started:
            await asyncio.to_thread(self._open)

    def _open(self) -> None:
        writer = PostgresWriter(self._conninfo)
        try:
            with connect(self._conninfo) as connection:
                migrate(connection)
                row = connection.execute("SELECT name FROM epoch").fetchone()
            writer.start()
        except psycopg.Error as error:
            raise unavailable(error, self._conninfo, "opened") from error
        self._epoch = str(row[0]) if row is not None else ""
        self._threads.start(writer)

    async def close(self) -> None:
        await self._threads.close()
        await self._leading.close()

    def commit(self, work: Work) -> asyncio.Future[tuple[int, ...]]:
        return self._threads.commit(work)

    async def lead(self, name: str) -> Leadership | None:
        self._threads.check_started()
        return await self._leading.lead(name)

    async def _read(self, make: Callable[..., T], sql: str, **values: object) -> list[T]:
        """Rows made into something. A connection that was lost is made anew, for as long as a restart takes. There are
        none for a text that PostgreSQL cannot hold: it could not have been written."""
        if not all(holdable(value) for value in values.values() if isinstance(value, str)):
            return []
        since = time.monotonic()
        while True:
            try:
                return await self._threads.read(lambda connection: self._query(connection, make, sql.encode(), values))
            except (psycopg.Error, UnicodeError, OverflowError) as error:
                lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
                if not lost or time.monotonic() - since > PATIENCE_S:
                    raise unavailable(error, self._conninfo, "read") from error
            await asyncio.sleep(_PAUSE_S)

    def _query(self, connection: Run, make: Callable[..., T], sql: bytes, values: dict[str, object]) -> list[T]:
        """In a reading thread."""
        try:
            with connection.cursor(row_factory=args_row(make), binary=True) as cursor:
                return cursor.execute(sql, values, prepare=True).fetchall()
        except psycopg.Error as error:
            if is_lost(connection, error):
                self._threads.drop(connection)
            raise

    async def newest(self) -> int:
        (newest,) = await self._read(int, "SELECT coalesce(max(pos), 0) FROM log")
        return newest

    async def log_after(self, after: int, *, limit: int) -> list[Stored]:
        sql = f"SELECT {_LOG} FROM log l WHERE pos > %(after)s ORDER BY pos LIMIT %(limit)s"  # noqa: S608 - constants
        return await self._read(_stored, sql, after=after, limit=limit)

    async def log_of_group(self, comm_id: str, *, after_seq: int = 0, limit: int = 1000) -> list[Stored]:
        sql = f"""SELECT {_LOG} FROM log l WHERE comm_id = %(comm_id)s AND seq > %(after_seq)s
            ORDER BY seq LIMIT %(limit)s"""  # noqa: S608 - constants
        return await self._read(_stored, sql, comm_id=comm_id, after_seq=after_seq, limit=limit)

    async def log_of_member(self, name: str, *, after: int, limit: int) -> list[Stored]:
        # Groups that ended before the cursor are skipped whole. The groups are found first, and each group's entries
        # by its index, lest the planner walk the log, which grows without end.
        sql = f"""WITH mine AS MATERIALIZED (
                SELECT g.comm_id FROM members m JOIN groups g USING (comm_id)
                WHERE m.name = %(name)s AND (g.ended_pos IS NULL OR g.ended_pos > %(after)s))
            {_LATERAL}"""  # noqa: S608 - constants
        return await self._read(_stored, sql, name=name, after=after, limit=limit)

    async def log_of_goal(self, goal_id: str, *, after: int, limit: int) -> list[Stored]:
        sql = f"""WITH mine AS MATERIALIZED (SELECT comm_id FROM groups WHERE goal_id = %(goal_id)s)
            {_LATERAL}"""  # noqa: S608 - constants
        return await self._read(_stored, sql, goal_id=goal_id, after=after, limit=limit)

    async def group_row(self, comm_id: str) -> GroupRow | None:
        rows = await self._read(_group, f"{_GROUPS} WHERE g.comm_id = %(comm_id)s", comm_id=comm_id)
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
        values = {"goal_id": goal_id, "owner": owner, "member": member, "state": state, "before": before}
        clauses = [_FILTERS[name] for name, value in values.items() if value is not None]
        if ended is not None:
            clauses.append("g.ended_pos IS NOT NULL" if ended else "g.ended_pos IS NULL")
        where = " AND ".join(clauses) or "true"
        sql = f"{_GROUPS} WHERE {where} ORDER BY g.number DESC LIMIT %(limit)s"
        return await self._read(_group, sql, limit=limit, **values)

    async def document(self, kind: str, key: str) -> Document | None:
        sql = f"SELECT {_DOCUMENT} FROM documents WHERE kind = %(kind)s AND key = %(key)s"  # noqa: S608 - constants
        found = await self._read(_document, sql, kind=kind, key=key)
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
        sql = f"SELECT {_DOCUMENT} FROM documents WHERE kind = %(kind)s AND number > %(after)s"  # noqa: S608 - constants
        if owner is not None:
            sql += " AND owner = %(owner)s"
        if prefix:
            sql += " AND key >= %(prefix)s AND key < %(prefix)s || U&'\\+10FFFF' AND starts_with(key, %(prefix)s)"
        if before is not None:
            sql += " AND number < %(before)s"
        sql += f" ORDER BY number {'DESC' if newest_first else 'ASC'} LIMIT %(limit)s"
        return await self._read(
            _document, sql, kind=kind, owner=owner, prefix=prefix, before=before, after=after, limit=limit
        )

    async def documents_after(self, kind: str, rev: int, *, limit: int) -> list[Change]:
        return await self._read(_change, _CHANGES, kind=kind, rev=rev, limit=limit)

    async def forget_removals(self, rev: int) -> None:
        sql = """WITH gone AS (
                DELETE FROM removals WHERE ctid IN (SELECT ctid FROM removals WHERE rev <= %(rev)s LIMIT %(limit)s)
                RETURNING 1)
            SELECT count(*) FROM gone"""
        while await self._read(int, sql, rev=rev, limit=_FORGOTTEN_AT_ONCE) == [_FORGOTTEN_AT_ONCE]:
            pass

    async def newest_rev(self) -> int:
        (newest,) = await self._read(int, _NEWEST_REV)
        return newest


_LATERAL = f"""SELECT {_LOG} FROM mine CROSS JOIN LATERAL (
        SELECT * FROM log o WHERE o.comm_id = mine.comm_id AND o.pos > %(after)s ORDER BY o.seq LIMIT %(limit)s
    ) AS l ORDER BY l.pos LIMIT %(limit)s"""  # noqa: S608 - constants
_GROUPS = """SELECT g.number, g.comm_id, g.goal_id, g.owner, g.parent, g.state, g.created_at,
    ARRAY(SELECT m.name FROM members m WHERE m.comm_id = g.comm_id ORDER BY m.place) FROM groups g"""
_FILTERS = {
    "goal_id": "g.goal_id = %(goal_id)s",
    "owner": "g.owner = %(owner)s",
    "member": "g.comm_id IN (SELECT m.comm_id FROM members m WHERE m.name = %(member)s)",
    "state": "g.state = %(state)s",
    "before": "g.number < %(before)s",
}
_CHANGES = """(SELECT rev, kind, key, number, owner, body FROM documents
        WHERE kind = %(kind)s AND rev > %(rev)s ORDER BY rev LIMIT %(limit)s)
    UNION ALL (SELECT rev, kind, key, NULL, NULL, NULL FROM removals
        WHERE kind = %(kind)s AND rev > %(rev)s ORDER BY rev LIMIT %(limit)s)
    ORDER BY rev LIMIT %(limit)s"""

# Kind by kind, by the indexes on (kind, rev). The sequence would tell of what is not committed yet.
_NEWEST_REV = """WITH RECURSIVE kinds (kind) AS (
        (SELECT kind FROM documents ORDER BY kind LIMIT 1) UNION ALL
        SELECT (SELECT d.kind FROM documents d WHERE d.kind > k.kind ORDER BY d.kind LIMIT 1)
        FROM kinds k WHERE k.kind IS NOT NULL
    ), gone (kind) AS (
        (SELECT kind FROM removals ORDER BY kind LIMIT 1) UNION ALL
        SELECT (SELECT r.kind FROM removals r WHERE r.kind > g.kind ORDER BY r.kind LIMIT 1)
        FROM gone g WHERE g.kind IS NOT NULL
    ) SELECT greatest(0,
        (SELECT max((SELECT max(d.rev) FROM documents d WHERE d.kind = k.kind)) FROM kinds k),
        (SELECT max((SELECT max(r.rev) FROM removals r WHERE r.kind = g.kind)) FROM gone g))"""


def _stored(pos: int, comm_id: str, seq: int, at: float, body: bytes) -> Stored:
    return Stored(pos=pos, comm_id=comm_id, seq=seq, at=at, body=body)


def _document(number: int, kind: str, key: str, owner: str, body: bytes) -> Document:
    return Document(number=number, kind=kind, key=key, owner=owner, body=body)


def _change(rev: int, kind: str, key: str, number: int | None, owner: str, body: bytes) -> Change:
    document = None if number is None else _document(number, kind, key, owner, body)
    return Change(rev=rev, kind=kind, key=key, document=document)


def _group(
    number: int,
    comm_id: str,
    goal_id: str,
    owner: str,
    parent: str,
    state: str,
    created_at: float,
    members: list[str],
) -> GroupRow:
    return GroupRow(
        number=number,
        comm_id=comm_id,
        goal_id=goal_id,
        owner=owner,
        members=tuple(members),
        parent=parent,
        state=state,
        created_at=created_at,
    )
