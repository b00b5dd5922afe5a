"""Identifiers with the character NUL, which SQLite holds and PostgreSQL does not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ioa.adapters.store.opening import open_store
from ioa.hub.http import ENDPOINTS
from ioa.protocol.codec import decode_client_frame, encode
from ioa.protocol.errors import MalformedFrame
from ioa.protocol.frames import ClientFrame, LaunchGroup, Post, Refusal, Search, Spend, Spent
from ioa.protocol.messages import Discussion, Parent, TaskResult, Usage
from tests.hub.served import ALICE, Served, served

ROOT = "root-token-of-more-than-20-characters"
NUL = "a\0b"


@asynccontextmanager
async def on(engine: str, folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    """A hub on an engine; skipped by name where there is none."""
    store = open_store(request.getfixturevalue("postgres_url")) if engine == "PostgreSQL" else None
    async with served(folder, store=store, operators={"root": ROOT}) as net:
        yield net


ENGINES = pytest.mark.parametrize("engine", ["SQLite", "PostgreSQL"])


@ENGINES
async def test_paths_and_queries_with_a_nul_name_nothing(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    async with on(engine, tmp_path, request) as net:
        paths = [endpoint for endpoint in ENDPOINTS if "{" in endpoint.path]
        assert len(paths) > 15
        for endpoint in paths:
            for token in (ALICE, ROOT):
                path = re.sub(r"\{\w+\}", "a%00b", endpoint.path)
                answer = await net.ask(
                    endpoint.method, path, token=token, **({} if endpoint.method == "GET" else {"json": {}})
                )
                told = answer.json()
                if endpoint.path == "/v1/quotas/{user}" and token == ROOT:  # of a user who has nothing yet
                    assert answer.status_code in (200, 400), told
                    continue
                assert answer.status_code in (400, 403, 404), (endpoint.method, endpoint.path, told)
                if endpoint.method == "GET" and re.search(r"goal_id|comm_id|name", endpoint.path):
                    assert answer.status_code == 404, (endpoint.path, told)
        for path in ("/v1/goals", "/v1/groups", "/v1/agents", "/v1/audit", "/v1/tokens"):
            for query in ("state", "member", "goal_id", "comm_id", "type", "skill", "status", "act", "who", "after"):
                answer = await net.ask("GET", path, params={query: NUL}, token=ROOT)
                assert answer.status_code in (200, 400, 404), (path, query, answer.text)
        goal = await net.ask("POST", "/v1/goals", json={"goal": "a goal", "initiator": NUL})
        assert goal.json()["error"]["code"] == "unknown_agent"
        more = await net.ask("POST", "/v1/goals", json={"goal": "a goal", "continues": NUL})
        assert more.json()["error"]["code"] == "unknown_group"
        made = await net.ask("POST", "/v1/tokens", json={"scope": "agent", "name": NUL})
        assert made.json()["error"]["code"] == "unknown_agent"


SPEND = Spend(request_id="r", comm_id="g")
FRAMES: list[tuple[ClientFrame, str]] = [
    (Post(message=Discussion(sender="Ada", comm_id="g", message_id=NUL, content="c", next_speaker=())), "message_id"),
    (Post(message=Discussion(sender="Ada", comm_id=NUL, message_id="m", content="c", next_speaker=())), "comm_id"),
    (LaunchGroup(request_id=NUL, goal="a goal", goal_id="g"), "request_id"),
    (LaunchGroup(request_id="r", goal="a goal", goal_id=NUL), "goal_id"),
    (LaunchGroup(request_id="r", goal="a goal", parent=Parent(comm_id="g", task_id=NUL)), "parent.task_id"),
    (Spend(request_id=NUL, comm_id="g"), "request_id"),
    (Spend(request_id="r", goal_id=NUL), "goal_id"),
    (Spent(request_id="r", spend=Spend(request_id=NUL, comm_id="g"), usage=Usage()), "spend.request_id"),
    (Search(request_id=NUL, desc=("anything",)), "request_id"),
]


@pytest.mark.parametrize(("frame", "field"), FRAMES, ids=[f"{type(frame).__name__} {field}" for frame, field in FRAMES])
def test_frames_with_a_nul_in_an_identifier_are_refused_with_its_field(frame: ClientFrame, field: str) -> None:
    for data in (encode(frame), encode(frame).decode()):
        with pytest.raises(MalformedFrame, match=re.escape(field) + r" 'a\\x00b' contains the character NUL; send"):
            decode_client_frame(data)
    assert decode_client_frame(encode(SPEND)) == SPEND


@ENGINES
async def test_a_nul_in_a_text_is_kept(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """And what is refused beside it is nobody else's trouble."""
    async with on(engine, tmp_path, request) as net:
        ada = await net.join("Ada")
        await net.register("Bob")
        _, comm_id = await net.group(ada, "Bob")
        refused = await ada.ask(
            Post(message=Discussion(sender="Ada", comm_id=comm_id, message_id=NUL, content="c", next_speaker=("Bob",)))
        )
        assert isinstance(refused, Refusal)
        assert refused.code == "malformed"
        unknown = await ada.ask(Spend(request_id="r", goal_id="none"))
        assert unknown.code == "unknown_goal"
        task = await ada.post(TaskResult, comm_id, task_id=NUL, status="completed", task_conclusion="c")
        assert task.code == "unknown_task"
        await ada.post(Discussion, comm_id, content=f"text {NUL}", next_speaker=("Bob",))
        assert (await ada.heard(comm_id, 2))[1].content == f"text {NUL}"
