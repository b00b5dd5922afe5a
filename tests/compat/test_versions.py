"""Two versions of the protocol side by side: clients of the first landed one at today's hub, and the other way."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from ioa.adapters.transport.websocket import WebSocketTransport
from ioa.hub import older_clients
from ioa.protocol.codec import decode_client_frame, encode
from ioa.protocol.frames import PROTOCOL_VERSION, HubFrame, Refusal
from ioa.protocol.messages import Conclusion, Discussion, SyncTask, TaskAssignment, Usage
from ioa.protocol.schema import frames_schema
from ioa.protocol.shapes import Unsayable
from ioa.protocol.version_1 import VERSION_1
from ioa.protocol.versions import OLDER, SPOKEN, next_older
from tests.compat import village
from tests.compat.first_landed_version import frames, hub_over, known, not_understood, old, schema, today, unpack
from tests.compat.replayed import Names, Player
from tests.hub.network import TestAgent
from tests.protocol.wire import hub_frames

GOALS_THAT_REPEAT = ("team", "nested", "talk", "failed", "continued")
"""Goals of the recording whose course does not hang on a clock or on a cancellation."""


@pytest.fixture(scope="module")
def old_schema() -> dict[str, Any]:
    return asyncio.run(schema())


def test_the_newest_version_and_the_one_before_it_are_spoken() -> None:
    assert SPOKEN == (PROTOCOL_VERSION - 1, PROTOCOL_VERSION)
    assert next_older(PROTOCOL_VERSION) == PROTOCOL_VERSION - 1
    assert next_older(SPOKEN[0]) is None


def test_version_1_is_what_the_first_landed_version_knew(old_schema: dict[str, Any]) -> None:
    definitions = old_schema["$defs"]

    def fields(reference: str) -> dict[str, Any]:
        return definitions[reference.rsplit("/", 1)[1]]["properties"]

    def shape_of(part: dict[str, Any]) -> Any:
        if "$ref" in part:
            return {name: shape_of(inner) for name, inner in fields(part["$ref"]).items()}
        if "items" in part:
            return shape_of(part["items"])
        return next(filter(None, map(shape_of, part.get("anyOf", ()))), None)

    def table(kinds: dict[str, str], tag: str) -> dict[str, Any]:
        made = {}
        for kind, reference in kinds.items():
            made[kind] = {name: shape_of(part) for name, part in fields(reference).items() if name != tag}
            if "message" in made[kind]:
                made[kind]["message"] = None
        return made

    def mapping(definition: dict[str, Any]) -> dict[str, str]:
        return definition["discriminator"]["mapping"]

    post = definitions["Post"]["properties"]["message"]
    assert table(mapping(definitions["ClientFrame"]), "frame") == VERSION_1.client_frames
    assert table(mapping(definitions["HubFrame"]), "frame") == VERSION_1.hub_frames
    assert table(mapping(post), "type") == VERSION_1.messages
    assert set(definitions["Refusal"]["properties"]["code"]["enum"]) == VERSION_1.codes


@given(hub_frames)
@settings(max_examples=150)
def test_whatever_a_hub_says_fits_version_1_once_it_is_cut_down(old_schema: dict[str, Any], frame: HubFrame) -> None:
    try:
        said = VERSION_1.from_hub(encode(frame))
    except Unsayable:
        said = encode(frame)
        assert said.startswith((b'{"frame":"granted"', b'{"frame":"recorded"'))  # answers to what is new
        return
    jsonschema.validate(json.loads(said), {"$ref": "#/$defs/HubFrame", "$defs": old_schema["$defs"]})


def limits(schema: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Every (path, limit, value) of the definitions."""

    def walk(path: str, part: Any) -> Iterator[tuple[str, str, Any]]:
        if isinstance(part, dict):
            for key, value in part.items():
                if key in ("maxLength", "maxItems", "maximum", "minLength", "minItems", "minimum", "enum", "required"):
                    yield path, key, value
                elif key not in ("description", "default", "title"):
                    yield from walk(f"{path}/{key}", value)
        elif isinstance(part, list):
            for place, value in enumerate(part):
                yield from walk(f"{path}/{place}", value)

    yield from walk("", schema["$defs"])


def test_no_limit_of_what_the_hub_sends_has_grown_beyond_version_1(old_schema: dict[str, Any]) -> None:
    before = {(path, key): value for path, key, value in limits(old_schema)}
    only_clients = ("/Hello", "/Post", "/Search", "/LaunchGroup", "/PublishContacts", "/UpdateCard", "/ClientFrame")
    for path, key, value in limits(frames_schema()):
        then = before.get((path, key))
        if then is None or path.startswith(only_clients) or path == "/Refusal/properties/code":
            continue
        if key == "enum":
            assert set(value) <= set(then), (path, value)
        elif key == "required":
            assert set(value) >= set(then) - {"max_frame_bytes"}, (path, value)
        else:
            assert value <= then if key.startswith("max") else value >= then, (path, key, value, then)


