"""Sessions: hello and welcome, replay, windows, slow and dead clients, floods."""

import asyncio
from typing import Any

import pytest

from ioa.hub.security import HERE
from ioa.hub.settings import Limits
from ioa.ports.transport import ConnectionLost
from ioa.protocol.codec import decode_hub_frame, encode
from ioa.protocol.frames import PROTOCOL_VERSION, Acknowledge, Hello, LaunchGroup, Ping, Pong, Post, Search
from ioa.protocol.messages import Discussion, Interjection
from tests.hub.network import TestAgent, network, settled


async def talk(net, agent, comm_id, number):
    """`number` interjections of the goal's owner, which need no floor."""
    for count in range(number):
        text = f"message {count}"
        message = Interjection(sender="@me", comm_id=comm_id, message_id=net.hub.new_id(), content=text)
        await net.hub.routing.post("@me", message)


@pytest.mark.parametrize(
    ("first", "close", "code"),
    [
        (Ping(), 4401, "not_authenticated"),
        (Search(request_id="r", desc=("x",)), 4401, "not_authenticated"),
        (Hello(version=99, token="t"), 4406, "wrong_version"),
        (Hello(version=1, token="unknown"), 4401, "not_authenticated"),
    ],
)
async def test_a_connection_that_does_not_begin_properly_is_closed_with_a_reason(tmp_path, first, close, code):
    async with network(tmp_path) as net:
        agent = TestAgent("?", net.wire())
        await agent.connection.send(encode(first))
        agent._reader = asyncio.create_task(agent._read())
        assert (await agent.until_closed()).code == close
        assert agent.refusals[-1].code == code


async def test_a_connection_without_hello_is_closed_after_ten_seconds(tmp_path):
    async with network(tmp_path) as net:
        agent = TestAgent("?", net.wire())
        agent._reader = asyncio.create_task(agent._read())
        await net.clock.advance(9.9)
        assert agent.closed is None
        await net.clock.advance(0.2)
        assert (await agent.until_closed()).code == 4401


async def test_a_users_token_does_not_connect_as_an_agent(tmp_path):
    async with network(tmp_path) as net:
        agent = TestAgent("me", net.wire())
        await agent.hello((tmp_path / "token").read_text().strip())
        assert (await agent.until_closed()).code == 4401


async def test_a_silent_client_is_asked_and_after_a_minute_given_up(tmp_path):
    async with network(tmp_path) as net:
        await net.register("Ann")
        wire = net.wire()
        await wire.send(encode(Hello(version=1, token=net.tokens["Ann"])))
        await wire.receive()
        await net.clock.advance(20)
        assert b'"ping"' in await wire.receive()
        await wire.send(encode(Pong(n=1)))
        for _ in range(2):
            await net.clock.advance(20)
        assert net.hub.sessions.online("Ann")
        await net.clock.advance(20)
        dead = TestAgent("Ann", wire)
        dead._reader = asyncio.create_task(dead._read())
        assert (await dead.until_closed()).code == 1001
        assert not net.hub.sessions.online("Ann")


