"""A server process that can be stopped, killed, paused and started again, and that dies with whoever started it.

It is the child of a small shell that waits for the end of a pipe, whose other end is here: however this process ends,
also by kill -9, the pipe closes, and the shell kills the server and removes its folder. (PR_SET_PDEATHSIG would do so
when the *thread* ends that started it.)
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

_SHELL = r"""
exec 3<&0 4>&1 </dev/null 2>/dev/null
"$@" >>"$IOA_SERVER_FOLDER/log" 2>&1 3<&- 4>&- &
server=$!
echo $server >&4
exec 4>&-
(read -r _ <&3; : >"$IOA_SERVER_FOLDER/orphaned"; kill -KILL $server) &
watch=$!
exec 3<&-
wait $server
kill -KILL $watch
if [ -e "$IOA_SERVER_FOLDER/orphaned" ]; then  # its own children may write a moment longer
    cd /; rm -rf -- "$IOA_SERVER_FOLDER" || { sleep 1; rm -rf -- "$IOA_SERVER_FOLDER"; }
fi
"""
_WITHIN_S = 30.0
_POLL_S = 0.01
_UNPRIVILEGED = "nobody"
_PORTS = range(15_000, 32_000)
_PORTS_TRIED = 100


class ServerUnavailable(Exception):
    """The server cannot be had on this machine, and why; what to install."""


def unprivileged() -> str | None:
    """The account that servers run under when this process is root's, which PostgreSQL refuses to be; else None."""
    return _UNPRIVILEGED if hasattr(os, "geteuid") and os.geteuid() == 0 else None


class Supervised:
    """One server process. All calls block."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name = name
        self._folder = folder
        self._shell: subprocess.Popen[bytes] | None = None
        self.pid = 0

    @property
    def running(self) -> bool:
        """Has it been started, and not ended yet?"""
        return self._shell is not None and self._shell.poll() is None

    def start(self, command: Sequence[str], is_ready: Callable[[], bool]) -> None:
        """Start it and wait until `is_ready`. Raises `ServerUnavailable` with the end of its log if it ends first."""
        if self.running:
            raise RuntimeError(f"{self._name} runs already")
        self.forget()
        shell = self._shell = subprocess.Popen(  # noqa: S603 - the shell script above, and programs that we found
            ["/bin/sh", "-c", _SHELL, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "IOA_SERVER_FOLDER": str(self._folder)},
            cwd=self._folder,
            start_new_session=True,
            user=unprivileged(),
            group="nogroup" if unprivileged() and _has_group("nogroup") else None,
            extra_groups=[] if unprivileged() else None,
        )
        assert shell.stdout is not None
        self.pid = int(shell.stdout.readline())
        shell.stdout.close()
        try:
            self._wait(is_ready)
        except BaseException:
            self.kill()
            raise

    def _wait(self, is_ready: Callable[[], bool]) -> None:
        until = time.monotonic() + _WITHIN_S
        while not is_ready():
            if not self.running:
                raise ServerUnavailable(f"{self._name} ended at its start:\n{self.last_words()}")
            if time.monotonic() > until:
                raise ServerUnavailable(f"{self._name} was not ready within {_WITHIN_S:g} s:\n{self.last_words()}")
            time.sleep(_POLL_S)

    def last_words(self) -> str:
        """The end of its log."""
        log = self._folder / "log"
        return log.read_text(errors="replace")[-2_000:] if log.exists() else ""

    def signal(self, number: int) -> None:
        """Send it a signal; nothing if it has ended."""
        if self.running:
            os.kill(self.pid, number)

    def end(self, number: int) -> None:
        """Send a signal that ends it, wait for that, and kill it if it takes too long."""
        shell = self._shell
        if shell is None:
            return
        with suppress(ProcessLookupError):
            self.signal(number)
        try:
            shell.wait(_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            shell.wait(_WITHIN_S)
        self.forget()

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.end(signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP: it is there and does nothing, as when a machine hangs."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self.signal(signal.SIGCONT)

    def forget(self) -> None:
        """Collect what is left of a server that has ended."""
        if self._shell is not None:
            assert self._shell.stdin is not None
            self._shell.wait(_WITHIN_S)
            self._shell.stdin.close()
            self._shell = None


def spare_port() -> int:
    """A port on loopback that nobody listens on now, for a server that is started, and started again, later: below
    those that systems lend to outgoing connections, or one of these might take it meanwhile."""
    for _ in range(_PORTS_TRIED):
        port = _PORTS.start + secrets.randbelow(len(_PORTS))
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise ServerUnavailable(f"no port from {_PORTS.start} to {_PORTS.stop - 1} is free on loopback")


def _has_group(name: str) -> bool:
    import grp

    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
