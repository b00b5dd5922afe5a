"""Registration and discovery: cards, tokens, filters before the cut, presence, and what a restart keeps."""

import asyncio

import pytest

from ioa.adapters.store.memory import MemoryStore
from ioa.hub.settings import Limits
from ioa.protocol.cards import Card, Evaluation
from ioa.protocol.codec import encode
from ioa.protocol.errors import Refused
from ioa.protocol.frames import PublishContacts, Search, UpdateCard
from tests.hub.network import WordIndex, network, settled


def names(found, phrase=0):
    return [agent.card.name for agent in found.agents[phrase]]


async def search(agent, *desc, **fields):
    return await agent.ask(Search(request_id=agent.new_id(), desc=desc, **fields))


async def test_search_finds_per_phrase_best_first_and_never_the_searcher(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann", "reads tables and plots")
        await net.register("Tab", "reads tables")
        await net.register("Plot", "plots charts")
        found = await search(ann, "reads tables", "plots")
        assert names(found, 0) == ["Tab"]
        assert names(found, 1) == ["Plot"]
        assert found.agents[1][0].phrase == 1
        assert 0 < found.agents[0][0].score <= 1


async def test_filters_apply_before_the_cut(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann", "asks")
        for number in range(20):
            await net.register(f"Away {number}", "reads tables well")
        await net.join("Here", "reads")
        await net.register("Person", "reads", type="Human Assistant")
        await net.register("Skilled", "reads", skills=("Excel  Files", "csv"))
        assert names(await search(ann, "reads tables", limit=3, online=True)) == ["Here"]
        assert names(await search(ann, "reads tables", limit=3, type="Human Assistant")) == ["Person"]
        assert names(await search(ann, "reads tables", limit=3, skill="excel files")) == ["Skilled"]
        assert names(await search(ann, "reads tables", limit=3, skill="excel")) == []
        assert len(names(await search(ann, "reads tables", limit=3))) == 3
        assert len(names(await search(ann, "reads tables", limit=100, threshold=0.9))) == 20
        assert len(names(await search(ann, "reads tables", limit=100, online=False))) == 22


async def test_members_of_the_team_are_scored_even_past_the_limit(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann", "asks")
        await net.register("Best", "reads tables")
        await net.register("Mate", "tables")
        found = await search(ann, "reads tables", limit=1, team=("Mate", "Ann", "Nobody"))
        assert names(found) == ["Best", "Mate"]
        assert found.agents[0][1].score < found.agents[0][0].score


async def test_an_empty_phrase_is_refused_by_number(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        answer = await search(ann, "reads", "  ")
        assert (answer.code, "phrase 2" in answer.rule) == ("empty", True)


async def test_a_new_card_is_what_is_found(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        bob = await net.join("Bob", "reads tables")
        renamed = await bob.ask(UpdateCard(request_id="u0", card=Card(name="Rob", description="x")))
        assert renamed.code == "bad_name"
        await bob.ask(UpdateCard(request_id="u", card=Card(name="Bob", description="plots charts")))
        assert names(await search(ann, "plots charts")) == ["Bob"]
        assert names(await search(ann, "reads tables")) == []


async def test_presence_follows_the_connection(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        bob = await net.join("Bob", "reads")
        assert (await search(ann, "reads")).agents[0][0].online
        await bob.leave()
        await settled(lambda: not net.hub.sessions.online("Bob"))
        assert not (await search(ann, "reads")).agents[0][0].online


async def test_the_name_of_a_removed_agent_stays_its_owners(tmp_path):
    async with network(tmp_path) as net:
        token = await net.register("Ann", "reads")
        await net.hub.registry.remove("Ann")
        with pytest.raises(Refused, match="not known"):
            net.hub.identify(token)
        assert net.hub.registry.get("Ann") is None
        with pytest.raises(Refused) as refused:
            await net.register("ann", owner="thief")
        assert refused.value.code == "name_taken"
        await net.register("Ann", "is back")
        assert net.hub.registry.named("Ann").card.description == "is back"


async def test_only_a_rotation_by_the_owner_gives_a_new_token_and_ends_the_old_one(tmp_path):
    async with network(tmp_path) as net:
        old = await net.register("Ann")
        with pytest.raises(Refused) as refused:
            await net.register("Ann")
        assert refused.value.code == "name_taken"
        assert any("rotate" in way for way in refused.value.legal)
        _, new, is_new = await net.hub.registry.register("me", Card(name="Ann", description="x"), rotate=True)
        assert not is_new
        assert net.hub.identify(new).name == "Ann"
        with pytest.raises(Refused):
            net.hub.identify(old)
        with pytest.raises(Refused):
            await net.hub.registry.register("thief", Card(name="Ann", description="x"), rotate=True)


async def test_of_many_who_want_one_name_at_once_one_gets_it(tmp_path):
    async with network(tmp_path) as net:
        wanted = [net.register(spelling, owner=owner) for owner in "abc" for spelling in ("Ann", "ANN")]
        answers = await asyncio.gather(*wanted, return_exceptions=True)
        assert [isinstance(answer, str) for answer in answers].count(True) == 1


async def test_registrations_are_bounded_in_rate_and_number(tmp_path):
    limits = Limits(registrations_per_s=1, registrations_burst=4, agents_a_user=3)
    async with network(tmp_path, limits=limits) as net:
        for name in "abc":
            await net.register(name)
        with pytest.raises(Refused) as refused:
            await net.register("d")
        assert refused.value.code == "too_many"
        with pytest.raises(Refused) as refused:
            await net.register("e")
        assert refused.value.code == "too_fast"
        await net.register("f", owner="another")


async def test_agents_tokens_cards_and_contacts_survive_a_restart(tmp_path):
    store = MemoryStore()
    async with network(tmp_path, store=store) as net:
        ann = await net.join("Ann", "reads tables", skills=("csv",), idempotent=True)
        await net.register("Gone", "reads too")
        await net.hub.registry.remove("Gone")
        contacts = (Evaluation(name="Bob", completed=3, failed=1, mean_duration_s=2.5, last_at=9.0),)
        await ann.connection.send(encode(PublishContacts(contacts=contacts)))
        await ann.ask(UpdateCard(request_id="after", card=Card(name="Ann", description="reads", idempotent=True)))
        stored = await store.document("contacts", "Ann")
        assert stored is not None
        assert b"Bob" in stored.body
        tokens = net.tokens
    index = WordIndex()
    async with network(tmp_path, store=store, index=index) as net:
        net.tokens = tokens
        assert list(index.texts) == ["Ann"]
        record = net.hub.registry.named("ann")
        assert (record.card.description, record.card.idempotent) == ("reads", True)
        await net.connect("Ann")
        assert net.hub.identify(tokens["Ann"]).name == "Ann"


async def test_many_registrations_at_once_are_indexed_in_batches(tmp_path):
    class CountingIndex(WordIndex):
        calls = 0

        def put_many(self, cards):
            self.calls += 1
            super().put_many(cards)

    index = CountingIndex()
    async with network(tmp_path, index=index) as net:
        await asyncio.gather(*(net.register(f"agent {number}", "reads") for number in range(300)))
        assert len(index) == 300
        assert index.calls < 30


async def test_an_index_that_fails_does_not_stop_registration(tmp_path, caplog):
    class BrokenIndex(WordIndex):
        def put_many(self, cards):
            if cards:
                raise ValueError("out of order")

    async with network(tmp_path, index=BrokenIndex()) as net:
        await net.register("Ann")
        await net.register("Bob")
        assert "cannot index" in caplog.text
