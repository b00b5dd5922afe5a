"""Data infrastructure: what a client must still know after `kill -9`, in one SQLite file per agent.

Every public method that writes is one transaction. A delivery is stored together with the cursor that will be
acknowledged, a result together with the end of its run: there is no moment at which one is known without the other.
WAL with synchronous NORMAL survives the death of the process; the one write that power loss must not undo (the agent
begins) is FULL. What is lost with the file comes back by the hub's replay. Source: IoA paper, A.2.1, A.2.2.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ioa.ports.policy import Brief
from ioa.private_files import private_database
from ioa.protocol import codec
from ioa.protocol.cards import Card, Evaluation
from ioa.protocol.errors import ProtocolError
from ioa.protocol.frames import Delivery
from ioa.protocol.messages import AnyMessage

SCHEMA_VERSION = 1
MOST_SAID_AGAIN = 1_000
"""Starts and results that are sent again to a hub whose log was set back; the newest ones."""

Value = TypeVar("Value")
RunState: TypeAlias = Literal["starting", "running", "nested", "ended"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS groups (comm_id TEXT PRIMARY KEY, ended INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log (
    comm_id TEXT NOT NULL, seq INTEGER NOT NULL, at REAL NOT NULL, message BLOB NOT NULL, PRIMARY KEY (comm_id, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
    place INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT UNIQUE, message BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS tasks (
    comm_id TEXT NOT NULL, task_id TEXT NOT NULL, run BLOB NOT NULL, PRIMARY KEY (comm_id, task_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contacts (name TEXT PRIMARY KEY, evaluation BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS evaluated (comm_id TEXT, task_id TEXT, PRIMARY KEY (comm_id, task_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cards (name TEXT PRIMARY KEY, card BLOB NOT NULL) WITHOUT ROWID;
"""


class JournalFailed(Exception):
    """The file cannot be used: not a journal, another agent's, in use, or the disk refuses. The client must stop."""


class Run(Struct, frozen=True, kw_only=True):
    """How far this client is with a task of its own.

    `starting`: the `task_start` with `start_id` is on its way. `running`: the agent may have begun. `nested`: a team
    works on it. `ended`: its result is in the outbox or accepted. `seen_at` is this machine's Unix time.
    """

    comm_id: str
    task_id: str
    state: RunState
    start_id: str = ""
    seen_at: float = 0.0
    brief: Brief | None = None


