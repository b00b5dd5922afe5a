"""Messages a second, latency and what a message costs the hub; beside it a bare fan-out server, turn by turn."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.figures import middle, middle_percentiles
from bench.load import Chat, Heard, Lost, Run
from bench.servers import Server, Used, server
from bench.wires import BareWire, HubWire


@dataclass(frozen=True)
class Talk:
    """How much is said. Long chats are grown to `long` messages before their cost is compared with that of new ones."""

    groups: int = 40
    members: int = 5
    rounds: int = 7
    hub_s: float = 3.0
    bare_s: float = 1.5
    half_load_s: float = 2.0
    long: int = 1_000
    compared_groups: int = 16
    compared_rounds: int = 9
    compared_messages: int = 10


class Measured(Protocol):
    """A server under test, in another process."""

    def used(self) -> Used: ...


class Driver:
    """Runs one load after the other; what goes wrong on any socket fails the one that is running."""

    def __init__(self) -> None:
        self._running: Run | None = None
        self._broken: Exception | None = None

    def trouble(self, error: Exception) -> None:
        self._broken = self._broken or error
        if self._running is not None:
            self._running.fail(error)

    def check(self) -> None:
        """Raises what went wrong, if anything did."""
        if self._broken is not None:
            raise self._broken

    async def measure(self, served: Measured, run: Run) -> tuple[Heard, float]:
        """What was heard, and the CPU seconds of the server meanwhile."""
        self.check()
        self._running = run
        before = served.used().cpu_s
        heard = await run.measure()
        return heard, served.used().cpu_s - before


async def measure(talk: Talk, folder: Path, say: Callable[[str], None]) -> dict:
    """All figures about messages. Raises `Lost` if anything was."""
    with server("hub_process", str(folder)) as hub, server("bare_process") as bare:
        driver = Driver()
        wire, plain = HubWire(hub, driver.trouble), BareWire(bare, driver.trouble)
        try:
            await wire.join([f"member {n}" for n in range(talk.groups * talk.members)])
            teams = [wire.members[n * talk.members : (n + 1) * talk.members] for n in range(talk.groups)]
            chats = [await wire.open_chat(team) for team in teams]
            bare_chats = [await plain.open_chat(f"bare-{n}", talk.members) for n in range(talk.groups)]
            say(f"{talk.groups} groups of {talk.members} talk")
            found = await _side_by_side(talk, driver, (hub, chats), (bare, bare_chats))
            say("long chats against new ones")
            fresh = [await wire.open_chat(team) for team in teams[: talk.compared_groups]]
            found["flatness"] = await _flatness(talk, driver, hub, chats[: talk.compared_groups], fresh)
            found["lost"] = await lost([*chats, *fresh], wire.turns)
            found["messages in all"] = sum(chat.said for chat in [*chats, *fresh])
            found["hub peak MiB"] = round(hub.used().peak_bytes / 2**20)
            return found
        finally:
            plain.close()
            await wire.close()


async def _side_by_side(
    talk: Talk, driver: Driver, hub: tuple[Server, Sequence[Chat]], bare: tuple[Server, Sequence[Chat]]
) -> dict:
    await driver.measure(bare[0], Run(bare[1], messages_each=5))  # warm up
    await driver.measure(hub[0], Run(hub[1], messages_each=5))
    rounds: list[dict[str, float]] = []
    full: list[Heard] = []
    half: list[Heard] = []
    for _ in range(talk.rounds):
        plain, plain_cpu_s = await driver.measure(bare[0], Run(bare[1], seconds=talk.bare_s))
        heard, cpu_s = await driver.measure(hub[0], Run(hub[1], seconds=talk.hub_s))
        full.append(heard)
        rate = heard.messages / heard.wall_s / 2
        paced, _ = await driver.measure(hub[0], Run(hub[1], seconds=talk.half_load_s, rate_per_s=rate))
        half.append(paced)
        rounds.append(
            {
                "messages per s": heard.messages / heard.wall_s,
                "deliveries per s": heard.deliveries / heard.wall_s,
                "deliveries per CPU s": heard.deliveries / cpu_s,
                "CPU ms per message": 1000 * cpu_s / heard.messages,
                "bare messages per s": plain.messages / plain.wall_s,
                "bare deliveries per CPU s": plain.deliveries / plain_cpu_s,
                "hub / bare": (heard.deliveries / cpu_s) / (plain.deliveries / plain_cpu_s),
            }
        )
    return {
        **{name: middle([row[name] for row in rounds]) for name in rounds[0]},
        "rounds": [{name: round(value, 4) for name, value in row.items()} for row in rounds],
        "sockets": talk.groups * talk.members,
        "full load": {
            "posted to delivered, ms": middle_percentiles([heard.since_posted for heard in full]),
            "accepted to delivered, ms": middle_percentiles([heard.since_accepted for heard in full]),
        },
        "half load": {
            "due to delivered, ms": middle_percentiles([heard.since_posted for heard in half]),
            "accepted to delivered, ms": middle_percentiles([heard.since_accepted for heard in half]),
        },
    }


async def _flatness(talk: Talk, driver: Driver, hub: Server, long: Sequence[Chat], fresh: Sequence[Chat]) -> dict:
    """Message 1,000 and later against message 10 and later, alternating, so that a busy machine is fair to both."""
    for chat in long:
        if chat.said < talk.long:
            await driver.measure(hub, Run([chat], messages_each=talk.long - chat.said))
    return await compare_with_new(
        driver, hub, long, fresh, rounds=talk.compared_rounds, messages=talk.compared_messages
    )


async def compare_with_new(
    driver: Driver, hub: Server, long: Sequence[Chat], fresh: Sequence[Chat], *, rounds: int, messages: int
) -> dict:
    """What a message costs in long chats and in new ones, turn by turn; `messages` are said in each chat a round."""
    await driver.measure(hub, Run(fresh, messages_each=5))
    costs: dict[str, list[float]] = {"new": [], "long": []}
    for _ in range(rounds):
        for name, chats in (("new", fresh), ("long", long)):
            heard, cpu_s = await driver.measure(hub, Run(chats, messages_each=messages))
            costs[name].append(1000 * cpu_s / heard.messages)
    ratios = [after / before for before, after in zip(costs["new"], costs["long"], strict=True)]
    return {
        "new chat, CPU ms per message": middle(costs["new"]),
        "long chat, CPU ms per message": middle(costs["long"]),
        "long / new": round(statistics.median(ratios), 3),
        "length of the long ones": min(chat.said for chat in long),
    }


async def lost(chats: Sequence[Chat], turns: Callable[[Chat], Awaitable[int]]) -> int:
    """Compares what was said, what everybody heard, and what the hub's log has. Returns 0 or raises `Lost`."""
    for chat in chats:
        logged = await turns(chat)
        if not chat.said == logged == min(chat.heard) == max(chat.heard):
            raise Lost(f"{chat.name}: {chat.said} were said, {logged} logged, {chat.heard} heard")
    return 0
