"""A scripted model server: the wire formats of the model services on a free loopback port, playing what a test says.

    from ioa.testing.model_server import ModelServer, Reply, RateLimited, structured

    async def test_it_waits_and_asks_again():
        script = [Reply().but(RateLimited(0.1)), Reply.calling("search", {"query": "boats"}), "Found it."]
        async with ModelServer(script) as server:
            model = OpenAIChatModel("any", provider=OpenAIProvider(base_url=server.openai_url, api_key="k"))
            ...
            assert [call.status for call in server.calls] == [429, 200, 200]
            assert result.usage.input_tokens == server.totals().input_tokens

A script is a sequence of replies, or a function of the `ModelRequest` (which is in no service's words) that makes one,
and may wait. Text stands for `Reply(text)`. `disturbed` puts a fault into a script. At one base URL it speaks:

| format | at | base URL to give a client |
|---|---|---|
| OpenAI chat completions, responses, models; Ollama's and others' `/v1` | `/v1/…` | `openai_url` |
| Azure OpenAI | `/openai/deployments/{name}/…?api-version=`, `/openai/responses`, `/openai/v1/…` | `url` |
| Anthropic Messages, token counting, models | `/v1/messages`, `/v1/messages/count_tokens` | `url` |
| Gemini | `/v1beta/models/{model}:generateContent`, `:streamGenerateContent?alt=sse` | `url` |
| what tells a local Ollama | `/`, `/api/version`, `/api/tags` | `url` |

Tokens are counted as `ioa.testing.model_formats.tokens` says, unless a reply says otherwise, and reported in each
service's `usage`. What a service would refuse (a wrong key, an unknown field, a tool result without its call …) is
refused in the service's own words and kept in `refusals`; the script does not see it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from ioa.testing.model_formats.composing import compose, error_wire
from ioa.testing.model_formats.conversation import (
    Choice,
    FormatName,
    JsonObject,
    Message,
    ModelRequest,
    Role,
    Service,
    Tool,
    ToolCall,
    ToolResult,
)
from ioa.testing.model_formats.failure import Failure
from ioa.testing.model_formats.faults import (
    ContextTooLong,
    CutOff,
    EmptyText,
    ErrorFault,
    ErrorMidStream,
    LongText,
    MalformedArguments,
    MalformedBody,
    MalformedText,
    NoEnd,
    NoSuchModel,
    OutOfQuota,
    Overloaded,
    RateLimited,
    Refusal,
    ReplyFault,
    ServerError,
    Slow,
    UnknownTool,
    WireFault,
    WrongKey,
    WrongNames,
)
from ioa.testing.model_formats.format import Asked, Format, masked
from ioa.testing.model_formats.listening import Listener
from ioa.testing.model_formats.playing import Line, Wire, as_awaitable
from ioa.testing.model_formats.reading import parsed_body
from ioa.testing.model_formats.record import ModelCall, Refused, Totals
from ioa.testing.model_formats.reply import Fault, FinishReason, Reply, Usage, structured
from ioa.testing.model_formats.routes import build_app
from ioa.testing.model_formats.scripts import Script, ScriptFailed, disturbed, sequence
from ioa.testing.model_formats.tokens import request_text, tokens_of

__all__ = [
    "Choice",
    "ContextTooLong",
    "CutOff",
    "EmptyText",
    "ErrorFault",
    "ErrorMidStream",
    "Fault",
    "FinishReason",
    "FormatName",
    "LongText",
    "MalformedArguments",
    "MalformedBody",
    "MalformedText",
    "Message",
    "ModelCall",
    "ModelRequest",
    "ModelServer",
    "NoEnd",
    "NoSuchModel",
    "OutOfQuota",
    "Overloaded",
    "RateLimited",
    "Refusal",
    "Refused",
    "Reply",
    "ReplyFault",
    "Role",
    "Script",
    "ScriptFailed",
    "ServerError",
    "Service",
    "Slow",
    "Tool",
    "ToolCall",
    "ToolResult",
    "Totals",
    "UnknownTool",
    "Usage",
    "WireFault",
    "WrongKey",
    "WrongNames",
    "disturbed",
    "request_text",
    "structured",
    "tokens_of",
]


class ModelServer:
    """Plays a script on a free loopback port while its `async with` lasts.

    `accept_key` is the one key that is let in (None: any, or none). `models` are the models there are (None: any;
    `scripted` is listed then). `context_tokens` is the window: a longer request is refused. `ollama` is whether it
    says that it is one. `now_s` gives the time in seconds since 1970.

    Leaving raises `ScriptFailed` if the script was spent or failed, unless something else was raised; the client was
    told so with a 400. `calls`, `refusals` and `problems` stay readable.
    """

    def __init__(
        self,
        script: Script = (),
        *,
        accept_key: str | None = None,
        models: Sequence[str] | None = None,
        context_tokens: int | None = None,
        ollama: bool = True,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._next = script if callable(script) else sequence(script)
        self._accept_key = accept_key
        self._models = models
        self._context_tokens = context_tokens
        self._now_s = now_s
        self._closing = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._open = 0
        self._asked = 0
        self._listener = Listener(build_app(self._serve, ("scripted",) if models is None else tuple(models), ollama))
        self.calls: list[ModelCall] = []
        self.refusals: list[Refused] = []
        self.problems: list[str] = []

    async def __aenter__(self) -> ModelServer:
        await self._listener.open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self.close()
        if self.problems and kind is None:
            raise ScriptFailed("; ".join(self.problems))

    async def close(self) -> None:
        """End what is open and listen no more."""
        self._closing.set()
        await self._listener.close()

    @property
    def url(self) -> str:
        """The base URL for Anthropic, Google and Azure, and of an Ollama."""
        return f"http://127.0.0.1:{self._listener.port}"

    @property
    def openai_url(self) -> str:
        """The base URL for OpenAI, and for the OpenAI-compatible side of Ollama, vLLM and others."""
        return f"{self.url}/v1"

    @property
    def requests(self) -> list[ModelRequest]:
        """What the script was asked."""
        return [call.request for call in self.calls]

    def totals(self, *, reported: bool = False) -> Totals:
        """Sums over all calls, or only over those whose usage the client was told."""
        calls = [call for call in self.calls if call.reported or not reported]
        return Totals(
            len(calls),
            sum(call.status == 200 for call in calls),
            sum(call.input_tokens for call in calls),
            sum(call.output_tokens for call in calls),
            sum(call.usage.cached_tokens for call in calls),
        )

    async def settled(self) -> None:
        """Wait until no answer is being sent: every call has its ending then."""
        await self._idle.wait()

    async def _serve(self, wire_format: Format, counting: bool, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        asked = Asked(dict(request.headers), dict(request.query_params), request.path_params)
        self._open += 1
        self._idle.clear()
        try:
            async with Line(receive, send, self._closing, lambda: self._listener.drop(scope)) as line:
                await self._answer(wire_format, counting, body, asked, line)
        finally:
            self._open -= 1
            if not self._open:
                self._idle.set()

    async def _answer(self, wire_format: Format, counting: bool, body: bytes, asked: Asked, line: Line) -> None:
        try:
            request = self._read(wire_format, body, asked)
        except Failure as failure:
            wire = error_wire(wire_format, failure, _model_in(body, asked))
            text = wire.chunks[0].decode()
            self.refusals.append(Refused(wire_format.name, wire.status, text, body, self._now_s()))
            await line.play(wire)
            return
        if counting:
            await line.play(Wire.of_body(200, {"input_tokens": tokens_of(request_text(request))}))
            return
        self._asked += 1
        request = replace(request, number=self._asked)
        try:
            said = await line.during(as_awaitable(self._next(request)))
            reply = Reply() if said is None else Reply(said) if isinstance(said, str) else said
            wire, call = compose(wire_format, request, reply, self._now_s())
        except Exception as error:  # noqa: BLE001 - the script is the test's own; the client is told, and the test at its end
            self.problems.append(f"the script failed at request {self._asked}: {error!r}")
            await line.play(error_wire(wire_format, Failure("bad_request", self.problems[-1]), request.model))
            return
        if said is None:
            self.calls.append(ModelCall(request, reply, 0, Usage(0, 0), self._now_s(), False, line.ending))
            await line.drop()
            return
        self.calls.append(call)
        call.ending = await line.play(wire)
        call.reported = call.reported and call.ending == "sent"

    def _read(self, wire_format: Format, body: bytes, asked: Asked) -> ModelRequest:
        key = wire_format.key(asked)
        if self._accept_key is not None and key != self._accept_key:
            said = f"Incorrect API key provided: {masked(key)}." if wire_format.service == "openai" and key else ""
            raise Failure("wrong_key" if key else "no_key", said)
        node = parsed_body(body)
        request = wire_format.read(node, asked)
        if self._models is not None and request.model not in self._models:
            raise Failure("not_found")
        tokens = tokens_of(request_text(request))
        if self._context_tokens is not None and tokens > self._context_tokens:
            raise Failure("context", tokens=tokens, limit_tokens=self._context_tokens)
        return replace(request, key=key, headers=asked.headers, raw=node.object())


def _model_in(body: bytes, asked: Asked) -> str:
    """The model that an unreadable request may have meant, for the words of its error."""
    try:
        fields: JsonObject = parsed_body(body).object()
    except Failure:
        fields = {}
    return str(asked.path.get("model") or fields.get("model") or asked.path.get("deployment") or "unknown")
