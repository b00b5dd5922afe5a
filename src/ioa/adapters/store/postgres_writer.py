"""The one thread that appends to PostgreSQL: whatever waits is one call of `append_1`, one round trip, one transaction.

Several replicas write to one log: the call takes an advisory lock until its commit, so positions have no gaps and
become visible in their order. What stands in the way of a batch is found by judging its works one by one under that
lock, so that only the guilty ones are refused.

A connection that is lost during a commit leaves a doubt. The number of each writer's last batch is written with it;
over a new connection the writer looks that up (under the lock, which what was left of the old connection holds to its
end), bars the doubtful attempt from being carried out later, and only then answers, or writes again.
"""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Sequence
from uuid import uuid4

import psycopg

from ioa.adapters.store.group_commit import Answer, GroupCommit, Job
from ioa.adapters.store.postgres_batch import (
    APPEND,
    DUMPERS,
    Batch,
    Known,
    TextArray,
    batches,
    positions,
    storable,
)
from ioa.adapters.store.postgres_connection import Run, connect, ended_idle, is_lost, unavailable
from ioa.adapters.store.postgres_schema import FENCED, STALE, WRITING_KEY
from ioa.ports.store import FateUnknown, StoreUnavailable, Work, groups_of

PATIENCE_S = 5.0
"""How long changes wait for a server that is away before they are refused: a restart takes less."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 0.5
_FORGOTTEN_AFTER = "30 days"
_WRONG = (psycopg.errors.UniqueViolation, psycopg.DataError, UnicodeError, struct.error)


class PostgresWriter:
    """Owns the writing connection. `conninfo` as `checked_url` gives it."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._name = uuid4().hex
        self._number = 0
        self._queue = GroupCommit(self._write)
        self._closing = threading.Event()
        self._connection: Run | None = None
        self._away_since: float | None = None
        self._sent: list[Answer] | None = None
        """What a batch whose fate is in doubt is answered if it was written, with positions counted from 1."""

    def start(self) -> None:
        """Connect and begin to write. Raises `psycopg.Error`."""
        self._connected()
        self._queue.start()

    def submit(self, job: Job) -> None:
        """Queue a job. Raises `StoreUnavailable` when closed or when too much waits."""
        self._queue.submit(job)

    def close(self) -> None:
        """Write what waits if the server is there, then stop. Blocks: call it off the event loop."""
        self._closing.set()
        self._queue.close()
        self._drop()

    def _write(self, works: Sequence[Work]) -> list[Answer]:
        return [answer for batch in batches(works) for answer in self._settle(batch)]

    def _settle(self, batch: Batch) -> list[Answer]:
        """Write a batch, and come back when its fate is known."""
        pause = _FIRST_PAUSE_S
        self._sent = None
        while True:
            try:
                connection = self._connected()
                doubtful = self._doubtful()
                if doubtful is not None:
                    first = self._committed(connection)
                    if first is not None:
                        return [_moved(answer, first - 1) for answer in doubtful]
                    self._sent = None
                answers = self._attempt(connection, batch)
                self._away_since = None
                return answers
            except psycopg.Error as error:
                reason = unavailable(error, self._conninfo, "written")
                if not is_lost(self._connection, error) and self._doubtful() is None:
                    return [reason] * len(batch.works)
                self._lose(error)
            if self._out_of_patience():
                if self._doubtful() is None:
                    return [reason] * len(batch.works)
                self._queue.refuse_waiting(reason)
                if self._closing.is_set():
                    unknown = FateUnknown(
                        f"the store was closed while it could not be known what was written: {reason}"
                    )
                    return [unknown] * len(batch.works)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _doubtful(self) -> list[Answer] | None:
        return self._sent

    def _out_of_patience(self) -> bool:
        return self._away_since is not None and time.monotonic() - self._away_since > PATIENCE_S

    def _lose(self, error: psycopg.Error) -> None:
        if is_lost(self._connection, error):
            self._drop()
        if self._away_since is None:
            self._away_since = time.monotonic()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> Run:
        if self._connection is not None and ended_idle(self._connection):
            self._drop()
        if self._connection is None:
            connection = connect(self._conninfo)
            try:
                for packed, dumper in DUMPERS:
                    connection.adapters.register_dumper(packed, dumper)
                self._register(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
            self._away_since = None
        return self._connection

    def _register(self, connection: Run) -> None:
        connection.execute("DELETE FROM writers WHERE at < now() - %s::interval", (_FORGOTTEN_AFTER,))
        connection.execute("INSERT INTO writers VALUES (%s, 0, 0) ON CONFLICT DO NOTHING", (self._name,))

    def _committed(self, connection: Run) -> int | None:
        """The first position of the batch in doubt, if it was committed; if not, it never will be."""
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", WRITING_KEY)
            row = connection.execute(
                "SELECT first_pos FROM writers WHERE writer = %s AND batch = %s AND first_pos > 0",
                (self._name, self._number),
            ).fetchone()
            if row is not None:
                assert isinstance(row[0], int)
                return row[0]
            connection.execute(
                "UPDATE writers SET batch = %s, first_pos = 0 WHERE writer = %s", (self._number, self._name)
            )
        return None

    def _attempt(self, connection: Run, batch: Batch) -> list[Answer]:
        if batch.follows:
            try:
                return self._append(connection, batch, positions(batch.works, 1))
            except _WRONG:
                pass
            except psycopg.Error as error:
                if error.sqlstate == FENCED:
                    self._register(connection)
                elif error.sqlstate != STALE:
                    raise
        return self._append_judged(connection, batch.works)

    def _append(self, connection: Run, batch: Batch, answers: Sequence[Answer]) -> list[Answer]:
        arguments = batch.arguments()
        self._number += 1
        self._sent = list(answers)
        try:
            row = connection.execute(APPEND, (self._name, self._number, *arguments), prepare=True).fetchone()
        except psycopg.Error as error:
            if not is_lost(connection, error):
                self._sent = None  # refused, so rolled back
            raise
        assert row is not None
        assert isinstance(row[0], int)
        return [_moved(answer, row[0] - 1) for answer in answers]

    def _append_judged(self, connection: Run, works: Sequence[Work]) -> list[Answer]:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", WRITING_KEY)
            good: list[Work] = []
            verdicts: list[Answer | None] = []
            able = [work for work in works if storable(work)]
            known = _known(connection, able)
            for work in works:
                if not storable(work):
                    verdicts.append(StoreUnavailable("PostgreSQL cannot hold a text with the character NUL"))
                    continue
                verdict = known.take(work)
                verdicts.append(verdict)
                if verdict is None:
                    good.append(work)
            places = iter(positions(good, 1))
            answers = [next(places) if verdict is None else verdict for verdict in verdicts]
            if good:
                answers = self._append(connection, Batch(good), answers)
        return answers


def _known(connection: Run, works: Sequence[Work]) -> Known:
    """What is stored of all that the works touch. Under the lock."""
    entries = [entry for work in works for entry in work.entries]
    groups = [row.comm_id for work in works for row in work.groups]
    records = [(document.kind, document.key) for work in works for document in work.documents]
    last_seq = connection.execute(
        "SELECT comm_id, max(seq) FROM log WHERE comm_id = ANY(%b) GROUP BY comm_id", (TextArray(groups_of(entries)),)
    )
    found = Known()
    for comm_id, seq in last_seq:
        found.last_seq[str(comm_id)] = int(str(seq))
    rows = connection.execute(
        "SELECT l.sender, l.message_id FROM unnest(%b, %b) AS e (sender, message_id) "
        "JOIN log l USING (sender, message_id)",
        (TextArray([entry.sender for entry in entries]), TextArray([entry.message_id for entry in entries])),
    )
    found.messages = {(str(sender), str(message_id)) for sender, message_id in rows}
    rows = connection.execute("SELECT comm_id FROM groups WHERE comm_id = ANY(%b)", (TextArray(groups),))
    found.groups = {str(comm_id) for (comm_id,) in rows}
    rows = connection.execute(
        "SELECT d.kind, d.key, sha256(d.body) FROM unnest(%b, %b) AS r (kind, key) JOIN documents d USING (kind, key)",
        (TextArray([kind for kind, _ in records]), TextArray([key for _, key in records])),
        binary=True,
    )
    for kind, key, digest in rows:
        assert isinstance(digest, bytes)
        found.records[str(kind), str(key)] = digest
    return found


def _moved(answer: Answer, by: int) -> Answer:
    return tuple(pos + by for pos in answer) if isinstance(answer, tuple) else answer
