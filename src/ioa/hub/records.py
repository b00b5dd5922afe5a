"""What the hub keeps beside the log: agents, goals, artifacts, contacts. Stored as JSON documents of the store."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from ioa.hub.security import Identity, Scope
from ioa.ports.store import Document
from ioa.protocol.cards import Card, Evaluation, Visibility
from ioa.protocol.frames import GoalOffer
from ioa.protocol.messages import Artifact, Budgets, GivenResult

GoalStatus: TypeAlias = Literal["waiting", "forming", "running", "completed", "partial", "failed", "cancelled"]
FINAL: frozenset[GoalStatus] = frozenset({"completed", "partial", "failed", "cancelled"})

AGENT = "agent"
GOAL = "goal"
OPEN_GOAL = "open_goal"  # a marker beside a goal that has not ended, so that a start need not read them all
ARTIFACT = "artifact"
UPLOAD = "upload"
ARTIFACT_USE = "artifact_use"
CONTACTS = "contacts"
CURSOR = "cursor"
CALL = "call"
TOKEN = "token"  # noqa: S105 - a kind of document
SIGN_IN_CODE = "sign_in_code"
TOKEN_END = "token_end"  # noqa: S105 - a kind of document
AUDIT = "audit"
QUOTA = "quota"
USAGE = "usage"
ACCOUNT = "account"
SESSION = "session"
REPLICA = "replica"
STARTS = "starts"
RETENTION = "retention"

R = TypeVar("R", bound=Struct)


class AgentRecord(Struct, frozen=True, kw_only=True):
    """A registered agent. One that was removed keeps its name for its owner, so that nobody inherits its groups.
    `token_hash` is that of the token of its registration, "" after that was revoked; further ones are `TokenRecord`s.
    `visibility` says who may see and recruit it; the card has none of its own here. `public_key` is the one that the
    name is held to; `verified`: the card is signed by it. `version` counts the changes of the record."""

    card: Card
    owner: str
    token_hash: str
    registered_at: float
    removed: bool = False
    visibility: Visibility = "public"
    public_key: str = ""
    verified: bool = False
    version: int = 0


class GoalRecord(Struct, frozen=True, kw_only=True):
    """A goal and how far the hub is with it. `tried` are the agents that it was offered to, `initiator` the last of
    them; `named` is the one that the user wants and no other. `version` counts the changes of the record."""

    goal_id: str
    goal: str
    owner: str
    status: GoalStatus
    max_turns: int
    budgets: Budgets
    created_at: float
    named: str | None = None
    team: tuple[str, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    continues: str | None = None
    given: tuple[GivenResult, ...] = ()
    initiator: str | None = None
    tried: tuple[str, ...] = ()
    comm_id: str | None = None
    conclusion: str | None = None
    conclusion_artifacts: tuple[Artifact, ...] = ()
    ended_at: float | None = None
    traceparent: str | None = None
    version: int = 0

    @property
    def final(self) -> bool:
        return self.status in FINAL

    @property
    def files(self) -> tuple[Artifact, ...]:
        """What the initiator may hand on: the goal's files, and those of the conclusion that it continues."""
        return (*self.artifacts, *(artifact for result in self.given for artifact in result.artifacts))

    def offer(self) -> GoalOffer:
        """The frame that asks the initiator to launch a group."""
        return GoalOffer(
            goal_id=self.goal_id,
            goal=self.goal,
            owner=self.owner,
            max_turns=self.max_turns,
            budgets=self.budgets,
            team=self.team,
            artifacts=self.artifacts,
            continues=self.continues,
            given=self.given,
            traceparent=self.traceparent,
        )


class ArtifactRecord(Struct, frozen=True, kw_only=True):
    """A file that the hub holds."""

    artifact: Artifact
    created_at: float


class ContactsRecord(Struct, frozen=True, kw_only=True):
    """What an agent published of its contacts."""

    contacts: tuple[Evaluation, ...]
    at: float


class CursorRecord(Struct, frozen=True, kw_only=True):
    """The last cursor that an agent acknowledged."""

    cursor: int
    at: float


class CallRecord(Struct, frozen=True, kw_only=True):
    """One call of a model: for which goal, group and task, by whom, for which decision, and what it used."""

    call_id: str
    goal_id: str
    agent: str
    decision: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: float
    duration_s: float
    at: float
    comm_id: str | None = None
    task_id: str | None = None
    error: str = ""


class TokenRecord(Struct, frozen=True, kw_only=True):
    """A token: for whom (`scope`, `name`), of which user (`owner`), made by whom, and until when. Times are Unix
    seconds. `configured` ones are in the hub's settings and never stored."""

    token_id: str
    scope: Scope
    name: str
    owner: str
    token_hash: str
    created_at: float
    created_by: str
    label: str = ""
    expires_at: float | None = None
    revoked_at: float | None = None
    operator: bool = False
    configured: bool = False

    def ended_at(self, now_s: float) -> float | None:
        """When it ended; None while it is valid."""
        if self.revoked_at is not None:
            return self.revoked_at
        return self.expires_at if self.expires_at is not None and self.expires_at <= now_s else None

    def alive(self, now_s: float) -> bool:
        return self.ended_at(now_s) is None


class StorageRecord(Struct, frozen=True, kw_only=True):
    """How much a user and its agents have stored."""

    size_bytes: int


class TokenEnd(Struct, frozen=True, kw_only=True):
    """A token was revoked, or given a sooner end: written once, so that all replicas of a hub come across it."""

    token_id: str
    why: str
    at: float


class AccountRecord(Struct, frozen=True, kw_only=True):
    """The sums of one goal's model calls. `kept` are the granted calls that were not told yet: most tokens and dollars
    by call."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    models: tuple[str, ...] = ()
    kept: dict[str, tuple[int, float]] = {}


class SessionRecord(Struct, frozen=True, kw_only=True, gc=False):
    """The newest connection of an agent: its number (counted per agent), at which replica, and whether it lasts."""

    replica: str
    number: int
    online: bool


class ReplicaRecord(Struct, frozen=True, kw_only=True):
    """A hub that shares the store with others. It lives as long as `beat` grows."""

    beat: int
    started_at: float
    version: str


class StartsRecord(Struct, frozen=True, kw_only=True):
    """When hubs over this store began to watch deadlines, the latest few times (Unix seconds), oldest first."""

    at: tuple[float, ...]


class SignInCode(Struct, frozen=True, kw_only=True):
    """The code of a sign-in link, kept by its hash. `until` is Unix seconds."""

    by: Identity
    until: float
    used: bool = False


def document(
    kind: str, key: str, record: Struct, *, owner: str = "", new: bool = False, replaces: bytes | None = None
) -> Document:
    return Document(kind=kind, key=key, owner=owner, body=msgspec.json.encode(record), new=new, replaces=replaces)


def read(entry: Document, record: type[R]) -> R:
    """The record in a document that this hub wrote."""
    return msgspec.json.decode(entry.body, type=record)
