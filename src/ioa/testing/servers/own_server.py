"""What every server of one's own can do: come, go, die, hang, and leave nothing behind."""

from __future__ import annotations

import shutil
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from ioa.testing.servers.supervised import Supervised, unprivileged


class OwnServer(ABC):
    """A context manager: started when it is entered; killed, and its folder removed, when it is left. All calls
    block."""

    def __init__(self, name: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"ioa-{name}-"))
        self._process = Supervised(name, self.folder)

    def __enter__(self) -> Self:
        try:
            self.folder.chmod(0o755)  # its socket and its settings are there
            owner = unprivileged()
            if owner is not None:
                shutil.chown(self.folder, owner)
            self._make()
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def _make(self) -> None:
        """What the folder needs before the first start."""
        return

    @abstractmethod
    def start(self) -> None:
        """Start it, also again after `stop` and `kill`, and wait until it is ready. Raises `ServerUnavailable`."""

    @abstractmethod
    def stop(self) -> None:
        """An orderly end."""

    @property
    def running(self) -> bool:
        """Was it started, and has not ended?"""
        return self._process.running

    @property
    def pid(self) -> int:
        """The server's own process. Only while it runs."""
        return self._process.pid

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()

    def pause(self) -> None:
        """SIGSTOP: it is there, and answers nobody."""
        self._process.pause()

    def resume(self) -> None:
        """SIGCONT."""
        self._process.resume()

    def remove(self) -> None:
        """Kill it and remove its folder. May be called twice."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
