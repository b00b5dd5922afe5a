"""Goals, agents and policies that both the first landed version and today's run, each in a process of its own.

    PYTHONPATH=tests/compat/first_landed/ioa.zip python tests/compat/village.py record FOLDER
    PYTHONPATH=tests/compat/first_landed/ioa.zip python tests/compat/village.py hub FOLDER
    PYTHONPATH=tests/compat/first_landed/ioa.zip python tests/compat/village.py member URL TOKEN NAME JOURNAL
    PYTHONPATH=tests/compat/first_landed/ioa.zip python tests/compat/village.py decode < frames
    PYTHONPATH=tests/compat/first_landed/ioa.zip python tests/compat/village.py schema

`record` runs all goals, keeps every frame in both directions, and dies as by `kill -9` while one goal is open. Only
names that have been there from the first day are used here, and no other module of the tests.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import httpx
import msgspec

from ioa.adapters.artifacts.http import HttpArtifacts
from ioa.adapters.clock import SystemClock
from ioa.adapters.transport.memory import MemoryTransport
from ioa.adapters.transport.websocket import WebSocketTransport
from ioa.client import Client, ClientSettings, Patience
from ioa.conversation.formation import LaunchGroupChat, SearchAgent
from ioa.ports.agent import AgentFailed, LocalFile, Outcome
from ioa.protocol.cards import Card
from ioa.protocol.codec import decode_hub_frame
from ioa.protocol.errors import ProtocolError
from ioa.testing.policies import ScriptedPolicy, assign, conclude, pause, say

USER_TOKEN = "token-of-the-user-of-the-first-landed-version"
CARDS = {
    "Chair": Card(name="Chair", description="plans and asks others"),
    "Adder": Card(name="Adder", description="adds numbers", idempotent=True),
    "Painter": Card(name="Painter", description="draws charts"),
    "Lead": Card(name="Lead", description="leads a team of its own"),
    "Hand": Card(name="Hand", description="works with its hands"),
}
GOALS = {
    "team": "sum and draw",
    "nested": "do something big",
    "talk": "talk it over",
    "cancelled": "wait for ever",
    "forced": "never decide",
    "failed": "break it",
    "continued": "and once more",
    "late": "be in time",
    "open": "hold on",
}


class ByGoal(ScriptedPolicy):
    """Decides from the log alone, by the goal's words, so that another process can go on."""

    async def next_tool(self, situation: Any) -> Any:
        if "sum and draw" in situation.goal and not situation.found:
            return SearchAgent(("adds numbers", "draws charts"))
        if situation.found:
            return LaunchGroupChat(tuple(dict.fromkeys(hits[0].card.name for _, hits in situation.found if hits)))
        if situation.nested:
            return LaunchGroupChat(("Hand",))
        if situation.goal == GOALS["nested"]:
            return LaunchGroupChat(("Lead",))
        return LaunchGroupChat(("Adder",))

    async def needs_team(self, view: Any) -> bool:
        return view.me.name == "Lead" and view.may_team_up

    async def turn(self, view: Any) -> Any:
        group, me = view.group, view.me.name
        tasks = list(group.tasks.values())
        if group.goal == GOALS["talk"]:
            return self._talk(view)
        if group.goal == GOALS["forced"]:
            await asyncio.Event().wait()
        if me == "Lead":
            return conclude(tasks[-1].conclusion) if tasks else assign(("Hand", "a small part"))
        if group.goal == GOALS["nested"]:
            return conclude(tasks[-1].conclusion) if tasks else assign(("Lead", "the big thing"))
        if group.goal == GOALS["failed"]:
            return conclude(f"it broke: {tasks[-1].conclusion}") if tasks else assign(("Adder", "break"))
        if group.goal in (GOALS["cancelled"], GOALS["late"], GOALS["open"]):
            if not tasks:
                return assign(("Adder", "hold"), wait=False)
            return pause(tasks[0].task_id) if tasks[0].open else conclude(tasks[0].conclusion)
        if group.goal == GOALS["continued"]:
            return conclude(f"as before: {group.given[0].conclusion}")
        return self._sum_and_draw(tasks)

    @staticmethod
    def _sum_and_draw(tasks: list[Any]) -> Any:
        if not tasks:
            return assign(("Adder", "add 1 and 2"), wait=False)
        if tasks[0].open:
            return pause(tasks[0].task_id)
        if len(tasks) == 1:
            return assign(("Painter", "draw the sum"), builds_on=(tasks[0].task_id,))
        return conclude(tasks[-1].conclusion)

    @staticmethod
    def _talk(view: Any) -> Any:
        said = [message for message in view.log if type(message).__name__ == "Discussion"]
        if view.me.name == "Adder":
            return say("three", "Chair")
        return conclude(f"they say {said[-1].content}") if said else say("what is 1 and 2?", "Adder")


