"""What `ioa hub cluster` does: several replicas, their database and their bus as processes on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

_READY_WITHIN_S = 60.0
_AGAIN_S = 2.0
_STOP_WITHIN_S = 10.0


OWN_DATABASE = "postgresql"
"""As the place of the index: the database that is started here."""


async def run_cluster(replicas: int, port: int, index: str = "memory") -> None:
    """Run all of it until SIGINT or SIGTERM. Raises `Failure`; `BadInput` for an index that cannot be shared."""
    from ioa.cli.failures import Failure
    from ioa.cli.hub_run import told_to_end
    from ioa.testing.servers import NatsServer, PostgresServer, ServerUnavailable

    _check_index(index)
    told = told_to_end()
    with contextlib.ExitStack() as servers:
        folder = Path(servers.enter_context(tempfile.TemporaryDirectory(prefix="ioa-cluster-")))
        try:
            database = await asyncio.to_thread(servers.enter_context, PostgresServer(durable=True))
            bus = await asyncio.to_thread(servers.enter_context, NatsServer())
        except ServerUnavailable as error:
            raise Failure(f"ioa hub cluster needs PostgreSQL and NATS: {error}.") from error
        url = await asyncio.to_thread(database.database)
        at = url if index == OWN_DATABASE else index
        running = [Replica(number, folder, url, bus.url, at) for number in range(1, replicas + 1)]
        token = os.environ.get("IOA_HUB_TOKEN") or secrets.token_urlsafe()
        await _serve(running, port, token, told, url, bus.url)


def _check_index(index: str) -> None:
    from ioa.adapters.index.engines import engine_at
    from ioa.cli.failures import BadInput

    if index == OWN_DATABASE:
        return
    if index.startswith("milvus:"):
        raise BadInput(
            f"--index {index}: that file is for one process; give {OWN_DATABASE} or milvus+http://HOST:19530"
        )
    try:
        engine_at(index)
    except ValueError as error:
        raise BadInput(f"--index: {error}; {OWN_DATABASE} is the database that is started here.") from error


async def _serve(replicas: Sequence[Replica], port: int, token: str, told: asyncio.Event, store: str, bus: str) -> None:
    from ioa.cli.balancer import Balancer
    from ioa.cli.failures import Failure

    balancer = Balancer([replica.port for replica in replicas], port=port)
    keeping = [asyncio.create_task(replica.keep(token)) for replica in replicas]
    try:
        try:
            await balancer.start()
        except OSError as error:
            raise Failure(
                f"Port {port} cannot be listened on: {error.strerror}; choose another with --port."
            ) from error
        await asyncio.gather(*(replica.ready() for replica in replicas))
        _say(replicas, balancer.url, token, store, bus)
        await told.wait()
    finally:
        await balancer.stop()
        for task in keeping:
            task.cancel()
        await asyncio.gather(*keeping, return_exceptions=True)


def _say(replicas: Sequence[Replica], url: str, token: str, store: str, bus: str) -> None:
    from ioa.cli.terminal import stdout
    from ioa.settings import Settings

    out = stdout(colour=Settings.read().colour)
    out.write(f"{out.style('ioa hub', 'bold')}  {url}  before {len(replicas)} replicas")
    out.write(f"token    {token}")
    out.write(f"store    {store}")
    out.write(f"bus      {bus}")
    for replica in replicas:
        out.write(f"replica  http://127.0.0.1:{replica.port}  process {replica.pid}")
    out.write(f"join     IOA_TOKEN={token} ioa join agent.yaml --hub {url}")
    out.write("Kill a replica (kill -9) and see. Ctrl-C ends all of it; nothing is kept.")


class Replica:
    """One `ioa hub` process, started again when it ends."""

    def __init__(self, number: int, folder: Path, store: str, bus: str, index: str) -> None:
        from ioa.testing.servers.supervised import spare_port

        self.number = number
        self.port = spare_port()
        self._log = folder / f"replica-{number}.log"
        self._data = folder / f"replica-{number}"
        shared = ("--store", store, "--bus", bus, "--index", index)
        self._arguments = ("hub", "--port", str(self.port), "--data", str(self._data), *shared)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """0 while it does not run."""
        return self._process.pid if self._process is not None else 0

    async def keep(self, token: str) -> None:
        """For ever: run it. Ends it when cancelled."""
        try:
            while True:
                self._process = await self._start(token)
                await self._process.wait()
                await asyncio.sleep(_AGAIN_S)
        finally:
            await self._stop()

    async def _start(self, token: str) -> asyncio.subprocess.Process:
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "ioa",
                *self._arguments,
                env={**os.environ, "IOA_HUB_TOKEN": token},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for this process, which ends them in order
            )

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(_STOP_WITHIN_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def ready(self) -> None:
        """Wait until it may be given work. Raises `Failure` with what it said."""
        import httpx

        from ioa.cli.failures import Failure

        deadline = time.monotonic() + _READY_WITHIN_S
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get(f"http://127.0.0.1:{self.port}/readyz")).status_code == 200:
                        return
                ended = self._process is not None and self._process.returncode is not None
                if ended or time.monotonic() > deadline:
                    said = self._log.read_text(encoding="utf-8", errors="replace")[-1_000:]
                    raise Failure(f"Replica {self.number} does not get ready: {said.strip()}")
                await asyncio.sleep(0.1)
