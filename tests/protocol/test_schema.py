"""The committed JSON Schemas are the generated ones, and agree with the codec about right and wrong frames."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from ioa.protocol.codec import decode_client_frame, decode_hub_frame, decode_message, encode
from ioa.protocol.errors import MalformedFrame
from ioa.protocol.frames import AnyFrame, ClientFrame, HubFrame
from ioa.protocol.messages import AnyMessage
from ioa.protocol.schema import frames_schema, messages_schema
from tests.protocol.wire import client_frames, frames, hub_frames, messages, struct_types

ROOT = Path(__file__).resolve().parents[2]


def exporter() -> Any:
    spec = importlib.util.spec_from_file_location("export_schema", ROOT / "scripts" / "export_schema.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FRAMES: dict[str, Any] = frames_schema()
any_frame = Draft202012Validator(FRAMES)
from_client = Draft202012Validator({**FRAMES, "anyOf": [{"$ref": "#/$defs/ClientFrame"}]})
from_hub = Draft202012Validator({**FRAMES, "anyOf": [{"$ref": "#/$defs/HubFrame"}]})
any_message = Draft202012Validator(messages_schema())


def test_the_committed_schemas_are_the_generated_ones() -> None:
    made = exporter().texts()
    assert made
    for name, text in made.items():
        committed = (ROOT / "docs" / "schema" / name).read_text(encoding="utf-8")
        assert committed == text, f"docs/schema/{name} is old: run scripts/export_schema.py"


def test_the_schemas_are_schemas() -> None:
    Draft202012Validator.check_schema(FRAMES)
    Draft202012Validator.check_schema(messages_schema())


def test_every_kind_has_its_definition_with_a_description() -> None:
    kinds = struct_types(AnyFrame)
    assert {cls.__name__ for cls in kinds} | {"ClientFrame", "HubFrame"} == set(FRAMES["$defs"])
    for cls in kinds:
        definition = FRAMES["$defs"][cls.__name__]
        assert definition["description"], cls
        assert definition["additionalProperties"] is False, cls


@given(client_frames)
def test_every_frame_of_a_client_fits_its_schema(frame: ClientFrame) -> None:
    from_client.validate(json.loads(encode(frame)))


@given(hub_frames)
def test_every_frame_of_the_hub_fits_its_schema(frame: HubFrame) -> None:
    from_hub.validate(json.loads(encode(frame)))


@given(frames)
def test_every_frame_fits_the_schema_of_all(frame: AnyFrame) -> None:
    any_frame.validate(json.loads(encode(frame)))


@given(messages)
def test_every_message_fits_its_schema(message: AnyMessage) -> None:
    any_message.validate(json.loads(encode(message)))


SAY: dict[str, Any] = {
    "type": "discussion",
    "sender": "A",
    "state": "communication",
    "comm_id": "g",
    "message_id": "m",
    "content": "hi",
    "next_speaker": ["B"],
}
FILE: dict[str, Any] = {"name": "a.csv", "media_type": "text/csv", "size_bytes": 1, "digest": "sha256:" + "0" * 64}


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"frame": "nope"},
        {"frame": 1},
        {"n": 1},
        {"frame": "ping", "n": -1},
        {"frame": "ping", "n": 2**53 + 1},
        {"frame": "ping", "n": "1"},
        {"frame": "ping", "extra": 1},
        {"frame": "hello", "version": 1},
        {"frame": "hello", "version": 1, "token": ""},
        {"frame": "welcome", "version": 1, "name": "A", "cursor": 0, "window": 1},
        {"frame": "search", "request_id": "r", "desc": []},
        {"frame": "search", "request_id": "r", "desc": ["a"] * 33},
        {"frame": "search", "request_id": "r", "desc": ["a"], "limit": 0},
        {"frame": "search", "request_id": "r", "desc": ["a"], "threshold": 1.5},
        {"frame": "search", "request_id": "r", "desc": ["a"], "type": "Robot"},
        {"frame": "launch_group", "request_id": "r", "goal": ""},
        {"frame": "launch_group", "request_id": "r", "goal": "g", "parent": {"comm_id": "g"}},
        {"frame": "launch_group", "request_id": "r", "goal": "g", "artifacts": [{**FILE, "name": "../a"}]},
        {"frame": "launch_group", "request_id": "r", "goal": "g", "artifacts": [{**FILE, "digest": "sha256:0"}]},
        {"frame": "post", "message": {}},
        {"frame": "post", "message": {**SAY, "type": "shout"}},
        {"frame": "post", "message": {**SAY, "state": "team_formation"}},
        {"frame": "post", "message": {**SAY, "triggers": ["g.1"]}},
        {"frame": "post", "message": {**SAY, "next_speaker": "B"}},
        {"frame": "post", "message": {**SAY, "sender": ""}},
        {"frame": "post", "message": {**SAY, "sender": "x" * 81}},
        {"frame": "post", "message": {**SAY, "message_id": None}},
        {"frame": "post", "message": {**SAY, "content": None}},
        {"frame": "post", "message": {**SAY, "usage": {"input_tokens": -1}}},
        {"frame": "post", "message": {**SAY, "usage": {"cost_usd": -0.1}}},
        {"frame": "post", "message": {**SAY, "type": "sync_task", "tasks": []}},
    ],
    ids=lambda frame: json.dumps(frame)[:60],
)
def test_a_wrong_frame_is_wrong_for_schema_and_codec_alike(frame: dict[str, Any]) -> None:
    assert not from_client.is_valid(frame)
    with pytest.raises(MalformedFrame):
        decode_client_frame(json.dumps(frame))


def test_the_frame_that_the_wrong_ones_are_made_of_is_right() -> None:
    frame = {"frame": "post", "message": SAY}
    from_client.validate(frame)
    decode_client_frame(json.dumps(frame))
    any_message.validate(SAY)
    decode_message(json.dumps(SAY))
    hub = {"frame": "welcome", "version": 1, "name": "A", "cursor": 0, "window": 1}
    from_hub.validate(hub)
    decode_hub_frame(json.dumps(hub))
