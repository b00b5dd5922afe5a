"""Members without an agent of their own: they see, speak and are heard, and no work is lost on them (A.4.3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from ioa.adapters.index import open_index
from ioa.adapters.policy.rules.policy import RulesPolicy
from ioa.client.events import FellBack
from ioa.protocol.messages import Discussion
from ioa.testing.policies import ScriptedPolicy, assign
from tests.promises.village import Village, Worker, last_conclusion, results, village

SEEN = "The red cube lies on the green table."


@pytest.fixture
async def here(tmp_path: Path):
    async with village(tmp_path, index=open_index(meaning=False)) as made:
        yield made


async def seen_later() -> str:
    return SEEN


@pytest.mark.parametrize("observation", [lambda: SEEN, seen_later], ids=["sync", "async"])
async def test_one_who_only_discusses_is_asked_and_its_observation_is_in_the_conclusion(
    here: Village, observation
) -> None:
    card = {"description": "watches the table and weighs nothing", "discussion_only": True}
    await here.join("Camera", RulesPolicy(), observation=observation, **card)
    await here.join("Scale", RulesPolicy(), Worker("12 kg"), "weighs cubes", skills=("weigh a cube",))
    await here.join("Chair", RulesPolicy(), None, "plans and asks others")
    goal = await here.answer(await here.ask("Weigh the cube.", initiator="Chair", team=["Chair", "Camera", "Scale"]))
    assert goal["status"] == "completed"
    assert SEEN in goal["conclusion"]
    assert "12 kg" in goal["conclusion"]
    log = await here.log(goal["comm_id"])
    asked, said = [message for message in log if isinstance(message, Discussion)]
    assert asked.next_speaker == ("Camera",)
    assert (said.sender, said.content) == ("Camera", SEEN)
    assert all("Camera" not in task.assignees for task in here.group(goal["comm_id"]).tasks.values())


async def test_a_task_for_one_who_only_discusses_fails_at_once_and_says_why(here: Village) -> None:
    policy = ScriptedPolicy([assign(("Camera", "weigh the cube")), last_conclusion], team=("Camera",))
    await here.join("Chair", policy)
    await here.join("Camera", agent=Worker("must not be asked"), discussion_only=True, observation=lambda: SEEN)
    goal = await here.answer(await here.ask("weigh it", initiator="Chair"))
    [result] = results(await here.log(goal["comm_id"]))
    assert result.status == "failed"
    assert result.task_conclusion == "Camera only takes part in discussions; give the task to an agent"
    assert goal["conclusion"] == result.task_conclusion


async def test_an_observation_that_fails_costs_the_observation_and_not_the_goal(here: Village) -> None:
    def broken() -> str:
        raise OSError("the camera at /dev/video0 is unplugged")

    camera = await here.join("Camera", RulesPolicy(), description="watches", discussion_only=True, observation=broken)
    await here.join("Scale", RulesPolicy(), Worker("12 kg"), "weighs cubes", skills=("weigh a cube",))
    await here.join("Chair", RulesPolicy(), None, "plans and asks others")
    goal = await here.answer(await here.ask("Weigh the cube.", initiator="Chair", team=["Chair", "Camera", "Scale"]))
    assert "12 kg" in goal["conclusion"]
    assert "unplugged" in camera.saw(FellBack)[0].reason
