"""A client is killed at any of its writes, or loses its journal, and is started again: the goal ends, nothing that was
computed is computed again, and no agent gets a task twice that must not."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
from desk import Desk, FunctionAgent, Joined

from ioa.client.journal import Journal
from ioa.ports.agent import Outcome
from ioa.protocol.frames import Accepted
from ioa.protocol.messages import TaskResult, TaskStart
from ioa.testing.policies import ScriptedPolicy, assign, conclude, pause


class Killed(BaseException):
    """kill -9, as far as one process can play it."""


class KillingJournal(Journal):
    """Dies at the n-th write: before it is on the disk, or right after. Then nothing can be written any more."""

    def __init__(self, path: Path, agent: str, *, at: int, after: bool) -> None:
        super().__init__(path, agent)
        self.left = at
        self.after = after

    @contextmanager
    def _transaction(self, *, durable: bool = False):
        self.left -= 1
        if self.left < 0 or (self.left == 0 and not self.after):
            raise Killed
        with super()._transaction(durable=durable) as db:
            yield db
        if self.left == 0:
            raise Killed


class ByState(ScriptedPolicy):
    """Decides from the log alone, as any policy that survives a restart must."""

    def __init__(self, *, nest: bool = False) -> None:
        super().__init__(nest=lambda view: nest and view.group.team_up_depth == 0, team=("Ada", "Bob"))

    async def turn(self, view):
        group = view.group
        tasks = group.tasks
        if group.parent is not None:
            if not tasks:
                return assign(("Bob", "the inner task"))
            return conclude(f"inner: {tasks[f'{group.comm_id}.1'].status}")
        if not tasks:
            return assign(("Ada", "first"), ("Bob", "second"), wait=False)
        if group.open_tasks:
            return pause(*(task.task_id for task in group.open_tasks))
        return conclude(", ".join(f"{task.task_desc}: {task.status}" for task in tasks.values()))


class Runs:
    """Agents that count how often each task was begun, also over restarts."""

    def __init__(self) -> None:
        self.begun: Counter[str] = Counter()

    def agent(self) -> FunctionAgent:
        async def work(assignment, progress):
            self.begun[assignment.task_id] += 1
            await asyncio.sleep(0)
            return Outcome(f"did {assignment.task_desc}")

        return FunctionAgent(work)


async def play(desk: Desk, victim: str, at: int, *, after: bool, idempotent: bool, nest: bool, lose: bool) -> bool:
    """One goal, one death. False if the victim was never killed: it writes less often than that."""
    runs = Runs()

    def join(name: str, journal: Journal) -> Joined:
        agent = None if name == "Chair" else runs.agent()
        policy = ByState(nest=nest and name == "Ada")
        return desk.join(name, policy, agent, idempotent=idempotent, journal=journal)

    joined: dict[str, Joined] = {}
    for name in ("Chair", "Ada", "Bob"):
        path = desk.tmp_path / f"{name}-{at}.db"
        journal = KillingJournal(path, name, at=at, after=after) if name == victim else Journal(path, name)
        joined[name] = join(name, journal)
    await desk.hub.until(lambda: len(desk.hub.sessions) == 3 or joined[victim].task.done())
    goal_id = desk.hub.offer("Chair", "the goal")
    killed = False
    async with asyncio.timeout(60):
        while ("goal", goal_id) not in desk.hub.launched or not desk.hub.groups[_root(desk, goal_id)].ended:
            await desk.hub.until(lambda: True)
            await asyncio.sleep(0.001)
            if joined[victim].task.done() and not killed:
                killed = True
                assert isinstance(joined[victim].task.exception(), Killed)
                desk.joined.remove(joined[victim])
                if lose:
                    for file in desk.tmp_path.glob(f"{victim}-{at}.db*"):
                        file.unlink()
                joined[victim] = join(victim, Journal(desk.tmp_path / f"{victim}-{at}.db", victim))
            for other in joined.values():
                assert not other.task.done() or other is joined[victim], other.task
    group = desk.hub.groups[_root(desk, goal_id)]
    assert group.outcome == "completed", group.conclusion
    statuses = {task.task_desc: task.status for task in group.tasks.values()}
    if idempotent:
        assert set(statuses.values()) == {"completed"}
        assert max(runs.begun.values()) <= 2
    else:
        assert max(runs.begun.values()) == 1, runs.begun
        assert set(statuses.values()) <= {"completed", "unknown"}
        if victim == "Chair" or not killed:
            assert set(statuses.values()) == {"completed"}
    for joined_name in joined.values():
        await joined_name.leave()
        desk.joined.remove(joined_name)
    desk.hub.log.clear()
    return killed


def _root(desk: Desk, goal_id: str) -> str:
    return desk.hub.launched["goal", goal_id]


CASES = [
    pytest.param("Chair", False, False, id="the one with the floor"),
    pytest.param("Ada", False, False, id="one with a task"),
    pytest.param("Ada", True, False, id="one with an idempotent task"),
    pytest.param("Ada", False, True, id="one with a team of its own"),
]


@pytest.mark.parametrize("lose", [False, True], ids=["journal kept", "journal lost"])
@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize(("victim", "idempotent", "nest"), CASES)
async def test_killed_at_every_write_and_started_again(tmp_path, victim, idempotent, nest, after, lose):
    deaths = 0
    for at in range(1 + after, 60, 2):  # dying after one write is nearly dying before the next
        desk = Desk(tmp_path)
        killed = await play(desk, victim, at, after=after, idempotent=idempotent, nest=nest, lose=lose)
        await desk.close()
        deaths += killed
        if not killed:
            break
    assert deaths >= 4


async def hang(assignment, progress):
    await asyncio.Event().wait()


async def killed_while_working(
    desk: Desk, *, idempotent: bool, with_journal: bool = True
) -> tuple[FunctionAgent, FunctionAgent]:
    """Ada's process dies while her agent works, and is started again. The agents before and after."""
    before, after = FunctionAgent(hang), FunctionAgent()
    desk.join("Chair", ScriptedPolicy([assign(("Ada", "a task"))]))
    ada = desk.join("Ada", ScriptedPolicy(), before, idempotent=idempotent)
    desk.hub.launch("Chair", "Ada")
    await desk.hub.until(lambda: before.got)
    await ada.leave()
    desk.joined.remove(ada)
    for file in [] if with_journal else desk.tmp_path.glob("Ada.db*"):
        file.unlink()
    desk.join("Ada", ScriptedPolicy(), after, idempotent=idempotent)
    await desk.ended("g1")
    return before, after


