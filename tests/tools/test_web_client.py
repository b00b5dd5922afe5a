"""The client of network tools: bounds, redirects, retries, politeness, memory."""

from __future__ import annotations

import asyncio
import gzip
import random
import zlib
from email.utils import formatdate
from pathlib import Path

import pytest

from ioa.adapters.agents.react.web.addresses import AddressGuard, AddressRefused
from ioa.adapters.agents.react.web.replies import WebFailed
from ioa.adapters.agents.react.web_client import WebClient, WebLimits
from tests.tools.servers.jump_clock import JumpClock
from tests.tools.servers.web_server import Answer, as_json, web_server
from tests.tools.web_places import client

SMALL = WebLimits(page_bytes=50_000, download_bytes=50_000, read_s=0.2, connect_s=2.0, whole_s=5.0)


def names_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


async def test_a_page_comes_with_its_text_in_its_own_encoding() -> None:
    async with web_server() as server, client(server) as web:
        server.on("/latin", Answer(body="grüße".encode("latin-1"), media_type="text/html; charset=iso-8859-1"))
        server.on("/meta", Answer(body='<meta charset="windows-1251">привет'.encode("cp1251"), media_type="text/html"))
        server.on("/none", Answer(body="naïve – “quote”".encode("cp1252"), media_type="text/html"))
        assert (await web.get(f"{server.url}/latin")).text == "grüße"
        assert (await web.get(f"{server.url}/meta")).text.endswith("привет")
        assert (await web.get(f"{server.url}/none")).text == "naïve – “quote”"


async def test_it_says_who_it_is_and_how_to_reach_its_person() -> None:
    async with web_server() as server, client(server, contact="ops@example.org") as web:
        server.page("/", "hello")
        await web.get(f"{server.url}/")
        agent = server.asked[-1].headers["user-agent"]
        assert agent.startswith("InternetOfAgents/")
        assert "ops@example.org" in agent


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://example.org/x", "'ftp' are not opened"),
        ("file:///etc/passwd", "'file' are not opened"),
        ("javascript:alert(1)", "'javascript' are not opened"),
        ("example.org/x", "the scheme misses"),
        ("http://", "names no host"),
        ("http://user:secret@example.org/", "name and password"),
        ("http://example.org:99999/", "not an address"),
    ],
)
async def test_an_address_that_is_none_is_refused_with_the_form_of_one(url: str, said: str) -> None:
    async with WebClient(clock=JumpClock()) as web:
        with pytest.raises(WebFailed, match=said) as caught:
            await web.get(url)
        assert "secret" not in str(caught.value)


async def test_a_private_address_is_refused_before_anything_is_sent() -> None:
    async with web_server() as server, WebClient(clock=JumpClock()) as web:
        with pytest.raises(AddressRefused, match="loopback"):
            await web.get(f"{server.url}/", api=True)
        assert server.asked == []


async def test_a_name_that_answers_differently_the_second_time_gains_nothing() -> None:
    """DNS rebinding: the first answer is allowed, every later one leads to this machine's private services."""
    async with web_server() as server:
        answers: list[str] = []

        async def resolve(host: str, port: int) -> list[str]:
            answers.append(host)
            return ["127.0.0.2" if len(answers) == 1 else "127.0.0.1"]

        # 127.0.0.2 plays a public address; this server listens at 127.0.0.1, which is not allowed.
        guard = AddressGuard((f"127.0.0.2:{server.port}",), resolve)
        async with WebClient(guard=guard, clock=JumpClock(), limits=WebLimits(tries=1)) as web:
            with pytest.raises(WebFailed, match="cannot be reached"):
                await web.get(f"http://rebind.example:{server.port}/", api=True)
            assert len(answers) == 1  # resolved once for the connection that was made
            with pytest.raises(AddressRefused, match=r"127\.0\.0\.1 \(loopback\)"):
                await web.get(f"http://rebind.example:{server.port}/", api=True)
        assert server.asked == []


