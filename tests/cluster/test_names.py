"""A replica that lags behind its store knows by name what another has registered: it looks before it refuses."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest

from ioa.adapters.store.memory import MemoryStore
from ioa.adapters.transport.memory import memory_pair
from ioa.hub.following import LOOK_EVERY_S
from ioa.hub.http import build_app
from ioa.hub.records import AGENT
from ioa.hub.security import Identity, Peer
from ioa.protocol.cards import Card
from ioa.protocol.errors import Refused
from ioa.protocol.frames import Launched
from tests.cluster.cluster import cluster
from tests.hub.network import TestAgent, network

ME = {"Authorization": "Bearer a-token-of-the-user-me-of-the-tests"}


@asynccontextmanager
async def lagging(tmp_path):
    """Two replicas that hear nothing of each other, and look for themselves when the clock moves: it stands."""
    async with cluster(tmp_path) as made:
        await made.nets[1].join("Ann")
        await made.cut()
        yield made.nets


def api(net):
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(build_app(net.hub)), base_url="http://hub", headers=ME, timeout=60
    )


async def test_a_goal_names_agents_that_were_registered_at_another_replica(tmp_path):
    async with lagging(tmp_path) as (one, two):
        await one.register("Poet")
        await one.register("Cook")
        assert two.hub.registry.get("Poet") is None
        goal = await two.goal("rhymes", initiator="poet", team=("Cook", "Poet"))
        assert (goal.named, goal.team) == ("Poet", ("Cook", "Poet"))
        with pytest.raises(Refused) as refused:
            await two.goal("rhymes", initiator="Poe\0t")
        assert refused.value.code == "unknown_agent"


async def test_a_team_has_members_that_were_registered_at_another_replica(tmp_path):
    async with lagging(tmp_path) as (one, two):
        await one.register("Poet")
        ann = two.agents["Ann"]
        await two.goal("rhymes", initiator="Ann")
        await ann.until(lambda: ann.offers)
        offer = ann.offers[-1]
        asked = {"goal": offer.goal, "goal_id": offer.goal_id, "max_turns": 5}
        answer = await ann.launch(**asked, team_members=("Nobody",))
        assert answer.code == "unknown_agent"
        answer = await ann.launch(**asked, team_members=("Poet",))
        assert isinstance(answer, Launched), answer


async def test_an_agent_is_shown_changed_and_removed_at_a_replica_that_has_not_heard_of_it(tmp_path):
    async with lagging(tmp_path) as (one, two), api(two) as http:
        for name in ("Poet", "Cook", "Monk"):
            await one.register(name)
        assert (await http.get("/v1/agents/Poet")).json()["name"] == "Poet"
        assert (await http.get("/v1/agents/Nobody")).status_code == 404
        changed = await http.put("/v1/agents/Cook", json={"name": "Cook", "description": "bakes bread"})
        assert changed.json()["card"]["description"] == "bakes bread", changed.text
        assert (await http.delete("/v1/agents/Monk")).status_code == 200
        await one.register("Last")
        assert (await http.get("/v1/agents", params={"after": "Last"})).json()["items"] == []


async def test_an_agent_that_was_removed_and_registered_again_is_known(tmp_path):
    async with cluster(tmp_path) as made:
        one, two = made.nets
        await one.register("Poet")
        await one.hub.registry.remove("Poet")
        await made.cut()
        await one.register("Poet", "writes rhymes")
        assert two.hub.registry.get("Poet") is None
        assert (await two.goal("rhymes", initiator="Poet")).named == "Poet"


async def test_an_agent_that_was_shown_to_all_elsewhere_is_seen(tmp_path):
    async with cluster(tmp_path) as made:
        one, two = made.nets
        await one.register("Poet", owner="bob", visibility="private")
        await made.cut()
        with pytest.raises(Refused):
            await two.goal("rhymes", initiator="Poet")
        await one.hub.registry.update("Poet", Card(name="Poet", description="does things", visibility="public"))
        assert (await two.goal("rhymes", initiator="Poet")).named == "Poet"


async def test_a_token_that_was_made_at_another_replica_is_good_and_can_be_revoked(tmp_path):
    async with lagging(tmp_path) as (one, two):
        async with api(one) as http:
            await one.register("Poet")
            made = (await http.post("/v1/tokens", json={"scope": "agent", "name": "Poet"})).json()
        two.tokens["Poet"] = made["token"]
        assert (await two.connect("Poet")).welcome.name == "Poet"
        async with api(one) as http:
            made = (await http.post("/v1/tokens", json={"scope": "agent", "name": "Poet"})).json()
        async with api(two) as http:
            assert (await http.delete("/v1/tokens/" + made["view"]["token_id"])).status_code == 200
            assert (await http.delete("/v1/tokens/none-of-mine")).status_code == 404
            await one.register("Cook")
            assert (await http.post("/v1/tokens", json={"scope": "agent", "name": "Cook"})).status_code == 201


@pytest.mark.parametrize("cut", [False, True], ids=["told", "not told"])
async def test_a_connection_ends_with_its_token_or_agent_at_whichever_replica_that_ended(tmp_path, cut):
    async with cluster(tmp_path) as made:
        one, two = made.nets
        user = one.hub.identify("a-token-of-the-user-me-of-the-tests")
        await one.register("Poet")
        record, two.tokens["Poet"] = await one.hub.tokens.make(user, "agent", "Poet")
        poet = await two.connect("Poet")
        await one.register("Cook")
        await two.hub.catch_up()
        mine, theirs = memory_pair(64)
        serving = asyncio.create_task(two.hub.serve(theirs, Peer(certificate=Identity("agent", "Cook"))))
        cook = TestAgent("Cook", mine)
        await cook.hello("certificate")
        await cook.until(lambda: cook.welcome)
        if cut:
            await made.cut()
        await one.hub.tokens.revoke(user, record.token_id)
        async with api(one) as http:
            assert (await http.delete("/v1/agents/Cook")).status_code == 200
        await made.clock.advance(LOOK_EVERY_S)  # that long at most, and nothing is asked of the replica meanwhile
        assert (await poet.until_closed()).code == 4401
        assert (await cook.until_closed()).code == 4401
        await serving


async def test_a_certificate_names_an_agent_that_was_registered_at_another_replica(tmp_path):
    async with lagging(tmp_path) as (one, two):
        peer = Peer(address="192.0.2.1", certificate=Identity("agent", "Poet"))
        with pytest.raises(Refused):
            await two.hub.sign_in.identify("certificate", peer)
        await one.register("Poet")
        assert (await two.hub.sign_in.identify("certificate", peer)).name == "Poet"


class Unread(MemoryStore):
    """Says what it is asked for."""

    def __init__(self):
        super().__init__()
        self.asked = []

    async def document(self, kind, key):
        self.asked.append((kind, key))
        return await super().document(kind, key)


async def test_a_hub_alone_reads_nothing_to_refuse_a_name(tmp_path):
    store = Unread()
    async with network(tmp_path, store=store) as net:
        with pytest.raises(Refused):
            await net.hub.registry.look_up("Poet")
        assert [kind for kind, _ in store.asked if kind == AGENT] == []  # its start may still be reading other things