async def test_a_run_of_which_nobody_knows_the_end_is_unknown(desk: Desk):
    _, after = await killed_while_working(desk, idempotent=False)
    assert after.got == []
    result = desk.hub.of("g1", TaskResult)[0]
    assert result.status == "unknown"
    assert "must not be given the same task twice" in result.task_conclusion


async def test_an_idempotent_agent_gets_its_task_again_under_the_same_identifier(desk: Desk):
    before, after = await killed_while_working(desk, idempotent=True)
    assert [assignment.task_id for assignment in after.got] == [before.got[0].task_id]
    assert desk.hub.of("g1", TaskResult)[0].status == "completed"
    assert len(desk.hub.of("g1", TaskStart)) == 1


async def test_a_task_assigned_while_the_client_was_away_is_simply_done(desk: Desk):
    desk.join("Chair", ScriptedPolicy([assign(("Ada", "a task"))]))
    ada = desk.join("Ada", ScriptedPolicy(), FunctionAgent())
    await desk.hub.until(lambda: "Ada" in desk.hub.sessions)
    await ada.leave()
    desk.joined.remove(ada)
    desk.hub.launch("Chair", "Ada")
    await desk.hub.until(lambda: desk.hub.groups["g1"].open_tasks)
    agent = FunctionAgent()
    desk.join("Ada", ScriptedPolicy(), agent)
    await desk.ended("g1")
    assert len(agent.got) == 1


async def test_a_result_that_was_not_yet_accepted_is_sent_again_and_not_computed_again(desk: Desk):
    agent = FunctionAgent()
    desk.join("Chair", ScriptedPolicy([assign(("Ada", "a task"))]))
    ada = desk.join("Ada", ScriptedPolicy(), agent)
    desk.hub.refuse = lambda name, frame: (
        Accepted(message_id="nobody's", seq=0) if isinstance(getattr(frame, "message", None), TaskResult) else None
    )
    desk.hub.launch("Chair", "Ada")
    await desk.hub.until(
        lambda: any(isinstance(getattr(frame, "message", None), TaskResult) for _, frame in desk.hub.received)
    )
    await ada.leave()
    desk.joined.remove(ada)
    desk.hub.refuse = lambda name, frame: None
    again = FunctionAgent()
    desk.join("Ada", ScriptedPolicy(), again)
    group = await desk.ended("g1")
    assert (len(agent.got), again.got) == (1, [])
    assert group.tasks["g1.1"].conclusion == "did a task"


async def test_a_client_that_has_lost_its_journal_learns_its_groups_from_the_hub(desk: Desk):
    ada = desk.join("Ada", ScriptedPolicy())
    desk.join("Chair", ScriptedPolicy([assign(("Ada", "a task"))]))
    desk.hub.launch("Chair", "Ada")
    await desk.ended("g1")
    await desk.hub.until(lambda: ada.client.group("g1") == desk.hub.groups["g1"])
    await ada.leave()
    desk.joined.remove(ada)
    (desk.tmp_path / "Ada.db").unlink()
    ada = desk.join("Ada", ScriptedPolicy())
    await desk.hub.until(lambda: ada.client.group("g1") == desk.hub.groups["g1"])


@pytest.mark.parametrize("idempotent", [False, True])
async def test_without_its_journal_a_begun_task_is_unknown_unless_it_may_be_done_twice(desk: Desk, idempotent):
    _, after = await killed_while_working(desk, idempotent=idempotent, with_journal=False)
    assert len(after.got) == int(idempotent)
    assert desk.hub.of("g1", TaskResult)[0].status == ("completed" if idempotent else "unknown")
