"""The proxy through which the browser goes: what passes, what does not, and how much."""

from __future__ import annotations

import asyncio

from ioa.adapters.agents.react.web.addresses import AddressGuard
from ioa.adapters.agents.react.web.guard_proxy import GuardProxy
from tests.tools.servers.web_server import Answer, web_server


async def say(proxy: GuardProxy, text: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rsplit(":", 1)[1]))
    writer.write(text.replace("\n", "\r\n").encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.decode()


async def test_a_request_and_a_tunnel_reach_what_the_guard_allows() -> None:
    async with web_server() as server:
        server.on("/a", Answer(body="hello"))
        async with GuardProxy(AddressGuard((server.place,)), limit_bytes=10_000) as proxy:
            told = "Host: x\nProxy-Connection: keep-alive\nProxy-Authorization: y\n\n"
            assert (await say(proxy, f"GET {server.url}/a?q=1 HTTP/1.1\n{told}")).endswith("hello")
            assert server.asked[-1].query == {"q": "1"}
            assert not [name for name in server.asked[-1].headers if name.startswith("proxy")]
            tunnel = f"CONNECT {server.place} HTTP/1.1\n\nGET /a HTTP/1.1\nConnection: close\n\n"
            answer = await say(proxy, tunnel)
            assert answer.startswith("HTTP/1.1 200 Connection established")
            assert answer.endswith("hello")


async def test_a_private_address_is_refused_in_either_form_with_the_reason_kept() -> None:
    async with web_server() as server, GuardProxy(AddressGuard(), limit_bytes=10_000) as proxy:
        for request in (f"GET {server.url}/a HTTP/1.1\n\n", f"CONNECT {server.place} HTTP/1.1\n\n"):
            assert "403 Refused" in await say(proxy, request)
        assert "loopback" in proxy.refusals[server.place]
        assert server.asked == []


async def test_a_name_is_connected_to_at_the_address_that_was_checked() -> None:
    async with web_server() as server:
        asked: list[str] = []

        async def resolve(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.3"]

        server.on("/", Answer(body="hello"))
        async with GuardProxy(AddressGuard((server.place,), resolve), limit_bytes=10_000) as proxy:
            request = f"GET http://site.example:{server.port}/ HTTP/1.1\nHost: site.example\n\n"
            assert (await say(proxy, request)).endswith("hello")
            assert asked == ["site.example"]
            assert "127.0.0.3 (loopback)" in await say(proxy, request)


async def test_bytes_are_limited_over_all_connections() -> None:
    async with web_server() as server:
        server.on("/big", Answer(body="x" * 200_000))
        async with GuardProxy(AddressGuard((server.place,)), limit_bytes=100_000) as proxy:
            assert len(await say(proxy, f"GET {server.url}/big HTTP/1.1\n\n")) <= 100_000
            assert "used up its connections or bytes" in await say(proxy, f"GET {server.url}/big HTTP/1.1\n\n")


async def test_what_is_no_request_is_refused() -> None:
    async with GuardProxy(AddressGuard(), limit_bytes=1_000) as proxy:
        for request in (
            "nonsense\n\n",
            "GET /relative HTTP/1.1\n\n",
            "GET ftp://x/ HTTP/1.1\n\n",
            "CONNECT x:y HTTP/1.1\n\n",
        ):
            assert "400 Refused" in await say(proxy, request)
