"""A worker process with a deadline: it is kept warm between tasks, and killed when it does not answer in time."""

from __future__ import annotations

import atexit
import json
import queue
import subprocess
import sys
import threading
from typing import Any, cast

START_LIMIT_S = 60.0
MAX_ANSWER_BYTES = 4 * 1024 * 1024


class TookTooLong(Exception):
    """The worker was ended: it had not answered within its time, or somebody stopped it."""


class Worker:
    """Runs one request at a time in a process of its own. `stop` may be called from any thread."""

    def __init__(self) -> None:
        """No process is started before the first request."""
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[bytes | None] = queue.Queue(maxsize=4)
        atexit.register(self.stop)

    def ask(self, request: dict[str, object], limit_s: float) -> dict[str, Any]:
        """Answer of the worker. Raises `TookTooLong`; the next request then gets a fresh process."""
        with self._lock:
            process = self._running()
            assert process.stdin is not None
            try:
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.flush()
                line = self._lines.get(timeout=limit_s)
            except (queue.Empty, OSError) as error:
                self.stop()
                raise TookTooLong(f"The computation was ended after {limit_s:g} seconds.") from error
            if line is None:
                self.stop()
                raise TookTooLong("The computation was ended: it was stopped, or needed too much memory.")
            return cast("dict[str, Any]", json.loads(line))

    def stop(self) -> None:
        """End the process, and whatever it computes."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.stop()
        self._lines = queue.Queue(maxsize=4)
        process = subprocess.Popen(
            [sys.executable, "-m", "ioa.adapters.agents.mathematics.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._process = process
        threading.Thread(target=_read, args=(process, self._lines), daemon=True).start()
        try:
            if self._lines.get(timeout=START_LIMIT_S) is None:
                self.stop()
                raise TookTooLong(
                    "The mathematics process does not start; is SymPy installed? Install internet-of-agents[agents]."
                )
        except queue.Empty as error:
            self.stop()
            raise TookTooLong(f"The mathematics process did not start within {START_LIMIT_S:g} seconds.") from error
        return process


def _read(process: subprocess.Popen[bytes], lines: queue.Queue[bytes | None]) -> None:
    """Hand on what the process says, line by line; None when it ends."""
    assert process.stdout is not None
    try:
        while line := process.stdout.readline(MAX_ANSWER_BYTES):
            lines.put(line)
    except (OSError, ValueError):
        pass  # the stream was closed by `stop`
    lines.put(None)
