"""One conversation over several replicas: one order, nothing lost, nothing twice, nothing refused that is legal."""

import asyncio

from ioa.protocol.codec import encode
from ioa.protocol.frames import Accepted, Post, Refusal
from ioa.protocol.messages import (
    AsyncTask,
    Conclusion,
    Discussion,
    Parent,
    SyncTask,
    TaskAssignment,
    TaskCancel,
    TaskProgress,
    TaskResult,
    TaskStart,
)
from tests.cluster.cluster import cluster

NAMES = ("Ann", "Bob", "Cyd")


async def group_of(made, *names, **goal):
    """Agents at one replica each, and their group."""
    agents = await made.team(*names)
    return agents, await made.nets[0].group(agents[0], *names[1:], **goal)


async def test_a_group_talks_in_one_order_over_three_replicas(tmp_path):
    async with cluster(tmp_path, replicas=3) as made:
        agents, comm_id = await group_of(made, *NAMES)
        for turn in range(12):
            speaker, following = agents[turn % 3], agents[(turn + 1) % 3]
            await speaker.heard(comm_id, turn + 1)
            answer = await speaker.post(Discussion, comm_id, content=str(turn), next_speaker=(following.name,))
            assert isinstance(answer, Accepted), answer
            assert answer.seq == turn + 2
        logs = [await agent.heard(comm_id, 13) for agent in agents]
        assert [message.seq for message in logs[0]] == list(range(1, 14))
        assert logs[0] == logs[1] == logs[2]
        assert (await agents[0].post(Conclusion, comm_id, content="done")).seq == 14


async def test_what_many_say_at_once_at_different_replicas_is_all_said_once_in_one_order(tmp_path):
    async with cluster(tmp_path, replicas=3) as made:
        agents, comm_id = await group_of(made, *NAMES)
        tasks = tuple(TaskAssignment(task_desc=f"for {name}", assignee=(name,)) for name in NAMES)
        await agents[0].post(AsyncTask, comm_id, content="go", next_speaker=NAMES, tasks=tasks)
        for agent in agents:
            await agent.heard(comm_id, 2)
        starts = [agent.post(TaskStart, comm_id, task_id=f"{comm_id}.{task}") for task, agent in enumerate(agents, 1)]
        await asyncio.gather(*starts)

        def progress(agent, number, task):
            return agent.post(TaskProgress, comm_id, task_id=f"{comm_id}.{task + 1}", content=f"{agent.name} {number}")

        posts = [progress(agent, number, task) for number in range(15) for task, agent in enumerate(agents)]
        answers = await asyncio.gather(*posts)
        assert [answer for answer in answers if not isinstance(answer, Accepted)] == []
        assert sorted(answer.seq for answer in answers) == list(range(6, 51))
        logs = [await agent.heard(comm_id, 50) for agent in agents]
        assert logs[0] == logs[1] == logs[2]
        for agent in agents:
            said = [message.content for message in logs[0] if message.sender == agent.name and message.seq > 5]
            assert said == [f"{agent.name} {number}" for number in range(15)]


async def test_a_message_sent_again_at_another_replica_is_the_same_message(tmp_path):
    async with cluster(tmp_path) as made:
        (ann, bob), comm_id = await group_of(made, "Ann", "Bob")
        said = Discussion(sender="Ann", comm_id=comm_id, message_id="once", content="hello", next_speaker=("Bob",))
        first = await ann.ask(Post(message=said))
        again = await made.nets[1].connect("Ann", cursor=0)
        assert await again.ask(Post(message=said)) == first
        assert len(await bob.heard(comm_id, 2)) == 2


async def test_who_moves_to_a_replica_that_is_behind_is_judged_by_the_newest_state(tmp_path):
    async with cluster(tmp_path) as made:
        (ann, bob), comm_id = await group_of(made, "Ann", "Bob")
        behind = made.nets[1]
        await bob.post(
            Discussion, comm_id, content="not my turn", next_speaker=("Ann",)
        )  # the second one knows the group
        behind.hub.sharing.replica._hear = lambda data: None
        behind.hub.sharing.replica.follower.hint = lambda newest, kinds=(): None
        await ann.post(Discussion, comm_id, content="you", next_speaker=("Bob",))
        assert behind.hub.groups.get(comm_id).group.floor == "Ann"
        answer = await bob.post(Discussion, comm_id, content="me", next_speaker=("Ann",))
        assert isinstance(answer, Accepted), answer
        assert answer.seq == 3


