"""What SQLite's write-ahead log holds is taken over into the database by a thread of its own.

Left to itself SQLite does that within a commit: every few hundred messages, all who wait for that commit wait for the
disk once more. Here the writer goes on meanwhile. What it has added in that time is little; it takes that over itself,
between two commits, after which the log's file begins anew instead of growing.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Sequence

from ioa.adapters.store.sqlite_schema import connect
from ioa.ports.store import Work

PAGES_APART = 1_000
"""Pages written between two of them: SQLite's own measure. They are estimated."""
_PAGES_A_ROW = 4  # it shares some with its neighbours, but hardly those of its indexes
_PAGE_BYTES = 4_096

_log = logging.getLogger(__name__)
_TAKE_OVER = "PRAGMA wal_checkpoint(PASSIVE)"  # waits for nobody, and nobody for it


class Checkpoints:
    """For the one writer of a database. Both `written` and `between` are called by its thread."""

    def __init__(self, path: str, writing: sqlite3.Connection) -> None:
        self._writing = writing
        self._connection = connect(path)
        self._pages = 0
        self._wanted = threading.Event()
        self._nearly_done = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="ioa-checkpoint", daemon=True)

    def start(self) -> None:
        self._writing.execute("PRAGMA wal_autocheckpoint = 0")
        self._thread.start()

    def written(self, works: Sequence[Work]) -> None:
        """These are committed."""
        for work in works:
            for rows in (work.entries, work.documents):
                self._pages += sum(_PAGES_A_ROW + len(row.body) // _PAGE_BYTES for row in rows)
        if self._pages >= PAGES_APART:
            self._pages = 0
            self._wanted.set()

    def between(self) -> None:
        """Nobody waits for the writer just now."""
        if self._nearly_done.is_set():
            self._nearly_done.clear()
            _take_over(self._writing)

    def close(self) -> None:
        """Blocks. What is not taken over yet is when the last connection closes, or when the database is opened."""
        self._closing = True
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._closing:
                return
            _take_over(self._connection)
            self._nearly_done.set()


def _take_over(connection: sqlite3.Connection) -> None:
    try:
        connection.execute(_TAKE_OVER).fetchone()
    except sqlite3.Error as error:  # nothing is lost: it stays in the write-ahead log, and is tried again
        _log.warning("the write-ahead log cannot be taken over into the database now: %s", error)
