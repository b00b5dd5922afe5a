"""Communication: this client's turns. Whoever has the floor speaks; what to say is the policy's decision.

Everything follows from the fold: `look` compares it with what is going on here and starts or cancels decisions. The
identifier of a turn's message follows from the log entry that gave the floor, so one floor yields at most one message,
come crash, replay or lost answer. Source: IoA paper, 2.3.3, A.2.3.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from msgspec.structs import replace

from ioa.client.agent_contact import AgentContact
from ioa.client.connection import HubConnection
from ioa.client.decisions import AgentSearch, TooLate, ask_policy
from ioa.client.events import Deciding, FellBack, Listener
from ioa.client.group_info import Chat, GroupInfo
from ioa.client.jobs import Jobs
from ioa.client.purse import OpenPurse, Purse
from ioa.client.team_formation import request_id
from ioa.conversation.group import Group
from ioa.conversation.hub_duties import result_lines
from ioa.ports.clock import Clock
from ioa.ports.policy import GroupView, Policy, PolicyFailed, TurnMessage
from ioa.ports.spending import added
from ioa.ports.tracing import Facts, Span, Tracer
from ioa.protocol.cards import Card
from ioa.protocol.errors import MalformedFrame, ProtocolError
from ioa.protocol.messages import AnyMessage, Conclusion, Discussion, Pause, Turn, kind
from ioa.protocol.names import printable

Observation: TypeAlias = Callable[[], str | Awaitable[str]]
"""Supplies what a client without an agent sees. Source: IoA paper, A.4.3."""

SHARE_OF_TURN = 0.8
CATCH_UP_S = 5.0
MAX_DECISIONS = 3
MAX_MOVED = 20
"""How often a decision may be overtaken by the log. In a log that never rests, the next one is said wherever it falls,
and a refusal counts like any other."""
OVERTAKEN = frozenset({"stale", "not_the_floor", "concluded"})
MAX_FALLBACK_CHARS = 200_000

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Floor:
    """The floor that this client has in one group since log entry `since`. Times are the clock's monotonic seconds."""

    since: int
    ends_at: float
    purse: Purse
    attempts: int = 0
    overtaken: int = 0
    refusal: str = ""
    viewed_seq: int = 0
    said_seq: int = 0
    fell_back: bool = False
    said: bool = False
    wait_for_seq: int = 0