async def test_the_name_is_kept_for_the_server_though_the_address_was_chosen_here() -> None:
    async with web_server() as server:
        server.page("/", "hello")

        async def resolve(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        async with WebClient(guard=AddressGuard((server.place,), resolve), clock=JumpClock()) as web:
            reply = await web.get(f"http://site.example:{server.port}/", api=True)
        assert reply.text == "hello"
        assert server.asked[-1].headers["host"] == f"site.example:{server.port}"


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.9:1/secret", "http://[::1]:1/", "http://[::ffff:127.0.0.9]:1/", "http://2130706441:1/",
     "http://169.254.169.254/latest/meta-data/", "//0x7f.9:1/"],
)  # fmt: skip
async def test_a_redirect_to_a_private_address_is_refused(target: str) -> None:
    async with web_server() as server, client(server) as web:
        server.on("/go", Answer(302, headers={"Location": target}))
        with pytest.raises(AddressRefused, match="is refused"):
            await web.get(f"{server.url}/go", api=True)


async def test_a_redirect_to_another_kind_of_address_is_refused() -> None:
    async with web_server() as server, client(server) as web:
        server.on("/go", Answer(302, headers={"Location": "file:///etc/passwd"}))
        with pytest.raises(WebFailed, match="'file' are not opened"):
            await web.get(f"{server.url}/go", api=True)


async def test_redirects_end() -> None:
    async with web_server() as server, client(server) as web:
        server.on("/loop", Answer(302, headers={"Location": "/loop"}))
        with pytest.raises(WebFailed, match="more than 5 redirects"):
            await web.get(f"{server.url}/loop", api=True)
        assert server.count("/loop") == 6


async def test_a_key_is_not_sent_on_to_another_host() -> None:
    async with web_server() as server, web_server() as other:
        guard = AddressGuard((server.place, other.place))
        server.on("/go", Answer(307, headers={"Location": f"{other.url}/end"}))
        other.on("/end", as_json({}))
        async with WebClient(guard=guard, clock=JumpClock()) as web:
            await web.get(f"{server.url}/go", headers={"X-Api-Key": "s3cret", "Accept": "text/plain"}, api=True)
        assert server.asked[-1].headers["x-api-key"] == "s3cret"
        assert "x-api-key" not in other.asked[-1].headers
        assert other.asked[-1].headers["accept"] == "text/plain"


async def test_a_body_larger_than_the_limit_is_left_whatever_its_length_says() -> None:
    async with web_server() as server, client(server, limits=SMALL) as web:
        for length in (True, False):
            server.on("/big", Answer(parts=(b"x" * 40_000, b"x" * 40_000), length=length))
            with pytest.raises(WebFailed, match="larger than 50,000 bytes"):
                await web.get(f"{server.url}/big", api=True)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_swells_when_it_is_decompressed_is_left(encoding: str) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000) if encoding == "gzip" else zlib.compress(b"\0" * 50_000_000)
    async with web_server() as server, client(server, limits=SMALL) as web:
        server.on("/bomb", Answer(body=bomb, headers={"Content-Encoding": encoding}))
        with pytest.raises(WebFailed, match="larger than 50,000 bytes"):
            await web.get(f"{server.url}/bomb", api=True)


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        ("gzip", gzip.compress(b"hello"), "hello"),
        ("gzip", gzip.compress(b"hel") + gzip.compress(b"lo"), "hello"),
        ("deflate", zlib.compress(b"hello"), "hello"),
        ("deflate", zlib.compress(b"hello")[2:-4], "hello"),
        ("identity", b"hello", "hello"),
    ],
)
async def test_a_compressed_body_is_read(encoding: str, body: bytes, text: str) -> None:
    async with web_server() as server, client(server) as web:
        server.on("/", Answer(body=body, headers={"Content-Encoding": encoding}))
        assert (await web.get(f"{server.url}/", api=True)).text == text


@pytest.mark.parametrize(
    ("encoding", "body"), [("gzip", gzip.compress(b"hello" * 99)[:-12]), ("gzip", b"no gzip"), ("br", b"x")]
)
async def test_a_damaged_or_unknown_compression_is_said(encoding: str, body: bytes) -> None:
    async with web_server() as server, client(server) as web:
        server.on("/", Answer(body=body, headers={"Content-Encoding": encoding}))
        with pytest.raises(WebFailed, match="compressed"):
            await web.get(f"{server.url}/", api=True)


async def test_a_server_that_says_nothing_is_left_after_a_while() -> None:
    async with web_server() as server, client(server, limits=SMALL) as web:
        forever = asyncio.Event()

        async def hang() -> None:
            await forever.wait()

        server.on("/slow", Answer(parts=(b"begin", hang), length=False))
        with pytest.raises(WebFailed, match=r"said nothing for 0\.2 s"):
            await web.get(f"{server.url}/slow", api=True)


