"""Frames between a client and the hub: one JSON object each, `frame` names the kind.

A connection opens with `hello` and `welcome`. Then the client posts messages, searches and launches groups; each such
frame carries an identifier of the client's choosing and gets exactly one answer with it (`accepted`, `found`,
`launched`, … or `refusal`), also when it is sent again after a reconnect. Deliveries carry a cursor and the cursor
before them; the client acknowledges the highest one that it holds durably.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from ioa.protocol.cards import AgentType, Card, Evaluation, FoundAgent
from ioa.protocol.errors import MAX_LEGAL, MAX_RULE_CHARS, Code
from ioa.protocol.messages import (
    AnyMessage,
    Artifacts,
    Budgets,
    Count,
    Dollars,
    Given,
    Id,
    Name,
    Names,
    Parent,
    Short,
    TraceParent,
    Usage,
)

PROTOCOL_VERSION = 2
"""What this module and `messages` say. Older versions that are spoken as well are in `versions`."""

MAX_TOKEN_CHARS = 8_192
"""Tokens of this hub are short; those of identity providers carry claims and signatures."""

MAX_FRAME_BYTES = 1_048_576
"""What a client may send in one frame."""

MAX_HUB_FRAME_BYTES = 8 * MAX_FRAME_BYTES
"""What a client must be able to receive. More than it may send, because the hub stamps what it delivers (cursor, seq,
task identifiers) and writes messages of its own from texts of full length: nothing that was accepted may be too large
to be delivered or read back from the log."""

Phrases: TypeAlias = Annotated[tuple[Annotated[str, Meta(max_length=2_000)], ...], Meta(min_length=1, max_length=32)]


class Frame(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="frame"):
    """Parent of all frames."""


class Hello(Frame, frozen=True, kw_only=True, tag="hello"):
    """First frame of a connection: who speaks, and the last cursor it holds (0: none)."""

    version: Count
    token: Annotated[str, Meta(min_length=1, max_length=MAX_TOKEN_CHARS)]
    cursor: Count = 0


class Welcome(Frame, frozen=True, kw_only=True, tag="welcome"):
    """The hub knows the client. `cursor` is where deliveries go on; `window` how many may be unacknowledged. `epoch`
    is the name of the log: a cursor that was stored under another one means nothing."""

    version: Count
    name: Name
    cursor: Count
    window: Annotated[int, Meta(ge=1)]
    max_frame_bytes: Count = MAX_FRAME_BYTES
    epoch: Annotated[str, Meta(max_length=128)] = ""


class Post(Frame, frozen=True, kw_only=True, tag="post"):
    """Puts a message into its group. Answered by `accepted` or `refusal` with its `message_id`."""

    message: AnyMessage


class Accepted(Frame, frozen=True, kw_only=True, tag="accepted"):
    """The message is in the log, durably, as entry `seq` of its group."""

    message_id: Id
    seq: Count


class Refusal(Frame, frozen=True, kw_only=True, tag="refusal"):
    """A frame was refused and changed nothing. `reply_to` is its identifier where it had a readable one; `rule` says
    what forbids it and what would mend it; `legal` what is allowed now."""

    code: Code
    rule: Annotated[str, Meta(max_length=MAX_RULE_CHARS)]
    legal: Annotated[tuple[str, ...], Meta(max_length=MAX_LEGAL)] = ()
    reply_to: Annotated[str, Meta(max_length=128)] = ""


class Delivery(Frame, frozen=True, kw_only=True, tag="delivery"):
    """One log entry of one of the client's groups. `previous` is the cursor of the delivery before it, `at` the time
    (Unix seconds) when it was accepted."""

    cursor: Count
    previous: Count
    at: float
    message: AnyMessage


class Acknowledge(Frame, frozen=True, kw_only=True, tag="ack"):
    """Everything up to `cursor` is stored at the client."""

    cursor: Count


class Search(Frame, frozen=True, kw_only=True, tag="search"):
    """The tool `search_agent(desc)`. Source: IoA paper, A.2.3. `limit` is per phrase; the searcher is never found."""

    request_id: Id
    desc: Phrases
    limit: Annotated[int, Meta(ge=1, le=100)] = 5
    threshold: Annotated[float, Meta(ge=0, le=1)] = 0.0
    online: bool | None = None
    type: AgentType | None = None
    skill: Short = ""
    team: Names = ()
    verified: bool | None = None


class Found(Frame, frozen=True, kw_only=True, tag="found"):
    """Answer to `search`: per phrase, best first; `team` members asked for are scored even past the limit."""

    request_id: Id
    agents: tuple[tuple[FoundAgent, ...], ...]


class LaunchGroup(Frame, frozen=True, kw_only=True, tag="launch_group"):
    """The tool `launch_group_chat(team_members)`: for a goal that the hub offered, or nested under a task."""

    request_id: Id
    goal: Annotated[str, Meta(min_length=1, max_length=262_144)]
    team_members: Names = ()
    max_turns: Annotated[int, Meta(ge=1, le=10_000)] = 20
    goal_id: Id | None = None
    parent: Parent | None = None
    given: Given = ()
    artifacts: Artifacts = ()
    usage: Usage | None = None
    traceparent: TraceParent | None = None


class Launched(Frame, frozen=True, kw_only=True, tag="launched"):
    """The group exists and its members are being notified."""

    request_id: Id
    comm_id: Id


class GoalOffer(Frame, frozen=True, kw_only=True, tag="goal"):
    """A person's goal, given to this client to launch a group for. Repeated at each `welcome` until it has one."""

    goal_id: Id
    goal: Annotated[str, Meta(min_length=1, max_length=262_144)]
    owner: Name
    max_turns: Annotated[int, Meta(ge=1, le=10_000)]
    budgets: Budgets = Budgets()
    team: Names = ()
    artifacts: Artifacts = ()
    continues: Id | None = None
    given: Given = ()
    traceparent: TraceParent | None = None


