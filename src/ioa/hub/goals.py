"""What people ask of the network: a goal is offered to an agent, which forms a team; the group's conclusion ends it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ioa.conversation.hub_duties import force_conclusion
from ioa.hub.agent_query import AgentQuery
from ioa.hub.agent_registry import Registry
from ioa.hub.alarms import Alarms
from ioa.hub.artifacts import Artifacts
from ioa.hub.deadlines import left_of
from ioa.hub.duty import Duty
from ioa.hub.goal_admission import GoalAdmission
from ioa.hub.goal_book import GoalBook
from ioa.hub.grace import Grace, no_grace
from ioa.hub.group_log import GroupLog
from ioa.hub.ledger import Ledger
from ioa.hub.presence import Presence
from ioa.hub.records import GoalRecord
from ioa.hub.session_management import Sessions
from ioa.hub.traces import HubTraces
from ioa.hub.unit import Unit
from ioa.hub.visibility import Sight
from ioa.ports.clock import Clock
from ioa.ports.store import Conflict, StoreUnavailable
from ioa.protocol.errors import Refused
from ioa.protocol.messages import Artifact, Budgets, GivenResult
from ioa.protocol.names import name_key

log = logging.getLogger(__name__)

MAX_OFFERS = 5
_RETRY_S = 5.0
Start = Callable[[Coroutine[object, object, None]], None]


class NewGoal(Struct, frozen=True, kw_only=True):
    """What a user asks for. `goal_id` is unique to the request."""

    goal_id: str
    goal: str
    owner: str
    max_turns: int
    budgets: Budgets
    initiator: str | None = None
    team: tuple[str, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    continues: str | None = None
    traceparent: str | None = None


class Goals:
    """Offers goals to initiators, one after the other, until one launches a group."""

    def __init__(
        self,
        book: GoalBook,
        groups: GroupLog,
        ledger: Ledger,
        registry: Registry,
        query: AgentQuery,
        sight: Sight,
        sessions: Sessions,
        presence: Presence,
        duty: Duty,
        artifacts: Artifacts,
        alarms: Alarms,
        clock: Clock,
        start: Start,
        traces: HubTraces,
        *,
        admission: GoalAdmission,
        grace: Grace,
    ) -> None:
        self._book = book
        self._groups = groups
        self._ledger = ledger
        self._registry = registry
        self._query = query
        self._sight = sight
        self._sessions = sessions
        self._presence = presence
        self._duty = duty
        self._artifacts = artifacts
        self._alarms = alarms
        self._clock = clock
        self._start = start
        self._traces = traces
        self._admission = admission
        self._grace = grace
        self._watched: set[str] = set()

    async def create(self, new: NewGoal) -> GoalRecord:
        """Store a goal and begin to look for an initiator. The same `goal_id` again returns the first one.

        Raises `Refused` (empty, unknown_agent, unknown_group, unknown_artifact, not_allowed, duplicate, too_many).
        """
        record = await self._checked(new)
        try:
            known = await self._book.load(new.goal_id)
        except Refused:
            known = None
        if known is None:
            try:
                record = await self._admission.add(record)
                self._traces.asked(record, new.traceparent)
                self._start(self.seek(new.goal_id))
                return record
            except Conflict:  # the same request came twice at once
                known = await self._book.load(new.goal_id)
        if (known.goal, known.owner, known.team, known.named) != (record.goal, record.owner, record.team, record.named):
            raise Refused("duplicate", "Idempotency-Key was used for another goal; use a new one")
        return known

    async def _checked(self, new: NewGoal) -> GoalRecord:
        if not new.goal.strip():
            raise Refused("empty", "goal is empty; say what the network is to achieve")
        sees = self._sight.of_speaker(new.owner)
        named = None
        if new.initiator is not None:
            named = (await self._registry.look_up(new.initiator, "initiator", sees=sees)).card.name
        members = [(await self._registry.look_up(name, "team", sees=sees)).card.name for name in new.team]
        team = tuple(dict.fromkeys(members))
        await self._artifacts.check_use(new.owner, new.artifacts)
        given: tuple[GivenResult, ...] = ()
        if new.continues is not None:
            chat = await self._groups.load(new.continues)
            if chat is None or chat.group.owner != new.owner:
                raise Refused(
                    "unknown_group", f"continues {new.continues!r} is no group of yours; `ioa chats` lists them"
                )
            if not chat.group.ended:
                raise Refused("illegal_now", f"continues {new.continues!r} has not concluded; interject in it instead")
            before = chat.group
            given = (
                GivenResult(
                    agent=before.initiator,
                    task_desc=before.goal,
                    conclusion=before.conclusion or "",
                    artifacts=before.conclusion_artifacts,
                ),
            )
        return GoalRecord(
            goal_id=new.goal_id,
            goal=new.goal,
            owner=new.owner,
            status="waiting",
            max_turns=new.max_turns,
            budgets=new.budgets,
            created_at=self._clock.now_s(),
            named=named,
            team=team,
            artifacts=new.artifacts,
            continues=new.continues,
            given=given,
            traceparent=self._traces.of_goal(new.goal_id, new.traceparent),
        )

    async def resume(self) -> None:
        """After a start: go on with every goal that has no group yet, with some grace for agents to come back."""
        for goal in self._book.open_goals():
            if goal.comm_id is None:
                self._watch(goal, grace=self._grace.of)
                if goal.initiator is None:
                    self._start(self.seek(goal.goal_id))

    def came_online(self, name: str) -> tuple[GoalRecord, ...]:
        """An agent has connected. Returns the goals that are offered to it; waiting ones are looked at again."""
        offered: list[GoalRecord] = []
        for goal in self._book.open_goals():
            if goal.comm_id is not None:
                continue
            if goal.initiator == name:
                offered.append(goal)
            elif goal.initiator is None:
                self._start(self.seek(goal.goal_id))
        return tuple(offered)

    async def seek(self, goal_id: str) -> None:
        """Offer a goal that waits to the best agent that is there."""
        goal = await self._book.load(goal_id)
        name = await self._candidate(goal)
        if name is None:
            return

        def decide(unit: Unit) -> None:
            current = unit.goal(goal_id)
            if current.final or current.comm_id is not None or current.initiator is not None:
                return
            if current.tried == goal.tried:
                unit.put_goal(replace(current, status="forming", initiator=name, tried=(*current.tried, name)))

        try:
            await self._ledger.run(decide)
        except (StoreUnavailable, Conflict):
            self._alarms.set(("goal seek", goal_id), _RETRY_S, lambda: self._start(self.seek(goal_id)))

    async def _candidate(self, goal: GoalRecord) -> str | None:
        if goal.named is not None:
            return goal.named if goal.named not in goal.tried and self._presence.online(goal.named) else None
        if goal.team:
            present = [name for name in goal.team if self._presence.online(name) and name not in goal.tried]
            outsiders = tuple(name for name in self._presence.names() if name not in present)
            return await self._query.best_online(goal.goal, avoid=outsiders)
        return await self._query.best_online(goal.goal, avoid=goal.tried, sees=self._sight.of_speaker(goal.owner))

    def _watch(self, goal: GoalRecord, *, grace: Callable[[float], float] = no_grace) -> None:
        """Alarms: the one that was asked does not launch; nobody comes at all."""
        if not self._duty.held:
            return
        if goal.final or goal.comm_id is not None:
            self._alarms.cancel(("goal offer", goal.goal_id))
            self._alarms.cancel(("goal", goal.goal_id))
            self._watched.discard(goal.goal_id)
            return
        if goal.goal_id not in self._watched:
            self._watched.add(goal.goal_id)
            timeout_s = goal.budgets.group_timeout_s
            left_s = left_of(goal.created_at, timeout_s, self._clock.now_s(), grace(goal.created_at + timeout_s))
            self._alarms.set(("goal", goal.goal_id), left_s, lambda: self._start(self._expired(goal.goal_id)))
        if goal.initiator is not None:
            tried = goal.tried
            self._alarms.set(
                ("goal offer", goal.goal_id),
                goal.budgets.turn_timeout_s,
                lambda: self._start(self._not_launched(goal.goal_id, tried)),
            )

    async def _not_launched(self, goal_id: str, tried: Sequence[str]) -> None:
        """The agent that was offered the goal has not launched a group: ask the next one, or give up."""
        nobody_else = await self._candidate(await self._book.load(goal_id)) is None

        def decide(unit: Unit) -> bool:
            goal = unit.goal(goal_id)
            if goal.final or goal.comm_id is not None or goal.initiator is None or goal.tried != tried:
                return False
            if nobody_else or len(goal.tried) >= MAX_OFFERS:
                self._fail(unit, goal, f"{_listed(goal.tried)} launched no group within their time")
                return False
            unit.put_goal(replace(goal, status="waiting", initiator=None))
            return True

        await self._change(goal_id, decide)

    async def _expired(self, goal_id: str) -> None:
        def decide(unit: Unit) -> bool:
            goal = unit.goal(goal_id)
            if not goal.final and goal.comm_id is None:
                who = f"initiator {goal.named!r}" if goal.named else "a suitable agent"
                tried = f"; {_listed(goal.tried)} launched no group" if goal.tried else ""
                within = f"{goal.budgets.group_timeout_s:g} s"
                self._fail(unit, goal, f"{who} did not come online within {within}{tried}")
            return False

        await self._change(goal_id, decide)

    async def _change(self, goal_id: str, decide: Callable[[Unit], bool]) -> None:
        """Run a decision whose answer says whether to seek again; the disk may need several attempts."""
        try:
            if await self._ledger.run(decide):
                await self.seek(goal_id)
        except (StoreUnavailable, Conflict):
            self._alarms.set(("goal retry", goal_id), _RETRY_S, lambda: self._start(self._change(goal_id, decide)))

    def _fail(self, unit: Unit, goal: GoalRecord, reason: str) -> None:
        text = f"This conclusion was written by the hub: {reason}. Start agents that can do it, then ask again."
        unit.put_goal(replace(goal, status="failed", initiator=None, conclusion=text, ended_at=self._clock.now_s()))

    async def cancel(self, goal_id: str, reason: str = "", *, by: str = "its owner") -> GoalRecord:
        """End a goal and all its groups. One that has ended stays as it is. Raises `Refused` (unknown_goal)."""
        text = f"cancelled by {by}{': ' + reason if reason else ''}"

        def decide(unit: Unit) -> None:
            goal = unit.goal(goal_id)
            if goal.final:
                return
            conclusion = f"This conclusion was written by the hub: {text}."
            unit.put_goal(replace(goal, status="cancelled", conclusion=conclusion, ended_at=self._clock.now_s()))
            if goal.comm_id is not None:
                group = unit.group(goal.comm_id)
                messages = force_conclusion(group, text) if not group.ended else ()
                for message in messages:
                    unit.add(message)
                if messages:
                    ended = unit.group(goal.comm_id)
                    unit.put_goal(
                        replace(
                            unit.goal(goal_id),
                            conclusion=ended.conclusion,
                            conclusion_artifacts=ended.conclusion_artifacts,
                        )
                    )

        await self._ledger.run(decide)
        return await self._book.load(goal_id)

    def changed(self, goal: GoalRecord) -> None:
        """A change of the goal is durable."""
        self._watch(goal)
        if goal.status == "forming" and goal.initiator is not None and goal.comm_id is None:
            session = self._sessions.get(goal.initiator)
            if session is not None:
                session.offer_soon(goal.offer())

    def look_again(self) -> None:
        """Agents have come that goals may have waited for."""
        for goal in self._book.open_goals():
            if goal.comm_id is None and goal.initiator is None:
                self._start(self.seek(goal.goal_id))

    def disarm(self) -> None:
        """Somebody else watches the goals now."""
        for goal_id in self._watched:
            self._alarms.cancel(("goal offer", goal_id))
            self._alarms.cancel(("goal", goal_id))
        self._watched.clear()

    def forget_agent(self, name: str) -> None:
        """An agent was removed: what it was offered goes to the next one at once."""
        for goal in self._book.open_goals():
            if goal.comm_id is None and goal.initiator is not None and name_key(goal.initiator) == name_key(name):
                self._start(self._not_launched(goal.goal_id, goal.tried))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
