"""What a client tells those who watch it: tests, the live view of the command line, logs.

One frozen class per kind. A listener is called on the event loop, right when it happened; it must be quick and must
not raise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ioa.conversation.group import Effect, Group
from ioa.protocol.errors import Code
from ioa.protocol.messages import AnyMessage


@dataclass(frozen=True, slots=True)
class Connected:
    """The hub said welcome; deliveries go on after `cursor`."""

    cursor: int


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection is gone (`code` is the WebSocket close code); the next try is in `retry_in_s` seconds."""

    code: int
    reason: str
    retry_in_s: float


@dataclass(frozen=True, slots=True)
class EntryTaken:
    """A log entry was delivered, stored and folded into its group."""

    group: Group
    message: AnyMessage
    effects: tuple[Effect, ...]
    at: float


@dataclass(frozen=True, slots=True)
class LogUnreadable:
    """The law refused an entry that the hub delivered. A bug of one of the two; the log is fetched once more."""

    comm_id: str
    code: Code
    rule: str
    fetch_again: bool


@dataclass(frozen=True, slots=True)
class GoalTaken:
    """A team is being formed for a person's goal."""

    goal_id: str
    goal: str


@dataclass(frozen=True, slots=True)
class TeamLaunched:
    """A team formation ended with a group. `task_id` is empty for a goal's first group."""

    comm_id: str
    team_members: tuple[str, ...]
    goal_id: str = ""
    task_id: str = ""


@dataclass(frozen=True, slots=True)
class Deciding:
    """The policy was asked for this client's turn, for the `attempt`-th time (from 1) since it has the floor."""

    comm_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class PostRefused:
    """The hub refused a message of this client."""

    message: AnyMessage
    code: Code
    rule: str


@dataclass(frozen=True, slots=True)
class FellBack:
    """There was no usable decision: the client said something safe instead. `reason` says why."""

    comm_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class AgentStarted:
    """The agent began a task. `again` after a crash, for agents that may be given a task twice."""

    comm_id: str
    task_id: str
    again: bool


@dataclass(frozen=True, slots=True)
class AgentStopped:
    """The agent no longer works on a task: `completed`, `failed`, `cancelled` or `unknown`."""

    comm_id: str
    task_id: str
    how: str


@dataclass(frozen=True, slots=True)
class JobCrashed:
    """An error of this program, kept to the one job it happened in. The log has the traceback."""

    job: str
    error: str


ClientEvent: TypeAlias = (
    Connected
    | Disconnected
    | EntryTaken
    | LogUnreadable
    | GoalTaken
    | TeamLaunched
    | Deciding
    | PostRefused
    | FellBack
    | AgentStarted
    | AgentStopped
    | JobCrashed
)
Listener: TypeAlias = Callable[[ClientEvent], None]


def nobody_listens(event: ClientEvent) -> None:
    """The listener of a client that nobody watches."""
