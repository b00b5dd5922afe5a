"""Group commit: one thread writes whatever waits as one transaction, and answers when it is durable."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence

from ioa.ports.store import Conflict, FateUnknown, StoreUnavailable, Work

MAX_BATCH = 2_048
MAX_WAITING = 50_000

Answer = tuple[int, ...] | Conflict | StoreUnavailable | FateUnknown


class Job:
    """A work and where its answer goes."""

    __slots__ = ("future", "loop", "work")

    def __init__(self, work: Work, loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.future: asyncio.Future[tuple[int, ...]] = loop.create_future()


class GroupCommit:
    """Owns the writing thread: there `write` gets all that waits. It never raises and gives one answer a work."""

    def __init__(self, write: Callable[[Sequence[Work]], list[Answer]]) -> None:
        self._write = write
        self._jobs: deque[Job] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="ioa-store", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a job. Raises `StoreUnavailable` when closed or when too much waits."""
        with self._wake:
            if self._closing:
                raise StoreUnavailable("the store is closed")
            if len(self._jobs) >= MAX_WAITING:
                raise StoreUnavailable(f"{MAX_WAITING} changes wait for the disk; try again later")
            self._jobs.append(job)
            if len(self._jobs) == 1:
                self._wake.notify()

    def close(self) -> None:
        """Write what waits, then stop. Blocks: call it off the event loop."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._jobs and not self._closing:
                    self._wake.wait()
                batch = [self._jobs.popleft() for _ in range(min(len(self._jobs), MAX_BATCH))]
            if not batch:
                return
            _answer(batch, self._write([job.work for job in batch]))


def stale() -> Conflict:
    """The answer to a work that does not follow."""
    return Conflict("the entries do not follow the group's log")


def _answer(batch: Sequence[Job], answers: Sequence[Answer]) -> None:
    """One wake-up of the loop for a whole batch; futures are resolved in order."""
    try:
        batch[0].loop.call_soon_threadsafe(_resolve, batch, answers)
    except RuntimeError:  # the loop is closed: nobody waits any more, the data are safe
        return


def _resolve(batch: Sequence[Job], answers: Sequence[Answer]) -> None:
    for job, answer in zip(batch, answers, strict=True):
        if job.future.done():  # cancelled by whoever waited
            continue
        if isinstance(answer, Exception):
            job.future.set_exception(answer)
        else:
            job.future.set_result(answer)
