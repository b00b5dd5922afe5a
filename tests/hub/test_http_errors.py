"""Bad requests get an error that names the field, the value and the remedy; everybody sees only what is theirs."""

import asyncio
import json
from typing import Any

import pytest
import websockets
from jsonschema import Draft202012Validator
from websockets import Origin

from ioa.hub.http import ENDPOINTS
from ioa.hub.openapi import openapi
from ioa.hub.settings import Limits
from ioa.protocol.frames import PROTOCOL_VERSION, Accepted
from ioa.protocol.messages import Artifact, AsyncTask, Conclusion, TaskAssignment, TaskResult
from tests.hub.served import ALICE, BORIS, served

DIGEST = "sha256:" + "0" * 64


BAD_REQUESTS: list[tuple[str, str, dict[str, Any], int, str, str]] = [
    ("POST", "/v1/goals", {"json": {"goal": "  "}}, 400, "empty", "goal is empty"),
    ("POST", "/v1/goals", {"json": {}}, 400, "malformed", "goal"),
    ("POST", "/v1/goals", {"json": {"goal": 7}}, 400, "malformed", "$.goal"),
    ("POST", "/v1/goals", {"json": {"goal": "x", "max_turns": 0}}, 400, "malformed", "got 0"),
    ("POST", "/v1/goals", {"json": {"goal": "x", "colour": "red"}}, 400, "malformed", "colour"),
    ("POST", "/v1/goals", {"json": {"goal": "x", "budgets": {"depth": 99}}}, 400, "malformed", "got 99"),
    ("POST", "/v1/goals", {"json": {"goal": "x", "initiator": "Nobody"}}, 404, "unknown_agent", "'Nobody'"),
    ("POST", "/v1/goals", {"json": {"goal": "x", "continues": "n"}}, 404, "unknown_group", "'n'"),
    ("POST", "/v1/goals", {"content": b"{"}, 400, "malformed", "not JSON"),
    ("POST", "/v1/goals", {"content": b"\xff\xff"}, 400, "malformed", "not JSON"),
    ("POST", "/v1/goals", {"content": b""}, 400, "empty", "body is empty"),
    ("POST", "/v1/goals", {"content": b'"' + b"x" * 3_000_000 + b'"'}, 413, "too_large", "send files as artifacts"),
    ("POST", "/v1/agents", {"json": {"name": "", "description": "x"}}, 400, "malformed", "$.name"),
    ("POST", "/v1/agents", {"json": {"name": " x", "description": "x"}}, 400, "bad_name", "begins or ends"),
    ("POST", "/v1/agents", {"json": {"name": "x" * 300, "description": "x"}}, 400, "malformed", "length"),
    ("POST", "/v1/agents", {"json": {"name": "x", "description": " "}}, 400, "empty", "description"),
    ("POST", "/v1/agents", {"json": {"name": "x", "description": "y", "type": "Dog"}}, 400, "malformed", "'Dog'"),
    ("GET", "/v1/agents?limit=0", {}, 400, "malformed", "got '0'"),
    ("GET", "/v1/agents?limit=many", {}, 400, "malformed", "limit"),
    ("GET", "/v1/agents?colour=red", {}, 400, "malformed", "colour"),
    ("GET", "/v1/agents?limit=1&limit=2", {}, 400, "duplicate", "'limit'"),
    ("GET", "/v1/agents?after=Nobody", {}, 400, "unknown_agent", "'Nobody'"),
    ("GET", "/v1/agents?search=%20", {}, 400, "empty", "phrase 1"),
    ("GET", "/v1/agents/Nobody", {}, 404, "unknown_agent", "'Nobody'"),
    ("GET", "/v1/goals/none", {}, 404, "unknown_goal", "'none'"),
    ("GET", "/v1/goals?after=x", {}, 400, "malformed", "after 'x'"),
    ("GET", "/v1/groups/none", {}, 404, "unknown_group", "'none'"),
    ("GET", "/v1/groups?state=asleep", {}, 400, "malformed", "'asleep'"),
    ("PUT", "/v1/artifacts", {"content": b"x"}, 400, "malformed", "name"),
    ("PUT", "/v1/artifacts?name=..", {"content": b"x"}, 400, "malformed", "name"),
    ("PUT", "/v1/artifacts?name=a/b", {"content": b"x"}, 400, "malformed", "name"),
    ("PUT", "/v1/artifacts?name=a&media_type=nonsense", {"content": b"x"}, 400, "malformed", "'nonsense'"),
    ("GET", "/v1/artifacts/..%2Ftoken", {}, 400, "malformed", "'../token'"),
    ("GET", "/v1/artifacts/sha256:xyz", {}, 400, "malformed", "'sha256:xyz'"),
    ("GET", f"/v1/artifacts/{DIGEST}", {}, 404, "unknown_artifact", "upload it first"),
    ("GET", "/v1/nothing", {}, 404, "unknown_kind", "/openapi.json"),
    ("DELETE", "/v1/goals", {}, 405, "illegal_now", "DELETE"),
    ("GET", "/v1/contacts?owner=boris", {}, 403, "not_allowed", "'boris'"),
]
"""(method, path, what is sent, status, code, words of the message), all to one hub."""


