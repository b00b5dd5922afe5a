"""The tables of a hub's SQLite database, and how older databases are brought forward."""

from __future__ import annotations

import sqlite3

from ioa.ports.store import StoreUnavailable

_VERSION_1 = """
CREATE TABLE log (
    pos INTEGER PRIMARY KEY,
    comm_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at REAL NOT NULL,
    sender TEXT NOT NULL,
    message_id TEXT NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (comm_id, seq),
    UNIQUE (sender, message_id)
);
CREATE TABLE groups (
    number INTEGER PRIMARY KEY,
    comm_id TEXT NOT NULL UNIQUE,
    goal_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    parent TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at REAL NOT NULL,
    ended_pos INTEGER
);
CREATE INDEX groups_of_goal ON groups (goal_id);
CREATE INDEX groups_of_owner ON groups (owner);
CREATE INDEX groups_open ON groups (number) WHERE ended_pos IS NULL;
CREATE TABLE members (
    name TEXT NOT NULL,
    comm_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (name, comm_id)
) WITHOUT ROWID;
CREATE INDEX members_of_group ON members (comm_id, place);
CREATE TABLE documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    owner TEXT NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (kind, key)
);
CREATE INDEX documents_of_owner ON documents (kind, owner, number);
CREATE INDEX documents_in_order ON documents (kind, number);
"""

_VERSION_2 = """
ALTER TABLE documents ADD COLUMN rev INTEGER NOT NULL DEFAULT 0;
UPDATE documents SET rev = number;
CREATE INDEX documents_changed ON documents (kind, rev);
CREATE TABLE removals (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    rev INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX removals_in_order ON removals (kind, rev);
CREATE TABLE epoch (name TEXT NOT NULL);
INSERT INTO epoch (name) VALUES (lower(hex(randomblob(16))));
"""

MIGRATIONS: tuple[str, ...] = (_VERSION_1, _VERSION_2)
"""Script number n brings a database from version n to n + 1. Append; never change one that was released."""


def connect(path: str) -> sqlite3.Connection:
    """A connection with the settings that all connections to the database share. Transactions are ours to begin."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def migrate(connection: sqlite3.Connection, migrations: tuple[str, ...] = MIGRATIONS) -> None:
    """Bring the database to the newest version, each step in a transaction. Raises `StoreUnavailable` for one that a
    newer release wrote."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        raise StoreUnavailable(
            f"the database has schema version {version}, this release knows {len(migrations)}: upgrade ioa, "
            "or give the hub another data_dir"
        )
    for number, script in enumerate(migrations[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;")
