"""What the HTTP API shows, and how it is made of what the hub knows."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Raw, Struct

from ioa.conversation.group import Group, GroupState
from ioa.conversation.task import Task, TaskStatus
from ioa.hub.group_log import Chat
from ioa.hub.records import AgentRecord, CallRecord, GoalRecord, GoalStatus
from ioa.ports.store import GroupRow, Stored
from ioa.protocol.cards import Card, Evaluation, Visibility
from ioa.protocol.messages import Artifact, Budgets, GroupOutcome, Parent, Usage


class AgentView(Struct, kw_only=True, omit_defaults=True):
    """A registered agent, and who may see and recruit it. In searches `score` (0 to 1) says how well it fits the search
    text number `phrase`. `verified`: its card is signed by the key that its name is held to."""

    name: str
    card: Card
    online: bool
    owner: str
    registered_at: float
    visibility: Visibility = "public"
    score: float | None = None
    phrase: int | None = None
    verified: bool = False


class Registered(Struct, kw_only=True):
    """The agent's own token. It is shown this once."""

    name: str
    token: str


class Channels(Struct, kw_only=True):
    """Communication channels of the groups of a goal (`nested`), and of one group of all their members (`full`).
    Source: IoA paper, 2.3.2."""

    nested: int
    full: int


class Goal(Struct, kw_only=True):
    """A goal and what became of it. `groups` are all groups of its tree, oldest first; times are Unix seconds. `usage`
    is what its model calls have used so far, of `budgets`."""

    goal_id: str
    goal: str
    owner: str
    status: GoalStatus
    initiator: str | None
    comm_id: str | None
    conclusion: str | None
    artifacts: tuple[Artifact, ...]
    created_at: float
    ended_at: float | None
    groups: tuple[str, ...]
    channels: Channels
    budgets: Budgets
    usage: Usage


class TaskReport(Struct, kw_only=True):
    """How one assignee stands with a task."""

    assignee: str
    status: TaskStatus
    abstract: str
    conclusion: str
    artifacts: tuple[Artifact, ...]


class TaskView(Struct, kw_only=True):
    """A task of a group. Source: IoA paper, A.2.2."""

    task_id: str
    task_desc: str
    task_abstract: str
    assigner: str
    assignee: tuple[str, ...]
    status: TaskStatus
    synchronous: bool
    conclusion: str
    builds_on: tuple[str, ...]
    subgroups: tuple[str, ...]
    reports: tuple[TaskReport, ...]
    assigned_at: float


class GroupView(Struct, kw_only=True):
    """A group chat. Source: IoA paper, Figure 7 and A.2.2."""

    comm_id: str
    goal: str
    goal_id: str
    owner: str
    team_members: tuple[str, ...]
    initiator: str
    state: GroupState
    floor: str | None
    conclusion: str | None
    outcome: GroupOutcome | None
    forced: bool
    team_up_depth: int
    max_turns: int
    turns: int
    budgets: Budgets
    parent: Parent | None
    subgroups: tuple[str, ...]
    continues: str | None
    open_tasks: tuple[str, ...]
    artifacts: tuple[Artifact, ...]
    conclusion_artifacts: tuple[Artifact, ...]
    entries: int
    created_at: float
    last_at: float


class EntryView(Struct, kw_only=True):
    """One message of a log. `cursor` is its position among all messages of the hub, `at` Unix seconds."""

    cursor: int
    at: float
    message: Raw


class ContactsView(Struct, kw_only=True):
    """What an agent remembers of others."""

    agent: str
    contacts: tuple[Evaluation, ...]
    at: float


class Health(Struct, kw_only=True):
    """`signed_cards`: cards may carry a signature; `verifies`: this hub also checks it."""

    status: Literal["ok"]
    version: str
    protocol: int
    signed_cards: bool
    verifies: bool


