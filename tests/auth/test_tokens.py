"""Tokens: made, listed, rotated, revoked; what is open with them ends when they do."""

import asyncio

import pytest

from ioa.adapters.store.memory import MemoryStore
from ioa.hub.known_tokens import REMOVED, REVOKED
from ioa.hub.leases import EXPIRED
from ioa.hub.records import TOKEN, TOKEN_END
from ioa.hub.security import Identity, Peer, token_hash
from ioa.hub.settings import HubSettings, Limits, SettingsError
from ioa.protocol.errors import Refused
from tests.hub.network import TestAgent, network, settled
from tests.hub.served import served

ALICE, BORIS, ROOT = (f"{name}-token-of-more-than-20-characters" for name in ("alice", "boris", "root"))
USER = Identity("user", "me", operator=True)


def settings(folder, **others):
    users = {"alice": ALICE, "boris": BORIS}
    return HubSettings(data_dir=folder, users=users, operators={"root": ROOT}, **others)


async def test_a_new_token_works_beside_the_old_one_and_is_listed_without_its_secret(tmp_path):
    async with network(tmp_path) as net:
        first = await net.register("Ann")
        record, token = await net.hub.tokens.make(USER, "agent", "ann", label="the second")
        for secret in (first, token):
            assert net.hub.identify(secret).speaker == "Ann"
        listed = net.hub.tokens.known.seen_by(USER)
        assert {(one.scope, one.name, one.label) for one in listed if one.scope == "agent"} == {
            ("agent", "Ann", "of its registration"),
            ("agent", "Ann", "the second"),
        }
        assert record.expires_at is None
        stored = [
            entry.body for kind in (TOKEN, TOKEN_END, "agent", "audit") for entry in await net.store.documents(kind)
        ]
        assert token_hash(token).encode() in b"".join(stored)
        for secret in (first, token):
            assert secret.encode() not in b"".join(stored)
            assert secret not in repr(listed)


async def test_tokens_are_known_after_a_restart_and_so_is_their_end(tmp_path):
    store = MemoryStore()
    async with network(tmp_path, store=store) as net:
        await net.register("Ann")
        _, token = await net.hub.tokens.make(USER, "agent", "Ann", expires_in_s=50)
        revoked, other = await net.hub.tokens.make(USER, "user", "bea")
        await net.hub.tokens.revoke(USER, revoked.token_id)
    async with network(tmp_path, store=store) as net:
        assert net.hub.identify(token).name == "Ann"
        with pytest.raises(Refused, match="revoked"):
            net.hub.identify(other)
        await net.clock.advance(51)
        with pytest.raises(Refused, match="expired"):
            net.hub.identify(token)


@pytest.mark.parametrize("how", ["revoked", "expired", "rotated", "removed", "registration revoked"])
async def test_a_connection_ends_with_its_token_and_is_told_why(tmp_path, how):
    async with network(tmp_path) as net:
        await net.register("Ann")
        expires_in_s = 60.0 if how == "expired" else None
        if how != "registration revoked":
            record, net.tokens["Ann"] = await net.hub.tokens.make(USER, "agent", "Ann", expires_in_s=expires_in_s)
        else:
            record = next(one for one in net.hub.tokens.known.seen_by(USER) if one.scope == "agent")
        ann = await net.connect("Ann")
        match how:
            case "revoked" | "registration revoked":
                await net.hub.tokens.revoke(USER, record.token_id)
            case "expired":
                await net.clock.advance(59)
                assert not ann.closed
                await net.clock.advance(1)
            case "rotated":
                _, fresh, _ = await net.hub.tokens.rotate(USER, record.token_id, overlap_s=10)
                assert not ann.closed
                assert net.hub.identify(fresh).name == "Ann"
                assert net.hub.identify(net.tokens["Ann"]).name == "Ann", "both are good while they overlap"
                await net.clock.advance(10)
            case _:
                await net.hub.tokens.end_agent(USER, net.hub.registry.named("Ann"))
        closed = await ann.until_closed()
        assert closed.code == 4401
        assert ann.refusals[-1].code == "not_authenticated"
        assert ann.refusals[-1].rule == (EXPIRED if how in ("expired", "rotated") else REVOKED)
        again = TestAgent("Ann", net.wire())
        await again.hello(net.tokens["Ann"])
        assert (await again.until_closed()).code == 4401
        await settled(lambda: not net.hub.leases)


async def test_a_token_revoked_while_its_connection_is_being_welcomed_does_not_slip_through(tmp_path):
    gate = asyncio.Event()
    gate.set()

    class Slow(MemoryStore):
        async def newest(self):
            await gate.wait()
            return await super().newest()

    store = Slow()
    async with network(tmp_path, store=store) as net:
        await net.register("Ann")
        record, token = await net.hub.tokens.make(USER, "agent", "Ann")
        gate.clear()
        ann = TestAgent("Ann", net.wire())
        await ann.hello(token)
        await net.hub.tokens.revoke(USER, record.token_id)
        gate.set()
        assert (await ann.until_closed()).code == 4401
        assert ann.refusals[-1].rule == REVOKED


