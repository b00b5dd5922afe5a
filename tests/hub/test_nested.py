"""Nested groups: launched under a task, bounded by its tree, ended with it, and their result is the task's."""

from typing import Any

from ioa.protocol.frames import Launched
from ioa.protocol.messages import (
    AsyncTask,
    Budgets,
    Conclusion,
    Parent,
    Pause,
    Subgroup,
    SyncTask,
    TaskAssignment,
    TaskCancel,
    TaskResult,
)
from tests.hub.network import network

BUDGETS = Budgets(turns=60, depth=2)


async def with_task(net, kind: Any = SyncTask, budgets=BUDGETS, **goal):
    """Ann leads, Bob has a task, Cyd is free. Returns (ann, bob, cyd, comm_id, parent)."""
    ann, bob, cyd = [await net.join(name) for name in ("Ann", "Bob", "Cyd")]
    comm_id = await net.group(ann, "Bob", budgets=budgets, **goal)
    tasks = (TaskAssignment(task_desc="the task", assignee=("Bob",)),)
    await ann.post(kind, comm_id, content="please", next_speaker=("Bob",), tasks=tasks)
    await bob.heard(comm_id, 2)
    return ann, bob, cyd, comm_id, Parent(comm_id=comm_id, task_id=f"{comm_id}.1")


async def test_a_nested_group_is_noted_above_and_its_conclusion_is_the_tasks_result(tmp_path):
    async with network(tmp_path) as net:
        ann, bob, cyd, comm_id, parent = await with_task(net)
        nested = (await bob.launch(goal="the task", parent=parent, team_members=("Cyd",), max_turns=8)).comm_id
        note = (await ann.heard(comm_id, 3))[-1]
        assert isinstance(note, Subgroup)
        assert (note.subgroup, note.assignee, note.team_members, note.turns) == (nested, "Bob", ("Bob", "Cyd"), 8)
        launch = (await cyd.heard(nested, 1))[0]
        assert (launch.team_up_depth, launch.parent, launch.goal_id) == (1, parent, ann.offers[0].goal_id)
        assert launch.budgets.turns == 8
        await bob.post(Conclusion, nested, content="It is 7.")
        result = (await ann.heard(comm_id, 4))[-1]
        assert (result.sender, result.assignee, result.subgroup) == ("@hub", "Bob", nested)
        assert (result.status, result.task_conclusion) == ("completed", "It is 7.")
        assert (await ann.post(Conclusion, comm_id, content="7")).seq == 5  # the floor came back
        rows = await net.store.group_rows(goal_id=ann.offers[0].goal_id)
        assert {row.comm_id: row.parent for row in rows} == {comm_id: "", nested: comm_id}


async def test_repeating_the_request_gives_the_same_group_and_keeps_no_further_turns(tmp_path):
    async with network(tmp_path) as net:
        ann, bob, _, comm_id, parent = await with_task(net)
        asked = {"request_id": "same", "goal": "the task", "parent": parent, "team_members": ("Cyd",)}
        first = await bob.launch(**asked)
        assert await bob.launch(**asked) == first
        assert len(await ann.heard(comm_id, 3)) == 3


async def test_a_nested_group_ends_with_its_task(tmp_path):
    async with network(tmp_path) as net:
        ann, bob, cyd, comm_id, parent = await with_task(net, AsyncTask)
        nested = (await bob.launch(goal="the task", parent=parent, team_members=("Cyd",))).comm_id
        await cyd.heard(nested, 1)
        await ann.post(TaskCancel, comm_id, task_id=parent.task_id, content="no longer needed")
        assert (await cyd.heard(nested, 2))[-1].forced
        log = await ann.heard(comm_id, 4)
        assert [type(message).__name__ for message in log] == ["Launch", "AsyncTask", "Subgroup", "TaskCancel"]


