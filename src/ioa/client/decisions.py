"""Asking the policy: with a limit in time, and with every way to have no decision turned into `PolicyFailed`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from ioa.client.agent_contact import AgentContact
from ioa.client.connection import HubConnection
from ioa.client.jobs import within
from ioa.client.journal import JournalFailed
from ioa.ports.clock import Clock, NewId
from ioa.ports.policy import PolicyFailed
from ioa.protocol.cards import FoundAgent
from ioa.protocol.errors import ProtocolError, Refused
from ioa.protocol.frames import Found, Search
from ioa.protocol.names import printable
from ioa.protocol.signatures import check_signature

T = TypeVar("T")

MAX_PHRASES = 32
MAX_PHRASE_CHARS = 2_000

_log = logging.getLogger(__name__)


class TooLate(PolicyFailed):
    """The policy's time was over before it had a decision."""


async def ask_policy(clock: Clock, limit_s: float, call: Callable[[], Awaitable[T]]) -> T:
    """The decision. Raises `TooLate` when there is none within the limit, `PolicyFailed` when the policy breaks."""

    async def decide() -> T:
        try:
            return await call()
        except (PolicyFailed, JournalFailed):
            raise
        except ProtocolError as error:  # a search that the hub refused
            raise PolicyFailed(f"{error.code}: {error.rule}") from error
        except Exception as error:  # a boundary: a policy is foreign code
            _log.exception("the policy broke")
            raise PolicyFailed(f"the policy raised {type(error).__name__}: {error}") from error

    if limit_s <= 0:
        raise TooLate("there was no time left to decide")
    try:
        return await within(clock, limit_s, decide())
    except TimeoutError as error:
        raise TooLate(f"no decision within {limit_s:g} s") from error


class AgentSearch:
    """The tool `search_agent`, as clients and their policies use it. Source: IoA paper, A.2.3."""

    def __init__(self, connection: HubConnection, contacts: AgentContact, new_id: NewId, limit: int) -> None:
        self._connection = connection
        self._contacts = contacts
        self._new_id = new_id
        self._limit = limit

    async def __call__(self, phrases: Sequence[str], team: Sequence[str] = ()) -> Sequence[Sequence[FoundAgent]]:
        """Hits per phrase, best first; members of `team`, also this client itself, are scored even past the
        limit. Raises `Refused`."""
        wanted = tuple(phrase[:MAX_PHRASE_CHARS] for phrase in phrases)
        hits: list[tuple[FoundAgent, ...]] = []
        scored = tuple(dict.fromkeys(team))
        for start in range(0, len(wanted), MAX_PHRASES):
            part = wanted[start : start + MAX_PHRASES]
            search = Search(request_id=self._new_id(), desc=part, limit=self._limit, team=scored)
            answer = await self._connection.ask(search)
            assert isinstance(answer, Found)
            if len(answer.agents) != len(part):
                raise PolicyFailed(f"the hub answered {len(part)} phrases with {len(answer.agents)} lists")
            hits.extend(tuple(map(_looked_at, found)) for found in answer.agents)
        self._contacts.met(hit for agents in hits for hit in agents)
        return tuple(hits)


def _looked_at(found: FoundAgent) -> FoundAgent:
    """What the hub says of a card counts as verified only if its signature is right: the hub may be mistaken, or not
    the one that it seems. Without the extra `security` nothing is verified."""
    try:
        return replace(found, verified=found.verified and check_signature(found.card))
    except Refused as refusal:
        _log.warning("a card that the hub calls verified is not: %s", printable(refusal.rule))
        return replace(found, verified=False)
