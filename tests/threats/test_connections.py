"""Attacks on a hub's port by whoever can reach it, without any token."""

from __future__ import annotations

import asyncio
import base64
import os
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from ioa.adapters.transport.websocket import WebSocketTransport
from ioa.hub.settings import Limits
from ioa.ports.transport import ConnectionLost
from ioa.protocol.frames import Search
from tests.hub.served import ALICE, served

LIMITS = Limits(head_timeout_s=0.3, body_timeout_s=0.4, hello_timeout_s=0.3, stalled_send_s=0.5)
PATIENCE_S = 60.0


@asynccontextmanager
async def dialled(net):
    """A bare connection, gone at the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", net.server.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def until_cut(reader: asyncio.StreamReader) -> bytes:
    """What arrives until the hub ends the connection."""
    got = b""
    async with asyncio.timeout(PATIENCE_S):
        with suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                got += chunk
    return got


async def drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Byte by byte for ever: whatever the hub does, this peer goes on."""
    with suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(data)
            await writer.drain()
            await asyncio.sleep(0.02)  # the attack itself: to be slow


async def still_serves(net) -> None:
    answer = await net.ask("GET", "/v1/health", token=None)
    assert answer.json()["status"] == "ok"


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /v1/health HTTP/1.1\r\n",
        b"POST /v1/goals HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n{",
        b"PUT /v1/artifacts?name=a HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
    ],
    ids=["nothing at all", "a head", "a second head", "the body of a stranger", "the file of a stranger"],
)
async def test_slowloris_is_cut_off(tmp_path: Path, first: bytes) -> None:
    async with served(tmp_path, limits=LIMITS) as net, dialled(net) as (reader, writer):
        writer.write(first)
        dripping = asyncio.create_task(drip(writer, b"X-a: b\r\n" if first else b"G"))
        await until_cut(reader)
        dripping.cancel()
        await still_serves(net)


@pytest.mark.parametrize("first", [b"POST /v1/goals HTTP/1.1\r\n", b"PUT /v1/artifacts?name=a HTTP/1.1\r\n"])
async def test_a_body_that_drips_ends_also_with_a_token(tmp_path: Path, first: bytes) -> None:
    async with served(tmp_path, limits=LIMITS) as net, dialled(net) as (reader, writer):
        head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {ALICE}\r\nContent-Length: 9000000\r\n\r\n"
        writer.write(first + head.encode())
        dripping = asyncio.create_task(drip(writer, b"x"))
        assert b" 408 " in (await until_cut(reader)).partition(b"\r\n")[0]
        dripping.cancel()
        assert list((tmp_path / "artifacts" / "parts").iterdir()) == []
        await still_serves(net)


async def test_many_half_open_connections_make_room_for_who_speaks(tmp_path: Path) -> None:
    async with served(tmp_path, limits=Limits(head_timeout_s=600, waiting_heads=20)) as net, AsyncExitStack() as stack:
        held = [await stack.enter_async_context(dialled(net)) for _ in range(60)]
        for _, writer in held:
            writer.write(b"GET / HTTP/1.1\r\n")
        for reader, _ in held[:30]:  # the oldest are gone
            await until_cut(reader)
        await still_serves(net)


async def test_sockets_that_never_say_hello_are_closed(tmp_path: Path) -> None:
    async with served(tmp_path, limits=LIMITS) as net:
        wires = [await WebSocketTransport(net.server.url).connect() for _ in range(20)]
        for wire in wires:
            async with asyncio.timeout(PATIENCE_S):
                assert b"hello" in await wire.receive()
                with pytest.raises(ConnectionLost, match="4401"):
                    await wire.receive()
        await still_serves(net)


async def test_more_connections_than_allowed_are_turned_away_and_those_there_stay(tmp_path: Path) -> None:
    async with served(tmp_path, limits=Limits(connections=3)) as net:
        ada = await net.join("Ada")
        others = [await WebSocketTransport(net.server.url).connect() for _ in range(5)]
        answer = await ada.ask(Search(request_id="1", desc=("anything",)))
        assert answer.request_id == "1"
        assert ada.closed is None
        for wire in others:
            await wire.close()


