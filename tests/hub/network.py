"""A hub for tests, agents that talk to it frame by frame, and an index that knows words only."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from ioa.adapters.store.memory import MemoryStore
from ioa.adapters.transport.memory import memory_pair
from ioa.hub.goals import NewGoal
from ioa.hub.hub import Hub
from ioa.hub.settings import HubSettings, Limits
from ioa.ports.index import Hit
from ioa.ports.transport import ConnectionLost
from ioa.protocol.cards import Card
from ioa.protocol.codec import decode_hub_frame, encode
from ioa.protocol.frames import (
    PROTOCOL_VERSION,
    Accepted,
    Acknowledge,
    Delivery,
    GoalOffer,
    Hello,
    Launched,
    LaunchGroup,
    Ping,
    Pong,
    Post,
    Refusal,
    Welcome,
)
from ioa.protocol.messages import Budgets
from ioa.testing.clocks import ManualClock

PATIENCE_S = 60.0  # only what is broken waits so long, however busy the machine is


async def settled(condition):
    """Wait for something that tells nobody when it has happened, such as the end of a session or a write."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.001)


class WordIndex:
    """Scores by the share of the phrase's words that the card has."""

    def __init__(self):
        self.texts = {}

    def put(self, name, text):
        self.texts[name] = set(re.findall(r"\w+", text.lower()))

    def put_many(self, cards):
        for name, text in cards:
            self.put(name, text)

    def fill(self, cards):
        self.texts.clear()
        self.put_many(cards)

    def remove(self, name):
        self.texts.pop(name, None)

    def search(self, phrases, *, limit, accept=None, among=None):
        found = []
        for phrase in phrases:
            words = set(re.findall(r"\w+", phrase.lower()))
            hits = [
                Hit(name, len(words & text) / max(1, len(words)))
                for name, text in self.texts.items()
                if (accept is None or accept(name)) and (among is None or name in among)
            ]
            found.append(sorted((hit for hit in hits if hit.score), key=lambda hit: -hit.score)[:limit])
        return found

    def __len__(self):
        return len(self.texts)