class PublishContacts(Frame, frozen=True, kw_only=True, tag="contacts"):
    """What this client remembers of others, so that its owner can see it. Never shown to other agents."""

    contacts: Annotated[tuple[Evaluation, ...], Meta(max_length=500)]


class UpdateCard(Frame, frozen=True, kw_only=True, tag="card"):
    """A new description of the sender itself; the name stays."""

    request_id: Id
    card: Card


class Updated(Frame, frozen=True, kw_only=True, tag="updated"):
    """Answer to `card`."""

    request_id: Id


class Spend(Frame, frozen=True, kw_only=True, tag="spend"):
    """Before a model is called: may it be, within the goal's budget? For a group (`comm_id`), or for a goal that has
    none yet (`goal_id`). `tokens` and `cost_usd` are the most that the call may use; they are kept back until `spent`
    tells what it did use. `request_id` identifies the call."""

    request_id: Id
    goal_id: Id | None = None
    comm_id: Id | None = None
    task_id: Id | None = None
    decision: Short = ""
    model: Short = ""
    tokens: Count = 0
    cost_usd: Dollars = 0.0


class Granted(Frame, frozen=True, kw_only=True, tag="granted"):
    """Answer to `spend`: the call may be made."""

    request_id: Id


class Spent(Frame, frozen=True, kw_only=True, tag="spent"):
    """What the call `spend.request_id` did use, and how long it took. `error` says why it gave nothing, if so."""

    request_id: Id
    spend: Spend
    usage: Usage
    duration_s: Annotated[float, Meta(ge=0)] = 0.0
    error: Short = ""


class Recorded(Frame, frozen=True, kw_only=True, tag="recorded"):
    """Answer to `spent`: it is in the goal's account, durably."""

    request_id: Id


class Ping(Frame, frozen=True, kw_only=True, tag="ping"):
    """Are you there? Either end may ask."""

    n: Count = 0


class Pong(Frame, frozen=True, kw_only=True, tag="pong"):
    """Answer to `ping`, with its number."""

    n: Count = 0


ClientFrame: TypeAlias = (
    Hello | Post | Acknowledge | Search | LaunchGroup | PublishContacts | UpdateCard | Spend | Spent | Ping | Pong
)
HubFrame: TypeAlias = (
    Welcome | Accepted | Refusal | Delivery | Found | Launched | GoalOffer | Updated | Granted | Recorded | Ping | Pong
)
AnyFrame: TypeAlias = (
    Hello
    | Post
    | Acknowledge
    | Search
    | LaunchGroup
    | PublishContacts
    | UpdateCard
    | Spend
    | Spent
    | Welcome
    | Accepted
    | Refusal
    | Delivery
    | Found
    | Launched
    | GoalOffer
    | Updated
    | Granted
    | Recorded
    | Ping
    | Pong
)
