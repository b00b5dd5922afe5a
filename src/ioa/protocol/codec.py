"""Bytes to frames and back. The only error is `MalformedFrame`."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from ioa.protocol.errors import MalformedFrame
from ioa.protocol.frames import MAX_FRAME_BYTES, AnyFrame, ClientFrame, HubFrame
from ioa.protocol.messages import AnyMessage

T = TypeVar("T")

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
    """What a hub receives."""
    return _decode(_client_frames, data)


def decode_hub_frame(data: bytes | str) -> HubFrame:
    """What a client receives."""
    return _decode(_hub_frames, data)


def decode_message(data: bytes | str) -> AnyMessage:
    """What a log holds."""
    return _decode(_messages, data)


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


def _decode(decoder: msgspec.json.Decoder[T], data: bytes | str) -> T:
    if len(data) > MAX_FRAME_BYTES:
        raise MalformedFrame(
            "too_large",
            f"the frame has {len(data)} bytes, at most {MAX_FRAME_BYTES} are allowed; send files as artifacts",
        )
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        text = str(error)
        unknown = "Invalid value" in text and ("$.frame" in text or ".type`" in text)
        raise MalformedFrame("unknown_kind" if unknown else "malformed", text) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MalformedFrame("malformed", f"not a JSON object in UTF-8: {error}") from error
