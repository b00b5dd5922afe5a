"""No wait without an end: floors, tasks and whole groups, also across a restart of the hub."""

import asyncio

from ioa.adapters.store.memory import MemoryStore
from ioa.hub.alarms import Alarms
from ioa.hub.grace import GRACE_S, MOST_GRACES
from ioa.protocol.messages import (
    AsyncTask,
    Budgets,
    Conclusion,
    Deadline,
    Discussion,
    Pause,
    SyncTask,
    TaskAssignment,
    TaskResult,
)
from ioa.testing.clocks import ManualClock
from tests.hub.network import network, settled

BUDGETS = Budgets(turn_timeout_s=60, task_timeout_s=600, group_timeout_s=3600)


def assign(kind, *assignees):
    tasks = tuple(TaskAssignment(task_desc="do it", assignee=(name,)) for name in assignees)
    return {"kind": kind, "content": "please", "next_speaker": tuple(dict.fromkeys(assignees)), "tasks": tasks}


async def bobs_turn(net, budgets=BUDGETS):
    """A group in which Bob, who is away, has the floor. Returns Ann, its other member, and the comm_id."""
    ann = await net.join("Ann")
    await net.register("Bob")
    comm_id = await net.group(ann, "Bob", budgets=budgets)
    await ann.post(Discussion, comm_id, content="you", next_speaker=("Bob",))
    return ann, comm_id


async def test_a_member_that_does_not_speak_loses_the_floor_to_the_next(tmp_path):
    async with network(tmp_path) as net:
        ann, comm_id = await bobs_turn(net)
        await net.clock.advance(59)
        assert len(await ann.heard(comm_id, 2)) == 2
        await net.clock.advance(2)
        late = (await ann.heard(comm_id, 3))[-1]
        assert isinstance(late, Deadline)
        assert (late.sender, late.overdue, late.member) == ("@hub", "floor", "Bob")
        assert (await ann.post(Conclusion, comm_id, content="alone then")).seq == 4