async def test_concluding_the_first_group_ends_everything_below_it(tmp_path):
    async with network(tmp_path) as net:
        ann, bob, cyd, comm_id, parent = await with_task(net, AsyncTask)
        nested = (await bob.launch(goal="the task", parent=parent, team_members=("Cyd",), max_turns=12)).comm_id
        await bob.heard(nested, 1)
        deeper_task = (TaskAssignment(task_desc="deeper", assignee=("Cyd",)),)
        await bob.post(AsyncTask, nested, content="go", next_speaker=("Cyd",), tasks=deeper_task)
        await cyd.heard(nested, 2)
        below = Parent(comm_id=nested, task_id=f"{nested}.1")
        deepest = await cyd.launch(goal="deeper", parent=below, max_turns=4)
        assert isinstance(deepest, Launched)
        await ann.post(Conclusion, comm_id, content="that will do")
        assert (await cyd.heard(deepest.comm_id, 2))[-1].forced
        assert (await cyd.heard(nested, 5))[-1].forced
        assert await net.store.group_rows(ended=False) == []
        assert net.hub.goal_book.get(ann.offers[0].goal_id).status == "completed"


async def test_an_assignees_own_result_ends_the_group_it_nested(tmp_path):
    async with network(tmp_path) as net:
        _, bob, cyd, comm_id, parent = await with_task(net)
        nested = (await bob.launch(goal="the task", parent=parent, team_members=("Cyd",))).comm_id
        await bob.post(TaskResult, comm_id, task_id=parent.task_id, status="completed", task_conclusion="found it")
        assert (await cyd.heard(nested, 2))[-1].forced


async def test_who_may_nest_and_how_deep(tmp_path):
    async with network(tmp_path) as net:
        ann, bob, cyd, comm_id, parent = await with_task(net, budgets=Budgets(turns=60, depth=0))
        assert (await bob.launch(parent=parent)).code == "too_deep"
        assert (await ann.launch(parent=parent)).code == "not_the_assignee"
        assert (await cyd.launch(parent=parent)).code == "not_a_member"
        unknown = Parent(comm_id=comm_id, task_id="no such task")
        assert (await bob.launch(parent=unknown)).code == "unknown_task"
        assert (await bob.launch(parent=Parent(comm_id="none", task_id="x"))).code == "unknown_group"
        assert (await bob.launch(parent=parent, goal_id="g")).code == "malformed"
        assert (await bob.launch(parent=parent, team_members=("Nobody",))).code == "unknown_agent"


async def test_a_tree_never_gets_more_turns_than_its_goal_has(tmp_path):
    async with network(tmp_path) as net:
        _, bob, _, comm_id, parent = await with_task(net, budgets=Budgets(turns=12, depth=3))
        granted = []
        for _ in range(10):
            answer = await bob.launch(goal="more", parent=parent, max_turns=1000)
            if not isinstance(answer, Launched):
                assert answer.code == "budget_spent"
                break
            granted.append((await bob.heard(answer.comm_id, 1))[0].budgets.turns)
        chat = net.hub.groups.get(comm_id)
        assert granted
        assert chat.group.reserved_turns + chat.group.turns <= 12


async def test_a_nested_group_has_no_more_time_than_remains_above(tmp_path):
    async with network(tmp_path) as net:
        _, bob, _, _, parent = await with_task(net, budgets=Budgets(group_timeout_s=1000))
        await net.clock.advance(400)
        nested = (await bob.launch(goal="the task", parent=parent)).comm_id
        assert (await bob.heard(nested, 1))[0].budgets.group_timeout_s == 600


async def test_a_nested_group_has_no_more_time_than_the_one_above_though_the_clock_was_set_back(tmp_path):
    async with network(tmp_path) as net:
        _, bob, _, _, parent = await with_task(net, budgets=Budgets(group_timeout_s=600))
        net.clock._start_s -= 3_600
        nested = (await bob.launch(goal="the task", parent=parent)).comm_id
        assert (await bob.heard(nested, 1))[0].budgets.group_timeout_s == 600


async def test_a_pause_ends_when_the_nested_group_has_concluded(tmp_path):
    async with network(tmp_path) as net:
        ann, bob, _, comm_id, parent = await with_task(net, AsyncTask)
        await ann.post(Pause, comm_id, content="waiting", triggers=(parent.task_id,))
        nested = (await bob.launch(goal="the task", parent=parent)).comm_id
        await bob.post(Conclusion, nested, content="could not", outcome="failed")
        result = (await ann.heard(comm_id, 5))[-1]
        assert (result.status, result.task_conclusion) == ("failed", "could not")
        assert net.hub.groups.get(comm_id).group.floor == "Ann"
