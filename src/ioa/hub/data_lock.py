"""One hub a data folder: a lock that the system takes back when the process dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ioa.private_files import private_folder


class DataLocked(RuntimeError):
    """Another process uses this data folder."""


class DataLock:
    """A lock on the file `hub.lock` in the folder, held by this process."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "hub.lock"
        self._file: int | None = None

    def take(self) -> None:
        """Raises `DataLocked` with the remedy."""
        if self._file is not None:
            return
        private_folder(self._path.parent)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(file)
        except OSError as error:
            os.close(file)
            raise DataLocked(
                f"data_dir {self._path.parent} is used by another hub; stop that one, or give this one another data_dir"
            ) from error
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)  # the lock goes with the descriptor
            self._file = None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
