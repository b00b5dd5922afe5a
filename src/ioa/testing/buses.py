"""The contract of the `Bus` port, run on every maker of it: `await check_bus(make)`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ioa.ports.bus import LARGEST_BYTES, Bus

_WITHIN_S = 10.0


class Heard:
    """What one listener heard of one subject; `until` waits for it."""

    def __init__(self) -> None:
        self.data: list[bytes] = []
        self._fresh = asyncio.Event()

    def __call__(self, data: bytes) -> None:
        self.data.append(data)
        self._fresh.set()

    async def until(self, holds: Callable[[Sequence[bytes]], bool]) -> None:
        """Wait until `holds` of all that was heard. Raises `TimeoutError`."""
        async with asyncio.timeout(_WITHIN_S):
            while not holds(self.data):
                self._fresh.clear()
                await self._fresh.wait()


async def check_bus(make: Callable[[], Bus]) -> None:
    """All checks. Each of `make` is another end of the same bus, which nobody else uses."""
    for check in (_check_hearing, _check_order_and_size, _check_listeners, _check_wrong_input, _check_closed):
        one, two = make(), make()
        await asyncio.gather(one.open(), two.open())
        try:
            await check(one, two)
        finally:
            await asyncio.gather(one.close(), two.close())


async def _check_hearing(one: Bus, two: Bus) -> None:
    """Everybody but the speaker hears, each what it listens to, from the moment that `subscribe` has returned."""
    assert not one.away
    own, log, other = Heard(), Heard(), Heard()
    await one.subscribe("log.new", own)
    await two.subscribe("log.new", log)
    await two.subscribe("log.other", other)
    one.publish("log.new", b"1")
    one.publish("nobody.hears", b"2")
    one.publish("log.other", b"3")
    two.publish("log.new", b"4")
    await other.until(lambda data: data == [b"3"])
    await own.until(lambda data: data == [b"4"])
    await log.until(lambda data: data == [b"1"])
    one.publish("log.new", b"5")
    await log.until(lambda data: data == [b"1", b"5"])
    assert own.data == [b"4"]


async def _check_order_and_size(one: Bus, two: Bus) -> None:
    """A publisher's data arrive in order, also when they fill several bundles, and data may be anything."""
    heard = Heard()
    await two.subscribe("log", heard)
    said = [b"", b"\x00\r\n\xff", "世界".encode(), bytes(LARGEST_BYTES), bytes(range(256)) * 2000]
    said += [str(number).encode() for number in range(5_000)]
    for data in said:
        one.publish("log", data)
    await heard.until(lambda data: len(data) >= len(said))
    assert heard.data == said
    one.publish("log", b"last")
    await heard.until(lambda data: data[-1] == b"last")


async def _check_listeners(one: Bus, two: Bus) -> None:
    """Several listeners of a subject; one that fails harms nobody; one that has ended hears no more."""

    def failing(_: bytes) -> None:
        raise RuntimeError("a listener that fails on purpose")

    first, second = Heard(), Heard()
    await two.subscribe("log", failing)
    end = await two.subscribe("log", first)
    await two.subscribe("log", second)
    one.publish("log", b"1")
    await second.until(lambda data: data == [b"1"])
    assert first.data == [b"1"]
    end()
    end()
    one.publish("log", b"2")
    await second.until(lambda data: data == [b"1", b"2"])
    assert first.data == [b"1"]
    late = Heard()
    await two.subscribe("log", late)
    one.publish("log", b"3")
    await late.until(lambda data: data == [b"3"])


async def _check_wrong_input(one: Bus, two: Bus) -> None:
    for subject, data in (("log", bytes(LARGEST_BYTES + 1)), ("", b""), ("a b", b""), ("log.*", b""), ("a..b", b"")):
        try:
            one.publish(subject, data)
        except ValueError as error:
            reason = str(error)
        else:
            raise AssertionError(f"{subject!r} with {len(data)} bytes must be refused")
        assert repr(subject) in reason
    try:
        await two.subscribe("log.>", Heard())
    except ValueError:
        return
    raise AssertionError("a wildcard must be refused")


async def _check_closed(one: Bus, two: Bus) -> None:
    """What is published right before `close` is still said; after it nothing is, without an error."""
    heard = Heard()
    await two.subscribe("log", heard)
    one.publish("log", b"last words")
    await one.close()
    await one.close()
    assert not one.away  # nobody misses it
    one.publish("log", b"nothing")
    await heard.until(lambda data: data == [b"last words"])
    await one.open()
    one.publish("log", b"back")
    await heard.until(lambda data: data == [b"last words", b"back"])
