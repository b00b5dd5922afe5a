"""Run a program that nobody vouches for: own folder, no network, bounded in time, memory, processes and output.

Bubblewrap (Linux namespaces) where it is installed and permitted; else a subprocess with resource limits, which
stops accidents but not an attacker: `Sandbox.describe()` says what it does not protect from.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

from ioa.adapters.agents.bounded_process import Bounds, Ended, run_bounded
from ioa.adapters.agents.collected import CollectLimits, collect_files, safe_name
from ioa.adapters.agents.process_watch import Watch, can_watch, kill_marked, threads_of_user
from ioa.ports.agent import LocalFile

Isolation = Literal["bubblewrap", "subprocess"]

_INSIDE = "/sandbox"  # the folder's path as the program sees it under bubblewrap
_MARK = "IOA_SANDBOX"
_TMPFS_BYTES = 64 * 1024 * 1024
_MIB = 1024 * 1024

# Runs inside, before the program: limits that must not count for bubblewrap itself. Portable: what a system
# does not know or does not let us lower is passed over.
_LAUNCHER = """
import json, os, resource, sys
for name, value in json.loads(sys.argv[1]).items():
    try:
        limit = getattr(resource, name)
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))
    except (AttributeError, OSError, ValueError):
        pass
os.execvp(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """Bounds of one run. Memory is private memory of all its processes together; each one's address space
    is bounded at four times that, as libraries reserve more than they use."""

    time_s: float = 60.0
    memory_bytes: int = 1024 * _MIB
    processes: int = 64
    stdout_bytes: int = 192 * 1024
    file_bytes: int = 64 * _MIB
    folder_bytes: int = 256 * _MIB
    input_bytes: int = 1024 * _MIB
    collect: CollectLimits = field(default_factory=CollectLimits)


@dataclass(frozen=True, slots=True)
class SandboxResult:
    """How it ended. `ended` is `exit`, or what killed it, explained by `said`; `notes` name files left behind."""

    code: int
    stdout: str
    stderr: str
    ended: Ended
    said: str
    files: tuple[LocalFile, ...]
    notes: tuple[str, ...]
    duration_s: float
    isolation: Isolation


class InputRefused(ValueError):
    """Files that cannot be laid into the sandbox. The text says which and why."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Runs programs under one kind of isolation; `Sandbox.best()` takes the strongest that works here."""

    isolation: Isolation = "subprocess"

    @staticmethod
    def best() -> Sandbox:
        """Bubblewrap if it works on this machine (tried once), else the subprocess."""
        return Sandbox("bubblewrap" if bubblewrap_problem() == "" else "subprocess")

    def describe(self) -> str:
        """What the isolation is, and what it does not protect from."""
        if self.isolation == "bubblewrap":
            return (
                "bubblewrap: no network, none of this machine's files but system libraries (read-only) and its own "
                "folder; limits on time, memory, processes and output"
            )
        unwatched = "" if can_watch() else "; memory and the number of processes are not watched on this system"
        return (
            "subprocess with limits on time, memory and output only: it does NOT keep the program from the network or "
            f"from files that this user can read or write, nor from signals to this user's processes; one that hides "
            f"its environment may outlive its time{unwatched}. Install bubblewrap (Linux) to run strangers' code"
        )

    async def run(
        self, argv: Sequence[str], files: Sequence[LocalFile], limits: SandboxLimits, *, folder: Path
    ) -> SandboxResult:
        """Run `argv` in a new folder inside `folder`, with `files` readable in it under their plain names.

        `argv` is looked up inside; `{python}` stands for this interpreter. When it is over, by itself or not, no
        process of it is left and the files that it made are copied out. Raises `InputRefused` and `OSError`.
        """
        work = folder / f"work-{uuid.uuid4().hex[:8]}"
        work.mkdir(mode=0o700)
        names = _names(files, limits)
        mark = uuid.uuid4().hex
        rlimits = _rlimits(limits)
        inner = [] if sys.platform == "win32" else [sys.executable, "-I", "-S", "-c", _LAUNCHER, json.dumps(rlimits)]
        inner += [sys.executable if part == "{python}" else part for part in argv]
        if self.isolation == "bubblewrap":
            command = [*_bubblewrap(work, names), "--", *inner]
            home, cwd = _INSIDE, folder
        else:
            for name, file in names.items():
                await asyncio.to_thread(_copy_read_only, file.path, work / name)
            command, home, cwd = inner, str(work), work
        env = _environment(home, f"{_MARK}={mark}", self.isolation)
        watch = Watch(limits.memory_bytes, limits.processes, work, limits.folder_bytes)
        bounds = Bounds(limits.time_s, limits.stdout_bytes, stderr_bytes=16 * 1024)
        try:
            finished = await run_bounded(command, bounds, cwd=cwd, env=env, watch=watch)
        finally:
            if self.isolation == "subprocess":  # bubblewrap's own process namespace has ended with it
                while kill_marked(f"{_MARK}={mark}"):
                    pass
        collected = folder / f"files-{mark[:8]}"
        made, notes = await asyncio.to_thread(collect_files, work, collected, limits.collect, leave=frozenset(names))
        await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)
        return SandboxResult(
            finished.code,
            finished.stdout.decode(errors="replace"),
            finished.stderr.decode(errors="replace"),
            finished.ended,
            _why(finished.ended, finished.said, limits),
            made,
            notes,
            finished.duration_s,
            self.isolation,
        )


