"""What only real sockets show: a reader that stalls, frames that are too large, and many hubs' worth of talk."""

import asyncio
import socket
from typing import Any

import pytest
import websockets

from ioa.adapters.transport.websocket import WebSocketTransport
from ioa.hub.settings import Limits
from ioa.ports.transport import ConnectionLost
from ioa.protocol.codec import decode_hub_frame, encode
from ioa.protocol.frames import Hello, Ping
from ioa.protocol.messages import Discussion
from tests.hub.network import settled
from tests.hub.served import served

LARGE = "x" * 200_000


def anything(data) -> Any:
    return decode_hub_frame(data)


class Received:
    """All that a socket still receives until it is closed, however it is closed."""

    def __init__(self, wire):
        self.wire = wire

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return await self.wire.recv(decode=False)
        except websockets.ConnectionClosed:
            raise StopAsyncIteration from None


@pytest.mark.parametrize("queued_bytes", [1_000_000, 64_000_000])  # the session is full first, or the socket
async def test_a_reader_that_stalls_is_closed_with_1013_and_resumes_where_it_was(tmp_path, queued_bytes):
    waits = {"stalled_send_s": 1, "unacknowledged_s": 1 if queued_bytes < 2_000_000 else 60, "dead_after_s": 60}
    limits = Limits(ping_interval_s=0.2, queued_bytes=queued_bytes, **waits)
    async with served(tmp_path, limits=limits) as net:
        ann = await net.join("Ann")
        await net.register("Bob")
        _, comm_id = await net.group(ann, "Bob", max_turns=100)
        plug = socket.create_connection(("127.0.0.1", net.server.port))
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 262_144)
        url = f"ws://127.0.0.1:{net.server.port}/v1/connect"
        async with websockets.connect(url, sock=plug, proxy=None, max_queue=1, ping_interval=None) as stalled:
            await stalled.send(encode(Hello(version=1, token=net.tokens["Bob"])), text=True)
            await stalled.recv()
            session = net.hub.sessions.get("Bob")
            for number in range(60):  # 12 MB: more than sockets and the session hold
                said = await ann.post(Discussion, comm_id, content=f"{number} {LARGE}", next_speaker=("Ann",))
                assert said.seq == number + 2
            assert session._queued_bytes < queued_bytes + 300_000
            await ann.heard(comm_id, 61)
            await settled(lambda: net.hub.sessions.get("Bob") is not session)
            frames = [frame async for frame in Received(stalled)]
            assert stalled.close_code == 1013
        assert len(frames) < 61
        bob = await net.connect("Bob")
        assert [message.seq for message in await bob.heard(comm_id, 61)] == list(range(1, 62))


async def test_an_oversized_frame_closes_with_1009_and_the_agent_comes_back(tmp_path):
    async with served(tmp_path) as net:
        ann = await net.join("Ann")
        await ann.connection.send(b'{"frame":"ping","n":' + b" " * 1_100_000 + b"1}")
        assert (await ann.until_closed()).code == 1009
        await net.connect("Ann")


async def test_a_wrong_token_is_told_so_and_closed_with_4401(tmp_path):
    async with served(tmp_path) as net:
        await net.register("Ann")
        wire = await WebSocketTransport(net.server.url).connect()
        await wire.send(encode(Hello(version=1, token="guess")))
        assert anything(await wire.receive()).code == "not_authenticated"
        with pytest.raises(ConnectionLost) as lost:
            await wire.receive()
        assert lost.value.code == 4401


async def test_binary_frames_are_read_like_text(tmp_path):
    async with served(tmp_path) as net:
        await net.register("Ann")
        async with websockets.connect(f"ws://127.0.0.1:{net.server.port}/v1/connect", proxy=None) as wire:
            await wire.send(encode(Hello(version=1, token=net.tokens["Ann"])))
            assert anything(await wire.recv()).name == "Ann"
            await wire.send(encode(Ping(n=3)))
            assert anything(await wire.recv()).n == 3


async def test_stopping_ends_event_streams_and_sockets_soon(tmp_path):
    async with served(tmp_path) as net:
        ann = await net.join("Ann")
        goal_id, _ = await net.group(ann)
        headers = {"Authorization": "Bearer alice-token-of-more-than-20-characters"}
        async with net.http.stream("GET", f"/v1/goals/{goal_id}/events", headers=headers) as answer:
            lines = answer.aiter_lines()
            assert (await anext(lines)).startswith("retry")
            async with asyncio.timeout(60):
                await net.hub.stop()
                async for _ in lines:
                    pass
        assert (await ann.until_closed()).code == 1001


async def test_frames_that_come_in_one_burst_are_all_answered_in_order(tmp_path):
    async with served(tmp_path) as net:
        await net.register("Ann")
        url = f"ws://127.0.0.1:{net.server.port}/v1/connect"
        async with websockets.connect(url, proxy=None, max_queue=None) as wire:
            await wire.send(encode(Hello(version=1, token=net.tokens["Ann"])), text=True)
            await wire.recv()
            for number in range(300):
                await wire.send(encode(Ping(n=number)), text=True)
            answers = [anything(await wire.recv(decode=False)).n for _ in range(300)]
            assert answers == list(range(300))
