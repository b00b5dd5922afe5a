"""The client: the wrapper around one agent, put together from the blocks of Figure 1.

Deliveries are stored, folded and then looked at by the blocks; whatever takes time is a job. One `Client` object lives
for one `run`; what must survive it is in the journal. Source: IoA paper, 2.2.2 and A.2.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from msgspec.structs import replace

from ioa.client.agent_contact import AgentContact
from ioa.client.communication import Communication, Observation
from ioa.client.connection import HubConnection
from ioa.client.decisions import AgentSearch
from ioa.client.events import ClientEvent, EntryTaken, JobCrashed, Listener, LogUnreadable, PostRefused, nobody_listens
from ioa.client.group_info import GroupInfo
from ioa.client.handshake import Patience
from ioa.client.jobs import Jobs, Key, leaf
from ioa.client.journal import Journal
from ioa.client.purse import purses
from ioa.client.task_management import TaskManagement
from ioa.client.team_formation import TeamFormation
from ioa.conversation.group import Group
from ioa.ports.agent import Agent
from ioa.ports.artifacts import ArtifactExchange
from ioa.ports.clock import Clock, NewId
from ioa.ports.policy import Policy
from ioa.ports.tracing import SILENT, Tracer
from ioa.ports.transport import Transport
from ioa.protocol.cards import Card, Evaluation
from ioa.protocol.errors import ProtocolError, Refused
from ioa.protocol.frames import Delivery, GoalOffer, Refusal, UpdateCard
from ioa.protocol.messages import AnyMessage, Turn
from ioa.protocol.names import clean_name, printable

PUBLISH_AFTER_S = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """How one client behaves. `nested_depth`: how deep its own teams may be nested (None: as the goal allows).
    `work_folder` is where tasks get their folders; without one, a temporary place."""

    token: str = field(repr=False)
    max_concurrent_tasks: int = 4
    nested_teams: bool = True
    nested_depth: int | None = None
    work_folder: Path | None = None
    search_limit: int = 20
    patience: Patience = field(default_factory=Patience)


class Client:
    """One agent in the network. `await run()` until it is cancelled.

    `agent` None, or a card that says `discussion_only`: it takes part in conversations and does no tasks; `observation`
    supplies what it sees (A.4.3). `journal` is a file of its own, or ":memory:".
    """

    def __init__(
        self,
        *,
        card: Card,
        agent: Agent | None,
        policy: Policy,
        transport: Transport,
        artifacts: ArtifactExchange,
        clock: Clock,
        new_id: NewId,
        random: Random,
        settings: ClientSettings,
        journal: Journal | Path | str = ":memory:",
        observation: Observation | None = None,
        listener: Listener = nobody_listens,
        tracer: Tracer = SILENT,
    ) -> None:
        """Raises `Refused` (bad_name) for the card's name and `JournalFailed` for a file that cannot be used."""
        self.card = replace(card, name=clean_name(card.name))
        self.policy = policy
        self._agent = None if card.discussion_only else agent
        self._artifacts = artifacts
        self._clock = clock
        self._new_id = new_id
        self._settings = settings
        self._observation = observation
        self._listener = listener
        self._tracer = tracer
        self._journal = journal if isinstance(journal, Journal) else Journal(journal, self.card.name)
        self._groups = GroupInfo(self.card.name)
        self._contacts = AgentContact(self.card.name, self._journal)
        self._connection = HubConnection(
            agent=self.card.name,
            token=settings.token,
            transport=transport,
            journal=self._journal,
            clock=clock,
            random=random,
            receiver=self,
            listener=listener,
            patience=settings.patience,
        )
        self._search = AgentSearch(self._connection, self._contacts, new_id, settings.search_limit)
        self._fetched_again: set[str] = set()
        self._news = asyncio.Event()
        self._formation: TeamFormation
        self._communication: Communication
        self._tasks: TaskManagement

    @property
    def connected(self) -> bool:
        """Whether the hub has welcomed this client and the wire is up."""
        return self._connection.connected

    @property
    def contacts(self) -> Mapping[str, Evaluation]:
        """Whom this client has worked with, and how that went."""
        return self._contacts.contacts

    def group(self, comm_id: str) -> Group | None:
        """The state of a group as far as it was delivered."""
        return self._groups.get(comm_id)

    async def update_card(self, card: Card) -> None:
        """Publish a new description; where cards of this agent are signed, a signed one. Raises `Refused`."""
        await self._connection.ask(UpdateCard(request_id=self._new_id(), card=replace(card, name=self.card.name)))

    async def run(self) -> None:
        """Take part until cancelled. Raises `ClientEnded` when the hub does not want this client, and `JournalFailed`
        when its file can no longer be written."""
        temporary = tempfile.TemporaryDirectory(prefix="ioa-", ignore_cleanup_errors=True)
        folder = self._settings.work_folder or Path(temporary.name)
        try:
            async with asyncio.TaskGroup() as group:
                jobs = Jobs(group, self._job_ended)
                try:
                    self._put_together(jobs, folder)
                    self._load()
                    jobs.start(("contacts",), self._publish())
                    await self._connection.run()
                finally:
                    jobs.close()
        except BaseExceptionGroup as errors:
            raise leaf(errors) from errors
        finally:
            self._journal.close()
            temporary.cleanup()

    def _put_together(self, jobs: Jobs, folder: Path) -> None:
        purse = purses(self._connection, self._new_id, jobs)
        self._formation = TeamFormation(
            card=self.card,
            policy=self.policy,
            connection=self._connection,
            contacts=self._contacts,
            search=self._search,
            jobs=jobs,
            clock=self._clock,
            listener=self._listener,
            purse=purse,
            tracer=self._tracer,
        )
        self._communication = Communication(
            card=self.card,
            policy=self.policy,
            groups=self._groups,
            connection=self._connection,
            contacts=self._contacts,
            search=self._search,
            jobs=jobs,
            clock=self._clock,
            listener=self._listener,
            observation=self._observation,
            purse=purse,
            tracer=self._tracer,
        )
        self._tasks = TaskManagement(
            card=self.card,
            agent=self._agent,
            policy=self.policy,
            groups=self._groups,
            connection=self._connection,
            journal=self._journal,
            contacts=self._contacts,
            search=self._search,
            formation=self._formation,
            artifacts=self._artifacts,
            jobs=jobs,
            clock=self._clock,
            new_id=self._new_id,
            listener=self._listener,
            places=self._settings.max_concurrent_tasks,
            nested_teams=self._settings.nested_teams,
            nested_depth=self._settings.nested_depth,
            folder=folder,
            purse=purse,
            tracer=self._tracer,
        )

    def _load(self) -> None:
        """Fold the stored logs. One that cannot be folded is fetched again from the hub."""
        for comm_id in self._journal.open_groups():
            try:
                self._groups.load(self._journal.log(comm_id))
            except ProtocolError as error:
                _log.error("the stored log of %s cannot be read: %s", comm_id, printable(error.rule))
                self._groups.forget(comm_id)
                self._journal.rewind(comm_id)
                self._connection.rewound()

    # What arrives

    def welcomed(self) -> None:
        """The connection is up: see to everything that was left open."""
        self._news.set()
        self._communication.welcomed()
        for group in self._groups.open():
            self._look(group)

    def forgotten(self) -> None:
        """The hub is not the one that this client knew."""
        self._communication.forget()
        self._tasks.forget()
        self._groups.clear()

    def offered(self, offer: GoalOffer) -> None:
        self._formation.offered(offer)

    def delivered(self, delivery: Delivery) -> None:
        """Store and fold one entry, then see what is to be done."""
        message = delivery.message
        try:
            judged = self._groups.judge(message, delivery.at)
        except Refused as error:
            self._unreadable(delivery, error)
            return
        if judged is None:
            self._journal.pass_over(delivery.cursor)
            return
        evaluations, evaluated = self._contacts.evaluate(judged, self._groups.chat(message.comm_id))
        self._journal.take(delivery, ended=judged.group.ended, evaluations=evaluations, tasks_evaluated=evaluated)
        self._contacts.keep(evaluations)
        if evaluations:
            self._news.set()
        self._groups.keep(judged)
        self._tell(EntryTaken(judged.group, message, judged.effects, delivery.at))
        self._look(judged.group)

    def accepted(self, message: AnyMessage) -> None:
        """The hub has it; what follows comes as a delivery."""

    def refused(self, message: AnyMessage, refusal: Refusal) -> None:
        """Turns are decided again, tasks end with the reason."""
        self._tell(PostRefused(message, refusal.code, refusal.rule))
        _log.info("the hub refused a %s (%s): %s", type(message).__name__, refusal.code, printable(refusal.rule))
        error = Refused(refusal.code, refusal.rule, legal=refusal.legal)
        if isinstance(message, Turn):
            self._communication.refused(message, error)
        else:
            self._tasks.refused(message, error)

    def _unreadable(self, delivery: Delivery, error: Refused) -> None:
        comm_id = delivery.message.comm_id
        again = comm_id not in self._fetched_again
        _log.error(
            "entry %d of %s cannot be folded (%s: %s)%s",
            delivery.message.seq,
            comm_id,
            error.code,
            printable(error.rule),
            "; its log is fetched again" if again else "; this client leaves the group alone",
        )
        self._tell(LogUnreadable(comm_id, error.code, error.rule, again))
        if not again:
            self._journal.pass_over(delivery.cursor)
            return
        self._fetched_again.add(comm_id)
        self._groups.forget(comm_id)
        self._journal.rewind(comm_id)
        self._connection.fetch_again()

    def _look(self, group: Group) -> None:
        self._communication.look(group)
        self._tasks.look(group)

    # What goes on

    def _job_ended(self, key: Key, error: Exception | None) -> None:
        if error is not None:
            self._tell(JobCrashed("/".join(key), f"{type(error).__name__}: {error}"))
            if key[0] == "task":
                self._tasks.crashed(key[1], key[2], error)
        if key[0] not in ("turn", "task"):
            return
        group = self._groups.get(key[1])
        if group is not None:
            self._look(group)

    async def _publish(self) -> None:
        """Contacts go to the hub a moment after they changed, and once after each welcome."""
        while True:
            await self._news.wait()
            await self._clock.sleep(PUBLISH_AFTER_S)
            self._news.clear()
            frame = self._contacts.published()
            if frame is not None:
                self._connection.tell("contacts", frame)

    def _tell(self, event: ClientEvent) -> None:
        self._listener(event)
