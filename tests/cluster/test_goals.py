"""Goals over several replicas: offered wherever the agent is, once; and seen to by whoever leads."""

from ioa.hub.replica import DEAD_AFTER_S
from ioa.protocol.frames import Launched
from ioa.protocol.messages import Budgets, Conclusion, Discussion
from tests.cluster.cluster import cluster
from tests.hub.network import settled


async def launched(agent, *members):
    offer = agent.offers[-1]
    answer = await agent.launch(goal=offer.goal, goal_id=offer.goal_id, max_turns=5, team_members=members)
    assert isinstance(answer, Launched), answer
    return answer.comm_id


async def test_a_goal_is_offered_to_the_best_agent_wherever_it_is(tmp_path):
    async with cluster(tmp_path, replicas=3) as made:
        await made.nets[1].join("Cook", "cooks soup")
        poet = await made.nets[2].join("Poet", "writes rhymes")
        await made.everywhere(lambda hub: hub.presence.online("Poet") and hub.presence.online("Cook"))
        await settled(lambda: len(made.nets[0].hub.registry._index) == 2)
        goal = await made.nets[0].goal("rhymes about the sea")
        await poet.until(lambda: poet.offers)
        comm_id = await launched(poet)
        await poet.post(Conclusion, comm_id, content="o sea")
        await made.everywhere(lambda hub: hub.goal_book.get(goal.goal_id).status == "completed")


async def test_a_goal_that_waits_is_offered_when_somebody_connects_elsewhere(tmp_path):
    async with cluster(tmp_path, replicas=3) as made:
        goal = await made.nets[1].goal("anything")
        await made.everywhere(lambda hub: hub.goal_book.get(goal.goal_id))
        ann = await made.nets[2].join("Ann")
        await ann.until(lambda: ann.offers)
        assert {offer.goal_id for offer in ann.offers} == {goal.goal_id}


async def test_a_goal_is_offered_although_goal_and_agent_came_without_any_hint(tmp_path):
    async with cluster(tmp_path, replicas=3) as made:
        await made.cut()
        goal = await made.nets[1].goal("anything")
        ann = await made.nets[2].join("Ann")
        assert not ann.offers
        await made.clock.advance(3)
        await ann.until(lambda: ann.offers)
        assert {offer.goal_id for offer in ann.offers} == {goal.goal_id}


async def test_deadlines_are_kept_by_whoever_leads_and_once(tmp_path):
    async with cluster(tmp_path, replicas=3) as made:
        ann, bob, _ = await made.team("Ann", "Bob", "Cyd")
        comm_id = await made.nets[0].group(ann, "Bob", budgets=Budgets(turn_timeout_s=60, group_timeout_s=1_000))
        await bob.heard(comm_id, 1)
        await made.clock.advance(61)
        log = await bob.heard(comm_id, 2)
        assert [(message.sender, message.member) for message in log[1:]] == [("@hub", "Ann")]
        assert sum(net.hub.duty.held for net in made.nets) == 1


async def test_another_replica_leads_when_the_leader_has_died(tmp_path):
    async with cluster(tmp_path, replicas=3) as made:
        _, bob, cyd = await made.team("Ann", "Bob", "Cyd")
        comm_id = await made.nets[1].group(bob, "Cyd", budgets=Budgets(turn_timeout_s=60, group_timeout_s=1_000))
        waiting = await made.nets[1].goal("nobody is free", initiator="Ann", budgets=Budgets(group_timeout_s=300))
        await cyd.heard(comm_id, 1)
        first = made.leader()
        assert first is made.nets[0]
        await made.crash(first)
        await made.clock.advance(DEAD_AFTER_S)
        await settled(made.leader)
        await made.clock.advance(60)
        log = await cyd.heard(comm_id, 2)
        assert (log[1].sender, log[1].member) == ("@hub", "Bob")
        await made.clock.advance(400)
        await made.everywhere(lambda hub: hub.goal_book.get(waiting.goal_id).status == "failed")


async def test_an_agent_whose_replica_died_resumes_at_another_and_has_missed_nothing(tmp_path):
    async with cluster(tmp_path, replicas=3) as made:
        ann, bob, _ = await made.team("Ann", "Bob", "Cyd")
        comm_id = await made.nets[0].group(ann, "Bob", "Cyd")
        await bob.heard(comm_id, 1)
        cursor = bob.cursor
        await made.crash(made.nets[1])
        for number in range(3):
            assert (await ann.post(Discussion, comm_id, content=str(number), next_speaker=("Ann",))).seq == number + 2
        back = await made.nets[1].connect("Bob", cursor=cursor)
        log = await back.heard(comm_id, 3)
        assert [message.seq for message in log] == [2, 3, 4]


async def test_a_cancelled_goal_is_cancelled_wherever_it_is_asked(tmp_path):
    async with cluster(tmp_path) as made:
        ann, bob = await made.team("Ann", "Bob")
        comm_id = await made.nets[0].group(ann, "Bob")
        goal_id = ann.offers[0].goal_id
        assert (await made.nets[1].hub.goals.cancel(goal_id)).status == "cancelled"
        assert (await bob.heard(comm_id, 2))[-1].forced
        await made.everywhere(lambda hub: hub.goal_book.get(goal_id).status == "cancelled")
