"""The bus contract on NATS; what becomes of senders and listeners while the server is killed, hangs or refuses."""

import asyncio

import pytest
import trustme

from ioa.adapters.bus.local import LocalBus
from ioa.adapters.bus.opening import open_bus
from ioa.ports.bus import LARGEST_BYTES, Bus, BusUnavailable
from ioa.testing.buses import Heard, check_bus
from ioa.testing.servers import NatsServer

pytest.importorskip("nats", reason="the extra `nats` is not installed")

from ioa.adapters.bus.nats import NatsBus


class Gaps:
    """Counts gaps; `until` waits for so many."""

    def __init__(self, bus: Bus) -> None:
        self.count = 0
        self._more = asyncio.Event()
        bus.on_gap(self._note)

    def _note(self) -> None:
        self.count += 1
        self._more.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(60):
            while self.count < count:
                self._more.clear()
                await self._more.wait()


async def test_nats_bus_keeps_the_contract(nats_server):
    await check_bus(lambda: open_bus(nats_server.url))


async def test_hubs_of_different_prefixes_on_one_server_do_not_hear_each_other(nats_server):
    one, two, other = NatsBus(nats_server.url), NatsBus(nats_server.url), NatsBus(f"{nats_server.url}/other")
    for bus in (one, two, other):
        await bus.open()
    heard, heard_elsewhere = Heard(), Heard()
    await two.subscribe("log", heard)
    await other.subscribe("log", heard_elsewhere)
    one.publish("log", b"1")
    await heard.until(lambda data: data == [b"1"])
    assert heard_elsewhere.data == []
    for bus in (one, two, other):
        await bus.close()


@pytest.mark.parametrize("end", ["kill", "stop"])
async def test_a_server_that_is_lost_harms_nobody_and_its_return_is_told(nats_server, end):
    one, two = NatsBus(nats_server.url), NatsBus(nats_server.url)
    await asyncio.gather(one.open(), two.open())
    gaps, heard, late = (Gaps(one), Gaps(two)), Heard(), Heard()
    await two.subscribe("log", heard)
    one.publish("log", b"before")
    await heard.until(lambda data: data == [b"before"])
    await asyncio.to_thread(getattr(nats_server, end))
    for _ in range(1_000):
        one.publish("log", bytes(LARGEST_BYTES))
    await two.subscribe("late", late)
    await asyncio.to_thread(nats_server.start)
    await asyncio.gather(*(gap.until(1) for gap in gaps))
    one.publish("log", b"after")
    one.publish("late", b"too")
    await heard.until(lambda data: data[-1] == b"after")
    await late.until(lambda data: data == [b"too"])
    await asyncio.gather(one.close(), two.close())


async def test_a_bus_is_closed_while_its_server_is_away(nats_server):
    bus = NatsBus(nats_server.url)
    await bus.open()
    await asyncio.to_thread(nats_server.kill)
    bus.publish("log", b"lost")
    await bus.close()
    await asyncio.to_thread(nats_server.start)


async def test_a_server_that_hangs_blocks_no_sender_and_what_it_does_not_take_is_bounded(nats_server, caplog):
    one, two = NatsBus(nats_server.url), NatsBus(nats_server.url)
    await asyncio.gather(one.open(), two.open())
    gaps, heard = Gaps(one), Heard()
    await two.subscribe("log", heard)
    nats_server.pause()
    try:
        for _ in range(300):  # 150 MB
            one.publish("log", bytes(LARGEST_BYTES))
            await asyncio.sleep(0)
        assert "it is dropped until it does" in caplog.text
    finally:
        nats_server.resume()
    await gaps.until(1)
    await heard.until(lambda data: len(data) > 10)
    assert len(heard.data) < 300
    one.publish("log", b"after")
    await heard.until(lambda data: data[-1] == b"after")
    await asyncio.gather(one.close(), two.close())


async def test_a_server_that_refuses_large_messages_loses_them_alone(nats_server, caplog):
    with NatsServer(config="max_payload: 10000") as server:
        one, two = NatsBus(server.url), NatsBus(server.url)
        await asyncio.gather(one.open(), two.open())
        gaps, heard = Gaps(one), Heard()
        await two.subscribe("log", heard)
        for data in (b"1", bytes(20_000), b"2"):
            one.publish("log", data)
        await heard.until(lambda data: data == [b"1", b"2"])
        await gaps.until(1)
        assert "raise its max_payload" in caplog.text
        await asyncio.gather(one.close(), two.close())


