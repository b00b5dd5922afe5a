"""Agent Query Block: `search_agent(desc: list[str])`, by words and by meaning. Source: IoA paper, A.3.3."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ioa.hub.agent_registry import Registry
from ioa.hub.presence import Presence
from ioa.hub.visibility import Sees, Sight, everything, public_only
from ioa.ports.index import AgentIndex, Hit
from ioa.protocol.cards import AgentType, FoundAgent
from ioa.protocol.errors import Refused
from ioa.protocol.names import name_key

Split = Callable[[str], Sequence[str]]


class AgentQuery:
    """Searches the index with the filters applied before the cut. `split` takes a request apart into what it asks
    for."""

    def __init__(
        self, registry: Registry, presence: Presence, index: AgentIndex, sight: Sight, *, split: Split, threads: int
    ) -> None:
        self._registry = registry
        self._presence = presence
        self._index = index
        self._sight = sight
        self._split = split
        self._slots = asyncio.Semaphore(threads)

    async def search(
        self,
        searcher: str | None,
        phrases: Sequence[str],
        *,
        limit: int = 5,
        threshold: float = 0.0,
        online: bool | None = None,
        agent_type: AgentType | None = None,
        skill: str = "",
        team: Sequence[str] = (),
        verified: bool | None = None,
        sees: Sees | None = None,
    ) -> tuple[tuple[FoundAgent, ...], ...]:
        """Per phrase the best agents, best first, never the searcher; after them those of `team` that did not make it,
        the searcher too if it is named there: it may ask how well its own card fits. Only agents that `sees` allows,
        by default those that the searcher sees.

        Raises `Refused` (empty).
        """
        blank = next((number for number, phrase in enumerate(phrases, start=1) if not phrase.strip()), None)
        if blank is not None or not phrases:
            raise Refused("empty", f"desc: phrase {blank or 1} is empty; say what the agent should be able to do")
        wanted_skill = _skill(skill)
        if sees is None:
            sees = self._sight.of_speaker(searcher) if searcher is not None else public_only

        def accept(name: str) -> bool:
            # Asked for every card there is, so the cheapest questions first. The index has names as cards spell them.
            if name == searcher or (online is not None and self._presence.online(name) != online):
                return False
            record = self._registry.get(name)
            return (
                record is not None
                and sees(record)
                and (agent_type is None or record.card.type == agent_type)
                and (verified is None or record.verified == verified)
                and (not wanted_skill or wanted_skill in map(_skill, record.card.skills))
            )

        members = {
            record.card.name for name in team if (record := self._registry.get(name)) is not None and sees(record)
        }

        def ask() -> tuple[list[list[Hit]], list[list[Hit]]]:
            best = self._index.search(phrases, limit=limit, accept=accept)
            if not members:
                return best, [[] for _ in phrases]
            return best, self._index.search(phrases, limit=len(members), among=members)

        async with self._slots:
            best, scored = await asyncio.to_thread(ask)
        found: list[tuple[FoundAgent, ...]] = []
        for number, (hits, team_hits) in enumerate(zip(best, scored, strict=True)):
            kept = [hit for hit in hits if hit.score >= threshold]
            names = {hit.name for hit in kept}
            kept += [hit for hit in team_hits if hit.name not in names]
            found.append(tuple(self._found(hit, number) for hit in kept if self._registry.get(hit.name) is not None))
        return tuple(found)

    def _found(self, hit: Hit, phrase: int) -> FoundAgent:
        record = self._registry.named(hit.name)
        online = self._presence.online(record.card.name)
        return FoundAgent(card=record.card, score=hit.score, online=online, phrase=phrase, verified=record.verified)

    async def best_online(self, goal: str, *, avoid: Sequence[str] = (), sees: Sees = everything) -> str | None:
        """Who should form the team for a goal: the connected agent that fits its parts best, together, of those that
        `sees` allows. People come later, who are asked into teams rather than made to form them, and agents that only
        discuss come last. None if nobody is connected."""
        avoided = set(avoid)
        candidates = [
            name
            for name in self._presence.names()
            if name not in avoided and (record := self._registry.get(name)) is not None and sees(record)
        ]
        able = [name for name in candidates if not self._registry.named(name).card.discussion_only]
        things = [name for name in able if self._registry.named(name).card.type != "Human Assistant"]
        pool = set(things or able or candidates)
        if len(pool) <= 1:
            return next(iter(pool), None)
        # Without its stop a part of the goal is the phrase that the team will search by: its meaning is computed once.
        phrases = [part.rstrip(" .") or part for part in list(self._split(goal)) or [goal]][:12]
        async with self._slots:
            hits = await asyncio.to_thread(self._index.search, phrases, limit=len(pool), among=pool)
        scores = dict.fromkeys(sorted(pool, key=name_key), 0.0)
        for ranked in hits:
            for hit in ranked:
                scores[hit.name] += hit.score
        return max(scores, key=lambda name: scores[name])


def _skill(text: str) -> str:
    return " ".join(text.casefold().split())
