"""The contents and tools of a Gemini request, and the laws they keep."""

from __future__ import annotations

from ioa.testing.model_formats.conversation import JsonObject, Message, Tool, ToolCall, ToolResult, canonical
from ioa.testing.model_formats.reading import Node

_NAME = r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}"
_OTHER = ("inlineData", "fileData", "executableCode", "codeExecutionResult", "toolCall", "toolResponse")


def read_system(node: Node | None) -> str:
    """The system text."""
    if node is None:
        return ""
    return "\n\n".join(part.need("text").text() for part in node.need("parts").each())


def read_contents(node: Node) -> list[Message]:
    """The messages. Raises `Failure`: a turn with calls is followed by as many responses, and no part is empty."""
    entries = node.each()
    if not entries:
        raise node.wrong("* GenerateContentRequest.contents: contents is not specified\n")
    made: list[Message] = []
    calls: tuple[ToolCall, ...] = ()
    for entry in entries:
        role = entry.text_at("role", "user")
        if role not in ("user", "model", "function"):
            raise entry.need("role").wrong("Please use a valid role: user, model.")
        text, new_calls, results = _parts(entry, calls)
        if len(results) != len(calls):
            raise entry.wrong(
                "Please ensure that the number of function response parts is equal to the number of function call "
                "parts of the function call turn."
            )
        if results:
            made.append(Message("tool", tool_results=results))
        if text or new_calls or not results:
            made.append(Message("assistant" if role == "model" else "user", text, new_calls))
        calls = new_calls
    return made


def _parts(entry: Node, asked: tuple[ToolCall, ...]) -> tuple[str, tuple[ToolCall, ...], tuple[ToolResult, ...]]:
    said: list[str] = []
    calls: list[ToolCall] = []
    results: list[ToolResult] = []
    for part in entry.need("parts").each():
        if (text := part.get("text")) is not None:
            if not part.flag_at("thought"):
                said.append(text.text())
        elif (call := part.get("functionCall", "function_call")) is not None:
            name = call.need("name").matching(_NAME)
            calls.append(ToolCall(name, call.object_at("args"), call.text_at("id")))
        elif (response := part.get("functionResponse", "function_response")) is not None:
            name = response.need("name").text()
            if all(call.name != name for call in asked):
                raise response.wrong(
                    "Please ensure that function response turn comes immediately after a function call turn, and that "
                    f"its name is that of a call: {name}"
                )
            results.append(ToolResult(response.text_at("id"), name, _result(response.need("response").object())))
        elif part.get(*_OTHER) is None:
            raise part.wrong(
                "* GenerateContentRequest.contents.parts.data: required oneof field 'data' must have "
                "one initialized field\n"
            )
        else:
            said.append(f"[{next(name for name in _OTHER if part.get(name))}]")
    return "\n".join(said), tuple(calls), tuple(results)


def _result(response: JsonObject) -> str:
    """The text of a result: that of its only field if it is one, else the JSON."""
    values = list(response.values())
    only = values[0] if len(values) == 1 else response
    return only if isinstance(only, str) else canonical(only)


def read_tools(body: Node) -> tuple[Tool, ...]:
    """The declared functions, and what Google runs itself under its own name."""
    made: list[Tool] = []
    for tool in body.each_at("tools"):
        declared = tool.get("functionDeclarations", "function_declarations")
        for function in declared.each() if declared is not None else []:
            name = function.need("name").matching(_NAME)
            schema = function.object_at("parametersJsonSchema", "parameters_json_schema", "parameters")
            made.append(Tool(name, function.text_at("description"), schema))
        hosted = [name for name in tool.object() if name not in ("functionDeclarations", "function_declarations")]
        made += [Tool(name, "", {}) for name in hosted]
    return tuple(made)