async def says_and_hears(url: str) -> None:
    one, two = NatsBus(url), NatsBus(url)
    await asyncio.gather(one.open(), two.open())
    heard = Heard()
    await two.subscribe("log", heard)
    one.publish("log", b"1")
    await heard.until(lambda data: data == [b"1"])
    await asyncio.gather(one.close(), two.close())


@pytest.mark.parametrize(
    ("config", "login"),
    [
        ('authorization { user: ann, password: "p:w/d@" }', "ann:p%3Aw%2Fd%40"),
        ('authorization { token: "secret token" }', "secret%20token"),
    ],
)
async def test_credentials_are_those_of_the_url_and_wrong_ones_are_reported_with_the_remedy(nats_server, config, login):
    with NatsServer(config=config) as server:
        await says_and_hears(server.url.replace("//", f"//{login}@"))
        with pytest.raises(BusUnavailable, match="correct its user and password, token") as error:
            await NatsBus(server.url.replace("//", "//ann:wrong@")).open()
        assert "wrong" not in str(error.value)


async def test_a_hub_whose_credentials_are_changed_reconnects_when_they_are_right_again(nats_server):
    with NatsServer(config="authorization { user: ann, password: right }") as server:
        bus = NatsBus(server.url.replace("//", "//ann:right@"))
        await bus.open()
        gaps = Gaps(bus)
        server.reconfigure("authorization { user: ann, password: other }")
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        with pytest.raises(BusUnavailable, match="correct its user"):
            await NatsBus(server.url.replace("//", "//ann:right@")).open()
        server.reconfigure("authorization { user: ann, password: right }")
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        await gaps.until(1)
        await bus.close()


async def test_tls_with_certificates_on_both_sides(nats_server):
    authority = trustme.CA()
    server_side, client_side = authority.issue_cert("127.0.0.1"), authority.issue_cert("hub@example.org")
    server = NatsServer()
    ca, cert, key, own = (str(server.folder / name) for name in ("ca.pem", "cert.pem", "key.pem", "own.pem"))
    authority.cert_pem.write_to_path(ca)
    server_side.cert_chain_pems[0].write_to_path(cert)
    server_side.private_key_pem.write_to_path(key)
    client_side.private_key_and_cert_chain_pem.write_to_path(own)
    server.reconfigure(f'tls {{ cert_file: "{cert}", key_file: "{key}", ca_file: "{ca}", verify: true }}')
    with server:
        url = f"tls://127.0.0.1:{server.port}"
        await says_and_hears(f"{url}?ca={ca}&cert={own}&key={own}")
        for wrong in (url, f"{url}?ca={ca}", server.url):
            with pytest.raises(BusUnavailable, match=r"cannot be reached: .*; "):
                await NatsBus(wrong).open()


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("redis://host", r"give local, or nats://"),
        ("nats://", r"give it as nats://user:password@host:4222"),
        ("nats://:4222", r"is no host"),
        ("nats://ann:secret@host/a b", r"'a b'"),
        ("nats://ann:secret@host?nonsense=1", r"'nonsense' is no setting; there are ca, cert"),
        ("nats://host?cert=/etc/hostname", r"cert and key belong together"),
        ("nats://host:port", r"Port could not be cast"),
    ],
)
def test_a_wrong_url_is_refused_with_what_is_wrong(url, wrong):
    with pytest.raises(ValueError, match=wrong) as error:
        open_bus(url)
    assert "secret" not in str(error.value)


async def test_files_and_servers_that_are_not_there_are_reported_with_the_remedy(tmp_path):
    with pytest.raises(BusUnavailable, match=r"ca='/absent' is no file; correct the path"):
        open_bus("nats://host?ca=/absent")
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(BusUnavailable, match=r"give PEM files"):
        open_bus(f"nats://host?ca={tmp_path}/ca.pem")
    with pytest.raises(BusUnavailable, match=r"127.0.0.1:1 cannot be reached.*start it, or correct the URL"):
        await open_bus("nats://127.0.0.1:1").open()
    assert isinstance(open_bus("local"), LocalBus)


async def test_of_several_servers_the_first_that_is_there_is_taken(nats_server):
    await says_and_hears(nats_server.url.replace("//", "//127.0.0.1:1,"))
