"""Agents registered a second, and how long a search takes among many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import msgspec

from bench.cards import made_up_cards, made_up_queries
from bench.figures import middle, percentiles, significant
from bench.hub_process import TOKEN
from bench.servers import Server, server
from bench.wires import HubMember, HubWire
from ioa.protocol.frames import Search

_SEARCHERS = 8  # a hub limits each connection to 40 searches a second after the first 200
_WARM_UP = 10


@dataclass(frozen=True)
class Crowd:
    """How many agents register, over how many connections (fewer where each is embedded, which takes longer); how
    large the registries are that are searched, and how often each is asked something new, then the same again."""

    registered: int = 500
    registered_with_meaning: int = 80
    connections: int = 16
    sizes: tuple[int, ...] = (1_500, 20_000)
    queries: int = 200


async def registrations(crowd: Crowd, folder: Path, say: Callable[[str], None]) -> dict:
    """Registrations over HTTP, to a hub that searches by words and meaning, and to one by words only."""
    found = {}
    for name, flags, count in (
        ("words and meaning", ["--meaning"], crowd.registered_with_meaning),
        ("words only", [], crowd.registered),
    ):
        say(f"{count} agents register ({name})")
        with server("hub_process", str(folder / name.replace(" ", "-")), *flags) as hub:
            found[name] = await _register(hub, count, crowd.connections)
    return found


async def _register(hub: Server, count: int, connections: int) -> dict:
    cards = made_up_cards(count + _WARM_UP, seed=3)
    waiting = iter(cards[_WARM_UP:])
    taken_s: list[float] = []
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=hub.url, headers=headers, limits=limits, trust_env=False, timeout=60) as http:

        async def post(card: object) -> None:
            answer = await http.post("/v1/agents", content=msgspec.json.encode(card))
            assert answer.status_code == 201, answer.text

        async def work() -> None:
            for card in waiting:
                begin = time.perf_counter()
                await post(card)
                taken_s.append(time.perf_counter() - begin)

        for card in cards[:_WARM_UP]:
            await post(card)
        before, begin = hub.used().cpu_s, time.perf_counter()
        await asyncio.gather(*(work() for _ in range(connections)))
        answered_s = time.perf_counter() - begin
        cpu_s = hub.settled().cpu_s - before
        settled_s = time.perf_counter() - begin
    return {
        "agents": count,
        "agents per s": significant(count / answered_s),
        "agents embedded too per s": significant(count / settled_s),
        "agents per CPU s": significant(count / cpu_s),
        "CPU ms per agent": significant(1000 * cpu_s / count),
        "answered within, ms": percentiles(taken_s),
    }


async def searches(crowd: Crowd, folder: Path, say: Callable[[str], None]) -> dict:
    """Searches by words and meaning over the agents' own connection, one after the other."""
    found = {}
    for size in crowd.sizes:
        say(f"searches among {size} agents")
        with server("hub_process", str(folder / str(size)), "--meaning", "--agents", str(size)) as hub:
            found[str(size)] = await _search(crowd, hub)
    return found


async def _search(crowd: Crowd, hub: Server) -> dict:
    broken: list[Exception] = []
    wire = HubWire(hub, broken.append)
    try:
        await wire.join([f"searcher {n}" for n in range(_SEARCHERS)])
        await _ask(wire.members, made_up_queries(_WARM_UP, seed=5))
        queries = made_up_queries(crowd.queries, seed=6)
        new_s, new_cpu_s = await _timed(hub, wire.members, queries)
        again_s, again_cpu_s = await _timed(hub, wire.members, queries)
        if broken:
            raise broken[0]
        return {
            "new query, ms": percentiles(new_s),
            "known query, ms": percentiles(again_s),
            "new query, CPU ms": middle([1000 * new_cpu_s / len(queries)]),
            "known query, CPU ms": middle([1000 * again_cpu_s / len(queries)]),
            "hub peak MiB": round(hub.used().peak_bytes / 2**20),
        }
    finally:
        await wire.close()


async def _timed(hub: Server, members: Sequence[HubMember], queries: Sequence[str]) -> tuple[list[float], float]:
    before = hub.used().cpu_s
    return await _ask(members, queries), hub.used().cpu_s - before


async def _ask(members: Sequence[HubMember], queries: Sequence[str]) -> list[float]:
    """Seconds that each query took. Every one must find somebody."""
    taken_s: list[float] = []
    for number, query in enumerate(queries):
        begin = time.perf_counter()
        answer = await members[number % len(members)].ask(Search(request_id=uuid4().hex, desc=(query,), limit=5))
        taken_s.append(time.perf_counter() - begin)
        assert len(answer.agents[0]) == 5, f"{query!r} found {len(answer.agents[0])} agents"
    return taken_s