def _why(ended: Ended, said: str, limits: SandboxLimits) -> str:
    if ended == "timeout":
        return f"ran longer than {limits.time_s:g} seconds"
    if ended == "output":
        return f"printed more than {limits.stdout_bytes // 1024} KiB"
    return said


def _names(files: Sequence[LocalFile], limits: SandboxLimits) -> dict[str, LocalFile]:
    names: dict[str, LocalFile] = {}
    for file in files:
        name = safe_name(file.name)
        if name in names and names[name].path == file.path:
            continue
        stem, dot, suffix = name.rpartition(".")
        number = 2
        while name in names:
            name = f"{stem}-{number}{dot}{suffix}" if dot else f"{suffix}-{number}"
            number += 1
        names[name] = file
    total = sum(file.path.stat().st_size for file in names.values())
    if total > limits.input_bytes:
        raise InputRefused(f"the files have {total:,} bytes together, at most {limits.input_bytes:,} go in")
    return names


def _copy_read_only(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    target.chmod(0o444)


def _rlimits(limits: SandboxLimits) -> dict[str, int]:
    return {
        "RLIMIT_CPU": int(limits.time_s) + 5,
        "RLIMIT_AS": 4 * limits.memory_bytes,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": 256,
        # Counts all threads of this user, on newer kernels those in the sandbox only; does not bind root.
        "RLIMIT_NPROC": limits.processes + threads_of_user(),
    }


def _environment(home: str, mark: str, isolation: Isolation) -> dict[str, str]:
    name, _, value = mark.partition("=")
    scratch = "/tmp" if isolation == "bubblewrap" else home  # noqa: S108 - a tmpfs of the sandbox's own
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": home,
        "TMPDIR": scratch,
        "MPLCONFIGDIR": f"{scratch}/.config",
        "MPLBACKEND": "Agg",
        "LANG": "C.UTF-8",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        name: value,
    }


def _bubblewrap(work: Path, names: dict[str, LocalFile]) -> list[str]:
    command = ["bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--cap-drop", "ALL"]
    command += ["--uid", "65534", "--gid", "65534", "--hostname", "sandbox", "--ro-bind", "/usr", "/usr"]
    for top in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        path = Path(top)
        if path.is_symlink():
            command += ["--symlink", str(path.readlink()), top]
        elif path.exists():
            command += ["--ro-bind", top, top]
    for config in ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "fonts", "mime.types"):
        command += ["--ro-bind-try", f"/etc/{config}", f"/etc/{config}"]
    size = ["--size", str(_TMPFS_BYTES), "--tmpfs"]
    # Read-only, or a client that runs as root would let the program write sysctls (core_pattern: a way out).
    command += ["--proc", "/proc", "--remount-ro", "/proc"]
    command += ["--dev", "/dev", *size, "/dev/shm", "--remount-ro", "/dev", *size, "/tmp"]  # noqa: S108 - inside
    for prefix in _interpreter_folders():  # after /tmp: a virtual environment may lie there
        command += ["--ro-bind", prefix, prefix]
    command += ["--bind", str(work), _INSIDE]
    for name, file in names.items():
        command += ["--ro-bind", str(file.path.resolve()), f"{_INSIDE}/{name}"]
    return [*command, "--remount-ro", "/", "--chdir", _INSIDE]


def _interpreter_folders() -> list[str]:
    """Where this Python and its packages are, but for what lies in /usr anyway."""
    real = Path(os.path.realpath(sys.executable)).parent.parent
    folders = {str(Path(folder)) for folder in (sys.prefix, sys.base_prefix, sys.exec_prefix, real)}
    outside = sorted(folder for folder in folders if folder not in ("/", "/usr") and not folder.startswith("/usr/"))
    return [folder for folder in outside if Path(folder).is_dir()]


@lru_cache(maxsize=1)
def bubblewrap_problem() -> str:
    """Why bubblewrap cannot be used here; empty when it can (tried once: it may be installed, not permitted)."""
    if sys.platform != "linux":
        return "bubblewrap is for Linux"
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (Debian: apt install bubblewrap)"
    command = ["bwrap", "--unshare-all", "--unshare-user", "--cap-drop", "ALL", "--ro-bind", "/", "/"]
    command += ["--proc", "/proc", "--dev", "/dev", "--size", str(_TMPFS_BYTES), "--tmpfs", "/tmp", "/bin/true"]  # noqa: S108 - inside
    try:
        tried = subprocess.run(command, capture_output=True, timeout=10, check=False)  # noqa: S603 - our own words
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not start: {error}"
    if tried.returncode != 0:
        return f"bubblewrap is not permitted here: {tried.stderr.decode(errors='replace').strip()[:300]}"
    return ""