async def test_a_turn_taken_in_time_disarms_its_deadline(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        comm_id = await net.group(ann, budgets=BUDGETS)
        for number in range(5):
            await net.clock.advance(50)
            await ann.post(Discussion, comm_id, content=str(number), next_speaker=("Ann",))
        assert [type(message).__name__ for message in await ann.heard(comm_id, 6)] == ["Launch"] + ["Discussion"] * 5


async def test_a_task_without_result_fails_and_the_floor_returns(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        await net.register("Bob")
        comm_id = await net.group(ann, "Bob", budgets=BUDGETS)
        await ann.post(comm_id=comm_id, **assign(SyncTask, "Bob"))
        await net.clock.advance(601)
        log = await ann.heard(comm_id, 3)
        assert (log[2].overdue, log[2].task_id) == ("task", f"{comm_id}.1")
        assert (await ann.post(Conclusion, comm_id, content="failed", outcome="failed")).seq == 4


async def test_a_group_where_nobody_speaks_is_concluded_by_the_hub(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        await net.register("Bob")
        comm_id = await net.group(ann, "Bob", budgets=BUDGETS)
        await net.clock.advance(60)
        await ann.heard(comm_id, 2)
        await net.clock.advance(61)
        last = (await ann.heard(comm_id, 3))[-1]
        assert isinstance(last, Conclusion)
        assert last.forced
        assert net.hub.goal_book.get(ann.offers[0].goal_id).status == "failed"


async def test_a_group_past_its_time_gets_a_digest_of_what_was_found(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        bob = await net.join("Bob")
        comm_id = await net.group(ann, "Bob", budgets=Budgets(group_timeout_s=120, task_timeout_s=600))
        await ann.post(comm_id=comm_id, **assign(AsyncTask, "Bob", "Bob"))
        await bob.heard(comm_id, 2)
        await bob.post(TaskResult, comm_id, task_id=f"{comm_id}.1", status="completed", task_conclusion="41 of it")
        await ann.post(Pause, comm_id, content="rest", triggers=(f"{comm_id}.2",))
        await net.clock.advance(121)
        log = await ann.heard(comm_id, 6)
        assert [type(message).__name__ for message in log[4:]] == ["TaskCancel", "Conclusion"]
        assert "41 of it" in log[-1].content
        assert net.hub.goal_book.get(ann.offers[0].goal_id).status == "partial"


async def test_waits_go_on_after_a_restart_with_some_grace(tmp_path):
    store, clock = MemoryStore(), ManualClock()
    async with network(tmp_path, store=store, clock=clock) as net:
        _, comm_id = await bobs_turn(net)
        tokens = net.tokens
    await clock.advance(1000)
    async with network(tmp_path, store=store, clock=clock) as net:
        net.tokens = tokens
        ann = await net.connect("Ann")
        await ann.heard(comm_id, 2)
        await clock.advance(29)
        assert len(ann.log(comm_id)) == 2
        await clock.advance(2)
        assert isinstance((await ann.heard(comm_id, 3))[-1], Deadline)


async def test_a_hub_that_is_restarted_more_often_than_the_grace_ends_its_waits_all_the_same(tmp_path):
    store, clock = MemoryStore(), ManualClock()
    async with network(tmp_path, store=store, clock=clock) as net:
        _, comm_id = await bobs_turn(net)
        waiting = await net.goal("nobody is there", initiator="Bob", budgets=Budgets(group_timeout_s=60))
    await clock.advance(61)
    for _ in range(MOST_GRACES):
        async with network(tmp_path, store=store, clock=clock) as net:
            await clock.advance(GRACE_S - 1)
            assert (await net.hub.groups.load(comm_id)).group.seq == 2
    async with network(tmp_path, store=store, clock=clock) as net:
        await clock.advance(0)
        await settled(lambda: net.hub.groups.get(comm_id).group.seq == 3)
        await settled(lambda: net.hub.goal_book.get(waiting.goal_id).status == "failed")
    async with network(tmp_path, store=store, clock=clock) as net:
        await clock.advance(59)  # what began since has the whole of its time
        assert (await net.hub.groups.load(comm_id)).group.seq == 3


async def test_a_start_long_before_a_wait_is_over_takes_nothing_from_its_grace(tmp_path):
    store, clock = MemoryStore(), ManualClock()
    async with network(tmp_path, store=store, clock=clock) as net:
        _, comm_id = await bobs_turn(net, Budgets(turn_timeout_s=600, group_timeout_s=3600))
    for _ in range(2 * MOST_GRACES):
        async with network(tmp_path, store=store, clock=clock):
            await clock.advance(10)
    await clock.advance(1000)
    async with network(tmp_path, store=store, clock=clock) as net:
        await clock.advance(GRACE_S - 1)
        assert (await net.hub.groups.load(comm_id)).group.seq == 2
        await clock.advance(2)
        await settled(lambda: net.hub.groups.get(comm_id).group.seq == 3)


async def test_a_clock_that_was_set_back_makes_no_wait_longer_than_the_whole_of_it(tmp_path):
    store, clock = MemoryStore(), ManualClock()
    async with network(tmp_path, store=store, clock=clock) as net:
        _, comm_id = await bobs_turn(net)
        tokens = net.tokens
    clock._start_s -= 7_200
    async with network(tmp_path, store=store, clock=clock) as net:
        net.tokens = tokens
        ann = await net.connect("Ann")
        await ann.heard(comm_id, 2)
        await clock.advance(61)
        assert isinstance((await ann.heard(comm_id, 3))[-1], Deadline)


async def test_a_deadline_that_cannot_be_written_is_tried_again(tmp_path):
    store = MemoryStore()
    async with network(tmp_path, store=store) as net:
        ann, comm_id = await bobs_turn(net)
        store.failing = True
        await net.clock.advance(61)
        assert len(ann.log(comm_id)) == 2
        store.failing = False
        await net.clock.advance(6)
        assert isinstance((await ann.heard(comm_id, 3))[-1], Deadline)


async def test_alarms_run_in_order_can_be_replaced_and_cancelled():
    clock = ManualClock()
    alarms = Alarms(clock)
    called = []
    running = asyncio.create_task(alarms.run())
    alarms.set("late", 30, lambda: called.append("late"))
    await clock.advance(1)
    alarms.set("early", 5, lambda: called.append("early"))  # sooner than the one that is slept for
    alarms.set("moved", 6, lambda: called.append("too soon"))
    alarms.set("moved", 20, lambda: called.append("moved"))
    alarms.set("gone", 7, lambda: called.append("gone"))
    alarms.cancel("gone")
    await clock.advance(10)
    assert called == ["early"]
    await clock.advance(30)
    assert called == ["early", "moved", "late"]
    for number in range(1_000):
        alarms.set("again", 5 + number, lambda: called.append("again"))
    assert len(alarms) == 1
    assert len(alarms._heap) < 200  # what was replaced does not pile up
    running.cancel()
