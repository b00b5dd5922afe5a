"""One run of chaos: goals one after the other while accidents happen, then rest, then the checker."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ioa.adapters.store.sqlite import SqliteStore
from ioa.ports.store import Store
from tests.chaos.accidents import Accident
from tests.chaos.checker import Violation, check
from tests.chaos.history import History, read_journal_file, read_store, read_witnesses
from tests.chaos.network import ChaosNetwork, Hub

REST_S = 240.0
CATCH_UP_S = 4.0
BUDGETS: dict[str, object] = {
    "turns": 60,
    "depth": 3,
    "turn_timeout_s": 8,
    "task_timeout_s": 20,
    "calls": 200,
    "tokens": 100_000,
    "cost_usd": 1.0,
}


@dataclass
class Report:
    """What a run came to."""

    seed: int
    lasted_s: float
    violations: list[Violation]
    happened: list[Accident]
    figures: dict[str, int | float] = field(default_factory=dict)

    def text(self) -> str:
        lines = [f"seed {self.seed}, {self.lasted_s:.0f} s, {len(self.happened)} accidents"]
        lines += [f"  {name}: {value}" for name, value in self.figures.items()]
        lines += [f"  !! {violation}" for violation in self.violations[:40]]
        lines.append(f"  {len(self.violations)} violations")
        return "\n".join(lines)


@contextlib.contextmanager
def small_disk(folder: Path, *, mib: int = 64) -> Iterator[bool]:
    """Make `folder` a file system of its own of so many MiB, where this machine lets us."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder)]
    made = shutil.which("mount") is not None and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield made
    finally:
        if made:
            subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


@contextlib.asynccontextmanager
async def network_of(seed: int, hubs: list[Hub], **more: object) -> AsyncIterator[ChaosNetwork]:
    """A network in a temporary folder, which stays for whoever has to look if a run was not good."""
    folder = Path(tempfile.mkdtemp(prefix=f"ioa-chaos-{seed}-"))
    with small_disk(folder / "hub"):
        network = ChaosNetwork(folder, seed, hubs, **more)  # pyright: ignore[reportArgumentType] - passed through
        try:
            yield network
        finally:
            await network.close()


async def run(
    network: ChaosNetwork,
    accidents: Sequence[Accident],
    *,
    seconds: float,
    concurrent: int,
    hosts: int = 4,
    agents_a_host: int = 5,
    group_timeout_s: float = 60.0,
    open_store: Callable[[], Store] | None = None,
) -> Report:
    """Keep `concurrent` goals open for so many seconds while accidents happen, let all of it come to rest, judge it."""
    await network.start(hosts=hosts, agents_a_host=agents_a_host)
    began = time.monotonic()
    until = began + seconds
    waiting: set[str] = set()
    most_open = 0

    async def one_after_the_other(number: int) -> None:
        nonlocal most_open
        while time.monotonic() < until:
            goal_id = await network.ask(number, {**BUDGETS, "group_timeout_s": group_timeout_s})
            waiting.add(goal_id)
            most_open = max(most_open, len(waiting))
            while time.monotonic() < until and not await network.ended(goal_id):  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.5)
            waiting.discard(goal_id)

    async def what_happens() -> None:
        for accident in accidents:
            await asyncio.sleep(max(0.0, began + accident.at_s - time.monotonic()))
            await network.happen(accident)

    await asyncio.gather(what_happens(), *(one_after_the_other(number) for number in range(concurrent)))
    await network.heal()
    rested = await _rest(network)
    figures: dict[str, int | float] = {"most goals open at once": most_open, "seconds to rest": round(rested, 1)}
    history, violations = await _judge(network, open_store or (lambda: SqliteStore(network.data / "hub.sqlite")))
    figures |= {
        "goals": len(history.goals),
        "groups": len(history.groups),
        "nested groups": sum(bool(row.parent) for row in history.groups),
        "entries": len(history.entries),
        "acknowledged": len(history.acknowledged),
        "agent runs": sum(run.phase == "begin" for run in history.runs),
        "model calls": len(history.calls),
        "hub starts": sum(hub.starts for hub in network.hubs),
        "host starts": sum(host.starts for host in network.hosts),
        "frames repeated": sum(host.proxy.repeated for host in network.hosts),
        "frames swapped": sum(host.proxy.swapped for host in network.hosts),
        "connections cut": sum(host.proxy.cuts for host in network.hosts),
    }
    return Report(network.seed, time.monotonic() - began, violations, network.happened, figures)


async def _rest(network: ChaosNetwork) -> float:
    began = time.monotonic()
    left = list(network.goal_ids)
    while left and time.monotonic() < began + REST_S:
        left = [goal_id for goal_id in left if not await network.ended(goal_id)]
        await asyncio.sleep(0.2)
    return time.monotonic() - began


async def _judge(network: ChaosNetwork, open_store: Callable[[], Store]) -> tuple[History, list[Violation]]:
    """Members that were behind when they were killed get another moment to catch up."""
    for _ in range(5):
        await asyncio.sleep(CATCH_UP_S)
        network.kill_hosts()
        if network.engines:
            history = await _gather(network, open_store)
        else:
            network.kill(network.hubs[0])
            history = await _gather(network, open_store)
        slack_s = None if network.clocks else network.slack_s
        violations = check(history, slack_s=slack_s)
        if not violations or {violation.rule for violation in violations} != {"members_hold_the_log"}:
            return history, violations
        await network.heal()
    return history, violations


async def _gather(network: ChaosNetwork, open_store: Callable[[], Store]) -> History:
    history = History(
        idempotent=frozenset(c.name for host in network.hosts for c in host.settings.cards if c.idempotent)
    )
    store = open_store()
    await store.open()
    try:
        await read_store(history, store)
    finally:
        await store.close()
    read_witnesses(history, sorted(network.folder.glob("witness-*")))
    for host in network.hosts:
        for card in host.settings.cards:
            history.members[card.name] = read_journal_file(network.folder / f"{card.name}.sqlite")
    return history
