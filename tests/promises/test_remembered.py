"""What outlives a goal: its conclusion, for the goal that continues it, and the record of those who worked for it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from ioa.adapters.index import open_index
from ioa.adapters.policy.rules.policy import RulesPolicy
from ioa.ports.agent import AgentFailed, Assignment, Outcome
from ioa.testing.policies import ScriptedPolicy, assign
from tests.promises.village import OTHER, Village, Worker, last_conclusion, village


@pytest.fixture
async def here(tmp_path: Path):
    async with village(tmp_path, index=open_index(meaning=False)) as made:
        yield made


async def reckon(assignment: Assignment, progress) -> Outcome:
    """Adds and multiplies whole numbers; what it does not have it takes from the last earlier result, or says so."""
    numbers = [int(number) for number in re.findall(r"\d+", assignment.task_desc)]
    if "multiply" in assignment.task_desc.lower():
        found = [re.findall(r"= (\d+)", result.conclusion) for result in assignment.earlier]
        if not found or not found[-1]:
            raise AgentFailed("'the result' is not known here: no earlier result has a number; name the number")
        numbers.append(int(found[-1][-1]))
        return Outcome(f"{numbers[1]} * {numbers[0]} = {numbers[0] * numbers[1]}")
    return Outcome(f"{' + '.join(map(str, numbers))} = {sum(numbers)}")


async def reckoners(here: Village) -> Worker:
    mathematician = Worker(reckon)
    skills = ("add numbers", "multiply a number")
    await here.join("Mathematician", RulesPolicy(), mathematician, "adds and multiplies numbers", skills=skills)
    await here.join("Chair", RulesPolicy(), None, "plans and asks others")
    return mathematician


async def test_a_continued_goal_goes_on_from_the_old_conclusion(here: Village) -> None:
    mathematician = await reckoners(here)
    first = await here.answer(await here.ask("Add the numbers 20 and 1.", initiator="Chair"))
    assert "20 + 1 = 21" in first["conclusion"]
    goal = await here.answer(await here.ask("Multiply the result by 2.", initiator="Chair", continues=first["comm_id"]))
    assert goal["status"] == "completed"
    assert "21 * 2 = 42" in goal["conclusion"]
    group = here.group(goal["comm_id"])
    assert group.continues == first["comm_id"]
    assert [(given.agent, given.task_desc) for given in group.given] == [("Chair", "Add the numbers 20 and 1.")]
    assert group.given[0].conclusion == first["conclusion"]
    assert mathematician.got[-1].earlier[0].conclusion == first["conclusion"]
    third = await here.answer(await here.ask("Multiply the result by 3.", initiator="Chair", continues=goal["comm_id"]))
    assert "42 * 3 = 126" in third["conclusion"]


async def test_without_the_old_chat_the_same_words_have_no_result_to_go_on_from(here: Village) -> None:
    await reckoners(here)
    await here.answer(await here.ask("Add the numbers 20 and 1.", initiator="Chair"))
    goal = await here.answer(await here.ask("Multiply the result by 2.", initiator="Chair"))
    assert goal["status"] == "failed"
    assert "42" not in goal["conclusion"]
    assert "not known here" in goal["conclusion"]


async def test_nobody_continues_the_chat_of_another(here: Village) -> None:
    await reckoners(here)
    first = await here.answer(await here.ask("Add the numbers 20 and 1.", initiator="Chair"))
    async with here.http_as(OTHER) as stranger:
        body = {"goal": "Multiply the result by 2.", "continues": first["comm_id"]}
        assert (await stranger.post("/v1/goals", json=body)).json()["error"]["code"] == "unknown_group"


async def test_contacts_hold_outcome_and_duration_and_only_their_owner_sees_them(here: Village) -> None:
    go = asyncio.Event()

    async def slow(assignment, progress):
        await go.wait()
        return Outcome("done")

    async def fails(assignment, progress):
        raise AgentFailed("no")

    policy = ScriptedPolicy(
        [assign(("Ada", "slow work")), assign(("Bad", "no work")), last_conclusion], team=("Ada", "Bad")
    )
    chair = await here.join("Chair", policy)
    await here.join("Ada", agent=Worker(slow), description="works slowly")
    await here.join("Bad", agent=Worker(fails))
    await here.net.register("Spy", owner="other")
    goal_id = await here.ask("do it", initiator="Chair")
    await here.pass_time(7)
    go.set()
    await here.answer(goal_id)
    contacts = chair.client.contacts
    assert {name: (one.completed, one.failed) for name, one in contacts.items()} == {"Ada": (1, 0), "Bad": (0, 1)}
    assert (contacts["Ada"].mean_duration_s, contacts["Bad"].mean_duration_s) == (7.0, 0.0)
    assert contacts["Ada"].last_at == here.clock.now_s()
    assert here.residents["Ada"].client.contacts == {}, "who was given the task evaluates nobody"

    await here.pass_time(2)
    [item] = (await here.http.get("/v1/contacts")).json()["items"]
    assert item["agent"] == "Chair"
    published = {
        one["name"]: (one.get("completed", 0), one.get("failed", 0), one.get("mean_duration_s", 0.0))
        for one in item["contacts"]
    }
    assert published == {"Ada": (1, 0, 7.0), "Bad": (0, 1, 0.0)}
    for token, status in (
        (here.net.tokens["Chair"], 200),
        (here.net.tokens["Ada"], 403),
        (here.net.tokens["Spy"], 403),
        (OTHER, 403),
    ):
        async with here.http_as(token) as asking:
            assert (await asking.get("/v1/agents/Chair/contacts")).status_code == status
    async with here.http_as(OTHER) as stranger:
        assert (await stranger.get("/v1/contacts")).json()["items"] == []
        assert (await stranger.get("/v1/contacts", params={"owner": "me"})).status_code == 403


@pytest.mark.parametrize(("bad", "good"), [("Anna", "Bert"), ("Bert", "Anna")])
async def test_of_two_agents_that_fit_alike_the_one_with_the_better_record_is_chosen(
    here: Village, bad: str, good: str
) -> None:
    broken = True

    async def work(assignment, progress):
        if broken:
            raise AgentFailed("the press is stuck")
        return Outcome("printed, for once")

    card = {"description": "prints letters on paper", "skills": ("print a letter",)}
    unreliable, reliable = Worker(work), Worker("printed")
    await here.join(bad, RulesPolicy(), unreliable, **card)
    await here.join("Chair", RulesPolicy(), None, "plans and asks others")
    failed = await here.answer(await here.ask("Print the letter.", initiator="Chair"))
    assert failed["status"] == "failed"
    broken = False  # it would work again, but that is not known
    await here.join(good, RulesPolicy(), reliable, **card)
    goal = await here.answer(await here.ask("Print the letter.", initiator="Chair"))
    assert goal["status"] == "completed"
    assert (len(unreliable.got), len(reliable.got)) == (1, 1)
    stranger = await here.join("Other chair", RulesPolicy(), None, "plans and asks others")
    assert stranger.client.contacts == {}
    await here.answer(await here.ask("Print the letter.", initiator="Other chair"))
    first_by_name = {"Anna": (unreliable, reliable), "Bert": (reliable, unreliable)}[bad][0]
    assert len(first_by_name.got) == 2, "without a record of its own, another client has no reason to avoid anybody"
