"""What `ioa agents` and `ioa chats` ask the hubs, and how they show it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import msgspec

from ioa.cli.costs import dollars
from ioa.cli.failures import HubProblem
from ioa.cli.reach import Place, all_places, opened
from ioa.cli.records import Agent, Goal
from ioa.cli.terminal import one_line, seconds, stderr, stdout, table
from ioa.protocol.errors import Refused
from ioa.protocol.signatures import can_verify, check_signature
from ioa.settings import Settings


@dataclass(frozen=True, slots=True)
class Chat:
    """A goal, and the hub that has it."""

    goal: Goal
    place: Place


async def find_agents(
    hub: str | None,
    token: str | None,
    *,
    search: str | None,
    online: bool | None,
    agent_type: str | None,
    skill: str | None,
    limit: int,
    verified: bool | None = None,
) -> tuple[Agent, ...]:
    """The agents of the named hub, else of the first of this machine. Raises `Failure`."""
    places = all_places(Settings.read(), hub, token)
    place = next((place for place in places if place.url is not None), places[0])
    async with opened(place, meaning=search is not None) as api:
        return await api.agents(
            search, online=online, agent_type=agent_type, skill=skill, verified=verified, limit=limit
        )


async def find_chats(hub: str | None, token: str | None, limit: int) -> tuple[Chat, ...]:
    """The newest goals, newest first. A hub of this machine that cannot be asked is named and left out."""
    places = all_places(Settings.read(), hub, token)
    found: list[Chat] = []
    for place in places:
        try:
            async with opened(place) as api:
                found += [Chat(goal, place) for goal in await api.goals(limit=1_000)]
        except HubProblem as error:
            if len(places) == 1:
                raise
            stderr().write(f"Left out {place}: {error.message}")
    found.sort(key=lambda chat: chat.goal.created_at, reverse=True)
    return tuple(found[:limit])


def shown_verified(agent: Agent) -> bool:
    """The hub says so, and the signature is right where it can be checked here."""
    try:
        return agent.verified and (check_signature(agent.card) or not can_verify())
    except Refused:
        return False


def agent_json(agent: Agent) -> dict[str, object]:
    card = agent.card
    described: dict[str, object] = {
        "name": card.name,
        "type": card.type,
        "description": card.description,
        "skills": card.skills,
        "idempotent": card.idempotent,
        "discussion_only": card.discussion_only,
        "online": agent.online,
        "verified": shown_verified(agent),
    }
    return described if agent.score is None else {**described, "score": agent.score}


def show_agents(found: tuple[Agent, ...], *, searched: str | None) -> None:
    """A table, or one sentence when there is nothing to show."""
    out = stdout(colour=Settings.read().colour)
    if not found:
        out.write("No agent fits." if searched else "There are no agents yet; ioa join AGENT.yaml adds one.")
        return
    scored = any(agent.score is not None for agent in found)
    signed = any(agent.card.signature for agent in found)
    rows: list[tuple[str, ...]] = []
    for agent in found:
        score = ("-" if agent.score is None else f"{agent.score:.2f}",) if scored else ()
        card = ("verified" if shown_verified(agent) else "unverified",) if signed else ()
        is_online = "online" if agent.online else "offline"
        rows.append((*score, one_line(agent.card.name, 40), is_online, *card, one_line(agent.card.description)))
    heads = (*(("score",) if scored else ()), "name", "is", *(("card",) if signed else ()), "description")
    head, *lines = table(heads, rows, out.columns)
    out.write(out.style(head, "bold"))
    for line in lines:
        out.write(line)


def chat_json(chat: Chat) -> dict[str, object]:
    goal = chat.goal
    return {
        "goal_id": goal.goal_id,
        "comm_id": goal.comm_id,
        "goal": goal.goal,
        "status": goal.status,
        "initiator": goal.initiator,
        "groups": goal.groups,
        "channels": {"nested": goal.channels.nested, "full": goal.channels.full},
        "created_at": goal.created_at,
        "ended_at": goal.ended_at,
        "conclusion": goal.conclusion,
        "usage": msgspec.structs.asdict(goal.usage),
        "hub": str(chat.place),
    }


def show_chats(found: tuple[Chat, ...], now: float) -> None:
    """A table, with tokens and dollars where there were any."""
    out = stdout(colour=Settings.read().colour)
    if not found:
        out.write('Nothing was asked yet; ioa run "GOAL" asks.')
        return
    rows: list[tuple[str, ...]] = []
    models = any(chat.goal.usage.calls for chat in found)
    priced = any(chat.goal.usage.cost_usd for chat in found)
    for chat in found:
        goal = chat.goal
        took = seconds(goal.ended_at - goal.created_at) if goal.ended_at else "-"
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(goal.created_at or now))
        used = goal.usage.input_tokens + goal.usage.output_tokens
        costs = ((f"{used:,}" if used else "-",) if models else ()) + (
            (dollars(goal.usage.cost_usd) if goal.usage.cost_usd else "-",) if priced else ()
        )
        rows.append((short_id(goal), when, goal.status, took, str(len(goal.groups)), *costs, one_line(goal.goal)))
    heads = (*(("tokens",) if models else ()), *(("USD",) if priced else ()))
    head, *lines = table(("id", "when", "status", "took", "groups", *heads, "goal"), rows, out.columns)
    out.write(out.style(head, "bold"))
    for line in lines:
        out.write(line)


def short_id(goal: Goal) -> str:
    """Enough of the identifier to name it."""
    return one_line((goal.comm_id or goal.goal_id)[:12])
