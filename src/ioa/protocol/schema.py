"""JSON Schema (draft 2020-12) of every frame and message, read off the types, for clients in other languages.

The committed copies are in `docs/schema/`; `scripts/export_schema.py` writes them and a test compares.
"""

from __future__ import annotations

from inspect import cleandoc
from typing import TypeAlias

import msgspec

from ioa.protocol.frames import PROTOCOL_VERSION, ClientFrame, HubFrame
from ioa.protocol.messages import AnyMessage

JsonObject: TypeAlias = dict[str, object]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def frames_schema() -> JsonObject:
    """Any frame. `#/$defs/ClientFrame` is what a client sends, `#/$defs/HubFrame` what it receives."""
    (client, hub), definitions = _components(ClientFrame, HubFrame)
    return {
        "$schema": DIALECT,
        "title": f"Frames of the Internet of Agents, protocol version {PROTOCOL_VERSION}",
        "description": "One JSON object in UTF-8 a WebSocket text frame; `frame` names the kind.",
        "anyOf": [{"$ref": "#/$defs/ClientFrame"}, {"$ref": "#/$defs/HubFrame"}],
        "$defs": {"ClientFrame": client, "HubFrame": hub, **definitions},
    }


def messages_schema() -> JsonObject:
    """Any message of a group chat, as it stands in a `post`, in a `delivery`, in the log and in the HTTP API."""
    (message,), definitions = _components(AnyMessage)
    return {
        "$schema": DIALECT,
        "title": f"Messages of the Internet of Agents, protocol version {PROTOCOL_VERSION}",
        "description": "One JSON object; `type` names the kind and so the next state of the group.",
        **message,
        "$defs": definitions,
    }


def _components(*types: object) -> tuple[tuple[JsonObject, ...], JsonObject]:
    schemas, definitions = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    cleaned: JsonObject = {name: _described(definition) for name, definition in sorted(definitions.items())}
    return tuple(dict(schema) for schema in schemas), cleaned


def _described(definition: JsonObject) -> JsonObject:
    """With its docstring free of the source's indentation, which Python strips by itself only from 3.13 on."""
    description = definition.get("description")
    return {**definition, "description": cleandoc(description)} if isinstance(description, str) else definition
