"""The hub's own end of a WebSocket: who may open one, fragments, pings, and frames that are none."""

import asyncio
import os
import struct

import pytest
import websockets
from websockets.frames import Opcode

from ioa.hub.settings import Limits
from ioa.protocol.codec import decode_hub_frame, encode
from ioa.protocol.frames import PROTOCOL_VERSION, Hello, Ping, Welcome
from tests.hub.served import served


async def opened(net, path="/v1/connect", **headers):
    """What the hub answers to a request for a socket: the status line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", net.server.port)
    asked = {
        "Host": f"127.0.0.1:{net.server.port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in asked.items())
    writer.write(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
    async with asyncio.timeout(60):
        answer = await reader.readuntil(b"\r\n\r\n")
    return answer.decode(), reader, writer


def frame(kind, payload=b"", *, fin=True, reserved=0):
    """A masked frame, as a client sends it."""
    mask = os.urandom(4)
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack("!H", len(payload))
    body = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return bytes([(0x80 if fin else 0) | reserved | kind]) + size + mask + body


async def closed_with(reader):
    """The code of the next close frame; other frames before it are skipped."""
    async with asyncio.timeout(60):
        while True:
            first, size = await reader.readexactly(2)
            if size == 126:
                (size,) = struct.unpack("!H", await reader.readexactly(2))
            payload = await reader.readexactly(size)
            if first & 0xF == Opcode.CLOSE:
                return struct.unpack("!H", payload[:2])[0]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/connect", {}, 101),
        ("/v1/connect?x=1", {}, 101),
        ("/v1/elsewhere", {}, 404),
        ("/v1/connect", {"Host": "evil.example"}, 403),
        ("/v1/connect", {"Origin": "https://evil.example"}, 403),
        ("/v1/connect", {"Sec_WebSocket_Version": "12"}, 400),
    ],
)
async def test_a_socket_is_opened_for_this_hub_and_its_path_only(tmp_path, path, headers, status):
    async with served(tmp_path) as net:
        answer, _, writer = await opened(net, path, **headers)
        assert answer.startswith(f"HTTP/1.1 {status} ")
        writer.close()


async def test_a_message_in_fragments_is_one_frame(tmp_path):
    async with served(tmp_path) as net:
        await net.register("Ann")
        url = f"ws://127.0.0.1:{net.server.port}/v1/connect"
        async with websockets.connect(url, proxy=None) as wire:
            hello = encode(Hello(version=PROTOCOL_VERSION, token=net.tokens["Ann"])).decode()
            await wire.send([hello[:5], hello[5:20], hello[20:]])
            welcome = decode_hub_frame(await wire.recv())
            assert isinstance(welcome, Welcome)
            assert welcome.name == "Ann"


async def test_fragments_that_are_too_large_together_close_with_1009(tmp_path):
    async with served(tmp_path, limits=Limits(frame_bytes=50_000)) as net:
        _, reader, writer = await opened(net)
        for place in range(3):
            writer.write(frame(Opcode.CONT if place else Opcode.TEXT, b"x" * 20_000, fin=False))
        assert await closed_with(reader) == 1009
        writer.close()


@pytest.mark.parametrize(
    "wrong",
    [
        frame(Opcode.TEXT, b"{}", reserved=0x40),
        frame(Opcode.CONT, b"{}"),
        frame(Opcode.TEXT, b"{", fin=False) + frame(Opcode.TEXT, b"}"),
        frame(0x3, b"{}"),
        b"\x81\x02{}",  # not masked
    ],
    ids=["reserved bits", "a fragment of nothing", "a message within another", "unknown kind", "not masked"],
)
async def test_what_is_no_websocket_frame_closes_with_1002(tmp_path, wrong):
    async with served(tmp_path) as net:
        _, reader, writer = await opened(net)
        writer.write(wrong)
        assert await closed_with(reader) == 1002
        writer.close()


async def test_a_ping_of_the_socket_is_answered_and_a_close_returned(tmp_path):
    async with served(tmp_path) as net:
        url = f"ws://127.0.0.1:{net.server.port}/v1/connect"
        async with websockets.connect(url, proxy=None) as wire, asyncio.timeout(60):
            await (await wire.ping(b"there?"))
        assert wire.close_code == 1000


async def test_frames_that_follow_the_request_at_once_are_not_lost(tmp_path):
    async with served(tmp_path) as net:
        await net.register("Ann")
        hello = frame(Opcode.TEXT, encode(Hello(version=PROTOCOL_VERSION, token=net.tokens["Ann"])))
        _, reader, writer = await opened(net)
        writer.write(hello + frame(Opcode.TEXT, encode(Ping(n=4))))
        async with asyncio.timeout(60):
            assert b'"welcome"' in await reader.readuntil(b"}")
            assert b'"pong"' in await reader.readuntil(b"}")
        writer.close()
