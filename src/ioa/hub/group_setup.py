"""Group Setup Block: `launch_group_chat(team_members)`, for a goal or nested under a task. Source: IoA paper, A.3.3."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from msgspec.structs import replace

from ioa.conversation.group import Group
from ioa.conversation.hub_duties import MIN_NESTED_TURNS, nested_turns
from ioa.hub.agent_registry import Registry
from ioa.hub.artifacts import Artifacts
from ioa.hub.deadlines import left_of
from ioa.hub.goal_book import GoalBook
from ioa.hub.group_log import GroupLog
from ioa.hub.ledger import Ledger
from ioa.hub.quotas import QuotaBook
from ioa.hub.records import AgentRecord, GoalRecord
from ioa.hub.traces import HubTraces
from ioa.hub.unit import Unit
from ioa.hub.visibility import Sight
from ioa.protocol.errors import Refused
from ioa.protocol.frames import Launched, LaunchGroup
from ioa.protocol.messages import Artifact, Launch, Parent, Subgroup
from ioa.protocol.names import HUB

MIN_NESTED_TIMEOUT_S = 1.0
MAX_GIVEN = 64


class GroupSetup:
    """Launches groups. The same request of the same agent always names the same group, so that repeats are harmless."""

    def __init__(
        self,
        registry: Registry,
        sight: Sight,
        groups: GroupLog,
        book: GoalBook,
        ledger: Ledger,
        artifacts: Artifacts,
        traces: HubTraces,
    ) -> None:
        self._book = book
        self._artifacts = artifacts
        self._registry = registry
        self.quotas: QuotaBook | None = None
        self._sight = sight
        self._groups = groups
        self._ledger = ledger
        self._traces = traces

    async def launch(self, sender: str, frame: LaunchGroup) -> Launched:
        """Raises `Refused`, `StoreUnavailable`."""
        comm_id = comm_id_of(sender, frame.request_id)
        with self._traces.opening(comm_id, frame) as traceparent:
            return await self._launch(sender, replace(frame, traceparent=traceparent), comm_id)

    async def _launch(self, sender: str, frame: LaunchGroup, comm_id: str) -> Launched:
        team = await self._team(sender, frame.team_members, await self._fixed(sender, frame))
        if frame.parent is not None and frame.goal_id is not None:
            raise Refused("malformed", "goal_id and parent exclude each other: give goal_id for a goal's first group")
        goal = await self._book.load(frame.goal_id) if frame.goal_id is not None else None
        if self.quotas is not None and frame.parent is not None:
            await self._check_quota(self.quotas, frame.parent, comm_id)
        granted = frozenset(goal.files if goal is not None and goal.initiator == sender else ())
        used = (*frame.artifacts, *(artifact for result in frame.given for artifact in result.artifacts))
        await self._artifacts.check_use(sender, [artifact for artifact in used if artifact not in granted])

        def decide(unit: Unit) -> str:
            if unit.find(comm_id) is not None:
                return comm_id
            if frame.goal_id is not None:
                return self._first(unit, sender, frame, comm_id, frame.goal_id, team)
            if frame.parent is not None:
                return self._nested(unit, sender, frame, comm_id, frame.parent, team)
            raise Refused(
                "unknown_goal", "goal_id and parent are missing; give the goal that the hub offered, or the task"
            )

        return Launched(request_id=frame.request_id, comm_id=await self._ledger.run(decide))

    async def _team(self, sender: str, names: Sequence[str], fixed: Sequence[str]) -> tuple[str, ...]:
        """The members as they are registered, each once, without the sender: those whom the sender sees, and whom the
        user has `fixed`. Raises `Refused` (unknown_agent)."""
        sender_sees = self._sight.of_speaker(sender)

        def sees(record: AgentRecord) -> bool:
            return sender_sees(record) or record.card.name in fixed

        members = [(await self._registry.look_up(name, "team_members", sees=sees)).card.name for name in names]
        return tuple(name for name in dict.fromkeys(members) if name != sender)

    async def _check_quota(self, quotas: QuotaBook, parent: Parent, comm_id: str) -> None:
        above = await self._groups.load(parent.comm_id)
        if above is not None and await self._groups.load(comm_id) is None:
            await quotas.group(await self._book.load(above.group.goal_id))

    async def _fixed(self, sender: str, frame: LaunchGroup) -> tuple[str, ...]:
        """The team that the user has fixed for the goal, if the sender takes part in it. Raises `Refused`."""
        goal_id = frame.goal_id
        if frame.parent is not None:
            above = await self._groups.load(frame.parent.comm_id)
            goal_id = above.group.goal_id if above is not None and sender in above.group.members else None
        if goal_id is None:
            return ()
        goal = await self._book.load(goal_id)
        return goal.team if frame.parent is not None or goal.initiator == sender else ()

    def _first(
        self, unit: Unit, sender: str, frame: LaunchGroup, comm_id: str, goal_id: str, team: tuple[str, ...]
    ) -> str:
        goal = unit.goal(goal_id)
        if goal.comm_id is not None:
            if sender in unit.group(goal.comm_id).members:
                return goal.comm_id
            raise Refused("not_allowed", f"goal_id {goal_id!r} has its group already; one is all it gets")
        if goal.final:
            raise Refused("concluded", f"goal_id {goal_id!r} has ended ({goal.status}); wait for another offer")
        if goal.initiator != sender:
            raise Refused(
                "not_allowed",
                f"goal_id {goal_id!r} is not offered to {sender!r}; launch for goals that the hub offers you",
            )
        _refuse_outsiders(team, goal)
        unit.launch(
            Launch(
                sender=sender,
                comm_id=comm_id,
                message_id="",
                goal=goal.goal,
                team_members=team,
                team_up_depth=0,
                max_turns=min(frame.max_turns, goal.max_turns),
                goal_id=goal_id,
                owner=goal.owner,
                budgets=goal.budgets,
                continues=goal.continues,
                given=tuple(dict.fromkeys((*goal.given, *frame.given)))[:MAX_GIVEN],
                artifacts=_united(goal.artifacts, frame.artifacts),
                usage=frame.usage,
                traceparent=frame.traceparent,
            )
        )
        unit.put_goal(replace(goal, status="running", comm_id=comm_id))
        return comm_id

    def _nested(
        self, unit: Unit, sender: str, frame: LaunchGroup, comm_id: str, parent: Parent, team: tuple[str, ...]
    ) -> str:
        above = unit.group(parent.comm_id)
        if sender not in above.members:
            raise Refused(
                "not_a_member",
                f"sender {sender!r} is not a member of comm_id {parent.comm_id!r}; only its members may nest in it",
            )
        if above.ended:
            raise Refused("concluded", f"parent {parent.comm_id!r} has concluded; nothing can be nested in it")
        _refuse_outsiders(team, unit.goal(above.goal_id))
        turns = self._granted(above, frame)
        began_at = self._began_at(parent.comm_id)
        left_s = left_of(began_at, above.budgets.group_timeout_s, unit.now_s)
        budgets = replace(above.budgets, turns=turns, group_timeout_s=max(MIN_NESTED_TIMEOUT_S, left_s))
        unit.add(
            Subgroup(
                sender=HUB,
                comm_id=parent.comm_id,
                message_id="",
                task_id=parent.task_id,
                assignee=sender,
                subgroup=comm_id,
                team_members=tuple(dict.fromkeys((sender, *team))),
                turns=turns,
            )
        )
        unit.launch(
            Launch(
                sender=sender,
                comm_id=comm_id,
                message_id="",
                goal=frame.goal,
                team_members=team,
                team_up_depth=above.team_up_depth + 1,
                max_turns=min(frame.max_turns, turns),
                goal_id=above.goal_id,
                owner=above.owner,
                budgets=budgets,
                parent=parent,
                given=frame.given,
                artifacts=frame.artifacts,
                usage=frame.usage,
                traceparent=frame.traceparent,
            )
        )
        return comm_id

    @staticmethod
    def _granted(above: Group, frame: LaunchGroup) -> int:
        turns = nested_turns(above, frame.max_turns)
        if not turns and frame.max_turns < MIN_NESTED_TURNS:
            raise Refused("budget_spent", f"max_turns {frame.max_turns} is too few; ask for {MIN_NESTED_TURNS}")
        if not turns:
            raise Refused("budget_spent", "the goal has not enough turns left for a nested group; do the task alone")
        return turns

    def _began_at(self, comm_id: str) -> float:
        chat = self._groups.get(comm_id)
        assert chat is not None, "the unit has just found it"
        return chat.at[0]


def comm_id_of(sender: str, request_id: str) -> str:
    """20 hex digits that name the group of one request."""
    return hashlib.blake2b(f"{len(sender)} {sender} {request_id}".encode(), digest_size=10).hexdigest()


def _refuse_outsiders(team: Sequence[str], goal: GoalRecord) -> None:
    outsiders = [name for name in team if name not in goal.team] if goal.team else []
    if outsiders:
        raise Refused(
            "not_allowed",
            f"team_members: {', '.join(outsiders)} are not of the team that the user has fixed; leave them out",
            legal=goal.team,
        )


def _united(*sets: tuple[Artifact, ...]) -> tuple[Artifact, ...]:
    return tuple(dict.fromkeys(artifact for artifacts in sets for artifact in artifacts))[:256]
