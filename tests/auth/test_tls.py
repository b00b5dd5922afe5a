"""TLS: what the hub offers, and whom a client's certificate names."""

import asyncio
import json
import ssl
from contextlib import suppress

import httpx
import pytest
import trustme
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ioa.hub.settings import HubSettings, SettingsError
from tests.hub.served import ALICE, served

AUTHORITY = trustme.CA()


@pytest.fixture
def files(tmp_path):
    """The hub's certificate and key, and the authority of clients."""
    made = AUTHORITY.issue_cert("127.0.0.1", "localhost")
    made.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    for number, blob in enumerate(made.cert_chain_pems):
        blob.write_to_path(str(tmp_path / "cert.pem"), append=number > 0)
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return {"tls_certificate": tmp_path / "cert.pem", "tls_key": tmp_path / "key.pem"}, tmp_path / "ca.pem"


def client(certificate: trustme.LeafCert | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    if certificate is not None:
        certificate.configure_cert(context)
    return context


async def ask(net, path, context, **headers):
    async with httpx.AsyncClient(verify=context, trust_env=False) as http:
        return await http.get(net.server.url + path, headers=headers)


async def hang_up(writer):
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def test_a_hub_speaks_tls_1_2_and_newer_with_forward_secrecy(tmp_path, files):
    async with served(tmp_path / "hub", **files[0]) as net:
        assert (await ask(net, "/v1/health", client())).status_code == 200
        _, writer = await asyncio.open_connection("127.0.0.1", net.server.port, ssl=client())
        assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
        await hang_up(writer)
        for wanted, good in (("ECDHE+AESGCM", True), ("AES128-SHA", False), ("AES256-GCM-SHA384", False)):
            context = client()
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(wanted)
            if good:
                _, writer = await asyncio.open_connection("127.0.0.1", net.server.port, ssl=context)
                await hang_up(writer)
            else:
                with pytest.raises((ssl.SSLError, ConnectionError)):
                    await asyncio.open_connection("127.0.0.1", net.server.port, ssl=context)


async def test_a_certificate_says_who_is_asking_over_http_and_on_a_socket(tmp_path, files):
    certificates = {
        "DNS:alice.example.org": "user:alice",
        "DNS:ann.example.org": "agent:Ann",
        "CN:root": "operator:root",
    }
    tls, ca = files
    async with served(tmp_path / "hub", **tls, client_ca=ca, certificates=certificates) as net:
        url = net.server.url
        alice = client(AUTHORITY.issue_cert("alice.example.org"))
        async with httpx.AsyncClient(verify=alice, trust_env=False) as http:
            made = await http.post(url + "/v1/agents", json={"name": "Ann", "description": "does things"})
        assert made.status_code == 201
        assert (await ask(net, "/v1/agents/Ann", alice)).json()["owner"] == "alice"
        assert (await ask(net, "/v1/audit", alice)).status_code == 403
        assert (await ask(net, "/v1/audit", client(AUTHORITY.issue_cert("x", common_name="root")))).status_code == 200
        for stranger in (client(), client(AUTHORITY.issue_cert("evil.alice.example.org"))):
            assert (await ask(net, "/v1/goals", stranger)).status_code == 401
        assert (await ask(net, "/v1/goals", client(), authorization=f"Bearer {ALICE}")).status_code == 200
        ann = client(AUTHORITY.issue_cert("ann.example.org"))
        address = url.replace("https", "wss") + "/v1/connect"
        hello = json.dumps({"frame": "hello", "version": 1, "token": "certificate"})
        async with connect(address, ssl=ann, proxy=None) as socket:
            await socket.send(hello)
            assert json.loads(await socket.recv())["name"] == "Ann"
            removed = await ask_delete(net, alice)
            assert removed.status_code == 200
            told = await until_closed(socket)
            assert "removed" in told[-1]["rule"]
            assert socket.close_code == 4401
        async with connect(address, ssl=client(), proxy=None) as socket:
            await socket.send(hello)
            told = await until_closed(socket)
            assert told[-1]["code"] == "not_authenticated"


async def until_closed(socket):
    """The frames that still come."""
    frames = []
    with suppress(ConnectionClosed):
        while True:
            frames.append(json.loads(await socket.recv()))
    return frames


async def ask_delete(net, context):
    async with httpx.AsyncClient(verify=context, trust_env=False) as http:
        return await http.delete(net.server.url + "/v1/agents/Ann")


async def test_a_hub_may_talk_to_nobody_without_a_certificate_of_its_authority(tmp_path, files):
    tls, ca = files
    async with served(tmp_path / "hub", **tls, client_ca=ca, client_certificates="required") as net:
        good = client(AUTHORITY.issue_cert("somebody.example.org"))
        assert (await ask(net, "/v1/health", good)).status_code == 200
        for bad in (client(), client(trustme.CA().issue_cert("somebody.example.org"))):
            with pytest.raises((httpx.HTTPError, ssl.SSLError)):
                await ask(net, "/v1/health", bad)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"client_ca": "ca.pem"}, "client_ca needs tls_certificate"),
        ({"certificates": {"CN:x": "user:x"}}, "certificates need client_ca"),
        ({"certificates": {"*.example.org": "user:x"}}, "DNS:"),
        ({"certificates": {"CN:x": "king:x"}}, "user:NAME"),
        ({"certificates": {"CN:x": "user:hub"}}, "reserved"),
        ({"client_certificates": "maybe"}, "neither optional nor required"),
    ],
)
def test_wrong_settings_of_certificates_are_named(tmp_path, wrong, words):
    with pytest.raises(SettingsError, match=words):
        HubSettings(data_dir=tmp_path, **wrong)


async def test_answers_carry_headers_that_keep_browsers_from_misusing_them(tmp_path, files):
    async with served(tmp_path / "hub") as net:
        for path, status in (("/v1/health", 200), ("/v1/goals", 401), ("/nothing", 404), ("/openapi.json", 200)):
            answer = await net.ask("GET", path, token=None)
            assert answer.status_code == status
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert "access-control-allow-origin" not in answer.headers
            assert "strict-transport-security" not in answer.headers, "not for names of this machine"
        preflight = await net.ask("OPTIONS", "/v1/goals", token=None, headers={"Origin": "https://evil.example.org"})
        assert preflight.status_code == 403
    async with served(tmp_path / "open", **files[0], host="0.0.0.0") as net:
        url = f"https://127.0.0.1:{net.server.port}/v1/health"
        async with httpx.AsyncClient(verify=client(), trust_env=False) as http:
            assert "max-age=31536000" in (await http.get(url)).headers["strict-transport-security"]
