"""Nothing is told before it is durable, and what the disk refuses has not happened."""

import asyncio
from typing import Any

import pytest

from ioa.adapters.store.memory import MemoryStore
from ioa.adapters.store.sqlite import SqliteStore
from ioa.hub.data_lock import DataLocked
from ioa.hub.settings import Limits
from ioa.ports.store import Conflict, Entry, StoreUnavailable, Work
from ioa.protocol.codec import encode
from ioa.protocol.frames import Accepted, Post
from ioa.protocol.messages import Conclusion, Discussion
from tests.hub.network import network, settled


class SlowStore(MemoryStore):
    """Commits wait until the test lets them through, in order; those in `refuse` fail."""

    def __init__(self):
        super().__init__()
        self.held: list[tuple[Work, asyncio.Future[Any]]] | None = None

    def hold(self):
        self.held = []

    def commit(self, work):
        if self.held is None:
            return super().commit(work)
        future = asyncio.get_running_loop().create_future()
        self.held.append((work, future))
        return future

    def let_through(self, *, fail=0):
        """Write what waits; the first `fail` works find the disk full."""
        held, self.held = self.held, None
        for number, (work, future) in enumerate(held or ()):
            if number < fail:
                future.set_exception(StoreUnavailable("disk full"))
                continue
            try:
                future.set_result(self._write(work))
            except Conflict as error:
                future.set_exception(error)


def said(comm_id, number):
    fields = {"sender": "Ann", "message_id": f"m{number}", "content": str(number), "next_speaker": ("Ann",)}
    return Discussion(comm_id=comm_id, **fields)


async def test_nobody_receives_what_is_not_durable_yet(tmp_path):
    store = SlowStore()
    async with network(tmp_path, store=store) as net:
        ann = await net.join("Ann")
        bob = await net.join("Bob")
        comm_id = await net.group(ann, "Bob")
        await bob.heard(comm_id, 1)
        store.hold()
        for number in range(3):
            await ann.connection.send(encode(Post(message=said(comm_id, number))))
        await ann.connection.send(encode(Post(message=said(comm_id, 0))))  # a repeat waits for the first, too
        await settled(lambda: len(store.held or ()) == 3)
        assert not ann.answers.keys() & {"m0", "m1", "m2"}
        assert len(bob.log(comm_id)) == 1
        store.let_through()
        await bob.heard(comm_id, 4)
        await ann.until(lambda: ann.answers.keys() >= {"m0", "m1", "m2"})
        assert [frame for frame in ann.frames if isinstance(frame, Accepted)].count(ann.answers["m0"]) == 2


async def test_a_full_disk_refuses_the_sender_and_leaves_the_group_as_the_log_has_it(tmp_path):
    store = MemoryStore()
    async with network(tmp_path, store=store) as net:
        ann = await net.join("Ann")
        bob = await net.join("Bob")
        comm_id = await net.group(ann, "Bob")
        store.failing = True
        refused = await ann.ask(Post(message=said(comm_id, 1)))
        assert refused.code == "unavailable"
        assert len(bob.log(comm_id)) == 1
        store.failing = False
        assert (await ann.ask(Post(message=said(comm_id, 1)))).seq == 2
        assert (await ann.post(Conclusion, comm_id, content="fine")).seq == 3


async def test_what_was_judged_on_top_of_a_failed_change_is_judged_afresh(tmp_path):
    store = SlowStore()
    async with network(tmp_path, store=store) as net:
        ann = await net.join("Ann")
        bob = await net.join("Bob")
        comm_id = await net.group(ann, "Bob")
        await bob.heard(comm_id, 1)
        store.hold()
        for number in range(4):
            await ann.connection.send(encode(Post(message=said(comm_id, number))))
        await settled(lambda: len(store.held or ()) == 4)
        store.let_through(fail=1)
        await ann.until(lambda: ann.answers.keys() >= {"m0", "m1", "m2", "m3"})
        assert ann.answers["m0"].code == "unavailable"
        assert sorted(ann.answers[f"m{number}"].seq for number in (1, 2, 3)) == [2, 3, 4]
        log = await bob.heard(comm_id, 4)
        assert [message.content for message in log[1:]] == ["1", "2", "3"]


