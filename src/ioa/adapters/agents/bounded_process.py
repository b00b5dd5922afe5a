"""Run a program with bounds on time and output, and leave nothing of its process group behind.

Threads and `subprocess`, because asyncio's `wait()` returns only when every holder of the pipes has gone: a
program that leaves a child behind would hold its result for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

_LOOK_EVERY_S = 0.02
_AFTER_EXIT_S = 2.0  # for output that is still in the pipe when the program has ended

Ended = Literal["exit", "timeout", "output", "watch", "cancelled"]


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended: by itself (`exit`), or killed and why. `code` is negative for a signal.

    `stdout` is cut at the limit, `stderr` keeps its end; `said` is what the watch gave as its reason.
    """

    code: int
    stdout: bytes
    stderr: bytes
    ended: Ended
    said: str
    duration_s: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """`time_s` of wall clock (`None`: none), bytes of output (more kills), bytes of error output kept."""

    time_s: float | None
    stdout_bytes: int
    stderr_bytes: int = 4096


async def run_bounded(
    argv: Sequence[str],
    bounds: Bounds,
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes | None = None,
    watch: Callable[[int], str | None] | None = None,
) -> Finished:
    """Run `argv` without a shell, in a session of its own. `watch(pid)` is asked every 20 ms for a reason to
    stop. Raises `OSError` or `ValueError` when it cannot start. When cancelled, the group is dead on return."""
    stop = threading.Event()
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Finished] = loop.create_future()

    def settle(finished: Finished | None, error: BaseException | None) -> None:
        if done.done():
            return
        if finished is not None:
            done.set_result(finished)
        else:
            done.set_exception(error or RuntimeError("the program ended without a word"))

    def work() -> None:
        finished: Finished | None = None
        problem: BaseException | None = None
        try:
            finished = _run(argv, bounds, cwd, env, stdin, watch, stop)
        except BaseException as error:  # noqa: BLE001 - carried over to the event loop, raised there
            problem = error
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(settle, finished, problem)

    threading.Thread(target=work, name="ioa-process", daemon=True).start()
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait({done}, timeout=5 * _AFTER_EXIT_S)
        raise


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a program that leads its own session, with all that still is in its group."""
    if hasattr(os, "killpg"):
        # The group outlives its leader while a member is left; gone, or not ours any more, is what we want.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.returncode is None:
        process.kill()


def _run(
    argv: Sequence[str],
    bounds: Bounds,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes | None,
    watch: Callable[[int], str | None] | None,
    stop: threading.Event,
) -> Finished:
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - running what it is given is what it is for
        list(argv),
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=dict(env),
        start_new_session=True,
    )
    overflow = threading.Event()
    printed, complaint = bytearray(), bytearray()
    threads = [
        _thread(_fill, process.stdout, printed, bounds.stdout_bytes, overflow),
        _thread(_keep_tail, process.stderr, complaint, bounds.stderr_bytes),
    ]
    if stdin is not None:
        _thread(_feed, process.stdin, stdin)
    ended: Ended = "exit"
    said = ""
    try:
        while True:
            try:
                process.wait(timeout=_LOOK_EVERY_S)
                break
            except subprocess.TimeoutExpired:
                pass
            if stop.is_set():
                ended = "cancelled"
            elif overflow.is_set():
                ended = "output"
            elif bounds.time_s is not None and time.monotonic() - began > bounds.time_s:
                ended = "timeout"
            elif watch is not None and (said := watch(process.pid) or ""):
                ended = "watch"
            else:
                continue
            break
    finally:
        kill_group(process)  # also what the program left running in its group
        process.wait()
    # A grandchild that left the group may hold the pipes open for ever: what is there by then is all.
    deadline = time.monotonic() + _AFTER_EXIT_S
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    if ended == "exit" and overflow.is_set():
        ended = "output"
    duration_s = time.monotonic() - began
    return Finished(process.returncode, bytes(printed), bytes(complaint), ended, said, duration_s)


def _thread(target: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, name="ioa-pipe", daemon=True)
    thread.start()
    return thread


def _fill(pipe: IO[bytes], into: bytearray, limit: int, overflow: threading.Event) -> None:
    with pipe:
        while chunk := os.read(pipe.fileno(), 65536):
            room = limit - len(into)
            into += chunk[:room]
            if len(chunk) > room:
                overflow.set()


def _keep_tail(pipe: IO[bytes], into: bytearray, limit: int) -> None:
    with pipe:
        while chunk := os.read(pipe.fileno(), 65536):
            into += chunk
            del into[:-limit]


def _feed(pipe: IO[bytes], text: bytes) -> None:
    # A program that does not read its input does not need it. OSError: Windows' word for a broken pipe.
    with contextlib.suppress(OSError), pipe:
        pipe.write(text)
