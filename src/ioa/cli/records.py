"""What the hub's HTTP API answers, typed. Fields that this version does not know are ignored."""

from __future__ import annotations

from typing import Generic, Literal, TypeAlias, TypeVar

from msgspec import Struct, field

from ioa.protocol.cards import Card
from ioa.protocol.messages import AnyMessage, Artifact, Budgets, Usage

Item = TypeVar("Item")
GoalStatus: TypeAlias = Literal["waiting", "forming", "running", "completed", "partial", "failed", "cancelled"]
ENDED: frozenset[GoalStatus] = frozenset({"completed", "partial", "failed", "cancelled"})


class Channels(Struct, frozen=True):
    """Communication channels of a goal: of its groups as nested, and of one fully connected group of the same members.
    Source: IoA paper, 2.3.2."""

    nested: int = 0
    full: int = 0


class Goal(Struct, frozen=True, kw_only=True):
    """A person's goal as the hub knows it; times are Unix seconds."""

    goal_id: str
    goal: str
    status: GoalStatus
    owner: str = ""
    initiator: str | None = None
    comm_id: str | None = None
    conclusion: str | None = None
    artifacts: tuple[Artifact, ...] = ()
    created_at: float = 0.0
    ended_at: float | None = None
    groups: tuple[str, ...] = ()
    channels: Channels = Channels()
    budgets: Budgets = Budgets()
    usage: Usage = Usage()

    @property
    def ended(self) -> bool:
        return self.status in ENDED


class ModelCall(Struct, frozen=True, kw_only=True):
    """One call of a model, and what it used."""

    agent: str
    decision: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: float = 0.0
    comm_id: str | None = None
    task_id: str | None = None
    duration_s: float = 0.0
    error: str = ""
    at: float = 0.0


class ParentRecord(Struct, frozen=True, kw_only=True):
    """The group and the task under which a group is nested."""

    comm_id: str
    task_id: str = ""


class GroupRecord(Struct, frozen=True, kw_only=True):
    """A group chat. Source: IoA paper, A.2.2 and Figure 7."""

    comm_id: str
    goal: str
    state: str
    goal_id: str = ""
    team_members: tuple[str, ...] = ()
    initiator: str = ""
    parent: ParentRecord | None = None
    turns: int = 0
    max_turns: int = 0
    team_up_depth: int = 0
    outcome: str | None = None
    conclusion: str | None = None


class Entry(Struct, frozen=True, kw_only=True):
    """One log entry: its place in the hub's log, when it was accepted (Unix seconds), and the message."""

    cursor: int
    at: float
    message: AnyMessage


class Agent(Struct, frozen=True, kw_only=True):
    """A registered agent; `score` (0 to 1) where it was searched for. `verified` is what the hub says of its card."""

    card: Card
    online: bool = False
    score: float | None = None
    owner: str = ""
    verified: bool = False


class Page(Struct, Generic[Item], frozen=True):
    """One page of a list; `next` continues it."""

    items: tuple[Item, ...]
    next: str | int | None = None


class Trouble(Struct, frozen=True):
    """What is wrong with a request, in the hub's words."""

    code: str = "internal"
    message: str = ""
    legal: tuple[str, ...] = ()


class Refused(Struct, frozen=True):
    """The body of an HTTP answer that is no success."""

    error: Trouble = field(default_factory=Trouble)


class Health(Struct, frozen=True):
    """Answer of `/v1/health`."""

    status: str = ""
    version: str = ""
    protocol: int = 0
    signed_cards: bool = False
    verifies: bool = False


class Registration(Struct, frozen=True):
    """A new agent and its own token, shown once."""

    name: str
    token: str


class SignInLink(Struct, frozen=True):
    """Where the page signs in, below the hub's address."""

    path: str
