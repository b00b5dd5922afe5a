"""Short chaos with real processes: everything is killed, stopped, cut off and filled up, and the checker finds nothing.

Longer: `python -m tests.chaos --minutes 10`.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.chaos.accidents import KINDS, accidents
from tests.chaos.network import one_hub
from tests.chaos.proxy import FaultProxy, FrameSplitter
from tests.chaos.run import network_of, run

SECONDS = float(os.environ.get("IOA_CHAOS_SECONDS", "20"))
FRESH_SEED = int(os.environ.get("IOA_SEED", random.SystemRandom().randrange(10**6)))


async def test_nothing_is_lost_repeated_reordered_or_stuck_whatever_is_killed() -> None:
    plan = accidents(FRESH_SEED, within_s=SECONDS, every_s=1.0, kinds=KINDS)
    async with network_of(FRESH_SEED, one_hub()) as network:
        report = await run(network, plan, seconds=SECONDS, concurrent=20, hosts=3, agents_a_host=4, group_timeout_s=20)
    print(report.text(), *report.happened, sep="\n")
    assert not report.violations, report.text()
    assert report.figures["goals"] >= 20
    assert report.figures["nested groups"]
    assert len(report.happened) == len(plan)


def test_the_same_seed_gives_the_same_accidents() -> None:
    first, second = (accidents(7, within_s=600.0, every_s=1.0, kinds=KINDS) for _ in range(2))
    assert first == second
    assert first != accidents(8, within_s=600.0, every_s=1.0, kinds=KINDS)
    assert set(Counter(accident.kind for accident in first)) == set(KINDS)


# The proxy itself


def frame(text: bytes, *, masked: bool = False) -> bytes:
    size = len(text)
    mask = b"\x00\x00\x00\x00" if masked else b""
    bit = 0x80 if masked else 0
    if size < 126:
        return bytes([0x81, bit | size]) + mask + text
    if size < 65_536:
        return bytes([0x81, bit | 126]) + size.to_bytes(2, "big") + mask + text
    return bytes([0x81, bit | 127]) + size.to_bytes(8, "big") + mask + text


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("step", [1, 7, 1_000_000])
def test_frames_are_found_however_the_bytes_come(masked: bool, step: int) -> None:
    head = b"GET / HTTP/1.1\r\nA: b\r\n\r\n"
    ping = bytes([0x89, 0x80 if masked else 0]) + (b"\x00" * 4 if masked else b"")
    made = [frame(b"a", masked=masked), ping, frame(b"b" * 300, masked=masked), frame(b"c" * 70_000, masked=masked)]
    data = head + b"".join(made)
    splitter = FrameSplitter()
    found = [piece for start in range(0, len(data), step) for piece in splitter.feed(data[start : start + step])]
    assert [piece for piece, _ in found] == [head, *made]
    assert [may for _, may in found] == [False, True, False, True, True]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


FRAME_BYTES = len(frame(b"000"))


@asynccontextmanager
async def connected(proxy: FaultProxy) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def frames(numbers: range) -> bytes:
    return b"GET / HTTP/1.1\r\n\r\n" + b"".join(frame(b"%03d" % number) for number in numbers)


async def through(proxy: FaultProxy, numbers: range) -> tuple[bytes, bytes]:
    """What was sent through a proxy before an echo, and all that came back."""
    repeated, sent, got = proxy.repeated, frames(numbers), b""
    async with connected(proxy) as (reader, writer), asyncio.timeout(60):
        writer.write(sent)
        while len(got) < len(sent) + FRAME_BYTES * (proxy.repeated - repeated):
            data = await reader.read(65_536)
            assert data, "the proxy ended the connection"
            got += data
    return sent, got


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    made = FaultProxy(lambda: server.sockets[0].getsockname()[:2], random.Random(1))
    await made.start()
    try:
        yield made
    finally:
        await made.close()
        server.close()


async def test_the_proxy_passes_on_repeats_and_swaps(proxy: FaultProxy) -> None:
    sent, got = await through(proxy, range(20))
    assert got == sent
    proxy.repeats = 0.5
    sent, got = await through(proxy, range(20))
    assert proxy.repeated
    assert len(got) > len(sent)
    assert [got.find(b"%03d" % n) for n in range(20)] == sorted(got.find(b"%03d" % n) for n in range(20))
    proxy.heal()
    proxy.swaps = 0.5
    sent, got = await through(proxy, range(20))
    assert proxy.swapped
    assert len(got) == len(sent)
    assert got != sent


async def test_the_proxy_holds_everything_and_cuts(proxy: FaultProxy) -> None:
    proxy.silence()
    sent = frames(range(3))
    async with connected(proxy) as (reader, writer):
        writer.write(sent)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        proxy.speak()
        async with asyncio.timeout(60):
            assert await reader.readexactly(len(sent)) == sent
            proxy.cut()
            with suppress(ConnectionError):
                assert await reader.read() == b""
    assert proxy.cuts
