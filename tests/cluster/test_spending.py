"""A goal's budget holds over all replicas together."""

import asyncio

from ioa.protocol.frames import Granted, Recorded, Refusal, Spend, Spent
from ioa.protocol.messages import Budgets, Usage
from tests.cluster.cluster import cluster


def call(name, comm_id, tokens=100):
    return Spend(request_id=name, comm_id=comm_id, decision="turn", model="test:m", tokens=tokens)


async def test_no_more_is_granted_than_the_budget_however_many_ask_at_once(tmp_path):
    async with cluster(tmp_path, replicas=3) as made:
        agents = await made.team("Ann", "Bob", "Cyd")
        comm_id = await made.nets[0].group(agents[0], "Bob", "Cyd", budgets=Budgets(tokens=1_000))
        asked = [agent.ask(call(f"s{n}", comm_id)) for n in range(6) for agent in agents]
        answers = await asyncio.gather(*asked)
        assert [type(answer) for answer in answers].count(Granted) == 10
        assert {answer.code for answer in answers if isinstance(answer, Refusal)} == {"budget_spent"}


async def test_what_is_told_at_another_replica_counts_once_and_frees_the_rest(tmp_path):
    async with cluster(tmp_path) as made:
        ann, bob = await made.team("Ann", "Bob")
        comm_id = await made.nets[0].group(ann, "Bob", budgets=Budgets(tokens=1_000))
        big = call("s1", comm_id, tokens=1_000)
        assert isinstance(await bob.ask(big), Granted)
        assert isinstance(await ann.ask(call("s2", comm_id)), Refusal)
        bob = await made.nets[0].connect("Bob")
        usage = Usage(calls=1, input_tokens=60, output_tokens=20, cost_usd=0.5, model="test:m")
        for name in ("t1", "t2"):
            assert isinstance(await bob.ask(Spent(request_id=name, spend=big, usage=usage)), Recorded)
        assert isinstance(await ann.ask(call("s3", comm_id)), Granted)
        for net in made.nets:
            account = await net.hub.accounts.of_goal(ann.offers[0].goal_id)
            assert (account.calls, account.input_tokens, list(account.kept)) == (1, 60, ["Ann/s3"])
