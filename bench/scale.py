"""Many at once on one machine: `python -m bench.scale` registers 100,000 agents, connects 10,000 of them, and lets 500
goals with nested teams be open at the same time; then the checker reads all logs.

The cards of agents that nobody talks to are made up, and discovery is by words: embedding 100,000 cards would take an
hour, and `bench.discovery` measures it. Journals, log and sockets are real.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec

from bench.cards import made_up_cards
from bench.hub_process import TOKEN
from bench.machine import describe, load_average
from bench.scale_host import Member, ScaleSettings
from bench.servers import ROOT, server
from bench.sockets import Socket, connect
from ioa.adapters.store.sqlite import SqliteStore
from ioa.protocol.cards import Card
from ioa.protocol.codec import encode
from ioa.protocol.frames import PROTOCOL_VERSION, Hello, Pong
from tests.chaos.checker import Violation, check
from tests.chaos.history import History, read_journal_file, read_store, read_witnesses

TEAM = 5
PROCESSES = 2
CONNECTING_AT_ONCE = 200
ASKING_AT_ONCE = 32
WITHIN_S = 1_500.0
REST_S = 5.0
BUDGETS = {"turn_timeout_s": 1_200, "task_timeout_s": 2_400, "group_timeout_s": 3_600}


@dataclass(frozen=True)
class Size:
    """`agents` are registered, `connected` of them are connected, `goals` are open at once, `teams` work on them."""

    agents: int
    connected: int
    goals: int
    teams: int


FULL = Size(agents=100_000, connected=10_000, goals=500, teams=100)
SHORT = Size(agents=1_000, connected=200, goals=20, teams=4)


class Idle:
    """A connected agent that only answers pings."""

    def __init__(self) -> None:
        self.welcome = asyncio.Event()
        self.lost: Exception | None = None
        self.socket: Socket | None = None

    async def join(self, url: str, token: str) -> None:
        self.socket = await connect(url, self._hear, lambda: None, self._end)
        self.socket.send(encode(Hello(version=PROTOCOL_VERSION, token=token)))
        await self.welcome.wait()
        if self.lost is not None:
            raise self.lost

    def _hear(self, text: bytes) -> None:
        if text.startswith(b'{"frame":"welcome"'):
            self.welcome.set()
        elif text.startswith(b'{"frame":"ping"') and self.socket is not None:
            self.socket.send(encode(Pong(n=json.loads(text).get("n", 0))))

    def _end(self, error: Exception) -> None:
        self.lost = error
        self.welcome.set()


def team_of(number: int) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The names of a team: its chair, its workers, its helpers."""
    parts = [f"{role} {number}" for role in ("Chair", "Worker A", "Worker B", "Helper A", "Helper B")]
    return parts[0], tuple(parts[1:3]), tuple(parts[3:])


