from __future__ import annotations

import asyncio

import pytest
from desk import Desk, FunctionAgent

from ioa.client.events import Connected, TeamLaunched
from ioa.conversation.formation import LaunchGroupChat, SearchAgent
from ioa.ports.policy import PolicyFailed
from ioa.protocol.cards import Card
from ioa.protocol.frames import LaunchGroup, Refusal, Search
from ioa.protocol.messages import Budgets
from ioa.testing.clocks import ManualClock
from ioa.testing.policies import ScriptedPolicy, assign


async def launched(desk: Desk, policy: ScriptedPolicy, **offer) -> LaunchGroup:
    """The first launch of a goal that was offered to Ada."""
    joined = desk.join("Ada", policy)
    await desk.hub.until(lambda: joined.saw(Connected))
    desk.hub.offer("Ada", "the goal", **offer)
    await desk.hub.until(lambda: joined.saw(TeamLaunched))
    return next(frame for _, frame in desk.hub.received if isinstance(frame, LaunchGroup))


async def test_a_policy_that_searches_for_ever_is_forced_to_launch_at_the_tenth_call(desk: Desk):
    desk.hub.cards["Bob"] = Card(name="Bob", description="sums")
    policy = ScriptedPolicy(team=lambda situation: SearchAgent(("sums",)))
    frame = await launched(desk, policy)
    assert len(policy.situations) == 10
    assert policy.situations[-1].forced
    assert len([frame for _, frame in desk.hub.received if isinstance(frame, Search)]) == 9
    assert frame.team_members == ("Bob",)


async def test_launching_nobody_means_alone(desk: Desk):
    frame = await launched(desk, ScriptedPolicy())
    assert frame.team_members == ()
    assert (await desk.ended("g1")).members == ("Ada",)


async def test_oneself_is_not_launched_twice(desk: Desk):
    desk.hub.cards["Bob"] = Card(name="Bob", description="x")
    frame = await launched(desk, ScriptedPolicy(team=("Ada", "Bob", "ADA", "Bob")))
    assert frame.team_members == ("Bob",)


async def test_a_policy_without_a_decision_launches_the_best_that_was_found(desk: Desk):
    desk.hub.cards["Bob"] = Card(name="Bob", description="sums")

    def team(situation):
        if not situation.found:
            return SearchAgent(("sums",))
        raise PolicyFailed("no idea")

    frame = await launched(desk, ScriptedPolicy(team=team))
    assert frame.team_members == ("Bob",)


async def test_a_policy_that_hangs_is_cut_off_within_the_turn(desk: Desk):
    class Hanging(ScriptedPolicy):
        async def next_tool(self, situation):
            await asyncio.Event().wait()
            raise AssertionError

    clock = ManualClock()
    desk.join("Ada", Hanging(), clock=clock)
    desk.hub.offer("Ada", "the goal", budgets=Budgets(turn_timeout_s=10.0))
    await clock.advance(6.5)
    assert not desk.hub.groups
    await clock.advance(1.0)
    await desk.hub.until(lambda: desk.hub.groups)
    await desk.ended("g1")


async def test_a_repeated_offer_is_formed_once_and_one_interrupted_is_formed_again(desk: Desk):
    go = asyncio.Event()

    class Slow(ScriptedPolicy):
        async def next_tool(self, situation):
            self.situations.append(situation)
            await go.wait()
            return LaunchGroupChat()

    first = Slow()
    ada = desk.join("Ada", first)
    await desk.hub.until(lambda: ada.saw(Connected))
    desk.hub.offer("Ada", "the goal")
    await desk.hub.until(lambda: first.situations)
    desk.hub.cut("Ada")
    await desk.hub.until(lambda: len(ada.saw(Connected)) == 2)
    assert len(first.situations) == 1
    await ada.leave()
    desk.joined.remove(ada)
    again = Slow()
    desk.join("Ada", again)
    await desk.hub.until(lambda: again.situations)
    go.set()
    await desk.hub.until(lambda: desk.hub.groups)
    await desk.ended("g1")
    assert len(desk.hub.groups) == 1


async def test_members_whom_the_hub_does_not_know_are_left_out(desk: Desk):
    desk.hub.cards["Bob"] = Card(name="Bob", description="x")
    await launched(desk, ScriptedPolicy(team=("Ghost", "Bob")))
    assert desk.hub.groups["g1"].members == ("Ada", "Bob")


async def test_a_refused_team_ends_in_a_group_alone_rather_than_in_none(desk: Desk):
    def refuse(name, frame):
        if isinstance(frame, LaunchGroup) and frame.team_members:
            return Refusal(code="not_allowed", rule="not with them", reply_to=frame.request_id)
        return None

    desk.hub.refuse = refuse
    desk.hub.cards["Bob"] = Card(name="Bob", description="x")
    await launched(desk, ScriptedPolicy(team=("Bob",)))
    assert desk.hub.groups["g1"].members == ("Ada",)


@pytest.mark.parametrize("code", ["unknown_goal", "concluded", "stale"])
async def test_a_goal_that_is_gone_is_dropped(desk: Desk, code):
    desk.hub.refuse = lambda name, frame: (
        Refusal(code=code, rule="gone", reply_to=frame.request_id) if isinstance(frame, LaunchGroup) else None
    )
    policy = ScriptedPolicy()
    ada = desk.join("Ada", policy)
    await desk.hub.until(lambda: ada.saw(Connected))
    desk.hub.offer("Ada", "the goal")
    await desk.hub.until(lambda: any(isinstance(frame, LaunchGroup) for _, frame in desk.hub.received))
    desk.hub.launch("Ada", goal="another")
    await desk.ended("g1")
    assert len([frame for _, frame in desk.hub.received if isinstance(frame, LaunchGroup)]) == 1


async def test_a_nested_formation_knows_that_it_is_nested_and_how_well_oneself_fits(desk: Desk):
    desk.hub.cards["Bob"] = Card(name="Bob", description="sums")

    def team(situation):
        return LaunchGroupChat() if situation.found else SearchAgent(("sums and more",))

    policy = ScriptedPolicy(nest=True, team=team)
    desk.join("Chair", ScriptedPolicy([assign(("Ada", "sum it"))]))
    desk.join("Ada", policy, FunctionAgent(), description="sums and more")
    desk.hub.launch("Chair", "Ada")
    await desk.ended("g1")
    assert [situation.nested for situation in policy.situations] == [True, True]
    names = [hit.card.name for hit in policy.situations[1].found[0][1]]
    assert names[0] == "Ada"