async def test_a_bad_request_is_answered_with_what_would_mend_it(tmp_path):
    async with served(tmp_path) as net:
        for method, path, rest, status, code, words in BAD_REQUESTS:
            answer = await net.ask(method, path, **rest)
            error = answer.json()["error"]
            assert (answer.status_code, error["code"]) == (status, code), (method, path, error)
            assert words in error["message"], (method, path, error)


async def test_every_operation_but_health_needs_a_token(tmp_path):
    async with served(tmp_path) as net:
        for endpoint in ENDPOINTS:
            path = endpoint.path.replace("{", "").replace("}", "")
            for token in (None, "wrong"):
                answer = await net.ask(endpoint.method, path, token=token)
                assert (answer.status_code == 401) != endpoint.public, endpoint
                if not endpoint.public:
                    assert answer.headers["www-authenticate"] == "Bearer"
        assert (await net.ask("GET", "/openapi.json", token=None)).status_code == 200
        health = (await net.ask("GET", "/v1/health", token=None)).json()
        assert (health["status"], health["protocol"]) == ("ok", PROTOCOL_VERSION)


async def test_everybody_sees_and_changes_only_what_is_theirs(tmp_path):
    """Who may do what: alice (owner), boris (another user), a member, an agent that is none."""
    async with served(tmp_path) as net:
        ann = await net.join("Ann")
        await net.register("Bob")
        await net.register("Eve", token=BORIS)
        goal_id, comm_id = await net.group(ann, "Bob")
        tasks = (TaskAssignment(task_desc="work", assignee=("Bob",)),)
        await ann.post(AsyncTask, comm_id, content="go", next_speaker=("Bob",), tasks=tasks)
        task = f"/v1/groups/{comm_id}/tasks/{comm_id}.1/cancel"
        callers = {"alice": ALICE, "boris": BORIS, "bob": net.tokens["Bob"], "eve": net.tokens["Eve"]}
        card = {"name": "Ann", "description": "changed"}
        matrix = [
            ("GET", f"/v1/goals/{goal_id}", None, {"alice": 200, "boris": 403, "bob": 200, "eve": 403}),
            ("GET", "/v1/goals", None, {"alice": 200, "boris": 200, "bob": 403, "eve": 403}),
            ("POST", "/v1/goals", {"goal": "x"}, {"bob": 403, "eve": 403}),
            ("GET", f"/v1/groups/{comm_id}", None, {"alice": 200, "boris": 403, "bob": 200, "eve": 403}),
            ("GET", f"/v1/groups/{comm_id}/messages", None, {"alice": 200, "boris": 403, "bob": 200, "eve": 403}),
            ("GET", f"/v1/groups/{comm_id}/tasks", None, {"alice": 200, "boris": 403, "bob": 200, "eve": 403}),
            ("GET", "/v1/groups?member=Ann", None, {"alice": 200, "boris": 200, "bob": 403, "eve": 403}),
            ("GET", "/v1/agents/Ann/contacts", None, {"alice": 200, "boris": 403, "bob": 403, "eve": 403}),
            ("GET", "/v1/contacts", None, {"alice": 200, "boris": 200, "bob": 403, "eve": 403}),
            ("POST", "/v1/agents", {"name": "New", "description": "x"}, {"bob": 403, "eve": 403}),
            ("POST", "/v1/agents", card, {"boris": 409, "alice": 409}),
            ("POST", "/v1/agents?rotate=true", card, {"boris": 409}),
            ("PUT", "/v1/agents/Ann", card, {"boris": 403, "bob": 403, "eve": 403, "alice": 200}),
            ("DELETE", "/v1/agents/Ann", None, {"boris": 403, "bob": 403, "eve": 403}),
            ("POST", f"/v1/groups/{comm_id}/interject", {"content": "x"}, {"boris": 403, "bob": 403, "eve": 403}),
            ("POST", f"/v1/groups/{comm_id}/interject", {"content": "x"}, {"alice": 201}),
            ("POST", task, {}, {"boris": 403, "bob": 403, "eve": 403}),
            ("POST", task, {}, {"alice": 200}),
            ("POST", f"/v1/groups/{comm_id}/cancel", {}, {"boris": 403, "bob": 403, "eve": 403}),
            ("POST", f"/v1/goals/{goal_id}/cancel", None, {"boris": 403, "bob": 403, "eve": 403, "alice": 200}),
            ("GET", f"/v1/goals/{goal_id}/events", None, {"boris": 403, "eve": 403, "alice": 200}),
        ]
        for method, path, body, expected in matrix:
            for who, status in expected.items():
                rest = {"json": body} if body is not None else {}
                answer = await net.ask(method, path, token=callers[who], **rest)
                assert answer.status_code == status, (method, path, who, answer.text)
        assert (await net.ask("GET", "/v1/goals", token=BORIS)).json() == {"items": [], "next": None}
        assert (await net.ask("GET", "/v1/groups?member=Ann", token=BORIS)).json()["items"] == []
        types = [message.__class__.__name__ for message in await ann.heard(comm_id, 5)]
        assert types == ["Launch", "AsyncTask", "Interjection", "TaskCancel", "Conclusion"]
        assert ann.log(comm_id)[2].sender == "@alice"


