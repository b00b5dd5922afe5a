"""What a hub does because others share its store: it takes in what they have written, whatever block it concerns.

Everything that reaches this hub's sessions, watchers and alarms comes through here when the store is shared, of its
own decisions too.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

from ioa.hub.following import LOOK_EVERY_S
from ioa.hub.group_log import Chat
from ioa.hub.known_tokens import REMOVED
from ioa.hub.presence import SharedPresence
from ioa.hub.records import AGENT, GOAL, QUOTA, SESSION, TOKEN, TOKEN_END, AgentRecord, read
from ioa.hub.replica import HeardStore, Replica
from ioa.hub.unit import Unit
from ioa.ports.bus import Bus
from ioa.ports.store import Change, Stored, StoreUnavailable
from ioa.protocol.errors import ProtocolError

if TYPE_CHECKING:
    from ioa.hub.hub import Hub

log = logging.getLogger(__name__)

_PLACES = 20_000


class Sharing:
    """One hub among others; see `Replica` for how they know of each other."""

    def __init__(self, hub: Hub, heard: HeardStore, bus: Bus | None, presence: SharedPresence, name: str) -> None:
        self._hub = hub
        self._presence = presence
        self._places: OrderedDict[str, tuple[tuple[str, ...], str]] = OrderedDict()
        self._looking = False
        self._unsettled: set[str] = set()
        self.replica = Replica(
            name,
            hub.store,
            heard,
            bus,
            hub.clock,
            presence,
            hub.duty,
            entry=self._entry,
            changes={
                AGENT: self._agent,
                GOAL: self._goal,
                QUOTA: hub.quotas.learned,
                SESSION: presence.changed,
                TOKEN: self._token,
                TOKEN_END: self._token_end,
            },
            lead=self._lead,
            retire=self._retire,
        )

    async def start(self) -> None:
        """Begin to follow; what the hub reads after this misses nothing. Raises `StoreUnavailable`,
        `BusUnavailable`."""
        await self.replica.start()
        await self._presence.start()

    # The log

    async def _entry(self, entry: Stored) -> None:
        hub = self._hub
        try:
            hub.groups.grown(entry)
        except ProtocolError:  # of a release that knows more kinds of messages; its members may know them too
            hub.groups.drop(entry.comm_id)
        members, goal_id = await self._place(entry)
        hub.sessions.publish(members, entry.pos, entry.at, entry.body)
        if hub.duty.held:
            await self._watch(entry.comm_id)
        hub.watchers.wake((goal_id,))

    async def _watch(self, comm_id: str) -> None:
        chat = await self._hub.groups.load(comm_id)
        if chat is not None:
            self._hub.deadlines.watch(chat)
            if chat.pending and comm_id not in self._unsettled:
                self._unsettled.add(comm_id)
                self._hub.begin(self._watch_settled(comm_id, chat))

    async def _watch_settled(self, comm_id: str, chat: Chat) -> None:
        """What was watched rests on changes that are on their way: if the store refuses them, look again."""
        await chat.settled()
        self._unsettled.discard(comm_id)
        if self._hub.groups.get(comm_id) is not chat:
            await self._watch(comm_id)

    async def _place(self, entry: Stored) -> tuple[tuple[str, ...], str]:
        """The members of the entry's group, and its goal."""
        known = self._places.get(entry.comm_id)
        if known is None:
            chat = self._hub.groups.get(entry.comm_id)
            found = chat.group if chat is not None else await self._hub.store.group_row(entry.comm_id)
            known = (found.members, found.goal_id) if found is not None else ((), "")
            self._places[entry.comm_id] = known
            if len(self._places) > _PLACES:
                self._places.popitem(last=False)
        return known

    async def refreshed(self, unit: Unit) -> bool:
        """Was what a decision rests on behind the store? Then it has been brought forward. Raises
        `StoreUnavailable`."""
        moved = False
        for comm_id in unit.touched:
            chat = self._hub.groups.get(comm_id)
            if chat is None:
                continue
            if chat.latest is not None:
                await chat.settled()
                moved = True
            elif await self._hub.store.log_of_group(comm_id, after_seq=chat.group.seq, limit=1):
                self._hub.groups.drop(comm_id)
                moved = True
        for goal_id in unit.consulted:
            moved = await self._hub.goal_book.refreshed(goal_id) or moved
        return moved

    # Records

    def _agent(self, change: Change) -> None:
        if change.document is None:
            return
        agent = read(change.document, AgentRecord)
        self._hub.registry.learned(agent)
        if agent.removed:
            self._hub.leases.end_agent(agent.card.name, REMOVED)
            if self._hub.duty.held:
                self._hub.goals.forget_agent(agent.card.name)

    def _goal(self, change: Change) -> None:
        if change.document is None:
            return
        goal = self._hub.goal_book.learned(change.document)
        self._hub.goals.changed(goal)
        if self._hub.duty.held and goal.status == "waiting":
            self._hub.begin(self._hub.goals.seek(goal.goal_id))
        self._hub.watchers.wake((goal.goal_id,))

    def _token(self, change: Change) -> None:
        if change.document is not None:
            self._hub.tokens.known.learned(change.document)
        else:
            self._hub.tokens.known.forget(change.key)

    def _token_end(self, change: Change) -> None:
        if change.document is not None:
            self._hub.begin(self._follow_tokens())

    async def _follow_tokens(self) -> None:
        while True:
            try:
                await self._hub.tokens.follow()
                return
            except StoreUnavailable:
                await self._hub.clock.sleep(LOOK_EVERY_S)

    # Duties

    async def _lead(self) -> None:
        await self._hub.deadlines.rearm()
        await self._hub.goals.resume()

    def _retire(self) -> None:
        self._hub.deadlines.disarm()
        self._hub.goals.disarm()

    def came(self, name: str) -> None:
        """An agent has connected elsewhere; a goal may have waited for it."""
        if self._hub.duty.held and not self._looking:
            self._looking = True
            self._hub.begin(self._look_again())

    async def _look_again(self) -> None:
        self._looking = False
        self._hub.goals.look_again()
