"""The hub's deliveries a CPU second beside what others need for less: bare picows (each text at once, and coalesced),
`websockets`, and a NATS server. All of them carry the same chats, turn by turn, in one run."""

from __future__ import annotations

import gc
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.figures import middle, middle_percentiles
from bench.load import Chat, Heard, Run
from bench.messages import Driver, Measured, compare_with_new, lost
from bench.nats_wire import NatsProcess, NatsWire
from bench.servers import server
from bench.wires import BareWire, HubWire
from ioa.testing.servers.nats import NatsServer
from ioa.testing.servers.supervised import ServerUnavailable

BARE = {
    "picows": ("--on", "picows"),
    "picows, coalesced": ("--on", "picows", "--coalesced"),
    "websockets": ("--on", "websockets"),
}


_GROWN_AT_ONCE = 500


@dataclass(frozen=True)
class Size:
    """How much is said. `lengths` are those of the long chats that are compared with new ones."""

    groups: int = 200
    members: int = 5
    rounds: int = 7
    hub_s: float = 3.0
    bare_s: float = 1.5
    half_load_s: float = 3.0
    long_groups: int = 8
    lengths: tuple[int, ...] = (100, 1_000, 9_900)
    compared_rounds: int = 7
    compared_messages: int = 10


async def measure(size: Size, folder: Path, say: Callable[[str], None]) -> dict:
    """All figures about messages. Raises `Lost` if anything was."""
    driver = Driver()
    with ExitStack() as stack:
        hub = stack.enter_context(server("hub_process", str(folder)))
        wire = HubWire(hub, driver.trouble)
        stack.callback(lambda: [member.leave() for member in wire.members])
        say(f"{size.groups * size.members} agents join")
        await wire.join([f"member {n}" for n in range(size.groups * size.members)])
        teams = [wire.members[n : n + size.members] for n in range(0, len(wire.members), size.members)]
        chats = [await wire.open_chat(team) for team in teams]
        contenders: dict[str, tuple[Measured, Sequence[Chat]]] = {"hub": (hub, chats)}
        for name, options in BARE.items():
            bare = stack.enter_context(server("bare_process", *options))
            plain = BareWire(bare, driver.trouble)
            stack.callback(plain.close)
            contenders[name] = bare, await _opened(plain.open_chat, name, size)
        missing = await _add_nats(contenders, stack, driver, size)
        found = await _rounds(contenders, driver, size, say)
        found["sockets"] = len(wire.members)
        if missing:
            found["NATS is missing"] = missing
        found["lengths"], fresh = await _lengths(wire, chats, teams, driver, size, say)
        found["lost"] = await lost([*chats, *fresh], wire.turns)
        found["messages in all"] = sum(chat.said for chat in [*chats, *fresh])
        found["hub peak MiB"] = round(hub.used().peak_bytes / 2**20)
        await wire.close()
        return found


async def _opened(open_chat: Callable[[str, int], Awaitable[Chat]], name: str, size: Size) -> list[Chat]:
    plain = name.replace(", ", "-")
    return [await open_chat(f"{plain}-{n}", size.members) for n in range(size.groups)]


async def _add_nats(
    contenders: dict[str, tuple[Measured, Sequence[Chat]]], stack: ExitStack, driver: Driver, size: Size
) -> str:
    """Why there is no NATS server in the comparison; empty if there is one."""
    if not sys.platform.startswith("linux"):
        return "the CPU time of another process is read from /proc, which is not here"
    try:
        nats = stack.enter_context(NatsServer())
    except ServerUnavailable as error:
        return str(error)
    wire = NatsWire(nats.port, driver.trouble)
    stack.callback(wire.close)
    contenders["NATS"] = NatsProcess(nats), await _opened(wire.open_chat, "nats", size)
    return ""


async def _rounds(
    contenders: dict[str, tuple[Measured, Sequence[Chat]]], driver: Driver, size: Size, say: Callable[[str], None]
) -> dict:
    for served, chats in contenders.values():
        await driver.measure(served, Run(chats, messages_each=5))  # warm up
    gc.collect()
    gc.freeze()  # thousands of sockets stay: the generator must not stop to look at them while latencies are taken
    rounds: list[dict[str, float]] = []
    full: list[Heard] = []
    half: list[Heard] = []
    rates: list[float] = []
    for number in range(size.rounds):
        say(f"round {number + 1} of {size.rounds}: {', '.join(contenders)}")
        row: dict[str, float] = {}
        for name, (served, chats) in contenders.items():
            seconds = size.hub_s if name == "hub" else size.bare_s
            heard, cpu_s = await driver.measure(served, Run(chats, seconds=seconds))
            row[name] = heard.deliveries / cpu_s
            if name == "hub":
                full.append(heard)
                rates.append(heard.messages / heard.wall_s)
        rounds.append(row)
        served, chats = contenders["hub"]
        paced, _ = await driver.measure(served, Run(chats, seconds=size.half_load_s, rate_per_s=rates[-1] / 2))
        half.append(paced)
    gc.unfreeze()
    return {
        "deliveries per CPU s": {name: middle([row[name] for row in rounds]) for name in contenders},
        "hub / others": {name: middle([row["hub"] / row[name] for row in rounds]) for name in contenders},
        "rounds": [{name: round(value) for name, value in row.items()} for row in rounds],
        "messages per s": middle(rates),
        "full load": {
            "posted to delivered, ms": middle_percentiles([heard.since_posted for heard in full]),
            "accepted to delivered, ms": middle_percentiles([heard.since_accepted for heard in full]),
        },
        "half load": {
            "due to delivered, ms": middle_percentiles([heard.since_posted for heard in half]),
            "accepted to delivered, ms": middle_percentiles([heard.since_accepted for heard in half]),
        },
    }


async def _lengths(
    wire: HubWire,
    chats: Sequence[Chat],
    teams: Sequence[Sequence],
    driver: Driver,
    size: Size,
    say: Callable[[str], None],
) -> tuple[dict, list[Chat]]:
    """What a message costs in chats that have grown, and in new ones beside them."""
    long = chats[: size.long_groups]
    all_fresh: list[Chat] = []
    found: dict[str, dict] = {}
    for length in size.lengths:
        say(f"chats of {length:,} messages against new ones")
        while missing := [chat for chat in long if chat.said < length]:
            most = min(length - chat.said for chat in missing)
            await driver.measure(wire.server, Run(missing, messages_each=min(most, _GROWN_AT_ONCE)))
        fresh = [await wire.open_chat(team) for team in teams[: size.long_groups]]
        all_fresh += fresh
        found[str(length)] = await compare_with_new(
            driver, wire.server, long, fresh, rounds=size.compared_rounds, messages=size.compared_messages
        )
    return found, all_fresh
