"""Tasks: brief, start, work, result; and every way in which an agent can go wrong."""

from __future__ import annotations

import asyncio

import pytest
from desk import Desk, FunctionAgent

from ioa.client.events import AgentStarted, AgentStopped
from ioa.ports.agent import AgentFailed, LocalFile, Outcome
from ioa.ports.policy import Brief, PolicyFailed
from ioa.protocol.frames import Post, Refusal
from ioa.protocol.messages import Budgets, GivenResult, Launch, Subgroup, TaskProgress, TaskResult, TaskStart
from ioa.testing.clocks import ManualClock
from ioa.testing.policies import ScriptedPolicy, assign, conclude, pause


def chair(*tasks, **fields) -> ScriptedPolicy:
    return ScriptedPolicy([assign(*tasks, **fields)])


async def one_task(desk: Desk, agent, **how) -> TaskResult:
    """One task for Ada; how it ended."""
    desk.join("Chair", chair(("Ada", "a task")))
    desk.join("Ada", how.pop("policy", ScriptedPolicy()), agent, **how)
    desk.hub.launch("Chair", "Ada")
    await desk.ended("g1")
    return desk.hub.of("g1", TaskResult)[-1]


def raising(error: BaseException):
    async def work(assignment, progress):
        raise error

    return FunctionAgent(work)


def returning(value):
    async def work(assignment, progress):
        return value

    return FunctionAgent(work)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (raising(AgentFailed("column 'prize' is not in sales.csv; columns: price, city")), ["'prize'", "price, city"]),
        (raising(ValueError("bad value 7")), ["ValueError", "bad value 7"]),
        (raising(AgentFailed("")), ["failed without a word"]),
        (raising(SystemExit(3)), ["exit status 3"]),
        (raising(RecursionError()), ["RecursionError"]),
        (raising(asyncio.CancelledError()), ["cancelled from inside"]),
        (raising(TimeoutError("the web page did not answer")), ["TimeoutError", "web page"]),
        (returning(None), ["NoneType", "return the result"]),
        (returning("plain text"), ["returned str"]),
        (returning(Outcome("")), ["empty text"]),
        (returning(Outcome(" \n ")), ["empty text"]),
        (returning(Outcome(12)), ["int"]),  # pyright: ignore[reportArgumentType] - the point of it
        (returning(Outcome("x" * 50_000_000)), ["50000000 bytes", "at most 262144", "file"]),
        (returning(Outcome("\x00" * 200_000)), ["at most 1048576"]),
        (returning(Outcome("half \ud800 a pair")), ["no Unicode"]),
    ],
    ids=lambda value: None if isinstance(value, list) else "",
)
async def test_an_agent_that_goes_wrong_fails_its_task_with_the_reason(desk: Desk, agent, words):
    result = await one_task(desk, agent)
    assert result.status == "failed"
    for word in words:
        assert word in result.task_conclusion
    assert desk.hub.groups["g1"].outcome == "completed"  # the group goes on


async def test_an_agent_that_hangs_is_stopped_a_little_before_the_deadline(desk: Desk):
    clock = ManualClock()

    async def hang(assignment, progress):
        await asyncio.Event().wait()

    agent = FunctionAgent(hang)
    joined = desk.join("Ada", ScriptedPolicy(), agent, clock=clock)
    desk.join("Chair", chair(("Ada", "a task")))
    desk.hub.launch("Chair", "Ada", budgets=Budgets(task_timeout_s=100.0))
    await desk.hub.until(lambda: agent.got)
    await clock.advance(97.0)
    assert not agent.cancelled
    await clock.advance(1.5)
    await desk.ended("g1")
    result = desk.hub.of("g1", TaskResult)[-1]
    assert (result.sender, result.status) == ("Ada", "failed")
    assert "did not finish within" in result.task_conclusion
    assert agent.cancelled == 1
    assert [event.how for event in joined.saw(AgentStopped)] == ["failed"]


