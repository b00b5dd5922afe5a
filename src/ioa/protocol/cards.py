"""Cards: what an agent says of itself, and what discovery matches. Source: IoA paper, 2.3.1 and Appendix C."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from ioa.protocol.messages import Count, Name, Value

AgentType: TypeAlias = Literal["Human Assistant", "Thing Assistant"]
Visibility: TypeAlias = Literal["private", "team", "public"]
"""Who may see and recruit an agent: its owner's agents and goals; those of users who share a team with its owner as
well; everybody."""

PublicKey: TypeAlias = Annotated[str, Meta(pattern="^(ed25519:[A-Za-z0-9_-]{43})?$", max_length=51)]
Signature: TypeAlias = Annotated[str, Meta(pattern="^(ed25519:[A-Za-z0-9_-]{86})?$", max_length=94)]

MAX_DESCRIPTION_CHARS = 4_000


class Card(Value, frozen=True, kw_only=True):
    """An agent's card. `idempotent` agents may be given the same task twice; `discussion_only` ones get no tasks.
    `visibility` left out: as the hub has it, and at the first registration the hub's default. It is never shown to
    others. A signed card carries `public_key` and `signature` (Ed25519), and a `revision` that grows."""

    name: Name
    description: Annotated[str, Meta(min_length=1, max_length=MAX_DESCRIPTION_CHARS)]
    type: AgentType = "Thing Assistant"
    skills: Annotated[tuple[Annotated[str, Meta(max_length=300)], ...], Meta(max_length=100)] = ()
    idempotent: bool = False
    discussion_only: bool = False
    visibility: Visibility | None = None
    revision: Annotated[int, Meta(ge=0, le=2**53 - 1)] = 0
    public_key: PublicKey = ""
    signature: Signature = ""

    def text(self) -> str:
        """The card in words, as discovery reads it."""
        return "\n".join((self.name, self.description, *self.skills))


class FoundAgent(Value, frozen=True, kw_only=True):
    """One search hit: the card, how well it fits (0 to 1, with the phrase that it fits best) and presence. `verified`:
    the card's signature is that of the key which the hub keeps for the name. Whoever is told so can check it."""

    card: Card
    score: float
    online: bool
    phrase: Count = 0
    verified: bool = False


class Evaluation(Value, frozen=True, kw_only=True):
    """What a client remembers of one agent, from the tasks it gave it. Source: IoA paper, A.2.2, Agent Contact."""

    name: Name
    description: Annotated[str, Meta(max_length=MAX_DESCRIPTION_CHARS)] = ""
    completed: Count = 0
    failed: Count = 0
    mean_duration_s: float = 0.0
    last_at: float = 0.0
