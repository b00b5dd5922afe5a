"""Turns: one decision a floor, judged by the law, bounded, never silent for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from desk import Desk, FunctionAgent

from ioa.client.events import Deciding, EntryTaken, FellBack, LogUnreadable, PostRefused
from ioa.ports.policy import PolicyFailed
from ioa.protocol.frames import Post, Refusal, Search
from ioa.protocol.messages import Budgets, Conclusion, Discussion, Pause
from ioa.testing.clocks import ManualClock
from ioa.testing.policies import BrokenPolicy, ScriptedPolicy, StuckPolicy, assign, conclude, pause, say


async def test_a_decision_is_cancelled_when_the_floor_moves_on(desk: Desk):
    stuck = StuckPolicy()
    desk.join("Ada", stuck)
    desk.join("Bob", ScriptedPolicy([conclude("Bob carries on")]))
    desk.hub.launch("Ada", "Bob")
    await desk.hub.until(lambda: stuck.views)
    desk.hub.take_floor("g1")
    group = await desk.ended("g1")
    await desk.hub.until(lambda: stuck.cancelled == 1)
    assert group.conclusion == "Bob carries on"
    assert [message.sender for message in desk.hub.of("g1", Conclusion)] == ["Bob"]


async def test_a_decision_is_cancelled_when_the_group_ends(desk: Desk):
    stuck = StuckPolicy()
    desk.join("Ada", stuck)
    desk.hub.launch("Ada")
    await desk.hub.until(lambda: stuck.views)
    desk.hub.cancel_group("g1")
    await desk.hub.until(lambda: stuck.cancelled == 1)


async def test_the_same_member_decides_afresh_when_it_gets_the_floor_again(desk: Desk):
    """A new floor is a new decision, also while an old one is still unwinding; never two at once."""
    at_once: list[int] = []
    running = 0

    async def slow(view) -> Any:
        nonlocal running
        running += 1
        at_once.append(running)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            running -= 1

    policy = ScriptedPolicy([slow, slow, conclude("third time")])
    desk.join("Ada", policy)
    desk.hub.launch("Ada", "Bob")
    desk.hub.cards["Bob"] = desk.hub.cards["Ada"]
    for since in (1, 3):
        await desk.hub.until(lambda since=since: len(at_once) == (since + 1) // 2)
        desk.hub.take_floor("g1")
        desk.hub.write(
            Discussion(sender="Bob", comm_id="g1", message_id=f"b{since}", content="back to you", next_speaker=("Ada",))
        )
    group = await desk.ended("g1")
    assert group.conclusion == "third time"
    assert at_once == [1, 1]


async def test_a_refused_turn_is_decided_again_with_the_refusal_noted(desk: Desk):
    policy = ScriptedPolicy([say("hello", "Nobody"), pause("g1.9"), conclude("then this")])
    joined = desk.join("Ada", policy)
    desk.hub.launch("Ada")
    group = await desk.ended("g1")
    assert group.conclusion == "then this"
    assert policy.views[0].observation == ""
    assert "unknown_speaker" in policy.views[1].observation
    assert "'Nobody'" in policy.views[1].observation
    assert "bad_triggers" in policy.views[2].observation
    assert len(joined.saw(PostRefused)) == 2


async def test_after_three_refused_decisions_the_initiator_concludes_with_what_there_is(desk: Desk):
    policy = ScriptedPolicy([assign(("Bob", "find it")), *[say("hello", "Nobody")] * 9])
    joined = desk.join("Ada", policy)
    desk.join("Bob", ScriptedPolicy(), FunctionAgent())
    desk.hub.launch("Ada", "Bob")
    group = await desk.ended("g1")
    assert len(policy.views) == 4
    assert group.outcome == "partial"
    assert group.conclusion is not None
    assert "did find it" in group.conclusion
    assert "Nobody" in group.conclusion
    assert len(joined.saw(FellBack)) == 1


async def test_without_a_decision_the_open_tasks_are_waited_for_before_concluding(desk: Desk):
    go = asyncio.Event()

    async def work(assignment, progress):
        from ioa.ports.agent import Outcome

        await go.wait()
        return Outcome("found")

    def fail(view):
        raise PolicyFailed("cannot split the goal")

    desk.join("Ada", ScriptedPolicy([assign(("Bob", "find it"), wait=False), fail, fail]))
    desk.join("Bob", ScriptedPolicy(), FunctionAgent(work))
    desk.hub.launch("Ada", "Bob")
    await desk.hub.until(lambda: desk.hub.of("g1", Pause))
    go.set()
    group = await desk.ended("g1")
    assert "found" in (group.conclusion or "")
    assert "cannot split the goal" in (group.conclusion or "")


async def test_a_member_without_a_decision_hands_the_floor_to_the_initiator(desk: Desk):
    desk.join("Ada", ScriptedPolicy([say("what now?", "Bob"), conclude("I see")]))
    desk.join("Bob", BrokenPolicy())
    desk.hub.launch("Ada", "Bob")
    group = await desk.ended("g1")
    assert group.conclusion == "I see"
    assert "no decision" in desk.hub.of("g1", Discussion)[1].content


async def test_a_group_of_broken_policies_ends_within_its_turns(desk: Desk):
    for name in ("Ada", "Bob"):
        desk.join(name, BrokenPolicy())
    desk.hub.launch("Ada", "Bob")
    group = await desk.ended("g1")
    assert group.outcome == "failed"
    assert group.turns <= 2


async def test_two_who_thank_each_other_for_ever_end_within_their_turns(desk: Desk):
    for name, other in (("Ada", "Bob"), ("Bob", "Ada")):
        desk.join(name, ScriptedPolicy([say("thank you!", other)] * 100))
    desk.hub.launch("Ada", "Bob", max_turns=8)
    group = await desk.ended("g1")
    assert group.turns <= 9
    assert group.outcome == "failed"


async def test_a_policy_that_raises_anything_is_a_policy_without_a_decision(desk: Desk):
    def bug(view):
        raise ZeroDivisionError("a bug")

    desk.join("Ada", ScriptedPolicy([bug]))
    desk.hub.launch("Ada")
    group = await desk.ended("g1")
    assert "ZeroDivisionError" in (group.conclusion or "")


async def test_a_policy_that_takes_too_long_is_cut_off_before_the_turn_is_lost(desk: Desk):
    clock = ManualClock()
    stuck = StuckPolicy()
    desk.join("Ada", stuck, clock=clock)
    desk.hub.launch("Ada", budgets=Budgets(turn_timeout_s=60.0))
    await clock.advance(47.0)
    assert not desk.hub.groups["g1"].ended
    await clock.advance(2.0)
    assert desk.hub.groups["g1"].ended
    assert "no decision within" in (desk.hub.groups["g1"].conclusion or "")
    assert stuck.cancelled == 1


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (conclude("x" * 1_100_000), "at most"),
        (conclude("lone \ud800 surrogate"), "surrogate"),
        (say("x", "y" * 500), "next_speaker"),
        ("just a text", "cannot be str"),
    ],
    ids=["too large", "no Unicode", "name too long", "no message"],
)
async def test_a_turn_that_cannot_be_sent_is_decided_again(desk: Desk, said, words):
    policy = ScriptedPolicy([lambda view: said if not isinstance(said, str) else _later(said), conclude("better")])
    desk.join("Ada", policy)
    desk.hub.launch("Ada")
    group = await desk.ended("g1")
    assert group.conclusion == "better"
    assert words in policy.views[1].observation


async def _later(value):
    return value


async def test_a_turn_overtaken_by_the_log_is_looked_at_afresh_and_does_not_count_as_a_bad_decision(desk: Desk):
    refused = []

    def refuse(name, frame):
        if isinstance(frame, Post) and len(refused) < 6:
            refused.append(frame)
            desk.hub.interject("g1", "wait a moment")
            return Refusal(code="stale", rule="too late", reply_to=frame.message.message_id)
        return None

    desk.hub.refuse = refuse
    policy = ScriptedPolicy([conclude(f"answer {number}") for number in range(10)])
    desk.join("Ada", policy)
    desk.hub.launch("Ada")
    group = await desk.ended("g1")
    assert group.conclusion == "answer 6"
    assert policy.views[-1].observation == ""


async def test_refusals_without_end_do_not_make_a_client_loop(desk: Desk):
    def refuse(name, frame):
        if isinstance(frame, Post):
            return Refusal(code="internal", rule="a bug of the hub", reply_to=frame.message.message_id)
        return None

    desk.hub.refuse = refuse
    policy = ScriptedPolicy([conclude("yes")] * 50)
    joined = desk.join("Ada", policy)
    desk.hub.launch("Ada")
    await desk.hub.until(lambda: joined.saw(FellBack) and len(joined.saw(PostRefused)) == 4)
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(policy.views) == 3
    assert len(joined.saw(Deciding)) == 3


async def test_groups_do_not_wait_for_each_other(desk: Desk):
    """A client that cannot decide in one group, waits for a task in a second, speaks in a third."""

    async def turn(view):
        if view.group.goal == "hard":
            await asyncio.Event().wait()
        if view.group.goal == "work" and not view.group.tasks:
            return assign(("Bob", "for ever"))
        return conclude("done")

    async def for_ever(assignment, progress):
        await asyncio.Event().wait()

    desk.join("Ada", ScriptedPolicy([turn] * 100))
    desk.join("Bob", ScriptedPolicy(), FunctionAgent(for_ever))
    desk.hub.launch("Ada", goal="hard")
    desk.hub.launch("Ada", "Bob", goal="work")
    for number in range(20):
        desk.hub.launch("Ada", goal=f"easy {number}")
    for number in range(20):
        await desk.ended(f"g{number + 3}")
    assert not desk.hub.groups["g1"].ended
    assert desk.hub.groups["g2"].state == "sync_task"


async def test_the_observation_reaches_the_policy(desk: Desk):
    policy = ScriptedPolicy()
    desk.join("Ada", policy, observation=lambda: "a red cube on the table")
    desk.hub.launch("Ada")
    await desk.ended("g1")
    assert policy.views[0].observation == "a red cube on the table"


async def test_an_observation_may_be_asynchronous_and_its_failure_is_no_silence(desk: Desk):
    async def look() -> str:
        raise OSError("camera is off")

    desk.join("Ada", ScriptedPolicy(), observation=look)
    desk.hub.launch("Ada")
    group = await desk.ended("g1")
    assert "camera is off" in (group.conclusion or "")


async def test_an_entry_that_the_law_refuses_is_fetched_again_and_does_not_end_the_client(desk: Desk):
    stuck = StuckPolicy()
    joined = desk.join("Ada", stuck)
    desk.hub.launch("Ada", goal="first")
    await desk.hub.until(lambda: stuck.views)
    chat = joined.client._groups._chats["g1"]
    from msgspec.structs import replace

    chat.group = replace(chat.group, state="conclusion")  # a bug: this client's fold is not the hub's
    desk.hub.interject("g1", "hello")
    await desk.hub.until(lambda: joined.saw(LogUnreadable))
    for _ in range(3):
        desk.hub.interject("g1", "more")
    await desk.hub.until(lambda: joined.client.group("g1") == desk.hub.groups["g1"])
    assert joined.saw(LogUnreadable)[0].fetch_again
    assert joined.saw(EntryTaken)[-1].message.seq == desk.hub.groups["g1"].seq


@pytest.mark.parametrize("restart", [False, True], ids=["offline", "restarted"])
async def test_a_decision_from_an_old_log_is_not_taken_for_a_later_turn(desk: Desk, restart):
    """While Ada was away she lost the floor and got it back. What she decided before that must not count now."""
    ready = asyncio.Event()

    async def slow(view):
        await ready.wait()
        return conclude("decided before")

    first = ScriptedPolicy([slow])
    ada = desk.join("Ada", first)
    desk.join("Bob", ScriptedPolicy([say("look, it has changed: please read", "Ada")]))
    desk.hub.launch("Ada", "Bob")
    await desk.hub.until(lambda: first.views)
    if not restart:
        ada.transport.reachable = False
        desk.hub.cut("Ada")
        await desk.hub.until(lambda: not ada.client.connected)
        ready.set()
        await desk.hub.until(lambda: ada.journal.outbox())
    else:
        await ada.leave()
        desk.joined.remove(ada)
    desk.hub.take_floor("g1")
    await desk.hub.until(lambda: desk.hub.groups["g1"].floor == "Ada")
    first._turns.append(lambda view: conclude(f"decided after {len(view.log)} entries"))
    if not restart:
        ada.transport.reachable = True
    else:
        instant = ScriptedPolicy([lambda view: conclude(f"decided after {len(view.log)} entries")] * 5)
        desk.join("Ada", instant)
    group = await desk.ended("g1")
    assert group.conclusion == "decided after 3 entries"


async def test_the_time_without_a_hub_does_not_count_against_a_decision(desk: Desk):
    clock = ManualClock()

    async def search_then_conclude(view):
        found = await view.search(("an agent",), ())
        return conclude(f"found {len(found[0])}")

    policy = ScriptedPolicy([search_then_conclude] * 9)
    ada = desk.join("Ada", policy, clock=clock)
    await desk.hub.until(lambda: ada.client.connected)
    desk.hub.refuse = lambda name, frame: (
        Refusal(code="internal", rule="lost", reply_to="nobody") if isinstance(frame, Search) else None
    )
    desk.hub.launch("Ada", budgets=Budgets(turn_timeout_s=60.0))
    await desk.hub.until(lambda: policy.views)
    ada.transport.reachable = False
    desk.hub.cut("Ada")
    await desk.hub.until(lambda: not ada.client.connected)
    desk.hub.refuse = lambda name, frame: None
    await clock.advance(3.0)
    ada_waits = len(policy.views)
    for _ in range(10):
        await clock.advance(10.0)
    assert len(policy.views) == ada_waits
    ada.transport.reachable = True
    await clock.advance(1.0)
    await desk.ended("g1")
    assert desk.hub.groups["g1"].conclusion == "found 0"
    assert not ada.saw(FellBack)
