"""Files and folders that only their user may read, whatever the umask is, also those that an older release made."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

_FOLDER, _FILE = 0o700, 0o600
_BESIDE = ("", "-wal", "-shm")


def private_folder(folder: Path) -> None:
    """Make the folder if need be; nobody else may look in. One that belongs to another user (a mounted volume) stays
    as it is. Raises `OSError` where it cannot be made."""
    folder.mkdir(parents=True, exist_ok=True, mode=_FOLDER)
    _only_mine(folder, _FOLDER)


def private_file(path: Path) -> None:
    """Make an empty file if there is none; nobody else may read it. Raises `OSError` where it cannot be made."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE))
    _only_mine(path, _FILE)


def private_database(path: Path) -> None:
    """`private_file` for an SQLite database, before it is opened: what SQLite makes beside it gets the same mode."""
    private_file(path)
    for ending in _BESIDE[1:]:
        beside = path.with_name(path.name + ending)
        if beside.exists():
            _only_mine(beside, _FILE)


def _only_mine(path: Path, mode: int) -> None:
    with contextlib.suppress(OSError):  # another's, or a file system without modes
        if stat.S_IMODE(path.stat().st_mode) != mode:
            path.chmod(mode)
