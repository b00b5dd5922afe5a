"""Goals: who is asked, what happens if it does nothing, and how they end."""

import pytest

from ioa.adapters.store.memory import MemoryStore
from ioa.protocol.errors import Refused
from ioa.protocol.frames import Launched
from ioa.protocol.messages import Budgets, Conclusion, Discussion
from ioa.testing.clocks import ManualClock
from tests.hub.network import network, settled


def status(net, goal):
    return net.hub.goal_book.get(goal.goal_id).status


async def test_the_online_agent_that_fits_all_clauses_best_is_asked(tmp_path):
    async with network(tmp_path) as net:
        await net.register("Away", "sums columns plots charts")
        data = await net.join("Data", "sums columns of tables")
        both = await net.join("Both", "sums columns and plots charts")
        plot = await net.join("Plot", "plots charts")
        goal = await net.goal("sums columns; plots charts")
        await both.until(lambda: both.offers)
        assert both.offers[0].goal_id == goal.goal_id
        assert not data.offers
        assert not plot.offers


async def test_agents_that_only_discuss_are_asked_when_nobody_else_is_there(tmp_path):
    async with network(tmp_path) as net:
        talker = await net.join("Talker", "sums columns", discussion_only=True)
        await net.goal("sums columns")
        await talker.until(lambda: talker.offers)
        worker = await net.join("Worker", "something else")
        await net.goal("sums columns")
        await worker.until(lambda: worker.offers)
        assert len(talker.offers) == 1


async def test_a_goal_waits_until_somebody_comes(tmp_path):
    async with network(tmp_path) as net:
        goal = await net.goal("sums")
        assert status(net, goal) == "waiting"
        ann = await net.join("Ann", "sums")
        await ann.until(lambda: ann.offers)
        assert status(net, goal) == "forming"


async def test_a_goal_for_which_nobody_comes_fails_in_the_end(tmp_path):
    async with network(tmp_path) as net:
        goal = await net.goal("sums", budgets=Budgets(group_timeout_s=100))
        await net.clock.advance(101)
        record = net.hub.goal_book.get(goal.goal_id)
        assert record.status == "failed"
        assert "did not come online within 100 s" in record.conclusion