async def test_cancelling_a_task_reaches_the_agent_at_once(desk: Desk):
    async def hang(assignment, progress):
        await asyncio.Event().wait()

    agent = FunctionAgent(hang)
    joined = desk.join("Ada", ScriptedPolicy(), agent)
    desk.join("Chair", chair(("Ada", "a task")))
    desk.hub.launch("Chair", "Ada")
    await desk.hub.until(lambda: agent.got)
    desk.hub.cancel_task("g1", "g1.1")
    await desk.hub.until(lambda: agent.cancelled == 1)
    await desk.ended("g1")
    assert desk.hub.of("g1", TaskResult) == []
    assert [event.how for event in joined.saw(AgentStopped)] == ["cancelled"]


async def test_the_conclusion_of_the_group_reaches_the_agent_at_once(desk: Desk):
    async def hang(assignment, progress):
        await asyncio.Event().wait()

    agent = FunctionAgent(hang)
    desk.join("Ada", ScriptedPolicy(), agent)

    async def wait_then_conclude(view):
        await desk.hub.until(lambda: agent.got)
        return conclude("enough")

    desk.join("Chair", ScriptedPolicy([assign(("Ada", "a task"), wait=False), wait_then_conclude]))
    desk.hub.launch("Chair", "Ada")
    await desk.ended("g1")
    await desk.hub.until(lambda: agent.cancelled == 1)


async def test_a_client_without_an_agent_says_so(desk: Desk):
    result = await one_task(desk, None)
    assert result.status == "failed"
    assert "only takes part in discussions" in result.task_conclusion


async def test_a_card_that_says_discussion_only_is_believed(desk: Desk):
    agent = FunctionAgent()
    result = await one_task(desk, agent, discussion_only=True)
    assert "only takes part in discussions" in result.task_conclusion
    assert agent.got == []


async def test_the_agent_gets_the_brief_and_the_group_sees_it(desk: Desk):
    def brief(view):
        return Brief("in short", f"please: {view.task.task_desc}", (1, 2), (), "when it is done")

    agent = FunctionAgent()
    await one_task(desk, agent, policy=ScriptedPolicy(brief=brief))
    start = desk.hub.of("g1", TaskStart)[0]
    assert (start.task_abstract, start.task_desc) == ("in short", "please: a task")
    assert (start.messages, start.criteria) == ((1, 2), "when it is done")
    assert agent.got[0].task_desc == "please: a task"
    assert agent.got[0].task_id == "g1.1"


async def test_without_a_brief_the_task_goes_to_the_agent_as_it_was_assigned(desk: Desk):
    def brief(view):
        raise PolicyFailed("no model")

    agent = FunctionAgent()
    result = await one_task(desk, agent, policy=ScriptedPolicy(brief=brief))
    assert result.status == "completed"
    assert agent.got[0].task_desc == "a task"


async def test_progress_is_throttled_and_the_latest_wins(desk: Desk):
    clock = ManualClock()
    go = asyncio.Event()

    async def busy(assignment, progress):
        for number in range(1000):
            await progress(f"{number} of 1000")
        await go.wait()
        return Outcome("done")

    desk.join("Ada", ScriptedPolicy(), FunctionAgent(busy), clock=clock)
    desk.join("Chair", chair(("Ada", "a task")))
    desk.hub.launch("Chair", "Ada")
    await desk.hub.until(lambda: desk.hub.of("g1", TaskProgress))
    await desk.hub.until(lambda: clock.monotonic_s() == 0.0)
    for _ in range(3000):
        await asyncio.sleep(0)
    await clock.advance(1.5)
    await desk.hub.until(lambda: len(desk.hub.of("g1", TaskProgress)) == 2)
    go.set()
    await desk.ended("g1")
    told = [message.content for message in desk.hub.of("g1", TaskProgress)]
    assert told[-1] == "999 of 1000"
    assert len(told) == 2


async def test_files_with_the_same_name_are_told_apart_and_the_folder_is_empty_and_removed(desk: Desk):
    seen = {}

    async def work(assignment, progress):
        seen["files"] = {file.name: file.path.read_text() for file in assignment.files}
        seen["earlier"] = [
            (result.agent, result.conclusion, [(file.name, file.path.read_text()) for file in result.files])
            for result in assignment.earlier
        ]
        seen["empty"] = not list(assignment.folder.iterdir())
        seen["folder"] = assignment.folder
        return Outcome("done")

    first, second = desk.shelf.add("data.csv", b"one"), desk.shelf.add("data.csv", b"two")
    given = desk.shelf.add("DATA.csv", b"three")
    desk.join("Ada", ScriptedPolicy(), FunctionAgent(work))
    desk.join("Chair", chair(("Ada", "a task")))
    desk.hub.launch(
        "Chair",
        "Ada",
        artifacts=(first, second, first),
        given=(GivenResult(agent="Zoe", task_desc="before", conclusion="42", artifacts=(given,)),),
    )
    await desk.ended("g1")
    assert seen["files"] == {"data.csv": "one", "data-2.csv": "two"}
    assert seen["earlier"] == [("Zoe", "42", [("DATA-3.csv", "three")])]
    assert seen["empty"]
    await desk.hub.until(lambda: not seen["folder"].exists())


