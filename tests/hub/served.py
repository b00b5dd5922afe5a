"""A hub behind a real socket, and a client for its HTTP API."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx

from ioa.adapters.clock import SystemClock
from ioa.adapters.store.sqlite import SqliteStore
from ioa.adapters.transport.websocket import WebSocketTransport
from ioa.hub.hub import Hub
from ioa.hub.serving import HttpServer
from ioa.hub.settings import HubSettings
from tests.hub.network import TestAgent, WordIndex

ALICE = "alice-token-of-more-than-20-characters"
BORIS = "boris-token-of-more-than-20-characters"


class Served:
    """`http` sends as Alice unless another token is given."""

    def __init__(self, hub, server, http):
        self.hub: Any = hub
        self.server = server
        self.http = http
        self.tokens = {}
        self.agents = []

    async def ask(self, method, path, *, token: str | None = ALICE, **rest):
        headers = {**rest.pop("headers", {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        return await self.http.request(method, path, headers=headers, **rest)

    async def register(self, name, description="does things", *, token=ALICE, **card):
        body = {"name": name, "description": description, **card}
        answer = await self.ask("POST", "/v1/agents", token=token, json=body)
        assert answer.status_code == 201, answer.text
        self.tokens[name] = answer.json()["token"]
        return self.tokens[name]

    async def connect(self, name, *, cursor=0, acknowledge=True):
        connection = await WebSocketTransport(self.server.url).connect()
        agent = TestAgent(name, connection, cursor=cursor, acknowledge=acknowledge)
        await agent.hello(self.tokens[name])
        await agent.until(lambda: agent.welcome or agent.closed)
        self.agents.append(agent)
        return agent

    async def join(self, name, description="does things", **card):
        await self.register(name, description, **card)
        return await self.connect(name)

    async def group(self, initiator, *members, **goal):
        """A goal of Alice's, launched by `initiator` with these members (names). Returns (goal_id, comm_id)."""
        body = {"goal": "a goal", "initiator": initiator.name, **goal}
        answer = await self.ask("POST", "/v1/goals", json=body)
        assert answer.status_code == 202, answer.text
        goal_id = answer.json()["goal_id"]
        await initiator.until(lambda: any(offer.goal_id == goal_id for offer in initiator.offers))
        asked = {"goal": body["goal"], "goal_id": goal_id, "max_turns": goal.get("max_turns", 20)}
        launched = await initiator.launch(**asked, team_members=members)
        return goal_id, launched.comm_id


@asynccontextmanager
async def served(folder, *, store=None, **settings):
    """A served hub of the users alice and boris on a free port of 127.0.0.1; its store is SQLite unless given."""
    users = {"alice": ALICE, "boris": BORIS}
    hub = Hub(
        HubSettings(**{"data_dir": folder, "port": 0, "users": users, **settings}),
        store=store or SqliteStore(folder / "hub.sqlite"),
        index=WordIndex(),
        clock=SystemClock(),
        new_id=lambda: uuid4().hex,
    )
    await hub.start()
    server = HttpServer(hub)
    await server.start()
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http:
        net = Served(hub, server, http)
        try:
            yield net
        finally:
            for agent in net.agents:
                await agent.leave()
            await hub.stop()
            await server.stop()


async def events_of(net, goal_id, *, after=None, token=ALICE):
    """All server-sent events of a goal until the stream ends: (event, id, data)."""
    found = []
    headers = {"Authorization": f"Bearer {token}", **({"Last-Event-ID": str(after)} if after is not None else {})}
    async with asyncio.timeout(60), net.http.stream("GET", f"/v1/goals/{goal_id}/events", headers=headers) as answer:
        assert answer.status_code == 200
        event = {}
        async for line in answer.aiter_lines():
            if not line and "event" in event:
                found.append((event["event"], event.get("id"), json.loads(event["data"])))
                event = {}
            elif ": " in line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = value
    return found
