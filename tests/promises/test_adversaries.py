"""Groups of fools and of enemies end within their budgets, and whoever runs beside them does not notice.

Real clients whose policies or agents misbehave, and agents without a client of ours that write what they please. Time
is a clock that stands still until everybody has done what he can.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ioa.adapters.index import open_index
from ioa.adapters.policy.rules.policy import RulesPolicy
from ioa.conversation.formation import LaunchGroupChat
from ioa.hub.settings import Limits
from ioa.ports.agent import AgentFailed
from ioa.protocol.codec import encode
from ioa.protocol.frames import Post
from ioa.protocol.messages import (
    Conclusion,
    Discussion,
    Launch,
    Pause,
    SyncTask,
    TaskAssignment,
    TaskProgress,
    TaskResult,
    Turn,
)
from ioa.testing.policies import ScriptedPolicy, StuckPolicy, assign, pause, say
from tests.hub.network import TestAgent
from tests.promises.village import Village, Worker, hang, last_conclusion, village

BUDGETS = {"turns": 30, "depth": 2, "turn_timeout_s": 10.0, "task_timeout_s": 20.0, "group_timeout_s": 90.0}
MAX_TURNS = 10
TEAM = ("Fool", "Other fool")


class Always(ScriptedPolicy):
    """Says at each turn what `turn_of` makes of the view, whatever was refused."""

    def __init__(self, turn_of, **more) -> None:
        super().__init__(team=lambda situation: LaunchGroupChat((other(situation),)), **more)
        self._turn_of = turn_of

    async def turn(self, view):
        return self._turn_of(view)


def other(view) -> str:
    return next(name for name in TEAM if name != view.me.name)


def pauses_for_ever(view):
    still_open = [task.task_id for task in view.group.open_tasks]
    return pause(*still_open) if still_open else assign((other(view), "wait for me"), wait=False)


Start = Callable[[Village], Awaitable[None]]


def fools(turn_of, agent=None, **policy) -> Start:
    """Two clients of the same mind."""

    async def start(here: Village) -> None:
        for name in TEAM:
            await here.join(name, Always(turn_of, **policy), Worker() if agent is None else Worker(agent))

    return start


async def never_speaks(here: Village) -> None:
    await here.join("Fool", StuckPolicy())
    await here.net.register("Other fool")


async def launches_and_goes_away(here: Village) -> None:
    """The initiator hands the floor to somebody who was never there, and leaves."""
    gone = asyncio.Event()

    def hand_over(view):
        gone.set()
        return say("please go on", "Other fool")

    fool = await here.join("Fool", Always(hand_over))
    await here.net.register("Other fool")

    async def leave() -> None:
        await gone.wait()
        for _ in range(50):
            await asyncio.sleep(0)
        await fool.leave()

    here.begin(leave())


async def floods_progress(assignment, progress):
    while True:
        await progress("still at it")


def raw(behave: Callable[[TestAgent, str], Awaitable[None]]) -> Start:
    """The fool is no client of ours: it launches the group and then does as it pleases."""

    async def start(here: Village) -> None:
        await here.join("Other fool", Always(lambda view: say("thank you", "Fool")), Worker())
        fool = await here.net.join("Fool")

        async def live() -> None:
            await fool.until(lambda: fool.offers)
            offer = fool.offers[0]
            asked = {"goal": offer.goal, "goal_id": offer.goal_id, "max_turns": 10_000}
            comm_id = (await fool.launch(**asked, team_members=("Other fool",))).comm_id
            await behave(fool, comm_id)

        here.begin(live())

    return start


async def floods_posts(fool: TestAgent, comm_id: str) -> None:
    """As fast as it can, without waiting for answers, and in spite of all refusals."""
    message = Discussion(sender="Fool", comm_id=comm_id, message_id="-", content="me!", next_speaker=("Fool",))
    for number in range(5_000):
        if fool.closed:
            return
        await fool.connection.send(encode(Post(message=replace(message, message_id=f"flood-{number}"))))
    raise AssertionError("the hub let somebody flood it")


async def floods_the_log_with_progress(fool: TestAgent, comm_id: str) -> None:
    """A task of its own, whose progress it reports for ever."""
    tasks = (TaskAssignment(task_desc="nothing", assignee=("Fool",)),)
    await fool.post(SyncTask, comm_id, content="me", next_speaker=("Fool",), tasks=tasks)
    for _ in range(400):
        await fool.post(TaskProgress, comm_id, task_id=f"{comm_id}.1", content="and on")


async def sends_illegal_frames(fool: TestAgent, comm_id: str) -> None:
    header = {"comm_id": comm_id, "content": "x"}
    for _ in range(20):
        await fool.connection.send(b'{"frame":"post","message":{"type":"gossip"}}')
        await fool.connection.send(b"\xff\x00")
        await fool.post(
            Launch, comm_id, goal="x", team_members=(), team_up_depth=0, max_turns=5, goal_id="g", owner="@me"
        )
        await fool.post(Conclusion, **header, forced=True)
        await fool.post(Conclusion, **header, sender="@hub", forced=True)
        await fool.post(Pause, **header, triggers=(f"{comm_id}.1",))
        await fool.post(Discussion, **header, next_speaker=("Nobody",))
        await fool.post(Discussion, **header, next_speaker=())
        await fool.post(TaskResult, comm_id, task_id="t", status="completed", task_conclusion="x")


FOOLS: dict[str, Start] = {
    "repeats itself": fools(lambda view: say("as I said", view.me.name)),
    "never concludes": fools(lambda view: say("what do you think?", other(view))),
    "assigns to itself": fools(lambda view: assign((view.me.name, "more of the same"))),
    "assigns to itself and does not wait": fools(lambda view: assign((view.me.name, "more"), wait=False)),
    "assigns to one who never ends": fools(lambda view: assign((other(view), "more"), wait=False), hang),
    "thanks for ever": fools(lambda view: say("thank you!", other(view))),
    "pauses for ever": fools(pauses_for_ever, hang),
    "pauses for nothing": fools(lambda view: pause("no such task")),
    "nests for ever": fools(lambda view: assign((other(view), "with a team, please")), nest=True),
    "nests for ever, side by side": fools(
        lambda view: assign(*[(name, f"part {n}") for n, name in zip(range(4), cycle(TEAM), strict=False)], wait=False),
        nest=True,
    ),
    "floods progress": fools(lambda view: assign((other(view), "tell me all")), floods_progress),
    "has nonsense for decisions": fools(lambda view: "hello"),
    "raises": fools(lambda view: 1 / 0),
    "says too much": fools(lambda view: say("x" * 2_000_000, other(view))),
    "never speaks": never_speaks,
    "launches and goes away": launches_and_goes_away,
    "floods posts": raw(floods_posts),
    "floods the log": raw(floods_the_log_with_progress),
    "sends illegal frames": raw(sends_illegal_frames),
}


@pytest.mark.parametrize("start", FOOLS.values(), ids=list(FOOLS))
async def test_it_ends_within_its_budgets_and_disturbs_nobody(tmp_path: Path, start: Start) -> None:
    async with village(tmp_path, limits=Limits(frames_burst=300)) as here:
        here.somebody_is_always_busy = start is FOOLS["floods progress"]
        await start(here)
        await here.join("Sensible worker", agent=Worker("all is well"))
        policy = ScriptedPolicy([assign(("Sensible worker", "work")), last_conclusion] * 3, team=("Sensible worker",))
        await here.join("Sensible chair", policy)
        began = here.clock.monotonic_s()
        foolish = await here.ask("be foolish", initiator="Fool", max_turns=MAX_TURNS, budgets=BUDGETS)
        for _ in range(3):  # at once, and while the fools are at it
            before = here.clock.monotonic_s()
            sensible = await here.answer(await here.ask("be sensible", initiator="Sensible chair"))
            assert (sensible["status"], sensible["conclusion"]) == ("completed", "all is well")
            assert here.clock.monotonic_s() == before
            await here.pass_time(1)
        if start is FOOLS["nests for ever"]:
            assert max(group.team_up_depth for group in here.groups(foolish)) == BUDGETS["depth"]
        goal = await here.answer_within(foolish, began + BUDGETS["group_timeout_s"] + 1 - here.clock.monotonic_s())
        await check_ended(here, goal)


async def check_ended(here: Village, goal: Any) -> None:
    """Turns, turns of the tree, depth; and an end with words, by the initiator or by the hub's hand."""
    groups = here.groups(goal["goal_id"])
    assert groups
    said = 0
    for group in groups:
        assert group.ended
        assert group.conclusion
        assert not group.open_tasks
        assert group.turns <= min(group.max_turns, group.budgets.turns) + 1
        assert group.max_turns <= MAX_TURNS
        assert group.team_up_depth <= BUDGETS["depth"]
        log = await here.log(group.comm_id)
        assert isinstance(log[-1], Conclusion)
        assert log[-1].sender == ("@hub" if group.forced else group.initiator)
        said += sum(isinstance(message, Turn) and message.sender != "@hub" for message in log)
    assert said <= BUDGETS["turns"] + 1, "the tree keeps its budget, but for the last conclusion"
    assert goal["conclusion"]


