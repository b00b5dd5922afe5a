"""Team formation: for a person's goal, or nested under a task of this client, with the two tools `search_agent` and
`launch_group_chat`.

The formation itself is `conversation.formation.form_team`; here its requests are carried out. Request identifiers
follow from the goal or the task, so that a formation that a crash interrupted ends in the one group it may have.
Source: IoA paper, 2.3.2, A.2.3.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from hashlib import sha256

from msgspec.structs import replace

from ioa.client.agent_contact import AgentContact
from ioa.client.connection import HubConnection
from ioa.client.decisions import AgentSearch, ask_policy
from ioa.client.events import GoalTaken, Listener, TeamLaunched
from ioa.client.group_info import failed_before
from ioa.client.jobs import Jobs
from ioa.client.purse import OpenPurse, Purse
from ioa.conversation.formation import Decide, LaunchGroupChat, SearchAgent, ToolCall, best_of, form_team
from ioa.conversation.group import Group
from ioa.conversation.task import Task
from ioa.ports.clock import Clock
from ioa.ports.policy import Brief, Policy, PolicyFailed, TeamSituation
from ioa.ports.tracing import Facts, Span, Tracer
from ioa.protocol.cards import Card
from ioa.protocol.errors import Code, MalformedFrame, Refused
from ioa.protocol.frames import GoalOffer, Launched, LaunchGroup
from ioa.protocol.messages import MAX_MEMBERS, GivenResult, Parent
from ioa.protocol.names import name_key

MAX_GIVEN = 64
MAX_GIVEN_CHARS = 200_000
MAX_FORMING = 8
MAX_LAUNCHES = 3
SHARE_OF_TURN = 0.7
"""Part of the turn timeout that a formation may take before it launches with what was found."""

MEMBERS_AT_FAULT: frozenset[Code] = frozenset({"unknown_agent", "bad_name", "duplicate", "too_many", "not_allowed"})

_log = logging.getLogger(__name__)


class TeamFormation:
    """Forms teams; several at once."""

    def __init__(
        self,
        *,
        card: Card,
        policy: Policy,
        connection: HubConnection,
        contacts: AgentContact,
        search: AgentSearch,
        jobs: Jobs,
        clock: Clock,
        listener: Listener,
        purse: OpenPurse,
        tracer: Tracer,
    ) -> None:
        self._purse = purse
        self._tracer = tracer
        self._card = card
        self._policy = policy
        self._connection = connection
        self._contacts = contacts
        self._search = search
        self._jobs = jobs
        self._clock = clock
        self._listen = listener
        self._places = asyncio.Semaphore(MAX_FORMING)

    def offered(self, offer: GoalOffer) -> None:
        """A goal for this client. Offers are repeated; one formation a goal runs at a time."""
        key = ("goal", offer.goal_id)
        if not self._jobs.running(key):
            self._jobs.start(key, self._for_goal(offer))

    async def _for_goal(self, offer: GoalOffer) -> None:
        facts: Facts = {"goal_id": offer.goal_id, "agent": self._card.name, "policy": self._policy.name}
        with self._tracer.span("formation", facts, parent=offer.traceparent) as span:
            await self._first_group(offer, span)

    async def _first_group(self, offer: GoalOffer, span: Span) -> None:
        async with self._places:
            self._listen(GoalTaken(offer.goal_id, offer.goal))
            purse = self._purse(goal_id=offer.goal_id)

            def frame(members: tuple[str, ...]) -> LaunchGroup:
                return LaunchGroup(
                    request_id=request_id("goal", offer.goal_id),
                    goal=offer.goal,
                    goal_id=offer.goal_id,
                    team_members=members,
                    max_turns=offer.max_turns,
                    given=offer.given,
                    artifacts=offer.artifacts,
                    usage=purse.usage,
                    traceparent=offer.traceparent or span.traceparent,
                )

            try:
                if offer.team:
                    comm_id, members = await self._launch(frame, offer.team), offer.team
                else:
                    situation = TeamSituation(
                        me=self._card,
                        goal=offer.goal,
                        found=(),
                        calls_left=0,
                        forced=False,
                        file_names=tuple(artifact.name for artifact in offer.artifacts),
                        given=offer.given,
                        spending=purse,
                    )
                    limit_s = offer.budgets.turn_timeout_s * SHARE_OF_TURN
                    comm_id, members = await self._form(situation, frame, limit_s, alone=True)
            except (Refused, MalformedFrame) as error:
                # The goal has a group already, was cancelled, or went to another: nothing is left to do here.
                span.fail(error.code)
                _log.warning("no group for goal %s: %s: %s", offer.goal_id, error.code, error.rule)
                return
            span.set({"comm_id": comm_id, "members": len(members) + 1})
            self._listen(TeamLaunched(comm_id, members, goal_id=offer.goal_id))

    async def for_task(
        self, group: Group, task: Task, brief: Brief, purse: Purse, traceparent: str | None = None
    ) -> str:
        """Form a team for a task of this client. The comm_id of its group; "" means: do it alone. `traceparent` is what
        the group hangs below."""
        facts: Facts = {"comm_id": group.comm_id, "task_id": task.task_id, "agent": self._card.name}
        with self._tracer.span("formation", {**facts, "policy": self._policy.name}, parent=traceparent) as span:
            return await self._nested_group(group, task, brief, purse, traceparent or span.traceparent)

    async def _nested_group(self, group: Group, task: Task, brief: Brief, purse: Purse, traceparent: str | None) -> str:
        given = given_for(group, task, brief)

        def frame(members: tuple[str, ...]) -> LaunchGroup:
            return LaunchGroup(
                request_id=request_id("task", group.comm_id, task.task_id),
                goal=brief.task_desc or task.task_desc,
                team_members=members,
                max_turns=group.max_turns,
                parent=Parent(comm_id=group.comm_id, task_id=task.task_id),
                given=given,
                artifacts=group.artifacts,
                usage=purse.usage,
                traceparent=traceparent,
            )

        situation = TeamSituation(
            me=self._card,
            goal=brief.task_desc or task.task_desc,
            found=(),
            calls_left=0,
            forced=False,
            file_names=tuple(artifact.name for artifact in group.artifacts),
            given=given,
            nested=True,
            avoid=failed_before(group, task),
            spending=purse,
        )
        limit_s = min(group.budgets.turn_timeout_s, group.budgets.task_timeout_s) * SHARE_OF_TURN
        try:
            comm_id, members = await self._form(situation, frame, limit_s, alone=False)
        except (Refused, MalformedFrame) as error:  # too deep, budget spent …: the agent does it itself
            _log.info("no team for task %s: %s: %s", task.task_id, error.code, error.rule)
            return ""
        if comm_id:
            self._listen(TeamLaunched(comm_id, members, task_id=task.task_id))
        return comm_id

    async def _form(
        self,
        situation: TeamSituation,
        frame: Callable[[tuple[str, ...]], LaunchGroup],
        limit_s: float,
        *,
        alone: bool,
    ) -> tuple[str, tuple[str, ...]]:
        """Drive one formation. `alone`: a group of this client only is launched too; else it counts as no group."""
        ends_at = self._clock.monotonic_s() + limit_s
        formation = form_team()
        request = next(formation)
        while True:
            try:
                match request:
                    case Decide():
                        call = await self._decide(situation, request, ends_at)
                        request = formation.send(call)
                    case SearchAgent():
                        asked_at = self._clock.monotonic_s()
                        hits = await self._search(request.desc, (self._card.name,))
                        ends_at += self._clock.monotonic_s() - asked_at  # the hub's time is not the policy's
                        request = formation.send(tuple(tuple(agents) for agents in hits))
                    case LaunchGroupChat():
                        members = self._others(request.team_members)
                        comm_id = await self._launch(frame, members) if members or alone else ""
                        request = formation.send(comm_id)
            except StopIteration as end:
                comm_id, named = end.value
                return comm_id, self._others(named)

    async def _decide(self, situation: TeamSituation, request: Decide, ends_at: float) -> ToolCall:
        now = TeamSituation(
            me=situation.me,
            goal=situation.goal,
            found=request.found,
            calls_left=request.calls_left,
            forced=request.forced,
            file_names=situation.file_names,
            given=situation.given,
            nested=situation.nested,
            contacts=self._contacts.contacts,
            avoid=situation.avoid,
            spending=situation.spending,
        )
        try:
            left_s = ends_at - self._clock.monotonic_s()
            call = await ask_policy(self._clock, left_s, lambda: self._policy.next_tool(now))
        except PolicyFailed as failure:
            _log.warning("team formation goes on without the policy: %s", failure)
            return LaunchGroupChat(tuple(name for name in best_of(request.found) if name not in situation.avoid))
        return call

    async def _launch(self, frame: Callable[[tuple[str, ...]], LaunchGroup], members: tuple[str, ...]) -> str:
        """Launch; members whom the hub does not accept are left out rather than the goal."""
        team = self._others(members)
        for left in range(MAX_LAUNCHES - 1, -1, -1):
            try:
                answer = await self._connection.ask(frame(team))
            except Refused as refusal:
                if not left or not team or refusal.code not in MEMBERS_AT_FAULT:
                    raise
                _log.warning("the hub refused the team %s: %s", ", ".join(team), refusal.rule)
                kept = tuple(name for name in team if repr(name) not in refusal.rule)
                team = kept if kept != team and left > 1 else ()
                continue
            assert isinstance(answer, Launched)
            return answer.comm_id
        raise AssertionError("the last try returns or raises")

    def _others(self, names: tuple[str, ...]) -> tuple[str, ...]:
        me = name_key(self._card.name)
        return tuple(dict.fromkeys(name for name in names if name_key(name) != me))[: MAX_MEMBERS - 1]


def results_for(group: Group, task: Task, brief: Brief) -> tuple[str, ...]:
    """The tasks whose results go along, oldest first: those that the assignment names and those of the brief."""
    wanted = {*task.builds_on, *brief.results_of}
    return tuple(name for name, other in group.tasks.items() if name in wanted and not other.open)


def given_for(group: Group, task: Task, brief: Brief) -> tuple[GivenResult, ...]:
    """What a nested group is handed down: what its parent was given, and the results that the task builds on, each cut
    to its share of `MAX_GIVEN_CHARS`. The newest are kept."""
    found = [
        GivenResult(
            agent=report.assignee,
            task_desc=group.tasks[name].task_desc,
            conclusion=report.conclusion,
            artifacts=report.artifacts,
        )
        for name in results_for(group, task, brief)
        for report in group.tasks[name].reports
        if report.status == "completed"
    ]
    given = [*group.given, *found][-MAX_GIVEN:]
    share = MAX_GIVEN_CHARS // max(1, 2 * len(given))
    return tuple(
        replace(result, task_desc=cut(result.task_desc, share), conclusion=cut(result.conclusion, share))
        for result in given
    )


def cut(text: str, limit_chars: int) -> str:
    """The text, or its beginning with a mark that there was more."""
    return text if len(text) <= limit_chars else text[: max(0, limit_chars - 2)] + " …"


def request_id(*parts: str) -> str:
    """The same identifier for the same purpose, whoever asks again."""
    return sha256("\n".join(parts).encode()).hexdigest()[:32]
