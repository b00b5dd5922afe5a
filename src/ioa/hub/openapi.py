"""The OpenAPI 3.1 description, made of the same rows as the routes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

import msgspec
from msgspec import Struct

from ioa.hub.endpoint import JSON, Endpoint, ErrorAnswer
from ioa.version import version

Json: TypeAlias = dict[str, object]
_REF = "#/components/schemas/{name}"


def openapi(endpoints: Sequence[Endpoint]) -> Json:
    """The whole document as plain JSON values."""
    types: list[object] = [ErrorAnswer]
    for endpoint in endpoints:
        types += [
            endpoint.query,
            *([endpoint.body] if endpoint.body else []),
            *([endpoint.answer] if endpoint.answer else []),
        ]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = {id(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        operation = _operation(endpoint, schema_of, components)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    used = {endpoint.query.__name__ for endpoint in endpoints}  # shown as parameters, not as schemas
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Internet of Agents hub",
            "version": version(),
            "description": "Goals, agents, groups and files of a hub. Agents talk over the WebSocket /v1/connect.",
        },
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in components.items() if name not in used},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _operation(endpoint: Endpoint, schema_of: dict[int, Json], components: dict[str, Json]) -> Json:
    content: Json = {endpoint.media_type: {"schema": schema_of[id(endpoint.answer)]} if endpoint.answer else {}}
    operation: Json = {
        "summary": endpoint.summary,
        "operationId": _operation_id(endpoint),
        "parameters": [*_path_parameters(endpoint.path), *_query_parameters(endpoint.query, components)],
        "responses": {
            str(endpoint.status): {"description": "Done.", "content": content},
            **(
                {str(endpoint.repeated_status): {"description": "It was there already.", "content": content}}
                if endpoint.repeated_status
                else {}
            ),
            "default": {
                "description": "What is wrong, and what would mend it.",
                "content": {JSON: {"schema": schema_of[id(ErrorAnswer)]}},
            },
        },
    }
    if endpoint.body is not None:
        operation["requestBody"] = {"content": {JSON: {"schema": schema_of[id(endpoint.body)]}}}
    if endpoint.upload:
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    if endpoint.public:
        operation["security"] = []
    return operation


def _operation_id(endpoint: Endpoint) -> str:
    words = re.findall(r"[a-z_]+", endpoint.path.removeprefix("/v1"))
    return "_".join([endpoint.method.lower(), *words])


def _path_parameters(path: str) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _query_parameters(kind: type[Struct], components: dict[str, Json]) -> list[Json]:
    schema = components.get(kind.__name__, {})
    properties = schema.get("properties", {})
    assert isinstance(properties, dict)
    required = schema.get("required", [])
    assert isinstance(required, list)
    return [
        {"name": name, "in": "query", "required": name in required, "schema": shape}
        for name, shape in properties.items()  # pyright: ignore[reportUnknownVariableType] - JSON schema
    ]
