"""Embeddings kept between runs, in an SQLite file of their own: a cache that may be deleted at any time."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from ioa.private_files import private_database

_MOST_VARIABLES = 500
MOST_BYTES = 4 * 1024**3
"""Some four million vectors."""
_MADE_ROOM = 64  # one part in so many


class SqliteVectors:
    """Vectors (bytes) by key (bytes), for the index's vector store. Called from any thread. What cannot be read is
    missing, and what cannot be written is forgotten: an embedding can always be made again. So is some of what is there
    when it takes more than `most_bytes`: every text that somebody looks for adds to it."""

    def __init__(self, path: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def _open(self) -> sqlite3.Connection:
        """The connection; a file that is damaged is begun anew. Under the lock."""
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            private_database(self._path)
            try:
                self._connection = _connect(self._path)
            except sqlite3.DatabaseError:
                self._path.unlink(missing_ok=True)
                self._connection = _connect(self._path)
        return self._connection

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The vectors of those keys that are known."""
        found: dict[bytes, bytes] = {}
        with self._lock, contextlib.suppress(sqlite3.Error, OSError):
            connection = self._open()
            for start in range(0, len(keys), _MOST_VARIABLES):
                part = keys[start : start + _MOST_VARIABLES]
                marks = ",".join("?" * len(part))
                sql = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"  # noqa: S608 - question marks only
                found.update(connection.execute(sql, part))
        return found

    def put_many(self, vectors: Mapping[bytes, bytes]) -> None:
        """Keep these vectors, replacing older ones of the same key."""
        with self._lock, contextlib.suppress(sqlite3.Error, OSError):
            connection = self._open()
            with connection:
                connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", list(vectors.items()))
                self._make_room(connection, max((len(key) + len(value) for key, value in vectors.items()), default=1))

    def _make_room(self, connection: sqlite3.Connection, row_bytes: int) -> None:
        """Forget some vectors if there are too many: those after a random place, as keys are digests."""
        size, pages, free = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
        )
        over = (pages - free) * size - self._most_bytes
        if over <= 0:
            return
        left = (over + self._most_bytes // _MADE_ROOM) // row_bytes + 1
        for place in (secrets.token_bytes(4), b""):  # from the beginning on, if there are too few after it
            room = "DELETE FROM vectors WHERE key IN (SELECT key FROM vectors WHERE key >= ? LIMIT ?)"
            left -= connection.execute(room, (place, left)).rowcount

    def close(self) -> None:
        """May be called twice; the next call opens the file again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # a cache: the newest may be lost with the machine
        connection.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
        )
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
