"""Threads of a store whose engine blocks: one that writes, and a few that read, each with a connection of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

from ioa.adapters.store.group_commit import Job
from ioa.ports.store import StoreUnavailable, Work


class Closable(Protocol):
    def close(self) -> object: ...


class Writer(Protocol):
    """What writes by `GroupCommit`, in a thread of its own."""

    def submit(self, job: Job) -> None:
        """Queue a job. Raises `StoreUnavailable` when closed or when too much waits."""
        ...

    def close(self) -> None:
        """Write what waits, then stop. Blocks."""
        ...


T = TypeVar("T")
C = TypeVar("C", bound=Closable)


class StoreThreads(Generic[C]):
    """Closed until `start`. `connect` makes a connection, in the reading thread that is to have it; there are `readers`
    of them at the most."""

    def __init__(self, connect: Callable[[], C], *, readers: int) -> None:
        self._connect = connect
        self._most = readers
        self._writer: Writer | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._local = threading.local()
        self._connections: set[C] = set()

    @property
    def started(self) -> bool:
        return self._writer is not None

    def start(self, writer: Writer) -> None:
        """Begin to take works, for a writer that has been started."""
        self._writer = writer
        self._readers = ThreadPoolExecutor(self._most, thread_name_prefix="ioa-read")

    async def close(self) -> None:
        """Take nothing more, write what waits, then let go. May be called twice."""
        writer, readers = self._writer, self._readers
        self._writer = self._readers = None
        if writer is None or readers is None:
            return
        await asyncio.to_thread(writer.close)
        await asyncio.to_thread(readers.shutdown)
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._local = threading.local()

    def check_started(self) -> None:
        """Raises `StoreUnavailable` when closed."""
        if self._writer is None:
            raise StoreUnavailable("the store is closed")

    def commit(self, work: Work) -> asyncio.Future[tuple[int, ...]]:
        """As `Store.commit`."""
        job = Job(work, asyncio.get_running_loop())
        try:
            if self._writer is None:
                raise StoreUnavailable("the store is closed")
            self._writer.submit(job)
        except StoreUnavailable as error:
            job.future.set_exception(error)
        return job.future

    async def read(self, query: Callable[[C], T]) -> T:
        """What a query gives, in a reading thread. Raises `StoreUnavailable` when closed, and what the query raises."""
        if self._readers is None:
            raise StoreUnavailable("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._query, query)

    def _query(self, query: Callable[[C], T]) -> T:
        connection: C | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            self._connections.add(connection)
        return query(connection)

    def drop(self, connection: C) -> None:
        """For a query whose connection was lost: this thread makes another when it reads again."""
        self._connections.discard(connection)
        self._local.connection = None
        connection.close()