async def test_a_body_that_drips_is_left_when_its_whole_time_is_up() -> None:
    limits = WebLimits(whole_s=0.2, read_s=5.0)
    async with web_server() as server, client(server, limits=limits) as web:
        forever = asyncio.Event()

        async def hang() -> None:
            await forever.wait()

        server.on("/drip", Answer(parts=(b"x", hang), length=False))
        with pytest.raises(WebFailed, match=r"longer than 0\.2 s"):
            await web.get(f"{server.url}/drip", api=True)


async def test_a_broken_connection_is_said() -> None:
    async with web_server() as server, client(server) as web:

        async def cut() -> None:
            raise ConnectionResetError

        server.on("/cut", Answer(parts=(b"begin", cut), headers={"Content-Length": "900"}, length=False))
        with pytest.raises(WebFailed, match="connection broke"):
            await web.get(f"{server.url}/cut", api=True)


async def test_what_is_not_wanted_is_refused_before_its_body_is_read() -> None:
    async with web_server() as server, client(server, limits=SMALL) as web:
        server.on("/film", Answer(body=b"x" * 40_000, media_type="video/mp4"))
        with pytest.raises(WebFailed, match=r"this is video/mp4, not a page of text\. Download it"):
            await web.get(f"{server.url}/film", accept=("text/",))


async def test_busy_servers_are_asked_again_after_the_time_they_named() -> None:
    clock = JumpClock()
    later = formatdate(clock.now_s() + 7, usegmt=True)
    answers = [
        Answer(429, headers={"Retry-After": "3"}),
        Answer(503, headers={"Retry-After": later}),
        Answer(body="done"),
    ]
    async with web_server() as server, client(server, clock) as web:
        server.on("/", lambda _: answers.pop(0))
        assert (await web.get(f"{server.url}/", api=True)).text == "done"
    assert 3.0 in clock.slept
    assert any(3.0 < one <= 7.0 for one in clock.slept)


async def test_waits_double_with_jitter_where_no_time_is_named() -> None:
    clock = JumpClock()
    async with web_server() as server, client(server, clock, chance=random.Random(1), pause_s=0.0) as web:
        server.on("/", Answer(502, "down", "text/plain"))
        with pytest.raises(WebFailed, match="the server answered 502, saying: down"):
            await web.get(f"{server.url}/", api=True)
        assert server.count("/") == 3
    assert len(clock.slept) == 2
    assert 0.25 <= clock.slept[0] <= 0.5 <= clock.slept[1] <= 1.0


async def test_a_wait_that_is_too_long_is_told_at_once() -> None:
    clock = JumpClock()
    async with web_server() as server, client(server, clock) as web:
        server.on("/", Answer(429, headers={"Retry-After": "3600"}))
        with pytest.raises(WebFailed, match="asks to come back in 3600 s"):
            await web.get(f"{server.url}/", api=True)
        assert server.count("/") == 1


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(400, "malformed"), (401, "key is missing or wrong"), (403, "does not let this program in"),
     (404, "no such page"), (500, "has a fault")],
)  # fmt: skip
async def test_what_cannot_succeed_is_not_tried_again_and_says_what_to_do(status: int, remedy: str) -> None:
    async with web_server() as server, client(server) as web:
        server.on("/", Answer(status, "why", "text/plain"))
        with pytest.raises(WebFailed, match=f"answered {status}.*{remedy}") as caught:
            await web.get(f"{server.url}/", api=True)
        assert caught.value.status == status
        assert server.count("/") == 1


async def test_a_connection_that_is_refused_is_tried_again() -> None:
    clock = JumpClock()
    async with web_server() as server:
        closed = server
    async with client(closed, clock) as web:
        with pytest.raises(WebFailed, match="cannot be reached"):
            await web.get(f"{closed.url}/", api=True)
    assert len([one for one in clock.slept if one >= 0.25]) == 2


async def test_a_key_in_an_address_is_not_shown() -> None:
    async with web_server() as server, client(server) as web:
        with pytest.raises(WebFailed) as caught:
            await web.get(f"{server.url}/x", {"api_key": "s3cret", "q": "bees"}, api=True)
        assert "s3cret" not in str(caught.value)
        assert "q=bees" in str(caught.value)