async def test_a_name_that_is_registered_again_does_not_bring_back_old_tokens(tmp_path):
    async with network(tmp_path) as net:
        await net.register("Ann")
        _, token = await net.hub.tokens.make(USER, "agent", "Ann")
        await net.clock.advance(1)
        await net.hub.registry.remove("Ann")
        with pytest.raises(Refused, match=REMOVED):
            net.hub.identify(token)
        await net.register("Ann")
        with pytest.raises(Refused, match=REMOVED):
            net.hub.identify(token)


async def test_who_may_make_which_tokens(tmp_path):
    async with network(tmp_path, settings=settings(tmp_path)) as net:
        await net.register("Ann", owner="alice")
        alice, boris, root = (net.hub.identify(token) for token in (ALICE, BORIS, ROOT))
        ann = Identity("agent", "Ann", token_id="x")
        peer = Identity("peer", "elsewhere", token_id="y")
        tokens = net.hub.tokens
        for by, scope, name in (
            (alice, "user", "alice"),
            (alice, "agent", "Ann"),
            (ann, "agent", "Ann"),
            (root, "user", "new one"),
            (root, "operator", "other root"),
            (root, "peer", "elsewhere"),
            (root, "agent", "Ann"),
        ):
            record, token = await tokens.make(by, scope, name)
            assert (record.scope, record.name) == (scope, name)
            assert net.hub.identify(token).kind == scope
        for by, scope, name in (
            (alice, "user", "boris"),
            (alice, "operator", "alice"),
            (alice, "peer", "alice"),
            (boris, "agent", "Ann"),
            (ann, "user", "alice"),
            (ann, "agent", "Bob"),
            (peer, "peer", "elsewhere"),
            (peer, "user", "alice"),
        ):
            with pytest.raises(Refused):
                await tokens.make(by, scope, name)
        for reserved in ("hub", "HUB", "@hub", "", " alice", "a\nb"):
            with pytest.raises(Refused):
                await tokens.make(root, "user", reserved)


async def test_others_tokens_are_as_if_they_were_not_there(tmp_path):
    async with network(tmp_path, settings=settings(tmp_path)) as net:
        await net.register("Ann", owner="alice")
        alice, boris, root = (net.hub.identify(token) for token in (ALICE, BORIS, ROOT))
        record, token = await net.hub.tokens.make(alice, "agent", "Ann")
        messages = set()
        for token_id in (record.token_id, "no-such-token"):
            with pytest.raises(Refused) as refusal:
                await net.hub.tokens.revoke(boris, token_id)
            messages.add((refusal.value.code, refusal.value.rule.replace(token_id, "ID")))
        assert len(messages) == 1
        assert record.token_id not in {one.token_id for one in net.hub.tokens.known.seen_by(boris)}
        assert record.token_id in {one.token_id for one in net.hub.tokens.known.seen_by(root)}
        await net.hub.tokens.revoke(root, record.token_id)
        with pytest.raises(Refused):
            net.hub.identify(token)


async def test_a_token_that_ends_makes_none_that_outlives_it(tmp_path):
    async with network(tmp_path, settings=settings(tmp_path)) as net:
        alice = net.hub.identify(ALICE)
        short, token = await net.hub.tokens.make(alice, "user", "alice", expires_in_s=100)
        me = net.hub.identify(token)
        for expires_in_s in (None, 1_000.0):
            made, _ = await net.hub.tokens.make(me, "user", "alice", expires_in_s=expires_in_s)
            assert made.expires_at == short.expires_at
        rotated, _, _ = await net.hub.tokens.rotate(me, short.token_id, overlap_s=5)
        assert rotated.expires_at == short.expires_at
        await net.clock.advance(1)
        other, _, _ = await net.hub.tokens.rotate(alice, rotated.token_id, overlap_s=5)
        assert other.expires_at is not None
        assert other.expires_at > rotated.expires_at, "the owner's own token prolongs it"


async def test_tokens_of_the_settings_are_changed_there(tmp_path):
    async with network(tmp_path, settings=settings(tmp_path)) as net:
        root = net.hub.identify(ROOT)
        mine = next(one for one in net.hub.tokens.known.seen_by(root) if one.name == "alice")
        with pytest.raises(Refused, match="settings"):
            await net.hub.tokens.revoke(root, mine.token_id)
        with pytest.raises(Refused, match="settings"):
            await net.hub.tokens.rotate(root, mine.token_id, overlap_s=0)
        assert net.hub.identify(ALICE).name == "alice"


