"""Messages of a group chat, one frozen class per kind.

The header is the paper's: `sender, state, comm_id`; `type` names the kind and so the next state of the group.
Payload fields carry the paper's names and appear only in the kinds that they belong to. Source: IoA paper, 2.4,
A.1 and Figure 7. All texts are UTF-8; sizes are checked by the codec (`MAX_TEXT_CHARS`).
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct, field

MAX_TEXT_CHARS = 262_144
MAX_SHORT_CHARS = 2_000
MAX_MEMBERS = 64
MAX_TASKS_A_MESSAGE = 32

Text: TypeAlias = Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]
Short: TypeAlias = Annotated[str, Meta(max_length=MAX_SHORT_CHARS)]
Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128)]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=80)]
Names: TypeAlias = Annotated[tuple[Name, ...], Meta(max_length=MAX_MEMBERS)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]
# A plain file name: receivers write it into a folder of theirs, so no separators, no controls, not "." or "..".
# `(?![\s\S])` is the end of the text; `$` would let a line break pass.
FileName: TypeAlias = Annotated[
    str,
    Meta(min_length=1, max_length=255, pattern=r"^(?!\.{1,2}(?![\s\S]))[^/\\\x00-\x1f\x7f]+(?![\s\S])"),
]

TaskEnd: TypeAlias = Literal["completed", "failed", "unknown"]
GroupOutcome: TypeAlias = Literal["completed", "partial", "failed"]
Overdue: TypeAlias = Literal["floor", "task"]


class Value(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parent of the plain values inside messages and frames."""


class Artifact(Value, frozen=True, kw_only=True):
    """A file that travels by reference. `name` is a plain file name without folders; `digest` is `sha256:<hex>`, and
    the bytes are fetched from the hub by it."""

    name: FileName
    media_type: Annotated[str, Meta(max_length=127)]
    size_bytes: Count
    digest: Annotated[str, Meta(max_length=71, pattern="^sha256:[0-9a-f]{64}$")]  # `$` alone lets a line break pass


Artifacts: TypeAlias = Annotated[tuple[Artifact, ...], Meta(max_length=256)]


TraceParent: TypeAlias = Annotated[str, Meta(max_length=64)]
"""The W3C trace context's header of that name."""

Dollars: TypeAlias = Annotated[float, Meta(ge=0, le=1e9)]


class Usage(Value, frozen=True, kw_only=True):
    """What a message cost its sender to produce, over all `calls` of models that it took.

    `model` names them, joined by a comma. `cost_usd` is 0 where the price is not known. `saved_tokens` are those that
    the repetition damper kept from being read by others, estimated.
    """

    calls: Count = 0
    input_tokens: Count = 0
    output_tokens: Count = 0
    cost_usd: Dollars = 0.0
    model: Short = ""
    saved_tokens: Count = 0


class Parent(Value, frozen=True, kw_only=True):
    """The task that a nested group works on: `h(g)` of the paper is the set of groups with this `comm_id`."""

    comm_id: Id
    task_id: Id


class Budgets(Value, frozen=True, kw_only=True):
    """What a group and every group nested under it may use together.

    `turns` counts floor messages of the whole tree; `depth` is the largest `team_up_depth`; times are seconds. `calls`,
    `tokens` (read and written) and `cost_usd` (None: no limit) are for all model calls of the goal, counted by the hub,
    which refuses a call before it is made.
    """

    turns: Annotated[int, Meta(ge=1, le=100_000)] = 120
    depth: Annotated[int, Meta(ge=0, le=32)] = 3
    turn_timeout_s: Annotated[float, Meta(gt=0, le=86_400)] = 60.0
    task_timeout_s: Annotated[float, Meta(gt=0, le=604_800)] = 600.0
    group_timeout_s: Annotated[float, Meta(gt=0, le=2_592_000)] = 3_600.0
    calls: Count = 500
    tokens: Count = 2_000_000
    cost_usd: Dollars | None = None


class GivenResult(Value, frozen=True, kw_only=True):
    """What an agent found elsewhere, handed down into a group: the results that a nested task builds on, or the
    conclusion of the group that this one continues."""

    agent: Name
    task_desc: Text
    conclusion: Text
    artifacts: Artifacts = ()


Given: TypeAlias = Annotated[tuple[GivenResult, ...], Meta(max_length=64)]


class TaskAssignment(Value, frozen=True, kw_only=True):
    """One task of an assignment message. The hub mints `task_id`; a client leaves it out.

    `builds_on` are tasks of this group whose results the assignee needs.
    """

    task_desc: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT_CHARS)]
    assignee: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=MAX_MEMBERS)]
    task_id: Annotated[str, Meta(max_length=128)] = ""
    task_abstract: Short = ""
    builds_on: Annotated[tuple[Id, ...], Meta(max_length=256)] = ()


class Message(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="type"):
    """Parent of all kinds: the header. `seq` is 0 until the hub has put the message into the group's log."""

    sender: Name
    comm_id: Id
    message_id: Id
    seq: Count = 0
    usage: Usage | None = None
    traceparent: TraceParent | None = None


class Formation(Message, frozen=True, kw_only=True):
    """Parent of the kinds spoken while a team forms."""

    # A default factory, because omit_defaults would drop a plain default and `state` is always on the wire.
    state: Literal["team_formation"] = field(default_factory=lambda: "team_formation")


