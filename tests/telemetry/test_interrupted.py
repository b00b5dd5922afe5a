"""One trace also when something in it is restarted, keeps none, or lies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from ioa.adapters.agents.carded import CardedAgent
from ioa.adapters.agents.function import FunctionAgent
from ioa.adapters.telemetry import names
from ioa.bootstrap import OpenHub, open_hub, taking_part
from ioa.cli.hub_api import HubApi
from ioa.cli.records import Goal
from ioa.hub.settings import HubSettings
from ioa.ports.tracing import SILENT, Tracer
from ioa.protocol.cards import Card
from ioa.protocol.messages import TaskStart
from ioa.testing.policies import ScriptedPolicy, assign, conclude
from ioa.testing.servers import spare_port
from tests.telemetry.watching import Watch, asked, family, place, said, traces


class Network:
    """A hub on a port of its own that may be restarted, and clients that may leave and come back."""

    def __init__(self, folder: Path, watch: Watch) -> None:
        self.folder = folder
        self.watch = watch
        self.port = spare_port()
        self.tokens: dict[str, str] = {}

    @asynccontextmanager
    async def hub(self) -> AsyncIterator[OpenHub]:
        settings = HubSettings(data_dir=self.folder / "hub", port=self.port)
        async with open_hub(settings, meaning=False, tracer=self.watch.tracer) as opened:
            yield opened

    @asynccontextmanager
    async def client(
        self, name: str, api: HubApi, policy: ScriptedPolicy, function=None, tracer: Tracer | None = None
    ) -> AsyncIterator[None]:
        async def done(task: str) -> str:
            return f"did {task}"

        card = Card(name=name, description=f"{name} works", idempotent=True)
        agent = CardedAgent(card, FunctionAgent(function or done, name))
        if name not in self.tokens:
            self.tokens[name] = (await api.register(card)).token
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        used = tracer or self.watch.tracer
        async with taking_part(agent, api.url, self.tokens[name], folder, policy=lambda: policy, tracer=used):
            yield


async def ended(api: HubApi, goal_id: str) -> Goal:
    async with asyncio.timeout(60), api.events(goal_id) as events:
        async for _ in events:
            pass
    return await api.goal(goal_id)


def last(view):
    return conclude(list(view.group.tasks.values())[-1].conclusion)


@pytest.fixture
def net(tmp_path: Path) -> Network:
    (tmp_path / "hub").mkdir()
    return Network(tmp_path, Watch())


async def test_a_hub_that_was_restarted_tells_goal_and_group_from_their_beginning(net: Network):
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(task: str) -> str:
        begun.set()
        await go.wait()
        return "slowly"

    async with AsyncExitStack() as clients:
        async with net.hub() as hub, HubApi(hub.url, hub.token) as api:
            chair = ScriptedPolicy([assign(("Adder", "add")), last], team=("Adder",))
            await clients.enter_async_context(net.client("Chair", api, chair))
            await clients.enter_async_context(net.client("Adder", api, ScriptedPolicy(), slow))
            goal_id = await asked(hub.url, hub.token or "", "sum")
            await begun.wait()
        assert not net.watch.of("group")
        async with net.hub() as hub, HubApi(hub.url, hub.token) as api:
            go.set()
            goal = await ended(api, goal_id)
            await clients.aclose()
    assert goal.conclusion == "slowly"
    assert len(traces(net.watch.spans)) == 1
    assert family(net.watch.spans) == {
        ("goal", ""): 1,
        ("formation", "goal"): 1,
        ("group", "goal"): 1,
        ("turn", "group"): 2,
        ("task", "turn"): 1,
    }
    (whole,) = net.watch.of("goal")
    (turn, _) = sorted(net.watch.of("turn"), key=lambda span: span.start_time or 0)
    assert whole.start_time
    assert turn.start_time
    assert whole.start_time < turn.start_time


async def test_a_client_that_was_restarted_tells_the_task_that_it_had_begun(net: Network):
    begun = asyncio.Event()

    async def hang(task: str) -> str:
        begun.set()
        await asyncio.Event().wait()
        return ""

    async with net.hub() as hub, HubApi(hub.url, hub.token) as api:
        chair = ScriptedPolicy([assign(("Adder", "add")), last], team=("Adder",))
        async with net.client("Chair", api, chair):
            async with net.client("Adder", api, ScriptedPolicy(), hang):
                goal_id = await asked(hub.url, hub.token or "", "sum")
                await begun.wait()
            async with net.client("Adder", api, ScriptedPolicy()):
                goal = await ended(api, goal_id)
        log = [entry.message for comm_id in goal.groups for entry in await api.messages(comm_id)]
    (task,) = net.watch.of("task")
    assert said(task, names.STATUS) == "completed"
    (start,) = [message for message in log if isinstance(message, TaskStart)]
    assert start.traceparent is not None
    assert start.traceparent[3:52] == place(task)
    assert family(net.watch.spans)["task", "turn"] == 1


@pytest.mark.parametrize("silent", ["Chair", "Lead"])
async def test_a_client_that_keeps_no_traces_does_not_cut_the_trace(net: Network, silent: str):
    async with net.hub() as hub, HubApi(hub.url, hub.token) as api, AsyncExitStack() as clients:
        for name, policy in (
            ("Chair", ScriptedPolicy([assign(("Lead", "big")), last], team=("Lead",))),
            ("Lead", ScriptedPolicy([assign(("Hand", "small")), last], team=("Hand",), nest=True)),
            ("Hand", ScriptedPolicy()),
        ):
            tracer = SILENT if name == silent else None
            await clients.enter_async_context(net.client(name, api, policy, tracer=tracer))
        goal = await ended(api, await asked(hub.url, hub.token or "", "do it"))
    assert goal.conclusion == "did small"
    assert len(traces(net.watch.spans)) == 1
    tree = family(net.watch.spans)
    nested = ("group", "task") if silent == "Chair" else ("group", "turn")
    assert (tree["group", "goal"], tree[nested]) == (1, 1)


class Liar(Tracer):
    """Says of everything that it is in another trace."""

    def __init__(self) -> None:
        self.elsewhere = Watch()

    @property
    def enabled(self) -> bool:
        return True

    def span(self, kind, facts, *, parent):
        return self.elsewhere.tracer.span(kind, facts, parent=None)

    def enter(self, traceparent) -> None: ...

    def mint(self, kind, parent, key):
        return self.elsewhere.tracer.mint(kind, None, key)

    def tell(self, kind, facts, *, parent, began_at, ended_at, traceparent=None, error="") -> None: ...


async def test_a_client_that_lies_moves_nobody_else_into_another_trace(net: Network):
    async with net.hub() as hub, HubApi(hub.url, hub.token) as api, AsyncExitStack() as clients:
        for name, policy in (
            ("Chair", ScriptedPolicy([assign(("Lead", "big")), last], team=("Lead",))),
            ("Lead", ScriptedPolicy([assign(("Hand", "small")), last], team=("Hand",), nest=True)),
            ("Hand", ScriptedPolicy()),
        ):
            tracer = None if name == "Hand" else Liar()
            await clients.enter_async_context(net.client(name, api, policy, tracer=tracer))
        await ended(api, await asked(hub.url, hub.token or "", "do it"))
    assert len(traces(net.watch.spans)) == 1
    assert family(net.watch.spans) == {
        ("goal", ""): 1,
        ("group", "goal"): 1,
        ("group", "group"): 1,
        ("task", "group"): 1,
    }
