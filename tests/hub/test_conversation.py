"""A goal from its offer to its conclusion, over real frames."""

from ioa.protocol.frames import Accepted
from ioa.protocol.messages import AsyncTask, Conclusion, Discussion, Pause, TaskAssignment, TaskResult
from tests.hub.network import network


async def test_a_goal_is_offered_launched_worked_on_and_concluded(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann", "leads")
        bob = await net.join("Bob", "computes numbers")
        comm_id = await net.group(ann, "Bob")
        assert [message.__class__.__name__ for message in await bob.heard(comm_id, 1)] == ["Launch"]
        said = await ann.post(
            AsyncTask,
            comm_id,
            content="please compute",
            next_speaker=("Bob",),
            tasks=(TaskAssignment(task_desc="compute", assignee=("Bob",)),),
        )
        assert said == Accepted(message_id=said.message_id, seq=2)
        assert await ann.post(Pause, comm_id, content="waiting", triggers=(f"{comm_id}.1",))
        task_id = (await bob.heard(comm_id, 3))[1].tasks[0].task_id
        await bob.post(TaskResult, comm_id, task_id=task_id, status="completed", task_conclusion="42")
        await ann.heard(comm_id, 4)
        await ann.post(Discussion, comm_id, content="good", next_speaker=("Bob",))
        await bob.post(Conclusion, comm_id, content="The answer is 42.")
        assert (await ann.heard(comm_id, 6))[-1].content == "The answer is 42."
        goal = net.hub.goal_book.get(ann.offers[0].goal_id)
        assert (goal.status, goal.conclusion, goal.comm_id) == ("completed", "The answer is 42.", comm_id)
