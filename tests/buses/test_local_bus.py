"""The bus contract on the bus of one process, and what it says when it was cut."""

import asyncio

import pytest

from ioa.adapters.bus.local import Exchange, LocalBus
from ioa.ports.bus import BusUnavailable
from ioa.testing.buses import Heard, check_bus


async def test_local_bus_keeps_the_contract():
    exchange = Exchange()
    await check_bus(lambda: LocalBus(exchange))


async def test_a_cut_exchange_loses_what_is_said_and_tells_of_the_gap_when_mended():
    exchange = Exchange()
    one, two = LocalBus(exchange), LocalBus(exchange)
    await one.open()
    await two.open()
    heard, gaps = Heard(), []
    await two.subscribe("log", heard)
    one.on_gap(lambda: gaps.append("one"))
    two.on_gap(lambda: gaps.append("two"))
    exchange.cut()
    assert one.away
    assert two.away
    with pytest.raises(BusUnavailable, match="mend"):
        await LocalBus(exchange).open()
    one.publish("log", b"lost")
    await asyncio.sleep(0)
    assert gaps == []
    exchange.mend()
    assert not one.away
    assert gaps == ["one", "two"]
    one.publish("log", b"heard")
    await heard.until(lambda data: data == [b"heard"])
