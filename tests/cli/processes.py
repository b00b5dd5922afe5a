"""`ioa` as a process of its own."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def process(
    *arguments: str, env: dict[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], queue.Queue[str]]]:
    """`ioa` as a process, and the lines that it writes."""
    started = subprocess.Popen(
        [sys.executable, "-m", "ioa", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **(env or {})},
    )  # fmt: skip
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        assert started.stdout is not None
        for line in started.stdout:
            lines.put(line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield started, lines
    finally:
        if started.poll() is None:
            started.kill()
        started.wait(60)
        reader.join(60)
        assert started.stdout is not None
        started.stdout.close()


def until(lines: queue.Queue[str], words: str) -> str:
    """The first line with these words in it."""
    seen = ""
    while words not in seen:
        seen = lines.get(timeout=60)
    return seen
