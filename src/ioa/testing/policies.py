"""Policies for tests: what they say was written down before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from ioa.conversation.formation import LaunchGroupChat, ToolCall
from ioa.ports.policy import Brief, GroupView, PolicyFailed, TaskView, TeamSituation, TurnMessage
from ioa.protocol.messages import AsyncTask, Conclusion, Discussion, Pause, SyncTask, TaskAssignment

Turns: TypeAlias = Callable[[GroupView], TurnMessage | Awaitable[TurnMessage]]
Say: TypeAlias = TurnMessage | Turns


class ScriptedPolicy:
    """Says the next thing of a list at each turn. An entry is a message, or a function of the view that makes one
    (and may wait, or raise). When the list is spent it concludes with "done".

    `team` is whom a team formation launches, `nest` whether a task of this client gets a team; both may be functions.
    What was asked is kept in `views`, `situations` and `tasks`.
    """

    name = "scripted"

    def __init__(
        self,
        turns: Iterable[Say] = (),
        *,
        team: tuple[str, ...] | Callable[[TeamSituation], ToolCall] = (),
        nest: bool | Callable[[TaskView], bool] = False,
        brief: Callable[[TaskView], Brief] | None = None,
    ) -> None:
        self._turns = list(turns)
        self._team = team
        self._nest = nest
        self._brief = brief
        self.views: list[GroupView] = []
        self.situations: list[TeamSituation] = []
        self.tasks: list[TaskView] = []

    async def next_tool(self, situation: TeamSituation) -> ToolCall:
        """The launch, or what `team` makes of the situation."""
        self.situations.append(situation)
        return self._team(situation) if callable(self._team) else LaunchGroupChat(self._team)

    async def turn(self, view: GroupView) -> TurnMessage:
        """The next entry of the script."""
        self.views.append(view)
        entry = self._turns.pop(0) if self._turns else conclude("done")
        if not callable(entry):
            return entry
        said = entry(view)
        return said if isinstance(said, Discussion | SyncTask | AsyncTask | Pause | Conclusion) else await said

    async def brief(self, view: TaskView) -> Brief:
        """The task as it was assigned, or what `brief` makes of it."""
        self.tasks.append(view)
        if self._brief is not None:
            return self._brief(view)
        return Brief(view.task.task_abstract, view.task.task_desc, results_of=view.task.builds_on)

    async def needs_team(self, view: TaskView) -> bool:
        """What `nest` says."""
        return self._nest(view) if callable(self._nest) else self._nest


class BrokenPolicy(ScriptedPolicy):
    """Has no decision, ever."""

    name = "broken"

    async def turn(self, view: GroupView) -> TurnMessage:
        """Raises `PolicyFailed`."""
        self.views.append(view)
        raise PolicyFailed("the script says: no decision")


class StuckPolicy(ScriptedPolicy):
    """Never comes to a decision; `cancelled` counts how often it was told to stop."""

    name = "stuck"

    def __init__(self) -> None:
        super().__init__()
        self.cancelled = 0

    async def turn(self, view: GroupView) -> TurnMessage:
        """Waits until it is cancelled."""
        self.views.append(view)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        raise AssertionError("nobody sets that event")


def say(content: str, to: str) -> Discussion:
    """A word to one member, who gets the floor. The client fills in the header."""
    return Discussion(sender="-", comm_id="-", message_id="-", content=content, next_speaker=(to,))


def conclude(content: str) -> Conclusion:
    """The end of the group."""
    return Conclusion(sender="-", comm_id="-", message_id="-", content=content)


def pause(*triggers: str) -> Pause:
    """Wait for these tasks."""
    return Pause(sender="-", comm_id="-", message_id="-", content="waiting", triggers=triggers)


def assign(*tasks: tuple[str, str], builds_on: tuple[str, ...] = (), wait: bool = True) -> SyncTask | AsyncTask:
    """Tasks as (assignee, description); with `wait` the floor returns when all have ended."""
    entries = tuple(TaskAssignment(task_desc=desc, assignee=(who,), builds_on=builds_on) for who, desc in tasks)
    speakers = tuple(dict.fromkeys(who for who, _ in tasks))
    if wait:
        return SyncTask(sender="-", comm_id="-", message_id="-", content="please", next_speaker=speakers, tasks=entries)
    return AsyncTask(sender="-", comm_id="-", message_id="-", content="please", next_speaker=speakers, tasks=entries)
