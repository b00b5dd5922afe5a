"""What a version of the protocol can say, as data, and frames cut down to it.

Decoders refuse unknown fields, so whoever speaks an older version must not be sent any: what is new is left out, which
is why a new field must be one that may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, cast

import msgspec
from msgspec import Struct

Shape: TypeAlias = "Mapping[str, Shape | None]"
"""The fields of an object; with a shape of their own those that hold an object, or lists of such."""


class Unsayable(Exception):
    """A frame has no counterpart in the version. `word` is the kind that is missing there."""

    def __init__(self, word: str, version: int) -> None:
        super().__init__(f"{word!r} is not in version {version}")
        self.word = word


class Words(Struct, frozen=True, kw_only=True):
    """One version: frames by their `frame`, messages by their `type`, and the codes of refusals."""

    number: int
    messages: Mapping[str, Shape]
    client_frames: Mapping[str, Shape]
    hub_frames: Mapping[str, Shape]
    codes: frozenset[str]

    def from_hub(self, frame: bytes) -> bytes:
        """An encoded frame of the hub in these words. Raises `Unsayable`."""
        return self._said(frame, self.hub_frames)

    def from_client(self, frame: bytes) -> bytes:
        """An encoded frame of a client in these words. Raises `Unsayable`."""
        return self._said(frame, self.client_frames)

    def _said(self, frame: bytes, frames: Mapping[str, Shape]) -> bytes:
        raw = msgspec.json.decode(frame, type=dict[str, object])
        kind = str(raw["frame"])
        if kind not in frames:
            raise Unsayable(kind, self.number)
        known = {"frame": kind, **_cut(raw, frames[kind])}
        message = raw.get("message")
        if isinstance(message, dict):
            known["message"] = self._message(cast("dict[str, object]", message))
        if kind == "refusal" and known["code"] not in self.codes:
            known["code"] = ANY_CODE
        return msgspec.json.encode(known)

    def _message(self, raw: dict[str, object]) -> dict[str, object]:
        kind = str(raw["type"])
        if kind not in self.messages:
            raise Unsayable(kind, self.number)
        return {"type": kind, **_cut(raw, self.messages[kind])}


ANY_CODE = "not_allowed"
"""What a refusal says whose code the version does not have: all of them forbid something; `rule` says what and why."""


def shape(fields: str, **inner: Shape) -> Shape:
    """Fields by name, separated by blanks, and those with a shape of their own."""
    return {**dict.fromkeys(fields.split()), **inner}


def _cut(raw: Mapping[str, object], fields: Shape) -> dict[str, object]:
    return {name: _part(raw[name], inner) for name, inner in fields.items() if name in raw}


def _part(value: object, inner: Shape | None) -> object:
    if inner is None:
        return value
    if isinstance(value, dict):
        return _cut(cast("dict[str, object]", value), inner)
    if isinstance(value, list):
        return [_part(item, inner) for item in cast("list[object]", value)]
    return value
