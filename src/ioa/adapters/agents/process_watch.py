"""What a running program and its descendants use: memory, processes, disk. It reads /proc, so Linux only."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

_PROC = Path("/proc")
_NO_FILES = re.compile(r"^Rss(?:Anon|Shmem):\s*(\d+) kB$", re.MULTILINE)
_LEAST_BYTES = 4096  # what a file costs although it is empty
_OWN = 2  # bubblewrap's own processes
_EVERY_S = 0.08
_DISK_EVERY_S = 0.5


def can_watch() -> bool:
    """Is there a /proc to read?"""
    return (_PROC / "self" / "stat").exists()


@dataclass(slots=True)
class Watch:
    """Called with the pid of the program; says why it must stop, or `None`."""

    memory_bytes: int
    processes: int
    folder: Path
    folder_bytes: int
    _next: float = field(default=0.0, init=False)
    _next_disk: float = field(default=0.0, init=False)

    def __call__(self, pid: int) -> str | None:
        now = time.monotonic()
        if now >= self._next_disk:
            self._next_disk = now + _DISK_EVERY_S
            if _disk_bytes(self.folder, self.folder_bytes) > self.folder_bytes:
                return f"wrote more than {self.folder_bytes // 1_048_576} MiB of files"
        if now < self._next or not can_watch():
            return None
        self._next = now + _EVERY_S
        family = [pid, *descendants(pid)]
        if len(family) > self.processes + _OWN:
            return f"started more than {self.processes} processes"
        if sum(map(_private_bytes, family)) > self.memory_bytes:
            return f"used more than {self.memory_bytes // 1_048_576} MiB of memory"
        return None


def descendants(pid: int) -> list[int]:
    """All live processes under `pid`, itself left out."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in _pids():
        with contextlib.suppress(OSError, ValueError, IndexError):
            children[int((_PROC / str(entry) / "stat").read_text().rsplit(")", 1)[1].split()[1])].append(entry)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def kill_marked(mark: str) -> int:
    """Kill every process of ours whose environment has `mark` (they may have left their group); how many."""
    killed = 0
    wanted = mark.encode()
    for pid in _pids() if can_watch() else []:
        with contextlib.suppress(OSError):
            if pid != os.getpid() and wanted in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGKILL)
                killed += 1
    return killed


def threads_of_user() -> int:
    """Threads of this user now, which a limit on processes counts too; 0 when unknown."""
    total = 0
    for pid in _pids() if can_watch() else []:
        with contextlib.suppress(OSError):
            path = _PROC / str(pid)
            if path.stat().st_uid == os.getuid():
                total += len(list((path / "task").iterdir()))
    return total


def _pids() -> list[int]:
    return [int(name) for name in os.listdir(_PROC) if name.isdigit()]  # noqa: PTH208 - called often; no Path each


def _private_bytes(pid: int) -> int:
    """Memory that is no file's: its own, and what it shares with others by mappings (else that would be free)."""
    try:
        status = (_PROC / str(pid) / "status").read_text()
    except OSError:
        return 0
    return 1024 * sum(int(size) for size in _NO_FILES.findall(status))


def _disk_bytes(folder: Path, enough: int) -> int:
    total = 0
    waiting = [os.fspath(folder)]
    while waiting and total <= enough:
        with contextlib.suppress(OSError):
            for entry in os.scandir(waiting.pop()):
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    status = entry.stat(follow_symlinks=False)
                    total += max(getattr(status, "st_blocks", 0) * 512 or status.st_size, _LEAST_BYTES)
    return total
