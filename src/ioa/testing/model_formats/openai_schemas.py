"""What both of OpenAI's formats say in the same words, each with its fields in another place: functions and output."""

from __future__ import annotations

from ioa.testing.model_formats.conversation import JsonObject, Tool
from ioa.testing.model_formats.reading import Node
from ioa.testing.model_formats.strict_schema import check_strict


def function_of(node: Node, name_pattern: str) -> Tool:
    """A function, whose parameters are checked if it is `strict`."""
    name, parameters = node.need("name").matching(name_pattern), node.get("parameters")
    if parameters is not None and node.flag_at("strict"):
        check_strict(parameters, f"function '{name}'")
    return Tool(name, node.text_at("description"), node.object_at("parameters"))


def output_of(node: Node | None, name_pattern: str, *, inside: str = "") -> tuple[JsonObject | None, str, bool]:
    """The schema of the output, its name, and whether it is any JSON. The schema's fields stand in the field `inside`
    of the node, or in the node itself."""
    if node is None:
        return None, "", False
    kind = node.need("type").one_of("text", "json_object", "json_schema")
    if kind != "json_schema":
        return None, "", kind == "json_object"
    wanted = node.need(inside) if inside else node
    name, schema = wanted.need("name").matching(name_pattern), wanted.need("schema")
    if wanted.flag_at("strict"):
        check_strict(schema, f"response_format '{name}'")
    return schema.object(), name, True
