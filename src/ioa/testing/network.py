"""A whole network in one process, without sockets: a real hub, real clients, a wire in memory. For tests.

What is kept between restarts lies in one folder, so clients and the hub can be killed and come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from uuid import uuid4

import httpx
import msgspec

from ioa.adapters.artifacts.http import HttpArtifacts
from ioa.adapters.clock import SystemClock
from ioa.adapters.index import open_index
from ioa.adapters.store.sqlite import SqliteStore
from ioa.adapters.transport.memory import MemoryTransport
from ioa.client import Client, ClientSettings, Patience
from ioa.client.events import ClientEvent
from ioa.hub.http import build_app
from ioa.hub.hub import Hub
from ioa.hub.settings import HubSettings
from ioa.ports.agent import Agent
from ioa.ports.clock import Clock
from ioa.ports.policy import Policy
from ioa.ports.transport import Connection, ConnectionLost
from ioa.protocol.cards import Card
from ioa.protocol.messages import Artifact

HUB_URL = "http://hub.invalid"
ENDED = frozenset({"completed", "partial", "failed", "cancelled"})


class GoalState(msgspec.Struct):
    """What the hub tells of a goal; fields that tests need."""

    goal_id: str
    status: str
    initiator: str | None = None
    comm_id: str | None = None
    conclusion: str | None = None
    groups: tuple[str, ...] = ()
    channels: Mapping[str, int] = {}


class Member:
    """One client that takes part. `events` is what it told."""

    def __init__(self, client: Client, transport: MemoryTransport, events: list[ClientEvent]) -> None:
        self.client = client
        self.transport = transport
        self.events = events
        self.task = asyncio.create_task(client.run(), name=f"client {client.card.name}")

    async def leave(self) -> None:
        """Stop taking part, as when the process ends. The journal stays."""
        self.task.cancel()
        await asyncio.wait([self.task])
        await self.transport.aclose()


class Network:
    """See `network`. One user, `me`."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.folder = folder
        self._clock = clock or SystemClock()
        self.members: dict[str, Member] = {}
        self._tokens: dict[str, str] = {}
        self._token = uuid4().hex
        self._hub: Hub | None = None
        self._http: httpx.AsyncClient | None = None
        self._news = asyncio.Event()

    @property
    def hub(self) -> Hub:
        assert self._hub is not None
        return self._hub

    @property
    def http(self) -> httpx.AsyncClient:
        """The hub's HTTP API, as its user."""
        assert self._http is not None
        return self._http

    async def start_hub(self) -> None:
        """Start the hub over the folder; also after `stop_hub`."""
        settings = HubSettings(data_dir=self.folder / "hub", users={"me": self._token})
        (self.folder / "hub").mkdir(exist_ok=True)
        hub = Hub(
            settings,
            store=SqliteStore(self.folder / "hub" / "hub.sqlite"),
            index=await asyncio.to_thread(lambda: open_index(meaning=False)),
            clock=self._clock,
            new_id=lambda: uuid4().hex,
        )
        await hub.start()  # before anybody can reach it: a hub that has not read its data knows no tokens
        self._hub = hub
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(build_app(self._hub)),
            base_url=HUB_URL,
            headers={"Authorization": f"Bearer {self._token}"},
        )

    async def stop_hub(self) -> None:
        """Stop the hub; clients notice and come back when it does."""
        if self._http is not None:
            await self._http.aclose()
        if self._hub is not None:
            await self._hub.stop()
        self._hub = self._http = None

    async def join(self, card: Card, policy: Policy, agent: Agent | None = None, *, slots: int = 4) -> Member:
        """Register an agent (the first time) and let it take part. Returns when the hub has welcomed it."""
        if card.name not in self._tokens:
            answer = await self.http.post("/v1/agents", content=msgspec.json.encode(card))
            self._tokens[card.name] = str(answer.raise_for_status().json()["token"])
        token = self._tokens[card.name]
        events: list[ClientEvent] = []

        def listen(event: ClientEvent) -> None:
            events.append(event)
            self._news.set()

        transport = MemoryTransport(self._serve)
        client = Client(
            card=card,
            agent=agent,
            policy=policy,
            transport=transport,
            artifacts=HttpArtifacts(
                HUB_URL, token, clock=self._clock, random=Random(), transport=httpx.ASGITransport(self._app)
            ),
            clock=self._clock,
            new_id=lambda: uuid4().hex,
            random=Random(),
            settings=ClientSettings(
                token=token,
                max_concurrent_tasks=slots,
                work_folder=self.folder / f"work-{len(self._tokens)}-{token[:6]}",
                patience=Patience(first_retry_s=0.005, longest_retry_s=0.05, again_s=0.01),
            ),
            journal=self.folder / f"{token[:12]}.db",
            listener=listen,
        )
        member = self.members[card.name] = Member(client, transport, events)
        await self.until(lambda: client.connected or member.task.done())
        return member

    async def _serve(self, connection: Connection) -> None:
        if self._hub is None:
            raise ConnectionLost(1006, "the hub is down")
        await self._hub.serve(connection)

    async def _app(self, scope: object, receive: object, send: object) -> None:
        if self._hub is None:
            raise httpx.ConnectError("the hub is down")
        await build_app(self._hub)(scope, receive, send)  # pyright: ignore[reportArgumentType] - ASGI passes through

    async def upload(self, name: str, data: bytes, media_type: str = "application/octet-stream") -> Artifact:
        """Give the user's file to the hub."""
        answer = await self.http.put("/v1/artifacts", params={"name": name, "media_type": media_type}, content=data)
        return msgspec.json.decode(answer.raise_for_status().content, type=Artifact)

    async def ask(self, goal: str, **fields: object) -> str:
        """Post a goal (`initiator`, `team`, `max_turns`, `budgets`, `artifacts` … as the API has them); its goal_id."""
        answer = await self.http.post("/v1/goals", content=msgspec.json.encode({"goal": goal, **fields}))
        return str(answer.raise_for_status().json()["goal_id"])

    async def goal(self, goal_id: str) -> GoalState:
        """How a goal stands."""
        answer = await self.http.get(f"/v1/goals/{goal_id}")
        return msgspec.json.decode(answer.raise_for_status().content, type=GoalState)

    async def answer(self, goal_id: str, within_s: float = 30.0) -> GoalState:
        """The goal once it has ended. Raises `TimeoutError`."""
        async with asyncio.timeout(within_s):
            while True:
                if self._hub is not None and (state := await self.goal(goal_id)).status in ENDED:
                    return state
                await self._news_or_soon()

    async def until(self, condition: Callable[[], object], within_s: float = 30.0) -> None:
        """Wait until a function says so; asked at each event of a client, and now and then."""
        async with asyncio.timeout(within_s):
            while not condition():
                await self._news_or_soon()

    async def _news_or_soon(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), 0.02)
        self._news.clear()

    async def close(self) -> None:
        for member in self.members.values():
            await member.leave()
        await self.stop_hub()


@asynccontextmanager
async def network(folder: Path, *, clock: Clock | None = None) -> AsyncGenerator[Network]:
    """A running hub without agents; `join` some. With a `ManualClock`, waits of hub and clients end when it says so."""
    made = Network(folder, clock)
    await made.start_hub()
    try:
        yield made
    finally:
        await made.close()
