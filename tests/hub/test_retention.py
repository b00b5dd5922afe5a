"""What is kept for a while only goes; what is evidence stays."""

import pytest
from msgspec.structs import replace

from ioa.adapters.store.memory import MemoryStore
from ioa.hub.audit import broken_link
from ioa.hub.records import OPEN_GOAL, SIGN_IN_CODE, TOKEN, TOKEN_END, document
from ioa.hub.retention import EVERY_S, FIRST_AFTER_S
from ioa.hub.security import Identity
from ioa.ports.store import StoreUnavailable, Work
from ioa.protocol.errors import Refused
from tests.cluster.cluster import cluster
from tests.hub.network import network, settled

DAY_S = 86_400.0
ME = Identity("user", "me")


async def kept(store, kind):
    return [entry.key for entry in await store.documents(kind, limit=500)]


async def removals(store, kind):
    return [change.key for change in await store.documents_after(kind, 0, limit=500) if change.document is None]


async def days(net, number):
    """Some days, and the sweep that is made in the last of them."""
    for _ in range(number):
        await net.clock.advance(EVERY_S)


async def test_tokens_that_ended_and_their_ends_go_after_a_month_and_others_stay(tmp_path):
    async with network(tmp_path) as net:
        await net.register("Ann")
        revoked, token = await net.hub.tokens.make(ME, "agent", "Ann")
        expired, _ = await net.hub.tokens.make(ME, "agent", "Ann", expires_in_s=DAY_S)
        lasting, _ = await net.hub.tokens.make(ME, "agent", "Ann")
        await net.hub.tokens.revoke(ME, revoked.token_id)
        await net.hub.sign_in_codes.make(ME)
        (registered,) = (one for one in net.hub.tokens.known.seen_by(ME) if one.label == "of its registration")
        half = replace(registered, revoked_at=net.clock.now_s())  # all that came of a revocation before the hub died
        await net.store.commit(Work(documents=(document(TOKEN, half.token_hash, half),)))
        await net.clock.advance(FIRST_AFTER_S)
        assert len(await kept(net.store, SIGN_IN_CODE)) == 1, "it is still good"
        await days(net, 30)
        assert sorted(await kept(net.store, TOKEN)) == sorted(one.token_hash for one in (expired, lasting, half))
        assert await kept(net.store, SIGN_IN_CODE) == []
        assert await kept(net.store, TOKEN_END) == []
        await days(net, 2)
        assert await kept(net.store, TOKEN) == [lasting.token_hash, half.token_hash], (
            "else that one would be good again"
        )
        assert [record.token_id for record in net.hub.tokens.known.seen_by(ME) if record.label == ""] == [
            lasting.token_id
        ]
        with pytest.raises(Refused) as refused:
            await net.hub.sign_in.identify(token)
        assert refused.value.code == "not_authenticated"
        acts = [entry for _, entry in await net.hub.audit.page(before=None, limit=500)]
        assert {"token_made", "token_revoked"} <= {entry.act for entry in acts}, "the audit log is not swept"
        assert broken_link(acts[::-1]) is None


async def test_word_of_what_was_removed_goes_a_day_after_all_have_come_past_it(tmp_path):
    async with network(tmp_path) as net:
        first = await net.goal("one")
        await net.hub.goals.cancel(first.goal_id)
        await net.clock.advance(FIRST_AFTER_S)
        second = await net.goal("two")
        await net.hub.goals.cancel(second.goal_id)
        assert await removals(net.store, OPEN_GOAL) == [first.goal_id, second.goal_id]
        await days(net, 1)
        assert await removals(net.store, OPEN_GOAL) == [second.goal_id]
        await days(net, 1)
        assert await removals(net.store, OPEN_GOAL) == []
        assert [goal.status for goal in (await net.hub.goal_book.load(first.goal_id),)] == ["cancelled"]


async def test_of_several_replicas_one_sweeps_and_all_forget(tmp_path):
    async with cluster(tmp_path) as made:
        one, two = made.nets
        await one.register("Ann")
        record, token = await two.hub.tokens.make(ME, "agent", "Ann")
        await two.hub.tokens.revoke(ME, record.token_id)
        await made.clock.advance(0)
        await one.hub.catch_up()
        made.clock._passed_s += 31 * DAY_S  # replicas beat every second: a month of that would take an hour
        leader = made.leader()
        assert leader is not None
        await leader.hub.retention.sweep()
        await settled(lambda: all(net.hub.tokens.known.of_id(ME, record.token_id) is None for net in made.nets))
        for net in made.nets:
            with pytest.raises(Refused):
                await net.hub.sign_in.identify(token)


async def test_a_store_that_is_away_is_swept_the_next_day(tmp_path):
    class Away(MemoryStore):
        away = False

        async def newest_rev(self):
            if self.away:
                raise StoreUnavailable("away")
            return await super().newest_rev()

    store = Away()
    async with network(tmp_path, store=store) as net:
        goal = await net.goal("one")
        await net.hub.goals.cancel(goal.goal_id)
        store.away = True
        await net.clock.advance(FIRST_AFTER_S)
        store.away = False
        await days(net, 2)
        assert await removals(store, OPEN_GOAL) == []
        assert net.hub.running