class Communication(Message, frozen=True, kw_only=True):
    """Parent of the kinds spoken in a formed group."""

    state: Literal["communication"] = field(default_factory=lambda: "communication")


class Launch(Formation, frozen=True, kw_only=True, tag="launch"):
    """First message of every log: the group exists. `sender` is the initiator, who has the floor.

    `team_up_depth` is 0 for a goal's first group. `owner` is the person (`@user`) whose goal it is. `artifacts` are the
    goal's files; `given` what was found before, in the group that this one `continues` or for the task it is nested
    under.
    """

    goal: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT_CHARS)]
    team_members: Names
    team_up_depth: Annotated[int, Meta(ge=0, le=32)]
    max_turns: Annotated[int, Meta(ge=1, le=10_000)]
    goal_id: Id
    owner: Name
    budgets: Budgets = Budgets()
    parent: Parent | None = None
    continues: Id | None = None
    given: Given = ()
    artifacts: Artifacts = ()


class Turn(Communication, frozen=True, kw_only=True):
    """Parent of the kinds that need the floor. `thought` is for people who watch, never for other agents."""

    content: Text
    thought: Text = ""


class Discussion(Turn, frozen=True, kw_only=True, tag="discussion"):
    """Says something and hands the floor to one member."""

    next_speaker: Names


class TaskTurn(Turn, frozen=True, kw_only=True):
    """Parent of the two assignments. `next_speaker` are the assignees, each once, in order."""

    next_speaker: Names
    tasks: Annotated[tuple[TaskAssignment, ...], Meta(min_length=1, max_length=MAX_TASKS_A_MESSAGE)]


class SyncTask(TaskTurn, frozen=True, kw_only=True, tag="sync_task"):
    """Assigns tasks; the floor returns to the sender when all of them have ended."""


class AsyncTask(TaskTurn, frozen=True, kw_only=True, tag="async_task"):
    """Assigns tasks; the floor returns to the sender at once."""


class Pause(Turn, frozen=True, kw_only=True, tag="pause"):
    """Waits for `triggers`, open tasks of this group; then the floor returns to the sender."""

    triggers: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=256)]


class Conclusion(Turn, frozen=True, kw_only=True, tag="conclusion"):
    """The group's answer, and whether it answers the goal. `forced` ones are digests that the hub writes when a
    budget is spent or the group is cancelled."""

    artifacts: Artifacts = ()
    outcome: GroupOutcome = "completed"
    forced: bool = False


class TaskStart(Communication, frozen=True, kw_only=True, tag="task_start"):
    """An assignee begins. The task as it understood it: `task_abstract`, `task_desc`, the log entries that matter
    (`messages`, by seq) and when it will call it done (`criteria`)."""

    task_id: Id
    task_abstract: Short = ""
    task_desc: Text = ""
    messages: Annotated[tuple[Count, ...], Meta(max_length=1_000)] = ()
    criteria: Short = ""


class TaskProgress(Communication, frozen=True, kw_only=True, tag="task_progress"):
    """An assignee tells how far it is."""

    task_id: Id
    content: Short


class TaskResult(Communication, frozen=True, kw_only=True, tag="task_result"):
    """How a task ended for one assignee. From the hub, `assignee` and `subgroup` say whose it is
    and which nested group found it."""

    task_id: Id
    status: TaskEnd
    task_conclusion: Text
    task_abstract: Short = ""
    artifacts: Artifacts = ()
    assignee: Name | None = None
    subgroup: Id | None = None


class TaskCancel(Communication, frozen=True, kw_only=True, tag="task_cancel"):
    """Ends an open task. From its assigner, the initiator, the goal's owner or the hub."""

    task_id: Id
    content: Short = ""


class Subgroup(Communication, frozen=True, kw_only=True, tag="subgroup"):
    """The hub notes that a nested group works on `task_id` for `assignee`, and keeps `turns` of the tree's
    budget, and one more for its conclusion, for it."""

    task_id: Id
    assignee: Name
    subgroup: Id
    team_members: Names
    turns: Annotated[int, Meta(ge=1)]


class Deadline(Communication, frozen=True, kw_only=True, tag="deadline"):
    """The hub notes that a wait is over: `member` lost the floor it had since entry `since`, or `task_id` failed."""

    overdue: Overdue
    member: Name | None = None
    since: Count = 0
    task_id: Id | None = None
    content: Short = ""


class Interjection(Communication, frozen=True, kw_only=True, tag="interjection"):
    """The goal's owner says something to the group without having the floor."""

    content: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT_CHARS)]


AnyMessage: TypeAlias = (
    Launch
    | Discussion
    | SyncTask
    | AsyncTask
    | Pause
    | Conclusion
    | TaskStart
    | TaskProgress
    | TaskResult
    | TaskCancel
    | Subgroup
    | Deadline
    | Interjection
)

KINDS: tuple[type[Message], ...] = (
    Launch,
    Discussion,
    SyncTask,
    AsyncTask,
    Pause,
    Conclusion,
    TaskStart,
    TaskProgress,
    TaskResult,
    TaskCancel,
    Subgroup,
    Deadline,
    Interjection,
)


def kind(message: type[Message] | Message) -> str:
    """The word in `type` on the wire, such as `sync_task`."""
    return str(message.__struct_config__.tag)
