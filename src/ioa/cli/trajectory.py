"""A goal as a trajectory: one line for each step of its conversation, to be learned from; see `trajectory_steps`.

Nothing is left out: the hub's own entries (deadlines, nested groups, forced conclusions) are steps of `@hub`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from ioa.cli.follow import Followed
from ioa.cli.records import Entry, Goal
from ioa.cli.trajectory_agents import AgentSteps, agent_steps_of
from ioa.cli.trajectory_steps import (
    FORMAT,
    File,
    Head,
    Observation,
    Reply,
    Result,
    Step,
    Task,
    Team,
    Tokens,
)
from ioa.conversation.group import Group
from ioa.conversation.task import ENDED
from ioa.conversation.task import Task as GroupTask
from ioa.protocol.messages import (
    Artifact,
    Conclusion,
    Deadline,
    Discussion,
    Launch,
    Pause,
    Subgroup,
    TaskCancel,
    TaskProgress,
    TaskResult,
    TaskStart,
    TaskTurn,
    Turn,
    Usage,
    kind,
)
from ioa.version import version


@dataclass(frozen=True, slots=True)
class _Taken:
    """An entry that the law took, with the group before (None: it began the group) and after."""

    number: int
    entry: Entry
    before: Group | None
    after: Group


def trajectory(
    goal: Goal, entries: Sequence[Entry], agent_steps: AgentSteps, wanted: frozenset[str]
) -> Iterator[Head | Step]:
    """The head, then the steps of the groups `wanted`, numbered over the whole tree."""
    followed = Followed()
    taken: list[_Taken] = []
    for entry in entries:
        known = followed.groups.get(entry.message.comm_id)
        before = known.group if known else None
        watched = followed.take(entry)
        if watched is not None:
            taken.append(_Taken(len(taken) + 1, entry, before, watched.group))
    chosen = [one for one in taken if one.entry.message.comm_id in wanted]
    yield _head(goal, followed, wanted, len(chosen))
    story = _Story(taken, followed, agent_steps)
    for one in chosen:
        yield story.step(one)


def _head(goal: Goal, followed: Followed, wanted: frozenset[str], steps: int) -> Head:
    usage = goal.usage
    budgets: dict[str, float | None] = msgspec.structs.asdict(goal.budgets)
    groups = [watched.group for name, watched in followed.groups.items() if name in wanted]
    return Head(
        format=FORMAT,
        ioa=version(),
        goal_id=goal.goal_id,
        goal=goal.goal,
        owner=goal.owner,
        status=goal.status,
        initiator=goal.initiator,
        comm_id=goal.comm_id,
        conclusion=goal.conclusion,
        created_at=goal.created_at,
        ended_at=goal.ended_at,
        budgets=budgets,
        calls=usage.calls,
        tokens=Tokens(input=usage.input_tokens, output=usage.output_tokens),
        cost_usd=usage.cost_usd,
        teams=tuple(_team(group) for group in groups),
        steps=steps,
    )


def _team(group: Group) -> Team:
    return Team(
        comm_id=group.comm_id,
        parent_comm_id=group.parent.comm_id if group.parent else None,
        parent_task_id=group.parent.task_id if group.parent else None,
        depth=group.team_up_depth,
        goal=group.goal,
        initiator=group.initiator,
        team_members=group.members,
        turns=group.turns,
        outcome=group.outcome,
        forced=group.forced,
        conclusion=group.conclusion,
    )


class _Story:
    """All entries that the law took, and the groups as they ended."""

    def __init__(self, taken: Sequence[_Taken], followed: Followed, agent_steps: AgentSteps) -> None:
        self._followed = followed
        self._agent_steps = agent_steps
        self._numbers = {(one.after.comm_id, one.after.seq): one.number for one in taken}
        self._by_group: dict[str, list[_Taken]] = {}
        self._last_start: dict[tuple[str, str, str], int] = {}
        for one in taken:
            message = one.entry.message
            self._by_group.setdefault(message.comm_id, []).append(one)
            if isinstance(message, TaskStart):
                self._last_start[message.comm_id, message.task_id, message.sender] = one.number

    def step(self, one: _Taken) -> Step:
        message, group = one.entry.message, one.after
        usage = message.usage or Usage()
        tasks = message.tasks if isinstance(message, TaskTurn) else ()
        return Step(
            step=one.number,
            at=one.entry.at,
            goal_id=group.goal_id,
            comm_id=group.comm_id,
            seq=group.seq,
            depth=group.team_up_depth,
            state=one.before.state if one.before else "team_formation",
            agent=message.sender,
            action=kind(message),
            to=_to(one),
            content=_content(one),
            tasks=tuple(
                Task(
                    task_id=task.task_id,
                    assignee=task.assignee,
                    task_desc=task.task_desc,
                    task_abstract=task.task_abstract,
                    builds_on=task.builds_on,
                )
                for task in tasks
            ),
            triggers=message.triggers if isinstance(message, Pause) else (),
            task_id=_task_id(one),
            status=_status(one),
            forced=isinstance(message, Conclusion) and message.forced,
            artifacts=_files(getattr(message, "artifacts", ())),
            observation=self._observation(one),
            next_state=group.state,
            next_speaker=group.floor,
            calls=usage.calls,
            tokens=Tokens(input=usage.input_tokens, output=usage.output_tokens),
            cost_usd=usage.cost_usd,
            model=usage.model,
            saved_tokens=usage.saved_tokens,
            thought=message.thought if isinstance(message, Turn) else "",
        )

    def _observation(self, one: _Taken) -> Observation:
        message = one.entry.message
        group = self._followed.groups[message.comm_id].group
        match message:
            case Launch():
                return Observation(outcome=group.outcome, conclusion=group.conclusion)
            case Subgroup():
                nested = self._followed.groups.get(message.subgroup)
                return Observation(
                    outcome=nested.group.outcome if nested else None,
                    conclusion=nested.group.conclusion if nested else None,
                )
            case Discussion():
                return Observation(reply=self._reply(one))
            case TaskTurn():
                return Observation(results=self._results(group, [task.task_id for task in message.tasks]))
            case Pause():
                return Observation(results=self._results(group, message.triggers))
            case TaskStart():
                last = self._last_start[message.comm_id, message.task_id, message.sender] == one.number
                return self._own(group, message.task_id, message.sender, with_steps=last)
            case TaskResult():
                who = message.assignee or message.sender
                begun = (message.comm_id, message.task_id, who) in self._last_start
                return self._own(group, message.task_id, who, with_steps=not begun)
            case _:
                return Observation()

    def _own(self, group: Group, task_id: str, who: str, *, with_steps: bool) -> Observation:
        """The result of one assignee, and what it did for it."""
        results = tuple(result for result in self._results(group, [task_id]) if result.assignee == who)
        report = group.tasks[task_id].report_of(who)
        steps = agent_steps_of(report.artifacts, self._agent_steps) if report and with_steps else ()
        return Observation(results=results, agent_steps=steps)

    def _results(self, group: Group, task_ids: Sequence[str]) -> tuple[Result, ...]:
        return tuple(result for task_id in task_ids for result in self._reports(group, group.tasks[task_id]))

    def _reports(self, group: Group, task: GroupTask) -> Iterator[Result]:
        nested = dict(task.subgroups)
        for report in task.reports:
            yield Result(
                task_id=task.task_id,
                assignee=report.assignee,
                status=report.status,
                conclusion=report.conclusion,
                abstract=report.abstract,
                artifacts=_files(report.artifacts),
                subgroup=nested.get(report.assignee),
                step=self._numbers.get((group.comm_id, report.result_seq)) if report.status in ENDED else None,
            )

    def _reply(self, one: _Taken) -> Reply | None:
        """The next turn of the group, or that its floor was lost."""
        for later in self._by_group[one.entry.message.comm_id]:
            message = later.entry.message
            if later.number <= one.number or not isinstance(message, Turn | Deadline):
                continue
            if isinstance(message, Turn) or message.overdue == "floor":
                return Reply(step=later.number, agent=message.sender, action=kind(message), content=message.content)
        return None


def _to(one: _Taken) -> tuple[str, ...]:
    message = one.entry.message
    match message:
        case Launch() | Subgroup():
            return message.team_members
        case Discussion() | TaskTurn():
            return message.next_speaker
        case Deadline():
            return (message.member,) if message.member else ()
        case _:
            return ()


def _content(one: _Taken) -> str:
    message = one.entry.message
    match message:
        case Launch():
            return message.goal
        case TaskStart():
            return message.task_desc or message.task_abstract
        case TaskResult():
            return message.task_conclusion
        case Subgroup():
            return ""
        case _:
            return message.content


def _task_id(one: _Taken) -> str | None:
    message = one.entry.message
    match message:
        case TaskStart() | TaskProgress() | TaskResult() | TaskCancel() | Subgroup() | Deadline():
            return message.task_id
        case _:
            return None


def _status(one: _Taken) -> str | None:
    message = one.entry.message
    match message:
        case TaskResult():
            return message.status
        case Conclusion():
            return message.outcome
        case _:
            return None


def _files(artifacts: Sequence[Artifact]) -> tuple[File, ...]:
    return tuple(
        File(name=file.name, media_type=file.media_type, size_bytes=file.size_bytes, digest=file.digest)
        for file in artifacts
    )
