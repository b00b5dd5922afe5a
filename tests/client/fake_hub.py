"""A hub of law and frames only: the real `step`, one process, no disk. For the tests of the client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from ioa.adapters.transport.memory import MemoryConnection
from ioa.conversation.connection import Outgoing
from ioa.conversation.group import Concluded, Group, TaskEnded, step
from ioa.conversation.hub_duties import cancel_open, force_conclusion, nested_turns, prepare, result_of_subgroup
from ioa.ports.transport import Connection, ConnectionLost
from ioa.protocol import codec
from ioa.protocol.cards import Card, FoundAgent
from ioa.protocol.errors import ProtocolError, Refused
from ioa.protocol.frames import (
    PROTOCOL_VERSION,
    Accepted,
    Acknowledge,
    ClientFrame,
    Delivery,
    Found,
    GoalOffer,
    Hello,
    HubFrame,
    Launched,
    LaunchGroup,
    Ping,
    Pong,
    Post,
    PublishContacts,
    Refusal,
    Search,
    UpdateCard,
    Updated,
    Welcome,
)
from ioa.protocol.messages import AnyMessage, Budgets, Deadline, Interjection, Launch, Subgroup, TaskCancel, kind
from ioa.protocol.names import HUB

OWNER = "@me"


@dataclass
class Session:
    name: str
    connection: Connection
    out: Outgoing[Delivery]
    news: asyncio.Event = field(default_factory=asyncio.Event)
    frames: list[HubFrame] = field(default_factory=list)


class FakeHub:
    """Groups, sessions, one log. `tokens` are the agents' names themselves unless `token_of` says otherwise."""

    def __init__(self, *cards: Card, window: int = 256) -> None:
        self.cards = {card.name: card for card in cards}
        self.groups: dict[str, Group] = {}
        self.logs: dict[str, list[tuple[int, AnyMessage]]] = {}
        self.log: list[AnyMessage] = []
        self.posted: dict[tuple[str, str], int] = {}
        self.launched: dict[tuple[str, str], str] = {}
        self.goals: dict[str, tuple[str, GoalOffer]] = {}
        self.sessions: dict[str, Session] = {}
        self.received: list[tuple[str, ClientFrame]] = []
        self.contacts: dict[str, PublishContacts] = {}
        self.budgets = Budgets()
        self.window = window
        self.at_s = 1_000.0
        self.changed = asyncio.Event()
        self.lose: Callable[[str, HubFrame], bool] = lambda name, frame: False
        self.twice: Callable[[str, HubFrame], bool] = lambda name, frame: False
        self.refuse: Callable[[str, ClientFrame], HubFrame | None] = lambda name, frame: None
        self.hello: Callable[[Hello], HubFrame | None] = lambda hello: None
        self.close_with: tuple[int, str] | None = None
        self.ignore_hello = False

    # The wire

    async def serve(self, connection: Connection) -> None:
        hello = codec.decode_client_frame(await connection.receive())
        assert isinstance(hello, Hello)
        if self.ignore_hello:
            await asyncio.Event().wait()
        answer = self.hello(hello)
        if answer is not None:
            await connection.send(codec.encode(answer))
            if self.close_with:
                await connection.close(*self.close_with)
            return
        head = len(self.log)
        cursor = min(hello.cursor, head)
        session = Session(hello.token, connection, Outgoing(cursor=cursor, window=self.window))
        for position in range(cursor, head):
            if self._concerns(self.log[position], session.name):
                self._queue(session, position + 1, self.log[position])
        self.sessions[session.name] = session
        session.frames.append(Welcome(version=PROTOCOL_VERSION, name=session.name, cursor=cursor, window=self.window))
        for owner, offer in self.goals.values():
            if owner == session.name and ("goal", offer.goal_id) not in self.launched:
                session.frames.append(offer)
        session.news.set()
        writer = asyncio.create_task(self._write(session))
        self._note()
        try:
            while True:
                data = await connection.receive()
                try:
                    frame = codec.decode_client_frame(data)
                except ProtocolError as error:
                    session.frames.append(Refusal(code=error.code, rule=error.rule, reply_to=codec.reply_address(data)))
                    session.news.set()
                    continue
                self.received.append((session.name, frame))
                self._take(session, frame)
                self._note()
        except ConnectionLost:
            return
        finally:
            writer.cancel()
            if self.sessions.get(session.name) is session:
                del self.sessions[session.name]
            self._note()

    async def _write(self, session: Session) -> None:
        try:
            while True:
                await session.news.wait()
                session.news.clear()
                frames, session.frames = session.frames, []
                frames.extend(numbered.item for numbered in session.out.ready())
                for frame in frames:
                    if self.lose(session.name, frame):
                        continue
                    await session.connection.send(codec.encode(frame))
                    if self.twice(session.name, frame):
                        await session.connection.send(codec.encode(frame))
        except ConnectionLost:
            return

    def _queue(self, session: Session, cursor: int, message: AnyMessage) -> None:
        at = self.at_s + cursor
        session.out.append(cursor, Delivery(cursor=cursor, previous=session.out.last, at=at, message=message))
        session.news.set()

    def _concerns(self, message: AnyMessage, name: str) -> bool:
        return name in self.groups[message.comm_id].members

    def _note(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def until(self, condition: Callable[[], object], timeout_s: float = 60.0) -> None:
        """Wait for something to be true; looked at after each change here, and now and then for changes elsewhere."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.changed.wait(), 0.002)

    # What a hub does

    def _take(self, session: Session, frame: ClientFrame) -> None:
        refusal = self.refuse(session.name, frame)
        if refusal is not None:
            session.frames.append(refusal)
            session.news.set()
            return
        match frame:
            case Acknowledge():
                session.out.acknowledge(frame.cursor)
            case Post():
                session.frames.append(self._post(session.name, frame.message))
            case Search():
                session.frames.append(Found(request_id=frame.request_id, agents=self._search(session.name, frame)))
            case LaunchGroup():
                session.frames.append(self._launch(session.name, frame))
            case PublishContacts():
                self.contacts[session.name] = frame
            case UpdateCard():
                self.cards[session.name] = frame.card
                session.frames.append(Updated(request_id=frame.request_id))
            case Ping():
                session.frames.append(Pong(n=frame.n))
            case _:
                pass
        session.news.set()

    def _post(self, sender: str, message: AnyMessage) -> HubFrame:
        key = (sender, message.message_id)
        if key in self.posted:
            return Accepted(message_id=message.message_id, seq=self.posted[key])
        group = self.groups.get(message.comm_id)
        try:
            if group is None:
                raise Refused("unknown_group", f"no group {message.comm_id!r}")
            if message.sender != sender:
                raise Refused("not_the_sender", f"you are {sender!r}")
            entries = prepare(group, message)
            trial = group
            for entry in entries:
                trial, _ = step(trial, entry if entry.message_id else replace(entry, message_id="-"))
        except Refused as error:
            return Refusal(code=error.code, rule=error.rule, legal=error.legal, reply_to=message.message_id)
        for entry in entries:
            self.write(entry)
        self.posted[key] = self.groups[message.comm_id].seq
        return Accepted(message_id=message.message_id, seq=self.posted[key])

    def write(self, message: AnyMessage) -> None:
        """Put an entry into its group's log, and do what follows from it."""
        before = self.groups.get(message.comm_id)
        number = len(self.log) + 1
        stamped = replace(
            message, seq=(before.seq if before else 0) + 1, message_id=message.message_id or f"hub-{number}"
        )
        group, effects = step(before, stamped)
        self.groups[message.comm_id] = group
        self.log.append(stamped)
        for name in group.members:
            session = self.sessions.get(name)
            if session is not None:
                self._queue(session, number, stamped)
        for effect in effects:
            if isinstance(effect, TaskEnded):
                self._end_nested(group, effect.task_id, "its task has ended")
            elif isinstance(effect, Concluded):
                for task in group.tasks.values():
                    self._end_nested(group, task.task_id, "the group above it has concluded")
                if group.parent is not None:
                    result = result_of_subgroup(self.groups[group.parent.comm_id], group)
                    if result is not None:
                        self.write(result)
        self._note()

    def _end_nested(self, group: Group, task_id: str, reason: str) -> None:
        for _, comm_id in group.tasks[task_id].subgroups:
            nested = self.groups[comm_id]
            if not nested.ended:
                for message in force_conclusion(nested, reason):
                    self.write(message)

    def _search(self, searcher: str, search: Search) -> tuple[tuple[FoundAgent, ...], ...]:
        found = []
        for phrase in search.desc:
            words = set(phrase.casefold().split())
            scored = [
                FoundAgent(
                    card=card,
                    score=len(words & set(card.text().casefold().split())) / max(1, len(words)),
                    online=card.name in self.sessions,
                )
                for card in self.cards.values()
                if card.name != searcher or searcher in search.team
            ]
            scored.sort(key=lambda hit: (-hit.score, hit.card.name))
            found.append(tuple(hit for hit in scored if hit.score > 0 or hit.card.name in search.team)[: search.limit])
        return tuple(found)

    def _launch(self, sender: str, frame: LaunchGroup) -> HubFrame:
        key = ("goal", frame.goal_id) if frame.goal_id else (sender, frame.request_id)
        if key in self.launched:
            return Launched(request_id=frame.request_id, comm_id=self.launched[key])
        comm_id = f"g{len(self.groups) + 1}"
        try:
            unknown = next((name for name in frame.team_members if name not in self.cards), None)
            if unknown is not None:
                raise Refused("unknown_agent", f"team_members: {unknown!r} is not registered; search for agents")
            parent = self.groups[frame.parent.comm_id] if frame.parent else None
            budgets = self.goals[frame.goal_id][1].budgets if frame.goal_id else self.budgets
            turns = frame.max_turns
            if parent is not None and frame.parent is not None:
                turns = nested_turns(parent, frame.max_turns)
                if not turns:
                    raise Refused("budget_spent", "the goal's turns are spent")
                budgets = replace(parent.budgets, turns=turns)
            launch = Launch(
                sender=sender,
                comm_id=comm_id,
                message_id=f"launch-{comm_id}",
                goal=frame.goal,
                team_members=frame.team_members,
                team_up_depth=parent.team_up_depth + 1 if parent else 0,
                max_turns=turns,
                goal_id=frame.goal_id or (parent.goal_id if parent else "goal"),
                owner=OWNER,
                budgets=budgets,
                parent=frame.parent,
                given=frame.given,
                artifacts=frame.artifacts,
            )
            step(None, launch)
            if parent is not None and frame.parent is not None:
                note = Subgroup(
                    sender=HUB,
                    comm_id=parent.comm_id,
                    message_id="",
                    task_id=frame.parent.task_id,
                    assignee=sender,
                    subgroup=comm_id,
                    team_members=frame.team_members,
                    turns=turns,
                )
                self.write(note)
        except Refused as error:
            return Refusal(code=error.code, rule=error.rule, legal=error.legal, reply_to=frame.request_id)
        self.launched[key] = comm_id
        self.write(launch)
        return Launched(request_id=frame.request_id, comm_id=comm_id)

    # What tests do

    def offer(self, to: str, goal: str, **fields: object) -> str:
        """Give a goal to an agent. Returns its goal_id."""
        goal_id = f"goal-{len(self.goals) + 1}"
        given: dict[str, Any] = {"max_turns": 20, "budgets": self.budgets, **fields}
        offer = GoalOffer(goal_id=goal_id, goal=goal, owner=OWNER, **given)
        self.goals[goal_id] = (to, offer)
        session = self.sessions.get(to)
        if session is not None:
            session.frames.append(offer)
            session.news.set()
        return goal_id

    def launch(self, initiator: str, *members: str, goal: str = "a goal", max_turns: int = 20, **fields: object) -> str:
        """A group out of nothing. Returns its comm_id."""
        comm_id = f"g{len(self.groups) + 1}"
        given: dict[str, Any] = {"budgets": self.budgets, **fields}
        self.write(
            Launch(
                sender=initiator,
                comm_id=comm_id,
                message_id=f"launch-{comm_id}",
                goal=goal,
                team_members=members,
                team_up_depth=0,
                max_turns=max_turns,
                goal_id="goal",
                owner=OWNER,
                **given,
            )
        )
        return comm_id

    def cancel_task(self, comm_id: str, task_id: str) -> None:
        self.write(TaskCancel(sender=HUB, comm_id=comm_id, message_id="", task_id=task_id, content="cancelled"))

    def cancel_group(self, comm_id: str) -> None:
        for message in force_conclusion(self.groups[comm_id], "it was cancelled", "failed"):
            self.write(message)

    def take_floor(self, comm_id: str) -> None:
        group = self.groups[comm_id]
        self.write(
            Deadline(
                sender=HUB,
                comm_id=comm_id,
                message_id="",
                overdue="floor",
                member=group.floor,
                since=group.floor_since,
                content="too slow",
            )
        )

    def interject(self, comm_id: str, content: str) -> None:
        self.write(Interjection(sender=OWNER, comm_id=comm_id, message_id="", content=content))

    def cut(self, name: str) -> None:
        """Pull the plug of an agent."""
        connection = self.sessions[name].connection
        assert isinstance(connection, MemoryConnection)
        connection.cut()

    def kinds(self, comm_id: str) -> list[str]:
        return [kind(message) for message in self.log if message.comm_id == comm_id]

    def of(self, comm_id: str, cls: type) -> list:
        return [message for message in self.log if message.comm_id == comm_id and isinstance(message, cls)]


__all__ = ["OWNER", "FakeHub", "cancel_open"]
