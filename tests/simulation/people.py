"""Who takes part: policies and agents that do whatever a dice says, legal or not, and never what the others expect."""

from __future__ import annotations

from random import Random
from typing import Any

from ioa.conversation.formation import LaunchGroupChat, SearchAgent, ToolCall
from ioa.ports.agent import AgentFailed, Assignment, Outcome, ReportProgress
from ioa.ports.clock import Clock
from ioa.ports.policy import Brief, GroupView, PolicyFailed, TaskView, TeamSituation, TurnMessage
from ioa.ports.spending import BudgetSpent, ModelCall, Spending
from ioa.protocol.messages import AsyncTask, Conclusion, SyncTask, TaskAssignment, Usage
from ioa.testing.policies import pause, say

FOR_EVER_S = 1e6
KINDS = ("say", "sync", "async", "pause", "conclude")


class DicePolicy:
    """Chooses by dice among everything that could be said, and a little beyond."""

    name = "dice"

    def __init__(self, dice: Random, clock: Clock, everybody: tuple[str, ...]) -> None:
        self._dice = dice
        self._clock = clock
        self._everybody = everybody

    async def next_tool(self, situation: TeamSituation) -> ToolCall:
        await self._think(situation.spending)
        dice = self._dice
        if not situation.forced and situation.calls_left > 7 and dice.random() < 0.4:
            return SearchAgent(("does things", dice.choice(self._everybody)))
        names = [*self._everybody, "Nobody"] if dice.random() < 0.05 else list(self._everybody)
        return LaunchGroupChat(tuple(dice.sample(names, dice.randint(0, min(4, len(names))))))

    async def turn(self, view: GroupView) -> TurnMessage:
        await self._think(view.spending)
        dice, group = self._dice, view.group
        still_open = [task.task_id for task in group.open_tasks]
        kind = dice.choices(KINDS, (4, 3, 3, 4 if still_open else 0.2, 1.5))[0]
        if group.must_conclude and dice.random() < 0.9:
            kind = "conclude"
        if kind == "say":
            return say(f"word {dice.randrange(1000)}", dice.choice(group.members))
        if kind == "pause":
            wanted = still_open or list(group.tasks)[:1] or ["no such task"]
            return pause(*dice.sample(wanted, dice.randint(1, len(wanted))))
        if kind == "conclude":
            return Conclusion(
                sender="-",
                comm_id="-",
                message_id="-",
                content=f"found {dice.randrange(1000)}",
                outcome=dice.choice(("completed", "completed", "partial", "failed")),
            )
        ended = [task.task_id for task in group.tasks.values() if not task.open]
        tasks = tuple(
            TaskAssignment(
                task_desc=f"work {dice.randrange(1000)}",
                assignee=tuple(dice.sample(group.members, dice.randint(1, min(2, len(group.members))))),
                builds_on=tuple(dice.sample(ended, min(len(ended), dice.randint(0, 2)))),
            )
            for _ in range(dice.randint(1, 3))
        )
        speakers = tuple(dict.fromkeys(name for task in tasks for name in task.assignee))
        cls: Any = SyncTask if kind == "sync" else AsyncTask
        return cls(sender="-", comm_id="-", message_id="-", content="please", next_speaker=speakers, tasks=tasks)

    async def brief(self, view: TaskView) -> Brief:
        await self._think(view.spending)
        return Brief(view.task.task_abstract, view.task.task_desc, results_of=view.task.builds_on)

    async def needs_team(self, view: TaskView) -> bool:
        await self._think(view.spending)
        return self._dice.random() < 0.35

    async def _think(self, spending: Spending) -> None:
        """Take some time, fail, never come back, or pay for a call of a model."""
        dice = self._dice
        luck = dice.random()
        if luck < 0.01:
            raise PolicyFailed("the dice say: no decision")
        if luck < 0.02:
            await self._clock.sleep(FOR_EVER_S)
        if luck < 0.5:
            await self._clock.sleep(dice.expovariate(2.0))
        if luck > 0.8:
            await pay(spending, dice, self._clock)


async def pay(spending: Spending, dice: Random, clock: Clock) -> None:
    """One call of a model that takes a while and uses at most what was asked for."""
    call = ModelCall("turn", "dice", tokens=dice.randint(0, 2_000), cost_usd=dice.random() * 0.02)
    try:
        call_id = await spending.ask(call)
    except BudgetSpent:
        return
    began_s = clock.monotonic_s()
    usage = Usage(calls=1, input_tokens=dice.randint(0, call.tokens), cost_usd=call.cost_usd * dice.random())
    try:
        await clock.sleep(dice.expovariate(1.0))
    finally:
        spending.tell(call_id, usage, duration_s=clock.monotonic_s() - began_s)


class DiceAgent:
    """Works for a while, tells of it, fails now and then, or never ends. `note(phase, task_id)` hears of each run."""

    def __init__(self, dice: Random, clock: Clock, note: Any) -> None:
        self._dice = dice
        self._clock = clock
        self._note = note

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        self._note("begin", assignment.task_id)
        dice = self._dice
        luck = dice.random()
        if luck < 0.2:
            await pay(assignment.spending, dice, self._clock)
        for _ in range(dice.randint(0, 3)):
            await self._clock.sleep(dice.expovariate(0.5))
            await progress("still at it")
        if luck > 0.98:
            await self._clock.sleep(FOR_EVER_S)
        self._note("end", assignment.task_id)
        if luck > 0.93:
            raise AgentFailed("the dice say: it did not work")
        return Outcome(f"did {assignment.task_desc}, {dice.randrange(1000)}")
