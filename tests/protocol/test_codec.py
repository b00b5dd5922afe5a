"""The codec: any bytes decode or raise the protocol's error; what was encoded comes back the same."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioa.protocol import codec
from ioa.protocol.errors import MAX_LEGAL, MAX_RULE_CHARS, MalformedFrame, ProtocolError, Refused
from ioa.protocol.frames import (
    MAX_FRAME_BYTES,
    MAX_HUB_FRAME_BYTES,
    AnyFrame,
    ClientFrame,
    Delivery,
    Hello,
    HubFrame,
    Post,
    Refusal,
)
from ioa.protocol.messages import (
    MAX_TEXT_CHARS,
    AnyMessage,
    Artifact,
    Discussion,
    GivenResult,
    Interjection,
    Launch,
)
from tests.protocol.wire import client_frames, frames, hub_frames, json_values, messages

DECODERS = (codec.decode_client_frame, codec.decode_hub_frame, codec.decode_message)


def decode_or_refuse(data: bytes | str) -> None:
    """Every decoder gives a value that encodes again to a fixed point, or raises `MalformedFrame`; nothing else."""
    for decode in DECODERS:
        try:
            value = decode(data)
        except MalformedFrame:
            continue
        once = codec.encode(value)
        assert codec.encode(decode(once)) == once
    assert len(codec.reply_address(data)) <= 128


@given(messages)
def test_a_message_comes_back_from_its_bytes(message: AnyMessage) -> None:
    assert codec.decode_message(codec.encode(message)) == message


@given(client_frames)
def test_a_client_frame_comes_back_from_its_bytes(frame: ClientFrame) -> None:
    data = codec.encode(frame)
    found = [msgspec.to_builtins(frame)]  # and what is in it
    for value in found:
        found += value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    if isinstance(frame, Post):
        named = [frame.message.message_id, frame.message.comm_id]
    else:
        named = [value for one in found if isinstance(one, dict) for name, value in one.items() if name[-3:] == "_id"]
    if any("\0" in value for value in named if value is not None):
        with pytest.raises(MalformedFrame, match="the character NUL"):
            codec.decode_client_frame(data)
    else:
        assert codec.decode_client_frame(data) == codec.decode_client_frame(data.decode()) == frame


@given(hub_frames)
def test_a_hub_frame_comes_back_from_its_bytes(frame: HubFrame) -> None:
    assert codec.decode_hub_frame(codec.encode(frame)) == frame


@given(frames)
def test_a_frame_is_one_line(frame: AnyFrame) -> None:
    data = codec.encode(frame)
    assert b"\n" not in data
    assert b"\r" not in data


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_raise_the_error_of_the_protocol(data: bytes) -> None:
    decode_or_refuse(data)


@given(st.text(max_size=200))
def test_any_text_decodes_or_raises_the_error_of_the_protocol(data: str) -> None:
    decode_or_refuse(data)


@given(json_values)
def test_any_json_decodes_or_raises_the_error_of_the_protocol(value: Any) -> None:
    decode_or_refuse(json.dumps(value, ensure_ascii=True))


@given(frames, st.data())
def test_a_damaged_frame_decodes_or_raises_the_error_of_the_protocol(frame: AnyFrame, data: st.DataObject) -> None:
    """Bytes cut, flipped, doubled or put in: the neighbourhood of what is valid."""
    raw = bytearray(codec.encode(frame))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, max(0, len(raw) - 1)))
        match data.draw(st.sampled_from(["cut", "flip", "insert", "double"])):
            case "cut":
                del raw[place : place + data.draw(st.integers(1, 10))]
            case "flip" if raw:
                raw[place] ^= data.draw(st.integers(1, 255))
            case "insert":
                raw[place:place] = data.draw(st.binary(min_size=1, max_size=4))
            case _:
                raw[place:place] = raw[place : place + 20]
    decode_or_refuse(bytes(raw))


@given(frames, json_values, st.data())
def test_a_frame_with_any_value_in_a_field_decodes_or_raises(frame: AnyFrame, value: Any, data: st.DataObject) -> None:
    raw = json.loads(codec.encode(frame))
    inner = raw["message"] if isinstance(raw.get("message"), dict) and data.draw(st.booleans()) else raw
    inner[data.draw(st.sampled_from(sorted(inner)))] = value
    decode_or_refuse(json.dumps(raw, ensure_ascii=True))


SPEECH = b'"sender":"a","comm_id":"c","message_id":"m","content":"hi"'


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "malformed", "JSON"),
        (b"null", "malformed", "object"),
        (b"[]", "malformed", "object"),
        (b"{", "malformed", "JSON"),
        (b'{"frame":"ping"} ,', "malformed", "JSON"),
        (b"\xff\xfe", "malformed", "JSON"),
        (b'{"frame":"hello","version":1,"token":"\xff"}', "malformed", "UTF-8"),
        (b'{"frame":"hello","version":1,"token":"\\ud800"}', "malformed", "UTF-8"),
        ('{"frame":"hello","version":1,"token":"\ud800"}', "malformed", "surrogates"),
        (b"[" * 100_000, "malformed", "object"),
        (b'{"frame":"post","message":' * 40_000, "malformed", ""),
        (b'{"frame":"ping","n":' + b"[" * 500_000, "malformed", ""),
        (b'{"frame":"ping","n":NaN}', "malformed", "JSON"),
        (b'{"frame":"ping","n":Infinity}', "malformed", "JSON"),
        (b'{"frame":"ping","n":1e400}', "malformed", "$.n"),
        (b'{"frame":"ping","n":1.5}', "malformed", "$.n"),
        (b'{"frame":"ping","n":-1}', "malformed", "$.n"),
        (b'{"frame":"ping","n":' + b"9" * 400 + b"}", "malformed", "$.n"),
        (b'{"frame":"ping","n":' + b"9" * 9_000 + b"}", "malformed", "$.n"),
        (b'{"frame":"ping","n":"1"}', "malformed", "$.n"),
        (b'{"frame":"ping","m":1}', "malformed", "`m`"),
        (b'{"n":1}', "malformed", "`frame`"),
        (b'{"frame":"nope"}', "unknown_kind", "'nope'"),
        (b'{"frame":"welcome"}', "unknown_kind", "'welcome'"),
        (b'{"frame":"post"}', "malformed", "`message`"),
        (b'{"frame":"post","message":{"type":"shout",' + SPEECH + b"}}", "unknown_kind", "'shout'"),
        (
            b'{"frame":"post","message":{"type":"interjection",' + SPEECH + b',"state":"x"}}',
            "malformed",
            "$.message.state",
        ),
        (
            b'{"frame":"post","message":{"type":"interjection",' + SPEECH + b',"triggers":[]}}',
            "malformed",
            "`triggers`",
        ),
        (b'{"frame":"post","message":{"type":"task_progress",' + SPEECH + b"}}", "malformed", "`task_id`"),
        (b'{"frame":"search","request_id":"1","desc":["a"],"type":"Robot"}', "malformed", "$.type"),
        (b'{"frame":"' + b"x" * 20_000 + b'"}', "unknown_kind", "xxx"),
        (b'{"frame":"ping","' + b"y" * 20_000 + b'":1}', "malformed", "yyy"),
        (b" " * (MAX_FRAME_BYTES + 1), "too_large", str(MAX_FRAME_BYTES)),
        ("é" * (MAX_FRAME_BYTES // 2 + 1), "too_large", str(MAX_FRAME_BYTES)),
    ],
)
def test_a_bad_frame_is_refused_by_code_and_field(data: bytes | str, code: str, words: str) -> None:
    with pytest.raises(MalformedFrame) as caught:
        codec.decode_client_frame(data)
    assert caught.value.code == code
    assert words in caught.value.rule
    # The refusal that tells it must itself be a frame.
    refusal = Refusal(code=caught.value.code, rule=caught.value.rule, reply_to=codec.reply_address(data))
    assert codec.decode_hub_frame(codec.encode(refusal)) == refusal


def test_a_refusal_that_quotes_much_still_fits_into_a_frame() -> None:
    refused = Refused("unknown_task", "x" * 100_000, legal=("task",) * 5_000)
    assert len(refused.rule) == MAX_RULE_CHARS
    assert len(refused.legal) == MAX_LEGAL
    frame = Refusal(code=refused.code, rule=refused.rule, legal=refused.legal)
    assert codec.decode_hub_frame(codec.encode(frame)) == frame


def test_a_repeated_key_counts_once_the_last_one() -> None:
    assert codec.decode_client_frame(b'{"frame":"ping","n":1,"n":2}') == codec.decode_client_frame(
        b'{"n":2,"frame":"ping"}'
    )


def test_text_that_is_no_unicode_does_not_leave() -> None:
    with pytest.raises(MalformedFrame, match="surrogate"):
        codec.encode(Interjection(sender="a", comm_id="c", message_id="m", content="\ud800"))


def test_what_was_accepted_at_full_size_can_be_delivered_and_read_from_the_log() -> None:
    """The hub stamps a frame of the largest size; the stamped one must pass at the client and at a restart."""
    whole = MAX_TEXT_CHARS
    frame = Post(
        message=Discussion(
            sender="a" * 80,
            comm_id="c" * 128,
            message_id="m" * 128,
            content="\U0001f600" * (whole // 2),
            thought="\U0001f600" * (whole // 2 - 150),
            next_speaker=("b",),
        )
    )
    data = codec.encode(frame)
    assert MAX_FRAME_BYTES - 500 < len(data) <= MAX_FRAME_BYTES
    message = codec.decode_client_frame(data)
    assert isinstance(message, Post)
    stamped = codec.encode(Delivery(cursor=2**53, previous=2**53 - 1, at=1.7e9, message=message.message))
    codec.decode_hub_frame(stamped)
    codec.decode_message(codec.encode(message.message))


def test_the_largest_message_that_the_hub_makes_can_be_received() -> None:
    """A group that continues another: all texts at their limit, of characters that JSON writes as six bytes each."""
    worst = "\x01" * MAX_TEXT_CHARS
    file = Artifact(name="\U0001f600" * 255, media_type="\x01" * 127, size_bytes=2**53, digest="sha256:" + "0" * 64)
    launch = Launch(
        sender="a",
        comm_id="c",
        message_id="m",
        goal=worst,
        given=(GivenResult(agent="a", task_desc=worst, conclusion=worst, artifacts=(file,) * 256),),
        artifacts=(file,) * 256,
        team_members=("\x01" * 80,) * 64,
        team_up_depth=0,
        max_turns=1,
        goal_id="g",
        owner="@o",
    )
    data = codec.encode(Delivery(cursor=2, previous=1, at=0.0, message=launch))
    assert len(data) < MAX_HUB_FRAME_BYTES
    codec.decode_hub_frame(data)


@given(messages)
def test_the_state_of_the_header_is_always_on_the_wire(message: AnyMessage) -> None:
    state = "team_formation" if isinstance(message, Launch) else "communication"
    assert json.loads(codec.encode(message))["state"] == state


@pytest.mark.parametrize(
    ("data", "address"),
    [
        (b'{"frame":"search","request_id":"r1","desc":[]}', "r1"),
        (b'{"frame":"post","message":{"message_id":"m1","type":"nope"}}', "m1"),
        (b'{"frame":"post","message":{"message_id":7}}', ""),
        (b'{"request_id":"' + b"r" * 500 + b'"}', "r" * 128),
        (b"not json", ""),
        (b"[1]", ""),
        (b'{"message":' * 100_000, ""),
        ("\ud800", ""),
    ],
)
def test_the_identifier_of_an_unreadable_frame_is_read_where_it_can_be(data: bytes | str, address: str) -> None:
    assert codec.reply_address(data) == address


def test_errors_are_one_family() -> None:
    assert issubclass(MalformedFrame, ProtocolError)
    assert issubclass(Refused, ProtocolError)


def test_a_version_of_any_size_is_read_so_that_it_can_be_refused() -> None:
    assert codec.decode_client_frame(b'{"frame":"hello","version":99,"token":"t"}') == Hello(version=99, token="t")


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a\\b", "a\n", "\n", "a\x00b", "", "x" * 256])
def test_a_file_name_with_a_folder_or_control_in_it_is_refused(name: str) -> None:
    artifact = {"name": name, "media_type": "", "size_bytes": 1, "digest": "sha256:" + "0" * 64}
    with pytest.raises(MalformedFrame, match="name"):
        codec.decode_message(conclusion_with(artifact))


@pytest.mark.parametrize("name", ["a.csv", "...", "数 据.csv", ".hidden", 'it\'s "x".txt'])
def test_a_plain_file_name_is_welcome(name: str) -> None:
    codec.decode_message(
        conclusion_with({"name": name, "media_type": "", "size_bytes": 1, "digest": "sha256:" + "0" * 64})
    )


@pytest.mark.parametrize("digest", ["sha256:" + "0" * 64 + "\n", "sha256:" + "0" * 63, "md5:" + "0" * 64, "0" * 64])
def test_a_digest_is_exactly_one(digest: str) -> None:
    with pytest.raises(MalformedFrame, match="digest"):
        codec.decode_message(conclusion_with({"name": "a", "media_type": "", "size_bytes": 1, "digest": digest}))


def conclusion_with(artifact: dict[str, object]) -> str:
    header = {"type": "conclusion", "sender": "a", "comm_id": "c", "message_id": "m", "content": "done"}
    return json.dumps({**header, "artifacts": [artifact]})
