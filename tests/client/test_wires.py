"""Both makers of the transport port: the same behaviour in memory and over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from ioa.adapters.transport.memory import MemoryTransport, memory_pair
from ioa.adapters.transport.websocket import WebSocketTransport, socket_url
from ioa.ports.transport import ConnectionLost, Transport
from ioa.protocol.frames import MAX_HUB_FRAME_BYTES


class Echo:
    """Sends everything back; `close:CODE` closes with that code. What came is in `got`."""

    def __init__(self) -> None:
        self.got: list[Any] = []

    async def memory(self, end) -> None:
        while True:
            data = await end.receive()
            self.got.append(data.decode())
            if data.startswith(b"close:"):
                await end.close(int(data[6:]), "as you wish")
                return
            await end.send(data)

    async def socket(self, end: ServerConnection) -> None:
        async for data in end:
            self.got.append(data)
            if str(data).startswith("close:"):
                await end.close(int(str(data)[6:]), "as you wish")
                return
            await end.send(data)


@pytest.fixture(params=["memory", "websocket"])
async def wire(request) -> AsyncIterator[tuple[Transport, Echo]]:
    echo = Echo()
    if request.param == "memory":
        transport = MemoryTransport(echo.memory)
        yield transport, echo
        await transport.aclose()
        return
    async with serve(echo.socket, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield WebSocketTransport(f"http://127.0.0.1:{port}"), echo


async def test_frames_go_both_ways_whole_and_in_order(wire):
    transport, echo = wire
    connection = await transport.connect()
    for number in range(50):
        await connection.send(f"frame {number} é".encode())
    assert [(await connection.receive()).decode() for _ in range(50)] == [f"frame {number} é" for number in range(50)]
    assert all(isinstance(data, str) for data in echo.got)  # text frames
    await connection.close()
    await connection.close()


async def test_the_code_and_reason_of_a_close_arrive(wire):
    transport, _ = wire
    connection = await transport.connect()
    await connection.send(b"close:4409")
    with pytest.raises(ConnectionLost) as caught:
        await connection.receive()
    assert (caught.value.code, caught.value.reason) == (4409, "as you wish")
    with pytest.raises(ConnectionLost):
        await connection.send(b"anybody there?")
    await connection.close()


async def test_a_large_frame_passes(wire):
    transport, _ = wire
    connection = await transport.connect()
    sending = asyncio.create_task(connection.send(b"x" * 1_000_000))
    assert len(await connection.receive()) == 1_000_000
    await sending
    await connection.close()


async def test_a_slow_reader_holds_the_sender_up():
    mine, theirs = memory_pair(frames=2)
    await mine.send(b"1")
    await mine.send(b"2")
    third = asyncio.create_task(mine.send(b"3"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not third.done()
    assert await theirs.receive() == b"1"
    await third
    await mine.close()


async def test_what_was_sent_before_a_close_can_still_be_read_but_not_after_a_cut():
    mine, theirs = memory_pair()
    await mine.send(b"last words")
    await mine.close(1000, "bye")
    assert await theirs.receive() == b"last words"
    with pytest.raises(ConnectionLost, match="bye"):
        await theirs.receive()
    mine, theirs = memory_pair()
    await mine.send(b"lost")
    mine.cut()
    with pytest.raises(ConnectionLost) as caught:
        await theirs.receive()
    assert caught.value.code == 1006


async def test_a_hub_that_is_not_there_is_a_lost_connection():
    async with serve(Echo().socket, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
    with pytest.raises(ConnectionLost, match=str(port)):
        await WebSocketTransport(f"http://127.0.0.1:{port}").connect()


async def test_a_server_that_speaks_no_websocket_is_a_lost_connection():
    async def page(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(page, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConnectionLost, match="404"):
            await WebSocketTransport(f"ws://127.0.0.1:{port}").connect()


async def test_a_frame_over_the_limit_closes_the_connection_and_nothing_else():
    async def flood(end: ServerConnection) -> None:
        await end.send("x" * (MAX_HUB_FRAME_BYTES + 1))
        await end.wait_closed()

    async with serve(flood, "127.0.0.1", 0, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        connection = await WebSocketTransport(f"http://127.0.0.1:{port}").connect()
        with pytest.raises(ConnectionLost):
            await connection.receive()
        await connection.close()


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("http://127.0.0.1:7700", "ws://127.0.0.1:7700/v1/connect"),
        ("https://hub.example/ioa/", "wss://hub.example/ioa/v1/connect"),
        ("ws://[::1]:7700/v1/connect", "ws://[::1]:7700/v1/connect"),
    ],
)
def test_the_socket_of_a_hub_url(given, made):
    assert socket_url(given) == made


@pytest.mark.parametrize("given", ["127.0.0.1:7700", "ftp://hub", "http://", ""])
def test_a_url_that_is_none_is_named(given):
    with pytest.raises(ValueError, match="must look like"):
        socket_url(given)


async def test_no_proxy_for_a_hub_on_this_machine(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    async with serve(Echo().socket, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        connection = await WebSocketTransport(f"http://127.0.0.1:{port}").connect()
        await connection.close()
