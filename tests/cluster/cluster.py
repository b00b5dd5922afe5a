"""Several replicas of a hub in this process: one store in memory, one bus, one clock that stands still."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from ioa.adapters.bus.local import Exchange, LocalBus
from ioa.adapters.store.memory import MemoryStore
from ioa.hub.hub import Hub
from ioa.hub.quota_settings import Quotas
from ioa.hub.settings import HubSettings, Limits
from ioa.testing.clocks import ManualClock
from tests.hub.network import Network, WordIndex, settled


class Replica(Network):
    """One of the hubs, and the agents that are connected to it."""

    def __init__(self, hub, clock, store, bus, tokens):
        super().__init__(hub, clock, store)
        self.bus = bus
        self.tokens = tokens
        self.wires = []

    def wire(self, frames=64):
        mine = super().wire(frames)
        self.wires.append(mine)
        return mine

    def cut(self):
        """All its wires end, as when the process dies."""
        for wire in self.wires:
            wire.cut()

    async def until_served(self):
        await asyncio.gather(*self._serving, return_exceptions=True)


class Cluster:
    """`nets` are the replicas, each with its own agents; tokens are good at all of them."""

    def __init__(self, folder: Path, limits: Limits, quotas: Quotas):
        self.clock = ManualClock()
        self.exchange = Exchange()
        self.nets: list[Replica] = []
        self._folder = folder
        self._limits = limits
        self._quotas = quotas
        self._store = MemoryStore(shared=True)
        self._numbers = count(1)
        self._tokens: dict[str, str] = {}

    async def add(self):
        """Start one more replica."""
        number = len(self.nets)
        store = self._store.beside()
        bus = LocalBus(self.exchange)
        users = {"me": "a-token-of-the-user-me-of-the-tests"}
        hub = Hub(
            HubSettings(data_dir=self._folder / str(number), limits=self._limits, quotas=self._quotas, users=users),
            store=store,
            index=WordIndex(),
            clock=self.clock,
            new_id=lambda: f"id-{number}-{next(self._numbers)}",
            split=lambda text: [part.strip() for part in text.split(";")],
            bus=bus,
        )
        await hub.start()
        net = Replica(hub, self.clock, store, bus, self._tokens)
        self.nets.append(net)
        return net

    async def crash(self, net):
        """The replica's process is killed: its wires end, and nothing that it had in mind is written."""
        self.nets.remove(net)
        self.exchange.leave(net.bus)
        await net.store.close()
        net.cut()
        await net.until_served()
        await net.hub.stop()

    async def cut(self):
        """The bus loses everything from now on; what was told before has arrived."""
        await self.clock.advance(0)
        for net in self.nets:
            await net.hub.catch_up()
        await self.clock.advance(0)
        self.exchange.cut()

    def leader(self):
        """The replica that leads, when there is one."""
        return next((net for net in self.nets if net.hub.duty.held), None)

    async def everywhere(self, condition):
        """Wait until it is true of every replica's hub."""
        await settled(lambda: all(condition(net.hub) for net in self.nets))

    async def team(self, *names):
        """Agents of these names, one at each replica in turn, known everywhere."""
        agents = [await self.nets[n % len(self.nets)].join(name) for n, name in enumerate(names)]
        await self.everywhere(lambda hub: all(hub.presence.online(name) and hub.registry.get(name) for name in names))
        return agents


@asynccontextmanager
async def cluster(folder: Path, *, replicas=2, limits=None, quotas=None):
    """Started replicas; the first leads."""
    made = Cluster(folder, limits or Limits(), quotas or Quotas())
    for _ in range(replicas):
        await made.add()
        await settled(made.leader)
    try:
        yield made
    finally:
        for net in made.nets:
            await net.stop()
