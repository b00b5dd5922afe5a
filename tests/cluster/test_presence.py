"""Who is registered and connected is known at every replica, and an agent is connected once."""

import pytest

from ioa.hub.replica import DEAD_AFTER_S
from ioa.hub.session_management import SUPERSEDED
from ioa.protocol.cards import Card
from ioa.protocol.errors import Refused
from tests.cluster.cluster import cluster
from tests.hub.network import settled


async def found(net, text, **filters):
    ((*hits,),) = await net.hub.query.search("nobody", (text,), **filters)
    return [(hit.card.name, hit.online) for hit in hits]


async def test_an_agent_is_found_at_every_replica_with_whether_it_is_there(tmp_path):
    async with cluster(tmp_path, replicas=3) as made:
        await made.nets[1].register("Poet", "writes rhymes")
        await made.everywhere(lambda hub: hub.registry.get("Poet"))
        await made.nets[1].hub.catch_up()
        for net in made.nets:
            await settled(lambda net=net: len(net.hub.registry._index) == 1)
            assert await found(net, "rhymes") == [("Poet", False)]
        poet = await made.nets[2].connect("Poet")
        await made.everywhere(lambda hub: hub.presence.online("Poet"))
        for net in made.nets:
            assert await found(net, "rhymes", online=True) == [("Poet", True)]
            assert net.hub.presence.names() == ("Poet",)
        await poet.leave()
        await made.everywhere(lambda hub: not hub.presence.online("Poet"))
        assert await found(made.nets[0], "rhymes", online=False) == [("Poet", False)]


async def test_what_is_changed_or_removed_at_one_replica_is_so_at_the_others(tmp_path):
    async with cluster(tmp_path) as made:
        one, two = made.nets
        await one.register("Poet", "writes rhymes")
        await made.everywhere(lambda hub: hub.registry.get("Poet"))
        await two.hub.registry.update("Poet", Card(name="Poet", description="paints walls"))
        await settled(lambda: one.hub.registry.get("Poet").card.description == "paints walls")
        await settled(lambda: "walls" in one.hub.registry._index.texts["Poet"])
        assert await found(one, "rhymes") == []
        await one.hub.registry.remove("Poet")
        await settled(lambda: two.hub.registry.get("Poet") is None)
        await settled(lambda: len(two.hub.registry._index) == 0)


async def test_one_name_is_given_once(tmp_path):
    async with cluster(tmp_path) as made:
        one, two = made.nets
        await made.cut()
        await one.register("Poet", owner="ann")
        with pytest.raises(Refused) as refused:
            await two.register("Poet", owner="bob")
        assert refused.value.code == "unavailable"  # of the moment: now the second replica knows
        with pytest.raises(Refused) as refused:
            await two.register("Poet", owner="bob")
        assert refused.value.code == "name_taken"


async def test_a_token_is_good_at_once_at_a_replica_that_has_not_heard_of_it(tmp_path):
    async with cluster(tmp_path) as made:
        await made.cut()
        await made.nets[0].register("Poet")
        assert made.nets[1].hub.registry.get("Poet") is None
        poet = await made.nets[1].connect("Poet")
        assert poet.welcome.name == "Poet"


async def test_the_newest_connection_of_an_agent_ends_the_one_at_another_replica(tmp_path):
    async with cluster(tmp_path, replicas=3) as made:
        first = await made.nets[0].join("Ann")
        second = await made.nets[1].connect("Ann")
        assert (await first.until_closed()).code == SUPERSEDED
        third = await made.nets[0].connect("Ann")
        assert (await second.until_closed()).code == SUPERSEDED
        await made.everywhere(lambda hub: hub.presence.online("Ann"))
        assert third.closed is None


async def test_of_two_connections_without_hints_the_newer_one_stays(tmp_path):
    async with cluster(tmp_path) as made:
        first = await made.nets[0].join("Ann")
        await made.cut()
        second = await made.nets[1].connect("Ann")
        await made.clock.advance(1.5)
        assert (await first.until_closed()).code == SUPERSEDED
        await made.clock.advance(3)
        assert second.closed is None
        assert all(net.hub.presence.online("Ann") for net in made.nets)


async def test_the_agents_of_a_replica_that_died_are_away_until_they_connect_again(tmp_path):
    async with cluster(tmp_path, replicas=3) as made:
        await made.team("Ann", "Bob", "Cyd")
        dying = made.nets[1]
        await made.crash(dying)
        assert all(net.hub.presence.online("Bob") for net in made.nets)
        await made.clock.advance(DEAD_AFTER_S + 2)
        await made.everywhere(lambda hub: not hub.presence.online("Bob"))
        assert all(net.hub.presence.online("Cyd") for net in made.nets)
        await made.nets[0].connect("Bob")
        await made.everywhere(lambda hub: hub.presence.online("Bob"))


async def test_the_agents_of_a_replica_that_is_stopped_are_away_at_once(tmp_path):
    async with cluster(tmp_path) as made:
        _, bob = await made.team("Ann", "Bob")
        stopping = made.nets.pop()
        await stopping.hub.stop()
        assert (await bob.until_closed()).code == 1001
        await made.everywhere(lambda hub: not hub.presence.online("Bob"))
        await stopping.stop()
