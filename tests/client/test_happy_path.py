"""A goal comes in, a team forms, tasks are done, an answer goes out: real clients, real law, a fake hub."""

from __future__ import annotations

from desk import Desk, FunctionAgent

from ioa.conversation.formation import LaunchGroupChat, SearchAgent
from ioa.ports.agent import Outcome
from ioa.protocol.messages import Launch, TaskProgress, TaskResult, TaskStart
from ioa.testing.policies import ScriptedPolicy, assign, conclude, pause, say


async def test_a_goal_becomes_a_group_and_an_answer(desk: Desk):
    def team(situation):
        if not situation.found:
            return SearchAgent(("numbers",))
        return LaunchGroupChat(tuple(hit.card.name for hit in situation.found[0][1]))

    chair = ScriptedPolicy(
        [
            assign(("Ada", "add the numbers")),
            lambda view: conclude(f"the sum: {view.group.tasks['g1.1'].conclusion}"),
        ],
        team=team,
    )
    agent = FunctionAgent()
    desk.join("Chair", chair)
    desk.join("Ada", ScriptedPolicy(), agent, description="works with numbers")
    await desk.hub.until(lambda: len(desk.hub.sessions) == 2)
    desk.hub.offer("Chair", "what is the sum?")
    await desk.hub.until(lambda: desk.hub.groups)
    group = await desk.ended("g1")
    assert group.conclusion == "the sum: did add the numbers"
    assert desk.hub.kinds("g1") == ["launch", "sync_task", "task_start", "task_result", "conclusion"]
    assert [situation.calls_left for situation in chair.situations] == [10, 9]
    assert [assignment.task_desc for assignment in agent.got] == ["add the numbers"]


async def test_asynchronous_tasks_a_pause_files_and_earlier_results(desk: Desk):
    async def draw(assignment, progress):
        await progress("half done")
        path = assignment.folder / "chart.svg"
        path.write_text("<svg/>")
        earlier = ", ".join(f"{result.agent}: {result.conclusion}" for result in assignment.earlier)
        names = ", ".join(f"{file.name}={file.path.read_text()}" for file in assignment.files)
        from ioa.ports.agent import LocalFile

        return Outcome(f"drew from [{earlier}] and [{names}]", files=(LocalFile("chart.svg", "image/svg+xml", path),))

    chair = ScriptedPolicy(
        [
            assign(("Ada", "add"), wait=False),
            lambda view: pause("g1.1"),
            assign(("Bob", "draw"), builds_on=("g1.1",)),
            lambda view: conclude(view.group.tasks["g1.2"].conclusion),
        ]
    )
    desk.join("Chair", chair)
    desk.join("Ada", ScriptedPolicy(), FunctionAgent())
    desk.join("Bob", ScriptedPolicy(), FunctionAgent(draw))
    file = desk.shelf.add("data.csv", b"1,2,3")
    desk.hub.launch("Chair", "Ada", "Bob", artifacts=(file,))
    group = await desk.ended("g1")
    assert group.conclusion == "drew from [Ada: did add] and [data.csv=1,2,3]"
    result = desk.hub.of("g1", TaskResult)[-1]
    assert [artifact.name for artifact in result.artifacts] == ["chart.svg"]
    assert [message.content for message in desk.hub.of("g1", TaskProgress)] == ["half done"]


async def test_a_task_gets_a_team_of_its_own_and_its_conclusion_is_the_result(desk: Desk):
    chair = ScriptedPolicy([assign(("Ada", "a big task")), lambda view: conclude(view.group.tasks["g1.1"].conclusion)])
    ada = ScriptedPolicy(
        [assign(("Bob", "a small task")), lambda view: conclude("with Bob: " + view.group.tasks["g2.1"].conclusion)],
        nest=True,
        team=("Bob",),
    )
    agent = FunctionAgent()
    desk.join("Chair", chair)
    desk.join("Ada", ada, agent)
    desk.join("Bob", ScriptedPolicy(), FunctionAgent())
    desk.hub.launch("Chair", "Ada")
    group = await desk.ended("g1")
    assert group.conclusion == "with Bob: did a small task"
    assert agent.got == []
    launch = desk.hub.of("g2", Launch)[0]
    assert (launch.team_up_depth, launch.parent.task_id, launch.goal) == (1, "g1.1", "a big task")
    assert ada.situations[0].nested


async def test_the_floor_is_handed_around(desk: Desk):
    desk.join("Ada", ScriptedPolicy([say("what do you think?", "Bob")]))
    desk.join("Bob", ScriptedPolicy([say("it is good", "Ada")]))
    desk.hub.launch("Ada", "Bob")
    group = await desk.ended("g1")
    assert [message.sender for message in desk.hub.log] == ["Ada", "Ada", "Bob", "Ada"]
    assert group.conclusion == "done"


async def test_an_agent_may_do_a_task_alone_that_needs_no_team(desk: Desk):
    chair = ScriptedPolicy([assign(("Chair", "my own task"))])
    agent = FunctionAgent()
    desk.join("Chair", chair, agent)
    desk.hub.offer("Chair", "alone")
    await desk.hub.until(lambda: desk.hub.groups)
    await desk.ended("g1")
    assert len(agent.got) == 1
    assert [message.task_desc for message in desk.hub.of("g1", TaskStart)] == ["my own task"]
