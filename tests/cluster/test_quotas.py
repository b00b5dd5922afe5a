"""Quotas hold over all replicas together."""

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from ioa.adapters.bus.local import Exchange, LocalBus
from ioa.adapters.clock import SystemClock
from ioa.adapters.store.opening import open_store
from ioa.hub.hub import Hub
from ioa.hub.quota_settings import QuotaChange, Quotas
from ioa.hub.security import Identity
from ioa.hub.settings import HubSettings
from ioa.protocol.errors import Refused
from tests.cluster.cluster import cluster
from tests.hub.network import Network, WordIndex, settled

ROOT = Identity("operator", "root", operator=True)
MOST = 5


async def outcomes(*work):
    """How often each code was refused; "" stands for what was not."""
    done = await asyncio.gather(*work, return_exceptions=True)
    codes = [one.code if isinstance(one, Refused) else "" for one in done]
    assert not [one for one in done if isinstance(one, BaseException) and not isinstance(one, Refused)]
    return {code: codes.count(code) for code in codes}


@pytest.mark.parametrize("cut", [False, True], ids=["told of each other", "not told"])
async def test_a_user_has_so_many_open_goals_however_many_replicas_are_asked_at_once(tmp_path, cut):
    async with cluster(tmp_path, replicas=3, quotas=Quotas(open_goals=MOST)) as made:
        if cut:
            await made.cut()
        asked = [net.goal(f"goal {n}") for n in range(4) for net in made.nets]
        assert await outcomes(*asked) == {"": MOST, "too_many": 12 - MOST}
        open_goals = [goal.goal_id for goal in made.nets[0].hub.goal_book.open_goals()]
        await made.nets[0].hub.goals.cancel(open_goals[0])
        assert await outcomes(*(net.goal("one more") for net in made.nets)) == {"": 1, "too_many": 2}


async def test_a_goal_that_comes_twice_at_once_is_one(tmp_path):
    async with cluster(tmp_path, quotas=Quotas(open_goals=MOST)) as made:
        goals = await asyncio.gather(*(net.goal("the goal", goal_id="g") for net in made.nets for _ in range(2)))
        assert {goal.goal_id for goal in goals} == {"g"}


async def test_a_user_has_so_many_agents_however_many_replicas_are_asked_at_once(tmp_path):
    async with cluster(tmp_path, replicas=3, quotas=Quotas(agents=MOST)) as made:
        await made.cut()
        asked = [net.register(f"agent {n} of {place}") for n in range(4) for place, net in enumerate(made.nets)]
        assert await outcomes(*asked) == {"": MOST, "too_many": 12 - MOST}
        for net in made.nets:
            await net.hub.catch_up()
            assert net.hub.registry.owned_by("me") == MOST
        name = next(agent.card.name for agent in made.nets[0].hub.registry.all())
        await made.nets[0].hub.registry.remove(name)
        assert await outcomes(*(net.register(f"new {place}") for place, net in enumerate(made.nets))) == {
            "": 1,
            "too_many": 2,
        }


async def test_a_name_that_two_replicas_are_asked_for_at_once_is_given_once(tmp_path):
    async with cluster(tmp_path, quotas=Quotas(agents=MOST)) as made:
        found = await outcomes(*(net.register("Ada", owner=f"u{place}") for place, net in enumerate(made.nets)))
        assert found.pop("") == 1
        assert found.keys() <= {"unavailable", "name_taken"}
        for net in made.nets:
            await net.hub.catch_up()
        assert len({net.hub.registry.named("Ada").token_hash for net in made.nets}) == 1


async def test_files_fill_what_a_user_may_store_wherever_they_are_uploaded(tmp_path):
    async def chunks(data):
        yield data

    async with cluster(tmp_path, quotas=Quotas(stored_bytes=1_000)) as made:
        await made.cut()
        asked = [
            net.hub.artifacts.put("@me", "a.bin", "application/octet-stream", chunks(f"{n} {place}".encode() * 25))
            for n in range(10)
            for place, net in enumerate(made.nets)
        ]
        found = await outcomes(*asked)
        stored = [await net.hub.quotas.stored("me") for net in made.nets]
        assert found == {"": 13, "too_many": 7}
        assert stored == [975, 975]


async def test_postgres_lets_no_more_in_than_a_user_may_have(tmp_path, postgres_url):
    exchange, hubs = Exchange(), []
    async with AsyncExitStack() as stack:
        for number in range(2):
            hub = Hub(
                HubSettings(data_dir=tmp_path / str(number), quotas=Quotas(open_goals=MOST, agents=MOST)),
                store=open_store(postgres_url),
                index=WordIndex(),
                clock=SystemClock(),
                new_id=lambda: uuid4().hex,
                bus=LocalBus(exchange),
            )
            await hub.start()
            stack.push_async_callback(hub.stop)
            hubs.append(Network(hub, hub.clock, hub.store))
        goals = [net.goal(f"goal {n}") for n in range(MOST) for net in hubs]
        assert await outcomes(*goals) == {"": MOST, "too_many": MOST}
        agents = [net.register(f"agent {n} of {place}") for n in range(MOST) for place, net in enumerate(hubs)]
        assert await outcomes(*agents) == {"": MOST, "too_many": MOST}


async def test_quotas_that_an_operator_changes_hold_at_every_replica(tmp_path):
    async with cluster(tmp_path, quotas=Quotas(open_goals=1)) as made:
        here, there = made.nets
        await here.hub.quotas.change(ROOT, "me", QuotaChange(open_goals=2))
        await settled(lambda: there.hub.quotas.of_user("me").open_goals == 2)
        assert await outcomes(there.goal("one"), there.goal("two"), there.goal("three")) == {"": 2, "too_many": 1}
        await there.hub.quotas.change(ROOT, "me", QuotaChange())
        await settled(lambda: here.hub.quotas.of_user("me").open_goals == 1)