class TestAgent:
    """One end of a connection to the hub: what it sends, and what arrives, sorted by kind. It answers pings, and
    acknowledges unless it is told not to."""

    __test__ = False

    def __init__(self, name, connection, *, cursor=0, acknowledge=True):
        self.name = name
        self.connection = connection
        self.deliveries: list[Any] = []
        self.cursor = cursor
        self.acknowledge = acknowledge
        self.answers: dict[str, Any] = {}
        self.frames: list[Any] = []
        self.offers: list[Any] = []
        self.refusals: list[Any] = []
        self.welcome: Any = None
        self.closed: Any = None
        self._news = asyncio.Event()
        self._numbers = count(1)
        self._reader = None

    async def hello(self, token, *, version=PROTOCOL_VERSION):
        await self.connection.send(encode(Hello(version=version, token=token, cursor=self.cursor)))
        self._reader = asyncio.create_task(self._read())

    async def _read(self):
        try:
            while True:
                await self._take(decode_hub_frame(await self.connection.receive()))
                self._wake()
        except ConnectionLost as lost:
            self.closed = lost
            self._wake()

    async def _take(self, frame):
        self.frames.append(frame)
        match frame:
            case Welcome():
                self.welcome = frame
                self.cursor = frame.cursor
            case Delivery():
                assert frame.previous == self.cursor, (frame.previous, self.cursor)
                assert frame.cursor > frame.previous
                self.cursor = frame.cursor
                self.deliveries.append(frame)
                if self.acknowledge:
                    await self.connection.send(encode(Acknowledge(cursor=frame.cursor)))
            case GoalOffer():
                self.offers.append(frame)
            case Ping():
                await self.connection.send(encode(Pong(n=frame.n)))
            case Refusal():
                self.refusals.append(frame)
                self.answers[frame.reply_to] = frame
            case Accepted():
                self.answers[frame.message_id] = frame
            case Pong():
                pass
            case _:
                self.answers[frame.request_id] = frame

    def _wake(self):
        self._news.set()
        self._news = asyncio.Event()

    async def until(self, condition):
        """Wait until `condition()` holds; fails after some seconds of real time."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await self._news.wait()

    async def ask(self, frame, reply_to=None):
        """Send a frame and return its answer."""
        address = reply_to or (frame.message.message_id if isinstance(frame, Post) else frame.request_id)
        self.answers.pop(address, None)
        await self.connection.send(encode(frame))
        await self.until(lambda: address in self.answers or self.closed)
        return self.answers[address]

    def new_id(self):
        return f"{self.name}-{id(self)}-{next(self._numbers)}"

    async def post(self, kind, comm_id, **fields):
        """Post a message of my own; returns the answer."""
        fields = {"sender": self.name, "message_id": self.new_id(), **fields}
        return await self.ask(Post(message=kind(comm_id=comm_id, **fields)))

    async def launch(self, **fields):
        fields = {"request_id": self.new_id(), "goal": "a goal", **fields}
        return await self.ask(LaunchGroup(**fields))

    def log(self, comm_id):
        return [frame.message for frame in self.deliveries if frame.message.comm_id == comm_id]

    async def heard(self, comm_id, seq):
        """The first `seq` messages of a group, when they have arrived."""
        await self.until(lambda: len(self.log(comm_id)) >= seq)
        return self.log(comm_id)

    async def until_closed(self) -> Any:
        await self.until(lambda: self.closed)
        return self.closed

    async def leave(self):
        await self.connection.close()
        if self._reader is not None:
            await self._reader


class Network:
    """A hub in this process and its agents."""

    def __init__(self, hub, clock, store):
        self.hub: Any = hub
        self.clock = clock
        self.store = store
        self.agents = {}
        self.tokens = {}
        self._serving = []

    async def register(self, name, description="does things", *, owner="me", **card):
        _, token, _ = await self.hub.registry.register(owner, Card(name=name, description=description, **card))
        self.tokens[name] = token
        return token

    def wire(self, frames=64):
        """A raw connection; the hub serves its other end."""
        mine, theirs = memory_pair(frames)
        self._serving.append(asyncio.create_task(self.hub.serve(theirs)))
        return mine

    async def connect(self, name, *, cursor=0, acknowledge=True, frames=64):
        agent = TestAgent(name, self.wire(frames), cursor=cursor, acknowledge=acknowledge)
        await agent.hello(self.tokens[name])
        await agent.until(lambda: agent.welcome)
        self.agents[name] = agent
        return agent

    async def join(self, name, description="does things", **card):
        """Register and connect."""
        await self.register(name, description, **card)
        return await self.connect(name)

    async def goal(self, text: Any = "a goal", **fields):
        fields = {
            "goal_id": self.hub.new_id(),
            "owner": "@me",
            "max_turns": 20,
            "budgets": Budgets(),
            **fields,
        }
        return await self.hub.goals.create(NewGoal(goal=text, **fields))

    async def group(self, initiator, *members, **fields):
        """A goal whose group `initiator` (an agent) has launched with these members (names). Returns its comm_id."""
        before = len(initiator.offers)
        await self.goal(initiator=initiator.name, **fields)
        await initiator.until(lambda: len(initiator.offers) > before)
        offer = initiator.offers[-1]
        asked = {"goal": offer.goal, "goal_id": offer.goal_id, "max_turns": offer.max_turns}
        launched = await initiator.launch(**asked, team_members=members)
        assert isinstance(launched, Launched), launched
        return launched.comm_id

    async def stop(self):
        await self.hub.stop()
        for agent in self.agents.values():
            await agent.leave()
        await asyncio.gather(*self._serving, return_exceptions=True)


@asynccontextmanager
async def network(data_dir: Path, *, store=None, clock=None, index=None, limits=None, settings=None):
    """A started hub with a clock that stands still; stopped at the end."""
    clock = clock or ManualClock()
    store = store or MemoryStore()
    numbers = count(1)
    prefix = f"{id(store):x}"
    settings = settings or HubSettings(data_dir=data_dir, limits=limits or Limits())
    hub = Hub(
        settings,
        store=store,
        index=WordIndex() if index is None else index,
        clock=clock,
        new_id=lambda: f"id-{prefix}-{next(numbers)}",
        split=lambda text: [part.strip() for part in text.split(";")],
    )
    await hub.start()
    net = Network(hub, clock, store)
    try:
        yield net
    finally:
        await net.stop()
