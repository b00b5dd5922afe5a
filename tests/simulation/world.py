"""One history: a hub, clients, goals and accidents, all out of one seed, until everything has come to rest."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from ioa.client import Client, ClientSettings
from ioa.client.client import JobCrashed
from ioa.client.events import ClientEvent, EntryTaken, LogUnreadable
from ioa.hub.goals import NewGoal
from ioa.hub.hub import Hub
from ioa.hub.settings import HubSettings
from ioa.ports.store import StoreUnavailable
from ioa.ports.transport import Connection, ConnectionLost
from ioa.protocol.cards import Card
from ioa.protocol.errors import Refused
from ioa.protocol.messages import Budgets, Interjection
from tests.chaos.checker import Violation, check
from tests.chaos.history import AgentRun, History, read_journal, read_store
from tests.hub.network import WordIndex
from tests.simulation.bus import Exchange, SimBus
from tests.simulation.disk import Disk, LastingJournal, StoreOfProcess
from tests.simulation.faults import Fault, schedule
from tests.simulation.loop import Process, SimClock, SimLoop
from tests.simulation.people import DiceAgent, DicePolicy
from tests.simulation.wire import End, Habits, Wire

USER_TOKEN = "the-token-of-the-one-user-of-this-world"
REST_S = 3_600.0
MENDED_BY_TIME = frozenset(
    {
        "members_hold_the_log",
        "everything_ended",
        "goals_match_their_groups",
        "nested_results_match",
        "states_are_the_replay",
        "tasks_run_once",
    }
)
"""What a history that has not come to rest may still break."""
MOST_STEPS = 3_000_000


@dataclass(frozen=True)
class Setup:
    """What a seed makes. `faults` None: drawn from the seed; a list: these and no others."""

    seed: int
    faults: tuple[Fault, ...] | None = None


@dataclass
class Outcome:
    """What became of a history. `steps` are callbacks of the loop, `trace` the digest of the hub's log and of the time
    it took: the same seed gives the same."""

    seed: int
    violations: list[Violation]
    faults: tuple[Fault, ...]
    steps: int = 0
    entries: int = 0
    goals: int = 0
    groups: int = 0
    nested: int = 0
    lasted_s: float = 0.0
    trace: str = ""
    history: History = field(default_factory=History, repr=False)


@dataclass
class HubPlace:
    """Where a hub runs, the only one or one replica, over all its lives."""

    number: int
    process: Process | None = None
    hub: Hub | None = None
    store: StoreOfProcess | None = None
    down_until_s: float = 0.0
    lives: int = 0


@dataclass
class Resident:
    """An agent over all its lives."""

    number: int
    card: Card
    token: str
    journal: LastingJournal
    process: Process | None = None
    client: Client | None = None
    wire: Wire | None = None
    at: HubPlace | None = None
    lives: int = 0
    wanted: bool = True
    down_until_s: float = 0.0
    dice: Random = field(default_factory=Random)


class World:
    """See the module. `run` gives the outcome."""

    def __init__(self, setup: Setup, folder: Path) -> None:
        self.setup = setup
        self.folder = folder
        self.dice = Random(f"{setup.seed} world")
        self.ids = Random(f"{setup.seed} ids")
        self.history = History()
        self.crashes: list[Violation] = []
        dice = self.dice
        self.clocks = dice.random() < 0.2
        hostile = dice.random() < 0.3
        self.habits = Habits(
            Random(f"{setup.seed} wires"),
            latency_s=dice.choice((0.0005, 0.01, 0.1)),
            repeats=0.02 if hostile else 0.0,
            swaps=0.01 if hostile else 0.0,
        )
        self.places = [HubPlace(number) for number in range(dice.choice((1, 1, 1, 2, 3)))]
        latency_s = dice.choice((0.0002, 0.005, 0.05))
        self.disk = Disk(Random(f"{setup.seed} disk"), latency_s, shared=len(self.places) > 1)
        self.exchange = Exchange(Random(f"{setup.seed} bus"), self.habits.latency_s)
        self.clients = dice.randint(2, 7)
        self.goals = dice.randint(1, 6)
        self.within_s = dice.choice((5.0, 30.0, 120.0))
        count = dice.choice((0, 2, 5, 12, 30))
        drawn = schedule(
            dice,
            count=count,
            within_s=self.within_s,
            clients=self.clients,
            clocks=self.clocks,
            replicas=len(self.places) > 1,
        )
        self.faults = tuple(drawn) if setup.faults is None else setup.faults
        self.slack_s = 10.0
        self.residents: list[Resident] = []
        self.loop: SimLoop = asyncio.get_running_loop()  # pyright: ignore[reportAttributeAccessIssue] - it is ours
        self._jobs: set[asyncio.Task[Any]] = set()

    def new_id(self) -> str:
        return f"{self.ids.getrandbits(128):032x}"

    async def run(self) -> Outcome:
        await self.disk.truth.open()
        for place in self.places:
            await self.start_hub(place)
        await self.register()
        for resident in self.residents:
            self.start_client(resident)
        self.begin(self.supervise())
        asked = [self.begin(self.person(number)) for number in range(self.goals)]
        for fault in self.faults:
            await asyncio.sleep(max(0.0, fault.at_s - self.loop.time()))
            await self.happen(fault)
        await asyncio.gather(*asked)
        rested = await self.come_to_rest()
        history = await self.gather()
        violations = check(history, slack_s=None if self.clocks else self.slack_s)
        violations += self.crashes
        if not rested and not violations:
            violations.append(Violation("everything_ended", "world", f"does not come to rest within {REST_S:g} s"))
        await self.end()
        log = [(entry.pos, entry.comm_id, entry.seq, entry.at) for entry in history.entries]
        return Outcome(
            seed=self.setup.seed,
            violations=violations,
            faults=self.faults,
            steps=self.loop.steps,
            entries=len(history.entries),
            goals=len(history.goals),
            groups=len(history.groups),
            nested=sum(bool(row.parent) for row in history.groups),
            lasted_s=self.loop.time(),
            history=history,
            trace=hashlib.sha256(json.dumps([log, self.loop.time()]).encode()).hexdigest()[:16],
        )

    def begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
        return task

    # Processes

    def running(self) -> list[HubPlace]:
        return [place for place in self.places if place.hub is not None and place.process and place.process.alive]

    async def start_hub(self, place: HubPlace) -> None:
        process = place.process = Process(f"hub {place.number} {place.lives}")
        place.lives += 1
        folder = self.folder / f"hub {place.number}"
        folder.mkdir(exist_ok=True)
        store = place.store = StoreOfProcess(self.disk, process)
        bus = SimBus(self.exchange, process) if len(self.places) > 1 else None

        async def boot() -> Hub:
            hub = Hub(
                HubSettings(data_dir=folder, users={"me": USER_TOKEN}),
                store=store,  # pyright: ignore[reportArgumentType] - reads are made on demand
                index=WordIndex(),
                clock=SimClock(process),
                new_id=self.new_id,
                bus=bus,
            )
            try:
                await hub.start()
            except BaseException:
                hub._lock.release()
                raise
            return hub

        try:
            hub = await process.spawn(boot())
        except (StoreUnavailable, asyncio.CancelledError):
            process.kill()
            await process.gone()
            return
        if process.alive:
            place.hub = hub

    async def kill_hub(self, place: HubPlace) -> None:
        process, hub, store = place.process, place.hub, place.store
        place.hub = None
        if process is None or not process.alive:
            return
        process.kill()
        for resident in self.residents:
            if resident.wire is not None and resident.at is place:
                resident.wire.cut()
        await process.gone()
        if hub is not None:
            hub._lock.release()
        if store is not None:
            await store.died()

    async def register(self) -> None:
        for number in range(self.clients):
            card = Card(name=f"Agent {number}", description="does things", idempotent=self.dice.random() < 0.4)
            record, token, _ = await self.as_hub(lambda hub, card=card: hub.registry.register("me", card))
            name = record.card.name
            dice = Random(f"{self.setup.seed} {name}")
            self.residents.append(Resident(number, card, token, LastingJournal(name), dice=dice))
        self.history.idempotent = frozenset(r.card.name for r in self.residents if r.card.idempotent)

    async def as_hub(self, ask: Callable[[Hub], Awaitable[Any]]) -> Any:
        """What the hub answers, if it lives; raises `ConnectionLost` if it does not answer before it dies."""
        running = self.running()
        if not running:
            raise ConnectionLost(1006, "the hub is down")
        place = self.dice.choice(running)
        hub, process = place.hub, place.process
        assert hub is not None
        assert process is not None

        async def asking() -> Any:
            return await ask(hub)

        task = process.spawn(asking())
        try:
            answer = await asyncio.shield(task)
        except asyncio.CancelledError:
            if not process.alive:
                raise ConnectionLost(1006, "the hub died") from None
            raise
        if not process.alive:
            raise ConnectionLost(1006, "the hub died")
        return answer

    def start_client(self, resident: Resident) -> None:
        process = resident.process = Process(f"{resident.card.name} {resident.lives}")
        resident.lives += 1
        resident.journal.process = process
        resident.journal.doom = None
        process.skew_s = resident.dice.uniform(-3_600, 3_600) if self.clocks else 0.0
        name = resident.card.name

        def heard(event: ClientEvent) -> None:
            if not process.alive:
                return
            match event:
                case EntryTaken(message=message):
                    self.history.taken.setdefault(name, []).append((message.comm_id, message.seq))
                case LogUnreadable():
                    self.history.unreadable.append(f"{name} {event.comm_id} {event.code} {event.rule}")
                case JobCrashed():
                    self.crashes.append(Violation("nothing_crashes", name, f"{event.job}: {event.error}"))
                case _:
                    pass

        def note(phase: str, task_id: str) -> None:
            if process.alive:
                self.history.runs.append(AgentRun(name, task_id.rpartition(".")[0], task_id, phase))

        async def live() -> None:
            clock = SimClock(process)
            everybody = tuple(other.card.name for other in self.residents if other is not resident)
            client = Client(
                card=resident.card,
                agent=DiceAgent(resident.dice, clock, note),
                policy=DicePolicy(resident.dice, clock, everybody),
                transport=_Transport(self, resident, process),
                artifacts=_NoFiles(),  # pyright: ignore[reportArgumentType] - nobody makes files here
                clock=clock,
                new_id=self.new_id,
                random=resident.dice,
                settings=ClientSettings(
                    token=resident.token, max_concurrent_tasks=2, work_folder=self.folder / f"work {resident.number}"
                ),
                journal=resident.journal,
                listener=heard,
            )
            resident.client = client
            await client.run()

        task = process.spawn(live())

        def ended(done: asyncio.Task[None]) -> None:
            error = None if done.cancelled() else done.exception()
            if process.alive:
                process.kill()
                if not done.cancelled():
                    self.crashes.append(Violation("nothing_crashes", name, f"the client ended: {error!r}"))

        task.add_done_callback(ended)

    async def kill_client(self, resident: Resident) -> None:
        process = resident.process
        resident.client = None
        if process is None:
            return
        process.kill()
        if resident.wire is not None:
            resident.wire.cut()
        await process.gone()
        resident.process = None

    async def supervise(self) -> None:
        """Starts again what has died, when its time has come."""
        while True:
            await asyncio.sleep(0.05)
            now_s = self.loop.time()
            for place in self.places:
                if place.hub is None and now_s >= place.down_until_s and not self.disk.away:
                    if place.process is not None and place.process.alive:
                        await self.kill_hub(place)
                    await self.start_hub(place)
            for resident in self.residents:
                process = resident.process
                if process is not None and not process.alive:  # it died at a write of its own
                    await self.kill_client(resident)
                if resident.process is None and now_s >= resident.down_until_s:
                    self.start_client(resident)

    # Accidents

    async def happen(self, fault: Fault) -> None:
        now_s = self.loop.time()
        resident = self.residents[fault.client % len(self.residents)]
        self.slack_s += fault.lasts_s
        place = self.places[fault.number % len(self.places)]
        match fault.kind:
            case "kill hub":
                self.slack_s += 35.0  # the grace after a start
                place.down_until_s = now_s + fault.lasts_s
                await self.kill_hub(place)
            case "stop hub" if place.process is not None:
                self.slack_s += 35.0  # another may begin to lead
                place.process.stop()
                self.later(fault, place.process.go_on)
            case "hub without store" if (store := place.store) is not None:
                self.slack_s += 35.0
                store.away = True
                self.later(fault, lambda: setattr(store, "away", False))
            case "bus cut":
                self.exchange.cut = True
                self.later(fault, self.exchange.mend)
            case "disk full":
                self.disk.full = True
                self.later(fault, lambda: setattr(self.disk, "full", False))
            case "store away":
                self.disk.away = True
                self.later(fault, lambda: setattr(self.disk, "away", False))
            case "store slow":
                self.disk.latency_s = self.disk.usual_latency_s * 20
                self.slack_s += 60.0
                self.later(fault, lambda: setattr(self.disk, "latency_s", self.disk.usual_latency_s))
            case "kill":
                resident.down_until_s = now_s + fault.lasts_s
                await self.kill_client(resident)
            case "kill at a write":
                resident.down_until_s = now_s + fault.lasts_s
                resident.journal.doom = (fault.number, fault.number % 2 == 0)
            case "stop" if resident.process is not None:
                resident.process.stop()
                self.later(fault, resident.process.go_on)
            case "cut" if resident.wire is not None:
                resident.wire.cut()
            case "silence" if resident.wire is not None:
                resident.wire.silent = True
                self.later(fault, resident.wire.speak)
            case "lose journal":
                await self.kill_client(resident)
                resident.journal.db.close()
                resident.journal = LastingJournal(resident.card.name)
                self.history.taken.pop(resident.card.name, None)
            case "hub clock jumps" if place.process is not None:
                place.process.skew_s += self.dice.uniform(-7_200, 7_200)
            case "client clock jumps" if resident.process is not None:
                resident.process.skew_s += self.dice.uniform(-7_200, 7_200)
            case _:
                pass

    def later(self, fault: Fault, mend: Callable[[], None]) -> None:
        self.loop.call_later(fault.lasts_s, mend)

    # People

    async def person(self, number: int) -> None:
        """Asks for one goal, until the hub has said that it has it; may say more, and may change its mind."""
        dice = Random(f"{self.setup.seed} person {number}")
        await asyncio.sleep(dice.uniform(0, self.within_s))
        goal_id = f"goal-{number}"
        budgets = Budgets(
            turns=dice.choice((5, 20, 60)),
            depth=dice.choice((0, 1, 3)),
            turn_timeout_s=dice.choice((5.0, 20.0)),
            task_timeout_s=dice.choice((10.0, 60.0)),
            group_timeout_s=dice.choice((40.0, 300.0)),
            calls=dice.choice((0, 3, 500)),
            tokens=dice.choice((3_000, 2_000_000)),
            cost_usd=dice.choice((None, 0.05)),
        )
        names = [resident.card.name for resident in self.residents]
        new = NewGoal(
            goal_id=goal_id,
            goal=f"does things, number {number}",
            owner="@me",
            max_turns=dice.choice((3, 8, 20)),
            budgets=budgets,
            initiator=dice.choice(names) if dice.random() < 0.3 else None,
            team=tuple(dice.sample(names, dice.randint(1, len(names)))) if dice.random() < 0.2 else (),
        )
        await self.insist(lambda hub: hub.goals.create(new))
        self.history.asked.append(goal_id)
        if dice.random() < 0.2:
            await asyncio.sleep(dice.uniform(0, 60))
            await self.interject(goal_id)
        if dice.random() < 0.1:
            await asyncio.sleep(dice.uniform(0, 60))
            await self.insist(lambda hub: hub.goals.cancel(goal_id))

    async def interject(self, goal_id: str) -> None:
        record = await self.insist(lambda hub: hub.goal_book.load(goal_id))
        if record.comm_id is None or record.final:
            return
        message = Interjection(sender="@me", comm_id=record.comm_id, message_id=self.new_id(), content="faster!")
        try:
            accepted = await self.insist(lambda hub: hub.routing.post("@me", message))
        except Refused as refused:
            if refused.code == "concluded":
                return
            raise
        self.history.acknowledged.append(("@me", message.message_id, accepted.seq))

    async def insist(self, ask: Callable[[Hub], Awaitable[Any]]) -> Any:
        while True:
            try:
                return await self.as_hub(ask)
            except (ConnectionLost, StoreUnavailable):
                await asyncio.sleep(1.0)

    # The end

    async def come_to_rest(self) -> bool:
        """All accidents are over: wait until nothing is left to do."""
        until_s = self.loop.time() + REST_S
        while self.loop.time() < until_s:
            await asyncio.sleep(5.0)
            if len(self.running()) < len(self.places) or any(
                r.client is None or not r.client.connected for r in self.residents
            ):
                continue
            history = await self.gather()
            ended = all(row.state == "conclusion" for row in history.groups) and all(g.final for g in history.goals)
            left = {violation.rule for violation in check(history)}
            if left - MENDED_BY_TIME:
                return True
            if ended and not left:
                await asyncio.sleep(5.0)
                return True
        return False

    async def gather(self) -> History:
        found = History(
            acknowledged=self.history.acknowledged,
            launched=self.history.launched,
            asked=self.history.asked,
            taken=self.history.taken,
            unreadable=self.history.unreadable,
            runs=self.history.runs,
            idempotent=self.history.idempotent,
        )
        await read_store(found, self.disk.truth)
        for resident in self.residents:
            found.members[resident.card.name] = read_journal(resident.journal.db)
            if resident.client is None:
                continue
            for row in found.groups:
                group = resident.client.group(row.comm_id)
                if group is not None:
                    found.states[resident.card.name, row.comm_id] = group
        return found

    async def end(self) -> None:
        for task in tuple(self._jobs):
            task.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        for resident in self.residents:
            await self.kill_client(resident)
        for place in self.places:
            await self.kill_hub(place)


class _Transport:
    """How a simulated client reaches the hub that lives now."""

    def __init__(self, world: World, resident: Resident, process: Process) -> None:
        self._world = world
        self._resident = resident
        self._process = process

    async def connect(self) -> Connection:
        world = self._world
        await asyncio.sleep(world.habits.dice.expovariate(1 / world.habits.latency_s))
        await self._process.going()
        running = world.running()
        if not running:
            raise ConnectionLost(1006, "the hub is down")
        place = self._resident.at = world.habits.dice.choice(running)
        hub, hub_process = place.hub, place.process
        assert hub is not None
        assert hub_process is not None
        wire = self._resident.wire = Wire(world.habits)
        theirs = End(hub_process, wire, wire.there, wire.back)

        async def serve() -> None:
            try:
                await hub.serve(theirs)
            finally:
                wire.cut(1006, "the hub's end is gone")

        hub_process.spawn(serve())
        return End(self._process, wire, wire.back, wire.there, self._saw)

    def _saw(self, data: bytes) -> None:
        if not self._process.alive:
            return
        if data.startswith(b'{"frame":"accepted"'):
            frame = json.loads(data)
            name = self._resident.card.name
            self._world.history.acknowledged.append((name, frame["message_id"], frame["seq"]))
        elif data.startswith(b'{"frame":"launched"'):
            self._world.history.launched.append(json.loads(data)["comm_id"])


class _NoFiles:
    """Nobody has files here."""


class _Errors(logging.Handler):
    """Errors of the program that it has kept to itself."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            self._world.crashes.append(Violation("nothing_crashes", record.name, f"{record.getMessage()}: {error!r}"))


def simulate(setup: Setup) -> Outcome:
    """One history, from nothing to rest."""
    loop = SimLoop()
    loop.most_steps = MOST_STEPS
    folder = Path(tempfile.mkdtemp(prefix="ioa-simulation-"))
    logger = logging.getLogger("ioa")
    level, propagate = logger.level, logger.propagate

    async def history() -> Outcome:
        world = World(setup, folder)
        errors = _Errors(world)
        logger.addHandler(errors)
        try:
            return await world.run()
        finally:
            logger.removeHandler(errors)

    logger.propagate = bool(os.environ.get("IOA_SIM_LOG"))
    try:
        return loop.run_until_complete(history())
    finally:
        logger.propagate = propagate
        logger.setLevel(level)
        loop.close()
        shutil.rmtree(folder, ignore_errors=True)
