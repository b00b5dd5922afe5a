"""Bytes to frames and back. The only error is `MalformedFrame`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from ioa.protocol.complaints import complaint, shown
from ioa.protocol.errors import MalformedFrame
from ioa.protocol.frames import (
    MAX_FRAME_BYTES,
    MAX_HUB_FRAME_BYTES,
    Acknowledge,
    AnyFrame,
    ClientFrame,
    Hello,
    HubFrame,
    LaunchGroup,
    Ping,
    Pong,
    Post,
    PublishContacts,
    Search,
    Spend,
    Spent,
    UpdateCard,
)
from ioa.protocol.messages import KINDS, AnyMessage, kind

REMEDY = "docs/protocol.md has every frame with its fields"

T = TypeVar("T")

_NUL = b"\\u0000"
"""The only way to write that character in JSON."""

_encoder = msgspec.json.Encoder()
_client_frames: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)
_hub_frames: msgspec.json.Decoder[HubFrame] = msgspec.json.Decoder(HubFrame)
_messages: msgspec.json.Decoder[AnyMessage] = msgspec.json.Decoder(AnyMessage)


def encode(value: AnyFrame | AnyMessage) -> bytes:
    """One JSON object in UTF-8 without line breaks. Raises `MalformedFrame` for text that is no Unicode."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError as error:
        raise MalformedFrame("malformed", f"a text contains a lone surrogate: {error.reason}") from error


def decode_client_frame(data: bytes | str) -> ClientFrame:
    """What a hub receives. What identifies it, its group, goal or call, has no character NUL: not every store can hold
    that."""
    if isinstance(data, bytes) and len(data) <= MAX_FRAME_BYTES:
        try:
            frame = _client_frames.decode(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            pass  # below it is said what is wrong
        else:
            if type(frame) is Post:  # nearly all that comes; a search through all of it would take half as long again
                message = frame.message
                return _whole(frame) if "\0" in message.message_id or "\0" in message.comm_id else frame
            return _whole(frame) if _NUL in data else frame
    return _whole(_decode(_client_frames, data, MAX_FRAME_BYTES))


def _whole(frame: ClientFrame) -> ClientFrame:
    if type(frame) is Post:
        message = frame.message
        found = iter((("message.message_id", message.message_id), ("message.comm_id", message.comm_id)))
    else:
        found = _identifiers("", msgspec.to_builtins(frame))
    for field, value in found:
        if "\0" in value:
            raise MalformedFrame(
                "malformed", f"{field} {shown(value)} contains the character NUL; send one without; {REMEDY}"
            )
    return frame


def _identifiers(path: str, value: object) -> Iterator[tuple[str, str]]:
    """Each identifier in a frame, with the path of its field."""
    if isinstance(value, dict):
        fields: dict[str, object] = value  # pyright: ignore[reportUnknownVariableType] - of a frame
        for name, inner in fields.items():
            here = f"{path}.{name}" if path else name
            if isinstance(inner, str):
                if name.endswith("_id"):
                    yield here, inner
            else:
                yield from _identifiers(here, inner)
    elif isinstance(value, list | tuple):
        items = tuple[object, ...](value)  # pyright: ignore[reportUnknownArgumentType] - same
        for number, inner in enumerate(items):
            yield from _identifiers(f"{path}[{number}]", inner)


def decode_hub_frame(data: bytes | str) -> HubFrame:
    """What a client receives."""
    return _decode(_hub_frames, data, MAX_HUB_FRAME_BYTES)


def decode_message(data: bytes | str) -> AnyMessage:
    """What a log holds."""
    return _decode(_messages, data, MAX_HUB_FRAME_BYTES)


def reply_address(data: bytes | str) -> str:
    """The identifier in a frame that could not be decoded, if one can still be read: refusals go to it."""
    try:
        raw: object = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
    found: object = ""
    if isinstance(raw, dict):
        fields: dict[str, object] = {str(key): value for key, value in raw.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON of strangers
        found = fields.get("request_id", "")
        inner = fields.get("message")
        if isinstance(inner, dict):
            found = inner.get("message_id", "")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - JSON of strangers
    return found[:128] if isinstance(found, str) else ""


def _decode(decoder: msgspec.json.Decoder[T], data: bytes | str, limit_bytes: int) -> T:
    try:
        size_bytes = len(data.encode()) if isinstance(data, str) else len(data)
        if size_bytes > limit_bytes:
            raise MalformedFrame(
                "too_large",
                f"the frame has {size_bytes} bytes, at most {limit_bytes} are allowed; send files as artifacts",
            )
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        text = str(error)
        unknown = text.startswith("Invalid value") and text.endswith(("$.frame`", ".type`"))
        legal: tuple[str, ...] = ()
        if unknown and decoder is _client_frames:
            legal = _CLIENT_KINDS if text.endswith("$.frame`") else tuple(map(kind, KINDS))
        raise MalformedFrame(
            "unknown_kind" if unknown else "malformed", f"{complaint(error, _raw(data))}; {REMEDY}", legal=legal
        ) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MalformedFrame(
            "malformed", f"the frame {shown(data[:80])} is not a JSON object in UTF-8: {error}; send one"
        ) from error


_CLIENT_KINDS = tuple(
    str(cls.__struct_config__.tag)
    for cls in (Hello, Post, Acknowledge, Search, LaunchGroup, PublishContacts, UpdateCard, Spend, Spent, Ping, Pong)
)


def _raw(data: bytes | str) -> object:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