async def test_files_are_for_their_uploader_and_the_groups_that_use_them(tmp_path):
    async with served(tmp_path) as net:
        ann = await net.join("Ann")
        bob = await net.join("Bob")
        await net.register("Eve", token=BORIS)
        mine = (await net.ask("PUT", "/v1/artifacts?name=goal.csv", content=b"a,b\n1,2\n")).json()
        url = f"/v1/artifacts/{mine['digest']}"
        assert (await net.ask("GET", url, token=net.tokens["Ann"])).status_code == 404
        stolen = await net.ask("POST", "/v1/goals", token=BORIS, json={"goal": "x", "artifacts": [mine]})
        assert stolen.json()["error"]["code"] == "unknown_artifact"
        _, comm_id = await net.group(ann, "Bob", artifacts=[mine])
        for token, status in (("Ann", 200), ("Bob", 200), ("Eve", 404)):
            assert (await net.ask("GET", url, token=net.tokens[token])).status_code == status
        assert (await net.ask("GET", url, token=BORIS)).status_code == 404
        tasks = (TaskAssignment(task_desc="work", assignee=("Bob",)),)
        await ann.post(AsyncTask, comm_id, content="go", next_speaker=("Bob",), tasks=tasks)
        token = net.tokens["Bob"]
        made = (await net.ask("PUT", "/v1/artifacts?name=result.csv", token=token, content=b"c\n3\n")).json()
        result = Artifact(**made)
        unknown = Artifact(name="x", media_type="text/csv", size_bytes=1, digest=DIGEST)
        sent = {"task_id": f"{comm_id}.1", "status": "completed", "task_conclusion": "see file"}
        await bob.heard(comm_id, 2)
        assert (await bob.post(TaskResult, comm_id, artifacts=(unknown,), **sent)).code == "unknown_artifact"
        wrong = Artifact(**{**made, "size_bytes": 99})
        assert (await bob.post(TaskResult, comm_id, artifacts=(wrong,), **sent)).code == "unknown_artifact"
        assert isinstance(await bob.post(TaskResult, comm_id, artifacts=(result,), **sent), Accepted)
        back = await net.ask("GET", f"/v1/artifacts/{made['digest']}")
        assert back.content == b"c\n3\n"
        await ann.post(Conclusion, comm_id, content="done", artifacts=(result,))
        assert (await net.ask("GET", f"/v1/groups/{comm_id}")).json()["conclusion_artifacts"] == [made]


