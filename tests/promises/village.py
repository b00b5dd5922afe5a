"""A real hub and real clients under one clock that stands still, in one thread.

Work that goes to threads elsewhere is done at once here, so that it is known when nothing is left to do: time passes
only when a test lets it, and never while somebody is still busy. Agents that need a thread or a process are the
exception; tests wait for those by a condition.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import httpx
import msgspec

from ioa.adapters.artifacts.http import HttpArtifacts
from ioa.adapters.transport.memory import MemoryTransport
from ioa.client import Client, ClientSettings, Patience
from ioa.client.events import ClientEvent
from ioa.conversation.group import Group
from ioa.hub.http import build_app
from ioa.hub.settings import HubSettings, Limits
from ioa.ports.agent import Assignment, Outcome, ReportProgress
from ioa.ports.index import AgentIndex
from ioa.ports.policy import Policy
from ioa.ports.transport import Connection
from ioa.protocol.cards import Card
from ioa.protocol.codec import decode_message
from ioa.protocol.messages import AnyMessage, Artifact, Conclusion, TaskResult
from ioa.testing.clocks import ManualClock
from ioa.testing.policies import ScriptedPolicy
from tests.hub.network import Network, network, settled

ME = "my-own-token-of-more-than-20-characters"
OTHER = "the-token-of-somebody-else-at-this-hub"
BUSY_TURNS = 20_000
"""Turns of the loop after which a village that is not quiet counts as busy for ever."""
ENDED = frozenset({"completed", "partial", "failed", "cancelled"})


class AtOnce(ThreadPoolExecutor):
    """Does what it is given before it returns."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the future carries it to who asked
            done.set_exception(error)
        return done


class Worker:
    """An agent made of an async function; remembers what it was given and how often it was cancelled."""

    def __init__(self, work: Callable[[Assignment, ReportProgress], Any] | str = "") -> None:
        self._work = work
        self.got: list[Assignment] = []
        self.cancelled = 0

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        self.got.append(assignment)
        if isinstance(self._work, str):
            return Outcome(self._work or f"did {assignment.task_desc}")
        try:
            return await self._work(assignment, progress)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