async def test_a_missing_file_fails_the_task_and_names_the_file(desk: Desk):
    agent = FunctionAgent()
    gone = desk.shelf.add("gone.csv", b"x")
    desk.shelf.bytes.clear()
    desk.join("Ada", ScriptedPolicy(), agent)
    desk.join("Chair", chair(("Ada", "a task")))
    desk.hub.launch("Chair", "Ada", artifacts=(gone,))
    await desk.ended("g1")
    result = desk.hub.of("g1", TaskResult)[0]
    assert result.status == "failed"
    assert "'gone.csv'" in result.task_conclusion
    assert agent.got == []


@pytest.mark.parametrize("how", ["no such file", "refused"])
async def test_a_file_that_cannot_be_shared_is_named_with_what_was_found(desk: Desk, how):
    async def work(assignment, progress):
        path = assignment.folder / "chart.svg"
        if how == "refused":
            path.write_text("<svg/>")
            desk.shelf.refuse = "over 64 MiB"
        return Outcome("the answer is 42", files=(LocalFile("chart.svg", "image/svg+xml", path),))

    result = await one_task(desk, FunctionAgent(work))
    assert result.status == "failed"
    assert "'chart.svg'" in result.task_conclusion
    assert "the answer is 42" in result.task_conclusion


async def test_failed_results_are_not_handed_on_as_results(desk: Desk):
    agents = {"Bad": raising(AgentFailed("no idea")), "Ada": FunctionAgent()}
    desk.join(
        "Chair",
        ScriptedPolicy(
            [
                assign(("Bad", "first"), wait=False),
                pause("g1.1"),
                assign(("Ada", "second"), builds_on=("g1.1",)),
            ]
        ),
    )
    for name, agent in agents.items():
        desk.join(name, ScriptedPolicy(), agent)
    desk.hub.launch("Chair", "Bad", "Ada")
    await desk.ended("g1")
    assert agents["Ada"].got[0].earlier == ()


async def test_several_tasks_run_at_once_but_not_more_than_allowed(desk: Desk):
    running = 0
    most = 0
    go = asyncio.Event()

    async def work(assignment, progress):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await go.wait()
        running -= 1
        return Outcome("done")

    agent = FunctionAgent(work)
    desk.join("Ada", ScriptedPolicy(), agent, wait_for_agents=3)
    desk.join("Chair", ScriptedPolicy([assign(*[("Ada", f"task {number}") for number in range(8)])] * 4))
    desk.hub.launch("Chair", "Ada")
    desk.hub.launch("Chair", "Ada")
    await desk.hub.until(lambda: running == 3)
    go.set()
    await desk.ended("g1")
    await desk.ended("g2")
    assert most == 3
    assert len({assignment.task_id for assignment in agent.got}) == len(agent.got)


async def test_a_refused_start_or_result_ends_the_task_with_the_reason(desk: Desk):
    def refuse(name, frame):
        if isinstance(frame, Post) and isinstance(frame.message, TaskResult) and frame.message.status == "completed":
            return Refusal(code="unknown_artifact", rule="artifact 'x' is unknown", reply_to=frame.message.message_id)
        return None

    desk.hub.refuse = refuse
    result = await one_task(desk, FunctionAgent())
    assert result.status == "failed"
    assert "artifact 'x' is unknown" in result.task_conclusion


async def test_nothing_runs_before_its_start_is_in_the_log(desk: Desk):
    def refuse(name, frame):
        if isinstance(frame, Post) and isinstance(frame.message, TaskStart):
            return Refusal(code="not_allowed", rule="not today", reply_to=frame.message.message_id)
        return None

    desk.hub.refuse = refuse
    agent = FunctionAgent()
    result = await one_task(desk, agent)
    assert agent.got == []
    assert "not today" in result.task_conclusion