async def test_requests_to_one_host_start_a_pause_apart() -> None:
    clock = JumpClock()
    async with web_server() as server, client(server, clock, pause_s=0.5) as web:
        server.on("/*", Answer(body="x"))
        for number in range(3):
            await web.get(f"{server.url}/{number}", api=True)
        await web.get(f"{server.url}/slow", api=True, pause_s=3.0)
        await web.get(f"{server.url}/after", api=True)
    assert clock.slept == pytest.approx([0.5, 0.5, 0.5, 3.0])


async def test_only_a_few_requests_run_at_one_host_at_a_time() -> None:
    running: list[int] = []
    most: list[int] = []
    released = asyncio.Event()

    async def hold() -> None:
        running.append(1)
        most.append(len(running))
        if len(most) == 2:
            asyncio.get_running_loop().call_later(0.05, released.set)
        await released.wait()
        running.pop()

    async with web_server() as server, client(server) as web:
        server.on("/*", lambda _: Answer(parts=(b"x", hold), length=False))
        await asyncio.gather(*(web.get(f"{server.url}/{number}", api=True) for number in range(5)))
    assert max(most) == 2
    assert len(most) == 5


async def test_a_page_is_remembered_for_a_while_unless_its_server_minds() -> None:
    clock = JumpClock()
    async with web_server() as server, client(server, clock) as web:
        server.page("/a", "x")
        server.on("/b", Answer(body="x", headers={"Cache-Control": "no-store"}))
        server.on("/c", Answer(body="x", headers={"Cache-Control": "public, max-age=10"}))
        for path in ("/a", "/b", "/c", "/a", "/b", "/c"):
            await web.get(f"{server.url}{path}", api=True)
        assert [server.count(path) for path in ("/a", "/b", "/c")] == [1, 2, 1]
        clock.pass_s(11)
        await web.get(f"{server.url}/c", api=True)
        await web.get(f"{server.url}/a", api=True)
        clock.pass_s(301)
        await web.get(f"{server.url}/a", api=True)
        assert [server.count(path) for path in ("/a", "/c")] == [2, 2]


async def test_a_download_lands_in_its_file_and_a_broken_one_leaves_none(tmp_path: Path) -> None:
    async with web_server() as server, client(server, limits=SMALL) as web:
        server.on("/ok.bin", Answer(body=bytes(range(256)) * 10, media_type="application/octet-stream"))
        server.on("/big.bin", Answer(parts=(b"x" * 40_000,) * 2, media_type="application/octet-stream", length=False))
        await web.download(f"{server.url}/ok.bin", tmp_path / "ok.bin")
        assert (tmp_path / "ok.bin").read_bytes() == bytes(range(256)) * 10
        with pytest.raises(WebFailed, match="larger than"):
            await web.download(f"{server.url}/big.bin", tmp_path / "big.bin")
        assert not (tmp_path / "big.bin").exists()
        with pytest.raises(WebFailed, match="404"):
            await web.download(f"{server.url}/none.bin", tmp_path / "none.bin")
        assert names_in(tmp_path) == ["ok.bin"]


async def test_a_cancelled_download_leaves_no_file(tmp_path: Path) -> None:
    async with web_server() as server, client(server) as web:
        begun, forever = asyncio.Event(), asyncio.Event()

        async def hang() -> None:
            begun.set()
            await forever.wait()

        server.on("/f", Answer(parts=(b"x" * 100, hang), length=False))
        task = asyncio.create_task(web.download(f"{server.url}/f", tmp_path / "f"))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert names_in(tmp_path) == []


async def test_json_of_another_form_is_said_with_its_beginning() -> None:
    async with web_server() as server, client(server) as web:
        server.on("/j", Answer(body="<html>login</html>"))
        server.on("/deep", Answer(body="[" * 100_000, media_type="application/json"))
        reply = await web.get(f"{server.url}/j", api=True)
        with pytest.raises(WebFailed, match=r"not in the service's known format.*<html>login"):
            reply.decoded(dict[str, int])
        with pytest.raises(WebFailed, match="known format"):
            (await web.get(f"{server.url}/deep", api=True)).decoded(list[object])


async def test_posted_json_arrives_and_is_not_remembered() -> None:
    async with web_server() as server, client(server) as web:
        server.on("/p", lambda asked: as_json({"got": asked.json["n"]}))
        for number in (1, 2):
            reply = await web.post_json(f"{server.url}/p", {"n": number}, headers={"X-Api-Key": "k"})
            assert reply.decoded(dict[str, int]) == {"got": number}
        assert server.asked[-1].headers["content-type"] == "application/json"
