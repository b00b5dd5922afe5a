"""What the Responses API answers: a `response`, whole or as the events that build it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ioa.testing.model_formats.conversation import JsonObject, ToolCall
from ioa.testing.model_formats.format import Answer, Events, event, pieces


def response_body(answer: Answer) -> JsonObject:
    """The finished response."""
    reply = answer.reply
    output: list[JsonObject] = [] if reply.tool_calls and not reply.text else [_message(answer)]
    output += [_call(answer, index, call) for index, call in enumerate(reply.tool_calls)]
    why = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(reply.finished)
    return _response(answer, "incomplete" if why else "completed", output) | {
        "incomplete_details": {"reason": why} if why else None,
        "usage": _usage(answer),
    }


def response_events(answer: Answer) -> Events:
    """The events, numbered in sequence."""
    stream = _Stream()
    started = _response(answer, "in_progress", [])
    stream.add("response.created", response=started)
    stream.add("response.in_progress", response=started)
    done = response_body(answer)
    index = 0
    if answer.reply.text or not answer.reply.tool_calls:
        _message_events(stream, answer)
        index = 1
    for number, call in enumerate(answer.reply.tool_calls):
        item = _call(answer, number, call)
        where: JsonObject = {"item_id": item["id"], "output_index": index}
        opened = {**item, "arguments": "", "status": "in_progress"}
        stream.add("response.output_item.added", output_index=index, item=opened)
        for piece in pieces(call.arguments_text):
            stream.add("response.function_call_arguments.delta", **where, delta=piece)
        said = {"arguments": call.arguments_text, "name": call.name}
        stream.add("response.function_call_arguments.done", **where, **said)
        stream.add("response.output_item.done", output_index=index, item=item)
        index += 1
    body = list(stream.sent)
    stream.add(f"response.{done['status']}", response=done)
    return Events(body, stream.sent[len(body) :])


@dataclass
class _Stream:
    sent: list[bytes] = field(default_factory=lambda: list[bytes]())

    def add(self, kind: str, **fields: object) -> None:
        self.sent.append(event({"type": kind, "sequence_number": len(self.sent), **fields}, kind))


def _message_events(stream: _Stream, answer: Answer) -> None:
    item = _message(answer)
    refused = answer.reply.finished == "refusal"
    empty: JsonObject = {**item, "content": [], "status": "in_progress"}
    stream.add("response.output_item.added", output_index=0, item=empty)
    where: JsonObject = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    stream.add("response.content_part.added", **where, part=_part("", refused))
    kind = "response.refusal" if refused else "response.output_text"
    extra: JsonObject = {} if refused else {"logprobs": []}
    for piece in pieces(answer.reply.text):
        stream.add(f"{kind}.delta", **where, delta=piece, **extra)
    stream.add(f"{kind}.done", **where, **{"refusal" if refused else "text": answer.reply.text}, **extra)
    stream.add("response.content_part.done", **where, part=_part(answer.reply.text, refused))
    stream.add("response.output_item.done", output_index=0, item=item)


def _part(text: str, refused: bool) -> JsonObject:
    if refused:
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _message(answer: Answer) -> JsonObject:
    content = _part(answer.reply.text, answer.reply.finished == "refusal")
    status = "incomplete" if answer.reply.finished in ("length", "content_filter") else "completed"
    item: JsonObject = {"id": f"msg_{answer.number}", "type": "message", "role": "assistant", "status": status}
    return {**item, "content": [content]}


def _call(answer: Answer, index: int, call: ToolCall) -> JsonObject:
    return {
        "id": f"fc_{answer.number}_{index}",
        "type": "function_call",
        "call_id": call.id or f"call_{answer.number}_{index}",
        "name": call.name,
        "arguments": call.arguments_text,
        "status": "completed",
    }


def _response(answer: Answer, status: str, output: list[JsonObject]) -> JsonObject:
    raw = answer.request.raw
    return {
        "id": f"resp_{answer.number}",
        "object": "response",
        "created_at": int(answer.now_s),
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": raw.get("instructions"),
        "max_output_tokens": raw.get("max_output_tokens"),
        "model": answer.request.model,
        "output": output,
        "parallel_tool_calls": raw.get("parallel_tool_calls", True),
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": raw.get("store", True),
        "temperature": raw.get("temperature", 1.0),
        "text": raw.get("text", {"format": {"type": "text"}}),
        "tool_choice": raw.get("tool_choice", "auto"),
        "tools": raw.get("tools", []),
        "top_p": raw.get("top_p", 1.0),
        "truncation": raw.get("truncation", "disabled"),
        "usage": None,
        "metadata": raw.get("metadata", {}),
    }


def _usage(answer: Answer) -> JsonObject:
    usage = answer.usage
    cached = {"cached_tokens": usage.cached_tokens, "cache_write_tokens": usage.cache_write_tokens}
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": cached,
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
