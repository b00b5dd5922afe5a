"""An agent together with its card: what a client needs to register it and to give it work."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from ioa.adapters.agents.standalone import run_alone
from ioa.ports.agent import Agent, AgentFailed, Assignment, Outcome, ReportProgress
from ioa.protocol.cards import MAX_DESCRIPTION_CHARS, AgentType, Card, Visibility
from ioa.protocol.errors import Refused
from ioa.protocol.names import clean_name

MAX_SKILLS = 64
MAX_SKILL_CHARS = 300


class CardError(ValueError):
    """A card that no hub would take. The text names the field, the value and the remedy."""


@dataclass(frozen=True, slots=True)
class TeamRules:
    """May the client form nested teams for its own tasks, and how deep (`None`: as the goal allows)?"""

    nested: bool = True
    depth: int | None = None


@dataclass(frozen=True, slots=True)
class CardedAgent:
    """A card and the agent behind it; itself an `Agent`.

    `timeout_s` bounds one task in seconds (`None`: the task's own deadline only). `observe` supplies what a
    client sees that only discusses (IoA paper, A.4.3).
    """

    card: Card
    agent: Agent
    team: TeamRules = field(default_factory=TeamRules)
    timeout_s: float | None = None
    observe: Callable[[], str | Awaitable[str]] | None = None

    @property
    def name(self) -> str:
        """The card's name."""
        return self.card.name

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        """Do one task within `timeout_s`. Raises `AgentFailed`."""
        if self.timeout_s is None:
            return await self.agent.perform(assignment, progress)
        limit = asyncio.timeout(self.timeout_s)
        try:
            async with limit:
                return await self.agent.perform(assignment, progress)
        except TimeoutError as error:
            if not limit.expired():
                raise AgentFailed(f"{self.name} failed: TimeoutError: {error}".rstrip(": ")) from error
            raise AgentFailed(
                f"{self.name} was stopped after timeout_s = {self.timeout_s:g} seconds; "
                "give it more time in its card, or a smaller task."
            ) from None

    def run(self, task_desc: str) -> str:
        """The agent on its own, without a network: the task in words, files by their path in it."""
        return run_alone(self, task_desc)

    __call__ = run


def make_card(
    name: object,
    description: object,
    skills: Iterable[object] = (),
    *,
    agent_type: AgentType = "Thing Assistant",
    idempotent: bool = False,
    discussion_only: bool = False,
    visibility: Visibility | None = None,
) -> Card:
    """A card that a hub takes. Raises `CardError` that names the field, the value and the remedy."""
    if not isinstance(name, str):
        raise CardError(f"name: {name!r} is {type(name).__name__}, not text; put it in quotes.")
    try:
        called = clean_name(name)
    except Refused as refusal:
        raise CardError(str(refusal)) from None
    given = tuple(skills)
    if len(given) > MAX_SKILLS:
        raise CardError(f"skills: {len(given)} of them, at most {MAX_SKILLS} are allowed; keep the telling ones.")
    return Card(
        name=called,
        description=_words("description", description, MAX_DESCRIPTION_CHARS),
        type=agent_type,
        skills=tuple(_words("skills", skill, MAX_SKILL_CHARS) for skill in given),
        idempotent=idempotent,
        discussion_only=discussion_only,
        visibility=visibility,
    )


def _words(field_name: str, value: object, limit: int) -> str:
    if not isinstance(value, str):
        raise CardError(f"{field_name}: {value!r} is {type(value).__name__}, not text; say it in quotes.")
    text = value.strip()
    if not text:
        raise CardError(f"{field_name}: {value!r} is empty; say what it does, others search for it.")
    if len(text) > limit:
        raise CardError(f"{field_name}: {text[:40]!r}… has {len(text)} characters, at most {limit}; shorten it.")
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t\r":
            shown = text if len(text) <= 60 else f"{text[:60]}…"
            raise CardError(f"{field_name}: {shown!r} contains U+{ord(character):04X}, a control character; remove it.")
    return text
