"""Servers under test, each in a process of its own, and what they cost.

A server process prints one JSON line when it is ready. It answers each line of its standard input with what it has
used so far, or has used when it has nothing left to do (by its own clock of CPU time, all threads: nothing here needs
/proc, so it works on macOS as well), and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_START_WITHIN_S, _ANSWER_WITHIN_S = 180.0, 30.0
_SETTLE_WITHIN_S = 330.0  # longer than a server waits for its own index


@dataclass(frozen=True)
class Used:
    """What a server has used since it began. `peak_bytes` is the most memory that it held at once."""

    cpu_s: float
    peak_bytes: int


class Server:
    """A child process that serves. `ready` is what it said when it was."""

    def __init__(self, process: subprocess.Popen[str], ready: dict) -> None:
        self._process = process
        self.ready = ready
        self.url: str = ready["url"]

    def used(self) -> Used:
        """Asks the server; some 0.1 ms, which is not counted."""
        return self._asked("used", _ANSWER_WITHIN_S)

    def settled(self) -> Used:
        """Waits until the server has done in the background what it put off."""
        return self._asked("settled", _SETTLE_WITHIN_S)

    def _asked(self, what: str, within_s: float) -> Used:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return Used(**json.loads(_told(self._process, "the server", within_s)))


@contextmanager
def server(module: str, *arguments: str) -> Generator[Server]:
    """Run `python -m bench.MODULE` while the context lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"bench.{module}", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Server(process, json.loads(_told(process, module, _START_WITHIN_S)))
    finally:
        process.stdin.close()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _told(process: subprocess.Popen[str], name: str, within_s: float) -> str:
    """The next line of a server, which is killed if there is none for too long. Raises `RuntimeError`."""
    assert process.stdout is not None
    patience = threading.Timer(within_s, process.kill)
    patience.daemon = True
    patience.start()
    try:
        line = process.stdout.readline()
    finally:
        patience.cancel()
    if not line:
        raise RuntimeError(f"{name} ended, or said nothing for {within_s:g} s: exit code {process.wait()}")
    return line


async def serve_until_told(ready: dict, settle: Callable[[], object] = bool) -> None:
    """The server's side: say that it is ready, then answer until standard input ends. `settle` blocks until nothing is
    left to do; it is called in a thread."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    print(json.dumps(ready), flush=True)
    threading.Thread(target=_answer, args=(settle, lambda: loop.call_soon_threadsafe(told.set)), daemon=True).start()
    await told.wait()


def _answer(settle: Callable[[], object], end: Callable[[], object]) -> None:
    for line in sys.stdin:
        if line.strip() == "settled":
            settle()
        print(json.dumps({"cpu_s": time.process_time(), "peak_bytes": peak_bytes()}), flush=True)
    end()


def peak_bytes() -> int:
    """The most memory this process has held; 0 where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
