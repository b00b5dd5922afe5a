"""Team formation as a generator of typed requests: search, decide, launch.

The shell sends each request's answer in: found agents for `SearchAgent`, a decision for `Decide`, a comm_id for
`LaunchGroupChat`. At most `max_calls` tool calls; the last one is a launch, whatever the policy would rather do.
Source: IoA paper, 2.3.2 and A.2.3.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias

from msgspec import Struct

from ioa.protocol.cards import FoundAgent

MAX_TOOL_CALLS = 10


class SearchAgent(Struct, frozen=True):
    """The tool `search_agent(desc: list[str]) -> list[agent]`."""

    desc: tuple[str, ...]


class LaunchGroupChat(Struct, frozen=True):
    """The tool `launch_group_chat(team_members)`; nobody means: do it alone."""

    team_members: tuple[str, ...] = ()


class Decide(Struct, frozen=True):
    """Ask the policy for the next tool call, knowing what was found. When `forced` it must be a launch."""

    found: tuple[tuple[str, tuple[FoundAgent, ...]], ...]
    calls_left: int
    forced: bool


ToolCall: TypeAlias = SearchAgent | LaunchGroupChat
Request: TypeAlias = SearchAgent | LaunchGroupChat | Decide
Answer: TypeAlias = tuple[tuple[FoundAgent, ...], ...] | ToolCall | str


def form_team(*, max_calls: int = MAX_TOOL_CALLS) -> Generator[Request, Answer, tuple[str, tuple[str, ...]]]:
    """Drive one formation to its launch. Returns (comm_id, team_members).

    A forced policy that still searches is overruled: the best agent found for each phrase is launched.
    """
    found: list[tuple[str, tuple[FoundAgent, ...]]] = []
    for calls_left in range(max_calls, 0, -1):
        forced = calls_left == 1
        call = yield Decide(found=tuple(found), calls_left=calls_left, forced=forced)
        if isinstance(call, SearchAgent) and not forced and call.desc:
            hits = yield call
            assert isinstance(hits, tuple)
            found.extend(zip(call.desc, hits, strict=True))
            continue
        members = call.team_members if isinstance(call, LaunchGroupChat) else best_of(tuple(found))
        comm_id = yield LaunchGroupChat(members)
        assert isinstance(comm_id, str)
        return comm_id, members
    raise ValueError(f"max_calls is {max_calls}; at least one is needed to launch")


def best_of(found: tuple[tuple[str, tuple[FoundAgent, ...]], ...]) -> tuple[str, ...]:
    """The best agent of each phrase, each once."""
    return tuple(dict.fromkeys(agents[0].card.name for _, agents in found if agents))
