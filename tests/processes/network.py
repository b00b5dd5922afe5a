"""A hub and agents as processes of their own, which tests may kill and start again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from ioa.testing.servers import spare_port

READY_WITHIN_S = 60.0
TOKEN = "a-token-of-the-tests-only"


async def until(condition: Callable[[], Awaitable[bool]], what: str, within_s: float = READY_WITHIN_S) -> None:
    """Wait for something in another process, which can only be looked at from time to time."""
    deadline = time.monotonic() + within_s
    while not await condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {within_s:g} s")
        await asyncio.sleep(0.02)  # the other process tells nothing by itself


@dataclass
class ProcessNetwork:
    """`prefix(name)` is put before a process's command line, such as `ip netns exec host1`; `address` is the hub's."""

    folder: Path
    address: str = "127.0.0.1"
    port: int = field(default_factory=spare_port)
    prefix: Callable[[str], Sequence[str]] = lambda name: ()
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    cards: dict[str, Path] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    def _spawn(self, name: str, *arguments: str) -> None:
        environment = {
            **os.environ,
            "IOA_DATA": str(self.folder / f"data {name}"),
            "IOA_TOKEN": TOKEN,
            "IOA_HUB_TOKEN": TOKEN,
            "PYTHONUNBUFFERED": "1",
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*self.prefix(name), sys.executable, "-m", "ioa", *arguments],
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
            )

    def start_hub(self) -> None:
        hub = ("hub", "--host", self.address, "--port", str(self.port), "--data", str(self.folder / "hub"))
        self._spawn("hub", *hub)

    def start_agent(self, name: str) -> None:
        self._spawn(name, "join", str(self.cards[name]), "--hub", self.url)

    def start(self, name: str) -> None:
        if name == "hub":
            self.start_hub()
        else:
            self.start_agent(name)

    def add_agent(self, name: str, card: str) -> None:
        path = self.folder / f"{name}.yaml"
        path.write_text(card, encoding="utf-8")
        self.cards[name] = path
        self.start_agent(name)

    def kill(self, name: str) -> None:
        """`kill -9`, and wait until it is gone."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()

    def api(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20)

    async def hub_ready(self) -> None:
        async def answers() -> bool:
            if self.processes["hub"].poll() is not None:
                raise RuntimeError(f"the hub ended: {self.said('hub')}")
            try:
                async with self.api() as api:
                    return (await api.get("/v1/health")).status_code == 200
            except httpx.HTTPError:
                return False

        await until(answers, "the hub answers")

    async def agents_ready(self, *names: str) -> None:
        async def online() -> bool:
            for name in names:
                if self.processes[name].poll() is not None:
                    raise RuntimeError(f"{name} ended: {self.said(name)}")
            async with self.api() as api:
                items = (await api.get("/v1/agents", params={"limit": 50})).json()["items"]
            return {item["name"] for item in items if item["online"]} >= set(names)

        await until(online, f"{', '.join(names)} online")

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-2000:]

    async def give(self, goal: str, files: Sequence[Path] = (), **more: object) -> str:
        """A goal with its files. Returns the goal_id."""
        async with self.api() as api:
            artifacts = []
            for path in files:
                sent = await api.put(
                    "/v1/artifacts",
                    params={"name": path.name, "media_type": "application/octet-stream"},
                    content=path.read_bytes(),
                )
                artifacts.append(sent.raise_for_status().json())
            answer = await api.post("/v1/goals", json={"goal": goal, "artifacts": artifacts, **more})
            assert answer.status_code == 202, answer.text
            return str(answer.json()["goal_id"])

    async def entries(self, goal_id: str) -> AsyncIterator[dict[str, Any]]:
        """Log entries of the goal's tree as they come, across restarts of the hub, each once. Ends with the goal."""
        last = ""
        while True:
            try:
                async with self.api() as api:
                    headers = {"Last-Event-ID": last} if last else {}
                    async with api.stream("GET", f"/v1/goals/{goal_id}/events", headers=headers) as stream:
                        stream.raise_for_status()
                        kind = ""
                        async for line in stream.aiter_lines():
                            if line.startswith("id:"):
                                last = line[3:].strip()
                            elif line.startswith("event:"):
                                kind = line[6:].strip()
                            elif line.startswith("data:") and kind == "message":
                                yield json.loads(line[5:])["message"]
                if (await self.goal(goal_id))["ended_at"] is not None:
                    return
            except httpx.HTTPError:
                await self.hub_ready()

    async def goal(self, goal_id: str) -> dict[str, Any]:
        async with self.api() as api:
            return (await api.get(f"/v1/goals/{goal_id}")).raise_for_status().json()

    async def ended(self, goal_id: str) -> dict[str, Any]:
        """The goal, when it is over."""
        async for _ in self.entries(goal_id):
            pass
        return await self.goal(goal_id)

    async def log(self, comm_id: str) -> list[dict[str, Any]]:
        """The whole log of a group as the hub has it."""
        found: list[dict[str, Any]] = []
        after = 0
        async with self.api() as api:
            while True:
                page = await api.get(f"/v1/groups/{comm_id}/messages", params={"after": after, "limit": 200})
                items = page.raise_for_status().json()["items"]
                if not items:
                    return found
                found.extend(item["message"] for item in items)
                after = found[-1]["seq"]

    def journal_log(self, name: str, comm_id: str) -> list[dict[str, Any]]:
        """The log of a group as an agent's own journal has it. The agent must not run: its journal is locked."""
        (path,) = (self.folder / f"data {name}").rglob("journal.sqlite")
        with closing(sqlite3.connect(path)) as db:
            rows = db.execute("SELECT message FROM log WHERE comm_id = ? ORDER BY seq", (comm_id,)).fetchall()
        return [json.loads(row[0]) for row in rows]