def agent_view(
    record: AgentRecord, *, online: bool, score: float | None = None, phrase: int | None = None
) -> AgentView:
    return AgentView(
        name=record.card.name,
        card=record.card,
        online=online,
        owner=record.owner,
        registered_at=record.registered_at,
        visibility=record.visibility,
        score=score,
        phrase=phrase,
        verified=record.verified,
    )


class ModelCall(Struct, kw_only=True):
    """One call of a model: by whom, for which group, task and decision, and what it used. `at` is when it ended."""

    agent: str
    comm_id: str | None
    task_id: str | None
    decision: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: float
    duration_s: float
    error: str
    at: float


def call_view(record: CallRecord) -> ModelCall:
    return ModelCall(
        agent=record.agent,
        comm_id=record.comm_id,
        task_id=record.task_id,
        decision=record.decision,
        model=record.model,
        input_tokens=record.input_tokens,
        output_tokens=record.output_tokens,
        cost_usd=record.cost_usd,
        duration_s=record.duration_s,
        error=record.error,
        at=record.at,
    )


def goal_view(goal: GoalRecord, rows: list[GroupRow], usage: Usage) -> Goal:
    """`rows` are the groups of the goal, newest first."""
    sizes = [len(row.members) for row in rows]
    everybody = len({name for row in rows for name in row.members})
    return Goal(
        goal_id=goal.goal_id,
        goal=goal.goal,
        owner=goal.owner,
        status=goal.status,
        initiator=goal.initiator,
        comm_id=goal.comm_id,
        conclusion=goal.conclusion,
        artifacts=goal.conclusion_artifacts,
        created_at=goal.created_at,
        ended_at=goal.ended_at,
        groups=tuple(row.comm_id for row in reversed(rows)),
        channels=Channels(nested=sum(map(_channels, sizes)), full=_channels(everybody)),
        budgets=goal.budgets,
        usage=usage,
    )


def _channels(members: int) -> int:
    return members * (members - 1) // 2


def group_view(chat: Chat) -> GroupView:
    group = chat.group
    return GroupView(
        comm_id=group.comm_id,
        goal=group.goal,
        goal_id=group.goal_id,
        owner=group.owner,
        team_members=group.members,
        initiator=group.initiator,
        state=group.state,
        floor=group.floor,
        conclusion=group.conclusion,
        outcome=group.outcome,
        forced=group.forced,
        team_up_depth=group.team_up_depth,
        max_turns=group.max_turns,
        turns=group.turns,
        budgets=group.budgets,
        parent=group.parent,
        subgroups=tuple(comm_id for task in group.tasks.values() for _, comm_id in task.subgroups),
        continues=group.continues,
        open_tasks=tuple(task.task_id for task in group.open_tasks),
        artifacts=group.artifacts,
        conclusion_artifacts=group.conclusion_artifacts,
        entries=group.seq,
        created_at=chat.at[0],
        last_at=chat.at[-1],
    )


def task_views(group: Group, at: list[float]) -> tuple[TaskView, ...]:
    """`at` are the times of the log's entries."""
    return tuple(_task_view(task, at[task.assigned_seq - 1]) for task in group.tasks.values())


def _task_view(task: Task, assigned_at: float) -> TaskView:
    return TaskView(
        task_id=task.task_id,
        task_desc=task.task_desc,
        task_abstract=task.task_abstract,
        assigner=task.assigner,
        assignee=task.assignees,
        status=task.status,
        synchronous=task.synchronous,
        conclusion=task.conclusion,
        builds_on=task.builds_on,
        subgroups=tuple(comm_id for _, comm_id in task.subgroups),
        reports=tuple(
            TaskReport(
                assignee=report.assignee,
                status=report.status,
                abstract=report.abstract,
                conclusion=report.conclusion,
                artifacts=report.artifacts,
            )
            for report in task.reports
        ),
        assigned_at=assigned_at,
    )


def entry_view(entry: Stored) -> EntryView:
    return EntryView(cursor=entry.pos, at=entry.at, message=msgspec.Raw(entry.body))
