"""The lines of a trajectory: JSON Lines, `FORMAT` is their version; docs/cli.md explains each field.

Every field is in every line, in this order, so that programs can rely on it. A field is only ever added, and only at
the end of a kind; any other change raises `FORMAT`.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

FORMAT = 1


class File(Struct, frozen=True, kw_only=True):
    """A file of a step; its bytes are at the hub under `digest` (`sha256:<hex>`)."""

    name: str
    media_type: str
    size_bytes: int
    digest: str


class Tokens(Struct, frozen=True, kw_only=True):
    """Tokens that models read (`input`) and wrote (`output`)."""

    input: int
    output: int


class Team(Struct, frozen=True, kw_only=True):
    """One group of the tree, as it ended. `parent` is the group and task that it is nested under."""

    comm_id: str
    parent_comm_id: str | None
    parent_task_id: str | None
    depth: int
    goal: str
    initiator: str
    team_members: tuple[str, ...]
    turns: int
    outcome: str | None
    forced: bool
    conclusion: str | None


class Head(Struct, frozen=True, kw_only=True, tag="head", tag_field="line"):
    """First line. Times are Unix seconds; `tokens` and `cost_usd` are the goal's account, which also has what no step
    brought along. `format` is the version of these lines, `ioa` that of the program."""

    format: int
    ioa: str
    goal_id: str
    goal: str
    owner: str
    status: str
    initiator: str | None
    comm_id: str | None
    conclusion: str | None
    created_at: float
    ended_at: float | None
    budgets: dict[str, float | None]
    calls: int
    tokens: Tokens
    cost_usd: float
    teams: tuple[Team, ...]
    steps: int


class Task(Struct, frozen=True, kw_only=True):
    """A task as a step assigns it. `builds_on` are tasks whose results come along."""

    task_id: str
    assignee: tuple[str, ...]
    task_desc: str
    task_abstract: str
    builds_on: tuple[str, ...]


class Result(Struct, frozen=True, kw_only=True):
    """How a task ended for one assignee. `step` is the step that says so, None while it is open; `subgroup` the group
    that worked on it, if one did."""

    task_id: str
    assignee: str
    status: str
    conclusion: str
    abstract: str
    artifacts: tuple[File, ...]
    subgroup: str | None
    step: int | None


class AgentStep(Struct, frozen=True, kw_only=True):
    """What a ReAct agent did within its task: `action` is a tool ("" for thought alone), `arguments` its JSON object
    (text where the model wrote no JSON)."""

    thought: str
    action: str
    arguments: object
    observation: str


class Reply(Struct, frozen=True, kw_only=True):
    """The next word in the group: `action` as in `Step`; `deadline` where nobody said one in time."""

    step: int
    agent: str
    action: str
    content: str


class Observation(Struct, frozen=True, kw_only=True):
    """What came of a step. `results`: of the tasks that it assigned, waited for, began or reported. `agent_steps`: of
    the agent that began the task. `reply`: to a discussion. `outcome`, `conclusion`: of the group that was launched,
    or noted as nested."""

    results: tuple[Result, ...] = ()
    agent_steps: tuple[AgentStep, ...] = ()
    reply: Reply | None = None
    outcome: str | None = None
    conclusion: str | None = None


class Step(Struct, frozen=True, kw_only=True, tag="step", tag_field="line"):
    """One entry of a group's log, in the order of the hub. `step` counts from 1 over all groups of the goal, `seq` in
    its own group. `state` is that of the group before (`team_formation` before it exists), `next_state` after;
    `next_speaker` has the floor then, None while tasks are awaited and at the end. `action` is the kind of message,
    `status` how a task or group ended by it. `tokens`, `calls` and `cost_usd` are what the step took its agent."""

    step: int
    at: float
    goal_id: str
    comm_id: str
    seq: int
    depth: int
    state: str
    agent: str
    action: str
    to: tuple[str, ...]
    content: str
    tasks: tuple[Task, ...]
    triggers: tuple[str, ...]
    task_id: str | None
    status: str | None
    forced: bool
    artifacts: tuple[File, ...]
    observation: Observation
    next_state: str
    next_speaker: str | None
    calls: int
    tokens: Tokens
    cost_usd: float
    model: str
    saved_tokens: int
    thought: str


Line = Head | Step
"""What a line of a trajectory decodes to."""

_LINE = msgspec.json.Decoder(Line)


def read_line(line: str | bytes) -> Line:
    """One line of a trajectory. Raises `msgspec.ValidationError` for a line of another format."""
    return _LINE.decode(line)
