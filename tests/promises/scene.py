"""A stage for bad input: agents that speak frame by frame, and a healthy conversation that runs beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ioa.ports.agent import Outcome
from ioa.protocol.messages import Budgets, Launch
from ioa.testing.policies import ScriptedPolicy, assign
from tests.hub.network import TestAgent
from tests.promises.village import Village, Worker, last_conclusion, village


@dataclass(frozen=True)
class Complaint:
    """What the one who gave bad input is told: a code for programs (agents have none), and words."""

    text: str
    code: str = ""


@dataclass(frozen=True)
class Bad:
    """Something bad to do; the answer must name the field, the value and the remedy in these words."""

    what: str
    do: Callable[[Scene], Awaitable[Complaint]]
    field: str
    value: str
    remedy: str
    code: str = ""

    def check(self, said: Complaint) -> None:
        assert said.code == self.code, said
        for word in (self.field, self.value, self.remedy):
            assert word, "a row must say what it expects"
            assert word in said.text, (word, said)


class Scene:
    """Ann has the floor of `comm_id`, Bob is a member, Eve is not. `other` is Eve's own group."""

    def __init__(self, here: Village, ann: TestAgent, bob: TestAgent, eve: TestAgent) -> None:
        self.here = here
        self.ann, self.bob, self.eve = ann, bob, eve
        self.comm_id = self.other = ""

    async def send(self, agent: TestAgent, data: bytes) -> Complaint:
        """Bytes that no client of ours would send, and the refusal that they get."""
        count = len(agent.refusals)
        await agent.connection.send(data)
        await agent.until(lambda: len(agent.refusals) > count)
        return refused(agent.refusals[-1])

    async def post(self, agent: TestAgent, kind: Any, comm_id: str | None = None, **fields: Any) -> Complaint:
        return refused(await agent.post(kind, self.comm_id if comm_id is None else comm_id, **fields))

    async def http(self, method: str, path: str, **rest: Any) -> Complaint:
        answer = await self.here.http.request(method, path, **rest)
        assert answer.status_code >= 400, answer.text
        error = answer.json()["error"]
        return Complaint(" | ".join((error["message"], *error.get("legal", ()))), error["code"])


def refused(answer: Any) -> Complaint:
    return Complaint(" | ".join((answer.rule, *answer.legal)), answer.code)


@asynccontextmanager
async def scene(folder: Path) -> AsyncGenerator[Scene]:
    """The stage. At the end the conversation beside it, which was in the middle of a task, must come to its end as if
    nothing had been."""
    async with village(folder) as here:
        go = asyncio.Event()

        async def work(assignment: Any, progress: Any) -> Outcome:
            await go.wait()
            return Outcome("all is well")

        await here.join("Healthy worker", agent=Worker(work))
        policy = ScriptedPolicy([assign(("Healthy worker", "the work")), last_conclusion], team=("Healthy worker",))
        await here.join("Healthy chair", policy)
        beside = await here.ask("a healthy goal", initiator="Healthy chair")
        ann, bob, eve = [await here.net.join(name) for name in ("Ann", "Bob", "Eve")]
        made = Scene(here, ann, bob, eve)
        budgets = Budgets(turn_timeout_s=3_600, task_timeout_s=3_600)
        made.comm_id = await here.net.group(ann, "Bob", budgets=budgets)
        made.other = await here.net.group(eve, budgets=budgets)
        yield made
        await here.quiet()
        assert here.groups(beside)[0].open_tasks, "it was in the middle all the time"
        before = here.clock.monotonic_s()
        go.set()
        goal = await here.answer(beside)
        assert (goal["status"], goal["conclusion"]) == ("completed", "all is well")
        assert here.clock.monotonic_s() == before
        log = await here.log(goal["comm_id"])
        kinds = [type(message).__name__ for message in log]
        assert kinds == ["Launch", "SyncTask", "TaskStart", "TaskResult", "Conclusion"]
        assert isinstance(log[0], Launch)