class Communication:
    """The turns of one client in all its groups; at most one decision a group is under way."""

    def __init__(
        self,
        *,
        card: Card,
        policy: Policy,
        groups: GroupInfo,
        connection: HubConnection,
        contacts: AgentContact,
        search: AgentSearch,
        jobs: Jobs,
        clock: Clock,
        listener: Listener,
        observation: Observation | None,
        purse: OpenPurse,
        tracer: Tracer,
    ) -> None:
        self._card = card
        self._policy = policy
        self._groups = groups
        self._connection = connection
        self._contacts = contacts
        self._search = search
        self._jobs = jobs
        self._clock = clock
        self._listen = listener
        self._observation = observation
        self._purse = purse
        self._tracer = tracer
        self._floors: dict[str, Floor] = {}
        self._behind: dict[str, float] = {}  # groups whose log may have gone on elsewhere, until when

    def welcomed(self) -> None:
        """The connection is up again: what this client knows of its groups may be old for a moment. Until it has caught
        up, its turns say which log entry they want to be, so that one decided from an old log is refused as stale."""
        until = self._clock.monotonic_s() + CATCH_UP_S
        self._behind = {group.comm_id: until for group in self._groups.open()}
        for comm_id, floor in self._floors.items():
            group = self._groups.get(comm_id)
            if group is not None:
                floor.ends_at = self._limit(group)  # the time without a hub does not count
            said = self._connection.waiting(turn_id(comm_id, floor.since))
            if isinstance(said, Turn) and group is not None and floor.overtaken < MAX_MOVED:
                self._connection.amend(replace(said, seq=place_of(group, said)))

    def look(self, group: Group) -> None:
        """Bring what goes on here in line with the group's state."""
        key = ("turn", group.comm_id)
        floor = self._floors.get(group.comm_id)
        if group.ended or group.floor != self._card.name:
            if floor is not None:
                self._jobs.cancel(key)
                self._connection.withdraw(turn_id(group.comm_id, floor.since))
                del self._floors[group.comm_id]
            return
        if floor is None or floor.since != group.floor_since:
            self._jobs.cancel(key)
            if floor is not None:
                self._connection.withdraw(turn_id(group.comm_id, floor.since))
            floor = Floor(group.floor_since, self._limit(group), self._purse(comm_id=group.comm_id))
            floor.said = self._connection.waiting(turn_id(group.comm_id, floor.since)) is not None  # after a restart
            self._floors[group.comm_id] = floor
        if floor.said or floor.fell_back or group.seq < floor.wait_for_seq or self._jobs.running(key):
            return
        if self._connection.connected:  # else `welcomed` comes first: nobody can be searched, nothing said
            self._jobs.start(key, self._speak(group.comm_id, floor))

    def _limit(self, group: Group) -> float:
        return self._clock.monotonic_s() + group.budgets.turn_timeout_s * SHARE_OF_TURN

    def forget(self) -> None:
        """The groups are gone."""
        for comm_id in self._floors:
            self._jobs.cancel(("turn", comm_id))
        self._floors.clear()

    def refused(self, message: AnyMessage, error: ProtocolError) -> None:
        """A turn of this client was refused: look afresh, with the refusal noted, or fall back."""
        group = self._groups.get(message.comm_id)
        floor = self._floors.get(message.comm_id)
        if group is None or floor is None or message.message_id != turn_id(message.comm_id, floor.since):
            return
        if floor.fell_back:
            _log.error("%s: nothing that is safe to say is accepted: %s", message.comm_id, printable(error.rule))
            return  # `said` stays: the hub's deadline takes the floor
        floor.said = False
        if (error.code in OVERTAKEN or group.seq > floor.viewed_seq) and floor.overtaken < MAX_MOVED:
            floor.overtaken += 1
            floor.attempts -= 1
            if error.code in OVERTAKEN and group.seq == floor.said_seq == floor.viewed_seq:
                floor.wait_for_seq = group.seq + 1  # what overtook it is still on its way
        else:
            legal = f"; legal now: {', '.join(error.legal)}" if error.legal else ""
            floor.refusal = f"The hub refused the last {kind(message)} ({error.code}): {error.rule}{legal}"
        self.look(group)

    async def _speak(self, comm_id: str, floor: Floor) -> None:
        """Decide and post one message."""
        chat = self._groups.chat(comm_id)
        if chat is None:
            return
        facts: Facts = {
            "comm_id": comm_id,
            "goal_id": chat.group.goal_id,
            "agent": self._card.name,
            "policy": self._policy.name,
            "attempt": floor.attempts + 1,
        }
        with self._tracer.span("turn", facts, parent=chat.log[0].traceparent if chat.log else None) as span:
            await self._decide(comm_id, floor, chat, span)

    async def _decide(self, comm_id: str, floor: Floor, chat: Chat, span: Span) -> None:
        floor.viewed_seq = chat.group.seq
        reason = floor.refusal
        message: TurnMessage | None = None
        if floor.attempts < MAX_DECISIONS:
            floor.attempts += 1
            self._listen(Deciding(comm_id, floor.attempts))

            async def decide() -> TurnMessage:
                view = GroupView(
                    me=self._card,
                    group=chat.group,
                    log=tuple(chat.log),
                    cards=self._contacts.cards_of(chat.group.members),
                    contacts=self._contacts.contacts,
                    search=self._search,
                    observation=await self._observed(floor.refusal),
                    spending=floor.purse,
                )
                return await self._policy.turn(view)

            try:
                message = await ask_policy(self._clock, floor.ends_at - self._clock.monotonic_s(), decide)
            except TooLate as late:
                if not self._connection.connected or self._clock.monotonic_s() < floor.ends_at:
                    floor.attempts -= 1  # the hub was away meanwhile: decide afresh when it is back
                    return
                reason = str(late)
            except PolicyFailed as failure:
                reason = str(failure)
        group = chat.group  # the fold has gone on meanwhile
        if group.ended or group.floor != self._card.name or group.floor_since != floor.since:
            return
        if message is None:
            floor.fell_back = True
            message = fallback(group, self._card.name, reason or "no decision")
            span.set({"fell_back": True})
            self._listen(FellBack(comm_id, reason))
        self._say(group, floor, message, span)

    def _say(self, group: Group, floor: Floor, message: TurnMessage, span: Span) -> None:
        comm_id = group.comm_id
        try:
            if not isinstance(message, Turn):  # pyright: ignore[reportUnnecessaryIsInstance] - policies are foreign code
                raise MalformedFrame("malformed", f"a turn cannot be {type(message).__name__}")
            stamped = replace(
                message,
                sender=self._card.name,
                comm_id=comm_id,
                message_id=turn_id(comm_id, floor.since),
                seq=0,
                usage=added(floor.purse.usage, message.usage),
                traceparent=span.traceparent,
            )
            behind = not self._connection.connected or self._clock.monotonic_s() < self._behind.get(comm_id, 0.0)
            if behind and floor.overtaken < MAX_MOVED:
                stamped = replace(stamped, seq=place_of(group, stamped))
            floor.said, floor.said_seq = True, group.seq
            self._connection.post(stamped)
            span.set({"state": kind(stamped)})
        except MalformedFrame as error:  # too large, or a field that no hub would take
            floor.said = False
            span.fail(error.code)
            floor.refusal = f"The last message could not be sent ({error.code}): {error.rule}"
            if floor.fell_back:
                floor.said = True
                _log.error("%s: the fallback cannot be sent: %s", comm_id, error.rule)

    async def _observed(self, refusal: str) -> str:
        seen = ""
        if self._observation is not None:
            if inspect.iscoroutinefunction(self._observation):
                seen = await self._observation()
            else:
                found = await asyncio.to_thread(self._observation)
                seen = found if isinstance(found, str) else await found
        return "\n\n".join(part for part in (seen, refusal) if part)


