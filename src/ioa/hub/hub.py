"""The hub: its blocks put together, and what one connection may ask of them. Independent of transport and HTTP.

Source: IoA paper, 2.2.1 and Figure 1.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from contextlib import suppress

from ioa.hub.agent_query import AgentQuery, Split
from ioa.hub.agent_registry import Registry
from ioa.hub.alarms import Alarms
from ioa.hub.artifacts import Artifacts
from ioa.hub.audit import Audit
from ioa.hub.connection_loop import ConnectionLoop
from ioa.hub.data_lock import DataLock
from ioa.hub.deadlines import Deadlines
from ioa.hub.duty import Duty
from ioa.hub.goal_admission import GoalAdmission
from ioa.hub.goal_book import GoalBook
from ioa.hub.goals import Goals
from ioa.hub.grace import Grace
from ioa.hub.group_log import GroupLog
from ioa.hub.group_setup import GroupSetup
from ioa.hub.leases import Leases
from ioa.hub.ledger import Ledger
from ioa.hub.message_routing import MessageRouting
from ioa.hub.metrics import Metrics
from ioa.hub.presence import Presence, SharedPresence
from ioa.hub.pulled_wire import PulledWire
from ioa.hub.quotas import QuotaBook
from ioa.hub.refusals import Refusals
from ioa.hub.replica import heard_store
from ioa.hub.retention import Retention
from ioa.hub.security import HERE, Identity, Peer, token_hash
from ioa.hub.session_management import GOING_AWAY, Sessions
from ioa.hub.settings import HubSettings
from ioa.hub.sharing import Sharing
from ioa.hub.sign_in import UNKNOWN, SignIn
from ioa.hub.sign_in_codes import SignInCodes
from ioa.hub.spending import Accounts
from ioa.hub.streamed_wire import StreamedWires
from ioa.hub.tokens import Tokens
from ioa.hub.traces import HubTraces
from ioa.hub.unit import Unit
from ioa.hub.visibility import Sight
from ioa.hub.watchers import Watchers
from ioa.ports.authenticator import Authenticator
from ioa.ports.blobs import Blobs
from ioa.ports.bus import Bus
from ioa.ports.clock import Clock, NewId
from ioa.ports.index import AgentIndex
from ioa.ports.store import Store
from ioa.ports.tracing import SILENT, Tracer
from ioa.ports.transport import Connection, Wire
from ioa.protocol.errors import Refused

log = logging.getLogger(__name__)


def _whole(text: str) -> list[str]:
    return [text]


class Hub:
    """One hub over a store, an index, a clock and identifiers. `start` before use; `stop` ends every connection.

    `split` takes a goal apart into the things it asks for, to find the initiator that fits them best together.
    `authenticators` know tokens that others have made, such as an identity provider's. Over a shared store it is one
    replica of several, which wake each other over the `bus` (without one they look every second) and keep the bytes of
    artifacts in `blobs`.
    """

    def __init__(
        self,
        settings: HubSettings,
        *,
        store: Store,
        index: AgentIndex,
        clock: Clock,
        new_id: NewId,
        split: Split = _whole,
        tracer: Tracer = SILENT,
        authenticators: Sequence[Authenticator] = (),
        bus: Bus | None = None,
        blobs: Blobs | None = None,
    ) -> None:
        limits = settings.limits
        store, heard = heard_store(store) if store.shared else (store, None)
        self.settings = settings
        self.clock = clock
        self.new_id = new_id
        self.store = store
        self.sessions = Sessions()
        self.duty = Duty(held=heard is None)
        name = new_id() if heard is not None else ""
        shared = SharedPresence(self.sessions, store, name, self._came) if heard is not None else None
        self.presence = shared or Presence(self.sessions)
        refresh = self._refreshed if heard is not None else None
        self.watchers = Watchers()
        self.metrics = Metrics()
        self.groups = GroupLog(store, limits.cached_groups)
        self.goal_book = GoalBook(store)
        self.ledger = Ledger(store, self.groups, self.goal_book, clock, new_id, self._publish, refresh)
        self.registry = Registry(store, index, clock, limits, settings.visibility)
        self.sight = Sight(settings.teams, self.registry.owner_of)
        self.query = AgentQuery(
            self.registry, self.presence, index, self.sight, split=split, threads=limits.search_threads
        )
        self.artifacts = Artifacts(
            store, settings.data_dir / "artifacts", clock, new_id, max_bytes=limits.artifact_bytes, blobs=blobs
        )
        self.routing = MessageRouting(self.ledger, self.sessions, self.artifacts)
        self._traces = HubTraces(tracer, store, self.goal_book, self.begin)
        self.setup = GroupSetup(
            self.registry, self.sight, self.groups, self.goal_book, self.ledger, self.artifacts, self._traces
        )
        self.accounts = Accounts(store, self.goal_book, self.groups, clock)
        self._alarms = Alarms(clock)
        self.audit = Audit(store, clock, new_id)
        self.tokens = Tokens(settings, store, self.registry, self.audit, clock, new_id)
        self.retention = Retention(store, self.tokens.known, clock, self.duty, limits.ended_tokens_s)
        self.streams = StreamedWires()
        self.refusals = Refusals(self.groups, self.watchers, clock)
        self.sign_in_codes = SignInCodes(store, self.tokens, clock)
        self.quotas = QuotaBook(
            settings.quotas, store, clock, self.audit, self.goal_book, self.accounts, self.registry.owner_of
        )
        self.registry.check_quota = self.quotas.agent
        self.registry.quota = lambda user: self.quotas.of_user(user).agents
        self.registry.catch_up = self.catch_up
        self.routing.quotas = self.setup.quotas = self.artifacts.quotas = self.quotas
        self.accounts.check_quota = self.quotas.spend
        self.leases = self.tokens.leases = Leases(self._alarms, clock, self.tokens.known.check)
        self.tokens.catch_up = self.catch_up
        self.sign_in = SignIn(self.tokens.known, self.audit, self._alarms, clock, limits, authenticators, self.catch_up)
        grace = Grace(store, clock)
        self.deadlines = Deadlines(store, self.groups, self.ledger, self._alarms, clock, self.begin, self.duty, grace)
        admission = GoalAdmission(store, self.goal_book, self.ledger, self.quotas, limits.open_goals_a_user)
        admission.catch_up = self.catch_up
        self.goals = Goals(
            self.goal_book,
            self.groups,
            self.ledger,
            self.registry,
            self.query,
            self.sight,
            self.sessions,
            self.presence,
            self.duty,
            self.artifacts,
            self._alarms,
            clock,
            self.begin,
            self._traces,
            admission=admission,
            grace=grace,
        )
        self.sharing = Sharing(self, heard, bus, shared, name) if heard is not None and shared is not None else None
        self._loop = ConnectionLoop(self)
        self._lock = DataLock(settings.data_dir)
        self._background: set[asyncio.Task[None]] = set()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Lock the data, read it, and arm every wait again. Raises `DataLocked`, `StoreUnavailable`."""
        if self.sharing is None:
            await asyncio.to_thread(self._lock.take)
        try:
            await asyncio.to_thread(self.tokens.known.load_configured)
            await asyncio.to_thread(self.artifacts.start)
            await self.store.open()
            if self.sharing is not None:
                await self.sharing.start()
            await self.audit.start()
            await self.tokens.start()
            await self.quotas.start()
            await self.registry.start()
            await self.goal_book.start()
            self._running = asyncio.create_task(self._run(), name="ioa-hub")
            if self.duty.held:
                await self.deadlines.rearm()
                await self.goals.resume()
        except BaseException:
            await self.stop()
            raise

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._alarms.run())
            group.create_task(self.registry.run_indexing())
            group.create_task(self.retention.run())
            if self.sharing is not None:
                group.create_task(self.sharing.replica.run())

    async def stop(self) -> None:
        """End all connections (1001) and let the data go. May be called twice."""
        self.sessions.end_all(GOING_AWAY, "the hub stops; connect again later")
        self.watchers.close()
        tasks = [*self._background, *([self._running] if self._running is not None else [])]
        self._running = None
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError, Exception):  # they are logged where they end
                await task
        await self._loop.drained()
        self.sign_in.tell()
        if self.sharing is not None:
            await self.sharing.replica.stop()
        await self.store.close()
        await asyncio.to_thread(self._lock.release)

    @property
    def running(self) -> bool:
        """Is it started, and does all of it go on?"""
        return self._running is not None and not self._running.done()

    def begin(self, work: Coroutine[object, object, None]) -> None:
        """Run something in the background until it ends or the hub stops."""
        if self._running is None:
            work.close()
            return
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Effect runner: a decision that fails is logged and must not stop the others."""
        self._background.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("a background decision failed", exc_info=error)

    def _publish(self, unit: Unit, positions: tuple[int, ...]) -> None:
        """A unit is durable: tell everybody whom it concerns."""
        if self.sharing is not None:  # they are told in the order of the log, with what others have written
            self.routing.remember(unit)
            self._traces.published(unit)
            return
        self.routing.forward(unit, positions)
        self.metrics.published(unit, self.clock.now_s())
        for comm_id in unit.changed:
            chat = self.groups.peek(comm_id)
            if chat is not None:
                self.deadlines.watch(chat)
        for goal in unit.goals.values():
            self.goals.changed(goal)
        self._traces.published(unit)
        if self.watchers:
            self.watchers.wake({group.goal_id for group in unit.changed.values()} | unit.goals.keys())

    async def _refreshed(self, unit: Unit) -> bool:
        return self.sharing is not None and await self.sharing.refreshed(unit)

    def _came(self, name: str) -> None:
        if self.sharing is not None:
            self.sharing.came(name)

    async def catch_up(self) -> bool:
        """Take in all that other replicas have written until now. False for a hub alone, which knows it all.

        Raises `StoreUnavailable`."""
        if self.sharing is not None:
            await self.sharing.replica.follower.caught_up()
        return self.sharing is not None

    def identify(self, token: str) -> Identity:
        """Whose token this is, of those that this hub has made. Raises `Refused` (not_authenticated)."""
        identity = self.tokens.known.find(token_hash(token))
        if identity is None:
            raise Refused("not_authenticated", UNKNOWN)
        return identity

    async def serve(self, connection: Connection, peer: Peer = HERE) -> None:
        """Talk to one agent over an open connection until either end closes it. Never raises because of the peer."""
        await self._loop.serve(PulledWire(connection), peer)

    def serve_wire(self, wire: Wire, peer: Peer) -> None:
        """`serve` for a wire that calls back, in the background."""
        self._loop.begin(wire, peer)