async def test_fools_in_one_group_do_not_keep_a_member_from_its_other_groups(tmp_path: Path) -> None:
    async with village(tmp_path) as here:
        await here.join("Fool", Always(lambda view: say("thank you!", "Busy")))
        await here.join("Busy", Always(lambda view: say("thank you!", "Fool")), Worker("done"))
        policy = ScriptedPolicy([assign(("Busy", "work")), last_conclusion], team=("Busy",))
        await here.join("Chair", policy)
        foolish = await here.ask("thank each other", initiator="Fool", team=["Fool", "Busy"], max_turns=6)
        goal = await here.answer(await here.ask("work", initiator="Chair"))
        assert goal["conclusion"] == "done"
        await check_ended(here, await here.answer(foolish))


async def test_rules_end_a_goal_that_all_agents_fail_at(tmp_path: Path) -> None:
    """The policy that ships tries each step once more with the next best, and then says what it did not get."""

    async def fails(assignment, progress):
        raise AgentFailed("no ink")

    async with village(tmp_path, index=open_index(meaning=False)) as here:
        for name in ("First printer", "Second printer", "Third printer"):
            await here.join(name, RulesPolicy(), Worker(fails), "prints letters on paper", skills=("print a letter",))
        goal = await here.answer(await here.ask("Print the letter on paper.", initiator="First printer"))
        assert goal["status"] == "failed"
        assert "no ink" in goal["conclusion"]
        assert len(here.groups(goal["goal_id"])[0].tasks) == 2
