"""Teams within teams: how deep, whose result, and what ends with what; and that nobody is needed for ever."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ioa.adapters.index import open_index
from ioa.adapters.policy.rules.policy import RulesPolicy
from ioa.client.events import AgentStarted, AgentStopped
from ioa.ports.agent import LocalFile, Outcome
from ioa.protocol.messages import Conclusion, Deadline, TaskResult, Turn
from ioa.testing.policies import ScriptedPolicy, assign, conclude, pause
from tests.promises.village import Village, Worker, hang, last_conclusion, village


@pytest.fixture
async def here(tmp_path: Path):
    async with village(tmp_path, index=open_index(meaning=False)) as made:
        yield made


def hands_on(to: str, text: str = "", **more: Any) -> ScriptedPolicy:
    """Gives all to one other, whose result is its own; in as many groups as it takes."""
    turns = [assign((to, text or f"for {to}")), last_conclusion] * 4
    return ScriptedPolicy(turns, team=(to,), nest=True, **more)


async def chain(here: Village, *names: str, last: Any = "") -> None:
    """Each hands on to the next, which forms a team to do so; the last one works."""
    for name, following in pairwise(names):
        await here.join(name, hands_on(following), Worker(f"{name} alone"))
    await here.join(names[-1], agent=Worker(last))


@pytest.mark.parametrize(
    ("depth", "answer", "groups"),
    [(0, "Bea alone", 1), (1, "Cem alone", 2), (2, "Dov alone", 3), (3, "did for Eli", 4), (9, "did for Eli", 4)],
)
async def test_teams_are_nested_as_deep_as_the_goal_allows_and_no_deeper(
    here: Village, depth: int, answer: str, groups: int
) -> None:
    await chain(here, "Ann", "Bea", "Cem", "Dov", "Eli")
    budgets = {"depth": depth, "turns": 1_000}
    goal = await here.answer(await here.ask("do it", initiator="Ann", budgets=budgets, max_turns=100))
    assert (goal["status"], goal["conclusion"], len(goal["groups"])) == ("completed", answer, groups)
    assert [group.team_up_depth for group in here.groups(goal["goal_id"])] == list(range(groups))


async def test_the_conclusion_of_a_nested_team_is_its_tasks_result_with_its_files(here: Village) -> None:
    async def draws(assignment, progress):
        path = assignment.folder / "chart.svg"
        path.write_text("<svg/>")
        return Outcome("drawn", files=(LocalFile("chart.svg", "image/svg+xml", path),))

    def with_files(view):
        [task] = view.group.tasks.values()
        return Conclusion(sender="-", comm_id="-", message_id="-", content="It is drawn.", artifacts=task.artifacts)

    lead = ScriptedPolicy([assign(("Hand", "draw")), with_files], team=("Hand",), nest=True)
    chair = ScriptedPolicy([assign(("Lead", "a picture, please")), with_files], team=("Lead",))
    await here.join("Chair", chair)
    await here.join("Lead", lead, Worker("never asked"))
    await here.join("Hand", agent=Worker(draws))
    goal = await here.answer(await here.ask("draw it", initiator="Chair"))
    above, below = here.groups(goal["goal_id"])
    [task] = above.tasks.values()
    assert (task.status, task.conclusion) == ("completed", "It is drawn.")
    assert task.subgroups == (("Lead", below.comm_id),)
    result = next(message for message in await here.log(above.comm_id) if isinstance(message, TaskResult))
    assert (result.sender, result.assignee, result.subgroup) == ("@hub", "Lead", below.comm_id)
    [file] = goal["artifacts"]
    assert (await here.http.get(f"/v1/artifacts/{file['digest']}")).text == "<svg/>"


async def test_cancelling_a_goal_reaches_the_agents_of_its_nested_teams(here: Village) -> None:
    worker = Worker(hang)
    for name, following in (("Ann", "Bea"), ("Bea", "Cem")):
        await here.join(name, hands_on(following))
    await here.residents.pop("Bea").leave()
    await here.come_back("Bea", hands_on("Cem"), Worker())
    cem = await here.join("Cem", agent=worker)
    goal_id = await here.ask("do it", initiator="Ann")
    assert len(worker.got) == 1
    assert len(here.groups(goal_id)) == 2
    answer = await here.http.post(f"/v1/goals/{goal_id}/cancel", json={"reason": "changed my mind"})
    assert answer.json()["status"] == "cancelled"
    await here.quiet()
    assert worker.cancelled == 1, "its coroutine saw CancelledError"
    assert [event.how for event in cem.saw(AgentStopped)] == ["cancelled"]
    for group in here.groups(goal_id):
        assert group.ended
        assert group.forced
        assert {task.status for task in group.tasks.values()} == {"cancelled"}
    assert "changed my mind" in (await here.goal(goal_id))["conclusion"]


async def test_the_deadline_of_a_task_ends_the_team_that_works_on_it(here: Village) -> None:
    worker = Worker(hang)
    await here.join("Ann", hands_on("Bea"))
    never_gives_up = ScriptedPolicy([assign(("Cem", "do it"))] * 9, team=("Cem",), nest=True)
    await here.join("Bea", never_gives_up, Worker())
    await here.join("Cem", agent=worker)
    budgets = {"task_timeout_s": 50.0, "turn_timeout_s": 20.0}
    goal_id = await here.ask("do it", initiator="Ann", budgets=budgets)
    await here.pass_time(49)
    assert not any(group.ended for group in here.groups(goal_id))
    assert (len(worker.got), worker.cancelled) == (2, 1), "the first try was over, the second has begun"
    goal = await here.answer_within(goal_id, 2)
    above, below = here.groups(goal_id)
    assert [task.status for task in above.tasks.values()] == ["failed"]
    assert goal["status"] == "completed", "its initiator had the last word"
    assert below.forced
    assert "the task it worked on has ended" in (below.conclusion or "")
    assert (len(worker.got), worker.cancelled) == (2, 2)


async def test_a_task_given_up_by_its_assigner_ends_the_team_and_its_agents(here: Village) -> None:
    worker = Worker(hang)
    policy = ScriptedPolicy([assign(("Bea", "do it"), wait=False), conclude("that will do")], team=("Bea",))
    began = asyncio.Event()

    async def wait_first(view):
        await began.wait()
        return conclude("that will do")

    policy._turns[1] = wait_first
    await here.join("Ann", policy)
    await here.join("Bea", hands_on("Cem"), Worker())
    await here.join("Cem", agent=worker)
    goal_id = await here.ask("do it", initiator="Ann")
    assert len(worker.got) == 1
    began.set()
    goal = await here.answer(goal_id)
    assert (goal["status"], goal["conclusion"]) == ("completed", "that will do")
    assert worker.cancelled == 1
    assert all(group.ended for group in here.groups(goal_id))


async def test_a_goal_reports_its_channels_against_one_group_of_all(here: Village) -> None:
    """Paper, 2.3.2: a team of three of which two form teams of three again. 3 groups of 3, 7 members in all."""

    def both(view):
        a, b = [name for name in view.group.members if name != view.me.name]
        return assign((a, "one"), (b, "two"), wait=False)

    def wait(view):
        return pause(*(task.task_id for task in view.group.open_tasks))

    await here.join("Ann", ScriptedPolicy([both, wait, last_conclusion], team=("Bea", "Cem")))
    await here.join("Bea", ScriptedPolicy([both, wait, last_conclusion], team=("Dov", "Eli"), nest=True), Worker())
    await here.join("Cem", ScriptedPolicy([both, wait, last_conclusion], team=("Fay", "Gus"), nest=True), Worker())
    for name in ("Dov", "Eli", "Fay", "Gus"):
        await here.join(name, agent=Worker())
    goal = await here.answer(await here.ask("do it", initiator="Ann"))
    sizes = [len(group.members) for group in here.groups(goal["goal_id"])]
    assert sizes == [3, 3, 3]
    assert goal["channels"] == {"nested": sum(n * (n - 1) // 2 for n in sizes), "full": 7 * 6 // 2}
    assert goal["channels"]["nested"] < goal["channels"]["full"]


GOAL = "Weigh the crate. Paint the fence. Then write a letter about both results."
TRADES = {
    "Scale": ("weighs crates and parcels", "weigh a crate"),
    "Painter": ("paints a fence or a wall", "paint a fence"),
    "Clerk": ("writes a letter about results", "write a letter"),
}
SHORT = {"turn_timeout_s": 10.0, "task_timeout_s": 60.0, "group_timeout_s": 600.0}


async def tradespeople(here: Village, work: Any = "") -> dict[str, Worker]:
    """Agents behind the rules policy; `work` is what the first two do."""
    made = {}
    for name, (description, skill) in TRADES.items():
        made[name] = Worker(work if name != "Clerk" else "a letter about both")
        await here.join(name, RulesPolicy(), made[name], description, skills=(skill,), idempotent=True)
    return made


async def test_when_the_initiator_is_gone_another_member_carries_on_to_the_end(here: Village) -> None:
    go = asyncio.Event()

    async def work(assignment, progress):
        await go.wait()
        return Outcome(f"done: {assignment.task_desc}")

    await tradespeople(here, work)
    chair = await here.join("Chair", RulesPolicy(), None, "plans and asks others")
    goal_id = await here.ask(GOAL, initiator="Chair", budgets=SHORT)
    [group] = here.groups(goal_id)
    assert group.initiator == "Chair"
    assert len(group.open_tasks) == 2, "in the middle of the goal"
    await chair.leave()
    go.set()
    goal = await here.answer_within(goal_id, 120)
    log = await here.log(group.comm_id)
    lost = [message for message in log if isinstance(message, Deadline)]
    assert lost
    assert all((message.overdue, message.member) == ("floor", "Chair") for message in lost)
    carried_on = {message.sender for message in log if isinstance(message, Turn) and message.seq > lost[0].seq}
    assert carried_on
    assert carried_on <= set(TRADES)
    assert goal["status"] == "completed"
    assert not here.group(group.comm_id).forced
    assert "a letter about both" in goal["conclusion"]
    assert sorted(task.assignees for task in here.group(group.comm_id).tasks.values()) == [
        ("Clerk",),
        ("Painter",),
        ("Scale",),
    ]


async def test_an_initiator_that_comes_back_carries_on_itself(here: Village) -> None:
    go = asyncio.Event()

    async def work(assignment, progress):
        await go.wait()
        return Outcome(f"done: {assignment.task_desc}")

    workers = await tradespeople(here, work)
    chair = await here.join("Chair", RulesPolicy(), None, "plans and asks others")
    goal_id = await here.ask(GOAL, initiator="Chair", budgets=SHORT)
    await chair.leave()
    go.set()
    await here.pass_time(5)
    assert (await here.goal(goal_id))["status"] == "running"
    await here.come_back("Chair", RulesPolicy())
    goal = await here.answer(goal_id)
    assert goal["status"] == "completed"
    log = await here.log(goal["comm_id"])
    assert not [message for message in log if isinstance(message, Deadline)]
    assert {message.sender for message in log if isinstance(message, Turn)} == {"Chair"}
    assert [len(worker.got) for worker in workers.values()] == [1, 1, 1], "nothing was done twice"


async def test_a_member_killed_in_the_middle_of_its_task_does_it_again_when_it_may(here: Village) -> None:
    await tradespeople(here, hang)
    await here.join("Chair", RulesPolicy(), None, "plans and asks others")
    goal_id = await here.ask("Weigh the crate.", initiator="Chair", budgets=SHORT)
    await here.residents.pop("Scale").leave()
    again = await here.come_back("Scale", RulesPolicy(), Worker("12 kg"))
    goal = await here.answer(goal_id)
    assert "12 kg" in goal["conclusion"]
    assert [event.again for event in again.saw(AgentStarted)] == [True]