def turn_id(comm_id: str, since: int) -> str:
    """The message_id of the turn that the floor given by entry `since` allows."""
    return request_id("turn", comm_id, str(since))


def place_of(group: Group, message: Turn) -> int:
    """The log entry that a turn becomes if the group's log has not gone on; a conclusion comes after the cancellations
    of what is open."""
    return group.seq + 1 + (len(group.open_tasks) if isinstance(message, Conclusion) else 0)


def fallback(group: Group, me: str, reason: str) -> TurnMessage:
    """Something safe to say without a decision: conclude with what there is, wait for what is still being done, or
    leave it to the initiator. Never an invented answer."""
    open_ids = tuple(task.task_id for task in group.open_tasks)
    text = f"{me} has no decision how to go on ({reason[:2_000]})."
    if not group.must_conclude:
        if me != group.initiator:
            said = text + f" {group.initiator}, please go on."
            return Discussion(
                sender=me, comm_id=group.comm_id, message_id="-", content=said, next_speaker=(group.initiator,)
            )
        if open_ids:
            return Pause(
                sender=me,
                comm_id=group.comm_id,
                message_id="-",
                content=text + " Waiting for the open tasks first.",
                triggers=open_ids[:256],
            )
    done = [task for task in group.tasks.values() if task.status == "completed"]
    lines = [text, "What the tasks found:" if group.tasks else "No task was assigned."]
    lines += result_lines(group, MAX_FALLBACK_CHARS)
    return Conclusion(
        sender=me,
        comm_id=group.comm_id,
        message_id="-",
        content="\n".join(lines),
        artifacts=tuple(artifact for task in done for artifact in task.artifacts)[:256],
        outcome="partial" if done else "failed",
    )
