"""A whole conversation without hub, wire or clock: policies and agents around one log, one message at a time.

For tests of policies. Everything is judged by the real law; who is `silent` never speaks and loses the floor by its
deadline. Nested teams are not formed here: `needs_team` is recorded and the task done alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from ioa.conversation.group import Concluded, Effect, FloorGiven, Group, TaskAssigned, WorkCancelled, step
from ioa.conversation.hub_duties import prepare, waits, when_overdue
from ioa.ports.agent import AgentFailed
from ioa.ports.policy import GroupView, Policy, TaskView
from ioa.protocol.cards import Card, Evaluation, FoundAgent
from ioa.protocol.errors import Refused
from ioa.protocol.messages import AnyMessage, Budgets, Launch, TaskResult, TaskStart, kind

Work = Callable[[str], str]
Fit = Callable[[str, Card], float]


@dataclass
class Member:
    """An agent at the table. `work` gets the task's description and returns its result or raises `AgentFailed`."""

    card: Card
    policy: Policy
    work: Work | None = None
    silent: bool = False
    contacts: dict[str, Evaluation] = field(default_factory=dict[str, Evaluation])
    observation: str = ""


class Conversation:
    """Runs one group to its conclusion. `fit(phrase, card)` stands in for discovery."""

    def __init__(self, goal: str, members: Sequence[Member], fit: Fit, *, max_turns: int = 20, depth: int = 0) -> None:
        self.members = {member.card.name: member for member in members}
        self.fit = fit
        self.log: list[AnyMessage] = []
        self.refusals: list[Refused] = []
        self.wanted_teams: list[str] = []
        self._running: list[tuple[str, str]] = []
        self.group, self._floor = self._launch(goal, max_turns, depth)

    def _launch(self, goal: str, max_turns: int, depth: int) -> tuple[Group, str | None]:
        names = tuple(self.members)
        launch = Launch(
            sender=names[0],
            comm_id="table",
            message_id="launch",
            goal=goal,
            team_members=names[1:],
            team_up_depth=0,
            max_turns=max_turns,
            budgets=Budgets(depth=depth),
            goal_id="goal",
            owner="@me",
        )
        group, effects = step(None, launch)
        self.log.append(launch)
        return group, next((effect.member for effect in effects if isinstance(effect, FloorGiven)), None)

    async def run(self, *, limit: int = 2_000) -> Group:
        """To the conclusion; raises `AssertionError` if there is none within `limit` moves."""
        for _ in range(limit):
            if self.group.ended:
                return self.group
            await self._move()
        raise AssertionError(f"no conclusion after {limit} moves: {self.group.state}, floor {self.group.floor}")

    async def _move(self) -> None:
        holder = self.group.floor
        if holder is not None and not self.members[holder].silent:
            await self._turn(self.members[holder])
        elif self._running:
            await self._work(*self._running.pop(0))
        else:
            self._expire()

    def _expire(self) -> None:
        first = min(waits(self.group), key=lambda wait: wait.timeout_s)
        for message in when_overdue(self.group, first):
            self._post(message)

    async def _turn(self, member: Member) -> None:
        message = await member.policy.turn(
            GroupView(
                me=member.card,
                group=self.group,
                log=tuple(self.log),
                cards={name: one.card for name, one in self.members.items()},
                contacts=member.contacts,
                search=self.search,
                observation=member.observation,
            )
        )
        try:
            for entry in prepare(self.group, message):
                self._post(entry)
        except Refused as refusal:
            self.refusals.append(refusal)
            member.silent = True

    async def _work(self, task_id: str, name: str) -> None:
        member = self.members[name]
        task = self.group.tasks[task_id]
        if not task.open or member.silent:
            return
        view = TaskView(
            me=member.card,
            task=task,
            group=self.group,
            log=tuple(self.log),
            contacts=member.contacts,
            search=self.search,
            may_team_up=True,
        )
        if await member.policy.needs_team(view):
            self.wanted_teams.append(task_id)
        brief = await member.policy.brief(view)
        group = self.group.comm_id
        start = TaskStart(
            sender=name,
            comm_id=group,
            message_id="",
            task_id=task_id,
            task_abstract=brief.task_abstract,
            task_desc=brief.task_desc,
            messages=brief.messages,
            criteria=brief.criteria,
        )
        self._post(start)
        try:
            if member.work is None:
                raise AgentFailed("no agent of its own")
            found = member.work(brief.task_desc)
            result = TaskResult(
                sender=name, comm_id=group, message_id="", task_id=task_id, status="completed", task_conclusion=found
            )
        except AgentFailed as failure:
            result = TaskResult(
                sender=name,
                comm_id=group,
                message_id="",
                task_id=task_id,
                status="failed",
                task_conclusion=str(failure),
            )
        self._post(result)

    def _post(self, message: AnyMessage) -> tuple[Effect, ...]:
        stamped = replace(message, seq=self.group.seq + 1, message_id=message.message_id or f"m{self.group.seq + 1}")
        self.group, effects = step(self.group, stamped)
        self.log.append(stamped)
        for effect in effects:
            match effect:
                case TaskAssigned():
                    self._running.extend((effect.task_id, name) for name in effect.assignees)
                case WorkCancelled():
                    self._running = [one for one in self._running if one != (effect.task_id, effect.assignee)]
                case Concluded():
                    self._running.clear()
                case _:
                    pass
        return effects

    async def search(self, phrases: Sequence[str], team: Sequence[str]) -> list[tuple[FoundAgent, ...]]:
        """Everybody at the table, scored by `fit`."""
        return [
            tuple(
                sorted(
                    (
                        FoundAgent(card=one.card, score=self.fit(phrase, one.card), online=not one.silent)
                        for one in self.members.values()
                    ),
                    key=lambda hit: -hit.score,
                )
            )
            for phrase in phrases
        ]

    @property
    def kinds(self) -> list[str]:
        """The kinds in the log, in order, without those about running tasks."""
        return [kind(message) for message in self.log if not kind(message).startswith("task_")]


def keyword_fit(words: Mapping[str, Sequence[str]]) -> Fit:
    """A stand-in for discovery: 0.8 if one of the agent's words is in the phrase, else 0.05."""

    def fit(phrase: str, card: Card) -> float:
        return 0.8 if any(word in phrase.lower() for word in words.get(card.name, ())) else 0.05

    return fit
