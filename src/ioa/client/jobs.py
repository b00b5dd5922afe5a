"""The effect runner: everything a client does besides reading frames is a job in one task group.

A job has a key; at most one job of a key runs at a time. An error inside a job ends that job only. Waits have a limit
that is measured by the client's own clock.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TypeAlias, TypeVar

from ioa.client.journal import JournalFailed
from ioa.ports.clock import Clock

T = TypeVar("T")
Key: TypeAlias = tuple[str, ...]

GRACE_S = 5.0
"""How long cancelled work may take to unwind before it is left behind."""

_log = logging.getLogger(__name__)


class Jobs:
    """Jobs by key. `on_end(key, error)` is called when one has ended: by itself, by cancellation (both None) or by an
    error of the program."""

    def __init__(self, group: asyncio.TaskGroup, on_end: Callable[[Key, Exception | None], None]) -> None:
        self._group = group
        self._on_end = on_end
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._failed: dict[Key, Exception] = {}
        self._closed = False

    def running(self, key: Key) -> bool:
        return key in self._running

    def start(self, key: Key, work: Coroutine[object, object, None]) -> None:
        """Start a job. Ignored after `close`, and while one of that key runs."""
        if self._closed or key in self._running:
            work.close()
            return
        task = self._group.create_task(self._run(key, work), name="/".join(key))
        self._running[key] = task
        # A callback, because a task that is cancelled before its first step never enters `_run`.
        task.add_done_callback(lambda done: self._ended(key, work, done))

    def cancel(self, key: Key) -> None:
        """Cancel the job, if there is one. It counts as running until it has unwound."""
        task = self._running.get(key)
        if task is not None:
            task.cancel()

    def close(self) -> None:
        """Cancel all jobs and take no more."""
        self._closed = True
        for task in self._running.values():
            task.cancel()

    async def _run(self, key: Key, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except JournalFailed:
            self._closed = True  # without its journal the client may do nothing more
            raise
        except Exception as error:  # noqa: BLE001 - the effect runner: one job's error is not the others' end
            _log.exception("job %s failed", "/".join(key))
            self._failed[key] = error
        except asyncio.CancelledError:
            raise
        except BaseException:
            self._closed = True
            raise

    def _ended(self, key: Key, work: Coroutine[object, object, None], task: asyncio.Task[None]) -> None:
        del self._running[key]
        work.close()  # it was never begun if the cancellation came first
        error = self._failed.pop(key, None)
        if self._closed:
            return
        try:
            self._on_end(key, error)
        except BaseException as failure:  # noqa: BLE001 - in a callback it would be lost: the task group raises it
            self._closed = True
            self._group.create_task(_raise(failure))


async def within(clock: Clock, seconds: float, work: Coroutine[object, object, T]) -> T:
    """The result of `work`; `TimeoutError` after so many seconds of `clock`, and then `work` is cancelled.

    Work that does not let itself be cancelled is left behind after `GRACE_S`, with a line in the log.
    """
    task = asyncio.ensure_future(work)
    alarm = asyncio.ensure_future(clock.sleep(max(0.0, seconds)))
    try:
        await asyncio.wait({task, alarm}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise TimeoutError(f"not done within {seconds:g} s")
        return task.result()
    finally:
        alarm.cancel()
        if not task.done():
            task.cancel()
            _, left = await asyncio.wait({task}, timeout=GRACE_S)
            if left:
                _log.error("work was cancelled %g s ago and goes on; it is left behind: %r", GRACE_S, task)
                task.add_done_callback(_swallow)
        _swallow(task)


async def _raise(error: BaseException) -> None:
    raise error


def _swallow(task: asyncio.Future[T]) -> None:
    """Take note of an exception that nobody will ask for, so that the loop does not warn."""
    if task.done() and not task.cancelled():
        task.exception()


def leaf(error: BaseException) -> BaseException:
    """The first plain exception in a group of groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - groups of anything
    return error  # pyright: ignore[reportUnknownVariableType] - same