async def test_the_named_initiator_is_asked_and_nobody_else(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann", "sums")
        await net.register("Bob", "knows nothing")
        goal = await net.goal("sums", initiator="bob", budgets=Budgets(turn_timeout_s=60))
        assert status(net, goal) == "waiting"
        bob = await net.connect("Bob")
        await bob.until(lambda: bob.offers)
        assert not ann.offers
        assert (await ann.launch(goal_id=goal.goal_id)).code == "not_allowed"
        await net.clock.advance(61)
        record = net.hub.goal_book.get(goal.goal_id)
        assert record.status == "failed"
        assert "'Bob' launched no group" in record.conclusion


async def test_if_the_best_does_nothing_the_next_best_is_asked_and_a_late_one_refused(tmp_path):
    async with network(tmp_path) as net:
        best = await net.join("Best", "sums columns")
        next_best = await net.join("Next", "sums")
        goal = await net.goal("sums columns", budgets=Budgets(turn_timeout_s=30))
        await best.until(lambda: best.offers)
        await net.clock.advance(31)
        await next_best.until(lambda: next_best.offers)
        assert (await best.launch(goal_id=goal.goal_id)).code == "not_allowed"
        launched = await next_best.launch(goal_id=goal.goal_id, goal="sums columns")
        assert isinstance(launched, Launched)
        assert status(net, goal) == "running"
        await net.clock.advance(31)  # the offer's alarm is gone; this is the floor's
        assert net.hub.goal_book.get(goal.goal_id).comm_id == launched.comm_id


async def test_after_all_who_are_there_have_failed_the_goal_fails(tmp_path):
    async with network(tmp_path) as net:
        agents = [await net.join(name, "sums") for name in ("Ann", "Bob")]
        goal = await net.goal("sums", budgets=Budgets(turn_timeout_s=30))
        for number in (1, 2):
            await settled(lambda number=number: sum(len(agent.offers) for agent in agents) == number)
            await net.clock.advance(31)
        await settled(lambda: status(net, goal) != "forming")
        record = net.hub.goal_book.get(goal.goal_id)
        assert record.status == "failed"
        assert sorted(record.tried) == ["Ann", "Bob"]
        assert all(len(agent.offers) == 1 for agent in agents)


async def test_the_offer_is_repeated_at_each_welcome_until_there_is_a_group(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann", "sums")
        goal = await net.goal("sums")
        await ann.until(lambda: ann.offers)
        await ann.leave()
        ann = await net.connect("Ann")
        await ann.until(lambda: ann.offers)
        launched = await ann.launch(goal_id=goal.goal_id)
        assert await ann.launch(goal_id=goal.goal_id) == Launched(
            request_id=f"Ann-{id(ann)}-2", comm_id=launched.comm_id
        )  # one group a goal, whatever the request
        await ann.leave()
        ann = await net.connect("Ann")
        await ann.heard(launched.comm_id, 1)
        assert not ann.offers


async def test_a_fixed_team_is_kept(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann", "sums")
        await net.register("Bob")
        await net.register("Eve")
        goal = await net.goal("sums", team=("Bob", "Ann"))
        await ann.until(lambda: ann.offers)
        assert ann.offers[0].team == ("Bob", "Ann")
        refused = await ann.launch(goal_id=goal.goal_id, team_members=("Bob", "Eve"))
        assert (refused.code, refused.legal) == ("not_allowed", ("Bob", "Ann"))
        assert isinstance(await ann.launch(goal_id=goal.goal_id, team_members=("Bob",)), Launched)


async def test_cancelling_ends_the_goal_and_its_groups(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        comm_id = await net.group(ann)
        goal_id = ann.offers[0].goal_id
        record = await net.hub.goals.cancel(goal_id, "changed my mind")
        assert record.status == "cancelled"
        assert (await ann.heard(comm_id, 2))[-1].forced
        assert "changed my mind" in record.conclusion
        assert await net.hub.goals.cancel(goal_id) == record
        late = await ann.post(Discussion, comm_id, content="but", next_speaker=("Ann",))
        assert late.code == "concluded"


async def test_cancelling_a_goal_that_waits_leaves_nothing_to_launch(tmp_path):
    async with network(tmp_path) as net:
        goal = await net.goal("sums")
        await net.hub.goals.cancel(goal.goal_id)
        ann = await net.join("Ann", "sums")
        assert (await ann.launch(goal_id=goal.goal_id)).code == "concluded"
        assert not ann.offers


async def test_a_concluded_group_can_be_continued_with_what_it_found(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        first = await net.group(ann)
        with pytest.raises(Refused, match="has not concluded"):
            await net.goal("go on", continues=first)
        await ann.post(Conclusion, first, content="It is 7.")
        second = await net.group(ann, text="go on", continues=first)
        launch = (await ann.heard(second, 1))[0]
        assert launch.continues == first
        assert launch.given[0].conclusion == "It is 7."
        with pytest.raises(Refused) as refused:
            await net.goal("spy", continues=first, owner="@eve")
        assert refused.value.code == "unknown_group"


async def test_bad_goals_are_refused_by_name(tmp_path):
    async with network(tmp_path) as net:
        for fields, code in (
            ({"text": "   "}, "empty"),
            ({"initiator": "Nobody"}, "unknown_agent"),
            ({"team": ("Nobody",)}, "unknown_agent"),
            ({"continues": "nothing"}, "unknown_group"),
        ):
            with pytest.raises(Refused) as refused:
                await net.goal(**fields)
            assert refused.value.code == code
        assert net.hub.goal_book.open_goals() == ()


async def test_the_same_goal_twice_is_one_goal(tmp_path):
    async with network(tmp_path) as net:
        first = await net.goal("sums", goal_id="same")
        assert await net.goal("sums", goal_id="same") == first
        with pytest.raises(Refused, match="another goal"):
            await net.goal("something else", goal_id="same")


async def test_goals_survive_a_restart_and_are_offered_again(tmp_path):
    store, clock = MemoryStore(), ManualClock()
    async with network(tmp_path, store=store, clock=clock) as net:
        await net.register("Ann", "sums")
        waiting = await net.goal("sums", budgets=Budgets(turn_timeout_s=60, group_timeout_s=500))
        tokens = net.tokens
    await clock.advance(10_000)
    async with network(tmp_path, store=store, clock=clock) as net:
        net.tokens = tokens
        ann = await net.connect("Ann")
        await ann.until(lambda: ann.offers)
        assert ann.offers[0].goal_id == waiting.goal_id
        await clock.advance(29)
        assert status(net, waiting) == "forming"


async def test_removing_the_agent_that_was_asked_asks_the_next(tmp_path):
    async with network(tmp_path) as net:
        await net.join("Best", "sums columns")
        other = await net.join("Other", "sums")
        best = net.agents["Best"]
        await net.goal("sums columns")
        await best.until(lambda: best.offers)
        await net.hub.registry.remove("Best")
        net.hub.goals.forget_agent("Best")
        await other.until(lambda: other.offers)
