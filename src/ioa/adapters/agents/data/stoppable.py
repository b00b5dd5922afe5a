"""Work on tables in a thread, which another thread can end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ioa.ports.agent import AgentFailed, Assignment, EarlierResult, LocalFile, Outcome

if TYPE_CHECKING:
    import duckdb

    from ioa.adapters.agents.data.tables import Tables

TIME_LIMIT_S = 60.0
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".json", ".ndjson", ".jsonl", ".xlsx", ".xlsm", ".xls")
_AGAIN_S = 0.02


class Stop:
    """Lets another thread end the queries of a running task."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._lock = threading.Lock()
        self._con: duckdb.DuckDBPyConnection | None = None
        self._done = threading.Event()
        self.reason = ""

    def watch(self, con: duckdb.DuckDBPyConnection | None) -> None:
        """Name the connection that is in use; None when it is about to close."""
        with self._lock:
            self._con = con
            if con is None:
                self._done.set()
            elif self.reason:
                raise AgentFailed(f"The work was stopped: {self.reason}.")

    def now(self, reason: str) -> None:
        """End what runs, and what it would run next: an interrupt between two queries reaches neither."""
        with self._lock:
            self.reason = self.reason or reason
            running = self._con is not None
        if running:
            threading.Thread(target=self._insist, daemon=True).start()

    def _insist(self) -> None:
        while not self._done.wait(_AGAIN_S):
            with self._lock:
                if self._con is not None:
                    self._con.interrupt()


async def in_thread(work: Callable[[Assignment, Stop], Outcome], assignment: Assignment) -> Outcome:
    """What the work comes to; a cancelled task interrupts its query."""
    stop = Stop()
    try:
        return await asyncio.to_thread(work, assignment, stop)
    except asyncio.CancelledError:
        stop.now("cancelled")
        raise


@contextmanager
def open_tables(assignment: Assignment, stop: Stop) -> Generator[Tables]:
    """The tables of an assignment's files and of earlier results, for `TIME_LIMIT_S` seconds at the most: then, or when
    it is stopped, the query that runs raises duckdb's `InterruptException`."""
    from ioa.adapters.agents.data.tables import Tables

    watchdog = threading.Timer(TIME_LIMIT_S, stop.now, [f"the work took longer than {TIME_LIMIT_S:g} seconds"])
    watchdog.daemon = True
    watchdog.start()
    try:
        with Tables(assignment.files, earlier_tables(assignment.earlier)) as tables:
            stop.watch(tables.con)
            try:
                yield tables
            finally:
                stop.watch(None)
    finally:
        watchdog.cancel()


def earlier_tables(earlier: Iterable[EarlierResult]) -> tuple[LocalFile, ...]:
    """Tables among the files of earlier results, the last result first in name."""
    return tuple(
        file for result in earlier for file in result.files if Path(file.name).suffix.lower() in TABLE_SUFFIXES
    )
