"""The conversation of a request of Anthropic's Messages API, and the laws it keeps."""

from __future__ import annotations

from ioa.testing.model_formats.conversation import Message, ToolCall, ToolResult, merged
from ioa.testing.model_formats.reading import Node, parts_text

# Blocks that stand in the transcript as their kind in brackets, or say nothing (None).
_BLOCKS = {
    "image": "[image]",
    "document": "[document]",
    "search_result": "[search_result]",
    "thinking": "",
    "redacted_thinking": "",
    "server_tool_use": "[server_tool_use]",
    "web_search_tool_result": "[web_search_tool_result]",
    "web_fetch_tool_result": "[web_fetch_tool_result]",
    "code_execution_tool_result": "[code_execution_tool_result]",
    "mcp_tool_use": "[mcp_tool_use]",
    "mcp_tool_result": "[mcp_tool_result]",
    "container_upload": "[container_upload]",
    "compaction": "[compaction]",
}
_RESULT_PARTS = {"text": "text", "image": None, "document": None, "search_result": None, "tool_reference": None}


def read_conversation(body: Node) -> tuple[str, tuple[Message, ...]]:
    """The system text and the messages. Raises `Failure`: tool results stand in the user message that follows their
    calls, each call has one, and no text is empty."""
    system = _system(body.get("system"))
    node = body.need("messages")
    entries = node.each()
    if not entries:
        raise node.wrong("at least one message is required")
    made: list[Message] = []
    names: dict[str, str] = {}
    for index, entry in enumerate(entries):
        roles = ("user", "assistant", "system") if index else ("user", "assistant")
        role = entry.need("role").one_of(*roles)
        if role == "system":
            made.append(Message("system", parts_text(entry.need("content"), {"text": "text"})))
            continue
        message, results = _message(entry, role, names)
        answered = {result.call_id for result in results}
        if names and (open_ids := [call_id for call_id in names if call_id not in answered]):
            raise _unanswered(entries[index - 1], open_ids)
        names = {call.id: call.name for call in message.tool_calls}
        if results:
            made.append(Message("tool", tool_results=results))
        if message.text or message.tool_calls or not results:
            made.append(message)
    if names:
        raise _unanswered(entries[-1], list(names))
    return system, merged(made)


def _unanswered(entry: Node, ids: list[str]) -> Exception:
    return entry.wrong(
        f"`tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(ids)}. Each `tool_use` "
        "block must have a corresponding `tool_result` block in the next message."
    )


def _system(node: Node | None) -> str:
    if node is None or node.kind == "string":
        return "" if node is None else node.text()
    return "\n\n".join(_text(block) for block in node.each() if block.need("type").one_of("text"))


def _text(block: Node) -> str:
    text = block.need("text").text()
    if not text.strip():
        raise block.wrong("text content blocks must be non-empty")
    return text


def _message(entry: Node, role: str, names: dict[str, str]) -> tuple[Message, tuple[ToolResult, ...]]:
    """One message and the tool results in it. `names` are the calls of the message before it."""
    content = entry.need("content")
    said: list[str] = []
    calls: list[ToolCall] = []
    results: list[ToolResult] = []
    if content.kind == "string":
        if not content.text():
            raise entry.wrong("user messages must have non-empty content" if role == "user" else "empty content")
        said.append(content.text())
    for block in content.each() if content.kind != "string" else []:
        kind = block.need("type").one_of("text", "tool_use", "tool_result", *_BLOCKS)
        if kind == "text":
            said.append(_text(block))
        elif kind == "tool_use":
            if role != "assistant":
                raise block.wrong("`tool_use` blocks can only be in `assistant` messages")
            name = block.need("name").matching("[a-zA-Z0-9_-]{1,200}")
            calls.append(ToolCall(name, block.need("input").object(), block.need("id").text()))
        elif kind == "tool_result":
            results.append(_result(block, names))
        elif _BLOCKS[kind]:
            said.append(_BLOCKS[kind])
    return Message("user" if role == "user" else "assistant", "\n".join(said), tuple(calls)), tuple(results)


def _result(block: Node, names: dict[str, str]) -> ToolResult:
    call_id = block.need("tool_use_id").text()
    if call_id not in names:
        raise block.wrong(
            f"unexpected `tool_use_id` found in `tool_result` blocks: {call_id}. Each `tool_result` block must have a "
            "corresponding `tool_use` block in the previous message."
        )
    return ToolResult(call_id, names[call_id], parts_text(block.get("content"), _RESULT_PARTS))