async def hang(assignment: Assignment, progress: ReportProgress) -> Outcome:
    """Work that never ends."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets that event")


class Resident:
    """One client that takes part. `events` is what it told; `wires` are the hub's ends of its connections."""

    def __init__(
        self, client: Client, transport: MemoryTransport, wires: list[Connection], events: list[ClientEvent]
    ) -> None:
        self.client = client
        self.transport = transport
        self.wires = wires
        self.events = events
        self.task = asyncio.create_task(client.run())

    def saw(self, cls: type[ClientEvent]) -> list[Any]:
        return [event for event in self.events if isinstance(event, cls)]

    async def leave(self) -> None:
        """As when the process ends: nothing is said, the journal stays."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.transport.aclose()


class Village:
    """See the module. `net` is the hub with agents that speak frame by frame; `join` adds whole clients."""

    def __init__(self, net: Network, folder: Path) -> None:
        self.net = net
        self.folder = folder
        self.residents: dict[str, Resident] = {}
        self.somebody_is_always_busy = False
        self._begun: list[asyncio.Task[Any]] = []
        self._app = httpx.ASGITransport(build_app(net.hub))
        self.http = self.http_as(ME)

    @property
    def clock(self) -> ManualClock:
        return self.net.clock

    def http_as(self, token: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=self._app, base_url="http://hub.invalid", headers={"Authorization": f"Bearer {token}"}
        )

    # Who is there

    async def join(
        self,
        name: str,
        policy: Policy | None = None,
        agent: Any = None,
        description: str = "does things",
        *,
        owner: str = "me",
        observation: Any = None,
        patience: Patience | None = None,
        slots: int = 4,
        journal: str = "",
        **card: Any,
    ) -> Resident:
        """Register an agent (the first time) and let its client take part. Returns when it is welcome."""
        if name not in self.net.tokens:
            await self.net.register(name, description, owner=owner, **card)
        token = self.net.tokens[name]
        number = list(self.net.tokens).index(name)
        wires: list[Connection] = []
        events: list[ClientEvent] = []

        async def serve(connection: Connection) -> None:
            wires.append(connection)
            await self.net.hub.serve(connection)

        transport = MemoryTransport(serve)
        client = Client(
            card=Card(name=name, description=description, **card),
            agent=agent,
            policy=policy or ScriptedPolicy(),
            transport=transport,
            artifacts=HttpArtifacts(
                "http://hub.invalid", token, clock=self.clock, random=Random(1), transport=self._app
            ),
            clock=self.clock,
            new_id=lambda: uuid4().hex,
            random=Random(number),
            settings=ClientSettings(
                token=token,
                max_concurrent_tasks=slots,
                work_folder=self.folder / f"work-{number}",
                patience=patience or Patience(),
            ),
            journal=self.folder / f"journal-{number}{journal}.db",
            observation=observation,
            listener=events.append,
        )
        resident = self.residents[name] = Resident(client, transport, wires, events)
        await self.quiet()
        assert client.connected or resident.task.done()
        return resident

    async def come_back(self, name: str, policy: Policy | None = None, agent: Any = None, **more: Any) -> Resident:
        """A new process of an agent that had left, with its journal."""
        card = self.net.hub.registry.named(name).card
        fields = {"idempotent": card.idempotent, "discussion_only": card.discussion_only, "skills": card.skills}
        return await self.join(name, policy, agent, card.description, **fields, **more)

    # What is asked and answered

    async def ask(self, goal: str, **fields: Any) -> str:
        """Post a goal as its owner; its goal_id."""
        answer = await self.http.post("/v1/goals", content=msgspec.json.encode({"goal": goal, **fields}))
        assert answer.status_code == 202, answer.text
        await self.quiet()
        return answer.json()["goal_id"]

    async def goal(self, goal_id: str) -> Any:
        return (await self.http.get(f"/v1/goals/{goal_id}")).json()

    async def answer(self, goal_id: str) -> Any:
        """The goal, which must end without any time passing."""
        await self.quiet()
        found = await self.goal(goal_id)
        assert found["status"] in ENDED, (found, self.groups(goal_id))
        return found

    async def answer_within(self, goal_id: str, seconds: float, step_s: float = 1.0) -> Any:
        """The goal, which must end within so many seconds of the clock."""
        until = self.clock.monotonic_s() + seconds
        while (found := await self.goal(goal_id))["status"] not in ENDED:
            assert self.clock.monotonic_s() < until, (found, self.groups(goal_id))
            await self.pass_time(step_s)
        return found

    async def upload(self, name: str, data: bytes, media_type: str = "application/octet-stream") -> Artifact:
        answer = await self.http.put("/v1/artifacts", params={"name": name, "media_type": media_type}, content=data)
        return msgspec.json.decode(answer.raise_for_status().content, type=Artifact)

    # What has become of it

    def group(self, comm_id: str) -> Group:
        return self.net.hub.groups.get(comm_id).group

    def groups(self, goal_id: str = "") -> list[Group]:
        """All groups, or those of one goal's tree, oldest first."""
        rows = self.net.store._kept.groups.values()
        return [self.group(row.comm_id) for row in rows if goal_id in ("", row.goal_id)]

    async def log(self, comm_id: str) -> list[Any]:
        return [decode_message(entry.body) for entry in await self.net.store.log_of_group(comm_id)]

    # Time

    async def quiet(self) -> None:
        """Until nobody has anything left to do without time passing or something coming from outside."""
        loop: Any = asyncio.get_running_loop()
        for _ in range(1_000 if self.somebody_is_always_busy else BUSY_TURNS):
            await asyncio.sleep(0)
            if not loop._ready:  # nothing public tells that a loop has nothing to do
                return
        assert self.somebody_is_always_busy, "somebody is busy for ever without waiting for anything"

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Something that goes on beside the test, until the test ends."""
        self._begun.append(asyncio.create_task(work))

    async def pass_time(self, seconds: float, step_s: float = 1.0) -> None:
        """Let the clock go on in steps, each when everything that the one before has begun is done."""
        left = seconds
        while left > 0:
            await self.clock.advance(min(step_s, left))
            await self.quiet()
            left -= step_s

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait in real time for agents that have threads or processes of their own."""
        await settled(condition)

    async def close(self) -> None:
        for task in self._begun:
            task.cancel()
        for error in await asyncio.gather(*self._begun, return_exceptions=True):
            if isinstance(error, Exception):
                raise error
        for resident in self.residents.values():
            await resident.leave()
        await self.http.aclose()


@asynccontextmanager
async def village(
    folder: Path, *, index: AgentIndex | None = None, limits: Limits | None = None
) -> AsyncGenerator[Village]:
    """A hub with the users `me` and `other`, and nobody else."""
    asyncio.get_running_loop().set_default_executor(AtOnce(1))
    data = folder / "hub"
    data.mkdir()
    settings = HubSettings(data_dir=data, port=0, users={"me": ME, "other": OTHER}, limits=limits or Limits())
    async with network(data, settings=settings, index=index) as net:
        made = Village(net, folder)
        try:
            yield made
        finally:
            await made.close()


def last_conclusion(view: Any) -> Conclusion:
    """A turn for scripts: conclude with what the last task found."""
    return concluding(*[task.conclusion for task in view.group.tasks.values()][-1:])


def concluding(*found: str) -> Conclusion:
    text = "; ".join(found) or "nothing found"
    return Conclusion(sender="-", comm_id="-", message_id="-", content=text)


def results(log: Iterable[AnyMessage]) -> list[TaskResult]:
    return [message for message in log if isinstance(message, TaskResult)]