async def test_a_nested_team_at_other_replicas_gives_its_result_to_its_task(tmp_path):
    async with cluster(tmp_path, replicas=3) as made:
        (ann, bob, cyd), comm_id = await group_of(made, *NAMES)
        tasks = (TaskAssignment(task_desc="the task", assignee=("Bob",)),)
        await ann.post(SyncTask, comm_id, content="please", next_speaker=("Bob",), tasks=tasks)
        await bob.heard(comm_id, 2)
        parent = Parent(comm_id=comm_id, task_id=f"{comm_id}.1")
        nested = (await bob.launch(goal="the task", parent=parent, team_members=("Cyd",), max_turns=8)).comm_id
        await cyd.heard(nested, 1)
        assert isinstance(await bob.post(Discussion, nested, content="you", next_speaker=("Cyd",)), Accepted)
        await cyd.heard(nested, 2)
        assert isinstance(await cyd.post(Discussion, nested, content="7", next_speaker=("Bob",)), Accepted)
        await bob.heard(nested, 3)
        assert isinstance(await bob.post(Conclusion, nested, content="It is 7."), Accepted)
        result = (await ann.heard(comm_id, 4))[-1]
        assert (result.status, result.task_conclusion, result.subgroup) == ("completed", "It is 7.", nested)
        assert isinstance(await ann.post(Conclusion, comm_id, content="7"), Accepted)
        goal_id = ann.offers[0].goal_id
        await made.everywhere(lambda hub: hub.goal_book.get(goal_id).status == "completed")


async def test_two_conclusions_at_once_leave_one(tmp_path):
    async with cluster(tmp_path) as made:
        (ann, bob), comm_id = await group_of(made, "Ann", "Bob")
        goal_id = ann.offers[0].goal_id
        await made.everywhere(lambda hub: hub.goal_book.get(goal_id).comm_id == comm_id)
        await asyncio.gather(
            ann.post(Conclusion, comm_id, content="done"),
            made.nets[1].hub.goals.cancel(goal_id, "enough"),
        )
        log = await bob.heard(comm_id, 2)
        assert [type(message) for message in log].count(Conclusion) == 1
        outcome = log[-1].outcome if not log[-1].forced else "cancelled"
        await made.everywhere(lambda hub: hub.goal_book.get(goal_id).status == outcome)


async def test_deliveries_that_a_replica_missed_the_hint_of_come_with_the_next_look(tmp_path):
    async with cluster(tmp_path) as made:
        (ann, bob), comm_id = await group_of(made, "Ann", "Bob")
        await bob.heard(comm_id, 1)
        await made.cut()
        await ann.post(Discussion, comm_id, content="hello?", next_speaker=("Bob",))
        assert len(bob.log(comm_id)) == 1
        await made.clock.advance(1.5)
        assert (await bob.heard(comm_id, 2))[-1].content == "hello?"
        assert isinstance(await bob.post(Discussion, comm_id, content="yes", next_speaker=("Ann",)), Accepted)
        made.exchange.mend()
        assert (await ann.heard(comm_id, 3))[-1].content == "yes"


async def test_a_message_of_somebody_else_under_a_known_identifier_is_still_refused(tmp_path):
    async with cluster(tmp_path) as made:
        (ann, _), comm_id = await group_of(made, "Ann", "Bob")
        fields = {"sender": "Ann", "message_id": "m", "next_speaker": ("Ann",)}
        await ann.connection.send(encode(Post(message=Discussion(comm_id=comm_id, content="1", **fields))))
        await ann.until(lambda: "m" in ann.answers)
        other = await made.nets[0].group(ann, "Bob")
        refused = await ann.ask(Post(message=Discussion(comm_id=other, content="2", **fields)))
        assert isinstance(refused, Refusal)
        assert refused.code == "duplicate"


async def test_what_was_decided_on_an_entry_that_another_replica_forestalled_is_not_written(tmp_path, monkeypatch):
    """Bob's replica decides two entries, one on the other, and is slow to write them; meanwhile the task is cancelled
    elsewhere. The second must not follow the cancellation by its number alone."""
    async with cluster(tmp_path) as made:
        (ann, bob), comm_id = await group_of(made, "Ann", "Bob")
        tasks = (TaskAssignment(task_desc="work", assignee=("Bob",)),)
        await ann.post(AsyncTask, comm_id, content="go", next_speaker=("Bob",), tasks=tasks)
        await bob.heard(comm_id, 2)
        task_id = f"{comm_id}.1"
        await bob.post(TaskStart, comm_id, task_id=task_id)
        await ann.heard(comm_id, 3)
        slow = made.nets[1].hub.store
        write = slow.commit
        held = []

        def hold(work):
            answer = asyncio.get_running_loop().create_future()
            held.append((work, answer))
            return answer

        def release():
            monkeypatch.setattr(slow, "commit", write)
            for work, answer in held:
                written = write(work)
                error = written.exception()
                if not answer.done():
                    answer.set_exception(error) if error is not None else answer.set_result(written.result())

        monkeypatch.setattr(slow, "commit", hold)
        header = {"sender": "Bob", "comm_id": comm_id, "task_id": task_id}
        half = TaskProgress(**header, message_id="half", content="half way")
        done = TaskResult(**header, message_id="done", status="completed", task_conclusion="done")
        routing = made.nets[1].hub.routing
        both = asyncio.gather(routing.post("Bob", half), routing.post("Bob", done), return_exceptions=True)
        for _ in range(50):
            await asyncio.sleep(0)  # what would be decided on top has been decided
        assert any(work.entries for work, _ in held)
        cancelled = await ann.post(TaskCancel, comm_id, task_id=task_id, content="not needed")
        assert cancelled.seq == 4
        release()
        answers = await both
        assert [answer.code for answer in answers] == ["task_ended", "task_ended"]
        log = await ann.heard(comm_id, 4)
        assert [type(message) for message in log][-1] is TaskCancel