async def test_a_reader_that_does_not_read_its_answer_is_cut_off(tmp_path: Path) -> None:
    async with served(tmp_path, limits=LIMITS) as net:
        big = os.urandom(24 * 1024 * 1024)
        digest = (await net.ask("PUT", "/v1/artifacts", params={"name": "big"}, content=big)).json()["digest"]
        async with dialled(net) as (reader, writer):
            ask = f"GET /v1/artifacts/{digest} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {ALICE}\r\n\r\n"
            writer.transport.pause_reading()  # pyright: ignore[reportAttributeAccessIssue] - a transport of asyncio
            writer.write(ask.encode())
            server: Any = net.server._server
            async with asyncio.timeout(PATIENCE_S):
                while len(server.server_state.connections) > 1:  # noqa: ASYNC110 - nobody tells when it is gone
                    await asyncio.sleep(0.01)
            assert len(reader._buffer) < len(big)  # pyright: ignore[reportAttributeAccessIssue] - asyncio's own
            await still_serves(net)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-a: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-a: a\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"POST /v1/goals HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/agents HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    ],
    ids=["long header", "many headers", "long path", "smuggled", "negative", "two lengths", "blank", "TLS"],
)
async def test_heads_made_to_hurt_or_to_smuggle_are_refused(tmp_path: Path, request_: bytes) -> None:
    async with served(tmp_path, limits=LIMITS) as net, dialled(net) as (reader, writer):
        with suppress(ConnectionError):
            writer.write(request_)
            await writer.drain()
        got = await until_cut(reader)
        assert got.count(b"HTTP/1.1 ") <= 1  # never two answers to one request
        assert not got or got.split()[1] in (b"400", b"401", b"404", b"405", b"431")
        await still_serves(net)


def frame(payload: bytes, *, opcode: int = 1, fin: bool = True, masked: bool = True, rsv: int = 0) -> bytes:
    """A WebSocket frame as a client may, or may not, send it."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    size = len(payload)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
    length = bytes([length[0] | (0x80 if masked else 0)]) + length[1:]
    mask = b"\1\2\3\4" if masked else b""
    return bytes([first]) + length + mask + bytes(b ^ mask[i % 4] if masked else b for i, b in enumerate(payload))


@pytest.mark.parametrize(
    "attack",
    [
        frame(b"{}", masked=False),
        frame(b"{}", rsv=4),
        frame(b"{}", opcode=3),
        frame(b"{}", opcode=0),
        frame(b"{", fin=False) + frame(b"}", fin=True, opcode=1),
        frame(b"x" * 120, opcode=9, fin=False),
        frame(b"\xff\xfe\xfd"),
        b"\x81\xff" + (2**62).to_bytes(8, "big") + b"\0\0\0\0",
        b"".join(frame(b"", opcode=0 if n else 1, fin=False) for n in range(20_000)),
        frame(b"", opcode=9) * 20_000,
    ],
    ids=["unmasked", "compressed", "unknown", "tail", "interleaved", "long ping", "no UTF-8", "exabyte", "empty pieces",
         "pings"],
)  # fmt: skip
async def test_frames_against_the_rules_end_their_connection_only(tmp_path: Path, attack: bytes) -> None:
    async with served(tmp_path, limits=LIMITS) as net:
        ada = await net.join("Ada")
        async with dialled(net) as (reader, writer):
            key = base64.b64encode(os.urandom(16)).decode()
            head = f"GET /v1/connect HTTP/1.1\r\nHost: 127.0.0.1:{net.server.port}\r\nUpgrade: websocket\r\n"
            head += f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            head += "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
            writer.write(head.encode())
            with suppress(ConnectionError):
                writer.write(attack)
            got = await until_cut(reader)
            assert b" 101 " in got.partition(b"\r\n")[0]
            assert b"permessage-deflate" not in got  # so there is no decompression bomb
            assert (await ada.ask(Search(request_id="1", desc=("anything",)))).request_id == "1"
            await still_serves(net)


async def test_compressed_bodies_are_not_unpacked(tmp_path: Path) -> None:
    import gzip

    async with served(tmp_path) as net:
        packed = gzip.compress(b'{"goal": "' + b"x" * 50_000_000 + b'"}')
        answer = await net.ask("POST", "/v1/goals", content=packed, headers={"Content-Encoding": "gzip"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")
        file = await net.ask("PUT", "/v1/artifacts", params={"name": "a.gz"}, content=packed)
        assert file.json()["size_bytes"] == len(packed)
