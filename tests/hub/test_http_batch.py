"""HTTP: many agents registered by one request."""

from __future__ import annotations

from ioa.hub.settings import Limits
from tests.hub.served import ALICE, BORIS, served


def card(name, description="adds numbers"):
    return {"name": name, "description": description}


async def batch(net, cards, query="", **rest):
    return await net.ask("POST", f"/v1/agents/batch{query}", json={"agents": cards}, **rest)


async def test_each_card_is_registered_or_refused_by_itself_in_order(tmp_path):
    async with served(tmp_path) as net:
        await net.register("Taken", token=BORIS)
        answer = await batch(
            net, [card("Ann"), card("Taken"), card("ann"), card("@hub"), card("Bob", " "), card("Cid")]
        )
        assert answer.status_code == 200, answer.text
        told = answer.json()["agents"]
        assert [one["name"] for one in told] == ["Ann", "Taken", "ann", "@hub", "Bob", "Cid"]
        codes = [one["error"]["code"] if "error" in one else None for one in told]
        assert codes == [None, "name_taken", "name_taken", "bad_name", "empty", None]
        listed = (await net.ask("GET", "/v1/agents")).json()["items"]
        assert {one["name"] for one in listed} == {"Taken", "Ann", "Cid"}
        net.tokens["Cid"] = told[-1]["token"]
        cid = await net.connect("Cid")
        assert cid.welcome
        found = (await net.ask("GET", "/v1/agents?search=adds+numbers")).json()["items"]
        assert {"Ann", "Cid"} <= {one["name"] for one in found}


async def test_a_thousand_are_registered_and_audited_and_one_more_is_refused(tmp_path):
    async with served(tmp_path, operators={"root": "root-token-of-more-than-20-characters"}) as net:
        cards = [card(f"A{number}") for number in range(1_001)]
        refused = await batch(net, cards)
        assert refused.status_code == 400
        assert "agents" in refused.json()["error"]["message"]
        assert not list(net.hub.registry.all())
        answer = await batch(net, cards[:1_000])
        told = answer.json()["agents"]
        assert [one["name"] for one in told] == [f"A{number}" for number in range(1_000)]
        assert len({one["token"] for one in told}) == 1_000
        assert len(list(net.hub.registry.all())) == 1_000
        audited = await net.ask("GET", "/v1/audit?limit=500", token="root-token-of-more-than-20-characters")
        assert sum(entry["act"] == "agent_registered" for entry in audited.json()["items"]) >= 499


async def test_rotation_ends_the_old_tokens_of_a_batch(tmp_path):
    async with served(tmp_path) as net:
        before = (await batch(net, [card("Ann"), card("Bob")])).json()["agents"]
        after = (await batch(net, [card("Ann"), card("Bob")], "?rotate=true")).json()["agents"]
        for old, new in zip(before, after, strict=True):
            assert (await net.ask("GET", "/v1/me", token=old["token"])).status_code == 401
            assert (await net.ask("GET", "/v1/me", token=new["token"])).status_code == 200


async def test_the_limits_of_single_registration_hold(tmp_path):
    async with served(tmp_path, limits=Limits(registrations_burst=3, registrations_per_s=0.001)) as net:
        told = (await batch(net, [card(f"A{number}") for number in range(5)])).json()["agents"]
        assert [one["error"]["code"] for one in told if "error" in one] == ["too_fast", "too_fast"]


async def test_a_malformed_card_refuses_all_and_agents_may_not(tmp_path):
    async with served(tmp_path) as net:
        answer = await batch(net, [card("Ann"), {"name": "Bob"}])
        assert answer.status_code == 400
        assert "description" in answer.json()["error"]["message"]
        token = await net.register("Eve")
        assert (await batch(net, [card("Ann")], token=token)).status_code == 403
        assert [one["name"] for one in (await net.ask("GET", "/v1/agents", token=ALICE)).json()["items"]] == ["Eve"]


async def test_an_agent_may_be_called_batch(tmp_path):
    async with served(tmp_path) as net:
        await net.register("batch")
        assert (await net.ask("GET", "/v1/agents/batch")).json()["name"] == "batch"
        assert (await net.ask("DELETE", "/v1/agents/batch")).status_code == 200
