"""An agent behind a URL: `ioa.adapters.agents.remote`. The network is httpx's mock transport."""

from __future__ import annotations

import base64
import json

import httpx
import pytest

from ioa.adapters.agents.remote import BadAddress, RemoteAgent, is_public
from ioa.ports.agent import AgentFailed, Assignment, EarlierResult, LocalFile


async def quiet(_: str) -> None:
    pass


def remote(answer, url="https://agent.example/run", addresses=("93.184.216.34",), **options) -> RemoteAgent:
    async def resolver(host: str, port: int) -> list[str]:
        return list(addresses)

    return RemoteAgent(url, "far", resolver=resolver, transport=httpx.MockTransport(answer), **options)


async def test_the_task_is_posted_to_the_address_that_was_checked(tmp_path):
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"conclusion": "It is sunny. Warm too.", "abstract": "Sunny."})

    file = tmp_path / "a.csv"
    file.write_bytes(b"a\n1\n")
    task = Assignment(
        "t-1", "Weather?", tmp_path, (LocalFile("a.csv", "text/csv", file),), (EarlierResult("A", "d", "c"),)
    )
    outcome = await remote(answer).perform(task, quiet)
    assert (outcome.conclusion, outcome.abstract) == ("It is sunny. Warm too.", "Sunny.")
    (request,) = seen
    assert str(request.url) == "https://93.184.216.34/run"
    assert request.headers["host"] == "agent.example"
    assert request.extensions["sni_hostname"] == "agent.example"
    assert request.headers["idempotency-key"] == "t-1"
    body = json.loads(request.content)
    assert body["task_id"] == "t-1"
    assert body["earlier"] == [{"agent": "A", "task_desc": "d", "conclusion": "c"}]
    assert base64.b64decode(body["files"][0]["content_base64"]) == b"a\n1\n"


async def test_plain_text_is_an_answer(tmp_path):
    outcome = await remote(lambda _: httpx.Response(200, text="Just text.")).perform(
        Assignment("t", "?", tmp_path), quiet
    )
    assert outcome.conclusion == "Just text."


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (httpx.Response(500, text="boom"), "answered 500: boom"),
        (httpx.Response(302, headers={"location": "http://127.0.0.1/"}), "answered 302"),
        (httpx.Response(200, json={"result": 1}), r'without "conclusion" \(it has: result\)'),
        (httpx.Response(200, json=[1]), 'without "conclusion"'),
        (httpx.Response(200, json={"conclusion": None}), "returned nothing"),
        (httpx.Response(200, json={"conclusion": {"a": 1}}), "returned dict"),
        (httpx.Response(200, content=b"{", headers={"content-type": "application/json"}), "cannot be read"),
        (httpx.Response(200, content=b"[" * 100_000, headers={"content-type": "application/json"}), "cannot be read"),
        (httpx.Response(200, content=b"x", headers={"content-type": "image/png"}), "image/png"),
        (httpx.Response(200, text=""), "empty text"),
        (httpx.Response(200, text="x" * 300_000), "300,000 bytes"),
        (httpx.Response(200, text="x" * 50_000_000), "more than"),
    ],
)
async def test_answers_that_fail(tmp_path, response, said):
    with pytest.raises(AgentFailed, match=said):
        await remote(lambda _: response).perform(Assignment("t", "?", tmp_path), quiet)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1", "::1", "fe80::1",
     "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"],
)  # fmt: skip
async def test_private_addresses_are_refused_whatever_the_name(tmp_path, address):
    assert not is_public(address)
    with pytest.raises(AgentFailed, match=r"private address .* allow_private: true"):
        await remote(lambda _: httpx.Response(200, text="x"), addresses=("93.184.216.34", address)).perform(
            Assignment("t", "?", tmp_path), quiet
        )


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://[::1]:9/", "http://localhost:9/"])
async def test_loopback_urls_are_refused_before_anything_is_sent(tmp_path, url):
    with pytest.raises(AgentFailed, match="private address"):
        await RemoteAgent(url, "far").perform(Assignment("t", "?", tmp_path), quiet)


async def test_allow_private_allows_it(tmp_path):
    agent = remote(
        lambda _: httpx.Response(200, text="ok"), url="http://box/", addresses=("10.0.0.1",), allow_private=True
    )
    assert (await agent.perform(Assignment("t", "?", tmp_path), quiet)).conclusion == "ok"


async def test_an_agent_that_is_not_running(tmp_path):
    def refuse(request):
        raise httpx.ConnectError("refused")

    with pytest.raises(AgentFailed, match="could not be reached: ConnectError"):
        await remote(refuse).perform(Assignment("t", "?", tmp_path), quiet)


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "https://", "nonsense", "http://[::1", "https://a:b@c/"])
def test_urls_that_are_none(url):
    with pytest.raises(BadAddress, match="url: "):
        RemoteAgent(url, "far")
