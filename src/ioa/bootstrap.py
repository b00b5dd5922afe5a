"""Where adapters meet shells: a hub over its store and index, an agent behind its client, and both in one process.

The only place that knows all of them. Everything here is an asynchronous context manager that leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal, TypeAlias

import httpx
from starlette.types import ASGIApp

from ioa.adapters.agents.builtin import BUILTIN, MissingLibrary, builtin_agent
from ioa.adapters.agents.carded import CardedAgent
from ioa.adapters.artifacts.http import HttpArtifacts
from ioa.adapters.artifacts.local import LocalArtifacts
from ioa.adapters.bus.opening import open_bus
from ioa.adapters.clock import Origins, SystemClock
from ioa.adapters.index import clauses, open_index
from ioa.adapters.index.engines import engine_at
from ioa.adapters.policy.rules.policy import RulesPolicy
from ioa.adapters.store.opening import open_blobs, open_store
from ioa.adapters.store.vectors import SqliteVectors
from ioa.adapters.transport.memory import MemoryTransport
from ioa.adapters.transport.websocket import WebSocketTransport
from ioa.client import Client, ClientSettings
from ioa.client.events import ClientEvent, Connected, Listener, nobody_listens
from ioa.hub.http import build_app
from ioa.hub.hub import Hub
from ioa.hub.security import LOCAL_USER, local_token
from ioa.hub.serving import HttpServer
from ioa.hub.settings import HubSettings
from ioa.ports.artifacts import ArtifactExchange
from ioa.ports.authenticator import Authenticator
from ioa.ports.index import AgentIndex
from ioa.ports.policy import Policy
from ioa.ports.tracing import SILENT, Tracer
from ioa.ports.transport import Transport
from ioa.protocol.errors import Refused
from ioa.protocol.names import name_key

STORE_FILE = "hub.sqlite"
VECTORS_FILE = "vectors.sqlite"
INDEX_FILE, WORDS_FILE = "index.cache", "index-words.cache"  # may be deleted while no hub runs
JOURNAL_FILE = "journal.sqlite"
WORK_FOLDER = "work"
CONNECT_WITHIN_S = 20.0

MakePolicy: TypeAlias = Callable[[], Policy]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenHub:
    """A hub that runs. `url` is "" for one that does not listen; `token` that of its local user, if it has one."""

    hub: Hub
    app: ASGIApp
    url: str
    token: str | None


@asynccontextmanager
async def open_hub(
    settings: HubSettings,
    *,
    meaning: bool = True,
    listen: bool = True,
    index: AgentIndex | None = None,
    index_at: str = "memory",
    tracer: Tracer = SILENT,
    origins: Origins | None = None,
    store_url: str | None = None,
    bus_url: str | None = None,
) -> AsyncGenerator[OpenHub]:
    """A hub over SQLite in `settings.data_dir`, or over the store at `store_url`, which replicas may share that wake
    each other over the bus at `bus_url`. `meaning` False searches by words alone and starts faster. `origins` are its
    clock and identifiers, the machine's by default. `index` or what is at `index_at` finds agents.

    Raises what `index_in` raises, `DataLocked`, `StoreUnavailable`, `BusUnavailable`, `ValueError` for a URL that is
    none, and `OSError` where the port is taken.
    """
    origins = origins or Origins()
    async with contextlib.AsyncExitStack() as stack:
        if index is None:
            index = await stack.enter_async_context(index_in(settings.data_dir, meaning=meaning, at=index_at))
        store = open_store(store_url or str(settings.data_dir / STORE_FILE))
        blobs = open_blobs(store_url) if store_url is not None else None
        bus = open_bus(bus_url) if bus_url is not None else None
        hub = Hub(
            settings,
            store=store,
            index=index,
            clock=origins.clock,
            new_id=origins.new_id,
            split=clauses,
            tracer=tracer,
            bus=bus,
            blobs=blobs,
            authenticators=_authenticators(settings, origins),
        )
        await hub.start()
        server = HttpServer(hub)
        stack.push_async_callback(server.stop)
        stack.push_async_callback(hub.stop)  # first, so that agents are told
        if listen:
            await server.start()
        token = None if not settings.has_local_user else await asyncio.to_thread(local_token, settings.data_dir)
        yield OpenHub(hub, build_app(hub), server.url if listen else "", token)


def _authenticators(settings: HubSettings, origins: Origins) -> tuple[Authenticator, ...]:
    """Who knows tokens that the hub did not make. Raises `SettingsError` where the libraries for it are missing."""
    if settings.oidc is None:
        return ()
    from ioa.adapters.identity.keys import keys_of  # only where it is asked for: the extra may not be installed
    from ioa.adapters.identity.oidc import Oidc

    return (Oidc(settings.oidc, keys_of(settings.oidc), origins.clock),)


@asynccontextmanager
async def index_in(folder: Path, *, meaning: bool = True, at: str = "memory") -> AsyncGenerator[AgentIndex]:
    """An index that computes each vector once in the life of the folder. New cards are found by their words at once.
    `at` is where vectors are kept, as `ioa hub --index` takes it.

    Raises `MeaningsUnavailable` if the engine there does not answer, ValueError if it is none that is known.
    """
    engine = engine_at(at)
    vectors = SqliteVectors(folder / VECTORS_FILE)
    try:
        index = await asyncio.to_thread(
            open_index,
            meaning=meaning,
            store=vectors if meaning else None,
            background=True,
            file=folder / (INDEX_FILE if meaning else WORDS_FILE),
            engine=engine,
        )
        try:
            yield index
        finally:
            await asyncio.to_thread(index.close)
    finally:
        vectors.close()


def resting_hub(folder: Path, *, meaning: bool = False) -> contextlib.AbstractAsyncContextManager[OpenHub]:
    """The hub of a folder in which none runs now, opened to be read: without a port."""
    return open_hub(HubSettings(data_dir=folder, port=0), meaning=meaning, listen=False)


def make_client(
    agent: CardedAgent,
    token: str,
    folder: Path | None,
    *,
    transport: Transport,
    artifacts: ArtifactExchange,
    policy: Policy,
    listener: Listener = nobody_listens,
    tracer: Tracer = SILENT,
    origins: Origins | None = None,
) -> Client:
    """One client. `folder` keeps its journal and its tasks' files; None: in memory and in a temporary place.

    Raises `JournalFailed`."""
    origins = origins or Origins()
    return Client(
        card=agent.card,
        agent=agent,
        policy=policy,
        transport=transport,
        artifacts=artifacts,
        clock=origins.clock,
        new_id=origins.new_id,
        random=Random(),
        settings=ClientSettings(
            token=token,
            nested_teams=agent.team.nested,
            nested_depth=agent.team.depth,
            work_folder=folder / WORK_FOLDER if folder else None,
        ),
        journal=folder / JOURNAL_FILE if folder else ":memory:",
        observation=agent.observe,
        listener=listener,
        tracer=tracer,
    )


async def join(
    agent: CardedAgent,
    hub_url: str,
    token: str,
    folder: Path | None,
    *,
    policy: MakePolicy = RulesPolicy,
    listener: Listener = nobody_listens,
    tracer: Tracer = SILENT,
) -> None:
    """Take part at a hub with the agent's own token, until cancelled. Raises `ClientEnded` when the hub does not want
    it, `JournalFailed`, and `ValueError` for a URL that is none."""
    transport = WebSocketTransport(hub_url)
    async with HttpArtifacts(hub_url, token, clock=SystemClock(), random=Random()) as artifacts:
        client = make_client(
            agent,
            token,
            folder,
            transport=transport,
            artifacts=artifacts,
            policy=policy(),
            listener=listener,
            tracer=tracer,
        )
        await client.run()


@asynccontextmanager
async def taking_part(
    agent: CardedAgent,
    hub_url: str,
    token: str,
    folder: Path | None,
    *,
    policy: MakePolicy = RulesPolicy,
    listener: Listener = nobody_listens,
    tracer: Tracer = SILENT,
) -> AsyncGenerator[None]:
    """`join` while the context lasts; entered when the hub has said welcome. Raises what `join` raises."""
    arrived = _Arrival(listener)
    task = asyncio.create_task(join(agent, hub_url, token, folder, policy=policy, listener=arrived, tracer=tracer))
    try:
        await arrived.wait(task)
        yield
    finally:
        await _end((task,))


@dataclass(frozen=True, slots=True)
class EmbeddedNetwork:
    """A hub and its agents in this process. `remarks` are what its user should know, such as missing libraries."""

    hub: Hub
    app: ASGIApp
    url: str
    token: str
    clients: tuple[Client, ...]
    remarks: tuple[str, ...] = ()

    @property
    def agent_names(self) -> tuple[str, ...]:
        return tuple(client.card.name for client in self.clients)


@asynccontextmanager
async def embedded_network(
    folder: Path,
    *,
    agents: Sequence[CardedAgent] = (),
    builtin: bool = True,
    policy: MakePolicy = RulesPolicy,
    meaning: bool = True,
    listen: bool = True,
    wire: Literal["memory", "websocket"] = "memory",
    index: AgentIndex | None = None,
    listener: Listener = nobody_listens,
    tracer: Tracer = SILENT,
    origins: Origins | None = None,
    page: Path | None = None,
) -> AsyncGenerator[EmbeddedNetwork]:
    """A network that keeps everything in `folder`: the built-in agents that can work here, and `agents`, one client
    each. Agents of an earlier run that are not in this one are removed; goals that it left open are cancelled.
    `origins` are those of a recorded run that is played again, `page` the files that the hub serves at `/`.

    Raises `Refused` (name_taken) for two agents of one name, and what `open_hub` raises.
    """
    loading = asyncio.create_task(asyncio.to_thread(_builtin, builtin))  # much of it runs beside the hub's start
    settings = HubSettings(data_dir=folder, port=0, page=page)
    sockets = listen or wire == "websocket"
    async with open_hub(
        settings, meaning=meaning, listen=sockets, index=index, tracer=tracer, origins=origins
    ) as opened:
        own, remarks = await loading
        taking = [*own, *agents]
        hub = opened.hub
        for goal in hub.goal_book.open_goals():
            await hub.goals.cancel(goal.goal_id, "the run that it belonged to was ended")
            remarks.append(f"Cancelled what an earlier run left open: {goal.goal[:100]}")
        await _remove_others(hub, taking)
        async with contextlib.AsyncExitStack() as stack:
            started: list[tuple[Client, _Arrival]] = []
            for agent in taking:
                record, token, _ = await hub.registry.register(LOCAL_USER, agent.card, rotate=True)
                sent = await stack.enter_async_context(_artifacts(opened, token))
                arrival = _Arrival(listener)
                client = make_client(
                    agent,
                    token,
                    await asyncio.to_thread(_own_folder, folder, agent.name),
                    transport=_wire(stack, opened, wire),
                    artifacts=LocalArtifacts(hub.artifacts, record.card.name, sent) if wire == "memory" else sent,
                    policy=policy(),
                    listener=arrival,
                    tracer=tracer,
                    origins=origins,
                )
                started.append((client, arrival))
            tasks = [asyncio.create_task(client.run(), name=client.card.name) for client, _ in started]
            stack.push_async_callback(_end, tasks)
            for task, (_, arrival) in zip(tasks, started, strict=True):
                await arrival.wait(task)
                task.add_done_callback(_report)
            clients = tuple(client for client, _ in started)
            assert opened.token is not None
            yield EmbeddedNetwork(hub, opened.app, opened.url, opened.token, clients, tuple(remarks))


def _builtin(wanted: bool) -> tuple[list[CardedAgent], list[str]]:
    """The built-in agents that can work here, and why the others cannot; nobody if they are not wanted."""
    found: list[CardedAgent] = []
    remarks: list[str] = []
    for name in BUILTIN if wanted else ():
        try:
            found.append(builtin_agent(name))
        except MissingLibrary as error:
            remarks.append(str(error))
        except ImportError as error:
            remarks.append(f"The {name} cannot be loaded ({error}); ioa doctor says more.")
    return found, remarks


def _wire(stack: contextlib.AsyncExitStack, opened: OpenHub, wire: Literal["memory", "websocket"]) -> Transport:
    if wire == "websocket":
        return WebSocketTransport(opened.url)
    transport = MemoryTransport(opened.hub.serve)
    stack.push_async_callback(transport.aclose)
    return transport


def _artifacts(opened: OpenHub, token: str) -> HttpArtifacts:
    inside = httpx.ASGITransport(app=opened.app)
    return HttpArtifacts("http://127.0.0.1", token, clock=SystemClock(), random=Random(), transport=inside)


async def _remove_others(hub: Hub, agents: Sequence[CardedAgent]) -> None:
    """Agents that are not here would be found, recruited, and waited for in vain. Raises `Refused` for a name that
    two of `agents` have."""
    keys = [name_key(agent.name) for agent in agents]
    for agent in agents:
        if keys.count(name_key(agent.name)) > 1:
            raise Refused("name_taken", f"two agents are called {agent.name!r}; give one of them another name")
    for record in list(hub.registry.all()):
        if name_key(record.card.name) not in keys and record.owner == LOCAL_USER:
            await hub.registry.remove(record.card.name)


def _own_folder(folder: Path, name: str) -> Path:
    key = hashlib.sha256(name_key(name).encode()).hexdigest()[:16]
    own = folder / "agents" / key
    own.mkdir(parents=True, exist_ok=True, mode=0o700)
    return own


@dataclass(slots=True)
class _Arrival:
    """Passes a client's events on, and knows when it has been welcomed."""

    listener: Listener
    _welcomed: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, event: ClientEvent) -> None:
        if isinstance(event, Connected):
            self._welcomed.set()
        self.listener(event)

    async def wait(self, task: asyncio.Task[None]) -> None:
        """Raises what ended the client, or `TimeoutError` after `CONNECT_WITHIN_S`."""
        welcome = asyncio.create_task(self._welcomed.wait())
        try:
            done, _ = await asyncio.wait({task, welcome}, timeout=CONNECT_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            welcome.cancel()
        if not done:
            raise TimeoutError(f"{task.get_name()} was not welcomed by the hub within {CONNECT_WITHIN_S:g} s")
        if task in done:
            await task


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel and wait; what had ended them before was reported already."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _report(task: asyncio.Task[None]) -> None:
    """A client that ends in the middle of a run costs its agent only; deadlines see to its tasks."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the client of %s ended: %s", task.get_name(), error, exc_info=error)
