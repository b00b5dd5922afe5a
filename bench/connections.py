"""Thousands of connected agents: the memory that they take, and how soon a thousand of them are back after a cut."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from picows import WSError

from bench.figures import middle, percentiles
from bench.load import Lost
from bench.messages import Driver
from bench.servers import server
from bench.sockets import SocketLost
from bench.wires import HubMember

TOGETHER = 100
_TRIES = 5
_ALL_WITHIN_S = 90.0


@dataclass(frozen=True)
class Crowd:
    """How many agents connect, and how many of them lose their connections at once."""

    connected: int = 10_000
    cut: int = 1_000
    times: int = 3


async def measure(crowd: Crowd, folder: Path, say: Callable[[str], None]) -> dict:
    """The hub's memory with everybody connected, and seconds until all that were cut are welcome again."""
    driver = Driver()
    say(f"{crowd.connected:,} agents connect")
    with server("hub_process", str(folder), "--crowd", str(crowd.connected)) as hub:
        empty = hub.used()
        tokens: dict[str, str] = json.loads((folder / "tokens.json").read_text(encoding="utf-8"))
        members = {name: HubMember(name, driver.trouble) for name in tokens}
        try:
            began = time.perf_counter()
            names = list(tokens)
            for start in range(0, len(names), TOGETHER):
                await _enter([members[name] for name in names[start : start + TOGETHER]], hub.url, tokens)
            connecting_s = time.perf_counter() - began
            full = hub.used()
            back: list[dict[str, float]] = []
            for _ in range(crowd.times):
                say(f"{crowd.cut:,} of them are cut and come back at once")
                lost = names[:: max(1, crowd.connected // crowd.cut)][: crowd.cut]
                for name in lost:
                    members[name].leave()
                    members[name] = HubMember(name, driver.trouble)
                before = hub.used().cpu_s
                took, again = await _enter([members[name] for name in lost], hub.url, tokens)
                spent = hub.used().cpu_s - before
                back.append({"all, s": max(took), **percentiles(took), "hub CPU s": spent, "tried again": again})
            driver.check()
        finally:
            for member in members.values():
                member.leave()
    return {
        "connected": crowd.connected,
        "peak MiB": round(full.peak_bytes / 2**20),
        "KiB a connection": round((full.peak_bytes - empty.peak_bytes) / 1024 / crowd.connected, 1),
        "connected within s": round(connecting_s, 1),
        "hub CPU ms a connection": round(1000 * (full.cpu_s - empty.cpu_s) / crowd.connected, 2),
        "cut": crowd.cut,
        "back": {
            name: middle([row[name] for row in back]) for name in ("all, s", "p50", "p99", "hub CPU s", "tried again")
        },
    }


async def _enter(members: Sequence[HubMember], url: str, tokens: dict[str, str]) -> tuple[list[float], int]:
    """All at once; seconds until each is welcome, and how often one had to try again (a generator that does not get
    the processor for ten seconds is too late with its hello). Raises `Lost` if that takes too long, and what the last
    try of one raised."""
    began = time.perf_counter()
    again = 0
    waiting = len(members)

    async def one(member: HubMember) -> float:
        nonlocal again, waiting
        for left in reversed(range(_TRIES)):
            try:
                await member.enter(url, tokens[member.name])
                break
            except (SocketLost, Lost, OSError, WSError):
                if not left:
                    raise
                again += 1
        waiting -= 1
        return time.perf_counter() - began

    try:
        async with asyncio.timeout(_ALL_WITHIN_S):
            took = await asyncio.gather(*map(one, members))
    except TimeoutError:
        raise Lost(
            f"{waiting} of {len(members)} agents are not welcome after {_ALL_WITHIN_S:g} s; {again} tries failed"
        ) from None
    return list(took), again
