"""A process with many clients whose teams work on goals at once: `python -m bench.scale_host SETTINGS.json`.

A team is a chair, two workers and two helpers. The chair gives both workers a task; the first worker forms a team of
its own with the helpers, and each of them gets a task. All agents answer at once, but none of the helpers before the
file `go` is there: until then every goal is open, with its nested group, at the same time.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path
from random import Random

import msgspec

from ioa.adapters.clock import SystemClock, new_id
from ioa.client import Client, ClientSettings
from ioa.client.events import ClientEvent, EntryTaken, LogUnreadable
from ioa.conversation.formation import LaunchGroupChat, SearchAgent, ToolCall
from ioa.ports.agent import Assignment, Outcome, ReportProgress
from ioa.ports.policy import Brief, GroupView, TaskView, TeamSituation, TurnMessage
from ioa.protocol.cards import Card
from ioa.testing.policies import assign, conclude
from tests.chaos.host import NotedTransport, Witness

LOOK_EVERY_S = 0.2
PLACES = 64


class Member(msgspec.Struct):
    """One client. `workers` and `helpers` are those of its team."""

    card: Card
    token: str
    workers: tuple[str, ...]
    helpers: tuple[str, ...]


class ScaleSettings(msgspec.Struct):
    """What a process runs."""

    url: str
    folder: str
    witness: str
    members: tuple[Member, ...]


class TeamPolicy:
    """Says what the module's text says. The chair of every tenth goal searches first."""

    name = "scale"

    def __init__(self, member: Member) -> None:
        self._member = member

    async def next_tool(self, situation: TeamSituation) -> ToolCall:
        if not situation.found and not situation.nested and situation.goal.endswith("0"):
            return SearchAgent(("prices monthly invoices and flights for rural teachers",))
        return LaunchGroupChat(self._member.helpers if situation.nested else self._member.workers)

    async def turn(self, view: GroupView) -> TurnMessage:
        tasks = view.group.tasks.values()
        if not tasks:
            others = self._member.helpers if view.group.parent is not None else self._member.workers
            return assign(*((name, f"part {number} of: {view.group.goal}") for number, name in enumerate(others)))
        return conclude("; ".join(task.conclusion for task in tasks))

    async def brief(self, view: TaskView) -> Brief:
        return Brief(view.task.task_abstract, view.task.task_desc)

    async def needs_team(self, view: TaskView) -> bool:
        return view.group.parent is None and self._member.card.name == self._member.workers[0]


class TeamAgent:
    """Answers at once; a helper only when all goals have come so far. `ran` notes that."""

    def __init__(self, member: Member, settings: ScaleSettings, witness: Witness) -> None:
        self._name = member.card.name
        self._waits = self._name in member.helpers
        self._go = Path(settings.folder) / "go"
        self._witness = witness

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        comm_id = assignment.task_id.rpartition(".")[0]
        self._witness.note("begin", self._name, comm_id, assignment.task_id)
        while self._waits and not self._go.exists():  # noqa: ASYNC110 - another process says so
            await asyncio.sleep(LOOK_EVERY_S)
        self._witness.note("end", self._name, comm_id, assignment.task_id)
        return Outcome(f"{self._name} did it")


class _NoFiles:
    """Nobody has files here."""


def client_of(member: Member, settings: ScaleSettings, witness: Witness) -> Client:
    name = member.card.name

    def heard(event: ClientEvent) -> None:
        if isinstance(event, EntryTaken):
            witness.note("taken", name, event.message.comm_id, event.message.seq)
        elif isinstance(event, LogUnreadable):
            witness.note("unreadable", name, event.comm_id, event.code, event.rule)

    transport = NotedTransport(settings.url, name, witness)
    return Client(
        card=member.card,
        agent=TeamAgent(member, settings, witness),
        policy=TeamPolicy(member),
        transport=transport,
        artifacts=_NoFiles(),  # pyright: ignore[reportArgumentType] - nobody makes files here
        clock=SystemClock(),
        new_id=new_id,
        random=Random(name),
        settings=ClientSettings(
            token=member.token, max_concurrent_tasks=PLACES, work_folder=Path(settings.folder) / f"work {name}"
        ),
        journal=Path(settings.folder) / f"{name}.sqlite",
        listener=heard,
    )


async def main(settings: ScaleSettings) -> None:
    witness = Witness(settings.witness)
    async with asyncio.TaskGroup() as group:
        for member in settings.members:
            group.create_task(client_of(member, settings, witness).run())


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(main(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=ScaleSettings)))
