"""A fake hub with real clients around it."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

from fake_hub import FakeHub

from ioa.adapters.clock import SystemClock
from ioa.adapters.transport.memory import MemoryTransport
from ioa.client import Client, ClientSettings, Patience
from ioa.client.events import ClientEvent
from ioa.client.journal import Journal
from ioa.ports.agent import Assignment, Outcome, ReportProgress
from ioa.ports.artifacts import ArtifactUnavailable
from ioa.protocol.cards import Card
from ioa.protocol.messages import Artifact


class Shelf:
    """`ArtifactExchange` in memory."""

    def __init__(self) -> None:
        self.bytes: dict[str, bytes] = {}
        self.refuse = ""

    def add(self, name: str, data: bytes) -> Artifact:
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.bytes[digest] = data
        return Artifact(name=name, media_type="text/plain", size_bytes=len(data), digest=digest)

    async def put(self, path: Path, name: str, media_type: str) -> Artifact:
        if self.refuse:
            raise ArtifactUnavailable(self.refuse)
        return self.add(name, await asyncio.to_thread(path.read_bytes))

    async def fetch(self, artifact: Artifact, folder: Path) -> Path:
        if artifact.digest not in self.bytes:
            raise ArtifactUnavailable("the hub does not have it")
        path = folder / artifact.name
        await asyncio.to_thread(path.write_bytes, self.bytes[artifact.digest])
        return path


Work = Callable[[Assignment, ReportProgress], Awaitable[Any]]


class FunctionAgent:
    """An agent made of a function; remembers what it was given."""

    def __init__(self, work: Work | None = None) -> None:
        self._work = work
        self.got: list[Assignment] = []
        self.cancelled = 0

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        self.got.append(assignment)
        if self._work is None:
            return Outcome(conclusion=f"did {assignment.task_desc}")
        try:
            return await self._work(assignment, progress)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


class Joined:
    """A client that takes part, and what it told."""

    def __init__(self, client: Client, transport: MemoryTransport, events: list[ClientEvent], journal: Journal) -> None:
        self.client = client
        self.transport = transport
        self.events = events
        self.journal = journal
        self.task = asyncio.create_task(client.run())

    def saw(self, cls: type[ClientEvent]) -> list:
        return [event for event in self.events if isinstance(event, cls)]

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.transport.aclose()


class Desk:
    """One hub, its clients, one shelf for their files."""

    def __init__(self, tmp_path: Path) -> None:
        self.hub = FakeHub()
        self.shelf = Shelf()
        self.tmp_path = tmp_path
        self.joined: list[Joined] = []
        self._ids = itertools.count(1)

    def join(
        self,
        name: str,
        policy,
        agent=None,
        *,
        idempotent: bool = False,
        discussion_only: bool = False,
        description: str = "an agent",
        journal: Journal | None = None,
        clock=None,
        patience: Patience | None = None,
        wait_for_agents: int = 4,
        nested_teams: bool = True,
        nested_depth: int | None = None,
        observation=None,
        frames: int = 64,
    ) -> Joined:
        card = Card(name=name, description=description, idempotent=idempotent, discussion_only=discussion_only)
        self.hub.cards[name] = card
        events: list[ClientEvent] = []

        def listen(event: ClientEvent) -> None:
            events.append(event)
            self.hub._note()

        transport = MemoryTransport(self.hub.serve, frames=frames)
        journal = journal or Journal(self.tmp_path / f"{name}.db", name)
        client = Client(
            card=card,
            agent=agent,
            policy=policy,
            transport=transport,
            artifacts=self.shelf,
            clock=clock or SystemClock(),
            new_id=lambda: f"{name}-{next(self._ids)}",
            random=Random(7),
            settings=ClientSettings(
                token=name,
                max_concurrent_tasks=wait_for_agents,
                nested_teams=nested_teams,
                nested_depth=nested_depth,
                work_folder=self.tmp_path / "work",
                patience=patience or Patience(first_retry_s=0.001, longest_retry_s=0.01, again_s=0.001),
            ),
            journal=journal,
            observation=observation,
            listener=listen,
        )
        joined = Joined(client, transport, events, journal)
        self.joined.append(joined)
        return joined

    async def ended(self, comm_id: str, timeout_s: float = 10.0):
        """The group once it is concluded."""
        watched = [joined.task for joined in self.joined]
        waiting = asyncio.create_task(self.hub.until(lambda: self.hub.groups[comm_id].ended, timeout_s))
        while not waiting.done():
            await asyncio.wait({waiting, *(task for task in watched if not task.done())}, return_when="FIRST_COMPLETED")
            broken = next((task for task in watched if task.done() and not task.cancelled() and task.exception()), None)
            if broken is not None:
                waiting.cancel()
                raise AssertionError("a client broke") from broken.exception()
        await waiting
        return self.hub.groups[comm_id]

    async def close(self) -> None:
        for joined in self.joined:
            await joined.leave()