async def test_a_cursor_from_another_hub_begins_anew(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        comm_id = await net.group(ann)
        await ann.heard(comm_id, 1)
        again = await net.connect("Ann", cursor=10**6)
        assert again.welcome.cursor == 0
        await again.heard(comm_id, 1)


async def test_a_long_replay_keeps_order_while_new_messages_arrive(tmp_path):
    async with network(tmp_path, limits=Limits(window=8)) as net:
        ann = await net.join("Ann")
        await net.register("Bob")
        comm_ids = [await net.group(ann, "Bob") for _ in range(3)]
        for comm_id in comm_ids:
            await talk(net, ann, comm_id, 150)
        bob = await net.connect("Bob", frames=4)
        for comm_id in comm_ids:
            await talk(net, ann, comm_id, 10)
        await bob.until(lambda: len(bob.deliveries) == 3 * 161)  # the agent itself checks the chain of cursors
        for comm_id in comm_ids:
            assert [message.seq for message in bob.log(comm_id)] == list(range(1, 162))


async def test_no_more_than_a_window_is_sent_ahead_of_acknowledgements(tmp_path):
    async with network(tmp_path, limits=Limits(window=8)) as net:
        ann = await net.join("Ann")
        await net.register("Bob")
        comm_id = await net.group(ann, "Bob")
        bob = await net.connect("Bob", acknowledge=False)
        await talk(net, ann, comm_id, 50)
        await bob.until(lambda: len(bob.deliveries) == 8)
        await bob.connection.send(encode(Ping(n=7)))
        await bob.until(lambda: Pong(n=7) in bob.frames)
        assert len(bob.deliveries) == 8
        bob.acknowledge = True
        await bob.connection.send(encode(Acknowledge(cursor=bob.cursor)))
        await bob.heard(comm_id, 51)


async def test_a_client_that_does_not_acknowledge_is_closed_and_resumes(tmp_path):
    async with network(tmp_path, limits=Limits(window=4)) as net:
        ann = await net.join("Ann")
        await net.register("Bob")
        comm_id = await net.group(ann, "Bob")
        bob = await net.connect("Bob", acknowledge=False)
        await talk(net, ann, comm_id, 20)
        await bob.heard(comm_id, 4)
        for _ in range(8):
            await net.clock.advance(20)
        assert (await bob.until_closed()).code == 1013
        assert bob.refusals[-1].code == "slow_consumer"
        again = await net.connect("Bob", cursor=0)
        assert [message.seq for message in await again.heard(comm_id, 21)][:21] == list(range(1, 22))


async def test_a_stalled_reader_holds_up_nobody_and_is_closed(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        await net.register("Bob")
        comm_id = await net.group(ann, "Bob")
        wire = net.wire(frames=2)
        await wire.send(encode(Hello(version=1, token=net.tokens["Bob"])))
        await wire.receive()  # the welcome; then Bob reads no more
        await talk(net, ann, comm_id, 190)
        assert len(await ann.heard(comm_id, 191)) == 191
        session = net.hub.sessions.get("Bob")
        assert session is not None
        for _ in range(4):
            await net.clock.advance(20)
        await settled(lambda: net.hub.sessions.get("Bob") is not session)


async def test_a_flood_is_refused_with_too_fast_and_a_stubborn_one_closed(tmp_path):
    async with network(tmp_path, limits=Limits(frames_per_s=10, frames_burst=5)) as net:
        ann = await net.join("Ann")
        for number in range(8):
            await ann.connection.send(encode(LaunchGroup(request_id=f"r{number}", goal="g")))
        await ann.until(lambda: len(ann.refusals) == 8)
        assert [refusal.code for refusal in ann.refusals].count("too_fast") == 3
        assert {refusal.reply_to for refusal in ann.refusals} == {f"r{number}" for number in range(8)}
        await net.clock.advance(1)
        assert (await ann.launch()).code == "unknown_goal"
        for number in range(600):
            if ann.closed is None:
                try:
                    await ann.connection.send(encode(LaunchGroup(request_id=f"s{number}", goal="g")))
                except ConnectionLost:
                    break
        assert (await ann.until_closed()).code == 4429


async def test_a_frame_that_is_too_large_closes_the_connection_with_1009(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        await ann.connection.send(b'{"frame":"ping"' + b" " * 1_100_000 + b"}")
        assert (await ann.until_closed()).code == 1009


async def test_the_hub_takes_no_more_connections_than_it_may(tmp_path):
    async with network(tmp_path, limits=Limits(connections=1)) as net:
        ann = await net.join("Ann")
        await net.register("Bob")
        second = TestAgent("Bob", net.wire())
        second._reader = asyncio.create_task(second._read())
        assert (await second.until_closed()).code == 1013
        await net.group(ann)


async def test_stopping_the_hub_tells_its_agents(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        await net.hub.stop()
        assert (await ann.until_closed()).code == 1001


async def test_hundreds_of_posts_on_their_way_at_once_keep_their_order(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        comm_id = await net.group(ann, max_turns=500)
        sent = [
            Discussion(sender="Ann", comm_id=comm_id, message_id=f"p{n}", content=str(n), next_speaker=("Ann",))
            for n in range(100)
        ]
        for message in sent:
            await ann.connection.send(encode(Post(message=message)))
        log = await ann.heard(comm_id, 101)
        assert [message.content for message in log[1:]] == [str(n) for n in range(100)]
        await ann.until(lambda: f"p{99}" in ann.answers)
        assert [ann.answers[f"p{n}"].seq for n in range(100)] == list(range(2, 102))


async def test_a_connection_that_came_earlier_and_was_slower_does_not_take_the_place_of_a_later_one(
    tmp_path, monkeypatch
):
    async with network(tmp_path) as net:
        await net.register("Ann")
        slow, asked = asyncio.Event(), []
        newest = net.store.newest

        async def newest_of_a_slow_disk():
            asked.append(len(asked))
            if asked == [0]:
                await slow.wait()
            return await newest()

        monkeypatch.setattr(net.store, "newest", newest_of_a_slow_disk)
        given_up = TestAgent("Ann", net.wire())
        await given_up.hello(net.tokens["Ann"])
        await settled(lambda: asked)
        later = await net.connect("Ann")
        slow.set()
        assert (await given_up.until_closed()).code == 4409
        assert later.closed is None
        assert net.hub.sessions.online("Ann")


class FakeWire:
    """A wire that calls back when it is told to."""

    def __init__(self):
        self.ear: Any = None
        self.frames = []
        self.closed = None
        self.full = False
        self.waiting = 0

    def attach(self, ear):
        self.ear = ear

    def write(self, frames):
        self.frames += map(decode_hub_frame, frames)

    def pause(self): ...
    def resume(self): ...

    async def close(self, code=1000, reason=""):
        self.closed = code


async def test_a_hello_that_is_there_before_the_hub_has_had_a_turn_is_heard(tmp_path):
    """While a thousand connect at once, one reading of all sockets may bring both the request and the hello."""
    async with network(tmp_path) as net:
        await net.register("Ann")
        wire = FakeWire()
        net.hub.serve_wire(wire, HERE)
        wire.ear.take(encode(Hello(version=PROTOCOL_VERSION, token=net.tokens["Ann"])))
        await settled(lambda: wire.frames)
        assert wire.frames[0].name == "Ann"


async def test_a_client_that_is_gone_before_the_hub_has_had_a_turn_is_forgotten(tmp_path):
    async with network(tmp_path) as net:
        wire = FakeWire()
        net.hub.serve_wire(wire, HERE)
        wire.ear.lost(ConnectionLost())
        await settled(lambda: wire.closed)
        assert not wire.frames
