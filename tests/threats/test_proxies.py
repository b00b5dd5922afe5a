"""Who says where a client is: proxies that are trusted, and nobody else."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from ioa.hub.proxies import Proxies
from ioa.hub.settings import HubSettings, Limits, SettingsError
from ioa.protocol.codec import decode_hub_frame, encode
from ioa.protocol.frames import PROTOCOL_VERSION, Hello, Refusal
from tests.hub.served import ALICE, served

ELSEWHERE = "127.0.0.2"
"""An address of this machine that is not one of those which are always trusted."""
BURST = 3
LIMITS = Limits(failed_sign_ins_burst=BURST, failed_sign_ins_per_s=0.001)


@pytest.fixture(autouse=True)
def elsewhere() -> None:
    with socket.socket() as probe:
        try:
            probe.bind((ELSEWHERE, 0))
        except OSError as error:
            pytest.skip(f"this system lets nobody call from {ELSEWHERE}: {error}")


async def over_http(net, forwarded_for: str) -> str:
    """The code of the refusal of a guess."""
    transport = httpx.AsyncHTTPTransport(local_address=ELSEWHERE)
    async with httpx.AsyncClient(transport=transport, base_url=net.server.url) as http:
        headers = {"Authorization": "Bearer a guess", "X-Forwarded-For": forwarded_for}
        return (await http.get("/v1/me", headers=headers)).json()["error"]["code"]


async def over_a_socket(net, forwarded_for: str) -> str:
    headers = {"X-Forwarded-For": forwarded_for}
    url = net.server.url.replace("http", "ws") + "/v1/connect"
    async with connect(url, additional_headers=headers, local_addr=(ELSEWHERE, 0), proxy=None) as wire:
        await wire.send(encode(Hello(version=PROTOCOL_VERSION, token="a guess")), text=True)
        answer = decode_hub_frame(await wire.recv(decode=False))
    assert isinstance(answer, Refusal)
    return answer.code


WAYS = pytest.mark.parametrize("guess", [over_http, over_a_socket], ids=["requests", "sockets"])


async def blamed(net) -> set[str]:
    """The addresses that the audit log holds failed sign-ins against."""
    net.hub.sign_in.tell()
    return {entry.address for _, entry in await net.hub.audit.page(before=None, limit=100)}


@WAYS
async def test_an_address_that_is_not_trusted_gains_nothing_by_forging_another(tmp_path: Path, guess) -> None:
    async with served(tmp_path, limits=LIMITS, trusted_proxies=("10.0.0.0/8", "127.0.0.3")) as net:
        forged = ["198.51.100.1", "127.0.0.1", "10.1.2.3, 10.1.2.4", "::1", "198.51.100.2, 127.0.0.3"]
        codes = [await guess(net, name) for name in forged]
        assert codes == ["not_authenticated"] * BURST + ["too_fast"] * (len(forged) - BURST)
        assert await blamed(net) == {ELSEWHERE}
        assert (await net.ask("GET", "/v1/me", token=ALICE)).status_code == 200, "others are not kept out by it"


@WAYS
async def test_behind_a_trusted_proxy_each_client_has_its_own_address_and_cannot_choose_it(
    tmp_path: Path, guess
) -> None:
    async with served(tmp_path, limits=LIMITS, trusted_proxies=("127.0.0.0/8",)) as net:
        # What a client writes itself stands on the left; the proxies add what they see.
        forged = [f"198.51.100.{number}, 203.0.113.7, 127.0.0.9" for number in range(BURST + 2)]
        codes = [await guess(net, name) for name in forged]
        assert codes == ["not_authenticated"] * BURST + ["too_fast"] * 2
        assert await guess(net, "203.0.113.7, 203.0.113.8") == "not_authenticated", "another client is not kept out"
        assert await blamed(net) == {"203.0.113.7", "203.0.113.8"}


@pytest.mark.parametrize(
    ("trusted", "said", "scheme"),
    [
        ((), "https", "http"),
        ((ELSEWHERE,), "https", "https"),
        ((ELSEWHERE,), "gopher", "http"),
        ((ELSEWHERE,), "", "http"),
    ],
)
async def test_a_trusted_proxy_says_whether_it_was_asked_over_tls(
    tmp_path: Path, trusted: tuple[str, ...], said: str, scheme: str
) -> None:
    async with served(tmp_path, trusted_proxies=trusted) as net:
        transport = httpx.AsyncHTTPTransport(local_address=ELSEWHERE)
        async with httpx.AsyncClient(transport=transport, base_url=net.server.url) as http:
            answer = await http.get("/v1/agents/", headers={"X-Forwarded-Proto": said})
        assert answer.status_code == 307, "the address that is meant has no slash at its end"
        assert answer.headers["location"].partition("://")[0] == scheme


@pytest.mark.parametrize(
    ("address", "forwarded_for", "client"),
    [
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", " 203.0.113.7:4711 ", "203.0.113.7"),
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("fd00::1", "2001:DB8:0::7", "2001:db8::7"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.7,, 10.9.9.9,", "203.0.113.7"),
        ("10.0.0.1", "10.0.0.7, 10.0.0.8", "10.0.0.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.7, unknown", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.7, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "1" * 200_000, "10.0.0.1"),
        ("11.0.0.1", "203.0.113.7", "11.0.0.1"),
        ("fd01::1", "10.0.0.1", "fd01::1"),
        ("", "203.0.113.7", ""),
    ],
)
def test_forwarded_addresses_are_read_from_the_right_as_far_as_trust_goes(
    address: str, forwarded_for: str, client: str
) -> None:
    assert Proxies(("10.0.0.0/8", "fd00::/64")).client(address, forwarded_for) == client


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("proxy.example", "'proxy.example' is no address or network"),
        ("10.0.0.1/8", "'10.0.0.1/8' is no address or network .*host bits"),
        ("*", r"'\*' is no address"),
        ("0.0.0.0/0", "is everybody"),
        ("::/0", "is everybody"),
        ("", "'' is no address"),
    ],
)
def test_a_proxy_that_cannot_be_trusted_is_refused_by_name(tmp_path: Path, wrong: str, words: str) -> None:
    with pytest.raises(SettingsError, match=f"trusted_proxies: .*{words}.*10.0.0.0/8"):
        HubSettings(data_dir=tmp_path, trusted_proxies=("10.0.0.0/8", wrong))
