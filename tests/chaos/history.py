"""What is left when all is over: the hub's store, the clients' journals, and what witnesses wrote down meanwhile.

A history is plain data, so that a real run, a simulation and a test that breaks one on purpose are judged alike.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ioa.conversation.group import Group
from ioa.hub.records import CALL, GOAL, OPEN_GOAL, CallRecord, GoalRecord
from ioa.ports.store import GroupRow, Store
from ioa.protocol.codec import decode_message
from ioa.protocol.messages import AnyMessage

_PAGE = 1_000


@dataclass(frozen=True)
class LogEntry:
    """One entry of the hub's log; `at` is Unix seconds by the hub's clock."""

    pos: int
    comm_id: str
    seq: int
    at: float
    message: AnyMessage


@dataclass(frozen=True)
class MemberLog:
    """A client's journal: the cursor that it holds, its log of each group by `seq`, and what it still sends."""

    cursor: int
    logs: dict[str, list[AnyMessage]]
    outbox: tuple[str, ...] = ()


@dataclass(frozen=True)
class AgentRun:
    """An agent was given a task (`begin`) or came back from it (`end`)."""

    agent: str
    comm_id: str
    task_id: str
    phase: str


@dataclass
class History:
    """`acknowledged` are (sender, message_id, seq) of every `accepted` that reached a client; `launched` the comm_ids
    of every `launched`; `asked` the goal_ids that the hub answered for; `taken` what each client told that it took, in
    order and over all its lives; `states` the groups that clients had in memory at the end."""

    entries: list[LogEntry] = field(default_factory=list)
    groups: list[GroupRow] = field(default_factory=list)
    goals: list[GoalRecord] = field(default_factory=list)
    open_goals: list[str] = field(default_factory=list)
    calls: list[CallRecord] = field(default_factory=list)
    members: dict[str, MemberLog] = field(default_factory=dict)
    acknowledged: list[tuple[str, str, int]] = field(default_factory=list)
    launched: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    taken: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    runs: list[AgentRun] = field(default_factory=list)
    states: dict[tuple[str, str], Group] = field(default_factory=dict)
    idempotent: frozenset[str] = frozenset()


async def read_store(history: History, store: Store) -> None:
    """What the hub's store says, through its port: the same for every engine."""
    before: int | None = None
    while rows := await store.group_rows(before=before, limit=_PAGE):
        history.groups += rows
        before = rows[-1].number
    history.groups.reverse()
    for row in history.groups:
        after = 0
        while page := await store.log_of_group(row.comm_id, after_seq=after, limit=_PAGE):
            history.entries += [
                LogEntry(entry.pos, entry.comm_id, entry.seq, entry.at, decode_message(entry.body)) for entry in page
            ]
            after = page[-1].seq
            if len(page) < _PAGE:
                break
    history.entries.sort(key=lambda entry: entry.pos)
    for kind, keep in (
        (GOAL, lambda entry: history.goals.append(msgspec.json.decode(entry.body, type=GoalRecord))),
        (OPEN_GOAL, lambda entry: history.open_goals.append(entry.key)),
        (CALL, lambda entry: history.calls.append(msgspec.json.decode(entry.body, type=CallRecord))),
    ):
        number = 0
        while documents := await store.documents(kind, after=number, limit=_PAGE):
            for document in documents:
                keep(document)
                number = document.number


def read_journal(db: sqlite3.Connection) -> MemberLog:
    """A client's journal, of a client that does not run any more."""
    (cursor,) = db.execute("SELECT value FROM meta WHERE key = 'cursor'").fetchone()
    logs: dict[str, list[AnyMessage]] = {}
    for comm_id, data in db.execute("SELECT comm_id, message FROM log ORDER BY comm_id, seq"):
        logs.setdefault(comm_id, []).append(decode_message(data))
    outbox = tuple(row[0] for row in db.execute("SELECT message_id FROM outbox ORDER BY place"))
    return MemberLog(int(cursor), logs, outbox)


def read_journal_file(path: Path) -> MemberLog:
    """The same, of a file."""
    with closing(sqlite3.connect(path)) as db:
        return read_journal(db)


def read_witnesses(history: History, paths: Iterable[Path]) -> None:
    """What processes noted as it happened, a JSON array a line. A line that kill -9 cut off is left out."""
    for path in paths:
        for line in path.read_bytes().split(b"\n"):
            try:
                what, *rest = json.loads(line)
            except ValueError:
                continue
            match what:
                case "accepted":
                    history.acknowledged.append((rest[0], rest[1], rest[2]))
                case "launched":
                    history.launched.append(rest[0])
                case "taken":
                    history.taken.setdefault(rest[0], []).append((rest[1], rest[2]))
                case "unreadable":
                    history.unreadable.append(" ".join(rest))
                case "begin" | "end":
                    history.runs.append(AgentRun(rest[0], rest[1], rest[2], what))
                case "asked":
                    history.asked.append(rest[0])
                case _:
                    raise ValueError(f"{path}: {what!r} is nothing that a witness notes")