async def test_a_holder_has_so_many_tokens_and_no_more(tmp_path):
    async with network(tmp_path, settings=settings(tmp_path, limits=Limits(tokens_a_holder=2))) as net:
        alice = net.hub.identify(ALICE)
        first, _ = await net.hub.tokens.make(alice, "user", "alice")
        with pytest.raises(Refused, match="tokens_a_holder") as refusal:
            await net.hub.tokens.make(alice, "user", "alice")
        assert refusal.value.code == "too_many"
        await net.hub.tokens.revoke(alice, first.token_id)
        await net.hub.tokens.make(alice, "user", "alice")


async def test_all_tokens_of_an_agent_end_while_others_are_made(tmp_path):
    async with served(tmp_path) as net:
        await net.register("Ann")
        ended = [(await net.hub.tokens.make(USER, "agent", "Ann"))[0] for _ in range(2)]
        agent = net.hub.registry.named("Ann")
        await asyncio.gather(net.hub.tokens.end_agent(USER, agent), net.hub.tokens.make(USER, "user", "bea"))
        now = net.hub.tokens.known.seen_by(USER)
        assert all(
            record.revoked_at is not None for record in now if record.token_id in {one.token_id for one in ended}
        )
        assert any(record.name == "bea" for record in now)


async def test_a_replica_learns_of_tokens_that_another_has_made_and_ended(tmp_path):
    store = MemoryStore()
    async with network(tmp_path / "a", store=store) as one, network(tmp_path / "b", store=store) as two:
        await one.register("Ann")
        record, token = await one.hub.tokens.make(USER, "agent", "Ann")
        two.hub.registry._keep(one.hub.registry.named("Ann"))
        assert (await two.hub.sign_in.identify(token)).name == "Ann"
        two.tokens["Ann"] = token
        ann = await two.connect("Ann")
        await one.hub.tokens.revoke(USER, record.token_id)
        await two.hub.tokens.follow()
        assert (await ann.until_closed()).code == 4401
        with pytest.raises(Refused, match="revoked"):
            await two.hub.sign_in.identify(token)


async def test_an_address_that_guesses_is_refused_unheard_and_others_are_not(tmp_path):
    limits = Limits(failed_sign_ins_burst=3, failed_sign_ins_per_s=1.0)
    async with network(tmp_path, settings=settings(tmp_path, limits=limits)) as net:
        here, there = Peer(address="198.51.100.7"), Peer(address="198.51.100.8")
        assert (await net.hub.sign_in.identify(ALICE, here)).name == "alice"
        for number in range(3):
            with pytest.raises(Refused) as refusal:
                await net.hub.sign_in.identify(f"guess {number}", here)
            assert refusal.value.code == "not_authenticated"
        with pytest.raises(Refused) as refusal:
            await net.hub.sign_in.identify(BORIS, here)
        assert refusal.value.code == "too_fast", "a right guess is not told from a wrong one"
        assert (await net.hub.sign_in.identify(ALICE, here)).name == "alice", "who was in before goes on working"
        assert (await net.hub.sign_in.identify(BORIS, there)).name == "boris"
        await net.clock.advance(1)
        with pytest.raises(Refused) as refusal:
            await net.hub.sign_in.identify("guess", here)
        assert refusal.value.code == "not_authenticated"
        await net.clock.advance(60)
        entries = [entry for _, entry in await net.hub.audit.page(before=None, limit=10)]
        assert [(entry.act, entry.address, entry.what) for entry in entries] == [
            ("sign_in_failed", "198.51.100.7", "4 sign-ins")
        ]


async def test_one_ipv6_network_is_one_guesser(tmp_path):
    async with network(tmp_path, limits=Limits(failed_sign_ins_burst=2)) as net:
        for host in range(2):
            with pytest.raises(Refused):
                await net.hub.sign_in.identify("guess", Peer(address=f"2001:db8::{host}"))
        with pytest.raises(Refused) as refusal:
            await net.hub.sign_in.identify("guess", Peer(address="2001:db8::ffff"))
        assert refusal.value.code == "too_fast"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"users": {"hub": ALICE}}, "reserved"),
        ({"operators": {"@x": ALICE}}, "operators"),
        ({"users": {"alice": ALICE}, "operators": {"root": ALICE}}, "same token"),
    ],
)
def test_nobody_is_configured_to_speak_as_the_hub_or_with_anothers_token(tmp_path, wrong, words):
    with pytest.raises(SettingsError, match=words):
        HubSettings(data_dir=tmp_path, **wrong)


def test_operators_are_enough_for_a_hub_that_others_can_reach(tmp_path):
    assert not HubSettings(data_dir=tmp_path, host="0.0.0.0", operators={"root": ROOT}).has_local_user