class Api:
    """The hub's HTTP API, asked by so many at once."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=120)
        self._places = asyncio.Semaphore(ASKING_AT_ONCE)

    async def __aenter__(self) -> Api:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._http.aclose()

    async def post(self, path: str, body: object) -> dict[str, object]:
        async with self._places:
            while True:
                answer = await self._http.post(path, content=msgspec.json.encode(body))
                if answer.status_code != 429:
                    return answer.raise_for_status().json()
                await asyncio.sleep(0.5)

    async def get(self, path: str) -> dict[str, object]:
        async with self._places:
            return (await self._http.get(path)).raise_for_status().json()

    async def register(self, card: Card) -> str:
        return str((await self.post("/v1/agents", card))["token"])


async def until_all_open(api: Api, goal_ids: list[str], helpers: int, witnesses: list[Path]) -> None:
    """Every goal has its nested group, and both of its helpers have begun to wait."""
    deadline = time.monotonic() + WITHIN_S
    while True:
        begun = sum(path.read_bytes().count(b'["begin", "Helper') for path in witnesses if path.exists())
        if begun >= helpers:
            return
        if time.monotonic() > deadline:
            open_now = [goal_id for goal_id in goal_ids if (await api.get(f"/v1/goals/{goal_id}"))["ended_at"] is None]
            raise TimeoutError(f"{begun} of {helpers} helpers have begun, {len(open_now)} goals are open")
        await asyncio.sleep(0.25)


async def measure(size: Size, folder: Path) -> dict[str, object]:
    """Figures of one run; `violations` is what the checker found."""
    data = folder / "hub"
    data.mkdir()
    members = size.teams * TEAM
    made_up = size.agents - size.connected
    found: dict[str, object] = {"load before": load_average()}
    began = time.perf_counter()
    with server("hub_process", str(data), "--agents", str(made_up)) as hub:
        found["start with made-up agents, s"] = round(time.perf_counter() - began, 1)
        found["hub's memory with agents, MiB"] = hub.used().peak_bytes >> 20
        async with Api(hub.url) as api:
            began = time.perf_counter()
            teams = [team_of(number) for number in range(size.teams)]
            cards = [
                Card(name=name, description="prices monthly invoices and flights for rural teachers")
                for chair, workers, helpers in teams
                for name in (chair, *workers, *helpers)
            ]
            cards += made_up_cards(size.connected - members, seed=2)
            tokens = await asyncio.gather(*(api.register(card) for card in cards))
            found["registered over HTTP"] = len(tokens)
            found["registering, s"] = round(time.perf_counter() - began, 1)
            idle, connecting_s = await _connect(hub.url, tokens[members:])
            found["idle connections"] = len(idle)
            found["connecting them, s"] = round(connecting_s, 1)
            processes, witnesses = _start_hosts(size, hub.url, folder, cards, tokens)
            try:
                await _online(api, [team[0] for team in teams])
                found["connected"] = len(idle) + members
                found["hub's memory with connections, MiB"] = hub.used().peak_bytes >> 20
                found |= await _goals(size, api, hub.used, folder, witnesses)
                found["hub's memory at most, MiB"] = hub.used().peak_bytes >> 20
                found["idle connections lost"] = sum(one.lost is not None for one in idle)
                await asyncio.sleep(REST_S)  # the last deliveries
            finally:
                for process in processes:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
            for one in idle:
                if one.socket is not None:
                    one.socket.close()
    history, violations = await _judge(folder, data, [card.name for card in cards[:members]], witnesses)
    found["groups"] = len(history.groups)
    found["nested groups"] = sum(bool(row.parent) for row in history.groups)
    found["log entries"] = len(history.entries)
    found["acknowledged"] = len(history.acknowledged)
    found["agent runs"] = sum(run.phase == "begin" for run in history.runs)
    found["violations"] = [str(violation) for violation in violations]
    found["load after"] = load_average()
    return found


async def _connect(url: str, tokens: list[str]) -> tuple[list[Idle], float]:
    places = asyncio.Semaphore(CONNECTING_AT_ONCE)
    idle = [Idle() for _ in tokens]

    async def join(one: Idle, token: str) -> None:
        async with places:
            await one.join(f"{url.replace('http', 'ws', 1)}/v1/connect", token)

    began = time.perf_counter()
    await asyncio.gather(*(join(one, token) for one, token in zip(idle, tokens, strict=True)))
    return idle, time.perf_counter() - began


def _start_hosts(
    size: Size, url: str, folder: Path, cards: list[Card], tokens: list[str]
) -> tuple[list[subprocess.Popen[bytes]], list[Path]]:
    members = [
        Member(cards[place], tokens[place], *team_of(number)[1:])
        for number in range(size.teams)
        for place in range(number * TEAM, (number + 1) * TEAM)
    ]
    processes: list[subprocess.Popen[bytes]] = []
    witnesses: list[Path] = []
    for number in range(PROCESSES):
        witness = folder / f"witness-{number}"
        path = folder / f"host{number}.json"
        settings = ScaleSettings(url, str(folder), str(witness), tuple(members[number::PROCESSES]))
        path.write_bytes(msgspec.json.encode(settings))
        witnesses.append(witness)
        with (folder / f"host{number}.log").open("wb") as log:
            command = [sys.executable, "-m", "bench.scale_host", str(path)]
            processes.append(subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log))
    return processes, witnesses


async def _online(api: Api, names: list[str]) -> None:
    async with asyncio.timeout(WITHIN_S):
        for name in names:
            while not (await api.get(f"/v1/agents/{name}"))["online"]:  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.2)


async def _goals(size: Size, api: Api, used, folder: Path, witnesses: list[Path]) -> dict[str, object]:
    cpu_began = used().cpu_s
    began = time.perf_counter()
    bodies = [
        {
            "goal": f"price the invoices, number {number}",
            "initiator": team_of(number % size.teams)[0],
            "budgets": BUDGETS,
        }
        for number in range(size.goals)
    ]
    goal_ids = [str(answer["goal_id"]) for answer in await asyncio.gather(*(api.post("/v1/goals", b) for b in bodies))]
    asked_s = time.perf_counter() - began
    await until_all_open(api, goal_ids, 2 * size.goals, witnesses)
    open_s = time.perf_counter() - began
    states = await asyncio.gather(*(api.get(f"/v1/goals/{goal_id}") for goal_id in goal_ids))
    open_at_once = sum(state["ended_at"] is None and len(state["groups"]) == 2 for state in states)  # pyright: ignore[reportArgumentType] - JSON
    (folder / "go").touch()
    went = time.perf_counter()
    left = goal_ids
    async with asyncio.timeout(WITHIN_S):
        while left:
            states = await asyncio.gather(*(api.get(f"/v1/goals/{goal_id}") for goal_id in left))
            left = [goal_id for goal_id, state in zip(left, states, strict=True) if state["ended_at"] is None]
            await asyncio.sleep(0.2)
    ended_s = time.perf_counter() - went
    cpu_s = used().cpu_s - cpu_began
    return {
        "goals": size.goals,
        "goals open at once, each with its nested group": open_at_once,
        "asking for all goals, s": round(asked_s, 1),
        "until all were open, s": round(open_s, 1),
        "from there until all had ended, s": round(ended_s, 1),
        "CPU of the hub a goal, ms": round(1000 * cpu_s / size.goals, 1),
    }


async def _judge(folder: Path, data: Path, names: list[str], witnesses: list[Path]) -> tuple[History, list[Violation]]:
    history = History()
    store = SqliteStore(data / "hub.sqlite")
    await store.open()
    try:
        await read_store(history, store)
    finally:
        await store.close()
    read_witnesses(history, witnesses)
    history.members = {name: read_journal_file(folder / f"{name}.sqlite") for name in names}
    return history, check(history, slack_s=60.0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a hundredth of it")
    parser.add_argument("--json", type=Path, default=None, metavar="FILE", help="write the figures there")
    given = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="ioa-scale-", ignore_cleanup_errors=True) as folder:
        found = asyncio.run(measure(SHORT if given.short else FULL, Path(folder)))
    for name, value in found.items():
        print(f"{name}: {value}")
    if given.json is not None:
        given.json.write_text(json.dumps({"machine": describe(), "figures": found}, indent=1) + "\n", encoding="utf-8")
    return 1 if found["violations"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
