"""What the first landed version has left (`first_landed/`), and its code in processes of its own."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import os
import sys
import tarfile
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx

from ioa.adapters.artifacts.http import HttpArtifacts
from ioa.adapters.clock import SystemClock
from ioa.adapters.transport.websocket import WebSocketTransport
from ioa.bootstrap import OpenHub, open_hub
from ioa.client import Client
from ioa.hub.settings import HubSettings
from tests.compat import village
from tests.hub.network import WordIndex

KEPT = Path(__file__).parent / "first_landed"
PATIENCE_S = 60.0


def known() -> dict[str, Any]:
    """What that hub said of its goals, and the agents' tokens."""
    return json.loads((KEPT / "known.json").read_text())


def frames() -> list[tuple[str, str, dict[str, Any]]]:
    """Every frame of that evening: agent, direction (as the client sees it), frame."""
    lines = gzip.decompress((KEPT / "frames.jsonl.gz").read_bytes()).splitlines()
    return [(agent, direction, json.loads(frame)) for agent, direction, frame in map(json.loads, lines)]


def unpack(folder: Path) -> Path:
    """A copy of what was left: `hub/` and one journal a client, as by `kill -9`."""
    with tarfile.open(KEPT / "left.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "left"


class Api:
    """Today's hub over a folder, asked as its user."""

    def __init__(self, opened: OpenHub, http: httpx.AsyncClient) -> None:
        self.hub: Any = opened.hub
        self.url = opened.url
        self._http = http

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self._http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: object = None) -> Any:
        answer = await self._http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def online(self) -> tuple[str, ...]:
        return self.hub.sessions.names()

    async def put_file(self, name: str, data: bytes, token: str = village.USER_TOKEN) -> Any:
        query = {"name": name, "media_type": "text/csv"}
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self._http.put("/v1/artifacts", params=query, content=data, headers=headers)
        return answer.raise_for_status().json()

    async def bytes_of(self, digest: str) -> bytes:
        return (await self._http.get(f"/v1/artifacts/{digest}")).raise_for_status().content

    async def items(self, path: str, **query: Any) -> list[Any]:
        """All pages."""
        found: list[Any] = []
        page: dict[str, Any] = {}
        while True:
            answer = await self.get(path, **query, **page)
            found += answer["items"]
            if not answer.get("next"):
                return found
            page = {"after": answer["next"]}

    async def ended(self, goal_id: str) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                goal = await self.get(f"/v1/goals/{goal_id}")
                if goal["status"] in ("completed", "partial", "failed", "cancelled"):
                    return goal
                await asyncio.sleep(0.02)  # another process works on it

    async def register(self, name: str) -> str:
        card = village.CARDS[name]
        body = {"name": card.name, "description": card.description, "idempotent": card.idempotent}
        return str((await self.post("/v1/agents", body))["token"])


@asynccontextmanager
async def hub_over(folder: Path) -> AsyncGenerator[Api]:
    """Today's hub, served on a free port."""
    settings = HubSettings(data_dir=folder, port=0, users={"me": village.USER_TOKEN})
    async with open_hub(settings, index=WordIndex()) as opened:
        user = {"Authorization": f"Bearer {village.USER_TOKEN}"}
        async with httpx.AsyncClient(base_url=opened.url, headers=user, trust_env=False, timeout=60) as http:
            yield Api(opened, http)


@asynccontextmanager
async def today(url: str, token: str, name: str, journal: Path) -> AsyncGenerator[Client]:
    """Today's client of one agent at a hub; it holds on to nothing."""
    worker = village.Worker()
    worker.go.set()
    async with HttpArtifacts(url, token, clock=SystemClock(), random=Random(1)) as artifacts:
        client = village.make_client(name, token, WebSocketTransport(url), artifacts, journal, worker)
        running = asyncio.create_task(client.run())
        try:
            await village.until(lambda: client.connected or running.done())
            if running.done():
                await running
            yield client
        finally:
            running.cancel()
            await asyncio.wait([running])


class OldProcess:
    """The first landed version at work. Ends when its stdin does."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.errors = ""

    async def line(self) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            said = (await self.process.stdout.readline()).decode().strip()
        if not said:
            await self.end()
            raise RuntimeError(f"the process ended: {self.errors}")
        return said

    async def end(self) -> str:
        """Let it end; what it said on stderr."""
        async with asyncio.timeout(PATIENCE_S):
            _, errors = await self.process.communicate(b"")
        self.errors += errors.decode()
        return self.errors


@asynccontextmanager
async def old(*arguments: str) -> AsyncGenerator[OldProcess]:
    """`village.py` with the code of the first landed version."""
    process = OldProcess(
        await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).parent / "village.py"),
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=16 * 1024 * 1024,
            env={**os.environ, "PYTHONPATH": str(KEPT / "ioa.zip")},
        )
    )
    try:
        yield process
    finally:
        if process.process.returncode is None:
            process.process.kill()
            await process.process.wait()


async def schema() -> dict[str, Any]:
    """The JSON Schema of the first landed version's frames."""
    async with old("schema") as process:
        return json.loads(await process.line())


async def not_understood(frames: Iterable[bytes]) -> list[str]:
    """What the first landed version's decoder refuses of these frames of a hub."""
    async with old("decode") as process:
        lines = b"".join(base64.b64encode(frame) + b"\n" for frame in frames)
        said, errors = await process.process.communicate(lines)
        assert process.process.returncode == 0, errors.decode()
        return said.decode().splitlines()