@pytest.mark.parametrize("size", [0, 1_000, 2_000_000])
async def test_small_and_large_files_come_whole_or_in_part_and_lost_bytes_are_named(tmp_path, size):
    async with served(tmp_path) as net:
        data = b"abcdefghij" * (size // 10)
        made = (await net.ask("PUT", "/v1/artifacts?name=f.bin&media_type=text/plain", content=data)).json()
        url = f"/v1/artifacts/{made['digest']}"
        whole = await net.ask("GET", url)
        assert whole.content == data
        assert whole.headers["content-type"].startswith("text/plain")
        assert whole.headers["content-security-policy"] == "sandbox; default-src 'none'"
        if size:
            part = await net.ask("GET", url, headers={"Range": "bytes=3-5"})
            assert (part.status_code, part.content) == (206, b"def")
        other = "/v1/artifacts?name=other.bin&media_type=text/csv"
        assert (await net.ask("PUT", other, content=data, token=BORIS)).json()["digest"] == made["digest"]
        assert (await net.ask("GET", url)).headers["content-disposition"].endswith("f.bin")
        assert (await net.ask("GET", url, token=BORIS)).headers["content-disposition"].endswith("other.bin")
        net.hub.artifacts.path(made["digest"]).unlink()
        lost = await net.ask("GET", url)
        assert (lost.status_code, lost.json()["error"]["code"]) == (404, "unknown_artifact")
        assert "has lost the bytes" in lost.json()["error"]["message"]


async def test_a_file_over_the_limit_is_refused_and_leaves_nothing(tmp_path):
    async with served(tmp_path, limits=Limits(artifact_bytes=1_000)) as net:

        async def pieces():
            for _ in range(20):
                yield b"x" * 100

        for content in (b"x" * 1_001, pieces()):
            answer = await net.ask("PUT", "/v1/artifacts?name=a", content=content)
            assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
        assert (await net.ask("PUT", "/v1/artifacts?name=a", content=b"x" * 1_000)).status_code == 201
        assert (await net.ask("PUT", "/v1/artifacts?name=empty", content=b"")).json()["size_bytes"] == 0
        assert list((tmp_path / "artifacts" / "parts").iterdir()) == []


async def test_a_body_that_dawdles_is_given_up(tmp_path):
    async with served(tmp_path, limits=Limits(body_timeout_s=0.2)) as net, asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", net.server.port)
        head = f"POST /v1/goals HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ALICE}\r\n"
        writer.write(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        assert b" 408 " in await reader.readline()
        writer.close()
        await writer.wait_closed()


async def test_other_sites_and_other_host_names_are_turned_away(tmp_path):
    async with served(tmp_path) as net:
        port = net.server.port
        for host in (f"evil.example:{port}", "hub.internal", ""):
            answer = await net.ask("GET", "/v1/health", headers={"Host": host})
            assert answer.status_code in (400, 403)
        for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "localhost"):
            assert (await net.ask("GET", "/v1/health", headers={"Host": host})).status_code == 200
        foreign = {"Origin": "https://evil.example"}
        assert (await net.ask("GET", "/v1/health", headers=foreign)).status_code == 403
        own = {"Origin": f"http://127.0.0.1:{port}"}
        assert (await net.ask("GET", "/v1/health", headers=own)).status_code == 200
        answer = await net.ask("OPTIONS", "/v1/goals", headers=own)
        assert "access-control-allow-origin" not in answer.headers
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(
                f"ws://127.0.0.1:{port}/v1/connect", origin=Origin("https://evil.example"), proxy=None
            )


async def test_lists_run_over_pages_without_gaps_or_repeats(tmp_path):
    async with served(tmp_path) as net:
        ann = await net.join("Ann")
        for number in range(6):
            await net.register(f"agent {number}")
        for number in range(7):
            await net.group(ann, goal=f"goal {number}")

        async def pages(path, key):
            found, after = [], ""
            while True:
                answer = (await net.ask("GET", f"{path}limit=3{after}")).json()
                found += [item[key] for item in answer["items"]]
                assert len(answer["items"]) <= 3
                if answer["next"] is None:
                    return found
                after = f"&after={answer['next']}"

        assert await pages("/v1/agents?", "name") == ["Ann", *(f"agent {number}" for number in range(6))]
        assert await pages("/v1/goals?", "goal") == [f"goal {number}" for number in range(6, -1, -1)]
        assert await pages("/v1/goals?status=running&", "goal") == [f"goal {number}" for number in range(6, -1, -1)]
        assert await pages("/v1/groups?state=discussion&member=Ann&", "goal") == [
            f"goal {number}" for number in range(6, -1, -1)
        ]
        assert await pages("/v1/groups?state=pause&", "goal") == []


async def test_the_same_request_with_its_key_is_one_goal_and_one_interjection(tmp_path):
    async with served(tmp_path) as net:
        ann = await net.join("Ann")
        key = {"Idempotency-Key": "abc"}
        body = {"goal": "once", "initiator": "Ann"}
        first = await net.ask("POST", "/v1/goals", json=body, headers=key)
        again = await net.ask("POST", "/v1/goals", json=body, headers=key)
        assert first.json()["goal_id"] == again.json()["goal_id"]
        other = await net.ask("POST", "/v1/goals", json={"goal": "twice"}, headers=key)
        assert other.status_code == 409
        foreign = await net.ask("POST", "/v1/goals", json={"goal": "mine"}, headers=key, token=BORIS)
        assert foreign.json()["goal_id"] != first.json()["goal_id"]
        _, comm_id = await net.group(ann)
        said = [
            (await net.ask("POST", f"/v1/groups/{comm_id}/interject", json={"content": "hm"}, headers=key)).json()
            for _ in range(2)
        ]
        assert said[0] == said[1] == {"message_id": "abc", "seq": 2}


async def test_search_over_http_scores_and_filters(tmp_path):
    async with served(tmp_path) as net:
        await net.join("Tab", "reads tables", skills=["csv"])
        await net.register("Plot", "plots charts")
        answer = await net.ask("GET", "/v1/agents?search=reads%20tables&search=plots&online=true")
        assert [(item["name"], item["phrase"], item["online"]) for item in answer.json()["items"]] == [("Tab", 0, True)]
        both = (await net.ask("GET", "/v1/agents?search=reads%20tables&search=plots")).json()["items"]
        assert [(item["name"], item["phrase"]) for item in both] == [("Tab", 0), ("Plot", 1)]
        own = (await net.ask("GET", "/v1/agents?search=plots", token=net.tokens["Plot"])).json()["items"]
        assert own == []
        assert [item["name"] for item in (await net.ask("GET", "/v1/agents?skill=CSV")).json()["items"]] == ["Tab"]


def test_openapi_describes_every_route_and_nothing_else(tmp_path):
    document: Any = openapi(ENDPOINTS)
    json.dumps(document)
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}
    ids = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))
    text = json.dumps(document)
    names = set(document["components"]["schemas"])
    for reference in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert reference in names
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


async def test_the_served_description_is_that_of_the_served_routes(tmp_path):
    async with served(tmp_path) as net:
        document = (await net.ask("GET", "/openapi.json", token=None)).json()
        assert document["openapi"] == "3.1.0"
        for path, methods in document["paths"].items():
            for method in methods:
                concrete = path.replace("{", "").replace("}", "")
                answer = await net.ask(method.upper(), concrete, token=None)
                assert answer.status_code != 405
                assert "is not possible here" not in answer.text
        ann = await net.join("Ann")
        goal_id, comm_id = await net.group(ann)
        root = {"components": document["components"]}
        for path, concrete in (
            ("/v1/goals/{goal_id}", f"/v1/goals/{goal_id}"),
            ("/v1/groups/{comm_id}", f"/v1/groups/{comm_id}"),
            ("/v1/groups", "/v1/groups"),
            ("/v1/agents", "/v1/agents?search=things"),
            ("/v1/groups/{comm_id}/messages", f"/v1/groups/{comm_id}/messages"),
        ):
            schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            Draft202012Validator({**root, **schema}).validate((await net.ask("GET", concrete)).json())