def test_a_new_code_is_told_as_one_that_version_1_has() -> None:
    words = replace(VERSION_1, codes=VERSION_1.codes - {"too_deep"})
    said = words.from_hub(encode(Refusal(code="too_deep", rule="why", reply_to="x")))
    assert json.loads(said) == {"frame": "refusal", "code": "not_allowed", "rule": "why", "reply_to": "x"}


def test_every_frame_that_old_clients_sent_is_read_today() -> None:
    sent = [frame for _, direction, frame in frames() if direction == "out"]
    assert {frame["frame"] for frame in sent} >= {"hello", "post", "ack", "search", "launch_group", "contacts"}
    for frame in sent:
        decode_client_frame(json.dumps(frame).encode())


def sent_files(line: tuple[str, str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The files of a post: their bytes went over HTTP."""
    _, direction, frame = line
    return frame.get("message", {}).get("artifacts", []) if direction == "out" else []


async def test_recorded_old_clients_are_served_and_understand_every_answer(tmp_path: Path) -> None:
    before = known()
    wanted = [before["goals"][name] for name in GOALS_THAT_REPEAT]
    lines = frames()
    others = [
        word
        for name, goal in before["goals"].items()
        if name not in GOALS_THAT_REPEAT
        for word in (goal["goal_id"], *goal["groups"])
    ]
    kept = [line for line in lines if not any(word in json.dumps(line) for word in others)]
    posted = {line[2]["message"]["message_id"] for line in kept if line[2]["frame"] == "post"}
    kept = [line for line in kept if line[2].get("message_id") in (None, *posted) and line[2]["frame"] != "refusal"]
    async with hub_over(tmp_path) as api:
        names = Names({before["tokens"][name]: await api.register(name) for name in village.CARDS})
        left = unpack(tmp_path)
        upload = await api.put_file("data.csv", b"1,2\n")
        players = [Player(name, [line for line in kept if line[0] == name], names, api.url) for name in village.CARDS]
        async with asyncio.TaskGroup() as playing:
            for player in players:
                playing.create_task(player.play())
            await village.until(lambda: set(api.online()) == set(village.CARDS))
            for agent, file in {(line[0], json.dumps(file)) for line in kept for file in sent_files(line)}:
                digest = json.loads(file)["digest"].removeprefix("sha256:")
                kept_file = left / "hub" / "artifacts" / digest[:2] / digest
                token = names.today[before["tokens"][agent]]
                await api.put_file(json.loads(file)["name"], kept_file.read_bytes(), token=token)
            for name, goal in zip(GOALS_THAT_REPEAT, wanted, strict=True):
                fields: dict[str, Any] = {"goal": village.GOALS[name], "initiator": "Chair"}
                if name == "team":
                    fields["artifacts"] = [upload]
                if name == "talk":
                    fields["team"] = ["Chair", "Adder"]
                if name == "continued":
                    fields["continues"] = names.today[before["goals"]["team"]["comm_id"]]
                made = await api.post("/v1/goals", fields)
                ended = await api.ended(made["goal_id"])
                assert (ended["status"], ended["conclusion"]) == (goal["status"], goal["conclusion"]), name
    heard = [frame for player in players for frame in player.heard]
    assert await not_understood(heard) == []
    assert {json.loads(frame)["version"] for frame in heard if b'"welcome"' in frame} == {1}


async def test_an_old_client_works_in_a_group_that_says_new_things(tmp_path: Path) -> None:
    usage = Usage(calls=3, input_tokens=10, output_tokens=2, cost_usd=0.1, model="m", saved_tokens=7)
    async with hub_over(tmp_path / "hub") as api:
        token, chair_token = await api.register("Adder"), await api.register("Chair")
        journal = tmp_path / "adder.sqlite"
        async with old("member", api.url, token, "Adder", str(journal)) as adder:
            assert await adder.line() == "connected"
            chair = TestAgent("Chair", await WebSocketTransport(api.url).connect())
            await chair.hello(chair_token)
            await chair.until(lambda: chair.welcome)
            budgets = {"calls": 5, "tokens": 1_000, "cost_usd": 2.5}
            goal = await api.post(
                "/v1/goals", {"goal": village.GOALS["talk"], "initiator": "Chair", "budgets": budgets}
            )
            await chair.until(lambda: chair.offers)
            launched = await chair.launch(
                goal=village.GOALS["talk"],
                goal_id=goal["goal_id"],
                team_members=("Adder",),
                usage=usage,
                traceparent="00-a-b-01",
            )
            group = launched.comm_id
            await chair.post(Discussion, group, content="mind this", next_speaker=("Adder",), usage=usage)
            await chair.heard(group, 3)  # it says that back
            task = TaskAssignment(task_desc="add 1 and 2", assignee=("Adder",))
            await chair.post(SyncTask, group, content="do", next_speaker=("Adder",), tasks=(task,), usage=usage)
            await chair.until(lambda: any(type(said).__name__ == "TaskResult" for said in chair.log(group)))
            result = next(said for said in chair.log(group) if type(said).__name__ == "TaskResult")
            assert result.task_conclusion == "did add 1 and 2"
            await chair.post(Conclusion, group, content="so be it", usage=usage)
            ended = await api.ended(goal["goal_id"])
            assert ended["conclusion"] == "so be it"
            log = await api.items(f"/v1/groups/{group}/messages")
            assert log[0]["message"]["budgets"]["tokens"] == 1_000
            newest = await api.hub.store.newest()
            await village.until(lambda: api.hub.sessions.get("Adder").acknowledged == newest)
            assert "not understood" not in await adder.end()
            assert entries(journal, group) == len(log)
            await chair.leave()


def entries(journal: Path, comm_id: str) -> int:
    with closing(sqlite3.connect(journal)) as db:
        return db.execute("SELECT count(*) FROM log WHERE comm_id = ?", (comm_id,)).fetchone()[0]


async def test_todays_clients_work_at_an_old_hub(tmp_path: Path) -> None:
    async with old("hub", str(tmp_path / "hub")) as hub:
        url = await hub.line()
        user = {"Authorization": f"Bearer {village.USER_TOKEN}"}
        async with httpx.AsyncClient(base_url=url, headers=user, trust_env=False) as http:
            tokens = {}
            for name in ("Chair", "Adder"):
                body = {"name": name, "description": village.CARDS[name].description}
                tokens[name] = (await http.post("/v1/agents", json=body)).raise_for_status().json()["token"]
            async with (
                today(url, tokens["Chair"], "Chair", tmp_path / "chair"),
                today(url, tokens["Adder"], "Adder", tmp_path / "adder"),
            ):
                body = {"goal": village.GOALS["open"], "initiator": "Chair"}
                goal_id = (await http.post("/v1/goals", json=body)).raise_for_status().json()["goal_id"]
                async with asyncio.timeout(30):
                    goal: dict[str, Any] = {}
                    while goal.get("status") != "completed":
                        goal = (await http.get(f"/v1/goals/{goal_id}")).json()
                        await asyncio.sleep(0.02)
                assert goal["conclusion"] == "did hold"


async def test_a_version_that_is_not_spoken_is_refused_with_those_that_are(tmp_path: Path) -> None:
    async with hub_over(tmp_path) as api:
        agent = TestAgent("Chair", await WebSocketTransport(api.url).connect())
        await agent.hello(await api.register("Chair"), version=PROTOCOL_VERSION + 1)
        assert (await agent.until_closed()).code == 4406
        assert (agent.refusals[0].code, agent.refusals[0].legal) == ("wrong_version", tuple(map(str, SPOKEN)))


async def test_an_old_client_is_told_to_upgrade_before_it_misses_an_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message of a kind that version 1 has not, played with a version 1 that has no discussions."""
    kinds = {kind: shape for kind, shape in VERSION_1.messages.items() if kind != "discussion"}
    monkeypatch.setattr(older_clients, "OLDER", {**OLDER, 1: replace(VERSION_1, messages=kinds)})
    async with hub_over(tmp_path) as api:
        agents = {}
        for name, version in (("Chair", PROTOCOL_VERSION), ("Adder", 1)):
            agents[name] = agent = TestAgent(name, await WebSocketTransport(api.url).connect())
            await agent.hello(await api.register(name), version=version)
            await agent.until(lambda agent=agent: agent.welcome)
        chair, adder = agents["Chair"], agents["Adder"]
        goal = await api.post("/v1/goals", {"goal": "talk", "initiator": "Chair"})
        await chair.until(lambda: chair.offers)
        launched = await chair.launch(goal="talk", goal_id=goal["goal_id"], team_members=("Adder",))
        await adder.heard(launched.comm_id, 1)
        await chair.post(Discussion, launched.comm_id, content="hi", next_speaker=("Adder",))
        assert (await adder.until_closed()).code == 4406
        assert adder.refusals[-1].code == "wrong_version"
        assert "'discussion'" in adder.refusals[-1].rule
        assert [type(said).__name__ for said in adder.log(launched.comm_id)] == ["Launch"]
        await chair.leave()
