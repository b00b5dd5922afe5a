"""The one thread that writes: whatever waits goes into one transaction (group commit), answered after the commit.

A batch is first written optimistically. If a unique key stands in the way, the batch is rolled back and written work
by work, each in a savepoint, so that only the guilty ones are refused. If the disk does, all of it is refused.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from ioa.adapters.store.checkpoints import Checkpoints
from ioa.adapters.store.group_commit import Answer, GroupCommit, Job, stale
from ioa.adapters.store.sqlite_schema import connect
from ioa.ports.store import ENDED_STATE, Conflict, Entry, StoreUnavailable, Work, entries_follow, groups_of

_REMEMBERED_GROUPS = 100_000


class SqliteWriter:
    """Owns the writing connection. `max_bytes` limits the database file (None: the disk does)."""

    def __init__(self, path: str, *, max_bytes: int | None = None) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._last_seq: dict[str, int] = {}
        self._next_pos = 1
        self._next_rev = 1
        self._connection = connect(path)
        self._checkpoints = Checkpoints(path, self._connection)
        self._queue = GroupCommit(self._write, self._checkpoints.between)

    def start(self) -> None:
        (newest,) = self._connection.execute("SELECT coalesce(max(pos), 0) FROM log").fetchone()
        self._next_pos = newest + 1
        (newest,) = self._connection.execute(NEWEST_REV).fetchone()
        self._next_rev = newest + 1
        if self._max_bytes is not None:
            (page,) = self._connection.execute("PRAGMA page_size").fetchone()
            self._connection.execute(f"PRAGMA max_page_count = {max(1, self._max_bytes // page)}")
        self._checkpoints.start()
        self._queue.start()

    def submit(self, job: Job) -> None:
        """Queue a job. Raises `StoreUnavailable` when closed or when too much waits."""
        self._queue.submit(job)

    def close(self) -> None:
        """Write what waits, then stop. Blocks: call it off the event loop."""
        self._queue.close()
        self._checkpoints.close()
        self._connection.close()

    def _write(self, works: Sequence[Work]) -> list[Answer]:
        first_pos = self._next_pos
        try:
            try:
                answers = self._write_together(works)
            except sqlite3.IntegrityError:
                self._forget(first_pos)
                answers = self._write_singly(works)
        except (sqlite3.Error, OverflowError, UnicodeError) as error:
            self._forget(first_pos)
            reason = StoreUnavailable(f"the database cannot be written: {error}")
            return [reason] * len(works)
        self._checkpoints.written(works)
        return answers

    def _forget(self, pos: int) -> None:
        """After a rollback: what was remembered of the logs may be wrong."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._last_seq.clear()
        self._next_pos = pos

    def _write_together(self, works: Sequence[Work]) -> list[Answer]:
        answers: list[Answer] = []
        good: list[Work] = []
        self._connection.execute("BEGIN IMMEDIATE")
        for work in works:
            if self._follows(work):
                answers.append(self._positions(work))
                good.append(work)
            else:
                answers.append(stale())
        first = self._next_pos - sum(len(work.entries) for work in good)
        self._insert(good, first)
        self._connection.execute("COMMIT")
        return answers

    def _write_singly(self, works: Sequence[Work]) -> list[Answer]:
        answers: list[Answer] = []
        self._connection.execute("BEGIN IMMEDIATE")
        for work in works:
            if not self._follows(work):
                answers.append(stale())
                continue
            first = self._next_pos
            self._connection.execute("SAVEPOINT work")
            try:
                positions = self._positions(work)
                self._insert([work], first)
                answers.append(positions)
            except sqlite3.IntegrityError as error:
                self._connection.execute("ROLLBACK TO work")
                self._next_pos = first
                self._last_seq.clear()
                answers.append(Conflict(f"the work contradicts what is stored: {error}"))
            finally:
                if self._connection.in_transaction:  # a full disk may have ended the whole transaction
                    self._connection.execute("RELEASE work")
        self._connection.execute("COMMIT")
        return answers

    def _follows(self, work: Work) -> bool:
        for comm_id in groups_of(work.entries):
            if comm_id not in self._last_seq:
                if len(self._last_seq) >= _REMEMBERED_GROUPS:
                    self._last_seq.clear()
                row = self._connection.execute("SELECT max(seq) FROM log WHERE comm_id = ?", (comm_id,)).fetchone()
                self._last_seq[comm_id] = row[0] or 0
        return entries_follow(work, self._last_seq)

    def _positions(self, work: Work) -> tuple[int, ...]:
        positions = tuple(range(self._next_pos, self._next_pos + len(work.entries)))
        self._next_pos += len(work.entries)
        for entry in work.entries:
            self._last_seq[entry.comm_id] = entry.seq
        return positions

    def _insert(self, works: Sequence[Work], pos: int) -> None:
        run = self._connection
        groups = [group for work in works for group in work.groups]
        if groups:
            run.executemany(
                "INSERT INTO groups (comm_id, goal_id, owner, parent, state, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                [(g.comm_id, g.goal_id, g.owner, g.parent, g.state, g.created_at) for g in groups],
            )
            run.executemany(
                "INSERT INTO members (comm_id, place, name) VALUES (?, ?, ?)",
                [(g.comm_id, place, name) for g in groups for place, name in enumerate(dict.fromkeys(g.members))],
            )
        self._append([entry for work in works for entry in work.entries], pos)
        states = [(state, state == ENDED_STATE, comm_id) for work in works for comm_id, state in work.states]
        if states:
            run.executemany(
                "UPDATE groups SET state = ?, ended_pos = CASE WHEN ? THEN (SELECT max(pos) FROM log) END "
                "WHERE comm_id = ?",
                states,
            )
        for work in works:  # in the order of the works: a later one may bring back what an earlier one removed
            for kind, key in work.removed:
                if run.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key)).rowcount:
                    run.execute("REPLACE INTO removals (kind, key, rev) VALUES (?, ?, ?)", (kind, key, self._rev()))
            for document in work.documents:
                values = (document.kind, document.key, document.owner, document.body, self._rev())
                if document.replaces is None:
                    run.execute(_INSERT if document.new else _REPLACE, values)
                elif not run.execute(_EXCHANGE, (*values, document.replaces)).rowcount:
                    raise sqlite3.IntegrityError(f"{document.kind} {document.key!r} is not what was to be replaced")

    def _append(self, entries: Sequence[Entry], pos: int) -> None:
        """Many rows in one statement: between rows of `executemany` this thread would wait for the interpreter, which
        the event loop has."""
        begin = 0
        for rows in _ROWS_AT_ONCE:
            while len(entries) - begin >= rows:
                values: list[object] = []
                for entry in entries[begin : begin + rows]:
                    values += (pos, entry.comm_id, entry.seq, entry.at, entry.sender, entry.message_id, entry.body)
                    pos += 1
                self._connection.execute(_APPEND[rows], values)
                begin += rows

    def _rev(self) -> int:
        self._next_rev += 1
        return self._next_rev - 1


_ROWS_AT_ONCE = (256, 64, 16, 4, 1)
_APPEND = {
    rows: "INSERT INTO log (pos, comm_id, seq, at, sender, message_id, body) VALUES "  # noqa: S608 - constants
    + ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * rows)
    for rows in _ROWS_AT_ONCE
}
_INSERT = "INSERT INTO documents (kind, key, owner, body, rev) VALUES (?, ?, ?, ?, ?)"
_REPLACE = (
    f"{_INSERT} ON CONFLICT (kind, key) DO UPDATE SET owner = excluded.owner, body = excluded.body, rev = excluded.rev"
)
_EXCHANGE = "UPDATE documents SET owner = ?3, body = ?4, rev = ?5 WHERE kind = ?1 AND key = ?2 AND body = ?6"
NEWEST_REV = "SELECT coalesce(max(rev), 0) FROM (SELECT rev FROM documents UNION ALL SELECT rev FROM removals)"
