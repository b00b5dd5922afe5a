"""What can go wrong with an answer. Faults compose: `Reply("…").but(Slow(0.2), CutOff(0.5))`.

Three families: an `ErrorFault` answers with an error of the service, a `ReplyFault` makes the model say something
else, a `WireFault` disturbs how the answer is sent.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Literal

from ioa.testing.model_formats.conversation import ToolCall
from ioa.testing.model_formats.failure import Failure
from ioa.testing.model_formats.reply import Fault, Reply


class ErrorFault(Fault):
    """Answered with an error of the service in place of a reply."""

    def failure(self, now_s: float) -> Failure:
        """The error; `now_s` is the time in seconds since 1970."""
        raise NotImplementedError


class ReplyFault(Fault):
    """The model says something else."""

    def changed(self, reply: Reply) -> Reply:
        """What it says in place of `reply`."""
        raise NotImplementedError


class WireFault(Fault):
    """The answer is not sent as it should be."""


@dataclass(frozen=True, slots=True)
class RateLimited(ErrorFault):
    """429 with Retry-After: whole seconds, or the date of that time. A wait that is not of whole seconds is also told
    in `retry-after-ms`, as OpenAI does."""

    retry_after_s: float | None = 1.0
    as_date: bool = False

    def failure(self, now_s: float) -> Failure:
        headers: dict[str, str] = {}
        if self.retry_after_s is not None:
            seconds = math.ceil(self.retry_after_s)
            headers["retry-after"] = formatdate(now_s + seconds, usegmt=True) if self.as_date else str(seconds)
            if seconds != self.retry_after_s and not self.as_date:
                headers["retry-after-ms"] = f"{self.retry_after_s * 1_000:.0f}"
        return Failure("rate_limit", headers=headers, retry_after_s=None if self.as_date else self.retry_after_s)


@dataclass(frozen=True, slots=True)
class OutOfQuota(ErrorFault):
    """The account has no money left: waiting does not help, whatever the status looks like."""

    def failure(self, now_s: float) -> Failure:
        return Failure("quota")


@dataclass(frozen=True, slots=True)
class ServerError(ErrorFault):
    """A 5xx of the service; with `html`, the page of a gateway in front of it."""

    status: int = 500
    html: bool = False

    def failure(self, now_s: float) -> Failure:
        page = f"<html><head><title>{self.status}</title></head><body><center>nginx</center></body></html>"
        return Failure("server", page if self.html else "", status=self.status)


@dataclass(frozen=True, slots=True)
class Overloaded(ErrorFault):
    """The service has too much to do: 503, or 529 with Anthropic, unless `status` says another."""

    status: int | None = None

    def failure(self, now_s: float) -> Failure:
        return Failure("overloaded", status=self.status)


@dataclass(frozen=True, slots=True)
class WrongKey(ErrorFault):
    """The key is refused, whichever it is."""

    def failure(self, now_s: float) -> Failure:
        return Failure("wrong_key")


@dataclass(frozen=True, slots=True)
class NoSuchModel(ErrorFault):
    """404: the service has no model of this name."""

    def failure(self, now_s: float) -> Failure:
        return Failure("not_found")


@dataclass(frozen=True, slots=True)
class ContextTooLong(ErrorFault):
    """The request does not fit the model's window, in the service's words. The tokens that are named are those the
    server counted."""

    limit_tokens: int = 8_192

    def failure(self, now_s: float) -> Failure:
        return Failure("context", limit_tokens=self.limit_tokens)


@dataclass(frozen=True, slots=True)
class MalformedArguments(ReplyFault):
    """The JSON of the tool arguments breaks off. A reply without calls gets a call of no use."""

    def changed(self, reply: Reply) -> Reply:
        calls = reply.tool_calls or (ToolCall("unfinished", {"text": "half"}),)
        return replace(reply, tool_calls=tuple(replace(call, arguments=_broken(call.arguments_text)) for call in calls))


@dataclass(frozen=True, slots=True)
class MalformedText(ReplyFault):
    """The text, JSON perhaps, breaks off in the middle."""

    def changed(self, reply: Reply) -> Reply:
        return replace(reply, text=_broken(reply.text or '{"text":"half"}'))


@dataclass(frozen=True, slots=True)
class UnknownTool(ReplyFault):
    """The tool that is called was never offered."""

    name: str = "no_such_tool"

    def changed(self, reply: Reply) -> Reply:
        calls = reply.tool_calls or (ToolCall(self.name),)
        return replace(reply, tool_calls=tuple(replace(call, name=self.name) for call in calls))


@dataclass(frozen=True, slots=True)
class WrongNames(ReplyFault):
    """Every argument has another name than the tool's; in a text that is a JSON object, every field."""

    prefix: str = "wrong_"

    def changed(self, reply: Reply) -> Reply:
        calls = tuple(
            call if (given := call.parsed) is None else replace(call, arguments=self._renamed(given))
            for call in reply.tool_calls
        )
        fields = ToolCall("", reply.text).parsed
        text = reply.text if fields is None else json.dumps(self._renamed(fields), ensure_ascii=False)
        return replace(reply, text=text, tool_calls=calls)

    def _renamed(self, fields: dict[str, object]) -> dict[str, object]:
        return {self.prefix + name: value for name, value in fields.items()}


@dataclass(frozen=True, slots=True)
class EmptyText(ReplyFault):
    """Nothing at all is said or called."""

    def changed(self, reply: Reply) -> Reply:
        return replace(reply, text="", tool_calls=())


@dataclass(frozen=True, slots=True)
class LongText(ReplyFault):
    """A text of this length, whatever was allowed."""

    characters: int = 100_000

    def changed(self, reply: Reply) -> Reply:
        phrase = reply.text or "and so on "
        text = (phrase * (self.characters // len(phrase) + 1))[: self.characters]
        return replace(reply, text=text, tool_calls=(), whole=True)


@dataclass(frozen=True, slots=True)
class Refusal(ReplyFault):
    """The model refuses, or a content filter stops it. With `content_filter` nothing is said."""

    text: str = "I cannot help with that."
    kind: Literal["refusal", "content_filter"] = "refusal"

    def changed(self, reply: Reply) -> Reply:
        text = self.text if self.kind == "refusal" else ""
        return replace(reply, text=text, tool_calls=(), finish=self.kind)


@dataclass(frozen=True, slots=True)
class Slow(WireFault):
    """Waits before the first byte and between the chunks of a stream, in seconds; infinity waits for the client to
    leave. It ends at once when the client goes or the server closes."""

    first_byte_s: float = 0.0
    between_chunks_s: float = 0.0


@dataclass(frozen=True, slots=True)
class CutOff(WireFault):
    """The connection is dropped after this share of the body, or of the stream's events; 0 is before the first byte."""

    after: float = 0.5


@dataclass(frozen=True, slots=True)
class NoEnd(WireFault):
    """The stream ends in good order but without the events that say so. A plain body lacks its last bytes."""


@dataclass(frozen=True, slots=True)
class MalformedBody(WireFault):
    """The body is not JSON; in a stream, one of the events."""


@dataclass(frozen=True, slots=True)
class ErrorMidStream(WireFault):
    """After this share of the events, the stream says that an error happened and ends. In a plain answer the error
    takes the place of the reply."""

    error: ErrorFault = Overloaded()
    after: float = 0.5


def _broken(text: str) -> str:
    return text[: max(1, len(text) - max(1, len(text) // 3))]
