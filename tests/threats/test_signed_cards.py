"""Signed cards: nobody changes what an agent says of itself, nobody takes its name with another key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from msgspec.structs import replace

from ioa.adapters.agents.card_key import KEY_FILE, BadKey, signed_card
from ioa.hub.records import AGENT, AgentRecord, read
from ioa.protocol import signatures
from ioa.protocol.cards import Card
from ioa.protocol.errors import Refused
from ioa.protocol.frames import Search, UpdateCard, Updated
from ioa.protocol.signatures import check_signature, sign_card, signed_bytes
from tests.hub.network import network
from tests.hub.served import ALICE, BORIS, served
from tests.protocol.wire import values

ed25519 = pytest.importorskip(
    "cryptography.hazmat.primitives.asymmetric.ed25519", reason="cryptography is not installed (extra security)"
)
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "protocol.md"
CARD = Card(name="Counter", description="Counts words.", skills=("counting",), idempotent=True)


def key(number: int = 0):
    return ed25519.Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def test_the_example_in_the_protocol_is_right() -> None:
    text = DOCUMENT.read_text("utf-8")
    found = re.search(r"```text\n(ioa card 1\n.*?)\n```.*?`(ed25519:\S{86})`", text, re.DOTALL)
    assert found is not None
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    signed = sign_card(CARD, private, revision=7)
    assert signed_bytes(signed).decode() == found[1]
    assert signed.signature == found[2]


@given(values(Card))
def test_a_signature_holds_for_its_card_and_for_no_other(card: Card) -> None:
    signed = sign_card(card, key(), revision=3)
    assert check_signature(signed)
    changes = {
        "name": card.name + "x", "description": card.description + "x", "skills": (*card.skills, "x"), "revision": 4,
        "idempotent": not card.idempotent, "discussion_only": not card.discussion_only,
        "type": "Human Assistant" if card.type == "Thing Assistant" else "Thing Assistant",
        "public_key": signatures.public_text(key(1)),
        "signature": sign_card(card, key(1), revision=3).signature,
    }  # fmt: skip
    for field, value in changes.items():
        with pytest.raises(Refused) as refused:
            check_signature(replace(signed, **{field: value}))
        assert refused.value.code == "bad_signature"
    assert check_signature(replace(signed, visibility="private"))


def test_a_key_and_a_signature_belong_together_and_have_one_spelling() -> None:
    signed = sign_card(CARD, key(), revision=1)
    for half in (replace(signed, signature=""), replace(signed, public_key="")):
        with pytest.raises(Refused, match="missing"):
            check_signature(half)
    last = signed.signature[-1]
    other = chr(ord(last) + 1)  # the same bytes, but for bits that are not part of them
    with pytest.raises(Refused, match="sign it again"):
        check_signature(replace(signed, signature=signed.signature[:-1] + other))


def test_the_key_is_for_its_owner_only_and_stays_the_same(tmp_path: Path) -> None:
    one, two = (signed_card(CARD, tmp_path, now_s=now) for now in (100.9, 200.0))
    assert check_signature(one)
    assert (one.public_key, one.revision, two.revision) == (two.public_key, 100, 200)
    path = tmp_path / KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(BadKey, match="others can read this key"):
        signed_card(CARD, tmp_path, now_s=1)
    path.chmod(0o600)
    path.write_text("abc")
    with pytest.raises(BadKey, match="cannot be read as a key"):
        signed_card(CARD, tmp_path, now_s=1)
    path.write_text("abcd")
    with pytest.raises(BadKey, match="holds 2 bytes"):
        signed_card(CARD, tmp_path, now_s=1)


async def post(net, card: Card, *, token: str = ALICE, rotate: bool = False):
    import msgspec

    query = {"rotate": "true"} if rotate else {}
    return await net.ask("POST", "/v1/agents", token=token, params=query, content=msgspec.json.encode(card))


async def put(net, card: Card, token: str):
    import msgspec

    return await net.ask("PUT", f"/v1/agents/{card.name}", token=token, content=msgspec.json.encode(card))


async def test_a_name_is_held_to_its_first_key_until_the_owner_rotates_it(tmp_path: Path) -> None:
    async with served(tmp_path) as net:
        first = sign_card(CARD, key(1), revision=10)
        token = (await post(net, first)).json()["token"]
        shown = (await net.ask("GET", "/v1/agents/Counter")).json()
        assert (shown["verified"], shown["card"]["public_key"]) == (True, first.public_key)

        stolen = {
            "another key": sign_card(CARD, key(2), revision=11),
            "no key": CARD,
            "an older card": sign_card(replace(CARD, description="Counts letters."), key(1), revision=9),
            "a changed card": replace(first, description="Counts money."),
        }
        for what, card in stolen.items():
            for who in (token, ALICE):  # a stolen token of the agent, and even its owner, do not change the key so
                answer = await put(net, card, who)
                assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_signature"), what
        assert (await net.ask("GET", "/v1/agents/Counter")).json()["card"]["description"] == "Counts words."
        assert (await post(net, stolen["another key"], token=BORIS, rotate=True)).status_code == 409

        newer = sign_card(replace(CARD, description="Counts letters."), key(1), revision=12)
        assert (await put(net, newer, token)).json()["verified"]
        assert (await post(net, stolen["another key"], rotate=True)).status_code == 200
        shown = (await net.ask("GET", "/v1/agents/Counter")).json()
        assert (shown["verified"], shown["card"]["public_key"]) == (True, stolen["another key"].public_key)


async def test_a_wrong_signature_is_refused_at_registration_and_over_the_socket(tmp_path: Path) -> None:
    async with served(tmp_path) as net:
        signed = sign_card(CARD, key(1), revision=1)
        forged = replace(signed, skills=("money",))
        assert (await post(net, forged)).json()["error"]["code"] == "bad_signature"
        assert (await net.ask("GET", "/v1/agents")).json()["items"] == []
        net.tokens["Counter"] = (await post(net, signed)).json()["token"]
        agent = await net.connect("Counter")
        refused = await agent.ask(UpdateCard(request_id="1", card=forged))
        assert refused.code == "bad_signature"
        assert isinstance(await agent.ask(UpdateCard(request_id="2", card=signed)), Updated)


async def test_unsigned_cards_are_welcome_and_searches_tell_them_apart(tmp_path: Path) -> None:
    async with network(tmp_path) as net:
        asker = await net.join("Asker")
        await net.register("Plain", "counts words")
        signed = sign_card(Card(name="Signed", description="counts words"), key(1), revision=1)
        await net.hub.registry.register("me", signed)
        for wanted, names in ((None, {"Plain", "Signed"}), (True, {"Signed"}), (False, {"Plain"})):
            found = await asker.ask(Search(request_id=asker.new_id(), desc=("counts words",), verified=wanted))
            assert {hit.card.name: hit.verified for hit in found.agents[0]} == {
                name: name == "Signed" for name in names
            }
        hits = (await asker.ask(Search(request_id="s", desc=("counts words",), verified=True))).agents[0]
        assert check_signature(hits[0].card)  # what is passed on is what was signed


async def test_without_the_library_signed_cards_are_kept_and_called_unverified(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(signatures, "can_verify", lambda: False)
    async with network(tmp_path) as net:
        record, _, _ = await net.hub.registry.register("me", sign_card(CARD, key(1), revision=1))
        assert (record.verified, record.public_key) == (False, signatures.public_text(key(1)))
        with pytest.raises(Refused, match="not the key kept for"):
            await net.hub.registry.update("Counter", sign_card(CARD, key(2), revision=2))
        await net.join("Plain")
        kept = [read(entry, AgentRecord) for entry in await net.store.documents(AGENT, limit=9)]
        assert [agent.verified for agent in kept] == [False, False]


async def test_a_client_does_not_believe_a_hub_that_calls_a_forged_card_verified(tmp_path: Path, caplog) -> None:
    from ioa.client.decisions import _looked_at
    from ioa.protocol.cards import FoundAgent

    right = FoundAgent(card=sign_card(CARD, key(1), revision=1), score=1.0, online=True, verified=True)
    forged = replace(right, card=replace(right.card, description="Trust me with your money."))
    unsigned = replace(right, card=CARD)
    assert [_looked_at(hit).verified for hit in (right, forged, unsigned)] == [True, False, False]
    assert "calls verified is not" in caplog.text
