"""Group commit: one thread writes whatever waits as one transaction, and answers when it is durable."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

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
    """Owns the writing thread: there `write` gets all that waits. It never raises and gives one answer a work. When
    they are answered, `between` is called there."""

    def __init__(
        self, write: Callable[[Sequence[Work]], list[Answer]], between: Callable[[], None] = lambda: None
    ) -> None:
        self._write = write
        self._between = between
        self._jobs: SimpleQueue[list[Job] | None] = SimpleQueue()  # None: nothing comes after it
        self._gathered: list[Job] = []
        self._gathering = threading.Lock()
        self._queued = 0  # gathered, or handed over and not taken
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="ioa-store", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a job. Raises `StoreUnavailable` when closed or when too much waits.

        What is submitted in one turn of the event loop is handed over at its end, together: a writer that is woken for
        the first of them would take the interpreter from the loop and write a batch of one.
        """
        with self._gathering:
            if self._closing:
                raise StoreUnavailable("the store is closed")
            if self._queued >= MAX_WAITING:
                raise StoreUnavailable(f"{MAX_WAITING} changes wait for the disk; try again later")
            if not self._gathered:
                job.loop.call_soon(self._hand_over)
            self._gathered.append(job)
            self._queued += 1

    def _hand_over(self) -> None:
        with self._gathering:
            gathered, self._gathered = self._gathered, []
            for begin in range(0, len(gathered), MAX_BATCH):
                self._jobs.put(gathered[begin : begin + MAX_BATCH])

    def close(self) -> None:
        """Write what waits, then stop. Blocks: call it off the event loop."""
        with self._gathering:
            self._closing = True
        self._hand_over()
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def refuse_waiting(self, answer: StoreUnavailable) -> None:
        """For `write`: answer all that waits behind what is being written."""
        refused: list[Job] = []
        is_last = self._add_waiting(refused, MAX_WAITING)
        if refused:
            _answer(refused, [answer] * len(refused))
        if is_last:
            self._jobs.put(None)

    def _add_waiting(self, batch: list[Job], most: int) -> bool:
        """Add what waits until there are `most` or more: what was handed over together stays so. Says whether nothing
        comes after it."""
        taken = len(batch)
        is_last = False
        while len(batch) < most and not is_last:
            try:
                jobs = self._jobs.get_nowait()
            except Empty:
                break
            if jobs is None:
                is_last = True
            else:
                batch += jobs
        with self._gathering:
            self._queued -= len(batch) - taken
        return is_last

    def _run(self) -> None:
        is_last = False
        while not is_last and (jobs := self._jobs.get()) is not None:
            with self._gathering:
                self._queued -= len(jobs)
            is_last = self._add_waiting(jobs, MAX_BATCH)
            _answer(jobs, self._write([job.work for job in jobs]))
            self._between()


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