class Journal:
    """The client's memory. Opened for one agent; `JournalFailed` says what is wrong with the file."""

    def __init__(self, path: Path | str, agent: str) -> None:
        self.path = str(path)
        self._agent = agent
        try:
            if self.path != ":memory:":
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
                private_database(Path(self.path))
            self._db = sqlite3.connect(self.path, isolation_level=None, timeout=1.0)
        except (OSError, sqlite3.Error) as error:
            raise JournalFailed(f"journal {self.path} cannot be opened: {error}") from error
        try:
            self._open()
        except sqlite3.Error as error:
            self._db.close()
            hint = "; another client of this agent is running" if "locked" in str(error) else ""
            raise JournalFailed(f"journal {self.path} cannot be used: {error}{hint}") from error
        except JournalFailed:
            self._db.close()
            raise

    def _open(self) -> None:
        # Exclusive: a second client on the same file would run tasks twice.
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=NORMAL"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA.split(";\n"):
            self._db.execute(statement)
        known = dict(self._db.execute("SELECT key, value FROM meta").fetchall())
        self._db.executemany(
            "INSERT OR IGNORE INTO meta VALUES (?, ?)",
            [("schema", str(SCHEMA_VERSION)), ("agent", self._agent), ("cursor", "0")],
        )
        self._db.execute("COMMIT")
        if known.get("schema", str(SCHEMA_VERSION)) != str(SCHEMA_VERSION):
            raise JournalFailed(f"journal {self.path} is of version {known['schema']}, not {SCHEMA_VERSION}; remove it")
        if known.get("agent", self._agent) != self._agent:
            raise JournalFailed(
                f"journal {self.path} belongs to agent {known['agent']!r}, not {self._agent!r}; give each its own file"
            )

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _transaction(self, *, durable: bool = False) -> Generator[sqlite3.Connection]:
        try:
            if durable:
                self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            if durable:
                self._db.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.Error as error:
            raise JournalFailed(f"journal {self.path} cannot be written: {error}") from error

    # What is known

    def cursor(self) -> int:
        return int(self._db.execute("SELECT value FROM meta WHERE key = 'cursor'").fetchone()[0])

    def epoch(self) -> str:
        """The name of the log that the cursor is of; empty if it was never told."""
        found = self._db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
        return str(found[0]) if found else ""

    def open_groups(self) -> list[str]:
        return [row[0] for row in self._db.execute("SELECT comm_id FROM groups WHERE ended = 0 ORDER BY comm_id")]

    def log(self, comm_id: str) -> list[tuple[float, AnyMessage]]:
        """The group's entries in order, each with its time (Unix seconds, the hub's). Raises `MalformedFrame`."""
        rows = self._db.execute("SELECT at, message FROM log WHERE comm_id = ? ORDER BY seq", (comm_id,))
        return [(row[0], codec.decode_message(row[1])) for row in rows]

    def outbox(self) -> list[AnyMessage]:
        """Messages that the hub has not yet accepted or refused, oldest first."""
        rows = self._db.execute("SELECT message FROM outbox ORDER BY place")
        return self._decoded("outbox", [row[0] for row in rows], codec.decode_message)

    def runs(self) -> list[Run]:
        return self._all("tasks", "run", Run)

    def contacts(self) -> list[Evaluation]:
        return self._all("contacts", "evaluation", Evaluation)

    def cards(self) -> list[Card]:
        return self._all("cards", "card", Card)

    def _all(self, table: str, column: str, kind: type[Value]) -> list[Value]:
        rows = self._db.execute(f"SELECT {column} FROM {table}")  # noqa: S608 - the names are those above
        return self._decoded(table, [row[0] for row in rows], lambda data: msgspec.json.decode(data, type=kind))

    def _decoded(self, table: str, rows: list[bytes], decode: Callable[[bytes], Value]) -> list[Value]:
        try:
            return [decode(row) for row in rows]
        except (ProtocolError, msgspec.DecodeError) as error:
            raise JournalFailed(
                f"journal {self.path}, {table}: a row cannot be read ({error}); was it written by another version? "
                "Remove the file: groups come back from the hub, contacts are lost"
            ) from error

    def evaluated(self, comm_id: str, task_id: str) -> bool:
        found = self._db.execute("SELECT 1 FROM evaluated WHERE comm_id = ? AND task_id = ?", (comm_id, task_id))
        return found.fetchone() is not None

    # What happens

    def take(
        self,
        delivery: Delivery,
        *,
        ended: bool,
        evaluations: tuple[Evaluation, ...] = (),
        tasks_evaluated: tuple[str, ...] = (),
    ) -> None:
        """A delivery, the cursor behind it, and what follows from it for the contacts."""
        message = delivery.message
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO log VALUES (?, ?, ?, ?)",
                (message.comm_id, message.seq, delivery.at, codec.encode(message)),
            )
            db.execute("INSERT OR REPLACE INTO groups VALUES (?, ?)", (message.comm_id, int(ended)))
            db.execute("UPDATE meta SET value = ? WHERE key = 'cursor'", (str(delivery.cursor),))
            for evaluation in evaluations:
                db.execute(
                    "INSERT OR REPLACE INTO contacts VALUES (?, ?)", (evaluation.name, msgspec.json.encode(evaluation))
                )
            for task_id in tasks_evaluated:
                db.execute("INSERT OR IGNORE INTO evaluated VALUES (?, ?)", (message.comm_id, task_id))
            if ended:
                db.execute("DELETE FROM tasks WHERE comm_id = ?", (message.comm_id,))

    def pass_over(self, cursor: int) -> None:
        """A delivery that changes nothing here: only the cursor moves."""
        with self._transaction() as db:
            db.execute("UPDATE meta SET value = ? WHERE key = 'cursor'", (str(cursor),))

    def rewind(self, comm_id: str) -> None:
        """Forget one group's log and let the hub deliver everything again."""
        with self._transaction() as db:
            db.execute("DELETE FROM log WHERE comm_id = ?", (comm_id,))
            db.execute("DELETE FROM groups WHERE comm_id = ?", (comm_id,))
            db.execute("UPDATE meta SET value = '0' WHERE key = 'cursor'")

    def note_epoch(self, epoch: str) -> None:
        """The log that the cursor is of."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES ('epoch', ?)", (epoch,))

    def begin_anew(self, epoch: str) -> None:
        """The hub has another log than the one that this cursor is of: an older state of it that was restored, or a
        new one. What the hub has is the truth, so groups are delivered again from its beginning.

        Work that was done is neither lost nor done twice: this client's starts and results go back into the outbox
        (one that the hub still has is answered as a repeat, one whose task is gone is refused and dropped), and runs
        stay as they are, but for those whose team may be gone with the log.
        """
        with self._transaction() as db:
            for message in self._said_of_tasks(MOST_SAID_AGAIN):
                db.execute(
                    "INSERT OR IGNORE INTO outbox (message_id, message) VALUES (?, ?)",
                    (message.message_id, codec.encode(message)),
                )
            for run in self.runs():
                if run.state == "nested":
                    db.execute("DELETE FROM tasks WHERE comm_id = ? AND task_id = ?", (run.comm_id, run.task_id))
            for table in ("log", "groups"):
                db.execute(f"DELETE FROM {table}")  # noqa: S608 - the names are the two above
            db.execute("UPDATE meta SET value = '0' WHERE key = 'cursor'")
            db.execute("INSERT OR REPLACE INTO meta VALUES ('epoch', ?)", (epoch,))

    def _said_of_tasks(self, most: int) -> list[AnyMessage]:
        """This agent's newest starts and results in the log, oldest first, as they were posted."""
        rows = self._db.execute(
            "SELECT message FROM log WHERE substr(message, 1, 20) IN (?, ?) ORDER BY at DESC, comm_id, seq DESC",
            (b'{"type":"task_start"', b'{"type":"task_result'),
        )
        found: list[AnyMessage] = []
        for (row,) in rows:
            message = codec.decode_message(row)
            if message.sender == self._agent:
                found.append(replace(message, seq=0))
                if len(found) == most:
                    break
        return found[::-1]

    def post(self, message: AnyMessage, run: Run | None = None) -> None:
        """A message to send until the hub has answered, and the run that it starts or ends."""
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO outbox (message_id, message) VALUES (?, ?)",
                (message.message_id, codec.encode(message)),
            )
            if run is not None:
                _put_run(db, run)

    def settled(self, message_id: str) -> None:
        """The hub has accepted or refused this message."""
        with self._transaction() as db:
            db.execute("DELETE FROM outbox WHERE message_id = ?", (message_id,))

    def run(self, run: Run) -> None:
        """How far a task is. `running` is on the disk before the agent begins, come power loss."""
        with self._transaction(durable=run.state == "running") as db:
            _put_run(db, run)

    def know_cards(self, cards: tuple[Card, ...]) -> None:
        with self._transaction() as db:
            db.executemany(
                "INSERT OR REPLACE INTO cards VALUES (?, ?)", [(card.name, msgspec.json.encode(card)) for card in cards]
            )


def _put_run(db: sqlite3.Connection, run: Run) -> None:
    db.execute("INSERT OR REPLACE INTO tasks VALUES (?, ?, ?)", (run.comm_id, run.task_id, msgspec.json.encode(run)))