# Teams of one's own


async def test_a_team_of_nobody_means_alone(desk: Desk):
    agent = FunctionAgent()
    policy = ScriptedPolicy(nest=True, team=("Ada",))
    result = await one_task(desk, agent, policy=policy)
    assert result.status == "completed"
    assert len(policy.situations) == 1
    assert desk.hub.of("g1", Subgroup) == []


async def test_a_refused_team_means_alone(desk: Desk):
    desk.hub.budgets = Budgets(turns=3)  # nothing is left for a nested group
    agent = FunctionAgent()
    desk.hub.cards["Bob"] = desk.hub.cards.get("Bob") or _card("Bob")
    result = await one_task(desk, agent, policy=ScriptedPolicy(nest=True, team=("Bob",)))
    assert result.status == "completed"
    assert len(agent.got) == 1


def _card(name: str):
    from ioa.protocol.cards import Card

    return Card(name=name, description="somebody")


@pytest.mark.parametrize("how", ["depth", "switched off", "own depth"])
async def test_at_the_depth_limit_or_switched_off_nobody_asks_for_a_team(desk: Desk, how):
    if how == "depth":
        desk.hub.budgets = Budgets(depth=0)
    own = 0 if how == "own depth" else None
    asked = []
    agent = FunctionAgent()
    policy = ScriptedPolicy(nest=lambda view: bool(asked.append(view)) or True, team=("Chair",))
    result = await one_task(desk, agent, policy=policy, nested_teams=how != "switched off", nested_depth=own)
    assert result.status == "completed"
    assert asked == []
    assert [view.may_team_up for view in policy.tasks] == [False]


async def test_a_nested_group_gets_the_files_and_results_its_task_builds_on(desk: Desk):
    file = desk.shelf.add("data.csv", b"1")
    desk.join(
        "Chair",
        ScriptedPolicy(
            [
                assign(("Bob", "first"), wait=False),
                pause("g1.1"),
                assign(("Ada", "second"), builds_on=("g1.1",)),
            ]
        ),
    )
    agent = FunctionAgent()
    desk.join("Ada", ScriptedPolicy([assign(("Bob", "inner"))], nest=True, team=("Bob",)), FunctionAgent())
    desk.join("Bob", ScriptedPolicy(), agent)
    desk.hub.launch("Chair", "Ada", "Bob", artifacts=(file,))
    await desk.ended("g1")
    launch = desk.hub.of("g2", Launch)[0]
    assert launch.artifacts == (file,)
    assert launch.given == (GivenResult(agent="Bob", task_desc="first", conclusion="did first"),)
    inner = agent.got[-1]
    assert inner.task_desc == "inner"
    assert [(result.agent, result.conclusion) for result in inner.earlier] == [("Bob", "did first")]
    assert [file.name for file in inner.files] == ["data.csv"]


async def test_cancelling_a_task_ends_the_team_and_its_agents(desk: Desk):
    async def hang(assignment, progress):
        await asyncio.Event().wait()

    agent = FunctionAgent(hang)
    desk.join("Chair", chair(("Ada", "big")))
    desk.join("Ada", ScriptedPolicy([assign(("Bob", "small"))], nest=True, team=("Bob",)), FunctionAgent())
    joined = desk.join("Bob", ScriptedPolicy(), agent)
    desk.hub.launch("Chair", "Ada")
    await desk.hub.until(lambda: joined.saw(AgentStarted))
    desk.hub.cancel_task("g1", "g1.1")
    await desk.hub.until(lambda: agent.cancelled == 1)
    await desk.ended("g1")
    assert desk.hub.groups["g2"].ended


async def test_who_failed_at_a_task_is_to_be_avoided_for_it(desk: Desk):
    desk.join("Bad", ScriptedPolicy(), raising(AgentFailed("cannot")))
    policy = ScriptedPolicy()
    desk.join("Ada", policy, FunctionAgent())
    desk.join("Chair", ScriptedPolicy([assign(("Bad", "Sum it")), assign(("Ada", "sum  it"))]))
    desk.hub.launch("Chair", "Bad", "Ada")
    await desk.ended("g1")
    assert policy.tasks[0].avoid == {"Bad"}
