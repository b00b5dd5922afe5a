"""An event loop in which time passes only when nobody has anything left to do, and processes that can be killed."""

from __future__ import annotations

import asyncio
from asyncio import base_events
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any

SHORTEST_S = 1e-6


class Stuck(Exception):
    """Nobody waits for time or for anybody else: the world would stand still for ever."""


class Killed(BaseException):
    """This process does not exist any more. Not an `Exception`: nothing may catch it and go on."""


class SimLoop(base_events.BaseEventLoop):
    """Runs what is ready in the order of asyncio; otherwise jumps to the next time that somebody waits for.

    Work for threads is done at once. `steps` counts callbacks.
    """

    def __init__(self) -> None:
        super().__init__()
        self._clock_resolution = 1e-9
        self._selector: Any = self
        self._now_s = 0.0
        self.steps = 0
        self.most_steps = 0
        self.tasks = 0
        self.set_task_factory(_task_of_its_process)

    def time(self) -> float:
        return self._now_s

    def select(self, timeout: float | None) -> list[Any]:
        """What a selector would do: wait. Here waiting is a jump."""
        if timeout is None:
            raise Stuck("nobody waits for anything that will happen")
        if timeout > 0:
            scheduled: list[asyncio.TimerHandle] = self._scheduled  # pyright: ignore[reportAttributeAccessIssue] - asyncio's own heap
            self._now_s = max(self._now_s, scheduled[0].when())
        return []

    def _process_events(self, event_list: list[Any]) -> None: ...

    def _write_to_self(self) -> None: ...

    def _run_once(self) -> None:
        self.steps += len(self._ready)  # pyright: ignore[reportAttributeAccessIssue] - asyncio's own queue
        if self.most_steps and self.steps > self.most_steps:
            raise Stuck(f"{self.steps} steps and no end")
        super()._run_once()  # pyright: ignore[reportAttributeAccessIssue] - asyncio's own step

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - the future carries it to who asked
            future.set_exception(error)
        return future


class Process:
    """Tasks that live and die together. `skew_s` is what its wall clock is wrong by."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.skew_s = 0.0
        self.tasks: set[asyncio.Task[Any]] = set()
        self._context = copy_context()
        self._context.run(_CURRENT.set, self)
        self._going = asyncio.Event()
        self._going.set()

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call something as this process."""
        return self._context.copy().run(function, *args)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return asyncio.get_running_loop().create_task(work, context=self._context.copy())

    def stop(self) -> None:
        """As SIGSTOP: nothing that it waits for reaches it until `go_on`."""
        self._going.clear()

    def go_on(self) -> None:
        self._going.set()

    async def going(self) -> None:
        """Waits while the process is stopped; raises `Killed` if it has died."""
        await self._going.wait()
        if not self.alive:
            raise Killed(self.name)

    def kill(self) -> None:
        """As SIGKILL: whatever its tasks still do on their way out reaches nobody."""
        self.alive = False
        self._going.set()
        for task in self.tasks:
            task.cancel()

    async def gone(self) -> None:
        """Until its last task has unwound."""
        for _ in range(1_000):
            if not self.tasks:
                return
            for task in self.tasks:
                task.cancel()
            await asyncio.sleep(0)
        raise Stuck(f"{self.name} does not die: {self.tasks}")


_CURRENT: ContextVar[Process | None] = ContextVar("simulated_process", default=None)


class _Task(asyncio.Task[Any]):
    """A task with a number for a hash: sets of tasks are walked through in the same order in every history."""

    def __init__(self, *args: Any, number: int, **more: Any) -> None:
        self._number = number
        super().__init__(*args, **more)

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


def _task_of_its_process(
    loop: asyncio.AbstractEventLoop, work: Any, *, context: Context | None = None, **more: Any
) -> asyncio.Task[Any]:
    assert isinstance(loop, SimLoop)
    loop.tasks += 1
    task = _Task(work, loop=loop, context=context, number=loop.tasks, **more)
    process = context.get(_CURRENT) if context is not None else _CURRENT.get()
    if process is not None:
        process.tasks.add(task)
        task.add_done_callback(process.tasks.discard)
    return task


class InOrder:
    """Calls a function some time later, in the order in which it was asked: timers of the same time have none."""

    def __init__(self, function: Callable[..., None]) -> None:
        self._function = function
        self._waiting: deque[tuple[Any, ...]] = deque()
        self._last_s = 0.0
        self._loop = asyncio.get_running_loop()

    def put(self, after_s: float, *args: Any) -> None:
        self._last_s = max(self._last_s, self._loop.time() + after_s)
        self._waiting.append(args)
        self._loop.call_at(self._last_s, self._next)

    def _next(self) -> None:
        self._function(*self._waiting.popleft())


class SimClock:
    """`Clock` of one process: the loop's time, and a wall clock that may be wrong."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._loop = asyncio.get_running_loop()

    def now_s(self) -> float:
        return 1_750_000_000.0 + self._loop.time() + self._process.skew_s

    def monotonic_s(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        # Time must not stand still: the rest of a wait may be too small for the sum to differ from now.
        await asyncio.sleep(max(SHORTEST_S, seconds) if seconds > 0 else 0.0)
        await self._process.going()
