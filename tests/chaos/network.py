"""Hubs, hosts with clients, and a fault proxy before each host, as processes that accidents happen to."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Protocol
from uuid import uuid4

import httpx
import msgspec

from ioa.hub.grace import GRACE_S, MOST_GRACES
from ioa.protocol.cards import Card
from ioa.testing.servers import spare_port
from tests.chaos.accidents import Accident
from tests.chaos.host import HostSettings, Witness
from tests.chaos.proxy import FaultProxy
from tests.processes.hosts import set_link

TOKEN = "a-token-of-the-chaos-tests-only"
ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 90.0
HUB_GRACE_S = GRACE_S + 5.0
"""How much longer a wait may last for one restart of a hub, of the first few."""


class Server(Protocol):
    """A server of the tests' own."""

    def start(self) -> None: ...
    def kill(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...


@dataclass
class Hub:
    """One replica; the only one, or one of several over the same store."""

    number: int
    port: int
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0


@dataclass
class Host:
    """One process with clients."""

    number: int
    settings: HostSettings
    proxy: FaultProxy
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0


@dataclass
class ChaosNetwork:
    """`engines` are `--store URL --bus URL` of replicas, `servers` what they stand for, to be killed and started again;
    without them there is one hub on a SQLite file in `data`. `places` are network namespaces for the hosts, which reach
    this process at `address`."""

    folder: Path
    seed: int
    hubs: list[Hub]
    clocks: bool = False
    engines: tuple[str, ...] = ()
    servers: dict[str, Server] = field(default_factory=dict)
    hosts: list[Host] = field(default_factory=list)
    slack_s: float = 30.0
    restarts: int = 0
    happened: list[Accident] = field(default_factory=list)
    stopping: bool = False
    goal_ids: list[str] = field(default_factory=list)
    address: str = "127.0.0.1"
    places: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.dice = Random(f"{self.seed} network")
        self.data = self.folder / "hub"
        self.data.mkdir(exist_ok=True)
        self.witness = Witness(str(self.folder / "witness-goals"))
        self._later: set[asyncio.Task[None]] = set()
        self.http = httpx.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20)

    # Processes

    def _spawn(
        self, name: str, arguments: Sequence[str], skew_s: float = 0.0, place: str | None = None
    ) -> subprocess.Popen[bytes]:
        where = ("ip", "netns", "exec", place) if place is not None else ()
        environment = {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "IOA_DATA": str(self.folder / "data"),
            "IOA_HUB_TOKEN": TOKEN,
            "IOA_CHAOS_SKEW": str(skew_s),
            "NO_PROXY": self.address,
            "no_proxy": self.address,
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [*where, sys.executable, "-m", *arguments],
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                start_new_session=True,
            )

    def start_hub(self, hub: Hub) -> None:
        hub.starts += 1
        skew_s = self.dice.uniform(-3_600, 3_600) if self.clocks else 0.0
        arguments = ["--port", str(hub.port), "--data", str(self.data_of(hub)), *self.engines]
        if self.places:
            arguments += ["--allow-host", self.address]
        what = ["tests.chaos.replica_process"] if self.engines else ["tests.chaos.hub_process", "hub"]
        hub.process = self._spawn(f"hub{hub.number}", [*what, *arguments], skew_s)

    def data_of(self, hub: Hub) -> Path:
        return self.data if len(self.hubs) == 1 else self.data / str(hub.number)

    def start_host(self, host: Host) -> None:
        host.starts += 1
        host.settings.seed = f"{self.seed} {host.starts}"
        host.settings.skew_s = self.dice.uniform(-3_600, 3_600) if self.clocks else 0.0
        path = self.folder / f"host{host.number}.json"
        path.write_bytes(msgspec.json.encode(host.settings))
        place = self.places[host.number] if self.places else None
        host.process = self._spawn(f"host{host.number}", ["tests.chaos.host", str(path)], place=place)

    def kill(self, what: Hub | Host) -> None:
        if what.process is not None:
            what.process.kill()
            what.process.wait()
            what.process = None

    # The beginning

    async def start(self, *, hosts: int, agents_a_host: int) -> None:
        for hub in self.hubs:
            self.start_hub(hub)
        for hub in self.hubs:
            await self.ready(hub)
        names = [f"Agent {number}" for number in range(hosts * agents_a_host)]
        for number in range(hosts):
            mine = names[number * agents_a_host : (number + 1) * agents_a_host]
            cards = tuple(Card(name=n, description="does things", idempotent=self.dice.random() < 0.4) for n in mine)
            tokens = [await self._register(card) for card in cards]
            dice = Random(f"{self.seed} proxy {number}")
            proxy = FaultProxy(lambda dice=dice: ("127.0.0.1", self._a_hub(dice).port), dice)
            await proxy.start(self.address)
            settings = HostSettings(
                hub=f"http://{self.address}:{proxy.port}",
                folder=str(self.folder),
                witness=str(self.folder / f"witness-host{number}"),
                seed="",
                cards=cards,
                tokens=tuple(tokens),
                others=tuple(names),
            )
            host = Host(number, settings, proxy)
            self.hosts.append(host)
            self.start_host(host)
        await self.online(len(names))

    def _a_hub(self, dice: Random) -> Hub:
        """What a load balancer does: any hub that runs."""
        running = [hub for hub in self.hubs if hub.process is not None and hub.process.poll() is None]
        return dice.choice(running or self.hubs)

    async def _register(self, card: Card) -> str:
        answer = await self.http.post(f"{self.url()}/v1/agents", content=msgspec.json.encode(card))
        return str(answer.raise_for_status().json()["token"])

    def url(self, hub: Hub | None = None) -> str:
        return f"http://127.0.0.1:{(hub or self._a_hub(self.dice)).port}"

    async def ready(self, hub: Hub) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if hub.process is None or hub.process.poll() is not None:
                raise RuntimeError(f"hub {hub.number} ended: {self.said(f'hub{hub.number}')}")
            with suppress(httpx.HTTPError):
                if (await self.http.get(f"{self.url(hub)}/v1/health")).status_code == 200:
                    return
            await asyncio.sleep(0.05)
        raise TimeoutError(f"hub {hub.number} does not answer: {self.said(f'hub{hub.number}')}")

    async def online(self, count: int) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                answer = await self.http.get(f"{self.url()}/v1/agents", params={"online": "true", "limit": 200})
                if len(answer.json().get("items", ())) >= min(count, 200):
                    return
            await asyncio.sleep(0.1)
        raise TimeoutError(f"not all of {count} agents are online: {self.said('host0')}")

    def said(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace")[-3_000:] if path.exists() else ""

    # Goals

    async def ask(self, number: int, budgets: dict[str, object]) -> str:
        """Ask until a hub has said that it has the goal; its goal_id. The same request never makes two."""
        key = f"{self.seed}-{number}-{uuid4().hex}"
        body = {"goal": f"does things, number {number}", "max_turns": 12, "budgets": budgets}
        while not self.stopping:
            try:
                answer = await self.http.post(
                    f"{self.url()}/v1/goals", json=body, headers={"Idempotency-Key": key}, timeout=8
                )
            except httpx.HTTPError:
                await asyncio.sleep(0.2)
                continue
            if answer.status_code in (202, 200):
                goal_id = str(answer.json()["goal_id"])
                self.witness.note("asked", goal_id)
                self.goal_ids.append(goal_id)
                return goal_id
            if answer.status_code < 500 and answer.status_code != 429:
                raise AssertionError(f"a goal was refused: {answer.status_code} {answer.text}")
            await asyncio.sleep(0.3)
        raise asyncio.CancelledError

    async def ended(self, goal_id: str) -> bool:
        try:
            answer = await self.http.get(f"{self.url()}/v1/goals/{goal_id}", timeout=8)
        except httpx.HTTPError:
            return False
        if answer.status_code == 404:
            raise AssertionError(f"goal {goal_id} was acknowledged and is not there")
        return answer.status_code == 200 and answer.json()["ended_at"] is not None

    # Accidents

    async def happen(self, accident: Accident) -> None:
        self.happened.append(accident)
        self._start_what_gave_up()
        self.slack_s += accident.lasts_s
        hub = self.hubs[accident.number % len(self.hubs)]
        host = self.hosts[accident.number % len(self.hosts)]
        proxy = host.proxy
        match accident.kind:
            case "kill hub":
                self._give_grace()
                self.kill(hub)
                self.later(accident.lasts_s, lambda: self.start_hub(hub))
            case "stop hub":
                self.signal(hub, signal.SIGSTOP)
                self.later(accident.lasts_s, lambda: self.signal(hub, signal.SIGCONT))
            case "kill host":
                self.kill(host)
                self.later(accident.lasts_s, lambda: self.start_host(host))
            case "stop host":
                self.signal(host, signal.SIGSTOP)
                self.later(accident.lasts_s, lambda: self.signal(host, signal.SIGCONT))
            case "disk full":
                self.fill_disk()
                self.later(accident.lasts_s, self.empty_disk)
            case "kill store" | "kill bus":
                server = self.servers[accident.kind.removeprefix("kill ")]
                self._give_grace()
                await asyncio.to_thread(server.kill)
                self.later(accident.lasts_s, server.start)
            case "stop store" | "stop bus":
                server = self.servers[accident.kind.removeprefix("stop ")]
                self._give_grace()
                await asyncio.to_thread(server.pause)
                self.later(accident.lasts_s, server.resume)
            case "cut":
                proxy.cut()
            case "silence":
                proxy.silence()
                self.later(accident.lasts_s, proxy.speak)
            case "link down":
                place = self.places[host.number]
                await asyncio.to_thread(set_link, place, "down")
                self.later(accident.lasts_s, lambda: set_link(place, "up"))
            case "delay":
                proxy.delay_s = 0.1
                self.later(accident.lasts_s, lambda: setattr(proxy, "delay_s", 0.0))
            case "repeat":
                proxy.repeats = 0.2
                self.later(accident.lasts_s, lambda: setattr(proxy, "repeats", 0.0))
            case "swap":
                proxy.swaps = 0.1
                self.later(accident.lasts_s, lambda: setattr(proxy, "swaps", 0.0))
            case _:
                raise ValueError(f"{accident.kind!r} is no accident of this network")

    def _start_what_gave_up(self) -> None:
        """What systemd or Kubernetes does: a replica ends if its store is away when it starts."""
        for hub in self.hubs:
            if self.engines and hub.process is not None and hub.process.poll() is not None:
                self.start_hub(hub)

    def _give_grace(self) -> None:
        """Whoever leads begins anew. A wait has its grace only so often, and ends with the start after that."""
        if self.restarts <= MOST_GRACES:
            self.slack_s += HUB_GRACE_S
        self.restarts += 1

    def later(self, after_s: float, act: object) -> None:
        async def wait() -> None:
            await asyncio.sleep(after_s)
            assert callable(act)
            act()

        task = asyncio.create_task(wait())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    @staticmethod
    def signal(what: Hub | Host, number: int) -> None:
        if what.process is not None and what.process.poll() is None:
            what.process.send_signal(number)

    def fill_disk(self) -> None:
        """Nothing is left of the file system that the hub's data are on; only on one of its own."""
        if not self.data.is_mount():
            return
        free = shutil.disk_usage(self.data).free
        with suppress(OSError), (self.data / "ballast").open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, max(1, free))

    def empty_disk(self) -> None:
        (self.data / "ballast").unlink(missing_ok=True)

    async def heal(self) -> None:
        """Accidents are over: all run again and reach each other."""
        while self._later:
            await asyncio.wait(self._later)
        self.empty_disk()
        for host in self.hosts:
            host.proxy.heal()
        for hub in self.hubs:
            if hub.process is None or hub.process.poll() is not None:
                self.start_hub(hub)
            await self.ready(hub)
        for host in self.hosts:
            if host.process is None or host.process.poll() is not None:
                self.start_host(host)

    # The end

    def kill_hosts(self) -> None:
        for host in self.hosts:
            self.kill(host)

    async def close(self) -> None:
        self.stopping = True
        for task in tuple(self._later):
            task.cancel()
        for what in (*self.hubs, *self.hosts):
            self.signal(what, signal.SIGCONT)
            self.kill(what)
        for host in self.hosts:
            await host.proxy.close()
        await self.http.aclose()


def hubs(count: int = 1) -> list[Hub]:
    return [Hub(number, spare_port()) for number in range(count)]


def one_hub() -> list[Hub]:
    return hubs(1)
