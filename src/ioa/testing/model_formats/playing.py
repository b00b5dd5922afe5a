"""Sending an answer as the faults want it: late, in part, or broken."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar, cast

from starlette.types import Receive, Send

from ioa.testing.model_formats.conversation import JsonObject
from ioa.testing.model_formats.faults import CutOff, ErrorMidStream, MalformedBody, NoEnd, Slow, WireFault
from ioa.testing.model_formats.format import Events

Ending: TypeAlias = Literal["sent", "cut off", "client left", "server closed"]
Result = TypeVar("Result")


@dataclass(slots=True)
class Wire:
    """The bytes of an answer. `ends_at` is how many of the chunks are sent before the connection is dropped."""

    status: int
    chunks: list[bytes]
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=lambda: dict[str, str]())
    length: int | None = None
    first_byte_s: float = 0.0
    between_chunks_s: float = 0.0
    ends_at: int | None = None
    whole: bool = True  # all that tells of the usage is in it

    @classmethod
    def of_body(cls, status: int, body: JsonObject, headers: Mapping[str, str] | None = None) -> Wire:
        """A JSON body in one piece."""
        data = json.dumps(body).encode()
        return cls(status, [data], headers=headers or {}, length=len(data))

    @classmethod
    def of_events(cls, events: Events) -> Wire:
        """A stream of server-sent events."""
        return cls(200, [*events.body, *events.end], "text/event-stream; charset=utf-8")

    def disturbed(self, fault: WireFault, events: Events | None, error: bytes) -> None:
        """Make it go wrong. `events` is None for a plain body; `error` is the event of an error in the stream."""
        match fault:
            case Slow():
                self.first_byte_s += fault.first_byte_s
                self.between_chunks_s += fault.between_chunks_s
            case CutOff():
                self.whole = False
                if events is None and fault.after > 0:
                    self.chunks = [self.chunks[0][: int(len(self.chunks[0]) * fault.after)]]
                    self.ends_at = 1
                else:
                    self.ends_at = int(len(self.chunks) * fault.after)
            case NoEnd() | MalformedBody() | ErrorMidStream():
                self.whole = False
                self._broken(fault, events, error)
            case _:
                raise TypeError(f"{type(fault).__name__} is not a fault of the wire that can be played")

    def _broken(self, fault: NoEnd | MalformedBody | ErrorMidStream, events: Events | None, error: bytes) -> None:
        if events is None:
            data = self.chunks[0]
            self.chunks = [data[: len(data) * 2 // 3]]
            self.length = len(self.chunks[0])
        elif isinstance(fault, NoEnd):
            self.chunks = list(events.body)
        elif isinstance(fault, MalformedBody):
            spot = len(events.body) // 2
            at_spot = (events.body or events.end)[spot if events.body else 0]
            self.chunks = [*events.body[:spot], at_spot.rstrip()[:-3] + b"\n\n", *events.body[spot + 1 :], *events.end]
        else:
            self.chunks = [*events.body[: max(1, int(len(events.body) * fault.after))], error]


class Line:
    """One request's connection: what is waited for ends as soon as the client leaves or the server closes."""

    def __init__(self, receive: Receive, send: Send, closing: asyncio.Event, drop: Callable[[], None]) -> None:
        self._send = send
        self._drop = drop
        self._closing = closing
        self._ends: tuple[asyncio.Task[None], asyncio.Task[bool]] = (
            asyncio.create_task(_gone(receive)),
            asyncio.create_task(closing.wait()),
        )

    async def __aenter__(self) -> Line:
        return self

    async def __aexit__(self, *_: object) -> None:
        await _cancelled(*self._ends)

    @property
    def ending(self) -> Ending | None:
        """How it ended, if it did."""
        if self._closing.is_set():
            return "server closed"
        return "client left" if self._ends[0].done() else None

    async def during(self, work: Coroutine[Any, Any, Result]) -> Result | None:
        """The result of some work, or None when the line ended first; the work is cancelled then."""
        task = asyncio.create_task(work)
        try:
            await asyncio.wait({task, *self._ends}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            await _cancelled(task)

    async def play(self, wire: Wire) -> Ending:
        """Send it."""
        headers = {"content-type": wire.media_type, **wire.headers}
        if wire.length is not None:
            headers["content-length"] = str(wire.length)
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        if not await self._pause(wire.first_byte_s):
            return await self._dropped(self.ending or "server closed")
        if wire.ends_at == 0:
            return await self._dropped("cut off")
        await self._send({"type": "http.response.start", "status": wire.status, "headers": raw})
        for index, chunk in enumerate(wire.chunks[: wire.ends_at]):
            if index and not await self._pause(wire.between_chunks_s):
                return await self._dropped(self.ending or "server closed")
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        if wire.ends_at is not None:
            return await self._dropped("cut off")
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        return "sent"

    async def drop(self) -> None:
        """End the connection without an answer."""
        await self._dropped("server closed")

    async def _pause(self, seconds: float) -> bool:
        """Whether the line is still there after this time."""
        if self.ending is not None:
            return False
        if seconds <= 0:
            return True
        timeout = None if seconds == float("inf") else seconds
        done, _ = await asyncio.wait(self._ends, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        return not done

    async def _dropped(self, ending: Ending) -> Ending:
        self._drop()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({self._ends[0]})
        return ending


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def as_awaitable(value: Result | Awaitable[Result]) -> Coroutine[Any, Any, Result]:
    """A value that may have to be waited for, as one that has."""

    async def waited() -> Result:
        return await cast("Awaitable[Result]", value) if inspect.isawaitable(value) else cast("Result", value)

    return waited()