class Worker:
    """Adds, draws, holds on (until `go`), breaks. `started` is set when it holds."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.started = asyncio.Event()
        self.got: list[str] = []

    async def perform(self, assignment: Any, progress: Any) -> Outcome:
        self.got.append(assignment.task_desc)
        await progress(f"at {assignment.task_desc}")
        if assignment.task_desc == "break":
            raise AgentFailed("the handle came off")
        if assignment.task_desc == "hold":
            self.started.set()
            await self.go.wait()
        if assignment.task_desc.startswith("draw"):
            path = assignment.folder / "chart.svg"
            path.write_text(f"<svg><!-- {[file.name for file in assignment.files]} --></svg>")
            drawn = assignment.earlier[0].conclusion if assignment.earlier else "nothing"
            return Outcome(f"drew {drawn!r}", files=(LocalFile("chart.svg", "image/svg+xml", path),))
        return Outcome(f"did {assignment.task_desc}", abstract="done")


class Index:
    """Finds cards by shared words."""

    def __init__(self) -> None:
        self.texts: dict[str, set[str]] = {}

    def put(self, name: str, text: str) -> None:
        self.texts[name] = set(text.lower().replace(".", " ").split())

    def put_many(self, cards: Any) -> None:
        for name, text in cards:
            self.put(name, text)

    def remove(self, name: str) -> None:
        self.texts.pop(name, None)

    def search(self, phrases: Any, *, limit: int, accept: Callable[[str], bool] | None = None) -> Any:
        from ioa.ports.index import Hit

        def hits(phrase: str) -> list[Any]:
            words = set(phrase.lower().split())
            scored = [
                Hit(name, len(words & text) / len(words))
                for name, text in self.texts.items()
                if accept is None or accept(name)
            ]
            return sorted((hit for hit in scored if hit.score), key=lambda hit: -hit.score)[:limit]

        return [hits(phrase) for phrase in phrases]

    def __len__(self) -> int:
        return len(self.texts)


class Recorded:
    """A transport that writes down every frame as `[agent, direction, frame]`, in one order for all agents."""

    def __init__(self, inner: Any, agent: str, tape: list[list[str]]) -> None:
        self._inner, self._agent, self._tape = inner, agent, tape

    async def connect(self) -> Any:
        connection = await self._inner.connect()
        agent, tape = self._agent, self._tape
        send, receive = connection.send, connection.receive

        class Wire:
            async def send(self, data: bytes) -> None:
                tape.append([agent, "out", data.decode()])
                await send(data)

            async def receive(self) -> bytes:
                data = await receive()
                tape.append([agent, "in", data.decode()])
                return data

            async def close(self, code: int = 1000, reason: str = "") -> None:
                await connection.close(code, reason)

        return Wire()


def make_client(name: str, token: str, transport: Any, artifacts: Any, journal: Path, agent: Worker) -> Client:
    numbers = count(1)
    return Client(
        card=CARDS[name],
        agent=agent,
        policy=ByGoal(),
        transport=transport,
        artifacts=artifacts,
        clock=SystemClock(),
        new_id=lambda: f"{name}-{os.getpid()}-{next(numbers)}",
        random=Random(1),
        settings=ClientSettings(
            token=token,
            work_folder=journal.parent / f"work-{name}",
            patience=Patience(first_retry_s=0.01, longest_retry_s=0.1, again_s=0.05),
        ),
        journal=journal,
    )


def make_hub(folder: Path, **more: Any) -> Any:
    from ioa.adapters.store.sqlite import SqliteStore
    from ioa.hub.hub import Hub
    from ioa.hub.settings import HubSettings

    numbers = count(1)
    return Hub(
        HubSettings(data_dir=folder, users={"me": USER_TOKEN}, port=0, **more),
        store=SqliteStore(folder / "hub.sqlite"),
        index=Index(),  # pyright: ignore[reportArgumentType] - the port of whichever version this runs with
        clock=SystemClock(),
        new_id=lambda: f"id-{os.getpid()}-{next(numbers)}",
    )


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that tells nobody when it has happened."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


async def record(folder: Path) -> None:
    """Run all goals and die in the middle of the last one."""
    from ioa.hub.http import build_app

    home = folder / "running"
    (home / "hub").mkdir(parents=True)
    hub = make_hub(home / "hub")
    await hub.start()
    app = httpx.ASGITransport(build_app(hub))
    tape: list[list[str]] = []
    user = {"Authorization": f"Bearer {USER_TOKEN}"}
    http = httpx.AsyncClient(transport=app, base_url="http://hub.invalid", headers=user)
    tokens: dict[str, str] = {}
    workers: dict[str, Worker] = {}
    running = []
    for name, card in CARDS.items():
        answer = await http.post("/v1/agents", content=msgspec.json.encode(card))
        tokens[name] = answer.raise_for_status().json()["token"]
        artifacts = HttpArtifacts(
            "http://hub.invalid", tokens[name], clock=SystemClock(), random=Random(1), transport=app
        )
        workers[name] = Worker()
        transport = Recorded(MemoryTransport(hub.serve), name, tape)
        client = make_client(name, tokens[name], transport, artifacts, home / f"{name}.sqlite", workers[name])
        running.append(asyncio.create_task(client.run()))
        await until(partial(getattr, client, "connected"))
    goals: dict[str, str] = {}

    async def ask(key: str, **fields: object) -> str:
        answer = await http.post("/v1/goals", json={"goal": GOALS[key], "initiator": "Chair", **fields})
        goals[key] = answer.raise_for_status().json()["goal_id"]
        return goals[key]

    async def ended(goal_id: str) -> dict[str, Any]:
        while True:
            state = (await http.get(f"/v1/goals/{goal_id}")).json()
            if state["status"] in ("completed", "partial", "failed", "cancelled"):
                return state
            await asyncio.sleep(0.02)

    upload = await http.put("/v1/artifacts", params={"name": "data.csv", "media_type": "text/csv"}, content=b"1,2\n")
    team = await ended(await ask("team", artifacts=[upload.raise_for_status().json()]))
    await ended(await ask("nested"))
    await ended(await ask("talk", team=["Chair", "Adder"]))
    await ended(await ask("failed"))
    await ended(await ask("forced", max_turns=3, budgets={"turn_timeout_s": 0.2}))
    await ended(await ask("continued", continues=team["comm_id"]))
    await ended(await ask("late", budgets={"task_timeout_s": 0.3}))
    workers["Adder"].started.clear()
    await ask("cancelled")
    await workers["Adder"].started.wait()
    await http.post(f"/v1/goals/{goals['cancelled']}/cancel")
    await ended(goals["cancelled"])
    workers["Adder"].started.clear()
    comm_id = None
    await ask("open")
    await workers["Adder"].started.wait()
    while comm_id is None:
        comm_id = (await http.get(f"/v1/goals/{goals['open']}")).json().get("comm_id")
    said = await http.post(f"/v1/groups/{comm_id}/interject", json={"content": "no hurry"})
    said.raise_for_status()
    await until(lambda: any("no hurry" in frame and agent == "Adder" for agent, _, frame in tape))
    await asyncio.sleep(1.5)  # contacts are published a second after they changed
    states = {key: (await http.get(f"/v1/goals/{goal_id}")).json() for key, goal_id in goals.items()}
    shutil.copytree(home, folder / "left", ignore=shutil.ignore_patterns("*-shm", "work-*"))  # as kill -9 leaves it
    said = {"user_token": USER_TOKEN, "tokens": tokens, "goals": states}
    (folder / "known.json").write_text(json.dumps(said, indent=1))
    (folder / "frames.jsonl").write_text("".join(json.dumps(line) + "\n" for line in tape))
    print("ok", flush=True)
    os._exit(0)


async def serve(folder: Path) -> None:
    """A hub on a free port, until stdin ends."""
    from ioa.hub.serving import HttpServer

    hub = make_hub(folder)
    await hub.start()
    server = HttpServer(hub)
    await server.start()
    print(server.url, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await hub.stop()
    await server.stop()


async def member(url: str, token: str, name: str, journal: Path) -> None:
    """One client, until stdin ends. Prints `connected`; a frame it does not understand goes to stderr."""
    import logging

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    worker = Worker()
    worker.go.set()
    async with HttpArtifacts(url, token, clock=SystemClock(), random=Random(1)) as artifacts:
        client = make_client(name, token, WebSocketTransport(url), artifacts, journal, worker)
        running = asyncio.create_task(client.run())
        await until(lambda: client.connected or running.done())
        if running.done():
            await running
        print("connected", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        running.cancel()
        await asyncio.wait([running])


def decode() -> None:
    """Each line of stdin is a frame of a hub, in base64; prints what is wrong with those that are not understood."""
    for line in sys.stdin:
        try:
            decode_hub_frame(base64.b64decode(line))
        except ProtocolError as error:
            print(f"{error.code}: {error.rule}")


def schema() -> None:
    """Prints the JSON Schema of the frames."""
    from ioa.protocol.schema import frames_schema

    print(json.dumps(frames_schema()))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["record", folder]:
            asyncio.run(record(Path(folder)))
        case ["hub", folder]:
            asyncio.run(serve(Path(folder)))
        case ["member", url, token, name, journal]:
            asyncio.run(member(url, token, name, Path(journal)))
        case ["decode"]:
            decode()
        case ["schema"]:
            schema()
        case _:
            raise SystemExit(__doc__)