async def test_a_failed_launch_leaves_neither_group_nor_goal_behind(tmp_path):
    store = MemoryStore()
    async with network(tmp_path, store=store) as net:
        ann = await net.join("Ann")
        goal = await net.goal("sums", initiator="Ann")
        await ann.until(lambda: ann.offers)
        store.failing = True
        asked = {"request_id": "r", "goal_id": goal.goal_id, "goal": "sums"}
        assert (await ann.launch(**asked)).code == "unavailable"
        store.failing = False
        assert net.hub.goal_book.get(goal.goal_id).status == "forming"
        launched = await ann.launch(**asked)
        assert [row.comm_id for row in await store.group_rows()] == [launched.comm_id]
        await ann.heard(launched.comm_id, 1)


async def test_a_client_that_leaves_while_its_message_is_written_loses_nothing(tmp_path):
    store = SlowStore()
    async with network(tmp_path, store=store) as net:
        ann = await net.join("Ann")
        bob = await net.join("Bob")
        comm_id = await net.group(ann, "Bob")
        store.hold()
        await ann.connection.send(encode(Post(message=said(comm_id, 1))))
        await settled(lambda: store.held)
        await ann.leave()
        store.let_through()
        await bob.heard(comm_id, 2)
        ann = await net.connect("Ann")
        assert (await ann.ask(Post(message=said(comm_id, 1)))).seq == 2


async def test_a_restart_in_the_middle_of_a_conversation_keeps_everything(tmp_path):
    async with network(tmp_path, store=SqliteStore(tmp_path / "hub.sqlite")) as net:
        ann = await net.join("Ann")
        bob = await net.join("Bob")
        comm_id = await net.group(ann, "Bob")
        for number in range(3):
            await ann.ask(Post(message=said(comm_id, number)))
        await bob.heard(comm_id, 2)
        tokens, cursor, goal_id = net.tokens, bob.deliveries[1].cursor, ann.offers[0].goal_id
        number = len(bob.log(comm_id))
    async with network(tmp_path, store=SqliteStore(tmp_path / "hub.sqlite")) as net:
        net.tokens = tokens
        ann = await net.connect("Ann", cursor=cursor)
        bob = await net.connect("Bob", cursor=cursor)
        assert [message.content for message in await bob.heard(comm_id, 2)] == ["1", "2"]
        assert (await ann.ask(Post(message=said(comm_id, 2)))).seq == 4  # what was accepted stays accepted
        assert (await ann.post(Conclusion, comm_id, content="done")).seq == 5
        assert net.hub.goal_book.get(goal_id).status == "completed"
        assert number >= 2


async def test_groups_are_folded_again_after_they_were_let_go(tmp_path):
    async with network(tmp_path, limits=Limits(cached_groups=1)) as net:
        ann = await net.join("Ann")
        comm_ids = [await net.group(ann) for _ in range(150)]
        assert len(net.hub.groups) < 100
        for number, comm_id in enumerate(comm_ids):
            assert (await ann.ask(Post(message=said(comm_id, number)))).seq == 2
            assert (await ann.ask(Post(message=said(comm_id, number)))).seq == 2


async def test_a_second_hub_on_the_same_data_is_refused_with_the_remedy(tmp_path):
    async with network(tmp_path) as net:
        with pytest.raises(DataLocked, match="another data_dir"):
            async with network(tmp_path):
                pass
        await net.join("Ann")
    async with network(tmp_path) as net:
        await net.join("Ann")


async def test_a_log_that_another_hand_has_changed_does_not_take_the_hub_down(tmp_path):
    store = MemoryStore()
    async with network(tmp_path, store=store) as net:
        ann = await net.join("Ann")
        comm_id = await net.group(ann)
        alien = Entry(comm_id=comm_id, seq=2, sender="x", message_id="x", at=1.0, body=encode(said(comm_id, 7)))
        await store.commit(Work(entries=(alien,)))
        answer = await ann.ask(Post(message=said(comm_id, 1)))
        assert answer.seq == 3  # judged again on what the log says now
