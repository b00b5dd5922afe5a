"""How the server counts tokens: one for every 4 characters of a canonical text, rounded up.

The text of a request has one line for each of: the system text; every message (`role: text`), each of its calls
(`call NAME ARGUMENTS`) and results (`result NAME TEXT`); every tool (`tool NAME DESCRIPTION SCHEMA`); the schema of
the output (`output SCHEMA`). JSON is in sorted keys without spaces. The text of a reply is its words and a `call` line
for each call. Models, identifiers and formats do not count. Empty text has no tokens.
"""

from __future__ import annotations

from dataclasses import replace

from ioa.testing.model_formats.conversation import ModelRequest, ToolCall, canonical
from ioa.testing.model_formats.reply import Reply, Usage

CHARACTERS_PER_TOKEN = 4


def tokens_of(text: str) -> int:
    """Tokens of a text."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def request_text(request: ModelRequest) -> str:
    """What counts of a request."""
    lines = [request.system] if request.system else []
    for message in request.messages:
        if message.text:
            lines.append(f"{message.role}: {message.text}")
        lines += [_call(call) for call in message.tool_calls]
        lines += [f"result {result.name} {result.text}" for result in message.tool_results]
    lines += [f"tool {tool.name} {tool.description} {canonical(tool.schema)}" for tool in request.tools]
    if request.output_schema is not None:
        lines.append(f"output {canonical(request.output_schema)}")
    return "\n".join(lines)


def reply_text(reply: Reply) -> str:
    """What counts of a reply."""
    return "\n".join(([reply.text] if reply.text else []) + [_call(call) for call in reply.tool_calls])


def usage_of(request: ModelRequest, reply: Reply) -> Usage:
    """What the reply says it used, or the server's count."""
    return reply.usage or Usage(tokens_of(request_text(request)), tokens_of(reply_text(reply)))


def within(reply: Reply, max_tokens: int | None) -> Reply:
    """The reply cut to the tokens that were allowed, as a service does: its text first, then its calls, of which the
    first that does not fit is left with the beginning of its arguments."""
    if reply.whole or reply.usage is not None or max_tokens is None or tokens_of(reply_text(reply)) <= max_tokens:
        return reply
    room = max_tokens * CHARACTERS_PER_TOKEN
    text = reply.text[:room]
    room -= len(text) + 1
    calls: list[ToolCall] = []
    for call in reply.tool_calls:
        arguments = call.arguments_text
        space = room - (len(_call(call)) - len(arguments))
        if space < 0:
            break
        if len(arguments) > space:
            calls.append(replace(call, arguments=arguments[:space]))
            break
        calls.append(call)
        room = space - len(arguments) - 1
    return replace(reply, text=text, tool_calls=tuple(calls), finish="length")


def _call(call: ToolCall) -> str:
    return f"call {call.name} {call.arguments_text}"
