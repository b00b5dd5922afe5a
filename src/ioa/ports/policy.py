"""Who decides inside a client: the paper's f_LLM, behind a port. Makers: rules, and language models.

A policy decides; it never acts. Each client has one and asks it only about its own turns, teams and tasks. What it
returns is judged by the law like anything else. Model calls go to the account `spending` of the situation.
Source: IoA paper, 2.3.2 to 2.3.4 and A.2.3.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from ioa.conversation.formation import ToolCall
from ioa.conversation.group import Group
from ioa.conversation.task import Task
from ioa.ports.spending import Spending, Unlimited
from ioa.protocol.cards import Card, Evaluation, FoundAgent
from ioa.protocol.messages import AnyMessage, AsyncTask, Conclusion, Discussion, GivenResult, Pause, SyncTask

TurnMessage: TypeAlias = Discussion | SyncTask | AsyncTask | Pause | Conclusion
BY_RULES = "Decided by rules, because no model did"
"""How the thought of a turn begins that rules took in place of a model."""
SearchAgents: TypeAlias = Callable[[Sequence[str], Sequence[str]], Awaitable[Sequence[Sequence[FoundAgent]]]]
"""`await search(phrases, team)`: hits per phrase, best first; members of `team` are scored even past the limit."""


@dataclass(frozen=True, slots=True)
class TeamSituation:
    """A client forms a team for `goal`. `found` are the searches so far, phrase by phrase; when `forced`, the next
    tool call is a launch. `nested`: the goal is a task that was assigned to this client. `avoid` are agents that must
    not be recruited for it (they failed at it before)."""

    me: Card
    goal: str
    found: tuple[tuple[str, tuple[FoundAgent, ...]], ...]
    calls_left: int
    forced: bool
    nested: bool = False
    file_names: tuple[str, ...] = ()
    given: tuple[GivenResult, ...] = ()
    contacts: Mapping[str, Evaluation] = field(default_factory=dict[str, Evaluation])
    avoid: frozenset[str] = frozenset()
    spending: Spending = field(default_factory=Unlimited)


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group as one of its members sees it when it has the floor: the fold of the log, the log itself, and what the
    member knows on its own (its contacts, the cards it has seen, what it observes)."""

    me: Card
    group: Group
    log: tuple[AnyMessage, ...]
    cards: Mapping[str, Card]
    contacts: Mapping[str, Evaluation]
    search: SearchAgents
    observation: str = ""
    spending: Spending = field(default_factory=Unlimited)


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as its assignee sees it before it begins. `may_team_up` is False at the depth limit or where the agent's
    owner switched nested teams off. `avoid` are agents that failed at this task before."""

    me: Card
    task: Task
    group: Group
    log: tuple[AnyMessage, ...]
    contacts: Mapping[str, Evaluation]
    search: SearchAgents
    may_team_up: bool
    avoid: frozenset[str] = frozenset()
    spending: Spending = field(default_factory=Unlimited)


@dataclass(frozen=True, slots=True)
class Brief:
    """A task in the assignee's own words, as its agent gets it. `messages` are the log entries (seq) that matter;
    `results_of` the tasks whose conclusions and files go along."""

    task_abstract: str
    task_desc: str
    messages: tuple[int, ...] = ()
    results_of: tuple[str, ...] = ()
    criteria: str = ""


class Policy(Protocol):
    """Makes one client's decisions. Methods may raise nothing but `PolicyFailed`; each is cancelled when the
    conversation has moved on."""

    @property
    def name(self) -> str:
        """What people are told decides here, such as `rules`."""
        ...

    async def next_tool(self, situation: TeamSituation) -> ToolCall:
        """The next tool call of a team formation."""
        ...

    async def turn(self, view: GroupView) -> TurnMessage:
        """What to say with the floor, which state comes next and who speaks. `message_id` is left empty."""
        ...

    async def brief(self, view: TaskView) -> Brief:
        """Rewrite an assigned task before the agent sees it."""
        ...

    async def needs_team(self, view: TaskView) -> bool:
        """Alone, or with a team of its own?"""
        ...


class PolicyFailed(Exception):
    """The policy has no decision. The text says why; the client falls back or concludes with it."""
