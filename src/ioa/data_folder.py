"""A folder that one hub at a time works in: held by a lock of the operating system, which ends with the process.

Beside the lock lies a note on who holds it, so that other commands find the hub that runs there.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, TypeAlias, cast

from ioa.private_files import private_folder
from ioa.settings import Settings

LOCK_FILE = "lock"
NOTE_FILE = "running.json"
TOKEN_FILE = "token"  # noqa: S105 - a file's name, chosen by the hub's security block
WAIT_FOR_READERS_S = 5.0
_LOOK_AGAIN_S = 0.02

Purpose: TypeAlias = Literal["hub", "run", "read"]


class FolderUnusable(Exception):
    """The folder cannot be worked in. The text says why, and what to do."""


class FolderInUse(FolderUnusable):
    """Another process works in it."""


@dataclass(frozen=True, slots=True)
class Running:
    """Who holds a folder. `url` is None while its hub starts, and for a command that only reads."""

    purpose: Purpose
    pid: int
    url: str | None


@dataclass(slots=True)
class Hold:
    """A folder that this process holds."""

    folder: Path
    purpose: Purpose

    def announce(self, url: str | None) -> None:
        """Tell other commands where the hub is. Replaces the note as a whole."""
        note = self.folder / NOTE_FILE
        fresh = note.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps({"purpose": self.purpose, "pid": os.getpid(), "url": url}), encoding="utf-8")
        fresh.replace(note)


@contextmanager
def hold(folder: Path, purpose: Purpose) -> Generator[Hold]:
    """Hold the folder, which is made if need be (only its user may look in). Commands that only read are waited for.

    Raises `FolderInUse`, and `FolderUnusable` where it cannot be made or written.
    """
    try:
        private_folder(folder)
        opened = (folder / LOCK_FILE).open("a+b")
    except OSError as error:
        raise FolderUnusable(
            f"{folder} cannot be used: {error.strerror or error}; choose another folder with IOA_DATA."
        ) from error
    with opened as lock:
        until = time.monotonic() + WAIT_FOR_READERS_S
        while not _take(lock):
            other = _note_in(folder)
            # A note may be missing for the moment between lock and note.
            if (other is not None and other.purpose != "read") or time.monotonic() > until:
                who = f"process {other.pid} (ioa {other.purpose})" if other else "another process"
                where = f" at {other.url}" if other and other.url else ""
                raise FolderInUse(
                    f"{folder} is in use by {who}{where}; end it, use its hub with --hub, or set IOA_DATA."
                )
            time.sleep(_LOOK_AGAIN_S)
        held = Hold(folder, purpose)
        try:
            held.announce(None)
            yield held
        finally:
            with contextlib.suppress(OSError):
                (folder / NOTE_FILE).unlink(missing_ok=True)
            _release(lock)


def running_at(folder: Path) -> Running | None:
    """Who holds the folder now; None for nobody. A note that a killed process left behind does not count."""
    try:
        with (folder / LOCK_FILE).open("r+b") as lock:
            if _take(lock):
                _release(lock)
                return None
    except OSError:
        return None
    return _note_in(folder)


def token_in(folder: Path) -> str | None:
    """The token of the hub's user, where the hub has made one."""
    try:
        return (folder / TOKEN_FILE).read_text("ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def hub_folders(settings: Settings) -> tuple[Path, ...]:
    """Folders in which a hub has worked: that of `ioa hub`, then those of `ioa run`."""
    folders = [settings.hub_folder, *_network_folders(settings)]
    return tuple(folder for folder in folders if (folder / LOCK_FILE).exists())


def free_network_folder(settings: Settings, *, fresh: bool = False) -> Path:
    """The first folder for an embedded network that nobody but readers holds; `fresh`: that was never used."""
    for folder in _network_folders(settings):
        if fresh and folder.exists():
            continue
        other = running_at(folder)
        if other is None or other.purpose == "read":
            return folder
    raise FolderInUse(f"{settings.data}: a hundred networks are here; end some, or remove folders that are not needed.")


def _network_folders(settings: Settings) -> Iterator[Path]:
    return (settings.network_folder(number) for number in range(1, 101))


def _note_in(folder: Path) -> Running | None:
    try:
        found = cast("object", json.loads((folder / NOTE_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict):
        return None
    note = cast("dict[str, object]", found)
    purpose, pid, url = note.get("purpose"), note.get("pid"), note.get("url")
    if purpose not in ("hub", "run", "read") or not isinstance(pid, int):
        return None
    return Running(purpose, pid, url if isinstance(url, str) else None)


try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

    def _take(lock: IO[bytes]) -> bool:
        try:
            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - only there on Windows
        except OSError:
            return False
        return True

    def _release(lock: IO[bytes]) -> None:
        lock.seek(0)
        msvcrt.locking(lock.fileno(), msvcrt.LK_UNLCK, 1)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - only there on Windows

else:

    def _take(lock: IO[bytes]) -> bool:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _release(lock: IO[bytes]) -> None:
        fcntl.flock(lock, fcntl.LOCK_UN)
