"""Is a hub's data folder whole? The log is judged by the law again, numbers and columns are compared, and every file is
read and digested. Only reads, of one moment, also while the hub runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
from msgspec import Struct

from ioa.adapters.backup.making import DATABASE, digest_of
from ioa.adapters.store.sqlite_schema import MIGRATIONS
from ioa.conversation.group import Group, step
from ioa.hub.records import ARTIFACT, ArtifactRecord
from ioa.ports.store import ENDED_STATE
from ioa.protocol.codec import decode_message
from ioa.protocol.errors import ProtocolError

MOST_FINDINGS = 1_000


class Findings(Struct, frozen=True, kw_only=True):
    """What was looked at, and what is wrong, in words; empty: all is well. `remarks` are no damage."""

    groups: int = 0
    entries: int = 0
    files: int = 0
    epoch: str = ""
    schema: int = 0
    wrong: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def check(folder: Path) -> Findings:
    """Look at everything in a data folder. Blocks; raises `FileNotFoundError` where there is none."""
    path = folder / DATABASE
    if not path.is_file():
        raise FileNotFoundError(f"{folder} holds no {DATABASE}: give the data folder of a hub with --data")
    reading = f"file:{path.absolute().as_posix()}?mode=ro"
    try:
        with closing(sqlite3.connect(reading, uri=True, timeout=30.0)) as database:
            database.execute("BEGIN")  # everything below is of one moment
            return _check(folder, database)
    except sqlite3.DatabaseError as error:
        return Findings(wrong=(f"{path}: {error}",))


def _check(folder: Path, database: sqlite3.Connection) -> Findings:
    wrong = [f"{DATABASE}: {text}" for (text,) in database.execute("PRAGMA integrity_check(50)") if text != "ok"]
    (schema,) = database.execute("PRAGMA user_version").fetchone()
    remarks: list[str] = []
    if schema > len(MIGRATIONS):
        return Findings(
            schema=schema, wrong=(f"schema version {schema}: a newer release wrote it; check it with that one",)
        )
    if schema < len(MIGRATIONS):
        remarks.append(f"schema version {schema}: the next start brings it to {len(MIGRATIONS)}")
    rows = database.execute("SELECT comm_id, state, ended_pos FROM groups ORDER BY number").fetchall()
    entries = 0
    for comm_id, state, ended_pos in rows:
        count, problems = _check_group(database, comm_id, state, ended_pos)
        entries += count
        wrong += problems
    strays = database.execute("SELECT count(*) FROM log WHERE comm_id NOT IN (SELECT comm_id FROM groups)").fetchone()[
        0
    ]
    if strays:
        wrong.append(f"{strays} entries of the log belong to no group")
    files, problems, remarked = _check_files(folder, database)
    named = database.execute("SELECT name FROM sqlite_master WHERE name = 'epoch'").fetchone()
    epoch = database.execute("SELECT name FROM epoch").fetchone()[0] if named else ""
    return Findings(
        groups=len(rows),
        entries=entries,
        files=files,
        epoch=epoch,
        schema=schema,
        wrong=tuple([*wrong, *problems][:MOST_FINDINGS]),
        remarks=(*remarks, *remarked),
    )


def _check_group(
    database: sqlite3.Connection, comm_id: str, state: str, ended_pos: int | None
) -> tuple[int, list[str]]:
    """How many entries a group has, and what is wrong with it: the first entry that cannot follow, and its row."""
    group: Group | None = None
    count, last_pos = 0, 0
    rows = database.execute(
        "SELECT pos, seq, sender, message_id, body FROM log WHERE comm_id = ? ORDER BY seq", (comm_id,)
    )
    for pos, seq, sender, message_id, body in rows:
        where = f"group {comm_id}, entry {seq}"
        count += 1
        if seq != count:
            return count, [f"{where}: entry {count} is missing"]
        if pos <= last_pos:
            return count, [f"{where}: its position {pos} does not follow {last_pos}"]
        last_pos = pos
        try:
            message = decode_message(body)
            group, _ = step(group, message)
        except ProtocolError as error:
            return count, [f"{where}: {error.code}, {error.rule}"]
        if (message.comm_id, message.seq, message.sender, message.message_id) != (comm_id, seq, sender, message_id):
            return count, [f"{where}: the message in it says comm_id, seq, sender or message_id otherwise than its row"]
    if group is None:
        return 0, [f"group {comm_id} has no entries"]
    problems: list[str] = []
    if group.state != state:
        problems.append(f"group {comm_id}: its row says {state}, its log {group.state}")
    if (ended_pos is not None) != (group.state == ENDED_STATE):
        problems.append(f"group {comm_id}: ended_pos is {ended_pos}, its log is in {group.state}")
    members = [name for (name,) in database.execute("SELECT name FROM members WHERE comm_id = ?", (comm_id,))]
    if sorted(members) != sorted(group.members):
        problems.append(f"group {comm_id}: members of its row and of its log differ")
    return count, problems


def _check_files(folder: Path, database: sqlite3.Connection) -> tuple[int, list[str], list[str]]:
    wrong: list[str] = []
    known: set[Path] = set()
    for key, record in _artifacts(database):
        name = key.removeprefix("sha256:")
        path = folder / "artifacts" / name[:2] / name
        known.add(path)
        if record is None:
            wrong.append(f"file {key}: its record cannot be read")
        elif not path.is_file():
            wrong.append(f"file {key} ({record.artifact.name!r}) is missing; copy it from a backup to {path}")
        elif path.stat().st_size != record.artifact.size_bytes or digest_of(path) != name:
            wrong.append(f"file {key} ({record.artifact.name!r}) is damaged; copy it from a backup to {path}")
    unknown = sum(
        path.is_file() and path not in known and path.parent.name != "parts"
        for path in (folder / "artifacts").glob("*/*")
    )
    remarks = [f"{unknown} files in artifacts/ have no record: uploads that were cut off before it"] if unknown else []
    return len(known), wrong, remarks


def _artifacts(database: sqlite3.Connection) -> Iterator[tuple[str, ArtifactRecord | None]]:
    for key, body in database.execute("SELECT key, body FROM documents WHERE kind = ?", (ARTIFACT,)):
        try:
            yield key, msgspec.json.decode(body, type=ArtifactRecord)
        except msgspec.DecodeError:
            yield key, None
